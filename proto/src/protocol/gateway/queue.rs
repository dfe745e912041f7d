//! Commands on their way to the Gateway. Whoever takes one out answers it.

use std::collections::VecDeque;
use std::time::Duration;

use super::message::message;
use crate::command::Command;
use crate::error::{Error, Status};
use crate::time::Instant;
use crate::value::{Document, Kind};
use crate::wire::gateway::{self, MAX_SEND, Opcode};

/// How long a command may wait when its caller does not say.
pub const TIMEOUT: Duration = Duration::from_secs(30);

/// How many commands may wait.
pub const MAX_WAITING: usize = 1024;

/// A command that may be sent as it is.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) name: Box<str>,
    pub(super) opcode: Opcode,
    pub(super) args: Box<[u8]>,
    pub(super) tag: u64,
    pub(super) deadline: Instant,
}

/// Checks a command (its errors stand beside its name, which they leave out): the name, the arguments' form, and the size of the message that it becomes.
pub(super) fn check(command: &Command, doc: &mut Document, scratch: &mut Vec<u8>) -> Result<Opcode, Error> {
    let Some(opcode) = Opcode::of_command(&command.name) else {
        let names: Vec<&str> = gateway::COMMANDS.iter().map(|row| row.name).collect();
        let message = format!("no command of the Gateway; {} expected", names.join(", "));
        return Err(Error::new(Status::Unsupported, message));
    };
    if opcode.row().is_of_users() {
        return Err(Error::new(Status::Unsupported, "a command of user accounts, which this connection does not send"));
    }
    if !command.bytes.is_empty() {
        return Err(Error::argument("this command takes no binary part"));
    }
    if command.args.is_empty() {
        return Err(Error::argument("the arguments are missing; an object expected"));
    }
    match doc.parse(&command.args) {
        Err(error) => return Err(Error::argument(format!("the arguments are not JSON: {error}"))),
        Ok(()) if doc.root().kind() != Kind::Object => return Err(Error::argument("an object expected as arguments")),
        Ok(()) => {}
    }
    scratch.clear();
    message(scratch, opcode, &command.args);
    if scratch.len() > MAX_SEND {
        let length = scratch.len();
        return Err(Error::argument(format!("the message would have {length} bytes; the Gateway takes {MAX_SEND}")));
    }
    Ok(opcode)
}

/// In the order of the program. Deadlines are few and looked at rarely, so they are not indexed.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: VecDeque<Waiting>,
}

impl Queue {
    pub(super) fn push(&mut self, waiting: Waiting) {
        self.waiting.push_back(waiting);
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn pop(&mut self) -> Option<Waiting> {
        self.waiting.pop_front()
    }

    /// Takes out one that fits.
    pub(super) fn take(&mut self, fits: impl Fn(&Waiting) -> bool) -> Option<Waiting> {
        let at = self.waiting.iter().position(fits)?;
        self.waiting.remove(at)
    }

    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.waiting.iter().map(|waiting| waiting.deadline).min()
    }
}

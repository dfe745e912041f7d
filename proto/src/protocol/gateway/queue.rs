//! Commands on their way to the Gateway. Whoever takes one out answers it.

use std::collections::VecDeque;
use std::time::Duration;

use super::message::message;
use crate::command::Command;
use crate::error::{Error, Status};
use crate::time::Instant;
use crate::value::{Document, Kind, Value};
use crate::wire::gateway::{Dialect, MAX_SEND, Opcode};
use crate::wire::json::push_str;

/// How long a command may wait when its caller does not say; [`super::MEMBERS_TIMEOUT`] for all members of a guild.
pub const TIMEOUT: Duration = Duration::from_secs(30);

/// How many commands may wait, for each shard.
pub const MAX_WAITING: usize = 1024;

/// A command that may be sent as it is.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    pub(super) name: Box<str>,
    pub(super) opcode: Opcode,
    /// The message's `d`; empty for null.
    pub(super) args: Box<[u8]>,
    pub(super) tag: u64,
    pub(super) deadline: Instant,
    /// Whether the reply waits for what the command asks for.
    pub(super) gather: bool,
    /// Guilds whose members it asks for, all of them: it waits for their turn.
    pub(super) all_of: Box<[u64]>,
}

/// Checks a command (its errors stand beside its name, which they leave out): the name, the arguments' form, and the size of
/// the message that it becomes. `doc` holds the arguments after it.
pub(super) fn check(
    command: &Command,
    dialect: Dialect,
    users: bool,
    doc: &mut Document,
    scratch: &mut Vec<u8>,
) -> Result<Opcode, Error> {
    let Some(opcode) = Opcode::of_command(&command.name).filter(|opcode| opcode.row().since <= dialect) else {
        let names: Vec<&str> = dialect.commands().iter().map(|row| row.name).collect();
        let message = format!("no command of the Gateway; {} expected", names.join(", "));
        return Err(Error::new(Status::Unsupported, message));
    };
    if opcode.row().is_of_users() && !users {
        return Err(Error::new(
            Status::Unsupported,
            "a command of user accounts, whose automation Discord forbids: it is sent to a Gateway on this machine only, \
             unless the connection has \"user_commands\":\"at_my_own_risk\"",
        ));
    }
    if !command.bytes.is_empty() {
        return Err(Error::argument("this command takes no binary part"));
    }
    let bare = dialect.command(&command.name).is_some_and(|row| row.args.is_empty());
    if command.args.is_empty() && !bare {
        return Err(Error::argument("the arguments are missing; an object expected"));
    }
    match doc.parse(if command.args.is_empty() { b"null" } else { &command.args }) {
        Err(error) => return Err(Error::argument(format!("the arguments are not JSON: {error}"))),
        Ok(()) if bare && command.args.is_empty() => {}
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

/// The object's text with these members in place of those of the same name (empty: left out).
pub(super) fn rewritten(object: Value<'_>, text: &[u8], changes: &[(&str, &[u8])]) -> Box<[u8]> {
    let mut out = vec![b'{'];
    let mut member = |name: &str, value: &[u8]| {
        if out.len() > 1 {
            out.push(b',');
        }
        push_str(&mut out, name);
        out.push(b':');
        out.extend_from_slice(value);
    };
    for kept in object.iter() {
        let name = kept.key().unwrap_or_default();
        if !changes.iter().any(|(changed, _)| *changed == name) {
            member(name, kept.raw(text));
        }
    }
    for (name, value) in changes.iter().filter(|(_, value)| !value.is_empty()) {
        member(name, value);
    }
    out.push(b'}');
    out.into()
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

    pub(super) fn pop(&mut self) -> Option<Waiting> {
        self.waiting.pop_front()
    }

    /// Whether one waits that fits.
    pub(super) fn any(&self, fits: impl Fn(&Waiting) -> bool) -> bool {
        self.waiting.iter().any(fits)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Waiting> {
        self.waiting.iter()
    }

    /// Takes out the first that fits.
    pub(super) fn take(&mut self, fits: impl Fn(&Waiting) -> bool) -> Option<Waiting> {
        let at = self.waiting.iter().position(fits)?;
        self.waiting.remove(at)
    }

    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.waiting.iter().map(|waiting| waiting.deadline).min()
    }
}

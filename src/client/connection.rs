//! A connection as its program sees it: a place to post messages, with what is checked before they go.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use gamebridge_proto::command::Command;
use gamebridge_proto::error::{Error, Status};
use gamebridge_proto::value::{Document, Kind};
use gamebridge_proto::wire::catalog::{self, Row};
use tokio::sync::mpsc;

use crate::queue::Unread;
use crate::runtime::clock;
use crate::session::port::{Ledger, Message};

/// Replies that may be outstanding or unpolled on one connection.
pub const MAX_REPLIES: u64 = 4096;
/// Messages that may be on their way to the I/O thread.
const MAX_IN_FLIGHT: usize = 16 * 1024;
/// Bytes of a command's arguments: as much as any peer would take.
const MAX_ARGUMENTS: usize = 16 << 20;
/// Characters of a command's name.
const MAX_NAME: usize = 128;

/// One command, as a program sends it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Request<'a> {
    /// `"SET_ACTIVITY"`.
    pub command: &'a str,
    /// A JSON object; empty for no arguments.
    pub args: &'a [u8],
    /// Binary part; no command of the present protocols takes one.
    pub bytes: &'a [u8],
    /// The reply's tag; 0 for no reply.
    pub tag: u64,
    /// How long to wait for the reply; `None` for the command's own default.
    pub timeout: Option<Duration>,
}

/// Finds a command in a protocol's catalog; refuses a name that can only be a mistake.
pub(super) type Commands = fn(&str) -> Result<Option<&'static Row>, Error>;

#[derive(Debug)]
pub(super) struct Connection {
    sender: mpsc::UnboundedSender<Message>,
    commands: Commands,
    unread: Unread,
    unread_limit: u64,
    ledger: Arc<Ledger>,
    /// Replies promised so far.
    promised: AtomicU64,
}

/// What a call on a connection that is over gets.
pub(super) fn over(conn: u32) -> Error {
    Error::new(Status::Closed, format!("connection {conn} is over"))
}

thread_local! {
    /// Scratch for reading arguments: they are checked on the caller's thread, without allocating.
    static ARGUMENTS: RefCell<Document> = const { RefCell::new(Document::new()) };
}

/// Scratch beyond this is given back after use.
const SCRATCH_KEPT: usize = 1 << 20;

impl Connection {
    pub(super) fn new(
        sender: mpsc::UnboundedSender<Message>,
        commands: Commands,
        unread: Unread,
        ledger: Arc<Ledger>,
        unread_limit: usize,
    ) -> Self {
        Connection { sender, commands, unread, unread_limit: unread_limit as u64, ledger, promised: AtomicU64::new(0) }
    }

    pub(super) fn is_over(&self) -> bool {
        self.sender.is_closed()
    }

    /// Whether a row describes this command here.
    pub(super) fn knows(&self, command: &str) -> bool {
        matches!((self.commands)(command), Ok(Some(_)))
    }

    pub(super) fn send(&self, request: &Request<'_>) -> Result<(), Error> {
        let length = request.command.chars().count();
        if length == 0 || length > MAX_NAME {
            return Err(Error::argument(format!("command: 1 to {MAX_NAME} characters expected, {length} given")));
        }
        let row = (self.commands)(request.command)
            .map_err(|error| Error::new(error.status, format!("command: {}", error.message)))?;
        check_arguments(row, request)?;
        self.reserve(request.tag)?;
        let posted = self.post(Message::Command(Command {
            name: request.command.into(),
            args: request.args.into(),
            bytes: request.bytes.into(),
            tag: request.tag,
            timeout: request.timeout,
            issued: clock::now(),
        }));
        if posted.is_err() && request.tag != 0 {
            self.promised.fetch_sub(1, Ordering::Relaxed);
        }
        posted
    }

    /// Keeps a place for the reply, so that it cannot be lost for want of one.
    fn reserve(&self, tag: u64) -> Result<(), Error> {
        let full = |what: String| Err(Error::new(Status::Full, format!("{what}: poll, then send again")));
        if self.unread.bytes() > self.unread_limit {
            return full(format!("{} bytes of replies wait to be polled", self.unread.bytes()));
        }
        if tag != 0 {
            let promised = self.promised.fetch_add(1, Ordering::Relaxed) + 1;
            if promised.saturating_sub(self.unread.replies_read()) > MAX_REPLIES {
                self.promised.fetch_sub(1, Ordering::Relaxed);
                return full(format!("{MAX_REPLIES} replies are outstanding or not polled"));
            }
        }
        Ok(())
    }

    pub(super) fn post(&self, message: Message) -> Result<(), Error> {
        if self.ledger.in_flight.fetch_add(1, Ordering::Relaxed) >= MAX_IN_FLIGHT {
            self.ledger.in_flight.fetch_sub(1, Ordering::Relaxed);
            return Err(Error::new(Status::Full, "too many commands at once: try again in the next frame"));
        }
        self.hand_over(message)
    }

    /// Behind whatever was posted, of which there can't be too much for it: an end is never refused.
    pub(super) fn disconnect(&self) -> Result<(), Error> {
        self.ledger.in_flight.fetch_add(1, Ordering::Relaxed);
        self.hand_over(Message::Disconnect)
    }

    fn hand_over(&self, message: Message) -> Result<(), Error> {
        self.sender.send(message).map_err(|_| {
            self.ledger.in_flight.fetch_sub(1, Ordering::Relaxed);
            Error::new(Status::Closed, "the connection is over")
        })
    }

    pub(super) fn answer(&self, request: u64, status: Status, json: &[u8]) -> Result<(), Error> {
        if request == 0 {
            return Err(Error::argument("request: 0 is no request; give the tag of a REQUEST event"));
        }
        read_object(json, "json", |_| Ok(()))?;
        self.post(Message::Answer { request, status, json: json.into() })
    }
}

fn check_arguments(row: Option<&'static Row>, request: &Request<'_>) -> Result<(), Error> {
    if !request.bytes.is_empty() {
        return Err(Error::argument(format!("bytes: {} takes no binary part", request.command)));
    }
    if let Some(row) = row.filter(|row| !row.callable) {
        return Err(Error::argument(format!("command: {} is sent by the peer only", row.name)));
    }
    read_object(request.args, "args", |document| match row {
        Some(row) => catalog::check(row, document.root()),
        None => Ok(()),
    })
}

/// Reads a JSON object (or nothing at all) into this thread's scratch and shows it to `check`.
fn read_object(text: &[u8], field: &str, check: impl FnOnce(&Document) -> Result<(), Error>) -> Result<(), Error> {
    if text.len() > MAX_ARGUMENTS {
        let sentence = format!("{field}: {} bytes given, at most {MAX_ARGUMENTS} expected", text.len());
        return Err(Error::argument(sentence));
    }
    // A thread that is ending (an exit handler, a destructor of a C++ object) has no scratch any more.
    let mut document = ARGUMENTS.try_with(RefCell::take).unwrap_or_default();
    let result = read_into(&mut document, text, field).and_then(|()| check(&document));
    document.shrink_to(SCRATCH_KEPT);
    let _ = ARGUMENTS.try_with(|scratch| scratch.replace(document));
    result
}

fn read_into(document: &mut Document, text: &[u8], field: &str) -> Result<(), Error> {
    document
        .parse(if text.is_empty() { b"{}" } else { text })
        .map_err(|error| Error::argument(format!("{field}: not JSON: {error}")))?;
    if document.root().kind() != Kind::Object {
        return Err(Error::argument(format!("{field}: a JSON object expected")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::{LaneConfig, Shared, channel};

    #[test]
    fn an_end_is_not_refused_when_commands_are() {
        let config = LaneConfig { conn: 1, lossy_bytes: 0, reliable_bytes: 0, resume: Arc::new(|| {}) };
        let (writer, _lanes) = channel(&Arc::new(Shared::new()), config);
        let (sender, mut inbox) = mpsc::unbounded_channel();
        let ledger = Arc::new(Ledger::default());
        let connection = Connection::new(sender, |_| Ok(None), writer.unread(), ledger.clone(), 1 << 20);
        let command = Request { command: "GET_GUILDS", ..Request::default() };
        for _ in 0..MAX_IN_FLIGHT {
            connection.send(&command).unwrap();
        }
        assert_eq!(connection.send(&command).unwrap_err().status, Status::Full);
        connection.disconnect().unwrap();
        let posted: Vec<Message> = std::iter::from_fn(|| inbox.try_recv().ok()).collect();
        assert_eq!(posted.len(), MAX_IN_FLIGHT + 1);
        assert!(matches!(posted.last(), Some(Message::Disconnect)));
        assert_eq!(ledger.in_flight.load(Ordering::Relaxed), posted.len());
    }
}

//! From the program to the wire: commands are taken in, sent, withdrawn, and put back when a connection breaks.

use std::time::Duration;

use super::config::wipe;
use super::kept::Wish;
use super::requests::{By, MAX_WAITING, Request};
use super::{Client, Sink, State, log};
use crate::command::Command;
use crate::error::{Error, Status};
use crate::event::{Event, EventType, Flags, LogLevel};
use crate::secret::Secret;
use crate::time::Instant;
use crate::value::{Document, Kind};
use crate::wire::catalog::REPLY_TIMEOUT;
use crate::wire::dmod::{self, MAX_NAME, MAX_SEND, Opcode, write};

/// How long a server has to answer what the machine sends by itself.
const OWN_TIMEOUT: Duration = Duration::from_secs(30);

/// The answer to a session's heartbeat: it has no reply.
const BEAT: &str = "APPLICATION_SESSION_HB_M";

impl Client {
    /// The program sends a command. It is answered exactly once (with a tag of 0: only a failure, and only in the log).
    pub fn handle_command(&mut self, now: Instant, command: Command, out: &mut impl Sink) {
        let name = command.name.clone();
        let tag = command.tag;
        let read = match self.read(command) {
            _ if self.is_finished() => Err(Error::new(Status::Closed, "the connection is over")),
            _ if self.requests.waiting() >= MAX_WAITING => {
                Err(Error::new(Status::Full, format!("{MAX_WAITING} commands wait already")))
            }
            read => read,
        };
        match read {
            Ok(request) => {
                self.requests.push(request);
                self.expire(now, out);
                self.flush(now, out);
            }
            Err(error) => {
                let name: &str = if name.is_empty() { "?" } else { &name };
                conclude(name, By::Program(tag), &Outcome::new(error.status, &error.message), out);
            }
        }
    }

    /// The program withdraws every command with this tag, wherever it is.
    pub fn handle_cancel(&mut self, now: Instant, tag: u64, out: &mut impl Sink) {
        while let Some((request, was_sent)) = self.requests.take(|request| request.by == By::Program(tag)) {
            let why = if was_sent { "cancelled; it had been sent" } else { "cancelled before it was sent" };
            conclude(&request.name, request.by, &Outcome::new(Status::Cancelled, why), out);
        }
        self.flush(now, out);
    }

    /// Makes a request of a command. Names and arguments were checked before; what is looked at here is what would break the
    /// message.
    fn read(&mut self, command: Command) -> Result<Request, Error> {
        let Command { name, args, bytes, tag, timeout, issued } = command;
        let row = dmod::command(&name);
        if name.is_empty() || name.len() > MAX_NAME {
            return Err(Error::argument(format!("a command's name of at most {MAX_NAME} bytes expected")));
        }
        if !bytes.is_empty() {
            return Err(Error::argument("commands of dmod have no binary part"));
        }
        let text = match args.trim_ascii() {
            b"" | b"null" => "{}",
            text => std::str::from_utf8(text).map_err(|_| Error::argument("the arguments are no UTF-8"))?,
        };
        let mut doc = std::mem::take(&mut self.doc);
        let parsed = doc.parse(text.as_bytes());
        let root = doc.root();
        let wire: Box<str> = row.map_or(name.clone(), |row| row.name.into());
        let (kind, wish) = (root.kind(), Wish::of(&wire, root));
        self.doc = doc;
        parsed.map_err(|error| Error::argument(format!("the arguments are not JSON: {error}")))?;
        if kind != Kind::Object {
            return Err(Error::argument("the arguments must be a JSON object"));
        }
        let request = Request {
            opcode: self.opcode_of(&wire),
            name,
            wire,
            args: Secret::new(text),
            deadline: issued + timeout.unwrap_or(row.map_or(REPLY_TIMEOUT, |row| row.default_timeout)),
            by: By::Program(tag),
            wish,
            frame: 0,
        };
        let mut length = Vec::new();
        write::command(&mut length, request.opcode, &request.wire, request.args.reveal().as_bytes());
        let bytes = length.len();
        wipe(&mut length);
        if bytes > MAX_SEND {
            return Err(Error::argument(format!("the message would have {bytes} bytes; a server takes {MAX_SEND}")));
        }
        Ok(request)
    }

    /// The document draws the session family with op 7, and says that commands are op 6.
    fn opcode_of(&self, wire: &str) -> Opcode {
        if wire.starts_with("APPLICATION_SESSION") { self.config.session_opcode } else { Opcode::Command }
    }

    /// One of the machine's own.
    fn own(&self, now: Instant, wire: &str, args: Secret, wish: Wish) -> Request {
        let (opcode, deadline) = (self.opcode_of(wire), now + OWN_TIMEOUT);
        Request { name: wire.into(), wire: wire.into(), opcode, args, deadline, by: By::Library, wish, frame: 0 }
    }

    pub(super) fn authenticate(&mut self, out: &mut impl Sink) {
        self.scratch.clear();
        self.config.authenticate(&mut self.scratch);
        self.send(out);
    }

    pub(super) fn beat(&mut self, out: &mut impl Sink) {
        self.scratch.clear();
        write::heartbeat_reply(&mut self.scratch);
        self.send(out);
    }

    /// Answers a session's heartbeat with what it came with, unless that is too much to send.
    pub(super) fn beat_session(&mut self, d: &[u8], out: &mut impl Sink) {
        let d: &[u8] = if d.is_empty() || d.len() > MAX_SEND / 2 { b"null" } else { d };
        self.scratch.clear();
        write::command(&mut self.scratch, self.config.session_opcode, BEAT, d);
        self.send(out);
    }

    /// Sends the scratch. A token may be in it.
    fn send(&mut self, out: &mut impl Sink) {
        out.send(&self.scratch);
        self.frames += 1;
        wipe(&mut self.scratch);
    }

    /// Says the session's credentials again.
    pub(super) fn reauth(&mut self, now: Instant, out: &mut impl Sink) {
        let Some(session) = &self.kept.session else { return };
        let mut doc = Document::new();
        // It was an object when the session began.
        if doc.parse(session.args.reveal().as_bytes()).is_err() {
            return;
        }
        let args = session.reauth(doc.root());
        let request = self.own(now, "APPLICATION_SESSION_REAUTH", args, Wish::Reauth);
        self.requests.push_first(request);
        self.flush(now, out);
    }

    /// A new connection: what was kept, before all that waits.
    pub(super) fn restore(&mut self, now: Instant) {
        let session = self.kept.session.as_ref().map(|session| (session.args.clone(), session.gid));
        if let Some((args, gid)) = session {
            let request = self.own(now, "APPLICATION_SESSION", args, Wish::Begin(gid));
            self.requests.push_first(request);
        }
        let guild = self.kept.guild.as_ref().map(|guild| (guild.args.clone(), guild.gid));
        if let Some((args, gid)) = guild {
            let request = self.own(now, "CONNECT_GUILD", args, Wish::Connect(gid));
            self.requests.push_first(request);
        }
    }

    /// Sends what waits, as far as the pace allows.
    pub(super) fn flush(&mut self, now: Instant, out: &mut impl Sink) {
        while matches!(self.state, State::Ready { .. }) && self.pace.next(now) <= now {
            let Some(mut request) = self.requests.next() else { return };
            self.pace.spend(now);
            self.scratch.clear();
            self.scratch.reserve(2 * request.args.reveal().len() + 256);
            write::command(&mut self.scratch, request.opcode, &request.wire, request.args.reveal().as_bytes());
            request.frame = self.frames;
            self.send(out);
            // What the machine asks for again stays until it is refused.
            if request.by != By::Library {
                self.kept.sent(&request.wish);
            }
            if &*request.wire == BEAT {
                conclude(&request.name, request.by, &Outcome::new(Status::Ok, ""), out);
            } else {
                self.requests.was_sent(request);
            }
        }
    }

    pub(super) fn expire(&mut self, now: Instant, out: &mut impl Sink) {
        while let Some((request, was_sent)) = self.requests.take(|request| request.deadline <= now) {
            let why = if was_sent { "sent, but not answered in time" } else { "it could not be sent in time" };
            conclude(&request.name, request.by, &Outcome::new(Status::Timeout, why), out);
        }
    }

    /// The connection broke: what was written is uncertain, what was not waits again.
    pub(super) fn break_off(&mut self, unwritten: usize, out: &mut impl Sink) {
        // The machine's own are made anew by the next connection.
        while self.requests.take(|request| request.by == By::Library).is_some() {}
        let written = self.frames.saturating_sub(unwritten as u64);
        for request in self.requests.break_off(written) {
            closed(&request, true, out);
        }
    }
}

/// What came of a command.
pub(super) struct Outcome<'a> {
    pub(super) status: Status,
    pub(super) code: i32,
    pub(super) message: &'a str,
    pub(super) flags: Flags,
    pub(super) payload: &'a [u8],
}

impl<'a> Outcome<'a> {
    pub(super) fn new(status: Status, message: &'a str) -> Self {
        Outcome { status, code: 0, message, flags: Flags::default(), payload: &[] }
    }
}

/// The connection ended before the reply came.
pub(super) fn closed(request: &Request, was_sent: bool, out: &mut impl Sink) {
    let why = match was_sent {
        true => "the connection ended before it was answered",
        false => "the connection ended before it was sent",
    };
    let flags = if was_sent { Flags::UNCERTAIN } else { Flags::default() };
    conclude(&request.name, request.by, &Outcome { flags, ..Outcome::new(Status::Closed, why) }, out);
}

/// The one answer to a command. Where nobody waits for it, a failure is logged.
pub(super) fn conclude(name: &str, by: By, outcome: &Outcome<'_>, out: &mut impl Sink) {
    let Outcome { status, code, message, flags, payload } = *outcome;
    match by {
        By::Nobody => {}
        By::Library | By::Program(0) => {
            if status != Status::Ok {
                log(out, LogLevel::Warn, &format!("{name}: {message}"));
            }
        }
        By::Program(tag) => {
            let mut event = Event::new(EventType::Reply, name);
            (event.tag, event.status, event.code) = (tag, status, code);
            (event.message, event.flags, event.payload) = (message, flags, payload);
            out.event(event);
        }
    }
}

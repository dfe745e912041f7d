//! What comes from the Gateway.

use std::time::Duration;

use super::super::address;
use super::super::gather::{self, Chunk};
use super::super::heartbeat::Heartbeat;
use super::super::message;
use super::super::overlap::Set;
use super::super::session::is_id;
use super::super::{Closed, READY_TIMEOUT, Sink, log, reply};
use super::{FAREWELL, KEEP, Key, Loss, Shard, Shared, State, Told};
use crate::error::{ProtocolError, Status};
use crate::event::{Event, EventType, Flags, LogLevel};
use crate::protocol::why_closed;
use crate::time::Instant;
use crate::value::{Document, Value};
use crate::wire::gateway::{After, CloseCode, Envelope, Opcode, envelope};

/// Heartbeat intervals that are believed.
const INTERVALS: std::ops::RangeInclusive<i64> = 10..=3_600_000;

impl Shard {
    pub(in super::super) fn frame(
        &mut self,
        now: Instant,
        text: &[u8],
        shared: &mut Shared,
        out: &mut impl Sink,
    ) -> Result<(), ProtocolError> {
        match &mut self.state {
            State::Greeting { .. } | State::Identifying { heartbeat: None, .. } => {}
            State::Identifying { heartbeat: Some(heartbeat), .. }
            | State::Resuming { heartbeat, .. }
            | State::Ready { heartbeat, .. } => heartbeat.heard(),
            // It was on its way when the connection was given up.
            State::Queued | State::Waiting { .. } | State::Opening { .. } | State::Ended => return Ok(()),
        }
        let message = envelope(text)?;
        match Opcode::from_code(message.op) {
            Some(Opcode::Dispatch) => self.dispatch(now, &message, shared, out)?,
            Some(Opcode::Heartbeat) if self.wish_pace.next(now) <= now => {
                self.wish_pace.spend(now);
                self.beat(now, shared, out);
            }
            Some(Opcode::Heartbeat) => {
                log(out, LogLevel::Debug, "too many heartbeats are wished for: this one is not sent")
            }
            Some(Opcode::HeartbeatAck) => {
                if let Some(heartbeat) = self.heartbeat() {
                    heartbeat.acknowledged(now);
                }
                self.fence = self.fence.map(|awaited| awaited.saturating_sub(1));
            }
            Some(Opcode::Hello) => self.hello(now, &message, shared, out)?,
            Some(Opcode::Reconnect) => self.reconnect(now, &message, shared, out),
            Some(Opcode::InvalidSession) => self.invalid_session(now, &message, shared, out),
            Some(other) => {
                let sentence = format!("{} (opcode {}) came, which only clients send", other.row().name, message.op);
                log(out, LogLevel::Debug, &sentence);
            }
            None => log(out, LogLevel::Debug, &format!("opcode {} came, which is not known", message.op)),
        }
        Ok(())
    }

    pub(in super::super) fn closed(
        &mut self,
        now: Instant,
        closed: Closed<'_>,
        shared: &mut Shared,
        out: &mut impl Sink,
    ) {
        if !self.is_open() {
            return;
        }
        let known = closed.code.and_then(CloseCode::from_code);
        let code = closed.code.map_or(0, i32::from);
        // Whoever is told everything may say anything.
        let reason = shared.config.token.hidden_in(closed.reason);
        let message = why_closed(known.map(CloseCode::sentence), &reason);
        match After::closed(closed.code) {
            After::Fatal => {
                let auth = known == Some(CloseCode::AuthenticationFailed);
                let status = if auth { Status::Auth } else { Status::Remote };
                return self.end(status, code, Flags::FATAL, &message);
            }
            After::NewSession => self.forget(),
            After::Resume => {}
        }
        self.lost(now, Loss::new(closed.status, &message).with_code(code), shared, out);
    }

    fn hello(
        &mut self,
        now: Instant,
        message: &Envelope<'_>,
        shared: &mut Shared,
        out: &mut impl Sink,
    ) -> Result<(), ProtocolError> {
        let State::Greeting { .. } = self.state else { return Ok(()) };
        // Not the scratch of commands: a connection that only receives keeps nothing of this.
        let mut hello = Document::new();
        if let Err(error) = hello.parse(message.data) {
            return Err(ProtocolError::protocol(format!("HELLO: {error}")));
        }
        let heartbeat = Heartbeat::new(now, interval("HELLO", hello.root())?, &mut shared.random);
        let Some(session) = self.session() else {
            self.identify(now, Some(heartbeat), shared, out);
            return Ok(());
        };
        self.tries += 1;
        self.state = State::Resuming { heartbeat, deadline: now + READY_TIMEOUT };
        shared.scratch.clear();
        message::resume(&mut shared.scratch, &shared.config.token, &session);
        out.send(self.line, &shared.scratch);
        message::wipe(&mut shared.scratch);
        Ok(())
    }

    /// Op 7: connect anew. In version 3 it may say where.
    fn reconnect(&mut self, now: Instant, message: &Envelope<'_>, shared: &mut Shared, out: &mut impl Sink) {
        let mut doc = Document::new();
        if !shared.config.dialect.greets() && doc.parse(message.data).is_ok() {
            self.redirected(doc.root(), shared, out);
        }
        out.close(self.line, KEEP, "");
        let mut loss = Loss::new(Status::Closed, "the Gateway asked to connect anew");
        loss.asked = true;
        self.lost(now, loss, shared, out);
    }

    /// Version 3 has a Gateway for each user, and sends one who came to the wrong one away.
    /// Tells whether it is followed, where there is one.
    fn redirected(&mut self, data: Value<'_>, shared: &mut Shared, out: &mut impl Sink) -> Option<bool> {
        let url = data.member("url").as_str()?;
        let own = shared.config.url.as_deref().unwrap_or_default();
        match address::allow(url, own, &shared.config.allowed_hosts) {
            Ok(()) => url.clone_into(&mut shared.url),
            Err(why) => {
                log(out, LogLevel::Warn, &format!("a redirect to another Gateway is not followed: {why}"));
                return Some(false);
            }
        }
        Some(true)
    }

    /// Whether a dispatch before READY of version 3 sends us to another Gateway. What such an event is called, nobody wrote
    /// down: it has a `url`.
    fn is_elsewhere(&mut self, now: Instant, message: &Envelope<'_>, shared: &mut Shared, out: &mut impl Sink) -> bool {
        let mut doc = Document::new();
        if shared.config.dialect.greets() || doc.parse(message.data).is_err() {
            return false;
        }
        let Some(followed) = self.redirected(doc.root(), shared, out) else { return false };
        out.close(self.line, KEEP, "");
        let mut loss = Loss::new(Status::Closed, "the Gateway sent us to another one");
        // One that only sends to where nobody may go is no better than one that is silent.
        loss.asked = followed;
        self.lost(now, loss, shared, out);
        true
    }

    fn invalid_session(&mut self, now: Instant, message: &Envelope<'_>, shared: &mut Shared, out: &mut impl Sink) {
        let resumable = message.data == b"true" && self.session.is_some();
        out.close(self.line, if resumable { KEEP } else { FAREWELL }, "");
        if !resumable {
            self.forget();
        }
        let why = match resumable {
            true => "the Gateway refused the session for now",
            false => "the Gateway refused the session",
        };
        let mut loss = Loss::new(Status::Closed, why);
        // The documents ask for 1 to 5 s.
        loss.wait = Duration::from_secs(1) + shared.random.up_to(Duration::from_secs(4));
        self.lost(now, loss, shared, out);
    }

    fn dispatch(
        &mut self,
        now: Instant,
        message: &Envelope<'_>,
        shared: &mut Shared,
        out: &mut impl Sink,
    ) -> Result<(), ProtocolError> {
        if matches!(self.state, State::Greeting { .. }) {
            return Err(ProtocolError::protocol("a dispatch came before HELLO"));
        }
        if message.name.is_empty() {
            return Err(ProtocolError::protocol("a dispatch has no t; an event name expected"));
        }
        if let State::Resuming { deadline, .. } = &mut self.state {
            // A replay may be long: it is given up when it stops, not when it takes its time. ACKs are no part of it.
            *deadline = now + READY_TIMEOUT;
        }
        // READY begins its own count, and RESUMED ends a replay whatever its number.
        match (message.name, &self.state) {
            ("READY", State::Resuming { .. }) => self.forget(),
            ("RESUMED", State::Resuming { .. }) => {
                if message.seq > self.seq {
                    self.follows(message.seq, out);
                }
                self.resumed(now, message, shared, out);
                return Ok(());
            }
            _ => {}
        }
        // Recorded before it is handed on: what a resume asks for is what nobody was given.
        if !self.follows(message.seq, out) {
            return Ok(());
        }
        if message.name == "GUILD_MEMBERS_CHUNK" && !self.gathers.is_empty() && self.chunk(now, message, shared, out) {
            shared.see((self.number, self.count), message);
            return Ok(());
        }
        if message.name == "RATE_LIMITED" {
            self.limited(now, message, shared, out);
        }
        if !matches!(self.state, State::Ready { .. }) {
            // The session is alive, whatever becomes of this connection.
            self.tries = 0;
            if message.name == "READY" {
                return self.ready(now, message, shared, out);
            }
            if self.is_elsewhere(now, message, shared, out) {
                return Ok(());
            }
        }
        let mut number = self.number;
        if let Some(overlap) = &mut shared.overlap {
            let Some(old) = overlap.take(now, self.set, message.name, message.data) else {
                self.figures.repeated += 1;
                return Ok(());
            };
            if self.quiet {
                number = old;
            }
        }
        self.figures.events += 1;
        shared.see((self.number, self.count), message);
        let mut event = self.event(EventType::Dispatch, message.name, message);
        event.peer = number;
        out.event(event);
        Ok(())
    }

    /// Takes note of a sequence, and says whether the event is to be handed on: one that is repeated in a replay is not.
    /// Outside of a replay a number that falls is nothing that we can mend: the event is handed on, and the highest number
    /// stays the one to resume from.
    fn follows(&mut self, seq: Option<u64>, out: &mut impl Sink) -> bool {
        let (Some(seq), last) = (seq, self.seq) else { return true };
        match last {
            Some(last) if last.checked_add(1) == Some(seq) => self.seq = Some(seq),
            Some(last) if seq <= last => {
                if matches!(self.state, State::Resuming { .. }) {
                    self.figures.repeated += 1;
                    return false;
                }
                self.wonder(format_args!("sequence {seq} came after {last}"), out);
            }
            // A replay may leave out what was said of the session itself.
            Some(_) if matches!(self.state, State::Resuming { .. }) => self.seq = Some(seq),
            Some(last) => {
                self.figures.missed = self.figures.missed.saturating_add(seq - last - 1);
                self.wonder(format_args!("sequence {seq} came after {last}: what is between never came"), out);
                self.seq = Some(seq);
            }
            None => self.seq = Some(seq),
        }
        true
    }

    /// Once for each connection: a server that counts otherwise does so every time.
    fn wonder(&mut self, what: std::fmt::Arguments<'_>, out: &mut impl Sink) {
        if !std::mem::replace(&mut self.odd, true) {
            log(out, LogLevel::Warn, &what.to_string());
        }
    }

    fn event<'e>(&self, kind: EventType, name: &'e str, message: &Envelope<'e>) -> Event<'e> {
        let mut event = Event::new(kind, name);
        event.payload = message.data;
        event.seq = message.seq.unwrap_or(0);
        event.peer = self.number;
        event
    }

    /// Adds a chunk to the reply that waits for it; false when none does.
    fn chunk(&mut self, now: Instant, message: &Envelope<'_>, shared: &mut Shared, out: &mut impl Sink) -> bool {
        match gather::add(&mut self.gathers, now, message.data, &mut shared.doc) {
            Chunk::Foreign => false,
            Chunk::Part => true,
            Chunk::Whole(at) => {
                let gather = self.gathers.remove(at);
                self.gathered(&gather, out);
                true
            }
            Chunk::TooLarge(at) => {
                let gather = self.gathers.remove(at);
                let sentence = format!("its members have more than {} bytes: take them as they come", gather::MOST);
                reply(out, &gather.name, gather.tag, Status::Full, &sentence);
                true
            }
        }
    }

    /// A reply is whole.
    pub(super) fn gathered(&self, gather: &gather::Gather, out: &mut impl Sink) {
        let mut data = Vec::new();
        gather.reply(&mut data);
        let mut event = Event::new(EventType::Reply, &gather.name);
        (event.tag, event.payload, event.peer) = (gather.tag, &data, self.number);
        out.event(event);
    }

    /// What was to be gathered does not come; the program hears of the limit itself, too.
    fn limited(&mut self, now: Instant, message: &Envelope<'_>, shared: &mut Shared, out: &mut impl Sink) {
        let Some(limited) = gather::limited(&self.gathers, message.data, &mut shared.doc) else { return };
        shared.members.limited(now, limited.guild, Duration::from_millis(limited.wait_ms.into()));
        let Some(at) = limited.gather else { return };
        let gather = self.gathers.remove(at);
        let mut event = Event::new(EventType::Reply, &gather.name);
        (event.tag, event.status, event.peer) = (gather.tag, Status::RateLimited, self.number);
        (event.message, event.retry_after_ms) =
            ("the Gateway tells members of this guild again later", limited.wait_ms);
        out.event(event);
    }

    fn ready(
        &mut self,
        now: Instant,
        message: &Envelope<'_>,
        shared: &mut Shared,
        out: &mut impl Sink,
    ) -> Result<(), ProtocolError> {
        // Not the scratch of commands: a READY may be megabytes.
        let mut doc = Document::new();
        let parsed = doc.parse(message.data).is_ok();
        let data = doc.root();
        if !shared.config.dialect.greets() {
            let heartbeat = Heartbeat::new(now, interval("READY", data)?, &mut shared.random).unanswered();
            self.state = State::Identifying { heartbeat: Some(heartbeat), deadline: now };
        } else {
            self.seq = message.seq.or(self.seq);
            self.session = self.key(data, shared, out);
            if self.session.is_none() {
                let what = if parsed { "a session_id of 1 to 256 printable characters" } else { "data that is JSON" };
                let sentence = format!("READY: {what} expected: when the connection is lost, a new session begins");
                log(out, LogLevel::Warn, &sentence);
            }
        }
        if let (Some(overlap), Set::New) = (&mut shared.overlap, self.set) {
            overlap.announced(data);
        }
        self.presence_due = self.presence.is_some();
        self.figures.identifies += 1;
        self.in_use(now);
        // A new set's READY ends nothing: the set before goes on with what it has seen.
        if !self.quiet {
            shared.see((self.number, self.count), message);
            let mut event = self.event(EventType::Connected, "CONNECTED", message);
            event.message = &self.address;
            out.event(event);
        }
        self.flush(now, shared, out);
        Ok(())
    }

    /// What READY says of its session. A session whose own address may not be used is resumed at the Gateway's.
    fn key(&self, ready: Value<'_>, shared: &Shared, out: &mut impl Sink) -> Option<Key> {
        let id = ready.member("session_id").as_str().filter(|id| is_id(id))?;
        let mut url = ready.member("resume_gateway_url").as_str();
        if let Some(given) = url
            && let Err(why) = address::allow(given, &shared.url, &shared.config.allowed_hosts)
        {
            log(out, LogLevel::Warn, &format!("READY: resume_gateway_url is not used: {why}"));
            url = None;
        }
        Some(Key { id: id.into(), url: url.map(Into::into) })
    }

    fn resumed(&mut self, now: Instant, message: &Envelope<'_>, shared: &mut Shared, out: &mut impl Sink) {
        self.figures.resumes += 1;
        self.in_use(now);
        if !self.quiet {
            let mut event = self.event(EventType::Connected, "CONNECTED", message);
            event.message = &self.address;
            event.flags = Flags::RESUMED;
            out.event(event);
        }
        self.flush(now, shared, out);
    }

    fn in_use(&mut self, now: Instant) {
        self.tries = 0;
        self.told = Told::Connected;
        self.state = match std::mem::replace(&mut self.state, State::Ended) {
            State::Identifying { heartbeat: Some(heartbeat), .. } | State::Resuming { heartbeat, .. } => {
                State::Ready { heartbeat, since: now }
            }
            other => other,
        };
    }
}

fn interval(name: &str, data: Value<'_>) -> Result<Duration, ProtocolError> {
    let interval = data.member("heartbeat_interval").as_whole().filter(|interval| INTERVALS.contains(interval));
    match interval {
        Some(interval) => Ok(Duration::from_millis(interval.unsigned_abs())),
        None => Err(ProtocolError::protocol(format!(
            "{name}: heartbeat_interval is no interval; 10 to 3600000 ms expected"
        ))),
    }
}

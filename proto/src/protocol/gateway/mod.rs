//! The Gateway's client: one shard's connection, kept.
//!
//! It connects, greets, identifies, beats, hands dispatches over, and begins again when the connection is lost. Not yet:
//! resuming, compression, more than one shard at a budget. The one thing to know before changing it: an IDENTIFY is
//! counted by Discord (1000 a day, then the token is reset), so nothing here may identify faster than [`IDENTIFY_EVERY`]
//! and [`IDENTIFY_A_DAY`] allow, whatever a peer does. Rules: Discord's Gateway documents, version 10, and the lessons
//! of the libraries before this one (jittered first beat, any traffic is life, full jitter, fatal close codes).
//!
//! ```text
//! New -> Opening -> Greeting -HELLO-> Identifying -READY-> Ready
//!          ^                                                 |
//!          +-------------- Waiting <---- any loss -----------+         Finished: fatal, or asked to
//! ```

mod config;
mod heartbeat;
mod message;
pub(super) mod pace;
mod queue;

use std::time::Duration;

pub use config::{Config, DISCORD, Properties};
use heartbeat::{Heartbeat, Pulse};
use pace::Pace;
pub use queue::{MAX_WAITING, TIMEOUT};
use queue::{Queue, Waiting};

pub use super::Closed;
use super::backoff::Backoff;
use crate::command::Command;
use crate::error::{Error, ProtocolError, Status};
use crate::event::{Event, EventType, Flags, LogLevel};
use crate::random::Random;
use crate::time::Instant;
use crate::value::Document;
use crate::wire::gateway::{After, CloseCode, Envelope, Opcode, envelope};

/// At most one IDENTIFY in this time.
pub const IDENTIFY_EVERY: Duration = Duration::from_secs(5);
/// At most so many IDENTIFYs in 24 hours.
pub const IDENTIFY_A_DAY: usize = 1000;
/// How long a transport may take to open.
pub const OPEN_TIMEOUT: Duration = Duration::from_secs(30);
/// How long the Gateway may take to say HELLO.
pub const HELLO_TIMEOUT: Duration = Duration::from_secs(10);
/// How long READY may take after IDENTIFY.
pub const READY_TIMEOUT: Duration = Duration::from_secs(60);
/// A connection that was ready for so long was a good one: waits begin small again after it.
pub const GOOD_AFTER: Duration = Duration::from_secs(60);
/// How long a program may keep the driver from reading before the connection is given up.
pub const PAUSE_LIMIT: Duration = Duration::from_secs(30);
/// Commands per [`SEND_WINDOW`]. The Gateway takes 120 messages; the rest is kept for heartbeats.
pub const SEND_LIMIT: usize = 115;
/// See [`SEND_LIMIT`].
pub const SEND_WINDOW: Duration = Duration::from_secs(60);
/// Heartbeat intervals that are believed.
const INTERVALS: std::ops::RangeInclusive<i64> = 10..=3_600_000;
/// How connections are closed from this side: normally, which ends the session, since none is resumed yet.
const NORMAL: u16 = 1000;

/// What the machine wants done.
pub trait Sink {
    /// Connect to this address; answered by [`Client::handle_opened`] or [`Client::handle_open_failed`].
    fn open(&mut self, url: &str);
    /// Send a text message, in order.
    fn send(&mut self, text: &[u8]);
    /// Flush, close and drop the transport, or stop opening it; no [`Client::handle_closed`] follows.
    fn close(&mut self, code: u16, reason: &str);
    /// Deliver an event; copied at once.
    fn event(&mut self, event: Event<'_>);
}

/// One shard's connection; see the module's words.
#[derive(Debug)]
pub struct Client {
    config: Config,
    url: String,
    state: State,
    random: Random,
    backoff: Backoff,
    identify_pace: Pace,
    identify_budget: Pace,
    send_pace: Pace,
    queue: Queue,
    /// The last presence that the program set: state, so it is set again on every READY.
    presence: Option<Box<[u8]>>,
    /// The last sequence of this session.
    seq: Option<u64>,
    /// Since when the driver does not read.
    paused: Option<Instant>,
    /// Whether a READY ever came, and whether the program knows of the present outage.
    told: Told,
    doc: Document,
    scratch: Vec<u8>,
}

#[derive(Debug)]
enum State {
    /// [`Client::start`] was not called.
    New,
    /// No transport; the next try is `at`.
    Waiting { at: Instant },
    /// A transport is being opened.
    Opening { deadline: Instant },
    /// HELLO is awaited.
    Greeting { deadline: Instant },
    /// IDENTIFY went out, READY is awaited.
    Identifying { heartbeat: Heartbeat, deadline: Instant },
    /// In use.
    Ready { heartbeat: Heartbeat, since: Instant },
    /// Over.
    Finished,
}

/// Where the program stands in `CONNECTED (RECONNECTING CONNECTED)* DISCONNECTED`.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Told {
    Nothing,
    Connected,
    Reconnecting,
}

impl Client {
    /// A client that has not started.
    ///
    /// # Errors
    /// What [`Config::check`] finds.
    pub fn new(config: Config) -> Result<Self, Error> {
        config.check()?;
        Ok(Client {
            url: config.address(),
            random: Random::new(config.seed),
            config,
            state: State::New,
            backoff: Backoff::default(),
            identify_pace: Pace::new(1, IDENTIFY_EVERY),
            identify_budget: Pace::new(IDENTIFY_A_DAY, Duration::from_secs(24 * 60 * 60)),
            send_pace: Pace::new(SEND_LIMIT, SEND_WINDOW),
            queue: Queue::default(),
            presence: None,
            seq: None,
            paused: None,
            told: Told::Nothing,
            doc: Document::new(),
            scratch: Vec::new(),
        })
    }

    /// What it was made of.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Begins to connect.
    pub fn start(&mut self, now: Instant, out: &mut impl Sink) {
        if matches!(self.state, State::New) {
            self.open(now, out);
        }
    }

    /// The transport is open.
    pub fn handle_opened(&mut self, now: Instant, out: &mut impl Sink) {
        if matches!(self.state, State::Opening { .. }) {
            log(out, LogLevel::Debug, "connected; HELLO is awaited");
            self.state = State::Greeting { deadline: now + HELLO_TIMEOUT };
        }
    }

    /// The transport could not be opened.
    pub fn handle_open_failed(&mut self, now: Instant, error: &Error, out: &mut impl Sink) {
        if matches!(self.state, State::Opening { .. }) {
            self.lost(now, Loss::new(error.status, &error.message).with_code(error.code), out);
        }
    }

    /// A message came. The events that it causes are delivered before this returns.
    ///
    /// # Errors
    /// The message is none of the Gateway's: drop the transport, then call [`Client::handle_closed`].
    pub fn handle_frame(&mut self, now: Instant, text: &[u8], out: &mut impl Sink) -> Result<(), ProtocolError> {
        match &mut self.state {
            State::Greeting { .. } => {}
            State::Identifying { heartbeat, .. } | State::Ready { heartbeat, .. } => heartbeat.heard(),
            // It was on its way when the connection was given up.
            State::New | State::Waiting { .. } | State::Opening { .. } | State::Finished => return Ok(()),
        }
        let message = envelope(text)?;
        match Opcode::from_code(message.op) {
            Some(Opcode::Dispatch) => self.dispatch(now, &message, out)?,
            Some(Opcode::Heartbeat) => self.beat(out),
            Some(Opcode::HeartbeatAck) => {
                if let Some(heartbeat) = self.heartbeat() {
                    heartbeat.acknowledged(now);
                }
            }
            Some(Opcode::Hello) => self.hello(now, &message, out)?,
            Some(Opcode::Reconnect) => {
                out.close(NORMAL, "");
                self.lost(now, Loss::new(Status::Closed, "the Gateway asked to connect anew"), out);
            }
            Some(Opcode::InvalidSession) => {
                out.close(NORMAL, "");
                // The documents ask for 1 to 5 s.
                let wait = Duration::from_secs(1) + self.random.up_to(Duration::from_secs(4));
                self.lost(now, Loss::new(Status::Closed, "the Gateway refused the session").with_wait(wait), out);
            }
            // Of this side, or newer than this library: to be ignored.
            _ => {}
        }
        Ok(())
    }

    /// The connection ended.
    pub fn handle_closed(&mut self, now: Instant, closed: Closed<'_>, out: &mut impl Sink) {
        if !matches!(self.state, State::Greeting { .. } | State::Identifying { .. } | State::Ready { .. }) {
            return;
        }
        let known = closed.code.and_then(CloseCode::from_code);
        let code = closed.code.map_or(0, i32::from);
        let message = match known {
            Some(known) if closed.reason.is_empty() => known.as_str().to_owned(),
            Some(known) => format!("{} (\"{}\")", known.as_str(), closed.reason),
            None if closed.reason.is_empty() => "the connection was closed".to_owned(),
            None => closed.reason.to_owned(),
        };
        match After::closed(closed.code) {
            After::Fatal => {
                let auth = known == Some(CloseCode::AuthenticationFailed);
                let status = if auth { Status::Auth } else { Status::Remote };
                self.finish(status, code, Flags::FATAL, &message, out);
            }
            After::NewSession | After::Resume => {
                self.lost(now, Loss::new(Status::Closed, &message).with_code(code), out);
            }
        }
    }

    /// The program wants something sent.
    pub fn handle_command(&mut self, now: Instant, command: Command, out: &mut impl Sink) {
        let opcode = match queue::check(&command, &mut self.doc, &mut self.scratch) {
            _ if matches!(self.state, State::Finished) => Err(Error::new(Status::Closed, "the connection is over")),
            _ if self.queue.len() >= MAX_WAITING => {
                Err(Error::new(Status::Full, format!("{MAX_WAITING} commands wait already")))
            }
            checked => checked,
        };
        match opcode {
            Ok(opcode) => {
                let Command { name, args, tag, timeout, issued, .. } = command;
                let deadline = issued + timeout.unwrap_or(TIMEOUT);
                self.queue.push(Waiting { name, opcode, args, tag, deadline });
                self.expire(now, out);
                self.flush(now, out);
            }
            Err(error) => reply(out, &command.name, command.tag, error.status, &error.message),
        }
    }

    /// The program no longer wants the commands with this tag. What was sent cannot be called back, and was answered.
    pub fn handle_cancel(&mut self, _now: Instant, tag: u64, out: &mut impl Sink) {
        while let Some(waiting) = self.queue.take(|waiting| waiting.tag == tag) {
            reply(out, &waiting.name, tag, Status::Cancelled, "cancelled before it was sent");
        }
    }

    /// The program wants the connection to end.
    pub fn handle_disconnect(&mut self, _now: Instant, out: &mut impl Sink) {
        if matches!(self.state, State::Finished) {
            return;
        }
        if !matches!(self.state, State::New | State::Waiting { .. }) {
            out.close(NORMAL, "");
        }
        self.finish(Status::Ok, 0, Flags::default(), "disconnected", out);
    }

    /// The driver stopped reading, or reads again, because the program does not poll. Nothing can be heard meanwhile, so
    /// the watchdog waits too, [`PAUSE_LIMIT`] at most. Counts for the connection that is open.
    pub fn handle_reading_paused(&mut self, now: Instant, paused: bool) {
        if !paused {
            self.paused = None;
            if let Some(heartbeat) = self.heartbeat() {
                heartbeat.heard();
            }
        } else if self.paused.is_none() {
            self.paused = Some(now);
        }
    }

    /// The time of [`Client::next_timeout`] came.
    pub fn handle_timeout(&mut self, now: Instant, out: &mut impl Sink) {
        match &mut self.state {
            State::New | State::Finished => return,
            State::Waiting { at } if *at <= now => self.open(now, out),
            State::Opening { deadline } if *deadline <= now => {
                self.give_up(now, "the connection could not be opened in time", out)
            }
            State::Greeting { deadline } if *deadline <= now => self.give_up(now, "no HELLO came", out),
            State::Identifying { deadline, .. } if *deadline <= now => self.give_up(now, "no READY came", out),
            State::Identifying { heartbeat, .. } | State::Ready { heartbeat, .. } => {
                if self.paused.is_some_and(|since| since + PAUSE_LIMIT <= now) {
                    self.give_up(now, "events were not polled for 30 s", out);
                } else if heartbeat.next <= now {
                    match heartbeat.due(now, self.paused.is_none()) {
                        Pulse::Alive => self.beat(out),
                        Pulse::Zombie => self.give_up(now, "a heartbeat was not answered", out),
                    }
                }
            }
            State::Waiting { .. } | State::Opening { .. } | State::Greeting { .. } => {}
        }
        self.expire(now, out);
        self.flush(now, out);
    }

    /// When [`Client::handle_timeout`] is to be called; `None` for never.
    pub fn next_timeout(&self) -> Option<Instant> {
        let own = match &self.state {
            State::New | State::Finished => return None,
            State::Waiting { at } => *at,
            State::Opening { deadline } | State::Greeting { deadline } => *deadline,
            State::Identifying { heartbeat, deadline } => self.or_pause(heartbeat.next).min(*deadline),
            State::Ready { heartbeat, .. } if self.queue.is_empty() => self.or_pause(heartbeat.next),
            // Commands that wait while it is ready wait for the pace.
            State::Ready { heartbeat, .. } => self.or_pause(heartbeat.next).min(self.send_pace.next(Instant::ZERO)),
        };
        Some(self.queue.next_deadline().map_or(own, |deadline| own.min(deadline)))
    }

    /// Whether DISCONNECTED was delivered. Nothing happens after that.
    pub fn is_finished(&self) -> bool {
        matches!(self.state, State::Finished)
    }

    /// How long the last heartbeat took to be answered.
    pub fn latency(&self) -> Option<Duration> {
        match &self.state {
            State::Identifying { heartbeat, .. } | State::Ready { heartbeat, .. } => heartbeat.latency,
            _ => None,
        }
    }

    fn heartbeat(&mut self) -> Option<&mut Heartbeat> {
        match &mut self.state {
            State::Identifying { heartbeat, .. } | State::Ready { heartbeat, .. } => Some(heartbeat),
            _ => None,
        }
    }

    fn or_pause(&self, at: Instant) -> Instant {
        self.paused.map_or(at, |since| at.min(since + PAUSE_LIMIT))
    }

    fn shard(&self) -> u32 {
        self.config.shard.map_or(0, |(id, _)| id)
    }

    fn open(&mut self, now: Instant, out: &mut impl Sink) {
        self.seq = None;
        self.paused = None;
        self.send_pace.clear();
        self.state = State::Opening { deadline: now + OPEN_TIMEOUT };
        out.open(&self.url);
    }

    fn hello(&mut self, now: Instant, message: &Envelope<'_>, out: &mut impl Sink) -> Result<(), ProtocolError> {
        let State::Greeting { .. } = self.state else { return Ok(()) };
        // Not the scratch of commands: a connection that only receives keeps nothing of this.
        let mut hello = Document::new();
        if let Err(error) = hello.parse(message.data) {
            return Err(ProtocolError::protocol(format!("HELLO: {error}")));
        }
        let interval = hello.root().member("heartbeat_interval").as_whole();
        let Some(interval) = interval.filter(|interval| INTERVALS.contains(interval)) else {
            return Err(ProtocolError::protocol("HELLO: heartbeat_interval is no interval; 10 to 3600000 ms expected"));
        };
        let heartbeat = Heartbeat::new(now, Duration::from_millis(interval.unsigned_abs()), &mut self.random);
        self.state = State::Identifying { heartbeat, deadline: now + READY_TIMEOUT };
        // Nothing was opened before both allow it.
        self.identify_pace.spend(now);
        self.identify_budget.spend(now);
        self.scratch.clear();
        self.config.identify(&mut self.scratch);
        out.send(&self.scratch);
        message::wipe(&mut self.scratch);
        Ok(())
    }

    fn dispatch(&mut self, now: Instant, message: &Envelope<'_>, out: &mut impl Sink) -> Result<(), ProtocolError> {
        if matches!(self.state, State::Greeting { .. }) {
            return Err(ProtocolError::protocol("a dispatch came before HELLO"));
        }
        if message.name.is_empty() {
            return Err(ProtocolError::protocol("a dispatch has no t; an event name expected"));
        }
        if message.seq.is_some() {
            self.seq = message.seq;
        }
        if message.name == "READY" && matches!(self.state, State::Identifying { .. }) {
            self.ready(now, message, out);
            return Ok(());
        }
        out.event(self.event(EventType::Dispatch, message.name, message));
        Ok(())
    }

    fn event<'e>(&self, kind: EventType, name: &'e str, message: &Envelope<'e>) -> Event<'e> {
        let mut event = Event::new(kind, name);
        event.payload = message.data;
        event.seq = message.seq.unwrap_or(0);
        event.peer = self.shard();
        event
    }

    fn ready(&mut self, now: Instant, message: &Envelope<'_>, out: &mut impl Sink) {
        self.state = match std::mem::replace(&mut self.state, State::New) {
            State::Identifying { heartbeat, .. } => State::Ready { heartbeat, since: now },
            other => other,
        };
        self.told = Told::Connected;
        let mut event = self.event(EventType::Connected, "CONNECTED", message);
        event.message = &self.url;
        out.event(event);
        if let Some(presence) = &self.presence {
            self.send_pace.spend(now);
            self.scratch.clear();
            message::message(&mut self.scratch, Opcode::PresenceUpdate, presence);
            out.send(&self.scratch);
        }
        self.flush(now, out);
    }

    fn beat(&mut self, out: &mut impl Sink) {
        self.scratch.clear();
        message::heartbeat(&mut self.scratch, self.seq);
        out.send(&self.scratch);
    }

    /// Sends what waits, as far as the pace allows.
    fn flush(&mut self, now: Instant, out: &mut impl Sink) {
        while matches!(self.state, State::Ready { .. }) && self.send_pace.next(now) <= now {
            let Some(waiting) = self.queue.pop() else { return };
            self.send_pace.spend(now);
            self.scratch.clear();
            message::message(&mut self.scratch, waiting.opcode, &waiting.args);
            out.send(&self.scratch);
            reply(out, &waiting.name, waiting.tag, Status::Ok, "");
            if waiting.opcode == Opcode::PresenceUpdate {
                self.presence = Some(waiting.args);
            }
        }
    }

    fn expire(&mut self, now: Instant, out: &mut impl Sink) {
        while let Some(waiting) = self.queue.take(|waiting| waiting.deadline <= now) {
            reply(out, &waiting.name, waiting.tag, Status::Timeout, "it could not be sent in time");
        }
    }

    /// Closes what is open and begins again.
    fn give_up(&mut self, now: Instant, why: &str, out: &mut impl Sink) {
        out.close(NORMAL, "");
        self.lost(now, Loss::new(Status::Timeout, why), out);
    }

    /// There is no transport any more: wait, and tell the program once.
    fn lost(&mut self, now: Instant, loss: Loss<'_>, out: &mut impl Sink) {
        if self.told == Told::Nothing && !self.config.retry {
            self.finish(loss.status, loss.code, Flags::default(), loss.why, out);
            return;
        }
        if matches!(self.state, State::Ready { since, .. } if now - since >= GOOD_AFTER) {
            self.backoff.reset();
        }
        let wait = self.backoff.next(&mut self.random).max(loss.wait);
        let at = self.identify_budget.next(self.identify_pace.next(now + wait));
        self.state = State::Waiting { at };
        let millis = u32::try_from((at - now).as_millis()).unwrap_or(u32::MAX);
        if self.told == Told::Connected {
            self.told = Told::Reconnecting;
            let mut event = Event::new(EventType::Reconnecting, "RECONNECTING");
            event.status = loss.status;
            event.code = loss.code;
            event.message = loss.why;
            event.flags = Flags::RETRYING;
            event.retry_after_ms = millis;
            event.peer = self.shard();
            out.event(event);
        } else {
            log(out, LogLevel::Info, &format!("{}; next try in {millis} ms", loss.why));
        }
    }

    fn finish(&mut self, status: Status, code: i32, flags: Flags, why: &str, out: &mut impl Sink) {
        self.state = State::Finished;
        while let Some(waiting) = self.queue.pop() {
            reply(out, &waiting.name, waiting.tag, Status::Closed, "the connection ended before it was sent");
        }
        let mut event = Event::new(EventType::Disconnected, "DISCONNECTED");
        event.status = status;
        event.code = code;
        event.message = why;
        event.flags = flags;
        event.peer = self.shard();
        out.event(event);
    }
}

/// Why a transport is gone.
struct Loss<'a> {
    status: Status,
    code: i32,
    why: &'a str,
    /// How long to wait at least.
    wait: Duration,
}

impl<'a> Loss<'a> {
    fn new(status: Status, why: &'a str) -> Self {
        Loss { status, code: 0, why, wait: Duration::ZERO }
    }

    fn with_code(mut self, code: i32) -> Self {
        self.code = code;
        self
    }

    fn with_wait(mut self, wait: Duration) -> Self {
        self.wait = wait;
        self
    }
}

fn log(out: &mut impl Sink, level: LogLevel, message: &str) {
    out.event(Event::log(level, "gateway", message));
}

/// The one answer to a command. Without a tag nobody waits: a failure is logged.
fn reply(out: &mut impl Sink, name: &str, tag: u64, status: Status, message: &str) {
    if tag == 0 {
        if status != Status::Ok {
            log(out, LogLevel::Warn, &format!("{name}: {message}"));
        }
        return;
    }
    let mut event = Event::new(EventType::Reply, name);
    event.tag = tag;
    event.status = status;
    event.message = message;
    out.event(event);
}

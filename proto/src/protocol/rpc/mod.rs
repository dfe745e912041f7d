//! The client of Discord's local RPC, as a machine.
//!
//! It asks for a peer, shakes hands, authenticates when it has a token, and then carries commands, replies and events. When
//! the connection breaks it makes a new one and restores what is state (token, subscriptions, activity); what is a request
//! ends with exactly one reply, whatever happens. It opens no socket and reads no clock: a driver does, through [`Sink`].
//!
//! The one thing to know before changing it: a request that is taken out of `requests::Requests` must be
//! answered there and then (`conclude`), and nothing else answers.
//!
//! Candidates are tried in rounds. One that hangs up, refuses or is silent is passed over, because the Discord that is meant
//! may be behind it; what a round that is over means is decided when no candidate is left. Rules: "Semantics" of the C interface; the wire:
//! `rpc.yaml`; limits and timers: the constants below, [`super::backoff`] and [`presence`].

mod commands;
mod frames;
mod incoming;
pub mod presence;
mod requests;
mod subscriptions;

use std::fmt;
use std::time::Duration;

pub use self::commands::MAX_UNANSWERED;
use self::frames::Frames;
use self::presence::Presence;
use self::requests::{Effect, Request, Requests};
use self::subscriptions::Subscriptions;
pub use super::Closed;
use super::backoff::Backoff;
use crate::error::{Error, Status};
use crate::event::{Event, EventType, Flags, LogLevel};
use crate::random::Random;
use crate::secret::Secret;
use crate::time::Instant;
use crate::value::{Document, Value};
use crate::wire::ipc::Opcode;
use crate::wire::rpc::CloseCode;

/// From a connection to its READY. A peer that is silent for longer is passed over.
pub const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);

/// The same after a round in which somebody took the connection and was silent: a Discord that gets more than two
/// connections a minute from a client does not refuse the next one but lets it wait, and who hangs up and comes again
/// meanwhile is never let in.
pub const PATIENT_HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(60);

/// From AUTHENTICATE, when the machine sends it by itself, to its reply.
pub const AUTHENTICATION_TIMEOUT: Duration = Duration::from_secs(10);

/// A connection that lasted this long was a good one: after it waiting begins anew.
pub const LIVED: Duration = Duration::from_secs(30);

/// The least wait after close code 4002. (Discord takes two connections a minute of a client.)
pub const RATE_LIMIT_WAIT: Duration = Duration::from_secs(30);

/// What a client is made of.
#[derive(Clone, Debug)]
pub struct Config {
    /// The application's id.
    pub client_id: String,
    /// With a token, CONNECTED means authenticated.
    pub access_token: Option<Secret>,
    /// The process that activities belong to, where the program names none.
    pub pid: u32,
    /// For jitter.
    pub seed: u64,
    /// Whether to go on looking for a peer when there is none at the start. After the first CONNECTED a broken connection
    /// is always made anew.
    pub retry: bool,
    /// What is taken for a Discord.
    pub accept: Accept,
}

/// What a client takes for a Discord. A GameBridge says what it is: READY's `config` has a member `gamebridge` with the ids
/// of those that the answer came through, the nearest first. Discord has no such member.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Accept {
    /// Whatever sends READY.
    #[default]
    Any,
    /// A Discord and no GameBridge; those are passed over.
    Discord,
    /// Also a GameBridge, but none behind which the one of this id stands: that would be a circle.
    NotThrough(Box<str>),
}

/// A chain of more GameBridges than this is taken for a circle.
const MOST_GAMEBRIDGES: usize = 8;

impl Accept {
    /// Why the sender of this READY is passed over, if it is.
    fn refuses(&self, ready: Value<'_>) -> Option<&'static str> {
        let through = ready.member("config").member("gamebridge");
        match self {
            Accept::Any => None,
            Accept::Discord => through.exists().then_some("a GameBridge, and no Discord"),
            Accept::NotThrough(own) if through.iter().any(|id| id.as_str() == Some(own)) => {
                Some("a GameBridge that leads back to this one")
            }
            Accept::NotThrough(_) => {
                (through.len() >= MOST_GAMEBRIDGES).then_some("a GameBridge behind too many others")
            }
        }
    }
}

/// How the peer was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// The local socket or pipe: the machine sends the handshake.
    Ipc,
    /// A WebSocket on loopback: its URL was the handshake.
    WebSocket,
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Via::Ipc => "ipc",
            Via::WebSocket => "websocket",
        })
    }
}

/// What the machine wants done.
///
/// A driver should stop reading while its peer does not take what was sent: the machine answers PINGs, and how much waits to
/// be written only the driver knows.
pub trait Sink {
    /// Find a peer: the candidate after the first `skip` that could be connected. Answered by [`Client::handle_opened`] or
    /// [`Client::handle_open_failed`].
    fn open(&mut self, skip: usize);
    /// Send a frame, in order. (`Handshake` only comes on [`Via::Ipc`].)
    fn send(&mut self, opcode: Opcode, payload: &[u8]);
    /// Flush, close and drop the transport. [`Client::handle_closed`] does not follow.
    fn close(&mut self, code: u16, reason: &str);
    /// Deliver an event; it is copied at once.
    fn event(&mut self, event: Event<'_>);
}

enum State {
    /// Before [`Client::start`].
    Idle,
    /// The driver looks for a peer.
    Opening { skip: usize },
    /// Connected, and waiting for READY.
    Handshaking { skip: usize, peer: String, since: Instant },
    /// READY came, AUTHENTICATE is under way.
    Authenticating { skip: usize, peer: String, ready: Box<[u8]>, nonce: u64, deadline: Instant },
    /// In use.
    Connected { since: Instant },
    /// Until the next try.
    Waiting { until: Instant },
    /// DISCONNECTED was delivered.
    Finished,
}

/// The machine. Feed it what happens; it tells the [`Sink`] what to do.
pub struct Client {
    config: Config,
    state: State,
    random: Random,
    backoff: Backoff,
    frames: Frames,
    requests: Requests,
    subscriptions: Subscriptions,
    presence: Presence,
    /// The configured token, or that of the program's last AUTHENTICATE that succeeded.
    token: Option<Secret>,
    /// Whether CONNECTED was ever delivered.
    was_connected: bool,
    /// Whether the present outage was told.
    reconnecting: bool,
    /// Whether it was told that there is nobody to connect to.
    absence_told: bool,
    /// Why the last candidate of this round was passed over: more telling than "no further candidate".
    passed_over: Option<Error>,
    /// The first refusal of this round that would be the same the next time, if nobody else is there.
    refused: Option<Error>,
    /// Whether a candidate of this round was silent, and how long this round's candidates may be.
    silent: bool,
    patience: Duration,
    /// PINGs in the second that began then.
    pings: (Instant, u32),
    doc: Document,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Idle => "idle",
            State::Opening { .. } => "opening",
            State::Handshaking { .. } => "handshaking",
            State::Authenticating { .. } => "authenticating",
            State::Connected { .. } => "connected",
            State::Waiting { .. } => "waiting",
            State::Finished => "finished",
        };
        f.debug_struct("Client")
            .field("client_id", &self.config.client_id)
            .field("state", &state)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// A client that has not started.
    pub fn new(config: Config) -> Self {
        Client {
            state: State::Idle,
            random: Random::new(config.seed),
            backoff: Backoff::default(),
            frames: Frames::default(),
            requests: Requests::default(),
            subscriptions: Subscriptions::default(),
            presence: Presence::default(),
            token: config.access_token.clone(),
            was_connected: false,
            reconnecting: false,
            absence_told: false,
            passed_over: None,
            refused: None,
            silent: false,
            patience: HANDSHAKE_TIMEOUT,
            pings: (Instant::ZERO, 0),
            doc: Document::new(),
            config,
        }
    }

    /// What it was made of.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Begins to look for a peer.
    pub fn start(&mut self, _now: Instant, out: &mut impl Sink) {
        if matches!(self.state, State::Idle) {
            self.open(0, out);
        }
    }

    fn open(&mut self, skip: usize, out: &mut impl Sink) {
        self.state = State::Opening { skip };
        out.open(skip);
    }

    /// The driver has a connection. `address` is for people: a path, a host and port.
    pub fn handle_opened(&mut self, now: Instant, via: Via, address: &str, out: &mut impl Sink) {
        let State::Opening { skip } = self.state else {
            // It comes too late: the program has disconnected meanwhile.
            out.close(1000, "");
            return;
        };
        let peer = format!("{via} {address}");
        log(out, LogLevel::Debug, &format!("connected to {peer}, waiting for READY"));
        self.state = State::Handshaking { skip, peer, since: now };
        if via == Via::Ipc {
            self.frames.handshake(&self.config.client_id, out);
        }
    }

    /// No candidate is left that could be connected.
    pub fn handle_open_failed(&mut self, now: Instant, error: &Error, out: &mut impl Sink) {
        if !matches!(self.state, State::Opening { .. }) {
            return;
        }
        let goes_on = self.config.retry || self.was_connected;
        let may_wake = goes_on && self.silent && self.patience < PATIENT_HANDSHAKE_TIMEOUT;
        if let Some(refusal) = self.refused.take_if(|_| !may_wake) {
            return self.finish(refusal, Flags::FATAL, out);
        }
        let error = self.passed_over.take().unwrap_or_else(|| error.clone());
        self.wait(now, error, Duration::ZERO, out);
    }

    /// The transport is gone. Calls that nothing waits for change nothing.
    pub fn handle_closed(&mut self, now: Instant, closed: Closed<'_>, out: &mut impl Sink) {
        let error = why(closed);
        let code = closed.code.and_then(CloseCode::from_code);
        let lived = match self.state {
            State::Handshaking { skip, .. } if code.is_some_and(CloseCode::is_fatal) => {
                // Another game's GameBridge may know its own application only, and Discord be the next one.
                self.refused.get_or_insert_with(|| error.clone());
                return self.pass_over(skip, error, out);
            }
            State::Handshaking { skip, .. } | State::Authenticating { skip, .. } => {
                match code {
                    Some(code) if code.is_fatal() => self.finish(error, Flags::FATAL, out),
                    Some(_) => self.wait(now, error, RATE_LIMIT_WAIT, out),
                    None => self.pass_over(skip, error, out),
                }
                return;
            }
            State::Connected { since } => now - since >= LIVED,
            State::Idle | State::Opening { .. } | State::Waiting { .. } | State::Finished => return,
        };
        if lived {
            self.backoff.reset();
        }
        self.break_off(closed.unwritten, out);
        match code {
            Some(code) if code.is_fatal() => self.finish(error, Flags::FATAL, out),
            Some(_) => self.wait(now, error, RATE_LIMIT_WAIT, out),
            None => self.wait(now, error, Duration::ZERO, out),
        }
    }

    /// The program leaves: everything is answered, what was sent is flushed, and DISCONNECTED comes last.
    pub fn handle_disconnect(&mut self, _now: Instant, out: &mut impl Sink) {
        if !self.is_finished() {
            self.close(out);
            self.finish(Error::new(Status::Ok, "disconnected by the program"), Flags(0), out);
        }
    }

    /// The time that [`Client::next_timeout`] asked for has come.
    pub fn handle_timeout(&mut self, now: Instant, out: &mut impl Sink) {
        match self.state {
            State::Handshaking { skip, since, .. } if since + self.patience <= now => {
                self.close(out);
                self.silent = true;
                let sentence = format!("connected, but no READY within {} seconds", self.patience.as_secs());
                self.pass_over(skip, Error::new(Status::Timeout, sentence), out);
            }
            State::Authenticating { skip, deadline, .. } if deadline <= now => {
                self.close(out);
                let error =
                    Error::new(Status::Timeout, "connected, but AUTHENTICATE was not answered within 10 seconds");
                self.pass_over(skip, error, out);
            }
            State::Waiting { until } if until <= now => self.open(0, out),
            _ => {}
        }
        while let Some((id, request)) = self.requests.remove_expired(now) {
            self.expire(id, &request, out);
        }
        self.flush_presence(now, out);
    }

    /// When [`Client::handle_timeout`] is to be called.
    pub fn next_timeout(&self) -> Option<Instant> {
        let own = match self.state {
            State::Handshaking { since, .. } => Some(since + self.patience),
            State::Authenticating { deadline, .. } => Some(deadline),
            State::Waiting { until } => Some(until),
            State::Connected { .. } => self.presence.due(),
            State::Idle | State::Opening { .. } | State::Finished => None,
        };
        [own, self.requests.first_deadline()].into_iter().flatten().min()
    }

    /// Whether DISCONNECTED was delivered: nothing more will come.
    pub fn is_finished(&self) -> bool {
        matches!(self.state, State::Finished)
    }

    /// Closes the transport, if there is one.
    fn close(&self, out: &mut impl Sink) {
        if matches!(self.state, State::Handshaking { .. } | State::Authenticating { .. } | State::Connected { .. }) {
            out.close(1000, "");
        }
    }

    /// This candidate was none: on to the next one.
    fn pass_over(&mut self, skip: usize, error: Error, out: &mut impl Sink) {
        log(out, LogLevel::Info, &format!("passed over a peer: {}", error.message));
        self.passed_over = Some(error);
        self.open(skip + 1, out);
    }

    /// A round is over without success, or a connection broke: wait, then begin again.
    fn wait(&mut self, now: Instant, error: Error, least: Duration, out: &mut impl Sink) {
        if !self.config.retry && !self.was_connected {
            return self.finish(error, Flags(0), out);
        }
        let wait = self.backoff.next(&mut self.random).max(least);
        let wait_ms = u32::try_from(wait.as_millis()).unwrap_or(u32::MAX);
        let silent = self.silent;
        self.end_round();
        if silent {
            self.patience = PATIENT_HANDSHAKE_TIMEOUT;
        }
        self.state = State::Waiting { until: now + wait };
        if self.was_connected && !std::mem::replace(&mut self.reconnecting, true) {
            let mut event = Event::new(EventType::Reconnecting, "RECONNECTING");
            event.flags = Flags::RETRYING;
            event.status = error.status;
            event.code = error.code;
            event.message = &error.message;
            event.retry_after_ms = wait_ms;
            out.event(event);
        } else {
            // Aloud the first time: who waits for a Discord that is not there should learn where it was looked for.
            let level = if std::mem::replace(&mut self.absence_told, true) { LogLevel::Info } else { LogLevel::Warn };
            log(out, level, &format!("{}; next try in {wait_ms} ms", error.message));
        }
    }

    /// What one candidate did is nothing to the next round, but for silence: see [`Client::wait`].
    fn end_round(&mut self) {
        self.passed_over = None;
        self.refused = None;
        self.silent = false;
        self.patience = HANDSHAKE_TIMEOUT;
    }

    /// READY came, and authentication where there is a token.
    fn become_connected(&mut self, now: Instant, peer: &str, payload: &[u8], out: &mut impl Sink) {
        self.state = State::Connected { since: now };
        self.was_connected = true;
        self.reconnecting = false;
        self.end_round();
        let mut event = Event::new(EventType::Connected, "CONNECTED");
        event.payload = payload;
        event.message = peer;
        out.event(event);
        self.restore(now, out);
    }

    /// The connection is over for good: every request is answered, then the program is told.
    fn finish(&mut self, error: Error, flags: Flags, out: &mut impl Sink) {
        self.state = State::Finished;
        for id in self.requests.ids(|_| true) {
            if let Some(request) = self.requests.remove(id) {
                closed(&request, out);
            }
        }
        let mut event = Event::new(EventType::Disconnected, "DISCONNECTED");
        event.status = error.status;
        event.code = error.code;
        event.message = &error.message;
        event.flags = flags;
        out.event(event);
    }
}

/// What a lost transport means, in the program's words.
fn why(closed: Closed<'_>) -> Error {
    let known = closed.code.and_then(CloseCode::from_code);
    let status = known.map_or(Status::Closed, CloseCode::status);
    let message = match (known, closed.reason) {
        (Some(code), "") => code.sentence().to_string(),
        (None, "") => "the connection was closed".to_string(),
        (_, reason) => reason.to_string(),
    };
    Error::new(status, message).with_code(closed.code.map_or(0, i32::from))
}

fn log(out: &mut impl Sink, level: LogLevel, message: &str) {
    out.event(Event::log(level, "rpc", message));
}

/// How a request ended.
struct Outcome<'a> {
    status: Status,
    flags: Flags,
    code: i32,
    message: &'a str,
    payload: &'a [u8],
}

impl<'a> Outcome<'a> {
    fn new(status: Status, message: &'a str) -> Self {
        Outcome { status, flags: Flags(0), code: 0, message, payload: &[] }
    }
}

/// The one place where a request is answered.
fn conclude(request: &Request, outcome: &Outcome<'_>, out: &mut impl Sink) {
    if request.tag != 0 {
        let mut event = Event::new(EventType::Reply, &request.name);
        event.tag = request.tag;
        event.status = outcome.status;
        event.flags = outcome.flags;
        event.code = outcome.code;
        event.message = outcome.message;
        event.payload = outcome.payload;
        out.event(event);
    } else if !matches!(outcome.status, Status::Ok | Status::Cancelled) {
        let what = if request.replay { "restoring state: " } else { "" };
        let detail = if outcome.message.is_empty() { outcome.status.as_str() } else { outcome.message };
        let name = match &request.effect {
            Effect::Subscribe(subscription) => format!("{} {}", request.name, subscription.event),
            _ => request.name.to_string(),
        };
        let code = if outcome.code == 0 { String::new() } else { format!(" ({})", outcome.code) };
        log(out, LogLevel::Warn, &format!("{what}{name}: {detail}{code}"));
    }
}

/// Answers a request whose connection is gone. The machine's own need none: their state is restored on the next one.
fn closed(request: &Request, out: &mut impl Sink) {
    if request.replay {
        return;
    }
    let mut outcome = Outcome::new(Status::Closed, "the connection closed before it was sent");
    if request.frame.is_some() {
        outcome.flags = Flags::UNCERTAIN;
        outcome.message = "the connection closed before the reply; it may or may not have been carried out";
    }
    conclude(request, &outcome, out);
}

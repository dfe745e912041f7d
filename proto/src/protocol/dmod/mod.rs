//! The dmod gateway's client: one connection, kept.
//!
//! It connects, says who it is when it is asked, answers heartbeats, carries commands, and begins again when the connection is
//! lost: then it connects the guild and begins the session anew, since those are state. The one thing to know before changing
//! it: replies name their command and nothing else, so their order is all that tells them apart (`requests`). What the
//! document (`dmod.yaml`) leaves open is decided in `docs/dmod.md`.
//!
//! ```text
//! New -> Opening -> Greeting -op 0-> Authenticating -op 2-> Ready
//!          ^                                                  |
//!          +-------------- Waiting <---- any loss ------------+         Finished: fatal, or asked to
//! ```

mod config;
mod incoming;
mod kept;
mod outgoing;
mod requests;

use std::time::Duration;

pub use config::{Config, SILENCE};
use kept::Kept;
use requests::Requests;
pub use requests::{MAX_SENT, MAX_WAITING};

pub use super::Closed;
use super::backoff::Backoff;
use super::gateway::pace::Pace;
use super::why_closed;
use crate::error::{Error, Status};
use crate::event::{Event, EventType, Flags, LogLevel};
use crate::random::Random;
use crate::time::Instant;
use crate::value::Document;
use crate::wire::dmod::CloseCode;

/// How long a transport may take to open.
pub const OPEN_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a server may take to ask who is there.
pub const GREETING_TIMEOUT: Duration = Duration::from_secs(10);
/// How long it may take to let in.
pub const AUTHENTICATION_TIMEOUT: Duration = Duration::from_secs(10);
/// A connection that was ready for so long was a good one: waits begin small again after it.
pub const GOOD_AFTER: Duration = Duration::from_secs(60);
/// Commands per [`SEND_WINDOW`]: a server of ours takes 120 messages, and the rest is for answers to heartbeats.
pub const SEND_LIMIT: usize = 100;
/// See [`SEND_LIMIT`].
pub const SEND_WINDOW: Duration = Duration::from_secs(60);
/// How connections are closed from this side.
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

/// One connection; see the module's words.
#[derive(Debug)]
pub struct Client {
    config: Config,
    state: State,
    random: Random,
    backoff: Backoff,
    pace: Pace,
    requests: Requests,
    kept: Kept,
    told: Told,
    /// Messages sent on the present connection.
    frames: u64,
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
    /// Op 0 is awaited.
    Greeting { deadline: Instant },
    /// Op 1 went out, op 2 is awaited.
    Authenticating { deadline: Instant },
    /// In use.
    Ready {
        since: Instant,
        /// When something came last.
        heard: Instant,
        /// The driver does not read, so nothing can be heard.
        paused: bool,
        /// The server asked once more who is there: until when it has to let in.
        asked: Option<Instant>,
    },
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
            random: Random::new(config.seed),
            config,
            state: State::New,
            backoff: Backoff::default(),
            pace: Pace::new(SEND_LIMIT, SEND_WINDOW),
            requests: Requests::default(),
            kept: Kept::default(),
            told: Told::Nothing,
            frames: 0,
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
            log(out, LogLevel::Debug, "connected; op 0 is awaited");
            self.state = State::Greeting { deadline: now + GREETING_TIMEOUT };
        }
    }

    /// The transport could not be opened.
    pub fn handle_open_failed(&mut self, now: Instant, error: &Error, out: &mut impl Sink) {
        if matches!(self.state, State::Opening { .. }) {
            self.lost(now, Loss { status: error.status, code: error.code, why: &error.message }, out);
        }
    }

    /// The connection ended, in this way: `Closed` when the server ended it, `Protocol` when it broke the rules, else `Io`.
    pub fn handle_closed(&mut self, now: Instant, closed: Closed<'_>, status: Status, out: &mut impl Sink) {
        if !matches!(self.state, State::Greeting { .. } | State::Authenticating { .. } | State::Ready { .. }) {
            return;
        }
        let known = closed.code.and_then(CloseCode::from_code);
        let code = closed.code.map_or(0, i32::from);
        let reason = self.config.token.as_ref().map_or(closed.reason.into(), |token| token.hidden_in(closed.reason));
        let why = why_closed(known.map(CloseCode::sentence), &reason);
        self.break_off(closed.unwritten, out);
        if known.is_some_and(CloseCode::is_fatal) {
            self.finish(Loss { status: Status::Auth, code, why: &why }, Flags::FATAL, out);
        } else {
            self.lost(now, Loss { status, code, why: &why }, out);
        }
    }

    /// The program wants the connection to end.
    pub fn handle_disconnect(&mut self, _now: Instant, out: &mut impl Sink) {
        if self.is_finished() {
            return;
        }
        if !matches!(self.state, State::New | State::Waiting { .. }) {
            out.close(NORMAL, "");
        }
        self.finish(Loss { status: Status::Ok, code: 0, why: "disconnected" }, Flags::default(), out);
    }

    /// The driver stopped reading, or reads again, because the program does not poll: silence means nothing meanwhile.
    pub fn handle_reading_paused(&mut self, now: Instant, is_paused: bool) {
        if let State::Ready { heard, paused, .. } = &mut self.state {
            (*heard, *paused) = (now, is_paused);
        }
    }

    /// The time of [`Client::next_timeout`] came.
    pub fn handle_timeout(&mut self, now: Instant, out: &mut impl Sink) {
        let silence = self.config.silence;
        match self.state {
            State::New | State::Finished => return,
            State::Waiting { at } if at <= now => self.open(now, out),
            State::Opening { deadline } if deadline <= now => {
                self.give_up(now, "the connection could not be opened in time", out);
            }
            State::Greeting { deadline } if deadline <= now => {
                self.give_up(now, "the server did not ask who is there", out);
            }
            State::Authenticating { deadline } | State::Ready { asked: Some(deadline), .. } if deadline <= now => {
                self.give_up(now, "the server neither let in nor refused", out);
            }
            State::Ready { heard, paused: false, .. } if !silence.is_zero() && heard + silence <= now => {
                self.give_up(now, "nothing was heard of the server", out);
            }
            _ => {}
        }
        self.expire(now, out);
        self.flush(now, out);
    }

    /// When [`Client::handle_timeout`] is to be called; `None` for never.
    pub fn next_timeout(&self) -> Option<Instant> {
        let own = match self.state {
            State::New | State::Finished => return None,
            State::Waiting { at } => Some(at),
            State::Opening { deadline } | State::Greeting { deadline } | State::Authenticating { deadline } => {
                Some(deadline)
            }
            State::Ready { heard, paused, asked, .. } => {
                let silence = self.config.silence;
                let silent = (!paused && !silence.is_zero()).then(|| heard + silence);
                // Commands that wait while it is ready wait for the pace.
                let next = self.requests.has_next().then(|| self.pace.next(Instant::ZERO));
                [silent, asked, next].into_iter().flatten().min()
            }
        };
        own.into_iter().chain(self.requests.next_deadline()).min()
    }

    /// Whether DISCONNECTED was delivered. Nothing happens after that.
    pub fn is_finished(&self) -> bool {
        matches!(self.state, State::Finished)
    }

    fn open(&mut self, now: Instant, out: &mut impl Sink) {
        self.pace.clear();
        self.frames = 0;
        self.state = State::Opening { deadline: now + OPEN_TIMEOUT };
        out.open(&self.config.url);
    }

    /// Closes what is open and begins again.
    fn give_up(&mut self, now: Instant, why: &str, out: &mut impl Sink) {
        out.close(NORMAL, "");
        self.break_off(0, out);
        self.lost(now, Loss { status: Status::Timeout, code: 0, why }, out);
    }

    /// There is no transport any more: wait, and tell the program once.
    fn lost(&mut self, now: Instant, loss: Loss<'_>, out: &mut impl Sink) {
        if self.told == Told::Nothing && !self.config.retry {
            return self.finish(loss, Flags::default(), out);
        }
        if matches!(self.state, State::Ready { since, .. } if now - since >= GOOD_AFTER) {
            self.backoff.reset();
        }
        let wait = self.backoff.next(&mut self.random);
        self.state = State::Waiting { at: now + wait };
        let millis = u32::try_from(wait.as_millis()).unwrap_or(u32::MAX);
        if self.told == Told::Connected {
            self.told = Told::Reconnecting;
            let mut event = Event::new(EventType::Reconnecting, "RECONNECTING");
            (event.status, event.code, event.message) = (loss.status, loss.code, loss.why);
            (event.flags, event.retry_after_ms) = (Flags::RETRYING, millis);
            out.event(event);
        } else {
            log(out, LogLevel::Info, &format!("{}; next try in {millis} ms", loss.why));
        }
    }

    fn finish(&mut self, loss: Loss<'_>, flags: Flags, out: &mut impl Sink) {
        self.state = State::Finished;
        self.kept = Kept::default();
        for (request, was_sent) in self.requests.drain() {
            outgoing::closed(&request, was_sent, out);
        }
        let mut event = Event::new(EventType::Disconnected, "DISCONNECTED");
        (event.status, event.code, event.message, event.flags) = (loss.status, loss.code, loss.why, flags);
        out.event(event);
    }
}

/// Why a transport is gone.
struct Loss<'a> {
    status: Status,
    code: i32,
    why: &'a str,
}

fn log(out: &mut impl Sink, level: LogLevel, message: &str) {
    out.event(Event::log(level, "dmod", message));
}

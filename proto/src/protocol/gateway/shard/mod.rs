//! One shard: a session, kept over the connections that it takes.
//!
//! ```text
//! Queued -turn-> Opening -> Greeting -HELLO-> Identifying -READY---> Ready
//!   ^               ^                  \-> Resuming ------RESUMED--/   |
//!   |               |                                                  |
//!   +--- no session +--- Waiting <------------- any loss --------------+        Ended: fatal, or asked to
//! ```
//!
//! The one thing to know before changing it: a session outlives its connection, and is lost by a close of ours with 1000 or
//! 1001. So everything but the program's own farewell closes with [`KEEP`]. What comes from the Gateway is in `incoming`, what
//! goes there in `outgoing`, and what follows when a connection is gone in `loss`.

mod incoming;
mod loss;
mod outgoing;

pub(super) use loss::{End, Loss};

use std::time::Duration;

use super::budget::Budget;
use super::figures::{Figures, Snapshot};
use super::gather::Gather;
use super::heartbeat::{Heartbeat, Pulse};
use super::members::MembersPace;
use super::overlap::{Overlap, Set};
use super::pace::Pace;
use super::queue::Queue;
use super::session::{RESUME_TRIES, RESUME_TRIES_THERE, Session};
use super::{Config, HELLO_TIMEOUT, OPEN_TIMEOUT, PAUSE_LIMIT, SEND_LIMIT, SEND_WINDOW, Sink, address, log};
use crate::cache::Cache;
use crate::event::{Event, EventType, LogLevel};
use crate::protocol::backoff::Backoff;
use crate::random::Random;
use crate::time::Instant;
use crate::value::Document;
use crate::wire::gateway::Envelope;

/// A close that ends the session.
pub(super) const FAREWELL: u16 = 1000;
/// A close that leaves the session as it is. Any code but 1000 and 1001 does.
pub(super) const KEEP: u16 = 4900;

/// How many of the beats that the Gateway wishes for are sent within [`SEND_WINDOW`]. With [`SEND_LIMIT`] commands and our own
/// beats they stay below what it takes; one that wishes without end and reads nothing costs no memory.
const WISHES: usize = 3;

/// The Gateway counts what arrives, and drops a presence too many without a word: one that went out in time may arrive a moment
/// too soon after one that was late.
const PRESENCE_MARGIN: Duration = Duration::from_secs(1);

/// What the shards of a client use in turn.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) config: Config,
    /// The Gateway's address: the program's or the API's, or where version 3 was sent from there.
    pub(super) url: String,
    /// Without being sent.
    pub(super) home: String,
    pub(super) random: Random,
    pub(super) budget: Budget,
    /// Of requests for all members of a guild.
    pub(super) members: MembersPace,
    /// While there are two sets of shards.
    pub(super) overlap: Option<Overlap>,
    /// What was seen, where it is to be kept.
    pub(super) cache: Option<Cache>,
    pub(super) doc: Document,
    pub(super) scratch: Vec<u8>,
}

impl Shared {
    /// A dispatch that is handed on, or that becomes part of a reply.
    pub(super) fn see(&mut self, shard: (u32, u32), message: &Envelope<'_>) {
        if let Some(cache) = &mut self.cache {
            cache.take(shard, message.name, message.data);
        }
    }
}

/// See the module.
#[derive(Debug)]
pub(super) struct Shard {
    pub(super) line: u32,
    pub(super) number: u32,
    pub(super) count: u32,
    state: State,
    /// What the session is resumed by, once READY said it.
    session: Option<Key>,
    /// The last sequence of the session.
    seq: Option<u64>,
    /// How often RESUME was said since something was heard of the session.
    tries: u32,
    address: String,
    backoff: Backoff,
    send_pace: Pace,
    presence_pace: Pace,
    /// Of beats that the Gateway wishes for.
    wish_pace: Pace,
    queue: Queue,
    gathers: Vec<Gather>,
    /// The last presence that the program set, and whether it has to be set again: it is state.
    presence: Option<Box<[u8]>>,
    presence_due: bool,
    /// Since when the driver does not read.
    paused: Option<Instant>,
    told: Told,
    /// Whether this connection's sequence was found odd already.
    odd: bool,
    /// Whether somebody waits for the day's number of sessions.
    budget_told: bool,
    /// Of which set it is, while there are two.
    pub(super) set: Set,
    /// Of a set that has not taken over: the program hears nothing of its life.
    quiet: bool,
    /// ACKs that are awaited until everything that the Gateway said before has come.
    fence: Option<u8>,
    /// Nothing further is tried; the client takes it from here.
    pub(super) end: Option<End>,
    figures: Figures,
}

/// A session's id, and where it is resumed.
#[derive(Debug)]
struct Key {
    id: Box<str>,
    url: Option<Box<str>>,
}

#[derive(Debug)]
enum State {
    /// Wants a turn to begin a session.
    Queued,
    /// No transport; the next try is `at`.
    Waiting { at: Instant },
    /// A transport is being opened.
    Opening { deadline: Instant },
    /// HELLO is awaited.
    Greeting { deadline: Instant },
    /// IDENTIFY went out, READY is awaited. Version 3 does not beat before that.
    Identifying { heartbeat: Option<Heartbeat>, deadline: Instant },
    /// RESUME went out, RESUMED is awaited.
    Resuming { heartbeat: Heartbeat, deadline: Instant },
    /// In use.
    Ready { heartbeat: Heartbeat, since: Instant },
    /// Over.
    Ended,
}

/// Where the program stands in `CONNECTED (RECONNECTING CONNECTED)* DISCONNECTED`.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Told {
    Nothing,
    Connected,
    Reconnecting,
}

impl Shard {
    pub(super) fn new(line: u32, (number, count): (u32, u32), config: &Config) -> Self {
        let (times, within) = config.dialect.presence_pace();
        let mut saved = config.sessions.iter().filter(|saved| saved.shard == (number, count));
        let saved = saved.next().filter(|_| config.dialect.greets());
        Shard {
            line,
            number,
            count,
            state: State::Waiting { at: Instant::ZERO },
            session: saved.map(|saved| Key { id: saved.id.clone(), url: saved.url.clone() }),
            seq: saved.map(|saved| saved.seq),
            tries: 0,
            address: String::new(),
            backoff: Backoff::default(),
            send_pace: Pace::new(SEND_LIMIT, SEND_WINDOW),
            presence_pace: Pace::new(times, within + PRESENCE_MARGIN),
            wish_pace: Pace::new(WISHES, SEND_WINDOW),
            queue: Queue::default(),
            gathers: Vec::new(),
            presence: None,
            presence_due: false,
            paused: None,
            told: Told::Nothing,
            odd: false,
            budget_told: false,
            set: Set::Old,
            quiet: false,
            fence: None,
            end: None,
            figures: Figures::default(),
        }
    }

    /// One of a set that is to take over: with a session of its own, and the presence that the program set.
    pub(super) fn of_new_set(line: u32, shard: (u32, u32), config: &Config, presence: Option<Box<[u8]>>) -> Self {
        let mut shard = Shard::new(line, shard, config);
        shard.forget();
        (shard.set, shard.quiet, shard.presence) = (Set::New, true, presence);
        shard
    }

    /// Whether its program believes it to be connected.
    pub(super) fn is_told_connected(&self) -> bool {
        self.told == Told::Connected
    }

    /// Its set has taken over. Of a number that was connected in the old set there is nothing to tell.
    pub(super) fn take_over(&mut self, was_connected: bool, out: &mut impl Sink) {
        self.quiet = false;
        if was_connected {
            return;
        }
        let mut event = Event::new(EventType::Connected, "CONNECTED");
        (event.message, event.peer, event.seq) = (&self.address, self.number, self.seq.unwrap_or(0));
        event.payload = br#"{"resharded":true}"#;
        out.event(event);
    }

    /// Begins, or begins again: with the session if there is one, else as soon as it is this shard's turn.
    pub(super) fn begin(&mut self, now: Instant, shared: &mut Shared, out: &mut impl Sink) {
        if self.session.is_some() && self.tries >= RESUME_TRIES {
            log(
                out,
                LogLevel::Warn,
                &format!("the session could not be resumed in {RESUME_TRIES} tries: a new one begins"),
            );
            self.forget();
        }
        if self.session.is_some() {
            return self.open(now, shared, out);
        }
        self.state = State::Queued;
        shared.budget.want(self.line, self.number);
        if shared.budget.is_spent(now) && !std::mem::replace(&mut self.budget_told, true) {
            let wait = shared.budget.next(now, self.number) - now;
            let sentence = format!(
                "so many sessions began in 24 hours that only the reserve is left, which is kept since Discord resets the \
                 token when it is gone: the next one begins in {} s",
                wait.as_secs()
            );
            log(out, LogLevel::Warn, &sentence);
        }
    }

    /// It is this shard's turn to begin a session.
    pub(super) fn granted(&mut self, now: Instant, shared: &mut Shared, out: &mut impl Sink) {
        match self.state {
            State::Queued => self.open(now, shared, out),
            _ => shared.budget.release(self.line),
        }
    }

    fn open(&mut self, now: Instant, shared: &Shared, out: &mut impl Sink) {
        let own = self.session.as_ref().and_then(|session| session.url.as_deref());
        let own = own.filter(|_| self.tries < RESUME_TRIES_THERE).unwrap_or(&shared.url);
        self.address = address::with_query(own, &shared.config.query());
        self.paused = None;
        self.odd = false;
        self.budget_told = false;
        self.send_pace.clear();
        self.wish_pace.clear();
        self.state = State::Opening { deadline: now + OPEN_TIMEOUT };
        out.open(self.line, &self.address);
    }

    /// The session is no more.
    fn forget(&mut self) {
        self.session = None;
        self.seq = None;
        self.tries = 0;
    }

    pub(super) fn opened(&mut self, now: Instant, shared: &mut Shared, out: &mut impl Sink) {
        if !matches!(self.state, State::Opening { .. }) {
            return;
        }
        if shared.config.dialect.greets() {
            log(out, LogLevel::Debug, "connected; HELLO is awaited");
            self.state = State::Greeting { deadline: now + HELLO_TIMEOUT };
        } else {
            self.identify(now, None, shared, out);
        }
    }

    /// Whether there is a transport on which something may have been said.
    pub(super) fn is_open(&self) -> bool {
        matches!(
            self.state,
            State::Greeting { .. } | State::Identifying { .. } | State::Resuming { .. } | State::Ready { .. }
        )
    }

    pub(super) fn is_ready(&self) -> bool {
        matches!(self.state, State::Ready { .. })
    }

    /// The driver stopped reading, or reads again. Nothing can be heard meanwhile, so the watchdog waits too.
    pub(super) fn reading_paused(&mut self, now: Instant, paused: bool) {
        if !paused {
            self.paused = None;
            if let Some(heartbeat) = self.heartbeat() {
                heartbeat.heard();
            }
        } else if self.paused.is_none() {
            self.paused = Some(now);
        }
    }

    pub(super) fn timeout(&mut self, now: Instant, shared: &mut Shared, out: &mut impl Sink) {
        match &mut self.state {
            State::Ended => return,
            State::Waiting { at } if *at <= now => self.begin(now, shared, out),
            State::Opening { deadline } if *deadline <= now => {
                self.give_up(now, "the connection could not be opened in time", shared, out);
            }
            State::Greeting { deadline } if *deadline <= now => self.give_up(now, "no HELLO came", shared, out),
            State::Identifying { deadline, .. } if *deadline <= now => {
                self.give_up(now, "no READY came", shared, out);
            }
            State::Resuming { deadline, .. } if *deadline <= now => {
                self.give_up(now, "no RESUMED came", shared, out);
            }
            State::Identifying { heartbeat: Some(heartbeat), .. }
            | State::Resuming { heartbeat, .. }
            | State::Ready { heartbeat, .. } => {
                if self.paused.is_some_and(|since| since + PAUSE_LIMIT <= now) {
                    self.give_up(now, "events were not polled for 30 s", shared, out);
                } else if heartbeat.next <= now {
                    match heartbeat.due(now, self.paused.is_none()) {
                        Pulse::Alive => self.beat(now, shared, out),
                        Pulse::Zombie => self.give_up(now, "a heartbeat was not answered", shared, out),
                    }
                }
            }
            _ => {}
        }
        self.expire(now, out);
        self.flush(now, shared, out);
    }

    pub(super) fn next_timeout(&self, shared: &Shared) -> Option<Instant> {
        let own = match &self.state {
            State::Ended => return None,
            State::Queued => None,
            State::Waiting { at } => Some(*at),
            State::Opening { deadline }
            | State::Greeting { deadline }
            | State::Identifying { heartbeat: None, deadline } => Some(*deadline),
            State::Identifying { heartbeat: Some(heartbeat), deadline } | State::Resuming { heartbeat, deadline } => {
                Some(self.or_pause(heartbeat.next).min(*deadline))
            }
            State::Ready { heartbeat, .. } => {
                let beat = self.or_pause(heartbeat.next);
                Some(self.next_send(shared).map_or(beat, |send| beat.min(send)))
            }
        };
        let gathers = self.gathers.iter().map(|gather| gather.deadline).min();
        [own, self.queue.next_deadline(), gathers].into_iter().flatten().min()
    }

    /// How long the last heartbeat took to be answered.
    pub(super) fn latency(&self) -> Option<Duration> {
        match &self.state {
            State::Identifying { heartbeat: Some(heartbeat), .. }
            | State::Resuming { heartbeat, .. }
            | State::Ready { heartbeat, .. } => heartbeat.latency,
            _ => None,
        }
    }

    fn heartbeat(&mut self) -> Option<&mut Heartbeat> {
        match &mut self.state {
            State::Identifying { heartbeat, .. } => heartbeat.as_mut(),
            State::Resuming { heartbeat, .. } | State::Ready { heartbeat, .. } => Some(heartbeat),
            _ => None,
        }
    }

    fn or_pause(&self, at: Instant) -> Instant {
        self.paused.map_or(at, |since| at.min(since + PAUSE_LIMIT))
    }

    /// What is resumed by another process, or after this connection.
    pub(super) fn session(&self) -> Option<Session> {
        let (key, seq) = (self.session.as_ref()?, self.seq?);
        Some(Session { shard: (self.number, self.count), id: key.id.clone(), url: key.url.clone(), seq })
    }

    pub(super) fn snapshot(&self) -> Snapshot<'_> {
        Snapshot {
            shard: (self.number, self.count),
            state: match self.state {
                State::Queued => "queued",
                State::Waiting { .. } => "waiting",
                State::Opening { .. } => "opening",
                State::Greeting { .. } => "greeting",
                State::Identifying { .. } => "identifying",
                State::Resuming { .. } => "resuming",
                State::Ready { .. } => "ready",
                State::Ended => "ended",
            },
            address: &self.address,
            latency: self.latency(),
            seq: self.seq,
            waiting: self.queue.len(),
            paused: self.paused.is_some(),
            figures: self.figures,
        }
    }
}

//! The Gateway's client: the sessions of one or more shards, kept.
//!
//! It connects, identifies or resumes, beats, hands dispatches over, and begins again when a connection is lost. One machine
//! has all shards of a connection, since what must not be spent too fast (the IDENTIFYs of a day, [`IDENTIFY_EVERY`]) is
//! theirs together; each has a *line*, a transport of its own, and events say the shard's number in `peer`. The one thing to
//! know before changing it: a session is lost by forgetting its sequence, by closing with 1000, and by identifying where one
//! could resume, and each loss costs one of the day's. Rules: Discord's Gateway documents (versions 3, 6 and 10, see
//! [`crate::wire::gateway`]), and the lessons of the libraries before this one.
//!
//! | file | what lies there |
//! |---|---|
//! | `shard` | one shard's session over its connections |
//! | `budget` | how often a session may begin |
//! | `session` | what it takes to resume, in this process or the next |
//! | `address` | where a server may send us |
//! | `discovery` | asking the API where the Gateway is |
//! | `queue`, `pace`, `members`, `gather` | commands on their way, how fast they go, and chunks that become one reply |
//! | `route` | which shard a command is for |
//! | `asked` | commands of which nothing is sent |
//! | `reshard`, `overlap` | another number of shards, and no event lost or repeated over it |

pub(super) mod address;
mod asked;
mod budget;
mod config;
mod discovery;
mod figures;
mod gather;
mod heartbeat;
mod members;
mod message;
mod overlap;
pub(super) mod pace;
mod queue;
mod reshard;
mod route;
mod session;
mod shard;

use std::ops::Range;
use std::time::Duration;

pub use budget::{IDENTIFY_A_DAY, IDENTIFY_EVERY, IDENTIFY_RESERVE, StartLimit};
pub use config::{Config, DISCORD, MAX_SHARDS, Properties, Shards};
pub use discovery::Discovered;
pub use gather::{ANOTHER as ANOTHER_CHUNK, MOST as MOST_GATHERED};
pub use members::{MEMBERS_EVERY, MEMBERS_TIMEOUT};
pub use overlap::WINDOW as OVERLAP;
pub use queue::{MAX_WAITING, TIMEOUT};
pub use reshard::{FILL, RESHARD_EACH, RESHARD_TIMEOUT};
pub use session::{RESUME_TRIES, RESUME_TRIES_THERE, Session, read as read_sessions, write as write_sessions};

use self::budget::Budget;
use self::members::MembersPace;
use self::overlap::Overlap;
use self::reshard::Reshard;
use self::shard::{End, FAREWELL, KEEP, Loss, Shard, Shared};
use super::backoff::Backoff;
use crate::cache::Cache;
use crate::command::Command;
use crate::error::{Error, ProtocolError, Status};
use crate::event::{Event, EventType, Flags, LogLevel};
use crate::random::Random;
use crate::time::Instant;
use crate::value::Document;

/// How long a transport may take to open.
pub const OPEN_TIMEOUT: Duration = Duration::from_secs(30);
/// How long the Gateway may take to say HELLO.
pub const HELLO_TIMEOUT: Duration = Duration::from_secs(10);
/// How long READY may take after IDENTIFY, and how long a replay may pause after RESUME.
pub const READY_TIMEOUT: Duration = Duration::from_secs(60);
/// A connection that was ready for so long was a good one: waits begin small again after it.
pub const GOOD_AFTER: Duration = Duration::from_secs(60);
/// How long a program may keep the driver from reading before the connection is given up, and resumed.
pub const PAUSE_LIMIT: Duration = Duration::from_secs(30);
/// Commands per [`SEND_WINDOW`]. The Gateway takes 120 messages; the rest is kept for heartbeats.
pub const SEND_LIMIT: usize = 115;
/// See [`SEND_LIMIT`].
pub const SEND_WINDOW: Duration = Duration::from_secs(60);
/// How long the API may take to say where the Gateway is.
pub const DISCOVERY_TIMEOUT: Duration = Duration::from_secs(30);
/// For how long the API may ask to be left alone; it is asked again then, whatever it said.
pub const DISCOVERY_PAUSE: Duration = Duration::from_secs(3600);

/// How a transport ended that the machine did not close itself.
#[derive(Clone, Copy, Debug)]
pub struct Closed<'a> {
    /// The Gateway's close code, if it gave one.
    pub code: Option<u16>,
    /// Its reason, or the transport's error; may be empty.
    pub reason: &'a str,
    /// What kind of an end it was: `Closed` when the Gateway ended it, `Protocol` when it broke the rules, else `Io`.
    pub status: Status,
}

impl Default for Closed<'_> {
    fn default() -> Self {
        Closed { code: None, reason: "", status: Status::Closed }
    }
}

/// What the machine wants done. A *line* is the number of a shard's transport; it stays the same when that is opened anew.
pub trait Sink {
    /// Ask the API where the Gateway is; answered by [`Client::handle_discovered`] or [`Client::handle_discovery_failed`].
    fn discover(&mut self);
    /// Connect to this address; answered by [`Client::handle_opened`] or [`Client::handle_open_failed`].
    fn open(&mut self, line: u32, url: &str);
    /// Send a message, in order.
    fn send(&mut self, line: u32, text: &[u8]);
    /// Flush, close and drop the transport, or stop opening it; no [`Client::handle_closed`] follows.
    fn close(&mut self, line: u32, code: u16, reason: &str);
    /// Keep what was spent of the day's IDENTIFYs, for the next process, before anything else that was asked for goes out.
    fn keep(&mut self, budget: &[u8]);
    /// Deliver an event; copied at once.
    fn event(&mut self, event: Event<'_>);
}

/// A connection to a Gateway; see the module's words.
#[derive(Debug)]
pub struct Client {
    shared: Shared,
    phase: Phase,
    backoff: Backoff,
    /// By their lines.
    shards: Vec<Shard>,
    /// Those of them that are in use; others are of a set that was replaced, or of one that will replace it.
    set: Range<usize>,
    reshard: Option<Reshard>,
    /// Commands that came before it was known how many shards there are.
    early: Vec<Command>,
    /// Of nonces: requests that gather have to be told apart.
    nonces: u64,
    /// Shards whose given session has an address that is not used, and why.
    refused: Vec<(u32, &'static str)>,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    /// [`Client::start`] was not called.
    New,
    /// The API was asked.
    Discovering { deadline: Instant },
    /// The API is asked again then.
    Undiscovered { at: Instant },
    /// There are shards.
    Running,
    /// DISCONNECTED was delivered.
    Finished,
}

impl Client {
    /// A client that has not started.
    ///
    /// # Errors
    /// What [`Config::check`] finds, and a record of the budget that is none.
    pub fn new(mut config: Config) -> Result<Self, Error> {
        config.check()?;
        let own = config.url.clone().unwrap_or_default();
        let refused = config.sessions.iter_mut().filter_map(|saved| {
            session::keep_allowed(saved, &own, &config.allowed_hosts).err().map(|why| (saved.shard.0, why))
        });
        let refused = refused.collect();
        Ok(Client {
            shared: Shared {
                home: own.clone(),
                url: own,
                random: Random::new(config.seed),
                budget: Budget::new(config.unix_ms_at_zero, &config.budget)?,
                cache: config.cache.map(Cache::new),
                config,
                members: MembersPace::default(),
                overlap: None,
                doc: Document::new(),
                scratch: Vec::new(),
            },
            phase: Phase::New,
            backoff: Backoff::default(),
            shards: Vec::new(),
            set: 0..0,
            reshard: None,
            early: Vec::new(),
            nonces: 0,
            refused,
        })
    }

    /// What it was made of.
    pub fn config(&self) -> &Config {
        &self.shared.config
    }

    /// Begins to connect.
    pub fn start(&mut self, now: Instant, out: &mut impl Sink) {
        if !matches!(self.phase, Phase::New) {
            return;
        }
        self.shared.budget.start(now);
        for (shard, why) in std::mem::take(&mut self.refused) {
            let sentence = format!("session of shard {shard}: resume_gateway_url is not used: {why}");
            log(out, LogLevel::Warn, &sentence);
        }
        match self.shared.config.url {
            Some(_) if self.shared.config.shards != Shards::Auto => self.run(now, 1, out),
            _ => self.discover(now, out),
        }
    }

    /// It is known where the Gateway is, and how many shards are wanted there.
    fn run(&mut self, now: Instant, recommended: u32, out: &mut impl Sink) {
        self.phase = Phase::Running;
        let numbers = self.shared.config.shards.numbers(recommended);
        self.tell_unused(&numbers, out);
        for shard in numbers {
            let line = u32::try_from(self.shards.len()).unwrap_or(u32::MAX);
            let mut shard = Shard::new(line, shard, &self.shared.config);
            shard.begin(now, &mut self.shared, out);
            self.shards.push(shard);
        }
        self.set = 0..self.shards.len();
        for command in std::mem::take(&mut self.early) {
            self.handle_command(now, command, out);
        }
        self.settle(now, out);
    }

    /// What was known before was refused by [`Config::check`].
    fn tell_unused(&self, shards: &[(u32, u32)], out: &mut impl Sink) {
        let sessions = &self.shared.config.sessions;
        let Some(first) = sessions.iter().find(|saved| !shards.contains(&saved.shard)) else { return };
        let unused = sessions.iter().filter(|saved| !shards.contains(&saved.shard)).count();
        let ((number, count), own) = (first.shard, shards.first().map_or(1, |shard| shard.1));
        let sentence = format!(
            "session: {unused} of {} are not resumed, as that of shard [{number}, {count}]: this connection has {} of {own} shards",
            sessions.len(),
            shards.len(),
        );
        // Of the same number others are another process's.
        log(out, if count == own { LogLevel::Info } else { LogLevel::Warn }, &sentence);
    }

    /// The transport of a line is open.
    pub fn handle_opened(&mut self, now: Instant, line: u32, out: &mut impl Sink) {
        if let Some(shard) = self.shards.get_mut(line as usize) {
            shard.opened(now, &mut self.shared, out);
        }
        self.settle(now, out);
    }

    /// The transport of a line could not be opened.
    pub fn handle_open_failed(&mut self, now: Instant, line: u32, error: &Error, out: &mut impl Sink) {
        if let Some(shard) = self.shards.get_mut(line as usize) {
            let loss = Loss::new(error.status, &error.message).with_code(error.code);
            shard.open_failed(now, loss, &mut self.shared, out);
        }
        self.settle(now, out);
    }

    /// A message came. The events that it causes are delivered before this returns.
    ///
    /// # Errors
    /// The message is none of the Gateway's: drop the transport, then call [`Client::handle_closed`].
    pub fn handle_frame(
        &mut self,
        now: Instant,
        line: u32,
        text: &[u8],
        out: &mut impl Sink,
    ) -> Result<(), ProtocolError> {
        let Some(shard) = self.shards.get_mut(line as usize) else { return Ok(()) };
        let was_ready = shard.is_ready();
        shard.frame(now, text, &mut self.shared, out)?;
        // Most are dispatches to a shard that is ready and stays so: nothing else comes of them.
        if !was_ready || !shard.is_ready() || self.reshard.is_some() || self.shared.overlap.is_some() {
            self.settle(now, out);
        }
        Ok(())
    }

    /// The connection of a line ended.
    pub fn handle_closed(&mut self, now: Instant, line: u32, closed: Closed<'_>, out: &mut impl Sink) {
        if let Some(shard) = self.shards.get_mut(line as usize) {
            shard.closed(now, closed, &mut self.shared, out);
        }
        self.settle(now, out);
    }

    /// The program wants something sent, or wants to know something.
    pub fn handle_command(&mut self, now: Instant, command: Command, out: &mut impl Sink) {
        if matches!(self.phase, Phase::Finished) {
            return reply(out, &command.name, command.tag, Status::Closed, "the connection is over");
        }
        let Some(command) = self.answer_here(now, command, out) else { return };
        if self.shards.is_empty() {
            return self.early(command, out);
        }
        self.nonces += 1;
        let (name, tag) = (command.name.clone(), command.tag);
        match route::route(command, &self.shards[self.set.clone()], &mut self.shared, self.nonces) {
            Ok(parts) => {
                for (at, waiting) in parts {
                    self.shards[self.set.start + at].command(now, waiting, &mut self.shared, out);
                }
            }
            Err(error) => reply(out, &name, tag, error.status, &error.message),
        }
        self.settle(now, out);
    }

    /// Nobody knows yet which shard it is for.
    fn early(&mut self, command: Command, out: &mut impl Sink) {
        if self.early.len() >= MAX_WAITING {
            let sentence = format!("{MAX_WAITING} commands wait already");
            return reply(out, &command.name, command.tag, Status::Full, &sentence);
        }
        self.early.push(command);
    }

    /// The program no longer wants the commands with this tag. What was sent cannot be called back, and was answered.
    pub fn handle_cancel(&mut self, now: Instant, tag: u64, out: &mut impl Sink) {
        while let Some(at) = self.early.iter().position(|command| command.tag == tag) {
            let command = self.early.remove(at);
            reply(out, &command.name, tag, Status::Cancelled, "cancelled before it was sent");
        }
        if self.reshard.as_ref().is_some_and(|reshard| reshard.is_of(tag)) {
            self.abandon(now, Status::Cancelled, "cancelled before the new set was ready", out);
        }
        for shard in &mut self.shards {
            shard.cancel(tag, out);
        }
        // A re-sharding that is given up may have been all that kept the connection.
        self.settle(now, out);
    }

    /// The program wants the connection to end, and its sessions with it.
    pub fn handle_disconnect(&mut self, _now: Instant, out: &mut impl Sink) {
        let end = End { status: Status::Ok, code: 0, flags: Flags::default(), why: "disconnected".to_owned() };
        self.finish(&end, self.first_number(), FAREWELL, out);
    }

    /// The driver stopped reading a line, or reads it again, because the program does not poll. Nothing can be heard meanwhile,
    /// so the watchdog waits too, [`PAUSE_LIMIT`] at most. Counts for the transport that is open.
    pub fn handle_reading_paused(&mut self, now: Instant, line: u32, paused: bool) {
        if let Some(shard) = self.shards.get_mut(line as usize) {
            shard.reading_paused(now, paused);
        }
    }

    /// The time of [`Client::next_timeout`] came.
    pub fn handle_timeout(&mut self, now: Instant, out: &mut impl Sink) {
        match self.phase {
            Phase::New | Phase::Finished => return,
            Phase::Undiscovered { at } if at <= now => self.discover(now, out),
            Phase::Discovering { deadline } if deadline <= now => {
                let error = Error::new(Status::Timeout, "the API did not say where the Gateway is in time");
                self.handle_discovery_failed(now, &error, Duration::ZERO, out);
            }
            _ => {}
        }
        self.expire_early(now, out);
        for shard in &mut self.shards {
            if shard.next_timeout(&self.shared).is_some_and(|at| at <= now) {
                shard.timeout(now, &mut self.shared, out);
            }
        }
        self.settle(now, out);
    }

    fn expire_early(&mut self, now: Instant, out: &mut impl Sink) {
        while let Some(at) = self.early.iter().position(|command| deadline(command) <= now) {
            let command = self.early.remove(at);
            reply(out, &command.name, command.tag, Status::Timeout, "it could not be sent in time");
        }
    }

    /// When [`Client::handle_timeout`] is to be called; `None` for never.
    pub fn next_timeout(&self) -> Option<Instant> {
        let own = match self.phase {
            Phase::New | Phase::Finished => return None,
            Phase::Discovering { deadline: at } | Phase::Undiscovered { at } => Some(at),
            Phase::Running => self.shared.budget.next_grant(),
        };
        let shards = self.shards.iter().filter_map(|shard| shard.next_timeout(&self.shared)).min();
        let early = self.early.iter().map(deadline).min();
        let reshard = self.reshard.as_ref().map(Reshard::next_timeout);
        let overlap = self.shared.overlap.as_ref().and_then(Overlap::next_timeout);
        [own, shards, early, reshard, overlap].into_iter().flatten().min()
    }

    /// Whether DISCONNECTED was delivered. Nothing happens after that.
    pub fn is_finished(&self) -> bool {
        matches!(self.phase, Phase::Finished)
    }

    /// How long the last heartbeat of a line took to be answered.
    pub fn latency(&self, line: u32) -> Option<Duration> {
        self.shards.get(line as usize).and_then(Shard::latency)
    }

    /// Gives out turns, and ends everything when a shard cannot go on: what refused one refuses all.
    fn settle(&mut self, now: Instant, out: &mut impl Sink) {
        while let Some(line) = self.shared.budget.grant(now) {
            if let Some(shard) = self.shards.get_mut(line as usize) {
                shard.granted(now, &mut self.shared, out);
            }
        }
        self.step_reshard(now, out);
        // While a new set rises, one that was refused of the old set is waited for: the new one may be what mends it.
        let refused = self.shards.iter().find(|shard| shard.end.is_some());
        if let Some(shard) = refused.filter(|_| self.reshard.as_ref().is_none_or(Reshard::asks)) {
            let number = shard.number;
            // The shard stays ended, so that it closes nothing that is closed already.
            let End { status, code, flags, why } = shard.end.as_ref().expect("it was just found");
            let end = End { status: *status, code: *code, flags: *flags, why: why.clone() };
            self.finish(&end, number, KEEP, out);
        }
    }

    fn first_number(&self) -> u32 {
        self.shards.get(self.set.start).map_or(0, |shard| shard.number)
    }

    fn finish(&mut self, end: &End, number: u32, code: u16, out: &mut impl Sink) {
        if matches!(self.phase, Phase::Finished) {
            return;
        }
        self.phase = Phase::Finished;
        for shard in &mut self.shards {
            shard.finish(code, &mut self.shared, out);
        }
        if let Some(reshard) = self.reshard.take() {
            reshard.closed(out);
        }
        for command in self.early.drain(..) {
            reply(out, &command.name, command.tag, Status::Closed, "the connection ended before it was sent");
        }
        let mut event = Event::new(EventType::Disconnected, "DISCONNECTED");
        (event.status, event.code, event.flags) = (end.status, end.code, end.flags);
        event.message = &end.why;
        event.peer = number;
        out.event(event);
    }
}

fn deadline(command: &Command) -> Instant {
    command.issued + command.timeout.unwrap_or(TIMEOUT)
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

/// The answer to a command that asks for something.
fn answer(out: &mut impl Sink, command: &Command, data: &[u8]) {
    if command.tag != 0 {
        let mut event = Event::new(EventType::Reply, &command.name);
        (event.tag, event.payload) = (command.tag, data);
        out.event(event);
    }
}

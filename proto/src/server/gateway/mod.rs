//! The Gateway door: a Discord's Gateway, without sockets.
//!
//! The driver accepts WebSockets, numbers them, undoes their encoding and hands in JSON; the [`Door`] says what to send, whom
//! to close, and what the host is told. What it changes in the world it gives back as [`Changes`], and what changed (through
//! whatever door) is shown to it by [`Door::handle_changes`]. Sources: the Gateway pages of Discord's documentation
//! (`gateway_v3.yaml`, `gateway_v6.yaml`, `current_gateway_v10.yaml`, `dialects.yaml`, `gateway_user_opcodes.yaml`); what they
//! leave open is settled here:
//!
//! - **Letting in.** `?v=3..10&encoding=json|etf`; without `v` it is 6, as for the API. 4 and 5 are served as 6. Another
//!   version closes with 4012, another encoding or compression with 4002. HELLO is the first word, but in version
//!   3, which has none: there the interval stands in READY. Where the URL says no version, an IDENTIFY of `"v":3` is answered in
//!   version 3; where it does, `v` of IDENTIFY is not looked at: discord.py said 3 there in every version, up to its last 1.x.
//! - **Identifying** is lenient where real clients differ: `Bot ` may stand before the token, `properties` may have any
//!   names, `presence`, `activities` and `since` may be null, ids may be numbers. It is strict where a mistake would
//!   cost the token at Discord: shards (4010), intents (4013, 4014), too many guilds (4011).
//! - **Limits** are Discord's, by its rules today: an IDENTIFY within [`Limits::identify_every`] of the one before in its bucket is
//!   op 9 on the same connection, and counts; with none left for the day the token counts as reset: 4004, here and for all
//!   sessions of the bot. All members of a guild, asked for again within [`Limits::members_every`], are RATE_LIMITED.
//! - **A session** is kept for [`Limits::session`] after its connection broke or was closed, with what happened meanwhile,
//!   [`Limits::replay`] events at most; then, or after a close with 1000 or 1001 by the client, it is gone. Resuming from
//!   a sequence that was never sent closes with 4007; from one that is no longer kept, or a session that is gone, is op 9
//!   with false.
//! - **Beats** are expected within one and a half intervals; a client that misses them is closed with 4009 and its session
//!   ends. Beats before IDENTIFY are welcome.
//! - **A user** logs in with a token of its own, needs no intents, has no shards, and hears everything: its guilds come whole in
//!   READY, or their people in READY_SUPPLEMENTAL if its `capabilities` say that it reads that. Who is the local user
//!   is there, and in voice, as the host and its games say.
//! - **User opcodes** are answered where an answer is documented; the others are accepted and told to the host.
//!
//! | file | what lies there |
//! |---|---|
//! | `config` | limits |
//! | `peer` | one connection: how far it has come, how fast it may go, what is wrong with it on purpose |
//! | `session` | one session: what it wants, what it was sent |
//! | `account` | what READY says to a user who logged in |
//! | `guild` | a guild as a session is shown it |
//! | `identify` | IDENTIFY and RESUME, READY and what follows it |
//! | `incoming` | every other opcode |
//! | `members` | chunks of members |
//! | `pace` | how often a bot may begin a session, and ask for all members |
//! | `asked` | what else is asked for, by bots and by user accounts |
//! | `events` | the world's changes as dispatches |
//! | `faults` | what the host has go wrong |
//!
//! The one thing to know before changing it: a session sees what its bot may see, at this moment. Whoever writes a dispatch
//! asks the world first.

mod account;
mod asked;
mod config;
mod events;
mod faults;
mod guild;
mod identify;
mod incoming;
mod members;
mod pace;
mod peer;
mod session;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

pub use config::{Config, Limits};
pub use faults::{Fault, takes};
pub(super) use peer::Window;

use crate::event::{Event, LogLevel};
use crate::server::form;
use crate::server::rest::Site;
use crate::time::Instant;
use crate::value::Document;
use crate::wire::gateway::{CloseCode, Dialect, Opcode};
use crate::wire::json::Object;
use crate::world::{Changes, Entropy, GuildId, Operation, Presence, UserId, World};
use faults::Coming;
use pace::Paces;
use peer::{Peer, State};
use session::Session;

/// What the door tells its driver to do.
pub trait Sink {
    /// Sends a payload, JSON, after those sent before.
    fn send(&mut self, peer: u32, payload: &[u8]);
    /// From now on payloads of this peer go out compressed, each by itself (`compress` of IDENTIFY), unless the connection is
    /// compressed as a whole.
    fn compress(&mut self, peer: u32);
    /// Something is to go wrong with a peer's bytes, since the host wants it.
    fn fault(&mut self, peer: u32, fault: Fault);
    /// Flushes, says why, and closes.
    fn close(&mut self, peer: u32, code: u16, reason: &str);
    /// Tells the host program. Copied at once.
    fn event(&mut self, event: Event<'_>);
}

/// The moment, the world and the way out.
struct Cx<'a, S> {
    now: Instant,
    world: &'a mut World,
    out: &'a mut S,
    /// What came of what was asked, to be shown at every door.
    changes: &'a mut Vec<Changes>,
}

/// The Gateway's machine: all connections and sessions, over one world.
pub struct Door {
    config: Config,
    entropy: Box<dyn Entropy + Send>,
    peers: BTreeMap<u32, Peer>,
    sessions: BTreeMap<u64, Session>,
    sessions_made: u64,
    /// In which guild everybody in voice is: a channel that is gone can't be asked.
    places: BTreeMap<UserId, GuildId>,
    coming: Coming,
    paces: Paces,
    /// Scratch for what a peer sent, and for what is sent; kept for its memory.
    doc: Document,
    data: Vec<u8>,
}

impl fmt::Debug for Door {
    /// Without the scratch: what went through it last may have been a token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Door")
            .field("config", &self.config)
            .field("peers", &self.peers)
            .field("sessions", &self.sessions)
            .finish_non_exhaustive()
    }
}

impl Door {
    /// A door without peers. `entropy` makes the names of sessions.
    pub fn new(config: Config, entropy: impl Entropy + Send + 'static) -> Self {
        Door {
            config,
            entropy: Box::new(entropy),
            peers: BTreeMap::new(),
            sessions: BTreeMap::new(),
            sessions_made: 0,
            places: BTreeMap::new(),
            coming: Coming::default(),
            paces: Paces::default(),
            doc: Document::new(),
            data: Vec::new(),
        }
    }

    /// How much, and how long, at this moment.
    pub fn limits(&self) -> &Limits {
        &self.config.limits
    }

    /// Tells the API what `GET /gateway/bot` says of it to a bot.
    pub fn describe(&self, now: Instant, bot: Option<UserId>, site: &mut Site) {
        let limits = &self.config.limits;
        let Limits { identifies, max_concurrency, guilds_per_shard, .. } = *limits;
        let (left, reset) = bot.map_or((identifies, Duration::ZERO), |bot| self.paces.left(now, bot, limits));
        (site.identifies, site.identifies_left, site.identifies_reset) = (identifies, left, reset);
        (site.max_concurrency, site.guilds_per_shard) = (max_concurrency, guilds_per_shard);
    }

    /// Somebody connected, with this query.
    pub fn handle_connect(&mut self, now: Instant, peer: u32, query: &str, out: &mut impl Sink) {
        let version = form::parameter(query, "v");
        let by_url = version.is_some();
        let dialect = match version.as_deref() {
            // Discord's rule for the API, too.
            None => Some(Dialect::V6),
            Some(given) => given.parse().ok().and_then(Dialect::of_version),
        };
        let one_of = |name, known: &[&str]| form::parameter(query, name).is_none_or(|given| known.contains(&&*given));
        let refused = if dialect.is_none() {
            Some((CloseCode::InvalidVersion, "Invalid API version."))
        } else if !one_of("encoding", &["json", "etf"]) || !one_of("compress", &COMPRESSIONS) {
            Some((CloseCode::DecodeError, "Error while decoding payload."))
        } else if self.peers.len() >= self.config.limits.peers {
            Some((CloseCode::UnknownError, "too many connections"))
        } else {
            None
        };
        if let Some((code, reason)) = refused {
            self.log(out, LogLevel::Info, &format!("a connection was closed with {}: {query}", code as u16));
            return out.close(peer, code as u16, reason);
        }
        let dialect = dialect.unwrap_or(Dialect::V6);
        let mut known = Peer::new(now, (dialect, by_url), &self.config.limits);
        if let Some(left) = self.coming.deaf.checked_sub(1) {
            (known.faults.deaf, self.coming.deaf) = (true, left);
        }
        if dialect.greets() {
            let interval = self.config.limits.heartbeat.as_millis();
            self.data.clear();
            Object::begin(&mut self.data)
                .raw("t", b"null")
                .raw("s", b"null")
                .int("op", Opcode::Hello as i64)
                .with("d", |out| Object::begin(out).count("heartbeat_interval", interval).raw("_trace", TRACE).end())
                .end();
            known.say(peer, &self.data, out);
        }
        self.peers.insert(peer, known);
    }

    /// A message of a peer, as JSON. What it changed goes into `changes`, in order; show it at every door, this one included.
    pub fn handle_payload(
        &mut self,
        now: Instant,
        peer: u32,
        payload: &[u8],
        world: &mut World,
        changes: &mut Vec<Changes>,
        out: &mut impl Sink,
    ) {
        let cx = &mut Cx { now, world, out, changes };
        let Some(known) = self.peers.get_mut(&peer) else { return };
        let limits = &self.config.limits;
        if !known.sends.take(now, limits.sends, limits.sends_within) {
            self.close(cx, peer, CloseCode::RateLimited, "You are being rate limited.");
        } else if payload.len() > limits.payload {
            self.close(cx, peer, CloseCode::DecodeError, "Error while decoding payload.");
        } else {
            self.read(cx, peer, payload);
        }
    }

    /// A peer left, or its transport broke; `code` is that of its close frame. Its session waits to be resumed, unless it
    /// said that it is done.
    pub fn handle_gone(
        &mut self,
        now: Instant,
        peer: u32,
        code: Option<u16>,
        world: &mut World,
        changes: &mut Vec<Changes>,
        out: &mut impl Sink,
    ) {
        let Some(gone) = self.peers.remove(&peer) else { return };
        let State::Open(number) = gone.state else { return };
        self.tell_closed(peer, number, code.unwrap_or(0), "left by the client", out);
        self.leave(now, number, matches!(code, Some(1000 | 1001)), (world, changes), out);
    }

    /// A session loses its connection, and ends with it or waits.
    fn leave(
        &mut self,
        now: Instant,
        number: u64,
        ends: bool,
        (world, changes): (&mut World, &mut Vec<Changes>),
        out: &mut impl Sink,
    ) {
        if !ends {
            let until = now + self.config.limits.session;
            if let Some(session) = self.sessions.get_mut(&number) {
                (session.peer, session.until) = (None, Some(until));
            }
        } else if let Some(gone) = self.sessions.remove(&number)
            && self.sessions.values().all(|session| session.user != gone.user)
        {
            // A bot without a session is not there, and in no voice channel. The local user is there as the host says.
            if gone.user == world.local_user().id {
                return;
            }
            let cx = &mut Cx { now, world, out, changes };
            if cx.world.voice_state(gone.user).is_some() {
                self.apply(cx, Operation::LeaveVoice(gone.user));
            }
            self.apply(cx, Operation::SetPresence { user: gone.user, presence: Presence::default() });
        }
    }

    /// Closes a peer for what it did.
    fn close(&mut self, cx: &mut Cx<'_, impl Sink>, peer: u32, code: CloseCode, reason: &str) {
        let ends = matches!(code, CloseCode::SessionTimedOut | CloseCode::InvalidSequence);
        self.close_with((cx.now, cx.world, cx.changes), cx.out, peer, code as u16, reason, ends);
    }

    fn close_with(
        &mut self,
        (now, world, changes): (Instant, &mut World, &mut Vec<Changes>),
        out: &mut impl Sink,
        peer: u32,
        code: u16,
        reason: &str,
        ends: bool,
    ) {
        let Some(gone) = self.peers.remove(&peer) else { return };
        out.close(peer, code, reason);
        match gone.state {
            State::Open(number) => {
                self.tell_closed(peer, number, code, reason, out);
                self.leave(now, number, ends, (world, changes), out);
            }
            State::Greeting { .. } | State::Deaf => {
                self.log(out, LogLevel::Info, &format!("connection {peer} was closed with {code}: {reason}"));
            }
        }
    }

    /// Time has come for what [`Door::next_timeout`] said. Calling it early is harmless.
    pub fn handle_timeout(&mut self, now: Instant, world: &mut World, changes: &mut Vec<Changes>, out: &mut impl Sink) {
        let cx = &mut Cx { now, world, out, changes };
        let owed = self.peers.iter().filter(|(_, peer)| peer.refusal().is_some_and(|at| at <= now));
        for peer in owed.map(|(number, _)| *number).collect::<Vec<_>>() {
            self.refuse(cx, peer);
        }
        let late = self.peers.iter().filter(|(_, peer)| peer.deadline() <= now);
        for peer in late.map(|(number, _)| *number).collect::<Vec<_>>() {
            self.close(cx, peer, CloseCode::SessionTimedOut, "Session timed out.");
        }
        let over = self.sessions.iter().filter(|(_, session)| session.until.is_some_and(|until| until <= now));
        for number in over.map(|(number, _)| *number).collect::<Vec<_>>() {
            self.leave(now, number, true, (cx.world, cx.changes), cx.out);
        }
    }

    /// When [`Door::handle_timeout`] has to be called at the latest.
    pub fn next_timeout(&self) -> Option<Instant> {
        let peers = self.peers.values().map(Peer::deadline);
        let refusals = self.peers.values().filter_map(Peer::refusal);
        let sessions = self.sessions.values().filter_map(|session| session.until);
        peers.chain(refusals).chain(sessions).min()
    }

    fn log(&self, out: &mut impl Sink, level: LogLevel, sentence: &str) {
        out.event(Event::log(level, ROOM, sentence));
    }
}

/// What may be asked for in the URL. The last one is no compression of the connection: pincer asks so for that of IDENTIFY.
const COMPRESSIONS: [&str; 3] = ["zlib-stream", "zstd-stream", "zlib-payload"];

/// The room of its log lines.
const ROOM: &str = "gateway server";

/// Who served it: Discord tells the names of its machines.
const TRACE: &[u8] = br#"["gamebridge"]"#;

//! The dmod door: a dmod gateway over the world, without sockets.
//!
//! The driver accepts WebSockets, numbers them and hands in their messages; the [`Door`] says what to send, whom to close, and
//! what the host is told. It only looks at the world, and never changes it: what the world's changes mean here is said by
//! [`Door::handle_changes`]. Who is let in by what is dmod's own and stands in its registry, which the host fills
//! ([`Door::handle_command`]). Source: `dmod.yaml`; what that leaves open is decided in `docs/dmod.md`.

mod config;
mod guild;
mod host;
mod incoming;
mod peer;
mod registry;
mod session;

use std::collections::BTreeMap;
use std::fmt;

pub use config::Limits;
pub use host::takes;

use crate::event::{Event, EventType, LogLevel};
use crate::server::gateway::Window;
use crate::time::Instant;
use crate::value::Document;
use crate::wire::dmod::{CloseCode, write};
use crate::wire::json::Object;
use crate::world::{Change, Changes, Entropy, UserId, World};
use peer::{Peer, State};
use registry::Registry;

/// The room of its log lines.
const ROOM: &str = "dmod server";

/// What a peer is told when the world that it was in is no more.
const RESTART: u16 = 1012;

/// What the door tells its driver to do.
pub trait Sink {
    /// Sends a message, JSON, after those sent before.
    fn send(&mut self, peer: u32, payload: &[u8]);
    /// Sends bytes that are no message, since the host wants it so.
    fn garbage(&mut self, peer: u32);
    /// Ends the transport without a close, since the host wants it so.
    fn drop_peer(&mut self, peer: u32);
    /// Flushes, says why, and closes.
    fn close(&mut self, peer: u32, code: u16, reason: &str);
    /// Tells the host program. Copied at once.
    fn event(&mut self, event: Event<'_>);
}

/// The moment, the world and the way out.
struct Cx<'a, S> {
    now: Instant,
    world: &'a World,
    out: &'a mut S,
}

/// dmod's machine: all connections, over one world.
pub struct Door {
    limits: Limits,
    entropy: Box<dyn Entropy + Send>,
    peers: BTreeMap<u32, Peer>,
    registry: Registry,
    /// Scratch for what a peer sent, and for what is sent; kept for its memory.
    doc: Document,
    data: Vec<u8>,
}

impl fmt::Debug for Door {
    /// Without the scratch: what went through it last may have been a token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Door").field("limits", &self.limits).field("peers", &self.peers).finish_non_exhaustive()
    }
}

impl Door {
    /// A door without peers, which knows nobody. `entropy` makes tokens.
    pub fn new(limits: Limits, entropy: impl Entropy + Send + 'static) -> Self {
        Door {
            limits,
            entropy: Box::new(entropy),
            peers: BTreeMap::new(),
            registry: Registry::default(),
            doc: Document::new(),
            data: Vec::new(),
        }
    }

    /// Somebody connected: who is there?
    pub fn handle_connect(&mut self, now: Instant, peer: u32, out: &mut impl Sink) {
        if self.peers.len() >= self.limits.peers {
            return out.close(peer, CloseCode::UnknownError as u16, "too many connections");
        }
        let state = State::Greeting { until: now + self.limits.authentication };
        self.peers.insert(peer, Peer { state, sends: Window::default(), stalled: false });
        self.say(out, peer, write::request_authentication);
    }

    /// A message of a peer.
    pub fn handle_payload(&mut self, now: Instant, peer: u32, payload: &[u8], world: &World, out: &mut impl Sink) {
        let cx = &mut Cx { now, world, out };
        let Some(known) = self.peers.get_mut(&peer) else { return };
        if !known.sends.take(now, self.limits.sends, self.limits.sends_within) {
            self.close(cx.out, peer, CloseCode::RateLimited, "too many messages");
        } else if payload.len() > self.limits.payload {
            let reason = format!("a message of at most {} bytes expected", self.limits.payload);
            self.close(cx.out, peer, CloseCode::DecodeError, &reason);
        } else {
            self.read(cx, peer, payload);
        }
    }

    /// A peer left, or its transport broke; `code` is that of its close frame.
    pub fn handle_gone(&mut self, peer: u32, code: Option<u16>, out: &mut impl Sink) {
        let Some(gone) = self.peers.remove(&peer) else { return };
        tell_closed(peer, &gone, code.unwrap_or(0), "left by the client", out);
    }

    /// Something happened at whatever door: who is connected to what it concerns is told.
    pub fn handle_changes(&mut self, now: Instant, changes: &Changes, world: &World, out: &mut impl Sink) {
        // What it takes to have permissions changed, or to be told of members.
        let concerns = changes.iter().any(|change| {
            matches!(
                change,
                Change::GuildChanged(_)
                    | Change::GuildDeleted(_)
                    | Change::MemberJoined { .. }
                    | Change::MemberChanged { .. }
                    | Change::MemberLeft { .. }
                    | Change::RoleChanged { .. }
                    | Change::RoleDeleted { .. }
            )
        });
        if !concerns {
            return;
        }
        let mut counted: Vec<_> = changes
            .iter()
            .filter_map(|change| match change {
                Change::MemberJoined { guild, .. } | Change::MemberLeft { guild, .. } => Some(*guild),
                _ => None,
            })
            .collect();
        counted.dedup();
        let cx = &mut Cx { now, world, out };
        for peer in self.numbers(|_| true) {
            for guild in &counted {
                self.tell_count(cx, peer, *guild);
            }
            self.tell_permissions(cx, peer);
            self.look_after_session(cx, peer);
        }
    }

    /// Another world took the place of the one there was.
    pub fn handle_reload(&mut self, world: &World, out: &mut impl Sink) {
        for (peer, gone) in std::mem::take(&mut self.peers) {
            let reason = "the world was replaced by another one";
            out.close(peer, RESTART, reason);
            tell_closed(peer, &gone, RESTART, reason, out);
        }
        self.registry.retain(world);
    }

    /// Time has come for what [`Door::next_timeout`] said. Calling it early is harmless.
    pub fn handle_timeout(&mut self, now: Instant, out: &mut impl Sink) {
        for peer in self.numbers(|peer| peer.deadline() <= now) {
            self.time_session(now, peer, out);
            let Some(known) = self.peers.get_mut(&peer) else { continue };
            let late = match &mut known.state {
                State::Greeting { until } => (*until <= now).then_some("op 1 did not come in time"),
                State::Open(open) if open.asked.is_some_and(|until| until <= now) => Some("op 1 did not come in time"),
                State::Open(open) if open.beat.next > now => continue,
                State::Open(open) if open.beat.awaited => Some("op 4 did not come in time"),
                State::Open(open) => {
                    // Who is told nothing cannot answer.
                    open.beat.awaited = !known.stalled;
                    open.beat.next = now + self.limits.heartbeat;
                    None
                }
            };
            match late {
                Some(reason) => self.close(out, peer, CloseCode::TimedOut, reason),
                None => self.say(out, peer, write::heartbeat),
            }
        }
    }

    /// When [`Door::handle_timeout`] has to be called at the latest.
    pub fn next_timeout(&self) -> Option<Instant> {
        self.peers.values().map(Peer::deadline).min()
    }

    fn numbers(&self, which: impl Fn(&Peer) -> bool) -> Vec<u32> {
        self.peers.iter().filter(|(_, peer)| which(peer)).map(|(number, _)| *number).collect()
    }

    /// Sends what is written.
    fn say(&mut self, out: &mut impl Sink, peer: u32, write: impl FnOnce(&mut Vec<u8>)) {
        if self.peers.get(&peer).is_none_or(|known| known.stalled) {
            return;
        }
        self.data.clear();
        write(&mut self.data);
        out.send(peer, &self.data);
    }

    /// Closes a peer for what it did.
    fn close(&mut self, out: &mut impl Sink, peer: u32, code: CloseCode, reason: &str) {
        self.close_with(out, peer, code as u16, reason);
    }

    fn close_with(&mut self, out: &mut impl Sink, peer: u32, code: u16, reason: &str) {
        let Some(gone) = self.peers.remove(&peer) else { return };
        out.close(peer, code, reason);
        tell_closed(peer, &gone, code, reason, out);
    }
}

fn log(out: &mut impl Sink, level: LogLevel, sentence: &str) {
    out.event(Event::log(level, ROOM, sentence));
}

fn tell_closed(peer: u32, gone: &Peer, code: u16, reason: &str, out: &mut impl Sink) {
    if let (Some(live), Some(user)) = (gone.open().and_then(|open| open.session.as_ref()), gone.user()) {
        session::tell_session(peer, user, live.guild, Some("closed"), out);
    }
    let mut data = Vec::new();
    Object::begin(&mut data).opt_id("user_id", gone.user().map(UserId::get)).end();
    let mut event = Event::new(EventType::Dispatch, "DMOD_CLOSED");
    (event.payload, event.peer, event.code, event.message) = (&data, peer, code.into(), reason);
    out.event(event);
}

//! The RPC door: Discord's local RPC server, without sockets.
//!
//! The driver accepts peers, numbers them, and hands in what they send; the [`Door`] says what to send back, whom to
//! close, and what the host program is told. Sources: the RPC page of Discord's documentation, the catalogs
//! ([`crate::wire::rpc`], [`crate::wire::host`]), and for what they leave open the rules below, which are ours.
//!
//! - **Letting in.** Over WebSocket the URL is the handshake: `?v=1&client_id=..&encoding=..` (without `encoding`, json).
//!   A client id that names no application closes with 4000; then the Origin must be one of that application's, else
//!   4001; then version (4004) and encoding (4005) are looked at. Without an Origin a peer needs the
//!   `launch_token` that the host gave out. Nothing is sent before all of that holds. Who is refused gets the words that
//!   Discord closes with, since programs compare them; what exactly was wrong stands in the host's log. Over IPC the first frame must be
//!   HANDSHAKE, within 5 seconds; a PING before it is answered, and leaving without a word is fine: real clients probe.
//!   Until then a peer takes none of the places. Those who have not shaken hands have a number of their own, and who comes
//!   pushes out the oldest of them; so neither they nor strangers at the WebSocket can keep others out.
//! - **Authentication.** Presence needs none, so a peer over IPC may stay anonymous as long as it likes. So may
//!   one over WebSocket whose commands were no good yet, but only while there is room: when half of the places are taken,
//!   who is idle 10 seconds after its READY, or becomes that old, is closed (1008). An AUTHORIZE that waits for the user
//!   is no idleness. A token that runs out or is revoked closes its peers with 4003.
//! - **Bad input.** What can be answered is answered (an ERROR with the nonce, when there is one) and harms nobody. A
//!   frame that breaks the framing (a second HANDSHAKE, a command before it, a message over the limit) is an `Err`: the
//!   driver drops the transport and calls [`Door::handle_gone`]. Commands beyond the peer's rate close it with 4002.
//! - **Order.** A command's reply goes out before the events that it causes, also when the reply had to wait.
//! - **Waiting.** GET_GUILD and SELECT_TEXT_CHANNEL wait for a guild that can't be reached as long as `timeout` says, and
//!   not at all without; SELECT_VOICE_CHANNEL tries for 10 seconds without. Then 5002 or 5001, and an attempt to join is
//!   undone, as it is when its peer leaves. A peer may have 16 such commands; nobody waits longer than ten minutes.
//! - **May not** is 4006, whatever the reason: no scope, no permission in a channel, a full voice channel, or voice
//!   settings that another application holds. What can't be seen is 4005, as if it were not there.
//! - **Messages.** Without `messages.read` an application reads only in channels, and guilds, that it created: GET_CHANNEL
//!   shows no others' messages, and subscribing to them is 4006. What a peer may see is asked at each event again, so
//!   subscriptions go silent with the right, and come back with it.
//! - **Asking to join.** [`JoinRequests`] says who answers a player. Nobody in time ([`Limits::consent`]) is a no. A secret
//!   that the user accepted for a game that does not run is kept ten minutes, for its first peer that subscribes.
//!
//! Whose Discord this is, the world's or that of a Discord on this machine, is the account's matter ([`account`]).
//!
//! After [`Sink::close`] the peer is forgotten: `handle_gone` need not follow, and is harmless if it does, as are frames
//! that were under way.
//!
//! The one thing to know before changing it: the world decides, the door translates. What would hold at another door too
//! belongs into [`crate::world`].

pub mod account;
mod admission;
mod api;
mod caller;
mod commands;
mod config;
mod envelope;
mod events;
mod host;
mod http;
mod objects;
mod once;
mod peer;
mod questions;
mod refusal;
mod subscription;
mod waiting;

use std::collections::BTreeMap;
use std::fmt;

pub use account::{Account, Errand};
pub use admission::{Via, host_is_ours};
pub use config::{Config, Consent, JoinRequests, Limits};
pub use host::snapshot;
pub(in crate::server) use http::JSON;
pub use http::{HttpRequest, HttpResponse};
pub(in crate::server) use objects::activity;
pub use objects::user as write_user;

use crate::error::ProtocolError;
use crate::event::{Event, EventType};
use crate::scenario::Player;
use crate::time::Instant;
use crate::value::Document;
use crate::wire::ipc::{Frame, Opcode};
use crate::wire::json::Object;
use crate::wire::rpc::CloseCode;
use crate::world::{Changes, Operation, World};
use account::Relay;
use events::Missed;
use peer::{Bucket, Peer, State};
use questions::{Joining, Question};
use subscription::Index;
use waiting::Wait;

/// What the door tells its driver to do.
pub trait Sink {
    /// Sends a frame to a peer, after those sent before.
    fn send(&mut self, peer: u32, opcode: Opcode, payload: &[u8]);
    /// Flushes, says why (over IPC a CLOSE frame with `code` and `message`), and closes.
    fn close(&mut self, peer: u32, code: u16, reason: &str);
    /// Tells the host program. Copied at once.
    fn event(&mut self, event: Event<'_>);
    /// Wants a connection to a Discord, or something of it. Only a door whose account is not the guest's does.
    fn errand(&mut self, errand: Errand) {
        let _ = errand;
    }
    /// The world changed, through whatever door: where there are others over it, they show it now.
    fn changed(&mut self, now: Instant, world: &World, changes: &Changes) {
        let _ = (now, world, changes);
    }
    /// The world is another one altogether.
    fn reloaded(&mut self, now: Instant, world: &World) {
        let _ = (now, world);
    }
}

/// The room of its log lines.
pub const ROOM: &str = "rpc server";

/// RFC 6455 section 7.4.1: done.
const CLOSE_NORMAL: u16 = 1000;
/// RFC 6455 section 7.4.1: against the rules of the place. For peers that are too slow.
const CLOSE_POLICY: u16 = 1008;

/// The moment, the world and the way out: what every step needs.
struct Cx<'a, S> {
    now: Instant,
    world: &'a mut World,
    out: &'a mut S,
}

/// The RPC server's machine: all of its peers, over one world.
#[derive(Default)]
pub struct Door {
    config: Config,
    peers: BTreeMap<u32, Peer>,
    subscriptions: Index,
    questions: BTreeMap<u64, Question>,
    joining: Vec<Joining>,
    asked: u64,
    waits: Vec<Wait>,
    missed: Vec<Missed>,
    relay: Relay,
    /// The host's scenario, while it plays.
    scenario: Option<Player>,
    /// How fast commands come over HTTP, from all who ask.
    once: Bucket,
    /// Scratch for what a peer or the host sent, and for what is sent; kept for its memory.
    doc: Document,
    frame: Vec<u8>,
}

impl fmt::Debug for Door {
    /// Without the scratch: what went through it last may have been a token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Door")
            .field("config", &self.config)
            .field("peers", &self.peers)
            .field("subscriptions", &self.subscriptions)
            .field("questions", &self.questions)
            .field("waits", &self.waits)
            .finish_non_exhaustive()
    }
}

impl Door {
    /// A door without peers.
    pub fn new(config: Config) -> Self {
        Door { relay: Relay::new(config.account, config.seed), config, ..Door::default() }
    }

    /// A frame of a peer, over WebSocket a message ([`Opcode::Frame`], JSON).
    ///
    /// # Errors
    /// The peer broke the framing: drop its transport, then call [`Door::handle_gone`].
    pub fn handle_frame(
        &mut self,
        now: Instant,
        peer: u32,
        frame: Frame<'_>,
        world: &mut World,
        out: &mut impl Sink,
    ) -> Result<(), ProtocolError> {
        let cx = &mut Cx { now, world, out };
        let Some(known) = self.peers.get_mut(&peer) else { return Ok(()) };
        let limits = &self.config.limits;
        if frame.payload.len() > limits.message_bytes {
            return Err(ProtocolError::protocol(format!(
                "a message has {} bytes; {} are allowed",
                frame.payload.len(),
                limits.message_bytes
            )));
        }
        if !known.bucket.take(now, limits.commands_per_second, limits.commands_burst) {
            let reason = format!("more than {} commands a second", limits.commands_per_second);
            self.close(cx, peer, CloseCode::RateLimited as u16, &reason);
            return Ok(());
        }
        match (frame.opcode, &known.state) {
            (Opcode::Ping, _) => cx.out.send(peer, Opcode::Pong, frame.payload),
            (Opcode::Pong, _) => {}
            (Opcode::Close, _) => self.close(cx, peer, CLOSE_NORMAL, ""),
            (Opcode::Handshake, State::Greeting { .. }) => self.handshake(cx, peer, frame.payload),
            (Opcode::Frame, State::Open(_) | State::Waiting { .. } | State::Once { .. }) => {
                self.command(cx, peer, frame.payload);
            }
            (Opcode::Handshake, State::Open(_) | State::Waiting { .. } | State::Once { .. }) => {
                return Err(ProtocolError::protocol("a second HANDSHAKE"));
            }
            (Opcode::Frame, State::Greeting { .. }) => {
                return Err(ProtocolError::protocol("a command before the HANDSHAKE"));
            }
        }
        Ok(())
    }

    /// A peer left, or its transport broke.
    pub fn handle_gone(&mut self, now: Instant, peer: u32, world: &mut World, out: &mut impl Sink) {
        self.forget(&mut Cx { now, world, out }, peer, 0, "");
    }

    fn close(&mut self, cx: &mut Cx<'_, impl Sink>, peer: u32, code: u16, reason: &str) {
        cx.out.close(peer, code, reason);
        self.forget(cx, peer, code, reason);
    }

    /// Ends all that a peer had: its presence, its subscriptions, its questions.
    fn forget(&mut self, cx: &mut Cx<'_, impl Sink>, peer: u32, code: u16, reason: &str) {
        let Some(gone) = self.peers.remove(&peer) else { return };
        self.subscriptions.remove_peer(peer);
        self.questions.retain(|_, question| question.peer != peer);
        self.abandon_waits(cx, peer);
        if let Some(client) = gone.client().filter(|_| gone.is_relayed()) {
            self.leave_upstream(cx, peer, client);
        }
        let Some(open) = gone.open() else { return };
        if let Some(session) = open.caller.session
            && let Ok(changes) = cx.world.apply(cx.now, Operation::CloseSession(session))
        {
            self.fan_out(cx, peer, &changes);
        }
        let mut payload = std::mem::take(&mut self.frame);
        payload.clear();
        Object::begin(&mut payload).id("client_id", open.caller.client.get()).end();
        let mut event = Event::new(EventType::Dispatch, "PEER_DISCONNECTED");
        (event.peer, event.payload, event.code, event.message) = (peer, &payload, code.into(), reason);
        cx.out.event(event);
        self.frame = payload;
    }

    /// Time has come for what [`Door::next_timeout`] said. Calling it early is harmless.
    pub fn handle_timeout(&mut self, now: Instant, world: &mut World, out: &mut impl Sink) {
        let cx = &mut Cx { now, world, out };
        let due = self.peers.iter().filter(|(_, peer)| peer.deadline().is_some_and(|until| until <= now));
        let due: Vec<_> = due
            .map(|(number, peer)| match &peer.state {
                State::Greeting { .. } => (*number, CLOSE_POLICY, "no HANDSHAKE came in time"),
                State::Waiting { .. } => (*number, account::CLOSE_LATER, self.too_late()),
                // Of those who are in only a token has a deadline.
                State::Open(_) | State::Once { .. } => {
                    (*number, CloseCode::TokenRevoked as u16, "the access token has run out")
                }
            })
            .collect();
        for (peer, code, reason) in due {
            self.close(cx, peer, code, reason);
        }
        self.make_room(cx, 0);
        self.deny_unanswered(cx);
        self.expire_waits(cx);
        self.account_timeout(cx);
        self.play(cx);
    }

    /// Whether half of the places are taken, with so many peers more.
    fn is_crowded(&self, more: usize) -> bool {
        (self.open_peers() + more) * 2 >= self.config.limits.peers
    }

    /// Closes who has been idle for too long, when others need the place: at the deadline, and whenever somebody comes.
    fn make_room(&mut self, cx: &mut Cx<'_, impl Sink>, coming: usize) {
        if !self.is_crowded(coming) {
            return;
        }
        let idle = self.peers.iter().filter(|(_, peer)| peer.idle_until().is_some_and(|until| until <= cx.now));
        let idle: Vec<u32> = idle.map(|(number, _)| *number).collect();
        let seconds = self.config.limits.authentication.as_secs();
        let sentence =
            format!("AUTHORIZE or AUTHENTICATE within {seconds} seconds of READY expected while the server is crowded");
        for peer in idle {
            self.close(cx, peer, CLOSE_POLICY, &sentence);
        }
    }

    /// When [`Door::handle_timeout`] has to be called at the latest.
    pub fn next_timeout(&self) -> Option<Instant> {
        // Who is idle while there is room is looked at when somebody comes.
        let idle = self.peers.values().filter(|_| self.is_crowded(0)).filter_map(Peer::idle_until);
        let peers = self.peers.values().filter_map(Peer::deadline).chain(idle);
        let questions = self.questions.values().map(|question| question.until);
        let joining = self.joining.iter().map(|joining| joining.until);
        let waits = self.waits.iter().map(|wait| wait.until);
        let own = self.next_step().into_iter().chain(self.relay.next_timeout());
        peers.chain(questions).chain(joining).chain(waits).chain(own).min()
    }
}

/// A DISPATCH event for the host program.
fn notify(out: &mut impl Sink, peer: u32, name: &str, payload: &[u8]) {
    let mut event = Event::new(EventType::Dispatch, name);
    (event.peer, event.payload) = (peer, payload);
    out.event(event);
}

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
//! - **Order.** A command's reply goes out before the events that it causes.
//!
//! After [`Sink::close`] the peer is forgotten: `handle_gone` need not follow, and is harmless if it does, as are frames
//! that were under way.
//!
//! The one thing to know before changing it: the world decides, the door translates. What would hold at another door too
//! belongs into [`crate::world`].

mod activity;
mod authorization;
mod changes;
mod commands;
mod host;
mod http;
mod objects;
mod peer;
mod subscription;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

pub use http::{HttpRequest, HttpResponse};
pub use objects::user as write_user;

use crate::error::ProtocolError;
use crate::event::{Event, EventType, LogLevel};
use crate::secret::Secret;
use crate::server::form;
use crate::time::Instant;
use crate::value::{Document, Value};
use crate::wire::ipc::{Frame, Opcode};
use crate::wire::json::Object;
use crate::wire::rpc::{CloseCode, ENCODINGS, VERSION};
use crate::world::{Application, ApplicationId, Change, Operation, World};
use authorization::Question;
use peer::{Bucket, Open, Peer, Standing, State, Transport};
use subscription::Index;

/// What the user says to AUTHORIZE.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Consent {
    /// Yes, always.
    #[default]
    Allow,
    /// No, always.
    Deny,
    /// The host is asked, each time (a REQUEST event); [`Limits::consent`] is how long.
    Ask,
}

/// What a door starts from.
#[derive(Clone, Debug)]
pub struct Config {
    /// What AUTHORIZE meets.
    pub consent: Consent,
    /// What lets a WebSocket peer in that sends no Origin (`&launch_token=..`); without one, none is let in.
    pub launch_token: Option<Secret>,
    /// How much, and how long.
    pub limits: Limits,
    /// READY's `cdn_host`.
    pub cdn_host: Box<str>,
    /// READY's `api_endpoint`.
    pub api_endpoint: Box<str>,
    /// READY's `environment`.
    pub environment: Box<str>,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            consent: Consent::default(),
            launch_token: None,
            limits: Limits::default(),
            cdn_host: "cdn.discordapp.com".into(),
            api_endpoint: "//discord.com/api".into(),
            environment: "production".into(),
        }
    }
}

/// How much a peer may ask for, and how long it may take.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Peers at a time, those before their HANDSHAKE not counted.
    pub peers: usize,
    /// Peers before their HANDSHAKE at a time.
    pub greeting: usize,
    /// Bytes of one message.
    pub message_bytes: usize,
    /// Subscriptions of one peer.
    pub subscriptions: usize,
    /// Frames of one peer, in the long run; 0 is no limit.
    pub commands_per_second: u32,
    /// Frames of one peer at once.
    pub commands_burst: u32,
    /// From connecting to HANDSHAKE.
    pub handshake: Duration,
    /// From READY to a WebSocket peer's first good command, while half of the places are taken.
    pub authentication: Duration,
    /// From asking the host to its answer; none is a no.
    pub consent: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            peers: 32,
            greeting: 64,
            message_bytes: 64 * 1024,
            subscriptions: 256,
            commands_per_second: 500,
            commands_burst: 1000,
            handshake: Duration::from_secs(5),
            authentication: Duration::from_secs(10),
            consent: Duration::from_secs(60),
        }
    }
}

/// How a peer came.
#[derive(Clone, Copy, Debug)]
pub enum Via<'a> {
    /// Over the local socket or named pipe.
    Ipc,
    /// Over a WebSocket whose upgrade was accepted (its Host was looked at before: [`host_is_ours`]).
    WebSocket {
        /// What stands behind `?` in the URL, as it came.
        query: &'a str,
        /// The Origin header, as it came.
        origin: Option<&'a str>,
    },
}

/// What the door tells its driver to do.
pub trait Sink {
    /// Sends a frame to a peer, after those sent before.
    fn send(&mut self, peer: u32, opcode: Opcode, payload: &[u8]);
    /// Flushes, says why (over IPC a CLOSE frame with `code` and `message`), and closes.
    fn close(&mut self, peer: u32, code: u16, reason: &str);
    /// Tells the host program. Copied at once.
    fn event(&mut self, event: Event<'_>);
}

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
    asked: u64,
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
            .finish_non_exhaustive()
    }
}

impl Door {
    /// A door without peers.
    pub fn new(config: Config) -> Self {
        Door { config, ..Door::default() }
    }

    /// A peer came. `peer` is the driver's number for it, not 0; never one used before, so that what was under way for an
    /// earlier peer can't reach it.
    pub fn handle_connect(&mut self, now: Instant, peer: u32, via: Via<'_>, world: &mut World, out: &mut impl Sink) {
        let cx = &mut Cx { now, world, out };
        self.forget(cx, peer, 0, "");
        match via {
            Via::Ipc => {
                self.make_room_for_greeting(cx);
                let until = now + self.config.limits.handshake;
                let state = State::Greeting { until };
                self.peers.insert(peer, Peer { transport: Transport::Ipc, bucket: Bucket::default(), state });
            }
            // Judged first: a stranger must not cost anybody the place.
            Via::WebSocket { query, origin } => match self.judge(cx.world, query, origin) {
                Ok(_) if self.is_full(cx) => turn_away(cx.out, peer),
                Ok(client) => {
                    let until = now + self.config.limits.authentication;
                    self.admit(cx, peer, Transport::WebSocket, client, Standing::Idle { until });
                }
                Err((code, why)) => refuse(cx.out, peer, code, why),
            },
        }
    }

    /// How many peers are in.
    fn open_peers(&self) -> usize {
        self.peers.values().filter(|peer| peer.open().is_some()).count()
    }

    /// Whether there is no place for one peer more, after who only sat in one was sent away.
    fn is_full(&mut self, cx: &mut Cx<'_, impl Sink>) -> bool {
        self.make_room(cx, 1);
        self.open_peers() >= self.config.limits.peers
    }

    /// Closes who has waited longest with its HANDSHAKE, when there are too many of those.
    fn make_room_for_greeting(&mut self, cx: &mut Cx<'_, impl Sink>) {
        let greeting = || {
            self.peers.iter().filter_map(|(number, peer)| match peer.state {
                State::Greeting { until } => Some((until, *number)),
                State::Open(_) => None,
            })
        };
        if greeting().count() >= self.config.limits.greeting
            && let Some((_, oldest)) = greeting().min()
        {
            self.close(cx, oldest, CLOSE_POLICY, "others came, and this one had sent no HANDSHAKE yet");
        }
    }

    /// Whether a WebSocket's URL and Origin let it in, and as which application.
    fn judge(
        &self,
        world: &World,
        query: &str,
        origin: Option<&str>,
    ) -> Result<ApplicationId, (CloseCode, &'static str)> {
        let client = form::parameter(query, "client_id").unwrap_or_default();
        let client = client_id(&client).ok_or((CloseCode::InvalidClientId, CLIENT_ID_EXPECTED))?;
        let application = world.application(client);
        let application = application.ok_or((CloseCode::InvalidClientId, CLIENT_ID_UNKNOWN))?;
        if !self.origin_allowed(&application, query, origin) {
            return Err((CloseCode::InvalidOrigin, "the Origin is not registered for this application"));
        }
        if form::parameter(query, "v").as_deref() != Some("1") {
            return Err((CloseCode::InvalidVersion, "v: 1 expected"));
        }
        match form::parameter(query, "encoding") {
            Some(encoding) if !ENCODINGS.contains(&encoding.as_str()) => {
                Err((CloseCode::InvalidEncoding, "encoding: json or etf expected"))
            }
            _ => Ok(client),
        }
    }

    fn origin_allowed(&self, application: &Application, query: &str, origin: Option<&str>) -> bool {
        match (origin, &self.config.launch_token) {
            (Some(origin), _) => application.allows_origin(origin),
            (None, Some(token)) => {
                form::parameter(query, "launch_token").is_some_and(|shown| Secret::new(shown) == *token)
            }
            (None, None) => false,
        }
    }

    /// Lets a peer in: READY, and the host hears of it.
    fn admit(
        &mut self,
        cx: &mut Cx<'_, impl Sink>,
        peer: u32,
        transport: Transport,
        client: ApplicationId,
        standing: Standing,
    ) {
        let user = cx.world.local_user().id;
        let opened = cx.world.apply(cx.now, Operation::OpenSession { user, application: client });
        let Some(Change::SessionOpened(session)) = opened.into_iter().flatten().next() else {
            self.peers.remove(&peer);
            return refuse(cx.out, peer, CloseCode::InvalidClientId, CLIENT_ID_UNKNOWN);
        };
        let state = State::Open(Open { client, session, standing });
        match self.peers.get_mut(&peer) {
            Some(known) => known.state = state,
            None => {
                self.peers.insert(peer, Peer { transport, bucket: Bucket::default(), state });
            }
        }
        let mut frame = std::mem::take(&mut self.frame);
        commands::dispatch(&mut frame, "READY", |out| {
            Object::begin(out)
                .int("v", VERSION.into())
                .with("config", |out| {
                    Object::begin(out)
                        .str("cdn_host", &self.config.cdn_host)
                        .str("api_endpoint", &self.config.api_endpoint)
                        .str("environment", &self.config.environment)
                        .end();
                })
                .with("user", |out| objects::user(out, cx.world.local_user()))
                .end();
        });
        cx.out.send(peer, Opcode::Frame, &frame);
        frame.clear();
        let application = cx.world.application(client);
        Object::begin(&mut frame)
            .str("transport", transport.name())
            .id("client_id", client.get())
            .str("name", application.as_ref().map_or("", |application| &application.name))
            .end();
        notify(cx.out, peer, "PEER_CONNECTED", &frame);
        self.frame = frame;
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
            (Opcode::Frame, State::Open(_)) => self.command(cx, peer, frame.payload),
            (Opcode::Handshake, State::Open(_)) => return Err(ProtocolError::protocol("a second HANDSHAKE")),
            (Opcode::Frame, State::Greeting { .. }) => {
                return Err(ProtocolError::protocol("a command before the HANDSHAKE"));
            }
        }
        Ok(())
    }

    fn handshake(&mut self, cx: &mut Cx<'_, impl Sink>, peer: u32, payload: &[u8]) {
        let mut doc = std::mem::take(&mut self.doc);
        // What does not parse has no members, and is refused for its first one.
        let judged = match doc.parse(payload) {
            Ok(()) => greeting(doc.root()),
            Err(_) => Err((CloseCode::InvalidClientId, "HANDSHAKE: a JSON object with v and client_id expected")),
        };
        self.doc = doc;
        match judged {
            Ok(_) if self.is_full(cx) => {
                self.peers.remove(&peer);
                turn_away(cx.out, peer);
            }
            Ok(client) => self.admit(cx, peer, Transport::Ipc, client, Standing::Anonymous),
            Err((code, why)) => {
                self.peers.remove(&peer);
                refuse(cx.out, peer, code, why);
            }
        }
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
        let Some(open) = gone.open() else { return };
        if let Ok(changes) = cx.world.apply(cx.now, Operation::CloseSession(open.session)) {
            self.fan_out(cx, peer, &changes);
        }
        let mut payload = std::mem::take(&mut self.frame);
        payload.clear();
        Object::begin(&mut payload).id("client_id", open.client.get()).end();
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
                // Of those who are in only a token has a deadline.
                State::Open(_) => (*number, CloseCode::TokenRevoked as u16, "the access token has run out"),
            })
            .collect();
        for (peer, code, reason) in due {
            self.close(cx, peer, code, reason);
        }
        self.make_room(cx, 0);
        self.deny_unanswered(cx);
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
        peers.chain(self.questions.values().map(|question| question.until)).min()
    }
}

const CLIENT_ID_EXPECTED: &str = "client_id: an application's id expected";
const CLIENT_ID_UNKNOWN: &str = "client_id: no application with this id is registered";

/// Digits that fit 64 bits and are not 0.
fn client_id(text: &str) -> Option<ApplicationId> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse::<u64>().ok().filter(|id| digits && *id != 0).map(ApplicationId::from)
}

/// The HANDSHAKE of IPC: `{"v":1,"client_id":".."}`.
fn greeting(root: Value<'_>) -> Result<ApplicationId, (CloseCode, &'static str)> {
    let v = root.member("v");
    if v.as_whole() != Some(VERSION.into()) && v.as_str() != Some("1") {
        return Err((CloseCode::InvalidVersion, "v: 1 expected"));
    }
    let id = root.member("client_id").as_id().filter(|id| *id != 0);
    id.map(ApplicationId::from).ok_or((CloseCode::InvalidClientId, CLIENT_ID_EXPECTED))
}

/// Closes a peer that was never in. It gets Discord's own words where programs know them; why, the host's log says.
fn refuse(out: &mut impl Sink, peer: u32, code: CloseCode, why: &str) {
    let sentence = format!("peer {peer} was not let in ({}): {why}", code as u16);
    let mut event = Event::log(LogLevel::Info, "rpc", &sentence);
    event.peer = peer;
    out.event(event);
    out.close(peer, code as u16, code.exact_words().unwrap_or(why));
}

/// Closes a peer for which there is no place.
fn turn_away(out: &mut impl Sink, peer: u32) {
    out.close(peer, CloseCode::RateLimited as u16, "too many peers are connected");
}

/// A DISPATCH event for the host program.
fn notify(out: &mut impl Sink, peer: u32, name: &str, payload: &[u8]) {
    let mut event = Event::new(EventType::Dispatch, name);
    (event.peer, event.payload) = (peer, payload);
    out.event(event);
}

/// Whether a Host header names this server: a loopback literal with our port. A name, even `localhost`, does not do:
/// names are what DNS rebinding turns. The driver refuses everything else with 403 before an upgrade or a route.
pub fn host_is_ours(host: &str, port: u16) -> bool {
    ["127.0.0.1", "[::1]"].into_iter().any(|literal| {
        host.strip_prefix(literal).and_then(|rest| rest.strip_prefix(':')) == Some(port.to_string().as_str())
    })
}

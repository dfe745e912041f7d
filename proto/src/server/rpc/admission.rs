//! Letting peers in: the URL and the Origin of a WebSocket, the HANDSHAKE of IPC, and READY.

use std::borrow::Cow;

use super::caller::Caller;
use super::peer::{Bucket, Open, Peer, Standing, State, Transport};
use super::{CLOSE_POLICY, Cx, Door, Sink, envelope, notify, objects};
use crate::event::{Event, LogLevel};
use crate::secret::Secret;
use crate::server::form;
use crate::time::Instant;
use crate::value::Value;
use crate::wire::ipc::Opcode;
use crate::wire::json::Object;
use crate::wire::rpc::{CloseCode, ENCODINGS, VERSION};
use crate::world::{Application, ApplicationId, Change, Operation, World};

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

impl Door {
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
                Ok(client) => self.receive(cx, peer, Transport::WebSocket, client),
                Err((code, why)) => refuse(cx.out, peer, code, why),
            },
        }
    }

    /// How many peers are in, or wait for a Discord's READY.
    pub(super) fn open_peers(&self) -> usize {
        self.peers.values().filter(|peer| peer.open().is_some() || peer.waits_for().is_some()).count()
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
                State::Waiting { .. } | State::Open(_) | State::Once { .. } => None,
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
        let application = client_of(world, query).map_err(|why| (CloseCode::InvalidClientId, why))?;
        if !self.origin_allowed(&application, query, origin) {
            return Err((CloseCode::InvalidOrigin, ORIGIN_UNKNOWN));
        }
        if form::parameter(query, "v").as_deref() != Some("1") {
            return Err((CloseCode::InvalidVersion, "v: 1 expected"));
        }
        match form::parameter(query, "encoding") {
            Some(encoding) if !ENCODINGS.contains(&encoding.as_str()) => {
                Err((CloseCode::InvalidEncoding, "encoding: json or etf expected"))
            }
            _ => Ok(application.id),
        }
    }

    /// Whether a request with this Origin, or with none and the launch token in its query, speaks for an application.
    pub(super) fn origin_allowed(&self, application: &Application, query: &str, origin: Option<&str>) -> bool {
        match (origin, &self.config.launch_token) {
            (Some(origin), _) => application.allows_origin(origin),
            (None, Some(token)) => {
                form::parameter(query, "launch_token").is_some_and(|shown| Secret::new(shown) == *token)
            }
            (None, None) => false,
        }
    }

    /// A peer has said as which application it comes, and may.
    fn receive(&mut self, cx: &mut Cx<'_, impl Sink>, peer: u32, transport: Transport, client: ApplicationId) {
        if cx.world.application(client).is_none() {
            self.peers.remove(&peer);
            return refuse(cx.out, peer, CloseCode::InvalidClientId, CLIENT_ID_UNKNOWN);
        }
        if self.relay.serves_guests() {
            return self.admit(cx, peer, transport, client);
        }
        let local = transport == Transport::Ipc;
        let caller = Caller { peer, client, session: None, local, scopes: None };
        self.put(peer, transport, State::Waiting { caller, until: cx.now + self.config.limits.handshake });
        self.wait_for_ready(cx);
    }

    fn put(&mut self, peer: u32, transport: Transport, state: State) {
        match self.peers.get_mut(&peer) {
            Some(known) => known.state = state,
            None => {
                self.peers.insert(peer, Peer { transport, bucket: Bucket::default(), state });
            }
        }
    }

    fn standing(&self, now: Instant, transport: Transport) -> Standing {
        match transport {
            Transport::Ipc | Transport::Http => Standing::Anonymous,
            Transport::WebSocket => Standing::Idle { until: now + self.config.limits.authentication },
        }
    }

    /// Lets a peer into this world.
    pub(super) fn admit(&mut self, cx: &mut Cx<'_, impl Sink>, peer: u32, transport: Transport, client: ApplicationId) {
        let user = cx.world.local_user().id;
        let opened = cx.world.apply(cx.now, Operation::OpenSession { user, application: client }).unwrap_or_default();
        let session = opened.iter().find_map(|change| match change {
            Change::SessionOpened(session) => Some(*session),
            _ => None,
        });
        let Some(session) = session else {
            self.peers.remove(&peer);
            return refuse(cx.out, peer, CloseCode::InvalidClientId, CLIENT_ID_UNKNOWN);
        };
        let local = transport == Transport::Ipc;
        let caller = Caller { peer, client, session: Some(session), local, scopes: None };
        let mut ready = Vec::new();
        Object::begin(&mut ready)
            .int("v", VERSION.into())
            .with("config", |out| {
                Object::begin(out)
                    .str("cdn_host", &self.config.cdn_host)
                    .str("api_endpoint", &self.config.api_endpoint)
                    .str("environment", &self.config.environment)
                    .with("gamebridge", |out| objects::texts(out, std::slice::from_ref(&self.config.instance)))
                    .end();
            })
            .with("user", |out| objects::user(out, cx.world.local_user()))
            .end();
        self.open(cx, peer, transport, caller, &ready);
        self.relay.keep_company(cx.now);
        // Voice settings that its application had set are in force again.
        self.fan_out(cx, peer, &opened);
    }

    /// Opens a peer's connection: READY, and the host hears of it.
    pub(super) fn open(
        &mut self,
        cx: &mut Cx<'_, impl Sink>,
        peer: u32,
        transport: Transport,
        caller: Caller,
        ready: &[u8],
    ) {
        let client = caller.client;
        let standing = self.standing(cx.now, transport);
        self.put(peer, transport, State::Open(Open { caller, standing }));
        let mut frame = std::mem::take(&mut self.frame);
        envelope::dispatch(&mut frame, "READY", |out| out.extend_from_slice(ready));
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

    pub(super) fn handshake(&mut self, cx: &mut Cx<'_, impl Sink>, peer: u32, payload: &[u8]) {
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
            Ok(client) => self.receive(cx, peer, Transport::Ipc, client),
            Err((code, why)) => {
                self.peers.remove(&peer);
                refuse(cx.out, peer, code, why);
            }
        }
    }
}

pub(super) const CLIENT_ID_EXPECTED: &str = "client_id: an application's id expected";
pub(super) const ORIGIN_UNKNOWN: &str = "the Origin is not registered for this application";
const CLIENT_ID_UNKNOWN: &str = "client_id: no application with this id is registered";

/// The application that a query names.
pub(super) fn client_of<'w>(world: &'w World, query: &str) -> Result<Cow<'w, Application>, &'static str> {
    let client = form::parameter(query, "client_id").unwrap_or_default();
    world.application(client_id(&client).ok_or(CLIENT_ID_EXPECTED)?).ok_or(CLIENT_ID_UNKNOWN)
}

/// Digits that fit 64 bits and are not 0.
pub(super) fn client_id(text: &str) -> Option<ApplicationId> {
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
pub(super) fn refuse(out: &mut impl Sink, peer: u32, code: CloseCode, why: &str) {
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

/// Whether a Host header names this server: a loopback literal with our port. A name, even `localhost`, does not do:
/// names are what DNS rebinding turns. The driver refuses everything else with 403 before an upgrade or a route.
pub fn host_is_ours(host: &str, port: u16) -> bool {
    ["127.0.0.1", "[::1]"].into_iter().any(|literal| {
        host.strip_prefix(literal).and_then(|rest| rest.strip_prefix(':')) == Some(port.to_string().as_str())
    })
}

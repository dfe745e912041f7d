//! What a sandbox has besides the RPC door: the Gateway's door, dmod's, and the API on a port of its own, over one world.
//!
//! Peers of both doors have numbers of one row, which the driver counts over all doors, so a peer's frames find the door that
//! it came by. What a call changed in the world comes out of it as [`Changes`] and is shown at every door by the RPC door
//! ([`Beside`](super::beside::Beside)).
//!
//! The one thing to know before changing it: a recording has the calls of this machine and no others, so whatever a driver
//! wants of a door goes through here, and in the same order whenever it is played.

use std::collections::BTreeMap;

use super::beside::Others;
use super::rest::{self, Site};
use super::rpc::{HttpRequest, HttpResponse};
use super::{dmod, gateway};
use crate::command::Command;
use crate::event::Event;
use crate::time::Instant;
use crate::world::{Changes, Entropy, World};

pub use gateway::Sink;

/// What it starts from.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The Gateway's door.
    pub gateway: gateway::Config,
    /// dmod's.
    pub dmod: dmod::Limits,
}

/// By which door a peer comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way<'q> {
    /// The Gateway's, with this query.
    Gateway(&'q str),
    /// dmod's.
    Dmod,
}

/// Where a peer is.
#[derive(Clone, Copy, Debug)]
enum Place {
    Gateway,
    Dmod,
}

/// See the module.
#[derive(Debug)]
pub struct Sandbox {
    gateway: gateway::Door,
    dmod: dmod::Door,
    site: Site,
    /// Those whom the driver has not called gone, the door may have.
    peers: BTreeMap<u32, Place>,
}

/// Whether a command of the host's is for one of these doors.
pub fn takes(name: &str) -> bool {
    gateway::takes(name) || dmod::takes(name)
}

impl Sandbox {
    /// Doors without peers. `entropy` makes the names of sessions, and dmod's tokens.
    pub fn new(config: Config, entropy: impl Entropy + Clone + Send + 'static) -> Sandbox {
        let site = Site { gateway: Some(config.gateway.url.clone()), ..Site::default() };
        Sandbox {
            gateway: gateway::Door::new(config.gateway, entropy.clone()),
            dmod: dmod::Door::new(config.dmod, entropy),
            site,
            peers: BTreeMap::new(),
        }
    }

    /// Whether a peer came by one of these doors, and is not gone.
    pub fn has(&self, peer: u32) -> bool {
        self.peers.contains_key(&peer)
    }

    /// Somebody connected. A number that is taken is nobody new.
    pub fn handle_connect(&mut self, now: Instant, peer: u32, way: Way<'_>, out: &mut impl Sink) {
        if self.has(peer) {
            return;
        }
        let place = match way {
            Way::Gateway(query) => {
                self.gateway.handle_connect(now, peer, query, out);
                Place::Gateway
            }
            Way::Dmod => {
                self.dmod.handle_connect(now, peer, &mut AtDmod(out));
                Place::Dmod
            }
        };
        self.peers.insert(peer, place);
    }

    /// A message of a peer, as JSON. What it changed goes into `changes`, in order.
    pub fn handle_payload(
        &mut self,
        now: Instant,
        peer: u32,
        payload: &[u8],
        world: &mut World,
        changes: &mut Vec<Changes>,
        out: &mut impl Sink,
    ) {
        match self.peers.get(&peer) {
            Some(Place::Gateway) => self.gateway.handle_payload(now, peer, payload, world, changes, out),
            Some(Place::Dmod) => self.dmod.handle_payload(now, peer, payload, world, &mut AtDmod(out)),
            None => {}
        }
    }

    /// A peer left, or its transport broke; `code` is that of its close frame.
    pub fn handle_gone(
        &mut self,
        now: Instant,
        peer: u32,
        code: Option<u16>,
        world: &mut World,
        changes: &mut Vec<Changes>,
        out: &mut impl Sink,
    ) {
        match self.peers.remove(&peer) {
            Some(Place::Gateway) => self.gateway.handle_gone(now, peer, code, world, changes, out),
            Some(Place::Dmod) => self.dmod.handle_gone(peer, code, &mut AtDmod(out)),
            None => {}
        }
    }

    /// A request below `/api/` at the port of its own.
    pub fn handle_request(
        &mut self,
        now: Instant,
        request: HttpRequest<'_>,
        world: &mut World,
        changes: &mut Vec<Changes>,
    ) -> HttpResponse {
        if let Some(refused) = self.gateway.refuses_request() {
            return refused;
        }
        let caller = rest::caller(now, request.authorization, world);
        self.gateway.describe(now, caller.map(|caller| caller.user), &mut self.site);
        rest::answer(now, request, &self.site, world, changes)
    }

    /// A command of the host's ([`takes`]).
    pub fn handle_command(
        &mut self,
        now: Instant,
        command: &Command,
        world: &mut World,
        changes: &mut Vec<Changes>,
        out: &mut impl Sink,
    ) {
        match dmod::takes(&command.name) {
            true => self.dmod.handle_command(now, command, world, &mut AtDmod(out)),
            false => self.gateway.handle_command(now, command, world, changes, out),
        }
    }

    /// Time has come for what [`Sandbox::next_timeout`] said. Calling it early is harmless.
    pub fn handle_timeout(&mut self, now: Instant, world: &mut World, changes: &mut Vec<Changes>, out: &mut impl Sink) {
        self.dmod.handle_timeout(now, &mut AtDmod(out));
        self.gateway.handle_timeout(now, world, changes, out);
    }

    /// When [`Sandbox::handle_timeout`] has to be called at the latest.
    pub fn next_timeout(&self) -> Option<Instant> {
        self.gateway.next_timeout().into_iter().chain(self.dmod.next_timeout()).min()
    }
}

impl<S: Sink> Others<S> for Sandbox {
    fn changed(&mut self, now: Instant, world: &World, changes: &Changes, out: &mut S) {
        self.gateway.handle_changes(now, changes, world, out);
        self.dmod.handle_changes(now, changes, world, &mut AtDmod(out));
    }

    fn reloaded(&mut self, _now: Instant, world: &World, out: &mut S) {
        self.gateway.handle_reload(world, out);
        self.dmod.handle_reload(world, &mut AtDmod(out));
    }
}

/// A Gateway door's sink as dmod's: what goes wrong there on purpose goes wrong here, too.
struct AtDmod<'s, S>(&'s mut S);

impl<S: Sink> dmod::Sink for AtDmod<'_, S> {
    fn send(&mut self, peer: u32, payload: &[u8]) {
        self.0.send(peer, payload);
    }

    fn garbage(&mut self, peer: u32) {
        self.0.fault(peer, gateway::Fault::Garbage);
    }

    fn drop_peer(&mut self, peer: u32) {
        self.0.fault(peer, gateway::Fault::Drop);
    }

    fn close(&mut self, peer: u32, code: u16, reason: &str) {
        self.0.close(peer, code, reason);
    }

    fn event(&mut self, event: Event<'_>) {
        self.0.event(event);
    }
}

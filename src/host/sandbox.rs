//! What a sandbox has besides the RPC door: the Gateway door, dmod's, the API for bots, and a mailbox for each of its peers.
//!
//! All share the house's world. What they change goes through the RPC door as any other door's doing does
//! (`Door::handle_changes`), and comes from there, with all that other doors change, to the Gateway's sessions. A sandbox is
//! not recorded: recordings know the RPC door's calls only.

mod dmod;

pub(super) use dmod::receive as receive_dmod;

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

use gamebridge_proto::event::Event;
use gamebridge_proto::server::gateway::{self, Fault};
use gamebridge_proto::server::rest::{self, Site};
use gamebridge_proto::server::rpc::{HttpRequest, HttpResponse};
use gamebridge_proto::time::Instant;
use gamebridge_proto::world::{Changes, World};
use tokio::sync::Notify;

use super::gateway_peer::{self, Way};
use super::half_open::Place;
use super::house::{House, Rooms, SystemEntropy, Waiting};
use crate::runtime::clock;
use crate::transport::http::{self, SITE};

/// What waits for one peer of the Gateway.
#[derive(Debug, Default)]
pub(super) struct Post {
    pub(super) orders: RefCell<VecDeque<Order>>,
    pub(super) stirred: Notify,
}

/// One thing for a peer's task to do, in order.
#[derive(Debug)]
pub(super) enum Order {
    /// A payload, JSON.
    Send(Box<[u8]>),
    /// Payloads go out compressed from now on.
    Compress,
    /// The end, with a word.
    Close(u16, String),
    /// Something goes wrong with the bytes.
    Fault(Fault),
}

/// See the module.
#[derive(Debug)]
pub(super) struct Sandbox {
    door: gateway::Door,
    site: Site,
    dmod: gamebridge_proto::server::dmod::Door,
    posts: HashMap<u32, Rc<Post>>,
}

impl Sandbox {
    pub(super) fn new(gateway: &str, strict: bool) -> Sandbox {
        let limits = if strict { gateway::Limits::default() } else { gateway::Limits::lenient() };
        let config = gateway::Config { url: gateway.into(), limits };
        let site = Site { gateway: Some(gateway.into()), ..Site::default() };
        let door = gateway::Door::new(config, SystemEntropy);
        Sandbox { door, site, dmod: dmod::door(), posts: HashMap::new() }
    }

    /// The next deadline of its doors.
    pub(super) fn next_timeout(&self) -> Option<Instant> {
        self.door.next_timeout().into_iter().chain(self.dmod.next_timeout()).min()
    }

    /// Shows what happened at another door.
    pub(super) fn changed(&mut self, now: Instant, world: &World, changes: &Changes, events: &mut Vec<Waiting>) {
        self.step(now, events, |door, out| door.handle_changes(now, changes, world, out));
        self.at_dmod(now, events, |door, out| door.handle_changes(now, changes, world, out));
    }

    pub(super) fn reloaded(&mut self, now: Instant, world: &World, events: &mut Vec<Waiting>) {
        self.step(now, events, |door, out| door.handle_reload(world, out));
        self.at_dmod(now, events, |door, out| door.handle_reload(world, out));
    }

    fn step<R>(
        &mut self,
        now: Instant,
        events: &mut Vec<Waiting>,
        step: impl FnOnce(&mut gateway::Door, &mut Effects<'_>) -> R,
    ) -> R {
        step(&mut self.door, &mut Effects { now, posts: &self.posts, events })
    }
}

struct Effects<'h> {
    now: Instant,
    posts: &'h HashMap<u32, Rc<Post>>,
    events: &'h mut Vec<Waiting>,
}

impl Effects<'_> {
    fn order(&mut self, peer: u32, order: Order) {
        if let Some(post) = self.posts.get(&peer) {
            post.orders.borrow_mut().push_back(order);
            post.stirred.notify_one();
        }
    }
}

impl gateway::Sink for Effects<'_> {
    fn send(&mut self, peer: u32, payload: &[u8]) {
        self.order(peer, Order::Send(payload.into()));
    }

    fn compress(&mut self, peer: u32) {
        self.order(peer, Order::Compress);
    }

    fn close(&mut self, peer: u32, code: u16, reason: &str) {
        self.order(peer, Order::Close(code, reason.to_owned()));
    }

    fn fault(&mut self, peer: u32, fault: Fault) {
        self.order(peer, Order::Fault(fault));
    }

    fn event(&mut self, event: Event<'_>) {
        self.events.push(Waiting::of(self.now, event));
    }
}

impl House {
    /// Calls the Gateway's door, then shows what came of it at every door.
    fn with_sandbox<R: Default>(
        &self,
        step: impl FnOnce(&mut gateway::Door, &mut World, Instant, &mut Vec<Changes>, &mut Effects<'_>) -> R,
    ) -> R {
        let now = clock::now();
        let mut changes = Vec::new();
        let result = {
            let Rooms { sandbox, world, events, .. } = &mut *self.rooms.borrow_mut();
            let Some(sandbox) = sandbox else { return R::default() };
            sandbox.step(now, events, |door, out| step(door, world, now, &mut changes, out))
        };
        self.show(now, &changes);
        result
    }

    /// Whoever's doing it was, the RPC door is told, which tells the Gateway's.
    fn show(&self, now: Instant, changes: &[Changes]) {
        self.show_changes(now, changes);
        // Also when nothing changed there may be an earlier deadline than the main task knows of.
        self.settle();
    }

    /// A peer of the Gateway came, with this query.
    pub(super) fn gateway_connect(&self, query: &str) -> (u32, Rc<Post>) {
        let (peer, post) = (self.next_number(), Rc::new(Post::default()));
        if let Some(sandbox) = &mut self.rooms.borrow_mut().sandbox {
            sandbox.posts.insert(peer, post.clone());
        }
        self.with_sandbox(|door, _, now, _, out| door.handle_connect(now, peer, query, out));
        (peer, post)
    }

    pub(super) fn gateway_payload(&self, peer: u32, payload: &[u8]) {
        self.with_sandbox(|door, world, now, changes, out| {
            door.handle_payload(now, peer, payload, world, changes, out);
        });
    }

    pub(super) fn gateway_gone(&self, peer: u32, code: Option<u16>) {
        if let Some(sandbox) = &mut self.rooms.borrow_mut().sandbox {
            sandbox.posts.remove(&peer);
        }
        self.with_sandbox(|door, world, now, changes, out| door.handle_gone(now, peer, code, world, changes, out));
        self.wake();
    }

    /// A deadline of one of its doors.
    pub(super) fn sandbox_timeout(&self) {
        self.dmod_timeout();
        self.with_sandbox(|door, world, now, changes, out| door.handle_timeout(now, world, changes, out));
    }

    /// A command of the host's that one of its doors carries out; the others stay the RPC door's.
    pub(super) fn sandbox_command(&self, command: &gamebridge_proto::command::Command) -> bool {
        if self.dmod_command(command) {
            return true;
        }
        if self.rooms.borrow().sandbox.is_none() || !gateway::takes(&command.name) {
            return false;
        }
        self.with_sandbox(|door, world, now, changes, out| door.handle_command(now, command, world, changes, out));
        true
    }

    /// A request below `/api/` at the sandbox's own port.
    pub(super) fn site(&self, request: HttpRequest<'_>) -> HttpResponse {
        let now = clock::now();
        let mut changes = Vec::new();
        let response = {
            let Rooms { sandbox, world, .. } = &mut *self.rooms.borrow_mut();
            match sandbox {
                Some(sandbox) => match sandbox.door.refuses_request() {
                    Some(refused) => refused,
                    None => {
                        let caller = rest::caller(now, request.authorization, world);
                        sandbox.door.describe(now, caller.map(|caller| caller.user), &mut sandbox.site);
                        rest::answer(now, request, &sandbox.site, world, &mut changes)
                    }
                },
                None => HttpResponse { status: 404, headers: &[], body: Vec::new() },
            }
        };
        self.show(now, &changes);
        response
    }

    /// Closes every peer of the Gateway, and of dmod's.
    pub(super) fn close_gateway(&self, code: u16, reason: &str) {
        if let Some(sandbox) = &self.rooms.borrow().sandbox {
            for post in sandbox.posts.values() {
                post.orders.borrow_mut().push_back(Order::Close(code, reason.to_owned()));
                post.stirred.notify_one();
            }
        }
    }

    /// Whether none of them is left.
    pub(super) fn gateway_is_empty(&self) -> bool {
        self.rooms.borrow().sandbox.as_ref().is_none_or(|sandbox| sandbox.posts.is_empty())
    }
}

/// One TCP connection to a sandbox's own port: a request for the API, or an upgrade to a peer of the Gateway.
pub(super) async fn receive(connection: http::Connection, house: Rc<House>, place: Place) {
    let accepted = connection.serve(SITE, async |request| {
        place.hold(true);
        let response = super::http::answer_site(&house, request).await;
        place.hold(false);
        response
    });
    if let Some(http::Accepted { transport, query, .. }) = accepted.await {
        gateway_peer::serve(house.clone(), Way::Gateway(&query), transport, place).await;
    }
}

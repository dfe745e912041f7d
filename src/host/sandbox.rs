//! A sandbox's further doors at work: a post for each of their peers, and the calls that peers, askers and the host make.
//!
//! The doors themselves, and how they hear of each other, are `proto`'s (`server::sandbox`). They share the house's world and
//! its recording: every call is announced like one of the RPC door's.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

use gamebridge_proto::command::Command;
use gamebridge_proto::event::Event;
use gamebridge_proto::record::Tapped;
use gamebridge_proto::record::door::Input;
use gamebridge_proto::server::gateway::{self, Fault};
use gamebridge_proto::server::rpc::{Door, HttpRequest, HttpResponse};
pub(super) use gamebridge_proto::server::sandbox::Sandbox;
use gamebridge_proto::server::sandbox::{Way, takes};
use gamebridge_proto::time::Instant;
use gamebridge_proto::wire::ipc::{Frame, Opcode};
use gamebridge_proto::world::{Changes, World};
use tokio::sync::Notify;

use super::effects::{Effects, Out, Told, Waiting};
use super::gateway_peer;
use super::half_open::Place;
use super::house::{Call, House};
use crate::record::Tape;
use crate::transport::http::{self, SITE};

/// What waits for one peer of a further door's.
#[derive(Debug, Default)]
pub(super) struct Post {
    pub(super) orders: RefCell<VecDeque<Order>>,
    pub(super) stirred: Notify,
}

/// The peers of the further doors, by number.
pub(super) type Posts = HashMap<u32, Rc<Post>>;

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

impl Post {
    fn order(&self, order: Order) {
        self.orders.borrow_mut().push_back(order);
        self.stirred.notify_one();
    }
}

impl Effects<'_> {
    fn order(&mut self, peer: u32, order: Order) {
        if let Some(post) = self.posts.get(&peer) {
            post.order(order);
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

/// A deadline of one of its doors, if there are any.
pub(super) fn timeout(now: Instant, door: &mut Door, world: &mut World, out: &mut Out<'_, '_, '_>) {
    let mut changes = Vec::new();
    if let Some(sandbox) = &mut out.others {
        sandbox.handle_timeout(now, world, &mut changes, out.out);
    }
    out.show(now, &changes, door, world);
}

impl House {
    /// Calls the further doors, then shows what came of it at every door.
    fn with_sandbox<R: Told>(
        &self,
        call: Call,
        otherwise: R,
        step: impl FnOnce(&mut Sandbox, &mut World, Instant, &mut Vec<Changes>, &mut Tapped<'_, Effects<'_>, Tape>) -> R,
    ) -> R {
        self.with_door(call, |door, world, now, out| {
            let Some(sandbox) = &mut out.others else { return otherwise };
            let mut changes = Vec::new();
            let result = step(sandbox, world, now, &mut changes, out.out);
            out.show(now, &changes, door, world);
            result
        })
    }

    /// A peer of one of the further doors came.
    pub(super) fn enter(&self, way: Way<'_>) -> (u32, Rc<Post>) {
        let (peer, post) = (self.next_number(), Rc::new(Post::default()));
        self.rooms.borrow_mut().posts.insert(peer, post.clone());
        self.with_sandbox(self.about(Input::Enter { peer, way }), (), |sandbox, _, now, _, out| {
            sandbox.handle_connect(now, peer, way, out);
        });
        (peer, post)
    }

    pub(super) fn payload(&self, peer: u32, payload: &[u8]) {
        let frame = Frame { opcode: Opcode::Frame, payload };
        self.with_sandbox(self.about(Input::Frame { peer, frame }), (), |sandbox, world, now, changes, out| {
            sandbox.handle_payload(now, peer, payload, world, changes, out);
        });
    }

    pub(super) fn left(&self, peer: u32, code: Option<u16>) {
        self.rooms.borrow_mut().posts.remove(&peer);
        self.with_sandbox(self.about(Input::Gone { peer, code }), (), |sandbox, world, now, changes, out| {
            sandbox.handle_gone(now, peer, code, world, changes, out);
        });
        // Who waits for all to be gone looks.
        self.wake();
    }

    /// A command of the host's that one of the further doors carries out; the others stay the RPC door's.
    pub(super) fn sandbox_command(&self, command: &Command) -> bool {
        if self.rooms.borrow().sandbox.is_none() || !takes(&command.name) {
            return false;
        }
        self.with_sandbox(self.about(Input::Command(command)), (), |sandbox, world, now, changes, out| {
            sandbox.handle_command(now, command, world, changes, out);
        });
        true
    }

    /// A request below `/api/` at the sandbox's own port.
    pub(super) fn site(&self, request: HttpRequest<'_>) -> HttpResponse {
        let nobody = HttpResponse { status: 404, headers: &[], body: Vec::new() };
        self.with_sandbox(self.about(Input::Site(request)), nobody, |sandbox, world, now, changes, _| {
            sandbox.handle_request(now, request, world, changes)
        })
    }

    /// Closes every peer of the further doors.
    pub(super) fn close_sandbox(&self, code: u16, reason: &str) {
        for post in self.rooms.borrow().posts.values() {
            post.order(Order::Close(code, reason.to_owned()));
        }
    }

    /// Whether none of them is left.
    pub(super) fn sandbox_is_empty(&self) -> bool {
        self.rooms.borrow().posts.is_empty()
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

/// The same to dmod's port: an upgrade to a peer, and no routes.
pub(super) async fn receive_dmod(connection: http::Connection, house: Rc<House>, place: Place) {
    let accepted = connection.serve(&[], async |_| http::Response::of(404, &[], Vec::new()));
    if let Some(http::Accepted { transport, .. }) = accepted.await {
        gateway_peer::serve(house.clone(), Way::Dmod, transport, place).await;
    }
}

//! dmod's door in a sandbox: its peers have mailboxes as the Gateway's have, and it only looks at the world.

use std::rc::Rc;

use gamebridge_proto::command::Command;
use gamebridge_proto::event::Event;
use gamebridge_proto::server::dmod::{Door, Limits, Sink, takes};
use gamebridge_proto::server::gateway::Fault;
use gamebridge_proto::time::Instant;
use gamebridge_proto::world::World;

use super::{Effects, Order, Post, Sandbox, Waiting};
use crate::host::gateway_peer::{self, Way};
use crate::host::half_open::Place;
use crate::host::house::{House, Rooms, SystemEntropy};
use crate::runtime::clock;
use crate::transport::http;

/// A door that knows nobody.
pub(super) fn door() -> Door {
    Door::new(Limits::default(), SystemEntropy)
}

/// The effects of the Gateway's door, as this door's sink.
pub(super) struct Out<'o, 'h>(&'o mut Effects<'h>);

impl Sink for Out<'_, '_> {
    fn send(&mut self, peer: u32, payload: &[u8]) {
        self.0.order(peer, Order::Send(payload.into()));
    }

    fn garbage(&mut self, peer: u32) {
        self.0.order(peer, Order::Fault(Fault::Garbage));
    }

    fn drop_peer(&mut self, peer: u32) {
        self.0.order(peer, Order::Fault(Fault::Drop));
    }

    fn close(&mut self, peer: u32, code: u16, reason: &str) {
        self.0.order(peer, Order::Close(code, reason.to_owned()));
    }

    fn event(&mut self, event: Event<'_>) {
        self.0.events.push(Waiting::of(self.0.now, event));
    }
}

impl Sandbox {
    pub(super) fn at_dmod<R>(
        &mut self,
        now: Instant,
        events: &mut Vec<Waiting>,
        step: impl FnOnce(&mut Door, &mut Out<'_, '_>) -> R,
    ) -> R {
        let effects = &mut Effects { now, posts: &self.posts, events };
        step(&mut self.dmod, &mut Out(effects))
    }
}

impl House {
    fn with_dmod(&self, step: impl FnOnce(&mut Door, &World, Instant, &mut Out<'_, '_>)) {
        let now = clock::now();
        if let Rooms { sandbox: Some(sandbox), world, events, .. } = &mut *self.rooms.borrow_mut() {
            sandbox.at_dmod(now, events, |door, out| step(door, world, now, out));
        }
        self.settle();
    }

    /// A peer of dmod's came.
    pub(in crate::host) fn dmod_connect(&self) -> (u32, Rc<Post>) {
        let (peer, post) = (self.next_number(), Rc::new(Post::default()));
        if let Some(sandbox) = &mut self.rooms.borrow_mut().sandbox {
            sandbox.posts.insert(peer, post.clone());
        }
        self.with_dmod(|door, _, now, out| door.handle_connect(now, peer, out));
        (peer, post)
    }

    pub(in crate::host) fn dmod_payload(&self, peer: u32, payload: &[u8]) {
        self.with_dmod(|door, world, now, out| door.handle_payload(now, peer, payload, world, out));
    }

    pub(in crate::host) fn dmod_gone(&self, peer: u32, code: Option<u16>) {
        if let Some(sandbox) = &mut self.rooms.borrow_mut().sandbox {
            sandbox.posts.remove(&peer);
        }
        self.with_dmod(|door, _, _, out| door.handle_gone(peer, code, out));
        // Who waits for all to be gone looks.
        self.wake();
    }

    pub(super) fn dmod_timeout(&self) {
        self.with_dmod(|door, _, now, out| door.handle_timeout(now, out));
    }

    /// A command of the host's that dmod's door carries out; the others stay the other doors'.
    pub(super) fn dmod_command(&self, command: &Command) -> bool {
        if self.rooms.borrow().sandbox.is_none() || !takes(&command.name) {
            return false;
        }
        self.with_dmod(|door, world, now, out| door.handle_command(now, command, world, out));
        true
    }
}

/// One TCP connection to the port: an upgrade to a peer, and no routes.
pub(in crate::host) async fn receive(connection: http::Connection, house: Rc<House>, place: Place) {
    let accepted = connection.serve(&[], async |_| http::Response::of(404, &[], Vec::new()));
    if let Some(http::Accepted { transport, .. }) = accepted.await {
        gateway_peer::serve(house.clone(), Way::Dmod, transport, place).await;
    }
}

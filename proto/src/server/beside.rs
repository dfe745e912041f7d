//! Doors beside each other: the RPC door's sink, where other doors show the same world.
//!
//! Every change of the world goes through the RPC door, whoever made it, and the door says so to its sink
//! ([`rpc::Sink::changed`]). With a [`Beside`] for a sink the other doors hear it at that moment, and what they say comes out
//! where the RPC door's own words come out. Without others it is the sink alone.

use crate::event::Event;
use crate::server::rpc::{self, Door, Errand};
use crate::time::Instant;
use crate::wire::ipc::Opcode;
use crate::world::{Changes, World};

/// The other doors over an RPC door's world.
pub trait Others<S> {
    /// Something happened at whatever door, their own included.
    fn changed(&mut self, now: Instant, world: &World, changes: &Changes, out: &mut S);
    /// Another world took the place of the one there was.
    fn reloaded(&mut self, now: Instant, world: &World, out: &mut S);
}

/// See the module.
#[derive(Debug)]
pub struct Beside<'a, S, O> {
    /// Where all of them say what they have to say.
    pub out: &'a mut S,
    /// The others, where there are any.
    pub others: Option<&'a mut O>,
}

impl<S: rpc::Sink, O: Others<S>> Beside<'_, S, O> {
    /// Shows at every door what came of a call of one of the others.
    pub fn show(&mut self, now: Instant, changes: &[Changes], door: &mut Door, world: &mut World) {
        for changes in changes {
            door.handle_changes(now, changes, world, self);
        }
    }
}

impl<S: rpc::Sink, O: Others<S>> rpc::Sink for Beside<'_, S, O> {
    fn send(&mut self, peer: u32, opcode: Opcode, payload: &[u8]) {
        self.out.send(peer, opcode, payload);
    }

    fn close(&mut self, peer: u32, code: u16, reason: &str) {
        self.out.close(peer, code, reason);
    }

    fn event(&mut self, event: Event<'_>) {
        self.out.event(event);
    }

    fn errand(&mut self, errand: Errand) {
        self.out.errand(errand);
    }

    fn changed(&mut self, now: Instant, world: &World, changes: &Changes) {
        if let Some(others) = &mut self.others {
            others.changed(now, world, changes, self.out);
        }
    }

    fn reloaded(&mut self, now: Instant, world: &World) {
        if let Some(others) = &mut self.others {
            others.reloaded(now, world, self.out);
        }
    }
}

//! What the lean build has in place of `sandbox`: there is none, and none can be made.

use std::rc::Rc;

use gamebridge_proto::command::Command;
use gamebridge_proto::server::beside::Others;
use gamebridge_proto::server::rpc::Door;
use gamebridge_proto::server::sandbox::Config;
use gamebridge_proto::time::Instant;
use gamebridge_proto::world::{Changes, World};

use super::effects::Out;
use super::half_open::Place;
use super::house::House;
use crate::transport::http;

#[derive(Debug)]
pub(super) enum Sandbox {}

/// There is nobody to have one.
pub(super) type Posts = ();

impl Sandbox {
    pub(super) fn new<E>(_config: Config, _entropy: E) -> Sandbox {
        unreachable!("the service is refused")
    }

    pub(super) fn next_timeout(&self) -> Option<Instant> {
        match *self {}
    }
}

impl<S> Others<S> for Sandbox {
    fn changed(&mut self, _now: Instant, _world: &World, _changes: &Changes, _out: &mut S) {
        match *self {}
    }

    fn reloaded(&mut self, _now: Instant, _world: &World, _out: &mut S) {
        match *self {}
    }
}

pub(super) fn timeout(_now: Instant, _door: &mut Door, _world: &mut World, _out: &mut Out<'_, '_, '_>) {}

impl House {
    pub(super) fn sandbox_command(&self, _command: &Command) -> bool {
        false
    }

    pub(super) fn close_sandbox(&self, _code: u16, _reason: &str) {}

    pub(super) fn sandbox_is_empty(&self) -> bool {
        true
    }
}

pub(super) async fn receive(_connection: http::Connection, _house: Rc<House>, _place: Place) {}

pub(super) async fn receive_dmod(_connection: http::Connection, _house: Rc<House>, _place: Place) {}

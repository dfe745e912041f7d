//! What the lean build has in place of `sandbox`: there is none, and none can be made.

use std::rc::Rc;

use gamebridge_proto::command::Command;
use gamebridge_proto::time::Instant;
use gamebridge_proto::world::{Changes, World};

use super::half_open::Place;
use super::house::{House, Waiting};
use crate::transport::http;

#[derive(Debug)]
pub(super) enum Sandbox {}

impl Sandbox {
    pub(super) fn new(_gateway: &str, _strict: bool) -> Sandbox {
        unreachable!("the service is refused")
    }

    pub(super) fn next_timeout(&self) -> Option<Instant> {
        match *self {}
    }

    pub(super) fn changed(&mut self, _now: Instant, _world: &World, _changes: &Changes, _events: &mut Vec<Waiting>) {
        match *self {}
    }

    pub(super) fn reloaded(&mut self, _now: Instant, _world: &World, _events: &mut Vec<Waiting>) {
        match *self {}
    }
}

impl House {
    pub(super) fn sandbox_timeout(&self) {}

    pub(super) fn sandbox_command(&self, _command: &Command) -> bool {
        false
    }

    pub(super) fn close_gateway(&self, _code: u16, _reason: &str) {}

    pub(super) fn gateway_is_empty(&self) -> bool {
        true
    }
}

pub(super) async fn receive(_connection: http::Connection, _house: Rc<House>, _place: Place) {}

pub(super) async fn receive_dmod(_connection: http::Connection, _house: Rc<House>, _place: Place) {}

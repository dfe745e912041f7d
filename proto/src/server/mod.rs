//! Doors: machines that show the world to peers, one protocol each.
//!
//! A door translates. It keeps what belongs to a connection (handshake, subscriptions, limits) and asks the world for
//! all else; rules that would hold at another door too are not its own.

pub mod beside;
pub mod dmod;
pub mod form;
pub mod gateway;
pub mod host;
mod objects;
pub mod rest;
pub mod rpc;
pub mod sandbox;

//! Our server among strangers: what is done to it over real sockets, and what the game that hosts it feels of that.
//!
//! A module for each way in, and one that holds docs/security.md against the tests. In every test the same three things are
//! shown: the offender loses its connection at most, a peer beside it is served, and the server goes on. Nothing of the
//! library's own framing is used on the other end, so that both cannot be wrong together.
#![cfg(all(feature = "capi", unix))]

#[allow(dead_code, unused_imports, reason = "half of what the other tests need is enough here")]
#[path = "../semantics/harness/mod.rs"]
mod harness;

mod crowd;
mod frames;
mod law;
mod load;
mod requests;
mod secrets;
mod street;
mod web;

//! The law of the library (docs/semantics.md), sentence by sentence, through the C functions.
//!
//! A module for each heading of the page, a test for each sentence. Peers are our own server, or scripted ones that speak
//! the wire without our codecs and misbehave on cue. Nothing here sleeps to wait for something: a test waits for the event
//! itself, or for a PONG that proves that all before it was handled.
#![cfg(all(feature = "capi", feature = "gateway", unix))]

mod accounts;
mod end;
mod errors;
mod events;
mod harness;
mod hostile;
mod law;
mod life;
mod log;
mod presence;
mod queue;
mod replies;
mod sending;
mod server;
mod threads;
mod versions;
mod waking;

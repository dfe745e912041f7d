//! Hostile bytes for every decoder, and for a server as a peer may send them.
//!
//! A *target* is a plain function that takes any bytes and panics when a promise is broken: a decoder that panics itself,
//! a length that is believed, two readers that disagree. Two drivers feed them: the runner of this crate ([`run`]), on
//! stable Rust and deterministic for its seed, and libFuzzer (see the README), which is guided by coverage.

pub mod corpus;
pub mod mutate;
pub mod run;
pub mod scene;
mod targets;

pub use targets::{
    DMOD_TOKEN, GATEWAY_TOKEN, cache, dmod, dmod_peer, envelope, etf, framing, gateway_client, gateway_peer, inflate,
    ipc_peer, messages, pointer, recording, redaction, scenario, snapshot_file, tape, websocket_peer,
};

/// A target by its name, with what to begin from.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// As the command line says it.
    pub name: &'static str,
    /// What panics when a promise is broken.
    pub run: fn(&[u8]),
    /// Inputs to begin from.
    pub corpus: fn() -> Vec<Vec<u8>>,
}

/// Every target.
pub const TARGETS: [Target; 18] = [
    Target { name: "framing", run: framing, corpus: corpus::framing },
    Target { name: "envelope", run: envelope, corpus: corpus::envelope },
    Target { name: "etf", run: etf, corpus: corpus::etf },
    Target { name: "tape", run: tape, corpus: corpus::json },
    Target { name: "pointer", run: pointer, corpus: corpus::pointer },
    Target { name: "messages", run: messages, corpus: corpus::messages },
    Target { name: "ipc_peer", run: ipc_peer, corpus: corpus::ipc_peer },
    Target { name: "websocket_peer", run: websocket_peer, corpus: corpus::websocket_peer },
    Target { name: "gateway_peer", run: gateway_peer, corpus: corpus::gateway_peer },
    Target { name: "dmod", run: dmod, corpus: corpus::dmod },
    Target { name: "dmod_peer", run: dmod_peer, corpus: corpus::dmod_peer },
    Target { name: "gateway_client", run: gateway_client, corpus: corpus::gateway_client },
    Target { name: "inflate", run: inflate, corpus: corpus::inflate },
    Target { name: "cache", run: cache, corpus: corpus::cache },
    Target { name: "recording", run: recording, corpus: corpus::recording },
    Target { name: "redaction", run: redaction, corpus: corpus::redaction },
    Target { name: "scenario", run: scenario, corpus: corpus::scenario },
    Target { name: "snapshot", run: snapshot_file, corpus: corpus::snapshot },
];

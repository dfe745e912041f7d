//! Talks to Discord from a game: local RPC, GameBridge, the Gateway.

pub mod transport;

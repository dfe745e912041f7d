//! Client machines: what a program's side of each protocol does, without a socket.

pub mod gateway;
pub mod rpc;

//! Client machines: what to send, what to deliver and when to wake, from frames, commands and the time. They own no
//! sockets and no payloads.

pub mod rpc;

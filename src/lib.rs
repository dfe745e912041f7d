//! gamebridge: Discord for games, from C and from Rust.
//!
//! Three verbs: connect, send a command, poll an event. [`client::Client`] is the safe API; `ffi` is the same for C, and the
//! header `include/gamebridge.h` its manual. Protocols live in [`gamebridge_proto`] as machines without I/O; this crate is
//! everything that touches the outside.
//!
//! ```text
//! ffi, bindings/python -> client -> { session, host }      host -> { session, proto::server, proto::world }
//! session, host -> { transport, queue, proto::protocol }   everything -> proto::{wire, value, event, error}
//! ffi, bindings/discord-rpc, bindings/python -> launch     launch knows nothing of connections
//! ```

pub mod client;
#[cfg(feature = "capi")]
pub mod ffi;
mod files;
mod host;
pub mod launch;
pub mod queue;
mod record;
pub mod runtime;
pub mod session;
pub mod transport;

pub use gamebridge_proto as proto;

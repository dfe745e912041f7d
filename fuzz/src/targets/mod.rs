//! What is promised of each decoder.

mod cache;
mod client;
mod dmod;
mod envelope;
mod etf;
mod framing;
mod gateway;
mod inflate;
mod messages;
mod peer;
mod pointer;
mod record;
mod tape;
mod world;

pub use cache::cache;
pub use client::gateway_client;
pub use dmod::{TOKEN as DMOD_TOKEN, dmod, dmod_peer};
pub use envelope::envelope;
pub use etf::etf;
pub use framing::framing;
pub use gateway::{TOKEN as GATEWAY_TOKEN, gateway_peer};
pub use inflate::inflate;
pub use messages::messages;
pub use peer::{ipc_peer, websocket_peer};
pub use pointer::pointer;
pub use record::{recording, redaction};
pub use tape::tape;
pub(crate) use world::filled;
pub use world::{scenario, snapshot_file};

//! The queue between the I/O thread and the thread that polls.
//!
//! Each connection has two lanes: a *reliable* one (replies, lifecycle, requests to the host), which is never dropped, and a
//! *lossy* one (dispatches, audio, logs) with a byte cap, whose oldest chunk is dropped when nobody polls. Events are copied
//! once, into chunks that are recycled. The [`Writer`] of a connection belongs to the I/O thread, the one [`Reader`] of a
//! client to whoever polls.
//!
//! The one thing to know before changing it: every event carries a client-wide *order* number, and the writer publishes by
//! storing the last one written in [`Shared::horizon`]. The reader delivers, lowest number first over all lanes, what is
//! not beyond the horizon it has loaded. So the lanes merge in the order in which things happened, an empty poll is one
//! load and one comparison, and neither side ever waits for the other: there is no lock here.
//!
//! This module knows atomics and memory and nothing else, so that it runs unchanged under loom (`tests/loom`).

mod census;
mod chunk;
mod gauge;
mod lane;
mod lossy;
mod peers;
mod pool;
mod reader;
mod record;
mod reliable;
pub mod signal;
pub(crate) mod sync;
#[cfg(all(test, not(gamebridge_loom)))]
mod tests;
mod writer;

pub use gauge::Depth;
pub use peers::Waiting;
pub use reader::{Lanes, Polled, Reader};
pub use record::{Fields, View};
pub use reliable::Unread;
pub use writer::{LaneConfig, Writer, channel};

use self::sync::{AtomicU64, Ordering};

/// What the two sides of a client's queue share.
#[derive(Debug)]
pub struct Shared {
    /// The order number of the last published event. Written by the I/O thread alone.
    horizon: AtomicU64,
    /// The order number given out last. Written by the I/O thread alone.
    orders: AtomicU64,
    /// Chunks that were read and may be used again.
    pool: pool::Pool,
}

impl Shared {
    /// The start of a queue: nothing published.
    pub fn new() -> Self {
        Shared { horizon: AtomicU64::new(0), orders: AtomicU64::new(0), pool: pool::Pool::new() }
    }

    /// The chunks of this queue, counted.
    #[cfg(any(test, gamebridge_loom))]
    pub(crate) fn census(&self) -> census::Census {
        self.pool.census.clone()
    }

    /// The order number of the last published event; a reader that has seen it has seen all.
    pub fn horizon(&self) -> u64 {
        self.horizon.load(Ordering::Acquire)
    }
}

impl Default for Shared {
    fn default() -> Self {
        Shared::new()
    }
}

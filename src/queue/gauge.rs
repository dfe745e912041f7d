//! How far the reader of a lossy lane is behind, for who asks.
//!
//! Nothing is decided by these numbers, and each may be a moment older than another. So they are the standard library's
//! atomics, and no part of the model in `tests/loom`.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What the reader says of itself.
#[derive(Debug, Default)]
pub(super) struct Gauge {
    /// Events read, and events found dropped.
    gone: AtomicU64,
    /// Of those the dropped ones.
    missed: AtomicU64,
    /// When the last event that was read had arrived.
    read_at: AtomicU64,
}

impl Gauge {
    pub(super) fn note_read(&self, gone: u64, time_ns: u64) {
        self.gone.store(gone, Relaxed);
        self.read_at.store(time_ns, Relaxed);
    }

    /// The reader alone writes, so a load and a store do.
    pub(super) fn note_gap(&self, gone: u64, missed: u64) {
        self.gone.store(gone, Relaxed);
        self.missed.store(self.missed.load(Relaxed) + missed, Relaxed);
    }

    pub(super) fn gone(&self) -> u64 {
        self.gone.load(Relaxed)
    }

    pub(super) fn missed(&self) -> u64 {
        self.missed.load(Relaxed)
    }

    pub(super) fn read_at(&self) -> u64 {
        self.read_at.load(Relaxed)
    }
}

/// What of a lossy lane nobody has taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Depth {
    /// Events that wait.
    pub events: u64,
    /// Bytes of memory that they hold, in whole chunks, without the chunk that is being read.
    pub bytes: u64,
    /// The cap of those bytes.
    pub most_bytes: u64,
    /// How long ago the oldest of them arrived at most, in nanoseconds; 0 when nothing waits.
    pub lag_ns: u64,
    /// Events that were dropped since the connection began.
    pub dropped: u64,
}

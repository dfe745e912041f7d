//! The I/O thread's end of one connection's two lanes.

use gamebridge_proto::event::{Event, EventType};

use super::Shared;
use super::gauge::Depth;
use super::lossy::{self, LossyWriter, Resume};
use super::peers::Waiting;
use super::reader::Lanes;
use super::record;
use super::reliable::{self, ReliableWriter, Unread};
use super::sync::{Arc, Ordering};

/// The largest record: 1 GiB.
const MAX_RECORD: usize = 1 << 30;

/// What a connection's lanes are made with.
pub struct LaneConfig {
    /// The connection's id: it stands in each of its events.
    pub conn: u32,
    /// Byte cap of the lossy lane; at least 512 KiB.
    pub lossy_bytes: usize,
    /// Bytes of the reliable lane that may be unread before the writer [`Writer::is_full`].
    pub reliable_bytes: usize,
    /// Called by the reader when a writer that paused may go on.
    pub resume: Resume,
}

/// The two lanes of a new connection: the writer for the I/O thread, the other end for the client's reader.
pub fn channel(shared: &Arc<Shared>, config: LaneConfig) -> (Writer, Lanes) {
    let (reliable, reliable_reader) = reliable::lane(config.reliable_bytes, config.resume.clone());
    let (lossy, lossy_reader) = lossy::lane(config.lossy_bytes, config.resume);
    let writer = Writer { shared: shared.clone(), conn: config.conn, reliable, lossy, last: 0 };
    (writer, Lanes { conn: config.conn, reliable: reliable_reader, lossy: lossy_reader, over: None })
}

/// Appends events and publishes them. All writers of a client live on one thread.
#[derive(Debug)]
pub struct Writer {
    shared: Arc<Shared>,
    conn: u32,
    reliable: ReliableWriter,
    lossy: LossyWriter,
    /// The order number of the last event appended.
    last: u64,
}

impl Writer {
    /// Copies an event into its lane. It can be polled after [`Writer::publish`].
    pub fn push(&mut self, time_ns: u64, event: &Event<'_>) {
        // One thread writes these, so a load and a store do.
        self.last = self.shared.orders.load(Ordering::Relaxed) + 1;
        self.shared.orders.store(self.last, Ordering::Relaxed);
        let mut event = *event;
        let mut size = record::size_of_event(&event);
        if size > MAX_RECORD {
            // Lengths are 32 bits wide. No limit of ours lets this through; if one ever does, the event comes without it.
            (event.payload, event.bytes) = (&[], &[]);
            size = record::size_of_event(&event);
        }
        let event = &event;
        let reliable = event.kind.is_reliable();
        let at = if reliable { self.reliable.room(&self.shared, size) } else { self.lossy.room(&self.shared, size) };
        // SAFETY: `room` gave `size` bytes; chunks and records are aligned.
        unsafe { record::write(at, self.last, time_ns, self.conn, event) };
        if reliable {
            self.reliable.commit(size);
        } else {
            let peer = (event.kind == EventType::Dispatch).then_some(event.peer);
            self.lossy.commit(size, time_ns, peer);
        }
    }

    /// Lets the reader see what was pushed. True when there was something new: then wake it.
    pub fn publish(&mut self) -> bool {
        let horizon = self.shared.horizon.load(Ordering::Relaxed);
        self.lossy.note_published();
        if self.last > horizon {
            self.shared.horizon.store(self.last, Ordering::Release);
        }
        std::mem::take(&mut self.last) > horizon
    }

    /// How much of the reliable lane nobody has polled.
    pub fn unread(&self) -> Unread {
        self.reliable.unread()
    }

    /// How far the reader of the lossy lane is behind.
    pub fn depth(&mut self, now_ns: u64) -> Depth {
        self.lossy.depth(now_ns)
    }

    /// For a connection whose peers are asked for one by one: see [`Writer::waiting_of`].
    pub fn tell_peers_apart(&mut self) {
        self.lossy.tell_peers_apart();
    }

    /// How far the reader is behind with the dispatches of a peer that came after [`Writer::tell_peers_apart`].
    pub fn waiting_of(&mut self, peer: u32, now_ns: u64) -> Waiting {
        self.lossy.waiting_of(peer, now_ns)
    }

    /// Whether a writer that can stop should: too much of the reliable lane is unread, or, after [`Writer::hold`], the lossy
    /// one is at its cap.
    pub fn is_full(&mut self) -> bool {
        self.reliable.is_full() || self.lossy.holds() && self.lossy.is_full()
    }

    /// For a writer that stops while it [`Writer::is_full`]: nothing of the lossy lane is dropped from now on, and one event
    /// may go over the cap. (A writer that does not stop meets the end of the ring, two chunks further on, and drops there.)
    pub fn hold(&mut self) {
        self.lossy.hold();
    }

    /// Asks for `resume` once there is room again. False when there is room already. Who is resumed looks again: it may be
    /// one lane of two.
    pub fn pause(&mut self) -> bool {
        let lossy = self.lossy.holds() && self.lossy.pause();
        self.reliable.pause() || lossy
    }
}

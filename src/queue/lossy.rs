//! The lane with a byte cap: a ring of chunks, whose oldest one that nobody has taken is dropped for a new one.
//!
//! A slot's chunk belongs to the ring. The reader takes it by swapping the slot empty, the writer drops it the same way, so
//! exactly one of them gets it. A chunk knows its number and how many events came before it; the reader finds a gap by
//! comparing that with what it has counted, so the two need not agree on anything else.

use std::collections::VecDeque;
use std::ptr::NonNull;

use super::Shared;
use super::chunk::Chunk;
use super::gauge::{Depth, Gauge};
use super::lane::{CHUNK_BYTES, Cursor, Here};
use super::peers::{Peers, Waiting};
use super::pool::Pool;
use super::sync::{Arc, AtomicBool, AtomicPtr, AtomicU64, Ordering};

/// What the reader calls when a paused writer may go on.
pub(super) type Resume = std::sync::Arc<dyn Fn() + Send + Sync>;

struct Ring {
    slots: Box<[AtomicPtr<Chunk>]>,
    /// Chunks put into the ring so far.
    published: AtomicU64,
    /// The oldest number that was not dropped.
    first: AtomicU64,
    /// The number that the reader wants next.
    wanted: AtomicU64,
    /// The writer waits for the reader to take a chunk.
    paused: AtomicBool,
    resume: Resume,
    /// How far the reader is.
    gauge: Gauge,
    /// Chunks that the reader held when it went.
    orphans: Pool,
}

impl std::fmt::Debug for Ring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ring").field("slots", &self.slots.len()).finish_non_exhaustive()
    }
}

// SAFETY: the chunks belong to the ring; ownership passes by atomic operations.
unsafe impl Send for Ring {}
// SAFETY: as above.
unsafe impl Sync for Ring {}

impl Ring {
    fn slot(&self, number: u64) -> &AtomicPtr<Chunk> {
        &self.slots[(number % self.slots.len() as u64) as usize]
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        for slot in &self.slots {
            if let Some(chunk) = NonNull::new(slot.swap(std::ptr::null_mut(), Ordering::Acquire)) {
                // SAFETY: both sides are gone, so what the ring holds is its own.
                unsafe { Chunk::free(chunk) };
            }
        }
    }
}

#[derive(Debug)]
pub(super) struct LossyWriter {
    ring: Arc<Ring>,
    current: Option<NonNull<Chunk>>,
    events: u64,
    /// The number of the next chunk.
    next: u64,
    /// The oldest chunk that may still be in the ring, and from there on the sizes, with how many events came before each.
    oldest: u64,
    sizes: VecDeque<(usize, u64)>,
    bytes: usize,
    cap: usize,
    /// Events that were dropped.
    dropped: u64,
    /// Events up to the last publication, when the first behind it arrived, and since when something waits for the reader.
    published: u64,
    first_new_ns: u64,
    waits_since_ns: u64,
    /// The cap is for [`LossyWriter::is_full`] alone: nothing is dropped for its sake.
    holds: bool,
    /// Whose the events are, where somebody wants to know.
    peers: Option<Peers>,
}

// SAFETY: the current chunk is shared with the reader as `Chunk` describes; the writer may move between threads.
unsafe impl Send for LossyWriter {}

#[derive(Debug)]
pub(super) struct LossyReader {
    ring: Arc<Ring>,
    pub(super) cursor: Cursor,
    next: u64,
    /// Chunks that came out of a slot before their turn, because the writer had lapped it.
    early: Vec<NonNull<Chunk>>,
}

// SAFETY: as for the writer.
unsafe impl Send for LossyReader {}

/// A lane that holds at most about `cap` bytes (at least two chunks).
pub(super) fn lane(cap: usize, resume: Resume) -> (LossyWriter, LossyReader) {
    let cap = cap.max(2 * CHUNK_BYTES);
    let slots = (0..cap / CHUNK_BYTES + 2).map(|_| AtomicPtr::new(std::ptr::null_mut())).collect();
    let ring = Arc::new(Ring {
        slots,
        published: AtomicU64::new(0),
        first: AtomicU64::new(0),
        wanted: AtomicU64::new(0),
        paused: AtomicBool::new(false),
        resume,
        gauge: Gauge::default(),
        orphans: Pool::new(),
    });
    let writer = LossyWriter {
        ring: ring.clone(),
        current: None,
        events: 0,
        next: 0,
        oldest: 0,
        sizes: VecDeque::new(),
        bytes: 0,
        cap,
        dropped: 0,
        published: 0,
        first_new_ns: 0,
        waits_since_ns: 0,
        holds: false,
        peers: None,
    };
    (writer, LossyReader { ring, cursor: Cursor::default(), next: 0, early: Vec::new() })
}

impl LossyWriter {
    pub(super) fn room(&mut self, shared: &Shared, size: usize) -> *mut u8 {
        // SAFETY: the writer has not sealed its current chunk, so it is still there.
        if let Some(at) = self.current.and_then(|chunk| unsafe { chunk.as_ref() }.room(size)) {
            return at;
        }
        if let Some(old) = self.current.take() {
            // SAFETY: as above; not touched after this.
            unsafe { Chunk::seal(old) };
        }
        let capacity = size.max(CHUNK_BYTES);
        self.forget_taken();
        let over = |writer: &Self| writer.bytes + capacity > writer.cap && !writer.holds;
        while !self.sizes.is_empty() && (over(self) || self.sizes.len() == self.ring.slots.len()) {
            self.drop_oldest(shared);
        }
        let mut new = shared.pool.take(capacity);
        // SAFETY: fresh from the pool, nobody else knows it.
        let inner = unsafe { new.as_mut() };
        inner.number = self.next;
        inner.events_before = self.events;
        let at = inner.room(size).expect("a new chunk has room for what it was made for");
        self.current = Some(new);
        self.sizes.push_back((capacity, self.events));
        self.bytes += capacity;
        let before = self.ring.slot(self.next).swap(new.as_ptr(), Ordering::AcqRel);
        debug_assert!(before.is_null(), "what was in this slot is taken or dropped");
        self.next += 1;
        self.ring.published.store(self.next, Ordering::Release);
        at
    }

    /// The record at `room` is whole; of a dispatch it is known whose it is.
    pub(super) fn commit(&mut self, size: usize, time_ns: u64, peer: Option<u32>) {
        if let Some(chunk) = self.current {
            if self.events == self.published {
                self.first_new_ns = time_ns;
            }
            if let (Some(peers), Some(peer)) = (&mut self.peers, peer) {
                peers.note(peer, self.events, time_ns, || gone(&self.ring, self.dropped));
            }
            self.events += 1;
            // SAFETY: as in `room`.
            unsafe { chunk.as_ref() }.commit(size);
        }
    }

    /// What was committed is shown to the reader now.
    pub(super) fn note_published(&mut self) {
        if self.events > self.published {
            if self.waiting(self.published) == 0 {
                self.waits_since_ns = self.first_new_ns;
            }
            self.published = self.events;
        }
    }

    /// How many of so many events are neither read nor dropped.
    fn waiting(&self, events: u64) -> u64 {
        events.saturating_sub(gone(&self.ring, self.dropped))
    }

    /// From now on it is known of dispatches whose they are.
    pub(super) fn tell_peers_apart(&mut self) {
        self.peers.get_or_insert_default();
    }

    /// What of a peer nobody has taken; nothing is known before [`LossyWriter::tell_peers_apart`].
    pub(super) fn waiting_of(&mut self, peer: u32, now_ns: u64) -> Waiting {
        let Depth { lag_ns, .. } = self.depth(now_ns);
        let gone = gone(&self.ring, self.dropped);
        let of_peer = self.peers.as_ref().map(|peers| peers.waiting(peer, gone, now_ns)).unwrap_or_default();
        // Nothing in the lane waits for longer than the lane.
        Waiting { lag_ns: of_peer.lag_ns.min(lag_ns), ..of_peer }
    }

    /// How far the reader is behind.
    pub(super) fn depth(&mut self, now_ns: u64) -> Depth {
        self.forget_taken();
        let events = self.waiting(self.published);
        let since = self.waits_since_ns.max(self.ring.gauge.read_at());
        Depth {
            events,
            bytes: self.bytes as u64,
            most_bytes: self.cap as u64,
            lag_ns: if events == 0 { 0 } else { now_ns.saturating_sub(since) },
            dropped: self.dropped,
        }
    }

    /// From now on an event larger than the room that is left goes over the cap instead of dropping others.
    pub(super) fn hold(&mut self) {
        self.holds = true;
    }

    /// Whether it is on hold.
    pub(super) fn holds(&self) -> bool {
        self.holds
    }

    /// Whether the cap is reached, so that the next chunk would drop one.
    pub(super) fn is_full(&mut self) -> bool {
        self.forget_taken();
        self.bytes + CHUNK_BYTES > self.cap
    }

    /// Asks to be resumed once the reader takes a chunk. False when it has done so already.
    pub(super) fn pause(&mut self) -> bool {
        // Either the reader's swap comes later and finds this, or it came before and we see what it took.
        self.ring.paused.swap(true, Ordering::AcqRel);
        if self.is_full() {
            return true;
        }
        self.ring.paused.swap(false, Ordering::AcqRel);
        false
    }

    fn forget_oldest(&mut self) {
        self.bytes -= self.sizes.pop_front().map_or(0, |(size, _)| size);
        self.oldest += 1;
    }

    fn forget_taken(&mut self) {
        let wanted = self.ring.wanted.load(Ordering::Acquire);
        while self.oldest < wanted && !self.sizes.is_empty() {
            self.forget_oldest();
        }
    }

    fn drop_oldest(&mut self, shared: &Shared) {
        // `first` moves before the slot empties: a reader that finds the slot empty knows where to go on.
        self.ring.first.store(self.oldest + 1, Ordering::Release);
        let chunk = self.ring.slot(self.oldest).swap(std::ptr::null_mut(), Ordering::AcqRel);
        if let Some(chunk) = NonNull::new(chunk) {
            // SAFETY: swapped out of its slot, so it is ours; it is sealed, since the current one was just left.
            unsafe { shared.pool.push(chunk) };
            let end = self.sizes.get(1).map_or(self.events, |(_, before)| *before);
            self.dropped += end - self.sizes.front().map_or(end, |(_, before)| *before);
        }
        self.forget_oldest();
    }
}

/// How many events are read or dropped, where the writer dropped so many.
fn gone(ring: &Ring, dropped: u64) -> u64 {
    // The reader has not found all of them so far.
    ring.gauge.gone().saturating_add(dropped.saturating_sub(ring.gauge.missed()))
}

impl Drop for LossyWriter {
    fn drop(&mut self) {
        if let Some(chunk) = self.current.take() {
            // SAFETY: not sealed yet.
            unsafe { Chunk::seal(chunk) };
        }
    }
}

impl LossyReader {
    /// An event that arrived at `time_ns` was read.
    pub(super) fn note_read(&self, time_ns: u64) {
        self.ring.gauge.note_read(self.cursor.count, time_ns);
    }

    /// So many were found dropped.
    pub(super) fn note_gap(&self, missed: u64) {
        self.ring.gauge.note_gap(self.cursor.count, missed);
    }

    /// The record that comes next, if one is written.
    pub(super) fn peek(&mut self, shared: &Shared) -> Option<*const u8> {
        loop {
            if !self.cursor.has_chunk() {
                let chunk = self.take()?;
                self.cursor.enter(chunk);
                // SAFETY: the cursor's own chunk.
                self.next = unsafe { chunk.as_ref() }.number + 1;
                self.ring.wanted.store(self.next, Ordering::Release);
                if self.ring.paused.swap(false, Ordering::AcqRel) {
                    (self.ring.resume)();
                }
            }
            match self.cursor.look(shared) {
                Here::Record(at) => return Some(at),
                Here::Nothing => return None,
                Here::End { .. } => {}
            }
        }
    }

    /// The oldest chunk that is left, out of the ring or from those that came early.
    fn take(&mut self) -> Option<NonNull<Chunk>> {
        // SAFETY: chunks taken early are the reader's own.
        let number_of = |chunk: &NonNull<Chunk>| unsafe { chunk.as_ref() }.number;
        loop {
            let want = self.next.max(self.ring.first.load(Ordering::Acquire));
            if let Some(at) = (0..self.early.len()).min_by_key(|at| number_of(&self.early[*at]))
                && number_of(&self.early[at]) <= want
            {
                return Some(self.early.swap_remove(at));
            }
            if want >= self.ring.published.load(Ordering::Acquire) {
                return None;
            }
            // Empty: dropped this moment, and `first` says so by now.
            if let Some(chunk) = NonNull::new(self.ring.slot(want).swap(std::ptr::null_mut(), Ordering::AcqRel)) {
                if number_of(&chunk) == want {
                    return Some(chunk);
                }
                self.early.push(chunk);
            }
        }
    }
}

impl Drop for LossyReader {
    fn drop(&mut self) {
        for chunk in self.cursor.leave().into_iter().chain(self.early.drain(..)) {
            // SAFETY: forgotten here. The writer may still append to it, but the orphans are freed only with the ring.
            unsafe { self.ring.orphans.push(chunk) };
        }
    }
}

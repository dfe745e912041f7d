//! The lane that drops nothing: an unbounded row of small chunks, linked one to the next.
//!
//! What bounds it is its two ends. A command reserves the place of its reply before it is accepted, and is refused while
//! [`Unread::bytes`] is over the client's limit. And a connection stops reading from its peer then, since a peer chooses how
//! long a reply is: the same handshake as for the lossy lane tells it when to go on.

use std::ptr::NonNull;

use super::Shared;
use super::chunk::Chunk;
use super::lane::{Cursor, FIRST_CHUNK_BYTES, Here, RELIABLE_CHUNK_BYTES};
use super::lossy::Resume;
use super::sync::{Arc, AtomicBool, AtomicPtr, AtomicU64, Ordering};

struct Row {
    /// The first chunk, until the reader has found it; then the reader's chunk, once the reader is gone.
    first: AtomicPtr<Chunk>,
    written: AtomicU64,
    read: AtomicU64,
    replies_read: AtomicU64,
    /// Bytes that may be unread before a writer that can stop does.
    cap: u64,
    /// The writer waits for the reader.
    paused: AtomicBool,
    resume: Resume,
}

impl std::fmt::Debug for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Row").field("unread", &self.unread()).finish_non_exhaustive()
    }
}

impl Row {
    fn unread(&self) -> u64 {
        let read = self.read.load(Ordering::Relaxed);
        self.written.load(Ordering::Relaxed).saturating_sub(read)
    }
}

// SAFETY: the chunks belong to the row; ownership passes by atomic operations.
unsafe impl Send for Row {}
// SAFETY: as above.
unsafe impl Sync for Row {}

impl Drop for Row {
    fn drop(&mut self) {
        let mut next = NonNull::new(self.first.load(Ordering::Acquire));
        while let Some(chunk) = next {
            // SAFETY: both sides are gone, so the rest of the row is ours.
            unsafe {
                next = NonNull::new(chunk.as_ref().next.load(Ordering::Acquire));
                Chunk::free(chunk);
            }
        }
    }
}

/// How much of a reliable lane nobody has read: what a sender looks at before it accepts more.
#[derive(Clone, Debug)]
pub struct Unread(Arc<Row>);

impl Unread {
    /// Bytes written and not yet polled.
    pub fn bytes(&self) -> u64 {
        self.0.unread()
    }

    /// Replies polled so far.
    pub fn replies_read(&self) -> u64 {
        self.0.replies_read.load(Ordering::Relaxed)
    }
}

#[derive(Debug)]
pub(super) struct ReliableWriter {
    row: Arc<Row>,
    tail: Option<NonNull<Chunk>>,
    events: u64,
}

// SAFETY: the tail is shared with the reader as `Chunk` describes; the writer may move between threads.
unsafe impl Send for ReliableWriter {}

#[derive(Debug)]
pub(super) struct ReliableReader {
    row: Arc<Row>,
    pub(super) cursor: Cursor,
}

// SAFETY: as for the writer.
unsafe impl Send for ReliableReader {}

/// A lane whose writer may ask to be told when less than half of `cap` bytes are unread.
pub(super) fn lane(cap: usize, resume: Resume) -> (ReliableWriter, ReliableReader) {
    let row = Arc::new(Row {
        first: AtomicPtr::new(std::ptr::null_mut()),
        written: AtomicU64::new(0),
        read: AtomicU64::new(0),
        replies_read: AtomicU64::new(0),
        cap: cap as u64,
        paused: AtomicBool::new(false),
        resume,
    });
    let writer = ReliableWriter { row: row.clone(), tail: None, events: 0 };
    (writer, ReliableReader { row, cursor: Cursor::default() })
}

impl ReliableWriter {
    pub(super) fn unread(&self) -> Unread {
        Unread(self.row.clone())
    }

    /// Room for a record of `size` bytes; fill it, then [`ReliableWriter::commit`].
    pub(super) fn room(&mut self, shared: &Shared, size: usize) -> *mut u8 {
        // SAFETY: the writer has not sealed its tail, so it is still there.
        if let Some(at) = self.tail.and_then(|tail| unsafe { tail.as_ref() }.room(size)) {
            return at;
        }
        let usual = if self.tail.is_none() { FIRST_CHUNK_BYTES } else { RELIABLE_CHUNK_BYTES };
        let mut new = shared.pool.take(size.max(usual));
        // SAFETY: fresh from the pool, nobody else knows it.
        let inner = unsafe { new.as_mut() };
        inner.events_before = self.events;
        let at = inner.room(size).expect("a new chunk has room for what it was made for");
        match self.tail.replace(new) {
            None => self.row.first.store(new.as_ptr(), Ordering::Release),
            Some(old) => {
                // SAFETY: ours until sealed; linked first, so a reader that sees the seal sees the link.
                unsafe {
                    old.as_ref().next.store(new.as_ptr(), Ordering::Release);
                    Chunk::seal(old);
                }
            }
        }
        at
    }

    /// Whether more is unread than should be.
    pub(super) fn is_full(&self) -> bool {
        self.row.unread() > self.row.cap
    }

    /// Asks to be resumed once half of the cap is unread. False when so much was read already that it is not full.
    pub(super) fn pause(&mut self) -> bool {
        // Either the reader's swap comes later and finds this, or it came before and we see what it read.
        self.row.paused.swap(true, Ordering::AcqRel);
        if self.is_full() {
            return true;
        }
        self.row.paused.swap(false, Ordering::AcqRel);
        false
    }

    pub(super) fn commit(&mut self, size: usize) {
        if let Some(tail) = self.tail {
            self.events += 1;
            self.row.written.store(self.row.written.load(Ordering::Relaxed) + size as u64, Ordering::Relaxed);
            // SAFETY: as in `room`.
            unsafe { tail.as_ref() }.commit(size);
        }
    }
}

impl Drop for ReliableWriter {
    fn drop(&mut self) {
        if let Some(tail) = self.tail.take() {
            // SAFETY: not sealed yet.
            unsafe { Chunk::seal(tail) };
        }
    }
}

impl ReliableReader {
    /// The record that comes next, if one is written.
    pub(super) fn peek(&mut self, shared: &Shared) -> Option<*const u8> {
        loop {
            if !self.cursor.has_chunk() {
                let first = NonNull::new(self.row.first.load(Ordering::Acquire))?;
                // The writer stores here once, and we have seen it.
                self.row.first.store(std::ptr::null_mut(), Ordering::Relaxed);
                self.cursor.enter(first);
            }
            match self.cursor.look(shared) {
                Here::Record(at) => return Some(at),
                Here::Nothing => return None,
                Here::End { next } => self.cursor.enter(next?),
            }
        }
    }

    pub(super) fn note_read(&self, size: usize, is_reply: bool) {
        if is_reply {
            self.row.replies_read.store(self.row.replies_read.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        }
        self.row.read.store(self.row.read.load(Ordering::Relaxed) + size as u64, Ordering::Relaxed);
        // What is written meanwhile may not be seen yet, and the writer is told too early: it looks for itself. Never too
        // late: of what it knew of when it paused the last one is read here, and nothing is unread then.
        if self.row.unread() <= self.row.cap / 2 && self.row.paused.swap(false, Ordering::AcqRel) {
            (self.row.resume)();
        }
    }
}

impl Drop for ReliableReader {
    fn drop(&mut self) {
        // The writer may still be in this chunk: the row keeps it until both are gone.
        if let Some(chunk) = self.cursor.leave() {
            self.row.first.store(chunk.as_ptr(), Ordering::Release);
        }
    }
}

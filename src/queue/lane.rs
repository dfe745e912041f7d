//! What the two kinds of lane have in common: following a row of chunks.

use std::ptr::NonNull;

use super::Shared;
use super::chunk::Chunk;
use super::record::Fields;

/// The size of a lossy lane's chunk. Larger events get a chunk of their own size.
pub(super) const CHUNK_BYTES: usize = if cfg!(gamebridge_loom) { 2 * MODEL_RECORD } else { 256 * 1024 };
/// The size of a reliable lane's chunk: it carries little.
pub(super) const RELIABLE_CHUNK_BYTES: usize = if cfg!(gamebridge_loom) { MODEL_RECORD } else { 8 * 1024 };
/// The size of a reliable lane's first chunk, which is all that a quiet connection ever needs.
pub(super) const FIRST_CHUNK_BYTES: usize = if cfg!(gamebridge_loom) { MODEL_RECORD } else { 1024 };
/// How many unused chunks of a size a client keeps: as many as a lossy lane of the usual cap may hold, so that a reader
/// that falls behind and catches up again costs no allocation, and no fresh pages.
pub(super) const POOLED: usize = if cfg!(gamebridge_loom) { 1 } else { 16 };
/// A record of the model's smallest event. Its chunks hold one or two, so that a few events go all ways there are.
const MODEL_RECORD: usize = 88;

/// The reader's place in a lane: a chunk that it owns (shared with the writer until sealed) and a position.
#[derive(Debug, Default)]
pub(super) struct Cursor {
    chunk: Option<NonNull<Chunk>>,
    position: usize,
    /// Events read or found dropped so far.
    pub(super) count: u64,
}

/// What stands at a cursor.
pub(super) enum Here {
    /// A record, and how many events were lost before it.
    Record(*const u8),
    /// Nothing now; the writer may append.
    Nothing,
    /// The chunk is read to its end and was returned to the pool; `next` is the one behind it, in a reliable lane.
    End { next: Option<NonNull<Chunk>> },
}

impl Cursor {
    /// Enters a chunk at its beginning.
    pub(super) fn enter(&mut self, chunk: NonNull<Chunk>) {
        self.chunk = Some(chunk);
        self.position = 0;
    }

    pub(super) fn has_chunk(&self) -> bool {
        self.chunk.is_some()
    }

    /// How many events were lost before the chunk that the cursor is in; 0 once that was asked and told.
    pub(super) fn take_gap(&mut self) -> u64 {
        let Some(chunk) = self.chunk else { return 0 };
        if self.position != 0 {
            return 0;
        }
        // SAFETY: the cursor's own chunk; the writer wrote this before showing it.
        let before = unsafe { chunk.as_ref() }.events_before;
        let gap = before.saturating_sub(self.count);
        self.count = self.count.max(before);
        gap
    }

    /// Whether [`Cursor::take_gap`] would tell of a loss.
    pub(super) fn has_gap(&self) -> bool {
        // SAFETY: as in `take_gap`.
        self.position == 0 && self.chunk.is_some_and(|chunk| unsafe { chunk.as_ref() }.events_before > self.count)
    }

    /// Looks, and leaves a chunk that is finished.
    pub(super) fn look(&mut self, shared: &Shared) -> Here {
        let Some(chunk) = self.chunk else { return Here::End { next: None } };
        // SAFETY: the cursor owns it, or shares it with the writer that is still appending.
        let inner = unsafe { chunk.as_ref() };
        if let Some(at) = inner.record(self.position) {
            return Here::Record(at);
        }
        if !inner.is_sealed() {
            return Here::Nothing;
        }
        // What was appended between the look and the seal is seen now.
        if let Some(at) = inner.record(self.position) {
            return Here::Record(at);
        }
        let next = NonNull::new(inner.next.load(super::sync::Ordering::Acquire));
        self.chunk = None;
        // SAFETY: sealed, so the writer has left, and the cursor forgets it here.
        unsafe { shared.pool.push(chunk) };
        Here::End { next }
    }

    /// Steps behind the record that was looked at.
    pub(super) fn advance(&mut self, fields: &Fields) {
        self.position += fields.stride();
        self.count += 1;
    }

    /// The chunk that the cursor is in, which it forgets.
    pub(super) fn leave(&mut self) -> Option<NonNull<Chunk>> {
        self.chunk.take()
    }
}

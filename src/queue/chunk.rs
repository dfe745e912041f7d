//! A block of memory that events are copied into.
//!
//! One writer appends, one reader follows; `committed` tells how far. Once `sealed`, the writer has left for good and the
//! chunk is its reader's alone.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::ptr::NonNull;

use super::census::Census;
use super::record;
use super::sync::{AtomicBool, AtomicPtr, AtomicUsize, Ordering, Witness};

/// See the module. Handled by pointer: ownership passes between threads through the lanes.
pub(super) struct Chunk {
    /// Bytes that hold whole records.
    committed: AtomicUsize,
    /// Nothing will be appended any more.
    sealed: AtomicBool,
    /// The chunk after this one: in a reliable lane, or in the pool.
    pub(super) next: AtomicPtr<Chunk>,
    /// Which chunk of its lane this is, from 0. Written before the chunk is shown to the reader.
    pub(super) number: u64,
    /// How many events went into the lane before this chunk: what tells a reader of a gap.
    pub(super) events_before: u64,
    data: NonNull<u8>,
    capacity: usize,
    records: Witness,
    census: Census,
}

impl Chunk {
    /// Room for `capacity` bytes.
    pub(super) fn allocate(capacity: usize, census: &Census) -> NonNull<Chunk> {
        let layout = Chunk::layout(capacity);
        // SAFETY: the layout is not empty: capacities start at a record's size.
        let Some(data) = NonNull::new(unsafe { alloc(layout) }) else { handle_alloc_error(layout) };
        let chunk = Chunk {
            committed: AtomicUsize::new(0),
            sealed: AtomicBool::new(false),
            next: AtomicPtr::new(std::ptr::null_mut()),
            number: 0,
            events_before: 0,
            data,
            capacity,
            records: Witness::over(capacity),
            census: census.clone(),
        };
        census.born(capacity);
        NonNull::from(Box::leak(Box::new(chunk)))
    }

    fn layout(capacity: usize) -> Layout {
        Layout::from_size_align(capacity, record::ALIGN).expect("chunk capacity")
    }

    /// Frees a chunk.
    ///
    /// # Safety
    /// The caller is the only one who knows the pointer.
    pub(super) unsafe fn free(chunk: NonNull<Chunk>) {
        // SAFETY: the pointer came from `allocate` and is the last one.
        let chunk = unsafe { Box::from_raw(chunk.as_ptr()) };
        chunk.census.died(chunk.capacity);
        // SAFETY: allocated with this layout in `allocate`.
        unsafe { dealloc(chunk.data.as_ptr(), Chunk::layout(chunk.capacity)) };
    }

    /// Makes a chunk ready for its next life. `&mut`: nobody else knows it.
    pub(super) fn reset(&mut self) {
        self.committed = AtomicUsize::new(0);
        self.sealed = AtomicBool::new(false);
        self.next = AtomicPtr::new(std::ptr::null_mut());
    }

    pub(super) fn capacity(&self) -> usize {
        self.capacity
    }

    /// Writer: where the next record goes, if `size` bytes still fit.
    pub(super) fn room(&self, size: usize) -> Option<*mut u8> {
        let used = self.committed.load(Ordering::Relaxed);
        if size > self.capacity - used {
            return None;
        }
        self.records.write(used);
        // SAFETY: `used` is within the allocation, and so are `size` bytes behind it.
        Some(unsafe { self.data.as_ptr().add(used) })
    }

    /// Writer: the record at `room` is whole.
    pub(super) fn commit(&self, size: usize) {
        let used = self.committed.load(Ordering::Relaxed);
        self.committed.store(used + size, Ordering::Release);
    }

    /// Writer: never touches the chunk again.
    ///
    /// # Safety
    /// The caller is the chunk's writer, and forgets it.
    pub(super) unsafe fn seal(chunk: NonNull<Chunk>) {
        // SAFETY: not sealed yet, so it is still there. By pointer, since a reference to the chunk would outlive the store,
        // and its reader may give it its next life right after that.
        unsafe { (*chunk.as_ptr()).sealed.store(true, Ordering::Release) };
    }

    /// Reader: the record at `position`, if it is there.
    pub(super) fn record(&self, position: usize) -> Option<*const u8> {
        let committed = self.committed.load(Ordering::Acquire);
        if position >= committed {
            return None;
        }
        self.records.read(position);
        // SAFETY: below `committed`, so within the allocation.
        Some(unsafe { self.data.as_ptr().add(position).cast_const() })
    }

    /// Reader: the writer has left. Look for a record once more after it says so.
    pub(super) fn is_sealed(&self) -> bool {
        self.sealed.load(Ordering::Acquire)
    }
}

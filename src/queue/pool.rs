//! Chunks between two lives.
//!
//! A stack that anybody may push to and that is always taken whole, so no pointer can come back under a pop's feet. The
//! reader only pushes: freeing is the writers' work, since a poll must not enter the allocator.

use std::ptr::NonNull;

use super::census::Census;
use super::chunk::Chunk;
use super::lane::{CHUNK_BYTES, POOLED, RELIABLE_CHUNK_BYTES};
use super::sync::{AtomicPtr, Ordering};

/// Returned chunks of one client.
#[derive(Debug)]
pub(super) struct Pool {
    returned: AtomicPtr<Chunk>,
    pub(super) census: Census,
}

// SAFETY: the chunks in the pool belong to the pool; ownership passes by atomic operations.
unsafe impl Send for Pool {}
// SAFETY: as above.
unsafe impl Sync for Pool {}

impl Pool {
    pub(super) fn new() -> Self {
        Pool { returned: AtomicPtr::new(std::ptr::null_mut()), census: Census::new() }
    }

    /// Gives a chunk back.
    ///
    /// # Safety
    /// The caller is the only one who knows the pointer, and forgets it.
    pub(super) unsafe fn push(&self, chunk: NonNull<Chunk>) {
        let mut head = self.returned.load(Ordering::Relaxed);
        loop {
            // SAFETY: still the caller's until the exchange succeeds.
            unsafe { chunk.as_ref() }.next.store(head, Ordering::Relaxed);
            match self.returned.compare_exchange_weak(head, chunk.as_ptr(), Ordering::Release, Ordering::Relaxed) {
                Ok(_) => return,
                Err(now) => head = now,
            }
        }
    }

    /// A chunk of exactly `capacity` bytes: one from the pool, or a new one. Of each size that lanes usually ask for at
    /// most `POOLED` others stay in the pool; all else is freed.
    pub(super) fn take(&self, capacity: usize) -> NonNull<Chunk> {
        let mut found = None;
        let mut kept = [(CHUNK_BYTES, 0), (RELIABLE_CHUNK_BYTES, 0)];
        let mut next = NonNull::new(self.returned.swap(std::ptr::null_mut(), Ordering::Acquire));
        while let Some(mut chunk) = next {
            // SAFETY: taken out of the pool, so it is ours.
            let inner = unsafe { chunk.as_mut() };
            next = NonNull::new(inner.next.load(Ordering::Relaxed));
            if inner.capacity() == capacity && found.is_none() {
                inner.reset();
                found = Some(chunk);
            } else if let Some((_, count)) =
                kept.iter_mut().find(|(size, count)| *size == inner.capacity() && *count < POOLED)
            {
                *count += 1;
                // SAFETY: ours, and forgotten here.
                unsafe { self.push(chunk) };
            } else {
                // SAFETY: ours alone.
                unsafe { Chunk::free(chunk) };
            }
        }
        found.unwrap_or_else(|| Chunk::allocate(capacity, &self.census))
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        let mut next = NonNull::new(self.returned.swap(std::ptr::null_mut(), Ordering::Acquire));
        while let Some(chunk) = next {
            // SAFETY: nobody else has the pool any more, so its chunks are ours.
            unsafe {
                next = NonNull::new(chunk.as_ref().next.load(Ordering::Relaxed));
                Chunk::free(chunk);
            }
        }
    }
}

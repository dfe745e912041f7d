//! Which handles are alive, by address: what makes a second free harmless.
//!
//! A forked child starts with none of its parent's: their set may be locked for ever by a thread that is not there, and what
//! came over a fork is leaked on purpose anyway.

use std::collections::HashSet;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::runtime::fork;

#[derive(Debug)]
struct Set {
    generation: u32,
    addresses: Mutex<HashSet<usize>>,
}

/// The live handles of one type.
#[derive(Debug)]
pub(super) struct Alive {
    set: AtomicPtr<Set>,
}

impl Alive {
    pub(super) const fn new() -> Self {
        Alive { set: AtomicPtr::new(ptr::null_mut()) }
    }

    fn set(&self) -> &Set {
        let generation = fork::generation();
        let mut found = self.set.load(Ordering::Acquire);
        loop {
            // SAFETY: a set is never freed once it is in here.
            if let Some(set) = unsafe { found.as_ref() }
                && set.generation == generation
            {
                return set;
            }
            let made = Box::into_raw(Box::new(Set { generation, addresses: Mutex::default() }));
            match self.set.compare_exchange(found, made, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => found = made,
                Err(other) => {
                    // SAFETY: made above, and nobody else has seen it.
                    drop(unsafe { Box::from_raw(made) });
                    found = other;
                }
            }
        }
    }

    /// Hands a new handle out.
    pub(super) fn give<T>(&self, handle: Box<T>) -> *mut T {
        let handle = Box::into_raw(handle);
        self.set().addresses.lock().unwrap_or_else(PoisonError::into_inner).insert(handle as usize);
        handle
    }

    /// Takes a handle back, if it is one of ours and was not taken back before.
    ///
    /// # Safety
    /// A live handle of this set points to a `T`.
    pub(super) unsafe fn take<T>(&self, handle: *mut T) -> Option<Box<T>> {
        let known = self.set().addresses.lock().unwrap_or_else(PoisonError::into_inner).remove(&(handle as usize));
        // SAFETY: in the set, so it came from `give` and is the only one.
        known.then(|| unsafe { Box::from_raw(handle) })
    }
}

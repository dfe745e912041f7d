//! The atomics of the queue: the standard ones, or loom's when its model is checked.
//!
//! Where two threads write one atomic, both use read-modify-write operations: they stand in one order then, for the reader
//! of the code as for loom, which does not know that a plain store cannot slip in between the halves of another's swap.

#[cfg(gamebridge_loom)]
pub(super) use crate::stand_in::{OnceCell, Witness};
#[cfg(gamebridge_loom)]
pub(crate) use loom::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, AtomicPtr, AtomicU8, AtomicU64, AtomicUsize, Ordering, fence},
};

#[cfg(not(gamebridge_loom))]
pub(super) use once_cell::sync::OnceCell;
#[cfg(not(gamebridge_loom))]
pub(crate) use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, AtomicPtr, AtomicU8, AtomicU64, AtomicUsize, Ordering, fence},
};

/// Plain memory that passes between threads. Nothing by itself; in the model it sees that no access races another.
#[cfg(not(gamebridge_loom))]
#[derive(Debug)]
pub(super) struct Witness;

#[cfg(not(gamebridge_loom))]
impl Witness {
    pub(super) fn over(_bytes: usize) -> Self {
        Witness
    }
    #[inline(always)]
    pub(super) fn write(&self, _at: usize) {}
    #[inline(always)]
    pub(super) fn read(&self, _at: usize) {}
}

//! The atomics of the queue: the standard ones, or loom's when its model is checked.

#[cfg(gamebridge_loom)]
pub(super) use loom::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering};
#[cfg(not(gamebridge_loom))]
pub(super) use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering};

pub(super) use std::sync::Arc;

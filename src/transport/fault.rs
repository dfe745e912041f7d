//! Faults on purpose: the Nth read, write, accept or connect fails.
//!
//! Compiled for this crate's own tests and with the feature `torture`, never in a shipped build. A test counts how often
//! a scene passes a fault point ([`passed`]), then plays the scene once for every N with [`fail_after`] set, and demands
//! that nothing crashes, hangs or leaks. Counters belong to a thread, so that tests run side by side; a scene whose I/O
//! thread is not its own (the C library) sets [`fail_after_everywhere`] and runs alone in its process.

use std::cell::Cell;
use std::io;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

thread_local! {
    static COUNTDOWN: Cell<Option<u64>> = const { Cell::new(None) };
    static PASSED: Cell<u64> = const { Cell::new(0) };
}

static COUNTDOWN_EVERYWHERE: AtomicI64 = AtomicI64::new(i64::MIN);
static PASSED_EVERYWHERE: AtomicU64 = AtomicU64::new(0);

/// On this thread, the operation after the next `n` fails with a reset connection, once. `None` disarms.
pub fn fail_after(n: Option<u64>) {
    COUNTDOWN.set(n);
    PASSED.set(0);
}

/// On any thread, the operation after the next `n` fails with a reset connection, once. `None` disarms.
pub fn fail_after_everywhere(n: Option<u64>) {
    let n = n.map_or(i64::MIN, |n| i64::try_from(n).unwrap_or(i64::MAX));
    PASSED_EVERYWHERE.store(0, Ordering::SeqCst);
    COUNTDOWN_EVERYWHERE.store(n, Ordering::SeqCst);
}

/// How many operations this thread has done since [`fail_after`].
pub fn passed() -> u64 {
    PASSED.get()
}

/// How many operations all threads have done since [`fail_after_everywhere`].
pub fn passed_everywhere() -> u64 {
    PASSED_EVERYWHERE.load(Ordering::SeqCst)
}

/// A fault point: every read, write, accept and connect of the transports stands behind one.
pub(super) fn point() -> io::Result<()> {
    PASSED.set(PASSED.get() + 1);
    PASSED_EVERYWHERE.fetch_add(1, Ordering::SeqCst);
    let here = match COUNTDOWN.get() {
        Some(0) => {
            COUNTDOWN.set(None);
            true
        }
        Some(n) => {
            COUNTDOWN.set(Some(n - 1));
            false
        }
        None => false,
    };
    let armed = COUNTDOWN_EVERYWHERE.load(Ordering::SeqCst) >= 0;
    if here || (armed && COUNTDOWN_EVERYWHERE.fetch_sub(1, Ordering::SeqCst) == 0) {
        return Err(io::Error::new(io::ErrorKind::ConnectionReset, "reset on purpose"));
    }
    Ok(())
}

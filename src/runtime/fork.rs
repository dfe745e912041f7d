//! What a fork leaves behind: a child has a copy of the memory and none of the threads.
//!
//! A handle remembers the generation it was made in. In the child the generation is another one, so every call on an
//! inherited handle is refused without touching locks that a thread of the parent may have held, and a client that the
//! child makes itself starts a thread of its own. `getpid` would cost 141 ns a call; this is one load.

use std::sync::atomic::{AtomicU32, Ordering};

static GENERATION: AtomicU32 = AtomicU32::new(0);

/// The generation of this process.
pub fn generation() -> u32 {
    GENERATION.load(Ordering::Relaxed)
}

/// In the child of a fork: counts one up, and forgets the parent's I/O thread. It stores to atomics only, which the C
/// library allows there.
pub(super) extern "C" fn in_child() {
    GENERATION.fetch_add(1, Ordering::SeqCst);
    super::thread::forget_registry();
}

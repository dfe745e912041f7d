//! The wake-up handle: something that an operating system can wait on, readable while something can be polled.
//!
//! It is made on first use, so a game that only polls never pays for it. `state` mirrors the handle's: raising twice costs
//! one system call, and so does lowering once per burst. The step between (`RAISING`) keeps a handle that is about to
//! become readable from being taken for one that is not; whoever finds it leaves it alone and is woken once for nothing.

#[cfg(gamebridge_loom)]
use crate::stand_in as platform;
#[cfg(all(not(gamebridge_loom), any(target_os = "linux", target_os = "android")))]
#[path = "linux.rs"]
mod platform;
#[cfg(all(not(gamebridge_loom), unix, not(any(target_os = "linux", target_os = "android"))))]
#[path = "unix.rs"]
mod platform;
#[cfg(all(not(gamebridge_loom), windows))]
#[path = "windows.rs"]
mod platform;

use std::io;
use std::time::Duration;

use self::platform::Handle;
use super::sync::{AtomicU8, OnceCell, Ordering, fence, yield_now};

const LOWERED: u8 = 0;
const RAISING: u8 = 1;
const RAISED: u8 = 2;

/// See the module.
#[derive(Debug, Default)]
pub struct Signal {
    handle: OnceCell<Handle>,
    state: AtomicU8,
}

impl Signal {
    /// Makes the handle if there is none yet, raised: whoever polls next lowers it if there is nothing.
    pub fn handle(&self) -> io::Result<&Handle> {
        if let Some(handle) = self.handle.get() {
            return Ok(handle);
        }
        let handle = self.handle.get_or_try_init(Handle::new)?;
        fence(Ordering::SeqCst);
        self.raise();
        Ok(handle)
    }

    /// The number that a program may wait on.
    pub fn raw(&self) -> io::Result<isize> {
        self.handle().map(Handle::raw)
    }

    /// After something was published.
    pub fn raise(&self) {
        // Orders the publishing before the look at `state`: either this raises, or the lowering side looks again.
        fence(Ordering::SeqCst);
        let Some(handle) = self.handle.get() else { return };
        if self.state.compare_exchange(LOWERED, RAISING, Ordering::SeqCst, Ordering::SeqCst).is_ok() {
            handle.raise();
            self.state.store(RAISED, Ordering::SeqCst);
        }
    }

    /// After a poll that found nothing; the caller looks once more when this says true.
    pub fn lower(&self) -> bool {
        if self.state.load(Ordering::SeqCst) != RAISED {
            return false;
        }
        if let Some(handle) = self.handle.get() {
            handle.lower();
        }
        self.state.store(LOWERED, Ordering::SeqCst);
        fence(Ordering::SeqCst);
        true
    }

    /// Whether a poll that finds nothing has to lower the handle.
    pub fn is_raised(&self) -> bool {
        self.state.load(Ordering::Relaxed) != LOWERED
    }

    /// Waits until raised; may return early.
    pub fn wait(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.handle()?.wait(timeout)?;
        if self.state.load(Ordering::Relaxed) == RAISING {
            // Readable, and not yet to be lowered: the thread that is at it may need our core to get through.
            yield_now();
        }
        Ok(())
    }
}

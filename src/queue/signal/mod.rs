//! The wake-up handle: something that an operating system can wait on, readable while something can be polled.
//!
//! It is made on first use, so a game that only polls never pays for it. `state` mirrors the handle's: raising twice costs
//! one system call, and so does lowering once per burst. The one thing to know before changing it: there is at most one
//! token, which a raise puts into the handle and a lowering takes out, and `state` says `RAISED` before the token is in.
//! A reader that comes in between (the raising thread may lose its processor right there) finds no token, notes that one
//! is on its way (`OWED`), and sleeps on the handle; that token wakes it once for nothing and is taken out then. If the
//! state followed the handle instead, that reader would find the handle readable and nothing to lower, and spin.

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
use super::sync::{AtomicU8, OnceCell, Ordering, fence};

/// No token, in the handle or on its way.
const LOWERED: u8 = 0;
/// There is something to poll, and a token.
const RAISED: u8 = 1;
/// There is nothing to poll, and a token that could not be taken out yet.
const OWED: u8 = 2;

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
        // Of a token that is owed nobody needs a second one.
        if self.state.load(Ordering::SeqCst) != RAISED && self.state.swap(RAISED, Ordering::SeqCst) == LOWERED {
            handle.raise();
        }
    }

    /// After a poll that found nothing; the caller looks once more when this says true. One thread at a time.
    pub fn lower(&self) -> bool {
        let state = self.state.load(Ordering::SeqCst);
        let Some(handle) = self.handle.get().filter(|_| state != LOWERED) else { return false };
        // Who raises from here on finds a state that asks for no token: the look that follows finds what they published.
        let changed = match handle.lower() {
            true => {
                self.state.swap(LOWERED, Ordering::SeqCst);
                true
            }
            false if state == RAISED => {
                self.state.swap(OWED, Ordering::SeqCst);
                true
            }
            false => false,
        };
        fence(Ordering::SeqCst);
        changed
    }

    /// Whether a poll that finds nothing has to lower the handle.
    pub fn is_raised(&self) -> bool {
        self.state.load(Ordering::Relaxed) != LOWERED
    }

    /// Waits until raised; may return early.
    pub fn wait(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.handle()?.wait(timeout)
    }
}

//! The one I/O thread of this image of the library.
//!
//! Started by the first client, joined when the last one goes. Everything that touches a socket runs here as a local task;
//! no user code ever does. All signals are blocked in it, and a task that panics takes nothing with it but itself. What it
//! needs of the system lies in `unix` and `windows`, behind the same four functions.

pub mod clock;
pub mod fork;
mod thread;

#[cfg(unix)]
#[path = "unix.rs"]
mod platform;
#[cfg(windows)]
#[path = "windows.rs"]
mod platform;

pub(crate) use thread::spawn_without_signals;
pub use thread::{Runtime, prepare};

/// The I/O thread's name.
pub const THREAD_NAME: &str = "gamebridge";

/// A seed for jitter and nonces, from the operating system.
pub fn seed() -> Result<u64, gamebridge_proto::error::Error> {
    let mut bytes = [0; 8];
    fill_random(&mut bytes)?;
    Ok(u64::from_le_bytes(bytes))
}

/// Random bytes from the operating system.
pub fn fill_random(bytes: &mut [u8]) -> Result<(), gamebridge_proto::error::Error> {
    use gamebridge_proto::error::{Error, Status};
    getrandom::fill(bytes).map_err(|error| Error::new(Status::Io, format!("the system gives no random bytes: {error}")))
}

//! The one I/O thread of this image of the library.
//!
//! Started by the first client, joined when the last one goes. Everything that touches a socket runs here as a local task;
//! no user code ever does. All signals are blocked in it, and a task that panics takes nothing with it but itself.

pub mod clock;
pub mod fork;
mod thread;

pub use thread::Runtime;

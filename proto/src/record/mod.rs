//! Recordings: what went into the machines and what came out, as a file that can be played again.
//!
//! Machines are deterministic for a configuration and a row of inputs with their times. So a recording is that row, with
//! what came out beside it: JSON, one object a line, and [`replay`] feeds the inputs to machines of today and says where
//! other outputs come. Somebody's trouble with a game becomes a file, and the file a test. docs/recording.md describes
//! every kind of line.
//!
//! This is the pure part: [`Recording`] appends to memory, [`replay`] reads from memory. Where the file lies, and when it is
//! written, is the driver's business.
//!
//! The one thing to know before changing it: what a line says, and how, is said once, in the type that it belongs to
//! ([`client::Input`], [`door::Input`], [`Output`], [`Setup`]), and outputs are compared as text. A member that is added
//! to one of them makes a difference to every recording that was made before, unless it is left out at its default.
//!
//! | file | what it knows |
//! |---|---|
//! | `redact` | what a secret is, and what stands in its place |
//! | `line` | the members of a line, and payloads in particular |
//! | `setup` | configurations, written and read |
//! | `client`, `door` | what goes into each machine, and into a server's doors: written, read, and fed to them |
//! | `output` | what comes out |
//! | `recording` | the file as it is written |
//! | `replay`, `report` | the file played again, and what came of it |

pub mod client;
pub mod door;
mod line;
mod output;
mod recording;
mod redact;
mod replay;
mod report;
mod setup;

pub use line::Line;
pub use output::{Output, Tapped, Witness};
pub use recording::{Overheard, Recording, Track};
pub use redact::{EVERYWHERE, Redactor, is_secret};
pub use replay::{accept, replay};
pub use report::{Connection, Difference, Report, Unreadable};
pub use setup::Setup;

/// The version of the format. A reader refuses a later one.
pub const VERSION: i64 = 1;

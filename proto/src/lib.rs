//! Discord's protocols without I/O.
//!
//! Everything here is a pure function of what it is fed: no socket is opened, no clock is read, no thread is started,
//! and this crate's dependency list keeps it so. A protocol is a plain struct (a *machine*) that takes frames, commands
//! and the time, and tells a sink what to send, which events to deliver and when it wants to be woken:
//!
//! ```text
//! fn handle_frame(&mut self, now: Instant, frame: Frame<'_>, out: &mut impl Sink) -> Result<(), ProtocolError>
//! fn handle_command(&mut self, now: Instant, command: Command, out: &mut impl Sink)
//! fn handle_timeout(&mut self, now: Instant, out: &mut impl Sink)
//! fn next_timeout(&self) -> Option<Instant>
//! ```
//!
//! | room | what lies there |
//! |---|---|
//! | [`wire`] | vocabularies as data (opcodes, close codes, catalogs) and codecs (JSON, ETF, IPC framing) |
//! | [`protocol`] | client machines: rpc, gateway |
//! | [`cache`] | what a Gateway connection has seen, kept under a limit |
//! | [`world`] | the in-memory Discord; it knows no protocol |
//! | [`scenario`] | a world and what happens in it, written by hand: read, and played as host commands |
//! | [`server`] | doors: a machine per peer, over the world |
//! | [`value`] | JSON read in place: the tape |
//! | [`record`] | what went through a machine, written down and played again |
//! | [`event`], [`error`], [`command`], [`time`], [`random`], [`secret`] | the words that all rooms share |

pub mod cache;
pub mod command;
pub mod error;
pub mod event;
pub mod protocol;
pub mod random;
pub mod record;
pub mod scenario;
pub mod secret;
pub mod server;
pub mod time;
pub mod value;
pub mod wire;
pub mod world;

//! The Gateway's vocabulary in all its dialects: opcodes, close codes with what follows from them, intents, events, commands,
//! and the envelope that every message comes in.
//!
//! Data and pure readers only; the order of things is [`crate::protocol::gateway`]'s. Where each table comes from stands at its
//! head.

mod cache_command;
mod close;
mod command;
mod dialect;
mod envelope;
mod event;
mod intents;
mod opcode;
mod user_command;

pub use crate::wire::codes::By;
pub use cache_command::CACHE_COMMANDS;
pub use close::{After, CloseCode};
pub use command::{COMMANDS, LOCAL_COMMANDS, V3_COMMANDS, V6_COMMANDS};
pub use dialect::{Compression, Dialect};
pub use envelope::{Envelope, MAX_NAME, envelope};
pub use event::{EVENTS, EventRow};
pub use intents::{INTENTS, Intent, Intents};
pub use opcode::{OPCODES, Opcode, OpcodeRow, Standing};
pub use user_command::USER_COMMANDS;

/// The version that is spoken unless another is asked for.
pub const VERSION: u32 = Dialect::V10.version();

/// The largest message that the Gateway takes, in bytes; a larger one is answered by closing with 4002.
pub const MAX_SEND: usize = 4096;

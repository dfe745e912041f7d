//! The vocabulary of Discord's local RPC: commands, events, codes, and where the server listens.
//!
//! Tables only; the machines are `protocol::rpc` (client) and `server::rpc` (door). Sources: the RPC page of Discord's
//! documentation (2021 and 2026); for limits of the activity and for scopes, which it leaves out, the community's
//! documentation. Where no source says which scope opens a command the table decides, and a server may be stricter.

pub mod activity;
mod codes;
mod commands;
mod events;
pub mod objects;
mod presence;

use std::ops::RangeInclusive;

pub use codes::{CloseCode, ErrorCode};
pub use commands::COMMANDS;
pub use events::EVENTS;
pub use presence::Activity;

use super::catalog::{self, Row};
use crate::error::Error;
use crate::value::{Kind, Value};

/// The one version of the protocol that is in service.
pub const VERSION: u32 = 1;

/// TCP ports: a server takes the first that is free, a client tries them in this order.
pub const PORTS: RangeInclusive<u16> = 6463..=6472;

/// Encodings of the WebSocket transport, as its `encoding` parameter names them.
pub const ENCODINGS: [&str; 2] = ["json", "etf"];

/// The last `n` of `discord-ipc-{n}`; the first is 0.
pub const LAST_IPC: u8 = 9;

/// The scope that who speaks over IPC holds without authentication.
pub const LOCAL_SCOPE: &str = "rpc.local";

/// The row of a command, by its name or an alias.
pub fn command(name: &str) -> Option<&'static Row> {
    COMMANDS.iter().find(|row| row.is_named(name))
}

/// The row of an event.
pub fn event(name: &str) -> Option<&'static Row> {
    EVENTS.iter().find(|row| row.is_named(name))
}

/// The row of the command that a program wants to send. A name that no row bears passes: Discord may know it.
///
/// # Errors
/// The name is a command's but for its case, or an event's.
pub fn check_name(name: &str) -> Result<Option<&'static Row>, Error> {
    catalog::named(name, ("command", COMMANDS), ("an event", EVENTS))
}

/// Whether a program may send this command with these arguments. Commands that no row describes pass.
///
/// For `SUBSCRIBE` and `UNSUBSCRIBE` the arguments are those of the program, `{"evt": .., "args": {..}}`; on the wire `evt`
/// stands beside `args`, so a server checks `args` against [`event`]'s row instead.
pub fn check(name: &str, args: Value<'_>) -> Result<(), Error> {
    if name.is_empty() {
        return Err(Error::argument("a command's name expected"));
    }
    match check_name(name)? {
        Some(row) if !row.callable => {
            Err(Error::argument(format!("{name}: sent by Discord only; a program can't send it")))
        }
        Some(row) => catalog::check(row, args),
        None if matches!(args.kind(), Kind::Missing | Kind::Null | Kind::Object) => Ok(()),
        None => Err(Error::argument(format!("{name}: the arguments must be an object"))),
    }
}

//! What the host program may ask of a server that it runs, and what the server tells it: the catalog of `gb_send` on a
//! server, of its DISPATCH events and of its REQUESTs.
//!
//! These are our own words, not Discord's: peers never see them. The host stands for all that happens outside of its
//! game (another player appears, speaks, asks to join, invites) and for the user's own hand, so there is a command for each
//! thing that can be done to a world. Tables only; the door (`server::rpc`) carries them out.
//!
//! Names say the thing and then what becomes of it (`GUILD_CREATE`, `VOICE_JOIN`). A command replies with the thing as it is
//! afterwards, or as it was when it is gone. A `user_id` that may be left out is the local user's. Where null is allowed in a
//! change it takes away; what is left out stays. Rows are exact: a member that none of them names is refused.

mod channels;
pub mod dmod;
mod events;
mod games;
pub mod gateway;
mod guilds;
pub mod objects;
mod people;
mod server;
pub mod snapshot;
mod voice;

pub use events::{EVENTS, REQUESTS};
pub use server::{SPEED, STATE_PARTS};

use super::catalog::{self, Row};
use crate::error::{Error, Status};
use crate::value::Value;

const GROUPS: &[&[Row]] = &[people::ROWS, guilds::ROWS, channels::ROWS, voice::ROWS, games::ROWS, server::ROWS];

const COUNT: usize = {
    let (mut group, mut count) = (0, 0);
    while group < GROUPS.len() {
        count += GROUPS[group].len();
        group += 1;
    }
    count
};

const ROWS: [Row; COUNT] = {
    let mut rows = [Row::new("", ""); COUNT];
    let (mut group, mut count) = (0, 0);
    while group < GROUPS.len() {
        let mut at = 0;
        while at < GROUPS[group].len() {
            rows[count] = GROUPS[group][at].exact();
            count += 1;
            at += 1;
        }
        group += 1;
    }
    rows
};

/// The commands.
pub const COMMANDS: &[Row] = &ROWS;

/// The row of a command.
pub fn command(name: &str) -> Option<&'static Row> {
    COMMANDS.iter().find(|row| row.is_named(name))
}

/// The row of a DISPATCH event.
pub fn event(name: &str) -> Option<&'static Row> {
    EVENTS.iter().find(|row| row.is_named(name))
}

/// The row of the command that a host wants to send. Unlike a peer's, one that no row describes is refused: these are our
/// own words, so there is nobody who could know it.
///
/// # Errors
/// [`Status::Argument`] when the name is a command's but for its case, or an event's; else [`Status::Unsupported`].
pub fn check_name(name: &str) -> Result<Option<&'static Row>, Error> {
    let row = catalog::named(name, ("command", COMMANDS), ("an event", EVENTS))?;
    if row.is_none() {
        let known: Vec<&str> = COMMANDS.iter().map(|row| row.name).collect();
        let sentence = format!("{name}: no command of a server; there are {}", known.join(", "));
        return Err(Error::new(Status::Unsupported, sentence));
    }
    Ok(row)
}

/// The same of a sandbox, which takes those of [`gateway`] and [`dmod`] too.
///
/// # Errors
/// As [`check_name`].
pub fn check_sandbox_name(name: &str) -> Result<Option<&'static Row>, Error> {
    for (commands, events) in [(gateway::COMMANDS, gateway::EVENTS), (dmod::COMMANDS, dmod::EVENTS)] {
        let row = catalog::named(name, ("command", commands), ("an event", events))?;
        if row.is_some() {
            return Ok(row);
        }
    }
    check_name(name)
}

/// Whether a server takes this command, as [`check_name`] says, with these arguments.
pub fn check(name: &str, args: Value<'_>) -> Result<(), Error> {
    check_name(name)?.map_or(Ok(()), |row| catalog::check(row, args))
}

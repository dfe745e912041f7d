//! The vocabulary of the dmod gateway: its eight opcodes, its commands and events, and how a message is read and written.
//!
//! dmod was a service beside Discord that let moderators look after a guild. Its document (`dmod.yaml`, 2021) shows messages
//! and little else, so the spellings on the wire are kept as they are (`DESCONNECT_GUILD`, `APPLICATION_REVIWED`,
//! `proccessed_type`), and everything that it leaves open (close codes, errors, times, sizes, replies of the session commands)
//! is decided in `docs/dmod.md`, which is the one place to read before a table here is changed.

mod close;
mod command;
mod event;
mod message;
mod opcode;

pub use crate::wire::codes::By;
pub use close::CloseCode;
pub use command::COMMANDS;
pub use event::{AUTHENTICATED, EVENTS, NOTIFICATION_TYPES};
pub use message::{Envelope, MAX_NAME, write};
pub use opcode::{OPCODES, Opcode, OpcodeRow};

use super::catalog::{self, Row};
use crate::error::Error;

/// The largest message that a server takes, in bytes; a larger one is answered by closing with 4002.
pub const MAX_SEND: usize = 4096;

/// The row of a command, by its name or its other one.
pub fn command(name: &str) -> Option<&'static Row> {
    COMMANDS.iter().find(|row| row.is_named(name))
}

/// The row of an event.
pub fn event(name: &str) -> Option<&'static Row> {
    EVENTS.iter().find(|row| row.is_named(name))
}

/// The row of the command that a program wants to send. One that no row describes passes: a server may know more than its
/// document.
///
/// # Errors
/// [`crate::error::Status::Argument`]: the name is a command's but for its case, or an event's.
pub fn check_name(name: &str) -> Result<Option<&'static Row>, Error> {
    catalog::named(name, ("command", COMMANDS), ("an event", EVENTS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_judged() {
        assert_eq!(check_name("DISCONNECT_GUILD").unwrap().unwrap().name, "DESCONNECT_GUILD");
        assert_eq!(check_name("APPLICATION_SESSION_END").unwrap().unwrap().name, "APPLICATION_SESSION_END");
        assert!(check_name("WARN_MEMBER").unwrap().is_none());
        for wrong in ["connect_guild", "GUILD_MEMBER_COUNT_CHANGE", "Application_Session_Hb_P"] {
            assert!(check_name(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn rows_stand_at_their_numbers() {
        for (number, row) in OPCODES.iter().enumerate() {
            assert_eq!(row.opcode as usize, number);
            assert_eq!(Opcode::from_code(number as i64), Some(row.opcode));
        }
        assert_eq!(Opcode::from_code(8), None);
        assert_eq!(Opcode::from_code(-1), None);
    }
}

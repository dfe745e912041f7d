//! Opcodes: what a message is for, and who sends it.
//!
//! The document draws 6 from the server to the client and 7 the other way round in the session commands, against its own
//! words; both sides read either, and [`By`] says who sends it when all goes by these tables.

use crate::wire::codes::By;

/// What a message is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
#[expect(missing_docs, reason = "the table below says what each is for")]
pub enum Opcode {
    RequestAuthentication = 0,
    Authenticate = 1,
    Authenticated = 2,
    Heartbeat = 3,
    HeartbeatReply = 4,
    Event = 5,
    Command = 6,
    Reply = 7,
}

/// An opcode.
#[derive(Clone, Copy, Debug)]
pub struct OpcodeRow {
    /// Its number.
    pub opcode: Opcode,
    /// What it is called here: the document gives no names.
    pub name: &'static str,
    /// Who sends it.
    pub by: By,
    /// What it is for.
    pub about: &'static str,
}

const fn row(opcode: Opcode, name: &'static str, by: By, about: &'static str) -> OpcodeRow {
    OpcodeRow { opcode, name, by, about }
}

/// Every opcode, at its number's place.
pub const OPCODES: [OpcodeRow; 8] = [
    row(Opcode::RequestAuthentication, "REQUEST_AUTHENTICATION", By::Server, "asks who is there; the first word"),
    row(Opcode::Authenticate, "AUTHENTICATE", By::Client, "says so: a token, or null for what everybody may see"),
    row(Opcode::Authenticated, "AUTHENTICATED", By::Server, "lets in, with the notifications that were missed"),
    row(Opcode::Heartbeat, "HEARTBEAT", By::Server, "wants a sign of life"),
    row(Opcode::HeartbeatReply, "HEARTBEAT_REPLY", By::Client, "gives it"),
    row(Opcode::Event, "EVENT", By::Server, "something happened; its name is in `ev`"),
    row(Opcode::Command, "COMMAND", By::Client, "wants something done; its name is in `cmd`"),
    row(Opcode::Reply, "REPLY", By::Both, "what came of a command; from a client, a command of the session family"),
];

impl Opcode {
    /// The opcode of this number.
    pub fn from_code(code: i64) -> Option<Opcode> {
        usize::try_from(code).ok().and_then(|code| OPCODES.get(code)).map(|row| row.opcode)
    }

    /// What there is to say of it.
    pub const fn row(self) -> &'static OpcodeRow {
        &OPCODES[self as usize]
    }
}

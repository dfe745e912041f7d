//! Messages as they stand on the wire: what both sides read, and each of the eight as it is written.

use super::Opcode;
use crate::error::{Error, ProtocolError};
use crate::value::{Document, Kind, Value};
use crate::wire::json::Object;

/// Names of commands and events are not longer.
pub const MAX_NAME: usize = 64;

/// A message, read as far as every message goes.
#[derive(Clone, Copy, Debug)]
pub struct Envelope<'d> {
    /// What it is for; a number that is no opcode is the reader's to judge.
    pub op: Result<Opcode, i64>,
    /// `ev` of an event, `cmd` of a command; empty for none.
    pub name: &'d str,
    /// What it carries; missing counts as null.
    pub d: Value<'d>,
}

impl<'d> Envelope<'d> {
    /// Reads `text` into `doc`.
    ///
    /// # Errors
    /// It is no JSON, no object, or without an opcode; a name is no text, or too long. Names are not repeated: what stands in a
    /// name's place may be a token.
    pub fn read(doc: &'d mut Document, text: &[u8]) -> Result<Envelope<'d>, ProtocolError> {
        doc.parse(text).map_err(|error| Error::protocol(format!("a message is no JSON: {error}")))?;
        let root = doc.root();
        if root.kind() != Kind::Object {
            return Err(Error::protocol("a message is no object"));
        }
        let Some(op) = root.member("op").as_whole() else {
            return Err(Error::protocol("a message has no op; a number expected"));
        };
        let mut name = "";
        for member in ["ev", "cmd"] {
            let given = root.member(member);
            match given.as_str() {
                Some(given) if given.len() > MAX_NAME => {
                    return Err(Error::protocol(format!("{member}: at most {MAX_NAME} bytes expected")));
                }
                Some(given) => name = given,
                None if given.is_none() => {}
                None => return Err(Error::protocol(format!("{member}: a name expected"))),
            }
        }
        Ok(Envelope { op: Opcode::from_code(op).ok_or(op), name, d: root.member("d") })
    }
}

/// Each message, appended to a buffer.
pub mod write {
    use super::{Object, Opcode};

    fn bare(out: &mut Vec<u8>, opcode: Opcode) {
        Object::begin(out).int("op", opcode as i64).raw("t", b"null").raw("d", b"null").end();
    }

    /// Op 0.
    pub fn request_authentication(out: &mut Vec<u8>) {
        bare(out, Opcode::RequestAuthentication);
    }

    /// Op 1. It may hold a token: wipe it.
    pub fn authenticate(out: &mut Vec<u8>, token: Option<&str>, uid: Option<&str>) {
        Object::begin(out)
            .int("op", Opcode::Authenticate as i64)
            .with("d", |out| Object::begin(out).opt_str("token", token).opt_str("uid", uid).end())
            .end();
    }

    /// Op 2; `missed` appends the array of notifications.
    pub fn authenticated(out: &mut Vec<u8>, missed: impl FnOnce(&mut Vec<u8>)) {
        Object::begin(out)
            .int("op", Opcode::Authenticated as i64)
            .raw("t", b"null")
            .with("d", |out| Object::begin(out).with("missed_notifications", missed).end())
            .end();
    }

    /// Op 3.
    pub fn heartbeat(out: &mut Vec<u8>) {
        bare(out, Opcode::Heartbeat);
    }

    /// Op 4.
    pub fn heartbeat_reply(out: &mut Vec<u8>) {
        bare(out, Opcode::HeartbeatReply);
    }

    /// Op 5; `d` is JSON.
    pub fn event(out: &mut Vec<u8>, name: &str, d: &[u8]) {
        Object::begin(out).int("op", Opcode::Event as i64).str("ev", name).raw("d", d).end();
    }

    /// Op 6, or 7 where the session family is sent with that; `d` is JSON.
    pub fn command(out: &mut Vec<u8>, opcode: Opcode, name: &str, d: &[u8]) {
        Object::begin(out).int("op", opcode as i64).str("cmd", name).raw("d", d).end();
    }

    /// Op 7 from a server; `data` is JSON.
    pub fn reply(out: &mut Vec<u8>, name: &str, data: &[u8]) {
        Object::begin(out)
            .int("op", Opcode::Reply as i64)
            .with("d", |out| Object::begin(out).str("for", name).raw("data", data).end())
            .end();
    }
}

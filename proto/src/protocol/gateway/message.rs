//! Messages that are sent.

use crate::wire::gateway::Opcode;
use crate::wire::json::Object;

/// Appends a message of this opcode.
pub(super) fn message(out: &mut Vec<u8>, opcode: Opcode, data: &[u8]) {
    Object::begin(out).int("op", opcode as i64).raw("d", data).end();
}

/// Appends a HEARTBEAT, which says up to where the client has followed.
pub(super) fn heartbeat(out: &mut Vec<u8>, seq: Option<u64>) {
    match seq {
        Some(seq) => message(out, Opcode::Heartbeat, seq.to_string().as_bytes()),
        None => message(out, Opcode::Heartbeat, b"null"),
    }
}

/// Overwrites a message that held the token.
pub(super) fn wipe(text: &mut Vec<u8>) {
    text.fill(0);
    // Keeps the compiler from seeing that nobody reads the zeros.
    std::hint::black_box(&*text);
    text.clear();
}

//! Messages that are sent.

use super::session::Session;
use crate::secret::Secret;
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

/// Appends the heartbeat of version 3, which says what the client's clock shows, as a text.
pub(super) fn keepalive(out: &mut Vec<u8>, unix_ms: u64) {
    message(out, Opcode::Heartbeat, format!("\"{unix_ms}\"").as_bytes());
}

/// Appends a RESUME. It holds the token: wipe it.
pub(super) fn resume(out: &mut Vec<u8>, token: &Secret, session: &Session) {
    // Room for all of it, so that growing leaves no copy of the token behind.
    out.reserve(2 * token.reveal().len() + session.id.len() + 128);
    Object::begin(out)
        .int("op", Opcode::Resume as i64)
        .with("d", |out| {
            Object::begin(out)
                .str("token", token.reveal())
                .str("session_id", &session.id)
                .raw("seq", session.seq.to_string().as_bytes())
                .end();
        })
        .end();
}

/// Overwrites a message that held the token.
pub(super) fn wipe(text: &mut Vec<u8>) {
    text.fill(0);
    // Keeps the compiler from seeing that nobody reads the zeros.
    std::hint::black_box(&*text);
    text.clear();
}

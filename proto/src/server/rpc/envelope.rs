//! The frame around what peers are sent: events, replies and refusals.

use super::refusal::Refusal;
use crate::wire::json::Object;

/// An event: `{"cmd":"DISPATCH","data":{..},"evt":"READY","nonce":null}`.
pub(super) fn dispatch(frame: &mut Vec<u8>, event: &str, data: impl FnOnce(&mut Vec<u8>)) {
    frame.clear();
    Object::begin(frame).str("cmd", "DISPATCH").with("data", data).str("evt", event).raw("nonce", b"null").end();
}

/// The part of a reply before its data; [`reply_end`] is the part behind.
pub(super) fn reply_begin(frame: &mut Vec<u8>, cmd: &str) {
    frame.clear();
    Object::begin(frame).str("cmd", cmd).raw("data", b"").end();
    frame.pop();
}

/// See [`reply_begin`].
pub(super) fn reply_end(frame: &mut Vec<u8>, nonce: &[u8]) {
    frame.extend_from_slice(b",\"evt\":null,\"nonce\":");
    frame.extend_from_slice(nonce);
    frame.push(b'}');
}

/// The refusal of a command. One that could not be read is refused under the name of DISPATCH, as events come.
pub(super) fn error(frame: &mut Vec<u8>, cmd: &str, refusal: &Refusal, nonce: &[u8]) {
    let data = |out: &mut Vec<u8>| {
        Object::begin(out).int("code", refusal.code as i64).str("message", &refusal.message).end();
    };
    error_with(frame, cmd, data, nonce);
}

/// The same with data that somebody else wrote.
pub(super) fn error_with(frame: &mut Vec<u8>, cmd: &str, data: impl FnOnce(&mut Vec<u8>), nonce: &[u8]) {
    frame.clear();
    Object::begin(frame).str("cmd", cmd).with("data", data).str("evt", "ERROR").raw("nonce", nonce).end();
}

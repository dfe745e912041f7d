//! What goes out, and how many frames of it: commands are written around the text of their arguments, which is never read
//! and written anew, so that numbers and unknown members arrive as the program wrote them.

use super::Sink;
use crate::value::Value;
use crate::wire::ipc::Opcode;
use crate::wire::json::Object;
use crate::wire::rpc::VERSION;

/// Scratch that is larger than this is given back.
pub(super) const KEEP: usize = 64 * 1024;

#[derive(Default)]
pub(super) struct Frames {
    /// Frames sent so far, of any kind: the count from which the transport's `unwritten` is taken off.
    pub(super) sent: u64,
    text: Vec<u8>,
}

impl Frames {
    fn flush(&mut self, opcode: Opcode, out: &mut impl Sink) {
        out.send(opcode, &self.text);
        self.sent += 1;
        // An access token may have been in it.
        self.text.fill(0);
        self.text.clear();
        self.text.shrink_to(KEEP);
    }

    pub(super) fn handshake(&mut self, client_id: &str, out: &mut impl Sink) {
        Object::begin(&mut self.text).int("v", VERSION.into()).str("client_id", client_id).end();
        self.flush(Opcode::Handshake, out);
    }

    pub(super) fn pong(&mut self, payload: &[u8], out: &mut impl Sink) {
        self.text.extend_from_slice(payload);
        self.flush(Opcode::Pong, out);
    }

    /// Sends one command; gives the number of its frame.
    pub(super) fn command(
        &mut self,
        id: u64,
        name: &str,
        event: Option<&str>,
        args: &[u8],
        out: &mut impl Sink,
    ) -> u64 {
        let mut object = Object::begin(&mut self.text).str("cmd", name).str("nonce", &id.to_string());
        if let Some(event) = event {
            object = object.str("evt", event);
        }
        object.raw("args", if args.is_empty() { b"{}" } else { args }).end();
        let number = self.sent;
        self.flush(Opcode::Frame, out);
        number
    }
}

/// The text of an object with one more member in front, in place of a null of that name. `object` was parsed from `text`.
pub(super) fn with_int(object: Value<'_>, text: &[u8], name: &str, number: u64) -> Box<[u8]> {
    let mut out = Vec::with_capacity(object.raw(text).len() + name.len() + 24);
    let mut members = Object::begin(&mut out).raw(name, number.to_string().as_bytes());
    for member in object.iter() {
        match member.key() {
            Some(key) if key != name => members = members.raw(key, member.raw(text)),
            _ => {}
        }
    }
    members.end();
    out.into()
}

/// The data of READY with that of AUTHENTICATE as its member `auth`.
pub(super) fn with_auth(ready: &[u8], auth: &[u8]) -> Vec<u8> {
    // `ready` is JSON cut out of a frame: an object begins and ends with its braces.
    let inside = match ready {
        [b'{', inside @ .., b'}'] => inside.trim_ascii(),
        _ => b"",
    };
    let mut out = Vec::with_capacity(inside.len() + auth.len() + 16);
    out.push(b'{');
    out.extend_from_slice(inside);
    if !inside.is_empty() {
        out.push(b',');
    }
    out.extend_from_slice(b"\"auth\":");
    out.extend_from_slice(if auth.is_empty() { b"null" } else { auth });
    out.push(b'}');
    out
}

//! JSON pointers (RFC 6901) over the tape.

use super::{Kind, Value};

/// Walks the pointer; what is not there is missing, and so is what a malformed pointer names.
pub(super) fn get<'d>(value: Value<'d>, pointer: &[u8]) -> Value<'d> {
    let Some((b'/', mut rest)) = pointer.split_first() else {
        return if pointer.is_empty() { value } else { value.missing() };
    };
    let mut value = value;
    loop {
        let end = rest.iter().position(|byte| *byte == b'/').unwrap_or(rest.len());
        value = step(value, &rest[..end]);
        if end == rest.len() || !value.exists() {
            return value;
        }
        rest = &rest[end + 1..];
    }
}

fn step<'d>(value: Value<'d>, token: &[u8]) -> Value<'d> {
    match value.kind() {
        Kind::Object if token.contains(&b'~') => match unescape(token) {
            Some(name) => member(value, &name),
            None => value.missing(),
        },
        Kind::Object => member(value, token),
        Kind::Array => match array_index(token) {
            Some(position) if position < value.len() => value.at(position),
            _ => value.missing(),
        },
        _ => value.missing(),
    }
}

pub(super) fn member<'d>(value: Value<'d>, name: &[u8]) -> Value<'d> {
    let mut found = value.missing();
    if value.kind() != Kind::Object {
        return found;
    }
    for candidate in value.iter() {
        let key = &value.doc.nodes[candidate.index as usize - 1];
        let start = key.offset() as usize;
        if key.length() as usize == name.len() && &value.doc.text[start..start + name.len()] == name {
            found = candidate;
        }
    }
    found
}

/// RFC 6901 section 4: digits without a leading zero.
fn array_index(token: &[u8]) -> Option<usize> {
    match token {
        [b'0'] => Some(0),
        [b'1'..=b'9', ..] if token.iter().all(u8::is_ascii_digit) => std::str::from_utf8(token).ok()?.parse().ok(),
        _ => None,
    }
}

fn unescape(token: &[u8]) -> Option<Vec<u8>> {
    let mut name = Vec::with_capacity(token.len());
    let mut bytes = token.iter();
    while let Some(byte) = bytes.next() {
        name.push(match byte {
            b'~' => match bytes.next() {
                Some(b'0') => b'~',
                Some(b'1') => b'/',
                _ => return None,
            },
            byte => *byte,
        });
    }
    Some(name)
}

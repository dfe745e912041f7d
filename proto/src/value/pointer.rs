//! JSON pointers (RFC 6901) over the tape. Nothing is allocated: an escaped name is unescaped while it is compared.

use super::{Kind, Node, Value};

/// Walks the pointer; what is not there is missing, and so is what a malformed pointer names.
pub(super) fn get<'d>(value: Value<'d>, pointer: &[u8]) -> Value<'d> {
    let (mut value, mut rest) = (value, pointer);
    while let [b'/', tail @ ..] = rest {
        let end = tail.iter().position(|byte| *byte == b'/').unwrap_or(tail.len());
        let (token, behind) = tail.split_at(end);
        value = match value.kind() {
            Kind::Object if token.contains(&b'~') => last_member(value, |text, key| {
                is_escaped(token, &text[key.offset() as usize..][..key.length() as usize])
            }),
            Kind::Object => member(value, token),
            Kind::Array => array_index(token).map_or(value.missing(), |position| value.at(position)),
            _ => return value.missing(),
        };
        rest = behind;
    }
    if rest.is_empty() { value } else { value.missing() }
}

/// The last member of this name.
pub(super) fn member<'d>(value: Value<'d>, name: &[u8]) -> Value<'d> {
    // Names that differ do so in length or in the first eight bytes, nearly always: both are compared as numbers.
    const WORD: usize = size_of::<u64>();
    let mut first = [0; WORD];
    let known = name.len().min(WORD);
    first[..known].copy_from_slice(&name[..known]);
    let first = u64::from_le_bytes(first);
    let mask = u64::MAX.checked_shr(64 - 8 * known as u32).unwrap_or(0);
    last_member(value, |text, key| {
        key.length() as usize == name.len() && {
            // There are NULs enough behind the text.
            let key = &text[key.offset() as usize..];
            key.first_chunk().is_some_and(|word| u64::from_le_bytes(*word) & mask == first)
                && (name.len() <= WORD || key[..name.len()] == *name)
        }
    })
}

/// All members are looked at, since the last of those that are meant counts.
#[inline(always)]
fn last_member<'d>(value: Value<'d>, is_meant: impl Fn(&[u8], &Node) -> bool) -> Value<'d> {
    let mut found = 0;
    if value.kind() == Kind::Object {
        let (nodes, text) = (&value.doc.nodes[..], &value.doc.text[..]);
        let mut index = value.first().index as usize;
        while index != 0 {
            if is_meant(text, &nodes[index - 1]) {
                found = index;
            }
            index = nodes[index].next() as usize;
        }
    }
    Value { doc: value.doc, index: found as u32 }
}

/// RFC 6901 section 4: digits without a leading zero.
fn array_index(token: &[u8]) -> Option<usize> {
    match token {
        [b'0'] => Some(0),
        [b'1'..=b'9', ..] if token.iter().all(u8::is_ascii_digit) => std::str::from_utf8(token).ok()?.parse().ok(),
        _ => None,
    }
}

/// Whether `token`, with `~0` and `~1` in it, means `key`. A `~` before anything else means nothing.
fn is_escaped(token: &[u8], key: &[u8]) -> bool {
    let (mut token, mut key) = (token, key);
    loop {
        let (byte, behind) = match token {
            [] => return key.is_empty(),
            [b'~', b'0', behind @ ..] => (b'~', behind),
            [b'~', b'1', behind @ ..] => (b'/', behind),
            [b'~', ..] => return false,
            [byte, behind @ ..] => (*byte, behind),
        };
        match key {
            [first, rest @ ..] if *first == byte => key = rest,
            _ => return false,
        }
        token = behind;
    }
}

//! Secrets in forms and queries, and the other spellings that a secret may come in.

use super::{Redactor, is_secret};

/// Replaces what secret names stand before, and what is known in the rest.
pub(super) fn redact(redactor: &mut Redactor, form: &[u8]) -> Vec<u8> {
    // Those by name first: the same value may stand under another name before.
    for (name, value) in pairs(form) {
        let value = decoded(value.unwrap_or_default());
        if !value.is_empty() && is_secret(&decoded(name)) {
            redactor.learn(&value);
        }
    }
    let mut out = Vec::with_capacity(form.len());
    for (at, (name, value)) in pairs(form).enumerate() {
        if at > 0 {
            out.push(b'&');
        }
        known(redactor, name, &mut out);
        let Some(value) = value else { continue };
        out.push(b'=');
        let plain = decoded(value);
        if plain.is_empty() || !is_secret(&decoded(name)) {
            known(redactor, value, &mut out);
        } else if std::str::from_utf8(&plain).is_err() {
            // No text is what the reader will find it to be, so it must stay that.
            out.extend_from_slice(b"%ff");
        } else {
            out.extend_from_slice(redactor.learn(&plain).as_bytes());
        }
    }
    out
}

fn pairs(form: &[u8]) -> impl Iterator<Item = (&[u8], Option<&[u8]>)> {
    form.split(|byte| *byte == b'&').map(|pair| match pair.iter().position(|byte| *byte == b'=') {
        Some(sign) => (&pair[..sign], Some(&pair[sign + 1..])),
        None => (pair, None),
    })
}

/// Copies a name or a value, as it was written unless there is a known secret in it.
fn known(redactor: &mut Redactor, text: &[u8], out: &mut Vec<u8>) {
    let plain = decoded(text);
    let mut clean = Vec::new();
    redactor.plain(&plain, false, &mut clean);
    if clean == plain {
        return redactor.plain(text, false, out);
    }
    for byte in clean {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(byte);
        } else {
            out.extend_from_slice(format!("%{byte:02X}").as_bytes());
        }
    }
}

/// As the door's own reader decodes (`server::form`): a `%` that starts no escape stands for itself.
fn decoded(text: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        decoded.push(match (first, after) {
            (b'+', _) => b' ',
            (b'%', [high, low, after @ ..]) => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => {
                    rest = after;
                    high << 4 | low
                }
                _ => b'%',
            },
            (byte, _) => *byte,
        });
    }
    decoded
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).map(|digit| digit as u8)
}

/// The other spellings of a secret: escaped for an address or for JSON inside of JSON, and in base 64 as part of something
/// longer.
pub(super) fn spellings(secret: &[u8], mut spelling: impl FnMut(Vec<u8>)) {
    let kept: [&[u8]; 2] = [b"-_.~", b"-_.~!*'()"];
    for kept in kept {
        for upper in [true, false] {
            let mut escaped = Vec::with_capacity(secret.len());
            for byte in secret {
                match byte {
                    byte if byte.is_ascii_alphanumeric() || kept.contains(byte) => escaped.push(*byte),
                    byte if upper => escaped.extend_from_slice(format!("%{byte:02X}").as_bytes()),
                    byte => escaped.extend_from_slice(format!("%{byte:02x}").as_bytes()),
                }
            }
            spelling(escaped);
        }
    }
    let mut quoted = Vec::new();
    crate::wire::json::push_str(&mut quoted, &String::from_utf8_lossy(secret));
    spelling(quoted[1..quoted.len() - 1].to_vec());
    // Three bytes make four letters, so there are three ways to stand in it; letters that a neighbour has a part in are
    // left out.
    for skip in 0..3 {
        let whole = secret.get(skip..).unwrap_or_default();
        let letters = to_base64(&whole[..whole.len() / 3 * 3]);
        spelling(letters.replace('+', "-").replace('/', "_").into_bytes());
        spelling(letters.into_bytes());
    }
}

const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// RFC 4648 section 4.
pub(super) fn to_base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let bits = three.iter().fold(0, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        for letter in 0..4 {
            let six = bits >> (18 - 6 * letter) & 63;
            text.push(if letter > three.len() { '=' } else { char::from(LETTERS[six as usize]) });
        }
    }
    text
}

/// The same backwards, padding optional.
pub(super) fn from_base64(text: &str) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(text.len() * 3 / 4);
    let (mut bits, mut held) = (0u32, 0);
    for byte in text.trim_end_matches('=').bytes() {
        let six = LETTERS.iter().position(|letter| *letter == byte)? as u32;
        (bits, held) = (bits << 6 | six, held + 6);
        if held >= 8 {
            held -= 8;
            decoded.push((bits >> held) as u8);
        }
    }
    Some(decoded)
}

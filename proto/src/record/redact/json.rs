//! Secrets in JSON, and in what was meant to be JSON.
//!
//! This reads letter by letter and not by the tape, for two reasons: white space and spelling must stay as they are, since
//! machines hand them on; and a frame that is cut short or broken shows its secrets as well as a whole one.

use super::{Redactor, is_secret};
use crate::wire::json::push_str;

/// Replaces what stands under secret names, and what is known in the rest. `junk`: it does not parse.
pub(super) fn redact(redactor: &mut Redactor, text: &[u8], junk: bool) -> Vec<u8> {
    let known = redactor.words.len();
    let clean = once(redactor, text, junk);
    // What was learnt on the way may stand further up.
    if redactor.words.len() == known { clean } else { once(redactor, text, junk) }
}

fn once(redactor: &mut Redactor, text: &[u8], junk: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    // For each object or list that is open: whether all in it is secret.
    let mut open: Vec<bool> = Vec::new();
    let mut named = false;
    // A code that is a number says what went wrong; one that is a text can be exchanged for a token.
    let mut code = false;
    let mut session = false;
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        let secret = named || open.last().copied().unwrap_or(false);
        match byte {
            b'"' => {
                let inside = &text[at + 1..];
                let length = string(inside);
                let behind = at + 1 + length;
                let content = &inside[..length];
                out.push(b'"');
                let name = text[behind.min(text.len())..].iter().skip(1).find(|byte| !byte.is_ascii_whitespace());
                if name == Some(&b':') {
                    replace_known(redactor, content, junk, &mut out);
                    let name = unescaped(content);
                    (named, code, session) = (is_secret(&name), name == b"code", name == b"session_id");
                } else {
                    // Within what is secret as a whole these are as secret as all else.
                    let whole = open.last().copied().unwrap_or(false);
                    let shows = !whole && (code && is_kind(content) || session && is_user(content));
                    if secret && !content.is_empty() && !shows {
                        let plain = unescaped(content);
                        let (scheme, shown) = scheme(&plain);
                        out.extend_from_slice(scheme);
                        out.extend_from_slice(redactor.learn(shown).as_bytes());
                    } else {
                        replace_known(redactor, content, junk, &mut out);
                    }
                    named = false;
                }
                at = behind;
                if text.get(at) == Some(&b'"') {
                    out.push(b'"');
                    at += 1;
                }
                continue;
            }
            b'{' | b'[' => {
                open.push(secret);
                (named, code, session) = (false, false, false);
            }
            b'}' | b']' => {
                open.pop();
                (named, code, session) = (false, false, false);
            }
            b',' => (named, code, session) = (false, false, false),
            b'-' | b'0'..=b'9' if secret && !code => {
                out.push(b'0');
                named = false;
                let number = |byte: &u8| byte.is_ascii_digit() || b"-+.eE".contains(byte);
                at += text[at..].iter().take_while(|byte| number(byte)).count();
                continue;
            }
            _ if junk => {
                // Everything up to the next sign that means something here.
                let sign = |byte: &u8| b"\"{}[],".contains(byte);
                let length = text[at..].iter().take_while(|byte| !sign(byte)).count();
                redactor.plain(&text[at..at + length], true, &mut out);
                at += length;
                continue;
            }
            _ => {}
        }
        out.push(*byte);
        at += 1;
    }
    out
}

/// Whether a `code` is the kind of a mistake in a form (`"code":"BASE_TYPE_REQUIRED"`), and so no secret. The doors of a
/// sandbox write it by themselves, so a replay must find it there.
fn is_kind(text: &[u8]) -> bool {
    text.contains(&b'_') && text.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b'_')
}

/// The same of a `session_id` that is a user's id in hexadecimal, which is what a sandbox shows of other people's sessions.
fn is_user(text: &[u8]) -> bool {
    text.len() == 32
        && text.starts_with(&[b'0'; 16])
        && text.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// The word that clients put before a token, of which a server finds the token without it to be the same.
fn scheme(text: &[u8]) -> (&[u8], &[u8]) {
    let word = [&b"Bot "[..], b"Bearer "].into_iter().find(|word| text.len() > word.len() && text.starts_with(word));
    text.split_at(word.map_or(0, <[u8]>::len))
}

/// How far it is to the quote that ends a string, or to the end of the text.
fn string(text: &[u8]) -> usize {
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => return at,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    text.len()
}

/// Copies a string's inside as it is spelled, unless there is a secret in it.
fn replace_known(redactor: &mut Redactor, content: &[u8], junk: bool, out: &mut Vec<u8>) {
    if !content.contains(&b'\\') {
        return redactor.plain(content, junk, out);
    }
    let plain = unescaped(content);
    let mut clean = Vec::with_capacity(plain.len());
    redactor.plain(&plain, junk, &mut clean);
    match String::from_utf8(clean) {
        Ok(clean) if clean.as_bytes() != plain => {
            let from = out.len();
            push_str(out, &clean);
            out.remove(from);
            out.pop();
        }
        _ => redactor.plain(content, junk, out),
    }
}

/// What a string says. An escape that is none stands for itself.
fn unescaped(content: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(content.len());
    let mut rest = content;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        let (b'\\', Some((kind, behind))) = (first, after.split_first()) else {
            plain.push(*first);
            continue;
        };
        let byte = match kind {
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'b' => 8,
            b'f' => 12,
            b'"' | b'\\' | b'/' => *kind,
            b'u' => {
                if let Some((character, length)) = unicode(rest) {
                    plain.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                    rest = &rest[length..];
                } else {
                    plain.push(b'\\');
                }
                continue;
            }
            _ => {
                plain.push(b'\\');
                continue;
            }
        };
        plain.push(byte);
        rest = behind;
    }
    plain
}

/// The character of `uD83DuDE00` (without the first backslash), and how long that is.
fn unicode(text: &[u8]) -> Option<(char, usize)> {
    let four = |at: usize| {
        let digits = std::str::from_utf8(text.get(at..at + 4)?).ok()?;
        if digits.starts_with('+') { None } else { u32::from_str_radix(digits, 16).ok() }
    };
    let first = four(1)?;
    if let Some(character) = char::from_u32(first) {
        return Some((character, 5));
    }
    let second = text.get(5..7).filter(|escape| *escape == b"\\u").and_then(|_| four(7))?;
    let low = second.checked_sub(0xDC00).filter(|low| *low < 0x400)?;
    char::from_u32(0x10000 + (first.checked_sub(0xD800)? << 10) + low).map(|character| (character, 11))
}

//! Escapes in strings (RFC 8259 section 7), shrunk where they stand: what an escape means is never longer than itself.

use super::parse::{ParseError, fail};
use super::scratch::Text;

/// The rest of a string, from the byte at `at` on, which is not an ordinary one: shrinks its escapes. Returns where the
/// closing quote is, and where the shrunk string ends.
#[inline(never)]
pub(super) fn shrink(text: &Text<'_>, mut at: usize) -> Result<(usize, usize), ParseError> {
    let mut to = at;
    loop {
        match text.byte(at) {
            b'"' => return Ok((at, to)),
            b'\\' => (at, to) = escape(*text, at, to)?,
            _ if at == text.end() => return fail(at, "string without an end"),
            _ => return fail(at, "control character in a string"),
        }
        let stop = text.stop(at);
        text.shift(at, to, stop - at);
        to += stop - at;
        at = stop;
    }
}

#[inline(always)]
fn escape(text: Text<'_>, at: usize, to: usize) -> Result<(usize, usize), ParseError> {
    let byte = text.byte(at + 1);
    let plain = match byte {
        b'"' | b'\\' | b'/' => byte,
        b'b' => 8,
        b'f' => 12,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'u' => return unicode(text, at, to),
        _ => return fail(at, "unknown escape"),
    };
    text.put(to, plain);
    Ok((at + 2, to + 1))
}

fn hex(text: Text<'_>, at: usize) -> Option<u32> {
    let digits: [u8; 4] = text.bytes(at);
    digits.iter().try_fold(0, |code, digit| Some(code << 4 | (*digit as char).to_digit(16)?))
}

fn unicode(text: Text<'_>, at: usize, to: usize) -> Result<(usize, usize), ParseError> {
    let Some(mut code) = hex(text, at + 2) else { return fail(at, "expected four hexadecimal digits") };
    let mut behind = at + 6;
    if (0xD800..0xDC00).contains(&code) {
        let low = match text.bytes(at + 6) {
            [b'\\', b'u'] => hex(text, at + 8).filter(|low| (0xDC00..0xE000).contains(low)),
            _ => None,
        };
        let Some(low) = low else { return fail(at, "lone surrogate") };
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        behind = at + 12;
    }
    let Some(character) = char::from_u32(code) else { return fail(at, "lone surrogate") };
    let mut to = to;
    for byte in character.encode_utf8(&mut [0; 4]).bytes() {
        text.put(to, byte);
        to += 1;
    }
    Ok((behind, to))
}

//! The grammar: from the copied text to the tape, in one walk.
//!
//! A loop, no recursion: while an array or object is open, its node leads to the one around it. Every turn reads one
//! value; behind it come closing brackets and at most one comma with, in an object, the next name. The text stands in
//! scratch with NULs behind it, so a byte can be looked at without asking whether it is there: a NUL ends every token and
//! begins none. Minified text is the straight path.
//!
//! What is slow here is not the number of instructions but the wait from one string's end to the next one's: where a
//! string ends has to be known before anything behind it can be looked at. That is why [`scan`] marks, while it copies,
//! every byte that can end one.

use std::fmt;

use super::scratch::{Open, Tape, Text};
use super::{Document, Kind, Node, escape, scan};

/// Arrays and objects inside each other; more is an error.
pub const MAX_DEPTH: usize = 64;

/// Why a text is not JSON, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// Bytes before the place.
    pub offset: usize,
    /// What was wrong or expected there.
    pub what: &'static str,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.what, self.offset)
    }
}

impl std::error::Error for ParseError {}

pub(super) fn parse(doc: &mut Document, text: &[u8]) -> Result<(), ParseError> {
    doc.nodes.clear();
    if text.len() > u32::MAX as usize - 2 * scan::BLOCK {
        return fail(0, "text of 4 GiB or more");
    }
    if simdutf8::basic::from_utf8(text).is_err() {
        // The second look knows the place.
        let offset = simdutf8::compat::from_utf8(text).map_or_else(|error| error.valid_up_to(), str::len);
        return fail(offset, "invalid UTF-8");
    }
    scan::copy(text, &mut doc.text, &mut doc.marks);
    doc.nodes.push(Node::header(0));
    let result = document(Text::new(&mut doc.text, &doc.marks, text.len()), Tape::behind(&mut doc.nodes));
    if result.is_err() {
        doc.nodes.clear();
    }
    result
}

fn document(text: Text<'_>, mut tape: Tape<'_>) -> Result<(), ParseError> {
    let mut at = 0;
    let mut depth = 0;
    let mut open = Open::NONE;
    loop {
        tape.reserve(text, at)?;
        // A value begins here; behind this match it is read, and `last` is the place of its node.
        let mut last = tape.used();
        at = text.token(at);
        match text.byte(at) {
            b'"' => at = string(text, at, Kind::Str, &mut tape)?,
            byte @ (b'{' | b'[') => {
                if depth == MAX_DEPTH {
                    return fail(at, "nested more than 64 levels");
                }
                let object = byte == b'{';
                tape.open(if object { Kind::Object } else { Kind::Array }, at, open);
                open = Open::new(last, object);
                at = text.token(at + 1);
                // Two more is the closing bracket in ASCII.
                if text.byte(at) != byte + 2 {
                    depth += 1;
                    if object {
                        at = name(text, at, &mut tape)?;
                    }
                    continue;
                }
                open = tape.close_empty(open);
                at += 1;
            }
            b'-' | b'0'..=b'9' => at = number(text, at, &mut tape)?,
            b't' if text.bytes(at) == *b"true" => {
                tape.push(Kind::Bool, at, 4);
                at += 4;
            }
            b'f' if text.bytes(at + 1) == *b"alse" => {
                tape.push(Kind::Bool, at, 5);
                at += 5;
            }
            b'n' if text.bytes(at) == *b"null" => {
                tape.push(Kind::Null, at, 4);
                at += 4;
            }
            _ => return fail(at, "expected a value"),
        }
        loop {
            at = text.token(at);
            match text.byte(at) {
                b',' if open.is_object() => {
                    tape.another(open, last);
                    at = name(text, text.token(at + 1), &mut tape)?;
                    break;
                }
                b',' if open != Open::NONE => {
                    tape.another(open, last);
                    at += 1;
                    break;
                }
                byte if open != Open::NONE && byte == open.closing() => {
                    last = open.place();
                    open = tape.close(open);
                    depth -= 1;
                    at += 1;
                }
                _ if open != Open::NONE => return fail(at, open.expected()),
                _ if at < text.end() => return fail(at, "text after the value"),
                _ => {
                    tape.finish();
                    return Ok(());
                }
            }
        }
    }
}

#[cold]
#[inline(never)]
pub(super) fn fail<T>(offset: usize, what: &'static str) -> Result<T, ParseError> {
    Err(ParseError { offset, what })
}

/// A member's name and the colon.
#[inline(always)]
fn name(text: Text<'_>, at: usize, tape: &mut Tape<'_>) -> Result<usize, ParseError> {
    if text.byte(at) != b'"' {
        return fail(at, "expected a member name");
    }
    let at = text.token(string(text, at, Kind::Key, tape)?);
    if text.byte(at) == b':' { Ok(at + 1) } else { fail(at, "expected ':'") }
}

/// A string, from its opening quote to behind its closing one.
#[inline(always)]
fn string(text: Text<'_>, at: usize, kind: Kind, tape: &mut Tape<'_>) -> Result<usize, ParseError> {
    let start = at + 1;
    let mut quote = text.stop(start);
    let mut end = quote;
    if text.byte(quote) != b'"' {
        (quote, end) = escape::shrink(&text, quote)?;
    }
    text.put(end, 0);
    tape.push(kind, start, end - start);
    Ok(quote + 1)
}

#[inline(always)]
fn number(text: Text<'_>, start: usize, tape: &mut Tape<'_>) -> Result<usize, ParseError> {
    let mut at = start + usize::from(text.byte(start) == b'-');
    at = if text.byte(at) == b'0' { at + 1 } else { digits(text, at)? };
    let mut kind = Kind::Int;
    if matches!(text.byte(at), b'.' | b'e' | b'E') {
        kind = Kind::Num;
        at = fraction(text, at)?;
    }
    tape.push(kind, start, at - start);
    Ok(at)
}

/// The place behind the digits, of which there must be one.
#[inline(always)]
fn digits(text: Text<'_>, at: usize) -> Result<usize, ParseError> {
    let mut behind = at;
    while text.byte(behind).is_ascii_digit() {
        behind += 1;
    }
    if behind == at { fail(at, "expected a digit") } else { Ok(behind) }
}

#[inline(always)]
fn fraction(text: Text<'_>, mut at: usize) -> Result<usize, ParseError> {
    if text.byte(at) == b'.' {
        at = digits(text, at + 1)?;
    }
    if matches!(text.byte(at), b'e' | b'E') {
        at += 1;
        at += usize::from(matches!(text.byte(at), b'+' | b'-'));
        at = digits(text, at)?;
    }
    Ok(at)
}

//! From terms to JSON text.

use std::borrow::Cow;
use std::fmt;
use std::io::Write as _;

use super::{MAX_DEPTH, MAX_GROWTH, VERSION, tag};
use crate::error::ProtocolError;
use crate::wire::json;

/// Appends the JSON text of one encoded term. On an error `json` is as it was.
///
/// # Errors
/// What is not a whole term (and nothing but a term), is nested more than [`MAX_DEPTH`] levels, or cannot be said in
/// JSON: an integer of more than 64 bits, a float that is not finite, a binary that is not UTF-8, an improper list.
pub fn to_json(etf: &[u8], json: &mut Vec<u8>) -> Result<(), ProtocolError> {
    let start = json.len();
    let mut reader = Reader { etf, at: 0, open: [Open::default(); MAX_DEPTH], depth: 0 };
    let result = reader.document(json);
    if result.is_err() {
        json.truncate(start);
    }
    debug_assert!(json.len() - start <= MAX_GROWTH * etf.len());
    result
}

/// A container whose end has not come.
#[derive(Clone, Copy, Default)]
struct Open {
    kind: Container,
    /// Elements or pairs that are still to come.
    left: u32,
    /// Whether the next one is the first.
    fresh: bool,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Container {
    /// Ends with a tail, which must be nil.
    #[default]
    List,
    Tuple,
    Map,
}

struct Reader<'a> {
    etf: &'a [u8],
    at: usize,
    open: [Open; MAX_DEPTH],
    depth: usize,
}

impl<'a> Reader<'a> {
    fn fail<T>(&self, what: impl fmt::Display) -> Result<T, ProtocolError> {
        Err(ProtocolError::protocol(format!("ETF: {what} at byte {}", self.at)))
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], ProtocolError> {
        match self.etf[self.at..].split_at_checked(length) {
            Some((taken, _)) => {
                self.at += length;
                Ok(taken)
            }
            None => self.fail(format_args!("{length} bytes expected, {} left", self.etf.len() - self.at)),
        }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], ProtocolError> {
        let mut bytes = [0; N];
        bytes.copy_from_slice(self.take(N)?);
        Ok(bytes)
    }

    fn byte(&mut self) -> Result<u8, ProtocolError> {
        self.array().map(u8::from_be_bytes)
    }

    fn short(&mut self) -> Result<usize, ProtocolError> {
        self.array().map(|bytes| usize::from(u16::from_be_bytes(bytes)))
    }

    fn long(&mut self) -> Result<u32, ProtocolError> {
        self.array().map(u32::from_be_bytes)
    }

    fn document(&mut self, out: &mut Vec<u8>) -> Result<(), ProtocolError> {
        match self.byte()? {
            VERSION => {}
            other => return self.fail(format_args!("version {other}; {VERSION} expected")),
        }
        self.term(out)?;
        while let Some(last) = self.depth.checked_sub(1) {
            let Open { kind, left, fresh } = self.open[last];
            if left == 0 {
                self.depth = last;
                self.end(kind, out)?;
                continue;
            }
            self.open[last] = Open { kind, left: left - 1, fresh: false };
            if !fresh {
                out.push(b',');
            }
            if kind == Container::Map {
                self.key(out)?;
                out.push(b':');
            }
            self.term(out)?;
        }
        if self.at == self.etf.len() { Ok(()) } else { self.fail("bytes after the term") }
    }

    fn end(&mut self, kind: Container, out: &mut Vec<u8>) -> Result<(), ProtocolError> {
        if kind == Container::List && self.byte()? != tag::NIL {
            return self.fail("a list with a tail");
        }
        out.push(if kind == Container::Map { b'}' } else { b']' });
        Ok(())
    }

    /// Writes a scalar whole, of a container the bracket; its elements follow.
    fn term(&mut self, out: &mut Vec<u8>) -> Result<(), ProtocolError> {
        match self.byte()? {
            kind @ (tag::SMALL_INTEGER | tag::INTEGER | tag::SMALL_BIG | tag::LARGE_BIG) => self.integer(kind, out),
            tag::NEW_FLOAT => {
                let number = f64::from_be_bytes(self.array()?);
                self.float(number, out)
            }
            tag::FLOAT => self.old_float(out),
            kind @ (tag::ATOM | tag::SMALL_ATOM | tag::ATOM_UTF8 | tag::SMALL_ATOM_UTF8) => {
                match &*self.atom(kind)? {
                    "nil" | "null" => out.extend_from_slice(b"null"),
                    "true" => out.extend_from_slice(b"true"),
                    "false" => out.extend_from_slice(b"false"),
                    other => json::push_str(out, other),
                }
                Ok(())
            }
            tag::BINARY => {
                json::push_str(out, self.binary()?);
                Ok(())
            }
            tag::STRING => self.string(out),
            tag::NIL => {
                self.enter(Container::Tuple, 0, 1, out)?;
                Ok(())
            }
            tag::SMALL_TUPLE => {
                let length = self.byte()?;
                self.enter(Container::Tuple, length.into(), 1, out)
            }
            tag::LARGE_TUPLE => {
                let length = self.long()?;
                self.enter(Container::Tuple, length, 1, out)
            }
            tag::LIST => {
                let length = self.long()?;
                self.enter(Container::List, length, 1, out)
            }
            tag::MAP => {
                let pairs = self.long()?;
                self.enter(Container::Map, pairs, 2, out)
            }
            other => self.unknown(other),
        }
    }

    fn unknown<T>(&mut self, other: u8) -> Result<T, ProtocolError> {
        self.at -= 1;
        match tag::name(other) {
            Some(name) => self.fail(format_args!("{name} (tag {other}), which is not supported,")),
            None => self.fail(format_args!("unknown tag {other}")),
        }
    }

    /// Opens a container whose `count` items take at least `least` bytes each.
    fn enter(&mut self, kind: Container, count: u32, least: usize, out: &mut Vec<u8>) -> Result<(), ProtocolError> {
        let left = self.etf.len() - self.at;
        if (count as usize).checked_mul(least).is_none_or(|bytes| bytes > left) {
            return self.fail(format_args!("{count} items announced, {left} bytes left"));
        }
        if self.depth == MAX_DEPTH {
            return self.fail(format_args!("nested more than {MAX_DEPTH} levels"));
        }
        self.open[self.depth] = Open { kind, left: count, fresh: true };
        self.depth += 1;
        out.push(if kind == Container::Map { b'{' } else { b'[' });
        Ok(())
    }

    fn key(&mut self, out: &mut Vec<u8>) -> Result<(), ProtocolError> {
        match self.byte()? {
            kind @ (tag::ATOM | tag::SMALL_ATOM | tag::ATOM_UTF8 | tag::SMALL_ATOM_UTF8) => {
                json::push_str(out, &self.atom(kind)?);
                Ok(())
            }
            tag::BINARY => {
                json::push_str(out, self.binary()?);
                Ok(())
            }
            kind @ (tag::SMALL_INTEGER | tag::INTEGER | tag::SMALL_BIG | tag::LARGE_BIG) => {
                out.push(b'"');
                self.integer(kind, out)?;
                out.push(b'"');
                Ok(())
            }
            other => {
                self.at -= 1;
                self.fail(format_args!("a map key of tag {other}; an atom, a binary or an integer expected"))
            }
        }
    }

    fn integer(&mut self, kind: u8, out: &mut Vec<u8>) -> Result<(), ProtocolError> {
        let number = match kind {
            tag::SMALL_INTEGER => i128::from(self.byte()?),
            tag::INTEGER => i128::from(i32::from_be_bytes(self.array()?)),
            tag::SMALL_BIG => {
                let length = self.byte()?.into();
                self.big(length)?
            }
            _ => {
                let length = self.long()? as usize;
                self.big(length)?
            }
        };
        push(out, number);
        Ok(())
    }

    /// A sign, then the magnitude with the lowest byte first.
    fn big(&mut self, length: usize) -> Result<i128, ProtocolError> {
        let negative = match self.byte()? {
            0 => false,
            1 => true,
            other => return self.fail(format_args!("sign {other} of an integer; 0 or 1 expected")),
        };
        let magnitude = self.take(length)?;
        let (low, high) = magnitude.split_at(magnitude.len().min(8));
        let mut bytes = [0; 8];
        bytes[..low.len()].copy_from_slice(low);
        let value = i128::from(u64::from_le_bytes(bytes));
        let number = if negative { -value } else { value };
        if high.iter().any(|byte| *byte != 0) || number < i128::from(i64::MIN) {
            return self.fail("an integer of more than 64 bits");
        }
        Ok(number)
    }

    fn float(&mut self, number: f64, out: &mut Vec<u8>) -> Result<(), ProtocolError> {
        if !number.is_finite() {
            return self.fail(format_args!("the float {number}, which JSON cannot say,"));
        }
        // Debug is the shortest text that reads back as the same number, with an exponent where that is short.
        push(out, format_args!("{number:?}"));
        Ok(())
    }

    /// 31 bytes of text as C's `%.20e` writes it, padded with NUL.
    fn old_float(&mut self, out: &mut Vec<u8>) -> Result<(), ProtocolError> {
        let field = self.take(31)?;
        let text = field.split(|byte| *byte == 0).next().unwrap_or_default();
        let number = std::str::from_utf8(text).ok().and_then(|text| text.trim_matches(' ').parse().ok());
        match number {
            Some(number) => self.float(number, out),
            None => self.fail("a float whose text is no number"),
        }
    }

    fn atom(&mut self, kind: u8) -> Result<Cow<'a, str>, ProtocolError> {
        let length = match kind {
            tag::SMALL_ATOM | tag::SMALL_ATOM_UTF8 => self.byte()?.into(),
            _ => self.short()?,
        };
        let bytes = self.take(length)?;
        match std::str::from_utf8(bytes) {
            // The older atoms are Latin-1, where every byte is a character.
            _ if matches!(kind, tag::ATOM | tag::SMALL_ATOM) && !bytes.is_ascii() => {
                Ok(bytes.iter().copied().map(char::from).collect::<String>().into())
            }
            Ok(text) => Ok(text.into()),
            Err(_) => self.fail("an atom that is not UTF-8"),
        }
    }

    fn binary(&mut self) -> Result<&'a str, ProtocolError> {
        let length = self.long()? as usize;
        match simdutf8::basic::from_utf8(self.take(length)?) {
            Ok(text) => Ok(text),
            Err(_) => self.fail("a binary that is not UTF-8"),
        }
    }

    fn string(&mut self, out: &mut Vec<u8>) -> Result<(), ProtocolError> {
        let length = self.short()?;
        let bytes = self.take(length)?;
        if self.depth == MAX_DEPTH {
            return self.fail(format_args!("nested more than {MAX_DEPTH} levels"));
        }
        out.push(b'[');
        for (position, byte) in bytes.iter().enumerate() {
            if position > 0 {
                out.push(b',');
            }
            push(out, byte);
        }
        out.push(b']');
        Ok(())
    }
}

fn push(out: &mut Vec<u8>, text: impl fmt::Display) {
    write!(out, "{text}").expect("a vector takes everything");
}

//! The one pass from text to tape.

use std::fmt;
use std::ops::Range;

use super::node::MAX_NODES;
use super::{Document, Kind, Node};

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
    doc.text.clear();
    if text.len() >= u32::MAX as usize {
        return Err(ParseError { offset: 0, what: "text of 4 GiB or more" });
    }
    if let Err(error) = simdutf8::compat::from_utf8(text) {
        return Err(ParseError { offset: error.valid_up_to(), what: "invalid UTF-8" });
    }
    doc.text.extend_from_slice(text);
    doc.text.push(0);
    doc.nodes.push(Node::header(0));
    let mut parser = Parser { text: &mut doc.text, nodes: &mut doc.nodes, at: 0, end: text.len() };
    let result = parser.value(0).and_then(|()| {
        parser.space();
        if parser.at == parser.end { Ok(()) } else { parser.fail("text after the value") }
    });
    if result.is_err() {
        doc.nodes.clear();
    }
    result
}

struct Parser<'a> {
    text: &'a mut [u8],
    nodes: &'a mut Vec<Node>,
    at: usize,
    end: usize,
}

impl Parser<'_> {
    fn fail<T>(&self, what: &'static str) -> Result<T, ParseError> {
        Err(ParseError { offset: self.at, what })
    }

    fn space(&mut self) {
        while self.at < self.end && matches!(self.text[self.at], b' ' | b'\n' | b'\r' | b'\t') {
            self.at += 1;
        }
    }

    fn push(&mut self, kind: Kind, offset: usize, length: usize) -> Result<usize, ParseError> {
        let index = self.nodes.len();
        if index >= MAX_NODES {
            return self.fail("too many values");
        }
        self.nodes.push(Node::new(kind, index as u32, offset as u32, length as u32));
        Ok(index)
    }

    fn value(&mut self, depth: usize) -> Result<(), ParseError> {
        self.space();
        if self.at >= self.end {
            return self.fail("expected a value");
        }
        match self.text[self.at] {
            b'"' => self.string(Kind::Str),
            b'{' | b'[' if depth == MAX_DEPTH => self.fail("nested more than 64 levels"),
            b'{' => self.container(Kind::Object, b'}', depth),
            b'[' => self.container(Kind::Array, b']', depth),
            b'-' | b'0'..=b'9' => self.number(),
            b't' => self.literal(b"true", Kind::Bool),
            b'f' => self.literal(b"false", Kind::Bool),
            b'n' => self.literal(b"null", Kind::Null),
            _ => self.fail("expected a value"),
        }
    }

    fn container(&mut self, kind: Kind, close: u8, depth: usize) -> Result<(), ParseError> {
        let index = self.push(kind, self.at, 0)?;
        self.at += 1;
        self.space();
        if self.at < self.end && self.text[self.at] == close {
            self.at += 1;
            return Ok(());
        }
        let (mut count, mut previous) = (0, 0);
        loop {
            if kind == Kind::Object {
                self.space();
                if self.at >= self.end || self.text[self.at] != b'"' {
                    return self.fail("expected a member name");
                }
                self.string(Kind::Key)?;
                self.space();
                if self.at >= self.end || self.text[self.at] != b':' {
                    return self.fail("expected ':'");
                }
                self.at += 1;
            }
            let value = self.nodes.len();
            if previous != 0 {
                self.nodes[previous].set_next(value as u32);
            }
            previous = value;
            self.value(depth + 1)?;
            count += 1;
            self.space();
            match self.text.get(self.at) {
                Some(b',') if self.at < self.end => self.at += 1,
                Some(byte) if *byte == close && self.at < self.end => break,
                _ => return self.fail(if close == b']' { "expected ',' or ']'" } else { "expected ',' or '}'" }),
            }
        }
        self.at += 1;
        self.nodes[index].set_length(count);
        Ok(())
    }

    fn literal(&mut self, word: &[u8], kind: Kind) -> Result<(), ParseError> {
        if !self.text[self.at..self.end].starts_with(word) {
            return self.fail("expected a value");
        }
        self.push(kind, self.at, word.len())?;
        self.at += word.len();
        Ok(())
    }

    fn digits(&mut self) -> Result<(), ParseError> {
        let start = self.at;
        while self.at < self.end && self.text[self.at].is_ascii_digit() {
            self.at += 1;
        }
        if self.at == start { self.fail("expected a digit") } else { Ok(()) }
    }

    fn number(&mut self) -> Result<(), ParseError> {
        let start = self.at;
        if self.text[self.at] == b'-' {
            self.at += 1;
        }
        if self.at < self.end && self.text[self.at] == b'0' {
            self.at += 1;
        } else {
            self.digits()?;
        }
        let mut kind = Kind::Int;
        if self.at < self.end && self.text[self.at] == b'.' {
            kind = Kind::Num;
            self.at += 1;
            self.digits()?;
        }
        if self.at < self.end && matches!(self.text[self.at], b'e' | b'E') {
            kind = Kind::Num;
            self.at += 1;
            if self.at < self.end && matches!(self.text[self.at], b'+' | b'-') {
                self.at += 1;
            }
            self.digits()?;
        }
        self.push(kind, start, self.at - start)?;
        Ok(())
    }

    fn string(&mut self, kind: Kind) -> Result<(), ParseError> {
        self.at += 1;
        let start = self.at;
        let mut to = start;
        loop {
            if self.at >= self.end {
                return self.fail("string without an end");
            }
            match self.text[self.at] {
                b'"' => break,
                b'\\' => self.escape(&mut to)?,
                0..0x20 => return self.fail("control character in a string"),
                byte => {
                    self.text[to] = byte;
                    to += 1;
                    self.at += 1;
                }
            }
        }
        self.at += 1;
        self.text[to] = 0;
        self.push(kind, start, to - start)?;
        Ok(())
    }

    fn escape(&mut self, to: &mut usize) -> Result<(), ParseError> {
        let byte = if self.at + 1 < self.end { self.text[self.at + 1] } else { 0 };
        let plain = match byte {
            b'"' | b'\\' | b'/' => byte,
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => return self.unicode(to),
            _ => return self.fail("unknown escape"),
        };
        self.text[*to] = plain;
        *to += 1;
        self.at += 2;
        Ok(())
    }

    fn hex(&self, at: usize) -> Option<u32> {
        let digits = self.text.get(at..at + 4).filter(|_| at + 4 <= self.end)?;
        digits.iter().try_fold(0, |code, digit| Some(code << 4 | (*digit as char).to_digit(16)?))
    }

    fn unicode(&mut self, to: &mut usize) -> Result<(), ParseError> {
        let Some(mut code) = self.hex(self.at + 2) else { return self.fail("expected four hexadecimal digits") };
        let mut used = 6;
        if (0xD800..0xDC00).contains(&code) {
            let low = match self.text.get(self.at + 6..self.at + 8) {
                Some(b"\\u") => self.hex(self.at + 8).filter(|low| (0xDC00..0xE000).contains(low)),
                _ => None,
            };
            let Some(low) = low else { return self.fail("lone surrogate") };
            code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
            used = 12;
        }
        let Some(character) = char::from_u32(code) else { return self.fail("lone surrogate") };
        *to += character.encode_utf8(&mut self.text[*to..]).len();
        self.at += used;
        Ok(())
    }
}

/// Where a node's JSON stands in the text that it was parsed from, which is known to be valid.
pub(super) fn raw_range(node: &Node, text: &[u8]) -> Range<usize> {
    let start = node.offset() as usize;
    match node.kind() {
        Kind::Str | Kind::Key => start - 1..string_end(text, start),
        Kind::Array | Kind::Object => {
            let (mut at, mut depth) = (start, 0usize);
            loop {
                match text[at] {
                    b'"' => at = string_end(text, at + 1) - 1,
                    b'[' | b'{' => depth += 1,
                    b']' | b'}' => depth -= 1,
                    _ => {}
                }
                at += 1;
                if depth == 0 {
                    return start..at;
                }
            }
        }
        _ => start..start + node.length() as usize,
    }
}

/// The place behind the closing quote of the string whose content starts at `at`.
fn string_end(text: &[u8], mut at: usize) -> usize {
    loop {
        match text[at] {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

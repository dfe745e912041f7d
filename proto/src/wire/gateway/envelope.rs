//! The envelope of a Gateway message: `{"t":..,"s":..,"op":..,"d":..}`, read without reading what is in it.
//!
//! Not a parser: members are found, the payload `d` is cut out. The one thing to know before changing it: Discord writes
//! `d` last, so once `t`, `s` and `op` are known everything up to the closing brace is the payload, and a dispatch costs
//! the same whether it is 50 bytes or 5 MB. In any other order the members are skipped one by one. So a payload is a
//! claim until it is parsed: whoever reads it gets a parse error for what is not JSON, and nothing worse. A message
//! that has members behind such a `d` therefore reads as a malformed payload; no server is known to send one.

use crate::error::ProtocolError;
use crate::value::MAX_DEPTH;

/// The longest event name that is taken, in bytes.
pub const MAX_NAME: usize = 64;

/// What stands around a payload, borrowed from the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Envelope<'a> {
    /// The opcode's number; see [`super::Opcode::from_code`].
    pub op: u32,
    /// `s`, of a dispatch.
    pub seq: Option<u64>,
    /// `t`, of a dispatch: 1 to [`MAX_NAME`] printable ASCII characters. Empty when there is none.
    pub name: &'a str,
    /// `d`: JSON text that nobody has parsed. Empty when there is none.
    pub data: &'a [u8],
}

/// Reads the envelope of one message.
///
/// # Errors
/// What is not an object, has a `t`, `s` or `op` of the wrong type or twice, or has no `op`.
pub fn envelope(text: &[u8]) -> Result<Envelope<'_>, ProtocolError> {
    let mut scanner = Scanner { text: text.trim_ascii_end(), at: 0 };
    let mut found = Found::default();
    scanner.members(&mut found)?;
    match found.op {
        Some(op) => Ok(Envelope {
            op,
            seq: found.seq.flatten(),
            name: found.name.unwrap_or(""),
            data: found.data.unwrap_or(&[]),
        }),
        None => scanner.fail("op is missing; an integer expected"),
    }
}

#[derive(Default)]
struct Found<'a> {
    op: Option<u32>,
    seq: Option<Option<u64>>,
    name: Option<&'a str>,
    data: Option<&'a [u8]>,
}

struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Scanner<'a> {
    #[cold]
    fn fail<T>(&self, what: &str) -> Result<T, ProtocolError> {
        Err(ProtocolError::protocol(format!("Gateway message: {what} at byte {}", self.at)))
    }

    fn peek(&self) -> u8 {
        // No member starts or goes on with NUL, so the end reads as a wrong byte.
        self.text.get(self.at).copied().unwrap_or(0)
    }

    fn space(&mut self) {
        while matches!(self.peek(), b' ' | b'\n' | b'\r' | b'\t') {
            self.at += 1;
        }
    }

    /// Takes a byte, and the white space around it.
    fn expect(&mut self, byte: u8, what: &str) -> Result<(), ProtocolError> {
        self.space();
        if self.peek() != byte {
            return self.fail(what);
        }
        self.at += 1;
        self.space();
        Ok(())
    }

    fn members(&mut self, found: &mut Found<'a>) -> Result<(), ProtocolError> {
        self.expect(b'{', "an object expected")?;
        if self.peek() != b'}' {
            loop {
                let key = self.string()?;
                self.expect(b':', "':' expected")?;
                match key {
                    b"op" => self.op(found)?,
                    b"s" => self.seq(found)?,
                    b"t" => self.name(found)?,
                    b"d" if found.data.is_some() => return self.fail("d stands twice"),
                    b"d" => {
                        let start = self.at;
                        if found.op.is_some()
                            && found.seq.is_some()
                            && found.name.is_some()
                            && let Some(data) = self.rest()
                        {
                            found.data = Some(data);
                            return Ok(());
                        }
                        self.skip()?;
                        found.data = Some(&self.text[start..self.at]);
                    }
                    _ => self.skip()?,
                }
                self.space();
                if self.peek() != b',' {
                    break;
                }
                self.at += 1;
                self.space();
            }
        }
        self.expect(b'}', "',' or '}' expected")?;
        if self.at == self.text.len() { Ok(()) } else { self.fail("text after the object") }
    }

    fn op(&mut self, found: &mut Found<'a>) -> Result<(), ProtocolError> {
        let op = match self.number()?.map(u32::try_from) {
            Some(Ok(op)) => op,
            _ => return self.fail("op is no opcode; an integer expected"),
        };
        match found.op.replace(op) {
            None => Ok(()),
            Some(_) => self.fail("op stands twice"),
        }
    }

    fn seq(&mut self, found: &mut Found<'a>) -> Result<(), ProtocolError> {
        let seq = if self.null() {
            None
        } else {
            match self.number()? {
                None => return self.fail("s is no sequence; an integer or null expected"),
                seq => seq,
            }
        };
        match found.seq.replace(seq) {
            None => Ok(()),
            Some(_) => self.fail("s stands twice"),
        }
    }

    fn name(&mut self, found: &mut Found<'a>) -> Result<(), ProtocolError> {
        let name = if self.null() {
            ""
        } else if self.peek() == b'"' {
            let bytes = self.string()?;
            let plain = bytes.iter().all(|byte| byte.is_ascii_graphic() && *byte != b'\\');
            match std::str::from_utf8(bytes) {
                Ok(name) if plain && (1..=MAX_NAME).contains(&name.len()) => name,
                _ => return self.fail("t is no event name; 1 to 64 printable ASCII characters expected"),
            }
        } else {
            return self.fail("t is no event name; a string or null expected");
        };
        match found.name.replace(name) {
            None => Ok(()),
            Some(_) => self.fail("t stands twice"),
        }
    }

    fn null(&mut self) -> bool {
        let found = self.text[self.at..].starts_with(b"null");
        self.at += if found { 4 } else { 0 };
        found
    }

    /// An unsigned integer; `None` when something else stands there.
    fn number(&mut self) -> Result<Option<u64>, ProtocolError> {
        let (start, mut number) = (self.at, 0u64);
        while let digit @ b'0'..=b'9' = self.peek() {
            number = match number.checked_mul(10).and_then(|tens| tens.checked_add(u64::from(digit - b'0'))) {
                Some(number) => number,
                None => return self.fail("an integer of more than 64 bits"),
            };
            self.at += 1;
        }
        let digits = self.at - start;
        let whole = digits == 1 || (digits > 1 && self.text[start] != b'0');
        Ok((whole && !matches!(self.peek(), b'.' | b'e' | b'E')).then_some(number))
    }

    /// A string's raw content, without its quotes; escapes are stepped over.
    fn string(&mut self) -> Result<&'a [u8], ProtocolError> {
        if self.peek() != b'"' {
            return self.fail("a string expected");
        }
        let start = self.at + 1;
        let mut at = start;
        loop {
            match self.text.get(at) {
                Some(b'"') => break,
                Some(b'\\') => at += 2,
                Some(_) => at += 1,
                None => return self.fail("a string without an end"),
            }
        }
        self.at = at + 1;
        Ok(&self.text[start..at])
    }

    /// What is left but for the closing brace, when that can be one value as far as its ends tell.
    fn rest(&self) -> Option<&'a [u8]> {
        let value = self.text[self.at..].strip_suffix(b"}")?.trim_ascii_end();
        let (first, last) = (value.first()?, value.last()?);
        let closed = match first {
            b'{' => *last == b'}',
            b'[' => *last == b']',
            // Scalars are short: those are worth a look.
            _ => false,
        };
        (closed && value.len() > 1).then_some(value)
    }

    /// Steps over a value: brackets must match, and strings end; the grammar inside is the parser's business.
    fn skip(&mut self) -> Result<(), ProtocolError> {
        // One bit for each open bracket: whether it is a brace.
        let (mut braces, mut depth) = (0u64, 0);
        loop {
            match self.peek() {
                b'"' => {
                    self.string()?;
                }
                open @ (b'{' | b'[') => {
                    if depth == MAX_DEPTH {
                        return self.fail("nested more than 64 levels");
                    }
                    braces = braces << 1 | u64::from(open == b'{');
                    depth += 1;
                    self.at += 1;
                    continue;
                }
                close @ (b'}' | b']') if depth > 0 => {
                    if (close == b'}') != (braces & 1 == 1) {
                        return self.fail("brackets that do not match");
                    }
                    braces >>= 1;
                    depth -= 1;
                    self.at += 1;
                }
                b'-' | b'0'..=b'9' | b'a'..=b'z' => {
                    while matches!(self.peek(), b'-' | b'+' | b'.' | b'0'..=b'9' | b'a'..=b'z' | b'E') {
                        self.at += 1;
                    }
                }
                b',' | b':' | b' ' | b'\n' | b'\r' | b'\t' if depth > 0 => {
                    self.at += 1;
                    continue;
                }
                _ => return self.fail("a value expected"),
            }
            if depth == 0 {
                return Ok(());
            }
        }
    }
}

const _: () = assert!(MAX_DEPTH <= 64, "the skipping scanner keeps one bit per level in a word");

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<(u32, Option<u64>, &str, &str), String> {
        match envelope(text.as_bytes()) {
            Ok(found) => {
                Ok((found.op, found.seq, found.name, std::str::from_utf8(found.data).expect("a slice of a text")))
            }
            Err(error) => Err(error.message.into_owned()),
        }
    }

    #[test]
    fn reads_the_order_that_discord_writes() {
        assert_eq!(
            read(r#"{"t":"MESSAGE_CREATE","s":42,"op":0,"d":{"content":"}]\"","tags":[]}}"#),
            Ok((0, Some(42), "MESSAGE_CREATE", r#"{"content":"}]\"","tags":[]}"#))
        );
        assert_eq!(
            read(r#"{"t":null,"s":null,"op":10,"d":{"heartbeat_interval":41250,"_trace":["x"]}}"#),
            Ok((10, None, "", r#"{"heartbeat_interval":41250,"_trace":["x"]}"#))
        );
        assert_eq!(read(r#"{"t":null,"s":null,"op":9,"d":false}"#), Ok((9, None, "", "false")));
        assert_eq!(read(r#"{"t":null,"s":null,"op":11,"d":null}"#), Ok((11, None, "", "null")));
        assert_eq!(read(r#"{"t":"X","s":1,"op":0,"d":[]}"#), Ok((0, Some(1), "X", "[]")));
    }

    #[test]
    fn reads_every_order_of_the_members() {
        let members =
            [r#""t": "X_Y""#, r#""s":7"#, r#""op" :0"#, r#""d":{"op":1,"a":[{"s":"}"}]}"#, r#""_trace":["d"]"#];
        let mut orders = vec![vec![]];
        for length in 1..=members.len() {
            let longer = |order: &Vec<usize>| {
                let order = order.clone();
                (0..members.len())
                    .filter(|next| !order.contains(next))
                    .map(|next| [order.clone(), vec![next]].concat())
                    .collect::<Vec<_>>()
            };
            orders = orders.iter().flat_map(longer).collect();
            assert!(orders.iter().all(|order| order.len() == length));
        }
        let mut last = 0;
        for order in orders {
            let text = order.iter().map(|member| members[*member]).collect::<Vec<_>>().join(" ,\n");
            let text = format!(" {{ {text}\t}}\r\n");
            let found = read(&text);
            if order.last() == Some(&4) && order[3] == 3 {
                // Members behind the payload are taken for it when all else is known: the price of not reading it.
                last += 1;
                continue;
            }
            assert_eq!(found, Ok((0, Some(7), "X_Y", r#"{"op":1,"a":[{"s":"}"}]}"#)), "{text}");
        }
        assert_eq!(last, 6);
    }

    #[test]
    fn reads_what_is_left_out_as_nothing() {
        assert_eq!(read(r#"{"op":11}"#), Ok((11, None, "", "")));
        assert_eq!(read(r#"{"op":7,"d":null}"#), Ok((7, None, "", "null")));
        assert_eq!(read(r#"{"d":251,"op":1}"#), Ok((1, None, "", "251")));
        assert_eq!(read(r#"{"op":4294967295}"#), Ok((u32::MAX, None, "", "")));
        assert_eq!(read(r#"{"op":0,"s":18446744073709551615}"#), Ok((0, Some(u64::MAX), "", "")));
    }

    #[test]
    fn refuses_what_is_malformed() {
        let long = format!(r#"{{"op":0,"t":"{}"}}"#, "X".repeat(65));
        for (text, words) in [
            ("", "an object expected at byte 0"),
            ("[]", "an object expected"),
            ("null", "an object expected"),
            ("{", "a string expected"),
            ("{}", "op is missing"),
            (r#"{"op"}"#, "':' expected"),
            (r#"{"op":}"#, "op is no opcode"),
            (r#"{"op":null}"#, "op is no opcode"),
            (r#"{"op":"0"}"#, "op is no opcode"),
            (r#"{"op":-1}"#, "op is no opcode"),
            (r#"{"op":01}"#, "op is no opcode"),
            (r#"{"op":1.0}"#, "op is no opcode"),
            (r#"{"op":1e3}"#, "op is no opcode"),
            (r#"{"op":4294967296}"#, "op is no opcode"),
            (r#"{"op":0x1}"#, "',' or '}' expected"),
            (r#"{"op":0,"op":0}"#, "op stands twice"),
            (r#"{"op":0,"s":1,"s":1}"#, "s stands twice"),
            (r#"{"op":0,"t":"X","t":"X"}"#, "t stands twice"),
            (r#"{"d":1,"d":1,"op":0}"#, "d stands twice"),
            (r#"{"op":0,"s":"1"}"#, "s is no sequence"),
            (r#"{"op":0,"s":18446744073709551616}"#, "more than 64 bits"),
            (r#"{"op":0,"t":1}"#, "t is no event name"),
            (r#"{"op":0,"t":""}"#, "t is no event name"),
            (r#"{"op":0,"t":"A\u0042"}"#, "t is no event name"),
            (r#"{"op":0,"t":"A B"}"#, "t is no event name"),
            (r#"{"op":0,"t":"Ä"}"#, "t is no event name"),
            (&long, "t is no event name"),
            (r#"{"op":0,"t":"X"#, "a string without an end"),
            (r#"{"op":0,"t":"X\"#, "a string without an end"),
            (r#"{"op":0"#, "',' or '}' expected"),
            (r#"{"op":0,}"#, "a string expected"),
            (r#"{"op":0}{}"#, "text after the object"),
            (r#"{"d":{"a":[}],"op":0}"#, "brackets that do not match"),
            (r#"{"d":{"a":1,"op":0}"#, "',' or '}' expected"),
            (r#"{"d":,"op":0}"#, "a value expected"),
            (r#"{"d":'x',"op":0}"#, "a value expected"),
            (r#"{"t":null,"s":null,"op":0,"d":{}"#, "',' or '}' expected"),
            (r#"{"t":null,"s":null,"op":0,"d":}"#, "a value expected"),
        ] {
            let error = read(text).expect_err(text);
            assert!(error.starts_with("Gateway message: ") && error.contains(words), "{text}: {error}");
        }
    }

    #[test]
    fn every_truncation_is_refused() {
        for text in [
            r#"{"t":"MESSAGE_CREATE","s":42,"op":0,"d":{"content":"x","tags":[1]}}"#,
            r#"{"op":0,"d":{"content":"x","tags":[1]},"s":42,"t":"MESSAGE_CREATE"}"#,
        ] {
            for cut in 0..text.len() {
                // A payload that ends early can look whole; reading it tells.
                if let Ok(found) = envelope(&text.as_bytes()[..cut]) {
                    assert!(crate::value::Document::new().parse(found.data).is_err(), "{}", &text[..cut]);
                }
            }
        }
    }

    #[test]
    fn skips_64_levels_and_no_more() {
        let nested = |levels: usize| format!(r#"{{"d":{}{},"op":0}}"#, "[".repeat(levels), "]".repeat(levels));
        assert_eq!(read(&nested(64)).map(|found| found.3.len()), Ok(128));
        assert!(read(&nested(65)).expect_err("65 levels").contains("nested more than 64 levels"));
        assert!(read(&nested(1_000_000)).is_err());
    }
}

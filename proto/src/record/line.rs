//! One line: its members as they are written, without secrets, and as they are read again.

use std::time::Duration;

use super::Redactor;
use crate::error::{Error, Status};
use crate::time::Instant;
use crate::value::{Kind, Value};
use crate::wire::ipc::Opcode;
use crate::wire::json::Object;

/// How deep a payload may be nested and still stand in a line as it is: the line is a level itself.
const MAX_DEPTH: usize = crate::value::MAX_DEPTH - 4;

/// A line that is being written.
#[derive(Debug)]
pub struct Line<'l> {
    object: Object<'l>,
    redactor: &'l mut Redactor,
}

impl<'l> Line<'l> {
    /// Begins a line of this connection; [`Line::end`] ends it.
    pub(super) fn begin(out: &'l mut Vec<u8>, redactor: &'l mut Redactor, connection: u32) -> Self {
        Line { object: Object::begin(out).int("c", connection.into()), redactor }
    }

    pub(super) fn end(self) {
        self.object.end();
    }

    /// A word of our own: the kind of a line, an opcode's name.
    pub(super) fn word(self, name: &str, word: &str) -> Self {
        Line { object: self.object.str(name, word), ..self }
    }

    /// A text that somebody chose.
    pub(super) fn text(self, name: &str, text: &str) -> Self {
        let clean = self.redactor.text(text);
        Line { object: self.object.str(name, &clean), ..self }
    }

    /// The same, left out when empty.
    pub(super) fn some_text(self, name: &str, text: &str) -> Self {
        if text.is_empty() { self } else { self.text(name, text) }
    }

    /// A whole number.
    pub(super) fn number(self, name: &str, number: u64) -> Self {
        Line { object: self.object.raw(name, number.to_string().as_bytes()), ..self }
    }

    /// The same, left out when 0.
    pub(super) fn some_number(self, name: &str, number: u64) -> Self {
        if number == 0 { self } else { self.number(name, number) }
    }

    /// A status or a code, which may be below 0; left out when 0.
    pub(super) fn some_code(self, name: &str, code: i32) -> Self {
        if code == 0 { self } else { Line { object: self.object.int(name, code.into()), ..self } }
    }

    pub(super) fn bool(self, name: &str, value: bool) -> Self {
        Line { object: self.object.bool(name, value), ..self }
    }

    /// A moment, in the driver's nanoseconds.
    pub(super) fn time(self, name: &str, at: Instant) -> Self {
        self.number(name, at.as_nanos())
    }

    pub(super) fn opcode(self, opcode: Opcode) -> Self {
        self.word("op", opcode_name(opcode))
    }

    /// Status, code and sentence.
    pub(super) fn error(self, error: &Error) -> Self {
        self.number_signed("status", error.status as i32).some_code("code", error.code).text("message", &error.message)
    }

    fn number_signed(self, name: &str, number: i32) -> Self {
        Line { object: self.object.int(name, number.into()), ..self }
    }

    /// What a frame carries; nothing when it is empty. JSON on one line stands there as it is (`payload`), other text as a
    /// string (`payload_text`), and what is no text in hexadecimal (`payload_hex`).
    pub(super) fn payload(self, name: &str, payload: &[u8]) -> Self {
        if payload.is_empty() {
            return self;
        }
        let is_json = self.redactor.is_json(payload);
        let clean = self.redactor.payload(payload, is_json);
        self.bytes(name, &clean, is_json)
    }

    /// A form, as a string.
    pub(super) fn form(self, name: &str, form: &[u8]) -> Self {
        let clean = self.redactor.form(form);
        self.bytes(name, &clean, false)
    }

    pub(super) fn target(self, name: &str, target: &str) -> Self {
        let clean = self.redactor.target(target);
        self.word(name, &clean)
    }

    pub(super) fn authorization(self, name: &str, header: &str) -> Self {
        let clean = self.redactor.authorization(header);
        self.word(name, &clean)
    }

    /// Bytes without a secret in them.
    fn bytes(self, name: &str, bytes: &[u8], is_json: bool) -> Self {
        let object = match std::str::from_utf8(bytes) {
            _ if is_json && stands_in_a_line(bytes) => self.object.raw(name, bytes),
            Ok(text) => self.object.str(&format!("{name}_text"), text),
            Err(_) => self.object.str(&format!("{name}_hex"), &hex(bytes)),
        };
        Line { object, ..self }
    }
}

/// Whether this JSON can be cut out of a line again as it was put in.
fn stands_in_a_line(json: &[u8]) -> bool {
    let trimmed = json.trim_ascii().len() == json.len();
    let mut depth = 0usize;
    let mut deepest = 0;
    for byte in json {
        match byte {
            // Those within strings count too, which is on the safe side.
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    trimmed && deepest <= MAX_DEPTH && json.iter().all(|byte| *byte >= b' ')
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        text.push(char::from(b"0123456789abcdef"[usize::from(byte >> 4)]));
        text.push(char::from(b"0123456789abcdef"[usize::from(byte & 15)]));
    }
    text
}

const OPCODES: [(Opcode, &str); 5] = [
    (Opcode::Handshake, "handshake"),
    (Opcode::Frame, "frame"),
    (Opcode::Close, "close"),
    (Opcode::Ping, "ping"),
    (Opcode::Pong, "pong"),
];

fn opcode_name(opcode: Opcode) -> &'static str {
    OPCODES.iter().find(|(known, _)| *known == opcode).map_or("frame", |(_, name)| name)
}

/// A line that is read, with the text that it was parsed from.
#[derive(Clone, Copy)]
pub(super) struct Fields<'l> {
    value: Value<'l>,
    line: &'l [u8],
}

/// What is wrong with a line: the member, and what was expected.
pub(super) type Wrong = String;

fn expected(name: &str, what: &str) -> Wrong {
    format!("{name}: {what} expected")
}

impl<'l> Fields<'l> {
    pub(super) fn new(value: Value<'l>, line: &'l [u8]) -> Self {
        Fields { value, line }
    }

    pub(super) fn has(self, name: &str) -> bool {
        self.value.member(name).exists()
    }

    pub(super) fn text(self, name: &str) -> Result<&'l str, Wrong> {
        self.value.member(name).as_str().ok_or_else(|| expected(name, "a text"))
    }

    /// A text that may be left out.
    pub(super) fn optional(self, name: &str) -> Result<Option<&'l str>, Wrong> {
        match self.value.member(name).kind() {
            Kind::Missing | Kind::Null => Ok(None),
            _ => self.text(name).map(Some),
        }
    }

    /// A whole number; 0 when it is left out.
    pub(super) fn number(self, name: &str) -> Result<u64, Wrong> {
        let value = self.value.member(name);
        match value.kind() {
            Kind::Missing => Ok(0),
            Kind::Int => value.as_id().ok_or_else(|| expected(name, "a whole number from 0 on")),
            _ => Err(expected(name, "a whole number from 0 on")),
        }
    }

    pub(super) fn small<T: TryFrom<u64>>(self, name: &str) -> Result<T, Wrong> {
        let number = self.number(name)?;
        T::try_from(number).map_err(|_| format!("{name}: {number} is too large"))
    }

    pub(super) fn code(self, name: &str) -> Result<i32, Wrong> {
        let value = self.value.member(name);
        match value.kind() {
            Kind::Missing => Ok(0),
            _ => value.as_i64().and_then(|code| i32::try_from(code).ok()).ok_or_else(|| expected(name, "a code")),
        }
    }

    pub(super) fn status(self, name: &str) -> Result<Status, Wrong> {
        Status::from_code(self.code(name)?).ok_or_else(|| expected(name, "a status"))
    }

    /// A yes or no; no when it is left out.
    pub(super) fn bool(self, name: &str) -> Result<bool, Wrong> {
        let value = self.value.member(name);
        match value.kind() {
            Kind::Missing => Ok(false),
            _ => value.as_bool().ok_or_else(|| expected(name, "true or false")),
        }
    }

    /// A moment. Three hundred years of nanoseconds are enough, and let everybody add to them.
    pub(super) fn time(self, name: &str) -> Result<Instant, Wrong> {
        let nanos = self.number(name)?;
        if nanos > i64::MAX as u64 {
            Err(format!("{name}: {nanos} is too large"))
        } else {
            Ok(Instant::from_nanos(nanos))
        }
    }

    pub(super) fn duration(self, name: &str) -> Result<Duration, Wrong> {
        self.time(name).map(|end| end.since(Instant::ZERO))
    }

    /// A number that recordings of before may not have.
    pub(super) fn small_or(self, name: &str, default: u32) -> Result<u32, Wrong> {
        if self.has(name) { self.small(name) } else { Ok(default) }
    }

    /// The same, of things or bytes.
    pub(super) fn count_or(self, name: &str, default: usize) -> Result<usize, Wrong> {
        if self.has(name) { self.small::<u32>(name).map(|count| count as usize) } else { Ok(default) }
    }

    /// The same, in nanoseconds.
    pub(super) fn duration_or(self, name: &str, default: Duration) -> Result<Duration, Wrong> {
        if self.has(name) { self.duration(name) } else { Ok(default) }
    }

    pub(super) fn opcode(self) -> Result<Opcode, Wrong> {
        let name = self.text("op")?;
        let known = OPCODES.iter().find(|(_, known)| *known == name);
        known.map(|(opcode, _)| *opcode).ok_or_else(|| expected("op", "handshake, frame, close, ping or pong"))
    }

    pub(super) fn error(self) -> Result<Error, Wrong> {
        let message = self.optional("message")?.unwrap_or_default().to_owned();
        Ok(Error::new(self.status("status")?, message).with_code(self.code("code")?))
    }

    /// What [`Line::payload`] wrote.
    pub(super) fn payload(self, name: &str) -> Result<Vec<u8>, Wrong> {
        let raw = self.value.member(name);
        if raw.exists() {
            return Ok(raw.raw(self.line).to_vec());
        }
        if let Some(text) = self.optional(&format!("{name}_text"))? {
            return Ok(text.as_bytes().to_vec());
        }
        let name = format!("{name}_hex");
        let text = self.optional(&name)?.unwrap_or_default();
        let byte = |pair: &[u8]| {
            let digit = |at: usize| pair.get(at).and_then(|digit| char::from(*digit).to_digit(16));
            Some((digit(0)? << 4 | digit(1)?) as u8)
        };
        text.as_bytes()
            .chunks(2)
            .map(byte)
            .collect::<Option<_>>()
            .ok_or_else(|| expected(&name, "pairs of hexadecimal digits"))
    }

    pub(super) fn object(self, name: &str) -> Result<Fields<'l>, Wrong> {
        let value = self.value.member(name);
        if value.kind() == Kind::Object { Ok(Fields { value, ..self }) } else { Err(expected(name, "an object")) }
    }

    /// The JSON of a member, when it is there.
    pub(super) fn json(self, name: &str) -> Option<&'l [u8]> {
        let value = self.value.member(name);
        (!value.is_none()).then(|| value.raw(self.line))
    }

    pub(super) fn pair(self, name: &str) -> Result<Option<(u32, u32)>, Wrong> {
        let value = self.value.member(name);
        if value.is_none() {
            return Ok(None);
        }
        let number = |at| value.at(at).as_id().and_then(|number| u32::try_from(number).ok());
        match (number(0), number(1)) {
            (Some(first), Some(second)) => Ok(Some((first, second))),
            _ => Err(expected(name, "two numbers")),
        }
    }

    /// A list of numbers, when it is there.
    pub(super) fn numbers(self, name: &str) -> Result<Option<Vec<u32>>, Wrong> {
        let value = self.value.member(name);
        if value.is_none() {
            return Ok(None);
        }
        let number = |value: Value<'_>| value.as_id().and_then(|number| u32::try_from(number).ok());
        let numbers: Option<Vec<u32>> = value.iter().map(number).collect();
        numbers.map(Some).ok_or_else(|| expected(name, "numbers"))
    }

    /// A list of texts; empty when it is not there.
    pub(super) fn texts(self, name: &str) -> Result<Vec<String>, Wrong> {
        let texts: Option<Vec<String>> =
            self.value.member(name).iter().map(|text| text.as_str().map(str::to_owned)).collect();
        texts.ok_or_else(|| expected(name, "texts"))
    }
}

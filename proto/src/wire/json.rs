//! Writing JSON. Reading it is [`crate::value`]'s.

/// Appends `text` as a JSON string, quoted and escaped (RFC 8259 section 7).
pub fn push_str(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut from = 0;
    for (at, byte) in bytes.iter().enumerate() {
        let escape: &[u8] = match byte {
            b'"' => b"\\\"",
            b'\\' => b"\\\\",
            b'\n' => b"\\n",
            b'\r' => b"\\r",
            b'\t' => b"\\t",
            0..0x20 => b"",
            _ => continue,
        };
        out.extend_from_slice(&bytes[from..at]);
        from = at + 1;
        if escape.is_empty() {
            out.extend_from_slice(b"\\u00");
            out.push(b'0' + (byte >> 4));
            out.push(b"0123456789abcdef"[usize::from(byte & 15)]);
        } else {
            out.extend_from_slice(escape);
        }
    }
    out.extend_from_slice(&bytes[from..]);
    out.push(b'"');
}

/// Appends a whole number.
pub fn push_int(out: &mut Vec<u8>, number: i64) {
    out.extend_from_slice(number.to_string().as_bytes());
}

/// Appends a number, shortest spelling first; one that JSON has no spelling for (not finite) is null.
pub fn push_num(out: &mut Vec<u8>, number: f64) {
    let text = if number.is_finite() { number.to_string() } else { "null".to_owned() };
    out.extend_from_slice(text.as_bytes());
}

/// Appends a snowflake: a decimal string, as Discord writes ids.
pub fn push_id(out: &mut Vec<u8>, id: u64) {
    push_str(out, &id.to_string());
}

/// Appends what `write` makes of a thing, or null where there is none.
pub fn or_null<T>(out: &mut Vec<u8>, thing: Option<T>, write: impl FnOnce(&mut Vec<u8>, T)) {
    match thing {
        Some(thing) => write(out, thing),
        None => out.extend_from_slice(b"null"),
    }
}

/// Appends an array, of what `write` makes of each item.
pub fn array<T>(out: &mut Vec<u8>, items: impl IntoIterator<Item = T>, mut write: impl FnMut(&mut Vec<u8>, T)) {
    out.push(b'[');
    for (at, item) in items.into_iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        write(out, item);
    }
    out.push(b']');
}

/// Writes one JSON object, member by member, at the end of a buffer.
///
/// ```
/// # use gamebridge_proto::wire::json::Object;
/// let mut out = Vec::new();
/// Object::begin(&mut out).str("cmd", "SET_ACTIVITY").int("v", 1).raw("args", b"{}").end();
/// assert_eq!(out, br#"{"cmd":"SET_ACTIVITY","v":1,"args":{}}"#);
/// ```
#[derive(Debug)]
pub struct Object<'o> {
    out: &'o mut Vec<u8>,
    first: bool,
}

impl<'o> Object<'o> {
    /// Opens the object.
    pub fn begin(out: &'o mut Vec<u8>) -> Self {
        out.push(b'{');
        Object { out, first: true }
    }

    fn key(&mut self, name: &str) -> &mut Vec<u8> {
        if !std::mem::replace(&mut self.first, false) {
            self.out.push(b',');
        }
        push_str(self.out, name);
        self.out.push(b':');
        self.out
    }

    /// A string member.
    pub fn str(mut self, name: &str, text: &str) -> Self {
        push_str(self.key(name), text);
        self
    }

    /// A string member, or null.
    pub fn opt_str(mut self, name: &str, text: Option<&str>) -> Self {
        or_null(self.key(name), text, push_str);
        self
    }

    /// A number member.
    pub fn int(mut self, name: &str, number: i64) -> Self {
        push_int(self.key(name), number);
        self
    }

    /// A number member of whatever type: a length, a time's milliseconds. One too large for 64 bits with a sign becomes the
    /// largest of those.
    pub fn count(self, name: &str, number: impl TryInto<i64>) -> Self {
        self.int(name, number.try_into().unwrap_or(i64::MAX))
    }

    /// A number member, or null.
    pub fn opt_int(mut self, name: &str, number: Option<i64>) -> Self {
        or_null(self.key(name), number, push_int);
        self
    }

    /// A number member that need not be whole.
    pub fn num(mut self, name: &str, number: f64) -> Self {
        push_num(self.key(name), number);
        self
    }

    /// A snowflake member: a decimal string, as Discord writes ids.
    pub fn id(mut self, name: &str, id: u64) -> Self {
        push_id(self.key(name), id);
        self
    }

    /// A snowflake member, or null.
    pub fn opt_id(mut self, name: &str, id: Option<u64>) -> Self {
        or_null(self.key(name), id, push_id);
        self
    }

    /// A boolean member.
    pub fn bool(mut self, name: &str, value: bool) -> Self {
        self.key(name).extend_from_slice(if value { b"true" } else { b"false" });
        self
    }

    /// A member whose value is JSON already.
    pub fn raw(mut self, name: &str, json: &[u8]) -> Self {
        self.key(name).extend_from_slice(json);
        self
    }

    /// A member that `write` appends (an array or a nested object).
    pub fn with(mut self, name: &str, write: impl FnOnce(&mut Vec<u8>)) -> Self {
        write(self.key(name));
        self
    }

    /// Closes the object.
    pub fn end(self) {
        self.out.push(b'}');
    }
}

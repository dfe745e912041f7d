//! JSON read in place: the tape.
//!
//! [`Document::parse`] copies a text into scratch memory that the document keeps and reuses, checks grammar, UTF-8 and
//! depth, ends every string there with a NUL where its closing quote stood, shrinks escapes in place, and writes one
//! 16-byte [`Node`] for every value and key. After that an access is a walk over nodes: nothing is decoded twice and
//! nothing is allocated. The caller's text stays untouched, so the raw JSON of any value can be cut out of it
//! ([`Value::raw`]).
//!
//! | file | what it knows |
//! |---|---|
//! | `node` | the 16 bytes |
//! | `scan` | copying, and marking the bytes that can end a string |
//! | `parse`, `escape` | the grammar |
//! | `scratch` | the pointers: what of the above is unsafe |
//! | `pointer`, `raw` | finding a value, and its JSON |
//!
//! Grammar: RFC 8259. Numbers are kept as text and converted on access, so 64-bit ids stay exact.

mod escape;
mod node;
mod parse;
mod pointer;
mod raw;
mod scan;
mod scratch;

pub use node::{Kind, Node};
pub use parse::{MAX_DEPTH, ParseError};

/// A parsed text. Reuse it: its memory grows to the largest text seen and parsing allocates nothing after that.
#[derive(Debug, Default)]
pub struct Document {
    /// The text, with strings unescaped and ended by NUL, and padding behind it.
    text: Vec<u8>,
    /// Where strings end, see [`scan`].
    marks: Vec<[u8; 8]>,
    /// Node 0 is the header (see [`Node`]); node 1 is the root.
    nodes: Vec<Node>,
}

impl Document {
    /// A document that holds nothing: its root is [`Kind::Missing`].
    pub const fn new() -> Self {
        Document { text: Vec::new(), marks: Vec::new(), nodes: Vec::new() }
    }

    /// Reads `text`, replacing what the document held. After an error the root is [`Kind::Missing`].
    pub fn parse(&mut self, text: &[u8]) -> Result<(), ParseError> {
        parse::parse(self, text)
    }

    /// The outermost value.
    pub fn root(&self) -> Value<'_> {
        Value { doc: self, index: u32::from(self.nodes.len() > 1) }
    }

    /// The nodes: the header, then the root. Empty before the first successful parse.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Stores a word in the header node, where the C surface finds its way back from a node to whatever owns it.
    pub fn set_owner(&mut self, owner: u64) {
        if let Some(header) = self.nodes.first_mut() {
            *header = Node::header(owner);
        }
    }

    /// The value of a node, by its index. An index that is out of range, or of a key, is [`Kind::Missing`].
    pub fn value_at(&self, index: u32) -> Value<'_> {
        match self.nodes().get(index as usize) {
            Some(node) if index != 0 && node.kind() != Kind::Key => Value { doc: self, index },
            _ => Value { doc: self, index: 0 },
        }
    }

    /// Gives back scratch memory when it has grown beyond `bytes`; what the document held is gone then.
    pub fn shrink_to(&mut self, bytes: usize) {
        if self.text.capacity() > bytes || self.nodes.capacity() * size_of::<Node>() > bytes {
            *self = Document::new();
        }
    }
}

const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;

/// One value in a [`Document`]. A value that is not there ([`Kind::Missing`]) answers every question with nothing, all
/// the way down, so accesses chain without checks.
#[derive(Clone, Copy, Debug)]
pub struct Value<'d> {
    doc: &'d Document,
    index: u32,
}

impl<'d> Value<'d> {
    fn node(self) -> Option<&'d Node> {
        if self.index == 0 { None } else { self.doc.nodes.get(self.index as usize) }
    }

    fn missing(self) -> Value<'d> {
        Value { doc: self.doc, index: 0 }
    }

    /// The node's index in [`Document::nodes`]; 0 when missing.
    pub fn index(self) -> u32 {
        self.index
    }

    /// What it is.
    pub fn kind(self) -> Kind {
        self.node().map_or(Kind::Missing, Node::kind)
    }

    /// Whether it is there at all (a JSON null is).
    pub fn exists(self) -> bool {
        self.index != 0
    }

    /// Whether it is missing or null.
    pub fn is_none(self) -> bool {
        matches!(self.kind(), Kind::Missing | Kind::Null)
    }

    /// Bytes of a string (it may hold a NUL), elements of an array, members of an object; else 0.
    pub fn len(self) -> usize {
        match self.node() {
            Some(node) if matches!(node.kind(), Kind::Str | Kind::Array | Kind::Object) => node.length() as usize,
            _ => 0,
        }
    }

    /// Whether [`Value::len`] is 0.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The value at a JSON pointer (RFC 6901): `""` is this value, `"/user/id"`, `"/tags/0"`, `~1` for `/`, `~0` for `~`.
    /// Of members with the same name the last one counts.
    pub fn get(self, pointer: &str) -> Value<'d> {
        pointer::get(self, pointer.as_bytes())
    }

    /// The member of this name (the last one, if it stands twice).
    pub fn member(self, name: &str) -> Value<'d> {
        pointer::member(self, name.as_bytes())
    }

    /// The element or member at this position.
    pub fn at(self, position: usize) -> Value<'d> {
        let mut value = self.first();
        if position >= self.len() {
            return self.missing();
        }
        for _ in 0..position {
            value = value.next();
        }
        value
    }

    /// The first element or member.
    pub fn first(self) -> Value<'d> {
        match self.node() {
            Some(node) if node.length() > 0 => match node.kind() {
                Kind::Array => Value { doc: self.doc, index: self.index + 1 },
                Kind::Object => Value { doc: self.doc, index: self.index + 2 },
                _ => self.missing(),
            },
            _ => self.missing(),
        }
    }

    /// The next element or member of the array or object that this value is in.
    pub fn next(self) -> Value<'d> {
        match self.node() {
            Some(node) => Value { doc: self.doc, index: node.next() },
            None => self,
        }
    }

    /// Elements or members, in order.
    pub fn iter(self) -> Iter<'d> {
        Iter { at: self.first() }
    }

    /// The member name of this value, when it is in an object.
    pub fn key(self) -> Option<&'d str> {
        self.key_node().map(|node| self.doc.str_of(node))
    }

    fn key_node(self) -> Option<&'d Node> {
        let before = self.doc.nodes.get((self.index as usize).checked_sub(1)?)?;
        (self.index > 1 && before.kind() == Kind::Key).then_some(before)
    }

    /// The text of a string.
    pub fn as_str(self) -> Option<&'d str> {
        self.node().filter(|node| node.kind() == Kind::Str).map(|node| self.doc.str_of(node))
    }

    /// A whole number that fits.
    pub fn as_i64(self) -> Option<i64> {
        match self.kind() {
            Kind::Int => self.number()?.parse().ok(),
            _ => None,
        }
    }

    /// A whole number that fits, however it is spelled: JSON has one kind of number, and some programs write every one of
    /// theirs as `5.0` or `1.7e9`.
    pub fn as_whole(self) -> Option<i64> {
        let number = match self.kind() {
            Kind::Num => self.as_f64()?,
            _ => return self.as_i64(),
        };
        // 2^63 is the first that does not fit, and exact; i64::MAX would be rounded up to it.
        let fits = number.fract() == 0.0 && (-TWO_TO_63..TWO_TO_63).contains(&number);
        fits.then_some(number as i64)
    }

    /// Any number; one that is too large is infinite, as in C.
    pub fn as_f64(self) -> Option<f64> {
        match self.kind() {
            Kind::Int | Kind::Num => self.number()?.parse().ok(),
            _ => None,
        }
    }

    /// True or false.
    pub fn as_bool(self) -> Option<bool> {
        match self.kind() {
            Kind::Bool => self.node().map(|node| node.length() == 4),
            _ => None,
        }
    }

    /// A snowflake: an unsigned 64-bit number, as JSON string (Discord's way) or integer.
    pub fn as_id(self) -> Option<u64> {
        let digits = match self.kind() {
            Kind::Str => self.as_str()?,
            Kind::Int => self.number()?,
            _ => return None,
        };
        // The number's own reader takes a plus sign, which no id has.
        if digits.starts_with('+') { None } else { digits.parse().ok() }
    }

    /// A string's bytes and the NUL behind them, for who counts on one. It may hold NULs of its own.
    pub fn as_bytes_with_nul(self) -> Option<&'d [u8]> {
        self.node().filter(|node| node.kind() == Kind::Str).map(|node| self.doc.bytes_with_nul(node))
    }

    /// [`Value::key`] with the NUL behind it.
    pub fn key_with_nul(self) -> Option<&'d [u8]> {
        self.key_node().map(|node| self.doc.bytes_with_nul(node))
    }

    /// This value's JSON, cut out of the text that the document was parsed from; empty when missing. Another text than
    /// that one gives anything, or a panic.
    pub fn raw(self, text: &[u8]) -> &[u8] {
        match self.node() {
            Some(_) => &text[raw::range(self.doc, self.index, text)],
            None => &[],
        }
    }

    fn number(self) -> Option<&'d str> {
        self.node().map(|node| self.doc.str_of(node))
    }
}

impl Document {
    fn bytes_with_nul(&self, node: &Node) -> &[u8] {
        &self.text[node.offset() as usize..][..=node.length() as usize]
    }

    fn str_of(&self, node: &Node) -> &str {
        let start = node.offset() as usize;
        let bytes = &self.text[start..start + node.length() as usize];
        // SAFETY: the text was valid UTF-8, and nodes cut it at ASCII bytes only; what an escape was replaced by is a whole
        // character.
        unsafe { std::str::from_utf8_unchecked(bytes) }
    }
}

/// Elements or members in order; see [`Value::iter`].
#[derive(Clone, Debug)]
pub struct Iter<'d> {
    at: Value<'d>,
}

impl<'d> Iterator for Iter<'d> {
    type Item = Value<'d>;
    fn next(&mut self) -> Option<Value<'d>> {
        if !self.at.exists() {
            return None;
        }
        let value = self.at;
        self.at = value.next();
        Some(value)
    }
}

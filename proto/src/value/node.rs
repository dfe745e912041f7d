//! The 16 bytes of the tape.

/// What a node is. The numbers up to `Object` are those of the C header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Kind {
    /// Nothing is there.
    Missing = 0,
    /// `null`
    Null = 1,
    /// `true` or `false`
    Bool = 2,
    /// A number without fraction or exponent.
    Int = 3,
    /// Any other number.
    Num = 4,
    /// A string.
    Str = 5,
    /// An array.
    Array = 6,
    /// An object.
    Object = 7,
    /// A member's name; its value is the node after it.
    Key = 8,
    /// A stand-in for the root of a text that has not been parsed yet (the C surface's own).
    Lazy = 9,
}

/// One value or key: where its text is, how long, where the next sibling is, what it is, and its own index, so that the
/// header is found from any node by counting back.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(8))]
pub struct Node {
    offset: u32,
    length: u32,
    next: u32,
    /// The kind in the low 4 bits, the index above.
    tag: u32,
}

/// Indices have 28 bits.
pub(crate) const MAX_NODES: usize = 1 << 28;

impl Node {
    pub(crate) const fn new(kind: Kind, index: u32, offset: u32, length: u32) -> Self {
        Node { offset, length, next: 0, tag: index << 4 | kind as u32 }
    }

    /// Node 0: a word for the owner instead of a value.
    pub const fn header(owner: u64) -> Self {
        Node { offset: owner as u32, length: (owner >> 32) as u32, next: 0, tag: 0 }
    }

    /// A stand-in for a root, at index 1 behind a header.
    pub const fn lazy() -> Self {
        Node::new(Kind::Lazy, 1, 0, 0)
    }

    /// The word that [`Node::header`] was given.
    pub const fn owner(&self) -> u64 {
        self.offset as u64 | (self.length as u64) << 32
    }

    /// What it is.
    pub const fn kind(&self) -> Kind {
        match self.tag & 15 {
            1 => Kind::Null,
            2 => Kind::Bool,
            3 => Kind::Int,
            4 => Kind::Num,
            5 => Kind::Str,
            6 => Kind::Array,
            7 => Kind::Object,
            8 => Kind::Key,
            9 => Kind::Lazy,
            _ => Kind::Missing,
        }
    }

    /// Its position in the tape.
    pub const fn index(&self) -> u32 {
        self.tag >> 4
    }

    /// Where its text starts: of a string behind the quote, of a container the bracket.
    pub const fn offset(&self) -> u32 {
        self.offset
    }

    /// Bytes of a string (unescaped), key, number or literal; elements or members of a container.
    pub const fn length(&self) -> u32 {
        self.length
    }

    /// The index of the next sibling value; 0 when this is the last one.
    pub const fn next(&self) -> u32 {
        self.next
    }

    pub(crate) fn set_next(&mut self, next: u32) {
        self.next = next;
    }

    pub(crate) fn set_length(&mut self, length: u32) {
        self.length = length;
    }
}

//! The memory that a parse works in: the text that is being read, and the nodes that are being written.
//!
//! The unsafe half of the parser, kept small: [`parse`](super::parse) says what JSON is and holds no pointer. Two rules
//! carry it. Of the text: NULs stand behind it, a NUL is part of no token, and a place moves only past bytes that were
//! looked at; so no place is ever behind the first of these NULs, and a little beyond it may be read. Of the nodes: room
//! for two is made before a value is read, and a value with the name that follows is two.

use std::marker::PhantomData;

use super::node::MAX_NODES;
use super::parse::{ParseError, fail};
use super::{Kind, Node, scan};

/// The copied text and what is marked in it.
#[derive(Clone, Copy)]
pub(super) struct Text<'a> {
    bytes: *mut u8,
    marks: *const u8,
    end: usize,
    scratch: PhantomData<&'a mut [u8]>,
}

impl<'a> Text<'a> {
    /// Over what [`scan::copy`] made of a text of `end` bytes.
    pub(super) fn new(scratch: &'a mut [u8], marks: &'a [[u8; 8]], end: usize) -> Text<'a> {
        assert!(scratch.len() >= end + scan::BLOCK && marks.len() * 64 >= end + scan::BLOCK);
        Text { bytes: scratch.as_mut_ptr(), marks: marks.as_ptr().cast(), end, scratch: PhantomData }
    }

    /// The place of the first NUL behind the text.
    #[inline(always)]
    pub(super) fn end(self) -> usize {
        self.end
    }

    /// The byte at `at`.
    #[inline(always)]
    pub(super) fn byte(self, at: usize) -> u8 {
        debug_assert!(at <= self.end);
        // SAFETY: a place is in the text or at its end, where a NUL is.
        unsafe { *self.bytes.add(at) }
    }

    /// The bytes from `at` on, a few.
    #[inline(always)]
    pub(super) fn bytes<const N: usize>(self, at: usize) -> [u8; N] {
        const { assert!(N <= 16) };
        debug_assert!(at <= self.end);
        // SAFETY: a place is in the text or at its end, and 64 NULs stand there.
        unsafe { self.bytes.add(at).cast::<[u8; N]>().read() }
    }

    /// Writes a byte over text that was read.
    #[inline(always)]
    pub(super) fn put(self, at: usize, byte: u8) {
        debug_assert!(at < self.end);
        // SAFETY: the place is in the text.
        unsafe { *self.bytes.add(at) = byte }
    }

    /// Moves bytes down to `to`, over text that was read.
    #[inline(always)]
    pub(super) fn shift(self, from: usize, to: usize, count: usize) {
        debug_assert!(to <= from && from + count <= self.end);
        // SAFETY: both places are in the text, and `copy` may overlap.
        unsafe { std::ptr::copy(self.bytes.add(from), self.bytes.add(to), count) }
    }

    /// The place of the first byte from `at` on that is not an ordinary one of a string: at most the end.
    #[inline(always)]
    pub(super) fn stop(self, at: usize) -> usize {
        debug_assert!(at <= self.end);
        let mut at = at;
        loop {
            // SAFETY: the NULs are marked too, a whole block of them, so that the eight bytes with the end's bit in them
            // are there, and the search does not pass it.
            let marks = unsafe { self.marks.add(at / 8).cast::<u64>().read_unaligned() };
            let ahead = u64::from_le(marks) >> (at % 8);
            if ahead != 0 {
                return at + ahead.trailing_zeros() as usize;
            }
            at = (at & !7) + 64;
        }
    }

    /// The place of the first byte from `at` on that is not white space.
    #[inline(always)]
    pub(super) fn token(self, at: usize) -> usize {
        if self.byte(at) > b' ' { at } else { behind_space(self.bytes, at) }
    }
}

#[cold]
#[inline(never)]
fn behind_space(bytes: *const u8, mut at: usize) -> usize {
    // SAFETY: the caller's place is in the text or at its end, and a NUL, which is no white space, stands there.
    while matches!(unsafe { *bytes.add(at) }, b' ' | b'\n' | b'\r' | b'\t') {
        at += 1;
    }
    at
}

/// Nodes on their way into a vector. A place is counted in bytes, 16 for a node, as it stands in a node's tag.
pub(super) struct Tape<'a> {
    nodes: &'a mut Vec<Node>,
    start: *mut Node,
    used: usize,
    room: usize,
}

const SIZE: usize = size_of::<Node>();

impl<'a> Tape<'a> {
    /// Writes behind what the vector holds.
    pub(super) fn behind(nodes: &'a mut Vec<Node>) -> Tape<'a> {
        let (start, used, room) = (nodes.as_mut_ptr(), nodes.len() * SIZE, nodes.capacity().min(MAX_NODES) * SIZE);
        Tape { nodes, start, used, room }
    }

    /// The place of the next node.
    #[inline(always)]
    pub(super) fn used(&self) -> usize {
        self.used
    }

    /// Makes room for two nodes. How long the text is tells how many to expect.
    #[inline(always)]
    pub(super) fn reserve(&mut self, text: Text<'_>, at: usize) -> Result<(), ParseError> {
        if self.used + 2 * SIZE > self.room {
            let Some(grown) = grow(self.nodes, self.used, text.end) else { return fail(at, "too many values") };
            (self.start, self.room) = grown;
        }
        Ok(())
    }

    /// Writes a node of a key or of a value without members.
    #[inline(always)]
    pub(super) fn push(&mut self, kind: Kind, offset: usize, length: usize) {
        self.write(Node::new(kind, (self.used / SIZE) as u32, offset as u32, length as u32));
    }

    /// Writes the node of an array or object that begins. While it is open, its `next` is what is open around it.
    #[inline(always)]
    pub(super) fn open(&mut self, kind: Kind, offset: usize, outer: Open) {
        let mut node = Node::new(kind, (self.used / SIZE) as u32, offset as u32, 0);
        node.set_next(outer.0);
        self.write(node);
    }

    #[inline(always)]
    fn write(&mut self, node: Node) {
        debug_assert!(self.used + SIZE <= self.room);
        // SAFETY: room for two nodes was made when the value began, and this is the first or second since then.
        unsafe { self.start.byte_add(self.used).write(node) };
        self.used += SIZE;
    }

    #[inline(always)]
    fn at(&mut self, place: usize) -> &mut Node {
        debug_assert!(place < self.used);
        // SAFETY: a node was written there: places come from `used` before a `write`.
        unsafe { &mut *self.start.byte_add(place) }
    }

    /// A comma: what is open has one more member, and behind the value at `place` comes another, after its name in an
    /// object.
    #[inline(always)]
    pub(super) fn another(&mut self, open: Open, place: usize) {
        let next = (self.used / SIZE) as u32 + u32::from(open.is_object());
        self.at(place).set_next(next);
        self.count(open);
    }

    #[inline(always)]
    fn count(&mut self, open: Open) {
        let node = self.at(open.place());
        node.set_length(node.length() + 1);
    }

    /// What is open has its last member: it is closed, and what is open around it is returned.
    #[inline(always)]
    pub(super) fn close(&mut self, open: Open) -> Open {
        self.count(open);
        self.close_empty(open)
    }

    /// The same for one without members.
    #[inline(always)]
    pub(super) fn close_empty(&mut self, open: Open) -> Open {
        let node = self.at(open.place());
        let outer = Open(node.next());
        node.set_next(0);
        outer
    }

    /// Hands the nodes over to the vector.
    pub(super) fn finish(self) {
        // SAFETY: `used` bytes of the reserved room were written, node by node.
        unsafe { self.nodes.set_len(self.used / SIZE) }
    }
}

#[cold]
#[inline(never)]
fn grow(nodes: &mut Vec<Node>, used: usize, text: usize) -> Option<(*mut Node, usize)> {
    let used = used / SIZE;
    // A node for eight bytes is what messages have; a text of brackets and commas has four times as many.
    let more = used.max(text / 8).max(64).min(MAX_NODES - used);
    if more < 2 {
        return None;
    }
    // SAFETY: so many were written into the room that was reserved.
    unsafe { nodes.set_len(used) };
    nodes.reserve(more);
    Some((nodes.as_mut_ptr(), nodes.capacity().min(MAX_NODES) * SIZE))
}

/// The innermost array or object that is open: the place of its node, with the lowest bit set for an object. Zero, the
/// header's place, when none is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Open(u32);

impl Open {
    pub(super) const NONE: Open = Open(0);

    #[inline(always)]
    pub(super) fn new(place: usize, object: bool) -> Open {
        Open(place as u32 | u32::from(object))
    }

    #[inline(always)]
    pub(super) fn is_object(self) -> bool {
        self.0 & 1 != 0
    }

    #[inline(always)]
    pub(super) fn place(self) -> usize {
        (self.0 & !1) as usize
    }

    /// The bracket that closes it.
    #[inline(always)]
    pub(super) fn closing(self) -> u8 {
        if self.is_object() { b'}' } else { b']' }
    }

    /// What may stand behind a value in it.
    pub(super) fn expected(self) -> &'static str {
        if self.is_object() { "expected ',' or '}'" } else { "expected ',' or ']'" }
    }
}

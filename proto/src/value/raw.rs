//! Where a value's JSON stands in the text that it was parsed from.
//!
//! Nodes know where a value begins. Where it ends follows from the next sibling, in front of which there is nothing but
//! a name and a comma; from the text's end, for the root; and otherwise from the last of its own members.

use std::ops::Range;

use super::{Document, Kind, Node, scan};

/// The range of the value at `index`, which is not the header's, in the document's own text.
pub(super) fn range(doc: &Document, index: u32, text: &[u8]) -> Range<usize> {
    let node = &doc.nodes[index as usize];
    let end = match (index, node.next()) {
        (1, _) => behind_content(text, text.len()),
        (_, 0) => end(doc, index, text),
        (_, next) => {
            let before = &doc.nodes[next as usize - 1];
            let named = before.kind() == Kind::Key;
            let comma = behind_content(text, start(if named { before } else { &doc.nodes[next as usize] })) - 1;
            behind_content(text, comma)
        }
    };
    start(node)..end
}

fn start(node: &Node) -> usize {
    node.offset() as usize - usize::from(matches!(node.kind(), Kind::Str | Kind::Key))
}

/// The end by way of the last member, of its last member, and so on.
fn end(doc: &Document, index: u32, text: &[u8]) -> usize {
    let mut value = doc.value_at(index);
    let mut open = 0;
    while let Some(last) = value.iter().last() {
        value = last;
        open += 1;
    }
    let node = &doc.nodes[value.index() as usize];
    let mut at = node.offset() as usize;
    match node.kind() {
        Kind::Str => at = string_end(doc, text, at),
        Kind::Array | Kind::Object => {
            at += 1;
            open += 1;
        }
        _ => at += node.length() as usize,
    }
    // Only white space is between the brackets that are left.
    for _ in 0..open {
        while is_space(text[at]) {
            at += 1;
        }
        at += 1;
    }
    at
}

/// The place behind the closing quote of the string whose content starts at `at`.
fn string_end(doc: &Document, text: &[u8], mut at: usize) -> usize {
    loop {
        at = scan::stop(&doc.marks, at);
        if text[at] == b'"' {
            return at + 1;
        }
        at += 2;
    }
}

/// The place behind the last byte before `end` that is not white space.
fn behind_content(text: &[u8], end: usize) -> usize {
    text[..end].iter().rposition(|byte| !is_space(*byte)).map_or(0, |last| last + 1)
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\r' | b'\t')
}

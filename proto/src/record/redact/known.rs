//! The secrets that are known, found wherever they stand.
//!
//! Every frame is looked through for all of them, so what costs is the byte under which none begins: eight bytes are read as
//! a number, and one bit says whether any pattern could start so.

use std::collections::BTreeMap;
use std::fmt;

use super::EVERYWHERE;

const BITS: u32 = 16;

/// What is looked for, and the number of the secret that it spells.
type Pattern = (Box<[u8]>, usize);

/// See the module.
#[derive(Default)]
pub(super) struct Known {
    /// A bit for the hash of each beginning; empty while nothing is known.
    filter: Vec<u64>,
    patterns: BTreeMap<[u8; EVERYWHERE], Vec<Pattern>>,
}

impl fmt::Debug for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Known").field("beginnings", &self.patterns.len()).finish()
    }
}

impl Known {
    /// From here on `pattern` is found. What is shorter than [`EVERYWHERE`] is not.
    pub(super) fn add(&mut self, pattern: &[u8], number: usize) {
        let Some(start) = pattern.first_chunk::<EVERYWHERE>() else { return };
        if self.filter.is_empty() {
            self.filter = vec![0; 1 << (BITS - 6)];
        }
        let bit = bit(start);
        self.filter[bit >> 6] |= 1 << (bit & 63);
        let same = self.patterns.entry(*start).or_default();
        if !same.iter().any(|(known, _)| **known == *pattern) {
            same.push((pattern.into(), number));
            // The longest first: a secret may begin with another one.
            same.sort_by_key(|(pattern, _)| std::cmp::Reverse(pattern.len()));
        }
    }

    /// The first pattern at `from` or behind it: where, how long, and its number.
    pub(super) fn find(&self, text: &[u8], from: usize) -> Option<(usize, usize, usize)> {
        if self.filter.is_empty() {
            return None;
        }
        let rest = text.get(from..)?;
        for (at, start) in rest.windows(EVERYWHERE).enumerate() {
            let start: &[u8; EVERYWHERE] = start.try_into().expect("a window has its length");
            let bit = bit(start);
            if self.filter[bit >> 6] & 1 << (bit & 63) == 0 {
                continue;
            }
            let patterns = self.patterns.get(start).map_or(&[][..], Vec::as_slice);
            if let Some((pattern, number)) = patterns.iter().find(|(pattern, _)| rest[at..].starts_with(pattern)) {
                return Some((from + at, pattern.len(), *number));
            }
        }
        None
    }
}

fn bit(start: &[u8; EVERYWHERE]) -> usize {
    // Fibonacci hashing: the high bits depend on all of them.
    (u64::from_le_bytes(*start).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - BITS)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_and_longest_is_found() {
        let mut known = Known::default();
        assert_eq!(known.find(b"0123456789", 0), None);
        known.add(b"12345678", 1);
        known.add(b"123456789a", 2);
        known.add(b"short", 3);
        assert_eq!(known.find(b"0123456789", 0), Some((1, 8, 1)));
        assert_eq!(known.find(b"short 0123456789a", 0), Some((7, 10, 2)));
        assert_eq!(known.find(b"0123456789", 2), None);
        assert_eq!(known.find(b"", 9), None);
    }
}

//! Copying a text to scratch and, on the way, marking the bytes at which a string can end.
//!
//! That is the quote, the backslash, and everything below 0x20 (RFC 8259 section 7), wherever they stand; so also the
//! NULs behind the text, which is why a search for the next mark needs no look at the end. A byte has one bit. One
//! interface, `stops` of 64 bytes, and one file for each instruction set: those that every machine of the platform has,
//! so that nothing is asked at run time.

#[cfg(all(any(target_arch = "x86_64", target_arch = "x86"), target_feature = "sse2"))]
#[path = "scan/sse2.rs"]
mod set;

#[cfg(all(target_arch = "aarch64", target_feature = "neon", target_endian = "little"))]
#[path = "scan/neon.rs"]
mod set;

#[cfg(not(any(
    all(any(target_arch = "x86_64", target_arch = "x86"), target_feature = "sse2"),
    all(target_arch = "aarch64", target_feature = "neon", target_endian = "little")
)))]
#[path = "scan/swar.rs"]
mod set;

/// Tested everywhere, since machines that use it are rare.
#[cfg(test)]
#[path = "scan/swar.rs"]
mod swar;

use set::stops;

/// Bytes that are looked at together. More NULs than that stand behind the text.
pub(super) const BLOCK: usize = 64;

/// Copies `text` and lets NULs follow it; marks it and them. Neither vector ever shrinks: what is behind the NULs is old.
pub(super) fn copy(text: &[u8], scratch: &mut Vec<u8>, marks: &mut Vec<[u8; 8]>) {
    let (blocks, rest) = text.as_chunks::<BLOCK>();
    let mut last = [0; BLOCK];
    last[..rest.len()].copy_from_slice(rest);
    let all = blocks.len() + 2;
    if marks.len() < all {
        marks.resize(all, [0; 8]);
        scratch.resize(all * BLOCK, 0);
    }
    let blocks = blocks.iter().chain([&last, &[0; BLOCK]]);
    for ((block, copy), mark) in blocks.zip(scratch.as_chunks_mut::<BLOCK>().0).zip(marks) {
        *copy = *block;
        *mark = stops(block).to_le_bytes();
    }
}

/// The first marked place from `at` on, which is in the text or at its end.
pub(super) fn stop(marks: &[[u8; 8]], at: usize) -> usize {
    let mut block = at / BLOCK;
    let mut ahead = u64::from_le_bytes(marks[block]) & u64::MAX << (at % BLOCK);
    while ahead == 0 {
        block += 1;
        ahead = u64::from_le_bytes(marks[block]);
    }
    block * BLOCK + ahead.trailing_zeros() as usize
}

#[cfg(test)]
mod tests {
    use super::{BLOCK, copy, stop, stops, swar};
    use crate::random::Random;

    fn is_stop(byte: u8) -> bool {
        matches!(byte, b'"' | b'\\' | 0..0x20)
    }

    fn blocks() -> impl Iterator<Item = [u8; BLOCK]> {
        let every_byte = (0..=255u8).flat_map(|byte| {
            [b'a', 0x80, byte].map(|around| {
                let mut block = [around; BLOCK];
                block[usize::from(byte) % BLOCK] = byte;
                block
            })
        });
        let mut random = Random::new(1);
        let any = std::iter::repeat_with(move || [(); BLOCK].map(|()| (random.next_u64() >> 32) as u8));
        every_byte.chain(any.take(5000))
    }

    #[test]
    fn every_instruction_set_marks_the_same_bytes() {
        for block in blocks() {
            let expected = (0..BLOCK).filter(|at| is_stop(block[*at])).fold(0, |mask, at| mask | 1 << at);
            assert_eq!(stops(&block), expected, "{block:?}");
            assert_eq!(swar::stops(&block), expected, "{block:?}");
        }
    }

    #[test]
    fn a_stop_is_found_at_every_place_and_else_the_end_is() {
        let (mut scratch, mut marks) = (Vec::new(), Vec::new());
        for length in (0..260).rev() {
            let mut text = vec![b'a'; length];
            copy(&text, &mut scratch, &mut marks);
            assert_eq!(stop(&marks, 0), length);
            assert_eq!(stop(&marks, length), length);
            assert_eq!(&scratch[..length], text);
            assert_eq!(scratch[length..length + BLOCK], [0; BLOCK]);
            for at in 0..length {
                text[at] = b'"';
                copy(&text, &mut scratch, &mut marks);
                assert_eq!(stop(&marks, at / 2), at);
                assert_eq!(stop(&marks, at), at);
                assert_eq!(stop(&marks, at + 1), length);
                text[at] = b'a';
            }
        }
    }
}

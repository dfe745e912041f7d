//! New inputs from old ones, the same way every time for a seed.

use gamebridge_proto::random::Random;

/// Inputs grow to this and no further.
pub const MAX_LENGTH: usize = 4096;

/// Bytes at which formats turn: ends of ranges, brackets, quotes, tags.
const TURNS: &[u8] = b"\0\x01\x7f\x80\xff{}[]\",:\\/~-0189.eEtfnu jlmhikoPFabcdswv\n\x83";

/// Numbers that lengths lie with.
const LENGTHS: [u32; 12] = [0, 1, 7, 8, 9, 255, 256, 65_535, 65_536, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];

/// A number below `bound`; 0 when there is none.
pub fn below(random: &mut Random, bound: usize) -> usize {
    (random.next_u64() % bound.max(1) as u64) as usize
}

/// One to eight changes of an input; some splice another one in.
pub fn mutate(input: &[u8], other: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = input.to_vec();
    for _ in 0..=below(random, 8).min(below(random, 8)) {
        let at = below(random, bytes.len());
        match below(random, 12) {
            0 if !bytes.is_empty() => bytes[at] ^= 1 << below(random, 8),
            1 if !bytes.is_empty() => bytes[at] = random.next_u64() as u8,
            2 | 3 if !bytes.is_empty() => bytes[at] = TURNS[below(random, TURNS.len())],
            4 => bytes.insert(at, TURNS[below(random, TURNS.len())]),
            5 => bytes.truncate(at),
            6 => {
                let end = at + below(random, bytes.len() - at + 1);
                bytes.drain(at..end);
            }
            7 => {
                // A piece again, up to many times: nesting and repetition.
                let end = at + below(random, (bytes.len() - at).min(24) + 1);
                let piece = bytes[at..end].repeat(1 + below(random, 8).pow(2));
                bytes.splice(at..at, piece);
            }
            8 => {
                let from = below(random, other.len());
                let piece = &other[from..from + below(random, other.len() - from + 1)];
                let end = at + below(random, bytes.len() - at + 1);
                bytes.splice(at..end, piece.iter().copied());
            }
            9 | 10 => {
                // A length that lies, in either byte order and any width.
                let length = LENGTHS[below(random, LENGTHS.len())];
                let width = [1, 2, 4][below(random, 3)];
                let big = length.to_be_bytes();
                let mut number = big[4 - width..].to_vec();
                if random.next_u64() & 1 == 0 {
                    number.reverse();
                }
                let end = (at + width).min(bytes.len());
                bytes.splice(at..end, number);
            }
            _ => {
                let digits = random.next_u64().to_string();
                bytes.splice(at..at, digits.bytes().take(1 + below(random, 20)));
            }
        }
        bytes.truncate(MAX_LENGTH);
    }
    bytes
}

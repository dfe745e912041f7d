//! Erlang's External Term Format, translated to JSON text and back at a transport's edge, so that machines never see it.
//!
//! Not a term library: only what JSON can say is translated, the rest (pids, references, funs, compressed terms) is
//! refused by name. The one thing to know before changing it: every length in a term is a claim of the peer. It is
//! compared with the bytes that remain before anything is done with it, every term takes at least one byte, and no
//! byte becomes more than six, so the output is bounded by the input. Neither direction recurses.
//!
//! The format is Erlang's (`erl_ext_dist`, "External Term Format"). Where it leaves a choice, the choice is that of
//! erlpack, which Discord's own clients use:
//!
//! | term | JSON |
//! |---|---|
//! | atoms `nil`, `null`, `true`, `false` | `null`, `null`, `true`, `false` |
//! | other atoms, binaries (must be UTF-8) | string |
//! | integers up to 64 bits, finite floats | number, exact |
//! | proper lists, tuples, nil list | array |
//! | `STRING_EXT` (a list of small integers in short) | array |
//! | maps; keys are atoms, binaries or integers | object |
//!
//! Written are: binaries for strings and keys, the smallest integer form, `NEW_FLOAT_EXT`, small atoms, lists and maps.
//! Unlike erlpack, integers of more than 32 bits stay numbers, and bytes after the term are an error.

mod read;
mod write;

#[cfg(test)]
mod tests;

pub use read::to_json;
pub use write::from_json;

/// Lists, tuples and maps inside each other; more is an error. The same as the tape's, so that what one takes the other does.
pub const MAX_DEPTH: usize = crate::value::MAX_DEPTH;

/// The most bytes of JSON that one byte of a term can become: a control character in a string, `\u0001`.
pub const MAX_GROWTH: usize = 6;

/// The first byte of every encoded term.
const VERSION: u8 = 131;

/// Whether these bytes begin as a term does. JSON never does.
pub fn is_term(bytes: &[u8]) -> bool {
    bytes.first() == Some(&VERSION)
}

/// The byte that says what a term is.
mod tag {
    pub const NEW_FLOAT: u8 = 70;
    pub const COMPRESSED: u8 = 80;
    pub const SMALL_INTEGER: u8 = 97;
    pub const INTEGER: u8 = 98;
    pub const FLOAT: u8 = 99;
    pub const ATOM: u8 = 100;
    pub const SMALL_TUPLE: u8 = 104;
    pub const LARGE_TUPLE: u8 = 105;
    pub const NIL: u8 = 106;
    pub const STRING: u8 = 107;
    pub const LIST: u8 = 108;
    pub const BINARY: u8 = 109;
    pub const SMALL_BIG: u8 = 110;
    pub const LARGE_BIG: u8 = 111;
    pub const SMALL_ATOM: u8 = 115;
    pub const MAP: u8 = 116;
    pub const ATOM_UTF8: u8 = 118;
    pub const SMALL_ATOM_UTF8: u8 = 119;

    /// What the format calls a term that JSON has no word for.
    pub fn name(tag: u8) -> Option<&'static str> {
        Some(match tag {
            COMPRESSED => "a compressed term",
            77 => "a bit string",
            82 => "a cached atom",
            88 | 103 => "a process id",
            89 | 102 | 120 => "a port",
            90 | 101 | 114 => "a reference",
            112 | 113 | 117 => "a function",
            121 => "a local term",
            _ => return None,
        })
    }
}

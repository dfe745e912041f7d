//! Texts from a program, which may be too long, cut in the middle of a character, or no UTF-8 at all, and texts for it.
//!
//! The interface has no way to refuse one, and Discord refuses the whole presence for one bad text. So they are
//! mended: cut where a character ends, and what is no UTF-8 replaced. Never read past the limit: a program may fill
//! its buffer of 128 bytes to the last.

use std::borrow::Cow;
use std::ffi::{CString, c_char};

/// The bytes of a text up to its NUL, at most `most` of them; none for NULL.
///
/// # Safety
/// `text` is NULL or is followed by a NUL or by `most` bytes that may be read, for `'a`.
pub unsafe fn bytes<'a>(text: *const c_char, most: usize) -> &'a [u8] {
    if text.is_null() {
        return &[];
    }
    let text = text.cast::<u8>();
    let mut length = 0;
    // SAFETY: every byte before this one was no NUL, and fewer than `most` were read.
    while length < most && unsafe { *text.add(length) } != 0 {
        length += 1;
    }
    // SAFETY: they were read just now.
    unsafe { std::slice::from_raw_parts(text, length) }
}

/// At most `most` bytes of UTF-8. A character that the end cuts is left out, other bytes that are none become U+FFFD.
pub fn legible(bytes: &[u8], most: usize) -> Cow<'_, str> {
    if bytes.len() <= most
        && let Ok(whole) = std::str::from_utf8(bytes)
    {
        return Cow::Borrowed(whole);
    }
    let mut kept = String::with_capacity(most);
    let mut read = 0;
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            if kept.len() + character.len_utf8() > most {
                return Cow::Owned(kept);
            }
            kept.push(character);
        }
        let bad = chunk.invalid();
        read += chunk.valid().len() + bad.len();
        let cut = read == bytes.len() && std::str::from_utf8(bad).is_err_and(|error| error.error_len().is_none());
        if !bad.is_empty() && !cut {
            if kept.len() + char::REPLACEMENT_CHARACTER.len_utf8() > most {
                break;
            }
            kept.push(char::REPLACEMENT_CHARACTER);
        }
    }
    Cow::Owned(kept)
}

/// A text for C: what stands before a NUL, if there is one in it.
pub fn for_c(text: &str) -> CString {
    let end = text.find('\0').unwrap_or(text.len());
    CString::new(&text[..end]).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_where_a_character_ends() {
        for (given, most, expected) in [
            ("In menu".as_bytes(), 128, "In menu"),
            (b"abcdef", 4, "abcd"),
            ("aé".as_bytes(), 2, "a"),
            ("ééé".as_bytes(), 4, "éé"),
            ("a\u{1f600}b".as_bytes(), 4, "a"),
            (b"ab\xe2\x82", 128, "ab"),
            (b"ab\xe2\x82cd", 128, "ab\u{fffd}cd"),
            (b"\xff\xfe", 128, "\u{fffd}\u{fffd}"),
            (b"ab\xff", 4, "ab"),
            (b"\xed\xa0\x80", 128, "\u{fffd}\u{fffd}\u{fffd}"),
            (b"", 4, ""),
            (b"ab", 0, ""),
        ] {
            assert_eq!(legible(given, most), expected, "{given:?} at {most}");
        }
    }

    #[test]
    fn no_byte_past_the_limit_is_read() {
        let buffer = [b'x' as c_char; 8];
        // SAFETY: eight bytes, and no more are asked for.
        assert_eq!(unsafe { bytes(buffer.as_ptr(), 8) }, b"xxxxxxxx");
        // SAFETY: a NUL ends it.
        assert_eq!(unsafe { bytes(c"ab".as_ptr(), 8) }, b"ab");
        // SAFETY: NULL is allowed.
        assert_eq!(unsafe { bytes(std::ptr::null(), 8) }, b"");
    }

    #[test]
    fn a_nul_inside_ends_a_text_for_c() {
        assert_eq!(for_c("a\0b").as_c_str(), c"a");
        assert_eq!(for_c("é").to_bytes(), "é".as_bytes());
    }
}

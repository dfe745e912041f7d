//! Text that must not be seen: tokens, codes, client secrets.

use std::borrow::Cow;
use std::fmt;

/// A secret text. It prints as `***`, compares in constant time, and is wiped when it goes.
#[derive(Clone, Default)]
pub struct Secret(String);

impl Secret {
    /// Takes the text in.
    pub fn new(text: impl Into<String>) -> Self {
        Secret(text.into())
    }

    /// The text itself: for the wire only.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// A text that somebody else wrote, with `***` wherever this secret stands in it. One of less than 8 bytes may stand
    /// there by chance, and stays.
    pub fn hidden_in<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match self.0.len() >= 8 && text.contains(&*self.0) {
            true => text.replace(&*self.0, "***").into(),
            false => text.into(),
        }
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Secret) -> bool {
        let (a, b) = (self.0.as_bytes(), other.0.as_bytes());
        a.len() == b.len() && a.iter().zip(b).fold(0, |diff, (x, y)| diff | (x ^ y)) == 0
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        let mut bytes = std::mem::take(&mut self.0).into_bytes();
        bytes.fill(0);
        // Keeps the compiler from seeing that nobody reads the zeros.
        std::hint::black_box(&bytes);
    }
}

//! Secrets: what a party can be entered with, sealed.

use std::io;

use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

/// Bytes of a nonce: so many that random ones do not repeat.
const NONCE: usize = 24;

/// What a secret is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To join the party.
    Join = 1,
    /// To watch it.
    Watch = 2,
    /// To tell its match from others.
    Match = 3,
}

/// The server's key. It never leaves the server; with it go all secrets that it made.
pub struct Key(XChaCha20Poly1305);

impl Key {
    /// A new one.
    pub fn random() -> io::Result<Key> {
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(io::Error::other)?;
        Ok(Key(XChaCha20Poly1305::new(&key.into())))
    }

    /// A secret of a party: 90 characters; Discord takes 128.
    pub fn seal(&self, purpose: Purpose, party: u32) -> io::Result<String> {
        let mut sealed = vec![0; NONCE];
        getrandom::fill(&mut sealed).map_err(io::Error::other)?;
        let mut plain = vec![purpose as u8];
        plain.extend_from_slice(&party.to_le_bytes());
        let nonce = XNonce::clone_from_slice(&sealed);
        sealed.extend(self.0.encrypt(&nonce, &plain[..]).map_err(|_| io::Error::other("not encrypted"))?);
        Ok(sealed.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// What it is for and which party's, if this key made it and nobody changed it.
    pub fn open(&self, secret: &str) -> Option<(Purpose, u32)> {
        let sealed = bytes(secret)?;
        let (nonce, sealed) = sealed.split_at_checked(NONCE)?;
        let plain = self.0.decrypt(XNonce::from_slice(nonce), sealed).ok()?;
        let (purpose, party) = plain.split_first()?;
        let purpose = [Purpose::Join, Purpose::Watch, Purpose::Match].into_iter().find(|one| *one as u8 == *purpose)?;
        Some((purpose, u32::from_le_bytes(party.try_into().ok()?)))
    }
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = hex.chars().map(|digit| digit.to_digit(16)).collect();
    let digits = digits.filter(|digits| digits.len().is_multiple_of(2))?;
    Some(digits.chunks(2).map(|pair| (pair[0] * 16 + pair[1]) as u8).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_opens_and_two_seals_differ() {
        let key = Key::random().unwrap();
        let (one, other) = (key.seal(Purpose::Join, 7).unwrap(), key.seal(Purpose::Join, 7).unwrap());
        assert!(one != other && one.len() == 90, "{one}");
        assert_eq!(key.open(&one), Some((Purpose::Join, 7)));
        assert_eq!(key.open(&key.seal(Purpose::Match, u32::MAX).unwrap()), Some((Purpose::Match, u32::MAX)));
    }

    #[test]
    fn a_changed_secret_does_not_open() {
        let key = Key::random().unwrap();
        let secret = key.seal(Purpose::Watch, 1).unwrap();
        for at in 0..secret.len() {
            let mut changed = secret.clone().into_bytes();
            changed[at] = if changed[at] == b'0' { b'1' } else { b'0' };
            assert_eq!(key.open(std::str::from_utf8(&changed).unwrap()), None);
        }
        for wrong in [&secret[2..], &secret[..48], "", "0", "zz"] {
            assert_eq!(key.open(wrong), None);
        }
        assert_eq!(Key::random().unwrap().open(&secret), None);
    }
}

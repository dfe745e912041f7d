//! Where codes and tokens come from.

use crate::secret::Secret;

/// A source of bytes that nobody can guess: the operating system's generator, or a counter in a test. This crate has no
/// access to either, so the driver brings one.
pub trait Entropy {
    /// Fills `bytes`.
    fn fill(&mut self, bytes: &mut [u8]);

    /// Told what was made of them: a recording has to know each secret, to leave it out.
    fn drawn(&mut self, _secret: &Secret) {}
}

const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// As long as Discord's own codes and tokens: 178 bits.
const LENGTH: usize = 30;

/// A fresh code or token of letters and digits, each equally likely.
pub(crate) fn draw(entropy: &mut dyn Entropy) -> Secret {
    let mut text = String::with_capacity(LENGTH);
    let mut bytes = [0; 2 * LENGTH];
    // A source that fills the same bytes every time must not hang us: after a few rounds any byte is taken.
    for round in 0.. {
        entropy.fill(&mut bytes);
        for byte in bytes {
            // 248 = 4 * 62: what lies above would make the first letters likelier.
            if (byte < 248 || round > 8) && text.len() < LENGTH {
                text.push(char::from(ALPHABET[usize::from(byte) % ALPHABET.len()]));
            }
        }
        if text.len() == LENGTH {
            break;
        }
    }
    bytes.fill(0);
    std::hint::black_box(&bytes);
    let secret = Secret::new(text);
    entropy.drawn(&secret);
    secret
}

/// Fills `bytes` so that [`draw`] makes `text` of them, as far as it is of letters and digits: how a recording is played
/// again.
pub(crate) fn fill_for(text: &str, bytes: &mut [u8]) {
    bytes.fill(0);
    for (byte, letter) in bytes.iter_mut().zip(text.bytes()) {
        *byte = ALPHABET.iter().position(|known| *known == letter).unwrap_or(0) as u8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Same(u8);

    impl Entropy for Same {
        fn fill(&mut self, bytes: &mut [u8]) {
            bytes.fill(self.0);
        }
    }

    struct Planned(&'static str);

    impl Entropy for Planned {
        fn fill(&mut self, bytes: &mut [u8]) {
            fill_for(self.0, bytes);
        }
    }

    #[test]
    fn a_planned_code_is_drawn() {
        let planned = "secret12xxxxxxxxxxxxxxxxxxxx9Z";
        assert_eq!(draw(&mut Planned(planned)).reveal(), planned);
    }

    #[test]
    fn a_code_has_thirty_letters_and_digits_from_any_source() {
        for byte in 0..=255 {
            let code = draw(&mut Same(byte));
            assert_eq!(code.reveal().len(), LENGTH);
            assert!(code.reveal().bytes().all(|byte| byte.is_ascii_alphanumeric()));
        }
    }
}

//! The randomness of jitter and identifiers, from a seed that the driver hands in.
//!
//! Deterministic for a seed, so that a test or a replay takes the same course every time. Not for secrets: tokens and
//! codes are drawn by a cryptographic generator outside this crate (see `world::Entropy`).

use std::time::Duration;

/// SplitMix64 (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators", 2014).
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// A generator for this seed.
    pub const fn new(seed: u64) -> Self {
        Random(seed)
    }

    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A duration from zero to `most`, evenly ("full jitter").
    pub fn up_to(&mut self, most: Duration) -> Duration {
        let fraction = (self.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
        most.mul_f64(fraction)
    }
}

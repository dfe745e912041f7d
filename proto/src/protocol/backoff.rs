//! How long to wait before the next try.

use std::time::Duration;

use crate::random::Random;

/// The ceiling of the first wait.
pub const FIRST: Duration = Duration::from_millis(500);
/// The ceiling of every wait.
pub const LAST: Duration = Duration::from_secs(60);

/// Exponential back-off with full jitter: a wait is anything from zero to a ceiling that doubles with each failure, so that
/// games that lost the same Discord do not come back in step.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
}

impl Backoff {
    pub(super) fn next(&mut self, random: &mut Random) -> Duration {
        let ceiling = FIRST.saturating_mul(1 << self.failures.min(16)).min(LAST);
        self.failures = self.failures.saturating_add(1);
        random.up_to(ceiling)
    }

    /// For a peer that asked to be left and come back to: the first time there is no wait.
    pub(super) fn at_once(&mut self, random: &mut Random) -> Duration {
        if self.failures > 0 {
            return self.next(random);
        }
        self.failures = 1;
        Duration::ZERO
    }

    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }
}

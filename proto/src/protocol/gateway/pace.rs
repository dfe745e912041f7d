//! How often something may be done.

use std::collections::VecDeque;
use std::time::Duration;

use crate::time::Instant;

/// At most `limit` times within any `window`. It remembers each time, so a window may begin anywhere.
#[derive(Debug)]
pub(in crate::protocol) struct Pace {
    limit: usize,
    window: Duration,
    spent: VecDeque<Instant>,
}

impl Pace {
    pub(in crate::protocol) const fn new(limit: usize, window: Duration) -> Self {
        Pace { limit, window, spent: VecDeque::new() }
    }

    /// When it may be done next: now or later.
    pub(in crate::protocol) fn next(&self, now: Instant) -> Instant {
        match self.spent.front() {
            Some(oldest) if self.spent.len() == self.limit => now.max(*oldest + self.window),
            _ => now,
        }
    }

    /// It is done now.
    pub(in crate::protocol) fn spend(&mut self, now: Instant) {
        if self.spent.len() == self.limit {
            self.spent.pop_front();
        }
        self.spent.push_back(now);
    }

    pub(in crate::protocol) fn clear(&mut self) {
        self.spent.clear();
    }
}

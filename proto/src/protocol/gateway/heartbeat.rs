//! Signs of life in both directions.
//!
//! A connection is a zombie when a beat got no ACK and nothing else came either until the next one is due: any traffic
//! shows life, while the ACK's own delay is only measured.

use std::time::Duration;

use crate::random::Random;
use crate::time::Instant;

#[derive(Debug)]
pub(super) struct Heartbeat {
    interval: Duration,
    /// When the next beat is due.
    pub(super) next: Instant,
    /// When the last beat was sent that has not been acknowledged.
    unanswered: Option<Instant>,
    /// Whether anything came since the last beat.
    heard: bool,
    /// Whether the server answers beats at all.
    acknowledges: bool,
    /// How long the last ACK took.
    pub(super) latency: Option<Duration>,
}

/// What a beat that is due finds.
#[derive(Debug, PartialEq)]
pub(super) enum Pulse {
    Alive,
    Zombie,
}

impl Heartbeat {
    /// The first beat comes after a random part of the interval, so that clients that connect together do not beat together.
    pub(super) fn new(now: Instant, interval: Duration, random: &mut Random) -> Self {
        Heartbeat {
            interval,
            next: now + random.up_to(interval),
            unanswered: None,
            heard: true,
            acknowledges: true,
            latency: None,
        }
    }

    /// Of a server that answers no beat (version 3), which is then no sign of death.
    pub(super) fn unanswered(mut self) -> Self {
        self.acknowledges = false;
        self
    }

    /// A beat is due. Without a watch (nobody reads, so nothing can be heard) everything is alive.
    pub(super) fn due(&mut self, now: Instant, watched: bool) -> Pulse {
        if watched && self.acknowledges && self.unanswered.is_some() && !self.heard {
            return Pulse::Zombie;
        }
        // In step with the interval, unless the driver is late by more than one.
        self.next = if self.next + self.interval > now { self.next + self.interval } else { now + self.interval };
        self.unanswered = Some(now);
        self.heard = false;
        Pulse::Alive
    }

    /// A beat beside the others goes out, and says how many ACKs come until that for it.
    pub(super) fn beside(&mut self, now: Instant) -> u8 {
        let before = u8::from(self.unanswered.is_some());
        self.unanswered.get_or_insert(now);
        before + 1
    }

    /// Something came.
    pub(super) fn heard(&mut self) {
        self.heard = true;
    }

    pub(super) fn acknowledged(&mut self, now: Instant) {
        if let Some(sent) = self.unanswered.take() {
            self.latency = Some(now - sent);
        }
    }
}

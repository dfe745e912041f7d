//! One connection: how far it has come, how fast it may go, and what goes wrong with it on purpose.

use std::time::Duration;

use super::{Limits, Sink};
use crate::time::Instant;
use crate::wire::gateway::Dialect;

#[derive(Debug)]
pub(super) struct Peer {
    pub(super) dialect: Dialect,
    /// Whether the URL said so.
    pub(super) by_url: bool,
    pub(super) state: State,
    pub(super) sends: Window,
    /// Until when a beat has to come.
    pub(super) beat_by: Instant,
    pub(super) faults: Faults,
}

#[derive(Debug)]
pub(super) enum State {
    /// Connected, and nobody yet. `refusal` is when its IDENTIFY, which came too soon, is answered with op 9.
    Greeting { until: Instant, refusal: Option<Instant> },
    /// It has a session, by its number.
    Open(u64),
    /// Connected without a session, for as long as it likes: its IDENTIFY was not heard, since the host wants it so.
    Deaf,
}

/// What the host has go wrong with one connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Faults {
    /// Nothing is sent any more.
    pub(super) stalled: bool,
    /// Beats are not answered.
    pub(super) refuses_ack: bool,
    /// IDENTIFY and RESUME are not heard.
    pub(super) deaf: bool,
}

impl Peer {
    pub(super) fn new(now: Instant, (dialect, by_url): (Dialect, bool), limits: &Limits) -> Self {
        Peer {
            dialect,
            by_url,
            state: State::Greeting { until: now + limits.greeting, refusal: None },
            sends: Window::default(),
            beat_by: now + patience(limits),
            faults: Faults::default(),
        }
    }

    /// Sends a payload, unless nothing is to be sent.
    pub(super) fn say(&self, peer: u32, payload: &[u8], out: &mut impl Sink) {
        if !self.faults.stalled {
            out.send(peer, payload);
        }
    }

    /// When an op 9 is owed to it.
    pub(super) fn refusal(&self) -> Option<Instant> {
        match self.state {
            State::Greeting { refusal, .. } => refusal,
            State::Open(_) | State::Deaf => None,
        }
    }

    /// When it is sent away, unless it says something.
    pub(super) fn deadline(&self) -> Instant {
        match self.state {
            State::Greeting { until, .. } => until.min(self.beat_by),
            State::Open(_) | State::Deaf => self.beat_by,
        }
    }
}

/// How long a beat may take to come.
pub(super) fn patience(limits: &Limits) -> Duration {
    limits.heartbeat + limits.heartbeat / 2
}

/// How much was sent in the window that runs, which begins with the first payload after the last one.
#[derive(Debug, Default)]
pub(in crate::server) struct Window {
    until: Instant,
    count: u32,
}

impl Window {
    /// Counts one; whether it is still within the limit. 0 is no limit.
    pub(in crate::server) fn take(&mut self, now: Instant, most: u32, within: Duration) -> bool {
        if now >= self.until {
            (self.until, self.count) = (now + within, 0);
        }
        self.count = self.count.saturating_add(1);
        most == 0 || self.count <= most
    }
}

//! One peer of the door: how far it has come, and how fast it may go.

use std::time::Duration;

use super::caller::Caller;
use crate::time::Instant;
use crate::world::{ApplicationId, TokenId};

/// How a peer is connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transport {
    Ipc,
    WebSocket,
    Http,
}

impl Transport {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Transport::Ipc => "ipc",
            Transport::WebSocket => "websocket",
            Transport::Http => "http",
        }
    }
}

#[derive(Debug)]
pub(super) struct Peer {
    pub(super) transport: Transport,
    pub(super) bucket: Bucket,
    pub(super) state: State,
}

#[derive(Debug)]
pub(super) enum State {
    /// Over IPC, before its HANDSHAKE. (A WebSocket's handshake is its URL.)
    Greeting { until: Instant },
    /// It said which application it is, and waits for the READY of a Discord.
    Waiting { caller: Caller, until: Instant },
    /// It got its READY.
    Open(Open),
    /// It asks one thing over HTTP, of this world or of a Discord, and is gone when it has its reply.
    Once { caller: Caller, relayed: bool },
}

#[derive(Debug)]
pub(super) struct Open {
    /// As whom it speaks, and what it may. Without a session in this world a Discord answers it.
    pub(super) caller: Caller,
    pub(super) standing: Standing,
}

#[derive(Debug)]
pub(super) enum Standing {
    /// Over WebSocket, before the first command that was any good.
    Idle { until: Instant },
    /// Not authenticated, and welcome to stay so.
    Anonymous,
    /// It showed a token, whose scopes are the caller's; one that a Discord gave is none of this world's.
    Authenticated { token: Option<TokenId>, expires: Instant },
}

impl Peer {
    pub(super) fn open(&self) -> Option<&Open> {
        match &self.state {
            State::Open(open) => Some(open),
            State::Greeting { .. } | State::Waiting { .. } | State::Once { .. } => None,
        }
    }

    pub(super) fn open_mut(&mut self) -> Option<&mut Open> {
        match &mut self.state {
            State::Open(open) => Some(open),
            State::Greeting { .. } | State::Waiting { .. } | State::Once { .. } => None,
        }
    }

    /// Who it is, once it has said so.
    pub(super) fn caller(&self) -> Option<&Caller> {
        match &self.state {
            State::Greeting { .. } => None,
            State::Waiting { caller, .. } | State::Open(Open { caller, .. }) | State::Once { caller, .. } => {
                Some(caller)
            }
        }
    }

    /// The application that it said it is.
    pub(super) fn client(&self) -> Option<ApplicationId> {
        self.caller().map(|caller| caller.client)
    }

    /// The application as which it waits for READY.
    pub(super) fn waits_for(&self) -> Option<ApplicationId> {
        self.client().filter(|_| matches!(self.state, State::Waiting { .. }))
    }

    /// Whether its commands are a Discord's to answer.
    pub(super) fn is_relayed(&self) -> bool {
        match &self.state {
            State::Waiting { .. } => true,
            State::Open(Open { caller, .. }) => caller.session.is_none(),
            State::Once { relayed, .. } => *relayed,
            State::Greeting { .. } => false,
        }
    }

    /// Until when it may be idle in a crowd.
    pub(super) fn idle_until(&self) -> Option<Instant> {
        match &self.open()?.standing {
            Standing::Idle { until } => Some(*until),
            Standing::Anonymous | Standing::Authenticated { .. } => None,
        }
    }

    /// When something has to happen although the peer says nothing.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match &self.state {
            State::Greeting { until } | State::Waiting { until, .. } => Some(*until),
            State::Open(Open { standing: Standing::Authenticated { expires, .. }, .. }) => Some(*expires),
            State::Open(_) | State::Once { .. } => None,
        }
    }
}

/// A token bucket, kept as the moment when it is full again (the "generic cell rate algorithm" of ATM Forum TM 4.0):
/// one number, nothing to refill.
#[derive(Debug, Default)]
pub(super) struct Bucket {
    full_at: Instant,
}

impl Bucket {
    /// Takes one; `false` when it is empty. `per_second` 0 is no limit; `burst` is how many fit in.
    pub(super) fn take(&mut self, now: Instant, per_second: u32, burst: u32) -> bool {
        if per_second == 0 {
            return true;
        }
        let cost = Duration::from_secs(1) / per_second;
        let full_at = self.full_at.max(now) + cost;
        let fits = full_at.since(now) <= cost * burst.max(1);
        if fits {
            self.full_at = full_at;
        }
        fits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_gives_its_burst_and_then_its_rate() {
        let mut bucket = Bucket::default();
        let start = Instant::from_nanos(5_000_000_000);
        let taken = |bucket: &mut Bucket, at| (0..1000).filter(|_| bucket.take(at, 50, 100)).count();
        assert_eq!(taken(&mut bucket, start), 100);
        assert_eq!(taken(&mut bucket, start + Duration::from_secs(1)), 50);
        assert_eq!(taken(&mut bucket, start + Duration::from_secs(60)), 100);
        assert!((0..10_000).all(|_| bucket.take(start, 0, 0)));
    }
}

//! Every command between `handle_command` and its one reply.
//!
//! A request is in here from the moment it is accepted until it has been answered; whoever takes it out answers it. Its id
//! is its nonce on the wire, and ids grow, so the order of ids is the order of the program.

use std::collections::{BTreeMap, BTreeSet};

use super::subscriptions::Subscription;
use crate::time::Instant;

/// One command.
pub(super) struct Request {
    /// As the program called it.
    pub(super) name: Box<str>,
    /// The arguments that go out; empty where the effect holds them.
    pub(super) args: Box<[u8]>,
    /// The program's tag; of the machine's own requests 0.
    pub(super) tag: u64,
    /// Whether the machine sends it by itself, to restore state.
    pub(super) replay: bool,
    /// When it is too late for a reply.
    pub(super) deadline: Instant,
    /// What it changes beyond the peer.
    pub(super) effect: Effect,
    /// Which frame it went out as on the present connection; `None` while it waits.
    pub(super) frame: Option<u64>,
}

/// What a request changes in the machine, when it is sent or answered.
pub(super) enum Effect {
    None,
    /// Its token is kept when it succeeds.
    Authenticate,
    Subscribe(Subscription),
    Unsubscribe(Subscription),
    /// Its arguments are in the slot of this process id.
    Activity {
        pid: u64,
    },
}

impl Drop for Request {
    fn drop(&mut self) {
        if matches!(self.effect, Effect::Authenticate) {
            self.args.fill(0);
            std::hint::black_box(&self.args);
        }
    }
}

#[derive(Default)]
pub(super) struct Requests {
    last: u64,
    all: BTreeMap<u64, Request>,
    /// Those to be sent in order. (Activities wait in their slots.)
    waiting: BTreeSet<u64>,
    deadlines: BTreeSet<(Instant, u64)>,
}

impl Requests {
    /// An id that was never given before.
    pub(super) fn new_id(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// How many are under way.
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn insert(&mut self, id: u64, request: Request) {
        self.deadlines.insert((request.deadline, id));
        self.all.insert(id, request);
    }

    /// Takes a request out: it must be answered now.
    pub(super) fn remove(&mut self, id: u64) -> Option<Request> {
        let request = self.all.remove(&id)?;
        self.deadlines.remove(&(request.deadline, id));
        self.waiting.remove(&id);
        Some(request)
    }

    pub(super) fn get_mut(&mut self, id: u64) -> Option<&mut Request> {
        self.all.get_mut(&id)
    }

    /// Whether this request was sent and awaits its reply.
    pub(super) fn is_sent(&self, id: u64) -> bool {
        self.all.get(&id).is_some_and(|request| request.frame.is_some())
    }

    /// Takes out a request that was sent and awaits its reply.
    pub(super) fn remove_sent(&mut self, id: u64) -> Option<Request> {
        if self.is_sent(id) { self.remove(id) } else { None }
    }

    /// Puts it in line.
    pub(super) fn wait(&mut self, id: u64) {
        self.waiting.insert(id);
    }

    /// Takes the first in line.
    pub(super) fn next_waiting(&mut self) -> Option<u64> {
        self.waiting.pop_first()
    }

    /// The earliest deadline.
    pub(super) fn first_deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|(deadline, _)| *deadline)
    }

    /// Takes out one whose deadline has come.
    pub(super) fn remove_expired(&mut self, now: Instant) -> Option<(u64, Request)> {
        let (deadline, id) = *self.deadlines.first()?;
        if deadline > now {
            return None;
        }
        self.remove(id).map(|request| (id, request))
    }

    /// The ids of those for which `which` holds, in the program's order.
    pub(super) fn ids(&self, which: impl Fn(&Request) -> bool) -> Vec<u64> {
        self.all.iter().filter(|(_, request)| which(request)).map(|(id, _)| *id).collect()
    }
}

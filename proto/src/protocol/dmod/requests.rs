//! Every command between `handle_command` and its one answer. Whoever takes one out answers it.
//!
//! A reply on the wire names its command and nothing else, so it belongs to the oldest of that name that was sent: one whose
//! caller has given up (timed out, cancelled) stays in line without a caller until its reply has come, or a later command's
//! caller would get it.

use std::collections::VecDeque;

use super::kept::Wish;
use crate::secret::Secret;
use crate::time::Instant;
use crate::wire::dmod::Opcode;

/// How many commands may wait to be sent.
pub const MAX_WAITING: usize = 1024;

/// How many may wait for a reply; further ones wait to be sent. As many may stand in line without a caller.
pub const MAX_SENT: usize = 256;

/// One command.
#[derive(Debug)]
pub(super) struct Request {
    /// As the program called it.
    pub(super) name: Box<str>,
    /// As it stands on the wire.
    pub(super) wire: Box<str>,
    pub(super) opcode: Opcode,
    /// JSON; it may hold tokens.
    pub(super) args: Secret,
    pub(super) deadline: Instant,
    pub(super) by: By,
    /// What it does to what is kept, once it succeeds.
    pub(super) wish: Wish,
    /// Which frame it went out as on the present connection.
    pub(super) frame: u64,
}

/// Who waits for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// The program, with its tag; 0 for only a failure, and only in the log.
    Program(u64),
    /// The machine: to restore, or to keep a session up.
    Library,
    /// Nobody any more.
    Nobody,
}

#[derive(Debug, Default)]
pub(super) struct Requests {
    waiting: VecDeque<Request>,
    sent: VecDeque<Request>,
}

impl Requests {
    /// How many wait to be sent.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Whether one could be sent, as far as this side goes.
    pub(super) fn has_next(&self) -> bool {
        let held = self.sent.iter().filter(|request| request.by != By::Nobody);
        !self.waiting.is_empty() && held.count() < MAX_SENT
    }

    pub(super) fn push(&mut self, request: Request) {
        self.waiting.push_back(request);
    }

    /// Before all that wait.
    pub(super) fn push_first(&mut self, request: Request) {
        self.waiting.push_front(request);
    }

    /// The next to be sent. Tell [`Requests::was_sent`], unless it has no reply.
    pub(super) fn next(&mut self) -> Option<Request> {
        if self.has_next() { self.waiting.pop_front() } else { None }
    }

    pub(super) fn was_sent(&mut self, request: Request) {
        self.sent.push_back(request);
        // A server that does not answer some commands at all would fill the line.
        if self.sent.len() > 2 * MAX_SENT
            && let Some(at) = self.sent.iter().position(|request| request.by == By::Nobody)
        {
            self.sent.remove(at);
        }
    }

    /// Takes out the one whose reply came.
    pub(super) fn replied(&mut self, wire: &str) -> Option<Request> {
        let at = self.sent.iter().position(|request| &*request.wire == wire)?;
        self.sent.remove(at)
    }

    /// Takes out one that waits to be sent and that fits, or lets go one that was sent; with whether it was.
    pub(super) fn take(&mut self, fits: impl Fn(&Request) -> bool) -> Option<(Request, bool)> {
        if let Some(at) = self.waiting.iter().position(&fits) {
            return self.waiting.remove(at).map(|request| (request, false));
        }
        let held = self.sent.iter_mut().find(|request| request.by != By::Nobody && fits(request))?;
        let stays = Request {
            name: held.name.clone(),
            wire: held.wire.clone(),
            opcode: held.opcode,
            args: Secret::default(),
            deadline: held.deadline,
            by: By::Nobody,
            wish: held.wish.clone(),
            frame: held.frame,
        };
        Some((std::mem::replace(held, stays), true))
    }

    /// The connection broke: gives back, in order, what was written (before this frame), and lets the rest wait again.
    pub(super) fn break_off(&mut self, written: u64) -> Vec<Request> {
        let (lost, unsent): (Vec<_>, Vec<_>) = self.sent.drain(..).partition(|request| request.frame < written);
        for request in unsent.into_iter().rev() {
            if request.by != By::Nobody {
                self.waiting.push_front(request);
            }
        }
        lost
    }

    /// Everything, in order, with whether it was sent: the connection is over.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = (Request, bool)> {
        let sent = self.sent.drain(..).map(|request| (request, true));
        sent.chain(self.waiting.drain(..).map(|request| (request, false)))
    }

    pub(super) fn next_deadline(&self) -> Option<Instant> {
        let held = self.sent.iter().filter(|request| request.by != By::Nobody);
        held.chain(&self.waiting).map(|request| request.deadline).min()
    }
}

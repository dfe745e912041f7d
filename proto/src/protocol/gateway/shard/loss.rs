//! How a connection is lost, and what follows: a wait and another, or the end.

use std::time::Duration;

use super::super::{GOOD_AFTER, Sink, log, reply};
use super::{KEEP, Shard, Shared, State, Told};
use crate::error::Status;
use crate::event::{Event, EventType, Flags, LogLevel};
use crate::time::Instant;

/// How a shard ended.
#[derive(Debug)]
pub(in super::super) struct End {
    pub(in super::super) status: Status,
    pub(in super::super) code: i32,
    pub(in super::super) flags: Flags,
    pub(in super::super) why: String,
}

/// Why a transport is gone.
pub(in super::super) struct Loss<'a> {
    pub(in super::super) status: Status,
    pub(in super::super) code: i32,
    pub(in super::super) why: &'a str,
    /// How long to wait at least.
    pub(in super::super) wait: Duration,
    /// Whether the Gateway asked for it, and the next try is at once.
    pub(in super::super) asked: bool,
}

impl<'a> Loss<'a> {
    pub(in super::super) fn new(status: Status, why: &'a str) -> Self {
        Loss { status, code: 0, why, wait: Duration::ZERO, asked: false }
    }

    pub(in super::super) fn with_code(mut self, code: i32) -> Self {
        self.code = code;
        self
    }
}

impl Shard {
    pub(in super::super) fn open_failed(
        &mut self,
        now: Instant,
        loss: Loss<'_>,
        shared: &mut Shared,
        out: &mut impl Sink,
    ) {
        if matches!(self.state, State::Opening { .. }) {
            self.lost(now, loss, shared, out);
        }
    }

    /// Closes what is open, keeping the session, and begins again.
    pub(super) fn give_up(&mut self, now: Instant, why: &str, shared: &mut Shared, out: &mut impl Sink) {
        out.close(self.line, KEEP, "");
        self.lost(now, Loss::new(Status::Timeout, why), shared, out);
    }

    /// There is no transport any more: wait, and tell the program once.
    pub(in super::super) fn lost(&mut self, now: Instant, loss: Loss<'_>, shared: &mut Shared, out: &mut impl Sink) {
        shared.budget.release(self.line);
        if let (State::Opening { .. } | State::Greeting { .. }, Some(session)) = (&self.state, &mut self.session) {
            // Nobody is there, or nobody who speaks: the session's own address is not tried for ever.
            session.url = None;
        }
        let silent = matches!(self.state, State::Opening { .. } | State::Identifying { heartbeat: None, .. });
        if silent && !loss.asked {
            // Nor is the Gateway that version 3 was sent to.
            shared.url.clone_from(&shared.home);
        }
        for gather in self.gathers.drain(..) {
            let mut event = Event::new(EventType::Reply, &gather.name);
            (event.tag, event.status, event.flags) = (gather.tag, Status::Closed, Flags::UNCERTAIN);
            event.message = "the connection was lost before all chunks came";
            event.peer = self.number;
            out.event(event);
        }
        if self.told == Told::Nothing && !shared.config.retry {
            return self.end(loss.status, loss.code, Flags::default(), loss.why);
        }
        self.figures.losses += 1;
        self.fence = None;
        if matches!(self.state, State::Ready { since, .. } if now - since >= GOOD_AFTER) {
            self.backoff.reset();
        }
        let wait =
            if loss.asked { self.backoff.at_once(&mut shared.random) } else { self.backoff.next(&mut shared.random) };
        let mut at = now + wait.max(loss.wait);
        if self.session.is_none() {
            at = shared.budget.next(at, self.number);
        }
        self.state = State::Waiting { at };
        let millis = u32::try_from((at - now).as_millis()).unwrap_or(u32::MAX);
        if self.told == Told::Connected && !self.quiet {
            self.told = Told::Reconnecting;
            let mut event = Event::new(EventType::Reconnecting, "RECONNECTING");
            event.status = loss.status;
            event.code = loss.code;
            event.message = loss.why;
            event.flags = Flags::RETRYING;
            event.retry_after_ms = millis;
            event.peer = self.number;
            out.event(event);
        } else {
            log(out, LogLevel::Info, &format!("{}; next try in {millis} ms", loss.why));
        }
    }

    pub(super) fn end(&mut self, status: Status, code: i32, flags: Flags, why: &str) {
        self.end = Some(End { status, code, flags, why: why.to_owned() });
        self.state = State::Ended;
    }

    /// Closes and answers what waits; nothing happens after it.
    pub(in super::super) fn finish(&mut self, code: u16, shared: &mut Shared, out: &mut impl Sink) {
        if !matches!(self.state, State::Queued | State::Waiting { .. } | State::Ended) && self.end.is_none() {
            out.close(self.line, code, "");
        }
        shared.budget.release(self.line);
        self.state = State::Ended;
        while let Some(waiting) = self.queue.pop() {
            reply(out, &waiting.name, waiting.tag, Status::Closed, "the connection ended before it was sent");
        }
        for gather in self.gathers.drain(..) {
            reply(out, &gather.name, gather.tag, Status::Closed, "the connection ended before all chunks came");
        }
    }
}

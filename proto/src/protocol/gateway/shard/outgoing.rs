//! What goes to the Gateway.

use super::super::gather::Gather;
use super::super::heartbeat::Heartbeat;
use super::super::message;
use super::super::overlap::Set;
use super::super::queue::Waiting;
use super::super::{READY_TIMEOUT, Sink, reply};
use super::{Shard, Shared, State};
use crate::error::Status;
use crate::event::{Event, EventType, Flags};
use crate::time::Instant;
use crate::value::Document;
use crate::wire::gateway::{MAX_SEND, Opcode};

impl Shard {
    /// Begins a session. What that costs is written down before it goes out.
    pub(super) fn identify(
        &mut self,
        now: Instant,
        heartbeat: Option<Heartbeat>,
        shared: &mut Shared,
        out: &mut impl Sink,
    ) {
        self.forget();
        self.state = State::Identifying { heartbeat, deadline: now + READY_TIMEOUT };
        if let (Some(overlap), Set::New) = (&mut shared.overlap, self.set) {
            overlap.begun(self.number);
        }
        shared.budget.spend(now, self.line, self.number);
        out.keep(&shared.budget.record());
        let shard = (self.count > 1 || shared.config.shards != super::super::Shards::Single)
            .then_some((self.number, self.count));
        shared.scratch.clear();
        shared.config.identify(shard, &mut shared.scratch);
        out.send(self.line, &shared.scratch);
        message::wipe(&mut shared.scratch);
    }

    pub(super) fn beat(&mut self, now: Instant, shared: &mut Shared, out: &mut impl Sink) {
        shared.scratch.clear();
        if shared.config.dialect.greets() {
            message::heartbeat(&mut shared.scratch, self.seq);
        } else {
            let unix_ms = shared.config.unix_ms_at_zero.saturating_add(now.as_nanos() / 1_000_000);
            message::keepalive(&mut shared.scratch, unix_ms);
        }
        out.send(self.line, &shared.scratch);
    }

    /// Whether everything has come that the Gateway said before this was first asked: whether it answered a beat of then. One
    /// that was refused for good brings nothing more, and neither does one that has lost its session: what comes of the next
    /// one is said later. One whose connection alone is lost has it to come.
    pub(in super::super) fn fence(&mut self, now: Instant, shared: &mut Shared, out: &mut impl Sink) -> bool {
        if self.end.is_some() || self.session.is_none() && !self.is_ready() {
            return true;
        }
        if !self.is_ready() || !self.gathers.is_empty() {
            return false;
        }
        if self.fence.is_none() {
            self.fence = self.heartbeat().map(|heartbeat| heartbeat.beside(now));
            self.beat(now, shared, out);
        }
        self.fence == Some(0)
    }

    pub(in super::super) fn unfence(&mut self) {
        self.fence = None;
    }

    /// Whether what happens in a guild is this shard's.
    pub(in super::super) fn has(&self, guild: u64) -> bool {
        u64::from(self.number) == (guild >> 22) % u64::from(self.count)
    }

    /// Those of the guilds that are this shard's.
    pub(in super::super) fn own(&self, guilds: &[u64]) -> Box<[u64]> {
        guilds.iter().copied().filter(|guild| self.has(*guild)).collect()
    }

    /// What the program set, if anything.
    pub(in super::super) fn presence(&self) -> Option<&[u8]> {
        self.presence.as_deref()
    }

    /// Commands that were not sent, in their order.
    pub(in super::super) fn take_waiting(&mut self) -> Vec<Waiting> {
        std::iter::from_fn(|| self.queue.pop()).collect()
    }

    pub(in super::super) fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// Takes a command that fits. A presence takes the place of one that still waits.
    pub(in super::super) fn command(
        &mut self,
        now: Instant,
        waiting: Waiting,
        shared: &mut Shared,
        out: &mut impl Sink,
    ) {
        if waiting.opcode == Opcode::PresenceUpdate
            && let Some(older) = self.queue.take(|older| older.opcode == Opcode::PresenceUpdate)
            && older.tag != 0
        {
            let mut event = Event::new(EventType::Reply, &older.name);
            (event.tag, event.flags) = (older.tag, Flags::SUPERSEDED);
            event.message = "a newer presence took its place";
            out.event(event);
        }
        self.queue.push(waiting);
        self.expire(now, out);
        self.flush(now, shared, out);
    }

    pub(in super::super) fn cancel(&mut self, tag: u64, out: &mut impl Sink) {
        while let Some(waiting) = self.queue.take(|waiting| waiting.tag == tag) {
            reply(out, &waiting.name, tag, Status::Cancelled, "cancelled before it was sent");
        }
        while let Some(at) = self.gathers.iter().position(|gather| gather.tag == tag) {
            let gather = self.gathers.remove(at);
            reply(out, &gather.name, tag, Status::Cancelled, "cancelled before all chunks came");
        }
    }

    pub(super) fn expire(&mut self, now: Instant, out: &mut impl Sink) {
        while let Some(waiting) = self.queue.take(|waiting| waiting.deadline <= now) {
            reply(out, &waiting.name, waiting.tag, Status::Timeout, "it could not be sent in time");
        }
        while let Some(at) = self.gathers.iter().position(|gather| gather.deadline <= now) {
            let gather = self.gathers.remove(at);
            match gather.may_be_whole {
                true => self.gathered(&gather, out),
                false => reply(out, &gather.name, gather.tag, Status::Timeout, "not all chunks came in time"),
            }
        }
    }

    /// When something that waits may be sent; `None` when nothing waits.
    pub(super) fn next_send(&self, shared: &Shared) -> Option<Instant> {
        let presence = self.presence_pace.next(Instant::ZERO);
        let own = |waiting: &Waiting| match waiting.opcode {
            Opcode::PresenceUpdate => presence,
            _ => shared.members.next(&waiting.all_of),
        };
        let due = self.presence_due.then_some(presence);
        let next = self.queue.iter().map(own).chain(due).min()?;
        Some(next.max(self.send_pace.next(Instant::ZERO)))
    }

    /// Sends what waits, as far as the paces allow.
    pub(super) fn flush(&mut self, now: Instant, shared: &mut Shared, out: &mut impl Sink) {
        while matches!(self.state, State::Ready { .. }) && self.send_pace.next(now) <= now {
            let presence = self.presence_pace.next(now) <= now;
            if self.presence_due && presence {
                self.presence_due = false;
                // One that the program has set since goes out by itself.
                let newer = self.queue.any(|waiting| waiting.opcode == Opcode::PresenceUpdate);
                if let Some(presence) = self.presence.take_if(|_| !newer) {
                    self.send(now, Opcode::PresenceUpdate, &presence, shared, out);
                    self.presence = Some(presence);
                }
                continue;
            }
            let may = |waiting: &Waiting| match waiting.opcode {
                Opcode::PresenceUpdate => presence,
                _ => shared.members.next(&waiting.all_of) <= now,
            };
            let Some(waiting) = self.queue.take(may) else { return };
            shared.members.spend(now, &waiting.all_of);
            self.send(now, waiting.opcode, &waiting.args, shared, out);
            self.sent(waiting, out);
        }
    }

    fn send(&mut self, now: Instant, opcode: Opcode, data: &[u8], shared: &mut Shared, out: &mut impl Sink) {
        self.send_pace.spend(now);
        if opcode == Opcode::PresenceUpdate {
            self.presence_pace.spend(now);
        }
        shared.scratch.clear();
        message::message(&mut shared.scratch, opcode, if data.is_empty() { b"null" } else { data });
        debug_assert!(shared.scratch.len() <= MAX_SEND, "it was measured when it came");
        out.send(self.line, &shared.scratch);
    }

    fn sent(&mut self, waiting: Waiting, out: &mut impl Sink) {
        let Waiting { name, opcode, args, tag, deadline, gather, .. } = waiting;
        if gather {
            let mut doc = Document::new();
            let parsed = doc.parse(&args).is_ok();
            debug_assert!(parsed, "it was checked when it came");
            let guild = doc.root().member("guild_id").as_id().unwrap_or(0);
            let nonce = doc.root().member("nonce").as_str().map(Into::into);
            self.gathers.push(Gather::new(name, tag, deadline, nonce, guild));
            return;
        }
        reply(out, &name, tag, Status::Ok, "");
        if opcode == Opcode::PresenceUpdate {
            self.presence = Some(args);
        }
    }
}

//! Another number of shards in the place of those that there are, with no event lost.
//!
//! RESHARD begins a second set beside the first. Until it takes over, the program hears nothing of its life, commands go to
//! the first set, and events of both are handed on once ([`super::overlap`]), under the numbers of the first. It takes over
//! when each of its shards is ready, the guilds that it announced have come ([`FILL`] at most), and each shard of both has
//! answered a heartbeat that was sent after that: what it was told before, it has brought by then. One of the first set that
//! has no session any more is not waited for. Then the first set's sessions are ended. The one thing to know before changing it: a set that is only half there must never be the
//! only one, so nothing here ends the first set but [`Client::take_over`].

use std::ops::Range;
use std::time::Duration;

use super::overlap::{Overlap, Set, WINDOW};
use super::shard::{FAREWELL, Shard};
use super::{Client, MAX_SHARDS, Phase, Shards, Sink, answer, log, reply, route};
use crate::command::Command;
use crate::error::{Error, Status};
use crate::event::LogLevel;
use crate::time::Instant;
use crate::wire::json::Object;

/// How long a new set that is ready is waited for until all guilds that it announced have come: some may be in an outage.
pub const FILL: Duration = Duration::from_secs(30);

/// How long a re-sharding may take when its caller does not say, and [`RESHARD_EACH`] more for each new shard.
pub const RESHARD_TIMEOUT: Duration = Duration::from_secs(600);
/// Twice what the sessions' pace takes for one shard where there is one bucket.
pub const RESHARD_EACH: Duration = Duration::from_secs(10);

/// A re-sharding under way.
#[derive(Debug)]
pub(super) struct Reshard {
    command: Command,
    /// The places of the new set.
    new: Range<usize>,
    /// When it is given up.
    deadline: Instant,
    /// Until when guilds are waited for, once all shards were ready.
    fill: Option<Instant>,
    /// When both sets were asked for a beat's answer.
    fenced: Option<Instant>,
}

impl Reshard {
    pub(super) fn places(&self) -> Range<usize> {
        self.new.clone()
    }

    pub(super) fn next_timeout(&self) -> Instant {
        self.fill.filter(|_| self.fenced.is_none()).map_or(self.deadline, |fill| fill.min(self.deadline))
    }

    /// The connection ended over it.
    pub(super) fn closed(self, out: &mut impl Sink) {
        let Command { name, tag, .. } = self.command;
        reply(out, &name, tag, Status::Closed, "the connection ended before the new set was ready");
    }

    pub(super) fn is_of(&self, tag: u64) -> bool {
        self.command.tag == tag
    }
}

impl Client {
    /// The program wants another number of shards.
    pub(super) fn reshard(&mut self, now: Instant, command: Command, out: &mut impl Sink) {
        match self.may_reshard(now, &command) {
            Err(error) => reply(out, &command.name, command.tag, error.status, &error.message),
            Ok(count) => self.begin_set(now, count, command, out),
        }
    }

    fn may_reshard(&mut self, now: Instant, command: &Command) -> Result<u32, Error> {
        let parsed = self.shared.doc.parse(&command.args).is_ok();
        let count = self.shared.doc.root().member("shards").as_whole().and_then(|count| u32::try_from(count).ok());
        let Some(count) = count.filter(|count| parsed && (1..=MAX_SHARDS).contains(count)) else {
            return Err(Error::argument(format!("shards: 1 to {MAX_SHARDS} expected")));
        };
        let wrong = |status: Status, why: &'static str| Err(Error::new(status, why));
        if !self.shared.config.dialect.greets() {
            return wrong(Status::Unsupported, "version 3 has no shards");
        }
        if matches!(self.shared.config.shards, Shards::Some(..)) {
            return wrong(
                Status::Unsupported,
                "this connection has some of all shards, and cannot know when the others are there",
            );
        }
        if !matches!(self.phase, Phase::Running) {
            return wrong(Status::State, "it is not known how many shards there are");
        }
        if self.reshard.is_some() {
            return wrong(Status::State, "the number of shards is being changed already");
        }
        if self.shared.overlap.is_some() {
            return wrong(Status::State, "the number of shards was changed less than 10 s ago");
        }
        let left = self.shared.budget.left(now);
        if left < count as usize {
            let sentence = format!("{count} sessions would begin, and {left} may within the 24 hours");
            return Err(Error::new(Status::RateLimited, sentence));
        }
        Ok(count)
    }

    fn begin_set(&mut self, now: Instant, count: u32, command: Command, out: &mut impl Sink) {
        let size = count as usize;
        // Places that an earlier set left are taken again.
        let first = if size <= self.set.start { 0 } else { self.set.end };
        self.shards.truncate(self.set.end);
        let old = u32::try_from(self.set.len()).unwrap_or(u32::MAX);
        self.shared.overlap = Some(Overlap::new(self.shared.random.next_u64(), old, count));
        let presence = self.shards[self.set.start].presence().map(Box::from);
        for number in 0..count {
            let place = first + number as usize;
            let line = u32::try_from(place).unwrap_or(u32::MAX);
            let mut shard = Shard::of_new_set(line, (number, count), &self.shared.config, presence.clone());
            shard.begin(now, &mut self.shared, out);
            match self.shards.get_mut(place) {
                Some(free) => *free = shard,
                None => self.shards.push(shard),
            }
        }
        let deadline = command.issued + command.timeout.unwrap_or(RESHARD_TIMEOUT + RESHARD_EACH * count);
        self.reshard = Some(Reshard { command, new: first..first + size, deadline, fill: None, fenced: None });
        self.settle(now, out);
    }

    /// Looks how far the new set is.
    pub(super) fn step_reshard(&mut self, now: Instant, out: &mut impl Sink) {
        if self.shared.overlap.as_ref().is_some_and(|overlap| overlap.is_over(now)) {
            self.shared.overlap = None;
            self.shards.iter_mut().for_each(|shard| shard.set = Set::Old);
        }
        let Some(reshard) = &mut self.reshard else { return };
        let new = reshard.new.clone();
        if let Some(end) = self.shards[new.clone()].iter().find_map(|shard| shard.end.as_ref()) {
            let (status, why) = (end.status, format!("the new set was refused: {}", end.why));
            return self.abandon(status, &why, out);
        }
        if reshard.deadline <= now {
            return self.abandon(Status::Timeout, "the new set was not ready in time", out);
        }
        if !self.shards[new.clone()].iter().all(Shard::is_ready) {
            // One that was lost may have more to come: both are asked again.
            reshard.fill = None;
            if reshard.fenced.take().is_some() {
                self.shards.iter_mut().for_each(Shard::unfence);
            }
            return;
        }
        let until = *reshard.fill.get_or_insert(now + FILL);
        let whole = self.shared.overlap.as_ref().is_none_or(Overlap::is_whole);
        if !whole && now < until {
            return;
        }
        let asked = *reshard.fenced.get_or_insert(now);
        let mut passed = true;
        for place in self.set.clone().chain(new) {
            passed &= self.shards[place].fence(now, &mut self.shared, out);
        }
        if passed {
            self.take_over(now, asked, out);
        }
    }

    /// Ends the new set, and goes on with the old one.
    pub(super) fn abandon(&mut self, status: Status, why: &str, out: &mut impl Sink) {
        let Some(Reshard { command, new, .. }) = self.reshard.take() else { return };
        for shard in &mut self.shards[new] {
            shard.finish(FAREWELL, &mut self.shared, out);
            shard.end = None;
        }
        self.shared.overlap = None;
        self.shards[self.set.clone()].iter_mut().for_each(Shard::unfence);
        reply(out, &command.name, command.tag, status, why);
    }

    fn take_over(&mut self, now: Instant, caught_up: Instant, out: &mut impl Sink) {
        let Some(Reshard { command, new, .. }) = self.reshard.take() else { return };
        let old = std::mem::replace(&mut self.set, new);
        let (mut waiting, mut connected) = (Vec::new(), Vec::new());
        for shard in &mut self.shards[old] {
            if shard.is_told_connected() {
                connected.push(shard.number);
            }
            waiting.extend(shard.take_waiting());
            shard.finish(FAREWELL, &mut self.shared, out);
            shard.end = None;
        }
        let count = self.set.len();
        log(out, LogLevel::Info, &format!("{count} shards have taken over"));
        for shard in &mut self.shards[self.set.clone()] {
            shard.take_over(connected.contains(&shard.number), out);
        }
        if let Some(overlap) = &mut self.shared.overlap {
            overlap.end(caught_up, now + WINDOW);
        }
        let mut data = Vec::new();
        Object::begin(&mut data).int("shards", count as i64).end();
        answer(out, &command, &data);
        for waiting in waiting {
            for (at, part) in route::again(waiting, &self.shards[self.set.clone()], &mut self.shared.doc, out) {
                self.shards[self.set.start + at].command(now, part, &mut self.shared, out);
            }
        }
    }
}

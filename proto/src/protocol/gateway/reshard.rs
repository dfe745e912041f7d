//! Another number of shards in the place of those that there are, with no event lost.
//!
//! RESHARD begins a second set beside the first; with `"auto"` the API is asked how large. Until it takes over, the program hears
//! nothing of its life, commands go to the first set, and events of both are handed on once ([`super::overlap`]), under the
//! numbers of the first. It takes over when each of its shards is ready, nobody holds it, the guilds that it announced have come
//! ([`FILL`] at most), and each shard of both has answered a heartbeat that was sent after that: what it was told before, it has
//! brought by then. One of the first set that has no session any more is not waited for. Then the first set's sessions are ended.
//! The one thing to know before changing it: a set that is only half there must never be the only one, so nothing here ends the
//! first set but [`Client::take_over`]. Where a bot's shards are in several processes, that goes for all of them together, of
//! which none knows of the others: so their host holds each set until all are ready, and lets them take over then.

use std::ops::Range;
use std::time::Duration;

use super::overlap::{Overlap, Set, WINDOW};
use super::shard::{FAREWELL, Shard};
use super::{Client, DISCOVERY_TIMEOUT, Phase, Shards, Sink, answer, log, reply, route};
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
    /// When it is given up.
    deadline: Instant,
    /// Whether the new set waits for TAKE_OVER.
    held: bool,
    /// `None` while the API is asked how many shards it recommends.
    new: Option<NewSet>,
}

/// A set that rises.
#[derive(Debug)]
struct NewSet {
    shards: Shards,
    places: Range<usize>,
    /// Until when guilds are waited for, once all shards were ready.
    fill: Option<Instant>,
    /// When both sets were asked for a beat's answer.
    fenced: Option<Instant>,
}

impl Reshard {
    /// Where the new set is; nowhere, while the API is asked.
    pub(super) fn places(&self) -> Range<usize> {
        self.new.as_ref().map_or(0..0, |new| new.places.clone())
    }

    /// Whether the API's answer is awaited.
    pub(super) fn asks(&self) -> bool {
        self.new.is_none()
    }

    pub(super) fn next_timeout(&self) -> Instant {
        let fill = self.new.as_ref().and_then(|new| new.fill.filter(|_| new.fenced.is_none()));
        fill.map_or(self.deadline, |fill| fill.min(self.deadline))
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
        match self.may_reshard(&command) {
            Err(error) => reply(out, &command.name, command.tag, error.status, &error.message),
            Ok((Shards::Auto, held)) => {
                let deadline = command.issued + command.timeout.unwrap_or(DISCOVERY_TIMEOUT);
                self.reshard = Some(Reshard { command, deadline, held, new: None });
                out.discover();
            }
            Ok((shards, held)) => self.begin_set(now, shards, held, command, out),
        }
    }

    fn may_reshard(&mut self, command: &Command) -> Result<(Shards, bool), Error> {
        let wrong = |status: Status, why: &'static str| Err(Error::new(status, why));
        if self.shared.doc.parse(&command.args).is_err() {
            return wrong(Status::Argument, "an object expected");
        }
        let given = self.shared.doc.root();
        let shards = Shards::read(given.member("shards"), given.member("shard_count"))?;
        let held = given.member("hold").as_bool().unwrap_or(false);
        shards.check()?;
        if shards == Shards::Single {
            return wrong(Status::Argument, "shards: how many there shall be expected");
        }
        if !self.shared.config.dialect.greets() {
            return wrong(Status::Unsupported, "version 3 has no shards");
        }
        let has_some = matches!(self.shared.config.shards, Shards::Some(..));
        if has_some && !matches!(shards, Shards::Some(..)) {
            return wrong(
                Status::Argument,
                "shards: this connection has some of all shards: those that it shall have of shard_count expected",
            );
        }
        if !matches!(self.phase, Phase::Running) {
            return wrong(Status::State, "it is not known how many shards there are");
        }
        if self.reshard.is_some() {
            return wrong(Status::State, "the number of shards is being changed already");
        }
        if self.shared.overlap.is_some() {
            return wrong(Status::State, "the number of shards was changed, or was to be changed, a moment ago");
        }
        Ok((shards, held))
    }

    /// The API was asked, and recommends so many; to an account that is no bot's it says nothing of that.
    pub(super) fn recommended(&mut self, now: Instant, shards: Option<u32>, out: &mut impl Sink) {
        let Some(count) = shards else {
            return self.abandon(now, Status::Unsupported, "the API did not say how many shards it recommends", out);
        };
        let Some(Reshard { command, held, .. }) = self.reshard.take() else { return };
        if count == self.shards[self.set.start].count {
            return answer(out, &command, &told(self.set.len()));
        }
        self.begin_set(now, Shards::All(count), held, command, out);
    }

    fn begin_set(&mut self, now: Instant, shards: Shards, held: bool, command: Command, out: &mut impl Sink) {
        let numbers = shards.numbers(1);
        let (size, left) = (numbers.len(), self.shared.budget.left(now));
        if left < size {
            let sentence = format!("{size} sessions would begin, and {left} may within the 24 hours");
            return reply(out, &command.name, command.tag, Status::RateLimited, &sentence);
        }
        // Places that an earlier set left are taken again.
        let first = if size <= self.set.start { 0 } else { self.set.end };
        self.shards.truncate(self.set.end);
        let old = &self.shards[self.set.clone()];
        let count = numbers.first().map_or(1, |(_, count)| *count);
        let had = old.iter().map(|shard| shard.number).collect();
        self.shared.overlap = Some(Overlap::new(self.shared.random.next_u64(), had, old[0].count, count));
        let presence = old[0].presence().map(Box::from);
        for (at, number) in numbers.into_iter().enumerate() {
            let place = first + at;
            let line = u32::try_from(place).unwrap_or(u32::MAX);
            let mut shard = Shard::of_new_set(line, number, &self.shared.config, presence.clone());
            shard.begin(now, &mut self.shared, out);
            match self.shards.get_mut(place) {
                Some(free) => *free = shard,
                None => self.shards.push(shard),
            }
        }
        let usual = RESHARD_TIMEOUT + RESHARD_EACH * u32::try_from(size).unwrap_or(u32::MAX);
        let deadline = command.issued + command.timeout.unwrap_or(usual);
        let new = NewSet { shards, places: first..first + size, fill: None, fenced: None };
        self.reshard = Some(Reshard { command, deadline, held, new: Some(new) });
        self.settle(now, out);
    }

    /// TAKE_OVER: a set that is held may take over, as soon as it can.
    pub(super) fn release(&mut self, now: Instant, command: &Command, out: &mut impl Sink) {
        match self.reshard.as_mut().filter(|reshard| reshard.held) {
            Some(reshard) => reshard.held = false,
            None => return reply(out, &command.name, command.tag, Status::State, "no RESHARD with hold is under way"),
        }
        reply(out, &command.name, command.tag, Status::Ok, "");
        self.settle(now, out);
    }

    /// Looks how far the new set is.
    pub(super) fn step_reshard(&mut self, now: Instant, out: &mut impl Sink) {
        if self.shared.overlap.as_ref().is_some_and(|overlap| overlap.is_over(now)) {
            self.shared.overlap = None;
            self.shards.iter_mut().for_each(|shard| shard.set = Set::Old);
        }
        if self.shared.overlap.as_ref().is_some_and(Overlap::is_abandoned) {
            self.catch_up(now, out);
        }
        let Some(Reshard { new, held, deadline, .. }) = &mut self.reshard else { return };
        let Some(new) = new else {
            if *deadline <= now {
                let why = "the API did not say in time how many shards it recommends";
                self.abandon(now, Status::Timeout, why, out);
            }
            return;
        };
        let places = new.places.clone();
        if let Some(end) = self.shards[places.clone()].iter().find_map(|shard| shard.end.as_ref()) {
            let (status, why) = (end.status, format!("the new set was refused: {}", end.why));
            return self.abandon(now, status, &why, out);
        }
        let ready = self.shards[places.clone()].iter().all(Shard::is_ready);
        if *deadline <= now {
            let held = *held && ready;
            let why = if held { "TAKE_OVER did not come in time" } else { "the new set was not ready in time" };
            return self.abandon(now, Status::Timeout, why, out);
        }
        if !ready {
            // One that was lost may have more to come: both are asked again.
            new.fill = None;
            if new.fenced.take().is_some() {
                self.shards.iter_mut().for_each(Shard::unfence);
            }
            return;
        }
        if *held {
            return;
        }
        let until = *new.fill.get_or_insert(now + FILL);
        let whole = self.shared.overlap.as_ref().is_none_or(Overlap::is_whole);
        if !whole && now < until {
            return;
        }
        let asked = *new.fenced.get_or_insert(now);
        let mut passed = true;
        for place in self.set.clone().chain(places) {
            passed &= self.shards[place].fence(now, &mut self.shared, out);
        }
        if passed {
            self.take_over(now, asked, out);
        }
    }

    /// Ends the new set, if there is one, and goes on with the old one.
    pub(super) fn abandon(&mut self, now: Instant, status: Status, why: &str, out: &mut impl Sink) {
        let Some(reshard) = self.reshard.take() else { return };
        for shard in &mut self.shards[reshard.places()] {
            shard.finish(FAREWELL, &mut self.shared, out);
            shard.end = None;
        }
        self.shards[self.set.clone()].iter_mut().for_each(Shard::unfence);
        self.cache_own();
        reply(out, &reshard.command.name, reshard.command.tag, status, why);
        if self.shared.overlap.as_mut().is_some_and(Overlap::abandon) {
            self.catch_up(now, out);
        } else {
            self.shared.overlap = None;
        }
    }

    /// After a set that was given up: what it brought, the first one brings still, until each of its shards has answered a
    /// heartbeat that was sent after that.
    fn catch_up(&mut self, now: Instant, out: &mut impl Sink) {
        let mut passed = true;
        for place in self.set.clone() {
            passed &= self.shards[place].fence(now, &mut self.shared, out);
        }
        if passed {
            self.shared.overlap = None;
            self.shards[self.set.clone()].iter_mut().for_each(Shard::unfence);
        }
    }

    /// Of several processes each keeps what its own shards hear of: the guilds of another one would stay as they are for ever.
    fn cache_own(&mut self) {
        if let (Some(cache), Shards::Some(..)) = (&mut self.shared.cache, &self.shared.config.shards) {
            let shards = &self.shards[self.set.clone()];
            cache.keep(|guild| shards.iter().any(|shard| shard.has(guild)));
        }
    }

    fn take_over(&mut self, now: Instant, caught_up: Instant, out: &mut impl Sink) {
        let Some(Reshard { command, new: Some(new), .. }) = self.reshard.take() else { return };
        self.shared.config.shards = new.shards;
        let old = std::mem::replace(&mut self.set, new.places);
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
        self.cache_own();
        answer(out, &command, &told(count));
        for waiting in waiting {
            for (at, part) in route::again(waiting, &self.shards[self.set.clone()], &mut self.shared.doc, out) {
                self.shards[self.set.start + at].command(now, part, &mut self.shared, out);
            }
        }
    }
}

fn told(count: usize) -> Vec<u8> {
    let mut data = Vec::new();
    Object::begin(&mut data).count("shards", count).end();
    data
}

//! How often a session may begin.
//!
//! Every IDENTIFY is counted by Discord: one in 5 seconds for each bucket of shards, and so many a day (1000), after which it
//! resets the bot's token. So a shard asks here before it connects, is given a turn, and says when the turn was used. The one
//! thing to know before changing it: a turn is held from when it is given until it is used or handed back, and the bucket's
//! next one comes 5 seconds after its *use*, however long connecting took. What was used is written down by the host
//! ([`Budget::record`]), so that a program that crashes in a loop stays within the day's number too. Sources: the inventories
//! `gateway_v6.yaml` (limits) and `current_gateway_v10.yaml` (`session_start_limit`, `max_concurrency_key`).

use std::collections::VecDeque;
use std::time::Duration;

use crate::error::Error;
use crate::time::Instant;
use crate::value::{Document, Kind};

/// At most one IDENTIFY in this time, in each bucket.
pub const IDENTIFY_EVERY: Duration = Duration::from_secs(5);
/// At most so many IDENTIFYs in 24 hours, unless Discord names another number.
pub const IDENTIFY_A_DAY: usize = 1000;
/// The last ones of a day are left alone: a person who mends what burnt the rest needs some.
pub const IDENTIFY_RESERVE: usize = 20;

pub(super) const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// What Discord says about beginning sessions (`session_start_limit`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StartLimit {
    /// How many sessions may begin in a day.
    pub total: u32,
    /// How many of those are left.
    pub remaining: u32,
    /// When all are there again, in milliseconds.
    pub reset_after_ms: u64,
    /// How many buckets there are.
    pub max_concurrency: u32,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Budget {
    unix_ms_at_zero: u64,
    total: usize,
    concurrency: u32,
    /// What Discord said was left, less what was used since, and until when that counts.
    observed: Option<(u32, u64)>,
    /// When each used IDENTIFY of the last 24 hours went out, in Unix milliseconds.
    used: VecDeque<u64>,
    /// The last use of each bucket in this process.
    last: Vec<(u32, Instant)>,
    /// Turns that were given and not used: line and shard.
    held: Vec<(u32, u32)>,
    /// Who waits for a turn, in order: line and shard.
    waiting: VecDeque<(u32, u32)>,
}

impl Budget {
    pub(super) fn new(unix_ms_at_zero: u64, record: &[u8]) -> Result<Self, Error> {
        let used = if record.is_empty() { VecDeque::new() } else { read(record)? };
        Ok(Budget {
            unix_ms_at_zero,
            total: IDENTIFY_A_DAY,
            concurrency: 1,
            observed: None,
            used,
            last: Vec::new(),
            held: Vec::new(),
            waiting: VecDeque::new(),
        })
    }

    /// The connection begins. What was written down of a time that is still to come is of a clock that was set back since: it
    /// counts as of now, or nothing could begin until then.
    pub(super) fn start(&mut self, now: Instant) {
        let unix = self.unix(now);
        self.used.iter_mut().for_each(|used| *used = unix.min(*used));
    }

    fn unix(&self, at: Instant) -> u64 {
        self.unix_ms_at_zero.saturating_add(at.as_nanos() / 1_000_000)
    }

    fn bucket(&self, shard: u32) -> u32 {
        shard % self.concurrency
    }

    /// How many of a day may be used, the reserve aside.
    fn allowed(&self) -> usize {
        self.total - IDENTIFY_RESERVE.min(self.total / 10)
    }

    /// Discord says how it stands.
    pub(super) fn observe(&mut self, now: Instant, limit: StartLimit) {
        self.total = (limit.total as usize).clamp(1, 100_000);
        let concurrency = limit.max_concurrency.clamp(1, 4096);
        if concurrency != self.concurrency {
            self.concurrency = concurrency;
            // The shards are dealt anew, and of what a bucket did before, each of today's may have had the last of it.
            if let Some(last) = self.last.iter().map(|(_, last)| *last).max() {
                self.last = (0..concurrency).map(|bucket| (bucket, last)).collect();
            }
        }
        self.observed = Some((limit.remaining, self.unix(now).saturating_add(limit.reset_after_ms)));
    }

    /// When a shard could begin a session if it asked `at` that time.
    pub(super) fn next(&self, at: Instant, shard: u32) -> Instant {
        let bucket = self.bucket(shard);
        let mut next = at;
        if let Some((_, last)) = self.last.iter().find(|(known, _)| *known == bucket) {
            next = next.max(*last + IDENTIFY_EVERY);
        }
        // What another process used last, of whatever bucket.
        if let Some(last) = self.used.back() {
            let free = last.saturating_add(IDENTIFY_EVERY.as_millis() as u64);
            if self.last.is_empty() {
                next = next.max(self.instant(free));
            }
        }
        next.max(self.day(at))
    }

    /// When the day's number allows one more.
    fn day(&self, at: Instant) -> Instant {
        let unix = self.unix(at);
        let since = unix.saturating_sub(DAY_MS);
        let recent = self.used.iter().filter(|used| **used >= since).count();
        let mut free = at;
        if let Some(beyond) = recent.checked_sub(self.allowed()) {
            let first = self.used.len() - recent;
            free = self.instant(self.used[first + beyond].saturating_add(DAY_MS + 1));
        }
        if let Some((left, until)) = self.observed
            && unix < until
            && left as usize <= self.total - self.allowed()
        {
            free = free.max(self.instant(until));
        }
        free
    }

    fn instant(&self, unix_ms: u64) -> Instant {
        Instant::ZERO + Duration::from_millis(unix_ms.saturating_sub(self.unix_ms_at_zero))
    }

    /// Whether it is the day's number that a shard waits for.
    pub(super) fn is_spent(&self, now: Instant) -> bool {
        self.day(now) > now
    }

    /// How many may still be used now.
    pub(super) fn left(&self, now: Instant) -> usize {
        let since = self.unix(now).saturating_sub(DAY_MS);
        let recent = self.used.iter().filter(|used| **used >= since).count();
        let own = self.allowed().saturating_sub(recent);
        match self.observed {
            Some((left, until)) if self.unix(now) < until => {
                own.min((left as usize).saturating_sub(self.total - self.allowed()))
            }
            _ => own,
        }
    }

    /// A line asks for a turn.
    pub(super) fn want(&mut self, line: u32, shard: u32) {
        if !self.waiting.iter().any(|(waiting, _)| *waiting == line) {
            self.waiting.push_back((line, shard));
        }
    }

    /// The next line whose turn it is.
    pub(super) fn grant(&mut self, now: Instant) -> Option<u32> {
        let at = self.waiting.iter().position(|(_, shard)| self.is_free(*shard) && self.next(now, *shard) <= now)?;
        let (line, shard) = self.waiting.remove(at)?;
        self.held.push((line, shard));
        Some(line)
    }

    /// When [`Budget::grant`] may have a turn to give.
    pub(super) fn next_grant(&self) -> Option<Instant> {
        let free = self.waiting.iter().filter(|(_, shard)| self.is_free(*shard));
        free.map(|(_, shard)| self.next(Instant::ZERO, *shard)).min()
    }

    /// Whether nobody has the turn of a shard's bucket.
    fn is_free(&self, shard: u32) -> bool {
        !self.held.iter().any(|(_, held)| self.bucket(*held) == self.bucket(shard))
    }

    /// A line wants no turn any more, or hands back one that it did not use.
    pub(super) fn release(&mut self, line: u32) {
        self.held.retain(|(held, _)| *held != line);
        self.waiting.retain(|(waiting, _)| *waiting != line);
    }

    /// A line sends its IDENTIFY now.
    pub(super) fn spend(&mut self, now: Instant, line: u32, shard: u32) {
        self.release(line);
        let bucket = self.bucket(shard);
        match self.last.iter_mut().find(|(known, _)| *known == bucket) {
            Some((_, last)) => *last = now,
            None => self.last.push((bucket, now)),
        }
        let unix = self.unix(now);
        while self.used.front().is_some_and(|used| used.saturating_add(DAY_MS) < unix) {
            self.used.pop_front();
        }
        self.used.push_back(unix);
        if let Some((left, until)) = &mut self.observed {
            *left = left.saturating_sub(1);
            if *until <= unix {
                self.observed = None;
            }
        }
    }

    /// What was used, for the next process.
    pub(super) fn record(&self) -> Vec<u8> {
        let mut out = br#"{"gamebridge":"identify budget","identified_ms":["#.to_vec();
        for (at, used) in self.used.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            out.extend_from_slice(used.to_string().as_bytes());
        }
        out.extend_from_slice(b"]}\n");
        out
    }
}

fn read(record: &[u8]) -> Result<VecDeque<u64>, Error> {
    let wrong = |what: &str| Error::argument(format!("identify_budget: {what}"));
    let mut doc = Document::new();
    doc.parse(record).map_err(|error| wrong(&format!("the file is not JSON: {error}")))?;
    let list = doc.root().member("identified_ms");
    if list.kind() != Kind::Array || list.len() > 200_000 {
        return Err(wrong("the file has no identified_ms; what an earlier connection wrote is expected"));
    }
    let mut used = VecDeque::with_capacity(list.len());
    for time in list.iter() {
        let time = time.as_whole().and_then(|time| u64::try_from(time).ok());
        let time = time.ok_or_else(|| wrong("identified_ms: Unix milliseconds expected"))?;
        if used.back().is_some_and(|last| *last > time) {
            return Err(wrong("identified_ms: times in order expected"));
        }
        used.push_back(time);
    }
    Ok(used)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const AT_ZERO: u64 = 1_700_000_000_000;

    fn budget(record: &[u8]) -> Budget {
        Budget::new(AT_ZERO, record).expect("a record")
    }

    fn limit(remaining: u32, max_concurrency: u32) -> StartLimit {
        StartLimit { total: 1000, remaining, reset_after_ms: 3_600_000, max_concurrency }
    }

    #[test]
    fn another_number_of_buckets_forgets_no_use() {
        let mut budget = budget(b"");
        budget.observe(Instant::ZERO, limit(1000, 16));
        budget.want(0, 5);
        assert_eq!(budget.grant(Instant::ZERO), Some(0));
        budget.spend(Instant::ZERO, 0, 5);
        budget.want(1, 7);
        budget.observe(Instant::ZERO + SECOND, limit(999, 1));
        budget.want(2, 0);
        assert_eq!(budget.grant(Instant::ZERO + SECOND), None, "bucket 5 was used, and there is one for all now");
        assert_eq!(budget.next_grant(), Some(Instant::ZERO + IDENTIFY_EVERY));
        assert_eq!(budget.grant(Instant::ZERO + IDENTIFY_EVERY), Some(1));
        assert_eq!(budget.grant(Instant::ZERO + IDENTIFY_EVERY), None, "its turn is given");
    }

    #[test]
    fn a_bucket_gives_one_turn_at_a_time_and_the_next_5_seconds_after_its_use() {
        let (mut budget, mut now) = (budget(b""), Instant::ZERO);
        for line in 0..3 {
            budget.want(line, line);
        }
        assert_eq!((budget.grant(now), budget.grant(now)), (Some(0), None));
        now = now + 60 * SECOND;
        assert_eq!((budget.grant(now), budget.next_grant()), (None, None), "the first is still connecting");
        budget.spend(now, 0, 0);
        assert_eq!((budget.grant(now), budget.next_grant()), (None, Some(now + 5 * SECOND)));
        now = now + 5 * SECOND;
        assert_eq!(budget.grant(now), Some(1));
        budget.release(1);
        assert_eq!(budget.grant(now), Some(2), "a turn that was not used is the next one's");
    }

    #[test]
    fn buckets_have_turns_side_by_side() {
        let (mut budget, now) = (budget(b""), Instant::ZERO);
        budget.observe(now, limit(1000, 4));
        for line in 0..8 {
            budget.want(line, line);
        }
        let mut turns = Vec::new();
        while let Some(line) = budget.grant(now) {
            budget.spend(now, line, line);
            turns.push(line);
        }
        assert_eq!(turns, [0, 1, 2, 3]);
        assert_eq!(budget.grant(now + 5 * SECOND), Some(4));
    }

    #[test]
    fn the_last_of_a_day_are_left_alone() {
        let (mut budget, mut now) = (budget(b""), Instant::ZERO);
        for _ in 0..IDENTIFY_A_DAY - IDENTIFY_RESERVE {
            assert!(!budget.is_spent(now));
            budget.spend(now, 0, 0);
            now = now + 5 * SECOND;
        }
        assert!(budget.is_spent(now));
        assert_eq!(budget.left(now), 0);
        assert_eq!(budget.next(now, 0), Instant::ZERO + 24 * 3600 * SECOND + Duration::from_millis(1));
    }

    #[test]
    fn what_discord_says_is_left_counts() {
        let (mut budget, now) = (budget(b""), Instant::ZERO);
        budget.observe(now, limit(21, 1));
        assert_eq!(budget.left(now), 1);
        budget.spend(now, 0, 0);
        assert_eq!(budget.next(now, 0), now + 3600 * SECOND);
    }

    #[test]
    fn a_clock_that_was_set_back_keeps_nobody_waiting() {
        let mut budget = budget(br#"{"identified_ms":[1699999999000,99999999999999]}"#);
        budget.start(Instant::ZERO);
        assert_eq!(budget.next(Instant::ZERO, 0), Instant::ZERO + 5 * SECOND);
        assert_eq!(budget.left(Instant::ZERO), 978, "it was used all the same");
    }

    #[test]
    fn the_next_process_goes_on_where_this_one_stopped() {
        let mut first = budget(b"");
        first.spend(Instant::ZERO + SECOND, 0, 0);
        let record = first.record();
        let second = budget(&record);
        assert_eq!(second.next(Instant::ZERO + SECOND, 0), Instant::ZERO + 6 * SECOND);
        assert_eq!(second.left(Instant::ZERO + SECOND), 979);
        assert_eq!(second.record(), record);
        for (bad, words) in [
            (&b"x"[..], "is not JSON"),
            (b"{}", "has no identified_ms"),
            (br#"{"identified_ms":["1"]}"#, "milliseconds expected"),
            (br#"{"identified_ms":[2,1]}"#, "in order"),
        ] {
            let error = Budget::new(0, bad).expect_err(words);
            assert!(error.message.contains(words), "{error}");
        }
    }
}

//! Two sets of shards at once, while one replaces the other: each event is handed on once.
//!
//! Sequences belong to sessions, so they cannot tell what came twice. What happened can: an event is the same as another when
//! its name and its content are (guilds that come and go: their id and whether they are available), whatever the order of the
//! members. Each set counts how often it brought the same, and an event is handed on when its set has brought it more often
//! than it was handed on. So what one set alone was told is handed on, what both were told once, and what really happened
//! twice, twice. The one thing to know before changing it: a count of the old set's that the new one can never match would
//! swallow a later event. So the old set's events count only from when the new set may be told them too, and what was counted
//! before the new set had caught up is forgotten when it takes over. While both are there nothing else is forgotten: a shard
//! that was away for long brings what the other set brought long ago.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::hash::{DefaultHasher, Hasher};
use std::time::Duration;

use crate::time::Instant;
use crate::value::{Document, Kind, Value};

/// How long after the new set took over what the old one brought is remembered.
pub const WINDOW: Duration = Duration::from_secs(10);
/// How many events are remembered; beyond that the oldest are forgotten, and one may be repeated.
const MOST: usize = 100_000;
/// What is read of an event may keep so much memory.
const KEPT: usize = 1 << 20;

/// Which of the two sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Set {
    Old,
    New,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Overlap {
    /// Of what is hashed: nobody outside can make two events alike.
    seed: u64,
    /// The old set's shards, and how many there were in all.
    had: BTreeSet<u32>,
    old: u32,
    /// How many there are in all with the new set.
    new: u32,
    /// The shards of the new set that began a session.
    begun: BTreeSet<u32>,
    counts: BTreeMap<u64, Counts>,
    order: VecDeque<(Instant, u64)>,
    /// Guilds of which the new set's READY spoke. The program has those of the old set, so their GUILD_CREATE is left out.
    announced: BTreeSet<u64>,
    /// Until when the new set, which has taken over, may bring what the old one brought.
    end: Option<Instant>,
    /// Whether the new set is no more, and the old one goes on.
    abandoned: bool,
    doc: Document,
}

#[derive(Debug, Default)]
struct Counts {
    old: u32,
    new: u32,
    given: u32,
    /// How often it stands in `order`.
    kept: u32,
}

impl Overlap {
    pub(super) fn new(seed: u64, had: BTreeSet<u32>, old: u32, new: u32) -> Self {
        Overlap {
            seed,
            had,
            old,
            new,
            begun: BTreeSet::new(),
            counts: BTreeMap::new(),
            order: VecDeque::new(),
            announced: BTreeSet::new(),
            end: None,
            abandoned: false,
            doc: Document::new(),
        }
    }

    /// A shard of the new set identifies: from now on it may be told what the old set is told.
    pub(super) fn begun(&mut self, shard: u32) {
        self.begun.insert(shard);
    }

    /// A shard of the new set is READY, with this data.
    pub(super) fn announced(&mut self, ready: Value<'_>) {
        // Of an account whose READY has its guilds whole none comes again.
        let later = ready.member("guilds").iter().filter(|guild| guild.member("unavailable").as_bool() == Some(true));
        self.announced.extend(later.filter_map(|guild| guild.member("id").as_id()));
    }

    /// There is one set again. What it brings is compared until `end` with what the old one brought after `caught_up`: by
    /// then the new set had brought all that it was told before. A guild that it announced and has not brought is in an outage,
    /// for the program too: that it is back, nobody else will tell.
    pub(super) fn end(&mut self, caught_up: Instant, end: Instant) {
        self.announced.clear();
        while self.order.front().is_some_and(|(at, _)| *at < caught_up) {
            self.forget_oldest();
        }
        self.end = Some(end);
    }

    /// The new set was given up: what it has brought is compared with what the old one brings still. False when it was not
    /// ahead with anything.
    pub(super) fn abandon(&mut self) -> bool {
        self.announced.clear();
        self.abandoned = true;
        self.counts.values().any(|counts| counts.given > counts.old)
    }

    pub(super) fn is_abandoned(&self) -> bool {
        self.abandoned
    }

    /// When there is nothing left to compare.
    pub(super) fn next_timeout(&self) -> Option<Instant> {
        self.end
    }

    pub(super) fn is_over(&self, now: Instant) -> bool {
        self.end.is_some_and(|end| end <= now)
    }

    /// Whether the new set has brought every guild that it announced.
    pub(super) fn is_whole(&self) -> bool {
        self.announced.is_empty()
    }

    /// Whether an event is to be handed on, and as which shard's of the old set.
    pub(super) fn take(&mut self, now: Instant, set: Set, name: &str, data: &[u8]) -> Option<u32> {
        if self.order.len() > MOST {
            self.forget_oldest();
        }
        if self.doc.parse(data).is_err() {
            // What cannot be read cannot be compared.
            return Some(0);
        }
        let root = self.doc.root();
        let coming = matches!(name, "GUILD_CREATE" | "GUILD_DELETE");
        let guild = root.member(if coming { "id" } else { "guild_id" }).as_id();
        let shard_of = |count: u32| guild.map_or(0, |guild| ((guild >> 22) % u64::from(count.max(1))) as u32);
        let announced = set == Set::New && coming && guild.is_some_and(|guild| self.announced.remove(&guild));
        if !self.had.contains(&shard_of(self.old)) {
            // Another process had it, and nobody here brings it twice.
            self.doc.shrink_to(KEPT);
            return Some(shard_of(self.old));
        }
        if announced {
            self.doc.shrink_to(KEPT);
            return None;
        }
        let first = match set {
            Set::Old if !self.begun.contains(&shard_of(self.new)) => true,
            set => {
                let print = self.print(name, root, data, coming);
                count(&mut self.counts, set, print, &mut self.order, now)
            }
        };
        let shard = shard_of(self.old);
        self.doc.shrink_to(KEPT);
        first.then_some(shard)
    }

    fn forget_oldest(&mut self) {
        let Some((_, print)) = self.order.pop_front() else { return };
        if let Some(counts) = self.counts.get_mut(&print) {
            counts.kept -= 1;
            if counts.kept == 0 {
                self.counts.remove(&print);
            }
        }
    }

    fn print(&self, name: &str, data: Value<'_>, text: &[u8], coming: bool) -> u64 {
        let mut hasher = self.hasher();
        hasher.write(name.as_bytes());
        match coming {
            true => {
                hasher.write_u64(data.member("id").as_id().unwrap_or(0));
                hasher.write_u8(u8::from(data.member("unavailable").as_bool() == Some(true)));
            }
            false => hasher.write_u64(self.digest(data, text)),
        }
        hasher.finish()
    }

    fn hasher(&self) -> DefaultHasher {
        let mut hasher = DefaultHasher::new();
        hasher.write_u64(self.seed);
        hasher
    }

    /// Depth is bounded by the document's.
    fn digest(&self, value: Value<'_>, text: &[u8]) -> u64 {
        let mut hasher = self.hasher();
        hasher.write_u8(value.kind() as u8);
        match value.kind() {
            // In whatever order its members stand.
            Kind::Object => {
                let members = value.iter().map(|member| {
                    let mut hasher = self.hasher();
                    hasher.write(member.key().unwrap_or_default().as_bytes());
                    hasher.write_u64(self.digest(member, text));
                    hasher.finish()
                });
                hasher.write_u64(members.fold(0, u64::wrapping_add));
            }
            Kind::Array => value.iter().for_each(|element| hasher.write_u64(self.digest(element, text))),
            Kind::Str => hasher.write(value.as_str().unwrap_or_default().as_bytes()),
            _ => hasher.write(value.raw(text)),
        }
        hasher.finish()
    }
}

/// Counts one more, and says whether it is to be handed on.
fn count(
    all: &mut BTreeMap<u64, Counts>,
    set: Set,
    print: u64,
    order: &mut VecDeque<(Instant, u64)>,
    now: Instant,
) -> bool {
    let counts = all.entry(print).or_default();
    counts.kept += 1;
    order.push_back((now, print));
    let brought = match set {
        Set::Old => &mut counts.old,
        Set::New => &mut counts.new,
    };
    *brought += 1;
    let first = *brought > counts.given;
    counts.given = counts.given.max(*brought);
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant::ZERO;

    fn overlap() -> Overlap {
        let mut overlap = Overlap::new(7, [0].into(), 1, 2);
        let mut doc = Document::new();
        doc.parse(br#"{"guilds":[{"id":"4194304","unavailable":true}]}"#).expect("JSON");
        overlap.begun(0);
        overlap.begun(1);
        overlap.announced(doc.root());
        overlap
    }

    #[test]
    fn what_both_sets_bring_is_handed_on_once_and_what_happens_twice_twice() {
        let mut overlap = overlap();
        let mut took = |set, data: &str| overlap.take(NOW, set, "E", data.as_bytes()).is_some();
        assert!(took(Set::Old, r#"{"a":1,"b":[1,"x"]}"#));
        assert!(!took(Set::New, r#"{"b":[1,"x"],"a":1}"#), "the order of members says nothing");
        assert!(took(Set::New, r#"{"b":["x",1],"a":1}"#), "that of an array does");
        assert!(took(Set::New, r#"{"a":1,"b":[1,"x"]}"#), "it happened again");
        assert!(!took(Set::Old, r#"{"a":1,"b":[1,"x"]}"#));
        assert!(took(Set::Old, r#"{"a":"1","b":[1,"x"]}"#));
        assert!(took(Set::Old, "no JSON") && took(Set::New, "no JSON"));
    }

    #[test]
    fn a_name_is_part_of_an_event() {
        let mut overlap = overlap();
        assert!(overlap.take(NOW, Set::Old, "A", b"{}").is_some());
        assert!(overlap.take(NOW, Set::New, "B", b"{}").is_some());
    }

    #[test]
    fn a_guild_that_the_new_set_announced_comes_from_the_old_one_alone() {
        let mut overlap = overlap();
        assert!(!overlap.is_whole());
        let guild = br#"{"id":"4194304","members":[]}"#;
        assert_eq!(overlap.take(NOW, Set::New, "GUILD_CREATE", guild), None);
        assert!(overlap.is_whole());
        // Somebody adds us to another one: both tell, each in its words.
        assert_eq!(overlap.take(NOW, Set::New, "GUILD_CREATE", br#"{"id":"8388608","members":[1]}"#), Some(0));
        assert_eq!(overlap.take(NOW, Set::Old, "GUILD_CREATE", br#"{"id":"8388608","members":[2]}"#), None);
    }

    #[test]
    fn a_guild_that_another_process_had_is_new_to_the_program() {
        // Of four there was one, the second, and of two there are both.
        let mut overlap = Overlap::new(7, [1].into(), 4, 2);
        (0..2).for_each(|shard| overlap.begun(shard));
        let mut doc = Document::new();
        let ready = br#"{"guilds":[{"id":"4194304","unavailable":true},{"id":"12582912","unavailable":true}]}"#;
        doc.parse(ready).expect("JSON");
        overlap.announced(doc.root());
        assert_eq!(overlap.take(NOW, Set::New, "GUILD_CREATE", br#"{"id":"4194304"}"#), None, "it had this one");
        assert_eq!(overlap.take(NOW, Set::New, "GUILD_CREATE", br#"{"id":"12582912"}"#), Some(3));
        assert!(overlap.is_whole());
        for _ in 0..2 {
            assert_eq!(overlap.take(NOW, Set::New, "E", br#"{"guild_id":"12582912"}"#), Some(3));
        }
    }

    #[test]
    fn a_guild_that_comes_back_once_the_new_set_has_taken_over_is_told() {
        let mut overlap = overlap();
        overlap.end(NOW, NOW + WINDOW);
        assert!(overlap.take(NOW, Set::New, "GUILD_CREATE", br#"{"id":"4194304","members":[]}"#).is_some());
    }

    #[test]
    fn what_is_brought_late_was_handed_on_all_the_same() {
        let mut overlap = overlap();
        assert!(overlap.take(NOW, Set::Old, "E", b"{}").is_some());
        assert!(overlap.take(NOW + 100 * WINDOW, Set::New, "E", b"{}").is_none());
    }

    #[test]
    fn before_its_guild_has_a_new_shard_an_event_is_not_counted() {
        let mut overlap = Overlap::new(7, [0].into(), 1, 2);
        overlap.begun(0);
        let data = br#"{"guild_id":"4194304"}"#;
        assert!(overlap.take(NOW, Set::Old, "E", data).is_some());
        overlap.begun(1);
        assert!(overlap.take(NOW, Set::New, "E", data).is_some(), "it happened again");
    }

    #[test]
    fn what_the_new_set_was_never_told_swallows_nothing_once_it_has_taken_over() {
        let second = Duration::from_secs(1);
        let mut overlap = overlap();
        assert!(overlap.take(NOW, Set::Old, "E", b"[1]").is_some());
        assert!(overlap.take(NOW + second, Set::Old, "E", b"[2]").is_some());
        overlap.end(NOW + second, NOW + WINDOW);
        assert!(overlap.take(NOW + second, Set::New, "E", b"[1]").is_some(), "it happened again");
        assert!(overlap.take(NOW + second, Set::New, "E", b"[2]").is_none(), "this one was on its way");
        assert!(overlap.is_over(NOW + WINDOW) && !overlap.is_over(NOW + second));
    }
}

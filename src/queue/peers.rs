//! What waits in a lossy lane, told apart by whose it is: of a Gateway's connection, by shard (`Event::peer`).
//!
//! The reader says how many of the lane's events are gone, and no more: so it costs it nothing. The writer keeps a few *marks*
//! for each peer, which say where in the lane events of its own stand and when they came. What is asked for is read off the two
//! marks around the first event that waits. The one thing to know before changing it: what lies between two marks is a share of
//! them and no count. That are [`EVERY`] events of a peer or what comes in [`APART_NS`] at most, and twice that each time that
//! [`MOST`] marks were not enough for what waits.

use std::collections::VecDeque;

/// Events of a peer from one mark to the next, at most.
const EVERY: u64 = 64;
/// Nanoseconds from one mark to the next, at most, for a peer that has an event then.
const APART_NS: u64 = 100_000_000;
/// Marks of a peer.
const MOST: usize = 32;

/// An event of a peer.
#[derive(Clone, Copy, Debug)]
struct Mark {
    /// How many events of the lane came before it.
    at: u64,
    /// How many of the peer's own.
    own: u64,
    /// The `at` of the peer's event before it.
    before: u64,
    time_ns: u64,
}

/// A peer.
#[derive(Debug)]
struct Row {
    peer: u32,
    /// Events so far, and the `at` of the last one.
    events: u64,
    last: u64,
    /// From how many events or from what time on the next one is marked.
    next_own: u64,
    next_ns: u64,
    /// How far apart the marks are, in units of [`EVERY`] and [`APART_NS`].
    stride: u64,
    marks: VecDeque<Mark>,
}

/// What of a peer nobody has taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Events that wait, as near as the marks tell.
    pub events: u64,
    /// How long ago the oldest of them arrived at most, in nanoseconds; 0 when none waits.
    pub lag_ns: u64,
}

/// The peers of a lane; see the module.
#[derive(Debug, Default)]
pub(super) struct Peers {
    /// By `peer`.
    rows: Vec<Row>,
}

impl Peers {
    /// An event of a peer goes into the lane, behind `at` others. `gone` says how many of those nobody waits for any more.
    pub(super) fn note(&mut self, peer: u32, at: u64, time_ns: u64, gone: impl FnOnce() -> u64) {
        let row = self.row(peer);
        if row.events >= row.next_own || time_ns >= row.next_ns {
            row.mark(at, time_ns, gone());
        }
        row.events += 1;
        row.last = at;
    }

    fn row(&mut self, peer: u32) -> &mut Row {
        // Most connections have all their shards: each is in its own place.
        let own = peer as usize;
        let place = match self.rows.get(own) {
            Some(row) if row.peer == peer => own,
            _ => self.rows.binary_search_by_key(&peer, |row| row.peer).unwrap_or_else(|place| {
                // All the room at once: nothing is allocated for an event that comes later.
                let marks = VecDeque::with_capacity(MOST);
                let row = Row { peer, events: 0, last: 0, next_own: 0, next_ns: 0, stride: 1, marks };
                self.rows.insert(place, row);
                place
            }),
        };
        &mut self.rows[place]
    }

    /// What waits of a peer, when what waits of the lane begins behind `gone` events.
    pub(super) fn waiting(&self, peer: u32, gone: u64, now_ns: u64) -> Waiting {
        let row = self.rows.binary_search_by_key(&peer, |row| row.peer).ok().map(|place| &self.rows[place]);
        let Some(row) = row.filter(|row| row.last >= gone) else { return Waiting::default() };
        let first = row.marks.partition_point(|mark| mark.at < gone);
        let (until, before) = row.marks.get(first).map_or((row.events, row.last), |mark| (mark.own, mark.before));
        let since = |mark: Mark| now_ns.saturating_sub(mark.time_ns);
        // The last mark that is gone, and what stands between that and the first one that waits.
        let behind = first.checked_sub(1).and_then(|at| row.marks.get(at)).copied();
        let between = behind.map_or(0, |mark| {
            let (own, left) = (until - mark.own - 1, (before + 1).saturating_sub(gone));
            if left == 0 { 0 } else { (own * left).div_ceil(before - mark.at) }
        });
        let oldest = behind.filter(|_| between > 0).or_else(|| row.marks.get(first).copied());
        Waiting { events: row.events - until + between, lag_ns: oldest.map_or(0, since) }
    }
}

impl Row {
    fn mark(&mut self, at: u64, time_ns: u64, gone: u64) {
        while self.marks.get(1).is_some_and(|second| second.at < gone) {
            self.marks.pop_front();
        }
        if self.marks.len() <= 1 {
            self.stride = 1;
        } else if self.marks.len() == MOST {
            let mut stays = false;
            self.marks.retain(|_| {
                stays = !stays;
                stays
            });
            self.stride = self.stride.saturating_mul(2);
        }
        self.marks.push_back(Mark { at, own: self.events, before: self.last, time_ns });
        self.next_own = self.events.saturating_add(EVERY.saturating_mul(self.stride));
        self.next_ns = time_ns.saturating_add(APART_NS.saturating_mul(self.stride));
    }
}

#[cfg(all(test, not(gamebridge_loom)))]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    /// A lane in which peer 1 has these places, each at its number of milliseconds; nobody reads.
    fn lane(places: impl IntoIterator<Item = u64>) -> Peers {
        let mut peers = Peers::default();
        for at in places {
            peers.note(1, at, at * MS, || 0);
        }
        peers
    }

    fn waiting(peers: &Peers, gone: u64, now_ms: u64) -> (u64, u64) {
        let Waiting { events, lag_ns } = peers.waiting(1, gone, now_ms * MS);
        (events, lag_ns / MS)
    }

    #[test]
    fn what_nobody_reads_is_counted_to_the_last_event() {
        let peers = lane((0..10_000).map(|at| 3 * at));
        assert_eq!(waiting(&peers, 0, 30_000), (10_000, 30_000));
        assert_eq!(peers.waiting(2, 0, 1), Waiting::default(), "nobody of this name");
    }

    #[test]
    fn what_was_read_waits_no_more() {
        let peers = lane(0..1_000);
        assert_eq!(waiting(&peers, 1_000, 2_000), (0, 0));
        assert_eq!(waiting(&peers, 999, 2_000).0, 1);
    }

    #[test]
    fn events_that_are_far_apart_are_told_one_by_one() {
        let peers = lane([100, 300, 500]);
        let of = |gone| waiting(&peers, gone, 1_000);
        assert_eq!(
            [of(100), of(101), of(300), of(301), of(500), of(501)],
            [(3, 900), (2, 700), (2, 700), (1, 500), (1, 500), (0, 0)]
        );
    }

    #[test]
    fn another_peers_flood_does_not_make_a_peer_wait() {
        let mut peers = lane([0, 1, 2]);
        for at in 3..100_000 {
            peers.note(0, at, at * MS, || 0);
        }
        assert_eq!(waiting(&peers, 3, 100_000), (0, 0), "its own are gone");
        peers.note(1, 100_000, 100_000 * MS, || 3);
        assert_eq!(waiting(&peers, 50_000, 100_001), (1, 1));
    }

    #[test]
    fn figures_are_as_near_as_the_marks() {
        for total in [1_000, 20_000, 300_000] {
            let peers = lane(0..total);
            assert!(peers.rows[0].marks.len() <= MOST);
            let (most_events, most_ms) = (total / 16 + EVERY, total / 16 + 100);
            for gone in (0..total).step_by(777) {
                let (events, lag) = waiting(&peers, gone, total);
                let off = (events.abs_diff(total - gone), lag.checked_sub(total - gone).expect("at most, it says"));
                assert!(off.0 <= most_events && off.1 <= most_ms, "{gone} of {total}: {off:?} off");
            }
        }
    }

    #[test]
    fn a_reader_that_keeps_up_leaves_few_marks_and_comes_back_to_near_ones() {
        let mut peers = Peers::default();
        for at in 0..100_000 {
            peers.note(1, at, at, || at);
        }
        let marks = |peers: &Peers| (peers.rows[0].marks.len(), peers.rows[0].stride);
        assert_eq!(marks(&peers), (2, 1));
        for at in 100_000..200_000 {
            peers.note(1, at, at, || 100_000);
        }
        assert!(marks(&peers).1 > 1);
        for at in 200_000..300_000 {
            peers.note(1, at, at, || at);
        }
        assert_eq!(marks(&peers), (2, 1));
    }

    #[test]
    fn peers_are_found_whatever_their_numbers() {
        let mut peers = Peers::default();
        for (at, peer) in [7, 0, 4_000_000_000, 1, 7].into_iter().enumerate() {
            peers.note(peer, at as u64, 0, || 0);
        }
        let events = [0, 1, 2, 7, 4_000_000_000].map(|peer| peers.waiting(peer, 0, 0).events);
        assert_eq!(events, [1, 1, 0, 2, 1]);
    }
}

//! The queue on one thread, step by step, and once with two. Every interleaving is tried by the models in `tests/loom`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use gamebridge_proto::error::Status;
use gamebridge_proto::event::{Event, EventType, Flags};

use super::lane::{CHUNK_BYTES, POOLED, RELIABLE_CHUNK_BYTES};
use super::{LaneConfig, Polled, Reader, Shared, Writer, channel};

const CAP: usize = 4 * CHUNK_BYTES;

fn queue() -> (Arc<Shared>, Reader) {
    let shared = Arc::new(Shared::new());
    let reader = Reader::new(shared.clone());
    (shared, reader)
}

fn connect(shared: &Arc<Shared>, reader: &mut Reader, conn: u32) -> Writer {
    let (writer, lanes) =
        channel(shared, LaneConfig { conn, lossy_bytes: CAP, reliable_bytes: CAP, resume: Arc::new(|| {}) });
    reader.add(lanes);
    writer
}

fn numbered(kind: EventType, number: u64, payload: &[u8]) -> Event<'_> {
    Event { seq: number, payload, ..Event::new(kind, "E") }
}

/// What was polled: connection, number, and whether it is the count of a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Got {
    Event { conn: u32, number: u64, order: u64, reliable: bool },
    Gap { conn: u32, count: u64 },
}

fn take(reader: &mut Reader) -> Option<Got> {
    if !reader.look() {
        return None;
    }
    Some(match reader.take().expect("looked") {
        Polled::Dropped { conn, count } => Got::Gap { conn, count },
        Polled::Event(view) => {
            assert!(view.payload.iter().all(|byte| u64::from(*byte) == view.fields.seq % 251), "a torn payload");
            let fields = view.fields;
            let reliable = fields.kind.is_reliable();
            Got::Event { conn: fields.conn, number: fields.seq, order: fields.order, reliable }
        }
    })
}

/// A payload that tells whose it is.
fn payload(number: u64, bytes: usize) -> Vec<u8> {
    vec![(number % 251) as u8; bytes]
}

/// The numbers of all events that are left; there must be no gap.
fn drain(reader: &mut Reader) -> Vec<u64> {
    std::iter::from_fn(|| take(reader))
        .map(|got| match got {
            Got::Event { number, .. } => number,
            Got::Gap { count, .. } => panic!("{count} events were dropped"),
        })
        .collect()
}

/// xorshift64*: the same numbers in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % sides
    }
}

#[test]
fn a_record_keeps_every_field() {
    let (shared, mut reader) = queue();
    let mut writer = connect(&shared, &mut reader, 7);
    let full = Event {
        kind: EventType::Reply,
        name: "SET_ACTIVITY",
        payload: br#"{"a":1}"#,
        bytes: &[0, 255, 0],
        tag: u64::MAX,
        status: Status::Remote,
        flags: Flags::UNCERTAIN | Flags::FATAL,
        code: -4000,
        message: "größer als erwartet",
        retry_after_ms: u32::MAX,
        peer: 3,
        seq: 1 << 40,
    };
    let empty = Event::new(EventType::Dispatch, "");
    writer.push(12, &full);
    writer.push(13, &empty);
    writer.publish();
    for (event, time) in [(&full, 12), (&empty, 13)] {
        assert!(reader.look());
        let Some(Polled::Event(view)) = reader.take() else { panic!("an event expected") };
        assert_eq!((view.name, view.message), (event.name, event.message));
        assert_eq!((view.payload, view.bytes), (event.payload, event.bytes));
        let fields = view.fields;
        assert_eq!((fields.kind, fields.tag, fields.status), (event.kind, event.tag, event.status));
        assert_eq!((fields.flags, fields.code, fields.peer), (event.flags, event.code, event.peer));
        assert_eq!((fields.retry_after_ms, fields.seq), (event.retry_after_ms, event.seq));
        assert_eq!((fields.conn, fields.time_ns), (7, time));
        for text in [view.name.as_bytes(), view.message.as_bytes(), view.payload] {
            // SAFETY: inside the record: the byte behind each text is its NUL.
            assert_eq!(unsafe { *text.as_ptr().add(text.len()) }, 0);
        }
    }
    assert!(!reader.look());
}

#[test]
fn nothing_is_seen_before_it_is_published() {
    let (shared, mut reader) = queue();
    let mut writer = connect(&shared, &mut reader, 1);
    assert!(!writer.publish(), "nothing to publish");
    writer.push(0, &numbered(EventType::Reply, 1, b""));
    assert!(!reader.look());
    assert!(writer.publish());
    assert!(!writer.publish(), "once");
    assert_eq!(drain(&mut reader), [1]);
    assert_eq!(reader.seen(), shared.horizon());
}

#[test]
fn an_event_larger_than_a_chunk_gets_one_of_its_own_and_it_is_not_kept() {
    for kind in [EventType::Reply, EventType::Dispatch] {
        let (shared, mut reader) = queue();
        let mut writer = connect(&shared, &mut reader, 1);
        for number in 1..=9 {
            let bytes = if number % 3 == 0 { 3 * CHUNK_BYTES } else { 10 };
            writer.push(0, &numbered(kind, number, &payload(number, bytes)));
            writer.publish();
            assert_eq!(drain(&mut reader), [number]);
        }
        let usual = if kind.is_reliable() { RELIABLE_CHUNK_BYTES } else { CHUNK_BYTES };
        writer.push(0, &numbered(kind, 10, b""));
        assert!(shared.census().bytes() <= 4 * CHUNK_BYTES + 3 * usual, "{} bytes", shared.census().bytes());
    }
}

#[test]
fn odd_sizes_do_not_stay_in_the_pool() {
    let (shared, mut reader) = queue();
    let mut writer = connect(&shared, &mut reader, 1);
    for number in 1..=100u64 {
        writer.push(0, &numbered(EventType::Reply, number, &payload(number, RELIABLE_CHUNK_BYTES + number as usize)));
        writer.publish();
        assert_eq!(drain(&mut reader), [number]);
    }
    assert!(shared.census().alive() <= 3, "{} chunks", shared.census().alive());
}

#[test]
fn the_lossy_lane_stays_under_its_cap_when_nobody_polls() {
    let (shared, mut reader) = queue();
    let mut writer = connect(&shared, &mut reader, 1);
    let mut dice = Dice(1);
    for number in 1..=20_000 {
        let bytes = dice.roll(2000) as usize;
        writer.push(0, &numbered(EventType::Dispatch, number, &payload(number, bytes)));
        writer.publish();
        assert!(shared.census().bytes() <= CAP + CHUNK_BYTES, "event {number}: {} bytes", shared.census().bytes());
    }
    let Some(Got::Gap { conn: 1, count }) = take(&mut reader) else { panic!("first of all the gap") };
    let rest = drain(&mut reader);
    assert_eq!(rest, (count + 1..=20_000).collect::<Vec<_>>());
    let kept: u64 = rest.len() as u64;
    assert!(kept * 1000 > CAP as u64 / 2, "most of the cap is used: {kept} events");
}

#[test]
fn one_event_over_the_cap_is_delivered_all_the_same() {
    let (shared, mut reader) = queue();
    let mut writer = connect(&shared, &mut reader, 1);
    for (number, bytes) in [(1, 10), (2, 2 * CAP), (3, 2 * CAP)] {
        writer.push(0, &numbered(EventType::Dispatch, number, &payload(number, bytes)));
    }
    writer.publish();
    assert_eq!(take(&mut reader), Some(Got::Gap { conn: 1, count: 2 }));
    assert_eq!(drain(&mut reader), [3]);
}

#[test]
fn a_writer_that_holds_loses_nothing_to_a_large_event() {
    let (shared, mut reader) = queue();
    let mut writer = connect(&shared, &mut reader, 1);
    writer.hold();
    let mut pushed = 0;
    while !writer.is_full() {
        pushed += 1;
        writer.push(0, &numbered(EventType::Dispatch, pushed, &payload(pushed, 1000)));
        if pushed == 1000 {
            pushed += 1;
            writer.push(0, &numbered(EventType::Dispatch, pushed, &payload(pushed, CAP)));
        }
    }
    writer.publish();
    assert_eq!(drain(&mut reader), (1..=pushed).collect::<Vec<_>>());
}

#[test]
fn a_reader_that_takes_a_chunk_resumes_a_paused_writer_once() {
    let (shared, mut reader) = queue();
    let resumed = Arc::new(AtomicUsize::new(0));
    let count = resumed.clone();
    let resume = Arc::new(move || {
        count.fetch_add(1, Ordering::Relaxed);
    });
    let (mut writer, lanes) = channel(&shared, LaneConfig { conn: 1, lossy_bytes: CAP, reliable_bytes: CAP, resume });
    reader.add(lanes);
    writer.hold();
    assert!(!writer.pause(), "there is room");
    let mut pushed = 0;
    while !writer.is_full() {
        pushed += 1;
        writer.push(0, &numbered(EventType::Dispatch, pushed, &payload(pushed, 1000)));
    }
    writer.publish();
    assert!(writer.pause());
    assert_eq!(resumed.load(Ordering::Relaxed), 0);
    assert!(take(&mut reader).is_some());
    assert_eq!(resumed.load(Ordering::Relaxed), 1);
    assert!(!writer.is_full());
    assert_eq!(drain(&mut reader), (2..=pushed).collect::<Vec<_>>());
    assert_eq!(resumed.load(Ordering::Relaxed), 1);
}

#[test]
fn a_reader_that_is_far_behind_pauses_the_writer_of_replies_too() {
    const CAP: usize = 64 * 1024;
    let (shared, mut reader) = queue();
    let resumed = Arc::new(AtomicUsize::new(0));
    let count = resumed.clone();
    let resume = Arc::new(move || {
        count.fetch_add(1, Ordering::Relaxed);
    });
    let (mut writer, lanes) = channel(&shared, LaneConfig { conn: 1, lossy_bytes: 0, reliable_bytes: CAP, resume });
    reader.add(lanes);
    let unread = writer.unread();
    let mut pushed = 0;
    while !writer.is_full() {
        assert!(!writer.pause(), "there is room");
        pushed += 1;
        writer.push(0, &numbered(EventType::Reply, pushed, &payload(pushed, 1000)));
    }
    writer.publish();
    assert!(unread.bytes() < CAP as u64 + 2000 && writer.pause());
    let mut got = 0;
    while unread.bytes() > CAP as u64 / 2 {
        assert_eq!(resumed.load(Ordering::Relaxed), 0, "not for each event");
        assert!(take(&mut reader).is_some());
        got += 1;
    }
    assert_eq!(resumed.load(Ordering::Relaxed), 1);
    assert!(!writer.is_full() && !writer.pause());
    assert_eq!(drain(&mut reader), (got + 1..=pushed).collect::<Vec<_>>());
    assert_eq!(resumed.load(Ordering::Relaxed), 1);
}

#[test]
fn unread_counts_what_was_not_polled() {
    let (shared, mut reader) = queue();
    let mut writer = connect(&shared, &mut reader, 1);
    let unread = writer.unread();
    for kind in [EventType::Reply, EventType::Request, EventType::Dispatch] {
        writer.push(0, &numbered(kind, 0, &[0; 100]));
    }
    writer.publish();
    let bytes = unread.bytes();
    assert!((200..1000).contains(&bytes), "{bytes}: two reliable events");
    assert_eq!(unread.replies_read(), 0);
    assert!(take(&mut reader).is_some());
    assert_eq!((unread.bytes(), unread.replies_read()), (bytes / 2, 1));
    drain(&mut reader);
    assert_eq!((unread.bytes(), unread.replies_read()), (0, 1));
}

/// What a connection should deliver from here on.
#[derive(Default)]
struct Expected {
    pushed: u64,
    lossy: Vec<u64>,
    reliable: Vec<u64>,
}

/// Checks what was polled against what was pushed: reliable events all and in order; of the lossy ones those that a gap
/// does not count; and all of it in the order of the client.
fn check(got: &[Got], expected: &mut [Expected]) {
    let mut last = 0;
    let mut at = vec![(0, 0); expected.len()];
    for got in got {
        match *got {
            Got::Gap { conn, count } => at[conn as usize].0 += count as usize,
            Got::Event { conn, number, order, reliable } => {
                assert!(order > last, "order {order} after {last}");
                last = order;
                let (lossy_at, reliable_at) = &mut at[conn as usize];
                let lane = &expected[conn as usize];
                if reliable {
                    assert_eq!(lane.reliable.get(*reliable_at), Some(&number));
                    *reliable_at += 1;
                } else {
                    assert_eq!(lane.lossy.get(*lossy_at), Some(&number));
                    *lossy_at += 1;
                }
            }
        }
    }
    for (at, lane) in at.iter().zip(expected) {
        assert_eq!(*at, (lane.lossy.len(), lane.reliable.len()), "delivered and dropped make what was pushed");
    }
}

#[test]
fn gaps_are_counted_exactly_whatever_the_order_of_things() {
    for seed in 1..=20 {
        let mut dice = Dice(seed);
        let (shared, mut reader) = queue();
        let mut writers: Vec<Writer> = (0..3).map(|conn| connect(&shared, &mut reader, conn)).collect();
        let mut expected: Vec<Expected> = (0..3).map(|_| Expected::default()).collect();
        let mut got = Vec::new();
        // Some seeds poll often, some hardly ever.
        let polls = [200, 20, 2][seed as usize % 3];
        for _ in 0..3_000 {
            let conn = dice.roll(3) as usize;
            let (writer, lane) = (&mut writers[conn], &mut expected[conn]);
            lane.pushed += 1;
            let number = lane.pushed;
            let bytes = match dice.roll(100) {
                0 => CHUNK_BYTES + dice.roll(CAP as u64) as usize,
                1..20 => CHUNK_BYTES / 8,
                _ => dice.roll(3000) as usize,
            };
            let reliable = dice.roll(10) == 0;
            let kind = if reliable { EventType::Reply } else { EventType::Dispatch };
            writer.push(0, &numbered(kind, number, &payload(number, bytes)));
            if reliable {
                lane.reliable.push(number)
            } else {
                lane.lossy.push(number)
            }
            if dice.roll(3) == 0 {
                writer.publish();
            }
            if dice.roll(polls) == 0 {
                got.extend((0..dice.roll(400)).map_while(|_| take(&mut reader)));
            }
        }
        for writer in &mut writers {
            writer.publish();
        }
        got.extend(std::iter::from_fn(|| take(&mut reader)));
        check(&got, &mut expected);
        let dropped = got.iter().any(|got| matches!(got, Got::Gap { .. }));
        assert!(dropped || polls < 200, "seed {seed} drops nothing");
    }
}

#[test]
fn memory_is_flat_over_a_million_events() {
    let (shared, mut reader) = queue();
    let mut writer = connect(&shared, &mut reader, 1);
    let text = [0; 400];
    let mut got = 0u64;
    let mut allocated = 0;
    for round in 0..1000 {
        for number in 0..1000 {
            let kind = if number % 10 == 0 { EventType::Reply } else { EventType::Dispatch };
            writer.push(0, &numbered(kind, 0, &text));
        }
        writer.publish();
        while reader.look() {
            assert!(matches!(reader.take(), Some(Polled::Event(_))));
            got += 1;
        }
        if round == 10 {
            allocated = shared.census().allocated();
        }
    }
    assert_eq!(got, 1_000_000);
    assert_eq!(shared.census().allocated(), allocated, "after the first rounds nothing is allocated");
    assert!(shared.census().alive() <= 2 * POOLED + 4);
}

#[test]
fn a_backlog_is_given_back_when_the_writer_goes_on() {
    let (shared, mut reader) = queue();
    let mut writer = connect(&shared, &mut reader, 1);
    for number in 1..=5_000 {
        writer.push(0, &numbered(EventType::Reply, number, &payload(number, 1000)));
    }
    writer.publish();
    assert!(shared.census().alive() > 500);
    assert_eq!(drain(&mut reader).len(), 5_000);
    for number in 1..=10 {
        writer.push(0, &numbered(EventType::Reply, number, &payload(number, 1000)));
    }
    assert!(shared.census().alive() <= POOLED + 3, "{} chunks", shared.census().alive());
}

#[test]
fn many_connections_merge_in_the_order_of_things() {
    let (shared, mut reader) = queue();
    let mut writers: Vec<Writer> = (0..500).map(|conn| connect(&shared, &mut reader, conn)).collect();
    let mut dice = Dice(3);
    for number in 1..=10_000 {
        let writer = &mut writers[dice.roll(500) as usize];
        let kind = if dice.roll(2) == 0 { EventType::Reply } else { EventType::Dispatch };
        writer.push(0, &numbered(kind, number, b""));
        writer.publish();
    }
    assert_eq!(drain(&mut reader), (1..=10_000).collect::<Vec<_>>());
}

#[test]
fn lanes_go_when_disconnected_was_polled() {
    let (shared, mut reader) = queue();
    let census = shared.census();
    let mut staying = connect(&shared, &mut reader, 1000);
    for conn in 0..50 {
        let mut writer = connect(&shared, &mut reader, conn);
        writer.push(0, &numbered(EventType::Dispatch, 1, b""));
        staying.push(0, &numbered(EventType::Dispatch, 2, b""));
        writer.push(0, &numbered(EventType::Disconnected, 3, b""));
        // Too late: DISCONNECTED is last.
        writer.push(0, &numbered(EventType::Dispatch, 4, b""));
        writer.push(0, &numbered(EventType::Reply, 5, b""));
        writer.publish();
        assert_eq!(drain(&mut reader), [1, 2, 3]);
        assert_eq!(reader.connections(), 1);
    }
    drop((staying, reader, shared));
    assert_eq!(census.alive(), 0);
}

#[test]
fn a_reader_that_goes_first_leaves_nothing_behind() {
    let (shared, mut reader) = queue();
    let census = shared.census();
    let mut writer = connect(&shared, &mut reader, 1);
    for number in 1..=3_000 {
        let kind = if number % 2 == 0 { EventType::Reply } else { EventType::Dispatch };
        writer.push(0, &numbered(kind, number, &payload(number, 1000)));
        writer.publish();
    }
    assert!((0..100).all(|_| take(&mut reader).is_some()));
    drop(reader);
    for number in 1..=3_000 {
        writer.push(0, &numbered(EventType::Dispatch, number, &payload(number, 1000)));
    }
    drop((writer, shared));
    assert_eq!(census.alive(), 0);
}

#[test]
fn two_threads_agree_on_what_was_delivered_and_what_was_dropped() {
    const EVENTS: u64 = 300_000;
    for seed in [1, 2] {
        let (shared, mut reader) = queue();
        let census = shared.census();
        let mut writer = connect(&shared, &mut reader, 0);
        let writing = std::thread::spawn(move || {
            let mut dice = Dice(seed);
            let mut lane = Expected::default();
            for number in 1..=EVENTS {
                let reliable = dice.roll(20) == 0;
                let kind = if reliable { EventType::Reply } else { EventType::Dispatch };
                writer.push(0, &numbered(kind, number, &payload(number, dice.roll(800) as usize)));
                if reliable {
                    lane.reliable.push(number)
                } else {
                    lane.lossy.push(number)
                }
                if dice.roll(64) == 0 {
                    writer.publish();
                }
            }
            writer.publish();
            lane
        });
        let mut got = Vec::new();
        while !writing.is_finished() {
            got.extend(std::iter::from_fn(|| take(&mut reader)).take(100));
        }
        let mut expected = [writing.join().expect("the writer")];
        got.extend(std::iter::from_fn(|| take(&mut reader)));
        check(&got, &mut expected);
        drop((reader, shared));
        assert_eq!(census.alive(), 0);
    }
}

#[test]
fn a_look_past_the_lossy_lane_leaves_its_events_and_finds_a_lanes_end() {
    let (shared, mut reader) = queue();
    let mut first = connect(&shared, &mut reader, 1);
    let mut second = connect(&shared, &mut reader, 2);
    first.push(0, &numbered(EventType::Dispatch, 1, b""));
    first.push(0, &numbered(EventType::Reply, 2, b""));
    second.push(0, &numbered(EventType::Request, 3, b""));
    first.push(0, &numbered(EventType::Dispatch, 4, b""));
    first.push(0, &numbered(EventType::Reply, 5, b""));
    first.push(0, &numbered(EventType::Disconnected, 6, b""));
    second.push(0, &numbered(EventType::Reply, 7, b""));
    first.push(0, &numbered(EventType::Dispatch, 8, b""));
    first.push(0, &numbered(EventType::Reply, 9, b""));
    assert!(!reader.look_reliable(), "not published yet");
    first.publish();
    second.publish();

    let mut past = Vec::new();
    while reader.look_reliable() {
        match reader.take() {
            Some(Polled::Event(view)) => past.push(view.fields.seq),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(past, [2, 3, 5, 6, 7], "and nothing after an end");
    assert_eq!(reader.connections(), 2, "the connection that ended has events left");
    assert_eq!(drain(&mut reader), [1, 4], "and nothing after its end");
    assert_eq!(reader.connections(), 1, "it is gone with the last of them");
}

#[test]
fn a_writer_knows_how_far_its_reader_is() {
    let (shared, mut reader) = queue();
    let mut writer = connect(&shared, &mut reader, 1);
    let depth = |writer: &mut Writer, now: u64| {
        let depth = writer.depth(now);
        (depth.events, depth.lag_ns, depth.dropped)
    };
    assert_eq!(depth(&mut writer, 5), (0, 0, 0));
    for (at, number) in [(10, 1), (20, 2), (30, 3)] {
        writer.push(at, &numbered(EventType::Dispatch, number, &payload(number, 100)));
        assert_eq!(depth(&mut writer, 50).0, 0, "what is not published is not waited for");
    }
    writer.publish();
    assert_eq!(depth(&mut writer, 50), (3, 40, 0));
    take(&mut reader);
    assert_eq!(depth(&mut writer, 50), (2, 40, 0), "the next one came at that time or later");
    take(&mut reader);
    assert_eq!(depth(&mut writer, 50), (1, 30, 0));
    take(&mut reader);
    assert_eq!(depth(&mut writer, 1_000), (0, 0, 0));
    writer.push(2_000, &numbered(EventType::Dispatch, 4, &payload(4, 100)));
    writer.publish();
    assert_eq!(depth(&mut writer, 2_001), (1, 1, 0), "that it waited for long before says nothing");
    take(&mut reader);
    // A chunk holds one of these: the cap and the one that is read leave room for few.
    for number in 5..25 {
        writer.push(3_000, &numbered(EventType::Dispatch, number, &payload(number, CHUNK_BYTES - 1_000)));
        writer.publish();
    }
    let (waiting, _, dropped) = depth(&mut writer, 3_000);
    assert_eq!(waiting + dropped, 20);
    assert!(dropped > 0 && writer.depth(3_000).bytes <= CAP as u64);
    let (mut gaps, mut events) = (0, 0);
    while let Some(got) = take(&mut reader) {
        match got {
            Got::Gap { count, .. } => gaps += count,
            Got::Event { .. } => events += 1,
        }
        assert_eq!(depth(&mut writer, 3_000).0, waiting - events, "found or not, what was dropped waits no more");
    }
    assert_eq!((gaps, events), (dropped, waiting));
}

#[test]
fn a_writer_knows_whose_events_wait() {
    let (shared, mut reader) = queue();
    let mut writer = connect(&shared, &mut reader, 1);
    let of = |writer: &mut Writer, peer: u32, now: u64| {
        let waiting = writer.waiting_of(peer, now);
        (waiting.events, waiting.lag_ns)
    };
    let push = |writer: &mut Writer, at: u64, kind: EventType, peer: u32| {
        writer.push(at, &Event { peer, payload: &[0; 1000], ..Event::new(kind, "E") });
        writer.publish();
    };
    push(&mut writer, 1, EventType::Dispatch, 0);
    assert_eq!(of(&mut writer, 0, 10), (0, 0), "nobody had asked for it");
    take(&mut reader);
    writer.tell_peers_apart();
    push(&mut writer, 10, EventType::Dispatch, 0);
    push(&mut writer, 20, EventType::Dispatch, 1);
    push(&mut writer, 30, EventType::Log, 0);
    push(&mut writer, 40, EventType::Reply, 0);
    assert_eq!([of(&mut writer, 0, 50), of(&mut writer, 1, 50), of(&mut writer, 2, 50)], [(1, 40), (1, 30), (0, 0)]);
    take(&mut reader);
    assert_eq!([of(&mut writer, 0, 50), of(&mut writer, 1, 50)], [(0, 0), (1, 30)]);
    for _ in 0..3 {
        take(&mut reader);
    }
    assert_eq!([of(&mut writer, 0, 50), of(&mut writer, 1, 50)], [(0, 0), (0, 0)]);
    // One floods past the cap: of the other's, which were before, nothing waits.
    push(&mut writer, 60, EventType::Dispatch, 1);
    for at in 0..2_000 {
        push(&mut writer, 100 + at, EventType::Dispatch, 0);
    }
    let depth = writer.depth(2_100);
    assert!(depth.dropped > 0);
    assert_eq!(of(&mut writer, 1, 2_100), (0, 0));
    let (waiting, lag) = of(&mut writer, 0, 2_100);
    assert!(
        waiting.abs_diff(depth.events) <= 64 && lag <= depth.lag_ns && lag >= depth.events,
        "{waiting} {lag} {depth:?}"
    );
}

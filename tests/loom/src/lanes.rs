//! What goes in comes out, in order, and what is dropped is counted where it was.

use gamebridge_proto::event::EventType::{Dispatch, Reply};
use loom::thread;

use crate::model::{Got, check, drain, lanes, push, push_chunk, take};
use crate::queue::sync::Arc;
use crate::queue::{Reader, Shared};

/// The numbers of the events, all of connection 1, after checking that gaps stand where numbers are missing.
fn numbers(got: &[Got]) -> Vec<u64> {
    let (mut numbers, mut next) = (Vec::new(), 1);
    for got in got {
        match *got {
            Got::Gap(count) => {
                assert!(count > 0, "a gap of nothing");
                next += count;
            }
            Got::Event(conn, number) => {
                assert_eq!((conn, number), (1, next));
                numbers.push(number);
                next += 1;
            }
        }
    }
    numbers
}

#[test]
fn the_reliable_lane_loses_nothing() {
    check(3, || {
        let shared = Arc::new(Shared::new());
        let (mut writer, lanes) = lanes(&shared, 1);
        let mut reader = Reader::new(shared.clone());
        reader.add(lanes);
        let writing = thread::spawn(move || {
            for number in 1..=3 {
                push(&mut writer, Reply, number);
                assert!(writer.publish());
            }
        });
        let mut got: Vec<Got> = (0..3).filter_map(|_| take(&mut reader)).collect();
        writing.join().unwrap();
        drain(&mut reader, &mut got);
        assert_eq!(numbers(&got), [1, 2, 3]);
        let census = shared.census();
        drop((reader, shared));
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn chunks_are_used_again_only_when_both_sides_have_left_them() {
    check(3, || {
        let shared = Arc::new(Shared::new());
        let (mut writer, lanes) = lanes(&shared, 1);
        let mut reader = Reader::new(shared.clone());
        reader.add(lanes);
        for number in 1..=2 {
            push(&mut writer, Reply, number);
        }
        writer.publish();
        let census = shared.census();
        let writing = thread::spawn(move || {
            for number in 3..=5 {
                push(&mut writer, Reply, number);
                writer.publish();
            }
        });
        let mut got = Vec::new();
        drain(&mut reader, &mut got);
        writing.join().unwrap();
        drain(&mut reader, &mut got);
        assert_eq!(numbers(&got), [1, 2, 3, 4, 5]);
        drop((reader, shared));
        assert_eq!(census.alive(), 0);
    });
}

/// The writer overwrites what the reader is about to take.
fn overwrite(preemptions: usize, before: u64, after: u64, looks: usize) {
    check(preemptions, move || {
        let shared = Arc::new(Shared::new());
        let (mut writer, lanes) = lanes(&shared, 1);
        let mut reader = Reader::new(shared.clone());
        reader.add(lanes);
        for number in 1..=before {
            push_chunk(&mut writer, number);
        }
        writer.publish();
        let writing = thread::spawn(move || {
            for number in before + 1..=before + after {
                push_chunk(&mut writer, number);
                writer.publish();
            }
        });
        let mut got: Vec<Got> = (0..looks).filter_map(|_| take(&mut reader)).collect();
        writing.join().unwrap();
        drain(&mut reader, &mut got);
        let numbers = numbers(&got);
        assert_eq!(numbers.last(), Some(&(before + after)), "the newest is never dropped");
        assert!(numbers.len() >= 2, "two chunks fit the cap: {numbers:?}");
        let census = shared.census();
        drop((reader, shared));
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn the_lossy_lane_counts_what_it_drops() {
    overwrite(3, 2, 2, 2);
}

#[test]
fn a_reader_that_is_lapped_keeps_the_order() {
    overwrite(2, 1, 4, 1);
    overwrite(1, 1, 8, 2);
}

#[test]
fn events_share_a_chunk_while_it_is_read() {
    check(3, || {
        let shared = Arc::new(Shared::new());
        let (mut writer, lanes) = lanes(&shared, 1);
        let mut reader = Reader::new(shared.clone());
        reader.add(lanes);
        let writing = thread::spawn(move || {
            for number in 1..=3 {
                push(&mut writer, Dispatch, number);
                writer.publish();
            }
        });
        let mut got: Vec<Got> = (0..3).filter_map(|_| take(&mut reader)).collect();
        writing.join().unwrap();
        drain(&mut reader, &mut got);
        assert_eq!(numbers(&got), [1, 2, 3]);
    });
}

#[test]
fn two_lanes_merge_by_order() {
    check(3, || {
        let shared = Arc::new(Shared::new());
        let (mut writer, lanes) = lanes(&shared, 1);
        let mut reader = Reader::new(shared.clone());
        reader.add(lanes);
        let writing = thread::spawn(move || {
            for (number, kind) in [(1, Dispatch), (2, Reply), (3, Dispatch), (4, Reply)] {
                push(&mut writer, kind, number);
                writer.publish();
            }
        });
        let mut got: Vec<Got> = (0..3).filter_map(|_| take(&mut reader)).collect();
        writing.join().unwrap();
        drain(&mut reader, &mut got);
        assert_eq!(numbers(&got), [1, 2, 3, 4]);
    });
}

#[test]
fn two_connections_merge_by_order_whoever_publishes() {
    check(3, || {
        let shared = Arc::new(Shared::new());
        let (mut first, first_lanes) = lanes(&shared, 1);
        let (mut second, second_lanes) = lanes(&shared, 2);
        let mut reader = Reader::new(shared.clone());
        reader.add(first_lanes);
        reader.add(second_lanes);
        let writing = thread::spawn(move || {
            push(&mut first, Reply, 1);
            push(&mut second, Dispatch, 2);
            assert!(second.publish(), "publishes the first one's too");
            assert!(!first.publish());
            push(&mut first, Dispatch, 3);
            assert!(first.publish());
        });
        let mut got: Vec<Got> = (0..2).filter_map(|_| take(&mut reader)).collect();
        writing.join().unwrap();
        drain(&mut reader, &mut got);
        assert_eq!(got, [Got::Event(1, 1), Got::Event(2, 2), Got::Event(1, 3)]);
    });
}

#[test]
fn nothing_beyond_the_horizon_is_seen() {
    check(3, || {
        let shared = Arc::new(Shared::new());
        let (mut writer, lanes) = lanes(&shared, 1);
        let mut reader = Reader::new(shared.clone());
        reader.add(lanes);
        let writing = thread::spawn(move || {
            push(&mut writer, Dispatch, 1);
            push(&mut writer, Reply, 2);
            writer
        });
        assert_eq!((0..2).find_map(|_| take(&mut reader)), None);
        let mut writer = writing.join().unwrap();
        assert_eq!(take(&mut reader), None);
        writer.publish();
        let mut got = Vec::new();
        drain(&mut reader, &mut got);
        assert_eq!(numbers(&got), [1, 2]);
    });
}

//! An event that was published is found by the next poll, and raises the handle.

use gamebridge_proto::event::EventType::{Dispatch, Reply};
use loom::thread;

use super::desk::{Desk, Scope};
use crate::model::{Got, check, lanes, push};
use crate::queue::signal::Signal;
use crate::queue::sync::Arc;
use crate::queue::{Shared, Writer};
use crate::session::port::Board;

fn desk() -> (Arc<Board>, Arc<Desk>) {
    let board = Arc::new(Board { queue: Arc::new(Shared::new()), signal: Signal::default() });
    (board.clone(), Arc::new(Desk::new(board)))
}

/// As the I/O thread does it.
fn publish(board: &Board, writer: &mut Writer) {
    if writer.publish() {
        board.signal.raise();
    }
}

/// As `gb_poll` does it.
fn poll(desk: &Desk) -> Option<Got> {
    if desk.is_idle() {
        return None;
    }
    desk.poll(Scope::Any, |polled| polled.map(Got::from)).unwrap()
}

fn wait(desk: &Desk) -> Option<Got> {
    desk.wait(None, |polled| polled.map(Got::from)).unwrap()
}

#[test]
fn a_wait_ends_with_every_event() {
    check(3, || {
        let (board, desk) = desk();
        let (mut writer, lanes) = lanes(&board.queue, 1);
        desk.add(lanes);
        let writing = thread::spawn(move || {
            push(&mut writer, Reply, 1);
            publish(&board, &mut writer);
            push(&mut writer, Dispatch, 2);
            publish(&board, &mut writer);
        });
        assert_eq!(wait(&desk), Some(Got::Event(1, 1)));
        assert_eq!(wait(&desk), Some(Got::Event(1, 2)));
        writing.join().unwrap();
        assert_eq!(poll(&desk), None);
    });
}

#[test]
fn the_handle_is_raised_while_something_can_be_polled() {
    check(3, || {
        let (board, desk) = desk();
        let (mut writer, lanes) = lanes(&board.queue, 1);
        desk.add(lanes);
        board.signal.handle().unwrap();
        let raising = board.clone();
        let writing = thread::spawn(move || {
            push(&mut writer, Reply, 1);
            push(&mut writer, Dispatch, 2);
            publish(&raising, &mut writer);
        });
        // A program that takes one event a turn, and sleeps on the handle in between.
        let mut got: Vec<Got> = poll(&desk).into_iter().collect();
        writing.join().unwrap();
        while got.len() < 2 {
            assert!(board.signal.handle().unwrap().is_readable(), "asleep on {got:?}");
            got.extend(poll(&desk));
        }
        assert_eq!(got, [Got::Event(1, 1), Got::Event(1, 2)]);
        assert_eq!(poll(&desk), None);
        assert!(!board.signal.handle().unwrap().is_readable(), "a poll that finds nothing lowers it");
    });
}

#[test]
fn a_handle_made_while_events_come_misses_none() {
    check(3, || {
        let (board, desk) = desk();
        let (mut writer, lanes) = lanes(&board.queue, 1);
        desk.add(lanes);
        let raising = board.clone();
        let writing = thread::spawn(move || {
            push(&mut writer, Reply, 1);
            publish(&raising, &mut writer);
        });
        let other = board.clone();
        let making = thread::spawn(move || {
            other.signal.handle().unwrap();
        });
        let got = poll(&desk);
        writing.join().unwrap();
        making.join().unwrap();
        assert!(got.is_some() || board.signal.handle().unwrap().is_readable());
        assert_eq!(got.or_else(|| poll(&desk)), Some(Got::Event(1, 1)));
    });
}

#[test]
fn a_poll_finds_what_was_published_without_any_handle() {
    check(3, || {
        let (board, desk) = desk();
        let (mut writer, lanes) = lanes(&board.queue, 1);
        desk.add(lanes);
        let writing = thread::spawn(move || {
            push(&mut writer, Reply, 1);
            publish(&board, &mut writer);
            push(&mut writer, Dispatch, 2);
            publish(&board, &mut writer);
        });
        let mut got: Vec<Got> = (0..2).filter_map(|_| poll(&desk)).collect();
        writing.join().unwrap();
        while let Some(next) = poll(&desk) {
            got.push(next);
        }
        assert_eq!(got, [Got::Event(1, 1), Got::Event(1, 2)]);
    });
}

#[test]
fn a_connection_that_arrives_during_a_poll_is_not_passed_over() {
    check(3, || {
        let (board, desk) = desk();
        let (mut first, first_lanes) = lanes(&board.queue, 1);
        desk.add(first_lanes);
        push(&mut first, Reply, 1);
        publish(&board, &mut first);
        let other = desk.clone();
        let connecting = thread::spawn(move || {
            let (mut second, second_lanes) = lanes(&board.queue, 2);
            other.add(second_lanes);
            push(&mut second, Reply, 2);
            publish(&board, &mut second);
            push(&mut first, Reply, 3);
            publish(&board, &mut first);
        });
        let mut got: Vec<Got> = (0..3).filter_map(|_| poll(&desk)).collect();
        connecting.join().unwrap();
        while let Some(next) = poll(&desk) {
            got.push(next);
        }
        assert_eq!(got, [Got::Event(1, 1), Got::Event(2, 2), Got::Event(1, 3)]);
    });
}

#[test]
fn a_first_event_of_a_new_connection_does_not_wait_for_a_second() {
    check(3, || {
        let (board, desk) = desk();
        let (mut first, first_lanes) = lanes(&board.queue, 1);
        desk.add(first_lanes);
        push(&mut first, Reply, 1);
        publish(&board, &mut first);
        assert_eq!(poll(&desk), Some(Got::Event(1, 1)));
        let other = desk.clone();
        let connecting = thread::spawn(move || {
            let (mut second, second_lanes) = lanes(&board.queue, 2);
            other.add(second_lanes);
            push(&mut second, Reply, 2);
            publish(&board, &mut second);
        });
        let got = poll(&desk);
        connecting.join().unwrap();
        assert_eq!(got.or_else(|| poll(&desk)), Some(Got::Event(2, 2)));
    });
}

#[test]
fn a_wake_ends_one_wait_now_or_next_time() {
    check(3, || {
        let (board, desk) = desk();
        let other = desk.clone();
        let waking = thread::spawn(move || other.wake());
        assert_eq!(poll(&desk), None);
        assert_eq!(wait(&desk), None);
        waking.join().unwrap();
        drop(board);
    });
}

#[test]
fn a_wake_and_an_event_at_once_lose_neither() {
    check(2, || {
        let (board, desk) = desk();
        let (mut writer, lanes) = lanes(&board.queue, 1);
        desk.add(lanes);
        let other = desk.clone();
        let waking = thread::spawn(move || other.wake());
        let writing = thread::spawn(move || {
            push(&mut writer, Reply, 1);
            publish(&board, &mut writer);
        });
        let got = [wait(&desk), wait(&desk)];
        waking.join().unwrap();
        writing.join().unwrap();
        assert!(got == [Some(Got::Event(1, 1)), None] || got == [None, Some(Got::Event(1, 1))], "{got:?}");
    });
}

#[test]
fn a_second_thread_is_refused_and_harms_nothing() {
    check(3, || {
        let (board, desk) = desk();
        let (mut writer, lanes) = lanes(&board.queue, 1);
        desk.add(lanes);
        push(&mut writer, Reply, 1);
        publish(&board, &mut writer);
        let other = desk.clone();
        let polling = thread::spawn(move || other.poll(Scope::Any, |polled| polled.map(Got::from)).ok().flatten());
        let here = desk.poll(Scope::Any, |polled| polled.map(Got::from)).ok().flatten();
        let there = polling.join().unwrap();
        let left = poll(&desk);
        let got: Vec<Got> = [here, there, left].into_iter().flatten().collect();
        assert_eq!(got, [Got::Event(1, 1)], "delivered once");
    });
}

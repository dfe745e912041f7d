//! A writer that stops at its cap is always told when it may go on.

use gamebridge_proto::event::EventType::Reply;
use loom::sync::{Condvar, Mutex};
use loom::thread;

use crate::model::{Got, check, drain, lanes_that, push, push_chunk, take};
use crate::queue::sync::Arc;
use crate::queue::{Reader, Shared};

#[test]
fn a_paused_writer_is_always_resumed() {
    check(2, || {
        let shared = Arc::new(Shared::new());
        let room = Arc::new((Mutex::new(false), Condvar::new()));
        let told = room.clone();
        let (mut writer, lanes) = lanes_that(&shared, 1, move || {
            *told.0.lock().unwrap() = true;
            told.1.notify_one();
        });
        let mut reader = Reader::new(shared.clone());
        reader.add(lanes);
        writer.hold();
        let mut pushed = 0;
        while !writer.is_full() {
            pushed += 1;
            push_chunk(&mut writer, pushed);
        }
        writer.publish();
        let writing = thread::spawn(move || {
            for number in pushed + 1..=pushed + 2 {
                while writer.is_full() && writer.pause() {
                    let mut may_go_on = room.0.lock().unwrap();
                    while !*may_go_on {
                        may_go_on = room.1.wait(may_go_on).unwrap();
                    }
                    *may_go_on = false;
                }
                push_chunk(&mut writer, number);
                writer.publish();
            }
        });
        // All that is there now is enough for one of the two; the rest is polled when it is there.
        let mut got: Vec<Got> = (0..pushed).filter_map(|_| take(&mut reader)).collect();
        while got.len() < pushed as usize + 1 {
            got.extend(take(&mut reader));
            thread::yield_now();
        }
        writing.join().unwrap();
        drain(&mut reader, &mut got);
        let all: Vec<Got> = (1..=pushed + 2).map(|number| Got::Event(1, number)).collect();
        assert_eq!(got, all, "a writer that pauses loses nothing");
    });
}

#[test]
fn a_writer_that_pauses_for_unread_replies_is_always_resumed() {
    check(3, || {
        let shared = Arc::new(Shared::new());
        let room = Arc::new((Mutex::new(false), Condvar::new()));
        let told = room.clone();
        let (mut writer, lanes) = lanes_that(&shared, 1, move || {
            *told.0.lock().unwrap() = true;
            told.1.notify_one();
        });
        let mut reader = Reader::new(shared.clone());
        reader.add(lanes);
        let mut pushed = 0;
        while !writer.is_full() {
            pushed += 1;
            push(&mut writer, Reply, pushed);
        }
        writer.publish();
        let writing = thread::spawn(move || {
            // Without this wait the model would not end: what is read wakes it, or was read before it paused.
            while writer.is_full() && writer.pause() {
                let mut may_go_on = room.0.lock().unwrap();
                while !*may_go_on {
                    may_go_on = room.1.wait(may_go_on).unwrap();
                }
                *may_go_on = false;
            }
            push(&mut writer, Reply, pushed + 1);
            writer.publish();
        });
        let mut got: Vec<Got> = (0..pushed).filter_map(|_| take(&mut reader)).collect();
        writing.join().unwrap();
        drain(&mut reader, &mut got);
        let all: Vec<Got> = (1..=pushed + 1).map(|number| Got::Event(1, number)).collect();
        assert_eq!(got, all);
    });
}

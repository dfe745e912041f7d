//! Either side may go first: nothing leaks, nothing is freed twice, nothing is touched when it is gone.

use gamebridge_proto::event::EventType::{Disconnected, Dispatch, Reply};
use loom::thread;

use crate::model::{Got, check, drain, lanes, push, push_chunk, take};
use crate::queue::sync::Arc;
use crate::queue::{Reader, Shared};

#[test]
fn the_reader_goes_while_the_writer_goes_on() {
    check(3, || {
        let shared = Arc::new(Shared::new());
        let census = shared.census();
        let (mut writer, lanes) = lanes(&shared, 1);
        let mut reader = Reader::new(shared.clone());
        reader.add(lanes);
        push(&mut writer, Dispatch, 1);
        push(&mut writer, Reply, 2);
        writer.publish();
        let writing = thread::spawn(move || {
            push(&mut writer, Dispatch, 3);
            push(&mut writer, Reply, 4);
            push_chunk(&mut writer, 5);
            writer.publish();
        });
        assert_eq!(take(&mut reader), Some(Got::Event(1, 1)));
        assert_eq!(take(&mut reader), Some(Got::Event(1, 2)));
        drop(reader);
        writing.join().unwrap();
        drop(shared);
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn the_writer_goes_while_the_reader_goes_on() {
    check(3, || {
        let shared = Arc::new(Shared::new());
        let census = shared.census();
        let (mut writer, lanes) = lanes(&shared, 1);
        let mut reader = Reader::new(shared.clone());
        reader.add(lanes);
        push(&mut writer, Dispatch, 1);
        writer.publish();
        let writing = thread::spawn(move || {
            push_chunk(&mut writer, 2);
            push(&mut writer, Reply, 3);
            writer.publish();
        });
        let mut got: Vec<Got> = (0..3).filter_map(|_| take(&mut reader)).collect();
        writing.join().unwrap();
        drain(&mut reader, &mut got);
        assert_eq!(got, [Got::Event(1, 1), Got::Event(1, 2), Got::Event(1, 3)]);
        drop((reader, shared));
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn lanes_go_after_disconnected_whether_or_not_the_writer_has() {
    check(3, || {
        let shared = Arc::new(Shared::new());
        let census = shared.census();
        let (mut writer, lanes) = lanes(&shared, 1);
        let mut reader = Reader::new(shared.clone());
        reader.add(lanes);
        let writing = thread::spawn(move || {
            push(&mut writer, Dispatch, 1);
            push(&mut writer, Disconnected, 2);
            writer.publish();
            // A line of the log that comes after the end: nobody will see it.
            push(&mut writer, Dispatch, 3);
            writer.publish();
        });
        let mut got: Vec<Got> = (0..3).filter_map(|_| take(&mut reader)).collect();
        writing.join().unwrap();
        drain(&mut reader, &mut got);
        assert_eq!(got, [Got::Event(1, 1), Got::Event(1, 2)]);
        assert_eq!(reader.connections(), 0);
        drop((reader, shared));
        assert_eq!(census.alive(), 0);
    });
}

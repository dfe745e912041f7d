//! The handle, and `gb_wake`.

use std::thread;
use std::time::{Duration, Instant};

use gamebridge::ffi::*;
use serde_json::json;

use crate::harness::{FakeDiscord, Game, PATIENCE, Shared};

/// Whether the handle is readable, at the latest after `patience`.
fn readable(handle: isize, patience: Duration) -> bool {
    let mut entry = libc::pollfd { fd: handle as i32, events: libc::POLLIN, revents: 0 };
    // SAFETY: one live entry.
    let count = unsafe { libc::poll(&mut entry, 1, patience.as_millis() as i32) };
    assert!(count >= 0, "{}", std::io::Error::last_os_error());
    count == 1
}

fn is_raised(handle: isize) -> bool {
    readable(handle, Duration::ZERO)
}

#[test]
fn the_handle_is_signalled_while_something_can_be_polled() {
    let (discord, game) = (FakeDiscord::new(), Game::new());
    let (_, mut peer) = discord.connect(&game, &json!({}));
    peer.settle();
    let handle = game.handle();
    assert_eq!(game.handle(), handle, "one handle for the client's life");
    while game.poll().is_some() {}
    assert!(!is_raised(handle));
    for number in 0..3 {
        peer.dispatch("ACTIVITY_JOIN", &json!({"number": number}));
    }
    peer.settle();
    for number in 0..3 {
        assert!(is_raised(handle), "{number} polled, others not");
        assert!(is_raised(handle), "looking at it does not clear it");
        assert_eq!(game.poll().map(|seen| seen.data()["number"].clone()), Some(json!(number)));
    }
}

#[test]
fn a_poll_that_finds_nothing_clears_the_handle() {
    let (discord, game) = (FakeDiscord::new(), Game::new());
    let (_, mut peer) = discord.connect(&game, &json!({}));
    let handle = game.handle();
    for _ in 0..3 {
        peer.dispatch("ACTIVITY_JOIN", &json!({}));
        peer.settle();
        assert!(is_raised(handle) && game.poll().is_some());
        assert!(game.poll().is_none());
        assert!(!is_raised(handle));
        assert!(game.poll().is_none());
    }
}

#[test]
fn what_is_there_before_the_handle_is_made_signals_it() {
    let (discord, game) = (FakeDiscord::new(), Game::new());
    let conn = game.connect("rpc", &discord.params(&json!({})));
    let mut peer = discord.welcome();
    peer.settle();
    let handle = game.handle();
    assert!(is_raised(handle));
    assert!(game.poll().is_some_and(|seen| seen.is(GB_EVENT_CONNECTED, conn)));
}

#[test]
fn one_event_for_each_signal_misses_none() {
    // A program that takes one event whenever the handle is readable sees them all: at no time does something wait behind
    // a handle that is not signalled.
    const COUNT: u64 = 20_000;
    let (discord, game) = (FakeDiscord::new(), Game::new());
    let (conn, mut peer) = discord.connect(&game, &json!({}));
    let handle = game.handle();
    thread::scope(|scope| {
        scope.spawn(move || {
            for number in 0..COUNT {
                peer.dispatch("ACTIVITY_JOIN", &json!({"number": number}));
                if number % 3 == 0 {
                    thread::yield_now();
                }
            }
            peer
        });
        let mut next = 0;
        while next < COUNT {
            assert!(readable(handle, PATIENCE), "{next} of {COUNT} came, then the handle stayed silent");
            if let Some(seen) = game.poll() {
                assert_eq!((seen.conn, seen.kind), (conn, GB_EVENT_DISPATCH));
                assert_eq!(seen.data()["number"], next);
                next += 1;
            }
        }
    });
}

#[test]
fn gb_wake_ends_the_wait_that_is_under_way() {
    let game = Game::new();
    let client = Shared(game.raw());
    thread::scope(|scope| {
        // SAFETY: the client lives until the thread is joined.
        let waiting = scope.spawn(move || unsafe { gb_wait(client.get(), -1).is_null() });
        game.wake();
        assert!(waiting.join().expect("the waiting thread"));
    });
}

#[test]
fn gb_wake_is_remembered_once() {
    let game = Game::new();
    let begin = Instant::now();
    game.wake();
    game.wake();
    assert!(game.poll().is_none(), "a poll does not take it");
    assert!(game.wait(PATIENCE).is_none());
    assert!(begin.elapsed() < PATIENCE, "the wake was forgotten");
    let begin = Instant::now();
    assert!(game.wait(Duration::from_millis(200)).is_none());
    assert!(begin.elapsed() >= Duration::from_millis(200), "the wake was remembered twice");
}

#[test]
fn gb_wake_signals_the_handle() {
    let game = Game::new();
    let handle = game.handle();
    assert!(game.poll().is_none() && !is_raised(handle));
    game.wake();
    assert!(is_raised(handle));
    assert!(game.poll().is_none() && !is_raised(handle));
}

#[test]
fn a_wait_returns_at_its_time_or_with_an_event() {
    let (discord, game) = (FakeDiscord::new(), Game::new());
    let begin = Instant::now();
    assert!(game.wait(Duration::from_millis(100)).is_none());
    assert!(begin.elapsed() >= Duration::from_millis(100));
    let conn = game.connect("rpc", &discord.params(&json!({})));
    let _peer = discord.welcome();
    assert!(game.wait(PATIENCE).is_some_and(|seen| seen.is(GB_EVENT_CONNECTED, conn)));
}

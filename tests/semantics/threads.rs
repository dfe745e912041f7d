//! Who may call what, from where.

use std::ptr;
use std::thread;

use gamebridge::ffi::*;
use serde_json::json;

use crate::harness::{FakeDiscord, Game, PATIENCE, Shared, c, last_error};

#[test]
fn any_call_comes_from_any_thread() {
    const EACH: u64 = 200;
    let (discord, game) = (FakeDiscord::new(), Game::new());
    let (conn, mut peer) = discord.connect(&game, &json!({}));
    game.stop_counting();
    let client = Shared(game.raw());
    thread::scope(|scope| {
        scope.spawn(move || {
            for _ in 0..4 * EACH {
                let asked = peer.asked();
                peer.reply(&asked, &json!({}));
            }
        });
        for thread in 0..4u64 {
            scope.spawn(move || {
                for number in 0..EACH {
                    let tag = thread * EACH + number + 1;
                    // SAFETY: the client lives until the threads are joined.
                    unsafe {
                        while gb_send(client.get(), conn, c"GET_GUILDS".as_ptr(), ptr::null(), tag) == GB_ERR_FULL {
                            thread::yield_now();
                        }
                        gb_wake(client.get());
                        assert_eq!(gb_cancel(client.get(), conn, u64::MAX), GB_OK);
                        assert!(gb_wakeup_handle(client.get()) >= 0);
                        let other = c(&json!({"client_id": "1", "path": "/nowhere", "retry": false}).to_string());
                        if number % 50 == 0 {
                            assert_eq!(
                                gb_connect(client.get(), c"rpc".as_ptr(), other.as_ptr(), ptr::null_mut()),
                                GB_OK
                            );
                        }
                    }
                }
            });
        }
        let mut seen = vec![0; (4 * EACH) as usize];
        for _ in 0..4 * EACH {
            let reply = game.until("a reply", |seen| seen.is(GB_EVENT_REPLY, conn));
            assert_eq!(reply.status, GB_OK);
            seen[reply.tag as usize - 1] += 1;
        }
        assert!(seen.iter().all(|count| *count == 1));
    });
}

#[test]
fn a_second_polling_thread_is_refused_and_harms_nothing() {
    let (discord, game) = (FakeDiscord::new(), Game::new());
    let (conn, mut peer) = discord.connect(&game, &json!({}));
    let client = Shared(game.raw());
    thread::scope(|scope| {
        // It waits until the event at the end comes.
        let waiting = scope.spawn(move || {
            // SAFETY: the client lives until the thread is joined; the event is read before the next wait.
            unsafe {
                loop {
                    let event = gb_wait(client.get(), PATIENCE.as_millis() as i32);
                    if let Some(event) = event.as_ref() {
                        return (event.r#type, gb_int(gb_get(event.data, c"/number".as_ptr()), 0));
                    }
                }
            }
        });
        // The refusal shows that the other one is inside; a NULL without it that it is not there yet.
        let refused = |call: &dyn Fn() -> *const gb_event| {
            for _ in 0..1_000_000 {
                // A failure of another kind, to see a new one.
                assert_eq!(game.send(conn, "", "{}", 0), GB_ERR_ARGUMENT);
                assert!(call().is_null());
                if last_error().contains("another thread is polling") {
                    return;
                }
                thread::yield_now();
            }
            panic!("never refused");
        };
        // SAFETY: a live client.
        refused(&|| unsafe { gb_poll(game.raw()) });
        // SAFETY: a live client.
        refused(&|| unsafe { gb_wait(game.raw(), 0) });
        peer.dispatch("ACTIVITY_JOIN", &json!({"number": 42}));
        assert_eq!(waiting.join().expect("the first thread"), (GB_EVENT_DISPATCH, 42));
    });
    // Now this thread may.
    peer.dispatch("ACTIVITY_JOIN", &json!({"number": 43}));
    assert_eq!(game.dispatch(conn, "ACTIVITY_JOIN").data()["number"], 43);
}

#[test]
#[cfg(target_os = "linux")]
fn the_librarys_thread_blocks_every_signal() {
    // A connection, so that the thread has begun and has its name.
    let (discord, game) = (FakeDiscord::new(), Game::new());
    let (_, _peer) = discord.connect(&game, &json!({}));
    let mut found = 0;
    for task in std::fs::read_dir("/proc/self/task").expect("proc") {
        let folder = task.expect("an entry").path();
        let Ok(name) = std::fs::read_to_string(folder.join("comm")) else { continue };
        if name.trim() != "gamebridge" {
            continue;
        }
        let Ok(status) = std::fs::read_to_string(folder.join("status")) else { continue };
        let Some(blocked) = status.lines().find_map(|line| line.strip_prefix("SigBlk:")) else { continue };
        let blocked = u64::from_str_radix(blocked.trim(), 16).expect("hexadecimal");
        let bit = |signal: i32| 1u64 << (signal - 1);
        for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGPIPE, libc::SIGUSR1, libc::SIGALRM, libc::SIGCHLD] {
            assert!(blocked & bit(signal) != 0, "signal {signal} can be delivered to the library's thread");
        }
        found += 1;
    }
    assert!(found > 0, "the library's thread is there, by its name");
}

#[test]
fn no_call_waits_for_another_thread() {
    // While one thread waits for events, the calls of the others return, and so does their work.
    let (discord, game) = (FakeDiscord::new(), Game::new());
    let (conn, mut peer) = discord.connect(&game, &json!({}));
    let client = Shared(game.raw());
    thread::scope(|scope| {
        let waiting = scope.spawn(move || {
            loop {
                // SAFETY: the client lives until the thread is joined.
                if let Some(event) = unsafe { gb_wait(client.get(), -1).as_ref() } {
                    return event.tag;
                }
            }
        });
        assert_eq!(game.send(conn, "GET_GUILDS", "{}", 3), GB_OK);
        let asked = peer.asked();
        peer.reply(&asked, &json!({}));
        assert_eq!(waiting.join().expect("the waiting thread"), 3);
    });
    game.stop_counting();
}

//! The Nth read, write, accept, bind or connect of a whole game fails, for every N.
//!
//! A server, two players over both transports, all that they do to each other, and the end: played once for each operation
//! that can fail, through the C functions. Nothing crashes, nothing waits longer than [`PATIENCE`], every tag has its reply
//! and every connection its DISCONNECTED (the harness counts), and no thread, descriptor or file is left.
#![cfg(all(feature = "capi", unix))]

#[allow(dead_code, unused_imports, reason = "the torture needs half of what the other tests do")]
#[path = "semantics/harness/mod.rs"]
mod harness;

use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};

use gamebridge::ffi::*;
use gamebridge::transport::fault;
use serde_json::json;

use crate::harness::{DEFAULTS, Folder, Game, Seen};

/// The longest that anything may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Long enough for the end to be a real one.
const SHUTDOWN_MS: u32 = 5000;

fn in_time(game: &Game, what: &str, is_it: &dyn Fn(&Seen) -> bool) -> Seen {
    let found = game.within(PATIENCE, is_it);
    found.unwrap_or_else(|| panic!("{what} did not come within {PATIENCE:?}; left over: {:#?}", game.drain()))
}

fn reply(game: &Game, conn: gb_conn, tag: u64) -> Seen {
    in_time(game, &format!("the reply of {tag} on {conn}"), &|seen| seen.is(GB_EVENT_REPLY, conn) && seen.tag == tag)
}

/// The whole game; whether it went as if nothing had happened. Where something failed it goes on as a game would: the
/// library connects anew by itself.
fn play(game: &Game, folder: &Folder) -> bool {
    let server = game.serve(&json!({"port": 0, "folder": folder.text()}));
    let begun = in_time(game, "the server's beginning", &|seen| {
        seen.conn == server && matches!(seen.kind, GB_EVENT_CONNECTED | GB_EVENT_DISCONNECTED)
    });
    if begun.kind == GB_EVENT_DISCONNECTED {
        assert_eq!(begun.status, GB_ERR_IO);
        return false;
    }
    let place = begun.data();
    let players = [
        game.connect("rpc", &json!({"client_id": "1234", "port": place["port"]})),
        game.connect("rpc", &json!({"client_id": "1234", "path": place["ipc"]})),
    ];
    let mut in_peace = true;
    let mut ask = |conn, command: &str, args: &serde_json::Value, tag| {
        assert_eq!(game.send(conn, command, &args.to_string(), tag), GB_OK, "{command}");
        let reply = reply(game, conn, tag);
        in_peace &= reply.status == GB_OK;
        reply
    };
    let subscribed = players.map(|conn| {
        let authorized = ask(conn, "AUTHORIZE", &json!({"client_id": "1234", "scopes": ["rpc"]}), 1);
        if authorized.status == GB_OK {
            let exchange = json!({"client_id": "1234", "code": authorized.data()["code"]});
            let token = ask(server, "TOKEN_EXCHANGE", &exchange, 2).data()["access_token"].clone();
            ask(conn, "AUTHENTICATE", &json!({"access_token": token}), 3);
        }
        ask(conn, "SET_ACTIVITY", &json!({"activity": {"state": "In menu"}}), 4);
        ask(conn, "SUBSCRIBE", &json!({"evt": "ACTIVITY_JOIN"}), 5).status == GB_OK
    });
    assert_eq!(game.send(server, "ACTIVITY_JOIN", r#"{"secret":"s"}"#, 6), GB_OK);
    reply(game, server, 6);
    for (conn, subscribed) in players.into_iter().zip(subscribed) {
        if subscribed {
            // Or its connection broke before: an event that was sent meanwhile is nobody's.
            let came = in_time(game, &format!("the event on {conn}"), &|seen| {
                seen.is(GB_EVENT_DISPATCH, conn) || seen.is(GB_EVENT_RECONNECTING, conn)
            });
            in_peace &= came.kind == GB_EVENT_DISPATCH;
        }
    }
    for conn in players.into_iter().chain([server]) {
        assert_eq!(game.disconnect(conn), GB_OK);
    }
    for conn in players.into_iter().chain([server]) {
        in_time(game, &format!("the end of {conn}"), &|seen| seen.is(GB_EVENT_DISCONNECTED, conn));
    }
    let left = game.drain();
    in_peace && !left.iter().any(|seen| matches!(seen.kind, GB_EVENT_RECONNECTING | GB_EVENT_LOG))
}

/// Threads and descriptors of this process, by what they are.
fn belongings() -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    let mut count = |name: String| *counts.entry(name).or_insert(0) += 1;
    for task in fs::read_dir("/proc/self/task").into_iter().flatten().flatten() {
        let name = fs::read_to_string(task.path().join("comm")).unwrap_or_default();
        count(format!("thread {}", name.trim()));
    }
    for descriptor in fs::read_dir("/proc/self/fd").into_iter().flatten().flatten() {
        let Ok(what) = fs::read_link(descriptor.path()) else { continue };
        // Without the number that differs from one to the next.
        count(what.display().to_string().split([':', '[']).next().unwrap_or_default().to_owned());
    }
    counts
}

#[test]
fn the_nth_operation_fails_for_every_n() {
    // Once in peace, so that what is made once for the process is there.
    fault::fail_after_everywhere(None);
    let folder = Folder::new();
    assert!(play(&Game::with(gb_options { shutdown_ms: SHUTDOWN_MS, ..DEFAULTS }), &folder));
    let before = belongings();
    let begin = Instant::now();
    let mut slowest = (Duration::ZERO, 0);
    let (mut n, mut disturbed) = (0, 0);
    loop {
        let folder = Folder::new();
        let began = Instant::now();
        fault::fail_after_everywhere(Some(n));
        let game = Game::with(gb_options { shutdown_ms: SHUTDOWN_MS, ..DEFAULTS });
        let felt = !play(&game, &folder);
        let ending = Instant::now();
        drop(game);
        assert!(ending.elapsed() < PATIENCE, "operation {n}: the end took {:?}", ending.elapsed());
        let passed = fault::passed_everywhere();
        fault::fail_after_everywhere(None);
        slowest = slowest.max((began.elapsed(), n));
        assert_eq!(belongings(), before, "operation {n}: something is left");
        assert_eq!(fs::read_dir(folder.text()).map(Iterator::count).unwrap_or(0), 0, "operation {n}: a file is left");
        if passed <= n {
            break;
        }
        n += 1;
        disturbed += u64::from(felt);
    }
    println!(
        "{n} operations failed, {disturbed} of them were felt, in {:?}; the slowest was number {} in {:?}",
        begin.elapsed(),
        slowest.1,
        slowest.0
    );
    assert!(n > 50 && disturbed > n / 3, "{n} operations, {disturbed} of them felt: the faults do not reach the game");
}

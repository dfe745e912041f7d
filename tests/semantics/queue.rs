//! What is dropped when nobody polls, what is not, and what is said of it.

use std::io::Write;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use gamebridge::ffi::*;
use gamebridge_proto::value::Document;
use gamebridge_proto::wire::catalog;
use gamebridge_proto::wire::gateway::LOCAL_COMMANDS;
use serde_json::json;

use crate::harness::{DEFAULTS, FakeDiscord, FakeGateway, Folder, Game, Peer, frame, last_error};

/// The smallest queue there is.
fn narrow() -> Game {
    Game::with(gb_options { queue_bytes: 512 * 1024, ..DEFAULTS })
}

/// Follows numbered events: each is the next one, or a DROPPED says how many are missing. Gives how many were dropped.
struct Follow {
    next: u64,
    dropped: u64,
    gaps: u64,
}

impl Follow {
    fn take(&mut self, seen: &crate::harness::Seen) {
        match seen.kind {
            GB_EVENT_DROPPED => {
                assert!(seen.tag > 0);
                self.next += seen.tag;
                self.dropped += seen.tag;
                self.gaps += 1;
            }
            _ => {
                assert_eq!(seen.data()["number"], self.next, "after {} gaps", self.gaps);
                self.next += 1;
            }
        }
    }
}

#[test]
fn dispatches_drop_the_oldest_and_say_how_many() {
    const COUNT: u64 = 3000;
    let (discord, game) = (FakeDiscord::new(), narrow());
    let (conn, mut peer) = discord.connect(&game, &json!({}));
    let filler = "x".repeat(1000);
    for number in 0..COUNT {
        peer.dispatch("ACTIVITY_JOIN", &json!({"number": number, "filler": filler}));
    }
    peer.settle();
    let mut follow = Follow { next: 0, dropped: 0, gaps: 0 };
    for seen in game.drain() {
        assert_eq!(seen.conn, conn);
        follow.take(&seen);
    }
    assert_eq!(follow.next, COUNT, "every event was seen or counted");
    assert!(follow.dropped > 0 && follow.gaps == 1, "{} dropped in {} gaps", follow.dropped, follow.gaps);
}

#[test]
fn the_oldest_go_and_the_newest_stay() {
    let (discord, game) = (FakeDiscord::new(), narrow());
    let (_, mut peer) = discord.connect(&game, &json!({}));
    let filler = "x".repeat(30_000);
    for number in 0..200 {
        peer.dispatch("ACTIVITY_JOIN", &json!({"number": number, "filler": filler}));
    }
    peer.settle();
    let all = game.drain();
    assert_eq!(all.first().map(|seen| seen.kind), Some(GB_EVENT_DROPPED), "the gap is at the beginning");
    assert_eq!(all.last().map(|seen| seen.data()["number"].clone()), Some(json!(199)));
}

#[test]
fn replies_and_lifecycle_are_never_dropped() {
    let (discord, game) = (FakeDiscord::new(), narrow());
    let (conn, mut peer) = discord.connect(&game, &json!({}));
    let filler = "x".repeat(30_000);
    for tag in 1..=100 {
        assert_eq!(game.send(conn, "GET_GUILDS", "{}", tag), GB_OK);
        let asked = peer.asked();
        peer.reply(&asked, &json!({"tag": tag}));
        peer.dispatch("ACTIVITY_JOIN", &json!({"number": tag, "filler": filler}));
    }
    peer.settle();
    drop(peer);
    let mut peer = discord.welcome();
    peer.settle();
    let all = game.drain();
    let of = |kind| all.iter().filter(move |seen| seen.kind == kind);
    let tags: Vec<u64> = of(GB_EVENT_REPLY).map(|seen| seen.tag).collect();
    assert_eq!(tags, (1..=100).collect::<Vec<_>>());
    assert!(of(GB_EVENT_DROPPED).count() > 0, "the flood was dropped meanwhile");
    assert_eq!((of(GB_EVENT_RECONNECTING).count(), of(GB_EVENT_CONNECTED).count()), (1, 1));
}

#[test]
fn answers_that_nobody_polls_stay_with_the_peer() {
    const ANSWERS: u64 = 200;
    let (discord, quiet, game) = (FakeDiscord::new(), FakeDiscord::new(), narrow());
    let (_, mut steady) = quiet.connect(&game, &json!({}));
    let (conn, mut peer) = discord.connect(&game, &json!({}));
    let data = json!({"filler": "x".repeat(256 * 1024)});
    let mut answers = Vec::new();
    for tag in 1..=ANSWERS {
        assert_eq!(game.send(conn, "GET_GUILDS", "{}", tag), GB_OK);
        let asked = peer.asked();
        let answer = json!({"cmd": asked.cmd, "evt": null, "nonce": asked.nonce, "data": data}).to_string();
        answers.extend(frame(1, answer.as_bytes()));
    }
    peer.stream.set_nonblocking(true).expect("set");
    let (mut written, mut patience) = (0, 20);
    while written < answers.len() && patience > 0 {
        match peer.stream.write(&answers[written..]) {
            Ok(n) => (written, patience) = (written + n, 20),
            Err(error) => {
                assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
                // The library's thread goes on: a connection that it reads has its turn before this is answered.
                steady.settle();
                patience -= 1;
            }
        }
    }
    assert!(written < 4 << 20, "{written} bytes were read, and nobody polled");
    // Nothing was lost, and when it is polled the rest comes.
    peer.stream.set_nonblocking(false).expect("set");
    let writing = thread::spawn(move || peer.stream.write_all(&answers[written..]).map(|()| peer));
    for tag in 1..=ANSWERS {
        assert_eq!(game.reply(conn, tag).status, GB_OK);
    }
    writing.join().expect("no panic").expect("all was read");
}

#[test]
fn requests_are_never_dropped() {
    let (folder, game) = (Folder::new(), narrow());
    let params = json!({"transport": "ipc", "folder": folder.text(), "consent": "ask", "commands_per_second": 0});
    let server = game.serve(&params);
    game.connected(server);
    let mut peer = Peer::greeted(&folder.socket());
    let authorize = json!({"cmd": "AUTHORIZE", "nonce": "a", "args": {"client_id": "1234", "scopes": ["rpc"]}});
    peer.write(1, authorize.to_string());
    // An event for the host each time.
    let filler = "x".repeat(128);
    for number in 0..4000 {
        let activity = json!({"state": format!("{number:04}"), "details": filler, "assets": {"large_text": filler}});
        let args = json!({"pid": 1, "activity": activity});
        peer.write(1, json!({"cmd": "SET_ACTIVITY", "nonce": "s", "args": args}).to_string());
        peer.read().expect("a reply");
    }
    peer.settle();
    let all = game.drain();
    assert!(all.iter().any(|seen| seen.kind == GB_EVENT_DROPPED), "the flood was dropped meanwhile");
    let requests: Vec<_> = all.iter().filter(|seen| seen.kind == GB_EVENT_REQUEST).collect();
    assert_eq!(requests.len(), 1);
    assert_eq!(game.answer(server, requests[0].tag, GB_OK), GB_OK);
    let (_, reply) = peer.read().expect("the reply");
    assert!(String::from_utf8_lossy(&reply).contains("\"code\""));
}

#[test]
fn gb_send_says_full_instead() {
    let (discord, game) = (FakeDiscord::new(), Game::new());
    let conn = game.connect("rpc", &discord.params(&json!({})));
    let mut taken = 0;
    let refused = loop {
        match game.send(conn, "GET_GUILDS", "{}", 1) {
            GB_OK => taken += 1,
            status => break status,
        }
        assert!(taken < 100_000, "never full");
    };
    assert_eq!(refused, GB_ERR_FULL);
    assert!(last_error().contains("poll"), "{}", last_error());
    // Those that were taken are answered, and then there is room.
    assert_eq!(game.cancel(conn, 1), GB_OK);
    for _ in 0..taken {
        assert_eq!(game.reply(conn, 1).status, GB_ERR_CANCELLED);
    }
    assert_eq!(game.send(conn, "GET_GUILDS", "{}", 2), GB_OK);
}

#[test]
fn replies_that_nobody_polls_are_bounded_by_bytes() {
    let (discord, game) = (FakeDiscord::new(), narrow());
    let (conn, mut peer) = discord.connect(&game, &json!({}));
    let filler = "x".repeat(100_000);
    let mut taken = 0;
    let refused = loop {
        match game.send(conn, "GET_GUILDS", "{}", 1) {
            GB_OK => taken += 1,
            status => break status,
        }
        let asked = peer.asked();
        peer.reply(&asked, &json!({"filler": filler}));
        peer.settle();
        assert!(taken < 100, "never full");
    };
    assert_eq!((refused, taken), (GB_ERR_FULL, 6), "{}", last_error());
    for _ in 0..taken {
        assert_eq!(game.reply(conn, 1).status, GB_OK);
    }
    assert_eq!(game.send(conn, "GET_GUILDS", "{}", 2), GB_OK);
}

#[test]
fn a_flood_on_one_connection_costs_another_nothing() {
    let (noisy, quiet, game) = (FakeDiscord::new(), FakeDiscord::new(), narrow());
    let (_, mut flood) = noisy.connect(&game, &json!({}));
    let (conn, mut peer) = quiet.connect(&game, &json!({}));
    for number in 0..5 {
        peer.dispatch("ACTIVITY_JOIN", &json!({"number": number}));
    }
    peer.settle();
    let filler = "x".repeat(30_000);
    for number in 0..200 {
        flood.dispatch("ACTIVITY_JOIN", &json!({"number": number, "filler": filler}));
    }
    flood.settle();
    let kept: Vec<_> =
        game.drain().into_iter().filter(|seen| seen.conn == conn).map(|seen| seen.data()["number"].clone()).collect();
    assert_eq!(kept, [0, 1, 2, 3, 4]);
}

/// Plays a Gateway's flood to a game that polls nothing until the Gateway's writes have stopped for a while, or it is done.
fn flooded_gateway(overflow: &str, count: u64) -> Follow {
    let (gateway, game) = (FakeGateway::new(), narrow());
    let conn = game.connect("gateway", &gateway.params(&json!({"overflow": overflow})));
    let mut peer = gateway.welcome();
    game.connected(conn);
    let filler = "x".repeat(10_000);
    let events = (0..count).map(move |number| {
        let data = format!(r#"{{"number":{number},"filler":"{filler}"}}"#);
        format!(r#"{{"t":"FLOOD","s":{},"op":0,"d":{data}}}"#, number + 2)
    });
    let (stopped, stop) = mpsc::channel();
    thread::scope(|scope| {
        let flood = scope.spawn(move || {
            let stops = peer.flood(events, Duration::from_millis(300), || {
                let _ = stopped.send(());
            });
            let _ = stopped.send(());
            // Behind all the others, so the connection was not lost meanwhile.
            peer.dispatch(count + 2, "LAST", "{}");
            (peer, stops)
        });
        stop.recv().expect("the flood stops or ends");
        let mut follow = Follow { next: 0, dropped: 0, gaps: 0 };
        let mut seq = 1;
        loop {
            let seen = game.until("the flood", |seen| seen.conn == conn);
            assert!(matches!(seen.kind, GB_EVENT_DISPATCH | GB_EVENT_DROPPED), "{seen:?}");
            if seen.name == "LAST" {
                break;
            }
            follow.take(&seen);
            if seen.kind == GB_EVENT_DISPATCH {
                assert!(seen.seq > seq);
                seq = seen.seq;
            }
        }
        let (_, stops) = flood.join().expect("the flood");
        assert_eq!(follow.next, count);
        assert_eq!(stops > 0, overflow == "pause", "{stops} stops");
        follow
    })
}

#[test]
fn a_gateway_stops_reading_and_loses_nothing() {
    let follow = flooded_gateway("pause", 4000);
    assert_eq!(follow.dropped, 0);
}

#[test]
fn a_gateway_that_was_told_to_drop_drops_and_says_so() {
    let follow = flooded_gateway("drop", 4000);
    assert!(follow.dropped > 0);
}

#[test]
fn a_gateway_tells_how_far_its_program_is_behind() {
    let (gateway, game) = (FakeGateway::new(), Game::new());
    let conn = game.connect("gateway", &gateway.params(&json!({})));
    let mut peer = gateway.welcome();
    game.connected(conn);
    for seq in 2..5 {
        peer.dispatch(seq, "THING", "{}");
    }
    peer.has(4);
    assert_eq!(game.send(conn, "GET_QUEUE", "{}", 1), GB_OK);
    // Behind it, so that it is answered before anything is polled.
    let presence = r#"{"since":null,"activities":[],"status":"online","afk":false}"#;
    assert_eq!(game.send(conn, "PRESENCE_UPDATE", presence, 0), GB_OK);
    assert_eq!(peer.asked().0, 3);
    let queue = game.reply(conn, 1).data();
    assert_eq!((&queue["events"], &queue["dropped"], &queue["overflow"]), (&json!(3), &json!(0), &json!("pause")));
    assert!(queue["lag_ms"].as_f64().expect("a number") > 0.0, "{queue}");
    assert_eq!(game.send(conn, "GET_QUEUE", "{}", 2), GB_OK);
    let queue = game.reply(conn, 2).data();
    assert_eq!((&queue["events"], &queue["lag_ms"]), (&json!(0), &json!(0)), "the reply came behind them");
}

#[test]
fn a_gateway_tells_of_which_shard_events_wait() {
    let (gateway, game) = (FakeGateway::new(), Game::new());
    let session = |shard: u32| json!({"shard": [shard, 2], "session_id": format!("of-{shard}"), "seq": 1});
    // Sessions that go on need no turn to begin.
    let saved = json!({"version": 10, "sessions": [session(0), session(1)]});
    let conn = game.connect("gateway", &gateway.params(&json!({"shards": 2, "session": saved})));
    let mut peers = [gateway.taken_up(), gateway.taken_up()];
    peers.sort_by_key(|peer| peer.identify["session_id"].to_string());
    for peer in &mut peers {
        peer.dispatch(2, "RESUMED", "{}");
        game.connected(conn);
    }
    for (peer, events) in peers.iter_mut().zip([1, 300]) {
        for seq in 0..events {
            peer.dispatch(3 + seq, "THING", "{}");
        }
    }
    peers[0].has(3);
    peers[1].has(302);
    assert_eq!(game.send(conn, "GET_SHARDS", "{}", 1), GB_OK);
    // Behind it, so that it is answered before anything is polled.
    let presence = r#"{"since":null,"activities":[],"status":"online","afk":false}"#;
    assert_eq!(game.send(conn, "PRESENCE_UPDATE", presence, 0), GB_OK);
    assert_eq!(peers[0].asked().0, 3);
    let waiting = |tag: u64| {
        let data = game.reply(conn, tag).data();
        let mut doc = Document::new();
        doc.parse(data.to_string().as_bytes()).expect("JSON");
        let row = LOCAL_COMMANDS.iter().find(|row| row.name == "GET_SHARDS").expect("a row");
        catalog::check_value(row.name, &row.reply, doc.root()).expect("as its row says");
        let of =
            |shard: usize| (data["shards"][shard]["events_waiting"].clone(), data["shards"][shard]["lag_ms"].as_f64());
        [of(0), of(1)]
    };
    let [(first, lag), (second, _)] = waiting(1);
    assert_eq!((first, second), (json!(1), json!(300)));
    assert!(lag.expect("a number") > 0.0);
    assert_eq!(game.send(conn, "GET_SHARDS", "{}", 2), GB_OK);
    assert_eq!(waiting(2), [(json!(0), Some(0.0)), (json!(0), Some(0.0))], "the reply came behind them");
}

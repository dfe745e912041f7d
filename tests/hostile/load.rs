//! Floods, peers that do not read, and what all of it costs in memory.

use std::fs;
use std::io::{ErrorKind, Write};

use gamebridge::ffi::*;
use serde_json::json;

use crate::harness::{Peer, in_a_process_of_its_own, is_child};
use crate::street::{BINARY, House, PING, TEXT, WebSocket, house, masked};

/// Runs a test in a process of its own, since the memory of the whole process is looked at; true in that process.
fn alone(test: &str) -> bool {
    if is_child() {
        return true;
    }
    let output = in_a_process_of_its_own(&format!("load::{test}"), &[]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&[output.stdout, output.stderr].concat()));
    false
}

/// A line of the kernel's account of this process, in bytes; 0 where there is none.
fn memory(line: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let found = status.lines().find_map(|text| text.strip_prefix(line)?.split_whitespace().next()?.parse::<u64>().ok());
    found.unwrap_or(0) * 1024
}

/// The most memory that was ever used.
fn peak() -> u64 {
    memory("VmHWM:")
}

const MIB: u64 = 1 << 20;

#[test]
fn heads_that_announce_four_gigabytes_cost_no_memory() {
    if !alone("heads_that_announce_four_gigabytes_cost_no_memory") {
        return;
    }
    let house = house(&json!({}));
    house.serves();
    let before = peak();
    for _ in 0..50 {
        let mut ipc = house.peer();
        ipc.stream.write_all(b"\x01\0\0\0\xff\xff\xff\xff").expect("eight bytes");
        while ipc.read().is_some() {}
        for head in
            [&b"\x81\xff\0\0\0\x01\0\0\0\0\x01\x02\x03\x04"[..], b"\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff\0\0\0\0"]
        {
            let mut websocket = house.websocket("json").ready();
            websocket.stream.write_all(head).expect("fourteen bytes");
            assert_eq!(websocket.close_code(), Some(1009));
        }
        // Six bytes of ETF: a list, a map, a string, each of 4 Gi.
        for term in [
            &b"\x83l\xff\xff\xff\xff"[..],
            b"\x83t\xff\xff\xff\xff",
            b"\x83m\xff\xff\xff\xff",
            b"\x83i\xff\xff\xff\xff",
        ] {
            let mut websocket = house.websocket("etf").ready();
            websocket.write(BINARY, term);
            assert_eq!(websocket.read().map(|(opcode, _)| opcode), Some(BINARY), "an ERROR");
        }
    }
    // What is allowed and never comes: as much as came is kept, and nothing for what was announced.
    let mut waiting: Vec<WebSocket> = (0..24).map(|_| house.websocket("json").ready()).collect();
    for websocket in &mut waiting {
        websocket.stream.write_all(b"\x81\xff\0\0\0\0\0\x01\0\0\0\0\0\0{").expect("written");
    }
    house.serves();
    assert!(peak() < before + 8 * MIB, "{before} to {}", peak());
}

/// Writes until the other side takes no more; true when the connection is over.
fn write_until_full(stream: &mut impl Write, bytes: &[u8], rounds: usize) -> bool {
    for _ in 0..rounds {
        let mut rest = bytes;
        while !rest.is_empty() {
            match stream.write(rest) {
                Ok(n) => rest = &rest[n..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => return false,
                Err(_) => return true,
            }
        }
    }
    false
}

#[test]
fn peers_that_write_and_do_not_read_cost_no_more_than_their_bound() {
    if !alone("peers_that_write_and_do_not_read_cost_no_more_than_their_bound") {
        return;
    }
    let house = house(&json!({"commands_per_second": 0}));
    house.serves();
    let before = peak();
    let large = json!({"cmd": "GET_GUILDS", "nonce": "n".repeat(60_000), "args": {}}).to_string();
    let (mut deaf, mut beside) = (Vec::new(), house.peer());
    for _ in 0..10 {
        let peer = house.peer();
        peer.stream.set_nonblocking(true).expect("set");
        deaf.push(peer);
    }
    let mut websockets: Vec<WebSocket> = (0..10).map(|_| house.websocket("json").ready()).collect();
    for websocket in &mut websockets {
        websocket.stream.set_nonblocking(true).expect("set");
    }
    let over_ipc = [crate::harness::frame(1, large.as_bytes()), crate::harness::frame(3, &vec![b'p'; 60_000])].concat();
    let over_websocket = [masked(TEXT, large.as_bytes()), masked(PING, &[b'p'; 125])].concat();
    // Each answer is as long as its question: 400 MiB, were they all read and answered.
    for _ in 0..20 {
        for peer in &mut deaf {
            write_until_full(&mut peer.stream, &over_ipc, 10);
        }
        for websocket in &mut websockets {
            write_until_full(&mut websocket.stream, &over_websocket, 10);
        }
        beside.settle();
    }
    assert!(peak() < before + 32 * MIB, "{before} to {}", peak());
    house.serves();
}

/// A subscriber of ACTIVITY_JOIN over each transport that takes nothing from then on.
fn deaf_subscribers(house: &House) -> (Peer, WebSocket) {
    let subscribe = r#"{"cmd":"SUBSCRIBE","nonce":"1","evt":"ACTIVITY_JOIN","args":{}}"#;
    let mut peer = house.peer();
    peer.write(1, subscribe);
    peer.read().expect("subscribed");
    let mut websocket = house.websocket("json").ready();
    let mut ask = |command: serde_json::Value| {
        websocket.write(TEXT, command.to_string().as_bytes());
        let (_, answer) = websocket.read().expect("an answer");
        let answer: serde_json::Value = serde_json::from_slice(&answer).expect("JSON");
        assert_eq!(answer["evt"], json!(null), "{answer}");
        answer["data"].clone()
    };
    let code = ask(json!({"cmd": "AUTHORIZE", "nonce": "1", "args": {"client_id": "1234", "scopes": ["rpc"]}}))["code"]
        .clone();
    let exchange = json!({"code": code, "client_id": "1234"}).to_string();
    assert_eq!(house.game.send(house.server, "TOKEN_EXCHANGE", &exchange, 77), GB_OK);
    let token = house.game.reply(house.server, 77).data()["access_token"].clone();
    ask(json!({"cmd": "AUTHENTICATE", "nonce": "1", "args": {"access_token": token}}));
    ask(json!({"cmd": "SUBSCRIBE", "nonce": "1", "evt": "ACTIVITY_JOIN", "args": {}}));
    (peer, websocket)
}

#[test]
fn subscribers_that_do_not_read_are_dropped_and_memory_is_flat() {
    if !alone("subscribers_that_do_not_read_are_dropped_and_memory_is_flat") {
        return;
    }
    let house = house(&json!({}));
    house.serves();
    let before = peak();
    for _ in 0..4 {
        let (peer, websocket) = deaf_subscribers(&house);
        house.game.drain();
        let join = json!({"secret": "x".repeat(128)}).to_string();
        let (mut left, mut sent) = (0, 0);
        while left < 2 {
            // The sockets' own buffers come on top of our bound.
            assert!(sent < 500_000, "{left} of 2 were dropped");
            for _ in 0..1000 {
                assert_eq!(house.game.send(house.server, "ACTIVITY_JOIN", &join, 0), GB_OK);
            }
            assert_eq!(house.game.send(house.server, "STATE", "{}", 5), GB_OK);
            house.game.reply(house.server, 5);
            left += house.game.drain().iter().filter(|seen| seen.name == "PEER_DISCONNECTED").count();
            sent += 1000;
        }
        drop((peer, websocket));
    }
    // What may wait for the two, while the buffers that hold it grow; and no more in the last round than in the first.
    assert!(peak() < before + 2 * 3 * 16 * MIB, "{before} to {}", peak());
    house.serves();
}

/// A peer over the local socket that holds a token of these scopes.
fn authenticated(house: &House, scopes: &str) -> Peer {
    let token = json!({"client_id": "1234", "scopes": scopes.split(' ').collect::<Vec<_>>()});
    let token = house.asks("TOKEN_CREATE", &token)["access_token"].clone();
    let mut peer = house.peer();
    peer.write(1, json!({"cmd": "AUTHENTICATE", "nonce": "1", "args": {"access_token": token}}).to_string());
    peer.read().expect("authenticated");
    peer
}

/// A channel of a guild that the local user is in.
fn channel(house: &House) -> serde_json::Value {
    let guild = house.asks("GUILD_CREATE", &json!({"name": "Town"}))["id"].clone();
    house.asks("CHANNEL_CREATE", &json!({"type": "GUILD_TEXT", "guild_id": guild, "name": "square"}))["id"].clone()
}

#[test]
fn who_asks_for_much_at_once_gets_it_all() {
    let house = house(&json!({}));
    let channel = channel(&house);
    let user = house.asks("STATE", &json!({"parts": ["user"]}))["user"]["id"].clone();
    for _ in 0..50 {
        house.asks("MESSAGE_POST", &json!({"channel_id": channel, "user_id": user, "content": "x".repeat(2000)}));
    }
    let mut peer = authenticated(&house, "rpc messages.read");
    // Each answer is some hundred kilobytes, and they are all asked for before the first is read.
    let ask = json!({"cmd": "GET_CHANNEL", "nonce": "1", "args": {"channel_id": channel}}).to_string();
    for _ in 0..60 {
        peer.write(1, &ask);
    }
    for at in 0..60 {
        let (_, answer) = peer.read().unwrap_or_else(|| panic!("answer {at} of 60"));
        let answer: serde_json::Value = serde_json::from_slice(&answer).expect("JSON");
        assert_eq!(answer["data"]["messages"].as_array().map(Vec::len), Some(50), "answer {at}");
    }
    house.serves();
}

#[test]
fn a_burst_of_the_hosts_reaches_those_that_read() {
    let house = house(&json!({}));
    let channel = channel(&house);
    let user = house.asks("STATE", &json!({"parts": ["user"]}))["user"]["id"].clone();
    let mut peer = authenticated(&house, "rpc messages.read");
    let place = json!({"channel_id": channel});
    peer.write(1, json!({"cmd": "SUBSCRIBE", "evt": "MESSAGE_CREATE", "nonce": "1", "args": place}).to_string());
    peer.read().expect("subscribed");
    let post = json!({"channel_id": channel, "user_id": user, "content": "x".repeat(2000)});
    // Once by itself, once as steps of a scenario that are all due at the same time: 4 MB each.
    let steps: Vec<_> = (0..1000).map(|_| json!({"at": 0, "do": "MESSAGE_POST", "args": post})).collect();
    let reading = std::thread::spawn(move || (0..2000).take_while(|_| peer.read().is_some()).count());
    for _ in 0..1000 {
        assert_eq!(house.game.send(house.server, "MESSAGE_POST", &post.to_string(), 0), GB_OK);
    }
    house.asks("SCENARIO_LOAD", &json!({"scenario": {"scenario": 1, "steps": steps}}));
    assert_eq!(reading.join().expect("the reader"), 2000);
    house.serves();
}

#[test]
fn floods_of_all_kinds_end_with_4002_and_cost_nobody_else_anything() {
    let house = house(&json!({"commands_per_second": 100}));
    let command = br#"{"cmd":"GET_GUILDS","nonce":"1","args":{}}"#;
    let subscribe = br#"{"cmd":"SUBSCRIBE","nonce":"1","evt":"ACTIVITY_JOIN","args":{}}"#;
    let mut beside = (house.peer(), house.websocket("json").ready());
    for (what, opcode, payload) in [
        ("commands", TEXT, &command[..]),
        ("what is no command", TEXT, b"x"),
        ("nothing at all", TEXT, b""),
        ("subscriptions", TEXT, subscribe),
        ("pings", PING, b"beat"),
        ("pongs", 10, b""),
    ] {
        let mut flood = house.websocket("json").ready();
        let _ = flood.stream.write_all(&masked(opcode, payload).repeat(400));
        assert_eq!(flood.close_code(), Some(4002), "{what}");
        beside.1.settle();
    }
    for (what, opcode, payload) in
        [("commands", 1, &command[..]), ("what is no command", 1, b"x"), ("pings", 3, b"{}"), ("pongs", 4, b"{}")]
    {
        let mut flood = house.peer();
        let _ = flood.stream.write_all(&crate::harness::frame(opcode, payload).repeat(400));
        let said: Vec<_> = std::iter::from_fn(|| flood.read()).collect();
        let (opcode, last) = said.last().expect("a CLOSE");
        assert!(
            *opcode == 2 && String::from_utf8_lossy(last).contains("4002"),
            "{what}: {}",
            String::from_utf8_lossy(last)
        );
        beside.0.settle();
    }
    house.serves();
}

#[test]
fn thirty_one_floods_at_once_leave_the_last_peer_its_answers() {
    let house = house(&json!({}));
    let mut beside = house.peer();
    let command = r#"{"cmd":"SET_ACTIVITY","nonce":"1","args":{"pid":1,"activity":{"state":"x"}}}"#;
    std::thread::scope(|scope| {
        for number in 0..31 {
            let (house, over_ipc) = (&house, number % 2 == 0);
            let mut peer = over_ipc.then(|| Peer::greeted(&house.folder.socket()));
            let mut websocket = (!over_ipc).then(|| house.websocket("json").ready());
            scope.spawn(move || {
                let framed = crate::harness::frame(1, command.as_bytes());
                let message = masked(TEXT, command.as_bytes());
                for _ in 0..1200 {
                    // Until the server has had enough.
                    let written = match (&mut peer, &mut websocket) {
                        (Some(peer), _) => peer.stream.write_all(&framed),
                        (_, Some(websocket)) => websocket.stream.write_all(&message),
                        _ => return,
                    };
                    if written.is_err() {
                        return;
                    }
                }
            });
        }
        for _ in 0..100 {
            beside.settle();
        }
    });
    beside.settle();
    house.serves();
}

#[test]
fn connections_come_and_go_and_leave_no_memory_behind() {
    if !alone("connections_come_and_go_and_leave_no_memory_behind") {
        return;
    }
    let house = house(&json!({}));
    let round = |count: usize| {
        for number in 0..count {
            let mut peer = Peer::dial(&house.folder.socket());
            peer.write(0, format!("{{\"v\":1,\"client_id\":\"{}\"}}", 1 + number));
            peer.read().expect("READY");
            peer.write(1, r#"{"cmd":"SET_ACTIVITY","nonce":"1","args":{"pid":1,"activity":{"state":"x"}}}"#);
            peer.read().expect("a reply");
            drop(peer);
            house.exchange("GET / HTTP/1.1\r\n\r\n");
            drop(house.websocket("etf").ready());
            while house.game.poll().is_some() {}
        }
    };
    round(200);
    let before = peak();
    round(1000);
    assert!(peak() < before + 4 * MIB, "{before} to {}", peak());
}

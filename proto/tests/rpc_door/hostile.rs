//! Floods and garbage: what is sent back stays well-formed (the record checks that), nothing panics, nothing grows.

use std::time::Duration;

use gamebridge_proto::command::Command;
use gamebridge_proto::error::Status;
use gamebridge_proto::random::Random;
use gamebridge_proto::server::rpc::{Config, Consent, HttpRequest, Limits, Via};
use gamebridge_proto::wire::ipc::Opcode;
use gamebridge_proto::wire::websocket::{Encoding, translate};
use gamebridge_proto::wire::{host, rpc};
use serde_json::json;

use super::house::{GAME, House, Out, subscribe};

#[test]
fn a_flood_is_closed_with_4002_and_others_go_on() {
    let mut house = House::default();
    house.ipc(1);
    house.ipc(2);
    let mut answered = 0;
    let code = loop {
        house.say(1, &json!({"cmd": "GET_GUILDS"}));
        match house.closed() {
            Some((1, code)) => break code,
            Some(other) => panic!("{other:?}"),
            None => answered += 1,
        }
    };
    // The HANDSHAKE was the first frame of the burst.
    assert_eq!((code, answered), (4002, 999));
    house.done(2, subscribe("ACTIVITY_JOIN"));
}

#[test]
fn the_limit_is_a_rate_and_can_be_lifted() {
    let mut house = House::default();
    house.ipc(1);
    for _ in 0..60 {
        for _ in 0..500 {
            house.say(1, &json!({"cmd": "GET_GUILDS"}));
        }
        assert_eq!(house.closed(), None);
        house.wait(Duration::from_secs(1));
    }
    let limits = Limits { commands_per_second: 0, ..Limits::default() };
    let mut house = House::new(Config { limits, ..Config::default() });
    house.ipc(1);
    for _ in 0..5000 {
        house.frame(1, Opcode::Ping, b"{}").unwrap();
    }
    assert_eq!(house.closed(), None);
}

#[test]
fn pings_count_even_before_the_handshake() {
    let mut house = House::default();
    house.connect(1, Via::Ipc);
    for _ in 0..1001 {
        house.frame(1, Opcode::Ping, b"{}").unwrap();
    }
    assert_eq!(house.closed(), Some((1, 4002)));
}

#[test]
fn nesting_is_refused_not_followed() {
    let mut house = House::default();
    house.ipc(1);
    for open in ["[", "{\"a\":"] {
        let payload = open.repeat(60_000 / open.len());
        house.frame(1, Opcode::Frame, payload.as_bytes()).unwrap();
        assert_eq!(house.sent(1)[0]["data"]["code"], 4000);
    }
}

#[test]
fn a_million_levels_in_either_encoding_need_no_stack() {
    const LEVELS: usize = 1_000_000;
    let limits = Limits { message_bytes: 16 << 20, ..Limits::default() };
    let try_all = move || {
        let mut house = House::new(Config { limits, ..Config::default() });
        house.ipc(1);
        house.websocket(2);
        for open in ["[", "{\"a\":"] {
            for peer in [1, 2] {
                house.frame(peer, Opcode::Frame, open.repeat(LEVELS).as_bytes()).unwrap();
                assert_eq!(house.sent(peer)[0]["data"]["code"], 4000);
            }
        }
        for open in [&b"h\x01"[..], b"l\0\0\0\x01", b"t\0\0\0\x01m\0\0\0\x01a"] {
            let term = [&b"\x83"[..], &open.repeat(LEVELS)].concat();
            let refusal = translate(&term, Encoding::Etf, &mut Vec::new()).unwrap_err();
            assert_eq!(refusal.code, 1007);
        }
        house.done(1, subscribe("ACTIVITY_JOIN"));
    };
    std::thread::Builder::new().stack_size(256 * 1024).spawn(try_all).unwrap().join().unwrap();
}

#[test]
fn numbers_that_are_not_in_use_are_ignored() {
    let mut house = House::default();
    house.frame(5, Opcode::Frame, b"{}").unwrap();
    house.gone(5);
    house.door.handle_timeout(house.now, &mut house.world, &mut house.record);
    assert_eq!(house.answer(5, Status::Ok).unwrap_err().status, Status::State);
    assert!(house.out().is_empty());
}

/// A corpus of what is right, to be damaged.
fn corpus() -> Vec<String> {
    let mut corpus: Vec<String> =
        rpc::COMMANDS.iter().map(|row| json!({"cmd": row.name, "nonce": "n"}).to_string()).collect();
    for row in rpc::EVENTS {
        corpus
            .push(json!({"cmd": "SUBSCRIBE", "evt": row.name, "args": {"channel_id": "1", "guild_id": 2}}).to_string());
    }
    corpus.extend([
        json!({"v": 1, "client_id": GAME}).to_string(),
        json!({"cmd": "AUTHORIZE", "args": {"client_id": GAME, "scopes": ["rpc"], "username": "Ada"}, "nonce": 7}).to_string(),
        json!({"cmd": "AUTHENTICATE", "args": {"access_token": "x"}}).to_string(),
        json!({"cmd": "SEND_ACTIVITY_JOIN_INVITE", "args": {"user_id": "53908232506183680"}}).to_string(),
        json!({"cmd": "SET_ACTIVITY", "nonce": null, "args": {"pid": 9, "activity": {
            "state": "In a Group", "type": 3, "timestamps": {"start": 1, "end": 2}, "party": {"id": "a", "size": [1, 2]},
            "assets": {"large_image": "x"}, "secrets": {"join": "a", "match": "b"},
            "buttons": [{"label": "a", "url": "b"}], "instance": true,
        }}}).to_string(),
    ]);
    corpus
}

fn damage(random: &mut Random, text: &str) -> Vec<u8> {
    const PIECES: [&[u8]; 14] = [
        b"{", b"}", b"[", b"]", b"\"", b",", b":", b"null", b"-1e999", b"\\u0000", b"\\ud800", b"\xff", b"\0", b"true",
    ];
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..random.next_u64() % 6 {
        let at = random.next_u64() as usize % (bytes.len() + 1);
        match random.next_u64() % 4 {
            0 => drop(bytes.splice(at..at, PIECES[random.next_u64() as usize % PIECES.len()].iter().copied())),
            1 => bytes.truncate(at),
            2 if at < bytes.len() => bytes[at] = random.next_u64() as u8,
            _ => drop(bytes.drain(at..(at + random.next_u64() as usize % 8).min(bytes.len()))),
        }
    }
    bytes
}

#[test]
fn no_input_of_peers_host_or_http_panics() {
    let corpus = corpus();
    let hosted: Vec<&str> = host::COMMANDS.iter().map(|row| row.name).collect();
    for seed in 0..8 {
        let mut random = Random::new(seed);
        let consent = if seed % 2 == 0 { Consent::Ask } else { Consent::Allow };
        let limits = Limits { commands_per_second: 0, peers: 6, ..Limits::default() };
        let mut house = House::new(Config { consent, limits, ..Config::default() });
        for _ in 0..6000 {
            let peer = 1 + (random.next_u64() % 8) as u32;
            let whole = &corpus[random.next_u64() as usize % corpus.len()];
            let text = damage(&mut random, whole);
            match random.next_u64() % 40 {
                0 => house.connect(peer, Via::Ipc),
                1 => {
                    let query = String::from_utf8_lossy(&text).into_owned();
                    house.connect(peer, Via::WebSocket { query: &query, origin: Some("https://localhost") });
                }
                2 => house.gone(peer),
                3 => house.wait(Duration::from_millis(random.next_u64() % 3000)),
                4 => drop(house.answer(random.next_u64() % 64, Status::Ok)),
                5 => {
                    let name = hosted[random.next_u64() as usize % hosted.len()].into();
                    let command = Command { name, args: text.into(), tag: random.next_u64() % 2, ..Command::default() };
                    house.door.handle_command(house.now, command, &mut house.world, &mut house.record);
                }
                6 => {
                    let request = HttpRequest {
                        method: "POST",
                        target: ["/oauth2/token", "/oauth2/token/rpc", "/api/"][random.next_u64() as usize % 3],
                        content_type: Some("application/x-www-form-urlencoded"),
                        origin: None,
                        authorization: None,
                        body: &text,
                    };
                    house.request(request);
                }
                7..=12 => {
                    house.connect(peer, Via::Ipc);
                    let _ = house.frame(peer, Opcode::Handshake, corpus[corpus.len() - 5].as_bytes());
                }
                other => {
                    let opcode = Opcode::ALL[if other < 16 { other as usize % 5 } else { 1 }];
                    // Pings are echoed as they came, so they are not JSON here.
                    if opcode != Opcode::Ping && house.frame(peer, opcode, &text).is_err() {
                        house.gone(peer);
                    }
                }
            }
            house.out();
        }
        (1..=8).for_each(|peer| house.gone(peer));
        house.out();
        let state = house.host("STATE", json!({}));
        assert_eq!((&state["peers"], &state["activities"]), (&json!([]), &json!([])));
        assert_eq!(house.door.next_timeout(), None);
    }
}

#[test]
fn a_number_that_comes_again_is_another_peer() {
    let mut house = House::default();
    house.ipc(1);
    house.done(1, json!({"cmd": "SET_ACTIVITY", "args": {"activity": {"state": "In menu"}}}));
    house.out();
    house.connect(1, Via::Ipc);
    let names: Vec<_> = house.events().into_iter().map(|(name, ..)| name).collect();
    assert_eq!(names, ["ACTIVITY_UPDATE", "PEER_DISCONNECTED"]);
    assert_eq!(house.host("STATE", json!({}))["activities"], json!([]));
}

#[test]
fn whatever_a_peer_does_it_leaves_nothing_behind() {
    let limits = Limits { commands_per_second: 0, ..Limits::default() };
    let mut house = House::new(Config { limits, ..Config::default() });
    for round in 1..=300 {
        house.connect(round, Via::Ipc);
        let hello = json!({"v": 1, "client_id": round.to_string()}).to_string();
        house.frame(round, Opcode::Handshake, hello.as_bytes()).unwrap();
        house.done(round, subscribe("ACTIVITY_JOIN"));
        house.done(round, json!({"cmd": "SET_ACTIVITY", "args": {"activity": {"state": "In menu"}}}));
        house.gone(round);
        house.out();
    }
    let state = house.host("STATE", json!({}));
    for left in ["peers", "activities", "applications"] {
        assert_eq!(state[left], json!([]), "{left}");
    }
    assert_eq!(house.host("ACTIVITY_JOIN", json!({"secret": "s"})), json!({"peers": 0}));
    assert!(!house.out().iter().any(|out| matches!(out, Out::Sent { .. })));
}

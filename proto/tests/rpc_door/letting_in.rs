//! The handshake: who gets a READY, and how the others are told.

use std::time::Duration;

use gamebridge_proto::event::EventType;
use gamebridge_proto::random::Random;
use gamebridge_proto::secret::Secret;
use gamebridge_proto::server::rpc::{Config, Limits, Via, host_is_ours};
use gamebridge_proto::wire::ipc::Opcode;
use gamebridge_proto::world;
use serde_json::json;

use super::house::{GAME, House, ORIGIN, Out};

const QUERY: &str = "v=1&client_id=192741864418312192&encoding=json";

/// What comes of a WebSocket with this query and Origin: the close code, or 0 for a READY.
fn try_websocket(house: &mut House, query: &str, origin: Option<&str>) -> u16 {
    house.connect(7, Via::WebSocket { query, origin });
    let out = house.out();
    house.gone(7);
    house.out();
    match &out[..] {
        [Out::Event { kind: EventType::Log, peer: 7, message, .. }, Out::Closed { peer: 7, code, reason }] => {
            assert!(message.starts_with(&format!("peer 7 was not let in ({code}): ")), "{message}");
            match code {
                4000 => assert_eq!(reason, "Invalid Client ID"),
                4001 => assert_eq!(reason, "Invalid Origin"),
                _ => assert!(message.ends_with(reason) && !reason.is_empty(), "{reason}"),
            }
            *code
        }
        [Out::Sent { peer: 7, opcode: Opcode::Frame, payload }, Out::Event { .. }] => {
            assert_eq!(payload["evt"], "READY");
            0
        }
        other => panic!("one close or one READY expected: {other:?}"),
    }
}

#[test]
fn ready_tells_version_configuration_and_user() {
    let mut house = House::default();
    house.connect(1, Via::Ipc);
    assert!(house.out().is_empty(), "nothing is sent before the HANDSHAKE");
    house.frame(1, Opcode::Handshake, format!(r#"{{"v":1,"client_id":"{GAME}"}}"#).as_bytes()).unwrap();
    let ready = house.sent(1).remove(0);
    let user = house.world.local_user();
    assert_eq!(
        ready,
        json!({
            "cmd": "DISPATCH", "evt": "READY", "nonce": null,
            "data": {
                "v": 1,
                "config": {
                    "cdn_host": "cdn.discordapp.com", "api_endpoint": "//discord.com/api", "environment": "production",
                    "gamebridge": ["gamebridge"],
                },
                "user": {
                    "id": user.id.to_string(), "username": "Guest", "discriminator": "0", "global_name": null,
                    "avatar": null, "bot": false,
                },
            },
        })
    );
}

#[test]
fn a_websocket_is_let_in_or_closed_by_its_url() {
    let mut house = House::default();
    for (query, code) in [
        (QUERY, 0),
        ("v=1&client_id=192741864418312192&encoding=etf", 0),
        ("v=1&client_id=192741864418312192", 0),
        ("client%5Fid=%31%39&v=%31&encoding=js%6Fn", 0),
        ("v=1&client_id=192741864418312192&v=2", 0),
        ("v=2&client_id=192741864418312192&encoding=json", 4004),
        ("v=&client_id=192741864418312192", 4004),
        ("v=01&client_id=192741864418312192", 4004),
        ("client_id=192741864418312192", 4004),
        ("v=1&client_id=192741864418312192&encoding=xml", 4005),
        ("v=1&client_id=192741864418312192&encoding=", 4005),
        ("v=1&client_id=192741864418312192&encoding=JSON", 4005),
        ("v=1&client_id=&encoding=json", 4000),
        ("v=1&client_id=0", 4000),
        ("v=1&client_id=game", 4000),
        ("v=1&client_id=-5", 4000),
        ("v=1&client_id=%2B5", 4000),
        ("v=1&client_id=99999999999999999999", 4000),
        ("v=1&client_id=%FF", 4000),
        ("v=1", 4000),
        ("", 4000),
        ("&&&=&%", 4000),
    ] {
        assert_eq!(try_websocket(&mut house, query, Some(ORIGIN)), code, "{query:?}");
    }
}

#[test]
fn an_origin_that_is_not_the_applications_is_closed_with_4001_and_told_nothing() {
    let mut house = House::default();
    for origin in [
        "http://localhost",
        "https://localhost/",
        "https://localhost:443",
        "https://localhost.evil.example",
        "https://LOCALHOST",
        " https://localhost",
        "null",
        "",
        "file://",
        "https://127.0.0.1",
    ] {
        assert_eq!(try_websocket(&mut house, QUERY, Some(origin)), 4001, "{origin:?}");
    }
    assert_eq!(try_websocket(&mut house, "v=9&encoding=x&client_id=5", Some("https://evil.example")), 4001);
}

#[test]
fn none_of_ten_thousand_mutated_origins_is_accepted() {
    let mut house = House::default();
    let mut random = Random::new(4);
    let mut tried = 0;
    while tried < 10_000 {
        let mut origin = ORIGIN.as_bytes().to_vec();
        for _ in 0..1 + random.next_u64() % 3 {
            let at = random.next_u64() as usize % origin.len();
            let byte = (random.next_u64() % 95 + 32) as u8;
            match random.next_u64() % 4 {
                0 => origin[at] = byte,
                1 => origin.insert(at, byte),
                2 => drop(origin.remove(at)),
                _ => origin.push(byte),
            }
        }
        let origin = String::from_utf8(origin).unwrap();
        if origin != ORIGIN {
            assert_eq!(try_websocket(&mut house, QUERY, Some(&origin)), 4001, "{origin:?}");
            tried += 1;
        }
    }
}

#[test]
fn a_registered_application_has_its_own_origins() {
    let mut house = House::default();
    let origins = ["https://game.example", "http://localhost:3344"];
    house.host("APPLICATION_REGISTER", json!({"id": GAME, "rpc_origins": origins}));
    for origin in origins {
        assert_eq!(try_websocket(&mut house, QUERY, Some(origin)), 0);
    }
    assert_eq!(try_websocket(&mut house, QUERY, Some(ORIGIN)), 4001, "the default is for those not registered");
    assert_eq!(try_websocket(&mut house, "v=1&client_id=5", Some(ORIGIN)), 0);
    assert_eq!(try_websocket(&mut house, "v=1&client_id=5", Some(origins[0])), 4001);
}

#[test]
fn without_an_origin_a_websocket_needs_the_launch_token() {
    let with_token = format!("{QUERY}&launch_token=s3cret%2B");
    assert_eq!(try_websocket(&mut House::default(), &with_token, None), 4001, "the host gave none out");
    let config = Config { launch_token: Some(Secret::new("s3cret+")), ..Config::default() };
    let mut house = House::new(config);
    assert_eq!(try_websocket(&mut house, QUERY, None), 4001);
    assert_eq!(try_websocket(&mut house, &format!("{QUERY}&launch_token=s3cret"), None), 4001);
    assert_eq!(try_websocket(&mut house, &format!("{QUERY}&launch_token="), None), 4001);
    assert_eq!(try_websocket(&mut house, &with_token, None), 0);
    assert_eq!(try_websocket(&mut house, &with_token, Some("https://evil.example")), 4001, "an Origin is still judged");
}

#[test]
fn unregistered_applications_are_closed_with_4000_when_told_so() {
    let world = world::Config { registered_only: true, ..world::Config::default() };
    let mut house = House::of(Config::default(), world);
    assert_eq!(try_websocket(&mut house, QUERY, Some(ORIGIN)), 4000);
    house.connect(1, Via::Ipc);
    house.frame(1, Opcode::Handshake, format!(r#"{{"v":1,"client_id":"{GAME}"}}"#).as_bytes()).unwrap();
    assert_eq!(house.closed(), Some((1, 4000)));
    house.host("APPLICATION_REGISTER", json!({"id": GAME}));
    assert_eq!(try_websocket(&mut house, QUERY, Some(ORIGIN)), 0);
    house.ipc(1);
}

#[test]
fn an_ipc_handshake_is_answered_or_closed() {
    for (hello, code) in [
        (r#"{"v":1,"client_id":"192741864418312192"}"#, None),
        (r#"{"client_id":192741864418312192,"v":"1","extra":[]}"#, None),
        (r#"{"v":2,"client_id":"192741864418312192"}"#, Some(4004)),
        (r#"{"v":1.0,"client_id":"192741864418312192"}"#, None),
        (r#"{"v":1.5,"client_id":"192741864418312192"}"#, Some(4004)),
        (r#"{"v":null,"client_id":"192741864418312192"}"#, Some(4004)),
        (r#"{"client_id":"192741864418312192"}"#, Some(4004)),
        (r#"{"v":1}"#, Some(4000)),
        (r#"{"v":1,"client_id":""}"#, Some(4000)),
        (r#"{"v":1,"client_id":"0"}"#, Some(4000)),
        (r#"{"v":1,"client_id":"game"}"#, Some(4000)),
        (r#"{"v":1,"client_id":["192741864418312192"]}"#, Some(4000)),
        (r#"{"v":1,"client_id":"192741864418312192""#, Some(4000)),
        ("", Some(4000)),
        ("[]", Some(4004)),
        ("null", Some(4004)),
    ] {
        let mut house = House::default();
        house.connect(1, Via::Ipc);
        house.frame(1, Opcode::Handshake, hello.as_bytes()).unwrap();
        if code == Some(4000) {
            let words = house
                .record
                .0
                .iter()
                .any(|out| matches!(out, Out::Closed { reason, .. } if reason == "Invalid Client ID"));
            assert!(words, "{hello}");
        }
        let sent_nothing = !house.record.0.iter().any(|out| matches!(out, Out::Sent { .. }));
        assert_eq!(sent_nothing, code.is_some(), "{hello}");
        assert_eq!(house.closed().map(|(_, code)| code), code, "{hello}");
    }
}

#[test]
fn probes_are_tolerated() {
    let mut house = House::default();
    house.connect(1, Via::Ipc);
    house.frame(1, Opcode::Ping, br#"{"probe":true}"#).unwrap();
    assert_eq!(house.out(), [Out::Sent { peer: 1, opcode: Opcode::Pong, payload: json!({"probe": true}) }]);
    house.gone(1);
    assert!(house.out().is_empty(), "the host hears nothing of probes");
    house.ipc(1);
    house.frame(1, Opcode::Ping, b"{}").unwrap();
    house.frame(1, Opcode::Pong, b"{}").unwrap();
    assert_eq!(house.out(), [Out::Sent { peer: 1, opcode: Opcode::Pong, payload: json!({}) }]);
}

#[test]
fn a_peer_that_says_goodbye_is_closed() {
    let mut house = House::default();
    house.ipc(1);
    house.frame(1, Opcode::Close, br#"{"code":1000,"message":""}"#).unwrap();
    assert_eq!(house.closed(), Some((1, 1000)));
    house.say(1, &json!({"cmd": "GET_GUILDS"}));
    assert!(house.out().is_empty(), "what was under way is not looked at any more");
}

#[test]
fn breaking_the_framing_is_an_error_for_the_driver() {
    let mut house = House::default();
    house.connect(1, Via::Ipc);
    let early = house.frame(1, Opcode::Frame, br#"{"cmd":"GET_GUILDS"}"#).unwrap_err();
    assert_eq!(early.message, "a command before the HANDSHAKE");
    house.gone(1);
    house.ipc(2);
    assert_eq!(house.frame(2, Opcode::Handshake, b"{}").unwrap_err().message, "a second HANDSHAKE");
    let long = vec![b' '; 64 * 1024 + 1];
    assert!(house.frame(2, Opcode::Frame, &long).unwrap_err().message.contains("65537 bytes; 65536 are allowed"));
    assert!(house.frame(2, Opcode::Frame, &long[1..]).is_ok(), "as long as may be is only malformed");
}

#[test]
fn a_handshake_has_five_seconds() {
    let mut house = House::default();
    house.connect(1, Via::Ipc);
    house.wait(Duration::from_millis(4999));
    assert!(house.out().is_empty());
    house.frame(1, Opcode::Ping, b"{}").unwrap();
    house.out();
    house.wait(Duration::from_millis(1));
    assert_eq!(house.closed(), Some((1, 1008)), "and a PING buys no more");
    assert_eq!(house.door.next_timeout(), None);
}

#[test]
fn in_a_crowd_a_websocket_has_ten_seconds_for_a_first_good_command_and_ipc_for_ever() {
    let limits = Limits { peers: 8, ..Limits::default() };
    let mut house = House::new(Config { limits, ..Config::default() });
    house.ipc(1);
    house.websocket(2);
    house.websocket(3);
    house.websocket(4);
    house.done(3, super::house::authorize(&["rpc"]));
    house.refused(4, json!({"cmd": "GET_GUILDS"}));
    house.out();
    house.wait(Duration::from_secs(10));
    let closed: Vec<_> = house
        .out()
        .into_iter()
        .filter_map(|out| match out {
            Out::Closed { peer, code, .. } => Some((peer, code)),
            _ => None,
        })
        .collect();
    assert_eq!(closed, [(2, 1008), (4, 1008)], "a refused command is no good command");
    house.wait(Duration::from_secs(86_400));
    assert_eq!(house.closed(), None);
}

#[test]
fn an_idle_websocket_may_stay_until_others_need_the_place() {
    let limits = Limits { peers: 8, ..Limits::default() };
    let mut house = House::new(Config { limits, ..Config::default() });
    house.websocket(1);
    house.wait(Duration::from_secs(5));
    house.websocket(2);
    assert_eq!(house.door.next_timeout(), None, "nobody has to be woken for who may stay");
    house.wait(Duration::from_secs(6));
    assert_eq!(house.closed(), None, "two of eight are no crowd");
    house.ipc(3);
    house.connect(4, Via::Ipc);
    assert_eq!(house.closed(), None, "who has not shaken hands takes no place");
    hello(&mut house, 4);
    let closed: Vec<_> = house.out().into_iter().filter(|out| matches!(out, Out::Closed { .. })).collect();
    let reason = "AUTHORIZE or AUTHENTICATE within 10 seconds of READY expected while the server is crowded";
    assert_eq!(closed, [Out::Closed { peer: 1, code: 1008, reason: reason.into() }], "half of the places are taken");
    // Peer 2 is idle for 6 seconds only. Its place is not needed once the probe is gone.
    house.gone(4);
    house.wait(Duration::from_secs(60));
    assert_eq!(house.closed(), None);
    house.ipc(5);
    house.connect(6, Via::Ipc);
    hello(&mut house, 6);
    assert_eq!(house.closed(), Some((2, 1008)));
}

#[test]
fn an_idle_websocket_is_closed_at_its_deadline_when_the_crowd_came_before() {
    let limits = Limits { peers: 4, ..Limits::default() };
    let mut house = House::new(Config { limits, ..Config::default() });
    house.websocket(1);
    house.wait(Duration::from_secs(9));
    house.ipc(2);
    house.wait(Duration::from_millis(999));
    assert_eq!(house.closed(), None);
    house.wait(Duration::from_millis(1));
    assert_eq!(house.closed(), Some((1, 1008)));
}

fn hello(house: &mut House, peer: u32) {
    let hello = json!({"v": 1, "client_id": GAME}).to_string();
    house.frame(peer, Opcode::Handshake, hello.as_bytes()).unwrap();
}

#[test]
fn at_most_32_peers_are_let_in_and_a_place_becomes_free_again() {
    let mut house = House::default();
    for peer in 1..=32 {
        house.ipc(peer);
    }
    house.connect(33, Via::Ipc);
    assert_eq!(house.closed(), None, "a probe is welcome");
    hello(&mut house, 33);
    assert_eq!(house.closed(), Some((33, 4002)));
    house.connect(34, Via::WebSocket { query: QUERY, origin: Some(ORIGIN) });
    assert_eq!(house.closed(), Some((34, 4002)));
    house.gone(5);
    house.ipc(35);
}

#[test]
fn who_does_not_shake_hands_takes_nobodys_place() {
    let mut house = House::default();
    let mut pushed_out = 0;
    for peer in 1..=1000 {
        house.connect(peer, Via::Ipc);
        for out in house.out() {
            let Out::Closed { peer, code, .. } = out else { panic!("a close expected: {out:?}") };
            pushed_out += 1;
            assert_eq!((peer, code), (pushed_out, 1008), "the oldest first");
        }
    }
    assert_eq!(pushed_out, 1000 - 64);
    for peer in 2001..=2032 {
        house.ipc(peer);
    }
    hello(&mut house, 1000);
    assert_eq!(house.closed(), Some((1000, 4002)), "the house is full");
    house.wait(Duration::from_secs(5));
    // The first of the 32 pushed one out, and then each took the place in the row that the one before it had left.
    assert_eq!(house.out().len(), 64 - 1 - 1, "each of those that are left is closed, and that is all");
    house.done(2001, json!({"cmd": "SET_ACTIVITY", "args": {"pid": 1}}));
}

#[test]
fn a_stranger_at_the_door_costs_nobody_the_place() {
    let limits = Limits { peers: 2, ..Limits::default() };
    let mut house = House::new(Config { limits, ..Config::default() });
    house.websocket(1);
    house.websocket(2);
    house.wait(Duration::from_secs(9));
    house.done(2, super::house::authorize(&["rpc"]));
    house.out();
    house.now = house.now + Duration::from_secs(2);
    for (query, origin) in [(QUERY, "https://evil.example"), ("v=1", ORIGIN), ("v=2&client_id=1", ORIGIN)] {
        house.connect(7, Via::WebSocket { query, origin: Some(origin) });
        let closed = house.closed();
        assert!(matches!(closed, Some((7, 4000 | 4001 | 4004))), "{query} {origin}: {closed:?}");
    }
    house.connect(8, Via::WebSocket { query: QUERY, origin: Some(ORIGIN) });
    assert_eq!(house.closed(), Some((1, 1008)), "who may come in gets the place of who has long been idle");
}

#[test]
fn only_a_loopback_literal_with_our_port_is_our_host() {
    for (host, ours) in [
        ("127.0.0.1:6463", true),
        ("[::1]:6463", true),
        ("127.0.0.1:6464", false),
        ("127.0.0.1", false),
        ("127.0.0.1:", false),
        ("127.0.0.1:06463", false),
        ("127.0.0.2:6463", false),
        ("localhost:6463", false),
        ("127.0.0.1.evil.example:6463", false),
        ("evil.example:6463", false),
        ("evil.example", false),
        ("0.0.0.0:6463", false),
        ("[::ffff:127.0.0.1]:6463", false),
        ("", false),
    ] {
        assert_eq!(host_is_ours(host, 6463), ours, "{host:?}");
    }
}

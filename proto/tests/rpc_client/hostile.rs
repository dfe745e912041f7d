//! A peer that means harm loses its connection at most.

use gamebridge_proto::command::Command;
use gamebridge_proto::error::Status;
use gamebridge_proto::random::Random;
use gamebridge_proto::wire::ipc::Opcode;
use serde_json::json;

use crate::peer::{Rig, config, ms};

#[test]
fn malformed_frames_are_protocol_errors() {
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let frames = ["", "x", "{", "[]", "null", "7", "{\"cmd\":\"\n\"}", &deep];
    for frame in frames {
        for connected in [false, true] {
            let mut rig = if connected { Rig::connected() } else { Rig::new(config()) };
            if !connected {
                rig.opened();
            }
            let error = rig.raw(Opcode::Frame, frame.as_bytes()).expect_err("it is malformed");
            assert_eq!(error.status, Status::Protocol);
            assert!(!error.message.is_empty() && error.message.len() < 200);
        }
    }
    let mut rig = Rig::connected();
    assert!(rig.raw(Opcode::Frame, b"{\"cmd\":\"\xff\"}").is_err());
    assert!(rig.raw(Opcode::Handshake, b"{}").is_err());
}

#[test]
fn odd_members_are_ignored() {
    let mut rig = Rig::connected();
    for frame in [
        json!({}),
        json!({"cmd": 7}),
        json!({"evt": "READY"}),
        json!({"evt": "ERROR", "nonce": "999", "data": {"code": 4000, "message": "x"}}),
        json!({"cmd": "DISPATCH"}),
        json!({"cmd": "DISPATCH", "evt": 7, "data": {}}),
        json!({"cmd": "DISPATCH", "evt": null}),
        json!({"cmd": "", "nonce": {}, "evt": []}),
        json!({"cmd": "X", "evt": "ERROR", "data": []}),
        json!({"cmd": "DISPATCH", "evt": "ERROR", "data": {"code": 1e300, "message": 7}}),
    ] {
        rig.frame(frame);
    }
    assert_eq!(rig.events(), []);
    rig.command("GET_GUILDS", json!({}), 1);
    let sent = rig.sent_one();
    rig.frame(json!({"cmd": "SOMETHING_ELSE", "nonce": sent.nonce}));
    assert_eq!(rig.event().status, Status::Ok, "the nonce decides");
}

#[test]
fn an_error_with_our_nonce_is_the_reply_whatever_command_it_names() {
    for cmd in [None, Some("DISPATCH")] {
        let mut rig = Rig::connected();
        rig.command("GET_GUILDS", json!({}), 1);
        let sent = rig.sent_one();
        let mut frame =
            json!({"evt": "ERROR", "nonce": sent.nonce, "data": {"code": 4000, "message": "cmd: expected"}});
        if let Some(cmd) = cmd {
            frame["cmd"] = json!(cmd);
        }
        rig.frame(frame.clone());
        let event = rig.event();
        assert_eq!((event.tag, event.status, event.code), (1, Status::Remote, 4000), "{cmd:?}");
        rig.frame(frame);
        assert_eq!(rig.events(), [], "answered once");

        let mut rig = Rig::with_token("t");
        rig.opened();
        rig.ready();
        let sent = rig.sent_one();
        let mut frame = json!({"evt": "ERROR", "nonce": sent.nonce, "data": {"code": 4009, "message": "no"}});
        if let Some(cmd) = cmd {
            frame["cmd"] = json!(cmd);
        }
        rig.frame(frame);
        assert_eq!((rig.event().status, rig.client.is_finished()), (Status::Auth, true), "{cmd:?}");
    }
}

#[test]
fn a_flood_of_pings_is_an_attack() {
    let mut rig = Rig::connected();
    for second in 0..3 {
        for _ in 0..100 {
            rig.raw(Opcode::Ping, b"{}").expect("within measure");
        }
        if second < 2 {
            rig.advance(ms(1_000));
        }
    }
    assert_eq!(rig.raw(Opcode::Ping, b"{}").expect_err("beyond").status, Status::Protocol);
    let mut rig = Rig::connected();
    assert!(rig.raw(Opcode::Ping, &[0; 64 * 1024]).is_ok());
    assert!(rig.raw(Opcode::Ping, &[0; 64 * 1024 + 1]).is_err());
}

#[test]
fn a_reply_to_what_was_not_sent_yet_is_ignored() {
    let mut rig = Rig::connected();
    for tag in 1..=6 {
        rig.command("SET_ACTIVITY", json!({"activity": {"state": "ab"}}), tag);
    }
    let sent = rig.sent();
    assert_eq!(sent.len(), 5);
    let next = sent[4].nonce.parse::<u64>().unwrap() + 1;
    rig.frame(json!({"cmd": "SET_ACTIVITY", "data": null, "nonce": next.to_string()}));
    assert_eq!(rig.events(), []);
    rig.advance(ms(21_000));
    assert_eq!(rig.sent_one().nonce, next.to_string());
}

#[test]
fn ready_of_any_form_connects() {
    for data in [json!(null), json!([]), json!({}), json!("x"), json!({"auth": 1})] {
        for token in [false, true] {
            let mut rig = if token { Rig::with_token("t") } else { Rig::new(config()) };
            rig.opened();
            rig.frame(json!({"cmd": "DISPATCH", "evt": "READY", "data": data}));
            if token {
                let auth = rig.sent_one();
                rig.reply(&auth, json!({"scopes": []}));
                assert_eq!(rig.event().payload["auth"], json!({"scopes": []}), "{data}");
            } else {
                assert_eq!(rig.event().payload, data);
            }
        }
    }
}

#[test]
fn frames_at_the_wrong_time_do_nothing() {
    let mut rig = Rig::new(config());
    rig.raw(Opcode::Frame, b"not even JSON").expect("there is no connection that it could belong to");
    rig.opened();
    rig.frame(json!({"cmd": "DISPATCH", "evt": "ACTIVITY_JOIN", "data": {"secret": "s"}}));
    rig.frame(json!({"cmd": "AUTHENTICATE", "data": {}, "nonce": "1"}));
    rig.closed(None, 0);
    rig.open_failed();
    rig.open_failed();
    rig.closed(None, 0);
    assert_eq!(rig.events(), []);
    let mut rig = Rig::connected();
    rig.open_failed();
    rig.client.start(rig.now, &mut rig.record);
    assert_eq!((rig.events(), rig.record.opens.len()), (vec![], 0));
}

/// Frames cut and changed at random, and commands of random bytes: no panic, and every tag is answered.
#[test]
fn nothing_panics_on_garbage() {
    let good = [
        json!({"cmd": "DISPATCH", "evt": "READY", "data": {"v": 1}, "nonce": null}).to_string(),
        json!({"cmd": "SET_ACTIVITY", "evt": "ERROR", "data": {"code": 4000, "message": "x"}, "nonce": "3"})
            .to_string(),
        json!({"cmd": "SUBSCRIBE", "evt": null, "data": {"evt": "X"}, "nonce": "2"}).to_string(),
        json!({"cmd": "DISPATCH", "evt": "MESSAGE_CREATE", "data": {"a": [1, "\u{e9}\n"]}}).to_string(),
        json!({"evt": "X", "args": {"channel_id": "1"}}).to_string(),
        json!({"pid": 1, "activity": {"state": "x"}}).to_string(),
    ];
    let names = ["SUBSCRIBE", "UNSUBSCRIBE", "SET_ACTIVITY", "AUTHENTICATE", "X", "", "DISPATCH"];
    let mut random = Random::new(3);
    for _ in 0..2_000 {
        let mut rig = Rig::with_token("t");
        let mut tags = 0;
        for _ in 0..20 {
            let mut text = good[random.next_u64() as usize % good.len()].clone().into_bytes();
            for _ in 0..random.next_u64() % 3 {
                let at = random.next_u64() as usize % text.len();
                text[at] = random.next_u64() as u8;
            }
            if random.next_u64().is_multiple_of(8) {
                text.truncate(random.next_u64() as usize % text.len());
            }
            match random.next_u64() % 8 {
                0 => rig.opened(),
                1 => rig.closed(Some(random.next_u64() as u16), random.next_u64() as usize % 5),
                2 => rig.advance(ms(random.next_u64() % 20_000)),
                3 | 4 => {
                    let name = names[random.next_u64() as usize % names.len()].into();
                    tags += 1;
                    rig.send(Command { name, args: text.into(), tag: tags, issued: rig.now, ..Default::default() });
                }
                opcode => {
                    let opcode = [Opcode::Frame, Opcode::Frame, Opcode::Close][opcode as usize % 3];
                    if rig.raw(opcode, &text).is_err() {
                        rig.closed(None, 0);
                    }
                }
            }
        }
        rig.disconnect();
        let mut answered: Vec<_> = rig
            .record
            .events
            .iter()
            .filter(|event| event.kind == gamebridge_proto::event::EventType::Reply)
            .map(|event| event.tag)
            .collect();
        answered.sort();
        assert_eq!(answered, (1..=tags).collect::<Vec<_>>());
    }
}

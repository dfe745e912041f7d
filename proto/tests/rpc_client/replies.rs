//! Commands and their one reply each.

use gamebridge_proto::command::Command;
use gamebridge_proto::error::Status;
use gamebridge_proto::event::{EventType, Flags, LogLevel};
use gamebridge_proto::wire::ipc::Opcode;
use serde_json::{Value, json};

use crate::peer::{Rig, config, ms, names};

#[test]
fn a_reply_finds_its_command() {
    let mut rig = Rig::connected();
    rig.command("GET_CHANNEL", json!({"channel_id": "1"}), 77);
    let sent = rig.sent_one();
    assert_eq!((sent.cmd.as_str(), &sent.args), ("GET_CHANNEL", &json!({"channel_id": "1"})));
    rig.reply(&sent, json!({"id": "1"}));
    let event = rig.event();
    assert_eq!((event.kind, event.name.as_str(), event.tag), (EventType::Reply, "GET_CHANNEL", 77));
    assert_eq!((event.status, event.payload), (Status::Ok, json!({"id": "1"})));
    rig.reply(&sent, json!({"id": "2"}));
    assert_eq!(rig.events(), [], "a second reply to it finds nobody");
}

#[test]
fn replies_may_come_in_any_order() {
    let mut rig = Rig::connected();
    for tag in 1..=3 {
        rig.command("GET_GUILDS", json!({}), tag);
    }
    let sent = rig.sent();
    for at in [2, 0, 1] {
        rig.reply(&sent[at], json!({"n": at}));
    }
    let events = rig.events();
    let order: Vec<_> = events.iter().map(|event| (event.tag, event.payload["n"].clone())).collect();
    assert_eq!(order, [(3, json!(2)), (1, json!(0)), (2, json!(1))]);
}

#[test]
fn nonces_are_unique_decimals_and_tags_need_not_be() {
    let mut rig = Rig::connected();
    for _ in 0..100 {
        rig.command("GET_GUILDS", json!({}), 5);
    }
    let sent = rig.sent();
    let mut nonces: Vec<_> = sent.iter().map(|sent| sent.nonce.parse::<u64>().expect("decimal")).collect();
    nonces.dedup();
    assert_eq!(nonces.len(), 100);
    for sent in &sent {
        rig.reply(sent, json!(null));
    }
    assert_eq!(rig.events().iter().filter(|event| event.tag == 5).count(), 100);
}

#[test]
fn a_nonce_may_come_back_as_a_number() {
    let mut rig = Rig::connected();
    rig.command("GET_GUILDS", json!({}), 1);
    let nonce: u64 = rig.sent_one().nonce.parse().unwrap();
    rig.frame(json!({"cmd": "GET_GUILDS", "data": {}, "nonce": nonce}));
    assert_eq!(rig.event().status, Status::Ok);
}

#[test]
fn nonces_that_are_not_ours_are_ignored() {
    let mut rig = Rig::connected();
    rig.command("GET_GUILDS", json!({}), 1);
    let nonce = rig.sent_one().nonce;
    let foreign = [
        json!(null),
        json!(""),
        json!("x"),
        json!(format!("0{nonce}")),
        json!(format!("+{nonce}")),
        json!(format!(" {nonce}")),
        json!("99999999999999999999999"),
        json!(-1),
        json!(1.5),
        json!({"a": 1}),
        json!([nonce]),
        json!("0"),
    ];
    for nonce in foreign {
        rig.frame(json!({"cmd": "GET_GUILDS", "data": {}, "nonce": nonce}));
        assert_eq!(rig.record.events.len(), 1, "{nonce}");
        assert_eq!(rig.log(LogLevel::Debug).len(), 1, "{nonce}");
    }
    rig.frame(json!({"cmd": "GET_GUILDS", "data": {}}));
    assert_eq!(rig.events(), []);
}

#[test]
fn an_error_reply_is_the_peers_own() {
    let cases = [
        ("GET_GUILDS", json!({}), 4006, Status::Remote),
        ("GET_GUILDS", json!({}), 4009, Status::Remote),
        ("SELECT_VOICE_CHANNEL", json!({"channel_id": "1"}), 5003, Status::Remote),
        ("AUTHENTICATE", json!({"access_token": "x"}), 4009, Status::Auth),
        ("AUTHENTICATE", json!({"access_token": "x"}), 1000, Status::Remote),
    ];
    for (name, args, code, status) in cases {
        let mut rig = Rig::connected();
        rig.command(name, args, 1);
        let sent = rig.sent_one();
        rig.refuse(&sent, code, "No.");
        let event = rig.event();
        assert_eq!((event.status, i64::from(event.code), event.message.as_str()), (status, code, "No."), "{name}");
        assert_eq!(event.payload, json!({"code": code, "message": "No."}));
    }
}

#[test]
fn an_error_without_a_sentence_gets_ours() {
    let mut rig = Rig::connected();
    for data in [json!({"code": 4006}), json!({"code": 4006, "message": ""}), json!(null), json!({"code": "x"})] {
        rig.command("GET_GUILDS", json!({}), 1);
        let sent = rig.sent_one();
        rig.frame(json!({"cmd": "GET_GUILDS", "evt": "ERROR", "data": data, "nonce": sent.nonce}));
        let event = rig.event();
        assert_eq!(event.status, Status::Remote);
        assert!(!event.message.is_empty());
    }
}

#[test]
fn tag_zero_asks_for_no_reply_and_its_failure_is_logged() {
    let mut rig = Rig::connected();
    rig.command("GET_GUILDS", json!({}), 0);
    let sent = rig.sent_one();
    rig.reply(&sent, json!({}));
    assert!(rig.record.events.is_empty());
    rig.command("GET_GUILDS", json!({}), 0);
    let sent = rig.sent_one();
    rig.refuse(&sent, 4006, "Not authenticated");
    assert_eq!(rig.log(LogLevel::Warn), ["GET_GUILDS: Not authenticated (4006)"]);
}

#[test]
fn commands_without_a_tag_are_bounded_too() {
    use gamebridge_proto::protocol::rpc::MAX_UNANSWERED;
    let mut rig = Rig::connected();
    for _ in 0..MAX_UNANSWERED {
        rig.command("GET_GUILDS", json!({}), 0);
    }
    assert!(rig.record.events.is_empty());
    rig.command("GET_GUILDS", json!({}), 0);
    let said = rig.log(LogLevel::Warn);
    assert!(said[0].contains("too many commands wait"), "{said:?}");
    rig.command("GET_GUILDS", json!({}), 7);
    assert!(rig.record.events.is_empty(), "what has a tag is bounded by its sender");
}

#[test]
fn events_are_delivered() {
    let mut rig = Rig::connected();
    rig.frame(json!({"cmd": "DISPATCH", "evt": "ACTIVITY_JOIN", "data": {"secret": "s"}, "nonce": null}));
    rig.frame(json!({"evt": "EVENT_OF_TOMORROW", "data": [1], "cmd": "DISPATCH"}));
    rig.frame(json!({"evt": "GUILD_CREATE", "cmd": "DISPATCH"}));
    let events = rig.events();
    assert_eq!(names(&events), ["ACTIVITY_JOIN", "EVENT_OF_TOMORROW", "GUILD_CREATE"]);
    assert!(events.iter().all(|event| event.kind == EventType::Dispatch));
    assert_eq!(events[0].payload, json!({"secret": "s"}));
}

#[test]
fn an_error_that_belongs_to_nothing_is_logged() {
    let mut rig = Rig::connected();
    rig.frame(json!({"cmd": "DISPATCH", "evt": "ERROR", "data": {"code": 4000, "message": "Bad."}, "nonce": null}));
    rig.frame(json!({"cmd": "GET_GUILD", "evt": "ERROR", "data": {"code": 4003, "message": "Bad."}}));
    assert_eq!(rig.log(LogLevel::Warn).len(), 2);
}

#[test]
fn a_ping_is_answered_with_its_own_payload() {
    let mut rig = Rig::connected();
    rig.raw(Opcode::Ping, b"\x00 anything").unwrap();
    assert_eq!(rig.record.frames, [(Opcode::Pong, b"\x00 anything".to_vec())]);
    rig.raw(Opcode::Pong, b"{}").unwrap();
    let mut rig = Rig::new(config());
    rig.opened();
    rig.raw(Opcode::Ping, b"{}").unwrap();
    assert_eq!(rig.record.frames.last(), Some(&(Opcode::Pong, b"{}".to_vec())), "before READY too");
}

#[test]
fn arguments_go_out_as_they_were_written() {
    let mut rig = Rig::connected();
    let text = "{ \"big\":18446744073709551615, \"float\":1.10e+2,\n \"twice\":1,\"twice\":2, \"s\":\"\\u00e9\\/\" }";
    rig.send(Command {
        name: "NEW".into(),
        args: text.as_bytes().into(),
        tag: 1,
        issued: rig.now,
        ..Default::default()
    });
    let frame = String::from_utf8(rig.record.frames[0].1.clone()).unwrap();
    assert!(frame.ends_with(&format!("\"args\":{text}}}")), "{frame}");
}

#[test]
fn no_arguments_are_an_empty_object() {
    let mut rig = Rig::connected();
    rig.send(Command { name: "GET_GUILDS".into(), tag: 1, issued: rig.now, ..Default::default() });
    assert_eq!(rig.sent_one().args, json!({}));
}

#[test]
fn an_alias_goes_out_under_the_documented_name() {
    let mut rig = Rig::connected();
    rig.command("CLOSE_ACTIVITY_JOIN_REQUEST", json!({"user_id": "5"}), 1);
    let sent = rig.sent_one();
    assert_eq!(sent.cmd, "CLOSE_ACTIVITY_REQUEST");
    rig.reply(&sent, json!(null));
    assert_eq!(rig.event().name, "CLOSE_ACTIVITY_JOIN_REQUEST", "the program finds its own word again");
}

#[test]
fn what_would_break_the_frame_is_refused() {
    let mut rig = Rig::connected();
    for args in ["[]", "7", "{", "{}}", r#"{},"cmd":"AUTHENTICATE""#, "\u{0}", "{\"a\":\"\n\"}"] {
        rig.send(Command {
            name: "X".into(),
            args: args.as_bytes().into(),
            tag: 4,
            issued: rig.now,
            ..Default::default()
        });
        let event = rig.event();
        assert_eq!((event.status, event.tag), (Status::Argument, 4), "{args}");
    }
    for (name, args) in [("SUBSCRIBE", json!({})), ("UNSUBSCRIBE", json!({"evt": 1})), ("DISPATCH", json!({}))] {
        rig.command(name, args, 4);
        assert_eq!(rig.event().status, Status::Argument, "{name}");
    }
    let with_bytes =
        Command { name: "X".into(), bytes: b"x"[..].into(), tag: 4, issued: rig.now, ..Default::default() };
    rig.send(with_bytes);
    assert_eq!(rig.event().status, Status::Argument);
    rig.command("A\"B\n", json!({}), 4);
    assert_eq!(rig.sent_one().cmd, "A\"B\n", "a name is text");
}

#[test]
fn an_early_command_is_queued_in_order() {
    let mut rig = Rig::new(config());
    for tag in 1..=3 {
        rig.command(&format!("C{tag}"), json!({}), tag);
    }
    rig.opened();
    assert_eq!(rig.sent(), []);
    rig.ready();
    let sent: Vec<_> = rig.sent().into_iter().map(|sent| sent.cmd).collect();
    assert_eq!(sent, ["C1", "C2", "C3"]);
}

#[test]
fn a_deadline_runs_from_the_call() {
    let mut rig = Rig::new(config());
    let issued = rig.now;
    rig.advance(ms(10_000));
    let args: Box<[u8]> = b"{}"[..].into();
    rig.send(Command { name: "GET_GUILDS".into(), args, tag: 1, issued, ..Default::default() });
    rig.open_failed();
    rig.advance(ms(19_999));
    assert_eq!(rig.events(), []);
    rig.advance(ms(1));
    let event = rig.event();
    assert_eq!((event.kind, event.status, event.tag), (EventType::Reply, Status::Timeout, 1));
    assert!(event.message.contains("no connection"), "{}", event.message);
}

#[test]
fn a_deadline_that_is_over_is_answered_at_once() {
    let mut rig = Rig::connected();
    rig.command_within("GET_GUILDS", json!({}), 1, Some(ms(0)));
    assert_eq!((rig.event().status, rig.sent().len()), (Status::Timeout, 0));
}

#[test]
fn every_command_has_its_own_time() {
    let cases: [(&str, Value, Option<u64>, u64); 5] = [
        ("GET_GUILDS", json!({}), None, 30_000),
        ("AUTHORIZE", json!({"client_id": "1", "scopes": []}), None, 600_000),
        ("SELECT_VOICE_CHANNEL", json!({"channel_id": "1", "timeout": 100}), None, 105_000),
        ("AUTHORIZE", json!({"client_id": "1", "scopes": []}), Some(50), 50),
        ("COMMAND_OF_TOMORROW", json!({}), None, 30_000),
    ];
    for (name, args, timeout, expected) in cases {
        let mut rig = Rig::connected();
        rig.command_within(name, args, 1, timeout.map(ms));
        assert_eq!(rig.client.next_timeout(), Some(rig.now + ms(expected)), "{name}");
        rig.advance(ms(expected));
        assert_eq!(rig.event().status, Status::Timeout);
        assert_eq!(rig.client.next_timeout(), None);
        let sent = rig.sent_one();
        rig.reply(&sent, json!({}));
        assert_eq!(rig.events(), [], "a reply that comes too late finds nobody");
    }
}

#[test]
fn at_a_break_written_commands_are_uncertain_and_unwritten_ones_wait() {
    let mut rig = Rig::connected();
    for tag in 1..=5 {
        rig.command(&format!("C{tag}"), json!({}), tag);
    }
    rig.sent();
    rig.closed(None, 2);
    let events = rig.events();
    assert_eq!(names(&events), ["C1", "C2", "C3", "RECONNECTING"]);
    for event in &events[..3] {
        assert_eq!((event.status, event.flags), (Status::Closed, Flags::UNCERTAIN));
    }
    rig.command_within("C6", json!({}), 6, Some(ms(1_000_000)));
    rig.advance(ms(500));
    rig.opened();
    rig.ready();
    let sent = rig.sent();
    assert_eq!(sent.iter().map(|sent| sent.cmd.as_str()).collect::<Vec<_>>(), ["C4", "C5", "C6"]);
    rig.events();
    for sent in &sent {
        rig.reply(sent, json!({}));
    }
    assert_eq!(rig.events().iter().map(|event| event.tag).collect::<Vec<_>>(), [4, 5, 6]);
}

#[test]
fn a_pong_counts_among_the_frames_that_were_not_written() {
    let mut rig = Rig::connected();
    rig.command("C1", json!({}), 1);
    rig.raw(Opcode::Ping, b"{}").unwrap();
    rig.closed(None, 1);
    let events = rig.events();
    assert_eq!((names(&events), events[0].flags), (vec!["C1", "RECONNECTING"], Flags::UNCERTAIN));
}

#[test]
fn unwritten_frames_beyond_what_was_sent_do_no_harm() {
    let mut rig = Rig::connected();
    rig.command("C1", json!({}), 1);
    rig.closed(None, usize::MAX);
    assert_eq!(names(&rig.events()), ["RECONNECTING"]);
}

#[test]
fn a_cancelled_command_is_answered_wherever_it_is() {
    let mut rig = Rig::connected();
    rig.command("C1", json!({}), 1);
    rig.command("C2", json!({}), 2);
    rig.command("C3", json!({}), 1);
    let sent = rig.sent();
    rig.cancel(1);
    let events = rig.events();
    assert_eq!(names(&events), ["C1", "C3"]);
    assert!(events.iter().all(|event| event.status == Status::Cancelled));
    for sent in &sent {
        rig.reply(sent, json!({}));
    }
    assert_eq!(names(&rig.events()), ["C2"]);
    rig.cancel(1);
    assert_eq!(rig.events(), [], "nothing is left of it");

    rig.closed(None, 0);
    rig.events();
    rig.command("C4", json!({}), 4);
    rig.cancel(4);
    assert_eq!(rig.event().status, Status::Cancelled);
    rig.advance(ms(60_000));
    rig.opened();
    rig.ready();
    assert_eq!(rig.sent(), [], "it is not sent any more");
}

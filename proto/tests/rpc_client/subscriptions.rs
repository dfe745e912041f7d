//! Subscriptions: on the wire, and again on every connection.

use gamebridge_proto::error::Status;
use gamebridge_proto::event::LogLevel;
use serde_json::{Value, json};

use crate::peer::{Rig, Sent, ms, names};

fn subscribe(rig: &mut Rig, event: &str, args: Value) -> Sent {
    rig.command("SUBSCRIBE", json!({"evt": event, "args": args}), 1);
    let sent = rig.sent_one();
    rig.reply(&sent, json!({"evt": event}));
    rig.events();
    sent
}

fn wanted(sent: &[Sent]) -> Vec<String> {
    sent.iter().map(|sent| format!("{} {} {}", sent.cmd, sent.evt.clone().unwrap_or_default(), sent.args)).collect()
}

#[test]
fn the_event_stands_beside_its_arguments() {
    let mut rig = Rig::connected();
    rig.command("SUBSCRIBE", json!({"evt": "MESSAGE_CREATE", "args": {"channel_id": "1"}}), 1);
    rig.command("UNSUBSCRIBE", json!({"evt": "MESSAGE_CREATE", "args": {"channel_id": "1"}}), 2);
    rig.command("SUBSCRIBE", json!({"evt": "GUILD_CREATE"}), 3);
    rig.command("SUBSCRIBE", json!({"evt": "CHANNEL_CREATE", "args": null}), 4);
    let expected = [
        r#"SUBSCRIBE MESSAGE_CREATE {"channel_id":"1"}"#,
        r#"UNSUBSCRIBE MESSAGE_CREATE {"channel_id":"1"}"#,
        "SUBSCRIBE GUILD_CREATE {}",
        "SUBSCRIBE CHANNEL_CREATE {}",
    ];
    assert_eq!(wanted(&rig.sent()), expected);
}

#[test]
fn they_are_restored_in_order_before_what_waited() {
    let mut rig = Rig::connected();
    subscribe(&mut rig, "ACTIVITY_JOIN", json!({}));
    subscribe(&mut rig, "MESSAGE_CREATE", json!({"channel_id": "2"}));
    subscribe(&mut rig, "ACTIVITY_JOIN_REQUEST", json!({}));
    rig.closed(None, 0);
    rig.command_within("GET_GUILDS", json!({}), 9, Some(ms(1_000_000)));
    rig.advance(ms(60_000));
    rig.opened();
    rig.ready();
    let sent = rig.sent();
    let expected = [
        "SUBSCRIBE ACTIVITY_JOIN {}",
        r#"SUBSCRIBE MESSAGE_CREATE {"channel_id":"2"}"#,
        "SUBSCRIBE ACTIVITY_JOIN_REQUEST {}",
        "GET_GUILDS  {}",
    ];
    assert_eq!(wanted(&sent), expected);
    rig.events();
    for sent in &sent {
        rig.reply(sent, json!({}));
    }
    assert_eq!(names(&rig.events()), ["GET_GUILDS"], "nobody asked for the other replies");
}

#[test]
fn they_are_restored_after_authentication() {
    let mut rig = Rig::with_token("t");
    rig.opened();
    rig.ready();
    let auth = rig.sent_one();
    rig.reply(&auth, json!({}));
    subscribe(&mut rig, "ACTIVITY_JOIN", json!({}));
    rig.reconnect(0);
    let auth = rig.sent_one();
    assert_eq!(auth.cmd, "AUTHENTICATE");
    rig.reply(&auth, json!({}));
    assert_eq!(wanted(&rig.sent()), ["SUBSCRIBE ACTIVITY_JOIN {}"]);
}

#[test]
fn what_is_not_wanted_any_longer_is_not_restored() {
    let mut rig = Rig::connected();
    subscribe(&mut rig, "ACTIVITY_JOIN", json!({}));
    subscribe(&mut rig, "SPEAKING_START", json!({"channel_id": "123"}));
    subscribe(&mut rig, "SPEAKING_START", json!({"channel_id": "124"}));
    subscribe(&mut rig, "NEW_EVENT", json!({"a": [1, 2]}));
    rig.command("UNSUBSCRIBE", json!({"evt": "SPEAKING_START", "args": {"channel_id": 123}}), 2);
    let spaced = br#"{"evt":"NEW_EVENT","args":{ "a" : [1,  2] }}"#[..].into();
    let issued = rig.now;
    rig.send(gamebridge_proto::command::Command {
        name: "UNSUBSCRIBE".into(),
        args: spaced,
        issued,
        ..Default::default()
    });
    rig.sent();
    rig.reconnect(0);
    let expected = ["SUBSCRIBE ACTIVITY_JOIN {}", r#"SUBSCRIBE SPEAKING_START {"channel_id":"124"}"#];
    assert_eq!(wanted(&rig.sent()), expected, "the same id as a number, the same JSON with other spaces");
}

#[test]
fn spaces_inside_strings_count() {
    let mut rig = Rig::connected();
    for text in ["a b", "ab", "\" b", "\"b", "\\"] {
        subscribe(&mut rig, "NEW_EVENT", json!({"a": text, "b": " "}));
    }
    rig.reconnect(0);
    assert_eq!(rig.sent().len(), 5);
}

#[test]
fn one_that_was_asked_for_twice_is_restored_once() {
    let mut rig = Rig::connected();
    subscribe(&mut rig, "ACTIVITY_JOIN", json!({}));
    subscribe(&mut rig, "ACTIVITY_JOIN", json!({}));
    rig.reconnect(0);
    assert_eq!(rig.sent().len(), 1);
}

#[test]
fn a_refused_one_is_not_restored() {
    let mut rig = Rig::connected();
    rig.command("SUBSCRIBE", json!({"evt": "NO_SUCH_EVENT"}), 1);
    let sent = rig.sent_one();
    rig.refuse(&sent, 4004, "Invalid event");
    assert_eq!(rig.event().status, Status::Remote);
    rig.reconnect(0);
    assert_eq!(rig.sent(), []);
}

#[test]
fn a_second_refusal_does_not_take_the_first_success_away() {
    let mut rig = Rig::connected();
    subscribe(&mut rig, "ACTIVITY_JOIN", json!({}));
    rig.command("SUBSCRIBE", json!({"evt": "ACTIVITY_JOIN"}), 1);
    let sent = rig.sent_one();
    rig.refuse(&sent, 4000, "already");
    rig.reconnect(0);
    assert_eq!(rig.sent().len(), 1);
}

#[test]
fn a_restored_one_that_is_refused_is_a_line_in_the_log() {
    let mut rig = Rig::connected();
    subscribe(&mut rig, "ACTIVITY_JOIN", json!({}));
    rig.reconnect(0);
    let sent = rig.sent_one();
    rig.record.events.clear();
    rig.refuse(&sent, 4006, "Not authenticated");
    assert_eq!(rig.log(LogLevel::Warn), ["restoring state: SUBSCRIBE ACTIVITY_JOIN: Not authenticated (4006)"]);
    rig.reconnect(0);
    assert_eq!(rig.sent(), []);
}

#[test]
fn a_restored_one_that_is_not_answered_is_a_line_in_the_log_and_stays_wanted() {
    let mut rig = Rig::connected();
    subscribe(&mut rig, "ACTIVITY_JOIN", json!({}));
    rig.reconnect(0);
    rig.sent();
    rig.record.events.clear();
    rig.advance(ms(30_000));
    assert_eq!(rig.log(LogLevel::Warn).len(), 1);
    rig.reconnect(0);
    assert_eq!(rig.sent().len(), 1);
}

#[test]
fn an_uncertain_one_is_restored_and_an_unwritten_one_is_sent_once() {
    let mut rig = Rig::connected();
    rig.command("SUBSCRIBE", json!({"evt": "ACTIVITY_JOIN"}), 1);
    rig.sent();
    rig.reconnect(0);
    assert_eq!(wanted(&rig.sent()), ["SUBSCRIBE ACTIVITY_JOIN {}"]);

    let mut rig = Rig::connected();
    rig.command_within("SUBSCRIBE", json!({"evt": "ACTIVITY_JOIN"}), 1, Some(ms(1_000_000)));
    rig.sent();
    rig.reconnect(1);
    let sent = rig.sent_one();
    rig.events();
    rig.reply(&sent, json!({}));
    assert_eq!(rig.event().tag, 1, "and its reply is the program's");
}

#[test]
fn an_unwritten_unsubscribe_is_sent_after_the_restored_ones() {
    let mut rig = Rig::connected();
    subscribe(&mut rig, "ACTIVITY_JOIN", json!({}));
    rig.command_within("UNSUBSCRIBE", json!({"evt": "ACTIVITY_JOIN"}), 2, Some(ms(1_000_000)));
    rig.sent();
    rig.reconnect(1);
    assert_eq!(wanted(&rig.sent()), ["SUBSCRIBE ACTIVITY_JOIN {}", "UNSUBSCRIBE ACTIVITY_JOIN {}"]);
    rig.reconnect(0);
    assert_eq!(rig.sent(), []);
}

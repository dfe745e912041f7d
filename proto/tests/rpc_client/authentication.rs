//! The token: shown before CONNECTED, again after each break, and to nobody else.

use gamebridge_proto::error::Status;
use gamebridge_proto::event::{EventType, Flags, LogLevel};
use serde_json::json;

use crate::peer::{Record, Rig, config, ms, names, ready_data};

#[test]
fn authenticates_before_it_is_connected() {
    let mut rig = Rig::with_token("tok-1");
    rig.opened();
    rig.record = Record::default();
    rig.ready();
    let sent = rig.sent_one();
    assert_eq!((sent.cmd.as_str(), sent.args.clone()), ("AUTHENTICATE", json!({"access_token": "tok-1"})));
    assert_eq!(rig.events(), []);
    rig.command("GET_GUILDS", json!({}), 1);
    assert_eq!(rig.sent(), [], "commands wait for it");
    rig.reply(&sent, json!({"scopes": ["rpc"]}));
    let event = rig.event();
    let mut expected = ready_data();
    expected["auth"] = json!({"scopes": ["rpc"]});
    assert_eq!((event.kind, event.payload), (EventType::Connected, expected));
    assert_eq!(rig.sent_one().cmd, "GET_GUILDS");
}

#[test]
fn a_refused_token_is_fatal() {
    let mut rig = Rig::with_token("tok-1");
    rig.command("GET_GUILDS", json!({}), 1);
    rig.opened();
    rig.ready();
    let sent = rig.sent_one();
    rig.refuse(&sent, 4009, "Invalid OAuth2 access token");
    let events = rig.events();
    assert_eq!(names(&events), ["GET_GUILDS", "DISCONNECTED"]);
    assert_eq!((events[1].status, events[1].code, events[1].flags), (Status::Auth, 4009, Flags::FATAL));
    assert!(events[1].message.contains("Invalid OAuth2 access token"));
    assert_eq!(rig.record.closes, 1);
}

#[test]
fn only_what_is_the_tokens_fault_is_fatal() {
    for code in [4006, 4007, 4009] {
        let mut rig = Rig::with_token("tok-1");
        rig.opened();
        rig.ready();
        let sent = rig.sent_one();
        rig.refuse(&sent, code, "No");
        let event = rig.event();
        assert_eq!((event.status, i64::from(event.code), event.flags), (Status::Auth, code, Flags::FATAL));
    }
    for code in [0, 1000, 4000, 5000, 9999] {
        let mut rig = Rig::with_token("tok-1");
        rig.opened();
        rig.ready();
        let sent = rig.sent_one();
        rig.refuse(&sent, code, "Unknown Error");
        assert_eq!(rig.record.closes, 1, "{code}");
        assert!(rig.log(LogLevel::Warn)[0].contains("Unknown Error"), "{code}");
        rig.advance(ms(500));
        assert_eq!(rig.record.opens, [0, 0], "{code}: it is tried again");
        rig.opened();
        rig.ready();
        let sent = rig.sent_one();
        assert_eq!(sent.args, json!({"access_token": "tok-1"}), "{code}");
        rig.reply(&sent, json!({}));
        assert_eq!(names(&rig.events()), ["CONNECTED"], "{code}");
    }
}

#[test]
fn an_authentication_that_goes_on_failing_is_tried_ever_more_rarely() {
    let mut rig = Rig::with_token("tok-1");
    let (end, mut tries) = (rig.now + ms(3_600_000), 0);
    while rig.now < end {
        rig.opened();
        rig.ready();
        let sent = rig.sent_one();
        rig.refuse(&sent, 1000, "Unknown Error");
        let next = rig.client.next_timeout().expect("it waits");
        rig.advance(next.since(rig.now));
        tries += 1;
    }
    assert!((20..250).contains(&tries), "{tries} in an hour");
}

#[test]
fn passes_over_a_peer_that_does_not_answer_authentication() {
    let mut rig = Rig::with_token("tok-1");
    rig.opened();
    rig.ready();
    rig.advance(ms(9_999));
    assert_eq!(rig.record.opens, [0]);
    rig.advance(ms(1));
    assert_eq!((rig.record.closes, &rig.record.opens[..]), (1, &[0, 1][..]));
}

#[test]
fn keeps_the_token_that_the_program_authenticated_with() {
    let mut rig = Rig::connected();
    rig.command("AUTHENTICATE", json!({"access_token": "tok-2"}), 1);
    let sent = rig.sent_one();
    rig.reply(&sent, json!({}));
    rig.events();
    rig.reconnect(0);
    let sent = rig.sent_one();
    assert_eq!((sent.cmd.as_str(), &sent.args), ("AUTHENTICATE", &json!({"access_token": "tok-2"})));
    assert_eq!(names(&rig.events()), ["RECONNECTING"]);
    rig.reply(&sent, json!({"scopes": []}));
    assert_eq!(rig.event().payload["auth"], json!({"scopes": []}));
}

#[test]
fn forgets_a_token_that_was_refused_to_the_program() {
    let mut rig = Rig::connected();
    rig.command("AUTHENTICATE", json!({"access_token": "tok-2"}), 1);
    let sent = rig.sent_one();
    rig.refuse(&sent, 4009, "Invalid token");
    assert_eq!((rig.event().status, rig.client.is_finished()), (Status::Auth, false));
    rig.reconnect(0);
    assert_eq!(rig.sent(), []);
    assert_eq!(names(&rig.events()), ["RECONNECTING", "CONNECTED"]);
}

#[test]
fn never_shows_a_token() {
    let canary = "canary-7Jx2";
    let mut rig = Rig::with_token(canary);
    rig.opened();
    rig.ready();
    let sent = rig.sent_one();
    rig.reply(&sent, json!({}));
    rig.command("AUTHENTICATE", json!({"access_token": canary}), 0);
    rig.command("SUBSCRIBE", json!({"evt": canary, "args": [canary]}), 0);
    rig.closed(None, 0);
    let printed = format!("{:?} {:?} {:?}", rig.client, rig.record.events, config());
    assert!(!printed.contains(canary), "{printed}");
}

//! Beats, deadlines and limits.

use std::time::Duration;

use serde_json::{Value, json};

use super::house::{ALL, House};

#[test]
fn a_beat_is_answered_before_and_after_identify() {
    let mut house = House::default();
    let peer = house.connect("v=10");
    house.said(peer);
    house.say(peer, json!({"op": 1, "d": null}));
    assert_eq!(house.said(peer)[0]["op"], 11);
    let (peer, _) = house.bot_with(ALL);
    house.say(peer, json!({"op": 1, "d": 2}));
    assert_eq!(house.said(peer), [json!({"t": null, "s": null, "op": 11, "d": null})]);
}

#[test]
fn missed_beats_are_4009_and_end_the_session() {
    let mut house = House::default();
    let (peer, _) = house.bot_with(ALL);
    house.pass(Duration::from_secs(61));
    house.say(peer, json!({"op": 1, "d": 2}));
    house.pass(Duration::from_millis(61_800));
    assert_eq!(house.closed(peer), None);
    house.pass(Duration::from_millis(200));
    assert_eq!(house.closed(peer), Some(4009));
    assert_eq!(house.host("GATEWAY_STATE", json!({})).unwrap()["sessions"], json!([]));
}

#[test]
fn who_never_identifies_is_sent_away() {
    let mut house = House::default();
    let peer = house.connect("v=10");
    house.pass(Duration::from_secs(30));
    house.say(peer, json!({"op": 1, "d": null}));
    house.pass(Duration::from_secs(31));
    assert_eq!(house.closed(peer), Some(4009));
}

#[test]
fn more_than_120_payloads_in_a_minute_are_4008() {
    let mut house = House::default();
    let (peer, _) = house.bot_with(ALL);
    for _ in 0..119 {
        house.say(peer, json!({"op": 1, "d": 2}));
    }
    assert_eq!(house.closed(peer), None);
    house.pass(Duration::from_secs(60));
    for _ in 0..120 {
        house.say(peer, json!({"op": 1, "d": 2}));
    }
    assert_eq!(house.closed(peer), None, "a new minute");
    house.say(peer, json!({"op": 1, "d": 2}));
    assert_eq!(house.closed(peer), Some(4008));
    let state = house.host("GATEWAY_STATE", json!({})).unwrap();
    assert_eq!(state["sessions"][0]["peer"], Value::Null, "the session can be resumed");
}

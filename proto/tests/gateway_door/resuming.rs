//! Sessions that outlive their connections.

use std::time::Duration;

use gamebridge_proto::server::gateway::Limits;
use serde_json::{Value, json};

use super::house::{ALL, House, TOKEN, resume};

/// What the contents of the messages were.
fn contents(said: &[Value]) -> Vec<&str> {
    said.iter().filter(|said| said["t"] == "MESSAGE_CREATE").filter_map(|said| said["d"]["content"].as_str()).collect()
}

#[test]
fn what_was_missed_comes_in_order_and_then_resumed() {
    let mut house = House::default();
    let (peer, ready) = house.bot_with(ALL);
    house.post("one");
    let seq = house.said(peer).last().unwrap()["s"].as_u64().unwrap();
    house.post("two");
    // On its way when the connection broke: sent again.
    house.gone(peer, None);
    house.post("three");
    let again = house.connect("v=10");
    house.said(again);
    house.say(again, resume(&ready, seq));
    let said = house.said(again);
    assert_eq!(contents(&said), ["two", "three"]);
    assert_eq!(said.last().unwrap()["t"], "RESUMED");
    assert_eq!(said.iter().map(|said| said["s"].as_u64().unwrap()).collect::<Vec<_>>(), [seq + 1, seq + 2, seq + 3]);
    house.post("four");
    assert_eq!(contents(&house.said(again)), ["four"]);
    let (name, of, _, told) = house.out.events.last().unwrap();
    assert_eq!((name.as_str(), *of, &told["how"]), ("GATEWAY_SESSION", again, &json!("resumed")));
}

/// Killed after each of 300 events and resumed from whatever was seen: nothing is lost, nothing comes twice.
#[test]
fn a_connection_that_is_lost_again_and_again_loses_nothing() {
    let mut house = House::default();
    let (mut peer, ready) = house.bot_with(ALL);
    let (mut seen, mut seq) = (Vec::new(), 2);
    for round in 0..300u64 {
        house.post(&format!("{round} a"));
        house.post(&format!("{round} b"));
        // Of what is on its way a part arrives.
        let said = house.said(peer);
        let arrived = (round * 7 % 3) as usize;
        for said in said.iter().take(arrived) {
            seq = said["s"].as_u64().unwrap();
            seen.extend(contents(std::slice::from_ref(said)).iter().map(|text| (*text).to_owned()));
        }
        house.gone(peer, if round % 2 == 0 { None } else { Some(4000) });
        peer = house.connect("v=10");
        house.said(peer);
        house.say(peer, resume(&ready, seq));
    }
    let said = house.said(peer);
    seen.extend(contents(&said).iter().map(|text| (*text).to_owned()));
    let sent: Vec<String> = (0..300).flat_map(|round| [format!("{round} a"), format!("{round} b")]).collect();
    assert_eq!(seen, sent);
}

#[test]
fn a_session_waits_three_minutes() {
    for (wait, comes_back) in [(179, true), (181, false)] {
        let mut house = House::default();
        let (peer, ready) = house.bot_with(ALL);
        house.gone(peer, None);
        house.pass(Duration::from_secs(wait));
        let again = house.connect("v=10");
        house.said(again);
        house.say(again, resume(&ready, 2));
        let said = house.said(again);
        match comes_back {
            true => assert_eq!(said.last().unwrap()["t"], "RESUMED"),
            false => assert_eq!((&said[0]["op"], &said[0]["d"]), (&json!(9), &json!(false))),
        }
        assert_eq!(house.closed(again), None, "who may not resume may identify");
    }
}

/// The client's code, and whether the session is there afterwards.
#[test]
fn a_client_that_says_it_is_done_is_done() {
    for (code, waits) in
        [(None, true), (Some(1000), false), (Some(1001), false), (Some(1006), true), (Some(4000), true)]
    {
        let mut house = House::default();
        let (peer, ready) = house.bot_with(ALL);
        house.gone(peer, code);
        let again = house.connect("v=10");
        house.said(again);
        house.say(again, resume(&ready, 2));
        let resumed = house.said(again).last().unwrap()["t"] == "RESUMED";
        assert_eq!(resumed, waits, "{code:?}");
    }
}

#[test]
fn a_sequence_that_was_never_sent_is_4007_and_ends_the_session() {
    let mut house = House::default();
    let (peer, ready) = house.bot_with(ALL);
    house.gone(peer, None);
    let again = house.connect("v=10");
    house.say(again, resume(&ready, 3));
    assert_eq!(house.closed(again), Some(4007));
    let third = house.connect("v=10");
    house.said(third);
    house.say(third, resume(&ready, 2));
    assert_eq!(house.said(third)[0]["op"], 9);
}

#[test]
fn what_is_kept_no_longer_cannot_be_resumed() {
    for (posted, resumes) in [(5, true), (6, false)] {
        let mut house = House::with(Limits { replay: 5, ..Limits::default() });
        let (peer, ready) = house.bot_with(ALL);
        house.gone(peer, None);
        (0..posted).for_each(|n| house.post(&n.to_string()));
        let again = house.connect("v=10");
        house.said(again);
        house.say(again, resume(&ready, 2));
        let said = house.said(again);
        assert_eq!(said.last().unwrap()["t"] == "RESUMED", resumes);
        assert_eq!(said.len(), if resumes { 6 } else { 1 });
    }
}

#[test]
fn another_bots_session_is_none_of_ones_own() {
    let mut house = House::default();
    let (peer, ready) = house.bot_with(ALL);
    house.gone(peer, None);
    let secret = gamebridge_proto::secret::Secret::new("the-other-token");
    let new = gamebridge_proto::world::NewBot {
        application: 7.into(),
        username: None,
        token: Some(secret),
        refused_intents: 0,
    };
    house.apply(gamebridge_proto::world::Operation::CreateBot(new));
    let again = house.connect("v=10");
    house.said(again);
    // No session at all is one that is gone.
    house.say(again, json!({"op": 6, "d": {"token": TOKEN, "session_id": null, "seq": null}}));
    assert_eq!(house.said(again).last().unwrap()["op"], 9);
    house.say(again, json!({"op": 6, "d": {"token": "the-other-token", "session_id": ready["session_id"], "seq": 2}}));
    assert_eq!(house.said(again)[0]["op"], 9);
}

#[test]
fn a_client_that_comes_back_before_its_old_connection_is_gone_takes_it_over() {
    let mut house = House::default();
    let (peer, ready) = house.bot_with(ALL);
    let again = house.connect("v=10");
    house.say(again, resume(&ready, 2));
    assert_eq!(house.closed(peer), Some(4000));
    house.said(again);
    house.post("ahoy");
    assert_eq!(contents(&house.said(again)), ["ahoy"]);
}

#[test]
fn a_bot_without_a_session_is_not_there() {
    use gamebridge_proto::world::Status;
    let mut house = House::default();
    let (peer, _) = house.bot_with(ALL);
    assert_eq!(house.world.presence(house.bot).status, Status::Online);
    house.gone(peer, None);
    assert_eq!(house.world.presence(house.bot).status, Status::Online, "its session waits");
    house.pass(Duration::from_secs(181));
    assert_eq!(house.world.presence(house.bot).status, Status::Offline);
}

//! Players who ask to join: whom they meet, and who answers.

use std::time::Duration;

use gamebridge_proto::error::Status;
use gamebridge_proto::event::EventType;
use gamebridge_proto::secret::Secret;
use gamebridge_proto::server::rpc::{Config, JoinRequests};
use gamebridge_proto::world::Operation;
use serde_json::{Value, json};

use super::house::{GAME, Out};
use super::town::{Town, id};

const SECRET: &str = "come in";

/// A game that can be joined, over peer 1.
fn town(join_requests: JoinRequests) -> Town {
    let mut town = Town::of(Config { join_requests, ..Config::default() });
    town.peer(1, &[]);
    town.done(1, "SET_ACTIVITY", json!({"pid": 1, "activity": {"state": "In a match", "secrets": {"join": SECRET}}}));
    town.subscribe(1, "ACTIVITY_JOIN_REQUEST", json!({}));
    town
}

fn ask(town: &mut Town, application: Option<&str>) {
    let application = application.map(|id| id.parse::<u64>().unwrap().into());
    town.make(Operation::RequestJoin { from: town.bob, application });
}

/// The REQUESTs, the answers and the events of peers that came out.
fn outcome(town: &mut Town) -> (Vec<u64>, Vec<Value>, usize) {
    let (mut requests, mut answers, mut events) = (Vec::new(), Vec::new(), 0);
    for out in town.house.out() {
        match out {
            Out::Event { kind: EventType::Request, name, tag, data, .. } => {
                assert_eq!((name.as_str(), &data["user"]["id"]), ("ACTIVITY_JOIN_REQUEST", &id(town.bob)));
                requests.push(tag);
            }
            Out::Event { name, data, .. } if name == "JOIN_REQUEST_ANSWERED" => answers.push(data),
            Out::Sent { payload, .. } if payload["evt"] == "ACTIVITY_JOIN_REQUEST" => events += 1,
            _ => {}
        }
    }
    (requests, answers, events)
}

fn answered(accepted: bool) -> impl Fn(&Value) -> bool {
    move |data| {
        let secret = if accepted { json!(SECRET) } else { Value::Null };
        data["accepted"] == accepted && data["secret"] == secret && data["application_id"] == GAME
    }
}

#[test]
fn policies_answer_for_the_user_and_ask_nobody() {
    for (policy, accepted) in [(JoinRequests::Allow, true), (JoinRequests::Deny, false)] {
        for application in [Some(GAME), None] {
            let mut town = town(policy);
            ask(&mut town, application);
            let (requests, answers, events) = outcome(&mut town);
            assert_eq!((requests.len(), answers.len(), events), (0, 1, 0));
            assert!(answered(accepted)(&answers[0]), "{answers:?}");
            assert!(town.house.world.join_requests().is_empty());
            assert_eq!(town.refused(1, "CLOSE_ACTIVITY_REQUEST", json!({"user_id": id(town.bob)})).0, 4010);
        }
    }
}

#[test]
fn a_game_that_nobody_plays_has_no_secret_to_give() {
    let mut town = Town::of(Config { join_requests: JoinRequests::Allow, ..Config::default() });
    ask(&mut town, None);
    let (_, answers, _) = outcome(&mut town);
    assert_eq!(
        (&answers[0]["accepted"], &answers[0]["secret"], &answers[0]["application_id"]),
        (&json!(true), &Value::Null, &Value::Null)
    );
    ask(&mut town, Some("5"));
    assert_eq!(outcome(&mut town).1[0]["application_id"], "5");
}

#[test]
fn the_host_may_answer_before_the_peers() {
    for (status, accepted) in [(Status::Ok, true), (Status::Auth, false)] {
        let mut town = town(JoinRequests::Ask);
        ask(&mut town, Some(GAME));
        let (requests, answers, events) = outcome(&mut town);
        assert_eq!((requests.len(), answers.len(), events), (1, 0, 1), "the host and the peer are asked");
        town.house.answer(requests[0], status).unwrap();
        let (_, answers, _) = outcome(&mut town);
        assert!(answers.len() == 1 && answered(accepted)(&answers[0]), "{answers:?}");
        assert_eq!(town.refused(1, "SEND_ACTIVITY_JOIN_INVITE", json!({"user_id": id(town.bob)})).0, 4010);
        assert_eq!(town.house.answer(requests[0], status).unwrap_err().status, Status::State);
    }
}

#[test]
fn a_peer_may_answer_before_the_host() {
    let mut town = town(JoinRequests::Ask);
    ask(&mut town, None);
    let (requests, ..) = outcome(&mut town);
    town.done(1, "SEND_ACTIVITY_JOIN_INVITE", json!({"user_id": id(town.bob)}));
    let (_, answers, _) = outcome(&mut town);
    assert!(answers.len() == 1 && answered(true)(&answers[0]), "{answers:?}");
    assert_eq!(town.house.answer(requests[0], Status::Ok).unwrap_err().status, Status::State);
    town.house.wait(Duration::from_secs(120));
    assert_eq!(outcome(&mut town).1.len(), 0, "time has nothing left to answer");
}

#[test]
fn silence_is_a_no_after_the_consent_timeout() {
    for policy in [JoinRequests::Peers, JoinRequests::Ask] {
        let mut town = town(policy);
        ask(&mut town, Some(GAME));
        outcome(&mut town);
        town.house.wait(Duration::from_secs(59));
        assert!(outcome(&mut town).1.is_empty());
        town.house.wait(Duration::from_secs(1));
        let (_, answers, _) = outcome(&mut town);
        assert!(answers.len() == 1 && answered(false)(&answers[0]), "{answers:?}");
        assert_eq!(town.refused(1, "SEND_ACTIVITY_JOIN_INVITE", json!({"user_id": id(town.bob)})).0, 4010);
    }
}

#[test]
fn asking_again_gains_time_and_is_no_second_question() {
    let mut town = town(JoinRequests::Ask);
    ask(&mut town, Some(GAME));
    let (requests, ..) = outcome(&mut town);
    town.house.wait(Duration::from_secs(50));
    ask(&mut town, Some(GAME));
    let (again, _, events) = outcome(&mut town);
    assert_eq!((again.len(), events), (0, 1));
    town.house.wait(Duration::from_secs(50));
    assert!(outcome(&mut town).1.is_empty());
    town.house.answer(requests[0], Status::Ok).unwrap();
}

#[test]
fn an_overlay_may_answer_for_the_game_and_hands_out_the_games_secret() {
    let mut town = town(JoinRequests::Peers);
    town.peer(2, &[]);
    town.subscribe(2, "ACTIVITY_JOIN_REQUEST", json!({}));
    ask(&mut town, Some(GAME));
    outcome(&mut town);
    town.done(2, "SEND_ACTIVITY_JOIN_INVITE", json!({"user_id": id(town.bob)}));
    let (_, answers, _) = outcome(&mut town);
    assert!(answered(true)(&answers[0]), "{answers:?}");
    assert_eq!(town.refused(1, "CLOSE_ACTIVITY_REQUEST", json!({"user_id": id(town.bob)})).0, 4010, "the first counts");
}

#[test]
fn a_game_answers_only_who_asked_for_it() {
    let mut town = town(JoinRequests::Peers);
    town.stranger(2, "5", &[]);
    ask(&mut town, Some(GAME));
    assert_eq!(town.refused(2, "SEND_ACTIVITY_JOIN_INVITE", json!({"user_id": id(town.bob)})).0, 4010);
    town.done(1, "CLOSE_ACTIVITY_REQUEST", json!({"user_id": id(town.bob)}));
}

#[test]
fn a_secret_for_a_game_that_has_not_started_waits_for_it_once() {
    for (event, subscribed) in [("ACTIVITY_JOIN", true), ("ACTIVITY_SPECTATE", true), ("ACTIVITY_JOIN_REQUEST", false)]
    {
        let mut town = Town::default();
        let application = Some(GAME.parse::<u64>().unwrap().into());
        let secret = Secret::new("the latest");
        match event {
            "ACTIVITY_SPECTATE" => town.make(Operation::AcceptSpectate { application, secret }),
            _ => {
                town.make(Operation::AcceptJoin { application, secret: Secret::new("an older one") });
                town.make(Operation::AcceptJoin { application, secret })
            }
        };
        town.stranger(1, "5", &[]);
        town.house.done(1, json!({"cmd": "SUBSCRIBE", "evt": event, "args": {}}));
        assert_eq!(town.heard(1), ["a reply"], "another game's secret is not its own");
        for (peer, hears) in [(2, subscribed), (3, false)] {
            town.peer(peer, &[]);
            town.house.done(peer, json!({"cmd": "SUBSCRIBE", "evt": event, "args": {}}));
            let sent = town.house.sent(peer);
            assert_eq!(sent.len(), if hears { 2 } else { 1 }, "{event}: {sent:?}");
            assert!(sent.get(1).is_none_or(|sent| sent["data"]["secret"] == "the latest"));
        }
    }
}

#[test]
fn a_secret_waits_ten_minutes_at_most() {
    let mut town = Town::default();
    let application = Some(GAME.parse::<u64>().unwrap().into());
    town.make(Operation::AcceptJoin { application, secret: Secret::new("s") });
    town.house.wait(Duration::from_secs(600));
    town.peer(1, &[]);
    town.house.done(1, json!({"cmd": "SUBSCRIBE", "evt": "ACTIVITY_JOIN", "args": {}}));
    assert_eq!(town.heard(1), ["a reply"]);
}

#[test]
fn a_party_of_nobody_is_left_out_and_one_without_a_most_is_not() {
    let mut town = Town::default();
    town.peer(1, &[]);
    for (size, shown) in [(json!([0, 5]), Value::Null), (json!([3, 0]), json!([3, 0])), (json!([3, 6]), json!([3, 6]))]
    {
        let activity = json!({"state": "In a group", "party": {"id": "p", "size": size}});
        let reply = town.done(1, "SET_ACTIVITY", json!({"pid": 1, "activity": activity}));
        assert_eq!(reply["party"].get("size").cloned().unwrap_or_default(), shown, "{size}");
        assert_eq!(reply["party"]["id"], "p");
    }
}

//! The envelope, the commands and the events of peers.

use gamebridge_proto::wire::ipc::Opcode;
use serde_json::{Value, json};

use super::house::{GAME, House, Out, subscribe};

fn set_activity(activity: Value) -> Value {
    json!({"cmd": "SET_ACTIVITY", "args": {"pid": 9999, "activity": activity}})
}

#[test]
fn a_nonce_of_any_type_comes_back_as_it_came() {
    let mut house = House::default();
    house.ipc(1);
    for nonce in [
        r#""f48f6176-4afb-4c03-b1b8-d960861f5216""#,
        r#""\u0000\"é\n""#,
        "12345678901234567890123",
        "-0.5e10",
        "true",
        "null",
        "[]",
        r#"{"a":[1,2,{"b":null}]}"#,
    ] {
        for (message, evt) in [
            (format!(r#"{{"nonce":{nonce},"cmd":"SET_ACTIVITY","args":{{"pid":1}}}}"#), Value::Null),
            (format!(r#"{{"cmd":"GET_GUILDS","nonce":{nonce}}}"#), json!("ERROR")),
        ] {
            house.frame(1, Opcode::Frame, message.as_bytes()).unwrap();
            let reply = house.sent(1).remove(0);
            let expected: Value = serde_json::from_str(nonce).unwrap();
            assert_eq!((&reply["nonce"], &reply["evt"]), (&expected, &evt), "{message}");
        }
    }
    house.say(1, &json!({"cmd": "SET_ACTIVITY", "args": {"pid": 1}}));
    assert_eq!(house.sent(1)[0]["nonce"], Value::Null, "none is null");
}

#[test]
fn what_is_malformed_is_answered_with_4000_and_harms_nobody() {
    let mut house = House::default();
    house.ipc(1);
    for payload in [
        &b""[..],
        b"{",
        b"[]",
        b"null",
        b"\"GET_GUILDS\"",
        b"{}",
        br#"{"cmd":5,"nonce":"n"}"#,
        br#"{"cmd":null}"#,
        br#"{"cmd":["GET_GUILDS"]}"#,
        b"{\"cmd\":\"\xff\"}",
        br#"{"cmd":"SET_ACTIVITY","args":[]}"#,
        br#"{"cmd":"SET_ACTIVITY","args":"{}"}"#,
        br#"{"cmd":"SET_ACTIVITY"} {}"#,
    ] {
        house.frame(1, Opcode::Frame, payload).unwrap();
        let sent = house.sent(1);
        assert_eq!(sent.len(), 1, "{}", String::from_utf8_lossy(payload));
        assert_eq!((&sent[0]["evt"], &sent[0]["data"]["code"]), (&json!("ERROR"), &json!(4000)), "{sent:?}");
    }
    house.frame(1, Opcode::Frame, br#"{"cmd":5,"nonce":"n"}"#).unwrap();
    assert_eq!(house.sent(1)[0]["nonce"], "n", "the nonce is read even so");
    house.done(1, set_activity(json!({"state": "Still here"})));
}

#[test]
fn unknown_commands_are_refused_with_4002() {
    let mut house = House::default();
    house.ipc(1);
    house.authenticate(1, &["rpc"]);
    for name in ["NONSENSE", "", "set_activity", "DISPATCH", "GUILD_CREATE"] {
        let reply = house.ask(1, json!({"cmd": name, "args": {}}));
        assert_eq!((&reply["cmd"], &reply["data"]["code"]), (&json!(name), &json!(4002)), "{reply}");
    }
    let (_, sentence) = house.refused(1, json!({"cmd": "N".repeat(5000)}));
    assert!(sentence.len() < 200);
}

#[test]
fn an_activity_comes_back_as_it_is_shown() {
    let mut house = House::default();
    house.host("APPLICATION_REGISTER", json!({"id": GAME, "name": "The Game"}));
    house.ipc(1);
    let activity = json!({
        "state": "In a Group", "details": "Competitive | In a \"Match\"",
        "timestamps": {"start": 1_507_665_886, "end": 1_507_665_887_000i64},
        "assets": {"large_image": "numbani_map", "large_text": "Numbani", "small_image": "pharah", "small_text": "Pharah"},
        "party": {"id": "ae488379", "size": [3, 6]},
        "secrets": {"join": "025ed05c", "spectate": "e7eb30d2", "match": "4b2fdce1"},
        "buttons": [{"label": "Site", "url": "https://game.example/"}],
        "type": 0, "instance": true,
    });
    let reply = house.done(1, set_activity(activity.clone()));
    let mut shown = activity;
    shown["name"] = json!("The Game");
    shown["application_id"] = json!(GAME);
    assert_eq!(reply, shown);
    let events = house.events();
    assert_eq!(events.len(), 1);
    assert_eq!((events[0].0.as_str(), events[0].1, &events[0].2["activity"]), ("ACTIVITY_UPDATE", 1, &shown));
    assert_eq!(house.done(1, set_activity(json!({"type": 3, "name": "Another name"})))["name"], "Another name");
}

#[test]
fn an_activity_that_does_not_fit_is_refused_with_4000_naming_the_field() {
    let mut house = House::default();
    house.ipc(1);
    house.done(1, set_activity(json!({"state": "Before"})));
    for (activity, field) in [
        (json!("In menu"), "activity"),
        (json!({"type": 1}), "activity.type"),
        (json!({"type": "0"}), "activity.type"),
        (json!({"state": "x"}), "activity.state"),
        (json!({"details": "x".repeat(129)}), "activity.details"),
        (json!({"timestamps": {"start": "soon"}}), "activity.timestamps.start"),
        (json!({"party": {"size": [1]}}), "activity.party.size"),
        (json!({"party": {"size": [1, "2"]}}), "activity.party.size[1]"),
        (json!({"secrets": {"join": 5}}), "activity.secrets.join"),
        (json!({"buttons": [{"label": "a", "url": "b"}, {"label": "", "url": "c"}]}), "activity.buttons[1].label"),
        (json!({"instance": 1}), "activity.instance"),
    ] {
        let (code, sentence) = house.refused(1, set_activity(activity.clone()));
        assert_eq!(code, 4000, "{activity}");
        assert!(sentence.contains(field), "{sentence} names {field}");
    }
    assert_eq!(house.host("STATE", json!({}))["activities"][0]["activity"]["state"], "Before");
}

#[test]
fn presence_ends_when_cleared_and_when_its_peer_goes() {
    let mut house = House::default();
    house.ipc(1);
    for clear in [
        json!({"cmd": "SET_ACTIVITY", "args": {"pid": 1}}),
        json!({"cmd": "SET_ACTIVITY", "args": {"pid": 1, "activity": null}}),
    ] {
        house.done(1, set_activity(json!({"state": "In menu"})));
        house.out();
        assert_eq!(house.done(1, clear), Value::Null);
        assert_eq!(house.events()[0].2["activity"], Value::Null);
    }
    house.done(1, set_activity(json!({"state": "In menu"})));
    house.out();
    house.gone(1);
    let names: Vec<_> = house.events().into_iter().map(|(name, peer, _)| (name, peer)).collect();
    assert_eq!(names, [("ACTIVITY_UPDATE".to_owned(), 1), ("PEER_DISCONNECTED".to_owned(), 1)]);
    assert_eq!(house.host("STATE", json!({}))["activities"], json!([]));
    house.gone(1);
    assert!(house.out().is_empty(), "going twice is nothing");
}

#[test]
fn each_peer_has_a_presence_of_its_own() {
    let mut house = House::default();
    house.ipc(1);
    house.websocket(2);
    house.authenticate(2, &["rpc.activities.write"]);
    house.done(1, set_activity(json!({"state": "One"})));
    house.done(2, set_activity(json!({"state": "Two"})));
    house.gone(1);
    let state = house.host("STATE", json!({}));
    assert_eq!(state["activities"].as_array().unwrap().len(), 1);
    assert_eq!(state["activities"][0]["activity"]["state"], "Two");
}

#[test]
fn the_same_activity_again_is_no_news_for_the_host() {
    let mut house = House::default();
    house.ipc(1);
    house.done(1, set_activity(json!({"state": "In menu"})));
    house.out();
    assert_eq!(house.done(1, set_activity(json!({"state": "In menu"})))["state"], "In menu");
    assert!(house.events().is_empty());
}

#[test]
fn guilds_are_listed_and_their_making_is_told() {
    let mut house = House::default();
    house.ipc(1);
    house.authenticate(1, &["rpc"]);
    house.done(1, subscribe("GUILD_CREATE"));
    house.out();
    let guild = house.host("GUILD_CREATE", json!({"name": " Test  Guild ", "icon": "abc"}));
    assert_eq!(guild["name"], "Test Guild");
    assert_eq!(
        house.sent(1),
        [json!({
            "cmd": "DISPATCH", "evt": "GUILD_CREATE", "nonce": null, "data": {"id": guild["id"], "name": "Test Guild"},
        })]
    );
    let icon_url = format!("https://cdn.discordapp.com/icons/{}/abc.png", guild["id"].as_str().unwrap());
    assert_eq!(
        house.done(1, json!({"cmd": "GET_GUILDS"})),
        json!({"guilds": [{"id": guild["id"], "name": "Test Guild", "icon_url": icon_url}]})
    );
}

#[test]
fn subscriptions_reply_with_their_event_and_are_once() {
    let mut house = House::default();
    house.ipc(1);
    for _ in 0..3 {
        assert_eq!(house.done(1, subscribe("ACTIVITY_JOIN")), json!({"evt": "ACTIVITY_JOIN"}));
    }
    assert_eq!(house.host("ACTIVITY_JOIN", json!({"secret": "s"})), json!({"peers": 1}));
    let unsubscribe = json!({"cmd": "UNSUBSCRIBE", "evt": "ACTIVITY_JOIN"});
    for _ in 0..2 {
        assert_eq!(house.done(1, unsubscribe.clone()), json!({"evt": "ACTIVITY_JOIN"}));
    }
    assert_eq!(house.host("ACTIVITY_JOIN", json!({"secret": "s"})), json!({"peers": 0}));
}

#[test]
fn events_that_do_not_exist_or_come_unasked_are_refused_with_4004() {
    let mut house = House::default();
    house.ipc(1);
    for evt in
        [json!("NONSENSE"), json!(""), json!(null), json!(5), json!(["ACTIVITY_JOIN"]), json!("READY"), json!("ERROR")]
    {
        for cmd in ["SUBSCRIBE", "UNSUBSCRIBE"] {
            assert_eq!(house.refused(1, json!({"cmd": cmd, "evt": evt})).0, 4004, "{cmd} {evt}");
        }
    }
    assert_eq!(house.refused(1, json!({"cmd": "SUBSCRIBE"})).0, 4004);
    let wrong = json!({"cmd": "SUBSCRIBE", "evt": "ACTIVITY_JOIN", "args": "none"});
    assert_eq!(house.refused(1, wrong).0, 4000);
}

#[test]
fn events_reach_subscribers_only_in_the_order_in_which_they_subscribed() {
    let mut house = House::default();
    for peer in 1..=4 {
        house.ipc(peer);
    }
    for peer in [3, 1, 4] {
        house.done(peer, subscribe("ACTIVITY_SPECTATE"));
    }
    house.done(2, subscribe("ACTIVITY_JOIN"));
    house.gone(1);
    house.out();
    assert_eq!(house.host("ACTIVITY_SPECTATE", json!({"secret": "e7eb30d2"})), json!({"peers": 2}));
    let event = json!({"cmd": "DISPATCH", "evt": "ACTIVITY_SPECTATE", "nonce": null, "data": {"secret": "e7eb30d2"}});
    let sent = |peer| Out::Sent { peer, opcode: Opcode::Frame, payload: event.clone() };
    assert_eq!(house.out(), [sent(3), sent(4)]);
}

#[test]
fn events_for_one_application_do_not_reach_another() {
    let mut house = House::default();
    house.ipc(1);
    house.connect(2, gamebridge_proto::server::rpc::Via::Ipc);
    house.frame(2, Opcode::Handshake, br#"{"v":1,"client_id":"5"}"#).unwrap();
    for peer in [1, 2] {
        house.done(peer, subscribe("ACTIVITY_JOIN"));
    }
    house.out();
    assert_eq!(house.host("ACTIVITY_JOIN", json!({"secret": "s", "application_id": "5"})), json!({"peers": 1}));
    assert!(matches!(house.out()[..], [Out::Sent { peer: 2, .. }]));
}

#[test]
fn a_player_who_asks_to_join_is_answered_once() {
    for (cmd, accepted) in
        [("SEND_ACTIVITY_JOIN_INVITE", true), ("CLOSE_ACTIVITY_REQUEST", false), ("CLOSE_ACTIVITY_JOIN_REQUEST", false)]
    {
        let mut house = House::default();
        house.ipc(1);
        house.done(1, set_activity(json!({"secrets": {"join": "come in"}})));
        house.done(1, subscribe("ACTIVITY_JOIN_REQUEST"));
        house.out();
        let user = house.host("USER_CREATE", json!({"username": "Mason", "discriminator": "1337"}));
        let asked = house.host("ACTIVITY_JOIN_REQUEST", json!({"user_id": user["id"]}));
        assert_eq!(asked, json!({"peers": 1}));
        let shown = json!({"id": user["id"], "username": "Mason", "discriminator": "1337", "global_name": null,
            "avatar": null, "bot": false});
        assert_eq!(
            house.sent(1),
            [json!({"cmd": "DISPATCH", "evt": "ACTIVITY_JOIN_REQUEST", "nonce": null, "data": {"user": shown}})]
        );
        let answer = json!({"cmd": cmd, "args": {"user_id": user["id"]}});
        let reply = house.ask(1, answer.clone());
        assert_eq!((&reply["cmd"], &reply["data"]), (&json!(cmd), &Value::Null));
        let (name, peer, data) = house.events().remove(0);
        assert_eq!((name.as_str(), peer), ("JOIN_REQUEST_ANSWERED", 1));
        let secret = if accepted { json!("come in") } else { Value::Null };
        assert_eq!(data, json!({"user": shown, "application_id": GAME, "accepted": accepted, "secret": secret}));
        assert_eq!(house.refused(1, answer).0, 4010, "nobody waits any more");
    }
}

#[test]
fn answering_who_does_not_exist_or_never_asked_is_refused_with_4010() {
    let mut house = House::default();
    house.ipc(1);
    let user = house.host("USER_CREATE", json!({"username": "Mason"}));
    for id in [json!("1"), user["id"].clone(), json!(0)] {
        for cmd in ["SEND_ACTIVITY_JOIN_INVITE", "CLOSE_ACTIVITY_REQUEST"] {
            assert_eq!(house.refused(1, json!({"cmd": cmd, "args": {"user_id": id}})).0, 4010, "{cmd} {id}");
        }
    }
    for args in [json!({}), json!({"user_id": null}), json!({"user_id": "me"}), json!({"user_id": -1})] {
        let (code, sentence) = house.refused(1, json!({"cmd": "CLOSE_ACTIVITY_REQUEST", "args": args}));
        assert_eq!((code, sentence.starts_with("user_id")), (4000, true), "{sentence}");
    }
}

#[test]
fn the_reply_comes_before_what_it_causes() {
    let mut house = House::default();
    house.ipc(1);
    house.say(1, &set_activity(json!({"state": "In menu"})));
    let out = house.out();
    assert!(matches!(&out[..], [Out::Sent { .. }, Out::Event { name, .. }] if name == "ACTIVITY_UPDATE"), "{out:?}");
}

#[test]
fn what_one_peer_does_wrong_is_no_concern_of_another() {
    let mut house = House::default();
    house.ipc(1);
    house.ipc(2);
    house.done(2, subscribe("ACTIVITY_JOIN"));
    house.done(2, set_activity(json!({"state": "Well"})));
    house.out();
    house.frame(1, Opcode::Frame, b"garbage").unwrap();
    house.frame(1, Opcode::Handshake, b"garbage").unwrap_err();
    house.gone(1);
    assert!(!house.out().iter().any(|out| matches!(out, Out::Sent { peer: 2, .. } | Out::Closed { peer: 2, .. })));
    assert_eq!(house.host("ACTIVITY_JOIN", json!({"secret": "s"})), json!({"peers": 1}));
    assert_eq!(house.host("STATE", json!({}))["activities"].as_array().unwrap().len(), 1);
}

#[test]
fn a_whole_number_with_a_point_is_shown_as_the_number_that_it_is() {
    let mut house = House::default();
    house.ipc(1);
    let text = format!(
        r#"{{"cmd":"SET_ACTIVITY","nonce":"n","args":{{"pid":1.0,"activity":{{"type":3.0,"timestamps":{{"start":{}}},"party":{{"size":[1.0,4e0]}}}}}}}}"#,
        "1.7e9"
    );
    house.frame(1, Opcode::Frame, text.as_bytes()).unwrap();
    let shown = house.sent(1).remove(0);
    assert_eq!(shown["evt"], serde_json::Value::Null, "{shown}");
    assert_eq!(shown["data"]["timestamps"]["start"], 1_700_000_000);
    assert_eq!((&shown["data"]["type"], &shown["data"]["party"]["size"]), (&json!(3), &json!([1, 4])));
}

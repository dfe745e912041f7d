//! The host's commands of the door: who is let in, what is shown, what goes wrong.

use std::collections::BTreeSet;

use gamebridge_proto::wire::host::dmod::{COMMANDS, EVENTS, FAULTS};

use crate::town::*;

#[test]
fn what_is_shown_of_a_guild_is_the_hosts() {
    let mut town = Town::default();
    let gid = town.harbour.to_string();
    let shown = json!({
        "guild_id": gid, "banner": "b4", "premium_tier": 2, "verification_level": 3, "emojis": [{"name": "wave"}],
        "current_invite_valid": false, "vanity": "harbour",
    });
    assert_eq!(town.host("DMOD_GUILD", shown).unwrap(), json!({"guild_id": gid, "token": HARBOUR_TOKEN}));
    let peer = town.peer(None);
    let guild = town.ask(peer, "CONNECT_GUILD", json!({"token": HARBOUR_TOKEN, "gid": gid}))["guild"].clone();
    let expected = json!({
        "count": 2, "banner": "b4", "icon": null, "premium_tier": 2, "verification_level": 3,
        "emojis": [{"name": "wave"}], "current_invite_valid": false, "vanity": "harbour",
    });
    assert_eq!(guild, expected);
    // Null takes away, what is left out stays.
    town.host("DMOD_GUILD", json!({"guild_id": gid, "banner": null})).unwrap();
    let guild = town.ask(peer, "CONNECT_GUILD", json!({"token": HARBOUR_TOKEN, "gid": gid}))["guild"].clone();
    assert_eq!((&guild["banner"], &guild["vanity"]), (&Value::Null, &json!("harbour")));
}

#[test]
fn tokens_are_drawn_unless_they_are_given() {
    let mut town = Town::default();
    let (bob, quay) = (town.bob.to_string(), town.quay.to_string());
    let drawn = town.host("DMOD_USER", json!({"user_id": bob})).unwrap();
    let token = drawn["token"].as_str().unwrap().to_owned();
    assert!(token.len() >= 30 && drawn["hash"] != drawn["token"]);
    let peer = town.peer(Some(&token));
    assert_eq!(town.out.events.last().unwrap().data["user_id"], json!(bob));
    assert_eq!(town.host("DMOD_GUILD", json!({"guild_id": quay})).unwrap()["token"], QUAY_TOKEN, "it stays");
    let global = town.host("DMOD_GLOBAL", json!({})).unwrap()["token"].as_str().unwrap().to_owned();
    let other = town.peer(Some(&global));
    assert_ne!(peer, other);
}

#[test]
fn commands_that_do_not_fit_are_refused() {
    let mut town = Town::default();
    let (ada, bob, gid) = (town.ada.to_string(), town.bob.to_string(), town.harbour.to_string());
    for (name, args, names) in [
        ("DMOD_USER", json!({}), "user_id"),
        ("DMOD_USER", json!({"user_id": "5"}), "user_id: there is no user 5"),
        ("DMOD_USER", json!({"user_id": bob, "token": ADA_TOKEN}), "token: another one"),
        ("DMOD_USER", json!({"user_id": bob, "token": GLOBAL}), "token: another one"),
        ("DMOD_USER", json!({"user_id": bob, "token": "with a space"}), "token: visible"),
        ("DMOD_USER", json!({"user_id": bob, "tokn": "x"}), "tokn"),
        ("DMOD_GLOBAL", json!({"token": ADA_TOKEN}), "token: another one"),
        ("DMOD_GUILD", json!({"guild_id": "5"}), "guild_id: there is no guild 5"),
        ("DMOD_GUILD", json!({"guild_id": gid, "premium_tier": 4}), "premium_tier"),
        ("DMOD_GUILD", json!({"guild_id": gid, "emojis": {}}), "emojis"),
        ("DMOD_NOTIFY", json!({"user_id": "5"}), "user_id"),
        ("DMOD_NOTIFY", json!({"user_id": ada, "type": ""}), "type"),
        ("DMOD_EVENT", json!({}), "event"),
        ("DMOD_EVENT", json!({"event": "X", "peer": 77}), "peer: there is no connection 77"),
        ("DMOD_FAULT", json!({"fault": "fire"}), "fault"),
        ("DMOD_FAULT", json!({"fault": "close", "code": 5000}), "code"),
        ("DMOD_LIMITS", json!({"heartbeat_ms": 1}), "heartbeat_ms"),
    ] {
        let refused = town.host(name, args.clone()).unwrap_err();
        assert!(refused.contains(names), "{name} {args}: {refused}");
        assert!(!refused.contains(ADA_TOKEN) && !refused.contains(GLOBAL));
    }
}

#[test]
fn notifications_make_room_for_newer_ones() {
    let mut town = Town::with(Limits { notifications: 2, ..Limits::default() });
    let ada = town.ada.to_string();
    for processed in 1..=3 {
        town.host("DMOD_NOTIFY", json!({"user_id": ada, "proccessed_type": processed})).unwrap();
    }
    let peer = town.connect();
    town.say(peer, json!({"op": 1, "d": {"token": ADA_TOKEN}}));
    let missed = town.said(peer).pop().unwrap()["d"]["missed_notifications"].clone();
    let numbers: Vec<_> = missed.as_array().unwrap().iter().map(|one| one["proccessed_type"].clone()).collect();
    assert_eq!(numbers, [2, 3]);
}

#[test]
fn any_event_can_be_sent_with_any_data() {
    let mut wire = Wire::default();
    wire.events.clear();
    let data = json!({"id": "5", "tag": "bob#1234", "self": false, "permissions": "8"});
    let told = wire.town.host("DMOD_EVENT", json!({"event": "GUILD_PRIVILEGE_UPDATE", "data": data})).unwrap();
    assert_eq!(told["peers"], 1);
    wire.settle();
    let events = wire.events();
    assert_eq!((events[0].name.as_str(), &events[0].data), ("GUILD_PRIVILEGE_UPDATE", &data));
}

#[test]
fn limits_are_changed_and_shown() {
    let mut town = Town::default();
    let limits = json!({
        "heartbeat_ms": 50, "session_heartbeat_ms": 60, "authentication_ms": 70, "reauth_ms": 80, "sends": 0,
    });
    assert_eq!(town.host("DMOD_LIMITS", limits.clone()).unwrap(), limits);
    assert_eq!(town.host("DMOD_LIMITS", json!({})).unwrap(), limits);
    let (silent, live) = (town.connect(), town.peer(None));
    town.pass(Duration::from_millis(70));
    assert_eq!((town.closed(silent), town.said(live).len()), (Some(4009), 1));
    for _ in 0..500 {
        town.say(live, json!({"op": 4}));
    }
    assert_eq!(town.closed(live), None);
}

#[test]
fn every_fault_goes_wrong_as_it_says() {
    let mut tried = BTreeSet::new();
    let mut fault = |wire: &mut Wire, args: Value| {
        tried.insert(args["fault"].as_str().unwrap().to_owned());
        let told = wire.town.host("DMOD_FAULT", args).unwrap();
        wire.settle();
        told["peers"].as_i64().unwrap()
    };
    let mut wire = Wire::in_harbour();
    assert_eq!(fault(&mut wire, json!({"fault": "drop"})), 1);
    let events = wire.events();
    assert_eq!((events[0].name.as_str(), events[0].code), ("RECONNECTING", 0));
    wire.pass(60 * SECOND);
    wire.events.clear();
    assert_eq!(fault(&mut wire, json!({"fault": "close", "code": 4999, "message": "because"})), 1);
    let events = wire.events();
    assert_eq!(
        (events[0].name.as_str(), events[0].code, events[0].message.as_str()),
        ("RECONNECTING", 4999, "because")
    );
    wire.pass(60 * SECOND);
    wire.events.clear();
    assert_eq!(fault(&mut wire, json!({"fault": "garbage"})), 1);
    assert_eq!(wire.town.out.lines[&wire.peer.unwrap()].garbage, 1);
    assert_eq!(fault(&mut wire, json!({"fault": "reauth"})), 1);
    assert_eq!(wire.names(), ["APPLICATION_SESSION_REAUTH"]);
    assert_eq!(wire.heard.last().unwrap()["d"]["data"]["success"], true);
    assert_eq!(fault(&mut wire, json!({"fault": "authenticate"})), 1);
    assert_eq!(wire.names(), ["AUTHENTICATED"]);
    assert_eq!(fault(&mut wire, json!({"fault": "end_session"})), 1);
    assert_eq!(wire.events()[0].data["reason"], "host");
    assert_eq!(fault(&mut wire, json!({"fault": "end_session"})), 0);
    // A server that says nothing is given up, and one that speaks again is not.
    assert_eq!(fault(&mut wire, json!({"fault": "stall"})), 1);
    wire.pass(client::SILENCE - 31 * SECOND);
    assert_eq!(fault(&mut wire, json!({"fault": "none"})), 1);
    wire.pass(client::SILENCE);
    assert_eq!(wire.names(), [] as [&str; 0]);
    fault(&mut wire, json!({"fault": "stall"}));
    wire.pass(client::SILENCE);
    let events = wire.events();
    assert_eq!((events[0].name.as_str(), events[0].status), ("RECONNECTING", Status::Timeout));
    assert_eq!(tried, FAULTS.iter().map(|name| (*name).to_owned()).collect());
}

#[test]
fn the_state_and_the_events_tell_who_is_there() {
    let mut wire = Wire::before(Town::default(), config());
    wire.start();
    let (ada, harbour, quay) = (wire.town.ada.to_string(), wire.town.harbour.to_string(), wire.town.quay.to_string());
    wire.town.connect();
    let state = wire.town.host("DMOD_STATE", json!({})).unwrap();
    let first = json!({
        "peer": 1, "authenticated": true, "user_id": ada, "guild_id": null, "session_guild_id": null,
    });
    let second = json!({
        "peer": 2, "authenticated": false, "user_id": null, "guild_id": null, "session_guild_id": null,
    });
    assert_eq!(state["connections"], json!([first, second]));
    wire.ask("CONNECT_GUILD", wire.harbour());
    wire.ask("APPLICATION_SESSION", wire.session(&quay));
    let state = wire.state();
    assert_eq!((&state["guild_id"], &state["session_guild_id"]), (&json!(harbour), &json!(quay)), "apart");
    wire.disconnect();
    let told: Vec<_> = wire.town.out.events.iter().map(|event| event.name.as_str()).collect();
    assert_eq!(told, ["DMOD_AUTHENTICATED", "DMOD_SESSION", "DMOD_SESSION", "DMOD_CLOSED"]);
    let names: BTreeSet<&str> = told.into_iter().collect();
    assert_eq!(names, EVENTS.iter().map(|row| row.name).collect());
    assert_eq!(wire.town.out.events[2].data["reason"], "closed");
    assert_eq!(wire.town.out.events[3].code, 1000);
}

#[test]
fn a_command_without_a_tag_is_only_logged_when_it_fails() {
    let mut town = Town::default();
    let send = |town: &mut Town, args: &str| {
        let command = Command { name: "DMOD_GLOBAL".into(), args: args.as_bytes().into(), ..Command::default() };
        town.door.handle_command(town.now, &command, &town.world, &mut town.out);
    };
    send(&mut town, "{}");
    assert!(town.out.events.is_empty() && town.out.log.is_empty());
    send(&mut town, "{");
    assert!(town.out.log[0].contains("DMOD_GLOBAL failed"), "{:?}", town.out.log);
}

#[test]
fn every_command_has_a_row_of_the_doors() {
    for row in COMMANDS {
        assert!(server::takes(row.name) && row.exact, "{}", row.name);
    }
    assert!(!server::takes("GATEWAY_STATE"));
}

//! What the host has go wrong.

use gamebridge_proto::server::gateway::Fault;
use serde_json::{Value, json};

use super::house::{ALL, House, identify, resume};

fn fault(house: &mut House, args: Value) -> u64 {
    house.host("GATEWAY_FAULT", args).unwrap()["peers"].as_u64().unwrap()
}

#[test]
fn a_dropped_connection_leaves_a_session_that_can_be_resumed() {
    for (kind, expected) in [("drop", Fault::Drop), ("truncate", Fault::Truncate)] {
        let mut house = House::default();
        let (peer, ready) = house.bot_with(ALL);
        assert_eq!(fault(&mut house, json!({"fault": kind})), 1);
        assert_eq!(house.line(peer).faults, [expected]);
        house.post("meanwhile");
        assert_eq!(house.names(peer), Vec::<String>::new());
        let again = house.connect("v=10");
        house.said(again);
        house.say(again, resume(&ready, 2));
        assert_eq!(house.names(again), ["MESSAGE_CREATE", "RESUMED"]);
    }
}

#[test]
fn a_stalled_connection_says_nothing_and_loses_nothing() {
    let mut house = House::default();
    let (peer, ready) = house.bot_with(ALL);
    fault(&mut house, json!({"fault": "stall", "peer": peer}));
    house.say(peer, json!({"op": 1, "d": 2}));
    house.post("unheard");
    assert_eq!(house.said(peer), Vec::<Value>::new());
    house.gone(peer, Some(4000));
    let again = house.connect("v=10");
    house.said(again);
    house.say(again, resume(&ready, 2));
    assert_eq!(house.names(again), ["MESSAGE_CREATE", "RESUMED"]);
}

#[test]
fn beats_can_be_left_without_an_answer() {
    let mut house = House::default();
    let (peer, _) = house.bot_with(ALL);
    fault(&mut house, json!({"fault": "refuse_ack"}));
    house.say(peer, json!({"op": 1, "d": 2}));
    assert_eq!(house.said(peer), Vec::<Value>::new());
    house.post("heard");
    assert_eq!(house.names(peer), ["MESSAGE_CREATE"]);
    fault(&mut house, json!({"fault": "none"}));
    house.say(peer, json!({"op": 1, "d": 3}));
    assert_eq!(house.said(peer)[0]["op"], 11);
}

#[test]
fn a_client_can_be_asked_to_connect_anew_or_told_that_its_session_is_none() {
    let mut house = House::default();
    let (peer, _) = house.bot_with(ALL);
    fault(&mut house, json!({"fault": "reconnect"}));
    assert_eq!(house.said(peer)[0]["op"], 7);
    for resumable in [true, false] {
        let mut house = House::default();
        let (peer, ready) = house.bot_with(ALL);
        fault(&mut house, json!({"fault": "invalid_session", "resumable": resumable}));
        let said = house.said(peer);
        assert_eq!((&said[0]["op"], &said[0]["d"]), (&json!(9), &json!(resumable)));
        house.say(peer, resume(&ready, 2));
        assert_eq!(house.names(peer), if resumable { vec!["RESUMED"] } else { vec![] });
        if !resumable {
            house.say(peer, identify(json!({})));
            assert_eq!(house.names(peer), ["READY", "GUILD_CREATE"], "on the same connection");
        }
    }
}

/// The code, and whether the session can be resumed after it.
#[test]
fn any_close_code_can_be_had() {
    use gamebridge_proto::wire::gateway::{After, CloseCode};
    for code in CloseCode::ALL.map(|code| code as u16).into_iter().chain([1000, 1001, 1012, 4999]) {
        let mut house = House::default();
        let (peer, ready) = house.bot_with(ALL);
        fault(&mut house, json!({"fault": "close", "code": code, "message": "on purpose"}));
        assert_eq!(house.line(peer).closed, Some((code, "on purpose".to_owned())));
        let (name, _, told, _) = house.out.events.last().unwrap();
        assert_eq!((name.as_str(), *told), ("GATEWAY_CLOSED", i32::from(code)));
        let again = house.connect("v=10");
        house.said(again);
        house.say(again, resume(&ready, 2));
        let resumed = house.names(again) == ["RESUMED"];
        assert_eq!(resumed, After::closed(Some(code)) != After::NewSession, "{code}");
    }
}

#[test]
fn bytes_can_be_slow_or_garbage() {
    let mut house = House::default();
    let (peer, ready) = house.bot_with(ALL);
    fault(&mut house, json!({"fault": "slow", "session_id": ready["session_id"], "bytes_per_second": 20}));
    fault(&mut house, json!({"fault": "slow"}));
    fault(&mut house, json!({"fault": "garbage"}));
    fault(&mut house, json!({"fault": "none"}));
    assert_eq!(house.line(peer).faults, [Fault::Slow(20), Fault::Slow(100), Fault::Garbage, Fault::Slow(0)]);
}

#[test]
fn the_next_connections_can_be_left_without_a_session() {
    let mut house = House::default();
    assert_eq!(fault(&mut house, json!({"fault": "no_session", "count": 2})), 0);
    for heard in [false, false, true] {
        let peer = house.connect("v=10");
        house.said(peer);
        house.say(peer, identify(json!({})));
        assert_eq!(house.names(peer).is_empty(), !heard);
        house.say(peer, json!({"op": 1, "d": null}));
        assert_eq!(house.said(peer)[0]["op"], 11, "beats are answered");
        assert_eq!(house.closed(peer), None);
    }
}

#[test]
fn requests_of_the_api_can_be_limited() {
    let mut house = House::default();
    fault(&mut house, json!({"fault": "rate_limit", "count": 2, "retry_after_ms": 250}));
    for _ in 0..2 {
        let refused = house.door.refuses_request().expect("429");
        let body: Value = serde_json::from_slice(&refused.body).unwrap();
        assert_eq!((refused.status, &body["retry_after"], &body["global"]), (429, &json!(0.25), &json!(false)));
        assert!(refused.headers.iter().any(|(name, _)| *name == "via"));
    }
    assert!(house.door.refuses_request().is_none());
}

#[test]
fn an_outage_takes_a_guild_away_and_gives_it_back() {
    use gamebridge_proto::world::{GuildEdit, Operation};
    let mut house = House::default();
    let (peer, ready) = house.bot_with(ALL);
    let guild = house.guild;
    let available = |available| GuildEdit { available: Some(available), ..GuildEdit::default() };
    house.apply(Operation::EditGuild { guild, edit: available(false) });
    let said = house.said(peer);
    assert_eq!(said[0]["t"], "GUILD_DELETE");
    assert_eq!(said[0]["d"], json!({"id": ready["guilds"][0]["id"], "unavailable": true}));
    let (late, _) = house.bot_with(ALL);
    assert_eq!(house.names(late), Vec::<String>::new());
    house.apply(Operation::EditGuild { guild, edit: available(true) });
    assert_eq!(house.names(peer), ["GUILD_CREATE"]);
    assert_eq!(house.names(late), ["GUILD_CREATE"]);
    house.post("back");
    assert_eq!(house.names(peer), ["MESSAGE_CREATE"]);
}

#[test]
fn the_host_dispatches_what_the_world_knows_nothing_of() {
    let mut house = House::default();
    let (peer, ready) = house.bot_with(ALL);
    let (other, _) = house.bot_with(ALL);
    let data = json!({"id": "1", "type": 2, "data": {"name": "ping"}});
    house
        .host(
            "GATEWAY_DISPATCH",
            json!({"event": "INTERACTION_CREATE", "data": data, "session_id": ready["session_id"]}),
        )
        .unwrap();
    let said = house.said(peer);
    assert_eq!((&said[0]["t"], &said[0]["d"], &said[0]["s"]), (&json!("INTERACTION_CREATE"), &data, &json!(3)));
    assert_eq!(house.said(other), Vec::<Value>::new());
}

#[test]
fn commands_reply_as_the_catalog_says_and_are_refused_with_a_sentence() {
    use gamebridge_proto::value::Document;
    use gamebridge_proto::wire::{catalog::check_value, host};
    let mut house = House::default();
    house.bot_with(ALL);
    for row in host::gateway::COMMANDS {
        let args = match row.name {
            "GATEWAY_DISPATCH" => json!({"event": "X"}),
            "GATEWAY_FAULT" => json!({"fault": "reconnect"}),
            "GATEWAY_LIMITS" => {
                json!({"heartbeat_ms": 500, "session_ms": 1000, "replay": 3, "sends": 4, "presences": 2, "guilds_per_shard": 5,
                "identify_ms": 8, "members_ms": 9, "identifies": 6, "max_concurrency": 7})
            }
            _ => json!({}),
        };
        let reply = house.host(row.name, args).unwrap();
        let mut doc = Document::new();
        doc.parse(reply.to_string().as_bytes()).unwrap();
        check_value("reply", &row.reply, doc.root()).unwrap_or_else(|error| panic!("{}: {error}", row.name));
        let refused = house.host(row.name, json!({"tpyo": 1})).unwrap_err();
        assert!(refused.starts_with("tpyo: unknown"), "{}: {refused}", row.name);
    }
    for (args, word) in [
        (json!({"fault": "nothing"}), "fault"),
        (json!({"fault": "drop", "peer": 99}), "peer"),
        (json!({"fault": "drop", "session_id": "x"}), "session_id"),
        (json!({"fault": "close", "code": 999}), "code"),
    ] {
        let refused = house.host("GATEWAY_FAULT", args.clone()).unwrap_err();
        assert!(refused.contains(word), "{args}: {refused}");
    }
    let peer = house.connect("v=10");
    assert_eq!(house.said(peer)[0]["d"]["heartbeat_interval"], 500, "limits hold for who comes next");
}

#[test]
fn what_a_sandbox_tells_is_as_the_catalog_says() {
    use gamebridge_proto::value::Document;
    use gamebridge_proto::wire::{catalog::check_value, host};
    let mut house = House::default();
    let (peer, _) = house.bot_with(ALL);
    house.gone(peer, Some(4000));
    assert_eq!(house.out.events.len(), host::gateway::EVENTS.len());
    for (name, _, _, data) in &house.out.events {
        let row = host::gateway::EVENTS.iter().find(|row| row.is_named(name)).unwrap_or_else(|| panic!("{name}"));
        let mut doc = Document::new();
        doc.parse(data.to_string().as_bytes()).unwrap();
        check_value("data", &row.reply, doc.root()).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

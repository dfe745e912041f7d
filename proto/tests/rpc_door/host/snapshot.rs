//! Snapshots through the host's commands.

use std::time::Duration;

use gamebridge_proto::error::Status;
use gamebridge_proto::server::rpc::{Config, snapshot};
use gamebridge_proto::world::{self, World};
use serde_json::{Value, json};

use super::table::Place;
use crate::house::{GAME, House, Out, authenticate, subscribe};

/// A world that has something of everything, most of it not as it is by default.
fn full() -> House {
    let mut place = Place::new();
    let Place { house, ada, guild, role, text, voice, message, .. } = &mut place;
    let token = house.host("TOKEN_CREATE", json!({"client_id": GAME, "scopes": ["rpc", "rpc.voice.write"]}));
    house.done(1, authenticate(token["access_token"].as_str().unwrap()));
    house.done(1, json!({"cmd": "SET_VOICE_SETTINGS", "args": {"output": {"volume": 33.5}, "mode": {"delay": 1}}}));
    house.done(
        1,
        json!({"cmd": "SET_USER_VOICE_SETTINGS", "args": {"user_id": ada, "pan": {"left": 0.25, "right": 1}}}),
    );
    let activity = json!({"application_id": GAME, "name": "Own", "type": 2, "state": "In \"menu\"", "details": "ü\u{1F3AE}",
        "state_url": "https://a.example", "timestamps": {"start": 1, "end": 2}, "assets": {"large_image": "x"},
        "party": {"id": "p", "size": [1, 4]}, "secrets": {"join": "come in", "match": "m"}, "instance": true,
        "buttons": [{"label": "Look", "url": "https://a.example"}], "status_display_type": 1});
    for (name, args) in [
        ("USER_EDIT", json!({"global_name": "Host", "avatar": "abc", "flags": 64, "premium_type": 2})),
        (
            "APPLICATION_REGISTER",
            json!({"id": GAME, "secret": "shh", "testers": [ada], "redirect_uris": ["x:y"],
            "icon": "abc", "description": "A game"}),
        ),
        ("PRESENCE_SET", json!({"user_id": ada, "status": "idle", "activity": activity})),
        ("RELATIONSHIP_SET", json!({"user_id": ada, "type": "FRIEND"})),
        ("MEMBER_EDIT", json!({"guild_id": guild, "user_id": ada, "nick": "A", "roles": [role], "mute": true})),
        ("OVERWRITE_SET", json!({"channel_id": voice, "user_id": ada, "allow": ["SPEAK"]})),
        ("OVERWRITE_SET", json!({"channel_id": text, "role_id": role, "deny": ["SEND_MESSAGES"]})),
        ("CHANNEL_CREATE", json!({"type": "GROUP_DM", "name": "Us", "recipients": [ada]})),
        ("MESSAGE_EDIT", json!({"channel_id": text, "message_id": message, "content": "Hail!", "pinned": true})),
        (
            "MESSAGE_POST",
            json!({"channel_id": text, "content": format!("<@{}> <@&{}> @everyone", ada.as_str().unwrap(),
            role.as_str().unwrap()), "embeds": [{"n": 1.50, "s": "\u{7}"}], "attachments": [{"id": "1"}]}),
        ),
        ("TEXT_CHANNEL_SELECT", json!({"channel_id": text})),
        ("VOICE_PING", json!({"ms": 20.25})),
        (
            "VOICE_SETTINGS_EDIT",
            json!({"mute": true, "mode": {"type": "PUSH_TO_TALK",
            "shortcut": [{"type": 0, "code": -5, "name": "shift"}]}}),
        ),
        ("ENTITLEMENT_CREATE", json!({"application_id": GAME, "user_id": ada, "guild_id": guild, "starts_ms": 5})),
        ("ACTIVITY_INVITE", json!({"user_id": ada, "application_id": GAME})),
        ("ACTIVITY_JOIN_REQUEST", json!({"user_id": ada, "application_id": GAME})),
        ("ACTIVITY_JOIN_REQUEST", json!({"user_id": ada})),
        ("GUILD_CREATE", json!({"name": "Dark", "owner_id": ada})),
    ] {
        house.host(name, args);
    }
    place.house
}

fn saved(house: &mut House, secrets: bool) -> Value {
    house.host("SNAPSHOT_SAVE", json!({"secrets": secrets}))["snapshot"].clone()
}

#[test]
fn what_was_saved_is_what_is_loaded_to_the_last_member() {
    let mut house = full();
    let state = house.world.state();
    let text = snapshot::save(&house.world, true);
    let read = snapshot::load(&text).unwrap();
    assert_eq!(format!("{read:#?}"), format!("{state:#?}"));
    assert_eq!(read, state, "secrets, which print as ***, too");
    let first = saved(&mut house, true);
    let mut other = House::default();
    other.host("SNAPSHOT_LOAD", json!({"snapshot": first}));
    assert_eq!(saved(&mut other, true), first);
    assert_eq!(other.world.state(), state);
}

#[test]
fn an_empty_world_is_saved_and_loaded_too() {
    let mut house = House::default();
    let empty = saved(&mut house, true);
    house.host("USER_CREATE", json!({"username": "Ada"}));
    house.host("SNAPSHOT_LOAD", json!({"snapshot": empty}));
    assert_eq!(house.host("STATE", json!({"parts": ["users"]}))["users"].as_array().unwrap().len(), 1);
    assert_eq!(saved(&mut house, true), empty);
}

#[test]
fn secrets_are_in_it_only_when_they_are_asked_for() {
    let mut house = full();
    let token = house.host("TOKEN_CREATE", json!({"client_id": GAME, "scopes": ["rpc"]}));
    let hidden = saved(&mut house, false).to_string();
    let open = saved(&mut house, true).to_string();
    let refresh = token["refresh_token"].as_str().unwrap();
    for secret in [token["access_token"].as_str().unwrap(), refresh, "shh", "come in"] {
        assert!(!hidden.contains(secret), "{secret}");
        assert!(open.contains(secret), "{secret}");
    }
    house.host("SNAPSHOT_LOAD", json!({"snapshot": serde_json::from_str::<Value>(&hidden).unwrap()}));
    house.ipc(9);
    assert_eq!(house.refused(9, authenticate(token["access_token"].as_str().unwrap())).0, 4009);
}

#[test]
fn a_token_works_on_after_a_restart_when_it_was_saved() {
    let mut house = full();
    let token = house.host("TOKEN_CREATE", json!({"client_id": GAME, "scopes": ["rpc"]}));
    let snapshot = saved(&mut house, true);
    let mut later = House::of(Config::default(), world::Config::default());
    later.host("SNAPSHOT_LOAD", json!({"snapshot": snapshot}));
    later.ipc(1);
    later.done(1, authenticate(token["access_token"].as_str().unwrap()));
}

#[test]
fn loading_closes_every_peer_with_1012_and_stops_the_scenario() {
    let mut house = full();
    house.ipc(2);
    house.done(2, subscribe("ACTIVITY_JOIN"));
    let snapshot = saved(&mut house, false);
    let steps = json!([{"after": 5, "do": "VOICE_LEAVE"}]);
    house.host("SCENARIO_LOAD", json!({"scenario": {"scenario": 1, "steps": steps}}));
    house.out();
    let loaded = house.host("SNAPSHOT_LOAD", json!({"snapshot": snapshot}));
    assert_eq!((&loaded["peers"], &loaded["user"]["global_name"]), (&json!(2), &json!("Host")));
    let out = house.out();
    let closed: Vec<(u32, u16)> = out
        .iter()
        .filter_map(|out| match out {
            Out::Closed { peer, code, .. } => Some((*peer, *code)),
            _ => None,
        })
        .collect();
    assert_eq!(closed, [(1, 1012), (2, 1012)]);
    assert!(out.iter().any(|out| matches!(out, Out::Event { name, .. } if name == "SCENARIO_ENDED")));
    let left = |out: &&Out| matches!(out, Out::Event { name, code: 1012, .. } if name == "PEER_DISCONNECTED");
    assert_eq!(out.iter().filter(left).count(), 2);
    house.wait(Duration::from_secs(10));
    assert_eq!(house.out(), []);
    house.ipc(3);
    assert_eq!(house.host("ACTIVITY_JOIN", json!({"secret": "s"})), json!({"peers": 0}), "nothing is left of them");
}

#[test]
fn ids_go_on_above_those_that_were_loaded() {
    let mut house = full();
    let snapshot = saved(&mut house, false);
    let last = house.host("USER_CREATE", json!({"username": "Eve"}))["id"].as_str().unwrap().parse::<u64>().unwrap();
    house.host("SNAPSHOT_LOAD", json!({"snapshot": snapshot}));
    let next = house.host("USER_CREATE", json!({"username": "Bob"}))["id"].as_str().unwrap().parse::<u64>().unwrap();
    assert_eq!(next, last, "as if Eve had never been");
}

#[test]
fn what_does_not_fit_is_named_by_its_path_and_changes_nothing() {
    let mut house = full();
    let good = saved(&mut house, true);
    let before = house.host("STATE", json!({}));
    house.out();
    type Break = (&'static str, fn(&mut Value), Status);
    let breaks: [Break; 16] = [
        ("snapshot: the version", |s| drop(s.as_object_mut().unwrap().remove("snapshot")), Status::Argument),
        ("snapshot: version 1", |s| s["snapshot"] = json!(2), Status::Unsupported),
        ("colour", |s| s["colour"] = json!(2), Status::Argument),
        ("users[1]: username", |s| s["users"][1]["username"] = json!("everyone"), Status::Argument),
        ("users[0].id", |s| s["users"][0]["id"] = json!(-1), Status::Argument),
        ("local_user", |s| s["local_user"] = json!("5"), Status::Argument),
        (
            "guilds[0].roles[0].permissions[0]",
            |s| s["guilds"][0]["roles"][0]["permissions"] = json!(["x"]),
            Status::Argument,
        ),
        (
            "guilds[0].roles[1]: it is there already",
            |s| {
                let role = s["guilds"][0]["roles"][0].clone();
                s["guilds"][0]["roles"][1] = role;
            },
            Status::Argument,
        ),
        ("guilds[0]", |s| s["guilds"][0]["owner_id"] = json!("5"), Status::Argument),
        ("channels[0]", |s| s["channels"][0]["guild_id"] = json!("5"), Status::Argument),
        ("channels[0].overwrites[0].role_id", |s| s["channels"][0]["overwrites"] = json!([{}]), Status::Argument),
        ("messages[0]", |s| s["messages"][0]["channel_id"] = json!("5"), Status::Argument),
        (
            "voice_settings.input.volume",
            |s| {
                s["voice_settings"]["input"].as_object_mut().unwrap().remove("volume");
            },
            Status::Argument,
        ),
        ("voice_states[0].channel_id", |s| s["voice_states"][0]["channel_id"] = Value::Null, Status::Argument),
        ("tokens[0].expires_ms", |s| s["tokens"][0]["expires_ms"] = json!("soon"), Status::Argument),
        ("last_id", |s| s["last_id"] = json!("18446744073709551615"), Status::Argument),
    ];
    for (path, break_it, status) in breaks {
        let mut bad = good.clone();
        break_it(&mut bad);
        let args = json!({"snapshot": bad}).to_string();
        let (given, message) = house.try_host("SNAPSHOT_LOAD", args.as_bytes()).expect_err(path);
        assert!(message.starts_with(path), "{path}: {message}");
        assert_eq!(given, status, "{path}: {message}");
        assert_eq!(house.out(), [], "{path}");
        assert_eq!(house.host("STATE", json!({})), before, "{path}");
    }
    assert_eq!(house.try_host("SNAPSHOT_LOAD", br#"{"path":"x"}"#).unwrap_err().0, Status::Unsupported);
    assert!(house.try_host("SNAPSHOT_LOAD", br#"{"path":"x","snapshot":{}}"#).unwrap_err().1.starts_with("snapshot"));
}

#[test]
fn no_piece_of_a_snapshot_panics() {
    let mut house = full();
    let text = snapshot::save(&house.world, true);
    for end in (0..text.len()).step_by(7) {
        assert!(snapshot::load(&text[..end]).is_err());
    }
    let good = saved(&mut house, true);
    // Each member gone, null, or something else.
    fn paths(value: &Value, path: String, all: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                members.iter().for_each(|(name, value)| paths(value, format!("{path}/{name}"), all))
            }
            Value::Array(items) => {
                items.iter().enumerate().for_each(|(at, value)| paths(value, format!("{path}/{at}"), all))
            }
            _ => {}
        }
        all.push(path);
    }
    let mut all = Vec::new();
    paths(&good, String::new(), &mut all);
    for path in all {
        for other in [Value::Null, json!(-1), json!("18446744073709551615"), json!([])] {
            let mut bad = good.clone();
            *bad.pointer_mut(&path).unwrap() = other;
            if let Ok(state) = snapshot::load(bad.to_string().as_bytes())
                && let Ok(world) = World::restore(state, 0, Nothing)
            {
                let saved = snapshot::save(&world, true);
                let again = World::restore(snapshot::load(&saved).unwrap(), 0, Nothing).unwrap();
                assert_eq!(again.state(), world.state(), "{path}");
            }
        }
    }
}

struct Nothing;

impl world::Entropy for Nothing {
    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.fill(0);
    }
}

//! The host's commands, and what the host is told.

mod events;
mod scenario;
mod snapshot;
pub mod table;

use gamebridge_proto::command::Command;
use gamebridge_proto::error::Status;
use gamebridge_proto::event::EventType;
use gamebridge_proto::server::rpc::Via;
use serde_json::json;

use crate::house::{GAME, House, Out, subscribe};

#[test]
fn state_tells_what_there_is() {
    let mut house = House::default();
    house.ipc(1);
    house.websocket(2);
    house.connect(3, Via::Ipc);
    house.authenticate(2, &["rpc", "identify"]);
    house.done(2, subscribe("ACTIVITY_JOIN"));
    let user = house.host("USER_CREATE", json!({"username": "Ada"}));
    house.host("ACTIVITY_JOIN_REQUEST", json!({"user_id": user["id"], "application_id": GAME}));
    let state = house.host("STATE", json!({}));
    assert_eq!((&state["guest"], &state["user"]["username"]), (&json!(true), &json!("Guest")));
    assert_eq!(state["users"].as_array().unwrap().len(), 2);
    assert_eq!(state["join_requests"], json!([{"user_id": user["id"], "application_id": GAME}]));
    assert_eq!(
        state["peers"],
        json!([
            {"peer": 1, "transport": "ipc", "client_id": GAME, "authenticated": false, "scopes": [], "subscriptions": []},
            {"peer": 2, "transport": "websocket", "client_id": GAME, "authenticated": true,
             "scopes": ["rpc", "identify"], "subscriptions": ["ACTIVITY_JOIN"]},
            {"peer": 3, "transport": "ipc", "client_id": null, "authenticated": false, "scopes": [], "subscriptions": []},
        ])
    );
}

#[test]
fn a_peer_is_closed_as_the_host_says() {
    let mut house = House::default();
    house.ipc(1);
    house.ipc(2);
    let closed = house.host("PEER_CLOSE", json!({"peer": 1, "code": 4321, "message": "enough"}));
    assert_eq!(closed["peer"], 1);
    let out = house.out();
    assert!(matches!(&out[0], Out::Closed { peer: 1, code: 4321, reason } if reason == "enough"));
    let Out::Event { name, peer: 1, code: 4321, message, .. } = &out[1] else { panic!("{out:?}") };
    assert_eq!((name.as_str(), message.as_str()), ("PEER_DISCONNECTED", "enough"));
    assert!(house.try_host("PEER_CLOSE", br#"{"peer":1}"#).is_err());
    house.done(2, json!({"cmd": "SET_ACTIVITY", "args": {}}));
}

#[test]
fn wrong_arguments_are_refused_with_the_fields_name() {
    let mut house = House::default();
    let local = house.world.local_user().id.to_string();
    for (name, args, status, field) in [
        ("USER_CREATE", json!({}), Status::Argument, "username"),
        ("USER_CREATE", json!({"username": "everyone"}), Status::Argument, "username"),
        ("USER_CREATE", json!({"username": "Ada", "discriminator": "12"}), Status::Argument, "discriminator"),
        ("USER_CREATE", json!({"username": "Ada", "bot": 1}), Status::Argument, "bot"),
        ("GUILD_CREATE", json!({"name": " g "}), Status::Argument, "name"),
        ("APPLICATION_REGISTER", json!({"id": "0"}), Status::Argument, "id"),
        ("APPLICATION_REGISTER", json!({"id": GAME, "testers": ["x"]}), Status::Argument, "testers[0]"),
        ("ACTIVITY_JOIN", json!({}), Status::Argument, "secret"),
        ("ACTIVITY_SPECTATE", json!({"secret": ""}), Status::Argument, "secret"),
        ("ACTIVITY_JOIN_REQUEST", json!({"user_id": "1"}), Status::Argument, "user 1"),
        ("ACTIVITY_JOIN_REQUEST", json!({"user_id": local}), Status::Argument, "user_id"),
        ("TOKEN_EXCHANGE", json!({"code": "wrong", "client_id": GAME}), Status::Auth, "code"),
        ("TOKEN_REVOKE", json!({"access_token": "wrong"}), Status::Auth, "token"),
        ("PEER_CLOSE", json!({"peer": 9}), Status::Argument, "peer"),
        ("PEER_CLOSE", json!({"peer": 9, "code": 70000}), Status::Argument, "code"),
        ("NONSENSE", json!({}), Status::Unsupported, "NONSENSE"),
        ("STATE", json!([]), Status::Argument, "STATE"),
    ] {
        let (given, message) = house.try_host(name, args.to_string().as_bytes()).unwrap_err();
        assert_eq!(given, status, "{name} {args}: {message}");
        assert!(message.contains(field), "{name} {args}: {message}");
    }
    assert_eq!(house.try_host("STATE", b"{").unwrap_err().0, Status::Argument);
    assert!(house.try_host("STATE", b"").is_ok(), "no arguments are none");
}

#[test]
fn without_a_tag_success_is_silent_and_failure_is_a_log_line() {
    let mut house = House::default();
    for (args, kinds) in [(r#"{"username":"Ada"}"#, &[][..]), ("{}", &[EventType::Log][..])] {
        let command = Command { name: "USER_CREATE".into(), args: args.as_bytes().into(), ..Command::default() };
        house.door.handle_command(house.now, command, &mut house.world, &mut house.record);
        let out = house.out();
        let given: Vec<EventType> = out
            .iter()
            .map(|out| match out {
                Out::Event { kind, .. } => *kind,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(given, kinds);
    }
}

#[test]
fn a_change_through_another_door_reaches_the_peers_of_this_one() {
    use gamebridge_proto::world::{NewGuild, Operation};
    let mut house = House::default();
    house.ipc(1);
    house.authenticate(1, &["rpc"]);
    house.done(1, subscribe("GUILD_CREATE"));
    house.out();
    let make = Operation::CreateGuild(NewGuild { name: "Elsewhere".into(), ..NewGuild::default() });
    let changes = house.world.apply(house.now, make).unwrap();
    house.door.handle_changes(house.now, &changes, &mut house.world, &mut house.record);
    assert_eq!(house.sent(1)[0]["data"]["name"], "Elsewhere");
}

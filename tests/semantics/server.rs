//! A server answers to the same verbs.

use gamebridge::ffi::*;
use serde_json::{Value, json};

use crate::harness::{Folder, Game};

struct House {
    folder: Folder,
    game: Game,
    server: gb_conn,
}

fn house(more: Value) -> House {
    let (folder, game) = (Folder::new(), Game::new());
    let mut params = json!({"transport": "ipc", "folder": folder.text()});
    params.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
    let server = game.serve(&params);
    game.connected(server);
    House { folder, game, server }
}

impl House {
    fn connect(&self) -> gb_conn {
        let conn = self.game.connect("rpc", &json!({"client_id": "1234", "path": self.folder.socket()}));
        self.game.connected(conn);
        conn
    }
}

const AUTHORIZE: &str = r#"{"client_id":"1234","scopes":["rpc","identify"]}"#;

#[test]
fn its_events_come_in_the_same_loop() {
    let house = house(json!({}));
    let conn = house.connect();
    let came = house.game.dispatch(house.server, "PEER_CONNECTED");
    assert_eq!((came.data()["client_id"].as_str(), came.data()["transport"].as_str()), (Some("1234"), Some("ipc")));
    assert!(came.peer > 0);
    assert_eq!(house.game.send(conn, "SET_ACTIVITY", r#"{"activity":{"state":"In menu"}}"#, 1), GB_OK);
    assert_eq!(house.game.reply(conn, 1).status, GB_OK);
    let update = house.game.dispatch(house.server, "ACTIVITY_UPDATE");
    assert_eq!((update.data()["activity"]["state"].as_str(), update.peer), (Some("In menu"), came.peer));
    assert_eq!(house.game.disconnect(conn), GB_OK);
    house.game.disconnected(conn);
    assert_eq!(house.game.dispatch(house.server, "PEER_DISCONNECTED").peer, came.peer);
}

#[test]
fn its_life_is_that_of_a_connection() {
    let house = house(json!({}));
    let conn = house.connect();
    assert_eq!(house.game.disconnect(house.server), GB_OK);
    assert_eq!(house.game.disconnected(house.server).status, GB_OK);
    house.game.reconnecting(conn);
    assert_eq!(house.game.send(house.server, "STATE", "{}", 1), GB_ERR_CLOSED);
    // Another one in the same place: who was connected comes back.
    let again = house.game.serve(&json!({"transport": "ipc", "folder": house.folder.text()}));
    house.game.connected(again);
    house.game.connected(conn);
}

#[test]
fn who_leaves_when_it_ends_is_told_before_disconnected() {
    let house = house(json!({}));
    house.connect();
    house.connect();
    assert_eq!(house.game.disconnect(house.server), GB_OK);
    house.game.disconnected(house.server);
    let left =
        house.game.drain().iter().filter(|seen| seen.conn == house.server && seen.name == "PEER_DISCONNECTED").count();
    assert_eq!(left, 2);
}

#[test]
fn what_it_needs_decided_comes_as_request() {
    let house = house(json!({"consent": "ask"}));
    let conn = house.connect();
    for (answer, status) in [(GB_OK, GB_OK), (GB_ERR_AUTH, GB_ERR_REMOTE)] {
        assert_eq!(house.game.send(conn, "AUTHORIZE", AUTHORIZE, 1), GB_OK);
        let request = house.game.until("REQUEST", |seen| seen.is(GB_EVENT_REQUEST, house.server));
        assert_eq!(request.name, "AUTHORIZE");
        assert_eq!(request.data()["scopes"], json!(["rpc", "identify"]));
        assert_ne!(request.tag, 0);
        assert_eq!(house.game.answer(house.server, request.tag, answer), GB_OK);
        let reply = house.game.reply(conn, 1);
        assert_eq!((reply.status, reply.data()["code"].is_string()), (status, answer == GB_OK), "{reply:?}");
    }
}

#[test]
fn a_request_is_settled_once() {
    let house = house(json!({"consent": "ask"}));
    let conn = house.connect();
    assert_eq!(house.game.send(conn, "AUTHORIZE", AUTHORIZE, 1), GB_OK);
    let request = house.game.until("REQUEST", |seen| seen.is(GB_EVENT_REQUEST, house.server));
    assert_eq!(house.game.answer(house.server, request.tag, GB_OK), GB_OK);
    assert_eq!(house.game.answer(house.server, request.tag, GB_ERR_AUTH), GB_OK);
    let line = house.game.log("waits for no answer");
    assert_eq!((line.conn, line.code), (house.server, GB_LOG_WARN as i32));
    assert_eq!(house.game.reply(conn, 1).status, GB_OK, "the first answer holds");
    assert_eq!(house.game.answer(house.server, 0, GB_OK), GB_ERR_ARGUMENT);
    assert_eq!(house.game.answer(house.server, 1, 12345), GB_ERR_ARGUMENT);
}

#[test]
fn a_connection_that_asks_nothing_says_so_when_it_is_answered() {
    let house = house(json!({}));
    let conn = house.connect();
    assert_eq!(house.game.answer(conn, 1, GB_OK), GB_OK);
    assert_eq!(house.game.log("gb_answer").conn, conn);
}

#[test]
fn the_host_drives_the_world_by_gb_send() {
    let House { folder, game, server } = house(json!({"username": "Hostess"}));
    let conn = game.connect("rpc", &json!({"client_id": "1234", "path": folder.socket()}));
    assert_eq!(game.connected(conn).data()["user"]["username"], "Hostess");
    assert_eq!(game.send(conn, "SUBSCRIBE", r#"{"evt":"ACTIVITY_JOIN_REQUEST"}"#, 1), GB_OK);
    assert_eq!(game.reply(conn, 1).status, GB_OK);
    assert_eq!(game.send(server, "USER_CREATE", r#"{"username":"player2"}"#, 2), GB_OK);
    let id = game.reply(server, 2).data()["id"].as_str().expect("an id").to_owned();
    assert_eq!(game.send(server, "ACTIVITY_JOIN_REQUEST", &json!({"user_id": id}).to_string(), 3), GB_OK);
    assert_eq!(game.reply(server, 3).data()["peers"], 1);
    assert_eq!(game.dispatch(conn, "ACTIVITY_JOIN_REQUEST").data()["user"]["id"], id.as_str());
    assert_eq!(game.send(conn, "SEND_ACTIVITY_JOIN_INVITE", &json!({"user_id": id}).to_string(), 4), GB_OK);
    assert_eq!(game.reply(conn, 4).status, GB_OK);
    assert_eq!(game.dispatch(server, "JOIN_REQUEST_ANSWERED").data()["accepted"], true);
}

#[test]
fn its_replies_are_one_for_each_tag() {
    let house = house(json!({}));
    for tag in [5, 5, 6] {
        assert_eq!(house.game.send(house.server, "STATE", "{}", tag), GB_OK);
    }
    for tag in [5, 5, 6] {
        let reply = house.game.reply(house.server, tag);
        assert_eq!((reply.status, reply.name.as_str()), (GB_OK, "STATE"));
    }
    assert_eq!(house.game.send(house.server, "PEER_CLOSE", r#"{"peer":77}"#, 8), GB_OK);
    assert_eq!(house.game.reply(house.server, 8).status, GB_ERR_ARGUMENT);
    assert_eq!(house.game.send(house.server, "PEER_CLOSE", r#"{"peer":77}"#, 0), GB_OK);
    house.game.log("there is no peer 77");
    assert_eq!(house.game.send(house.server, "NO_SUCH_COMMAND", "{}", 9), GB_ERR_UNSUPPORTED);
    assert_eq!(house.game.send(house.server, "state", "{}", 9), GB_ERR_ARGUMENT);
}

#[test]
fn it_begins_with_a_snapshot_and_a_scenario() {
    let House { folder, game, server } = house(json!({"username": "Hostess"}));
    assert_eq!(game.send(server, "USER_CREATE", r#"{"username":"Ada"}"#, 1), GB_OK);
    assert_eq!(game.reply(server, 1).status, GB_OK);
    let path = format!("{}/world.json", folder.text());
    assert_eq!(game.send(server, "SNAPSHOT_SAVE", &json!({"path": path}).to_string(), 2), GB_OK);
    assert_eq!(game.reply(server, 2).data()["path"], path.as_str());
    assert_eq!(game.disconnect(server), GB_OK);
    game.disconnected(server);
    let scenario = json!({"scenario": 1, "users": {"bob": {"username": "Bob"}}});
    let again =
        game.serve(&json!({"transport": "ipc", "folder": folder.text(), "snapshot": path, "scenario": scenario}));
    assert_eq!(game.connected(again).data()["user"]["username"], "Hostess");
    assert_eq!(game.send(again, "STATE", r#"{"parts":["users"]}"#, 3), GB_OK);
    let state = game.reply(again, 3).data();
    let names: Vec<&str> =
        state["users"].as_array().unwrap().iter().filter_map(|user| user["username"].as_str()).collect();
    assert_eq!(names, ["Hostess", "Ada", "Bob"]);
}

#[test]
fn what_it_cannot_begin_with_is_said() {
    let (folder, game) = (Folder::new(), Game::new());
    let path = format!("{}/world.json", folder.text());
    std::fs::write(&path, "{\"snapshot\":1}").unwrap();
    for (more, says) in [
        (json!({"snapshot": format!("{path}.not")}), "rpc: snapshot: cannot read"),
        (json!({"snapshot": path}), "rpc: snapshot: last_id"),
        (
            json!({"scenario": {"scenario": 1, "steps": [{"do": "VOICE_JOIN"}]}}),
            "rpc: scenario: steps[0].args.channel_id",
        ),
    ] {
        let (_, sentence) = game.try_serve(&more.to_string()).unwrap_err();
        assert!(sentence.contains(says), "{sentence}");
    }
    let scenario = json!({"scenario": 1, "users": {"everyone": {}}});
    let server = game.serve(&json!({"transport": "ipc", "folder": folder.text(), "scenario": scenario}));
    let over = game.disconnected(server);
    assert_eq!(over.status, GB_ERR_ARGUMENT);
    assert!(over.message.contains("rpc: scenario: users.everyone: username"), "{}", over.message);
}

#[test]
fn a_scenario_plays_in_time() {
    let house = house(json!({}));
    let steps = json!([
        {"do": "USER_CREATE", "args": {"username": "Ada"}, "as": "ada"},
        {"after": 0.05, "do": "ACTIVITY_JOIN_REQUEST", "args": {"user_id": "@ada"}}
    ]);
    let conn = house.connect();
    assert_eq!(house.game.send(conn, "SUBSCRIBE", r#"{"evt":"ACTIVITY_JOIN_REQUEST"}"#, 1), GB_OK);
    assert_eq!(house.game.reply(conn, 1).status, GB_OK);
    let load = json!({"scenario": {"scenario": 1, "steps": steps}, "speed": 2}).to_string();
    assert_eq!(house.game.send(house.server, "SCENARIO_LOAD", &load, 2), GB_OK);
    assert_eq!(house.game.reply(house.server, 2).status, GB_OK);
    let first = house.game.dispatch(house.server, "SCENARIO_STEP");
    assert_eq!((first.data()["path"].as_str(), first.status), (Some("steps[0]"), GB_OK));
    let second = house.game.dispatch(house.server, "SCENARIO_STEP");
    assert_eq!((second.data()["path"].as_str(), second.status), (Some("steps[1]"), GB_OK));
    assert_eq!(house.game.dispatch(house.server, "SCENARIO_ENDED").data()["steps"], 2);
    assert_eq!(house.game.dispatch(conn, "ACTIVITY_JOIN_REQUEST").data()["user"]["username"], "Ada");
}

#[test]
fn a_snapshot_comes_back_as_it_was() {
    let house = house(json!({}));
    let conn = house.connect();
    let path = format!("{}/world.json", house.folder.text());
    let at = json!({"path": path}).to_string();
    assert_eq!(house.game.send(house.server, "SNAPSHOT_SAVE", &at, 1), GB_OK);
    assert_eq!(house.game.reply(house.server, 1).status, GB_OK);
    let saved = std::fs::read_to_string(&path).unwrap();
    assert_eq!(house.game.send(house.server, "USER_CREATE", r#"{"username":"Ada"}"#, 2), GB_OK);
    assert_eq!(house.game.reply(house.server, 2).status, GB_OK);
    // What can't be written or read leaves both as they were.
    let nowhere = json!({"path": format!("{}/no/where", house.folder.text())}).to_string();
    for command in ["SNAPSHOT_SAVE", "SNAPSHOT_LOAD"] {
        assert_eq!(house.game.send(house.server, command, &nowhere, 3), GB_OK);
        assert_eq!(house.game.reply(house.server, 3).status, GB_ERR_IO);
        assert_eq!(house.game.send(house.server, command, &nowhere, 0), GB_OK);
        house.game.log("failed");
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), saved);
    assert_eq!(house.game.send(house.server, "SNAPSHOT_LOAD", &at, 4), GB_OK);
    assert_eq!(house.game.reply(house.server, 4).data()["peers"], 1);
    assert_eq!(house.game.dispatch(house.server, "PEER_DISCONNECTED").code, 1012);
    house.game.reconnecting(conn);
    house.game.connected(conn);
    assert_eq!(house.game.send(house.server, "SNAPSHOT_SAVE", "{}", 5), GB_OK);
    let again = house.game.reply(house.server, 5).data();
    assert_eq!(again["snapshot"], serde_json::from_str::<Value>(&saved).unwrap());
}

//! What a client sends once it has a session.

use gamebridge_proto::world::{Operation, Status};
use serde_json::{Value, json};

use super::house::{ALL, House};

/// The data of the one dispatch of this name.
fn told(said: &[Value], name: &str) -> Value {
    let mut found = said.iter().filter(|said| said["t"] == name);
    let told = found.next().unwrap_or_else(|| panic!("no {name}: {said:?}"))["d"].clone();
    assert!(found.next().is_none(), "{name} once");
    told
}

#[test]
fn a_presence_is_the_worlds_and_others_see_it() {
    let mut house = House::default();
    let (peer, _) = house.bot_with(ALL);
    for (d, status, name) in [
        (
            json!({"status": "dnd", "activities": [{"name": "ferrying", "type": 0}], "since": null, "afk": false}),
            Status::DoNotDisturb,
            Some("ferrying"),
        ),
        (json!({"status": "idle", "activities": [], "since": 1, "afk": true}), Status::Idle, None),
        (json!({"status": "online", "game": {"name": "rowing", "type": 0}}), Status::Online, Some("rowing")),
        (json!({"status": "invisible", "activities": []}), Status::Offline, None),
    ] {
        house.say(peer, json!({"op": 3, "d": d}));
        assert_eq!(house.closed(peer), None);
        let seen = house.world.presence(house.bot);
        let shown = seen.activity.and_then(|(_, activity)| activity.name);
        assert_eq!((seen.status, shown.as_deref()), (status, name));
    }
    assert_eq!(house.names(peer), Vec::<String>::new(), "of itself a bot is not told");
}

#[test]
fn a_bot_that_comes_into_voice_muted_is_told_of_once() {
    let mut house = House::default();
    let (peer, ready) = house.bot_with(ALL);
    let (guild, channel) = (&ready["guilds"][0]["id"], house.bridge.to_string());
    house.say(peer, json!({"op": 4, "d": {"guild_id": guild, "channel_id": channel, "self_mute": true}}));
    let said = house.said(peer);
    let told: Vec<_> = said.iter().map(|said| (&said["t"], &said["d"]["self_mute"])).collect();
    let (state, server) = (json!("VOICE_STATE_UPDATE"), json!("VOICE_SERVER_UPDATE"));
    assert_eq!(told, [(&state, &json!(true)), (&server, &Value::Null)]);
}

#[test]
fn a_bot_joins_moves_and_leaves_voice() {
    let mut house = House::default();
    let (peer, ready) = house.bot_with(ALL);
    let join = |channel: Value, mute| json!({"op": 4, "d": {"guild_id": ready["guilds"][0]["id"], "channel_id": channel, "self_mute": mute, "self_deaf": false}});
    let bridge = json!(house.bridge.to_string());
    house.say(peer, join(bridge.clone(), false));
    let said = house.said(peer);
    let state = told(&said, "VOICE_STATE_UPDATE");
    assert_eq!((&state["channel_id"], &state["user_id"]), (&bridge, &json!(house.bot.to_string())));
    assert_eq!(state["session_id"], ready["session_id"]);
    let server = told(&said, "VOICE_SERVER_UPDATE");
    assert_eq!((&server["endpoint"], &server["guild_id"]), (&Value::Null, &ready["guilds"][0]["id"]));
    house.say(peer, join(bridge, true));
    assert_eq!(told(&house.said(peer), "VOICE_STATE_UPDATE")["self_mute"], true);
    house.say(peer, join(Value::Null, true));
    assert_eq!(told(&house.said(peer), "VOICE_STATE_UPDATE")["channel_id"], Value::Null);
    assert!(house.world.voice_state(house.bot).is_none());
    // A channel of text, and one of another guild, are none.
    let quay = json!(house.quay.to_string());
    house.say(peer, join(quay, false));
    house.say(peer, json!({"op": 4, "d": {"guild_id": "7", "channel_id": house.bridge.to_string()}}));
    assert_eq!((house.closed(peer), house.names(peer)), (None, vec![]));
    assert_eq!(house.out.log.len(), 2, "{:?}", house.out.log);
    house.say(peer, json!({"op": 4, "d": {"channel_id": {}}}));
    assert_eq!(house.closed(peer), Some(4002));
}

#[test]
fn what_is_asked_for_is_answered() {
    let mut house = House::default();
    house.post("one");
    house.post("two");
    let (peer, ready) = house.bot_with(ALL);
    let guild = &ready["guilds"][0]["id"];
    house.say(peer, json!({"op": 31, "d": {"guild_ids": [guild, "7"]}}));
    assert_eq!(told(&house.said(peer), "SOUNDBOARD_SOUNDS"), json!({"guild_id": guild, "soundboard_sounds": []}));
    house.say(peer, json!({"op": 43, "d": {"guild_id": guild, "fields": ["status"]}}));
    let info = json!({"guild_id": guild, "channels": [{"id": house.bridge.to_string(), "status": null}]});
    assert_eq!(told(&house.said(peer), "CHANNEL_INFO"), info);
    let threads = json!([{"thread_id": "8", "ack_message_id": "9"}]);
    house.say(peer, json!({"op": 28, "d": {"guild_id": guild, "channel_id": "7", "threads": threads}}));
    let unread = told(&house.said(peer), "FORUM_UNREADS");
    assert_eq!((&unread["threads"][0]["thread_id"], &unread["threads"][0]["missing"]), (&json!("8"), &json!(true)));
    house.say(peer, json!({"op": 34, "d": {"guild_id": guild, "channel_ids": [house.quay.to_string(), "7"]}}));
    let last = told(&house.said(peer), "LAST_MESSAGES");
    assert_eq!((last["messages"].as_array().unwrap().len(), &last["messages"][0]["content"]), (1, &json!("two")));
    house.say(peer, json!({"op": 35, "d": {"guild_id": guild, "query": "ad", "continuation_token": null}}));
    assert_eq!(told(&house.said(peer), "GUILD_MEMBERS_CHUNK")["members"][0]["user"]["username"], "ada");
    assert_eq!(house.closed(peer), None);
}

#[test]
fn every_opcode_of_user_accounts_is_accepted_and_the_others_are_4001() {
    use gamebridge_proto::wire::gateway::{By, OPCODES, Opcode};
    for row in &OPCODES {
        let mut house = House::default();
        let (peer, _) = house.bot_with(ALL);
        house.say(peer, json!({"op": row.opcode as u32, "d": {}}));
        let expected = match row.opcode {
            Opcode::Heartbeat => None,
            Opcode::Identify | Opcode::Resume => Some(4005),
            _ if row.by == By::Client => None,
            _ => Some(4001),
        };
        assert_eq!(house.closed(peer), expected, "{}", row.name);
    }
}

#[test]
fn channels_that_a_bot_may_not_see_are_not_answered_about() {
    use gamebridge_proto::world::{Overwrite, OverwriteOf, Permissions};
    let mut house = House::default();
    house.post("secret");
    let (channel, of) = (house.quay, OverwriteOf::Member(house.bot));
    let overwrite = Overwrite { of, allow: Permissions::NONE, deny: Permissions::VIEW_CHANNEL };
    house.apply(Operation::SetOverwrite { channel, overwrite });
    let (peer, ready) = house.bot_with(ALL);
    let guild = &ready["guilds"][0]["id"];
    house.say(peer, json!({"op": 34, "d": {"guild_id": guild, "channel_ids": [house.quay.to_string()]}}));
    assert_eq!(told(&house.said(peer), "LAST_MESSAGES")["messages"], json!([]));
}

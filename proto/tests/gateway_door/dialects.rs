//! What each version is shown.

use gamebridge_proto::world::{ChannelKind, NewChannel, NewMessage, Operation, Presence, Status};
use serde_json::{Value, json};

use super::house::{ALL, House, TOKEN, identify};

fn first<'s>(said: &'s [Value], name: &str) -> &'s Value {
    &said.iter().find(|said| said["t"] == name).unwrap_or_else(|| panic!("no {name}: {said:?}"))["d"]
}

/// What each version, with or without intents as it needs them, is told of a beginning.
fn begun(house: &mut House, query: &str) -> (u32, Vec<Value>) {
    let peer = house.connect(query);
    let needs = !matches!(query, "" | "v=4" | "v=5" | "v=6" | "v=7");
    house.say(peer, identify(json!({"intents": if needs { json!(ALL) } else { Value::Null }})));
    assert_eq!(house.closed(peer), None, "{query}");
    let said = house.said(peer);
    (peer, said)
}

#[test]
fn each_version_has_its_own_shapes() {
    // v of READY, type of an overwrite, permissions of a role, permissions_new, threads
    for (query, v, kind, text, both, threads) in [
        ("", 6, json!("member"), false, false, false),
        ("v=4", 6, json!("member"), false, false, false),
        ("v=5", 6, json!("member"), false, false, false),
        ("v=6", 6, json!("member"), false, false, false),
        ("v=7", 7, json!("member"), false, true, false),
        ("v=8", 8, json!(1), true, false, false),
        ("v=9", 9, json!(1), true, false, true),
        ("v=10", 10, json!(1), true, false, true),
    ] {
        let mut house = House::default();
        use gamebridge_proto::world::{Overwrite, OverwriteOf, Permissions};
        let overwrite =
            Overwrite { of: OverwriteOf::Member(house.ada), allow: Permissions(1024), deny: Permissions::NONE };
        let channel = house.quay;
        house.apply(Operation::SetOverwrite { channel, overwrite });
        let (_, said) = begun(&mut house, query);
        assert_eq!(first(&said, "READY")["v"], v, "{query}");
        let guild = first(&said, "GUILD_CREATE");
        let quay = guild["channels"].as_array().unwrap().iter().find(|known| known["name"] == "quay").unwrap();
        assert_eq!(quay["permission_overwrites"][0]["type"], kind, "{query}");
        assert_eq!(quay["type"], 0);
        let role = &guild["roles"][0];
        assert_eq!(role["colors"]["primary_color"], role["color"], "{query}: hikari and others read no other");
        assert!(guild.get("rules_channel_id").is_some_and(Value::is_null), "{query}");
        assert_eq!(role["permissions"].is_string(), text, "{query}");
        assert_eq!(role["permissions_new"].is_string(), both, "{query}");
        assert_eq!(guild["threads"].is_array(), threads, "{query}");
        assert_eq!(guild["widget_enabled"].is_boolean(), v >= 8, "{query}");
    }
}

#[test]
fn a_presence_has_one_game_until_version_8() {
    for query in ["v=6", "v=7", "v=8", "v=9", "v=10"] {
        let mut house = House::default();
        let (peer, _) = begun(&mut house, query);
        let presence = Presence { status: Status::Idle, activity: None };
        let user = house.ada;
        house.apply(Operation::SetPresence { user, presence });
        let said = house.said(peer);
        let told = first(&said, "PRESENCE_UPDATE");
        let old = matches!(query, "v=6" | "v=7");
        assert_eq!(told.get("game").is_some(), old, "{query}");
        assert_eq!(told.get("roles").is_some(), old, "{query}");
        assert_eq!((&told["status"], &told["user"]["id"]), (&json!("idle"), &json!(house.ada.to_string())));
    }
}

#[test]
fn direct_messages_are_announced_until_version_8() {
    for (query, announced) in [("v=6", true), ("v=7", true), ("v=8", false), ("v=9", false), ("v=10", false)] {
        let mut house = House::default();
        let (peer, _) = begun(&mut house, query);
        house.apply(Operation::CreateChannel(NewChannel::private(ChannelKind::Dm, vec![house.bot])));
        assert_eq!(house.names(peer).contains(&"CHANNEL_CREATE".to_owned()), announced, "{query}");
        let dm = house.world.dm_with(house.bot).unwrap().id;
        let local = house.world.local_user().id;
        house.apply(Operation::PostMessage(NewMessage::text(dm, local, "psst")));
        let said = house.said(peer);
        let message = first(&said, "MESSAGE_CREATE");
        assert_eq!((&message["content"], message.get("guild_id")), (&json!("psst"), None), "{query}");
    }
}

#[test]
fn version_3_has_no_hello_and_its_guilds_come_with_ready() {
    // With the version in the URL, and only in IDENTIFY.
    for (query, greeted) in [("v=3", 0), ("", 1)] {
        let mut house = House::default();
        house.apply(Operation::CreateChannel(NewChannel::private(ChannelKind::Dm, vec![house.bot])));
        let peer = house.connect(query);
        assert_eq!(house.said(peer).len(), greeted);
        let properties =
            json!({"$os": "linux", "$browser": "x", "$device": "", "$referrer": " ", "$referring_domain": ""});
        let d = json!({"token": TOKEN, "v": 3, "properties": properties, "large_threshold": 100, "compress": false});
        house.say(peer, json!({"op": 2, "d": d}));
        assert_eq!(house.closed(peer), None);
        let said = house.said(peer);
        assert_eq!(said.len(), 1, "no GUILD_CREATE comes after");
        let ready = first(&said, "READY");
        assert_eq!((&ready["v"], &ready["heartbeat_interval"]), (&json!(3), &json!(41_250)));
        assert!(ready.get("resume_gateway_url").is_none());
        let guild = &ready["guilds"][0];
        let quay = guild["channels"].as_array().unwrap().iter().find(|known| known["name"] == "quay").unwrap();
        assert_eq!((&quay["type"], &quay["is_private"]), (&json!("text"), &json!(false)));
        let private = &ready["private_channels"][0];
        assert_eq!((&private["is_private"], &private["recipient"]["username"]), (&json!(true), &json!("Guest")));
        // Beats carry the client's clock as a text, and are not answered.
        house.say(peer, json!({"op": 1, "d": "1450996513618"}));
        assert_eq!(house.said(peer), Vec::<Value>::new());
        // Its status update is another one.
        house.say(peer, json!({"op": 3, "d": {"game": {"name": "rowing"}, "idle_since": 1450996513618u64}}));
        assert_eq!(house.closed(peer), None);
        assert_eq!(house.world.presence(house.bot).status, Status::Idle);
        house.post("ahoy");
        assert_eq!(house.names(peer), ["MESSAGE_CREATE"]);
    }
}

/// discord.py up to 1.7 and those that began as it.
#[test]
fn a_version_of_identify_does_not_change_that_of_the_url() {
    for version in [6, 7, 8, 9, 10] {
        let mut house = House::default();
        let peer = house.connect(&format!("v={version}"));
        house.said(peer);
        house.say(peer, identify(json!({"v": 3})));
        let said = house.said(peer);
        assert_eq!(first(&said, "READY")["v"], version);
        let channels = first(&said, "GUILD_CREATE")["channels"].clone();
        assert!(channels.as_array().unwrap().iter().all(|channel| channel["type"].is_u64()), "{version}: {channels}");
    }
}

#[test]
fn old_versions_may_leave_presences_and_typing_out() {
    let mut house = House::default();
    let peer = house.connect("v=6");
    house.say(peer, identify(json!({"intents": null, "guild_subscriptions": false})));
    house.said(peer);
    let (user, channel) = (house.ada, house.quay);
    house.apply(Operation::SetPresence { user, presence: Presence { status: Status::Idle, activity: None } });
    house.apply(Operation::StartTyping { channel, user });
    assert_eq!(house.names(peer), Vec::<String>::new());
}

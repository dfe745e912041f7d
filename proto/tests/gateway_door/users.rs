//! Users who log in, as programs of 2017 did.

use gamebridge_proto::secret::Secret;
use gamebridge_proto::world::{
    ChannelKind, GuildEdit, NewChannel, Operation, Presence, RelationshipKind, Status, UserId,
};
use serde_json::{Value, json};

use super::house::{ALL, House, TOKEN, identify};

const LOGIN: &str = "the-token-of-a-user";

/// A house whose user logs in with [`LOGIN`].
fn house_of(of: impl FnOnce(&House) -> UserId) -> House {
    let mut house = House::default();
    let (user, token) = (of(&house), Some(Secret::new(LOGIN)));
    house.apply(Operation::CreateLogin { user, token });
    house
}

fn local(house: &House) -> UserId {
    house.world.local_user().id
}

/// IDENTIFY of a user: without intents.
fn login(more: Value) -> Value {
    let mut d = json!({"token": LOGIN, "properties": {}});
    for (name, value) in more.as_object().unwrap() {
        d[name] = value.clone();
    }
    json!({"op": 2, "d": d})
}

fn begun(house: &mut House, query: &str) -> (u32, Value) {
    let peer = house.connect(query);
    house.say(peer, login(json!({})));
    assert_eq!(house.closed(peer), None, "{query}");
    let mut said = house.said(peer);
    let ready = said.pop().expect("READY");
    assert_eq!(ready["t"], "READY", "the guilds came with it: {query}");
    (peer, ready["d"].clone())
}

#[test]
fn a_user_needs_no_intents_and_gets_its_guilds_whole_in_ready() {
    for query in ["v=3", "", "v=6", "v=7", "v=8", "v=9", "v=10"] {
        let mut house = house_of(local);
        let (guild, user) = (house.guild, local(&house));
        house.apply(Operation::SetRelationship { user: house.ada, kind: RelationshipKind::Friend });
        house.apply(Operation::SetPresence {
            user: house.ada,
            presence: Presence { status: Status::Idle, activity: None },
        });
        let (_, ready) = begun(&mut house, query);
        assert_eq!((&ready["user"]["id"], &ready["user"]["bot"]), (&json!(user.to_string()), &json!(false)), "{query}");
        assert_eq!(ready["guilds"][0]["id"], guild.to_string());
        assert_eq!(ready["guilds"][0]["channels"].as_array().map(Vec::len), Some(2), "{query}");
        assert_eq!(ready["guilds"][0]["members"].as_array().map(Vec::len), Some(3), "{query}");
        let friend = &ready["relationships"][0];
        assert_eq!((&friend["type"], &friend["user"]["username"]), (&json!(1), &json!("ada")), "{query}");
        assert_eq!(ready["presences"][0]["status"], "idle", "{query}");
        for member in ["user_settings", "user_guild_settings", "read_state", "notes", "connected_accounts"] {
            assert!(ready.get(member).is_some(), "{query}: {member}");
        }
        assert!(ready.get("application").is_none(), "{query}");
        // No member stands there twice: the last one counts for some, the first for others.
        let text = ready.to_string();
        assert_eq!(text.matches("\"read_state\"").count(), 1, "{query}");
    }
}

/// discord.py-self, discum and selfcord.py.
#[test]
fn a_client_that_says_so_is_told_of_people_by_their_ids_and_after_ready() {
    let mut house = house_of(local);
    let (guild, user, ada) = (house.guild, local(&house), house.ada);
    house.apply(Operation::SetRelationship { user: ada, kind: RelationshipKind::Friend });
    let presence = Presence { status: Status::Idle, activity: None };
    house.apply(Operation::SetPresence { user: ada, presence });
    house.apply(Operation::CreateChannel(NewChannel::private(ChannelKind::Dm, vec![ada])));
    let peer = house.connect("v=9");
    house.said(peer);
    house.say(peer, login(json!({"capabilities": 1 << 2 | 1 << 3 | 1 << 4 | 1 << 5 | 1 << 9})));
    let said = house.said(peer);
    assert_eq!(
        said.iter().map(|said| said["t"].as_str().unwrap()).collect::<Vec<_>>(),
        ["READY", "READY_SUPPLEMENTAL"]
    );
    let (ready, more) = (&said[0]["d"], &said[1]["d"]);
    let versioned = json!({"version": 0, "partial": false, "entries": []});
    assert_eq!((&ready["read_state"], &ready["user_guild_settings"]), (&versioned, &versioned));
    assert_eq!((&ready["user_settings_proto"], ready.get("user_settings")), (&json!(""), None));
    let friend = &ready["relationships"][0];
    assert_eq!((&friend["user_id"], friend.get("user")), (&json!(ada.to_string()), None));
    assert_eq!(ready["private_channels"][0]["recipient_ids"], json!([ada.to_string()]));
    let users: Vec<&Value> = ready["users"].as_array().unwrap().iter().map(|user| &user["id"]).collect();
    assert_eq!(users.len(), 3, "everybody once: {users:?}");
    let shown = &ready["guilds"][0];
    assert_eq!((&shown["id"], shown.get("members"), shown.get("presences")), (&json!(guild.to_string()), None, None));
    assert_eq!(shown["channels"].as_array().map(Vec::len), Some(2));
    assert_eq!(ready["merged_members"][0][0]["user_id"], user.to_string());
    assert_eq!(more["guilds"][0]["id"], guild.to_string());
    assert_eq!(more["merged_members"][0].as_array().map(Vec::len), Some(2), "all but itself");
    for presences in [&more["merged_presences"]["guilds"][0], &more["merged_presences"]["friends"]] {
        assert_eq!((&presences[0]["user_id"], &presences[0]["status"]), (&json!(ada.to_string()), &json!("idle")));
    }
}

#[test]
fn a_guild_that_comes_back_is_told_of_to_a_user() {
    let mut house = house_of(local);
    let guild = house.guild;
    let available = |available| GuildEdit { available: Some(available), ..GuildEdit::default() };
    house.apply(Operation::EditGuild { guild, edit: available(false) });
    let (peer, ready) = begun(&mut house, "v=10");
    assert_eq!(ready["guilds"], json!([{"id": guild.to_string(), "unavailable": true}]));
    house.apply(Operation::EditGuild { guild, edit: available(true) });
    house.post("all is well");
    assert_eq!(house.names(peer), ["GUILD_CREATE", "MESSAGE_CREATE"]);
}

#[test]
fn a_user_has_no_shards_and_a_wrong_token_is_nobodys() {
    let mut house = house_of(local);
    for (more, code) in [
        (json!({"shard": [0, 2]}), Some(4010)),
        (json!({"shard": [0, 1]}), None),
        (json!({"token": "the-token-of-nobody"}), Some(4004)),
        (json!({"intents": 1 << 27}), Some(4013)),
    ] {
        let peer = house.connect("v=10");
        house.say(peer, login(more.clone()));
        assert_eq!(house.closed(peer), code, "{more}");
    }
}

#[test]
fn another_user_is_there_while_its_client_is() {
    let mut house = house_of(|house| house.ada);
    let (peer, _) = begun(&mut house, "v=6");
    let ada = house.ada;
    assert_eq!(house.world.presence(ada).status, Status::Online);
    house.say(
        peer,
        json!({"op": 3, "d": {"status": "dnd", "game": {"name": "Chess", "type": 0}, "since": null, "afk": false}}),
    );
    assert_eq!(house.world.presence(ada).status, Status::DoNotDisturb);
    house.gone(peer, Some(1000));
    assert_eq!(house.world.presence(ada).status, Status::Offline);
}

#[test]
fn the_local_user_is_there_as_the_host_says() {
    let mut house = house_of(local);
    let user = local(&house);
    let before = house.world.presence(user);
    let (peer, _) = begun(&mut house, "v=10");
    house.say(peer, json!({"op": 3, "d": {"status": "invisible", "activities": [], "since": null, "afk": false}}));
    assert_eq!(house.world.presence(user), before);
    house.gone(peer, Some(1000));
    assert_eq!(house.world.presence(user), before);
    assert_eq!(house.closed(peer), None);
}

/// What is answered, by name; what is not, the host is told of.
#[test]
fn every_opcode_of_users_is_answered_or_told_to_the_host() {
    let mut house = house_of(local);
    house.post("the last one");
    let (guild, quay) = (house.guild.to_string(), house.quay.to_string());
    let (peer, _) = begun(&mut house, "v=9");
    let of_guild = json!({"guild_id": guild});
    for (op, d, answer) in [
        (28, json!({"guild_id": guild, "channel_id": quay, "threads": []}), Some("FORUM_UNREADS")),
        (31, json!({"guild_ids": [guild]}), Some("SOUNDBOARD_SOUNDS")),
        (34, json!({"guild_id": guild, "channel_ids": [quay]}), Some("LAST_MESSAGES")),
        (35, json!({"guild_id": guild, "query": "a", "continuation_token": null}), Some("GUILD_MEMBERS_CHUNK")),
        (43, json!({"guild_id": guild, "fields": ["status"]}), Some("CHANNEL_INFO")),
        (8, json!({"guild_id": guild, "query": "", "limit": 0}), Some("GUILD_MEMBERS_CHUNK")),
        (5, Value::Null, None),
        (12, json!([guild]), None),
        (13, json!({"channel_id": quay}), None),
        (14, of_guild.clone(), None),
        (15, json!({"lobby_id": "1", "lobby_secret": "x"}), None),
        (16, json!({"lobby_id": "1"}), None),
        (17, json!({"lobby_id": "1", "self_mute": false, "self_deaf": false}), None),
        (18, json!({"type": "guild", "guild_id": guild, "channel_id": quay, "preferred_region": null}), None),
        (19, json!({"stream_key": "k"}), None),
        (20, json!({"stream_key": "k"}), None),
        (21, json!({"stream_key": "k"}), None),
        (22, json!({"stream_key": "k", "paused": true}), None),
        (23, json!({}), None),
        (24, json!({}), None),
        (25, json!({}), None),
        (26, json!({"guild_id": guild, "channel_id": quay, "application_id": "1"}), None),
        (27, json!({}), None),
        (29, json!({}), None),
        (30, json!({"guild_id": guild}), None),
        (32, json!({"preferred_region": "x"}), None),
        (33, Value::Null, None),
        (36, of_guild.clone(), None),
        (37, json!({"subscriptions": {}}), None),
        (38, of_guild.clone(), None),
        (39, of_guild, None),
        (40, json!({}), None),
        (41, json!({}), None),
        (42, Value::Null, None),
    ] {
        let before = house.out.log.len();
        house.say(peer, json!({"op": op, "d": d}));
        assert_eq!(house.closed(peer), None, "op {op}");
        assert_eq!(house.names(peer), answer.into_iter().collect::<Vec<_>>(), "op {op}");
        assert_eq!(house.out.log.len() > before, answer.is_none(), "op {op}: {:?}", house.out.log.last());
    }
}

#[test]
fn a_session_of_a_users_is_told_to_the_host_without_an_application() {
    let mut house = house_of(local);
    let (peer, _) = begun(&mut house, "v=10");
    let (name, _, _, told) = house.out.events.last().unwrap();
    assert_eq!((name.as_str(), &told["application_id"]), ("GATEWAY_SESSION", &Value::Null));
    let state = house.host("GATEWAY_STATE", json!({})).unwrap();
    let user = local(&house).to_string();
    assert_eq!(
        state["logins"][1],
        json!({"user_id": user, "username": "Guest", "application_id": null, "token": LOGIN})
    );
    assert_eq!(state["logins"][0]["token"], TOKEN);
    house.gone(peer, None);
    let (bot, _) = house.bot_with(ALL);
    house.said(bot);
    house.say(bot, identify(json!({"token": LOGIN})));
    assert_eq!(house.closed(bot), Some(4005));
}

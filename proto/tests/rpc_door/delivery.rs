//! Whom events reach, in which order, and what it costs.

use gamebridge_proto::event::Event;
use gamebridge_proto::secret::Secret;
use gamebridge_proto::server::rpc::{OneShot, Sink};
use gamebridge_proto::wire::ipc::Opcode;
use gamebridge_proto::world::{Operation, Permissions};
use serde_json::{Value, json};

use super::house::{GAME, Out};
use super::town::{Town, id};

#[test]
fn thirty_two_subscribers_get_the_same_bytes_in_the_order_in_which_they_subscribed() {
    struct Bytes(Vec<(u32, Vec<u8>)>);
    impl Sink for Bytes {
        fn send(&mut self, peer: u32, _: Opcode, payload: &[u8]) {
            self.0.push((peer, payload.to_vec()));
        }
        fn close(&mut self, peer: u32, code: u16, _: &str) {
            panic!("{peer} was closed with {code}");
        }
        fn event(&mut self, _: Event<'_>) {}
    }
    let mut town = Town::default();
    let order: Vec<u32> = (1..=32).rev().collect();
    for peer in &order {
        town.peer(*peer, &["rpc"]);
        town.subscribe(*peer, "SPEAKING_START", json!({"channel_id": id(town.lounge)}));
    }
    town.make(Operation::JoinVoice { user: town.bob, channel: town.lounge });
    let speak = Operation::SetSpeaking { user: town.bob, speaking: true };
    let changes = town.house.world.apply(town.house.now, speak).unwrap();
    let mut bytes = Bytes(Vec::new());
    town.house.door.handle_changes(town.house.now, &changes, &mut town.house.world, &mut bytes);
    assert_eq!(bytes.0.iter().map(|(peer, _)| *peer).collect::<Vec<_>>(), order);
    assert!(bytes.0.iter().all(|(_, sent)| *sent == bytes.0[0].1));
}

#[test]
fn several_events_of_one_cause_come_in_their_order() {
    let mut town = Town::default();
    town.make(Operation::JoinVoice { user: town.local, channel: town.attic });
    town.peer(1, &["rpc"]);
    for event in ["VOICE_STATE_DELETE", "VOICE_STATE_CREATE"] {
        for channel in [town.attic, town.lounge] {
            town.subscribe(1, event, json!({"channel_id": id(channel)}));
        }
    }
    for event in ["VOICE_CHANNEL_SELECT", "VOICE_CONNECTION_STATUS"] {
        town.subscribe(1, event, json!({}));
    }
    town.house.say(1, &json!({"cmd": "SELECT_VOICE_CHANNEL", "args": {"channel_id": id(town.lounge), "force": true}}));
    let sent = town.house.sent(1);
    let names: Vec<&str> = sent.iter().map(|sent| sent["evt"].as_str().unwrap_or("a reply")).collect();
    assert_eq!(names[..2], ["a reply", "VOICE_STATE_DELETE"]);
    let states: Vec<_> = sent.iter().filter_map(|sent| sent["data"]["state"].as_str()).collect();
    assert_eq!(states.first(), Some(&"AWAITING_ENDPOINT"));
    assert_eq!(states.last(), Some(&"VOICE_CONNECTED"));
    let at = |name| names.iter().position(|known| *known == name).unwrap();
    assert!(at("VOICE_STATE_CREATE") < at("VOICE_CHANNEL_SELECT"), "{names:?}");
}

#[test]
fn what_a_peer_does_reaches_the_others_and_itself() {
    let mut town = Town::default();
    for peer in [1, 2] {
        town.peer(peer, &["rpc", "rpc.voice.write"]);
        town.subscribe(peer, "VOICE_SETTINGS_UPDATE", json!({}));
    }
    town.house.say(1, &json!({"cmd": "SET_VOICE_SETTINGS", "args": {"mute": true}}));
    let order = town.house.out().into_iter().filter_map(|out| match out {
        Out::Sent { peer, payload, .. } => Some((peer, payload["evt"].clone())),
        _ => None,
    });
    let order: Vec<_> = order.collect();
    let update = json!("VOICE_SETTINGS_UPDATE");
    assert_eq!(order, [(1, Value::Null), (1, update.clone()), (2, update)]);
}

#[test]
fn channels_that_cannot_be_seen_are_silent() {
    let mut town = Town::default();
    town.peer(1, &["rpc"]);
    town.subscribe(1, "CHANNEL_CREATE", json!({}));
    for event in ["VOICE_STATE_CREATE", "VOICE_STATE_UPDATE", "VOICE_STATE_DELETE", "SPEAKING_START"] {
        town.subscribe(1, event, json!({"channel_id": id(town.lounge)}));
    }
    town.deny(town.lounge, Permissions::VIEW_CHANNEL);
    town.make(Operation::JoinVoice { user: town.ada, channel: town.lounge });
    town.make(Operation::SetSpeaking { user: town.ada, speaking: true });
    town.make(Operation::EditVoice { user: town.ada, self_mute: Some(true), self_deaf: None });
    town.make(Operation::LeaveVoice(town.ada));
    assert_eq!(town.heard(1), [""; 0]);
    let listed = town.done(1, "GET_CHANNELS", json!({"guild_id": id(town.guild)}));
    let names: Vec<_> = listed["channels"].as_array().unwrap().iter().map(|channel| channel["name"].clone()).collect();
    assert_eq!(names, [json!("general"), json!("Attic"), json!("Vault"), json!("of-the-game")]);
}

#[test]
fn a_deleted_channel_tells_that_everybody_left() {
    let mut town = Town::default();
    town.make(Operation::JoinVoice { user: town.bob, channel: town.lounge });
    town.peer(1, &["rpc"]);
    town.subscribe(1, "VOICE_STATE_DELETE", json!({"channel_id": id(town.lounge)}));
    town.make(Operation::DeleteChannel(town.lounge));
    assert_eq!(town.heard(1), ["VOICE_STATE_DELETE"]);
    town.unsubscribe(1, "VOICE_STATE_DELETE", json!({"channel_id": id(town.lounge)}));
}

#[test]
fn the_257th_subscription_is_refused_and_a_place_becomes_free_again() {
    let mut town = Town::default();
    town.peer(1, &["rpc"]);
    let channels: Vec<Value> = (0..257)
        .map(|number| {
            let kind = gamebridge_proto::world::ChannelKind::GuildVoice;
            let new = gamebridge_proto::world::NewChannel::in_guild(kind, town.guild, &format!("room {number}"));
            id(super::town::made_channel(&mut town.house, new))
        })
        .collect();
    for channel in &channels[..256] {
        town.subscribe(1, "SPEAKING_START", json!({"channel_id": channel}));
    }
    let more = json!({"cmd": "SUBSCRIBE", "evt": "SPEAKING_START", "args": {"channel_id": channels[256]}});
    assert_eq!(town.house.refused(1, more.clone()).0, 4004);
    town.unsubscribe(1, "SPEAKING_START", json!({"channel_id": channels[7]}));
    town.house.done(1, more);
}

/// Carries one command out as the HTTP route does.
fn once(town: &mut Town, token: Option<&Secret>, message: &Value) -> Value {
    let caller = OneShot { application: GAME.parse::<u64>().unwrap().into(), token };
    let house = &mut town.house;
    let payload = message.to_string();
    let reply = house.door.answer_once(house.now, caller, payload.as_bytes(), &mut house.world, &mut house.record);
    serde_json::from_slice(&reply).unwrap()
}

#[test]
fn a_single_request_is_answered_with_the_scopes_of_its_token() {
    let mut town = Town::default();
    town.peer(1, &["rpc"]);
    town.subscribe(1, "VOICE_CHANNEL_SELECT", json!({}));
    let token = Secret::new(town.house.authenticate(1, &["rpc"]));
    let guilds = json!({"cmd": "GET_GUILDS", "nonce": 7});
    assert_eq!(once(&mut town, None, &guilds)["data"]["code"], 4006);
    assert_eq!(once(&mut town, Some(&Secret::new("wrong")), &guilds)["data"]["code"], 4006);
    let reply = once(&mut town, Some(&token), &guilds);
    assert_eq!((&reply["nonce"], &reply["data"]["guilds"][0]["name"]), (&json!(7), &json!("Test Guild")));
    town.house.out();
    let select = json!({"cmd": "SELECT_VOICE_CHANNEL", "args": {"channel_id": id(town.lounge)}});
    assert_eq!(once(&mut town, Some(&token), &select)["data"]["name"], "Lounge");
    assert_eq!(town.heard(1), ["VOICE_CHANNEL_SELECT"]);
}

#[test]
fn what_lasts_as_long_as_a_connection_is_refused_to_a_single_request() {
    let mut town = Town::default();
    town.peer(1, &["rpc"]);
    let token = Secret::new(town.house.authenticate(1, &["rpc"]));
    for (cmd, args) in [
        ("SET_ACTIVITY", json!({"pid": 1, "activity": {"state": "In menu"}})),
        ("SET_VOICE_SETTINGS", json!({"qos": true})),
        ("SET_USER_VOICE_SETTINGS", json!({"user_id": id(town.bob), "mute": true})),
        ("SET_CERTIFIED_DEVICES", json!({"devices": []})),
        ("AUTHENTICATE", json!({"access_token": token.reveal()})),
    ] {
        let reply = once(&mut town, Some(&token), &json!({"cmd": cmd, "args": args}));
        assert_eq!(reply["data"]["code"], 4002, "{cmd}: {reply}");
    }
    let subscribe = json!({"cmd": "SUBSCRIBE", "evt": "GUILD_CREATE", "args": {}});
    assert_eq!(once(&mut town, Some(&token), &subscribe)["data"]["code"], 4002);
    town.outage(false);
    let guild = json!({"cmd": "GET_GUILD", "args": {"guild_id": id(town.guild), "timeout": 60}});
    assert_eq!(once(&mut town, Some(&token), &guild)["data"]["code"], 5002, "it does not wait");
    assert!(town.house.world.voice_lock().is_none());
    let close = json!({"cmd": "CLOSE_ACTIVITY_REQUEST", "args": {"user_id": id(town.bob)}});
    assert_eq!(once(&mut town, Some(&token), &close)["data"]["code"], 4010, "an answer does not last");
}

//! Whom events reach, in which order, and what it costs.

use gamebridge_proto::event::Event;
use gamebridge_proto::server::rpc::Sink;
use gamebridge_proto::wire::ipc::Opcode;
use gamebridge_proto::world::{Operation, Permissions};
use serde_json::{Value, json};

use super::house::Out;
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

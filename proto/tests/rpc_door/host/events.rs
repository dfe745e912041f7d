//! What the host is told: of what others did, and of nothing that it did itself.

use gamebridge_proto::wire::host;
use gamebridge_proto::world::{
    ChannelEdit, GuildEdit, MemberEdit, MessageEdit, NewChannel, NewEntitlement, NewGuild, NewMessage, NewRole,
    Operation, Permissions, RoleEdit,
};
use gamebridge_proto::world::{ChannelKind, EntitlementId, RoleId};
use serde_json::{Value, json};

use super::table::{Place, fits};
use crate::house::{GAME, authenticate};

fn id<T: From<u64>>(value: &Value) -> T {
    T::from(value.as_str().unwrap().parse::<u64>().unwrap())
}

/// What an application may do through the API.
fn operations(place: &mut Place) -> Vec<Operation> {
    let (guild, text, message) = (id(&place.guild), id(&place.text), id(&place.message));
    let role: RoleId = id(&place.role);
    let eve = id(&place.house.host("USER_CREATE", json!({"username": "Eve"}))["id"]);
    let entitlement: EntitlementId = id(&place.entitlement);
    let (icon, created_by, members) = (None, Some(GAME.parse::<u64>().unwrap().into()), Vec::new());
    let new_role =
        NewRole { name: "Movers".into(), color: 0, permissions: Permissions::NONE, hoist: false, mentionable: false };
    vec![
        Operation::CreateGuild(NewGuild { name: "Made".into(), icon, owner: None, members, created_by }),
        Operation::EditGuild { guild, edit: GuildEdit { name: Some("Park".into()), ..GuildEdit::default() } },
        Operation::JoinGuild { guild, user: eve },
        Operation::EditMember {
            guild,
            user: eve,
            edit: MemberEdit { nick: Some(Some("E".into())), ..MemberEdit::default() },
        },
        Operation::LeaveGuild { guild, user: eve },
        Operation::CreateRole { guild, role: new_role },
        Operation::EditRole { guild, role, edit: RoleEdit { color: Some(5), ..RoleEdit::default() } },
        Operation::DeleteRole { guild, role },
        Operation::CreateChannel(NewChannel::in_guild(ChannelKind::GuildText, guild, "made")),
        Operation::EditChannel {
            channel: text,
            edit: ChannelEdit { topic: Some(Some("Roses".into())), ..ChannelEdit::default() },
        },
        Operation::PostMessage(NewMessage::text(text, id(&place.ada), "Hail!")),
        Operation::EditMessage {
            channel: text,
            message,
            edit: MessageEdit { content: Some("Snow!".into()), pinned: None },
        },
        Operation::DeleteMessage { channel: text, message },
        Operation::DeleteChannel(text),
        Operation::CreateEntitlement(NewEntitlement {
            sku: None,
            application: GAME.parse::<u64>().unwrap().into(),
            user: id(&place.ada),
            kind: 1,
            guild: None,
            starts_ms: None,
            ends_ms: None,
            consumed: false,
        }),
        Operation::DeleteEntitlement(entitlement),
        Operation::DeleteGuild(guild),
    ]
}

#[test]
fn every_event_is_in_the_catalog_and_says_what_stands_there() {
    let mut place = Place::new();
    let (ada, text, voice) = (place.ada.clone(), place.text.clone(), place.voice.clone());
    let house = &mut place.house;
    house.out();
    house.gone(1);
    house.connect(2, gamebridge_proto::server::rpc::Via::Ipc);
    let hello = json!({"v": 1, "client_id": GAME}).to_string();
    house.frame(2, gamebridge_proto::wire::ipc::Opcode::Handshake, hello.as_bytes()).unwrap();
    let mut events = house.events();
    let args = json!({"client_id": GAME, "scopes": ["rpc"], "username": "Grace"});
    house.say(2, &json!({"cmd": "AUTHORIZE", "args": args}));
    events.extend(house.events());
    let scopes = ["rpc", "rpc.voice.read", "rpc.voice.write"];
    let token = house.host("TOKEN_CREATE", json!({"client_id": GAME, "scopes": scopes}));
    house.say(2, &authenticate(token["access_token"].as_str().unwrap()));
    house.host("ACTIVITY_JOIN_REQUEST", json!({"user_id": ada}));
    let maker = json!({"name": "Maker", "url": "https://a.example"});
    let device = json!({"type": "audioinput", "id": "mic", "vendor": maker, "model": maker, "related": ["ears"],
        "hardware_mute": true});
    for (cmd, args) in [
        (
            "SET_ACTIVITY",
            json!({"pid": 1, "activity": {"state": "In menu", "secrets": {"join": "j", "match": "m"}, "instance": true}}),
        ),
        ("SEND_ACTIVITY_JOIN_INVITE", json!({"user_id": ada})),
        ("SELECT_TEXT_CHANNEL", json!({"channel_id": text})),
        ("SELECT_VOICE_CHANNEL", json!({"channel_id": null})),
        ("SELECT_VOICE_CHANNEL", json!({"channel_id": voice})),
        ("SET_VOICE_SETTINGS", json!({"mute": true})),
        ("SET_USER_VOICE_SETTINGS", json!({"user_id": ada, "volume": 10})),
        ("SET_CERTIFIED_DEVICES", json!({"devices": [device]})),
    ] {
        house.say(2, &json!({"cmd": cmd, "args": args}));
    }
    house.gone(2);
    events.extend(house.events());
    let steps = json!([{"do": "VOICE_LEAVE"}, {"do": "VOICE_PING", "args": {"ms": 1}}]);
    house.host("SCENARIO_LOAD", json!({"scenario": {"scenario": 1, "steps": steps}}));
    house.wait(std::time::Duration::ZERO);
    let played = house.events();
    for operation in operations(&mut place) {
        place.house.make(operation);
    }
    let elsewhere = place.house.events();
    assert!(events.iter().all(|(_, peer, _)| [1, 2].contains(peer)), "what peers did names them");
    assert!(played.iter().chain(&elsewhere).all(|(_, peer, _)| *peer == 0));
    events.extend(played.into_iter().chain(elsewhere));
    // ACCOUNT_UPDATE comes where there is another account than the guest's: the tests of accounts see it.
    for row in host::EVENTS.iter().filter(|row| row.name != "ACCOUNT_UPDATE") {
        assert!(events.iter().any(|(name, ..)| name == row.name), "{} never came", row.name);
    }
    for (name, _, data) in events {
        let row = host::event(&name).unwrap_or_else(|| panic!("{name} is not in the catalog"));
        if !["ACTIVITY_UPDATE"].contains(&row.name) {
            fits(&row.reply, &data).unwrap_or_else(|error| panic!("{name}: {error}: {data}"));
        }
    }
}

#[test]
fn the_host_is_told_nothing_of_what_it_did_itself() {
    let mut place = Place::new();
    place.house.out();
    let Place { house, ada, guild, text, voice, .. } = &mut place;
    for (name, args) in [
        ("USER_EDIT", json!({"username": "Hostess"})),
        ("GUILD_EDIT", json!({"guild_id": guild, "name": "Park"})),
        ("MESSAGE_POST", json!({"channel_id": text, "content": "Sun!"})),
        ("VOICE_LEAVE", json!({})),
        ("VOICE_JOIN", json!({"channel_id": voice})),
        ("VOICE_SETTINGS_EDIT", json!({"mute": true})),
        ("USER_VOICE_SETTINGS_EDIT", json!({"user_id": ada, "volume": 3})),
        ("TEXT_CHANNEL_SELECT", json!({"channel_id": text})),
        ("GUILD_DELETE", json!({"guild_id": guild})),
    ] {
        house.host(name, args);
        assert_eq!(house.events(), [], "{name}");
    }
}

#[test]
fn settings_that_a_peer_changed_are_told_again_when_it_leaves() {
    let mut place = Place::new();
    let house = &mut place.house;
    // It is of the same application, whose settings stay until its last connection ends.
    house.gone(1);
    house.ipc(2);
    let token = house.host("TOKEN_CREATE", json!({"client_id": GAME, "scopes": ["rpc", "rpc.voice.write"]}));
    house.done(2, authenticate(token["access_token"].as_str().unwrap()));
    house.done(2, json!({"cmd": "SET_VOICE_SETTINGS", "args": {"input": {"volume": 7}}}));
    let (name, peer, data) = house.events().remove(0);
    assert_eq!((name.as_str(), peer, &data["input"]["volume"]), ("VOICE_SETTINGS_UPDATE", 2, &json!(7)));
    house.gone(2);
    let (name, peer, data) = house.events().remove(0);
    assert_eq!((name.as_str(), peer, &data["input"]["volume"]), ("VOICE_SETTINGS_UPDATE", 2, &json!(100)));
}

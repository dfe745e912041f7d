//! Voice settings over the door: the lock, what comes back when its holder leaves, and certified devices.

use gamebridge_proto::world::{Operation, VoiceSettingsEdit};
use serde_json::{Value, json};

use super::every_command::device;
use super::town::{Town, id};

const VOICE: &[&str] = &["rpc.voice.read", "rpc.voice.write"];

fn town() -> Town {
    let mut town = Town::default();
    town.peer(1, VOICE);
    town.stranger(2, "5", VOICE);
    town.peer(3, VOICE);
    town.subscribe(3, "VOICE_SETTINGS_UPDATE", json!({}));
    town
}

fn volume(town: &mut Town) -> Value {
    town.done(3, "GET_VOICE_SETTINGS", json!({}))["input"]["volume"].clone()
}

fn set_volume(volume: f64) -> Value {
    json!({"input": {"volume": volume}})
}

#[test]
fn what_is_given_changes_and_all_of_it_comes_back() {
    let mut town = town();
    let before = town.done(1, "GET_VOICE_SETTINGS", json!({}));
    let after = town.done(
        1,
        "SET_VOICE_SETTINGS",
        json!({
            "input": {"volume": 90.5}, "output": {"volume": 150},
            "mode": {"type": "PUSH_TO_TALK", "threshold": -46.5, "shortcut": [{"type": 3, "code": 2, "name": "x"}], "delay": 98.5},
            "qos": true, "mute": true,
        }),
    );
    let mut expected = before;
    expected["input"]["volume"] = json!(90.5);
    expected["output"]["volume"] = json!(150);
    expected["mode"] = json!({
        "type": "PUSH_TO_TALK", "auto_threshold": expected["mode"]["auto_threshold"], "threshold": -46.5,
        "shortcut": [{"type": 3, "code": 2, "name": "x"}], "delay": 98.5,
    });
    expected["qos"] = json!(true);
    expected["mute"] = json!(true);
    assert_eq!(after, expected);
    let told = town.house.sent(3);
    assert_eq!((told.len(), &told[0]["data"]), (1, &expected));
}

#[test]
fn one_application_at_a_time_changes_them_and_another_is_refused_with_4006() {
    let mut town = town();
    town.done(1, "SET_VOICE_SETTINGS", set_volume(80.0));
    for (cmd, args) in [
        ("SET_VOICE_SETTINGS", set_volume(10.0)),
        ("SET_USER_VOICE_SETTINGS", json!({"user_id": id(town.bob), "mute": true})),
    ] {
        let (code, sentence) = town.refused(2, cmd, args);
        assert_eq!((code, sentence.contains("holds the voice settings")), (4006, true), "{sentence}");
    }
    assert_eq!(town.done(2, "GET_VOICE_SETTINGS", json!({}))["input"]["volume"], 80, "reading is free");
    town.done(3, "SET_VOICE_SETTINGS", set_volume(81.0));
    let edit = Box::new(VoiceSettingsEdit { input_volume: Some(5.0), ..VoiceSettingsEdit::default() });
    town.make(Operation::EditVoiceSettings { session: None, edit });
    assert_eq!(volume(&mut town), 5, "the user's own hand is never locked out");
}

#[test]
fn they_are_as_before_when_the_last_connection_of_the_application_ends() {
    let mut town = town();
    let before = town.done(1, "GET_VOICE_SETTINGS", json!({}));
    town.done(1, "SET_VOICE_SETTINGS", set_volume(80.0));
    town.done(1, "SET_USER_VOICE_SETTINGS", json!({"user_id": id(town.bob), "volume": 50}));
    town.subscribe(2, "VOICE_SETTINGS_UPDATE", json!({}));
    town.house.gone(1);
    assert!(town.house.peek(2).is_empty(), "another connection of the application is left");
    town.house.gone(3);
    let told = town.house.sent(2);
    assert_eq!((told.len(), &told[0]["data"]), (1, &before));
    assert_eq!(town.house.world.user_voice(town.bob).volume, 100);
    town.done(2, "SET_VOICE_SETTINGS", set_volume(10.0));
}

#[test]
fn an_application_that_returns_finds_its_own_settings_and_the_lock() {
    let mut town = town();
    town.done(1, "SET_VOICE_SETTINGS", set_volume(80.0));
    town.house.gone(1);
    town.house.gone(3);
    town.subscribe(2, "VOICE_SETTINGS_UPDATE", json!({}));
    town.house.ipc(1);
    assert_eq!(town.house.world.voice_settings().input.volume, 80.0);
    assert_eq!(town.refused(2, "SET_VOICE_SETTINGS", set_volume(10.0)).0, 4006);
    town.house.gone(1);
    town.house.out();
    town.done(2, "SET_VOICE_SETTINGS", set_volume(10.0));
    town.house.ipc(1);
    assert_eq!(town.house.world.voice_settings().input.volume, 10.0, "while another holds them its own have to wait");
}

#[test]
fn subscribers_hear_of_the_return_after_the_ready_of_who_returned() {
    let mut town = town();
    town.done(1, "SET_VOICE_SETTINGS", set_volume(80.0));
    town.house.gone(1);
    town.house.gone(3);
    town.subscribe(2, "VOICE_SETTINGS_UPDATE", json!({}));
    use gamebridge_proto::server::rpc::Via;
    use gamebridge_proto::wire::ipc::Opcode;
    town.house.connect(1, Via::Ipc);
    let hello = json!({"v": 1, "client_id": super::house::GAME}).to_string();
    town.house.frame(1, Opcode::Handshake, hello.as_bytes()).unwrap();
    let order = town.house.out().into_iter().filter_map(|out| match out {
        super::house::Out::Sent { peer, payload, .. } => Some((peer, payload["evt"].clone())),
        _ => None,
    });
    let order: Vec<_> = order.collect();
    assert_eq!(order, [(1, json!("READY")), (2, json!("VOICE_SETTINGS_UPDATE"))]);
}

#[test]
fn muting_oneself_shows_in_the_voice_state() {
    let mut town = town();
    town.make(Operation::JoinVoice { user: town.local, channel: town.lounge });
    town.peer(4, &["rpc"]);
    town.subscribe(4, "VOICE_STATE_UPDATE", json!({"channel_id": id(town.lounge)}));
    town.done(1, "SET_VOICE_SETTINGS", json!({"mute": true}));
    let told = town.house.sent(4);
    assert_eq!((told.len(), &told[0]["data"]["voice_state"]["self_mute"]), (1, &json!(true)));
}

#[test]
fn how_a_user_is_heard_is_answered_in_full() {
    let mut town = town();
    let bob = id(town.bob);
    assert_eq!(
        town.done(1, "SET_USER_VOICE_SETTINGS", json!({"user_id": bob, "volume": 120})),
        json!({"user_id": bob, "pan": {"left": 1, "right": 1}, "volume": 120, "mute": false})
    );
    assert_eq!(
        town.done(
            1,
            "SET_USER_VOICE_SETTINGS",
            json!({"user_id": bob, "pan": {"left": 0.5, "right": 0}, "mute": true})
        ),
        json!({"user_id": bob, "pan": {"left": 0.5, "right": 0}, "volume": 120, "mute": true})
    );
}

#[test]
fn certified_devices_stand_among_the_devices_until_their_program_leaves() {
    let mut town = town();
    let devices = |town: &mut Town, io: &str| {
        let settings = town.done(3, "GET_VOICE_SETTINGS", json!({}));
        settings[io]["available_devices"].as_array().unwrap().len()
    };
    let before = (devices(&mut town, "input"), devices(&mut town, "output"));
    town.stranger(4, "7", &[]);
    town.house.out();
    let told = json!({"devices": [device("audioinput"), device("videoinput")]});
    assert_eq!(town.done(4, "SET_CERTIFIED_DEVICES", told), Value::Null);
    assert_eq!(town.heard(3), ["VOICE_SETTINGS_UPDATE"]);
    assert_eq!((devices(&mut town, "input"), devices(&mut town, "output")), (before.0 + 1, before.1));
    town.house.out();
    town.house.gone(4);
    assert_eq!(town.heard(3), ["VOICE_SETTINGS_UPDATE"]);
    assert_eq!((devices(&mut town, "input"), devices(&mut town, "output")), before);
}

//! One row for each command: what it answers, what it is refused with, and that its reply is what the catalog says.

use std::collections::BTreeSet;

use gamebridge_proto::server::rpc::{Config, Consent, Via};
use gamebridge_proto::wire::catalog::Scopes;
use gamebridge_proto::wire::rpc::{COMMANDS, ErrorCode};
use gamebridge_proto::world::Operation;
use serde_json::{Value, json};

use super::house::{GAME, House, ORIGIN, authorize};
use super::shapes::complaints;
use super::town::{Town, id};

/// What a command meets.
type Outcome = Result<(), i64>;

const OK: Outcome = Ok(());

/// The cases of one command, in order; the same peer, which holds every scope, sends them all.
fn cases(town: &mut Town, command: &str) -> Vec<(Value, Outcome)> {
    let unknown = json!("1");
    let (guild, general, lounge) = (id(town.guild), id(town.general), id(town.lounge));
    let (attic, vault, hidden, bob) = (id(town.attic), id(town.vault), id(town.hidden), id(town.bob));
    match command {
        "AUTHORIZE" => vec![
            (json!({"client_id": GAME, "scopes": ["rpc"]}), OK),
            (json!({"client_id": GAME, "scopes": "rpc"}), Err(4000)),
            (json!({"client_id": "5", "scopes": ["rpc"]}), Err(4007)),
            (json!({"scopes": ["rpc"]}), Err(4007)),
            (json!({"client_id": GAME, "scopes": []}), Err(5000)),
            (json!({"client_id": GAME, "scopes": ["rpc"], "rpc_token": "wrong"}), Err(4009)),
        ],
        "AUTHENTICATE" => {
            let token = town.house.authenticate(1, &ALL);
            vec![
                (json!({"access_token": token}), OK),
                (json!({"access_token": 5}), Err(4000)),
                (json!({"access_token": "wrong"}), Err(4009)),
            ]
        }
        "GET_GUILDS" => vec![(json!({}), OK), (Value::Null, OK), (json!([]), Err(4000))],
        "GET_GUILD" => vec![
            (json!({"guild_id": guild}), OK),
            (json!({"guild_id": town.guild.get(), "timeout": 60}), OK),
            (json!({"guild_id": guild, "timeout": 61}), Err(4000)),
            (json!({"guild_id": "x"}), Err(4000)),
            (json!({"guild_id": unknown}), Err(4003)),
        ],
        "GET_CHANNELS" => {
            vec![(json!({"guild_id": guild}), OK), (json!({}), Err(4000)), (json!({"guild_id": unknown}), Err(4003))]
        }
        "GET_CHANNEL" => vec![
            (json!({"channel_id": general}), OK),
            (json!({"channel_id": lounge}), OK),
            (json!({"channel_id": id(town.dm)}), OK),
            (json!({"channel_id": null}), Err(4000)),
            (json!({"channel_id": unknown}), Err(4005)),
            (json!({"channel_id": hidden}), Err(4005)),
        ],
        "SUBSCRIBE" | "UNSUBSCRIBE" => vec![],
        "SELECT_VOICE_CHANNEL" => vec![
            (json!({"channel_id": lounge}), OK),
            (json!({"channel_id": lounge}), OK),
            (json!({"channel_id": attic}), Err(5003)),
            (json!({"channel_id": attic, "force": false}), Err(5003)),
            (json!({"channel_id": attic, "force": true, "navigate": true, "timeout": 5}), OK),
            (json!({"channel_id": null}), OK),
            (json!({"channel_id": null}), OK),
            (json!({"channel_id": id(town.dm), "navigate": true}), OK),
            (json!({}), Err(4000)),
            (json!({"channel_id": lounge, "force": 1}), Err(4000)),
            (json!({"channel_id": general}), Err(4005)),
            (json!({"channel_id": hidden}), Err(4005)),
            (json!({"channel_id": unknown}), Err(4005)),
            (json!({"channel_id": vault, "force": true}), Err(4006)),
        ],
        "GET_SELECTED_VOICE_CHANNEL" => {
            town.make(Operation::JoinVoice { user: town.local, channel: town.lounge });
            vec![(json!({}), OK), (json!("x"), Err(4000))]
        }
        "SELECT_TEXT_CHANNEL" => vec![
            (json!({"channel_id": general}), OK),
            (json!({"channel_id": id(town.dm), "timeout": 1}), OK),
            (json!({"channel_id": null}), OK),
            (json!({"timeout": 5}), Err(4000)),
            (json!({"channel_id": lounge}), Err(4005)),
            (json!({"channel_id": hidden}), Err(4005)),
            (json!({"channel_id": unknown}), Err(4005)),
        ],
        "GET_VOICE_SETTINGS" => vec![(json!({}), OK), (json!(1), Err(4000))],
        "SET_VOICE_SETTINGS" => vec![
            (json!({}), OK),
            (json!({"input": {"volume": 90.5}}), OK),
            (
                json!({"mode": {"type": "PUSH_TO_TALK", "delay": 20.5, "shortcut": [{"type": 0, "code": 12, "name": "i"}]}}),
                OK,
            ),
            (json!({"input": {"volume": 101}}), Err(4000)),
            (json!({"output": {"device_id": "no such device"}}), Err(4000)),
            (json!({"mode": {"type": "TELEPATHY"}}), Err(4000)),
        ],
        "SET_USER_VOICE_SETTINGS" => vec![
            (json!({"user_id": bob, "pan": {"left": 1.0, "right": 0.5}, "volume": 120, "mute": false}), OK),
            (json!({"user_id": bob}), OK),
            (json!({"user_id": bob, "volume": 201}), Err(4000)),
            (json!({"user_id": bob, "pan": {"left": 1.0}}), Err(4000)),
            (json!({"volume": 1}), Err(4000)),
            (json!({"user_id": unknown, "mute": true}), Err(4010)),
            (json!({"user_id": id(town.local), "mute": true}), Err(4010)),
        ],
        "SET_CERTIFIED_DEVICES" => vec![
            (json!({"devices": [device("audioinput")]}), OK),
            (json!({"devices": []}), OK),
            (json!({"devices": [{"type": "audioinput"}]}), Err(4000)),
            (json!({}), Err(4000)),
        ],
        "SET_ACTIVITY" => vec![
            (json!({"pid": 1, "activity": {"state": "In a group", "instance": true}}), OK),
            (json!({"pid": 1, "activity": null}), OK),
            (json!({"pid": 1, "activity": {"state": "x"}}), Err(4000)),
        ],
        "SEND_ACTIVITY_JOIN_INVITE" | "CLOSE_ACTIVITY_REQUEST" => {
            town.make(Operation::RequestJoin { from: town.bob, application: None });
            vec![
                (json!({"user_id": bob}), OK),
                (json!({"user_id": bob}), Err(4010)),
                (json!({"user_id": unknown}), Err(4010)),
                (json!({}), Err(4000)),
            ]
        }
        other => panic!("{other}: a command without a row in this table"),
    }
}

const ALL: [&str; 6] =
    ["rpc", "rpc.voice.read", "rpc.voice.write", "messages.read", "rpc.notifications.read", "relationships_read"];

pub fn device(kind: &str) -> Value {
    json!({
        "type": kind, "id": "aafc2003-da0e-42a3-b982-6a17a2812510",
        "vendor": {"name": "SteelSeries", "url": "https://steelseries.com"},
        "model": {"name": "Arctis 7", "url": "https://steelseries.com/gaming-headsets/arctis-7"},
        "related": ["aafc2003-da0e-42a3-b982-6a17a2819999"],
        "echo_cancellation": true, "noise_suppression": true, "automatic_gain_control": true, "hardware_mute": false,
    })
}

#[test]
fn every_command_answers_as_the_catalog_says_and_refuses_with_its_codes() {
    for row in COMMANDS.iter().filter(|row| row.callable) {
        let mut town = Town::default();
        town.post(town.general, town.bob, "Hello <@1> `code` https://example.org/");
        town.make(Operation::JoinVoice { user: town.bob, channel: town.lounge });
        town.peer(1, &ALL);
        for (args, expected) in cases(&mut town, row.name) {
            let reply = town.house.ask(1, json!({"cmd": row.name, "args": args}));
            assert_eq!(reply["cmd"], row.name);
            let outcome = match reply["evt"].as_str() {
                None => Ok(()),
                Some(_) => Err(reply["data"]["code"].as_i64().unwrap()),
            };
            assert_eq!(outcome, expected, "{} {args}: {reply}", row.name);
            if outcome.is_ok() {
                let complaints = complaints(&row.reply, &reply["data"]);
                assert!(complaints.is_empty(), "{} {args}: {complaints:?} in {reply}", row.name);
            }
            assert_eq!(reply.as_object().unwrap().len(), 4, "cmd, data, evt and nonce: {reply}");
        }
        let alive = town.house.ask(1, json!({"cmd": "SET_ACTIVITY", "args": {}}));
        assert_eq!(alive["evt"], Value::Null, "the peer is still there");
    }
}

#[test]
fn every_command_that_needs_a_scope_is_refused_with_4006_without_one() {
    for row in COMMANDS.iter().filter(|row| row.callable) {
        let mut town = Town::default();
        let query = format!("v=1&client_id={GAME}");
        town.house.connect(1, Via::WebSocket { query: &query, origin: Some(ORIGIN) });
        town.peer(2, &[]);
        let local = matches!(row.scopes, Scopes::AnyOf(any_of) if any_of.contains(&"rpc.local"));
        let open = matches!(row.scopes, Scopes::Open | Scopes::OfEvent);
        for (peer, free) in [(1, open), (2, open || local)] {
            for args in [json!({}), json!([]), json!({"channel_id": id(town.general), "user_id": id(town.bob)})] {
                let reply = town.house.ask(peer, json!({"cmd": row.name, "args": args}));
                assert_eq!(reply["data"]["code"] == 4006, !free, "{} of peer {peer}: {reply}", row.name);
            }
        }
        town.peer(3, &["some.other.scope"]);
        let reply = town.house.ask(3, json!({"cmd": row.name, "args": {}}));
        assert_eq!(reply["data"]["code"] == 4006, !(open || local), "{}: {reply}", row.name);
    }
}

#[test]
fn each_scope_of_the_table_opens_its_command() {
    for row in COMMANDS.iter().filter(|row| row.callable) {
        let Scopes::AnyOf(any_of) = row.scopes else { continue };
        for scope in any_of.iter().filter(|scope| **scope != "rpc.local") {
            let mut town = Town::default();
            town.house.websocket(1);
            town.house.authenticate(1, &[scope]);
            let reply = town.house.ask(1, json!({"cmd": row.name, "args": {}}));
            assert_ne!(reply["data"]["code"], 4006, "{} with {scope}: {reply}", row.name);
        }
    }
}

#[test]
fn a_missing_argument_is_refused_by_its_name() {
    let mut town = Town::default();
    town.peer(1, &ALL);
    for row in COMMANDS.iter().filter(|row| row.callable) {
        // Their first argument has a code of its own when it is missing.
        if matches!(row.name, "AUTHORIZE" | "SUBSCRIBE" | "UNSUBSCRIBE") {
            continue;
        }
        let Some(first) = row.args.iter().find(|arg| arg.required) else { continue };
        let (code, sentence) = town.refused(1, row.name, json!({}));
        assert_eq!((code, sentence.starts_with(first.name)), (4000, true), "{}: {sentence}", row.name);
    }
}

/// Every code that the door refuses with, each once more by itself, and those that it never has a reason for.
#[test]
fn every_error_code_is_met_or_has_no_occasion() {
    let mut met = BTreeSet::new();
    let mut meet = |(code, sentence): (i64, String)| {
        assert!(sentence.len() > 10, "a sentence for a person: {sentence}");
        met.insert(code);
    };
    let mut town = Town::of(Config { consent: Consent::Allow, ..Config::default() });
    meet(refused_without(json!({"cmd": "GET_GUILDS"})));
    town.peer(1, &ALL);
    meet(town.refused(1, "GET_GUILD", json!({})));
    meet(town.refused(1, "NO_SUCH_COMMAND", json!({})));
    meet(town.refused(1, "GET_GUILD", json!({"guild_id": "1"})));
    meet(town.house.refused(1, json!({"cmd": "SUBSCRIBE", "evt": "NO_SUCH_EVENT"})));
    meet(town.refused(1, "GET_CHANNEL", json!({"channel_id": "1"})));
    meet(town.refused(1, "AUTHORIZE", json!({})));
    meet(town.refused(1, "AUTHENTICATE", json!({"access_token": "wrong"})));
    meet(town.refused(1, "CLOSE_ACTIVITY_REQUEST", json!({"user_id": "1"})));
    meet(town.house.refused(1, authorize(&[])));
    town.done(1, "SELECT_VOICE_CHANNEL", json!({"channel_id": id(town.lounge)}));
    meet(town.refused(1, "SELECT_VOICE_CHANNEL", json!({"channel_id": id(town.attic)})));
    town.done(1, "SELECT_VOICE_CHANNEL", json!({"channel_id": null}));
    town.voice_servers(false);
    meet(town.refused(1, "SELECT_VOICE_CHANNEL", json!({"channel_id": id(town.lounge), "timeout": 0})));
    town.outage(false);
    meet(town.refused(1, "GET_GUILD", json!({"guild_id": id(town.guild)})));

    // Unknown: nothing goes wrong inside. InvalidOrigin: a wrong Origin never gets as far as a command. The last: no
    // documented command captures a shortcut.
    let never = [ErrorCode::Unknown, ErrorCode::InvalidOrigin, ErrorCode::CaptureShortcutAlreadyListening];
    for code in ErrorCode::ALL.into_iter().filter(|code| !never.contains(code)) {
        assert!(met.contains(&(code as i64)), "{code:?} has no occasion in this test");
    }
}

fn refused_without(message: Value) -> (i64, String) {
    let mut house = House::default();
    house.ipc(1);
    house.refused(1, message)
}

//! Every row of the catalog: carried out, and refused.

use gamebridge_proto::value::Document;
use gamebridge_proto::wire::catalog::{Type, check_value};
use gamebridge_proto::wire::host;
use serde_json::{Value, json};

use crate::house::{GAME, House, authorize};

/// Whether `value` is what the catalog says of it, and nothing besides.
pub fn fits(ty: &Type, value: &Value) -> Result<(), String> {
    let mut doc = Document::new();
    doc.parse(value.to_string().as_bytes()).unwrap();
    check_value("reply", ty, doc.root()).map_err(|error| error.message.into_owned())
}

/// A world with something of everything in it.
pub struct Place {
    pub house: House,
    pub ada: Value,
    pub guild: Value,
    pub role: Value,
    pub text: Value,
    pub voice: Value,
    pub message: Value,
    pub entitlement: Value,
}

impl Place {
    pub fn new() -> Self {
        let mut house = House::default();
        house.ipc(1);
        let ada = house.host("USER_CREATE", json!({"username": "Ada"}))["id"].clone();
        let guild = house.host("GUILD_CREATE", json!({"name": "Garden", "members": [ada]}))["id"].clone();
        let role = house.host("ROLE_CREATE", json!({"guild_id": guild, "name": "Gardeners"}))["id"].clone();
        let make = |kind, name| json!({"type": kind, "guild_id": guild, "name": name});
        let text = house.host("CHANNEL_CREATE", make("GUILD_TEXT", "beds"))["id"].clone();
        let voice = house.host("CHANNEL_CREATE", make("GUILD_VOICE", "Bench"))["id"].clone();
        let post = json!({"channel_id": text, "user_id": ada, "content": "Rain!"});
        let message = house.host("MESSAGE_POST", post)["id"].clone();
        house.host("VOICE_JOIN", json!({"channel_id": voice}));
        house.host("VOICE_JOIN", json!({"channel_id": voice, "user_id": ada}));
        let entitlement = house.host("ENTITLEMENT_CREATE", json!({"application_id": GAME}))["id"].clone();
        Place { house, ada, guild, role, text, voice, message, entitlement }
    }

    /// Arguments with which the command succeeds; and some with which it is refused, and the word that says where.
    fn arguments(&mut self, command: &str) -> (Value, Value, &'static str) {
        let Place { house, ada, guild, role, text, voice, message, entitlement } = self;
        let (nobody, nothing) = (json!({"user_id": "7"}), json!({}));
        match command {
            "USER_CREATE" => (
                json!({"username": "Mason", "discriminator": "1337", "global_name": "M", "avatar": "abc", "bot": true}),
                json!({"username": "Mason", "nick": "M"}),
                "nick",
            ),
            "USER_EDIT" => (
                json!({"username": "Hostess", "global_name": null, "flags": 64, "premium_type": 2}),
                json!({"premium_type": 9}),
                "premium_type",
            ),
            "PRESENCE_SET" => (
                json!({"user_id": ada, "status": "dnd", "activity": {"application_id": GAME, "state": "In menu",
                    "party": {"id": "p", "size": [1, 4]}, "secrets": {"join": "j"}}}),
                json!({"user_id": ada, "status": "busy"}),
                "status",
            ),
            "RELATIONSHIP_SET" => {
                (json!({"user_id": ada, "type": "FRIEND"}), json!({"user_id": ada, "type": "ENEMY"}), "type")
            }
            "GUILD_CREATE" => (
                json!({"name": "Meadow", "icon": "abc", "owner_id": ada}),
                json!({"name": "Meadow", "members": ["x"]}),
                "members[0]",
            ),
            "GUILD_EDIT" => (
                json!({"guild_id": guild, "name": "Park", "icon": null, "owner_id": ada, "available": false}),
                json!({"guild_id": "7", "name": "Park"}),
                "guild 7",
            ),
            "GUILD_DELETE" => (json!({"guild_id": guild}), nothing, "guild_id"),
            "GUILD_JOIN" => {
                let bob = house.host("USER_CREATE", json!({"username": "Bob"}))["id"].clone();
                (json!({"guild_id": guild, "user_id": bob}), json!({"guild_id": guild, "user_id": "7"}), "user 7")
            }
            "GUILD_LEAVE" => {
                (json!({"guild_id": guild, "user_id": ada}), json!({"guild_id": guild, "user_id": "7"}), "user 7")
            }
            "MEMBER_EDIT" => (
                json!({"guild_id": guild, "user_id": ada, "nick": "A", "roles": [role], "mute": true, "deaf": false}),
                json!({"guild_id": guild, "user_id": ada, "roles": ["7"]}),
                "role 7",
            ),
            "ROLE_CREATE" => (
                json!({"guild_id": guild, "name": "Owners", "color": 0xFF_8800, "permissions": ["SPEAK", "CONNECT"],
                    "hoist": true, "mentionable": true}),
                json!({"guild_id": guild, "name": "Owners", "permissions": ["SPAEK"]}),
                "permissions[0]",
            ),
            "ROLE_EDIT" => (
                json!({"guild_id": guild, "role_id": role, "name": "Diggers", "permissions": 8, "position": 1}),
                json!({"guild_id": guild, "role_id": role, "permissions": -1}),
                "permissions",
            ),
            "ROLE_DELETE" => {
                (json!({"guild_id": guild, "role_id": role}), json!({"guild_id": guild, "role_id": guild}), "everyone")
            }
            "CHANNEL_CREATE" => (
                json!({"type": "GUILD_VOICE", "guild_id": guild, "name": "Shed", "bitrate": 96000, "user_limit": 2,
                    "position": 3, "overwrites": [{"role_id": guild, "deny": ["SPEAK"]}, {"user_id": ada, "allow": 2097152}]}),
                json!({"type": "GUILD_VOICE", "guild_id": guild, "name": "Shed", "overwrites": [{"deny": []}]}),
                "overwrites[0].role_id",
            ),
            "CHANNEL_EDIT" => (
                json!({"channel_id": text, "name": "flowers", "topic": "Roses", "position": 0}),
                json!({"channel_id": text, "bitrate": 1}),
                "bitrate",
            ),
            "CHANNEL_DELETE" => (json!({"channel_id": text}), json!({"channel_id": "7"}), "channel as 7"),
            "OVERWRITE_SET" => (
                json!({"channel_id": text, "role_id": role, "allow": ["SEND_MESSAGES"], "deny": ["ATTACH_FILES"]}),
                json!({"channel_id": text, "role_id": role, "user_id": ada}),
                "role_id",
            ),
            "OVERWRITE_DELETE" => {
                let args = json!({"channel_id": text, "user_id": ada});
                house.host("OVERWRITE_SET", args.clone());
                (args, json!({"channel_id": text}), "role_id")
            }
            "TEXT_CHANNEL_SELECT" => (json!({"channel_id": text}), json!({"channel_id": voice}), "channel"),
            "MESSAGE_POST" => (
                json!({"channel_id": text, "content": "Sun!", "tts": false, "embeds": [{"title": "x", "n": 1.50}]}),
                json!({"channel_id": text, "content": "x".repeat(2001)}),
                "content",
            ),
            "MESSAGE_EDIT" => (
                json!({"channel_id": text, "message_id": message, "content": "Hail!", "pinned": true}),
                json!({"channel_id": text, "message_id": "7", "pinned": true}),
                "message 7",
            ),
            "MESSAGE_DELETE" => (
                json!({"channel_id": text, "message_id": message}),
                json!({"channel_id": text, "message_id": "7"}),
                "message 7",
            ),
            "VOICE_JOIN" => {
                house.host("VOICE_LEAVE", json!({}));
                (json!({"channel_id": voice}), json!({"channel_id": text}), "channel")
            }
            "VOICE_LEAVE" => (json!({"user_id": ada}), nobody, "user 7"),
            "VOICE_STATE_EDIT" => (json!({"user_id": ada, "self_mute": true, "self_deaf": true}), nobody, "user 7"),
            "SPEAKING_START" => (json!({"user_id": ada}), nobody, "user 7"),
            "SPEAKING_STOP" => {
                house.host("SPEAKING_START", json!({}));
                (json!({}), nobody, "user 7")
            }
            "VOICE_SERVERS_SET" => (json!({"available": false}), nothing, "available"),
            "VOICE_CONNECTION_SET" => {
                (json!({"state": "NO_ROUTE", "hostname": "voice1.example"}), json!({"state": "GONE"}), "state")
            }
            "VOICE_PING" => (json!({"ms": 21.5}), json!({"ms": -1}), "ms"),
            "AUDIO_DEVICES_SET" => (
                json!({"inputs": [{"id": "a", "name": "Mic"}], "outputs": [{"id": "b", "name": "Ears"}]}),
                json!({"inputs": [{"id": "a"}], "outputs": []}),
                "inputs[0].name",
            ),
            "VOICE_SETTINGS_EDIT" => (
                json!({"input": {"volume": 50}, "mode": {"type": "PUSH_TO_TALK", "shortcut":
                    [{"type": 0, "code": 16, "name": "shift"}], "delay": 100}, "mute": true}),
                json!({"input": {"volume": 500}}),
                "input.volume",
            ),
            "USER_VOICE_SETTINGS_EDIT" => (
                json!({"user_id": ada, "volume": 42, "mute": true, "pan": {"left": 0.5, "right": 1}}),
                json!({"user_id": ada, "volume": 201}),
                "volume",
            ),
            "ACTIVITY_JOIN" | "ACTIVITY_SPECTATE" => {
                (json!({"secret": "s", "application_id": GAME}), nothing, "secret")
            }
            "ACTIVITY_JOIN_REQUEST" => (json!({"user_id": ada}), nobody, "user 7"),
            "ACTIVITY_INVITE" => {
                let activity = json!({"application_id": GAME, "party": {"id": "p"}, "secrets": {"join": "j"}});
                house.host("PRESENCE_SET", json!({"user_id": ada, "status": "online", "activity": activity}));
                (json!({"user_id": ada, "application_id": GAME}), json!({"user_id": ada}), "application_id")
            }
            "APPLICATION_REGISTER" => (
                json!({"id": GAME, "name": "The Game", "testers": [ada], "redirect_uris": ["https://a.example"],
                    "secret": "shh", "approved": false}),
                json!({"id": "0"}),
                "id",
            ),
            "BOT_CREATE" => (
                json!({"application_id": GAME, "username": "Bot", "token": "shown-to-all", "refused_intents": 2}),
                json!({"application_id": GAME, "token": "with a blank"}),
                "token",
            ),
            "LOGIN_CREATE" => {
                (json!({"user_id": ada, "token": "shown-to-all"}), json!({"token": "with a blank"}), "token")
            }
            "ENTITLEMENT_CREATE" => (
                json!({"application_id": GAME, "user_id": ada, "sku_id": "9", "type": 8, "guild_id": guild,
                    "starts_ms": 1, "ends_ms": 2, "consumed": true}),
                json!({"application_id": GAME, "type": 9}),
                "type",
            ),
            "ENTITLEMENT_DELETE" => {
                (json!({"entitlement_id": entitlement}), json!({"entitlement_id": "7"}), "entitlement 7")
            }
            "TOKEN_CREATE" => (
                json!({"client_id": GAME, "scopes": ["rpc", "identify"], "user_id": ada}),
                json!({"client_id": GAME, "scopes": []}),
                "scopes",
            ),
            "TOKEN_EXCHANGE" => {
                let code = house.done(1, authorize(&["rpc"]))["code"].clone();
                (json!({"code": code, "client_id": GAME}), json!({"code": "wrong", "client_id": GAME}), "code")
            }
            "TOKEN_REFRESH" => {
                let token = house.host("TOKEN_CREATE", json!({"client_id": GAME, "scopes": ["rpc"]}));
                let args = json!({"refresh_token": token["refresh_token"], "client_id": GAME});
                (args, json!({"refresh_token": "wrong", "client_id": GAME}), "refresh token")
            }
            "TOKEN_REVOKE" => {
                let token = house.host("TOKEN_CREATE", json!({"client_id": GAME, "scopes": ["rpc"]}));
                (json!({"access_token": token["access_token"]}), json!({"access_token": "wrong"}), "token")
            }
            "RPC_TOKEN_CREATE" => (json!({"client_id": GAME}), nothing, "client_id"),
            "STATE" => (json!({"parts": ["user", "messages"]}), json!({"parts": ["usr"]}), "parts[0]"),
            "PEER_CLOSE" => (json!({"peer": 1}), json!({"peer": 9}), "peer 9"),
            "SNAPSHOT_SAVE" => (json!({"secrets": true}), json!({"secrets": 1}), "secrets"),
            "SNAPSHOT_LOAD" => {
                let snapshot = house.host("SNAPSHOT_SAVE", json!({}))["snapshot"].clone();
                (json!({"snapshot": snapshot}), json!({}), "snapshot")
            }
            "SCENARIO_LOAD" => (
                json!({"scenario": {"scenario": 1, "users": {"eve": {}}}, "speed": 2}),
                json!({"scenario": {"scenario": 1, "user": {}}}),
                "user",
            ),
            "SCENARIO_STOP" => {
                let steps = json!([{"after": 9, "do": "VOICE_LEAVE"}]);
                house.host("SCENARIO_LOAD", json!({"scenario": {"scenario": 1, "steps": steps}}));
                (json!({}), json!({"path": "x"}), "path")
            }
            other => panic!("{other}: a command without a test"),
        }
    }
}

#[test]
fn every_command_is_carried_out_and_replies_as_the_catalog_says() {
    for row in host::COMMANDS {
        let mut place = Place::new();
        let (args, ..) = place.arguments(row.name);
        let reply = place.house.host(row.name, args);
        fits(&row.reply, &reply).unwrap_or_else(|error| panic!("{}: {error}: {reply}", row.name));
        assert!(reply.is_object(), "{}", row.name);
    }
}

#[test]
fn every_command_is_refused_with_a_sentence_that_says_where_and_changes_nothing() {
    for row in host::COMMANDS {
        let mut place = Place::new();
        let (_, args, place_of_error) = place.arguments(row.name);
        let before = place.house.host("STATE", json!({}));
        place.house.out();
        let refused = place.house.try_host(row.name, args.to_string().as_bytes());
        let (_, message) = refused.expect_err(row.name);
        assert!(message.contains(place_of_error), "{}: {message}", row.name);
        assert_eq!(place.house.out(), [], "{}", row.name);
        assert_eq!(place.house.host("STATE", json!({})), before, "{}", row.name);
    }
}

#[test]
fn every_command_refuses_members_that_it_does_not_know() {
    for row in host::COMMANDS {
        let mut place = Place::new();
        let (mut args, ..) = place.arguments(row.name);
        args["tpyo"] = json!(1);
        let refused = place.house.try_host(row.name, args.to_string().as_bytes());
        let (_, message) = refused.expect_err(row.name);
        assert!(message.starts_with("tpyo: unknown"), "{}: {message}", row.name);
    }
}

#[test]
fn no_command_has_a_name_of_its_own_case_or_twice() {
    for (at, row) in host::COMMANDS.iter().enumerate() {
        assert!(row.exact, "{}", row.name);
        assert!(row.name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'), "{}", row.name);
        assert!(!host::COMMANDS[..at].iter().any(|other| other.name == row.name), "{}", row.name);
    }
}

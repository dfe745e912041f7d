//! Our Gateway client and our sandbox, over real sockets: every version, encoding and compression, everything that the sandbox can
//! make go wrong, and shards; and in `raw` what a client's mistakes earn, and the sandbox's own faults, by bytes.
//!
//! Both are ours, so both may be wrong together: others' clients meet the sandbox, and another's server our client, in
//! `tests/counterparts`. What is tried here is that the halves agree, byte by byte, through TCP.
#![cfg(all(feature = "capi", feature = "gateway", unix))]

#[allow(dead_code, unused_imports, reason = "half of what the other tests need is enough here")]
#[path = "../semantics/harness/mod.rs"]
mod harness;
mod raw;
#[allow(dead_code, reason = "the sandbox needs its frames alone")]
#[path = "../hostile/street.rs"]
mod street;

use gamebridge::ffi::*;
use serde_json::{Value, json};

use crate::harness::{DEFAULTS, Game, Seen};

const FERRY: &str = "192741864418312192";
/// Every intent.
const ALL: u64 = 0b11_0011_0001_1111_1111_1111_1111;

/// A sandbox with a guild, two people in it, and a bot.
struct Town {
    game: Game,
    sandbox: gb_conn,
    api: String,
    token: String,
    bot: String,
    guild: String,
    channel: String,
    ada: String,
    tag: std::cell::Cell<u64>,
}

impl Town {
    fn new() -> Town {
        let game = Game::with(gb_options { shutdown_ms: 5000, ..DEFAULTS });
        let mut sandbox = 0;
        // These begin sessions faster than Discord lets a bot.
        let params = c"{\"strict\":false}";
        // SAFETY: all live.
        let status = unsafe { gb_serve(game.raw(), c"sandbox".as_ptr(), params.as_ptr(), &mut sandbox) };
        assert_eq!(status, GB_OK, "{}", harness::last_error());
        let at = game.connected(sandbox).data();
        let mut town = Town {
            game,
            sandbox,
            api: at["api"].as_str().expect("an address").to_owned(),
            token: String::new(),
            bot: String::new(),
            guild: String::new(),
            channel: String::new(),
            ada: String::new(),
            tag: std::cell::Cell::new(1000),
        };
        let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("a text: {value}")).to_owned();
        // Each connection of a test is a program of its own, which knows nothing of the one before.
        town.host("GATEWAY_LIMITS", json!({"identify_ms": 0}));
        town.ada = text(&town.host("USER_CREATE", json!({"username": "ada"}))["id"]);
        town.guild = text(&town.host("GUILD_CREATE", json!({"name": "Harbour", "members": [town.ada]}))["id"]);
        let channel = json!({"guild_id": town.guild, "name": "quay", "type": "GUILD_TEXT"});
        town.channel = text(&town.host("CHANNEL_CREATE", channel)["id"]);
        town.host("APPLICATION_REGISTER", json!({"id": FERRY, "name": "Ferry"}));
        let bot = town.host("BOT_CREATE", json!({"application_id": FERRY}));
        (town.token, town.bot) = (text(&bot["token"]), text(&bot["user"]["id"]));
        town.join(&town.guild);
        town
    }

    fn join(&self, guild: &str) {
        self.host("GUILD_JOIN", json!({"guild_id": guild, "user_id": self.bot}));
    }

    fn ask(&self, conn: gb_conn, command: &str, args: &Value) -> Seen {
        let tag = self.tag.replace(self.tag.get() + 1);
        assert_eq!(
            self.game.send(conn, command, &args.to_string(), tag),
            GB_OK,
            "{command}: {}",
            harness::last_error()
        );
        self.game.reply(conn, tag)
    }

    /// A command of the sandbox's host, which is carried out.
    fn host(&self, command: &str, args: Value) -> Value {
        let reply = self.ask(self.sandbox, command, &args);
        assert_eq!(reply.status, GB_OK, "{command}: {}", reply.message);
        reply.data()
    }

    fn post(&self, content: &str) {
        self.host("MESSAGE_POST", json!({"channel_id": self.channel, "user_id": self.ada, "content": content}));
    }

    /// The next message that the bot is told.
    fn hears(&self, conn: gb_conn, content: &str) -> Seen {
        let seen = self.game.dispatch(conn, "MESSAGE_CREATE");
        assert_eq!(seen.data()["content"], content, "{seen:?}");
        seen
    }

    fn connect(&self, more: Value) -> gb_conn {
        let mut params = json!({"token": self.token, "intents": ALL, "api": format!("{}/v10", self.api)});
        params.as_object_mut().expect("an object").extend(more.as_object().cloned().expect("an object"));
        self.game.connect("gateway", &params)
    }

    /// Connected, with its guild.
    fn up(&self, more: Value) -> gb_conn {
        let conn = self.connect(more);
        self.game.connected(conn);
        assert_eq!(self.game.dispatch(conn, "GUILD_CREATE").data()["id"], self.guild);
        conn
    }

    fn fault(&self, args: Value) {
        self.host("GATEWAY_FAULT", args);
    }
}

#[test]
fn every_version_encoding_and_compression_is_spoken() {
    let town = Town::new();
    for version in [3, 4, 5, 6, 7, 8, 9, 10] {
        for encoding in ["json", "etf"] {
            for compress in ["none", "payload", "zlib-stream", "zstd-stream"] {
                if encoding == "etf" && compress == "payload" || version < 8 && compress == "zstd-stream" {
                    continue;
                }
                if version == 3 && (encoding == "etf" || compress != "none") {
                    continue;
                }
                let what = format!("version {version}, {encoding}, {compress}");
                let params = json!({"version": version, "encoding": encoding, "compress": compress,
                    "api": format!("{}{}", town.api, if version < 6 { String::new() } else { format!("/v{version}") })});
                let conn = town.connect(params);
                let connected = town.game.connected(conn);
                assert_eq!(connected.data()["user"]["username"], "Ferry", "{what}");
                if version >= 6 {
                    let guild = town.game.dispatch(conn, "GUILD_CREATE").data();
                    assert_eq!((&guild["id"], &guild["name"]), (&json!(town.guild), &json!("Harbour")), "{what}");
                }
                town.post(&what);
                town.hears(conn, &what);
                assert_eq!(town.game.disconnect(conn), GB_OK);
                assert_eq!(town.game.disconnected(conn).status, GB_OK);
            }
        }
    }
}

/// Everything that happens meanwhile is told once, in its order, when the session is taken up.
fn resumes(town: &Town, conn: gb_conn, fault: Value) {
    town.post("before");
    town.hears(conn, "before");
    town.fault(fault.clone());
    town.post("meanwhile");
    town.post("and then");
    town.hears(conn, "meanwhile");
    town.hears(conn, "and then");
    let back = town.game.connected(conn);
    assert_eq!(back.flags & GB_FLAG_RESUMED, GB_FLAG_RESUMED, "{fault}");
    town.post("after");
    town.hears(conn, "after");
}

#[test]
fn a_session_survives_what_goes_wrong() {
    let town = Town::new();
    for compress in ["none", "zlib-stream", "zstd-stream"] {
        let conn = town.up(json!({"compress": compress}));
        for fault in [
            json!({"fault": "drop"}),
            json!({"fault": "truncate"}),
            json!({"fault": "garbage"}),
            json!({"fault": "reconnect"}),
            json!({"fault": "close", "code": 4000, "message": "unknown error"}),
            json!({"fault": "close", "code": 1001}),
        ] {
            resumes(&town, conn, fault);
        }
        let shards = town.ask(conn, "GET_SHARDS", &json!({})).data();
        let shard = &shards["shards"][0];
        assert_eq!((&shard["resumes"], &shard["identifies"], &shard["missed"]), (&json!(6), &json!(1), &json!(0)));
        town.game.disconnect(conn);
        town.game.disconnected(conn);
    }
}

#[test]
fn a_server_that_says_nothing_is_left_and_the_session_taken_up() {
    let town = Town::new();
    town.host("GATEWAY_LIMITS", json!({"heartbeat_ms": 200}));
    let conn = town.up(json!({}));
    town.fault(json!({"fault": "stall"}));
    town.post("unheard");
    let lost = town.game.reconnecting(conn);
    assert_eq!((lost.status, lost.message.as_str()), (GB_ERR_TIMEOUT, "a heartbeat was not answered"));
    town.fault(json!({"fault": "none"}));
    town.hears(conn, "unheard");
    assert_eq!(town.game.connected(conn).flags & GB_FLAG_RESUMED, GB_FLAG_RESUMED);
}

#[test]
fn a_session_that_is_gone_is_followed_by_another() {
    let town = Town::new();
    let conn = town.up(json!({}));
    town.fault(json!({"fault": "close", "code": 4009}));
    assert_eq!(town.game.reconnecting(conn).code, 4009);
    assert_eq!(town.game.connected(conn).flags & GB_FLAG_RESUMED, 0);
    town.game.dispatch(conn, "GUILD_CREATE");
    town.post("a new session");
    town.hears(conn, "a new session");
}

#[test]
fn close_codes_that_are_final_end_the_connection() {
    let town = Town::new();
    for (code, status) in [
        (4004, GB_ERR_AUTH),
        (4010, GB_ERR_REMOTE),
        (4011, GB_ERR_REMOTE),
        (4012, GB_ERR_REMOTE),
        (4013, GB_ERR_REMOTE),
        (4014, GB_ERR_REMOTE),
    ] {
        let conn = town.up(json!({}));
        town.fault(json!({"fault": "close", "code": code}));
        let last = town.game.disconnected(conn);
        assert_eq!((last.code, last.status, last.flags & GB_FLAG_FATAL), (code, status, GB_FLAG_FATAL), "{last:?}");
    }
}

#[test]
fn a_token_that_is_none_and_intents_that_are_not_granted_are_told() {
    let town = Town::new();
    let wrong = town.connect(json!({"token": "no.token"}));
    let last = town.game.disconnected(wrong);
    assert_eq!((last.status, last.flags & GB_FLAG_FATAL), (GB_ERR_AUTH, GB_FLAG_FATAL), "{last:?}");
    let gateway = town.host("GATEWAY_STATE", json!({}));
    assert_eq!(gateway["sessions"], json!([]), "the API refused it before");
    let conn = town.connect(json!({"intents": 1u64 << 62}));
    assert_eq!(town.game.disconnected(conn).code, 4013);
}

#[test]
fn commands_reach_the_world() {
    let town = Town::new();
    let conn = town.up(json!({}));
    let presence =
        json!({"since": null, "activities": [{"name": "ferrying", "type": 0}], "status": "idle", "afk": false});
    assert_eq!(town.ask(conn, "PRESENCE_UPDATE", &presence).status, GB_OK);
    let members = json!({"guild_id": town.guild, "query": "", "limit": 0, "presences": true, "gather": true});
    let reply = town.ask(conn, "REQUEST_GUILD_MEMBERS", &members);
    assert_eq!(reply.status, GB_OK, "{}", reply.message);
    let mut names: Vec<_> =
        reply.data()["members"].as_array().expect("members").iter().map(|m| m["user"]["username"].clone()).collect();
    names.sort_by_key(Value::to_string);
    assert_eq!(names, ["Ferry", "Guest", "ada"]);
    // In order behind the presence, so that is the world's by now.
    let users = town.host("STATE", json!({"parts": ["users"]}));
    let bot = users["users"].as_array().expect("users").iter().find(|user| user["id"] == town.bot).expect("the bot");
    assert_eq!(bot["status"], "idle");
    let streamed = json!({"guild_id": town.guild, "user_ids": [town.ada], "nonce": "n"});
    assert_eq!(town.ask(conn, "REQUEST_GUILD_MEMBERS", &streamed).status, GB_OK);
    let chunk = town.game.dispatch(conn, "GUILD_MEMBERS_CHUNK").data();
    assert_eq!((&chunk["nonce"], &chunk["members"][0]["user"]["id"]), (&json!("n"), &json!(town.ada)));
    // To a Gateway on this machine.
    let seen = json!({"guild_id": town.guild, "channel_ids": [town.channel]});
    assert_eq!(town.ask(conn, "REQUEST_LAST_MESSAGES", &seen).status, GB_OK);
}

#[test]
fn a_session_goes_on_in_another_client() {
    let town = Town::new();
    let conn = town.up(json!({}));
    let session = town.ask(conn, "SUSPEND", &json!({})).data();
    town.game.disconnected(conn);
    town.post("between two processes");
    let conn = town.connect(json!({"session": session}));
    town.hears(conn, "between two processes");
    assert_eq!(town.game.connected(conn).flags & GB_FLAG_RESUMED, GB_FLAG_RESUMED);
}

#[test]
fn shards_have_their_guilds_and_another_number_of_them_loses_nothing() {
    let town = Town::new();
    town.host("GATEWAY_LIMITS", json!({"max_concurrency": 16}));
    let mut channels = vec![town.channel.clone()];
    for at in 0..5 {
        let guild = town.host("GUILD_CREATE", json!({"name": format!("Island {at}"), "members": [town.ada]}));
        let guild = guild["id"].as_str().expect("an id");
        let channel = json!({"guild_id": guild, "name": "beach", "type": "GUILD_TEXT"});
        channels.push(town.host("CHANNEL_CREATE", channel)["id"].as_str().expect("an id").to_owned());
        town.join(guild);
    }
    let conn = town.connect(json!({"shards": 2}));
    for _ in 0..2 {
        town.game.connected(conn);
    }
    for _ in 0..6 {
        town.game.dispatch(conn, "GUILD_CREATE");
    }
    let tag = 7;
    assert_eq!(town.game.send(conn, "RESHARD", r#"{"shards":3}"#, tag), GB_OK);
    let (mut said, mut done) = (0, false);
    while !done || said < 60 {
        for channel in &channels {
            said += 1;
            let message = json!({"channel_id": channel, "user_id": town.ada, "content": said.to_string()});
            town.host("MESSAGE_POST", message);
        }
        done = done || {
            let state = town.host("GATEWAY_STATE", json!({}));
            state["sessions"].as_array().is_some_and(|sessions| sessions.iter().all(|session| session["shards"] == 3))
        };
    }
    assert_eq!(town.game.reply(conn, tag).data(), json!({"shards": 3}));
    let mut heard: Vec<u64> = (0..said)
        .map(|_| {
            let message = town.game.dispatch(conn, "MESSAGE_CREATE").data();
            message["content"].as_str().expect("a text").parse().expect("a number")
        })
        .collect();
    heard.sort_unstable();
    assert!(heard.iter().copied().eq(1..=said), "{heard:?}");
    let shards = town.ask(conn, "GET_SHARDS", &json!({})).data();
    assert_eq!(shards["shards"].as_array().map(Vec::len), Some(3));
    assert!(town.game.drain().iter().all(|seen| seen.name != "MESSAGE_CREATE"), "nothing came twice");
}

#[test]
fn as_many_shards_as_are_recommended_now_take_over() {
    let town = Town::new();
    town.host("GATEWAY_LIMITS", json!({"max_concurrency": 16, "guilds_per_shard": 1}));
    let conn = town.up(json!({"shards": "auto"}));
    let again = |shards: u64| {
        let reply = town.ask(conn, "RESHARD", &json!({"shards": "auto"}));
        assert_eq!((reply.status, reply.data()), (GB_OK, json!({"shards": shards})), "{}", reply.message);
    };
    again(1);
    // One guild more than a shard may have, which of two shards is the other's.
    let shard_of = |guild: &str| (guild.parse::<u64>().expect("an id") >> 22) % 2;
    let island = (0..1000)
        .map(|_| town.host("GUILD_CREATE", json!({"name": "Island", "members": [town.ada]}))["id"].clone())
        .find(|guild| shard_of(guild.as_str().expect("an id")) != shard_of(&town.guild));
    town.join(island.expect("ids differ").as_str().expect("an id"));
    town.game.dispatch(conn, "GUILD_CREATE");
    again(2);
    town.post("after it");
    town.hears(conn, "after it");
    let state = town.host("GATEWAY_STATE", json!({}));
    let sessions = state["sessions"].as_array().expect("a list");
    assert!(sessions.len() == 2 && sessions.iter().all(|session| session["shards"] == 2), "{state}");
}

#[test]
fn what_was_seen_is_asked_of_the_connection() {
    let town = Town::new();
    let conn = town.up(json!({"cache_bytes": 1 << 20}));
    let here = json!({"guild_id": town.guild});
    let guild = town.ask(conn, "CACHED_GUILD", &here).data();
    assert_eq!((&guild["guild"]["name"], &guild["incomplete"]), (&json!("Harbour"), &json!([])));
    let channels = town.ask(conn, "CACHED_CHANNELS", &here).data();
    assert_eq!(channels["channels"][0]["name"], "quay");
    let bob = town.host("USER_CREATE", json!({"username": "bob"}))["id"].clone();
    town.host("GUILD_JOIN", json!({"guild_id": town.guild, "user_id": bob}));
    town.game.dispatch(conn, "GUILD_MEMBER_ADD");
    let member = town.ask(conn, "CACHED_MEMBER", &json!({"guild_id": town.guild, "user_id": bob})).data();
    assert_eq!(member["member"]["user"]["username"], "bob");
    town.host("GUILD_EDIT", json!({"guild_id": town.guild, "available": false}));
    town.game.dispatch(conn, "GUILD_DELETE");
    assert_eq!(town.ask(conn, "CACHED_GUILD", &here).data()["unavailable"], true);
    town.host("GUILD_EDIT", json!({"guild_id": town.guild, "available": true}));
    town.game.dispatch(conn, "GUILD_CREATE");
    let state = town.ask(conn, "CACHED_STATE", &json!({})).data();
    assert_eq!((&state["guilds"], &state["unavailable"]), (&json!(1), &json!([])));
}

/// Nobody else does anything meanwhile, so nothing but its own deadline wakes the sandbox.
#[test]
fn a_stranger_who_says_nothing_is_closed_in_time() {
    use tokio_tungstenite::tungstenite;
    let town = Town::new();
    town.host("GATEWAY_LIMITS", json!({"heartbeat_ms": 50}));
    let address = town.api.strip_prefix("http://").and_then(|rest| rest.strip_suffix("/api")).expect("an address");
    let stream = std::net::TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(std::time::Duration::from_secs(20))).expect("a timeout");
    let (mut silent, _) =
        tungstenite::client(format!("ws://{address}/?v=10&encoding=json"), stream).expect("an upgrade");
    silent.read().expect("HELLO");
    let Ok(tungstenite::Message::Close(Some(close))) = silent.read() else { panic!("a close expected") };
    assert_eq!(u16::from(close.code), 4009);
}

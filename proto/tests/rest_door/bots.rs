//! The API on a port of its own: bots, bearer tokens, and what needs neither.

use gamebridge_proto::secret::Secret;
use std::time::Duration;

use gamebridge_proto::server::rest::{self, Site};
use gamebridge_proto::server::rpc::HttpRequest;
use gamebridge_proto::world::{Application, Change, NewBot, NewGuild, NewMessage, Operation, UserId};
use serde_json::{Value, json};

use super::house::{GAME, House};

const TOKEN: &str = "the-token-of-the-ferry";

/// A house with the bot of GAME in a guild, and a way to ask as it.
struct Harbour {
    house: House,
    site: Site,
    bot: UserId,
    guild: String,
    channel: String,
}

impl Harbour {
    fn new() -> Self {
        let mut house = House::default();
        let now = house.now;
        let mut apply = |operation| house.world.apply(now, operation).unwrap();
        apply(Operation::RegisterApplication(Application {
            name: "Ferry".into(),
            ..Application::unregistered(GAME.into())
        }));
        let token = Some(Secret::new(TOKEN));
        apply(Operation::CreateBot(NewBot { application: GAME.into(), username: None, token, refused_intents: 0 }));
        let made = apply(Operation::CreateGuild(NewGuild {
            name: "Harbour".into(),
            created_by: Some(GAME.into()),
            ..NewGuild::default()
        }));
        let guild = made.iter().find_map(|change| if let Change::GuildCreated(id) = change { Some(*id) } else { None });
        let guild = guild.unwrap();
        let bot = house.world.bot(GAME.into()).unwrap().user;
        house.world.apply(now, Operation::JoinGuild { guild, user: bot }).unwrap();
        let channel = house.world.channels_of(guild)[0].id.to_string();
        let site = Site {
            gateway: Some("ws://127.0.0.1:1".into()),
            identifies: 1000,
            identifies_left: 998,
            identifies_reset: Duration::from_secs(3600),
            max_concurrency: 1,
            guilds_per_shard: 2500,
        };
        Harbour { house, site, bot, guild: guild.to_string(), channel }
    }

    /// Asks with this Authorization; the status and what came back.
    fn ask_as(&mut self, authorization: Option<&str>, method: &str, target: &str, body: Value) -> (u16, Value) {
        let target = format!("/api/v10{target}");
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let content_type = Some("application/json");
        let body = body.as_bytes();
        let request = HttpRequest { method, target: &target, content_type, origin: None, authorization, body };
        let House { world, now, changes, .. } = &mut self.house;
        let response = rest::answer(*now, request, &self.site, world, changes);
        // discord.py 0.16 looks for the header before it looks at the status.
        let kind = if response.body.is_empty() { "text/html; charset=utf-8" } else { "application/json" };
        assert!(response.headers.contains(&("content-type", kind)), "{method} {target}: {:?}", response.headers);
        (response.status, serde_json::from_slice(&response.body).unwrap_or(Value::Null))
    }

    fn ask(&mut self, method: &str, target: &str, body: Value) -> (u16, Value) {
        self.ask_as(Some("Bot the-token-of-the-ferry"), method, target, body)
    }
}

#[test]
fn the_gateway_is_told_to_everybody_and_its_limits_to_bots() {
    let mut harbour = Harbour::new();
    let url = json!({"url": "ws://127.0.0.1:1"});
    assert_eq!(harbour.ask_as(None, "GET", "/gateway", Value::Null), (200, url.clone()));
    assert_eq!(harbour.ask("GET", "/gateway", Value::Null), (200, url));
    let (status, told) = harbour.ask("GET", "/gateway/bot", Value::Null);
    let limit = json!({"total": 1000, "remaining": 998, "reset_after": 3_600_000, "max_concurrency": 1});
    assert_eq!((status, &told["shards"], &told["session_start_limit"]), (200, &json!(1), &limit));
    assert_eq!(harbour.ask_as(None, "GET", "/gateway/bot", Value::Null).0, 401);
}

#[test]
fn who_shows_no_token_or_a_wrong_one_is_401() {
    let mut harbour = Harbour::new();
    for authorization in
        [None, Some("Bot"), Some("Bot x"), Some("the-token-of-the-ferry"), Some("Bearer the-token-of-the-ferry")]
    {
        let (status, told) = harbour.ask_as(authorization, "GET", "/users/@me", Value::Null);
        assert_eq!((status, &told["message"]), (401, &json!("401: Unauthorized")), "{authorization:?}");
    }
    let (status, told) = harbour.ask_as(Some("bot the-token-of-the-ferry"), "GET", "/users/@me", Value::Null);
    assert_eq!((status, &told["username"], &told["bot"]), (200, &json!("Ferry"), &json!(true)));
}

#[test]
fn an_application_is_told_of_itself() {
    let mut harbour = Harbour::new();
    for path in ["/oauth2/applications/@me", "/applications/@me"] {
        let (status, told) = harbour.ask("GET", path, Value::Null);
        assert_eq!((status, &told["id"], &told["name"]), (200, &json!(GAME.to_string()), &json!("Ferry")));
        assert_eq!(
            (&told["owner"]["username"], &told["bot"]["id"]),
            (&json!("Guest"), &json!(harbour.bot.to_string()))
        );
        // The privileged intents that it was granted, as discord.http looks for them.
        assert_eq!(told["flags"], 1 << 13 | 1 << 15 | 1 << 19);
    }
}

#[test]
fn a_bot_reads_and_writes_what_its_permissions_allow() {
    let mut harbour = Harbour::new();
    let local = harbour.house.world.local_user().id;
    let channel: u64 = harbour.channel.parse().unwrap();
    let post = Operation::PostMessage(NewMessage::text(channel.into(), local, "ahoy"));
    harbour.house.world.apply(harbour.house.now, post).unwrap();
    let path = format!("/channels/{channel}/messages");
    let (_, listed) = harbour.ask("GET", &path, Value::Null);
    assert_eq!(listed[0]["content"], "ahoy", "no scope is asked of it");
    let (status, sent) = harbour.ask("POST", &path, json!({"content": "ahoy yourself", "nonce": "1"}));
    assert_eq!((status, &sent["author"]["id"], &sent["nonce"]), (200, &json!(harbour.bot.to_string()), &json!("1")));
    harbour.house.changes.clear();
    assert_eq!(harbour.ask("POST", &format!("/channels/{channel}/typing"), Value::Null), (204, Value::Null));
    assert!(
        harbour
            .house
            .changes
            .iter()
            .flat_map(|all| all.iter())
            .any(|change| matches!(change, Change::TypingStarted { .. }))
    );
    let guild = harbour.guild.clone();
    assert_eq!(harbour.ask("PATCH", &format!("/guilds/{guild}"), json!({"name": "Mine"})).0, 403);
    let of_other = listed[0]["id"].as_str().unwrap();
    assert_eq!(harbour.ask("DELETE", &format!("{path}/{of_other}"), Value::Null).0, 403);
}

#[test]
fn commands_are_offered_replaced_and_taken_away() {
    let mut harbour = Harbour::new();
    let paths =
        [format!("/applications/{GAME}/commands"), format!("/applications/{GAME}/guilds/{}/commands", harbour.guild)];
    for path in paths {
        let option = json!([{"name": "where", "description": "to", "type": 3, "required": true}]);
        let sail = json!({"name": "sail", "description": "sets off", "options": option});
        let (status, made) = harbour.ask("POST", &path, sail.clone());
        assert_eq!((status, &made["name"], &made["type"], &made["options"]), (201, &json!("sail"), &json!(1), &option));
        assert_eq!(made["application_id"], GAME.to_string());
        assert_eq!(made.get("guild_id").is_some(), path.contains("guilds"));
        let id = made["id"].clone();
        let (status, again) = harbour.ask("POST", &path, json!({"name": "sail", "description": "leaves"}));
        assert_eq!((status, &again["id"], &again["description"]), (200, &id, &json!("leaves")));
        let all = json!([{"name": "sail", "description": "leaves"}, {"name": "Poke", "type": 2}]);
        let (status, listed) = harbour.ask("PUT", &path, all);
        assert_eq!((status, listed.as_array().unwrap().len(), &listed[0]["id"]), (200, 2, &id), "{listed}");
        assert_eq!(harbour.ask("GET", &path, Value::Null), (200, listed.clone()));
        let one = format!("{path}/{}", id.as_str().unwrap());
        let (status, edited) = harbour.ask("PATCH", &one, json!({"description": "sets sail"}));
        assert_eq!((status, &edited["name"], &edited["description"]), (200, &json!("sail"), &json!("sets sail")));
        assert_ne!(edited["version"], listed[0]["version"]);
        assert_eq!(harbour.ask("GET", &one, Value::Null), (200, edited));
        assert_eq!(harbour.ask("DELETE", &one, Value::Null), (204, Value::Null));
        let (status, gone) = harbour.ask("GET", &one, Value::Null);
        assert_eq!((status, &gone["code"]), (404, &json!(10063)));
        assert_eq!(harbour.ask("PUT", &path, json!([])), (200, json!([])));
    }
}

/// The path, the method, the body, and what it earns.
#[test]
fn commands_that_are_none_are_refused() {
    let mut harbour = Harbour::new();
    let own = format!("/applications/{GAME}/commands");
    for (path, method, body, expected) in [
        (own.clone(), "POST", json!({"description": "nameless"}), (400, 50035)),
        (own.clone(), "POST", json!({"name": "silent"}), (400, 50035)),
        (own.clone(), "POST", json!({"name": "x".repeat(33), "description": "long"}), (400, 50035)),
        (own.clone(), "POST", json!({"name": "x", "description": "x", "type": 4}), (400, 50035)),
        (own.clone(), "PUT", json!({"name": "x", "description": "no list"}), (400, 50035)),
        (own.clone(), "PUT", json!([{"name": 7}]), (400, 50035)),
        (own.clone(), "POST", json!([]), (400, 50109)),
        ("/applications/7/commands".into(), "GET", Value::Null, (403, 50001)),
        (format!("/applications/{GAME}/guilds/7/commands"), "GET", Value::Null, (403, 50001)),
        (format!("{own}/7"), "PATCH", json!({"name": "x"}), (404, 10063)),
        (format!("{own}/7"), "DELETE", Value::Null, (404, 10063)),
    ] {
        let (status, told) = harbour.ask(method, &path, body.clone());
        assert_eq!((status, told["code"].as_i64().unwrap()), expected, "{method} {path} {body}: {told}");
    }
    assert_eq!(harbour.ask("GET", &own, Value::Null), (200, json!([])), "nothing came of them");
}

#[test]
fn a_bearer_token_opens_what_its_scopes_say() {
    let mut harbour = Harbour::new();
    let local = harbour.house.world.local_user().id;
    let authorize = Operation::Authorize { application: GAME.into(), user: local, scopes: ["identify".into()].into() };
    let now = harbour.house.now;
    let code = harbour.house.world.apply(now, authorize).unwrap().into_iter().find_map(|change| match change {
        Change::CodeIssued(code) => Some(code),
        _ => None,
    });
    let client = gamebridge_proto::world::ClientCredentials { id: GAME.into(), secret: None };
    let exchange = Operation::ExchangeCode { client, code: code.unwrap(), redirect_uri: None };
    let token = harbour.house.world.apply(now, exchange).unwrap().into_iter().find_map(|change| match change {
        Change::TokenIssued(token) => Some(format!("Bearer {}", token.access.reveal())),
        _ => None,
    });
    let token = token.unwrap();
    assert_eq!(harbour.ask_as(Some(&token), "GET", "/users/@me", Value::Null).1["username"], "Guest");
    assert_eq!(harbour.ask_as(Some(&token), "GET", "/users/@me/guilds", Value::Null).0, 403);
    assert_eq!(harbour.ask_as(Some(&token), "GET", "/gateway/bot", Value::Null).0, 403);
}

#[test]
fn a_user_who_logged_in_asks_without_a_word_before_the_token() {
    let mut harbour = Harbour::new();
    let user = harbour.house.world.local_user().id;
    let token = Some(Secret::new("the-token-of-a-user"));
    harbour.house.world.apply(harbour.house.now, Operation::CreateLogin { user, token }).unwrap();
    let mut ask = |method, target: &str, body| harbour.ask_as(Some("the-token-of-a-user"), method, target, body);
    let (status, me) = ask("GET", "/users/@me", Value::Null);
    assert_eq!((status, &me["id"], &me["bot"]), (200, &json!(user.to_string()), &json!(false)));
    assert_eq!(ask("GET", "/users/@me/guilds", Value::Null).0, 200);
    assert_eq!(ask("GET", "/gateway", Value::Null).0, 200);
    assert_eq!(ask("GET", "/oauth2/applications/@me", Value::Null).0, 404, "it is no application's");
    assert_eq!(harbour.ask_as(Some("the-token-of-nobody"), "GET", "/users/@me", Value::Null).0, 401);
    assert_eq!(harbour.ask_as(Some("Bot the-token-of-a-user"), "GET", "/users/@me", Value::Null).0, 401);
}

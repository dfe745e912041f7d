//! `POST /rpc`: one command in, its reply out.

use std::time::Duration;

use gamebridge_proto::error::Status;
use gamebridge_proto::secret::Secret;
use gamebridge_proto::server::rpc::{Config, Consent, Door, HttpRequest, HttpResponse};
use serde_json::{Value, json};

use super::house::{GAME, House, ORIGIN, authorize};

const QUERY: &str = "/rpc?v=1&client_id=192741864418312192";

fn post<'a>(target: &'a str, origin: Option<&'a str>, body: &'a str) -> HttpRequest<'a> {
    HttpRequest {
        method: "POST",
        target,
        content_type: Some("application/json"),
        origin,
        authorization: None,
        body: body.as_bytes(),
    }
}

fn read(response: HttpResponse) -> (u16, Value) {
    let body = serde_json::from_slice(&response.body).expect("JSON");
    assert!(response.headers.contains(&("content-type", "application/json")), "{response:?}");
    (response.status, body)
}

/// Asks as the driver does. `None` while the reply waits; then [`reply`] has it, and `gone` ends it.
fn ask(house: &mut House, peer: u32, request: HttpRequest<'_>) -> Option<(u16, Value)> {
    house.out();
    if let Err(refused) = house.door.handle_post(house.now, peer, request, &mut house.world, &mut house.record) {
        assert_eq!(house.sent(peer), Vec::<Value>::new(), "who is refused gets nothing else");
        return Some(read(refused));
    }
    reply(house, peer, request.authorization.is_some())
}

fn reply(house: &mut House, peer: u32, authorized: bool) -> Option<(u16, Value)> {
    let frame = house.sent(peer).into_iter().next()?;
    house.gone(peer);
    Some(read(Door::http_reply(frame.to_string().as_bytes(), authorized)))
}

fn once(house: &mut House, body: &Value) -> (u16, Value) {
    ask(house, 99, post(QUERY, Some(ORIGIN), &body.to_string())).expect("a reply at once")
}

fn token(house: &mut House, scopes: &[&str]) -> String {
    house.out();
    house.ipc(1);
    let token = house.authenticate(1, scopes);
    house.gone(1);
    format!("Bearer {token}")
}

#[test]
fn a_command_gets_its_reply() {
    let mut house = House::default();
    let bearer = token(&mut house, &["rpc"]);
    let body = json!({"cmd": "GET_GUILDS", "args": {}, "nonce": "n"}).to_string();
    let request = HttpRequest { authorization: Some(&bearer), ..post(QUERY, Some(ORIGIN), &body) };
    let expected = json!({"cmd": "GET_GUILDS", "data": {"guilds": []}, "evt": null, "nonce": "n"});
    assert_eq!(ask(&mut house, 5, request), Some((200, expected)));
    assert_eq!(house.host("STATE", json!({}))["peers"], json!([]), "nobody is left");
    let (status, reply) = once(&mut house, &authorize(&["rpc"]));
    assert_eq!(status, 200);
    assert!(reply["data"]["code"].is_string(), "{reply}");
}

#[test]
fn refusals_are_errors_of_http() {
    let mut house = House::default();
    for (body, status, code) in [
        (json!({"cmd": "GET_GUILDS"}), 401, 4006),
        (json!({"cmd": "NO_SUCH_COMMAND"}), 400, 4002),
        (json!({"cmd": "AUTHORIZE", "args": {"client_id": GAME}}), 400, 4000),
        (json!({"cmd": "AUTHORIZE", "args": {"client_id": "5", "scopes": ["rpc"]}}), 400, 4007),
        (json!({"args": {}}), 400, 4000),
        (json!([]), 400, 4000),
    ] {
        let (given, reply) = once(&mut house, &body);
        assert_eq!((given, &reply["code"]), (status, &json!(code)), "{body}: {reply}");
        assert!(reply["message"].is_string());
    }
    let broken = ask(&mut house, 5, post(QUERY, Some(ORIGIN), "{")).unwrap();
    assert_eq!((broken.0, &broken.1["code"]), (400, &json!(4000)));
}

#[test]
fn the_origin_or_the_launch_token_has_to_be_right() {
    let config = Config { launch_token: Some(Secret::new("canary-launch")), ..Config::default() };
    let mut house = House::new(config);
    let body = authorize(&["rpc"]).to_string();
    let with = |more: &str| format!("{QUERY}{more}");
    for (target, origin, status) in [
        (with(""), Some(ORIGIN), 200),
        (with("&launch_token=canary-launch"), None, 200),
        (with("&encoding=json"), Some(ORIGIN), 200),
        (with(""), None, 403),
        (with("&launch_token=wrong"), None, 403),
        (with(""), Some("https://evil.example"), 403),
        (with("&launch_token=canary-launch"), Some("https://evil.example"), 403),
        (with(""), Some("null"), 403),
        (with(""), Some(""), 403),
        (with("&encoding=etf"), Some(ORIGIN), 400),
        ("/rpc".into(), Some(ORIGIN), 400),
        ("/rpc?v=1&client_id=x".into(), Some(ORIGIN), 400),
        ("/rpc?v=2&client_id=192741864418312192".into(), Some(ORIGIN), 400),
        ("/rpc?client_id=192741864418312192".into(), Some(ORIGIN), 400),
    ] {
        let (given, reply) = ask(&mut house, 5, post(&target, origin, &body)).unwrap();
        assert_eq!(given, status, "{target} {origin:?}: {reply}");
        assert!(!reply.to_string().contains("canary"), "{reply}");
    }
}

#[test]
fn only_json_is_taken() {
    let mut house = House::default();
    let body = authorize(&["rpc"]).to_string();
    for (content_type, status) in [
        (Some("application/json"), 200),
        (Some("application/json; charset=utf-8"), 200),
        (Some("Application/JSON;charset=UTF-8"), 200),
        // What a page may post across sites without asking first.
        (Some("text/plain"), 400),
        (Some("text/plain; application/json"), 400),
        (Some("application/x-www-form-urlencoded"), 400),
        (Some("multipart/form-data"), 400),
        (Some("application/jsonp"), 400),
        (Some(""), 400),
        (None, 400),
    ] {
        let request = HttpRequest { content_type, ..post(QUERY, Some(ORIGIN), &body) };
        assert_eq!(ask(&mut house, 5, request).unwrap().0, status, "{content_type:?}");
    }
}

#[test]
fn a_token_is_the_applications_own_and_has_the_scope() {
    let mut house = House::default();
    let body = json!({"cmd": "GET_GUILDS"}).to_string();
    let weak = token(&mut house, &["identify"]);
    let strong = token(&mut house, &["rpc"]);
    for (target, authorization, status, code) in [
        (QUERY, &*strong, 200, Value::Null),
        (QUERY, &*weak, 403, json!(4006)),
        (QUERY, "Bearer nonsense", 401, json!(4009)),
        (QUERY, "Basic NTpyaWdodA==", 401, json!(4009)),
        (QUERY, "", 401, json!(4009)),
        ("/rpc?v=1&client_id=5", &*strong, 401, json!(4009)),
    ] {
        let request = HttpRequest { authorization: Some(authorization), ..post(target, Some(ORIGIN), &body) };
        let (given, reply) = ask(&mut house, 5, request).unwrap();
        assert_eq!((given, &reply["code"]), (status, &code), "{target} {reply}");
    }
}

#[test]
fn what_lasts_as_long_as_a_connection_is_refused() {
    let mut house = House::default();
    let bearer = token(&mut house, &["rpc"]);
    let device = json!({"type": "audioinput", "id": "a", "vendor": {"name": "v", "url": "u"},
        "model": {"name": "m", "url": "u"}, "related": []});
    for body in [
        json!({"cmd": "SUBSCRIBE", "evt": "GUILD_CREATE", "args": {}}),
        json!({"cmd": "UNSUBSCRIBE", "evt": "GUILD_CREATE", "args": {}}),
        json!({"cmd": "SET_ACTIVITY", "args": {"pid": 1, "activity": {"state": "In menu"}}}),
        json!({"cmd": "SET_VOICE_SETTINGS", "args": {"mute": true}}),
        json!({"cmd": "SET_CERTIFIED_DEVICES", "args": {"devices": [device]}}),
        json!({"cmd": "AUTHENTICATE", "args": {"access_token": "x"}}),
    ] {
        let text = body.to_string();
        let request = HttpRequest { authorization: Some(&bearer), ..post(QUERY, Some(ORIGIN), &text) };
        let (status, reply) = ask(&mut house, 5, request).unwrap();
        assert_eq!((status, &reply["code"]), (400, &json!(4002)), "{body}: {reply}");
        assert!(reply["message"].as_str().unwrap().contains("a connection"), "{reply}");
    }
    assert_eq!(house.host("STATE", json!({}))["activities"], json!([]));
}

#[test]
fn a_question_to_the_user_is_waited_for() {
    for (status, http) in [(Status::Ok, 200), (Status::Cancelled, 400)] {
        let mut house = House::new(Config { consent: Consent::Ask, ..Config::default() });
        let body = authorize(&["rpc"]).to_string();
        assert_eq!(ask(&mut house, 5, post(QUERY, Some(ORIGIN), &body)), None);
        house.answer(1, status).unwrap();
        let (given, reply) = reply(&mut house, 5, false).expect("the answer");
        assert_eq!(given, http, "{reply}");
        assert_eq!(reply["data"]["code"].is_string(), status == Status::Ok, "{reply}");
    }
}

#[test]
fn a_question_has_a_deadline_and_ends_with_who_asked() {
    let mut house = House::new(Config { consent: Consent::Ask, ..Config::default() });
    let body = authorize(&["rpc"]).to_string();
    assert_eq!(ask(&mut house, 5, post(QUERY, Some(ORIGIN), &body)), None);
    assert_eq!(ask(&mut house, 6, post(QUERY, Some(ORIGIN), &body)), None, "another request is another asker");
    house.gone(6);
    assert!(house.answer(2, Status::Ok).is_err(), "nobody waits for it");
    house.wait(Duration::from_secs(60));
    let (status, reply) = reply(&mut house, 5, false).expect("the deadline's answer");
    assert_eq!((status, &reply["code"]), (400, &json!(5000)));
    assert_eq!(house.door.next_timeout(), None);
}

#[test]
fn those_who_wait_take_no_peers_place_and_are_so_many_at_most() {
    let mut config = Config { consent: Consent::Ask, ..Config::default() };
    config.limits.peers = 4;
    let mut house = House::new(config);
    let body = authorize(&["rpc"]).to_string();
    for peer in 10..14 {
        assert_eq!(ask(&mut house, peer, post(QUERY, Some(ORIGIN), &body)), None);
    }
    assert_eq!(ask(&mut house, 14, post(QUERY, Some(ORIGIN), &body)).unwrap().0, 429);
    house.gone(10);
    assert_eq!(ask(&mut house, 15, post(QUERY, Some(ORIGIN), &body)), None);
}

#[test]
fn all_who_ask_once_share_a_rate() {
    let mut config = Config::default();
    (config.limits.commands_per_second, config.limits.commands_burst) = (10, 20);
    let mut house = House::new(config);
    let body = authorize(&["rpc"]).to_string();
    for peer in 10..30 {
        assert_eq!(ask(&mut house, peer, post(QUERY, Some(ORIGIN), &body)).unwrap().0, 200);
    }
    assert_eq!(ask(&mut house, 30, post(QUERY, Some(ORIGIN), &body)).unwrap().0, 429);
    // A page that may not ask does not use it up for those who may.
    house.wait(Duration::from_secs(1));
    for peer in 40..140 {
        assert_eq!(ask(&mut house, peer, post(QUERY, Some("https://evil.example"), &body)).unwrap().0, 403);
    }
    assert_eq!(ask(&mut house, 140, post(QUERY, Some(ORIGIN), &body)).unwrap().0, 200);
}

//! The HTTP routes on the RPC port.

use std::time::Duration;

use gamebridge_proto::server::rpc::{Config, HttpRequest};
use serde_json::json;

use super::house::{GAME, House, authenticate, authorize, subscribe};

const FORM: &str = "application/x-www-form-urlencoded";

fn code(house: &mut House, scopes: &[&str]) -> String {
    if house.host("STATE", json!({}))["peers"] == json!([]) {
        house.ipc(1);
    }
    house.done(1, authorize(scopes))["code"].as_str().unwrap().to_owned()
}

fn post<'a>(target: &'a str, body: &'a str) -> HttpRequest<'a> {
    HttpRequest {
        method: "POST",
        target,
        content_type: Some(FORM),
        origin: None,
        authorization: None,
        body: body.as_bytes(),
    }
}

#[test]
fn a_code_is_exchanged_and_a_token_refreshed() {
    let mut house = House::default();
    let code = code(&mut house, &["rpc", "identify"]);
    let form =
        format!("grant_type=authorization_code&code={code}&client_id={GAME}&redirect_uri=https%3A%2F%2Fa.example");
    let (status, token) = house.post("/oauth2/token", &form);
    assert_eq!(status, 200);
    assert_eq!((&token["token_type"], &token["scope"]), (&json!("Bearer"), &json!("rpc identify")));
    assert_eq!(token["expires_in"], 604_800);
    house.done(1, authenticate(token["access_token"].as_str().unwrap()));
    let (status, again) = house.post("/oauth2/token", &form);
    assert_eq!((status, &again["error"]), (400, &json!("invalid_grant")), "a code works once");
    let form =
        format!("grant_type=refresh_token&client_id={GAME}&refresh_token={}", token["refresh_token"].as_str().unwrap());
    let (status, fresh) = house.post("/oauth2/token?x=y", &form);
    assert_eq!(status, 200);
    assert_ne!(fresh["access_token"], token["access_token"]);
    assert_eq!(fresh["scope"], "rpc identify");
    assert_eq!(house.post("/oauth2/token", &form).0, 400, "a refresh token works once");
}

#[test]
fn token_requests_are_refused_as_rfc_6749_says() {
    let mut house = House::default();
    house.host(
        "APPLICATION_REGISTER",
        json!({
            "id": GAME, "secret": "canary-right", "redirect_uris": ["https://a.example"],
        }),
    );
    let code = code(&mut house, &["rpc"]);
    let client = format!("client_id={GAME}&client_secret=canary-right");
    let grant = format!("grant_type=authorization_code&code={code}");
    for (form, status, error) in [
        (String::new(), 400, "invalid_request"),
        ("grant_type=authorization_code&code=x".into(), 400, "invalid_request"),
        (format!("{grant}&client_id=game"), 400, "invalid_request"),
        (client.clone(), 400, "invalid_request"),
        (format!("{client}&grant_type=authorization_code"), 400, "invalid_request"),
        (format!("{client}&grant_type=authorization_code&code="), 400, "invalid_request"),
        (format!("{client}&grant_type=refresh_token"), 400, "invalid_request"),
        (format!("{client}&grant_type=password&username=a"), 400, "unsupported_grant_type"),
        (format!("{grant}&client_id={GAME}"), 401, "invalid_client"),
        (format!("{grant}&client_id={GAME}&client_secret=canary-wrong"), 401, "invalid_client"),
        (format!("{client}&grant_type=authorization_code&code=canary-wrong"), 400, "invalid_grant"),
        (format!("{client}&grant_type=refresh_token&refresh_token=canary-wrong"), 400, "invalid_grant"),
        (format!("{client}&{grant}&redirect_uri=https://evil.example"), 400, "invalid_grant"),
    ] {
        let (given, reply) = house.post("/oauth2/token", &form);
        assert_eq!((given, &reply["error"]), (status, &json!(error)), "{form}");
        assert!(reply["error_description"].is_string());
        assert!(!reply.to_string().contains("canary"), "{reply}");
    }
    let (status, _) = house.post("/oauth2/token", &format!("{client}&{grant}&redirect_uri=https://a.example"));
    assert_eq!(status, 200, "none of the refusals used the code up");
}

#[test]
fn credentials_may_come_as_http_basic() {
    let mut house = House::default();
    house.host("APPLICATION_REGISTER", json!({"id": "5", "secret": "right"}));
    // "5:right" and "5:wrong"
    for (header, status) in
        [("Basic NTpyaWdodA==", 200), ("basic NTpyaWdodA", 200), ("Basic NTp3cm9uZw==", 401), ("Basic %", 400)]
    {
        let request = HttpRequest { authorization: Some(header), ..post("/oauth2/token/rpc", "") };
        assert_eq!(house.request(request).0, status, "{header}");
    }
}

#[test]
fn only_forms_are_taken() {
    let mut house = House::default();
    let body = format!("client_id={GAME}");
    for (content_type, status) in [
        (Some(FORM), 200),
        (Some("Application/X-WWW-Form-Urlencoded; charset=utf-8"), 200),
        (Some("application/json"), 400),
        (Some("text/plain"), 400),
        (None, 400),
    ] {
        let request = HttpRequest { content_type, ..post("/oauth2/token/rpc", &body) };
        assert_eq!(house.request(request).0, status, "{content_type:?}");
    }
    let request = HttpRequest { body: b"client_id=\xff", ..post("/oauth2/token/rpc", "") };
    assert_eq!(house.request(request).1["error"], "invalid_request");
}

#[test]
fn a_page_of_another_origin_gets_no_token() {
    let mut house = House::default();
    let code = code(&mut house, &["rpc"]);
    let form = format!("grant_type=authorization_code&code={code}&client_id={GAME}");
    for target in ["/oauth2/token", "/oauth2/token/rpc"] {
        for origin in ["https://evil.example", "null", "http://localhost"] {
            let request = HttpRequest { origin: Some(origin), ..post(target, &form) };
            let (status, reply) = house.request(request);
            assert_eq!((status, &reply["error"]), (400, &json!("unauthorized_client")));
        }
    }
    let request = HttpRequest { origin: Some("https://localhost"), ..post("/oauth2/token", &form) };
    assert_eq!(house.request(request).0, 200);
}

#[test]
fn everything_else_is_the_same_404() {
    let mut house = House::default();
    let mut answers = Vec::new();
    for (method, target) in [
        ("GET", "/"),
        ("GET", "/oauth2/token"),
        ("GET", "/rpc?payload=%7B%7D"),
        ("POST", "/oauth2/token/"),
        ("POST", "/oauth2//token"),
        ("POST", "/OAUTH2/token"),
        ("OPTIONS", "/oauth2/token"),
        ("PUT", "/oauth2/token"),
        ("GET", "/api"),
        ("", ""),
        ("POST", "/oauth2/token%2Frpc"),
    ] {
        let request = HttpRequest { method, ..post(target, "") };
        answers.push(house.door.handle_http(house.now, request, &mut house.world, &mut house.record));
    }
    assert_eq!((answers[0].status, answers[0].headers, answers[0].body.len()), (404, &[][..], 0));
    answers.dedup();
    assert_eq!(answers.len(), 1);
}

#[test]
fn the_token_endpoints_are_found_below_the_api_too() {
    let mut house = House::default();
    let code = code(&mut house, &["rpc"]);
    let form = format!("grant_type=authorization_code&code={code}&client_id={GAME}");
    assert_eq!(house.post("/api/v10/oauth2/token", &form).0, 200, "where Discord has it");
    assert_eq!(house.post("/api/oauth2/token/rpc", &format!("client_id={GAME}")).0, 200);
    assert_eq!(house.post("/api/v5/oauth2/token/rpc", &format!("client_id={GAME}")).0, 401, "no such version");
}

#[test]
fn a_revoked_token_closes_its_bearers() {
    for by in ["access_token", "refresh_token"] {
        let mut house = House::default();
        house.host("APPLICATION_REGISTER", json!({"id": GAME, "secret": "right"}));
        house.ipc(1);
        let code = house.done(1, authorize(&["rpc"]))["code"].clone();
        let exchange = json!({"code": code, "client_id": GAME, "client_secret": "right"});
        let token = house.host("TOKEN_EXCHANGE", exchange);
        house.done(1, authenticate(token["access_token"].as_str().unwrap()));
        let shown = token[by].as_str().unwrap();
        for (form, status) in [
            (format!("token={shown}"), 400),
            (format!("token={shown}&client_id={GAME}"), 401),
            (format!("token={shown}&client_id={GAME}&client_secret=wrong"), 401),
            (format!("client_id={GAME}&client_secret=right"), 400),
            // Another application learns nothing, and harms nobody.
            (format!("token={shown}&client_id=5"), 200),
            (format!("token=nonsense&client_id={GAME}&client_secret=right"), 200),
        ] {
            assert_eq!(house.post("/oauth2/token/revoke", &form).0, status, "{form}");
            assert_eq!(house.closed(), None, "{form}");
        }
        let form = format!("token={shown}&client_id={GAME}&client_secret=right");
        assert_eq!(house.post("/oauth2/token/revoke", &form), (200, json!({})));
        assert_eq!(house.closed(), Some((1, 4003)), "{by}");
        assert_eq!(house.post("/oauth2/token/revoke", &form), (200, json!({})), "again is no error");
    }
}

fn api<'a>(method: &'a str, target: &'a str, authorization: Option<&'a str>, body: &'a str) -> HttpRequest<'a> {
    HttpRequest {
        method,
        target,
        content_type: Some("application/json"),
        origin: None,
        authorization,
        body: body.as_bytes(),
    }
}

#[test]
fn the_api_needs_a_token_with_rpc_api() {
    let mut house = House::default();
    house.ipc(1);
    let weak = house.authenticate(1, &["rpc", "identify"]);
    let strong = house.authenticate(1, &["rpc.api"]);
    for (authorization, status) in [
        (None, 401),
        (Some("Bearer nonsense".to_owned()), 401),
        (Some(format!("Bearer {weak}")), 401),
        (Some(format!("Bot {strong}")), 401),
        (Some(format!("Bearer {strong}")), 200),
    ] {
        let (given, reply) = house.request(api("GET", "/api/users/@me", authorization.as_deref(), ""));
        assert_eq!(given, status, "{authorization:?}");
        assert!(status == 200 || reply["code"] == 40001 && reply["message"].is_string(), "{reply}");
    }
    let shown = format!("Bearer {strong}");
    for (origin, status) in
        [("https://localhost", 200), ("https://evil.example", 403), ("null", 403), ("http://localhost", 403)]
    {
        let request = HttpRequest { origin: Some(origin), ..api("GET", "/api/users/@me", Some(&shown), "") };
        assert_eq!(house.request(request).0, status, "{origin}");
    }
    house.host("TOKEN_REVOKE", json!({"access_token": strong}));
    assert_eq!(house.request(api("GET", "/api/users/@me", Some(&shown), "")).0, 401);
}

#[test]
fn what_is_passed_to_an_api_elsewhere_bears_no_token_of_ours_that_forbids_it() {
    let mut house = House::default();
    house.ipc(1);
    let weak = house.authenticate(1, &["rpc", "identify"]);
    let strong = house.authenticate(1, &["rpc.api"]);
    for (authorization, status) in [
        (None, Some(401)),
        (Some(format!("Bot {strong}")), Some(401)),
        (Some(format!("Bearer {weak}")), Some(401)),
        (Some(format!("Bearer {strong}")), None),
        (Some("Bearer of the account's own".to_owned()), None),
    ] {
        let request = api("GET", "/api/users/@me", authorization.as_deref(), "");
        let refused = house.door.passes_api(house.now, request, &house.world).err();
        assert_eq!(refused.map(|response| response.status), status, "{authorization:?}");
    }
}

#[test]
fn what_is_made_through_the_api_is_an_event_at_the_rpc_door() {
    let mut house = House::default();
    house.ipc(1);
    let token = house.authenticate(1, &["rpc", "rpc.api"]);
    let shown = format!("Bearer {token}");
    let ask = |house: &mut House, method: &str, target: &str, body: &str| {
        house.out();
        let (status, reply) = house.request(api(method, target, Some(&shown), body));
        assert!(status < 300, "{method} {target}: {status} {reply}");
        reply
    };
    house.done(1, subscribe("GUILD_CREATE"));
    house.done(1, subscribe("CHANNEL_CREATE"));
    let guild = ask(&mut house, "POST", "/api/v10/guilds", r#"{"name":"Millers"}"#);
    let seen: Vec<_> = house.sent(1).into_iter().map(|event| event["evt"].clone()).collect();
    assert_eq!(seen, ["GUILD_CREATE", "CHANNEL_CREATE", "CHANNEL_CREATE"]);
    let guild = guild["id"].as_str().unwrap().to_owned();
    let channel = ask(&mut house, "POST", &format!("/api/v10/guilds/{guild}/channels"), r#"{"name":"flour"}"#);
    let event = house.sent(1).remove(0);
    assert_eq!((&event["evt"], &event["data"]["name"]), (&json!("CHANNEL_CREATE"), &json!("flour")));
    let channel = channel["id"].as_str().unwrap().to_owned();
    // The application made it: no messages.read is needed.
    for event in ["MESSAGE_CREATE", "MESSAGE_UPDATE", "MESSAGE_DELETE"] {
        house.done(1, json!({"cmd": "SUBSCRIBE", "evt": event, "args": {"channel_id": channel}}));
    }
    let messages = format!("/api/v10/channels/{channel}/messages");
    let message = ask(&mut house, "POST", &messages, r#"{"content":"Bread!"}"#);
    let event = house.sent(1).remove(0);
    assert_eq!((&event["evt"], &event["data"]["message"]["content"]), (&json!("MESSAGE_CREATE"), &json!("Bread!")));
    assert_eq!(event["data"]["message"]["id"], message["id"]);
    let message = format!("{messages}/{}", message["id"].as_str().unwrap());
    ask(&mut house, "PATCH", &message, r#"{"content":"Rolls!"}"#);
    assert_eq!(house.sent(1).remove(0)["evt"], "MESSAGE_UPDATE");
    ask(&mut house, "DELETE", &message, "");
    assert_eq!(house.sent(1).remove(0)["evt"], "MESSAGE_DELETE");
}

#[test]
fn requests_for_the_api_have_a_rate() {
    let mut config = Config::default();
    (config.limits.commands_per_second, config.limits.commands_burst) = (10, 20);
    let mut house = House::new(config);
    house.ipc(1);
    let shown = format!("Bearer {}", house.authenticate(1, &["rpc.api"]));
    for _ in 0..20 {
        assert_eq!(house.request(api("GET", "/api/v10/users/@me", Some(&shown), "")).0, 200);
    }
    for (version, wait) in [("/v10", 1), ("/v6", 1000), ("", 1000)] {
        let target = format!("/api{version}/users/@me");
        let (status, reply) = house.request(api("GET", &target, Some(&shown), ""));
        assert_eq!((status, &reply["retry_after"]), (429, &json!(wait)), "{version}");
    }
    // Who shows nothing that is good does not use it up.
    assert_eq!(house.request(api("GET", "/api/v10/users/@me", None, "")).0, 401);
    house.wait(Duration::from_secs(1));
    assert_eq!(house.request(api("GET", "/api/v10/users/@me", Some(&shown), "")).0, 200);
}

//! The HTTP routes on the RPC port.

use gamebridge_proto::server::rpc::HttpRequest;
use serde_json::json;

use super::house::{GAME, House, authenticate, authorize};

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
        answers.push(house.door.handle_http(house.now, request, &mut house.world));
    }
    assert_eq!((answers[0].status, answers[0].headers, answers[0].body.len()), (404, &[][..], 0));
    answers.dedup();
    assert_eq!(answers.len(), 1);
}

#[test]
fn the_api_needs_rpc_api_and_is_not_there_yet() {
    let mut house = House::default();
    house.ipc(1);
    let weak = house.authenticate(1, &["rpc"]);
    let strong = house.authenticate(1, &["rpc.api"]);
    for (authorization, status) in [
        (None, 401),
        (Some("Bearer nonsense".to_owned()), 401),
        (Some(format!("Bearer {weak}")), 401),
        (Some(format!("Bot {strong}")), 401),
        (Some(format!("Bearer {strong}")), 501),
    ] {
        let request =
            HttpRequest { method: "GET", authorization: authorization.as_deref(), ..post("/api/users/@me", "") };
        let (given, reply) = house.request(request);
        assert_eq!(given, status, "{authorization:?}");
        assert!(reply["code"].is_i64() && reply["message"].is_string());
    }
}

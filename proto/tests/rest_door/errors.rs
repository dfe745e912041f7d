//! Requests that are no good, whoever asks.

use gamebridge_proto::server::rest::{self, Request, Site};
use serde_json::{Value, json};

use super::house::House;

#[test]
fn paths_methods_and_ids_that_are_none_are_refused() {
    let mut house = House::default();
    for (method, path, expected) in [
        ("GET", "/nowhere", (404, 0)),
        ("GET", "/gateway", (404, 0)),
        ("GET", "/", (404, 0)),
        ("GET", "", (404, 0)),
        ("GET", "/users/@me/", (404, 0)),
        ("DELETE", "/users/@me", (405, 0)),
        ("POST", "/channels/5", (405, 0)),
        ("GET", "/channels/5", (404, 10003)),
        ("GET", "/channels/0", (404, 10003)),
        ("GET", "/channels/x", (400, 50035)),
        ("GET", "/channels/-5", (400, 50035)),
        ("GET", "/channels/+5", (400, 50035)),
        ("GET", "/channels/5%30", (400, 50035)),
        ("GET", "/channels/99999999999999999999", (400, 50035)),
        ("GET", "/channels/18446744073709551615", (404, 10003)),
        ("GET", "/guilds/5", (404, 10004)),
    ] {
        assert_eq!(house.refused(method, path, Value::Null), expected, "{method} {path}");
    }
}

#[test]
fn bodies_that_are_no_json_are_refused() {
    let mut house = House::default();
    let mut ask = |content_type: Option<&str>, body: &[u8]| {
        let request = Request { method: "POST", path: "/api/v10/guilds", query: "", content_type, body };
        let response =
            rest::handle(house.now, request, &house.caller, &Site::default(), &mut house.world, &mut Vec::new());
        let reply: Value = serde_json::from_slice(&response.body).unwrap();
        (response.status, reply["code"].as_i64().unwrap())
    };
    let json = Some("application/json");
    for (content_type, body, expected) in [
        (json, &br#"{"name":"#[..], (400, 50109)),
        (json, b"[]", (400, 50109)),
        (json, b"\"text\"", (400, 50109)),
        (json, b"{\"name\":\"\xff\xff\"}", (400, 50109)),
        (json, &[b'['; 1000], (400, 50109)),
        (json, b"", (400, 50035)),
        (None, br#"{"name":"Millers"}"#, (400, 50035)),
        (Some("text/plain"), br#"{"name":"Millers"}"#, (400, 50035)),
        (Some("application/x-www-form-urlencoded"), b"name=Millers", (400, 50035)),
    ] {
        assert_eq!(ask(content_type, body), expected, "{content_type:?} {}", String::from_utf8_lossy(body));
    }
    assert!(house.world.guilds().next().is_none(), "none of them made anything");
}

#[test]
fn fields_of_the_wrong_kind_are_named() {
    let mut house = House::default();
    let guild = house.guild();
    let path = format!("/guilds/{guild}/channels");
    for (body, field) in [
        (json!({"name": 5}), "name"),
        (json!({"name": "ok", "bitrate": 5}), "bitrate"),
        (json!({"name": "ok", "type": 4}), "type"),
        (json!({"name": "ok", "user_limit": 100}), "user_limit"),
        (json!({"name": "ok", "topic": "x".repeat(1025)}), "topic"),
        (json!({"name": "ok", "permission_overwrites": [{"id": "1", "type": "ghost"}]}), "permission_overwrites"),
        (json!({"name": "ok", "permission_overwrites": [{"type": 0}]}), "permission_overwrites"),
    ] {
        let (status, reply) = house.ask("POST", &format!("/api/v10{path}"), body.clone());
        assert_eq!((status, &reply["code"]), (400, &json!(50035)), "{body}");
        assert!(reply["errors"][field].is_object(), "{body}: {reply}");
    }
}

//! What differs from one version of the API to the next.

use serde_json::{Value, json};

use super::house::{House, text};

#[test]
fn permissions_and_overwrites_are_written_as_each_version_does() {
    let mut house = House::default();
    let (guild, channel) = house.text_channel();
    let mason = house.user("Mason");
    house.joins(&guild, mason);
    let put = format!("/channels/{channel}/permissions/{mason}");
    house.gets(204, "PUT", &put, json!({"type": 1, "allow": "1024", "deny": "2048"}));
    for (version, numbers, texts) in [
        ("", true, None),
        ("/v6", true, None),
        ("/v7", true, Some("_new")),
        ("/v8", false, Some("")),
        ("/v9", false, Some("")),
        ("/v10", false, Some("")),
    ] {
        let (status, seen) = house.ask("GET", &format!("/api{version}/channels/{channel}"), Value::Null);
        assert_eq!(status, 200);
        let overwrite = &seen["permission_overwrites"][0];
        let kind = if numbers { json!("member") } else { json!(1) };
        assert_eq!(overwrite["type"], kind, "{version}");
        if numbers {
            assert_eq!((&overwrite["allow"], &overwrite["deny"]), (&json!(1024), &json!(2048)), "{version}");
        }
        if let Some(suffix) = texts {
            assert_eq!(overwrite[format!("allow{suffix}")], "1024", "{version}");
            assert_eq!(overwrite[format!("deny{suffix}")], "2048", "{version}");
        }
        let (_, seen) = house.ask("GET", &format!("/api{version}/guilds/{guild}"), Value::Null);
        assert_eq!(seen["roles"][0]["permissions"].is_number(), numbers, "{version}");
        assert_eq!(seen.get("embed_enabled").is_some(), numbers, "{version}");
        assert_eq!(seen.get("widget_enabled").is_some(), !numbers, "{version}");
        assert_eq!(text(&seen["id"]), guild, "ids are texts always");
    }
}

#[test]
fn a_form_that_is_wrong_names_the_field_as_each_version_does() {
    let mut house = House::default();
    for version in ["/v8", "/v9", "/v10"] {
        let (status, reply) = house.ask("POST", &format!("/api{version}/guilds"), json!({"name": "x"}));
        assert_eq!((status, &reply["code"], &reply["message"]), (400, &json!(50035), &json!("Invalid Form Body")));
        let told = &reply["errors"]["name"]["_errors"][0];
        assert_eq!(told["message"], "2 to 100 characters expected, 1 given");
        assert!(told["code"].is_string());
    }
    for version in ["", "/v6", "/v7"] {
        let (status, reply) = house.ask("POST", &format!("/api{version}/guilds"), json!({}));
        assert_eq!((status, &reply["code"]), (400, &json!(50035)));
        assert_eq!(reply["name"], json!(["2 to 100 characters expected, nothing given"]));
    }
}

#[test]
fn versions_that_are_not_spoken_are_refused() {
    let mut house = House::default();
    for version in ["v1", "v3", "v5", "v11", "v999", "v06"] {
        let (status, reply) = house.ask("GET", &format!("/api/{version}/users/@me"), Value::Null);
        assert_eq!((status, &reply["code"]), (400, &json!(50041)), "{version}");
    }
}

#[test]
fn version_10_takes_embeds_only() {
    let mut house = House::default();
    let (_, channel) = house.text_channel();
    let body = json!({"content": "x", "embed": {"title": "Bread"}});
    let path = |version: &str| format!("/api/{version}/channels/{channel}/messages");
    assert_eq!(house.ask("POST", &path("v9"), body.clone()).1["embeds"], json!([{"title": "Bread"}]));
    assert_eq!(house.ask("POST", &path("v10"), body).1["embeds"], json!([]));
}

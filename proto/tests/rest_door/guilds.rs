//! Users, guilds, channels, members and roles.

use gamebridge_proto::world::Change;
use serde_json::{Value, json};

use super::house::{GAME, House, text};

#[test]
fn the_user_is_whom_the_token_is_for() {
    let mut house = House::default();
    let me = house.get("/users/@me");
    assert_eq!((&me["username"], &me["bot"], &me["verified"]), (&json!("Guest"), &json!(false), &json!(true)));
    let other = house.user("Mason");
    let seen = house.get(&format!("/users/{other}"));
    assert_eq!((&seen["username"], &seen["verified"]), (&json!("Mason"), &Value::Null));
    assert_eq!(house.refused("GET", "/users/5", Value::Null), (404, 10013));
}

#[test]
fn a_guild_is_made_changed_and_deleted() {
    let mut house = House::default();
    let guild = house.gets(201, "POST", "/guilds", json!({"name": " The   Millers "}));
    assert_eq!(guild["name"], "The Millers", "trimmed, as every name");
    assert_eq!(guild["application_id"], GAME.to_string(), "marked as the application's");
    assert_eq!(guild["owner_id"], house.get("/users/@me")["id"]);
    assert_eq!(guild["roles"][0]["name"], "@everyone");
    let id = text(&guild["id"]);
    assert!(house.changes.iter().flat_map(|changes| changes.iter()).any(|c| matches!(c, Change::GuildCreated(_))));

    let listed = house.get("/users/@me/guilds");
    assert_eq!((&listed[0]["id"], &listed[0]["owner"]), (&guild["id"], &json!(true)));
    let changed = house.gets(200, "PATCH", &format!("/guilds/{id}"), json!({"name": "Bakers", "icon": "a1"}));
    assert_eq!((&changed["name"], &changed["icon"]), (&json!("Bakers"), &json!("a1")));
    let changed = house.gets(200, "PATCH", &format!("/guilds/{id}"), json!({"icon": null}));
    assert_eq!((&changed["name"], &changed["icon"]), (&json!("Bakers"), &Value::Null));
    house.gets(204, "DELETE", &format!("/guilds/{id}"), Value::Null);
    assert_eq!(house.refused("GET", &format!("/guilds/{id}"), Value::Null), (404, 10004));
    assert_eq!(house.get("/users/@me/guilds"), json!([]));
}

#[test]
fn a_guild_begins_with_a_text_and_a_voice_channel_and_gets_more() {
    let mut house = House::default();
    let guild = house.guild();
    let path = format!("/guilds/{guild}/channels");
    let kinds: Vec<i64> =
        house.get(&path).as_array().unwrap().iter().map(|channel| channel["type"].as_i64().unwrap()).collect();
    assert_eq!(kinds, [0, 2]);
    let voice = house.gets(201, "POST", &path, json!({"name": "Mill", "type": "voice", "bitrate": 96000}));
    assert_eq!((&voice["type"], &voice["bitrate"], &voice["user_limit"]), (&json!(2), &json!(96000), &json!(0)));
    let channel = house.gets(201, "POST", &path, json!({"name": "flour", "topic": "white"}));
    assert_eq!((&channel["type"], &channel["topic"]), (&json!(0), &json!("white")));
    let path = format!("/channels/{}", text(&channel["id"]));
    let changed = house.gets(200, "PATCH", &path, json!({"name": "grain", "topic": null, "position": 7}));
    assert_eq!((&changed["name"], &changed["topic"], &changed["position"]), (&json!("grain"), &Value::Null, &json!(7)));
    assert_eq!(house.refused("PUT", &path, json!({"topic": "x"})), (400, 50035));
    house.gets(200, "PUT", &path, json!({"name": "wheat"}));
    assert_eq!(house.gets(200, "DELETE", &path, Value::Null)["name"], "wheat");
    assert_eq!(house.refused("GET", &path, Value::Null), (404, 10003));
}

#[test]
fn guilds_are_listed_in_pages() {
    let mut house = House::default();
    let ids: Vec<String> = (0..5).map(|_| house.guild()).collect();
    for (query, expected) in [
        ("", &ids[..]),
        ("?limit=2", &ids[..2]),
        (&format!("?after={}", ids[2]), &ids[3..]),
        (&format!("?before={}&limit=2", ids[3]), &ids[1..3]),
    ] {
        let listed = house.get(&format!("/users/@me/guilds{query}"));
        let listed: Vec<String> = listed.as_array().unwrap().iter().map(|guild| text(&guild["id"])).collect();
        assert_eq!(listed, expected, "{query}");
    }
}

#[test]
fn an_application_that_is_not_approved_makes_ten_guilds_and_ten_channels() {
    let mut house = House::default();
    house.calls_as_unapproved(77);
    let guild = house.guild();
    for _ in 1..10 {
        house.guild();
    }
    assert_eq!(house.refused("POST", "/guilds", json!({"name": "Too many"})), (400, 30001));
    let path = format!("/guilds/{guild}/channels");
    let mut made = 0;
    let refused = loop {
        let (status, reply) = house.ask("POST", &format!("/api/v10{path}"), json!({"name": "more"}));
        match status {
            201 => made += 1,
            _ => break (status, reply["code"].as_i64()),
        }
    };
    assert_eq!((made, refused), (10, (400, Some(30013))));
    house.caller.application = Some(GAME.into());
    house.guild();
    house.gets(201, "POST", &path, json!({"name": "approved"}));
}

#[test]
fn direct_messages_with_the_same_user_are_the_ones_there_are() {
    let mut house = House::default();
    let (mason, smith) = (house.user("Mason"), house.user("Smith"));
    let first = house.gets(200, "POST", "/users/@me/channels", json!({"recipient_id": mason.to_string()}));
    assert_eq!((&first["type"], &first["recipients"][0]["username"]), (&json!(1), &json!("Mason")));
    assert_eq!(first["recipients"].as_array().unwrap().len(), 1, "the others");
    let again = house.gets(200, "POST", "/users/@me/channels", json!({"recipients": [mason.to_string()]}));
    assert_eq!(first["id"], again["id"]);
    let both = json!({"recipients": [mason.to_string(), smith.to_string()]});
    let group = house.gets(200, "POST", "/users/@me/channels", both);
    assert_eq!(group["type"], 3);
    assert_eq!(house.get("/users/@me/channels").as_array().unwrap().len(), 2);
    assert_eq!(house.refused("POST", "/users/@me/channels", json!({"recipient_id": "5"})), (400, 50033));
    assert_eq!(house.refused("POST", "/users/@me/channels", json!({})), (400, 50035));
    let path = format!("/channels/{}", text(&first["id"]));
    assert_eq!(house.refused("DELETE", &path, Value::Null), (403, 50003));
}

#[test]
fn members_are_listed_by_id_changed_and_put_out() {
    let mut house = House::default();
    let guild = house.guild();
    let (mason, smith) = (house.user("Mason"), house.user("Smith"));
    house.joins(&guild, mason);
    house.joins(&guild, smith);
    let path = format!("/guilds/{guild}/members");
    assert_eq!(house.get(&path).as_array().unwrap().len(), 1, "one unless more are asked for");
    let page = house.get(&format!("{path}?limit=2&after={}", house.caller.user));
    let names: Vec<_> = page.as_array().unwrap().iter().map(|member| text(&member["user"]["username"])).collect();
    assert_eq!(names, ["Mason", "Smith"]);
    let of = format!("{path}/{mason}");
    let changed = house.gets(200, "PATCH", &of, json!({"nick": "Stone", "mute": true}));
    assert_eq!((&changed["nick"], &changed["mute"], &changed["deaf"]), (&json!("Stone"), &json!(true), &json!(false)));
    assert_eq!(house.gets(200, "PATCH", &of, json!({"nick": ""}))["nick"], Value::Null);
    assert_eq!(house.gets(200, "PATCH", &format!("{path}/@me"), json!({"nick": "Boss"}))["nick"], "Boss");
    house.gets(204, "DELETE", &of, Value::Null);
    assert_eq!(house.refused("GET", &of, Value::Null), (404, 10007));
    let own = format!("{path}/{}", house.caller.user);
    assert_eq!(house.refused("DELETE", &own, Value::Null), (403, 50013), "an owner stays");
    assert_eq!(house.refused("DELETE", &format!("/users/@me/guilds/{guild}"), Value::Null).0, 400);
}

#[test]
fn roles_are_made_given_and_deleted() {
    let mut house = House::default();
    let guild = house.guild();
    let mason = house.user("Mason");
    house.joins(&guild, mason);
    let path = format!("/guilds/{guild}/roles");
    let role = house.gets(200, "POST", &path, json!({"name": "Baker", "permissions": "2048", "color": 255}));
    assert_eq!((&role["name"], &role["permissions"], &role["color"]), (&json!("Baker"), &json!("2048"), &json!(255)));
    assert_eq!(house.gets(200, "POST", &path, json!({}))["name"], "new role");
    let id = text(&role["id"]);
    let member = format!("/guilds/{guild}/members/{mason}");
    assert_eq!(house.gets(200, "PATCH", &member, json!({"roles": [id]}))["roles"], json!([id]));
    assert_eq!(house.refused("PATCH", &member, json!({"roles": ["5"]})), (404, 10011));
    assert_eq!(house.gets(200, "PATCH", &format!("{path}/{id}"), json!({"name": "Cook"}))["name"], "Cook");
    house.gets(204, "DELETE", &format!("{path}/{id}"), Value::Null);
    assert_eq!(house.get(&path).as_array().unwrap().len(), 2);
    assert_eq!(house.refused("DELETE", &format!("{path}/{id}"), Value::Null), (404, 10011));
}

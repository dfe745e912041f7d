//! Who may what: computed by the world, asked here.

use serde_json::{Value, json};

use super::house::{House, text};

#[test]
fn strangers_see_nothing_of_a_guild() {
    let mut house = House::default();
    let (guild, channel) = house.text_channel();
    let mason = house.user("Mason");
    house.acts_as(mason);
    for (method, path, body) in [
        ("GET", format!("/guilds/{guild}"), Value::Null),
        ("PATCH", format!("/guilds/{guild}"), json!({"name": "Mine"})),
        ("DELETE", format!("/guilds/{guild}"), Value::Null),
        ("GET", format!("/guilds/{guild}/channels"), Value::Null),
        ("GET", format!("/guilds/{guild}/members"), Value::Null),
        ("GET", format!("/guilds/{guild}/roles"), Value::Null),
    ] {
        assert_eq!(house.refused(method, &path, body), (404, 10004), "{method} {path}");
    }
    for (method, path, body) in [
        ("GET", format!("/channels/{channel}"), Value::Null),
        ("GET", format!("/channels/{channel}/messages"), Value::Null),
        ("POST", format!("/channels/{channel}/messages"), json!({"content": "x"})),
        ("DELETE", format!("/channels/{channel}"), Value::Null),
    ] {
        assert_eq!(house.refused(method, &path, body), (403, 50001), "{method} {path}");
    }
    assert_eq!(house.get("/users/@me/guilds"), json!([]));
}

#[test]
fn members_may_what_their_roles_say() {
    let mut house = House::default();
    let (guild, channel) = house.text_channel();
    let mason = house.user("Mason");
    house.joins(&guild, mason);
    let role = house.gets(200, "POST", &format!("/guilds/{guild}/roles"), json!({"permissions": "16"}));
    let role = text(&role["id"]);
    house.acts_as(mason);
    let (guild_path, channel_path) = (format!("/guilds/{guild}"), format!("/channels/{channel}"));
    let attempts = [
        ("PATCH", guild_path.clone(), json!({"name": "Mine"})),
        ("DELETE", guild_path.clone(), Value::Null),
        ("POST", format!("{guild_path}/channels"), json!({"name": "more"})),
        ("PATCH", channel_path.clone(), json!({"name": "mine"})),
        ("DELETE", channel_path.clone(), Value::Null),
        ("POST", format!("{guild_path}/roles"), json!({})),
        ("DELETE", format!("{guild_path}/roles/{role}"), Value::Null),
        ("PUT", format!("{channel_path}/permissions/{role}"), json!({"type": 0})),
        ("DELETE", format!("{guild_path}/members/{mason}"), Value::Null),
        ("PATCH", format!("{guild_path}/members/{mason}"), json!({"roles": [role]})),
    ];
    for (method, path, body) in &attempts {
        assert_eq!(house.refused(method, path, body.clone()), (403, 50013), "{method} {path}");
    }
    house.acts_as_owner();
    house.gets(200, "PATCH", &format!("{guild_path}/members/{mason}"), json!({"roles": [role]}));
    house.acts_as(mason);
    house.gets(201, "POST", &format!("{guild_path}/channels"), json!({"name": "more"}));
    house.gets(200, "PATCH", &channel_path, json!({"name": "mine"}));
    assert_eq!(house.refused("PATCH", &guild_path, json!({"name": "Mine"})), (403, 50013), "one permission is one");
}

#[test]
fn nobody_gives_what_they_have_not_got_nor_to_who_stands_above() {
    let mut house = House::default();
    let (guild, channel) = house.text_channel();
    let mason = house.user("Mason");
    house.joins(&guild, mason);
    let roles = format!("/guilds/{guild}/roles");
    let warden = text(&house.gets(200, "POST", &roles, json!({"permissions": (1 << 28).to_string()}))["id"]);
    let above = text(&house.gets(200, "POST", &roles, json!({"permissions": "0"}))["id"]);
    house.gets(200, "PATCH", &format!("{roles}/{warden}"), json!({"position": 1}));
    house.gets(200, "PATCH", &format!("{roles}/{above}"), json!({"position": 9}));
    house.gets(200, "PATCH", &format!("/guilds/{guild}/members/{mason}"), json!({"roles": [warden]}));
    house.acts_as(mason);
    assert_eq!(house.refused("POST", &roles, json!({"permissions": "8"})), (403, 50013));
    assert_eq!(house.refused("PATCH", &format!("{roles}/{above}"), json!({"name": "x"})), (403, 50013));
    assert_eq!(house.refused("DELETE", &format!("{roles}/{warden}"), Value::Null), (403, 50013), "one's own highest");
    let put = format!("/channels/{channel}/permissions/{mason}");
    assert_eq!(house.refused("PUT", &put, json!({"type": 1, "allow": "8"})), (403, 50013));
}

#[test]
fn overwrites_hide_a_channel_from_a_member() {
    let mut house = House::default();
    let (guild, channel) = house.text_channel();
    let mason = house.user("Mason");
    house.joins(&guild, mason);
    let path = format!("/channels/{channel}/permissions/{mason}");
    house.gets(204, "PUT", &path, json!({"type": "member", "deny": 1024}));
    let overwrite = house.get(&format!("/channels/{channel}"))["permission_overwrites"][0].clone();
    assert_eq!(overwrite, json!({"id": mason.to_string(), "type": 1, "allow": "0", "deny": "1024"}));
    house.acts_as(mason);
    assert_eq!(house.refused("GET", &format!("/channels/{channel}"), Value::Null), (403, 50001));
    let listed = house.get(&format!("/guilds/{guild}/channels"));
    assert_eq!(listed.as_array().unwrap().len(), 1, "only the other one");
    house.acts_as_owner();
    house.gets(204, "DELETE", &path, Value::Null);
    assert_eq!(house.refused("DELETE", &path, Value::Null), (404, 10009));
    assert_eq!(house.refused("PUT", &format!("/channels/{channel}/permissions/5"), json!({"type": 0})), (404, 10009));
    assert_eq!(house.refused("PUT", &path, json!({"type": "ghost"})), (400, 50035));
    house.acts_as(mason);
    house.get(&format!("/channels/{channel}"));
}

#[test]
fn a_token_opens_what_its_scopes_say() {
    let mut house = House::default();
    house.guild();
    house.scopes(&["identify"]);
    house.get("/users/@me");
    assert_eq!(house.refused("GET", "/users/@me/guilds", Value::Null), (403, 50026));
    assert_eq!(house.refused("POST", "/guilds", json!({"name": "More"})), (403, 50026));
    house.scopes(&["guilds"]);
    house.get("/users/@me/guilds");
    assert_eq!(house.refused("GET", "/users/@me", Value::Null), (403, 50026));
}

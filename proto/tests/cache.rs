//! What a Gateway connection keeps of what it has seen: each event that changes it, what each command answers, and what goes when
//! there is no room.

use gamebridge_proto::cache::{Cache, takes};
use gamebridge_proto::random::Random;
use gamebridge_proto::wire::gateway::CACHE_COMMANDS;
use serde_json::{Value, json};

const ROOM: usize = 1 << 20;

struct Seen(Cache);

impl Seen {
    fn with(bytes: usize) -> Seen {
        Seen(Cache::new(bytes))
    }

    /// READY for a guild that comes after it, with two members, a role, a text and a voice channel, and somebody in voice.
    fn harbour() -> Seen {
        let mut seen = Seen::with(ROOM);
        seen.take("READY", ready(&[guild_id(10)]));
        seen.take("GUILD_CREATE", harbour());
        seen
    }

    fn take(&mut self, name: &str, data: Value) {
        self.take_of((0, 1), name, data);
    }

    fn take_of(&mut self, shard: (u32, u32), name: &str, data: Value) {
        self.0.take(shard, name, data.to_string().as_bytes());
        assert!(self.0.bytes() <= self.ask("CACHED_STATE", json!({}))["most_bytes"].as_u64().unwrap() as usize);
    }

    fn ask(&self, name: &str, args: Value) -> Value {
        assert!(takes(name));
        let data = self.0.ask(name, args.to_string().as_bytes()).unwrap_or_else(|error| panic!("{name}: {error}"));
        serde_json::from_slice(&data).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    fn guild(&self) -> Value {
        self.ask("CACHED_GUILD", json!({"guild_id": "10"}))
    }

    fn of(&self, what: &str) -> Vec<Value> {
        let name = format!("CACHED_{}", what.to_uppercase());
        let reply = self.ask(&name, json!({"guild_id": "10"}));
        reply[what].as_array().unwrap().clone()
    }

    fn member(&self, user: &str) -> Value {
        self.ask("CACHED_MEMBER", json!({"guild_id": "10", "user_id": user}))
    }
}

fn guild_id(id: u64) -> Value {
    json!({"id": id.to_string(), "unavailable": true})
}

fn ready(guilds: &[Value]) -> Value {
    json!({"v": 10, "user": {"id": "1", "username": "bot"}, "guilds": guilds, "session_id": "s"})
}

fn harbour() -> Value {
    json!({
        "id": "10", "name": "Harbour", "owner_id": "2", "member_count": 2, "emojis": [{"id": "7"}], "new_thing": {"a": [1, null]},
        "roles": [{"id": "10", "name": "@everyone", "permissions": "8"}],
        "channels": [{"id": "11", "type": 0, "name": "quay"}, {"id": "12", "type": 2, "name": "bridge"}],
        "threads": [{"id": "13", "type": 11, "name": "knots", "parent_id": "11"}],
        "members": [
            {"user": {"id": "1", "username": "bot"}, "roles": [], "joined_at": "then"},
            {"user": {"id": "2", "username": "ada"}, "roles": ["14"], "nick": "Skipper", "joined_at": "then"},
        ],
        "voice_states": [{"user_id": "2", "channel_id": "12", "self_mute": false}],
        "presences": [{"user": {"id": "2"}, "status": "idle", "activities": []}],
    })
}

#[test]
fn a_guild_is_kept_in_its_parts() {
    let seen = Seen::harbour();
    let guild = seen.guild();
    let own = json!({
        "id": "10", "name": "Harbour", "owner_id": "2", "member_count": 2, "emojis": [{"id": "7"}], "new_thing": {"a": [1, null]},
    });
    assert_eq!((&guild["guild"], &guild["unavailable"]), (&own, &json!(false)), "what is not known of is kept too");
    let counts: Vec<_> =
        ["channels", "roles", "members", "voice_states", "presences"].map(|kind| guild[kind].clone()).into();
    assert_eq!(counts, [3, 1, 2, 1, 1]);
    let names: Vec<_> = seen.of("channels").iter().map(|channel| channel["name"].clone()).collect();
    assert_eq!(names, ["quay", "bridge", "knots"]);
    assert!(seen.of("channels").iter().all(|channel| channel["guild_id"] == "10"), "each says where it is");
    assert_eq!(seen.of("roles")[0]["permissions"], "8");
    let ada = seen.member("2");
    assert_eq!((&ada["member"]["nick"], &ada["presence"]["status"]), (&json!("Skipper"), &json!("idle")));
    assert_eq!(ada["voice_state"]["channel_id"], "12");
    assert_eq!(seen.member("1")["voice_state"], Value::Null);
    assert_eq!(seen.ask("CACHED_USER", json!({}))["username"], "bot");
    assert_eq!(seen.ask("CACHED_CHANNEL", json!({"channel_id": 12}))["name"], "bridge");
    assert_eq!(seen.ask("CACHED_GUILDS", json!({}))["guilds"].as_array().unwrap().len(), 1);
}

/// Each event, and what is there after it.
#[test]
fn every_event_changes_what_it_says() {
    type Look = fn(&Seen) -> Value;
    let member = |seen: &Seen| seen.member("2")["member"].clone();
    let cases: [(&str, Value, Look, Value); 24] = [
        (
            "GUILD_UPDATE",
            json!({"id": "10", "name": "Port", "roles": []}),
            |seen| seen.guild()["guild"]["name"].clone(),
            json!("Port"),
        ),
        (
            "GUILD_UPDATE",
            json!({"id": "10", "name": "Port"}),
            |seen| seen.guild()["guild"]["member_count"].clone(),
            json!(2),
        ),
        (
            "GUILD_UPDATE",
            json!({"id": "10", "roles": [{"id": "10", "permissions": "9"}]}),
            |seen| seen.of("roles")[0]["permissions"].clone(),
            json!("9"),
        ),
        (
            "GUILD_EMOJIS_UPDATE",
            json!({"guild_id": "10", "emojis": []}),
            |seen| {
                json!([seen.guild()["guild"]["emojis"], seen.guild()["guild"]["id"], seen.guild()["guild"]["guild_id"]])
            },
            json!([[], "10", null]),
        ),
        (
            "CHANNEL_CREATE",
            json!({"id": "20", "guild_id": "10", "name": "x"}),
            |seen| json!(seen.of("channels").len()),
            json!(4),
        ),
        (
            "CHANNEL_UPDATE",
            json!({"id": "11", "guild_id": "10", "name": "pier"}),
            |seen| json!([seen.of("channels")[0]["name"], seen.of("channels")[0]["type"]]),
            json!(["pier", 0]),
        ),
        ("CHANNEL_DELETE", json!({"id": "11", "guild_id": "10"}), |seen| json!(seen.of("channels").len()), json!(2)),
        (
            "THREAD_CREATE",
            json!({"id": "21", "guild_id": "10", "type": 11}),
            |seen| json!(seen.of("channels").len()),
            json!(4),
        ),
        ("THREAD_DELETE", json!({"id": "13", "guild_id": "10"}), |seen| json!(seen.of("channels").len()), json!(2)),
        (
            "THREAD_LIST_SYNC",
            json!({"guild_id": "10", "threads": [{"id": "22"}, {"id": "23"}]}),
            |seen| json!(seen.of("channels").len()),
            json!(5),
        ),
        (
            "GUILD_ROLE_CREATE",
            json!({"guild_id": "10", "role": {"id": "14", "name": "pilots"}}),
            |seen| seen.of("roles")[1]["name"].clone(),
            json!("pilots"),
        ),
        (
            "GUILD_ROLE_UPDATE",
            json!({"guild_id": "10", "role": {"id": "10", "permissions": "0"}}),
            |seen| json!([seen.of("roles")[0]["permissions"], seen.of("roles")[0]["name"]]),
            json!(["0", "@everyone"]),
        ),
        (
            "GUILD_ROLE_DELETE",
            json!({"guild_id": "10", "role_id": "10"}),
            |seen| json!(seen.of("roles").len()),
            json!(0),
        ),
        (
            "GUILD_MEMBER_ADD",
            json!({"guild_id": "10", "user": {"id": "3"}, "roles": []}),
            |seen| json!([seen.of("members").len(), seen.guild()["guild"]["member_count"]]),
            json!([3, 3]),
        ),
        (
            "GUILD_MEMBER_UPDATE",
            json!({"guild_id": "10", "user": {"id": "2", "username": "ada"}, "nick": null, "roles": []}),
            |seen| json!([seen.member("2")["member"]["nick"], seen.member("2")["member"]["joined_at"]]),
            json!([null, "then"]),
        ),
        (
            "GUILD_MEMBER_REMOVE",
            json!({"guild_id": "10", "user": {"id": "2"}}),
            |seen| json!([seen.member("2"), seen.guild()["guild"]["member_count"]]),
            json!([{"member": null, "presence": null, "voice_state": null}, 1]),
        ),
        (
            "GUILD_MEMBERS_CHUNK",
            json!({"guild_id": "10", "members": [{"user": {"id": "4"}}], "presences": [{"user": {"id": "4"}, "status": "dnd"}]}),
            |seen| json!([seen.member("4")["member"]["guild_id"], seen.member("4")["presence"]["status"]]),
            json!(["10", "dnd"]),
        ),
        (
            "VOICE_STATE_UPDATE",
            json!({"guild_id": "10", "user_id": "1", "channel_id": "12", "member": {"user": {"id": "1"}}}),
            |seen| json!([seen.member("1")["voice_state"]["channel_id"], seen.member("1")["voice_state"]["member"]]),
            json!(["12", null]),
        ),
        (
            "VOICE_STATE_UPDATE",
            json!({"guild_id": "10", "user_id": "2", "channel_id": null}),
            |seen| seen.member("2")["voice_state"].clone(),
            json!(null),
        ),
        (
            "PRESENCE_UPDATE",
            json!({"guild_id": "10", "user": {"id": "2"}, "status": "online"}),
            |seen| json!([seen.member("2")["presence"]["status"], seen.member("2")["presence"]["activities"]]),
            json!(["online", []]),
        ),
        (
            "PRESENCE_UPDATE",
            json!({"guild_id": "10", "user": {"id": "2"}, "status": "offline"}),
            |seen| seen.member("2")["presence"].clone(),
            json!(null),
        ),
        (
            "USER_UPDATE",
            json!({"id": "1", "username": "robot"}),
            |seen| seen.ask("CACHED_USER", json!({}))["username"].clone(),
            json!("robot"),
        ),
        (
            "GUILD_DELETE",
            json!({"id": "10"}),
            |seen| json!([seen.guild()["guild"], seen.guild()["unavailable"]]),
            json!([null, false]),
        ),
        (
            "GUILD_DELETE",
            json!({"id": "10", "unavailable": true}),
            |seen| {
                json!([
                    seen.guild()["guild"],
                    seen.guild()["unavailable"],
                    seen.ask("CACHED_STATE", json!({}))["unavailable"]
                ])
            },
            json!([null, true, ["10"]]),
        ),
    ];
    for (name, data, look, expected) in cases {
        let mut seen = Seen::harbour();
        seen.take(name, data.clone());
        assert_eq!(look(&seen), expected, "{name} {data}");
    }
    // What it does not know of changes nothing.
    for name in ["MESSAGE_CREATE", "TYPING_START", "SOMETHING_NEW", ""] {
        let mut seen = Seen::harbour();
        let (bytes, before) = (seen.0.bytes(), member(&seen));
        seen.take(name, harbour());
        assert_eq!((seen.0.bytes(), member(&seen)), (bytes, before), "{name}");
    }
}

#[test]
fn guilds_that_are_announced_or_away_are_kept_apart() {
    let mut seen = Seen::with(ROOM);
    seen.take("READY", ready(&[guild_id(10), guild_id(30)]));
    assert_eq!(seen.ask("CACHED_STATE", json!({}))["unavailable"], json!(["10", "30"]));
    assert_eq!((&seen.guild()["guild"], &seen.guild()["unavailable"]), (&Value::Null, &json!(true)));
    seen.take("GUILD_CREATE", harbour());
    assert_eq!(seen.ask("CACHED_STATE", json!({}))["unavailable"], json!(["30"]));
    seen.take("GUILD_DELETE", json!({"id": "10", "unavailable": true}));
    assert_eq!(seen.of("members"), [] as [Value; 0], "nothing about it can be had");
    seen.take("GUILD_MEMBER_ADD", json!({"guild_id": "10", "user": {"id": "3"}}));
    assert_eq!(seen.of("members"), [] as [Value; 0]);
    seen.take("GUILD_CREATE", harbour());
    assert_eq!(seen.of("members").len(), 2);
}

/// A session that begins anew knows of nothing that was before; of other shards' guilds it says nothing.
#[test]
fn ready_begins_anew_for_its_own_shard() {
    let (even, odd) = (2u64 << 22, 3u64 << 22);
    let mut seen = Seen::with(ROOM);
    for (shard, id) in [(0, even), (1, odd)] {
        seen.take_of((shard, 2), "READY", ready(&[guild_id(id)]));
        seen.take("GUILD_CREATE", json!({"id": id.to_string(), "name": "x", "members": [{"user": {"id": "5"}}]}));
    }
    assert_eq!(seen.ask("CACHED_STATE", json!({}))["guilds"], 2);
    seen.take_of((1, 2), "READY", ready(&[]));
    let left = seen.ask("CACHED_GUILDS", json!({}));
    assert_eq!(left["guilds"][0]["id"], json!(even.to_string()));
    assert_eq!(left["guilds"].as_array().unwrap().len(), 1);
}

/// Version 3 and user accounts have whole guilds, and direct messages, in READY.
#[test]
fn ready_may_have_it_all() {
    let mut seen = Seen::with(ROOM);
    let mut all = ready(&[harbour()]);
    all["private_channels"] = json!([{"id": "90", "type": 1, "recipients": [{"id": "2"}]}]);
    seen.take("READY", all.clone());
    assert_eq!(seen.of("members").len(), 2);
    let direct = seen.ask("CACHED_CHANNELS", json!({}));
    assert_eq!((&direct["channels"][0]["id"], &direct["channels"][0]["guild_id"]), (&json!("90"), &Value::Null));
    seen.take("CHANNEL_CREATE", json!({"id": "91", "type": 1}));
    assert_eq!(seen.ask("CACHED_CHANNELS", json!({}))["channels"].as_array().unwrap().len(), 2);
    assert_eq!(seen.ask("CACHED_STATE", json!({}))["guilds"], 1, "they are in none");
    seen.take("CHANNEL_DELETE", json!({"id": "90"}));
    assert_eq!(seen.ask("CACHED_CHANNEL", json!({"channel_id": "90"})), Value::Null);
    seen.take("READY", ready(&[]));
    assert_eq!(seen.ask("CACHED_CHANNELS", json!({}))["channels"], json!([]));
}

#[test]
fn lists_come_in_pages() {
    let mut seen = Seen::with(ROOM);
    let members: Vec<_> = (1..=2500).map(|id| json!({"user": {"id": id.to_string()}})).collect();
    seen.take("GUILD_CREATE", json!({"id": "10", "members": members}));
    let (mut after, mut all) = (json!(null), Vec::new());
    loop {
        let mut args = json!({"guild_id": "10"});
        if !after.is_null() {
            args["after"] = after.clone();
        }
        let page = seen.ask("CACHED_MEMBERS", args);
        all.extend(page["members"].as_array().unwrap().iter().map(|member| member["user"]["id"].clone()));
        after = all.last().unwrap().clone();
        if page["more"] == false {
            break;
        }
    }
    assert_eq!(all.len(), 2500);
    assert_eq!(all[2499], "2500", "by number, not by text");
    let few = seen.ask("CACHED_MEMBERS", json!({"guild_id": "10", "limit": 3, "after": 7}));
    assert_eq!(few["members"][0]["user"]["id"], "8");
    assert_eq!((few["members"].as_array().unwrap().len(), &few["more"]), (3, &json!(true)));
}

/// Presences go first, then members, and the rest stays; what is missing is told.
#[test]
fn without_room_people_go_before_places() {
    let mut big = harbour();
    big["members"] = (1..=200).map(|id| json!({"user": {"id": id.to_string(), "username": "somebody"}})).collect();
    big["presences"] = (1..=200).map(|id| json!({"user": {"id": id.to_string()}, "status": "online"})).collect();
    let mut whole = Seen::with(ROOM);
    whole.take("GUILD_CREATE", big.clone());
    let all = whole.0.bytes();
    // One byte too few: the presences are not all taken in.
    let mut seen = Seen::with(all - 1);
    seen.take("GUILD_CREATE", big.clone());
    let guild = seen.guild();
    assert_eq!(
        (&guild["members"], &guild["channels"], &guild["incomplete"]),
        (&json!(200), &json!(3), &json!(["presences"]))
    );
    assert!(seen.ask("CACHED_PRESENCES", json!({"guild_id": "10"}))["incomplete"] == true);
    // Room for what comes later is made by them.
    for (bytes, incomplete) in [(all / 2, json!(["presences", "members"])), (6000, json!(["presences", "members"]))] {
        let mut seen = Seen::with(bytes);
        seen.take("GUILD_CREATE", big.clone());
        for id in 100..120 {
            seen.take("CHANNEL_CREATE", json!({"id": id.to_string(), "guild_id": "10", "name": "another channel"}));
        }
        let guild = seen.guild();
        assert_eq!((&guild["channels"], &guild["roles"]), (&json!(23), &json!(1)), "{bytes}");
        assert_eq!(guild["incomplete"], incomplete, "{bytes}");
        let state = seen.ask("CACHED_STATE", json!({}));
        assert!(state["refused"].as_u64().unwrap() + state["evicted"].as_u64().unwrap() > 0);
    }
    // And where nothing lesser is left, nothing is taken in.
    let mut seen = Seen::with(100);
    seen.take("GUILD_CREATE", big);
    let state = seen.ask("CACHED_STATE", json!({}));
    assert_eq!((&state["guilds"], &state["bytes"]), (&json!(0), &json!(0)));
    assert_eq!(state["refused"], 1);
}

#[test]
fn what_would_never_fit_costs_nothing_else() {
    let mut seen = Seen::harbour();
    let before = seen.ask("CACHED_STATE", json!({}));
    seen.take("CHANNEL_CREATE", json!({"id": "15", "guild_id": "10", "topic": "x".repeat(ROOM)}));
    let after = seen.ask("CACHED_STATE", json!({}));
    assert_eq!((&after["evicted"], &after["refused"]), (&json!(0), &json!(1)));
    assert_eq!((&after["members"], &after["bytes"]), (&before["members"], &before["bytes"]));
}

#[test]
fn commands_that_do_not_fit_are_refused() {
    let seen = Seen::harbour();
    for (name, args) in [
        ("CACHED_GUILD", "{}"),
        ("CACHED_GUILD", r#"{"guild_id":"x"}"#),
        ("CACHED_MEMBERS", r#"{"guild_id":"10","limit":0}"#),
        ("CACHED_MEMBERS", r#"{"guild_id":"10","limit":1001}"#),
        ("CACHED_MEMBER", r#"{"guild_id":"10"}"#),
        ("CACHED_STATE", "{"),
    ] {
        assert!(seen.0.ask(name, args.as_bytes()).is_err(), "{name} {args}");
    }
    for row in CACHE_COMMANDS {
        assert!(takes(row.name));
    }
    assert!(!takes("GET_SHARDS"));
    let nowhere = seen.ask("CACHED_MEMBERS", json!({"guild_id": "5"}));
    assert_eq!((&nowhere["members"], &nowhere["more"]), (&json!([]), &json!(false)));
}

/// Whatever comes, in whatever order and with whatever is missing: the books are right, and the limit holds.
#[test]
fn random_days_keep_the_books() {
    const NAMES: [&str; 18] = [
        "READY",
        "GUILD_CREATE",
        "GUILD_UPDATE",
        "GUILD_EMOJIS_UPDATE",
        "GUILD_DELETE",
        "CHANNEL_CREATE",
        "CHANNEL_UPDATE",
        "CHANNEL_DELETE",
        "THREAD_LIST_SYNC",
        "GUILD_ROLE_CREATE",
        "GUILD_ROLE_DELETE",
        "GUILD_MEMBER_ADD",
        "GUILD_MEMBER_UPDATE",
        "GUILD_MEMBER_REMOVE",
        "GUILD_MEMBERS_CHUNK",
        "VOICE_STATE_UPDATE",
        "PRESENCE_UPDATE",
        "USER_UPDATE",
    ];
    for seed in 0..18 {
        let mut random = Random::new(seed);
        let mut below = |most: u64| random.next_u64() % most;
        let mut seen = Seen::with([2000, 20_000, ROOM][seed as usize % 3]);
        for _ in 0..400 {
            let (guild, user, thing) = (below(3) + 10, below(6) + 1, below(8) + 20);
            let pad = "p".repeat(below(300) as usize);
            let member = json!({"user": {"id": user.to_string()}, "nick": pad});
            let mut data = json!({
                "id": guild.to_string(), "guild_id": guild.to_string(), "user_id": user.to_string(), "role_id": thing,
                "user": {"id": user}, "role": {"id": thing, "name": pad}, "name": pad, "member_count": 5, "guilds": [guild_id(guild)],
                "members": [member], "threads": [{"id": thing}], "channels": [{"id": thing + 50, "name": pad}],
                "roles": [{"id": thing}], "presences": [{"user": {"id": user}, "status": pad}], "emojis": [pad],
                "voice_states": [{"user_id": user}], "channel_id": thing, "status": "online", "unavailable": below(3) == 0,
            });
            let name = NAMES[below(NAMES.len() as u64) as usize];
            if name.starts_with("CHANNEL") {
                data["id"] = json!(thing);
            }
            // Something is missing, or of another kind.
            let keys: Vec<String> = data.as_object().unwrap().keys().cloned().collect();
            let key = &keys[below(keys.len() as u64) as usize];
            match below(8) {
                0 => drop(data.as_object_mut().unwrap().remove(key)),
                1 => data[key] = json!([null, 5, {}]),
                _ => {}
            }
            seen.take(name, data);
        }
        let state = seen.ask("CACHED_STATE", json!({}));
        assert!(state["bytes"].as_u64() <= state["most_bytes"].as_u64());
        for guild in 10..13 {
            seen.take("GUILD_DELETE", json!({"id": guild.to_string()}));
        }
        seen.take("READY", ready(&[]));
        let left = seen.ask("CACHED_USER", json!({})).to_string().len();
        let state = seen.ask("CACHED_STATE", json!({}));
        for kind in ["guilds", "channels", "roles", "members", "voice_states", "presences"] {
            assert_eq!(state[kind], 0, "seed {seed}: {kind}");
        }
        assert_eq!(state["unavailable"], json!([]));
        let bytes = seen.0.bytes();
        assert!(bytes < left + 400, "seed {seed}: {bytes} bytes are left of nothing but the user");
    }
    for bad in ["", "{", "null", "[]", "5", "{\"id\":{}}"] {
        let mut cache = Cache::new(ROOM);
        for name in NAMES {
            cache.take((0, 1), name, bad.as_bytes());
        }
        assert_eq!(cache.bytes(), 0, "{bad}");
    }
}

//! HELLO, IDENTIFY, READY, and what mistakes earn.

use gamebridge_proto::server::gateway::Limits;
use gamebridge_proto::world::{NewBot, Operation};
use serde_json::{Value, json};

use super::house::{ALL, House, identify, resume};

#[test]
fn hello_comes_first_and_tells_the_interval() {
    let mut house = House::default();
    let peer = house.connect("v=10&encoding=json");
    let said = house.said(peer);
    assert_eq!(said.len(), 1);
    assert_eq!((&said[0]["op"], &said[0]["d"]["heartbeat_interval"]), (&json!(10), &json!(41_250)));
    assert_eq!((&said[0]["s"], &said[0]["t"]), (&Value::Null, &Value::Null));
}

#[test]
fn ready_lists_guilds_as_unavailable_and_each_comes_after() {
    let mut house = House::default();
    let second = house.new_guild("Island");
    let (guild, user) = (second, house.bot);
    house.apply(Operation::JoinGuild { guild, user });
    house.new_guild("Elsewhere");
    let peer = house.connect("v=10");
    house.say(peer, identify(json!({})));
    let said = house.said(peer);
    let names: Vec<_> = said.iter().map(|said| said["t"].as_str().unwrap_or("-")).collect();
    assert_eq!(names, ["-", "READY", "GUILD_CREATE", "GUILD_CREATE"]);
    assert_eq!(said.iter().filter_map(|said| said["s"].as_u64()).collect::<Vec<_>>(), [1, 2, 3]);
    let ready = &said[1]["d"];
    let shown: Vec<_> = [house.guild, second].map(|id| json!({"id": id.to_string(), "unavailable": true})).to_vec();
    assert_eq!(ready["guilds"], json!(shown));
    assert_eq!(ready["user"]["id"], house.bot.to_string());
    assert_eq!(ready["resume_gateway_url"], "ws://127.0.0.1:1");
    assert_eq!(ready["shard"], json!([0, 1]));
    assert_eq!(said[2]["d"]["id"], house.guild.to_string());
    assert_eq!(said[2]["d"]["unavailable"], false);
    let (name, of, _, told) = house.out.events.last().unwrap();
    assert_eq!((name.as_str(), *of, &told["how"]), ("GATEWAY_SESSION", peer, &json!("begun")));
}

/// The query, what is said, and the code that the last of it earns.
#[test]
fn every_mistake_earns_its_close_code() {
    let heartbeat = || json!({"op": 1, "d": null});
    let shard = |shard| identify(json!({"shard": shard}));
    let intents = |bits| identify(json!({"intents": bits}));
    let refused = || identify(json!({"token": "the-other-token", "intents": 1 << 1}));
    let large = || json!({"op": 3, "d": {"status": "x".repeat(4097)}});
    let table: Vec<(&str, Vec<Value>, u16)> = vec![
        ("v=10", vec![identify(json!({})), json!({"op": 99})], 4001),
        ("v=10", vec![identify(json!({})), json!({"op": -1})], 4001),
        ("v=10", vec![identify(json!({})), json!({"op": 10})], 4001),
        ("v=10", vec![json!(7)], 4002),
        ("v=10", vec![json!({"d": {}})], 4002),
        ("v=10", vec![json!({"op": "2"})], 4002),
        ("v=10", vec![identify(json!({})), large()], 4002),
        ("v=10", vec![identify(json!({"properties": "linux"}))], 4002),
        ("v=10", vec![identify(json!({"large_threshold": 49}))], 4002),
        ("v=10", vec![identify(json!({"large_threshold": 251}))], 4002),
        ("v=10&encoding=xml", vec![], 4002),
        ("v=10&compress=gzip", vec![], 4002),
        ("v=10", vec![json!({"op": 3, "d": {"status": "idle"}})], 4003),
        ("v=10", vec![heartbeat(), json!({"op": 8, "d": {}})], 4003),
        ("v=10", vec![identify(json!({"token": "wrong-token"}))], 4004),
        ("v=10", vec![identify(json!({"token": null}))], 4004),
        ("v=10", vec![json!({"op": 6, "d": {"token": "wrong-token", "session_id": "x", "seq": 1}})], 4004),
        ("v=10", vec![identify(json!({})), identify(json!({}))], 4005),
        ("v=10", vec![identify(json!({})), resume(&json!({"session_id": "x"}), 1)], 4005),
        ("v=10", vec![shard(json!([1, 1]))], 4010),
        ("v=10", vec![shard(json!([0, 0]))], 4010),
        ("v=10", vec![shard(json!([-1, 2]))], 4010),
        ("v=10", vec![shard(json!([0]))], 4010),
        ("v=10", vec![shard(json!("0"))], 4010),
        ("v=2", vec![], 4012),
        ("v=11", vec![], 4012),
        ("v=ten", vec![], 4012),
        ("v=", vec![], 4012),
        ("v=10", vec![intents(json!(null))], 4013),
        ("v=8", vec![intents(json!(null))], 4013),
        ("v=10", vec![intents(json!(-1))], 4013),
        ("v=10", vec![intents(json!(1 << 27))], 4013),
        ("v=10", vec![intents(json!([0]))], 4013),
        ("v=10", vec![refused()], 4014),
    ];
    for (query, payloads, code) in table {
        let mut house = House::default();
        let secret = gamebridge_proto::secret::Secret::new("the-other-token");
        let new = NewBot { application: 7.into(), username: None, token: Some(secret), refused_intents: 1 << 1 };
        house.apply(Operation::CreateBot(new));
        let peer = house.connect(query);
        let (last, before) = payloads.split_last().map_or((None, &[][..]), |(last, before)| (Some(last), before));
        for payload in before {
            house.say(peer, payload.clone());
            assert_eq!(house.closed(peer), None, "{query} {payload}");
        }
        if let Some(payload) = last {
            assert_eq!(house.closed(peer), None, "{query}");
            house.say(peer, payload.clone());
        }
        assert_eq!(house.closed(peer), Some(code), "{query} {payloads:?}");
    }
}

#[test]
fn too_many_guilds_for_one_shard_are_4011() {
    let mut house = House::with(Limits { guilds_per_shard: 0, ..Limits::default() });
    let peer = house.connect("v=10");
    house.say(peer, identify(json!({})));
    assert_eq!(house.closed(peer), Some(4011));
}

#[test]
fn what_real_clients_send_is_taken() {
    let bot = format!("Bot {}", super::house::TOKEN);
    for more in [
        json!({"token": bot}),
        json!({"properties": {"$os": "linux", "$browser": "x", "$device": "x", "$referrer": ""}}),
        json!({"properties": null}),
        json!({"presence": null}),
        json!({"presence": {"status": "dnd", "activities": null, "since": null, "afk": false}}),
        json!({"presence": {"status": "online", "game": null, "since": "now", "afk": false}}),
        json!({"presence": {"since": 91879201, "activities": [{"name": "Ferry", "type": 0}], "status": "online", "afk": false}}),
        json!({"compress": false}),
        json!({"compress": true}),
        json!({"compress": "zlib"}),
        json!({"compress": null}),
        json!({"shard": null, "large_threshold": 250}),
        json!({"intents": ALL.to_string()}),
        json!({"intents": ALL | 1 << 17}),
        json!({"capabilities": 16381, "client_state": {"guild_versions": {}}}),
    ] {
        let mut house = House::default();
        let peer = house.connect("v=10&encoding=json");
        house.say(peer, json!({"op": 1, "d": null}));
        house.say(peer, identify(more.clone()));
        assert_eq!(house.closed(peer), None, "{more}");
        assert!(house.names(peer).contains(&"READY".to_owned()), "{more}");
        let asked = matches!(&more["compress"], Value::Bool(true) | Value::String(_));
        assert_eq!(house.line(peer).compressed, asked, "{more}");
    }
}

#[test]
fn a_shard_has_the_guilds_of_its_remainder_and_the_first_one_direct_messages() {
    let mut house = House::default();
    let guilds: Vec<_> = (0..8).map(|n| house.new_guild(&format!("Guild {n}"))).collect();
    for guild in &guilds {
        let (guild, user) = (*guild, house.bot);
        house.apply(Operation::JoinGuild { guild, user });
    }
    let mut seen = 0;
    for shard in 0..3u64 {
        let peer = house.connect("v=10");
        house.say(peer, identify(json!({"shard": [shard, 3]})));
        let said = house.said(peer);
        let shown = said.iter().find(|said| said["t"] == "READY").unwrap()["d"]["guilds"].as_array().unwrap().clone();
        for guild in &shown {
            let id: u64 = guild["id"].as_str().unwrap().parse().unwrap();
            assert_eq!((id >> 22) % 3, shard);
        }
        seen += shown.len();
    }
    assert_eq!(seen, 9);
}

//! Beats, deadlines and limits.

use std::time::Duration;

use gamebridge_proto::server::gateway::Limits;
use gamebridge_proto::server::rest::Site;
use serde_json::{Value, json};

use super::house::{ALL, House, identify, resume};

#[test]
fn a_beat_is_answered_before_and_after_identify() {
    let mut house = House::default();
    let peer = house.connect("v=10");
    house.said(peer);
    house.say(peer, json!({"op": 1, "d": null}));
    assert_eq!(house.said(peer)[0]["op"], 11);
    let (peer, _) = house.bot_with(ALL);
    house.say(peer, json!({"op": 1, "d": 2}));
    assert_eq!(house.said(peer), [json!({"t": null, "s": null, "op": 11, "d": null})]);
}

#[test]
fn missed_beats_are_4009_and_end_the_session() {
    let mut house = House::default();
    let (peer, _) = house.bot_with(ALL);
    house.pass(Duration::from_secs(61));
    house.say(peer, json!({"op": 1, "d": 2}));
    house.pass(Duration::from_millis(61_800));
    assert_eq!(house.closed(peer), None);
    house.pass(Duration::from_millis(200));
    assert_eq!(house.closed(peer), Some(4009));
    assert_eq!(house.host("GATEWAY_STATE", json!({})).unwrap()["sessions"], json!([]));
}

#[test]
fn who_never_identifies_is_sent_away() {
    let mut house = House::default();
    let peer = house.connect("v=10");
    house.pass(Duration::from_secs(30));
    house.say(peer, json!({"op": 1, "d": null}));
    house.pass(Duration::from_secs(31));
    assert_eq!(house.closed(peer), Some(4009));
}

#[test]
fn more_than_120_payloads_in_a_minute_are_4008() {
    let mut house = House::default();
    let (peer, _) = house.bot_with(ALL);
    for _ in 0..119 {
        house.say(peer, json!({"op": 1, "d": 2}));
    }
    assert_eq!(house.closed(peer), None);
    house.pass(Duration::from_secs(60));
    for _ in 0..120 {
        house.say(peer, json!({"op": 1, "d": 2}));
    }
    assert_eq!(house.closed(peer), None, "a new minute");
    house.say(peer, json!({"op": 1, "d": 2}));
    assert_eq!(house.closed(peer), Some(4008));
    let state = house.host("GATEWAY_STATE", json!({})).unwrap();
    assert_eq!(state["sessions"][0]["peer"], Value::Null, "the session can be resumed");
}

#[test]
fn a_presence_too_many_is_dropped_without_a_word_and_counts_over_connections() {
    for (version, within) in [("v=6", 60), ("v=7", 60), ("v=10", 20)] {
        let mut house = House::default();
        let peer = house.connect(version);
        house.say(peer, identify(json!({"intents": ALL})));
        let ready = house.said(peer).into_iter().find(|said| said["t"] == "READY").expect("READY")["d"].take();
        let set = |house: &mut House, peer: u32, name: &str| {
            house.say(peer, json!({"op": 3, "d": {"status": "online", "game": {"name": name, "type": 0}}}));
            let shown = house.world.presence(house.bot).activity.and_then(|(_, activity)| activity.name);
            shown.expect("it shows one").to_string()
        };
        for name in ["1", "2", "3", "4", "5"] {
            assert_eq!(set(&mut house, peer, name), name, "{version}");
        }
        assert_eq!(set(&mut house, peer, "6"), "5", "{version}");
        assert_eq!(house.closed(peer), None, "{version}");
        house.gone(peer, None);
        let peer = house.connect(version);
        house.say(peer, resume(&ready, 1));
        house.pass(Duration::from_millis(within * 1000 - 1));
        assert_eq!(set(&mut house, peer, "7"), "5", "{version}: it is the session's");
        house.pass(Duration::from_millis(1));
        assert_eq!(set(&mut house, peer, "8"), "8", "{version}");
    }
}

/// Discord's own limits.
fn strict() -> House {
    House::with(Limits::default())
}

#[test]
fn one_identify_in_five_seconds_and_the_next_one_is_op_9_on_the_same_connection() {
    let mut house = strict();
    house.bot_with(ALL);
    let peer = house.connect("v=10");
    house.said(peer);
    house.pass(Duration::from_millis(4999));
    house.say(peer, identify(json!({})));
    assert_eq!(house.said(peer), [json!({"t": null, "s": null, "op": 9, "d": false})]);
    assert!(house.out.log.last().unwrap().contains("too soon"));
    house.pass(Duration::from_millis(1));
    house.say(peer, identify(json!({})));
    assert_eq!(house.names(peer), ["READY", "GUILD_CREATE"]);
}

/// discord.py 0.16, which knows no pause.
#[test]
fn who_identifies_at_each_op_9_at_once_begins_all_the_same() {
    let mut house = strict();
    house.bot_with(ALL);
    let peer = house.connect("v=6");
    house.said(peer);
    let op_9 = json!({"t": null, "s": null, "op": 9, "d": false});
    for answered in [vec![op_9.clone()], vec![]] {
        house.say(peer, identify(json!({})));
        assert_eq!(house.said(peer), answered, "the second one waits");
    }
    house.pass(Duration::from_millis(4999));
    assert_eq!(house.said(peer), Vec::<Value>::new());
    house.pass(Duration::from_millis(1));
    assert_eq!(house.said(peer), [op_9]);
    house.say(peer, identify(json!({})));
    assert_eq!(house.names(peer), ["READY", "GUILD_CREATE"]);
}

#[test]
fn a_wait_that_is_longer_than_the_time_to_identify_ends_with_op_9_too() {
    let mut house = House::with(Limits { identify_every: Duration::from_secs(120), ..Limits::default() });
    house.bot_with(ALL);
    let peer = house.connect("v=10");
    house.say(peer, identify(json!({})));
    house.say(peer, identify(json!({})));
    house.said(peer);
    for _ in 0..4 {
        house.pass(Duration::from_secs(30));
        house.say(peer, json!({"op": 1, "d": null}));
    }
    let ops: Vec<Value> = house.said(peer).into_iter().map(|said| said["op"].clone()).collect();
    assert_eq!(ops, [11, 11, 11, 9, 11], "{ops:?}");
}

#[test]
fn each_bucket_has_its_own_five_seconds() {
    let mut house = House::with(Limits { max_concurrency: 2, ..Limits::default() });
    for (shard, begins) in [(0, true), (1, true), (2, false), (3, false)] {
        let peer = house.connect("v=10");
        house.say(peer, identify(json!({"shard": [shard, 4]})));
        assert_eq!(house.names(peer).contains(&"READY".to_owned()), begins, "shard {shard}");
    }
}

#[test]
fn who_resumes_waits_for_nobody() {
    let mut house = strict();
    let (peer, ready) = house.bot_with(ALL);
    house.gone(peer, None);
    let again = house.connect("v=10");
    house.said(again);
    house.say(again, resume(&ready, 2));
    assert_eq!(house.names(again), ["RESUMED"]);
}

#[test]
fn a_bot_that_begins_more_than_its_day_allows_loses_all_of_its_sessions() {
    let mut house = House::with(Limits { identifies: 2, ..Limits::default() });
    let (first, _) = house.bot_with(ALL);
    let mut site = Site::default();
    house.door.describe(house.now, Some(house.bot), &mut site);
    assert_eq!((site.identifies, site.identifies_left), (2, 1));
    assert_eq!(site.identifies_reset, Duration::from_secs(86_400));
    // One that comes too soon counts as well.
    let second = house.connect("v=10");
    house.say(second, identify(json!({})));
    assert_eq!((house.closed(first), house.closed(second)), (None, None));
    house.pass(Duration::from_secs(5));
    house.say(second, identify(json!({})));
    assert_eq!((house.closed(first), house.closed(second)), (Some(4004), Some(4004)));
    assert_eq!(house.host("GATEWAY_STATE", json!({})).unwrap()["sessions"], json!([]));
    house.pass(Duration::from_secs(86_400));
    house.bot_with(ALL);
}

#[test]
fn all_members_of_a_guild_are_told_once_in_30_seconds() {
    let mut house = strict();
    let (peer, _) = house.bot_with(ALL);
    house.said(peer);
    let guild = house.guild.to_string();
    let all = json!({"op": 8, "d": {"guild_id": guild, "query": "", "limit": 0, "nonce": "n"}});
    house.say(peer, all.clone());
    assert_eq!(house.names(peer), ["GUILD_MEMBERS_CHUNK"]);
    house.pass(Duration::from_secs(20));
    house.say(peer, all.clone());
    let said = house.said(peer);
    assert_eq!((&said[0]["t"], said[0]["d"]["retry_after"].as_f64()), (&json!("RATE_LIMITED"), Some(10.0)));
    assert_eq!(
        (&said[0]["d"]["opcode"], &said[0]["d"]["meta"]),
        (&json!(8), &json!({"guild_id": guild, "nonce": "n"}))
    );
    house.say(peer, json!({"op": 8, "d": {"guild_id": guild, "query": "ad", "limit": 1}}));
    assert_eq!(house.names(peer), ["GUILD_MEMBERS_CHUNK"], "some of them are told at any time");
    house.pass(Duration::from_secs(10));
    house.say(peer, all);
    assert_eq!(house.names(peer), ["GUILD_MEMBERS_CHUNK"]);
}

#[test]
fn a_lenient_gateway_holds_nobody_to_anything() {
    let mut house = House::with(Limits::lenient());
    for _ in 0..3 {
        let (peer, _) = house.bot_with(ALL);
        let guild = house.guild.to_string();
        for _ in 0..200 {
            house.say(peer, json!({"op": 8, "d": {"guild_id": guild, "query": "", "limit": 0}}));
        }
        assert!(house.names(peer).iter().all(|name| name == "GUILD_MEMBERS_CHUNK"));
        assert_eq!(house.closed(peer), None);
    }
}

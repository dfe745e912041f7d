//! Members by op 8.

use serde_json::{Value, json};

use super::house::{ALL, House};
use gamebridge_proto::world::Operation;

const MEMBERS: u64 = 1 << 1;
const PRESENCES: u64 = 1 << 8;

fn chunks(house: &mut House, intents: u64, query: &str, d: Value) -> Vec<Value> {
    let peer = house.connect(query);
    house.say(peer, super::house::identify(json!({"intents": intents})));
    house.said(peer);
    house.say(peer, json!({"op": 8, "d": d}));
    assert_eq!(house.closed(peer), None);
    house
        .said(peer)
        .into_iter()
        .filter(|said| said["t"] == "GUILD_MEMBERS_CHUNK")
        .map(|said| said["d"].clone())
        .collect()
}

fn names(chunk: &Value) -> Vec<&str> {
    chunk["members"].as_array().unwrap().iter().map(|member| member["user"]["username"].as_str().unwrap()).collect()
}

#[test]
fn a_large_guild_comes_in_chunks_of_1000() {
    let mut house = House::default();
    for n in 0..2100 {
        let user = house.user(&format!("crew {n}"));
        let guild = house.guild;
        house.apply(Operation::JoinGuild { guild, user });
    }
    let guild = json!(house.guild.to_string());
    let told = chunks(&mut house, ALL, "v=10", json!({"guild_id": guild, "query": "", "limit": 0, "nonce": "n"}));
    let sizes: Vec<_> = told.iter().map(|chunk| names(chunk).len()).collect();
    assert_eq!(sizes, [1000, 1000, 103]);
    for (at, chunk) in told.iter().enumerate() {
        assert_eq!(
            (&chunk["chunk_index"], &chunk["chunk_count"], &chunk["nonce"]),
            (&json!(at), &json!(3), &json!("n"))
        );
    }
    // Version 6 numbers nothing.
    let told = chunks(&mut house, ALL, "v=6", json!({"guild_id": [guild], "query": "", "limit": 0, "nonce": "n"}));
    assert!(told[0].get("chunk_index").is_none() && told[0].get("nonce").is_none());
}

/// What is asked, and who is told of, or nobody.
#[test]
fn members_are_found_by_name_and_by_id() {
    let mut house = House::default();
    let (guild, ada) = (json!(house.guild.to_string()), house.ada.to_string());
    for (intents, d, expected) in [
        (ALL, json!({"query": "ad", "limit": 10}), Some(vec!["ada"])),
        (ALL, json!({"query": "AD", "limit": 0}), Some(vec!["ada"])),
        (ALL, json!({"query": "nobody", "limit": 1}), Some(vec![])),
        (ALL, json!({"query": "", "limit": 1}), Some(vec!["Guest"])),
        (ALL, json!({"user_ids": [ada, "7"]}), Some(vec!["ada"])),
        (ALL, json!({"user_ids": ada}), Some(vec!["ada"])),
        (ALL, json!({"query": "", "limit": 0}), Some(vec!["Guest", "ada", "Ferry"])),
        (ALL & !MEMBERS, json!({"query": "", "limit": 0}), None),
        (ALL & !MEMBERS, json!({"query": "", "limit": 1000000}), None),
        (ALL & !MEMBERS, json!({"query": "ad", "limit": 5}), Some(vec!["ada"])),
        (ALL & !PRESENCES, json!({"query": "ad", "limit": 5, "presences": true}), None),
    ] {
        let mut asked = d.clone();
        asked["guild_id"] = guild.clone();
        let told = chunks(&mut house, intents, "v=10", asked);
        assert_eq!(told.first().map(names), expected, "{d}");
    }
    let told = chunks(&mut house, ALL, "v=10", json!({"guild_id": guild, "user_ids": ["7"]}));
    assert_eq!(told[0]["not_found"], json!(["7"]));
    let told = chunks(&mut house, ALL, "v=10", json!({"guild_id": guild, "query": "", "limit": 0, "presences": true}));
    assert!(told[0]["presences"].as_array().unwrap().iter().any(|known| known["user"]["id"] == house.bot.to_string()));
    assert_eq!(chunks(&mut house, ALL, "v=10", json!({"guild_id": "7", "query": "", "limit": 0})), Vec::<Value>::new());
}

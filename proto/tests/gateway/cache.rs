//! A client that keeps what it has seen. What becomes of each event is tried in `tests/cache.rs`; here, which events it sees.

use crate::pair::*;

/// READY, and a guild of two members.
fn harbour(config: Config) -> Pair {
    let mut pair = Pair::new(config);
    pair.client.start(pair.now, &mut pair.out);
    pair.greet();
    pair.frame(
        r#"{"t":"GUILD_CREATE","s":2,"op":0,"d":{"id":"10","name":"Harbour","members":[{"user":{"id":"1"}},{"user":{"id":"2"}}]}}"#,
    );
    pair.out.0.clear();
    pair
}

fn keeping() -> Config {
    Config { cache: Some(1 << 20), ..config() }
}

fn ask(pair: &mut Pair, name: &str, args: &str) -> Delivered {
    pair.command(name, args, 5);
    let events = pair.events();
    assert_eq!((events.len(), events[0].kind, events[0].tag), (1, EventType::Reply, 5), "{name}");
    events[0].clone()
}

fn members(pair: &mut Pair) -> usize {
    let reply = ask(pair, "CACHED_MEMBERS", r#"{"guild_id":"10"}"#);
    let data: Value = serde_json::from_str(&reply.payload).expect("JSON");
    data["members"].as_array().expect("a list").len()
}

#[test]
fn nothing_is_kept_unless_it_is_asked_for() {
    let mut pair = harbour(config());
    let reply = ask(&mut pair, "CACHED_GUILDS", "{}");
    assert_eq!(reply.status, Status::State);
    assert!(reply.message.contains("cache_bytes"), "{}", reply.message);
}

#[test]
fn what_was_seen_is_asked_for_by_commands() {
    let mut pair = harbour(keeping());
    assert_eq!(members(&mut pair), 2);
    let reply = ask(&mut pair, "CACHED_GUILD", r#"{"guild_id":"10"}"#);
    assert!(reply.payload.contains("Harbour"), "{}", reply.payload);
    let refused = ask(&mut pair, "CACHED_GUILD", "{}");
    assert_eq!(refused.status, Status::Argument);
    assert!(refused.message.contains("guild_id"), "{}", refused.message);
    for row in gamebridge_proto::wire::gateway::CACHE_COMMANDS {
        let reply = ask(&mut pair, row.name, r#"{"guild_id":"10","user_id":"1","channel_id":"3"}"#);
        assert_eq!(reply.status, Status::Ok, "{}", row.name);
        let mut doc = gamebridge_proto::value::Document::new();
        doc.parse(reply.payload.as_bytes()).expect("JSON");
        gamebridge_proto::wire::catalog::check_value(row.name, &row.reply, doc.root()).expect("as its row says");
    }
}

/// The event was handed to the program, so it is in the cache when the program asks; and no sooner does the cache know.
#[test]
fn a_member_is_there_when_its_event_is() {
    let mut pair = harbour(keeping());
    pair.frame(r#"{"t":"GUILD_MEMBER_ADD","s":3,"op":0,"d":{"guild_id":"10","user":{"id":"3"}}}"#);
    assert_eq!(pair.events().len(), 1);
    assert_eq!(members(&mut pair), 3);
}

#[test]
fn members_that_become_a_reply_are_kept_too() {
    let mut pair = harbour(keeping());
    pair.command("REQUEST_GUILD_MEMBERS", r#"{"guild_id":"10","query":"","limit":0,"gather":true}"#, 9);
    let sent = pair.did().into_iter().find_map(|did| match did {
        Did::Send(sent) if sent["op"] == 8 => Some(sent),
        _ => None,
    });
    let nonce = sent.expect("it was sent")["d"]["nonce"].clone();
    let chunk = json!({
        "guild_id": "10", "members": [{"user": {"id": "7"}}], "chunk_index": 0, "chunk_count": 1, "nonce": nonce,
    });
    pair.frame(&json!({"t": "GUILD_MEMBERS_CHUNK", "s": 3, "op": 0, "d": chunk}).to_string());
    assert_eq!(pair.events()[0].tag, 9);
    assert_eq!(members(&mut pair), 3);
}

/// A session that is resumed goes on with what was seen; one that begins anew begins with what READY says.
#[test]
fn a_new_session_forgets_and_a_resumed_one_does_not() {
    let mut pair = harbour(keeping());
    pair.closed(None);
    pair.out.0.clear();
    while !matches!(pair.next(60 * SECOND), Some(Did::Open(_))) {}
    pair.resume();
    pair.out.0.clear();
    assert_eq!(members(&mut pair), 2);
    pair.closed(Some(4009));
    pair.out.0.clear();
    while !matches!(pair.next(60 * SECOND), Some(Did::Open(_))) {}
    pair.out.0.clear();
    assert_eq!(members(&mut pair), 2, "until it is known better");
    pair.greet();
    pair.out.0.clear();
    assert_eq!(members(&mut pair), 0);
}

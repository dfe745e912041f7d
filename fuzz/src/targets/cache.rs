use gamebridge_proto::cache::Cache;
use serde_json::Value;

use crate::run::saw;

/// Whatever comes as dispatches: what is kept stays under its limit and is JSON that its commands give back, and when all guilds
/// are gone, so are their bytes.
///
/// The first byte says the limit; then a dispatch a line, as `NAME data`.
pub fn cache(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else { return };
    let limit = 1usize << (first % 16 + 6);
    let mut cache = Cache::new(limit);
    for line in rest.split(|byte| *byte == b'\n').take(200) {
        let (name, data) = line.split_at(line.iter().position(|byte| *byte == b' ').unwrap_or(line.len()));
        cache.take((0, 1), &String::from_utf8_lossy(name), data);
        assert!(cache.bytes() <= limit, "{} of {limit}", cache.bytes());
    }
    let ask = |name: &str, args: &str| -> Value {
        let reply = cache.ask(name, args.as_bytes()).expect("it is answered");
        serde_json::from_slice(&reply).unwrap_or_else(|error| panic!("{name}: {error}"))
    };
    let state = ask("CACHED_STATE", "{}");
    let guilds = ask("CACHED_GUILDS", "{}");
    let mut members = 0;
    for guild in guilds["guilds"].as_array().expect("a list") {
        let args = serde_json::json!({"guild_id": guild["id"]}).to_string();
        for name in ["CACHED_GUILD", "CACHED_CHANNELS", "CACHED_ROLES", "CACHED_VOICE_STATES", "CACHED_PRESENCES"] {
            ask(name, &args);
        }
        members += ask("CACHED_MEMBERS", &args)["members"].as_array().expect("a list").len();
    }
    saw(format!("{state}{guilds}"), members);
    let user = ask("CACHED_USER", "{}");
    cache.take((0, 1), "READY", b"{}");
    assert!(cache.bytes() == 0 || !user.is_null(), "{} bytes are left of nothing", cache.bytes());
}

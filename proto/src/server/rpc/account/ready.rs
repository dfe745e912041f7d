//! READY, as it is passed on, and who is logged in by it.

use crate::value::Value;
use crate::wire::json::{Object, array, push_str};

/// The data for peers: as it came, and this GameBridge before those that it came through.
pub(super) fn passed_on(ready: Value<'_>, text: &[u8], instance: &str) -> Box<[u8]> {
    let mut out = Vec::new();
    let mut object = Object::begin(&mut out);
    for member in ready.iter() {
        object = match member.key() {
            Some("config") => object.with("config", |out| config(out, member, text, instance)),
            Some(key) => object.raw(key, member.raw(text)),
            None => object,
        };
    }
    if !ready.member("config").exists() {
        object = object.with("config", |out| config(out, ready.member("config"), text, instance));
    }
    object.end();
    out.into()
}

fn config(out: &mut Vec<u8>, config: Value<'_>, text: &[u8], instance: &str) {
    let mut object = Object::begin(out);
    for member in config.iter() {
        match member.key() {
            Some("gamebridge") | None => {}
            Some(key) => object = object.raw(key, member.raw(text)),
        }
    }
    object.with("gamebridge", |out| through(out, instance, config.member("gamebridge"))).end();
}

/// The mark of a GameBridge: the ids of those that an answer came through.
pub(in crate::server::rpc) fn through(out: &mut Vec<u8>, instance: &str, before: Value<'_>) {
    array(out, std::iter::once(instance).chain(before.iter().filter_map(Value::as_str)), push_str);
}

/// Who is logged in: the JSON and the id (0 when it can't be read).
pub(super) fn user(ready: Value<'_>, text: &[u8]) -> (Box<[u8]>, u64) {
    let user = ready.member("user");
    let json = if user.exists() { user.raw(text) } else { b"null" };
    (json.into(), user.member("id").as_id().unwrap_or(0))
}

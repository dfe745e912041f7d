//! Objects as text: copied, put together, counted anew.

use crate::value::{Document, Value};
use crate::wire::json::Object;

/// The text of an object without these members, and with the guild's id where it has none. `object` was parsed from `text`.
pub(super) fn copy(object: Value<'_>, text: &[u8], without: &[&str], guild: Option<u64>) -> Box<[u8]> {
    let mut out = Vec::new();
    let mut written = Object::begin(&mut out);
    if let Some(guild) = guild.filter(|_| !object.member("guild_id").exists()) {
        written = written.id("guild_id", guild);
    }
    members(written, object, text, |key| !without.contains(&key)).end();
    out.into()
}

/// What was there, with what the update has in the place of what it names, but for these members.
pub(super) fn merge(doc: &mut Document, before: &[u8], update: Value<'_>, text: &[u8], without: &[&str]) -> Box<[u8]> {
    let is_new = |key: &str| !without.contains(&key);
    let mut out = Vec::with_capacity(before.len());
    let mut written = Object::begin(&mut out);
    if doc.parse(before).is_ok() {
        written = members(written, doc.root(), before, |key| !is_new(key) || !update.member(key).exists());
    }
    members(written, update, text, is_new).end();
    out.into()
}

/// The guild's object with another count of members.
pub(super) fn with_count(object: Value<'_>, text: &[u8], count: i64) -> Box<[u8]> {
    let mut out = Vec::with_capacity(text.len() + 4);
    members(Object::begin(&mut out), object, text, |key| key != "member_count").int("member_count", count).end();
    out.into()
}

fn members<'o>(mut out: Object<'o>, object: Value<'_>, text: &[u8], takes: impl Fn(&str) -> bool) -> Object<'o> {
    for member in object.iter() {
        if let Some(key) = member.key().filter(|key| takes(key)) {
            out = out.raw(key, member.raw(text));
        }
    }
    out
}

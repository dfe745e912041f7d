//! What READY says to a user who logged in, besides what it says to a bot.
//!
//! No document of Discord's has these members; they are what clients of users look for, empty where the world has no such thing.

use super::session::Session;
use crate::server::objects;
use crate::wire::json::{Object, array};
use crate::wire::rest::Version;
use crate::world::{RelationshipKind, Status, World};

pub(super) fn of_ready<'o>(object: Object<'o>, world: &World, session: &Session) -> Object<'o> {
    let local = session.user == world.local_user().id;
    let known = || world.relationships().filter(move |_| local);
    let version = Version::of(session.dialect);
    // Version 3 shows this to bots, too.
    let object = if session.dialect.greets() { object.raw("read_state", b"[]") } else { object };
    object
        .with("relationships", |out| {
            array(out, known(), |out, (user, kind)| {
                Object::begin(out)
                    .id("id", user.get())
                    .int("type", kind as i64)
                    .with("user", |out| objects::user_of(out, world, user))
                    .end();
            });
        })
        .with("presences", |out| {
            let friends = known().filter(|(_, kind)| *kind == RelationshipKind::Friend);
            let there = friends.filter(|(user, _)| world.presence(*user).status != Status::Offline);
            array(out, there, |out, (user, _)| {
                objects::presence(Object::begin(out), world, user, version).end();
            });
        })
        .raw("user_settings", b"{}")
        .raw("user_guild_settings", b"[]")
        .raw("notes", b"{}")
        .raw("connected_accounts", b"[]")
        .raw("experiments", b"[]")
        .raw("guild_experiments", b"[]")
        .int("friend_suggestion_count", 0)
        .opt_str("tutorial", None)
        .str("country_code", "US")
}

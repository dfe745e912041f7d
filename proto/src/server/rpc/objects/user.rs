//! Users.

use super::texts;
use crate::wire::json::{Object, or_null};
use crate::world::{Scopes, User, UserId, World};

/// A user, as READY and AUTHENTICATE show it.
pub fn user(out: &mut Vec<u8>, user: &User) {
    Object::begin(out)
        .id("id", user.id.get())
        .str("username", &user.username)
        .str("discriminator", &user.discriminator)
        .opt_str("global_name", user.global_name.as_deref())
        .opt_str("avatar", user.avatar.as_deref())
        .bool("bot", user.bot)
        .end();
}

/// The user of this id, or null when it is gone.
pub(in crate::server::rpc) fn user_or_null(out: &mut Vec<u8>, world: &World, id: UserId) {
    or_null(out, world.user(id), user);
}

/// The local user, as CURRENT_USER_UPDATE shows it; `premium` to who holds `identify.premium`.
pub(in crate::server::rpc) fn current_user(out: &mut Vec<u8>, user: &User, premium: bool) {
    let object = Object::begin(out)
        .id("id", user.id.get())
        .str("username", &user.username)
        .str("discriminator", &user.discriminator)
        .opt_str("global_name", user.global_name.as_deref())
        .opt_str("avatar", user.avatar.as_deref())
        .raw("avatar_decoration_data", b"null")
        .bool("bot", user.bot)
        .int("flags", user.flags.cast_signed());
    if premium { object.int("premium_type", user.premium_type.into()) } else { object }.end();
}

/// What host events about a peer's rights say.
pub(in crate::server::rpc) fn rights(out: &mut Vec<u8>, client: u64, scopes: &Scopes, of: &User) {
    Object::begin(out)
        .id("client_id", client)
        .with("scopes", |out| texts(out, scopes))
        .with("user", |out| user(out, of))
        .end();
}

//! The world's things as RPC writes them.

use crate::wire::json::{Object, push_str};
use crate::world::{Application, Guild, Scopes, TOKEN_LIFETIME, Token, User};

pub(super) fn array<T>(out: &mut Vec<u8>, items: impl IntoIterator<Item = T>, mut write: impl FnMut(&mut Vec<u8>, T)) {
    out.push(b'[');
    for (at, item) in items.into_iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        write(out, item);
    }
    out.push(b']');
}

pub(super) fn texts(out: &mut Vec<u8>, texts: &[Box<str>]) {
    array(out, texts, |out, text| push_str(out, text));
}

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

/// An application as peers see it.
pub(super) fn application(out: &mut Vec<u8>, application: &Application) {
    Object::begin(out)
        .id("id", application.id.get())
        .str("name", &application.name)
        .str("description", &application.description)
        .opt_str("icon", application.icon.as_deref())
        .with("rpc_origins", |out| texts(out, &application.rpc_origins))
        .end();
}

/// An application as the host sees it. Its secret stays inside.
pub(super) fn host_application(out: &mut Vec<u8>, application: &Application) {
    Object::begin(out)
        .id("id", application.id.get())
        .str("name", &application.name)
        .str("description", &application.description)
        .opt_str("icon", application.icon.as_deref())
        .with("rpc_origins", |out| texts(out, &application.rpc_origins))
        .with("redirect_uris", |out| texts(out, &application.redirect_uris))
        .bool("has_secret", application.secret.is_some())
        .bool("approved", application.approved)
        .with("testers", |out| {
            array(out, &application.testers, |out, tester| push_str(out, &tester.to_string()));
        })
        .end();
}

pub(super) fn host_guild(out: &mut Vec<u8>, guild: &Guild) {
    Object::begin(out).id("id", guild.id.get()).str("name", &guild.name).opt_str("icon", guild.icon.as_deref()).end();
}

/// A guild as GET_GUILDS lists it.
pub(super) fn guild(out: &mut Vec<u8>, guild: &Guild, cdn_host: &str) {
    let icon = guild.icon.as_ref().map(|icon| format!("https://{cdn_host}/icons/{}/{icon}.png", guild.id));
    Object::begin(out).id("id", guild.id.get()).str("name", &guild.name).opt_str("icon_url", icon.as_deref()).end();
}

/// RFC 6749 section 5.1.
pub(super) fn token(out: &mut Vec<u8>, token: &Token) {
    Object::begin(out)
        .str("access_token", token.access.reveal())
        .str("token_type", "Bearer")
        .int("expires_in", TOKEN_LIFETIME.as_secs().cast_signed())
        .str("refresh_token", token.refresh.reveal())
        .str("scope", &token.scopes.join(" "))
        .end();
}

/// What host events about a peer's rights say.
pub(super) fn rights(out: &mut Vec<u8>, client: u64, scopes: &Scopes, of: &User) {
    Object::begin(out)
        .id("client_id", client)
        .with("scopes", |out| texts(out, scopes))
        .with("user", |out| user(out, of))
        .end();
}

//! Applications, and the tokens that they get.

use super::texts;
use crate::wire::json::{Object, array, push_str};
use crate::world::{Application, TOKEN_LIFETIME, Token};

/// An application as peers see it.
pub(in crate::server::rpc) fn application(out: &mut Vec<u8>, application: &Application) {
    Object::begin(out)
        .id("id", application.id.get())
        .str("name", &application.name)
        .str("description", &application.description)
        .opt_str("icon", application.icon.as_deref())
        .with("rpc_origins", |out| texts(out, &application.rpc_origins))
        .end();
}

/// An application as the host sees it. Its secret stays inside.
pub(in crate::server::rpc) fn host_application(out: &mut Vec<u8>, application: &Application) {
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

/// RFC 6749 section 5.1.
pub(in crate::server::rpc) fn token(out: &mut Vec<u8>, token: &Token) {
    Object::begin(out)
        .str("access_token", token.access.reveal())
        .str("token_type", "Bearer")
        .int("expires_in", TOKEN_LIFETIME.as_secs().cast_signed())
        .str("refresh_token", token.refresh.reveal())
        .str("scope", &token.scopes.join(" "))
        .end();
}

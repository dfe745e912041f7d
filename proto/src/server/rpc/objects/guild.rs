//! Guilds.

use super::View;
use crate::wire::json::Object;
use crate::world::Guild;

fn icon_url(guild: &Guild, cdn_host: &str) -> Option<String> {
    guild.icon.as_ref().map(|icon| format!("https://{cdn_host}/icons/{}/{icon}.png", guild.id))
}

/// A guild as GET_GUILDS lists it and GUILD_STATUS shows it.
pub(in crate::server::rpc) fn partial_guild(out: &mut Vec<u8>, view: View<'_>, guild: &Guild) {
    Object::begin(out)
        .id("id", guild.id.get())
        .str("name", &guild.name)
        .opt_str("icon_url", icon_url(guild, view.cdn_host).as_deref())
        .end();
}

/// A guild as GET_GUILD shows it. Its members are left out since long: "deprecated; always empty array".
pub(in crate::server::rpc) fn guild(out: &mut Vec<u8>, view: View<'_>, guild: &Guild) {
    Object::begin(out)
        .id("id", guild.id.get())
        .str("name", &guild.name)
        .opt_str("icon_url", icon_url(guild, view.cdn_host).as_deref())
        .raw("members", b"[]")
        .end();
}

//! The guild that a peer is connected to: one at a time, and what is told of it.

use super::incoming::{Answer, Refused, done};
use super::peer::Connected;
use super::{Cx, Door, Sink};
use crate::secret::Secret;
use crate::value::Value;
use crate::wire::dmod::write;
use crate::wire::json::Object;
use crate::wire::rest::JsonCode;
use crate::world::{GuildId, Permissions, UserId, World};

/// `name#disc`.
fn tag(world: &World, user: UserId) -> String {
    match world.user(user) {
        Some(user) => format!("{}#{}", user.username, user.discriminator),
        None => "Deleted User#0000".to_owned(),
    }
}

/// `{id, tag, .., permissions}`.
fn write_user(out: &mut Vec<u8>, world: &World, user: UserId, with_self: bool, permissions: Permissions) {
    let object = Object::begin(out).id("id", user.get()).str("tag", &tag(world, user));
    let object = if with_self { object.bool("self", true) } else { object };
    object.str("permissions", &permissions.0.to_string()).end();
}

/// Whether there is such a guild, and it can be reached.
pub(super) fn is_there(world: &World, guild: GuildId) -> bool {
    world.guild(guild).is_some_and(|guild| guild.available)
}

impl Door {
    pub(super) fn connect_guild(&mut self, cx: &mut Cx<'_, impl Sink>, peer: u32, d: Value<'_>) -> Answer {
        let guild = GuildId::from(d.member("gid").as_id().unwrap_or_default());
        let Some(open) = self.peers.get_mut(&peer).and_then(|known| known.open_mut()) else { return Ok(None) };
        // The mere attempt at another one leaves the one before.
        open.guild = None;
        let known = self.registry.guilds.get(&guild).zip(cx.world.guild(guild).filter(|guild| guild.available));
        let Some((application, of_world)) = known else {
            return Err(Refused::new(JsonCode::UnknownGuild, "gid: there is no application of such a guild"));
        };
        if Secret::new(d.member("token").as_str().unwrap_or_default()) != application.token {
            return Err(Refused::new(JsonCode::Unauthorized, "token: not that of the guild's application"));
        }
        let told = open.user.map_or(Permissions::NONE, |user| cx.world.permissions_of(user, guild));
        open.guild = Some(Connected { guild, told });
        let mut data = Vec::new();
        let object = Object::begin(&mut data).with("guild", |out| {
            Object::begin(out)
                .count("count", of_world.members.len())
                .opt_str("banner", application.banner.as_deref())
                .opt_str("icon", of_world.icon.as_deref())
                .int("premium_tier", application.premium_tier)
                .int("verification_level", application.verification_level)
                .raw("emojis", &application.emojis)
                .bool("current_invite_valid", application.current_invite_valid)
                .opt_str("vanity", application.vanity.as_deref())
                .end();
        });
        match open.user {
            Some(user) => object.with("user", |out| write_user(out, cx.world, user, false, told)).end(),
            None => object.raw("user", b"null").end(),
        }
        Ok(Some(data))
    }

    pub(super) fn disconnect_guild(&mut self, peer: u32, d: Value<'_>) -> Answer {
        let guild = GuildId::from(d.member("gid").as_id().unwrap_or_default());
        let open = self.peers.get_mut(&peer).and_then(|known| known.open_mut());
        match open.and_then(|open| open.guild.take_if(|connected| connected.guild == guild)) {
            Some(_) => done(|object| object),
            None => Err(Refused::new(JsonCode::UnknownGuild, "gid: that guild is not connected")),
        }
    }

    fn connected(&mut self, peer: u32) -> Option<&mut Connected> {
        self.peers.get_mut(&peer)?.open_mut()?.guild.as_mut()
    }

    /// Somebody came or left.
    pub(super) fn tell_count(&mut self, cx: &mut Cx<'_, impl Sink>, peer: u32, guild: GuildId) {
        if self.connected(peer).is_none_or(|connected| connected.guild != guild) || !is_there(cx.world, guild) {
            return;
        }
        let count = cx.world.guild(guild).map_or(0, |guild| guild.members.len());
        let mut d = Vec::new();
        Object::begin(&mut d).id("gid", guild.get()).count("count", count).end();
        self.say(cx.out, peer, |out| write::event(out, "GUILD_MEMBER_COUNT_CHANGE", &d));
    }

    /// Tells a peer that its user may do something else than it was told, or that its guild is gone.
    pub(super) fn tell_permissions(&mut self, cx: &mut Cx<'_, impl Sink>, peer: u32) {
        let Some(open) = self.peers.get_mut(&peer).and_then(|known| known.open_mut()) else { return };
        let Some(connected) = &mut open.guild else { return };
        let guild = connected.guild;
        let mut d = Vec::new();
        if !is_there(cx.world, guild) {
            open.guild = None;
            Object::begin(&mut d).id("gid", guild.get()).end();
            return self.say(cx.out, peer, |out| write::event(out, "DESCONNECT_GUILD", &d));
        }
        let Some(user) = open.user else { return };
        let now = cx.world.permissions_of(user, guild);
        if now != connected.told {
            connected.told = now;
            write_user(&mut d, cx.world, user, true, now);
            self.say(cx.out, peer, |out| write::event(out, "GUILD_PRIVILEGE_UPDATE", &d));
        }
    }
}

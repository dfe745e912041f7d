//! What the caller may see and do.
//!
//! A token acts as its user, with one difference: without the scope `messages.read` it reads messages only in channels that
//! its application made, or in guilds that it made (`rules_easily_missed` in the inventory of cross-cutting facts).

use super::Caller;
use super::refusal::Refusal;
use crate::wire::rest::JsonCode;
use crate::world::{Channel, ChannelId, Guild, GuildId, Permissions, World};

/// What the permissions are called in a refusal.
fn name(permission: Permissions) -> &'static str {
    Permissions::NAMES.iter().find(|(_, known)| *known == permission).map_or("unknown", |(name, _)| name)
}

/// The guild, which the caller is in.
pub(super) fn guild<'w>(world: &'w World, caller: &Caller, id: GuildId) -> Result<&'w Guild, Refusal> {
    let guild = world.guild(id).filter(|guild| guild.members.contains_key(&caller.user));
    let guild = guild.ok_or_else(|| Refusal::new(404, JsonCode::UnknownGuild, "Unknown Guild"))?;
    if !guild.available {
        return Err(Refusal::new(503, JsonCode::General, "this guild is not available at the moment"));
    }
    Ok(guild)
}

/// The guild, in which the caller has a permission.
pub(super) fn guild_with<'w>(
    world: &'w World,
    caller: &Caller,
    id: GuildId,
    needed: Permissions,
) -> Result<&'w Guild, Refusal> {
    let guild = guild(world, caller, id)?;
    match world.permissions_of(caller.user, id).contains(needed) {
        true => Ok(guild),
        false => Err(Refusal::forbidden(name(needed))),
    }
}

/// The channel, which the caller can see.
pub(super) fn channel<'w>(world: &'w World, caller: &Caller, id: ChannelId) -> Result<&'w Channel, Refusal> {
    let channel = world.channel(id).ok_or_else(|| Refusal::new(404, JsonCode::UnknownChannel, "Unknown Channel"))?;
    match world.sees(caller.user, id) {
        true => Ok(channel),
        false => Err(Refusal::no_access()),
    }
}

/// The channel, in which the caller has a permission.
pub(super) fn channel_with<'w>(
    world: &'w World,
    caller: &Caller,
    id: ChannelId,
    needed: Permissions,
) -> Result<&'w Channel, Refusal> {
    let channel = channel(world, caller, id)?;
    match may(world, caller, channel, needed) {
        true => Ok(channel),
        false => Err(Refusal::forbidden(name(needed))),
    }
}

/// A guild's channel, likewise. Direct messages have no overwrites, and nobody manages them.
pub(super) fn guild_channel_with<'w>(
    world: &'w World,
    caller: &Caller,
    id: ChannelId,
    needed: Permissions,
) -> Result<(&'w Channel, GuildId), Refusal> {
    let channel = channel(world, caller, id)?;
    let Some(guild) = channel.guild else {
        return Err(Refusal::new(403, JsonCode::NotInADm, "Cannot execute action on a DM channel"));
    };
    match may(world, caller, channel, needed) {
        true => Ok((channel, guild)),
        false => Err(Refusal::forbidden(name(needed))),
    }
}

/// The channel, whose messages the caller may read.
pub(super) fn readable<'w>(world: &'w World, caller: &Caller, id: ChannelId) -> Result<&'w Channel, Refusal> {
    let channel = channel_with(world, caller, id, Permissions::READ_MESSAGE_HISTORY)?;
    if !channel.kind.has_text() {
        return Err(Refusal::new(400, JsonCode::WrongChannelType, "Cannot execute action on this channel type"));
    }
    if caller.full
        || caller.application.is_some_and(|application| world.made_by(application, id))
        || caller.scopes.iter().any(|scope| **scope == *"messages.read")
    {
        return Ok(channel);
    }
    Err(Refusal::no_access())
}

/// Whether the caller has a permission in this channel.
pub(super) fn may(world: &World, caller: &Caller, channel: &Channel, needed: Permissions) -> bool {
    world.permissions_in(caller.user, channel.id).contains(needed)
}

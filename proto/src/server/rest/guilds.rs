//! Guilds and the channels in them.

use super::call::{Call, DONE, created, json};
use super::refusal::Refusal;
use super::{Response, channels, objects, overwrites, view};
use crate::wire::json::array;
use crate::wire::rest::JsonCode;
use crate::world::{Change, ChannelKind, GuildEdit, GuildId, NewChannel, NewGuild, Operation, Permissions, UserId};

fn written(call: &Call<'_>, id: GuildId, status: u16) -> Result<Response, Refusal> {
    let guild = view::guild(call.world, call.caller, id)?;
    Ok(Response { status, ..json(|out| objects::guild(out, guild, call.version)) })
}

pub(super) fn create(call: &mut Call<'_>) -> Result<Response, Refusal> {
    let new = NewGuild {
        name: call.text("name").unwrap_or_default(),
        icon: call.text("icon"),
        owner: Some(call.caller.user),
        members: Vec::new(),
        created_by: call.caller.application,
    };
    let changes = call.apply_within(Operation::CreateGuild(new), JsonCode::TooManyGuilds)?;
    let made = changes.iter().find_map(|change| match change {
        Change::GuildCreated(id) => Some(*id),
        _ => None,
    });
    written(call, made.ok_or_else(|| Refusal::new(500, JsonCode::General, "no guild came of it"))?, 201)
}

pub(super) fn get(call: &mut Call<'_>) -> Result<Response, Refusal> {
    written(call, call.id("guild_id"), 200)
}

pub(super) fn modify(call: &mut Call<'_>) -> Result<Response, Refusal> {
    let guild: GuildId = call.id("guild_id");
    let known = view::guild_with(call.world, call.caller, guild, Permissions::MANAGE_GUILD)?;
    let owner = call.body.member("owner_id").as_id().map(UserId::from);
    if owner.is_some() && known.owner != call.caller.user {
        return Err(Refusal::forbidden("only the owner gives a guild away"));
    }
    let edit = GuildEdit { name: call.text("name"), icon: call.erasable("icon"), owner, available: None };
    call.apply(Operation::EditGuild { guild, edit })?;
    written(call, guild, 200)
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Response, Refusal> {
    let guild: GuildId = call.id("guild_id");
    if view::guild(call.world, call.caller, guild)?.owner != call.caller.user {
        return Err(Refusal::forbidden("only its owner deletes a guild"));
    }
    call.apply(Operation::DeleteGuild(guild))?;
    Ok(DONE)
}

pub(super) fn channels(call: &mut Call<'_>) -> Result<Response, Refusal> {
    let guild: GuildId = call.id("guild_id");
    view::guild(call.world, call.caller, guild)?;
    let (world, caller) = (&*call.world, call.caller);
    let channels = world.channels_of(guild).into_iter();
    let found = channels.filter(|channel| view::may(world, caller, channel, Permissions::VIEW_CHANNEL));
    Ok(json(|out| {
        array(out, found, |out, channel| objects::channel(out, world, channel, call.version, caller.user));
    }))
}

pub(super) fn create_channel(call: &mut Call<'_>) -> Result<Response, Refusal> {
    let guild: GuildId = call.id("guild_id");
    view::guild_with(call.world, call.caller, guild, Permissions::MANAGE_CHANNELS)?;
    let kind = match (call.body.member("type").as_whole(), call.body.member("type").as_str()) {
        (Some(0), _) | (_, Some("text" | "0")) => ChannelKind::GuildText,
        (Some(2), _) | (_, Some("voice" | "2")) => ChannelKind::GuildVoice,
        _ if call.body.member("type").is_none() => ChannelKind::GuildText,
        _ => return Err(Refusal::field("type", "0, \"text\", 2 or \"voice\" expected")),
    };
    let new = NewChannel {
        kind,
        guild: Some(guild),
        name: call.text("name").unwrap_or_default(),
        topic: call.text("topic"),
        position: call.number("position"),
        bitrate: call.number("bitrate"),
        user_limit: call.number("user_limit"),
        overwrites: overwrites::read(call, guild)?.unwrap_or_default(),
        recipients: Vec::new(),
        created_by: call.caller.application,
    };
    let changes = call.apply_within(Operation::CreateChannel(new), JsonCode::TooManyChannels)?;
    let made = changes.iter().find_map(|change| match change {
        Change::ChannelCreated(id) => Some(*id),
        _ => None,
    });
    let id = made.ok_or_else(|| Refusal::new(500, JsonCode::General, "no channel came of it"))?;
    let channel = channels::known(call, id)?;
    Ok(created(|out| objects::channel(out, call.world, channel, call.version, call.caller.user)))
}

//! One channel.

use super::call::{Call, json};
use super::refusal::Refusal;
use super::{Response, objects, overwrites, view};
use crate::wire::rest::JsonCode;
use crate::world::{Channel, ChannelEdit, ChannelId, Operation, Permissions};

/// The channel, which the caller can see or has just made.
pub(super) fn known<'c>(call: &'c Call<'_>, id: ChannelId) -> Result<&'c Channel, Refusal> {
    call.world.channel(id).ok_or_else(|| Refusal::new(404, JsonCode::UnknownChannel, "Unknown Channel"))
}

pub(super) fn get(call: &mut Call<'_>) -> Result<Response, Refusal> {
    let channel = view::channel(call.world, call.caller, call.id("channel_id"))?;
    Ok(json(|out| objects::channel(out, call.world, channel, call.version, call.caller.user)))
}

pub(super) fn modify(call: &mut Call<'_>) -> Result<Response, Refusal> {
    let channel: ChannelId = call.id("channel_id");
    let (_, guild) = view::guild_channel_with(call.world, call.caller, channel, Permissions::MANAGE_CHANNELS)?;
    let overwrites = overwrites::read(call, guild)?;
    if overwrites.is_some() {
        view::channel_with(call.world, call.caller, channel, Permissions::MANAGE_ROLES)?;
    }
    let edit = ChannelEdit {
        name: call.text("name"),
        topic: call.erasable("topic"),
        position: call.number("position"),
        bitrate: call.number("bitrate"),
        user_limit: call.number("user_limit"),
    };
    call.apply(Operation::EditChannel { channel, edit })?;
    if let Some(overwrites) = overwrites {
        let before = known(call, channel)?.overwrites.clone();
        for gone in before.iter().filter(|old| overwrites.iter().all(|new| new.of != old.of)) {
            call.apply(Operation::RemoveOverwrite { channel, of: gone.of })?;
        }
        for overwrite in overwrites.into_iter().filter(|new| !before.contains(new)) {
            call.apply(Operation::SetOverwrite { channel, overwrite })?;
        }
    }
    let channel = known(call, channel)?;
    Ok(json(|out| objects::channel(out, call.world, channel, call.version, call.caller.user)))
}

pub(super) fn replace(call: &mut Call<'_>) -> Result<Response, Refusal> {
    if call.body.member("name").is_none() {
        return Err(Refusal::field("name", "2 to 100 characters expected, nothing given"));
    }
    modify(call)
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Response, Refusal> {
    let id: ChannelId = call.id("channel_id");
    let (channel, _) = view::guild_channel_with(call.world, call.caller, id, Permissions::MANAGE_CHANNELS)?;
    let answer = json(|out| objects::channel(out, call.world, channel, call.version, call.caller.user));
    call.apply(Operation::DeleteChannel(id))?;
    Ok(answer)
}

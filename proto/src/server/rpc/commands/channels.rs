//! GET_CHANNELS, GET_CHANNEL and SELECT_TEXT_CHANNEL.

use std::time::Duration;

use super::{Answer, Call, Effect, guilds};
use crate::server::rpc::caller::Caller;
use crate::server::rpc::objects::{self, View};
use crate::server::rpc::refusal::Refusal;
use crate::server::rpc::waiting::Aim;
use crate::server::rpc::{Cx, Door, Sink};
use crate::value::Value;
use crate::wire::json::{Object, array};
use crate::world::{Channel, ChannelId, Operation, Permissions, World};

/// A channel that the local user can see.
pub(in crate::server::rpc) fn visible(world: &World, id: ChannelId) -> Result<&Channel, Refusal> {
    let channel = world.channel(id).filter(|_| world.sees(world.local_user().id, id));
    channel.ok_or_else(|| Refusal::no_channel(id))
}

/// A channel that the local user may see, and whether its guild can be reached.
pub(in crate::server::rpc) fn allowed(world: &World, id: ChannelId) -> Result<(&Channel, bool), Refusal> {
    let user = world.local_user().id;
    let allowed = |_: &&Channel| world.permissions_in(user, id).contains(Permissions::VIEW_CHANNEL);
    let channel = world.channel(id).filter(allowed).ok_or_else(|| Refusal::no_channel(id))?;
    Ok((channel, world.sees(user, id)))
}

/// A channel in full, as this caller may see it.
pub(in crate::server::rpc) fn write(data: &mut Vec<u8>, view: View<'_>, caller: &Caller, channel: &Channel) {
    objects::channel(data, view, channel, caller.reads(view.world, channel.id));
}

/// `channel_id`, where null is none.
pub(super) fn chosen(args: Value<'_>) -> Option<ChannelId> {
    args.member("channel_id").as_id().map(ChannelId::from)
}

/// GET_CHANNELS: those that the local user can see, in their order.
pub(super) fn list(world: &World, call: Call<'_>, data: &mut Vec<u8>) -> Answer {
    let id = call.args.member("guild_id").as_id().unwrap_or_default().into();
    if !guilds::joined(world, id)?.available {
        return Err(Refusal::guild_away(id));
    }
    let user = world.local_user().id;
    let seen = world.channels_of(id).into_iter().filter(|channel| world.sees(user, channel.id));
    Object::begin(data).with("channels", |out| array(out, seen, objects::partial_channel)).end();
    Ok(Effect::default())
}

/// GET_CHANNEL.
pub(super) fn get(view: View<'_>, call: Call<'_>, data: &mut Vec<u8>) -> Answer {
    let id = call.args.member("channel_id").as_id().unwrap_or_default().into();
    write(data, view, call.caller, visible(view.world, id)?);
    Ok(Effect::default())
}

impl Door {
    /// SELECT_TEXT_CHANNEL. A channel whose guild can't be reached is waited for as long as `timeout` says, and not at all
    /// without: then 5001.
    pub(super) fn select_text_channel(
        &mut self,
        cx: &mut Cx<'_, impl Sink>,
        call: Call<'_>,
        data: &mut Vec<u8>,
    ) -> Answer {
        let Some(id) = chosen(call.args) else {
            let changes = cx.world.apply(cx.now, Operation::SelectTextChannel(None))?;
            data.extend_from_slice(b"null");
            return Ok(Effect::changed(changes));
        };
        let (channel, here) = allowed(cx.world, id)?;
        if !channel.kind.has_text() {
            return Err(Refusal::new(
                crate::wire::rpc::ErrorCode::InvalidChannel,
                format!("channel_id: {id} is a voice channel; one for text expected"),
            ));
        }
        if !here {
            return self.wait(cx.now, call, Duration::ZERO, Aim::Text(id));
        }
        let changes = cx.world.apply(cx.now, Operation::SelectTextChannel(Some(id)))?;
        write(data, self.view(cx.world), call.caller, visible(cx.world, id)?);
        Ok(Effect::changed(changes))
    }
}

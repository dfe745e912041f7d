//! SELECT_VOICE_CHANNEL and GET_SELECTED_VOICE_CHANNEL.

use std::time::Duration;

use super::{Answer, Call, Effect, Reply, channels};
use crate::server::rpc::caller::Caller;
use crate::server::rpc::objects::View;
use crate::server::rpc::refusal::Refusal;
use crate::server::rpc::waiting::Aim;
use crate::server::rpc::{Cx, Door, Sink};
use crate::time::Instant;
use crate::wire::json::or_null;
use crate::wire::rpc::ErrorCode;
use crate::world::{self, Changes, ChannelId, Operation, Permissions, World};

/// How long a voice channel is tried for when the command does not say.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the user agreed to.
#[derive(Clone, Copy, Debug)]
pub(in crate::server::rpc) struct Manner {
    /// To be moved out of another channel.
    pub(in crate::server::rpc) force: bool,
    /// To be shown the channel as well, where there is something to read.
    pub(in crate::server::rpc) navigate: bool,
}

/// How far a join got.
#[derive(Debug)]
pub(in crate::server::rpc) enum Joined {
    /// In, with what changed.
    In(Vec<Changes>),
    /// Not yet: there is no voice server. `ours` is whether this began it.
    Waits { changes: Vec<Changes>, ours: bool },
}

/// GET_SELECTED_VOICE_CHANNEL.
pub(super) fn selected(view: View<'_>, caller: &Caller, data: &mut Vec<u8>) -> Answer {
    let selected = view.world.voice_channel().and_then(|id| view.world.channel(id));
    or_null(data, selected, |data, channel| channels::write(data, view, caller, channel));
    Ok(Effect::default())
}

/// Whether the user agreed to leave where they are, if they have to.
fn must_agree(there: Option<ChannelId>, id: ChannelId, manner: Manner) -> Result<(), Refusal> {
    if there.is_some_and(|there| there != id) && !manner.force {
        let sentence = "the user is in another voice channel; \"force\" moves them, once they agreed to it";
        return Err(Refusal::new(ErrorCode::SelectVoiceForceRequired, sentence));
    }
    Ok(())
}

/// Tries to bring the local user into a channel.
pub(in crate::server::rpc) fn join(
    now: Instant,
    world: &mut World,
    id: ChannelId,
    manner: Manner,
) -> Result<Joined, Refusal> {
    let user = world.local_user().id;
    let there = world.joining().or(world.voice_channel());
    must_agree(there, id, manner)?;
    let mut changes = Vec::new();
    if there != Some(id) {
        changes.push(world.apply(now, Operation::JoinVoice { user, channel: id }).map_err(|error| match error {
            world::Error::TooMany(sentence) => Refusal::new(ErrorCode::InvalidPermissions, sentence),
            error => error.into(),
        })?);
    }
    if world.voice_channel() != Some(id) {
        return Ok(Joined::Waits { changes, ours: there != Some(id) });
    }
    if manner.navigate {
        // A guild's voice channel has nothing to read, so that there is nothing to show.
        match world.apply(now, Operation::SelectTextChannel(Some(id))) {
            Ok(shown) => changes.push(shown),
            Err(world::Error::UnknownChannel(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Joined::In(changes))
}

impl Door {
    /// SELECT_VOICE_CHANNEL. The user has to be able to see the channel (else 4005), to connect to it (else 4006), and to
    /// be in no other one unless `force` says that they agreed (else 5003). While its guild or the voice servers can't be
    /// reached it is tried for `timeout` seconds, [`PATIENCE`] unless given; then 5001, and the attempt is undone.
    pub(super) fn select_voice_channel(
        &mut self,
        cx: &mut Cx<'_, impl Sink>,
        call: Call<'_>,
        data: &mut Vec<u8>,
    ) -> Answer {
        let user = cx.world.local_user().id;
        let Some(id) = channels::chosen(call.args) else {
            data.extend_from_slice(b"null");
            if cx.world.voice_channel().is_none() && cx.world.joining().is_none() {
                return Ok(Effect::default());
            }
            return Ok(Effect::changed(cx.world.apply(cx.now, Operation::LeaveVoice(user))?));
        };
        let (channel, here) = channels::allowed(cx.world, id)?;
        if !channel.kind.has_voice() {
            let sentence = format!("channel_id: {id} is a text channel; one for voice expected");
            return Err(Refusal::new(ErrorCode::InvalidChannel, sentence));
        }
        if !cx.world.permissions_in(user, id).contains(Permissions::CONNECT) {
            return Err(world::Error::Forbidden("CONNECT").into());
        }
        let flag = |name| call.args.member(name).as_bool().unwrap_or(false);
        let manner = Manner { force: flag("force"), navigate: flag("navigate") };
        if !here {
            return self.wait(cx.now, call, PATIENCE, Aim::VoiceGuild(id, manner));
        }
        let there = cx.world.joining().or(cx.world.voice_channel());
        must_agree(there, id, manner)?;
        // Asked before the user is moved: who has no time to wait leaves everything as it is.
        let effect = if cx.world.voice_channel() == Some(id) || cx.world.voice_servers_available() {
            Effect::default()
        } else {
            let ours = there != Some(id) || self.began_joining(id);
            self.wait(cx.now, call, PATIENCE, Aim::VoiceServer { channel: id, manner, ours })?
        };
        let (Joined::In(changes) | Joined::Waits { changes, .. }) = join(cx.now, cx.world, id, manner)?;
        if let Reply::Written = effect.reply {
            channels::write(data, self.view(cx.world), call.caller, channels::visible(cx.world, id)?);
        }
        Ok(Effect { changes, ..effect })
    }
}

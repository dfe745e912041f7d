//! Channels.

use super::{View, message, voice_state};
use crate::wire::json::{Object, array};
use crate::world::{Channel, ChannelId, Permissions, World};

/// How many messages GET_CHANNEL shows, the latest ones: as many as a Discord client loads at a time.
const MESSAGES: usize = 50;

/// A channel in a list.
pub(in crate::server::rpc) fn partial_channel(out: &mut Vec<u8>, channel: &Channel) {
    Object::begin(out).id("id", channel.id.get()).str("name", &channel.name).int("type", channel.kind as i64).end();
}

/// A channel as GET_CHANNEL shows it. `with_messages` is whether the peer may read what stands there; without, there are
/// none. They come oldest first.
pub(in crate::server::rpc) fn channel(out: &mut Vec<u8>, view: View<'_>, channel: &Channel, with_messages: bool) {
    let mut object = Object::begin(out)
        .id("id", channel.id.get())
        .opt_id("guild_id", channel.guild.map(|guild| guild.get()))
        .str("name", &channel.name)
        .int("type", channel.kind as i64)
        .int("position", channel.position.into());
    if channel.kind.has_text() {
        object = object.opt_str("topic", channel.topic.as_deref()).with("messages", |out| {
            let readable = with_messages && reads_history(view.world, channel.id);
            let posted = view.world.messages(channel.id);
            let (skipped, shown) = (posted.len().saturating_sub(MESSAGES), if readable { MESSAGES } else { 0 });
            array(out, posted.skip(skipped).take(shown), |out, posted| message(out, view, posted));
        });
    }
    if channel.kind.has_voice() {
        object = object.int("bitrate", channel.bitrate.into()).int("user_limit", channel.user_limit.into()).with(
            "voice_states",
            |out| {
                array(out, view.world.voice_states_in(channel.id), |out, state| voice_state(out, view, state));
            },
        );
    }
    object.end();
}

fn reads_history(world: &World, channel: ChannelId) -> bool {
    world.permissions_in(world.local_user().id, channel).contains(Permissions::READ_MESSAGE_HISTORY)
}

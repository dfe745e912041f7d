//! The events of voice: who is where, who speaks, and how the local user is connected.

use super::{everybody, sees};
use crate::server::rpc::{Cx, Door, Sink, objects};
use crate::wire::json::Object;
use crate::world::{Change, ChannelId, UserId, VoiceState};

impl Door {
    pub(super) fn tell_of_voice(&mut self, cx: &mut Cx<'_, impl Sink>, change: &Change) -> usize {
        match change {
            Change::VoiceChannelSelected(channel) => {
                self.publish(cx, "VOICE_CHANNEL_SELECT", 0, everybody, |out, view| {
                    let guild = channel.and_then(|id| view.world.channel(id)).and_then(|channel| channel.guild);
                    Object::begin(out)
                        .opt_id("channel_id", channel.map(ChannelId::get))
                        .opt_id("guild_id", guild.map(|guild| guild.get()))
                        .end();
                })
            }
            Change::VoiceJoined { channel, user } => self.tell_of_state(cx, "VOICE_STATE_CREATE", *channel, *user),
            Change::VoiceChanged { channel, user } => self.tell_of_state(cx, "VOICE_STATE_UPDATE", *channel, *user),
            Change::VoiceLeft(state) => {
                // Of a channel that was deleted its subscribers hear that everybody left.
                if cx.world.channel(state.channel).is_some() && !sees(cx.world, state.channel) {
                    return 0;
                }
                self.publish_state(cx, "VOICE_STATE_DELETE", state)
            }
            Change::SpeakingChanged { channel, user, speaking } if sees(cx.world, *channel) => {
                let event = if *speaking { "SPEAKING_START" } else { "SPEAKING_STOP" };
                self.publish(cx, event, channel.get(), everybody, |out, _| {
                    Object::begin(out).id("user_id", user.get()).end();
                })
            }
            Change::VoiceConnectionChanged(connection) => {
                self.publish(cx, "VOICE_CONNECTION_STATUS", 0, everybody, |out, _| objects::connection(out, connection))
            }
            Change::VoiceSettingsChanged => self.publish(cx, "VOICE_SETTINGS_UPDATE", 0, everybody, |out, view| {
                objects::voice_settings(out, view.world.voice_settings());
            }),
            _ => 0,
        }
    }

    fn tell_of_state(
        &mut self,
        cx: &mut Cx<'_, impl Sink>,
        event: &'static str,
        channel: ChannelId,
        user: UserId,
    ) -> usize {
        if !sees(cx.world, channel) {
            return 0;
        }
        // Who has moved on within the same operation has a state elsewhere.
        match cx.world.voice_state(user).filter(|state| state.channel == channel).cloned() {
            Some(state) => self.publish_state(cx, event, &state),
            None => 0,
        }
    }

    fn publish_state(&mut self, cx: &mut Cx<'_, impl Sink>, event: &'static str, state: &VoiceState) -> usize {
        self.publish(cx, event, state.channel.get(), everybody, |out, view| objects::voice_state(out, view, state))
    }
}

//! Voice: who is in a channel and how they are heard, the settings, and the connection.

use super::{View, user_or_null};
use crate::wire::json::{Object, array, push_num};
use crate::world::{
    UserId, UserVoiceSettings, VoiceConnection, VoiceIo, VoiceModeKind, VoiceSettings, VoiceState, World,
};

/// A user in a voice channel. What the guild did to them is read from their membership; who has left the guild with the
/// channel is shown without.
pub(in crate::server::rpc) fn voice_state(out: &mut Vec<u8>, view: View<'_>, state: &VoiceState) {
    let world = view.world;
    let guild = world.channel(state.channel).and_then(|channel| channel.guild);
    let member = guild.and_then(|guild| world.guild(guild)).and_then(|guild| guild.members.get(&state.user));
    let heard = world.user_voice(state.user);
    Object::begin(out)
        .with("voice_state", |out| {
            Object::begin(out)
                .bool("mute", member.is_some_and(|member| member.mute))
                .bool("deaf", member.is_some_and(|member| member.deaf))
                .bool("self_mute", state.self_mute)
                .bool("self_deaf", state.self_deaf)
                .bool("suppress", world.is_suppressed(state.user, state.channel))
                .end();
        })
        .with("user", |out| user_or_null(out, world, state.user))
        .str("nick", world.nick(state.user, guild))
        .int("volume", heard.volume.into())
        .bool("mute", heard.mute)
        .with("pan", |out| pan(out, heard))
        .end();
}

fn pan(out: &mut Vec<u8>, heard: UserVoiceSettings) {
    Object::begin(out).num("left", heard.left).num("right", heard.right).end();
}

/// SET_USER_VOICE_SETTINGS' reply: how a user is heard now, whatever of it was given.
pub(in crate::server::rpc) fn user_voice(out: &mut Vec<u8>, world: &World, user: UserId) {
    let heard = world.user_voice(user);
    Object::begin(out)
        .id("user_id", user.get())
        .with("pan", |out| pan(out, heard))
        .int("volume", heard.volume.into())
        .bool("mute", heard.mute)
        .end();
}

/// The voice settings, all of them.
pub(in crate::server::rpc) fn voice_settings(out: &mut Vec<u8>, settings: &VoiceSettings) {
    let mode = &settings.mode;
    Object::begin(out)
        .with("input", |out| io(out, &settings.input))
        .with("output", |out| io(out, &settings.output))
        .with("mode", |out| {
            let kind = match mode.kind {
                VoiceModeKind::PushToTalk => "PUSH_TO_TALK",
                VoiceModeKind::VoiceActivity => "VOICE_ACTIVITY",
            };
            Object::begin(out)
                .str("type", kind)
                .bool("auto_threshold", mode.auto_threshold)
                .num("threshold", mode.threshold)
                .with("shortcut", |out| {
                    array(out, &mode.shortcut, |out, key| {
                        Object::begin(out)
                            .int("type", key.kind.into())
                            .int("code", key.code)
                            .str("name", &key.name)
                            .end();
                    });
                })
                .num("delay", mode.delay)
                .end();
        })
        .bool("automatic_gain_control", settings.automatic_gain_control)
        .bool("echo_cancellation", settings.echo_cancellation)
        .bool("noise_suppression", settings.noise_suppression)
        .bool("qos", settings.qos)
        .bool("silence_warning", settings.silence_warning)
        .bool("deaf", settings.deaf)
        .bool("mute", settings.mute)
        .end();
}

fn io(out: &mut Vec<u8>, io: &VoiceIo) {
    Object::begin(out)
        .with("available_devices", |out| {
            array(out, &io.available, |out, device| {
                Object::begin(out).str("id", &device.id).str("name", &device.name).end();
            });
        })
        .str("device_id", &io.device)
        .num("volume", io.volume)
        .end();
}

/// The voice connection, with its history of pings.
pub(in crate::server::rpc) fn connection(out: &mut Vec<u8>, connection: &VoiceConnection) {
    Object::begin(out)
        .str("state", connection.state.name())
        .str("hostname", &connection.hostname)
        .with("pings", |out| array(out, &connection.pings, |out, ping| push_num(out, *ping)))
        .num("average_ping", connection.average_ping())
        .num("last_ping", connection.last_ping())
        .end();
}

//! Who is in voice, and how it sounds.

use super::{Args, Deed, Thing};
use crate::error::Error;
use crate::server::rpc::commands::voice_settings_edit;
use crate::value::Value;
use crate::world::{AudioDevice, Operation, UserVoiceEdit, VoiceConnectionState};

pub(super) fn read(name: &str, args: Args<'_>) -> Option<Result<Deed, Error>> {
    let user = args.who();
    Some(Ok(match name {
        "VOICE_JOIN" => {
            Deed::is(Operation::JoinVoice { user, channel: args.the("channel_id") }, Thing::VoiceState(user))
        }
        "VOICE_LEAVE" => Deed::is(Operation::LeaveVoice(user), Thing::VoiceState(user)),
        "VOICE_STATE_EDIT" => {
            let (self_mute, self_deaf) = (args.flag("self_mute"), args.flag("self_deaf"));
            Deed::is(Operation::EditVoice { user, self_mute, self_deaf }, Thing::VoiceState(user))
        }
        "SPEAKING_START" | "SPEAKING_STOP" => {
            let speaking = name == "SPEAKING_START";
            Deed::is(Operation::SetSpeaking { user, speaking }, Thing::VoiceState(user))
        }
        "VOICE_SERVERS_SET" => {
            let available = args.flag("available").unwrap_or(true);
            Deed::is(Operation::SetVoiceServers { available }, Thing::VoiceConnection)
        }
        "VOICE_CONNECTION_SET" => {
            let state = args.text("state").and_then(|name| VoiceConnectionState::from_name(&name)).unwrap_or_default();
            let hostname = args.text("hostname");
            Deed::is(Operation::SetVoiceConnection { state, hostname }, Thing::VoiceConnection)
        }
        "VOICE_PING" => {
            let milliseconds = args.value.member("ms").as_f64().unwrap_or_default();
            Deed::is(Operation::Ping(milliseconds), Thing::VoiceConnection)
        }
        "AUDIO_DEVICES_SET" => {
            let (inputs, outputs) = (devices(args.value.member("inputs")), devices(args.value.member("outputs")));
            Deed::is(Operation::SetAudioDevices { inputs, outputs }, Thing::VoiceSettings)
        }
        "VOICE_SETTINGS_EDIT" => {
            let edit = Box::new(voice_settings_edit(args.value));
            Deed::is(Operation::EditVoiceSettings { session: None, edit }, Thing::VoiceSettings)
        }
        "USER_VOICE_SETTINGS_EDIT" => {
            let pan = args.value.member("pan");
            let edit = UserVoiceEdit {
                pan: pan.member("left").as_f64().zip(pan.member("right").as_f64()),
                volume: args.number("volume"),
                mute: args.flag("mute"),
            };
            Deed::is(Operation::EditUserVoice { session: None, user, edit }, Thing::UserVoice(user))
        }
        _ => return None,
    }))
}

fn devices(list: Value<'_>) -> Vec<AudioDevice> {
    let text = |device: Value<'_>, name| Box::from(device.member(name).as_str().unwrap_or_default());
    list.iter().map(|device| AudioDevice { id: text(device, "id"), name: text(device, "name") }).collect()
}

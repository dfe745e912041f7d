//! The voice settings: GET_VOICE_SETTINGS, SET_VOICE_SETTINGS, SET_USER_VOICE_SETTINGS and SET_CERTIFIED_DEVICES.
//!
//! One application at a time changes them (the world keeps the lock). Another one is refused with 4006: the reference says
//! that it loses the ability to change them, and names no code.

use super::{Answer, Call, Effect};
use crate::server::rpc::refusal::Refusal;
use crate::server::rpc::{Cx, Sink, host, objects};
use crate::value::Value;
use crate::wire::rpc::ErrorCode;
use crate::world::{
    CertifiedDevice, DeviceKind, Operation, ShortcutKey, UserId, UserVoiceEdit, VoiceModeKind, VoiceSettingsEdit, World,
};

pub(super) fn get(world: &World, data: &mut Vec<u8>) -> Answer {
    objects::voice_settings(data, world.voice_settings());
    Ok(Effect::default())
}

/// SET_VOICE_SETTINGS: what is given changes, and all of it comes back.
pub(super) fn set(cx: &mut Cx<'_, impl Sink>, call: Call<'_>, data: &mut Vec<u8>) -> Answer {
    let session = Some(call.caller.session(call.row.name)?);
    let edit = Box::new(edit(call.args));
    let changes = cx.world.apply(cx.now, Operation::EditVoiceSettings { session, edit })?;
    objects::voice_settings(data, cx.world.voice_settings());
    Ok(Effect::changed(changes))
}

/// What is to become different, in arguments that fit the catalog.
pub(in crate::server::rpc) fn edit(args: Value<'_>) -> VoiceSettingsEdit {
    let text = |object: Value<'_>, name| object.member(name).as_str().map(Box::from);
    let number = |object: Value<'_>, name| object.member(name).as_f64();
    let flag = |object: Value<'_>, name| object.member(name).as_bool();
    let (input, output, mode) = (args.member("input"), args.member("output"), args.member("mode"));
    let shortcut = mode.member("shortcut");
    VoiceSettingsEdit {
        input_device: text(input, "device_id"),
        input_volume: number(input, "volume"),
        output_device: text(output, "device_id"),
        output_volume: number(output, "volume"),
        mode: match mode.member("type").as_str() {
            Some("PUSH_TO_TALK") => Some(VoiceModeKind::PushToTalk),
            Some(_) => Some(VoiceModeKind::VoiceActivity),
            None => None,
        },
        auto_threshold: flag(mode, "auto_threshold"),
        threshold: number(mode, "threshold"),
        shortcut: (!shortcut.is_none()).then(|| shortcut.iter().filter_map(key).collect()),
        delay: number(mode, "delay"),
        automatic_gain_control: flag(args, "automatic_gain_control"),
        echo_cancellation: flag(args, "echo_cancellation"),
        noise_suppression: flag(args, "noise_suppression"),
        qos: flag(args, "qos"),
        silence_warning: flag(args, "silence_warning"),
        deaf: flag(args, "deaf"),
        mute: flag(args, "mute"),
    }
}

fn key(key: Value<'_>) -> Option<ShortcutKey> {
    Some(ShortcutKey {
        kind: u8::try_from(key.member("type").as_whole()?).ok()?,
        code: key.member("code").as_whole()?,
        name: key.member("name").as_str()?.into(),
    })
}

/// SET_USER_VOICE_SETTINGS: what is given changes; the reply has all three, as the reference's has.
pub(super) fn set_user(cx: &mut Cx<'_, impl Sink>, call: Call<'_>, data: &mut Vec<u8>) -> Answer {
    let session = Some(call.caller.session(call.row.name)?);
    let user = UserId::from(call.args.member("user_id").as_id().unwrap_or_default());
    if user == cx.world.local_user().id {
        let sentence = "user_id: another user's id expected, the local user's given";
        return Err(Refusal::new(ErrorCode::InvalidUser, sentence));
    }
    let pan = call.args.member("pan");
    let edit = UserVoiceEdit {
        pan: pan.member("left").as_f64().zip(pan.member("right").as_f64()),
        volume: call.args.member("volume").as_whole().and_then(|volume| u16::try_from(volume).ok()),
        mute: call.args.member("mute").as_bool(),
    };
    let changes = cx.world.apply(cx.now, Operation::EditUserVoice { session, user, edit })?;
    objects::user_voice(data, cx.world, user);
    let mut notice = Vec::new();
    host::objects::user_voice(&mut notice, user, cx.world.user_voice(user));
    Ok(Effect { notice: Some(("USER_VOICE_SETTINGS_UPDATE", notice)), ..Effect::changed(changes) })
}

/// SET_CERTIFIED_DEVICES: takes the place of what this connection told before. They stand among the `available_devices`
/// of the voice settings until it ends.
pub(super) fn set_devices(cx: &mut Cx<'_, impl Sink>, call: Call<'_>, data: &mut Vec<u8>) -> Answer {
    let session = call.caller.session(call.row.name)?;
    let devices: Vec<CertifiedDevice> = call.args.member("devices").iter().map(device).collect();
    let mut notice = Vec::new();
    host::objects::certified_devices(&mut notice, &devices);
    let changes = cx.world.apply(cx.now, Operation::SetCertifiedDevices { session, devices })?;
    data.extend_from_slice(b"null");
    Ok(Effect { notice: Some(("CERTIFIED_DEVICES_UPDATE", notice)), ..Effect::changed(changes) })
}

fn device(device: Value<'_>) -> CertifiedDevice {
    let text = |object: Value<'_>, name| Box::from(object.member(name).as_str().unwrap_or_default());
    let maker = |name| (text(device.member(name), "name"), text(device.member(name), "url"));
    let kind = match device.member("type").as_str() {
        Some("audioinput") => DeviceKind::AudioInput,
        Some("audiooutput") => DeviceKind::AudioOutput,
        _ => DeviceKind::VideoInput,
    };
    // The reference: only applicable for AUDIO_INPUT.
    let flag = |name| device.member(name).as_bool().filter(|_| kind == DeviceKind::AudioInput);
    CertifiedDevice {
        kind,
        id: text(device, "id"),
        vendor: maker("vendor"),
        model: maker("model"),
        related: device.member("related").iter().filter_map(Value::as_str).map(Box::from).collect(),
        echo_cancellation: flag("echo_cancellation"),
        noise_suppression: flag("noise_suppression"),
        automatic_gain_control: flag("automatic_gain_control"),
        hardware_mute: flag("hardware_mute"),
    }
}

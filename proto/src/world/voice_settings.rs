//! The local user's voice settings, what one application at a time may change about them, and how others are heard.
//!
//! The rule (RPC page, SET_VOICE_SETTINGS): the first application that changes a setting holds the lock, and others are
//! refused. When its last session ends, everything is as it was before it changed anything; when it comes back it finds
//! its own settings in force again, and the lock is its own. The host, who stands for the user, is never locked out.

use std::collections::BTreeMap;

use super::{ApplicationId, SessionId, UserId};

/// How the microphone opens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum VoiceModeKind {
    /// While a key is held.
    PushToTalk,
    /// When the user speaks.
    #[default]
    VoiceActivity,
}

/// A key of a shortcut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShortcutKey {
    /// 0 keyboard, 1 mouse, 2 keyboard modifier, 3 gamepad.
    pub kind: u8,
    /// The key's number.
    pub code: i64,
    /// The key's name.
    pub name: Box<str>,
}

/// How the microphone opens, in full.
#[derive(Clone, Debug, PartialEq)]
pub struct VoiceMode {
    /// By key or by voice.
    pub kind: VoiceModeKind,
    /// Whether the threshold finds itself.
    pub auto_threshold: bool,
    /// From how loud on, -100 to 0 dB.
    pub threshold: f64,
    /// The keys.
    pub shortcut: Vec<ShortcutKey>,
    /// How long the microphone stays open after the key, 0 to 2000 ms.
    pub delay: f64,
}

/// A microphone, or headphones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AudioDevice {
    /// Its id.
    pub id: Box<str>,
    /// Its name.
    pub name: Box<str>,
}

/// One direction of sound.
#[derive(Clone, Debug, PartialEq)]
pub struct VoiceIo {
    /// The device in use.
    pub device: Box<str>,
    /// Input 0 to 100, output 0 to 200.
    pub volume: f64,
    /// The devices there are: the machine's own, then certified ones that were told of.
    pub available: Vec<AudioDevice>,
}

/// The settings.
#[derive(Clone, Debug, PartialEq)]
pub struct VoiceSettings {
    /// Microphone.
    pub input: VoiceIo,
    /// Headphones or speakers.
    pub output: VoiceIo,
    /// How the microphone opens.
    pub mode: VoiceMode,
    /// Automatic gain control.
    pub automatic_gain_control: bool,
    /// Echo cancellation.
    pub echo_cancellation: bool,
    /// Noise suppression.
    pub noise_suppression: bool,
    /// Packets marked as urgent.
    pub qos: bool,
    /// Warning when the microphone is silent.
    pub silence_warning: bool,
    /// Deafened.
    pub deaf: bool,
    /// Muted.
    pub mute: bool,
}

/// What is to become different; `None` leaves a thing as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VoiceSettingsEdit {
    /// The microphone's device.
    pub input_device: Option<Box<str>>,
    /// The microphone's volume.
    pub input_volume: Option<f64>,
    /// The headphones' device.
    pub output_device: Option<Box<str>>,
    /// The headphones' volume.
    pub output_volume: Option<f64>,
    /// By key or by voice.
    pub mode: Option<VoiceModeKind>,
    /// Whether the threshold finds itself.
    pub auto_threshold: Option<bool>,
    /// From how loud on.
    pub threshold: Option<f64>,
    /// The keys.
    pub shortcut: Option<Vec<ShortcutKey>>,
    /// How long the microphone stays open.
    pub delay: Option<f64>,
    /// Automatic gain control.
    pub automatic_gain_control: Option<bool>,
    /// Echo cancellation.
    pub echo_cancellation: Option<bool>,
    /// Noise suppression.
    pub noise_suppression: Option<bool>,
    /// Packets marked as urgent.
    pub qos: Option<bool>,
    /// Warning when the microphone is silent.
    pub silence_warning: Option<bool>,
    /// Deafened.
    pub deaf: Option<bool>,
    /// Muted.
    pub mute: Option<bool>,
}

/// How another user is heard.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UserVoiceSettings {
    /// The left ear's share, 0 to 1.
    pub left: f64,
    /// The right ear's share, 0 to 1.
    pub right: f64,
    /// 0 to 200; 100 is normal.
    pub volume: u16,
    /// Whether the local user hears nothing of them.
    pub mute: bool,
}

impl Default for UserVoiceSettings {
    fn default() -> Self {
        UserVoiceSettings { left: 1.0, right: 1.0, volume: 100, mute: false }
    }
}

/// What is to become different about how a user is heard.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct UserVoiceEdit {
    /// Left and right.
    pub pan: Option<(f64, f64)>,
    /// 0 to 200.
    pub volume: Option<u16>,
    /// Whether nothing is heard of them.
    pub mute: Option<bool>,
}

/// What kind of device a maker tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceKind {
    /// `audioinput`
    AudioInput,
    /// `audiooutput`
    AudioOutput,
    /// `videoinput`
    VideoInput,
}

/// A certified device, as its maker's program tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertifiedDevice {
    /// What it is.
    pub kind: DeviceKind,
    /// Its UUID.
    pub id: Box<str>,
    /// Name and page of the maker.
    pub vendor: (Box<str>, Box<str>),
    /// Name and page of the model.
    pub model: (Box<str>, Box<str>),
    /// UUIDs of devices that belong to it.
    pub related: Vec<Box<str>>,
    /// Audio input: cancels echoes itself.
    pub echo_cancellation: Option<bool>,
    /// Audio input: suppresses noise itself.
    pub noise_suppression: Option<bool>,
    /// Audio input: controls its gain itself.
    pub automatic_gain_control: Option<bool>,
    /// Audio input: muted by its switch.
    pub hardware_mute: Option<bool>,
}

/// Which application holds the settings, and what they go back to.
#[derive(Clone, Debug, PartialEq)]
pub struct Lock {
    /// Who.
    pub application: ApplicationId,
    /// Through which sessions; when the last one ends the lock does.
    pub sessions: Vec<SessionId>,
    /// The settings before its first change.
    pub before: VoiceSettings,
    /// How others were heard before it.
    pub users_before: BTreeMap<UserId, UserVoiceSettings>,
}

/// Everything about the voice settings that a world keeps.
#[derive(Clone, Debug)]
pub(super) struct Hearing {
    pub(super) settings: VoiceSettings,
    /// How others are heard, as far as it differs from the default.
    pub(super) users: BTreeMap<UserId, UserVoiceSettings>,
    pub(super) lock: Option<Lock>,
    /// What applications set, for when they return; the latest last.
    pub(super) configured: Vec<Configured>,
    /// The machine's own devices: never empty, the first is the default.
    pub(super) inputs: Vec<AudioDevice>,
    pub(super) outputs: Vec<AudioDevice>,
    pub(super) certified: BTreeMap<SessionId, Vec<CertifiedDevice>>,
}

/// What an application set: only what it set itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Configured {
    /// Which.
    pub application: ApplicationId,
    /// About the settings.
    pub settings: VoiceSettingsEdit,
    /// About how others are heard.
    pub users: BTreeMap<UserId, UserVoiceEdit>,
}

impl AudioDevice {
    /// What stands for whichever device the system prefers.
    pub(super) fn system_default() -> Self {
        AudioDevice { id: "default".into(), name: "Default".into() }
    }
}

impl Default for VoiceSettings {
    fn default() -> Self {
        let io = || VoiceIo { device: "default".into(), volume: 100.0, available: vec![AudioDevice::system_default()] };
        VoiceSettings {
            input: io(),
            output: io(),
            mode: VoiceMode {
                kind: VoiceModeKind::VoiceActivity,
                auto_threshold: true,
                threshold: -60.0,
                shortcut: Vec::new(),
                delay: 20.0,
            },
            automatic_gain_control: true,
            echo_cancellation: true,
            noise_suppression: true,
            qos: true,
            silence_warning: true,
            deaf: false,
            mute: false,
        }
    }
}

impl Default for Hearing {
    fn default() -> Self {
        Hearing {
            settings: VoiceSettings::default(),
            users: BTreeMap::new(),
            lock: None,
            configured: Vec::new(),
            inputs: vec![AudioDevice::system_default()],
            outputs: vec![AudioDevice::system_default()],
            certified: BTreeMap::new(),
        }
    }
}

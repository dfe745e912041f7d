//! The local user's voice settings, what one application at a time may change about them, and how others are heard.
//!
//! The rule (RPC page, SET_VOICE_SETTINGS): the first application that changes a setting holds the lock, and others are
//! refused. When its last session ends, everything is as it was before it changed anything; when it comes back it finds
//! its own settings in force again, and the lock is its own. The host, who stands for the user, is never locked out.

use std::collections::BTreeMap;

use super::{ApplicationId, Error, SessionId, UserId, limits, name};

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

impl VoiceSettings {
    /// Puts in what an edit says. A device that is not there is passed over.
    pub(super) fn merge(&mut self, edit: &VoiceSettingsEdit) {
        fn put<T: Clone>(old: &mut T, new: &Option<T>) {
            if let Some(new) = new {
                *old = new.clone();
            }
        }
        self.input.choose(edit.input_device.as_deref());
        put(&mut self.input.volume, &edit.input_volume);
        self.output.choose(edit.output_device.as_deref());
        put(&mut self.output.volume, &edit.output_volume);
        put(&mut self.mode.kind, &edit.mode);
        put(&mut self.mode.auto_threshold, &edit.auto_threshold);
        put(&mut self.mode.threshold, &edit.threshold);
        put(&mut self.mode.shortcut, &edit.shortcut);
        put(&mut self.mode.delay, &edit.delay);
        put(&mut self.automatic_gain_control, &edit.automatic_gain_control);
        put(&mut self.echo_cancellation, &edit.echo_cancellation);
        put(&mut self.noise_suppression, &edit.noise_suppression);
        put(&mut self.qos, &edit.qos);
        put(&mut self.silence_warning, &edit.silence_warning);
        put(&mut self.deaf, &edit.deaf);
        put(&mut self.mute, &edit.mute);
    }

    /// The edit that makes any settings into these, as far as an edit can.
    pub(super) fn as_edit(&self) -> VoiceSettingsEdit {
        VoiceSettingsEdit {
            input_device: Some(self.input.device.clone()),
            input_volume: Some(self.input.volume),
            output_device: Some(self.output.device.clone()),
            output_volume: Some(self.output.volume),
            mode: Some(self.mode.kind),
            auto_threshold: Some(self.mode.auto_threshold),
            threshold: Some(self.mode.threshold),
            shortcut: Some(self.mode.shortcut.clone()),
            delay: Some(self.mode.delay),
            automatic_gain_control: Some(self.automatic_gain_control),
            echo_cancellation: Some(self.echo_cancellation),
            noise_suppression: Some(self.noise_suppression),
            qos: Some(self.qos),
            silence_warning: Some(self.silence_warning),
            deaf: Some(self.deaf),
            mute: Some(self.mute),
        }
    }
}

impl VoiceSettingsEdit {
    /// Puts a later edit on top.
    pub(super) fn merge(&mut self, later: VoiceSettingsEdit) {
        fn put<T>(old: &mut Option<T>, new: Option<T>) {
            if new.is_some() {
                *old = new;
            }
        }
        put(&mut self.input_device, later.input_device);
        put(&mut self.input_volume, later.input_volume);
        put(&mut self.output_device, later.output_device);
        put(&mut self.output_volume, later.output_volume);
        put(&mut self.mode, later.mode);
        put(&mut self.auto_threshold, later.auto_threshold);
        put(&mut self.threshold, later.threshold);
        put(&mut self.shortcut, later.shortcut);
        put(&mut self.delay, later.delay);
        put(&mut self.automatic_gain_control, later.automatic_gain_control);
        put(&mut self.echo_cancellation, later.echo_cancellation);
        put(&mut self.noise_suppression, later.noise_suppression);
        put(&mut self.qos, later.qos);
        put(&mut self.silence_warning, later.silence_warning);
        put(&mut self.deaf, later.deaf);
        put(&mut self.mute, later.mute);
    }

    /// Whether every value is in its range.
    pub(super) fn check(&self) -> Result<(), Error> {
        range("input.volume", self.input_volume, 0.0, 100.0)?;
        range("output.volume", self.output_volume, 0.0, 200.0)?;
        range("mode.threshold", self.threshold, -100.0, 0.0)?;
        range("mode.delay", self.delay, 0.0, 2000.0)?;
        for (field, device) in [("input.device_id", &self.input_device), ("output.device_id", &self.output_device)] {
            name::text(field, device.as_deref().unwrap_or("default"), 1, limits::TEXT)?;
        }
        let keys = self.shortcut.as_deref().unwrap_or_default();
        limits::room("keys of mode.shortcut", keys.len().saturating_sub(1), limits::SHORTCUT)?;
        for key in keys {
            if key.kind > 3 {
                let given = key.kind;
                return Err(Error::Invalid(format!("mode.shortcut: type: 0 to 3 expected, {given} given").into()));
            }
            name::text("mode.shortcut: name", &key.name, 0, limits::TEXT)?;
        }
        Ok(())
    }

    /// Whether the devices that it names are there.
    pub(super) fn check_devices(&self, settings: &VoiceSettings) -> Result<(), Error> {
        let named = [("input", &self.input_device, &settings.input), ("output", &self.output_device, &settings.output)];
        for (field, device, io) in named {
            if device.as_ref().is_some_and(|device| !io.has(device)) {
                let expected = "one of available_devices expected";
                return Err(Error::Invalid(format!("{field}.device_id: {expected}").into()));
            }
        }
        Ok(())
    }
}

impl UserVoiceSettings {
    pub(super) fn merged(self, edit: UserVoiceEdit) -> Self {
        let (left, right) = edit.pan.unwrap_or((self.left, self.right));
        let (volume, mute) = (edit.volume.unwrap_or(self.volume), edit.mute.unwrap_or(self.mute));
        UserVoiceSettings { left, right, volume, mute }
    }

    pub(super) fn as_edit(self) -> UserVoiceEdit {
        UserVoiceEdit { pan: Some((self.left, self.right)), volume: Some(self.volume), mute: Some(self.mute) }
    }
}

impl UserVoiceEdit {
    pub(super) fn merge(&mut self, later: UserVoiceEdit) {
        self.pan = later.pan.or(self.pan);
        self.volume = later.volume.or(self.volume);
        self.mute = later.mute.or(self.mute);
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        range("pan.left", self.pan.map(|(left, _)| left), 0.0, 1.0)?;
        range("pan.right", self.pan.map(|(_, right)| right), 0.0, 1.0)?;
        range("volume", self.volume.map(f64::from), 0.0, 200.0)
    }
}

fn range(field: &str, value: Option<f64>, least: f64, most: f64) -> Result<(), Error> {
    match value {
        Some(value) if !(least..=most).contains(&value) => {
            Err(Error::Invalid(format!("{field}: {least} to {most} expected, {value} given").into()))
        }
        _ => Ok(()),
    }
}

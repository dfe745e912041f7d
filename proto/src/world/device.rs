//! Microphones and headphones: the machine's own, and certified ones, which their makers' programs tell of and which are
//! there as long as the program's session is.

use std::collections::BTreeSet;

use super::voice_settings::Hearing;
use super::{
    AudioDevice, CertifiedDevice, Changes, DeviceKind, Error, SessionId, VoiceIo, VoiceSettings, World, limits, name,
};

impl World {
    pub(super) fn set_audio_devices(
        &mut self,
        inputs: Vec<AudioDevice>,
        outputs: Vec<AudioDevice>,
        out: &mut Changes,
    ) -> Result<(), Error> {
        check_devices("inputs", &inputs)?;
        check_devices("outputs", &outputs)?;
        let or_default = |devices: Vec<AudioDevice>| match devices.is_empty() {
            true => vec![AudioDevice::system_default()],
            false => devices,
        };
        (self.hearing.inputs, self.hearing.outputs) = (or_default(inputs), or_default(outputs));
        self.refresh_devices(out);
        Ok(())
    }

    pub(super) fn set_certified_devices(
        &mut self,
        session: SessionId,
        devices: Vec<CertifiedDevice>,
        out: &mut Changes,
    ) -> Result<(), Error> {
        self.session(session).ok_or(Error::UnknownSession(session))?;
        devices.iter().enumerate().try_for_each(|(at, device)| device.check(at))?;
        let of_others = self.hearing.certified.iter().filter(|(other, _)| **other != session);
        let of_others: usize = of_others.map(|(_, devices)| devices.len()).sum();
        if devices.len() > limits::CERTIFIED_DEVICES || of_others + devices.len() > limits::ALL_CERTIFIED_DEVICES {
            let (most, all) = (limits::CERTIFIED_DEVICES, limits::ALL_CERTIFIED_DEVICES);
            return Err(Error::TooMany(format!("devices: {most} at most, {all} of all sessions together").into()));
        }
        if devices.is_empty() {
            self.hearing.certified.remove(&session);
        } else {
            self.hearing.certified.insert(session, devices);
        }
        self.refresh_devices(out);
        Ok(())
    }

    /// The devices are other ones: now, and when the lock ends.
    pub(super) fn refresh_devices(&mut self, out: &mut Changes) {
        if let Some(mut lock) = self.hearing.lock.take() {
            self.hearing.refresh(&mut lock.before);
            self.hearing.lock = Some(lock);
        }
        let mut settings = self.hearing.settings.clone();
        self.hearing.refresh(&mut settings);
        self.show_voice_settings(settings, out);
    }
}

impl Hearing {
    /// Lists the devices that there are. One in use that is not there any more gives way to the default.
    pub(super) fn refresh(&self, settings: &mut VoiceSettings) {
        self.refresh_one(&mut settings.input, &self.inputs, DeviceKind::AudioInput);
        self.refresh_one(&mut settings.output, &self.outputs, DeviceKind::AudioOutput);
    }

    fn refresh_one(&self, io: &mut VoiceIo, own: &[AudioDevice], kind: DeviceKind) {
        io.available = own.to_vec();
        for device in self.certified.values().flatten().filter(|device| device.kind == kind) {
            if !io.has(&device.id) {
                io.available.push(AudioDevice { id: device.id.clone(), name: device.model.0.clone() });
            }
        }
        io.fall_back();
    }
}

impl VoiceIo {
    pub(super) fn has(&self, device: &str) -> bool {
        self.available.iter().any(|known| *known.id == *device)
    }

    /// Uses another device, if it is there.
    pub(super) fn choose(&mut self, device: Option<&str>) {
        if let Some(device) = device.filter(|device| self.has(device)) {
            self.device = device.into();
        }
    }

    pub(super) fn fall_back(&mut self) {
        if let (false, Some(first)) = (self.has(&self.device), self.available.first()) {
            self.device = first.id.clone();
        }
    }
}

/// A list of the machine's own devices: each once, and with a name that can be shown.
pub(super) fn check_devices(field: &str, devices: &[AudioDevice]) -> Result<(), Error> {
    if devices.len() > limits::AUDIO_DEVICES {
        return Err(Error::TooMany(format!("{field}: {} at most", limits::AUDIO_DEVICES).into()));
    }
    let mut ids = BTreeSet::new();
    for AudioDevice { id, name } in devices {
        name::text(&format!("{field}: id"), id, 1, limits::TEXT)?;
        name::text(&format!("{field}: name"), name, 0, limits::TEXT)?;
        if !ids.insert(id) {
            return Err(Error::Invalid(format!("{field}: two devices have the same id").into()));
        }
    }
    Ok(())
}

impl CertifiedDevice {
    fn check(&self, at: usize) -> Result<(), Error> {
        let field = |what: &str| format!("devices[{at}].{what}");
        name::text(&field("id"), &self.id, 1, limits::TEXT)?;
        let texts = [
            ("vendor.name", &self.vendor.0),
            ("vendor.url", &self.vendor.1),
            ("model.name", &self.model.0),
            ("model.url", &self.model.1),
        ];
        let related = self.related.iter().map(|id| ("related", id));
        for (what, text) in texts.into_iter().chain(related) {
            name::text(&field(what), text, 0, limits::TEXT)?;
        }
        if self.related.len() > limits::CERTIFIED_DEVICES {
            let most = limits::CERTIFIED_DEVICES;
            return Err(Error::TooMany(format!("{}: {most} at most", field("related")).into()));
        }
        let abilities =
            [self.echo_cancellation, self.noise_suppression, self.automatic_gain_control, self.hardware_mute];
        if self.kind != DeviceKind::AudioInput && abilities.into_iter().any(|ability| ability.is_some()) {
            let only = "echo_cancellation, noise_suppression, automatic_gain_control, hardware_mute";
            return Err(Error::Invalid(format!("devices[{at}]: only an audioinput has {only}").into()));
        }
        Ok(())
    }
}

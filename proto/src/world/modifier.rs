//! Who changes the voice settings.

use super::{
    ApplicationId, AudioDevice, CertifiedDevice, Changes, Error, SessionId, UserId, UserVoiceEdit, VoiceSettingsEdit,
    World,
};

impl World {
    pub(super) fn take_voice_settings_up(&mut self, _: SessionId, _: ApplicationId, _: &mut Changes) {}

    pub(super) fn let_voice_settings_go(&mut self, _: SessionId, _: &mut Changes) {}

    pub(super) fn edit_voice_settings(
        &mut self,
        _: Option<SessionId>,
        _: VoiceSettingsEdit,
        _: &mut Changes,
    ) -> Result<(), Error> {
        Err(Error::Invalid("voice settings: not kept by this world".into()))
    }

    pub(super) fn edit_user_voice(
        &mut self,
        _: Option<SessionId>,
        _: UserId,
        _: UserVoiceEdit,
        _: &mut Changes,
    ) -> Result<(), Error> {
        Err(Error::Invalid("voice settings: not kept by this world".into()))
    }

    pub(super) fn set_audio_devices(
        &mut self,
        _: Vec<AudioDevice>,
        _: Vec<AudioDevice>,
        _: &mut Changes,
    ) -> Result<(), Error> {
        Err(Error::Invalid("voice settings: not kept by this world".into()))
    }

    pub(super) fn set_certified_devices(
        &mut self,
        _: SessionId,
        _: Vec<CertifiedDevice>,
        _: &mut Changes,
    ) -> Result<(), Error> {
        Err(Error::Invalid("voice settings: not kept by this world".into()))
    }
}

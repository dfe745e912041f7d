//! Who changes the voice settings: the user's own hand (the host), or the one application that holds the lock.
//!
//! - The first change through a session takes the lock for its application, whatever it changes; all open sessions of
//!   that application belong to it, and those that open later too. Another application is refused with
//!   [`Error::Locked`], for the settings and for how others are heard alike.
//! - When the last of these sessions ends, both are as they were before. What the application set is remembered, and in
//!   force again when a session of it opens while nobody holds the lock. Only what it set itself: what it never touched
//!   stays the user's. A device that is not there then is passed over.
//! - The user's own hand is never locked out. What it changes meanwhile is in force at once, and stays when the lock ends.

use super::{
    ApplicationId, Change, Changes, Configured, Error, Lock, SessionId, UserId, UserVoiceEdit, UserVoiceSettings,
    VoiceSettings, VoiceSettingsEdit, World, limits,
};

impl World {
    pub(super) fn edit_voice_settings(
        &mut self,
        session: Option<SessionId>,
        edit: VoiceSettingsEdit,
        out: &mut Changes,
    ) -> Result<(), Error> {
        let application = self.modifier(session)?;
        edit.check()?;
        edit.check_devices(&self.hearing.settings)?;
        if edit == VoiceSettingsEdit::default() {
            return Ok(());
        }
        let mut settings = self.hearing.settings.clone();
        settings.merge(&edit);
        match application {
            Some(application) => {
                self.lock_voice_settings(application);
                self.configured(application).settings.merge(edit);
            }
            None => {
                if let Some(lock) = &mut self.hearing.lock {
                    lock.before.merge(&edit);
                }
            }
        }
        self.show_voice_settings(settings, out);
        Ok(())
    }

    pub(super) fn edit_user_voice(
        &mut self,
        session: Option<SessionId>,
        user: UserId,
        edit: UserVoiceEdit,
        out: &mut Changes,
    ) -> Result<(), Error> {
        self.other_user(user)?;
        let application = self.modifier(session)?;
        edit.check()?;
        if edit == UserVoiceEdit::default() {
            return Ok(());
        }
        match application {
            Some(application) => {
                let known = self.hearing.configured.iter().find(|known| known.application == application);
                if let Some(known) = known.filter(|known| !known.users.contains_key(&user)) {
                    limits::room(
                        "users whose voices an application sets",
                        known.users.len(),
                        limits::CONFIGURED_USERS,
                    )?;
                }
                self.lock_voice_settings(application);
                self.configured(application).users.entry(user).or_default().merge(edit);
            }
            None => {
                if let Some(lock) = &mut self.hearing.lock {
                    let before = lock.users_before.get(&user).copied().unwrap_or_default().merged(edit);
                    if before == UserVoiceSettings::default() {
                        lock.users_before.remove(&user);
                    } else {
                        lock.users_before.insert(user, before);
                    }
                }
            }
        }
        self.show_user_voice(user, self.user_voice(user).merged(edit), out);
        Ok(())
    }

    /// On whose behalf a change is asked for; `None` is the user's own hand.
    fn modifier(&self, session: Option<SessionId>) -> Result<Option<ApplicationId>, Error> {
        let Some(session) = session else { return Ok(None) };
        let application = self.session(session).ok_or(Error::UnknownSession(session))?.application;
        match &self.hearing.lock {
            Some(lock) if lock.application != application => Err(Error::Locked(lock.application)),
            _ => Ok(Some(application)),
        }
    }

    /// Gives the lock to an application, unless it has it.
    fn lock_voice_settings(&mut self, application: ApplicationId) {
        let sessions = self.sessions.values().filter(|session| session.application == application);
        let sessions = sessions.map(|session| session.id).collect();
        let hearing = &mut self.hearing;
        hearing.lock.get_or_insert_with(|| Lock {
            application,
            sessions,
            before: hearing.settings.clone(),
            users_before: hearing.users.clone(),
        });
    }

    /// What is remembered of an application, which is now the latest one.
    fn configured(&mut self, application: ApplicationId) -> &mut Configured {
        let list = &mut self.hearing.configured;
        let known = list.iter().position(|known| known.application == application);
        let configured = match known {
            Some(at) => list.remove(at),
            None => Configured { application, settings: VoiceSettingsEdit::default(), users: Default::default() },
        };
        if list.len() >= limits::CONFIGURED {
            list.remove(0);
        }
        list.push(configured);
        let last = list.len() - 1;
        &mut list[last]
    }

    /// A session of this application opened: it belongs to the lock that its application holds, or brings back what
    /// the application set before.
    pub(super) fn take_voice_settings_up(&mut self, session: SessionId, application: ApplicationId, out: &mut Changes) {
        if let Some(lock) = &mut self.hearing.lock {
            if lock.application == application {
                lock.sessions.push(session);
            }
            return;
        }
        let known = self.hearing.configured.iter().find(|known| known.application == application);
        let Some(known) = known.cloned() else { return };
        self.lock_voice_settings(application);
        let mut settings = self.hearing.settings.clone();
        settings.merge(&known.settings);
        self.show_voice_settings(settings, out);
        for (user, edit) in known.users {
            self.show_user_voice(user, self.user_voice(user).merged(edit), out);
        }
    }

    /// A session ended: its devices are gone, and so is the lock when it was the last one of it.
    pub(super) fn let_voice_settings_go(&mut self, session: SessionId, out: &mut Changes) {
        let had_devices = self.hearing.certified.remove(&session).is_some();
        let lock = self.hearing.lock.as_mut();
        let over = lock.is_some_and(|lock| {
            let before = lock.sessions.len();
            lock.sessions.retain(|other| *other != session);
            lock.sessions.is_empty() && before > 0
        });
        if let Some(Lock { before, users_before, .. }) = self.hearing.lock.take_if(|_| over) {
            let mut settings = before;
            self.hearing.refresh(&mut settings);
            self.show_voice_settings(settings, out);
            let users: Vec<UserId> = self.hearing.users.keys().chain(users_before.keys()).copied().collect();
            for user in users {
                self.show_user_voice(user, users_before.get(&user).copied().unwrap_or_default(), out);
            }
        } else if had_devices {
            self.refresh_devices(out);
        }
    }

    /// Puts new settings in force. The local user's voice state follows.
    pub(super) fn show_voice_settings(&mut self, settings: VoiceSettings, out: &mut Changes) {
        if self.hearing.settings == settings {
            return;
        }
        let (mute, deaf) = (settings.mute, settings.deaf);
        if mute {
            self.hush(self.local_user, out);
        }
        self.hearing.settings = settings;
        out.push(Change::VoiceSettingsChanged);
        self.show_voice(self.local_user, mute, deaf, out);
    }

    fn show_user_voice(&mut self, user: UserId, voice: UserVoiceSettings, out: &mut Changes) {
        if self.user_voice(user) == voice {
            return;
        }
        if voice == UserVoiceSettings::default() {
            self.hearing.users.remove(&user);
        } else {
            self.hearing.users.insert(user, voice);
        }
        let here = self.voice_channel();
        if let Some(channel) = here.filter(|_| self.voice_state(user).map(|state| state.channel) == here) {
            out.push(Change::VoiceChanged { channel, user });
        }
    }
}

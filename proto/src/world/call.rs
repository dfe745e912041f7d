//! Being in voice: coming, going and speaking, and the local user's connection meanwhile.
//!
//! The order of what is told: who stops to speak, then who leaves, then what the local user's connection does, then who
//! comes. Whoever leaves, is muted or loses the permission to speak has stopped speaking before.

use super::guild::replace;
use super::{
    Change, Changes, ChannelId, Error, GuildId, Permissions, UserId, VoiceConnection, VoiceConnectionState,
    VoiceSettingsEdit, VoiceState, World, limits, name,
};

/// What the voice server is called unless the host says otherwise. RFC 6761 keeps the name from meaning anything outside.
const VOICE_SERVER: &str = "voice.localhost";

/// Who is in voice in a guild, where, and whether they are suppressed there.
pub(super) type Suppression = Vec<(ChannelId, UserId, bool)>;

impl World {
    pub(super) fn join_voice(&mut self, user: UserId, channel: ChannelId, out: &mut Changes) -> Result<(), Error> {
        self.may_join_voice(user, channel)?;
        let local = user == self.local_user;
        if self.voice_state(user).is_some_and(|state| state.channel == channel)
            || local && self.voice.joining == Some(channel)
        {
            return Ok(());
        }
        let left = self.take_out_of_voice(user, out);
        if !local {
            let (self_mute, self_deaf) = left.map_or((false, false), |left| (left.self_mute, left.self_deaf));
            self.voice.insert(VoiceState { user, channel, self_mute, self_deaf, speaking: false });
            out.push(Change::VoiceJoined { channel, user });
            return Ok(());
        }
        if self.voice.servers_away {
            if left.is_some() {
                out.push(Change::VoiceChannelSelected(None));
            }
            self.voice.joining = Some(channel);
            self.connect(VoiceConnectionState::AwaitingEndpoint, "", out);
        } else {
            self.connect(VoiceConnectionState::AwaitingEndpoint, "", out);
            self.let_in(channel, out);
        }
        Ok(())
    }

    fn may_join_voice(&self, user: UserId, id: ChannelId) -> Result<(), Error> {
        self.known_user(user)?;
        let channel = self.reached_channel(id)?;
        self.check_voice_place(user, id)?;
        let permissions = self.permissions_in(user, id);
        if !permissions.contains(Permissions::VIEW_CHANNEL) {
            return Err(Error::Forbidden("VIEW_CHANNEL"));
        }
        if !permissions.contains(Permissions::CONNECT) {
            return Err(Error::Forbidden("CONNECT"));
        }
        let inside = self.voice_state(user).is_some_and(|state| state.channel == id);
        let limit = channel.user_limit as usize;
        if limit > 0 && !inside && !permissions.contains(Permissions::MOVE_MEMBERS) {
            limits::room("users in this voice channel", self.voice.count_in(id), limit)?;
        }
        Ok(())
    }

    /// Whether people speak in this channel, and the user is one of those it is for.
    pub(super) fn check_voice_place(&self, user: UserId, id: ChannelId) -> Result<(), Error> {
        let channel = self.channel(id).filter(|channel| channel.kind.has_voice()).ok_or(Error::UnknownChannel(id))?;
        let within = match channel.guild {
            Some(guild) => self.member(guild, user).is_some(),
            None => channel.recipients.contains(&user),
        };
        if within { Ok(()) } else { Err(Error::NotAMember(user)) }
    }

    /// The local user's voice server is there: it comes into the channel, and its connection is made.
    fn let_in(&mut self, channel: ChannelId, out: &mut Changes) {
        let user = self.local_user;
        let (self_mute, self_deaf) = (self.hearing.settings.mute, self.hearing.settings.deaf);
        self.voice.joining = None;
        self.voice.insert(VoiceState { user, channel, self_mute, self_deaf, speaking: false });
        out.push(Change::VoiceJoined { channel, user });
        out.push(Change::VoiceChannelSelected(Some(channel)));
        for state in [
            VoiceConnectionState::Authenticating,
            VoiceConnectionState::Connecting,
            VoiceConnectionState::Connected,
            VoiceConnectionState::VoiceConnecting,
            VoiceConnectionState::VoiceConnected,
        ] {
            self.connect(state, VOICE_SERVER, out);
        }
    }

    /// The connection is at a step on its way in or out. It begins without pings.
    fn connect(&mut self, state: VoiceConnectionState, hostname: &str, out: &mut Changes) {
        let connection = VoiceConnection { state, hostname: hostname.into(), pings: Vec::new() };
        if replace(&mut self.voice.connection, Some(connection.clone())) {
            out.push(Change::VoiceConnectionChanged(Box::new(connection)));
        }
    }

    pub(super) fn leave_voice(&mut self, user: UserId, out: &mut Changes) -> Result<(), Error> {
        self.known_user(user)?;
        self.put_out_of_voice(user, out);
        Ok(())
    }

    /// Ends a user's being in voice, or the local user's waiting for it.
    pub(super) fn put_out_of_voice(&mut self, user: UserId, out: &mut Changes) {
        let left = self.take_out_of_voice(user, out);
        if user == self.local_user {
            if left.is_some() {
                out.push(Change::VoiceChannelSelected(None));
            }
            self.voice.joining = None;
            self.connect(VoiceConnectionState::Disconnected, "", out);
        }
    }

    fn take_out_of_voice(&mut self, user: UserId, out: &mut Changes) -> Option<VoiceState> {
        self.hush(user, out);
        let state = self.voice.remove(user)?;
        out.push(Change::VoiceLeft(Box::new(state.clone())));
        Some(state)
    }

    /// Ends a user's speaking.
    pub(super) fn hush(&mut self, user: UserId, out: &mut Changes) {
        if let Some(state) = self.voice.state_mut(user).filter(|state| state.speaking) {
            state.speaking = false;
            out.push(Change::SpeakingChanged { channel: state.channel, user, speaking: false });
        }
    }

    pub(super) fn edit_voice(
        &mut self,
        user: UserId,
        self_mute: Option<bool>,
        self_deaf: Option<bool>,
        out: &mut Changes,
    ) -> Result<(), Error> {
        self.known_user(user)?;
        if user == self.local_user {
            let edit = VoiceSettingsEdit { mute: self_mute, deaf: self_deaf, ..VoiceSettingsEdit::default() };
            return self.edit_voice_settings(None, edit, out);
        }
        let state = self.voice_state(user).ok_or_else(absent)?;
        let (mute, deaf) = (self_mute.unwrap_or(state.self_mute), self_deaf.unwrap_or(state.self_deaf));
        self.show_voice(user, mute, deaf, out);
        Ok(())
    }

    /// A user in voice is muted and deafened by themselves now, or not.
    pub(super) fn show_voice(&mut self, user: UserId, self_mute: bool, self_deaf: bool, out: &mut Changes) {
        if self_mute {
            self.hush(user, out);
        }
        let Some(state) = self.voice.state_mut(user) else { return };
        if (state.self_mute, state.self_deaf) != (self_mute, self_deaf) {
            (state.self_mute, state.self_deaf) = (self_mute, self_deaf);
            out.push(Change::VoiceChanged { channel: state.channel, user });
        }
    }

    pub(super) fn set_speaking(&mut self, user: UserId, speaking: bool, out: &mut Changes) -> Result<(), Error> {
        self.known_user(user)?;
        let state = self.voice_state(user).ok_or_else(absent)?;
        if state.speaking == speaking {
            return Ok(());
        }
        let channel = state.channel;
        let guild = self.reached_channel(channel)?.guild;
        if speaking {
            let muted = guild.and_then(|guild| self.member(guild, user)).is_some_and(|member| member.mute);
            if state.self_mute || muted {
                return Err(Error::Invalid("user_id: who is muted can't speak".into()));
            }
            if self.is_suppressed(user, channel) {
                return Err(Error::Forbidden("SPEAK"));
            }
        }
        if let Some(state) = self.voice.state_mut(user) {
            state.speaking = speaking;
        }
        out.push(Change::SpeakingChanged { channel, user, speaking });
        Ok(())
    }

    /// Who is suppressed in a guild, to be compared by [`World::show_suppression`] after something changed.
    pub(super) fn suppression_in(&self, guild: GuildId) -> Suppression {
        let channels = self.voice.channels();
        let channels = channels.filter(|id| self.channel(*id).is_some_and(|channel| channel.guild == Some(guild)));
        let states = channels.flat_map(|channel| self.voice_states_in(channel));
        states.map(|state| (state.channel, state.user, self.is_suppressed(state.user, state.channel))).collect()
    }

    pub(super) fn show_suppression(&mut self, before: Suppression, out: &mut Changes) {
        for (channel, user, was) in before {
            let is = self.is_suppressed(user, channel);
            if is {
                self.hush(user, out);
            }
            if is != was {
                out.push(Change::VoiceChanged { channel, user });
            }
        }
    }

    pub(super) fn set_voice_servers(&mut self, available: bool, out: &mut Changes) -> Result<(), Error> {
        self.voice.servers_away = !available;
        if let Some(channel) = self.voice.joining.filter(|_| available) {
            match self.may_join_voice(self.local_user, channel) {
                Ok(()) => self.let_in(channel, out),
                // It filled up, or the permission went, meanwhile.
                Err(_) => self.put_out_of_voice(self.local_user, out),
            }
        }
        Ok(())
    }

    pub(super) fn set_voice_connection(
        &mut self,
        state: VoiceConnectionState,
        hostname: Option<Box<str>>,
        out: &mut Changes,
    ) -> Result<(), Error> {
        if self.voice_channel().is_none() {
            return Err(not_connected());
        }
        let hostname = hostname.unwrap_or_else(|| self.voice.connection.hostname.clone());
        let connection = VoiceConnection { state, hostname, pings: self.voice.connection.pings.clone() };
        check_connection(&connection)?;
        if replace(&mut self.voice.connection, Some(connection.clone())) {
            out.push(Change::VoiceConnectionChanged(Box::new(connection)));
        }
        Ok(())
    }

    pub(super) fn ping(&mut self, milliseconds: f64, out: &mut Changes) -> Result<(), Error> {
        if self.voice_channel().is_none() {
            return Err(not_connected());
        }
        let mut connection = self.voice.connection.clone();
        if connection.pings.len() >= VoiceConnection::PINGS {
            connection.pings.remove(0);
        }
        connection.pings.push(milliseconds);
        check_connection(&connection)?;
        self.voice.connection = connection;
        out.push(Change::VoiceConnectionChanged(Box::new(self.voice.connection.clone())));
        Ok(())
    }
}

/// Whether everything about a connection is allowed.
pub(super) fn check_connection(connection: &VoiceConnection) -> Result<(), Error> {
    name::text("hostname", &connection.hostname, 0, limits::TEXT)?;
    let most = VoiceConnection::PINGS;
    if connection.pings.len() > most {
        return Err(Error::TooMany(format!("pings: {most} at most").into()));
    }
    if connection.pings.iter().any(|ping| !ping.is_finite() || *ping < 0.0) {
        return Err(Error::Invalid("ping: milliseconds expected, 0 or more".into()));
    }
    Ok(())
}

fn absent() -> Error {
    Error::Invalid("user_id: the user is in no voice channel".into())
}

fn not_connected() -> Error {
    Error::Invalid("the local user is in no voice channel".into())
}

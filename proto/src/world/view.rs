//! What a world shows. Nothing here changes it.

use std::borrow::Cow;

use super::{
    Application, ApplicationId, CertifiedDevice, Channel, ChannelId, ChannelKind, Entitlement, EntitlementId, Guild,
    GuildId, JoinRequest, Lock, Member, Message, MessageId, Presence, RelationshipKind, Session, SessionId, Status,
    Timestamp, Token, User, UserId, UserVoiceSettings, VoiceConnection, VoiceSettings, VoiceState, World,
};
use crate::secret::Secret;
use crate::time::Instant;

/// Time, people and applications.
impl World {
    /// The Unix time of `now`, in milliseconds.
    pub fn unix_ms(&self, now: Instant) -> u64 {
        self.unix_ms_at_zero.saturating_add(now.as_nanos() / 1_000_000)
    }

    /// The date and time of `now`.
    pub fn timestamp(&self, now: Instant) -> Timestamp {
        Timestamp(self.unix_ms(now))
    }

    /// Whose Discord this is.
    pub fn local_user(&self) -> &User {
        &self.users[&self.local_user]
    }

    /// Whether the local user is a guest, whom an application may name.
    pub fn local_user_is_guest(&self) -> bool {
        self.guest
    }

    /// The user of this id.
    pub fn user(&self, id: UserId) -> Option<&User> {
        self.users.get(&id)
    }

    /// All users, by id.
    pub fn users(&self) -> impl Iterator<Item = &User> {
        self.users.values()
    }

    /// What a user is to the local one.
    pub fn relationship(&self, user: UserId) -> RelationshipKind {
        self.relationships.get(&user).copied().unwrap_or_default()
    }

    /// Everybody who is something to the local user, by id.
    pub fn relationships(&self) -> impl Iterator<Item = (UserId, RelationshipKind)> {
        self.relationships.iter().map(|(user, kind)| (*user, *kind))
    }

    /// Whether a user is there, and what they do. The local user is online, and does what the oldest of its sessions
    /// that has an activity says.
    pub fn presence(&self, user: UserId) -> Presence {
        if user != self.local_user {
            return self.presences.get(&user).cloned().unwrap_or_default();
        }
        let of_session = |session: &Session| Some((session.application, Box::new(session.activity.clone()?)));
        Presence { status: Status::Online, activity: self.sessions.values().find_map(of_session) }
    }

    /// The name under which a user is shown: in this guild, or anywhere. Empty for nobody.
    pub fn nick(&self, user: UserId, guild: Option<GuildId>) -> &str {
        let member = guild.and_then(|guild| self.member(guild, user));
        let known = self.users.get(&user);
        member
            .and_then(|member| member.nick.as_deref())
            .or_else(|| known.and_then(|user| user.global_name.as_deref()))
            .or_else(|| known.map(|user| &*user.username))
            .unwrap_or_default()
    }

    /// The colour in which a member's name is shown: of its highest role that has one; 0 is none.
    pub fn color(&self, user: UserId, guild: GuildId) -> u32 {
        let Some((guild, member)) = self.guild(guild).and_then(|guild| Some((guild, guild.members.get(&user)?))) else {
            return 0;
        };
        let roles = member.roles.iter().filter_map(|role| guild.roles.get(role));
        // Of two roles with the same position the older one is the higher.
        let highest =
            roles.filter(|role| role.color != 0).max_by_key(|role| (role.position, std::cmp::Reverse(role.id)));
        highest.map_or(0, |role| role.color)
    }

    /// The application of this id: as registered, or what an unregistered one counts as, or `None` when only registered
    /// ones are accepted.
    pub fn application(&self, id: ApplicationId) -> Option<Cow<'_, Application>> {
        self.applications.get(id)
    }

    /// The registered applications, by id.
    pub fn applications(&self) -> impl Iterator<Item = &Application> {
        self.applications.registered.values()
    }

    /// The session of this number.
    pub fn session(&self, id: SessionId) -> Option<&Session> {
        self.sessions.get(&id)
    }

    /// The sessions, oldest first.
    pub fn sessions(&self) -> impl Iterator<Item = &Session> {
        self.sessions.values()
    }

    /// Who waits for an answer, oldest first.
    pub fn join_requests(&self) -> &[JoinRequest] {
        &self.join_requests
    }

    /// The token with this access token, if it works at this moment.
    pub fn token(&self, now: Instant, access: &Secret) -> Option<&Token> {
        self.grants.token(now, access)
    }

    /// Which application a token was given to, by its access or its refresh token, whether or not it still works.
    pub fn token_application(&self, shown: &Secret) -> Option<ApplicationId> {
        self.grants.application_of(shown)
    }

    /// The entitlement of this id.
    pub fn entitlement(&self, id: EntitlementId) -> Option<&Entitlement> {
        self.entitlements.get(&id)
    }

    /// All entitlements, by id.
    pub fn entitlements(&self) -> impl Iterator<Item = &Entitlement> {
        self.entitlements.values()
    }
}

/// Guilds, channels, messages.
impl World {
    /// The guild of this id, whether or not it can be reached.
    pub fn guild(&self, id: GuildId) -> Option<&Guild> {
        self.guilds.get(&id)
    }

    /// All guilds, by id.
    pub fn guilds(&self) -> impl Iterator<Item = &Guild> {
        self.guilds.values()
    }

    /// The guilds that the local user is in, by id.
    pub fn local_guilds(&self) -> impl Iterator<Item = &Guild> {
        self.guilds.values().filter(|guild| guild.members.contains_key(&self.local_user))
    }

    /// A user as a member of a guild.
    pub fn member(&self, guild: GuildId, user: UserId) -> Option<&Member> {
        self.guilds.get(&guild)?.members.get(&user)
    }

    /// The channel of this id.
    pub fn channel(&self, id: ChannelId) -> Option<&Channel> {
        self.channels.get(&id)
    }

    /// All channels, by id.
    pub fn channels(&self) -> impl Iterator<Item = &Channel> {
        self.channels.values()
    }

    /// The channels of a guild, by position, then by id.
    pub fn channels_of(&self, guild: GuildId) -> Vec<&Channel> {
        let mut channels: Vec<&Channel> = self.listed(Some(guild)).collect();
        channels.sort_by_key(|channel| (channel.position, channel.id));
        channels
    }

    /// The direct messages and groups, by id.
    pub fn private_channels(&self) -> impl Iterator<Item = &Channel> {
        self.listed(None)
    }

    /// The direct messages between the local user and this one.
    pub fn dm_with(&self, user: UserId) -> Option<&Channel> {
        self.listed(None).find(|channel| channel.kind == ChannelKind::Dm && channel.recipients.contains(&user))
    }

    pub(super) fn listed(&self, guild: Option<GuildId>) -> impl Iterator<Item = &Channel> {
        self.channel_lists.get(&guild).into_iter().flatten().filter_map(|id| self.channels.get(id))
    }

    /// Whether this application made the channel, or the guild it is in. It may then read the messages there without
    /// `messages.read`. The first channels of a guild that it made name nobody as their maker, so ask here.
    pub fn made_by(&self, application: ApplicationId, channel: ChannelId) -> bool {
        let Some(channel) = self.channel(channel) else { return false };
        let guild = channel.guild.and_then(|guild| self.guild(guild));
        channel.created_by == Some(application) || guild.is_some_and(|guild| guild.created_by == Some(application))
    }

    /// The messages of a channel, oldest first.
    pub fn messages(&self, channel: ChannelId) -> impl DoubleEndedIterator<Item = &Message> + ExactSizeIterator {
        self.history.of(channel)
    }

    /// The message of this id.
    pub fn message(&self, channel: ChannelId, message: MessageId) -> Option<&Message> {
        self.history.get(channel, message)
    }

    /// The text channel that the local user looks at.
    pub fn text_channel(&self) -> Option<ChannelId> {
        self.text_channel
    }
}

/// Voice.
impl World {
    /// Where and how a user is in voice.
    pub fn voice_state(&self, user: UserId) -> Option<&VoiceState> {
        self.voice.state(user)
    }

    /// Who is in a voice channel, in the order in which they came.
    pub fn voice_states_in(&self, channel: ChannelId) -> impl Iterator<Item = &VoiceState> {
        self.voice.states_in(channel)
    }

    /// The local user's voice connection.
    pub fn voice_connection(&self) -> &VoiceConnection {
        &self.voice.connection
    }

    /// The voice channel that the local user is in.
    pub fn voice_channel(&self) -> Option<ChannelId> {
        self.voice.state(self.local_user).map(|state| state.channel)
    }

    /// The voice channel that the local user waits for, while voice servers are away.
    pub fn joining(&self) -> Option<ChannelId> {
        self.voice.joining
    }

    /// Whether there are voice servers.
    pub fn voice_servers_available(&self) -> bool {
        !self.voice.servers_away
    }

    /// The local user's voice settings.
    pub fn voice_settings(&self) -> &VoiceSettings {
        &self.hearing.settings
    }

    /// Which application holds the voice settings.
    pub fn voice_lock(&self) -> Option<&Lock> {
        self.hearing.lock.as_ref()
    }

    /// How the local user hears another one.
    pub fn user_voice(&self, user: UserId) -> UserVoiceSettings {
        self.hearing.users.get(&user).copied().unwrap_or_default()
    }

    /// The certified devices that open sessions told of: of the oldest session first, in its order of priority.
    pub fn certified_devices(&self) -> impl Iterator<Item = &CertifiedDevice> {
        self.hearing.certified.values().flatten()
    }
}

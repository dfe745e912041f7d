//! A world as plain data, for snapshots: everything that outlives a process.
//!
//! What doesn't: sessions, with their activities, certified devices and the lock of the voice settings (a connection
//! ends with the process, so the settings stand here as they are when the lock has ended); codes and RPC tokens, which
//! live ten minutes; commands, which applications say anew when they start; and who is speaking. Tokens do, so that
//! the peers of a saved world need not ask their users again;
//! they and the secrets of applications and activities are [`Secret`]s, and whoever writes a snapshot has to decide
//! whether they go into it.

use super::{
    Application, Bot, Channel, ChannelId, Configured, Entitlement, Guild, JoinRequest, Login, Message, Presence,
    RelationshipKind, Scopes, Snowflake, User, UserId, UserVoiceSettings, VoiceConnection, VoiceSettings, VoiceState,
    World,
};
use crate::secret::Secret;

/// A world as plain data. [`World::restore`] says what has to hold.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// The id that was handed out last: new ones are above it and above all that stand here.
    pub last_id: Snowflake,
    /// Whose Discord it is; one of `users`.
    pub local_user: UserId,
    /// Whether that is a guest.
    pub guest: bool,
    /// Whether applications that nobody registered are refused.
    pub registered_only: bool,
    /// Everybody.
    pub users: Vec<User>,
    /// Of users besides the local one, as far as they differ from the default.
    pub presences: Vec<(UserId, Presence)>,
    /// Of users besides the local one, without [`RelationshipKind::None`].
    pub relationships: Vec<(UserId, RelationshipKind)>,
    /// The guilds, with roles and members.
    pub guilds: Vec<Guild>,
    /// The channels of all kinds.
    pub channels: Vec<Channel>,
    /// The messages of all channels, oldest first.
    pub messages: Vec<Message>,
    /// The text channel that the local user looks at.
    pub text_channel: Option<ChannelId>,
    /// Who is in voice; within a channel in the order in which they came. Nobody speaks, and the local user is muted and
    /// deafened as in `voice_settings`.
    pub voice_states: Vec<VoiceState>,
    /// The local user's connection.
    pub voice_connection: VoiceConnection,
    /// The voice channel that the local user waits for.
    pub joining: Option<ChannelId>,
    /// Whether there are voice servers.
    pub voice_servers_available: bool,
    /// The voice settings, with the machine's own devices.
    pub voice_settings: VoiceSettings,
    /// How others are heard, as far as it differs from the default.
    pub user_voices: Vec<(UserId, UserVoiceSettings)>,
    /// What applications set about voice; the latest last.
    pub configured: Vec<Configured>,
    /// What users own.
    pub entitlements: Vec<Entitlement>,
    /// The registered applications.
    pub applications: Vec<Application>,
    /// Their bots.
    pub bots: Vec<Bot>,
    /// The tokens with which clients are users.
    pub logins: Vec<Login>,
    /// Who waits for an answer, oldest first.
    pub join_requests: Vec<JoinRequest>,
    /// What users allowed applications to do, oldest first.
    pub tokens: Vec<SavedToken>,
}

/// A [`super::Token`] without what belongs to the process.
#[derive(Clone, Debug, PartialEq)]
pub struct SavedToken {
    /// What the bearer shows.
    pub access: Secret,
    /// What a new token is made from.
    pub refresh: Secret,
    /// For whom.
    pub application: super::ApplicationId,
    /// By whom.
    pub user: UserId,
    /// What is allowed.
    pub scopes: Scopes,
    /// Until when the access token works, in Unix milliseconds.
    pub expires_ms: u64,
}

impl World {
    /// Everything that outlives the process.
    pub fn state(&self) -> State {
        let (mut voice_settings, user_voices) = match &self.hearing.lock {
            Some(lock) => (lock.before.clone(), &lock.users_before),
            None => (self.hearing.settings.clone(), &self.hearing.users),
        };
        voice_settings.input.available = self.hearing.inputs.clone();
        voice_settings.output.available = self.hearing.outputs.clone();
        voice_settings.input.fall_back();
        voice_settings.output.fall_back();
        let in_voice = self.voice.channels().flat_map(|channel| self.voice_states_in(channel));
        let voice_states = in_voice.map(|state| {
            let mut state = VoiceState { speaking: false, ..state.clone() };
            if state.user == self.local_user {
                (state.self_mute, state.self_deaf) = (voice_settings.mute, voice_settings.deaf);
            }
            state
        });
        State {
            last_id: self.ids.last(),
            local_user: self.local_user,
            guest: self.guest,
            registered_only: self.applications.registered_only,
            users: self.users.values().cloned().collect(),
            presences: self.presences.iter().map(|(user, presence)| (*user, presence.clone())).collect(),
            relationships: self.relationships().collect(),
            guilds: self.guilds.values().cloned().collect(),
            channels: self.channels.values().cloned().collect(),
            messages: self.history.all().cloned().collect(),
            text_channel: self.text_channel,
            voice_states: voice_states.collect(),
            voice_connection: self.voice.connection.clone(),
            joining: self.voice.joining,
            voice_servers_available: !self.voice.servers_away,
            user_voices: user_voices.iter().map(|(user, voice)| (*user, *voice)).collect(),
            voice_settings,
            configured: self.hearing.configured.clone(),
            entitlements: self.entitlements.values().cloned().collect(),
            applications: self.applications.registered.values().cloned().collect(),
            bots: self.bots.values().cloned().collect(),
            logins: self.logins.values().cloned().collect(),
            join_requests: self.join_requests.clone(),
            tokens: self.grants.saved(|expires| self.unix_ms(expires)),
        }
    }
}

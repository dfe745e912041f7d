//! The in-memory Discord: users, guilds, applications, sessions with their activities, and what users allowed
//! applications to do.
//!
//! It knows no protocol. Doors (`crate::server`) show it and turn requests into an [`Operation`]; [`World::apply`] is the
//! only way to change it, and what comes back ([`Changes`]) is what doors fan out. Rules that hold whatever door one came
//! through (what a name may be, who may authorise, that a code works once) live here and nowhere else.
//!
//! The one thing to know before changing it: everything is deterministic for a clock, an [`Entropy`] and a row of
//! operations, so maps are ordered and nothing asks the operating system.

mod activity;
mod application;
mod bot;
mod call;
mod change;
mod channel;
mod command;
mod device;
mod entitlement;
mod entropy;
mod error;
mod grant;
mod guild;
mod history;
mod id;
pub mod limits;
mod login;
mod member;
mod mention;
mod message;
mod modifier;
mod name;
mod operation;
mod people;
mod permissions;
mod restore;
mod role;
mod state;
#[cfg(test)]
mod tests;
mod timestamp;
mod user;
mod view;
mod voice;
mod voice_settings;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

pub use activity::{Activity, Assets, Button, JoinRequest, Party, Secrets, Session, SessionId};
pub use application::{Application, DEFAULT_ORIGIN};
pub use bot::{Bot, NewBot};
pub use change::{Change, Changes};
pub use channel::{Channel, ChannelEdit, ChannelKind, NewChannel, Overwrite, OverwriteOf};
pub use command::{AppCommand, NewAppCommand};
pub use entitlement::{Entitlement, NewEntitlement};
pub use entropy::Entropy;
pub(crate) use entropy::{draw, fill_for};
pub use error::Error;
pub use grant::{CODE_LIFETIME, ClientCredentials, Scopes, TOKEN_LIFETIME, Token, TokenId};
pub use guild::{Guild, GuildEdit, Member, MemberEdit, NewGuild, NewRole, Role, RoleEdit};
pub use id::{
    ApplicationId, ChannelId, CommandId, EPOCH_MS, EntitlementId, Generator, GuildId, MessageId, RoleId, SkuId,
    Snowflake, UserId,
};
pub use login::Login;
pub use message::{Message, MessageEdit, NewMessage};
pub use operation::Operation;
pub use people::{Presence, RelationshipKind, Status};
pub use permissions::Permissions;
pub use state::{SavedToken, State};
pub use timestamp::Timestamp;
pub use user::{NewUser, User, UserEdit};
pub use voice::{VoiceConnection, VoiceConnectionState, VoiceState};
pub use voice_settings::{
    AudioDevice, CertifiedDevice, Configured, DeviceKind, Lock, ShortcutKey, UserVoiceEdit, UserVoiceSettings, VoiceIo,
    VoiceMode, VoiceModeKind, VoiceSettings, VoiceSettingsEdit,
};

use crate::time::Instant;
use application::Applications;
use grant::Grants;
use history::History;
use voice::Voice;
use voice_settings::Hearing;

/// What a world starts from.
#[derive(Clone, Debug)]
pub struct Config {
    /// The Unix time, in milliseconds, of [`Instant::ZERO`].
    pub unix_ms_at_zero: u64,
    /// Whose Discord this is.
    pub local_user: NewUser,
    /// The local user's id, when it has one from an earlier day; else the world makes one.
    pub local_id: Option<UserId>,
    /// Whether the local user is a guest: an account made for lack of another, which an application may name.
    pub guest: bool,
    /// Refuse applications that nobody registered, instead of accepting any id (see [`Application::unregistered`]).
    pub registered_only: bool,
}

impl Default for Config {
    /// A guest called "Guest", any application, and a clock that starts with 2015.
    fn default() -> Self {
        Config {
            unix_ms_at_zero: EPOCH_MS,
            local_user: NewUser::named("Guest"),
            local_id: None,
            guest: true,
            registered_only: false,
        }
    }
}

/// A Discord of one's own.
pub struct World {
    unix_ms_at_zero: u64,
    entropy: Box<dyn Entropy + Send>,
    ids: Generator,
    local_user: UserId,
    guest: bool,
    users: BTreeMap<UserId, User>,
    presences: BTreeMap<UserId, Presence>,
    relationships: BTreeMap<UserId, RelationshipKind>,
    guilds: BTreeMap<GuildId, Guild>,
    channels: BTreeMap<ChannelId, Channel>,
    /// The channels of each guild, by id; those of none are the private ones.
    channel_lists: BTreeMap<Option<GuildId>, Vec<ChannelId>>,
    history: History,
    text_channel: Option<ChannelId>,
    voice: Voice,
    hearing: Hearing,
    entitlements: BTreeMap<EntitlementId, Entitlement>,
    applications: Applications,
    bots: BTreeMap<ApplicationId, Bot>,
    logins: BTreeMap<UserId, Login>,
    commands: BTreeMap<CommandId, AppCommand>,
    sessions: BTreeMap<SessionId, Session>,
    sessions_made: u64,
    join_requests: Vec<JoinRequest>,
    grants: Grants,
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World")
            .field("local_user", &self.local_user())
            .field("users", &self.users.len())
            .field("guilds", &self.guilds.len())
            .field("channels", &self.channels.len())
            .field("sessions", &self.sessions.len())
            .finish_non_exhaustive()
    }
}

impl World {
    /// A world with the local user and nothing else.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the local user cannot be called so.
    pub fn new(config: Config, entropy: impl Entropy + Send + 'static) -> Result<Self, Error> {
        let Config { unix_ms_at_zero, local_user, local_id, guest, registered_only } = config;
        let mut ids = Generator::default();
        let local_id = local_id.unwrap_or_else(|| UserId(ids.next(unix_ms_at_zero)));
        // Whoever else is made has a later one, as after a restart from a snapshot of this.
        ids.go_on_after(local_id.0);
        let local = local_user.into_user(local_id)?;
        Ok(World {
            unix_ms_at_zero,
            entropy: Box::new(entropy),
            ids,
            local_user: local.id,
            guest,
            users: BTreeMap::from([(local.id, local)]),
            presences: BTreeMap::new(),
            relationships: BTreeMap::new(),
            guilds: BTreeMap::new(),
            channels: BTreeMap::new(),
            channel_lists: BTreeMap::new(),
            history: History::default(),
            text_channel: None,
            voice: Voice::default(),
            hearing: Hearing::default(),
            entitlements: BTreeMap::new(),
            applications: Applications { registered: BTreeMap::new(), registered_only },
            bots: BTreeMap::new(),
            logins: BTreeMap::new(),
            commands: BTreeMap::new(),
            sessions: BTreeMap::new(),
            sessions_made: 0,
            join_requests: Vec::new(),
            grants: Grants::default(),
        })
    }

    /// Changes the world, or refuses and leaves it as it was.
    ///
    /// # Errors
    /// Each kind of refusal is a variant of [`Error`]; which of them an operation can meet follows from what it names.
    pub fn apply(&mut self, now: Instant, operation: Operation) -> Result<Changes, Error> {
        let mut changes = Changes::none();
        self.carry_out(now, operation, &mut changes)?;
        Ok(changes)
    }

    /// Every arm checks first and changes then, so that a refusal leaves nothing behind.
    fn carry_out(&mut self, now: Instant, operation: Operation, out: &mut Changes) -> Result<(), Error> {
        match operation {
            Operation::CreateUser(new) => self.create_user(now, new, out),
            Operation::EditUser { user, edit } => self.edit_user(user, edit, out),
            Operation::SetPresence { user, presence } => self.set_presence(user, presence, out),
            Operation::SetRelationship { user, kind } => self.set_relationship(user, kind, out),
            Operation::CreateGuild(new) => self.create_guild(now, new, out),
            Operation::EditGuild { guild, edit } => self.edit_guild(guild, edit, out),
            Operation::DeleteGuild(guild) => self.delete_guild(guild, out),
            Operation::JoinGuild { guild, user } => self.join_guild(now, guild, user, out),
            Operation::LeaveGuild { guild, user } => self.leave_guild(guild, user, out),
            Operation::EditMember { guild, user, edit } => self.edit_member(guild, user, edit, out),
            Operation::CreateRole { guild, role } => self.create_role(now, guild, role, out),
            Operation::EditRole { guild, role, edit } => self.edit_role(guild, role, edit, out),
            Operation::DeleteRole { guild, role } => self.delete_role(guild, role, out),
            Operation::CreateChannel(new) => self.create_channel(now, new, out).map(drop),
            Operation::EditChannel { channel, edit } => self.edit_channel(channel, edit, out),
            Operation::SetOverwrite { channel, overwrite } => self.set_overwrite(channel, overwrite, out),
            Operation::RemoveOverwrite { channel, of } => self.remove_overwrite(channel, of, out),
            Operation::DeleteChannel(channel) => self.delete_channel(channel, out),
            Operation::PostMessage(new) => self.post_message(now, new, out).map(drop),
            Operation::EditMessage { channel, message, edit } => self.edit_message(now, channel, message, edit, out),
            Operation::DeleteMessage { channel, message } => self.delete_message(channel, message, out),
            Operation::StartTyping { channel, user } => self.start_typing(channel, user, out),
            Operation::SelectTextChannel(channel) => self.select_text_channel(channel, out),
            Operation::JoinVoice { user, channel } => self.join_voice(user, channel, out),
            Operation::LeaveVoice(user) => self.leave_voice(user, out),
            Operation::EditVoice { user, self_mute, self_deaf } => self.edit_voice(user, self_mute, self_deaf, out),
            Operation::SetSpeaking { user, speaking } => self.set_speaking(user, speaking, out),
            Operation::SetVoiceServers { available } => self.set_voice_servers(available, out),
            Operation::SetVoiceConnection { state, hostname } => self.set_voice_connection(state, hostname, out),
            Operation::Ping(milliseconds) => self.ping(milliseconds, out),
            Operation::EditVoiceSettings { session, edit } => self.edit_voice_settings(session, *edit, out),
            Operation::EditUserVoice { session, user, edit } => self.edit_user_voice(session, user, edit, out),
            Operation::SetAudioDevices { inputs, outputs } => self.set_audio_devices(inputs, outputs, out),
            Operation::SetCertifiedDevices { session, devices } => self.set_certified_devices(session, devices, out),
            Operation::Invite { from, application } => self.invite(now, from, application, out),
            Operation::CreateEntitlement(new) => self.create_entitlement(now, new, out),
            Operation::DeleteEntitlement(id) => self.delete_entitlement(id, out),
            Operation::RegisterApplication(application) => self.register(application, out),
            Operation::CreateBot(new) => self.create_bot(now, new, out),
            Operation::CreateLogin { user, token } => self.create_login(user, token, out),
            Operation::PutCommand { application, guild, command } => {
                self.put_command(now, (application, guild), command)
            }
            Operation::ReplaceCommands { application, guild, commands } => {
                self.replace_commands(now, (application, guild), commands)
            }
            Operation::EditCommand { id, command } => self.edit_command(now, id, command),
            Operation::DeleteCommand(id) => self.delete_command(id),
            Operation::OpenSession { user, application } => self.open_session(user, application, out),
            Operation::CloseSession(session) => self.close_session(session, out),
            Operation::SetActivity { session, activity } => self.set_activity(session, activity, out),
            Operation::AcceptJoin { application, secret } => {
                out.push(Change::ActivityJoin { application, secret });
                Ok(())
            }
            Operation::AcceptSpectate { application, secret } => {
                out.push(Change::ActivitySpectate { application, secret });
                Ok(())
            }
            Operation::RequestJoin { from, application } => self.request_join(JoinRequest { from, application }, out),
            Operation::AnswerJoin { from, application, session, accepted } => {
                self.answer_join(from, application, session, accepted, out)
            }
            Operation::Authorize { application, user, scopes } => self.authorize(now, application, user, scopes, out),
            Operation::IssueRpcToken(client) => self.issue_rpc_token(now, client, out),
            Operation::UseRpcToken { application, token } => self.grants.use_rpc_token(now, application, &token),
            Operation::ExchangeCode { client, code, redirect_uri } => {
                self.exchange_code(now, client, code, redirect_uri, out)
            }
            Operation::RefreshToken { client, refresh_token } => self.refresh_token(now, client, refresh_token, out),
            Operation::RevokeToken(token) => {
                out.push(Change::TokenRevoked(self.grants.revoke(&token)?));
                Ok(())
            }
        }
    }

    fn next_id(&mut self, now: Instant) -> Snowflake {
        self.ids.next(self.unix_ms(now))
    }

    fn known_user(&self, id: UserId) -> Result<&User, Error> {
        self.users.get(&id).ok_or(Error::UnknownUser(id))
    }

    /// A user that the host may speak for, and that is not the local one.
    fn other_user(&self, id: UserId) -> Result<&User, Error> {
        if id == self.local_user {
            return Err(Error::Invalid("user_id: another user's id expected, the local user's given".into()));
        }
        self.known_user(id)
    }

    fn known_application(&self, id: ApplicationId) -> Result<Cow<'_, Application>, Error> {
        self.application(id).ok_or(Error::UnknownApplication(id))
    }

    /// A guild that can be reached.
    fn reached_guild(&self, id: GuildId) -> Result<&Guild, Error> {
        let guild = self.guilds.get(&id).ok_or(Error::UnknownGuild(id))?;
        if guild.available { Ok(guild) } else { Err(Error::Unavailable(id)) }
    }

    /// A channel that is in no guild, or in one that can be reached.
    fn reached_channel(&self, id: ChannelId) -> Result<&Channel, Error> {
        let channel = self.channels.get(&id).ok_or(Error::UnknownChannel(id))?;
        if let Some(guild) = channel.guild {
            self.reached_guild(guild)?;
        }
        Ok(channel)
    }
}

//! What can be done to a world.

use super::{
    Activity, Application, ApplicationId, AudioDevice, CertifiedDevice, ChannelEdit, ChannelId, ClientCredentials,
    CommandId, EntitlementId, GuildEdit, GuildId, MemberEdit, MessageEdit, MessageId, NewAppCommand, NewBot,
    NewChannel, NewEntitlement, NewGuild, NewMessage, NewRole, NewUser, Overwrite, OverwriteOf, Presence,
    RelationshipKind, RoleEdit, RoleId, Scopes, SessionId, UserEdit, UserId, UserVoiceEdit, VoiceConnectionState,
    VoiceSettingsEdit,
};
use crate::secret::Secret;

/// One change that is asked for. Nothing else changes a world.
#[derive(Clone, Debug)]
pub enum Operation {
    /// Makes a user: [`super::Change::UserCreated`].
    CreateUser(NewUser),
    /// Changes a user: [`super::Change::UserChanged`].
    EditUser {
        /// Who.
        user: UserId,
        /// What.
        edit: UserEdit,
    },
    /// Says whether another user is there and what they do: [`super::Change::PresenceChanged`].
    SetPresence {
        /// Who; not the local user, whose activities are its sessions'.
        user: UserId,
        /// What it is now.
        presence: Presence,
    },
    /// Says what another user is to the local one: [`super::Change::RelationshipChanged`].
    SetRelationship {
        /// Who.
        user: UserId,
        /// What they are now.
        kind: RelationshipKind,
    },
    /// Makes a guild: [`super::Change::GuildCreated`]. Like Discord's, it has a text channel "general" and a voice channel
    /// "General" from the start when an application creates it; the host makes its own.
    CreateGuild(NewGuild),
    /// Changes a guild: [`super::Change::GuildChanged`].
    EditGuild {
        /// Which.
        guild: GuildId,
        /// What.
        edit: GuildEdit,
    },
    /// Removes a guild with all that is in it: [`super::Change::GuildDeleted`].
    DeleteGuild(GuildId),
    /// A user joins a guild: [`super::Change::MemberJoined`]; for the local user [`super::Change::GuildCreated`] too, since to it the guild
    /// is new.
    JoinGuild {
        /// Which.
        guild: GuildId,
        /// Who.
        user: UserId,
    },
    /// A user leaves a guild, or is put out: [`super::Change::MemberLeft`], after [`super::Change::VoiceLeft`] when it was in voice there.
    /// The owner can't.
    LeaveGuild {
        /// Which.
        guild: GuildId,
        /// Who.
        user: UserId,
    },
    /// Changes a member: [`super::Change::MemberChanged`]; [`super::Change::VoiceChanged`] too when it is in voice and shows it.
    EditMember {
        /// In which guild.
        guild: GuildId,
        /// Who.
        user: UserId,
        /// What.
        edit: MemberEdit,
    },
    /// Makes a role: [`super::Change::RoleCreated`].
    CreateRole {
        /// In which guild.
        guild: GuildId,
        /// What it is like.
        role: NewRole,
    },
    /// Changes a role: [`super::Change::RoleChanged`].
    EditRole {
        /// In which guild.
        guild: GuildId,
        /// Which.
        role: RoleId,
        /// What.
        edit: RoleEdit,
    },
    /// Removes a role: [`super::Change::RoleDeleted`]. @everyone stays.
    DeleteRole {
        /// In which guild.
        guild: GuildId,
        /// Which.
        role: RoleId,
    },
    /// Makes a channel: [`super::Change::ChannelCreated`]. A direct message between the same two is the one there is.
    CreateChannel(NewChannel),
    /// Changes a channel: [`super::Change::ChannelChanged`].
    EditChannel {
        /// Which.
        channel: ChannelId,
        /// What.
        edit: ChannelEdit,
    },
    /// Says where a channel differs from its guild: [`super::Change::ChannelChanged`].
    SetOverwrite {
        /// Which.
        channel: ChannelId,
        /// In what; takes the place of the one for the same role or member.
        overwrite: Overwrite,
    },
    /// Lets a channel be like its guild again: [`super::Change::ChannelChanged`].
    RemoveOverwrite {
        /// Which.
        channel: ChannelId,
        /// For whom.
        of: OverwriteOf,
    },
    /// Removes a channel: [`super::Change::ChannelDeleted`], after [`super::Change::VoiceLeft`] for who was in it.
    DeleteChannel(ChannelId),
    /// Posts a message: [`super::Change::MessagePosted`], and [`super::Change::Notified`] when the local user is notified of it (a direct
    /// message, or a mention; not from who is blocked, nor their own).
    PostMessage(NewMessage),
    /// Changes a message: [`super::Change::MessageEdited`].
    EditMessage {
        /// Where.
        channel: ChannelId,
        /// Which.
        message: MessageId,
        /// What.
        edit: MessageEdit,
    },
    /// Removes a message: [`super::Change::MessageDeleted`].
    DeleteMessage {
        /// Where.
        channel: ChannelId,
        /// Which.
        message: MessageId,
    },
    /// Somebody begins to write: [`super::Change::TypingStarted`]. Who can't post there can't.
    StartTyping {
        /// Where.
        channel: ChannelId,
        /// Who.
        user: UserId,
    },
    /// Shows a text channel to the local user, or none: [`super::Change::TextChannelSelected`].
    SelectTextChannel(Option<ChannelId>),
    /// A user joins a voice channel, leaving the one it was in: [`super::Change::VoiceLeft`], [`super::Change::VoiceJoined`]; for the local
    /// user [`super::Change::VoiceChannelSelected`] and the steps of its connection ([`super::Change::VoiceConnectionChanged`]) too. While
    /// voice servers are away ([`Operation::SetVoiceServers`]) the local user's connection waits in
    /// [`VoiceConnectionState::AwaitingEndpoint`], and it is in the channel only when they are back.
    JoinVoice {
        /// Who.
        user: UserId,
        /// Where.
        channel: ChannelId,
    },
    /// A user leaves voice, or the local user gives up waiting for it: [`super::Change::VoiceLeft`] and the rest.
    LeaveVoice(UserId),
    /// A user mutes or deafens itself: [`super::Change::VoiceChanged`]. The local user's are its voice settings as well.
    EditVoice {
        /// Who; in a voice channel.
        user: UserId,
        /// Muted by themselves.
        self_mute: Option<bool>,
        /// Deafened by themselves.
        self_deaf: Option<bool>,
    },
    /// A user begins or stops to speak: [`super::Change::SpeakingChanged`]. Refused for who can't be heard.
    SetSpeaking {
        /// Who.
        user: UserId,
        /// Whether it speaks now.
        speaking: bool,
    },
    /// Voice servers are away, or back: those who waited for them are let in.
    SetVoiceServers {
        /// Whether there are any.
        available: bool,
    },
    /// The local user's connection is in another state, or at another server: [`super::Change::VoiceConnectionChanged`].
    SetVoiceConnection {
        /// The state it is in.
        state: VoiceConnectionState,
        /// The server's name.
        hostname: Option<Box<str>>,
    },
    /// The local user's connection measured a ping, in milliseconds: [`super::Change::VoiceConnectionChanged`].
    Ping(f64),
    /// Changes the voice settings: [`super::Change::VoiceSettingsChanged`], and [`super::Change::VoiceChanged`] for self mute and deaf.
    EditVoiceSettings {
        /// Through which session; `None` is the user's own hand, which no lock keeps out.
        session: Option<SessionId>,
        /// What.
        edit: Box<VoiceSettingsEdit>,
    },
    /// Changes how another user is heard: [`super::Change::VoiceChanged`] when they are in the local user's channel.
    EditUserVoice {
        /// Through which session; `None` is the user's own hand.
        session: Option<SessionId>,
        /// Who.
        user: UserId,
        /// What.
        edit: UserVoiceEdit,
    },
    /// Says which microphones and headphones the machine has: [`super::Change::VoiceSettingsChanged`].
    SetAudioDevices {
        /// Microphones; the first is the default.
        inputs: Vec<AudioDevice>,
        /// Headphones; the first is the default.
        outputs: Vec<AudioDevice>,
    },
    /// A maker's program tells of its devices, instead of those it told of before; they are gone when its session ends:
    /// [`super::Change::VoiceSettingsChanged`].
    SetCertifiedDevices {
        /// Through which session.
        session: SessionId,
        /// In order of priority.
        devices: Vec<CertifiedDevice>,
    },
    /// A user invites the local user to what they play: a message in their direct messages, [`super::Change::MessagePosted`] and
    /// [`super::Change::Invited`].
    Invite {
        /// Who invites.
        from: UserId,
        /// Into which application's game.
        application: ApplicationId,
    },
    /// Makes an entitlement: [`super::Change::EntitlementCreated`].
    CreateEntitlement(NewEntitlement),
    /// Takes it away: [`super::Change::EntitlementDeleted`].
    DeleteEntitlement(EntitlementId),
    /// Makes an application known, or takes the place of what was known: [`super::Change::ApplicationRegistered`].
    RegisterApplication(Application),
    /// Gives an application its bot: [`super::Change::UserCreated`], [`super::Change::BotCreated`].
    CreateBot(NewBot),
    /// Gives a user that is no bot a token with which a client logs in as it: [`super::Change::LoginCreated`].
    CreateLogin {
        /// Who.
        user: UserId,
        /// What the client is to show; the world draws one unless given.
        token: Option<Secret>,
    },
    /// Makes a command of an application, or replaces the one of the same name and kind. No change is told of commands.
    PutCommand {
        /// Whose; its own doing.
        application: ApplicationId,
        /// Where; `None` is everywhere.
        guild: Option<GuildId>,
        /// What.
        command: NewAppCommand,
    },
    /// Replaces all commands of an application in a place, at once or not at all.
    ReplaceCommands {
        /// Whose; its own doing.
        application: ApplicationId,
        /// Where; `None` is everywhere.
        guild: Option<GuildId>,
        /// By what.
        commands: Vec<NewAppCommand>,
    },
    /// Changes a command.
    EditCommand {
        /// Which.
        id: CommandId,
        /// Into what.
        command: NewAppCommand,
    },
    /// Takes a command away.
    DeleteCommand(CommandId),
    /// A connection of an application begins: [`super::Change::SessionOpened`].
    OpenSession {
        /// On whose behalf.
        user: UserId,
        /// With what.
        application: ApplicationId,
    },
    /// It ends, and its activity with it: [`super::Change::ActivityChanged`] when there was one.
    CloseSession(SessionId),
    /// Says what the user does, or that it does nothing: [`super::Change::ActivityChanged`] unless it was so already.
    SetActivity {
        /// Through which connection.
        session: SessionId,
        /// `None` ends it.
        activity: Option<Box<Activity>>,
    },
    /// The local user accepted an invitation to join: [`super::Change::ActivityJoin`].
    AcceptJoin {
        /// To which application's game; `None` tells all.
        application: Option<ApplicationId>,
        /// The inviter's join secret.
        secret: Secret,
    },
    /// The local user accepted an invitation to watch: [`super::Change::ActivitySpectate`].
    AcceptSpectate {
        /// Which application's game; `None` tells all.
        application: Option<ApplicationId>,
        /// The inviter's spectate secret.
        secret: Secret,
    },
    /// Another player asks to join the local user's game: [`super::Change::JoinRequested`]. Asking again is one request.
    RequestJoin {
        /// Who asks.
        from: UserId,
        /// For which application's game; `None` asks all.
        application: Option<ApplicationId>,
    },
    /// The local user answers that, through an application's game or without: [`super::Change::JoinAnswered`].
    AnswerJoin {
        /// Who asked.
        from: UserId,
        /// Which application's game answers; `None` answers a request that was for all, of which none is played.
        application: Option<ApplicationId>,
        /// The connection whose activity holds the join secret.
        session: Option<SessionId>,
        /// Whether the player may come.
        accepted: bool,
    },
    /// A user allows an application what it asked for: [`super::Change::CodeIssued`].
    Authorize {
        /// What asked.
        application: ApplicationId,
        /// Who allows.
        user: UserId,
        /// What is allowed.
        scopes: Scopes,
    },
    /// A one-time token that spares the question, for [`Operation::UseRpcToken`]: [`super::Change::RpcTokenIssued`].
    IssueRpcToken(ClientCredentials),
    /// Shows such a token; it is used up.
    UseRpcToken {
        /// Who shows it.
        application: ApplicationId,
        /// The token.
        token: Secret,
    },
    /// Makes a token from a code (RFC 6749 section 4.1.3): [`super::Change::TokenIssued`].
    ExchangeCode {
        /// Who asks.
        client: ClientCredentials,
        /// The one-time code.
        code: Secret,
        /// Must be one of the application's, when it has any.
        redirect_uri: Option<Box<str>>,
    },
    /// Makes a token from an earlier one (RFC 6749 section 6): [`super::Change::TokenIssued`].
    RefreshToken {
        /// Who asks.
        client: ClientCredentials,
        /// The earlier token's refresh token; it is used up.
        refresh_token: Secret,
    },
    /// Takes a token back, by its access or refresh token: [`super::Change::TokenRevoked`].
    RevokeToken(Secret),
}

//! What came of an operation.

use super::{
    ApplicationId, Channel, ChannelId, Entitlement, EntitlementId, GuildId, MessageId, RoleId, SessionId, Token,
    TokenId, UserId, VoiceConnection, VoiceState,
};
use crate::secret::Secret;

/// One thing that happened, for the doors to show. Details are read from the world.
#[derive(Clone, Debug)]
pub enum Change {
    /// There is a new user.
    UserCreated(UserId),
    /// A user's name is another one.
    UserChanged(UserId),
    /// Whether another user is there, or what they do, is different.
    PresenceChanged(UserId),
    /// What another user is to the local one is different.
    RelationshipChanged(UserId),
    /// There is a new guild, or the local user came into one.
    GuildCreated(GuildId),
    /// A guild is different: its name, icon, owner, or whether it can be reached.
    GuildChanged(GuildId),
    /// A guild is gone, or the local user is out of it.
    GuildDeleted(GuildId),
    /// A user came into a guild.
    MemberJoined {
        /// Which.
        guild: GuildId,
        /// Who.
        user: UserId,
    },
    /// A member is different.
    MemberChanged {
        /// In which guild.
        guild: GuildId,
        /// Who.
        user: UserId,
    },
    /// A user is in a guild no longer.
    MemberLeft {
        /// Which.
        guild: GuildId,
        /// Who.
        user: UserId,
    },
    /// There is a new role.
    RoleCreated {
        /// In which guild.
        guild: GuildId,
        /// Which.
        role: RoleId,
    },
    /// A role is different.
    RoleChanged {
        /// In which guild.
        guild: GuildId,
        /// Which.
        role: RoleId,
    },
    /// A role is gone.
    RoleDeleted {
        /// In which guild.
        guild: GuildId,
        /// Which.
        role: RoleId,
    },
    /// There is a new channel.
    ChannelCreated(ChannelId),
    /// A channel is different.
    ChannelChanged(ChannelId),
    /// A channel is gone; this was it.
    ChannelDeleted(Box<Channel>),
    /// A message was posted.
    MessagePosted {
        /// Where.
        channel: ChannelId,
        /// Which.
        message: MessageId,
    },
    /// A message is different.
    MessageEdited {
        /// Where.
        channel: ChannelId,
        /// Which.
        message: MessageId,
    },
    /// A message is gone.
    MessageDeleted {
        /// Where.
        channel: ChannelId,
        /// Which.
        message: MessageId,
    },
    /// Somebody began to write.
    TypingStarted {
        /// Where.
        channel: ChannelId,
        /// Who.
        user: UserId,
    },
    /// The local user is notified of a message.
    Notified {
        /// Where.
        channel: ChannelId,
        /// Which.
        message: MessageId,
    },
    /// The local user looks at another text channel, or at none.
    TextChannelSelected(Option<ChannelId>),
    /// The local user is in another voice channel, or in none.
    VoiceChannelSelected(Option<ChannelId>),
    /// A user came into a voice channel.
    VoiceJoined {
        /// Where.
        channel: ChannelId,
        /// Who.
        user: UserId,
    },
    /// A user in a voice channel is different: muted, deafened, suppressed, renamed, or heard differently.
    VoiceChanged {
        /// Where.
        channel: ChannelId,
        /// Who.
        user: UserId,
    },
    /// A user left a voice channel. How they were there last: the world has forgotten it.
    VoiceLeft(Box<VoiceState>),
    /// A user in a voice channel began or stopped to speak.
    SpeakingChanged {
        /// Where.
        channel: ChannelId,
        /// Who.
        user: UserId,
        /// Whether it speaks now.
        speaking: bool,
    },
    /// The local user's voice connection is in another state, at another server, or measured a ping. As it was at this
    /// moment, since several may come of one operation.
    VoiceConnectionChanged(Box<VoiceConnection>),
    /// The voice settings are different.
    VoiceSettingsChanged,
    /// Another user invites the local one.
    Invited {
        /// Who.
        from: UserId,
        /// Into which application's game.
        application: ApplicationId,
        /// Where the invitation stands.
        channel: ChannelId,
        /// In which message.
        message: MessageId,
    },
    /// Somebody came to own something.
    EntitlementCreated(EntitlementId),
    /// Somebody owns something no longer; this was it.
    EntitlementDeleted(Box<Entitlement>),
    /// An application became known, or known differently.
    ApplicationRegistered(ApplicationId),
    /// An application has a bot now.
    BotCreated(ApplicationId),
    /// A client can log in as a user now.
    LoginCreated(UserId),
    /// A connection of an application began.
    SessionOpened(SessionId),
    /// What a user does changed, or ended.
    ActivityChanged {
        /// Who.
        user: UserId,
        /// With what.
        application: ApplicationId,
        /// Through which connection; its activity is in the world, unless it ended.
        session: SessionId,
    },
    /// The match that a user's activity was about (`instance`) is over: who asked to be told is told.
    MatchEnded {
        /// Who is free again.
        user: UserId,
        /// With what it was played.
        application: ApplicationId,
    },
    /// The local user wants to join a game.
    ActivityJoin {
        /// Which; `None` is every.
        application: Option<ApplicationId>,
        /// The join secret.
        secret: Secret,
    },
    /// The local user wants to watch a game.
    ActivitySpectate {
        /// Which; `None` is every.
        application: Option<ApplicationId>,
        /// The spectate secret.
        secret: Secret,
    },
    /// A player asks to join.
    JoinRequested {
        /// Who.
        from: UserId,
        /// Which application's game; `None` is every.
        application: Option<ApplicationId>,
    },
    /// And was answered.
    JoinAnswered {
        /// Who asked.
        from: UserId,
        /// Which application's game answered; `None` when it was asked for all, and none is played.
        application: Option<ApplicationId>,
        /// Whether the player may come.
        accepted: bool,
        /// The join secret that the player is handed, when accepted by a game that set one.
        secret: Option<Secret>,
    },
    /// For whoever asked for it only.
    CodeIssued(Secret),
    /// For whoever asked for it only.
    RpcTokenIssued(Secret),
    /// For whoever asked for it only.
    TokenIssued(Box<Token>),
    /// A token works no more: whoever authenticated with it is out.
    TokenRevoked(TokenId),
}

/// What came of an operation, in order. Often one change, sometimes none.
#[derive(Clone, Debug, Default)]
pub struct Changes(Vec<Change>);

impl Changes {
    pub(super) fn none() -> Self {
        Changes(Vec::new())
    }

    pub(super) fn push(&mut self, change: Change) {
        self.0.push(change);
    }

    /// The changes, in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Change> {
        self.0.iter()
    }
}

impl IntoIterator for Changes {
    type Item = Change;
    type IntoIter = std::vec::IntoIter<Change>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

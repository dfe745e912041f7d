//! JSON error codes: the `code` of an error body. The ones that this library gives or looks at; Discord has more.

/// What went wrong, for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum JsonCode {
    /// Nothing more particular.
    General = 0,
    /// No such application.
    UnknownApplication = 10002,
    /// No such channel, or none that the user can see.
    UnknownChannel = 10003,
    /// No such guild, or none that the user is in.
    UnknownGuild = 10004,
    /// No such member of this guild.
    UnknownMember = 10007,
    /// No such message in this channel.
    UnknownMessage = 10008,
    /// This channel says nothing particular for this role or member.
    UnknownOverwrite = 10009,
    /// No such role in this guild.
    UnknownRole = 10011,
    /// No such user.
    UnknownUser = 10013,
    /// The application offers no such command.
    UnknownCommand = 10063,
    /// The user, or an application that is not approved, has as many guilds as it may.
    TooManyGuilds = 30001,
    /// The channel has as many pins as it may.
    TooManyPins = 30003,
    /// The group has as many people as it may.
    TooManyRecipients = 30004,
    /// The guild has as many roles as it may.
    TooManyRoles = 30005,
    /// The guild, or an application that is not approved, has as many channels as it may.
    TooManyChannels = 30013,
    /// No token, or one that does not work.
    Unauthorized = 40001,
    /// What was asked for is not for this user or application.
    MissingAccess = 50001,
    /// A direct message has nothing of the kind.
    NotInADm = 50003,
    /// Only its author may edit a message.
    AnothersMessage = 50005,
    /// A message says something.
    EmptyMessage = 50006,
    /// This user takes no messages from the one who asks.
    CannotMessageUser = 50007,
    /// Messages are posted in text channels.
    NotATextChannel = 50008,
    /// The user lacks a permission.
    MissingPermissions = 50013,
    /// A message is pinned in its own channel.
    PinnedElsewhere = 50019,
    /// A channel of this kind has nothing of the kind.
    WrongChannelType = 50024,
    /// The token lacks the scope.
    MissingScope = 50026,
    /// A group is made with people that the user knows.
    InvalidRecipients = 50033,
    /// A field is wrong; which, and why, is told beside it.
    InvalidForm = 50035,
    /// No such version of the API.
    InvalidVersion = 50041,
    /// The Origin is none of the application's.
    InvalidOrigin = 50067,
    /// The body is no JSON.
    InvalidJson = 50109,
}

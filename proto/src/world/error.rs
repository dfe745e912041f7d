//! Why the world refuses.

use std::borrow::Cow;
use std::fmt;

use super::{ApplicationId, ChannelId, CommandId, EntitlementId, GuildId, MessageId, RoleId, SessionId, UserId};

/// Why the world refused. It knows no protocol: each door translates this into its own codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// There is no such user.
    UnknownUser(UserId),
    /// There is no such guild.
    UnknownGuild(GuildId),
    /// There is no such channel, or none of the kind that is needed.
    UnknownChannel(ChannelId),
    /// There is no such message in this channel.
    UnknownMessage(MessageId),
    /// There is no such role in this guild.
    UnknownRole(RoleId),
    /// The user is not in the guild.
    NotAMember(UserId),
    /// There is no such command.
    UnknownCommand(CommandId),
    /// There is no such entitlement.
    UnknownEntitlement(EntitlementId),
    /// The user lacks this permission.
    Forbidden(&'static str),
    /// There are as many already as there may be; the sentence says of what, and how many.
    TooMany(Cow<'static, str>),
    /// Another application holds the voice settings.
    Locked(ApplicationId),
    /// The guild can't be reached at the moment.
    Unavailable(GuildId),
    /// There is no such application, and only registered ones are accepted.
    UnknownApplication(ApplicationId),
    /// There is no such session.
    UnknownSession(SessionId),
    /// A value is not allowed; the sentence names the field and what was expected.
    Invalid(Cow<'static, str>),
    /// The application is not approved and the user is none of its testers.
    NotATester(ApplicationId),
    /// Nobody of this id waits for an answer.
    NotAsked(UserId),
    /// The application's secret is wrong or missing.
    BadClient,
    /// The code, refresh token or redirect URI does not do; why.
    BadGrant(&'static str),
    /// The token is unknown, used up, run out or revoked.
    BadToken,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::UnknownUser(id) => write!(f, "there is no user {id}"),
            Error::UnknownGuild(id) => write!(f, "there is no guild {id}"),
            Error::UnknownChannel(id) => write!(f, "there is no such channel as {id}"),
            Error::UnknownMessage(id) => write!(f, "there is no message {id} in this channel"),
            Error::UnknownRole(id) => write!(f, "there is no role {id} in this guild"),
            Error::NotAMember(id) => write!(f, "user {id} is not a member of this guild"),
            Error::UnknownCommand(id) => write!(f, "there is no command {id}"),
            Error::UnknownEntitlement(id) => write!(f, "there is no entitlement {id}"),
            Error::Forbidden(permission) => write!(f, "the permission {permission} is missing"),
            Error::TooMany(sentence) => f.write_str(sentence),
            Error::Locked(id) => write!(f, "application {id} holds the voice settings until it leaves"),
            Error::Unavailable(id) => write!(f, "guild {id} is not available at the moment"),
            Error::UnknownApplication(id) => write!(f, "application {id} is not registered here"),
            Error::UnknownSession(id) => write!(f, "there is no session {}", id.0),
            Error::Invalid(sentence) => f.write_str(sentence),
            Error::NotATester(id) => {
                write!(f, "application {id} is not approved and the user is not one of its testers")
            }
            Error::NotAsked(id) => write!(f, "user {id} has not asked to join, or was answered already"),
            Error::BadClient => f.write_str("the client secret is missing or wrong"),
            Error::BadGrant(why) => f.write_str(why),
            Error::BadToken => f.write_str("the token is unknown, used up, run out or revoked"),
        }
    }
}

impl std::error::Error for Error {}

//! Why a command was refused, in the codes of RPC.
//!
//! | the world says | the peer gets |
//! |---|---|
//! | a permission is missing, a voice channel is full, another application holds the voice settings | 4006: "may not" is all that the three have in common with a missing scope, and the reference names no other code |
//! | no such guild, or it can't be reached | 4003 (but GET_GUILD: 5002) |
//! | no such channel, or it can't be seen | 4005 |
//! | no such user, not a member, has not asked | 4010 |
//! | a value is not allowed, or is too much | 4000 |

use std::borrow::Cow;

use crate::wire::rpc::ErrorCode;
use crate::world::{ChannelId, Error, GuildId};

#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) code: ErrorCode,
    pub(super) message: Cow<'static, str>,
}

impl Refusal {
    pub(super) fn new(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Self {
        Refusal { code, message: message.into() }
    }

    /// The arguments do not fit; the sentence names the field.
    pub(super) fn argument(error: crate::error::Error) -> Self {
        Refusal::new(ErrorCode::InvalidPayload, error.message)
    }

    pub(super) fn no_guild(id: GuildId) -> Self {
        Refusal::new(ErrorCode::InvalidGuild, format!("guild_id: there is no guild {id}, or the user is not in it"))
    }

    pub(super) fn guild_away(id: GuildId) -> Self {
        Refusal::new(ErrorCode::InvalidGuild, format!("guild_id: {}", Error::Unavailable(id)))
    }

    pub(super) fn no_channel(id: ChannelId) -> Self {
        let sentence = format!("channel_id: there is no channel {id}, or the user can't see it");
        Refusal::new(ErrorCode::InvalidChannel, sentence)
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let code = match error {
            Error::UnknownUser(_) | Error::NotAMember(_) | Error::NotAsked(_) => ErrorCode::InvalidUser,
            Error::UnknownGuild(_) | Error::Unavailable(_) => ErrorCode::InvalidGuild,
            Error::UnknownChannel(_) => ErrorCode::InvalidChannel,
            Error::Forbidden(_) | Error::Locked(_) => ErrorCode::InvalidPermissions,
            Error::UnknownApplication(_) => ErrorCode::InvalidClientId,
            Error::UnknownSession(_) => ErrorCode::Unknown,
            Error::Invalid(_)
            | Error::TooMany(_)
            | Error::UnknownMessage(_)
            | Error::UnknownRole(_)
            | Error::UnknownCommand(_)
            | Error::UnknownEntitlement(_) => ErrorCode::InvalidPayload,
            Error::BadToken => ErrorCode::InvalidToken,
            Error::NotATester(_) | Error::BadClient | Error::BadGrant(_) => ErrorCode::OAuth2,
        };
        Refusal::new(code, error.to_string())
    }
}

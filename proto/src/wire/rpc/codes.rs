//! Error codes (in `ERROR` replies) and close codes of the RPC server. Source: the RPC page of Discord's documentation.

use crate::error::Status;

/// The `code` of an `ERROR`: the command was refused, the connection lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(i32)]
pub enum ErrorCode {
    /// Something went wrong inside Discord.
    Unknown = 1000,
    /// The payload was not understood.
    InvalidPayload = 4000,
    /// No such command.
    InvalidCommand = 4002,
    /// No such guild.
    InvalidGuild = 4003,
    /// No such event.
    InvalidEvent = 4004,
    /// No such channel.
    InvalidChannel = 4005,
    /// Not authenticated, or without the scope that the command needs.
    InvalidPermissions = 4006,
    /// No such application, or none was named.
    InvalidClientId = 4007,
    /// The Origin is none of the application's.
    InvalidOrigin = 4008,
    /// The access token is wrong, expired or another application's.
    InvalidToken = 4009,
    /// No such user.
    InvalidUser = 4010,
    /// The OAuth2 exchange failed, or the user declined.
    OAuth2 = 5000,
    /// The voice channel was not joined in time.
    SelectChannelTimedOut = 5001,
    /// The guild was not there in time.
    GetGuildTimedOut = 5002,
    /// The user is in a voice channel already; `force` moves them, when they agreed to it.
    SelectVoiceForceRequired = 5003,
    /// Another program is capturing a shortcut.
    CaptureShortcutAlreadyListening = 5004,
}

impl ErrorCode {
    /// Every error code.
    pub const ALL: [ErrorCode; 16] = [
        ErrorCode::Unknown,
        ErrorCode::InvalidPayload,
        ErrorCode::InvalidCommand,
        ErrorCode::InvalidGuild,
        ErrorCode::InvalidEvent,
        ErrorCode::InvalidChannel,
        ErrorCode::InvalidPermissions,
        ErrorCode::InvalidClientId,
        ErrorCode::InvalidOrigin,
        ErrorCode::InvalidToken,
        ErrorCode::InvalidUser,
        ErrorCode::OAuth2,
        ErrorCode::SelectChannelTimedOut,
        ErrorCode::GetGuildTimedOut,
        ErrorCode::SelectVoiceForceRequired,
        ErrorCode::CaptureShortcutAlreadyListening,
    ];

    /// The code of this number, if it is known.
    pub fn from_code(code: i64) -> Option<ErrorCode> {
        ErrorCode::ALL.into_iter().find(|known| *known as i64 == code)
    }

    /// A sentence for who gets it without one of Discord's own.
    pub const fn sentence(self) -> &'static str {
        match self {
            ErrorCode::Unknown => "Discord failed inside and does not say why",
            ErrorCode::InvalidPayload => "the payload is malformed or an argument is wrong",
            ErrorCode::InvalidCommand => "there is no such command",
            ErrorCode::InvalidGuild => "there is no such guild, or the user is not in it",
            ErrorCode::InvalidEvent => "there is no such event",
            ErrorCode::InvalidChannel => "there is no such channel, or the user can't see it",
            ErrorCode::InvalidPermissions => "not authenticated, or the token lacks the scope for this command",
            ErrorCode::InvalidClientId => "there is no application with this client id",
            ErrorCode::InvalidOrigin => "the Origin is not registered for this application",
            ErrorCode::InvalidToken => "the access token is wrong, expired or of another application",
            ErrorCode::InvalidUser => "there is no such user",
            ErrorCode::OAuth2 => "the authorization failed or was declined",
            ErrorCode::SelectChannelTimedOut => "the channel was not joined in time",
            ErrorCode::GetGuildTimedOut => "the guild did not become available in time",
            ErrorCode::SelectVoiceForceRequired => "the user is in a voice channel already, and \"force\" is not set",
            ErrorCode::CaptureShortcutAlreadyListening => "another program is capturing a shortcut already",
        }
    }
}

/// Why the server closed the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum CloseCode {
    /// No such application.
    InvalidClientId = 4000,
    /// The Origin is none of the application's.
    InvalidOrigin = 4001,
    /// Too many connections in too short a time.
    RateLimited = 4002,
    /// The token that the connection was authenticated with is no longer valid.
    TokenRevoked = 4003,
    /// The server does not speak this version.
    InvalidVersion = 4004,
    /// The server does not speak this encoding.
    InvalidEncoding = 4005,
}

impl CloseCode {
    /// Every close code.
    pub const ALL: [CloseCode; 6] = [
        CloseCode::InvalidClientId,
        CloseCode::InvalidOrigin,
        CloseCode::RateLimited,
        CloseCode::TokenRevoked,
        CloseCode::InvalidVersion,
        CloseCode::InvalidEncoding,
    ];

    /// The code of this number, if it is known.
    pub fn from_code(code: u16) -> Option<CloseCode> {
        CloseCode::ALL.into_iter().find(|known| *known as u16 == code)
    }

    /// Whether trying again with the same configuration is pointless.
    pub const fn is_fatal(self) -> bool {
        !matches!(self, CloseCode::RateLimited)
    }

    /// What the program is told.
    pub const fn status(self) -> Status {
        match self {
            CloseCode::RateLimited => Status::RateLimited,
            CloseCode::TokenRevoked => Status::Auth,
            _ => Status::Remote,
        }
    }

    /// The words of Discord's own close, where programs compare them letter by letter (pypresence does).
    pub const fn exact_words(self) -> Option<&'static str> {
        match self {
            CloseCode::InvalidClientId => Some("Invalid Client ID"),
            CloseCode::InvalidOrigin => Some("Invalid Origin"),
            _ => None,
        }
    }

    /// A sentence for who gets it without one of Discord's own.
    pub const fn sentence(self) -> &'static str {
        match self {
            CloseCode::InvalidClientId => "there is no application with this client id",
            CloseCode::InvalidOrigin => "the Origin is not registered for this application",
            CloseCode::RateLimited => "too many connections in a short time",
            CloseCode::TokenRevoked => "the access token was revoked",
            CloseCode::InvalidVersion => "the server does not speak this version of RPC",
            CloseCode::InvalidEncoding => "the server does not speak this encoding",
        }
    }
}

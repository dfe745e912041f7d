//! Error codes (in `ERROR` replies) and close codes of the RPC server. Source: the RPC page of Discord's documentation.

use crate::error::Status;
use crate::wire::codes::codes;

codes! {
    /// The `code` of an `ERROR`: the command was refused, the connection lives.
    pub enum ErrorCode: i32 from i64 {
        /// Something went wrong inside Discord.
        Unknown = 1000, "Discord failed inside and does not say why";
        /// The payload was not understood.
        InvalidPayload = 4000, "the payload is malformed or an argument is wrong";
        /// No such command.
        InvalidCommand = 4002, "there is no such command";
        /// No such guild.
        InvalidGuild = 4003, "there is no such guild, or the user is not in it";
        /// No such event.
        InvalidEvent = 4004, "there is no such event";
        /// No such channel.
        InvalidChannel = 4005, "there is no such channel, or the user can't see it";
        /// Not authenticated, or without the scope that the command needs.
        InvalidPermissions = 4006, "not authenticated, or the token lacks the scope for this command";
        /// No such application, or none was named.
        InvalidClientId = 4007, "there is no application with this client id";
        /// The Origin is none of the application's.
        InvalidOrigin = 4008, "the Origin is not registered for this application";
        /// The access token is wrong, expired or another application's.
        InvalidToken = 4009, "the access token is wrong, expired or of another application";
        /// No such user.
        InvalidUser = 4010, "there is no such user";
        /// The OAuth2 exchange failed, or the user declined.
        OAuth2 = 5000, "the authorization failed or was declined";
        /// The voice channel was not joined in time.
        SelectChannelTimedOut = 5001, "the channel was not joined in time";
        /// The guild was not there in time.
        GetGuildTimedOut = 5002, "the guild did not become available in time";
        /// The user is in a voice channel already; `force` moves them, when they agreed to it.
        SelectVoiceForceRequired = 5003, "the user is in a voice channel already, and \"force\" is not set";
        /// Another program is capturing a shortcut.
        CaptureShortcutAlreadyListening = 5004, "another program is capturing a shortcut already";
    }
}

codes! {
    /// Why the server closed the connection.
    pub enum CloseCode: u16 from u16 {
        /// No such application.
        InvalidClientId = 4000, "there is no application with this client id";
        /// The Origin is none of the application's.
        InvalidOrigin = 4001, "the Origin is not registered for this application";
        /// Too many connections in too short a time.
        RateLimited = 4002, "too many connections in a short time";
        /// The token that the connection was authenticated with is no longer valid.
        TokenRevoked = 4003, "the access token was revoked";
        /// The server does not speak this version.
        InvalidVersion = 4004, "the server does not speak this version of RPC";
        /// The server does not speak this encoding.
        InvalidEncoding = 4005, "the server does not speak this encoding";
    }
}

impl CloseCode {
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
}

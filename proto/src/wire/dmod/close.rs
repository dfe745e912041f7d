//! Close codes. The document has none; these are the Gateway's, as far as there is a mistake here that earns them.

use crate::wire::codes::codes;

codes! {
    /// Why a server ends a connection.
    pub enum CloseCode: u16 from u16 {
        /// The server does not know either.
        UnknownError = 4000, "unknown error";
        /// An opcode that there is not, or that only a server sends.
        UnknownOpcode = 4001, "unknown opcode";
        /// A message that is no JSON, has not the members of its opcode, or is too large.
        DecodeError = 4002, "a message could not be decoded";
        /// A command before op 1.
        NotAuthenticated = 4003, "not authenticated";
        /// The token is wrong, or another user's than `uid` says.
        AuthenticationFailed = 4004, "the token is wrong, or is not this user's";
        /// Op 1 without being asked.
        AlreadyAuthenticated = 4005, "authenticated twice";
        /// Too many messages.
        RateLimited = 4008, "too many messages";
        /// No op 1, or no op 4, in time.
        TimedOut = 4009, "no authentication, or no sign of life, in time";
    }
}

impl CloseCode {
    /// Whether a client would only meet it again.
    pub const fn is_fatal(self) -> bool {
        matches!(self, CloseCode::AuthenticationFailed)
    }
}

//! Close codes. The document has none; these are the Gateway's, as far as there is a mistake here that earns them.

/// Why a server ends a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum CloseCode {
    /// The server does not know either.
    UnknownError = 4000,
    /// An opcode that there is not, or that only a server sends.
    UnknownOpcode = 4001,
    /// A message that is no JSON, has not the members of its opcode, or is too large.
    DecodeError = 4002,
    /// A command before op 1.
    NotAuthenticated = 4003,
    /// The token is wrong, or another user's than `uid` says.
    AuthenticationFailed = 4004,
    /// Op 1 without being asked.
    AlreadyAuthenticated = 4005,
    /// Too many messages.
    RateLimited = 4008,
    /// No op 1, or no op 4, in time.
    TimedOut = 4009,
}

impl CloseCode {
    /// Every code, in order.
    pub const ALL: [CloseCode; 8] = [
        CloseCode::UnknownError,
        CloseCode::UnknownOpcode,
        CloseCode::DecodeError,
        CloseCode::NotAuthenticated,
        CloseCode::AuthenticationFailed,
        CloseCode::AlreadyAuthenticated,
        CloseCode::RateLimited,
        CloseCode::TimedOut,
    ];

    /// The code of this number.
    pub fn from_code(code: u16) -> Option<CloseCode> {
        CloseCode::ALL.into_iter().find(|close| *close as u16 == code)
    }

    /// Whether a client would only meet it again.
    pub const fn is_fatal(self) -> bool {
        matches!(self, CloseCode::AuthenticationFailed)
    }

    /// What it means for the person who gets it.
    pub const fn as_str(self) -> &'static str {
        match self {
            CloseCode::UnknownError => "unknown error",
            CloseCode::UnknownOpcode => "unknown opcode",
            CloseCode::DecodeError => "a message could not be decoded",
            CloseCode::NotAuthenticated => "not authenticated",
            CloseCode::AuthenticationFailed => "the token is wrong, or is not this user's",
            CloseCode::AlreadyAuthenticated => "authenticated twice",
            CloseCode::RateLimited => "too many messages",
            CloseCode::TimedOut => "no authentication, or no sign of life, in time",
        }
    }
}

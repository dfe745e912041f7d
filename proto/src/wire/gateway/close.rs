//! Close codes and what follows from each.
//!
//! Version 3 has none in its documents; a server of it closes with these all the same. Sources: the inventories
//! `gateway_v6.yaml` (11 codes) and `current_gateway_v10.yaml` (14), and what became of sessions in practice.

use super::Dialect;

/// What a client does when the Gateway has closed its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum After {
    /// Nothing: it would be refused again, and every further IDENTIFY is counted.
    Fatal,
    /// Connect and begin a new session: the old one is gone.
    NewSession,
    /// Connect and resume the session.
    Resume,
}

/// A close code of the Gateway's own range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum CloseCode {
    /// The Gateway does not know either.
    UnknownError = 4000,
    /// An opcode, or a payload of an opcode, that does not exist.
    UnknownOpcode = 4001,
    /// A payload that could not be decoded, or was too large.
    DecodeError = 4002,
    /// A payload before IDENTIFY, or of a session that is no more.
    NotAuthenticated = 4003,
    /// The token is wrong.
    AuthenticationFailed = 4004,
    /// IDENTIFY twice.
    AlreadyAuthenticated = 4005,
    /// A sequence that cannot be resumed from.
    InvalidSequence = 4007,
    /// Too many payloads.
    RateLimited = 4008,
    /// The session was left for too long.
    SessionTimedOut = 4009,
    /// A shard that cannot be.
    InvalidShard = 4010,
    /// Too many guilds for one connection.
    ShardingRequired = 4011,
    /// A version that is not served.
    InvalidVersion = 4012,
    /// Intents that do not exist.
    InvalidIntents = 4013,
    /// Privileged intents that the application was not granted.
    DisallowedIntents = 4014,
}

impl CloseCode {
    /// Every code, in order.
    pub const ALL: [CloseCode; 14] = [
        CloseCode::UnknownError,
        CloseCode::UnknownOpcode,
        CloseCode::DecodeError,
        CloseCode::NotAuthenticated,
        CloseCode::AuthenticationFailed,
        CloseCode::AlreadyAuthenticated,
        CloseCode::InvalidSequence,
        CloseCode::RateLimited,
        CloseCode::SessionTimedOut,
        CloseCode::InvalidShard,
        CloseCode::ShardingRequired,
        CloseCode::InvalidVersion,
        CloseCode::InvalidIntents,
        CloseCode::DisallowedIntents,
    ];

    /// The code of this number, if it is one of the Gateway's own.
    pub fn from_code(code: u16) -> Option<CloseCode> {
        CloseCode::ALL.into_iter().find(|close| *close as u16 == code)
    }

    /// What a client does after it.
    pub const fn after(self) -> After {
        match self {
            CloseCode::AuthenticationFailed
            | CloseCode::InvalidShard
            | CloseCode::ShardingRequired
            | CloseCode::InvalidVersion
            | CloseCode::InvalidIntents
            | CloseCode::DisallowedIntents => After::Fatal,
            CloseCode::InvalidSequence | CloseCode::SessionTimedOut => After::NewSession,
            _ => After::Resume,
        }
    }

    /// The oldest dialect that has it. (A server of an older one closes with 4000 or another that fits.)
    pub const fn since(self) -> Dialect {
        match self {
            CloseCode::InvalidVersion | CloseCode::InvalidIntents | CloseCode::DisallowedIntents => Dialect::V8,
            _ => Dialect::V6,
        }
    }

    /// What it means for the person who gets it, and what to do.
    pub const fn as_str(self) -> &'static str {
        match self {
            CloseCode::UnknownError => "unknown error",
            CloseCode::UnknownOpcode => "unknown opcode",
            CloseCode::DecodeError => "a payload could not be decoded",
            CloseCode::NotAuthenticated => "not authenticated",
            CloseCode::AuthenticationFailed => "the token is wrong",
            CloseCode::AlreadyAuthenticated => "authenticated twice",
            CloseCode::InvalidSequence => "the sequence cannot be resumed from",
            CloseCode::RateLimited => "too many payloads",
            CloseCode::SessionTimedOut => "the session timed out",
            CloseCode::InvalidShard => "the shard is invalid: its number must be below the count",
            CloseCode::ShardingRequired => "too many guilds for one connection: more shards are required",
            CloseCode::InvalidVersion => "the Gateway version is not served",
            CloseCode::InvalidIntents => "the intents are invalid: a bit is set that is none",
            CloseCode::DisallowedIntents => {
                "privileged intents are not granted: enable them in the application's settings, or leave them out"
            }
        }
    }
}

impl After {
    /// What to do after any close code, or after a connection that broke without one. Codes that are not known resume.
    pub fn closed(code: Option<u16>) -> After {
        code.and_then(CloseCode::from_code).map_or(After::Resume, CloseCode::after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_a_close_code() {
        for (code, after) in [
            (None, After::Resume),
            (Some(1000), After::Resume),
            (Some(1001), After::Resume),
            (Some(1006), After::Resume),
            (Some(4000), After::Resume),
            (Some(4001), After::Resume),
            (Some(4002), After::Resume),
            (Some(4003), After::Resume),
            (Some(4004), After::Fatal),
            (Some(4005), After::Resume),
            (Some(4006), After::Resume),
            (Some(4007), After::NewSession),
            (Some(4008), After::Resume),
            (Some(4009), After::NewSession),
            (Some(4010), After::Fatal),
            (Some(4011), After::Fatal),
            (Some(4012), After::Fatal),
            (Some(4013), After::Fatal),
            (Some(4014), After::Fatal),
            (Some(4999), After::Resume),
        ] {
            assert_eq!(After::closed(code), after, "{code:?}");
        }
    }
}

//! Close codes and what follows from each.
//!
//! Version 3 has none in its documents; a server of it closes with these all the same. Sources: the inventories
//! `gateway_v6.yaml` (11 codes) and `current_gateway_v10.yaml` (14), and what became of sessions in practice.

use super::Dialect;
use crate::wire::codes::codes;

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

codes! {
    /// A close code of the Gateway's own range.
    pub enum CloseCode: u16 from u16 {
        /// The Gateway does not know either.
        UnknownError = 4000, "unknown error";
        /// An opcode, or a payload of an opcode, that does not exist.
        UnknownOpcode = 4001, "unknown opcode";
        /// A payload that could not be decoded, or was too large.
        DecodeError = 4002, "a payload could not be decoded";
        /// A payload before IDENTIFY, or of a session that is no more.
        NotAuthenticated = 4003, "not authenticated";
        /// The token is wrong.
        AuthenticationFailed = 4004, "the token is wrong";
        /// IDENTIFY twice.
        AlreadyAuthenticated = 4005, "authenticated twice";
        /// A sequence that cannot be resumed from.
        InvalidSequence = 4007, "the sequence cannot be resumed from";
        /// Too many payloads.
        RateLimited = 4008, "too many payloads";
        /// The session was left for too long.
        SessionTimedOut = 4009, "the session timed out";
        /// A shard that cannot be.
        InvalidShard = 4010, "the shard is invalid: its number must be below the count";
        /// Too many guilds for one connection.
        ShardingRequired = 4011, "too many guilds for one connection: more shards are required";
        /// A version that is not served.
        InvalidVersion = 4012, "the Gateway version is not served";
        /// Intents that do not exist.
        InvalidIntents = 4013, "the intents are invalid: a bit is set that is none";
        /// Privileged intents that the application was not granted.
        DisallowedIntents = 4014, "privileged intents are not granted: enable them in the application's settings, or leave them out";
    }
}

impl CloseCode {
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

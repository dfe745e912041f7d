//! What a program may send. The rest (IDENTIFY, HEARTBEAT, RESUME) is the client machine's own.

use super::Opcode;
use crate::wire::catalog::{Arg, Row, Type};

const SNOWFLAKES: Type = Type::list(&Type::Snowflake);

/// Every command. The arguments of each are its payload's `d`.
pub const COMMANDS: &[Row] = &[
    Row::new("PRESENCE_UPDATE", "sets status and activities").args(&[
        Arg::required("since", Type::Nullable(&Type::INT), "Unix milliseconds since when idle, or null"),
        Arg::required("activities", Type::list(&Type::Any), "what is shown"),
        Arg::required("status", Type::Names(&["online", "dnd", "idle", "invisible", "offline"]), "how one appears"),
        Arg::required("afk", Type::Bool, "whether notifications go elsewhere"),
    ]),
    Row::new("VOICE_STATE_UPDATE", "joins, moves in or leaves voice").args(&[
        Arg::required("guild_id", Type::Snowflake, "in which guild"),
        Arg::required("channel_id", Type::Nullable(&Type::Snowflake), "which channel; null leaves"),
        Arg::optional("self_mute", Type::Bool, "whether one is mute"),
        Arg::optional("self_deaf", Type::Bool, "whether one is deaf"),
    ]),
    Row::new("REQUEST_GUILD_MEMBERS", "asks for members of a guild, which come as GUILD_MEMBERS_CHUNK").args(&[
        Arg::required("guild_id", Type::Snowflake, "of which guild"),
        Arg::optional("query", Type::TEXT, "what names start with; empty is everybody"),
        Arg::optional("limit", Type::int(0, i64::MAX), "how many at the most; 0 is all"),
        Arg::optional("presences", Type::Bool, "whether their presences come too"),
        Arg::optional("user_ids", Type::Any, "a snowflake, or at most 100 of them, in place of query"),
        Arg::optional("nonce", Type::text(0, 32), "comes back in the chunks"),
    ]),
    Row::new("REQUEST_SOUNDBOARD_SOUNDS", "asks for the sounds of guilds, which come as SOUNDBOARD_SOUNDS")
        .args(&[Arg::required("guild_ids", SNOWFLAKES, "of which guilds")]),
    Row::new("REQUEST_CHANNEL_INFO", "asks what a guild's channels say about themselves, which comes as CHANNEL_INFO")
        .args(&[
            Arg::required("guild_id", Type::Snowflake, "of which guild"),
            Arg::required("fields", Type::list(&Type::TEXT), "what of each channel"),
        ]),
];

/// The command of this name.
pub fn command(name: &str) -> Option<&'static Row> {
    COMMANDS.iter().find(|row| row.is_named(name))
}

/// The opcode of a command.
pub fn opcode(row: &Row) -> Option<Opcode> {
    match row.name {
        "PRESENCE_UPDATE" => Some(Opcode::PresenceUpdate),
        "VOICE_STATE_UPDATE" => Some(Opcode::VoiceStateUpdate),
        "REQUEST_GUILD_MEMBERS" => Some(Opcode::RequestGuildMembers),
        "REQUEST_SOUNDBOARD_SOUNDS" => Some(Opcode::RequestSoundboardSounds),
        "REQUEST_CHANNEL_INFO" => Some(Opcode::RequestChannelInfo),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_an_opcode() {
        for row in COMMANDS {
            assert!(opcode(row).is_some(), "{}", row.name);
        }
    }
}

//! What a program may send. The rest (IDENTIFY, HEARTBEAT, RESUME) is the client machine's own.
//!
//! The arguments of a command are its message's `d`. A command is answered as soon as it was handed to the transport: the
//! Gateway itself answers none, and what it causes comes as events.

use super::Opcode;
use crate::error::Error;
use crate::value::{Kind, Value};
use crate::wire::catalog::{self, Arg, Row, Shape, Type};

const ACTIVITY: Shape = Shape {
    name: "GatewayActivity",
    fields: &[
        Arg::required("name", Type::text(1, 128), "what is done"),
        Arg::required(
            "type",
            Type::int(0, 5),
            "0 playing, 1 streaming, 2 listening, 3 watching, 4 custom, 5 competing",
        ),
        Arg::optional("state", Type::Nullable(&Type::TEXT), "the second line; of a custom status the text"),
        Arg::optional("url", Type::Nullable(&Type::TEXT), "the stream, of type 1"),
    ],
};

/// Every command, by its opcode.
pub const COMMANDS: &[Row] = &[
    Row::new("PRESENCE_UPDATE", "sets status and activities").args(&[
        Arg::required("since", Type::Nullable(&Type::int(0, i64::MAX)), "since when idle, in Unix milliseconds"),
        Arg::required("activities", Type::list(&Type::Object(&ACTIVITY)), "what is done"),
        Arg::required("status", Type::Names(&["online", "dnd", "idle", "invisible", "offline"]), "how it is shown"),
        Arg::required("afk", Type::Bool, "whether nobody is there"),
    ]),
    Row::new("VOICE_STATE_UPDATE", "joins, moves in or leaves voice").args(&[
        Arg::required("guild_id", Type::Snowflake, "in which guild"),
        Arg::required("channel_id", Type::Nullable(&Type::Snowflake), "the channel; null leaves"),
        Arg::required("self_mute", Type::Bool, "whether nothing will be said"),
        Arg::required("self_deaf", Type::Bool, "whether nothing will be heard"),
    ]),
    Row::new("REQUEST_GUILD_MEMBERS", "asks for members of a guild, which come as GUILD_MEMBERS_CHUNK")
        .args(&[
            Arg::required("guild_id", Type::Snowflake, "of which guild"),
            Arg::optional("query", Type::TEXT, "how their names begin; empty for all"),
            Arg::optional("limit", Type::int(0, i64::MAX), "how many at most, with query; 0 for all"),
            Arg::optional("presences", Type::Bool, "whether their presences come too"),
            Arg::optional("user_ids", Type::Any, "these members: a snowflake, or an array of at most 100"),
            Arg::optional("nonce", Type::text(0, 32), "comes back in every chunk"),
        ])
        .rule(members),
    Row::new("REQUEST_SOUNDBOARD_SOUNDS", "asks for the sounds of guilds, which come as SOUNDBOARD_SOUNDS")
        .args(&[Arg::required("guild_ids", Type::list(&Type::Snowflake), "of which guilds")]),
    Row::new("REQUEST_CHANNEL_INFO", "asks what a guild's channels say about themselves, which comes as CHANNEL_INFO")
        .args(&[
            Arg::required("guild_id", Type::Snowflake, "of which guild"),
            Arg::required("fields", Type::list(&Type::TEXT), "what is asked for"),
        ]),
];

/// Members are asked for by name or by id.
fn members(args: Value<'_>) -> Result<(), Error> {
    let (query, ids) = (args.member("query").exists(), args.member("user_ids"));
    if query == ids.exists() {
        return Err(Error::argument("query: either query or user_ids expected"));
    }
    if query && !args.member("limit").exists() {
        return Err(Error::argument("limit: a whole number expected with query, 0 for all"));
    }
    let known = match ids.kind() {
        Kind::Missing => true,
        Kind::Array => (1..=100).contains(&ids.len()) && ids.iter().all(|id| id.as_id().is_some()),
        _ => ids.as_id().is_some(),
    };
    if known { Ok(()) } else { Err(Error::argument("user_ids: a snowflake or an array of 1 to 100 expected")) }
}

/// The command of this name.
pub fn command(name: &str) -> Option<&'static Row> {
    COMMANDS.iter().find(|row| row.is_named(name))
}

/// The row of the command that a program wants to send. A name that no row bears passes here: the machine, which would need
/// its opcode, answers it.
///
/// # Errors
/// The name is a command's but for its case.
pub fn check_name(name: &str) -> Result<Option<&'static Row>, Error> {
    // Events are too many for a catalog, and some are named as commands are.
    catalog::named(name, ("command", COMMANDS), ("an event", &[]))
}

impl Opcode {
    /// What the command of this name is sent as.
    pub fn of_command(name: &str) -> Option<Opcode> {
        Some(match name {
            "PRESENCE_UPDATE" => Opcode::PresenceUpdate,
            "VOICE_STATE_UPDATE" => Opcode::VoiceStateUpdate,
            "REQUEST_GUILD_MEMBERS" => Opcode::RequestGuildMembers,
            "REQUEST_SOUNDBOARD_SOUNDS" => Opcode::RequestSoundboardSounds,
            "REQUEST_CHANNEL_INFO" => Opcode::RequestChannelInfo,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Document;
    use crate::wire::catalog::check;

    #[test]
    fn every_command_has_an_opcode() {
        for row in COMMANDS {
            assert!(Opcode::of_command(row.name).is_some(), "{}", row.name);
        }
        assert_eq!(Opcode::of_command("IDENTIFY"), None);
        assert!(command("IDENTIFY").is_none());
    }

    #[test]
    fn a_name_of_the_wrong_case_is_put_right() {
        assert!(check_name("PRESENCE_UPDATE").is_ok_and(|row| row.is_some()));
        assert!(check_name("COMMAND_OF_TOMORROW").is_ok_and(|row| row.is_none()));
        let error = check_name("presence_update").expect_err("it is misspelled");
        assert!(error.message.contains("PRESENCE_UPDATE expected"), "{error}");
    }

    #[test]
    fn arguments_are_checked_and_the_field_is_named() {
        for (name, args, words) in [
            ("PRESENCE_UPDATE", r#"{"since":null,"activities":[],"status":"idle","afk":false}"#, ""),
            (
                "PRESENCE_UPDATE",
                r#"{"since":1,"activities":[{"name":"x","type":0,"new":1}],"status":"dnd","afk":true}"#,
                "",
            ),
            ("PRESENCE_UPDATE", r#"{"since":null,"activities":[],"status":"busy","afk":false}"#, "status: "),
            (
                "PRESENCE_UPDATE",
                r#"{"since":null,"activities":[{"type":0}],"status":"dnd","afk":false}"#,
                "activities[0].name: ",
            ),
            ("VOICE_STATE_UPDATE", r#"{"guild_id":"1","channel_id":null,"self_mute":true,"self_deaf":true}"#, ""),
            (
                "VOICE_STATE_UPDATE",
                r#"{"guild_id":"x","channel_id":null,"self_mute":true,"self_deaf":true}"#,
                "guild_id: ",
            ),
            ("REQUEST_GUILD_MEMBERS", r#"{"guild_id":"1","query":"","limit":0}"#, ""),
            ("REQUEST_GUILD_MEMBERS", r#"{"guild_id":1,"user_ids":["1","2"],"nonce":"n"}"#, ""),
            ("REQUEST_GUILD_MEMBERS", r#"{"guild_id":1,"user_ids":"1"}"#, ""),
            ("REQUEST_GUILD_MEMBERS", r#"{"guild_id":1,"user_ids":[]}"#, "user_ids: "),
            ("REQUEST_GUILD_MEMBERS", r#"{"guild_id":1,"user_ids":true}"#, "user_ids: "),
            ("REQUEST_GUILD_MEMBERS", r#"{"guild_id":1,"query":""}"#, "limit: "),
            ("REQUEST_GUILD_MEMBERS", r#"{"guild_id":1}"#, "query: either"),
            ("REQUEST_GUILD_MEMBERS", r#"{"guild_id":1,"query":"","limit":0,"user_ids":"1"}"#, "query: either"),
            ("REQUEST_SOUNDBOARD_SOUNDS", r#"{"guild_ids":["1"]}"#, ""),
            ("REQUEST_SOUNDBOARD_SOUNDS", r#"{"guild_ids":"1"}"#, "guild_ids: "),
            ("REQUEST_CHANNEL_INFO", r#"{"guild_id":"1","fields":["status"]}"#, ""),
            ("REQUEST_CHANNEL_INFO", r#"{"guild_id":"1"}"#, "fields"),
        ] {
            let mut doc = Document::new();
            doc.parse(args.as_bytes()).expect("the arguments are JSON");
            match check(command(name).expect("it is known"), doc.root()) {
                Ok(()) => assert_eq!(words, "", "{name} {args}"),
                Err(error) => assert!(!words.is_empty() && error.message.contains(words), "{name} {args}: {error}"),
            }
        }
    }
}

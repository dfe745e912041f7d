//! What a program may send. The rest (IDENTIFY, HEARTBEAT, RESUME) is the client machine's own.
//!
//! The arguments of a command are its message's `d`, but for members that the row calls the library's own. A command is
//! answered as soon as it was handed to the transport: the Gateway itself answers none, and what it causes comes as events.
//! Each dialect has its rows; those of user accounts are in `user_command`.

use super::{CACHE_COMMANDS, Dialect, EventRow, OPCODES, Opcode, USER_COMMANDS};
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

const GAME: Shape = Shape {
    name: "GatewayGame",
    fields: &[
        Arg::required("name", Type::TEXT, "what is played"),
        Arg::optional("type", Type::Nullable(&Type::int(0, 1)), "0 playing, 1 streaming"),
        Arg::optional("url", Type::Nullable(&Type::TEXT), "the stream, of type 1"),
    ],
};

const GAME_V3: Shape = Shape { name: "GatewayGameV3", fields: &[Arg::required("name", Type::TEXT, "what is played")] };

const STATUSES: Type = Type::Names(&["online", "dnd", "idle", "invisible", "offline"]);
const GUILD_ID: Arg = Arg::required("guild_id", Type::Snowflake, "in which guild");
const GATHER: Arg = Arg::optional(
    "gather",
    Type::Bool,
    "the library's own, and not sent: the reply waits for all chunks, and has their members (default false)",
);

const VOICE_STATE_UPDATE: Row = Row::new("VOICE_STATE_UPDATE", "joins, moves in or leaves voice").args(&[
    GUILD_ID,
    Arg::required("channel_id", Type::Nullable(&Type::Snowflake), "the channel; null leaves"),
    Arg::required("self_mute", Type::Bool, "whether nothing will be said"),
    Arg::required("self_deaf", Type::Bool, "whether nothing will be heard"),
]);

/// The commands of version 3.
pub const V3_COMMANDS: &[Row] =
    &[Row::new("STATUS_UPDATE", "sets the game, and whether one is idle").aliases(&["PRESENCE_UPDATE"]).args(&[
        Arg::required("game", Type::Nullable(&Type::Object(&GAME_V3)), "what is played; null for nothing"),
        Arg::required(
            "idle_since",
            Type::Nullable(&Type::Either(&Type::int(0, i64::MAX), &Type::TEXT)),
            "since when idle; null when not",
        ),
    ])];

/// The commands of versions 6 and 7.
pub const V6_COMMANDS: &[Row] = &[
    Row::new("STATUS_UPDATE", "sets status and game").aliases(&["PRESENCE_UPDATE"]).args(&[
        Arg::required("since", Type::Nullable(&Type::int(0, i64::MAX)), "since when idle, in Unix milliseconds"),
        Arg::required("game", Type::Nullable(&Type::Object(&GAME)), "what is played; null for nothing"),
        Arg::required("status", STATUSES, "how it is shown"),
        Arg::required("afk", Type::Bool, "whether nobody is there"),
    ]),
    VOICE_STATE_UPDATE,
    Row::new("REQUEST_GUILD_MEMBERS", "asks for members of a guild, which come as GUILD_MEMBERS_CHUNK")
        .args(&[
            Arg::required(
                "guild_id",
                Type::Either(&Type::Snowflake, &Type::list(&Type::Snowflake)),
                "of which guild; an array for several",
            ),
            Arg::required("query", Type::TEXT, "how their names begin; empty for all"),
            Arg::required("limit", Type::int(0, i64::MAX), "how many at most; 0 for all"),
            GATHER,
        ])
        .reply(GATHERED),
];

/// What REQUEST_GUILD_MEMBERS gathers.
const GATHERED: Type = Type::Object(&Shape {
    name: "GatewayMembers",
    fields: &[
        Arg::required("guild_id", Type::Snowflake, "the guild"),
        Arg::required("members", Type::list(&Type::Any), "the members of all chunks"),
        Arg::optional("presences", Type::list(&Type::Any), "their presences, when they were asked for"),
        Arg::optional("not_found", Type::list(&Type::Any), "ids that are no members"),
    ],
});

/// The commands of versions 8 to 10, by opcode.
pub const COMMANDS: &[Row] = &[
    Row::new("PRESENCE_UPDATE", "sets status and activities").args(&[
        Arg::required("since", Type::Nullable(&Type::int(0, i64::MAX)), "since when idle, in Unix milliseconds"),
        Arg::required("activities", Type::list(&Type::Object(&ACTIVITY)), "what is done"),
        Arg::required("status", STATUSES, "how it is shown"),
        Arg::required("afk", Type::Bool, "whether nobody is there"),
    ]),
    VOICE_STATE_UPDATE,
    Row::new("REQUEST_GUILD_MEMBERS", "asks for members of a guild, which come as GUILD_MEMBERS_CHUNK")
        .args(&[
            Arg::required("guild_id", Type::Snowflake, "of which guild"),
            Arg::optional("query", Type::TEXT, "how their names begin; empty for all"),
            Arg::optional("limit", Type::int(0, i64::MAX), "how many at most, with query; 0 for all"),
            Arg::optional("presences", Type::Bool, "whether their presences come too"),
            Arg::optional("user_ids", Type::Any, "these members: a snowflake, or an array of at most 100"),
            Arg::optional("nonce", Type::text(0, 32), "comes back in every chunk"),
            GATHER,
        ])
        .reply(GATHERED)
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

impl Dialect {
    /// The commands that a bot may send.
    pub const fn commands(self) -> &'static [Row] {
        match self {
            Dialect::V3 => V3_COMMANDS,
            Dialect::V6 | Dialect::V7 => V6_COMMANDS,
            Dialect::V8 | Dialect::V9 | Dialect::V10 => COMMANDS,
        }
    }

    /// The row of the command of this name, those of user accounts included.
    pub fn command(self, name: &str) -> Option<&'static Row> {
        let users = if self.greets() { USER_COMMANDS } else { &[] };
        self.commands().iter().chain(users).find(|row| row.is_named(name))
    }

    /// The row of the command that a program wants to send. A name that nothing bears passes here: the machine, which would
    /// need its opcode, answers it.
    ///
    /// # Errors
    /// The name is a command's but for its case, an event's, or an opcode's that no program sends.
    pub fn check_name(self, name: &str) -> Result<Option<&'static Row>, Error> {
        let mut local = LOCAL_COMMANDS.iter().chain(CACHE_COMMANDS);
        if let Some(row) = self.command(name).or_else(|| local.find(|row| row.is_named(name))) {
            return Ok(Some(row));
        }
        if let Some(row) = OPCODES.iter().find(|row| row.name == name && !row.is_command()) {
            return Err(Error::argument(format!("{}: the connection's own; no program sends it", row.name)));
        }
        if let Some(event) = EventRow::named(name)
            && Opcode::of_command(name).is_none()
        {
            return Err(Error::argument(format!("{} is an event, and no command", event.name)));
        }
        for rows in [self.commands(), USER_COMMANDS, LOCAL_COMMANDS, CACHE_COMMANDS] {
            // Finds what is a command's name but for its case.
            catalog::named(name, ("command", rows), ("", &[]))?;
        }
        Ok(None)
    }

    /// [`Dialect::check_name`] of this dialect, for whoever keeps a function.
    pub fn names(self) -> fn(&str) -> Result<Option<&'static Row>, Error> {
        match self {
            Dialect::V3 => |name| Dialect::V3.check_name(name),
            Dialect::V6 | Dialect::V7 => |name| Dialect::V6.check_name(name),
            Dialect::V8 | Dialect::V9 | Dialect::V10 => |name| Dialect::V10.check_name(name),
        }
    }
}

const SHARD: Shape = Shape {
    name: "GatewayShard",
    fields: &[
        Arg::required("shard", Type::INT, "its number"),
        Arg::required("count", Type::INT, "of how many"),
        Arg::required(
            "state",
            Type::Names(&["queued", "waiting", "opening", "greeting", "identifying", "resuming", "ready", "ended"]),
            "queued waits for its turn to begin a session, waiting for the time of the next try",
        ),
        Arg::required("address", Type::TEXT, "where it is or was connected"),
        Arg::required("latency_ms", Type::Nullable(&Type::NUM), "how long the last heartbeat took to be answered"),
        Arg::required("seq", Type::Nullable(&Type::INT), "the last sequence of its session"),
        Arg::required("commands_waiting", Type::INT, "commands that could not be sent so far"),
        Arg::required("paused", Type::Bool, "whether it is not read, because nobody polls"),
        Arg::required("events", Type::INT, "dispatches that were handed on"),
        Arg::required(
            "repeated",
            Type::INT,
            "dispatches of a replay that had been handed on before, and were left out",
        ),
        Arg::required("missed", Type::INT, "sequence numbers that never came"),
        Arg::required("identifies", Type::INT, "sessions that began"),
        Arg::required("resumes", Type::INT, "sessions that were taken up again"),
        Arg::required("losses", Type::INT, "connections that were lost"),
        Arg::required("events_waiting", Type::INT, "about how many of its dispatches wait to be polled"),
        Arg::required("lag_ms", Type::NUM, "how long ago the oldest of them came, at most; 0 when none waits"),
    ],
};

const SESSIONS: Type = Type::Object(&Shape {
    name: "GatewaySessions",
    fields: &[
        Arg::required("version", Type::INT, "the Gateway's version"),
        Arg::required(
            "sessions",
            Type::list(&Type::Any),
            "of each shard its number and count, session_id, resume_gateway_url and seq; as secret as the token",
        ),
    ],
});

/// What a program asks of its own connection; nothing of it is sent.
pub const LOCAL_COMMANDS: &[Row] = &[
    Row::new("GET_SHARDS", "tells how the shards of this connection are").reply(Type::Object(&Shape {
        name: "GatewayShards",
        fields: &[
            Arg::required("shards", Type::list(&Type::Object(&SHARD)), "each shard"),
            Arg::required(
                "identifies_left",
                Type::INT,
                "how many sessions may begin within the 24 hours, the reserve aside",
            ),
        ],
    })),
    Row::new(
        "RESHARD",
        "puts another number of shards in the place of those that there are, and loses no event over it",
    )
    .args(&[
        Arg::required(
            "shards",
            Type::Either(
                &Type::Names(&["auto"]),
                &Type::Either(&Type::int(1, 1024), &Type::Array { of: &Type::int(0, u32::MAX as i64), min: 1, max: 1024 }),
            ),
            "how many there shall be, all in this connection; \"auto\" for as many as Discord recommends now; or the numbers of \
             those of shard_count that this connection shall have",
        ),
        Arg::optional("shard_count", Type::int(1, u32::MAX as i64), "with a list in shards: how many there shall be in all"),
        Arg::optional("hold", Type::Bool, "whether the new ones, once they are ready, wait for TAKE_OVER"),
    ])
    .reply(Type::Object(&Shape {
        name: "GatewayResharded",
        fields: &[Arg::required("shards", Type::INT, "how many this connection has from now on")],
    })),
    Row::new("TAKE_OVER", "lets the shards of a RESHARD with hold take over, as soon as they can"),
    Row::new("GET_QUEUE", "tells how far the program is behind with the events of this connection").reply(
        Type::Object(&Shape {
            name: "GatewayQueue",
            fields: &[
                Arg::required("events", Type::INT, "events that wait to be polled, replies and lifecycle aside"),
                Arg::required("bytes", Type::INT, "the memory that they hold, but for the chunk that is being read"),
                Arg::required("most_bytes", Type::INT, "at how many bytes the connection stops reading, or drops"),
                Arg::required("lag_ms", Type::NUM, "how long ago the oldest of them came, at most; 0 when none waits"),
                Arg::required("dropped", Type::INT, "events that were dropped since the connection began"),
                Arg::required("overflow", Type::Names(&["pause", "drop"]), "what happens when it is full"),
            ],
        }),
    ),
    Row::new("GET_SESSION", "gives what the parameter session of a later connection takes; it goes on meanwhile")
        .reply(SESSIONS),
    Row::new("SUSPEND", "ends the connection and leaves its sessions, to be resumed with the parameter session")
        .reply(SESSIONS),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Document;
    use crate::wire::catalog::check;

    #[test]
    fn every_command_has_an_opcode_and_every_opcode_its_command() {
        for row in [V3_COMMANDS, V6_COMMANDS, COMMANDS, USER_COMMANDS].concat() {
            assert!(Opcode::of_command(row.name).is_some(), "{}", row.name);
        }
        for row in OPCODES.iter().filter(|row| row.is_command()) {
            assert!(Dialect::V10.command(row.name).is_some(), "{}", row.name);
            assert_eq!(USER_COMMANDS.iter().any(|user| user.name == row.name), row.is_of_users(), "{}", row.name);
        }
        assert!(Dialect::V10.command("IDENTIFY").is_none());
    }

    #[test]
    fn a_name_of_the_wrong_case_is_put_right() {
        for dialect in Dialect::ALL {
            assert!(dialect.check_name("PRESENCE_UPDATE").is_ok_and(|row| row.is_some()));
            assert!(dialect.check_name("COMMAND_OF_TOMORROW").is_ok_and(|row| row.is_none()));
            let error = dialect.names()("presence_update").expect_err("it is misspelled");
            assert!(error.message.contains("PRESENCE_UPDATE expected"), "{error}");
            for (name, words) in [
                ("IDENTIFY", "the connection's own"),
                ("HELLO", "the connection's own"),
                ("MESSAGE_CREATE", "MESSAGE_CREATE is an event"),
            ] {
                let error = dialect.check_name(name).expect_err(name);
                assert!(error.message.contains(words), "{error}");
            }
        }
        assert!(Dialect::V6.check_name("STATUS_UPDATE").is_ok_and(|row| row.is_some()));
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
            match check(Dialect::V10.command(name).expect("it is known"), doc.root()) {
                Ok(()) => assert_eq!(words, "", "{name} {args}"),
                Err(error) => assert!(!words.is_empty() && error.message.contains(words), "{name} {args}: {error}"),
            }
        }
    }

    #[test]
    fn the_old_dialects_have_their_own_shapes() {
        for (dialect, name, args, words) in [
            (Dialect::V3, "STATUS_UPDATE", r#"{"game":{"name":"x"},"idle_since":null}"#, ""),
            (Dialect::V3, "STATUS_UPDATE", r#"{"game":null,"idle_since":1450996513618}"#, ""),
            (Dialect::V3, "PRESENCE_UPDATE", r#"{"game":"x","idle_since":null}"#, "game: "),
            (
                Dialect::V6,
                "STATUS_UPDATE",
                r#"{"since":null,"game":{"name":"x","type":0},"status":"dnd","afk":false}"#,
                "",
            ),
            (
                Dialect::V7,
                "PRESENCE_UPDATE",
                r#"{"since":null,"game":{"type":0},"status":"dnd","afk":false}"#,
                "game.name: ",
            ),
            (Dialect::V6, "PRESENCE_UPDATE", r#"{"since":null,"activities":[],"status":"dnd","afk":false}"#, "game: "),
            (Dialect::V6, "REQUEST_GUILD_MEMBERS", r#"{"guild_id":"1","query":"","limit":0}"#, ""),
            (Dialect::V6, "REQUEST_GUILD_MEMBERS", r#"{"guild_id":["1","2"],"query":"","limit":0}"#, ""),
            (Dialect::V6, "REQUEST_GUILD_MEMBERS", r#"{"guild_id":"1","user_ids":"1"}"#, "query: "),
        ] {
            let mut doc = Document::new();
            doc.parse(args.as_bytes()).expect("the arguments are JSON");
            match check(dialect.command(name).expect("it is known"), doc.root()) {
                Ok(()) => assert_eq!(words, "", "{name} {args}"),
                Err(error) => assert!(!words.is_empty() && error.message.contains(words), "{name} {args}: {error}"),
            }
        }
    }
}

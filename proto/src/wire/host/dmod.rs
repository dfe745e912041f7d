//! What only a sandbox has: commands about its dmod door, and what that tells.
//!
//! Tokens, notifications and a guild's details are dmod's own, so they are the door's and not the world's: who has none at the
//! door is let in by none.
use crate::wire::catalog::{Arg, Row, Shape, Type};

/// What can be made to happen.
pub const FAULTS: &[&str] = &["drop", "stall", "garbage", "close", "authenticate", "reauth", "end_session", "none"];

const TOKEN: Type = Type::text(8, 256);
const HASH: Type = Type::Nullable(&Type::text(1, 256));
const USER_ID: Arg = Arg::required("user_id", Type::Snowflake, "which user");

const TOLD: Type = Type::Object(&Shape {
    name: "HostDmodTold",
    fields: &[Arg::required("peers", Type::INT, "how many connections it concerned")],
});

const CONNECTION: Type = Type::Object(&Shape {
    name: "HostDmodConnection",
    fields: &[
        Arg::required("peer", Type::INT, "its number, as events tell it"),
        Arg::required("authenticated", Type::Bool, "whether it was let in"),
        Arg::required("user_id", Type::Nullable(&Type::Snowflake), "as whom; null for who may see what everybody may"),
        Arg::required("guild_id", Type::Nullable(&Type::Snowflake), "the guild that it is connected to"),
        Arg::required("session_guild_id", Type::Nullable(&Type::Snowflake), "the guild of its application session"),
    ],
});

/// Commands of a sandbox about its dmod door.
pub const COMMANDS: &[Row] = &[
    Row::new("DMOD_USER", "lets a user in at the dmod door; called again it replaces what the user shows")
        .args(&[
            USER_ID,
            Arg::optional("token", TOKEN, "the user's token hash (`token` of op 1, and `utokh`); drawn unless given"),
            Arg::optional("hash", TOKEN, "the user's gateway hash (`uhash`); drawn unless given"),
        ])
        .reply(Type::Object(&Shape {
            name: "HostDmodUser",
            fields: &[
                USER_ID,
                Arg::required("token", Type::TEXT, "what the user shows"),
                Arg::required("hash", Type::TEXT, "and when a session begins"),
            ],
        }))
        .exact(),
    Row::new(
        "DMOD_GUILD",
        "makes a guild an application of dmod, or changes what is shown of it; what is left out stays",
    )
    .args(&[
        Arg::required("guild_id", Type::Snowflake, "which guild"),
        Arg::optional("token", TOKEN, "what CONNECT_GUILD shows; drawn at first unless given"),
        Arg::optional("banner", HASH, "the hash of its banner"),
        Arg::optional("premium_tier", Type::int(0, 3), "0 at first"),
        Arg::optional("verification_level", Type::int(0, 4), "0 at first"),
        Arg::optional("emojis", Type::Array { of: &Type::Any, min: 0, max: 500 }, "shown as they are; none at first"),
        Arg::optional("current_invite_valid", Type::Bool, "true at first"),
        Arg::optional("vanity", HASH, "its own invite"),
    ])
    .reply(Type::Object(&Shape {
        name: "HostDmodGuild",
        fields: &[
            Arg::required("guild_id", Type::Snowflake, "which guild"),
            Arg::required("token", Type::TEXT, "what CONNECT_GUILD shows"),
        ],
    }))
    .exact(),
    Row::new("DMOD_GLOBAL", "sets the token hash with which anybody is let in as nobody in particular")
        .args(&[Arg::optional("token", TOKEN, "drawn unless given")])
        .reply(Type::Object(&Shape {
            name: "HostDmodGlobal",
            fields: &[Arg::required("token", Type::TEXT, "the token hash")],
        }))
        .exact(),
    Row::new("DMOD_NOTIFY", "leaves a notification for a user, who is told when it authenticates next")
        .args(&[
            USER_ID,
            Arg::optional("type", Type::text(1, 64), "of what kind; APPLICATION_REVIWED unless given"),
            Arg::optional("proccessed_type", Type::int(0, i32::MAX as i64), "what became of it; 0 unless given"),
        ])
        .reply(Type::Object(&Shape {
            name: "HostDmodWaiting",
            fields: &[Arg::required("waiting", Type::INT, "how many wait for the user")],
        }))
        .exact(),
    Row::new("DMOD_EVENT", "sends connections an event that the world knows nothing of, as it is given")
        .args(&[
            Arg::required("event", Type::text(1, 64), "its name"),
            Arg::optional("data", Type::Any, "its `d`; null unless given"),
            PEER,
        ])
        .reply(TOLD)
        .exact(),
    Row::new("DMOD_FAULT", "makes something happen at the dmod door, on purpose")
        .args(&[
            Arg::required("fault", Type::Names(FAULTS), "what; docs/dmod.md tells each"),
            PEER,
            Arg::optional("code", Type::int(1000, 4999), "close: with which code; 4000 unless given"),
            Arg::optional("message", Type::text(0, 123), "close: the reason that the client is told"),
        ])
        .reply(TOLD)
        .exact(),
    Row::new("DMOD_LIMITS", "changes how long, and how much, the dmod door allows; what is left out stays")
        .args(&[
            Arg::optional("heartbeat_ms", Type::int(10, 3_600_000), "how often it wants a sign of life"),
            Arg::optional("session_heartbeat_ms", Type::int(10, 3_600_000), "how often a session does"),
            Arg::optional("authentication_ms", Type::int(10, 3_600_000), "how long op 1 may take"),
            Arg::optional("reauth_ms", Type::int(10, 3_600_000), "how long a session's credentials may take"),
            Arg::optional(
                "sends",
                Type::int(0, 1_000_000),
                "messages that a client may send in a minute; 0 is no limit",
            ),
        ])
        .reply(Type::Object(&Shape {
            name: "HostDmodLimits",
            fields: &[
                Arg::required("heartbeat_ms", Type::INT, "how often it wants a sign of life"),
                Arg::required("session_heartbeat_ms", Type::INT, "how often a session does"),
                Arg::required("authentication_ms", Type::INT, "how long op 1 may take"),
                Arg::required("reauth_ms", Type::INT, "how long a session's credentials may take"),
                Arg::required("sends", Type::INT, "messages that a client may send in a minute"),
            ],
        }))
        .exact(),
    Row::new("DMOD_STATE", "the connections of a sandbox's dmod door")
        .reply(Type::Object(&Shape {
            name: "HostDmodState",
            fields: &[Arg::required("connections", Type::list(&CONNECTION), "the connections, oldest first")],
        }))
        .exact(),
];

const PEER: Arg =
    Arg::optional("peer", Type::int(1, 0xFFFF_FFFF), "which connection, as events tell it; unless given, all of them");

/// What a sandbox tells of its dmod door.
pub const EVENTS: &[Row] = &[
    Row::new("DMOD_AUTHENTICATED", "a client of the dmod door was let in; `peer` is its connection").reply(
        Type::Object(&Shape {
            name: "HostDmodAuthenticated",
            fields: &[Arg::required(
                "user_id",
                Type::Nullable(&Type::Snowflake),
                "as whom; null as nobody in particular",
            )],
        }),
    ),
    Row::new("DMOD_SESSION", "an application session began or ended; `peer` is its connection").reply(Type::Object(
        &Shape {
            name: "HostDmodSession",
            fields: &[
                Arg::required("how", Type::Names(&["begun", "ended"]), "which of the two"),
                Arg::required("user_id", Type::Snowflake, "whose"),
                Arg::required("guild_id", Type::Snowflake, "of which guild's application"),
                Arg::optional(
                    "reason",
                    Type::Names(&["asked", "heartbeat", "reauth", "left", "gone", "replaced", "host", "closed"]),
                    "why it ended",
                ),
            ],
        },
    )),
    Row::new(
        "DMOD_CLOSED",
        "a client of the dmod door is gone; `code` and `message` say how, 0 that no close was said",
    )
    .reply(Type::Object(&Shape {
        name: "HostDmodClosed",
        fields: &[Arg::required("user_id", Type::Nullable(&Type::Snowflake), "as whom it was let in, if it was")],
    })),
];

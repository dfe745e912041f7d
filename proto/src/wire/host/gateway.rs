//! What only a sandbox has: commands about its Gateway's sessions and what is to go wrong with them, and what it tells of them.
use crate::wire::catalog::{Arg, Row, Shape, Type};

/// What can be made to go wrong.
pub const FAULTS: &[&str] = &[
    "drop",
    "stall",
    "refuse_ack",
    "reconnect",
    "invalid_session",
    "close",
    "slow",
    "truncate",
    "garbage",
    "no_session",
    "rate_limit",
    "none",
];

const SESSION_ID: Arg = Arg::required("session_id", Type::TEXT, "what the client calls it");
const APPLICATION_ID: Arg =
    Arg::required("application_id", Type::Nullable(&Type::Snowflake), "whose bot it is; null of a user who logged in");
const USER_ID: Arg = Arg::required("user_id", Type::Snowflake, "as whom it acts");
const VERSION: Arg = Arg::required("version", Type::INT, "which version it speaks");
const INTENTS: Arg =
    Arg::required("intents", Type::Nullable(&Type::INT), "what it asked for; null of old versions is everything");
const SHARD: Arg = Arg::required("shard", Type::INT, "which shard it is");
const SHARDS: Arg = Arg::required("shards", Type::INT, "of how many");
const SEQ: Arg = Arg::required("seq", Type::INT, "the number of its last event");

const SESSION: Type = Type::Object(&Shape {
    name: "HostGatewaySession",
    fields: &[
        SESSION_ID,
        APPLICATION_ID,
        USER_ID,
        VERSION,
        INTENTS,
        SHARD,
        SHARDS,
        SEQ,
        Arg::required("peer", Type::Nullable(&Type::INT), "its connection; null while it waits to be resumed"),
    ],
});

const LOGIN: Type = Type::Object(&Shape {
    name: "HostGatewayLogin",
    fields: &[
        USER_ID,
        Arg::required("username", Type::TEXT, "its name"),
        APPLICATION_ID,
        Arg::required("token", Type::TEXT, "what it shows"),
    ],
});

const TOLD: Type = Type::Object(&Shape {
    name: "HostGatewayTold",
    fields: &[Arg::required("peers", Type::INT, "how many connections, or sessions, it concerned")],
});

const WHOM: [Arg; 2] = [
    Arg::optional("session_id", Type::TEXT, "which session; with neither, all of them"),
    Arg::optional("peer", Type::int(1, 0xFFFF_FFFF), "which connection, as events tell it"),
];

/// Commands of a sandbox, besides those of every server.
pub const COMMANDS: &[Row] = &[
    Row::new("GATEWAY_STATE", "the sessions of a sandbox's Gateway, and who can begin one")
        .reply(Type::Object(&Shape {
            name: "HostGatewayState",
            fields: &[
                Arg::required("sessions", Type::list(&SESSION), "the sessions, oldest first"),
                Arg::required("connections", Type::INT, "how many connections there are"),
                Arg::required("logins", Type::list(&LOGIN), "who can log in, with the token"),
            ],
        }))
        .exact(),
    Row::new("GATEWAY_DISPATCH", "sends sessions an event that the world knows nothing of, as it is given")
        .args(&[
            Arg::required("event", Type::text(1, 64), "its name"),
            Arg::optional("data", Type::Any, "its `d`; null unless given"),
            WHOM[0],
        ])
        .reply(TOLD)
        .exact(),
    Row::new("GATEWAY_FAULT", "makes something go wrong at a sandbox's Gateway, on purpose")
        .args(&[
            Arg::required("fault", Type::Names(FAULTS), "what; docs/sandbox.md tells each"),
            WHOM[0],
            WHOM[1],
            Arg::optional("code", Type::int(1000, 4999), "close: with which code; 4000 unless given"),
            Arg::optional("message", Type::text(0, 123), "close: the reason that the client is told"),
            Arg::optional("resumable", Type::Bool, "invalid_session: its `d`; false unless given"),
            Arg::optional("bytes_per_second", Type::int(0, 10_000_000), "slow: how fast; 0 ends it. 100 unless given"),
            Arg::optional(
                "count",
                Type::int(1, 1_000_000),
                "no_session, rate_limit: how many connections, or API requests; 1 unless given",
            ),
            Arg::optional(
                "retry_after_ms",
                Type::int(1, 3_600_000),
                "rate_limit: the wait it tells; 1000 unless given",
            ),
        ])
        .reply(TOLD)
        .exact(),
    Row::new("GATEWAY_LIMITS", "changes how much, and how long, a sandbox's Gateway allows; what is left out stays")
        .args(&[
            Arg::optional("heartbeat_ms", Type::int(10, 3_600_000), "HELLO's interval"),
            Arg::optional("session_ms", Type::int(0, 86_400_000), "how long a session waits to be resumed"),
            Arg::optional("replay", Type::int(1, 100_000), "how many events a session can be sent again"),
            Arg::optional(
                "sends",
                Type::int(0, 1_000_000),
                "payloads that a client may send in a minute; 0 is no limit",
            ),
            Arg::optional(
                "presences",
                Type::int(0, 1_000_000),
                "presences that a session may set in 20 s, or in a minute before version 8; more are dropped. 0 is no limit",
            ),
            Arg::optional("guilds_per_shard", Type::int(0, 100_000), "more guilds on one shard close with 4011"),
            Arg::optional(
                "identify_ms",
                Type::int(0, 3_600_000),
                "how long a bot waits between two IDENTIFYs of a bucket; sooner is op 9. 0 is no limit",
            ),
            Arg::optional(
                "members_ms",
                Type::int(0, 3_600_000),
                "how long a bot waits until it may ask for all members of a guild again; sooner is RATE_LIMITED. 0 is no limit",
            ),
            Arg::optional("identifies", Type::int(0, 1_000_000), "sessions that a bot may begin in a day; more is 4004"),
            Arg::optional("max_concurrency", Type::int(1, 1000), "buckets: a shard's is its number modulo this"),
        ])
        .reply(Type::Object(&Shape {
            name: "HostGatewayLimits",
            fields: &[
                Arg::required("heartbeat_ms", Type::INT, "HELLO's interval"),
                Arg::required("session_ms", Type::INT, "how long a session waits to be resumed"),
                Arg::required("replay", Type::INT, "how many events a session can be sent again"),
                Arg::required("sends", Type::INT, "payloads that a client may send in a minute"),
                Arg::required("presences", Type::INT, "presences that a session may set in 20 s, or a minute before version 8"),
                Arg::required("guilds_per_shard", Type::INT, "how many guilds one shard may have"),
                Arg::required("identify_ms", Type::INT, "how long a bot waits between two IDENTIFYs of a bucket"),
                Arg::required("members_ms", Type::INT, "and until it may ask for all members of a guild again"),
                Arg::required("identifies", Type::INT, "sessions that a bot may begin in a day"),
                Arg::required("max_concurrency", Type::INT, "buckets"),
            ],
        }))
        .exact(),
];

/// What a sandbox tells, besides what every server does.
pub const EVENTS: &[Row] = &[
    Row::new("GATEWAY_SESSION", "a client of the Gateway began a session, or took one up; `peer` is its connection").reply(
        Type::Object(&Shape {
            name: "HostGatewayBegun",
            fields: &[
                Arg::required("how", Type::Names(&["begun", "resumed"]), "which of the two"),
                SESSION_ID,
                APPLICATION_ID,
                USER_ID,
                VERSION,
                INTENTS,
                SHARD,
                SHARDS,
                SEQ,
            ],
        }),
    ),
    Row::new(
        "GATEWAY_CLOSED",
        "a session lost its connection; `code` and `message` say how, 0 that no close was said. It waits to be resumed, unless \
         the code says otherwise",
    )
    .reply(Type::Object(&Shape { name: "HostGatewayClosed", fields: &[SESSION_ID, APPLICATION_ID] })),
];

//! The server itself: what it holds, who is connected, snapshots and scenarios.

use super::objects::{
    APPLICATION, CHANNEL, ENTITLEMENT, GUILD, JOIN_REQUEST, MESSAGE, OPTIONAL_ID, TEXTS, USER, USER_VOICE_SETTINGS,
    VOICE_CONNECTION, VOICE_STATE,
};
use super::snapshot::SNAPSHOT;
use crate::error::Error;
use crate::value::Value;
use crate::wire::catalog::{Arg, Row, Shape, Type};
use crate::wire::rpc::activity::ACTIVITY;
use crate::wire::rpc::objects::{PARTIAL_USER, VOICE_SETTINGS};

pub(super) const PEER: Type = Type::int(1, u32::MAX as i64);
const PATH: Type = Type::text(1, 4096);
const ANY_OBJECT: Type = Type::Object(&Shape { name: "", fields: &[] });

/// The parts of STATE that can be asked for alone: its members.
pub const STATE_PARTS: &[&str] = &[
    "user",
    "guest",
    "account",
    "peers",
    "activities",
    "join_requests",
    "users",
    "guilds",
    "channels",
    "messages",
    "text_channel",
    "voice_channel",
    "voice_states",
    "voice_connection",
    "voice_settings",
    "user_voice_settings",
    "applications",
    "entitlements",
    "scenario",
];

const ACCOUNT: Type = Type::Object(&Shape { name: "HostAccount", fields: &[ACCOUNT_KIND, ACCOUNT_USER] });

pub(super) const ACCOUNT_KIND: Arg = Arg::required(
    "kind",
    Type::Names(&["guest", "desktop"]),
    "a guest of this server's, or that of a Discord on this machine",
);
pub(super) const ACCOUNT_USER: Arg = Arg::required(
    "user",
    Type::Nullable(&Type::Object(&PARTIAL_USER)),
    "whom peers meet; null while there is no Discord",
);

const PEER_STATE: Type = Type::Object(&Shape {
    name: "HostPeer",
    fields: &[
        Arg::required("peer", PEER, "its number"),
        Arg::required(
            "transport",
            Type::Names(&["ipc", "websocket", "http"]),
            "how it is connected; http for a command that comes once",
        ),
        Arg::required("client_id", OPTIONAL_ID, "as which application; null before its handshake"),
        Arg::required("authenticated", Type::Bool, "whether it showed a token"),
        Arg::required("scopes", TEXTS, "what it may do"),
        Arg::required("subscriptions", TEXTS, "the events it asked for"),
    ],
});

const ACTIVITY_STATE: Type = Type::Object(&Shape {
    name: "HostUserActivity",
    fields: &[
        Arg::required("user_id", Type::Snowflake, "whose"),
        Arg::required("application_id", Type::Snowflake, "in which application"),
        Arg::required("activity", Type::Object(&ACTIVITY), "what it says"),
    ],
});

/// How a scenario stands.
pub(super) const SCENARIO_STATE: Shape = Shape {
    name: "ScenarioState",
    fields: &[
        Arg::required("steps", Type::INT, "how many steps were carried out, failed ones among them"),
        Arg::required("failed", Type::INT, "how many of them failed"),
        Arg::required("names", Type::Any, "the names it gave, each with the id that it stands for"),
    ],
};

/// Either the thing itself or the file that holds it.
fn one_of(thing: &'static str, args: Value<'_>) -> Result<(), Error> {
    match (args.member(thing).is_none(), args.member("path").is_none()) {
        (true, true) => {
            Err(Error::argument(format!("{thing}: an object expected, or a path beside it; neither given")))
        }
        (false, false) => Err(Error::argument(format!("{thing}: either {thing} or path expected, both given"))),
        _ => Ok(()),
    }
}

fn snapshot_or_path(args: Value<'_>) -> Result<(), Error> {
    one_of("snapshot", args)
}

fn scenario_or_path(args: Value<'_>) -> Result<(), Error> {
    one_of("scenario", args)
}

/// How fast a scenario may play.
pub const SPEED: Type = Type::Num { min: 0.001, max: 1000.0 };

pub(super) const ROWS: &[Row] = &[
    Row::new("STATE", "what the server holds: all of it, or the parts that are named")
        .args(&[Arg::optional("parts", Type::list(&Type::Names(STATE_PARTS)), "which; all unless given")])
        .reply(Type::Object(&Shape {
            name: "HostState",
            fields: &[
                Arg::optional("user", Type::Object(&USER), "the local user"),
                Arg::optional("guest", Type::Bool, "whether it is a guest account"),
                Arg::optional("account", ACCOUNT, "whose Discord peers meet now"),
                Arg::optional("peers", Type::list(&PEER_STATE), "who is connected"),
                Arg::optional("activities", Type::list(&ACTIVITY_STATE), "what the local user does"),
                Arg::optional("join_requests", Type::list(&Type::Object(&JOIN_REQUEST)), "who waits for an answer"),
                Arg::optional("users", Type::list(&Type::Object(&USER)), "every user"),
                Arg::optional("guilds", Type::list(&Type::Object(&GUILD)), "every guild"),
                Arg::optional("channels", Type::list(&Type::Object(&CHANNEL)), "every channel"),
                Arg::optional("messages", Type::list(&Type::Object(&MESSAGE)), "every message, oldest first in a channel"),
                Arg::optional("text_channel", OPTIONAL_ID, "what the local user looks at"),
                Arg::optional("voice_channel", OPTIONAL_ID, "where the local user is in voice"),
                Arg::optional("voice_states", Type::list(&Type::Object(&VOICE_STATE)), "everybody in voice"),
                Arg::optional("voice_connection", Type::Object(&VOICE_CONNECTION), "the local user's voice connection"),
                Arg::optional("voice_settings", Type::Object(&VOICE_SETTINGS), "the local user's voice settings"),
                Arg::optional(
                    "user_voice_settings",
                    Type::list(&Type::Object(&USER_VOICE_SETTINGS)),
                    "how others are heard, where it is not the usual way",
                ),
                Arg::optional("applications", Type::list(&Type::Object(&APPLICATION)), "every registered application"),
                Arg::optional("entitlements", Type::list(&Type::Object(&ENTITLEMENT)), "what is owned"),
                Arg::optional("scenario", Type::Nullable(&Type::Object(&SCENARIO_STATE)), "the scenario that plays"),
            ],
        })),
    Row::new("PEER_CLOSE", "closes a peer's connection")
        .args(&[
            Arg::required("peer", PEER, "its number, as events tell it"),
            Arg::optional("code", Type::int(1000, 4999), "the close code; 1000 unless given"),
            Arg::optional("message", Type::text(0, 123), "the reason that the peer is told"),
        ])
        .reply(PEER_STATE),
    Row::new("SNAPSHOT_SAVE", "the whole world as one object, or in a file")
        .args(&[
            Arg::optional(
                "secrets",
                Type::Bool,
                "with tokens and applications' secrets, in clear; without them, peers authorise anew. False unless given",
            ),
            Arg::optional("path", PATH, "a file to write it to; it is replaced as a whole or not at all"),
        ])
        .reply(Type::Object(&Shape {
            name: "SnapshotSaved",
            fields: &[
                Arg::optional("snapshot", Type::Object(&SNAPSHOT), "the snapshot, unless it went to a file"),
                Arg::optional("path", Type::TEXT, "the file, when there is one"),
                Arg::required("bytes", Type::INT, "its length"),
            ],
        })),
    Row::new("SNAPSHOT_LOAD", "puts a snapshot in the world's place: peers are closed with 1012, and a scenario stops")
        .args(&[
            Arg::optional("snapshot", ANY_OBJECT, "as SNAPSHOT_SAVE gave it"),
            Arg::optional("path", PATH, "the file that it is in, 256 MiB at most; either of the two"),
        ])
        .reply(Type::Object(&Shape {
            name: "SnapshotLoaded",
            fields: &[
                Arg::required("user", Type::Object(&USER), "the local user"),
                Arg::required("peers", Type::INT, "how many peers were closed"),
            ],
        }))
        .rule(snapshot_or_path),
    Row::new("SCENARIO_LOAD", "fills the world as a scenario says and plays its steps, in place of one that plays")
        .args(&[
            Arg::optional("scenario", ANY_OBJECT, "the scenario (docs/scenario.schema.json says what it is)"),
            Arg::optional("path", PATH, "the file that it is in, 16 MiB at most; either of the two"),
            Arg::optional("speed", SPEED, "how many of its seconds pass in one; 1 unless given"),
        ])
        .reply(Type::Object(&SCENARIO_STATE))
        .rule(scenario_or_path),
    Row::new("SCENARIO_STOP", "plays no further; what was done stays").reply(Type::Object(&SCENARIO_STATE)),
];

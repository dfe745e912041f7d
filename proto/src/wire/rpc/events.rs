//! The events: 20 of the documentation of 2021, and the five that came later.

use super::activity::ACTIVITY;
use super::objects::{
    CURRENT_USER, ENTITLEMENT, MESSAGE, PARTIAL_CHANNEL, PARTIAL_GUILD, PARTIAL_USER, PRESENCE, RELATIONSHIP_TYPES,
    SERVER_CONFIG, VOICE_CONNECTION_STATES, VOICE_SETTINGS, VOICE_STATE,
};
use crate::wire::catalog::{Arg, Row, Scopes, Shape, Type};

const CHANNEL_ID: &[Arg] = &[Arg::required("channel_id", Type::Snowflake, "the channel to hear of")];
const RPC: &[&str] = &["rpc"];
const VOICE_READ: &[&str] = &["rpc", "rpc.voice.read"];
const LOCAL: &[&str] = &["rpc.local", "rpc"];
const READS_MESSAGES: Scopes = Scopes::InChannel { any_of: RPC, foreign: "messages.read" };

const SPEAKER: Type =
    Type::Object(&Shape { name: "Speaker", fields: &[Arg::required("user_id", Type::Snowflake, "who")] });

const CHANNEL_MESSAGE: Type = Type::Object(&Shape {
    name: "ChannelMessage",
    fields: &[
        Arg::required("channel_id", Type::Snowflake, "where"),
        Arg::required("message", Type::Object(&MESSAGE), "the message; of a deleted one only the id"),
    ],
});

const SECRET: Type = Type::Object(&Shape {
    name: "ActivitySecret",
    fields: &[Arg::required("secret", Type::TEXT, "what the other game gave as its secret")],
});

const ENTITLEMENT_EVENT: Type = Type::Object(&Shape {
    name: "EntitlementEvent",
    fields: &[Arg::required("entitlement", Type::Object(&ENTITLEMENT), "the entitlement")],
});

/// Every event. READY and ERROR come by themselves; the rest when they were subscribed to.
pub const EVENTS: &[Row] = &[
    Row::new("READY", "the connection stands")
        .reply(Type::Object(&Shape {
            name: "Ready",
            fields: &[
                Arg::required("v", Type::INT, "version of the protocol"),
                Arg::required("config", Type::Object(&SERVER_CONFIG), "where the server's Discord is"),
                Arg::required("user", Type::Object(&PARTIAL_USER), "who is logged in"),
            ],
        }))
        .not_callable(),
    Row::new("ERROR", "something was refused")
        .reply(Type::Object(&Shape {
            name: "RpcError",
            fields: &[
                Arg::required("code", Type::INT, "an error code"),
                Arg::required("message", Type::TEXT, "a sentence"),
            ],
        }))
        .not_callable(),
    Row::new("GUILD_STATUS", "a guild changed")
        .args(&[Arg::required("guild_id", Type::Snowflake, "the guild to hear of")])
        .reply(Type::Object(&Shape {
            name: "GuildStatus",
            fields: &[
                Arg::required("guild", Type::Object(&PARTIAL_GUILD), "the guild"),
                Arg::optional("online", Type::INT, "always 0"),
            ],
        }))
        .any_of(RPC),
    Row::new("GUILD_CREATE", "a guild was created or joined").reply(Type::Object(&PARTIAL_GUILD)).any_of(RPC),
    Row::new("CHANNEL_CREATE", "a channel was created or joined").reply(Type::Object(&PARTIAL_CHANNEL)).any_of(RPC),
    Row::new("VOICE_CHANNEL_SELECT", "the user joined or left a voice channel")
        .reply(Type::Object(&Shape {
            name: "VoiceChannelSelect",
            fields: &[
                Arg::required("channel_id", Type::Nullable(&Type::Snowflake), "the channel, or null"),
                Arg::optional("guild_id", Type::Nullable(&Type::Snowflake), "its guild, or null"),
            ],
        }))
        .any_of(RPC),
    Row::new("VOICE_STATE_CREATE", "a user joined a voice channel")
        .args(CHANNEL_ID)
        .reply(Type::Object(&VOICE_STATE))
        .any_of(RPC),
    Row::new("VOICE_STATE_UPDATE", "a user's voice state changed")
        .args(CHANNEL_ID)
        .reply(Type::Object(&VOICE_STATE))
        .any_of(RPC),
    Row::new("VOICE_STATE_DELETE", "a user left a voice channel")
        .args(CHANNEL_ID)
        .reply(Type::Object(&VOICE_STATE))
        .any_of(RPC),
    Row::new("VOICE_SETTINGS_UPDATE", "the voice settings changed")
        .reply(Type::Object(&VOICE_SETTINGS))
        .any_of(VOICE_READ),
    Row::new("VOICE_CONNECTION_STATUS", "the voice connection changed")
        .reply(Type::Object(&Shape {
            name: "VoiceConnectionStatus",
            fields: &[
                Arg::required("state", VOICE_CONNECTION_STATES, "its state"),
                Arg::required("hostname", Type::TEXT, "the voice server"),
                Arg::required("pings", Type::list(&Type::NUM), "the last 20, in ms"),
                Arg::required("average_ping", Type::NUM, "their mean, in ms"),
                Arg::required("last_ping", Type::NUM, "the latest, in ms"),
            ],
        }))
        .any_of(VOICE_READ),
    Row::new("SPEAKING_START", "a user began to speak").args(CHANNEL_ID).reply(SPEAKER).any_of(RPC),
    Row::new("SPEAKING_STOP", "a user stopped speaking").args(CHANNEL_ID).reply(SPEAKER).any_of(RPC),
    Row::new("MESSAGE_CREATE", "a message was sent").args(CHANNEL_ID).reply(CHANNEL_MESSAGE).scopes(READS_MESSAGES),
    Row::new("MESSAGE_UPDATE", "a message was edited").args(CHANNEL_ID).reply(CHANNEL_MESSAGE).scopes(READS_MESSAGES),
    Row::new("MESSAGE_DELETE", "a message was deleted").args(CHANNEL_ID).reply(CHANNEL_MESSAGE).scopes(READS_MESSAGES),
    Row::new("NOTIFICATION_CREATE", "the user was notified of a message")
        .reply(Type::Object(&Shape {
            name: "Notification",
            fields: &[
                Arg::required("channel_id", Type::Snowflake, "where"),
                Arg::required("message", Type::Object(&MESSAGE), "of what"),
                Arg::required("icon_url", Type::Nullable(&Type::TEXT), "the notification's picture"),
                Arg::required("title", Type::TEXT, "its title"),
                Arg::required("body", Type::TEXT, "its text"),
            ],
        }))
        .any_of(&["rpc.notifications.read"]),
    Row::new("ACTIVITY_JOIN", "the user accepted an invitation: join").reply(SECRET).any_of(LOCAL),
    Row::new("ACTIVITY_SPECTATE", "the user wants to watch").reply(SECRET).any_of(LOCAL),
    Row::new("ACTIVITY_JOIN_REQUEST", "another user asks to join")
        .reply(Type::Object(&Shape {
            name: "ActivityJoinRequest",
            fields: &[Arg::required("user", Type::Object(&PARTIAL_USER), "who asks")],
        }))
        .any_of(LOCAL),
    Row::new("CURRENT_USER_UPDATE", "the user's own account changed")
        .reply(Type::Object(&CURRENT_USER))
        .any_of(&["rpc.local", "identify"]),
    Row::new("RELATIONSHIP_UPDATE", "a friend, a request or a block came, went or changed")
        .reply(Type::Object(&Shape {
            name: "RelationshipUpdate",
            fields: &[
                Arg::required("type", RELATIONSHIP_TYPES, "what they are now"),
                Arg::required("user", Type::Object(&PARTIAL_USER), "who"),
                Arg::optional("presence", Type::Object(&PRESENCE), "whether they are there"),
            ],
        }))
        .any_of(&["relationships_read"]),
    Row::new("ACTIVITY_INVITE", "another user invites")
        .reply(Type::Object(&Shape {
            name: "ActivityInvite",
            fields: &[
                Arg::required("type", Type::Numbers(&[(1, "JOIN")]), "what to"),
                Arg::required("user", Type::Object(&PARTIAL_USER), "who invites"),
                Arg::required("activity", Type::Object(&ACTIVITY), "what they play"),
                Arg::required("channel_id", Type::Snowflake, "where the invitation stands"),
                Arg::required("message_id", Type::Snowflake, "in which message"),
            ],
        }))
        .any_of(LOCAL),
    Row::new("ENTITLEMENT_CREATE", "the user came to own something").reply(ENTITLEMENT_EVENT).any_of(LOCAL),
    Row::new("ENTITLEMENT_DELETE", "the user owns something no longer").reply(ENTITLEMENT_EVENT).any_of(LOCAL),
];

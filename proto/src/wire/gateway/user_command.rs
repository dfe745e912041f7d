//! What user accounts send, by name.
//!
//! No document of Discord's has these, and automating a user account breaks Discord's terms. A client sends them to a sandbox
//! on this machine, and elsewhere only when its program asks for that in words. Members whose type nobody wrote down are
//! taken as they come, and so is the whole of a command without a table. Source: the inventory `gateway_user_opcodes.yaml`.

use crate::wire::catalog::{Arg, Row, Shape, Type};

const GUILD_ID: Arg = Arg::required("guild_id", Type::Snowflake, "the guild");
const STREAM_KEY: Arg = Arg::required("stream_key", Type::TEXT, "the stream's key");
const HASH: Type = Type::list(&Type::TEXT);

const fn any(name: &'static str, about: &'static str) -> Arg {
    Arg::required(name, Type::Any, about)
}

const UNREAD_THREAD: Shape = Shape {
    name: "GatewayUnreadThread",
    fields: &[
        Arg::required("thread_id", Type::Snowflake, "the thread"),
        Arg::required("ack_message_id", Type::Snowflake, "up to which message it was read"),
    ],
};

/// Every command of user accounts, by its opcode.
pub const USER_COMMANDS: &[Row] = &[
    Row::new("VOICE_SERVER_PING", "a ping of the voice server"),
    Row::new("GUILD_SYNC", "asked for members and presences of guilds; served no more"),
    Row::new("CALL_CONNECT", "asks whether there is a call in a private channel")
        .args(&[any("channel_id", "the channel")]),
    Row::new("GUILD_SUBSCRIPTIONS", "asks for typing, presences and member lists of a guild"),
    Row::new("LOBBY_CONNECT", "joined a lobby; served no more")
        .args(&[any("lobby_id", "the lobby"), any("lobby_secret", "its secret")]),
    Row::new("LOBBY_DISCONNECT", "left a lobby; served no more").args(&[any("lobby_id", "the lobby")]),
    Row::new("LOBBY_VOICE_STATES_UPDATE", "joins or leaves a lobby's voice").args(&[
        any("lobby_id", "the lobby"),
        any("self_mute", "whether nothing will be said"),
        any("self_deaf", "whether nothing will be heard"),
    ]),
    Row::new("STREAM_CREATE", "begins to show one's screen").args(&[
        Arg::required("type", Type::TEXT, "\"guild\""),
        GUILD_ID,
        Arg::required("channel_id", Type::Snowflake, "the voice channel"),
        Arg::optional("preferred_region", Type::Nullable(&Type::TEXT), "the region of the server"),
    ]),
    Row::new("STREAM_DELETE", "ends a stream, or leaves it").args(&[STREAM_KEY]),
    Row::new("STREAM_WATCH", "watches a stream").args(&[STREAM_KEY]),
    Row::new("STREAM_PING", "a ping of a stream's server").args(&[any("stream_key", "the stream's key")]),
    Row::new("STREAM_SET_PAUSED", "pauses one's stream, or goes on with it")
        .args(&[STREAM_KEY, Arg::required("paused", Type::Bool, "whether it pauses")]),
    Row::new("LFG_SUBSCRIPTIONS", "asked for groups that look for players; served no more"),
    Row::new("REQUEST_GUILD_APPLICATION_COMMANDS", "asked for a guild's application commands; served no more"),
    Row::new("EMBEDDED_ACTIVITY_LAUNCH", "launched an activity in a voice channel; served no more"),
    Row::new("EMBEDDED_ACTIVITY_CLOSE", "closed an activity; served no more").args(&[
        Arg::required("guild_id", Type::Nullable(&Type::Snowflake), "the guild"),
        Arg::required("channel_id", Type::Snowflake, "the channel"),
        Arg::required("application_id", Type::Snowflake, "the activity's application"),
    ]),
    Row::new("EMBEDDED_ACTIVITY_UPDATE", "changed an activity; served no more"),
    Row::new("REQUEST_FORUM_UNREADS", "asks how much of forum threads is unread, which comes as FORUM_UNREADS").args(
        &[
            GUILD_ID,
            Arg::required("channel_id", Type::Snowflake, "the forum"),
            Arg::required("threads", Type::list(&Type::Object(&UNREAD_THREAD)), "which threads"),
        ],
    ),
    Row::new("REMOTE_COMMAND", "commands another session of the same user"),
    Row::new("GET_DELETED_ENTITY_IDS_NOT_MATCHING_HASH", "asks what is gone from a guild that was kept from before")
        .args(&[
            GUILD_ID,
            Arg::required("channel_ids_hash", HASH, "hashes of the channels' ids"),
            Arg::required("role_ids_hash", HASH, "hashes of the roles' ids"),
            Arg::required("emoji_ids_hash", HASH, "hashes of the emojis' ids"),
            Arg::required("sticker_ids_hash", HASH, "hashes of the stickers' ids"),
        ]),
    Row::new("SPEED_TEST_CREATE", "begins a speed test").args(&[any("preferred_region", "the region of the server")]),
    Row::new("SPEED_TEST_DELETE", "ends the speed test"),
    Row::new("REQUEST_LAST_MESSAGES", "asks for the last message of channels")
        .args(&[any("guild_id", "the guild"), any("channel_ids", "which channels")]),
    Row::new("SEARCH_RECENT_MEMBERS", "asks for members who joined lately").args(&[
        any("guild_id", "the guild"),
        any("query", "how their names begin"),
        any("continuation_token", "where an earlier answer ended"),
    ]),
    Row::new("REQUEST_CHANNEL_STATUSES", "asks for the statuses of voice channels"),
    Row::new("GUILD_SUBSCRIPTIONS_BULK", "as GUILD_SUBSCRIPTIONS, for many guilds"),
    Row::new("GUILD_CHANNELS_RESYNC", "asks for a guild's channels anew"),
    Row::new("REQUEST_CHANNEL_MEMBER_COUNT", "asks how many members a channel has"),
    Row::new("QOS_HEARTBEAT", "a heartbeat that says how the connection is used"),
    Row::new("UPDATE_TIME_SPENT_SESSION_ID", "says under which id use is counted"),
    Row::new("LOBBY_VOICE_SERVER_PING", "a ping of a lobby's voice server"),
];

//! The objects that host commands answer with. A snapshot is made of the same ones ([`super::snapshot`]).
//!
//! Where RPC hides or dresses up, these tell all and exactly: moments are Unix milliseconds, permissions are names, and what
//! an object leaves to another (its author, its guild) is an id.

use crate::wire::catalog::{Arg, Shape, Type};
use crate::wire::rpc::activity::ACTIVITY;
use crate::wire::rpc::objects::{PAN, VOICE_CONNECTION_STATES};

pub(super) const OPTIONAL_TEXT: Type = Type::Nullable(&Type::TEXT);
pub(super) const OPTIONAL_ID: Type = Type::Nullable(&Type::Snowflake);
pub(super) const TEXTS: Type = Type::list(&Type::TEXT);
pub(super) const IDS: Type = Type::list(&Type::Snowflake);
/// A moment in Unix milliseconds.
pub(super) const MOMENT: Type = Type::int(0, i64::MAX);
pub(super) const COLOR: Type = Type::int(0, 0xFF_FFFF);
/// What embeds and attachments are made of: Discord's business.
pub(super) const OBJECTS: Type = Type::list(&Type::Object(&Shape { name: "", fields: &[] }));

/// The names of the permissions, by bit. [`crate::world::Permissions`] has the same.
pub const PERMISSION_NAMES: &[&str] = &[
    "CREATE_INSTANT_INVITE",
    "KICK_MEMBERS",
    "BAN_MEMBERS",
    "ADMINISTRATOR",
    "MANAGE_CHANNELS",
    "MANAGE_GUILD",
    "ADD_REACTIONS",
    "VIEW_AUDIT_LOG",
    "VIEW_CHANNEL",
    "SEND_MESSAGES",
    "SEND_TTS_MESSAGES",
    "MANAGE_MESSAGES",
    "EMBED_LINKS",
    "ATTACH_FILES",
    "READ_MESSAGE_HISTORY",
    "MENTION_EVERYONE",
    "USE_EXTERNAL_EMOJIS",
    "CONNECT",
    "SPEAK",
    "MUTE_MEMBERS",
    "DEAFEN_MEMBERS",
    "MOVE_MEMBERS",
    "USE_VAD",
    "CHANGE_NICKNAME",
    "MANAGE_NICKNAMES",
    "MANAGE_ROLES",
    "MANAGE_WEBHOOKS",
    "MANAGE_EMOJIS",
];

/// Permissions: an array of their names, or the sum of Discord's bits.
pub const PERMISSIONS: Type = Type::Either(&Type::int(0, i64::MAX), &Type::list(&Type::Names(PERMISSION_NAMES)));

/// What a channel is.
pub const CHANNEL_KINDS: Type = Type::Names(&["GUILD_TEXT", "DM", "GUILD_VOICE", "GROUP_DM"]);

/// What another user is to the local one.
pub const RELATIONSHIPS: Type =
    Type::Names(&["NONE", "FRIEND", "BLOCKED", "PENDING_INCOMING", "PENDING_OUTGOING", "IMPLICIT"]);

/// Whether a user is there.
pub const STATUSES: Type = Type::Names(&["online", "idle", "dnd", "offline"]);

const SHOWN_FIELDS: [Arg; ACTIVITY.fields.len() + 1] = {
    let mut fields =
        [Arg::required("application_id", Type::Snowflake, "in which application"); ACTIVITY.fields.len() + 1];
    let mut at = 0;
    while at < ACTIVITY.fields.len() {
        fields[at + 1] = ACTIVITY.fields[at];
        at += 1;
    }
    fields
};

/// An activity with the application that it is in.
pub const SHOWN_ACTIVITY: Shape = Shape { name: "HostActivity", fields: &SHOWN_FIELDS };

/// A user, with what the local one makes of them.
pub const USER: Shape = Shape {
    name: "HostUser",
    fields: &[
        Arg::required("id", Type::Snowflake, "the user's id"),
        Arg::required("username", Type::TEXT, "what it is called"),
        Arg::required("discriminator", Type::TEXT, "four digits, or \"0\""),
        Arg::required("global_name", OPTIONAL_TEXT, "the name that is shown"),
        Arg::required("avatar", OPTIONAL_TEXT, "hash of the picture"),
        Arg::required("bot", Type::Bool, "whether it is a bot"),
        Arg::required("flags", MOMENT, "bits of the account"),
        Arg::required("premium_type", Type::int(0, 255), "the subscription; 0 is none"),
        Arg::required("relationship", RELATIONSHIPS, "what they are to the local user"),
        Arg::required("status", STATUSES, "whether they are there"),
        Arg::required("activity", Type::Nullable(&Type::Object(&SHOWN_ACTIVITY)), "what they do"),
    ],
};

/// A role.
pub const ROLE: Shape = Shape {
    name: "HostRole",
    fields: &[
        Arg::required("id", Type::Snowflake, "the role's id; that of @everyone is its guild's"),
        Arg::required("name", Type::TEXT, "what it is called"),
        Arg::required("color", Type::int(0, u32::MAX as i64), "0xRRGGBB; 0 is none"),
        Arg::required("permissions", PERMISSIONS, "what it allows in the guild"),
        Arg::required("position", Type::int(0, u32::MAX as i64), "higher ones come first"),
        Arg::required("hoist", Type::Bool, "whether its members are listed on their own"),
        Arg::required("mentionable", Type::Bool, "whether everybody may mention it"),
    ],
};

/// A user in a guild.
pub const MEMBER: Shape = Shape {
    name: "HostMember",
    fields: &[
        Arg::required("user_id", Type::Snowflake, "who"),
        Arg::required("nick", OPTIONAL_TEXT, "the name in this guild"),
        Arg::required("roles", IDS, "roles besides @everyone"),
        Arg::required("joined_ms", MOMENT, "since when, in Unix milliseconds"),
        Arg::required("mute", Type::Bool, "muted by the guild"),
        Arg::required("deaf", Type::Bool, "deafened by the guild"),
    ],
};

/// A guild.
pub const GUILD: Shape = Shape {
    name: "HostGuild",
    fields: &[
        Arg::required("id", Type::Snowflake, "the guild's id"),
        Arg::required("name", Type::TEXT, "what it is called"),
        Arg::required("icon", OPTIONAL_TEXT, "hash of the picture"),
        Arg::required("owner_id", Type::Snowflake, "who may do everything in it"),
        Arg::required("available", Type::Bool, "false during an outage"),
        Arg::required("created_by", OPTIONAL_ID, "the application that created it"),
        Arg::required("roles", Type::list(&Type::Object(&ROLE)), "its roles, @everyone among them"),
        Arg::required("members", Type::list(&Type::Object(&MEMBER)), "who is in it"),
    ],
};

/// What a channel allows or denies differently from its guild.
pub const OVERWRITE: Shape = Shape {
    name: "HostOverwrite",
    fields: &[
        Arg::optional(
            "role_id",
            Type::Snowflake,
            "whom it is about: who has this role (the guild's id is @everyone's)",
        ),
        Arg::optional("user_id", Type::Snowflake, "or this member; one of the two"),
        Arg::optional("allow", PERMISSIONS, "given"),
        Arg::optional("deny", PERMISSIONS, "taken"),
    ],
};

/// A channel.
pub const CHANNEL: Shape = Shape {
    name: "HostChannel",
    fields: &[
        Arg::required("id", Type::Snowflake, "the channel's id"),
        Arg::required("type", CHANNEL_KINDS, "what it is"),
        Arg::required("guild_id", OPTIONAL_ID, "its guild"),
        Arg::required("name", Type::TEXT, "what it is called; empty for a direct message"),
        Arg::required("topic", OPTIONAL_TEXT, "what it is about"),
        Arg::required("position", Type::int(0, u32::MAX as i64), "its place in the list"),
        Arg::required("bitrate", Type::int(0, u32::MAX as i64), "voice: bits per second"),
        Arg::required("user_limit", Type::int(0, u32::MAX as i64), "voice: how many fit in; 0 is any number"),
        Arg::required("overwrites", Type::list(&Type::Object(&OVERWRITE)), "where it differs from its guild"),
        Arg::required("recipients", IDS, "direct messages: who is in it, the local user included"),
        Arg::required("created_by", OPTIONAL_ID, "the application that created it"),
    ],
};

/// A message.
pub const MESSAGE: Shape = Shape {
    name: "HostMessage",
    fields: &[
        Arg::required("id", Type::Snowflake, "the message's id"),
        Arg::required("channel_id", Type::Snowflake, "where it stands"),
        Arg::required("user_id", Type::Snowflake, "who wrote it"),
        Arg::required("content", Type::TEXT, "the text"),
        Arg::required("timestamp_ms", MOMENT, "when it was posted, in Unix milliseconds"),
        Arg::required("edited_ms", Type::Nullable(&MOMENT), "when it was last edited"),
        Arg::required("tts", Type::Bool, "whether it is read aloud"),
        Arg::required("mentions", IDS, "users named in it"),
        Arg::required("mention_roles", IDS, "roles named in it"),
        Arg::required("mention_everyone", Type::Bool, "whether it names everyone"),
        Arg::required("pinned", Type::Bool, "whether it is pinned"),
        Arg::required("type", Type::int(0, 255), "the kind of message"),
        Arg::required("embeds", OBJECTS, "embeds"),
        Arg::required("attachments", OBJECTS, "files"),
    ],
};

/// How a user is in voice.
pub const VOICE_STATE: Shape = Shape {
    name: "HostVoiceState",
    fields: &[
        Arg::required("user_id", Type::Snowflake, "who"),
        Arg::required("channel_id", OPTIONAL_ID, "where; null for who is in no voice channel"),
        Arg::required("self_mute", Type::Bool, "muted by themselves"),
        Arg::required("self_deaf", Type::Bool, "deafened by themselves"),
        Arg::required("speaking", Type::Bool, "whether they are speaking"),
    ],
};

/// How the local user's voice connection stands.
pub const VOICE_CONNECTION: Shape = Shape {
    name: "HostVoiceConnection",
    fields: &[
        Arg::required("state", VOICE_CONNECTION_STATES, "its state"),
        Arg::required("hostname", Type::TEXT, "the voice server"),
        Arg::required("pings", Type::list(&Type::NUM), "the latest, in milliseconds, oldest first"),
    ],
};

/// How another user is heard.
pub const USER_VOICE_SETTINGS: Shape = Shape {
    name: "HostUserVoiceSettings",
    fields: &[
        Arg::required("user_id", Type::Snowflake, "who is heard"),
        Arg::required("volume", Type::int(0, 200), "how loud; 100 is normal"),
        Arg::required("mute", Type::Bool, "whether nothing is heard of them"),
        Arg::required("pan", Type::Object(&PAN), "on which ear"),
    ],
};

/// Something that a user owns.
pub const ENTITLEMENT: Shape = Shape {
    name: "HostEntitlement",
    fields: &[
        Arg::required("id", Type::Snowflake, "the entitlement's id"),
        Arg::required("sku_id", Type::Snowflake, "of what"),
        Arg::required("application_id", Type::Snowflake, "whose"),
        Arg::required("user_id", Type::Snowflake, "the owner"),
        Arg::required("type", Type::int(1, 8), "how it came"),
        Arg::required("guild_id", OPTIONAL_ID, "for which guild"),
        Arg::required("starts_ms", Type::Nullable(&MOMENT), "from when, in Unix milliseconds"),
        Arg::required("ends_ms", Type::Nullable(&MOMENT), "until when"),
        Arg::required("consumed", Type::Bool, "whether it was used up"),
    ],
};

/// An application.
pub const APPLICATION: Shape = Shape {
    name: "HostApplication",
    fields: &[
        Arg::required("id", Type::Snowflake, "the client id"),
        Arg::required("name", Type::TEXT, "its name"),
        Arg::required("description", Type::TEXT, "what it says of itself"),
        Arg::required("icon", OPTIONAL_TEXT, "hash of its picture"),
        Arg::required("rpc_origins", TEXTS, "Origins that may connect as it over WebSocket"),
        Arg::required("redirect_uris", TEXTS, "what a token exchange may name; empty allows any"),
        Arg::required("has_secret", Type::Bool, "whether a token exchange has to show a secret"),
        Arg::required("approved", Type::Bool, "whether anybody may authorise it"),
        Arg::required("testers", IDS, "who may authorise it before that"),
    ],
};

/// Who waits for an answer to the question whether they may join.
pub const JOIN_REQUEST: Shape = Shape {
    name: "HostJoinRequest",
    fields: &[
        Arg::required("user_id", Type::Snowflake, "who asks"),
        Arg::required("application_id", OPTIONAL_ID, "which application's game; null is any"),
    ],
};

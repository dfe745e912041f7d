//! The objects that RPC commands and events carry.

use super::activity::ACTIVITY;
use crate::wire::catalog::{Arg, Shape, Type};

/// What a channel is.
pub const CHANNEL_TYPES: Type = Type::Numbers(&[(0, "GUILD_TEXT"), (1, "DM"), (2, "GUILD_VOICE"), (3, "GROUP_DM")]);

/// How the microphone opens.
pub const VOICE_MODES: Type = Type::Names(&["PUSH_TO_TALK", "VOICE_ACTIVITY"]);

/// What a shortcut's key is on.
pub const KEY_TYPES: Type =
    Type::Numbers(&[(0, "KEYBOARD_KEY"), (1, "MOUSE_BUTTON"), (2, "KEYBOARD_MODIFIER_KEY"), (3, "GAMEPAD_BUTTON")]);

/// What a certified device is.
pub const DEVICE_TYPES: Type = Type::Names(&["audioinput", "audiooutput", "videoinput"]);

/// The states of the voice connection.
pub const VOICE_CONNECTION_STATES: Type = Type::Names(&[
    "DISCONNECTED",
    "AWAITING_ENDPOINT",
    "AUTHENTICATING",
    "CONNECTING",
    "CONNECTED",
    "VOICE_DISCONNECTED",
    "VOICE_CONNECTING",
    "VOICE_CONNECTED",
    "NO_ROUTE",
    "ICE_CHECKING",
]);

/// What another user is to this one.
pub const RELATIONSHIP_TYPES: Type = Type::Numbers(&[
    (0, "NONE"),
    (1, "FRIEND"),
    (2, "BLOCKED"),
    (3, "PENDING_INCOMING"),
    (4, "PENDING_OUTGOING"),
    (5, "IMPLICIT"),
]);

const OPTIONAL_TEXT: Type = Type::Nullable(&Type::TEXT);
const OPTIONAL_ID: Type = Type::Nullable(&Type::Snowflake);

/// A user, as much as RPC tells.
pub const PARTIAL_USER: Shape = Shape {
    name: "PartialUser",
    fields: &[
        Arg::required("id", Type::Snowflake, "the user's id"),
        Arg::required("username", Type::TEXT, "the user's name"),
        Arg::required("discriminator", Type::TEXT, "four digits, or \"0\""),
        Arg::required("avatar", OPTIONAL_TEXT, "hash of the picture"),
        Arg::optional("global_name", OPTIONAL_TEXT, "the name that is shown"),
        Arg::optional("bot", Type::Bool, "whether it is a bot"),
    ],
};

/// The user who is logged in, as CURRENT_USER_UPDATE tells.
pub const CURRENT_USER: Shape = Shape {
    name: "CurrentUser",
    fields: &[
        Arg::required("id", Type::Snowflake, "the user's id"),
        Arg::required("username", Type::TEXT, "the user's name"),
        Arg::required("discriminator", Type::TEXT, "four digits, or \"0\""),
        Arg::required("global_name", OPTIONAL_TEXT, "the name that is shown"),
        Arg::required("avatar", OPTIONAL_TEXT, "hash of the picture"),
        Arg::required("avatar_decoration_data", Type::Any, "the picture's frame, or null"),
        Arg::required("bot", Type::Bool, "whether it is a bot"),
        Arg::required("flags", Type::INT, "bits of the account"),
        Arg::optional("premium_type", Type::INT, "the subscription (scope identify.premium)"),
    ],
};

/// An OAuth2 application.
pub const APPLICATION: Shape = Shape {
    name: "OAuth2Application",
    fields: &[
        Arg::required("id", Type::Snowflake, "the client id"),
        Arg::required("name", Type::TEXT, "its name"),
        Arg::required("description", Type::TEXT, "what it says of itself"),
        Arg::required("icon", OPTIONAL_TEXT, "hash of the picture"),
        Arg::required("rpc_origins", Type::list(&Type::TEXT), "Origins that may use its client id"),
    ],
};

/// Where the server's Discord is.
pub const SERVER_CONFIG: Shape = Shape {
    name: "RpcServerConfig",
    fields: &[
        Arg::required("cdn_host", Type::TEXT, "host of pictures"),
        Arg::required("api_endpoint", Type::TEXT, "where the API is"),
        Arg::required("environment", Type::TEXT, "\"production\""),
        Arg::optional(
            "gamebridge",
            Type::list(&Type::TEXT),
            "of a GameBridge only: the ids of those that the answer came through, the nearest first",
        ),
    ],
};

/// A guild in a list.
pub const PARTIAL_GUILD: Shape = Shape {
    name: "PartialGuild",
    fields: &[
        Arg::required("id", Type::Snowflake, "the guild's id"),
        Arg::required("name", Type::TEXT, "its name"),
        Arg::optional("icon_url", OPTIONAL_TEXT, "its picture"),
    ],
};

/// A channel in a list.
pub const PARTIAL_CHANNEL: Shape = Shape {
    name: "PartialChannel",
    fields: &[
        Arg::required("id", Type::Snowflake, "the channel's id"),
        Arg::required("name", Type::TEXT, "its name"),
        Arg::required("type", CHANNEL_TYPES, "what it is"),
    ],
};

/// How loud a user is on either ear.
pub const PAN: Shape = Shape {
    name: "Pan",
    fields: &[
        Arg::required("left", Type::Num { min: 0.0, max: 1.0 }, "the left ear's share"),
        Arg::required("right", Type::Num { min: 0.0, max: 1.0 }, "the right ear's share"),
    ],
};

const VOICE_STATE_FLAGS: Shape = Shape {
    name: "VoiceStateFlags",
    fields: &[
        Arg::required("mute", Type::Bool, "muted by the guild"),
        Arg::required("deaf", Type::Bool, "deafened by the guild"),
        Arg::required("self_mute", Type::Bool, "muted by themselves"),
        Arg::required("self_deaf", Type::Bool, "deafened by themselves"),
        Arg::required("suppress", Type::Bool, "may not speak"),
    ],
};

/// A user in a voice channel.
pub const VOICE_STATE: Shape = Shape {
    name: "RpcVoiceState",
    fields: &[
        Arg::required("voice_state", Type::Object(&VOICE_STATE_FLAGS), "what they can hear and say"),
        Arg::required("user", Type::Object(&PARTIAL_USER), "who"),
        Arg::required("nick", Type::TEXT, "the name in this guild"),
        Arg::required("volume", Type::INT, "how loud the local user hears them, 0 to 200"),
        Arg::required("mute", Type::Bool, "whether the local user muted them"),
        Arg::required("pan", Type::Object(&PAN), "on which ear"),
    ],
};

const CONTENT_PART: Shape = Shape {
    name: "ParsedContent",
    fields: &[
        Arg::required(
            "type",
            Type::TEXT,
            "\"text\"; GameBridge also has \"mention\", \"channel\", \"role\", \"emoji\", \"url\", \"code\", \"codeBlock\"",
        ),
        Arg::required("content", Type::TEXT, "the part's text"),
    ],
};

/// A message, as RPC shows it.
pub const MESSAGE: Shape = Shape {
    name: "RpcMessage",
    fields: &[
        Arg::required("id", Type::Snowflake, "the message's id"),
        Arg::optional("blocked", Type::Bool, "whether the author is blocked"),
        Arg::optional("content", Type::TEXT, "the text"),
        Arg::optional("content_parsed", Type::list(&Type::Object(&CONTENT_PART)), "the text in parts"),
        Arg::optional("nick", Type::TEXT, "the author's name in this guild"),
        Arg::optional("author_color", Type::TEXT, "\"#rrggbb\""),
        Arg::optional("edited_timestamp", Type::Nullable(&Type::Time), "when it was last edited"),
        Arg::optional("timestamp", Type::Time, "when it was sent"),
        Arg::optional("tts", Type::Bool, "whether it is read aloud"),
        Arg::optional("mentions", Type::list(&Type::Any), "users named in it"),
        Arg::optional("mention_roles", Type::list(&Type::Any), "roles named in it"),
        Arg::optional("mention_everyone", Type::Bool, "whether it names everyone"),
        Arg::optional("embeds", Type::list(&Type::Any), "embeds"),
        Arg::optional("attachments", Type::list(&Type::Any), "files"),
        Arg::optional("type", Type::INT, "the kind of message"),
        Arg::optional("pinned", Type::Bool, "whether it is pinned"),
        Arg::optional("author", Type::Object(&PARTIAL_USER), "who wrote it"),
    ],
};

/// A channel in full.
pub const CHANNEL: Shape = Shape {
    name: "Channel",
    fields: &[
        Arg::required("id", Type::Snowflake, "the channel's id"),
        Arg::optional("guild_id", OPTIONAL_ID, "its guild"),
        Arg::required("name", Type::TEXT, "its name"),
        Arg::required("type", CHANNEL_TYPES, "what it is"),
        Arg::optional("topic", OPTIONAL_TEXT, "text: what it is about"),
        Arg::optional("bitrate", Type::INT, "voice: bits per second"),
        Arg::optional("user_limit", Type::INT, "voice: how many fit in, 0 for any number"),
        Arg::optional("position", Type::INT, "its place in the list"),
        Arg::optional("voice_states", Type::list(&Type::Object(&VOICE_STATE)), "voice: who is in it"),
        Arg::optional("messages", Type::list(&Type::Object(&MESSAGE)), "text: the latest messages"),
    ],
};

const DEVICE_CHOICE: Shape = Shape {
    name: "AudioDevice",
    fields: &[Arg::required("id", Type::TEXT, "its id"), Arg::required("name", Type::TEXT, "its name")],
};

const DEVICE_ID: Arg = Arg::optional("device_id", Type::TEXT, "the device in use");
const AVAILABLE: Arg =
    Arg::optional("available_devices", Type::list(&Type::Object(&DEVICE_CHOICE)), "the devices there are; read-only");

const VOICE_INPUT: Shape = Shape {
    name: "VoiceInput",
    fields: &[DEVICE_ID, Arg::optional("volume", Type::Num { min: 0.0, max: 100.0 }, "how loud"), AVAILABLE],
};

const VOICE_OUTPUT: Shape = Shape {
    name: "VoiceOutput",
    fields: &[DEVICE_ID, Arg::optional("volume", Type::Num { min: 0.0, max: 200.0 }, "how loud"), AVAILABLE],
};

const SHORTCUT_KEY: Shape = Shape {
    name: "ShortcutKey",
    fields: &[
        Arg::required("type", KEY_TYPES, "what it is on"),
        Arg::required("code", Type::INT, "the key's number"),
        Arg::required("name", Type::TEXT, "the key's name"),
    ],
};

const VOICE_MODE: Shape = Shape {
    name: "VoiceMode",
    fields: &[
        Arg::optional("type", VOICE_MODES, "how the microphone opens"),
        Arg::optional("auto_threshold", Type::Bool, "whether the threshold finds itself"),
        Arg::optional("threshold", Type::Num { min: -100.0, max: 0.0 }, "voice activity: from how loud on, in dB"),
        Arg::optional("shortcut", Type::list(&Type::Object(&SHORTCUT_KEY)), "push to talk: the keys"),
        Arg::optional("delay", Type::Num { min: 0.0, max: 2000.0 }, "push to talk: how long it stays open, in ms"),
    ],
};

/// The members of the voice settings: all of them in a reply, any of them in a change.
pub const VOICE_SETTINGS_FIELDS: &[Arg] = &[
    Arg::optional("input", Type::Object(&VOICE_INPUT), "microphone"),
    Arg::optional("output", Type::Object(&VOICE_OUTPUT), "headphones or speakers"),
    Arg::optional("mode", Type::Object(&VOICE_MODE), "how the microphone opens"),
    Arg::optional("automatic_gain_control", Type::Bool, "automatic gain control"),
    Arg::optional("echo_cancellation", Type::Bool, "echo cancellation"),
    Arg::optional("noise_suppression", Type::Bool, "noise suppression"),
    Arg::optional("qos", Type::Bool, "packets marked as urgent"),
    Arg::optional("silence_warning", Type::Bool, "warning when the microphone is silent"),
    Arg::optional("deaf", Type::Bool, "deafened"),
    Arg::optional("mute", Type::Bool, "muted"),
];

/// The voice settings.
pub const VOICE_SETTINGS: Shape = Shape { name: "VoiceSettings", fields: VOICE_SETTINGS_FIELDS };

const MAKER: Shape = Shape {
    name: "NameAndUrl",
    fields: &[Arg::required("name", Type::TEXT, "its name"), Arg::required("url", Type::TEXT, "its page")],
};

/// A certified device.
pub const CERTIFIED_DEVICE: Shape = Shape {
    name: "CertifiedDevice",
    fields: &[
        Arg::required("type", DEVICE_TYPES, "what it is"),
        Arg::required("id", Type::TEXT, "its UUID (Windows)"),
        Arg::required("vendor", Type::Object(&MAKER), "who makes it"),
        Arg::required("model", Type::Object(&MAKER), "which model it is"),
        Arg::required("related", Type::list(&Type::TEXT), "UUIDs of devices that belong to it"),
        Arg::optional("echo_cancellation", Type::Bool, "audio input: cancels echoes itself"),
        Arg::optional("noise_suppression", Type::Bool, "audio input: suppresses noise itself"),
        Arg::optional("automatic_gain_control", Type::Bool, "audio input: controls its gain itself"),
        Arg::optional("hardware_mute", Type::Bool, "audio input: is muted by its switch"),
    ],
};

/// Something that the user owns.
pub const ENTITLEMENT: Shape = Shape {
    name: "Entitlement",
    fields: &[
        Arg::required("id", Type::Snowflake, "the entitlement's id"),
        Arg::required("sku_id", Type::Snowflake, "of what"),
        Arg::required("application_id", Type::Snowflake, "whose"),
        Arg::required("user_id", Type::Snowflake, "the owner"),
        Arg::required("type", Type::int(1, 8), "how it came"),
        Arg::required("deleted", Type::Bool, "whether it is gone"),
        Arg::optional("starts_at", Type::Nullable(&Type::Time), "from when"),
        Arg::optional("ends_at", Type::Nullable(&Type::Time), "until when"),
        Arg::optional("guild_id", Type::Snowflake, "for which guild"),
        Arg::optional("consumed", Type::Bool, "whether it was used up"),
    ],
};

/// Whether a friend is there, and what they play.
pub const PRESENCE: Shape = Shape {
    name: "Presence",
    fields: &[
        Arg::required("status", Type::TEXT, "\"online\", \"idle\", \"dnd\", \"offline\""),
        Arg::optional("activity", Type::Nullable(&Type::Object(&ACTIVITY)), "what they play"),
    ],
};

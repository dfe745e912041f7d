//! A snapshot: a world as one JSON object, of the objects that host commands answer with.
//!
//! Its members are those of [`crate::world::State`], by the same names, so that what the world says is wrong with one can be
//! found in the file. Rows are exact here too: what a later version adds, an earlier one refuses, and says so by `snapshot`.

use super::objects::{
    CHANNEL, ENTITLEMENT, GUILD, JOIN_REQUEST, MESSAGE, MOMENT, OPTIONAL_ID, OPTIONAL_TEXT, RELATIONSHIPS,
    SHOWN_ACTIVITY, STATUSES, TEXTS, USER_VOICE_SETTINGS, VOICE_CONNECTION, VOICE_STATE,
};
use crate::wire::catalog::{Arg, Shape, Type};
use crate::wire::rpc::objects::{PAN, VOICE_SETTINGS};

/// The version of the format.
pub const VERSION: i64 = 1;

const USER: Shape = Shape {
    name: "SnapshotUser",
    fields: &[
        Arg::required("id", Type::Snowflake, "the user's id"),
        Arg::required("username", Type::TEXT, "what it is called"),
        Arg::required("discriminator", Type::TEXT, "four digits, or \"0\""),
        Arg::required("global_name", OPTIONAL_TEXT, "the name that is shown"),
        Arg::required("avatar", OPTIONAL_TEXT, "hash of the picture"),
        Arg::required("bot", Type::Bool, "whether it is a bot"),
        Arg::required("flags", Type::Snowflake, "bits of the account"),
        Arg::required("premium_type", Type::int(0, 255), "the subscription"),
    ],
};

const BOT: Shape = Shape {
    name: "SnapshotBot",
    fields: &[
        Arg::required("application_id", Type::Snowflake, "whose bot it is"),
        Arg::required("user_id", Type::Snowflake, "as whom it acts"),
        Arg::required("token", Type::TEXT, "what it shows"),
        Arg::required("refused_intents", Type::Snowflake, "bits of the privileged intents that it may not ask for"),
    ],
};

const LOGIN: Shape = Shape {
    name: "SnapshotLogin",
    fields: &[
        Arg::required("user_id", Type::Snowflake, "as whom a client logs in"),
        Arg::required("token", Type::TEXT, "what it shows"),
    ],
};

const PRESENCE: Shape = Shape {
    name: "SnapshotPresence",
    fields: &[
        Arg::required("user_id", Type::Snowflake, "whose"),
        Arg::required("status", STATUSES, "whether they are there"),
        Arg::required("activity", Type::Nullable(&Type::Object(&SHOWN_ACTIVITY)), "what they do"),
    ],
};

const RELATIONSHIP: Shape = Shape {
    name: "SnapshotRelationship",
    fields: &[
        Arg::required("user_id", Type::Snowflake, "who"),
        Arg::required("type", RELATIONSHIPS, "what they are to the local user"),
    ],
};

const APPLICATION: Shape = Shape {
    name: "SnapshotApplication",
    fields: &[
        Arg::required("id", Type::Snowflake, "the client id"),
        Arg::required("name", Type::TEXT, "its name"),
        Arg::required("description", Type::TEXT, "what it says of itself"),
        Arg::required("icon", OPTIONAL_TEXT, "hash of its picture"),
        Arg::required("rpc_origins", TEXTS, "Origins that may connect as it over WebSocket"),
        Arg::required("redirect_uris", TEXTS, "what a token exchange may name; empty allows any"),
        Arg::optional("secret", Type::TEXT, "what a token exchange has to show; only with secrets"),
        Arg::required("approved", Type::Bool, "whether anybody may authorise it"),
        Arg::required("testers", Type::list(&Type::Snowflake), "who may authorise it before that"),
    ],
};

const USER_EDIT: Shape = Shape {
    name: "SnapshotUserVoiceEdit",
    fields: &[
        Arg::required("user_id", Type::Snowflake, "who is heard"),
        Arg::optional("volume", Type::int(0, 200), "how loud"),
        Arg::optional("mute", Type::Bool, "whether nothing is heard of them"),
        Arg::optional("pan", Type::Object(&PAN), "on which ear"),
    ],
};

const CONFIGURED: Shape = Shape {
    name: "SnapshotConfigured",
    fields: &[
        Arg::required("application_id", Type::Snowflake, "which application"),
        Arg::required("settings", Type::Object(&VOICE_SETTINGS), "what it set"),
        Arg::required("users", Type::list(&Type::Object(&USER_EDIT)), "what it set about others"),
    ],
};

const TOKEN: Shape = Shape {
    name: "SnapshotToken",
    fields: &[
        Arg::required("access_token", Type::TEXT, "what the bearer shows"),
        Arg::required("refresh_token", Type::TEXT, "what a new token is made from"),
        Arg::required("application_id", Type::Snowflake, "for which application"),
        Arg::required("user_id", Type::Snowflake, "on whose behalf"),
        Arg::required("scopes", TEXTS, "what is allowed"),
        Arg::required("expires_ms", MOMENT, "until when, in Unix milliseconds"),
    ],
};

/// A snapshot.
pub const SNAPSHOT: Shape = Shape {
    name: "Snapshot",
    fields: &[
        Arg::required("snapshot", Type::int(1, VERSION), "the version of the format"),
        Arg::required("last_id", Type::Snowflake, "the id that was handed out last"),
        Arg::required("local_user", Type::Snowflake, "whose Discord it is"),
        Arg::required("guest", Type::Bool, "whether that is a guest account"),
        Arg::required("registered_only", Type::Bool, "whether unregistered applications are refused"),
        Arg::required("users", Type::list(&Type::Object(&USER)), "every user"),
        Arg::required("presences", Type::list(&Type::Object(&PRESENCE)), "others, as far as they are there"),
        Arg::required("relationships", Type::list(&Type::Object(&RELATIONSHIP)), "who is something to the local user"),
        Arg::required("guilds", Type::list(&Type::Object(&GUILD)), "every guild"),
        Arg::required("channels", Type::list(&Type::Object(&CHANNEL)), "every channel"),
        Arg::required("messages", Type::list(&Type::Object(&MESSAGE)), "every message, oldest first"),
        Arg::required("text_channel", OPTIONAL_ID, "what the local user looks at"),
        Arg::required("voice_states", Type::list(&Type::Object(&VOICE_STATE)), "everybody in voice; nobody speaks"),
        Arg::required("voice_connection", Type::Object(&VOICE_CONNECTION), "the local user's voice connection"),
        Arg::required("joining", OPTIONAL_ID, "the voice channel that the local user waits for"),
        Arg::required("voice_servers_available", Type::Bool, "whether there are voice servers"),
        Arg::required("voice_settings", Type::Object(&VOICE_SETTINGS), "the voice settings"),
        Arg::required("user_voices", Type::list(&Type::Object(&USER_VOICE_SETTINGS)), "how others are heard"),
        Arg::required("configured", Type::list(&Type::Object(&CONFIGURED)), "what applications set about voice"),
        Arg::required("entitlements", Type::list(&Type::Object(&ENTITLEMENT)), "what is owned"),
        Arg::required("applications", Type::list(&Type::Object(&APPLICATION)), "the registered applications"),
        Arg::required("join_requests", Type::list(&Type::Object(&JOIN_REQUEST)), "who waits for an answer"),
        Arg::optional("bots", Type::list(&Type::Object(&BOT)), "the applications' bots; only with secrets"),
        Arg::optional("logins", Type::list(&Type::Object(&LOGIN)), "how clients are users; only with secrets"),
        Arg::optional("tokens", Type::list(&Type::Object(&TOKEN)), "what was allowed; only with secrets"),
    ],
};

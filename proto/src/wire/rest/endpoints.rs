//! The endpoints: what a program may ask of the API as the local user.

use super::Endpoint;
use crate::wire::catalog::{Arg, Row, Shape, Type};

/// What lets an application call the API as the local user, through the RPC port.
const LOCAL: &[&str] = &["rpc.api"];
const IDENTIFY: &[&str] = &["rpc.api", "identify"];
const GUILDS: &[&str] = &["rpc.api", "guilds"];

const ID: Type = Type::Snowflake;
const IDS: Type = Type::list(&Type::Snowflake);
const NAME: Type = Type::text(2, 100);
const OPTIONAL_TEXT: Type = Type::Nullable(&Type::TEXT);
const TOPIC: Type = Type::Nullable(&Type::text(0, 1024));
const CONTENT: Type = Type::Nullable(&Type::text(0, 2000));
const BITRATE: Type = Type::int(8000, 128_000);
const USER_LIMIT: Type = Type::int(0, 99);
const COLOR: Type = Type::int(0, 0xFF_FFFF);
const POSITION: Type = Type::int(0, 10_000);
const NICK: Type = Type::Nullable(&Type::text(0, 32));
/// A number, or since version 8 a text of digits; both are taken in every version.
const PERMISSIONS: Type = Type::Snowflake;

const EMBED: Type = Type::Nullable(&Type::Object(&Shape { name: "", fields: &[] }));
const EMBEDS: Type =
    Type::Nullable(&Type::Array { of: &Type::Object(&Shape { name: "", fields: &[] }), min: 0, max: 10 });

const OVERWRITE: Type = Type::Object(&Shape {
    name: "",
    fields: &[
        Arg::required("id", ID, "of the role or the member"),
        Arg::required("type", Type::Any, "0 or \"role\", 1 or \"member\""),
        Arg::optional("allow", PERMISSIONS, "bits given"),
        Arg::optional("deny", PERMISSIONS, "bits taken"),
    ],
});

const PLACE: Arg = Arg::optional("position", POSITION, "its place in the list, from 0");
const PAGE: [Arg; 2] =
    [Arg::optional("before", ID, "what is older than this"), Arg::optional("after", ID, "what is newer than this")];

const CHANNEL_EDIT: &[Arg] = &[
    Arg::optional("name", NAME, "what it is called"),
    PLACE,
    Arg::optional("topic", TOPIC, "text channels: what they are about"),
    Arg::optional("bitrate", BITRATE, "voice channels: bits per second"),
    Arg::optional("user_limit", USER_LIMIT, "voice channels: how many fit in; 0 is any number"),
    Arg::optional("permission_overwrites", Type::Nullable(&Type::list(&OVERWRITE)), "where it differs from its guild"),
];

const ROLE_NAME: Arg = Arg::optional("name", Type::Nullable(&Type::text(1, 100)), "what it is called");
const ROLE_BITS: Arg = Arg::optional("permissions", Type::Nullable(&PERMISSIONS), "bits that it gives");
const HOIST: Arg = Arg::optional("hoist", Type::Nullable(&Type::Bool), "whether its members are listed on their own");
const MENTIONABLE: Arg = Arg::optional("mentionable", Type::Nullable(&Type::Bool), "whether everybody may mention it");
const ROLE_COLOR: Arg = Arg::optional("color", Type::Nullable(&COLOR), "0xRRGGBB; 0 is none");

const fn endpoint(method: &'static str, path: &'static str, row: Row) -> Endpoint {
    Endpoint { method, path, query: &[], list: None, row }
}

const fn get(path: &'static str, query: &'static [Arg], row: Row) -> Endpoint {
    Endpoint { method: "GET", path, query, list: None, row }
}

const fn replace(path: &'static str, list: Type, row: Row) -> Endpoint {
    Endpoint { method: "PUT", path, query: &[], list: Some(list), row }
}

/// What is said of a command.
const COMMAND: &[Arg] = &[
    Arg::optional("name", Type::text(1, 32), "what it is called; needed for a new one"),
    Arg::optional("name_localizations", Type::Any, "the same in other languages"),
    Arg::optional("description", Type::Nullable(&Type::text(0, 100)), "what it does; needed for a new one of type 1"),
    Arg::optional("description_localizations", Type::Any, "the same in other languages"),
    Arg::optional("options", Type::Any, "what it is called with"),
    Arg::optional("default_member_permissions", Type::Nullable(&PERMISSIONS), "what a member needs to call it"),
    Arg::optional("dm_permission", Type::Nullable(&Type::Bool), "whether it is there in direct messages"),
    Arg::optional("default_permission", Type::Nullable(&Type::Bool), "whether everybody may call it"),
    Arg::optional(
        "type",
        Type::Nullable(&Type::int(1, 3)),
        "1 chat input, which it is unless given; 2 user, 3 message",
    ),
    Arg::optional("nsfw", Type::Nullable(&Type::Bool), "whether it is for adults"),
    Arg::optional("integration_types", Type::Any, "where it can be installed"),
    Arg::optional("contexts", Type::Any, "where it can be called"),
    Arg::optional("handler", Type::Any, "who answers it"),
    Arg::optional("id", Type::Any, "not looked at: its name and type say which it is"),
];
const COMMANDS: Type = Type::Array { of: &Type::Object(&Shape { name: "", fields: COMMAND }), min: 0, max: 110 };

const fn local(name: &'static str, about: &'static str) -> Row {
    Row::new(name, about).any_of(LOCAL)
}

/// Every endpoint. Where a word and an id could both be meant, the word comes first.
pub const ENDPOINTS: &[Endpoint] = &[
    get("/users/@me", &[], Row::new("GET_CURRENT_USER", "the user whom the token is for").any_of(IDENTIFY)),
    get(
        "/users/@me/guilds",
        &[PAGE[0], PAGE[1], Arg::optional("limit", Type::int(1, 200), "how many; 100 unless given")],
        Row::new("GET_CURRENT_USER_GUILDS", "the guilds that the user is in, by id").any_of(GUILDS),
    ),
    endpoint("DELETE", "/users/@me/guilds/{guild_id}", local("LEAVE_GUILD", "leaves a guild, which its owner can't")),
    get("/users/@me/channels", &[], local("GET_DMS", "the user's direct messages")),
    endpoint(
        "POST",
        "/users/@me/channels",
        local("CREATE_DM", "direct messages with somebody, those there are if any; or a new group").args(&[
            Arg::optional("recipient_id", ID, "with whom"),
            Arg::optional("recipients", IDS, "with whom; two or more make a group"),
        ]),
    ),
    get("/users/{user_id}", &[], local("GET_USER", "a user")),
    get("/gateway", &[], Row::new("GET_GATEWAY", "where the Gateway is; needs no token")),
    get("/gateway/bot", &[], local("GET_GATEWAY_BOT", "the same for a bot: how many shards, how many sessions a day")),
    get("/applications/@me", &[], local("GET_CURRENT_APPLICATION", "the application that asks")),
    get("/oauth2/applications/@me", &[], local("GET_CURRENT_OAUTH2_APPLICATION", "the same by its older path")),
    get(
        "/applications/{application_id}/commands",
        &[],
        local("GET_COMMANDS", "the commands that one's application offers everywhere"),
    ),
    endpoint(
        "POST",
        "/applications/{application_id}/commands",
        local("CREATE_COMMAND", "offers a command everywhere, or replaces that of the same name").args(COMMAND),
    ),
    replace(
        "/applications/{application_id}/commands",
        COMMANDS,
        local("REPLACE_COMMANDS", "all commands everywhere at once: the body is a list of them"),
    ),
    get("/applications/{application_id}/commands/{command_id}", &[], local("GET_COMMAND", "one of them")),
    endpoint(
        "PATCH",
        "/applications/{application_id}/commands/{command_id}",
        local("EDIT_COMMAND", "changes one of them").args(COMMAND),
    ),
    endpoint(
        "DELETE",
        "/applications/{application_id}/commands/{command_id}",
        local("DELETE_COMMAND", "takes one of them away"),
    ),
    get(
        "/applications/{application_id}/guilds/{guild_id}/commands",
        &[],
        local("GET_GUILD_COMMANDS", "the commands that one's application offers in a guild"),
    ),
    endpoint(
        "POST",
        "/applications/{application_id}/guilds/{guild_id}/commands",
        local("CREATE_GUILD_COMMAND", "offers a command in a guild, or replaces that of the same name").args(COMMAND),
    ),
    replace(
        "/applications/{application_id}/guilds/{guild_id}/commands",
        COMMANDS,
        local("REPLACE_GUILD_COMMANDS", "all commands in a guild at once: the body is a list of them"),
    ),
    get(
        "/applications/{application_id}/guilds/{guild_id}/commands/{command_id}",
        &[],
        local("GET_GUILD_COMMAND", "one of them"),
    ),
    endpoint(
        "PATCH",
        "/applications/{application_id}/guilds/{guild_id}/commands/{command_id}",
        local("EDIT_GUILD_COMMAND", "changes one of them").args(COMMAND),
    ),
    endpoint(
        "DELETE",
        "/applications/{application_id}/guilds/{guild_id}/commands/{command_id}",
        local("DELETE_GUILD_COMMAND", "takes one of them away"),
    ),
    endpoint("POST", "/channels/{channel_id}/typing", local("TRIGGER_TYPING", "shows that one is about to write")),
    endpoint(
        "POST",
        "/guilds",
        local("CREATE_GUILD", "makes a guild, with a text and a voice channel, that the user owns").args(&[
            Arg::required("name", NAME, "what it is called"),
            Arg::optional("icon", OPTIONAL_TEXT, "hash of its picture"),
        ]),
    ),
    get("/guilds/{guild_id}", &[], local("GET_GUILD", "a guild")),
    endpoint(
        "PATCH",
        "/guilds/{guild_id}",
        local("MODIFY_GUILD", "changes a guild").args(&[
            Arg::optional("name", NAME, "what it is called"),
            Arg::optional("icon", OPTIONAL_TEXT, "hash of its picture; null takes it away"),
            Arg::optional("owner_id", ID, "who owns it from now on; only for its owner"),
        ]),
    ),
    endpoint("DELETE", "/guilds/{guild_id}", local("DELETE_GUILD", "deletes a guild, which only its owner can")),
    get("/guilds/{guild_id}/channels", &[], local("GET_GUILD_CHANNELS", "the channels that the user can see")),
    endpoint(
        "POST",
        "/guilds/{guild_id}/channels",
        local("CREATE_GUILD_CHANNEL", "makes a channel").args(&[
            Arg::required("name", NAME, "what it is called"),
            Arg::optional("type", Type::Any, "0 or \"text\", which it is unless given; 2 or \"voice\""),
            PLACE,
            Arg::optional("topic", TOPIC, "text channels: what they are about"),
            Arg::optional("bitrate", BITRATE, "voice channels: bits per second"),
            Arg::optional("user_limit", USER_LIMIT, "voice channels: how many fit in; 0 is any number"),
            Arg::optional(
                "permission_overwrites",
                Type::Nullable(&Type::list(&OVERWRITE)),
                "where it differs from its guild",
            ),
        ]),
    ),
    get(
        "/guilds/{guild_id}/members",
        &[
            Arg::optional("limit", Type::int(1, 1000), "how many; 1 unless given"),
            Arg::optional("after", ID, "members with higher ids than this"),
        ],
        local("LIST_MEMBERS", "the members of a guild, by id"),
    ),
    endpoint(
        "PATCH",
        "/guilds/{guild_id}/members/@me",
        local("MODIFY_CURRENT_MEMBER", "changes the user's own name in a guild").args(&[Arg::optional(
            "nick",
            NICK,
            "null and an empty text take it away",
        )]),
    ),
    get("/guilds/{guild_id}/members/{user_id}", &[], local("GET_MEMBER", "a member of a guild")),
    endpoint(
        "PATCH",
        "/guilds/{guild_id}/members/{user_id}",
        local("MODIFY_MEMBER", "changes a member").args(&[
            Arg::optional("nick", NICK, "the name in this guild; null and an empty text take it away"),
            Arg::optional("roles", Type::Nullable(&IDS), "all roles besides @everyone"),
            Arg::optional("mute", Type::Nullable(&Type::Bool), "muted in voice"),
            Arg::optional("deaf", Type::Nullable(&Type::Bool), "deafened in voice"),
        ]),
    ),
    endpoint("DELETE", "/guilds/{guild_id}/members/{user_id}", local("REMOVE_MEMBER", "puts a member out of a guild")),
    get("/guilds/{guild_id}/roles", &[], local("GET_ROLES", "the roles of a guild")),
    endpoint(
        "POST",
        "/guilds/{guild_id}/roles",
        local("CREATE_ROLE", "makes a role").args(&[ROLE_NAME, ROLE_BITS, ROLE_COLOR, HOIST, MENTIONABLE]),
    ),
    endpoint(
        "PATCH",
        "/guilds/{guild_id}/roles/{role_id}",
        local("MODIFY_ROLE", "changes a role").args(&[ROLE_NAME, ROLE_BITS, ROLE_COLOR, PLACE, HOIST, MENTIONABLE]),
    ),
    endpoint("DELETE", "/guilds/{guild_id}/roles/{role_id}", local("DELETE_ROLE", "deletes a role")),
    get("/channels/{channel_id}", &[], local("GET_CHANNEL", "a channel")),
    endpoint(
        "PATCH",
        "/channels/{channel_id}",
        local("MODIFY_CHANNEL", "changes what is given about a channel").args(CHANNEL_EDIT),
    ),
    endpoint(
        "PUT",
        "/channels/{channel_id}",
        local("REPLACE_CHANNEL", "the same in old programs, with the name in any case").args(CHANNEL_EDIT),
    ),
    endpoint("DELETE", "/channels/{channel_id}", local("DELETE_CHANNEL", "deletes a guild's channel")),
    endpoint(
        "PUT",
        "/channels/{channel_id}/permissions/{overwrite_id}",
        local("EDIT_CHANNEL_PERMISSIONS", "says where a channel differs from its guild for a role or a member").args(
            &[
                Arg::required("type", Type::Any, "0 or \"role\", 1 or \"member\""),
                Arg::optional("allow", Type::Nullable(&PERMISSIONS), "bits given"),
                Arg::optional("deny", Type::Nullable(&PERMISSIONS), "bits taken"),
            ],
        ),
    ),
    endpoint(
        "DELETE",
        "/channels/{channel_id}/permissions/{overwrite_id}",
        local("DELETE_CHANNEL_PERMISSIONS", "lets a channel be like its guild again for a role or a member"),
    ),
    get(
        "/channels/{channel_id}/messages",
        &[
            Arg::optional("around", ID, "what is near this; of the three only one"),
            PAGE[0],
            PAGE[1],
            Arg::optional("limit", Type::int(1, 100), "how many; 50 unless given"),
        ],
        local("GET_MESSAGES", "messages of a channel, newest first"),
    ),
    endpoint(
        "POST",
        "/channels/{channel_id}/messages",
        local("CREATE_MESSAGE", "posts a message").args(&[
            Arg::optional("content", CONTENT, "what it says; needed unless it has an embed"),
            Arg::optional("nonce", Type::Any, "given back with it"),
            Arg::optional("tts", Type::Nullable(&Type::Bool), "whether it is read aloud"),
            Arg::optional("embed", EMBED, "before version 10: an embed"),
            Arg::optional("embeds", EMBEDS, "embeds"),
        ]),
    ),
    get("/channels/{channel_id}/messages/{message_id}", &[], local("GET_MESSAGE", "a message")),
    endpoint(
        "PATCH",
        "/channels/{channel_id}/messages/{message_id}",
        local("EDIT_MESSAGE", "changes what one's own message says").args(&[Arg::optional(
            "content",
            CONTENT,
            "what it says now",
        )]),
    ),
    endpoint(
        "DELETE",
        "/channels/{channel_id}/messages/{message_id}",
        local("DELETE_MESSAGE", "deletes one's own message, or with MANAGE_MESSAGES any"),
    ),
    get("/channels/{channel_id}/pins", &[], local("GET_PINS", "the pinned messages of a channel, newest first")),
    endpoint("PUT", "/channels/{channel_id}/pins/{message_id}", local("PIN_MESSAGE", "pins a message")),
    endpoint("DELETE", "/channels/{channel_id}/pins/{message_id}", local("UNPIN_MESSAGE", "takes a pin off")),
];

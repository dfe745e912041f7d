//! Channels of all four kinds, what they allow, and the messages in them.

use super::objects::{self, CHANNEL_KINDS, IDS, OBJECTS, OPTIONAL_ID, OVERWRITE, PERMISSIONS};
use crate::error::Error;
use crate::value::Value;
use crate::wire::catalog::{Arg, Row, Shape, Type};

const CHANNEL: Type = Type::Object(&objects::CHANNEL);
const MESSAGE: Type = Type::Object(&objects::MESSAGE);
const WHICH: Arg = Arg::required("channel_id", Type::Snowflake, "which channel");
const WHERE: Arg = Arg::required("channel_id", Type::Snowflake, "in which channel");
const WHICH_MESSAGE: Arg = Arg::required("message_id", Type::Snowflake, "which message");
const NAME: Type = Type::text(2, 100);
const TOPIC: Type = Type::Nullable(&Type::text(0, 1024));
const POSITION: Type = Type::int(0, 1000);
const BITRATE: Type = Type::int(8000, 96_000);
const USER_LIMIT: Type = Type::int(0, 99);
const OF_ROLE: Arg = Arg::optional("role_id", Type::Snowflake, "who has this role (the guild's id is @everyone's)");
const OF_MEMBER: Arg = Arg::optional("user_id", Type::Snowflake, "or this member; one of the two");

/// An overwrite is about a role or a member.
fn of_one(args: Value<'_>) -> Result<(), Error> {
    match (args.member("role_id").is_none(), args.member("user_id").is_none()) {
        (true, true) => Err(Error::argument("role_id: a role_id or a user_id expected, neither given")),
        (false, false) => Err(Error::argument("role_id: a role_id or a user_id expected, both given")),
        _ => Ok(()),
    }
}

pub(super) const ROWS: &[Row] = &[
    Row::new("CHANNEL_CREATE", "makes a channel; a direct message between the same two is the one there is")
        .args(&[
            Arg::required("type", CHANNEL_KINDS, "what it is"),
            Arg::optional("guild_id", Type::Snowflake, "its guild, for the kinds that have one"),
            Arg::optional("name", NAME, "what it is called; needed in a guild"),
            Arg::optional("topic", TOPIC, "what it is about"),
            Arg::optional("position", POSITION, "its place in the list; the end unless given"),
            Arg::optional("bitrate", BITRATE, "voice: bits per second; 64000 unless given"),
            Arg::optional("user_limit", USER_LIMIT, "voice: how many fit in; 0, any number, unless given"),
            Arg::optional("overwrites", Type::list(&Type::Object(&OVERWRITE)), "where it differs from its guild"),
            Arg::optional("recipients", IDS, "direct messages: the others in it"),
        ])
        .reply(CHANNEL),
    Row::new("CHANNEL_EDIT", "changes a channel")
        .args(&[
            WHICH,
            Arg::optional("name", NAME, "what it is called"),
            Arg::optional("topic", TOPIC, "what it is about; null takes it away"),
            Arg::optional("position", POSITION, "its place in the list"),
            Arg::optional("bitrate", BITRATE, "voice: bits per second"),
            Arg::optional("user_limit", USER_LIMIT, "voice: how many fit in; 0 is any number"),
        ])
        .reply(CHANNEL),
    Row::new("CHANNEL_DELETE", "removes a channel; the reply is what it was").args(&[WHICH]).reply(CHANNEL),
    Row::new("OVERWRITE_SET", "says where a channel differs from its guild, for a role or a member")
        .args(&[
            WHICH,
            OF_ROLE,
            OF_MEMBER,
            Arg::optional("allow", PERMISSIONS, "what is given"),
            Arg::optional("deny", PERMISSIONS, "what is taken"),
        ])
        .reply(CHANNEL)
        .rule(of_one),
    Row::new("OVERWRITE_DELETE", "lets a channel be like its guild again, for a role or a member")
        .args(&[WHICH, OF_ROLE, OF_MEMBER])
        .reply(CHANNEL)
        .rule(of_one),
    Row::new("TEXT_CHANNEL_SELECT", "shows a text channel to the local user, or none")
        .args(&[Arg::required("channel_id", OPTIONAL_ID, "which; null is none")])
        .reply(Type::Object(&SELECTED)),
    Row::new("MESSAGE_POST", "posts a message; the local user is notified of direct messages and mentions")
        .args(&[
            WHERE,
            Arg::optional("user_id", Type::Snowflake, "who writes it; the local user unless given"),
            Arg::optional("content", Type::text(0, 2000), "the text; needed without embeds and attachments"),
            Arg::optional("tts", Type::Bool, "whether it is read aloud"),
            Arg::optional("embeds", OBJECTS, "embeds, as Discord has them"),
            Arg::optional("attachments", OBJECTS, "files, as Discord has them"),
        ])
        .reply(MESSAGE),
    Row::new("MESSAGE_EDIT", "changes a message, or pins it")
        .args(&[
            WHERE,
            WHICH_MESSAGE,
            Arg::optional("content", Type::text(1, 2000), "the text"),
            Arg::optional("pinned", Type::Bool, "whether it is pinned; no edit by itself"),
        ])
        .reply(MESSAGE),
    Row::new("MESSAGE_DELETE", "removes a message; the reply is what it was")
        .args(&[WHERE, WHICH_MESSAGE])
        .reply(MESSAGE),
];

/// What the local user looks at.
pub(super) const SELECTED: Shape = Shape {
    name: "HostSelectedChannel",
    fields: &[
        Arg::required("channel_id", OPTIONAL_ID, "which; null is none"),
        Arg::required("guild_id", OPTIONAL_ID, "its guild, if it has one"),
    ],
};

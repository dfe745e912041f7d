//! Guilds with their members and roles.

use super::objects::{self, COLOR, IDS, OPTIONAL_TEXT, PERMISSIONS};
use crate::wire::catalog::{Arg, Row, Type};

const GUILD: Type = Type::Object(&objects::GUILD);
const MEMBER: Type = Type::Object(&objects::MEMBER);
const ROLE: Type = Type::Object(&objects::ROLE);
const WHICH: Arg = Arg::required("guild_id", Type::Snowflake, "which guild");
const WHO: Arg = Arg::optional("user_id", Type::Snowflake, "who; the local user unless given");
const WHICH_ROLE: Arg = Arg::required("role_id", Type::Snowflake, "which role; the guild's id is that of @everyone");

pub(super) const ROWS: &[Row] = &[
    Row::new("GUILD_CREATE", "makes a guild, without channels")
        .args(&[
            Arg::required("name", Type::text(2, 100), "what it is called"),
            Arg::optional("icon", OPTIONAL_TEXT, "hash of its picture"),
            Arg::optional("owner_id", Type::Snowflake, "who owns it; the local user unless given"),
            Arg::optional(
                "members",
                IDS,
                "who else is in it from the start; the local user is not, unless owner or named here",
            ),
        ])
        .reply(GUILD),
    Row::new("GUILD_EDIT", "changes a guild; an outage begins and ends with `available`")
        .args(&[
            WHICH,
            Arg::optional("name", Type::text(2, 100), "what it is called"),
            Arg::optional("icon", OPTIONAL_TEXT, "hash of its picture; null takes it away"),
            Arg::optional("owner_id", Type::Snowflake, "who owns it; a member"),
            Arg::optional("available", Type::Bool, "whether it can be reached"),
        ])
        .reply(GUILD),
    Row::new("GUILD_DELETE", "removes a guild with all that is in it; the reply is what it was")
        .args(&[WHICH])
        .reply(GUILD),
    Row::new("GUILD_JOIN", "a user joins a guild").args(&[WHICH, WHO]).reply(MEMBER),
    Row::new("GUILD_LEAVE", "a user leaves a guild, or is put out; the reply is what the member was")
        .args(&[WHICH, WHO])
        .reply(MEMBER),
    Row::new("MEMBER_EDIT", "changes a user's part in a guild")
        .args(&[
            WHICH,
            WHO,
            Arg::optional("nick", Type::Nullable(&Type::text(1, 32)), "the name in this guild; null takes it away"),
            Arg::optional("roles", IDS, "all roles besides @everyone"),
            Arg::optional("mute", Type::Bool, "muted by the guild"),
            Arg::optional("deaf", Type::Bool, "deafened by the guild"),
        ])
        .reply(MEMBER),
    Row::new("ROLE_CREATE", "makes a role")
        .args(&[
            WHICH,
            Arg::required("name", Type::text(1, 100), "what it is called"),
            Arg::optional("color", COLOR, "0xRRGGBB; none unless given"),
            Arg::optional("permissions", PERMISSIONS, "what it allows; nothing unless given"),
            Arg::optional("hoist", Type::Bool, "whether its members are listed on their own"),
            Arg::optional("mentionable", Type::Bool, "whether everybody may mention it"),
        ])
        .reply(ROLE),
    Row::new("ROLE_EDIT", "changes a role")
        .args(&[
            WHICH,
            WHICH_ROLE,
            Arg::optional("name", Type::text(1, 100), "what it is called"),
            Arg::optional("color", COLOR, "0xRRGGBB; 0 is none"),
            Arg::optional("permissions", PERMISSIONS, "what it allows"),
            Arg::optional("position", Type::int(0, 250), "its place; higher ones come first"),
            Arg::optional("hoist", Type::Bool, "whether its members are listed on their own"),
            Arg::optional("mentionable", Type::Bool, "whether everybody may mention it"),
        ])
        .reply(ROLE),
    Row::new("ROLE_DELETE", "removes a role; the reply is what it was").args(&[WHICH, WHICH_ROLE]).reply(ROLE),
];

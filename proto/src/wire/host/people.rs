//! Users: who there is, whether they are there, and what they are to the local one.

use super::objects::{self, MOMENT, OPTIONAL_TEXT, RELATIONSHIPS, SHOWN_ACTIVITY, STATUSES};
use crate::wire::catalog::{Arg, Row, Type};

const USER: Type = Type::Object(&objects::USER);
const OTHER: Arg = Arg::required("user_id", Type::Snowflake, "another user");
const DISCRIMINATOR: Arg =
    Arg::optional("discriminator", Type::text(1, 4), "four digits, or \"0\", which it is unless given");
const PREMIUM: Type = Type::Numbers(&[(0, "none"), (1, "Nitro Classic"), (2, "Nitro"), (3, "Nitro Basic")]);

pub(super) const ROWS: &[Row] = &[
    Row::new("USER_CREATE", "makes another player")
        .args(&[
            Arg::required("username", Type::text(2, 32), "what it is called"),
            DISCRIMINATOR,
            Arg::optional("global_name", OPTIONAL_TEXT, "the name that is shown"),
            Arg::optional("avatar", OPTIONAL_TEXT, "hash of its picture"),
            Arg::optional("bot", Type::Bool, "whether it is a bot"),
        ])
        .reply(USER),
    Row::new("USER_EDIT", "changes a user; of the local one peers hear in CURRENT_USER_UPDATE")
        .args(&[
            Arg::optional("user_id", Type::Snowflake, "whom; the local user unless given"),
            Arg::optional("username", Type::text(2, 32), "what it is called"),
            Arg::optional("discriminator", Type::text(1, 4), "four digits, or \"0\""),
            Arg::optional("global_name", OPTIONAL_TEXT, "the name that is shown; null takes it away"),
            Arg::optional("avatar", OPTIONAL_TEXT, "hash of its picture; null takes it away"),
            Arg::optional("flags", MOMENT, "bits of the account"),
            Arg::optional("premium_type", PREMIUM, "the subscription"),
        ])
        .reply(USER),
    Row::new("PRESENCE_SET", "says whether another user is there, and what they do")
        .args(&[
            OTHER,
            Arg::required("status", STATUSES, "whether they are there"),
            Arg::optional(
                "activity",
                Type::Nullable(&Type::Object(&SHOWN_ACTIVITY)),
                "what they do; nothing unless given",
            ),
        ])
        .reply(USER),
    Row::new("RELATIONSHIP_SET", "makes a friend, blocks, asks to be friends, or ends that")
        .args(&[OTHER, Arg::required("type", RELATIONSHIPS, "what they are to the local user from now on")])
        .reply(USER),
];

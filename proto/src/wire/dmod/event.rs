//! What a server tells. Two names are commands as well, as in the document or by what follows from it: the session ends, and is
//! asked for its credentials, under the names of the commands that do so.

use crate::wire::catalog::{Arg, Row, Shape, Type};

const GID: Arg = Arg::required("gid", Type::Snowflake, "the guild");

/// The kinds of notifications that the document knows.
pub const NOTIFICATION_TYPES: &[&str] = &["APPLICATION_REVIWED"];

const NOTIFICATION: Type = Type::Object(&Shape {
    name: "DmodNotification",
    fields: &[
        Arg::required("type", Type::TEXT, "of what kind: APPLICATION_REVIWED, or another"),
        Arg::optional("proccessed_type", Type::INT, "what became of it"),
    ],
});

/// What op 2 brings; CONNECTED has it as its data.
pub const AUTHENTICATED: Shape = Shape {
    name: "DmodAuthenticated",
    fields: &[Arg::required("missed_notifications", Type::list(&NOTIFICATION), "what happened while nobody was there")],
};

/// The events.
pub const EVENTS: &[Row] = &[
    Row::new("GUILD_PRIVILEGE_UPDATE", "what the user may do in the guild that is connected is different").reply(
        Type::Object(&Shape {
            name: "DmodPrivilege",
            fields: &[
                Arg::required("id", Type::Snowflake, "whose permissions"),
                Arg::required("tag", Type::TEXT, "name#discriminator"),
                Arg::required("self", Type::Bool, "whether it is the user who is connected"),
                Arg::required("permissions", Type::TEXT, "the new ones, as a number in a text"),
            ],
        }),
    ),
    Row::new("GUILD_MEMBER_COUNT_CHANGE", "somebody came into the guild that is connected, or left it").reply(
        Type::Object(&Shape {
            name: "DmodCount",
            fields: &[GID, Arg::required("count", Type::INT, "how many members there are")],
        }),
    ),
    Row::new(
        "APPLICATION_SESSION_HB_P",
        "the session wants a sign of life. Told only where `upkeep` is false; else the library answers it",
    )
    .reply(Type::Object(&Shape { name: "DmodBeat", fields: &[Arg::optional("gid", Type::Snowflake, "the guild")] })),
    Row::new("APPLICATION_SESSION_END", "the session is over, and not because the program ended it").reply(Type::Object(
        &Shape {
            name: "DmodEnded",
            fields: &[
                Arg::optional("gid", Type::Snowflake, "the guild"),
                Arg::optional(
                    "reason",
                    Type::TEXT,
                    "heartbeat, reauth, left (the user is no member), gone (the guild is), replaced, host, or lost (it could \
                     not be begun again after a break)",
                ),
            ],
        },
    )),
    Row::new(
        "APPLICATION_SESSION_REAUTH",
        "the session wants its credentials again, since the user's permissions changed. The library answers, unless `upkeep` is false",
    )
    .reply(Type::Object(&Shape {
        name: "DmodAsked",
        fields: &[
            Arg::optional("gid", Type::Snowflake, "the guild"),
            Arg::optional("permissions", Type::TEXT, "what the user may do now, as a number in a text"),
        ],
    })),
    Row::new("DESCONNECT_GUILD", "the guild is connected no more: it is gone, or it could not be after a break")
        .reply(Type::Object(&Shape { name: "DmodGone", fields: &[GID] })),
    Row::new("CONNECT_GUILD", "the guild is connected again after a break; the data is that of the command's reply"),
    Row::new("APPLICATION_SESSION", "the session was begun again after a break; the data is that of the command's reply"),
    Row::new("AUTHENTICATED", "the server asked again who is there, and let in again")
        .reply(Type::Object(&AUTHENTICATED)),
];

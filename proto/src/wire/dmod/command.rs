//! What a client asks for. Authenticating and answering heartbeats is the client machine's own.
//!
//! Replies carry the name of the command and nothing that tells two of the same name apart, so they come in the order of the
//! commands. Replies of the session family are not in the document (`docs/dmod.md`).

use crate::wire::catalog::{Arg, Row, Shape, Type};

const GID: Arg = Arg::required("gid", Type::Snowflake, "the guild");
const TOKEN: Type = Type::text(1, 2048);
const UTOKH: Arg = Arg::required("utokh", TOKEN, "the user's token hash");
const UHASH: Arg = Arg::required("uhash", TOKEN, "the user's gateway hash");

const DONE: Type = Type::Object(&Shape {
    name: "DmodDone",
    fields: &[Arg::required("success", Type::Bool, "whether it was done; where not, the reply is an error")],
});

const GUILD: Shape = Shape {
    name: "DmodGuild",
    fields: &[
        Arg::required("count", Type::INT, "how many members there are"),
        Arg::required("banner", Type::Nullable(&Type::TEXT), "the hash of the banner"),
        Arg::required("icon", Type::Nullable(&Type::TEXT), "the hash of the icon"),
        Arg::required("premium_tier", Type::INT, "0 to 3"),
        Arg::required("verification_level", Type::INT, "0 to 4"),
        Arg::required("emojis", Type::list(&Type::Any), "the emojis"),
        Arg::required("current_invite_valid", Type::Bool, "whether the invite that is shown works"),
        Arg::required("vanity", Type::Nullable(&Type::TEXT), "the guild's own invite"),
    ],
};

const USER: Shape = Shape {
    name: "DmodUser",
    fields: &[
        Arg::required("id", Type::Snowflake, "who"),
        Arg::required("tag", Type::TEXT, "name#discriminator"),
        Arg::required("permissions", Type::TEXT, "what the user may do in the guild, as a number in a text"),
    ],
};

/// The commands, in the document's order.
pub const COMMANDS: &[Row] = &[
    Row::new("CONNECT_GUILD", "lets events of a guild come. There is one guild at a time: the one before is left")
        .args(&[Arg::required("token", TOKEN, "the guild application's token"), GID])
        .reply(Type::Object(&Shape {
            name: "DmodConnected",
            fields: &[
                Arg::required("guild", Type::Object(&GUILD), "the guild"),
                Arg::required("user", Type::Nullable(&Type::Object(&USER)), "the user in it; null without a user"),
            ],
        })),
    Row::new("DESCONNECT_GUILD", "lets them come no more").aliases(&["DISCONNECT_GUILD"]).args(&[GID]).reply(DONE),
    Row::new("APPLICATION_SESSION", "begins a live session of a guild's application; one at a time")
        .args(&[Arg::required("uid", Type::Snowflake, "the user"), GID, UTOKH, UHASH])
        .reply(Type::Object(&Shape {
            name: "DmodSession",
            fields: &[
                Arg::required("success", Type::Bool, "whether it began; where not, the reply is an error"),
                Arg::optional("gid", Type::Snowflake, "the guild"),
                Arg::optional("permissions", Type::TEXT, "what the user may do there, as a number in a text"),
            ],
        })),
    Row::new("APPLICATION_SESSION_END", "ends it").args(&[GID]).reply(DONE),
    Row::new("APPLICATION_SESSION_REAUTH", "says again who the session is, when APPLICATION_SESSION_REAUTH asks")
        .args(&[
            UTOKH,
            UHASH,
            Arg::required("pm", Type::text(1, 20), "what the user could do before, as a number in a text"),
        ])
        .reply(Type::Object(&Shape {
            name: "DmodReauth",
            fields: &[
                Arg::required("success", Type::Bool, "whether it goes on; where not, the reply is an error"),
                Arg::optional("permissions", Type::TEXT, "what the user may do now, as a number in a text"),
            ],
        })),
    Row::new("APPLICATION_SESSION_HB_M", "answers APPLICATION_SESSION_HB_P. It has no reply but that it was sent")
        .args(&[Arg::optional("gid", Type::Snowflake, "the guild")])
        .reply(Type::Null),
];

//! What a program asks of a connection that keeps what it has seen (`cache_bytes`); nothing of it is sent.

use crate::wire::catalog::{Arg, Row, Shape, Type};

const GUILD_ID: Arg = Arg::required("guild_id", Type::Snowflake, "of which guild");
const AFTER: Arg = Arg::optional("after", Type::Snowflake, "those with greater ids: the last one of the reply before");
const LIMIT: Arg = Arg::optional("limit", Type::int(1, 1000), "how many at most; 1000 unless given");
const MORE: Arg = Arg::required("more", Type::Bool, "whether there are more behind the last one");
const INCOMPLETE: Arg = Arg::required("incomplete", Type::Bool, "whether some are missing, for want of room");
const OF_GUILD: &[Arg] = &[GUILD_ID, AFTER, LIMIT];

/// The commands.
pub const CACHE_COMMANDS: &[Row] = &[
    Row::new("CACHED_STATE", "tells how much of Discord this connection keeps").reply(Type::Object(&Shape {
        name: "CachedState",
        fields: &[
            Arg::required("bytes", Type::INT, "what it takes"),
            Arg::required("most_bytes", Type::INT, "and what it may take: cache_bytes"),
            Arg::required("guilds", Type::INT, "how many guilds are there"),
            Arg::required("channels", Type::INT, "channels, threads and direct messages"),
            Arg::required("roles", Type::INT, "roles"),
            Arg::required("members", Type::INT, "members, of each guild apart"),
            Arg::required("voice_states", Type::INT, "who is in voice"),
            Arg::required("presences", Type::INT, "who is not offline"),
            Arg::required(
                "unavailable",
                Type::list(&Type::Snowflake),
                "guilds in an outage, or that have not come yet",
            ),
            Arg::required("evicted", Type::INT, "things that were let go of for want of room"),
            Arg::required("refused", Type::INT, "things that were not taken in for want of room"),
        ],
    })),
    Row::new("CACHED_USER", "gives the user whose connection it is; null before READY").reply(Type::Any),
    Row::new("CACHED_GUILDS", "gives guilds, by id, each without what has a command of its own")
        .args(&[AFTER, LIMIT])
        .reply(Type::Object(&Shape {
            name: "CachedGuilds",
            fields: &[Arg::required("guilds", Type::list(&Type::Any), "the guilds"), MORE],
        })),
    Row::new("CACHED_GUILD", "gives a guild, and how much of it is kept").args(&[GUILD_ID]).reply(Type::Object(
        &Shape {
            name: "CachedGuild",
            fields: &[
                Arg::required(
                    "guild",
                    Type::Any,
                    "as Discord sent it, without what is counted here; null when it is not kept",
                ),
                Arg::required("unavailable", Type::Bool, "whether it is in an outage, or has not come yet"),
                Arg::required("channels", Type::INT, "how many are kept"),
                Arg::required("roles", Type::INT, "the same"),
                Arg::required("members", Type::INT, "the same"),
                Arg::required("voice_states", Type::INT, "the same"),
                Arg::required("presences", Type::INT, "the same"),
                Arg::required(
                    "incomplete",
                    Type::list(&Type::TEXT),
                    "of which of them some are missing, for want of room",
                ),
            ],
        },
    )),
    Row::new("CACHED_CHANNELS", "gives a guild's channels and threads, by id; without a guild, direct messages")
        .args(&[Arg::optional("guild_id", Type::Snowflake, "of which guild"), AFTER, LIMIT])
        .reply(Type::Object(&Shape {
            name: "CachedChannels",
            fields: &[Arg::required("channels", Type::list(&Type::Any), "the channels"), MORE, INCOMPLETE],
        })),
    Row::new("CACHED_CHANNEL", "gives a channel of whatever guild; null when it is not kept")
        .args(&[Arg::required("channel_id", Type::Snowflake, "which")])
        .reply(Type::Any),
    Row::new("CACHED_ROLES", "gives a guild's roles, by id").args(OF_GUILD).reply(Type::Object(&Shape {
        name: "CachedRoles",
        fields: &[Arg::required("roles", Type::list(&Type::Any), "the roles"), MORE, INCOMPLETE],
    })),
    Row::new("CACHED_MEMBERS", "gives the members of a guild that came to be seen, by id").args(OF_GUILD).reply(
        Type::Object(&Shape {
            name: "CachedMembers",
            fields: &[Arg::required("members", Type::list(&Type::Any), "the members"), MORE, INCOMPLETE],
        }),
    ),
    Row::new("CACHED_MEMBER", "gives all that is kept of a user in a guild")
        .args(&[GUILD_ID, Arg::required("user_id", Type::Snowflake, "who")])
        .reply(Type::Object(&Shape {
            name: "CachedMember",
            fields: &[
                Arg::required("member", Type::Any, "the member; null when it is not kept"),
                Arg::required("presence", Type::Any, "the presence; null when offline, or not kept"),
                Arg::required("voice_state", Type::Any, "the voice state; null when not in voice, or not kept"),
            ],
        })),
    Row::new("CACHED_VOICE_STATES", "gives who is in voice in a guild, by id").args(OF_GUILD).reply(Type::Object(
        &Shape {
            name: "CachedVoiceStates",
            fields: &[Arg::required("voice_states", Type::list(&Type::Any), "the voice states"), MORE, INCOMPLETE],
        },
    )),
    Row::new("CACHED_PRESENCES", "gives who is not offline in a guild, by id").args(OF_GUILD).reply(Type::Object(
        &Shape {
            name: "CachedPresences",
            fields: &[Arg::required("presences", Type::list(&Type::Any), "the presences"), MORE, INCOMPLETE],
        },
    )),
];

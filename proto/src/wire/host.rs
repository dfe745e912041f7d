//! What the host program may ask of a server that it runs, and what the server tells it: the catalog of `gb_send` on a
//! server, of its DISPATCH events and of its REQUESTs.
//!
//! These are our own words, not Discord's: peers never see them. The host stands for all that happens outside of its
//! game (another player appears, asks to join, invites), so it drives the world by these commands. Tables only; the
//! door (`server::rpc`) carries them out.

use super::catalog::{self, Arg, Row, Shape, Type};
use super::rpc::activity::ACTIVITY;
use super::rpc::objects::PARTIAL_USER;
use crate::error::{Error, Status};
use crate::value::Value;

const OPTIONAL_TEXT: Type = Type::Nullable(&Type::TEXT);
const USER: Type = Type::Object(&PARTIAL_USER);
const TEXTS: Type = Type::list(&Type::TEXT);
const TOKEN: Type = Type::text(1, usize::MAX);
const PEER: Type = Type::int(1, u32::MAX as i64);

const GUILD: Type = Type::Object(&Shape {
    name: "HostGuild",
    fields: &[
        Arg::required("id", Type::Snowflake, "its id"),
        Arg::required("name", Type::TEXT, "its name"),
        Arg::required("icon", OPTIONAL_TEXT, "hash of its picture"),
    ],
});

const APPLICATION: Type = Type::Object(&Shape {
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
        Arg::required("testers", Type::list(&Type::Snowflake), "who may authorise it before that"),
    ],
});

const REACHED: Type = Type::Object(&Shape {
    name: "Reached",
    fields: &[Arg::required("peers", Type::INT, "how many subscribed peers were told")],
});

const PEER_STATE: Type = Type::Object(&Shape {
    name: "HostPeer",
    fields: &[
        Arg::required("peer", PEER, "its number"),
        Arg::required("transport", Type::Names(&["ipc", "websocket"]), "how it is connected"),
        Arg::required("client_id", Type::Nullable(&Type::Snowflake), "as which application; null before its handshake"),
        Arg::required("authenticated", Type::Bool, "whether it showed a token"),
        Arg::required("scopes", TEXTS, "what it may do"),
        Arg::required("subscriptions", TEXTS, "the events it asked for"),
    ],
});

const ACTIVITY_STATE: Type = Type::Object(&Shape {
    name: "HostActivity",
    fields: &[
        Arg::required("user_id", Type::Snowflake, "whose"),
        Arg::required("application_id", Type::Snowflake, "in which application"),
        Arg::required("activity", Type::Object(&ACTIVITY), "what it says"),
    ],
});

const JOIN_REQUEST: Type = Type::Object(&Shape {
    name: "HostJoinRequest",
    fields: &[
        Arg::required("user_id", Type::Snowflake, "who asks"),
        Arg::required("application_id", Type::Nullable(&Type::Snowflake), "which application's game; null is any"),
    ],
});

const INVITATION: &[Arg] = &[
    Arg::required("secret", Type::text(1, 128), "the inviter's secret, as its game set it"),
    Arg::optional("application_id", Type::Snowflake, "the game it is for; every one unless given"),
];

/// The commands.
pub const COMMANDS: &[Row] = &[
    Row::new("USER_CREATE", "makes another player")
        .args(&[
            Arg::required("username", Type::text(2, 32), "what it is called"),
            Arg::optional("discriminator", Type::text(1, 4), "four digits, or \"0\", which it is unless given"),
            Arg::optional("global_name", OPTIONAL_TEXT, "the name that is shown"),
            Arg::optional("avatar", OPTIONAL_TEXT, "hash of its picture"),
            Arg::optional("bot", Type::Bool, "whether it is a bot"),
        ])
        .reply(USER),
    Row::new("GUILD_CREATE", "makes a guild that the local user is in; peers hear of it")
        .args(&[
            Arg::required("name", Type::text(2, 100), "what it is called"),
            Arg::optional("icon", OPTIONAL_TEXT, "hash of its picture"),
        ])
        .reply(GUILD),
    Row::new("APPLICATION_REGISTER", "makes an application known, or known differently")
        .args(&[
            Arg::required("id", Type::Snowflake, "its client id"),
            Arg::optional("name", Type::text(1, 128), "its name; its id unless given"),
            Arg::optional("description", Type::TEXT, "what it says of itself"),
            Arg::optional("icon", OPTIONAL_TEXT, "hash of its picture"),
            Arg::optional(
                "rpc_origins",
                TEXTS,
                "Origins that may connect as it over WebSocket, compared exactly; https://localhost unless given",
            ),
            Arg::optional("redirect_uris", TEXTS, "what a token exchange may name; any unless given"),
            Arg::optional("secret", TOKEN, "what a token exchange has to show; nothing unless given"),
            Arg::optional("approved", Type::Bool, "whether anybody may authorise it; true unless given"),
            Arg::optional(
                "testers",
                Type::Array { of: &Type::Snowflake, min: 0, max: 50 },
                "users who may authorise it before it is approved",
            ),
        ])
        .reply(APPLICATION),
    Row::new("ACTIVITY_JOIN", "the local user accepts an invitation to join").args(INVITATION).reply(REACHED),
    Row::new("ACTIVITY_SPECTATE", "the local user accepts an invitation to watch").args(INVITATION).reply(REACHED),
    Row::new("ACTIVITY_JOIN_REQUEST", "another player asks to join; JOIN_REQUEST_ANSWERED tells what the game says")
        .args(&[
            Arg::required("user_id", Type::Snowflake, "who; made by USER_CREATE"),
            Arg::optional("application_id", Type::Snowflake, "the game it is about; every one unless given"),
        ])
        .reply(REACHED),
    Row::new("TOKEN_EXCHANGE", "makes an access token from the code of an AUTHORIZE, as POST /oauth2/token does")
        .args(&[
            Arg::required("code", TOKEN, "the code; it works once"),
            Arg::required("client_id", Type::Snowflake, "the application that was authorised"),
            Arg::optional("client_secret", Type::TEXT, "its secret, when it has one"),
            Arg::optional("redirect_uri", Type::TEXT, "one of its redirect URIs"),
        ])
        .reply(Type::Object(&Shape {
            name: "TokenReply",
            fields: &[
                Arg::required("access_token", Type::TEXT, "for AUTHENTICATE"),
                Arg::required("token_type", Type::Names(&["Bearer"]), "what kind it is"),
                Arg::required("expires_in", Type::INT, "for how many seconds it works"),
                Arg::required("refresh_token", Type::TEXT, "for the next one"),
                Arg::required("scope", Type::TEXT, "what it allows, separated by spaces"),
            ],
        })),
    Row::new("TOKEN_REVOKE", "takes a token back; who authenticated with it is closed with 4003")
        .args(&[Arg::required("access_token", TOKEN, "the access token, or the refresh token that came with it")])
        .reply(Type::Object(&Shape {
            name: "Revoked",
            fields: &[Arg::required("peers", Type::INT, "how many peers were closed")],
        })),
    Row::new("STATE", "what the server holds").reply(Type::Object(&Shape {
        name: "HostState",
        fields: &[
            Arg::required("user", USER, "the local user"),
            Arg::required("guest", Type::Bool, "whether it is a guest account"),
            Arg::required("peers", Type::list(&PEER_STATE), "who is connected"),
            Arg::required("activities", Type::list(&ACTIVITY_STATE), "what the local user does"),
            Arg::required("join_requests", Type::list(&JOIN_REQUEST), "who waits for an answer"),
            Arg::required("users", Type::list(&USER), "every user"),
            Arg::required("guilds", Type::list(&GUILD), "every guild"),
            Arg::required("applications", Type::list(&APPLICATION), "every registered application"),
        ],
    })),
    Row::new("PEER_CLOSE", "closes a peer's connection")
        .args(&[
            Arg::required("peer", PEER, "its number, as events tell it"),
            Arg::optional("code", Type::int(1000, 4999), "the close code; 1000 unless given"),
            Arg::optional("message", Type::text(0, 123), "the reason that the peer is told"),
        ])
        .reply(PEER_STATE),
];

const WHO: &[Arg] = &[
    Arg::required("client_id", Type::Snowflake, "the application"),
    Arg::required("scopes", TEXTS, "what it may do"),
    Arg::required("user", USER, "on whose behalf"),
];

/// The DISPATCH events. `peer` of the event says which peer it is about.
pub const EVENTS: &[Row] = &[
    Row::new("PEER_CONNECTED", "a peer was let in and got its READY")
        .reply(Type::Object(&Shape {
            name: "PeerConnected",
            fields: &[
                Arg::required("transport", Type::Names(&["ipc", "websocket"]), "how"),
                Arg::required("client_id", Type::Snowflake, "as which application"),
                Arg::required("name", Type::TEXT, "that application's name"),
            ],
        }))
        .not_callable(),
    Row::new("PEER_DISCONNECTED", "a peer that had connected is gone; with code and message when the server closed it")
        .reply(Type::Object(&Shape {
            name: "PeerDisconnected",
            fields: &[Arg::required("client_id", Type::Snowflake, "as which application it was connected")],
        }))
        .not_callable(),
    Row::new("AUTHORIZED", "a peer got a code for these scopes")
        .reply(Type::Object(&Shape { name: "Authorized", fields: WHO }))
        .not_callable(),
    Row::new("AUTHENTICATED", "a peer showed a token with these scopes")
        .reply(Type::Object(&Shape { name: "Authenticated", fields: WHO }))
        .not_callable(),
    Row::new("ACTIVITY_UPDATE", "a peer set another activity, cleared it, or left")
        .reply(Type::Object(&Shape {
            name: "ActivityUpdate",
            fields: &[
                Arg::required("user_id", Type::Snowflake, "whose"),
                Arg::required("application_id", Type::Snowflake, "in which application"),
                Arg::required("activity", Type::Nullable(&Type::Object(&ACTIVITY)), "what it says; null when it ended"),
            ],
        }))
        .not_callable(),
    Row::new(
        "JOIN_REQUEST_ANSWERED",
        "a player who had asked to join was answered: by a peer, the host, a policy, or time",
    )
    .reply(Type::Object(&Shape {
        name: "JoinRequestAnswered",
        fields: &[
            Arg::required("user", USER, "who had asked"),
            Arg::required(
                "application_id",
                Type::Nullable(&Type::Snowflake),
                "which game it was about; null when it was about any, and none is played",
            ),
            Arg::required("accepted", Type::Bool, "whether the player may come"),
            Arg::required("secret", OPTIONAL_TEXT, "the join secret that the player is handed, if the game set one"),
        ],
    }))
    .not_callable(),
];

/// The REQUESTs: what the host is asked, to be settled once by an answer. Status OK allows, any other denies.
pub const REQUESTS: &[Row] = &[
    Row::new("AUTHORIZE", "a peer asks for the user's consent (with `consent` \"ask\"); no answer in time denies it")
        .reply(Type::Object(&Shape {
            name: "AuthorizeRequest",
            fields: &[
                Arg::required("application", APPLICATION, "which application"),
                Arg::required("scopes", TEXTS, "what it wants to do"),
                Arg::required("username", OPTIONAL_TEXT, "what it wants to call the guest account"),
            ],
        }))
        .not_callable(),
    Row::new(
        "ACTIVITY_JOIN_REQUEST",
        "a player asks to join (with `join_requests` \"ask\"); a peer may answer first, and no answer in time denies it",
    )
    .reply(Type::Object(&Shape {
        name: "JoinRequest",
        fields: &[
            Arg::required("user", USER, "who asks"),
            Arg::required("application_id", Type::Nullable(&Type::Snowflake), "which game it is about; null is any"),
        ],
    }))
    .not_callable(),
];

/// The row of a command.
pub fn command(name: &str) -> Option<&'static Row> {
    COMMANDS.iter().find(|row| row.is_named(name))
}

/// The row of a DISPATCH event.
pub fn event(name: &str) -> Option<&'static Row> {
    EVENTS.iter().find(|row| row.is_named(name))
}

/// The row of the command that a host wants to send. Unlike a peer's, one that no row describes is refused: these are our
/// own words, so there is nobody who could know it.
///
/// # Errors
/// [`Status::Argument`] when the name is a command's but for its case, or an event's; else [`Status::Unsupported`].
pub fn check_name(name: &str) -> Result<Option<&'static Row>, Error> {
    let row = catalog::named(name, ("command", COMMANDS), ("an event", EVENTS))?;
    if row.is_none() {
        let known: Vec<&str> = COMMANDS.iter().map(|row| row.name).collect();
        let sentence = format!("{name}: no command of a server; there are {}", known.join(", "));
        return Err(Error::new(Status::Unsupported, sentence));
    }
    Ok(row)
}

/// Whether a server takes this command, as [`check_name`] says, with these arguments.
pub fn check(name: &str, args: Value<'_>) -> Result<(), Error> {
    check_name(name)?.map_or(Ok(()), |row| catalog::check(row, args))
}

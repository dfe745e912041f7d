//! What concerns games: invitations, applications, what is owned of them, and tokens.

use super::objects::{self, MOMENT, OPTIONAL_TEXT, TEXTS};
use crate::wire::catalog::{Arg, Row, Shape, Type};

const TOKEN: Type = Type::text(1, usize::MAX);
const CLIENT_ID: Arg = Arg::required("client_id", Type::Snowflake, "the application");
const CLIENT_SECRET: Arg = Arg::optional("client_secret", Type::TEXT, "its secret, when it has one");

const REACHED: Type = Type::Object(&Shape {
    name: "Reached",
    fields: &[Arg::required("peers", Type::INT, "how many subscribed peers were told")],
});

const TOKEN_REPLY: Type = Type::Object(&Shape {
    name: "TokenReply",
    fields: &[
        Arg::required("access_token", Type::TEXT, "for AUTHENTICATE"),
        Arg::required("token_type", Type::Names(&["Bearer"]), "what kind it is"),
        Arg::required("expires_in", Type::INT, "for how many seconds it works"),
        Arg::required("refresh_token", Type::TEXT, "for the next one"),
        Arg::required("scope", Type::TEXT, "what it allows, separated by spaces"),
    ],
});

const BOT: Type = Type::Object(&Shape {
    name: "HostBot",
    fields: &[
        Arg::required("id", Type::Snowflake, "the user that it acts as"),
        Arg::required("application_id", Type::Snowflake, "whose bot it is"),
        Arg::required("user", Type::Object(&objects::USER), "that user"),
        Arg::required("token", Type::TEXT, "what it shows: in IDENTIFY, and behind `Bot` in Authorization"),
        Arg::required("refused_intents", Type::INT, "bits of the privileged intents that it may not ask for"),
    ],
});

const LOGIN: Type = Type::Object(&Shape {
    name: "HostLogin",
    fields: &[
        Arg::required("user_id", Type::Snowflake, "as whom"),
        Arg::required("token", Type::TEXT, "what the client shows: in IDENTIFY, and as the whole of Authorization"),
    ],
});

const INVITATION: &[Arg] = &[
    Arg::required("secret", Type::text(1, 128), "the inviter's secret, as its game set it"),
    Arg::optional("application_id", Type::Snowflake, "the game it is for; every one unless given"),
];

pub(super) const ROWS: &[Row] = &[
    Row::new("ACTIVITY_JOIN", "the local user accepts an invitation to join").args(INVITATION).reply(REACHED),
    Row::new("ACTIVITY_SPECTATE", "the local user accepts an invitation to watch").args(INVITATION).reply(REACHED),
    Row::new("ACTIVITY_JOIN_REQUEST", "another player asks to join; JOIN_REQUEST_ANSWERED tells what the game says")
        .args(&[
            Arg::required("user_id", Type::Snowflake, "who; made by USER_CREATE"),
            Arg::optional("application_id", Type::Snowflake, "the game it is about; every one unless given"),
        ])
        .reply(REACHED),
    Row::new("ACTIVITY_INVITE", "another player invites the local user to what they play, by a direct message")
        .args(&[
            Arg::required("user_id", Type::Snowflake, "who invites"),
            Arg::required("application_id", Type::Snowflake, "into which application's game"),
        ])
        .reply(Type::Object(&objects::MESSAGE)),
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
        .reply(Type::Object(&objects::APPLICATION)),
    Row::new("BOT_CREATE", "gives an application its bot, which is a user in no guild yet")
        .args(&[
            Arg::required("application_id", Type::Snowflake, "whose"),
            Arg::optional("username", Type::text(2, 32), "its name; the application's unless given"),
            Arg::optional("token", Type::text(8, 256), "what it shows; a fresh one unless given"),
            Arg::optional(
                "refused_intents",
                Type::int(0, 0xFFFF_FFFF),
                "bits of the privileged intents that it may not ask for (4014); none unless given",
            ),
        ])
        .reply(BOT),
    Row::new(
        "LOGIN_CREATE",
        "lets a client be a user, as Discord's own does; one that the user had before is none any more",
    )
    .args(&[
        Arg::optional("user_id", Type::Snowflake, "which, and no bot; the local user unless given"),
        Arg::optional("token", Type::text(8, 256), "what it shows; a fresh one unless given"),
    ])
    .reply(LOGIN),
    Row::new("ENTITLEMENT_CREATE", "lets a user own something of an application")
        .args(&[
            Arg::required("application_id", Type::Snowflake, "whose"),
            Arg::optional("user_id", Type::Snowflake, "the owner; the local user unless given"),
            Arg::optional("sku_id", Type::Snowflake, "of what; a number of the server's own unless given"),
            Arg::optional("type", Type::int(1, 8), "how it came; 1, bought, unless given"),
            Arg::optional("guild_id", Type::Snowflake, "for which guild"),
            Arg::optional("starts_ms", MOMENT, "from when, in Unix milliseconds"),
            Arg::optional("ends_ms", MOMENT, "until when, in Unix milliseconds"),
            Arg::optional("consumed", Type::Bool, "whether it was used up already; it was not unless given"),
        ])
        .reply(Type::Object(&objects::ENTITLEMENT)),
    Row::new("ENTITLEMENT_DELETE", "takes it away; the reply is what it was")
        .args(&[Arg::required("entitlement_id", Type::Snowflake, "which")])
        .reply(Type::Object(&objects::ENTITLEMENT)),
    Row::new("TOKEN_CREATE", "makes an access token without anybody being asked, for tests")
        .args(&[
            CLIENT_ID,
            Arg::required("scopes", Type::Array { of: &TOKEN, min: 1, max: 64 }, "what it allows"),
            Arg::optional("user_id", Type::Snowflake, "on whose behalf; the local user unless given"),
        ])
        .reply(TOKEN_REPLY),
    Row::new("TOKEN_EXCHANGE", "makes an access token from the code of an AUTHORIZE, as POST /oauth2/token does")
        .args(&[
            Arg::required("code", TOKEN, "the code; it works once"),
            CLIENT_ID,
            CLIENT_SECRET,
            Arg::optional("redirect_uri", Type::TEXT, "one of its redirect URIs"),
        ])
        .reply(TOKEN_REPLY),
    Row::new("TOKEN_REFRESH", "makes an access token from the refresh token of an earlier one, which works no more")
        .args(&[Arg::required("refresh_token", TOKEN, "the refresh token"), CLIENT_ID, CLIENT_SECRET])
        .reply(TOKEN_REPLY),
    Row::new("TOKEN_REVOKE", "takes a token back; who authenticated with it is closed with 4003")
        .args(&[Arg::required("access_token", TOKEN, "the access token, or the refresh token that came with it")])
        .reply(Type::Object(&Shape {
            name: "Revoked",
            fields: &[Arg::required("peers", Type::INT, "how many peers were closed")],
        })),
    Row::new(
        "RPC_TOKEN_CREATE",
        "makes a one-time `rpc_token`, with which AUTHORIZE asks nobody, as POST /oauth2/token/rpc does",
    )
    .args(&[CLIENT_ID, CLIENT_SECRET])
    .reply(Type::Object(&Shape {
        name: "RpcTokenReply",
        fields: &[Arg::required("rpc_token", Type::TEXT, "for AUTHORIZE; it works once")],
    })),
];

//! What a server tells its host, and what it asks.
//!
//! The host knows what it did itself; these events tell what others did: peers by their commands, and applications through the
//! API. Their names are those of RPC or of the Gateway where there is such an event.

use super::objects::{
    APPLICATION, CHANNEL, ENTITLEMENT, GUILD, MEMBER, MESSAGE, OPTIONAL_ID, OPTIONAL_TEXT, ROLE, TEXTS, USER,
    USER_VOICE_SETTINGS, VOICE_CONNECTION, VOICE_STATE,
};
use super::{channels, server};
use crate::wire::catalog::{Arg, Row, Shape, Type};
use crate::wire::rpc::activity::ACTIVITY;
use crate::wire::rpc::objects::{CERTIFIED_DEVICE, PARTIAL_USER, VOICE_SETTINGS};

const WHO: &[Arg] = &[
    Arg::required("client_id", Type::Snowflake, "the application"),
    Arg::required("scopes", TEXTS, "what it may do"),
    Arg::required("user", Type::Object(&PARTIAL_USER), "on whose behalf"),
];

const GONE: Type = Type::Object(&Shape {
    name: "HostGone",
    fields: &[Arg::required("id", Type::Snowflake, "what is there no longer")],
});

const OF_MEMBER: Type = Type::Object(&Shape {
    name: "HostMemberEvent",
    fields: &[
        Arg::required("guild_id", Type::Snowflake, "in which guild"),
        Arg::required("user_id", Type::Snowflake, "who"),
        Arg::required(
            "member",
            Type::Nullable(&Type::Object(&MEMBER)),
            "as it is now; null for who is in it no longer",
        ),
    ],
});

const OF_ROLE: Type = Type::Object(&Shape {
    name: "HostRoleEvent",
    fields: &[
        Arg::required("guild_id", Type::Snowflake, "in which guild"),
        Arg::required("role_id", Type::Snowflake, "which"),
        Arg::required("role", Type::Nullable(&Type::Object(&ROLE)), "as it is now; null when it is gone"),
    ],
});

/// The DISPATCH events. `peer` of the event says which peer it is about, or who did it.
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
        "ACTIVITY_MATCH_ENDED",
        "the match that an activity was about (`instance` with a `match` secret) is over: who asked to be notified is",
    )
    .reply(Type::Object(&Shape {
        name: "ActivityMatchEnded",
        fields: &[
            Arg::required("user_id", Type::Snowflake, "who is free again"),
            Arg::required("application_id", Type::Snowflake, "in which application it was played"),
        ],
    }))
    .not_callable(),
    Row::new("ACCOUNT_UPDATE", "peers meet another account, or nobody's: a Discord was started or quit")
        .reply(Type::Object(&Shape {
            name: "AccountUpdate",
            fields: &[
                server::ACCOUNT_KIND,
                server::ACCOUNT_USER,
                Arg::required("reason", Type::TEXT, "why, in a sentence"),
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
            Arg::required("user", Type::Object(&PARTIAL_USER), "who had asked"),
            Arg::required(
                "application_id",
                OPTIONAL_ID,
                "which game it was about; null when it was about any, and none is played",
            ),
            Arg::required("accepted", Type::Bool, "whether the player may come"),
            Arg::required("secret", OPTIONAL_TEXT, "the join secret that the player is handed, if the game set one"),
        ],
    }))
    .not_callable(),
    Row::new("USER_UPDATE", "the local user got another name: the one that an AUTHORIZE gave the guest")
        .reply(Type::Object(&USER))
        .not_callable(),
    Row::new("TEXT_CHANNEL_SELECT", "a peer showed the local user a text channel, or none")
        .reply(Type::Object(&channels::SELECTED))
        .not_callable(),
    Row::new("VOICE_CHANNEL_SELECT", "a peer had the local user join a voice channel, or leave")
        .reply(Type::Object(&channels::SELECTED))
        .not_callable(),
    Row::new("VOICE_CONNECTION_STATUS", "the local user's voice connection changed by what a peer did")
        .reply(Type::Object(&VOICE_CONNECTION))
        .not_callable(),
    Row::new("VOICE_STATE_UPDATE", "a user came into voice, left, or is different there, by what a peer did")
        .reply(Type::Object(&VOICE_STATE))
        .not_callable(),
    Row::new("VOICE_SETTINGS_UPDATE", "a peer changed the voice settings, or left and they are as they were before")
        .reply(Type::Object(&VOICE_SETTINGS))
        .not_callable(),
    Row::new("USER_VOICE_SETTINGS_UPDATE", "a peer changed how somebody is heard")
        .reply(Type::Object(&USER_VOICE_SETTINGS))
        .not_callable(),
    Row::new("CERTIFIED_DEVICES_UPDATE", "a peer told of its maker's devices")
        .reply(Type::Object(&Shape {
            name: "CertifiedDevices",
            fields: &[Arg::required(
                "devices",
                Type::list(&Type::Object(&CERTIFIED_DEVICE)),
                "those that it tells of now, in order of priority",
            )],
        }))
        .not_callable(),
    Row::new("GUILD_CREATE", "an application created a guild").reply(Type::Object(&GUILD)).not_callable(),
    Row::new("GUILD_UPDATE", "an application changed a guild").reply(Type::Object(&GUILD)).not_callable(),
    Row::new("GUILD_DELETE", "an application removed a guild, or the local user from it").reply(GONE).not_callable(),
    Row::new("GUILD_MEMBER_ADD", "an application let a user into a guild").reply(OF_MEMBER).not_callable(),
    Row::new("GUILD_MEMBER_UPDATE", "an application changed a member").reply(OF_MEMBER).not_callable(),
    Row::new("GUILD_MEMBER_REMOVE", "an application put a user out of a guild").reply(OF_MEMBER).not_callable(),
    Row::new("GUILD_ROLE_CREATE", "an application made a role").reply(OF_ROLE).not_callable(),
    Row::new("GUILD_ROLE_UPDATE", "an application changed a role").reply(OF_ROLE).not_callable(),
    Row::new("GUILD_ROLE_DELETE", "an application removed a role").reply(OF_ROLE).not_callable(),
    Row::new("CHANNEL_CREATE", "an application created a channel").reply(Type::Object(&CHANNEL)).not_callable(),
    Row::new("CHANNEL_UPDATE", "an application changed a channel").reply(Type::Object(&CHANNEL)).not_callable(),
    Row::new("CHANNEL_DELETE", "an application removed a channel; what it was")
        .reply(Type::Object(&CHANNEL))
        .not_callable(),
    Row::new("MESSAGE_CREATE", "an application posted a message").reply(Type::Object(&MESSAGE)).not_callable(),
    Row::new("MESSAGE_UPDATE", "an application edited a message").reply(Type::Object(&MESSAGE)).not_callable(),
    Row::new("MESSAGE_DELETE", "an application removed a message")
        .reply(Type::Object(&Shape {
            name: "HostMessageGone",
            fields: &[
                Arg::required("id", Type::Snowflake, "which"),
                Arg::required("channel_id", Type::Snowflake, "where it stood"),
            ],
        }))
        .not_callable(),
    Row::new("ENTITLEMENT_CREATE", "an application let a user own something")
        .reply(Type::Object(&ENTITLEMENT))
        .not_callable(),
    Row::new("ENTITLEMENT_DELETE", "an application took it away; what it was")
        .reply(Type::Object(&ENTITLEMENT))
        .not_callable(),
    Row::new(
        "SCENARIO_STEP",
        "a step of the scenario was carried out, or failed: then with the status and the sentence",
    )
    .reply(Type::Object(&Shape {
        name: "ScenarioStep",
        fields: &[
            Arg::required("path", Type::TEXT, "where it stands in the scenario: `steps[3]`"),
            Arg::required("command", Type::TEXT, "what it did"),
            Arg::required("reply", Type::Any, "the command's reply; null when it failed"),
            Arg::required("error", OPTIONAL_TEXT, "why it failed"),
        ],
    }))
    .not_callable(),
    Row::new("SCENARIO_ENDED", "the scenario has no more steps, or was stopped")
        .reply(Type::Object(&server::SCENARIO_STATE))
        .not_callable(),
];

/// The REQUESTs: what the host is asked, to be settled once by an answer. Status OK allows, any other denies.
pub const REQUESTS: &[Row] = &[
    Row::new("AUTHORIZE", "a peer asks for the user's consent (with `consent` \"ask\"); no answer in time denies it")
        .reply(Type::Object(&Shape {
            name: "AuthorizeRequest",
            fields: &[
                Arg::required("application", Type::Object(&APPLICATION), "which application"),
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
            Arg::required("user", Type::Object(&PARTIAL_USER), "who asks"),
            Arg::required("application_id", OPTIONAL_ID, "which game it is about; null is any"),
        ],
    }))
    .not_callable(),
];

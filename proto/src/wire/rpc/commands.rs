//! The commands, in the order of Discord's documentation.

use std::time::Duration;

use super::activity::ACTIVITY;
use super::objects::{
    APPLICATION, CERTIFIED_DEVICE, CHANNEL, PAN, PARTIAL_CHANNEL, PARTIAL_GUILD, PARTIAL_USER, VOICE_SETTINGS,
    VOICE_SETTINGS_FIELDS,
};
use crate::error::Error;
use crate::value::Value;
use crate::wire::catalog::{self, Arg, Row, Scopes, Shape, Type, check};

const CHANNEL_OR_NULL: Type = Type::Nullable(&Type::Object(&CHANNEL));
const PATIENCE: Type = Type::int(0, i64::MAX);

const USER_VOICE_SETTINGS: &[Arg] = &[
    Arg::required("user_id", Type::Snowflake, "whose"),
    Arg::optional("pan", Type::Object(&PAN), "on which ear"),
    Arg::optional("volume", Type::int(0, 200), "how loud; 100 is normal"),
    Arg::optional("mute", Type::Bool, "whether the local user hears them"),
];

const SUBSCRIPTION: &[Arg] = &[
    Arg::required("evt", Type::text(1, usize::MAX), "which event"),
    Arg::optional("args", Type::Object(&Shape { name: "", fields: &[] }), "the event's own arguments"),
];

const SUBSCRIPTION_REPLY: Type = Type::Object(&Shape {
    name: "Subscription",
    fields: &[Arg::required("evt", Type::TEXT, "the event that is, or was, subscribed to")],
});

/// `evt` and `args` of a subscription against the event's own row. Events that no row describes pass.
fn subscription(args: Value<'_>) -> Result<(), Error> {
    let name = args.member("evt").as_str().unwrap_or_default();
    let row = catalog::named(name, ("event", super::EVENTS), ("a command", COMMANDS))
        .map_err(|error| Error::argument(format!("evt: {}", error.message)))?;
    let Some(row) = row else { return Ok(()) };
    if !row.callable {
        return Err(Error::argument(format!("evt: {} comes by itself and can't be subscribed to", row.name)));
    }
    // Beside `args` an argument would be ignored, and the sentence that it is missing would help nobody who sees it there.
    let (inner, needs) = (args.member("args"), row.args.iter().filter(|arg| arg.required));
    for arg in needs {
        if !inner.member(arg.name).exists() && args.member(arg.name).exists() {
            let sentence = format!("args.{}: missing; {0} stands inside args (of {})", arg.name, row.name);
            return Err(Error::argument(sentence));
        }
    }
    check(row, inner).map_err(|error| Error::argument(format!("args.{} (of {})", error.message, row.name)))
}

/// An activity whose members stand where `activity` should would clear the presence, and be answered as if all were well.
fn presence(args: Value<'_>) -> Result<(), Error> {
    if args.member("activity").exists() {
        return Ok(());
    }
    match ACTIVITY.fields.iter().find(|field| args.member(field.name).exists()) {
        Some(field) => {
            let sentence = format!("SET_ACTIVITY: activity: missing; {} stands inside activity", field.name);
            Err(Error::argument(sentence))
        }
        None => Ok(()),
    }
}

/// Every command of the documentation: 18 that a program can send, and DISPATCH.
pub const COMMANDS: &[Row] = &[
    Row::new("DISPATCH", "carries an event").not_callable(),
    Row::new("AUTHORIZE", "asks the user to let the application in; the reply's code is exchanged for a token")
        .args(&[
            Arg::required("client_id", Type::Snowflake, "the application"),
            Arg::required("scopes", Type::list(&Type::TEXT), "what it asks for"),
            Arg::optional("rpc_token", Type::TEXT, "spares the user the dialog, once"),
            Arg::optional("username", Type::TEXT, "name of a guest account, for who has no Discord"),
        ])
        .reply(Type::Object(&Shape {
            name: "Authorization",
            fields: &[Arg::required("code", Type::TEXT, "the OAuth2 authorization code")],
        }))
        // A person reads a dialog and clicks.
        .within(Duration::from_secs(600)),
    Row::new("AUTHENTICATE", "opens the other commands with an access token")
        .args(&[Arg::required("access_token", Type::text(1, usize::MAX), "the OAuth2 access token")])
        .reply(Type::Object(&Shape {
            name: "Authentication",
            fields: &[
                Arg::required("user", Type::Object(&PARTIAL_USER), "who"),
                Arg::required("scopes", Type::list(&Type::TEXT), "what the token allows"),
                Arg::required("expires", Type::Time, "until when"),
                Arg::required("application", Type::Object(&APPLICATION), "for which application"),
            ],
        })),
    Row::new("GET_GUILD", "one guild")
        .args(&[
            Arg::required("guild_id", Type::Snowflake, "which"),
            Arg::optional("timeout", Type::int(0, 60), "seconds that Discord waits for it"),
        ])
        .reply(Type::Object(&Shape {
            name: "Guild",
            fields: &[
                Arg::required("id", Type::Snowflake, "the guild's id"),
                Arg::required("name", Type::TEXT, "its name"),
                Arg::required("icon_url", Type::Nullable(&Type::TEXT), "its picture"),
                Arg::required("members", Type::list(&Type::Any), "always empty"),
            ],
        }))
        .any_of(&["rpc"])
        .peer_waits(),
    Row::new("GET_GUILDS", "the guilds that the user is in")
        .reply(Type::Object(&Shape {
            name: "Guilds",
            fields: &[Arg::required("guilds", Type::list(&Type::Object(&PARTIAL_GUILD)), "the guilds")],
        }))
        .any_of(&["rpc"]),
    Row::new("GET_CHANNEL", "one channel")
        .args(&[Arg::required("channel_id", Type::Snowflake, "which")])
        .reply(Type::Object(&CHANNEL))
        .any_of(&["rpc", "guilds.channels.read"]),
    Row::new("GET_CHANNELS", "a guild's channels")
        .args(&[Arg::required("guild_id", Type::Snowflake, "whose")])
        .reply(Type::Object(&Shape {
            name: "Channels",
            fields: &[Arg::required("channels", Type::list(&Type::Object(&PARTIAL_CHANNEL)), "the channels")],
        }))
        .any_of(&["rpc"]),
    Row::new("SUBSCRIBE", "asks for an event")
        .args(SUBSCRIPTION)
        .reply(SUBSCRIPTION_REPLY)
        .scopes(Scopes::OfEvent)
        .rule(subscription),
    Row::new("UNSUBSCRIBE", "asks for an event no longer; with the arguments that it was asked for with")
        .args(SUBSCRIPTION)
        .reply(SUBSCRIPTION_REPLY)
        .scopes(Scopes::OfEvent)
        .rule(subscription),
    Row::new("SET_USER_VOICE_SETTINGS", "how loud, and where, another user is heard")
        .args(USER_VOICE_SETTINGS)
        .reply(Type::Object(&Shape { name: "UserVoiceSettings", fields: USER_VOICE_SETTINGS }))
        .any_of(&["rpc", "rpc.voice.write"]),
    Row::new("SELECT_VOICE_CHANNEL", "joins a voice channel, or leaves")
        .args(&[
            Arg::required("channel_id", Type::Nullable(&Type::Snowflake), "which; null leaves"),
            Arg::optional("timeout", PATIENCE, "seconds that Discord tries"),
            Arg::optional("force", Type::Bool, "moves a user who is in another one; only when they agreed"),
            Arg::optional("navigate", Type::Bool, "shows the channel to the user as well, where it has text"),
        ])
        .reply(CHANNEL_OR_NULL)
        .any_of(&["rpc"])
        .peer_waits(),
    Row::new("GET_SELECTED_VOICE_CHANNEL", "the voice channel that the user is in")
        .reply(CHANNEL_OR_NULL)
        .any_of(&["rpc"]),
    Row::new("SELECT_TEXT_CHANNEL", "shows a text channel, or none")
        .args(&[
            Arg::required("channel_id", Type::Nullable(&Type::Snowflake), "which; null leaves"),
            Arg::optional("timeout", PATIENCE, "seconds that Discord tries"),
        ])
        .reply(CHANNEL_OR_NULL)
        .any_of(&["rpc"])
        .peer_waits(),
    Row::new("GET_VOICE_SETTINGS", "the voice settings")
        .reply(Type::Object(&VOICE_SETTINGS))
        .any_of(&["rpc", "rpc.voice.read"]),
    Row::new("SET_VOICE_SETTINGS", "changes the voice settings that are given; one program at a time, until it leaves")
        .args(VOICE_SETTINGS_FIELDS)
        .reply(Type::Object(&VOICE_SETTINGS))
        .any_of(&["rpc", "rpc.voice.write"]),
    Row::new("SET_CERTIFIED_DEVICES", "tells of a maker's devices that are connected")
        .args(&[Arg::required("devices", Type::list(&Type::Object(&CERTIFIED_DEVICE)), "in order of priority")])
        .reply(Type::Null)
        .any_of(&["rpc", "rpc.local"]),
    Row::new("SET_ACTIVITY", "shows what the player does, or nothing")
        .args(&[
            Arg::optional("pid", Type::int(0, u32::MAX as i64), "the game's process; the library's own unless given"),
            Arg::optional("activity", Type::Nullable(&Type::Object(&ACTIVITY)), "left out or null clears it"),
        ])
        .reply(Type::Nullable(&Type::Object(&ACTIVITY)))
        .any_of(&["rpc", "rpc.activities.write", "rpc.local"])
        .rule(presence),
    Row::new("SEND_ACTIVITY_JOIN_INVITE", "lets in who asked to join")
        .args(&[Arg::required("user_id", Type::Snowflake, "who asked")])
        .reply(Type::Null)
        .any_of(&["rpc", "rpc.local"]),
    Row::new("CLOSE_ACTIVITY_REQUEST", "turns down who asked to join")
        .args(&[Arg::required("user_id", Type::Snowflake, "who asked")])
        .reply(Type::Null)
        .any_of(&["rpc", "rpc.local"])
        .aliases(&["CLOSE_ACTIVITY_JOIN_REQUEST"]),
];

//! Voice: who is where, who speaks, how the local user is connected, and how everybody is heard.

use super::objects::{self, OPTIONAL_TEXT};
use crate::wire::catalog::{Arg, Row, Shape, Type};
use crate::wire::rpc::objects::{PAN, VOICE_CONNECTION_STATES, VOICE_SETTINGS, VOICE_SETTINGS_FIELDS};

const WHO: Arg = Arg::optional("user_id", Type::Snowflake, "who; the local user unless given");
const STATE: Type = Type::Object(&objects::VOICE_STATE);
const CONNECTION: Type = Type::Object(&objects::VOICE_CONNECTION);
const SETTINGS: Type = Type::Object(&VOICE_SETTINGS);

const DEVICE: Type = Type::Object(&Shape {
    name: "AudioDeviceChoice",
    fields: &[Arg::required("id", Type::text(1, 256), "its id"), Arg::required("name", Type::text(1, 256), "its name")],
});
const DEVICES: Type = Type::Array { of: &DEVICE, min: 1, max: 64 };

pub(super) const ROWS: &[Row] = &[
    Row::new("VOICE_JOIN", "a user joins a voice channel, leaving the one it was in")
        .args(&[Arg::required("channel_id", Type::Snowflake, "where"), WHO])
        .reply(STATE),
    Row::new("VOICE_LEAVE", "a user leaves voice").args(&[WHO]).reply(STATE),
    Row::new("VOICE_STATE_EDIT", "a user in voice mutes or deafens itself")
        .args(&[
            WHO,
            Arg::optional("self_mute", Type::Bool, "muted by themselves"),
            Arg::optional("self_deaf", Type::Bool, "deafened by themselves"),
        ])
        .reply(STATE),
    Row::new("SPEAKING_START", "a user in voice begins to speak").args(&[WHO]).reply(STATE),
    Row::new("SPEAKING_STOP", "a user in voice stops to speak").args(&[WHO]).reply(STATE),
    Row::new("VOICE_SERVERS_SET", "voice servers go away, or are back: who waited for them is let in")
        .args(&[Arg::required("available", Type::Bool, "whether there are any")])
        .reply(CONNECTION),
    Row::new("VOICE_CONNECTION_SET", "the local user's voice connection is in another state")
        .args(&[
            Arg::required("state", VOICE_CONNECTION_STATES, "which"),
            Arg::optional("hostname", OPTIONAL_TEXT, "the voice server; as it was unless given"),
        ])
        .reply(CONNECTION),
    Row::new("VOICE_PING", "the local user's voice connection measured a ping")
        .args(&[Arg::required("ms", Type::Num { min: 0.0, max: 60_000.0 }, "how long it took, in milliseconds")])
        .reply(CONNECTION),
    Row::new("AUDIO_DEVICES_SET", "says which microphones and headphones the machine has")
        .args(&[
            Arg::required("inputs", DEVICES, "microphones; the first is the default"),
            Arg::required("outputs", DEVICES, "headphones and speakers; the first is the default"),
        ])
        .reply(SETTINGS),
    Row::new("VOICE_SETTINGS_EDIT", "the user changes the voice settings by hand, which no peer's lock keeps out")
        .args(VOICE_SETTINGS_FIELDS)
        .reply(SETTINGS),
    Row::new("USER_VOICE_SETTINGS_EDIT", "the user changes by hand how another one is heard")
        .args(&[
            Arg::required("user_id", Type::Snowflake, "who is heard"),
            Arg::optional("volume", Type::int(0, 200), "how loud; 100 is normal"),
            Arg::optional("mute", Type::Bool, "whether nothing is heard of them"),
            Arg::optional("pan", Type::Object(&PAN), "on which ear"),
        ])
        .reply(Type::Object(&objects::USER_VOICE_SETTINGS)),
];

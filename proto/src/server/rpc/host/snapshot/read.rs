//! JSON that fits the catalog's shape into a state. What it means together is the world's to judge.

use std::collections::BTreeMap;

use crate::error::Error;
use crate::secret::Secret;
use crate::server::rpc::commands::voice_settings_edit;
use crate::server::rpc::host::deed::{KINDS, overwrite, permissions};
use crate::server::rpc::objects::activity;
use crate::value::Value;
use crate::world::{
    Application, AudioDevice, Bot, Channel, ChannelKind, Configured, Entitlement, Guild, JoinRequest, Login, Member,
    Message, Permissions, Presence, RelationshipKind, Role, SavedToken, Snowflake, State, Status, User, UserVoiceEdit,
    UserVoiceSettings, VoiceConnection, VoiceConnectionState, VoiceIo, VoiceMode, VoiceModeKind, VoiceSettings,
    VoiceState,
};

pub(super) fn state(root: Value<'_>, source: &[u8]) -> Result<State, Error> {
    Ok(State {
        last_id: Snowflake(id(root, "last_id")),
        local_user: id(root, "local_user"),
        guest: flag(root, "guest"),
        registered_only: flag(root, "registered_only"),
        users: list(root, "users", user),
        presences: list(root, "presences", |value| (id(value, "user_id"), presence(value))),
        relationships: list(root, "relationships", |value| (id(value, "user_id"), relationship(value))),
        guilds: try_list(root, "guilds", guild)?,
        channels: try_list(root, "channels", channel)?,
        messages: list(root, "messages", |value| message(value, source)),
        text_channel: optional_id(root, "text_channel"),
        voice_states: try_list(root, "voice_states", voice_state)?,
        voice_connection: voice_connection(root.member("voice_connection")),
        joining: optional_id(root, "joining"),
        voice_servers_available: flag(root, "voice_servers_available"),
        voice_settings: voice_settings(root.member("voice_settings"))?,
        user_voices: list(root, "user_voices", |value| (id(value, "user_id"), user_voice(value))),
        configured: list(root, "configured", configured),
        entitlements: list(root, "entitlements", entitlement),
        applications: list(root, "applications", application),
        bots: list(root, "bots", bot),
        logins: list(root, "logins", |value| Login {
            user: id(value, "user_id"),
            token: Secret::new(value.member("token").as_str().unwrap_or_default()),
        }),
        join_requests: list(root, "join_requests", |value| JoinRequest {
            from: id(value, "user_id"),
            application: optional_id(value, "application_id"),
        }),
        tokens: list(root, "tokens", token),
    })
}

fn list<'v, T>(object: Value<'v>, name: &str, read: impl FnMut(Value<'v>) -> T) -> Vec<T> {
    object.member(name).iter().map(read).collect()
}

/// A list of things of which not each that has the shape is one; the place of the first that is none.
fn try_list<'v, T>(
    object: Value<'v>,
    name: &str,
    mut read: impl FnMut(Value<'v>) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    let numbered = object.member(name).iter().enumerate();
    let within = |at: usize, error: Error| Error { message: format!("{name}[{at}].{}", error.message).into(), ..error };
    numbered.map(|(at, value)| read(value).map_err(|error| within(at, error))).collect()
}

fn id<T: From<u64>>(object: Value<'_>, name: &str) -> T {
    T::from(object.member(name).as_id().unwrap_or_default())
}

fn optional_id<T: From<u64>>(object: Value<'_>, name: &str) -> Option<T> {
    object.member(name).as_id().map(T::from)
}

fn ids<T: From<u64>>(object: Value<'_>, name: &str) -> Vec<T> {
    object.member(name).iter().filter_map(Value::as_id).map(T::from).collect()
}

fn text(object: Value<'_>, name: &str) -> Box<str> {
    object.member(name).as_str().unwrap_or_default().into()
}

fn optional_text(object: Value<'_>, name: &str) -> Option<Box<str>> {
    object.member(name).as_str().map(Box::from)
}

fn texts(object: Value<'_>, name: &str) -> Vec<Box<str>> {
    object.member(name).iter().filter_map(Value::as_str).map(Box::from).collect()
}

fn flag(object: Value<'_>, name: &str) -> bool {
    object.member(name).as_bool().unwrap_or_default()
}

fn number<N: TryFrom<i64>>(object: Value<'_>, name: &str) -> Option<N> {
    object.member(name).as_whole().and_then(|number| N::try_from(number).ok())
}

fn decimal(object: Value<'_>, name: &str) -> f64 {
    object.member(name).as_f64().unwrap_or_default()
}

fn user(value: Value<'_>) -> User {
    User {
        id: id(value, "id"),
        username: text(value, "username"),
        discriminator: text(value, "discriminator"),
        global_name: optional_text(value, "global_name"),
        avatar: optional_text(value, "avatar"),
        bot: flag(value, "bot"),
        flags: id(value, "flags"),
        premium_type: number(value, "premium_type").unwrap_or_default(),
    }
}

fn presence(value: Value<'_>) -> Presence {
    let shown = value.member("activity");
    let application = shown.member("application_id").as_id();
    Presence {
        status: value.member("status").as_str().and_then(Status::from_name).unwrap_or_default(),
        activity: application.map(|application| (application.into(), Box::new(activity::read(shown)))),
    }
}

fn relationship(value: Value<'_>) -> RelationshipKind {
    let name = value.member("type").as_str();
    RelationshipKind::ALL.iter().find(|(_, known)| Some(*known) == name).map(|(kind, _)| *kind).unwrap_or_default()
}

fn role(value: Value<'_>) -> Role {
    Role {
        id: id(value, "id"),
        name: text(value, "name"),
        color: number(value, "color").unwrap_or_default(),
        permissions: permissions(value.member("permissions")).unwrap_or(Permissions::NONE),
        position: number(value, "position").unwrap_or_default(),
        hoist: flag(value, "hoist"),
        mentionable: flag(value, "mentionable"),
    }
}

fn member(value: Value<'_>) -> Member {
    Member {
        user: id(value, "user_id"),
        nick: optional_text(value, "nick"),
        roles: ids(value, "roles"),
        joined_ms: number(value, "joined_ms").unwrap_or_default(),
        mute: flag(value, "mute"),
        deaf: flag(value, "deaf"),
    }
}

fn guild(value: Value<'_>) -> Result<Guild, Error> {
    let (mut roles, mut members) = (BTreeMap::new(), BTreeMap::new());
    for (at, role) in list(value, "roles", role).into_iter().enumerate() {
        if roles.insert(role.id, role).is_some() {
            return Err(Error::argument(format!("roles[{at}]: it is there already")));
        }
    }
    for (at, member) in list(value, "members", member).into_iter().enumerate() {
        if members.insert(member.user, member).is_some() {
            return Err(Error::argument(format!("members[{at}]: it is there already")));
        }
    }
    Ok(Guild {
        id: id(value, "id"),
        name: text(value, "name"),
        icon: optional_text(value, "icon"),
        owner: id(value, "owner_id"),
        available: flag(value, "available"),
        created_by: optional_id(value, "created_by"),
        roles,
        members,
    })
}

fn channel(value: Value<'_>) -> Result<Channel, Error> {
    let name = value.member("type").as_str();
    let kind = KINDS.iter().find(|(_, known)| Some(*known) == name);
    Ok(Channel {
        id: id(value, "id"),
        kind: kind.map_or(ChannelKind::GuildText, |(kind, _)| *kind),
        guild: optional_id(value, "guild_id"),
        name: text(value, "name"),
        topic: optional_text(value, "topic"),
        position: number(value, "position").unwrap_or_default(),
        bitrate: number(value, "bitrate").unwrap_or_default(),
        user_limit: number(value, "user_limit").unwrap_or_default(),
        overwrites: try_list(value, "overwrites", overwrite)?,
        recipients: ids(value, "recipients"),
        created_by: optional_id(value, "created_by"),
    })
}

fn message(value: Value<'_>, source: &[u8]) -> Message {
    Message {
        id: id(value, "id"),
        channel: id(value, "channel_id"),
        author: id(value, "user_id"),
        content: text(value, "content"),
        timestamp_ms: number(value, "timestamp_ms").unwrap_or_default(),
        edited_ms: number(value, "edited_ms"),
        tts: flag(value, "tts"),
        mentions: ids(value, "mentions"),
        mention_roles: ids(value, "mention_roles"),
        mention_everyone: flag(value, "mention_everyone"),
        pinned: flag(value, "pinned"),
        kind: number(value, "type").unwrap_or_default(),
        embeds: value.member("embeds").raw(source).into(),
        attachments: value.member("attachments").raw(source).into(),
    }
}

fn voice_state(value: Value<'_>) -> Result<VoiceState, Error> {
    let channel = optional_id(value, "channel_id");
    Ok(VoiceState {
        user: id(value, "user_id"),
        channel: channel.ok_or_else(|| Error::argument("channel_id: the channel expected, null given"))?,
        self_mute: flag(value, "self_mute"),
        self_deaf: flag(value, "self_deaf"),
        speaking: flag(value, "speaking"),
    })
}

fn voice_connection(value: Value<'_>) -> VoiceConnection {
    VoiceConnection {
        state: value.member("state").as_str().and_then(VoiceConnectionState::from_name).unwrap_or_default(),
        hostname: text(value, "hostname"),
        pings: list(value, "pings", |ping| ping.as_f64().unwrap_or_default()),
    }
}

/// All of the settings. As arguments any of them may be left out, so the catalog's shape asks for none.
fn voice_settings(value: Value<'_>) -> Result<VoiceSettings, Error> {
    let needed = [
        "input.device_id",
        "input.volume",
        "input.available_devices",
        "output.device_id",
        "output.volume",
        "output.available_devices",
        "mode.type",
        "mode.auto_threshold",
        "mode.threshold",
        "mode.shortcut",
        "mode.delay",
        "automatic_gain_control",
        "echo_cancellation",
        "noise_suppression",
        "qos",
        "silence_warning",
        "deaf",
        "mute",
    ];
    let found = |path: &&str| path.split('.').fold(value, Value::member).is_none();
    if let Some(path) = needed.into_iter().find(found) {
        return Err(Error::argument(format!("voice_settings.{path}: a value expected, nothing given")));
    }
    let edit = voice_settings_edit(value);
    Ok(VoiceSettings {
        input: voice_io(value.member("input")),
        output: voice_io(value.member("output")),
        mode: VoiceMode {
            kind: edit.mode.unwrap_or(VoiceModeKind::VoiceActivity),
            auto_threshold: edit.auto_threshold.unwrap_or_default(),
            threshold: edit.threshold.unwrap_or_default(),
            shortcut: edit.shortcut.unwrap_or_default(),
            delay: edit.delay.unwrap_or_default(),
        },
        automatic_gain_control: edit.automatic_gain_control.unwrap_or_default(),
        echo_cancellation: edit.echo_cancellation.unwrap_or_default(),
        noise_suppression: edit.noise_suppression.unwrap_or_default(),
        qos: edit.qos.unwrap_or_default(),
        silence_warning: edit.silence_warning.unwrap_or_default(),
        deaf: edit.deaf.unwrap_or_default(),
        mute: edit.mute.unwrap_or_default(),
    })
}

fn voice_io(value: Value<'_>) -> VoiceIo {
    VoiceIo {
        device: text(value, "device_id"),
        volume: decimal(value, "volume"),
        available: list(value, "available_devices", |device| AudioDevice {
            id: text(device, "id"),
            name: text(device, "name"),
        }),
    }
}

fn user_voice(value: Value<'_>) -> UserVoiceSettings {
    UserVoiceSettings {
        left: decimal(value.member("pan"), "left"),
        right: decimal(value.member("pan"), "right"),
        volume: number(value, "volume").unwrap_or_default(),
        mute: flag(value, "mute"),
    }
}

fn configured(value: Value<'_>) -> Configured {
    let users = list(value, "users", |value| {
        let pan = value.member("pan");
        let edit = UserVoiceEdit {
            pan: pan.member("left").as_f64().zip(pan.member("right").as_f64()),
            volume: number(value, "volume"),
            mute: value.member("mute").as_bool(),
        };
        (id(value, "user_id"), edit)
    });
    Configured {
        application: id(value, "application_id"),
        settings: voice_settings_edit(value.member("settings")),
        users: users.into_iter().collect(),
    }
}

fn entitlement(value: Value<'_>) -> Entitlement {
    Entitlement {
        id: id(value, "id"),
        sku: id(value, "sku_id"),
        application: id(value, "application_id"),
        user: id(value, "user_id"),
        kind: number(value, "type").unwrap_or_default(),
        guild: optional_id(value, "guild_id"),
        starts_ms: number(value, "starts_ms"),
        ends_ms: number(value, "ends_ms"),
        consumed: flag(value, "consumed"),
        deleted: false,
    }
}

fn application(value: Value<'_>) -> Application {
    Application {
        id: id(value, "id"),
        name: text(value, "name"),
        description: text(value, "description"),
        icon: optional_text(value, "icon"),
        rpc_origins: texts(value, "rpc_origins"),
        redirect_uris: texts(value, "redirect_uris"),
        secret: value.member("secret").as_str().map(Secret::new),
        approved: flag(value, "approved"),
        testers: ids(value, "testers"),
    }
}

fn bot(value: Value<'_>) -> Bot {
    Bot {
        application: id(value, "application_id"),
        user: id(value, "user_id"),
        token: Secret::new(value.member("token").as_str().unwrap_or_default()),
        refused_intents: value.member("refused_intents").as_id().unwrap_or(0),
    }
}

fn token(value: Value<'_>) -> SavedToken {
    let secret = |name| Secret::new(value.member(name).as_str().unwrap_or_default());
    SavedToken {
        access: secret("access_token"),
        refresh: secret("refresh_token"),
        application: id(value, "application_id"),
        user: id(value, "user_id"),
        scopes: texts(value, "scopes").into(),
        expires_ms: number(value, "expires_ms").unwrap_or_default(),
    }
}

//! A state into JSON.

use super::VERSION;
use crate::server::rpc::host::objects::{self, ids, moment};
use crate::server::rpc::objects::{activity, texts, voice_settings};
use crate::wire::json::{Object, array};
use crate::world::{
    Activity, Application, ApplicationId, Bot, Configured, Presence, RelationshipKind, SavedToken, Secrets, State,
    User, UserId, UserVoiceEdit, VoiceModeKind, VoiceSettingsEdit,
};

pub(super) fn write(out: &mut Vec<u8>, state: &State, secrets: bool) {
    let State {
        last_id,
        local_user,
        guest,
        registered_only,
        users,
        presences,
        relationships,
        guilds,
        channels,
        messages,
        text_channel,
        voice_states,
        voice_connection,
        joining,
        voice_servers_available,
        voice_settings: settings,
        user_voices,
        configured: configurations,
        entitlements,
        applications,
        bots,
        logins,
        join_requests,
        tokens,
    } = state;
    let object = Object::begin(out)
        .int("snapshot", VERSION)
        .id("last_id", last_id.0)
        .id("local_user", local_user.get())
        .bool("guest", *guest)
        .bool("registered_only", *registered_only)
        .with("users", |out| array(out, users, user))
        .with("presences", |out| array(out, presences, |out, (user, shown)| presence(out, *user, shown, secrets)))
        .with("relationships", |out| array(out, relationships, |out, (user, kind)| relationship(out, *user, *kind)))
        .with("guilds", |out| array(out, guilds, objects::guild))
        .with("channels", |out| array(out, channels, objects::channel))
        .with("messages", |out| array(out, messages, objects::message))
        .opt_id("text_channel", text_channel.map(|id| id.get()))
        .with("voice_states", |out| {
            array(out, voice_states, |out, state| objects::voice_state(out, state.user, Some(state)));
        })
        .with("voice_connection", |out| objects::voice_connection(out, voice_connection))
        .opt_id("joining", joining.map(|id| id.get()))
        .bool("voice_servers_available", *voice_servers_available)
        .with("voice_settings", |out| voice_settings(out, settings))
        .with("user_voices", |out| {
            array(out, user_voices, |out, (user, heard)| objects::user_voice(out, *user, *heard));
        })
        .with("configured", |out| array(out, configurations, configured))
        .with("entitlements", |out| array(out, entitlements, objects::entitlement))
        .with("applications", |out| array(out, applications, |out, one| application(out, one, secrets)))
        .with("join_requests", |out| array(out, join_requests, objects::join_request));
    if secrets {
        let object = object.with("bots", |out| array(out, bots, bot));
        let object = object.with("logins", |out| array(out, logins, objects::login));
        object.with("tokens", |out| array(out, tokens, token)).end();
    } else {
        object.end();
    }
}

fn bot(out: &mut Vec<u8>, bot: &Bot) {
    Object::begin(out)
        .id("application_id", bot.application.get())
        .id("user_id", bot.user.get())
        .str("token", bot.token.reveal())
        .id("refused_intents", bot.refused_intents)
        .end();
}

fn user(out: &mut Vec<u8>, user: &User) {
    Object::begin(out)
        .id("id", user.id.get())
        .str("username", &user.username)
        .str("discriminator", &user.discriminator)
        .opt_str("global_name", user.global_name.as_deref())
        .opt_str("avatar", user.avatar.as_deref())
        .bool("bot", user.bot)
        .id("flags", user.flags)
        .int("premium_type", user.premium_type.into())
        .end();
}

fn presence(out: &mut Vec<u8>, user: UserId, presence: &Presence, secrets: bool) {
    Object::begin(out)
        .id("user_id", user.get())
        .str("status", presence.status.name())
        .with("activity", |out| match &presence.activity {
            Some((application, shown)) if secrets => activity::write_exact(out, shown, *application),
            Some((application, shown)) => {
                let shown = Activity { secrets: Secrets::default(), ..(**shown).clone() };
                activity::write_exact(out, &shown, *application);
            }
            None => out.extend_from_slice(b"null"),
        })
        .end();
}

fn relationship(out: &mut Vec<u8>, user: UserId, kind: RelationshipKind) {
    let name = RelationshipKind::ALL.iter().find(|(known, _)| *known == kind).map_or("NONE", |(_, name)| name);
    Object::begin(out).id("user_id", user.get()).str("type", name).end();
}

fn application(out: &mut Vec<u8>, application: &Application, secrets: bool) {
    let mut object = Object::begin(out)
        .id("id", application.id.get())
        .str("name", &application.name)
        .str("description", &application.description)
        .opt_str("icon", application.icon.as_deref())
        .with("rpc_origins", |out| texts(out, &application.rpc_origins))
        .with("redirect_uris", |out| texts(out, &application.redirect_uris));
    if let Some(secret) = application.secret.as_ref().filter(|_| secrets) {
        object = object.str("secret", secret.reveal());
    }
    object
        .bool("approved", application.approved)
        .with("testers", |out| ids(out, application.testers.iter().map(|tester| tester.get())))
        .end();
}

/// What an application set: only that, in the words of SET_VOICE_SETTINGS.
fn configured(out: &mut Vec<u8>, configured: &Configured) {
    let Configured { application, settings, users } = configured;
    Object::begin(out)
        .opt_id("application_id", Some(ApplicationId::get(*application)))
        .with("settings", |out| edit(out, settings))
        .with("users", |out| array(out, users, |out, (user, edit)| user_edit(out, *user, edit)))
        .end();
}

fn user_edit(out: &mut Vec<u8>, user: UserId, edit: &UserVoiceEdit) {
    let mut object = Object::begin(out).id("user_id", user.get());
    if let Some(volume) = edit.volume {
        object = object.int("volume", volume.into());
    }
    if let Some(mute) = edit.mute {
        object = object.bool("mute", mute);
    }
    if let Some((left, right)) = edit.pan {
        object = object.with("pan", |out| Object::begin(out).num("left", left).num("right", right).end());
    }
    object.end();
}

fn edit(out: &mut Vec<u8>, edit: &VoiceSettingsEdit) {
    let VoiceSettingsEdit { mode, shortcut, .. } = edit;
    let io = |device: &Option<Box<str>>, volume: Option<f64>| {
        (device.is_some() || volume.is_some()).then(|| {
            let mut out = Vec::new();
            let mut object = Object::begin(&mut out);
            if let Some(device) = device {
                object = object.str("device_id", device);
            }
            if let Some(volume) = volume {
                object = object.num("volume", volume);
            }
            object.end();
            out
        })
    };
    let mut object = Object::begin(out);
    for (name, io) in
        [("input", io(&edit.input_device, edit.input_volume)), ("output", io(&edit.output_device, edit.output_volume))]
    {
        if let Some(io) = io {
            object = object.raw(name, &io);
        }
    }
    let set = edit.auto_threshold.is_some() || edit.threshold.is_some() || edit.delay.is_some();
    if set || mode.is_some() || shortcut.is_some() {
        object = object.with("mode", |out| {
            let mut object = Object::begin(out);
            if let Some(mode) = mode {
                let push_to_talk = *mode == VoiceModeKind::PushToTalk;
                object = object.str("type", if push_to_talk { "PUSH_TO_TALK" } else { "VOICE_ACTIVITY" });
            }
            if let Some(auto) = edit.auto_threshold {
                object = object.bool("auto_threshold", auto);
            }
            if let Some(threshold) = edit.threshold {
                object = object.num("threshold", threshold);
            }
            if let Some(keys) = shortcut {
                object = object.with("shortcut", |out| {
                    array(out, keys, |out, key| {
                        Object::begin(out)
                            .int("type", key.kind.into())
                            .int("code", key.code)
                            .str("name", &key.name)
                            .end();
                    });
                });
            }
            if let Some(delay) = edit.delay {
                object = object.num("delay", delay);
            }
            object.end();
        });
    }
    for (name, flag) in [
        ("automatic_gain_control", edit.automatic_gain_control),
        ("echo_cancellation", edit.echo_cancellation),
        ("noise_suppression", edit.noise_suppression),
        ("qos", edit.qos),
        ("silence_warning", edit.silence_warning),
        ("deaf", edit.deaf),
        ("mute", edit.mute),
    ] {
        if let Some(flag) = flag {
            object = object.bool(name, flag);
        }
    }
    object.end();
}

fn token(out: &mut Vec<u8>, token: &SavedToken) {
    Object::begin(out)
        .str("access_token", token.access.reveal())
        .str("refresh_token", token.refresh.reveal())
        .id("application_id", token.application.get())
        .id("user_id", token.user.get())
        .with("scopes", |out| texts(out, &token.scopes))
        .with("expires_ms", |out| moment(out, Some(token.expires_ms)))
        .end();
}

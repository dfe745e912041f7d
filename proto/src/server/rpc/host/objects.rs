//! The world's things in the host's words ([`crate::wire::host::objects`]): all of it, and exactly.

use super::deed::KINDS;
use crate::server::rpc::objects::{activity, texts};
use crate::wire::json::{Object, array, or_null, push_int, push_num, push_str};
use crate::world::{
    ApplicationId, Bot, CertifiedDevice, Channel, ChannelId, DeviceKind, Entitlement, Guild, JoinRequest, Login,
    Member, Message, Overwrite, OverwriteOf, Permissions, RelationshipKind, Role, User, UserId, UserVoiceSettings,
    VoiceConnection, VoiceState, World,
};

pub(super) use crate::server::rpc::objects::{host_application as application, token, voice_settings};

pub(super) fn ids(out: &mut Vec<u8>, ids: impl IntoIterator<Item = u64>) {
    array(out, ids, |out, id| push_str(out, &id.to_string()));
}

/// A number that JSON holds as it is: what is stored is never beyond it, but for what nobody could have meant.
pub(super) fn moment(out: &mut Vec<u8>, unix_ms: Option<u64>) {
    or_null(out, unix_ms.map(|unix_ms| i64::try_from(unix_ms).unwrap_or(i64::MAX)), push_int);
}

pub(super) fn bot(out: &mut Vec<u8>, world: &World, bot: &Bot) {
    Object::begin(out)
        .id("id", bot.user.get())
        .id("application_id", bot.application.get())
        .with("user", |out| or_null(out, world.user(bot.user), |out, known| user(out, world, known)))
        .str("token", bot.token.reveal())
        .with("refused_intents", |out| out.extend_from_slice(bot.refused_intents.to_string().as_bytes()))
        .end();
}

pub(super) fn login(out: &mut Vec<u8>, login: &Login) {
    Object::begin(out).id("user_id", login.user.get()).str("token", login.token.reveal()).end();
}

pub(super) fn user(out: &mut Vec<u8>, world: &World, user: &User) {
    let presence = world.presence(user.id);
    let relationship = RelationshipKind::ALL.iter().find(|(kind, _)| *kind == world.relationship(user.id));
    Object::begin(out)
        .id("id", user.id.get())
        .str("username", &user.username)
        .str("discriminator", &user.discriminator)
        .opt_str("global_name", user.global_name.as_deref())
        .opt_str("avatar", user.avatar.as_deref())
        .bool("bot", user.bot)
        .with("flags", |out| moment(out, Some(user.flags)))
        .int("premium_type", user.premium_type.into())
        .str("relationship", relationship.map_or("NONE", |(_, name)| name))
        .str("status", presence.status.name())
        .with("activity", |out| {
            or_null(out, presence.activity.as_ref(), |out, (application, shown)| {
                activity::write_exact(out, shown, *application);
            });
        })
        .end();
}

/// By name; by number where there are bits without a name.
pub(super) fn permissions(out: &mut Vec<u8>, permissions: Permissions) {
    let named = Permissions::NAMES.iter().fold(Permissions::NONE, |all, (_, bits)| all | *bits);
    if permissions.without(named) != Permissions::NONE {
        return moment(out, Some(permissions.0));
    }
    let held = Permissions::NAMES.iter().filter(|(_, bits)| permissions.contains(*bits));
    array(out, held, |out, (name, _)| push_str(out, name));
}

pub(super) fn role(out: &mut Vec<u8>, role: &Role) {
    Object::begin(out)
        .id("id", role.id.get())
        .str("name", &role.name)
        .int("color", role.color.into())
        .with("permissions", |out| permissions(out, role.permissions))
        .int("position", role.position.into())
        .bool("hoist", role.hoist)
        .bool("mentionable", role.mentionable)
        .end();
}

pub(super) fn member(out: &mut Vec<u8>, member: &Member) {
    Object::begin(out)
        .id("user_id", member.user.get())
        .opt_str("nick", member.nick.as_deref())
        .with("roles", |out| ids(out, member.roles.iter().map(|role| role.get())))
        .with("joined_ms", |out| moment(out, Some(member.joined_ms)))
        .bool("mute", member.mute)
        .bool("deaf", member.deaf)
        .end();
}

pub(super) fn guild(out: &mut Vec<u8>, guild: &Guild) {
    Object::begin(out)
        .id("id", guild.id.get())
        .str("name", &guild.name)
        .opt_str("icon", guild.icon.as_deref())
        .id("owner_id", guild.owner.get())
        .bool("available", guild.available)
        .opt_id("created_by", guild.created_by.map(ApplicationId::get))
        .with("roles", |out| array(out, guild.roles.values(), role))
        .with("members", |out| array(out, guild.members.values(), member))
        .end();
}

fn overwrite(out: &mut Vec<u8>, overwrite: &Overwrite) {
    let object = match overwrite.of {
        OverwriteOf::Role(role) => Object::begin(out).id("role_id", role.get()),
        OverwriteOf::Member(user) => Object::begin(out).id("user_id", user.get()),
    };
    object
        .with("allow", |out| permissions(out, overwrite.allow))
        .with("deny", |out| permissions(out, overwrite.deny))
        .end();
}

pub(super) fn channel(out: &mut Vec<u8>, channel: &Channel) {
    let kind = KINDS.iter().find(|(kind, _)| *kind == channel.kind);
    Object::begin(out)
        .id("id", channel.id.get())
        .str("type", kind.map_or("GUILD_TEXT", |(_, name)| name))
        .opt_id("guild_id", channel.guild.map(|guild| guild.get()))
        .str("name", &channel.name)
        .opt_str("topic", channel.topic.as_deref())
        .int("position", channel.position.into())
        .int("bitrate", channel.bitrate.into())
        .int("user_limit", channel.user_limit.into())
        .with("overwrites", |out| array(out, &channel.overwrites, overwrite))
        .with("recipients", |out| ids(out, channel.recipients.iter().map(|user| user.get())))
        .opt_id("created_by", channel.created_by.map(ApplicationId::get))
        .end();
}

pub(super) fn message(out: &mut Vec<u8>, message: &Message) {
    let parts = |parts: &[u8]| if parts.is_empty() { b"[]".to_vec() } else { parts.to_vec() };
    Object::begin(out)
        .id("id", message.id.get())
        .id("channel_id", message.channel.get())
        .id("user_id", message.author.get())
        .str("content", &message.content)
        .with("timestamp_ms", |out| moment(out, Some(message.timestamp_ms)))
        .with("edited_ms", |out| moment(out, message.edited_ms))
        .bool("tts", message.tts)
        .with("mentions", |out| ids(out, message.mentions.iter().map(|user| user.get())))
        .with("mention_roles", |out| ids(out, message.mention_roles.iter().map(|role| role.get())))
        .bool("mention_everyone", message.mention_everyone)
        .bool("pinned", message.pinned)
        .int("type", message.kind.into())
        .raw("embeds", &parts(&message.embeds))
        .raw("attachments", &parts(&message.attachments))
        .end();
}

/// A user's, who may be in no channel.
pub(super) fn voice_state(out: &mut Vec<u8>, user: UserId, state: Option<&VoiceState>) {
    Object::begin(out)
        .id("user_id", user.get())
        .opt_id("channel_id", state.map(|state| state.channel.get()))
        .bool("self_mute", state.is_some_and(|state| state.self_mute))
        .bool("self_deaf", state.is_some_and(|state| state.self_deaf))
        .bool("speaking", state.is_some_and(|state| state.speaking))
        .end();
}

pub(super) fn voice_connection(out: &mut Vec<u8>, connection: &VoiceConnection) {
    Object::begin(out)
        .str("state", connection.state.name())
        .str("hostname", &connection.hostname)
        .with("pings", |out| array(out, &connection.pings, |out, ping| push_num(out, *ping)))
        .end();
}

pub(in crate::server::rpc) fn user_voice(out: &mut Vec<u8>, user: UserId, heard: UserVoiceSettings) {
    Object::begin(out)
        .id("user_id", user.get())
        .int("volume", heard.volume.into())
        .bool("mute", heard.mute)
        .with("pan", |out| Object::begin(out).num("left", heard.left).num("right", heard.right).end())
        .end();
}

pub(super) fn entitlement(out: &mut Vec<u8>, entitlement: &Entitlement) {
    Object::begin(out)
        .id("id", entitlement.id.get())
        .id("sku_id", entitlement.sku.get())
        .id("application_id", entitlement.application.get())
        .id("user_id", entitlement.user.get())
        .int("type", entitlement.kind.into())
        .opt_id("guild_id", entitlement.guild.map(|guild| guild.get()))
        .with("starts_ms", |out| moment(out, entitlement.starts_ms))
        .with("ends_ms", |out| moment(out, entitlement.ends_ms))
        .bool("consumed", entitlement.consumed)
        .end();
}

/// A channel that the local user looks at, or is in.
pub(super) fn selected(out: &mut Vec<u8>, world: &World, channel: Option<ChannelId>) {
    let guild = channel.and_then(|id| world.channel(id)).and_then(|channel| channel.guild);
    Object::begin(out)
        .opt_id("channel_id", channel.map(|id| id.get()))
        .opt_id("guild_id", guild.map(|id| id.get()))
        .end();
}

pub(super) fn join_request(out: &mut Vec<u8>, request: &JoinRequest) {
    Object::begin(out)
        .id("user_id", request.from.get())
        .opt_id("application_id", request.application.map(ApplicationId::get))
        .end();
}

/// CERTIFIED_DEVICES_UPDATE's data.
pub(in crate::server::rpc) fn certified_devices(out: &mut Vec<u8>, devices: &[CertifiedDevice]) {
    let maker = |out: &mut Vec<u8>, (name, url): &(Box<str>, Box<str>)| {
        Object::begin(out).str("name", name).str("url", url).end();
    };
    let device = |out: &mut Vec<u8>, device: &CertifiedDevice| {
        let kind = match device.kind {
            DeviceKind::AudioInput => "audioinput",
            DeviceKind::AudioOutput => "audiooutput",
            DeviceKind::VideoInput => "videoinput",
        };
        let mut object = Object::begin(out)
            .str("type", kind)
            .str("id", &device.id)
            .with("vendor", |out| maker(out, &device.vendor))
            .with("model", |out| maker(out, &device.model))
            .with("related", |out| texts(out, &device.related));
        for (name, flag) in [
            ("echo_cancellation", device.echo_cancellation),
            ("noise_suppression", device.noise_suppression),
            ("automatic_gain_control", device.automatic_gain_control),
            ("hardware_mute", device.hardware_mute),
        ] {
            if let Some(flag) = flag {
                object = object.bool(name, flag);
            }
        }
        object.end();
    };
    Object::begin(out).with("devices", |out| array(out, devices, device)).end();
}

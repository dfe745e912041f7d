//! The world's things as the API and the Gateway write them, in each version's words.
//!
//! RPC has shapes of its own ([`super::rpc`]); what stands here is the same at the REST and at the Gateway door. Members that
//! the world knows nothing of say what they say of a thing that nobody ever touched. Source: the inventories of objects and
//! of what changed between versions.

use super::rpc::activity;
use crate::wire::gateway::Intents;
use crate::wire::json::{Object, array, or_null, push_str};
use crate::wire::rest::Version;
use crate::world::{
    ApplicationId, Channel, ChannelId, ChannelKind, Guild, GuildId, Member, Message, Overwrite, OverwriteOf,
    Permissions, Role, Status, Timestamp, User, UserId, World,
};

pub(super) fn ids<T: Copy>(out: &mut Vec<u8>, ids: &[T], number: impl Fn(T) -> u64) {
    array(out, ids, |out, id| push_str(out, &number(*id).to_string()));
}

/// Permissions under this name: a number, or a text, or both.
fn permissions<'o>(object: Object<'o>, version: Version, name: &str, bits: Permissions) -> Object<'o> {
    let text = bits.0.to_string();
    if version.has_permissions_as_text() {
        return object.str(name, &text);
    }
    let object = object.raw(name, text.as_bytes());
    match version.has_permissions_new() {
        true => object.str(&format!("{name}_new"), &text),
        false => object,
    }
}

/// A user, as others see it.
pub(super) fn user(out: &mut Vec<u8>, user: &User) {
    public(out, user).end();
}

/// The user whom the token is for.
pub(super) fn current_user(out: &mut Vec<u8>, user: &User) {
    public(out, user)
        .bool("mfa_enabled", false)
        .bool("verified", true)
        .opt_str("email", None)
        .str("locale", "en-US")
        .raw("flags", user.flags.to_string().as_bytes())
        .int("premium_type", user.premium_type.into())
        .end();
}

fn public<'o>(out: &'o mut Vec<u8>, user: &User) -> Object<'o> {
    Object::begin(out)
        .id("id", user.id.get())
        .str("username", &user.username)
        .str("discriminator", &user.discriminator)
        .opt_str("global_name", user.global_name.as_deref())
        .opt_str("avatar", user.avatar.as_deref())
        .bool("bot", user.bot)
        .raw("public_flags", user.flags.to_string().as_bytes())
}

/// A user of whom only the id is certain to be known.
pub(super) fn user_of(out: &mut Vec<u8>, world: &World, id: UserId) {
    match world.user(id) {
        Some(known) => user(out, known),
        None => Object::begin(out)
            .id("id", id.get())
            .str("username", "Deleted User")
            .str("discriminator", "0000")
            .opt_str("avatar", None)
            .end(),
    }
}

/// A guild as GET /users/@me/guilds lists it.
pub(super) fn partial_guild(out: &mut Vec<u8>, guild: &Guild, version: Version, of: UserId, allowed: Permissions) {
    let object = Object::begin(out)
        .id("id", guild.id.get())
        .str("name", &guild.name)
        .opt_str("icon", guild.icon.as_deref())
        .bool("owner", guild.owner == of);
    permissions(object, version, "permissions", allowed).raw("features", b"[]").end();
}

/// A guild. What the world does not know of is as in a guild whose owner never touched its settings.
pub(super) fn guild(out: &mut Vec<u8>, guild: &Guild, version: Version) {
    of_guild(Object::begin(out), guild, version).end();
}

/// An application's flags: which of the privileged intents it was granted, as one is whose bot is in few guilds. Some clients
/// (discord.http) look before they ask for one.
pub(super) fn application_flags(world: &World, application: ApplicationId) -> i64 {
    let Some(bot) = world.bot(application) else { return 0 };
    let granted = |(intent, flag): (&str, i64)| {
        let refused = Intents::named(intent).is_some_and(|intent| bot.refused_intents & intent.0 != 0);
        if refused { 0 } else { flag }
    };
    [("GUILD_PRESENCES", 1 << 13), ("GUILD_MEMBERS", 1 << 15), ("MESSAGE_CONTENT", 1 << 19)].map(granted).iter().sum()
}

/// The members of a guild's object.
pub(super) fn of_guild<'o>(object: Object<'o>, guild: &Guild, version: Version) -> Object<'o> {
    let object = object
        .id("id", guild.id.get())
        .str("name", &guild.name)
        .opt_str("icon", guild.icon.as_deref())
        .opt_str("splash", None)
        .id("owner_id", guild.owner.get())
        .str("region", "local")
        .opt_str("afk_channel_id", None)
        .int("afk_timeout", 300);
    let object = match version.has_widget() {
        true => object.bool("widget_enabled", false).opt_str("widget_channel_id", None),
        false => object.bool("embed_enabled", false).opt_str("embed_channel_id", None),
    };
    object
        .int("verification_level", 0)
        .int("default_message_notifications", 0)
        .int("explicit_content_filter", 0)
        .int("mfa_level", 0)
        .with("roles", |out| array(out, guild.roles.values(), |out, one| role(out, one, version)))
        .raw("emojis", b"[]")
        .raw("features", b"[]")
        .opt_id("application_id", guild.created_by.map(|id| id.get()))
        .opt_str("system_channel_id", None)
        .int("system_channel_flags", 0)
        .opt_str("rules_channel_id", None)
        .opt_str("public_updates_channel_id", None)
        .opt_str("safety_alerts_channel_id", None)
        .opt_str("vanity_url_code", None)
        .opt_str("description", None)
        .opt_str("banner", None)
        .opt_str("discovery_splash", None)
        .int("max_members", 500_000)
        .int("max_video_channel_users", 25)
        .bool("premium_progress_bar_enabled", false)
        .int("premium_subscription_count", 0)
        .int("premium_tier", 0)
        .int("nsfw_level", 0)
        .str("preferred_locale", "en-US")
        .raw("stickers", b"[]")
}

/// A role.
pub(super) fn role(out: &mut Vec<u8>, role: &Role, version: Version) {
    let object = Object::begin(out)
        .id("id", role.id.get())
        .str("name", &role.name)
        .int("color", role.color.into())
        .with("colors", |out| {
            let object = Object::begin(out).int("primary_color", role.color.into());
            object.opt_str("secondary_color", None).opt_str("tertiary_color", None).end();
        })
        .bool("hoist", role.hoist)
        .int("position", role.position.into())
        .int("flags", 0);
    permissions(object, version, "permissions", role.permissions)
        .bool("managed", false)
        .bool("mentionable", role.mentionable)
        .end();
}

/// A member.
pub(super) fn member(out: &mut Vec<u8>, world: &World, member: &Member) {
    of_member(Object::begin(out).with("user", |out| user_of(out, world, member.user)), member).end();
}

/// What a member is besides its user.
pub(super) fn of_member<'o>(object: Object<'o>, member: &Member) -> Object<'o> {
    object
        .int("flags", 0)
        .bool("pending", false)
        .opt_str("nick", member.nick.as_deref())
        .with("roles", |out| ids(out, &member.roles, |id| id.get()))
        .str("joined_at", &Timestamp(member.joined_ms).to_string())
        .bool("deaf", member.deaf)
        .bool("mute", member.mute)
}

fn overwrite(out: &mut Vec<u8>, overwrite: &Overwrite, version: Version) {
    let (id, number, word) = match overwrite.of {
        OverwriteOf::Role(id) => (id.get(), 0, "role"),
        OverwriteOf::Member(id) => (id.get(), 1, "member"),
    };
    let object = Object::begin(out).id("id", id);
    let object = match version.has_overwrite_numbers() {
        true => object.int("type", number),
        false => object.str("type", word),
    };
    let object = permissions(object, version, "allow", overwrite.allow);
    permissions(object, version, "deny", overwrite.deny).end();
}

/// A channel, as this user sees it: of direct messages the recipients are the others.
pub(super) fn channel(out: &mut Vec<u8>, world: &World, channel: &Channel, version: Version, of: UserId) {
    let mut object = Object::begin(out).id("id", channel.id.get());
    object = match version.has_channel_numbers() {
        true => object.int("type", channel.kind as i64),
        false => object
            .str("type", if channel.kind == ChannelKind::GuildVoice { "voice" } else { "text" })
            .bool("is_private", channel.guild.is_none()),
    };
    if let Some(guild) = channel.guild {
        object = object
            .id("guild_id", guild.get())
            .str("name", &channel.name)
            .int("position", channel.position.into())
            .with("permission_overwrites", |out| {
                array(out, &channel.overwrites, |out, one| overwrite(out, one, version));
            })
            .opt_str("parent_id", None)
            .bool("nsfw", false);
    } else {
        let others = channel.recipients.iter().filter(|id| **id != of);
        if let Some(other) = others.clone().next().filter(|_| !version.has_channel_numbers()) {
            object = object.with("recipient", |out| user_of(out, world, *other));
        }
        object = object.with("recipients", |out| array(out, others, |out, id| user_of(out, world, *id)));
    }
    match channel.kind {
        ChannelKind::GuildText => {
            object = object.opt_str("topic", channel.topic.as_deref()).int("rate_limit_per_user", 0);
        }
        ChannelKind::GuildVoice => {
            object = object.int("bitrate", channel.bitrate.into()).int("user_limit", channel.user_limit.into());
        }
        ChannelKind::GroupDm => {
            let owner = channel.recipients.first().map(|id| id.get());
            object = object.str("name", &channel.name).opt_str("icon", None).opt_id("owner_id", owner);
        }
        ChannelKind::Dm => {}
    }
    if channel.kind.has_text() {
        let last = world.messages(channel.id).next_back().map(|message| message.id.get());
        object = object.opt_id("last_message_id", last);
    }
    object.opt_id("application_id", channel.created_by.map(|id| id.get())).end();
}

/// A message; `nonce` is what its poster gave with it, as JSON.
pub(super) fn message(out: &mut Vec<u8>, world: &World, message: &Message, nonce: Option<&[u8]>) {
    let object = of_message(Object::begin(out), world, message, true);
    match nonce {
        Some(nonce) => object.raw("nonce", nonce).end(),
        None => object.end(),
    }
}

/// The members of a message's object; without `content` what it says is left empty, for who may not read it.
pub(super) fn of_message<'o>(object: Object<'o>, world: &World, message: &Message, content: bool) -> Object<'o> {
    let edited = message.edited_ms.map(|at| Timestamp(at).to_string());
    let or_empty = |json: &[u8], out: &mut Vec<u8>| out.extend_from_slice(if json.is_empty() { b"[]" } else { json });
    let (text, embeds, attachments): (_, &[u8], &[u8]) = match content {
        true => (&*message.content, &message.embeds, &message.attachments),
        false => ("", b"", b""),
    };
    object
        .id("id", message.id.get())
        .id("channel_id", message.channel.get())
        .int("type", message.kind.into())
        .str("content", text)
        .with("author", |out| user_of(out, world, message.author))
        .str("timestamp", &Timestamp(message.timestamp_ms).to_string())
        .opt_str("edited_timestamp", edited.as_deref())
        .bool("tts", message.tts)
        .bool("mention_everyone", message.mention_everyone)
        .with("mentions", |out| array(out, &message.mentions, |out, id| user_of(out, world, *id)))
        .with("mention_roles", |out| ids(out, &message.mention_roles, |id| id.get()))
        .with("attachments", |out| or_empty(attachments, out))
        .with("embeds", |out| or_empty(embeds, out))
        .bool("pinned", message.pinned)
        .int("flags", 0)
}

/// What a user does and whether they are there, as a guild's presences say it.
pub(super) fn presence<'o>(object: Object<'o>, world: &World, of: UserId, version: Version) -> Object<'o> {
    let presence = world.presence(of);
    let shown = presence.activity.as_ref().and_then(|(of, shown)| Some((shown, world.application(*of)?)));
    let write = |out: &mut Vec<u8>| {
        or_null(out, shown.as_ref(), |out, (shown, application)| activity::write_public(out, shown, application));
    };
    let object = object
        .with("user", |out| Object::begin(out).id("id", of.get()).end())
        .str("status", presence.status.name())
        .with("activities", |out| array(out, shown.iter(), |out, _| write(out)))
        .with("client_status", |out| {
            let object = Object::begin(out);
            match presence.status {
                Status::Offline => object.end(),
                status => object.str("desktop", status.name()).end(),
            }
        });
    match version.has_game() {
        true => object.with("game", write),
        false => object,
    }
}

/// Where and how a user is in voice; `channel` is `None` for who left.
pub(super) fn voice_state<'o>(
    object: Object<'o>,
    world: &World,
    (user, channel, guild): (UserId, Option<ChannelId>, Option<GuildId>),
    session_id: &str,
) -> Object<'o> {
    let state = world.voice_state(user).filter(|state| Some(state.channel) == channel);
    let member = guild.and_then(|guild| world.member(guild, user));
    object
        .opt_id("channel_id", channel.map(|id| id.get()))
        .id("user_id", user.get())
        .str("session_id", session_id)
        .bool("deaf", member.is_some_and(|member| member.deaf))
        .bool("mute", member.is_some_and(|member| member.mute))
        .bool("self_deaf", state.is_some_and(|state| state.self_deaf))
        .bool("self_mute", state.is_some_and(|state| state.self_mute))
        .bool("self_video", false)
        .bool("suppress", channel.is_some_and(|channel| state.is_some() && world.is_suppressed(user, channel)))
        .opt_str("request_to_speak_timestamp", None)
}

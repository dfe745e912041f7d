//! The world's things as the API writes them, in each version's words.

use crate::wire::json::{Object, push_str};
use crate::wire::rest::Version;
use crate::world::{
    Channel, ChannelKind, Guild, Member, Message, Overwrite, OverwriteOf, Permissions, Role, Timestamp, User, UserId,
    World,
};

pub(super) fn array<T>(out: &mut Vec<u8>, items: impl IntoIterator<Item = T>, mut write: impl FnMut(&mut Vec<u8>, T)) {
    out.push(b'[');
    for (at, item) in items.into_iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        write(out, item);
    }
    out.push(b']');
}

fn ids<T: Copy>(out: &mut Vec<u8>, ids: &[T], number: impl Fn(T) -> u64) {
    array(out, ids, |out, id| push_str(out, &number(*id).to_string()));
}

fn opt_id(out: &mut Vec<u8>, id: Option<u64>) {
    match id {
        Some(id) => push_str(out, &id.to_string()),
        None => out.extend_from_slice(b"null"),
    }
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
fn user_of(out: &mut Vec<u8>, world: &World, id: UserId) {
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
    let object = Object::begin(out)
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
        .with("application_id", |out| opt_id(out, guild.created_by.map(|id| id.get())))
        .opt_str("system_channel_id", None)
        .end();
}

/// A role.
pub(super) fn role(out: &mut Vec<u8>, role: &Role, version: Version) {
    let object = Object::begin(out)
        .id("id", role.id.get())
        .str("name", &role.name)
        .int("color", role.color.into())
        .bool("hoist", role.hoist)
        .int("position", role.position.into());
    permissions(object, version, "permissions", role.permissions)
        .bool("managed", false)
        .bool("mentionable", role.mentionable)
        .end();
}

/// A member.
pub(super) fn member(out: &mut Vec<u8>, world: &World, member: &Member) {
    Object::begin(out)
        .with("user", |out| user_of(out, world, member.user))
        .opt_str("nick", member.nick.as_deref())
        .with("roles", |out| ids(out, &member.roles, |id| id.get()))
        .str("joined_at", &Timestamp(member.joined_ms).to_string())
        .bool("deaf", member.deaf)
        .bool("mute", member.mute)
        .end();
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
    let mut object = Object::begin(out).id("id", channel.id.get()).int("type", channel.kind as i64);
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
            object = object.str("name", &channel.name).opt_str("icon", None).with("owner_id", |out| opt_id(out, owner));
        }
        ChannelKind::Dm => {}
    }
    if channel.kind.has_text() {
        let last = world.messages(channel.id).next_back().map(|message| message.id.get());
        object = object.with("last_message_id", |out| opt_id(out, last));
    }
    object.with("application_id", |out| opt_id(out, channel.created_by.map(|id| id.get()))).end();
}

/// A message; `nonce` is what its poster gave with it, as JSON.
pub(super) fn message(out: &mut Vec<u8>, world: &World, message: &Message, nonce: Option<&[u8]>) {
    let edited = message.edited_ms.map(|at| Timestamp(at).to_string());
    let or_empty = |json: &[u8], out: &mut Vec<u8>| out.extend_from_slice(if json.is_empty() { b"[]" } else { json });
    let object = Object::begin(out)
        .id("id", message.id.get())
        .id("channel_id", message.channel.get())
        .int("type", message.kind.into())
        .str("content", &message.content)
        .with("author", |out| user_of(out, world, message.author))
        .str("timestamp", &Timestamp(message.timestamp_ms).to_string())
        .opt_str("edited_timestamp", edited.as_deref())
        .bool("tts", message.tts)
        .bool("mention_everyone", message.mention_everyone)
        .with("mentions", |out| array(out, &message.mentions, |out, id| user_of(out, world, *id)))
        .with("mention_roles", |out| ids(out, &message.mention_roles, |id| id.get()))
        .with("attachments", |out| or_empty(&message.attachments, out))
        .with("embeds", |out| or_empty(&message.embeds, out))
        .bool("pinned", message.pinned)
        .int("flags", 0);
    match nonce {
        Some(nonce) => object.raw("nonce", nonce).end(),
        None => object.end(),
    }
}

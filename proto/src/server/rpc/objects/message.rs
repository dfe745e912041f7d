//! Messages, and the notifications of them.

use super::{View, content, user, user_or_null};
use crate::wire::json::{Object, array, push_str};
use crate::world::{Message, RelationshipKind, Timestamp, User};

/// A message as RPC shows it.
pub(in crate::server::rpc) fn message(out: &mut Vec<u8>, view: View<'_>, message: &Message) {
    let world = view.world;
    let guild = world.channel(message.channel).and_then(|channel| channel.guild);
    // White where no role has a color, as the reference's example has it.
    let color = guild.map_or(0, |guild| world.color(message.author, guild));
    let color = if color == 0 { 0xFF_FFFF } else { color };
    Object::begin(out)
        .id("id", message.id.get())
        .bool("blocked", world.relationship(message.author) == RelationshipKind::Blocked)
        .str("content", &message.content)
        .with("content_parsed", |out| content::parsed(out, view, guild, &message.content))
        .str("nick", world.nick(message.author, guild))
        .str("author_color", &format!("#{color:06x}"))
        .opt_str("edited_timestamp", message.edited_ms.map(|edited| Timestamp(edited).to_string()).as_deref())
        .str("timestamp", &Timestamp(message.timestamp_ms).to_string())
        .bool("tts", message.tts)
        .with("mentions", |out| {
            array(out, message.mentions.iter().filter_map(|id| world.user(*id)), user);
        })
        .with("mention_roles", |out| {
            array(out, &message.mention_roles, |out, role| push_str(out, &role.to_string()));
        })
        .bool("mention_everyone", message.mention_everyone)
        .raw("embeds", list(&message.embeds))
        .raw("attachments", list(&message.attachments))
        .int("type", message.kind.into())
        .bool("pinned", message.pinned)
        .with("author", |out| user_or_null(out, world, message.author))
        .end();
}

fn list(json: &[u8]) -> &[u8] {
    if json.is_empty() { b"[]" } else { json }
}

/// NOTIFICATION_CREATE's data. As Discord shows it: the author's picture, "nick (#channel)" in a guild and the name alone
/// elsewhere, and the text in plain words.
pub(in crate::server::rpc) fn notification(out: &mut Vec<u8>, view: View<'_>, of: &Message) {
    let world = view.world;
    let channel = world.channel(of.channel);
    let guild = channel.and_then(|channel| channel.guild);
    let nick = world.nick(of.author, guild);
    let title = match channel.filter(|channel| !channel.name.is_empty()) {
        Some(channel) if guild.is_some() => format!("{nick} (#{})", channel.name),
        Some(channel) => format!("{nick} ({})", channel.name),
        None => nick.to_string(),
    };
    Object::begin(out)
        .id("channel_id", of.channel.get())
        .with("message", |out| message(out, view, of))
        .opt_str("icon_url", world.user(of.author).map(|author| avatar_url(author, view.cdn_host)).as_deref())
        .str("title", &title)
        .str("body", &content::plain(view, guild, &of.content))
        .end();
}

/// The picture of a user, or the one that Discord gives to who has none: one of five by the discriminator, or of six by
/// the id where there is no discriminator any more.
fn avatar_url(user: &User, cdn_host: &str) -> String {
    match &user.avatar {
        Some(avatar) => format!("https://{cdn_host}/avatars/{}/{avatar}.jpg", user.id),
        None => {
            let number = match user.discriminator.parse() {
                Ok(0) | Err(_) => (user.id.get() >> 22) % 6,
                Ok(discriminator) => discriminator % 5,
            };
            format!("https://{cdn_host}/embed/avatars/{number}.png")
        }
    }
}

//! Channels, what they allow, messages.

use super::{Args, Deed, Made, Thing, permissions};
use crate::error::Error;
use crate::value::Value;
use crate::world::{
    ChannelEdit, ChannelId, ChannelKind, MessageEdit, MessageId, NewChannel, NewMessage, Operation, Overwrite,
    OverwriteOf, Permissions, UserId, World,
};

/// The kinds by name, in the order of Discord's numbers.
pub(in crate::server::rpc::host) const KINDS: [(ChannelKind, &str); 4] = [
    (ChannelKind::GuildText, "GUILD_TEXT"),
    (ChannelKind::Dm, "DM"),
    (ChannelKind::GuildVoice, "GUILD_VOICE"),
    (ChannelKind::GroupDm, "GROUP_DM"),
];

pub(super) fn read(world: &World, name: &str, args: Args<'_>) -> Option<Result<Deed, Error>> {
    let channel: ChannelId = args.the("channel_id");
    Some(Ok(match name {
        "CHANNEL_CREATE" => return Some(create(world, args)),
        "CHANNEL_EDIT" => {
            let edit = ChannelEdit {
                name: args.text("name"),
                topic: args.erasable("topic"),
                position: args.number("position"),
                bitrate: args.number("bitrate"),
                user_limit: args.number("user_limit"),
            };
            Deed::is(Operation::EditChannel { channel, edit }, Thing::Channel(channel))
        }
        "CHANNEL_DELETE" => Deed::ends(Operation::DeleteChannel(channel), world, Thing::Channel(channel)),
        "OVERWRITE_SET" => match overwrite(args.value) {
            Ok(overwrite) => Deed::is(Operation::SetOverwrite { channel, overwrite }, Thing::Channel(channel)),
            Err(error) => return Some(Err(error)),
        },
        "OVERWRITE_DELETE" => match overwrite(args.value) {
            Ok(Overwrite { of, .. }) => Deed::is(Operation::RemoveOverwrite { channel, of }, Thing::Channel(channel)),
            Err(error) => return Some(Err(error)),
        },
        "TEXT_CHANNEL_SELECT" => Deed::is(Operation::SelectTextChannel(args.id("channel_id")), Thing::TextChannel),
        "MESSAGE_POST" => {
            let new = NewMessage {
                channel,
                author: args.who(),
                content: args.text("content").unwrap_or_default(),
                tts: args.flag("tts").unwrap_or(false),
                embeds: json(args, "embeds"),
                attachments: json(args, "attachments"),
            };
            Deed::makes(Operation::PostMessage(new), Made::Message)
        }
        "MESSAGE_EDIT" => {
            let message: MessageId = args.the("message_id");
            let edit = MessageEdit { content: args.text("content"), pinned: args.flag("pinned") };
            Deed::is(Operation::EditMessage { channel, message, edit }, Thing::Message(channel, message))
        }
        "MESSAGE_DELETE" => {
            let message: MessageId = args.the("message_id");
            Deed::ends(Operation::DeleteMessage { channel, message }, world, Thing::Message(channel, message))
        }
        _ => return None,
    }))
}

fn create(world: &World, args: Args<'_>) -> Result<Deed, Error> {
    let name = args.text("type").unwrap_or_default();
    let kind = KINDS.iter().find(|(_, known)| **known == *name).map_or(ChannelKind::GuildText, |(kind, _)| *kind);
    let recipients: Vec<UserId> = args.ids("recipients");
    let overwrites = args.value.member("overwrites").iter().enumerate().map(|(at, value)| {
        overwrite(value)
            .map_err(|error| Error { message: format!("overwrites[{at}].{}", error.message).into(), ..error })
    });
    let known = match (kind, &recipients[..]) {
        (ChannelKind::Dm, [other]) => world.dm_with(*other).map(|channel| channel.id),
        _ => None,
    };
    let new = NewChannel {
        kind,
        guild: args.id("guild_id"),
        name: args.text("name").unwrap_or_default(),
        topic: args.text("topic"),
        position: args.number("position"),
        bitrate: args.number("bitrate"),
        user_limit: args.number("user_limit"),
        overwrites: overwrites.collect::<Result<_, _>>()?,
        recipients,
        created_by: None,
    };
    let operation = Operation::CreateChannel(new);
    Ok(match known {
        Some(known) => Deed::is(operation, Thing::Channel(known)),
        None => Deed::makes(operation, Made::Channel),
    })
}

/// An overwrite in the host's words.
pub(in crate::server::rpc::host) fn overwrite(value: Value<'_>) -> Result<Overwrite, Error> {
    let (role, user) = (value.member("role_id").as_id(), value.member("user_id").as_id());
    let of = match (role, user) {
        (Some(role), None) => OverwriteOf::Role(role.into()),
        (None, Some(user)) => OverwriteOf::Member(user.into()),
        (None, None) => return Err(Error::argument("role_id: a role_id or a user_id expected, neither given")),
        (Some(_), Some(_)) => return Err(Error::argument("role_id: a role_id or a user_id expected, both given")),
    };
    let bits = |name| permissions(value.member(name)).unwrap_or(Permissions::NONE);
    Ok(Overwrite { of, allow: bits("allow"), deny: bits("deny") })
}

/// An array as it was given; nothing for none.
fn json(args: Args<'_>, name: &str) -> Box<[u8]> {
    args.value.member(name).raw(args.source).into()
}

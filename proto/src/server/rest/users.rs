//! Users, and what the local one is in.

use super::call::{Call, DONE, json};
use super::refusal::Refusal;
use super::{Response, objects, view};
use crate::value::Value;
use crate::wire::json::array;
use crate::wire::rest::JsonCode;
use crate::world::{Change, Channel, ChannelKind, GuildId, NewChannel, Operation, UserId, World};

fn unknown() -> Refusal {
    Refusal::new(404, JsonCode::UnknownUser, "Unknown User")
}

pub(super) fn current(call: &mut Call<'_>) -> Result<Response, Refusal> {
    let user = call.world.user(call.caller.user).ok_or_else(unknown)?;
    Ok(json(|out| objects::current_user(out, user)))
}

pub(super) fn get(call: &mut Call<'_>) -> Result<Response, Refusal> {
    let user = call.world.user(call.id("user_id")).ok_or_else(unknown)?;
    Ok(json(|out| objects::user(out, user)))
}

pub(super) fn guilds(call: &mut Call<'_>) -> Result<Response, Refusal> {
    let (user, world) = (call.caller.user, &*call.world);
    let bound = |name| call.query.member(name).as_id();
    let (before, after) = (bound("before").unwrap_or(u64::MAX), bound("after").unwrap_or(0));
    let mut found: Vec<_> = world
        .guilds()
        .filter(|guild| guild.available && guild.members.contains_key(&user))
        .filter(|guild| guild.id.get() < before && guild.id.get() > after)
        .collect();
    let limit = call.limit(100);
    // Behind a bound come the next ones; before one, the last ones.
    if bound("before").is_some() && bound("after").is_none() {
        found.drain(..found.len().saturating_sub(limit));
    }
    found.truncate(limit);
    Ok(json(|out| {
        array(out, found, |out, guild| {
            objects::partial_guild(out, guild, call.version, user, world.permissions_of(user, guild.id));
        });
    }))
}

pub(super) fn leave(call: &mut Call<'_>) -> Result<Response, Refusal> {
    let guild: GuildId = call.id("guild_id");
    let known = view::guild(call.world, call.caller, guild)?;
    if known.owner == call.caller.user {
        return Err(Refusal::new(400, JsonCode::General, "the owner of a guild can't leave it"));
    }
    call.apply(Operation::LeaveGuild { guild, user: call.caller.user })?;
    Ok(DONE)
}

/// Direct messages and groups that the user is in, by id.
fn private(world: &World, user: UserId) -> impl Iterator<Item = &Channel> {
    world.private_channels().filter(move |channel| channel.recipients.contains(&user))
}

pub(super) fn dms(call: &mut Call<'_>) -> Result<Response, Refusal> {
    let (user, world) = (call.caller.user, &*call.world);
    Ok(json(|out| {
        array(out, private(world, user), |out, channel| objects::channel(out, world, channel, call.version, user));
    }))
}

pub(super) fn create_dm(call: &mut Call<'_>) -> Result<Response, Refusal> {
    let mut recipients: Vec<UserId> =
        call.body.member("recipients").iter().filter_map(Value::as_id).map(UserId::from).collect();
    if let Some(one) = call.body.member("recipient_id").as_id() {
        recipients = vec![one.into()];
    }
    let user = call.caller.user;
    recipients.retain(|id| *id != user);
    if recipients.is_empty() {
        return Err(Refusal::field("recipient_id", "another user's id expected"));
    }
    if recipients.iter().any(|id| call.world.user(*id).is_none()) {
        return Err(Refusal::new(400, JsonCode::InvalidRecipients, "Invalid Recipient(s)"));
    }
    let kind = if recipients.len() == 1 { ChannelKind::Dm } else { ChannelKind::GroupDm };
    // Asking for the one there is makes nothing.
    let known = private(call.world, user).filter(|channel| channel.kind == kind && kind == ChannelKind::Dm);
    let known = known.map(|channel| (channel.id, &channel.recipients));
    let known = known.into_iter().find(|(_, with)| with.contains(&recipients[0])).map(|(id, _)| id);
    let id = match known {
        Some(id) => id,
        None => {
            let created_by = call.caller.application;
            let new = NewChannel { created_by, ..NewChannel::private(kind, recipients) };
            let changes = call.apply_within(Operation::CreateChannel(new), JsonCode::TooManyRecipients)?;
            let made = changes.iter().find_map(|change| match change {
                Change::ChannelCreated(id) => Some(*id),
                _ => None,
            });
            made.ok_or_else(|| Refusal::new(500, JsonCode::General, "no channel came of it"))?
        }
    };
    let channel = view::channel(call.world, call.caller, id)?;
    Ok(json(|out| objects::channel(out, call.world, channel, call.version, user)))
}

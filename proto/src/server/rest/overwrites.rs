//! Where a channel differs from its guild.

use super::call::{Call, DONE};
use super::refusal::Refusal;
use super::{Response, view};
use crate::value::Value;
use crate::wire::rest::JsonCode;
use crate::world::{ChannelId, GuildId, Operation, Overwrite, OverwriteOf, Permissions};

/// `type` and `id`, in whichever version's words: 0 or "role", 1 or "member".
fn of(kind: Value<'_>, id: u64) -> Option<OverwriteOf> {
    match (kind.as_whole(), kind.as_str()) {
        (Some(0), _) | (_, Some("role" | "0")) => Some(OverwriteOf::Role(id.into())),
        (Some(1), _) | (_, Some("member" | "1")) => Some(OverwriteOf::Member(id.into())),
        _ => None,
    }
}

fn bits(value: Value<'_>) -> Permissions {
    Permissions(value.as_id().unwrap_or(0)) & Permissions::ALL
}

const KIND: &str = "0, \"role\", 1 or \"member\" expected";

/// The member `permission_overwrites` of the body; `None` when it is not named.
pub(super) fn read(call: &Call<'_>, guild: GuildId) -> Result<Option<Vec<Overwrite>>, Refusal> {
    let given = call.body.member("permission_overwrites");
    if given.is_none() {
        return Ok(None);
    }
    let mut overwrites: Vec<Overwrite> = Vec::new();
    for (at, one) in given.iter().enumerate() {
        let of = of(one.member("type"), one.member("id").as_id().unwrap_or(0));
        let of = of.ok_or_else(|| Refusal::field(format!("permission_overwrites[{at}].type"), KIND))?;
        let overwrite = Overwrite { of, allow: bits(one.member("allow")), deny: bits(one.member("deny")) };
        given_away(call, guild, overwrite)?;
        overwrites.retain(|known| known.of != of);
        overwrites.push(overwrite);
    }
    Ok(Some(overwrites))
}

/// Nobody gives or takes what they have not got.
fn given_away(call: &Call<'_>, guild: GuildId, overwrite: Overwrite) -> Result<(), Refusal> {
    let own = call.world.permissions_of(call.caller.user, guild);
    match own.contains(overwrite.allow | overwrite.deny) {
        true => Ok(()),
        false => Err(Refusal::forbidden("permissions that one has not got can't be given or taken")),
    }
}

pub(super) fn put(call: &mut Call<'_>) -> Result<Response, Refusal> {
    let channel: ChannelId = call.id("channel_id");
    let (_, guild) = view::guild_channel_with(call.world, call.caller, channel, Permissions::MANAGE_ROLES)?;
    let id: RawId = call.id("overwrite_id");
    let of = of(call.body.member("type"), id.0).ok_or_else(|| Refusal::field("type", KIND))?;
    let known = call.world.guild(guild).is_some_and(|guild| match of {
        OverwriteOf::Role(role) => guild.roles.contains_key(&role),
        OverwriteOf::Member(user) => guild.members.contains_key(&user),
    });
    if !known {
        return Err(unknown());
    }
    let overwrite = Overwrite { of, allow: bits(call.body.member("allow")), deny: bits(call.body.member("deny")) };
    given_away(call, guild, overwrite)?;
    call.apply(Operation::SetOverwrite { channel, overwrite })?;
    Ok(DONE)
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Response, Refusal> {
    let channel: ChannelId = call.id("channel_id");
    let id: RawId = call.id("overwrite_id");
    let (known, _) = view::guild_channel_with(call.world, call.caller, channel, Permissions::MANAGE_ROLES)?;
    let of = known.overwrites.iter().map(|overwrite| overwrite.of).find(|of| match of {
        OverwriteOf::Role(role) => role.get() == id.0,
        OverwriteOf::Member(user) => user.get() == id.0,
    });
    call.apply(Operation::RemoveOverwrite { channel, of: of.ok_or_else(unknown)? })?;
    Ok(DONE)
}

/// An id of a role or of a member.
struct RawId(u64);

impl From<u64> for RawId {
    fn from(id: u64) -> Self {
        RawId(id)
    }
}

fn unknown() -> Refusal {
    Refusal::new(404, JsonCode::UnknownOverwrite, "Unknown Permission Overwrite")
}

//! Roles. Only those below one's own highest are made different, and nobody gives what they have not got.

use super::call::{Call, DONE, json};
use super::refusal::Refusal;
use super::{Response, members, objects, view};
use crate::wire::json::array;
use crate::wire::rest::JsonCode;
use crate::world::{Change, GuildId, NewRole, Operation, Permissions, RoleEdit, RoleId};

pub(super) fn list(call: &mut Call<'_>) -> Result<Response, Refusal> {
    let guild = view::guild(call.world, call.caller, call.id("guild_id"))?;
    Ok(json(|out| array(out, guild.roles.values(), |out, role| objects::role(out, role, call.version))))
}

/// The permissions of the body, all of which the caller has.
fn permissions(call: &Call<'_>, guild: GuildId) -> Result<Option<Permissions>, Refusal> {
    let Some(bits) = call.body.member("permissions").as_id() else { return Ok(None) };
    let (given, own) = (Permissions(bits) & Permissions::ALL, call.world.permissions_of(call.caller.user, guild));
    match own.contains(given) {
        true => Ok(Some(given)),
        false => Err(Refusal::forbidden("permissions that one has not got can't be given")),
    }
}

fn written(call: &Call<'_>, guild: GuildId, role: RoleId) -> Result<Response, Refusal> {
    let guild = view::guild(call.world, call.caller, guild)?;
    let role = guild.roles.get(&role).ok_or_else(unknown)?;
    Ok(json(|out| objects::role(out, role, call.version)))
}

fn unknown() -> Refusal {
    Refusal::new(404, JsonCode::UnknownRole, "Unknown Role")
}

pub(super) fn create(call: &mut Call<'_>) -> Result<Response, Refusal> {
    let guild: GuildId = call.id("guild_id");
    let known = view::guild_with(call.world, call.caller, guild, Permissions::MANAGE_ROLES)?;
    let everyone = known.roles.get(&RoleId::from(guild.get())).map_or(Permissions::NONE, |role| role.permissions);
    let role = NewRole {
        name: call.text("name").unwrap_or("new role".into()),
        color: call.number("color").unwrap_or(0),
        permissions: permissions(call, guild)?.unwrap_or(everyone),
        hoist: call.body.member("hoist").as_bool().unwrap_or(false),
        mentionable: call.body.member("mentionable").as_bool().unwrap_or(false),
    };
    let changes = call.apply_within(Operation::CreateRole { guild, role }, JsonCode::TooManyRoles)?;
    let made = changes.iter().find_map(|change| match change {
        Change::RoleCreated { role, .. } => Some(*role),
        _ => None,
    });
    written(call, guild, made.ok_or_else(unknown)?)
}

/// The role, below the caller's own.
fn below(call: &Call<'_>, guild: GuildId) -> Result<RoleId, Refusal> {
    let known = view::guild_with(call.world, call.caller, guild, Permissions::MANAGE_ROLES)?;
    let role = known.roles.get(&call.id("role_id")).ok_or_else(unknown)?;
    match role.position < members::highest(known, call.caller.user) {
        true => Ok(role.id),
        false => Err(Refusal::forbidden("the role is not below one's own highest")),
    }
}

pub(super) fn modify(call: &mut Call<'_>) -> Result<Response, Refusal> {
    let guild: GuildId = call.id("guild_id");
    let role = below(call, guild)?;
    let edit = RoleEdit {
        name: call.text("name"),
        color: call.number("color"),
        permissions: permissions(call, guild)?,
        position: call.number("position"),
        hoist: call.body.member("hoist").as_bool(),
        mentionable: call.body.member("mentionable").as_bool(),
    };
    call.apply(Operation::EditRole { guild, role, edit })?;
    written(call, guild, role)
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Response, Refusal> {
    let guild: GuildId = call.id("guild_id");
    let role = below(call, guild)?;
    call.apply(Operation::DeleteRole { guild, role })?;
    Ok(DONE)
}

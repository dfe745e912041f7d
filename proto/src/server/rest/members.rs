//! Members of guilds.

use super::call::{Call, DONE, json};
use super::refusal::Refusal;
use super::{Response, objects, view};
use crate::value::Value;
use crate::wire::json::array;
use crate::wire::rest::JsonCode;
use crate::world::{Guild, GuildId, MemberEdit, Operation, Permissions, RoleId, UserId};

fn unknown() -> Refusal {
    Refusal::new(404, JsonCode::UnknownMember, "Unknown Member")
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Response, Refusal> {
    let guild = view::guild(call.world, call.caller, call.id("guild_id"))?;
    let after = call.query.member("after").as_id().unwrap_or(0);
    let page = guild.members.values().filter(|member| member.user.get() > after).take(call.limit(1));
    Ok(json(|out| array(out, page, |out, member| objects::member(out, call.world, member))))
}

pub(super) fn get(call: &mut Call<'_>) -> Result<Response, Refusal> {
    let guild = view::guild(call.world, call.caller, call.id("guild_id"))?;
    let member = guild.members.get(&call.id("user_id")).ok_or_else(unknown)?;
    Ok(json(|out| objects::member(out, call.world, member)))
}

pub(super) fn modify_current(call: &mut Call<'_>) -> Result<Response, Refusal> {
    let guild: GuildId = call.id("guild_id");
    view::guild_with(call.world, call.caller, guild, Permissions::CHANGE_NICKNAME)?;
    let (user, nick) = (call.caller.user, call.erasable("nick"));
    call.apply(Operation::EditMember { guild, user, edit: MemberEdit { nick, ..MemberEdit::default() } })?;
    // The member whole: discord.py looks for its user. Programs of 2017 read the nick in it.
    let member = view::guild(call.world, call.caller, guild)?.members.get(&user).ok_or_else(unknown)?;
    Ok(json(|out| objects::member(out, call.world, member)))
}

pub(super) fn modify(call: &mut Call<'_>) -> Result<Response, Refusal> {
    let (guild, user): (GuildId, UserId) = (call.id("guild_id"), call.id("user_id"));
    let known = view::guild(call.world, call.caller, guild)?;
    if !known.members.contains_key(&user) {
        return Err(unknown());
    }
    for (field, needed) in [
        ("nick", Permissions::MANAGE_NICKNAMES),
        ("roles", Permissions::MANAGE_ROLES),
        ("mute", Permissions::MUTE_MEMBERS),
        ("deaf", Permissions::DEAFEN_MEMBERS),
    ] {
        if call.body.member(field).exists() {
            view::guild_with(call.world, call.caller, guild, needed)?;
        }
    }
    let roles = call.body.member("roles");
    let roles: Option<Vec<RoleId>> =
        roles.exists().then(|| roles.iter().filter_map(Value::as_id).map(RoleId::from).collect());
    if let Some(roles) = &roles {
        let had = known.members[&user].roles.clone();
        // What is neither given nor taken need not be below one's own.
        let touched = roles.iter().chain(&had).filter(|role| roles.contains(role) != had.contains(role));
        for role in touched {
            may_give(call, known, *role)?;
        }
    }
    let flag = |name| call.body.member(name).as_bool();
    let edit = MemberEdit { nick: call.erasable("nick"), roles, mute: flag("mute"), deaf: flag("deaf") };
    call.apply(Operation::EditMember { guild, user, edit })?;
    if call.version.number() < 8 {
        return Ok(DONE);
    }
    get(call)
}

pub(super) fn remove(call: &mut Call<'_>) -> Result<Response, Refusal> {
    let (guild, user): (GuildId, UserId) = (call.id("guild_id"), call.id("user_id"));
    let known = view::guild_with(call.world, call.caller, guild, Permissions::KICK_MEMBERS)?;
    if !known.members.contains_key(&user) {
        return Err(unknown());
    }
    if known.owner == user || highest(known, user) >= highest(known, call.caller.user) {
        return Err(Refusal::forbidden("the member is not below one's own highest role"));
    }
    call.apply(Operation::LeaveGuild { guild, user })?;
    Ok(DONE)
}

/// How high the highest role of a member stands; its owner stands above all.
pub(super) fn highest(guild: &Guild, user: UserId) -> u32 {
    if guild.owner == user {
        return u32::MAX;
    }
    let roles = guild.members.get(&user).into_iter().flat_map(|member| &member.roles);
    roles.filter_map(|id| guild.roles.get(id)).map(|role| role.position).max().unwrap_or(0)
}

/// Only roles below one's own highest are given and taken.
fn may_give(call: &Call<'_>, guild: &Guild, role: RoleId) -> Result<(), Refusal> {
    let unknown = || Refusal::new(404, JsonCode::UnknownRole, "Unknown Role");
    let role = guild.roles.get(&role).ok_or_else(unknown)?;
    match role.position < highest(guild, call.caller.user) {
        true => Ok(()),
        false => Err(Refusal::forbidden("the role is not below one's own highest")),
    }
}

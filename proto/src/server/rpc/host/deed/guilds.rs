//! Guilds, members, roles.

use super::{Args, Deed, Made, Thing};
use crate::error::Error;
use crate::world::{
    GuildEdit, GuildId, MemberEdit, NewGuild, NewRole, Operation, Permissions, RoleEdit, RoleId, World,
};

pub(super) fn read(world: &World, name: &str, args: Args<'_>) -> Option<Result<Deed, Error>> {
    let guild: GuildId = args.the("guild_id");
    Some(Ok(match name {
        "GUILD_CREATE" => {
            let new = NewGuild {
                name: args.text("name").unwrap_or_default(),
                icon: args.text("icon"),
                owner: args.id("owner_id"),
                members: args.ids("members"),
                created_by: None,
            };
            Deed::makes(Operation::CreateGuild(new), Made::Guild)
        }
        "GUILD_EDIT" => {
            let edit = GuildEdit {
                name: args.text("name"),
                icon: args.erasable("icon"),
                owner: args.id("owner_id"),
                available: args.flag("available"),
            };
            Deed::is(Operation::EditGuild { guild, edit }, Thing::Guild(guild))
        }
        "GUILD_DELETE" => Deed::ends(Operation::DeleteGuild(guild), world, Thing::Guild(guild)),
        "GUILD_JOIN" => {
            let user = args.who();
            Deed::is(Operation::JoinGuild { guild, user }, Thing::Member(guild, user))
        }
        "GUILD_LEAVE" => {
            let user = args.who();
            Deed::ends(Operation::LeaveGuild { guild, user }, world, Thing::Member(guild, user))
        }
        "MEMBER_EDIT" => {
            let user = args.who();
            let edit = MemberEdit {
                nick: args.erasable("nick"),
                roles: (!args.value.member("roles").is_none()).then(|| args.ids("roles")),
                mute: args.flag("mute"),
                deaf: args.flag("deaf"),
            };
            Deed::is(Operation::EditMember { guild, user, edit }, Thing::Member(guild, user))
        }
        "ROLE_CREATE" => {
            let role = NewRole {
                name: args.text("name").unwrap_or_default(),
                color: args.number("color").unwrap_or(0),
                permissions: args.permissions("permissions").unwrap_or(Permissions::NONE),
                hoist: args.flag("hoist").unwrap_or(false),
                mentionable: args.flag("mentionable").unwrap_or(false),
            };
            Deed::makes(Operation::CreateRole { guild, role }, Made::Role)
        }
        "ROLE_EDIT" => {
            let role: RoleId = args.the("role_id");
            let edit = RoleEdit {
                name: args.text("name"),
                color: args.number("color"),
                permissions: args.permissions("permissions"),
                position: args.number("position"),
                hoist: args.flag("hoist"),
                mentionable: args.flag("mentionable"),
            };
            Deed::is(Operation::EditRole { guild, role, edit }, Thing::Role(guild, role))
        }
        "ROLE_DELETE" => {
            let role: RoleId = args.the("role_id");
            Deed::ends(Operation::DeleteRole { guild, role }, world, Thing::Role(guild, role))
        }
        _ => return None,
    }))
}

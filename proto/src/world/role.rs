//! Roles of a guild.

use super::guild::replace;
use super::{
    Change, Changes, Error, Guild, GuildId, NewRole, OverwriteOf, Permissions, Role, RoleEdit, RoleId, World, limits,
    name,
};
use crate::time::Instant;

impl Role {
    /// The role with its name in order.
    pub(super) fn checked(mut self, guild: &Guild) -> Result<Role, Error> {
        let everyone = self.id == guild.everyone();
        self.name = if everyone { "@everyone".into() } else { name::role(&self.name)? };
        if self.color > 0xFF_FFFF {
            return Err(Error::Invalid("color: 0 to 16777215 (0xFFFFFF) expected".into()));
        }
        if (self.position == 0) != everyone || self.position > 1_000_000 {
            return Err(Error::Invalid("position: 1 to 1000000 expected; @everyone's is 0".into()));
        }
        self.permissions = self.permissions & Permissions::ALL;
        Ok(self)
    }
}

impl World {
    /// A new role stands just above @everyone, as at Discord.
    pub(super) fn create_role(
        &mut self,
        now: Instant,
        id: GuildId,
        new: NewRole,
        out: &mut Changes,
    ) -> Result<(), Error> {
        let NewRole { name, color, permissions, hoist, mentionable } = new;
        let guild = self.reached_guild(id)?;
        limits::room("roles of a guild", guild.roles.len(), limits::ROLES)?;
        let role = Role { id: RoleId::from(0), name, color, permissions, position: 1, hoist, mentionable };
        let mut role = role.checked(guild)?;
        role.id = RoleId(self.next_id(now));
        out.push(Change::RoleCreated { guild: id, role: role.id });
        if let Some(guild) = self.guilds.get_mut(&id) {
            guild.roles.insert(role.id, role);
        }
        Ok(())
    }

    pub(super) fn edit_role(
        &mut self,
        id: GuildId,
        role: RoleId,
        edit: RoleEdit,
        out: &mut Changes,
    ) -> Result<(), Error> {
        let RoleEdit { name, color, permissions, position, hoist, mentionable } = edit;
        let guild = self.reached_guild(id)?;
        let known = guild.roles.get(&role).ok_or(Error::UnknownRole(role))?;
        if role == guild.everyone() && name.is_some() {
            return Err(Error::Invalid("name: @everyone keeps its own".into()));
        }
        let mut edited = known.clone();
        replace(&mut edited.name, name);
        replace(&mut edited.color, color);
        replace(&mut edited.permissions, permissions);
        replace(&mut edited.position, position);
        replace(&mut edited.hoist, hoist);
        replace(&mut edited.mentionable, mentionable);
        let edited = edited.checked(guild)?;
        if edited == *known {
            return Ok(());
        }
        let before = self.suppression_in(id);
        if let Some(guild) = self.guilds.get_mut(&id) {
            guild.roles.insert(role, edited);
        }
        out.push(Change::RoleChanged { guild: id, role });
        self.show_suppression(before, out);
        Ok(())
    }

    pub(super) fn delete_role(&mut self, id: GuildId, role: RoleId, out: &mut Changes) -> Result<(), Error> {
        let guild = self.reached_guild(id)?;
        if !guild.roles.contains_key(&role) {
            return Err(Error::UnknownRole(role));
        }
        if role == guild.everyone() {
            return Err(Error::Invalid("role_id: @everyone stays".into()));
        }
        let before = self.suppression_in(id);
        if let Some(guild) = self.guilds.get_mut(&id) {
            guild.roles.remove(&role);
            guild.members.values_mut().for_each(|member| member.roles.retain(|other| *other != role));
        }
        for channel in self.channel_lists.get(&Some(id)).into_iter().flatten() {
            if let Some(channel) = self.channels.get_mut(channel) {
                channel.overwrites.retain(|overwrite| overwrite.of != OverwriteOf::Role(role));
            }
        }
        out.push(Change::RoleDeleted { guild: id, role });
        self.show_suppression(before, out);
        Ok(())
    }
}

//! Guilds with their roles and members.

use std::collections::BTreeMap;

use super::{
    ApplicationId, Change, Changes, ChannelKind, Error, GuildId, NewChannel, Permissions, RoleId, UserId, World,
    limits, name,
};
use crate::time::Instant;

/// A guild.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guild {
    /// Its id.
    pub id: GuildId,
    /// 2 to 100 characters.
    pub name: Box<str>,
    /// Hash of the icon.
    pub icon: Option<Box<str>>,
    /// Who may do everything in it.
    pub owner: UserId,
    /// False during an outage: it exists, and nothing about it can be had.
    pub available: bool,
    /// The application that created it.
    pub created_by: Option<ApplicationId>,
    /// Its roles. The one whose id is the guild's own is @everyone.
    pub roles: BTreeMap<RoleId, Role>,
    /// Who is in it.
    pub members: BTreeMap<UserId, Member>,
}

/// A role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// Its id.
    pub id: RoleId,
    /// 1 to 100 characters.
    pub name: Box<str>,
    /// `0xRRGGBB`; 0 is none.
    pub color: u32,
    /// What it allows in the whole guild.
    pub permissions: Permissions,
    /// Higher ones come first; @everyone has 0.
    pub position: u32,
    /// Whether its members are listed on their own.
    pub hoist: bool,
    /// Whether everybody may mention it.
    pub mentionable: bool,
}

/// What a new role is made from.
#[derive(Clone, Debug)]
pub struct NewRole {
    /// 1 to 100 characters.
    pub name: Box<str>,
    /// `0xRRGGBB`.
    pub color: u32,
    /// What it allows.
    pub permissions: Permissions,
    /// Whether its members are listed on their own.
    pub hoist: bool,
    /// Whether everybody may mention it.
    pub mentionable: bool,
}

/// What is to become different about a role.
#[derive(Clone, Debug, Default)]
pub struct RoleEdit {
    /// 1 to 100 characters.
    pub name: Option<Box<str>>,
    /// `0xRRGGBB`.
    pub color: Option<u32>,
    /// What it allows.
    pub permissions: Option<Permissions>,
    /// Its place.
    pub position: Option<u32>,
    /// Whether its members are listed on their own.
    pub hoist: Option<bool>,
    /// Whether everybody may mention it.
    pub mentionable: Option<bool>,
}

/// A user in a guild.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub user: UserId,
    /// The name in this guild, if it differs.
    pub nick: Option<Box<str>>,
    /// Roles besides @everyone.
    pub roles: Vec<RoleId>,
    /// When they came, in Unix milliseconds.
    pub joined_ms: u64,
    /// Muted by the guild.
    pub mute: bool,
    /// Deafened by the guild.
    pub deaf: bool,
}

/// What a new guild is made from.
#[derive(Clone, Debug, Default)]
pub struct NewGuild {
    /// 2 to 100 characters.
    pub name: Box<str>,
    /// Hash of the icon.
    pub icon: Option<Box<str>>,
    /// Who owns it; the local user unless given.
    pub owner: Option<UserId>,
    /// Who else is in it from the start. The local user is in it when it owns it or is named here.
    pub members: Vec<UserId>,
    /// The application that creates it: ten at most for one that is not approved.
    pub created_by: Option<ApplicationId>,
}

/// What is to become different about a guild.
#[derive(Clone, Debug, Default)]
pub struct GuildEdit {
    /// 2 to 100 characters.
    pub name: Option<Box<str>>,
    /// Hash of the icon; `Some(None)` takes it away.
    pub icon: Option<Option<Box<str>>>,
    /// Who owns it; a member.
    pub owner: Option<UserId>,
    /// Whether it can be reached.
    pub available: Option<bool>,
}

/// What is to become different about a member.
#[derive(Clone, Debug, Default)]
pub struct MemberEdit {
    /// 1 to 32 characters; `Some(None)` takes it away.
    pub nick: Option<Option<Box<str>>>,
    /// All roles besides @everyone.
    pub roles: Option<Vec<RoleId>>,
    /// Muted by the guild.
    pub mute: Option<bool>,
    /// Deafened by the guild.
    pub deaf: Option<bool>,
}

impl Guild {
    /// The role that every member has.
    pub fn everyone(&self) -> RoleId {
        RoleId(self.id.0)
    }
}

impl World {
    pub(super) fn create_guild(&mut self, now: Instant, new: NewGuild, out: &mut Changes) -> Result<(), Error> {
        let NewGuild { name, icon, owner, members, created_by } = new;
        let owner = owner.unwrap_or(self.local_user);
        let name = name::guild(&name)?;
        icon.as_deref().map_or(Ok(()), |icon| name::image("icon", icon))?;
        let everybody: std::collections::BTreeSet<UserId> = members.into_iter().chain([owner]).collect();
        everybody.iter().try_for_each(|user| self.known_user(*user).map(drop))?;
        limits::room("guilds", self.guilds.len(), limits::GUILDS)?;
        self.room_for_members(everybody.len())?;
        if let Some(application) = created_by {
            if !self.known_application(application)?.approved {
                let made = self.guilds.values().filter(|guild| guild.created_by == created_by).count();
                limits::room("guilds of an application that is not approved", made, limits::GUILDS_OF_UNAPPROVED)?;
            }
            limits::room("channels", self.channels.len() + 1, limits::CHANNELS)?;
        }
        let id = GuildId(self.next_id(now));
        let joined_ms = self.unix_ms(now);
        let member = |user| (user, Member { user, nick: None, roles: Vec::new(), joined_ms, mute: false, deaf: false });
        let members = everybody.into_iter().map(member).collect();
        let everyone = Role {
            id: RoleId(id.0),
            name: "@everyone".into(),
            color: 0,
            permissions: Permissions::DEFAULT,
            position: 0,
            hoist: false,
            mentionable: false,
        };
        let roles = BTreeMap::from([(everyone.id, everyone)]);
        self.guilds.insert(id, Guild { id, name, icon, owner, available: true, created_by, roles, members });
        out.push(Change::GuildCreated(id));
        if created_by.is_some() {
            for (kind, name) in [(ChannelKind::GuildText, "general"), (ChannelKind::GuildVoice, "General")] {
                // Nobody's, so that they don't count as the application's own.
                self.create_channel(now, NewChannel::in_guild(kind, id, name), out)?;
            }
        }
        Ok(())
    }

    pub(super) fn edit_guild(&mut self, id: GuildId, edit: GuildEdit, out: &mut Changes) -> Result<(), Error> {
        let GuildEdit { name, icon, owner, available } = edit;
        let guild = self.guilds.get(&id).ok_or(Error::UnknownGuild(id))?;
        let nothing_else = name.is_none() && icon.is_none() && owner.is_none();
        if !guild.available && available != Some(true) && !(available == Some(false) && nothing_else) {
            return Err(Error::Unavailable(id));
        }
        let name = name.map(|name| name::guild(&name)).transpose()?;
        if let Some(Some(icon)) = &icon {
            name::image("icon", icon)?;
        }
        if let Some(owner) = owner
            && !guild.members.contains_key(&owner)
        {
            return Err(Error::NotAMember(owner));
        }
        let before = owner.filter(|owner| *owner != guild.owner).map(|_| self.suppression_in(id));
        let Some(guild) = self.guilds.get_mut(&id) else { return Err(Error::UnknownGuild(id)) };
        let mut changed = false;
        changed |= replace(&mut guild.name, name);
        changed |= replace(&mut guild.icon, icon);
        changed |= replace(&mut guild.owner, owner);
        changed |= replace(&mut guild.available, available);
        if changed {
            out.push(Change::GuildChanged(id));
        }
        before.into_iter().for_each(|before| self.show_suppression(before, out));
        Ok(())
    }

    pub(super) fn delete_guild(&mut self, id: GuildId, out: &mut Changes) -> Result<(), Error> {
        if !self.guilds.contains_key(&id) {
            return Err(Error::UnknownGuild(id));
        }
        for channel in self.channel_lists.get(&Some(id)).cloned().unwrap_or_default() {
            self.drop_channel(channel, out);
        }
        self.channel_lists.remove(&Some(id));
        let of_guild = self.entitlements.values().filter(|entitlement| entitlement.guild == Some(id));
        for entitlement in of_guild.map(|entitlement| entitlement.id).collect::<Vec<_>>() {
            self.delete_entitlement(entitlement, out)?;
        }
        self.commands.retain(|_, command| command.guild != Some(id));
        self.guilds.remove(&id);
        out.push(Change::GuildDeleted(id));
        Ok(())
    }
}

/// Puts a new value in place of an old one; whether that makes a difference.
pub(super) fn replace<T: PartialEq>(old: &mut T, new: Option<T>) -> bool {
    match new {
        Some(new) if *old != new => {
            *old = new;
            true
        }
        _ => false,
    }
}

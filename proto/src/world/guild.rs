//! Guilds with their roles and members.

use std::collections::BTreeMap;

use super::{ApplicationId, GuildId, Permissions, RoleId, UserId};

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

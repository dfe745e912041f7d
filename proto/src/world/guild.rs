//! Guilds.

use super::GuildId;

/// A guild that the local user is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guild {
    /// Its id.
    pub id: GuildId,
    /// 2 to 100 characters.
    pub name: Box<str>,
    /// Hash of the icon.
    pub icon: Option<Box<str>>,
}

//! Channels of all four kinds, and who may do what in them.

use super::{ApplicationId, ChannelId, GuildId, Permissions, RoleId, UserId};

/// What a channel is. The numbers are Discord's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum ChannelKind {
    /// Text in a guild.
    GuildText = 0,
    /// Between two people.
    Dm = 1,
    /// Voice in a guild.
    GuildVoice = 2,
    /// Between up to ten people.
    GroupDm = 3,
}

impl ChannelKind {
    /// The kind of this number.
    pub fn from_number(number: i64) -> Option<Self> {
        [ChannelKind::GuildText, ChannelKind::Dm, ChannelKind::GuildVoice, ChannelKind::GroupDm]
            .into_iter()
            .find(|kind| *kind as i64 == number)
    }

    /// Whether messages can be posted there.
    pub const fn has_text(self) -> bool {
        !matches!(self, ChannelKind::GuildVoice)
    }

    /// Whether people can speak there: a guild's voice channels, and calls in direct messages.
    pub const fn has_voice(self) -> bool {
        !matches!(self, ChannelKind::GuildText)
    }
}

/// Whom an overwrite is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OverwriteOf {
    /// All who have the role.
    Role(RoleId),
    /// One member.
    Member(UserId),
}

/// What a channel allows or denies differently from its guild.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overwrite {
    /// To whom.
    pub of: OverwriteOf,
    /// Given, after what is denied was taken.
    pub allow: Permissions,
    /// Taken.
    pub deny: Permissions,
}

/// A channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channel {
    /// Its id.
    pub id: ChannelId,
    /// What it is.
    pub kind: ChannelKind,
    /// Its guild, for the kinds that have one.
    pub guild: Option<GuildId>,
    /// 2 to 100 characters; empty for a direct message.
    pub name: Box<str>,
    /// Text: up to 1024 characters about it.
    pub topic: Option<Box<str>>,
    /// Its place in the list, from 0.
    pub position: u32,
    /// Voice: bits per second, 8000 to 96000.
    pub bitrate: u32,
    /// Voice: how many fit in, 0 (any number) to 99.
    pub user_limit: u32,
    /// Where it differs from its guild.
    pub overwrites: Vec<Overwrite>,
    /// Direct messages: who is in it, the local user included.
    pub recipients: Vec<UserId>,
    /// The application that created it. That one may read its messages without `messages.read`.
    pub created_by: Option<ApplicationId>,
}

/// What a new channel is made from; the world chooses the id.
#[derive(Clone, Debug)]
pub struct NewChannel {
    /// What it is.
    pub kind: ChannelKind,
    /// Its guild, for the kinds that have one.
    pub guild: Option<GuildId>,
    /// 2 to 100 characters; ignored for a direct message.
    pub name: Box<str>,
    /// Up to 1024 characters.
    pub topic: Option<Box<str>>,
    /// Its place; the end of the list unless given.
    pub position: Option<u32>,
    /// Bits per second; 64000 unless given.
    pub bitrate: Option<u32>,
    /// How many fit in; any number unless given.
    pub user_limit: Option<u32>,
    /// Where it differs from its guild.
    pub overwrites: Vec<Overwrite>,
    /// Direct messages: the others in it; the local user is in it always.
    pub recipients: Vec<UserId>,
    /// The application that creates it.
    pub created_by: Option<ApplicationId>,
}

/// What is to become different about a channel; `None` leaves a thing as it is.
#[derive(Clone, Debug, Default)]
pub struct ChannelEdit {
    /// 2 to 100 characters.
    pub name: Option<Box<str>>,
    /// Up to 1024 characters; `Some(None)` takes it away.
    pub topic: Option<Option<Box<str>>>,
    /// Its place in the list.
    pub position: Option<u32>,
    /// Bits per second.
    pub bitrate: Option<u32>,
    /// How many fit in.
    pub user_limit: Option<u32>,
}

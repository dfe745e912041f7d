//! A guild as it is kept: its own object, and a shelf for each kind of thing in it.

use std::collections::BTreeMap;

use crate::value::Value;

/// What finding a thing again costs, beside its text.
pub(super) const ENTRY_BYTES: usize = 64;
/// The same of a guild.
pub(super) const GUILD_BYTES: usize = 512;

/// What is kept, in the order in which it makes room: what stands first goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Presence,
    Member,
    VoiceState,
    Role,
    Channel,
    /// The guild's own object.
    Guild,
}

impl Kind {
    /// Those with shelves, in that order.
    pub(super) const ALL: [Kind; 5] = [Kind::Presence, Kind::Member, Kind::VoiceState, Kind::Role, Kind::Channel];

    /// Under which names GUILD_CREATE has them.
    pub(super) const fn nested(self) -> &'static [&'static str] {
        match self {
            Kind::Presence => &["presences"],
            Kind::Member => &["members"],
            Kind::VoiceState => &["voice_states"],
            Kind::Role => &["roles"],
            Kind::Channel => &["channels", "threads"],
            Kind::Guild => &[],
        }
    }

    /// As commands and their replies call them.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Kind::Presence => "presences",
            Kind::Member => "members",
            Kind::VoiceState => "voice_states",
            Kind::Role => "roles",
            Kind::Channel => "channels",
            Kind::Guild => "guilds",
        }
    }

    /// By what it is found.
    pub(super) fn id(self, one: Value<'_>) -> Option<u64> {
        match self {
            Kind::Presence | Kind::Member => one.member("user").member("id").as_id(),
            Kind::VoiceState => one.member("user_id").as_id(),
            Kind::Role | Kind::Channel | Kind::Guild => one.member("id").as_id(),
        }
    }

    /// What is not kept of it: the member of a voice state is a member.
    pub(super) const fn left_out(self) -> &'static [&'static str] {
        match self {
            Kind::VoiceState => &["member"],
            _ => &[],
        }
    }
}

/// Things of one kind in one guild, by id.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    pub(super) things: BTreeMap<u64, Box<[u8]>>,
    pub(super) bytes: usize,
    /// Something was let go of, or not taken in.
    pub(super) is_incomplete: bool,
}

/// A guild; direct messages are in one that has no object.
#[derive(Debug, Default)]
pub(super) struct Guild {
    pub(super) own: Box<[u8]>,
    pub(super) shelves: [Shelf; Kind::ALL.len()],
}

impl Guild {
    pub(super) fn shelf(&self, kind: Kind) -> Option<&Shelf> {
        self.shelves.get(kind as usize)
    }

    pub(super) fn shelf_mut(&mut self, kind: Kind) -> Option<&mut Shelf> {
        self.shelves.get_mut(kind as usize)
    }
}

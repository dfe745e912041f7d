//! What a member may do: the bits, and how they come together.

use std::ops::{BitAnd, BitOr, BitOrAssign, Not};

/// A set of permissions: Discord's bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Permissions(pub u64);

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $bit:literal),* $(,)?) => {
        impl Permissions {
            $($(#[$doc])* pub const $name: Permissions = Permissions(1 << $bit);)*

            /// Every permission with its name.
            pub const NAMES: &[(&str, Permissions)] = &[$((stringify!($name), Permissions::$name)),*];
        }
    };
}

permissions! {
    /// Make invites.
    CREATE_INSTANT_INVITE = 0,
    /// Kick members.
    KICK_MEMBERS = 1,
    /// Ban members.
    BAN_MEMBERS = 2,
    /// Everything, whatever a channel says.
    ADMINISTRATOR = 3,
    /// Make, edit and delete channels.
    MANAGE_CHANNELS = 4,
    /// Edit the guild.
    MANAGE_GUILD = 5,
    /// Add reactions.
    ADD_REACTIONS = 6,
    /// Read the audit log.
    VIEW_AUDIT_LOG = 7,
    /// See a channel; once called READ_MESSAGES.
    VIEW_CHANNEL = 10,
    /// Post messages.
    SEND_MESSAGES = 11,
    /// Have messages read aloud.
    SEND_TTS_MESSAGES = 12,
    /// Delete and pin others' messages.
    MANAGE_MESSAGES = 13,
    /// Have links shown as embeds.
    EMBED_LINKS = 14,
    /// Upload files.
    ATTACH_FILES = 15,
    /// Read what was posted before.
    READ_MESSAGE_HISTORY = 16,
    /// Mention @everyone, @here and every role.
    MENTION_EVERYONE = 17,
    /// Use other guilds' emojis.
    USE_EXTERNAL_EMOJIS = 18,
    /// Join voice channels.
    CONNECT = 20,
    /// Speak in voice channels.
    SPEAK = 21,
    /// Mute members in voice.
    MUTE_MEMBERS = 22,
    /// Deafen members in voice.
    DEAFEN_MEMBERS = 23,
    /// Move members between voice channels.
    MOVE_MEMBERS = 24,
    /// Speak without push to talk.
    USE_VAD = 25,
    /// Change one's own nickname.
    CHANGE_NICKNAME = 26,
    /// Change others' nicknames.
    MANAGE_NICKNAMES = 27,
    /// Make and edit roles below one's own.
    MANAGE_ROLES = 28,
    /// Make, edit and delete webhooks.
    MANAGE_WEBHOOKS = 29,
    /// Make, edit and delete emojis.
    MANAGE_EMOJIS = 30,
}

impl Permissions {
    /// None.
    pub const NONE: Permissions = Permissions(0);
    /// All of them.
    pub const ALL: Permissions = Permissions(0x7FF7_FCFF);
    /// What @everyone of a new guild has: Discord's own default.
    pub const DEFAULT: Permissions = Permissions(0x0637_DCC1 & Self::ALL.0);

    /// Whether all of `others` are in it.
    pub const fn contains(self, others: Permissions) -> bool {
        self.0 & others.0 == others.0
    }

    /// These without `others`.
    pub const fn without(self, others: Permissions) -> Permissions {
        Permissions(self.0 & !others.0)
    }
}

impl BitOr for Permissions {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Permissions(self.0 | other.0)
    }
}

impl BitOrAssign for Permissions {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

impl BitAnd for Permissions {
    type Output = Self;
    fn bitand(self, other: Self) -> Self {
        Permissions(self.0 & other.0)
    }
}

impl Not for Permissions {
    type Output = Self;
    fn not(self) -> Self {
        Permissions(!self.0 & Self::ALL.0)
    }
}

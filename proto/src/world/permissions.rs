//! What a member may do: the bits, and how they come together.

use super::{Channel, ChannelId, ChannelKind, Guild, GuildId, OverwriteOf, UserId, World};
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

    /// What everybody in direct messages has there.
    const PRIVATE: Permissions = Permissions(
        Self::ADD_REACTIONS.0
            | Self::VIEW_CHANNEL.0
            | Self::SEND_MESSAGES.0
            | Self::SEND_TTS_MESSAGES.0
            | Self::EMBED_LINKS.0
            | Self::ATTACH_FILES.0
            | Self::READ_MESSAGE_HISTORY.0
            | Self::USE_EXTERNAL_EMOJIS.0
            | Self::CONNECT.0
            | Self::SPEAK.0
            | Self::USE_VAD.0,
    );
    /// What is worth nothing without [`Permissions::SEND_MESSAGES`].
    const OF_SENDING: Permissions =
        Permissions(Self::MENTION_EVERYONE.0 | Self::SEND_TTS_MESSAGES.0 | Self::ATTACH_FILES.0 | Self::EMBED_LINKS.0);
    /// What is worth nothing without [`Permissions::CONNECT`].
    const OF_CONNECTING: Permissions = Permissions(
        Self::SPEAK.0 | Self::MUTE_MEMBERS.0 | Self::DEAFEN_MEMBERS.0 | Self::MOVE_MEMBERS.0 | Self::USE_VAD.0,
    );

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

impl World {
    /// What a user may do in a guild, wherever no channel says otherwise. Who is not a member may nothing.
    pub fn permissions_of(&self, user: UserId, guild: GuildId) -> Permissions {
        self.guild(guild).map_or(Permissions::NONE, |guild| guild.permissions_of(user))
    }

    /// What a user may do in a channel.
    ///
    /// In a guild (`compute_full` in the inventory of cross-cutting facts): the owner and administrators everything; else
    /// what @everyone and the member's roles have, changed by the channel's overwrite for @everyone, then by those for
    /// its roles together, then by its own, each time first what is denied, then what is allowed. Who can't see the
    /// channel may nothing; who can't send, nothing that goes with sending; who can't connect, nothing that goes with
    /// being connected. In direct messages everybody in them may what can be done there, and nobody else anything.
    pub fn permissions_in(&self, user: UserId, channel: ChannelId) -> Permissions {
        self.channel(channel).map_or(Permissions::NONE, |channel| self.permissions_within(user, channel))
    }

    /// The same of a channel that need not be in the world any more.
    pub fn permissions_within(&self, user: UserId, channel: &Channel) -> Permissions {
        let Some(guild) = channel.guild.and_then(|guild| self.guild(guild)) else {
            let within = channel.recipients.contains(&user);
            return if within { Permissions::PRIVATE } else { Permissions::NONE };
        };
        let base = guild.permissions_of(user);
        let Some(member) = guild.members.get(&user) else { return Permissions::NONE };
        if base.contains(Permissions::ADMINISTRATOR) {
            return base;
        }
        let mut permissions = base;
        let mut change = |concerns: &dyn Fn(OverwriteOf) -> bool| {
            let (mut allow, mut deny) = (Permissions::NONE, Permissions::NONE);
            for overwrite in channel.overwrites.iter().filter(|overwrite| concerns(overwrite.of)) {
                allow |= overwrite.allow;
                deny |= overwrite.deny;
            }
            permissions = permissions.without(deny) | allow;
        };
        let everyone = guild.everyone();
        change(&|of| of == OverwriteOf::Role(everyone));
        change(&|of| matches!(of, OverwriteOf::Role(role) if role != everyone && member.roles.contains(&role)));
        change(&|of| of == OverwriteOf::Member(user));
        if !permissions.contains(Permissions::VIEW_CHANNEL) {
            return Permissions::NONE;
        }
        if !permissions.contains(Permissions::SEND_MESSAGES) {
            permissions = permissions.without(Permissions::OF_SENDING);
        }
        if !permissions.contains(Permissions::CONNECT) {
            permissions = permissions.without(Permissions::OF_CONNECTING);
        }
        permissions
    }

    /// Whether a user can see a channel: it may, and the guild can be reached.
    pub fn sees(&self, user: UserId, channel: ChannelId) -> bool {
        let guild = self.channel(channel).and_then(|channel| channel.guild).and_then(|guild| self.guild(guild));
        guild.is_none_or(|guild| guild.available)
            && self.permissions_in(user, channel).contains(Permissions::VIEW_CHANNEL)
    }

    /// Whether a user who is in this voice channel, or would be, can't be heard there for lack of permission.
    pub fn is_suppressed(&self, user: UserId, channel: ChannelId) -> bool {
        let of_guild = self.channel(channel).is_some_and(|channel| channel.kind == ChannelKind::GuildVoice);
        of_guild && !self.permissions_in(user, channel).contains(Permissions::SPEAK)
    }
}

impl Guild {
    fn permissions_of(&self, user: UserId) -> Permissions {
        let Some(member) = self.members.get(&user) else { return Permissions::NONE };
        if self.owner == user {
            return Permissions::ALL;
        }
        let everyone = self.everyone();
        let roles = std::iter::once(&everyone).chain(&member.roles).filter_map(|role| self.roles.get(role));
        let permissions = roles.fold(Permissions::NONE, |all, role| all | role.permissions);
        if permissions.contains(Permissions::ADMINISTRATOR) { Permissions::ALL } else { permissions }
    }
}

//! Intents: which events a session is sent.

use std::fmt;
use std::ops::BitOr;

/// A set of intents, as the bits of IDENTIFY.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Intents(pub u64);

/// One intent.
#[derive(Clone, Copy, Debug)]
pub struct Intent {
    /// `"GUILD_MESSAGES"`
    pub name: &'static str,
    /// Its bit.
    pub bit: u8,
    /// Whether the application must be granted it.
    pub privileged: bool,
}

const fn open(name: &'static str, bit: u8) -> Intent {
    Intent { name, bit, privileged: false }
}

const fn privileged(name: &'static str, bit: u8) -> Intent {
    Intent { name, bit, privileged: true }
}

/// Every intent, by its bit.
pub const INTENTS: [Intent; 21] = [
    open("GUILDS", 0),
    privileged("GUILD_MEMBERS", 1),
    open("GUILD_MODERATION", 2),
    open("GUILD_EXPRESSIONS", 3),
    open("GUILD_INTEGRATIONS", 4),
    open("GUILD_WEBHOOKS", 5),
    open("GUILD_INVITES", 6),
    open("GUILD_VOICE_STATES", 7),
    privileged("GUILD_PRESENCES", 8),
    open("GUILD_MESSAGES", 9),
    open("GUILD_MESSAGE_REACTIONS", 10),
    open("GUILD_MESSAGE_TYPING", 11),
    open("DIRECT_MESSAGES", 12),
    open("DIRECT_MESSAGE_REACTIONS", 13),
    open("DIRECT_MESSAGE_TYPING", 14),
    privileged("MESSAGE_CONTENT", 15),
    open("GUILD_SCHEDULED_EVENTS", 16),
    open("AUTO_MODERATION_CONFIGURATION", 20),
    open("AUTO_MODERATION_EXECUTION", 21),
    open("GUILD_MESSAGE_POLLS", 24),
    open("DIRECT_MESSAGE_POLLS", 25),
];

impl Intents {
    /// No intent: READY and little else.
    pub const NONE: Intents = Intents(0);
    /// What every application may ask for.
    pub const UNPRIVILEGED: Intents = Intents::of(false);
    /// What an application must be granted.
    pub const PRIVILEGED: Intents = Intents::of(true);

    const fn of(privileged: bool) -> Intents {
        let (mut bits, mut at) = (0, 0);
        while at < INTENTS.len() {
            if INTENTS[at].privileged == privileged {
                bits |= 1 << INTENTS[at].bit;
            }
            at += 1;
        }
        Intents(bits)
    }

    /// The intent of this name.
    pub fn named(name: &str) -> Option<Intents> {
        INTENTS.iter().find(|intent| intent.name == name).map(|intent| Intents(1 << intent.bit))
    }

    /// Whether all of `other` are in it.
    pub const fn contains(self, other: Intents) -> bool {
        self.0 & other.0 == other.0
    }
}

impl BitOr for Intents {
    type Output = Intents;
    fn bitor(self, other: Intents) -> Intents {
        Intents(self.0 | other.0)
    }
}

impl fmt::Debug for Intents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = INTENTS.iter().filter(|intent| self.contains(Intents(1 << intent.bit)));
        f.debug_set().entries(named.map(|intent| intent.name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intents_are_found_by_name_and_add_up() {
        assert_eq!(Intents::named("GUILDS"), Some(Intents(1)));
        assert_eq!(Intents::named("DIRECT_MESSAGE_POLLS"), Some(Intents(1 << 25)));
        assert_eq!(Intents::named("guilds"), None);
        assert_eq!(Intents::PRIVILEGED, Intents(1 << 1 | 1 << 8 | 1 << 15));
        assert_eq!(Intents::PRIVILEGED | Intents::UNPRIVILEGED, Intents(0b11_0011_0001_1111_1111_1111_1111));
        assert_eq!(format!("{:?}", Intents(3)), r#"{"GUILDS", "GUILD_MEMBERS"}"#);
    }
}

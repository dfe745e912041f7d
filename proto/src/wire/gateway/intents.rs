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
    /// The events that it lets through. (MESSAGE_CONTENT lets none through, but what is in some.)
    pub events: &'static [&'static str],
}

const fn open(name: &'static str, bit: u8, events: &'static [&'static str]) -> Intent {
    Intent { name, bit, privileged: false, events }
}

const fn privileged(name: &'static str, bit: u8, events: &'static [&'static str]) -> Intent {
    Intent { name, bit, privileged: true, events }
}

/// Every intent, by its bit.
pub const INTENTS: [Intent; 21] = [
    open(
        "GUILDS",
        0,
        &[
            "GUILD_CREATE",
            "GUILD_UPDATE",
            "GUILD_DELETE",
            "GUILD_ROLE_CREATE",
            "GUILD_ROLE_UPDATE",
            "GUILD_ROLE_DELETE",
            "CHANNEL_CREATE",
            "CHANNEL_UPDATE",
            "CHANNEL_DELETE",
            "CHANNEL_PINS_UPDATE",
            "THREAD_CREATE",
            "THREAD_UPDATE",
            "THREAD_DELETE",
            "THREAD_LIST_SYNC",
            "THREAD_MEMBER_UPDATE",
            "THREAD_MEMBERS_UPDATE",
            "STAGE_INSTANCE_CREATE",
            "STAGE_INSTANCE_UPDATE",
            "STAGE_INSTANCE_DELETE",
            "VOICE_CHANNEL_STATUS_UPDATE",
            "VOICE_CHANNEL_START_TIME_UPDATE",
        ],
    ),
    privileged(
        "GUILD_MEMBERS",
        1,
        &["GUILD_MEMBER_ADD", "GUILD_MEMBER_UPDATE", "GUILD_MEMBER_REMOVE", "THREAD_MEMBERS_UPDATE"],
    ),
    open("GUILD_MODERATION", 2, &["GUILD_AUDIT_LOG_ENTRY_CREATE", "GUILD_BAN_ADD", "GUILD_BAN_REMOVE"]),
    open(
        "GUILD_EXPRESSIONS",
        3,
        &[
            "GUILD_EMOJIS_UPDATE",
            "GUILD_STICKERS_UPDATE",
            "GUILD_SOUNDBOARD_SOUND_CREATE",
            "GUILD_SOUNDBOARD_SOUND_UPDATE",
            "GUILD_SOUNDBOARD_SOUND_DELETE",
            "GUILD_SOUNDBOARD_SOUNDS_UPDATE",
        ],
    ),
    open(
        "GUILD_INTEGRATIONS",
        4,
        &["GUILD_INTEGRATIONS_UPDATE", "INTEGRATION_CREATE", "INTEGRATION_UPDATE", "INTEGRATION_DELETE"],
    ),
    open("GUILD_WEBHOOKS", 5, &["WEBHOOKS_UPDATE"]),
    open("GUILD_INVITES", 6, &["INVITE_CREATE", "INVITE_DELETE"]),
    open("GUILD_VOICE_STATES", 7, &["VOICE_CHANNEL_EFFECT_SEND", "VOICE_STATE_UPDATE"]),
    privileged("GUILD_PRESENCES", 8, &["PRESENCE_UPDATE"]),
    open("GUILD_MESSAGES", 9, &["MESSAGE_CREATE", "MESSAGE_UPDATE", "MESSAGE_DELETE", "MESSAGE_DELETE_BULK"]),
    open(
        "GUILD_MESSAGE_REACTIONS",
        10,
        &[
            "MESSAGE_REACTION_ADD",
            "MESSAGE_REACTION_REMOVE",
            "MESSAGE_REACTION_REMOVE_ALL",
            "MESSAGE_REACTION_REMOVE_EMOJI",
        ],
    ),
    open("GUILD_MESSAGE_TYPING", 11, &["TYPING_START"]),
    open("DIRECT_MESSAGES", 12, &["MESSAGE_CREATE", "MESSAGE_UPDATE", "MESSAGE_DELETE", "CHANNEL_PINS_UPDATE"]),
    open(
        "DIRECT_MESSAGE_REACTIONS",
        13,
        &[
            "MESSAGE_REACTION_ADD",
            "MESSAGE_REACTION_REMOVE",
            "MESSAGE_REACTION_REMOVE_ALL",
            "MESSAGE_REACTION_REMOVE_EMOJI",
        ],
    ),
    open("DIRECT_MESSAGE_TYPING", 14, &["TYPING_START"]),
    privileged("MESSAGE_CONTENT", 15, &[]),
    open(
        "GUILD_SCHEDULED_EVENTS",
        16,
        &[
            "GUILD_SCHEDULED_EVENT_CREATE",
            "GUILD_SCHEDULED_EVENT_UPDATE",
            "GUILD_SCHEDULED_EVENT_DELETE",
            "GUILD_SCHEDULED_EVENT_USER_ADD",
            "GUILD_SCHEDULED_EVENT_USER_REMOVE",
        ],
    ),
    open(
        "AUTO_MODERATION_CONFIGURATION",
        20,
        &["AUTO_MODERATION_RULE_CREATE", "AUTO_MODERATION_RULE_UPDATE", "AUTO_MODERATION_RULE_DELETE"],
    ),
    open("AUTO_MODERATION_EXECUTION", 21, &["AUTO_MODERATION_ACTION_EXECUTION"]),
    open("GUILD_MESSAGE_POLLS", 24, &["MESSAGE_POLL_VOTE_ADD", "MESSAGE_POLL_VOTE_REMOVE"]),
    open("DIRECT_MESSAGE_POLLS", 25, &["MESSAGE_POLL_VOTE_ADD", "MESSAGE_POLL_VOTE_REMOVE"]),
];

impl Intent {
    /// Whether it is about private channels.
    pub fn is_direct(&self) -> bool {
        self.name.starts_with("DIRECT_")
    }
}

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

    /// The intents that let this event through in a guild (or, with `direct`, in a private channel). None: it always comes.
    pub fn letting(event: &str, direct: bool) -> Intents {
        let lets = |intent: &&Intent| intent.is_direct() == direct && intent.events.contains(&event);
        INTENTS.iter().filter(lets).fold(Intents::NONE, |all, intent| all | Intents(1 << intent.bit))
    }

    /// Whether a session with these intents is sent this event of a guild (or, with `direct`, of a private channel).
    pub fn let_pass(self, event: &str, direct: bool) -> bool {
        let letting = Intents::letting(event, direct);
        letting == Intents::NONE || self.0 & letting.0 != 0
    }

    /// The bits that are no intent: a server closes with 4013 for them.
    pub fn unknown(self) -> u64 {
        self.0 & !(Intents::PRIVILEGED.0 | Intents::UNPRIVILEGED.0)
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
    fn every_event_of_an_intent_is_known() {
        for intent in INTENTS {
            for event in intent.events {
                assert!(super::super::EventRow::named(event).is_some(), "{event}");
            }
        }
        assert!(Intents(1 << 9).let_pass("MESSAGE_CREATE", false));
        assert!(!Intents(1 << 9).let_pass("MESSAGE_CREATE", true));
        assert!(Intents::NONE.let_pass("READY", false) && Intents::NONE.let_pass("EVENT_OF_TOMORROW", true));
    }

    #[test]
    fn intents_are_found_by_name_and_add_up() {
        assert_eq!(Intents::named("GUILDS"), Some(Intents(1)));
        assert_eq!(Intents::named("DIRECT_MESSAGE_POLLS"), Some(Intents(1 << 25)));
        assert_eq!(Intents::named("guilds"), None);
        assert_eq!(Intents::PRIVILEGED, Intents(1 << 1 | 1 << 8 | 1 << 15));
        assert_eq!(Intents::PRIVILEGED | Intents::UNPRIVILEGED, Intents(0b11_0011_0001_1111_1111_1111_1111));
        assert_eq!(Intents(1 << 17 | 1).unknown(), 1 << 17);
        assert_eq!(format!("{:?}", Intents(3)), r#"{"GUILDS", "GUILD_MEMBERS"}"#);
    }
}

//! Dispatch events by name: those of 2017 and those that came since.
//!
//! Names only: an event that is not here comes through like any other, since Discord adds them. What each carries is the
//! server's affair; a client hands it on as it came. Sources: the inventories `gateway_v6.yaml` (33 events),
//! `current_gateway_v10.yaml` (79) and `gateway_user_opcodes.yaml` (replies to user accounts).

use super::{Dialect, Intents};

/// A dispatch event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventRow {
    /// `"MESSAGE_CREATE"`
    pub name: &'static str,
    /// Whether the documents of 2017 have it.
    pub in_2017: bool,
    /// The oldest dialect that is sent it.
    pub since: Dialect,
    /// Whether only user accounts get it.
    pub users_only: bool,
}

const fn old(name: &'static str) -> EventRow {
    EventRow { name, in_2017: true, since: Dialect::V6, users_only: false }
}

const fn later(name: &'static str) -> EventRow {
    EventRow { name, in_2017: false, since: Dialect::V6, users_only: false }
}

const fn threads(name: &'static str) -> EventRow {
    EventRow { name, in_2017: false, since: Dialect::V9, users_only: false }
}

const fn users(name: &'static str) -> EventRow {
    EventRow { name, in_2017: false, since: Dialect::V6, users_only: true }
}

/// Every event that is known by name, in the order of the documents.
pub const EVENTS: [EventRow; 81] = [
    old("READY"),
    old("RESUMED"),
    later("RATE_LIMITED"),
    later("APPLICATION_COMMAND_PERMISSIONS_UPDATE"),
    later("AUTO_MODERATION_RULE_CREATE"),
    later("AUTO_MODERATION_RULE_UPDATE"),
    later("AUTO_MODERATION_RULE_DELETE"),
    later("AUTO_MODERATION_ACTION_EXECUTION"),
    old("CHANNEL_CREATE"),
    old("CHANNEL_UPDATE"),
    old("CHANNEL_DELETE"),
    later("CHANNEL_INFO"),
    old("CHANNEL_PINS_UPDATE"),
    threads("THREAD_CREATE"),
    threads("THREAD_UPDATE"),
    threads("THREAD_DELETE"),
    threads("THREAD_LIST_SYNC"),
    threads("THREAD_MEMBER_UPDATE"),
    threads("THREAD_MEMBERS_UPDATE"),
    later("ENTITLEMENT_CREATE"),
    later("ENTITLEMENT_UPDATE"),
    later("ENTITLEMENT_DELETE"),
    old("GUILD_CREATE"),
    old("GUILD_UPDATE"),
    old("GUILD_DELETE"),
    later("GUILD_AUDIT_LOG_ENTRY_CREATE"),
    old("GUILD_BAN_ADD"),
    old("GUILD_BAN_REMOVE"),
    old("GUILD_EMOJIS_UPDATE"),
    later("GUILD_STICKERS_UPDATE"),
    old("GUILD_INTEGRATIONS_UPDATE"),
    old("GUILD_MEMBER_ADD"),
    old("GUILD_MEMBER_REMOVE"),
    old("GUILD_MEMBER_UPDATE"),
    old("GUILD_MEMBERS_CHUNK"),
    old("GUILD_ROLE_CREATE"),
    old("GUILD_ROLE_UPDATE"),
    old("GUILD_ROLE_DELETE"),
    later("GUILD_SCHEDULED_EVENT_CREATE"),
    later("GUILD_SCHEDULED_EVENT_UPDATE"),
    later("GUILD_SCHEDULED_EVENT_DELETE"),
    later("GUILD_SCHEDULED_EVENT_USER_ADD"),
    later("GUILD_SCHEDULED_EVENT_USER_REMOVE"),
    later("GUILD_SOUNDBOARD_SOUND_CREATE"),
    later("GUILD_SOUNDBOARD_SOUND_UPDATE"),
    later("GUILD_SOUNDBOARD_SOUND_DELETE"),
    later("GUILD_SOUNDBOARD_SOUNDS_UPDATE"),
    later("SOUNDBOARD_SOUNDS"),
    later("INTEGRATION_CREATE"),
    later("INTEGRATION_UPDATE"),
    later("INTEGRATION_DELETE"),
    later("INTERACTION_CREATE"),
    later("INVITE_CREATE"),
    later("INVITE_DELETE"),
    old("MESSAGE_CREATE"),
    old("MESSAGE_UPDATE"),
    old("MESSAGE_DELETE"),
    old("MESSAGE_DELETE_BULK"),
    old("MESSAGE_REACTION_ADD"),
    old("MESSAGE_REACTION_REMOVE"),
    old("MESSAGE_REACTION_REMOVE_ALL"),
    later("MESSAGE_REACTION_REMOVE_EMOJI"),
    old("PRESENCE_UPDATE"),
    later("STAGE_INSTANCE_CREATE"),
    later("STAGE_INSTANCE_UPDATE"),
    later("STAGE_INSTANCE_DELETE"),
    later("SUBSCRIPTION_CREATE"),
    later("SUBSCRIPTION_UPDATE"),
    later("SUBSCRIPTION_DELETE"),
    old("TYPING_START"),
    old("USER_UPDATE"),
    later("VOICE_CHANNEL_EFFECT_SEND"),
    later("VOICE_CHANNEL_START_TIME_UPDATE"),
    later("VOICE_CHANNEL_STATUS_UPDATE"),
    old("VOICE_STATE_UPDATE"),
    old("VOICE_SERVER_UPDATE"),
    old("WEBHOOKS_UPDATE"),
    later("MESSAGE_POLL_VOTE_ADD"),
    later("MESSAGE_POLL_VOTE_REMOVE"),
    users("FORUM_UNREADS"),
    users("LAST_MESSAGES"),
];

impl EventRow {
    /// The event of this name. One that is not known is handed on all the same.
    pub fn named(name: &str) -> Option<&'static EventRow> {
        EVENTS.iter().find(|row| row.name == name)
    }

    /// The intents that let it through in a guild (or, with `direct`, in a private channel). None: it always comes.
    pub fn intents(&self, direct: bool) -> Intents {
        Intents::letting(self.name, direct)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documents_have_33_events_of_2017_and_79_today() {
        assert_eq!(EVENTS.iter().filter(|row| row.in_2017).count(), 33);
        assert_eq!(EVENTS.iter().filter(|row| !row.users_only).count(), 79);
        for row in EVENTS {
            assert_eq!(EVENTS.iter().filter(|other| other.name == row.name).count(), 1, "{}", row.name);
            assert_eq!(row.since == Dialect::V9, row.name.starts_with("THREAD_"), "{}", row.name);
            assert!(row.name.len() <= super::super::MAX_NAME);
        }
    }

    #[test]
    fn events_say_which_intents_let_them_through() {
        let named = |name: &str| Intents::named(name).expect("it is an intent");
        let of = |name: &str, direct| EventRow::named(name).expect("it is an event").intents(direct);
        assert_eq!(of("MESSAGE_CREATE", false), named("GUILD_MESSAGES"));
        assert_eq!(of("MESSAGE_CREATE", true), named("DIRECT_MESSAGES"));
        assert_eq!(of("TYPING_START", true), named("DIRECT_MESSAGE_TYPING"));
        assert_eq!(of("CHANNEL_PINS_UPDATE", false), named("GUILDS"));
        assert_eq!(of("CHANNEL_PINS_UPDATE", true), named("DIRECT_MESSAGES"));
        assert_eq!(of("THREAD_MEMBERS_UPDATE", false), named("GUILDS") | named("GUILD_MEMBERS"));
        for always in
            ["READY", "RESUMED", "USER_UPDATE", "VOICE_SERVER_UPDATE", "INTERACTION_CREATE", "GUILD_MEMBERS_CHUNK"]
        {
            assert_eq!(of(always, false), Intents::NONE, "{always}");
        }
        assert_eq!(EventRow::named("EVENT_OF_TOMORROW"), None);
    }
}

//! One session: what it wants to hear, what it was sent, and what it could be sent again.

use std::collections::{BTreeMap, VecDeque};

use super::Limits;
use super::peer::Window;
use crate::time::Instant;
use crate::wire::gateway::{Dialect, Intents};
use crate::wire::json::{push_int, push_str};
use crate::world::{ApplicationId, Channel, GuildId, UserId, World};

/// See the module.
#[derive(Debug)]
pub(super) struct Session {
    /// What the client calls it.
    pub(super) id: Box<str>,
    /// Whose bot; a user who logged in has none.
    pub(super) application: Option<ApplicationId>,
    pub(super) user: UserId,
    pub(super) dialect: Dialect,
    /// What it wants; `None` of old versions is everything.
    pub(super) intents: Option<Intents>,
    /// Which of how many shards.
    pub(super) shard: (u32, u32),
    /// With more members than this a guild comes with those only who are there.
    pub(super) large_threshold: usize,
    /// Versions 6 and 7: whether presences and typing are wanted.
    pub(super) guild_subscriptions: bool,
    /// What a user's client says it can read; nothing of a bot's.
    pub(super) capabilities: Capabilities,
    /// The last event's number.
    pub(super) seq: u64,
    replay: VecDeque<(u64, Box<[u8]>)>,
    replay_bytes: usize,
    /// Of the presences that it sets, over all its connections.
    pub(super) presences: Window,
    /// The connection that it has now.
    pub(super) peer: Option<u32>,
    /// Without one: until when it waits.
    pub(super) until: Option<Instant>,
    /// The guilds that the client knows, and whether as available.
    pub(super) guilds: BTreeMap<GuildId, bool>,
}

/// What a session is begun with.
#[derive(Debug)]
pub(super) struct Wish {
    pub(super) dialect: Dialect,
    pub(super) intents: Option<Intents>,
    pub(super) shard: (u32, u32),
    pub(super) large_threshold: usize,
    pub(super) guild_subscriptions: bool,
    pub(super) capabilities: Capabilities,
}

/// How READY is to look, in bits that clients of users say with IDENTIFY. Those that no client was seen to need are not looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Capabilities(pub(super) u64);

impl Capabilities {
    /// `read_state` is an object with a version.
    pub(super) const READ_STATES: u64 = 1 << 2;
    /// So is `user_guild_settings`.
    pub(super) const GUILD_SETTINGS: u64 = 1 << 3;
    /// Each user stands once, in `users`; elsewhere ids.
    pub(super) const USERS_ONCE: u64 = 1 << 4;
    /// READY_SUPPLEMENTAL comes after READY, with who else is in the guilds, and how.
    pub(super) const SUPPLEMENTAL: u64 = 1 << 5;
    /// Settings are a message of protocol buffers.
    pub(super) const SETTINGS_PROTO: u64 = 1 << 9;

    pub(super) fn has(self, one: u64) -> bool {
        self.0 & one != 0
    }

    pub(super) fn users_once(self) -> bool {
        self.has(Capabilities::USERS_ONCE | Capabilities::SUPPLEMENTAL)
    }
}

impl Session {
    pub(super) fn new(id: &str, (application, user): (Option<ApplicationId>, UserId), wish: Wish, peer: u32) -> Self {
        let Wish { dialect, intents, shard, large_threshold, guild_subscriptions, capabilities } = wish;
        Session {
            id: id.into(),
            application,
            user,
            dialect,
            intents,
            shard,
            large_threshold,
            guild_subscriptions,
            capabilities,
            seq: 0,
            replay: VecDeque::new(),
            replay_bytes: 0,
            presences: Window::default(),
            peer: Some(peer),
            until: None,
            guilds: BTreeMap::new(),
        }
    }

    /// Whether a user logged in, and no bot.
    pub(super) fn is_users(&self) -> bool {
        self.application.is_none()
    }

    /// Whether READY shows guilds whole, and no GUILD_CREATE comes after.
    pub(super) fn has_whole_guilds(&self) -> bool {
        self.is_users() || !self.dialect.greets()
    }

    /// Whether its intents let an event of a guild through, or of a private channel.
    pub(super) fn hears(&self, event: &str, direct: bool) -> bool {
        self.intents.is_none_or(|asked| asked.let_pass(event, direct))
    }

    /// Whether it asked for an intent.
    pub(super) fn asked_for(&self, intent: &str) -> bool {
        self.intents.is_none_or(|asked| Intents::named(intent).is_some_and(|intent| asked.contains(intent)))
    }

    /// Whether a guild is this shard's.
    pub(super) fn has(&self, guild: GuildId) -> bool {
        shard_of(guild, self.shard.1) == self.shard.0
    }

    /// Whether the bot is in a guild of this shard.
    pub(super) fn is_in(&self, world: &World, guild: GuildId) -> bool {
        self.has(guild) && world.member(guild, self.user).is_some()
    }

    /// Whether what happens in a channel is for this session: the bot may see it, and it is this shard's.
    pub(super) fn sees(&self, world: &World, channel: &Channel) -> bool {
        match channel.guild {
            Some(guild) => {
                self.has(guild)
                    && self.guilds.get(&guild) == Some(&true)
                    && world.permissions_within(self.user, channel).contains(crate::world::Permissions::VIEW_CHANNEL)
            }
            None => self.shard.0 == 0 && channel.recipients.contains(&self.user),
        }
    }

    /// Wraps a dispatch, numbers it and keeps it.
    pub(super) fn dispatch(&mut self, name: &str, data: &[u8], limits: &Limits) -> &[u8] {
        self.seq += 1;
        let mut payload = Vec::with_capacity(data.len() + name.len() + 40);
        payload.extend_from_slice(br#"{"t":"#);
        push_str(&mut payload, name);
        payload.extend_from_slice(br#","s":"#);
        push_int(&mut payload, i64::try_from(self.seq).unwrap_or(i64::MAX));
        payload.extend_from_slice(br#","op":0,"d":"#);
        payload.extend_from_slice(data);
        payload.push(b'}');
        self.replay_bytes += payload.len();
        self.replay.push_back((self.seq, payload.into()));
        while self.replay.len() > limits.replay.max(1)
            || self.replay.len() > 1 && self.replay_bytes > limits.replay_bytes
        {
            if let Some((_, gone)) = self.replay.pop_front() {
                self.replay_bytes -= gone.len();
            }
        }
        self.replay.back().map_or(&[], |(_, payload)| payload)
    }

    /// What came after an event, oldest first; `None` when some of it is kept no longer.
    pub(super) fn since(&self, seq: u64) -> Option<impl Iterator<Item = &[u8]>> {
        let oldest = self.replay.front().map_or(self.seq + 1, |(oldest, _)| *oldest);
        (seq + 1 >= oldest)
            .then(|| self.replay.iter().filter(move |(number, _)| *number > seq).map(|(_, payload)| &**payload))
    }
}

/// Which shard a guild belongs to.
pub(super) fn shard_of(guild: GuildId, count: u32) -> u32 {
    let shard = (guild.get() >> 22) % u64::from(count.max(1));
    u32::try_from(shard).unwrap_or(0)
}

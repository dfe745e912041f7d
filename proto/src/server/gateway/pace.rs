//! How often a bot may begin a session, and ask for all members of a guild. Discord counts both for the bot, over all its
//! connections; what one connection sends is counted with the connection (`peer`).

use std::collections::BTreeMap;
use std::time::Duration;

use super::Limits;
use crate::time::Instant;
use crate::world::{GuildId, UserId};

/// What `session_start_limit` counts within.
const DAY: Duration = Duration::from_secs(86_400);

/// See the module. What is over is forgotten when somebody begins a session.
#[derive(Debug, Default)]
pub(super) struct Paces {
    /// How many sessions were begun in the day that runs, and until when that is.
    begun: BTreeMap<UserId, (u32, Instant)>,
    /// When the next one may identify, in each bucket (the shard's number modulo `max_concurrency`), and whether one was refused
    /// meanwhile.
    buckets: BTreeMap<(UserId, u32), (Instant, bool)>,
    /// When all members may be asked for again.
    members: BTreeMap<(UserId, GuildId), Instant>,
}

/// What becomes of an IDENTIFY.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// It begins a session.
    Granted,
    /// The bucket's last one was a moment ago. It counts for the day all the same, as at Discord. The second one of these is
    /// told when the bucket's wait is over: a client that tries again without a pause (discord.py 0.16, hata) finds its pace in
    /// the network elsewhere, and would spend its day here in a second.
    TooSoon { told: Option<Instant> },
    /// There is none left today.
    Spent,
}

impl Paces {
    pub(super) fn start(&mut self, now: Instant, user: UserId, shard: u32, limits: &Limits) -> Start {
        self.begun.retain(|_, (_, until)| *until > now);
        self.buckets.retain(|_, (next, _)| *next > now);
        self.members.retain(|_, next| *next > now);
        let (count, _) = self.begun.entry(user).or_insert((0, now + DAY));
        if *count >= limits.identifies {
            return Start::Spent;
        }
        *count += 1;
        let bucket = (user, shard % limits.max_concurrency.max(1));
        if let Some((next, refused)) = self.buckets.get_mut(&bucket) {
            let told = std::mem::replace(refused, true).then_some(*next);
            return Start::TooSoon { told };
        }
        self.buckets.insert(bucket, (now + limits.identify_every, false));
        Start::Granted
    }

    /// How many sessions a bot may begin still, and when it may begin all of them again.
    pub(super) fn left(&self, now: Instant, user: UserId, limits: &Limits) -> (u32, Duration) {
        match self.begun.get(&user) {
            Some((count, until)) if *until > now => (limits.identifies.saturating_sub(*count), until.since(now)),
            _ => (limits.identifies, Duration::ZERO),
        }
    }

    /// How long it takes until all members of a guild may be asked for; nothing when they are given now.
    pub(super) fn members(&mut self, now: Instant, user: UserId, guild: GuildId, limits: &Limits) -> Option<Duration> {
        match self.members.get(&(user, guild)) {
            Some(next) if *next > now => Some(next.since(now)),
            _ => {
                self.members.insert((user, guild), now + limits.members_every);
                None
            }
        }
    }
}

//! Requests for all members of a guild: one in [`MEMBERS_EVERY`] for each guild.
//!
//! Discord counts them for the bot, over its connections and sessions, and answers one that comes too early with RATE_LIMITED
//! and no members. So they wait until their guild's turn, while other commands pass them. The one thing to know before
//! changing it: a lost connection, a new session and another number of shards change nothing of what Discord has counted, so
//! this is the client's and not a shard's. Source: the inventory `current_gateway_v10.yaml` (send_limits).

use std::collections::BTreeMap;
use std::time::Duration;

use crate::time::Instant;
use crate::value::{Kind, Value};
use crate::wire::gateway::Opcode;

/// How long all members of a guild are not asked for again. Discord takes one request in 30 s; the second more is for one that
/// is faster on its way than the one before it.
pub const MEMBERS_EVERY: Duration = Duration::from_secs(31);

/// How long a request for all members may take when its caller does not say: it may have to wait for its guild's turn, and the
/// chunks of a large guild take their time.
pub const MEMBERS_TIMEOUT: Duration = Duration::from_secs(120);

/// Guilds that are remembered before those whose time is over are forgotten.
const FEW: usize = 64;

/// When all members of a guild may be asked for again.
#[derive(Debug, Default)]
pub(super) struct MembersPace {
    next: BTreeMap<u64, Instant>,
    /// How many there were when those that are over were forgotten last.
    kept: usize,
}

impl MembersPace {
    /// When a request for all members of these guilds may go out; long ago when it asks for none's.
    pub(super) fn next(&self, guilds: &[u64]) -> Instant {
        guilds.iter().filter_map(|guild| self.next.get(guild).copied()).max().unwrap_or(Instant::ZERO)
    }

    /// It goes out now.
    pub(super) fn spend(&mut self, now: Instant, guilds: &[u64]) {
        // Each time when there are twice as many, so that a request costs little however many guilds there are.
        if self.next.len() + guilds.len() > FEW.max(2 * self.kept) {
            self.next.retain(|_, next| *next > now);
            self.kept = self.next.len();
        }
        self.next.extend(guilds.iter().map(|guild| (*guild, now + MEMBERS_EVERY)));
    }

    /// Discord says how long it takes; another process of the bot may have asked, too. Of guilds that were not asked for
    /// nothing is kept.
    pub(super) fn limited(&mut self, now: Instant, guild: u64, wait: Duration) {
        if let Some(next) = self.next.get_mut(&guild) {
            *next = (*next).max(now + wait);
        }
    }
}

/// The guilds whose members a command asks for, all of them; none when it asks for some, or for something else.
pub(super) fn all_of(opcode: Opcode, args: Value<'_>) -> Box<[u64]> {
    let (query, limit) = (args.member("query"), args.member("limit"));
    let whole = opcode == Opcode::RequestGuildMembers
        && args.member("user_ids").is_none()
        && (query.is_none() || query.as_str() == Some(""))
        && (limit.is_none() || limit.as_whole() == Some(0));
    let guilds = args.member("guild_id");
    match guilds.kind() {
        _ if !whole => Box::default(),
        Kind::Array => guilds.iter().filter_map(Value::as_id).collect(),
        _ => guilds.as_id().into_iter().collect(),
    }
}

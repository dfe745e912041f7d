//! What a door starts from.

use std::time::Duration;

use crate::wire::gateway::Dialect;

/// What a door starts from.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Where clients are to connect: what `GET /gateway` and READY's `resume_gateway_url` say.
    pub url: Box<str>,
    /// How much, and how long.
    pub limits: Limits,
}

/// How much, and how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// HELLO's interval. Discord's own.
    pub heartbeat: Duration,
    /// How long a connection may take to identify or resume.
    pub greeting: Duration,
    /// The longest payload that a client may send, in bytes. Discord.
    pub payload: usize,
    /// How many payloads a client may send within [`Limits::sends_within`]. Discord.
    pub sends: u32,
    /// See [`Limits::sends`].
    pub sends_within: Duration,
    /// How many presences a session may set within the time that its dialect says; what is over is dropped. Discord; that it
    /// drops them is what libraries found (the documents say the numbers alone).
    pub presences: u32,
    /// How long a bot has to wait between two IDENTIFYs of a bucket. Discord.
    pub identify_every: Duration,
    /// How long it has to wait until it may ask for all members of a guild again. Discord.
    pub members_every: Duration,
    /// How long a session waits to be resumed.
    pub session: Duration,
    /// How many events a session can be sent again.
    pub replay: usize,
    /// How many bytes they may have together.
    pub replay_bytes: usize,
    /// Connections at a time.
    pub peers: usize,
    /// Sessions at a time, those that wait included.
    pub sessions: usize,
    /// More guilds than this on one shard need more shards. Discord.
    pub guilds_per_shard: usize,
    /// How many sessions a bot may begin in a day. Discord.
    pub identifies: u32,
    /// How many buckets its shards are in, by their number modulo this. Discord.
    pub max_concurrency: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            heartbeat: Duration::from_millis(41_250),
            greeting: Duration::from_secs(60),
            payload: crate::wire::gateway::MAX_SEND,
            sends: 120,
            sends_within: Duration::from_secs(60),
            presences: Dialect::V10.presence_pace().0 as u32,
            identify_every: Duration::from_secs(5),
            members_every: Duration::from_secs(30),
            session: Duration::from_secs(180),
            replay: 1000,
            replay_bytes: 4 << 20,
            peers: 128,
            sessions: 256,
            guilds_per_shard: 2500,
            identifies: 1000,
            max_concurrency: 1,
        }
    }
}

impl Limits {
    /// Without what would make a client wait, or cost it its connection, for what it sends too often.
    pub fn lenient() -> Limits {
        let none = Duration::ZERO;
        Limits {
            sends: 0,
            presences: 0,
            identify_every: none,
            members_every: none,
            identifies: 1_000_000,
            ..Limits::default()
        }
    }
}

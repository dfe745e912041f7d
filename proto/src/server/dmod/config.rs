//! What a door starts from: how much, and how long. The document has none of these numbers; `docs/dmod.md` has.

use std::time::Duration;

/// How much, and how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How often a client is asked for a sign of life (op 3); one that has given none by the next time is closed.
    pub heartbeat: Duration,
    /// The same of an application session, which ends.
    pub session_heartbeat: Duration,
    /// How long op 1 may take.
    pub authentication: Duration,
    /// How long a session's credentials may take, once they are asked for again.
    pub reauth: Duration,
    /// The longest message that a client may send, in bytes.
    pub payload: usize,
    /// How many messages a client may send within [`Limits::sends_within`]; 0 is no limit.
    pub sends: u32,
    /// See [`Limits::sends`].
    pub sends_within: Duration,
    /// Connections at a time.
    pub peers: usize,
    /// Users and guilds that the door knows, of each kind.
    pub known: usize,
    /// Notifications that wait for one user; the oldest make room.
    pub notifications: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            heartbeat: Duration::from_secs(30),
            session_heartbeat: Duration::from_secs(20),
            authentication: Duration::from_secs(10),
            reauth: Duration::from_secs(30),
            payload: crate::wire::dmod::MAX_SEND,
            sends: 120,
            sends_within: Duration::from_secs(60),
            peers: 128,
            known: 10_000,
            notifications: 100,
        }
    }
}

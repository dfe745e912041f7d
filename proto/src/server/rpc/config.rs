//! What a door starts from: policies and limits.

use std::time::Duration;

use super::account::Account;
use crate::secret::Secret;

/// What the user says to AUTHORIZE.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Consent {
    /// Yes, always.
    #[default]
    Allow,
    /// No, always.
    Deny,
    /// The host is asked, each time (a REQUEST event); [`Limits::consent`] is how long.
    Ask,
}

/// Who answers a player who asks to join the local user's game.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum JoinRequests {
    /// The peers of the game, which are asked by ACTIVITY_JOIN_REQUEST.
    #[default]
    Peers,
    /// They and the host (a REQUEST event); the first answer counts.
    Ask,
    /// Yes, always; the peers are not asked.
    Allow,
    /// No, always.
    Deny,
}

/// What a door starts from.
#[derive(Clone, Debug)]
pub struct Config {
    /// What AUTHORIZE meets.
    pub consent: Consent,
    /// What a player who asks to join meets.
    pub join_requests: JoinRequests,
    /// What lets a WebSocket peer in that sends no Origin (`&launch_token=..`); without one, none is let in.
    pub launch_token: Option<Secret>,
    /// How much, and how long.
    pub limits: Limits,
    /// READY's `cdn_host`.
    pub cdn_host: Box<str>,
    /// READY's `api_endpoint`.
    pub api_endpoint: Box<str>,
    /// READY's `environment`.
    pub environment: Box<str>,
    /// Whose Discord the peers meet.
    pub account: Account,
    /// This server's id among all GameBridges, for READY's `gamebridge`.
    pub instance: Box<str>,
    /// For jitter.
    pub seed: u64,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            consent: Consent::default(),
            join_requests: JoinRequests::default(),
            launch_token: None,
            limits: Limits::default(),
            cdn_host: "cdn.discordapp.com".into(),
            api_endpoint: "//discord.com/api".into(),
            environment: "production".into(),
            account: Account::default(),
            instance: "gamebridge".into(),
            seed: 0,
        }
    }
}

/// How much a peer may ask for, and how long it may take.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Peers at a time, those before their HANDSHAKE not counted.
    pub peers: usize,
    /// Peers before their HANDSHAKE at a time.
    pub greeting: usize,
    /// Bytes of one message.
    pub message_bytes: usize,
    /// Subscriptions of one peer.
    pub subscriptions: usize,
    /// Commands of one peer that wait (for a guild, for a voice server) at a time.
    pub waiting: usize,
    /// Frames of one peer, in the long run; 0 is no limit.
    pub commands_per_second: u32,
    /// Frames of one peer at once.
    pub commands_burst: u32,
    /// From connecting to HANDSHAKE.
    pub handshake: Duration,
    /// From READY to a WebSocket peer's first good command, while half of the places are taken.
    pub authentication: Duration,
    /// From asking the host, or the peers of a game that somebody wants to join, to the answer; none is a no.
    pub consent: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            peers: 32,
            greeting: 64,
            message_bytes: 64 * 1024,
            subscriptions: 256,
            waiting: 16,
            commands_per_second: 500,
            commands_burst: 1000,
            handshake: Duration::from_secs(5),
            authentication: Duration::from_secs(10),
            consent: Duration::from_secs(60),
        }
    }
}

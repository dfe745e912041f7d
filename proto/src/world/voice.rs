//! Voice: who is in which channel, and how the local user is connected.

use std::collections::BTreeMap;

use super::{ChannelId, UserId};

/// A user in a voice channel. A user is in one at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VoiceState {
    /// Who.
    pub user: UserId,
    /// Where.
    pub channel: ChannelId,
    /// Muted by themselves.
    pub self_mute: bool,
    /// Deafened by themselves.
    pub self_deaf: bool,
    /// Whether they are speaking at this moment.
    pub speaking: bool,
}

/// How the local user's voice connection stands. The names are RPC's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum VoiceConnectionState {
    /// In no channel.
    #[default]
    Disconnected,
    /// A channel was chosen; its server has not been named yet.
    AwaitingEndpoint,
    /// Its server was asked to let the user in.
    Authenticating,
    /// The way is being set up.
    Connecting,
    /// Connected to the server.
    Connected,
    /// Voice itself is cut off.
    VoiceDisconnected,
    /// Voice itself is being set up.
    VoiceConnecting,
    /// Everything stands.
    VoiceConnected,
    /// There is no way to the server.
    NoRoute,
    /// Ways are being tried.
    IceChecking,
}

impl VoiceConnectionState {
    /// Every state with its name on the wire.
    pub const ALL: [(VoiceConnectionState, &'static str); 10] = [
        (VoiceConnectionState::Disconnected, "DISCONNECTED"),
        (VoiceConnectionState::AwaitingEndpoint, "AWAITING_ENDPOINT"),
        (VoiceConnectionState::Authenticating, "AUTHENTICATING"),
        (VoiceConnectionState::Connecting, "CONNECTING"),
        (VoiceConnectionState::Connected, "CONNECTED"),
        (VoiceConnectionState::VoiceDisconnected, "VOICE_DISCONNECTED"),
        (VoiceConnectionState::VoiceConnecting, "VOICE_CONNECTING"),
        (VoiceConnectionState::VoiceConnected, "VOICE_CONNECTED"),
        (VoiceConnectionState::NoRoute, "NO_ROUTE"),
        (VoiceConnectionState::IceChecking, "ICE_CHECKING"),
    ];

    /// Its name on the wire.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(state, _)| *state == self).map_or("DISCONNECTED", |(_, name)| name)
    }

    /// The state of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(state, _)| *state)
    }
}

/// The local user's voice connection.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VoiceConnection {
    /// How it stands.
    pub state: VoiceConnectionState,
    /// The voice server.
    pub hostname: Box<str>,
    /// The latest pings, in milliseconds, oldest first; [`VoiceConnection::PINGS`] at most.
    pub pings: Vec<f64>,
}

impl VoiceConnection {
    /// How many pings are kept.
    pub const PINGS: usize = 20;

    /// Their mean; 0 without any.
    pub fn average_ping(&self) -> f64 {
        if self.pings.is_empty() { 0.0 } else { self.pings.iter().sum::<f64>() / self.pings.len() as f64 }
    }

    /// The latest; 0 without any.
    pub fn last_ping(&self) -> f64 {
        self.pings.last().copied().unwrap_or(0.0)
    }
}

/// Everything about voice that a world keeps.
#[derive(Clone, Debug, Default)]
pub(super) struct Voice {
    states: BTreeMap<UserId, VoiceState>,
    /// Who is in each channel, in the order in which they came. No list is empty.
    order: BTreeMap<ChannelId, Vec<UserId>>,
    pub(super) connection: VoiceConnection,
    /// Where the local user waits to be let in.
    pub(super) joining: Option<ChannelId>,
    pub(super) servers_away: bool,
}

impl Voice {
    pub(super) fn state(&self, user: UserId) -> Option<&VoiceState> {
        self.states.get(&user)
    }

    pub(super) fn state_mut(&mut self, user: UserId) -> Option<&mut VoiceState> {
        self.states.get_mut(&user)
    }

    pub(super) fn states_in(&self, channel: ChannelId) -> impl Iterator<Item = &VoiceState> {
        self.order.get(&channel).into_iter().flatten().filter_map(|user| self.states.get(user))
    }

    pub(super) fn count_in(&self, channel: ChannelId) -> usize {
        self.order.get(&channel).map_or(0, Vec::len)
    }

    /// The channels that somebody is in.
    pub(super) fn channels(&self) -> impl Iterator<Item = ChannelId> {
        self.order.keys().copied()
    }

    /// Lets a user in that is in no channel.
    pub(super) fn insert(&mut self, state: VoiceState) {
        self.order.entry(state.channel).or_default().push(state.user);
        self.states.insert(state.user, state);
    }

    pub(super) fn remove(&mut self, user: UserId) -> Option<VoiceState> {
        let state = self.states.remove(&user)?;
        if let Some(users) = self.order.get_mut(&state.channel) {
            users.retain(|other| *other != user);
            if users.is_empty() {
                self.order.remove(&state.channel);
            }
        }
        Some(state)
    }
}

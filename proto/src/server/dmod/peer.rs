//! One connection: how far it has come, and what it is connected to.

use crate::server::gateway::Window;
use crate::time::Instant;
use crate::world::{GuildId, Permissions, UserId};

#[derive(Debug)]
pub(super) struct Peer {
    pub(super) state: State,
    pub(super) sends: Window,
    /// Nothing is sent any more, since the host wants it so.
    pub(super) stalled: bool,
}

#[derive(Debug)]
pub(super) enum State {
    /// Asked who it is.
    Greeting { until: Instant },
    /// Let in.
    Open(Open),
}

#[derive(Debug)]
pub(super) struct Open {
    /// `None` is nobody in particular.
    pub(super) user: Option<UserId>,
    pub(super) beat: Beat,
    /// Asked once more who it is: until when it has to say so.
    pub(super) asked: Option<Instant>,
    pub(super) guild: Option<Connected>,
    pub(super) session: Option<Live>,
}

/// The guild that a peer is connected to.
#[derive(Debug)]
pub(super) struct Connected {
    pub(super) guild: GuildId,
    /// What the peer was told last that its user may do there.
    pub(super) told: Permissions,
}

/// An application session.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) guild: GuildId,
    /// What the user could do when it last said who it is.
    pub(super) authorized: Permissions,
    pub(super) beat: Beat,
    /// Asked for its credentials again: until when they have to come.
    pub(super) reauth: Option<Instant>,
}

/// A sign of life that is wanted again and again.
#[derive(Debug)]
pub(super) struct Beat {
    /// When it is wanted next.
    pub(super) next: Instant,
    /// Whether the last one has not come.
    pub(super) awaited: bool,
}

impl Peer {
    /// The next moment at which something is to be done.
    pub(super) fn deadline(&self) -> Instant {
        match &self.state {
            State::Greeting { until } => *until,
            State::Open(open) => {
                let session = open.session.iter().flat_map(|live| [Some(live.beat.next), live.reauth]);
                session.chain([open.asked]).flatten().fold(open.beat.next, Instant::min)
            }
        }
    }

    pub(super) fn open(&self) -> Option<&Open> {
        match &self.state {
            State::Open(open) => Some(open),
            State::Greeting { .. } => None,
        }
    }

    pub(super) fn open_mut(&mut self) -> Option<&mut Open> {
        match &mut self.state {
            State::Open(open) => Some(open),
            State::Greeting { .. } => None,
        }
    }

    pub(super) fn user(&self) -> Option<UserId> {
        self.open()?.user
    }
}

//! Who asks: as which application, and with which rights.

use super::refusal::Refusal;
use crate::wire::catalog::Scopes as Needed;
use crate::wire::rpc::{ErrorCode, LOCAL_SCOPE};
use crate::world::{ApplicationId, ChannelId, Scopes, SessionId, World};

/// Who sends a command, or is to get an event.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    /// Its number.
    pub(super) peer: u32,
    pub(super) client: ApplicationId,
    /// What its presence, locks and devices hang on. Who asks once, over HTTP, has none.
    pub(super) session: Option<SessionId>,
    /// Whether it speaks over the local socket, and so holds `rpc.local`.
    pub(super) local: bool,
    /// The scopes of its token.
    pub(super) scopes: Option<Scopes>,
}

impl Caller {
    pub(super) fn holds(&self, scope: &str) -> bool {
        scope == LOCAL_SCOPE && self.local
            || self.scopes.as_ref().is_some_and(|scopes| scopes.iter().any(|held| **held == *scope))
    }

    /// Whether it holds a scope that opens this.
    pub(super) fn permit(&self, what: &str, needed: Needed) -> Result<(), Refusal> {
        if needed.allow(|scope| self.holds(scope)) {
            return Ok(());
        }
        let needed = match needed {
            Needed::AnyOf(any_of) | Needed::InChannel { any_of, .. } => any_of.join(" or "),
            Needed::Open | Needed::OfEvent => String::new(),
        };
        Err(self.lacks(what, &needed))
    }

    pub(super) fn lacks(&self, what: &str, needed: &str) -> Refusal {
        let sentence = match self.scopes {
            Some(_) => format!("{what}: the token lacks the scope {needed}"),
            None => format!("{what}: not authenticated; the scope {needed} is needed"),
        };
        Refusal::new(ErrorCode::InvalidPermissions, sentence)
    }

    /// What a command hangs on a connection.
    pub(super) fn session(&self, what: &str) -> Result<SessionId, Refusal> {
        self.session.ok_or_else(|| Caller::lasts(what))
    }

    /// Who asks once can't have what hangs on a connection.
    pub(super) fn lasts(what: &str) -> Refusal {
        let sentence = format!("{what}: lasts as long as a connection, and a single request has none");
        Refusal::new(ErrorCode::InvalidCommand, sentence)
    }

    /// Whether it may read what is written in this channel: one of its own, or any with `messages.read`.
    pub(super) fn reads(&self, world: &World, channel: ChannelId) -> bool {
        world.made_by(self.client, channel) || self.holds("messages.read")
    }
}

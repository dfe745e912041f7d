//! Applications: what a game is registered as, and where it may be called from.

use std::borrow::Cow;

use super::{ApplicationId, UserId};
use crate::secret::Secret;

/// The Origin that applications nobody registered may be reached from, besides none over IPC: what Discord recommends
/// for local tests.
pub const DEFAULT_ORIGIN: &str = "https://localhost";

/// A registered application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    /// What clients call `client_id`.
    pub id: ApplicationId,
    /// Shown as the name of an activity.
    pub name: Box<str>,
    /// A sentence for the consent screen.
    pub description: Box<str>,
    /// Hash of the icon.
    pub icon: Option<Box<str>>,
    /// The Origins that may connect over WebSocket, compared exactly.
    pub rpc_origins: Vec<Box<str>>,
    /// The redirect URIs that a token exchange may name; empty allows any.
    pub redirect_uris: Vec<Box<str>>,
    /// When there is one, a token exchange has to show it.
    pub secret: Option<Secret>,
    /// An application that is not approved may be authorised by its testers only.
    pub approved: bool,
    /// Who may authorise it before it is approved; 50 at most.
    pub testers: Vec<UserId>,
}

impl Application {
    /// Discord's limit for the list of testers.
    pub const MAX_TESTERS: usize = 50;

    /// What an application that nobody registered counts as: approved, reachable from [`DEFAULT_ORIGIN`], no secret, and
    /// named by its id.
    pub fn unregistered(id: ApplicationId) -> Self {
        Application {
            id,
            name: id.to_string().into(),
            description: "".into(),
            icon: None,
            rpc_origins: vec![DEFAULT_ORIGIN.into()],
            redirect_uris: Vec::new(),
            secret: None,
            approved: true,
            testers: Vec::new(),
        }
    }

    /// Whether this user may authorise it.
    pub fn may_be_authorized_by(&self, user: UserId) -> bool {
        self.approved || self.testers.contains(&user)
    }

    /// Whether a WebSocket peer with this Origin may speak for it: an exact match, nothing is normalised.
    pub fn allows_origin(&self, origin: &str) -> bool {
        self.rpc_origins.iter().any(|allowed| **allowed == *origin)
    }
}

/// The applications of a world: those registered, and how to treat the others.
#[derive(Clone, Debug, Default)]
pub(super) struct Applications {
    pub(super) registered: std::collections::BTreeMap<ApplicationId, Application>,
    pub(super) registered_only: bool,
}

impl Applications {
    pub(super) fn get(&self, id: ApplicationId) -> Option<Cow<'_, Application>> {
        match self.registered.get(&id) {
            Some(application) => Some(Cow::Borrowed(application)),
            // Not stored: else a peer could fill the memory by connecting under ever new ids.
            None if !self.registered_only => Some(Cow::Owned(Application::unregistered(id))),
            None => None,
        }
    }
}

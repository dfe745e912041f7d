//! Applications: what a game is registered as, and where it may be called from.

use std::borrow::Cow;

use super::{ApplicationId, Change, Changes, Error, UserId, World, limits};
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

impl World {
    pub(super) fn register(&mut self, mut application: Application, out: &mut Changes) -> Result<(), Error> {
        application.check()?;
        if !self.applications.registered.contains_key(&application.id) {
            limits::room("applications", self.applications.registered.len(), limits::APPLICATIONS)?;
        }
        application.fill_name();
        let id = application.id;
        self.applications.registered.insert(id, application);
        out.push(Change::ApplicationRegistered(id));
        Ok(())
    }
}

impl Application {
    /// Without a name it is called by its id.
    pub(super) fn fill_name(&mut self) {
        if self.name.trim().is_empty() {
            self.name = self.id.to_string().into();
        }
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        if self.testers.len() > Application::MAX_TESTERS {
            let (most, given) = (Application::MAX_TESTERS, self.testers.len());
            return Err(Error::Invalid(format!("testers: {most} at most, {given} given").into()));
        }
        if self.id.get() == 0 {
            return Err(Error::Invalid("id: an application's id is not 0".into()));
        }
        let listed = self.rpc_origins.iter().chain(&self.redirect_uris);
        // Each entry counts for more than its text, since many empty ones are something too.
        let listed: usize = listed.map(|text| text.len() + size_of::<Box<str>>()).sum();
        let texts = self.name.len() + self.description.len() + self.icon.as_ref().map_or(0, |icon| icon.len());
        let secret = self.secret.as_ref().map_or(0, |secret| secret.reveal().len());
        if listed + texts + secret > limits::APPLICATION_BYTES {
            let most = limits::APPLICATION_BYTES;
            return Err(Error::TooMany(format!("an application's texts: {most} bytes at most").into()));
        }
        Ok(())
    }
}

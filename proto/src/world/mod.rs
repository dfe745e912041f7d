//! The in-memory Discord: users, guilds, applications, sessions with their activities, and what users allowed
//! applications to do.
//!
//! It knows no protocol. Doors (`crate::server`) show it and turn requests into an [`Operation`]; [`World::apply`] is the
//! only way to change it, and what comes back ([`Changes`]) is what doors fan out. Rules that hold whatever door one came
//! through (what a name may be, who may authorise, that a code works once) live here and nowhere else.
//!
//! The one thing to know before changing it: everything is deterministic for a clock, an [`Entropy`] and a row of
//! operations, so maps are ordered and nothing asks the operating system.

mod activity;
mod application;
mod entropy;
mod grant;
mod guild;
mod id;
mod name;
mod operation;
#[cfg(test)]
mod tests;
mod timestamp;
mod user;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

pub use activity::{Activity, Assets, Button, JoinRequest, Party, Secrets, Session, SessionId};
pub use application::{Application, DEFAULT_ORIGIN};
pub use entropy::Entropy;
pub(crate) use entropy::fill_for;
pub use grant::{CODE_LIFETIME, ClientCredentials, Scopes, TOKEN_LIFETIME, Token, TokenId};
pub use guild::Guild;
pub use id::{ApplicationId, EPOCH_MS, Generator, GuildId, Snowflake, UserId};
pub use operation::{Change, Changes, Error, Operation};
pub use timestamp::Timestamp;
pub use user::{NewUser, User};

use crate::time::Instant;
use application::Applications;
use grant::Grants;

/// What a world starts from.
#[derive(Clone, Debug)]
pub struct Config {
    /// The Unix time, in milliseconds, of [`Instant::ZERO`].
    pub unix_ms_at_zero: u64,
    /// Whose Discord this is.
    pub local_user: NewUser,
    /// Whether the local user is a guest: an account made for lack of another, which an application may name.
    pub guest: bool,
    /// Refuse applications that nobody registered, instead of accepting any id (see [`Application::unregistered`]).
    pub registered_only: bool,
}

impl Default for Config {
    /// A guest called "Guest", any application, and a clock that starts with 2015.
    fn default() -> Self {
        Config { unix_ms_at_zero: EPOCH_MS, local_user: NewUser::named("Guest"), guest: true, registered_only: false }
    }
}

/// A Discord of one's own.
pub struct World {
    unix_ms_at_zero: u64,
    entropy: Box<dyn Entropy + Send>,
    ids: Generator,
    users: BTreeMap<UserId, User>,
    guilds: BTreeMap<GuildId, Guild>,
    applications: Applications,
    sessions: BTreeMap<SessionId, Session>,
    sessions_made: u64,
    join_requests: Vec<JoinRequest>,
    grants: Grants,
    local_user: UserId,
    guest: bool,
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World")
            .field("local_user", &self.local_user())
            .field("users", &self.users.len())
            .field("guilds", &self.guilds.len())
            .field("sessions", &self.sessions.len())
            .finish_non_exhaustive()
    }
}

impl World {
    /// A world with the local user and nothing else.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the local user cannot be called so.
    pub fn new(config: Config, entropy: impl Entropy + Send + 'static) -> Result<Self, Error> {
        let Config { unix_ms_at_zero, local_user, guest, registered_only } = config;
        let mut ids = Generator::default();
        let local = local_user.into_user(UserId(ids.next(unix_ms_at_zero)))?;
        Ok(World {
            unix_ms_at_zero,
            entropy: Box::new(entropy),
            ids,
            local_user: local.id,
            users: BTreeMap::from([(local.id, local)]),
            guilds: BTreeMap::new(),
            applications: Applications { registered: BTreeMap::new(), registered_only },
            sessions: BTreeMap::new(),
            sessions_made: 0,
            join_requests: Vec::new(),
            grants: Grants::default(),
            guest,
        })
    }

    /// Changes the world, or refuses and leaves it as it was.
    ///
    /// # Errors
    /// Each kind of refusal is a variant of [`Error`]; which of them an operation can meet follows from what it names.
    pub fn apply(&mut self, now: Instant, operation: Operation) -> Result<Changes, Error> {
        let change = match operation {
            Operation::CreateUser(new) => {
                let id = UserId(self.ids.next(self.unix_ms(now)));
                self.users.insert(id, new.into_user(id)?);
                Change::UserCreated(id)
            }
            Operation::RenameUser { user, username } => {
                let username = name::username(&username)?;
                let known = self.users.get_mut(&user).ok_or(Error::UnknownUser(user))?;
                if known.username == username {
                    return Ok(Changes::none());
                }
                known.username = username;
                Change::UserChanged(user)
            }
            Operation::CreateGuild { name, icon } => {
                let id = GuildId(self.ids.next(self.unix_ms(now)));
                self.guilds.insert(id, Guild { id, name: name::guild(&name)?, icon });
                Change::GuildCreated(id)
            }
            Operation::RegisterApplication(application) => self.register(application)?,
            Operation::OpenSession { user, application } => {
                self.user(user).ok_or(Error::UnknownUser(user))?;
                self.known(application)?;
                self.sessions_made += 1;
                let id = SessionId(self.sessions_made);
                self.sessions.insert(id, Session { id, user, application, activity: None });
                Change::SessionOpened(id)
            }
            Operation::CloseSession(id) => match self.sessions.remove(&id) {
                Some(Session { user, application, activity: Some(_), .. }) => {
                    Change::ActivityChanged { user, application, session: id }
                }
                Some(_) => return Ok(Changes::none()),
                None => return Err(Error::UnknownSession(id)),
            },
            Operation::SetActivity { session: id, activity } => {
                let activity = activity.map(|activity| *activity);
                let session = self.sessions.get_mut(&id).ok_or(Error::UnknownSession(id))?;
                if session.activity == activity {
                    return Ok(Changes::none());
                }
                session.activity = activity;
                Change::ActivityChanged { user: session.user, application: session.application, session: id }
            }
            Operation::AcceptJoin { application, secret } => Change::ActivityJoin { application, secret },
            Operation::AcceptSpectate { application, secret } => Change::ActivitySpectate { application, secret },
            Operation::RequestJoin { from, application } => self.request_join(JoinRequest { from, application })?,
            Operation::AnswerJoin { from, application, session, accepted } => {
                self.answer_join(from, application, session, accepted)?
            }
            Operation::Authorize { application, user, scopes } => {
                self.user(user).ok_or(Error::UnknownUser(user))?;
                if !self.known(application)?.may_be_authorized_by(user) {
                    return Err(Error::NotATester(application));
                }
                Change::CodeIssued(self.grants.issue_code(now, &mut *self.entropy, application, user, scopes))
            }
            Operation::IssueRpcToken(client) => {
                self.authenticate(&client)?;
                Change::RpcTokenIssued(self.grants.issue_rpc_token(now, &mut *self.entropy, client.id))
            }
            Operation::UseRpcToken { application, token } => {
                self.grants.use_rpc_token(now, application, &token)?;
                return Ok(Changes::none());
            }
            Operation::ExchangeCode { client, code, redirect_uri } => {
                let application = self.authenticate(&client)?;
                if let (Some(uri), false) = (&redirect_uri, application.redirect_uris.is_empty())
                    && !application.redirect_uris.contains(uri)
                {
                    return Err(Error::BadGrant("the redirect URI is none of the application's"));
                }
                let token = self.grants.exchange(now, &mut *self.entropy, client.id, &code)?;
                Change::TokenIssued(Box::new(token.clone()))
            }
            Operation::RefreshToken { client, refresh_token } => {
                self.authenticate(&client)?;
                let token = self.grants.refresh(now, &mut *self.entropy, client.id, &refresh_token)?;
                Change::TokenIssued(Box::new(token.clone()))
            }
            Operation::RevokeToken(token) => Change::TokenRevoked(self.grants.revoke(&token)?),
        };
        Ok(Changes::one(change))
    }

    fn register(&mut self, mut application: Application) -> Result<Change, Error> {
        if application.testers.len() > Application::MAX_TESTERS {
            let (most, given) = (Application::MAX_TESTERS, application.testers.len());
            return Err(Error::Invalid(format!("testers: {most} at most, {given} given").into()));
        }
        if application.id.get() == 0 {
            return Err(Error::Invalid("id: an application's id is not 0".into()));
        }
        if application.name.trim().is_empty() {
            application.name = application.id.to_string().into();
        }
        let id = application.id;
        self.applications.registered.insert(id, application);
        Ok(Change::ApplicationRegistered(id))
    }

    fn request_join(&mut self, request: JoinRequest) -> Result<Change, Error> {
        self.user(request.from).ok_or(Error::UnknownUser(request.from))?;
        if request.from == self.local_user {
            return Err(Error::Invalid("user_id: another player's id expected, the local user's given".into()));
        }
        if !self.join_requests.contains(&request) {
            self.join_requests.push(request);
        }
        Ok(Change::JoinRequested { from: request.from, application: request.application })
    }

    fn answer_join(
        &mut self,
        from: UserId,
        application: ApplicationId,
        session: SessionId,
        accepted: bool,
    ) -> Result<Change, Error> {
        self.user(from).ok_or(Error::UnknownUser(from))?;
        let before = self.join_requests.len();
        self.join_requests.retain(|request| request.from != from || !request.concerns(application));
        if self.join_requests.len() == before {
            return Err(Error::NotAsked(from));
        }
        let activity = self.sessions.get(&session).and_then(|session| session.activity.as_ref());
        let secret = activity.filter(|_| accepted).and_then(|activity| activity.secrets.join.clone());
        Ok(Change::JoinAnswered { from, application, accepted, secret })
    }

    fn known(&self, id: ApplicationId) -> Result<Cow<'_, Application>, Error> {
        self.application(id).ok_or(Error::UnknownApplication(id))
    }

    /// An application with a secret has to show it (RFC 6749 section 2.3.1); one without is a public client.
    fn authenticate(&self, client: &ClientCredentials) -> Result<Cow<'_, Application>, Error> {
        let application = self.known(client.id)?;
        match &application.secret {
            Some(_) if client.secret != application.secret => Err(Error::BadClient),
            _ => Ok(application),
        }
    }

    /// The Unix time of `now`, in milliseconds.
    pub fn unix_ms(&self, now: Instant) -> u64 {
        self.unix_ms_at_zero.saturating_add(now.as_nanos() / 1_000_000)
    }

    /// The date and time of `now`.
    pub fn timestamp(&self, now: Instant) -> Timestamp {
        Timestamp(self.unix_ms(now))
    }

    /// Whose Discord this is.
    pub fn local_user(&self) -> &User {
        &self.users[&self.local_user]
    }

    /// Whether the local user is a guest, whom an application may name.
    pub fn local_user_is_guest(&self) -> bool {
        self.guest
    }

    /// The user of this id.
    pub fn user(&self, id: UserId) -> Option<&User> {
        self.users.get(&id)
    }

    /// All users, by id.
    pub fn users(&self) -> impl Iterator<Item = &User> {
        self.users.values()
    }

    /// The guild of this id.
    pub fn guild(&self, id: GuildId) -> Option<&Guild> {
        self.guilds.get(&id)
    }

    /// The guilds that the local user is in, by id.
    pub fn guilds(&self) -> impl Iterator<Item = &Guild> {
        self.guilds.values()
    }

    /// The application of this id: as registered, or what an unregistered one counts as, or `None` when only registered
    /// ones are accepted.
    pub fn application(&self, id: ApplicationId) -> Option<Cow<'_, Application>> {
        self.applications.get(id)
    }

    /// The registered applications, by id.
    pub fn applications(&self) -> impl Iterator<Item = &Application> {
        self.applications.registered.values()
    }

    /// The session of this number.
    pub fn session(&self, id: SessionId) -> Option<&Session> {
        self.sessions.get(&id)
    }

    /// The sessions, oldest first.
    pub fn sessions(&self) -> impl Iterator<Item = &Session> {
        self.sessions.values()
    }

    /// Who waits for an answer, oldest first.
    pub fn join_requests(&self) -> &[JoinRequest] {
        &self.join_requests
    }

    /// The token with this access token, if it works at this moment.
    pub fn token(&self, now: Instant, access: &crate::secret::Secret) -> Option<&Token> {
        self.grants.token(now, access)
    }
}

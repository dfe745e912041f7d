//! What can be done to a world, what comes of it, and why it may refuse.

use std::borrow::Cow;
use std::fmt;

use super::{
    Activity, Application, ApplicationId, ClientCredentials, GuildId, NewUser, Scopes, SessionId, Token, TokenId,
    UserId,
};
use crate::secret::Secret;

/// One change that is asked for. Nothing else changes a world.
#[derive(Clone, Debug)]
pub enum Operation {
    /// Makes a user: [`Change::UserCreated`].
    CreateUser(NewUser),
    /// Gives a user another username: [`Change::UserChanged`].
    RenameUser {
        /// Who.
        user: UserId,
        /// 2 to 32 characters.
        username: Box<str>,
    },
    /// Makes a guild that the local user is in: [`Change::GuildCreated`].
    CreateGuild {
        /// 2 to 100 characters.
        name: Box<str>,
        /// Hash of the icon.
        icon: Option<Box<str>>,
    },
    /// Makes an application known, or takes the place of what was known: [`Change::ApplicationRegistered`].
    RegisterApplication(Application),
    /// A connection of an application begins: [`Change::SessionOpened`].
    OpenSession {
        /// On whose behalf.
        user: UserId,
        /// With what.
        application: ApplicationId,
    },
    /// It ends, and its activity with it: [`Change::ActivityChanged`] when there was one.
    CloseSession(SessionId),
    /// Says what the user does, or that it does nothing: [`Change::ActivityChanged`] unless it was so already.
    SetActivity {
        /// Through which connection.
        session: SessionId,
        /// `None` ends it.
        activity: Option<Box<Activity>>,
    },
    /// The local user accepted an invitation to join: [`Change::ActivityJoin`].
    AcceptJoin {
        /// To which application's game; `None` tells all.
        application: Option<ApplicationId>,
        /// The inviter's join secret.
        secret: Secret,
    },
    /// The local user accepted an invitation to watch: [`Change::ActivitySpectate`].
    AcceptSpectate {
        /// Which application's game; `None` tells all.
        application: Option<ApplicationId>,
        /// The inviter's spectate secret.
        secret: Secret,
    },
    /// Another player asks to join the local user's game: [`Change::JoinRequested`]. Asking again is one request.
    RequestJoin {
        /// Who asks.
        from: UserId,
        /// For which application's game; `None` asks all.
        application: Option<ApplicationId>,
    },
    /// An application's game answers that: [`Change::JoinAnswered`].
    AnswerJoin {
        /// Who asked.
        from: UserId,
        /// Which application answers.
        application: ApplicationId,
        /// Through which connection: its activity holds the join secret.
        session: SessionId,
        /// Whether the player may come.
        accepted: bool,
    },
    /// A user allows an application what it asked for: [`Change::CodeIssued`].
    Authorize {
        /// What asked.
        application: ApplicationId,
        /// Who allows.
        user: UserId,
        /// What is allowed.
        scopes: Scopes,
    },
    /// A one-time token that spares the question, for [`Operation::UseRpcToken`]: [`Change::RpcTokenIssued`].
    IssueRpcToken(ClientCredentials),
    /// Shows such a token; it is used up.
    UseRpcToken {
        /// Who shows it.
        application: ApplicationId,
        /// The token.
        token: Secret,
    },
    /// Makes a token from a code (RFC 6749 section 4.1.3): [`Change::TokenIssued`].
    ExchangeCode {
        /// Who asks.
        client: ClientCredentials,
        /// The one-time code.
        code: Secret,
        /// Must be one of the application's, when it has any.
        redirect_uri: Option<Box<str>>,
    },
    /// Makes a token from an earlier one (RFC 6749 section 6): [`Change::TokenIssued`].
    RefreshToken {
        /// Who asks.
        client: ClientCredentials,
        /// The earlier token's refresh token; it is used up.
        refresh_token: Secret,
    },
    /// Takes a token back, by its access or refresh token: [`Change::TokenRevoked`].
    RevokeToken(Secret),
}

/// One thing that happened, for the doors to show. Details are read from the world.
#[derive(Clone, Debug)]
pub enum Change {
    /// There is a new user.
    UserCreated(UserId),
    /// A user's name is another one.
    UserChanged(UserId),
    /// There is a new guild.
    GuildCreated(GuildId),
    /// An application became known, or known differently.
    ApplicationRegistered(ApplicationId),
    /// A connection of an application began.
    SessionOpened(SessionId),
    /// What a user does changed, or ended.
    ActivityChanged {
        /// Who.
        user: UserId,
        /// With what.
        application: ApplicationId,
        /// Through which connection; its activity is in the world, unless it ended.
        session: SessionId,
    },
    /// The local user wants to join a game.
    ActivityJoin {
        /// Which; `None` is every.
        application: Option<ApplicationId>,
        /// The join secret.
        secret: Secret,
    },
    /// The local user wants to watch a game.
    ActivitySpectate {
        /// Which; `None` is every.
        application: Option<ApplicationId>,
        /// The spectate secret.
        secret: Secret,
    },
    /// A player asks to join.
    JoinRequested {
        /// Who.
        from: UserId,
        /// Which application's game; `None` is every.
        application: Option<ApplicationId>,
    },
    /// And was answered.
    JoinAnswered {
        /// Who asked.
        from: UserId,
        /// Which application's game answered.
        application: ApplicationId,
        /// Whether the player may come.
        accepted: bool,
        /// The join secret that the player is handed, when accepted by a game that set one.
        secret: Option<Secret>,
    },
    /// For whoever asked for it only.
    CodeIssued(Secret),
    /// For whoever asked for it only.
    RpcTokenIssued(Secret),
    /// For whoever asked for it only.
    TokenIssued(Box<Token>),
    /// A token works no more: whoever authenticated with it is out.
    TokenRevoked(TokenId),
}

/// What came of an operation, in order. Often one change, sometimes none.
#[derive(Clone, Debug, Default)]
pub struct Changes(Vec<Change>);

impl Changes {
    pub(super) fn none() -> Self {
        Changes(Vec::new())
    }

    pub(super) fn one(change: Change) -> Self {
        Changes(vec![change])
    }

    /// The changes, in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Change> {
        self.0.iter()
    }
}

impl IntoIterator for Changes {
    type Item = Change;
    type IntoIter = std::vec::IntoIter<Change>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// Why the world refused. It knows no protocol: each door translates this into its own codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// There is no such user.
    UnknownUser(UserId),
    /// There is no such application, and only registered ones are accepted.
    UnknownApplication(ApplicationId),
    /// There is no such session.
    UnknownSession(SessionId),
    /// A value is not allowed; the sentence names the field and what was expected.
    Invalid(Cow<'static, str>),
    /// The application is not approved and the user is none of its testers.
    NotATester(ApplicationId),
    /// Nobody of this id waits for an answer.
    NotAsked(UserId),
    /// The application's secret is wrong or missing.
    BadClient,
    /// The code, refresh token or redirect URI does not do; why.
    BadGrant(&'static str),
    /// The token is unknown, used up, run out or revoked.
    BadToken,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::UnknownUser(id) => write!(f, "there is no user {id}"),
            Error::UnknownApplication(id) => write!(f, "application {id} is not registered here"),
            Error::UnknownSession(id) => write!(f, "there is no session {}", id.0),
            Error::Invalid(sentence) => f.write_str(sentence),
            Error::NotATester(id) => {
                write!(f, "application {id} is not approved and the user is not one of its testers")
            }
            Error::NotAsked(id) => write!(f, "user {id} has not asked to join, or was answered already"),
            Error::BadClient => f.write_str("the client secret is missing or wrong"),
            Error::BadGrant(why) => f.write_str(why),
            Error::BadToken => f.write_str("the token is unknown, used up, run out or revoked"),
        }
    }
}

impl std::error::Error for Error {}

//! Authorisation (RFC 6749): what a user allowed an application to do.
//!
//! A [`Token`] is made from a one-time code (section 4.1) or from an earlier token's refresh token (section 6). The one
//! thing to know before changing it: peers that nobody authenticated can cause codes, so every list here is bounded, and
//! an application that asks for too many pushes out its own oldest first.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::{Application, ApplicationId, Change, Changes, Entropy, Error, SavedToken, UserId, World, entropy, limits};
use crate::secret::Secret;
use crate::time::Instant;

/// How long a code or an RPC token can be used: the most that RFC 6749 section 4.1.2 recommends.
pub const CODE_LIFETIME: Duration = Duration::from_secs(600);

/// How long an access token can be used: Discord's week.
pub const TOKEN_LIFETIME: Duration = Duration::from_secs(604_800);

/// How many codes, RPC tokens and tokens (each) an application may have at a time, and all together.
const MOST_OF_ONE: usize = 64;
const MOST: usize = 1024;

/// How many scopes can be allowed, and how many bytes the name of one has at most.
const MOST_SCOPES: usize = 64;

/// Names of OAuth2 scopes, as they were asked for.
pub type Scopes = Arc<[Box<str>]>;

/// The number of a token; never reused within a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenId(pub u64);

/// Who asks at the token endpoint.
#[derive(Clone, Debug)]
pub struct ClientCredentials {
    /// The application.
    pub id: ApplicationId,
    /// Its secret, if it showed one.
    pub secret: Option<Secret>,
}

/// What a user allowed an application to do, and until when.
#[derive(Clone, Debug)]
pub struct Token {
    /// Its number.
    pub id: TokenId,
    /// What the bearer shows.
    pub access: Secret,
    /// What a new token is made from when this one has run out.
    pub refresh: Secret,
    /// For whom.
    pub application: ApplicationId,
    /// By whom.
    pub user: UserId,
    /// What is allowed.
    pub scopes: Scopes,
    /// Until when the access token works.
    pub expires: Instant,
}

#[derive(Clone, Debug)]
struct Code {
    code: Secret,
    application: ApplicationId,
    user: UserId,
    scopes: Scopes,
    expires: Instant,
}

#[derive(Clone, Debug)]
struct RpcToken {
    token: Secret,
    application: ApplicationId,
    expires: Instant,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Grants {
    codes: VecDeque<Code>,
    rpc_tokens: VecDeque<RpcToken>,
    tokens: VecDeque<Token>,
    made: u64,
}

/// Secrets are compared one after the other in constant time: the lists are short, and a map would tell by its timing
/// how much of a guess was right.
fn position<T>(list: &VecDeque<T>, secret: impl Fn(&T) -> &Secret, shown: &Secret) -> Option<usize> {
    list.iter().rposition(|item| secret(item) == shown)
}

fn make_room<T>(list: &mut VecDeque<T>, application: ApplicationId, of: impl Fn(&T) -> ApplicationId) {
    if list.iter().filter(|item| of(item) == application).count() >= MOST_OF_ONE {
        let oldest = list.iter().position(|item| of(item) == application);
        oldest.and_then(|at| list.remove(at));
    } else if list.len() >= MOST {
        list.pop_front();
    }
}

impl Grants {
    pub(super) fn saved(&self, unix_ms: impl Fn(Instant) -> u64) -> Vec<SavedToken> {
        let saved = |token: &Token| {
            let Token { id: _, access, refresh, application, user, scopes, expires } = token.clone();
            SavedToken { access, refresh, application, user, scopes, expires_ms: unix_ms(expires) }
        };
        self.tokens.iter().map(saved).collect()
    }

    /// Puts in a token that was saved.
    pub(super) fn put(&mut self, saved: SavedToken, unix_ms_at_zero: u64) -> Result<(), Error> {
        let SavedToken { access, refresh, application, user, scopes, expires_ms } = saved;
        let of_one = self.tokens.iter().filter(|token| token.application == application).count();
        limits::room("tokens of an application", of_one, MOST_OF_ONE)?;
        limits::room("tokens", self.tokens.len(), MOST)?;
        let lengths = [&access, &refresh].map(|secret| secret.reveal().len());
        if lengths.into_iter().any(|length| !(16..=limits::TEXT).contains(&length)) {
            return Err(Error::Invalid(format!("access, refresh: 16 to {} bytes expected", limits::TEXT).into()));
        }
        let known =
            |secret: &Secret| self.tokens.iter().any(|token| token.access == *secret || token.refresh == *secret);
        if access == refresh || known(&access) || known(&refresh) {
            return Err(Error::Invalid("access, refresh: they are there already".into()));
        }
        check_scopes(&scopes)?;
        self.made += 1;
        let nanos = expires_ms.saturating_sub(unix_ms_at_zero).saturating_mul(1_000_000);
        let (id, expires) = (TokenId(self.made), Instant::from_nanos(nanos));
        self.tokens.push_back(Token { id, access, refresh, application, user, scopes, expires });
        Ok(())
    }

    /// Numbers its tokens anew, above all that another list gave out.
    pub(super) fn count_from(&mut self, other: &Grants) {
        self.made += other.made;
        self.tokens.iter_mut().for_each(|token| token.id.0 += other.made);
    }

    pub(super) fn issue_code(
        &mut self,
        now: Instant,
        entropy: &mut dyn Entropy,
        application: ApplicationId,
        user: UserId,
        scopes: Scopes,
    ) -> Secret {
        self.codes.retain(|code| code.expires > now);
        make_room(&mut self.codes, application, |code| code.application);
        let code = entropy::draw(entropy);
        let expires = now + CODE_LIFETIME;
        self.codes.push_back(Code { code: code.clone(), application, user, scopes, expires });
        code
    }

    pub(super) fn exchange(
        &mut self,
        now: Instant,
        entropy: &mut dyn Entropy,
        application: ApplicationId,
        shown: &Secret,
    ) -> Result<&Token, Error> {
        let at = position(&self.codes, |code| &code.code, shown)
            .filter(|at| self.codes[*at].application == application && self.codes[*at].expires > now)
            .ok_or(Error::BadGrant("the code is unknown, used already, run out, or another application's"))?;
        let Some(code) = self.codes.remove(at) else { unreachable!("the position was found in this list") };
        self.made += 1;
        Ok(self.issue(now, entropy, TokenId(self.made), application, code.user, code.scopes))
    }

    pub(super) fn refresh(
        &mut self,
        now: Instant,
        entropy: &mut dyn Entropy,
        application: ApplicationId,
        shown: &Secret,
    ) -> Result<&Token, Error> {
        let at = position(&self.tokens, |token| &token.refresh, shown)
            .filter(|at| self.tokens[*at].application == application)
            .ok_or(Error::BadGrant("the refresh token is unknown, used already, revoked, or another application's"))?;
        let Some(token) = self.tokens.remove(at) else { unreachable!("the position was found in this list") };
        // It goes on being the same grant: who authenticated before the refresh loses it when it is revoked after.
        Ok(self.issue(now, entropy, token.id, application, token.user, token.scopes))
    }

    fn issue(
        &mut self,
        now: Instant,
        entropy: &mut dyn Entropy,
        id: TokenId,
        application: ApplicationId,
        user: UserId,
        scopes: Scopes,
    ) -> &Token {
        make_room(&mut self.tokens, application, |token| token.application);
        let (access, refresh) = (entropy::draw(entropy), entropy::draw(entropy));
        let expires = now + TOKEN_LIFETIME;
        self.tokens.push_back(Token { id, access, refresh, application, user, scopes, expires });
        &self.tokens[self.tokens.len() - 1]
    }

    pub(super) fn issue_rpc_token(
        &mut self,
        now: Instant,
        entropy: &mut dyn Entropy,
        application: ApplicationId,
    ) -> Secret {
        self.rpc_tokens.retain(|token| token.expires > now);
        make_room(&mut self.rpc_tokens, application, |token| token.application);
        let token = entropy::draw(entropy);
        self.rpc_tokens.push_back(RpcToken { token: token.clone(), application, expires: now + CODE_LIFETIME });
        token
    }

    pub(super) fn use_rpc_token(
        &mut self,
        now: Instant,
        application: ApplicationId,
        shown: &Secret,
    ) -> Result<(), Error> {
        let at = position(&self.rpc_tokens, |token| &token.token, shown)
            .filter(|at| self.rpc_tokens[*at].application == application && self.rpc_tokens[*at].expires > now)
            .ok_or(Error::BadToken)?;
        self.rpc_tokens.remove(at);
        Ok(())
    }

    /// Takes a token away by its access or its refresh token.
    pub(super) fn revoke(&mut self, shown: &Secret) -> Result<TokenId, Error> {
        let at = position(&self.tokens, |token| &token.access, shown)
            .or_else(|| position(&self.tokens, |token| &token.refresh, shown))
            .ok_or(Error::BadToken)?;
        let Some(token) = self.tokens.remove(at) else { unreachable!("the position was found in this list") };
        Ok(token.id)
    }

    /// Whose token this is, by its access or its refresh token, whether or not it still works.
    pub(super) fn application_of(&self, shown: &Secret) -> Option<ApplicationId> {
        let at = position(&self.tokens, |token| &token.access, shown)
            .or_else(|| position(&self.tokens, |token| &token.refresh, shown))?;
        Some(self.tokens[at].application)
    }

    pub(super) fn token(&self, now: Instant, shown: &Secret) -> Option<&Token> {
        let at = position(&self.tokens, |token| &token.access, shown)?;
        Some(&self.tokens[at]).filter(|token| token.expires > now)
    }
}

fn check_scopes(scopes: &[Box<str>]) -> Result<(), Error> {
    if scopes.len() > MOST_SCOPES || scopes.iter().any(|scope| !(1..=MOST_SCOPES).contains(&scope.len())) {
        let most = MOST_SCOPES;
        return Err(Error::Invalid(format!("scopes: {most} at most, of 1 to {most} bytes, expected").into()));
    }
    Ok(())
}

impl World {
    pub(super) fn authorize(
        &mut self,
        now: Instant,
        application: ApplicationId,
        user: UserId,
        scopes: Scopes,
        out: &mut Changes,
    ) -> Result<(), Error> {
        self.known_user(user)?;
        check_scopes(&scopes)?;
        if !self.known_application(application)?.may_be_authorized_by(user) {
            return Err(Error::NotATester(application));
        }
        out.push(Change::CodeIssued(self.grants.issue_code(now, &mut *self.entropy, application, user, scopes)));
        Ok(())
    }

    pub(super) fn issue_rpc_token(
        &mut self,
        now: Instant,
        client: ClientCredentials,
        out: &mut Changes,
    ) -> Result<(), Error> {
        self.authenticate(&client)?;
        out.push(Change::RpcTokenIssued(self.grants.issue_rpc_token(now, &mut *self.entropy, client.id)));
        Ok(())
    }

    pub(super) fn exchange_code(
        &mut self,
        now: Instant,
        client: ClientCredentials,
        code: Secret,
        redirect_uri: Option<Box<str>>,
        out: &mut Changes,
    ) -> Result<(), Error> {
        let application = self.authenticate(&client)?;
        if let (Some(uri), false) = (&redirect_uri, application.redirect_uris.is_empty())
            && !application.redirect_uris.contains(uri)
        {
            return Err(Error::BadGrant("the redirect URI is none of the application's"));
        }
        let token = self.grants.exchange(now, &mut *self.entropy, client.id, &code)?;
        out.push(Change::TokenIssued(Box::new(token.clone())));
        Ok(())
    }

    pub(super) fn refresh_token(
        &mut self,
        now: Instant,
        client: ClientCredentials,
        refresh_token: Secret,
        out: &mut Changes,
    ) -> Result<(), Error> {
        self.authenticate(&client)?;
        let token = self.grants.refresh(now, &mut *self.entropy, client.id, &refresh_token)?;
        out.push(Change::TokenIssued(Box::new(token.clone())));
        Ok(())
    }

    /// An application with a secret has to show it (RFC 6749 section 2.3.1); one without is a public client.
    fn authenticate(&self, client: &ClientCredentials) -> Result<Cow<'_, Application>, Error> {
        let application = self.known_application(client.id)?;
        match &application.secret {
            Some(_) if client.secret != application.secret => Err(Error::BadClient),
            _ => Ok(application),
        }
    }
}

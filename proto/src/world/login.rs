//! Logins: the tokens with which a client is a user, on behalf of no application. Programs of 2017 and before log in so; at
//! Discord that is the client's own way in, and automating it is forbidden.

use super::{Change, Changes, Error, User, UserId, World, bot, entropy, limits};
use crate::secret::Secret;

/// What a client of a user's shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// Who.
    pub user: UserId,
    /// What it shows, behind no word.
    pub token: Secret,
}

impl World {
    /// A user has one at a time; another takes its place.
    pub(super) fn create_login(&mut self, user: UserId, token: Option<Secret>, out: &mut Changes) -> Result<(), Error> {
        if !self.logins.contains_key(&user) {
            limits::room("logins", self.logins.len(), limits::LOGINS)?;
        }
        let token = token.unwrap_or_else(|| entropy::draw(&mut *self.entropy));
        let login = self.checked(Login { user, token })?;
        self.logins.insert(user, login);
        out.push(Change::LoginCreated(user));
        Ok(())
    }

    pub(super) fn checked(&self, login: Login) -> Result<Login, Error> {
        if self.known_user(login.user)?.bot {
            return Err(Error::Invalid("user_id: a user that is no bot expected".into()));
        }
        bot::check_token(&login.token)?;
        let others = self.login_with(&login.token).is_some_and(|other| other.id != login.user);
        if others || self.bot_with(&login.token).is_some() {
            return Err(Error::Invalid("token: another one expected; somebody shows this one".into()));
        }
        Ok(login)
    }

    /// A user's login.
    pub fn login(&self, user: UserId) -> Option<&Login> {
        self.logins.get(&user)
    }

    /// The user whose client shows this token.
    pub fn login_with(&self, token: &Secret) -> Option<&User> {
        let login = self.logins.values().find(|login| login.token == *token)?;
        self.user(login.user)
    }

    /// All of them, by user.
    pub fn logins(&self) -> impl Iterator<Item = &Login> {
        self.logins.values()
    }
}

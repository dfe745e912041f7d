//! Bots: the users that applications act as, each with the token that it shows.
//!
//! A bot is a user like others, and in guilds like others; what it adds is the token, and which of the intents that need
//! permission its application was refused.

use super::{ApplicationId, Change, Changes, Error, NewUser, User, UserId, World, entropy, limits};
use crate::secret::Secret;
use crate::time::Instant;

/// The bot of an application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bot {
    /// Whose.
    pub application: ApplicationId,
    /// As whom it acts.
    pub user: UserId,
    /// What it shows, behind the word `Bot`.
    pub token: Secret,
    /// Bits of the privileged intents that it may not ask for; 0 grants all.
    pub refused_intents: u64,
}

/// What a bot is made from.
#[derive(Clone, Debug)]
pub struct NewBot {
    /// Whose; one bot each.
    pub application: ApplicationId,
    /// 2 to 32 characters; the application's name, as far as it is a username, unless given.
    pub username: Option<Box<str>>,
    /// What it is to show, 8 to 256 visible characters; the world draws one unless given.
    pub token: Option<Secret>,
    /// Bits of the privileged intents that it may not ask for.
    pub refused_intents: u64,
}

impl Bot {
    pub(super) fn check(&self) -> Result<(), Error> {
        check_token(&self.token)
    }
}

/// What a bot's token, and a login's, may be.
pub(super) fn check_token(token: &Secret) -> Result<(), Error> {
    let text = token.reveal();
    if !(8..=256).contains(&text.len()) || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Error::Invalid("token: 8 to 256 visible ASCII characters expected".into()));
    }
    Ok(())
}

impl World {
    pub(super) fn create_bot(&mut self, now: Instant, new: NewBot, out: &mut Changes) -> Result<(), Error> {
        let NewBot { application, username, token, refused_intents } = new;
        let known = self.known_application(application)?;
        if self.bots.contains_key(&application) {
            return Err(Error::Invalid("application_id: an application without a bot expected; it has one".into()));
        }
        let username = username.unwrap_or_else(|| match NewUser::check_username(&known.name) {
            Ok(name) => name,
            Err(_) => format!("bot{application}").into(),
        });
        limits::room("users", self.users.len(), limits::USERS)?;
        limits::room("bots", self.bots.len(), limits::BOTS)?;
        let id = UserId(self.next_id(now));
        let user = NewUser { discriminator: "0000".into(), bot: true, ..NewUser::named(&username) };
        let user: User = user.into_user(id)?;
        let token = token.unwrap_or_else(|| entropy::draw(&mut *self.entropy));
        let bot = Bot { application, user: id, token, refused_intents };
        bot.check()?;
        if self.bot_with(&bot.token).is_some() || self.login_with(&bot.token).is_some() {
            return Err(Error::Invalid("token: another one expected; somebody shows this one".into()));
        }
        self.users.insert(id, user);
        self.bots.insert(application, bot);
        out.push(Change::UserCreated(id));
        out.push(Change::BotCreated(application));
        Ok(())
    }

    /// An application's bot.
    pub fn bot(&self, application: ApplicationId) -> Option<&Bot> {
        self.bots.get(&application)
    }

    /// The bot that shows this token.
    pub fn bot_with(&self, token: &Secret) -> Option<&Bot> {
        self.bots.values().find(|bot| bot.token == *token)
    }

    /// All bots, by application.
    pub fn bots(&self) -> impl Iterator<Item = &Bot> {
        self.bots.values()
    }
}

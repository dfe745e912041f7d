//! Users.

use super::{Change, Changes, Error, Snowflake, UserId, World, limits, name};
use crate::time::Instant;

/// An account: a person's, a guest's, or a bot's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// 2 to 32 characters.
    pub username: Box<str>,
    /// Four digits, or `"0"` for accounts of today.
    pub discriminator: Box<str>,
    /// The name that is shown, if it differs from the username.
    pub global_name: Option<Box<str>>,
    /// Hash of the avatar image.
    pub avatar: Option<Box<str>>,
    /// Whether it is a program.
    pub bot: bool,
    /// Bits of the account (Discord's `public_flags`).
    pub flags: u64,
    /// The subscription: 0 none, 1 to 3 its kinds.
    pub premium_type: u8,
}

/// What is to become different about a user; `None` leaves a thing as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserEdit {
    /// 2 to 32 characters.
    pub username: Option<Box<str>>,
    /// Four digits, or `"0"`.
    pub discriminator: Option<Box<str>>,
    /// The name that is shown; `Some(None)` takes it away.
    pub global_name: Option<Option<Box<str>>>,
    /// Hash of the avatar image; `Some(None)` takes it away.
    pub avatar: Option<Option<Box<str>>>,
    /// Bits of the account.
    pub flags: Option<u64>,
    /// The subscription.
    pub premium_type: Option<u8>,
}

/// What a new user is made from; the world chooses the id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewUser {
    /// 2 to 32 characters after trimming; see [`Error::Invalid`] for what else is refused.
    pub username: Box<str>,
    /// Four digits, or `"0"`.
    pub discriminator: Box<str>,
    /// The name that is shown, if it differs.
    pub global_name: Option<Box<str>>,
    /// Hash of the avatar image.
    pub avatar: Option<Box<str>>,
    /// Whether it is a program.
    pub bot: bool,
}

impl NewUser {
    /// A person of this name and nothing more.
    pub fn named(username: &str) -> Self {
        NewUser { username: username.into(), discriminator: "0".into(), global_name: None, avatar: None, bot: false }
    }

    /// The username that this text stands for: trimmed, runs of white space shrunk.
    ///
    /// # Errors
    /// [`Error::Invalid`] when it is none.
    pub fn check_username(text: &str) -> Result<Box<str>, Error> {
        name::username(text)
    }

    pub(super) fn into_user(self, id: UserId) -> Result<User, Error> {
        let NewUser { username, discriminator, global_name, avatar, bot } = self;
        let user = User { id, username, discriminator, global_name, avatar, bot, flags: 0, premium_type: 0 };
        user.checked()
    }
}

impl User {
    /// The user with its names in order.
    pub(super) fn checked(mut self) -> Result<User, Error> {
        let digits = self.discriminator.bytes().all(|byte| byte.is_ascii_digit());
        if !digits || self.discriminator.len() != 4 && &*self.discriminator != "0" {
            return Err(Error::Invalid("discriminator: four digits expected, or \"0\"".into()));
        }
        self.username = name::username(&self.username)?;
        if let Some(shown) = &self.global_name {
            self.global_name = Some(name::shown("global_name", shown)?);
        }
        if let Some(avatar) = &self.avatar {
            name::image("avatar", avatar)?;
        }
        if self.premium_type > 3 {
            return Err(Error::Invalid("premium_type: 0 to 3 expected".into()));
        }
        Ok(self)
    }
}

impl World {
    pub(super) fn create_user(&mut self, now: Instant, new: NewUser, out: &mut Changes) -> Result<(), Error> {
        limits::room("users", self.users.len(), limits::USERS)?;
        let mut user = new.into_user(UserId(Snowflake(0)))?;
        user.id = UserId(self.next_id(now));
        out.push(Change::UserCreated(user.id));
        self.users.insert(user.id, user);
        Ok(())
    }

    pub(super) fn edit_user(&mut self, id: UserId, edit: UserEdit, out: &mut Changes) -> Result<(), Error> {
        let known = self.known_user(id)?;
        let UserEdit { username, discriminator, global_name, avatar, flags, premium_type } = edit;
        let user = User {
            id,
            username: username.unwrap_or_else(|| known.username.clone()),
            discriminator: discriminator.unwrap_or_else(|| known.discriminator.clone()),
            global_name: global_name.unwrap_or_else(|| known.global_name.clone()),
            avatar: avatar.unwrap_or_else(|| known.avatar.clone()),
            bot: known.bot,
            flags: flags.unwrap_or(known.flags),
            premium_type: premium_type.unwrap_or(known.premium_type),
        };
        let user = user.checked()?;
        if user != *known {
            self.users.insert(id, user);
            out.push(Change::UserChanged(id));
            if let Some(channel) = self.voice_state(id).map(|state| state.channel) {
                out.push(Change::VoiceChanged { channel, user: id });
            }
        }
        Ok(())
    }
}

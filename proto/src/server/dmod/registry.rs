//! What dmod knows beside the world: who is let in by what, which guilds are applications, and what was missed.

use std::collections::{BTreeMap, VecDeque};

use crate::secret::Secret;
use crate::wire::json::{Object, array};
use crate::world::{GuildId, UserId, World};

/// A user who is let in.
#[derive(Debug)]
pub(super) struct Account {
    /// The user's token hash.
    pub(super) token: Secret,
    /// The user's gateway hash.
    pub(super) hash: Secret,
}

/// What happened while nobody was there.
#[derive(Debug)]
pub(super) struct Notification {
    pub(super) kind: Box<str>,
    pub(super) processed: i64,
}

/// A guild's application: its token, and what is shown of the guild that the world has no place for.
#[derive(Debug)]
pub(super) struct Application {
    pub(super) token: Secret,
    pub(super) banner: Option<Box<str>>,
    pub(super) premium_tier: i64,
    pub(super) verification_level: i64,
    /// A JSON array.
    pub(super) emojis: Box<[u8]>,
    pub(super) current_invite_valid: bool,
    pub(super) vanity: Option<Box<str>>,
}

impl Application {
    /// One that nobody touched.
    pub(super) fn new(token: Secret) -> Self {
        Application {
            token,
            banner: None,
            premium_tier: 0,
            verification_level: 0,
            emojis: b"[]".as_slice().into(),
            current_invite_valid: true,
            vanity: None,
        }
    }
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Registry {
    pub(super) users: BTreeMap<UserId, Account>,
    pub(super) guilds: BTreeMap<GuildId, Application>,
    /// With which anybody is let in as nobody in particular.
    pub(super) global: Option<Secret>,
    missed: BTreeMap<UserId, VecDeque<Notification>>,
}

impl Registry {
    /// Who shows this token: a user, or nobody in particular. `None` when it is nobody's.
    pub(super) fn who(&self, token: &Secret) -> Option<Option<UserId>> {
        if self.global.as_ref() == Some(token) {
            return Some(None);
        }
        self.users.iter().find(|(_, account)| account.token == *token).map(|(user, _)| Some(*user))
    }

    /// Leaves a notification; how many wait now.
    pub(super) fn notify(&mut self, user: UserId, notification: Notification, most: usize) -> usize {
        let waiting = self.missed.entry(user).or_default();
        while waiting.len() >= most.max(1) {
            waiting.pop_front();
        }
        waiting.push_back(notification);
        waiting.len()
    }

    /// What waits for a user, as the array of op 2; it waits no more.
    pub(super) fn write_missed(&mut self, user: Option<UserId>, out: &mut Vec<u8>) {
        let missed = user.and_then(|user| self.missed.remove(&user)).unwrap_or_default();
        array(out, missed, |out, one| {
            Object::begin(out).str("type", &one.kind).int("proccessed_type", one.processed).end();
        });
    }

    /// Another world took the place of the one there was: whom and what it does not have is known no more.
    pub(super) fn retain(&mut self, world: &World) {
        self.users.retain(|user, _| world.user(*user).is_some());
        self.missed.retain(|user, _| world.user(*user).is_some());
        self.guilds.retain(|guild, _| world.guild(*guild).is_some());
    }
}

//! The names in a scenario, and what kind of thing each stands for.

use std::collections::BTreeMap;
use std::fmt;

/// What a name can stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    User,
    Guild,
    Role,
    Channel,
    Message,
    Application,
    Entitlement,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::User => "user",
            Kind::Guild => "guild",
            Kind::Role => "role",
            Kind::Channel => "channel",
            Kind::Message => "message",
            Kind::Application => "application",
            Kind::Entitlement => "entitlement",
        })
    }
}

impl Kind {
    /// What an argument of this name refers to. `None` where an id has to be written out: there it says what something
    /// is to be called.
    pub(super) fn of_argument(name: &str) -> Option<Kind> {
        Some(match name {
            "user_id" | "owner_id" | "members" | "recipients" | "testers" => Kind::User,
            "guild_id" => Kind::Guild,
            "role_id" | "roles" => Kind::Role,
            "channel_id" => Kind::Channel,
            "message_id" => Kind::Message,
            "application_id" | "client_id" => Kind::Application,
            "entitlement_id" => Kind::Entitlement,
            _ => return None,
        })
    }

    /// What a command makes, so that its reply's `id` can be given a name.
    pub(super) fn made_by(command: &str) -> Option<Kind> {
        Some(match command {
            "USER_CREATE" | "BOT_CREATE" => Kind::User,
            "GUILD_CREATE" => Kind::Guild,
            "ROLE_CREATE" => Kind::Role,
            "CHANNEL_CREATE" => Kind::Channel,
            "MESSAGE_POST" | "ACTIVITY_INVITE" => Kind::Message,
            "APPLICATION_REGISTER" => Kind::Application,
            "ENTITLEMENT_CREATE" => Kind::Entitlement,
            _ => return None,
        })
    }

    fn serves_as(self, wanted: Kind) -> bool {
        // A guild's id is that of its role @everyone.
        self == wanted || (self, wanted) == (Kind::Guild, Kind::Role)
    }
}

/// The local user.
pub(super) const ME: usize = 0;

/// Bytes of a name.
pub(super) const MAX_NAME: usize = 64;

/// What a name looks like, as a pattern for [`is_name`].
pub(super) const NAME_PATTERN: &str = "^[A-Za-z_][A-Za-z0-9_.-]{0,63}$";

/// The same in words.
pub(super) const NAME: &str = "a name: a letter or _, then letters, digits, _, - and ., 64 at most";

#[derive(Debug)]
pub(super) struct Names {
    known: Vec<(Box<str>, Kind)>,
    index: BTreeMap<Box<str>, usize>,
}

impl Names {
    /// With the local user's, which is always there.
    pub(super) fn new() -> Self {
        Names { known: vec![("me".into(), Kind::User)], index: BTreeMap::from([("me".into(), ME)]) }
    }

    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    pub(super) fn name(&self, at: usize) -> &str {
        self.known.get(at).map_or("", |(name, _)| name)
    }

    /// Gives a name; what is wrong with it otherwise.
    pub(super) fn give(&mut self, name: &str, kind: Kind) -> Result<usize, String> {
        if !is_name(name) {
            return Err(format!("{NAME} expected"));
        }
        if name == "me" {
            return Err("\"me\" is the local user's name; another one expected".to_owned());
        }
        if let Some(at) = self.index.get(name) {
            return Err(format!("the name \"{name}\" is taken by a {}; every name is given once", self.known[*at].1));
        }
        self.known.push((name.into(), kind));
        self.index.insert(name.into(), self.known.len() - 1);
        Ok(self.known.len() - 1)
    }

    /// Finds what a name stands for; what is wrong otherwise.
    pub(super) fn find(&self, name: &str, wanted: Kind) -> Result<usize, String> {
        if !is_name(name) {
            return Err(format!("behind @ {NAME} expected"));
        }
        match self.index.get(name) {
            Some(at) if self.known[*at].1.serves_as(wanted) => Ok(*at),
            Some(at) => Err(format!("\"{name}\" is a {}; a {wanted} expected", self.known[*at].1)),
            None => Err(format!("there is no {wanted} named \"{name}\"")),
        }
    }
}

/// Not of digits alone, so that it is never an id.
pub(super) fn is_name(text: &str) -> bool {
    let bytes = text.as_bytes();
    let first = bytes.first().is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_');
    first && text.len() <= MAX_NAME && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(byte))
}

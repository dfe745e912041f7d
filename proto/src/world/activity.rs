//! Activities: what a user is doing in which application.
//!
//! The world keeps what an activity says, not how a protocol writes it. An activity belongs to a [`Session`] (one
//! connection of one application) and ends with it.

use super::{ApplicationId, UserId};
use crate::secret::Secret;

/// The number of a session; never reused within a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u64);

/// One connection of an application on behalf of a user.
#[derive(Clone, Debug)]
pub struct Session {
    /// Its number.
    pub id: SessionId,
    /// Who.
    pub user: UserId,
    /// With what.
    pub application: ApplicationId,
    /// What the user does there, while it says so.
    pub activity: Option<Activity>,
}

/// What an activity says. Every text was checked by the door that took it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Activity {
    /// Its name, when it is not the application's.
    pub name: Option<Box<str>>,
    /// 0 playing, 2 listening, 3 watching, 5 competing; 0 when it does not say.
    pub kind: u8,
    /// Which line is shown in the list of members: 0 name, 1 state, 2 details.
    pub status_display_type: Option<u8>,
    /// The first line.
    pub details: Option<Box<str>>,
    /// Where the first line links to.
    pub details_url: Option<Box<str>>,
    /// The second line.
    pub state: Option<Box<str>>,
    /// Where the second line links to.
    pub state_url: Option<Box<str>>,
    /// Since when, in Unix time of the unit that the application used.
    pub start: Option<i64>,
    /// Until when.
    pub end: Option<i64>,
    /// The pictures.
    pub assets: Assets,
    /// The party.
    pub party: Option<Party>,
    /// What others are handed when they join or watch.
    pub secrets: Secrets,
    /// Whether it is a game session that others may be told of.
    pub instance: Option<bool>,
    /// At most two.
    pub buttons: Vec<Button>,
}

/// The pictures of an activity and what is shown when one points at them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assets {
    /// Key or URL of the large picture.
    pub large_image: Option<Box<str>>,
    /// Its text.
    pub large_text: Option<Box<str>>,
    /// Its link.
    pub large_url: Option<Box<str>>,
    /// Key or URL of the small picture.
    pub small_image: Option<Box<str>>,
    /// Its text.
    pub small_text: Option<Box<str>>,
    /// Its link.
    pub small_url: Option<Box<str>>,
    /// Key or URL of the banner of invitations.
    pub invite_cover_image: Option<Box<str>>,
}

/// A party: how many are in, and how many fit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Party {
    /// The same for all of its members.
    pub id: Option<Box<str>>,
    /// Members now, and at most.
    pub size: Option<(i64, i64)>,
}

/// What others are handed when they join or watch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Secrets {
    /// To join.
    pub join: Option<Secret>,
    /// To watch.
    pub spectate: Option<Secret>,
    /// To tell one match from the next.
    pub match_: Option<Secret>,
}

/// A button under an activity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Button {
    /// 1 to 32 characters.
    pub label: Box<str>,
    /// 1 to 512 characters.
    pub url: Box<str>,
}

/// A player who asks to join the local user's game.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JoinRequest {
    /// Who asks.
    pub from: UserId,
    /// For which application's game; `None` asks all.
    pub application: Option<ApplicationId>,
}

impl JoinRequest {
    /// Whether this application may answer it.
    pub fn concerns(&self, application: ApplicationId) -> bool {
        self.application.is_none_or(|asked| asked == application)
    }
}

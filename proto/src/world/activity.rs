//! Activities: what a user is doing in which application.
//!
//! The world keeps what an activity says, not how a protocol writes it. An activity belongs to a [`Session`] (one
//! connection of one application) and ends with it.

use super::{ApplicationId, Change, Changes, Error, UserId, World, limits};
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
    /// Where it can be joined from, by Discord's names.
    pub supported_platforms: Vec<Box<str>>,
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
    /// Whether who joins has to be let in: 0 private, 1 public.
    pub privacy: Option<u8>,
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

    /// Whether the answer of this application, or of none, is one to it.
    pub fn is_answered_by(&self, application: Option<ApplicationId>) -> bool {
        application.map_or(self.application.is_none(), |application| self.concerns(application))
    }
}

impl Activity {
    /// How many bytes its texts are together.
    fn text_bytes(&self) -> usize {
        let Activity { name, details, details_url, state, state_url, assets, party, secrets, buttons, .. } = self;
        let platforms: usize = self.supported_platforms.iter().map(|name| name.len()).sum();
        let Assets { large_image, large_text, large_url, small_image, small_text, small_url, invite_cover_image } =
            assets;
        let texts = [name, details, details_url, state, state_url, large_image, large_text, large_url];
        let more = [small_image, small_text, small_url, invite_cover_image];
        let plain: usize = texts.into_iter().chain(more).flatten().map(|text| text.len()).sum();
        let party = party.as_ref().and_then(|party| party.id.as_ref()).map_or(0, |id| id.len());
        let secrets = [&secrets.join, &secrets.spectate, &secrets.match_];
        let secrets: usize = secrets.into_iter().flatten().map(|secret| secret.reveal().len()).sum();
        let buttons: usize = buttons.iter().map(|button| button.label.len() + button.url.len()).sum();
        plain + party + secrets + buttons + platforms
    }

    /// Whether the match that others may have asked to be told of is over when this is said next. (`notify` in the
    /// inventory's rules of Rich Presence: it is the match secret that tells one match from the next.)
    fn match_ends_with(&self, next: Option<&Activity>) -> bool {
        let secret = self.secrets.match_.as_ref().filter(|_| self.instance == Some(true));
        secret.is_some() && secret != next.and_then(|next| next.secrets.match_.as_ref())
    }

    /// Whether it is small enough to be kept. What its texts say was checked by the door.
    pub(super) fn check(&self) -> Result<(), Error> {
        let (most, given) = (limits::ACTIVITY_BYTES, self.text_bytes());
        if given > most || self.buttons.len() > 2 {
            let sentence = format!("activity: {most} bytes of text and 2 buttons at most, {given} bytes given");
            return Err(Error::TooMany(sentence.into()));
        }
        Ok(())
    }
}

impl World {
    /// [`Change::SessionOpened`] comes first, then what the settings became that wait for this application.
    pub(super) fn open_session(
        &mut self,
        user: UserId,
        application: ApplicationId,
        out: &mut Changes,
    ) -> Result<(), Error> {
        self.known_user(user)?;
        self.known_application(application)?;
        limits::room("sessions", self.sessions.len(), limits::SESSIONS)?;
        self.sessions_made += 1;
        let id = SessionId(self.sessions_made);
        self.sessions.insert(id, Session { id, user, application, activity: None });
        out.push(Change::SessionOpened(id));
        self.take_voice_settings_up(id, application, out);
        Ok(())
    }

    pub(super) fn close_session(&mut self, id: SessionId, out: &mut Changes) -> Result<(), Error> {
        let Session { user, application, activity, .. } = self.sessions.remove(&id).ok_or(Error::UnknownSession(id))?;
        if let Some(activity) = activity {
            out.push(Change::ActivityChanged { user, application, session: id });
            if activity.match_ends_with(None) {
                out.push(Change::MatchEnded { user, application });
            }
        }
        self.let_voice_settings_go(id, out);
        Ok(())
    }

    pub(super) fn set_activity(
        &mut self,
        id: SessionId,
        activity: Option<Box<Activity>>,
        out: &mut Changes,
    ) -> Result<(), Error> {
        let session = self.sessions.get_mut(&id).ok_or(Error::UnknownSession(id))?;
        let activity = activity.map(|activity| *activity);
        activity.as_ref().map_or(Ok(()), Activity::check)?;
        if session.activity != activity {
            let ended = session.activity.as_ref().is_some_and(|before| before.match_ends_with(activity.as_ref()));
            session.activity = activity;
            let (user, application) = (session.user, session.application);
            out.push(Change::ActivityChanged { user, application, session: id });
            if ended {
                out.push(Change::MatchEnded { user, application });
            }
        }
        Ok(())
    }

    pub(super) fn request_join(&mut self, request: JoinRequest, out: &mut Changes) -> Result<(), Error> {
        self.other_user(request.from)?;
        if !self.join_requests.contains(&request) {
            if self.join_requests.len() >= limits::JOIN_REQUESTS {
                self.join_requests.remove(0);
            }
            self.join_requests.push(request);
        }
        out.push(Change::JoinRequested { from: request.from, application: request.application });
        Ok(())
    }

    pub(super) fn answer_join(
        &mut self,
        from: UserId,
        application: Option<ApplicationId>,
        session: Option<SessionId>,
        accepted: bool,
        out: &mut Changes,
    ) -> Result<(), Error> {
        self.known_user(from)?;
        let before = self.join_requests.len();
        self.join_requests.retain(|request| request.from != from || !request.is_answered_by(application));
        if self.join_requests.len() == before {
            return Err(Error::NotAsked(from));
        }
        let activity =
            session.and_then(|session| self.sessions.get(&session)).and_then(|session| session.activity.as_ref());
        let secret = activity.filter(|_| accepted).and_then(|activity| activity.secrets.join.clone());
        out.push(Change::JoinAnswered { from, application, accepted, secret });
        Ok(())
    }
}

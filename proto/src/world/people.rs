//! What others are to the local user, and whether they are there.

use super::{Activity, ApplicationId, Change, Changes, Error, UserId, World, limits};

/// What another user is to the local one. The numbers are Discord's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum RelationshipKind {
    /// Nothing.
    #[default]
    None = 0,
    /// A friend.
    Friend = 1,
    /// Blocked.
    Blocked = 2,
    /// They asked to be friends.
    PendingIncoming = 3,
    /// The local user asked.
    PendingOutgoing = 4,
    /// Somebody one plays with.
    Implicit = 5,
}

impl RelationshipKind {
    /// Every kind with its name.
    pub const ALL: [(RelationshipKind, &'static str); 6] = [
        (RelationshipKind::None, "NONE"),
        (RelationshipKind::Friend, "FRIEND"),
        (RelationshipKind::Blocked, "BLOCKED"),
        (RelationshipKind::PendingIncoming, "PENDING_INCOMING"),
        (RelationshipKind::PendingOutgoing, "PENDING_OUTGOING"),
        (RelationshipKind::Implicit, "IMPLICIT"),
    ];
}

/// Whether a user is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Status {
    /// There.
    Online,
    /// There, and doing something else.
    Idle,
    /// There, and not to be disturbed.
    DoNotDisturb,
    /// Not there, or not to be seen.
    #[default]
    Offline,
}

impl Status {
    /// Every status with its name.
    pub const ALL: [(Status, &'static str); 4] = [
        (Status::Online, "online"),
        (Status::Idle, "idle"),
        (Status::DoNotDisturb, "dnd"),
        (Status::Offline, "offline"),
    ];

    /// Its name on the wire.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(status, _)| *status == self).map_or("offline", |(_, name)| name)
    }

    /// The status of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(status, _)| *status)
    }
}

/// Whether another user is there, and what they do. The local user's activities are their sessions' (see
/// [`super::Session`]).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Presence {
    /// Whether they are there.
    pub status: Status,
    /// What they do, in which application.
    pub activity: Option<(ApplicationId, Box<Activity>)>,
}

impl World {
    /// A presence that this user may have, as it is kept.
    pub(super) fn checked_presence(&self, user: UserId, mut presence: Presence) -> Result<Presence, Error> {
        self.other_user(user)?;
        if presence.status == Status::Offline {
            // Who is not there does nothing that could be seen.
            presence.activity = None;
        }
        if let Some((application, activity)) = &presence.activity {
            self.known_application(*application)?;
            activity.check()?;
            limits::room("presences with an activity", self.playing(user), limits::PLAYING)?;
        }
        Ok(presence)
    }

    pub(super) fn set_presence(&mut self, user: UserId, presence: Presence, out: &mut Changes) -> Result<(), Error> {
        let presence = self.checked_presence(user, presence)?;
        if self.presence(user) != presence {
            if presence == Presence::default() {
                self.presences.remove(&user);
            } else {
                self.presences.insert(user, presence);
            }
            out.push(Change::PresenceChanged(user));
        }
        Ok(())
    }

    /// How many others than this user do something; counted only when there may be too many.
    pub(super) fn playing(&self, besides: UserId) -> usize {
        if self.presences.len() < limits::PLAYING {
            return 0;
        }
        let others = self.presences.iter().filter(|(other, known)| **other != besides && known.activity.is_some());
        others.count()
    }

    pub(super) fn set_relationship(
        &mut self,
        user: UserId,
        kind: RelationshipKind,
        out: &mut Changes,
    ) -> Result<(), Error> {
        self.other_user(user)?;
        if self.relationship(user) != kind {
            if kind == RelationshipKind::None {
                self.relationships.remove(&user);
            } else {
                self.relationships.insert(user, kind);
            }
            out.push(Change::RelationshipChanged(user));
        }
        Ok(())
    }
}

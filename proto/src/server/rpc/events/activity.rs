//! The events of playing together: invitations, requests to join, and the secrets that let one in.

use std::time::Duration;

use super::speaks_for;
use crate::secret::Secret;
use crate::server::rpc::{Cx, Door, Sink, objects};
use crate::time::Instant;
use crate::wire::json::Object;
use crate::world::{ApplicationId, Change, Changes};

/// A secret for a game that nobody played yet when the user accepted: the first of its peers that asks gets it
/// (`closed_game` in the inventory's rules of Rich Presence).
#[derive(Debug)]
pub(in crate::server::rpc) struct Missed {
    event: &'static str,
    application: ApplicationId,
    secret: Secret,
    until: Instant,
}

impl Missed {
    /// How long a game may take to start.
    const LIFETIME: Duration = Duration::from_secs(600);
    /// How many are kept; the oldest goes first.
    const MOST: usize = 64;
}

impl Door {
    pub(super) fn tell_of_activity(
        &mut self,
        cx: &mut Cx<'_, impl Sink>,
        change: &Change,
        followed: &mut Vec<(u32, Changes)>,
    ) -> usize {
        match change {
            Change::ActivityJoin { application, secret } => self.hand_over(cx, "ACTIVITY_JOIN", *application, secret),
            Change::ActivitySpectate { application, secret } => {
                self.hand_over(cx, "ACTIVITY_SPECTATE", *application, secret)
            }
            Change::JoinRequested { from, application } => {
                if !self.join_requested(cx, *from, *application, followed) {
                    return 0;
                }
                self.publish(cx, "ACTIVITY_JOIN_REQUEST", 0, speaks_for(*application), |out, view| {
                    Object::begin(out).with("user", |out| objects::user_or_null(out, view.world, *from)).end();
                })
            }
            Change::JoinAnswered { from, application, .. } => {
                self.join_answered(*from, *application);
                0
            }
            Change::Invited { from, application, channel, message } => {
                self.publish(cx, "ACTIVITY_INVITE", 0, speaks_for(Some(*application)), |out, view| {
                    objects::invitation(out, view, (*from, *application), (*channel, *message));
                })
            }
            _ => 0,
        }
    }

    /// Hands a secret to the games that asked for it, or keeps it for the one that has not started.
    fn hand_over(
        &mut self,
        cx: &mut Cx<'_, impl Sink>,
        event: &'static str,
        application: Option<ApplicationId>,
        secret: &Secret,
    ) -> usize {
        let reached = self.publish(cx, event, 0, speaks_for(application), |out, _| {
            Object::begin(out).str("secret", secret.reveal()).end();
        });
        if let (0, Some(application)) = (reached, application) {
            self.missed.retain(|missed| missed.event != event || missed.application != application);
            if self.missed.len() >= Missed::MOST {
                self.missed.remove(0);
            }
            let until = cx.now + Missed::LIFETIME;
            self.missed.push(Missed { event, application, secret: secret.clone(), until });
        }
        reached
    }

    /// A peer subscribed: what waited for it follows.
    pub(in crate::server::rpc) fn catch_up(&mut self, cx: &mut Cx<'_, impl Sink>, peer: u32, event: &str) {
        self.missed.retain(|missed| missed.until > cx.now);
        let Some(client) = self.peers.get(&peer).and_then(|known| known.caller()).map(|caller| caller.client) else {
            return;
        };
        let at = self.missed.iter().position(|missed| missed.event == event && missed.application == client);
        if let Some(at) = at {
            let Missed { event, secret, .. } = self.missed.remove(at);
            self.publish(
                cx,
                event,
                0,
                |caller, _| caller.peer == peer,
                |out, _| {
                    Object::begin(out).str("secret", secret.reveal()).end();
                },
            );
        }
    }
}

//! What the world's changes mean to peers and to the host.

use super::peer::{Open, Standing};
use super::subscription::Topic;
use super::{Cx, Door, Sink, activity, commands, notify, objects};
use crate::time::Instant;
use crate::wire::ipc::Opcode;
use crate::wire::json::Object;
use crate::wire::rpc::CloseCode;
use crate::world::{ApplicationId, Change, Changes, TokenId, World};

impl Door {
    /// Shows what happened through another door of the same world.
    pub fn handle_changes(&mut self, now: Instant, changes: &Changes, world: &mut World, out: &mut impl Sink) {
        self.fan_out(&mut Cx { now, world, out }, 0, changes);
    }

    /// Tells everybody whom it concerns; how many peers that were. `cause` is the peer that did it, 0 for others.
    pub(super) fn fan_out(&mut self, cx: &mut Cx<'_, impl Sink>, cause: u32, changes: &Changes) -> usize {
        let mut reached = 0;
        for change in changes.iter() {
            reached += match change {
                Change::ActivityJoin { application, secret } => {
                    self.publish(cx, "ACTIVITY_JOIN", *application, |out, _| {
                        Object::begin(out).str("secret", secret.reveal()).end();
                    })
                }
                Change::ActivitySpectate { application, secret } => {
                    self.publish(cx, "ACTIVITY_SPECTATE", *application, |out, _| {
                        Object::begin(out).str("secret", secret.reveal()).end();
                    })
                }
                Change::JoinRequested { from, application } => {
                    self.publish(cx, "ACTIVITY_JOIN_REQUEST", *application, |out, world| {
                        Object::begin(out)
                            .with("user", |out| match world.user(*from) {
                                Some(user) => objects::user(out, user),
                                None => out.extend_from_slice(b"null"),
                            })
                            .end();
                    })
                }
                Change::GuildCreated(id) => self.publish(cx, "GUILD_CREATE", None, |out, world| {
                    let name = world.guild(*id).map_or("", |guild| &guild.name);
                    Object::begin(out).id("id", id.get()).str("name", name).end();
                }),
                Change::TokenRevoked(token) => self.close_bearers(cx, *token),
                Change::ActivityChanged { .. } | Change::JoinAnswered { .. } => {
                    self.tell_host(cx, cause, change);
                    0
                }
                // Told to whoever asked, or shown by no event of RPC that is delivered yet.
                _ => 0,
            };
        }
        reached
    }

    /// Sends an event to its subscribers, encoded once.
    fn publish<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        event: &'static str,
        application: Option<ApplicationId>,
        data: impl FnOnce(&mut Vec<u8>, &World),
    ) -> usize {
        let subscribers = self.subscriptions.peers(Topic::of(event));
        if subscribers.is_empty() {
            return 0;
        }
        commands::dispatch(&mut self.frame, event, |out| data(out, cx.world));
        let mut reached = 0;
        for peer in subscribers {
            let client = self.peers.get(peer).and_then(|peer| peer.open()).map(|open| open.client);
            if application.is_none() || client == application {
                cx.out.send(*peer, Opcode::Frame, &self.frame);
                reached += 1;
            }
        }
        reached
    }

    fn close_bearers(&mut self, cx: &mut Cx<'_, impl Sink>, revoked: TokenId) -> usize {
        let bears = |open: &Open| matches!(open.standing, Standing::Authenticated { token, .. } if token == revoked);
        let bearers = self.peers.iter().filter(|(_, peer)| peer.open().is_some_and(bears));
        let bearers: Vec<u32> = bearers.map(|(number, _)| *number).collect();
        for peer in &bearers {
            self.close(cx, *peer, CloseCode::TokenRevoked as u16, "the access token was revoked");
        }
        bearers.len()
    }

    fn tell_host(&mut self, cx: &mut Cx<'_, impl Sink>, cause: u32, change: &Change) {
        self.frame.clear();
        let name = match change {
            Change::ActivityChanged { user, application, session } => {
                let known = cx.world.application(*application);
                let shown = cx.world.session(*session).and_then(|session| session.activity.as_ref());
                Object::begin(&mut self.frame)
                    .id("user_id", user.get())
                    .id("application_id", application.get())
                    .with("activity", |out| match (shown, known) {
                        (Some(shown), Some(known)) => activity::write(out, shown, &known),
                        _ => out.extend_from_slice(b"null"),
                    })
                    .end();
                "ACTIVITY_UPDATE"
            }
            Change::JoinAnswered { from, application, accepted, secret } => {
                Object::begin(&mut self.frame)
                    .with("user", |out| match cx.world.user(*from) {
                        Some(user) => objects::user(out, user),
                        None => out.extend_from_slice(b"null"),
                    })
                    .id("application_id", application.get())
                    .bool("accepted", *accepted)
                    .opt_str("secret", secret.as_ref().map(|secret| secret.reveal()))
                    .end();
                "JOIN_REQUEST_ANSWERED"
            }
            _ => return,
        };
        notify(cx.out, cause, name, &self.frame);
    }
}

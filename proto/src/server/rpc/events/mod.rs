//! What the world's changes mean to peers and to the host.
//!
//! An event goes to who subscribed to it with this guild or channel, still holds a scope for it, and may see what it is
//! about at this moment. It is encoded once, when the first such peer is found, and sent in the order of the changes, to
//! peers in the order in which they subscribed.

mod activity;
mod messages;
mod voice;

pub(super) use activity::Missed;

use super::caller::Caller;
use super::host::Cause;
use super::objects::{self, View};
use super::peer::Standing;
use super::subscription::Topic;
use super::{Cx, Door, Sink, envelope};
use crate::time::Instant;
use crate::wire::ipc::Opcode;
use crate::wire::json::{Object, or_null};
use crate::wire::rpc::{self, CloseCode};
use crate::world::{ApplicationId, Change, Changes, ChannelId, RelationshipKind, TokenId, UserId, World};

impl Door {
    /// Shows what happened through another door of the same world.
    pub fn handle_changes(&mut self, now: Instant, changes: &Changes, world: &mut World, out: &mut impl Sink) {
        self.fan_out(&mut Cx { now, world, out }, Cause::Other, changes);
    }

    /// Tells everybody whom it concerns; how many peers that were. `cause` is who did it: by number a peer, 0 for others.
    pub(super) fn fan_out(&mut self, cx: &mut Cx<'_, impl Sink>, cause: impl Into<Cause>, changes: &Changes) -> usize {
        let cause = cause.into();
        // Replies go before the events that they come with.
        let mut followed = self.settle_waits(cx);
        cx.out.changed(cx.now, cx.world, changes);
        let mut reached = 0;
        for change in changes.iter() {
            reached += self.tell_peers(cx, change, &mut followed);
            self.tell_host(cx, cause, change);
        }
        for (peer, changes) in followed {
            self.fan_out(cx, peer, &changes);
        }
        reached
    }

    fn tell_peers(&mut self, cx: &mut Cx<'_, impl Sink>, change: &Change, followed: &mut Vec<(u32, Changes)>) -> usize {
        let local = cx.world.local_user().id;
        match change {
            Change::UserChanged(user) if *user == local => self.current_user_changed(cx),
            Change::UserChanged(user) | Change::PresenceChanged(user) => match cx.world.relationship(*user) {
                RelationshipKind::None => 0,
                _ => self.relationship_changed(cx, *user),
            },
            Change::RelationshipChanged(user) => self.relationship_changed(cx, *user),
            Change::GuildCreated(id) => {
                let Some(guild) = cx.world.guild(*id).filter(|guild| guild.members.contains_key(&local)) else {
                    return 0;
                };
                let (id, name) = (guild.id.get(), guild.name.clone());
                self.publish(cx, "GUILD_CREATE", 0, everybody, |out, _| {
                    Object::begin(out).id("id", id).str("name", &name).end();
                })
            }
            Change::GuildChanged(id) => {
                if !cx.world.guild(*id).is_some_and(|guild| guild.members.contains_key(&local)) {
                    return 0;
                }
                self.publish(cx, "GUILD_STATUS", id.get(), everybody, |out, view| {
                    Object::begin(out)
                        .with("guild", |out| {
                            or_null(out, view.world.guild(*id), |out, guild| objects::partial_guild(out, view, guild));
                        })
                        .int("online", 0)
                        .end();
                })
            }
            Change::ChannelCreated(id) if sees(cx.world, *id) => {
                self.publish(cx, "CHANNEL_CREATE", 0, everybody, |out, view| {
                    or_null(out, view.world.channel(*id), objects::partial_channel);
                })
            }
            Change::MessagePosted { .. }
            | Change::MessageEdited { .. }
            | Change::MessageDeleted { .. }
            | Change::Notified { .. } => self.tell_of_message(cx, change),
            Change::VoiceChannelSelected(_)
            | Change::VoiceJoined { .. }
            | Change::VoiceChanged { .. }
            | Change::VoiceLeft(_)
            | Change::SpeakingChanged { .. }
            | Change::VoiceConnectionChanged(_)
            | Change::VoiceSettingsChanged => self.tell_of_voice(cx, change),
            Change::Invited { .. }
            | Change::ActivityJoin { .. }
            | Change::ActivitySpectate { .. }
            | Change::JoinRequested { .. }
            | Change::JoinAnswered { .. } => self.tell_of_activity(cx, change, followed),
            Change::EntitlementCreated(id) => match cx.world.entitlement(*id).cloned() {
                Some(entitlement) => self.tell_of_entitlement(cx, "ENTITLEMENT_CREATE", &entitlement),
                None => 0,
            },
            Change::EntitlementDeleted(entitlement) => self.tell_of_entitlement(cx, "ENTITLEMENT_DELETE", entitlement),
            Change::TokenRevoked(token) => self.close_bearers(cx, *token),
            // Told to whoever asked, to the host alone, or shown by no event of RPC.
            Change::UserCreated(_)
            | Change::BotCreated(_)
            | Change::LoginCreated(_)
            | Change::TypingStarted { .. }
            | Change::GuildDeleted(_)
            | Change::MemberJoined { .. }
            | Change::MemberChanged { .. }
            | Change::MemberLeft { .. }
            | Change::RoleCreated { .. }
            | Change::RoleChanged { .. }
            | Change::RoleDeleted { .. }
            | Change::ChannelCreated(_)
            | Change::ChannelChanged(_)
            | Change::ChannelDeleted(_)
            | Change::TextChannelSelected(_)
            | Change::ApplicationRegistered(_)
            | Change::SessionOpened(_)
            | Change::ActivityChanged { .. }
            | Change::MatchEnded { .. }
            | Change::CodeIssued(_)
            | Change::RpcTokenIssued(_)
            | Change::TokenIssued(_) => 0,
        }
    }

    /// Sends an event to its subscribers, as far as they may have it and `to` lets it through; how many got it.
    fn publish<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        event: &'static str,
        subject: u64,
        to: impl Fn(&Caller, &World) -> bool,
        data: impl FnOnce(&mut Vec<u8>, View<'_>),
    ) -> usize {
        let subscribers = self.subscriptions.peers(Topic { event, subject });
        if subscribers.is_empty() {
            return 0;
        }
        let Some(row) = rpc::event(event) else { return 0 };
        let mut data = Some(data);
        let mut reached = 0;
        for peer in subscribers {
            let caller = self.peers.get(peer).and_then(|known| known.caller());
            if !caller.is_some_and(|caller| row.scopes.allow(|scope| caller.holds(scope)) && to(caller, cx.world)) {
                continue;
            }
            if let Some(data) = data.take() {
                let view = View { world: cx.world, cdn_host: &self.config.cdn_host };
                envelope::dispatch(&mut self.frame, event, |out| data(out, view));
            }
            cx.out.send(*peer, Opcode::Frame, &self.frame);
            reached += 1;
        }
        reached
    }

    fn current_user_changed(&mut self, cx: &mut Cx<'_, impl Sink>) -> usize {
        let knows = |caller: &Caller| caller.holds("identify.premium");
        let mut reached = 0;
        for premium in [false, true] {
            reached += self.publish(
                cx,
                "CURRENT_USER_UPDATE",
                0,
                |caller, _| knows(caller) == premium,
                |out, view| {
                    objects::current_user(out, view.world.local_user(), premium);
                },
            );
        }
        reached
    }

    fn relationship_changed(&mut self, cx: &mut Cx<'_, impl Sink>, user: UserId) -> usize {
        self.publish(cx, "RELATIONSHIP_UPDATE", 0, everybody, |out, view| objects::relationship(out, view, user))
    }

    /// Only the application that it is of hears of it, and only of what is the local user's.
    fn tell_of_entitlement(
        &mut self,
        cx: &mut Cx<'_, impl Sink>,
        event: &'static str,
        entitlement: &crate::world::Entitlement,
    ) -> usize {
        if entitlement.user != cx.world.local_user().id {
            return 0;
        }
        self.publish(
            cx,
            event,
            0,
            |caller, _| caller.client == entitlement.application,
            |out, _| {
                Object::begin(out).with("entitlement", |out| objects::entitlement(out, entitlement)).end();
            },
        )
    }

    fn close_bearers(&mut self, cx: &mut Cx<'_, impl Sink>, revoked: TokenId) -> usize {
        let bearers = self.peers.iter().filter(|(_, peer)| {
            let standing = peer.open().map(|open| &open.standing);
            matches!(standing, Some(Standing::Authenticated { token, .. }) if *token == Some(revoked))
        });
        let bearers: Vec<u32> = bearers.map(|(number, _)| *number).collect();
        for peer in &bearers {
            self.close(cx, *peer, CloseCode::TokenRevoked as u16, "the access token was revoked");
        }
        bearers.len()
    }
}

fn everybody(_: &Caller, _: &World) -> bool {
    true
}

/// Whether a peer speaks for this application; for none in particular everybody does.
fn speaks_for(application: Option<ApplicationId>) -> impl Fn(&Caller, &World) -> bool {
    move |caller, _| application.is_none_or(|application| application == caller.client)
}

/// Whether the local user can see a channel at this moment.
fn sees(world: &World, channel: ChannelId) -> bool {
    world.sees(world.local_user().id, channel)
}

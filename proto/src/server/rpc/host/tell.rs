//! What the host is told of the world's changes.
//!
//! The host knows what it did itself, and its reply says what came of it; so it hears of what others did: of peers, of
//! applications through the API, and of what follows when one of them leaves.

use super::objects;
use crate::server::rpc::objects::{activity, user_or_null};
use crate::server::rpc::{Cx, Door, Sink, notify};
use crate::wire::json::{Object, or_null};
use crate::world::{Change, GuildId, RoleId, UserId, World};

/// Whose doing a change is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::server::rpc) enum Cause {
    /// The host's own command, or its scenario's.
    Host,
    /// A peer's command, or its leaving.
    Peer(u32),
    /// Something else: the API, another door of the same world.
    Other,
}

impl From<u32> for Cause {
    fn from(peer: u32) -> Self {
        if peer == 0 { Cause::Other } else { Cause::Peer(peer) }
    }
}

impl Door {
    /// Tells the host of a change, unless it is its own doing.
    pub(in crate::server::rpc) fn tell_host(&mut self, cx: &mut Cx<'_, impl Sink>, cause: Cause, change: &Change) {
        let peer = match cause {
            Cause::Host => return,
            Cause::Peer(peer) => peer,
            Cause::Other => 0,
        };
        self.frame.clear();
        if let Some(name) = write(&mut self.frame, cx.world, change) {
            notify(cx.out, peer, name, &self.frame);
        }
    }
}

/// Writes the event's data; its name, when the change is one that the host is told of.
fn write(out: &mut Vec<u8>, world: &World, change: &Change) -> Option<&'static str> {
    Some(match change {
        Change::ActivityChanged { user, application, session } => {
            let known = world.application(*application);
            let shown = world.session(*session).and_then(|session| session.activity.as_ref());
            Object::begin(out)
                .id("user_id", user.get())
                .id("application_id", application.get())
                .with("activity", |out| match (shown, known) {
                    (Some(shown), Some(known)) => activity::write(out, shown, &known),
                    _ => out.extend_from_slice(b"null"),
                })
                .end();
            "ACTIVITY_UPDATE"
        }
        Change::MatchEnded { user, application } => {
            Object::begin(out).id("user_id", user.get()).id("application_id", application.get()).end();
            "ACTIVITY_MATCH_ENDED"
        }
        Change::JoinAnswered { from, application, accepted, secret } => {
            Object::begin(out)
                .with("user", |out| user_or_null(out, world, *from))
                .opt_id("application_id", application.map(|id| id.get()))
                .bool("accepted", *accepted)
                .opt_str("secret", secret.as_ref().map(|secret| secret.reveal()))
                .end();
            "JOIN_REQUEST_ANSWERED"
        }
        Change::UserChanged(id) => {
            objects::user(out, world, world.user(*id)?);
            "USER_UPDATE"
        }
        Change::TextChannelSelected(channel) => {
            objects::selected(out, world, *channel);
            "TEXT_CHANNEL_SELECT"
        }
        Change::VoiceChannelSelected(channel) => {
            objects::selected(out, world, *channel);
            "VOICE_CHANNEL_SELECT"
        }
        Change::VoiceConnectionChanged(connection) => {
            objects::voice_connection(out, connection);
            "VOICE_CONNECTION_STATUS"
        }
        Change::VoiceJoined { user, .. } | Change::VoiceChanged { user, .. } => {
            objects::voice_state(out, *user, world.voice_state(*user));
            "VOICE_STATE_UPDATE"
        }
        Change::VoiceLeft(state) => {
            objects::voice_state(out, state.user, None);
            "VOICE_STATE_UPDATE"
        }
        Change::VoiceSettingsChanged => {
            objects::voice_settings(out, world.voice_settings());
            "VOICE_SETTINGS_UPDATE"
        }
        Change::GuildCreated(id) => {
            objects::guild(out, world.guild(*id)?);
            "GUILD_CREATE"
        }
        Change::GuildChanged(id) => {
            objects::guild(out, world.guild(*id)?);
            "GUILD_UPDATE"
        }
        Change::GuildDeleted(id) => {
            Object::begin(out).id("id", id.get()).end();
            "GUILD_DELETE"
        }
        Change::MemberJoined { guild, user } => of_member(out, world, *guild, *user, "GUILD_MEMBER_ADD"),
        Change::MemberChanged { guild, user } => of_member(out, world, *guild, *user, "GUILD_MEMBER_UPDATE"),
        Change::MemberLeft { guild, user } => of_member(out, world, *guild, *user, "GUILD_MEMBER_REMOVE"),
        Change::RoleCreated { guild, role } => of_role(out, world, *guild, *role, "GUILD_ROLE_CREATE"),
        Change::RoleChanged { guild, role } => of_role(out, world, *guild, *role, "GUILD_ROLE_UPDATE"),
        Change::RoleDeleted { guild, role } => of_role(out, world, *guild, *role, "GUILD_ROLE_DELETE"),
        Change::ChannelCreated(id) => {
            objects::channel(out, world.channel(*id)?);
            "CHANNEL_CREATE"
        }
        Change::ChannelChanged(id) => {
            objects::channel(out, world.channel(*id)?);
            "CHANNEL_UPDATE"
        }
        Change::ChannelDeleted(channel) => {
            objects::channel(out, channel);
            "CHANNEL_DELETE"
        }
        Change::MessagePosted { channel, message } => {
            objects::message(out, world.message(*channel, *message)?);
            "MESSAGE_CREATE"
        }
        Change::MessageEdited { channel, message } => {
            objects::message(out, world.message(*channel, *message)?);
            "MESSAGE_UPDATE"
        }
        Change::MessageDeleted { channel, message } => {
            Object::begin(out).id("id", message.get()).id("channel_id", channel.get()).end();
            "MESSAGE_DELETE"
        }
        Change::EntitlementCreated(id) => {
            objects::entitlement(out, world.entitlement(*id)?);
            "ENTITLEMENT_CREATE"
        }
        Change::EntitlementDeleted(entitlement) => {
            objects::entitlement(out, entitlement);
            "ENTITLEMENT_DELETE"
        }
        // The host's own doing always, told by another event, or nobody's but who asked.
        Change::UserCreated(_)
        | Change::BotCreated(_)
        | Change::LoginCreated(_)
        | Change::TypingStarted { .. }
        | Change::PresenceChanged(_)
        | Change::RelationshipChanged(_)
        | Change::Notified { .. }
        | Change::SpeakingChanged { .. }
        | Change::Invited { .. }
        | Change::ApplicationRegistered(_)
        | Change::SessionOpened(_)
        | Change::ActivityJoin { .. }
        | Change::ActivitySpectate { .. }
        | Change::JoinRequested { .. }
        | Change::CodeIssued(_)
        | Change::RpcTokenIssued(_)
        | Change::TokenIssued(_)
        | Change::TokenRevoked(_) => return None,
    })
}

fn of_member(out: &mut Vec<u8>, world: &World, guild: GuildId, user: UserId, name: &'static str) -> &'static str {
    Object::begin(out)
        .id("guild_id", guild.get())
        .id("user_id", user.get())
        .with("member", |out| or_null(out, world.member(guild, user), objects::member))
        .end();
    name
}

fn of_role(out: &mut Vec<u8>, world: &World, guild: GuildId, role: RoleId, name: &'static str) -> &'static str {
    Object::begin(out)
        .id("guild_id", guild.get())
        .id("role_id", role.get())
        .with("role", |out| {
            or_null(out, world.guild(guild).and_then(|guild| guild.roles.get(&role)), objects::role);
        })
        .end();
    name
}

//! What READY says to a user who logged in, besides what it says to a bot; and READY_SUPPLEMENTAL.
//!
//! No document of Discord's has these members; they are what clients of users look for (discord.py-self, discum, discord.js-selfbot-v13,
//! selfcord.py, Eris as it was), empty where the world has no such thing. In which of two ways they look is in `capabilities` of IDENTIFY.

use std::collections::BTreeSet;

use super::guild::Shown;
use super::session::{Capabilities, Session};
use super::{Door, Sink};
use crate::server::objects;
use crate::wire::json::{Object, array, push_str};
use crate::wire::rest::Version;
use crate::world::{Channel, ChannelKind, Member, RelationshipKind, Status, UserId, World};

/// A list that is told with its version.
const VERSIONED: &[u8] = br#"{"version":0,"partial":false,"entries":[]}"#;

fn friends<'w>(world: &'w World, session: &Session) -> impl Iterator<Item = (UserId, RelationshipKind)> + 'w {
    let local = session.user == world.local_user().id;
    world.relationships().filter(move |_| local)
}

/// The friends who are there.
fn friends_there<'w>(world: &'w World, session: &Session) -> impl Iterator<Item = UserId> + 'w {
    friends(world, session)
        .filter(|(user, kind)| *kind == RelationshipKind::Friend && world.presence(*user).status != Status::Offline)
        .map(|(user, _)| user)
}

fn guilds<'w>(world: &'w World, session: &'w Session) -> impl Iterator<Item = Shown<'w>> {
    let known = session.guilds.keys().filter_map(|id| world.guild(*id));
    known.map(move |guild| Shown { world, session, guild })
}

pub(super) fn of_ready<'o>(object: Object<'o>, world: &World, session: &Session) -> Object<'o> {
    let (version, wants) = (Version::of(session.dialect), session.capabilities);
    let list = |versioned: bool| if versioned { VERSIONED } else { b"[]" };
    // Version 3 shows this to bots, too.
    let object = match session.dialect.greets() {
        true => object.raw("read_state", list(wants.has(Capabilities::READ_STATES))),
        false => object,
    };
    let object = object.with("relationships", |out| {
        array(out, friends(world, session), |out, (user, kind)| {
            let object = Object::begin(out).id("id", user.get()).int("type", kind as i64);
            match wants.users_once() {
                true => object.id("user_id", user.get()).end(),
                false => object.with("user", |out| objects::user_of(out, world, user)).end(),
            }
        });
    });
    let object = match wants.has(Capabilities::SUPPLEMENTAL) {
        true => object,
        false => object.with("presences", |out| {
            array(out, friends_there(world, session), |out, user| {
                objects::presence(Object::begin(out), world, user, version).end();
            });
        }),
    };
    let object = match wants.users_once() {
        true => object.with("users", |out| write_users(out, world, session)).with("merged_members", |out| {
            array(out, guilds(world, session), |out, shown| {
                let own = shown.guild.members.get(&session.user);
                array(out, own, write_member);
            });
        }),
        false => object,
    };
    let object = match wants.has(Capabilities::SETTINGS_PROTO) {
        true => object.str("user_settings_proto", ""),
        false => object.raw("user_settings", b"{}"),
    };
    object
        .raw("user_guild_settings", list(wants.has(Capabilities::GUILD_SETTINGS)))
        .raw("notes", b"{}")
        .raw("connected_accounts", b"[]")
        .raw("experiments", b"[]")
        .raw("guild_experiments", b"[]")
        .int("friend_suggestion_count", 0)
        .opt_str("tutorial", None)
        .str("country_code", "US")
}

/// Everybody whom READY and READY_SUPPLEMENTAL name by an id.
fn write_users(out: &mut Vec<u8>, world: &World, session: &Session) {
    let mut users: BTreeSet<UserId> = friends(world, session).map(|(user, _)| user).collect();
    users.extend(guilds(world, session).flat_map(|shown| shown.members().map(|member| member.user)));
    let private = world.private_channels().filter(|channel| session.sees(world, channel));
    users.extend(private.flat_map(|channel| channel.recipients.iter().copied()));
    array(out, users, |out, user| objects::user_of(out, world, user));
}

fn write_member(out: &mut Vec<u8>, member: &Member) {
    objects::of_member(Object::begin(out).id("user_id", member.user.get()), member).end();
}

fn write_presence(out: &mut Vec<u8>, world: &World, user: UserId, version: Version) {
    objects::presence(Object::begin(out).id("user_id", user.get()), world, user, version).end();
}

/// A private channel with ids for those who are in it.
pub(super) fn private_channel(out: &mut Vec<u8>, world: &World, channel: &Channel, of: UserId) {
    let last = world.messages(channel.id).next_back().map(|message| message.id.get());
    let others = channel.recipients.iter().filter(|id| **id != of);
    let object = Object::begin(out)
        .id("id", channel.id.get())
        .int("type", channel.kind as i64)
        .int("flags", 0)
        .with("recipient_ids", |out| array(out, others, |out, id| push_str(out, &id.to_string())))
        .opt_id("last_message_id", last);
    match channel.kind {
        ChannelKind::GroupDm => {
            let owner = channel.recipients.first().map(|id| id.get());
            object.str("name", &channel.name).opt_str("icon", None).opt_id("owner_id", owner).end();
        }
        _ => object.end(),
    }
}

impl Door {
    /// READY_SUPPLEMENTAL, to whoever reads it.
    pub(super) fn say_supplemental(&mut self, out: &mut impl Sink, number: u64, world: &World) {
        let wanted = |session: &Session| session.capabilities.has(Capabilities::SUPPLEMENTAL);
        if !self.sessions.get(&number).is_some_and(wanted) {
            return;
        }
        self.emit(out, number, "READY_SUPPLEMENTAL", |out, session| {
            let version = Version::of(session.dialect);
            Object::begin(out)
                .with("guilds", |out| {
                    array(out, guilds(world, session), |out, shown| {
                        let object = Object::begin(out).id("id", shown.guild.id.get());
                        object
                            .with("voice_states", |out| shown.write_voice(out))
                            .raw("embedded_activities", b"[]")
                            .end();
                    });
                })
                .with("merged_members", |out| {
                    array(out, guilds(world, session), |out, shown| {
                        let others = shown.members().filter(|member| member.user != session.user);
                        array(out, others, write_member);
                    });
                })
                .with("merged_presences", |out| {
                    Object::begin(out)
                        .with("guilds", |out| {
                            array(out, guilds(world, session), |out, shown| {
                                array(out, shown.presences(), |out, user| {
                                    write_presence(out, world, user, version);
                                });
                            });
                        })
                        .with("friends", |out| {
                            array(out, friends_there(world, session), |out, user| {
                                write_presence(out, world, user, version);
                            });
                        })
                        .end();
                })
                .raw("lazy_private_channels", b"[]")
                .raw("disclose", b"[]")
                .end();
        });
    }
}

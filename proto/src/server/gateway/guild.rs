//! A guild as a session is shown it: whole, in GUILD_CREATE and in a user's READY, or without its people, whom READY_SUPPLEMENTAL
//! tells of.

use super::session::Session;
use crate::server::objects;
use crate::wire::json::{Object, array};
use crate::wire::rest::Version;
use crate::world::{ChannelId, Guild, GuildId, Member, Permissions, Status, Timestamp, UserId, VoiceState, World};

#[derive(Clone, Copy)]
pub(super) struct Shown<'w> {
    pub(super) world: &'w World,
    pub(super) session: &'w Session,
    pub(super) guild: &'w Guild,
}

impl<'w> Shown<'w> {
    fn wants_presences(self) -> bool {
        self.session.hears("PRESENCE_UPDATE", false) && self.session.guild_subscriptions
    }

    fn is_large(self) -> bool {
        self.guild.members.len() > self.session.large_threshold
    }

    fn in_voice(self, user: UserId) -> Option<&'w VoiceState> {
        let state = self.world.voice_state(user)?;
        let here = self.world.channel(state.channel)?.guild == Some(self.guild.id);
        here.then_some(state)
    }

    fn is_there(self, user: UserId) -> bool {
        self.world.presence(user).status != Status::Offline
    }

    /// Without the intent for presences a bot is shown itself and who is in voice; of a large guild only who is there.
    pub(super) fn members(self) -> impl Iterator<Item = &'w Member> {
        let (presences, large) = (self.wants_presences(), self.is_large());
        self.guild.members.values().filter(move |member| {
            let user = member.user;
            let listed = if presences { !large || self.is_there(user) } else { false };
            user == self.session.user || listed || self.in_voice(user).is_some()
        })
    }

    /// Who is there, itself not among them.
    pub(super) fn presences(self) -> impl Iterator<Item = UserId> {
        let wanted = self.wants_presences();
        let others = self.guild.members.keys().filter(move |user| wanted && **user != self.session.user);
        others.copied().filter(move |user| self.is_there(*user))
    }

    /// `voice_states`, as JSON.
    pub(super) fn write_voice(self, out: &mut Vec<u8>) {
        let wanted = self.session.hears("VOICE_STATE_UPDATE", false);
        let voice = self.guild.members.keys().filter_map(|user| self.in_voice(*user)).filter(|_| wanted);
        array(out, voice, |out, state| {
            let place = (state.user, Some(state.channel), self.guild.id);
            voice_state(Object::begin(out), self.world, self.session, place).end();
        });
    }

    /// GUILD_CREATE's data; without `people` what is said of members is left out.
    pub(super) fn write(self, out: &mut Vec<u8>, people: bool) {
        let Shown { world, session, guild } = self;
        let (dialect, version) = (session.dialect, Version::of(session.dialect));
        let joined = guild.members.get(&session.user).map_or(0, |member| member.joined_ms);
        let channels = world.channels_of(guild.id);
        let seen = channels.iter().filter(|channel| {
            let allowed = world.permissions_within(session.user, channel);
            allowed.contains(Permissions::VIEW_CHANNEL)
        });
        let object = objects::of_guild(Object::begin(out), guild, version);
        let object = object
            .str("joined_at", &Timestamp(joined).to_string())
            .bool("large", self.is_large())
            .bool("unavailable", false)
            .count("member_count", guild.members.len());
        let object = match people {
            true => object.with("members", |out| {
                array(out, self.members(), |out, member| objects::member(out, world, member));
            }),
            false => object,
        };
        let object = object.with("channels", |out| {
            array(out, seen, |out, one| objects::channel(out, world, one, version, session.user));
        });
        let object = match people {
            true => object.with("voice_states", |out| self.write_voice(out)).with("presences", |out| {
                array(out, self.presences(), |out, user| {
                    objects::presence(Object::begin(out), world, user, version).end();
                });
            }),
            false => object,
        };
        if dialect.threads() {
            object
                .raw("threads", b"[]")
                .raw("stage_instances", b"[]")
                .raw("guild_scheduled_events", b"[]")
                .raw("soundboard_sounds", b"[]")
                .end();
        } else {
            object.end();
        }
    }
}

/// A voice state as this session is shown it: its own bot's goes by the session's name.
pub(super) fn voice_state<'o>(
    object: Object<'o>,
    world: &World,
    session: &Session,
    (user, channel, guild): (UserId, Option<ChannelId>, GuildId),
) -> Object<'o> {
    let id = if user == session.user { session.id.to_string() } else { format!("{:032x}", user.get()) };
    objects::voice_state(object, world, (user, channel, Some(guild)), &id)
}

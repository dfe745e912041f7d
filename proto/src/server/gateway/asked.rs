//! What a client asks for by an opcode of its own, besides members: sounds, channel infos, and what only user accounts ask.
//!
//! An answer that is documented is given, and says of what the world has none (sounds, threads, statuses) that there is none.
//! All else is accepted, and the host is told that it came. What is asked of a guild that the bot is not in is not answered.

use super::{Cx, Door, Sink};
use crate::event::LogLevel;
use crate::server::objects;
use crate::value::Value;
use crate::wire::gateway::{Dialect, Opcode};
use crate::wire::json::{Object, array};
use crate::world::{Channel, ChannelId, ChannelKind, GuildId, Permissions, UserId, World};

/// How many channels may be asked about at once. Discord.
const CHANNELS: usize = 100;
/// How many recent members an answer has.
const RECENT: usize = 100;

impl Door {
    pub(super) fn asked(&mut self, cx: &mut Cx<'_, impl Sink>, number: u64, opcode: Opcode, d: Value<'_>) {
        let one = d.member("guild_id").as_id().map(GuildId::from);
        match opcode {
            Opcode::RequestSoundboardSounds => {
                for guild in d.member("guild_ids").iter().filter_map(Value::as_id).map(GuildId::from) {
                    self.answer(cx, number, Some(guild), "SOUNDBOARD_SOUNDS", |object, _| {
                        object.raw("soundboard_sounds", b"[]").end();
                    });
                }
            }
            Opcode::RequestChannelInfo => self.answer(cx, number, one, "CHANNEL_INFO", |object, it| {
                let voice = it.channels().into_iter().filter(|channel| channel.kind == ChannelKind::GuildVoice);
                let asked: Vec<&str> = d.member("fields").iter().filter_map(Value::as_str).collect();
                object
                    .with("channels", |out| {
                        array(out, voice, |out, channel| {
                            let mut object = Object::begin(out).id("id", channel.id.get());
                            for field in ["status", "voice_start_time"] {
                                if asked.contains(&field) {
                                    object = object.opt_str(field, None);
                                }
                            }
                            object.end();
                        });
                    })
                    .end();
            }),
            Opcode::RequestForumUnreads => self.answer(cx, number, one, "FORUM_UNREADS", |object, _| {
                let channel = d.member("channel_id").as_id().unwrap_or(0);
                let threads = d.member("threads").iter().filter_map(|thread| thread.member("thread_id").as_id());
                object
                    .id("channel_id", channel)
                    .bool("permission_denied", false)
                    .with("threads", |out| {
                        array(out, threads.take(CHANNELS), |out, id| {
                            Object::begin(out).id("thread_id", id).bool("missing", true).int("count", 0).end();
                        });
                    })
                    .end();
            }),
            Opcode::RequestLastMessages => self.answer(cx, number, one, "LAST_MESSAGES", |object, it| {
                let asked = d.member("channel_ids").iter().filter_map(Value::as_id).map(ChannelId::from);
                let seen = it.channels();
                let here = asked.take(CHANNELS).filter(|id| seen.iter().any(|channel| channel.id == *id));
                let last = here.filter_map(|id| it.world.messages(id).next_back());
                object
                    .with("messages", |out| {
                        array(out, last, |out, message| objects::message(out, it.world, message, None));
                    })
                    .end();
            }),
            Opcode::SearchRecentMembers => self.answer(cx, number, one, "GUILD_MEMBERS_CHUNK", |object, it| {
                let query = d.member("query").as_str().unwrap_or_default().to_lowercase();
                let mut members: Vec<_> =
                    it.world.guild(it.guild).iter().flat_map(|guild| guild.members.values()).collect();
                members.retain(|member| super::members::is_called(it.world, it.guild, member, &query));
                members.sort_by_key(|member| std::cmp::Reverse(member.joined_ms));
                members.truncate(RECENT);
                let object = object.with("members", |out| {
                    array(out, members, |out, member| objects::member(out, it.world, member));
                });
                match it.dialect.numbered_chunks() {
                    true => object.int("chunk_index", 0).int("chunk_count", 1).raw("not_found", b"[]").end(),
                    false => object.end(),
                }
            }),
            other => {
                self.log(cx.out, LogLevel::Info, &format!("{} was accepted: nothing answers it", other.row().name))
            }
        }
    }

    /// Dispatches what is written about a guild that the bot is in.
    fn answer<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        number: u64,
        guild: Option<GuildId>,
        name: &str,
        write: impl FnOnce(Object<'_>, About<'_>),
    ) {
        let Some(session) = self.sessions.get(&number) else { return };
        let here = guild.filter(|guild| {
            session.is_in(cx.world, *guild) && cx.world.guild(*guild).is_some_and(|guild| guild.available)
        });
        let Some(guild) = here else {
            return self.log(cx.out, LogLevel::Warn, &format!("{name} is not told: the bot is not in that guild"));
        };
        let about = About { world: cx.world, guild, user: session.user, dialect: session.dialect };
        let mut data = std::mem::take(&mut self.data);
        data.clear();
        write(Object::begin(&mut data).id("guild_id", guild.get()), about);
        self.data = data;
        self.dispatch(cx.out, number, name);
    }
}

/// A guild, as a bot in it sees it.
#[derive(Clone, Copy)]
struct About<'w> {
    world: &'w World,
    guild: GuildId,
    user: UserId,
    dialect: Dialect,
}

impl<'w> About<'w> {
    /// The channels that the bot sees.
    fn channels(&self) -> Vec<&'w Channel> {
        let mut channels = self.world.channels_of(self.guild);
        channels
            .retain(|channel| self.world.permissions_within(self.user, channel).contains(Permissions::VIEW_CHANNEL));
        channels
    }
}

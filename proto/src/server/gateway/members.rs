//! Op 8: a guild's members, in chunks.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{Cx, Door, Sink};
use crate::event::LogLevel;
use crate::server::objects;
use crate::value::{Kind, Value};
use crate::wire::gateway::Opcode;
use crate::wire::json::{Object, array, push_str};
use crate::wire::rest::Version;
use crate::world::{GuildId, Member, Status, UserId, World};

/// Members of a chunk. Discord.
const CHUNK: usize = 1000;
/// How many a query may find. Discord.
const FOUND: usize = 100;

impl Door {
    /// Answers a request for members. One that Discord would not answer is told to the host and not answered.
    pub(super) fn members(&mut self, cx: &mut Cx<'_, impl Sink>, number: u64, d: Value<'_>) {
        let guilds: Vec<GuildId> = match d.member("guild_id").kind() {
            Kind::Array => d.member("guild_id").iter().filter_map(Value::as_id).map(GuildId::from).collect(),
            _ => d.member("guild_id").as_id().map(GuildId::from).into_iter().collect(),
        };
        for guild in guilds {
            if let Err(why) = self.members_of(cx, number, guild, d) {
                self.log(cx.out, LogLevel::Warn, &format!("members of guild {guild} are not told: {why}"));
            }
        }
    }

    fn members_of(
        &mut self,
        cx: &mut Cx<'_, impl Sink>,
        number: u64,
        guild: GuildId,
        d: Value<'_>,
    ) -> Result<(), &'static str> {
        let Some(session) = self.sessions.get(&number) else { return Ok(()) };
        let known = cx.world.guild(guild).filter(|known| known.available && session.is_in(cx.world, guild));
        let known = known.ok_or("the bot is not in it, or it is not this shard's")?;
        let presences = d.member("presences").as_bool() == Some(true);
        if presences && !session.asked_for("GUILD_PRESENCES") {
            return Err("presences need the intent GUILD_PRESENCES");
        }
        let wanted = d.member("user_ids");
        let limit = d.member("limit").as_whole().and_then(|limit| usize::try_from(limit).ok()).unwrap_or(0);
        let mut not_found = Vec::new();
        let members: Vec<&Member> = if wanted.is_none() {
            let query = d.member("query").as_str().unwrap_or_default().to_lowercase();
            if query.is_empty() && !session.asked_for("GUILD_MEMBERS") {
                return Err("without a name or ids they need the intent GUILD_MEMBERS");
            }
            let most = match limit {
                0 if query.is_empty() => usize::MAX,
                0 => FOUND,
                limit if query.is_empty() => limit,
                limit => limit.min(FOUND),
            };
            let found = known.members.values().filter(|member| is_called(cx.world, guild, member, &query));
            found.take(most).collect()
        } else {
            let ids: BTreeSet<u64> = match wanted.kind() {
                Kind::Array => wanted.iter().filter_map(Value::as_id).take(FOUND).collect(),
                _ => wanted.as_id().into_iter().collect(),
            };
            not_found.extend(ids.iter().filter(|id| !known.members.contains_key(&UserId::from(**id))));
            ids.iter().filter_map(|id| known.members.get(&UserId::from(*id))).collect()
        };
        let whole = wanted.is_none() && limit == 0 && d.member("query").as_str().unwrap_or_default().is_empty();
        if whole && let Some(wait) = self.paces.members(cx.now, session.user, guild, &self.config.limits) {
            self.limit_members(cx, number, guild, d.member("nonce").as_str(), wait);
            return Ok(());
        }
        let (dialect, world) = (session.dialect, &*cx.world);
        let chunks: Vec<&[&Member]> = if members.is_empty() { vec![&[]] } else { members.chunks(CHUNK).collect() };
        let mut written = Vec::new();
        for (at, chunk) in chunks.iter().enumerate() {
            let mut data = Vec::new();
            let mut object = Object::begin(&mut data).id("guild_id", guild.get()).with("members", |out| {
                array(out, chunk.iter(), |out, member| objects::member(out, world, member));
            });
            if dialect.numbered_chunks() {
                object = object.count("chunk_index", at).count("chunk_count", chunks.len());
            }
            if !not_found.is_empty() && at == 0 {
                object = object.with("not_found", |out| {
                    array(out, &not_found, |out, id: &u64| push_str(out, &id.to_string()));
                });
            }
            if presences {
                object = object.with("presences", |out| {
                    let there = chunk.iter().filter(|member| world.presence(member.user).status != Status::Offline);
                    array(out, there, |out, member| {
                        objects::presence(Object::begin(out), world, member.user, Version::of(dialect)).end();
                    });
                });
            }
            let nonce = d.member("nonce").as_str().filter(|nonce| dialect.numbered_chunks() && nonce.len() <= 32);
            if let Some(nonce) = nonce {
                object = object.str("nonce", nonce);
            }
            object.end();
            written.push(data);
        }
        for data in written {
            self.data = data;
            self.dispatch(cx.out, number, "GUILD_MEMBERS_CHUNK");
        }
        Ok(())
    }

    /// RATE_LIMITED, as a request for all members earns it.
    fn limit_members(
        &mut self,
        cx: &mut Cx<'_, impl Sink>,
        number: u64,
        guild: GuildId,
        nonce: Option<&str>,
        wait: Duration,
    ) {
        self.log(
            cx.out,
            LogLevel::Warn,
            &format!("members of guild {guild} are not told: all of them were, a moment ago"),
        );
        self.data.clear();
        Object::begin(&mut self.data)
            .int("opcode", Opcode::RequestGuildMembers as i64)
            .num("retry_after", wait.as_secs_f64())
            .with("meta", |out| {
                let object = Object::begin(out).id("guild_id", guild.get());
                match nonce {
                    Some(nonce) => object.str("nonce", nonce).end(),
                    None => object.end(),
                }
            })
            .end();
        self.dispatch(cx.out, number, "RATE_LIMITED");
    }
}

/// Whether a member's username or nickname begins so.
pub(super) fn is_called(world: &World, guild: GuildId, member: &Member, query: &str) -> bool {
    let begins = |name: &str| name.to_lowercase().starts_with(query);
    world.user(member.user).is_some_and(|user| begins(&user.username)) || begins(world.nick(member.user, Some(guild)))
}

//! What a Gateway connection has seen of Discord: guilds with their channels, roles, members, voice states and presences, kept
//! from READY, GUILD_CREATE and the events after them.
//!
//! Off unless it is asked for. It is told every dispatch by its name and data ([`Cache::take`]) and reads only those that
//! concern it; what it keeps is the JSON that came, so that nothing is lost or renamed, with what an update names in the place of
//! what was there. The one thing to know before changing it: everything counts against [`Cache::new`]'s bytes, and when those are
//! full, what can be had again goes first (`docs/gateway.md` has the rule). A guild in an outage is kept apart, by its id alone:
//! nothing about it can be had, and GUILD_CREATE brings it whole when it is back.
//!
//! Sources: the Gateway documents' events (versions 3 to 10), and `dialects.yaml` for what each version calls things.

mod ask;
mod room;
mod shelf;
mod text;

use std::collections::{BTreeMap, BTreeSet};

pub use ask::takes;
use shelf::{Guild, Kind};

use crate::value::{Document, Value};

/// What an id without data counts for.
const ID_BYTES: usize = 64;
/// Scratch that is larger than this is given back.
const KEEP: usize = 64 * 1024;

/// See the module.
#[derive(Debug)]
pub struct Cache {
    /// How many bytes may be kept, and how many are.
    limit: usize,
    bytes: usize,
    /// Of each kind, how many of them.
    of_kind: [usize; Kind::ALL.len()],
    /// The user whose connection it is.
    user: Option<Box<[u8]>>,
    guilds: BTreeMap<u64, Guild>,
    /// Those in an outage, and those that READY announced and that have not come yet.
    unavailable: BTreeSet<u64>,
    /// What was let go of for the sake of something else, and what was not taken in.
    evicted: u64,
    refused: u64,
    /// Scratch: what came, and what it is put together with.
    doc: Document,
    before: Document,
}

/// Direct messages and groups are in no guild.
const NOWHERE: u64 = 0;

impl Cache {
    /// An empty cache of at most so many bytes: the texts, and what it takes to find them again.
    pub fn new(limit: usize) -> Cache {
        Cache {
            limit,
            bytes: 0,
            of_kind: [0; Kind::ALL.len()],
            user: None,
            guilds: BTreeMap::new(),
            unavailable: BTreeSet::new(),
            evicted: 0,
            refused: 0,
            doc: Document::new(),
            before: Document::new(),
        }
    }

    /// How many bytes are kept.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Takes note of a dispatch to a shard: its number, and of how many. Data that cannot be read, or that lacks what it
    /// should have, changes nothing.
    pub fn take(&mut self, shard: (u32, u32), name: &str, data: &[u8]) {
        let Some(step) = step_of(name) else { return };
        let mut doc = std::mem::take(&mut self.doc);
        if doc.parse(data).is_ok() {
            if name == "READY" {
                self.begin_anew(shard);
            }
            step(self, doc.root(), data);
        }
        doc.shrink_to(KEEP);
        self.doc = doc;
        self.before.shrink_to(KEEP);
    }

    /// A session begins: what was known of its shard's guilds is over.
    fn begin_anew(&mut self, (number, count): (u32, u32)) {
        self.keep(|id| (id >> 22) % u64::from(count.max(1)) != u64::from(number));
    }

    /// Forgets all other guilds. What is of no guild goes by the id 0.
    pub fn keep(&mut self, is_kept: impl Fn(u64) -> bool) {
        let gone: Vec<u64> = self.guilds.keys().copied().filter(|id| !is_kept(*id)).collect();
        gone.into_iter().for_each(|id| self.drop_guild(id));
        let gone: Vec<u64> = self.unavailable.iter().copied().filter(|id| !is_kept(*id)).collect();
        gone.into_iter().for_each(|id| self.forget(id));
    }

    /// READY: the guilds that it names are there, or will be.
    fn ready(&mut self, d: Value<'_>, text: &[u8]) {
        self.set_user(d.member("user"), text);
        for guild in d.member("guilds").iter() {
            self.guild_create(guild, text);
        }
        for channel in d.member("private_channels").iter() {
            self.channel(channel, text);
        }
    }

    fn set_user(&mut self, user: Value<'_>, text: &[u8]) {
        if user.member("id").as_id().is_none() {
            return;
        }
        let merged = match self.user.take() {
            Some(before) => {
                self.bytes -= before.len();
                text::merge(&mut self.before, &before, user, text, &[])
            }
            None => text::copy(user, text, &[], None),
        };
        if self.make_room(merged.len(), Kind::Guild) {
            self.bytes += merged.len();
            self.user = Some(merged);
        }
    }

    /// GUILD_CREATE, or a guild of READY: one that came to be seen, came back, or is only announced.
    fn guild_create(&mut self, d: Value<'_>, text: &[u8]) {
        let Some(id) = d.member("id").as_id().filter(|id| *id != NOWHERE) else { return };
        self.drop_guild(id);
        if d.member("unavailable").as_bool() == Some(true) {
            return self.announce(id);
        }
        self.forget(id);
        let own = text::copy(d, text, &nested().collect::<Vec<_>>(), None);
        if !self.put_guild(id, own) {
            return;
        }
        for kind in Kind::ALL {
            for one in kind.nested().iter().flat_map(|name| d.member(name).iter()) {
                self.put(kind, id, one, text, true);
            }
        }
    }

    /// A guild that is in an outage, or has not come yet.
    fn announce(&mut self, id: u64) {
        if !self.unavailable.contains(&id) && self.make_room(ID_BYTES, Kind::Guild) {
            self.bytes += ID_BYTES;
            self.unavailable.insert(id);
        }
    }

    fn forget(&mut self, id: u64) {
        if self.unavailable.remove(&id) {
            self.bytes -= ID_BYTES;
        }
    }

    /// GUILD_UPDATE, GUILD_EMOJIS_UPDATE and GUILD_STICKERS_UPDATE: members of the guild's object.
    fn guild_update(&mut self, d: Value<'_>, text: &[u8]) {
        let Some(id) = d.member("id").as_id().or_else(|| d.member("guild_id").as_id()) else { return };
        let Some(before) = self.guilds.get(&id).map(|guild| guild.own.clone()).filter(|own| !own.is_empty()) else {
            return;
        };
        // Roles come with it, whole: they have a shelf of their own.
        for role in d.member("roles").iter() {
            self.put(Kind::Role, id, role, text, true);
        }
        // Some say `guild_id` of a guild itself.
        let without: Vec<&str> = nested().chain(["guild_id"]).collect();
        let merged = text::merge(&mut self.before, &before, d, text, &without);
        self.replace_own(id, merged);
    }

    fn guild_delete(&mut self, d: Value<'_>, _: &[u8]) {
        let Some(id) = d.member("id").as_id() else { return };
        self.drop_guild(id);
        self.forget(id);
        if d.member("unavailable").as_bool() == Some(true) {
            self.announce(id);
        }
    }

    fn channel(&mut self, d: Value<'_>, text: &[u8]) {
        let guild = d.member("guild_id").as_id().unwrap_or(NOWHERE);
        self.put(Kind::Channel, guild, d, text, false);
    }

    fn channel_delete(&mut self, d: Value<'_>, _: &[u8]) {
        let guild = d.member("guild_id").as_id().unwrap_or(NOWHERE);
        if let Some(id) = d.member("id").as_id() {
            self.take_out(Kind::Channel, guild, id);
        }
    }

    fn threads(&mut self, d: Value<'_>, text: &[u8]) {
        let Some(guild) = d.member("guild_id").as_id() else { return };
        for thread in d.member("threads").iter() {
            self.put(Kind::Channel, guild, thread, text, false);
        }
    }

    fn role(&mut self, d: Value<'_>, text: &[u8]) {
        if let Some(guild) = d.member("guild_id").as_id() {
            self.put(Kind::Role, guild, d.member("role"), text, false);
        }
    }

    fn role_delete(&mut self, d: Value<'_>, _: &[u8]) {
        if let (Some(guild), Some(id)) = (d.member("guild_id").as_id(), d.member("role_id").as_id()) {
            self.take_out(Kind::Role, guild, id);
        }
    }

    fn member_add(&mut self, d: Value<'_>, text: &[u8]) {
        let Some(guild) = d.member("guild_id").as_id() else { return };
        self.put(Kind::Member, guild, d, text, true);
        self.count(guild, 1);
    }

    fn member_update(&mut self, d: Value<'_>, text: &[u8]) {
        if let Some(guild) = d.member("guild_id").as_id() {
            self.put(Kind::Member, guild, d, text, false);
        }
    }

    fn member_remove(&mut self, d: Value<'_>, _: &[u8]) {
        let (guild, user) = (d.member("guild_id").as_id(), d.member("user").member("id").as_id());
        let (Some(guild), Some(user)) = (guild, user) else { return };
        for kind in [Kind::Member, Kind::VoiceState, Kind::Presence] {
            self.take_out(kind, guild, user);
        }
        self.count(guild, -1);
    }

    fn members_chunk(&mut self, d: Value<'_>, text: &[u8]) {
        let Some(guild) = d.member("guild_id").as_id() else { return };
        for (kind, name) in [(Kind::Member, "members"), (Kind::Presence, "presences")] {
            for one in d.member(name).iter() {
                self.put(kind, guild, one, text, true);
            }
        }
    }

    fn voice_state(&mut self, d: Value<'_>, text: &[u8]) {
        let Some(guild) = d.member("guild_id").as_id() else { return };
        if d.member("channel_id").is_none() {
            if let Some(user) = d.member("user_id").as_id() {
                self.take_out(Kind::VoiceState, guild, user);
            }
            return;
        }
        self.put(Kind::VoiceState, guild, d, text, true);
    }

    /// Who is offline has no presence: Discord leaves them out of GUILD_CREATE too.
    fn presence(&mut self, d: Value<'_>, text: &[u8]) {
        let (guild, user) = (d.member("guild_id").as_id(), d.member("user").member("id").as_id());
        let (Some(guild), Some(user)) = (guild, user) else { return };
        if d.member("status").as_str() == Some("offline") {
            return self.take_out(Kind::Presence, guild, user);
        }
        self.put(Kind::Presence, guild, d, text, false);
    }

    fn user_update(&mut self, d: Value<'_>, text: &[u8]) {
        self.set_user(d, text);
    }

    /// Members came or left: the guild's own count follows.
    fn count(&mut self, id: u64, more: i64) {
        let Some(before) = self.guilds.get(&id).map(|guild| guild.own.clone()) else { return };
        if self.before.parse(&before).is_err() {
            return;
        }
        let Some(count) = self.before.root().member("member_count").as_whole() else { return };
        let counted = text::with_count(self.before.root(), &before, count.saturating_add(more).max(0));
        self.replace_own(id, counted);
    }
}

/// The members of a guild's object that have shelves of their own.
fn nested() -> impl Iterator<Item = &'static str> {
    Kind::ALL.into_iter().flat_map(|kind| kind.nested()).copied()
}

type Step = fn(&mut Cache, Value<'_>, &[u8]);

/// What a dispatch changes; most change nothing here, and are not read.
fn step_of(name: &str) -> Option<Step> {
    Some(match name {
        "READY" => Cache::ready,
        "GUILD_CREATE" => Cache::guild_create,
        "GUILD_UPDATE" | "GUILD_EMOJIS_UPDATE" | "GUILD_STICKERS_UPDATE" => Cache::guild_update,
        "GUILD_DELETE" => Cache::guild_delete,
        "CHANNEL_CREATE" | "CHANNEL_UPDATE" | "THREAD_CREATE" | "THREAD_UPDATE" => Cache::channel,
        "CHANNEL_DELETE" | "THREAD_DELETE" => Cache::channel_delete,
        "THREAD_LIST_SYNC" => Cache::threads,
        "GUILD_ROLE_CREATE" | "GUILD_ROLE_UPDATE" => Cache::role,
        "GUILD_ROLE_DELETE" => Cache::role_delete,
        "GUILD_MEMBER_ADD" => Cache::member_add,
        "GUILD_MEMBER_UPDATE" => Cache::member_update,
        "GUILD_MEMBER_REMOVE" => Cache::member_remove,
        "GUILD_MEMBERS_CHUNK" => Cache::members_chunk,
        "VOICE_STATE_UPDATE" => Cache::voice_state,
        "PRESENCE_UPDATE" => Cache::presence,
        "USER_UPDATE" => Cache::user_update,
        _ => return None,
    })
}

//! What a program asks of the cache: [`CACHE_COMMANDS`], which check the arguments; here they are answered.

use super::shelf::{Kind, Shelf};
use super::{Cache, NOWHERE};
use crate::error::Error;
use crate::value::{Document, Value};
use crate::wire::catalog;
use crate::wire::gateway::CACHE_COMMANDS;
use crate::wire::json::{Object, array, push_str};

/// How many things a reply has, unless fewer are asked for; and at most.
const PAGE: usize = 1000;

/// Whether a command is for the cache.
pub fn takes(name: &str) -> bool {
    CACHE_COMMANDS.iter().any(|row| row.is_named(name))
}

impl Cache {
    /// Answers a command ([`takes`]): the data of its reply.
    ///
    /// # Errors
    /// The arguments do not fit the command's row.
    pub fn ask(&self, name: &str, args: &[u8]) -> Result<Vec<u8>, Error> {
        let mut doc = Document::new();
        let text: &[u8] = if args.is_empty() { b"{}" } else { args };
        doc.parse(text).map_err(|error| Error::argument(format!("the arguments are not JSON: {error}")))?;
        let args = doc.root();
        if let Some(row) = CACHE_COMMANDS.iter().find(|row| row.is_named(name)) {
            catalog::check(row, args)?;
        }
        let guild = args.member("guild_id").as_id().unwrap_or(NOWHERE);
        let mut out = Vec::new();
        match name {
            "CACHED_STATE" => self.write_state(&mut out),
            "CACHED_USER" => push(&mut out, self.user.as_deref()),
            "CACHED_GUILDS" => self.write_guilds(args, &mut out),
            "CACHED_GUILD" => self.write_guild(guild, &mut out),
            "CACHED_CHANNEL" => {
                let id = args.member("channel_id").as_id().unwrap_or_default();
                push(&mut out, self.guilds.keys().find_map(|guild| self.thing(Kind::Channel, *guild, id)));
            }
            "CACHED_MEMBER" => {
                let user = args.member("user_id").as_id().unwrap_or_default();
                let mut object = Object::begin(&mut out);
                for (name, kind) in
                    [("member", Kind::Member), ("presence", Kind::Presence), ("voice_state", Kind::VoiceState)]
                {
                    object = object.with(name, |out| push(out, self.thing(kind, guild, user)));
                }
                object.end();
            }
            _ => {
                let kind = Kind::ALL.into_iter().find(|kind| of_kind(name, *kind)).unwrap_or(Kind::Channel);
                self.write_shelf(kind, guild, args, &mut out);
            }
        }
        Ok(out)
    }

    fn thing(&self, kind: Kind, guild: u64, id: u64) -> Option<&[u8]> {
        let thing = self.guilds.get(&guild)?.shelf(kind)?.things.get(&id)?;
        Some(thing)
    }

    fn write_state(&self, out: &mut Vec<u8>) {
        let guilds = self.guilds.keys().filter(|id| **id != NOWHERE).count();
        let mut object =
            Object::begin(out).count("bytes", self.bytes).count("most_bytes", self.limit).count("guilds", guilds);
        for kind in Kind::ALL {
            let shelves = self.guilds.values().filter_map(|guild| guild.shelf(kind));
            object = object.count(kind.name(), shelves.map(|shelf| shelf.things.len()).sum::<usize>());
        }
        object
            .with("unavailable", |out| {
                array(out, &self.unavailable, |out, id| push_str(out, &id.to_string()));
            })
            .count("evicted", self.evicted)
            .count("refused", self.refused)
            .end();
    }

    fn write_guilds(&self, args: Value<'_>, out: &mut Vec<u8>) {
        let guilds = self.guilds.iter().filter(|(id, _)| **id != NOWHERE);
        let page = Page::of(args, guilds.map(|(id, guild)| (*id, &*guild.own)));
        Object::begin(out).with("guilds", |out| page.write(out)).bool("more", page.more).end();
    }

    fn write_guild(&self, id: u64, out: &mut Vec<u8>) {
        let guild = self.guilds.get(&id).filter(|_| id != NOWHERE);
        let mut object = Object::begin(out)
            .with("guild", |out| push(out, guild.map(|guild| &*guild.own)))
            .bool("unavailable", self.unavailable.contains(&id));
        let shelf = |kind| guild.and_then(|guild| guild.shelf(kind));
        for kind in Kind::ALL {
            object = object.count(kind.name(), shelf(kind).map_or(0, |shelf| shelf.things.len()));
        }
        object
            .with("incomplete", |out| {
                let incomplete =
                    Kind::ALL.into_iter().filter(|kind| shelf(*kind).is_some_and(|shelf| shelf.is_incomplete));
                array(out, incomplete, |out, kind| push_str(out, kind.name()));
            })
            .end();
    }

    fn write_shelf(&self, kind: Kind, guild: u64, args: Value<'_>, out: &mut Vec<u8>) {
        let empty = Shelf::default();
        let shelf = self.guilds.get(&guild).and_then(|guild| guild.shelf(kind)).unwrap_or(&empty);
        let page = Page::of(args, shelf.things.iter().map(|(id, text)| (*id, &**text)));
        Object::begin(out)
            .with(kind.name(), |out| page.write(out))
            .bool("more", page.more)
            .bool("incomplete", shelf.is_incomplete)
            .end();
    }
}

/// `CACHED_VOICE_STATES` is of voice states.
fn of_kind(name: &str, kind: Kind) -> bool {
    name.strip_prefix("CACHED_").is_some_and(|rest| rest.eq_ignore_ascii_case(kind.name()))
}

/// Some of many, by id.
struct Page<'t> {
    things: Vec<&'t [u8]>,
    /// Whether there are more behind them.
    more: bool,
}

impl<'t> Page<'t> {
    fn of(args: Value<'_>, all: impl Iterator<Item = (u64, &'t [u8])>) -> Page<'t> {
        let after = args.member("after").as_id().unwrap_or_default();
        let limit = args.member("limit").as_whole().and_then(|limit| usize::try_from(limit).ok()).unwrap_or(PAGE);
        let mut rest = all.filter(|(id, _)| *id > after).map(|(_, text)| text);
        let things = rest.by_ref().take(limit).collect();
        Page { things, more: rest.next().is_some() }
    }

    fn write(&self, out: &mut Vec<u8>) {
        array(out, &self.things, |out, thing| out.extend_from_slice(thing));
    }
}

/// A text, or null.
fn push(out: &mut Vec<u8>, text: Option<&[u8]>) {
    out.extend_from_slice(text.unwrap_or(b"null"));
}

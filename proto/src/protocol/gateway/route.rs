//! Which shard a command is for.
//!
//! Everything of a guild is on the shard `(guild_id >> 22) % count`, what belongs to no guild on the first one that there is,
//! and a presence is every shard's. A command for several shards is answered by the first of them; the others' failures are
//! log lines. Source: the inventory `gateway_v6.yaml` (sharding).

use super::members::{MEMBERS_TIMEOUT, all_of};
use super::queue::{MAX_WAITING, Waiting, check, rewritten};
use super::shard::{Shard, Shared};
use super::{Command, Error, Sink, Status, TIMEOUT, message, reply};
use crate::value::{Document, Kind, Value};
use crate::wire::gateway::{MAX_SEND, Opcode};
use crate::wire::json::push_str;

/// The place of a shard, and the arguments that it gets.
type Part = (usize, Box<[u8]>);

/// The command's parts, each with the place of its shard.
pub(super) fn route(
    command: Command,
    shards: &[Shard],
    shared: &mut Shared,
    nonce: u64,
) -> Result<Vec<(usize, Waiting)>, Error> {
    let users = shared.config.user_commands || super::address::is_here(&shared.url);
    let Shared { config, doc, scratch, .. } = shared;
    let opcode = check(&command, config.dialect, users, doc, scratch)?;
    let args = doc.root();
    let gather = opcode == Opcode::RequestGuildMembers && args.member("gather").as_bool() == Some(true);
    if gather && command.tag == 0 {
        return Err(Error::argument("gather: without a tag there is no reply"));
    }
    let all_of = all_of(opcode, args);
    let mut parts = match opcode {
        Opcode::PresenceUpdate => (0..shards.len()).map(|at| (at, command.args.clone())).collect(),
        Opcode::RequestSoundboardSounds => by_guild("guild_ids", args, &command.args, shards)?,
        _ if args.member("guild_id").kind() == Kind::Array => by_guild("guild_id", args, &command.args, shards)?,
        _ => {
            let at = match args.member("guild_id").as_id() {
                Some(guild) => of_guild(guild, shards)?,
                None => 0,
            };
            vec![(at, command.args.clone())]
        }
    };
    if opcode == Opcode::RequestGuildMembers && args.member("gather").exists() {
        if gather && args.member("guild_id").kind() == Kind::Array {
            return Err(Error::argument("gather: one guild expected in guild_id"));
        }
        let mut own = Vec::new();
        if gather && config.dialect.numbered_chunks() && args.member("nonce").is_none() {
            push_str(&mut own, &format!("gamebridge-{nonce}"));
        }
        let changes: &[(&str, &[u8])] =
            if own.is_empty() { &[("gather", b"")] } else { &[("gather", b""), ("nonce", &own)] };
        for (_, part) in &mut parts {
            *part = rewritten(args, &command.args, changes);
            scratch.clear();
            message::message(scratch, opcode, part);
            if scratch.len() > MAX_SEND {
                return Err(Error::argument(format!("the message would have more than {MAX_SEND} bytes")));
            }
        }
    }
    if parts.iter().any(|(at, _)| shards[*at].waiting() >= MAX_WAITING) {
        return Err(Error::new(Status::Full, format!("{MAX_WAITING} commands wait already")));
    }
    let usual = if all_of.is_empty() { TIMEOUT } else { MEMBERS_TIMEOUT };
    let deadline = command.issued + command.timeout.unwrap_or(usual);
    let Command { name, tag, .. } = command;
    let waiting = |(place, (at, args)): (usize, (usize, Box<[u8]>))| {
        let tag = if place == 0 { tag } else { 0 };
        let all_of = shards[at].own(&all_of);
        (at, Waiting { name: name.clone(), opcode, args, tag, deadline, gather, all_of })
    };
    Ok(parts.into_iter().enumerate().map(waiting).collect())
}

fn of_guild(guild: u64, shards: &[Shard]) -> Result<usize, Error> {
    shards.iter().position(|shard| shard.has(guild)).ok_or_else(|| {
        let count = shards.first().map_or(1, |shard| shard.count);
        let number = (guild >> 22) % u64::from(count);
        Error::argument(format!(
            "guild_id: this guild is on shard {number} of {count}, which this connection does not have"
        ))
    })
}

/// A list of guilds, taken apart by their shards.
fn by_guild(member: &str, args: Value<'_>, text: &[u8], shards: &[Shard]) -> Result<Vec<Part>, Error> {
    let mut places: Vec<(usize, Vec<u8>)> = Vec::new();
    for guild in args.member(member).iter() {
        let Some(id) = guild.as_id() else { continue };
        let at = of_guild(id, shards)?;
        let list = match places.iter().position(|(known, _)| *known == at) {
            Some(known) => &mut places[known].1,
            None => {
                places.push((at, Vec::new()));
                &mut places.last_mut().expect("it was just added").1
            }
        };
        list.push(if list.is_empty() { b'[' } else { b',' });
        list.extend_from_slice(guild.raw(text));
    }
    if places.len() <= 1 {
        return Ok(vec![(places.first().map_or(0, |(at, _)| *at), text.into())]);
    }
    let part = |(at, mut list): (usize, Vec<u8>)| -> Part {
        list.push(b']');
        (at, rewritten(args, text, &[(member, &list)]))
    };
    Ok(places.into_iter().map(part).collect())
}

/// A command that waited at a shard which is no more: its parts at those that are.
pub(super) fn again(
    waiting: Waiting,
    shards: &[Shard],
    doc: &mut Document,
    out: &mut impl Sink,
) -> Vec<(usize, Waiting)> {
    let parsed = doc.parse(if waiting.args.is_empty() { b"null" } else { &waiting.args }).is_ok();
    debug_assert!(parsed, "it was checked when it came");
    let args = doc.root();
    let parts = match waiting.opcode {
        // The first that is left is what the program waits for; each shard had one of its own.
        Opcode::PresenceUpdate => Ok((0..shards.len()).map(|at| (at, waiting.args.clone())).collect()),
        Opcode::RequestSoundboardSounds => by_guild("guild_ids", args, &waiting.args, shards),
        _ if args.member("guild_id").kind() == Kind::Array => by_guild("guild_id", args, &waiting.args, shards),
        _ => match args.member("guild_id").as_id() {
            Some(guild) => of_guild(guild, shards).map(|at| vec![(at, waiting.args.clone())]),
            None => Ok(vec![(0, waiting.args.clone())]),
        },
    };
    match parts {
        Ok(parts) => {
            let one = |(place, (at, args)): (usize, Part)| {
                let (tag, all_of) = (if place == 0 { waiting.tag } else { 0 }, shards[at].own(&waiting.all_of));
                (at, Waiting { args, tag, all_of, ..waiting.clone() })
            };
            parts.into_iter().enumerate().map(one).collect()
        }
        Err(error) => {
            reply(out, &waiting.name, waiting.tag, error.status, &error.message);
            Vec::new()
        }
    }
}

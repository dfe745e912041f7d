//! Members that come in chunks, gathered into one reply.
//!
//! From version 8 on a chunk says its nonce and how many there are; they may come in any order. Before, it says its guild only,
//! and a chunk that is not full is the last one (1000 members each). A full one may be the last too: it is when no other comes
//! within [`ANOTHER`]. What is gathered is bounded: [`MOST`] bytes, then the reply is an error.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::time::Instant;
use crate::value::{Document, Kind, Value};
use crate::wire::gateway::Opcode;
use crate::wire::json::Object;

/// The most bytes of members that one reply gathers.
pub const MOST: usize = 32 << 20;
/// Members of a full chunk.
const CHUNK: usize = 1000;
/// How long another chunk is waited for where a full one does not say how many there are.
pub const ANOTHER: Duration = Duration::from_secs(10);

/// A reply that is being gathered.
#[derive(Debug)]
pub(super) struct Gather {
    pub(super) name: Box<str>,
    pub(super) tag: u64,
    pub(super) deadline: Instant,
    /// What comes back in each chunk; `None` where chunks have none.
    nonce: Option<Box<str>>,
    guild: u64,
    /// Nothing says that it lacks any: at its deadline it is whole.
    pub(super) may_be_whole: bool,
    /// The numbers of chunks that came.
    chunks: BTreeSet<i64>,
    members: List,
    presences: List,
    not_found: List,
}

/// Elements of arrays, without the brackets.
#[derive(Debug, Default)]
struct List {
    text: Vec<u8>,
    seen: bool,
}

impl List {
    fn add(&mut self, array: Value<'_>, text: &[u8]) {
        if array.kind() != Kind::Array {
            return;
        }
        self.seen = true;
        let raw = array.raw(text).trim_ascii();
        let inside = raw.get(1..raw.len().saturating_sub(1)).unwrap_or_default().trim_ascii();
        if !inside.is_empty() {
            if !self.text.is_empty() {
                self.text.push(b',');
            }
            self.text.extend_from_slice(inside);
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.push(b'[');
        out.extend_from_slice(&self.text);
        out.push(b']');
    }
}

/// What a chunk was to those that wait.
#[derive(Debug, PartialEq)]
pub(super) enum Chunk {
    /// Nobody's.
    Foreign,
    /// One of several.
    Part,
    /// The last: this one is whole.
    Whole(usize),
    /// This one has become too large.
    TooLarge(usize),
}

impl Gather {
    pub(super) fn new(name: Box<str>, tag: u64, deadline: Instant, nonce: Option<Box<str>>, guild: u64) -> Self {
        let (members, presences, not_found) = (List::default(), List::default(), List::default());
        let (may_be_whole, chunks) = (false, BTreeSet::new());
        Gather { name, tag, deadline, nonce, guild, may_be_whole, chunks, members, presences, not_found }
    }

    fn is_of(&self, guild: Option<u64>, nonce: Option<&str>) -> bool {
        Some(self.guild) == guild && self.nonce.as_deref().is_none_or(|own| nonce == Some(own))
    }

    /// The reply's data.
    pub(super) fn reply(&self, out: &mut Vec<u8>) {
        let mut object = Object::begin(out).id("guild_id", self.guild).with("members", |out| self.members.write(out));
        for (name, list) in [("presences", &self.presences), ("not_found", &self.not_found)] {
            if list.seen {
                object = object.with(name, |out| list.write(out));
            }
        }
        object.end();
    }
}

/// Adds a GUILD_MEMBERS_CHUNK to the one that waits for it.
pub(super) fn add(gathers: &mut [Gather], now: Instant, text: &[u8], doc: &mut Document) -> Chunk {
    if doc.parse(text).is_err() {
        return Chunk::Foreign;
    }
    let chunk = doc.root();
    let (guild, nonce) = (chunk.member("guild_id").as_id(), chunk.member("nonce").as_str());
    let Some(at) = gathers.iter().position(|gather| gather.is_of(guild, nonce)) else { return Chunk::Foreign };
    let gather = &mut gathers[at];
    let count = chunk.member("chunk_count").as_whole();
    if let Some(count) = count.filter(|count| *count > 1) {
        let number = chunk.member("chunk_index").as_whole().unwrap_or(gather.chunks.len() as i64);
        // One that is none of them, or that came already, has no members that are missing.
        if !(0..count).contains(&number) || !gather.chunks.insert(number) {
            return Chunk::Part;
        }
    }
    gather.members.add(chunk.member("members"), text);
    gather.presences.add(chunk.member("presences"), text);
    gather.not_found.add(chunk.member("not_found"), text);
    let bytes = gather.members.text.len() + gather.presences.text.len() + gather.not_found.text.len();
    let bytes = bytes + gather.chunks.len() * size_of::<i64>();
    if bytes > MOST {
        return Chunk::TooLarge(at);
    }
    let last = match count {
        Some(count) => count <= 1 || gather.chunks.len() as i64 >= count,
        None => chunk.member("members").len() < CHUNK,
    };
    if count.is_none() && !last {
        gather.may_be_whole = true;
        gather.deadline = now + ANOTHER;
    }
    if last { Chunk::Whole(at) } else { Chunk::Part }
}

/// What a RATE_LIMITED says of members: no chunk comes.
pub(super) struct Limited {
    /// Of which guild.
    pub(super) guild: u64,
    /// After how many milliseconds they may be asked for again.
    pub(super) wait_ms: u32,
    /// The reply that it ends.
    pub(super) gather: Option<usize>,
}

/// Reads a RATE_LIMITED; `None` when it is not about members.
pub(super) fn limited(gathers: &[Gather], text: &[u8], doc: &mut Document) -> Option<Limited> {
    doc.parse(text).ok()?;
    let (limited, meta) = (doc.root(), doc.root().member("meta"));
    if limited.member("opcode").as_whole() != Some(Opcode::RequestGuildMembers as i64) {
        return None;
    }
    let (guild, nonce) = (meta.member("guild_id").as_id()?, meta.member("nonce").as_str());
    let gather = gathers.iter().position(|gather| gather.is_of(Some(guild), nonce));
    // Saturating; what is no number is nothing.
    let wait_ms = (limited.member("retry_after").as_f64().unwrap_or(0.0) * 1000.0).ceil() as u32;
    Some(Limited { guild, wait_ms, gather })
}

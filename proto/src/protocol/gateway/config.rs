//! What a Gateway connection needs to know, and the IDENTIFY that is made of it.

use core::net::IpAddr;

use super::address;
use super::message::wipe;
use super::session::Session;
use crate::error::Error;
use crate::secret::Secret;
use crate::value::{Document, Kind, Value};
use crate::wire::gateway::{Compression, Dialect, Intents, MAX_SEND, Opcode};
use crate::wire::json::Object;
use crate::wire::websocket::Encoding;

/// Where Discord's Gateway is, when it is not asked for.
pub const DISCORD: &str = "wss://gateway.discord.gg";
/// The most shards of one connection.
pub const MAX_SHARDS: u32 = 1024;

/// What a client says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Properties {
    /// The operating system.
    pub os: String,
    /// The library.
    pub browser: String,
    /// The library again.
    pub device: String,
}

impl Default for Properties {
    fn default() -> Self {
        Properties { os: std::env::consts::OS.into(), browser: "gamebridge".into(), device: "gamebridge".into() }
    }
}

/// Which shards a connection has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Shards {
    /// One connection for everything; IDENTIFY says nothing of shards.
    #[default]
    Single,
    /// As many as Discord recommends.
    Auto,
    /// All of so many.
    All(u32),
    /// These numbers, of so many: other processes have the rest.
    Some(Box<[u32]>, u32),
}

impl Shards {
    /// Reads `shards` (`"auto"`, a number, or a list with `shard_count`); without it there is one.
    ///
    /// # Errors
    /// What is none of these, naming the field.
    pub fn read(shards: Value<'_>, count: Value<'_>) -> Result<Self, Error> {
        let number = |value: Value<'_>| value.as_whole().and_then(|number| u32::try_from(number).ok());
        let wrong = || Error::argument("shards: \"auto\", a number, or a list of numbers with shard_count expected");
        if count.is_none() == (shards.kind() == Kind::Array) {
            return Err(Error::argument("shard_count goes with a list in shards, and has to be there then"));
        }
        let read = match shards.kind() {
            _ if shards.is_none() => Some(Shards::Single),
            Kind::Str => (shards.as_str() == Some("auto")).then_some(Shards::Auto),
            Kind::Array => shards
                .iter()
                .map(number)
                .collect::<Option<_>>()
                .zip(number(count))
                .map(|(list, count)| Shards::Some(list, count)),
            _ => number(shards).map(Shards::All),
        };
        read.ok_or_else(wrong)
    }

    /// Each with its count, where so many are recommended.
    pub(super) fn numbers(&self, recommended: u32) -> Vec<(u32, u32)> {
        let all = |count: u32| (0..count).map(|number| (number, count)).collect();
        match self {
            Shards::Single => all(1),
            Shards::Auto => all(recommended),
            Shards::All(count) => all(*count),
            Shards::Some(numbers, count) => numbers.iter().map(|number| (*number, *count)).collect(),
        }
    }

    /// Whether a connection can have them.
    ///
    /// # Errors
    /// Too many or none, a number that stands twice, or that is not below the count.
    pub(super) fn check(&self) -> Result<(), Error> {
        let at_most = |given: usize| {
            Err(Error::argument(format!("shards: 1 to {MAX_SHARDS} in one connection expected, {given} given")))
        };
        match self {
            Shards::Single | Shards::Auto => {}
            Shards::All(count) if (1..=MAX_SHARDS).contains(count) => {}
            Shards::All(count) => return at_most(*count as usize),
            Shards::Some(numbers, _) if numbers.is_empty() || numbers.len() > MAX_SHARDS as usize => {
                return at_most(numbers.len());
            }
            Shards::Some(numbers, count) => {
                if let Some(number) = numbers.iter().find(|number| *number >= count) {
                    return Err(Error::argument(format!(
                        "shard: [{number}, {count}] given; the number must be below the count"
                    )));
                }
                if numbers.iter().enumerate().any(|(at, number)| numbers[..at].contains(number)) {
                    return Err(Error::argument("shards: a number stands twice"));
                }
            }
        }
        Ok(())
    }
}

/// A connection to a Gateway, of one or more shards.
#[derive(Clone, Debug)]
pub struct Config {
    /// The Gateway's address: `wss://`, or `ws://` to this machine. The query is added. `None` asks the API for it.
    pub url: Option<String>,
    /// What is spoken.
    pub dialect: Dialect,
    /// How messages are written.
    pub encoding: Encoding,
    /// What the Gateway is asked to wrap its messages in.
    pub compression: Compression,
    /// The bot's token.
    pub token: Secret,
    /// Which events are sent; required from version 8 on.
    pub intents: Option<Intents>,
    /// What is said about the client.
    pub properties: Properties,
    /// Which shards.
    pub shards: Shards,
    /// Status and activities from the start: a JSON object.
    pub presence: Option<Box<[u8]>>,
    /// From how many members on a guild's offline members are left out: 50 to 250.
    pub large_threshold: Option<u8>,
    /// A JSON object whose members are added to IDENTIFY as they are; empty for none.
    pub extras: Box<[u8]>,
    /// Sessions of an earlier process, to be resumed.
    pub sessions: Vec<Session>,
    /// Hosts that a server may send us to, beside its own and Discord's.
    pub allowed_hosts: Vec<String>,
    /// Whether commands of user accounts are sent to a Gateway that is not on this machine.
    pub user_commands: bool,
    /// What an earlier process wrote of its IDENTIFYs; empty for nothing.
    pub budget: Box<[u8]>,
    /// How many bytes of what was seen are kept, for the commands that ask for it; `None` keeps nothing.
    pub cache: Option<usize>,
    /// What the clock said when the machine's time was zero, in Unix milliseconds.
    pub unix_ms_at_zero: u64,
    /// Whether to go on when nobody can be reached at the very start.
    pub retry: bool,
    /// Of the jitter. The same seed takes the same course.
    pub seed: u64,
}

impl Config {
    /// Discord's Gateway with this token and these intents, the rest at its default.
    pub fn new(token: Secret, intents: Intents, seed: u64) -> Self {
        Config {
            url: Some(DISCORD.into()),
            dialect: Dialect::default(),
            encoding: Encoding::Json,
            compression: Compression::None,
            token,
            intents: Some(intents),
            properties: Properties::default(),
            shards: Shards::Single,
            presence: None,
            large_threshold: None,
            extras: Box::default(),
            sessions: Vec::new(),
            allowed_hosts: Vec::new(),
            user_commands: false,
            budget: Box::default(),
            cache: None,
            unix_ms_at_zero: 0,
            retry: true,
            seed,
        }
    }

    /// Whether a connection can be made of it.
    ///
    /// # Errors
    /// [`crate::error::Status::Argument`], naming the field.
    pub fn check(&self) -> Result<(), Error> {
        if let Some(url) = &self.url {
            address::check(url)?;
        }
        let token = self.token.reveal();
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::argument("token: printable characters without spaces expected"));
        }
        if self.intents.is_none() && self.dialect.requires_intents() {
            let version = self.dialect.version();
            return Err(Error::argument(format!("intents: required from version 8 on, and this is {version}")));
        }
        if !self.dialect.knows(self.compression) {
            let version = self.dialect.version();
            return Err(Error::argument(format!("compress: version {version} does not know this compression")));
        }
        self.shards.check()?;
        if !self.dialect.greets() && self.shards != Shards::Single {
            return Err(Error::argument("shards: version 3 has none"));
        }
        self.check_sessions()?;
        if let Some(large) = self.large_threshold
            && !(50..=250).contains(&large)
        {
            return Err(Error::argument(format!("large_threshold: 50 to 250 expected, {large} given")));
        }
        let is_bare =
            |host: &String| host.parse::<IpAddr>().is_ok() || !host.is_empty() && !host.contains(['/', ':', '@', ' ']);
        if let Some(host) = self.allowed_hosts.iter().find(|host| !is_bare(host)) {
            return Err(Error::argument(format!(
                "allowed_hosts: the bare name of a host expected, {} bytes given",
                host.len()
            )));
        }
        let mut doc = Document::new();
        if let Some(presence) = &self.presence {
            object("presence", presence, &mut doc)?;
        }
        if !self.extras.is_empty() {
            object("identify", &self.extras, &mut doc)?;
            let own = ["token", "intents", "properties", "shard", "presence", "large_threshold", "compress", "v"];
            if let Some(taken) = doc.root().iter().filter_map(|member| member.key()).find(|key| own.contains(key)) {
                return Err(Error::argument(format!("identify.{taken}: this one is set by the connection itself")));
            }
        }
        let mut text = Vec::new();
        self.identify(Some((MAX_SHARDS, MAX_SHARDS)), &mut text);
        let length = text.len();
        wipe(&mut text);
        if length > MAX_SEND {
            return Err(Error::argument(format!("IDENTIFY would have {length} bytes; the Gateway takes {MAX_SEND}")));
        }
        Ok(())
    }

    /// Sessions of another number of shards are never resumed, which nobody would notice but by what is missing. How many
    /// shards `auto` means is known later only.
    fn check_sessions(&self) -> Result<(), Error> {
        if !self.sessions.is_empty() && !self.dialect.greets() {
            return Err(Error::argument("session: version 3 resumes none"));
        }
        let count = match &self.shards {
            Shards::Auto => return Ok(()),
            Shards::Single => 1,
            Shards::All(count) | Shards::Some(_, count) => *count,
        };
        if let Some(at) = self.sessions.iter().position(|session| session.shard.1 != count) {
            let (number, given) = self.sessions[at].shard;
            return Err(Error::argument(format!(
                "session.sessions[{at}].shard: [{number}, {given}] given; a count of {count} expected, as this connection has"
            )));
        }
        let is_own = |session: &Session| match &self.shards {
            Shards::Some(numbers, _) => numbers.contains(&session.shard.0),
            _ => true,
        };
        // The rest may be another process's.
        if !self.sessions.is_empty() && !self.sessions.iter().any(is_own) {
            return Err(Error::argument("session.sessions: none is of a shard that this connection has"));
        }
        Ok(())
    }

    /// What the address asks for.
    pub(super) fn query(&self) -> String {
        let (version, encoding) = (self.dialect.version(), self.encoding.as_str());
        match self.compression.query() {
            Some(compress) => format!("v={version}&encoding={encoding}&compress={compress}"),
            None => format!("v={version}&encoding={encoding}"),
        }
    }

    /// Appends the IDENTIFY message of a shard. It holds the token: wipe it.
    pub(super) fn identify(&self, shard: Option<(u32, u32)>, out: &mut Vec<u8>) {
        // Room for all of it, so that growing leaves no copy of the token behind.
        let presence = self.presence.as_deref();
        out.reserve(2 * self.token.reveal().len() + presence.map_or(0, <[u8]>::len) + self.extras.len() + 1024);
        let Properties { os, browser, device } = &self.properties;
        let names = match self.dialect.dollar_properties() {
            true => ["$os", "$browser", "$device", "$referrer", "$referring_domain"],
            false => ["os", "browser", "device", "", ""],
        };
        Object::begin(out)
            .int("op", Opcode::Identify as i64)
            .with("d", |out| {
                let mut d = Object::begin(out).str("token", self.token.reveal());
                if !self.dialect.greets() {
                    d = d.int("v", self.dialect.version().into());
                }
                if let Some(intents) = self.intents {
                    d = d.raw("intents", intents.0.to_string().as_bytes());
                }
                d = d.with("properties", |out| {
                    let own = Object::begin(out).str(names[0], os).str(names[1], browser).str(names[2], device);
                    match self.dialect.greets() {
                        true => own.end(),
                        // Required then, and empty for who did not come by a link.
                        false => own.str(names[3], "").str(names[4], "").end(),
                    }
                });
                if let Some((id, count)) = shard {
                    d = d.raw("shard", format!("[{id},{count}]").as_bytes());
                }
                if let Some(large) = self.large_threshold {
                    d = d.int("large_threshold", large.into());
                } else if !self.dialect.greets() {
                    d = d.int("large_threshold", 100);
                }
                if self.compression == Compression::Payload {
                    d = d.bool("compress", true);
                } else if !self.dialect.greets() {
                    d = d.bool("compress", false);
                }
                if let Some(presence) = presence {
                    d = d.raw("presence", presence);
                }
                d.end();
                let extras = inside(&self.extras);
                if !extras.is_empty() {
                    out.pop();
                    out.push(b',');
                    out.extend_from_slice(extras);
                    out.push(b'}');
                }
            })
            .end();
    }
}

fn object(field: &str, text: &[u8], doc: &mut Document) -> Result<(), Error> {
    match doc.parse(text) {
        Err(error) => Err(Error::argument(format!("{field}: {error}"))),
        Ok(()) if doc.root().kind() != Kind::Object => Err(Error::argument(format!("{field}: an object expected"))),
        Ok(()) => Ok(()),
    }
}

/// The members of an object's text, without its braces.
fn inside(object: &[u8]) -> &[u8] {
    let text = object.trim_ascii();
    text.strip_prefix(b"{").and_then(|text| text.strip_suffix(b"}")).unwrap_or_default().trim_ascii()
}

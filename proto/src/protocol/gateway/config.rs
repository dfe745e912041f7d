//! What a Gateway connection needs to know, and the IDENTIFY that is made of it.

use core::net::IpAddr;

use super::message::wipe;
use crate::error::Error;
use crate::secret::Secret;
use crate::value::{Document, Kind};
use crate::wire::gateway::{Intents, MAX_SEND, Opcode, VERSION};
use crate::wire::json::Object;

/// Where Discord's Gateway is.
pub const DISCORD: &str = "wss://gateway.discord.gg";

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

/// One shard's connection.
#[derive(Clone, Debug)]
pub struct Config {
    /// The Gateway's address: `wss://`, or `ws://` to this machine. The query is added.
    pub url: String,
    /// The bot's token.
    pub token: Secret,
    /// Which events are sent.
    pub intents: Intents,
    /// What is said about the client.
    pub properties: Properties,
    /// The shard's number and how many there are.
    pub shard: Option<(u32, u32)>,
    /// Status and activities from the start: a JSON object.
    pub presence: Option<Box<[u8]>>,
    /// From how many members on a guild's offline members are left out: 50 to 250.
    pub large_threshold: Option<u8>,
    /// A JSON object whose members are added to IDENTIFY as they are; empty for none.
    pub extras: Box<[u8]>,
    /// Whether to go on when nobody can be reached at the very start.
    pub retry: bool,
    /// Of the jitter. The same seed takes the same course.
    pub seed: u64,
}

impl Config {
    /// Discord's Gateway with this token and these intents, the rest at its default.
    pub fn new(token: Secret, intents: Intents, seed: u64) -> Self {
        Config {
            url: DISCORD.into(),
            token,
            intents,
            properties: Properties::default(),
            shard: None,
            presence: None,
            large_threshold: None,
            extras: Box::default(),
            retry: true,
            seed,
        }
    }

    /// Whether a connection can be made of it.
    ///
    /// # Errors
    /// [`crate::error::Status::Argument`], naming the field.
    pub fn check(&self) -> Result<(), Error> {
        self.check_url()?;
        let token = self.token.reveal();
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::argument("token: printable characters without spaces expected"));
        }
        if let Some((id, count)) = self.shard
            && id >= count
        {
            return Err(Error::argument(format!("shard: [{id}, {count}] given; the number must be below the count")));
        }
        if let Some(large) = self.large_threshold
            && !(50..=250).contains(&large)
        {
            return Err(Error::argument(format!("large_threshold: 50 to 250 expected, {large} given")));
        }
        let mut doc = Document::new();
        if let Some(presence) = &self.presence {
            object("presence", presence, &mut doc)?;
        }
        if !self.extras.is_empty() {
            object("identify", &self.extras, &mut doc)?;
            let own = ["token", "intents", "properties", "shard", "presence", "large_threshold", "compress"];
            if let Some(taken) = doc.root().iter().filter_map(|member| member.key()).find(|key| own.contains(key)) {
                return Err(Error::argument(format!("identify.{taken}: this one is set by the connection itself")));
            }
        }
        let mut text = Vec::new();
        self.identify(&mut text);
        let length = text.len();
        wipe(&mut text);
        if length > MAX_SEND {
            return Err(Error::argument(format!("IDENTIFY would have {length} bytes; the Gateway takes {MAX_SEND}")));
        }
        Ok(())
    }

    /// A token goes out over this connection, so it must be encrypted, or not leave the machine.
    fn check_url(&self) -> Result<(), Error> {
        let wrong = |what: &str| Err(Error::argument(format!("url: {what}")));
        let (rest, plain) = match (self.url.strip_prefix("wss://"), self.url.strip_prefix("ws://")) {
            (Some(rest), _) => (rest, false),
            (None, Some(rest)) => (rest, true),
            (None, None) => return wrong("wss:// expected, or ws:// to this machine"),
        };
        let authority = rest.split('/').next().unwrap_or("");
        if authority.is_empty() || authority.contains('@') {
            return wrong("a host without user and password expected");
        }
        if !rest.bytes().all(|byte| byte.is_ascii_graphic()) || rest.contains(['?', '#', '\\']) {
            return wrong("an address without query, fragment and spaces expected");
        }
        let host = match authority.strip_prefix('[') {
            Some(inside) => inside.split(']').next().unwrap_or(""),
            None => authority.split(':').next().unwrap_or(""),
        };
        let here = host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback());
        if plain && !here {
            return wrong("ws:// would show the token to the network; wss:// expected");
        }
        Ok(())
    }

    /// The address with its query.
    pub(super) fn address(&self) -> String {
        let after_scheme = self.url.find("://").map_or(0, |at| at + 3);
        let slash = if self.url[after_scheme..].contains('/') { "" } else { "/" };
        format!("{}{slash}?v={VERSION}&encoding=json", self.url)
    }

    /// Appends the IDENTIFY message. It holds the token: wipe it.
    pub(super) fn identify(&self, out: &mut Vec<u8>) {
        // Room for all of it, so that growing leaves no copy of the token behind.
        let presence = self.presence.as_deref();
        out.reserve(2 * self.token.reveal().len() + presence.map_or(0, <[u8]>::len) + self.extras.len() + 1024);
        let Properties { os, browser, device } = &self.properties;
        Object::begin(out)
            .int("op", Opcode::Identify as i64)
            .with("d", |out| {
                let mut d = Object::begin(out)
                    .str("token", self.token.reveal())
                    .raw("intents", self.intents.0.to_string().as_bytes())
                    .with("properties", |out| {
                        Object::begin(out).str("os", os).str("browser", browser).str("device", device).end();
                    });
                if let Some((id, count)) = self.shard {
                    d = d.raw("shard", format!("[{id},{count}]").as_bytes());
                }
                if let Some(large) = self.large_threshold {
                    d = d.int("large_threshold", large.into());
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

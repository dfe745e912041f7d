//! What a machine was made of, written and read: one function each way for each configuration.

mod sandbox;

use std::time::Duration;

use super::line::{Fields, Line, Wrong};
use crate::protocol::rpc::Accept;
use crate::protocol::{dmod, gateway, rpc};
use crate::secret::Secret;
use crate::server::rpc::{self as server, Account, Consent, JoinRequests, Limits};
use crate::server::sandbox as further_doors;
use crate::time::Instant;
use crate::wire::dmod::Opcode;
use crate::wire::gateway::{Compression, Dialect, Intents, VERSION};
use crate::wire::json::{Object, push_int, push_str};
use crate::wire::websocket::Encoding;
use crate::world::{self, NewUser, UserId};

pub(super) use sandbox::read as read_sandbox;

/// A machine that begins.
#[derive(Clone, Copy, Debug)]
pub enum Setup<'a> {
    /// An RPC client.
    Rpc(&'a rpc::Config),
    /// A Gateway client.
    Gateway(&'a gateway::Config),
    /// A client of a dmod gateway.
    Dmod(&'a dmod::Config),
    /// A server: its door, its world as it is before anything is done, and the further doors of a sandbox.
    Server(&'a server::Config, &'a world::Config, Option<&'a further_doors::Config>),
}

impl Setup<'_> {
    pub(super) fn write<'l>(&self, line: Line<'l>) -> Line<'l> {
        match self {
            Setup::Rpc(config) => line.word("new", "rpc").payload("config", &rpc_config(config)),
            Setup::Gateway(config) => line.word("new", "gateway").payload("config", &gateway_config(config)),
            Setup::Dmod(config) => line.word("new", "dmod").payload("config", &dmod_config(config)),
            Setup::Server(door, world, further) => {
                let line = line.word("new", "server");
                let line = line.payload("door", &door_config(door)).payload("world", &world_config(world));
                match further {
                    Some(further) => line.payload("sandbox", &sandbox::config(further)),
                    None => line,
                }
            }
        }
    }
}

fn rpc_config(config: &rpc::Config) -> Vec<u8> {
    let rpc::Config { client_id, access_token, pid, seed, retry, accept } = config;
    let mut out = Vec::new();
    let object = Object::begin(&mut out)
        .str("client_id", client_id)
        .opt_str("access_token", access_token.as_ref().map(Secret::reveal))
        .int("pid", (*pid).into())
        .with("seed", |out| unsigned(out, *seed))
        .bool("retry", *retry);
    match accept {
        Accept::Any => object.end(),
        Accept::Discord => object.str("accept", "discord").end(),
        Accept::NotThrough(id) => object.str("accept", "others").str("instance", id).end(),
    }
    out
}

pub(super) fn read_rpc(config: Fields<'_>) -> Result<rpc::Config, Wrong> {
    Ok(rpc::Config {
        client_id: config.text("client_id")?.to_owned(),
        access_token: config.optional("access_token")?.map(Secret::new),
        pid: config.small("pid")?,
        seed: config.number("seed")?,
        retry: config.bool("retry")?,
        accept: match config.optional("accept")? {
            None => Accept::Any,
            Some("discord") => Accept::Discord,
            Some("others") => Accept::NotThrough(config.text("instance")?.into()),
            Some(_) => return Err("accept: discord or others expected".into()),
        },
    })
}

fn gateway_config(config: &gateway::Config) -> Vec<u8> {
    let gateway::Config {
        url,
        dialect,
        encoding: _,
        compression,
        token,
        intents,
        properties,
        shards,
        presence,
        large_threshold,
        extras,
        sessions,
        allowed_hosts,
        user_commands,
        budget,
        cache,
        unix_ms_at_zero,
        retry,
        seed,
    } = config;
    let gateway::Properties { os, browser, device } = properties;
    let mut out = Vec::new();
    // What the machine sends and reads is JSON whatever the encoding; but the address says it.
    let mut object = Object::begin(&mut out)
        .opt_str("url", url.as_deref())
        .int("version", dialect.version().into())
        .str("encoding", config.encoding.as_str())
        .str("token", token.reveal());
    if let Some((name, _)) = Compression::ALL.iter().find(|(_, known)| known == compression) {
        object = object.str("compress", name);
    }
    if let Some(intents) = intents {
        object = object.with("intents", |out| unsigned(out, intents.0));
    }
    object = object.with("properties", |out| {
        Object::begin(out).str("os", os).str("browser", browser).str("device", device).end();
    });
    object = match shards {
        gateway::Shards::Single => object,
        gateway::Shards::Auto => object.str("shards", "auto"),
        gateway::Shards::All(count) => object.int("shard_count", (*count).into()),
        gateway::Shards::Some(numbers, count) => {
            object.int("shard_count", (*count).into()).with("shard_numbers", |out| {
                let numbers: Vec<String> = numbers.iter().map(u32::to_string).collect();
                out.extend_from_slice(format!("[{}]", numbers.join(",")).as_bytes());
            })
        }
    };
    if let Some(presence) = presence {
        object = object.raw("presence", presence);
    }
    if let Some(large) = large_threshold {
        object = object.int("large_threshold", (*large).into());
    }
    if !extras.is_empty() {
        object = object.raw("identify", extras);
    }
    if !sessions.is_empty() {
        object = object.with("sessions", |out| gateway::write_sessions(out, dialect.version(), sessions.iter()));
    }
    if !allowed_hosts.is_empty() {
        object = object.with("allowed_hosts", |out| {
            for (at, host) in allowed_hosts.iter().enumerate() {
                out.push(if at == 0 { b'[' } else { b',' });
                push_str(out, host);
            }
            out.push(b']');
        });
    }
    if !budget.is_empty() {
        object = object.raw("budget", budget.trim_ascii());
    }
    if let Some(bytes) = cache {
        object = object.with("cache_bytes", |out| unsigned(out, *bytes as u64));
    }
    object
        .bool("user_commands", *user_commands)
        .with("unix_ms_at_zero", |out| unsigned(out, *unix_ms_at_zero))
        .bool("retry", *retry)
        .with("seed", |out| unsigned(out, *seed))
        .end();
    out
}

/// What a recording does not name is as it was before it could be chosen.
pub(super) fn read_gateway(config: Fields<'_>) -> Result<gateway::Config, Wrong> {
    let properties = config.object("properties")?;
    let version = if config.has("version") { config.small("version")? } else { VERSION };
    let dialect = Dialect::of_version(version).ok_or("version: one of the Gateway's expected")?;
    let compression = config.optional("compress")?.map_or(Some(Compression::None), Compression::named);
    let count = if config.has("shard_count") { Some(config.small("shard_count")?) } else { None };
    let shards = match (config.optional("shards")?, count, config.numbers("shard_numbers")?, config.pair("shard")?) {
        (Some("auto"), ..) => gateway::Shards::Auto,
        (_, Some(count), Some(numbers), _) => gateway::Shards::Some(numbers.into(), count),
        (_, Some(count), None, _) => gateway::Shards::All(count),
        (_, None, _, Some((number, count))) => gateway::Shards::Some([number].into(), count),
        _ => gateway::Shards::Single,
    };
    Ok(gateway::Config {
        url: config.optional("url")?.map(str::to_owned),
        dialect,
        encoding: match config.optional("encoding")? {
            Some("etf") => Encoding::Etf,
            _ => Encoding::Json,
        },
        compression: compression.ok_or("compress: one of the Gateway's expected")?,
        token: Secret::new(config.text("token")?),
        intents: if config.has("intents") { Some(Intents(config.number("intents")?)) } else { None },
        properties: gateway::Properties {
            os: properties.text("os")?.to_owned(),
            browser: properties.text("browser")?.to_owned(),
            device: properties.text("device")?.to_owned(),
        },
        shards,
        presence: config.json("presence").map(Into::into),
        large_threshold: if config.has("large_threshold") { Some(config.small("large_threshold")?) } else { None },
        extras: config.json("identify").unwrap_or_default().into(),
        sessions: match config.json("sessions") {
            Some(sessions) => gateway::read_sessions(sessions, version).map_err(|error| error.to_string())?,
            None => Vec::new(),
        },
        allowed_hosts: config.texts("allowed_hosts")?,
        user_commands: config.has("user_commands") && config.bool("user_commands")?,
        cache: if config.has("cache_bytes") { Some(config.small::<u32>("cache_bytes")? as usize) } else { None },
        budget: config.json("budget").unwrap_or_default().into(),
        unix_ms_at_zero: if config.has("unix_ms_at_zero") { config.number("unix_ms_at_zero")? } else { 0 },
        retry: config.bool("retry")?,
        seed: config.number("seed")?,
    })
}

fn dmod_config(config: &dmod::Config) -> Vec<u8> {
    let dmod::Config { url, token, uid, session_opcode, upkeep, silence, retry, seed } = config;
    let mut out = Vec::new();
    Object::begin(&mut out)
        .str("url", url)
        .opt_str("token", token.as_ref().map(Secret::reveal))
        .opt_str("uid", uid.as_deref())
        .int("session_opcode", *session_opcode as i64)
        .bool("upkeep", *upkeep)
        .with("silence", |out| time(out, *silence))
        .bool("retry", *retry)
        .with("seed", |out| unsigned(out, *seed))
        .end();
    out
}

pub(super) fn read_dmod(config: Fields<'_>) -> Result<dmod::Config, Wrong> {
    Ok(dmod::Config {
        url: config.text("url")?.to_owned(),
        token: config.optional("token")?.map(Secret::new),
        uid: config.optional("uid")?.map(str::to_owned),
        session_opcode: Opcode::from_code(config.small("session_opcode")?).ok_or("session_opcode: 6 or 7 expected")?,
        upkeep: config.bool("upkeep")?,
        silence: config.duration("silence")?,
        retry: config.bool("retry")?,
        seed: config.number("seed")?,
    })
}

const CONSENTS: [(Consent, &str); 3] = [(Consent::Allow, "allow"), (Consent::Deny, "deny"), (Consent::Ask, "ask")];

const JOIN_REQUESTS: [(JoinRequests, &str); 4] = [
    (JoinRequests::Peers, "peers"),
    (JoinRequests::Ask, "ask"),
    (JoinRequests::Allow, "allow"),
    (JoinRequests::Deny, "deny"),
];

fn door_config(config: &server::Config) -> Vec<u8> {
    let server::Config {
        consent,
        join_requests,
        launch_token,
        limits,
        cdn_host,
        api_endpoint,
        environment,
        account,
        instance,
        seed,
    } = config;
    let Limits {
        peers,
        greeting,
        message_bytes,
        subscriptions,
        waiting,
        commands_per_second,
        commands_burst,
        handshake,
        authentication,
        consent: consent_time,
    } = limits;
    let consent = CONSENTS.iter().find(|(known, _)| known == consent).map_or("", |(_, name)| name);
    let join_requests = JOIN_REQUESTS.iter().find(|(known, _)| known == join_requests).map_or("", |(_, name)| name);
    let mut out = Vec::new();
    let object = Object::begin(&mut out)
        .str("consent", consent)
        .str("join_requests", join_requests)
        .opt_str("launch_token", launch_token.as_ref().map(Secret::reveal))
        .with("limits", |out| {
            Object::begin(out)
                .with("peers", |out| unsigned(out, *peers as u64))
                .with("greeting", |out| unsigned(out, *greeting as u64))
                .with("message_bytes", |out| unsigned(out, *message_bytes as u64))
                .with("subscriptions", |out| unsigned(out, *subscriptions as u64))
                .with("waiting", |out| unsigned(out, *waiting as u64))
                .int("commands_per_second", (*commands_per_second).into())
                .int("commands_burst", (*commands_burst).into())
                .with("handshake", |out| time(out, *handshake))
                .with("authentication", |out| time(out, *authentication))
                .with("consent", |out| time(out, *consent_time))
                .end();
        })
        .str("cdn_host", cdn_host)
        .str("api_endpoint", api_endpoint)
        .str("environment", environment)
        .str("instance", instance)
        .with("seed", |out| unsigned(out, *seed));
    match account {
        Account::Guest => object.end(),
        Account::Desktop { client_id } => object.str("account", "desktop").id("client_id", client_id.get()).end(),
        Account::Auto { client_id } => object.str("account", "auto").id("client_id", client_id.get()).end(),
    }
    out
}

pub(super) fn read_door(config: Fields<'_>) -> Result<server::Config, Wrong> {
    let consent = config.text("consent")?;
    Ok(server::Config {
        consent: CONSENTS
            .iter()
            .find(|(_, name)| *name == consent)
            .map(|(known, _)| *known)
            .ok_or("consent: allow, deny or ask expected")?,
        join_requests: match config.optional("join_requests")? {
            // From before there was a choice.
            None => JoinRequests::default(),
            Some(given) => JOIN_REQUESTS
                .iter()
                .find(|(_, name)| *name == given)
                .map(|(known, _)| *known)
                .ok_or("join_requests: peers, ask, allow or deny expected")?,
        },
        launch_token: config.optional("launch_token")?.map(Secret::new),
        limits: read_limits(config.object("limits")?)?,
        cdn_host: config.text("cdn_host")?.into(),
        api_endpoint: config.text("api_endpoint")?.into(),
        environment: config.text("environment")?.into(),
        account: read_account(config)?,
        // From before there were accounts.
        instance: config.optional("instance")?.unwrap_or("gamebridge").into(),
        seed: if config.has("seed") { config.number("seed")? } else { 0 },
    })
}

fn read_account(config: Fields<'_>) -> Result<Account, Wrong> {
    let Some(kind) = config.optional("account")? else { return Ok(Account::Guest) };
    let client_id: u64 = config.text("client_id")?.parse().map_err(|_| "client_id: an id expected")?;
    let client_id = client_id.into();
    match kind {
        "desktop" => Ok(Account::Desktop { client_id }),
        "auto" => Ok(Account::Auto { client_id }),
        _ => Err("account: desktop or auto expected".into()),
    }
}

/// A limit that a recording does not know yet is at its default.
fn read_limits(limits: Fields<'_>) -> Result<Limits, Wrong> {
    let default = Limits::default();
    Ok(Limits {
        peers: limits.count_or("peers", default.peers)?,
        greeting: limits.count_or("greeting", default.greeting)?,
        message_bytes: limits.count_or("message_bytes", default.message_bytes)?,
        subscriptions: limits.count_or("subscriptions", default.subscriptions)?,
        waiting: limits.count_or("waiting", default.waiting)?,
        commands_per_second: limits.small_or("commands_per_second", default.commands_per_second)?,
        commands_burst: limits.small_or("commands_burst", default.commands_burst)?,
        handshake: limits.duration_or("handshake", default.handshake)?,
        authentication: limits.duration_or("authentication", default.authentication)?,
        consent: limits.duration_or("consent", default.consent)?,
    })
}

fn world_config(config: &world::Config) -> Vec<u8> {
    let world::Config { unix_ms_at_zero, local_user, local_id, guest, registered_only } = config;
    let NewUser { username, discriminator, global_name, avatar, bot } = local_user;
    let mut out = Vec::new();
    let object = Object::begin(&mut out)
        .with("unix_ms_at_zero", |out| unsigned(out, *unix_ms_at_zero))
        .with("local_user", |out| {
            Object::begin(out)
                .str("username", username)
                .str("discriminator", discriminator)
                .opt_str("global_name", global_name.as_deref())
                .opt_str("avatar", avatar.as_deref())
                .bool("bot", *bot)
                .end();
        })
        .bool("guest", *guest)
        .bool("registered_only", *registered_only);
    match local_id {
        None => object.end(),
        Some(id) => object.id("local_id", id.get()).end(),
    }
    out
}

pub(super) fn read_world(config: Fields<'_>) -> Result<world::Config, Wrong> {
    /// The year 2100: ids count milliseconds in 42 bits.
    const LATEST: u64 = 4_102_444_800_000;
    let unix_ms_at_zero = config.number("unix_ms_at_zero")?;
    if unix_ms_at_zero > LATEST {
        return Err(format!("unix_ms_at_zero: a moment before {LATEST} expected"));
    }
    let user = config.object("local_user")?;
    Ok(world::Config {
        unix_ms_at_zero,
        local_user: NewUser {
            username: user.text("username")?.into(),
            discriminator: user.text("discriminator")?.into(),
            global_name: user.optional("global_name")?.map(Into::into),
            avatar: user.optional("avatar")?.map(Into::into),
            bot: user.bool("bot")?,
        },
        local_id: match config.optional("local_id")? {
            None => None,
            Some(id) => Some(UserId::from(id.parse::<u64>().map_err(|_| "local_id: an id expected")?)),
        },
        guest: config.bool("guest")?,
        registered_only: config.bool("registered_only")?,
    })
}

fn unsigned(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(number.to_string().as_bytes());
}

/// In nanoseconds, as every time in a recording.
fn time(out: &mut Vec<u8>, duration: Duration) {
    push_int(out, (Instant::ZERO + duration).as_nanos().min(i64::MAX as u64) as i64);
}

//! What a sandbox's further doors were made of.

use super::{time, unsigned};
use crate::record::line::{Fields, Wrong};
use crate::server::{dmod, gateway, sandbox};
use crate::wire::json::Object;

pub(super) fn config(config: &sandbox::Config) -> Vec<u8> {
    let sandbox::Config { gateway: gateway::Config { url, limits }, dmod } = config;
    let mut out = Vec::new();
    Object::begin(&mut out)
        .with("gateway", |out| {
            let object = Object::begin(out).str("url", url);
            object.with("limits", |out| gateway_limits(out, limits)).end();
        })
        .with("dmod", |out| dmod_limits(out, dmod))
        .end();
    out
}

pub(in crate::record) fn read(config: Fields<'_>) -> Result<sandbox::Config, Wrong> {
    let site = config.object("gateway")?;
    Ok(sandbox::Config {
        gateway: gateway::Config {
            url: site.text("url")?.into(),
            limits: read_gateway_limits(site.object("limits")?)?,
        },
        dmod: read_dmod_limits(config.object("dmod")?)?,
    })
}

fn gateway_limits(out: &mut Vec<u8>, limits: &gateway::Limits) {
    let gateway::Limits {
        heartbeat,
        greeting,
        payload,
        sends,
        sends_within,
        presences,
        identify_every,
        members_every,
        session,
        replay,
        replay_bytes,
        peers,
        sessions,
        guilds_per_shard,
        identifies,
        max_concurrency,
    } = limits;
    Object::begin(out)
        .with("heartbeat", |out| time(out, *heartbeat))
        .with("greeting", |out| time(out, *greeting))
        .with("payload", |out| unsigned(out, *payload as u64))
        .int("sends", (*sends).into())
        .with("sends_within", |out| time(out, *sends_within))
        .int("presences", (*presences).into())
        .with("identify_every", |out| time(out, *identify_every))
        .with("members_every", |out| time(out, *members_every))
        .with("session", |out| time(out, *session))
        .with("replay", |out| unsigned(out, *replay as u64))
        .with("replay_bytes", |out| unsigned(out, *replay_bytes as u64))
        .with("peers", |out| unsigned(out, *peers as u64))
        .with("sessions", |out| unsigned(out, *sessions as u64))
        .with("guilds_per_shard", |out| unsigned(out, *guilds_per_shard as u64))
        .int("identifies", (*identifies).into())
        .int("max_concurrency", (*max_concurrency).into())
        .end();
}

fn read_gateway_limits(limits: Fields<'_>) -> Result<gateway::Limits, Wrong> {
    let default = gateway::Limits::default();
    Ok(gateway::Limits {
        heartbeat: limits.duration_or("heartbeat", default.heartbeat)?,
        greeting: limits.duration_or("greeting", default.greeting)?,
        payload: limits.count_or("payload", default.payload)?,
        sends: limits.small_or("sends", default.sends)?,
        sends_within: limits.duration_or("sends_within", default.sends_within)?,
        presences: limits.small_or("presences", default.presences)?,
        identify_every: limits.duration_or("identify_every", default.identify_every)?,
        members_every: limits.duration_or("members_every", default.members_every)?,
        session: limits.duration_or("session", default.session)?,
        replay: limits.count_or("replay", default.replay)?,
        replay_bytes: limits.count_or("replay_bytes", default.replay_bytes)?,
        peers: limits.count_or("peers", default.peers)?,
        sessions: limits.count_or("sessions", default.sessions)?,
        guilds_per_shard: limits.count_or("guilds_per_shard", default.guilds_per_shard)?,
        identifies: limits.small_or("identifies", default.identifies)?,
        max_concurrency: limits.small_or("max_concurrency", default.max_concurrency)?,
    })
}

fn dmod_limits(out: &mut Vec<u8>, limits: &dmod::Limits) {
    let dmod::Limits {
        heartbeat,
        session_heartbeat,
        authentication,
        reauth,
        payload,
        sends,
        sends_within,
        peers,
        known,
        notifications,
    } = limits;
    Object::begin(out)
        .with("heartbeat", |out| time(out, *heartbeat))
        .with("session_heartbeat", |out| time(out, *session_heartbeat))
        .with("authentication", |out| time(out, *authentication))
        .with("reauth", |out| time(out, *reauth))
        .with("payload", |out| unsigned(out, *payload as u64))
        .int("sends", (*sends).into())
        .with("sends_within", |out| time(out, *sends_within))
        .with("peers", |out| unsigned(out, *peers as u64))
        .with("known", |out| unsigned(out, *known as u64))
        .with("notifications", |out| unsigned(out, *notifications as u64))
        .end();
}

fn read_dmod_limits(limits: Fields<'_>) -> Result<dmod::Limits, Wrong> {
    let default = dmod::Limits::default();
    Ok(dmod::Limits {
        heartbeat: limits.duration_or("heartbeat", default.heartbeat)?,
        session_heartbeat: limits.duration_or("session_heartbeat", default.session_heartbeat)?,
        authentication: limits.duration_or("authentication", default.authentication)?,
        reauth: limits.duration_or("reauth", default.reauth)?,
        payload: limits.count_or("payload", default.payload)?,
        sends: limits.small_or("sends", default.sends)?,
        sends_within: limits.duration_or("sends_within", default.sends_within)?,
        peers: limits.count_or("peers", default.peers)?,
        known: limits.count_or("known", default.known)?,
        notifications: limits.count_or("notifications", default.notifications)?,
    })
}

//! The host's commands: what stands with the sessions, what they are sent besides what happens, and what goes wrong.

use std::time::Duration;

use super::peer::State;
use super::{Door, ROOM, Sink};
use crate::command::Command;
use crate::error::{Error, Status};
use crate::server::host::{arguments, conclude};
use crate::server::rpc::HttpResponse;
use crate::time::Instant;
use crate::value::{Document, Value};
use crate::wire::catalog;
use crate::wire::gateway::{CloseCode, Opcode};
use crate::wire::host;
use crate::wire::json::{Object, array};
use crate::world::{ApplicationId, Changes, World};

/// What goes wrong with the bytes of a connection: the driver's to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The transport ends without a close.
    Drop,
    /// Everything goes out at so many bytes a second; 0 is as fast as it can again.
    Slow(u32),
    /// A message that nobody can read.
    Garbage,
    /// Half a message, and then the end.
    Truncate,
}

/// What goes wrong with whoever comes next.
#[derive(Debug, Default)]
pub(super) struct Coming {
    /// So many connections more are not heard when they identify.
    pub(super) deaf: u32,
    /// So many requests more are answered with 429, which tells to wait so long.
    requests: (u32, u32),
}

/// The headers of an answer of 429. Clients take it for Discord's by `via`: without, some give up.
const LIMITED: &[(&str, &str)] =
    &[("content-type", "application/json"), ("via", "1.1 gamebridge"), ("x-ratelimit-scope", "user")];

/// Whether a command of the host's is for this door.
pub fn takes(name: &str) -> bool {
    host::gateway::COMMANDS.iter().any(|row| row.is_named(name))
}

impl Door {
    /// A command of the host's ([`takes`]). Its outcome is a REPLY event when it has a tag; without one only a failure is
    /// told, as a log line.
    pub fn handle_command(
        &mut self,
        now: Instant,
        command: &Command,
        world: &mut World,
        changes: &mut Vec<Changes>,
        out: &mut impl Sink,
    ) {
        let Command { name, args, tag, .. } = command;
        let mut reply = Vec::new();
        let done = self.carry_out(now, name, args, (world, changes), out, &mut reply);
        conclude(ROOM, name, *tag, done.map(|()| &*reply), |event| out.event(event));
    }

    fn carry_out(
        &mut self,
        now: Instant,
        name: &str,
        args: &[u8],
        (world, changes): (&mut World, &mut Vec<Changes>),
        out: &mut impl Sink,
        reply: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let mut doc = Document::new();
        let text = arguments(name, args, &mut doc)?;
        let args = doc.root();
        host::check_sandbox_name(name)?.map_or(Ok(()), |row| catalog::check(row, args))?;
        let told = match name {
            "GATEWAY_STATE" => {
                self.write_state(world, reply);
                return Ok(());
            }
            "GATEWAY_LIMITS" => {
                self.set_limits(args);
                self.write_limits(reply);
                return Ok(());
            }
            "GATEWAY_DISPATCH" => self.dispatch_for_host(args, text, out)?,
            "GATEWAY_FAULT" => self.go_wrong(now, args, (world, changes), out)?,
            other => return Err(Error::new(Status::Unsupported, format!("{other}: not a command of the Gateway's"))),
        };
        Object::begin(reply).count("peers", told).end();
        Ok(())
    }

    /// The sessions that are meant.
    fn meant(&self, args: Value<'_>) -> Result<Vec<u64>, Error> {
        let id = args.member("session_id").as_str();
        let found = self.sessions.iter().filter(|(_, session)| id.is_none_or(|id| *session.id == *id));
        let found: Vec<u64> = found.map(|(number, _)| *number).collect();
        match id {
            Some(id) if found.is_empty() => Err(Error::argument(format!("session_id: there is no session \"{id}\""))),
            _ => Ok(found),
        }
    }

    fn dispatch_for_host(&mut self, args: Value<'_>, source: &[u8], out: &mut impl Sink) -> Result<usize, Error> {
        let meant = self.meant(args)?;
        let name = args.member("event").as_str().unwrap_or_default();
        let data = args.member("data");
        for number in &meant {
            self.data.clear();
            self.data.extend_from_slice(if data.exists() { data.raw(source) } else { b"null" });
            self.dispatch(out, *number, name);
        }
        Ok(meant.len())
    }

    fn go_wrong(
        &mut self,
        now: Instant,
        args: Value<'_>,
        (world, changes): (&mut World, &mut Vec<Changes>),
        out: &mut impl Sink,
    ) -> Result<usize, Error> {
        let number = |name, unless_given| {
            args.member(name).as_whole().and_then(|number| u32::try_from(number).ok()).unwrap_or(unless_given)
        };
        let fault = args.member("fault").as_str().unwrap_or_default();
        match fault {
            "no_session" => {
                self.coming.deaf = number("count", 1);
                return Ok(0);
            }
            "rate_limit" => {
                self.coming.requests = (number("count", 1), number("retry_after_ms", 1000));
                return Ok(0);
            }
            "none" => self.coming = Coming::default(),
            _ => {}
        }
        let mut peers: Vec<u32> = match args.member("peer").as_whole() {
            Some(peer) => vec![u32::try_from(peer).unwrap_or(0)],
            None if args.member("session_id").exists() => {
                let meant = self.meant(args)?;
                meant.iter().filter_map(|number| self.sessions.get(number)?.peer).collect()
            }
            None => self.peers.keys().copied().collect(),
        };
        if args.member("peer").exists() && !self.peers.contains_key(&peers[0]) {
            return Err(Error::argument(format!("peer: there is no connection {} at the Gateway", peers[0])));
        }
        peers.retain(|peer| self.peers.contains_key(peer));
        for peer in &peers {
            let Some(known) = self.peers.get_mut(peer) else { continue };
            match fault {
                "none" => {
                    known.faults = Default::default();
                    out.fault(*peer, Fault::Slow(0));
                }
                "stall" => known.faults.stalled = true,
                "refuse_ack" => known.faults.refuses_ack = true,
                "slow" => out.fault(*peer, Fault::Slow(number("bytes_per_second", 100))),
                "garbage" => out.fault(*peer, Fault::Garbage),
                "drop" | "truncate" => {
                    let how = if fault == "drop" { Fault::Drop } else { Fault::Truncate };
                    out.fault(*peer, how);
                    self.handle_gone(now, *peer, None, world, changes, out);
                }
                "reconnect" => self.say(out, *peer, Opcode::Reconnect, b"null"),
                "invalid_session" => {
                    let resumable = args.member("resumable").as_bool() == Some(true);
                    self.invalidate(now, *peer, resumable, (world, changes), out);
                }
                _ => {
                    let code = u16::try_from(number("code", CloseCode::UnknownError as u32)).unwrap_or(4000);
                    let ends = matches!(
                        CloseCode::from_code(code),
                        Some(CloseCode::SessionTimedOut | CloseCode::InvalidSequence)
                    );
                    let reason = args.member("message").as_str().unwrap_or_default();
                    self.close_with((now, world, changes), out, *peer, code, reason, ends);
                }
            }
        }
        Ok(peers.len())
    }

    /// Op 9 out of the blue: the connection has no session any more; the session waits, or is gone.
    fn invalidate(
        &mut self,
        now: Instant,
        peer: u32,
        resumable: bool,
        (world, changes): (&mut World, &mut Vec<Changes>),
        out: &mut impl Sink,
    ) {
        let until = now + self.config.limits.greeting;
        if let Some(known) = self.peers.get_mut(&peer)
            && !matches!(known.state, State::Deaf)
        {
            // An IDENTIFY that waits for its op 9 has it now.
            let before = std::mem::replace(&mut known.state, State::Greeting { until, refusal: None });
            if let State::Open(number) = before {
                self.leave(now, number, !resumable, (world, changes), out);
            }
        }
        self.say_invalid(out, peer, resumable);
    }

    /// How a request for the API is refused, when the host wants it to be.
    pub fn refuses_request(&mut self) -> Option<HttpResponse> {
        let (left, wait) = &mut self.coming.requests;
        *left = left.checked_sub(1)?;
        let mut body = Vec::new();
        Object::begin(&mut body)
            .str("message", "You are being rate limited.")
            .num("retry_after", f64::from(*wait) / 1000.0)
            .bool("global", false)
            .end();
        Some(HttpResponse { status: 429, headers: LIMITED, body })
    }

    fn set_limits(&mut self, args: Value<'_>) {
        let number = |name| args.member(name).as_whole().and_then(|number| u32::try_from(number).ok());
        let many = |name| number(name).map(|number| number as usize);
        let time = |name| number(name).map(|ms| Duration::from_millis(ms.into()));
        let limits = &mut self.config.limits;
        let put = |old: &mut Duration, new: Option<Duration>| *old = new.unwrap_or(*old);
        put(&mut limits.heartbeat, time("heartbeat_ms"));
        put(&mut limits.session, time("session_ms"));
        put(&mut limits.identify_every, time("identify_ms"));
        put(&mut limits.members_every, time("members_ms"));
        limits.replay = many("replay").unwrap_or(limits.replay);
        limits.sends = number("sends").unwrap_or(limits.sends);
        limits.presences = number("presences").unwrap_or(limits.presences);
        limits.guilds_per_shard = many("guilds_per_shard").unwrap_or(limits.guilds_per_shard);
        limits.identifies = number("identifies").unwrap_or(limits.identifies);
        limits.max_concurrency = number("max_concurrency").unwrap_or(limits.max_concurrency);
    }

    fn write_limits(&self, out: &mut Vec<u8>) {
        let limits = &self.config.limits;
        Object::begin(out)
            .count("heartbeat_ms", limits.heartbeat.as_millis())
            .count("session_ms", limits.session.as_millis())
            .count("replay", limits.replay)
            .int("sends", limits.sends.into())
            .int("presences", limits.presences.into())
            .count("guilds_per_shard", limits.guilds_per_shard)
            .count("identify_ms", limits.identify_every.as_millis())
            .count("members_ms", limits.members_every.as_millis())
            .int("identifies", limits.identifies.into())
            .int("max_concurrency", limits.max_concurrency.into())
            .end();
    }

    fn write_state(&self, world: &World, out: &mut Vec<u8>) {
        Object::begin(out)
            .with("sessions", |out| {
                array(out, self.sessions.values(), |out, session| {
                    let intents = session.intents.and_then(|intents| i64::try_from(intents.0).ok());
                    Object::begin(out)
                        .str("session_id", &session.id)
                        .opt_id("application_id", session.application.map(ApplicationId::get))
                        .id("user_id", session.user.get())
                        .int("version", session.dialect.version().into())
                        .opt_int("intents", intents)
                        .int("shard", session.shard.0.into())
                        .int("shards", session.shard.1.into())
                        .count("seq", session.seq)
                        .opt_int("peer", session.peer.map(i64::from))
                        .end();
                });
            })
            .count("connections", self.peers.len())
            .with("logins", |out| {
                let bots = world.bots().map(|bot| (bot.user, Some(bot.application), &bot.token));
                let users = world.logins().map(|login| (login.user, None, &login.token));
                array(out, bots.chain(users), |out, (user, application, token)| {
                    Object::begin(out)
                        .id("user_id", user.get())
                        .str("username", world.user(user).map_or("", |user| &user.username))
                        .opt_id("application_id", application.map(ApplicationId::get))
                        .str("token", token.reveal())
                        .end();
                });
            })
            .end();
    }
}

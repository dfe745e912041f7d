//! The host's commands: who is let in by what, what is shown of guilds, and what goes wrong.

use std::time::Duration;

use super::registry::{Account, Application, Notification};
use super::{Cx, Door, ROOM, Sink};
use crate::command::Command;
use crate::error::{Error, Status};
use crate::secret::Secret;
use crate::server::host::{arguments, conclude};
use crate::time::Instant;
use crate::value::{Document, Kind, Value};
use crate::wire::catalog;
use crate::wire::dmod::{CloseCode, NOTIFICATION_TYPES, write};
use crate::wire::host;
use crate::wire::json::{Object, array};
use crate::world::{self, GuildId, UserId, World};

/// Whether a command of the host's is for this door.
pub fn takes(name: &str) -> bool {
    host::dmod::COMMANDS.iter().any(|row| row.is_named(name))
}

impl Door {
    /// A command of the host's ([`takes`]). Its outcome is a REPLY event when it has a tag; without one only a failure is
    /// told, as a log line.
    pub fn handle_command(&mut self, now: Instant, command: &Command, world: &World, out: &mut impl Sink) {
        let Command { name, args, tag, .. } = command;
        let mut reply = Vec::new();
        let done = self.carry_out(&mut Cx { now, world, out }, name, args, &mut reply);
        conclude(ROOM, name, *tag, done.map(|()| &*reply), |event| out.event(event));
    }

    fn carry_out(
        &mut self,
        cx: &mut Cx<'_, impl Sink>,
        name: &str,
        args: &[u8],
        reply: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let mut doc = Document::new();
        let text = arguments(name, args, &mut doc)?;
        let args = doc.root();
        host::check_sandbox_name(name)?.map_or(Ok(()), |row| catalog::check(row, args))?;
        let told = match name {
            "DMOD_USER" => return self.put_user(cx.world, args, reply),
            "DMOD_GUILD" => return self.put_guild(cx.world, args, text, reply),
            "DMOD_GLOBAL" => return self.put_global(args, reply),
            "DMOD_NOTIFY" => return self.notify(cx.world, args, reply),
            "DMOD_LIMITS" => {
                self.set_limits(args);
                self.write_limits(reply);
                return Ok(());
            }
            "DMOD_STATE" => {
                self.write_state(reply);
                return Ok(());
            }
            "DMOD_EVENT" => {
                let data = args.member("data");
                let (event, data) = (
                    args.member("event").as_str().unwrap_or_default(),
                    if data.exists() { data.raw(text) } else { b"null".as_slice() },
                );
                let meant = self.meant(args)?;
                for peer in &meant {
                    self.say(cx.out, *peer, |out| write::event(out, event, data));
                }
                meant.len()
            }
            "DMOD_FAULT" => self.go_wrong(cx, args)?,
            other => return Err(Error::new(Status::Unsupported, format!("{other}: not a command of dmod's"))),
        };
        Object::begin(reply).count("peers", told).end();
        Ok(())
    }

    /// What is given, or a fresh one.
    fn secret(&mut self, given: Value<'_>, field: &str) -> Result<Secret, Error> {
        let Some(text) = given.as_str() else { return Ok(world::draw(&mut *self.entropy)) };
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::argument(format!("{field}: visible ASCII characters expected")));
        }
        Ok(Secret::new(text))
    }

    /// What this user (or anybody) is let in by. No two may be the same: it says who shows it.
    fn token(&mut self, given: Value<'_>, of: Option<UserId>) -> Result<Secret, Error> {
        let token = self.secret(given, "token")?;
        match self.registry.who(&token) {
            Some(shown_by) if shown_by != of => {
                Err(Error::argument("token: another one expected; somebody else shows this one"))
            }
            _ => Ok(token),
        }
    }

    fn user_of(&self, world: &World, args: Value<'_>) -> Result<UserId, Error> {
        let user = UserId::from(args.member("user_id").as_id().unwrap_or_default());
        match world.user(user) {
            Some(_) => Ok(user),
            None => Err(Error::argument(format!("user_id: there is no user {user}"))),
        }
    }

    fn put_user(&mut self, world: &World, args: Value<'_>, reply: &mut Vec<u8>) -> Result<(), Error> {
        let user = self.user_of(world, args)?;
        self.room(self.registry.users.len(), self.registry.users.contains_key(&user))?;
        let token = self.token(args.member("token"), Some(user))?;
        let hash = self.secret(args.member("hash"), "hash")?;
        Object::begin(reply).id("user_id", user.get()).str("token", token.reveal()).str("hash", hash.reveal()).end();
        self.registry.users.insert(user, Account { token, hash });
        Ok(())
    }

    fn room(&self, known: usize, is_known: bool) -> Result<(), Error> {
        if is_known || known < self.limits.known {
            return Ok(());
        }
        Err(Error::new(Status::Full, format!("the dmod door knows {known} already")))
    }

    fn put_guild(&mut self, world: &World, args: Value<'_>, text: &[u8], reply: &mut Vec<u8>) -> Result<(), Error> {
        let guild = GuildId::from(args.member("guild_id").as_id().unwrap_or_default());
        if world.guild(guild).is_none() {
            return Err(Error::argument(format!("guild_id: there is no guild {guild}")));
        }
        self.room(self.registry.guilds.len(), self.registry.guilds.contains_key(&guild))?;
        let given = args.member("token");
        if !given.is_none() || !self.registry.guilds.contains_key(&guild) {
            let token = self.secret(given, "token")?;
            match self.registry.guilds.get_mut(&guild) {
                Some(known) => known.token = token,
                None => drop(self.registry.guilds.insert(guild, Application::new(token))),
            }
        }
        let Some(known) = self.registry.guilds.get_mut(&guild) else { return Ok(()) };
        let text_of = |name: &str| {
            let given = args.member(name);
            given.exists().then(|| given.as_str().map(Box::from))
        };
        known.banner = text_of("banner").unwrap_or(known.banner.take());
        known.vanity = text_of("vanity").unwrap_or(known.vanity.take());
        known.premium_tier = args.member("premium_tier").as_whole().unwrap_or(known.premium_tier);
        known.verification_level = args.member("verification_level").as_whole().unwrap_or(known.verification_level);
        known.current_invite_valid =
            args.member("current_invite_valid").as_bool().unwrap_or(known.current_invite_valid);
        if args.member("emojis").kind() == Kind::Array {
            known.emojis = args.member("emojis").raw(text).into();
        }
        Object::begin(reply).id("guild_id", guild.get()).str("token", known.token.reveal()).end();
        Ok(())
    }

    fn put_global(&mut self, args: Value<'_>, reply: &mut Vec<u8>) -> Result<(), Error> {
        let token = self.token(args.member("token"), None)?;
        Object::begin(reply).str("token", token.reveal()).end();
        self.registry.global = Some(token);
        Ok(())
    }

    fn notify(&mut self, world: &World, args: Value<'_>, reply: &mut Vec<u8>) -> Result<(), Error> {
        let user = self.user_of(world, args)?;
        let kind = args.member("type").as_str().unwrap_or(NOTIFICATION_TYPES[0]).into();
        let processed = args.member("proccessed_type").as_whole().unwrap_or(0);
        let waiting = self.registry.notify(user, Notification { kind, processed }, self.limits.notifications);
        Object::begin(reply).count("waiting", waiting).end();
        Ok(())
    }

    /// The connections that are meant, of those that were let in.
    fn meant(&self, args: Value<'_>) -> Result<Vec<u32>, Error> {
        let Some(peer) = args.member("peer").as_whole() else { return Ok(self.numbers(|peer| peer.open().is_some())) };
        match u32::try_from(peer).ok().filter(|peer| self.peers.contains_key(peer)) {
            Some(peer) => Ok(vec![peer]),
            None => Err(Error::argument(format!("peer: there is no connection {peer} at the dmod door"))),
        }
    }

    fn go_wrong(&mut self, cx: &mut Cx<'_, impl Sink>, args: Value<'_>) -> Result<usize, Error> {
        let fault = args.member("fault").as_str().unwrap_or_default();
        let mut concerned = 0;
        for peer in self.meant(args)? {
            let Some(known) = self.peers.get_mut(&peer) else { continue };
            let until = cx.now + self.limits.authentication;
            let is_concerned = match fault {
                "none" => std::mem::take(&mut known.stalled),
                "stall" => !std::mem::replace(&mut known.stalled, true),
                "garbage" => {
                    cx.out.garbage(peer);
                    true
                }
                "drop" => {
                    cx.out.drop_peer(peer);
                    self.handle_gone(peer, None, cx.out);
                    true
                }
                "authenticate" => {
                    if let Some(open) = known.open_mut() {
                        open.asked = Some(until);
                    }
                    self.say(cx.out, peer, write::request_authentication);
                    true
                }
                "reauth" => self.ask_reauth(cx, peer),
                "end_session" => self.finish_session(peer, "host", cx.out),
                _ => {
                    let code = args.member("code").as_whole().and_then(|code| u16::try_from(code).ok());
                    let reason = args.member("message").as_str().unwrap_or_default();
                    self.close_with(cx.out, peer, code.unwrap_or(CloseCode::UnknownError as u16), reason);
                    true
                }
            };
            concerned += usize::from(is_concerned);
        }
        Ok(concerned)
    }

    fn set_limits(&mut self, args: Value<'_>) {
        let given = |name| args.member(name).as_whole().and_then(|number| u32::try_from(number).ok());
        let limits = &mut self.limits;
        for (name, time) in [
            ("heartbeat_ms", &mut limits.heartbeat),
            ("session_heartbeat_ms", &mut limits.session_heartbeat),
            ("authentication_ms", &mut limits.authentication),
            ("reauth_ms", &mut limits.reauth),
        ] {
            if let Some(ms) = given(name) {
                *time = Duration::from_millis(ms.into());
            }
        }
        limits.sends = given("sends").unwrap_or(limits.sends);
    }

    fn write_limits(&self, out: &mut Vec<u8>) {
        Object::begin(out)
            .count("heartbeat_ms", self.limits.heartbeat.as_millis())
            .count("session_heartbeat_ms", self.limits.session_heartbeat.as_millis())
            .count("authentication_ms", self.limits.authentication.as_millis())
            .count("reauth_ms", self.limits.reauth.as_millis())
            .int("sends", self.limits.sends.into())
            .end();
    }

    fn write_state(&self, out: &mut Vec<u8>) {
        let connections = |out: &mut Vec<u8>| {
            array(out, &self.peers, |out, (peer, known)| {
                let open = known.open();
                let guild = open.and_then(|open| open.guild.as_ref()).map(|connected| connected.guild.get());
                let session = open.and_then(|open| open.session.as_ref()).map(|live| live.guild.get());
                Object::begin(out)
                    .int("peer", (*peer).into())
                    .bool("authenticated", open.is_some())
                    .opt_id("user_id", known.user().map(UserId::get))
                    .opt_id("guild_id", guild)
                    .opt_id("session_guild_id", session)
                    .end();
            });
        };
        Object::begin(out).with("connections", connections).end();
    }
}

//! How a session begins, and how it is taken up again.

use super::guild::Shown;
use super::pace::Start;
use super::session::{Capabilities, Session, Wish, shard_of};
use super::{Cx, Door, Sink, State, TRACE};
use crate::event::{Event, EventType, LogLevel};
use crate::secret::Secret;
use crate::server::objects;
use crate::time::Instant;
use crate::value::Value;
use crate::wire::gateway::{CloseCode, Dialect, Intents, Opcode};
use crate::wire::json::{Object, array, push_int};
use crate::wire::rest::Version;
use crate::world::{self, ApplicationId, Guild, GuildId, UserId, World};

/// A bit that no document names and that clients ask for all the same (interactions.py, with all that there are): it is
/// served at Discord, and means nothing here.
const UNDOCUMENTED: u64 = 1 << 17;

/// What a client is told with a code, in Discord's words where programs compare them.
type Refused = (CloseCode, &'static str);

const BAD_TOKEN: Refused = (CloseCode::AuthenticationFailed, "Authentication failed.");
const UNREADABLE: Refused = (CloseCode::DecodeError, "Error while decoding payload.");
const BAD_SHARD: Refused = (CloseCode::InvalidShard, "Invalid shard.");
const BAD_INTENTS: Refused = (CloseCode::InvalidIntents, "Invalid intent(s).");

/// The token as it stands in `d`; some clients put the word for HTTP before it.
fn token(d: Value<'_>) -> Result<Secret, Refused> {
    let token = d.member("token").as_str().ok_or(BAD_TOKEN)?;
    Ok(Secret::new(token.strip_prefix("Bot ").unwrap_or(token)))
}

/// Whoever a token is for.
struct Who {
    /// Whose bot; `None` is a user who logged in.
    application: Option<ApplicationId>,
    user: UserId,
    refused_intents: u64,
}

impl Who {
    fn with(world: &World, token: &Secret) -> Result<Who, Refused> {
        let bot = world.bot_with(token).map(|bot| Who {
            application: Some(bot.application),
            user: bot.user,
            refused_intents: bot.refused_intents,
        });
        let user = || Some(Who { application: None, user: world.login_with(token)?.id, refused_intents: 0 });
        bot.or_else(user).ok_or(BAD_TOKEN)
    }

    fn is_user(&self) -> bool {
        self.application.is_none()
    }
}

impl Door {
    /// IDENTIFY.
    pub(super) fn identify(&mut self, cx: &mut Cx<'_, impl Sink>, peer: u32, d: Value<'_>) {
        let Some(dialect) = self.may_begin(cx, peer) else { return };
        let by_url = self.peers.get(&peer).is_some_and(|known| known.by_url);
        let dialect = if !by_url && d.member("v").as_whole() == Some(3) { Dialect::V3 } else { dialect };
        if self.sessions.len() >= self.config.limits.sessions {
            return self.close(cx, peer, CloseCode::UnknownError, "too many sessions");
        }
        if let Err((code, reason)) = self.begin(cx, peer, d, dialect) {
            self.close(cx, peer, code, reason);
        }
    }

    /// The dialect of a peer that may identify or resume now. Who has a session already is closed; who is not to be heard
    /// is not.
    fn may_begin(&mut self, cx: &mut Cx<'_, impl Sink>, peer: u32) -> Option<Dialect> {
        let known = self.peers.get(&peer)?;
        match known.state {
            State::Greeting { .. } if known.faults.deaf => self.turn_deaf(peer),
            State::Greeting { .. } => return Some(known.dialect),
            State::Open(_) => self.close(cx, peer, CloseCode::AlreadyAuthenticated, "Already authenticated."),
            State::Deaf => {}
        }
        None
    }

    pub(super) fn turn_deaf(&mut self, peer: u32) {
        if let Some(known) = self.peers.get_mut(&peer) {
            known.state = State::Deaf;
        }
    }

    fn begin(&mut self, cx: &mut Cx<'_, impl Sink>, peer: u32, d: Value<'_>, dialect: Dialect) -> Result<(), Refused> {
        let token = token(d)?;
        let who = Who::with(cx.world, &token)?;
        let properties = d.member("properties");
        if !properties.is_none() && properties.kind() != crate::value::Kind::Object {
            return Err(UNREADABLE);
        }
        let wish = Wish {
            dialect,
            intents: intents(d, &who, dialect)?,
            shard: shard(d, &who)?,
            large_threshold: threshold(d, dialect)?,
            guild_subscriptions: d.member("guild_subscriptions").as_bool().unwrap_or(true),
            capabilities: Capabilities(match who.is_user() && dialect.greets() {
                true => d.member("capabilities").as_whole().and_then(|bits| u64::try_from(bits).ok()).unwrap_or(0),
                false => 0,
            }),
        };
        match self.paces.start(cx.now, who.user, wish.shard.0, &self.config.limits) {
            Start::Granted => {}
            Start::TooSoon { told } => {
                self.wait_to_identify(cx, peer, told);
                return Ok(());
            }
            Start::Spent => {
                self.spent(cx, who.user);
                return Err(BAD_TOKEN);
            }
        }
        let guilds: Vec<GuildId> = guilds_of(cx.world, who.user, wish.shard).map(|guild| guild.id).collect();
        if guilds.len() > self.config.limits.guilds_per_shard {
            return Err((CloseCode::ShardingRequired, "Sharding required."));
        }
        let id = world::draw(&mut *self.entropy);
        let mut session = Session::new(id.reveal(), (who.application, who.user), wish, peer);
        session.guilds = guilds.iter().map(|id| (*id, false)).collect();
        self.sessions_made += 1;
        let number = self.sessions_made;
        self.sessions.insert(number, session);
        if let Some(known) = self.peers.get_mut(&peer) {
            (known.state, known.dialect) = (State::Open(number), dialect);
        }
        if d.member("compress").as_bool() == Some(true) || d.member("compress").as_str() == Some("zlib") {
            cx.out.compress(peer);
        }
        self.tell_session(cx, number, peer, "begun");
        self.say_ready(cx, number);
        // READY is the first word about the bot; what it says of itself comes after.
        self.set_presence(cx, who.user, who.application, d.member("presence"));
        if !dialect.greets() || who.is_user() {
            self.say_supplemental(cx.out, number, cx.world);
            return Ok(());
        }
        for guild in guilds {
            if cx.world.guild(guild).is_some_and(|guild| guild.available) {
                self.show_guild(cx.out, number, guild, cx.world);
            }
        }
        Ok(())
    }

    /// The bucket's last IDENTIFY was a moment ago: this one may come again on the same connection. It is `told` now, or then.
    fn wait_to_identify(&mut self, cx: &mut Cx<'_, impl Sink>, peer: u32, told: Option<Instant>) {
        let every = self.config.limits.identify_every;
        let sentence = format!("connection {peer} identified too soon: one IDENTIFY every {every:?} for each bucket");
        self.log(cx.out, LogLevel::Warn, &sentence);
        match self.peers.get_mut(&peer).filter(|_| told.is_some()) {
            Some(known) => {
                let until = told.unwrap_or(cx.now).max(cx.now) + self.config.limits.greeting;
                known.state = State::Greeting { until, refusal: told };
            }
            None => self.refuse(cx, peer),
        }
    }

    /// Op 9 for an IDENTIFY; the client has time anew.
    pub(super) fn refuse(&mut self, cx: &mut Cx<'_, impl Sink>, peer: u32) {
        if let Some(known) = self.peers.get_mut(&peer) {
            known.state = State::Greeting { until: cx.now + self.config.limits.greeting, refusal: None };
        }
        self.say_invalid(cx.out, peer, false);
    }

    /// A bot began more sessions than a day has: Discord resets its token then, and ends all its sessions.
    fn spent(&mut self, cx: &mut Cx<'_, impl Sink>, user: UserId) {
        let sentence = format!("bot {user} has begun all sessions of its day: Discord would have reset its token");
        self.log(cx.out, LogLevel::Warn, &sentence);
        let own = self.sessions.iter().filter(|(_, session)| session.user == user);
        for (number, peer) in own.map(|(number, session)| (*number, session.peer)).collect::<Vec<_>>() {
            match peer {
                Some(peer) => {
                    let (code, reason) = BAD_TOKEN;
                    self.close_with((cx.now, cx.world, cx.changes), cx.out, peer, code as u16, reason, true);
                }
                None => self.leave(cx.now, number, true, (cx.world, cx.changes), cx.out),
            }
        }
    }

    fn say_ready(&mut self, cx: &mut Cx<'_, impl Sink>, number: u64) {
        let Door { sessions, config, .. } = self;
        let Some(session) = sessions.get_mut(&number) else { return };
        let (dialect, world) = (session.dialect, &*cx.world);
        let version = Version::of(dialect);
        let mut data = std::mem::take(&mut self.data);
        data.clear();
        let mut object = Object::begin(&mut data).int("v", dialect.version().into());
        if let Some(user) = world.user(session.user) {
            object = object.with("user", |out| objects::current_user(out, user));
        }
        let private = || world.private_channels().filter(|channel| session.sees(world, channel));
        object = object.with("private_channels", |out| {
            let shown = private().filter(|_| !dialect.requires_intents() || session.is_users());
            array(out, shown, |out, one| match session.capabilities.users_once() {
                true => super::account::private_channel(out, world, one, session.user),
                false => objects::channel(out, world, one, version, session.user),
            });
        });
        object = object.with("guilds", |out| {
            array(out, session.guilds.keys(), |out, id| match world.guild(*id) {
                Some(guild) if session.has_whole_guilds() && guild.available => {
                    let people = !session.capabilities.has(Capabilities::SUPPLEMENTAL);
                    Shown { world, session, guild }.write(out, people);
                }
                _ => Object::begin(out).id("id", id.get()).bool("unavailable", true).end(),
            });
        });
        object = object.str("session_id", &session.id);
        if session.is_users() {
            object = super::account::of_ready(object, world, session);
        }
        if !dialect.greets() {
            object = object.count("heartbeat_interval", config.limits.heartbeat.as_millis()).raw("read_state", b"[]");
        } else {
            let (shard, count) = session.shard;
            object = object
                .str("session_type", "normal")
                .str("resume_gateway_url", &config.url)
                .with("shard", |out| {
                    array(out, [shard, count], |out, number| push_int(out, number.into()));
                })
                .raw("_trace", TRACE);
            if let Some(application) = session.application {
                object = object
                    .with("application", |out| {
                        let flags = objects::application_flags(world, application);
                        Object::begin(out).id("id", application.get()).int("flags", flags).end();
                    })
                    .raw("relationships", b"[]")
                    .raw("presences", b"[]")
                    .raw("user_settings", b"{}");
            }
        }
        object.end();
        if session.has_whole_guilds() {
            // Their guilds came whole.
            session.guilds.iter_mut().for_each(|(id, shown)| {
                *shown = world.guild(*id).is_some_and(|guild| guild.available);
            });
        }
        self.data = data;
        self.dispatch(cx.out, number, "READY");
    }

    /// RESUME.
    pub(super) fn resume(&mut self, cx: &mut Cx<'_, impl Sink>, peer: u32, d: Value<'_>) {
        if self.may_begin(cx, peer).is_none() {
            return;
        }
        // discord.py-self resumes no session at all when an op 9 came at the wrong moment: it has to hear that there is none.
        let id = match d.member("session_id") {
            none if none.is_none() => Some(""),
            given => given.as_str(),
        };
        let (Ok(token), Some(id)) = (token(d), id) else {
            return self.close(cx, peer, CloseCode::DecodeError, UNREADABLE.1);
        };
        let who = match Who::with(cx.world, &token) {
            Ok(who) => who,
            Err((code, reason)) => return self.close(cx, peer, code, reason),
        };
        let seq = d.member("seq").as_id();
        let found = self.sessions.iter().find(|(_, session)| *session.id == *id && session.user == who.user);
        let Some((number, session)) = found.map(|(number, session)| (*number, session)) else {
            return self.say_invalid(cx.out, peer, false);
        };
        let seq = match seq {
            Some(seq) if seq <= session.seq => seq,
            None if d.member("seq").is_none() => 0,
            // A sequence that was never sent: the client is mixed up, and its session is of no use to it.
            _ => {
                self.leave(cx.now, number, true, (cx.world, cx.changes), cx.out);
                return self.close(cx, peer, CloseCode::InvalidSequence, "Invalid seq.");
            }
        };
        if session.since(seq).is_none() {
            self.leave(cx.now, number, true, (cx.world, cx.changes), cx.out);
            return self.say_invalid(cx.out, peer, false);
        }
        let before = session.peer;
        if let Some(before) = before {
            // The client came back before its old connection was known to be gone.
            self.peers.remove(&before);
            cx.out.close(before, CloseCode::UnknownError as u16, "the session was resumed by another connection");
        }
        let Some(session) = self.sessions.get_mut(&number) else { return };
        (session.peer, session.until) = (Some(peer), None);
        let Some(known) = self.peers.get_mut(&peer) else { return };
        known.state = State::Open(number);
        for payload in session.since(seq).into_iter().flatten() {
            known.say(peer, payload, cx.out);
        }
        let greets = session.dialect.greets();
        self.tell_session(cx, number, peer, "resumed");
        self.data.clear();
        let object = Object::begin(&mut self.data).raw("_trace", TRACE);
        match greets {
            true => object.end(),
            // Without HELLO it is here that the interval is said anew.
            false => object.count("heartbeat_interval", self.config.limits.heartbeat.as_millis()).end(),
        }
        self.dispatch(cx.out, number, "RESUMED");
    }

    /// Op 9; whoever it is said to may identify on the same connection.
    pub(super) fn say_invalid(&mut self, out: &mut impl Sink, peer: u32, resumable: bool) {
        self.say(out, peer, Opcode::InvalidSession, if resumable { b"true" } else { b"false" });
    }

    /// Sends what is no dispatch.
    pub(super) fn say(&mut self, out: &mut impl Sink, peer: u32, opcode: Opcode, d: &[u8]) {
        let Some(known) = self.peers.get(&peer) else { return };
        self.data.clear();
        let object = Object::begin(&mut self.data).raw("t", b"null").raw("s", b"null").int("op", opcode as i64);
        object.raw("d", d).end();
        known.say(peer, &self.data, out);
    }

    /// Sends what stands in `data` as a dispatch, and keeps it.
    pub(super) fn dispatch(&mut self, out: &mut impl Sink, number: u64, name: &str) {
        let Some(session) = self.sessions.get_mut(&number) else { return };
        let peer = session.peer;
        let payload = session.dispatch(name, &self.data, &self.config.limits);
        if let Some((peer, known)) = peer.and_then(|peer| Some((peer, self.peers.get(&peer)?))) {
            known.say(peer, payload, out);
        }
    }

    /// Tells the host of a session.
    fn tell_session(&mut self, cx: &mut Cx<'_, impl Sink>, number: u64, peer: u32, how: &str) {
        let Some(session) = self.sessions.get(&number) else { return };
        let intents = session.intents.and_then(|intents| i64::try_from(intents.0).ok());
        let mut payload = Vec::new();
        Object::begin(&mut payload)
            .str("how", how)
            .str("session_id", &session.id)
            .opt_id("application_id", session.application.map(ApplicationId::get))
            .id("user_id", session.user.get())
            .int("version", session.dialect.version().into())
            .opt_int("intents", intents)
            .int("shard", session.shard.0.into())
            .int("shards", session.shard.1.into())
            .count("seq", session.seq)
            .end();
        let mut event = Event::new(EventType::Dispatch, "GATEWAY_SESSION");
        (event.peer, event.payload) = (peer, &payload);
        cx.out.event(event);
    }

    /// Tells the host that a session lost its connection.
    pub(super) fn tell_closed(&self, peer: u32, number: u64, code: u16, reason: &str, out: &mut impl Sink) {
        let Some(session) = self.sessions.get(&number) else {
            return self.log(out, LogLevel::Info, &format!("connection {peer} is gone: {code} {reason}"));
        };
        let mut payload = Vec::new();
        Object::begin(&mut payload)
            .str("session_id", &session.id)
            .opt_id("application_id", session.application.map(ApplicationId::get))
            .end();
        let mut event = Event::new(EventType::Dispatch, "GATEWAY_CLOSED");
        (event.peer, event.payload, event.code, event.message) = (peer, &payload, code.into(), reason);
        out.event(event);
    }
}

/// The guilds of a bot that a shard is for, by id.
pub(super) fn guilds_of(world: &World, user: UserId, (shard, count): (u32, u32)) -> impl Iterator<Item = &Guild> {
    world.guilds().filter(move |guild| guild.members.contains_key(&user) && shard_of(guild.id, count) == shard)
}

/// Needed from version 8 on; before, and for users, all events come unless some are named.
fn intents(d: Value<'_>, who: &Who, dialect: Dialect) -> Result<Option<Intents>, Refused> {
    let given = d.member("intents");
    if given.is_none() {
        return if dialect.requires_intents() && !who.is_user() { Err(BAD_INTENTS) } else { Ok(None) };
    }
    let asked = given.as_id().map(Intents).ok_or(BAD_INTENTS)?;
    if asked.unknown() & !UNDOCUMENTED != 0 {
        return Err(BAD_INTENTS);
    }
    if asked.0 & who.refused_intents & Intents::PRIVILEGED.0 != 0 {
        return Err((CloseCode::DisallowedIntents, "Disallowed intent(s)."));
    }
    Ok(Some(asked))
}

/// Users have no shards.
fn shard(d: Value<'_>, who: &Who) -> Result<(u32, u32), Refused> {
    let given = d.member("shard");
    if given.is_none() {
        return Ok((0, 1));
    }
    let number = |at| given.at(at).as_whole().and_then(|number| u32::try_from(number).ok());
    match (given.len(), number(0), number(1)) {
        (2, Some(shard), Some(count)) if shard < count && (count == 1 || !who.is_user()) => Ok((shard, count)),
        _ => Err(BAD_SHARD),
    }
}

fn threshold(d: Value<'_>, dialect: Dialect) -> Result<usize, Refused> {
    let given = d.member("large_threshold");
    if given.is_none() {
        return Ok(50);
    }
    let most = if dialect.greets() { 250 } else { i64::MAX };
    let given = given.as_whole().filter(|given| (50..=most).contains(given)).ok_or(UNREADABLE)?;
    Ok(usize::try_from(given).unwrap_or(usize::MAX))
}

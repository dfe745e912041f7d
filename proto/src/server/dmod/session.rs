//! Application sessions: one at a time for a connection, with a heartbeat of its own, and asked again who it is when what its
//! user may do has changed.

use super::guild::is_there;
use super::incoming::{Answer, Refused, done};
use super::peer::{Beat, Live};
use super::{Cx, Door, Sink};
use crate::event::{Event, EventType};
use crate::secret::Secret;
use crate::time::Instant;
use crate::value::Value;
use crate::wire::dmod::write;
use crate::wire::json::Object;
use crate::wire::rest::JsonCode;
use crate::world::{GuildId, UserId};

fn gid_of(d: Value<'_>) -> GuildId {
    GuildId::from(d.member("gid").as_id().unwrap_or_default())
}

impl Door {
    /// Whether these are the user's credentials.
    fn check_credentials(&self, user: UserId, d: Value<'_>) -> Result<(), Refused> {
        let shown = |name| Secret::new(d.member(name).as_str().unwrap_or_default());
        let known = self.registry.users.get(&user);
        if known.is_some_and(|known| known.token == shown("utokh") && known.hash == shown("uhash")) {
            return Ok(());
        }
        Err(Refused::new(JsonCode::Unauthorized, "utokh, uhash: not those of the user"))
    }

    pub(super) fn begin_session(&mut self, cx: &mut Cx<'_, impl Sink>, peer: u32, d: Value<'_>) -> Answer {
        let guild = gid_of(d);
        let Some(open) = self.peers.get(&peer).and_then(|known| known.open()) else { return Ok(None) };
        let user = open.user.filter(|user| d.member("uid").as_id() == Some(user.get()));
        let Some(user) = user else {
            return Err(Refused::new(JsonCode::MissingAccess, "uid: the user who authenticated expected"));
        };
        let before = open.session.as_ref().map(|live| live.guild);
        self.check_credentials(user, d)?;
        let is_member = is_there(cx.world, guild) && cx.world.member(guild, user).is_some();
        if !is_member || !self.registry.guilds.contains_key(&guild) {
            return Err(Refused::new(JsonCode::UnknownGuild, "gid: there is no application of a guild of the user's"));
        }
        if before.is_some_and(|before| before != guild) {
            self.finish_session(peer, "replaced", cx.out);
        }
        let authorized = cx.world.permissions_of(user, guild);
        let beat = Beat { next: cx.now + self.limits.session_heartbeat, awaited: false };
        let Some(open) = self.peers.get_mut(&peer).and_then(|known| known.open_mut()) else { return Ok(None) };
        open.session = Some(Live { guild, authorized, beat, reauth: None });
        tell_session(peer, user, guild, None, cx.out);
        done(|object| object.id("gid", guild.get()).str("permissions", &authorized.0.to_string()))
    }

    pub(super) fn end_session(&mut self, cx: &mut Cx<'_, impl Sink>, peer: u32, d: Value<'_>) -> Answer {
        let guild = gid_of(d);
        let Some(open) = self.peers.get_mut(&peer).and_then(|known| known.open_mut()) else { return Ok(None) };
        if open.session.take_if(|live| live.guild == guild).is_none() {
            return Err(Refused::new(JsonCode::UnknownGuild, "gid: there is no session of that guild's"));
        }
        if let Some(user) = open.user {
            tell_session(peer, user, guild, Some("asked"), cx.out);
        }
        done(|object| object)
    }

    pub(super) fn reauth(&mut self, cx: &mut Cx<'_, impl Sink>, peer: u32, d: Value<'_>) -> Answer {
        let Some(open) = self.peers.get(&peer).and_then(|known| known.open()) else { return Ok(None) };
        let (Some(user), Some(live)) = (open.user, &open.session) else {
            return Err(Refused::new(JsonCode::UnknownGuild, "there is no session"));
        };
        let (guild, past) = (live.guild, live.authorized.0.to_string());
        self.check_credentials(user, d)?;
        if d.member("pm").as_str() != Some(&past) {
            return Err(Refused::new(JsonCode::InvalidForm, "pm: what the user could do before expected"));
        }
        let authorized = cx.world.permissions_of(user, guild);
        if let Some(live) = self.live(peer) {
            (live.authorized, live.reauth) = (authorized, None);
        }
        done(|object| object.str("permissions", &authorized.0.to_string()))
    }

    /// The session's sign of life, which has no reply. One that comes when the session has just ended is no mistake.
    pub(super) fn beat_session(&mut self, peer: u32) -> Answer {
        if let Some(live) = self.live(peer) {
            live.beat.awaited = false;
        }
        Ok(None)
    }

    fn live(&mut self, peer: u32) -> Option<&mut Live> {
        self.peers.get_mut(&peer)?.open_mut()?.session.as_mut()
    }

    /// After a change: whether the session may go on, and as whom.
    pub(super) fn look_after_session(&mut self, cx: &mut Cx<'_, impl Sink>, peer: u32) {
        let Some(open) = self.peers.get(&peer).and_then(|known| known.open()) else { return };
        let (Some(user), Some(live)) = (open.user, &open.session) else { return };
        let guild = live.guild;
        if !is_there(cx.world, guild) {
            self.finish_session(peer, "gone", cx.out);
        } else if cx.world.member(guild, user).is_none() {
            self.finish_session(peer, "left", cx.out);
        } else if live.reauth.is_none() && live.authorized != cx.world.permissions_of(user, guild) {
            self.ask_reauth(cx, peer);
        }
    }

    /// Wants the session's credentials again; whether there is one.
    pub(super) fn ask_reauth(&mut self, cx: &mut Cx<'_, impl Sink>, peer: u32) -> bool {
        let until = cx.now + self.limits.reauth;
        let Some(user) = self.peers.get(&peer).and_then(|known| known.user()) else { return false };
        let Some(live) = self.live(peer) else { return false };
        live.reauth = Some(until);
        let guild = live.guild;
        let permissions = cx.world.permissions_of(user, guild).0.to_string();
        let mut d = Vec::new();
        Object::begin(&mut d).id("gid", guild.get()).str("permissions", &permissions).end();
        self.say(cx.out, peer, |out| write::event(out, "APPLICATION_SESSION_REAUTH", &d));
        true
    }

    /// Ends a session from this side, and says so; whether there was one.
    pub(super) fn finish_session(&mut self, peer: u32, reason: &str, out: &mut impl Sink) -> bool {
        let Some(open) = self.peers.get_mut(&peer).and_then(|known| known.open_mut()) else { return false };
        let (Some(live), Some(user)) = (open.session.take(), open.user) else { return false };
        let mut d = Vec::new();
        Object::begin(&mut d).id("gid", live.guild.get()).str("reason", reason).end();
        self.say(out, peer, |out| write::event(out, "APPLICATION_SESSION_END", &d));
        tell_session(peer, user, live.guild, Some(reason), out);
        true
    }

    /// Its time: the heartbeat, and the credentials that did not come.
    pub(super) fn time_session(&mut self, now: Instant, peer: u32, out: &mut impl Sink) {
        let next = now + self.limits.session_heartbeat;
        // Who is told nothing cannot answer.
        let awaited = self.peers.get(&peer).is_some_and(|known| !known.stalled);
        let Some(live) = self.live(peer) else { return };
        if live.reauth.is_some_and(|until| until <= now) {
            self.finish_session(peer, "reauth", out);
        } else if live.beat.next <= now {
            if live.beat.awaited {
                self.finish_session(peer, "heartbeat", out);
                return;
            }
            live.beat = Beat { next, awaited };
            let guild = live.guild;
            let mut d = Vec::new();
            Object::begin(&mut d).id("gid", guild.get()).end();
            self.say(out, peer, |out| write::event(out, "APPLICATION_SESSION_HB_P", &d));
        }
    }
}

/// Tells the host; without a reason it began.
pub(super) fn tell_session(peer: u32, user: UserId, guild: GuildId, ended: Option<&str>, out: &mut impl Sink) {
    let mut data = Vec::new();
    let object = Object::begin(&mut data)
        .str("how", if ended.is_some() { "ended" } else { "begun" })
        .id("user_id", user.get())
        .id("guild_id", guild.get());
    match ended {
        Some(reason) => object.str("reason", reason).end(),
        None => object.end(),
    }
    let mut event = Event::new(EventType::Dispatch, "DMOD_SESSION");
    (event.payload, event.peer) = (&data, peer);
    out.event(event);
}

//! What a client sends besides IDENTIFY and RESUME.

use super::peer::patience;
use super::{Cx, Door, Sink, State};
use crate::event::LogLevel;
use crate::server::rpc::activity;
use crate::value::{Document, Kind, Value};
use crate::wire::gateway::{By, CloseCode, Opcode};
use crate::world::{ApplicationId, ChannelId, GuildId, Operation, Presence, Status, UserId, World};

const UNKNOWN_OPCODE: &str = "Unknown opcode.";
const UNREADABLE: &str = "Error while decoding payload.";

impl Door {
    /// Reads a payload and does what it says.
    pub(super) fn read(&mut self, cx: &mut Cx<'_, impl Sink>, peer: u32, payload: &[u8]) {
        let mut doc = std::mem::take(&mut self.doc);
        if doc.parse(payload).is_err() || doc.root().kind() != Kind::Object {
            self.close(cx, peer, CloseCode::DecodeError, UNREADABLE);
        } else {
            self.obey(cx, peer, &doc);
        }
        doc.shrink_to(64 << 10);
        self.doc = doc;
    }

    fn obey(&mut self, cx: &mut Cx<'_, impl Sink>, peer: u32, doc: &Document) {
        let (op, d) = (doc.root().member("op"), doc.root().member("d"));
        let Some(op) = op.as_whole() else { return self.close(cx, peer, CloseCode::DecodeError, UNREADABLE) };
        let opcode = u32::try_from(op).ok().and_then(Opcode::from_code);
        let Some(known) = self.peers.get_mut(&peer) else { return };
        let open = match known.state {
            State::Open(number) => Some(number),
            State::Greeting { .. } | State::Deaf => None,
        };
        match (opcode, open) {
            (Some(Opcode::Heartbeat), _) => {
                known.beat_by = cx.now + patience(&self.config.limits);
                // Version 3 has no answer to it.
                if !known.faults.refuses_ack && known.dialect.greets() {
                    self.say(cx.out, peer, Opcode::HeartbeatAck, b"null");
                }
            }
            (Some(Opcode::Identify), _) => self.identify(cx, peer, d),
            (Some(Opcode::Resume), _) => self.resume(cx, peer, d),
            (_, None) => self.close(cx, peer, CloseCode::NotAuthenticated, "Not authenticated."),
            (Some(Opcode::PresenceUpdate), Some(number)) => {
                let most = self.config.limits.presences;
                let Some(session) = self.sessions.get_mut(&number) else { return };
                let (user, application) = (session.user, session.application);
                let (_, within) = session.dialect.presence_pace();
                if !session.presences.take(cx.now, most, within) {
                    let sentence = format!(
                        "connection {peer}: a presence was dropped, more than {most} in {} s",
                        within.as_secs()
                    );
                    return self.log(cx.out, LogLevel::Warn, &sentence);
                }
                self.set_presence(cx, user, application, d);
            }
            (Some(Opcode::VoiceStateUpdate), Some(number)) => self.set_voice(cx, peer, number, d),
            (Some(Opcode::RequestGuildMembers), Some(number)) => self.members(cx, number, d),
            (Some(other), Some(number)) if other.row().by == By::Client => self.asked(cx, number, other, d),
            (_, Some(_)) => self.close(cx, peer, CloseCode::UnknownOpcode, UNKNOWN_OPCODE),
        }
    }

    /// Does something to the world; what comes of it is for every door.
    pub(super) fn apply(&mut self, cx: &mut Cx<'_, impl Sink>, operation: Operation) {
        match cx.world.apply(cx.now, operation) {
            Ok(changes) => cx.changes.push(changes),
            Err(error) => self.log(cx.out, LogLevel::Warn, &format!("a bot's wish was not granted: {error}")),
        }
    }

    /// Status and activities, of `presence` of IDENTIFY or of op 3. The world shows one activity of a user.
    pub(super) fn set_presence(
        &mut self,
        cx: &mut Cx<'_, impl Sink>,
        user: UserId,
        application: Option<ApplicationId>,
        d: Value<'_>,
    ) {
        // The local user is there as the host says, and does what its games say.
        if user == cx.world.local_user().id {
            return;
        }
        let status = match d.member("status").as_str() {
            Some("invisible") => Status::Offline,
            Some(name) => Status::from_name(name).unwrap_or(Status::Online),
            // `since` of old versions means idle.
            None if d.member("idle_since").as_f64().is_some() => Status::Idle,
            None => Status::Online,
        };
        let (many, one) = (d.member("activities"), d.member("game"));
        let given = if many.is_empty() { one } else { many.at(0) };
        // A user's own names its application, if it has one.
        let application = application.or_else(|| given.member("application_id").as_id().map(ApplicationId::from));
        let shown = application.filter(|_| given.kind() == Kind::Object);
        let activity = shown.map(|application| (application, Box::new(activity::read(given))));
        self.apply(cx, Operation::SetPresence { user, presence: Presence { status, activity } });
    }

    fn set_voice(&mut self, cx: &mut Cx<'_, impl Sink>, peer: u32, number: u64, d: Value<'_>) {
        let Some(session) = self.sessions.get(&number) else { return };
        let user = session.user;
        let channel = d.member("channel_id");
        let guild = d.member("guild_id").as_id().map(GuildId::from);
        if !channel.is_none() && channel.as_id().is_none() || d.kind() != Kind::Object {
            return self.close(cx, peer, CloseCode::DecodeError, UNREADABLE);
        }
        let Some(channel) = channel.as_id().map(ChannelId::from) else {
            let here = cx.world.voice_state(user).is_some()
                && guild.is_none_or(|guild| self.places.get(&user) == Some(&guild));
            if here {
                self.apply(cx, Operation::LeaveVoice(user));
            }
            return;
        };
        let of = cx.world.channel(channel).and_then(|channel| channel.guild);
        if of != guild {
            return self.log(cx.out, LogLevel::Warn, &format!("voice: channel {channel} is not in that guild"));
        }
        let is_there = |world: &World| world.voice_state(user).is_some_and(|state| state.channel == channel);
        let comes = !is_there(cx.world);
        if comes {
            self.apply(cx, Operation::JoinVoice { user, channel });
        }
        if !is_there(cx.world) {
            return;
        }
        let flag = |name| d.member(name).as_bool();
        let (self_mute, self_deaf) = (flag("self_mute"), flag("self_deaf"));
        let told = cx.changes.len();
        self.apply(cx, Operation::EditVoice { user, self_mute, self_deaf });
        // Who comes in is shown as they are now, so that it is told once. The local user's are settings, too.
        if comes && user != cx.world.local_user().id {
            cx.changes.truncate(told);
        }
    }
}

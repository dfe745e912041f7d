//! What peers ask for: the envelope, who may, and the commands.

use std::borrow::Cow;

use super::peer::{Open, Standing};
use super::subscription::Topic;
use super::{Cx, Door, Sink, activity, notify, objects};
use crate::value::{Kind, Value};
use crate::wire::catalog::{self, Row, Scopes};
use crate::wire::ipc::Opcode;
use crate::wire::json::Object;
use crate::wire::rpc::{self, ErrorCode};
use crate::world::{self, Changes, Operation};

/// Why a command was refused.
#[derive(Debug)]
pub(super) struct Refusal {
    code: ErrorCode,
    message: Cow<'static, str>,
}

impl Refusal {
    pub(super) fn new(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Self {
        Refusal { code, message: message.into() }
    }

    /// The arguments do not fit; the sentence names the field.
    pub(super) fn argument(error: crate::error::Error) -> Self {
        Refusal::new(ErrorCode::InvalidPayload, error.message)
    }
}

impl From<world::Error> for Refusal {
    fn from(error: world::Error) -> Self {
        let code = match error {
            world::Error::UnknownUser(_) | world::Error::NotAMember(_) | world::Error::NotAsked(_) => {
                ErrorCode::InvalidUser
            }
            world::Error::UnknownGuild(_) | world::Error::Unavailable(_) => ErrorCode::InvalidGuild,
            world::Error::UnknownChannel(_) => ErrorCode::InvalidChannel,
            world::Error::Forbidden(_) | world::Error::Locked(_) => ErrorCode::InvalidPermissions,
            world::Error::UnknownMessage(_)
            | world::Error::UnknownRole(_)
            | world::Error::UnknownEntitlement(_)
            | world::Error::TooMany(_) => ErrorCode::InvalidPayload,
            world::Error::UnknownApplication(_) => ErrorCode::InvalidClientId,
            world::Error::UnknownSession(_) => ErrorCode::Unknown,
            world::Error::Invalid(_) => ErrorCode::InvalidPayload,
            world::Error::BadToken => ErrorCode::InvalidToken,
            world::Error::NotATester(_) | world::Error::BadClient | world::Error::BadGrant(_) => ErrorCode::OAuth2,
        };
        Refusal::new(code, error.to_string())
    }
}

/// What follows the reply.
#[derive(Debug)]
pub(super) enum Effect {
    /// Nothing.
    None,
    /// No reply yet: the host was asked.
    Asked(u64),
    /// The world changed.
    Changed(Changes),
    /// The host hears this.
    Notice(&'static str, Vec<u8>),
}

/// The commands that this door carries out.
#[derive(Clone, Copy, Debug)]
enum Served {
    Authorize,
    Authenticate,
    GetGuilds,
    Subscribe,
    Unsubscribe,
    SetActivity,
    AnswerJoin { accepted: bool },
}

impl Served {
    fn named(name: &str) -> Option<Served> {
        Some(match name {
            "AUTHORIZE" => Served::Authorize,
            "AUTHENTICATE" => Served::Authenticate,
            "GET_GUILDS" => Served::GetGuilds,
            "SUBSCRIBE" => Served::Subscribe,
            "UNSUBSCRIBE" => Served::Unsubscribe,
            "SET_ACTIVITY" => Served::SetActivity,
            "SEND_ACTIVITY_JOIN_INVITE" => Served::AnswerJoin { accepted: true },
            "CLOSE_ACTIVITY_REQUEST" => Served::AnswerJoin { accepted: false },
            _ => return None,
        })
    }
}

/// The events that this door delivers.
const DELIVERED: [&str; 4] = ["ACTIVITY_JOIN", "ACTIVITY_SPECTATE", "ACTIVITY_JOIN_REQUEST", "GUILD_CREATE"];

/// One command of one peer.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) peer: u32,
    pub(super) row: &'static Row,
    pub(super) root: Value<'a>,
    pub(super) args: Value<'a>,
    /// The nonce's JSON, as it came.
    pub(super) nonce: &'a [u8],
}

impl Door {
    /// Answers one message of a peer that is in.
    pub(super) fn command(&mut self, cx: &mut Cx<'_, impl Sink>, peer: u32, payload: &[u8]) {
        let (mut doc, mut frame) = (std::mem::take(&mut self.doc), std::mem::take(&mut self.frame));
        frame.clear();
        let parsed = doc.parse(payload).map_err(|error| format!("the payload is not JSON: {error}"));
        let root = doc.root();
        let nonce = match root.member("nonce") {
            nonce if nonce.exists() => nonce.raw(payload),
            _ => b"null",
        };
        let name = root.member("cmd").as_str();
        let cmd = name.unwrap_or("DISPATCH");
        let answered = match (parsed, root.kind(), name) {
            (Err(sentence), _, _) => Err(Refusal::new(ErrorCode::InvalidPayload, sentence)),
            (Ok(()), Kind::Object, Some(name)) => {
                reply_begin(&mut frame, name);
                self.answer(cx, peer, name, root, nonce, &mut frame)
            }
            (Ok(()), Kind::Object, None) => {
                Err(Refusal::new(ErrorCode::InvalidPayload, "cmd: the name of a command expected, as a string"))
            }
            _ => Err(Refusal::new(ErrorCode::InvalidPayload, "the payload must be a JSON object")),
        };
        match answered {
            Ok(effect) => {
                if let Some(Open { standing: standing @ Standing::Idle { .. }, .. }) =
                    self.peers.get_mut(&peer).and_then(|peer| peer.open_mut())
                {
                    *standing = Standing::Anonymous;
                }
                if !matches!(effect, Effect::Asked(_)) {
                    reply_end(&mut frame, nonce);
                    cx.out.send(peer, Opcode::Frame, &frame);
                }
                (self.doc, self.frame) = (doc, frame);
                self.take_effect(cx, peer, effect);
            }
            Err(refusal) => {
                error(&mut frame, cmd, &refusal, nonce);
                cx.out.send(peer, Opcode::Frame, &frame);
                (self.doc, self.frame) = (doc, frame);
            }
        }
        self.doc.shrink_to(self.config.limits.message_bytes);
        self.frame.shrink_to(self.config.limits.message_bytes);
    }

    pub(super) fn take_effect(&mut self, cx: &mut Cx<'_, impl Sink>, peer: u32, effect: Effect) {
        match effect {
            Effect::None => {}
            Effect::Changed(changes) => {
                self.fan_out(cx, peer, &changes);
            }
            Effect::Notice(name, payload) => notify(cx.out, peer, name, &payload),
            Effect::Asked(request) => self.ask(cx, request),
        }
    }

    /// Carries a command out, writing its reply's `data`.
    fn answer(
        &mut self,
        cx: &mut Cx<'_, impl Sink>,
        peer: u32,
        name: &str,
        root: Value<'_>,
        nonce: &[u8],
        data: &mut Vec<u8>,
    ) -> Result<Effect, Refusal> {
        let Some(row) = rpc::command(name).filter(|row| row.callable) else {
            let name: String = name.chars().take(64).collect();
            return Err(Refusal::new(ErrorCode::InvalidCommand, format!("there is no command {name:?}")));
        };
        let args = root.member("args");
        let call = Call { peer, row, root, args, nonce };
        self.permit(peer, row.name, row.scopes)?;
        let Some(served) = Served::named(row.name) else {
            return Err(Refusal::new(
                ErrorCode::InvalidCommand,
                format!("{}: this server does not carry it out yet", row.name),
            ));
        };
        if !matches!(served, Served::Authorize | Served::Subscribe | Served::Unsubscribe) {
            catalog::check(row, args).map_err(Refusal::argument)?;
        }
        match served {
            Served::Authorize => self.authorize(cx, call, data),
            Served::Authenticate => self.authenticate(cx, call, data),
            Served::GetGuilds => {
                let cdn_host = &*self.config.cdn_host;
                Object::begin(data)
                    .with("guilds", |out| {
                        objects::array(out, cx.world.guilds(), |out, guild| objects::guild(out, guild, cdn_host));
                    })
                    .end();
                Ok(Effect::None)
            }
            Served::Subscribe => {
                let topic = self.topic(call)?;
                if !self.subscriptions.add(peer, topic, self.config.limits.subscriptions) {
                    let most = self.config.limits.subscriptions;
                    return Err(Refusal::new(ErrorCode::InvalidEvent, format!("{most} subscriptions are the most")));
                }
                Object::begin(data).str("evt", topic.event).end();
                Ok(Effect::None)
            }
            Served::Unsubscribe => {
                let topic = self.topic(call)?;
                self.subscriptions.remove(peer, topic);
                Object::begin(data).str("evt", topic.event).end();
                Ok(Effect::None)
            }
            Served::SetActivity => self.set_activity(cx, call, data),
            Served::AnswerJoin { accepted } => self.answer_join(cx, call, accepted, data),
        }
    }

    /// Whether the peer holds a scope that opens this.
    fn permit(&self, peer: u32, what: &str, scopes: Scopes) -> Result<(), Refusal> {
        let peer = self.peers.get(&peer);
        if scopes.allow(|scope| peer.is_some_and(|peer| peer.holds(scope))) {
            return Ok(());
        }
        let needed = match scopes {
            Scopes::AnyOf(any_of) | Scopes::InChannel { any_of, .. } => any_of.join(" or "),
            Scopes::Open | Scopes::OfEvent => String::new(),
        };
        let sentence = match peer.and_then(|peer| peer.scopes()) {
            Some(_) => format!("{what}: the token lacks the scope {needed}"),
            None => format!("{what}: not authenticated; the scope {needed} is needed"),
        };
        Err(Refusal::new(ErrorCode::InvalidPermissions, sentence))
    }

    /// What a SUBSCRIBE or UNSUBSCRIBE is about. `evt` stands beside `args`, so the event's own row checks them.
    fn topic(&self, call: Call<'_>) -> Result<Topic, Refusal> {
        let invalid = |sentence: &'static str| Refusal::new(ErrorCode::InvalidEvent, sentence);
        let name =
            call.root.member("evt").as_str().ok_or(invalid("evt: the name of an event expected, as a string"))?;
        let row = rpc::event(name).ok_or(invalid("evt: there is no such event"))?;
        if !row.callable {
            return Err(invalid("evt: this event comes unasked and can't be subscribed to"));
        }
        self.permit(call.peer, row.name, row.scopes)?;
        if !DELIVERED.contains(&row.name) {
            return Err(Refusal::new(
                ErrorCode::InvalidCommand,
                format!("{}: this server does not deliver it yet", row.name),
            ));
        }
        catalog::check(row, call.args).map_err(Refusal::argument)?;
        let subject = row.args.first().and_then(|arg| call.args.member(arg.name).as_id());
        Ok(Topic { event: row.name, subject: subject.unwrap_or(0) })
    }

    fn set_activity(
        &mut self,
        cx: &mut Cx<'_, impl Sink>,
        call: Call<'_>,
        data: &mut Vec<u8>,
    ) -> Result<Effect, Refusal> {
        let Open { client, session, .. } = self.open(call.peer)?;
        let value = call.args.member("activity");
        let activity = (!value.is_none()).then(|| Box::new(activity::read(value)));
        let set = activity.is_some();
        let changes = cx.world.apply(cx.now, Operation::SetActivity { session: *session, activity })?;
        let shown = cx.world.session(*session).and_then(|session| session.activity.as_ref()).filter(|_| set);
        match (shown, cx.world.application(*client)) {
            (Some(shown), Some(application)) => activity::write(data, shown, &application),
            _ => data.extend_from_slice(b"null"),
        }
        Ok(Effect::Changed(changes))
    }

    fn answer_join(
        &mut self,
        cx: &mut Cx<'_, impl Sink>,
        call: Call<'_>,
        accepted: bool,
        data: &mut Vec<u8>,
    ) -> Result<Effect, Refusal> {
        let Open { client, session, .. } = *self.open(call.peer)?;
        let from = call.args.member("user_id").as_id().unwrap_or_default().into();
        let answer = Operation::AnswerJoin { from, application: client, session, accepted };
        let changes = cx.world.apply(cx.now, answer)?;
        data.extend_from_slice(b"null");
        Ok(Effect::Changed(changes))
    }

    pub(super) fn open(&self, peer: u32) -> Result<&Open, Refusal> {
        let open = self.peers.get(&peer).and_then(|peer| peer.open());
        open.ok_or(Refusal::new(ErrorCode::InvalidPermissions, "the connection has not begun"))
    }
}

/// An event: `{"cmd":"DISPATCH","data":{..},"evt":"READY","nonce":null}`.
pub(super) fn dispatch(frame: &mut Vec<u8>, event: &str, data: impl FnOnce(&mut Vec<u8>)) {
    frame.clear();
    Object::begin(frame).str("cmd", "DISPATCH").with("data", data).str("evt", event).raw("nonce", b"null").end();
}

/// The part of a reply before its data; [`reply_end`] is the part behind.
pub(super) fn reply_begin(frame: &mut Vec<u8>, cmd: &str) {
    frame.clear();
    Object::begin(frame).str("cmd", cmd).raw("data", b"").end();
    frame.pop();
}

/// See [`reply_begin`].
pub(super) fn reply_end(frame: &mut Vec<u8>, nonce: &[u8]) {
    frame.extend_from_slice(b",\"evt\":null,\"nonce\":");
    frame.extend_from_slice(nonce);
    frame.push(b'}');
}

/// The refusal of a command. One that could not be read is refused under the name of DISPATCH, as events come.
pub(super) fn error(frame: &mut Vec<u8>, cmd: &str, refusal: &Refusal, nonce: &[u8]) {
    frame.clear();
    Object::begin(frame)
        .str("cmd", cmd)
        .with("data", |out| {
            Object::begin(out).int("code", refusal.code as i64).str("message", &refusal.message).end();
        })
        .str("evt", "ERROR")
        .raw("nonce", nonce)
        .end();
}

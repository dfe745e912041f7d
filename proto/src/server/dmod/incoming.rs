//! What a client sends: who it is, its signs of life, and its commands.

use super::peer::{Beat, Open, State};
use super::{Cx, Door, Sink, log};
use crate::error::Error;
use crate::event::{Event, EventType, LogLevel};
use crate::secret::Secret;
use crate::value::{Kind, Value};
use crate::wire::catalog;
use crate::wire::dmod::{self, CloseCode, Envelope, Opcode, write};
use crate::wire::json::Object;
use crate::wire::rest::JsonCode;
use crate::world::UserId;

/// Scratch that is larger than this is given back.
const KEEP: usize = 64 * 1024;

/// Why a command is refused: a code for programs, and a sentence.
pub(super) struct Refused(pub(super) JsonCode, pub(super) String);

impl Refused {
    pub(super) fn new(code: JsonCode, sentence: &str) -> Refused {
        Refused(code, sentence.to_owned())
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Refused {
        Refused(JsonCode::InvalidForm, error.message.into_owned())
    }
}

/// What a command is answered with: the `data` of its reply, or nothing at all.
pub(super) type Answer = Result<Option<Vec<u8>>, Refused>;

impl Door {
    /// Reads a message and does what it says.
    pub(super) fn read(&mut self, cx: &mut Cx<'_, impl Sink>, peer: u32, payload: &[u8]) {
        let mut doc = std::mem::take(&mut self.doc);
        match Envelope::read(&mut doc, payload) {
            Ok(message) => self.obey(cx, peer, message),
            Err(error) => self.close(cx.out, peer, CloseCode::DecodeError, &error.message),
        }
        doc.shrink_to(KEEP);
        self.doc = doc;
    }

    fn obey(&mut self, cx: &mut Cx<'_, impl Sink>, peer: u32, message: Envelope<'_>) {
        let Envelope { op, name, d } = message;
        let Some(known) = self.peers.get_mut(&peer) else { return };
        match (op, &mut known.state) {
            (Ok(Opcode::Authenticate), _) => self.authenticate(cx, peer, d),
            (Ok(Opcode::HeartbeatReply), State::Open(open)) => open.beat.awaited = false,
            (Ok(Opcode::HeartbeatReply), State::Greeting { .. }) => {}
            (Ok(Opcode::Command | Opcode::Reply), State::Greeting { .. }) => {
                self.close(cx.out, peer, CloseCode::NotAuthenticated, "op 1 expected first");
            }
            (Ok(Opcode::Command | Opcode::Reply), State::Open(_)) if name.is_empty() => {
                self.close(cx.out, peer, CloseCode::DecodeError, "cmd: a command's name expected");
            }
            (Ok(Opcode::Command | Opcode::Reply), State::Open(_)) => self.command(cx, peer, name, d),
            (Ok(other), _) => {
                let reason = format!("op {} is the server's", other as u8);
                self.close(cx.out, peer, CloseCode::UnknownOpcode, &reason);
            }
            (Err(number), _) => {
                self.close(cx.out, peer, CloseCode::UnknownOpcode, &format!("there is no op {number}"));
            }
        }
    }

    /// Op 1.
    fn authenticate(&mut self, cx: &mut Cx<'_, impl Sink>, peer: u32, d: Value<'_>) {
        if self.peers.get(&peer).and_then(|known| known.open()).is_some_and(|open| open.asked.is_none()) {
            return self.close(cx.out, peer, CloseCode::AlreadyAuthenticated, "op 1 was not asked for");
        }
        let (token, uid) = (d.member("token"), d.member("uid"));
        let is_text = |value: Value<'_>| value.is_none() || value.kind() == Kind::Str;
        if d.kind() != Kind::Object || !is_text(token) || !uid.is_none() && uid.as_id().is_none() {
            let reason = "op 1: {token, uid} expected, each a string or null";
            return self.close(cx.out, peer, CloseCode::DecodeError, reason);
        }
        let shown = token.as_str().map(Secret::new);
        let user = match shown.map_or(Some(None), |token| self.registry.who(&token)) {
            Some(user) => user,
            None => return self.close(cx.out, peer, CloseCode::AuthenticationFailed, "token: not known here"),
        };
        // Who shows no token of a user's is nobody in particular, whatever `uid` says.
        if let (Some(user), Some(uid)) = (user, uid.as_id())
            && user != UserId::from(uid)
        {
            let reason = "uid: the token is another user's";
            return self.close(cx.out, peer, CloseCode::AuthenticationFailed, reason);
        }
        let next = cx.now + self.limits.heartbeat;
        let Some(known) = self.peers.get_mut(&peer) else { return };
        match &mut known.state {
            // What a connection has is its user's.
            State::Open(open) if open.user == user => open.asked = None,
            state => {
                let beat = Beat { next, awaited: false };
                *state = State::Open(Open { user, beat, asked: None, guild: None, session: None });
            }
        }
        let mut missed = Vec::new();
        self.registry.write_missed(user, &mut missed);
        self.say(cx.out, peer, |out| write::authenticated(out, |out| out.extend_from_slice(&missed)));
        let mut data = Vec::new();
        Object::begin(&mut data).opt_id("user_id", user.map(UserId::get)).end();
        let mut event = Event::new(EventType::Dispatch, "DMOD_AUTHENTICATED");
        (event.payload, event.peer) = (&data, peer);
        cx.out.event(event);
    }

    /// A command, with whichever of the two opcodes.
    fn command(&mut self, cx: &mut Cx<'_, impl Sink>, peer: u32, name: &str, d: Value<'_>) {
        // Only names of the wire: the other ones are for programs.
        let row = dmod::COMMANDS.iter().find(|row| row.name == name);
        let answer = match row {
            None => {
                log(cx.out, LogLevel::Info, "a command that is none was refused");
                Err(Refused::new(JsonCode::General, "cmd: there is no such command"))
            }
            Some(row) => match catalog::check(row, d) {
                Err(error) => Err(error.into()),
                Ok(()) => match name {
                    "CONNECT_GUILD" => self.connect_guild(cx, peer, d),
                    "DESCONNECT_GUILD" => self.disconnect_guild(peer, d),
                    "APPLICATION_SESSION" => self.begin_session(cx, peer, d),
                    "APPLICATION_SESSION_END" => self.end_session(cx, peer, d),
                    "APPLICATION_SESSION_REAUTH" => self.reauth(cx, peer, d),
                    _ => self.beat_session(peer),
                },
            },
        };
        let data = match answer {
            Ok(None) => return,
            Ok(Some(data)) => data,
            Err(Refused(code, sentence)) => {
                let mut data = Vec::new();
                Object::begin(&mut data)
                    .bool("success", false)
                    .int("code", code as i64)
                    .str("message", &sentence)
                    .end();
                data
            }
        };
        self.say(cx.out, peer, |out| write::reply(out, name, &data));
    }
}

/// `{"success": true}`, with more members.
pub(super) fn done(more: impl FnOnce(Object<'_>) -> Object<'_>) -> Answer {
    let mut data = Vec::new();
    more(Object::begin(&mut data).bool("success", true)).end();
    Ok(Some(data))
}

//! From the wire to the program: the eight opcodes as they arrive.

use super::kept::Wish;
use super::outgoing::{Outcome, conclude};
use super::requests::{By, Request};
use super::{AUTHENTICATION_TIMEOUT, Client, Sink, State, Told, log};
use crate::error::{ProtocolError, Status};
use crate::event::{Event, EventType, LogLevel};
use crate::time::Instant;
use crate::value::Value;
use crate::wire::dmod::{Envelope, MAX_NAME, Opcode};
use crate::wire::json::Object;

/// Scratch that is larger than this is given back.
const KEEP: usize = 64 * 1024;

impl Client {
    /// A message came. The events that it causes are delivered before this returns.
    ///
    /// # Errors
    /// The message is none of the gateway's: drop the transport, then call [`Client::handle_closed`].
    pub fn handle_frame(&mut self, now: Instant, text: &[u8], out: &mut impl Sink) -> Result<(), ProtocolError> {
        match &mut self.state {
            State::Greeting { .. } | State::Authenticating { .. } => {}
            State::Ready { heard, .. } => *heard = now,
            // It was on its way when the connection was given up.
            State::New | State::Waiting { .. } | State::Opening { .. } | State::Finished => return Ok(()),
        }
        let mut doc = std::mem::take(&mut self.doc);
        let result = match Envelope::read(&mut doc, text) {
            Ok(message) => self.obey(now, message, text, out),
            Err(error) => Err(error),
        };
        doc.shrink_to(KEEP);
        self.doc = doc;
        result
    }

    fn obey(
        &mut self,
        now: Instant,
        message: Envelope<'_>,
        text: &[u8],
        out: &mut impl Sink,
    ) -> Result<(), ProtocolError> {
        let Envelope { op, name, d } = message;
        let op = match op {
            Ok(op) => op,
            Err(number) => {
                log(out, LogLevel::Debug, &format!("op {number} is not known, and was ignored"));
                return Ok(());
            }
        };
        match op {
            Opcode::RequestAuthentication => self.asked(now, out),
            Opcode::Authenticated => return self.let_in(now, d.raw(text), out),
            Opcode::Heartbeat => self.beat(out),
            // A server's wish may come as an event, or as the command that grants it: the document draws op 6 its way.
            Opcode::Event if name.is_empty() => {
                return Err(ProtocolError::protocol("an event has no ev; an event name expected"));
            }
            Opcode::Event | Opcode::Command | Opcode::Reply if !name.is_empty() => self.event(now, name, d, text, out),
            Opcode::Reply => return self.reply(now, d, text, out),
            // Of this side.
            Opcode::Authenticate | Opcode::HeartbeatReply | Opcode::Event | Opcode::Command => {}
        }
        Ok(())
    }

    /// Who is there?
    fn asked(&mut self, now: Instant, out: &mut impl Sink) {
        let until = now + AUTHENTICATION_TIMEOUT;
        match &mut self.state {
            State::Ready { asked, .. } => *asked = Some(until),
            state => *state = State::Authenticating { deadline: until },
        }
        self.authenticate(out);
    }

    fn let_in(&mut self, now: Instant, data: &[u8], out: &mut impl Sink) -> Result<(), ProtocolError> {
        match &mut self.state {
            State::Ready { asked, .. } => {
                *asked = None;
                let mut event = Event::new(EventType::Dispatch, "AUTHENTICATED");
                event.payload = data;
                out.event(event);
            }
            State::Authenticating { .. } => {
                self.state = State::Ready { since: now, heard: now, paused: false, asked: None };
                self.told = Told::Connected;
                let mut event = Event::new(EventType::Connected, "CONNECTED");
                (event.payload, event.message) = (data, &self.config.url);
                out.event(event);
                self.restore(now);
                self.flush(now, out);
            }
            _ => return Err(ProtocolError::protocol("op 2 came before op 0")),
        }
        Ok(())
    }

    /// Something happened, or the server wants something.
    fn event(&mut self, now: Instant, name: &str, d: Value<'_>, text: &[u8], out: &mut impl Sink) {
        let upkeep = self.config.upkeep;
        let mut wants_reauth = false;
        match name {
            "APPLICATION_SESSION_HB_P" if upkeep => return self.beat_session(d.raw(text), out),
            "APPLICATION_SESSION_REAUTH" => {
                self.kept.asked(d.member("permissions").as_str());
                wants_reauth = upkeep;
            }
            "APPLICATION_SESSION_END" => self.kept.end_session(d.member("gid").as_id()),
            "DESCONNECT_GUILD" => {
                if let Some(gid) = d.member("gid").as_id() {
                    self.kept.leave_guild(gid);
                }
            }
            "GUILD_PRIVILEGE_UPDATE" if d.member("self").as_bool() == Some(true) => {
                if let Some(permissions) = d.member("permissions").as_str() {
                    self.kept.permissions(permissions);
                }
            }
            _ => {}
        }
        dispatch(name, d.raw(text), out);
        if wants_reauth {
            self.reauth(now, out);
        }
    }

    fn reply(&mut self, now: Instant, d: Value<'_>, text: &[u8], out: &mut impl Sink) -> Result<(), ProtocolError> {
        let Some(name) = d.member("for").as_str().filter(|name| !name.is_empty() && name.len() <= MAX_NAME) else {
            return Err(ProtocolError::protocol("a reply has no d.for; a command's name expected"));
        };
        let data = d.member("data");
        let raw = if data.exists() { data.raw(text) } else { b"" };
        let Some(request) = self.requests.replied(name) else {
            // Nobody asked; it is told all the same.
            dispatch(name, raw, out);
            return Ok(());
        };
        let refused = data.member("success").as_bool() == Some(false);
        let mut outcome = Outcome { payload: raw, ..Outcome::new(Status::Ok, "") };
        if refused {
            outcome.status = Status::Remote;
            outcome.code = data.member("code").as_whole().and_then(|code| i32::try_from(code).ok()).unwrap_or(0);
            outcome.message = data.member("message").as_str().unwrap_or("the server refused");
        }
        match request.by {
            By::Library => self.restored(request, &outcome, data, out),
            By::Program(_) => {
                if !refused {
                    self.kept.succeeded(&request.wish, request.args.clone(), data);
                }
                conclude(&request.name, request.by, &outcome, out);
            }
            // The program was told that it failed, so it is not asked for again after a break either.
            By::Nobody => {}
        }
        // There may be room for one more.
        self.flush(now, out);
        Ok(())
    }

    /// What the machine sent by itself was answered: the program is told what became of what it had.
    fn restored(&mut self, request: Request, outcome: &Outcome<'_>, data: Value<'_>, out: &mut impl Sink) {
        let Request { name, wish, args, by, .. } = request;
        let is_wanted = match &wish {
            Wish::Connect(gid) => self.kept.guild.as_ref().is_some_and(|guild| guild.gid == *gid),
            Wish::Begin(gid) => self.kept.session.as_ref().is_some_and(|session| session.gid == *gid),
            _ => true,
        };
        // The program asked for something else meanwhile.
        if !is_wanted {
            return;
        }
        if outcome.status == Status::Ok {
            self.kept.succeeded(&wish, args, data);
            if matches!(wish, Wish::Connect(_) | Wish::Begin(_)) {
                dispatch(&name, outcome.payload, out);
            }
            return;
        }
        conclude(&name, by, outcome, out);
        self.kept.sent(&wish);
        let mut payload = Vec::new();
        match wish {
            Wish::Connect(gid) => {
                Object::begin(&mut payload).id("gid", gid).end();
                dispatch("DESCONNECT_GUILD", &payload, out);
            }
            Wish::Begin(gid) => {
                Object::begin(&mut payload).id("gid", gid).str("reason", "lost").end();
                dispatch("APPLICATION_SESSION_END", &payload, out);
            }
            _ => {}
        }
    }
}

fn dispatch(name: &str, data: &[u8], out: &mut impl Sink) {
    let mut event = Event::new(EventType::Dispatch, name);
    event.payload = data;
    out.event(event);
}

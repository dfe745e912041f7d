//! From the wire to the program: frames are read, replies find their requests, events are delivered.

use std::time::Duration;

use super::frames::{KEEP, with_auth};
use super::requests::{Effect, Request};
use super::{AUTHENTICATION_TIMEOUT, Client, Closed, Outcome, Sink, State, conclude, log};
use crate::error::{Error, ProtocolError, Status};
use crate::event::{Event, EventType, Flags, LogLevel};
use crate::secret::Secret;
use crate::time::Instant;
use crate::value::{Document, Kind, Value};
use crate::wire::ipc::{Frame, Opcode};
use crate::wire::json::Object;
use crate::wire::rpc::ErrorCode;

/// The largest payload of a PING: it is sent back.
const MAX_PING: usize = 64 * 1024;
/// More PINGs than this in a second are no sign of life but an attack.
const MAX_PINGS: u32 = 100;

impl Client {
    /// A frame arrived. After an error the driver drops the transport and calls [`Client::handle_closed`] with it.
    pub fn handle_frame(&mut self, now: Instant, frame: Frame<'_>, out: &mut impl Sink) -> Result<(), ProtocolError> {
        let open =
            matches!(self.state, State::Handshaking { .. } | State::Authenticating { .. } | State::Connected { .. });
        if !open {
            return Ok(());
        }
        match frame.opcode {
            Opcode::Frame => self.with_doc(|client, doc| {
                doc.parse(frame.payload)
                    .map_err(|error| Error::protocol(format!("a frame that is not JSON: {error}")))?;
                client.handle_message(now, doc.root(), frame.payload, out)
            }),
            Opcode::Ping => self.handle_ping(now, frame.payload, out),
            Opcode::Pong => Ok(()),
            Opcode::Close => {
                let (code, reason) = self.with_doc(|_, doc| {
                    let _ = doc.parse(frame.payload);
                    let root = doc.root();
                    let code = root.member("code").as_whole().and_then(|code| u16::try_from(code).ok());
                    (code, root.member("message").as_str().unwrap_or("").to_string())
                });
                out.close(1000, "");
                self.handle_closed(now, Closed { code, reason: &reason, unwritten: 0 }, out);
                Ok(())
            }
            Opcode::Handshake => Err(Error::protocol("a HANDSHAKE from the server")),
        }
    }

    fn with_doc<T>(&mut self, read: impl FnOnce(&mut Client, &mut Document) -> T) -> T {
        let mut doc = std::mem::take(&mut self.doc);
        let result = read(self, &mut doc);
        doc.shrink_to(KEEP);
        self.doc = doc;
        result
    }

    fn handle_ping(&mut self, now: Instant, payload: &[u8], out: &mut impl Sink) -> Result<(), ProtocolError> {
        if now - self.pings.0 >= Duration::from_secs(1) {
            self.pings = (now, 0);
        }
        self.pings.1 += 1;
        if self.pings.1 > MAX_PINGS || payload.len() > MAX_PING {
            return Err(Error::protocol("PINGs beyond all measure"));
        }
        self.frames.pong(payload, out);
        Ok(())
    }

    fn handle_message(
        &mut self,
        now: Instant,
        message: Value<'_>,
        text: &[u8],
        out: &mut impl Sink,
    ) -> Result<(), ProtocolError> {
        if message.kind() != Kind::Object {
            return Err(Error::protocol("a frame that is not a JSON object"));
        }
        let cmd = message.member("cmd").as_str();
        let event = message.member("evt").as_str().filter(|event| !event.is_empty());
        let data = message.member("data");
        let nonce = nonce_of(message.member("nonce"), text);
        match (cmd, event) {
            // A payload that a server could not read has no command that it could name, but its nonce may have been legible:
            // what goes by it is an answer, whichever command it names.
            (None | Some("DISPATCH"), event) if nonce.is_some_and(|nonce| self.awaits(nonce)) => {
                self.handle_reply(now, nonce, event == Some("ERROR"), data, text, out);
            }
            (None, _) => log(out, LogLevel::Warn, "a frame without \"cmd\" that answers nothing was ignored"),
            (Some("DISPATCH"), Some("READY")) if matches!(self.state, State::Handshaking { .. }) => {
                self.handle_ready(now, data, text, out);
            }
            (Some("DISPATCH"), Some("ERROR")) => pushed_error(data, out),
            (Some("DISPATCH"), Some(event)) if matches!(self.state, State::Connected { .. }) => {
                let mut dispatch = Event::new(EventType::Dispatch, event);
                dispatch.payload = data.raw(text);
                out.event(dispatch);
            }
            (Some("DISPATCH"), _) => log(out, LogLevel::Debug, "an event without a name, or before READY, was ignored"),
            (Some(_), event) => self.handle_reply(now, nonce, event == Some("ERROR"), data, text, out),
        }
        Ok(())
    }

    fn handle_ready(&mut self, now: Instant, ready: Value<'_>, text: &[u8], out: &mut impl Sink) {
        if let (State::Handshaking { skip, .. }, Some(why)) = (&self.state, self.config.accept.refuses(ready)) {
            let skip = *skip;
            self.close(out);
            return self.pass_over(skip, Error::new(Status::Remote, why), out);
        }
        let data = ready.raw(text);
        let State::Handshaking { skip, peer, .. } = std::mem::replace(&mut self.state, State::Idle) else { return };
        let Some(token) = &self.token else {
            return self.become_connected(now, &peer, data, out);
        };
        let nonce = self.requests.new_id();
        let mut args = Vec::new();
        Object::begin(&mut args).str("access_token", token.reveal()).end();
        self.frames.command(nonce, "AUTHENTICATE", None, &args, out);
        args.fill(0);
        std::hint::black_box(&args);
        let deadline = now + AUTHENTICATION_TIMEOUT;
        self.state = State::Authenticating { skip, peer, ready: data.into(), nonce, deadline };
    }

    /// Whether something that was sent waits for this nonce.
    fn awaits(&self, nonce: u64) -> bool {
        matches!(self.state, State::Authenticating { nonce: own, .. } if own == nonce) || self.requests.is_sent(nonce)
    }

    fn handle_reply(
        &mut self,
        now: Instant,
        nonce: Option<u64>,
        failed: bool,
        data: Value<'_>,
        text: &[u8],
        out: &mut impl Sink,
    ) {
        if let State::Authenticating { nonce: own, .. } = self.state
            && nonce == Some(own)
        {
            return self.handle_authenticated(now, failed, data, text, out);
        }
        match nonce.and_then(|id| Some((id, self.requests.remove_sent(id)?))) {
            Some((id, request)) => self.answer(now, id, &request, failed, data, text, out),
            None if failed => pushed_error(data, out),
            None => log(out, LogLevel::Debug, "a reply to nothing that waits was ignored"),
        }
    }

    /// The reply to the AUTHENTICATE that the machine sent by itself.
    fn handle_authenticated(&mut self, now: Instant, failed: bool, data: Value<'_>, text: &[u8], out: &mut impl Sink) {
        if failed {
            let (code, message) = error_of(data);
            self.close(out);
            if is_of_the_token(code) {
                let error = Error::new(Status::Auth, format!("the access token was refused: {message}"));
                return self.finish(error.with_code(code), Flags::FATAL, out);
            }
            let error = Error::new(Status::Remote, format!("AUTHENTICATE failed: {message}")).with_code(code);
            return self.wait(now, error, Duration::ZERO, out);
        }
        let State::Authenticating { peer, ready, .. } = std::mem::replace(&mut self.state, State::Idle) else { return };
        let payload = with_auth(&ready, data.raw(text));
        self.become_connected(now, &peer, &payload, out);
    }

    #[expect(clippy::too_many_arguments, reason = "a reply is this much")]
    fn answer(
        &mut self,
        now: Instant,
        id: u64,
        request: &Request,
        failed: bool,
        data: Value<'_>,
        text: &[u8],
        out: &mut impl Sink,
    ) {
        let mut outcome = Outcome::new(Status::Ok, "");
        outcome.payload = data.raw(text);
        let message;
        if failed {
            (outcome.code, message) = error_of(data);
            outcome.message = &message;
            let refused_token =
                matches!(request.effect, Effect::Authenticate) && outcome.code == ErrorCode::InvalidToken as i32;
            outcome.status = if refused_token { Status::Auth } else { Status::Remote };
            match request.effect {
                Effect::Subscribe(_) => self.subscriptions.forget(id),
                Effect::Activity { pid } => self.presence.refused(pid, id),
                Effect::Unsubscribe(_) | Effect::Authenticate | Effect::None => {}
            }
        } else {
            match request.effect {
                Effect::Authenticate => self.token = token_of(&request.args),
                Effect::Activity { pid } => self.presence.accepted(pid, id),
                Effect::Subscribe(_) | Effect::Unsubscribe(_) | Effect::None => {}
            }
        }
        conclude(request, &outcome, out);
        self.flush_presence(now, out);
    }
}

/// Whether a refused AUTHENTICATE would be refused the next time too. Anything else may be Discord's own trouble, which
/// passes.
fn is_of_the_token(code: i32) -> bool {
    matches!(
        ErrorCode::from_code(code.into()),
        Some(ErrorCode::InvalidToken | ErrorCode::InvalidPermissions | ErrorCode::InvalidClientId)
    )
}

/// Our nonces are decimal numbers; peers give them back as strings, or as numbers.
fn nonce_of(nonce: Value<'_>, text: &[u8]) -> Option<u64> {
    let digits = match nonce.kind() {
        Kind::Str => nonce.as_str()?.as_bytes(),
        Kind::Int => nonce.raw(text),
        _ => return None,
    };
    let ours = matches!(digits, [b'1'..=b'9', ..]) && digits.iter().all(u8::is_ascii_digit);
    if ours { std::str::from_utf8(digits).ok()?.parse().ok() } else { None }
}

/// The token that AUTHENTICATE was sent with.
fn token_of(args: &[u8]) -> Option<Secret> {
    let mut doc = Document::new();
    doc.parse(args).ok()?;
    doc.root().member("access_token").as_str().map(Secret::new)
}

/// Code and sentence of an `ERROR`'s data, which may be anything.
fn error_of(data: Value<'_>) -> (i32, String) {
    let code = data.member("code").as_whole().and_then(|code| i32::try_from(code).ok()).unwrap_or(0);
    let message = match data.member("message").as_str() {
        Some(message) if !message.is_empty() => message.to_string(),
        _ => ErrorCode::from_code(code.into()).map_or("refused without a reason", ErrorCode::sentence).to_string(),
    };
    (code, message)
}

fn pushed_error(data: Value<'_>, out: &mut impl Sink) {
    let (code, message) = error_of(data);
    log(out, LogLevel::Warn, &format!("Discord reports an error that belongs to no command: {message} ({code})"));
}

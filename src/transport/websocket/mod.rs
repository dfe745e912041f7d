//! WebSocket (RFC 6455): messages as frames, and connecting to a server. The bytes of the framing itself are
//! `proto::wire::websocket`.
//!
//! | file | what lies there |
//! |---|---|
//! | `gateway` | what a server's side of the Gateway does besides |
//! | `handshake` | connecting: tungstenite's opening handshake over our socket |
//! | `inflate` | messages that come compressed |
//! | `pack` | what a Gateway compresses |
//! | `stage` | what waits to be written |
//!
//! The framing is our own, because of what it costs elsewhere: tungstenite cuts a reference-counted slice for every
//! message and reads into a buffer for each connection. (Measured in a flood of Gateway events, it took as much time as the
//! system's own work.) The one thing to know before changing it: what `next_frame` hands out lies in the reader's buffer,
//! and the reader may move it only when it is called again. No extension is offered or accepted.

#[cfg(feature = "gateway")]
mod gateway;
mod handshake;
#[cfg(feature = "gateway")]
pub mod inflate;
#[cfg(feature = "gateway")]
mod pack;
mod stage;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use gamebridge_proto::error::Error;
use gamebridge_proto::value::Document;
use gamebridge_proto::wire::etf;
#[cfg(feature = "gateway")]
use gamebridge_proto::wire::gateway::Compression;
use gamebridge_proto::wire::ipc::{Frame, Opcode};
use gamebridge_proto::wire::websocket::frame;
use gamebridge_proto::wire::websocket::{self as codec, Message, Place, Reader, Refusal, Role, Spare};
use tokio::net::TcpStream;

pub use self::handshake::connect;
#[cfg(feature = "gateway")]
use self::inflate::Inflater;
#[cfg(feature = "gateway")]
use self::pack::Packer;
use self::stage::Stage;
use super::{Dying, Encoding, Framing, Limits, Lost, Outbox, Socket};

/// A close reason has 125 bytes, less two for the code (RFC 6455 section 5.5).
const REASON: usize = frame::MAX_CONTROL - 2;

/// Scratch beyond this is given back after use.
const SCRATCH_KEPT: usize = 256 * 1024;

thread_local! {
    /// What quiet connections of this thread read into.
    static SPARE: RefCell<Spare> = const { RefCell::new(Spare::new()) };
}

/// Memory to read into.
fn space(reader: &mut Reader) -> &mut [u8] {
    SPARE.with_borrow_mut(|spare| reader.space(spare))
}

/// Before the connection waits: lends its buffer to others when there is nothing in it.
fn rest(reader: &mut Reader) {
    SPARE.with_borrow_mut(|spare| reader.rest(spare));
}

/// How to connect.
#[derive(Clone, Debug)]
pub struct Options {
    /// The `Origin` header; `None` sends none.
    pub origin: Option<String>,
    /// What binary messages are, and how ours are sent. It has to agree with the URL's query.
    pub encoding: Encoding,
    /// What the server may send.
    pub limits: Limits,
    /// How long connecting and the handshake may take together.
    pub timeout: Duration,
    /// What the server's messages are wrapped in. It has to agree with the URL's query.
    #[cfg(feature = "gateway")]
    pub compression: Compression,
    /// Whom `wss://` trusts; `None` for the roots of browsers.
    #[cfg(feature = "gateway")]
    pub trust: Option<super::tls::Trust>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            origin: None,
            encoding: Encoding::Json,
            limits: Limits::UPSTREAM,
            timeout: Duration::from_secs(5),
            #[cfg(feature = "gateway")]
            compression: Compression::None,
            #[cfg(feature = "gateway")]
            trust: None,
        }
    }
}

/// What becomes of a binary message that can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Garbled {
    /// It ends the connection, with RFC 6455's code.
    Ends,
    /// With a code of the protocol above.
    #[cfg(feature = "gateway")]
    EndsWith(u16),
    /// It comes as it is: the other side of this program answers it.
    IsHandedOn,
}

/// A connection over a WebSocket.
#[derive(Debug)]
pub struct WebSocket {
    socket: Socket,
    reader: Reader,
    stage: Stage,
    encoding: Encoding,
    /// A Gateway's compression.
    #[cfg(feature = "gateway")]
    packer: Packer,
    garbled: Garbled,
    /// Pings are frames like others: a server's door answers them, and counts them as it counts commands. A client's are
    /// answered here.
    hands_on_pings: bool,
    /// Found by `fill`, not yet asked for.
    next: Option<Message>,
    /// Reads what comes compressed.
    #[cfg(feature = "gateway")]
    inflater: Option<Inflater>,
    /// Whether anything came compressed: until then the server may be one that does not compress.
    #[cfg(feature = "gateway")]
    inflated: bool,
    /// What ETF became.
    json: Vec<u8>,
    scratch: Document,
    /// Where in the stream each frame ends that was taken from the outbox and is not wholly written.
    ends: VecDeque<u64>,
    /// This side has said close, and says nothing more.
    closed: bool,
    dying: Option<Box<Dying>>,
    lost: Option<Lost>,
}

impl WebSocket {
    fn new(socket: Socket, reader: Reader, stage: Stage, encoding: Encoding) -> Self {
        WebSocket {
            garbled: if stage.is_clients() { Garbled::Ends } else { Garbled::IsHandedOn },
            hands_on_pings: !stage.is_clients(),
            socket,
            reader,
            stage,
            encoding,
            #[cfg(feature = "gateway")]
            packer: Packer::None,
            next: None,
            #[cfg(feature = "gateway")]
            inflater: None,
            #[cfg(feature = "gateway")]
            inflated: false,
            json: Vec::new(),
            scratch: Document::new(),
            ends: VecDeque::new(),
            closed: false,
            dying: None,
            lost: None,
        }
    }

    /// The server's side of a connection whose handshake is done; `part` is what came after it already.
    pub(super) fn accepted(stream: TcpStream, part: Vec<u8>, encoding: Encoding, limits: Limits) -> Self {
        let mut reader = Reader::new(Role::Server, limits.message, limits.read);
        SPARE.with_borrow_mut(|spare| reader.arrive(spare, &part));
        WebSocket::new(Socket::Tcp(stream), reader, Stage::new(Role::Server), encoding)
    }

    /// As these options ask for.
    #[cfg(feature = "gateway")]
    fn inflating(mut self, options: &Options) -> Self {
        self.inflater = Inflater::new(options.compression, options.limits.message);
        self
    }

    pub(super) fn next_frame(&mut self) -> Result<Option<Frame<'_>>, Lost> {
        if !self.fill()? {
            return Ok(None);
        }
        #[cfg(feature = "gateway")]
        while self.inflater.is_some()
            && let Some(Message::Binary(place)) = &self.next
        {
            let place = place.clone();
            self.next = None;
            match self.inflate(&place) {
                Ok(Inflated::Not) => return self.binary(&place).map(Some),
                Ok(Inflated::Whole) => return self.inflated().map(Some),
                // It goes on in another.
                Ok(Inflated::Part) if self.fill()? => {}
                Ok(Inflated::Part) => return Ok(None),
                Err(refusal) => return Err(self.refuse(refusal)),
            }
        }
        match self.next.take() {
            Some(Message::Text(place)) => Ok(Some(Frame { opcode: Opcode::Frame, payload: self.reader.bytes(&place) })),
            Some(Message::Binary(place)) => self.binary(&place).map(Some),
            Some(Message::Ping(range)) => {
                Ok(Some(Frame { opcode: Opcode::Ping, payload: self.reader.control(&range) }))
            }
            Some(Message::Pong(range)) => {
                Ok(Some(Frame { opcode: Opcode::Pong, payload: self.reader.control(&range) }))
            }
            Some(Message::Close(_)) | None => Ok(None),
        }
    }

    /// Hands a binary message to the inflater, if it is for it.
    #[cfg(feature = "gateway")]
    fn inflate(&mut self, place: &Place) -> Result<Inflated, Refusal> {
        let Some(inflater) = &mut self.inflater else { return Ok(Inflated::Not) };
        let bytes = self.reader.bytes(place);
        if (!self.inflated || inflater.is_by_payload()) && !inflater.is_its_beginning(bytes) {
            return Ok(Inflated::Not);
        }
        self.inflated = true;
        Ok(if inflater.feed(bytes)? { Inflated::Whole } else { Inflated::Part })
    }

    /// The message that was just inflated.
    #[cfg(feature = "gateway")]
    fn inflated(&mut self) -> Result<Frame<'_>, Lost> {
        let text = self.inflater.as_ref().map_or(&[][..], Inflater::text);
        let payload = match codec::translate(text, self.encoding, &mut self.json) {
            Ok(true) => &self.json,
            Ok(false) => self.inflater.as_ref().map_or(&[][..], Inflater::text),
            Err(refusal) => return Err(self.refuse(refusal)),
        };
        Ok(Frame { opcode: Opcode::Frame, payload })
    }

    fn binary(&mut self, place: &Place) -> Result<Frame<'_>, Lost> {
        let payload = match codec::translate(self.reader.bytes(place), self.encoding, &mut self.json) {
            Ok(true) => &self.json,
            Ok(false) => self.reader.bytes(place),
            // A server's door says what is wrong with it, and the peer stays.
            Err(refusal) if refusal.code == frame::code::INVALID && self.garbled == Garbled::IsHandedOn => {
                self.reader.bytes(place)
            }
            Err(refusal) => {
                let code = match self.garbled {
                    #[cfg(feature = "gateway")]
                    Garbled::EndsWith(code) => code,
                    Garbled::IsHandedOn | Garbled::Ends => refusal.code,
                };
                return Err(self.refuse(Refusal { code, ..refusal }));
            }
        };
        Ok(Frame { opcode: Opcode::Frame, payload })
    }

    #[cfg(test)]
    pub(super) fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// Bytes that wait for a peer that does not read.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.stage.held()
    }

    /// Ends the connection for what the peer did, telling it the code if it still listens.
    fn refuse(&mut self, refusal: Refusal) -> Lost {
        self.stage_close(refusal.code, &refusal.error.message);
        let _ = self.stage.flush(&mut self.socket);
        self.lose(refusal.error.into())
    }

    fn lose(&mut self, lost: Lost) -> Lost {
        self.lost = Some(lost.clone());
        lost
    }

    /// Says close, once: a peer that closed first has its answer already.
    fn stage_close(&mut self, code: u16, reason: &str) {
        if !std::mem::replace(&mut self.closed, true) {
            let payload = [&code.to_be_bytes(), truncated(reason).as_bytes()].concat();
            // Without a mask nothing can be said, and the end is near anyway.
            let _ = self.stage.frame(frame::Opcode::Close, &payload);
        }
    }

    /// The peer says close: answers it, and tells why.
    fn closed_by_peer(&mut self, range: std::ops::Range<usize>) -> Lost {
        let payload = self.reader.control(&range);
        let lost = match codec::close(payload) {
            Ok(Some((code, reason))) => Lost::closed(code, reason),
            Ok(None) => Lost::ended("closed by the peer without a code"),
            Err(refusal) => return self.refuse(refusal),
        };
        if !std::mem::replace(&mut self.closed, true) {
            // The same code back (RFC 6455 section 5.5.1).
            let echo = payload[..payload.len().min(2)].to_vec();
            let _ = self.stage.frame(frame::Opcode::Close, &echo);
        }
        // The peer may be gone already.
        let _ = self.stage.flush(&mut self.socket);
        self.lose(lost)
    }

    /// Stages a frame of the outbox. What has no place on a WebSocket (a handshake: the URL said it; a close: that is
    /// [`Transport::close`](super::Transport::close)) takes no bytes, and counts as written. An error is final.
    fn stage_frame(&mut self, Frame { opcode, payload }: Frame<'_>) -> Result<(), Lost> {
        let staged = match (opcode, self.encoding) {
            (Opcode::Handshake | Opcode::Close, _) => return Ok(()),
            (Opcode::Ping, _) => self.stage.frame(frame::Opcode::Ping, payload),
            (Opcode::Pong, _) => self.stage.frame(frame::Opcode::Pong, payload),
            (Opcode::Frame, Encoding::Json) => {
                if simdutf8::basic::from_utf8(payload).is_err() {
                    return Err(self.lose(Error::argument("a message that was to be sent is not UTF-8").into()));
                }
                self.stage_message(frame::Opcode::Text, payload)
            }
            (Opcode::Frame, Encoding::Etf) => {
                let mut binary = Vec::with_capacity(payload.len());
                if etf::from_json(payload, &mut self.scratch, &mut binary).is_err() {
                    // It holds a number that the format has no place for. Left out, since one message of ours must not
                    // cost the connection; who sends commands checks them before (`session::rpc`).
                    return Ok(());
                }
                self.scratch.shrink_to(SCRATCH_KEPT);
                self.stage_message(frame::Opcode::Binary, &binary)
            }
        };
        staged.map_err(|error| self.lose(Lost::io(&error)))
    }

    /// Stages a message, compressed where that was agreed on.
    fn stage_message(&mut self, opcode: frame::Opcode, message: &[u8]) -> io::Result<()> {
        #[cfg(feature = "gateway")]
        if let Some(packed) = self.packer.pack(message)? {
            return self.stage.frame(frame::Opcode::Binary, packed);
        }
        self.stage.frame(opcode, message)
    }
}

/// What became of a binary message.
#[cfg(feature = "gateway")]
enum Inflated {
    /// It is not compressed.
    Not,
    Part,
    Whole,
}

impl Framing for WebSocket {
    fn socket(&self) -> &Socket {
        &self.socket
    }

    fn flush(&mut self, out: &mut Outbox) -> io::Result<()> {
        loop {
            let flushed = self.stage.flush(&mut self.socket);
            let written = self.stage.written();
            while self.ends.front().is_some_and(|end| *end <= written) {
                self.ends.pop_front();
                out.written();
            }
            flushed?;
            if !self.stage.is_empty() || self.lost.is_some() {
                return Ok(());
            }
            let mut staged_any = false;
            while self.stage.has_room() {
                let Some(frame) = out.take() else { break };
                staged_any = true;
                if self.stage_frame(frame).is_err() {
                    // `fill` tells why.
                    return Ok(());
                }
                self.ends.push_back(self.stage.position());
            }
            if !staged_any {
                return Ok(());
            }
        }
    }

    fn is_blocked(&self, _out: &Outbox) -> bool {
        !self.stage.is_empty()
    }

    fn fill(&mut self) -> Result<bool, Lost> {
        if self.next.is_some() {
            return Ok(true);
        }
        if let Some(lost) = &self.lost {
            return Err(lost.clone());
        }
        loop {
            match self.reader.next() {
                Ok(Some(Message::Ping(_))) if self.closed => {}
                Ok(Some(Message::Ping(range))) if !self.hands_on_pings => {
                    let answered = self.stage.pong(self.reader.control(&range));
                    answered.map_err(|error| self.lose(Lost::io(&error)))?;
                }
                Ok(Some(Message::Close(range))) => return Err(self.closed_by_peer(range)),
                Ok(Some(message)) => {
                    self.next = Some(message);
                    return Ok(true);
                }
                Err(refusal) => return Err(self.refuse(refusal)),
                Ok(None) => match self.socket.read(space(&mut self.reader)) {
                    Ok(0) => return Err(self.lose(Lost::ended("the peer went away without a close"))),
                    Ok(n) => self.reader.filled(n),
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                        rest(&mut self.reader);
                        return Ok(false);
                    }
                    Err(error) => return Err(self.lose(Lost::io(&error))),
                },
            }
        }
    }

    fn dying(&mut self) -> &mut Option<Box<Dying>> {
        &mut self.dying
    }

    fn lost(&self) -> Option<Lost> {
        self.lost.clone()
    }

    fn say_close(&mut self, _out: &mut Outbox, code: u16, reason: &str) {
        self.stage_close(code, reason);
    }

    fn discard(&mut self) -> bool {
        loop {
            match self.fill() {
                Ok(true) => self.next = None,
                Ok(false) => return true,
                Err(_) => return false,
            }
        }
    }
}

fn truncated(reason: &str) -> &str {
    let end = (0..=reason.len().min(REASON)).rev().find(|end| reason.is_char_boundary(*end));
    &reason[..end.unwrap_or_default()]
}

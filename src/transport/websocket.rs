//! WebSocket (RFC 6455): messages as frames, and connecting to a server.
//!
//! tungstenite cuts and checks the frames; this is its socket, its limits and its encodings. What tungstenite writes lands
//! in a staging buffer of ours first, never straight on the socket: so each frame's end is known as a position in the
//! stream, and `unwritten` stays exact. The one thing to know before changing it: a message is held as the slice of the
//! receive buffer that tungstenite cut off, and must be let go before the next is read, or the buffer cannot be reused and
//! is allocated anew for every read. No extension is offered or accepted.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::time::Duration;

use gamebridge_proto::error::{Error, Status};
use gamebridge_proto::value::Document;
use gamebridge_proto::wire::etf;
use gamebridge_proto::wire::ipc::{Frame, Opcode};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::error::{CapacityError, Error as WsError, ProtocolError as WsProtocolError};
use tokio_tungstenite::tungstenite::handshake::HandshakeError;
use tokio_tungstenite::tungstenite::handshake::client::ClientHandshake;
use tokio_tungstenite::tungstenite::http::{HeaderValue, Uri};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Bytes, Utf8Bytes};

use super::socket::fault;
use super::{Encoding, Framing, Limits, Lost, Outbox, Socket, Transport};

/// How much is staged before the socket has to take some of it. One message may be longer, and is staged alone then.
const STAGE: usize = 64 * 1024;

/// How much tungstenite may hold back of what has no room in the staging buffer: answers to a peer that sends pings and
/// reads nothing. Later pings have no answer then. Our own messages are staged only while there is room.
const CONTROL: usize = 1024;

/// A close reason has 125 bytes, less two for the code (RFC 6455 section 5.5).
const REASON: usize = 123;

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
}

impl Default for Options {
    fn default() -> Self {
        Options { origin: None, encoding: Encoding::Json, limits: Limits::UPSTREAM, timeout: Duration::from_secs(5) }
    }
}

/// Connects to a `ws://` URL. Redirects are not followed.
///
/// # Errors
/// `Argument` for a URL that is none; `Unsupported` for `wss://` in this version; `Timeout`; `Io` when nobody listens or the
/// connection breaks; `Protocol` when what answers is no WebSocket server.
pub async fn connect(url: &str, options: &Options) -> Result<Transport, Error> {
    let target = Target::of(url)?;
    match tokio::time::timeout(options.timeout, handshake(&target, url, options)).await {
        Ok(connected) => connected,
        Err(_) => Err(Error::new(
            Status::Timeout,
            format!("{} did not answer within {} ms", target.address(), options.timeout.as_millis()),
        )),
    }
}

struct Target {
    host: String,
    port: u16,
}

impl Target {
    fn of(url: &str) -> Result<Target, Error> {
        let bad = |why: &str| Error::argument(format!("url: {why}; ws://host:port/?query expected"));
        let uri: Uri = url.parse().map_err(|_| bad("not a URL"))?;
        match uri.scheme_str() {
            Some("ws") => {}
            Some("wss") => {
                return Err(Error::new(
                    Status::Unsupported,
                    "url: wss:// needs TLS, which this version does not have yet; use ws://",
                ));
            }
            _ => return Err(bad("the scheme is not ws")),
        }
        let host = uri.host().filter(|host| !host.is_empty()).ok_or_else(|| bad("there is no host"))?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        Ok(Target { host, port: uri.port_u16().unwrap_or(80) })
    }

    fn address(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}

async fn handshake(target: &Target, url: &str, options: &Options) -> Result<Transport, Error> {
    let address = target.address();
    let broke = |error: io::Error| Error::new(Status::Io, format!("no connection to {address}: {error}"));
    let stream = connect_stream(target).await.map_err(broke)?;
    let refused = |error: WsError| refusal(&address, &error);
    let mut request = url.into_client_request().map_err(refused)?;
    if let Some(origin) = &options.origin {
        let origin = HeaderValue::from_str(origin)
            .map_err(|_| Error::argument("origin: only visible ASCII characters are allowed in a header"))?;
        request.headers_mut().insert("Origin", origin);
    }
    let wire = Wire::new(Socket::Tcp(stream));
    let mut round = ClientHandshake::start(wire, request, Some(config(options.limits))).map_err(refused)?.handshake();
    loop {
        match round {
            Ok((websocket, _)) => {
                return Ok(Transport::WebSocket(Box::new(WebSocket::new(websocket, options.encoding))));
            }
            Err(HandshakeError::Failure(error)) => return Err(refusal(&address, &error)),
            Err(HandshakeError::Interrupted(mut half)) => {
                let wire = half.get_mut().get_mut();
                wire.flush_staged().map_err(broke)?;
                wire.socket.ready(wire.is_blocked()).await.map_err(broke)?;
                round = half.handshake();
            }
        }
    }
}

async fn connect_stream(target: &Target) -> io::Result<TcpStream> {
    fault()?;
    let stream = TcpStream::connect((target.host.as_str(), target.port)).await?;
    // A command waits for its reply: nothing is gained by waiting for more to send.
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn refusal(address: &str, error: &WsError) -> Error {
    match error {
        WsError::Http(response) => Error::new(
            Status::Protocol,
            format!(
                "{address} answered the WebSocket handshake with HTTP {}; 101 expected",
                response.status().as_u16()
            ),
        ),
        WsError::Io(error) => Error::new(Status::Io, format!("the connection to {address} broke: {error}")),
        WsError::Protocol(WsProtocolError::HandshakeIncomplete) => {
            Error::new(Status::Io, format!("{address} closed the connection during the WebSocket handshake"))
        }
        other => Error::new(Status::Protocol, format!("{address} is no WebSocket server: {other}")),
    }
}

fn config(limits: Limits) -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(limits.read)
        .max_message_size(Some(limits.message))
        .max_frame_size(Some(limits.message))
        // Frames go to the staging buffer at once.
        .write_buffer_size(0)
        .max_write_buffer_size(CONTROL)
}

/// A connection over a WebSocket.
#[derive(Debug)]
pub struct WebSocket {
    websocket: tokio_tungstenite::tungstenite::WebSocket<Wire>,
    encoding: Encoding,
    /// Read by `fill`, not yet asked for.
    next: Option<Message>,
    /// Handed out by `next_frame`.
    current: Bytes,
    /// What ETF became.
    json: Vec<u8>,
    scratch: Document,
    /// Where in the stream each frame ends that was taken from the outbox and is not wholly written.
    ends: VecDeque<u64>,
    lost: Option<Lost>,
}

impl WebSocket {
    fn new(websocket: tokio_tungstenite::tungstenite::WebSocket<Wire>, encoding: Encoding) -> Self {
        WebSocket {
            websocket,
            encoding,
            next: None,
            current: Bytes::new(),
            json: Vec::new(),
            scratch: Document::new(),
            ends: VecDeque::new(),
            lost: None,
        }
    }

    /// The server's side of a connection whose handshake is done; `part` is what came after it already.
    pub(super) fn accepted(stream: TcpStream, part: Vec<u8>, encoding: Encoding, limits: Limits) -> Self {
        let wire = Wire::new(Socket::Tcp(stream));
        let websocket = tokio_tungstenite::tungstenite::WebSocket::from_partially_read(
            wire,
            part,
            Role::Server,
            Some(config(limits)),
        );
        WebSocket::new(websocket, encoding)
    }

    pub(super) fn next_frame(&mut self) -> Result<Option<Frame<'_>>, Lost> {
        self.current = Bytes::new();
        if !self.fill()? {
            return Ok(None);
        }
        let Some(message) = self.next.take() else { return Ok(None) };
        let opcode = if message.is_pong() { Opcode::Pong } else { Opcode::Frame };
        let binary = message.is_binary();
        self.current = message.into_data();
        if !binary {
            return Ok(Some(Frame { opcode, payload: &self.current }));
        }
        if self.current.first() == Some(&b'{') {
            if std::str::from_utf8(&self.current).is_err() {
                return Err(self.fail(CloseCode::Invalid, Error::protocol("a binary message of JSON is not UTF-8")));
            }
            return Ok(Some(Frame { opcode, payload: &self.current }));
        }
        if self.encoding != Encoding::Etf {
            let error = Error::protocol("a binary message is no JSON object, and the connection's encoding is json");
            return Err(self.fail(CloseCode::Unsupported, error));
        }
        self.json.clear();
        if let Err(error) = etf::to_json(&self.current, &mut self.json) {
            return Err(self.fail(CloseCode::Invalid, error));
        }
        Ok(Some(Frame { opcode, payload: &self.json }))
    }

    #[cfg(test)]
    pub(super) fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// Bytes that wait for a peer that does not read.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.websocket.get_ref().staged.capacity() + CONTROL
    }

    /// Ends the connection for what the peer did, telling it the code if it still listens.
    fn fail(&mut self, code: CloseCode, error: Error) -> Lost {
        let reason = Utf8Bytes::from(truncated(&error.message));
        let _ = self.websocket.close(Some(CloseFrame { code, reason }));
        let _ = self.websocket.get_mut().flush_staged();
        self.lose(Lost { code: None, error })
    }

    fn lose(&mut self, lost: Lost) -> Lost {
        self.lost = Some(lost.clone());
        lost
    }

    fn broken(&mut self, error: WsError) -> Lost {
        match error {
            WsError::ConnectionClosed | WsError::AlreadyClosed => self.lose(Lost::ended("the connection was closed")),
            WsError::Protocol(WsProtocolError::ResetWithoutClosingHandshake) => {
                self.lose(Lost::ended("the peer went away without a close"))
            }
            WsError::Io(error) => self.lose(Lost::io(&error)),
            WsError::Capacity(CapacityError::MessageTooLong { size, max_size }) => {
                let error = Error::protocol(format!("a message has {size} bytes; {max_size} are allowed"));
                self.fail(CloseCode::Size, error)
            }
            WsError::Utf8(_) => self.fail(CloseCode::Invalid, Error::protocol("a text message is not UTF-8")),
            other => self.fail(CloseCode::Protocol, Error::protocol(other.to_string())),
        }
    }

    /// Stages a frame of the outbox. What has no place on a WebSocket (a handshake: the URL said it; a close: that is
    /// [`Transport::close`]) takes no bytes, and counts as written.
    fn stage(&mut self, frame: Frame<'_>) -> Result<(), Lost> {
        let message = match self.message(frame) {
            Ok(Some(message)) => message,
            Ok(None) => return Ok(()),
            Err(error) => return Err(self.lose(error.into())),
        };
        // The bound is for answers to pings. A message of ours goes through to the staging buffer, whatever its size.
        self.websocket.set_config(|config| config.max_write_buffer_size = usize::MAX);
        let staged = self.websocket.write(message);
        self.websocket.set_config(|config| config.max_write_buffer_size = CONTROL);
        staged.map_err(|error| self.broken(error))
    }

    fn message(&mut self, Frame { opcode, payload }: Frame<'_>) -> Result<Option<Message>, Error> {
        Ok(Some(match (opcode, self.encoding) {
            (Opcode::Handshake | Opcode::Close, _) => return Ok(None),
            (Opcode::Ping, _) => Message::Ping(Bytes::copy_from_slice(payload)),
            (Opcode::Pong, _) => Message::Pong(Bytes::copy_from_slice(payload)),
            (Opcode::Frame, Encoding::Json) => {
                let text = std::str::from_utf8(payload)
                    .map_err(|_| Error::argument("a message that was to be sent is not UTF-8"))?;
                Message::Text(Utf8Bytes::from(text))
            }
            (Opcode::Frame, Encoding::Etf) => {
                let mut binary = Vec::with_capacity(payload.len());
                etf::from_json(payload, &mut self.scratch, &mut binary)?;
                Message::Binary(binary.into())
            }
        }))
    }
}

impl Framing for WebSocket {
    fn socket(&self) -> &Socket {
        &self.websocket.get_ref().socket
    }

    fn flush(&mut self, out: &mut Outbox) -> io::Result<()> {
        loop {
            let wire = self.websocket.get_mut();
            let flushed = wire.flush_staged();
            let written = wire.written;
            while self.ends.front().is_some_and(|end| *end <= written) {
                self.ends.pop_front();
                out.written();
            }
            flushed?;
            if self.websocket.get_ref().is_blocked() || self.lost.is_some() {
                return Ok(());
            }
            let mut staged_any = false;
            while self.websocket.get_ref().staged.len() < STAGE {
                let Some(frame) = out.take() else { break };
                staged_any = true;
                if self.stage(frame).is_err() {
                    // `fill` tells why.
                    return Ok(());
                }
                self.ends.push_back(self.websocket.get_ref().position());
            }
            if !staged_any {
                return Ok(());
            }
        }
    }

    fn is_blocked(&self, _out: &Outbox) -> bool {
        self.websocket.get_ref().is_blocked()
    }

    fn fill(&mut self) -> Result<bool, Lost> {
        if self.next.is_some() {
            return Ok(true);
        }
        if let Some(lost) = &self.lost {
            return Err(lost.clone());
        }
        self.current = Bytes::new();
        loop {
            match self.websocket.read() {
                // tungstenite answers a ping by itself.
                Ok(Message::Ping(_) | Message::Frame(_)) => {}
                Ok(Message::Close(frame)) => {
                    // The answer to it, which tungstenite has queued; the peer may be gone already.
                    let _ = self.websocket.flush();
                    let _ = self.websocket.get_mut().flush_staged();
                    return Err(self.lose(match frame {
                        Some(frame) => Lost::closed(frame.code.into(), &frame.reason),
                        None => Lost::ended("closed by the peer without a code"),
                    }));
                }
                Ok(message) => {
                    self.next = Some(message);
                    return Ok(true);
                }
                Err(WsError::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(self.broken(error)),
            }
        }
    }

    fn say_close(&mut self, _out: &mut Outbox, code: u16, reason: &str) {
        let reason = Utf8Bytes::from(truncated(reason));
        // A peer that closed first has its answer already.
        let _ = self.websocket.close(Some(CloseFrame { code: code.into(), reason }));
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

/// What tungstenite believes to be its socket.
#[derive(Debug)]
struct Wire {
    socket: Socket,
    staged: VecDeque<u8>,
    /// Bytes of the stream that are with the operating system.
    written: u64,
}

impl Wire {
    fn new(socket: Socket) -> Self {
        Wire { socket, staged: VecDeque::new(), written: 0 }
    }

    /// Where in the stream the next byte will stand.
    fn position(&self) -> u64 {
        self.written + self.staged.len() as u64
    }

    fn is_blocked(&self) -> bool {
        !self.staged.is_empty()
    }

    fn flush_staged(&mut self) -> io::Result<()> {
        while !self.staged.is_empty() {
            let (front, _) = self.staged.as_slices();
            match self.socket.write(front) {
                Ok(n) => {
                    self.staged.drain(..n);
                    self.written += n as u64;
                    if self.staged.is_empty() {
                        // Begins at the front again, so that the next burst is one slice and one write.
                        self.staged.clear();
                        self.staged.shrink_to(STAGE);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl Read for Wire {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.socket.read(into)
    }
}

impl Write for Wire {
    /// All or nothing: a frame is never torn by what is staged after it.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.staged.len() >= STAGE {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.staged.extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

//! The opening handshake of a client (RFC 6455 section 4): tungstenite writes the request and judges the answer.
//!
//! It is given the bytes of the answer's head and not one more, so that what the server sent behind it is still ours.

use std::io::{self, Read, Write};
use std::time::Duration;

use gamebridge_proto::error::{Error, Status};
use gamebridge_proto::wire::websocket::{Reader, Role};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::error::{Error as WsError, ProtocolError as WsProtocolError};
use tokio_tungstenite::tungstenite::handshake::HandshakeError;
use tokio_tungstenite::tungstenite::handshake::client::ClientHandshake;
use tokio_tungstenite::tungstenite::http::{HeaderValue, Uri};

use super::stage::Stage;
use super::{Options, WebSocket, rest, space};
use crate::transport::socket::fault;
#[cfg(feature = "gateway")]
use crate::transport::tls;
use crate::transport::{Limits, Socket, Transport};

/// Connects to a `ws://` or `wss://` URL. Redirects are not followed.
///
/// # Errors
/// `Argument` for a URL that is none; `Unsupported` for `wss://` in a build without the Gateway; `Timeout`; `Io` when nobody listens or the
/// connection breaks; `Protocol` when what answers is no WebSocket server.
pub async fn connect(url: &str, options: &Options) -> Result<Transport, Error> {
    let target = Target::of(url)?;
    match tokio::time::timeout(options.timeout, handshake(&target, url, options)).await {
        Ok(connected) => connected,
        Err(_) => Err(timed_out(&target.address(), options.timeout)),
    }
}

fn timed_out(address: &str, timeout: Duration) -> Error {
    Error::new(Status::Timeout, format!("{address} did not answer within {} ms", timeout.as_millis()))
}

struct Target {
    host: String,
    port: u16,
    secure: bool,
}

impl Target {
    fn of(url: &str) -> Result<Target, Error> {
        let bad = |why: &str| Error::argument(format!("url: {why}; ws://host:port/?query expected"));
        let uri: Uri = url.parse().map_err(|_| bad("not a URL"))?;
        let secure = match uri.scheme_str() {
            Some("ws") => false,
            Some("wss") if cfg!(feature = "gateway") => true,
            Some("wss") => {
                let sentence = "url: wss:// needs TLS, which comes with the feature gateway; use ws://";
                return Err(Error::new(Status::Unsupported, sentence));
            }
            _ => return Err(bad("the scheme is neither ws nor wss")),
        };
        let host = uri.host().filter(|host| !host.is_empty()).ok_or_else(|| bad("there is no host"))?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        Ok(Target { host, port: uri.port_u16().unwrap_or(if secure { 443 } else { 80 }), secure })
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
    let wire = Wire::new(socket(stream, target, options).await?, options.limits);
    let mut round = ClientHandshake::start(wire, request, None).map_err(refused)?.handshake();
    loop {
        match round {
            Ok((websocket, _)) => {
                let Wire { socket, stage, mut reader, given } = websocket.into_inner();
                reader.skip(given);
                let websocket = WebSocket::new(socket, reader, stage, options.encoding);
                #[cfg(feature = "gateway")]
                let websocket = websocket.inflating(options);
                return Ok(Transport::WebSocket(Box::new(websocket)));
            }
            Err(HandshakeError::Failure(error)) => return Err(refusal(&address, &error)),
            Err(HandshakeError::Interrupted(mut half)) => {
                let wire = half.get_mut().get_mut();
                wire.stage.flush(&mut wire.socket).map_err(broke)?;
                wire.socket.ready(!wire.stage.is_empty()).await.map_err(broke)?;
                round = half.handshake();
            }
        }
    }
}

/// The connection, with TLS over it where the URL asks for that.
async fn socket(stream: TcpStream, target: &Target, options: &Options) -> Result<Socket, Error> {
    #[cfg(feature = "gateway")]
    if target.secure {
        let trust = options.trust.clone().unwrap_or_else(tls::Trust::browsers);
        return Ok(Socket::Tls(Box::new(tls::Tls::new(tls::connect(stream, &target.host, &trust).await?))));
    }
    debug_assert!(!target.secure, "refused by its URL");
    let _ = options;
    Ok(Socket::Tcp(stream))
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

/// What tungstenite believes to be its socket.
#[derive(Debug)]
struct Wire {
    socket: Socket,
    stage: Stage,
    reader: Reader,
    /// Bytes of what the reader has that were handed on.
    given: usize,
}

impl Wire {
    fn new(socket: Socket, limits: Limits) -> Self {
        Wire {
            socket,
            stage: Stage::new(Role::Client),
            reader: Reader::new(Role::Client, limits.message, limits.read),
            given: 0,
        }
    }
}

impl Read for Wire {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.given == self.reader.pending().len() {
            let read = self.socket.read(space(&mut self.reader));
            if read.is_err() {
                // Many may be waiting for their answers at once.
                rest(&mut self.reader);
            }
            self.reader.filled(read?);
        }
        let there = self.reader.pending();
        let head = &there[self.given..head_end(there).unwrap_or(there.len()).max(self.given)];
        let n = head.len().min(into.len());
        into[..n].copy_from_slice(&head[..n]);
        self.given += n;
        Ok(n)
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stage.raw(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Behind the empty line. Its line ends may lack the carriage return, as tungstenite takes them too.
fn head_end(bytes: &[u8]) -> Option<usize> {
    let mut line_ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at);
    line_ends.find_map(|at| match bytes[at + 1..] {
        [b'\n', ..] => Some(at + 2),
        [b'\r', b'\n', ..] => Some(at + 3),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_ends_behind_its_empty_line() {
        for (bytes, end) in [
            (&b"HTTP/1.1 101 X\r\nA: b\r\n\r\n\x81\x00"[..], Some(24)),
            (b"HTTP/1.1 101 X\nA: b\n\n\n", Some(21)),
            (b"HTTP/1.1 101 X\r\n\r", None),
            (b"", None),
        ] {
            assert_eq!(head_end(bytes), end);
        }
    }
}

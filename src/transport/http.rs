//! The TCP side of the RPC server: loopback only, WebSocket upgrades, and the routes that are plain HTTP.
//!
//! hyper reads the request; what is no route of ours gets one answer, the same to the byte whatever was asked, so that a
//! port scan learns nothing. The one thing to know before changing it: hyper also writes answers of its own (to a request
//! it can't read, to HTTP/1.0). They pass a gate, which puts our fixed answer in their place. A connection serves
//! one request. Rules: "The local server's answers, settled" in `security.md`, rows 1 to 4, 6, 10 and 13; RFC 6455
//! section 4.2; RFC 9112.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use gamebridge_proto::error::{Error, Status};
use gamebridge_proto::secret::Secret;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

use super::search::PORTS;
use super::socket::fault;
use super::websocket::WebSocket;
use super::{CLOSE_WITHIN, Encoding, Limits, Transport};

/// How long a peer may take for its request's head, and then for the body.
pub const REQUEST_WITHIN: Duration = Duration::from_secs(5);

/// The longest body, in bytes.
pub const BODY: usize = 64 * 1024;

/// The longest request head, in bytes (and the least that hyper takes).
const HEAD: usize = 8 * 1024;

/// How long an exchange may take, without the time that the answer takes.
const EXCHANGE_WITHIN: Duration = Duration::from_secs(30);

/// How long the answer may take: a question to the user (a minute), or a channel that is joined with a `timeout`.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(75);

const CLOSE: HeaderValue = HeaderValue::from_static("close");

const NOT_FOUND: &[u8] = b"HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
const FORBIDDEN: &[u8] = b"HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
const TOO_LARGE: &[u8] = b"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
const TOO_SLOW: &[u8] = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
const NO_ANSWER: &[u8] = b"HTTP/1.1 504 Gateway Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

/// Something that is asked by plain HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// POST to exactly this path.
    Post(&'static str),
    /// GET, POST, PUT, PATCH and DELETE of whatever lies below this path, which ends with a slash.
    Below(&'static str),
}

/// The routes of the RPC server. HEAD and OPTIONS are none: there is no CORS here that somebody could ask for.
pub const ROUTES: &[Route] = &[
    Route::Post("/rpc"),
    Route::Post("/oauth2/token"),
    Route::Post("/oauth2/token/rpc"),
    Route::Post("/oauth2/token/revoke"),
    Route::Below("/api/"),
];

/// The routes of a sandbox's own port, beside its Gateway.
#[cfg(feature = "gateway")]
pub const SITE: &[Route] = &[Route::Below("/api/")];

impl Route {
    fn takes(self, method: &str, path: &str) -> bool {
        match self {
            Route::Post(exactly) => method == "POST" && path == exactly,
            Route::Below(folder) => {
                matches!(method, "GET" | "POST" | "PUT" | "PATCH" | "DELETE") && path.starts_with(folder)
            }
        }
    }
}

/// A request for one of the routes. The Host was checked; everything else is for the door to judge.
pub struct Request {
    /// `POST`.
    pub method: String,
    /// The path without the query.
    pub path: String,
    /// The query without the question mark; empty when there is none.
    pub query: String,
    /// The `Origin` header. Two of them are refused before they get here.
    pub origin: Option<String>,
    /// The `Content-Type` header.
    pub content_type: Option<String>,
    /// The `Authorization` header.
    pub authorization: Option<Secret>,
    /// The body, [`BODY`] bytes at most.
    pub body: Vec<u8>,
}

impl Request {
    /// Path and query, as they came.
    pub fn target(&self) -> String {
        match self.query.is_empty() {
            true => self.path.clone(),
            false => format!("{}?{}", self.path, self.query),
        }
    }
}

impl fmt::Debug for Request {
    /// Without query and body: they hold codes and client secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("origin", &self.origin)
            .field("content_type", &self.content_type)
            .field("body", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// The answer to a [`Request`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status. 404 with an empty body is given as the one answer to all that is no route.
    pub status: u16,
    /// Headers. Of our own answers the `Content-Type` has to be exactly `application/json`: four of the large Python
    /// libraries refuse `; charset=utf-8`. The length is added here, and nothing else.
    pub headers: Vec<(Cow<'static, str>, Cow<'static, str>)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    /// An answer of JSON.
    pub fn json(status: u16, body: Vec<u8>) -> Self {
        // Answers hold tokens (RFC 6749 section 5.1).
        Response::of(status, &[("content-type", "application/json"), ("cache-control", "no-store")], body)
    }

    /// An answer with these headers.
    pub fn of(status: u16, headers: &[(&'static str, &'static str)], body: Vec<u8>) -> Self {
        let headers = headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        Response { status, headers, body }
    }

    /// The answer to all that is no route of ours.
    pub fn not_found() -> Self {
        Response { status: 404, headers: Vec::new(), body: Vec::new() }
    }
}

/// A peer whose WebSocket handshake is done. Nothing was sent to it yet; whether its Origin is the application's is for the
/// door to decide (which closes it with 4001 when not).
#[derive(Debug)]
pub struct Accepted {
    /// The connection.
    pub transport: Transport,
    /// The query without the question mark, as it came: `v=1&client_id=..&encoding=json`.
    pub query: String,
    /// The `Origin` header.
    pub origin: Option<String>,
}

/// Listens on loopback, and nowhere else: there is no way to ask for another address.
#[derive(Debug)]
pub struct Listener {
    tcp: TcpListener,
    address: SocketAddr,
    limits: Limits,
}

impl Listener {
    /// Listens on this port of 127.0.0.1; 0 is one that the system chooses, `None` the first free one of
    /// [`PORTS`].
    ///
    /// # Errors
    /// `Io` when the port, or every port of the range, is taken.
    pub async fn bind(port: Option<u16>, limits: Limits) -> Result<Listener, Error> {
        let ports = port.map_or(PORTS, |port| port..=port);
        let mut why = None;
        for port in ports.clone() {
            match bind(port).await {
                Ok((tcp, address)) => return Ok(Listener { tcp, address, limits }),
                Err(error) => why = Some(error),
            }
        }
        let why = why.map_or_else(String::new, |error| format!(": {error}"));
        Err(Error::new(
            Status::Io,
            match port {
                Some(port) => format!("cannot listen on port {port} of 127.0.0.1{why}"),
                None => format!("ports {} to {} of 127.0.0.1 are all taken{why}", ports.start(), ports.end()),
            },
        ))
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The next connection: [`serve`](Connection::serve) it in a task of its own. Cancel-safe.
    ///
    /// # Errors
    /// `Io` when the system can't accept now (no descriptors left): wait a little before the next try.
    pub async fn accept(&mut self) -> Result<Connection, Error> {
        let accepted = match fault() {
            Ok(()) => self.tcp.accept().await,
            Err(error) => Err(error),
        };
        match accepted {
            Ok((stream, _)) => Ok(Connection { stream, port: self.address.port(), limits: self.limits }),
            Err(error) => Err(Error::new(Status::Io, format!("cannot accept at {}: {error}", self.address))),
        }
    }
}

async fn bind(port: u16) -> io::Result<(TcpListener, SocketAddr)> {
    fault()?;
    let tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let address = tcp.local_addr()?;
    Ok((tcp, address))
}

/// A connection of which nothing was read yet.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    port: u16,
    limits: Limits,
}

/// An upgrade that was granted.
struct Upgrade {
    query: String,
    origin: Option<String>,
}

/// What becomes of what hyper writes.
#[derive(Clone, Copy)]
enum Answer {
    /// No request was read: what hyper writes now is its own, and [`NOT_FOUND`] takes its place.
    Unread,
    /// The service answers by one of the fixed answers: this much of it is still to be written.
    Fixed(&'static [u8]),
    /// The service answers by itself.
    Open,
}

impl Connection {
    /// Serves the one request of this connection: a request for one of `routes` is answered by `answer`, an upgrade is
    /// handed back, everything else is refused here. Ends by itself within half a minute and the time that the answer
    /// takes ([`ANSWER_WITHIN`] at most), whatever the peer does. A peer that goes while it waits has its answer dropped.
    pub async fn serve(self, routes: &[Route], answer: impl AsyncFn(Request) -> Response) -> Option<Accepted> {
        let Connection { stream, port, limits } = self;
        stream.set_nodelay(true).ok()?;
        let state = Cell::new(Answer::Unread);
        let upgrade = Cell::new(None);
        let answering = Cell::new(false);
        let service = service_fn(|request: hyper::Request<Incoming>| {
            let (state, upgrade, answering, answer) = (&state, &upgrade, &answering, &answer);
            Box::pin(async move {
                state.set(Answer::Open);
                let response = match respond(request, port, routes, answering, answer).await {
                    Reply::Upgrade(response, granted) => {
                        upgrade.set(Some(granted));
                        response
                    }
                    Reply::Answer(response) => response,
                    Reply::Fixed(bytes) => {
                        state.set(Answer::Fixed(bytes));
                        // Its text is replaced; what counts is that the connection ends with it.
                        let mut response = hyper::Response::new(Full::default());
                        response.headers_mut().insert(header::CONNECTION, CLOSE);
                        response
                    }
                };
                Ok::<_, std::convert::Infallible>(response)
            })
        });
        let mut connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(REQUEST_WITHIN)
            .auto_date_header(false)
            .max_buf_size(HEAD)
            .serve_connection(TokioIo::new(Gate { stream, state: &state }), service);
        let served = std::future::poll_fn(|context| connection.poll_without_shutdown(context));
        let patience = async {
            loop {
                tokio::time::sleep(EXCHANGE_WITHIN).await;
                if !answering.get() {
                    break;
                }
            }
        };
        let served = tokio::select! {
            served = served => Ok(served),
            () = patience => Err(()),
        };
        let parts = connection.into_parts();
        let mut stream = parts.io.into_inner().stream;
        let granted = upgrade.take();
        match (served, granted) {
            (Ok(Ok(())), Some(Upgrade { query, origin })) => {
                let part = parts.read_buf.to_vec();
                let websocket = WebSocket::accepted(stream, part, encoding(&query), limits);
                return Some(Accepted { transport: Transport::WebSocket(Box::new(websocket)), query, origin });
            }
            // A request that hyper gives up without a word (HTTP/2's preface) gets the answer of all the others.
            (Ok(Err(error)), _) if error.is_parse() && matches!(state.get(), Answer::Unread) => {
                let _ = stream.try_write(NOT_FOUND);
            }
            _ => {}
        }
        linger(&mut stream).await;
        None
    }
}

/// A TCP stack answers unread bytes with a reset, which can overtake the answer: read until the peer ends, for a while.
async fn linger(stream: &mut TcpStream) {
    let ending = async {
        stream.shutdown().await?;
        let mut rest = [0; 4096];
        while stream.read(&mut rest).await? > 0 {}
        io::Result::Ok(())
    };
    let _ = tokio::time::timeout(CLOSE_WITHIN, ending).await;
}

enum Reply {
    Upgrade(hyper::Response<Full<Bytes>>, Upgrade),
    Answer(hyper::Response<Full<Bytes>>),
    Fixed(&'static [u8]),
}

async fn respond(
    request: hyper::Request<Incoming>,
    port: u16,
    routes: &[Route],
    answering: &Cell<bool>,
    answer: &impl AsyncFn(Request) -> Response,
) -> Reply {
    let (head, body) = request.into_parts();
    let (method, path) = (head.method.as_str(), head.uri.path());
    let is_route = routes.iter().any(|route| route.takes(method, path));
    let handshake = if path == "/" { handshake(&head) } else { None };
    if !is_route && handshake.is_none() {
        return Reply::Fixed(NOT_FOUND);
    }
    let Some(origin) = only(&head.headers, header::ORIGIN) else { return Reply::Fixed(FORBIDDEN) };
    if !is_for_us(&head, port) {
        return Reply::Fixed(FORBIDDEN);
    }
    let query = head.uri.query().unwrap_or_default().to_owned();
    if let Some(response) = handshake {
        return Reply::Upgrade(response, Upgrade { query, origin });
    }
    let (Some(content_type), Some(authorization)) =
        (only(&head.headers, header::CONTENT_TYPE), only(&head.headers, header::AUTHORIZATION))
    else {
        return Reply::Fixed(FORBIDDEN);
    };
    let body = match tokio::time::timeout(REQUEST_WITHIN, Limited::new(body, BODY).collect()).await {
        Ok(Ok(body)) => body.to_bytes().to_vec(),
        Ok(Err(_)) => return Reply::Fixed(TOO_LARGE),
        Err(_) => return Reply::Fixed(TOO_SLOW),
    };
    let authorization = authorization.map(Secret::new);
    let (method, path) = (method.to_owned(), path.to_owned());
    let request = Request { method, path, query, origin, content_type, authorization, body };
    answering.set(true);
    let response = tokio::time::timeout(ANSWER_WITHIN, answer(request)).await;
    answering.set(false);
    let Ok(response) = response else { return Reply::Fixed(NO_ANSWER) };
    if response == Response::not_found() {
        return Reply::Fixed(NOT_FOUND);
    }
    let mut built = hyper::Response::builder().status(response.status).header(header::CONNECTION, CLOSE);
    for (name, value) in response.headers {
        built = built.header(&*name, &*value);
    }
    let built = built.body(Full::new(Bytes::from(response.body)));
    built.map_or(Reply::Fixed(NOT_FOUND), Reply::Answer)
}

/// The answer to a well-formed WebSocket handshake; `None` when the request is none.
fn handshake(head: &Parts) -> Option<hyper::Response<Full<Bytes>>> {
    let mut request = hyper::Request::new(());
    *request.method_mut() = head.method.clone();
    *request.version_mut() = head.version;
    *request.headers_mut() = head.headers.clone();
    tokio_tungstenite::tungstenite::handshake::server::create_response_with_body(&request, Full::default).ok()
}

/// The value of a header that may stand once; the outer `None` when it stands twice or is no visible ASCII.
#[allow(clippy::option_option)]
fn only(headers: &HeaderMap, name: HeaderName) -> Option<Option<String>> {
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    if values.next().is_some() {
        return None;
    }
    match first {
        Some(value) => value.to_str().ok().map(|value| Some(value.to_owned())),
        None => Some(None),
    }
}

/// Whether the request was meant for this server by its loopback address, and not by a name that somebody made to point
/// here (DNS rebinding).
fn is_for_us(head: &Parts, port: u16) -> bool {
    let Some(Some(host)) = only(&head.headers, header::HOST) else { return false };
    head.uri.authority().is_none() && gamebridge_proto::server::rpc::host_is_ours(&host, port)
}

fn encoding(query: &str) -> Encoding {
    let named = query.split('&').filter_map(|pair| pair.strip_prefix("encoding=")).next();
    // What is neither is for the door to refuse, in JSON.
    if named == Some(Encoding::Etf.as_str()) { Encoding::Etf } else { Encoding::Json }
}

/// hyper's socket: it lets through what the service answers, and puts a fixed answer in the place of all else.
struct Gate<'a> {
    stream: TcpStream,
    state: &'a Cell<Answer>,
}

impl AsyncRead for Gate<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        fault()?;
        pin!(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Gate<'_> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        fault()?;
        let mut fixed = match self.state.get() {
            Answer::Open => return pin!(&mut self.stream).poll_write(context, bytes),
            Answer::Unread => NOT_FOUND,
            Answer::Fixed(rest) => rest,
        };
        while !fixed.is_empty() {
            let written = std::task::ready!(pin!(&mut self.stream).poll_write(context, fixed))?;
            fixed = &fixed[written..];
            self.state.set(Answer::Fixed(fixed));
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        pin!(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        pin!(&mut self.stream).poll_shutdown(context)
    }
}

//! The API of a Discord's account, elsewhere on this machine: a request for `/api` is passed there as it came (method, path,
//! query, content type, body and Authorization), and the answer back.
//!
//! It is HTTP on a loopback literal and nothing else, since a bearer token goes over it. Of the answer's headers only those
//! pass that a client of the API reads; what would open it to web pages (CORS, cookies) never does. One connection for each
//! request: there are few, and none is kept that could be stale.

use std::cell::Cell;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use gamebridge_proto::error::Error;
use gamebridge_proto::server::rest;
use gamebridge_proto::server::rpc::HttpRequest;
use gamebridge_proto::wire::rest::JsonCode;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::transport::http::Response;

/// From connecting to the end of the answer.
const WITHIN: Duration = Duration::from_secs(20);
/// The longest answer, in bytes: a guild's thousand members have 300 KB.
const ANSWER: usize = 4 << 20;

/// The headers of an answer that are passed back.
const HEADERS: [&str; 7] = [
    "content-type",
    "retry-after",
    "x-ratelimit-global",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    "x-ratelimit-reset-after",
];

/// Where the API is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Backend {
    address: SocketAddr,
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}", self.address)
    }
}

impl Backend {
    /// Reads `http://127.0.0.1:8080`.
    ///
    /// # Errors
    /// `Argument` when it is anything else than http, a loopback literal and a port.
    pub(super) fn parse(text: &str) -> Result<Backend, Error> {
        let authority = text.strip_prefix("http://").map(|rest| rest.strip_suffix('/').unwrap_or(rest));
        let address = authority.and_then(|authority| authority.parse::<SocketAddr>().ok());
        match address.filter(|address| is_loopback(address.ip()) && address.port() != 0) {
            Some(address) => Ok(Backend { address }),
            None => Err(Error::argument(
                "rpc: api: http, a loopback literal and a port expected, as \"http://127.0.0.1:8080\"",
            )),
        }
    }

    /// Where it listens.
    pub(super) fn address(self) -> SocketAddr {
        self.address
    }

    /// Passes a request there and its answer back.
    pub(super) async fn pass(self, request: HttpRequest<'_>) -> Response {
        let (status, why) = match tokio::time::timeout(WITHIN, self.exchange(request)).await {
            Ok(Ok(response)) => return response,
            Ok(Err(why)) => (502, why),
            Err(_) => (504, format!("it gave no answer within {} seconds", WITHIN.as_secs())),
        };
        let sentence = format!("the account's API at {self} could not be asked: {why}");
        Response::json(status, rest::Response::error(status, JsonCode::General, &sentence).body)
    }

    async fn exchange(self, request: HttpRequest<'_>) -> Result<Response, String> {
        let said = |error: &dyn fmt::Display| error.to_string();
        let stream = TcpStream::connect(self.address).await.map_err(|error| said(&error))?;
        let (mut sender, connection) =
            http1::handshake::<_, Full<Bytes>>(TokioIo::new(stream)).await.map_err(|error| said(&error))?;
        let mut ask = hyper::Request::builder()
            .method(request.method)
            .uri(request.target)
            .header(header::HOST, self.address.to_string());
        for (name, value) in
            [(header::CONTENT_TYPE, request.content_type), (header::AUTHORIZATION, request.authorization)]
        {
            if let Some(value) = value {
                ask = ask.header(name, value);
            }
        }
        let ask = ask.body(Full::new(Bytes::copy_from_slice(request.body))).map_err(|error| said(&error))?;
        let answer = async {
            let (head, body) = sender.send_request(ask).await.map_err(|error| said(&error))?.into_parts();
            let body = Limited::new(body, ANSWER).collect().await.map_err(|error| said(&error))?;
            let headers = HEADERS.iter().filter_map(|name| {
                let value = head.headers.get(*name)?.to_str().ok()?;
                Some(((*name).into(), value.to_owned().into()))
            });
            let headers = headers.chain([("cache-control".into(), "no-store".into())]).collect();
            Ok(Response { status: head.status.as_u16(), headers, body: body.to_bytes().to_vec() })
        };
        // The connection moves the bytes, and may end before or after the answer is whole.
        let mut answer = std::pin::pin!(answer);
        tokio::select! {
            answered = &mut answer => answered,
            _ = connection => answer.await,
        }
    }
}

/// Requests that may be under way there at a time: each keeps a connection of ours open, and who asks can be slow on purpose.
const MOST_UNDER_WAY: usize = 16;

/// How many are.
#[derive(Debug, Default)]
pub(super) struct Turns(Cell<usize>);

/// One of them, until it is dropped.
pub(super) struct Turn<'t>(&'t Turns);

impl Turns {
    /// A turn.
    ///
    /// # Errors
    /// The answer when there is none to be had.
    pub(super) fn take(&self) -> Result<Turn<'_>, Response> {
        if self.0.get() >= MOST_UNDER_WAY {
            let sentence =
                format!("{MOST_UNDER_WAY} requests are waiting for the account's API already; try again later");
            return Err(Response::json(503, rest::Response::error(503, JsonCode::General, &sentence).body));
        }
        self.0.set(self.0.get() + 1);
        Ok(Turn(self))
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.0.set(self.0.0.get() - 1);
    }
}

fn is_loopback(ip: IpAddr) -> bool {
    // Not the whole of 127.0.0.0/8: the two literals that everything else here means by loopback.
    ip == IpAddr::from([127, 0, 0, 1]) || ip == IpAddr::from(std::net::Ipv6Addr::LOCALHOST)
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    #[test]
    fn only_a_loopback_literal_is_taken() {
        for good in ["http://127.0.0.1:8080", "http://127.0.0.1:8080/", "http://[::1]:1"] {
            assert!(Backend::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "127.0.0.1:8080",
            "https://127.0.0.1:8080",
            "http://localhost:8080",
            "http://127.0.0.1",
            "http://127.0.0.1:0",
            "http://127.0.0.1:99999",
            "http://127.0.0.2:8080",
            "http://0.0.0.0:8080",
            "http://discord.com",
            "http://user@127.0.0.1:8080",
            "http://127.0.0.1:8080/api",
            "http://127.0.0.1:8080?x",
            "http://127.0.0.1:8080.evil.example",
            "HTTP://127.0.0.1:8080",
        ] {
            assert!(Backend::parse(bad).unwrap_err().message.contains("loopback literal"), "{bad}");
        }
    }

    #[test]
    fn so_many_requests_are_under_way_and_a_turn_comes_back() {
        let turns = Turns::default();
        let mut taken: Vec<_> = (0..MOST_UNDER_WAY).map(|_| turns.take().expect("a turn")).collect();
        assert_eq!(turns.take().map(drop).expect_err("none is left").status, 503);
        taken.pop();
        assert!(turns.take().is_ok());
    }

    /// A backend that reads one request and says this; what it read.
    async fn passed(answer: &'static str, request: HttpRequest<'_>) -> (Response, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let backend = Backend { address: listener.local_addr().expect("an address") };
        let serve = async {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let mut read = Vec::new();
            while !read.windows(4).any(|end| end == b"\r\n\r\n") || !read.ends_with(request.body) {
                assert_ne!(stream.read_buf(&mut read).await.expect("read"), 0, "the whole request");
            }
            stream.write_all(answer.as_bytes()).await.expect("written");
            String::from_utf8(read).expect("text")
        };
        tokio::join!(backend.pass(request), serve)
    }

    fn post(body: &str) -> HttpRequest<'_> {
        HttpRequest {
            method: "PATCH",
            target: "/api/v10/guilds/5?x=%20y",
            content_type: Some("application/json"),
            origin: Some("https://localhost"),
            authorization: Some("Bearer canary"),
            body: body.as_bytes(),
        }
    }

    #[tokio::test]
    async fn a_request_is_passed_as_it_came_and_so_is_the_answer() {
        let answer = "HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/json\r\nRetry-After: 2\r\n\
                      X-RateLimit-Limit: 5\r\nServer: somebody\r\nSet-Cookie: a=b\r\n\
                      Access-Control-Allow-Origin: *\r\nContent-Length: 2\r\n\r\n{}";
        let (response, read) = passed(answer, post(r#"{"name":"x"}"#)).await;
        let lower = read.to_ascii_lowercase();
        assert!(read.starts_with("PATCH /api/v10/guilds/5?x=%20y HTTP/1.1\r\n"), "{read}");
        assert!(read.ends_with("\r\n\r\n{\"name\":\"x\"}"), "{read}");
        for header in ["authorization: bearer canary\r\n", "content-type: application/json\r\n", "host: 127.0.0.1:"] {
            assert!(lower.contains(header), "{read}");
        }
        assert!(!lower.contains("origin"), "a page's Origin was judged here: {read}");
        assert_eq!((response.status, response.body.as_slice()), (429, &b"{}"[..]));
        let names: Vec<&str> = response.headers.iter().map(|(name, _)| &**name).collect();
        assert_eq!(names, ["content-type", "retry-after", "x-ratelimit-limit", "cache-control"]);
    }

    #[tokio::test]
    async fn a_backend_that_is_none_is_told_without_the_token() {
        for answer in ["", "SSH-2.0-x\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n"] {
            let (response, _) = passed(answer, post("")).await;
            let body = String::from_utf8(response.body).expect("text");
            assert_eq!(response.status, 502, "{answer:?}: {body}");
            assert!(body.contains("the account's API at http://127.0.0.1:") && !body.contains("canary"), "{body}");
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let backend = Backend { address: listener.local_addr().expect("an address") };
        drop(listener);
        assert_eq!(backend.pass(post("")).await.status, 502);
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_backend_has_a_deadline() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let backend = Backend { address: listener.local_addr().expect("an address") };
        assert_eq!(backend.pass(post("")).await.status, 504);
    }
}

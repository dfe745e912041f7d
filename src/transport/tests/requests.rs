//! The RPC server's HTTP side, asked by hand.

use std::cell::RefCell;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;
use crate::transport::http::{BODY, Listener, REQUEST_WITHIN, ROUTES, Request, Response};

const NOT_FOUND: &str = "HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
const FORBIDDEN: &str = "HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
const UPGRADE: &str = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/// One exchange: what the peer reads until the end, the peer that was accepted, and the requests that got through.
struct Exchange {
    answer: String,
    accepted: Option<Accepted>,
    requests: Vec<Request>,
}

/// Sends `request`, in which `PORT` stands for the port.
async fn exchange(request: impl AsRef<[u8]>) -> Exchange {
    let mut listener = Listener::bind(Some(0), Limits::PEER).await.expect("a port");
    let address = listener.address();
    let requests = RefCell::new(Vec::new());
    let answer = async |request| {
        requests.borrow_mut().push(request);
        Response::json(200, br#"{"access_token":"t"}"#.to_vec())
    };
    let serve = async {
        let accepted = listener.accept().await.expect("a connection").serve(ROUTES, answer).await;
        // An accepted peer would be kept open by whoever drives it.
        (accepted, ())
    };
    let ask = async {
        let request = String::from_utf8_lossy(request.as_ref()).replace("PORT", &address.port().to_string());
        let mut stream = TcpStream::connect(address).await.expect("connected");
        stream.write_all(request.as_bytes()).await.expect("written");
        let mut answer = Vec::new();
        loop {
            match stream.read_buf(&mut answer).await {
                Ok(0) | Err(_) => break,
                Ok(_) if answer.starts_with(b"HTTP/1.1 101") => break,
                Ok(_) => {}
            }
        }
        String::from_utf8(answer).expect("text")
    };
    let ((accepted, ()), answer) = tokio::join!(serve, ask);
    Exchange { answer, accepted, requests: requests.into_inner() }
}

fn upgrade(host: &str, more: &str) -> String {
    format!("GET /?v=1&client_id=1 HTTP/1.1\r\nHost: {host}\r\n{more}{UPGRADE}\r\n")
}

fn token(headers: &str, body: &str) -> String {
    format!(
        "POST /oauth2/token HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nContent-Length: {}\r\n{headers}\r\n{body}",
        body.len()
    )
}

#[tokio::test]
async fn listens_on_loopback_and_on_the_first_free_port() {
    let listener = Listener::bind(Some(0), Limits::PEER).await.expect("a port");
    assert!(listener.address().ip().is_loopback());
    let taken = listener.address().port();
    let error = Listener::bind(Some(taken), Limits::PEER).await.expect_err("taken");
    assert!(error.message.starts_with(&format!("cannot listen on port {taken} of 127.0.0.1: ")), "{error}");
}

#[tokio::test]
async fn the_host_must_be_a_loopback_literal_with_our_port() {
    for host in ["127.0.0.1:PORT", "[::1]:PORT"] {
        let exchange = exchange(upgrade(host, "")).await;
        assert!(exchange.answer.starts_with("HTTP/1.1 101 "), "{host}: {}", exchange.answer);
        assert!(exchange.accepted.is_some(), "{host}");
    }
    let strangers = [
        "127.0.0.1",
        "127.0.0.1:1",
        "localhost",
        "localhost:PORT",
        "localhost:PORT0",
        "evil.example:PORT",
        "127.0.0.1.evil.example:PORT",
        "localhost.:PORT",
        "127.0.0.2:PORT",
        "127.1:PORT",
        "2130706433:PORT",
        "0.0.0.0:PORT",
        "[::]:PORT",
        "::1:PORT",
        "user@127.0.0.1:PORT",
        "evil.example, 127.0.0.1:PORT",
        ":PORT",
        "",
        "127.0.0.1:PORT\r\nHost: 127.0.0.1:PORT",
        "127.0.0.1:PORT\r\nHost: evil.example:PORT",
    ];
    for host in strangers {
        let exchange = exchange(upgrade(host, "")).await;
        assert_eq!((exchange.answer.as_str(), exchange.accepted.is_some()), (FORBIDDEN, false), "{host}");
    }
    let no_host = format!("GET / HTTP/1.1\r\n{UPGRADE}\r\n");
    let absolute = format!("GET http://evil.example/ HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n{UPGRADE}\r\n");
    for request in [no_host, absolute] {
        assert_eq!(exchange(&request).await.answer, FORBIDDEN, "{request}");
    }
}

#[tokio::test]
async fn a_foreign_host_gets_no_token_either() {
    let request = token("", "x").replace("127.0.0.1:PORT", "evil.example:PORT");
    let exchange = exchange(request).await;
    assert_eq!(exchange.answer, FORBIDDEN);
    assert!(exchange.requests.is_empty());
}

#[tokio::test]
async fn every_single_origin_is_handed_to_the_door_as_it_came() {
    let cases = [
        ("", None),
        ("Origin: https://localhost\r\n", Some("https://localhost")),
        ("origin: null\r\n", Some("null")),
        ("Origin: https://localhost, https://evil.example\r\n", Some("https://localhost, https://evil.example")),
        ("Origin:\r\n", Some("")),
    ];
    for (header, origin) in cases {
        let accepted = exchange(upgrade("127.0.0.1:PORT", header)).await.accepted.expect("accepted");
        assert_eq!((accepted.origin.as_deref(), accepted.query.as_str()), (origin, "v=1&client_id=1"));
    }
}

#[tokio::test]
async fn two_origins_are_refused_even_when_they_agree() {
    for second in ["https://localhost", "https://evil.example", ""] {
        let headers = format!("Origin: https://localhost\r\nOrigin: {second}\r\n");
        let exchange = exchange(upgrade("127.0.0.1:PORT", &headers)).await;
        assert_eq!((exchange.answer.as_str(), exchange.accepted.is_some()), (FORBIDDEN, false));
    }
}

#[tokio::test]
async fn whatever_is_no_route_gets_the_same_answer_to_the_byte() {
    let host = "Host: 127.0.0.1:PORT\r\n";
    let requests = [
        format!("GET / HTTP/1.1\r\n{host}\r\n"),
        "GET / HTTP/1.0\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n".to_owned(),
        format!("HEAD / HTTP/1.1\r\n{host}\r\n"),
        format!("OPTIONS * HTTP/1.1\r\n{host}\r\n"),
        format!("TRACE / HTTP/1.1\r\n{host}\r\n"),
        format!("GET /oauth2/token HTTP/1.1\r\n{host}\r\n"),
        format!("GET /rpc HTTP/1.1\r\n{host}\r\n"),
        format!(
            "GET /rpc?payload=%7B%22cmd%22%3A%22GET_GUILDS%22%7D HTTP/1.1\r\n{host}Origin: https://localhost\r\n\r\n"
        ),
        format!(
            "OPTIONS /rpc HTTP/1.1\r\n{host}Origin: https://localhost\r\nAccess-Control-Request-Method: POST\r\n\r\n"
        ),
        format!("OPTIONS /api/v10/users/@me HTTP/1.1\r\n{host}Origin: https://localhost\r\n\r\n"),
        format!("HEAD /api/v10/users/@me HTTP/1.1\r\n{host}\r\n"),
        format!("PUT /rpc HTTP/1.1\r\n{host}Content-Length: 0\r\n\r\n"),
        format!("POST /rpc/ HTTP/1.1\r\n{host}Content-Length: 0\r\n\r\n"),
        format!("GET /api HTTP/1.1\r\n{host}\r\n"),
        format!("GET /apis/v10 HTTP/1.1\r\n{host}\r\n"),
        format!("POST /oauth2/token/ HTTP/1.1\r\n{host}Content-Length: 0\r\n\r\n"),
        format!("POST //oauth2/token HTTP/1.1\r\n{host}Content-Length: 0\r\n\r\n"),
        format!("POST /nowhere HTTP/1.1\r\n{host}Content-Length: 100000\r\n\r\n{}", "x".repeat(100_000)),
        format!("POST /nowhere HTTP/1.1\r\n{host}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
        format!("POST /nowhere HTTP/1.1\r\n{host}Expect: 100-continue\r\nContent-Length: 5\r\n\r\n"),
        format!("GET / HTTP/1.1\r\n{host}Connection: keep-alive\r\n\r\n"),
        format!("GET /else HTTP/1.1\r\n{host}{UPGRADE}\r\n"),
        format!("POST / HTTP/1.1\r\n{host}{UPGRADE}\r\n"),
        format!("GET / HTTP/1.0\r\n{host}{UPGRADE}\r\n"),
        format!("GET / HTTP/1.1\r\n{host}{}\r\n", UPGRADE.replace("13", "8")),
        format!("GET / HTTP/1.1\r\n{host}{}\r\n", UPGRADE.replace("dGhl", "")),
        format!("GET / HTTP/1.1\r\n{host}{}\r\n", UPGRADE.replace("websocket", "h2c")),
        format!("GET /{} HTTP/1.1\r\n{host}\r\n", "x".repeat(100_000)),
        format!("GET / HTTP/1.1\r\n{host}X: {}\r\n\r\n", "x".repeat(100_000)),
        format!("GET / HTTP/1.1\r\n{host}{}\r\n", "X: y\r\n".repeat(1000)),
        format!("GET / HTTP/1.1\r\n{host}Content-Length: -1\r\n\r\n"),
        format!("GET / HTTP/1.1\r\n{host} folded: 1\r\n\r\n"),
        "GET / HTTP/9.9\r\n\r\n".to_owned(),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
        "\x16\x03\x01\x02\0\x01\0\x01\x7f\x03\x03\r\n\r\n".to_owned(),
        "SSH-2.0-OpenSSH_9\r\n\r\n".to_owned(),
        "\0\0\0\0\r\n\r\n".to_owned(),
    ];
    for request in requests {
        let exchange = exchange(&request).await;
        let start: String = request.chars().take(60).collect();
        assert_eq!(exchange.answer, NOT_FOUND, "{start:?}");
        assert!(exchange.accepted.is_none() && exchange.requests.is_empty(), "{start:?}");
    }
}

#[tokio::test]
async fn a_token_request_reaches_the_door_with_what_matters() {
    let body = "grant_type=authorization_code&code=c&client_secret=s";
    let headers = "Content-Type: application/x-www-form-urlencoded\r\nAuthorization: Basic eDp5\r\nOrigin: null\r\n";
    let exchange = exchange(token(headers, body)).await;
    let [request] = exchange.requests.as_slice() else { panic!("one request: {:?}", exchange.requests) };
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/oauth2/token"));
    assert_eq!(request.content_type.as_deref(), Some("application/x-www-form-urlencoded"));
    assert_eq!(request.authorization.as_ref().map(|secret| secret.reveal()), Some("Basic eDp5"));
    assert_eq!(request.origin.as_deref(), Some("null"));
    assert_eq!(request.body, body.as_bytes());
    assert!(!format!("{request:?}").contains("client_secret"), "{request:?}");
    let (head, json) = exchange.answer.split_once("\r\n\r\n").expect("an answer");
    assert_eq!(json, r#"{"access_token":"t"}"#);
    let mut head: Vec<String> = head.lines().map(str::to_ascii_lowercase).collect();
    head[1..].sort();
    let expected = [
        "http/1.1 200 ok",
        "cache-control: no-store",
        "connection: close",
        "content-length: 20",
        "content-type: application/json",
    ];
    assert_eq!(head, expected, "no banner, no date, exactly application/json");
}

#[tokio::test]
async fn a_body_is_taken_up_to_its_limit() {
    let full = exchange(token("", &"x".repeat(BODY))).await;
    assert_eq!(full.requests.first().map(|request| request.body.len()), Some(BODY));
    let over = exchange(token("", &"x".repeat(BODY + 1))).await;
    assert!(over.answer.starts_with("HTTP/1.1 413 "), "{}", over.answer);
    assert!(over.requests.is_empty());
    let half = format!("8000\r\n{}\r\n", "x".repeat(0x8000));
    let unannounced = format!(
        "POST /oauth2/token HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nTransfer-Encoding: chunked\r\n\r\n{half}{half}1\r\nx\r\n"
    );
    let over = exchange(unannounced).await;
    assert!(over.answer.starts_with("HTTP/1.1 413 "), "{}", over.answer);
}

#[tokio::test(start_paused = true)]
async fn peers_that_are_slow_with_their_request_are_dropped() {
    let slow = [
        ("", ""),
        ("GET / HTTP/1.1\r\nHost: 127", ""),
        ("POST /oauth2/token HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nContent-Length: 10\r\n\r\nhalf", "HTTP/1.1 408 "),
    ];
    for (request, answer) in slow {
        let before = tokio::time::Instant::now();
        let exchange = exchange(request).await;
        assert!(exchange.answer.starts_with(answer), "{request:?}: {}", exchange.answer);
        assert!(exchange.accepted.is_none() && exchange.requests.is_empty());
        let took = before.elapsed();
        assert!(took >= REQUEST_WITHIN && took < REQUEST_WITHIN * 2, "{request:?}: {took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn peers_that_trickle_their_request_have_no_more_time() {
    let head = format!(
        "POST /oauth2/token HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nContent-Length: 1000\r\nX: {}",
        "x".repeat(200)
    );
    let body = format!("{}\r\n\r\n{}", head.trim_end_matches('x'), "x".repeat(200));
    let upgrade = upgrade("127.0.0.1:PORT", "");
    // What is there at once, and what comes a byte a second: before it the head is not whole, in it, and in the body.
    for (request, at_once, answer) in
        [(&upgrade, 0, ""), (&upgrade, 60, ""), (&head, 100, ""), (&body, body.len() - 200, "HTTP/1.1 408 ")]
    {
        let mut listener = Listener::bind(Some(0), Limits::PEER).await.expect("a port");
        let address = listener.address();
        let before = tokio::time::Instant::now();
        let serve = async { listener.accept().await.expect("a connection").serve(ROUTES, no_route).await };
        let ask = async {
            let request = request.replace("PORT", &address.port().to_string());
            let mut stream = TcpStream::connect(address).await.expect("connected");
            let (now, later) = request.as_bytes().split_at(at_once);
            stream.write_all(now).await.expect("written");
            let (mut reading, mut writing) = stream.split();
            let trickle = async {
                for byte in later {
                    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
                    if writing.write_all(&[*byte]).await.is_err() {
                        break;
                    }
                }
                std::future::pending::<()>().await;
            };
            let mut answer = Vec::new();
            tokio::select! {
                () = trickle => {}
                _ = reading.read_to_end(&mut answer) => {}
            }
            String::from_utf8(answer).expect("text")
        };
        let (accepted, answered) = tokio::join!(serve, ask);
        assert!(accepted.is_none() && answered.starts_with(answer), "{answered}");
        let took = before.elapsed();
        assert!(took >= REQUEST_WITHIN && took < REQUEST_WITHIN * 2, "{at_once}: {took:?}");
    }
}

fn command(body: &str) -> String {
    format!(
        "POST /rpc?v=1&client_id=1 HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[tokio::test]
async fn commands_and_the_api_reach_the_door_as_they_came() {
    let api = "DELETE /api/v10/channels/5?x=%20y HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nAuthorization: Bearer t\r\n\r\n";
    for (request, method, path, query) in [
        (command("{}"), "POST", "/rpc", "v=1&client_id=1"),
        (api.to_owned(), "DELETE", "/api/v10/channels/5", "x=%20y"),
    ] {
        let exchange = exchange(&request).await;
        let [seen] = exchange.requests.as_slice() else { panic!("one request: {:?}", exchange.requests) };
        assert_eq!((seen.method.as_str(), seen.path.as_str(), seen.query.as_str()), (method, path, query));
        assert!(exchange.answer.starts_with("HTTP/1.1 200 "), "{}", exchange.answer);
        assert!(!exchange.answer.to_ascii_lowercase().contains("access-control"), "{}", exchange.answer);
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_may_take_longer_than_the_request() {
    let mut listener = Listener::bind(Some(0), Limits::PEER).await.expect("a port");
    let address = listener.address();
    let answer = async |_| {
        tokio::time::sleep(Duration::from_secs(61)).await;
        Response::json(200, b"late".to_vec())
    };
    let serve = async { listener.accept().await.expect("a connection").serve(ROUTES, answer).await };
    let ask = async {
        let mut stream = TcpStream::connect(address).await.expect("connected");
        stream.write_all(command("{}").replace("PORT", &address.port().to_string()).as_bytes()).await.expect("written");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("read");
        answer
    };
    let (_, answer) = tokio::join!(serve, ask);
    assert!(answer.ends_with("late"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_never_comes_is_given_up() {
    let mut listener = Listener::bind(Some(0), Limits::PEER).await.expect("a port");
    let address = listener.address();
    let serve = async {
        let never = async |_| std::future::pending().await;
        listener.accept().await.expect("a connection").serve(ROUTES, never).await
    };
    let ask = async {
        let mut stream = TcpStream::connect(address).await.expect("connected");
        stream.write_all(command("{}").replace("PORT", &address.port().to_string()).as_bytes()).await.expect("written");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("read");
        answer
    };
    let (_, answer) = tokio::join!(serve, ask);
    assert!(answer.starts_with("HTTP/1.1 504 "), "{answer}");
}

#[tokio::test]
async fn who_goes_away_has_the_answer_dropped() {
    struct Dropped<'a>(&'a std::cell::Cell<bool>);
    impl Drop for Dropped<'_> {
        fn drop(&mut self) {
            self.0.set(true);
        }
    }
    let mut listener = Listener::bind(Some(0), Limits::PEER).await.expect("a port");
    let address = listener.address();
    let (asked, dropped) = (tokio::sync::Notify::new(), std::cell::Cell::new(false));
    let serve = async {
        let never = async |_| {
            let _held = Dropped(&dropped);
            asked.notify_one();
            std::future::pending().await
        };
        listener.accept().await.expect("a connection").serve(ROUTES, never).await
    };
    let ask = async {
        let mut stream = TcpStream::connect(address).await.expect("connected");
        stream.write_all(command("{}").replace("PORT", &address.port().to_string()).as_bytes()).await.expect("written");
        asked.notified().await;
    };
    let _ = tokio::join!(serve, ask);
    assert!(dropped.get());
}

#[tokio::test]
async fn the_encoding_is_that_of_the_query() {
    for (query, binary) in [
        ("encoding=etf", true),
        ("v=1&encoding=etf&x", true),
        ("encoding=json", false),
        ("", false),
        ("xencoding=etf", false),
    ] {
        let request = upgrade("127.0.0.1:PORT", "").replace("v=1&client_id=1", query);
        let mut accepted = exchange(request).await.accepted.expect("accepted");
        let Transport::WebSocket(websocket) = &mut accepted.transport else { panic!("a WebSocket") };
        assert_eq!(websocket.encoding() == Encoding::Etf, binary, "{query}");
    }
}

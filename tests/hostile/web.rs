//! What a page in a browser can do to a port of this machine.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream, UdpSocket};

use gamebridge::ffi::*;
use serde_json::json;

use crate::harness::{Game, last_error};
use crate::street::{FORBIDDEN, NOT_FOUND, ORIGIN, head, house, upgrade};

/// A random number for each call, the same every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }
}

/// An Origin that is nearly right: as a header may carry it.
fn mutated(dice: &mut Dice) -> String {
    let mut origin = ORIGIN.as_bytes().to_vec();
    for _ in 0..=dice.below(3) {
        let at = dice.below(origin.len());
        let byte = b' ' + dice.below(95) as u8;
        match dice.below(5) {
            0 => origin[at] = byte,
            1 => origin.insert(at, byte),
            2 if origin.len() > 1 => drop(origin.remove(at)),
            3 => origin.extend_from_slice([&b".evil.example"[..], b":443", b"/", b"@evil.example"][dice.below(4)]),
            _ => origin[at] ^= 0x20,
        }
    }
    let text: String = origin.into_iter().filter(u8::is_ascii).map(char::from).collect();
    text.replace(|character: char| character.is_ascii_control(), "x")
}

#[test]
fn no_mutated_origin_gets_past_the_handshake() {
    // Ten thousand are tried at the door itself; here as many as do not take long, by a real upgrade each.
    let house = house(&json!({}));
    let mut dice = Dice(7);
    let mut tried = 0;
    while tried < 1000 {
        let origin = mutated(&mut dice);
        // White space around a header's value is no part of it.
        if origin.trim() == ORIGIN {
            continue;
        }
        tried += 1;
        let mut stream = house.dial();
        let request = upgrade("v=1&client_id=1234", &format!("Origin: {origin}\r\n"));
        stream.write_all(request.replace("PORT", &house.port.to_string()).as_bytes()).expect("written");
        assert!(head(&mut stream).starts_with("HTTP/1.1 101 "), "{origin:?}");
        let mut websocket = crate::street::WebSocket { stream };
        let (opcode, payload) = websocket.read().expect("a close");
        assert_eq!((opcode, payload.first_chunk()), (8, Some(&4001u16.to_be_bytes())), "{origin:?}: nothing before it");
    }
    assert!(!house.game.drain().iter().any(|seen| seen.name == "PEER_CONNECTED"));
    house.serves();
}

#[test]
fn a_page_without_an_origin_needs_the_launch_token() {
    let house = house(&json!({}));
    let token = house.data["launch_token"].as_str().expect("a token").to_owned();
    for (shown, welcome) in
        [("", false), ("&launch_token=", false), ("&launch_token=0", false), (&*format!("&launch_token={token}"), true)]
    {
        let mut stream = house.dial();
        let request = upgrade(&format!("v=1&client_id=1234{shown}"), "");
        stream.write_all(request.replace("PORT", &house.port.to_string()).as_bytes()).expect("written");
        head(&mut stream);
        let (opcode, payload) = crate::street::WebSocket { stream }.read().expect("a frame");
        assert_eq!(opcode == 1, welcome, "{shown}");
        assert!(welcome || payload.first_chunk() == Some(&4001u16.to_be_bytes()), "{shown}");
    }
}

#[test]
fn a_host_that_is_not_ours_is_forbidden_to_the_byte() {
    let house = house(&json!({}));
    let other = house.port ^ 1;
    for host in [
        "localhost:PORT".to_owned(),
        "evil.example:PORT".to_owned(),
        "127.0.0.1.evil.example:PORT".to_owned(),
        "127.0.0.1".to_owned(),
        "[::1]".to_owned(),
        format!("127.0.0.1:{other}"),
        format!("[::1]:{other}"),
        "127.0.0.1:0PORT".to_owned(),
        "127.0.0.1:PORT:PORT".to_owned(),
        "127.0.0.1.:PORT".to_owned(),
        "127.0.0.01:PORT".to_owned(),
        "0x7f.0.0.1:PORT".to_owned(),
        "0:PORT".to_owned(),
        "[::ffff:127.0.0.1]:PORT".to_owned(),
        "[0:0:0:0:0:0:0:1]:PORT".to_owned(),
        "[::1%25lo]:PORT".to_owned(),
        "[::]:PORT".to_owned(),
        "user@127.0.0.1:PORT".to_owned(),
        "user:secret@127.0.0.1:PORT".to_owned(),
        "127.0.0.1:PORT@evil.example".to_owned(),
        "127.0.0.1:PORT, evil.example".to_owned(),
        "127.0.0.1:PORT\r\nHost: 127.0.0.1:PORT".to_owned(),
        "127.0.0.1:PORT\r\nHost: evil.example".to_owned(),
        String::new(),
    ] {
        for request in [
            upgrade("v=1&client_id=1234", &format!("Origin: {ORIGIN}\r\n")),
            "POST /oauth2/token HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nContent-Length: 0\r\n\r\n".to_owned(),
        ] {
            let request = request.replacen("127.0.0.1:PORT", &host, 1);
            assert_eq!(house.exchange(&request), FORBIDDEN, "{host:?}");
        }
    }
    let none = upgrade("v=1&client_id=1234", "").replace("Host: 127.0.0.1:PORT\r\n", "");
    assert_eq!(house.exchange(&none), FORBIDDEN);
    house.serves();
}

/// Every route there is, by the method that it is for.
const ROUTES: [(&str, &str); 4] =
    [("POST", "/rpc"), ("POST", "/oauth2/token"), ("POST", "/oauth2/token/rpc"), ("GET", "/api/users/@me")];

/// What a page may send to any place without asking it first.
fn simple_requests() -> Vec<String> {
    let bodies = [
        ("text/plain", r#"{"cmd":"SET_ACTIVITY","args":{"activity":{"state":"pwned"}},"nonce":"1"}"#),
        (
            "text/plain; charset=UTF-8",
            r#"{"cmd":"AUTHORIZE","args":{"client_id":"1234","scopes":["rpc"]},"nonce":"1"}"#,
        ),
        ("application/x-www-form-urlencoded", "cmd=AUTHORIZE&client_id=1234&grant_type=authorization_code&code=x"),
        (
            "multipart/form-data; boundary=b",
            "--b\r\nContent-Disposition: form-data; name=\"cmd\"\r\n\r\nGET_GUILDS\r\n--b--\r\n",
        ),
    ];
    let mut requests = Vec::new();
    for (_, path) in ROUTES.into_iter().chain([("", "/"), ("", "/rpc?payload=%7B%22cmd%22%3A%22GET_GUILDS%22%7D")]) {
        for origin in ["https://evil.example", "null", "http://127.0.0.1:PORT"] {
            let headers = format!("Host: 127.0.0.1:PORT\r\nOrigin: {origin}\r\nReferer: {origin}/\r\nCookie: a=b\r\n");
            for method in ["GET", "HEAD"] {
                requests.push(format!("{method} {path} HTTP/1.1\r\n{headers}\r\n"));
            }
            for (content_type, body) in bodies {
                let length = body.len();
                let typed = format!("Content-Type: {content_type}\r\nContent-Length: {length}\r\n");
                requests.push(format!("POST {path} HTTP/1.1\r\n{headers}{typed}\r\n{body}"));
            }
            // And one who forgets what it sends: a Blob without a type.
            requests.push(format!("POST {path} HTTP/1.1\r\n{headers}Content-Length: 2\r\n\r\n{{}}"));
        }
    }
    requests
}

#[test]
fn a_simple_request_of_a_page_does_nothing_and_tells_nothing() {
    let house = house(&json!({}));
    let mut peer = house.peer();
    for request in simple_requests() {
        let answer = house.exchange(&request);
        let status = answer.split(' ').nth(1).unwrap_or_default();
        assert!(matches!(status, "400" | "401" | "403" | "404"), "{request}\n{answer}");
        let answer = answer.to_ascii_lowercase();
        for header in ["access-control-", "\nserver:", "\ndate:", "\nx-powered-by:", "\nset-cookie:", "\nallow:"] {
            assert!(!answer.contains(header), "{request}\n{answer}");
        }
    }
    peer.settle();
    let told: Vec<_> = house.game.drain().into_iter().filter(|seen| seen.conn == house.server).collect();
    assert_eq!(told.iter().map(|seen| seen.name.as_str()).collect::<Vec<_>>(), ["PEER_CONNECTED"], "{told:?}");
}

#[test]
fn asking_beforehand_gets_the_same_404_as_all_else() {
    let house = house(&json!({}));
    for (method, path) in ROUTES {
        let headers = format!(
            "Host: 127.0.0.1:PORT\r\nOrigin: https://evil.example\r\nAccess-Control-Request-Method: {method}\r\n\
             Access-Control-Request-Headers: content-type\r\nAccess-Control-Request-Private-Network: true\r\n"
        );
        assert_eq!(house.exchange(&format!("OPTIONS {path} HTTP/1.1\r\n{headers}\r\n")), NOT_FOUND, "{path}");
    }
}

#[test]
fn a_wrong_method_and_a_wrong_path_get_one_answer_to_the_byte() {
    let house = house(&json!({}));
    let paths = [
        "/",
        "/rpc/",
        "/RPC",
        "/oauth2",
        "/oauth2/token/",
        "/oauth2//token",
        "/oauth2/token%2Frpc",
        "/api",
        "/favicon.ico",
        "/.env",
    ];
    for path in paths {
        for method in
            ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "CONNECT", "PROPFIND", "get"]
        {
            let request = format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nContent-Length: 0\r\n\r\n");
            assert_eq!(house.exchange(&request), NOT_FOUND, "{method} {path}");
        }
    }
    // Of a route that answers to one method the others are no route; HEAD too, which so has no length to tell by.
    for (right, path) in ROUTES.into_iter().filter(|(_, path)| !path.starts_with("/api/")) {
        for method in ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "post"]
            .into_iter()
            .filter(|method| *method != right)
        {
            let request = format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nContent-Length: 0\r\n\r\n");
            assert_eq!(house.exchange(&request), NOT_FOUND, "{method} {path}");
        }
    }
}

#[test]
fn nothing_but_loopback_is_listened_on_and_nobody_can_ask_for_more() {
    let house = house(&json!({}));
    let address: SocketAddr = house.data["address"].as_str().and_then(|text| text.parse().ok()).expect("an address");
    assert_eq!(address, SocketAddr::from((Ipv4Addr::LOCALHOST, house.port)));
    // Another address of loopback, and, where there is a network, this machine's own in it.
    let mut others = vec![IpAddr::from([127, 0, 0, 2])];
    // Nothing is sent: the system only chooses from where it would be.
    let way_out = UdpSocket::bind("0.0.0.0:0").and_then(|socket| socket.connect("192.0.2.1:9").map(|()| socket));
    others.extend(way_out.and_then(|socket| socket.local_addr()).map(|address| address.ip()));
    for other in others.into_iter().filter(|other| *other != address.ip()) {
        assert!(TcpStream::connect((other, house.port)).is_err(), "{other} answers");
    }
    let game = Game::new();
    for name in ["address", "host", "bind", "listen", "interface"] {
        for value in ["0.0.0.0", "::", "*", "127.0.0.1"] {
            let (status, sentence) = game.try_serve(&json!({name: value, "port": 0}).to_string()).expect_err("refused");
            assert_eq!(status, GB_ERR_ARGUMENT, "{sentence}");
            assert!(sentence.contains(&format!("unknown parameter \"{name}\"")), "{sentence}");
        }
    }
    for port in ["\"0.0.0.0:0\"", "\"0\"", "65536", "-1"] {
        let (status, sentence) = game.try_serve(&format!("{{\"port\":{port}}}")).expect_err("refused");
        assert_eq!(status, GB_ERR_ARGUMENT, "{sentence}");
    }
    assert!(!last_error().is_empty());
}

#[test]
fn no_extension_is_agreed_on_and_what_is_compressed_is_refused() {
    let house = house(&json!({}));
    let headers = format!(
        "Origin: {ORIGIN}\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits, x-webkit-deflate-frame\r\n\
         Sec-WebSocket-Protocol: discord\r\nAccept-Encoding: gzip, deflate, br\r\n"
    );
    let mut stream = house.dial();
    let request = upgrade("v=1&client_id=1234&compress=true&compress=zlib-stream", &headers);
    stream.write_all(request.replace("PORT", &house.port.to_string()).as_bytes()).expect("written");
    let head = head(&mut stream).to_ascii_lowercase();
    assert!(head.starts_with("http/1.1 101 ") && !head.contains("extensions") && !head.contains("encoding"), "{head}");
    let mut websocket = crate::street::WebSocket { stream }.ready();
    // RSV1 says that a message is compressed: here a bomb of zeros.
    let mut bomb = crate::street::masked(1, b"\xec\xc1\x01\x01\0\0\0\x80\x90\xfe\xaf\xee\x08\x0a\0\0\0\0");
    bomb[0] |= 0x40;
    websocket.stream.write_all(&bomb).expect("written");
    assert_eq!(websocket.close_code(), Some(1002));
    house.serves();
}

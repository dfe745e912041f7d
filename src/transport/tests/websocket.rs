//! WebSockets against our own server side, and against bytes written by hand.

use std::io::Read as _;

use gamebridge_proto::error::Status;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::transport::CLOSE_WITHIN;

/// A peer of our server that writes its frames by hand.
async fn by_hand(query: &str, limits: Limits) -> (TcpStream, Transport) {
    let mut listener = http::Listener::bind(Some(0), limits).await.expect("a port");
    let address = listener.address();
    let request = format!(
        "GET /?{query} HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    let peer = async {
        let mut peer = TcpStream::connect(address).await.expect("connected");
        peer.set_nodelay(true).expect("set");
        peer.write_all(request.as_bytes()).await.expect("written");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(peer.read_u8().await.expect("an answer"));
        }
        assert!(head.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&head));
        peer
    };
    let (peer, accepted) = tokio::join!(peer, accept(&mut listener));
    (peer, accepted.expect("a peer").transport)
}

/// A masked frame of a client (RFC 6455 section 5.2).
fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    const MASK: [u8; 4] = [1, 2, 3, 4];
    let mut bytes = vec![0x80 | opcode];
    match payload.len() {
        0..126 => bytes.push(0x80 | payload.len() as u8),
        length => {
            bytes.push(0x80 | 126);
            bytes.extend(u16::try_from(length).expect("short").to_be_bytes());
        }
    }
    bytes.extend(MASK);
    bytes.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}

const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;

#[tokio::test]
async fn text_goes_both_ways() {
    let (mut client, mut server) = websocket_pair(Encoding::Json, Limits::PEER).await;
    send_text(&mut client, r#"{"cmd":"GET_GUILDS"}"#).await;
    assert_eq!(texts(&mut server.transport, 1).await, [r#"{"cmd":"GET_GUILDS"}"#]);
    send_text(&mut server.transport, r#"{"evt":"READY","ü":"✓"}"#).await;
    assert_eq!(texts(&mut client, 1).await, [r#"{"evt":"READY","ü":"✓"}"#]);
}

#[tokio::test]
async fn etf_goes_both_ways_and_both_ends_see_json() {
    let (mut client, mut server) = websocket_pair(Encoding::Etf, Limits::PEER).await;
    let text = r#"{"cmd":"DISPATCH","id":18446744073709551615,"list":[1,-2.5,null,true]}"#;
    send_text(&mut client, text).await;
    assert_eq!(texts(&mut server.transport, 1).await, [text]);
    send_text(&mut server.transport, text).await;
    assert_eq!(texts(&mut client, 1).await, [text]);
}

#[tokio::test]
async fn etf_is_etf_on_the_wire() {
    let (mut peer, mut server) = by_hand("encoding=etf", Limits::PEER).await;
    peer.write_all(&frame(BINARY, b"\x83t\0\0\0\x01m\0\0\0\x01vm\0\0\0\x011")).await.expect("written");
    assert_eq!(texts(&mut server, 1).await, [r#"{"v":"1"}"#]);
    send_text(&mut server, r#"{"v":1}"#).await;
    let mut answer = [0; 2 + 14];
    peer.read_exact(&mut answer).await.expect("read");
    assert_eq!(&answer, b"\x82\x0e\x83t\0\0\0\x01m\0\0\0\x01va\x01");
}

#[tokio::test]
async fn a_frame_arrives_whole_wherever_its_bytes_are_cut() {
    let bytes = frame(TEXT, br#"{"cmd":"SET_ACTIVITY"}"#);
    let (mut peer, mut server) = by_hand("", Limits::PEER).await;
    for cut in 1..bytes.len() {
        peer.write_all(&bytes[..cut]).await.expect("written");
        assert!(once(server.drive(&mut Outbox::new())).await.is_pending());
        tokio::task::yield_now().await;
        peer.write_all(&bytes[cut..]).await.expect("written");
        assert_eq!(texts(&mut server, 1).await, [r#"{"cmd":"SET_ACTIVITY"}"#], "{cut}");
    }
}

#[tokio::test]
async fn all_messages_of_one_write_are_there_after_one_drive() {
    let (mut peer, mut server) = by_hand("", Limits { message: 1024, read: 64 }).await;
    let bytes: Vec<u8> = (0..50).flat_map(|number| frame(TEXT, format!("{{\"n\":{number}}}").as_bytes())).collect();
    peer.write_all(&bytes).await.expect("written");
    assert_eq!(burst(&mut server).await.expect("messages").len(), 50);
}

#[tokio::test]
async fn a_message_in_fragments_is_one_frame() {
    let (mut peer, mut server) = by_hand("", Limits::PEER).await;
    let mut bytes = frame(TEXT, b"{\"a\"");
    bytes[0] = TEXT;
    bytes.extend(frame(PING, b"between"));
    bytes.extend(frame(0, b":1}"));
    peer.write_all(&bytes).await.expect("written");
    assert_eq!(texts(&mut server, 2).await, ["between", "{\"a\":1}"], "the ping first");
}

#[tokio::test]
async fn what_came_with_the_handshake_is_not_lost() {
    let mut listener = http::Listener::bind(Some(0), Limits::PEER).await.expect("a port");
    let address = listener.address();
    let mut peer = TcpStream::connect(address).await.expect("connected");
    let request = format!(
        "GET /?v=1 HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    let mut bytes = request.into_bytes();
    bytes.extend(frame(TEXT, b"{}"));
    peer.write_all(&bytes).await.expect("written");
    let mut accepted = accept(&mut listener).await.expect("a peer");
    assert_eq!(texts(&mut accepted.transport, 1).await, ["{}"]);
}

#[tokio::test]
async fn json_may_come_in_a_binary_message() {
    for query in ["encoding=json", "encoding=etf"] {
        let (mut peer, mut server) = by_hand(query, Limits::PEER).await;
        peer.write_all(&frame(BINARY, b"{\"v\":1}")).await.expect("written");
        assert_eq!(texts(&mut server, 1).await, ["{\"v\":1}"]);
    }
}

#[tokio::test]
async fn a_servers_ping_is_answered_without_the_machines() {
    let (mut client, server) = websocket_pair(Encoding::Json, Limits::PEER).await;
    let mut server = server.transport;
    let (mut out, mut asked) = (Outbox::new(), Outbox::new());
    asked.push(Opcode::Ping, b"beat");
    tokio::select! {
        driven = client.drive(&mut out) => panic!("a ping is no frame: {driven:?}"),
        driven = server.drive(&mut asked) => driven.expect("an answer"),
    }
    assert_eq!(taken(&mut server), Ok(vec![(Opcode::Pong, b"beat".to_vec())]));
}

#[tokio::test]
async fn a_clients_ping_is_a_frame_and_its_answer_another() {
    let (mut peer, mut server) = by_hand("", Limits::PEER).await;
    peer.write_all(&frame(PING, b"beat")).await.expect("written");
    assert_eq!(burst(&mut server).await.expect("a ping"), [(Opcode::Ping, b"beat".to_vec())]);
    let mut out = Outbox::new();
    out.push(Opcode::Pong, b"beat");
    send(&mut server, &mut out).await;
    let mut answer = [0; 6];
    peer.read_exact(&mut answer).await.expect("read");
    assert_eq!(&answer, b"\x8a\x04beat");
}

#[tokio::test]
async fn pings_of_a_server_that_does_not_read_take_no_memory() {
    let (client, server) = websocket_pair(Encoding::Json, Limits::PEER).await;
    let (mut client, mut server) = (client, server.transport);
    let mut pings = Outbox::new();
    for _ in 0..100_000 {
        pings.push(Opcode::Ping, &[b'p'; 125]);
    }
    pings.push(Opcode::Frame, b"{}");
    let mut out = Outbox::new();
    tokio::select! {
        // It only writes: what is answered stays in the sockets, and then with the client.
        written = async {
            server.write(&mut pings).await?;
            std::future::pending().await
        } => panic!("it was lost: {:?}", Result::<(), Lost>::err(written)),
        driven = client.drive(&mut out) => driven.expect("the message behind 100,000 pings"),
    }
    assert_eq!(taken(&mut client).expect("frames").len(), 1);
    let Transport::WebSocket(websocket) = &client else { panic!("a WebSocket") };
    assert!(websocket.held() < 256 * 1024, "{}", websocket.held());
}

#[tokio::test]
async fn refused_messages_end_the_connection_with_a_code_for_the_peer() {
    let unmasked = [&[0x81, 2][..], b"{}"].concat();
    let cases: [(&str, Vec<u8>, u16, &str); 5] = [
        ("", frame(TEXT, &[b'x'; 101]), 1009, "a message has 101 bytes; 100 are allowed"),
        ("", frame(TEXT, b"\xff"), 1007, "a text message is not UTF-8"),
        (
            "",
            frame(BINARY, b"\x83a\x01"),
            1003,
            "a binary message is no JSON object, and the connection's encoding is json",
        ),
        ("", unmasked, 1002, "a client's frame is not masked"),
        ("", vec![0xc1, 0x80, 0, 0, 0, 0], 1002, "reserved bits"),
    ];
    for (query, bytes, code, sentence) in cases {
        let (mut peer, mut server) = by_hand(query, Limits { message: 100, read: 64 }).await;
        peer.write_all(&bytes).await.expect("written");
        let first = lost(&mut server).await;
        assert_eq!((first.code, first.error.status), (None, Status::Protocol), "{first:?}");
        assert!(first.error.message.contains(sentence), "{first:?}");
        assert_eq!(server.next_frame(), Err(first));
        drop(server);
        let mut answer = Vec::new();
        // Bytes that we did not read may turn the end into a reset; the close came before it.
        let _ = peer.read_to_end(&mut answer).await;
        assert_eq!(answer[..1], [0x80 | CLOSE]);
        assert_eq!(answer[2..4], code.to_be_bytes());
    }
}

#[tokio::test]
async fn close_codes_are_carried_both_ways() {
    for code in [1000, 4000, 4001, 4005] {
        let (mut client, server) = websocket_pair(Encoding::Json, Limits::PEER).await;
        let mut out = Outbox::new();
        out.push(Opcode::Frame, b"{}");
        let (told, ()) = tokio::join!(
            async {
                assert_eq!(texts(&mut client, 1).await, ["{}"], "what waited is written first");
                lost(&mut client).await
            },
            server.transport.close(out, code, "Invalid Origin")
        );
        assert_eq!(
            (told.code, told.error.message.as_ref(), told.error.code),
            (Some(code), "Invalid Origin", code.into())
        );

        let (client, mut server) = websocket_pair(Encoding::Json, Limits::PEER).await;
        let (told, ()) = tokio::join!(lost(&mut server.transport), client.close(Outbox::new(), code, ""));
        assert_eq!(
            (told.code, told.error.message),
            (Some(code), format!("closed by the peer with code {code}").into())
        );
    }
}

#[tokio::test]
async fn a_long_reason_is_cut_at_a_character() {
    let (mut client, server) = websocket_pair(Encoding::Json, Limits::PEER).await;
    let reason = "é".repeat(100);
    let (told, ()) = tokio::join!(lost(&mut client), server.transport.close(Outbox::new(), 4000, &reason));
    assert_eq!(told.error.message, "é".repeat(61));
}

#[tokio::test]
async fn an_end_without_a_close_says_so() {
    let (peer, mut server) = by_hand("", Limits::PEER).await;
    drop(peer);
    let lost = lost(&mut server).await;
    assert_eq!((lost.code, lost.error.status), (None, Status::Closed));
    assert_eq!(lost.error.message, "the peer went away without a close");
}

#[tokio::test(start_paused = true)]
async fn close_gives_up_on_a_peer_that_does_not_answer() {
    let (_peer, server) = by_hand("", Limits::PEER).await;
    let before = tokio::time::Instant::now();
    server.close(Outbox::new(), 1000, "").await;
    assert_eq!(before.elapsed().as_millis(), CLOSE_WITHIN.as_millis());
}

#[tokio::test]
async fn unwritten_counts_exactly_the_frames_that_the_system_never_took() {
    let (mut peer, mut server) = by_hand("", Limits::PEER).await;
    let mut out = Outbox::new();
    const FRAMES: usize = 20_000;
    for _ in 0..FRAMES {
        out.push(Opcode::Frame, &[b'x'; 1000]);
    }
    assert!(once(server.drive(&mut out)).await.is_pending(), "the peer reads nothing and says nothing");
    let handed_over = FRAMES - out.unwritten();
    assert!((1..FRAMES).contains(&handed_over));
    let mut arrived = vec![0; handed_over * 1004];
    peer.read_exact(&mut arrived).await.expect("what the system took arrives");
    // The end is a reset at once: after an orderly end the system would take some more.
    peer.set_zero_linger().expect("set");
    let mut peer = peer.into_std().expect("a socket");
    let _ = peer.read_to_end(&mut arrived);
    assert!(arrived.len() < (handed_over + 1) * 1004, "and no whole frame more");
    drop(peer);
    server.drive(&mut out).await.expect_err("lost");
    assert_eq!(out.unwritten(), FRAMES - handed_over);
}

#[tokio::test]
async fn urls_that_are_none_are_refused_with_a_sentence() {
    let cases = [
        #[cfg(not(feature = "gateway"))]
        ("wss://127.0.0.1/", Status::Unsupported),
        ("http://127.0.0.1/", Status::Argument),
        ("127.0.0.1", Status::Argument),
        ("ws:///", Status::Argument),
        ("", Status::Argument),
    ];
    for (url, status) in cases {
        let error = connect(url, &Options::default()).await.expect_err(url);
        assert_eq!(error.status, status, "{url}: {error}");
        assert!(error.message.starts_with("url: "), "{error}");
    }
}

#[tokio::test]
async fn an_origin_that_is_no_header_is_refused() {
    let listener = http::Listener::bind(Some(0), Limits::PEER).await.expect("a port");
    let options = Options { origin: Some("https://a\r\nX-Injected: 1".into()), ..Options::default() };
    let error = connect(&format!("ws://{}/", listener.address()), &options).await.expect_err("refused");
    assert_eq!(error.status, Status::Argument);
}

/// A server that answers every handshake with these bytes.
async fn connect_to(answer: &'static [u8]) -> gamebridge_proto::error::Error {
    let server = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("ws://{}/", server.local_addr().expect("bound"));
    let serve = async {
        let (mut stream, _) = server.accept().await.expect("a connection");
        while stream.read_u8().await.expect("a request") != b'\r' {}
        stream.write_all(answer).await.expect("written");
        stream
    };
    let options = Options::default();
    let (result, _stream) = tokio::join!(connect(&url, &options), serve);
    result.expect_err("no WebSocket server")
}

#[tokio::test]
async fn a_server_that_is_no_websocket_is_told_apart() {
    let redirect = connect_to(b"HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:1/\r\n\r\n").await;
    assert_eq!(redirect.status, Status::Protocol);
    assert!(redirect.message.contains("HTTP 302"), "redirects are not followed: {redirect}");
    let accept = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                   Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n";
    assert_eq!(connect_to(accept).await.status, Status::Protocol);
    assert_eq!(connect_to(b"SSH-2.0-OpenSSH\r\n").await.status, Status::Protocol);
}

#[tokio::test(start_paused = true)]
async fn a_silent_server_is_given_up_after_five_seconds() {
    let server = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = server.local_addr().expect("bound");
    let before = tokio::time::Instant::now();
    let error = connect(&format!("ws://{address}/"), &Options::default()).await.expect_err("silence");
    assert_eq!((error.status, before.elapsed().as_secs()), (Status::Timeout, 5));
    assert_eq!(error.message, format!("{address} did not answer within 5000 ms"));
}

#[tokio::test]
async fn nobody_at_the_port_is_an_io_error() {
    let free = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("bound");
    let error = connect(&format!("ws://{free}/"), &Options::default()).await.expect_err("nobody");
    assert_eq!(error.status, Status::Io);
}

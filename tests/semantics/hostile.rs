//! Bad input, as it shows through the C functions: what a hostile peer or a mistaken caller can do, and cannot.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use gamebridge::ffi::*;
use serde_json::{Value, json};

use crate::harness::{FakeDiscord, FakeGateway, Folder, Game, Peer, in_a_process_of_its_own, is_child, last_error};

/// A server, and where it is.
fn serve(game: &Game, folder: &Folder, more: &Value) -> (gb_conn, Value) {
    let mut params = json!({"port": 0, "folder": folder.text()});
    params.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
    let server = game.serve(&params);
    let data = game.connected(server).data();
    (server, data)
}

/// A connection that works: it asks, and is answered.
fn works(game: &Game, conn: gb_conn) {
    assert_eq!(game.send(conn, "SUBSCRIBE", r#"{"evt":"ACTIVITY_JOIN"}"#, 4711), GB_OK);
    assert_eq!(game.reply(conn, 4711).status, GB_OK);
}

#[test]
fn a_peer_that_breaks_the_protocol_loses_its_connection_only() {
    let game = Game::new();
    let steady = FakeDiscord::new();
    let (conn, mut peer) = steady.connect(&game, &json!({}));
    for (opcode, payload) in [
        (1, b"{".to_vec()),
        (1, b"[]".to_vec()),
        (1, b"\"\xff\xfe\"".to_vec()),
        (1, b"{\"cmd\":\"DISPATCH\",\"evt\":\"X\",\"data\":".iter().copied().chain([b'['; 5000]).collect()),
        (0, b"{}".to_vec()),
        (9, b"{}".to_vec()),
        (u32::MAX, b"".to_vec()),
    ] {
        let discord = FakeDiscord::new();
        let (bad, mut wrong) = discord.connect(&game, &json!({}));
        wrong.write(opcode, &payload);
        let lost = game.reconnecting(bad);
        assert!(lost.status < 0 && !lost.message.is_empty(), "{opcode} {payload:?}: {lost:?}");
        drop(discord.welcome());
        game.connected(bad);
    }
    peer.dispatch("ACTIVITY_JOIN", &json!({"still": "here"}));
    assert_eq!(game.dispatch(conn, "ACTIVITY_JOIN").data()["still"], "here");
}

#[test]
fn a_length_that_lies_costs_the_connection_and_no_memory() {
    if !is_child() {
        // Alone, since the memory of the whole process is looked at.
        let name = "hostile::a_length_that_lies_costs_the_connection_and_no_memory";
        let output = in_a_process_of_its_own(name, &[]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        return;
    }
    let (discord, game) = (FakeDiscord::new(), Game::new());
    for length in [16 * 1024 * 1024 + 1, u32::MAX] {
        let (conn, mut peer) = discord.connect(&game, &json!({}));
        peer.stream.write_all(&[&1u32.to_le_bytes()[..], &length.to_le_bytes()[..]].concat()).expect("eight bytes");
        game.reconnecting(conn);
        assert_eq!(game.disconnect(conn), GB_OK);
        game.disconnected(conn);
    }
    // One that is allowed, and never comes: nothing is kept for it but what came.
    let (_conn, mut peer) = discord.connect(&game, &json!({}));
    let before = resident();
    peer.stream
        .write_all(&[&1u32.to_le_bytes()[..], &(16u32 << 20).to_le_bytes()[..], b"{"].concat())
        .expect("nine bytes");
    let (conn, mut other) = discord.connect(&game, &json!({}));
    other.dispatch("ACTIVITY_JOIN", &json!({}));
    game.dispatch(conn, "ACTIVITY_JOIN");
    assert!(resident() < before + (12 << 20), "{} to {}", before, resident());
}

/// Bytes of memory that are really used.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    status.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * 4096
}

#[test]
fn exact_bytes_come_through_or_an_error() {
    let (discord, game) = (FakeDiscord::new(), Game::new());
    let (conn, mut peer) = discord.connect(&game, &json!({}));
    for text in [
        r#"{"s":"a\u0000b"}"#,
        r#"{"s":"\ud83d\ude00"}"#,
        r#"{"s":"\ud800"}"#,
        r#"{"n":123456789012345678901234567890123456789012345678901234567890}"#,
        r#"{"n":1e999999}"#,
        r#"{"n":-0.0,"m":18446744073709551615}"#,
        r#"{ "a" : [ 1 , 2 ] ,"a":3}"#,
    ] {
        peer.write(1, format!(r#"{{"cmd":"DISPATCH","evt":"EXACT","nonce":null,"data":{text}}}"#));
        match game.until("EXACT", |seen| seen.conn == conn) {
            seen if seen.kind == GB_EVENT_DISPATCH => assert_eq!(seen.json.as_deref(), Some(text)),
            seen => {
                assert_eq!(seen.kind, GB_EVENT_RECONNECTING, "{text}: {seen:?}");
                peer = discord.welcome();
                game.connected(conn);
            }
        }
    }
    // Numbers that fit no type have their fallback.
    peer.write(
        1,
        r#"{"cmd":"DISPATCH","evt":"HUGE","data":{"n":99999999999999999999,"f":1e999,"id":"18446744073709551615"}}"#,
    );
    loop {
        // SAFETY: a live client, and the event is read before the next wait.
        unsafe {
            let event = gb_wait(game.raw(), 60_000).as_ref().expect("the event");
            if event.r#type != GB_EVENT_DISPATCH {
                continue;
            }
            assert_eq!(gb_int(gb_get(event.data, c"/n".as_ptr()), -7), -7);
            assert_eq!(gb_num(gb_get(event.data, c"/n".as_ptr()), 0.0), 1e20);
            assert!(gb_num(gb_get(event.data, c"/f".as_ptr()), 0.0).is_infinite());
            assert_eq!(gb_id(gb_get(event.data, c"/id".as_ptr())), u64::MAX);
            break;
        }
    }
}

#[test]
fn invalid_arguments_are_refused_at_the_call() {
    let game = Game::new();
    let conn = game.connect("rpc", &json!({"client_id": "1", "path": "/nowhere"}));
    // SAFETY: texts that end with a NUL.
    unsafe {
        let bad = c"\xff\xfe";
        assert_eq!(gb_send(game.raw(), conn, bad.as_ptr(), std::ptr::null(), 1), GB_ERR_ARGUMENT);
        assert!(last_error().contains("UTF-8"), "{}", last_error());
        assert_eq!(gb_send(game.raw(), conn, c"X".as_ptr(), c"{\"a\":\"\xff\"}".as_ptr(), 1), GB_ERR_ARGUMENT);
        assert_eq!(gb_connect(game.raw(), c"rpc".as_ptr(), bad.as_ptr(), std::ptr::null_mut()), GB_ERR_ARGUMENT);
        assert_eq!(gb_answer(game.raw(), conn, 1, 0, bad.as_ptr()), GB_ERR_ARGUMENT);
        let args = gb_args_new();
        gb_args_str(args, c"/x".as_ptr(), bad.as_ptr());
        let failed = gb_args_json(args, std::ptr::null_mut());
        assert_eq!(std::ffi::CStr::from_ptr(failed), c"");
        // Without arguments SET_ACTIVITY clears the presence: a builder that failed must not get that far.
        assert_eq!(gb_send(game.raw(), conn, c"SET_ACTIVITY".as_ptr(), failed, 1), GB_ERR_ARGUMENT);
        assert!(last_error().contains("invalid UTF-8 at byte 0"), "{}", last_error());
        gb_args_free(args);
    }
    let deep = format!("{{\"a\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(game.send(conn, "X", &deep, 1), GB_ERR_ARGUMENT);
    assert_eq!(game.send(conn, &"X".repeat(100_000), "{}", 1), GB_ERR_ARGUMENT);
    assert!(game.try_connect("rpc", &deep).is_err());
}

#[test]
fn half_open_connections_do_not_disturb_the_loop() {
    let (folder, game) = (Folder::new(), Game::new());
    let (_, data) = serve(&game, &folder, &json!({}));
    let address = data["address"].as_str().expect("an address").to_owned();
    // Some say nothing, some half a request. Those beyond the bound are dropped by the server, which is fine.
    let mut silent = Vec::new();
    for number in 0..300 {
        let Ok(mut stream) = TcpStream::connect(&address) else { break };
        if number % 2 == 0 {
            let _ = stream.write_all(b"GET /?v=1 HTTP/1.1\r\nHost: ");
        }
        silent.push(stream);
    }
    let conn = game.connect("rpc", &json!({"client_id": "1234", "path": folder.socket()}));
    game.connected(conn);
    works(&game, conn);
}

#[test]
fn a_peer_without_a_handshake_is_closed_in_time() {
    let (folder, game) = (Folder::new(), Game::new());
    serve(&game, &folder, &json!({}));
    let mut silent = Peer::dial(&folder.socket());
    let begin = std::time::Instant::now();
    let (opcode, payload) = silent.read().expect("a CLOSE");
    assert_eq!(opcode, 2, "{}", String::from_utf8_lossy(&payload));
    assert!(
        begin.elapsed() > Duration::from_secs(4) && begin.elapsed() < Duration::from_secs(30),
        "{:?}",
        begin.elapsed()
    );
    assert!(silent.read().is_none());
}

#[test]
fn peers_beyond_thirty_two_are_turned_away() {
    let (folder, game) = (Folder::new(), Game::new());
    serve(&game, &folder, &json!({}));
    let mut peers: Vec<Peer> = (0..32).map(|_| Peer::greeted(&folder.socket())).collect();
    let mut late = Peer::dial(&folder.socket());
    late.settle();
    late.write(0, r#"{"v":1,"client_id":"1234"}"#);
    let (opcode, payload) = late.read().expect("a CLOSE");
    assert!(opcode == 2 && String::from_utf8_lossy(&payload).contains("too many peers"));
    peers[0].settle();
}

#[test]
fn a_peer_that_floods_loses_its_own_connection() {
    let (folder, game) = (Folder::new(), Game::new());
    let (server, _) = serve(&game, &folder, &json!({"commands_per_second": 100}));
    let conn = game.connect("rpc", &json!({"client_id": "1234", "path": folder.socket()}));
    game.connected(conn);
    let mut flood = Peer::greeted(&folder.socket());
    let mut rest = flood.stream.try_clone().expect("a second handle");
    let drained = std::thread::spawn(move || {
        let mut all = Vec::new();
        let _ = rest.read_to_end(&mut all);
        all
    });
    let command = r#"{"cmd":"GET_GUILDS","nonce":"1","args":{}}"#;
    let framed = [&1u32.to_le_bytes()[..], &(command.len() as u32).to_le_bytes()[..], command.as_bytes()].concat();
    // Until the server has had enough.
    for _ in 0..200_000 {
        if flood.stream.write_all(&framed).is_err() {
            break;
        }
    }
    let said = drained.join().expect("the reader");
    assert!(String::from_utf8_lossy(&said).contains("4002"), "told why");
    let gone = game.until("PEER_DISCONNECTED", |seen| seen.conn == server && seen.name == "PEER_DISCONNECTED");
    assert_eq!(gone.code, 4002);
    works(&game, conn);
}

#[test]
fn a_peer_that_does_not_read_is_dropped() {
    let (folder, game) = (Folder::new(), Game::new());
    let (server, _) = serve(&game, &folder, &json!({}));
    let conn = game.connect("rpc", &json!({"client_id": "1234", "path": folder.socket()}));
    game.connected(conn);
    let mut deaf = Peer::greeted(&folder.socket());
    deaf.write(1, r#"{"cmd":"SUBSCRIBE","nonce":"1","evt":"ACTIVITY_JOIN","args":{}}"#);
    deaf.read().expect("subscribed");
    let join = json!({"secret": "x".repeat(128)}).to_string();
    let gone = (0..1_000_000u64).find_map(|_| {
        let sent = game.send(server, "ACTIVITY_JOIN", &join, 0);
        assert!(matches!(sent, GB_OK | GB_ERR_FULL), "{sent}");
        game.poll().filter(|seen| seen.name == "PEER_DISCONNECTED")
    });
    assert!(gone.is_some(), "still there after a million events");
    works(&game, conn);
}

#[test]
fn misuse_of_the_wire_harms_no_other_peer() {
    let (folder, game) = (Folder::new(), Game::new());
    serve(&game, &folder, &json!({}));
    let conn = game.connect("rpc", &json!({"client_id": "1234", "path": folder.socket()}));
    game.connected(conn);
    for bytes in [
        vec![0xff; 8],
        [&1u32.to_le_bytes()[..], &u32::MAX.to_le_bytes()[..]].concat(),
        [&1u32.to_le_bytes()[..], &2u32.to_le_bytes()[..], b"{}"].concat(),
        b"GET / HTTP/1.1\r\n\r\n".to_vec(),
        vec![0; 8],
        vec![1],
    ] {
        let mut peer = Peer::dial(&folder.socket());
        let _ = peer.stream.write_all(&bytes);
        let _ = peer.stream.shutdown(std::net::Shutdown::Write);
        while peer.read().is_some() {}
    }
    for payload in [
        "{",
        "[]",
        "null",
        "{}",
        r#"{"cmd":"NO_SUCH"}"#,
        r#"{"cmd":7}"#,
        r#"{"cmd":"SUBSCRIBE","evt":7}"#,
        r#"{"cmd":"SET_ACTIVITY","nonce":{"a":1},"args":[]}"#,
    ] {
        let mut peer = Peer::greeted(&folder.socket());
        peer.write(1, payload);
        peer.read().expect("an answer");
    }
    works(&game, conn);
}

const CANARY: &str = "CANARY-e7a1f05c-in-clear";

#[test]
fn no_secret_is_in_any_log_event_error_or_output() {
    let name = "hostile::no_secret_is_in_any_log_event_error_or_output";
    if !is_child() {
        let output = in_a_process_of_its_own(name, &[("RUST_BACKTRACE", "1"), ("GAMEBRIDGE_LOG", "debug")]);
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(output.status.success(), "{}", said.replace(CANARY, "<canary>"));
        assert!(!said.contains(CANARY), "on the process's own output");
        return;
    }
    let game = Game::loud();
    let mut heard: Vec<String> = Vec::new();
    let long = CANARY.repeat(200);
    // Calls that fail, with the secret in the field that is wrong or beside it.
    for (protocol, params) in [
        ("rpc", json!({"client_id": "1", "access_token": long})),
        ("rpc", json!({"client_id": "1", "access_token": [CANARY]})),
        ("rpc", json!({"client_id": "1", "access_token": {"a": CANARY}})),
        ("rpc", json!({"client_id": "x", "access_token": CANARY})),
        ("rpc", json!({"client_id": "1", "acces_token": CANARY})),
        ("rpc", json!({"client_id": "1", "access_token": CANARY, "port": 0})),
        ("gateway", json!({"token": long, "intents": 1, "url": "ws://127.0.0.1:1"})),
        ("gateway", json!({"token": format!("{CANARY} with a space"), "intents": 1, "url": "ws://127.0.0.1:1"})),
        ("gateway", json!({"token": CANARY, "intents": -1, "url": "ws://127.0.0.1:1"})),
        ("gateway", json!({"token": CANARY, "intents": 1, "url": "http://127.0.0.1"})),
    ] {
        let (_, sentence) = game.try_connect(protocol, &params.to_string()).expect_err("wrong on purpose");
        heard.push(sentence);
    }
    let half = format!("{{\"client_id\":\"1\",\"access_token\":\"{CANARY}\"");
    heard.push(game.try_connect("rpc", &half).expect_err("half a text").1);
    // A Discord that refuses everything.
    let discord = FakeDiscord::new();
    let refused = game.connect("rpc", &discord.params(&json!({"access_token": CANARY})));
    let mut peer = discord.welcome();
    let asked = peer.asked();
    assert_eq!(asked.args["access_token"], CANARY, "the secret did go out");
    peer.refuse(&asked, 4009, "Invalid access token");
    heard.push(game.disconnected(refused).message);
    // Commands with secrets in them, refused by us, by the peer, by a break, by time, by a cancel.
    let (conn, mut peer) = discord.connect(&game, &json!({}));
    let secrets = [
        ("AUTHENTICATE", json!({"access_token": CANARY})),
        ("AUTHORIZE", json!({"client_id": "1", "scopes": ["rpc"], "rpc_token": CANARY})),
        ("SET_ACTIVITY", json!({"pid": 1, "activity": {"secrets": {"join": CANARY}}})),
        ("NEW_COMMAND", json!({"token": CANARY})),
    ];
    for (command, args) in &secrets {
        for tag in [0, 1] {
            assert_eq!(game.send(conn, command, &args.to_string(), tag), GB_OK, "{command}");
            let asked = peer.asked();
            peer.refuse(&asked, 1000, "refused");
        }
        let mut wrong = args.clone();
        wrong["access_token"] = json!(long);
        wrong["rpc_token"] = json!([CANARY]);
        wrong["secret"] = json!({"a": CANARY});
        wrong["scopes"] = json!(CANARY);
        wrong["activity"] = json!({"secrets": {"join": [CANARY]}, "state": 7});
        if game.send(conn, command, &wrong.to_string(), 0) != GB_OK {
            heard.push(last_error());
        } else {
            peer.asked();
        }
    }
    assert_eq!(game.send(conn, "NEW_COMMAND", &json!({"token": CANARY}).to_string(), 2), GB_OK);
    peer.asked();
    drop(peer);
    game.reconnecting(conn);
    assert_eq!(game.send(conn, "AUTHENTICATE", &secrets[0].1.to_string(), 3), GB_OK);
    assert_eq!(game.cancel(conn, 3), GB_OK);
    // Our own server.
    let folder = Folder::new();
    let (server, _) = serve(&game, &folder, &json!({}));
    let guest = game.connect("rpc", &json!({"client_id": "1234", "path": folder.socket(), "access_token": CANARY}));
    heard.push(game.disconnected(guest).message);
    for (command, args) in [
        ("TOKEN_EXCHANGE", json!({"code": CANARY, "client_id": "1234", "client_secret": CANARY})),
        ("TOKEN_EXCHANGE", json!({"code": [CANARY], "client_id": "1234"})),
        ("TOKEN_REVOKE", json!({"access_token": CANARY})),
        ("APPLICATION_REGISTER", json!({"id": "9", "secret": CANARY})),
        ("APPLICATION_REGISTER", json!({"id": "x", "secret": CANARY})),
        ("ACTIVITY_JOIN", json!({"secret": CANARY})),
        ("ACTIVITY_JOIN", json!({"secret": long})),
        ("STATE", json!({})),
    ] {
        for tag in [0, 9] {
            if game.send(server, command, &args.to_string(), tag) != GB_OK {
                heard.push(last_error());
            }
        }
    }
    // The real thing, whose code and token a reply does hold, for who asked: nowhere else.
    let player = game.connect("rpc", &json!({"client_id": "1234", "path": folder.socket()}));
    game.connected(player);
    assert_eq!(game.send(player, "AUTHORIZE", r#"{"client_id":"1234","scopes":["rpc"]}"#, 5), GB_OK);
    let code = game.reply(player, 5).data()["code"].as_str().expect("a code").to_owned();
    let exchange = json!({"code": code, "client_id": "1234"}).to_string();
    assert_eq!(game.send(server, "TOKEN_EXCHANGE", &exchange, 6), GB_OK);
    let token = game.reply(server, 6).data()["access_token"].as_str().expect("a token").to_owned();
    assert_eq!(game.send(server, "TOKEN_EXCHANGE", &exchange, 7), GB_OK);
    heard.push(game.reply(server, 7).message);
    assert_eq!(game.send(player, "AUTHENTICATE", &json!({"access_token": token}).to_string(), 0), GB_OK);
    game.dispatch(server, "AUTHENTICATED");
    assert_eq!(game.send(server, "TOKEN_REVOKE", &json!({"access_token": token}).to_string(), 0), GB_OK);
    heard.push(game.disconnected(player).message);
    // A Gateway that hangs up.
    let gateway = FakeGateway::new();
    let shard = game.connect("gateway", &gateway.params(&json!({"token": CANARY})));
    let mut peer = gateway.accept();
    assert_eq!(peer.identify["token"], CANARY);
    let frame = tokio_tungstenite::tungstenite::protocol::CloseFrame {
        code: 4004.into(),
        reason: "Authentication failed.".into(),
    };
    peer.websocket.close(Some(frame)).expect("a close");
    heard.push(game.disconnected(shard).message);
    // Everything else that was said.
    for seen in game.drain() {
        heard.push(format!("{} {}", seen.name, seen.message));
        // Data is for whom it belongs to: a dispatch to a subscriber, a reply. A log line has none, and a server's events
        // carry no secret of a peer's.
        if seen.kind != GB_EVENT_REPLY && (seen.kind == GB_EVENT_LOG || seen.conn == server) {
            heard.push(seen.json.unwrap_or_default());
        }
    }
    assert!(heard.len() > 40, "{}", heard.len());
    for text in &heard {
        for secret in [CANARY, &code, &token] {
            assert!(!text.contains(secret), "a secret in: {}", text.replace(secret, "<secret>"));
        }
    }
}

/// The bytes of a WebSocket upgrade to a server.
fn upgrade(port: &Value, encoding: &str) -> String {
    format!(
        "GET /?v=1&client_id=1&encoding={encoding} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n\
         Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Origin: https://localhost\r\n\r\n"
    )
}

fn dial(port: &Value) -> TcpStream {
    let port = port.as_u64().and_then(|port| u16::try_from(port).ok()).expect("a port");
    let stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("set");
    stream
}

/// A client's text frame, with a mask of zeros.
fn text_frame(text: &str) -> Vec<u8> {
    let length = u16::try_from(text.len()).expect("not that long").to_be_bytes();
    [&[0x81, 0xFE, length[0], length[1], 0, 0, 0, 0], text.as_bytes()].concat()
}

#[test]
fn an_answer_that_its_encoding_cannot_carry_stops_nobody() {
    let folder = Folder::new();
    let game = Game::new();
    let (server, at) = serve(&game, &folder, &json!({}));
    let mut peer = dial(&at["port"]);
    peer.write_all(upgrade(&at["port"], "etf").as_bytes()).expect("written");
    game.dispatch(server, "PEER_CONNECTED");
    let mut burst = text_frame(r#"{"cmd":"GET_GUILDS","args":{},"nonce":1e999}"#);
    for _ in 0..4 {
        burst.extend(text_frame(&format!(r#"{{"cmd":"GET_GUILDS","args":{{}},"nonce":"{}"}}"#, "n".repeat(30_000))));
    }
    peer.write_all(&burst).expect("written");
    // The thread that all connections share still has time for the host, and for another peer.
    assert_eq!(game.send(server, "STATE", "{}", 1), GB_OK);
    assert_eq!(game.reply(server, 1).status, GB_OK);
    let mut other = dial(&at["port"]);
    other.write_all(upgrade(&at["port"], "json").as_bytes()).expect("written");
    game.dispatch(server, "PEER_CONNECTED");
}

#[test]
fn a_server_that_is_over_lets_nobody_in() {
    let folder = Folder::new();
    let game = Game::new();
    let (server, at) = serve(&game, &folder, &json!({}));
    let mut early = dial(&at["port"]);
    // One byte, so that it is surely accepted: what it wants is not said yet.
    early.write_all(b"G").expect("written");
    assert_eq!(game.send(server, "STATE", "{}", 1), GB_OK);
    game.reply(server, 1);
    assert_eq!(game.disconnect(server), GB_OK);
    game.disconnected(server);
    let _ = early.write_all(&upgrade(&at["port"], "json").as_bytes()[1..]);
    let mut answer = Vec::new();
    let _ = early.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&answer));
}

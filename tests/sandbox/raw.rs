//! The sandbox's Gateway by bytes: what mistakes earn, and what goes wrong on purpose.

use std::io::{ErrorKind, Read, Write};

use serde_json::{Value, json};

use crate::street::{BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, WebSocket, dial, head, masked, upgrade};
use crate::{ALL, Town};

impl Town {
    /// A connection to the Gateway with this query.
    fn raw(&self, query: &str) -> WebSocket {
        let port = self.api.strip_suffix("/api").and_then(|api| api.rsplit_once(':')).expect("a port").1;
        let mut stream = dial(port.parse().expect("a number"));
        stream.write_all(upgrade(query, "").replace("PORT", port).as_bytes()).expect("written");
        let head = head(&mut stream);
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        WebSocket { stream }
    }

    fn identify(&self, more: Value) -> Value {
        let mut d = json!({"token": self.token, "properties": {}, "intents": ALL});
        d.as_object_mut().expect("an object").extend(more.as_object().cloned().expect("an object"));
        json!({"op": 2, "d": d})
    }

    /// One that is past its READY and has its guild, uncompressed JSON; and the session's id.
    fn begun(&self) -> (WebSocket, String) {
        let mut socket = self.raw("v=10&encoding=json");
        say(&mut socket, &self.identify(json!({})));
        let ready = until(&mut socket, "READY");
        until(&mut socket, "GUILD_CREATE");
        (socket, ready["d"]["session_id"].as_str().expect("an id").to_owned())
    }
}

fn say(socket: &mut WebSocket, payload: &Value) {
    socket.write(TEXT, payload.to_string().as_bytes());
}

/// The next dispatch of this name.
fn until(socket: &mut WebSocket, name: &str) -> Value {
    loop {
        let (opcode, payload) = socket.read().unwrap_or_else(|| panic!("no {name}"));
        assert_eq!(opcode, TEXT, "{}", String::from_utf8_lossy(&payload));
        let said: Value = serde_json::from_slice(&payload).expect("JSON");
        if said["t"] == name {
            return said;
        }
    }
}

#[test]
fn every_mistake_is_closed_with_its_code() {
    let town = Town::new();
    town.host("APPLICATION_REGISTER", json!({"id": "7", "name": "Barge"}));
    let barge = town.host("BOT_CREATE", json!({"application_id": "7", "refused_intents": 2}))["token"].clone();
    let identify = town.identify(json!({}));
    let text = |payload: &Value| masked(TEXT, payload.to_string().as_bytes());
    let beat = text(&json!({"op": 1, "d": null}));
    let half = [&masked(TEXT, b"{\"op\"")[..], &masked(CONTINUATION, b":1}")].concat();
    let with = |more: Value| text(&town.identify(more));
    let resumed = |session: &str, seq: u64| {
        text(&json!({"op": 6, "d": {"token": town.token, "session_id": session, "seq": seq}}))
    };
    for (what, query, bytes, code) in [
        ("an opcode that is none", "v=10", [text(&identify), text(&json!({"op": 99, "d": {}}))].concat(), 4001),
        ("what only the server says", "v=10", [text(&identify), text(&json!({"op": 11}))].concat(), 4001),
        ("half of JSON", "v=10", masked(TEXT, b"{\"op\":"), 4002),
        ("JSON and more", "v=10", masked(TEXT, b"{\"op\":1,\"d\":null}{}"), 4002),
        ("a text that is no payload", "v=10", masked(TEXT, b"hello"), 4002),
        ("nothing", "v=10", masked(TEXT, b""), 4002),
        (
            "4097 bytes",
            "v=10",
            [text(&identify), masked(TEXT, &[&b"{\"op\":1,\"d\":null}"[..], &[b' '; 4080]].concat())].concat(),
            4002,
        ),
        ("ETF that is none", "v=10&encoding=etf", masked(BINARY, b"\x83\xff\xff"), 4002),
        ("ETF that is cut", "v=10&encoding=etf", masked(BINARY, b"\x83t\0\0\0\x02d\0\x02op"), 4002),
        ("ETF that is compressed", "v=10&encoding=etf", masked(BINARY, b"\x83P\0\0\0\x10xxxx"), 4002),
        ("binary where JSON was agreed on", "v=10&encoding=json", masked(BINARY, b"\x83t\0\0\0\0"), 4002),
        ("an encoding that is none", "v=10&encoding=bson", vec![], 4002),
        ("a presence of nobody", "v=10", text(&json!({"op": 3, "d": {"status": "idle"}})), 4003),
        ("a token of nobody", "v=10", with(json!({"token": "token-of-nobody"})), 4004),
        ("a second IDENTIFY", "v=10", [text(&identify), text(&identify)].concat(), 4005),
        ("a shard beyond their number", "v=10", with(json!({"shard": [2, 2]})), 4010),
        ("a version that is none", "v=11", vec![], 4012),
        ("a version that is no number", "v=latest", vec![], 4012),
        ("intents that are none", "v=10", with(json!({"intents": 1u64 << 40})), 4013),
        ("no intents", "v=8", with(json!({"intents": null})), 4013),
        ("an intent that was refused", "v=10", with(json!({"token": barge, "intents": 2})), 4014),
        // What RFC 6455 has codes for.
        ("a continuation of nothing", "v=10", half, 1002),
        ("text that is not UTF-8", "v=10", masked(TEXT, b"\"\xff\""), 1007),
        ("not masked", "v=10", vec![0x81, 2, b'{', b'}'], 1002),
        ("64 KiB and a byte", "v=10", masked(TEXT, &vec![b' '; 64 * 1024 + 1]), 1009),
        ("more than there is", "v=10", [&[0x81, 0xff][..], &u64::MAX.to_be_bytes(), &[0; 4]].concat(), 1009),
    ] {
        let mut socket = town.raw(query);
        // It may have had enough before all is written.
        let _ = socket.stream.write_all(&bytes);
        assert_eq!(socket.close_code(), Some(code), "{what}");
    }
    town.host("GATEWAY_LIMITS", json!({"sends": 120}));
    let mut socket = town.raw("v=10");
    let _ = socket.stream.write_all(&beat.repeat(121));
    assert_eq!(socket.close_code(), Some(4008));

    let (mut socket, session) = town.begun();
    socket.stream.write_all(&masked(CLOSE, &4000u16.to_be_bytes())).expect("written");
    assert_eq!(socket.close_code(), Some(4000), "the client's own comes back");
    let mut socket = town.raw("v=10");
    socket.stream.write_all(&resumed(&session, 999)).expect("written");
    assert_eq!(socket.close_code(), Some(4007));

    town.host("GATEWAY_LIMITS", json!({"guilds_per_shard": 0}));
    let mut socket = town.raw("v=10");
    say(&mut socket, &identify);
    assert_eq!(socket.close_code(), Some(4011));

    town.host("GATEWAY_LIMITS", json!({"heartbeat_ms": 50}));
    assert_eq!(town.raw("v=10").close_code(), Some(4009), "no beat came");
    town.host("GATEWAY_LIMITS", json!({"heartbeat_ms": 41_250, "guilds_per_shard": 2500}));
    town.begun();
}

#[test]
fn a_ping_is_answered_and_fragments_are_put_together() {
    let town = Town::new();
    let mut socket = town.raw("v=10");
    socket.read().expect("HELLO");
    socket.write(PING, b"are you there?");
    assert_eq!(socket.read(), Some((PONG, b"are you there?".to_vec())));
    let beat = br#"{"op":1,"d":null}"#;
    for (at, byte) in beat.iter().enumerate() {
        let mut frame = masked(if at == 0 { TEXT } else { CONTINUATION }, &[*byte]);
        if at + 1 < beat.len() {
            frame[0] &= 0x7f;
        }
        socket.stream.write_all(&frame).expect("written");
    }
    let (_, answer) = socket.read().expect("an answer");
    assert_eq!(serde_json::from_slice::<Value>(&answer).expect("JSON")["op"], 11);
}

#[test]
fn a_slow_connection_says_all_of_it_and_not_at_once() {
    let town = Town::new();
    let (mut socket, _) = town.begun();
    town.host("GATEWAY_FAULT", json!({"fault": "slow", "bytes_per_second": 20}));
    let content = "slowly, ".repeat(200);
    town.post(&content);
    // 1600 bytes are on their way for more than a minute.
    let mut seen = vec![0; 8];
    socket.stream.read_exact(&mut seen).expect("it begins");
    socket.stream.set_nonblocking(true).expect("set");
    let mut more = [0; 4096];
    match socket.stream.read(&mut more) {
        Ok(count) => seen.extend_from_slice(&more[..count]),
        Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
    }
    assert!(seen.len() < 800, "that is not slow");
    socket.stream.set_nonblocking(false).expect("set");
    town.host("GATEWAY_FAULT", json!({"fault": "none"}));
    let length = usize::from(u16::from_be_bytes([seen[2], seen[3]]));
    let mut frame = seen.split_off(4);
    let held = frame.len();
    frame.resize(length, 0);
    socket.stream.read_exact(&mut frame[held..]).expect("the rest of it");
    let said: Value = serde_json::from_slice(&frame).expect("JSON, in one piece");
    assert_eq!(said["d"]["content"], content);
    town.post("as fast as ever");
    assert_eq!(until(&mut socket, "MESSAGE_CREATE")["d"]["content"], "as fast as ever");
}

#[test]
fn a_cut_frame_is_half_of_one_and_then_the_end() {
    let town = Town::new();
    let (mut socket, _) = town.begun();
    town.post("before");
    town.host("GATEWAY_FAULT", json!({"fault": "truncate"}));
    assert_eq!(until(&mut socket, "MESSAGE_CREATE")["d"]["content"], "before");
    let rest = crate::street::rest(&mut socket.stream);
    assert_eq!(rest[..4], [0x81, 126, 0x03, 0xe8], "a text of 1000 bytes is announced");
    assert!(rest.len() < 1000, "and does not come: {}", rest.len());
}

#[test]
fn a_dropped_connection_ends_without_a_word() {
    let town = Town::new();
    let (mut socket, _) = town.begun();
    town.host("GATEWAY_FAULT", json!({"fault": "drop"}));
    assert_eq!(crate::street::rest(&mut socket.stream), b"");
}

#[test]
fn garbage_is_a_message_in_no_encoding_between_messages_that_are_whole() {
    let town = Town::new();
    let (mut socket, _) = town.begun();
    town.post("before");
    town.host("GATEWAY_FAULT", json!({"fault": "garbage"}));
    town.post("after");
    assert_eq!(until(&mut socket, "MESSAGE_CREATE")["d"]["content"], "before");
    let (opcode, bytes) = socket.read().expect("garbage");
    assert_eq!(opcode, BINARY);
    assert!(serde_json::from_slice::<Value>(&bytes).is_err() && bytes[0] != 131 && bytes[0] != 0x78);
    assert_eq!(until(&mut socket, "MESSAGE_CREATE")["d"]["content"], "after");
}

//! Frames over both transports: broken ones, ones in pieces, many at once, and what stands in them.

use std::io::Write;

use serde_json::{Value, json};

use crate::harness::Peer;
use crate::street::{BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, house, masked};

/// Bytes of a frame with its first byte changed.
fn with(mut frame: Vec<u8>, change: impl FnOnce(u8) -> u8) -> Vec<u8> {
    frame[0] = change(frame[0]);
    frame
}

fn unfinished(opcode: u8, payload: &[u8]) -> Vec<u8> {
    with(masked(opcode, payload), |first| first & 0x7f)
}

/// A head that announces so much, and nothing behind it.
fn announces(opcode: u8, length: u64) -> Vec<u8> {
    let mut bytes = vec![0x80 | opcode, 0xff];
    bytes.extend(length.to_be_bytes());
    bytes.extend([0; 4]);
    bytes
}

#[test]
fn a_websocket_that_breaks_rfc_6455_is_closed_with_the_code_for_it() {
    let house = house(&json!({}));
    let mut beside = house.websocket("json").ready();
    let long = vec![b'x'; 64 * 1024 + 1];
    let close = |code: u16, reason: &[u8]| masked(CLOSE, &[&code.to_be_bytes(), reason].concat());
    let cases: Vec<(&str, &str, Vec<u8>, u16)> = vec![
        ("not masked", "json", [&[0x81, 2][..], b"{}"].concat(), 1002),
        ("a ping that is not masked", "json", vec![0x89, 0], 1002),
        ("RSV1", "json", with(masked(TEXT, b"{}"), |first| first | 0x40), 1002),
        ("RSV2", "json", with(masked(TEXT, b"{}"), |first| first | 0x20), 1002),
        ("RSV3", "json", with(masked(TEXT, b"{}"), |first| first | 0x10), 1002),
        ("RSV1 on a ping", "json", with(masked(PING, b""), |first| first | 0x40), 1002),
        ("opcode 3", "json", masked(3, b""), 1002),
        ("opcode 7", "json", masked(7, b""), 1002),
        ("opcode 11", "json", masked(11, b""), 1002),
        ("opcode 15", "json", masked(15, b""), 1002),
        ("a ping of 126 bytes", "json", masked(PING, &[b'p'; 126]), 1002),
        ("a pong that announces 4 GiB", "json", announces(PONG, 1 << 32), 1002),
        ("a close of 126 bytes", "json", masked(CLOSE, &[b'c'; 126]), 1002),
        ("a ping in fragments", "json", unfinished(PING, b"p"), 1002),
        ("a continuation of nothing", "json", masked(CONTINUATION, b"{}"), 1002),
        ("an unfinished continuation of nothing", "json", unfinished(CONTINUATION, b"{}"), 1002),
        ("a message within a message", "json", [unfinished(TEXT, b"{"), masked(TEXT, b"{}")].concat(), 1002),
        ("another kind within a message", "json", [unfinished(TEXT, b"{"), masked(BINARY, b"{}")].concat(), 1002),
        ("a close of one byte", "json", masked(CLOSE, b"\x03"), 1002),
        ("close 0", "json", close(0, b""), 1002),
        ("close 999", "json", close(999, b""), 1002),
        ("close 1004", "json", close(1004, b""), 1002),
        ("close 1005", "json", close(1005, b""), 1002),
        ("close 1006", "json", close(1006, b""), 1002),
        ("close 1015", "json", close(1015, b""), 1002),
        ("close 2999", "json", close(2999, b""), 1002),
        ("close 5000", "json", close(5000, b""), 1002),
        ("a reason that is not UTF-8", "json", close(1000, b"\xff"), 1007),
        ("text that is not UTF-8", "json", masked(TEXT, b"{\"a\":\"\xc0\xaf\"}"), 1007),
        ("half a character", "json", [unfinished(TEXT, b"\xc3"), masked(CONTINUATION, b"(")].concat(), 1007),
        ("64 KiB and a byte", "json", masked(TEXT, &long), 1009),
        ("too much in fragments", "json", [unfinished(TEXT, &long[2..]), masked(CONTINUATION, b"xx")].concat(), 1009),
        (
            "fragments without end",
            "json",
            [unfinished(TEXT, b""), unfinished(CONTINUATION, b"").repeat(65_537)].concat(),
            1009,
        ),
        ("4 GiB announced", "json", announces(TEXT, 1 << 32), 1009),
        ("all there is announced", "etf", announces(BINARY, u64::MAX), 1009),
        ("binary where json was agreed on", "json", masked(BINARY, b"\x83t\0\0\0\0"), 1003),
        ("nothing, in binary", "json", masked(BINARY, b""), 1003),
    ];
    for (what, encoding, bytes, code) in cases {
        let mut peer = house.websocket(encoding).ready();
        // The server may have had enough before it is all written.
        let _ = peer.stream.write_all(&bytes);
        assert_eq!(peer.close_code(), Some(code), "{what}");
        beside.settle();
    }
    house.serves();
}

#[test]
fn what_is_unusual_and_allowed_is_answered() {
    let house = house(&json!({}));
    let command = br#"{"cmd":"GET_GUILDS","nonce":"settle","args":{}}"#;
    let (front, back) = command.split_at(20);
    let in_bytes: Vec<u8> = [
        unfinished(TEXT, b""),
        command.iter().flat_map(|byte| unfinished(CONTINUATION, &[*byte])).collect(),
        masked(CONTINUATION, b""),
    ]
    .concat();
    for (what, encoding, bytes) in [
        ("JSON in a binary message", "json", masked(BINARY, command)),
        ("JSON as text where ETF was agreed on", "etf", masked(TEXT, command)),
        (
            "a ping between fragments",
            "json",
            [unfinished(TEXT, front), masked(PING, b"p"), masked(CONTINUATION, back)].concat(),
        ),
        ("a fragment for each byte, and empty ones around", "json", in_bytes),
        ("a pong that nobody asked for", "json", [masked(PONG, b"?"), masked(TEXT, command)].concat()),
        ("a length in more bytes than it needs", "json", {
            let mut bytes = vec![0x81, 0xff];
            bytes.extend((command.len() as u64).to_be_bytes());
            bytes.extend([0; 4]);
            bytes.extend(command);
            bytes
        }),
    ] {
        let mut peer = house.websocket(encoding).ready();
        peer.stream.write_all(&bytes).expect("written");
        loop {
            let (opcode, payload) = peer.read().unwrap_or_else(|| panic!("{what}: closed"));
            if opcode == PONG {
                assert_eq!(payload, b"p");
                continue;
            }
            assert!(payload.windows(6).any(|part| part == b"settle"), "{what}");
            break;
        }
    }
    // A close is answered with its code, and no code with none.
    for (said, answered) in [(&b"\x03\xe8bye"[..], &b"\x03\xe8"[..]), (b"", b"")] {
        let mut peer = house.websocket("json").ready();
        peer.write(CLOSE, said);
        assert_eq!(peer.read(), Some((CLOSE, answered.to_vec())));
        assert_eq!(peer.read(), None);
    }
}

/// The nonces of the next replies.
fn nonces(count: usize, mut next: impl FnMut() -> Option<Vec<u8>>) -> Vec<u64> {
    (0..count)
        .map(|_| {
            let reply: Value = serde_json::from_slice(&next().expect("a reply")).expect("JSON");
            reply["nonce"].as_u64().expect("a number")
        })
        .collect()
}

fn command(number: usize) -> String {
    json!({"cmd": "GET_GUILDS", "args": {}, "nonce": number}).to_string()
}

/// Writes frames as `cut` says, and expects an answer to each, in order.
fn asked(stream: &mut impl Write, parts: &[&[u8]]) {
    for part in parts {
        stream.write_all(part).expect("written");
        stream.flush().expect("written");
    }
}

#[test]
fn frames_cut_at_every_byte_and_a_hundred_in_one_write_are_answered_in_order() {
    // Each cut is a frame, and they are many within a second.
    let house = house(&json!({"commands_per_second": 0}));
    let mut ipc = house.peer();
    let mut websocket = house.websocket("json").ready();
    let one = |number: usize| {
        (crate::harness::frame(1, command(number).as_bytes()), masked(TEXT, command(number).as_bytes()))
    };
    let (over_ipc, over_websocket) = one(1);
    for cut in 1..over_ipc.len() {
        asked(&mut ipc.stream, &[&over_ipc[..cut], &over_ipc[cut..]]);
        assert_eq!(nonces(1, || ipc.read().map(|(_, payload)| payload)), [1], "{cut}");
    }
    for cut in 1..over_websocket.len() {
        asked(&mut websocket.stream, &[&over_websocket[..cut], &over_websocket[cut..]]);
        assert_eq!(nonces(1, || websocket.read().map(|(_, payload)| payload)), [1], "{cut}");
    }
    asked(&mut ipc.stream, &over_ipc.chunks(1).collect::<Vec<_>>());
    asked(&mut websocket.stream, &over_websocket.chunks(1).collect::<Vec<_>>());
    assert_eq!(nonces(1, || ipc.read().map(|(_, payload)| payload)), [1]);
    assert_eq!(nonces(1, || websocket.read().map(|(_, payload)| payload)), [1]);
    for count in [2, 100] {
        let (over_ipc, over_websocket): (Vec<_>, Vec<_>) = (0..count).map(one).unzip();
        asked(&mut ipc.stream, &[&over_ipc.concat()]);
        asked(&mut websocket.stream, &[&over_websocket.concat()]);
        let expected: Vec<u64> = (0..count as u64).collect();
        assert_eq!(nonces(count, || ipc.read().map(|(_, payload)| payload)), expected);
        assert_eq!(nonces(count, || websocket.read().map(|(_, payload)| payload)), expected);
    }
}

/// Payloads that are no good command, and whether the whole connection is lost over them on a WebSocket, whose text has to
/// be UTF-8.
fn bad_payloads() -> Vec<(Vec<u8>, bool)> {
    let deep = |open: &str| open.repeat(65_000 / open.len()).into_bytes();
    let text = |text: &str| (text.as_bytes().to_vec(), false);
    vec![
        text(""),
        text(" "),
        text("{"),
        text("nul"),
        text("{}{}"),
        text("\u{feff}{}"),
        text("{\"cmd\":\"GET_GUILDS\",}"),
        text("{'cmd':'GET_GUILDS'}"),
        text("{\"cmd\":\"GET_GUILDS\",\"nonce\":NaN}"),
        text("{\"cmd\":\"GET_GUILDS\",\"nonce\":01}"),
        text("{\"cmd\":\"GET_GUILDS\",\"nonce\":\"\\ud800\"}"),
        text("{\"cmd\":\"\\udc00\\ud800\",\"nonce\":\"1\"}"),
        text("{\"cmd\":\"GET_GUILDS\\u0000\",\"nonce\":\"1\"}"),
        text("{\"cmd\":\"GET_GUILDS\0\",\"nonce\":\"1\"}"),
        text(
            "{\"cmd\":\"SET_ACTIVITY\",\"nonce\":\"1\",\"args\":{\"pid\":1e400,\"activity\":{\"state\":\"\\u0000\"}}}",
        ),
        text("{\"cmd\":\"SET_ACTIVITY\",\"nonce\":\"1\",\"args\":{\"pid\":99999999999999999999999999999999}}"),
        text("{\"cmd\":\"SET_ACTIVITY\",\"nonce\":\"1\",\"args\":{\"pid\":-1}}"),
        text(&format!("{{\"cmd\":\"SET_ACTIVITY\",\"nonce\":\"1\",\"args\":{{\"pid\":{}}}}}", "9".repeat(60_000))),
        text(&format!("{{\"cmd\":\"{}\",\"nonce\":\"1\"}}", "X".repeat(60_000))),
        (deep("["), false),
        (deep("{\"a\":"), false),
        (deep("{\"cmd\":[{\"args\":"), false),
        (b"{\"cmd\":\"\xff\xfe\",\"nonce\":\"1\"}".to_vec(), true),
        (b"{\"cmd\":\"GET_GUILDS\",\"nonce\":\"\xed\xa0\x80\"}".to_vec(), true),
        (b"{\"cmd\":\"GET_GUILDS\",\"nonce\":\"\xc0\x80\"}".to_vec(), true),
        (b"\xff\xfe{\0}\0".to_vec(), true),
    ]
}

#[test]
fn what_is_no_command_is_answered_over_the_local_socket_and_the_peer_stays() {
    let house = house(&json!({}));
    let mut peer = house.peer();
    for (payload, _) in bad_payloads() {
        peer.write(1, &payload);
        let (opcode, answer) = peer.read().expect("an answer");
        let shown = String::from_utf8_lossy(&payload[..payload.len().min(60)]).into_owned();
        let answer: Value = serde_json::from_slice(&answer).expect("JSON");
        assert_eq!((opcode, &answer["evt"]), (1, &json!("ERROR")), "{shown}: {answer}");
    }
    peer.settle();
}

#[test]
fn what_is_no_command_is_answered_over_a_websocket_too_unless_it_is_no_text() {
    let house = house(&json!({}));
    let mut beside = house.websocket("json").ready();
    let mut peer = house.websocket("json").ready();
    for (payload, is_no_text) in bad_payloads() {
        let shown = String::from_utf8_lossy(&payload[..payload.len().min(60)]).into_owned();
        if is_no_text {
            let mut lost = house.websocket("json").ready();
            lost.write(TEXT, &payload);
            assert_eq!(lost.close_code(), Some(1007), "{shown}");
            continue;
        }
        peer.write(TEXT, &payload);
        let (opcode, answer) = peer.read().expect("an answer");
        let answer: Value = serde_json::from_slice(&answer).expect("JSON");
        assert_eq!((opcode, &answer["evt"]), (TEXT, &json!("ERROR")), "{shown}: {answer}");
    }
    peer.settle();
    beside.settle();
}

#[test]
fn a_term_that_is_none_is_answered_and_its_sender_stays() {
    let house = house(&json!({}));
    let mut peer = house.websocket("etf").ready();
    let deep = |open: &[u8], inside: &[u8]| [&b"\x83"[..], &open.repeat(60_000 / open.len()), inside].concat();
    let terms: [(&str, Vec<u8>, &str); 12] = [
        ("JSON that is not UTF-8", b"{\"\xff\":1}".to_vec(), "not JSON"),
        ("no term", b"hello".to_vec(), "not JSON"),
        ("nothing", Vec::new(), "not JSON"),
        ("a compressed term", b"\x83P\0\0\0\x10x\x9c".to_vec(), "not ETF"),
        ("a list of 4 Gi terms", b"\x83l\xff\xff\xff\xff".to_vec(), "not ETF"),
        ("a map of 4 Gi pairs", b"\x83t\xff\xff\xff\xff".to_vec(), "not ETF"),
        ("a binary of 4 GiB", b"\x83m\xff\xff\xff\xff".to_vec(), "not ETF"),
        ("a big number of 4 GiB", b"\x83o\xff\xff\xff\xff\0".to_vec(), "not ETF"),
        ("tuples in tuples", deep(b"h\x01", b"j"), "not ETF"),
        ("lists in lists", deep(b"l\0\0\0\x01", b"j"), "not ETF"),
        ("maps in maps", deep(b"t\0\0\0\x01m\0\0\0\x01a", b"j"), "not ETF"),
        ("pairs in pairs", deep(b"h\x02j", b"j"), "not ETF"),
    ];
    for (what, term, said) in terms {
        peer.write(BINARY, &term);
        let (opcode, answer) = peer.read().unwrap_or_else(|| panic!("{what}: closed"));
        assert!(
            opcode == BINARY && has(&answer, said.as_bytes()) && has(&answer, INVALID_PAYLOAD),
            "{what}: {answer:?}"
        );
    }
    peer.write(TEXT, br#"{"cmd":"GET_GUILDS","nonce":"settle","args":{}}"#);
    assert!(has(&peer.read().expect("an answer").1, b"settle"));
    house.serves();
}

/// 4000, as a term.
const INVALID_PAYLOAD: &[u8] = b"b\0\0\x0f\xa0";

fn has(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[test]
fn a_length_in_the_local_sockets_head_is_believed_up_to_the_limit() {
    let house = house(&json!({}));
    for (length, lost) in [(64 * 1024 + 1, true), (1 << 31, true), (u32::MAX, true), (64 * 1024, false)] {
        let mut peer: Peer = house.peer();
        peer.stream.write_all(&[&1u32.to_le_bytes()[..], &length.to_le_bytes()[..]].concat()).expect("eight bytes");
        if lost {
            let (opcode, why) = peer.read().expect("a CLOSE");
            assert!(opcode == 2 && String::from_utf8_lossy(&why).contains("1002"), "{}", String::from_utf8_lossy(&why));
            assert!(peer.read().is_none());
        } else {
            peer.stream.write_all(&vec![b' '; length as usize]).expect("written");
            assert!(String::from_utf8_lossy(&peer.read().expect("an answer").1).contains("ERROR"));
        }
    }
    house.serves();
}

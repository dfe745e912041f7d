//! What mutation begins from: a small input for each shape that a decoder knows.

use gamebridge_proto::value::Document;
use gamebridge_proto::wire::etf::from_json;
use gamebridge_proto::wire::ipc::{Opcode, encode};

const JSON: [&str; 18] = [
    "null",
    "true",
    "-0",
    "18446744073709551615",
    "-9223372036854775808",
    "1e400",
    "-12.5e-3",
    r#""""#,
    r#""\"\\\/\b\f\n\r\t\u0000\u00e9\ud83c\udfae""#,
    "\"h\u{f6}he \u{1f3ae}\"",
    "[]",
    "{}",
    "[1,-1,256,2147483648,0.1,\"a\",null,false]",
    r#"{"a":1,"a":2,"":[],"~":{"/":0}}"#,
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
    r#" { "id" : "80351110224678912" , "tags" : [ "a" , { "b" : null } ] , "n" : 1.0 } "#,
    r#"{"cmd":"SET_ACTIVITY","args":{"pid":9999,"activity":{"state":"In a Group","party":{"size":[1,6]}}},"nonce":"x"}"#,
    r#"{"cmd":"DISPATCH","evt":"READY","data":{"v":1,"config":{"cdn_host":"c"},"user":{"id":"1"}},"nonce":null}"#,
];

const MESSAGES: [&str; 9] = [
    r#"{"t":"MESSAGE_CREATE","s":42,"op":0,"d":{"id":"1","content":"}]\"","tags":[{}]}}"#,
    r#"{"t":null,"s":null,"op":10,"d":{"heartbeat_interval":41250}}"#,
    r#"{"op":0,"d":{"a":[1,2,{"b":"c"}]},"s":3,"t":"TYPING_START"}"#,
    r#"{"d":[[],{}],"op":0,"t":"X","_trace":["y"],"s":18446744073709551615}"#,
    r#"{"op":11}"#,
    r#"{"op":9,"d":false,"s":null,"t":null}"#,
    r#" { "op" : 1 , "d" : 251 } "#,
    r#"{"t":"READY","s":1,"op":0,"d":{},"d":{},"op":1}"#,
    r#"{"t":"READY","s":1,"op":0,"d":{},"x":{}}"#,
];

/// Texts.
pub fn json() -> Vec<Vec<u8>> {
    JSON.map(|text| text.as_bytes().to_vec()).into()
}

/// Gateway messages.
pub fn envelope() -> Vec<Vec<u8>> {
    MESSAGES.map(|text| text.as_bytes().to_vec()).into()
}

/// A limit, a size of reads, and frames.
pub fn framing() -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for (limit, read) in [(0, 0), (1, 3), (16, 7), (255, 255)] {
        let mut stream = vec![limit, read];
        for (opcode, payload) in [
            (Opcode::Handshake, &br#"{"v":1}"#[..]),
            (Opcode::Ping, b""),
            (Opcode::Frame, b"0123456789abcdef"),
            (Opcode::Pong, b""),
            (Opcode::Close, br#"{"code":4000}"#),
        ] {
            encode(&mut stream, opcode, payload);
        }
        all.push(stream);
    }
    all
}

/// Terms, and texts to make terms of.
pub fn etf() -> Vec<Vec<u8>> {
    let mut doc = Document::new();
    let written = JSON.iter().filter_map(|text| {
        let mut term = Vec::new();
        from_json(text.as_bytes(), &mut doc, &mut term).ok().map(|()| term)
    });
    // What this library does not write itself.
    let foreign: [&[u8]; 9] = [
        b"\x83d\0\x03nil",
        b"\x83w\x02\xc3\xa9",
        b"\x83k\0\x03\x01\x02\x03",
        b"\x83h\x02a\x01h\0",
        b"\x83i\0\0\0\x01a\x01",
        b"\x83o\0\0\0\x08\0\xff\xff\xff\xff\xff\xff\xff\x7f",
        b"\x83c1.50000000000000000000e+00\0\0\0\0\0",
        b"\x83t\0\0\0\x02a\x01jd\0\x01ab\0\0\0\x07",
        b"\x83P\0\0\0\x10",
    ];
    written.chain(foreign.map(<[u8]>::to_vec)).chain(json()).collect()
}

/// A pointer, a line feed, and a text.
pub fn pointer() -> Vec<Vec<u8>> {
    let text = r#"{"a":[0,{"b/c":{"~":[[],"x"]}},2],"":{"":1},"a":[3,[4]],"0":{"01":5}}"#;
    let pointers = [
        "",
        "/",
        "//",
        "/a/1/b~1c/~0/1",
        "/a/1/0",
        "/a/01",
        "/a/-",
        "/0/01",
        "/~",
        "/~2",
        "/a/99999999999999999999",
        "a",
    ];
    pointers.iter().map(|pointer| format!("{pointer}\n{text}").into_bytes()).collect()
}

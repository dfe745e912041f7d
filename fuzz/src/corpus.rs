//! What mutation begins from: a small input for each shape that a decoder knows.

use gamebridge_proto::value::Document;
use gamebridge_proto::wire::etf::from_json;
use gamebridge_proto::wire::ipc::{Opcode, encode};
use gamebridge_proto::wire::rpc;
use gamebridge_proto::wire::websocket::{self, frame};

use crate::scene::{CLIENT, Scene};

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

/// A limit, a size of reads, and a client's frames.
pub fn messages() -> Vec<Vec<u8>> {
    use websocket::Opcode::{Binary, Close, Continuation, Ping, Pong, Text};
    let mut all = Vec::new();
    for (limit, read) in [(0, 0), (1, 3), (16, 7), (255, 255)] {
        let mut stream = vec![limit, read];
        for (opcode, last, payload) in [
            (Text, true, &b"{}"[..]),
            (Ping, true, b"beat"),
            (Text, false, "h\u{f6}".as_bytes().split_at(2).0),
            (Continuation, false, b""),
            (Pong, true, b""),
            (Continuation, true, "h\u{f6}".as_bytes().split_at(2).1),
            (Binary, true, b"\x83t\0\0\0\0"),
            (Binary, true, &[7; 200]),
            (Close, true, b"\x03\xe8bye"),
        ] {
            let start = stream.len();
            frame::write(&mut stream, opcode, Some([1, 0, 0xff, 7]), payload);
            stream[start] &= if last { 0xff } else { 0x7f };
        }
        all.push(stream);
    }
    all
}

/// What a peer says after its handshake: every command, every subscription, and one who has stolen a token.
fn said() -> Vec<String> {
    let token = Scene::new().token().to_owned();
    let commands = rpc::COMMANDS.iter().map(|row| format!(r#"{{"cmd":"{}","nonce":"n","args":{{}}}}"#, row.name));
    let subscriptions = rpc::EVENTS.iter().map(|row| {
        format!(r#"{{"cmd":"SUBSCRIBE","evt":"{}","nonce":"n","args":{{"channel_id":"1","guild_id":"2"}}}}"#, row.name)
    });
    let more = [
        format!(r#"{{"cmd":"AUTHENTICATE","nonce":"n","args":{{"access_token":"{token}"}}}}"#),
        format!(r#"{{"cmd":"AUTHORIZE","nonce":"n","args":{{"client_id":"{CLIENT}","scopes":["rpc"],"username":"Ada"}}}}"#),
        r#"{"cmd":"SET_ACTIVITY","nonce":"n","args":{"pid":9,"activity":{"state":"a","timestamps":{"start":1},"party":{"id":"p","size":[1,2]},"secrets":{"join":"j"}}}}"#
            .to_owned(),
        "\u{3}{}".to_owned(),
    ];
    commands.chain(subscriptions).chain(more).collect()
}

/// How, a size of reads, and what a peer sends over the local socket.
pub fn ipc_peer() -> Vec<Vec<u8>> {
    let hello = format!(r#"{{"v":1,"client_id":"{CLIENT}"}}"#);
    let said = said();
    let mut all: Vec<Vec<u8>> = said
        .chunks(3)
        .map(|lines| [&[0x80, 63][..], hello.as_bytes(), b"\n", lines.join("\n").as_bytes()].concat())
        .collect();
    let token = &said[said.len() - 4];
    all.extend(said.iter().map(|line| [&[0x80, 255][..], format!("{hello}\n{token}\n{line}").as_bytes()].concat()));
    let mut framed = vec![0, 40];
    encode(&mut framed, Opcode::Ping, b"{}");
    encode(&mut framed, Opcode::Handshake, hello.as_bytes());
    encode(&mut framed, Opcode::Frame, said[0].as_bytes());
    encode(&mut framed, Opcode::Close, b"{}");
    all.push(framed);
    all
}

/// The same over a WebSocket, in both encodings.
pub fn websocket_peer() -> Vec<Vec<u8>> {
    let said = said();
    let token = &said[said.len() - 4];
    let mut all = Vec::new();
    for how in [0x80, 0x81] {
        all.extend(said.chunks(3).map(|lines| [&[how, 63][..], lines.join("\n").as_bytes()].concat()));
        all.extend(said.iter().map(|line| [&[how, 255][..], format!("{token}\n{line}").as_bytes()].concat()));
    }
    for (how, opcode) in [(0, websocket::Opcode::Text), (1, websocket::Opcode::Binary)] {
        let mut framed = vec![how, 40];
        frame::write(&mut framed, websocket::Opcode::Ping, Some([9; 4]), b"{}");
        frame::write(&mut framed, opcode, Some([9; 4]), said[0].as_bytes());
        frame::write(&mut framed, websocket::Opcode::Close, Some([9; 4]), b"\x03\xe8");
        all.push(framed);
    }
    all
}

/// Clients of the Gateway: a payload a line, which comes in each version and encoding.
pub fn gateway_peer() -> Vec<Vec<u8>> {
    let token = crate::GATEWAY_TOKEN;
    let identify = format!(
        r#"{{"op":2,"d":{{"token":"{token}","properties":{{"$os":"x"}},"intents":53608447,"compress":true,"shard":[0,1],"large_threshold":50,"v":10,"presence":{{"status":"idle","since":1,"afk":false,"activities":[{{"name":"n","type":0}}],"game":null}}}}}}"#
    );
    let rest = [
        r#"{"op":1,"d":null}"#,
        r#"{"op":3,"d":{"status":"dnd","since":null,"afk":true,"activities":[],"game":{"name":"g"},"idle_since":5}}"#,
        r#"{"op":4,"d":{"guild_id":"4","channel_id":"5","self_mute":true,"self_deaf":false}}"#,
        r#"{"op":4,"d":{"guild_id":"4","channel_id":null}}"#,
        r#"{"op":8,"d":{"guild_id":"4","query":"a","limit":10,"presences":true,"user_ids":["1"],"nonce":"n"}}"#,
        r#"{"op":31,"d":{"guild_ids":["4"]}}"#,
        r#"{"op":43,"d":{"guild_id":"4","fields":["status","voice_start_time"]}}"#,
        r#"{"op":28,"d":{"guild_id":"4","channel_id":"5","threads":[{"thread_id":"6","ack_message_id":"7"}]}}"#,
        r#"{"op":34,"d":{"guild_id":"4","channel_ids":["5"]}}"#,
        r#"{"op":35,"d":{"guild_id":"4","query":"a","continuation_token":null}}"#,
        r#"{"op":14,"d":{}}"#,
        "\u{3}ping",
    ];
    let resume = format!(r#"{{"op":6,"d":{{"token":"{token}","session_id":"x","seq":2}}}}"#);
    let mut all = Vec::new();
    // The versions and the two encodings.
    for how in (0..16).map(|bits| 0x80 | bits) {
        all.push([&[how, 63][..], format!("{identify}\n{}", rest.join("\n")).as_bytes()].concat());
        all.push([&[how, 255][..], resume.as_bytes()].concat());
    }
    all
}

/// A limit, and dispatches that a cache concerns.
pub fn cache() -> Vec<Vec<u8>> {
    let all = [
        r#"READY {"user":{"id":"1"},"guilds":[{"id":"10","unavailable":true}],"private_channels":[{"id":"90","type":1}]}"#,
        r#"GUILD_CREATE {"id":"10","name":"n","member_count":2,"roles":[{"id":"10"}],"channels":[{"id":"11"}],"threads":[{"id":"13"}],"members":[{"user":{"id":"1"}},{"user":{"id":"2"}}],"voice_states":[{"user_id":"2","channel_id":"11"}],"presences":[{"user":{"id":"2"},"status":"idle"}]}"#,
        r#"GUILD_UPDATE {"id":"10","name":"m","roles":[{"id":"10","name":"e"}]}"#,
        r#"GUILD_EMOJIS_UPDATE {"guild_id":"10","emojis":[{"id":"7"}]}"#,
        r#"CHANNEL_UPDATE {"id":"11","guild_id":"10","name":"c"}"#,
        r#"THREAD_LIST_SYNC {"guild_id":"10","threads":[{"id":"14"}]}"#,
        r#"GUILD_ROLE_CREATE {"guild_id":"10","role":{"id":"15"}}"#,
        r#"GUILD_MEMBER_ADD {"guild_id":"10","user":{"id":"3"}}"#,
        r#"GUILD_MEMBER_UPDATE {"guild_id":"10","user":{"id":"3"},"nick":"k"}"#,
        r#"GUILD_MEMBERS_CHUNK {"guild_id":"10","members":[{"user":{"id":"4"}}],"presences":[]}"#,
        r#"VOICE_STATE_UPDATE {"guild_id":"10","user_id":"3","channel_id":"11","member":{"user":{"id":"3"}}}"#,
        r#"PRESENCE_UPDATE {"guild_id":"10","user":{"id":"3"},"status":"dnd"}"#,
        r#"GUILD_MEMBER_REMOVE {"guild_id":"10","user":{"id":"3"}}"#,
        r#"USER_UPDATE {"id":"1","username":"u"}"#,
        r#"GUILD_DELETE {"id":"10","unavailable":true}"#,
    ];
    (0..16u8).map(|limit| [&[limit][..], all.join("\n").as_bytes()].concat()).collect()
}

/// What a dmod gateway says, with the program's commands, breaks and time in between.
pub fn dmod() -> Vec<Vec<u8>> {
    let let_in = "\u{4}\n{\"op\":0,\"t\":null,\"d\":null}\n{\"op\":2,\"t\":null,\"d\":{\"missed_notifications\":[]}}";
    let rest = [
        "\u{1}CONNECT_GUILD {\"token\":\"t\",\"gid\":\"7\"}",
        r#"{"op":7,"d":{"for":"CONNECT_GUILD","data":{"guild":{},"user":{"id":"1","permissions":"8"}}}}"#,
        "\u{1}APPLICATION_SESSION {\"uid\":\"1\",\"gid\":\"7\",\"utokh\":\"a\",\"uhash\":\"b\"}",
        r#"{"op":7,"d":{"for":"APPLICATION_SESSION","data":{"success":true,"gid":"7","permissions":"8"}}}"#,
        r#"{"op":3,"t":null,"d":null}"#,
        r#"{"op":5,"ev":"GUILD_PRIVILEGE_UPDATE","d":{"id":"1","tag":"a#0","self":true,"permissions":"9"}}"#,
        r#"{"op":5,"ev":"APPLICATION_SESSION_REAUTH","d":{"gid":"7","permissions":"9"}}"#,
        r#"{"op":7,"d":{"for":"APPLICATION_SESSION_REAUTH","data":{"success":true,"permissions":"9"}}}"#,
        r#"{"op":5,"ev":"APPLICATION_SESSION_HB_P","d":{"gid":"7"}}"#,
        "\u{1}DISCONNECT_GUILD {\"gid\":\"7\"}",
        r#"{"op":7,"d":{"for":"DESCONNECT_GUILD","data":{"success":false,"code":10004,"message":"m"}}}"#,
        r#"{"op":5,"ev":"APPLICATION_SESSION_END","d":{"gid":"7","reason":"host"}}"#,
        "\u{1}WARN {}",
        "\u{6}\u{3}",
        "\u{2}",
        "\u{3}\u{f}\u{a0}\u{1}",
        "\u{2}",
    ];
    let whole = format!("{let_in}\n{}\n{let_in}\n{}", rest.join("\n"), rest.join("\n"));
    let mut all = vec![whole.into_bytes(), b"\x05\n\x02\n\x04\n\x02".to_vec()];
    all.extend(rest.iter().map(|line| format!("{let_in}\n{line}\n{line}").into_bytes()));
    all
}

/// Clients of the dmod door: a message a line.
pub fn dmod_peer() -> Vec<Vec<u8>> {
    let token = crate::DMOD_TOKEN;
    let let_in = format!(r#"{{"op":1,"d":{{"token":"{token}","uid":null}}}}"#);
    let session = format!(r#"{{"uid":"4097","gid":"4099","utokh":"{token}","uhash":"{token}"}}"#);
    let rest = [
        r#"{"op":4,"t":null,"d":null}"#.to_owned(),
        r#"{"op":6,"cmd":"CONNECT_GUILD","d":{"token":"the-harbours-token","gid":"4099"}}"#.to_owned(),
        format!(r#"{{"op":7,"cmd":"APPLICATION_SESSION","d":{session}}}"#),
        r#"{"op":7,"cmd":"APPLICATION_SESSION_HB_M","d":null}"#.to_owned(),
        "\u{2}".to_owned(),
        "\u{3}".to_owned(),
        format!(
            r#"{{"op":7,"cmd":"APPLICATION_SESSION_REAUTH","d":{{"utokh":"{token}","uhash":"{token}","pm":"64"}}}}"#
        ),
        r#"{"op":7,"cmd":"APPLICATION_SESSION_END","d":{"gid":"4099"}}"#.to_owned(),
        r#"{"op":6,"cmd":"DESCONNECT_GUILD","d":{"gid":"4099"}}"#.to_owned(),
    ];
    let whole = format!("{let_in}\n{}", rest.join("\n"));
    let mut all = vec![whole.into_bytes(), br#"{"op":1,"d":{"token":null,"uid":"5"}}"#.to_vec()];
    all.extend(rest.iter().map(|line| format!("{let_in}\n{line}\n\u{2}\n{line}").into_bytes()));
    all
}

/// What a Gateway says, in each version, to one shard and to two.
pub fn gateway_client() -> Vec<Vec<u8>> {
    let hello = r#"{"op":10,"d":{"heartbeat_interval":41250}}"#;
    let ready = r#"{"op":0,"t":"READY","s":1,"d":{"session_id":"x","resume_gateway_url":"wss://a.discord.gg","heartbeat_interval":9000}}"#;
    let hostile = r#"{"op":0,"t":"READY","s":1,"d":{"session_id":"x","resume_gateway_url":"wss://evil.example"}}"#;
    let more = [
        r#"{"op":0,"t":"THING","s":2,"d":{}}"#,
        r#"{"op":1,"d":null}"#,
        r#"{"op":11}"#,
        "\u{2}\u{32}",
        r#"{"op":7,"d":{"url":"wss://evil.example"}}"#,
        "\u{2}\u{8}",
        hello,
        r#"{"op":0,"t":"RESUMED","s":18446744073709551615,"d":{}}"#,
        r#"{"op":9,"d":true}"#,
        "\u{2}\u{8}",
        hello,
        r#"{"op":9,"d":false}"#,
        "\u{0}4009",
        "\u{1}",
        "\u{3}\u{1}",
        "\u{4}",
        "\u{2}\u{64}",
        "\u{5}",
        "\u{0}4014",
    ];
    (0..8)
        .flat_map(|how: u8| [ready, hostile].map(|ready| (how, ready)))
        .map(|(how, ready)| [&[how][..], format!("{hello}\n{ready}\n{}", more.join("\n")).as_bytes()].concat())
        .collect()
}

/// `{"op":11}`, three times, in each compression and in parts of several lengths.
pub fn inflate() -> Vec<Vec<u8>> {
    // zlib's level 0: a stored block (RFC 1951 section 3.2.4), and for a stream the empty one that is its flush.
    const STORED: &[u8] = b"\x78\x01\x00\x09\x00\xf6\xff{\"op\":11}\x00\x00\x00\xff\xff";
    const PAYLOAD: &[u8] = b"\x78\x01\x01\x09\x00\xf6\xff{\"op\":11}\x10\xe3\x02\xd1";
    // A frame of one raw block, and one of a block that repeats a byte (RFC 8878 section 3.1.1.2).
    const RAW: &[u8] = b"\x28\xb5\x2f\xfd\x00\x58\x48\x00\x00{\"op\":11}";
    const REPEATED: &[u8] = b"\x28\xb5\x2f\xfd\x00\x58\x02\xff\x0f1";
    let mut all = Vec::new();
    for cut in [1, 3, 255] {
        for (how, bytes) in [(0, PAYLOAD), (1, STORED), (2, RAW), (2, REPEATED)] {
            all.push([&[how, cut][..], bytes].concat());
        }
    }
    all
}

const HEADER: &str = r#"{"recording":"gamebridge","version":1,"by":"t"}"#;

const RECORDINGS: [&[&str]; 5] = [
    &[
        r#"{"c":1,"t":1,"new":"rpc","config":{"client_id":"1","access_token":"secret1x","pid":1,"seed":1,"retry":true}}"#,
        r#"{"c":1,"t":1,"in":"start"}"#,
        r#"{"c":1,"out":"search","skip":0}"#,
        r#"{"c":1,"t":2,"in":"opened","via":"ipc","address":"/a"}"#,
        r#"{"c":1,"t":3,"in":"frame","op":"frame","payload":{"cmd":"DISPATCH","evt":"READY","data":{"v":1},"nonce":null}}"#,
        r#"{"c":1,"t":4,"in":"command","name":"SET_ACTIVITY","args":{"activity":{}},"tag":7,"timeout":5,"issued":4}"#,
        r#"{"c":1,"t":9,"in":"timeout"}"#,
        r#"{"c":1,"t":9,"in":"cancel","tag":7}"#,
        r#"{"c":1,"t":9,"in":"closed","code":4000,"reason":"no","unwritten":1}"#,
        r#"{"c":1,"t":9,"in":"open_failed","status":-7,"message":"none"}"#,
        r#"{"c":1,"t":9,"in":"disconnect"}"#,
        r#"{"c":1,"t":9,"in":"end"}"#,
    ],
    &[
        r#"{"c":1,"t":1,"new":"gateway","config":{"url":"ws://127.0.0.1:1","token":"t","intents":1,"properties":{"os":"","browser":"","device":""},"shard":[0,1],"presence":{},"identify":{"a":1},"retry":true,"seed":1}}"#,
        r#"{"c":1,"t":1,"in":"start"}"#,
        r#"{"c":1,"t":2,"in":"opened"}"#,
        r#"{"c":1,"t":3,"in":"frame","op":"frame","payload":{"op":10,"d":{"heartbeat_interval":30}}}"#,
        r#"{"c":1,"t":4,"in":"frame","op":"frame","payload_text":"{\"op\":0,\"t\":\"READY\",\"s\":1,\"d\":{}}"}"#,
        r#"{"c":1,"t":5,"in":"paused","paused":true}"#,
        r#"{"c":1,"t":99999999999,"in":"timeout"}"#,
    ],
    &[
        r#"{"c":2,"t":1,"new":"server","door":{"consent":"ask","launch_token":"l","limits":{"peers":2},"cdn_host":"","api_endpoint":"","environment":""},"world":{"unix_ms_at_zero":1420070400000,"local_user":{"username":"Guest","discriminator":"0"},"guest":true}}"#,
        r#"{"c":2,"t":1,"in":"connect","peer":1,"via":"ipc"}"#,
        r#"{"c":2,"t":1,"in":"frame","peer":1,"op":"handshake","payload":{"v":1,"client_id":"1"}}"#,
        r#"{"c":2,"t":1,"in":"frame","peer":1,"op":"frame","payload":{"cmd":"AUTHORIZE","args":{"client_id":"1","scopes":["rpc"]},"nonce":"1"}}"#,
        r#"{"c":2,"t":1,"in":"answer","request":1}"#,
        r#"{"c":2,"draw":"secret1xxxxxxxxxxxxxxxxxxxxxxx"}"#,
    ],
    &[
        r#"{"c":2,"t":1,"new":"server","door":{"consent":"allow","limits":{},"cdn_host":"","api_endpoint":"","environment":""},"world":{"unix_ms_at_zero":0,"local_user":{"username":"Guest","discriminator":"0"}}}"#,
        r#"{"c":2,"t":1,"in":"connect","peer":1,"via":"websocket","query_text":"v=1&client_id=1","origin":"https://localhost"}"#,
        r#"{"c":2,"t":1,"in":"http","method":"POST","target":"/oauth2/token","content_type":"application/x-www-form-urlencoded","body_text":"grant_type=refresh_token&client_id=1&refresh_token=a"}"#,
        r#"{"c":2,"t":1,"in":"command","name":"GUILD_CREATE","args":{"name":"Den"},"tag":1,"issued":1}"#,
        r#"{"c":2,"t":1,"in":"gone","peer":1}"#,
        r#"{"c":2,"t":1,"in":"end"}"#,
    ],
    &[
        r#"{"c":1,"t":1,"new":"server","door":{"consent":"allow","limits":{},"cdn_host":"","api_endpoint":"","environment":""},"world":{"unix_ms_at_zero":0,"local_user":{"username":"Guest","discriminator":"0"},"guest":true},"sandbox":{"gateway":{"url":"ws://127.0.0.1:1","limits":{"identify_every":0,"replay":2}},"dmod":{"heartbeat":5}}}"#,
        r#"{"c":1,"t":1,"in":"command","name":"LOGIN_CREATE","args":{"token":"secret1x"},"tag":1,"issued":1}"#,
        r#"{"c":1,"t":1,"in":"connect","peer":1,"via":"gateway","query_text":"v=10"}"#,
        r#"{"c":1,"t":1,"in":"frame","peer":1,"op":"frame","payload":{"op":2,"d":{"token":"secret1x","properties":{}}}}"#,
        r#"{"c":1,"draw":"secret2xxxxxxxxxxxxxxxxxxxxxxx"}"#,
        r#"{"c":1,"t":1,"in":"command","name":"GUILD_CREATE","args":{"name":"Den"},"tag":1,"issued":1}"#,
        r#"{"c":1,"t":1,"in":"command","name":"GATEWAY_FAULT","args":{"fault":"drop"},"tag":1,"issued":1}"#,
        r#"{"c":1,"t":1,"in":"gone","peer":1,"code":4000}"#,
        r#"{"c":1,"t":1,"in":"connect","peer":2,"via":"gateway","query_text":"v=6"}"#,
        r#"{"c":1,"t":1,"in":"frame","peer":2,"op":"frame","payload":{"op":6,"d":{"token":"secret1x","session_id":"secret2xxxxxxxxxxxxxxxxxxxxxxx","seq":1}}}"#,
        r#"{"c":1,"t":1,"in":"connect","peer":3,"via":"dmod"}"#,
        r#"{"c":1,"t":1,"in":"frame","peer":3,"op":"frame","payload":{"op":1,"d":{"token":null,"uid":null}}}"#,
        r#"{"c":1,"t":1,"in":"site","method":"GET","target":"/api/v10/users/@me","authorization":"secret1x"}"#,
        r#"{"c":1,"t":99999999999,"in":"timeout"}"#,
        r#"{"c":1,"t":99999999999,"in":"end"}"#,
    ],
];

/// Recordings.
pub fn recording() -> Vec<Vec<u8>> {
    RECORDINGS.map(|lines| format!("{HEADER}\n{}\n", lines.join("\n")).into_bytes()).into()
}

/// A secret, a line feed, and a text.
pub fn redaction() -> Vec<Vec<u8>> {
    let texts = [
        r#"{"access_token":"kyandLokz","note":"kyandLokz","code":1,"secret_key":[1,2]}"#,
        r#"{"a":"kyand\u004cokz\n"}"#,
        "kyandLokkyandLokzkyandLokz",
        "a=kyandLokz&code=%6byandLokz&refresh_token=zz",
        "{\"secrets\":{\"join\":\"a",
    ];
    texts.map(|text| format!("kyandLokz\n{text}").into_bytes()).into()
}

const SCENARIOS: [&str; 4] = [
    r#"{"scenario":1,"users":{"ada":{"relationship":"FRIEND"}},"steps":[{"at":1,"do":"USER_EDIT","args":{"user_id":"@ada","username":"Bob"}}]}"#,
    r#"{"scenario":1,"users":{"ada":{}},"guilds":{"den":{"members":{"me":{},"ada":{"roles":["@mods"]}},"roles":{"mods":{"permissions":["SPEAK"]}},"channels":{"talk":{"type":"GUILD_VOICE","voice":["@ada","@me"]},"text":{"messages":[{"user_id":"@ada","content":"Hi <@me> <@&mods>","as":"hi"}]}}}},"setup":[{"do":"MESSAGE_EDIT","args":{"channel_id":"@text","message_id":"@hi","pinned":true}}]}"#,
    r#"{"scenario":1,"users":{"ada":{}},"steps":[{"repeat":3,"every":2,"steps":[{"do":"PRESENCE_SET","args":{"user_id":"@ada","status":"online"}},{"after":1,"do":"PRESENCE_SET","args":{"user_id":"@ada","status":"offline"}}]},{"repeat":"forever","every":1,"steps":[{"do":"GUILD_CREATE","args":{"name":"Den"},"as":"den"},{"do":"GUILD_DELETE","args":{"guild_id":"@den"}}]}]}"#,
    r#"{"scenario":1,"applications":{"game":{"id":"5"}},"users":{"ada":{"presence":{"status":"dnd","activity":{"application_id":"@game","party":{"size":[1,2]}}}}},"channels":{"dm":{"type":"DM","recipients":["@ada"]},"us":{"type":"GROUP_DM","recipients":["@ada"]}},"setup":[{"do":"ACTIVITY_INVITE","args":{"user_id":"@ada","application_id":"@game"}}]}"#,
];

/// Scenarios.
pub fn scenario() -> Vec<Vec<u8>> {
    SCENARIOS.map(|text| text.as_bytes().to_vec()).into()
}

/// Snapshots of the worlds that the scenarios fill.
pub fn snapshot() -> Vec<Vec<u8>> {
    SCENARIOS.iter().map(|text| crate::targets::filled(text.as_bytes())).collect()
}

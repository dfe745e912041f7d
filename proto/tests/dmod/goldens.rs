//! Every message as it stands on the wire, to the byte; the values are the test's own.

use gamebridge_proto::value::Document;
use gamebridge_proto::wire::dmod::{COMMANDS, EVENTS, Envelope, OPCODES, Opcode, check_name, write};

fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    write(&mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn every_opcode_is_written_as_the_document_shows_it() {
    let d = br#"{"gid":"88"}"#;
    for (opcode, golden, text) in [
        (0, r#"{"op":0,"t":null,"d":null}"#, written(write::request_authentication)),
        (
            1,
            r#"{"op":1,"d":{"token":"k1\"k2","uid":"41"}}"#,
            written(|out| write::authenticate(out, Some("k1\"k2"), Some("41"))),
        ),
        (1, r#"{"op":1,"d":{"token":null,"uid":null}}"#, written(|out| write::authenticate(out, None, None))),
        (
            2,
            r#"{"op":2,"t":null,"d":{"missed_notifications":[{"type":"APPLICATION_REVIWED","proccessed_type":3}]}}"#,
            written(|out| {
                write::authenticated(out, |out| {
                    out.extend_from_slice(br#"[{"type":"APPLICATION_REVIWED","proccessed_type":3}]"#);
                });
            }),
        ),
        (3, r#"{"op":3,"t":null,"d":null}"#, written(write::heartbeat)),
        (4, r#"{"op":4,"t":null,"d":null}"#, written(write::heartbeat_reply)),
        (
            5,
            r#"{"op":5,"ev":"GUILD_MEMBER_COUNT_CHANGE","d":{"gid":"88"}}"#,
            written(|out| write::event(out, "GUILD_MEMBER_COUNT_CHANGE", d)),
        ),
        (
            6,
            r#"{"op":6,"cmd":"DESCONNECT_GUILD","d":{"gid":"88"}}"#,
            written(|out| write::command(out, Opcode::Command, "DESCONNECT_GUILD", d)),
        ),
        (
            7,
            r#"{"op":7,"cmd":"APPLICATION_SESSION_END","d":{"gid":"88"}}"#,
            written(|out| write::command(out, Opcode::Reply, "APPLICATION_SESSION_END", d)),
        ),
        (
            7,
            r#"{"op":7,"d":{"for":"DESCONNECT_GUILD","data":{"success":true}}}"#,
            written(|out| write::reply(out, "DESCONNECT_GUILD", br#"{"success":true}"#)),
        ),
    ] {
        assert_eq!(text, golden);
        let mut doc = Document::new();
        let read = Envelope::read(&mut doc, golden.as_bytes()).unwrap();
        assert_eq!(read.op, Ok(OPCODES[opcode].opcode), "{golden}");
    }
}

#[test]
fn an_envelope_is_read_in_any_order_and_with_more_than_it_has() {
    for (text, op, name) in [
        (r#"{"d":{"a":1},"cmd":"X","op":6}"#, Ok(Opcode::Command), "X"),
        (r#" { "t" : "x" , "s" : 5 , "op" : 3.0 } "#, Ok(Opcode::Heartbeat), ""),
        (r#"{"op":5,"ev":"Y","cmd":null,"d":[]}"#, Ok(Opcode::Event), "Y"),
        (r#"{"op":8}"#, Err(8), ""),
        (r#"{"op":-1,"d":{}}"#, Err(-1), ""),
    ] {
        let mut doc = Document::new();
        let read = Envelope::read(&mut doc, text.as_bytes()).unwrap();
        assert_eq!((read.op, read.name), (op, name), "{text}");
    }
}

#[test]
fn what_is_no_message_is_refused() {
    let long = format!(r#"{{"op":6,"cmd":"{}"}}"#, "x".repeat(65));
    for (text, names) in [
        ("", "no JSON"),
        ("{", "no JSON"),
        (r#"{"op":6}{"#, "no JSON"),
        ("[1]", "no object"),
        ("null", "no object"),
        ("{}", "no op"),
        (r#"{"op":"6"}"#, "no op"),
        (r#"{"op":1.5}"#, "no op"),
        (r#"{"op":6,"cmd":5}"#, "cmd: a name"),
        (r#"{"op":5,"ev":{}}"#, "ev: a name"),
        (long.as_str(), "at most 64"),
    ] {
        let mut doc = Document::new();
        let error = Envelope::read(&mut doc, text.as_bytes()).unwrap_err();
        assert!(error.message.contains(names), "{text}: {}", error.message);
    }
    let mut doc = Document::new();
    assert!(Envelope::read(&mut doc, &[b'['; 5000]).is_err());
    assert!(Envelope::read(&mut doc, b"{\"op\":6,\"cmd\":\"\xFF\"}").is_err());
}

/// The spellings of the document, misspellings included.
#[test]
fn names_are_spelled_as_on_the_wire() {
    let commands: Vec<&str> = COMMANDS.iter().map(|row| row.name).collect();
    assert_eq!(
        commands,
        [
            "CONNECT_GUILD",
            "DESCONNECT_GUILD",
            "APPLICATION_SESSION",
            "APPLICATION_SESSION_END",
            "APPLICATION_SESSION_REAUTH",
            "APPLICATION_SESSION_HB_M"
        ]
    );
    for event in
        ["GUILD_PRIVILEGE_UPDATE", "GUILD_MEMBER_COUNT_CHANGE", "APPLICATION_SESSION_HB_P", "APPLICATION_SESSION_END"]
    {
        assert!(EVENTS.iter().any(|row| row.name == event), "{event}");
    }
    assert_eq!(check_name("DISCONNECT_GUILD").unwrap().unwrap().name, "DESCONNECT_GUILD");
}

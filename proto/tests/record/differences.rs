//! Where a recording and the machines disagree, and what is no recording.

use gamebridge_proto::record::{accept, replay};
use gamebridge_proto::server::rpc::Config;

use crate::studio::Studio;

fn recording() -> String {
    let mut studio = Studio::new(Config::default());
    studio.peer(1);
    studio.frame(1, r#"{"cmd":"AUTHORIZE","args":{"client_id":"1234","scopes":["rpc"]},"nonce":"a"}"#);
    studio.frame(1, r#"{"cmd":"GET_GUILDS","args":{},"nonce":"b"}"#);
    studio.command("GUILD_CREATE", r#"{"name":"The den"}"#);
    studio.finish()
}

/// The number of the first line that holds this, counted from 1.
fn line_of(recording: &str, holds: &str) -> usize {
    recording.lines().position(|line| line.contains(holds)).unwrap_or_else(|| panic!("{holds} in {recording}")) + 1
}

#[test]
fn a_line_that_was_changed_is_shown_with_what_was_expected_and_what_came() {
    for (holds, from, to) in [
        (r#""out":"send","peer":1,"op":"frame","payload":{"cmd":"AUTHORIZE""#, "AUTHORIZE", "AUTHORISE"),
        (r#""out":"event","kind":"dispatch","name":"AUTHORIZED""#, r#""peer":1"#, r#""peer":2"#),
        (r#""out":"timer","at""#, r#""at":1"#, r#""at":2"#),
    ] {
        let whole = recording();
        let number = line_of(&whole, holds);
        let changed = whole.lines().nth(number - 1).expect("a line").replacen(from, to, 1);
        let mut lines: Vec<&str> = whole.lines().collect();
        let original = std::mem::replace(&mut lines[number - 1], &changed);
        let report = replay((lines.join("\n") + "\n").as_bytes()).expect("a recording");
        let [difference] = &report.differences[..] else { panic!("{holds}: {report}") };
        assert_eq!(difference.line, number, "{report}");
        assert_eq!(difference.expected.as_deref(), Some(&*changed));
        assert_eq!(difference.got.as_deref(), Some(original));
        assert!(report.to_string().contains(&format!("line {number}, connection 1")), "{report}");
    }
}

#[test]
fn a_line_that_is_missing_or_too_much_is_one_difference() {
    let whole = recording();
    let number = line_of(&whole, r#""out":"event","kind":"dispatch","name":"PEER_CONNECTED""#);
    let mut lines: Vec<&str> = whole.lines().collect();
    let gone = lines.remove(number - 1);
    let report = replay((lines.join("\n") + "\n").as_bytes()).expect("a recording");
    let [difference] = &report.differences[..] else { panic!("{report}") };
    assert_eq!((difference.expected.as_deref(), difference.got.as_deref()), (None, Some(gone)));

    lines.insert(number - 1, gone);
    lines.insert(number - 1, gone);
    let report = replay((lines.join("\n") + "\n").as_bytes()).expect("a recording");
    let [difference] = &report.differences[..] else { panic!("{report}") };
    assert_eq!((difference.expected.as_deref(), difference.got.as_deref()), (Some(gone), None));
}

#[test]
fn another_input_leads_to_another_output() {
    let report = replay(recording().replace("The den", "The lair").replacen("The lair", "The den", 1).as_bytes());
    assert!(!report.expect("a recording").is_same());
    let report = replay(recording().replacen(r#""nonce":"b""#, r#""nonce":"c""#, 1).as_bytes()).expect("a recording");
    assert_eq!(report.differences.len(), 1, "{report}");
    assert!(report.differences[0].told.contains("GET_GUILDS"));
}

#[test]
fn a_secret_more_or_less_is_a_difference() {
    let whole = recording();
    let number = line_of(&whole, r#""draw""#);
    let mut lines: Vec<&str> = whole.lines().collect();
    let draw = lines.remove(number - 1);
    let report = replay((lines.join("\n") + "\n").as_bytes()).expect("a recording");
    assert!(report.to_string().contains("draws a secret that it did not draw"), "{report}");
    lines.insert(number - 1, draw);
    lines.insert(number - 1, draw);
    let report = replay((lines.join("\n") + "\n").as_bytes()).expect("a recording");
    assert!(report.to_string().contains("does not draw"), "{report}");
}

#[test]
fn wherever_a_crash_cuts_it_off_the_rest_plays() {
    let whole = recording();
    let header = whole.find('\n').expect("a header") + 1;
    for length in header..whole.len() {
        let Some(part) = whole.get(..length) else { continue };
        let report = replay(part.as_bytes()).unwrap_or_else(|error| panic!("{length}: {error}"));
        assert!(report.is_same(), "{length}: {report}");
        assert_eq!(report.cut, !part.ends_with('\n'), "{length}");
    }
    assert!(replay(&whole.as_bytes()[..header - 1]).is_err());
}

#[test]
fn what_is_no_recording_is_refused_with_the_line() {
    const HEADER: &str = r#"{"recording":"gamebridge","version":1,"by":"t"}"#;
    const CLIENT: &str = r#"{"c":1,"t":1,"new":"rpc","config":{"client_id":"1","pid":1,"seed":1,"retry":true}}"#;
    for (lines, line, words) in [
        (&[][..], 1, "first line"),
        (&["what is this"], 1, "not JSON"),
        (&["[1]"], 1, "object expected"),
        (&[r#"{"recording":"shellac"}"#], 1, "no recording"),
        (&[r#"{"recording":"gamebridge","version":2,"by":"t"}"#], 1, "version 2"),
        (&[HEADER, "{}"], 2, "c: the number"),
        (&[HEADER, r#"{"c":1,"t":1,"in":"start"}"#], 2, "has not begun"),
        (&[HEADER, CLIENT, CLIENT], 3, "second time"),
        (&[HEADER, r#"{"c":1,"t":1,"new":"telegraph"}"#], 2, "telegraph"),
        (&[HEADER, r#"{"c":1,"t":1,"new":"rpc"}"#], 2, "config: an object"),
        (&[HEADER, r#"{"c":1,"t":1,"new":"rpc","config":{"client_id":1}}"#], 2, "client_id: a text"),
        (&[HEADER, CLIENT, r#"{"c":1,"t":2,"in":"sing"}"#], 3, "sing"),
        (&[HEADER, CLIENT, r#"{"c":1,"t":-2,"in":"start"}"#], 3, "t: a whole number"),
        (&[HEADER, CLIENT, r#"{"c":1,"t":2,"in":"frame","op":"fold"}"#], 3, "op: handshake"),
        (&[HEADER, CLIENT, r#"{"c":1,"t":2,"in":"frame","op":"frame","payload_hex":"0g"}"#], 3, "payload_hex"),
        (&[HEADER, CLIENT, r#"{"c":1,"t":2}"#], 3, "one of new"),
        (&[HEADER, CLIENT, r#"{"c":1,"t":2,"in":"end"}"#, r#"{"c":1,"t":2,"in":"start"}"#], 4, "has ended"),
    ] {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let error = replay(text.as_bytes()).expect_err(&text);
        assert!(error.line == line && error.sentence.contains(words), "{text}{error}");
    }
}

#[test]
fn what_is_accepted_is_what_the_machines_say_today() {
    let whole = recording();
    assert_eq!(String::from_utf8(accept(whole.as_bytes()).expect("a recording")).expect("text"), whole);
    let then = whole.replacen("PEER_CONNECTED", "SOMEBODY_CAME", 1).replacen(r#""code":4006"#, r#""code":17"#, 1);
    assert_eq!(replay(then.as_bytes()).expect("a recording").differences.len(), 2);
    assert_eq!(String::from_utf8(accept(then.as_bytes()).expect("a recording")).expect("text"), whole);
    let number = line_of(&whole, r#""draw""#);
    let undrawn: String =
        whole.lines().enumerate().filter(|(at, _)| at + 1 != number).map(|(_, line)| line.to_owned() + "\n").collect();
    assert!(accept(undrawn.as_bytes()).expect_err("no stand-in").sentence.contains("record the scene again"));
}

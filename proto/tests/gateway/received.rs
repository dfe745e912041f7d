//! Every opcode and every event as it comes from a Gateway, in every dialect, as JSON and as ETF: exactly what follows.
//!
//! The messages stand in `goldens/events.tsv` and `goldens/opcodes.tsv`, own values in the shapes of each dialect. Their ETF is
//! not our writer's: keys are atoms, in the old form or the new, and lists of small numbers are strings, as Erlang does it.

use gamebridge_proto::value::Document;
use gamebridge_proto::wire::etf;
use gamebridge_proto::wire::gateway::{By, Dialect, EVENTS, OPCODES};

use crate::dialects::{ready, speaking};
use crate::pair::*;

const EVENTS_PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/gateway/goldens/events.tsv");
const OPCODES_PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/gateway/goldens/opcodes.tsv");
/// No row of the vocabulary, and handed on all the same.
const UNKNOWN_EVENT: &str = "EVENT_OF_TOMORROW";

/// The rows of a file of goldens, by column.
fn rows(path: &str) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(path).expect("the goldens");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

/// The dialects of a row: `6-10`.
fn dialects(range: &str) -> Vec<Dialect> {
    let (first, last) = range.split_once('-').expect("two versions");
    let (first, last): (u32, u32) = (first.parse().expect("a number"), last.parse().expect("a number"));
    Dialect::ALL.into_iter().filter(|dialect| (first..=last).contains(&dialect.version())).collect()
}

/// A message as it reaches the machine: from JSON, from Erlang's ETF, and from our own ETF.
fn forms(json: &str, term: &str) -> [String; 3] {
    let erlangs: Vec<u8> =
        (0..term.len() / 2).map(|at| u8::from_str_radix(&term[2 * at..2 * at + 2], 16).expect("two digits")).collect();
    let mut own = Vec::new();
    etf::from_json(json.as_bytes(), &mut Document::new(), &mut own).expect("it can be said");
    let read = |term: &[u8]| {
        let mut text = Vec::new();
        etf::to_json(term, &mut text).expect("it can be read");
        String::from_utf8(text).expect("text")
    };
    [json.to_owned(), read(&erlangs), read(&own)]
}

/// A client to whom nothing but this has been said: HELLO, where there is one.
fn identifying(dialect: Dialect) -> Pair {
    let mut pair = greeting(dialect);
    if dialect.greets() {
        pair.frame(&hello());
    }
    pair.did();
    pair
}

fn greeting(dialect: Dialect) -> Pair {
    let mut pair = Pair::new(speaking(dialect));
    pair.client.start(pair.now, &mut pair.out);
    pair.client.handle_opened(pair.now, 0, &mut pair.out);
    pair.did();
    pair
}

fn resuming(dialect: Dialect) -> Pair {
    let mut pair = ready(dialect);
    pair.closed(None);
    while !matches!(pair.next(5 * SECOND), Some(Did::Open(_))) {}
    pair.client.handle_opened(pair.now, 0, &mut pair.out);
    pair.frame(&hello());
    pair.did();
    pair
}

fn at(stage: &str, dialect: Dialect) -> Pair {
    match stage {
        "greeting" => greeting(dialect),
        "identifying" => identifying(dialect),
        "ready" => ready(dialect),
        "resuming" => resuming(dialect),
        other => panic!("no stage: {other}"),
    }
}

#[test]
fn every_event_of_every_dialect_reaches_the_host_as_it_was_sent() {
    for row in rows(EVENTS_PATH) {
        let [range, name, data, term] = &row[..] else { panic!("{row:?}") };
        let message = format!(r#"{{"t":"{name}","s":2,"op":0,"d":{data}}}"#);
        for dialect in dialects(range) {
            for form in forms(&message, term) {
                let greets = dialect.greets();
                let (stage, kind, told, flags) = match name.as_str() {
                    "READY" => ("identifying", EventType::Connected, "CONNECTED", Flags::default()),
                    "RESUMED" if greets => ("resuming", EventType::Connected, "CONNECTED", Flags::RESUMED),
                    other => ("ready", EventType::Dispatch, other, Flags::default()),
                };
                let mut pair = at(stage, dialect);
                pair.frame(&form);
                let address = format!("ws://127.0.0.1:9200/?v={}&encoding=json", dialect.version());
                let delivered = Delivered {
                    kind,
                    name: told.into(),
                    payload: data.clone(),
                    tag: 0,
                    status: Status::Ok,
                    flags,
                    code: 0,
                    message: if kind == EventType::Connected { address } else { String::new() },
                    retry_after_ms: 0,
                    peer: 0,
                    seq: 2,
                };
                assert_eq!(pair.did(), [Did::Event(delivered)], "{dialect:?} {name}: {form}");
            }
        }
    }
}

#[test]
fn no_event_of_the_vocabulary_is_without_its_golden() {
    let rows = rows(EVENTS_PATH);
    for dialect in Dialect::ALL {
        // The vocabulary begins with version 6; what came later than 3 has no document that says 3 has not got it.
        let comes = |since: Dialect| since <= dialect.max(Dialect::V6);
        let known = EVENTS.iter().filter(|row| comes(row.since)).map(|row| row.name).chain([UNKNOWN_EVENT]);
        for name in known {
            let golden = rows.iter().filter(|row| row[1] == name && dialects(&row[0]).contains(&dialect)).count();
            assert_eq!(golden, 1, "{dialect:?}: {name}");
        }
    }
    for row in &rows {
        let known = EVENTS.iter().find(|known| known.name == row[1]);
        assert!(known.is_some() || row[1] == UNKNOWN_EVENT, "{}: of no row of the vocabulary", row[1]);
        for dialect in dialects(&row[0]) {
            assert!(known.is_none_or(|known| known.since <= dialect.max(Dialect::V6)), "{dialect:?}: {}", row[1]);
        }
    }
}

/// What was done, in words; what IDENTIFY and RESUME say stands in `goldens/sent.txt`.
fn in_words(did: &Did, dialect: Dialect) -> String {
    match did {
        Did::Discover => "asks the API".into(),
        Did::Open(url) => format!("opens {}", url.replace(&format!("v={}&", dialect.version()), "v=*&")),
        Did::Send(message) if message["op"] == 2 => "sends IDENTIFY".into(),
        Did::Send(message) if message["op"] == 6 => "sends RESUME".into(),
        Did::Send(message) => format!("sends {message}"),
        Did::Close(code) => format!("closes {code}"),
        Did::Event(event) => {
            let Delivered { kind, name, payload, tag: 0, status, flags, code, message, retry_after_ms, peer: 0, seq } =
                event
            else {
                panic!("{event:?}")
            };
            let message = message.replace(&format!("v={}&", dialect.version()), "v=*&");
            format!(
                "tells {kind:?} {name} {status:?} flags {} code {code} seq {seq} retry {retry_after_ms} '{message}' {payload}",
                flags.0
            )
        }
    }
}

/// All that follows a message; a connection that is given up for it is made anew, until it is said what it begins with.
fn follows(stage: &str, message: &str, dialect: Dialect) -> String {
    let mut pair = at(stage, dialect);
    if let Err(error) = pair.client.handle_frame(pair.now, 0, message.as_bytes(), &mut pair.out) {
        return format!("fails {:?} {}", error.code, error.message);
    }
    let mut all = pair.did();
    if all.iter().any(|did| matches!(did, Did::Close(_))) {
        while !matches!(all.last(), Some(Did::Open(_))) {
            all.push(pair.next(60 * SECOND).expect("it is tried again"));
        }
        pair.client.handle_opened(pair.now, 0, &mut pair.out);
        if dialect.greets() {
            pair.frame(&hello());
        }
        if pair.out.0.is_empty() {
            // IDENTIFY waits for its turn.
            all.extend(pair.next(10 * SECOND));
        }
        all.extend(pair.did());
    }
    let words: Vec<String> = all.iter().map(|did| in_words(did, dialect)).collect();
    if words.is_empty() { "nothing".into() } else { words.join(" | ") }
}

#[test]
fn every_opcode_is_answered_in_every_dialect_as_it_was() {
    let rows = rows(OPCODES_PATH);
    let (mut written, mut wrong) = (String::new(), Vec::new());
    for row in &rows {
        let [range, stage, name, message, term, golden] = &row[..] else { panic!("{row:?}") };
        let mut all: Vec<String> = dialects(range)
            .into_iter()
            .flat_map(|dialect| forms(message, term).map(|form| follows(stage, &form, dialect)))
            .collect();
        all.dedup();
        assert_eq!(all.len(), 1, "{range} {name}: dialects and encodings differ");
        if all[0] != *golden {
            wrong.push(format!("{range} {stage} {name} {message}\n  golden: {golden}\n  now:    {}", all[0]));
        }
        written += &format!("{range}\t{stage}\t{name}\t{message}\t{term}\t{}\n", all[0]);
    }
    if std::env::var_os("GOLDENS").is_some_and(|word| word == "write") {
        let before = std::fs::read_to_string(OPCODES_PATH).expect("the goldens");
        let head: String =
            before.lines().filter(|line| line.starts_with('#')).map(|line| format!("{line}\n")).collect();
        std::fs::write(OPCODES_PATH, head + &written).expect("it can be written");
        return;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_opcode_is_without_its_golden() {
    let rows = rows(OPCODES_PATH);
    for row in &OPCODES {
        for dialect in Dialect::ALL {
            let ours: Vec<_> =
                rows.iter().filter(|golden| golden[2] == row.name && dialects(&golden[0]).contains(&dialect)).collect();
            assert!(!ours.is_empty(), "{dialect:?}: {}", row.name);
            let op = format!(r#""op":{},"#, row.opcode as u8);
            assert!(ours.iter().all(|golden| golden[3].contains(&op)), "{}", row.name);
            // What a server sends is shown where it is expected and where it is not.
            let stages: std::collections::BTreeSet<_> = ours.iter().map(|golden| &golden[1]).collect();
            assert!(row.by == By::Client || stages.len() >= 2, "{dialect:?}: {}", row.name);
        }
    }
}

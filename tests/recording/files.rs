//! Where a recording goes, and when there is none.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use gamebridge::proto::event::EventType;
use gamebridge::proto::record::replay;
use serde_json::json;

use crate::stage::{Folder, Game, Seen, child, is_child};

/// A server that begins and ends; the log lines about the recording.
fn a_server() {
    let (folder, game) = (Folder::new(), Game::new());
    let (server, _) = game.serve(&json!({"transport": "ipc", "folder": folder.text()}));
    for _ in 0..20 {
        game.ask(server, "STATE", &json!({}));
    }
    game.end(server);
    let logged = |seen: &Seen| seen.kind == EventType::Log && seen.name == "record";
    if std::env::var_os("GAMEBRIDGE_RECORD").is_some() {
        println!("LOG {}", game.until("a log line", logged).message);
    }
    drop(game);
}

fn log_of(output: &std::process::Output) -> String {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().filter_map(|line| Some(line.split_once("LOG ")?.1)).collect()
}

#[test]
fn a_file_is_its_owners_and_is_never_written_over() {
    if is_child() {
        return a_server();
    }
    let test = "files::a_file_is_its_owners_and_is_never_written_over";
    let folder = Folder::new();
    fs::write(folder.join("letter.txt"), "dear").expect("a file");
    let path = folder.join("letter.txt");
    for number in [1, 2] {
        let output = child(test, &[("GAMEBRIDGE_RECORD", path.to_str().expect("text"))]);
        assert!(log_of(&output).ends_with(&format!("letter.{number}.txt")), "{}", log_of(&output));
    }
    assert_eq!(fs::read_to_string(&path).expect("the letter"), "dear");
    assert_eq!(folder.names(), ["letter.1.txt", "letter.2.txt", "letter.txt"]);
    for name in ["letter.1.txt", "letter.2.txt"] {
        let mode = fs::metadata(folder.join(name)).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
        assert!(replay(&fs::read(folder.join(name)).expect("a file")).expect("a recording").is_same());
    }
}

#[test]
fn the_process_has_its_place_in_the_name() {
    if is_child() {
        println!("LOG {} ", std::process::id());
        return a_server();
    }
    let folder = Folder::new();
    let asked = folder.join("a-%p.jsonl");
    let output =
        child("files::the_process_has_its_place_in_the_name", &[("GAMEBRIDGE_RECORD", asked.to_str().expect("text"))]);
    let log = log_of(&output);
    let process = log.split(' ').next().expect("a number");
    assert_eq!(folder.names(), [format!("a-{process}.jsonl")]);
}

#[test]
fn what_cannot_be_written_is_a_warning_and_harms_nobody() {
    if is_child() {
        return a_server();
    }
    let folder = Folder::new();
    let test = "files::what_cannot_be_written_is_a_warning_and_harms_nobody";
    let path = folder.join("no/such/folder");
    let log = log_of(&child(test, &[("GAMEBRIDGE_RECORD", path.to_str().expect("text"))]));
    assert!(log.starts_with("this connection is not recorded") && log.contains("no/such/folder"), "{log}");
    let path = folder.join("a.jsonl");
    let variables = [("GAMEBRIDGE_RECORD", path.to_str().expect("text")), ("GAMEBRIDGE_RECORD_MAX", "much")];
    let log = log_of(&child(test, &variables));
    assert!(log.contains("GAMEBRIDGE_RECORD_MAX: 1 to 1048576 (MiB) expected"), "{log}");
    // A disk that is full, as the system plays one.
    if cfg!(target_os = "linux") {
        let log = log_of(&child(test, &[("GAMEBRIDGE_RECORD", "/dev/full")]));
        assert!(log.contains("not recorded") || log.contains("/dev/full"), "{log}");
    }
    assert_eq!(folder.names(), Vec::<String>::new());
}

#[test]
fn without_the_variable_there_is_no_file() {
    if is_child() {
        return a_server();
    }
    assert_eq!(log_of(&child("files::without_the_variable_there_is_no_file", &[])), "");
    child("files::without_the_variable_there_is_no_file", &[("GAMEBRIDGE_RECORD_MAX", "1")]);
}

#[test]
fn each_client_after_the_last_one_begins_another_file() {
    if is_child() {
        a_server();
        return a_server();
    }
    let folder = Folder::new();
    let path = folder.join("a.jsonl");
    child(
        "files::each_client_after_the_last_one_begins_another_file",
        &[("GAMEBRIDGE_RECORD", path.to_str().expect("text"))],
    );
    assert_eq!(folder.names(), ["a.1.jsonl", "a.jsonl"]);
    for name in folder.names() {
        let report = replay(&fs::read(folder.join(&name)).expect("a file")).expect("a recording");
        assert!(report.is_same() && report.connections.len() == 1 && report.connections[0].ended, "{name}: {report}");
    }
}

//! Where a recording goes, and when there is none.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use gamebridge::proto::event::{EventType, LogLevel};
use gamebridge::proto::record::replay;
use serde_json::json;

use crate::program::Seen;
use crate::stage::{Folder, child, game, is_child};

/// A server that begins and ends; the log lines about the recording.
fn a_server() {
    let (folder, game) = (Folder::new(), game());
    let (server, _) = game.serve("rpc", json!({"transport": "ipc", "folder": folder.text()}));
    for _ in 0..20 {
        game.ask(server, "STATE", json!({}));
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

/// A server that is asked again and again until its recording has come to an end; says why.
fn a_long_life() {
    let (folder, game) = (Folder::new(), game());
    let (server, _) = game.serve("rpc", json!({"transport": "ipc", "folder": folder.text()}));
    let ended = |seen: &Seen| seen.name == "record" && seen.code == LogLevel::Warn as i32;
    let why = std::iter::repeat_with(|| game.ask(server, "STATE", json!({}))).find_map(|_| game.already(ended));
    println!("LOG {}", why.expect("it never stops").message);
    // What comes now is not recorded, and works.
    game.ask(server, "STATE", json!({}));
    let (other, _) = game.serve("rpc", json!({"transport": "ipc", "folder": folder.text()}));
    let log = game.until("a log line", |seen| seen.conn == other && seen.name == "record").message;
    assert!(log.contains("at its end"), "{log}");
}

#[test]
fn at_its_size_a_recording_ends_and_says_so() {
    if is_child() {
        return a_long_life();
    }
    let folder = Folder::new();
    let path = folder.join("a.jsonl");
    let variables = [("GAMEBRIDGE_RECORD", path.to_str().expect("text")), ("GAMEBRIDGE_RECORD_MAX", "1")];
    let log = log_of(&child("files::at_its_size_a_recording_ends_and_says_so", &variables));
    assert!(log.contains("a.jsonl ends here: it has the size"), "{log}");
    let recording = fs::read(&path).expect("a recording");
    assert!((1 << 20..1 << 21).contains(&recording.len()), "{}", recording.len());
    let report = replay(&recording).expect("a recording");
    assert!(report.is_same() && report.stopped.is_some() && report.connections.len() == 1, "{report}");
}

#[test]
fn a_disk_that_is_full_ends_the_recording_and_nothing_else() {
    if is_child() {
        let limit = libc::rlimit { rlim_cur: 20_000, rlim_max: 20_000 };
        // SAFETY: a live structure. From here on this process writes no file beyond that, as on a full disk.
        assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_FSIZE, &limit) }, 0);
        return a_long_life();
    }
    let folder = Folder::new();
    let path = folder.join("a.jsonl");
    let test = "files::a_disk_that_is_full_ends_the_recording_and_nothing_else";
    let log = log_of(&child(test, &[("GAMEBRIDGE_RECORD", path.to_str().expect("text"))]));
    assert!(log.contains("a.jsonl ends here: ") && !log.contains("size that it may have"), "{log}");
    let recording = fs::read(&path).expect("a recording");
    assert_eq!(recording.len(), 20_000);
    assert!(replay(&recording).expect("a recording").is_same());
}

#[test]
fn a_crash_leaves_what_was_before_it() {
    if is_child() {
        let (folder, game) = (Folder::new(), game());
        let (server, _) = game.serve("rpc", json!({"transport": "ipc", "folder": folder.text()}));
        game.ask(server, "GUILD_CREATE", json!({"name": "The last thing"}));
        let path = std::env::var("GAMEBRIDGE_RECORD").expect("a name");
        // The other thread writes when it gets to it, and nobody has to give it anything for that.
        while !fs::read_to_string(&path).is_ok_and(|text| text.contains(r#""name":"The last thing","icon""#)) {
            std::thread::yield_now();
        }
        drop(folder);
        // SAFETY: it ends here, without a word to anybody.
        unsafe { libc::_exit(0) };
    }
    let folder = Folder::new();
    let path = folder.join("a.jsonl");
    child("files::a_crash_leaves_what_was_before_it", &[("GAMEBRIDGE_RECORD", path.to_str().expect("text"))]);
    let report = replay(&fs::read(&path).expect("a recording")).expect("a recording");
    assert!(report.is_same() && !report.connections[0].ended && report.connections[0].steps == 1, "{report}");
}

#[test]
fn the_child_of_a_fork_has_a_file_of_its_own() {
    if is_child() {
        let (folder, game) = (Folder::new(), game());
        let (server, _) = game.serve("rpc", json!({"transport": "ipc", "folder": folder.text()}));
        // SAFETY: the child uses the library as a program of its own, and ends without running what is the parent's.
        let child = unsafe { libc::fork() };
        if child == 0 {
            let ended = std::panic::catch_unwind(a_server).is_ok();
            // SAFETY: as above.
            unsafe { libc::_exit(i32::from(!ended)) };
        }
        let mut status = 1;
        // SAFETY: a child of ours, and a live number.
        assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
        assert_eq!(status, 0);
        game.ask(server, "STATE", json!({}));
        return game.end(server);
    }
    let folder = Folder::new();
    let path = folder.join("a.jsonl");
    child("files::the_child_of_a_fork_has_a_file_of_its_own", &[("GAMEBRIDGE_RECORD", path.to_str().expect("text"))]);
    assert_eq!(folder.names(), ["a.1.jsonl", "a.jsonl"]);
    for name in folder.names() {
        let report = replay(&fs::read(folder.join(&name)).expect("a file")).expect("a recording");
        assert!(report.is_same() && report.connections.len() == 1 && report.connections[0].ended, "{name}: {report}");
    }
}

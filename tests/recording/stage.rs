//! A process of its own for a scene, a program that plays it, and what is left of it afterwards.

use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};

use gamebridge::client::Options;
use gamebridge::proto::event::LogLevel;
use gamebridge::proto::record::{Report, replay};

use crate::program::Program;

/// Set where a scene is played.
const CHILD: &str = "GAMEBRIDGE_TEST_CHILD";

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// Private, and gone with this object.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Folder {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("gb-record-{}-{number}", std::process::id()));
        fs::DirBuilder::new().mode(0o700).create(&path).expect("a folder of our own");
        Folder(path)
    }

    pub fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub fn text(&self) -> String {
        self.0.display().to_string()
    }

    /// The names of what lies in it, sorted.
    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).expect("the folder");
        let mut names: Vec<String> =
            entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

pub fn is_child() -> bool {
    std::env::var_os(CHILD).is_some()
}

/// Runs one test of this binary in a process of its own, with these variables.
pub fn child(test: &str, variables: &[(&str, &str)]) -> Output {
    let output = Command::new(std::env::current_exe().expect("this binary"))
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env_remove("GAMEBRIDGE_LOG")
        .env(CHILD, "1")
        .envs(variables.iter().copied())
        .output()
        .expect("this binary runs");
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// Plays a scene in a process of its own, recorded: the recording, what came of playing it again, and the secrets that the
/// scene told with [`tell_secret`].
pub fn recorded(test: &str) -> (String, Report, Vec<String>) {
    let folder = Folder::new();
    let file = folder.join("scene.jsonl");
    let output = child(test, &[("GAMEBRIDGE_RECORD", file.to_str().expect("text"))]);
    let recording = fs::read_to_string(&file).expect("a recording");
    if let Some(kept) = std::env::var_os("GAMEBRIDGE_KEEP") {
        fs::copy(&file, Path::new(&kept).join(format!("{}.jsonl", test.replace("::", "-")))).expect("a copy");
    }
    let report = replay(recording.as_bytes()).expect("a recording");
    assert!(report.is_same() && !report.cut && report.stopped.is_none(), "{report}");
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let secrets = told.lines().filter_map(|line| Some(line.split_once("SECRET ")?.1.to_owned())).collect();
    (recording, report, secrets)
}

/// A program that uses the library, and logs all that there is.
pub fn game() -> Program {
    Program::new(Options { log_level: Some(LogLevel::Debug), ..Options::default() })
}

/// Tells the test that started this process what must not be in the file.
pub fn tell_secret(secret: &str) {
    println!("SECRET {secret}");
}

/// Every spelling in which a secret could stand in a file.
pub fn spellings(secret: &str) -> Vec<String> {
    let percent: String = secret.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let unicode: String = secret.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
    let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    let quoted = serde_json::to_string(secret).expect("a text");
    let mut all = vec![secret.to_owned(), quoted.trim_matches('"').to_owned(), percent, unicode, hex];
    for skip in 0..3 {
        let bytes = &secret.as_bytes()[skip..];
        all.push(base64(&bytes[..bytes.len() / 3 * 3]));
    }
    all
}

pub fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let bits = three.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        for letter in 0..4 {
            let sign = LETTERS[(bits >> (18 - 6 * letter) & 63) as usize];
            text.push(if letter > three.len() { '=' } else { char::from(sign) });
        }
    }
    text
}

//! Where a recording goes: a new file, always.
//!
//! Two games that were started with the same variable, a game started twice, a fork: each gets a file of its own, and
//! nothing that lies there already is touched, be it a recording or somebody's letter.

use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// How large a recording may get when nobody says, in MiB.
const MOST_MIB: u64 = 256;
/// How many names are tried.
const TRIES: u32 = 1000;

/// How large the file may get, in bytes.
pub(super) fn most(asked: Option<&OsStr>) -> Result<u64, String> {
    let Some(text) = asked.filter(|text| !text.is_empty()) else { return Ok(MOST_MIB << 20) };
    let wrong = || format!("GAMEBRIDGE_RECORD_MAX: 1 to 1048576 (MiB) expected, {text:?} given");
    let mib: u64 = text.to_str().and_then(|text| text.trim().parse().ok()).ok_or_else(wrong)?;
    if (1..=1 << 20).contains(&mib) { Ok(mib << 20) } else { Err(wrong()) }
}

/// Makes a file of this name, in which `%p` is the process's number. When there is one already, a number goes in front of
/// the ending: `bug.jsonl`, `bug.1.jsonl`, `bug.2.jsonl`. Only its owner may read it.
pub(super) fn create(asked: &OsStr) -> Result<(PathBuf, File), String> {
    let asked = match asked.to_str() {
        Some(text) => PathBuf::from(text.replace("%p", &std::process::id().to_string())),
        // A name that is no text has no pattern in it.
        None => PathBuf::from(asked),
    };
    for number in 0..TRIES {
        let path = if number == 0 { asked.clone() } else { numbered(&asked, number) };
        let mut options = OpenOptions::new();
        // Makes one or fails, and follows no link.
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match options.open(&path) {
            Ok(file) => return Ok((path, file)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(format!("GAMEBRIDGE_RECORD: cannot make {}: {error}", path.display())),
        }
    }
    Err(format!("GAMEBRIDGE_RECORD: {} and {} more of that name are there already", asked.display(), TRIES - 1))
}

fn numbered(path: &Path, number: u32) -> PathBuf {
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(format!(".{number}"));
    if let Some(ending) = path.extension() {
        name.push(".");
        name.push(ending);
    }
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_in_mebibytes() {
        for (text, most) in [("1", Some(1 << 20)), (" 300 ", Some(300 << 20)), ("0", None), ("a", None), ("-1", None)] {
            assert_eq!(super::most(Some(OsStr::new(text))).ok(), most, "{text}");
        }
        assert_eq!(most(None), Ok(256 << 20));
        assert!(most(Some(OsStr::new("much"))).unwrap_err().contains("GAMEBRIDGE_RECORD_MAX"));
    }

    #[test]
    fn a_number_goes_in_front_of_the_ending() {
        for (path, other) in [("a/b.jsonl", "a/b.7.jsonl"), ("b", "b.7"), ("a.x/.b", "a.x/.b.7"), ("b.c.d", "b.c.7.d")]
        {
            assert_eq!(numbered(Path::new(path), 7), Path::new(other));
        }
    }
}

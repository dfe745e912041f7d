//! Files that the host names: snapshots and scenarios.
//!
//! The door knows no files, so a command with a `path` is dealt with before it gets there: what is to be loaded is read and
//! takes the path's place in the arguments, and what is to be saved is written here. A file is written beside its place and
//! renamed into it, so whoever reads it finds the old one or the new one, and nothing between. The one thing to know before
//! changing it: this runs on the I/O thread, so what is read is bounded, and no pipe or device is waited for.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use gamebridge_proto::command::Command;
use gamebridge_proto::error::{Error, Status};
use gamebridge_proto::scenario;
use gamebridge_proto::value::Document;
use gamebridge_proto::wire::host;
use gamebridge_proto::wire::json::{Object, push_num};

use crate::runtime::fill_random;

/// The longest snapshot that is read: more than a full world has.
pub(super) const MOST_SNAPSHOT: u64 = 256 << 20;
/// The longest scenario that is read.
pub(super) const MOST_SCENARIO: u64 = scenario::MAX_BYTES as u64;

/// What a command is once its files were looked at.
pub(super) enum Order {
    /// For the door, without a path.
    Door(Command),
    /// SNAPSHOT_SAVE into a file.
    Save { path: PathBuf, secrets: bool },
}

/// Takes the path out of a command, when it has one.
///
/// # Errors
/// [`Status::Io`] when the file can't be read, or what the catalog says of the arguments.
pub(super) fn order(command: Command) -> Result<Order, Error> {
    let (member, most) = match &*command.name {
        "SNAPSHOT_LOAD" => ("snapshot", MOST_SNAPSHOT),
        "SCENARIO_LOAD" => ("scenario", MOST_SCENARIO),
        "SNAPSHOT_SAVE" => ("", 0),
        _ => return Ok(Order::Door(command)),
    };
    let mut document = Document::new();
    if document.parse(&command.args).is_err() || document.root().member("path").is_none() {
        // What is wrong with it the door says.
        return Ok(Order::Door(command));
    }
    let args = document.root();
    host::check(&command.name, args)?;
    let path = PathBuf::from(args.member("path").as_str().unwrap_or_default());
    if member.is_empty() {
        return Ok(Order::Save { path, secrets: args.member("secrets").as_bool().unwrap_or(false) });
    }
    let text = read(&path, most).map_err(|error| within("path", error))?;
    // Else it would be JSON in the wrong place: a member of ours could begin in the file.
    let mut content = Document::new();
    let parsed = content.parse(&text);
    parsed.map_err(|error| Error::argument(format!("path: {}: not JSON: {error}", path.display())))?;
    drop(content);
    let mut filled = Vec::with_capacity(text.len() + 64);
    let mut object = Object::begin(&mut filled).raw(member, &text);
    if let Some(speed) = args.member("speed").as_f64() {
        object = object.with("speed", |out| push_num(out, speed));
    }
    object.end();
    Ok(Order::Door(Command { args: filled.into(), ..command }))
}

/// The same error, with the name of what holds the path.
pub(super) fn within(name: &str, error: Error) -> Error {
    Error { message: format!("{name}: {}", error.message).into(), ..error }
}

/// Reads a file of at most so many bytes.
///
/// # Errors
/// [`Status::Io`] with the path: it can't be read, is no file, or is too long.
pub(super) fn read(path: &Path, most: u64) -> Result<Vec<u8>, Error> {
    let wrong = |why: &str| Error::new(Status::Io, format!("cannot read {}: {why}", path.display()));
    let mut file = open(path).map_err(|error| wrong(&error.to_string()))?;
    if !file.metadata().map_err(|error| wrong(&error.to_string()))?.is_file() {
        return Err(wrong("a file expected"));
    }
    let mut text = Vec::new();
    Read::by_ref(&mut file).take(most + 1).read_to_end(&mut text).map_err(|error| wrong(&error.to_string()))?;
    match text.len() as u64 > most {
        true => Err(wrong(&format!("{most} bytes at most expected"))),
        false => Ok(text),
    }
}

/// Takes the place of what was there, in one step.
///
/// # Errors
/// [`Status::Io`] with the path and what the system said; what was there before is there still.
pub(super) fn write(path: &Path, content: &[u8]) -> Result<(), Error> {
    let beside = beside(path)?;
    let written = write_new(&beside, content).and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // It may not have come to be.
        let _ = fs::remove_file(&beside);
    }
    written.map_err(|error| Error::new(Status::Io, format!("cannot write {}: {error}", path.display())))?;
    // The name is safe when the folder is; where a folder can't be opened, the system sees to it by itself.
    if let Ok(folder) = File::open(folder(path)) {
        let _ = folder.sync_all();
    }
    Ok(())
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A name in the same folder that nobody can have guessed.
fn beside(path: &Path) -> Result<PathBuf, Error> {
    let mut random = [0; 8];
    fill_random(&mut random)?;
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{:016x}.new", u64::from_ne_bytes(random)));
    Ok(folder(path).join(name))
}

/// Makes a file that was not there, so that a link that lies in its place is not followed. It may hold tokens, so it is its
/// owner's alone.
fn write_new(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    private(&mut options);
    let mut file = options.open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

#[cfg(unix)]
fn private(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt;
    options.mode(0o600);
}

/// A file in a user's folder is the user's already.
#[cfg(not(unix))]
fn private(_: &mut OpenOptions) {}

/// A pipe of that name must not keep the thread waiting for a writer.
#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path)
}

#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of the test's own, removed at its end.
    struct Place(PathBuf);

    impl Place {
        fn new() -> Place {
            let mut random = [0; 8];
            fill_random(&mut random).unwrap();
            let path = std::env::temp_dir().join(format!("gamebridge-files-{:016x}", u64::from_ne_bytes(random)));
            fs::create_dir(&path).unwrap();
            Place(path)
        }

        fn file(&self) -> PathBuf {
            self.0.join("file.json")
        }
    }

    impl Drop for Place {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn ordered(name: &str, args: &str) -> Result<Order, Error> {
        order(Command { name: name.into(), args: args.as_bytes().into(), ..Command::default() })
    }

    #[test]
    fn a_file_is_replaced_as_a_whole_and_nothing_is_left_beside_it() {
        let place = Place::new();
        for content in ["one", "another"] {
            write(&place.file(), content.as_bytes()).unwrap();
            assert_eq!(read(&place.file(), 100).unwrap(), content.as_bytes());
        }
        assert!(write(&place.0.join("missing").join("file"), b"").unwrap_err().message.contains("cannot write"));
        assert!(write(&place.0, b"x").is_err(), "a folder stands in its place");
        let names: Vec<_> = fs::read_dir(&place.0).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["file.json"]);
    }

    #[test]
    fn what_is_no_file_or_too_long_is_not_read() {
        let place = Place::new();
        write(&place.file(), b"12345").unwrap();
        assert!(read(&place.file(), 5).is_ok());
        assert!(read(&place.file(), 4).unwrap_err().message.contains("4 bytes at most"));
        assert!(read(&place.0, 100).is_err());
        assert!(read(&place.0.join("missing"), 100).unwrap_err().message.contains("missing"));
    }

    #[cfg(unix)]
    #[test]
    fn it_is_the_users_own_and_a_pipe_keeps_nobody_waiting() {
        use std::os::unix::fs::PermissionsExt;
        let place = Place::new();
        write(&place.file(), b"x").unwrap();
        assert_eq!(fs::metadata(place.file()).unwrap().permissions().mode() & 0o777, 0o600);
        let pipe = place.0.join("pipe");
        let name = std::ffi::CString::new(pipe.to_str().unwrap()).unwrap();
        // SAFETY: the name is ended by a NUL.
        assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o600) }, 0);
        assert!(read(&pipe, 100).unwrap_err().message.contains("a file expected"));
    }

    #[test]
    fn what_a_path_leads_to_takes_its_place_in_the_arguments() {
        let place = Place::new();
        let path = serde_json::to_string(place.file().to_str().unwrap()).unwrap();
        fs::write(place.file(), r#" {"scenario": 1} "#).unwrap();
        let Order::Door(command) = ordered("SCENARIO_LOAD", &format!(r#"{{"path":{path},"speed":2}}"#)).unwrap() else {
            panic!("for the door")
        };
        let args: serde_json::Value = serde_json::from_slice(&command.args).unwrap();
        assert_eq!(args, serde_json::json!({"scenario": {"scenario": 1}, "speed": 2}));
        fs::write(place.file(), r#"{}, "speed": 3"#).unwrap();
        let error = ordered("SCENARIO_LOAD", &format!(r#"{{"path":{path}}}"#)).err().unwrap();
        assert!(error.message.starts_with("path: ") && error.message.contains("not JSON"), "{}", error.message);
        let error = ordered("SNAPSHOT_LOAD", r#"{"path":"/nowhere/at/all"}"#).err().unwrap();
        assert_eq!(error.status, Status::Io);
        let error = ordered("SNAPSHOT_LOAD", r#"{"path":"x","snapshot":{}}"#).err().unwrap();
        assert!(error.message.contains("both given"), "{}", error.message);
        let saving = ordered("SNAPSHOT_SAVE", &format!(r#"{{"path":{path},"secrets":true}}"#)).unwrap();
        assert!(matches!(saving, Order::Save { path, secrets: true } if path == place.file()));
        for (name, args) in [("SNAPSHOT_SAVE", "{}"), ("STATE", r#"{"path":5}"#), ("SCENARIO_LOAD", "{")] {
            assert!(matches!(ordered(name, args), Ok(Order::Door(_))), "{name}");
        }
    }
}

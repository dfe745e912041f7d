//! Files of the program's user: read under a limit, and replaced in one step.
//!
//! A file is written beside its place and renamed into it, so whoever reads it finds the old one or the new one, and nothing
//! between. The one thing to know before changing it: some of this runs on the I/O thread, so what is read is bounded, and no
//! pipe or device is waited for.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use gamebridge_proto::error::{Error, Status};

use crate::runtime::fill_random;

/// Reads a file of at most so many bytes.
///
/// # Errors
/// [`Status::Io`] with the path: it can't be read, is no file, or is too long.
pub(crate) fn read(path: &Path, most: u64) -> Result<Vec<u8>, Error> {
    let nothing = || Error::new(Status::Io, format!("cannot read {}: there is no such file", path.display()));
    read_if_there(path, most)?.ok_or_else(nothing)
}

/// As [`read`], or `None` when there is no such file.
///
/// # Errors
/// As for [`read`].
pub(crate) fn read_if_there(path: &Path, most: u64) -> Result<Option<Vec<u8>>, Error> {
    let wrong = |why: &str| Error::new(Status::Io, format!("cannot read {}: {why}", path.display()));
    let mut file = match open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(|error| wrong(&error.to_string()))?,
    };
    if !file.metadata().map_err(|error| wrong(&error.to_string()))?.is_file() {
        return Err(wrong("a file expected"));
    }
    let mut text = Vec::new();
    Read::by_ref(&mut file).take(most + 1).read_to_end(&mut text).map_err(|error| wrong(&error.to_string()))?;
    match text.len() as u64 > most {
        true => Err(wrong(&format!("{most} bytes at most expected"))),
        false => Ok(Some(text)),
    }
}

/// Takes the place of what was there, in one step.
///
/// # Errors
/// [`Status::Io`] with the path and what the system said; what was there before is there still.
pub(crate) fn write(path: &Path, content: &[u8]) -> Result<(), Error> {
    put(path, content, None)
}

/// Whether [`write`] can do its work: all of it but for the last step, so that what is there stays.
///
/// # Errors
/// As for [`write`].
#[cfg(feature = "gateway")]
pub(crate) fn check_writable(path: &Path, content: &[u8]) -> Result<(), Error> {
    let beside = beside(path)?;
    let written = write_new(&beside, content);
    // It may not have come to be.
    let _ = fs::remove_file(&beside);
    written.map_err(|error| not_written(path, &error))
}

/// As [`write`], for a file that is the user's and not ours: where a link leads elsewhere it goes on doing so, and who may
/// read the file stays as it was.
///
/// # Errors
/// As for [`write`].
#[cfg(unix)]
pub(crate) fn update(path: &Path, content: &[u8]) -> Result<(), Error> {
    match fs::canonicalize(path) {
        Ok(real) => put(&real, content, fs::metadata(&real).ok().map(|about| about.permissions())),
        Err(_) => put(path, content, None),
    }
}

fn put(path: &Path, content: &[u8], permissions: Option<Permissions>) -> Result<(), Error> {
    let beside = beside(path)?;
    let written = write_new(&beside, content)
        .and_then(|()| permissions.map_or(Ok(()), |as_before| fs::set_permissions(&beside, as_before)))
        .and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // It may not have come to be.
        let _ = fs::remove_file(&beside);
    }
    written.map_err(|error| not_written(path, &error))?;
    // The name is safe when the folder is; where a folder can't be opened, the system sees to it by itself.
    if let Ok(folder) = File::open(folder(path)) {
        let _ = folder.sync_all();
    }
    Ok(())
}

fn not_written(path: &Path, error: &io::Error) -> Error {
    Error::new(Status::Io, format!("cannot write {}: {error}", path.display()))
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
pub(crate) mod tests {
    use super::*;

    /// A folder of the test's own, removed at its end.
    pub(crate) struct Place(pub(crate) PathBuf);

    impl Place {
        pub(crate) fn new() -> Place {
            let mut random = [0; 8];
            fill_random(&mut random).unwrap();
            let path = std::env::temp_dir().join(format!("gamebridge-files-{:016x}", u64::from_ne_bytes(random)));
            fs::create_dir(&path).unwrap();
            Place(path)
        }

        pub(crate) fn file(&self) -> PathBuf {
            self.0.join("file.json")
        }
    }

    impl Drop for Place {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
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

    #[cfg(unix)]
    #[test]
    fn an_update_follows_a_link_and_leaves_the_mode() {
        use std::os::unix::fs::PermissionsExt;
        let place = Place::new();
        let link = place.0.join("link");
        std::os::unix::fs::symlink(place.file(), &link).unwrap();
        fs::write(place.file(), "before").unwrap();
        fs::set_permissions(place.file(), Permissions::from_mode(0o640)).unwrap();
        update(&link, b"after").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(place.file()).unwrap(), b"after");
        assert_eq!(fs::metadata(place.file()).unwrap().permissions().mode() & 0o777, 0o640);
    }
}

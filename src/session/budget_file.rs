//! The file of the identify budget: what was spent of a day's IDENTIFYs, for the next process of the same bot.
//!
//! Replaced as a whole, so that a crash leaves the old one or the new one. One process at a time is meant to have it. It is
//! written before an IDENTIFY goes out, on the I/O thread: that happens once in 5 seconds at most.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::Path;

use gamebridge_proto::error::{Error, Status};

/// The longest file: a day of a very large bot.
const MOST: u64 = 4 << 20;

/// What an earlier process wrote; nothing when there is no such file.
///
/// # Errors
/// `Io`, and `Argument` for a file that is too long.
pub(super) fn read(path: &Path) -> Result<Box<[u8]>, Error> {
    let wrong = |why: &dyn std::fmt::Display| Error::new(Status::Io, format!("identify_budget: not read: {why}"));
    let file = match OpenOptions::new().read(true).open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Box::default()),
        opened => opened.map_err(|error| wrong(&error))?,
    };
    if !file.metadata().map_err(|error| wrong(&error))?.is_file() {
        return Err(Error::argument("identify_budget: a file expected"));
    }
    let mut text = Vec::new();
    file.take(MOST + 1).read_to_end(&mut text).map_err(|error| wrong(&error))?;
    if text.len() as u64 > MOST {
        return Err(Error::argument(
            "identify_budget: a file that an earlier connection wrote expected; this one is too long",
        ));
    }
    Ok(text.into())
}

/// Puts the record in the file's place.
///
/// # Errors
/// `Io`; the file is as it was.
pub(super) fn write(path: &Path, record: &[u8]) -> Result<(), Error> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let beside = path.with_file_name(name);
    let written = || {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&beside)?.write_all(record)?;
        fs::rename(&beside, path)
    };
    written().map_err(|error| {
        // It may be half there.
        let _ = fs::remove_file(&beside);
        Error::new(Status::Io, format!("identify_budget: what was spent could not be written down: {error}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_nothing_is_left_beside_it() {
        let folder = std::env::temp_dir().join(format!("gamebridge-budget-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let path = folder.join("budget.json");
        assert_eq!(&*read(&path).expect("there is none yet"), b"");
        write(&path, b"{}").expect("it is written");
        write(&path, b"{\"a\":1}").expect("it is written again");
        assert_eq!(&*read(&path).expect("it is there"), b"{\"a\":1}");
        assert_eq!(fs::read_dir(&folder).expect("a folder").count(), 1);
        assert_eq!(read(&folder).expect_err("a folder").status, Status::Argument);
        assert_eq!(write(&folder.join("no/where"), b"").expect_err("no folder").status, Status::Io);
        fs::remove_dir_all(&folder).expect("it is ours");
    }
}

//! The file of the identify budget: what was spent of a day's IDENTIFYs, for the next process of the same bot.
//!
//! Replaced as a whole, so that a crash leaves the old one or the new one. One process at a time is meant to have it. It is
//! written before an IDENTIFY goes out, on the I/O thread: that happens once in 5 seconds at most.

use std::path::Path;

use gamebridge_proto::error::Error;

use crate::files;

/// The longest file: a day of a very large bot.
const MOST: u64 = 4 << 20;

/// What an earlier process wrote; nothing when there is no such file. That it can be written is tried, too, since nobody is
/// there to mend it once the connection runs, and what is not counted costs the token.
///
/// # Errors
/// `Io` with the path: it can't be read or written, is no file, or is too long.
pub(super) fn read(path: &Path) -> Result<Box<[u8]>, Error> {
    let record = files::read_if_there(path, MOST).map_err(named)?.unwrap_or_default();
    files::check_writable(path, &record).map_err(named)?;
    Ok(record.into())
}

/// Puts the record in the file's place.
///
/// # Errors
/// `Io` with the path; the file is as it was.
pub(super) fn write(path: &Path, record: &[u8]) -> Result<(), Error> {
    files::write(path, record).map_err(named)
}

fn named(error: Error) -> Error {
    Error::new(error.status, format!("identify_budget: {}", error.message))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use gamebridge_proto::error::Status;

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
        let error = read(&folder).expect_err("a folder");
        assert!(error.status == Status::Io && error.message.starts_with("identify_budget: "), "{error}");
        assert_eq!(write(&folder.join("no/where"), b"").expect_err("no folder").status, Status::Io);
        let error = read(&folder.join("no/where")).expect_err("none is there, and none can be");
        assert!(error.status == Status::Io && error.message.starts_with("identify_budget: cannot write "), "{error}");
        fs::remove_dir_all(&folder).expect("it is ours");
    }
}

//! The wake-up handle on Unix systems without eventfd (macOS, the BSDs): a pipe.

use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::time::Duration;

#[path = "poll.rs"]
mod poll;

#[derive(Debug)]
pub struct Handle {
    reader: PipeReader,
    writer: PipeWriter,
}

impl Handle {
    pub(super) fn new() -> io::Result<Self> {
        // Both ends are close-on-exec. There is one byte at a time, so writing never blocks.
        let (reader, writer) = io::pipe()?;
        // SAFETY: an open descriptor, and no pointers.
        if unsafe { libc::fcntl(reader.as_raw_fd(), libc::F_SETFL, libc::O_NONBLOCK) } < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(Handle { reader, writer })
    }

    pub(super) fn raw(&self) -> isize {
        self.reader.as_raw_fd() as isize
    }

    pub(super) fn raise(&self) {
        // One byte into an empty pipe cannot fail for want of room.
        let _ = (&self.writer).write(&[1]);
    }

    /// Whether it was raised.
    pub(super) fn lower(&self) -> bool {
        matches!((&self.reader).read(&mut [0; 1]), Ok(1))
    }

    pub(super) fn wait(&self, timeout: Option<Duration>) -> io::Result<()> {
        poll::wait(self.reader.as_fd(), timeout)
    }
}

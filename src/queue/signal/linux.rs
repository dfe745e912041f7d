//! The wake-up handle on Linux: an eventfd.

use std::io;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::time::Duration;

#[path = "poll.rs"]
mod poll;

#[derive(Debug)]
pub struct Handle(OwnedFd);

impl Handle {
    pub(super) fn new() -> io::Result<Self> {
        // SAFETY: no pointers.
        let fd = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: just opened, and ours.
        Ok(Handle(unsafe { OwnedFd::from_raw_fd(fd) }))
    }

    pub(super) fn raw(&self) -> isize {
        self.0.as_raw_fd() as isize
    }

    pub(super) fn raise(&self) {
        let one = 1u64.to_ne_bytes();
        // SAFETY: eight bytes from a live array. It can only fail when the counter is full, and then it is readable.
        unsafe { libc::write(self.0.as_raw_fd(), one.as_ptr().cast(), one.len()) };
    }

    /// Whether it was raised.
    pub(super) fn lower(&self) -> bool {
        let mut count = [0u8; 8];
        // SAFETY: eight bytes into a live array. It can only fail when the counter is zero.
        unsafe { libc::read(self.0.as_raw_fd(), count.as_mut_ptr().cast(), count.len()) == 8 }
    }

    pub(super) fn wait(&self, timeout: Option<Duration>) -> io::Result<()> {
        poll::wait(self.0.as_fd(), timeout)
    }
}

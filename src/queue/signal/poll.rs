//! Waiting for a descriptor with poll(2); shared by the Unix handles.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::time::Duration;

/// Waits until the descriptor is readable; may return early (a signal, an unlucky rounding).
pub(super) fn wait(fd: BorrowedFd<'_>, timeout: Option<Duration>) -> io::Result<()> {
    let mut waited = libc::pollfd { fd: fd.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    let millis = match timeout {
        None => -1,
        // Rounded up: a wait of 0.4 ms must not spin.
        Some(timeout) => i32::try_from(timeout.as_nanos().div_ceil(1_000_000)).unwrap_or(i32::MAX),
    };
    // SAFETY: one pollfd, which outlives the call.
    if unsafe { libc::poll(&mut waited, 1, millis) } < 0 {
        let error = io::Error::last_os_error();
        return if error.kind() == io::ErrorKind::Interrupted { Ok(()) } else { Err(error) };
    }
    Ok(())
}

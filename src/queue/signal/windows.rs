//! The wake-up handle on Windows: a manual-reset event.

use std::io;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::time::Duration;

use windows_sys::Win32::Foundation::{WAIT_FAILED, WAIT_OBJECT_0, WAIT_TIMEOUT};
use windows_sys::Win32::System::Threading::{CreateEventW, INFINITE, ResetEvent, SetEvent, WaitForSingleObject};

#[derive(Debug)]
pub struct Handle(OwnedHandle);

impl Handle {
    pub(super) fn new() -> io::Result<Self> {
        // SAFETY: no attributes and no name: both pointers may be null.
        let handle = unsafe { CreateEventW(std::ptr::null(), 1, 0, std::ptr::null()) };
        if handle.is_null() {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: just created, and ours.
        Ok(Handle(unsafe { OwnedHandle::from_raw_handle(handle) }))
    }

    pub(super) fn raw(&self) -> isize {
        self.0.as_raw_handle() as isize
    }

    pub(super) fn raise(&self) {
        // SAFETY: a live event handle.
        unsafe { SetEvent(self.0.as_raw_handle()) };
    }

    /// Whether it was raised.
    pub(super) fn lower(&self) -> bool {
        // SAFETY: a live event handle, both times.
        let raised = unsafe { WaitForSingleObject(self.0.as_raw_handle(), 0) } == WAIT_OBJECT_0;
        if raised {
            // SAFETY: as above.
            unsafe { ResetEvent(self.0.as_raw_handle()) };
        }
        raised
    }

    pub(super) fn wait(&self, timeout: Option<Duration>) -> io::Result<()> {
        let millis = match timeout {
            None => INFINITE,
            Some(timeout) => u32::try_from(timeout.as_nanos().div_ceil(1_000_000)).unwrap_or(INFINITE - 1),
        };
        // SAFETY: a live event handle.
        match unsafe { WaitForSingleObject(self.0.as_raw_handle(), millis) } {
            WAIT_OBJECT_0 | WAIT_TIMEOUT => Ok(()),
            WAIT_FAILED => Err(io::Error::last_os_error()),
            _ => Ok(()),
        }
    }
}

//! What the I/O thread needs of Windows: its clock and a place to stay. Nothing forks here, and there are no signals.

use std::sync::OnceLock;

use windows_sys::Win32::System::LibraryLoader::{
    GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, GET_MODULE_HANDLE_EX_FLAG_PIN, GetModuleHandleExW,
};
use windows_sys::Win32::System::Performance::{QueryPerformanceCounter, QueryPerformanceFrequency};

/// The performance counter in nanoseconds, so that a program can compare an event's time with its own clock.
pub(super) fn monotonic_nanos() -> u64 {
    static PER_SECOND: OnceLock<u128> = OnceLock::new();
    let per_second = *PER_SECOND.get_or_init(|| {
        let mut frequency = 0;
        // SAFETY: a live number to write to. The call cannot fail on any Windows since XP.
        unsafe { QueryPerformanceFrequency(&raw mut frequency) };
        frequency.max(1) as u128
    });
    let mut count = 0;
    // SAFETY: as above.
    unsafe { QueryPerformanceCounter(&raw mut count) };
    (count as u128 * 1_000_000_000 / per_second) as u64
}

/// Has every later fork run this in the child; there are none.
pub(super) fn in_forked_child(_: unsafe extern "C" fn()) {}

/// Keeps signals out of the thread that is started next; there are none.
pub(super) fn block_signals() -> impl FnOnce() {
    || {}
}

/// Pins the module that this code lies in: our thread must not lose its code when a game frees the library, or the plugin
/// that it is linked into.
pub(super) fn stay_loaded() {
    let mut module = std::ptr::null_mut();
    let flags = GET_MODULE_HANDLE_EX_FLAG_PIN | GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS;
    // SAFETY: with this flag the second argument is no text but an address in a module, and that of this function is; the
    // result is written to a pointer of ours.
    unsafe { GetModuleHandleExW(flags, stay_loaded as *const u16, &raw mut module) };
}

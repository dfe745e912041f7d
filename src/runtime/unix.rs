//! What the I/O thread needs of a Unix system: its clock, its signals kept away, word of a fork, and a place to stay.

use std::ffi::CStr;

/// Nanoseconds of `CLOCK_MONOTONIC`, so that a program can compare an event's time with its own clock.
pub(super) fn monotonic_nanos() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: a live timespec to write to. The call cannot fail with this clock.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// Has every later fork run this in the child, where only what the C library allows may be done: no locks, no memory.
pub(super) fn in_forked_child(handler: unsafe extern "C" fn()) {
    // SAFETY: the handler stays loaded, see `stay_loaded`.
    unsafe { libc::pthread_atfork(None, None, Some(handler)) };
}

/// Blocks all signals in this thread, so that the one started next inherits the mask; the closure undoes it here. A C host
/// with SIGPIPE at its default would be killed by our write to a closed socket otherwise, and its handlers would run on
/// our stack.
pub(super) fn block_signals() -> impl FnOnce() {
    let mut before = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: both sets are live; `before` is written by the call.
    unsafe {
        let mut all = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
        libc::sigfillset(all.as_mut_ptr());
        libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr());
    }
    move || {
        // SAFETY: written above.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, before.as_ptr(), std::ptr::null_mut()) };
    }
}

/// Pins the image that this code lies in. Our own ELF library is linked so (`nodelete`), but Mach-O knows no such flag,
/// and the static library lies in whatever it was linked into: a plugin, say, that its game unloads.
pub(super) fn stay_loaded() {
    let mut image = std::mem::MaybeUninit::<libc::Dl_info>::zeroed();
    // SAFETY: any address may be asked for; the result is written to memory of ours.
    let found = unsafe { libc::dladdr(stay_loaded as *const libc::c_void, image.as_mut_ptr()) };
    // SAFETY: all of its fields may be zero, and they were before the call.
    let image = unsafe { image.assume_init() };
    if found == 0 || image.dli_fname.is_null() {
        return;
    }
    // SAFETY: the loader's own text, ended with a NUL, of an image that is loaded.
    let name = unsafe { CStr::from_ptr(image.dli_fname) };
    // A program may be called by a bare name, which would be searched for; but a program is not unloaded anyway.
    if name.to_bytes().contains(&b'/') {
        // SAFETY: the name ends with a NUL. Nothing is loaded anew, so no code runs; the handle is kept for ever.
        unsafe { libc::dlopen(name.as_ptr(), libc::RTLD_LAZY | libc::RTLD_NOLOAD | libc::RTLD_NODELETE) };
    }
}

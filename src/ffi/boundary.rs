//! The wall between C and Rust: panics stop here, and every failure leaves a sentence.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::ffi::{CStr, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use gamebridge_proto::error::{Error, Status};

use super::types::{GB_OK, gb_status};

thread_local! {
    /// This thread's last failure, ended with a NUL.
    static LAST_ERROR: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    /// This thread is inside one of our calls, so a panic's message is ours to keep.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

#[cfg(feature = "panic-probe")]
static PROBE: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);

/// Test builds only: while on, every other function panics inside.
#[cfg(feature = "panic-probe")]
#[unsafe(no_mangle)]
pub extern "C" fn gb_panic_probe(on: bool) {
    PROBE.store(on, std::sync::atomic::Ordering::SeqCst);
}

/// Runs a call's body. The panic hook keeps quiet meanwhile; a panic is `on_panic`, with its message left for `gb_last_error`.
#[inline]
pub(super) fn guard<R>(on_panic: R, body: impl FnOnce() -> R) -> R {
    let probed = move || {
        #[cfg(feature = "panic-probe")]
        if PROBE.load(std::sync::atomic::Ordering::SeqCst) {
            panic!("the panic probe is on");
        }
        body()
    };
    let before = INSIDE.replace(true);
    let result = catch_unwind(AssertUnwindSafe(probed)).unwrap_or_else(|panic| {
        set_last_error(&Error::new(Status::Panic, format!("a bug inside gamebridge: {}", sentence(&*panic))));
        // A payload whose drop panics must not bring us down.
        std::mem::forget(panic);
        on_panic
    });
    INSIDE.set(before);
    result
}

fn sentence(panic: &(dyn Any + Send)) -> &str {
    if let Some(text) = panic.downcast_ref::<&str>() {
        text
    } else if let Some(text) = panic.downcast_ref::<String>() {
        text
    } else {
        "no message"
    }
}

/// Runs a body that may fail, as a status.
pub(super) fn status(body: impl FnOnce() -> Result<(), Error>) -> gb_status {
    guard(Status::Panic as gb_status, || match body() {
        Ok(()) => GB_OK,
        Err(error) => set_last_error(&error) as gb_status,
    })
}

/// Runs a body whose failure is `failed`, with the sentence left for `gb_last_error`.
pub(super) fn or<R: Copy>(failed: R, body: impl FnOnce() -> Result<R, Error>) -> R {
    guard(failed, || {
        body().unwrap_or_else(|error| {
            set_last_error(&error);
            failed
        })
    })
}

/// Keeps the sentence for `gb_last_error`; silently not, when the thread is ending and has no place for it any more (an
/// exit handler, a destructor of a C++ object).
pub(super) fn set_last_error(error: &Error) -> Status {
    let _ = LAST_ERROR.try_with(|last| {
        let mut last = last.borrow_mut();
        last.clear();
        last.extend(error.message.bytes().map(|byte| if byte == 0 { b' ' } else { byte }));
        last.push(0);
    });
    error.status
}

/// Keeps panics inside the library off stderr, which is the game's. Others go to whatever hook there was before.
pub(super) fn quiet_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let ours = INSIDE.get()
                || cfg!(feature = "panic-probe")
                || std::thread::current().name() == Some(crate::runtime::THREAD_NAME);
            if !ours {
                before(panic);
            }
        }));
    });
}

/// A text argument.
///
/// # Safety
/// `text` is NULL or points to a string ended by a NUL that lives for `'a`.
pub(super) unsafe fn text<'a>(text: *const c_char, field: &str) -> Result<&'a str, Error> {
    if text.is_null() {
        return Err(Error::argument(format!("{field}: NULL given, a string expected")));
    }
    // SAFETY: not NULL; the caller vouches for the rest.
    let bytes = unsafe { CStr::from_ptr(text) };
    bytes.to_str().map_err(|error| Error::argument(format!("{field}: invalid UTF-8 at byte {}", error.valid_up_to())))
}

/// The sentence of this thread's last failure: what was wrong, in which field, what was expected. Never NULL; empty when
/// nothing has failed yet; a success does not clear it. Valid until the next failure on this thread.
///
/// Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn gb_last_error() -> *const c_char {
    guard(c"".as_ptr(), || {
        let sentence = LAST_ERROR.try_with(|last| {
            let last = last.borrow();
            if last.is_empty() { c"".as_ptr() } else { last.as_ptr().cast() }
        });
        sentence.unwrap_or(c"".as_ptr())
    })
}

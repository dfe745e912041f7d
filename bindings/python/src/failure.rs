//! Failures of the core as Python's exceptions. The classes are Python's (`gamebridge._errors`), where they can have two
//! bases; here is the one call that makes them.

use std::panic::{AssertUnwindSafe, catch_unwind};

use gamebridge::proto::error::{Error, Status};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

/// All that an exception can tell.
pub(crate) struct Failure<'a> {
    pub(crate) status: Status,
    pub(crate) message: &'a str,
    pub(crate) code: i32,
    pub(crate) retry_after_ms: u32,
    pub(crate) uncertain: bool,
    /// The command's name; empty when there was none.
    pub(crate) command: &'a str,
}

impl Failure<'_> {
    pub(crate) fn raised(&self, py: Python<'_>) -> PyErr {
        static MAKE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let made = MAKE.import(py, "gamebridge._errors", "failure").and_then(|make| {
            let seconds = f64::from(self.retry_after_ms) / 1000.0;
            make.call1((word(self.status), self.message, self.code, seconds, self.uncertain, self.command))
        });
        made.map_or_else(|error| error, PyErr::from_value)
    }
}

/// The exception of a call that the core refused.
pub(crate) fn raise(py: Python<'_>, error: &Error) -> PyErr {
    let Error { status, code, message } = error;
    Failure { status: *status, message, code: *code, retry_after_ms: 0, uncertain: false, command: "" }.raised(py)
}

/// A status as Python spells it.
pub(crate) const fn word(status: Status) -> &'static str {
    match status {
        Status::Ok => "ok",
        Status::Argument => "argument",
        Status::State => "state",
        Status::Closed => "closed",
        Status::Cancelled => "cancelled",
        Status::Full => "full",
        Status::Timeout => "timeout",
        Status::Io => "io",
        Status::Auth => "auth",
        Status::RateLimited => "rate_limited",
        Status::Protocol => "protocol",
        Status::Remote => "remote",
        Status::Unsupported => "unsupported",
        Status::Forked => "forked",
        Status::Panic => "panic",
    }
}

/// Runs a call's body. A panic in it is an `InternalError` and never PyO3's `PanicException`, which is no `Exception` and
/// passes every handler.
pub(crate) fn guarded<T>(py: Python<'_>, body: impl FnOnce() -> PyResult<T>) -> PyResult<T> {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|_| {
        let sentence = "a bug inside gamebridge was caught; the client may be used on, or closed";
        Err(raise(py, &Error::new(Status::Panic, sentence)))
    })
}

/// A panic inside a call, for a test to see what becomes of it. Not in what is shipped.
#[cfg(debug_assertions)]
#[pyfunction]
pub(crate) fn panic_probe(py: Python<'_>) -> PyResult<()> {
    guarded(py, || panic!("asked for"))
}

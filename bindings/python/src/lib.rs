//! The native module of the Python package: the interpreter's side of [`gamebridge::client`].
//!
//! It moves events and replies between the core and Python, and decides nothing: the typed front in
//! `python/gamebridge` is what programs see. The one thing to know before changing it: Python code can run wherever an
//! object is made or dropped (the collector calls finalizers), so no lock of ours is held there, and none is waited for
//! with the interpreter's lock in hand unless it guards plain moves of data.
//!
//! | file | what it knows |
//! |---|---|
//! | `hub` | one client: who gathers events, where they wait, whose reply is whose |
//! | `calls` | the hub's methods as Python calls them |
//! | `link` | one connection's life, as far as it was gathered |
//! | `event`, `payload`, `objects` | an event, and reading what it carries |
//! | `encode` | arguments to JSON, with the place that is wrong |
//! | `given` | times, numbers and names that callers give |
//! | `failure` | exceptions |

mod calls;
mod encode;
mod event;
mod failure;
mod gathered;
mod given;
mod hub;
mod link;
mod objects;
mod payload;

use pyo3::prelude::*;

/// `gamebridge._native`. Safe without the interpreter's lock: what is shared is behind locks and atomics of its own.
#[pymodule(gil_used = false)]
mod _native {
    use std::ffi::OsString;
    use std::path::PathBuf;

    use gamebridge::launch::{self, Launch, Start};
    use gamebridge::proto::error::{Error, Status};
    use gamebridge::transport::ipc;
    use pyo3::exceptions::PyOSError;
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::event::Event;
    #[pymodule_export]
    use crate::hub::Hub;
    #[pymodule_export]
    use crate::link::Link;

    /// A reply's data; raises what it failed with.
    #[pyfunction]
    #[pyo3(signature = (reply, /))]
    fn settle<'py>(py: Python<'py>, reply: &Event) -> PyResult<Bound<'py, PyAny>> {
        crate::failure::guarded(py, || reply.settle(py))
    }

    /// A time that a caller gave for a field, in seconds; None for no limit. TypeError or ValueError that names the field.
    #[pyfunction]
    #[pyo3(signature = (field, value, /))]
    fn seconds(field: &str, value: &Bound<'_, PyAny>) -> PyResult<Option<f64>> {
        crate::given::number(field, value)
    }

    /// How many a caller asked for; likewise.
    #[pyfunction]
    #[pyo3(signature = (field, value, /))]
    fn count(field: &str, value: &Bound<'_, PyAny>) -> PyResult<usize> {
        crate::given::count(field, value)
    }

    /// The folders in which a Discord's local socket is looked for, as the environment is now; on Windows the one of pipes.
    #[pyfunction]
    fn folders() -> Vec<PathBuf> {
        ipc::places(&ipc::process_environment)
    }

    /// Every local socket or pipe that is tried, in the order in which it is.
    #[pyfunction]
    fn sockets() -> Vec<PathBuf> {
        ipc::candidates(&ipc::process_environment)
    }

    /// Registers what starts the game: a command line, or Steam's game of this id. `launch.py` says more.
    #[pyfunction]
    fn register_launch(
        py: Python<'_>,
        application_id: &str,
        name: Option<&str>,
        command: Option<OsString>,
        steam_id: &str,
    ) -> PyResult<()> {
        crate::failure::guarded(py, || {
            let start = command.as_deref().map_or(Start::Steam(steam_id), Start::Command);
            let launch = Launch { application: application_id, name, start };
            py.detach(|| launch::register(&launch)).map_err(|error| refused(py, &error))
        })
    }

    /// Takes it back.
    #[pyfunction]
    fn unregister_launch(py: Python<'_>, application_id: &str) -> PyResult<()> {
        crate::failure::guarded(py, || {
            py.detach(|| launch::unregister(application_id)).map_err(|error| refused(py, &error))
        })
    }

    /// There is no connection that could be closed: what the system refuses is an `OSError`.
    fn refused(py: Python<'_>, error: &Error) -> PyErr {
        match error.status {
            Status::Io => PyOSError::new_err(error.message.clone().into_owned()),
            _ => crate::failure::raise(py, error),
        }
    }

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        // A name that is no export: `__all__` is that of what is shipped.
        #[cfg(debug_assertions)]
        module.setattr("panic_probe", wrap_pyfunction!(crate::failure::panic_probe, module)?)?;
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}

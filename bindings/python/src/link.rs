//! What is known of one connection: whether it was ready, and how it ended.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use gamebridge::client::ConnectionId;
use pyo3::prelude::*;

use crate::event::Event;

/// As far as its events were gathered, which may be further than they were handed out.
#[derive(Default)]
pub(crate) struct Life {
    /// The CONNECTED event that came last.
    pub(crate) ready: Option<Py<Event>>,
    /// Between CONNECTED and a break.
    pub(crate) connected: bool,
    /// DISCONNECTED.
    pub(crate) over: Option<Py<Event>>,
}

impl Life {
    /// The CONNECTED event, or the DISCONNECTED one as the error, once there is one of them.
    pub(crate) fn outcome(&self, py: Python<'_>) -> Option<Result<Py<Event>, Py<Event>>> {
        match (&self.over, &self.ready) {
            (Some(over), _) => Some(Err(over.clone_ref(py))),
            (None, ready) => ready.as_ref().map(|ready| Ok(ready.clone_ref(py))),
        }
    }
}

/// A connection or a server that one hosts.
#[pyclass(frozen, module = "gamebridge._native")]
#[derive(Default)]
pub(crate) struct Link {
    /// Given by the core. Python sees none without it.
    id: OnceLock<ConnectionId>,
    life: Mutex<Life>,
}

impl Link {
    /// The core made the connection.
    pub(crate) fn is(&self, id: ConnectionId) {
        let _ = self.id.set(id);
    }

    /// Held for moves only.
    pub(crate) fn life(&self) -> MutexGuard<'_, Life> {
        self.life.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl Link {
    /// Its id, as events have it in `conn`.
    #[getter]
    fn id(&self) -> ConnectionId {
        self.id.get().copied().unwrap_or_default()
    }

    /// The CONNECTED event that came last, if there was one. Raises what ended the connection when it is over.
    fn ready(&self, py: Python<'_>) -> PyResult<Option<Py<Event>>> {
        let outcome = self.life().outcome(py);
        outcome.map(|outcome| outcome.map_err(|over| over.get().raised(py))).transpose()
    }

    /// Whether it can be used just now.
    #[getter]
    fn connected(&self) -> bool {
        self.life().connected
    }

    /// Whether it is over for good.
    #[getter]
    fn over(&self) -> bool {
        self.life().over.is_some()
    }
}

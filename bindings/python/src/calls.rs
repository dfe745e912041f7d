//! The hub's methods as the package's Python calls them. `_native.pyi` has their types.

use std::time::{Duration, Instant};

use gamebridge::client::{Client, Options, Request, SHUTDOWN};
use gamebridge::proto::error::{Error, Status};
use gamebridge::proto::event::LogLevel;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::encode;
use crate::event::Event;
use crate::failure::{guarded, raise};
use crate::given;
use crate::hub::{Hub, Patience};
use crate::link::Link;

fn patience(timeout: &Bound<'_, PyAny>) -> PyResult<Patience> {
    Ok(match given::seconds("timeout", timeout)? {
        None => Patience::Forever,
        Some(Duration::ZERO) => Patience::None,
        Some(timeout) => Instant::now().checked_add(timeout).map_or(Patience::Forever, Patience::Until),
    })
}

/// A command's own time.
fn deadline(timeout: &Bound<'_, PyAny>) -> PyResult<Option<Duration>> {
    match given::seconds("timeout", timeout)? {
        Some(Duration::ZERO) => Err(PyValueError::new_err("timeout: more than 0 seconds expected")),
        other => Ok(other),
    }
}

impl Hub {
    #[expect(clippy::too_many_arguments, reason = "what a command has")]
    fn dispatch(
        &self,
        py: Python<'_>,
        conn: u32,
        command: &Bound<'_, PyAny>,
        args: Option<&Bound<'_, PyAny>>,
        keywords: Option<&Bound<'_, PyDict>>,
        timeout: &Bound<'_, PyAny>,
        tag: u64,
    ) -> PyResult<()> {
        self.check_process(py)?;
        let timeout = deadline(timeout)?;
        let command = given::text("command", command)?;
        let args = encode::arguments(py, "args", args, keywords)?;
        let request = Request { command: &command, args: &args, bytes: &[], tag, timeout };
        self.lease(py)?.send(conn, &request).map_err(|error| raise(py, &error))
    }

    fn start(
        &self,
        py: Python<'_>,
        (field, name): (&str, &Bound<'_, PyAny>),
        params: Option<&Bound<'_, PyAny>>,
        keywords: Option<&Bound<'_, PyDict>>,
        connect: impl FnOnce(&Client, &str, &[u8]) -> Result<u32, Error>,
    ) -> PyResult<Py<Link>> {
        guarded(py, || {
            self.check_process(py)?;
            let name = given::text(field, name)?;
            let params = encode::arguments(py, "params", params, keywords)?;
            let params: &[u8] = if params.is_empty() { b"{}" } else { &params };
            self.open(py, |client| {
                connect(client, &name, params).map_err(|error| match error.status {
                    // A name that this build does not know is a wrong argument here, where every other one is.
                    Status::Unsupported => Error { status: Status::Argument, ..error },
                    _ => error,
                })
            })
        })
    }
}

#[pymethods]
impl Hub {
    #[new]
    #[pyo3(signature = (queue_bytes, shutdown, log_level))]
    fn new(
        py: Python<'_>,
        queue_bytes: Option<&Bound<'_, PyAny>>,
        shutdown: &Bound<'_, PyAny>,
        log_level: &Bound<'_, PyAny>,
    ) -> PyResult<Hub> {
        guarded(py, || {
            let mut options = Options {
                log_level: match &*given::text("log_level", log_level)? {
                    "off" => None,
                    "error" => Some(LogLevel::Error),
                    "warning" => Some(LogLevel::Warn),
                    "info" => Some(LogLevel::Info),
                    "debug" => Some(LogLevel::Debug),
                    other => {
                        let sentence =
                            format!("log_level: off, error, warning, info or debug expected, {other:?} given");
                        return Err(PyValueError::new_err(sentence));
                    }
                },
                ..Options::default()
            };
            if let Some(bytes) = queue_bytes {
                options.queue_bytes = given::count("queue_bytes", bytes)?;
            }
            options.shutdown = given::seconds("shutdown_timeout", shutdown)?.unwrap_or(SHUTDOWN);
            let shutdown = options.shutdown;
            let client = py.detach(|| Client::new(options)).map_err(|error| raise(py, &error))?;
            Ok(Hub::of(client, shutdown))
        })
    }

    /// Starts a connection.
    fn connect(
        &self,
        py: Python<'_>,
        protocol: &Bound<'_, PyAny>,
        params: Option<&Bound<'_, PyAny>>,
        keywords: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<Link>> {
        self.start(py, ("protocol", protocol), params, keywords, Client::connect)
    }

    /// Starts a server.
    fn serve(
        &self,
        py: Python<'_>,
        service: &Bound<'_, PyAny>,
        params: Option<&Bound<'_, PyAny>>,
        keywords: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<Link>> {
        self.start(py, ("service", service), params, keywords, Client::serve)
    }

    /// Queues a command that wants no reply.
    fn send(
        &self,
        py: Python<'_>,
        conn: u32,
        command: &Bound<'_, PyAny>,
        args: Option<&Bound<'_, PyAny>>,
        keywords: Option<&Bound<'_, PyDict>>,
        timeout: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        guarded(py, || self.dispatch(py, conn, command, args, keywords, timeout, 0))
    }

    /// Queues a command and gives the tag of its reply, which `gather` will bring.
    fn begin(
        &self,
        py: Python<'_>,
        conn: u32,
        command: &Bound<'_, PyAny>,
        args: Option<&Bound<'_, PyAny>>,
        keywords: Option<&Bound<'_, PyDict>>,
        timeout: &Bound<'_, PyAny>,
    ) -> PyResult<u64> {
        guarded(py, || {
            let tag = self.new_tag();
            self.dispatch(py, conn, command, args, keywords, timeout, tag)?;
            Ok(tag)
        })
    }

    /// Queues a command and gives the tag of its reply, which `reply` will give, once.
    fn expect(
        &self,
        py: Python<'_>,
        conn: u32,
        command: &Bound<'_, PyAny>,
        args: Option<&Bound<'_, PyAny>>,
        keywords: Option<&Bound<'_, PyDict>>,
        timeout: &Bound<'_, PyAny>,
    ) -> PyResult<u64> {
        guarded(py, || {
            let tag = self.new_tag();
            self.state().awaited.insert(tag, None);
            self.dispatch(py, conn, command, args, keywords, timeout, tag)
                .inspect_err(|_| drop(self.state().awaited.remove(&tag)))?;
            Ok(tag)
        })
    }

    /// The reply to a command of `expect`; None when it is not here within `timeout` seconds.
    fn reply(&self, py: Python<'_>, tag: u64, timeout: &Bound<'_, PyAny>) -> PyResult<Option<Py<Event>>> {
        guarded(py, || {
            self.until(py, patience(timeout)?, |state| match state.awaited.get(&tag) {
                Some(Some(_)) => state.awaited.remove(&tag).flatten(),
                _ => None,
            })
        })
    }

    /// Gives a command up whose reply nobody waits for any more.
    fn cancel(&self, py: Python<'_>, conn: u32, tag: u64) -> PyResult<()> {
        guarded(py, || {
            // What is over has ended its commands by itself.
            self.lease(py).map(|core| _ = core.cancel(conn, tag)).or(Ok(()))
        })
    }

    /// Sends a command, waits for its reply, and gives its data.
    fn request<'py>(
        &self,
        py: Python<'py>,
        conn: u32,
        command: &Bound<'_, PyAny>,
        args: Option<&Bound<'_, PyAny>>,
        keywords: Option<&Bound<'_, PyDict>>,
        timeout: &Bound<'_, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        guarded(py, || {
            let tag = self.new_tag();
            self.state().awaited.insert(tag, None);
            let sent = self.dispatch(py, conn, command, args, keywords, timeout, tag);
            // The core gives every command that was sent its one reply, at its deadline if at no other time.
            let reply = sent.and_then(|()| {
                self.until(py, Patience::Forever, |state| match state.awaited.get(&tag) {
                    Some(Some(_)) => state.awaited.remove(&tag).flatten(),
                    _ => None,
                })
                .inspect_err(|_| _ = self.cancel(py, conn, tag))
            });
            match reply {
                Ok(Some(event)) => event.get().settle(py),
                Ok(None) => Ok(py.None().into_bound(py)),
                Err(error) => {
                    let late = self.state().awaited.remove(&tag);
                    drop(late);
                    Err(error)
                }
            }
        })
    }

    /// Settles a request of a server.
    fn answer(
        &self,
        py: Python<'_>,
        conn: u32,
        request: u64,
        ok: bool,
        data: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        guarded(py, || {
            self.check_process(py)?;
            let json = encode::arguments(py, "data", data, None)?;
            let status = if ok { Status::Ok } else { Status::Remote };
            self.lease(py)?.answer(conn, request, status, &json).map_err(|error| raise(py, &error))
        })
    }

    /// Ends a connection after what was sent.
    fn disconnect(&self, py: Python<'_>, conn: u32) -> PyResult<()> {
        guarded(py, || self.lease(py)?.disconnect(conn).map_err(|error| raise(py, &error)))
    }

    /// The next event, if there is one.
    fn poll(&self, py: Python<'_>) -> PyResult<Option<Py<Event>>> {
        guarded(py, || self.until(py, Patience::None, |state| state.pop()))
    }

    /// The next event; None when the time is over, or, without a timeout, when no connection is left.
    fn wait(&self, py: Python<'_>, timeout: &Bound<'_, PyAny>) -> PyResult<Option<Py<Event>>> {
        guarded(py, || {
            let patience = patience(timeout)?;
            let forever = matches!(patience, Patience::Forever);
            let next = self.until(py, patience, |state| match state.pop() {
                Some(event) => Some(Some(event)),
                None => (forever && state.is_over()).then_some(None),
            })?;
            Ok(next.flatten())
        })
    }

    /// Up to `most` events that are there.
    fn take(&self, py: Python<'_>, most: &Bound<'_, PyAny>) -> PyResult<Vec<Py<Event>>> {
        guarded(py, || {
            let most = given::count("max", most)?;
            let mut taken = Vec::new();
            while taken.len() < most {
                let before = taken.len();
                self.until(py, Patience::None, |state| {
                    while taken.len() < most
                        && let Some(event) = state.pop()
                    {
                        taken.push(event);
                    }
                    (taken.len() > before).then_some(())
                })?;
                if taken.len() == before {
                    break;
                }
            }
            Ok(taken)
        })
    }

    /// Waits until the connection is ready; the exception that ended it if it ends first. None when the time is over.
    fn ready(&self, py: Python<'_>, link: &Link, timeout: &Bound<'_, PyAny>) -> PyResult<Option<Py<Event>>> {
        guarded(py, || {
            let met =
                self.until(py, patience(timeout)?, |state| if state.closed { None } else { link.life().outcome(py) })?;
            met.map(|outcome| outcome.map_err(|over| over.get().raised(py))).transpose()
        })
    }

    /// Waits until the connection is over; whether it is.
    fn ended(&self, py: Python<'_>, link: &Link, timeout: &Bound<'_, PyAny>) -> PyResult<bool> {
        guarded(py, || {
            let over = self.until(py, patience(timeout)?, |_| link.life().over.is_some().then_some(()))?;
            Ok(over.is_some())
        })
    }

    /// For asyncio: takes what is there. Replies and lifecycle events are given back, the rest waits for `pop`. None when
    /// another thread is at it.
    fn gather(&self, py: Python<'_>) -> PyResult<Option<Vec<Py<Event>>>> {
        guarded(py, || {
            let gathered = self.collect(py)?;
            let refused = gathered.refused;
            let news = gathered.emit_logs(py);
            Ok((!refused || !news.is_empty()).then_some(news))
        })
    }

    /// For asyncio: the next event that was gathered.
    fn pop(&self, py: Python<'_>) -> PyResult<Option<Py<Event>>> {
        self.check_process(py)?;
        let (event, closed) = {
            let mut state = self.state();
            (state.pop(), state.closed)
        };
        if event.is_none() && closed {
            return Err(raise(py, &crate::hub::closed()));
        }
        Ok(event)
    }

    /// Whether nothing is here and nothing can come, since every connection is over.
    #[getter]
    fn is_over(&self) -> bool {
        self.state().is_over()
    }

    /// Whether `pop` would find something.
    #[getter]
    fn has_events(&self) -> bool {
        self.state().has_events()
    }

    #[getter]
    fn closed(&self) -> bool {
        self.is_forked() || self.state().closed
    }

    /// For a thread that tells a loop: waits until there is something to gather, or `wake`.
    fn await_news(&self, py: Python<'_>) -> PyResult<bool> {
        guarded(py, || self.await_core(py, None))
    }

    /// Ends one `await_news`, the present one or the next.
    fn wake(&self, py: Python<'_>) -> PyResult<()> {
        guarded(py, || {
            self.lease(py)?.wake();
            Ok(())
        })
    }

    /// The wake-up handle; with `watched` it is readable also while something was gathered that nobody has taken.
    #[pyo3(signature = (watched))]
    fn fileno(&self, py: Python<'_>, watched: bool) -> PyResult<isize> {
        if !cfg!(unix) {
            return Err(PyTypeError::new_err("the wake-up handle of Windows is no descriptor"));
        }
        guarded(py, || self.handle(py, watched))
    }

    /// Seconds that the end may take.
    #[getter]
    fn shutdown(&self) -> f64 {
        self.shutdown.as_secs_f64()
    }

    /// Ends the client.
    #[pyo3(name = "close")]
    fn py_close(&self, py: Python<'_>) -> PyResult<()> {
        guarded(py, || {
            self.close(py);
            Ok(())
        })
    }
}

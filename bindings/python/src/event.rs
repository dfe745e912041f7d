//! An event as Python has it: its fields, and its payload, which is decoded when it is first looked at.

use gamebridge::client::{Fields, Polled, View};
use gamebridge::proto::error::Status;
use gamebridge::proto::event::{EventType, Flags};
use pyo3::exceptions::{PyKeyError, PyTypeError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyDict, PyList, PyString};

use crate::failure::{Failure, guarded, word};
use crate::given::{self, type_name};
use crate::payload::{self, Key};

/// One event: what happened, on which connection, and what it carries.
///
/// Its fields never change. The payload is decoded once, when it is first asked for: `event["author"]["username"]` decodes
/// all of it, `event.get("/author/username")` only that value. An event outlives its client and belongs to any thread.
#[pyclass(frozen, module = "gamebridge", weakref)]
pub(crate) struct Event {
    kind: EventType,
    status: Status,
    flags: Flags,
    conn: u32,
    peer: u32,
    code: i32,
    retry_after_ms: u32,
    tag: u64,
    seq: u64,
    time_ns: u64,
    name: Py<PyString>,
    message: Option<Box<str>>,
    raw: Option<Py<PyBytes>>,
    bytes: Option<Py<PyBytes>>,
    // Not shown to the collector, which spares it a million short-lived objects: what is in here comes from JSON and leads
    // nowhere else.
    data: PyOnceLock<Py<PyAny>>,
    key: Key,
}

impl Event {
    /// Copies what was polled; `name` is its name as a Python object.
    pub(crate) fn of(py: Python<'_>, view: &View<'_>, name: Py<PyString>) -> Event {
        let Fields { kind, status, flags, conn, peer, code, retry_after_ms, tag, seq, time_ns, .. } = *view.fields;
        let copied = |bytes: &[u8]| (!bytes.is_empty()).then(|| PyBytes::new(py, bytes).unbind());
        Event {
            kind,
            status,
            flags,
            conn,
            peer,
            code,
            retry_after_ms,
            tag,
            seq,
            time_ns,
            name,
            message: (!view.message.is_empty()).then(|| view.message.into()),
            raw: copied(view.payload),
            bytes: copied(view.bytes),
            data: PyOnceLock::new(),
            key: Key::default(),
        }
    }

    /// A gap, where events were dropped.
    pub(crate) fn dropped(py: Python<'_>, conn: u32, count: u64) -> Event {
        Event {
            kind: EventType::Dropped,
            status: Status::Ok,
            flags: Flags(0),
            conn,
            peer: 0,
            code: 0,
            retry_after_ms: 0,
            tag: count,
            seq: 0,
            time_ns: gamebridge::runtime::clock::now().as_nanos(),
            name: intern!(py, "DROPPED").clone().unbind(),
            message: Some("nobody polled, so the oldest events were dropped".into()),
            raw: None,
            bytes: None,
            data: PyOnceLock::new(),
            key: Key::default(),
        }
    }

    pub(crate) fn kind(&self) -> EventType {
        self.kind
    }

    pub(crate) fn conn_id(&self) -> u32 {
        self.conn
    }

    pub(crate) fn tag(&self) -> u64 {
        self.tag
    }

    /// What the event weighs in a queue.
    pub(crate) fn weight(polled: &Polled<'_>) -> usize {
        match polled {
            Polled::Event(view) => view.payload.len() + view.bytes.len(),
            Polled::Dropped { .. } => 0,
        }
    }

    /// The exception that an end or a failed reply amounts to.
    pub(crate) fn raised(&self, py: Python<'_>) -> PyErr {
        // The connection ended in order, and whoever asks wanted it to be there.
        let status = if self.status == Status::Ok { Status::Closed } else { self.status };
        let name = self.name.bind(py).to_string_lossy();
        let ended = self.kind == EventType::Disconnected;
        let message = match self.message.as_deref() {
            Some(message) => message,
            None if ended => "the connection is closed",
            None => status.as_str(),
        };
        Failure {
            status,
            message,
            code: self.code,
            retry_after_ms: self.retry_after_ms,
            uncertain: self.flags.contains(Flags::UNCERTAIN),
            command: if ended { "" } else { &name },
        }
        .raised(py)
    }

    /// A reply's data, or its failure as an exception.
    pub(crate) fn settle<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        if self.status == Status::Ok { self.data(py) } else { Err(self.raised(py)) }
    }

    /// The payload, decoded; `None` without one.
    pub(crate) fn data<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let decoded = self.data.get_or_try_init(py, || match &self.raw {
            Some(raw) => payload::decode(py, &self.key, raw.bind(py).as_bytes()).map(Bound::unbind),
            None => Ok(py.None()),
        })?;
        Ok(decoded.bind(py).clone())
    }

    /// The payload as a dict: the names that it has. Without a payload there are none.
    fn members<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let data = self.data(py)?;
        if data.is_none() {
            return Ok(PyDict::new(py));
        }
        data.cast_into().map_err(|error| {
            let sentence =
                format!("the payload is a {} and has no names; `data` has it", type_name(&error.into_inner()));
            PyTypeError::new_err(sentence)
        })
    }

    /// The payload where there is something in it: a dict or a list.
    fn container<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let data = self.data(py)?;
        if data.is_instance_of::<PyList>() { Ok(data) } else { self.members(py).map(Bound::into_any) }
    }
}

#[pymethods]
impl Event {
    /// What kind of event: "connected", "disconnected", "reconnecting", "dispatch", "request", "audio", "dropped".
    #[getter]
    fn r#type<'py>(&self, py: Python<'py>) -> &Bound<'py, PyString> {
        match self.kind {
            EventType::Connected => intern!(py, "connected"),
            EventType::Disconnected => intern!(py, "disconnected"),
            EventType::Reconnecting => intern!(py, "reconnecting"),
            EventType::Reply => intern!(py, "reply"),
            EventType::Dispatch => intern!(py, "dispatch"),
            EventType::Request => intern!(py, "request"),
            EventType::Audio => intern!(py, "audio"),
            EventType::Log => intern!(py, "log"),
            EventType::Dropped => intern!(py, "dropped"),
        }
    }

    /// "MESSAGE_CREATE", "ACTIVITY_JOIN"; never empty.
    #[getter]
    fn name(&self, py: Python<'_>) -> Py<PyString> {
        self.name.clone_ref(py)
    }

    /// The id of the connection or server, as in `Connection.id`.
    #[getter]
    fn conn(&self) -> u32 {
        self.conn
    }

    /// Of a server the peer, of the Gateway the shard.
    #[getter]
    fn peer(&self) -> u32 {
        self.peer
    }

    /// The Gateway's sequence number; 0 elsewhere.
    #[getter]
    fn seq(&self) -> u64 {
        self.seq
    }

    /// The peer's own error or close code; 0 when there is none.
    #[getter]
    fn code(&self) -> i32 {
        self.code
    }

    /// How it ended: "ok", "closed", "timeout", ...
    #[getter]
    fn status(&self) -> &'static str {
        word(self.status)
    }

    /// A sentence; may be empty.
    #[getter]
    fn message(&self) -> &str {
        self.message.as_deref().unwrap_or_default()
    }

    /// Of a request the id under which it is answered, of "dropped" how many events are missing; else 0.
    #[getter(tag)]
    fn py_tag(&self) -> u64 {
        self.tag
    }

    /// Of a request the id under which it is answered; None of other events.
    #[getter]
    fn request_id(&self) -> Option<u64> {
        (self.kind == EventType::Request).then_some(self.tag)
    }

    /// Seconds until the next try, of "reconnecting"; 0.0 elsewhere.
    #[getter]
    fn retry_after(&self) -> f64 {
        f64::from(self.retry_after_ms) / 1000.0
    }

    /// When it arrived, on the clock of `time.monotonic_ns()`.
    #[getter]
    fn time_ns(&self) -> u64 {
        self.time_ns
    }

    /// Nothing further will be tried.
    #[getter]
    fn fatal(&self) -> bool {
        self.flags.contains(Flags::FATAL)
    }

    /// The library tries again by itself.
    #[getter]
    fn retrying(&self) -> bool {
        self.flags.contains(Flags::RETRYING)
    }

    /// The Gateway session goes on: nothing was missed.
    #[getter]
    fn resumed(&self) -> bool {
        self.flags.contains(Flags::RESUMED)
    }

    /// The payload's JSON as it came; empty when there is none.
    #[getter]
    fn raw(&self, py: Python<'_>) -> Py<PyBytes> {
        self.raw.as_ref().map_or_else(|| PyBytes::new(py, b"").unbind(), |raw| raw.clone_ref(py))
    }

    /// Audio and other binary; empty when there is none.
    #[getter]
    fn bytes(&self, py: Python<'_>) -> Py<PyBytes> {
        self.bytes.as_ref().map_or_else(|| PyBytes::new(py, b"").unbind(), |bytes| bytes.clone_ref(py))
    }

    /// The payload as Python objects, decoded when first asked for; None without one. ValueError when it is no JSON.
    #[getter(data)]
    fn py_data<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        guarded(py, || self.data(py))
    }

    /// The value at a JSON pointer (RFC 6901) such as "/author/id" or "/tags/0", or of the member "content", without decoding
    /// the rest; `default` when it is not there.
    #[pyo3(signature = (path, default = None, /))]
    fn get<'py>(
        &self,
        py: Python<'py>,
        path: &Bound<'py, PyAny>,
        default: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        guarded(py, || {
            let path = given::text("path", path)?;
            let owned;
            let pointer = if path.is_empty() || path.starts_with('/') {
                &*path
            } else {
                owned = format!("/{}", path.replace('~', "~0").replace('/', "~1"));
                &owned
            };
            let found = match (self.data.get(py), &self.raw) {
                (Some(data), _) => payload::walk(data.bind(py), pointer)?,
                (None, Some(raw)) => payload::find(py, &self.key, raw.bind(py).as_bytes(), pointer)?,
                (None, None) => None,
            };
            Ok(found.or(default).unwrap_or_else(|| py.None().into_bound(py)))
        })
    }

    fn __getitem__<'py>(&self, py: Python<'py>, key: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        guarded(py, || {
            let data = self.data(py)?;
            if data.is_none() {
                return Err(PyKeyError::new_err(key.unbind()));
            }
            data.get_item(key)
        })
    }

    fn __contains__(&self, py: Python<'_>, key: Bound<'_, PyAny>) -> PyResult<bool> {
        guarded(py, || {
            let data = self.data(py)?;
            let holds = data.is_instance_of::<PyDict>() || data.is_instance_of::<PyList>();
            if holds { data.contains(key) } else { Ok(false) }
        })
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        guarded(py, || Ok(self.container(py)?.try_iter()?.into_any()))
    }

    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        guarded(py, || self.container(py)?.len())
    }

    /// An event is always true, also without a payload: `while event := client.poll()`.
    fn __bool__(&self) -> bool {
        true
    }

    /// The payload's names.
    fn keys<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        guarded(py, || self.members(py)?.call_method0(intern!(py, "keys")))
    }

    /// The payload's values.
    fn values<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        guarded(py, || self.members(py)?.call_method0(intern!(py, "values")))
    }

    /// The payload's names and values.
    fn items<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        guarded(py, || self.members(py)?.call_method0(intern!(py, "items")))
    }

    /// Short, and without anything of the payload, which may be secret.
    fn __repr__(&self, py: Python<'_>) -> String {
        use std::fmt::Write as _;
        let mut text =
            format!("<Event {} {} conn={}", self.r#type(py), self.name.bind(py).to_string_lossy(), self.conn);
        if self.peer != 0 {
            let _ = write!(text, " peer={}", self.peer);
        }
        if self.seq != 0 {
            let _ = write!(text, " seq={}", self.seq);
        }
        if self.status != Status::Ok {
            let _ = write!(text, " status={}", word(self.status));
        }
        if self.code != 0 {
            let _ = write!(text, " code={}", self.code);
        }
        text.push('>');
        text
    }
}

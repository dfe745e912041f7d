//! Reading an event's JSON: the whole of it as Python objects, or one value.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};

use gamebridge::proto::value::{Document, Kind, Value};
use jiter::{PythonParse, StringCacheMode};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString};

/// All of a JSON text.
pub(crate) fn decode<'py>(py: Python<'py>, json: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    // Member names come again and again; of values few do, and ids never.
    let parse = PythonParse { cache_mode: StringCacheMode::Keys, ..PythonParse::default() };
    parse.python_parse(py, json).map_err(|error| {
        let what = error.description(json);
        PyValueError::new_err(format!("the payload is no JSON ({what}); `raw` has its bytes"))
    })
}

/// Scratch beyond this is given back.
const SCRATCH_KEPT: usize = 1 << 20;

struct Scratch {
    /// Whose payload the document holds.
    key: u64,
    document: Document,
}

thread_local! {
    /// The payload that this thread looked into last, as a tape: further looks into the same event parse nothing, and
    /// looks into the next one allocate nothing.
    static SCRATCH: RefCell<Scratch> = const { RefCell::new(Scratch { key: 0, document: Document::new() }) };
}

/// A payload's name in the scratch; given out on its first look.
#[derive(Default)]
pub(crate) struct Key(AtomicU64);

impl Key {
    fn get(&self) -> u64 {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        match self.0.load(Ordering::Relaxed) {
            0 => {
                let new = NEXT.fetch_add(1, Ordering::Relaxed);
                // Two threads may look first at once; both then use the one that was stored.
                self.0.compare_exchange(0, new, Ordering::Relaxed, Ordering::Relaxed).map_or_else(|key| key, |_| new)
            }
            key => key,
        }
    }
}

/// The value at a pointer; `None` when there is none, or when the payload is no JSON. Nothing else is decoded.
pub(crate) fn find<'py>(py: Python<'py>, key: &Key, json: &[u8], pointer: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
    let key = key.get();
    // Taken out while it is used: making a Python object may run code that looks into another event.
    let (held, mut document) = SCRATCH.with_borrow_mut(|scratch| {
        (std::mem::take(&mut scratch.key), std::mem::replace(&mut scratch.document, Document::new()))
    });
    if held != key {
        document.shrink_to(SCRATCH_KEPT);
        // What is malformed is missing.
        let _ = document.parse(json);
    }
    let found = object(py, document.root().get(pointer), json);
    SCRATCH.with_borrow_mut(|scratch| *scratch = Scratch { key, document });
    found
}

fn object<'py>(py: Python<'py>, value: Value<'_>, json: &[u8]) -> PyResult<Option<Bound<'py, PyAny>>> {
    Ok(Some(match value.kind() {
        Kind::Null => py.None().into_bound(py),
        Kind::Bool => PyBool::new(py, value.as_bool() == Some(true)).to_owned().into_any(),
        Kind::Str => PyString::new(py, value.as_str().unwrap_or_default()).into_any(),
        Kind::Num => PyFloat::new(py, value.as_f64().unwrap_or_default()).into_any(),
        Kind::Int => match value.as_i64() {
            Some(number) => PyInt::new(py, number).into_any(),
            None => decode(py, value.raw(json))?,
        },
        Kind::Array | Kind::Object => decode(py, value.raw(json))?,
        _ => return Ok(None),
    }))
}

/// The same in data that was decoded before.
pub(crate) fn walk<'py>(data: &Bound<'py, PyAny>, pointer: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
    let mut here = data.clone();
    for token in pointer.split('/').skip(1) {
        let found = if let Ok(members) = here.cast::<PyDict>() {
            if token.contains('~') {
                members.get_item(token.replace("~1", "/").replace("~0", "~"))?
            } else {
                members.get_item(token)?
            }
        } else if let Ok(elements) = here.cast::<PyList>() {
            let plain = token == "0" || !token.starts_with(['0', '+']);
            token.parse().ok().filter(|_| plain).and_then(|at: usize| elements.get_item(at).ok())
        } else {
            None
        };
        match found {
            Some(next) => here = next,
            None => return Ok(None),
        }
    }
    Ok(Some(here))
}

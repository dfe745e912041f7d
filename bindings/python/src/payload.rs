//! Reading an event's JSON: the whole of it as Python objects, or one value.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};

use gamebridge::proto::value::{Document, ParseError};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use crate::objects::object;

/// Scratch beyond this is given back.
const SCRATCH_KEPT: usize = 1 << 20;

#[derive(Default)]
struct Scratch {
    /// Whose payload the document holds; 0 for nobody's.
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

/// All of a payload as Python objects.
pub(crate) fn decode<'py>(py: Python<'py>, key: &Key, json: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    with_tape(key, json, |tape| match tape {
        Ok(document) => object(py, document.root(), json),
        Err(what) => Err(PyValueError::new_err(format!("the payload is no JSON ({what}); `raw` has its bytes"))),
    })
}

/// The value at a pointer; `None` when there is none, or when the payload is no JSON. Nothing else becomes an object.
pub(crate) fn find<'py>(py: Python<'py>, key: &Key, json: &[u8], pointer: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
    with_tape(key, json, |tape| {
        let Ok(document) = tape else { return Ok(None) };
        let value = document.root().get(pointer);
        value.exists().then(|| object(py, value, json)).transpose()
    })
}

/// Shows the payload's tape, or what is wrong with it, to `look`.
fn with_tape<R>(key: &Key, json: &[u8], look: impl FnOnce(Result<&Document, ParseError>) -> R) -> R {
    let key = key.get();
    // Taken out while it is used: making a Python object may run code that looks into another event.
    let Scratch { key: held, mut document } = SCRATCH.with_borrow_mut(std::mem::take);
    let parsed = if held == key {
        Ok(())
    } else {
        document.shrink_to(SCRATCH_KEPT);
        document.parse(json)
    };
    let holds = if parsed.is_ok() { key } else { 0 };
    let seen = look(parsed.map(|()| &document));
    SCRATCH.with_borrow_mut(|scratch| *scratch = Scratch { key: holds, document });
    seen
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

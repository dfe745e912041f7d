//! Values of the tape as Python objects.
//!
//! The core's own parser and not another one: what one value of an event is, and whether its text is JSON at all, has one
//! answer then, and it is a quarter faster than jiter (measured over the replay of benches/python), whose shortcuts to
//! Python's strings the stable ABI closes.

use std::cell::RefCell;

use gamebridge::proto::value::{Kind, Value};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString};

/// A value with all that is in it; `None` for one that is missing. `json` is the text that the tape was read from.
pub(crate) fn object<'py>(py: Python<'py>, value: Value<'_>, json: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    // As deep as the tape, which has a limit.
    Ok(match value.kind() {
        Kind::Object => {
            let members = PyDict::new(py);
            for member in value.iter() {
                // Of members with the same name the last one counts, as everywhere.
                members.set_item(name(py, member.key().unwrap_or_default()), object(py, member, json)?)?;
            }
            members.into_any()
        }
        Kind::Array => {
            let elements: Vec<_> = value.iter().map(|element| object(py, element, json)).collect::<PyResult<_>>()?;
            PyList::new(py, elements)?.into_any()
        }
        Kind::Str => PyString::new(py, value.as_str().unwrap_or_default()).into_any(),
        Kind::Bool => PyBool::new(py, value.as_bool() == Some(true)).to_owned().into_any(),
        Kind::Num => PyFloat::new(py, value.as_f64().unwrap_or_default()).into_any(),
        Kind::Int => match value.as_i64() {
            Some(number) => PyInt::new(py, number).into_any(),
            None => py.get_type::<PyInt>().call1((String::from_utf8_lossy(value.raw(json)),))?,
        },
        _ => py.None().into_bound(py),
    })
}

/// Names of members that are kept, by a hash of theirs.
const NAMES: usize = 1024;
/// The longest of them.
const LONGEST_NAME: usize = 32;

type Kept = Option<(Box<str>, Py<PyString>)>;

thread_local! {
    /// The same names come again and again, and a Python string that is there already costs less than one to be made.
    static KEPT: RefCell<Vec<Kept>> = const { RefCell::new(Vec::new()) };
}

fn name<'py>(py: Python<'py>, text: &str) -> Bound<'py, PyString> {
    if text.len() > LONGEST_NAME {
        return PyString::new(py, text);
    }
    KEPT.with_borrow_mut(|kept| {
        kept.resize_with(NAMES, || None);
        let slot = &mut kept[slot(text.as_bytes())];
        if let Some((known, object)) = slot
            && **known == *text
        {
            return object.bind(py).clone();
        }
        // A string is no container: making and dropping one runs no code of the program's.
        let made = PyString::new(py, text);
        *slot = Some((text.into(), made.clone().unbind()));
        made
    })
}

fn slot(text: &[u8]) -> usize {
    const ODD: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut hash = text.len() as u64;
    for chunk in text.chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        hash = (hash ^ u64::from_le_bytes(word)).wrapping_mul(ODD).rotate_left(29);
    }
    (hash.wrapping_mul(ODD) >> (64 - NAMES.ilog2())) as usize
}

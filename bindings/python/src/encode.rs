//! Arguments as JSON. What cannot be JSON is refused with the place where it stands, `activity.buttons[1].label`, in the
//! words that the core uses for what is JSON and does not fit.

use std::fmt::Write as _;

use gamebridge::proto::value::MAX_DEPTH;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyMapping, PyString, PyTuple};

use crate::given::type_name;

/// What is wrong, and the way to it, the last step first.
struct Fault {
    error: PyErr,
    way: Vec<Step>,
}

enum Step {
    Member(String),
    Element(usize),
}

impl From<PyErr> for Fault {
    fn from(error: PyErr) -> Fault {
        Fault { error, way: Vec::new() }
    }
}

impl Fault {
    fn at(mut self, step: Step) -> Fault {
        self.way.push(step);
        self
    }

    /// The exception, its sentence with the place in front. One that the program's own code raised is left as it is.
    fn raised(self, py: Python<'_>, field: &str) -> PyErr {
        let kind = self.error.get_type(py);
        let ours = kind.is(py.get_type::<PyTypeError>()) || kind.is(py.get_type::<PyValueError>());
        if !ours {
            return self.error;
        }
        let mut place = String::new();
        for step in self.way.iter().rev() {
            match step {
                Step::Member(name) if place.is_empty() => place.push_str(name),
                Step::Member(name) => _ = write!(place, ".{name}"),
                Step::Element(index) => _ = write!(place, "[{index}]"),
            }
        }
        let place = if place.is_empty() { field } else { &place };
        PyErr::from_type(kind, format!("{place}: {}", self.error.value(py)))
    }
}

/// One mapping or keywords, as a JSON object; nothing for neither. `field` is what the mapping is called in errors.
pub(crate) fn arguments(
    py: Python<'_>,
    field: &str,
    mapping: Option<&Bound<'_, PyAny>>,
    keywords: Option<&Bound<'_, PyDict>>,
) -> PyResult<Vec<u8>> {
    let keywords = keywords.filter(|keywords| !keywords.is_empty());
    let given = match (mapping, keywords) {
        (Some(_), Some(_)) => {
            return Err(PyTypeError::new_err(format!("{field}: keywords or one mapping expected, both given")));
        }
        (Some(mapping), None) => mapping.clone(),
        (None, Some(keywords)) => keywords.clone().into_any(),
        (None, None) => return Ok(Vec::new()),
    };
    let mut out = Vec::with_capacity(256);
    encode(&given, &mut out, 0).map_err(|fault| fault.raised(py, field))?;
    if out.first() != Some(&b'{') {
        let sentence = format!("{field}: a mapping expected, {} given", type_name(&given));
        return Err(PyTypeError::new_err(sentence));
    }
    Ok(out)
}

fn encode(value: &Bound<'_, PyAny>, out: &mut Vec<u8>, depth: usize) -> Result<(), Fault> {
    if depth > MAX_DEPTH {
        return Err(PyValueError::new_err(format!("nested deeper than {MAX_DEPTH} levels")).into());
    }
    if let Ok(text) = value.cast::<PyString>() {
        string(text, out)?;
    } else if value.is_none() {
        out.extend_from_slice(b"null");
    } else if let Ok(truth) = value.cast::<PyBool>() {
        out.extend_from_slice(if truth.is_true() { b"true" } else { b"false" });
    } else if let Ok(number) = value.cast::<PyInt>() {
        integer(number, out)?;
    } else if let Ok(number) = value.cast::<PyFloat>() {
        float(number.value(), out)?;
    } else if let Ok(members) = value.cast::<PyDict>() {
        object(members.iter(), out, depth)?;
    } else if let Ok(elements) = value.cast::<PyList>() {
        array(elements.iter(), out, depth)?;
    } else if let Ok(elements) = value.cast::<PyTuple>() {
        array(elements.iter(), out, depth)?;
    } else {
        other(value, out, depth)?;
    }
    Ok(())
}

/// What is JSON by what it can do: a mapping, an event, an object with `to_dict`, a path.
fn other(value: &Bound<'_, PyAny>, out: &mut Vec<u8>, depth: usize) -> Result<(), Fault> {
    if let Ok(mapping) = value.cast::<PyMapping>() {
        let items = mapping.items()?;
        let pairs: Vec<_> = items.iter().map(|pair| pair.extract()).collect::<PyResult<_>>()?;
        return object(pairs.into_iter(), out, depth);
    }
    if let Ok(event) = value.cast::<crate::event::Event>() {
        return encode(&event.get().data(value.py())?, out, depth + 1);
    }
    if let Some(method) = value.getattr_opt("to_dict")? {
        return encode(&method.call0()?, out, depth + 1);
    }
    if let Some(method) = value.getattr_opt("__fspath__")?
        && let Ok(path) = method.call0()?.cast::<PyString>()
    {
        return string(path, out);
    }
    let sentence = format!("None, a bool, number, str, list or mapping expected, {} given", type_name(value));
    Err(PyTypeError::new_err(sentence).into())
}

fn object<'py>(
    members: impl Iterator<Item = (Bound<'py, PyAny>, Bound<'py, PyAny>)>,
    out: &mut Vec<u8>,
    depth: usize,
) -> Result<(), Fault> {
    out.push(b'{');
    for (at, (name, value)) in members.enumerate() {
        if at > 0 {
            out.push(b',');
        }
        let Ok(name) = name.cast::<PyString>() else {
            let sentence = format!("names of members are str, {} given", type_name(&name));
            return Err(PyTypeError::new_err(sentence).into());
        };
        string(name, out)?;
        out.push(b':');
        encode(&value, out, depth + 1).map_err(|fault| fault.at(Step::Member(name.to_string_lossy().into_owned())))?;
    }
    out.push(b'}');
    Ok(())
}

fn array<'py>(elements: impl Iterator<Item = Bound<'py, PyAny>>, out: &mut Vec<u8>, depth: usize) -> Result<(), Fault> {
    out.push(b'[');
    for (at, element) in elements.enumerate() {
        if at > 0 {
            out.push(b',');
        }
        encode(&element, out, depth + 1).map_err(|fault| fault.at(Step::Element(at)))?;
    }
    out.push(b']');
    Ok(())
}

fn string(text: &Bound<'_, PyString>, out: &mut Vec<u8>) -> Result<(), Fault> {
    let text = text.to_cow().map_err(|_| {
        PyValueError::new_err("text that UTF-8 can carry expected; this one has half of a surrogate pair")
    })?;
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut from = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.extend_from_slice(&bytes[from..at]);
        from = at + 1;
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            _ => {
                const HEX: &[u8; 16] = b"0123456789abcdef";
                out.extend_from_slice(b"\\u00");
                out.extend_from_slice(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
            }
        }
    }
    out.extend_from_slice(&bytes[from..]);
    out.push(b'"');
    Ok(())
}

fn integer(number: &Bound<'_, PyInt>, out: &mut Vec<u8>) -> Result<(), Fault> {
    static PLAIN: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let text = match number.extract::<i64>() {
        Ok(number) => number.to_string(),
        Err(_) => {
            // `int.__repr__`, since a subclass may print itself as it likes.
            let repr = PLAIN.get_or_try_init(number.py(), || {
                number.py().get_type::<PyInt>().getattr("__repr__").map(Bound::unbind)
            })?;
            let text = repr.bind(number.py()).call1((number,));
            text.map_err(|_| PyValueError::new_err("a shorter number expected"))?.extract()?
        }
    };
    out.extend_from_slice(text.as_bytes());
    Ok(())
}

fn float(number: f64, out: &mut Vec<u8>) -> Result<(), Fault> {
    if !number.is_finite() {
        return Err(PyValueError::new_err("JSON has no infinity and no NaN").into());
    }
    out.extend_from_slice(format!("{number:?}").as_bytes());
    Ok(())
}

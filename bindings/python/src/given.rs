//! What callers gave for a field: of the right kind, or refused with its name and what was expected.

use std::borrow::Cow;
use std::time::Duration;

use pyo3::exceptions::{PyOverflowError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyInt, PyString};

/// Times from this on are for ever.
const LONGEST: f64 = 1e9;

/// A value's type, for a sentence.
pub(crate) fn type_name(value: &Bound<'_, PyAny>) -> String {
    value.get_type().name().map_or_else(|_| "an object".to_owned(), |name| name.to_string())
}

fn wrong_kind(field: &str, expected: &str, value: &Bound<'_, PyAny>) -> PyErr {
    PyTypeError::new_err(format!("{field}: {expected} expected, not {}", type_name(value)))
}

/// A text.
pub(crate) fn text<'a>(field: &str, value: &'a Bound<'_, PyAny>) -> PyResult<Cow<'a, str>> {
    let text = value.cast::<PyString>().map_err(|_| wrong_kind(field, "a str", value))?;
    let half = |_| {
        PyValueError::new_err(format!(
            "{field}: text that UTF-8 can carry expected; this one has half of a surrogate pair"
        ))
    };
    text.to_cow().map_err(half)
}

/// Seconds as a number, also one that is none of Python's own; `None` for no limit, and for one that nobody lives to see.
pub(crate) fn number(field: &str, value: &Bound<'_, PyAny>) -> PyResult<Option<f64>> {
    if value.is_none() {
        return Ok(None);
    }
    let seconds = match value.extract::<f64>() {
        Ok(seconds) => seconds,
        // Whole, and larger than any other number.
        Err(error) if error.is_instance_of::<PyOverflowError>(value.py()) => {
            if value.lt(0)? {
                f64::NEG_INFINITY
            } else {
                f64::INFINITY
            }
        }
        Err(error) if error.is_instance_of::<PyTypeError>(value.py()) => {
            return Err(wrong_kind(field, "a number of seconds", value));
        }
        Err(error) => return Err(error),
    };
    // Not `seconds < 0`: what is no number compares as false either way.
    if seconds >= 0.0 {
        return Ok(Some(seconds).filter(|seconds| *seconds < LONGEST));
    }
    Err(PyValueError::new_err(format!("{field}: 0 seconds or more expected, {} given", value.str()?.to_string_lossy())))
}

/// The same as a time.
pub(crate) fn seconds(field: &str, value: &Bound<'_, PyAny>) -> PyResult<Option<Duration>> {
    Ok(number(field, value)?.map(Duration::from_secs_f64))
}

/// How many of something; more than can be are all.
pub(crate) fn count(field: &str, value: &Bound<'_, PyAny>) -> PyResult<usize> {
    let number = value.cast::<PyInt>().map_err(|_| wrong_kind(field, "a whole number", value))?;
    if number.lt(0)? {
        return Err(PyValueError::new_err(format!("{field}: 0 or more expected, {number} given")));
    }
    Ok(number.extract().unwrap_or(usize::MAX))
}

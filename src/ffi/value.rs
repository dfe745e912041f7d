//! Reading an event's JSON from C.

use std::ffi::{CStr, c_char};

use gamebridge_proto::value::Kind;

use super::boundary::guard;
use super::decoded::{json, pointer, resolve};
use super::types::{GB_KIND_MISSING, gb_kind, gb_value};

/// The value at a JSON pointer (RFC 6901): `gb_get(ev->data, "/user/username")`, `"/guilds/0/id"`; `""` is the value
/// itself. NULL when it is not there, and NULL for NULL, so accesses chain without checks. Of members with the same name
/// the last one counts. The result lives as long as the event.
///
/// Threads: the event's. Since 0.1.
///
/// # Safety
/// `value` is NULL or a live value; `json_pointer` is NULL or a string ended by a NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_get(value: *const gb_value, json_pointer: *const c_char) -> *const gb_value {
    guard(std::ptr::null(), || {
        if json_pointer.is_null() {
            return std::ptr::null();
        }
        // SAFETY: as the caller promises.
        let (found, path) = unsafe { (resolve(value), CStr::from_ptr(json_pointer)) };
        match (found, path.to_str()) {
            (Some((value, decoded)), Ok(path)) => pointer(value.get(path), decoded),
            _ => std::ptr::null(),
        }
    })
}

/// The element of an array, or the member of an object, at this position. NULL when there is none.
///
/// Threads: the event's. Since 0.1.
///
/// # Safety
/// `value` is NULL or a live value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_at(value: *const gb_value, index: usize) -> *const gb_value {
    // SAFETY: as the caller promises.
    guard(std::ptr::null(), || match unsafe { resolve(value) } {
        Some((value, decoded)) if index < value.len() => pointer(value.at(index), decoded),
        _ => std::ptr::null(),
    })
}

/// The first element or member; walk on with `gb_next`. NULL when it is empty or neither array nor object.
///
/// Threads: the event's. Since 0.1.
///
/// # Safety
/// `value` is NULL or a live value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_first(value: *const gb_value) -> *const gb_value {
    // SAFETY: as the caller promises.
    guard(std::ptr::null(), || match unsafe { resolve(value) } {
        Some((value, decoded)) => pointer(value.first(), decoded),
        None => std::ptr::null(),
    })
}

/// The element or member after this one. NULL after the last.
///
/// Threads: the event's. Since 0.1.
///
/// # Safety
/// `value` is NULL or a live value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_next(value: *const gb_value) -> *const gb_value {
    // SAFETY: as the caller promises.
    guard(std::ptr::null(), || match unsafe { resolve(value) } {
        Some((value, decoded)) => pointer(value.next(), decoded),
        None => std::ptr::null(),
    })
}

/// The member name of a value that is in an object. NULL otherwise.
///
/// Threads: the event's. Since 0.1.
///
/// # Safety
/// `value` is NULL or a live value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_key(value: *const gb_value) -> *const c_char {
    // SAFETY: as the caller promises. The tape ends names with a NUL.
    guard(std::ptr::null(), || match unsafe { resolve(value) } {
        Some((value, _)) => value.key_with_nul().map_or(std::ptr::null(), |key| key.as_ptr().cast()),
        None => std::ptr::null(),
    })
}

/// What the value is; `GB_KIND_MISSING` for NULL, and for an event's data that is not JSON.
///
/// Threads: the event's. Since 0.1.
///
/// # Safety
/// `value` is NULL or a live value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_kind_of(value: *const gb_value) -> gb_kind {
    // SAFETY: as the caller promises.
    guard(GB_KIND_MISSING, || match unsafe { resolve(value) } {
        Some((value, _)) if (value.kind() as u32) <= Kind::Object as u32 => value.kind() as gb_kind,
        _ => GB_KIND_MISSING,
    })
}

/// Bytes of a string (it may hold a NUL), elements of an array, members of an object; else 0.
///
/// Threads: the event's. Since 0.1.
///
/// # Safety
/// `value` is NULL or a live value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_len(value: *const gb_value) -> usize {
    // SAFETY: as the caller promises.
    guard(0, || unsafe { resolve(value) }.map_or(0, |(value, _)| value.len()))
}

/// The text of a string, UTF-8, unescaped and ended by a NUL; `fallback` when it is no string.
///
/// Threads: the event's. Since 0.1.
///
/// # Safety
/// `value` is NULL or a live value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_str(value: *const gb_value, fallback: *const c_char) -> *const c_char {
    guard(fallback, || {
        // SAFETY: as the caller promises. The tape ends texts with a NUL.
        unsafe { resolve(value) }
            .and_then(|(value, _)| value.as_bytes_with_nul())
            .map_or(fallback, |text| text.as_ptr().cast())
    })
}

/// A whole number; `fallback` when it is none, or does not fit.
///
/// Threads: the event's. Since 0.1.
///
/// # Safety
/// `value` is NULL or a live value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_int(value: *const gb_value, fallback: i64) -> i64 {
    // SAFETY: as the caller promises.
    guard(fallback, || unsafe { resolve(value) }.and_then(|(value, _)| value.as_i64()).unwrap_or(fallback))
}

/// Any number; `fallback` when it is none.
///
/// Threads: the event's. Since 0.1.
///
/// # Safety
/// `value` is NULL or a live value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_num(value: *const gb_value, fallback: f64) -> f64 {
    // SAFETY: as the caller promises.
    guard(fallback, || unsafe { resolve(value) }.and_then(|(value, _)| value.as_f64()).unwrap_or(fallback))
}

/// True or false; `fallback` when it is neither.
///
/// Threads: the event's. Since 0.1.
///
/// # Safety
/// `value` is NULL or a live value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_bool(value: *const gb_value, fallback: bool) -> bool {
    // SAFETY: as the caller promises.
    guard(fallback, || unsafe { resolve(value) }.and_then(|(value, _)| value.as_bool()).unwrap_or(fallback))
}

/// A snowflake: an id of 64 bits, as Discord writes it in a string or as a number. 0 when it is none.
///
/// Threads: the event's. Since 0.1.
///
/// # Safety
/// `value` is NULL or a live value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_id(value: *const gb_value) -> u64 {
    // SAFETY: as the caller promises.
    guard(0, || unsafe { resolve(value) }.and_then(|(value, _)| value.as_id()).unwrap_or(0))
}

/// The value as JSON, exactly as it came, ended by a NUL; its length in `len` unless that is NULL. NULL when the value is
/// NULL. Lives as long as the event. Of an event's own data this costs nothing.
///
/// Threads: the event's. Since 0.1.
///
/// # Safety
/// `value` is NULL or a live value; `len` is NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_json(value: *const gb_value, len: *mut usize) -> *const c_char {
    guard(std::ptr::null(), || {
        // SAFETY: as the caller promises.
        let Some((at, length)) = (unsafe { json(value) }) else { return std::ptr::null() };
        if !len.is_null() {
            // SAFETY: as the caller promises.
            unsafe { *len = length };
        }
        at.cast()
    })
}

//! Building arguments from C.

use std::ffi::c_char;

use gamebridge_proto::error::Error;
use serde_json::Value;

use super::boundary::{guard, or, text};
use crate::client::Args;

thread_local! {
    /// Why this thread's last `gb_args_json` failed, if it did: for whoever is handed its empty text.
    static LAST_FAILURE: std::cell::RefCell<Option<String>> = const { std::cell::RefCell::new(None) };
}

/// Silently not, when the thread is ending.
fn remember_failure(failure: Option<String>) {
    let _ = LAST_FAILURE.try_with(|last| last.replace(failure));
}

/// See `gb_args_json`.
pub(super) fn last_failure() -> Option<String> {
    LAST_FAILURE.try_with(|failure| failure.borrow().clone()).ok().flatten()
}

/// Arguments under construction: a JSON object that is filled by path. Pasting a player's name into a `printf` of JSON is
/// an injection; this is not.
pub struct gb_args {
    args: Args,
}

/// An empty object. Free it with `gb_args_free`. NULL only if the library is broken.
///
/// Threads: any; an object is one thread's at a time. Since 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn gb_args_new() -> *mut gb_args {
    guard(std::ptr::null_mut(), || Box::into_raw(Box::new(gb_args { args: Args::default() })))
}

/// Runs `put` with the object and the path, when there are any.
///
/// # Safety
/// `args` is NULL or live; `path` is NULL or ended by a NUL.
unsafe fn at(args: *mut gb_args, path: *const c_char, put: impl FnOnce(&mut Args, &str) -> Result<(), Error>) {
    or((), || {
        // SAFETY: as the caller promises.
        let args = unsafe { args.as_mut() }.ok_or_else(|| Error::argument("args: NULL given"))?;
        // SAFETY: as the caller promises.
        let done = unsafe { text(path, "path") }.and_then(|path| put(&mut args.args, path));
        // What was wrong sticks, so that it is told again by `gb_args_json`.
        done.inspect_err(|error| args.args.fail("args", &error.message))
    });
}

/// Puts a string at a JSON pointer, `gb_args_str(a, "/activity/state", name)`. What is missing on the way is made: arrays
/// where the path goes on with `0` or `-` (append), objects elsewhere. A NULL text puts null. Errors stick and are told
/// by `gb_args_json`.
///
/// Threads: any; an object is one thread's at a time. Since 0.1.
///
/// # Safety
/// `args` is NULL or live; the texts are NULL or ended by a NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_args_str(args: *mut gb_args, path: *const c_char, value: *const c_char) {
    // SAFETY: as the caller promises.
    unsafe {
        at(args, path, |args, path| {
            args.put(path, if value.is_null() { Value::Null } else { text(value, path)?.into() });
            Ok(())
        });
    }
}

/// Puts a whole number.
///
/// Threads: any; an object is one thread's at a time. Since 0.1.
///
/// # Safety
/// As for `gb_args_str`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_args_int(args: *mut gb_args, path: *const c_char, value: i64) {
    // SAFETY: as the caller promises.
    unsafe {
        at(args, path, |args, path| {
            args.put(path, value.into());
            Ok(())
        });
    }
}

/// Puts a number; it must be finite.
///
/// Threads: any; an object is one thread's at a time. Since 0.1.
///
/// # Safety
/// As for `gb_args_str`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_args_num(args: *mut gb_args, path: *const c_char, value: f64) {
    // SAFETY: as the caller promises.
    unsafe {
        at(args, path, |args, path| {
            args.put_num(path, value);
            Ok(())
        });
    }
}

/// Puts true or false.
///
/// Threads: any; an object is one thread's at a time. Since 0.1.
///
/// # Safety
/// As for `gb_args_str`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_args_bool(args: *mut gb_args, path: *const c_char, value: bool) {
    // SAFETY: as the caller promises.
    unsafe {
        at(args, path, |args, path| {
            args.put(path, value.into());
            Ok(())
        });
    }
}

/// Puts a snowflake, as the decimal string that Discord expects.
///
/// Threads: any; an object is one thread's at a time. Since 0.1.
///
/// # Safety
/// As for `gb_args_str`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_args_id(args: *mut gb_args, path: *const c_char, value: u64) {
    // SAFETY: as the caller promises.
    unsafe {
        at(args, path, |args, path| {
            args.put(path, value.to_string().into());
            Ok(())
        });
    }
}

/// Puts JSON text that you trust: `gb_args_raw(a, "/activity/party/size", "[1,4]")`.
///
/// Threads: any; an object is one thread's at a time. Since 0.1.
///
/// # Safety
/// As for `gb_args_str`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_args_raw(args: *mut gb_args, path: *const c_char, json: *const c_char) {
    // SAFETY: as the caller promises.
    unsafe {
        at(args, path, |args, path| {
            args.put_json(path, text(json, path)?);
            Ok(())
        });
    }
}

/// The JSON text so far, ended by a NUL; its length in `len` unless that is NULL. When something went wrong on the way it
/// is an empty text: `gb_last_error` names the path, and `gb_send` and the others refuse it with the same words, so the
/// result may be passed on unlooked at. Never NULL. Valid until the next call with this object.
///
/// Threads: any; an object is one thread's at a time. Since 0.1.
///
/// # Safety
/// `args` is NULL or live; `len` is NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_args_json(args: *mut gb_args, len: *mut usize) -> *const c_char {
    or(c"".as_ptr(), || {
        remember_failure(None);
        // SAFETY: as the caller promises.
        let args = unsafe { args.as_mut() }.ok_or_else(|| Error::argument("args: NULL given"));
        let json = args.and_then(|args| args.args.json()).inspect_err(|error| {
            remember_failure(Some(error.message.clone().into_owned()));
        })?;
        if !len.is_null() {
            // SAFETY: as the caller promises.
            unsafe { *len = json.len() };
        }
        Ok(json.as_ptr().cast())
    })
}

/// Back to an empty object without an error, for the next use.
///
/// Threads: any; an object is one thread's at a time. Since 0.1.
///
/// # Safety
/// `args` is NULL or live.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_args_clear(args: *mut gb_args) {
    guard((), || {
        // SAFETY: as the caller promises.
        if let Some(args) = unsafe { args.as_mut() } {
            args.args.clear();
        }
    });
}

/// Frees the object. NULL is fine.
///
/// Threads: any. Since 0.1.
///
/// # Safety
/// `args` is NULL or live, and not used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_args_free(args: *mut gb_args) {
    guard((), || {
        if !args.is_null() {
            // SAFETY: as the caller promises.
            drop(unsafe { Box::from_raw(args) });
        }
    });
}

//! Events as C sees them: the one that was polled, and copies.

use std::ffi::{CString, c_char};

use gamebridge_proto::error::Error;

use super::alive::Alive;
use super::boundary::{guard, or, set_last_error};
use super::decoded::{Decoded, resolve};
use super::types::{GB_EVENT_DROPPED, gb_event};
use crate::client::Polled;

/// The event that a client's polling thread holds. It is part of the client and is filled anew by each poll.
pub(super) struct Current {
    event: gb_event,
    decoded: Decoded,
}

const EMPTY: gb_event = gb_event {
    r#type: 0,
    conn: 0,
    tag: 0,
    status: 0,
    flags: 0,
    name: c"".as_ptr(),
    data: std::ptr::null(),
    bytes: std::ptr::null(),
    bytes_len: 0,
    code: 0,
    message: c"".as_ptr(),
    retry_after_ms: 0,
    peer: 0,
    seq: 0,
    time_ns: 0,
};

impl Current {
    pub(super) fn new() -> Self {
        Current { event: EMPTY, decoded: Decoded::new() }
    }

    /// Fills the event in. Its pointers go where the polled event lies, which stays until the next poll.
    pub(super) fn fill(&mut self, polled: Polled<'_>) -> *const gb_event {
        let view = match polled {
            Polled::Event(view) => view,
            Polled::Dropped { conn, count } => {
                self.decoded.set(&[]);
                self.event = gb_event {
                    r#type: GB_EVENT_DROPPED,
                    conn,
                    tag: count,
                    name: c"DROPPED".as_ptr(),
                    message: c"nobody polled, so the oldest events were dropped".as_ptr(),
                    time_ns: crate::runtime::clock::now().as_nanos(),
                    ..EMPTY
                };
                return &self.event;
            }
        };
        self.decoded.set(view.payload);
        let fields = view.fields;
        self.event = gb_event {
            r#type: fields.kind as u32,
            conn: fields.conn,
            tag: fields.tag,
            status: fields.status as i32,
            flags: fields.flags.0,
            // Texts lie in the chunk with a NUL behind them.
            name: view.name.as_ptr().cast(),
            data: self.decoded.root(),
            bytes: if view.bytes.is_empty() { std::ptr::null() } else { view.bytes.as_ptr() },
            bytes_len: view.bytes.len(),
            code: fields.code,
            message: view.message.as_ptr().cast(),
            retry_after_ms: fields.retry_after_ms,
            peer: fields.peer,
            seq: fields.seq,
            time_ns: fields.time_ns,
        };
        &self.event
    }
}

/// A copy, with all that it points to.
#[repr(C)]
struct Copied {
    /// First, so that the event's address is the copy's.
    event: gb_event,
    decoded: Decoded,
    _name: CString,
    _message: CString,
    _payload: Box<[u8]>,
    _bytes: Box<[u8]>,
}

static COPIES: Alive = Alive::new();

/// A copy of an event that is yours: decoded, immutable, for any thread, and it outlives the client. Free it with
/// `gb_event_free`. Copy a copy as well as you like. NULL for NULL.
///
/// Threads: the event's; the copy is any thread's. Since 0.1.
///
/// # Safety
/// `event` is NULL or a live event.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_event_copy(event: *const gb_event) -> *mut gb_event {
    or(std::ptr::null_mut(), || {
        if event.is_null() {
            return Err(Error::argument("event: NULL given"));
        }
        // SAFETY: a live event, so all that it points to is alive.
        let copied = unsafe {
            let event = &*event;
            let payload = match resolve(event.data) {
                Some((_, decoded)) => decoded.payload(),
                None => &[],
            };
            let bytes =
                if event.bytes.is_null() { &[] } else { std::slice::from_raw_parts(event.bytes, event.bytes_len) };
            copy(event, payload, bytes)
        };
        Ok(COPIES.give(copied).cast())
    })
}

/// # Safety
/// The event's texts are alive.
unsafe fn copy(event: &gb_event, payload: &[u8], bytes: &[u8]) -> Box<Copied> {
    // SAFETY: names and messages are ended by a NUL.
    let owned = |text: *const c_char| unsafe { std::ffi::CStr::from_ptr(text) }.to_owned();
    let (name, message) = (owned(event.name), owned(event.message));
    let mut ended = Vec::with_capacity(payload.len() + 1);
    ended.extend_from_slice(payload);
    ended.push(0);
    let (payload, bytes): (Box<[u8]>, Box<[u8]>) = (ended.into(), bytes.into());
    let mut copied = Box::new(Copied {
        event: gb_event {
            name: name.as_ptr(),
            message: message.as_ptr(),
            bytes: if bytes.is_empty() { std::ptr::null() } else { bytes.as_ptr() },
            data: std::ptr::null(),
            ..*event
        },
        decoded: Decoded::new(),
        _name: name,
        _message: message,
        _payload: payload,
        _bytes: bytes,
    });
    let Copied { event, decoded, _payload: payload, .. } = &mut *copied;
    decoded.set(&payload[..payload.len() - 1]);
    decoded.decode();
    event.data = decoded.root();
    copied
}

/// Frees a copy made by `gb_event_copy`. NULL is fine. An event that is no copy, or was freed before, is left alone, and
/// `gb_last_error` says so.
///
/// Threads: any, when no other uses the copy. Since 0.1.
///
/// # Safety
/// Nothing uses the copy any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_event_free(event: *mut gb_event) {
    guard((), || {
        if event.is_null() {
            return;
        }
        // SAFETY: what is alive came from `gb_event_copy`.
        if unsafe { COPIES.take(event.cast::<Copied>()) }.is_none() {
            set_last_error(&Error::argument(
                "event: not a copy made by gb_event_copy in this process, or freed already",
            ));
        }
    });
}

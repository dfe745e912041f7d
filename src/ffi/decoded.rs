//! A payload that is decoded when it is first looked at, and the way from a `gb_value *` back to it.
//!
//! A `gb_value *` is the address of a node. A node knows its index, so the header of its array is found by counting back,
//! and the header's owner word is the address of the [`Decoded`] here. Before the first look `gb_event.data` points to a
//! stand-in root in a two-node array of its own.

use std::cell::UnsafeCell;
use std::sync::{Mutex, PoisonError};

use gamebridge_proto::value::{Document, Kind, Node, Value};

use super::types::gb_value;

/// See the module. Must not move once a pointer was given out.
pub(super) struct Decoded {
    /// Header and stand-in root.
    lazy: [Node; 2],
    payload: *const u8,
    length: usize,
    state: UnsafeCell<State>,
    /// JSON of inner values that was asked for as C strings. Of a copied event many threads may ask.
    cut: Mutex<Vec<Box<[u8]>>>,
}

struct State {
    document: Document,
    parsed: bool,
}

/// Scratch that a client keeps between events.
const SCRATCH_KEPT: usize = 4 << 20;

impl Decoded {
    pub(super) fn new() -> Self {
        Decoded {
            lazy: [Node::header(0), Node::lazy()],
            payload: std::ptr::null(),
            length: 0,
            state: UnsafeCell::new(State { document: Document::new(), parsed: false }),
            cut: Mutex::new(Vec::new()),
        }
    }

    /// Points at a new payload. All values of the one before are gone.
    pub(super) fn set(&mut self, payload: &[u8]) {
        self.lazy[0] = Node::header(std::ptr::from_ref(self) as u64);
        self.payload = payload.as_ptr();
        self.length = payload.len();
        self.state.get_mut().parsed = false;
        self.cut.get_mut().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// What `gb_event.data` is: NULL for an empty payload.
    pub(super) fn root(&self) -> *const gb_value {
        if self.length == 0 { std::ptr::null() } else { self.lazy.as_ptr().wrapping_add(1).cast() }
    }

    /// The payload as it came.
    ///
    /// # Safety
    /// The event is still alive.
    pub(super) unsafe fn payload(&self) -> &[u8] {
        if self.length == 0 {
            return &[];
        }
        // SAFETY: `set` took it from a live slice; the caller vouches that it still is.
        unsafe { std::slice::from_raw_parts(self.payload, self.length) }
    }

    /// Decodes now, so that later looks only read: what makes a copied event fit for many threads.
    pub(super) fn decode(&self) {
        // SAFETY: called by the one thread that has the event, before others see it.
        let _ = unsafe { self.document() };
    }

    /// # Safety
    /// The event is alive, and unless it was decoded before, only its polling thread is here.
    unsafe fn document(&self) -> &Document {
        // SAFETY: a polled event is its thread's alone; a copied one is parsed already and only read.
        unsafe {
            if !(*self.state.get()).parsed {
                let state = &mut *self.state.get();
                state.document.shrink_to(SCRATCH_KEPT);
                // Malformed is missing: the document is empty then.
                let _ = state.document.parse(self.payload());
                state.document.set_owner(std::ptr::from_ref(self) as u64);
                state.parsed = true;
            }
            &(*self.state.get()).document
        }
    }

    /// The JSON of a value of this document, ended by a NUL; of a payload that is no JSON, its bytes as they came.
    pub(super) fn json(&self, value: Value<'_>) -> (*const u8, usize) {
        // SAFETY: the caller holds a value, so the event is alive.
        let payload = unsafe { self.payload() };
        let raw = if value.exists() { value.raw(payload) } else { payload };
        // SAFETY: the byte behind a payload is its own NUL, in a chunk as in a copy.
        if raw.as_ptr_range().end == payload.as_ptr_range().end && unsafe { *payload.as_ptr_range().end } == 0 {
            return (raw.as_ptr(), raw.len());
        }
        let mut ended = Vec::with_capacity(raw.len() + 1);
        ended.extend_from_slice(raw);
        ended.push(0);
        let ended = ended.into_boxed_slice();
        let at = ended.as_ptr();
        self.cut.lock().unwrap_or_else(PoisonError::into_inner).push(ended);
        (at, raw.len())
    }
}

/// The value behind a pointer, with what it belongs to. `None` for NULL.
///
/// # Safety
/// `value` is NULL, or was handed out for an event that is still alive.
pub(super) unsafe fn resolve<'a>(value: *const gb_value) -> Option<(Value<'a>, &'a Decoded)> {
    if value.is_null() {
        return None;
    }
    let node = value.cast::<Node>();
    // SAFETY: a live node; the header of its array is `index` nodes before it, and its owner word the address that
    // `set` or `document` stored there.
    unsafe {
        let index = (*node).index();
        let header = node.sub(index as usize);
        let decoded = &*((*header).owner() as *const Decoded);
        let document = decoded.document();
        let found = if (*node).kind() == Kind::Lazy { document.root() } else { document.value_at(index) };
        Some((found, decoded))
    }
}

/// The JSON of a value, ended by a NUL, and its length. `None` for NULL. An event's own data is handed out as it came:
/// nothing is decoded for that, so a program that keeps or forwards the text never pays for a tape.
///
/// # Safety
/// As for [`resolve`].
pub(super) unsafe fn json(value: *const gb_value) -> Option<(*const u8, usize)> {
    if value.is_null() {
        return None;
    }
    let node = value.cast::<Node>();
    // SAFETY: as in `resolve`; the stand-in is node 1 of `lazy`, so its header is the node before it.
    unsafe {
        if (*node).kind() == Kind::Lazy {
            let decoded = &*((*node.sub(1)).owner() as *const Decoded);
            return Some((decoded.payload, decoded.length));
        }
        resolve(value).map(|(value, decoded)| decoded.json(value))
    }
}

/// The pointer of a value; NULL when it is missing.
pub(super) fn pointer(value: Value<'_>, decoded: &Decoded) -> *const gb_value {
    if !value.exists() {
        return std::ptr::null();
    }
    // SAFETY: a value exists, so its document is parsed.
    let document = unsafe { decoded.document() };
    match document.nodes().get(value.index() as usize) {
        // By way of the array, so that the pointer may lead back to the header.
        Some(_) => document.nodes().as_ptr().wrapping_add(value.index() as usize).cast(),
        None => std::ptr::null(),
    }
}

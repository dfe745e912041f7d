//! How one event lies in a chunk: fixed fields, then its texts, each ended with a NUL for C.

use gamebridge_proto::error::Status;
use gamebridge_proto::event::{Event, EventType, Flags};

/// The fixed fields of an event.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Fields {
    /// Its place among all events of the client.
    pub order: u64,
    /// Monotonic time of arrival, in nanoseconds.
    pub time_ns: u64,
    /// See [`Event::tag`].
    pub tag: u64,
    /// See [`Event::seq`].
    pub seq: u64,
    /// What kind of event.
    pub kind: EventType,
    /// The connection it belongs to.
    pub conn: u32,
    /// See [`Event::status`].
    pub status: Status,
    /// See [`Event::flags`].
    pub flags: Flags,
    /// See [`Event::code`].
    pub code: i32,
    /// See [`Event::retry_after_ms`].
    pub retry_after_ms: u32,
    /// See [`Event::peer`].
    pub peer: u32,
    name: u32,
    message: u32,
    payload: u32,
    bytes: u32,
    /// Of the whole record, padding included.
    size: u32,
}

const HEAD: usize = size_of::<Fields>();
/// Records start at multiples of this.
pub(super) const ALIGN: usize = align_of::<Fields>();

/// The bytes that an event takes in a chunk.
pub(super) fn size_of_event(event: &Event<'_>) -> usize {
    let texts = event.name.len() + event.message.len() + event.payload.len() + event.bytes.len() + 3;
    (HEAD + texts).next_multiple_of(ALIGN)
}

/// Writes an event at `at`.
///
/// # Safety
/// `at` is aligned to [`ALIGN`] and `size_of_event(event)` bytes behind it are the caller's to write.
pub(super) unsafe fn write(at: *mut u8, order: u64, time_ns: u64, conn: u32, event: &Event<'_>) {
    let fields = Fields {
        order,
        time_ns,
        tag: event.tag,
        seq: event.seq,
        kind: event.kind,
        conn,
        status: event.status,
        flags: event.flags,
        code: event.code,
        retry_after_ms: event.retry_after_ms,
        peer: event.peer,
        name: event.name.len() as u32,
        message: event.message.len() as u32,
        payload: event.payload.len() as u32,
        bytes: event.bytes.len() as u32,
        size: size_of_event(event) as u32,
    };
    // SAFETY: the caller gives room for the fields and for each text with its NUL, counted by `size_of_event`.
    unsafe {
        at.cast::<Fields>().write(fields);
        let mut to = at.add(HEAD);
        for text in [event.name.as_bytes(), event.message.as_bytes(), event.payload] {
            to.copy_from_nonoverlapping(text.as_ptr(), text.len());
            to.add(text.len()).write(0);
            to = to.add(text.len() + 1);
        }
        to.copy_from_nonoverlapping(event.bytes.as_ptr(), event.bytes.len());
    }
}

/// An event as it lies in a chunk. The slices of texts are followed by a NUL byte that is not part of them.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The fixed fields.
    pub fields: &'a Fields,
    /// See [`Event::name`].
    pub name: &'a str,
    /// See [`Event::message`].
    pub message: &'a str,
    /// See [`Event::payload`].
    pub payload: &'a [u8],
    /// See [`Event::bytes`].
    pub bytes: &'a [u8],
}

/// Reads the fixed fields at `at`.
///
/// # Safety
/// A record was written at `at` and stays there for `'a`.
pub(super) unsafe fn fields<'a>(at: *const u8) -> &'a Fields {
    // SAFETY: the caller vouches for the record; `write` wrote valid fields.
    unsafe { &*at.cast::<Fields>() }
}

impl Fields {
    /// The bytes from this record to the next.
    pub(super) fn stride(&self) -> usize {
        self.size as usize
    }
}

/// Reads the record at `at`.
///
/// # Safety
/// As for [`fields`].
pub(super) unsafe fn view<'a>(at: *const u8) -> View<'a> {
    // SAFETY: `write` put the texts in this order with these lengths, and names and messages came from `&str`.
    unsafe {
        let fields = fields(at);
        let mut from = at.add(HEAD);
        let mut text = |length: u32, ended: usize| {
            let slice = std::slice::from_raw_parts(from, length as usize);
            from = from.add(length as usize + ended);
            slice
        };
        let name = std::str::from_utf8_unchecked(text(fields.name, 1));
        let message = std::str::from_utf8_unchecked(text(fields.message, 1));
        let payload = text(fields.payload, 1);
        let bytes = text(fields.bytes, 0);
        View { fields, name, message, payload, bytes }
    }
}

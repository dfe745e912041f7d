//! The types and numbers of the header.

use std::ffi::{c_char, c_void};

use gamebridge_proto::error::Status;
use gamebridge_proto::event::{EventType, Flags, LogLevel};
use gamebridge_proto::value::Kind;

/// How a call or a request ended. `GB_OK` is 0, errors are negative. Treat a number that you do not know as an error.
pub type gb_status = i32;
/// Success.
pub const GB_OK: gb_status = 0;
/// An argument is wrong; `gb_last_error` names the field and says what was expected.
pub const GB_ERR_ARGUMENT: gb_status = -1;
/// The call does not fit the state: a second polling thread, for one.
pub const GB_ERR_STATE: gb_status = -2;
/// The connection is over, or broke before the reply came (see `GB_FLAG_UNCERTAIN`).
pub const GB_ERR_CLOSED: gb_status = -3;
/// Cancelled by `gb_cancel`.
pub const GB_ERR_CANCELLED: gb_status = -4;
/// Too many replies outstanding or unpolled. Nothing was sent: poll, then try again.
pub const GB_ERR_FULL: gb_status = -5;
/// No reply in time.
pub const GB_ERR_TIMEOUT: gb_status = -6;
/// The operating system refused.
pub const GB_ERR_IO: gb_status = -7;
/// Credentials were refused.
pub const GB_ERR_AUTH: gb_status = -8;
/// A rate limit; `retry_after_ms` says for how long.
pub const GB_ERR_RATE_LIMITED: gb_status = -9;
/// The peer broke its protocol.
pub const GB_ERR_PROTOCOL: gb_status = -10;
/// The peer answered with an error; `code` and `message` are the peer's.
pub const GB_ERR_REMOTE: gb_status = -11;
/// Not in this build, not on this platform, or not known to this version.
pub const GB_ERR_UNSUPPORTED: gb_status = -12;
/// The handle came over a `fork`: it may only be freed.
pub const GB_ERR_FORKED: gb_status = -13;
/// A bug inside the library was caught. The handle may be used on; please report it.
pub const GB_ERR_PANIC: gb_status = -14;

/// The id of a connection, or of a server that you host. Never reused; 0 is none.
pub type gb_conn = u32;

/// What kind of event it is. Ignore those that you do not know.
pub type gb_event_type = u32;
/// Ready for use; again after each `GB_EVENT_RECONNECTING`. Of a server: it listens, and `data` holds its addresses.
pub const GB_EVENT_CONNECTED: gb_event_type = 1;
/// Over, after every reply. `status` says why, `GB_OK` when you asked for it.
pub const GB_EVENT_DISCONNECTED: gb_event_type = 2;
/// Broken, and being made anew by itself. Once for each break.
pub const GB_EVENT_RECONNECTING: gb_event_type = 3;
/// The one answer to a command that was sent with a tag: `tag`, `status`, `data`.
pub const GB_EVENT_REPLY: gb_event_type = 4;
/// Something happened: `name` and `data`.
pub const GB_EVENT_DISPATCH: gb_event_type = 5;
/// A server that you host needs a decision: settle it with `gb_answer`, giving `tag`.
pub const GB_EVENT_REQUEST: gb_event_type = 6;
/// Received audio in `bytes`.
pub const GB_EVENT_AUDIO: gb_event_type = 7;
/// A line of the library's log: `name` is the room, `code` the level (1 error to 4 debug), `message` the line.
pub const GB_EVENT_LOG: gb_event_type = 8;
/// Here `tag` events of this connection were dropped, because nobody polled.
pub const GB_EVENT_DROPPED: gb_event_type = 9;

/// Bit of `gb_event.flags`: nothing further will be tried.
pub const GB_FLAG_FATAL: u32 = 1;
/// Bit of `gb_event.flags`: the library tries again by itself.
pub const GB_FLAG_RETRYING: u32 = 2;
/// Bit of `gb_event.flags`: the Gateway session was resumed, nothing was missed.
pub const GB_FLAG_RESUMED: u32 = 4;
/// Bit of `gb_event.flags`: the command was written before the break, so it may or may not have been carried out.
pub const GB_FLAG_UNCERTAIN: u32 = 8;
/// Bit of `gb_event.flags`: a newer update took this one's place before it was sent.
pub const GB_FLAG_SUPERSEDED: u32 = 16;

/// What a value is. Treat a kind that you do not know as missing.
pub type gb_kind = u32;
/// Nothing is there.
pub const GB_KIND_MISSING: gb_kind = 0;
/// `null`
pub const GB_KIND_NULL: gb_kind = 1;
/// `true` or `false`
pub const GB_KIND_BOOL: gb_kind = 2;
/// A number without fraction or exponent.
pub const GB_KIND_INT: gb_kind = 3;
/// Any other number.
pub const GB_KIND_NUM: gb_kind = 4;
/// A string.
pub const GB_KIND_STR: gb_kind = 5;
/// An array.
pub const GB_KIND_ARRAY: gb_kind = 6;
/// An object.
pub const GB_KIND_OBJECT: gb_kind = 7;

/// `gb_options.log_level`: no log events at all.
pub const GB_LOG_OFF: u32 = u32::MAX;
/// `gb_options.log_level`: only what failed and will stay so.
pub const GB_LOG_ERROR: u32 = 1;
/// `gb_options.log_level`: also what failed and nobody waits for. The default.
pub const GB_LOG_WARN: u32 = 2;
/// `gb_options.log_level`: also a connection's milestones.
pub const GB_LOG_INFO: u32 = 3;
/// `gb_options.log_level`: also what was tried, and why.
pub const GB_LOG_DEBUG: u32 = 4;

// The numbers of the header are those of the protocol crate.
const _: () = {
    assert!(GB_OK == Status::Ok as i32 && GB_ERR_ARGUMENT == Status::Argument as i32);
    assert!(GB_ERR_STATE == Status::State as i32 && GB_ERR_CLOSED == Status::Closed as i32);
    assert!(GB_ERR_CANCELLED == Status::Cancelled as i32 && GB_ERR_FULL == Status::Full as i32);
    assert!(GB_ERR_TIMEOUT == Status::Timeout as i32 && GB_ERR_IO == Status::Io as i32);
    assert!(GB_ERR_AUTH == Status::Auth as i32 && GB_ERR_RATE_LIMITED == Status::RateLimited as i32);
    assert!(GB_ERR_PROTOCOL == Status::Protocol as i32 && GB_ERR_REMOTE == Status::Remote as i32);
    assert!(GB_ERR_UNSUPPORTED == Status::Unsupported as i32 && GB_ERR_FORKED == Status::Forked as i32);
    assert!(GB_ERR_PANIC == Status::Panic as i32);
    assert!(GB_EVENT_CONNECTED == EventType::Connected as u32 && GB_EVENT_REPLY == EventType::Reply as u32);
    assert!(GB_EVENT_DISCONNECTED == EventType::Disconnected as u32 && GB_EVENT_LOG == EventType::Log as u32);
    assert!(GB_EVENT_RECONNECTING == EventType::Reconnecting as u32 && GB_EVENT_AUDIO == EventType::Audio as u32);
    assert!(GB_EVENT_DISPATCH == EventType::Dispatch as u32 && GB_EVENT_REQUEST == EventType::Request as u32);
    assert!(GB_EVENT_DROPPED == EventType::Dropped as u32);
    assert!(GB_FLAG_FATAL == Flags::FATAL.0 && GB_FLAG_RETRYING == Flags::RETRYING.0);
    assert!(GB_FLAG_RESUMED == Flags::RESUMED.0 && GB_FLAG_UNCERTAIN == Flags::UNCERTAIN.0);
    assert!(GB_FLAG_SUPERSEDED == Flags::SUPERSEDED.0);
    assert!(GB_KIND_MISSING == Kind::Missing as u32 && GB_KIND_NULL == Kind::Null as u32);
    assert!(GB_KIND_BOOL == Kind::Bool as u32 && GB_KIND_INT == Kind::Int as u32);
    assert!(GB_KIND_NUM == Kind::Num as u32 && GB_KIND_STR == Kind::Str as u32);
    assert!(GB_KIND_ARRAY == Kind::Array as u32 && GB_KIND_OBJECT == Kind::Object as u32);
    assert!(GB_LOG_ERROR == LogLevel::Error as u32 && GB_LOG_DEBUG == LogLevel::Debug as u32);
};

/// JSON inside an event. Lives as long as the event.
pub struct gb_value {
    _opaque: (),
}

/// What a client is made with. Start with `GB_OPTIONS_INIT`; a field that is 0 has its default.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct gb_options {
    /// `sizeof(gb_options)`
    pub size: u32,
    /// Byte cap of each connection's queue of events that may be dropped, and of its unread replies. Default 4 MiB, at
    /// least 512 KiB.
    pub queue_bytes: u32,
    /// How long `gb_client_free` may take, in milliseconds. Default 500.
    pub shutdown_ms: u32,
    /// The loudest log lines delivered as events: `GB_LOG_ERROR` to `GB_LOG_DEBUG`, or `GB_LOG_OFF`. Default
    /// `GB_LOG_WARN`. The environment variable `GAMEBRIDGE_LOG` overrides it.
    pub log_level: u32,
}

/// Something that happened. Read-only, made only by the library. Fields may be appended in later versions, so never copy
/// it by value and never take its `sizeof`.
#[repr(C)]
pub struct gb_event {
    /// What kind of event; it says which of the other fields mean something.
    pub r#type: gb_event_type,
    /// The connection or server that it belongs to.
    pub conn: gb_conn,
    /// REPLY: the tag you sent. REQUEST: the id to answer. DROPPED: how many.
    pub tag: u64,
    /// How it ended: of a reply, a disconnection, a reconnection.
    pub status: gb_status,
    /// `GB_FLAG_...` bits. Ignore those that you do not know.
    pub flags: u32,
    /// `"ACTIVITY_JOIN"`, `"MESSAGE_CREATE"`; of a reply the command's name. Never NULL.
    pub name: *const c_char,
    /// What came with it, decoded on first use. NULL when nothing did.
    pub data: *const gb_value,
    /// Audio and other binary; NULL when there is none.
    pub bytes: *const u8,
    /// How many bytes.
    pub bytes_len: usize,
    /// The peer's own error or close code, else 0. LOG: the level.
    pub code: i32,
    /// A sentence for a person. Never NULL; may be empty.
    pub message: *const c_char,
    /// RECONNECTING, and `GB_ERR_RATE_LIMITED`: how long until the next try.
    pub retry_after_ms: u32,
    /// Of a server's event the peer, of a Gateway's the shard.
    pub peer: u32,
    /// Gateway sequence.
    pub seq: u64,
    /// When it arrived: nanoseconds of a monotonic clock (`CLOCK_MONOTONIC`; on Windows the performance counter).
    pub time_ns: u64,
}

/// A command with everything that `gb_send` leaves at its default. Start with `GB_REQUEST_INIT`. The library copies
/// what it points to before `gb_send_request` returns.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct gb_request {
    /// `sizeof(gb_request)`
    pub size: u32,
    /// How long to wait for the reply, counted from the call; 0 for the command's own default.
    pub timeout_ms: u32,
    /// The command's name.
    pub command: *const c_char,
    /// Its arguments, a JSON object; NULL for none.
    pub args: *const c_char,
    /// Their length; 0 when `args` ends with a NUL.
    pub args_len: usize,
    /// Binary part; NULL for none. No command of this version takes one.
    pub bytes: *const c_void,
    /// Its length.
    pub bytes_len: usize,
    /// Comes back in the reply; 0 asks for none.
    pub tag: u64,
}

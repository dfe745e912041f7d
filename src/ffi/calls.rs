//! The calls: clients, connections, commands, polling.

use std::cell::UnsafeCell;
use std::ffi::{CStr, c_char};
use std::time::Duration;

use gamebridge_proto::error::{Error, Status};
use gamebridge_proto::event::LogLevel;

use super::alive::Alive;
use super::boundary::{guard, or, quiet_panics, set_last_error, status, text};
use super::event::Current;
use super::types::*;
use crate::client::{Client, Options, Request};

/// One program's use of the library: its connections, and the queue of their events.
pub struct gb_client {
    pub(super) client: Client,
    /// Touched only by the thread that polls, while it polls.
    current: UnsafeCell<Current>,
}

static CLIENTS: Alive = Alive::new();

/// # Safety
/// `client` is NULL or a live client.
pub(super) unsafe fn borrow<'a>(client: *const gb_client) -> Result<&'a gb_client, Error> {
    // SAFETY: as the caller promises.
    unsafe { client.as_ref() }.ok_or_else(|| Error::argument("client: NULL given"))
}

/// # Safety
/// `out` is NULL or may be written to.
unsafe fn write<T>(out: *mut T, value: T) {
    if !out.is_null() {
        // SAFETY: as the caller promises.
        unsafe { *out = value };
    }
}

/// A JSON argument that may be NULL. An empty text is what `gb_args_json` gives when it failed: then its failure is told
/// again, since a command without the arguments that were meant can do harm (an activity that is missing is cleared).
///
/// # Safety
/// `json` is NULL or a string ended by a NUL that lives for `'a`.
unsafe fn json<'a>(json: *const c_char, field: &str) -> Result<&'a [u8], Error> {
    if json.is_null() {
        return Ok(&[]);
    }
    // SAFETY: as the caller promises.
    let text = unsafe { CStr::from_ptr(json) }.to_bytes();
    if text.is_empty() {
        let why = super::args::last_failure().unwrap_or_else(|| "NULL means no arguments".to_owned());
        return Err(Error::argument(format!("{field}: an empty text is no JSON: {why}")));
    }
    Ok(text)
}

/// Reads a struct that starts with its size. A shorter one is an older program's: the rest has its defaults. A longer one
/// may only be longer by zeros.
///
/// # Safety
/// `given` is NULL, or points to as many bytes as its first 32-bit field says; `T` is plain data.
pub(super) unsafe fn sized<T: Copy>(given: *const T, default: T, field: &str) -> Result<T, Error> {
    if given.is_null() {
        return Err(Error::argument(format!("{field}: NULL given")));
    }
    // SAFETY: the size is there, as the caller promises.
    let size = unsafe { given.cast::<u32>().read_unaligned() } as usize;
    // A size that ends inside a field would leave half a pointer to follow.
    if size < size_of::<u32>() || size > 4096 || !size.is_multiple_of(align_of::<T>()) {
        let sentence = format!("{field}.size: {size} given, sizeof expected ({} here)", size_of::<T>());
        return Err(Error::argument(sentence));
    }
    // SAFETY: `size` bytes are there, as the caller promises.
    let bytes = unsafe { std::slice::from_raw_parts(given.cast::<u8>(), size) };
    let known = size.min(size_of::<T>());
    if bytes[known..].iter().any(|byte| *byte != 0) {
        let sentence =
            format!("{field}: made for a newer gamebridge: it sets fields that {} does not know", VERSION_TEXT);
        return Err(Error::new(Status::Unsupported, sentence));
    }
    let mut read = default;
    // SAFETY: plain data on both sides, and `known` bytes of each.
    unsafe { std::ptr::from_mut(&mut read).cast::<u8>().copy_from_nonoverlapping(bytes.as_ptr(), known) };
    Ok(read)
}

const VERSION_TEXT: &str = env!("CARGO_PKG_VERSION");
const VERSION: u32 = {
    const fn number(text: &str) -> u32 {
        let (bytes, mut at, mut value) = (text.as_bytes(), 0, 0);
        while at < bytes.len() {
            value = value * 10 + (bytes[at] - b'0') as u32;
            at += 1;
        }
        value
    }
    number(env!("CARGO_PKG_VERSION_MAJOR")) << 16
        | number(env!("CARGO_PKG_VERSION_MINOR")) << 8
        | number(env!("CARGO_PKG_VERSION_PATCH"))
};

/// The version of the library that runs: `major << 16 | minor << 8 | patch`. `GB_VERSION` is the header's.
///
/// Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn gb_version() -> u32 {
    guard(0, || VERSION)
}

/// A status in a few words, the same every time: for logs. Never NULL.
///
/// Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn gb_status_str(status: gb_status) -> *const c_char {
    guard(c"".as_ptr(), || {
        let words = match Status::from_code(status) {
            Some(Status::Ok) => c"success",
            Some(Status::Argument) => c"invalid argument",
            Some(Status::State) => c"not possible in this state",
            Some(Status::Closed) => c"connection closed",
            Some(Status::Cancelled) => c"cancelled",
            Some(Status::Full) => c"queue full",
            Some(Status::Timeout) => c"timed out",
            Some(Status::Io) => c"input/output error",
            Some(Status::Auth) => c"authentication failed",
            Some(Status::RateLimited) => c"rate limited",
            Some(Status::Protocol) => c"protocol error",
            Some(Status::Remote) => c"refused by the peer",
            Some(Status::Unsupported) => c"not supported",
            Some(Status::Forked) => c"used after fork",
            Some(Status::Panic) => c"internal error",
            None => c"unknown status",
        };
        words.as_ptr()
    })
}

/// Makes a client. `options` may be NULL. The first client in the process starts the library's thread. Free it with
/// `gb_client_free`.
///
/// Threads: any. Since 0.1.
///
/// # Safety
/// `options` is NULL or points to as many bytes as its `size` says; `out` is NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_client_new(options: *const gb_options, out: *mut *mut gb_client) -> gb_status {
    status(|| {
        if out.is_null() {
            return Err(Error::argument("out: NULL given"));
        }
        quiet_panics();
        let defaults = gb_options { size: 0, queue_bytes: 0, shutdown_ms: 0, log_level: 0 };
        // SAFETY: as the caller promises; the struct is plain data.
        let given = if options.is_null() { defaults } else { unsafe { sized(options, defaults, "options")? } };
        let mut options = Options::default();
        if given.queue_bytes != 0 {
            options.queue_bytes = given.queue_bytes as usize;
        }
        if given.shutdown_ms != 0 {
            options.shutdown = Duration::from_millis(given.shutdown_ms.into());
        }
        options.log_level = match given.log_level {
            0 => options.log_level,
            GB_LOG_OFF => None,
            GB_LOG_ERROR => Some(LogLevel::Error),
            GB_LOG_WARN => Some(LogLevel::Warn),
            GB_LOG_INFO => Some(LogLevel::Info),
            GB_LOG_DEBUG => Some(LogLevel::Debug),
            other => {
                return Err(Error::argument(format!(
                    "options.log_level: {other} given, 1 to 4 or GB_LOG_OFF expected"
                )));
            }
        };
        let client = Box::new(gb_client { client: Client::new(options)?, current: UnsafeCell::new(Current::new()) });
        // SAFETY: as the caller promises.
        unsafe { write(out, CLIENTS.give(client)) };
        Ok(())
    })
}

/// Closes all connections, discards what was not polled, and frees the client with its events; takes at most
/// `gb_options.shutdown_ms`. To have everything sent first, `gb_disconnect` and await `GB_EVENT_DISCONNECTED`. NULL is
/// fine, and so is a client that was freed before. In a forked child it leaks on purpose.
///
/// Threads: any, as the last call on this client. Since 0.1.
///
/// # Safety
/// No other thread is inside a call on this client.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_client_free(client: *mut gb_client) {
    guard((), || {
        if client.is_null() {
            return;
        }
        // SAFETY: what is alive came from `gb_client_new`.
        if unsafe { CLIENTS.take(client) }.is_none() {
            set_last_error(&Error::argument("client: not made by gb_client_new in this process, or freed already"));
        }
    });
}

/// Starts a connection: `protocol` is `"rpc"` (a Discord on this machine), `"gateway"` or `"dmod"`; `params_json` is a JSON object
/// with its parameters (`{"client_id":"..."}`; all of them are in docs/reference.md), or NULL for none. The id in
/// `out` is good at once; the outcome is an event.
///
/// Threads: any. Never blocks. Since 0.1.
///
/// # Safety
/// `client` is NULL or live; the texts are NULL or ended by a NUL; `out` is NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_connect(
    client: *mut gb_client,
    protocol: *const c_char,
    params_json: *const c_char,
    out: *mut gb_conn,
) -> gb_status {
    status(|| {
        // SAFETY: as the caller promises.
        unsafe {
            let conn = borrow(client)?.client.connect(text(protocol, "protocol")?, json(params_json, "params")?)?;
            write(out, conn);
        }
        Ok(())
    })
}

/// Starts a server in this process: `service` is `"rpc"`, GameBridge, or `"sandbox"`, a Discord on loopback to develop and test
/// against; `params_json` may be NULL. Its addresses come with `GB_EVENT_CONNECTED`. It answers to the same verbs as a
/// connection: poll its events, `gb_answer` its requests, drive its world by `gb_send`.
///
/// Threads: any. Never blocks. Since 0.1.
///
/// # Safety
/// As for `gb_connect`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_serve(
    client: *mut gb_client,
    service: *const c_char,
    params_json: *const c_char,
    out: *mut gb_conn,
) -> gb_status {
    status(|| {
        // SAFETY: as the caller promises.
        unsafe {
            let conn = borrow(client)?.client.serve(text(service, "service")?, json(params_json, "params")?)?;
            write(out, conn);
        }
        Ok(())
    })
}

/// Sends a command. `args_json` is a JSON object, or NULL for none; it is checked here, and `gb_last_error` names the
/// field that is wrong. Events come to who subscribes:
/// `gb_send(gb, conn, "SUBSCRIBE", "{\"evt\":\"MESSAGE_CREATE\",\"args\":{\"channel_id\":\"1\"}}", tag)`. A `tag`
/// other than 0 comes back in exactly one `GB_EVENT_REPLY`; 0 asks for none. Before CONNECTED, and while RECONNECTING, commands wait.
///
/// Threads: any. Never blocks. Since 0.1.
///
/// # Safety
/// `client` is NULL or live; the texts are NULL or ended by a NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_send(
    client: *mut gb_client,
    conn: gb_conn,
    command: *const c_char,
    args_json: *const c_char,
    tag: u64,
) -> gb_status {
    status(|| {
        // SAFETY: as the caller promises.
        unsafe {
            let request = Request {
                command: text(command, "command")?,
                args: json(args_json, "args")?,
                tag,
                ..Request::default()
            };
            borrow(client)?.client.send(conn, &request)
        }
    })
}

/// As `gb_send`, with a time limit, arguments that need no NUL, and a binary part.
///
/// Threads: any. Never blocks. Since 0.1.
///
/// # Safety
/// `client` is NULL or live; `request` is NULL or points to as many bytes as its `size` says, and its pointers to as many
/// as their lengths say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_send_request(
    client: *mut gb_client,
    conn: gb_conn,
    request: *const gb_request,
) -> gb_status {
    status(|| {
        let defaults = gb_request {
            size: 0,
            timeout_ms: 0,
            command: std::ptr::null(),
            args: std::ptr::null(),
            args_len: 0,
            bytes: std::ptr::null(),
            bytes_len: 0,
            tag: 0,
        };
        // SAFETY: as the caller promises; the struct is plain data.
        unsafe {
            let client = borrow(client)?;
            let given = sized(request, defaults, "request")?;
            let args = match given.args_len {
                0 => json(given.args, "request.args")?,
                _ if given.args.is_null() => return Err(Error::argument("request.args: NULL given with a length")),
                length => std::slice::from_raw_parts(given.args.cast(), length),
            };
            let bytes = match given.bytes_len {
                0 => &[],
                _ if given.bytes.is_null() => return Err(Error::argument("request.bytes: NULL given with a length")),
                length => std::slice::from_raw_parts(given.bytes.cast(), length),
            };
            let timeout = (given.timeout_ms != 0).then(|| Duration::from_millis(given.timeout_ms.into()));
            let command = text(given.command, "request.command")?;
            client.client.send(conn, &Request { command, args, bytes, tag: given.tag, timeout })
        }
    })
}

/// Ends all commands of this connection that have this tag and no reply yet: each replies `GB_ERR_CANCELLED`. What the
/// peer was already told it may still carry out. (A server carries its host's commands out at once, so there is nothing to
/// cancel.)
///
/// Threads: any. Never blocks. Since 0.1.
///
/// # Safety
/// `client` is NULL or live.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_cancel(client: *mut gb_client, conn: gb_conn, tag: u64) -> gb_status {
    // SAFETY: as the caller promises.
    status(|| unsafe { borrow(client) }?.client.cancel(conn, tag))
}

/// Settles a `GB_EVENT_REQUEST` of a server, once: `GB_OK` grants it, any error refuses it. `request` is the event's tag;
/// `data_json` is NULL unless the request's documentation says otherwise. An answer that comes too late, twice, or to
/// something that asked nothing does nothing but a log event.
///
/// Threads: any. Never blocks. Since 0.1.
///
/// # Safety
/// `client` is NULL or live; `data_json` is NULL or ended by a NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_answer(
    client: *mut gb_client,
    conn: gb_conn,
    request: u64,
    answer: gb_status,
    data_json: *const c_char,
) -> gb_status {
    status(|| {
        let Some(answer) = Status::from_code(answer) else {
            return Err(Error::argument(format!("answer: {answer} is no status")));
        };
        // SAFETY: as the caller promises.
        unsafe { borrow(client)?.client.answer(conn, request, answer, json(data_json, "data")?) }
    })
}

/// Ends a connection or a server, after what was sent: `GB_EVENT_DISCONNECTED` comes when it is over.
///
/// Threads: any. Never blocks. Since 0.1.
///
/// # Safety
/// `client` is NULL or live.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_disconnect(client: *mut gb_client, conn: gb_conn) -> gb_status {
    // SAFETY: as the caller promises.
    status(|| unsafe { borrow(client) }?.client.disconnect(conn))
}

/// The next event, or NULL. The event and its values are this thread's until its next `gb_poll` or `gb_wait` on this
/// client. Costs a few nanoseconds when there is none, and never blocks, allocates or frees.
///
/// Threads: one at a time; a second one gets NULL, and `gb_last_error` says so. Since 0.1.
///
/// # Safety
/// `client` is NULL or live.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_poll(client: *mut gb_client) -> *const gb_event {
    // SAFETY: as the caller promises.
    if let Some(client) = unsafe { client.as_ref() }
        && client.client.is_idle()
        && client.client.check_process().is_ok()
    {
        return std::ptr::null();
    }
    or(std::ptr::null(), || {
        // SAFETY: as the caller promises.
        let client = unsafe { borrow(client) }?;
        client.client.poll(|polled| match polled {
            None => std::ptr::null(),
            // SAFETY: inside a poll, so this thread is the only one here.
            Some(polled) => unsafe { &mut *client.current.get() }.fill(polled),
        })
    })
}

/// As `gb_poll`, waiting until there is an event, at most `timeout_ms` (negative: no limit). May return NULL early, as
/// after `gb_wake`.
///
/// Threads: one at a time; a second one gets NULL, and `gb_last_error` says so. Since 0.1.
///
/// # Safety
/// `client` is NULL or live.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_wait(client: *mut gb_client, timeout_ms: i32) -> *const gb_event {
    or(std::ptr::null(), || {
        // SAFETY: as the caller promises.
        let client = unsafe { borrow(client) }?;
        let timeout = u64::try_from(timeout_ms).ok().map(Duration::from_millis);
        client.client.wait(timeout, |polled| match polled {
            None => std::ptr::null(),
            // SAFETY: inside a wait, so this thread is the only one here.
            Some(polled) => unsafe { &mut *client.current.get() }.fill(polled),
        })
    })
}

/// Makes one `gb_wait` return: the one that waits, or the next.
///
/// Threads: any. Never blocks. Since 0.1.
///
/// # Safety
/// `client` is NULL or live.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_wake(client: *mut gb_client) {
    or((), || {
        // SAFETY: as the caller promises.
        let client = unsafe { borrow(client) }?;
        client.client.check_process()?;
        client.client.wake();
        Ok(())
    });
}

/// A descriptor that is readable while something can be polled (on Windows a HANDLE that is signalled), for `poll`,
/// `epoll`, `WaitForMultipleObjects` or an event loop. Level-triggered: wait on it, never read it, and poll until NULL.
/// It is the client's: do not close it. -1 on failure.
///
/// Threads: any. Since 0.1.
///
/// # Safety
/// `client` is NULL or live.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_wakeup_handle(client: *mut gb_client) -> isize {
    // SAFETY: as the caller promises.
    or(-1, || unsafe { borrow(client) }?.client.wakeup_handle())
}

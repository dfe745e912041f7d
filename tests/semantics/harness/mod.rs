//! The C functions behind safe Rust, as a careful C program would call them, and peers that misbehave.
//!
//! A [`Game`] watches two laws over every event that it polls, in whatever test: the grammar of a connection's life, and
//! one reply for each tag. So each test here is a test of those two as well.

mod gateway;
mod peer;
mod place;

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::ffi::{CStr, CString, c_char};
use std::ptr;
use std::time::{Duration, Instant};

use gamebridge::ffi::*;
use serde_json::Value;

pub use self::gateway::FakeGateway;
pub use self::peer::{FakeDiscord, Peer, frame};
pub use self::place::Folder;

/// How long a test waits for what must come. Never waited out by a test that passes.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// An event, taken out of the library's memory.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    pub kind: gb_event_type,
    pub conn: gb_conn,
    pub tag: u64,
    pub status: gb_status,
    pub flags: u32,
    pub name: String,
    /// The data's JSON; `None` when the event has none.
    pub json: Option<String>,
    pub code: i32,
    pub message: String,
    pub retry_after_ms: u32,
    pub peer: u32,
    pub seq: u64,
}

impl Seen {
    fn of(event: &gb_event) -> Seen {
        let json = (!event.data.is_null()).then(|| {
            // SAFETY: the data of an event that was just polled.
            unsafe { owned(gb_json(event.data, ptr::null_mut())) }
        });
        Seen {
            kind: event.r#type,
            conn: event.conn,
            tag: event.tag,
            status: event.status,
            flags: event.flags,
            // SAFETY: an event's texts are never NULL and end with a NUL.
            name: unsafe { owned(event.name) },
            json,
            code: event.code,
            // SAFETY: as above.
            message: unsafe { owned(event.message) },
            retry_after_ms: event.retry_after_ms,
            peer: event.peer,
            seq: event.seq,
        }
    }

    /// The data, parsed by somebody else's parser.
    pub fn data(&self) -> Value {
        serde_json::from_str(self.json.as_deref().unwrap_or("null")).expect("an event's data is JSON")
    }

    pub fn is(&self, kind: gb_event_type, conn: gb_conn) -> bool {
        self.kind == kind && self.conn == conn
    }
}

/// # Safety
/// `text` is NULL or ended by a NUL.
pub unsafe fn owned(text: *const c_char) -> String {
    assert!(!text.is_null(), "a text that is never NULL was NULL");
    // SAFETY: as the caller promises.
    unsafe { CStr::from_ptr(text) }.to_str().expect("texts are UTF-8").to_owned()
}

pub fn c(text: &str) -> CString {
    CString::new(text).expect("no NUL inside")
}

/// This thread's last failure.
pub fn last_error() -> String {
    // SAFETY: never NULL.
    unsafe { owned(gb_last_error()) }
}

/// Where a connection stands in `CONNECTED (RECONNECTING CONNECTED)* DISCONNECTED`.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Life {
    Begun,
    Connected,
    Reconnecting,
    Over,
}

/// A program that uses the library: one client, and what it has seen.
pub struct Game {
    client: *mut gb_client,
    /// Polled, and not yet asked for by [`Game::until`].
    waiting: RefCell<Vec<Seen>>,
    /// Of each connection, or of each of its shards.
    lives: RefCell<HashMap<(gb_conn, u32), Life>>,
    over: RefCell<HashSet<gb_conn>>,
    owed: RefCell<HashMap<(gb_conn, u64), u32>>,
    /// Whether replies are counted against sends made through this object.
    counts: Cell<bool>,
}

pub const DEFAULTS: gb_options =
    gb_options { size: size_of::<gb_options>() as u32, queue_bytes: 0, shutdown_ms: 0, log_level: 0 };

impl Default for Game {
    fn default() -> Self {
        Game::with(DEFAULTS)
    }
}

impl Game {
    pub fn new() -> Game {
        Game::default()
    }

    /// With every log line.
    pub fn loud() -> Game {
        Game::with(gb_options { log_level: GB_LOG_DEBUG, ..DEFAULTS })
    }

    pub fn with(options: gb_options) -> Game {
        let mut client = ptr::null_mut();
        // SAFETY: both live.
        let status = unsafe { gb_client_new(&options, &mut client) };
        assert_eq!(status, GB_OK, "{}", last_error());
        Game {
            client,
            waiting: RefCell::default(),
            lives: RefCell::default(),
            over: RefCell::default(),
            owed: RefCell::default(),
            counts: Cell::new(true),
        }
    }

    /// The client, for calls that this object does not wrap. Whoever sends through it says so first, since replies that
    /// nobody here has asked for are against the law.
    pub fn raw(&self) -> *mut gb_client {
        self.client
    }

    /// From here on replies are not counted.
    pub fn stop_counting(&self) {
        self.counts.set(false);
    }

    pub fn try_connect(&self, protocol: &str, params: &str) -> Result<gb_conn, (gb_status, String)> {
        let (protocol, params, mut conn) = (c(protocol), c(params), 0);
        // SAFETY: all live.
        match unsafe { gb_connect(self.client, protocol.as_ptr(), params.as_ptr(), &mut conn) } {
            GB_OK => Ok(conn),
            status => Err((status, last_error())),
        }
    }

    pub fn connect(&self, protocol: &str, params: &Value) -> gb_conn {
        self.try_connect(protocol, &params.to_string()).expect("gb_connect")
    }

    pub fn try_serve(&self, params: &str) -> Result<gb_conn, (gb_status, String)> {
        let (params, mut conn) = (c(params), 0);
        // SAFETY: all live.
        match unsafe { gb_serve(self.client, c"rpc".as_ptr(), params.as_ptr(), &mut conn) } {
            GB_OK => Ok(conn),
            status => Err((status, last_error())),
        }
    }

    pub fn serve(&self, params: &Value) -> gb_conn {
        self.try_serve(&params.to_string()).expect("gb_serve")
    }

    pub fn send(&self, conn: gb_conn, command: &str, args: &str, tag: u64) -> gb_status {
        let (command, args) = (c(command), c(args));
        // SAFETY: all live.
        let status = unsafe { gb_send(self.client, conn, command.as_ptr(), args.as_ptr(), tag) };
        self.sent(conn, tag, status)
    }

    /// A send with a time limit.
    pub fn send_within(&self, conn: gb_conn, command: &str, timeout_ms: u32, tag: u64) -> gb_status {
        let command = c(command);
        let request = gb_request { timeout_ms, command: command.as_ptr(), tag, ..NO_REQUEST };
        // SAFETY: all live.
        let status = unsafe { gb_send_request(self.client, conn, &request) };
        self.sent(conn, tag, status)
    }

    fn sent(&self, conn: gb_conn, tag: u64, status: gb_status) -> gb_status {
        if status == GB_OK && tag != 0 {
            *self.owed.borrow_mut().entry((conn, tag)).or_insert(0) += 1;
        }
        status
    }

    pub fn cancel(&self, conn: gb_conn, tag: u64) -> gb_status {
        // SAFETY: live.
        unsafe { gb_cancel(self.client, conn, tag) }
    }

    pub fn answer(&self, conn: gb_conn, request: u64, answer: gb_status) -> gb_status {
        // SAFETY: live.
        unsafe { gb_answer(self.client, conn, request, answer, ptr::null()) }
    }

    pub fn disconnect(&self, conn: gb_conn) -> gb_status {
        // SAFETY: live.
        unsafe { gb_disconnect(self.client, conn) }
    }

    pub fn wake(&self) {
        // SAFETY: live.
        unsafe { gb_wake(self.client) }
    }

    pub fn handle(&self) -> isize {
        // SAFETY: live.
        let handle = unsafe { gb_wakeup_handle(self.client) };
        assert!(handle >= 0, "{}", last_error());
        handle
    }

    /// One `gb_poll`.
    pub fn poll(&self) -> Option<Seen> {
        // SAFETY: live, and the event is read before the next poll.
        unsafe { gb_poll(self.client).as_ref() }.map(|event| self.note(event))
    }

    /// One `gb_wait`.
    pub fn wait(&self, timeout: Duration) -> Option<Seen> {
        let millis = i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX);
        // SAFETY: live, and the event is read before the next poll.
        unsafe { gb_wait(self.client, millis).as_ref() }.map(|event| self.note(event))
    }

    /// Everything that can be polled now.
    pub fn drain(&self) -> Vec<Seen> {
        let mut all: Vec<Seen> = self.waiting.borrow_mut().drain(..).collect();
        all.extend(std::iter::from_fn(|| self.poll()));
        all
    }

    /// Waits for an event; others that come meanwhile stay for a later call.
    pub fn until(&self, what: &str, is_it: impl Fn(&Seen) -> bool) -> Seen {
        self.within(PATIENCE, &is_it).unwrap_or_else(|| {
            panic!("{what}: did not come within {PATIENCE:?}; what came instead: {:#?}", self.waiting.borrow())
        })
    }

    /// As [`Game::until`], for what may not come.
    pub fn within(&self, patience: Duration, is_it: &dyn Fn(&Seen) -> bool) -> Option<Seen> {
        let found = self.waiting.borrow().iter().position(is_it);
        if let Some(found) = found {
            return Some(self.waiting.borrow_mut().remove(found));
        }
        let deadline = Instant::now() + patience;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.wait(left) {
                Some(seen) if is_it(&seen) => return Some(seen),
                Some(seen) => self.waiting.borrow_mut().push(seen),
                None if left.is_zero() => return None,
                None => {}
            }
        }
    }

    pub fn connected(&self, conn: gb_conn) -> Seen {
        self.until("CONNECTED", |seen| seen.is(GB_EVENT_CONNECTED, conn))
    }

    pub fn reconnecting(&self, conn: gb_conn) -> Seen {
        self.until("RECONNECTING", |seen| seen.is(GB_EVENT_RECONNECTING, conn))
    }

    pub fn disconnected(&self, conn: gb_conn) -> Seen {
        self.until("DISCONNECTED", |seen| seen.is(GB_EVENT_DISCONNECTED, conn))
    }

    pub fn reply(&self, conn: gb_conn, tag: u64) -> Seen {
        self.until("REPLY", |seen| seen.is(GB_EVENT_REPLY, conn) && seen.tag == tag)
    }

    pub fn dispatch(&self, conn: gb_conn, name: &str) -> Seen {
        self.until(name, |seen| seen.is(GB_EVENT_DISPATCH, conn) && seen.name == name)
    }

    pub fn log(&self, holds: &str) -> Seen {
        self.until(holds, |seen| seen.kind == GB_EVENT_LOG && seen.message.contains(holds))
    }

    /// Reads an event, and holds it against the laws.
    fn note(&self, event: &gb_event) -> Seen {
        let seen = Seen::of(event);
        assert!(!self.over.borrow().contains(&seen.conn), "an event after DISCONNECTED: {seen:?}");
        // What else is of a peer or a shard says nothing of its life.
        let own = matches!(seen.kind, GB_EVENT_CONNECTED | GB_EVENT_RECONNECTING);
        let whose = (seen.conn, if own { seen.peer } else { 0 });
        let life = self.lives.borrow().get(&whose).copied().unwrap_or(Life::Begun);
        let next = match (seen.kind, life) {
            (GB_EVENT_CONNECTED, Life::Begun | Life::Reconnecting) => Life::Connected,
            (GB_EVENT_RECONNECTING, Life::Connected) => Life::Reconnecting,
            (GB_EVENT_DISCONNECTED, _) => Life::Over,
            (GB_EVENT_CONNECTED | GB_EVENT_RECONNECTING, _) => panic!("out of order after {life:?}: {seen:?}"),
            (_, life) => life,
        };
        self.lives.borrow_mut().insert(whose, next);
        if next == Life::Over {
            self.over.borrow_mut().insert(seen.conn);
        }
        if self.counts.get() {
            let mut owed = self.owed.borrow_mut();
            if seen.kind == GB_EVENT_REPLY {
                let left = owed.get_mut(&(seen.conn, seen.tag)).filter(|left| **left > 0);
                *left.unwrap_or_else(|| panic!("a reply that nobody is owed: {seen:?}")) -= 1;
            }
            if next == Life::Over {
                let open: Vec<u64> = owed
                    .iter()
                    .filter(|((conn, _), left)| *conn == seen.conn && **left > 0)
                    .map(|((_, tag), _)| *tag)
                    .collect();
                assert!(open.is_empty(), "DISCONNECTED before the replies of the tags {open:?}");
            }
        }
        seen
    }
}

impl Drop for Game {
    fn drop(&mut self) {
        // SAFETY: made in `with`, freed once.
        unsafe { gb_client_free(self.client) };
    }
}

pub const NO_REQUEST: gb_request = gb_request {
    size: size_of::<gb_request>() as u32,
    timeout_ms: 0,
    command: ptr::null(),
    args: ptr::null(),
    args_len: 0,
    bytes: ptr::null(),
    bytes_len: 0,
    tag: 0,
};

/// A pointer that a test passes to another thread, because the header allows the call there.
pub struct Shared<T>(pub *mut T);

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Shared<T> {}

// SAFETY: what is called through it may be called from any thread.
unsafe impl<T> Send for Shared<T> {}
// SAFETY: as above.
unsafe impl<T> Sync for Shared<T> {}

impl<T> Shared<T> {
    pub fn get(&self) -> *mut T {
        self.0
    }
}

/// Runs one test of this binary in a process of its own, with these variables; gives its output and how it ended.
pub fn in_a_process_of_its_own(test: &str, variables: &[(&str, &str)]) -> std::process::Output {
    let program = std::env::current_exe().expect("this binary");
    std::process::Command::new(program)
        .args(["--exact", test, "--nocapture", "--test-threads=1", "--include-ignored"])
        .env_remove("GAMEBRIDGE_LOG")
        .env(CHILD, "1")
        .envs(variables.iter().copied())
        .output()
        .expect("this binary runs")
}

/// Set in such a process.
const CHILD: &str = "GAMEBRIDGE_TEST_CHILD";

/// Whether this is such a process.
pub fn is_child() -> bool {
    std::env::var_os(CHILD).is_some()
}

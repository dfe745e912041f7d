//! A program that uses the library, for tests that play one over real sockets: it keeps the events that come before they are
//! asked for.

use std::borrow::Borrow;
use std::cell::RefCell;
use std::time::{Duration, Instant};

use gamebridge::client::{Client, Options, Polled, Request};
use gamebridge::proto::error::Status;
use gamebridge::proto::event::{EventType, Flags};
use serde_json::Value;

/// How long a test waits for what must come. Never waited out by a test that passes.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The tag of [`Program::ask`].
const ASKED: u64 = 99;

/// An event, taken out of the library's memory.
#[derive(Clone, Debug)]
pub struct Seen {
    pub kind: EventType,
    pub conn: u32,
    pub tag: u64,
    pub status: Status,
    pub flags: Flags,
    pub code: i32,
    pub name: String,
    pub message: String,
    pub data: Value,
}

/// See the module.
pub struct Program {
    pub client: Client,
    waiting: RefCell<Vec<Seen>>,
}

impl Program {
    pub fn new(options: Options) -> Program {
        Program { client: Client::new(options).expect("a client"), waiting: RefCell::default() }
    }

    /// A connection that begins.
    pub fn connect(&self, protocol: &str, params: impl Borrow<Value>) -> u32 {
        self.client.connect(protocol, params.borrow().to_string().as_bytes()).expect("a connection")
    }

    /// One that is there.
    pub fn up(&self, protocol: &str, params: impl Borrow<Value>) -> u32 {
        let conn = self.connect(protocol, params);
        self.until("CONNECTED", |seen| seen.kind == EventType::Connected && seen.conn == conn);
        conn
    }

    /// A server, and where it is.
    pub fn serve(&self, service: &str, params: impl Borrow<Value>) -> (u32, Value) {
        let conn = self.client.serve(service, params.borrow().to_string().as_bytes()).expect("a server");
        let connected = self.until("CONNECTED", |seen| seen.kind == EventType::Connected && seen.conn == conn);
        (conn, connected.data)
    }

    pub fn send(&self, conn: u32, command: &str, args: impl Borrow<Value>, tag: u64, timeout: Option<Duration>) {
        let args = args.borrow().to_string();
        let request = Request { command, args: args.as_bytes(), tag, timeout, ..Request::default() };
        self.client.send(conn, &request).expect("it is taken");
    }

    /// A command and its reply.
    pub fn ask(&self, conn: u32, command: &str, args: impl Borrow<Value>) -> Seen {
        self.send(conn, command, args, ASKED, None);
        self.reply(conn, ASKED)
    }

    pub fn reply(&self, conn: u32, tag: u64) -> Seen {
        self.until("REPLY", |seen| seen.kind == EventType::Reply && seen.conn == conn && seen.tag == tag)
    }

    /// What is told under this name, and is no reply.
    pub fn event(&self, conn: u32, name: &str) -> Seen {
        self.until(name, |seen| seen.conn == conn && seen.name == name && seen.kind != EventType::Reply)
    }

    pub fn end(&self, conn: u32) {
        self.client.disconnect(conn).expect("it ends");
        self.until("DISCONNECTED", |seen| seen.kind == EventType::Disconnected && seen.conn == conn);
    }

    /// The first of the events that came and were not asked for.
    pub fn already(&self, is_it: impl Fn(&Seen) -> bool) -> Option<Seen> {
        let mut waiting = self.waiting.borrow_mut();
        let found = waiting.iter().position(is_it)?;
        Some(waiting.remove(found))
    }

    /// Waits for an event; others that come meanwhile stay for a later call.
    pub fn until(&self, what: &str, is_it: impl Fn(&Seen) -> bool) -> Seen {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = self.already(&is_it) {
                return found;
            }
            assert!(Instant::now() < deadline, "{what} did not come, but {:#?}", self.waiting.borrow());
            let left = deadline.saturating_duration_since(Instant::now());
            let seen = self.client.wait(Some(left), |polled| match polled {
                Some(Polled::Event(view)) => Some(Seen {
                    kind: view.fields.kind,
                    conn: view.fields.conn,
                    tag: view.fields.tag,
                    status: view.fields.status,
                    flags: view.fields.flags,
                    code: view.fields.code,
                    name: view.name.to_owned(),
                    message: view.message.to_owned(),
                    data: serde_json::from_slice(view.payload).unwrap_or(Value::Null),
                }),
                _ => None,
            });
            self.waiting.borrow_mut().extend(seen.expect("it waits"));
        }
    }
}

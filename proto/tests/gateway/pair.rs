//! A client and the clock that its test owns; the test plays the server.

pub use std::time::Duration;

pub use gamebridge_proto::command::Command;
pub use gamebridge_proto::error::{Error, Status};
pub use gamebridge_proto::event::{Event, EventType, Flags};
pub use gamebridge_proto::protocol::gateway::{Client, Closed, Config, Shards, Sink};
pub use gamebridge_proto::secret::Secret;
pub use gamebridge_proto::time::Instant;
use gamebridge_proto::wire::gateway::Intents;
pub use serde_json::{Value, json};

pub const SECOND: Duration = Duration::from_secs(1);
pub const INTERVAL: Duration = Duration::from_millis(41_250);
pub const READY: &str = r#"{"t":"READY","s":1,"op":0,"d":{"session_id":"abc"}}"#;
pub const ACK: &str = r#"{"t":null,"s":null,"op":11,"d":null}"#;

/// What the machine did.
#[derive(Clone, Debug, PartialEq)]
pub enum Did {
    Discover,
    Open(String),
    Send(Value),
    Close(u16),
    Event(Delivered),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Delivered {
    pub kind: EventType,
    pub name: String,
    pub payload: String,
    pub tag: u64,
    pub status: Status,
    pub flags: Flags,
    pub code: i32,
    pub message: String,
    pub retry_after_ms: u32,
    pub peer: u32,
    pub seq: u64,
}

#[derive(Default)]
pub struct Recorder(pub Vec<Did>, pub Vec<u8>);

impl Sink for Recorder {
    fn discover(&mut self) {
        self.0.push(Did::Discover);
    }
    fn keep(&mut self, budget: &[u8]) {
        self.1 = budget.to_vec();
    }
    fn open(&mut self, _line: u32, url: &str) {
        self.0.push(Did::Open(url.into()));
    }
    fn send(&mut self, _line: u32, text: &[u8]) {
        assert!(text.len() <= 4096, "the Gateway takes 4096 bytes");
        self.0.push(Did::Send(serde_json::from_slice(text).expect("messages are JSON")));
    }
    fn close(&mut self, _line: u32, code: u16, _reason: &str) {
        self.0.push(Did::Close(code));
    }
    fn event(&mut self, event: Event<'_>) {
        self.0.push(Did::Event(Delivered {
            kind: event.kind,
            name: event.name.into(),
            payload: String::from_utf8(event.payload.into()).expect("payloads are text"),
            tag: event.tag,
            status: event.status,
            flags: event.flags,
            code: event.code,
            message: event.message.into(),
            retry_after_ms: event.retry_after_ms,
            peer: event.peer,
            seq: event.seq,
        }));
    }
}

pub struct Pair {
    pub now: Instant,
    pub client: Client,
    pub out: Recorder,
}

pub fn config() -> Config {
    Config::new(Secret::new("canary-token"), Intents(513), 7)
}

pub fn hello() -> String {
    format!(r#"{{"t":null,"s":null,"op":10,"d":{{"heartbeat_interval":{}}}}}"#, INTERVAL.as_millis())
}

impl Pair {
    pub fn new(config: Config) -> Pair {
        let client = Client::new(config).expect("the configuration is valid");
        Pair { now: Instant::ZERO, client, out: Recorder::default() }
    }

    /// Connected and READY, with nothing left to look at.
    pub fn ready() -> Pair {
        let mut pair = Pair::new(config());
        pair.client.start(pair.now, &mut pair.out);
        pair.greet();
        pair.out.0.clear();
        pair
    }

    /// From an open that was asked for to READY.
    pub fn greet(&mut self) {
        self.client.handle_opened(self.now, 0, &mut self.out);
        self.frame(&hello());
        self.frame(READY);
    }

    /// From an open that was asked for to RESUMED.
    pub fn resume(&mut self) {
        self.client.handle_opened(self.now, 0, &mut self.out);
        self.frame(&hello());
        self.frame(r#"{"t":"RESUMED","s":2,"op":0,"d":{}}"#);
    }

    pub fn frame(&mut self, text: &str) {
        self.client.handle_frame(self.now, 0, text.as_bytes(), &mut self.out).expect("the message is well formed");
    }

    pub fn closed(&mut self, code: Option<u16>) {
        self.client.handle_closed(self.now, 0, Closed { code, ..Closed::default() }, &mut self.out);
    }

    pub fn command(&mut self, name: &str, args: &str, tag: u64) {
        let command =
            Command { name: name.into(), args: args.as_bytes().into(), tag, issued: self.now, ..Command::default() };
        self.client.handle_command(self.now, command, &mut self.out);
    }

    /// Advances the clock, stopping for every timeout, until `end` or until something was done.
    pub fn step(&mut self, end: Instant) {
        let mut stuck = 0;
        while self.out.0.is_empty() {
            match self.client.next_timeout() {
                Some(at) if at <= end => {
                    stuck = if at <= self.now { stuck + 1 } else { 0 };
                    assert!(stuck < 3, "a timeout that is over is asked for again: {:?}", self.client);
                    self.now = self.now.max(at);
                    self.client.handle_timeout(self.now, &mut self.out);
                }
                _ => {
                    self.now = end;
                    return;
                }
            }
        }
    }

    pub fn did(&mut self) -> Vec<Did> {
        std::mem::take(&mut self.out.0)
    }

    /// The next thing that is done, at the latest after `within`.
    pub fn next(&mut self, within: Duration) -> Option<Did> {
        self.step(self.now + within);
        if self.out.0.is_empty() { None } else { Some(self.out.0.remove(0)) }
    }

    /// Events delivered so far, without log lines; all else is forgotten.
    pub fn events(&mut self) -> Vec<Delivered> {
        let events = self.did().into_iter().filter_map(|did| match did {
            Did::Event(event) if event.kind != EventType::Log => Some(event),
            _ => None,
        });
        events.collect()
    }
}

pub fn event(did: Option<Did>) -> Delivered {
    match did {
        Some(Did::Event(event)) => event,
        other => panic!("an event expected: {other:?}"),
    }
}

//! A machine, everything that it did, and a hand on its clock. The peer is the test itself.

use std::time::Duration;

use gamebridge_proto::command::Command;
use gamebridge_proto::error::{Error, Status};
use gamebridge_proto::event::{Event, EventType, Flags};
use gamebridge_proto::protocol::rpc::{Accept, Client, Closed, Config, Sink, Via};
use gamebridge_proto::secret::Secret;
use gamebridge_proto::time::Instant;
use gamebridge_proto::wire::ipc::{Frame, Opcode};
use serde_json::{Value, json};

/// An event, kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    pub kind: EventType,
    pub name: String,
    pub payload: Value,
    pub tag: u64,
    pub status: Status,
    pub flags: Flags,
    pub code: i32,
    pub message: String,
    pub retry_after_ms: u32,
}

/// What the machine did.
#[derive(Default)]
pub struct Record {
    pub opens: Vec<usize>,
    pub frames: Vec<(Opcode, Vec<u8>)>,
    pub closes: usize,
    pub events: Vec<Told>,
}

impl Sink for Record {
    fn open(&mut self, skip: usize) {
        self.opens.push(skip);
    }
    fn send(&mut self, opcode: Opcode, payload: &[u8]) {
        self.frames.push((opcode, payload.to_vec()));
    }
    fn close(&mut self, _code: u16, _reason: &str) {
        self.closes += 1;
    }
    fn event(&mut self, event: Event<'_>) {
        let payload = match event.payload {
            [] => Value::Null,
            text => serde_json::from_slice(text).expect("payloads are JSON"),
        };
        assert!(!event.name.is_empty());
        self.events.push(Told {
            kind: event.kind,
            name: event.name.to_string(),
            payload,
            tag: event.tag,
            status: event.status,
            flags: event.flags,
            code: event.code,
            message: event.message.to_string(),
            retry_after_ms: event.retry_after_ms,
        });
    }
}

/// A command as it stood on the wire.
#[derive(Clone, Debug, PartialEq)]
pub struct Sent {
    pub cmd: String,
    pub nonce: String,
    pub evt: Option<String>,
    pub args: Value,
}

pub struct Rig {
    pub client: Client,
    pub record: Record,
    pub now: Instant,
}

pub fn config() -> Config {
    Config {
        client_id: "207646673902501888".into(),
        access_token: None,
        pid: 4242,
        seed: 7,
        retry: true,
        accept: Accept::Any,
    }
}

pub const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

pub fn ready_data() -> Value {
    json!({"v": 1, "config": {"cdn_host": "cdn"}, "user": {"id": "5", "username": "Mason"}})
}

impl Rig {
    /// A machine that has asked for its first candidate.
    pub fn new(config: Config) -> Rig {
        let mut rig = Rig { client: Client::new(config), record: Record::default(), now: Instant::from_nanos(1 << 40) };
        rig.client.start(rig.now, &mut rig.record);
        rig
    }

    /// A machine whose connection stands, over IPC, without a token; the record is empty.
    pub fn connected() -> Rig {
        let mut rig = Rig::new(config());
        rig.opened();
        rig.ready();
        rig.record = Record::default();
        rig
    }

    pub fn with_token(token: &str) -> Rig {
        Rig::new(Config { access_token: Some(Secret::new(token)), ..config() })
    }

    pub fn opened(&mut self) {
        self.client.handle_opened(self.now, Via::Ipc, "/run/discord-ipc-0", &mut self.record);
    }

    pub fn open_failed(&mut self) {
        let error = Error::new(Status::Io, "no socket was found");
        self.client.handle_open_failed(self.now, &error, &mut self.record);
    }

    pub fn frame(&mut self, message: Value) {
        self.raw(Opcode::Frame, message.to_string().as_bytes()).expect("the frame is good");
    }

    pub fn raw(&mut self, opcode: Opcode, payload: &[u8]) -> Result<(), Error> {
        self.client.handle_frame(self.now, Frame { opcode, payload }, &mut self.record)
    }

    pub fn ready(&mut self) {
        self.frame(json!({"cmd": "DISPATCH", "evt": "READY", "data": ready_data(), "nonce": null}));
    }

    pub fn reply(&mut self, to: &Sent, data: Value) {
        self.frame(json!({"cmd": to.cmd, "evt": null, "data": data, "nonce": to.nonce}));
    }

    pub fn refuse(&mut self, to: &Sent, code: i64, message: &str) {
        let data = json!({"code": code, "message": message});
        self.frame(json!({"cmd": to.cmd, "evt": "ERROR", "data": data, "nonce": to.nonce}));
    }

    pub fn closed(&mut self, code: Option<u16>, unwritten: usize) {
        self.client.handle_closed(self.now, Closed { code, reason: "", unwritten }, &mut self.record);
    }

    pub fn command(&mut self, name: &str, args: Value, tag: u64) {
        self.command_within(name, args, tag, None);
    }

    pub fn command_within(&mut self, name: &str, args: Value, tag: u64, timeout: Option<Duration>) {
        let args = args.to_string().into_bytes().into_boxed_slice();
        self.send(Command { name: name.into(), args, tag, timeout, issued: self.now, ..Command::default() });
    }

    pub fn send(&mut self, command: Command) {
        self.client.handle_command(self.now, command, &mut self.record);
    }

    pub fn cancel(&mut self, tag: u64) {
        self.client.handle_cancel(self.now, tag, &mut self.record);
    }

    pub fn disconnect(&mut self) {
        self.client.handle_disconnect(self.now, &mut self.record);
    }

    /// Turns the clock, waking the machine whenever it asked to be.
    pub fn advance(&mut self, by: Duration) {
        let end = self.now + by;
        let mut woken = 0;
        while let Some(next) = self.client.next_timeout().filter(|next| *next <= end) {
            self.now = self.now.max(next);
            self.client.handle_timeout(self.now, &mut self.record);
            woken += 1;
            assert!(woken < 100_000, "the machine asks to be woken again and again");
        }
        self.now = end;
    }

    /// The connection breaks, and another one stands.
    pub fn reconnect(&mut self, unwritten: usize) {
        self.closed(None, unwritten);
        self.advance(ms(60_000));
        self.opened();
        self.ready();
    }

    /// Commands that went out since the last call.
    pub fn sent(&mut self) -> Vec<Sent> {
        let frames = std::mem::take(&mut self.record.frames);
        frames.into_iter().filter(|(opcode, _)| *opcode == Opcode::Frame).map(|(_, text)| read(&text)).collect()
    }

    /// The one command that went out since the last call.
    pub fn sent_one(&mut self) -> Sent {
        let mut sent = self.sent();
        assert_eq!(sent.len(), 1, "{sent:?}");
        sent.remove(0)
    }

    /// Events since the last call, without the log.
    pub fn events(&mut self) -> Vec<Told> {
        let events = std::mem::take(&mut self.record.events);
        events.into_iter().filter(|event| event.kind != EventType::Log).collect()
    }

    /// The one event since the last call.
    pub fn event(&mut self) -> Told {
        let mut events = self.events();
        assert_eq!(events.len(), 1, "{events:?}");
        events.remove(0)
    }

    /// Log lines of this level since the last call to anything that takes events.
    pub fn log(&mut self, level: gamebridge_proto::event::LogLevel) -> Vec<String> {
        let events = std::mem::take(&mut self.record.events);
        let lines = events.into_iter().filter(|event| event.kind == EventType::Log && event.code == level as i32);
        lines.map(|event| event.message).collect()
    }
}

pub fn read(text: &[u8]) -> Sent {
    let value: Value = serde_json::from_slice(text).expect("what goes out is JSON");
    let members = value.as_object().expect("an object");
    assert!(members.keys().all(|name| ["cmd", "nonce", "evt", "args"].contains(&name.as_str())), "{value}");
    Sent {
        cmd: value["cmd"].as_str().expect("cmd").into(),
        nonce: value["nonce"].as_str().expect("nonce").into(),
        evt: value["evt"].as_str().map(str::to_string),
        args: value["args"].clone(),
    }
}

/// Kinds and names, for comparing a course of events.
pub fn names(events: &[Told]) -> Vec<&str> {
    events.iter().map(|event| event.name.as_str()).collect()
}

//! A door, a world and a clock, and a record of all that comes out.

use std::time::Duration;

use gamebridge_proto::command::Command;
use gamebridge_proto::error::{ProtocolError, Status};
use gamebridge_proto::event::{Event, EventType};
use gamebridge_proto::random::Random;
use gamebridge_proto::server::rpc::{Config, Door, Errand, HttpRequest, Sink, Via};
use gamebridge_proto::time::Instant;
use gamebridge_proto::wire::ipc::{Frame, Opcode};
use gamebridge_proto::world::{self, Entropy, World};
use serde_json::{Value, json};

pub const GAME: &str = "192741864418312192";
pub const ORIGIN: &str = "https://localhost";

struct Seeded(Random);

impl Entropy for Seeded {
    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.fill_with(|| self.0.next_u64() as u8);
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Out {
    Sent {
        peer: u32,
        opcode: Opcode,
        payload: Value,
    },
    Closed {
        peer: u32,
        code: u16,
        reason: String,
    },
    Event {
        kind: EventType,
        name: String,
        peer: u32,
        tag: u64,
        status: Status,
        code: i32,
        message: String,
        data: Value,
    },
}

/// All that came out, and what the account wants of its driver.
#[derive(Debug, Default)]
pub struct Record(pub Vec<Out>, pub Vec<Errand>);

impl Sink for Record {
    fn send(&mut self, peer: u32, opcode: Opcode, payload: &[u8]) {
        let payload = serde_json::from_slice(payload).unwrap_or_else(|error| {
            panic!("what is sent must be JSON ({error}): {}", String::from_utf8_lossy(payload))
        });
        self.0.push(Out::Sent { peer, opcode, payload });
    }

    fn close(&mut self, peer: u32, code: u16, reason: &str) {
        self.0.push(Out::Closed { peer, code, reason: reason.into() });
    }

    fn event(&mut self, event: Event<'_>) {
        let data = match event.payload {
            [] => Value::Null,
            payload => serde_json::from_slice(payload).expect("the payload of an event must be JSON"),
        };
        self.0.push(Out::Event {
            kind: event.kind,
            name: event.name.into(),
            peer: event.peer,
            tag: event.tag,
            status: event.status,
            code: event.code,
            message: event.message.into(),
            data,
        });
    }

    fn errand(&mut self, errand: Errand) {
        self.1.push(errand);
    }
}

pub struct House {
    pub door: Door,
    pub world: World,
    pub now: Instant,
    pub record: Record,
    tag: u64,
}

impl Default for House {
    fn default() -> Self {
        House::new(Config::default())
    }
}

impl House {
    pub fn new(config: Config) -> Self {
        House::of(config, world::Config::default())
    }

    pub fn of(config: Config, world: world::Config) -> Self {
        let world = World::new(world, Seeded(Random::new(1))).unwrap();
        House { door: Door::new(config), world, now: Instant::ZERO, record: Record::default(), tag: 0 }
    }

    /// All that came out since the last call.
    pub fn out(&mut self) -> Vec<Out> {
        std::mem::take(&mut self.record.0)
    }

    /// What was sent to this peer since the last call of anything that takes; the rest is forgotten.
    pub fn sent(&mut self, to: u32) -> Vec<Value> {
        let sent = self.out().into_iter().filter_map(|out| match out {
            Out::Sent { peer, payload, .. } if peer == to => Some(payload),
            _ => None,
        });
        sent.collect()
    }

    /// The host's events since then: name, peer, data.
    pub fn events(&mut self) -> Vec<(String, u32, Value)> {
        let events = self.out().into_iter().filter_map(|out| match out {
            Out::Event { name, peer, data, .. } => Some((name, peer, data)),
            _ => None,
        });
        events.collect()
    }

    /// The close since then.
    pub fn closed(&mut self) -> Option<(u32, u16)> {
        self.out().into_iter().find_map(|out| match out {
            Out::Closed { peer, code, .. } => Some((peer, code)),
            _ => None,
        })
    }

    pub fn connect(&mut self, peer: u32, via: Via<'_>) {
        self.door.handle_connect(self.now, peer, via, &mut self.world, &mut self.record);
    }

    pub fn frame(&mut self, peer: u32, opcode: Opcode, payload: &[u8]) -> Result<(), ProtocolError> {
        let frame = Frame { opcode, payload };
        self.door.handle_frame(self.now, peer, frame, &mut self.world, &mut self.record)
    }

    pub fn gone(&mut self, peer: u32) {
        self.door.handle_gone(self.now, peer, &mut self.world, &mut self.record);
    }

    /// A peer over IPC that is in; its READY is forgotten.
    pub fn ipc(&mut self, peer: u32) {
        self.connect(peer, Via::Ipc);
        let hello = json!({"v": 1, "client_id": GAME}).to_string();
        self.frame(peer, Opcode::Handshake, hello.as_bytes()).unwrap();
        assert_eq!(self.sent(peer)[0]["evt"], "READY");
    }

    /// A peer over WebSocket that is in; its READY is forgotten.
    pub fn websocket(&mut self, peer: u32) {
        let query = format!("v=1&client_id={GAME}&encoding=json");
        self.connect(peer, Via::WebSocket { query: &query, origin: Some(ORIGIN) });
        assert_eq!(self.sent(peer)[0]["evt"], "READY");
    }

    /// Sends a message and forgets nothing.
    pub fn say(&mut self, peer: u32, message: &Value) {
        self.frame(peer, Opcode::Frame, message.to_string().as_bytes()).unwrap();
    }

    /// Sends a command; what came back to this peer, which must be one reply with this nonce.
    pub fn ask(&mut self, peer: u32, message: Value) -> Value {
        self.out();
        let mut message = message;
        message["nonce"] = json!("the nonce");
        self.say(peer, &message);
        let mut sent: Vec<Value> = Vec::new();
        for out in &self.record.0 {
            if let Out::Sent { peer: to, payload, .. } = out
                && *to == peer
                && payload["nonce"] == "the nonce"
            {
                sent.push(payload.clone());
            }
        }
        assert_eq!(sent.len(), 1, "{message} got {sent:?}");
        sent.remove(0)
    }

    /// Sends a command and expects success; the reply's data.
    pub fn done(&mut self, peer: u32, message: Value) -> Value {
        let reply = self.ask(peer, message);
        assert_eq!(reply["evt"], Value::Null, "{reply}");
        reply["data"].clone()
    }

    /// Sends a command and expects an ERROR; its code and sentence.
    pub fn refused(&mut self, peer: u32, message: Value) -> (i64, String) {
        let reply = self.ask(peer, message);
        assert_eq!(reply["evt"], "ERROR", "{reply}");
        (reply["data"]["code"].as_i64().unwrap(), reply["data"]["message"].as_str().unwrap().into())
    }

    /// AUTHORIZE, exchange and AUTHENTICATE with these scopes; the access token.
    pub fn authenticate(&mut self, peer: u32, scopes: &[&str]) -> String {
        let code = self.done(peer, authorize(scopes))["code"].clone();
        let token = self.host("TOKEN_EXCHANGE", json!({"code": code, "client_id": GAME}));
        let token = token["access_token"].as_str().unwrap().to_owned();
        self.done(peer, authenticate(&token));
        token
    }

    /// A command of the host that must succeed; its reply.
    pub fn host(&mut self, name: &str, args: Value) -> Value {
        match self.try_host(name, args.to_string().as_bytes()) {
            Ok(data) => data,
            Err((status, message)) => panic!("{name} failed: {status}: {message}"),
        }
    }

    /// A command of the host; what else came out stays in the record.
    pub fn try_host(&mut self, name: &str, args: &[u8]) -> Result<Value, (Status, String)> {
        self.tag += 1;
        let command = Command { name: name.into(), args: args.into(), tag: self.tag, ..Command::default() };
        self.door.handle_command(self.now, command, &mut self.world, &mut self.record);
        let at = self.record.0.iter().position(|out| matches!(out, Out::Event { kind: EventType::Reply, .. }));
        let Out::Event { name: of, tag, status, message, data, .. } = self.record.0.remove(at.expect("a REPLY")) else {
            unreachable!("the position is that of an event")
        };
        assert_eq!((of.as_str(), tag), (name, self.tag));
        if status == Status::Ok { Ok(data) } else { Err((status, message)) }
    }

    pub fn answer(&mut self, request: u64, status: Status) -> Result<(), gamebridge_proto::error::Error> {
        self.door.handle_answer(self.now, request, status, b"", &mut self.world, &mut self.record)
    }

    /// Lets time pass, waking the door as often as it asks for.
    pub fn wait(&mut self, duration: Duration) {
        let until = self.now + duration;
        while let Some(next) = self.door.next_timeout().filter(|next| *next <= until) {
            self.now = next.max(self.now);
            self.door.handle_timeout(self.now, &mut self.world, &mut self.record);
            assert!(self.door.next_timeout() > Some(next) || self.door.next_timeout().is_none(), "no busy waking");
        }
        self.now = until;
    }

    pub fn post(&mut self, target: &str, form: &str) -> (u16, Value) {
        self.request(HttpRequest {
            method: "POST",
            target,
            content_type: Some("application/x-www-form-urlencoded"),
            origin: None,
            authorization: None,
            body: form.as_bytes(),
        })
    }

    pub fn request(&mut self, request: HttpRequest<'_>) -> (u16, Value) {
        let response = self.door.handle_http(self.now, request, &mut self.world, &mut self.record);
        let json = response.headers.iter().find(|(name, _)| *name == "content-type").map(|(_, value)| *value);
        assert_eq!(json.is_some(), !response.body.is_empty(), "{response:?}");
        assert!(json.is_none_or(|value| value == "application/json"));
        (response.status, serde_json::from_slice(&response.body).unwrap_or(Value::Null))
    }
}

pub fn authorize(scopes: &[&str]) -> Value {
    json!({"cmd": "AUTHORIZE", "args": {"client_id": GAME, "scopes": scopes}})
}

pub fn authenticate(token: &str) -> Value {
    json!({"cmd": "AUTHENTICATE", "args": {"access_token": token}})
}

pub fn subscribe(event: &str) -> Value {
    json!({"cmd": "SUBSCRIBE", "evt": event, "args": {}})
}

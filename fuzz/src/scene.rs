//! A server with something in it, and two peers: one who behaves, and one whose bytes are the fuzzer's.

use gamebridge_proto::command::Command;
use gamebridge_proto::error::{ProtocolError, Status};
use gamebridge_proto::event::{Event, EventType};
use gamebridge_proto::random::Random;
use gamebridge_proto::server::rpc::{Config, Door, Sink, Via};
use gamebridge_proto::time::Instant;
use gamebridge_proto::wire::ipc::{Frame, Opcode};
use gamebridge_proto::world::{self, Entropy, World};
use serde_json::{Value, json};

/// The application of both.
pub const CLIENT: &str = "1234";
/// Where a WebSocket of that application may come from.
pub const ORIGIN: &str = "https://localhost";
/// The one who behaves.
const GOOD: u32 = 1;
/// The other.
pub const PEER: u32 = 2;

struct Seeded(Random);

impl Entropy for Seeded {
    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.fill_with(|| self.0.next_u64() as u8);
    }
}

/// What came of a step.
#[derive(Default)]
struct Record {
    sent: Vec<(u32, Opcode, Vec<u8>)>,
    closed: Vec<(u32, u16, String)>,
    replied: Option<(Status, Value)>,
}

impl Sink for Record {
    fn send(&mut self, peer: u32, opcode: Opcode, payload: &[u8]) {
        self.sent.push((peer, opcode, payload.to_vec()));
    }

    fn close(&mut self, peer: u32, code: u16, reason: &str) {
        self.closed.push((peer, code, reason.to_owned()));
    }

    fn event(&mut self, event: Event<'_>) {
        let data = match event.payload {
            [] => Value::Null,
            payload => serde_json::from_slice(payload).expect("an event's payload is JSON"),
        };
        if event.kind == EventType::Reply {
            self.replied = Some((event.status, data));
        }
    }
}

/// See the module.
pub struct Scene {
    door: Door,
    world: World,
    record: Record,
    now: Instant,
    /// The access token of the one who behaves.
    token: String,
    /// What the other was told last, in words.
    pub story: String,
    greeted: bool,
}

impl Scene {
    /// The same every time.
    pub fn new() -> Scene {
        let world = World::new(world::Config::default(), Seeded(Random::new(1))).expect("a world");
        let (door, record) = (Door::new(Config::default()), Record::default());
        let mut scene = Scene {
            door,
            world,
            record,
            now: Instant::ZERO,
            token: String::new(),
            story: String::new(),
            greeted: false,
        };
        scene.host("APPLICATION_REGISTER", &json!({"id": CLIENT, "name": "Game", "secret": "canary-secret"}));
        scene.host("USER_CREATE", &json!({"username": "ada"}));
        scene.host("GUILD_CREATE", &json!({"name": "the guild"}));
        scene.connect(GOOD, Via::Ipc);
        scene
            .frame(GOOD, Opcode::Handshake, json!({"v": 1, "client_id": CLIENT}).to_string().as_bytes())
            .expect("let in");
        let scopes = ["rpc", "identify", "rpc.notifications.read"];
        let code = scene.ask(&json!({"cmd": "AUTHORIZE", "args": {"client_id": CLIENT, "scopes": scopes}}));
        let exchange = json!({"client_id": CLIENT, "client_secret": "canary-secret", "code": code["code"]});
        let token = scene.host("TOKEN_EXCHANGE", &exchange);
        scene.token = token["access_token"].as_str().expect("a token").to_owned();
        let authenticate = json!({"cmd": "AUTHENTICATE", "args": {"access_token": scene.token}});
        scene.ask(&authenticate);
        scene.ask(&json!({"cmd": "SUBSCRIBE", "evt": "ACTIVITY_JOIN", "args": {}}));
        scene.ask(&json!({"cmd": "SET_ACTIVITY", "args": {"pid": 1, "activity": {"state": "In menu"}}}));
        scene
    }

    /// The access token of the peer who behaves: a peer who steals it is in.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The other peer comes.
    pub fn arrive(&mut self, via: Via<'_>) {
        self.connect(PEER, via);
        self.note();
    }

    /// A frame of the other peer; false when it is out.
    pub fn say(&mut self, opcode: Opcode, payload: &[u8]) -> bool {
        // The transport keeps a CLOSE for itself.
        let said = if opcode == Opcode::Close { Ok(()) } else { self.frame(PEER, opcode, payload) };
        self.note();
        let closed = self.record.closed.iter().any(|(peer, ..)| *peer == PEER);
        if let Err(error) = &said {
            self.story.push_str(&error.message);
        }
        said.is_ok() && !closed && opcode != Opcode::Close
    }

    /// What was sent to the other peer is well formed, and holds nobody's secret.
    fn note(&mut self) {
        assert!(self.record.closed.iter().all(|(peer, ..)| *peer == PEER), "somebody else was closed");
        for (peer, opcode, payload) in self.record.sent.drain(..) {
            if peer != PEER || opcode != Opcode::Frame {
                assert!(peer != PEER || opcode == Opcode::Pong, "a server sends frames and PONGs");
                continue;
            }
            let message: Value = serde_json::from_slice(&payload).expect("what is sent is JSON");
            assert!(message["cmd"].is_string(), "{message}");
            let is_ready = message["evt"] == "READY";
            assert_eq!(is_ready, !std::mem::replace(&mut self.greeted, true), "READY is the first, and comes once");
            self.story.clear();
            let text = String::from_utf8_lossy(&payload);
            assert!(!text.contains("canary-secret"), "{text}");
            for part in [&message["cmd"], &message["evt"], &message["data"]["code"], &message["data"]["message"]] {
                self.story.push_str(part.as_str().unwrap_or_default());
                self.story.push_str(&part.as_u64().map_or_else(String::new, |code| "#".repeat(code as usize % 97)));
            }
        }
        for (_, code, reason) in &self.record.closed {
            assert!(!reason.contains("canary") && !reason.contains(&self.token));
            self.story.push_str(&format!("{}{reason}", "!".repeat(usize::from(*code % 97))));
        }
    }

    /// The end: the other peer goes, and the first one is served as before.
    pub fn end(mut self) -> String {
        let silent = self.ask(&json!({"cmd": "SET_ACTIVITY", "args": {"pid": 1, "activity": {"state": "Still here"}}}));
        assert_eq!(silent["state"], "Still here");
        self.door.handle_timeout(self.now, &mut self.world, &mut self.record);
        self.door.handle_gone(self.now, PEER, &mut self.world, &mut self.record);
        let state = self.host("STATE", &json!({}));
        let peers: Vec<u64> = state["peers"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default()
            .iter()
            .filter_map(|peer| peer["peer"].as_u64())
            .collect();
        assert_eq!(peers, [u64::from(GOOD)], "{state}");
        assert_eq!(state["activities"].as_array().map(Vec::len), Some(1), "{state}");
        self.story
    }

    fn connect(&mut self, peer: u32, via: Via<'_>) {
        self.door.handle_connect(self.now, peer, via, &mut self.world, &mut self.record);
    }

    fn frame(&mut self, peer: u32, opcode: Opcode, payload: &[u8]) -> Result<(), ProtocolError> {
        self.door.handle_frame(self.now, peer, Frame { opcode, payload }, &mut self.world, &mut self.record)
    }

    /// A command of the peer who behaves; the reply's data.
    fn ask(&mut self, command: &Value) -> Value {
        let mut command = command.clone();
        command["nonce"] = json!("asked by the good one");
        self.record.sent.clear();
        self.frame(GOOD, Opcode::Frame, command.to_string().as_bytes()).expect("well framed");
        let replies = self.record.sent.iter().filter(|(peer, ..)| *peer == GOOD);
        let mut replies = replies.filter_map(|(.., payload)| serde_json::from_slice::<Value>(payload).ok());
        let reply = replies.find(|reply| reply["nonce"] == command["nonce"]).expect("a reply");
        assert_eq!(reply["evt"], Value::Null, "{reply}");
        reply["data"].clone()
    }

    /// A command of the host.
    fn host(&mut self, name: &str, args: &Value) -> Value {
        let command =
            Command { name: name.into(), args: args.to_string().into_bytes().into(), tag: 1, ..Command::default() };
        self.door.handle_command(self.now, command, &mut self.world, &mut self.record);
        let (status, data) = self.record.replied.take().expect("a reply");
        assert_eq!(status, Status::Ok, "{name}");
        data
    }
}

impl Default for Scene {
    fn default() -> Self {
        Scene::new()
    }
}

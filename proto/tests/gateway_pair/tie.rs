//! A client tied to a door: what one says the other hears, when the test lets it through.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use gamebridge_proto::command::Command;
use gamebridge_proto::error::{Error, Status};
use gamebridge_proto::event::{Event, EventType, Flags};
use gamebridge_proto::protocol::gateway::{Client, Closed, Config, Sink};
use gamebridge_proto::secret::Secret;
use gamebridge_proto::time::Instant;
use gamebridge_proto::wire::gateway::Intents;
use serde_json::Value;

use crate::house::{ALL, House, TOKEN};

pub fn config() -> Config {
    let token = Secret::new(TOKEN);
    Config { url: Some("ws://127.0.0.1:1".into()), ..Config::new(token, Intents(ALL), 7) }
}

/// What the program was told, but for dispatches.
#[derive(Clone, Debug)]
pub struct Told {
    pub kind: EventType,
    pub status: Status,
    pub code: i32,
    pub flags: Flags,
}

#[derive(Debug)]
enum Did {
    Open(u32, String),
    Send(u32, Vec<u8>),
    Close(u32, u16),
}

#[derive(Default)]
struct Out {
    did: VecDeque<Did>,
    contents: Vec<String>,
    names: BTreeMap<String, usize>,
    events: Vec<Told>,
}

impl Sink for Out {
    fn discover(&mut self) {
        unreachable!("the address is given");
    }
    fn open(&mut self, line: u32, url: &str) {
        self.did.push_back(Did::Open(line, url.to_owned()));
    }
    fn send(&mut self, line: u32, text: &[u8]) {
        self.did.push_back(Did::Send(line, text.to_vec()));
    }
    fn close(&mut self, line: u32, code: u16, _reason: &str) {
        self.did.push_back(Did::Close(line, code));
    }
    fn keep(&mut self, _budget: &[u8]) {}
    fn event(&mut self, event: Event<'_>) {
        if event.kind == EventType::Dispatch {
            *self.names.entry(event.name.to_owned()).or_default() += 1;
            if event.name == "MESSAGE_CREATE" {
                let data: Value = serde_json::from_slice(event.payload).expect("JSON");
                self.contents.push(data["content"].as_str().expect("a text").to_owned());
            }
        } else if event.kind != EventType::Log {
            let Event { kind, status, code, flags, .. } = event;
            self.events.push(Told { kind, status, code, flags });
        }
    }
}

/// See the module.
pub struct Tie {
    pub house: House,
    pub client: Client,
    out: Out,
    /// The messages that the program was told, and its lifecycle.
    pub contents: Vec<String>,
    pub events: Vec<Told>,
    /// When IDENTIFYs went out.
    pub identifies: Vec<Instant>,
    /// Nobody listens.
    pub refuses: bool,
    /// The door's peer of each line.
    peers: BTreeMap<u32, u32>,
}

impl Tie {
    pub fn new(config: Config) -> Tie {
        Tie::over(House::default(), config)
    }

    pub fn over(house: House, config: Config) -> Tie {
        let mut tie = Tie {
            house,
            client: Client::new(config).expect("it is valid"),
            out: Out::default(),
            contents: Vec::new(),
            events: Vec::new(),
            identifies: Vec::new(),
            refuses: false,
            peers: BTreeMap::new(),
        };
        tie.client.start(tie.house.now, &mut tie.out);
        tie.carry_out();
        tie
    }

    /// Ready, and all that comes with it told.
    pub fn ready() -> Tie {
        let mut tie = Tie::new(config());
        tie.run(Duration::from_secs(1));
        assert!(tie.was_ready());
        tie
    }

    pub fn was_ready(&self) -> bool {
        self.events.iter().any(|event| event.kind == EventType::Connected)
    }

    /// What the client wants is done.
    fn carry_out(&mut self) {
        while let Some(did) = self.out.did.pop_front() {
            let now = self.house.now;
            match did {
                Did::Open(line, _) if self.refuses => {
                    let error = Error::new(Status::Io, "nobody listens");
                    self.client.handle_open_failed(now, line, &error, &mut self.out);
                }
                Did::Open(line, url) => {
                    let query = url.split_once('?').expect("a query").1;
                    let peer = self.house.connect(query);
                    self.peers.insert(line, peer);
                    self.client.handle_opened(now, line, &mut self.out);
                }
                Did::Send(line, text) => {
                    let message: Value = serde_json::from_slice(&text).expect("JSON");
                    if message["op"] == 2 {
                        self.identifies.push(now);
                    }
                    if let Some(peer) = self.peers.get(&line) {
                        self.house.say_text(*peer, &text);
                    }
                }
                Did::Close(line, code) => {
                    if let Some(peer) = self.peers.remove(&line) {
                        self.house.gone(peer, Some(code));
                    }
                }
            }
        }
        self.contents.append(&mut self.out.contents);
        self.events.append(&mut self.out.events);
    }

    /// One message, or a close, of a connection that has one; whether there was any.
    pub fn deliver_one(&mut self) -> bool {
        let lines: Vec<(u32, u32)> = self.peers.iter().map(|(line, peer)| (*line, *peer)).collect();
        for (line, peer) in lines {
            let now = self.house.now;
            let waiting = self.house.line(peer);
            if !waiting.said.is_empty() {
                let text = waiting.said.remove(0).to_string();
                self.client.handle_frame(now, line, text.as_bytes(), &mut self.out).expect("well formed");
                self.carry_out();
                return true;
            }
            if let Some((code, reason)) = waiting.closed.clone() {
                self.peers.remove(&line);
                self.house.gone(peer, Some(code));
                let closed = Closed { code: Some(code), reason: &reason, status: Status::Closed };
                self.client.handle_closed(now, line, closed, &mut self.out);
                self.carry_out();
                return true;
            }
        }
        false
    }

    /// The connection breaks, and what was on its way with it.
    pub fn kill(&mut self, line: u32) {
        if let Some(peer) = self.peers.remove(&line) {
            self.house.gone(peer, None);
            self.client.handle_closed(self.house.now, line, Closed::default(), &mut self.out);
            self.carry_out();
        }
    }

    /// How many dispatches of this name the program was told.
    pub fn count(&self, name: &str) -> usize {
        self.out.names.get(name).copied().unwrap_or_default()
    }

    pub fn command(&mut self, name: &str, args: &Value) {
        let args = args.to_string().into_bytes().into();
        let command = Command { name: name.into(), args, issued: self.house.now, ..Command::default() };
        self.client.handle_command(self.house.now, command, &mut self.out);
        self.carry_out();
    }

    /// Time passes, with what comes due on both sides; nothing is delivered.
    pub fn pass(&mut self, time: Duration) {
        let end = self.house.now + time;
        loop {
            let next = self.client.next_timeout().filter(|at| *at <= end);
            let until = next.map_or(end, |at| at.max(self.house.now));
            self.house.pass(until - self.house.now);
            if next.is_none() {
                return;
            }
            self.client.handle_timeout(self.house.now, &mut self.out);
            self.carry_out();
        }
    }

    /// Time passes, and everything is delivered.
    pub fn run(&mut self, time: Duration) {
        let end = self.house.now + time;
        loop {
            while self.deliver_one() {}
            let own = self.client.next_timeout();
            let Some(next) = [own, self.house.door.next_timeout()].into_iter().flatten().min().filter(|at| *at <= end)
            else {
                break;
            };
            self.pass(next.since(self.house.now));
        }
        self.pass(end.since(self.house.now));
        while self.deliver_one() {}
    }
}

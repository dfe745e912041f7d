//! A server on a virtual clock, with a recording beside it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use gamebridge_proto::command::Command;
use gamebridge_proto::error::Status;
use gamebridge_proto::event::Event;
use gamebridge_proto::record::door::Input;
use gamebridge_proto::record::{Output, Recording, Setup, Tapped, Track, Witness};
use gamebridge_proto::server::gateway::{self, Fault};
use gamebridge_proto::server::rpc::{self as server, Door, HttpRequest, Via};
use gamebridge_proto::server::sandbox::{self, Sandbox, Way};
use gamebridge_proto::time::Instant;
use gamebridge_proto::wire::ipc::{Frame, Opcode};
use gamebridge_proto::world::{self, Entropy, World};
use serde_json::Value;

/// What came out, for the test to go on with.
#[derive(Default)]
pub struct Seen {
    pub sent: Vec<(u32, Value)>,
    pub closed: Vec<(u32, u16)>,
    pub events: Vec<(String, u64, Value)>,
    pub responses: Vec<Value>,
    pub faults: Vec<Fault>,
}

impl Seen {
    fn sends(&mut self, peer: u32, payload: &[u8]) {
        self.sent.push((peer, serde_json::from_slice(payload).unwrap_or(Value::Null)));
    }

    fn tells(&mut self, event: Event<'_>) {
        let data = serde_json::from_slice(event.payload).unwrap_or(Value::Null);
        self.events.push((event.name.to_owned(), event.tag, data));
    }
}

impl server::Sink for Seen {
    fn send(&mut self, peer: u32, _: Opcode, payload: &[u8]) {
        self.sends(peer, payload);
    }
    fn close(&mut self, peer: u32, code: u16, _: &str) {
        self.closed.push((peer, code));
    }
    fn event(&mut self, event: Event<'_>) {
        self.tells(event);
    }
}

impl gateway::Sink for Seen {
    fn send(&mut self, peer: u32, payload: &[u8]) {
        self.sends(peer, payload);
    }
    fn compress(&mut self, _: u32) {}
    fn fault(&mut self, _: u32, fault: Fault) {
        self.faults.push(fault);
    }
    fn close(&mut self, peer: u32, code: u16, _: &str) {
        self.closed.push((peer, code));
    }
    fn event(&mut self, event: Event<'_>) {
        self.tells(event);
    }
}

struct Scribe<'a> {
    recording: &'a mut Recording,
    track: &'a mut Track,
    responses: &'a mut Vec<Value>,
}

impl Witness for Scribe<'_> {
    fn saw(&mut self, output: &Output<'_>) {
        self.recording.output(self.track, output);
        if let Output::Response(response) = output {
            self.responses.push(serde_json::from_slice(&response.body).unwrap_or(Value::Null));
        }
    }
}

/// Every draw another one, clones' included, and none that looks like a stand-in.
#[derive(Clone)]
struct Counting(Arc<AtomicU8>);

impl Entropy for Counting {
    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            *byte = self.0.load(Ordering::Relaxed).wrapping_mul(5).wrapping_add(17);
            self.0.store(*byte, Ordering::Relaxed);
        }
    }
}

pub struct Studio {
    pub recording: Recording,
    track: Option<Track>,
    door: Door,
    world: World,
    sandbox: Option<Sandbox>,
    pub now: Instant,
    pub seen: Seen,
}

impl Studio {
    pub fn new(config: server::Config) -> Studio {
        Studio::with(config, Recording::new("a test", u64::MAX))
    }

    pub fn with(config: server::Config, recording: Recording) -> Studio {
        Studio::open(config, None, recording)
    }

    pub fn sandbox(config: sandbox::Config) -> Studio {
        Studio::open(server::Config::default(), Some(config), Recording::new("a test", u64::MAX))
    }

    fn open(config: server::Config, further: Option<sandbox::Config>, mut recording: Recording) -> Studio {
        let now = Instant::from_nanos(5_000_000_000);
        let settings = world::Config::default();
        let mut track = recording.begin(now, Setup::Server(&config, &settings, further.as_ref()));
        let entropy = track.overhear(Counting(Arc::new(AtomicU8::new(1))));
        let world = World::new(settings, entropy.clone()).expect("a guest");
        let sandbox = further.map(|config| Sandbox::new(config, entropy));
        Studio { recording, track: Some(track), door: Door::new(config), world, sandbox, now, seen: Seen::default() }
    }

    pub fn tell(&mut self, input: Input<'_>) {
        let deadline = self.deadline();
        let Studio { recording, track, door, world, sandbox, now, seen } = self;
        let track = track.as_mut().expect("it goes on");
        recording.door(track, *now, &input);
        let mut out = Seen::default();
        let scribe = &mut Scribe { recording, track, responses: &mut seen.responses };
        let is_timeout = matches!(input, Input::Timeout);
        input.feed(*now, door, world, sandbox.as_mut(), &mut Tapped::new(&mut out, Some(scribe)));
        seen.sent.extend(out.sent);
        seen.closed.extend(out.closed);
        seen.events.extend(out.events);
        seen.faults.extend(out.faults);
        let next = self.deadline();
        assert!(!is_timeout || next != deadline, "a deadline that passed is gone");
        self.recording.timer(self.track.as_mut().expect("it goes on"), next);
    }

    fn deadline(&self) -> Option<Instant> {
        let further = self.sandbox.as_ref().and_then(Sandbox::next_timeout);
        self.door.next_timeout().into_iter().chain(further).min()
    }

    /// A peer over IPC that shook hands.
    pub fn peer(&mut self, peer: u32) {
        self.tell(Input::Connect { peer, via: Via::Ipc });
        let payload = br#"{"v":1,"client_id":"1234"}"#;
        self.tell(Input::Frame { peer, frame: Frame { opcode: Opcode::Handshake, payload } });
    }

    pub fn frame(&mut self, peer: u32, text: &str) {
        self.tell(Input::Frame { peer, frame: Frame { opcode: Opcode::Frame, payload: text.as_bytes() } });
    }

    /// A peer comes by one of a sandbox's further doors.
    pub fn enter(&mut self, peer: u32, way: Way<'_>) {
        self.tell(Input::Enter { peer, way });
    }

    /// A command that is carried out; its reply.
    pub fn host(&mut self, name: &str, args: Value) -> Value {
        self.command(name, &args.to_string());
        let (replied, tag, data) = self.seen.events.last().expect("a reply").clone();
        assert!(replied == name && tag == 7 && !data.is_null(), "{name}: {replied}");
        data
    }

    pub fn command(&mut self, name: &str, args: &str) {
        let command =
            Command { name: name.into(), args: args.as_bytes().into(), tag: 7, issued: self.now, ..Command::default() };
        self.tell(Input::Command(&command));
    }

    pub fn answer(&mut self, status: Status) {
        let request = self.seen.events.iter().rev().find(|(name, ..)| name == "AUTHORIZE").expect("a request").1;
        self.tell(Input::Answer { request, status, json: b"" });
    }

    pub fn post(&mut self, target: &str, authorization: Option<&str>, body: &str) {
        self.tell(Input::Http(request(target, authorization, body)));
    }

    /// Lets time pass; the door's deadlines come meanwhile.
    pub fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(at) = self.deadline().filter(|at| *at <= until) {
            self.now = self.now.max(at);
            self.tell(Input::Timeout);
        }
        self.now = until;
    }

    /// The last frame to a peer.
    pub fn last(&self, peer: u32) -> &Value {
        &self.seen.sent.iter().rev().find(|(to, _)| *to == peer).expect("a frame").1
    }

    /// The whole file.
    pub fn finish(mut self) -> String {
        let mut track = self.track.take().expect("it goes on");
        self.recording.end(&mut track, self.now);
        String::from_utf8(self.recording.take()).expect("text")
    }
}

pub fn request<'a>(target: &'a str, authorization: Option<&'a str>, body: &'a str) -> HttpRequest<'a> {
    let content_type = if body.starts_with('{') { "application/json" } else { "application/x-www-form-urlencoded" };
    HttpRequest {
        method: "POST",
        target,
        content_type: Some(content_type),
        origin: None,
        authorization,
        body: body.as_bytes(),
    }
}

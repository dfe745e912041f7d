use std::time::Duration;

use gamebridge_proto::event::Event;
use gamebridge_proto::random::Random;
use gamebridge_proto::secret::Secret;
use gamebridge_proto::server::gateway::{Config, Door, Fault, Limits, Sink};
use gamebridge_proto::time::Instant;
use gamebridge_proto::wire::ipc::Opcode;
use gamebridge_proto::world::{
    self, Change, Changes, ChannelKind, Entropy, NewBot, NewChannel, NewGuild, Operation, World,
};
use serde_json::{Value, json};

use super::peer::{encoding, walk};
use crate::run::saw;

/// What the bot of the fuzzer shows.
pub const TOKEN: &str = "the-fuzzers-token";
/// What the one beside it shows.
const OTHER: &str = "the-canary-token";
/// The one who behaves.
const GOOD: u32 = 1;
/// The other.
const PEER: u32 = 2;

struct Seeded(Random);

impl Entropy for Seeded {
    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.fill_with(|| self.0.next_u64() as u8);
    }
}

#[derive(Default)]
struct Record {
    sent: Vec<(u32, Value)>,
    closed: Vec<(u32, u16)>,
}

impl Sink for Record {
    fn send(&mut self, peer: u32, payload: &[u8]) {
        let text = String::from_utf8_lossy(payload);
        assert!(!text.contains(OTHER), "a secret: {text}");
        self.sent.push((peer, serde_json::from_slice(payload).expect("what is sent is JSON")));
    }
    fn compress(&mut self, peer: u32) {
        assert_eq!(peer, PEER, "nobody else asked for it");
    }
    fn fault(&mut self, _: u32, _: Fault) {
        panic!("nobody wants anything to go wrong");
    }
    fn close(&mut self, peer: u32, code: u16, reason: &str) {
        assert!((4000..=4014).contains(&code) && !reason.is_empty(), "{code} {reason}");
        self.closed.push((peer, code));
    }
    fn event(&mut self, event: Event<'_>) {
        let text = String::from_utf8_lossy(event.payload);
        assert!(!text.contains(OTHER) && !text.contains(TOKEN) && !event.message.contains(TOKEN), "a secret: {text}");
    }
}

/// A sandbox's Gateway with two bots.
struct Harbour {
    door: Door,
    world: World,
    record: Record,
    now: Instant,
    /// The number of the other's last dispatch.
    seq: u64,
    story: String,
}

impl Harbour {
    fn new() -> Harbour {
        let mut world = World::new(world::Config::default(), Seeded(Random::new(1))).expect("a world");
        let now = Instant::ZERO;
        for (application, token) in [(7, TOKEN), (8, OTHER)] {
            let token = Some(Secret::new(token));
            let new = NewBot { application: application.into(), username: None, token, refused_intents: 2 };
            world.apply(now, Operation::CreateBot(new)).expect("a bot");
        }
        let members = world.bots().map(|bot| bot.user).collect();
        let made = world
            .apply(now, Operation::CreateGuild(NewGuild { name: "Harbour".into(), members, ..NewGuild::default() }));
        let guild = made.expect("a guild").into_iter().find_map(|change| match change {
            Change::GuildCreated(id) => Some(id),
            _ => None,
        });
        for kind in [ChannelKind::GuildText, ChannelKind::GuildVoice] {
            let new = NewChannel::in_guild(kind, guild.expect("it was made"), "quay");
            world.apply(now, Operation::CreateChannel(new)).expect("a channel");
        }
        let limits = Limits { identify_every: Duration::ZERO, ..Limits::default() };
        let door = Door::new(Config { limits, ..Config::default() }, Seeded(Random::new(2)));
        let mut harbour = Harbour { door, world, record: Record::default(), now, seq: 0, story: String::new() };
        harbour.door.handle_connect(now, GOOD, "v=10", &mut harbour.record);
        let d = json!({"token": OTHER, "properties": {}, "intents": 1});
        harbour.say(GOOD, json!({"op": 2, "d": d}).to_string().as_bytes());
        harbour
    }

    fn say(&mut self, peer: u32, payload: &[u8]) -> bool {
        let mut changes: Vec<Changes> = Vec::new();
        self.door.handle_payload(self.now, peer, payload, &mut self.world, &mut changes, &mut self.record);
        for changes in &changes {
            self.door.handle_changes(self.now, changes, &self.world, &mut self.record);
        }
        self.note();
        !self.record.closed.iter().any(|(closed, _)| *closed == peer)
    }

    /// What was sent is well formed and numbered without a gap.
    fn note(&mut self) {
        for (peer, said) in self.record.sent.drain(..) {
            assert!(said["op"].is_u64() && said.get("d").is_some(), "{said}");
            assert_eq!(said["op"] == 0, said["t"].is_string() && said["s"].is_u64(), "{said}");
            if peer == PEER && said["op"] == 0 {
                self.seq += 1;
                assert_eq!(said["s"], self.seq, "{said}");
                self.story.push_str(said["t"].as_str().unwrap_or_default());
            }
        }
        assert!(self.record.closed.iter().all(|(peer, _)| *peer == PEER), "somebody else was closed");
        for (_, code) in &self.record.closed {
            self.story.push_str(&"!".repeat(usize::from(code % 97)));
        }
    }
}

/// Whatever a client sends to the Gateway of a sandbox: what it gets back is well formed, numbered without a gap and holds
/// nobody's secret, and the client beside it is served as before.
///
/// As [`super::websocket_peer`]; bits of the first byte say which version.
pub fn gateway_peer(data: &[u8]) {
    let [how, ..] = data else { return };
    let mut harbour = Harbour::new();
    let version = [3, 5, 6, 7, 8, 9, 10, 10][usize::from(how >> 1 & 7)];
    let query = format!("v={version}&encoding={}", encoding(*how).as_str());
    harbour.door.handle_connect(harbour.now, PEER, &query, &mut harbour.record);
    harbour.note();
    walk(data, &mut |opcode, payload| opcode != Opcode::Frame || harbour.say(PEER, payload));
    harbour.door.handle_gone(harbour.now, PEER, None, &mut harbour.world, &mut Vec::new(), &mut harbour.record);
    // The one beside it: alive, and after its day's work nothing is left.
    harbour.record.closed.clear();
    assert!(harbour.say(GOOD, br#"{"op":1,"d":1}"#));
    harbour.now = harbour.now + Duration::from_secs(600);
    let Harbour { door, world, record, now, story, .. } = &mut harbour;
    door.handle_timeout(*now, world, &mut Vec::new(), record);
    assert_eq!(door.next_timeout(), None, "nobody is left");
    saw(std::mem::take(story), 0);
}

use std::collections::BTreeMap;
use std::time::Duration;

use gamebridge_proto::command::Command;
use gamebridge_proto::error::{Error, Status};
use gamebridge_proto::event::{Event, EventType};
use gamebridge_proto::protocol::Closed;
use gamebridge_proto::protocol::dmod::{Client, Config, Sink};
use gamebridge_proto::random::Random;
use gamebridge_proto::secret::Secret;
use gamebridge_proto::server::dmod as server;
use gamebridge_proto::time::Instant;
use gamebridge_proto::world::{self, Change, Entropy, NewGuild, NewUser, Operation, UserId, World};
use serde_json::{Value, json};

use crate::run::saw;

/// What the fuzzer shows, as a client's own token and as a user at the door.
pub const TOKEN: &str = "the-fuzzers-token-hash";
/// What nobody may see.
const OTHER: &str = "the-canary-token-hash";
/// The one who behaves.
const GOOD: u32 = 1;
/// The other.
const PEER: u32 = 2;

/// What a client did.
#[derive(Default)]
struct Tape {
    replies: BTreeMap<u64, usize>,
    opened: bool,
    story: String,
    last: Option<EventType>,
}

impl Sink for Tape {
    fn open(&mut self, _: &str) {
        self.opened = true;
    }
    fn send(&mut self, text: &[u8]) {
        assert!(text.len() <= 4096, "a server takes 4096 bytes");
        let said: Value = serde_json::from_slice(text).expect("what is sent is JSON");
        assert!(matches!(said["op"].as_u64(), Some(1 | 4 | 6 | 7)), "{said}");
        self.story.push_str(said["cmd"].as_str().unwrap_or("."));
    }
    fn close(&mut self, _: u16, _: &str) {
        self.opened = false;
    }
    fn event(&mut self, event: Event<'_>) {
        assert!(!event.message.contains(OTHER), "a secret: {}", event.message);
        assert!(!event.name.is_empty() && self.last != Some(EventType::Disconnected));
        if event.kind == EventType::Reply {
            *self.replies.entry(event.tag).or_default() += 1;
        }
        self.last = Some(event.kind);
        self.story.push_str(event.name);
    }
}

/// Whatever a server says to a client of dmod's, in whatever order with the program's commands, breaks and time: every command
/// is answered once, what is sent is well formed, the life of the connection is as it must be, and no secret is told.
///
/// A line is a message; one that begins with 1 to 6 is a command (`NAME args`), the next deadline, a close with the code of
/// two bytes, an opening, an opening that failed, the program's taking back of a command.
pub fn dmod(data: &[u8]) {
    let config = Config::new("ws://127.0.0.1:1", Some(Secret::new(OTHER)), 7);
    let mut client = Client::new(config).expect("it is valid");
    let (mut now, mut out, mut tags) = (Instant::ZERO, Tape::default(), 0u64);
    client.start(now, &mut out);
    for line in data.split(|byte| *byte == b'\n').take(400) {
        let (first, rest) = line.split_first().map_or((0, line), |(first, rest)| (*first, rest));
        match first {
            1 => {
                let (name, args) = rest.split_at(rest.iter().position(|byte| *byte == b' ').unwrap_or(rest.len()));
                tags += 1;
                let command = Command {
                    name: String::from_utf8_lossy(name).into(),
                    args: args.into(),
                    tag: tags,
                    issued: now,
                    ..Command::default()
                };
                client.handle_command(now, command, &mut out);
            }
            2 => {
                now = client.next_timeout().map_or(now, |at| at.max(now));
                client.handle_timeout(now, &mut out);
                assert!(client.next_timeout().is_none_or(|at| at > now), "a deadline that passed is gone: {client:?}");
            }
            3 => {
                let code = rest.first_chunk().map(|code| u16::from_be_bytes(*code));
                let unwritten = usize::from(rest.get(2).copied().unwrap_or(0));
                client.handle_closed(now, Closed { code, reason: "", unwritten }, Status::Closed, &mut out);
            }
            4 => client.handle_opened(now, &mut out),
            5 => {
                let error = Error::protocol("nobody");
                client.handle_open_failed(now, &error, &mut out);
            }
            6 => client.handle_cancel(now, u64::from(rest.first().copied().unwrap_or(0)), &mut out),
            _ => {
                if client.handle_frame(now, line, &mut out).is_err() {
                    client.handle_closed(now, Closed::default(), Status::Protocol, &mut out);
                }
            }
        }
    }
    client.handle_disconnect(now, &mut out);
    assert!(client.is_finished() && client.next_timeout().is_none());
    assert_eq!(out.last, Some(EventType::Disconnected));
    assert_eq!(out.replies, (1..=tags).map(|tag| (tag, 1)).collect(), "every command is answered once");
    saw(out.story, 0);
}

struct Seeded(Random);

impl Entropy for Seeded {
    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.fill_with(|| self.0.next_u64() as u8);
    }
}

#[derive(Default)]
struct Record {
    said: Vec<(u32, Value)>,
    closed: Vec<u32>,
    story: String,
}

impl server::Sink for Record {
    fn send(&mut self, peer: u32, payload: &[u8]) {
        let text = String::from_utf8_lossy(payload);
        assert!(!text.contains(OTHER) && !text.contains(TOKEN), "a secret: {text}");
        let said: Value = serde_json::from_slice(payload).expect("what is sent is JSON");
        self.story.push_str(said["ev"].as_str().or(said["d"]["for"].as_str()).unwrap_or("."));
        self.said.push((peer, said));
    }
    fn garbage(&mut self, _: u32) {
        panic!("nobody wants anything to go wrong");
    }
    fn drop_peer(&mut self, _: u32) {
        panic!("nobody wants anything to go wrong");
    }
    fn close(&mut self, peer: u32, code: u16, reason: &str) {
        assert!((4000..=4009).contains(&code) && !reason.is_empty(), "{code} {reason}");
        self.story.push_str(&"!".repeat(usize::from(code % 97)));
        self.closed.push(peer);
    }
    fn event(&mut self, event: Event<'_>) {
        let text = String::from_utf8_lossy(event.payload);
        assert!(!text.contains(OTHER) && !text.contains(TOKEN) && !event.message.contains(TOKEN), "a secret: {text}");
    }
}

/// Whatever a client says to the dmod door: what it gets back is well formed and holds nobody's secret, and the client beside
/// it is served as before. A line is a message.
pub fn dmod_peer(data: &[u8]) {
    let mut world = World::new(world::Config::default(), Seeded(Random::new(1))).expect("a world");
    let mut now = Instant::ZERO;
    let mut users = Vec::new();
    for name in ["ada", "bob"] {
        let made = world.apply(now, Operation::CreateUser(NewUser::named(name))).expect("a user");
        users.extend(
            made.into_iter().find_map(|change| if let Change::UserCreated(id) = change { Some(id) } else { None }),
        );
    }
    let new = NewGuild { name: "Harbour".into(), members: users.clone(), ..NewGuild::default() };
    let made = world.apply(now, Operation::CreateGuild(new)).expect("a guild");
    let guild = made.into_iter().find_map(|change| if let Change::GuildCreated(id) = change { Some(id) } else { None });
    let guild = guild.expect("it was made");
    let mut door = server::Door::new(server::Limits::default(), Seeded(Random::new(2)));
    let mut record = Record::default();
    let mut host = |door: &mut server::Door, name: &str, args: Value| {
        let args = args.to_string().into_bytes().into();
        let command = Command { name: name.into(), args, ..Command::default() };
        door.handle_command(now, &command, &world, &mut record);
    };
    for (user, token) in users.iter().map(UserId::to_string).zip([TOKEN, OTHER]) {
        host(&mut door, "DMOD_USER", json!({"user_id": user, "token": token, "hash": token}));
    }
    host(&mut door, "DMOD_GUILD", json!({"guild_id": guild.to_string(), "token": "the-harbours-token"}));
    door.handle_connect(now, GOOD, &mut record);
    let good = json!({"op": 1, "d": {"token": OTHER, "uid": null}}).to_string();
    door.handle_payload(now, GOOD, good.as_bytes(), &world, &mut record);
    door.handle_connect(now, PEER, &mut record);
    for line in data.split(|byte| *byte == b'\n').take(300) {
        match line {
            // Time passes, and what comes due is done; the one who behaves answers.
            [2] => {
                now = door.next_timeout().map_or(now, |at| at.max(now));
                door.handle_timeout(now, &mut record);
                door.handle_payload(now, GOOD, br#"{"op":4}"#, &world, &mut record);
            }
            // Somebody comes or goes.
            [3] => {
                let user = world.local_user().id;
                let operation = match world.member(guild, user) {
                    Some(_) => Operation::LeaveGuild { guild, user: users[0] },
                    None => Operation::JoinGuild { guild, user },
                };
                if let Ok(changes) = world.apply(now, operation) {
                    door.handle_changes(now, &changes, &world, &mut record);
                }
            }
            text => door.handle_payload(now, PEER, text, &world, &mut record),
        }
        for (_, said) in record.said.drain(..) {
            assert!(matches!(said["op"].as_u64(), Some(0 | 2 | 3 | 5 | 7)), "{said}");
        }
        assert!(record.closed.iter().all(|closed| *closed == PEER), "somebody else was closed");
    }
    door.handle_gone(PEER, None, &mut record);
    record.said.clear();
    let ask = br#"{"op":6,"cmd":"CONNECT_GUILD","d":{"token":"the-harbours-token","gid":"1"}}"#;
    door.handle_payload(now, GOOD, ask, &world, &mut record);
    assert_eq!(record.said[0].1["d"]["data"]["success"], false, "served as before");
    now = now + Duration::from_secs(60);
    door.handle_timeout(now, &mut record);
    now = now + Duration::from_secs(60);
    door.handle_timeout(now, &mut record);
    assert_eq!(door.next_timeout(), None, "nobody is left");
    saw(std::mem::take(&mut record.story), 0);
}

//! A door over a world, with everything it says written down.

use std::collections::BTreeMap;
use std::time::Duration;

use gamebridge_proto::command::Command;
use gamebridge_proto::error::Status;
use gamebridge_proto::event::{Event, EventType};
use gamebridge_proto::random::Random;
use gamebridge_proto::server::gateway::{Config, Door, Fault, Limits, Sink};
use gamebridge_proto::time::Instant;
use gamebridge_proto::world::{
    self, Application, Change, ChannelId, ChannelKind, Entropy, GuildId, NewBot, NewChannel, NewGuild, NewMessage,
    NewUser, Operation, UserId, World,
};
use serde_json::{Value, json};

pub const FERRY: u64 = 192_741_864_418_312_192;
pub const TOKEN: &str = "the-token-of-the-ferry";
/// Every intent there is.
pub const ALL: u64 = 0b11_0011_0001_1111_1111_1111_1111;

struct Seeded(Random);

impl Entropy for Seeded {
    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.fill_with(|| self.0.next_u64() as u8);
    }
}

/// What one connection got.
#[derive(Default, Debug)]
pub struct Line {
    pub said: Vec<Value>,
    /// The same, as it was written.
    pub texts: Vec<String>,
    pub closed: Option<(u16, String)>,
    pub compressed: bool,
    pub faults: Vec<Fault>,
}

#[derive(Default)]
pub struct Out {
    pub lines: BTreeMap<u32, Line>,
    pub events: Vec<(String, u32, i32, Value)>,
    pub log: Vec<String>,
    replies: Vec<(Status, String, Value)>,
}

impl Sink for Out {
    fn send(&mut self, peer: u32, payload: &[u8]) {
        let said = serde_json::from_slice(payload).unwrap_or_else(|error| {
            panic!("{error}: {}", String::from_utf8_lossy(payload));
        });
        let line = self.lines.entry(peer).or_default();
        line.said.push(said);
        line.texts.push(String::from_utf8(payload.into()).expect("payloads are text"));
    }

    fn compress(&mut self, peer: u32) {
        self.lines.entry(peer).or_default().compressed = true;
    }

    fn fault(&mut self, peer: u32, fault: Fault) {
        self.lines.entry(peer).or_default().faults.push(fault);
    }

    fn close(&mut self, peer: u32, code: u16, reason: &str) {
        let line = self.lines.entry(peer).or_default();
        assert_eq!(line.closed, None, "closed once");
        line.closed = Some((code, reason.to_owned()));
    }

    fn event(&mut self, event: Event<'_>) {
        let data = serde_json::from_slice(event.payload).unwrap_or(Value::Null);
        match event.kind {
            EventType::Log => self.log.push(event.message.to_owned()),
            EventType::Reply => self.replies.push((event.status, event.message.to_owned(), data)),
            _ => self.events.push((event.name.to_owned(), event.peer, event.code, data)),
        }
    }
}

/// A harbour: a guild with a text and a voice channel, Ada in it, and the bot of the Ferry.
pub struct House {
    pub door: Door,
    pub world: World,
    pub now: Instant,
    pub out: Out,
    pub bot: UserId,
    pub ada: UserId,
    pub guild: GuildId,
    pub quay: ChannelId,
    pub bridge: ChannelId,
    peers: u32,
}

impl Default for House {
    fn default() -> Self {
        // Tests begin sessions and ask for members faster than a bot may; `time` has those that don't.
        House::with(Limits { identify_every: Duration::ZERO, members_every: Duration::ZERO, ..Limits::default() })
    }
}

impl House {
    pub fn with(limits: Limits) -> House {
        let world = World::new(world::Config::default(), Seeded(Random::new(1))).unwrap();
        let config = Config { url: "ws://127.0.0.1:1".into(), limits };
        let mut house = House {
            door: Door::new(config, Seeded(Random::new(2))),
            world,
            now: Instant::ZERO,
            out: Out::default(),
            bot: UserId::from(0),
            ada: UserId::from(0),
            guild: GuildId::from(0),
            quay: ChannelId::from(0),
            bridge: ChannelId::from(0),
            peers: 0,
        };
        house.ada = house.user("ada");
        house.guild = house.new_guild("Harbour");
        house.quay = house.channel(ChannelKind::GuildText, "quay");
        house.bridge = house.channel(ChannelKind::GuildVoice, "Bridge");
        let ferry = Application { name: "Ferry".into(), ..Application::unregistered(FERRY.into()) };
        house.apply(Operation::RegisterApplication(ferry));
        let secret = gamebridge_proto::secret::Secret::new(TOKEN);
        let new = NewBot { application: FERRY.into(), username: None, token: Some(secret), refused_intents: 0 };
        house.apply(Operation::CreateBot(new));
        house.bot = house.world.bot(FERRY.into()).unwrap().user;
        let (guild, user) = (house.guild, house.bot);
        house.apply(Operation::JoinGuild { guild, user });
        house
    }

    pub fn user(&mut self, name: &str) -> UserId {
        let changes = self.apply(Operation::CreateUser(NewUser::named(name)));
        changes.iter().find_map(|change| if let Change::UserCreated(id) = change { Some(*id) } else { None }).unwrap()
    }

    pub fn new_guild(&mut self, name: &str) -> GuildId {
        // Ids that were made in one millisecond are of one shard.
        self.now = self.now + Duration::from_millis(1);
        let new = NewGuild { name: name.into(), members: vec![self.ada], ..NewGuild::default() };
        let changes = self.apply(Operation::CreateGuild(new));
        changes.iter().find_map(|change| if let Change::GuildCreated(id) = change { Some(*id) } else { None }).unwrap()
    }

    pub fn channel(&mut self, kind: ChannelKind, name: &str) -> ChannelId {
        let changes = self.apply(Operation::CreateChannel(NewChannel::in_guild(kind, self.guild, name)));
        changes
            .iter()
            .find_map(|change| if let Change::ChannelCreated(id) = change { Some(*id) } else { None })
            .unwrap()
    }

    /// Something happens at another door.
    pub fn apply(&mut self, operation: Operation) -> Vec<Change> {
        let changes = self.world.apply(self.now, operation).unwrap_or_else(|error| panic!("{error}"));
        self.door.handle_changes(self.now, &changes, &self.world, &mut self.out);
        changes.into_iter().collect()
    }

    pub fn post(&mut self, content: &str) {
        self.apply(Operation::PostMessage(NewMessage::text(self.quay, self.ada, content)));
    }

    /// Somebody connects with this query.
    pub fn connect(&mut self, query: &str) -> u32 {
        self.peers += 1;
        self.door.handle_connect(self.now, self.peers, query, &mut self.out);
        self.peers
    }

    pub fn say(&mut self, peer: u32, payload: Value) {
        self.say_text(peer, payload.to_string().as_bytes());
    }

    pub fn say_text(&mut self, peer: u32, payload: &[u8]) {
        let mut changes = Vec::new();
        self.door.handle_payload(self.now, peer, payload, &mut self.world, &mut changes, &mut self.out);
        for changes in changes {
            self.door.handle_changes(self.now, &changes, &self.world, &mut self.out);
        }
    }

    pub fn gone(&mut self, peer: u32, code: Option<u16>) {
        let mut changes = Vec::new();
        self.door.handle_gone(self.now, peer, code, &mut self.world, &mut changes, &mut self.out);
    }

    /// Time passes, with everything that comes due.
    pub fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(due) = self.door.next_timeout().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            let before = self.door.next_timeout();
            self.door.handle_timeout(self.now, &mut self.world, &mut Vec::new(), &mut self.out);
            assert_ne!(self.door.next_timeout(), before, "a deadline that passed is gone");
        }
        self.now = end;
    }

    pub fn line(&mut self, peer: u32) -> &mut Line {
        self.out.lines.entry(peer).or_default()
    }

    /// What was said since it was asked last.
    pub fn said(&mut self, peer: u32) -> Vec<Value> {
        std::mem::take(&mut self.line(peer).said)
    }

    /// The names of the dispatches since it was asked last.
    pub fn names(&mut self, peer: u32) -> Vec<String> {
        self.said(peer).iter().filter_map(|said| said["t"].as_str().map(str::to_owned)).collect()
    }

    pub fn closed(&mut self, peer: u32) -> Option<u16> {
        self.line(peer).closed.as_ref().map(|(code, _)| *code)
    }

    /// A client of version 10 with these intents, past its READY; what it was told is READY's data.
    pub fn bot_with(&mut self, intents: u64) -> (u32, Value) {
        let peer = self.connect("v=10&encoding=json");
        self.say(peer, identify(json!({"intents": intents})));
        assert_eq!(self.closed(peer), None);
        let said = self.said(peer);
        let ready = said.iter().find(|said| said["t"] == "READY").expect("READY");
        (peer, ready["d"].clone())
    }

    /// A command of the host's.
    pub fn host(&mut self, name: &str, args: Value) -> Result<Value, String> {
        let command =
            Command { name: name.into(), args: args.to_string().into_bytes().into(), tag: 7, ..Command::default() };
        let mut changes = Vec::new();
        self.door.handle_command(self.now, &command, &mut self.world, &mut changes, &mut self.out);
        let (status, message, data) = self.out.replies.pop().expect("a reply");
        if status == Status::Ok { Ok(data) } else { Err(message) }
    }
}

/// IDENTIFY with these members besides the usual ones; null takes one away.
pub fn identify(more: Value) -> Value {
    let mut d = json!({"token": TOKEN, "properties": {"os": "linux", "browser": "x", "device": "x"}, "intents": ALL});
    for (name, value) in more.as_object().unwrap() {
        d[name] = value.clone();
    }
    json!({"op": 2, "d": d})
}

pub fn resume(session: &Value, seq: u64) -> Value {
    json!({"op": 6, "d": {"token": TOKEN, "session_id": session["session_id"], "seq": seq}})
}

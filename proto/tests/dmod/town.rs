//! A door over a world, a client machine, and the two joined by a wire that the test may cut.

use std::collections::{BTreeMap, VecDeque};
pub use std::time::Duration;

pub use gamebridge_proto::command::Command;
pub use gamebridge_proto::error::{Error, Status};
pub use gamebridge_proto::event::{Event, EventType, Flags};
pub use gamebridge_proto::protocol::Closed;
pub use gamebridge_proto::protocol::dmod::{self as client, Client, Config};
use gamebridge_proto::random::Random;
pub use gamebridge_proto::secret::Secret;
pub use gamebridge_proto::server::dmod::{self as server, Door, Limits};
pub use gamebridge_proto::time::Instant;
pub use gamebridge_proto::world::{
    self, Change, Entropy, GuildEdit, GuildId, MemberEdit, NewGuild, NewRole, NewUser, Operation, Permissions,
    RoleEdit, RoleId, UserId, World,
};
pub use serde_json::{Value, json};

pub const SECOND: Duration = Duration::from_secs(1);
pub const URL: &str = "ws://127.0.0.1:1/dmod";
pub const ADA_TOKEN: &str = "token-hash-of-ada";
pub const ADA_HASH: &str = "gateway-hash-of-ada";
pub const HARBOUR_TOKEN: &str = "token-of-the-harbour";
pub const QUAY_TOKEN: &str = "token-of-the-quay";
pub const GLOBAL: &str = "global-token-hash";

struct Seeded(Random);

impl Entropy for Seeded {
    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.fill_with(|| self.0.next_u64() as u8);
    }
}

/// An event, as a program gets it.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivered {
    pub kind: EventType,
    pub name: String,
    pub data: Value,
    pub tag: u64,
    pub status: Status,
    pub flags: Flags,
    pub code: i32,
    pub message: String,
    pub retry_after_ms: u32,
    pub peer: u32,
}

impl Delivered {
    fn of(event: Event<'_>) -> Delivered {
        Delivered {
            kind: event.kind,
            name: event.name.into(),
            data: serde_json::from_slice(event.payload).unwrap_or(Value::Null),
            tag: event.tag,
            status: event.status,
            flags: event.flags,
            code: event.code,
            message: event.message.into(),
            retry_after_ms: event.retry_after_ms,
            peer: event.peer,
        }
    }
}

/// What the client machine did.
#[derive(Clone, Debug, PartialEq)]
pub enum Did {
    Open(String),
    Send(Value),
    Close(u16),
    Event(Delivered),
}

#[derive(Default)]
pub struct Recorder(pub Vec<Did>);

impl client::Sink for Recorder {
    fn open(&mut self, url: &str) {
        self.0.push(Did::Open(url.into()));
    }
    fn send(&mut self, text: &[u8]) {
        assert!(text.len() <= 4096, "a server takes 4096 bytes");
        self.0.push(Did::Send(serde_json::from_slice(text).expect("messages are JSON")));
    }
    fn close(&mut self, code: u16, _reason: &str) {
        self.0.push(Did::Close(code));
    }
    fn event(&mut self, event: Event<'_>) {
        self.0.push(Did::Event(Delivered::of(event)));
    }
}

/// What one connection got of the door.
#[derive(Default, Debug)]
pub struct Line {
    pub said: VecDeque<Value>,
    pub closed: Option<(u16, String)>,
    pub garbage: usize,
    pub dropped: bool,
}

#[derive(Default)]
pub struct Out {
    pub lines: BTreeMap<u32, Line>,
    pub events: Vec<Delivered>,
    pub log: Vec<String>,
}

impl server::Sink for Out {
    fn send(&mut self, peer: u32, payload: &[u8]) {
        let said = serde_json::from_slice(payload).expect("messages are JSON");
        self.lines.entry(peer).or_default().said.push_back(said);
    }
    fn garbage(&mut self, peer: u32) {
        self.lines.entry(peer).or_default().garbage += 1;
    }
    fn drop_peer(&mut self, peer: u32) {
        self.lines.entry(peer).or_default().dropped = true;
    }
    fn close(&mut self, peer: u32, code: u16, reason: &str) {
        let line = self.lines.entry(peer).or_default();
        assert_eq!(line.closed, None, "closed once");
        line.closed = Some((code, reason.to_owned()));
    }
    fn event(&mut self, event: Event<'_>) {
        match event.kind {
            EventType::Log => self.log.push(event.message.to_owned()),
            _ => self.events.push(Delivered::of(event)),
        }
    }
}

/// Ada's two guilds, the harbour and the quay, both applications of dmod; Bob is in neither.
pub struct Town {
    pub now: Instant,
    pub world: World,
    pub door: Door,
    pub out: Out,
    pub ada: UserId,
    pub bob: UserId,
    pub harbour: GuildId,
    pub quay: GuildId,
    /// A role that Ada has in the harbour.
    pub pilots: RoleId,
    peers: u32,
}

impl Default for Town {
    fn default() -> Self {
        Town::with(Limits::default())
    }
}

impl Town {
    pub fn with(limits: Limits) -> Town {
        let world = World::new(world::Config::default(), Seeded(Random::new(1))).unwrap();
        let mut town = Town {
            now: Instant::ZERO,
            world,
            door: Door::new(limits, Seeded(Random::new(2))),
            out: Out::default(),
            ada: UserId::from(0),
            bob: UserId::from(0),
            harbour: GuildId::from(0),
            quay: GuildId::from(0),
            pilots: RoleId::from(0),
            peers: 0,
        };
        (town.ada, town.bob) = (town.user("ada"), town.user("bob"));
        (town.harbour, town.quay) = (town.guild("Harbour"), town.guild("Quay"));
        town.pilots = town.role("pilots", Permissions::KICK_MEMBERS);
        let (guild, user) = (town.harbour, town.ada);
        let edit = MemberEdit { roles: Some(vec![town.pilots]), ..MemberEdit::default() };
        town.apply(Operation::EditMember { guild, user, edit });
        let ada = town.ada.to_string();
        town.host("DMOD_USER", json!({"user_id": ada, "token": ADA_TOKEN, "hash": ADA_HASH})).unwrap();
        for (guild, token) in [(town.harbour, HARBOUR_TOKEN), (town.quay, QUAY_TOKEN)] {
            town.host("DMOD_GUILD", json!({"guild_id": guild.to_string(), "token": token})).unwrap();
        }
        town.host("DMOD_GLOBAL", json!({"token": GLOBAL})).unwrap();
        town.out = Out::default();
        town
    }

    fn user(&mut self, name: &str) -> UserId {
        let changes = self.apply(Operation::CreateUser(NewUser::named(name)));
        changes.iter().find_map(|change| if let Change::UserCreated(id) = change { Some(*id) } else { None }).unwrap()
    }

    fn guild(&mut self, name: &str) -> GuildId {
        let new = NewGuild { name: name.into(), members: vec![self.ada], ..NewGuild::default() };
        let changes = self.apply(Operation::CreateGuild(new));
        changes.iter().find_map(|change| if let Change::GuildCreated(id) = change { Some(*id) } else { None }).unwrap()
    }

    fn role(&mut self, name: &str, permissions: Permissions) -> RoleId {
        let role = NewRole { name: name.into(), color: 0, permissions, hoist: false, mentionable: false };
        let changes = self.apply(Operation::CreateRole { guild: self.harbour, role });
        let created = |change: &Change| if let Change::RoleCreated { role, .. } = change { Some(*role) } else { None };
        changes.iter().find_map(created).unwrap()
    }

    /// Something happens at another door.
    pub fn apply(&mut self, operation: Operation) -> Vec<Change> {
        let changes = self.world.apply(self.now, operation).unwrap_or_else(|error| panic!("{error}"));
        self.door.handle_changes(self.now, &changes, &self.world, &mut self.out);
        changes.into_iter().collect()
    }

    /// What Ada's role allows in the harbour is this, and @everyone's besides.
    pub fn allow(&mut self, permissions: Permissions) {
        let edit = RoleEdit { permissions: Some(permissions), ..RoleEdit::default() };
        self.apply(Operation::EditRole { guild: self.harbour, role: self.pilots, edit });
    }

    /// What Ada may do there, as it stands on the wire.
    pub fn permissions(&self) -> String {
        self.world.permissions_of(self.ada, self.harbour).0.to_string()
    }

    pub fn connect(&mut self) -> u32 {
        self.peers += 1;
        self.door.handle_connect(self.now, self.peers, &mut self.out);
        self.peers
    }

    pub fn say(&mut self, peer: u32, payload: Value) {
        self.say_text(peer, payload.to_string().as_bytes());
    }

    pub fn say_text(&mut self, peer: u32, payload: &[u8]) {
        self.door.handle_payload(self.now, peer, payload, &self.world, &mut self.out);
    }

    /// Somebody who was let in with this token, and was told nothing since.
    pub fn peer(&mut self, token: Option<&str>) -> u32 {
        let peer = self.connect();
        self.say(peer, json!({"op": 1, "d": {"token": token, "uid": null}}));
        assert_eq!(self.said(peer).last().unwrap()["op"], 2);
        peer
    }

    /// A command, and what it is answered with.
    pub fn ask(&mut self, peer: u32, name: &str, d: Value) -> Value {
        self.say(peer, json!({"op": 6, "cmd": name, "d": d}));
        let said = self.said(peer).pop().expect("an answer");
        assert_eq!((&said["op"], &said["d"]["for"]), (&json!(7), &json!(name)));
        said["d"]["data"].clone()
    }

    /// What was said since it was asked last.
    pub fn said(&mut self, peer: u32) -> Vec<Value> {
        self.out.lines.entry(peer).or_default().said.drain(..).collect()
    }

    pub fn closed(&mut self, peer: u32) -> Option<u16> {
        self.out.lines.entry(peer).or_default().closed.as_ref().map(|(code, _)| *code)
    }

    /// Time passes, with everything that comes due at the door.
    pub fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(due) = self.door.next_timeout().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            let before = self.door.next_timeout();
            self.door.handle_timeout(self.now, &mut self.out);
            assert_ne!(self.door.next_timeout(), before, "a deadline that passed is gone");
        }
        self.now = end;
    }

    /// A command of the host's.
    pub fn host(&mut self, name: &str, args: Value) -> Result<Value, String> {
        let args = args.to_string().into_bytes().into();
        let command = Command { name: name.into(), args, tag: 7, ..Command::default() };
        self.door.handle_command(self.now, &command, &self.world, &mut self.out);
        let at = self.out.events.iter().position(|event| event.kind == EventType::Reply).expect("a reply");
        let Delivered { status, message, data, .. } = self.out.events.remove(at);
        if status == Status::Ok { Ok(data) } else { Err(message) }
    }
}

/// A client machine of Ada's on the wire to a town's door.
pub struct Wire {
    pub town: Town,
    pub client: Client,
    out: Recorder,
    /// The connection that is up.
    pub peer: Option<u32>,
    /// Connections that are asked for fail.
    pub is_down: bool,
    /// Every event that the program got, log lines aside.
    pub events: Vec<Delivered>,
    pub log: Vec<String>,
    /// What went over the wire, client and server.
    pub sent: Vec<Value>,
    pub heard: Vec<Value>,
}

pub fn config() -> Config {
    Config::new(URL, Some(Secret::new(ADA_TOKEN)), 7)
}

impl Default for Wire {
    fn default() -> Self {
        Wire::with(config())
    }
}

impl Wire {
    /// Connected.
    pub fn with(config: Config) -> Wire {
        let mut wire = Wire::before(Town::default(), config);
        wire.start();
        assert_eq!(wire.events.last().unwrap().name, "CONNECTED");
        wire
    }

    /// Not started.
    pub fn before(town: Town, config: Config) -> Wire {
        Wire {
            town,
            client: Client::new(config).unwrap(),
            out: Recorder::default(),
            peer: None,
            is_down: false,
            events: Vec::new(),
            log: Vec::new(),
            sent: Vec::new(),
            heard: Vec::new(),
        }
    }

    pub fn start(&mut self) {
        self.client.start(self.town.now, &mut self.out);
        self.settle();
    }

    /// Moves what is on the wire, both ways, until nothing is.
    pub fn settle(&mut self) {
        loop {
            let did = std::mem::take(&mut self.out.0);
            let is_quiet = did.is_empty();
            did.into_iter().for_each(|did| self.carry(did));
            let Some(peer) = self.peer else {
                if is_quiet && self.out.0.is_empty() {
                    return;
                }
                continue;
            };
            let line = self.town.out.lines.entry(peer).or_default();
            if let Some(said) = line.said.pop_front() {
                self.heard.push(said.clone());
                let text = said.to_string();
                self.client
                    .handle_frame(self.town.now, text.as_bytes(), &mut self.out)
                    .expect("a message of the door's");
            } else if let Some((code, reason)) = line.closed.take() {
                self.peer = None;
                let closed = Closed { code: Some(code), reason: &reason, unwritten: 0 };
                self.client.handle_closed(self.town.now, closed, Status::Closed, &mut self.out);
            } else if std::mem::take(&mut line.dropped) {
                self.peer = None;
                self.client.handle_closed(self.town.now, Closed::default(), Status::Closed, &mut self.out);
            } else if is_quiet && self.out.0.is_empty() {
                return;
            }
        }
    }

    fn carry(&mut self, did: Did) {
        match did {
            Did::Open(_) if self.is_down => {
                let error = Error::new(Status::Io, "connection refused");
                self.client.handle_open_failed(self.town.now, &error, &mut self.out);
            }
            Did::Open(url) => {
                assert_eq!(url, URL);
                self.peer = Some(self.town.connect());
                self.client.handle_opened(self.town.now, &mut self.out);
            }
            Did::Send(message) => {
                self.sent.push(message.clone());
                if let Some(peer) = self.peer {
                    self.town.say(peer, message);
                }
            }
            Did::Close(code) => {
                if let Some(peer) = self.peer.take() {
                    self.town.door.handle_gone(peer, Some(code), &mut self.town.out);
                }
            }
            Did::Event(event) if event.kind == EventType::Log => self.log.push(event.message),
            Did::Event(event) => self.events.push(event),
        }
    }

    /// The wire is cut; the last `unwritten` messages of the client never left it.
    pub fn cut(&mut self, unwritten: usize) {
        let peer = self.peer.take().expect("a connection to cut");
        self.town.door.handle_gone(peer, None, &mut self.town.out);
        self.client.handle_closed(
            self.town.now,
            Closed { unwritten, ..Closed::default() },
            Status::Closed,
            &mut self.out,
        );
        self.settle();
    }

    pub fn command(&mut self, name: &str, args: Value, tag: u64) {
        let args = args.to_string().into_bytes().into();
        let command = Command { name: name.into(), args, tag, issued: self.town.now, ..Command::default() };
        self.client.handle_command(self.town.now, command, &mut self.out);
        self.settle();
    }

    /// A command and its reply.
    pub fn ask(&mut self, name: &str, args: Value) -> Delivered {
        self.command(name, args, 99);
        let at = self.events.iter().position(|event| event.tag == 99).unwrap_or_else(|| panic!("{name}: a reply"));
        self.events.remove(at)
    }

    pub fn disconnect(&mut self) {
        self.client.handle_disconnect(self.town.now, &mut self.out);
        self.settle();
    }

    pub fn cancel(&mut self, tag: u64) {
        self.client.handle_cancel(self.town.now, tag, &mut self.out);
        self.settle();
    }

    /// Time passes on both sides.
    pub fn pass(&mut self, time: Duration) {
        let end = self.town.now + time;
        loop {
            let due = [self.town.door.next_timeout(), self.client.next_timeout()].into_iter().flatten().min();
            let Some(due) = due.filter(|due| *due <= end) else { break };
            self.town.now = self.town.now.max(due);
            self.town.door.handle_timeout(self.town.now, &mut self.town.out);
            self.client.handle_timeout(self.town.now, &mut self.out);
            self.settle();
        }
        self.town.now = end;
    }

    /// The events since it was asked last, but for the log.
    pub fn events(&mut self) -> Vec<Delivered> {
        std::mem::take(&mut self.events)
    }

    /// Their names.
    pub fn names(&mut self) -> Vec<String> {
        self.events().into_iter().map(|event| event.name).collect()
    }

    /// The harbour is connected and Ada's session runs in it.
    pub fn in_harbour() -> Wire {
        let mut wire = Wire::default();
        let harbour = wire.town.harbour.to_string();
        assert_eq!(wire.ask("CONNECT_GUILD", wire.harbour()).status, Status::Ok);
        assert_eq!(wire.ask("APPLICATION_SESSION", wire.session(&harbour)).status, Status::Ok);
        wire.events.clear();
        wire.town.out.events.clear();
        wire.sent.clear();
        wire.heard.clear();
        wire
    }

    pub fn harbour(&self) -> Value {
        json!({"token": HARBOUR_TOKEN, "gid": self.town.harbour.to_string()})
    }

    pub fn session(&self, gid: &str) -> Value {
        json!({"uid": self.town.ada.to_string(), "gid": gid, "utokh": ADA_TOKEN, "uhash": ADA_HASH})
    }

    /// What the door shows of the connection.
    pub fn state(&mut self) -> Value {
        let state = self.town.host("DMOD_STATE", json!({})).unwrap();
        state["connections"][0].clone()
    }
}

//! A client, a door that serves a Discord's account, the client machines behind it, and the door that is that Discord: all
//! on one clock, without sockets.

use std::collections::{BTreeMap, VecDeque};

use gamebridge_proto::command::Command;
use gamebridge_proto::error::{Error, Status};
use gamebridge_proto::event::{Event, EventType};
use gamebridge_proto::protocol::rpc::{Accept, Client, Closed, Config, Via};
use gamebridge_proto::random::Random;
use gamebridge_proto::server::rpc::{self as server, Account, Door, Errand};
use gamebridge_proto::time::Instant;
use gamebridge_proto::wire::ipc::{Frame, Opcode};
use gamebridge_proto::world::{self, Entropy, NewUser, World};
use serde_json::{Value, json};

use crate::peer::{Record, Told, config, ms, names};

struct Counter(Random);

impl Entropy for Counter {
    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.fill_with(|| self.0.next_u64() as u8);
    }
}

/// What a door did.
#[derive(Default)]
struct Hall {
    sent: VecDeque<(u32, Opcode, Vec<u8>)>,
    closed: VecDeque<(u32, u16, String)>,
    replies: BTreeMap<u64, Value>,
    events: Vec<(String, Value)>,
    errands: VecDeque<Errand>,
}

impl server::Sink for Hall {
    fn send(&mut self, peer: u32, opcode: Opcode, payload: &[u8]) {
        self.sent.push_back((peer, opcode, payload.to_vec()));
    }
    fn close(&mut self, peer: u32, code: u16, reason: &str) {
        self.closed.push_back((peer, code, reason.to_string()));
    }
    fn event(&mut self, event: Event<'_>) {
        let payload = serde_json::from_slice(event.payload).unwrap_or(Value::Null);
        match event.kind {
            EventType::Reply => {
                assert_eq!(event.status, Status::Ok, "{}: {}", event.name, event.message);
                self.replies.insert(event.tag, payload);
            }
            EventType::Dispatch => self.events.push((event.name.to_string(), payload)),
            _ => {}
        }
    }
    fn errand(&mut self, errand: Errand) {
        self.errands.push_back(errand);
    }
}

struct Server {
    door: Door,
    world: World,
    hall: Hall,
}

impl Server {
    fn new(account: Account, instance: &str, username: &str) -> Server {
        let config = server::Config { account, instance: instance.into(), seed: 3, ..server::Config::default() };
        let world = world::Config { local_user: NewUser::named(username), ..world::Config::default() };
        let world = World::new(world, Counter(Random::new(1))).expect("a world");
        Server { door: Door::new(config), world, hall: Hall::default() }
    }

    fn frame(&mut self, now: Instant, peer: u32, frame: Frame<'_>) {
        self.door.handle_frame(now, peer, frame, &mut self.world, &mut self.hall).expect("ours keep to the framing");
    }

    fn connect(&mut self, now: Instant, peer: u32) {
        self.door.handle_connect(now, peer, server::Via::Ipc, &mut self.world, &mut self.hall);
    }

    fn gone(&mut self, now: Instant, peer: u32) {
        self.door.handle_gone(now, peer, &mut self.world, &mut self.hall);
    }

    fn host(&mut self, now: Instant, name: &str, args: &Value) -> Value {
        let args = args.to_string().into_bytes().into();
        let command = Command { name: name.into(), args, tag: 1, ..Default::default() };
        self.door.handle_command(now, command, &mut self.world, &mut self.hall);
        self.hall.replies.remove(&1).expect("the host is answered")
    }
}

/// A client machine, and its number at the door that it is connected to (0: none).
struct Link {
    client: Client,
    record: Record,
    peer: u32,
}

impl Link {
    fn new(config: Config, accept: Accept) -> Link {
        Link { client: Client::new(Config { accept, ..config }), record: Record::default(), peer: 0 }
    }

    /// Carries between this machine and a door, if the door is open; whether there was anything.
    fn carry(&mut self, now: Instant, server: &mut Server, open: bool, peers: &mut u32) -> bool {
        if std::mem::take(&mut self.record.closes) > 0 && self.peer != 0 {
            server.gone(now, std::mem::take(&mut self.peer));
        } else if let Some(skip) = std::mem::take(&mut self.record.opens).pop() {
            if skip > 0 || !open {
                let error = Error::new(Status::Io, "nobody is there");
                self.client.handle_open_failed(now, &error, &mut self.record);
            } else {
                *peers += 1;
                self.peer = *peers;
                self.client.handle_opened(now, Via::Ipc, "there", &mut self.record);
                server.connect(now, self.peer);
            }
        } else if !self.record.frames.is_empty() {
            let (opcode, payload) = self.record.frames.remove(0);
            if self.peer != 0 {
                server.frame(now, self.peer, Frame { opcode, payload: &payload });
            }
        } else {
            return false;
        }
        true
    }

    fn cut(&mut self, now: Instant, server: &mut Server) {
        if self.peer != 0 {
            server.gone(now, std::mem::take(&mut self.peer));
            let closed = Closed { code: None, reason: "cut", unwritten: 0 };
            self.client.handle_closed(now, closed, &mut self.record);
        }
    }
}

/// What a door says goes to whom it concerns; whether there was anything.
fn deliver<'l>(now: Instant, server: &mut Server, links: impl Iterator<Item = &'l mut Link>) -> bool {
    let mut links: Vec<&mut Link> = links.collect();
    if let Some((peer, opcode, payload)) = server.hall.sent.pop_front() {
        if let Some(link) = links.iter_mut().find(|link| link.peer == peer) {
            let frame = Frame { opcode, payload: &payload };
            link.client.handle_frame(now, frame, &mut link.record).expect("our door keeps to the wire");
        }
    } else if let Some((peer, code, reason)) = server.hall.closed.pop_front() {
        if let Some(link) = links.iter_mut().find(|link| link.peer == peer) {
            link.peer = 0;
            let closed = Closed { code: Some(code), reason: &reason, unwritten: 0 };
            link.client.handle_closed(now, closed, &mut link.record);
        }
    } else {
        return false;
    }
    true
}

struct Chain {
    plain: Link,
    front: Server,
    links: BTreeMap<u32, Link>,
    far: Server,
    /// Whether the far one can be reached.
    far_is_up: bool,
    now: Instant,
    peers: u32,
    tags: u64,
    /// How many commands wait for their reply.
    owed: u64,
}

const HOME: u64 = 99;

impl Chain {
    fn new(account: Account, far_is_up: bool) -> Chain {
        let mut chain = Chain {
            plain: Link::new(config(), Accept::Any),
            front: Server::new(account, "front", "Guest"),
            links: BTreeMap::new(),
            far: Server::new(Account::Guest, "far", "Far guest"),
            far_is_up,
            now: Instant::from_nanos(1),
            peers: 0,
            tags: 0,
            owed: 0,
        };
        chain.front.door.start(chain.now, &mut chain.front.world, &mut chain.front.hall);
        chain.settle();
        chain.plain.client.start(chain.now, &mut chain.plain.record);
        chain.settle();
        chain
    }

    fn settle(&mut self) {
        let now = self.now;
        loop {
            if let Some(errand) = self.front.hall.errands.pop_front() {
                self.carry_out(errand);
                continue;
            }
            if self.plain.carry(now, &mut self.front, true, &mut self.peers)
                || deliver(now, &mut self.front, std::iter::once(&mut self.plain))
            {
                continue;
            }
            let mut moved = false;
            for (session, link) in &mut self.links {
                moved |= link.carry(now, &mut self.far, self.far_is_up, &mut self.peers);
                for told in std::mem::take(&mut link.record.events) {
                    moved = true;
                    tell(now, &mut self.front, *session, &told);
                }
            }
            if !moved && !deliver(now, &mut self.far, self.links.values_mut()) {
                break;
            }
        }
    }

    fn carry_out(&mut self, errand: Errand) {
        match errand {
            Errand::Open { session, client_id, retry, discord_only } => {
                let accept = if discord_only { Accept::Discord } else { Accept::NotThrough("front".into()) };
                let config = Config { client_id: client_id.to_string(), retry, ..config() };
                let mut link = Link::new(config, accept);
                link.client.start(self.now, &mut link.record);
                self.links.insert(session, link);
            }
            Errand::Send { session, command } => {
                let link = self.links.get_mut(&session).expect("a connection that was asked for");
                link.client.handle_command(self.now, command, &mut link.record);
            }
            Errand::Close { session } => {
                if let Some(mut link) = self.links.remove(&session) {
                    link.client.handle_disconnect(self.now, &mut link.record);
                    while link.carry(self.now, &mut self.far, false, &mut self.peers) {}
                    if link.peer != 0 {
                        self.far.gone(self.now, link.peer);
                    }
                }
            }
        }
    }

    fn advance(&mut self, by: std::time::Duration) {
        let end = self.now + by;
        loop {
            let clients = self.links.values().chain([&self.plain]).filter_map(|link| link.client.next_timeout());
            let doors = [&self.front, &self.far].into_iter().filter_map(|server| server.door.next_timeout());
            let Some(next) = clients.chain(doors).min().filter(|next| *next <= end) else { break };
            self.now = self.now.max(next);
            for link in self.links.values_mut().chain([&mut self.plain]) {
                link.client.handle_timeout(self.now, &mut link.record);
            }
            for server in [&mut self.front, &mut self.far] {
                server.door.handle_timeout(self.now, &mut server.world, &mut server.hall);
            }
            self.settle();
        }
        self.now = end;
    }

    /// The Discord goes away, and everything behind it.
    fn cut(&mut self) {
        self.far_is_up = false;
        for link in self.links.values_mut() {
            link.cut(self.now, &mut self.far);
        }
    }

    fn send(&mut self, name: &str, args: &Value) -> u64 {
        self.tags += 1;
        self.owed += 1;
        let args = args.to_string().into_bytes().into();
        let command = Command { name: name.into(), args, tag: self.tags, issued: self.now, ..Default::default() };
        self.plain.client.handle_command(self.now, command, &mut self.plain.record);
        self.tags
    }

    fn ask(&mut self, name: &str, args: &Value) -> Told {
        let tag = self.send(name, args);
        self.settle();
        let events = &mut self.plain.record.events;
        let at = events.iter().position(|event| event.tag == tag).expect("a reply came");
        self.owed -= 1;
        events.remove(at)
    }

    fn ask_well(&mut self, name: &str, args: &Value) -> Value {
        let told = self.ask(name, args);
        assert_eq!((told.status, told.message.as_str()), (Status::Ok, ""), "{name}");
        told.payload
    }

    fn events(&mut self) -> Vec<Told> {
        let events = std::mem::take(&mut self.plain.record.events);
        events.into_iter().filter(|event| event.kind != EventType::Log).collect()
    }

    fn token(&mut self) -> Value {
        let client_id = config().client_id;
        let args = json!({"client_id": client_id, "scopes": ["rpc", "identify"]});
        let code = self.ask_well("AUTHORIZE", &args)["code"].clone();
        let exchange = json!({"code": code, "client_id": client_id});
        self.far.host(self.now, "TOKEN_EXCHANGE", &exchange)["access_token"].clone()
    }
}

fn tell(now: Instant, front: &mut Server, session: u32, told: &Told) {
    let payload = if told.payload.is_null() { String::new() } else { told.payload.to_string() };
    let mut event = Event::new(told.kind, &told.name);
    (event.payload, event.tag, event.status) = (payload.as_bytes(), told.tag, told.status);
    (event.flags, event.code, event.message) = (told.flags, told.code, &told.message);
    front.door.handle_upstream(now, session, &event, &mut front.world, &mut front.hall);
}

const DESKTOP: Account = Account::Desktop { client_id: world::ApplicationId(world::Snowflake(HOME)) };
const AUTO: Account = Account::Auto { client_id: world::ApplicationId(world::Snowflake(HOME)) };

#[test]
fn everything_passes_through_two_gamebridges() {
    let mut chain = Chain::new(DESKTOP, true);
    let events = chain.events();
    assert_eq!(names(&events), ["CONNECTED"]);
    assert_eq!(events[0].payload["user"]["username"], "Far guest");
    assert_eq!(events[0].payload["config"]["gamebridge"], json!(["front", "far"]));

    let token = chain.token();
    let auth = chain.ask_well("AUTHENTICATE", &json!({"access_token": token}));
    assert_eq!(auth["scopes"], json!(["rpc", "identify"]));
    assert_eq!(chain.ask_well("GET_GUILDS", &json!({})), json!({"guilds": []}));
    assert_eq!(chain.ask_well("SUBSCRIBE", &json!({"evt": "GUILD_CREATE"})), json!({"evt": "GUILD_CREATE"}));
    chain.far.host(chain.now, "GUILD_CREATE", &json!({"name": "Far guild"}));
    chain.front.host(chain.now, "GUILD_CREATE", &json!({"name": "The guest's own"}));
    chain.settle();
    let events = chain.events();
    assert_eq!((names(&events), &events[0].payload["name"]), (vec!["GUILD_CREATE"], &json!("Far guild")));

    let shown = chain.ask_well("SET_ACTIVITY", &json!({"activity": {"state": "In menu"}}));
    assert_eq!(shown["state"], "In menu");
    let state = chain.far.host(chain.now, "STATE", &json!({}));
    assert_eq!(state["activities"][0]["activity"]["state"], "In menu");

    chain.ask_well("SUBSCRIBE", &json!({"evt": "ACTIVITY_JOIN_REQUEST"}));
    let other = chain.far.host(chain.now, "USER_CREATE", &json!({"username": "Other player"}))["id"].clone();
    chain.far.host(chain.now, "ACTIVITY_JOIN_REQUEST", &json!({"user_id": other}));
    chain.settle();
    assert_eq!(chain.events()[0].payload["user"]["id"], other);
    chain.ask_well("SEND_ACTIVITY_JOIN_INVITE", &json!({"user_id": other}));
    assert!(
        chain.far.hall.events.iter().any(|(name, data)| name == "JOIN_REQUEST_ANSWERED" && data["accepted"] == true)
    );

    chain.plain.client.handle_disconnect(chain.now, &mut chain.plain.record);
    chain.settle();
    assert_eq!(chain.far.host(chain.now, "STATE", &json!({}))["activities"], json!([]), "it went with its peer");
    chain.advance(ms(31_000));
    let state = chain.far.host(chain.now, "STATE", &json!({}));
    assert_eq!(state["peers"].as_array().map(Vec::len), Some(1), "the watch alone is left");
}

#[test]
fn auto_takes_no_gamebridge_for_a_discord() {
    let mut chain = Chain::new(AUTO, true);
    let events = chain.events();
    assert_eq!((names(&events), &events[0].payload["user"]["username"]), (vec!["CONNECTED"], &json!("Guest")));
    chain.advance(ms(600_000));
    assert_eq!(names(&chain.events()), [""; 0]);
    let visits = chain.far.hall.events.iter().filter(|(name, _)| name == "PEER_CONNECTED").count();
    assert!((2..=12).contains(&visits), "it is not pestered: {visits}");
}

#[test]
fn a_revoked_token_closes_its_peer_through_both() {
    let mut chain = Chain::new(DESKTOP, true);
    let token = chain.token();
    chain.ask_well("AUTHENTICATE", &json!({"access_token": token}));
    chain.events();
    chain.far.host(chain.now, "TOKEN_REVOKE", &json!({"access_token": token}));
    chain.settle();
    let events = chain.events();
    assert_eq!((names(&events), events[0].code), (vec!["DISCONNECTED"], 4003));
}

/// A game's script, cut before and within each of its steps: every command has its one reply, and what the game had set is
/// there again when the Discord is.
#[test]
fn a_loss_at_any_point_settles_all_and_is_mended() {
    let steps = 8;
    for cut_at in 0..steps {
        for in_flight in [false, true] {
            let mut chain = Chain::new(DESKTOP, true);
            chain.events();
            let mut token = Value::Null;
            let mut replies = 0;
            for step in 0..steps {
                let (name, args) = match step {
                    0 => ("AUTHORIZE", json!({"client_id": config().client_id, "scopes": ["rpc"]})),
                    1 => {
                        token = chain.token();
                        ("AUTHENTICATE", json!({"access_token": token}))
                    }
                    2 => ("GET_GUILDS", json!({})),
                    3 => ("SUBSCRIBE", json!({"evt": "GUILD_CREATE"})),
                    4 => ("SUBSCRIBE", json!({"evt": "ACTIVITY_JOIN"})),
                    5 => ("SET_ACTIVITY", json!({"activity": {"state": "Here"}})),
                    6 => ("UNSUBSCRIBE", json!({"evt": "ACTIVITY_JOIN"})),
                    _ => ("GET_GUILDS", json!({})),
                };
                if step == cut_at && !in_flight {
                    chain.cut();
                }
                chain.send(name, &args);
                if step == cut_at && in_flight {
                    // The command is on its way when the connection goes.
                    let Chain { plain, front, now, peers, .. } = &mut chain;
                    while plain.carry(*now, front, true, peers) {}
                    chain.cut();
                }
                chain.settle();
                if step == cut_at {
                    chain.far_is_up = true;
                    chain.advance(ms(90_000));
                }
                let events = chain.events();
                replies += events.iter().filter(|event| event.kind == EventType::Reply).count() as u64;
                if step == cut_at {
                    let lives: Vec<_> = events.iter().filter(|event| event.kind != EventType::Reply).collect();
                    assert!(
                        matches!(&lives[..], [lost, back] if lost.name == "RECONNECTING" && back.name == "CONNECTED"),
                        "{cut_at} {in_flight}: {events:?}"
                    );
                    // What the break took is asked for again, as a game would.
                    chain.send(name, &args);
                    chain.settle();
                    replies += chain.events().iter().filter(|event| event.kind == EventType::Reply).count() as u64;
                }
            }
            assert_eq!(replies, chain.owed, "cut at {cut_at}, in flight: {in_flight}");
            chain.far.host(chain.now, "GUILD_CREATE", &json!({"name": "New guild"}));
            chain.far.host(chain.now, "ACTIVITY_JOIN", &json!({"secret": "s"}));
            chain.settle();
            assert_eq!(names(&chain.events()), ["GUILD_CREATE"], "cut at {cut_at}, in flight: {in_flight}");
            let state = chain.far.host(chain.now, "STATE", &json!({}));
            assert_eq!(state["activities"][0]["activity"]["state"], "Here", "cut at {cut_at}, in flight: {in_flight}");
            assert!(token.is_string());
        }
    }
}

#[test]
fn a_gamebridge_is_passed_over_where_it_will_not_do() {
    let own = || Accept::NotThrough("own".into());
    let many: Vec<String> = (0..8).map(|number| number.to_string()).collect();
    for (accept, through, taken) in [
        (Accept::Any, json!(["own"]), true),
        (Accept::Any, Value::Null, true),
        (Accept::Discord, Value::Null, true),
        (Accept::Discord, json!([]), false),
        (Accept::Discord, json!(["far"]), false),
        (own(), Value::Null, true),
        (own(), json!(["far"]), true),
        (own(), json!(["far", "own"]), false),
        (own(), json!(many), false),
    ] {
        let (now, mut record) = (Instant::from_nanos(1), Record::default());
        let mut client = Client::new(Config { accept: accept.clone(), ..config() });
        client.start(now, &mut record);
        client.handle_opened(now, Via::Ipc, "there", &mut record);
        let mut ready = json!({"cmd": "DISPATCH", "evt": "READY", "data": {"v": 1, "config": {}, "user": {"id": "5"}}, "nonce": null});
        if !through.is_null() {
            ready["data"]["config"]["gamebridge"] = through.clone();
        }
        let payload = ready.to_string();
        let frame = Frame { opcode: Opcode::Frame, payload: payload.as_bytes() };
        client.handle_frame(now, frame, &mut record).expect("it keeps to the wire");
        let connected = record.events.iter().any(|event| event.kind == EventType::Connected);
        assert_eq!(connected, taken, "{accept:?} {through}");
        assert_eq!(
            (record.closes, record.opens.len()),
            if taken { (0, 1) } else { (1, 2) },
            "the next one is looked for"
        );
    }
}

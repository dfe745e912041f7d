//! The client machine and the server's door, joined without sockets on one clock.

use std::collections::{BTreeMap, VecDeque};

use gamebridge_proto::command::Command;
use gamebridge_proto::error::{Error, Status};
use gamebridge_proto::event::{Event, EventType, Flags};
use gamebridge_proto::protocol::rpc as client;
use gamebridge_proto::random::Random;
use gamebridge_proto::secret::Secret;
use gamebridge_proto::server::rpc as server;
use gamebridge_proto::time::Instant;
use gamebridge_proto::wire::ipc::{Frame, Opcode};
use gamebridge_proto::world::{self, Entropy, World};
use serde_json::{Value, json};

use crate::peer::{Record, Told, config, ms, names};

struct Counter(Random);

impl Entropy for Counter {
    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.fill_with(|| self.0.next_u64() as u8);
    }
}

/// What the door did.
#[derive(Default)]
struct Hall {
    sent: VecDeque<(u32, Opcode, Vec<u8>)>,
    closed: VecDeque<(u32, u16, String)>,
    replies: BTreeMap<u64, (Status, Value)>,
    events: Vec<(String, Value)>,
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
                self.replies.insert(event.tag, (event.status, payload));
            }
            EventType::Dispatch => self.events.push((event.name.to_string(), payload)),
            _ => {}
        }
    }
}

struct Pair {
    client: client::Client,
    record: Record,
    door: server::Door,
    hall: Hall,
    world: World,
    via: client::Via,
    now: Instant,
    /// The door's number for the present connection; 0 for none.
    peer: u32,
    peers: u32,
    tags: u64,
}

impl Pair {
    fn new(via: client::Via, config: client::Config, registered_only: bool) -> Pair {
        let world = world::Config { registered_only, ..world::Config::default() };
        let mut pair = Pair {
            client: client::Client::new(config),
            record: Record::default(),
            door: server::Door::new(server::Config::default()),
            hall: Hall::default(),
            world: World::new(world, Counter(Random::new(1))).expect("a world"),
            via,
            now: Instant::from_nanos(1),
            peer: 0,
            peers: 0,
            tags: 0,
        };
        pair.client.start(pair.now, &mut pair.record);
        pair.settle();
        pair
    }

    fn connected(via: client::Via) -> Pair {
        let mut pair = Pair::new(via, config(), false);
        assert_eq!(names(&pair.events()), ["CONNECTED"]);
        pair
    }

    /// Carries frames, openings and closings to and fro until nothing is left to carry.
    fn settle(&mut self) {
        loop {
            if std::mem::take(&mut self.record.closes) > 0 && self.peer != 0 {
                let peer = std::mem::take(&mut self.peer);
                self.door.handle_gone(self.now, peer, &mut self.world, &mut self.hall);
            } else if let Some(skip) = std::mem::take(&mut self.record.opens).pop() {
                self.open(skip);
            } else if !self.record.frames.is_empty() {
                let (opcode, payload) = self.record.frames.remove(0);
                if self.peer == 0 {
                    continue;
                }
                let frame = Frame { opcode, payload: &payload };
                let result = self.door.handle_frame(self.now, self.peer, frame, &mut self.world, &mut self.hall);
                result.expect("our client keeps to the framing");
            } else if let Some((peer, opcode, payload)) = self.hall.sent.pop_front() {
                if peer == self.peer {
                    let frame = Frame { opcode, payload: &payload };
                    self.client.handle_frame(self.now, frame, &mut self.record).expect("our door keeps to the wire");
                }
            } else if let Some((peer, code, reason)) = self.hall.closed.pop_front() {
                if peer == self.peer {
                    self.peer = 0;
                    let closed = client::Closed { code: Some(code), reason: &reason, unwritten: 0 };
                    self.client.handle_closed(self.now, closed, &mut self.record);
                }
            } else {
                break;
            }
        }
    }

    fn open(&mut self, skip: usize) {
        if skip > 0 {
            let error = Error::new(Status::Io, "there is one candidate");
            return self.client.handle_open_failed(self.now, &error, &mut self.record);
        }
        self.peers += 1;
        self.peer = self.peers;
        self.client.handle_opened(self.now, self.via, "here", &mut self.record);
        let query = format!("v=1&client_id={}&encoding=json", config().client_id);
        let via = match self.via {
            client::Via::Ipc => server::Via::Ipc,
            client::Via::WebSocket => server::Via::WebSocket { query: &query, origin: Some("https://localhost") },
        };
        self.door.handle_connect(self.now, self.peer, via, &mut self.world, &mut self.hall);
    }

    /// The connection breaks under both.
    fn cut(&mut self) {
        let peer = std::mem::take(&mut self.peer);
        self.door.handle_gone(self.now, peer, &mut self.world, &mut self.hall);
        let closed = client::Closed { code: None, reason: "cut", unwritten: 0 };
        self.client.handle_closed(self.now, closed, &mut self.record);
        self.settle();
    }

    fn advance(&mut self, by: std::time::Duration) {
        let end = self.now + by;
        loop {
            let next = [self.client.next_timeout(), self.door.next_timeout()].into_iter().flatten().min();
            let Some(next) = next.filter(|next| *next <= end) else { break };
            self.now = self.now.max(next);
            self.client.handle_timeout(self.now, &mut self.record);
            self.door.handle_timeout(self.now, &mut self.world, &mut self.hall);
            self.settle();
        }
        self.now = end;
    }

    fn send(&mut self, name: &str, args: Value) -> u64 {
        self.tags += 1;
        let args = args.to_string().into_bytes().into();
        let command = Command { name: name.into(), args, tag: self.tags, issued: self.now, ..Default::default() };
        self.client.handle_command(self.now, command, &mut self.record);
        self.settle();
        self.tags
    }

    /// Sends a command and gives its reply, with whatever else came after the events taken before.
    fn ask(&mut self, name: &str, args: Value) -> Told {
        let tag = self.send(name, args);
        let at = self.record.events.iter().position(|event| event.tag == tag).expect("a reply came");
        self.record.events.remove(at)
    }

    fn ask_well(&mut self, name: &str, args: Value) -> Value {
        let told = self.ask(name, args);
        assert_eq!((told.status, told.message.as_str()), (Status::Ok, ""), "{name}");
        told.payload
    }

    fn host(&mut self, name: &str, args: Value) -> Value {
        self.tags += 1;
        let command = Command {
            name: name.into(),
            args: args.to_string().into_bytes().into(),
            tag: self.tags,
            ..Default::default()
        };
        self.door.handle_command(self.now, command, &mut self.world, &mut self.hall);
        self.settle();
        let (status, payload) = self.hall.replies.remove(&self.tags).expect("the host is answered");
        assert_eq!(status, Status::Ok, "{name}");
        payload
    }

    fn events(&mut self) -> Vec<Told> {
        let events = std::mem::take(&mut self.record.events);
        events.into_iter().filter(|event| event.kind != EventType::Log).collect()
    }

    /// An access token, by AUTHORIZE and the exchange of its code.
    fn token(&mut self) -> Value {
        let client_id = config().client_id;
        let reply = self.ask_well("AUTHORIZE", json!({"client_id": client_id, "scopes": ["rpc", "identify"]}));
        let grant = self.host("TOKEN_EXCHANGE", json!({"code": reply["code"], "client_id": client_id}));
        grant["access_token"].clone()
    }
}

#[test]
fn they_meet_over_ipc_and_over_a_websocket() {
    for via in [client::Via::Ipc, client::Via::WebSocket] {
        let mut pair = Pair::new(via, config(), false);
        let events = pair.events();
        assert_eq!(names(&events), ["CONNECTED"]);
        assert_eq!((&events[0].payload["v"], events[0].message.as_str()), (&json!(1), &*format!("{via} here")));
        assert_eq!(pair.hall.events[0].0, "PEER_CONNECTED");
    }
}

#[test]
fn a_game_authorises_plays_and_is_joined() {
    for via in [client::Via::Ipc, client::Via::WebSocket] {
        let mut pair = Pair::connected(via);
        let token = pair.token();
        let auth = pair.ask_well("AUTHENTICATE", json!({"access_token": token}));
        assert_eq!(auth["scopes"], json!(["rpc", "identify"]));
        assert_eq!(pair.ask_well("GET_GUILDS", json!({})), json!({"guilds": []}));

        let activity =
            json!({"state": "In a group", "secrets": {"join": "come"}, "party": {"id": "p", "size": [1, 4]}});
        let shown = pair.ask_well("SET_ACTIVITY", json!({"activity": activity}));
        assert_eq!(shown["state"], "In a group");
        let state = pair.host("STATE", json!({}));
        assert_eq!(state["activities"][0]["activity"]["state"], "In a group");

        for event in ["ACTIVITY_JOIN_REQUEST", "ACTIVITY_JOIN"] {
            assert_eq!(pair.ask_well("SUBSCRIBE", json!({"evt": event})), json!({"evt": event}));
        }
        for (answer, accepted) in [("SEND_ACTIVITY_JOIN_INVITE", true), ("CLOSE_ACTIVITY_JOIN_REQUEST", false)] {
            let other = pair.host("USER_CREATE", json!({"username": "Other player"}));
            pair.host("ACTIVITY_JOIN_REQUEST", json!({"user_id": other["id"]}));
            let events = pair.events();
            assert_eq!(names(&events), ["ACTIVITY_JOIN_REQUEST"]);
            assert_eq!(events[0].payload["user"]["username"], "Other player");
            pair.hall.events.clear();
            pair.ask_well(answer, json!({"user_id": other["id"]}));
            let (name, payload) = &pair.hall.events[0];
            assert_eq!((name.as_str(), &payload["accepted"]), ("JOIN_REQUEST_ANSWERED", &json!(accepted)));
        }
        pair.host("ACTIVITY_JOIN", json!({"secret": "theirs"}));
        assert_eq!(pair.events()[0].payload, json!({"secret": "theirs"}));
        pair.ask_well("UNSUBSCRIBE", json!({"evt": "ACTIVITY_JOIN"}));
        pair.host("ACTIVITY_JOIN", json!({"secret": "theirs"}));
        assert_eq!(pair.events(), []);
    }
}

#[test]
fn all_that_the_program_set_is_there_again_after_a_break() {
    let mut pair = Pair::connected(client::Via::Ipc);
    let token = pair.token();
    pair.ask_well("AUTHENTICATE", json!({"access_token": token}));
    pair.ask_well("SET_ACTIVITY", json!({"activity": {"state": "Here"}}));
    for event in ["ACTIVITY_JOIN", "GUILD_CREATE", "ACTIVITY_SPECTATE"] {
        pair.ask_well("SUBSCRIBE", json!({"evt": event}));
    }
    pair.ask_well("UNSUBSCRIBE", json!({"evt": "ACTIVITY_SPECTATE"}));
    for _ in 0..10 {
        pair.cut();
        assert_eq!(pair.host("STATE", json!({}))["activities"], json!([]), "it went with the connection");
        pair.advance(ms(60_000));
        let events = pair.events();
        assert_eq!(names(&events), ["RECONNECTING", "CONNECTED"]);
        assert_eq!(events[1].payload["auth"]["scopes"], json!(["rpc", "identify"]));
        let state = pair.host("STATE", json!({}));
        let peer = &state["peers"][0];
        let mut subscriptions: Vec<_> =
            peer["subscriptions"].as_array().unwrap().iter().map(Value::to_string).collect();
        subscriptions.sort();
        assert_eq!(subscriptions, [r#""ACTIVITY_JOIN""#, r#""GUILD_CREATE""#]);
        assert_eq!(peer["authenticated"], json!(true));
        assert_eq!(state["activities"][0]["activity"]["state"], "Here");
        pair.host("GUILD_CREATE", json!({"name": "New guild"}));
        assert_eq!(names(&pair.events()), ["GUILD_CREATE"]);
    }
}

#[test]
fn a_token_given_to_connect_works_and_a_wrong_one_is_fatal() {
    let mut pair = Pair::connected(client::Via::Ipc);
    let token = pair.token();
    let given = |token: &str| client::Config { access_token: Some(Secret::new(token)), ..config() };

    pair.client = client::Client::new(given(token.as_str().unwrap()));
    pair.client.start(pair.now, &mut pair.record);
    pair.settle();
    let events = pair.events();
    assert_eq!((names(&events), &events[0].payload["auth"]["scopes"][0]), (vec!["CONNECTED"], &json!("rpc")));

    let mut pair = Pair::new(client::Via::Ipc, given("no such token"), false);
    let events = pair.events();
    assert_eq!(names(&events), ["DISCONNECTED"]);
    assert_eq!((events[0].status, events[0].code, events[0].flags), (Status::Auth, 4009, Flags::FATAL));
    assert!(!events[0].message.contains("no such token"));
}

#[test]
fn a_revoked_token_is_fatal() {
    let mut pair = Pair::connected(client::Via::Ipc);
    let token = pair.token();
    pair.ask_well("AUTHENTICATE", json!({"access_token": token}));
    pair.host("TOKEN_REVOKE", json!({"access_token": token}));
    let events = pair.events();
    assert_eq!(names(&events), ["DISCONNECTED"]);
    assert_eq!((events[0].status, events[0].code, events[0].flags), (Status::Auth, 4003, Flags::FATAL));
}

#[test]
fn an_application_that_is_not_registered_is_fatal() {
    for via in [client::Via::Ipc, client::Via::WebSocket] {
        let mut pair = Pair::new(via, config(), true);
        let events = pair.events();
        assert_eq!(names(&events), ["DISCONNECTED"]);
        assert_eq!((events[0].status, events[0].code, events[0].flags), (Status::Remote, 4000, Flags::FATAL));
    }
}

#[test]
fn what_the_door_refuses_is_the_doors_own_error() {
    let mut pair = Pair::connected(client::Via::Ipc);
    let cases = [
        ("GET_GUILDS", json!({}), 4006),
        ("SUBSCRIBE", json!({"evt": "GUILD_CREATE"}), 4006),
        ("SUBSCRIBE", json!({"evt": "EVENT_OF_TOMORROW"}), 4004),
        ("COMMAND_OF_TOMORROW", json!({}), 4002),
        ("SEND_ACTIVITY_JOIN_INVITE", json!({"user_id": "1"}), 4010),
        ("SET_ACTIVITY", json!({"activity": {"state": "x"}}), 4000),
    ];
    for (name, args, code) in cases {
        let told = pair.ask(name, args);
        assert_eq!((told.status, told.code), (Status::Remote, code), "{name}: {}", told.message);
        assert!(!told.message.is_empty());
    }
    let told = pair.ask("AUTHENTICATE", json!({"access_token": "x"}));
    assert_eq!((told.status, told.code), (Status::Auth, 4009));
}

#[test]
fn every_command_of_the_catalog_is_answered() {
    let mut pair = Pair::connected(client::Via::Ipc);
    let token = pair.token();
    pair.ask_well("AUTHENTICATE", json!({"access_token": token}));
    let args = json!({
        "guild_id": "1", "channel_id": "1", "user_id": "1", "devices": [], "evt": "MESSAGE_CREATE",
        "args": {"channel_id": "1"}, "client_id": config().client_id, "scopes": [], "access_token": token,
    });
    for row in gamebridge_proto::wire::rpc::COMMANDS.iter().filter(|row| row.callable) {
        let told = pair.ask(row.name, args.clone());
        assert!(matches!(told.status, Status::Ok | Status::Remote), "{}: {}", row.name, told.message);
    }
    assert!(!pair.client.is_finished() && pair.peer != 0);
}

#[test]
fn a_flood_of_activities_reaches_the_world_as_five_and_the_last() {
    let mut pair = Pair::connected(client::Via::Ipc);
    pair.hall.events.clear();
    for number in 0..100 {
        pair.send("SET_ACTIVITY", json!({"activity": {"state": format!("state {number}")}}));
    }
    pair.advance(client::presence::WINDOW);
    let updates = pair.hall.events.iter().filter(|(name, _)| name == "ACTIVITY_UPDATE");
    let states: Vec<_> = updates.map(|(_, payload)| payload["activity"]["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["state 0", "state 1", "state 2", "state 3", "state 4", "state 99"]);
    let events = pair.events();
    assert_eq!(events.iter().filter(|event| event.kind == EventType::Reply).count(), 100);
    assert_eq!(events.iter().filter(|event| event.flags == Flags::SUPERSEDED).count(), 94);
}

#[test]
fn leaving_takes_the_activity_away() {
    let mut pair = Pair::connected(client::Via::Ipc);
    pair.ask_well("SET_ACTIVITY", json!({"activity": {"state": "Here"}}));
    pair.client.handle_disconnect(pair.now, &mut pair.record);
    pair.settle();
    assert_eq!(names(&pair.events()), ["DISCONNECTED"]);
    assert_eq!(pair.host("STATE", json!({}))["activities"], json!([]));
}

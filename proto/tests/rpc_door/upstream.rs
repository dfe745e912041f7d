//! A door whose account is a Discord's, and the test in that Discord's place.

use std::time::Duration;

use gamebridge_proto::command::Command;
use gamebridge_proto::error::Status;
use gamebridge_proto::event::{Event, EventType};
use gamebridge_proto::server::rpc::{Account, Config, Errand, Via};
use gamebridge_proto::wire::ipc::Opcode;
use serde_json::{Value, json};

use crate::house::{GAME, House, Out};

/// The host's own application.
pub const HOME: u64 = 99;

pub struct Front {
    pub house: House,
}

/// A command that went upstream.
#[derive(Clone, Debug, PartialEq)]
pub struct Went {
    pub session: u32,
    pub tag: u64,
    pub name: String,
    pub args: Value,
}

impl Front {
    pub fn new(account: Account) -> Front {
        let mut house = House::new(Config { account, instance: "front".into(), ..Config::default() });
        house.door.start(house.now, &mut house.world, &mut house.record);
        Front { house }
    }

    pub fn desktop() -> Front {
        Front::new(Account::Desktop { client_id: HOME.into() })
    }

    pub fn auto() -> Front {
        Front::new(Account::Auto { client_id: HOME.into() })
    }

    /// A desktop account whose Discord is there; what it said about that is forgotten.
    pub fn present() -> Front {
        let mut front = Front::desktop();
        let (session, ..) = front.opened();
        front.ready(session);
        front.house.out();
        front
    }

    /// All errands since the last call.
    pub fn errands(&mut self) -> Vec<Errand> {
        std::mem::take(&mut self.house.record.1)
    }

    /// The one connection that was asked for: number, application, whether to go on looking, whether a GameBridge will not
    /// do.
    pub fn opened(&mut self) -> (u32, u64, bool, bool) {
        match &self.errands()[..] {
            [Errand::Open { session, client_id, retry, discord_only }] => {
                (*session, client_id.get(), *retry, *discord_only)
            }
            other => panic!("one connection expected: {other:?}"),
        }
    }

    /// The commands that went upstream.
    pub fn went(&mut self) -> Vec<Went> {
        let went = self.errands().into_iter().map(|errand| match errand {
            Errand::Send { session, command: Command { name, args, tag, .. } } => {
                let args = serde_json::from_slice(&args).expect("arguments are JSON");
                Went { session, tag, name: name.into(), args }
            }
            other => panic!("a command expected: {other:?}"),
        });
        went.collect()
    }

    /// The one command that went upstream.
    pub fn one(&mut self) -> Went {
        let mut went = self.went();
        assert_eq!(went.len(), 1, "{went:?}");
        went.remove(0)
    }

    pub fn tell(&mut self, session: u32, event: &Event<'_>) {
        let House { door, now, world, record, .. } = &mut self.house;
        door.handle_upstream(*now, session, event, world, record);
    }

    pub fn ready(&mut self, session: u32) {
        self.ready_as(session, "7", "Mason");
    }

    pub fn ready_as(&mut self, session: u32, id: &str, username: &str) {
        let ready = json!({
            "v": 1, "config": {"cdn_host": "far.example", "more": [1]},
            "user": {"id": id, "username": username, "discriminator": "0", "avatar": null},
        });
        let ready = ready.to_string();
        let mut event = Event::new(EventType::Connected, "CONNECTED");
        event.payload = ready.as_bytes();
        self.tell(session, &event);
    }

    pub fn reply(&mut self, went: &Went, data: &Value) {
        let data = data.to_string();
        let mut event = Event::new(EventType::Reply, &went.name);
        (event.tag, event.payload) = (went.tag, data.as_bytes());
        self.tell(went.session, &event);
    }

    pub fn refuse(&mut self, went: &Went, code: i32, message: &str) {
        let data = json!({"code": code, "message": message, "detail": "kept"}).to_string();
        let mut event = Event::new(EventType::Reply, &went.name);
        (event.tag, event.payload, event.code, event.message) = (went.tag, data.as_bytes(), code, message);
        event.status = if code == 4009 { Status::Auth } else { Status::Remote };
        self.tell(went.session, &event);
    }

    /// The machine says that a command came to nothing.
    pub fn fail(&mut self, went: &Went, status: Status, message: &str) {
        let mut event = Event::new(EventType::Reply, &went.name);
        (event.tag, event.status, event.message) = (went.tag, status, message);
        self.tell(went.session, &event);
    }

    pub fn happens(&mut self, session: u32, name: &str, data: &Value) {
        let data = data.to_string();
        let mut event = Event::new(EventType::Dispatch, name);
        event.payload = data.as_bytes();
        self.tell(session, &event);
    }

    /// The connection broke, or was refused.
    pub fn lost(&mut self, session: u32, kind: EventType, status: Status, code: i32) {
        let mut event = Event::new(kind, "LOST");
        (event.status, event.code, event.message) = (status, code, "the connection was closed");
        self.tell(session, &event);
    }

    pub fn breaks(&mut self, session: u32) {
        self.lost(session, EventType::Reconnecting, Status::Closed, 0);
    }

    pub fn nobody(&mut self, session: u32) {
        self.lost(session, EventType::Disconnected, Status::Io, 0);
    }

    /// A peer over IPC that has said as which application it comes.
    pub fn greets(&mut self, peer: u32, client: &str) {
        self.house.connect(peer, Via::Ipc);
        let hello = json!({"v": 1, "client_id": client}).to_string();
        self.house.frame(peer, Opcode::Handshake, hello.as_bytes()).unwrap();
    }

    /// Peers of the game that are in, over one connection; its number.
    pub fn joined(&mut self, peers: &[u32]) -> u32 {
        let mut of_game = None;
        for peer in peers {
            self.greets(*peer, GAME);
            if of_game.is_none() {
                let (session, client, retry, _) = self.opened();
                assert_eq!((client.to_string().as_str(), retry), (GAME, true));
                self.ready(session);
                of_game = Some(session);
            }
            assert_eq!(self.house.sent(*peer)[0]["evt"], "READY");
        }
        of_game.expect("a peer")
    }

    /// A peer over a WebSocket that is in; the connection of its application is there.
    pub fn websocket(&mut self, peer: u32) {
        self.house.websocket(peer);
    }

    pub fn say(&mut self, peer: u32, cmd: &str, args: &Value, nonce: &str) {
        self.house.say(peer, &json!({"cmd": cmd, "args": args, "nonce": nonce}));
    }

    pub fn subscribe(&mut self, peer: u32, verb: &str, event: &str, args: &Value) {
        self.house.say(peer, &json!({"cmd": verb, "evt": event, "args": args, "nonce": event}));
    }

    /// AUTHENTICATE with this token, which upstream takes; over which connection that was, a new one if need be.
    pub fn authenticate(&mut self, peer: u32, token: &str, scopes: &[&str]) -> u32 {
        let went = self.shows(peer, token);
        self.reply(&went, &auth(scopes, "2015-01-08T00:00:00.000000+00:00"));
        assert_eq!(self.house.sent(peer)[0]["data"]["scopes"], json!(scopes));
        went.session
    }

    /// AUTHENTICATE with this token, on its way.
    pub fn shows(&mut self, peer: u32, token: &str) -> Went {
        self.say(peer, "AUTHENTICATE", &json!({"access_token": token}), "auth");
        if let [Errand::Open { session, .. }] = self.house.record.1[..] {
            self.errands();
            self.ready(session);
        }
        let went = self.one();
        assert_eq!((went.name.as_str(), &went.args), ("AUTHENTICATE", &json!({"access_token": token})));
        went
    }

    /// SUBSCRIBE, which upstream takes; over which connection that was.
    pub fn subscribed(&mut self, peer: u32, event: &str, args: &Value) -> u32 {
        self.subscribe(peer, "SUBSCRIBE", event, args);
        let went = self.one();
        self.reply(&went, &json!({"evt": event}));
        assert_eq!(self.heard(peer).len(), 1);
        went.session
    }

    /// Who hears of an event that comes over this connection.
    pub fn hearers(&mut self, session: u32, name: &str, data: &Value) -> Vec<u32> {
        self.house.out();
        self.happens(session, name, data);
        let out = self.house.out().into_iter().filter_map(|out| match out {
            Out::Sent { peer, .. } => Some(peer),
            _ => None,
        });
        out.collect()
    }

    /// Replies and events to one peer: `(cmd or evt, nonce, code of an ERROR or 0)`.
    pub fn heard(&mut self, peer: u32) -> Vec<(String, Value, i64)> {
        let heard = self.house.sent(peer).into_iter().map(|frame| {
            let name = if frame["cmd"] == "DISPATCH" { &frame["evt"] } else { &frame["cmd"] };
            let code = if frame["evt"] == "ERROR" { frame["data"]["code"].as_i64().unwrap() } else { 0 };
            (name.as_str().unwrap().to_owned(), frame["nonce"].clone(), code)
        });
        heard.collect()
    }

    /// Who was closed, with what.
    pub fn closed(&mut self) -> Vec<(u32, u16)> {
        let closed = self.house.out().into_iter().filter_map(|out| match out {
            Out::Closed { peer, code, .. } => Some((peer, code)),
            _ => None,
        });
        closed.collect()
    }

    /// What the host was told of the account: kind, username (or null), reason.
    pub fn updates(&mut self) -> Vec<(String, Value, String)> {
        let updates = self.house.events().into_iter().filter(|(name, ..)| name == "ACCOUNT_UPDATE");
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        updates
            .map(|(_, _, data)| (text(&data["kind"]), data["user"]["username"].clone(), text(&data["reason"])))
            .collect()
    }

    pub fn account(&self) -> Value {
        let mut text = Vec::new();
        self.house.door.write_account(&self.house.world, &mut text);
        serde_json::from_slice(&text).expect("JSON")
    }

    pub fn wait(&mut self, seconds: f64) {
        self.house.wait(Duration::from_secs_f64(seconds));
    }
}

/// The data of AUTHENTICATE.
pub fn auth(scopes: &[&str], expires: &str) -> Value {
    json!({"application": {"id": GAME, "name": "Game"}, "expires": expires, "user": {"id": "7"}, "scopes": scopes})
}

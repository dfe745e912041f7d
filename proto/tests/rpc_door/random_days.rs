//! Days of a town at random: peers of three applications come, go, ask for everything and wait, while guilds and voice
//! servers fail and permissions change. Whatever happens, every frame is what the catalog says, every command is answered
//! once, nobody gets what they may not have, and nothing is left when all have gone.

use std::collections::BTreeMap;
use std::time::Duration;

use gamebridge_proto::error::Status;
use gamebridge_proto::event::EventType;
use gamebridge_proto::random::Random;
use gamebridge_proto::server::rpc::{Config, Consent, JoinRequests, Limits, Via};
use gamebridge_proto::wire::ipc::Opcode;
use gamebridge_proto::wire::rpc;
use gamebridge_proto::world::{
    ChannelId, GuildEdit, NewMessage, Operation, Overwrite, OverwriteOf, Permissions, RoleId,
};
use serde_json::{Value, json};

use super::every_command::device;
use super::house::Out;
use super::shapes::complaints;
use super::town::{Town, id};

const CLIENTS: [&str; 3] = [super::house::GAME, "5", "7"];
const ALL: &[&str] = &["rpc", "messages.read", "identify", "relationships_read", "rpc.notifications.read"];
const SCOPES: [&[&str]; 5] = [ALL, ALL, &["rpc"], &["rpc.voice.read", "rpc.voice.write"], &["identify"]];

struct Days {
    town: Town,
    random: Random,
    /// Who is connected, with the scopes of the latest token.
    peers: BTreeMap<u32, Vec<&'static str>>,
    /// Commands without an answer: by nonce who sent them, and what.
    owed: BTreeMap<u64, (u32, &'static str)>,
    sent: u64,
    next_peer: u32,
    requests: Vec<u64>,
    /// How often each command was answered well, refused, and each event came.
    seen: BTreeMap<String, u32>,
}

impl Days {
    fn pick(&mut self, of: usize) -> usize {
        self.random.next_u64() as usize % of
    }

    fn channel(&mut self) -> ChannelId {
        let Town { general, lounge, attic, vault, hidden, dm, own, .. } = self.town;
        [general, lounge, attic, vault, hidden, dm, own][self.pick(7)]
    }

    fn come(&mut self) {
        let client = CLIENTS[self.pick(3)];
        let peer = self.next_peer;
        self.next_peer += 1;
        let house = &mut self.town.house;
        house.connect(peer, Via::Ipc);
        house.frame(peer, Opcode::Handshake, json!({"v": 1, "client_id": client}).to_string().as_bytes()).unwrap();
        self.peers.insert(peer, Vec::new());
        self.read();
        if self.pick(4) > 0 {
            let scopes = SCOPES[self.pick(5)];
            let user = self.town.local;
            let application = client.parse::<u64>().unwrap().into();
            let world = &mut self.town.house.world;
            let scopes_owned = scopes.iter().map(|scope| Box::from(*scope)).collect();
            let now = self.town.house.now;
            let code = world.apply(now, Operation::Authorize { application, user, scopes: scopes_owned }).unwrap();
            let code = code.into_iter().find_map(|change| match change {
                gamebridge_proto::world::Change::CodeIssued(code) => Some(code),
                _ => None,
            });
            let exchange = json!({"code": code.unwrap().reveal(), "client_id": client});
            let token = self.town.house.host("TOKEN_EXCHANGE", exchange)["access_token"].clone();
            self.send(peer, "AUTHENTICATE", json!({"args": {"access_token": token}}));
            self.peers.insert(peer, scopes.to_vec());
        }
    }

    fn send(&mut self, peer: u32, cmd: &'static str, mut message: Value) {
        self.sent += 1;
        message["cmd"] = json!(cmd);
        message["nonce"] = json!(self.sent);
        self.owed.insert(self.sent, (peer, cmd));
        self.town.house.say(peer, &message);
        self.read();
    }

    fn command(&mut self, peer: u32) {
        let (guild, bob) = (id(self.town.guild), id(self.town.bob));
        let channel = id(self.channel());
        let timeout = [json!(null), json!(0), json!(5), json!(30)][self.pick(4)].clone();
        let flag = self.pick(2) == 0;
        let (cmd, args) = match self.pick(15) {
            0 => ("GET_GUILD", json!({"guild_id": guild, "timeout": timeout})),
            1 => ("GET_GUILDS", json!({})),
            2 => ("GET_CHANNELS", json!({"guild_id": guild})),
            3 => ("GET_CHANNEL", json!({"channel_id": channel})),
            4 | 5 => (
                "SELECT_VOICE_CHANNEL",
                json!({"channel_id": channel, "timeout": timeout, "force": flag, "navigate": flag}),
            ),
            6 => ("SELECT_VOICE_CHANNEL", json!({"channel_id": null})),
            7 => ("SELECT_TEXT_CHANNEL", json!({"channel_id": channel, "timeout": timeout})),
            8 => ("SET_VOICE_SETTINGS", json!({"mute": flag, "input": {"volume": self.pick(100)}})),
            9 => ("SET_USER_VOICE_SETTINGS", json!({"user_id": bob, "mute": flag, "volume": self.pick(200)})),
            10 => ("SET_CERTIFIED_DEVICES", json!({"devices": [device("audioinput")]})),
            11 => {
                ("SET_ACTIVITY", json!({"pid": 1, "activity": {"state": "In a group", "secrets": {"join": "come in"}}}))
            }
            12 => (["SEND_ACTIVITY_JOIN_INVITE", "CLOSE_ACTIVITY_REQUEST"][self.pick(2)], json!({"user_id": bob})),
            13 => ("GET_VOICE_SETTINGS", json!({})),
            _ => ("GET_SELECTED_VOICE_CHANNEL", json!({})),
        };
        self.send(peer, cmd, json!({"args": args}));
    }

    fn subscribe(&mut self, peer: u32) {
        let events: Vec<_> = rpc::EVENTS.iter().filter(|row| row.callable).collect();
        let row = events[self.pick(events.len())];
        let args = match row.args.first().map(|arg| arg.name) {
            Some("guild_id") => json!({"guild_id": id(self.town.guild)}),
            Some(_) => json!({"channel_id": id(self.channel())}),
            None => json!({}),
        };
        let cmd = if self.pick(5) == 0 { "UNSUBSCRIBE" } else { "SUBSCRIBE" };
        self.send(peer, cmd, json!({"evt": row.name, "args": args}));
    }

    fn happen(&mut self) {
        let (local, ada, bob, guild) = (self.town.local, self.town.ada, self.town.bob, self.town.guild);
        let channel = self.channel();
        let flag = self.pick(2) == 0;
        let mostly = self.pick(3) > 0;
        let user = [local, ada, bob][self.pick(3)];
        let operation = match self.pick(10) {
            0 => Operation::EditGuild {
                guild,
                edit: GuildEdit { available: Some(flag || mostly), ..GuildEdit::default() },
            },
            1 => Operation::SetVoiceServers { available: flag || mostly },
            2 => Operation::JoinVoice { user, channel },
            3 => Operation::LeaveVoice(user),
            4 => Operation::SetSpeaking { user, speaking: flag },
            5 => Operation::PostMessage(NewMessage::text(channel, user, "<@1> Hello @everyone `x`")),
            6 => {
                let deny = [Permissions::VIEW_CHANNEL, Permissions::CONNECT, Permissions::NONE][self.pick(8).min(2)];
                let of = OverwriteOf::Role(RoleId::from(guild.get()));
                Operation::SetOverwrite { channel, overwrite: Overwrite { of, allow: Permissions::NONE, deny } }
            }
            7 => Operation::RequestJoin { from: bob, application: None },
            8 => Operation::Ping(12.5),
            _ => Operation::EditVoice { user, self_mute: Some(flag), self_deaf: None },
        };
        let house = &mut self.town.house;
        if let Ok(changes) = house.world.apply(house.now, operation) {
            house.door.handle_changes(house.now, &changes, &mut house.world, &mut house.record);
        }
        self.read();
    }

    /// Looks at everything that came out.
    fn read(&mut self) {
        for out in self.town.house.out() {
            match out {
                Out::Sent { peer, payload, .. } => self.frame(peer, &payload),
                Out::Closed { peer, code, reason } => panic!("{peer} was closed: {code} {reason}"),
                Out::Event { kind: EventType::Request, tag, .. } => self.requests.push(tag),
                Out::Event { .. } => {}
            }
        }
    }

    fn frame(&mut self, peer: u32, frame: &Value) {
        assert!(self.peers.contains_key(&peer) || frame["evt"] == "READY", "{peer} is gone and was sent {frame}");
        let row = match frame["nonce"].as_u64() {
            Some(nonce) => {
                let (from, cmd) = self.owed.remove(&nonce).unwrap_or_else(|| panic!("answered twice: {frame}"));
                assert_eq!((peer, cmd), (from, frame["cmd"].as_str().unwrap()));
                if frame["evt"] == "ERROR" { rpc::event("ERROR") } else { rpc::command(cmd) }
            }
            None => rpc::event(frame["evt"].as_str().unwrap()),
        };
        let row = row.unwrap();
        *self.seen.entry(row.name.to_owned()).or_default() += 1;
        if let Some(code) = frame["data"].get("code").filter(|_| frame["evt"] == "ERROR") {
            *self.seen.entry(code.to_string()).or_default() += 1;
        }
        let complaints = complaints(&row.reply, &frame["data"]);
        assert!(complaints.is_empty(), "{complaints:?} in {frame}");
        if frame["nonce"].is_null() && row.callable {
            let held = &self.peers[&peer];
            assert!(row.scopes.allow(|scope| scope == "rpc.local" || held.contains(&scope)), "{held:?}: {frame}");
        }
    }
}

#[test]
fn whatever_happens_everybody_is_answered_once_and_nothing_is_left_behind() {
    let mut seen = BTreeMap::new();
    for seed in 0..6 {
        let join_requests = [JoinRequests::Peers, JoinRequests::Ask, JoinRequests::Allow][seed as usize % 3];
        let limits = Limits { commands_per_second: 0, waiting: 4, ..Limits::default() };
        let town = Town::of(Config { consent: Consent::Allow, join_requests, limits, ..Config::default() });
        let (peers, owed) = (BTreeMap::new(), BTreeMap::new());
        let (random, requests) = (Random::new(seed), Vec::new());
        let mut days = Days { town, random, peers, owed, sent: 0, next_peer: 1, requests, seen };
        days.town.house.out();
        for _ in 0..6000 {
            let at = days.pick(days.peers.len().max(1));
            let peer = days.peers.keys().nth(at).copied();
            match (days.pick(20), peer) {
                (0, _) | (_, None) if days.peers.len() < 10 => days.come(),
                (1, Some(peer)) if days.peers.len() > 6 || days.pick(4) == 0 => {
                    days.peers.remove(&peer);
                    days.owed.retain(|_, (from, _)| *from != peer);
                    days.town.house.gone(peer);
                    days.read();
                }
                (2..=5, Some(peer)) => days.subscribe(peer),
                (6..=12, Some(peer)) => days.command(peer),
                (13, _) => {
                    let time = Duration::from_millis(days.random.next_u64() % 8000);
                    days.town.house.wait(time);
                    days.read();
                }
                (14, _) => {
                    if let Some(request) = days.requests.pop() {
                        let status = [Status::Ok, Status::Auth][days.pick(2)];
                        let _ = days.town.house.answer(request, status);
                        days.read();
                    }
                }
                _ => days.happen(),
            }
        }
        // Nobody waits longer than half a minute here.
        days.town.house.wait(Duration::from_secs(31));
        days.read();
        assert!(days.owed.is_empty(), "seed {seed}: never answered: {:?}", days.owed);
        for peer in std::mem::take(&mut days.peers).into_keys() {
            days.town.house.gone(peer);
        }
        days.town.house.out();
        days.town.house.wait(Duration::from_secs(60));
        let world = &days.town.house.world;
        assert_eq!(days.town.house.door.next_timeout(), None, "seed {seed}");
        assert!(world.voice_lock().is_none() && world.sessions().next().is_none() && world.join_requests().is_empty());
        assert_eq!(world.certified_devices().count(), 0);
        let settings = world.voice_settings();
        assert_eq!(
            (settings.input.volume, settings.input.available.len()),
            (100.0, 1),
            "as it was before anybody came"
        );
        seen = days.seen;
    }
    // That the days were eventful: each of these happened, and not once by accident.
    for name in [
        "GET_GUILD",
        "GET_CHANNEL",
        "SELECT_VOICE_CHANNEL",
        "SELECT_TEXT_CHANNEL",
        "SET_VOICE_SETTINGS",
        "SUBSCRIBE",
        "SEND_ACTIVITY_JOIN_INVITE",
        "GUILD_STATUS",
        "MESSAGE_CREATE",
        "VOICE_STATE_CREATE",
        "VOICE_CHANNEL_SELECT",
        "VOICE_SETTINGS_UPDATE",
        "VOICE_CONNECTION_STATUS",
        "ACTIVITY_JOIN_REQUEST",
        "NOTIFICATION_CREATE",
        "4003",
        "4005",
        "4006",
        "4010",
        "5001",
        "5002",
        "5003",
    ] {
        assert!(seen.get(name).is_some_and(|times: &u32| *times > 3), "{name}: {seen:?}");
    }
}

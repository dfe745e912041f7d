//! A day of outages, on a virtual clock: a Discord that comes and goes, forgets everything when it goes, breaks at every
//! state, and loses what was not written. Whatever it does, each tag is answered once, the life of the connection keeps its
//! grammar, and what the program wants is what Discord has in the end.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use gamebridge_proto::command::Command;
use gamebridge_proto::error::{Error, Status};
use gamebridge_proto::event::{EventType, Flags};
use gamebridge_proto::protocol::rpc::{Client, Closed, Config, Via};
use gamebridge_proto::random::Random;
use gamebridge_proto::secret::Secret;
use gamebridge_proto::time::Instant;
use gamebridge_proto::wire::ipc::{Frame, Opcode};
use serde_json::{Value, json};

use crate::peer::{Record, config, ms, read, ready_data};

/// What Discord knows of this connection.
#[derive(Default)]
struct Known {
    activity: Option<Value>,
    subscriptions: BTreeSet<String>,
    authenticated: bool,
}

/// The driver's and Discord's side.
struct World {
    client: Client,
    record: Record,
    random: Random,
    now: Instant,
    /// When the driver answers `open`, and whether it finds somebody.
    opening: Option<Instant>,
    open: bool,
    /// Until when there is no Discord at all.
    down_until: Instant,
    known: Known,
    /// Frames that were sent and not written yet.
    outbox: VecDeque<(Opcode, Vec<u8>)>,
    /// Replies under way.
    inbox: VecDeque<(Instant, Value)>,
    /// When the next break comes.
    break_at: Instant,
    updates: Vec<Instant>,
    connections: u32,
    // What the program did; and whether it does things by itself.
    busy: bool,
    tags: u64,
    wanted_activity: Option<Value>,
    wanted: BTreeSet<String>,
    answered: BTreeMap<u64, (Status, Flags)>,
    life: Vec<EventType>,
}

impl World {
    fn new(seed: u64, token: Option<&str>) -> World {
        let config = Config { access_token: token.map(Secret::new), seed, ..config() };
        let mut world = World {
            client: Client::new(config),
            record: Record::default(),
            random: Random::new(seed ^ 0xDA7),
            now: Instant::from_nanos(1),
            opening: None,
            open: false,
            down_until: Instant::ZERO,
            known: Known::default(),
            outbox: VecDeque::new(),
            inbox: VecDeque::new(),
            break_at: Instant::from_nanos(1),
            updates: Vec::new(),
            connections: 0,
            busy: true,
            tags: 0,
            wanted_activity: None,
            wanted: BTreeSet::new(),
            answered: BTreeMap::new(),
            life: Vec::new(),
        };
        world.client.start(world.now, &mut world.record);
        world
    }

    fn chance(&mut self, of: u64) -> bool {
        self.random.next_u64().is_multiple_of(of)
    }

    /// Carries out what the machine asked for.
    fn settle(&mut self) {
        for event in std::mem::take(&mut self.record.events) {
            match event.kind {
                EventType::Reply => {
                    let twice = self.answered.insert(event.tag, (event.status, event.flags));
                    assert_eq!(twice, None, "tag {} was answered twice", event.tag);
                    assert!(self.life.last() != Some(&EventType::Disconnected), "DISCONNECTED is last");
                }
                EventType::Connected | EventType::Reconnecting | EventType::Disconnected => self.life.push(event.kind),
                EventType::Log => {}
                _ => assert_eq!(self.life.last(), Some(&EventType::Connected), "{event:?}"),
            }
        }
        if std::mem::take(&mut self.record.closes) > 0 {
            self.lose();
        }
        if let Some(skip) = std::mem::take(&mut self.record.opens).last() {
            assert!(*skip < 8);
            self.opening = Some(self.now + ms(*skip as u64 + 1));
        }
        self.outbox.extend(std::mem::take(&mut self.record.frames));
        // Mostly all is written at once; sometimes the socket takes no more.
        while !self.outbox.is_empty() && self.open {
            if self.chance(50) {
                break;
            }
            if let Some((opcode, payload)) = self.outbox.pop_front() {
                self.arrive(opcode, &payload);
            }
        }
    }

    fn lose(&mut self) {
        self.open = false;
        self.known = Known::default();
        self.inbox.clear();
        self.outbox.clear();
    }

    /// A frame arrives at Discord.
    fn arrive(&mut self, opcode: Opcode, payload: &[u8]) {
        let at = self.now + self.random.up_to(ms(300));
        if opcode == Opcode::Handshake {
            // One in ten is never answered.
            if !self.chance(10) {
                self.inbox.push_back((at, json!({"cmd": "DISPATCH", "evt": "READY", "data": ready_data()})));
            }
            return;
        }
        let sent = read(payload);
        let mut refusal = None;
        match sent.cmd.as_str() {
            "AUTHENTICATE" => self.known.authenticated = true,
            "SET_ACTIVITY" => {
                self.updates.push(self.now);
                self.known.activity = sent.args.get("activity").filter(|activity| !activity.is_null()).cloned();
            }
            "SUBSCRIBE" => {
                self.known.subscriptions.insert(sent.evt.clone().unwrap());
            }
            "UNSUBSCRIBE" => {
                self.known.subscriptions.remove(sent.evt.as_deref().unwrap());
            }
            // Some are refused, some never answered.
            _ => match self.random.next_u64() % 20 {
                0 => refusal = Some(json!({"code": 4002, "message": "Invalid command"})),
                1 => return,
                _ => {}
            },
        }
        let evt = refusal.is_some().then_some("ERROR");
        let data = refusal.unwrap_or_else(|| json!({"echo": sent.args}));
        self.inbox.push_back((at, json!({"cmd": sent.cmd, "nonce": sent.nonce, "evt": evt, "data": data})));
    }

    fn break_off(&mut self) {
        let unwritten = self.outbox.len();
        self.lose();
        let code = [None, None, Some(1000), Some(1006), Some(4002)][self.random.next_u64() as usize % 5];
        let closed = Closed { code, reason: "", unwritten };
        self.client.handle_closed(self.now, closed, &mut self.record);
        if self.chance(3) {
            self.down_until = self.now + self.random.up_to(Duration::from_secs(1_800));
        }
    }

    /// The next moment at which anything happens, `until` at the latest.
    fn next(&self, until: Instant) -> Instant {
        let mut next = until;
        next = next.min(self.client.next_timeout().unwrap_or(until));
        next = next.min(self.opening.unwrap_or(until));
        if self.open {
            next = next.min(self.break_at);
        }
        if let Some(first) = self.inbox.iter().map(|(at, _)| *at).min() {
            next = next.min(first);
        }
        next.max(self.now)
    }

    fn run(&mut self, until: Instant) {
        let mut idle = 0;
        while self.now < until {
            let next = self.next(until);
            idle = if next == self.now { idle + 1 } else { 0 };
            assert!(idle < 10_000, "time stands still");
            self.now = next;
            if self.client.next_timeout().is_some_and(|at| at <= self.now) {
                self.client.handle_timeout(self.now, &mut self.record);
                self.settle();
            }
            if self.opening.is_some_and(|at| at <= self.now) {
                self.opening = None;
                if self.now < self.down_until || self.chance(10) {
                    let error = Error::new(Status::Io, "nobody there");
                    self.client.handle_open_failed(self.now, &error, &mut self.record);
                } else {
                    self.open = true;
                    self.connections += 1;
                    // Breaks at every state: some at once, some after hours.
                    let life = if self.chance(3) { ms(400) } else { Duration::from_secs(2_400) };
                    self.break_at = self.now + self.random.up_to(life);
                    self.client.handle_opened(self.now, Via::Ipc, "/tmp/x", &mut self.record);
                }
                self.settle();
            }
            while let Some(at) = self.inbox.iter().position(|(at, _)| *at <= self.now) {
                let (_, message) = self.inbox.remove(at).unwrap();
                let text = message.to_string();
                let frame = Frame { opcode: Opcode::Frame, payload: text.as_bytes() };
                self.client.handle_frame(self.now, frame, &mut self.record).expect("the peer behaves");
                self.settle();
            }
            if self.open && self.break_at <= self.now {
                // The program may be in the middle of something.
                for _ in 0..if self.busy { self.random.next_u64() % 4 } else { 0 } {
                    self.act();
                }
                self.break_off();
                self.settle();
            }
        }
    }

    fn send(&mut self, name: &str, args: Value) {
        self.tags += 1;
        let args = args.to_string().into_bytes().into();
        let timeout = self.chance(4).then(|| self.random.up_to(Duration::from_secs(120)));
        let command =
            Command { name: name.into(), args, tag: self.tags, timeout, issued: self.now, ..Default::default() };
        self.client.handle_command(self.now, command, &mut self.record);
        self.settle();
    }

    fn act(&mut self) {
        const EVENTS: [&str; 4] = ["ACTIVITY_JOIN", "ACTIVITY_JOIN_REQUEST", "ACTIVITY_SPECTATE", "GUILD_CREATE"];
        let event = EVENTS[self.random.next_u64() as usize % EVENTS.len()];
        match self.random.next_u64() % 10 {
            0..4 => {
                let activity = (!self.chance(10)).then(|| json!({"state": format!("state {}", self.tags)}));
                self.wanted_activity = activity.clone();
                self.send("SET_ACTIVITY", json!({"activity": activity}));
            }
            4 => self.send("SUBSCRIBE", json!({"evt": event})),
            5 => self.send("UNSUBSCRIBE", json!({"evt": event})),
            6 => {
                let tag = self.tags;
                self.client.handle_cancel(self.now, tag.saturating_sub(self.random.next_u64() % 3), &mut self.record);
                self.settle();
                // It may have been an activity; make known again what is wanted.
                let activity = self.wanted_activity.clone();
                self.send("SET_ACTIVITY", json!({"activity": activity}));
            }
            _ => self.send("GET_GUILDS", json!({})),
        }
    }
}

fn a_day(seed: u64, token: Option<&str>) {
    let mut world = World::new(seed, token);
    let day = world.now + Duration::from_secs(24 * 3600);
    while world.now < day {
        let pause = if world.chance(5) { ms(100) } else { Duration::from_secs(300) };
        let until = world.now + world.random.up_to(pause);
        world.run(until);
        world.act();
    }
    world.busy = false;
    // The weather clears: what the program wants is said once more for the subscriptions, whose cancelled or timed-out
    // requests left open what it wants; the activity is not said again.
    world.down_until = Instant::ZERO;
    let calm = |world: &mut World| {
        for _ in 0..100 {
            let until = world.now + Duration::from_secs(61);
            world.break_at = until + Duration::from_secs(3600);
            world.run(until);
        }
        world.break_at = world.now + Duration::from_secs(3600);
    };
    calm(&mut world);
    for event in ["ACTIVITY_JOIN", "GUILD_CREATE"] {
        world.send("SUBSCRIBE", json!({"evt": event}));
        world.wanted.insert(event.into());
    }
    for event in ["ACTIVITY_JOIN_REQUEST", "ACTIVITY_SPECTATE"] {
        world.send("UNSUBSCRIBE", json!({"evt": event}));
    }
    for outage in 0..20 {
        calm(&mut world);
        assert_eq!(world.life.last(), Some(&EventType::Connected), "seed {seed}");
        assert_eq!(world.known.activity, world.wanted_activity, "seed {seed}, outage {outage}");
        assert_eq!(world.known.subscriptions, world.wanted, "seed {seed}, outage {outage}");
        assert_eq!(world.known.authenticated, token.is_some());
        world.break_off();
        world.settle();
        world.down_until = world.now + world.random.up_to(Duration::from_secs(900));
    }
    world.client.handle_disconnect(world.now, &mut world.record);
    world.settle();

    assert_eq!(world.answered.len() as u64, world.tags, "each tag is answered");
    assert!(world.answered.keys().all(|tag| (1..=world.tags).contains(tag)));
    let statuses: BTreeSet<i32> = world.answered.values().map(|(status, _)| *status as i32).collect();
    for status in [Status::Ok, Status::Closed, Status::Cancelled, Status::Timeout, Status::Remote] {
        assert!(statuses.contains(&(status as i32)), "the day saw {status:?}");
    }
    assert!(world.answered.values().any(|(_, flags)| flags.contains(Flags::UNCERTAIN)));
    assert!(world.answered.values().any(|(_, flags)| flags.contains(Flags::SUPERSEDED)));

    // CONNECTED (RECONNECTING CONNECTED)* DISCONNECTED, with the end allowed in an outage.
    let (end, life) = world.life.split_last().unwrap();
    assert_eq!(*end, EventType::Disconnected);
    for (at, event) in life.iter().enumerate() {
        let expected = if at % 2 == 0 { EventType::Connected } else { EventType::Reconnecting };
        assert_eq!(*event, expected, "seed {seed}, step {at}");
    }
    assert!(life.len() > 40, "{} steps", life.len());
    assert!(world.connections < 3_000, "{} connections in a day", world.connections);
    for window in world.updates.windows(6) {
        assert!(window[5] - window[0] > ms(19_000), "6 updates in {:?}", window[5] - window[0]);
    }
}

#[test]
fn a_day_of_outages_loses_nothing() {
    for seed in 1..=6 {
        a_day(seed, None);
    }
}

#[test]
fn a_day_of_outages_with_a_token_loses_nothing() {
    for seed in 11..=14 {
        a_day(seed, Some("tok"));
    }
}

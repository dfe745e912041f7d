//! Many shards in one connection.

use std::collections::BTreeMap;

use crate::pair::*;

const DISCOVERED: &str = r#"{"url":"wss://gateway.discord.gg","shards":8,"session_start_limit":
    {"total":1000,"remaining":1000,"reset_after":0,"max_concurrency":2}}"#;

/// A client of many lines, with a Gateway that answers each of them at once.
struct Fleet {
    now: Instant,
    client: Client,
    out: Lines,
    identified: BTreeMap<u32, Instant>,
}

#[derive(Default)]
struct Lines(Vec<(u32, Did)>, u32);

impl Sink for Lines {
    fn discover(&mut self) {
        self.0.push((0, Did::Discover));
    }
    fn open(&mut self, line: u32, url: &str) {
        self.0.push((line, Did::Open(url.into())));
    }
    fn send(&mut self, line: u32, text: &[u8]) {
        self.0.push((line, Did::Send(serde_json::from_slice(text).expect("JSON"))));
    }
    fn close(&mut self, line: u32, code: u16, _reason: &str) {
        self.0.push((line, Did::Close(code)));
    }
    fn keep(&mut self, _budget: &[u8]) {
        self.1 += 1;
    }
    fn event(&mut self, event: Event<'_>) {
        let mut recorder = Recorder::default();
        recorder.event(event);
        self.0.extend(recorder.0.into_iter().map(|did| (event.peer, did)));
    }
}

impl Fleet {
    fn new(shards: Shards) -> Fleet {
        let client = Client::new(Config { shards, ..config() }).expect("it is valid");
        let mut fleet = Fleet { now: Instant::ZERO, client, out: Lines::default(), identified: BTreeMap::new() };
        fleet.client.start(fleet.now, &mut fleet.out);
        fleet
    }

    /// Answers what is asked until nothing is, and gives the rest.
    fn answer(&mut self) -> Vec<(u32, Did)> {
        let mut rest = Vec::new();
        while !self.out.0.is_empty() {
            for (line, did) in std::mem::take(&mut self.out.0) {
                match did {
                    Did::Discover => self.client.handle_discovered(self.now, DISCOVERED.as_bytes(), &mut self.out),
                    Did::Open(_) => {
                        self.client.handle_opened(self.now, line, &mut self.out);
                        self.frame(line, &hello());
                    }
                    Did::Send(message) if message["op"] == 1 => self.frame(line, ACK),
                    Did::Send(message) if message["op"] == 2 => {
                        let number = message["d"]["shard"][0].as_u64().expect("a shard") as u32;
                        self.identified.insert(number, self.now);
                        let data = json!({"session_id": format!("s{number}")});
                        self.frame(line, &json!({"t": "READY", "s": 1, "op": 0, "d": data}).to_string());
                    }
                    Did::Send(message) if message["op"] == 6 => {
                        self.frame(line, r#"{"t":"RESUMED","s":2,"op":0,"d":{}}"#);
                        rest.push((line, Did::Send(message)));
                    }
                    Did::Event(event) if event.kind == EventType::Log => {}
                    other => rest.push((line, other)),
                }
            }
        }
        rest
    }

    fn frame(&mut self, line: u32, text: &str) {
        self.client.handle_frame(self.now, line, text.as_bytes(), &mut self.out).expect("well formed");
    }

    /// Lets time pass, answering.
    fn pass(&mut self, time: Duration) -> Vec<(u32, Did)> {
        let (end, mut rest) = (self.now + time, self.answer());
        while let Some(at) = self.client.next_timeout().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.client.handle_timeout(self.now, &mut self.out);
            rest.extend(self.answer());
        }
        self.now = end;
        rest
    }

    fn command(&mut self, name: &str, args: &str, tag: u64) {
        let (name, args, issued) = (name.into(), args.as_bytes().into(), self.now);
        self.client.handle_command(self.now, Command { name, args, tag, issued, ..Command::default() }, &mut self.out);
    }
}

#[test]
fn as_many_as_discord_recommends_begin_in_its_buckets() {
    let mut fleet = Fleet::new(Shards::Auto);
    let ready = fleet.pass(60 * SECOND);
    let connected: Vec<u32> = ready
        .iter()
        .filter_map(|(_, did)| match did {
            Did::Event(event) if event.kind == EventType::Connected => Some(event.peer),
            _ => None,
        })
        .collect();
    assert_eq!(connected, [0, 1, 2, 3, 4, 5, 6, 7]);
    let at: Vec<u64> = fleet.identified.values().map(|at| (*at - Instant::ZERO).as_secs()).collect();
    assert_eq!(at, [0, 0, 5, 5, 10, 10, 15, 15], "two at a time, five seconds apart");
    assert_eq!(fleet.out.1, 8, "each was written down");
}

#[test]
fn a_command_goes_to_the_shard_of_its_guild_and_a_presence_to_all() {
    let mut fleet = Fleet::new(Shards::Some([1, 3].into(), 4));
    fleet.pass(60 * SECOND);
    let guild = |shard: u64| ((shard + 4 * 100) << 22).to_string();
    let sent = |fleet: &mut Fleet| -> Vec<(u32, Value)> {
        let sent = fleet.answer().into_iter().filter_map(|(line, did)| match did {
            Did::Send(message) => Some((line, message["d"].clone())),
            _ => None,
        });
        sent.collect()
    };
    for (line, shard) in [(0, 1), (1, 3)] {
        let args = json!({"guild_id": guild(shard), "channel_id": null, "self_mute": false, "self_deaf": false});
        fleet.command("VOICE_STATE_UPDATE", &args.to_string(), 1);
        assert_eq!(sent(&mut fleet), [(line, args)]);
    }
    fleet.command("PRESENCE_UPDATE", r#"{"status":"dnd"}"#, 2);
    assert_eq!(sent(&mut fleet), [(0, json!({"status": "dnd"})), (1, json!({"status": "dnd"}))]);
    let guilds = json!({"guild_ids": [guild(3), guild(1), guild(3)]});
    fleet.command("REQUEST_SOUNDBOARD_SOUNDS", &guilds.to_string(), 3);
    let parts = [(1, json!({"guild_ids": [guild(3), guild(3)]})), (0, json!({"guild_ids": [guild(1)]}))];
    assert_eq!(sent(&mut fleet), parts);
    let elsewhere = json!({"guild_id": guild(2), "query": "", "limit": 0});
    fleet.command("REQUEST_GUILD_MEMBERS", &elsewhere.to_string(), 4);
    let refused = fleet.answer();
    let [(_, Did::Event(reply))] = &refused[..] else { panic!("{refused:?}") };
    assert_eq!((reply.tag, reply.status), (4, Status::Argument));
    assert!(reply.message.contains("is on shard 2 of 4"), "{}", reply.message);
}

#[test]
fn a_shard_that_is_lost_is_resumed_by_itself() {
    let mut fleet = Fleet::new(Shards::All(3));
    fleet.pass(60 * SECOND);
    fleet.client.handle_closed(fleet.now, 1, Closed::default(), &mut fleet.out);
    let rest = fleet.pass(10 * SECOND);
    let kinds: Vec<(u32, EventType)> = rest
        .iter()
        .filter_map(|(_, did)| if let Did::Event(event) = did { Some((event.peer, event.kind)) } else { None })
        .collect();
    assert_eq!(kinds, [(1, EventType::Reconnecting), (1, EventType::Connected)]);
    fleet.command("GET_SHARDS", "", 1);
    let reply = fleet.answer();
    let [(_, Did::Event(reply))] = &reply[..] else { panic!("{reply:?}") };
    let data: Value = serde_json::from_str(&reply.payload).expect("JSON");
    assert_eq!(data["shards"][1]["resumes"], 1);
    assert!(data["shards"].as_array().expect("a list").iter().all(|shard| shard["state"] == "ready"), "{data}");
    assert_eq!(data["identifies_left"], 977);
}

#[test]
fn what_refuses_one_shard_ends_all() {
    let mut fleet = Fleet::new(Shards::All(3));
    fleet.pass(60 * SECOND);
    fleet.client.handle_closed(fleet.now, 2, Closed { code: Some(4014), ..Closed::default() }, &mut fleet.out);
    let rest = fleet.answer();
    let closes = rest.iter().filter(|(_, did)| matches!(did, Did::Close(_))).count();
    assert_eq!(closes, 2, "the others are closed");
    let Some((_, Did::Event(last))) = rest.last() else { panic!("{rest:?}") };
    assert_eq!((last.kind, last.code, last.peer, last.flags), (EventType::Disconnected, 4014, 2, Flags::FATAL));
    assert!(fleet.client.is_finished());
}

#[test]
fn every_shard_goes_on_in_the_next_process() {
    let mut fleet = Fleet::new(Shards::All(2));
    fleet.pass(60 * SECOND);
    fleet.command("SUSPEND", "", 1);
    let rest = fleet.answer();
    let Some((_, Did::Event(reply))) = rest.first() else { panic!("{rest:?}") };
    let sessions = gamebridge_proto::protocol::gateway::read_sessions(reply.payload.as_bytes(), 10).expect("its own");
    assert_eq!(sessions.len(), 2);
    let client = Client::new(Config { shards: Shards::All(2), sessions, ..config() }).expect("it is valid");
    let mut next = Fleet { now: Instant::ZERO, client, out: Lines::default(), identified: BTreeMap::new() };
    next.client.start(next.now, &mut next.out);
    let resumed = next.pass(SECOND);
    let ids: Vec<&Value> = resumed
        .iter()
        .filter_map(|(_, did)| if let Did::Send(message) = did { Some(&message["d"]["session_id"]) } else { None })
        .collect();
    assert_eq!(ids, ["s0", "s1"], "both at once: nothing is spent");
    assert!(next.identified.is_empty());
}

#[test]
fn the_api_is_asked_until_it_answers_and_a_refused_token_is_fatal() {
    let config = || Config { url: None, ..config() };
    let mut pair = Pair::new(config());
    pair.client.start(pair.now, &mut pair.out);
    assert_eq!(pair.did(), [Did::Discover]);
    pair.command("PRESENCE_UPDATE", r#"{"a":1}"#, 1);
    pair.client.handle_discovery_failed(pair.now, &Error::new(Status::Io, "no network"), Duration::ZERO, &mut pair.out);
    pair.did();
    assert_eq!(pair.next(SECOND), Some(Did::Discover));
    pair.client.handle_discovered(pair.now, br#"{"url":"wss://evil.example"}"#, &mut pair.out);
    let log = event(pair.next(Duration::ZERO));
    assert!(log.message.contains("the url is not used"), "{}", log.message);
    assert_eq!(pair.next(2 * SECOND), Some(Did::Discover));
    pair.client.handle_discovered(pair.now, DISCOVERED.as_bytes(), &mut pair.out);
    assert_eq!(pair.did(), [Did::Open("wss://gateway.discord.gg/?v=10&encoding=json".into())]);
    pair.greet();
    let sent = pair.did().into_iter().filter(|did| matches!(did, Did::Send(message) if message["op"] == 3)).count();
    assert_eq!(sent, 1, "what came early was kept");

    let mut pair = Pair::new(config());
    pair.client.start(pair.now, &mut pair.out);
    let refused = Error::new(Status::Auth, "refused").with_code(401);
    pair.client.handle_discovery_failed(pair.now, &refused, Duration::ZERO, &mut pair.out);
    let events = pair.events();
    assert_eq!(
        (events[0].kind, events[0].status, events[0].flags),
        (EventType::Disconnected, Status::Auth, Flags::FATAL)
    );

    let mut pair = Pair::new(config());
    pair.client.start(pair.now, &mut pair.out);
    let nothing_left =
        DISCOVERED.replace("\"remaining\":1000,\"reset_after\":0", "\"remaining\":20,\"reset_after\":7200000");
    pair.client.handle_discovered(pair.now, nothing_left.as_bytes(), &mut pair.out);
    let warned = event(pair.did().pop());
    assert!(warned.message.contains("only the reserve is left"), "{}", warned.message);
    assert!(matches!(pair.next(3 * 3600 * SECOND), Some(Did::Open(_))));
    assert_eq!((pair.now - Instant::ZERO).as_secs(), 7200);
}

#[test]
fn the_api_is_left_alone_for_as_long_as_it_says_within_reason() {
    let mut pair = Pair::new(Config { url: None, ..config() });
    pair.client.start(pair.now, &mut pair.out);
    for (wants, waits) in [(60, 60), (100_000, 3600)] {
        pair.did();
        let (error, from) = (Error::new(Status::RateLimited, "asked too often").with_code(429), pair.now);
        pair.client.handle_discovery_failed(pair.now, &error, SECOND * wants, &mut pair.out);
        pair.did();
        assert_eq!(pair.next(SECOND * 4000), Some(Did::Discover));
        assert_eq!(pair.now - from, SECOND * waits);
    }
}

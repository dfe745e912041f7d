//! Another number of shards, while things happen.

use std::collections::{BTreeMap, VecDeque};

use gamebridge_proto::protocol::gateway::{
    FILL, IDENTIFY_A_DAY, IDENTIFY_RESERVE, OVERLAP, RESHARD_EACH, RESHARD_TIMEOUT,
};
use gamebridge_proto::random::Random;

use crate::pair::*;

const GUILDS: u64 = 24;
const MILLISECOND: Duration = Duration::from_millis(1);

fn id(guild: u64) -> u64 {
    (guild << 22) + 5
}

/// A session at the Gateway, and what is on its way to the client.
#[derive(Default)]
struct Session {
    shard: (u64, u64),
    sent: Vec<String>,
    wire: VecDeque<String>,
    connected: bool,
}

impl Session {
    fn has(&self, guild: u64) -> bool {
        (id(guild) >> 22) % self.shard.1 == self.shard.0
    }

    fn dispatch(&mut self, name: &str, data: &Value) {
        let text = json!({"t": name, "s": self.sent.len() + 1, "op": 0, "d": data}).to_string();
        self.sent.push(text.clone());
        if self.connected {
            self.wire.push_back(text);
        }
    }
}

/// A bot in some guilds, its client, and the Gateway between.
struct Bot {
    now: Instant,
    client: Client,
    out: Lines,
    /// By their lines; those of a connection that has not identified have no shard.
    sessions: BTreeMap<u32, Session>,
    happened: u64,
    told: Vec<u64>,
    events: Vec<(String, u32)>,
    rest: Vec<Delivered>,
    closed: Vec<(u32, u16)>,
    random: Random,
    /// A shard count that is refused.
    refused: u64,
    /// A guild whose GUILD_CREATE does not come.
    away: Option<u64>,
    /// From this line on nobody answers.
    deaf: u32,
}

#[derive(Default)]
struct Lines(Vec<(u32, Did)>);

impl Sink for Lines {
    fn discover(&mut self) {
        unreachable!("the address is given");
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
    fn keep(&mut self, _budget: &[u8]) {}
    fn event(&mut self, event: Event<'_>) {
        let mut recorder = Recorder::default();
        recorder.event(event);
        self.0.extend(recorder.0.into_iter().map(|did| (event.peer, did)));
    }
}

impl Bot {
    fn new(shards: u32, seed: u64) -> Bot {
        Bot::of(shards, seed, config())
    }

    fn of(shards: u32, seed: u64, config: Config) -> Bot {
        let client =
            Client::new(Config { shards: Shards::All(shards), cache: Some(1 << 20), ..config }).expect("it is valid");
        let mut bot = Bot {
            now: Instant::ZERO,
            client,
            out: Lines::default(),
            sessions: BTreeMap::new(),
            happened: 0,
            told: Vec::new(),
            events: Vec::new(),
            rest: Vec::new(),
            closed: Vec::new(),
            random: Random::new(seed),
            refused: 0,
            away: None,
            deaf: u32::MAX,
        };
        bot.client.start(bot.now, &mut bot.out);
        bot.run(shards * 6 * SECOND, false, false);
        bot.rest.clear();
        bot
    }

    fn takes(&mut self, line: u32, message: &Value) {
        let refused = self.refused;
        let session = self.sessions.get_mut(&line).expect("it is connected");
        match message["op"].as_u64() {
            Some(1) => session.wire.push_back(ACK.to_owned()),
            Some(2) => {
                let shard = &message["d"]["shard"];
                session.shard = (shard[0].as_u64().expect("a number"), shard[1].as_u64().expect("a count"));
                if session.shard.1 == refused {
                    self.sessions.remove(&line);
                    let closed = Closed { code: Some(4011), ..Closed::default() };
                    return self.client.handle_closed(self.now, line, closed, &mut self.out);
                }
                session.sent.clear();
                session.connected = true;
                let own: Vec<u64> = (0..GUILDS).filter(|guild| session.has(*guild)).collect();
                let guilds: Vec<_> =
                    own.iter().map(|guild| json!({"id": id(*guild).to_string(), "unavailable": true})).collect();
                session.dispatch("READY", &json!({"session_id": format!("s{line}"), "guilds": guilds}));
                for guild in own.into_iter().filter(|guild| self.away != Some(*guild)) {
                    let guild = json!({"id": id(guild).to_string(), "session": format!("s{line}")});
                    session.dispatch("GUILD_CREATE", &guild);
                }
            }
            Some(6) => {
                let seq = message["d"]["seq"].as_u64().expect("a sequence") as usize;
                session.connected = true;
                session.wire.extend(session.sent[seq..].iter().filter(|text| !text.contains("RESUMED")).cloned());
                session.dispatch("RESUMED", &json!({}));
            }
            _ => {}
        }
    }

    fn did(&mut self) {
        while !self.out.0.is_empty() {
            for (line, did) in std::mem::take(&mut self.out.0) {
                match did {
                    Did::Open(_) if line >= self.deaf => {}
                    Did::Close(_) if line >= self.deaf => {}
                    Did::Open(_) => {
                        let session = self.sessions.entry(line).or_default();
                        session.connected = false;
                        session.wire.clear();
                        session.wire.push_back(hello());
                        self.client.handle_opened(self.now, line, &mut self.out);
                    }
                    Did::Send(message) => self.takes(line, &message),
                    Did::Close(code) => {
                        self.closed.push((line, code));
                        let session = self.sessions.get_mut(&line).expect("it is connected");
                        (session.connected, session.wire) = (false, VecDeque::new());
                    }
                    Did::Event(event) if event.name == "THING" => {
                        let data: Value = serde_json::from_str(&event.payload).expect("JSON");
                        self.told.push(data["n"].as_u64().expect("n"));
                    }
                    Did::Event(event) if event.kind == EventType::Dispatch => {
                        self.events.push((event.name, event.peer));
                    }
                    Did::Event(event) if event.kind == EventType::Log => {}
                    Did::Event(event) => self.rest.push(event),
                    Did::Discover => unreachable!(),
                }
            }
        }
    }

    fn happen(&mut self, guild: u64) {
        self.happened += 1;
        let thing = json!({"n": self.happened, "guild_id": id(guild).to_string()});
        for session in self.sessions.values_mut().filter(|session| !session.sent.is_empty() && session.has(guild)) {
            session.dispatch("THING", &thing);
        }
    }

    /// Delivers what is on its way, in some order of the lines, until `time` has passed and nothing is.
    fn run(&mut self, time: Duration, things: bool, kills: bool) {
        let end = self.now + time;
        loop {
            self.did();
            if things && self.random.next_u64().is_multiple_of(3) {
                let guild = self.random.next_u64() % GUILDS;
                self.happen(guild);
            }
            let full: Vec<u32> =
                self.sessions.iter().filter(|(_, session)| !session.wire.is_empty()).map(|(line, _)| *line).collect();
            if let Some(line) = full.get((self.random.next_u64() % full.len().max(1) as u64) as usize) {
                if kills && self.random.next_u64().is_multiple_of(40) {
                    let session = self.sessions.get_mut(line).expect("it is there");
                    (session.connected, session.wire) = (false, VecDeque::new());
                    self.client.handle_closed(self.now, *line, Closed::default(), &mut self.out);
                } else {
                    let wire = &mut self.sessions.get_mut(line).expect("it is there").wire;
                    let text = wire.pop_front().expect("it is not empty");
                    self.client.handle_frame(self.now, *line, text.as_bytes(), &mut self.out).expect("well formed");
                }
                continue;
            }
            let thing = things.then(|| self.now + self.random.up_to(200 * MILLISECOND));
            match [self.client.next_timeout(), thing].into_iter().flatten().min().filter(|at| *at <= end) {
                Some(at) => {
                    self.now = self.now.max(at);
                    self.client.handle_timeout(self.now, &mut self.out);
                }
                None => {
                    self.did();
                    self.now = end;
                    return;
                }
            }
        }
    }

    fn reshard(&mut self, shards: u32, tag: u64) {
        let args = json!({"shards": shards}).to_string().into_bytes().into();
        let command = Command { name: "RESHARD".into(), args, tag, issued: self.now, ..Command::default() };
        self.client.handle_command(self.now, command, &mut self.out);
    }

    /// How many guilds are kept, and how many are away.
    fn cached(&mut self) -> (u64, u64) {
        let command = Command { name: "CACHED_STATE".into(), tag: 77, issued: self.now, ..Command::default() };
        self.client.handle_command(self.now, command, &mut self.out);
        self.did();
        let state: Value = serde_json::from_str(&self.reply(77).expect("a reply").payload).expect("JSON");
        let away = state["unavailable"].as_array().expect("a list").len() as u64;
        (state["guilds"].as_u64().expect("a number"), away)
    }

    fn reply(&mut self, tag: u64) -> Option<Delivered> {
        let at = self.rest.iter().position(|event| event.kind == EventType::Reply && event.tag == tag)?;
        Some(self.rest.remove(at))
    }
}

#[test]
fn nothing_is_lost_and_nothing_repeated_while_the_number_of_shards_changes() {
    for seed in 0..40 {
        let (from, to) = [(1, 4), (4, 1), (2, 3), (3, 2), (2, 2)][(seed % 5) as usize];
        let mut bot = Bot::new(from, seed);
        bot.reshard(to, 9);
        bot.run(90 * SECOND, true, seed % 2 == 1);
        // Where it was killed again and again, waits have grown.
        bot.run(300 * SECOND, false, false);
        let reply = bot.reply(9).unwrap_or_else(|| panic!("seed {seed}: it did not take over"));
        assert_eq!((reply.status, &*reply.payload), (Status::Ok, &*format!(r#"{{"shards":{to}}}"#)));
        bot.run(60 * SECOND, false, false);
        bot.told.sort_unstable();
        assert!(bot.happened > 300);
        let times = |thing: u64| bot.told.iter().filter(|told| **told == thing).count();
        let odd: Vec<_> =
            (1..=bot.happened).map(|thing| (thing, times(thing))).filter(|(_, times)| *times != 1).collect();
        assert_eq!(odd, [], "seed {seed}: things, and how often they were told");
        let guilds = bot.events.iter().filter(|(name, _)| name == "GUILD_CREATE").count() as u64;
        assert_eq!(guilds, GUILDS, "the program had them");
        assert_eq!(bot.cached(), (GUILDS, 0), "seed {seed}: what was seen is there still");
    }
}

#[test]
fn the_program_hears_of_the_new_set_when_it_takes_over() {
    let mut bot = Bot::new(1, 1);
    // Shard 0 goes on, as far as its program is concerned.
    bot.reshard(3, 9);
    bot.run(20 * SECOND, false, false);
    let connected: Vec<_> = bot.rest.iter().filter(|event| event.kind == EventType::Connected).collect();
    assert_eq!(connected.iter().map(|event| event.peer).collect::<Vec<_>>(), [1, 2]);
    assert!(connected.iter().all(|event| event.payload == r#"{"resharded":true}"#), "{connected:?}");
    assert_eq!(bot.closed, [(0, 1000)], "the old session is ended, and no other");
    assert_eq!(bot.rest.last().map(|event| event.tag), Some(9), "the reply comes last");
    for guild in 0..3 {
        bot.happen(guild);
    }
    bot.run(SECOND, false, false);
    bot.told.sort_unstable();
    assert_eq!(bot.told, [1, 2, 3]);
}

#[test]
fn a_set_that_is_refused_leaves_the_old_one_alone() {
    let mut bot = Bot::new(2, 1);
    bot.refused = 1;
    bot.reshard(1, 9);
    bot.run(30 * SECOND, true, false);
    let reply = bot.reply(9).expect("a reply");
    assert_eq!(reply.status, Status::Remote);
    assert!(reply.message.starts_with("the new set was refused: "), "{}", reply.message);
    assert!(!bot.client.is_finished());
    assert!(bot.told.iter().copied().eq(1..=bot.happened));
    bot.reshard(4, 10);
    bot.run(40 * SECOND, true, false);
    assert_eq!(bot.reply(10).expect("a reply").status, Status::Ok, "another number is tried at once");
}

#[test]
fn what_cannot_be_done_is_said() {
    let mut bot = Bot::new(1, 1);
    let mut refused = |shards: u32, status: Status, words: &str| {
        bot.reshard(shards, 9);
        bot.did();
        let reply = bot.reply(9).unwrap_or_else(|| panic!("{words}"));
        assert!(reply.status == status && reply.message.contains(words), "{reply:?}");
    };
    refused(0, Status::Argument, "shards: 1 to 1024 expected");
    refused(1025, Status::Argument, "shards: 1 to 1024 expected");
    refused(1024, Status::RateLimited, "1024 sessions would begin, and 979 may");
    bot.reshard(2, 10);
    bot.reshard(3, 11);
    bot.did();
    assert_eq!(bot.reply(11).expect("a reply").status, Status::State);
    bot.client.handle_cancel(bot.now, 10, &mut bot.out);
    bot.did();
    assert_eq!(bot.reply(10).expect("a reply").status, Status::Cancelled);
    bot.reshard(2, 12);
    bot.run(20 * SECOND, true, false);
    assert_eq!(bot.reply(12).expect("a reply").status, Status::Ok);
}

#[test]
fn a_guild_in_an_outage_is_not_waited_for_without_end() {
    let mut bot = Bot::new(1, 1);
    bot.reshard(1, 9);
    while bot.sessions.get(&1).is_none_or(|session| session.sent.is_empty()) {
        bot.run(SECOND, false, false);
        if let Some(session) = bot.sessions.get_mut(&1) {
            // The last of them does not come.
            session.wire.pop_back();
        }
    }
    bot.run(FILL, true, false);
    assert!(bot.reply(9).is_some() || bot.rest.is_empty());
    bot.run(OVERLAP, true, false);
    assert!(bot.told.iter().copied().eq(1..=bot.happened));
}

#[test]
fn the_end_of_the_connection_ends_both_sets() {
    let mut bot = Bot::new(1, 1);
    bot.reshard(2, 9);
    bot.run(SECOND, false, false);
    bot.client.handle_disconnect(bot.now, &mut bot.out);
    bot.did();
    assert_eq!(bot.reply(9).expect("a reply").status, Status::Closed);
    assert_eq!(bot.rest.last().map(|event| event.kind), Some(EventType::Disconnected));
}

#[test]
fn an_old_shard_that_waits_for_the_days_budget_delays_nothing() {
    // Two for the old set, two for the new one, and none is left.
    let spent = vec!["0"; IDENTIFY_A_DAY - IDENTIFY_RESERVE - 4].join(",");
    let budget = format!(r#"{{"identified_ms":[{spent}]}}"#).into_bytes().into();
    let mut bot = Bot::of(2, 1, Config { budget, ..config() });
    bot.away = Some(5);
    bot.reshard(2, 9);
    bot.run(15 * SECOND, true, false);
    assert_eq!((bot.sessions.len(), bot.reply(9)), (4, None), "a guild is waited for");
    let old = bot.sessions.get_mut(&0).expect("it is connected");
    (old.connected, old.wire) = (false, VecDeque::new());
    let closed = Closed { code: Some(4009), ..Closed::default() };
    bot.client.handle_closed(bot.now, 0, closed, &mut bot.out);
    bot.run(FILL, true, false);
    assert_eq!(bot.reply(9).expect("it took over").status, Status::Ok);
    bot.run(OVERLAP, true, false);
    bot.told.sort_unstable();
    assert!(bot.told.iter().copied().eq(1..=bot.happened), "the new set brings what the old shard cannot");
    assert!(!bot.client.is_finished());
}

#[test]
fn a_new_set_that_is_never_ready_is_given_up() {
    let mut bot = Bot::new(1, 1);
    bot.deaf = 1;
    bot.reshard(2, 9);
    bot.run(RESHARD_TIMEOUT + 2 * RESHARD_EACH - SECOND, false, false);
    assert_eq!(bot.reply(9), None);
    bot.run(SECOND, false, false);
    let reply = bot.reply(9).expect("a reply");
    assert_eq!((reply.status, &*reply.message), (Status::Timeout, "the new set was not ready in time"));
    bot.run(10 * SECOND, true, false);
    assert!(bot.told.iter().copied().eq(1..=bot.happened), "the old set goes on");
}

//! Another number of shards, while things happen.

use std::collections::{BTreeMap, VecDeque};

use gamebridge_proto::protocol::gateway::{
    DISCOVERY_TIMEOUT, FILL, IDENTIFY_A_DAY, IDENTIFY_RESERVE, OVERLAP, RESHARD_EACH, RESHARD_TIMEOUT,
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
    /// What the API answers, if it does.
    answer: Option<String>,
}

#[derive(Default)]
struct Lines(Vec<(u32, Did)>);

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
    fn keep(&mut self, _budget: &[u8]) {}
    fn event(&mut self, event: Event<'_>) {
        let mut recorder = Recorder::default();
        recorder.event(event);
        self.0.extend(recorder.0.into_iter().map(|did| (event.peer, did)));
    }
}

impl Bot {
    fn new(shards: u32, seed: u64) -> Bot {
        Bot::of(Shards::All(shards), seed, config())
    }

    fn of(shards: Shards, seed: u64, config: Config) -> Bot {
        let client = Client::new(Config { shards, cache: Some(1 << 20), ..config }).expect("it is valid");
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
            answer: None,
        };
        bot.client.start(bot.now, &mut bot.out);
        bot.run(30 * SECOND, false, false);
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
                    Did::Discover => {
                        if let Some(answer) = self.answer.take() {
                            self.client.handle_discovered(self.now, answer.as_bytes(), &mut self.out);
                        }
                    }
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
        self.command("RESHARD", &json!({"shards": shards}), tag);
    }

    fn command(&mut self, name: &str, args: &Value, tag: u64) {
        let args = args.to_string().into_bytes().into();
        let command = Command { name: name.into(), args, tag, issued: self.now, ..Command::default() };
        self.client.handle_command(self.now, command, &mut self.out);
    }

    /// The API recommends so many shards, and this is left of the day.
    fn recommended(&mut self, shards: u32, remaining: u32) {
        let limit = json!({"total": 1000, "remaining": remaining, "reset_after": 3_600_000, "max_concurrency": 1});
        let url = config().url.expect("an address");
        self.answer = Some(json!({"url": url, "shards": shards, "session_start_limit": limit}).to_string());
    }

    /// The numbers of its shards that are ready, of so many.
    fn ready_of(&mut self, count: u64) -> Vec<u64> {
        self.command("GET_SHARDS", &json!({}), 78);
        self.did();
        let told: Value = serde_json::from_str(&self.reply(78).expect("a reply").payload).expect("JSON");
        let shards = told["shards"].as_array().expect("a list").iter();
        let ready = shards.filter(|shard| shard["count"] == count && shard["state"] == "ready");
        ready.map(|shard| shard["shard"].as_u64().expect("a number")).collect()
    }

    /// How many guilds are kept, and how many are away.
    fn cached(&mut self) -> (u64, u64) {
        self.command("CACHED_STATE", &json!({}), 77);
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
    refused(0, Status::Argument, "shards: 1 to 1024 in one connection expected, 0 given");
    refused(1025, Status::Argument, "shards: 1 to 1024 in one connection expected, 1025 given");
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
    let mut bot = Bot::of(Shards::All(2), 1, Config { budget, ..config() });
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

#[test]
fn as_many_as_are_recommended_take_over() {
    let mut bot = Bot::new(2, 1);
    bot.recommended(3, 900);
    bot.command("RESHARD", &json!({"shards": "auto"}), 9);
    bot.run(60 * SECOND, true, false);
    let reply = bot.reply(9).expect("a reply");
    assert_eq!((reply.status, &*reply.payload), (Status::Ok, r#"{"shards":3}"#));
    bot.told.sort_unstable();
    assert!(bot.told.iter().copied().eq(1..=bot.happened));
    // So many there are.
    let closed = bot.closed.len();
    bot.recommended(3, 900);
    bot.command("RESHARD", &json!({"shards": "auto"}), 10);
    bot.did();
    let reply = bot.reply(10).expect("at once");
    assert_eq!((reply.status, &*reply.payload), (Status::Ok, r#"{"shards":3}"#));
    bot.run(60 * SECOND, true, false);
    assert_eq!(bot.closed.len(), closed, "nothing was changed");
}

#[test]
fn a_recommendation_that_does_not_come_or_cannot_be_followed_leaves_everything_as_it_is() {
    let url = config().url.expect("an address");
    let cases = [
        (Some("<html>".to_owned()), Status::Protocol, "is not JSON"),
        (Some(json!({"url": url}).to_string()), Status::Unsupported, "did not say how many shards"),
        (Some(json!({"url": "wss://evil.example", "shards": 3}).to_string()), Status::Protocol, "the url is not used"),
        (None, Status::Timeout, "did not say in time"),
    ];
    for (answer, status, words) in cases {
        let mut bot = Bot::new(2, 1);
        bot.answer = answer;
        bot.command("RESHARD", &json!({"shards": "auto"}), 9);
        bot.run(DISCOVERY_TIMEOUT, true, false);
        let reply = bot.reply(9).unwrap_or_else(|| panic!("{words}"));
        assert!(reply.status == status && reply.message.contains(words), "{reply:?}");
        assert!(bot.told.iter().copied().eq(1..=bot.happened));
        assert_eq!((bot.closed.len(), bot.sessions.len()), (0, 2));
        // An answer that comes after all of that means nothing.
        bot.recommended(3, 900);
        let late = bot.answer.take().expect("one");
        bot.client.handle_discovered(bot.now, late.as_bytes(), &mut bot.out);
        bot.run(60 * SECOND, true, false);
        assert_eq!(bot.sessions.len(), 2);
    }
    let mut bot = Bot::new(2, 1);
    bot.command("RESHARD", &json!({"shards": "auto"}), 8);
    let limited = gamebridge_proto::error::Error::new(Status::RateLimited, "asked too often");
    bot.client.handle_discovery_failed(bot.now, &limited, 1500 * MILLISECOND, &mut bot.out);
    bot.did();
    let reply = bot.reply(8).expect("at once");
    let told = "asked too often; it may be asked again in 1500 ms";
    assert_eq!((reply.status, &*reply.message), (Status::RateLimited, told));
    bot.recommended(3, IDENTIFY_RESERVE as u32 + 2);
    bot.command("RESHARD", &json!({"shards": "auto"}), 9);
    bot.did();
    let reply = bot.reply(9).expect("at once");
    assert_eq!(reply.status, Status::RateLimited);
    assert_eq!(reply.message, "3 sessions would begin, and 2 may within the 24 hours");
}

#[test]
fn two_processes_that_hold_their_sets_lose_nothing_and_none_hears_anything_twice() {
    for seed in 0..10 {
        let own = [(Shards::Some([0, 1].into(), 4), json!([0])), (Shards::Some([2, 3].into(), 4), json!([1, 2]))];
        let mut bots = own.map(|(before, after)| (Bot::of(before, seed, config()), after));
        let mut random = Random::new(seed);
        let mut happen = |bots: &mut [(Bot, Value); 2], time: Duration| {
            let end = bots[0].0.now + time;
            while bots[0].0.now < end {
                let guild = random.next_u64() % GUILDS;
                for (bot, _) in bots.iter_mut() {
                    bot.happen(guild);
                    bot.run(100 * MILLISECOND, false, false);
                }
            }
        };
        happen(&mut bots, SECOND);
        for (bot, after) in &mut bots {
            bot.command("RESHARD", &json!({"shards": after, "shard_count": 3, "hold": true}), 9);
        }
        happen(&mut bots, 60 * SECOND);
        let ready: Vec<_> = bots.iter_mut().flat_map(|(bot, _)| bot.ready_of(3)).collect();
        assert_eq!(ready, [0, 1, 2]);
        // One after the other.
        for at in 0..2 {
            assert_eq!(bots[at].0.reply(9), None, "it is held");
            bots[at].0.command("TAKE_OVER", &json!({}), 10);
            happen(&mut bots, 7 * SECOND);
            let reply = bots[at].0.reply(9).expect("it has taken over");
            assert_eq!((reply.status, &*reply.payload), (Status::Ok, &*format!(r#"{{"shards":{}}}"#, at + 1)));
            assert_eq!(bots[at].0.reply(10).expect("a reply").status, Status::Ok);
        }
        let both_over = bots[0].0.happened;
        happen(&mut bots, 20 * SECOND);
        bots.iter_mut().for_each(|(bot, _)| bot.run(SECOND, false, false));
        for thing in 1..=bots[0].0.happened {
            let times = bots.each_ref().map(|(bot, _)| bot.told.iter().filter(|told| **told == thing).count());
            assert!(times.iter().all(|times| *times <= 1), "seed {seed}: {thing} was told {times:?} times");
            let most = if thing <= both_over { 2 } else { 1 };
            assert!((1..=most).contains(&times.iter().sum::<usize>()), "seed {seed}: {thing} was told {times:?} times");
        }
        let kept: Vec<_> = bots.iter_mut().map(|(bot, _)| bot.cached()).collect();
        assert_eq!(kept, [(GUILDS / 3, 0), (GUILDS * 2 / 3, 0)], "what is another's now is not kept");
    }
}

#[test]
fn a_set_that_is_held_waits_and_is_given_up_in_the_end() {
    let mut bot = Bot::new(1, 1);
    bot.command("TAKE_OVER", &json!({}), 8);
    bot.did();
    let reply = bot.reply(8).expect("a reply");
    assert_eq!((reply.status, &*reply.message), (Status::State, "no RESHARD with hold is under way"));
    bot.command("RESHARD", &json!({"shards": 2, "hold": true}), 9);
    bot.run(RESHARD_TIMEOUT + 2 * RESHARD_EACH - SECOND, false, false);
    assert_eq!((bot.reply(9), bot.ready_of(2)), (None, vec![0, 1]));
    bot.run(SECOND, false, false);
    let reply = bot.reply(9).expect("a reply");
    assert_eq!((reply.status, &*reply.message), (Status::Timeout, "TAKE_OVER did not come in time"));
    bot.run(10 * SECOND, true, false);
    assert!(bot.told.iter().copied().eq(1..=bot.happened), "the old set goes on");
}

#[test]
fn a_list_that_is_given_up_leaves_none_of_another_processs_guilds() {
    let mut bot = Bot::of(Shards::Some([2, 3].into(), 4), 1, config());
    assert_eq!(bot.cached(), (GUILDS / 2, 0));
    bot.command("RESHARD", &json!({"shards": [0], "shard_count": 3, "hold": true}), 9);
    bot.run(20 * SECOND, false, false);
    assert!(bot.cached().0 > GUILDS / 2, "both are kept while it is not known which");
    bot.client.handle_cancel(bot.now, 9, &mut bot.out);
    bot.did();
    assert_eq!(bot.reply(9).expect("a reply").status, Status::Cancelled);
    assert_eq!(bot.cached(), (GUILDS / 2, 0));
}

#[test]
fn a_connection_that_only_waited_for_its_new_set_ends_with_it() {
    let mut bot = Bot::new(1, 1);
    bot.reshard(2, 9);
    bot.did();
    let closed = Closed { code: Some(4004), ..Closed::default() };
    bot.client.handle_closed(bot.now, 0, closed, &mut bot.out);
    bot.did();
    assert!(!bot.client.is_finished(), "the new set may be let in");
    bot.client.handle_cancel(bot.now, 9, &mut bot.out);
    bot.did();
    let last = bot.rest.last().map(|event| (event.kind, event.flags));
    assert_eq!(last, Some((EventType::Disconnected, Flags::FATAL)));
}

#[test]
fn a_connection_with_some_shards_says_which_it_shall_have() {
    let mut bot = Bot::of(Shards::Some([1].into(), 2), 1, config());
    let refusals = [
        (json!({"shards": 4}), "shards: this connection has some of all shards"),
        (json!({"shards": "auto"}), "shards: this connection has some of all shards"),
        (json!({"shards": "all"}), "shards: \"auto\", a number, or a list of numbers"),
        (json!({"shards": [1]}), "shard_count goes with a list in shards"),
        (json!({"shards": 2, "shard_count": 2}), "shard_count goes with a list in shards"),
        (json!({"shards": [3], "shard_count": 3}), "shard: [3, 3] given"),
        (json!({"shards": [1, 1], "shard_count": 3}), "shards: a number stands twice"),
        (json!({"shards": [], "shard_count": 3}), "shards: 1 to 1024 in one connection expected, 0 given"),
        (json!({}), "shards: how many there shall be expected"),
    ];
    for (args, words) in refusals {
        bot.command("RESHARD", &args, 9);
        bot.did();
        let reply = bot.reply(9).unwrap_or_else(|| panic!("{words}"));
        assert!(reply.status == Status::Argument && reply.message.contains(words), "{reply:?}");
    }
}

#[test]
fn a_set_that_is_given_up_leaves_nothing_to_be_told_twice() {
    for seed in 0..60 {
        let mut bot = Bot::new(2, seed);
        bot.reshard(3, 9);
        let time = bot.random.up_to(15 * SECOND);
        bot.run(time, true, true);
        // Whatever is on its way of either set: one is behind the other.
        for _ in 0..20 {
            bot.happen(seed % GUILDS);
        }
        let news: Vec<u32> = bot.sessions.keys().copied().filter(|line| *line >= 2).collect();
        for line in news {
            while let Some(text) = bot.sessions.get_mut(&line).and_then(|session| session.wire.pop_front()) {
                bot.client.handle_frame(bot.now, line, text.as_bytes(), &mut bot.out).expect("well formed");
                bot.did();
            }
        }
        bot.client.handle_cancel(bot.now, 9, &mut bot.out);
        bot.run(120 * SECOND, true, seed % 2 == 0);
        bot.run(90 * SECOND, false, false);
        let status = bot.reply(9).map(|reply| reply.status);
        assert!(matches!(status, Some(Status::Cancelled | Status::Ok)), "{seed}: {status:?}");
        let mut told = bot.told.clone();
        told.sort_unstable();
        assert!(told.iter().copied().eq(1..=bot.happened), "{seed}: {} of {}", told.len(), bot.happened);
        bot.reshard(4, 10);
        bot.run(60 * SECOND, true, false);
        assert_eq!(bot.reply(10).expect("a reply").status, Status::Ok, "{seed}: another number is tried at once");
    }
}

//! Sessions that outlive their connections.

use std::collections::VecDeque;

use gamebridge_proto::protocol::gateway::{RESUME_TRIES, RESUME_TRIES_THERE, Session as Saved};
use gamebridge_proto::random::Random;
use gamebridge_proto::wire::gateway::Dialect;

use crate::pair::*;

/// A Gateway with one session, whose events are numbered in their data.
#[derive(Default)]
struct Gateway {
    /// Every dispatch of the session, by its sequence from 1 on.
    sent: Vec<String>,
    /// Events that have happened.
    happened: u64,
    /// What is on its way to the client.
    wire: VecDeque<String>,
    connected: bool,
    sessions: u32,
    /// Dispatches before the one that was asked for that are repeated in a replay.
    repeats: u64,
}

impl Gateway {
    fn dispatch(&mut self, name: &str, data: &Value) {
        let seq = self.sent.len() + 1;
        let text = json!({"t": name, "s": seq, "op": 0, "d": data}).to_string();
        self.sent.push(text.clone());
        if self.connected {
            self.wire.push_back(text);
        }
    }

    fn happen(&mut self) {
        self.happened += 1;
        self.dispatch("THING", &json!({"n": self.happened}));
    }

    fn takes(&mut self, message: &Value) {
        match message["op"].as_u64() {
            Some(1) => self.wire.push_back(ACK.to_owned()),
            Some(2) => {
                self.sessions += 1;
                self.sent.clear();
                self.connected = true;
                self.dispatch("READY", &json!({"session_id": "abc"}));
            }
            Some(6) => {
                let seq = message["d"]["seq"].as_u64().expect("a sequence").saturating_sub(self.repeats);
                // Of a session's own words none is said twice.
                let replayed = self.sent[seq as usize..].iter().filter(|text| text.contains("THING"));
                self.wire.extend(replayed.cloned());
                self.connected = true;
                self.dispatch("RESUMED", &json!({}));
            }
            _ => {}
        }
    }
}

/// Runs until so many things have happened and were told; `cut` says after which of the Gateway's messages the connection is
/// killed.
fn run(things: u64, repeats: u64, mut cut: impl FnMut(u64) -> bool) -> (Gateway, Vec<u64>) {
    let mut gateway = Gateway { repeats, ..Gateway::default() };
    let mut pair = Pair::new(config());
    let (mut told, mut delivered, mut ready) = (Vec::new(), 0, false);
    pair.client.start(pair.now, &mut pair.out);
    let mut rounds = 0;
    while (told.len() as u64) < things {
        rounds += 1;
        assert!(rounds < 100 * things, "it goes on for ever: {:?}", pair.client);
        for did in pair.did() {
            match did {
                Did::Open(_) => {
                    gateway.connected = false;
                    gateway.wire.clear();
                    pair.client.handle_opened(pair.now, 0, &mut pair.out);
                    gateway.wire.push_back(hello());
                }
                Did::Send(message) => gateway.takes(&message),
                Did::Event(event) if event.name == "THING" => {
                    told.push(serde_json::from_str::<Value>(&event.payload).expect("JSON")["n"].as_u64().expect("n"));
                }
                Did::Event(event) => {
                    assert_ne!(event.kind, EventType::Disconnected);
                    ready |= event.kind == EventType::Connected;
                }
                Did::Close(code) => panic!("it closed with {code}"),
                Did::Discover => unreachable!(),
            }
        }
        if gateway.happened < things && ready {
            gateway.happen();
        }
        match gateway.wire.pop_front() {
            Some(text) => {
                pair.frame(&text);
                delivered += 1;
                if cut(delivered) {
                    gateway.connected = false;
                    gateway.wire.clear();
                    pair.closed(None);
                }
            }
            None => pair.step(pair.now + 70 * SECOND),
        }
    }
    (gateway, told)
}

#[test]
fn a_connection_that_is_killed_at_1000_points_loses_nothing_and_repeats_nothing() {
    const THINGS: u64 = 1_000;
    let mut kills = 0;
    for kill in 1..=250 {
        // Once, at each of these points.
        let (gateway, told) = run(300, 0, |delivered| {
            kills += u64::from(delivered == kill);
            delivered == kill
        });
        assert!(told.iter().copied().eq(1..=300), "killed after message {kill}");
        assert!(gateway.sessions <= 2, "one at most was lost before READY: {}", gateway.sessions);
    }
    for seed in 0..10 {
        // And over and over, in the middle of replays too, by a Gateway that repeats itself.
        let mut random = Random::new(seed);
        let (gateway, told) = run(THINGS, seed % 3, |delivered| {
            let kill = delivered > 2 && random.next_u64().is_multiple_of(9);
            kills += u64::from(kill);
            kill
        });
        assert!(told.iter().copied().eq(1..=THINGS), "seed {seed}");
        assert_eq!(gateway.sessions, 1);
    }
    assert!(kills >= 1_000, "{kills} kills");
}

/// Ready, with a session that is resumed there.
fn ready_with(url: &str) -> Pair {
    let mut pair = Pair::new(config());
    pair.client.start(pair.now, &mut pair.out);
    pair.client.handle_opened(pair.now, 0, &mut pair.out);
    pair.frame(&hello());
    pair.frame(
        &json!({"t": "READY", "s": 1, "op": 0, "d": {"session_id": "abc", "resume_gateway_url": url}}).to_string(),
    );
    pair.out.0.retain(|did| !matches!(did, Did::Open(_)));
    pair
}

fn opens(pair: &mut Pair) -> String {
    loop {
        match pair.next(120 * SECOND) {
            Some(Did::Open(url)) => return url,
            Some(_) => {}
            None => panic!("nothing was opened"),
        }
    }
}

#[test]
fn a_session_is_resumed_at_its_own_address_with_the_same_query() {
    let mut pair = ready_with("wss://gateway-us-east1-b.discord.gg/?v=6");
    pair.closed(None);
    assert_eq!(opens(&mut pair), "wss://gateway-us-east1-b.discord.gg/?v=10&encoding=json");
}

#[test]
fn a_dead_address_is_tried_once() {
    let mut pair = ready_with("wss://dead.discord.gg");
    pair.closed(None);
    assert!(opens(&mut pair).starts_with("wss://dead.discord.gg/"));
    pair.client.handle_open_failed(pair.now, 0, &Error::new(Status::Io, "connection refused"), &mut pair.out);
    assert!(opens(&mut pair).starts_with("wss://gateway.discord.gg/"));
    pair.client.handle_opened(pair.now, 0, &mut pair.out);
    pair.frame(&hello());
    assert!(matches!(pair.did().last(), Some(Did::Send(message)) if message["op"] == 6), "it is resumed all the same");
}

#[test]
fn a_hostile_address_is_not_used_and_that_is_said() {
    for url in
        ["wss://evil.example", "ws://gateway.discord.gg", "ws://127.0.0.1:1", "wss://gateway.discord.gg@evil.example"]
    {
        let mut pair = ready_with(url);
        let did = pair.did();
        let said =
            |did: &Did| matches!(did, Did::Event(event) if event.message.contains("resume_gateway_url is not used"));
        assert!(did.iter().any(said), "{url}: {did:?}");
        pair.closed(None);
        assert!(opens(&mut pair).starts_with("wss://gateway.discord.gg/"), "{url}");
    }
    let allowed = Config { allowed_hosts: vec!["friend.example".into()], ..config() };
    let mut pair = Pair::new(allowed);
    pair.client.start(pair.now, &mut pair.out);
    pair.client.handle_opened(pair.now, 0, &mut pair.out);
    pair.frame(&hello());
    pair.frame(r#"{"t":"READY","s":1,"op":0,"d":{"session_id":"abc","resume_gateway_url":"wss://friend.example"}}"#);
    pair.did();
    pair.closed(None);
    assert!(opens(&mut pair).starts_with("wss://friend.example/"));
}

#[test]
fn a_hostile_address_in_a_given_session_is_not_used_and_that_is_said() {
    for (url, said) in [("wss://evil.example", 1), ("wss://a.discord.gg:99999", 1), ("wss://a.discord.gg", 0)] {
        let saved = Saved { shard: (0, 1), id: "abc".into(), url: Some(url.into()), seq: 5 };
        let mut pair = Pair::new(Config { sessions: vec![saved], ..config() });
        pair.client.start(pair.now, &mut pair.out);
        let did = pair.did();
        let told =
            |did: &&Did| matches!(did, Did::Event(event) if event.message.contains("resume_gateway_url is not used"));
        assert_eq!(did.iter().filter(told).count(), said, "{url}: {did:?}");
        let to = if said > 0 { "wss://gateway.discord.gg/" } else { "wss://a.discord.gg/" };
        assert!(did.iter().any(|did| matches!(did, Did::Open(opened) if opened.starts_with(to))), "{url}: {did:?}");
    }
}

#[test]
fn a_ready_that_cannot_be_resumed_is_told() {
    let long = json!({ "session_id": "x".repeat(257) }).to_string();
    for (data, words) in
        [("{}", "session_id"), (r#"{"session_id":5}"#, "session_id"), (&long, "session_id"), ("{,}", "JSON")]
    {
        let mut pair = Pair::new(config());
        pair.client.start(pair.now, &mut pair.out);
        pair.client.handle_opened(pair.now, 0, &mut pair.out);
        pair.frame(&hello());
        pair.frame(&format!(r#"{{"t":"READY","s":1,"op":0,"d":{data}}}"#));
        let did = pair.did();
        let told = |did: &Did| matches!(did, Did::Event(event) if event.kind == EventType::Log && event.message.contains(words));
        assert!(did.iter().any(told), "{data}: {did:?}");
    }
}

#[test]
fn a_session_that_is_never_resumed_is_given_up() {
    let mut pair = ready_with("wss://own.discord.gg");
    pair.closed(None);
    let mut places = Vec::new();
    loop {
        let url = opens(&mut pair);
        pair.client.handle_opened(pair.now, 0, &mut pair.out);
        pair.frame(&hello());
        match pair.did().into_iter().find_map(|did| if let Did::Send(message) = did { Some(message) } else { None }) {
            Some(message) if message["op"] == 6 => places.push(url.starts_with("wss://own.")),
            Some(message) => {
                assert_eq!(message["op"], 2);
                break;
            }
            None => panic!("neither IDENTIFY nor RESUME"),
        }
        pair.closed(Some(4000));
    }
    let there = RESUME_TRIES_THERE as usize;
    assert_eq!(places.len(), RESUME_TRIES as usize);
    assert!(places[..there].iter().all(|own| *own) && places[there..].iter().all(|own| !own), "{places:?}");
}

#[test]
fn a_long_outage_costs_no_session() {
    let mut pair = Pair::ready();
    pair.closed(None);
    for _ in 0..50 {
        opens(&mut pair);
        pair.client.handle_open_failed(pair.now, 0, &Error::new(Status::Io, "no network"), &mut pair.out);
    }
    opens(&mut pair);
    pair.client.handle_opened(pair.now, 0, &mut pair.out);
    pair.frame(&hello());
    assert!(matches!(pair.did().last(), Some(Did::Send(message)) if message["op"] == 6));
}

#[test]
fn close_codes_say_whether_a_session_is_resumed() {
    for (code, opcode) in
        [(None, 6), (Some(1000), 6), (Some(1001), 6), (Some(4000), 6), (Some(4001), 6), (Some(4002), 6)]
            .into_iter()
            .chain([
                (Some(4003), 6),
                (Some(4005), 6),
                (Some(4006), 6),
                (Some(4007), 2),
                (Some(4008), 6),
                (Some(4009), 2),
            ])
            .chain([(Some(4567), 6)])
    {
        let mut pair = Pair::ready();
        pair.closed(code);
        opens(&mut pair);
        pair.client.handle_opened(pair.now, 0, &mut pair.out);
        pair.frame(&hello());
        let did = pair.did();
        assert!(matches!(did.last(), Some(Did::Send(message)) if message["op"] == opcode), "{code:?}: {did:?}");
    }
}

#[test]
fn a_session_goes_on_in_the_next_process() {
    for command in ["GET_SESSION", "SUSPEND"] {
        let mut pair = ready_with("wss://own.discord.gg");
        pair.frame(r#"{"t":"THING","s":2,"op":0,"d":{}}"#);
        pair.did();
        pair.command(command, "", 5);
        let reply = event(pair.next(Duration::ZERO));
        assert_eq!((reply.kind, reply.tag, reply.status), (EventType::Reply, 5, Status::Ok));
        let session = json!({"version": 10, "sessions": [{
            "shard": [0, 1], "session_id": "abc", "resume_gateway_url": "wss://own.discord.gg", "seq": 2,
        }]});
        assert_eq!(serde_json::from_str::<Value>(&reply.payload).expect("JSON"), session);
        match command {
            "SUSPEND" => {
                assert_eq!(pair.next(Duration::ZERO), Some(Did::Close(4900)), "a close that leaves the session");
                assert_eq!(event(pair.next(Duration::ZERO)).message, "suspended");
                assert!(pair.client.is_finished());
            }
            _ => assert_eq!(pair.did(), []),
        }
        let sessions =
            gamebridge_proto::protocol::gateway::read_sessions(reply.payload.as_bytes(), 10).expect("its own");
        let mut next = Pair::new(Config { sessions, ..config() });
        next.client.start(next.now, &mut next.out);
        assert!(opens(&mut next).starts_with("wss://own.discord.gg/"));
        next.client.handle_opened(next.now, 0, &mut next.out);
        next.frame(&hello());
        let resume = json!({"op": 6, "d": {"token": "canary-token", "session_id": "abc", "seq": 2}});
        assert_eq!(next.did().last(), Some(&Did::Send(resume)));
        next.frame(r#"{"t":"RESUMED","s":3,"op":0,"d":{}}"#);
        assert_eq!(next.events()[0].flags, Flags::RESUMED);
    }
}

#[test]
fn sequences_that_jump_or_fall_are_wondered_at_once() {
    let logs = |pair: &mut Pair| -> Vec<String> {
        let said = pair.did().into_iter().filter_map(|did| match did {
            Did::Event(event) if event.kind == EventType::Log => Some(event.message),
            _ => None,
        });
        said.collect()
    };
    let mut pair = Pair::ready();
    pair.frame(r#"{"t":"A","s":5,"op":0,"d":{}}"#);
    assert_eq!(logs(&mut pair), ["sequence 5 came after 1: what is between never came"]);
    pair.frame(r#"{"t":"B","s":3,"op":0,"d":{}}"#);
    pair.frame(r#"{"t":"C","s":18446744073709551615,"op":0,"d":{}}"#);
    pair.frame(r#"{"t":"D","s":0,"op":0,"d":{}}"#);
    let events: Vec<_> = pair.events().into_iter().map(|event| (event.name, event.seq)).collect();
    assert_eq!(events, [("B".into(), 3), ("C".into(), u64::MAX), ("D".into(), 0)], "all are handed on");
    pair.frame(r#"{"op":1,"d":null}"#);
    assert_eq!(pair.did(), [Did::Send(json!({"op": 1, "d": u64::MAX}))], "the highest is what is resumed from");
}

#[test]
fn sequences_that_jump_to_the_end_of_numbers_break_nothing() {
    let mut pair = Pair::ready();
    for _ in 0..3 {
        pair.frame(&format!(r#"{{"op":0,"s":{},"t":"E","d":{{}}}}"#, u64::MAX));
        pair.frame(r#"{"op":0,"s":1,"t":"E","d":{}}"#);
        assert_eq!(pair.events().len(), 2, "both are handed on");
        pair.frame(r#"{"op":9,"d":false}"#);
        while !matches!(pair.next(10 * SECOND), Some(Did::Open(_))) {}
        pair.greet();
        pair.did();
    }
}

/// A session of each shard.
fn sessions(shards: &[(u32, u32)]) -> Vec<Saved> {
    let one = |shard: &(u32, u32)| Saved { shard: *shard, id: "abc".into(), url: None, seq: 2 };
    shards.iter().map(one).collect()
}

#[test]
fn sessions_of_other_shards_are_refused_where_that_is_known() {
    let some = |numbers: &[u32], count| Shards::Some(numbers.into(), count);
    let count = |at: u32, of: u32, count: u32| {
        format!("session.sessions[{at}].shard: [0, {of}] given; a count of {count} expected, as this connection has")
    };
    let none = "session.sessions: none is of a shard that this connection has".to_owned();
    for (shards, given, refused) in [
        (Shards::Single, &[(0, 1)][..], None),
        (Shards::Single, &[(0, 2)], Some(count(0, 2, 1))),
        (Shards::All(2), &[(0, 2), (1, 2)], None),
        (Shards::All(2), &[(1, 2)], None),
        (Shards::All(3), &[(1, 3), (0, 2)], Some(count(1, 2, 3))),
        (some(&[1], 3), &[(0, 3), (1, 3)], None),
        (some(&[1], 3), &[(0, 3), (2, 3)], Some(none)),
        (some(&[0], 3), &[(0, 4)], Some(count(0, 4, 3))),
        (Shards::Auto, &[(0, 4)], None),
    ] {
        let config = Config { shards: shards.clone(), sessions: sessions(given), ..config() };
        let error = Client::new(config).err().map(|error| (error.status, error.message.to_string()));
        assert_eq!(error, refused.map(|sentence| (Status::Argument, sentence)), "{shards:?} {given:?}");
    }
    let config = Config { dialect: Dialect::V3, sessions: sessions(&[(0, 1)]), ..config() };
    assert_eq!(Client::new(config).expect_err("it has none").message, "session: version 3 resumes none");
}

#[test]
fn sessions_that_are_not_resumed_are_told() {
    let discovered = br#"{"url":"wss://gateway.discord.gg","shards":2,"session_start_limit":
        {"total":1000,"remaining":1000,"reset_after":0,"max_concurrency":2}}"#;
    for (shards, given, told) in [
        (Shards::Auto, &[(0, 2), (1, 2)][..], None),
        (
            Shards::Auto,
            &[(0, 3), (1, 3)],
            Some("session: 2 of 2 are not resumed, as that of shard [0, 3]: this connection has 2 of 2 shards"),
        ),
        (
            Shards::Some([1].into(), 3),
            &[(0, 3), (1, 3)],
            Some("session: 1 of 2 are not resumed, as that of shard [0, 3]: this connection has 1 of 3 shards"),
        ),
    ] {
        let mut pair = Pair::new(Config { shards, sessions: sessions(given), ..config() });
        pair.client.start(pair.now, &mut pair.out);
        pair.client.handle_discovered(pair.now, discovered, &mut pair.out);
        let sentence = pair.did().into_iter().find_map(|did| match did {
            Did::Event(event) if event.kind == EventType::Log && event.message.starts_with("session: ") => {
                Some(event.message)
            }
            _ => None,
        });
        assert_eq!(sentence.as_deref(), told);
    }
}

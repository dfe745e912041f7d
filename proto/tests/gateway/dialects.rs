//! Versions 3, 6, 7, 8, 9 and 10 on the wire.

use gamebridge_proto::protocol::gateway::ANOTHER_CHUNK;
use gamebridge_proto::value::Document;
use gamebridge_proto::wire::catalog::{Arg, Type};
use gamebridge_proto::wire::etf;
use gamebridge_proto::wire::gateway::{Compression, Dialect, LOCAL_COMMANDS, USER_COMMANDS};
use gamebridge_proto::wire::websocket::Encoding;

use crate::pair::*;

const AT_ZERO: u64 = 1_450_996_513_618;

pub fn speaking(dialect: Dialect) -> Config {
    let intents = dialect.requires_intents().then_some(gamebridge_proto::wire::gateway::Intents(513));
    let url = Some("ws://127.0.0.1:9200".into());
    Config { dialect, intents, url, unix_ms_at_zero: AT_ZERO, ..config() }
}

/// From an open that was asked for to READY, in any dialect.
fn greet(pair: &mut Pair) {
    pair.client.handle_opened(pair.now, 0, &mut pair.out);
    if pair.client.config().dialect == Dialect::V3 {
        let data = json!({"heartbeat_interval": INTERVAL.as_millis() as u64});
        pair.frame(&json!({"op": 0, "t": "READY", "s": 1, "d": data}).to_string());
    } else {
        pair.frame(&hello());
        pair.frame(READY);
    }
}

pub fn ready(dialect: Dialect) -> Pair {
    let mut pair = Pair::new(speaking(dialect));
    pair.client.start(pair.now, &mut pair.out);
    greet(&mut pair);
    pair.did();
    pair
}

/// Something of this type, the same each time.
fn sample(ty: Type) -> Value {
    match ty {
        Type::Any | Type::Snowflake => json!("41771983423143937"),
        Type::Null => Value::Null,
        Type::Bool => json!(true),
        Type::Int { min, max } => json!(7.clamp(min, max)),
        Type::Num { .. } => json!(0.5),
        Type::Text { min, .. } => json!("grüße".repeat(min.max(1)).chars().take(min.max(5)).collect::<String>()),
        Type::Time => json!("2017-07-11T17:27:07.299000+00:00"),
        Type::Numbers(known) => json!(known[0].0),
        Type::Names(names) => json!(names[0]),
        Type::Nullable(inner) => sample(*inner),
        Type::Either(one, _) => sample(*one),
        Type::Object(shape) => object(shape.fields),
        Type::Array { of, min, .. } => (0..min.max(2)).map(|_| sample(*of)).collect(),
    }
}

fn object(fields: &[Arg]) -> Value {
    fields.iter().filter(|field| field.required).map(|field| (field.name.to_owned(), sample(field.ty))).collect()
}

fn args_of(name: &str, fields: &[Arg]) -> Value {
    let mut args = object(fields);
    if name == "REQUEST_GUILD_MEMBERS" {
        args["query"] = json!("a");
        args["limit"] = json!(5);
    }
    args
}

fn hex(text: &Value) -> String {
    let mut term = Vec::new();
    etf::from_json(text.to_string().as_bytes(), &mut Document::new(), &mut term).expect("it can be said");
    let mut back = Vec::new();
    etf::to_json(&term, &mut back).expect("it can be read");
    assert_eq!(&serde_json::from_slice::<Value>(&back).expect("JSON"), text);
    term.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Every message that a client sends, in every dialect: one line each, as JSON and as ETF.
fn sent() -> String {
    let mut lines =
        String::from("# Written by `GOLDENS=write cargo test -p gamebridge-proto --test gateway`. Own values.\n");
    let mut line = |dialect: Dialect, name: &str, message: &Value| {
        lines += &format!("v{} {name} {message} {}\n", dialect.version(), hex(message));
    };
    for dialect in Dialect::ALL {
        let mut pair = Pair::new(Config {
            shards: if dialect.greets() { Shards::All(2) } else { Shards::Single },
            properties: gamebridge_proto::protocol::gateway::Properties {
                os: "linux".into(),
                browser: "gamebridge".into(),
                device: "gamebridge".into(),
            },
            compression: Compression::Payload,
            large_threshold: Some(250),
            presence: Some(args_of("", dialect.commands()[0].args).to_string().into_bytes().into()),
            extras: b"{\"capabilities\":1}".as_slice().into(),
            ..speaking(dialect)
        });
        pair.client.start(pair.now, &mut pair.out);
        greet(&mut pair);
        let sent = |pair: &mut Pair| {
            pair.did()
                .into_iter()
                .filter_map(|did| if let Did::Send(message) = did { Some(message) } else { None })
                .next_back()
        };
        line(dialect, "IDENTIFY", &sent(&mut pair).expect("it identifies"));
        pair.frame(r#"{"op":1,"d":null}"#);
        line(dialect, "HEARTBEAT", &sent(&mut pair).expect("it beats"));
        if dialect.greets() {
            let mut pair = ready(dialect);
            pair.closed(None);
            while !matches!(pair.next(5 * SECOND), Some(Did::Open(_))) {}
            pair.client.handle_opened(pair.now, 0, &mut pair.out);
            pair.frame(&hello());
            line(dialect, "RESUME", &sent(&mut pair).expect("it resumes"));
        }
        let users = if dialect.greets() { USER_COMMANDS } else { &[] };
        for row in dialect.commands().iter().chain(users) {
            let mut pair = ready(dialect);
            let args = args_of(row.name, row.args);
            let text = if row.args.is_empty() { String::new() } else { args.to_string() };
            pair.command(row.name, &text, 1);
            let did = pair.did();
            let [Did::Send(message), Did::Event(reply)] = &did[..] else { panic!("{}: {did:?}", row.name) };
            assert_eq!((reply.kind, reply.status), (EventType::Reply, Status::Ok));
            line(dialect, row.name, message);
        }
    }
    lines
}

#[test]
fn every_message_of_every_dialect_is_as_it_was() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/gateway/goldens/sent.txt");
    let sent = sent();
    if std::env::var_os("GOLDENS").is_some_and(|word| word == "write") {
        std::fs::write(path, &sent).expect("it can be written");
    }
    let golden = std::fs::read_to_string(path).expect("the goldens");
    for (golden, sent) in golden.lines().zip(sent.lines()) {
        assert_eq!(golden, sent);
    }
    assert_eq!(golden.lines().count(), sent.lines().count());
}

#[test]
fn the_address_says_what_is_spoken() {
    for (version, encoding, compression, query) in [
        (3, Encoding::Json, Compression::None, "v=3&encoding=json"),
        (5, Encoding::Json, Compression::ZlibStream, "v=6&encoding=json&compress=zlib-stream"),
        (6, Encoding::Etf, Compression::None, "v=6&encoding=etf"),
        (9, Encoding::Json, Compression::Payload, "v=9&encoding=json"),
        (10, Encoding::Etf, Compression::ZstdStream, "v=10&encoding=etf&compress=zstd-stream"),
    ] {
        let dialect = Dialect::of_version(version).expect("it is spoken");
        let mut pair = Pair::new(Config { encoding, compression, ..speaking(dialect) });
        pair.client.start(pair.now, &mut pair.out);
        assert_eq!(pair.did(), [Did::Open(format!("ws://127.0.0.1:9200/?{query}"))]);
    }
}

#[test]
fn intents_are_asked_for_where_they_are_required() {
    for dialect in Dialect::ALL {
        let made = Client::new(Config { intents: None, ..speaking(dialect) });
        match dialect.requires_intents() {
            true => assert!(made.expect_err("they are missing").message.contains("intents: required"), "{dialect:?}"),
            false => assert!(made.is_ok(), "{dialect:?}"),
        }
    }
}

#[test]
fn version_3_beats_with_the_clock_and_is_no_zombie_without_an_answer() {
    let mut pair = ready(Dialect::V3);
    for _ in 0..5 {
        let Some(Did::Send(beat)) = pair.next(INTERVAL) else { panic!("no beat") };
        let unix_ms = AT_ZERO + (pair.now - Instant::ZERO).as_millis() as u64;
        assert_eq!(beat, json!({"op": 1, "d": unix_ms.to_string()}));
    }
    pair.closed(None);
    pair.did();
    assert!(matches!(pair.next(10 * SECOND), Some(Did::Open(_))));
    pair.client.handle_opened(pair.now, 0, &mut pair.out);
    let did = pair.did();
    assert!(matches!(&did[..], [Did::Send(message)] if message["op"] == 2), "nothing can be resumed: {did:?}");
}

#[test]
fn version_3_follows_a_redirect_to_an_allowed_gateway() {
    for (url, opened) in
        [("ws://127.0.0.1:9300", "ws://127.0.0.1:9300/"), ("wss://evil.example", "ws://127.0.0.1:9200/")]
    {
        for message in
            [json!({"op": 7, "d": {"url": url}}), json!({"op": 0, "t": "WRONG_GATEWAY", "s": null, "d": {"url": url}})]
        {
            let mut pair = Pair::new(speaking(Dialect::V3));
            pair.client.start(pair.now, &mut pair.out);
            pair.client.handle_opened(pair.now, 0, &mut pair.out);
            pair.did();
            pair.frame(&message.to_string());
            assert!(pair.did().contains(&Did::Close(4900)));
            let Some(Did::Open(to)) = pair.next(10 * SECOND) else { panic!("nothing was opened") };
            assert!(to.starts_with(opened), "{message}: {to}");
        }
    }
}

#[test]
fn version_3_comes_back_from_a_gateway_that_is_not_there() {
    enum There {
        Nobody,
        Leaves,
        SendsToNobody,
    }
    let away = |url: &str| json!({"op": 0, "t": "WRONG_GATEWAY", "s": null, "d": {"url": url}}).to_string();
    for there in [There::Nobody, There::Leaves, There::SendsToNobody] {
        let mut pair = Pair::new(speaking(Dialect::V3));
        pair.client.start(pair.now, &mut pair.out);
        pair.client.handle_opened(pair.now, 0, &mut pair.out);
        pair.did();
        pair.frame(&away("ws://127.0.0.1:9300"));
        pair.did();
        assert!(matches!(pair.next(10 * SECOND), Some(Did::Open(to)) if to.starts_with("ws://127.0.0.1:9300/")));
        if let There::Nobody = there {
            pair.client.handle_open_failed(pair.now, 0, &Error::new(Status::Io, "nobody is there"), &mut pair.out);
        } else {
            pair.client.handle_opened(pair.now, 0, &mut pair.out);
            pair.did();
            match there {
                There::SendsToNobody => pair.frame(&away("wss://evil.example")),
                _ => pair.closed(None),
            }
        }
        pair.did();
        let next = pair.next(10 * SECOND);
        assert!(matches!(&next, Some(Did::Open(to)) if to.starts_with("ws://127.0.0.1:9200/")), "{next:?}");
    }
}

#[test]
fn user_commands_stay_on_this_machine_unless_the_program_insists() {
    for (url, insists, sent) in [
        ("ws://127.0.0.1:9200", false, true),
        ("wss://gateway.discord.gg", false, false),
        ("wss://gateway.discord.gg", true, true),
    ] {
        let mut pair = Pair::new(Config { url: Some(url.into()), user_commands: insists, ..config() });
        pair.client.start(pair.now, &mut pair.out);
        pair.greet();
        pair.did();
        pair.command("REQUEST_LAST_MESSAGES", r#"{"guild_id":"1","channel_ids":["2"]}"#, 1);
        let did = pair.did();
        assert_eq!(matches!(did[0], Did::Send(_)), sent, "{url}");
        if !sent {
            let Did::Event(reply) = &did[0] else { panic!("{did:?}") };
            assert_eq!(reply.status, Status::Unsupported);
            assert!(reply.message.contains("at_my_own_risk"), "{}", reply.message);
        }
    }
}

#[test]
fn presences_are_coalesced_at_the_pace_of_the_dialect() {
    for dialect in [Dialect::V6, Dialect::V10] {
        let (times, within) = dialect.presence_pace();
        // What is too soon is dropped without a word.
        let within = within + SECOND;
        let mut pair = ready(dialect);
        for tag in 1..=20 {
            pair.command("PRESENCE_UPDATE", &format!(r#"{{"n":{tag}}}"#), tag);
        }
        let did = pair.did();
        let sent = |did: &[Did]| -> Vec<u64> {
            let sent = did
                .iter()
                .filter_map(|did| if let Did::Send(message) = did { message["d"]["n"].as_u64() } else { None });
            sent.collect()
        };
        assert_eq!(sent(&did), (1..=times as u64).collect::<Vec<_>>());
        let superseded =
            did.iter().filter(|did| matches!(did, Did::Event(event) if event.flags == Flags::SUPERSEDED)).count();
        assert_eq!(superseded, 14);
        let start = pair.now;
        while pair.now - start < within {
            pair.frame(ACK);
            pair.step(start + within);
            let did = pair.did();
            if !sent(&did).is_empty() {
                assert_eq!((sent(&did), pair.now - start), (vec![20], within), "the latest wins");
            }
        }
    }
}

#[test]
fn members_are_gathered_into_one_reply_or_streamed() {
    let chunk = |index: u64, nonce: &str| {
        json!({"op": 0, "t": "GUILD_MEMBERS_CHUNK", "s": index + 2, "d": {
            "guild_id": "7", "members": [{"n": index}], "chunk_index": index, "chunk_count": 3, "nonce": nonce,
            "not_found": [],
        }})
        .to_string()
    };
    let mut pair = ready(Dialect::V10);
    pair.command("REQUEST_GUILD_MEMBERS", r#"{"guild_id":"7","query":"","limit":0,"gather":true}"#, 9);
    let did = pair.did();
    let [Did::Send(asked)] = &did[..] else { panic!("{did:?}") };
    assert!(asked["d"].get("gather").is_none());
    let nonce = asked["d"]["nonce"].as_str().expect("a nonce").to_owned();
    for (at, index) in [0, 2, 1].into_iter().enumerate() {
        pair.frame(&chunk(index, "another"));
        assert_eq!(pair.events()[0].name, "GUILD_MEMBERS_CHUNK", "what nobody waits for is streamed");
        pair.frame(&chunk(index, &nonce));
        match (at, &pair.events()[..]) {
            (2, [reply]) => {
                assert_eq!((reply.kind, reply.tag, reply.status), (EventType::Reply, 9, Status::Ok));
                let whole = json!({"guild_id": "7", "members": [{"n": 0}, {"n": 2}, {"n": 1}], "not_found": []});
                assert_eq!(serde_json::from_str::<Value>(&reply.payload).expect("JSON"), whole);
            }
            (_, events) => assert!(events.is_empty(), "{events:?}"),
        }
        if at < 2 {
            for wrong in [chunk(index, &nonce), chunk(3, &nonce)] {
                pair.frame(&wrong);
                assert_eq!(pair.events(), [], "one that came already, or that there is not, is none of the three");
            }
        }
    }

    let mut pair = ready(Dialect::V6);
    pair.command("REQUEST_GUILD_MEMBERS", r#"{"guild_id":"7","query":"","limit":0,"gather":true}"#, 9);
    assert!(matches!(&pair.did()[..], [Did::Send(asked)] if asked["d"].get("nonce").is_none()));
    let members: Vec<Value> = (0..1000).map(|n| json!({"n": n})).collect();
    pair.frame(
        &json!({"op": 0, "t": "GUILD_MEMBERS_CHUNK", "s": 2, "d": {"guild_id": "7", "members": members}}).to_string(),
    );
    assert_eq!(pair.events(), []);
    pair.frame(
        &json!({"op": 0, "t": "GUILD_MEMBERS_CHUNK", "s": 3, "d": {"guild_id": "7", "members": [1]}}).to_string(),
    );
    assert_eq!(serde_json::from_str::<Value>(&pair.events()[0].payload).expect("JSON")["members"][1000], 1);

    // A guild of exactly a chunk: nothing says that it is the last one, and no other comes.
    pair.command("REQUEST_GUILD_MEMBERS", r#"{"guild_id":"9","query":"","limit":0,"gather":true}"#, 11);
    pair.did();
    let members: Vec<Value> = (0..1000).map(|n| json!({"n": n})).collect();
    pair.frame(
        &json!({"op": 0, "t": "GUILD_MEMBERS_CHUNK", "s": 4, "d": {"guild_id": "9", "members": members}}).to_string(),
    );
    let whole = event(pair.next(ANOTHER_CHUNK));
    assert_eq!((whole.tag, whole.status), (11, Status::Ok));
    assert_eq!(serde_json::from_str::<Value>(&whole.payload).expect("JSON")["members"][999]["n"], 999);

    pair.command("REQUEST_GUILD_MEMBERS", r#"{"guild_id":"8","query":"","limit":0,"gather":true}"#, 10);
    pair.did();
    pair.closed(None);
    let events = pair.events();
    assert_eq!((events[0].tag, events[0].status, events[0].flags), (10, Status::Closed, Flags::UNCERTAIN));
}

#[test]
fn members_that_are_limited_are_answered_with_when_to_ask_again() {
    let mut pair = ready(Dialect::V10);
    pair.command("REQUEST_GUILD_MEMBERS", r#"{"guild_id":"7","query":"","limit":0,"nonce":"n","gather":true}"#, 9);
    pair.did();
    for (seq, nonce, replies) in [(2, "another", 0), (3, "n", 1)] {
        let meta = json!({"guild_id": "7", "nonce": nonce});
        let limited = json!({"opcode": 8, "retry_after": 29.5, "meta": meta});
        pair.frame(&json!({"op": 0, "t": "RATE_LIMITED", "s": seq, "d": limited}).to_string());
        let mut events = pair.events();
        assert_eq!(events.pop().expect("it is told").name, "RATE_LIMITED");
        let told: Vec<_> = events.iter().map(|reply| (reply.tag, reply.status, reply.retry_after_ms)).collect();
        assert_eq!(told, vec![(9, Status::RateLimited, 29_500); replies]);
    }
}

#[test]
fn what_is_asked_of_the_connection_itself_is_answered() {
    let mut pair = ready(Dialect::V10);
    // The queue is the driver's, and what waits there of each shard (`tests/semantics`); re-sharding is answered when
    // it is done (`reshard`).
    let elsewhere = ["GET_QUEUE", "GET_SHARDS", "RESHARD", "TAKE_OVER"];
    for row in LOCAL_COMMANDS.iter().filter(|row| !elsewhere.contains(&row.name)) {
        pair.command(row.name, "", 3);
        let did = pair.did();
        let reply = did.iter().find_map(|did| match did {
            Did::Event(event) if event.kind == EventType::Reply => Some(event),
            _ => None,
        });
        let reply = reply.unwrap_or_else(|| panic!("{}: {did:?}", row.name));
        let mut doc = Document::new();
        doc.parse(reply.payload.as_bytes()).expect("JSON");
        gamebridge_proto::wire::catalog::check_value(row.name, &row.reply, doc.root()).expect("as its row says");
    }
}

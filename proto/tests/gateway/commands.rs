//! What a program sends, and the one answer to it.

use crate::pair::*;

#[test]
fn commands_are_sent_and_answered() {
    for (name, op) in [
        ("PRESENCE_UPDATE", 3),
        ("VOICE_STATE_UPDATE", 4),
        ("REQUEST_GUILD_MEMBERS", 8),
        ("REQUEST_SOUNDBOARD_SOUNDS", 31),
        ("REQUEST_CHANNEL_INFO", 43),
    ] {
        let mut pair = Pair::ready();
        pair.command(name, r#"{"guild_id":"1"}"#, 5);
        assert_eq!(pair.next(Duration::ZERO), Some(Did::Send(json!({"op": op, "d": {"guild_id": "1"}}))));
        let reply = event(pair.next(Duration::ZERO));
        assert_eq!((reply.kind, reply.name.as_str(), reply.tag, reply.status), (EventType::Reply, name, 5, Status::Ok));
        pair.command(name, r#"{"guild_id":"1"}"#, 0);
        assert_eq!(pair.events(), [], "tag 0 asks for no reply");
    }
}

#[test]
fn commands_before_ready_wait_and_keep_their_order() {
    let mut pair = Pair::new(config());
    pair.command("VOICE_STATE_UPDATE", r#"{"a":1}"#, 1);
    pair.client.start(pair.now, &mut pair.out);
    pair.command("PRESENCE_UPDATE", r#"{"a":2}"#, 2);
    pair.client.handle_opened(pair.now, 0, &mut pair.out);
    pair.frame(&hello());
    pair.command("VOICE_STATE_UPDATE", r#"{"a":3}"#, 3);
    assert!(pair.events().is_empty());
    pair.frame(READY);
    let did = pair.did();
    let sent: Vec<_> = did
        .iter()
        .filter_map(|did| if let Did::Send(text) = did { Some(text["d"]["a"].clone()) } else { None })
        .collect();
    assert_eq!(sent, [1, 2, 3]);
    assert!(matches!(&did[0], Did::Event(event) if event.kind == EventType::Connected), "nothing before CONNECTED");
}

#[test]
fn a_command_that_waits_too_long_times_out() {
    let mut pair = Pair::new(config());
    pair.client.start(pair.now, &mut pair.out);
    pair.did();
    let command = |tag, timeout| Command {
        name: "VOICE_STATE_UPDATE".into(),
        args: b"{}".as_slice().into(),
        tag,
        timeout,
        ..Command::default()
    };
    pair.client.handle_command(pair.now, command(1, Some(3 * SECOND)), &mut pair.out);
    pair.client.handle_command(pair.now, command(2, None), &mut pair.out);
    let reply = event(pair.next(10 * SECOND));
    assert_eq!((reply.tag, reply.status, pair.now - Instant::ZERO), (1, Status::Timeout, 3 * SECOND));
    pair.now = pair.now + 7 * SECOND;
    pair.client.handle_command(pair.now, command(3, Some(3 * SECOND)), &mut pair.out);
    let reply = event(pair.next(Duration::ZERO));
    assert_eq!((reply.tag, reply.status), (3, Status::Timeout), "its time ran from when it was issued");
    while pair.now - Instant::ZERO < 30 * SECOND {
        pair.step(Instant::ZERO + 30 * SECOND);
        let replies: Vec<_> = pair.events().into_iter().map(|reply| (reply.tag, reply.status)).collect();
        if !replies.is_empty() {
            assert_eq!((replies, pair.now - Instant::ZERO), (vec![(2, Status::Timeout)], 30 * SECOND));
            return;
        }
    }
    panic!("no reply within 30 s");
}

#[test]
fn commands_that_cannot_be_sent_are_refused_with_a_sentence() {
    let large = format!(r#"{{"a":"{}"}}"#, "x".repeat(4096 - 21 + 5));
    for (name, args, status, words) in [
        ("HEARTBEAT", "{}", Status::Unsupported, "no command of the Gateway; PRESENCE_UPDATE, "),
        ("8", "{}", Status::Unsupported, "no command of the Gateway"),
        ("", "{}", Status::Unsupported, "no command of the Gateway"),
        ("PRESENCE_UPDATE", "", Status::Argument, "the arguments are missing"),
        ("PRESENCE_UPDATE", "[]", Status::Argument, "an object expected"),
        ("PRESENCE_UPDATE", "{\"a\":}", Status::Argument, "the arguments are not JSON: "),
        ("PRESENCE_UPDATE", &large, Status::Argument, "the message would have 4101 bytes; the Gateway takes 4096"),
    ] {
        let mut pair = Pair::ready();
        pair.command(name, args, 1);
        let did = pair.did();
        let [Did::Event(reply)] = &did[..] else { panic!("{name}: {did:?}") };
        assert_eq!((reply.kind, reply.status, reply.tag), (EventType::Reply, status, 1), "{name}");
        assert!(reply.message.contains(words), "{name}: {}", reply.message);
        pair.command(name, args, 0);
        let log = event(pair.next(Duration::ZERO));
        assert_eq!(log.kind, EventType::Log, "without a tag it is logged");
    }
    let mut pair = Pair::ready();
    pair.command("PRESENCE_UPDATE", &format!(r#"{{"a":"{}"}}"#, "x".repeat(4096 - 21)), 1);
    assert!(matches!(pair.next(Duration::ZERO), Some(Did::Send(_))), "4096 bytes are taken");
}

#[test]
fn every_tag_is_answered_once_whatever_happens() {
    let replies = |pair: &mut Pair| -> Vec<(u64, Status)> {
        let replies = pair.events().into_iter().filter(|event| event.kind == EventType::Reply);
        replies.map(|reply| (reply.tag, reply.status)).collect()
    };
    let waiting = || {
        let mut pair = Pair::ready();
        pair.closed(None);
        for tag in [1, 2, 2, 3] {
            pair.command("VOICE_STATE_UPDATE", "{}", tag);
        }
        pair.did();
        pair
    };
    let mut pair = waiting();
    pair.client.handle_cancel(pair.now, 2, &mut pair.out);
    assert_eq!(replies(&mut pair), [(2, Status::Cancelled); 2]);
    pair.client.handle_cancel(pair.now, 2, &mut pair.out);
    pair.client.handle_disconnect(pair.now, &mut pair.out);
    let events = pair.events();
    assert_eq!(events.last().map(|event| (event.kind, event.status)), Some((EventType::Disconnected, Status::Ok)));
    assert_eq!(
        events.iter().map(|event| (event.tag, event.status)).collect::<Vec<_>>()[..2],
        [(1, Status::Closed), (3, Status::Closed)]
    );
    pair.client.handle_disconnect(pair.now, &mut pair.out);
    assert_eq!(pair.did(), []);
    pair.command("VOICE_STATE_UPDATE", "{}", 9);
    assert_eq!(replies(&mut pair), [(9, Status::Closed)]);

    let mut pair = waiting();
    pair.next(5 * SECOND).expect("a try");
    pair.client.handle_opened(pair.now, 0, &mut pair.out);
    pair.frame(&hello());
    pair.closed(Some(4004));
    assert_eq!(
        replies(&mut pair),
        [(1, Status::Closed), (2, Status::Closed), (2, Status::Closed), (3, Status::Closed)]
    );

    let mut pair = waiting();
    pair.next(5 * SECOND).expect("a try");
    pair.greet();
    assert_eq!(replies(&mut pair), [(1, Status::Ok), (2, Status::Ok), (2, Status::Ok), (3, Status::Ok)]);
}

#[test]
fn sends_at_most_115_commands_in_60_seconds() {
    let mut pair = Pair::ready();
    let start = pair.now;
    for tag in 1..=300 {
        let command = Command {
            name: "VOICE_STATE_UPDATE".into(),
            args: b"{}".as_slice().into(),
            tag,
            timeout: Some(3600 * SECOND),
            issued: pair.now,
            ..Command::default()
        };
        pair.client.handle_command(pair.now, command, &mut pair.out);
    }
    let mut sent = Vec::new();
    while sent.len() < 300 {
        for did in pair.did() {
            if let Did::Send(message) = did {
                if message["op"] == 4 {
                    sent.push(pair.now - start);
                }
                pair.frame(ACK);
            }
        }
        pair.step(pair.now + 600 * SECOND);
    }
    assert_eq!(sent[114], Duration::ZERO);
    assert!(sent.windows(116).all(|window| window[115] - window[0] >= 60 * SECOND));
    assert_eq!(sent[299], 120 * SECOND);
}

#[test]
fn commands_beyond_the_queue_are_refused() {
    let mut pair = Pair::new(config());
    pair.client.start(pair.now, &mut pair.out);
    for tag in 1..=1025 {
        pair.command("VOICE_STATE_UPDATE", "{}", tag);
    }
    let replies = pair.events();
    assert_eq!(replies.iter().map(|reply| (reply.tag, reply.status)).collect::<Vec<_>>(), [(1025, Status::Full)]);
}

#[test]
fn the_presence_is_set_again_on_every_ready() {
    let mut pair = Pair::ready();
    pair.command("PRESENCE_UPDATE", r#"{"status":"dnd"}"#, 0);
    pair.command("PRESENCE_UPDATE", r#"{"status":"idle"}"#, 0);
    pair.closed(None);
    pair.did();
    pair.next(5 * SECOND).expect("a try");
    pair.greet();
    let did = pair.did();
    let last = did.last().expect("something was done");
    assert_eq!(last, &Did::Send(json!({"op": 3, "d": {"status": "idle"}})));
}

/// All members of a guild.
fn all(guild: u64) -> String {
    json!({"guild_id": guild.to_string(), "query": "", "limit": 0}).to_string()
}

/// What was sent within so long, and when; heartbeats are answered.
fn sent(pair: &mut Pair, within: Duration) -> Vec<(u64, Value)> {
    let (start, end, mut sent) = (pair.now, pair.now + within, Vec::new());
    loop {
        for did in pair.did() {
            match did {
                Did::Send(message) if message["op"] == 1 => pair.frame(ACK),
                Did::Send(message) => sent.push(((pair.now - start).as_secs(), message["d"].clone())),
                _ => {}
            }
        }
        if pair.now >= end {
            return sent;
        }
        pair.step(end);
    }
}

#[test]
fn all_members_of_a_guild_are_asked_for_once_in_31_seconds() {
    let mut pair = Pair::ready();
    let others = [
        r#"{"guild_id":"1","query":"a","limit":0}"#,
        r#"{"guild_id":"1","query":"","limit":5}"#,
        r#"{"guild_id":"1","user_ids":["7"]}"#,
    ];
    for args in [all(1), all(1), all(2), all(1)].iter().map(String::as_str).chain(others) {
        pair.command("REQUEST_GUILD_MEMBERS", args, 0);
    }
    pair.command("VOICE_STATE_UPDATE", "{}", 0);
    let sent: Vec<_> = sent(&mut pair, 100 * SECOND);
    let whole = |sent: &[(u64, Value)], guild: u64| -> Vec<u64> {
        let all: Value = serde_json::from_str(&all(guild)).expect("JSON");
        sent.iter().filter(|(_, data)| *data == all).map(|(at, _)| *at).collect()
    };
    assert_eq!((whole(&sent, 1), whole(&sent, 2)), (vec![0, 31, 62], vec![0]), "guilds wait for themselves only");
    assert_eq!(
        sent.iter().filter(|(at, _)| *at == 0).count(),
        6,
        "what asks for some, or for something else, passes them"
    );
}

#[test]
fn a_new_connection_and_a_new_session_are_no_new_turn() {
    for (code, greet) in [(None, Pair::resume as fn(&mut Pair)), (Some(4009), Pair::greet)] {
        let mut pair = Pair::ready();
        pair.command("REQUEST_GUILD_MEMBERS", &all(1), 0);
        let start = pair.now;
        pair.closed(code);
        pair.did();
        while !matches!(pair.next(10 * SECOND), Some(Did::Open(_))) {}
        greet(&mut pair);
        pair.did();
        pair.command("REQUEST_GUILD_MEMBERS", &all(1), 0);
        assert_eq!(pair.did(), []);
        while !matches!(pair.next(60 * SECOND), Some(Did::Send(message)) if message["op"] == 8) {}
        assert_eq!(pair.now - start, 31 * SECOND, "{code:?}");
    }
}

#[test]
fn who_waits_for_a_guilds_turn_times_out_is_cancelled_and_has_bounds() {
    let mut pair = Pair::ready();
    pair.command("REQUEST_GUILD_MEMBERS", &all(1), 0);
    pair.did();
    for tag in 1..=6 {
        let timeout = (tag == 1).then_some(5 * SECOND);
        let (name, args) = ("REQUEST_GUILD_MEMBERS".into(), all(1).into_bytes().into());
        let command = Command { name, args, tag, timeout, issued: pair.now, ..Command::default() };
        pair.client.handle_command(pair.now, command, &mut pair.out);
    }
    let start = pair.now;
    pair.client.handle_cancel(pair.now, 2, &mut pair.out);
    let cancelled = event(pair.next(Duration::ZERO));
    assert_eq!((cancelled.tag, cancelled.status), (2, Status::Cancelled));
    let mut told = Vec::new();
    while pair.now - start < 150 * SECOND {
        match pair.next(start + 150 * SECOND - pair.now) {
            Some(Did::Send(message)) if message["op"] == 1 => pair.frame(ACK),
            Some(Did::Event(reply)) => told.push((reply.tag, reply.status, (pair.now - start).as_secs())),
            _ => {}
        }
    }
    assert_eq!(
        told,
        [
            (1, Status::Timeout, 5),
            (3, Status::Ok, 31),
            (4, Status::Ok, 62),
            (5, Status::Ok, 93),
            (6, Status::Timeout, 120)
        ]
    );
    for tag in 1..=1026 {
        pair.command("REQUEST_GUILD_MEMBERS", &all(1), tag);
    }
    let refused = pair.events().into_iter().filter(|reply| reply.status == Status::Full).map(|reply| reply.tag);
    assert_eq!(refused.collect::<Vec<_>>(), [1026], "the first is sent, 1024 wait");
}

#[test]
fn what_discord_says_of_a_guilds_next_turn_counts() {
    let mut pair = Pair::ready();
    pair.command("REQUEST_GUILD_MEMBERS", &all(1), 0);
    pair.did();
    let limited = json!({"opcode": 8, "retry_after": 45.5, "meta": {"guild_id": "1"}});
    pair.frame(&json!({"op": 0, "t": "RATE_LIMITED", "s": 2, "d": limited}).to_string());
    assert_eq!(pair.events().len(), 1, "the program hears of it");
    pair.command("REQUEST_GUILD_MEMBERS", &all(1), 0);
    pair.command("REQUEST_GUILD_MEMBERS", &all(2), 0);
    let at: Vec<_> =
        sent(&mut pair, 100 * SECOND).into_iter().map(|(at, data)| (at, data["guild_id"].clone())).collect();
    assert_eq!(at, [(0, json!("2")), (45, json!("1"))]);
}

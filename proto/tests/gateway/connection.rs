//! From opening to READY, and the signs of life.

use gamebridge_proto::protocol::gateway::SEND_WINDOW;

use crate::pair::*;

#[test]
fn connects_identifies_and_is_ready() {
    let mut config = config();
    config.shards = Shards::Some([3].into(), 16);
    config.large_threshold = Some(250);
    config.presence = Some(br#"{"since":null,"activities":[],"status":"idle","afk":false}"#.as_slice().into());
    config.extras = br#" { "capabilities" : 1 } "#.as_slice().into();
    let mut pair = Pair::new(config);
    assert_eq!(pair.client.next_timeout(), None);
    pair.client.start(pair.now, &mut pair.out);
    assert_eq!(pair.did(), [Did::Open("wss://gateway.discord.gg/?v=10&encoding=json".into())]);
    pair.client.handle_opened(pair.now, 0, &mut pair.out);
    assert_eq!(pair.events(), []);
    pair.frame(&hello());
    let properties = json!({"os": std::env::consts::OS, "browser": "gamebridge", "device": "gamebridge"});
    let d = json!({
        "token": "canary-token", "intents": 513, "properties": properties, "shard": [3, 16], "large_threshold": 250,
        "presence": {"since": null, "activities": [], "status": "idle", "afk": false}, "capabilities": 1,
    });
    assert_eq!(pair.did(), [Did::Send(json!({"op": 2, "d": d}))]);
    pair.frame(READY);
    let events = pair.events();
    assert_eq!(events.len(), 1);
    assert_eq!((events[0].kind, events[0].name.as_str()), (EventType::Connected, "CONNECTED"));
    assert_eq!((events[0].payload.as_str(), events[0].seq, events[0].peer), (r#"{"session_id":"abc"}"#, 1, 3));
    pair.frame(r#"{"t":"MESSAGE_CREATE","s":2,"op":0,"d":{"id":"5"}}"#);
    let events = pair.events();
    assert_eq!((events[0].kind, events[0].name.as_str()), (EventType::Dispatch, "MESSAGE_CREATE"));
    assert_eq!((events[0].payload.as_str(), events[0].seq, events[0].peer), (r#"{"id":"5"}"#, 2, 3));
}

#[test]
fn beats_at_a_random_first_time_and_then_at_the_interval() {
    let mut firsts = Vec::new();
    for seed in 0..50 {
        let mut pair = Pair::new(Config { seed, ..config() });
        pair.client.start(pair.now, &mut pair.out);
        pair.greet();
        pair.did();
        assert_eq!(pair.next(INTERVAL), Some(Did::Send(json!({"op": 1, "d": 1}))));
        firsts.push(pair.now - Instant::ZERO);
        for beat in 2..5u64 {
            pair.frame(ACK);
            pair.frame(&format!(r#"{{"t":"TYPING_START","s":{beat},"op":0,"d":{{}}}}"#));
            pair.did();
            let last = pair.now;
            assert_eq!(pair.next(INTERVAL), Some(Did::Send(json!({"op": 1, "d": beat}))));
            assert_eq!(pair.now - last, INTERVAL);
        }
    }
    assert!(firsts.iter().any(|first| *first < INTERVAL / 4) && firsts.iter().any(|first| *first > INTERVAL * 3 / 4));
}

#[test]
fn answers_a_wish_for_a_beat_at_once() {
    let mut pair = Pair::new(config());
    pair.client.start(pair.now, &mut pair.out);
    pair.client.handle_opened(pair.now, 0, &mut pair.out);
    pair.frame(&hello());
    pair.did();
    let due = pair.client.next_timeout();
    pair.frame(r#"{"t":null,"s":null,"op":1,"d":null}"#);
    assert_eq!(pair.did(), [Did::Send(json!({"op": 1, "d": null}))]);
    assert_eq!(pair.client.next_timeout(), due, "its own beats stay where they were");
}

#[test]
fn beats_are_wished_for_three_times_a_minute_at_most() {
    let mut pair = Pair::ready();
    for minute in 0..2 {
        for wish in 0..10_000 {
            pair.frame(r#"{"op":1,"d":null}"#);
            let sent = pair.did().into_iter().filter(|did| matches!(did, Did::Send(_))).count();
            assert_eq!(sent, usize::from(wish < 3), "{wish} in minute {minute}");
        }
        pair.now = pair.now + SEND_WINDOW;
    }
}

#[test]
fn measures_the_latency_of_an_ack() {
    let mut pair = Pair::ready();
    assert_eq!(pair.client.latency(0), None);
    pair.next(INTERVAL).expect("a beat");
    pair.now = pair.now + Duration::from_millis(80);
    pair.frame(ACK);
    assert_eq!(pair.client.latency(0), Some(Duration::from_millis(80)));
}

#[test]
fn a_beat_without_ack_and_traffic_is_a_zombie() {
    let mut pair = Pair::ready();
    assert_eq!(pair.next(INTERVAL), Some(Did::Send(json!({"op": 1, "d": 1}))));
    let beat = pair.now;
    assert_eq!(pair.next(INTERVAL), Some(Did::Close(4900)));
    assert_eq!(pair.now - beat, INTERVAL);
    let lost = event(pair.next(Duration::ZERO));
    assert_eq!((lost.kind, lost.status, lost.flags), (EventType::Reconnecting, Status::Timeout, Flags::RETRYING));
    assert_eq!(lost.message, "a heartbeat was not answered");
    assert!(matches!(pair.next(5 * SECOND), Some(Did::Open(_))));
}

#[test]
fn any_traffic_shows_life() {
    let mut pair = Pair::ready();
    for _ in 0..10 {
        assert_eq!(pair.next(INTERVAL), Some(Did::Send(json!({"op": 1, "d": 1}))));
        pair.frame(r#"{"t":"TYPING_START","s":1,"op":0,"d":{}}"#);
        pair.did();
    }
}

#[test]
fn a_program_that_does_not_poll_is_waited_for_30_seconds() {
    let mut pair = Pair::ready();
    pair.next(INTERVAL).expect("the first beat");
    pair.now = pair.now + 20 * SECOND;
    let paused = pair.now;
    pair.client.handle_reading_paused(pair.now, 0, true);
    // The watchdog would bite at the next beat, 21 s later.
    assert_eq!(pair.next(25 * SECOND), Some(Did::Send(json!({"op": 1, "d": 1}))));
    pair.client.handle_reading_paused(pair.now, 0, true);
    assert_eq!(pair.next(25 * SECOND), Some(Did::Close(4900)));
    assert_eq!(pair.now - paused, 30 * SECOND);
    assert_eq!(event(pair.next(Duration::ZERO)).message, "events were not polled for 30 s");
}

#[test]
fn the_watchdog_begins_anew_when_reading_goes_on() {
    let mut pair = Pair::ready();
    pair.next(INTERVAL).expect("the first beat");
    pair.client.handle_reading_paused(pair.now, 0, true);
    pair.now = pair.now + 29 * SECOND;
    pair.client.handle_reading_paused(pair.now, 0, false);
    assert_eq!(pair.next(INTERVAL), Some(Did::Send(json!({"op": 1, "d": 1}))), "one more chance");
    assert_eq!(pair.next(INTERVAL), Some(Did::Close(4900)), "and then it bites");
}

#[test]
fn silence_at_any_stage_is_given_up() {
    let mut pair = Pair::new(config());
    pair.client.start(pair.now, &mut pair.out);
    pair.did();
    assert_eq!((pair.next(31 * SECOND), pair.now - Instant::ZERO), (Some(Did::Close(4900)), 30 * SECOND));
    pair.did();
    pair.next(SECOND).expect("the second try");
    let opened = pair.now;
    pair.client.handle_opened(pair.now, 0, &mut pair.out);
    pair.did();
    assert_eq!((pair.next(31 * SECOND), pair.now - opened), (Some(Did::Close(4900)), 10 * SECOND));
    pair.did();
    pair.next(2 * SECOND).expect("the third try");
    pair.client.handle_opened(pair.now, 0, &mut pair.out);
    pair.frame(&hello());
    let identified = pair.now;
    pair.did();
    while matches!(pair.next(61 * SECOND), Some(Did::Send(_))) {
        pair.frame(ACK);
    }
    assert_eq!(pair.now - identified, 60 * SECOND);
}

#[test]
fn a_resume_that_is_answered_by_acks_alone_is_given_up() {
    let mut pair = Pair::ready();
    pair.closed(None);
    while !matches!(pair.next(SECOND), Some(Did::Open(_))) {}
    pair.client.handle_opened(pair.now, 0, &mut pair.out);
    pair.frame(&hello());
    let asked = pair.now;
    pair.did();
    while pair.now - asked < 120 * SECOND && matches!(pair.next(61 * SECOND), Some(Did::Send(_))) {
        pair.frame(ACK);
    }
    assert_eq!(pair.now - asked, 60 * SECOND);
}

#[test]
fn a_message_that_is_none_is_an_error_of_the_connection() {
    for (text, words) in [
        ("{", "a string expected"),
        (r#"{"t":"X","s":1,"d":{}}"#, "op is missing"),
        (r#"{"op":0,"s":1,"d":{}}"#, "a dispatch has no t"),
    ] {
        let mut pair = Pair::ready();
        let error = pair.client.handle_frame(pair.now, 0, text.as_bytes(), &mut pair.out).expect_err(text);
        assert!(error.status == Status::Protocol && error.message.contains(words), "{text}: {error}");
    }
    for (d, words) in [
        ("{}", "heartbeat_interval is no interval"),
        (r#"{"heartbeat_interval":0}"#, "heartbeat_interval is no interval"),
        (r#"{"heartbeat_interval":-5}"#, "heartbeat_interval is no interval"),
        (r#"{"heartbeat_interval":"41250"}"#, "heartbeat_interval is no interval"),
        (r#"{"heartbeat_interval":99999999999}"#, "heartbeat_interval is no interval"),
        ("{]}", "HELLO: "),
        ("null", "heartbeat_interval is no interval"),
    ] {
        let mut pair = Pair::new(config());
        pair.client.start(pair.now, &mut pair.out);
        pair.client.handle_opened(pair.now, 0, &mut pair.out);
        let text = format!(r#"{{"t":null,"s":null,"op":10,"d":{d}}}"#);
        let error = pair.client.handle_frame(pair.now, 0, text.as_bytes(), &mut pair.out).expect_err(d);
        assert!(error.message.contains(words), "{d}: {error}");
    }
    let mut pair = Pair::new(config());
    pair.client.start(pair.now, &mut pair.out);
    pair.client.handle_opened(pair.now, 0, &mut pair.out);
    assert!(pair.client.handle_frame(pair.now, 0, READY.as_bytes(), &mut pair.out).is_err());
}

#[test]
fn opcodes_that_are_not_known_are_ignored() {
    let mut pair = Pair::ready();
    for op in [2, 3, 5, 6, 12, 99, 4_000_000_000u32] {
        pair.frame(&format!(r#"{{"op":{op},"d":{{}}}}"#));
    }
    pair.frame(&hello());
    let logged: Vec<_> = pair.did().into_iter().map(|did| event(Some(did))).collect();
    assert!(logged.iter().all(|event| event.kind == EventType::Log && event.code == 4), "{logged:?}");
    assert!(logged[0].message.contains("IDENTIFY") && logged[4].message.contains("GUILD_SYNC"), "they are named");
}

#[test]
fn disconnecting_closes_what_is_open() {
    let mut pair = Pair::ready();
    pair.client.handle_disconnect(pair.now, &mut pair.out);
    let did = pair.did();
    assert!(
        matches!(&did[..], [Did::Close(1000), Did::Event(last)] if last.kind == EventType::Disconnected),
        "{did:?}"
    );
    assert!(pair.client.is_finished() && pair.client.next_timeout().is_none());
}

#[test]
fn every_opcode_at_every_stage_is_survived() {
    let data = ["null", "{}", "[]", "5", "-1", "true", "\"x\"", r#"{"heartbeat_interval":1}"#, r#"{"session_id":7}"#];
    for stage in ["greeting", "identifying", "ready", "resuming"] {
        for opcode in (-2..50).chain([i64::MAX]) {
            for data in data {
                let mut pair = match stage {
                    "greeting" | "identifying" => {
                        let mut pair = Pair::new(config());
                        pair.client.start(pair.now, &mut pair.out);
                        pair.client.handle_opened(pair.now, 0, &mut pair.out);
                        pair
                    }
                    _ => Pair::ready(),
                };
                if stage == "resuming" {
                    pair.closed(None);
                    while !matches!(pair.next(120 * SECOND), Some(Did::Open(_))) {}
                    pair.client.handle_opened(pair.now, 0, &mut pair.out);
                }
                if matches!(stage, "identifying" | "resuming") {
                    pair.frame(&hello());
                }
                pair.did();
                for name in ["null", "\"READY\"", "\"RESUMED\"", "\"THING\"", "7"] {
                    let text = format!(r#"{{"op":{opcode},"d":{data},"s":3,"t":{name}}}"#);
                    if let Err(error) = pair.client.handle_frame(pair.now, 0, text.as_bytes(), &mut pair.out) {
                        assert!(!error.message.is_empty(), "{stage}: {text}");
                        pair.closed(None);
                    }
                }
                assert!(!pair.client.is_finished(), "{stage}, {opcode}, {data}: the server alone ended it");
                // Whatever it was, a server that behaves is understood after it.
                let up = |did: &Did| matches!(did, Did::Event(event) if event.kind == EventType::Connected);
                let mut connected = false;
                pair.closed(None);
                pair.did();
                for _ in 0..40 {
                    match pair.next(120 * SECOND) {
                        Some(Did::Open(_)) => {
                            pair.client.handle_opened(pair.now, 0, &mut pair.out);
                            pair.frame(&hello());
                        }
                        Some(Did::Send(message)) if message["op"] == 2 => pair.frame(READY),
                        Some(Did::Send(message)) if message["op"] == 6 => {
                            pair.frame(r#"{"t":"RESUMED","s":4,"op":0,"d":{}}"#);
                        }
                        Some(did) => connected |= up(&did),
                        None => {}
                    }
                    if connected {
                        break;
                    }
                }
                assert!(connected, "{stage}, opcode {opcode}, {data}: {:?}", pair.client);
            }
        }
    }
}

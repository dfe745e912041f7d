//! How connections are lost, and what follows.

use gamebridge_proto::protocol::gateway::{IDENTIFY_A_DAY, IDENTIFY_EVERY, IDENTIFY_RESERVE};

use crate::pair::*;

#[test]
fn connects_anew_when_asked_to() {
    let mut pair = Pair::ready();
    pair.frame(r#"{"op":7,"d":null}"#);
    assert_eq!(pair.next(Duration::ZERO), Some(Did::Close(4900)));
    let lost = event(pair.next(Duration::ZERO));
    assert_eq!((lost.kind, lost.message.as_str()), (EventType::Reconnecting, "the Gateway asked to connect anew"));
    pair.frame(r#"{"t":"LATE","s":9,"op":0,"d":{}}"#);
    assert_eq!(pair.did(), [], "what still comes from the old connection is nobody's");
    assert!(matches!(pair.next(5 * SECOND), Some(Did::Open(_))));
    pair.client.handle_opened(pair.now, 0, &mut pair.out);
    pair.frame(&hello());
    let sent = pair.did();
    let resume = json!({"op": 6, "d": {"token": "canary-token", "session_id": "abc", "seq": 1}});
    assert_eq!(sent.last(), Some(&Did::Send(resume)));
    pair.frame(r#"{"t":"RESUMED","s":2,"op":0,"d":{}}"#);
    let events = pair.events();
    assert_eq!((events[0].kind, events[0].flags), (EventType::Connected, Flags::RESUMED));
}

#[test]
fn waits_1_to_5_seconds_after_an_invalid_session() {
    for seed in 0..50 {
        for resumable in [true, false] {
            let mut pair = Pair::new(Config { seed, ..config() });
            pair.client.start(pair.now, &mut pair.out);
            pair.greet();
            // Long after IDENTIFY, so that its own pace does not show.
            while pair.now - Instant::ZERO < 50 * SECOND {
                pair.did();
                pair.step(Instant::ZERO + 50 * SECOND);
                pair.frame(ACK);
            }
            pair.did();
            pair.frame(&format!(r#"{{"t":null,"s":null,"op":9,"d":{resumable}}}"#));
            assert_eq!(pair.next(Duration::ZERO), Some(Did::Close(if resumable { 4900 } else { 1000 })));
            let lost = event(pair.next(Duration::ZERO));
            assert_eq!(lost.kind, EventType::Reconnecting);
            let before = pair.now;
            assert!(matches!(pair.next(5 * SECOND), Some(Did::Open(_))));
            assert!(pair.now - before >= SECOND);
            assert_eq!((pair.now - before).as_millis(), lost.retry_after_ms.into());
        }
    }
}

#[test]
fn close_codes_are_fatal_or_retried() {
    for (code, status, fatal) in [
        (None, Status::Closed, false),
        (Some(1000), Status::Closed, false),
        (Some(1001), Status::Closed, false),
        (Some(1006), Status::Closed, false),
        (Some(4000), Status::Closed, false),
        (Some(4001), Status::Closed, false),
        (Some(4002), Status::Closed, false),
        (Some(4003), Status::Closed, false),
        (Some(4004), Status::Auth, true),
        (Some(4005), Status::Closed, false),
        (Some(4007), Status::Closed, false),
        (Some(4008), Status::Closed, false),
        (Some(4009), Status::Closed, false),
        (Some(4010), Status::Remote, true),
        (Some(4011), Status::Remote, true),
        (Some(4012), Status::Remote, true),
        (Some(4013), Status::Remote, true),
        (Some(4014), Status::Remote, true),
        (Some(4567), Status::Closed, false),
    ] {
        let mut pair = Pair::ready();
        pair.closed(code);
        let events = pair.events();
        assert_eq!(events.len(), 1, "{code:?}");
        assert_eq!((events[0].status, events[0].code), (status, code.map_or(0, i32::from)), "{code:?}");
        assert_eq!(events[0].flags, if fatal { Flags::FATAL } else { Flags::RETRYING }, "{code:?}");
        let kind = if fatal { EventType::Disconnected } else { EventType::Reconnecting };
        assert_eq!((events[0].kind, pair.client.is_finished()), (kind, fatal), "{code:?}");
        assert_eq!(pair.client.next_timeout().is_none(), fatal, "{code:?}");
    }
}

#[test]
fn a_fatal_close_before_ready_is_told_too() {
    let mut pair = Pair::new(config());
    pair.client.start(pair.now, &mut pair.out);
    pair.client.handle_opened(pair.now, 0, &mut pair.out);
    pair.frame(&hello());
    pair.client.handle_closed(
        pair.now,
        0,
        Closed { code: Some(4014), reason: "Disallowed intent(s).", ..Closed::default() },
        &mut pair.out,
    );
    let events = pair.events();
    assert_eq!((events[0].kind, events[0].status, events[0].code), (EventType::Disconnected, Status::Remote, 4014));
    assert!(events[0].message.contains("enable them in the application's settings"), "{}", events[0].message);
    assert!(events[0].message.ends_with("(\"Disallowed intent(s).\")"), "{}", events[0].message);
}

#[test]
fn an_outage_is_told_once() {
    let mut pair = Pair::ready();
    pair.closed(None);
    assert_eq!(pair.events().len(), 1);
    for _ in 0..20 {
        assert!(matches!(pair.next(120 * SECOND), Some(Did::Open(_))));
        pair.client.handle_open_failed(pair.now, 0, &Error::new(Status::Io, "connection refused"), &mut pair.out);
        assert_eq!(pair.events(), []);
    }
    assert!(matches!(pair.next(120 * SECOND), Some(Did::Open(_))));
    pair.resume();
    let events = pair.events();
    assert_eq!((events.len(), events[0].kind), (1, EventType::Connected));
    pair.closed(None);
    assert_eq!(pair.events()[0].kind, EventType::Reconnecting, "the next outage is told again");
}

#[test]
fn nobody_at_the_start_is_retried_unless_told_otherwise() {
    let refused = Error::new(Status::Io, "connection refused");
    let mut pair = Pair::new(config());
    pair.client.start(pair.now, &mut pair.out);
    pair.did();
    pair.client.handle_open_failed(pair.now, 0, &refused, &mut pair.out);
    assert_eq!(pair.events(), []);
    assert!(matches!(pair.next(SECOND), Some(Did::Open(_))));

    let mut pair = Pair::new(Config { retry: false, ..config() });
    pair.client.start(pair.now, &mut pair.out);
    pair.client.handle_open_failed(pair.now, 0, &refused, &mut pair.out);
    let events = pair.events();
    assert_eq!((events[0].kind, events[0].status), (EventType::Disconnected, Status::Io));
    assert!(pair.client.is_finished());
}

/// What a server does with a connection, during a day.
#[derive(Clone, Copy, Debug)]
enum Outage {
    /// Nobody listens.
    Refused,
    /// Opens and closes.
    Dropped,
    /// Closes at IDENTIFY.
    DroppedAtIdentify,
    /// Says op 9 at IDENTIFY.
    InvalidSession,
    /// Says READY and closes.
    DroppedAtReady,
    /// Says READY and op 7.
    Reconnect,
    /// Says READY and is silent.
    Silent,
    /// Says READY and closes, and closes at RESUME.
    DroppedAtResume,
    /// Says READY and closes, and knows no session.
    Forgets,
}

#[test]
fn a_day_of_outage_costs_at_most_an_identify_per_5_seconds_and_1000_in_all() {
    for outage in [
        Outage::Refused,
        Outage::Dropped,
        Outage::DroppedAtIdentify,
        Outage::InvalidSession,
        Outage::DroppedAtReady,
        Outage::Reconnect,
        Outage::Silent,
        Outage::DroppedAtResume,
        Outage::Forgets,
    ] {
        let mut pair = Pair::new(config());
        let end = Instant::ZERO + 24 * 3600 * SECOND;
        let (mut opens, mut identifies) = (Vec::new(), Vec::<Instant>::new());
        pair.client.start(pair.now, &mut pair.out);
        while pair.now < end {
            let did = pair.did();
            for did in did {
                match (did, outage) {
                    (Did::Open(_), _) => {
                        opens.push(pair.now);
                        match outage {
                            Outage::Refused => {
                                pair.client.handle_open_failed(
                                    pair.now,
                                    0,
                                    &Error::new(Status::Io, "refused"),
                                    &mut pair.out,
                                );
                            }
                            Outage::Dropped => {
                                pair.client.handle_opened(pair.now, 0, &mut pair.out);
                                pair.closed(Some(1006));
                            }
                            _ => {
                                pair.client.handle_opened(pair.now, 0, &mut pair.out);
                                pair.frame(&hello());
                            }
                        }
                    }
                    (Did::Send(message), _) if message["op"] == 2 => {
                        identifies.push(pair.now);
                        match outage {
                            Outage::InvalidSession => pair.frame(r#"{"op":9,"d":false}"#),
                            Outage::DroppedAtIdentify => pair.closed(Some(4000)),
                            _ => pair.frame(READY),
                        }
                        match outage {
                            Outage::DroppedAtReady | Outage::DroppedAtResume | Outage::Forgets => pair.closed(None),
                            Outage::Reconnect => pair.frame(r#"{"op":7,"d":null}"#),
                            _ => {}
                        }
                    }
                    (Did::Send(message), _) if message["op"] == 6 => {
                        match outage {
                            Outage::DroppedAtResume => pair.closed(Some(4000)),
                            Outage::Forgets => pair.frame(r#"{"op":9,"d":false}"#),
                            _ => pair.frame(r#"{"t":"RESUMED","s":2,"op":0,"d":{}}"#),
                        }
                        match outage {
                            Outage::DroppedAtReady => pair.closed(None),
                            Outage::Reconnect => pair.frame(r#"{"op":7,"d":null}"#),
                            _ => {}
                        }
                    }
                    _ => {}
                }
            }
            pair.step(end);
        }
        assert!(opens.len() >= 100, "{outage:?}: it goes on trying ({} times)", opens.len());
        for (attempt, two) in opens.windows(2).enumerate() {
            let wait = two[1] - two[0];
            // A connection that is silent lives for two beats; a budget that is spent is waited for.
            if !matches!(outage, Outage::Silent) && identifies.len() < IDENTIFY_A_DAY - IDENTIFY_RESERVE {
                let ceiling = (Duration::from_millis(500) * (1 << attempt.min(7))).min(60 * SECOND).max(5 * SECOND);
                assert!(wait <= ceiling, "{outage:?}: {wait:?} after attempt {attempt}");
            }
        }
        assert!(identifies.windows(2).all(|two| two[1] - two[0] >= IDENTIFY_EVERY), "{outage:?}");
        assert!(identifies.len() <= IDENTIFY_A_DAY - IDENTIFY_RESERVE, "{outage:?}: {} identifies", identifies.len());
    }
}

#[test]
fn waits_begin_small_again_after_a_good_connection() {
    let mut pair = Pair::ready();
    for _ in 0..12 {
        pair.closed(None);
        pair.did();
        pair.next(61 * SECOND).expect("a try");
        pair.client.handle_opened(pair.now, 0, &mut pair.out);
        pair.did();
    }
    pair.frame(&hello());
    pair.frame(READY);
    let end = pair.now + 61 * SECOND;
    while pair.now < end {
        pair.did();
        pair.step(end);
        pair.frame(ACK);
    }
    pair.did();
    pair.closed(None);
    assert!(pair.events()[0].retry_after_ms <= 500);
}

#[test]
fn a_token_that_the_gateway_says_back_is_not_shown() {
    for code in [None, Some(4000), Some(4004)] {
        let mut pair = Pair::ready();
        let closed = Closed { code, reason: "canary-token is what you said", ..Closed::default() };
        pair.client.handle_closed(pair.now, 0, closed, &mut pair.out);
        let events = pair.events();
        let shown = events.iter().find(|event| event.message.contains("is what you said")).expect("the reason is told");
        assert!(shown.message.contains("*** is what you said") && !shown.message.contains("canary"), "{shown:?}");
    }
}

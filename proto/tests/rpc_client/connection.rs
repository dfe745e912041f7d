//! Finding a peer, the handshake, the end, and coming back.

use gamebridge_proto::error::Status;
use gamebridge_proto::event::{EventType, Flags, LogLevel};
use gamebridge_proto::protocol::backoff;
use gamebridge_proto::protocol::rpc::{Config, HANDSHAKE_TIMEOUT, PATIENT_HANDSHAKE_TIMEOUT, Via};
use gamebridge_proto::wire::ipc::Opcode;
use serde_json::json;

use crate::peer::{Rig, config, ms, names, ready_data};

#[test]
fn shakes_hands_over_ipc_and_is_connected_at_ready() {
    let mut rig = Rig::new(config());
    assert_eq!(rig.record.opens, [0]);
    rig.opened();
    let hello = br#"{"v":1,"client_id":"207646673902501888"}"#;
    assert_eq!(rig.record.frames, [(Opcode::Handshake, hello.to_vec())]);
    assert_eq!(rig.events(), []);
    rig.ready();
    let event = rig.event();
    assert_eq!((event.kind, event.name.as_str()), (EventType::Connected, "CONNECTED"));
    assert_eq!((event.payload, event.message.as_str()), (ready_data(), "ipc /run/discord-ipc-0"));
    assert_eq!(rig.client.next_timeout(), None, "an idle connection wakes nobody");
}

#[test]
fn sends_no_handshake_over_a_websocket() {
    let mut rig = Rig::new(config());
    rig.client.handle_opened(rig.now, Via::WebSocket, "127.0.0.1:6463", &mut rig.record);
    assert!(rig.record.frames.is_empty());
    rig.ready();
    assert_eq!(rig.event().message, "websocket 127.0.0.1:6463");
}

#[test]
fn passes_over_a_peer_that_is_silent() {
    let mut rig = Rig::new(config());
    rig.opened();
    rig.advance(HANDSHAKE_TIMEOUT - ms(1));
    assert_eq!((rig.record.closes, &rig.record.opens[..]), (0, &[0][..]));
    rig.advance(ms(1));
    assert_eq!((rig.record.closes, &rig.record.opens[..]), (1, &[0, 1][..]), "the next candidate is tried at once");
    rig.opened();
    rig.ready();
    assert_eq!(names(&rig.events()), ["CONNECTED"]);
}

#[test]
fn a_ready_that_comes_after_half_a_minute_connects() {
    let mut rig = Rig::new(config());
    rig.opened();
    rig.advance(HANDSHAKE_TIMEOUT);
    rig.open_failed();
    rig.advance(ms(500));
    assert_eq!(rig.record.opens, [0, 1, 0]);
    rig.opened();
    rig.advance(ms(30_000));
    assert_eq!((rig.record.closes, rig.events()), (1, vec![]), "the second time it is waited for");
    rig.ready();
    assert_eq!(names(&rig.events()), ["CONNECTED"]);
    // What answered is a Discord again: the next silence is judged as the first one was.
    rig.closed(None, 0);
    rig.advance(ms(60_000));
    rig.opened();
    let opens = rig.record.opens.len();
    rig.advance(HANDSHAKE_TIMEOUT);
    assert_eq!(rig.record.opens[opens..], [1]);
}

#[test]
fn a_silent_peer_gets_two_connections_a_minute_at_most() {
    for seed in 0..50 {
        let mut rig = Rig::new(Config { seed, ..config() });
        let (end, mut opened) = (rig.now + ms(3_600_000), Vec::new());
        while rig.now < end {
            match rig.record.opens.pop() {
                Some(0) => {
                    opened.push(rig.now);
                    rig.opened();
                }
                Some(_) => rig.open_failed(),
                None => {
                    let next = rig.client.next_timeout().expect("it never gives up");
                    rig.advance(next.since(rig.now));
                }
            }
        }
        assert!(opened.len() > 20, "{} in an hour", opened.len());
        for three in opened.windows(3) {
            assert!(three[2].since(three[0]) >= ms(60_000), "{three:?}");
        }
    }
}

#[test]
fn silence_is_borne_for_one_round_after_another_only_while_it_lasts() {
    let mut rig = Rig::new(config());
    for patience in [HANDSHAKE_TIMEOUT, PATIENT_HANDSHAKE_TIMEOUT, PATIENT_HANDSHAKE_TIMEOUT] {
        rig.opened();
        assert_eq!(rig.client.next_timeout(), Some(rig.now + patience));
        rig.advance(patience);
        let seconds = format!("no READY within {} seconds", patience.as_secs());
        assert!(rig.log(LogLevel::Info)[0].contains(&seconds));
        rig.open_failed();
        rig.advance(ms(2_000));
    }
    rig.open_failed();
    rig.advance(ms(60_000));
    rig.opened();
    assert_eq!(rig.client.next_timeout(), Some(rig.now + HANDSHAKE_TIMEOUT));
}

#[test]
fn a_refusal_ends_it_only_when_nobody_else_is_there() {
    let refusals = [4000, 4001, 4004, 4005];
    for code in refusals {
        let mut rig = Rig::new(config());
        rig.opened();
        rig.closed(Some(code), 0);
        assert_eq!((rig.record.opens.clone(), rig.events()), (vec![0, 1], vec![]), "{code}: the next may be Discord");
        rig.opened();
        rig.ready();
        assert_eq!(names(&rig.events()), ["CONNECTED"], "{code}");
        // It was that candidate's word: a later round without anybody is no refusal.
        rig.closed(None, 0);
        rig.advance(ms(60_000));
        rig.open_failed();
        assert_eq!((names(&rig.events()), rig.client.is_finished()), (vec!["RECONNECTING"], false), "{code}");
    }
    let mut rig = Rig::new(config());
    for code in refusals {
        rig.opened();
        rig.closed(Some(code), 0);
    }
    rig.opened();
    rig.closed(None, 0);
    rig.open_failed();
    let event = rig.event();
    assert_eq!((event.kind, event.status, event.code), (EventType::Disconnected, Status::Remote, 4000));
    assert_eq!(event.flags, Flags::FATAL, "the first refusal is the reason");
}

#[test]
fn a_refusal_is_not_the_last_word_while_another_candidate_is_silent() {
    let mut rig = Rig::new(config());
    for round in [HANDSHAKE_TIMEOUT, PATIENT_HANDSHAKE_TIMEOUT] {
        assert!(!rig.client.is_finished());
        rig.opened();
        rig.closed(Some(4000), 0);
        rig.opened();
        rig.advance(round);
        rig.open_failed();
        if round == HANDSHAKE_TIMEOUT {
            rig.advance(ms(500));
        }
    }
    assert_eq!((rig.event().code, rig.client.is_finished()), (4000, true));
    let mut rig = Rig::new(Config { retry: false, ..config() });
    rig.opened();
    rig.closed(Some(4000), 0);
    rig.opened();
    rig.advance(HANDSHAKE_TIMEOUT);
    rig.open_failed();
    assert_eq!((rig.event().flags, rig.client.is_finished()), (Flags::FATAL, true), "one try is one round");
}

#[test]
fn passes_over_a_peer_that_hangs_up_before_ready() {
    let mut rig = Rig::new(config());
    rig.opened();
    rig.closed(None, 0);
    assert_eq!(rig.record.opens, [0, 1]);
    assert_eq!(rig.record.closes, 0, "it is gone already");
}

#[test]
fn begins_anew_after_a_round_without_success() {
    let mut rig = Rig::new(config());
    for _ in 0..4 {
        rig.open_failed();
        assert_eq!(rig.events(), [], "no event before the first CONNECTED");
        rig.advance(ms(60_000));
    }
    assert_eq!(rig.record.opens, [0; 5]);
}

#[test]
fn says_in_the_log_why_nothing_happens() {
    let mut rig = Rig::new(config());
    rig.opened();
    rig.closed(None, 0);
    assert!(rig.log(LogLevel::Info)[0].contains("passed over"));
    rig.open_failed();
    let aloud = rig.log(LogLevel::Warn);
    assert!(aloud[0].contains("next try in"), "{aloud:?}");
    assert!(aloud[0].contains("the connection was closed"), "the candidate's failure tells more: {aloud:?}");
    rig.advance(ms(60_000));
    rig.open_failed();
    assert_eq!(rig.log(LogLevel::Warn), [""; 0], "aloud only once");
}

#[test]
fn back_off_has_full_jitter_between_nothing_and_a_ceiling_that_doubles_to_a_minute() {
    let (mut largest, mut sums) = ([0.0f64; 12], [0.0f64; 12]);
    let rounds = 300;
    for seed in 0..rounds {
        let mut rig = Rig::new(Config { seed, ..config() });
        for (failure, (largest, sum)) in largest.iter_mut().zip(&mut sums).enumerate() {
            rig.open_failed();
            let wait = rig.client.next_timeout().expect("it waits").since(rig.now);
            let ceiling = (backoff::FIRST * (1 << failure)).min(backoff::LAST);
            assert!(wait <= ceiling, "{failure}: {wait:?} of {ceiling:?}");
            let share = wait.as_secs_f64() / ceiling.as_secs_f64();
            *largest = largest.max(share);
            *sum += share;
            rig.advance(ceiling);
        }
    }
    assert!(largest.iter().all(|share| *share > 0.95), "{largest:?}");
    assert!(sums.iter().all(|sum| (0.4..0.6).contains(&(sum / rounds as f64))), "{sums:?}");
}

#[test]
fn gives_up_after_one_try_when_told_so() {
    let mut rig = Rig::new(Config { retry: false, ..config() });
    rig.command("GET_GUILDS", json!({}), 5);
    rig.opened();
    rig.closed(None, 0);
    assert!(!rig.client.is_finished(), "every candidate belongs to the one try");
    rig.open_failed();
    let events = rig.events();
    assert_eq!(names(&events), ["GET_GUILDS", "DISCONNECTED"]);
    assert_eq!((events[0].status, events[0].flags), (Status::Closed, Flags(0)));
    assert_eq!((events[1].status, events[1].flags), (Status::Closed, Flags(0)));
    assert!(rig.client.is_finished());

    let mut rig = Rig::new(Config { retry: false, ..config() });
    rig.open_failed();
    let event = rig.event();
    assert_eq!((event.status, event.message.as_str()), (Status::Io, "no socket was found"));

    let mut rig = Rig::new(Config { retry: false, ..config() });
    rig.opened();
    rig.ready();
    rig.closed(None, 0);
    assert_eq!(names(&rig.events()), ["CONNECTED", "RECONNECTING"], "what stood once is made anew");
}

#[test]
fn fatal_close_codes_end_it_and_the_others_do_not() {
    let cases = [
        (4000, Some(Status::Remote)),
        (4001, Some(Status::Remote)),
        (4002, None),
        (4003, Some(Status::Auth)),
        (4004, Some(Status::Remote)),
        (4005, Some(Status::Remote)),
        (1000, None),
        (1006, None),
        (4999, None),
    ];
    for (code, fatal) in cases {
        for connected in [false, true] {
            let mut rig = Rig::new(config());
            rig.opened();
            if connected {
                rig.ready();
                rig.events();
            }
            rig.closed(Some(code), 0);
            if !connected {
                // No further candidate.
                rig.open_failed();
            }
            match fatal {
                Some(status) => {
                    let event = rig.event();
                    assert_eq!((event.kind, event.status), (EventType::Disconnected, status), "{code}");
                    assert_eq!((event.code, event.flags), (i32::from(code), Flags::FATAL));
                    assert!(!event.message.is_empty() && rig.client.is_finished());
                }
                None if connected => {
                    let event = rig.event();
                    assert_eq!((event.kind, event.code), (EventType::Reconnecting, i32::from(code)));
                    assert_eq!(event.status == Status::RateLimited, code == 4002);
                }
                None => assert_eq!(rig.events(), [], "{code}"),
            }
        }
    }
}

#[test]
fn a_rate_limited_client_waits_half_a_minute() {
    let mut rig = Rig::connected();
    rig.closed(Some(4002), 0);
    assert!(rig.event().retry_after_ms >= 30_000);
    rig.advance(ms(29_999));
    assert!(rig.record.opens.is_empty());
    let mut rig = Rig::new(config());
    rig.opened();
    rig.closed(Some(4002), 0);
    assert_eq!(rig.record.opens, [0], "the next candidate would be the same Discord");
}

#[test]
fn a_close_frame_of_the_peer_is_a_close() {
    let mut rig = Rig::new(config());
    rig.opened();
    rig.raw(Opcode::Close, br#"{"code":4000,"message":"Invalid Client ID"}"#).unwrap();
    rig.open_failed();
    let event = rig.event();
    assert_eq!((event.kind, event.code, event.message.as_str()), (EventType::Disconnected, 4000, "Invalid Client ID"));
    assert_eq!(rig.record.closes, 1);
}

#[test]
fn an_outage_is_told_once_and_its_end_too() {
    let mut rig = Rig::connected();
    rig.advance(ms(40_000));
    rig.closed(None, 0);
    let event = rig.event();
    assert_eq!((event.kind, event.name.as_str()), (EventType::Reconnecting, "RECONNECTING"));
    assert_eq!((event.flags, event.status), (Flags::RETRYING, Status::Closed));
    assert!(event.retry_after_ms <= 500, "after a connection that lived, waiting begins anew");
    assert!(!event.message.is_empty());
    for _ in 0..5 {
        rig.advance(ms(60_000));
        rig.open_failed();
    }
    rig.advance(ms(60_000));
    rig.opened();
    rig.closed(None, 0);
    rig.opened();
    assert_eq!(rig.events(), []);
    rig.ready();
    assert_eq!(names(&rig.events()), ["CONNECTED"]);
    rig.closed(None, 0);
    assert_eq!(names(&rig.events()), ["RECONNECTING"], "the next outage is another one");
}

#[test]
fn a_peer_that_hangs_up_after_ready_is_waited_for_ever_longer() {
    let mut rig = Rig::connected();
    let start = rig.now;
    let mut rounds = 0;
    while rig.now - start < ms(3_600_000) {
        rig.closed(None, 0);
        let wait = rig.client.next_timeout().unwrap().since(rig.now);
        rig.advance(wait);
        rig.opened();
        rig.ready();
        rounds += 1;
    }
    assert!(rounds < 200, "{rounds} connections in an hour");
}

#[test]
fn disconnecting_answers_everything_and_comes_last() {
    let mut rig = Rig::connected();
    rig.command("GET_GUILDS", json!({}), 1);
    rig.disconnect();
    let events = rig.events();
    assert_eq!(names(&events), ["GET_GUILDS", "DISCONNECTED"]);
    assert_eq!((events[0].status, events[0].flags), (Status::Closed, Flags::UNCERTAIN));
    assert_eq!((events[1].status, events[1].flags), (Status::Ok, Flags(0)));
    assert_eq!((rig.record.closes, rig.client.is_finished()), (1, true));
    assert_eq!(rig.client.next_timeout(), None);
}

#[test]
fn disconnecting_is_possible_in_every_state() {
    type Reach = fn(&mut Rig);
    let states: [(&str, Reach); 6] = [
        ("opening", |_| {}),
        ("waiting", |rig| rig.open_failed()),
        ("handshaking", |rig| rig.opened()),
        ("authenticating", |rig| {
            rig.opened();
            rig.ready();
        }),
        ("connected", |rig| {
            rig.opened();
            rig.ready();
            let sent = rig.sent_one();
            rig.reply(&sent, json!({}));
        }),
        ("reconnecting", |rig| {
            rig.opened();
            rig.ready();
            let sent = rig.sent_one();
            rig.reply(&sent, json!({}));
            rig.closed(None, 0);
        }),
    ];
    for (state, reach) in states {
        let mut rig = Rig::with_token("t");
        reach(&mut rig);
        rig.command_within("GET_GUILDS", json!({}), 9, Some(ms(3_000_000)));
        rig.events();
        rig.disconnect();
        let events = rig.events();
        assert_eq!(names(&events), ["GET_GUILDS", "DISCONNECTED"], "{state}");
        let sent = if state == "connected" { Flags::UNCERTAIN } else { Flags(0) };
        assert_eq!(events[0].flags, sent, "{state}");
        // Whatever was under way in the driver changes nothing any more.
        let closes = rig.record.closes;
        rig.sent();
        rig.opened();
        rig.ready();
        rig.open_failed();
        rig.closed(None, 0);
        rig.disconnect();
        rig.advance(ms(1_000_000));
        assert_eq!(rig.events(), [], "{state}");
        assert_eq!(rig.record.closes, closes + 1, "a connection that comes too late is closed");
        rig.command("GET_GUILDS", json!({}), 10);
        assert_eq!((rig.event().status, rig.sent().len()), (Status::Closed, 0), "{state}");
    }
}

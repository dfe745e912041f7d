//! The activity: the latest one is always shown, and never more often than Discord takes it.

use gamebridge_proto::error::Status;
use gamebridge_proto::event::{Flags, LogLevel};
use gamebridge_proto::protocol::rpc::presence::{UPDATES, WINDOW};
use gamebridge_proto::random::Random;
use serde_json::{Value, json};

use crate::peer::{Rig, Sent, config, ms, names};

fn state(text: &str) -> Value {
    json!({"activity": {"state": text}})
}

fn states(sent: &[Sent]) -> Vec<&str> {
    sent.iter().map(|sent| sent.args["activity"]["state"].as_str().unwrap_or("cleared")).collect()
}

/// A connection whose window is full, with everything answered.
fn full() -> Rig {
    let mut rig = Rig::connected();
    for at in 0..UPDATES {
        rig.command("SET_ACTIVITY", state(&format!("before {at}")), 100 + at as u64);
    }
    let sent = rig.sent();
    assert_eq!(sent.len(), UPDATES);
    for sent in &sent {
        rig.reply(sent, json!({}));
    }
    rig.events();
    rig
}

#[test]
fn the_process_id_is_added_where_it_is_missing() {
    let cases = [
        ("", r#"{"pid":4242}"#),
        ("{}", r#"{"pid":4242}"#),
        (" { } ", r#"{"pid":4242}"#),
        ("null", r#"{"pid":4242}"#),
        (r#" {"activity":{"state":"é", "n":1.10}}"#, r#"{"pid":4242,"activity":{"state":"é", "n":1.10}}"#),
        (r#"{"activity":null,"pid":null,"a\"b":1}"#, r#"{"pid":4242,"activity":null,"a\"b":1}"#),
        (r#"{"pid":7,"activity":null}"#, r#"{"pid":7,"activity":null}"#),
    ];
    for (given, expected) in cases {
        let mut rig = Rig::connected();
        let args = given.as_bytes().into();
        let issued = rig.now;
        rig.send(gamebridge_proto::command::Command {
            name: "SET_ACTIVITY".into(),
            args,
            issued,
            ..Default::default()
        });
        let frame = String::from_utf8(rig.record.frames[0].1.clone()).unwrap();
        assert!(frame.ends_with(&format!("\"args\":{expected}}}")), "{given}: {frame}");
    }
}

#[test]
fn five_go_out_at_once_and_the_rest_as_one() {
    let mut rig = Rig::connected();
    for tag in 1..=9 {
        rig.command("SET_ACTIVITY", state(&format!("s{tag}")), tag);
    }
    assert_eq!(states(&rig.sent()), ["s1", "s2", "s3", "s4", "s5"]);
    let events = rig.events();
    assert_eq!(events.iter().map(|event| event.tag).collect::<Vec<_>>(), [6, 7, 8]);
    assert!(events.iter().all(|event| (event.status, event.flags) == (Status::Ok, Flags::SUPERSEDED)));
    rig.advance(WINDOW - ms(1));
    assert_eq!(rig.sent(), []);
    rig.advance(ms(1));
    let last = rig.sent_one();
    assert_eq!(states(std::slice::from_ref(&last)), ["s9"]);
    rig.reply(&last, json!({}));
    let event = rig.event();
    assert_eq!((event.tag, event.status, event.flags), (9, Status::Ok, Flags(0)));
}

#[test]
fn never_more_than_five_in_any_window_and_the_last_always_arrives() {
    for seed in 0..20 {
        let mut random = Random::new(seed);
        let mut rig = Rig::connected();
        let (mut times, mut shown, mut wanted) = (Vec::new(), String::new(), String::new());
        let mut note = |rig: &mut Rig| {
            for sent in rig.sent() {
                times.push(rig.now);
                shown = states(std::slice::from_ref(&sent))[0].to_string();
                rig.reply(&sent, json!({}));
            }
            shown.clone()
        };
        let mut replies = 0;
        for tag in 1..=2_000u64 {
            wanted = format!("s{tag}");
            rig.command("SET_ACTIVITY", state(&wanted), tag);
            note(&mut rig);
            // Bursts, then rests.
            let rest = if random.next_u64().is_multiple_of(40) { ms(45_000) } else { ms(400) };
            let wait = random.up_to(rest);
            let end = rig.now + wait;
            while rig.now < end {
                let step = rig.client.next_timeout().filter(|next| *next <= end).unwrap_or(end);
                rig.advance(step.since(rig.now));
                note(&mut rig);
            }
            if random.next_u64().is_multiple_of(100) {
                rig.closed(None, 0);
                rig.advance(ms(60_000));
                rig.opened();
                rig.ready();
                note(&mut rig);
            }
            replies += rig.events().iter().filter(|event| event.tag != 0).count();
        }
        rig.advance(WINDOW * 2);
        let shown = note(&mut rig);
        replies += rig.events().iter().filter(|event| event.tag != 0).count();
        assert_eq!((shown, replies), (wanted, 2_000), "seed {seed}");
        for window in times.windows(6) {
            let span = window[5] - window[0];
            assert!(span > ms(20_000), "seed {seed}: 6 updates in {span:?}");
        }
    }
}

#[test]
fn the_activity_is_shown_again_on_every_connection() {
    let mut rig = Rig::connected();
    rig.command("SET_ACTIVITY", state("here"), 1);
    let sent = rig.sent_one();
    rig.reply(&sent, json!({}));
    rig.events();
    for _ in 0..3 {
        rig.reconnect(0);
        let sent = rig.sent_one();
        assert_eq!(sent.args, json!({"pid": 4242, "activity": {"state": "here"}}));
        rig.reply(&sent, json!({}));
        assert_eq!(names(&rig.events()), ["RECONNECTING", "CONNECTED"], "nobody asked for this reply");
    }
}

#[test]
fn what_was_cleared_stays_so() {
    for clear in [json!({}), json!({"activity": null})] {
        let mut rig = Rig::connected();
        rig.command("SET_ACTIVITY", state("here"), 1);
        rig.command("SET_ACTIVITY", clear, 2);
        assert_eq!(states(&rig.sent()), ["here", "cleared"]);
        rig.reconnect(0);
        assert_eq!(rig.sent(), []);
    }
}

#[test]
fn an_uncertain_update_is_shown_again_and_an_unwritten_one_still_answers() {
    let mut rig = Rig::connected();
    rig.command("SET_ACTIVITY", state("written"), 1);
    rig.sent();
    rig.closed(None, 0);
    let events = rig.events();
    assert_eq!((events[0].tag, events[0].flags), (1, Flags::UNCERTAIN));
    rig.advance(ms(60_000));
    rig.opened();
    rig.ready();
    assert_eq!(states(&rig.sent()), ["written"]);

    let mut rig = Rig::connected();
    rig.command_within("SET_ACTIVITY", state("unwritten"), 1, Some(ms(1_000_000)));
    rig.sent();
    rig.reconnect(1);
    assert_eq!(names(&rig.events()), ["RECONNECTING", "CONNECTED"]);
    let sent = rig.sent_one();
    rig.reply(&sent, json!({}));
    assert_eq!((rig.event().tag, sent.args["activity"]["state"].as_str()), (1, Some("unwritten")));
}

#[test]
fn of_two_unwritten_updates_the_older_is_superseded() {
    let mut rig = Rig::connected();
    rig.command_within("SET_ACTIVITY", state("a"), 1, Some(ms(1_000_000)));
    rig.command_within("SET_ACTIVITY", state("b"), 2, Some(ms(1_000_000)));
    rig.sent();
    rig.closed(None, 2);
    let events = rig.events();
    assert_eq!((events[0].tag, events[0].flags, events.len()), (1, Flags::SUPERSEDED, 2));
    rig.advance(ms(60_000));
    rig.opened();
    rig.ready();
    assert_eq!(states(&rig.sent()), ["b"]);
}

#[test]
fn updates_without_a_connection_are_coalesced_too() {
    let mut rig = Rig::new(config());
    for tag in 1..=4 {
        rig.command("SET_ACTIVITY", state(&format!("s{tag}")), tag);
    }
    assert_eq!(rig.events().iter().map(|event| event.tag).collect::<Vec<_>>(), [1, 2, 3]);
    rig.opened();
    rig.ready();
    assert_eq!(states(&rig.sent()), ["s4"]);
}

#[test]
fn an_update_that_waited_too_long_is_still_shown() {
    let mut rig = Rig::new(config());
    rig.command("SET_ACTIVITY", state("late"), 1);
    rig.open_failed();
    rig.advance(ms(30_000));
    let event = rig.event();
    assert_eq!((event.tag, event.status), (1, Status::Timeout));
    rig.advance(ms(60_000));
    rig.opened();
    rig.ready();
    let sent = rig.sent_one();
    assert_eq!(states(std::slice::from_ref(&sent)), ["late"]);
    rig.reply(&sent, json!({}));
    assert_eq!(names(&rig.events()), ["CONNECTED"]);
}

#[test]
fn an_update_that_waited_too_long_and_is_refused_is_a_line_in_the_log() {
    let mut rig = Rig::new(config());
    rig.command("SET_ACTIVITY", state("late"), 1);
    rig.advance(ms(30_000));
    rig.opened();
    rig.ready();
    let sent = rig.sent_one();
    rig.record.events.clear();
    rig.refuse(&sent, 4000, "no");
    assert_eq!(rig.log(LogLevel::Warn), ["restoring state: SET_ACTIVITY: no (4000)"]);
    rig.reconnect(0);
    assert_eq!(rig.sent(), []);
}

#[test]
fn a_cancelled_update_is_not_shown() {
    let mut rig = full();
    rig.command("SET_ACTIVITY", state("never"), 9);
    rig.cancel(9);
    assert_eq!(rig.event().status, Status::Cancelled);
    rig.advance(WINDOW * 2);
    assert_eq!(rig.sent(), []);
}

#[test]
fn cancelling_an_update_between_connections_brings_back_what_was_shown() {
    let mut rig = full();
    rig.closed(None, 0);
    rig.command_within("SET_ACTIVITY", state("never"), 9, Some(ms(1_000_000)));
    rig.cancel(9);
    rig.advance(ms(60_000));
    rig.opened();
    rig.ready();
    assert_eq!(states(&rig.sent()), ["before 4"]);

    let mut rig = full();
    rig.closed(None, 0);
    rig.command_within("SET_ACTIVITY", state("never"), 9, Some(ms(1_000_000)));
    rig.advance(ms(600));
    rig.opened();
    rig.ready();
    assert_eq!(rig.sent(), [], "the window is still full");
    rig.cancel(9);
    rig.advance(WINDOW);
    assert_eq!(states(&rig.sent()), ["before 4"]);
}

#[test]
fn a_refused_update_leaves_what_was_shown() {
    let mut rig = Rig::connected();
    rig.command("SET_ACTIVITY", state("good"), 1);
    let sent = rig.sent_one();
    rig.reply(&sent, json!({}));
    rig.command("SET_ACTIVITY", state("bad"), 2);
    let sent = rig.sent_one();
    rig.refuse(&sent, 4000, "child \"activity\" fails");
    let events = rig.events();
    assert_eq!((events[1].status, events[1].code), (Status::Remote, 4000));
    assert_eq!(rig.sent(), [], "Discord still shows it");
    rig.reconnect(0);
    assert_eq!(states(&rig.sent()), ["good"]);
}

#[test]
fn a_refused_update_on_a_new_connection_brings_back_what_was_shown() {
    let mut rig = Rig::connected();
    rig.command("SET_ACTIVITY", state("good"), 1);
    let sent = rig.sent_one();
    rig.reply(&sent, json!({}));
    rig.closed(None, 0);
    rig.command_within("SET_ACTIVITY", state("bad"), 2, Some(ms(1_000_000)));
    rig.advance(ms(60_000));
    rig.opened();
    rig.ready();
    let sent = rig.sent_one();
    assert_eq!(states(std::slice::from_ref(&sent)), ["bad"]);
    rig.refuse(&sent, 4000, "no");
    assert_eq!(states(&rig.sent()), ["good"]);
}

#[test]
fn a_restored_activity_that_is_refused_is_a_line_in_the_log() {
    let mut rig = Rig::connected();
    rig.command("SET_ACTIVITY", state("here"), 1);
    rig.reconnect(0);
    let restored = rig.sent().pop().unwrap();
    rig.record.events.clear();
    rig.refuse(&restored, 4006, "Not authenticated");
    assert_eq!(rig.log(LogLevel::Warn), ["restoring state: SET_ACTIVITY: Not authenticated (4006)"]);
    rig.reconnect(0);
    assert_eq!(rig.sent(), [], "it is not tried for ever");
}

#[test]
fn activities_of_different_processes_do_not_replace_each_other() {
    let mut rig = full();
    rig.command("SET_ACTIVITY", json!({"pid": 1, "activity": {"state": "one"}}), 1);
    rig.command("SET_ACTIVITY", json!({"pid": 2, "activity": {"state": "two"}}), 2);
    rig.command("SET_ACTIVITY", json!({"pid": 1, "activity": {"state": "one again"}}), 3);
    assert_eq!(rig.event().tag, 1);
    rig.advance(WINDOW);
    assert_eq!(states(&rig.sent()), ["one again", "two"]);
}

#[test]
fn a_busy_process_does_not_starve_another() {
    let mut rig = full();
    rig.command("SET_ACTIVITY", json!({"pid": 9, "activity": {"state": "patient"}}), 900);
    let mut seen = Vec::new();
    for tag in 1..=400 {
        rig.command("SET_ACTIVITY", json!({"pid": 1, "activity": {"state": "busy"}}), tag);
        rig.advance(ms(100));
        seen.extend(rig.sent());
    }
    assert!(states(&seen).contains(&"patient"));
}

//! How long an event lives, and how its data reads.

use std::ptr;
use std::sync::Barrier;
use std::thread;

use gamebridge::ffi::*;
use serde_json::json;

use crate::harness::{FakeDiscord, FakeGateway, Game, PATIENCE, Shared, last_error, owned};

/// Polls for the next event without taking it out of the library.
fn next(game: &Game, kind: gb_event_type) -> *const gb_event {
    loop {
        // SAFETY: a live client.
        let event = unsafe { gb_wait(game.raw(), PATIENCE.as_millis() as i32) };
        // SAFETY: NULL, or an event until the next wait.
        let found = unsafe { event.as_ref() }.expect("an event in time");
        if found.r#type == kind {
            return event;
        }
    }
}

#[test]
fn a_polled_event_stays_until_the_next_poll_or_wait() {
    let (discord, game) = (FakeDiscord::new(), Game::new());
    let (_, mut peer) = discord.connect(&game, &json!({}));
    peer.dispatch("ACTIVITY_JOIN", &json!({"secret": "of the first"}));
    // SAFETY: the event is alive until the next wait, which is what is shown here.
    unsafe {
        let event = next(&game, GB_EVENT_DISPATCH);
        let (name, data) = ((*event).name, (*event).data);
        let secret = gb_str(gb_get(data, c"/secret".as_ptr()), ptr::null());
        // Others arrive, more than a lane holds.
        for number in 0..300 {
            peer.dispatch("ACTIVITY_JOIN", &json!({"secret": "x".repeat(30_000), "number": number}));
        }
        peer.settle();
        assert_eq!((owned(name), owned(secret)), ("ACTIVITY_JOIN".into(), "of the first".into()));
        assert_eq!(owned(gb_json(data, ptr::null_mut())), r#"{"secret":"of the first"}"#);
        assert_eq!(owned(gb_str(gb_get((*event).data, c"/secret".as_ptr()), ptr::null())), "of the first");
    }
}

#[test]
fn a_malformed_payload_is_missing_under_data_that_is_not_null() {
    let (gateway, game) = (FakeGateway::new(), Game::new());
    let conn = game.connect("gateway", &gateway.params(&json!({})));
    let mut peer = gateway.welcome();
    game.connected(conn);
    for garbage in [r#"{"a":}"#, r#"{"a":tru}"#, "[1,,2]", r#"{"a":"\ud800\u12"}"#] {
        peer.dispatch(2, "GARBAGE", garbage);
        // SAFETY: the event is alive until the next wait.
        unsafe {
            let event = next(&game, GB_EVENT_DISPATCH);
            let data = (*event).data;
            assert_eq!(owned((*event).name), "GARBAGE");
            assert!(!data.is_null(), "{garbage}");
            assert_eq!(gb_kind_of(data), GB_KIND_MISSING, "{garbage}");
            assert!(gb_get(data, c"/a".as_ptr()).is_null() && gb_first(data).is_null() && gb_at(data, 0).is_null());
            assert!(gb_next(data).is_null() && gb_key(data).is_null());
            assert_eq!((gb_len(data), gb_int(data, 7), gb_id(data), gb_bool(data, true)), (0, 7, 0, true));
            assert_eq!((gb_num(data, 1.5), owned(gb_str(data, c"none".as_ptr()))), (1.5, "none".into()));
            let mut length = 0;
            assert_eq!(owned(gb_json(data, &mut length)), garbage, "the bytes as they came");
            assert_eq!(length, garbage.len());
            let copied = gb_event_copy(event);
            assert_eq!(gb_kind_of((*copied).data), GB_KIND_MISSING);
            gb_event_free(copied);
        }
    }
    // The connection is none the worse.
    peer.dispatch(3, "FINE", r#"{"a":1}"#);
    assert_eq!(game.dispatch(conn, "FINE").data()["a"], 1);
}

#[test]
fn an_event_without_data_has_null() {
    let (discord, game) = (FakeDiscord::new(), Game::new());
    let (conn, peer) = discord.connect(&game, &json!({}));
    drop(peer);
    let broken = game.reconnecting(conn);
    assert_eq!(broken.json, None);
}

#[test]
fn what_the_library_does_not_know_is_passed_on() {
    let (discord, game) = (FakeDiscord::new(), Game::new());
    let (conn, mut peer) = discord.connect(&game, &json!({}));
    peer.dispatch("EVENT_OF_NEXT_YEAR", &json!({"new": true}));
    assert_eq!(game.dispatch(conn, "EVENT_OF_NEXT_YEAR").data()["new"], true);
    assert_eq!(game.send(conn, "COMMAND_OF_NEXT_YEAR", r#"{"any":[1]}"#, 1), GB_OK);
    let asked = peer.asked();
    assert_eq!((asked.cmd.as_str(), &asked.args), ("COMMAND_OF_NEXT_YEAR", &json!({"any": [1]})));
    peer.reply(&asked, &json!({}));
    assert_eq!(game.reply(conn, 1).name, "COMMAND_OF_NEXT_YEAR");
}

#[test]
fn a_copy_outlives_the_client_and_is_any_threads() {
    let (discord, game) = (FakeDiscord::new(), Game::new());
    let (conn, mut peer) = discord.connect(&game, &json!({}));
    let list: Vec<u64> = (0..500).collect();
    peer.dispatch("ACTIVITY_JOIN", &json!({"secret": "kept", "list": list, "deep": {"er": {"x": "y\u{0}z"}}}));
    // SAFETY: the event is alive until the client is freed, the copies until they are.
    unsafe {
        let event = next(&game, GB_EVENT_DISPATCH);
        let first = gb_event_copy(event);
        let copied = gb_event_copy(first);
        gb_event_free(first);
        drop(game);
        drop(peer);
        assert_eq!(((*copied).conn, owned((*copied).name)), (conn, "ACTIVITY_JOIN".into()));
        let shared = Shared(copied);
        let (readers, together) = (8, Barrier::new(8));
        thread::scope(|scope| {
            for _ in 0..readers {
                scope.spawn(|| {
                    let data = (*shared.get()).data;
                    together.wait();
                    for _ in 0..50 {
                        assert_eq!(owned(gb_str(gb_get(data, c"/secret".as_ptr()), ptr::null())), "kept");
                        let list = gb_get(data, c"/list".as_ptr());
                        let (mut value, mut sum) = (gb_first(list), 0);
                        while !value.is_null() {
                            sum += gb_int(value, 0);
                            value = gb_next(value);
                        }
                        assert_eq!((sum, gb_len(list)), (499 * 500 / 2, 500));
                        let inner = gb_json(gb_get(data, c"/deep/er".as_ptr()), ptr::null_mut());
                        assert_eq!(owned(inner), r#"{"x":"y\u0000z"}"#);
                        assert_eq!(gb_len(gb_get(data, c"/deep/er/x".as_ptr())), 3);
                    }
                });
            }
        });
        gb_event_free(copied);
    }
}

#[test]
fn freeing_a_copy_twice_harms_nothing() {
    let (discord, game) = (FakeDiscord::new(), Game::new());
    let (_, mut peer) = discord.connect(&game, &json!({}));
    peer.dispatch("ACTIVITY_JOIN", &json!({"secret": "s"}));
    // SAFETY: the event is alive until the next wait; the second free is what is shown.
    unsafe {
        let event = next(&game, GB_EVENT_DISPATCH);
        let copied = gb_event_copy(event);
        gb_event_free(copied);
        gb_event_free(copied);
        assert!(last_error().contains("freed already"), "{}", last_error());
        // The polled event is not a copy: it stays.
        gb_event_free(event.cast_mut());
        assert_eq!(owned(gb_str(gb_get((*event).data, c"/secret".as_ptr()), ptr::null())), "s");
    }
}

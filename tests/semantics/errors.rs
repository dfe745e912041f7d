//! Statuses, sentences, NULL, outputs, panics, ids that name nothing.

use std::ffi::CStr;
use std::ptr;
use std::thread;

use gamebridge::ffi::*;
use serde_json::json;

use crate::harness::{DEFAULTS, FakeDiscord, Game, NO_REQUEST, last_error, owned};

#[test]
fn success_is_zero_and_errors_are_negative() {
    let all = [
        GB_ERR_ARGUMENT,
        GB_ERR_STATE,
        GB_ERR_CLOSED,
        GB_ERR_CANCELLED,
        GB_ERR_FULL,
        GB_ERR_TIMEOUT,
        GB_ERR_IO,
        GB_ERR_AUTH,
        GB_ERR_RATE_LIMITED,
        GB_ERR_PROTOCOL,
        GB_ERR_REMOTE,
        GB_ERR_UNSUPPORTED,
        GB_ERR_FORKED,
        GB_ERR_PANIC,
    ];
    assert_eq!(GB_OK, 0);
    let mut words: Vec<String> = all
        .iter()
        .map(|status| {
            assert!(*status < 0);
            // SAFETY: never NULL.
            unsafe { owned(gb_status_str(*status)) }
        })
        .collect();
    words.sort();
    words.dedup();
    assert_eq!(words.len(), all.len(), "each has words of its own: {words:?}");
}

#[test]
fn null_never_crashes() {
    let null = ptr::null_mut();
    // SAFETY: NULL is what is shown here.
    unsafe {
        assert_eq!(gb_client_new(ptr::null(), null as _), GB_ERR_ARGUMENT);
        gb_client_free(ptr::null_mut());
        assert_eq!(gb_connect(ptr::null_mut(), ptr::null(), ptr::null(), ptr::null_mut()), GB_ERR_ARGUMENT);
        assert_eq!(gb_serve(ptr::null_mut(), ptr::null(), ptr::null(), ptr::null_mut()), GB_ERR_ARGUMENT);
        assert_eq!(gb_send(ptr::null_mut(), 1, ptr::null(), ptr::null(), 1), GB_ERR_ARGUMENT);
        assert_eq!(gb_send_request(ptr::null_mut(), 1, ptr::null()), GB_ERR_ARGUMENT);
        assert_eq!(gb_cancel(ptr::null_mut(), 1, 1), GB_ERR_ARGUMENT);
        assert_eq!(gb_answer(ptr::null_mut(), 1, 1, GB_OK, ptr::null()), GB_ERR_ARGUMENT);
        assert_eq!(gb_disconnect(ptr::null_mut(), 1), GB_ERR_ARGUMENT);
        assert!(gb_poll(ptr::null_mut()).is_null() && gb_wait(ptr::null_mut(), -1).is_null());
        gb_wake(ptr::null_mut());
        assert_eq!(gb_wakeup_handle(ptr::null_mut()), -1);
        assert!(gb_event_copy(ptr::null()).is_null());
        gb_event_free(ptr::null_mut());
        let none = ptr::null::<gb_value>();
        assert!(gb_get(none, c"/a".as_ptr()).is_null() && gb_get(none, ptr::null()).is_null());
        assert!(
            gb_at(none, 0).is_null() && gb_first(none).is_null() && gb_next(none).is_null() && gb_key(none).is_null()
        );
        assert_eq!((gb_kind_of(none), gb_len(none), gb_id(none)), (GB_KIND_MISSING, 0, 0));
        assert_eq!((gb_int(none, 3), gb_num(none, 0.5), gb_bool(none, true)), (3, 0.5, true));
        assert!(gb_str(none, ptr::null()).is_null() && gb_json(none, ptr::null_mut()).is_null());
        for args in [ptr::null_mut(), gb_args_new()] {
            gb_args_str(args, ptr::null(), ptr::null());
            gb_args_int(args, ptr::null(), 1);
            gb_args_num(args, ptr::null(), 1.0);
            gb_args_bool(args, ptr::null(), true);
            gb_args_id(args, ptr::null(), 1);
            gb_args_raw(args, ptr::null(), ptr::null());
            assert_eq!(CStr::from_ptr(gb_args_json(args, ptr::null_mut())), c"");
            assert!(last_error().contains("NULL"), "{}", last_error());
            gb_args_clear(args);
            gb_args_free(args);
        }
        // Inside a call that is otherwise fine.
        let game = Game::new();
        let gb = game.raw();
        assert_eq!(gb_connect(gb, ptr::null(), ptr::null(), ptr::null_mut()), GB_ERR_ARGUMENT);
        assert_eq!(gb_connect(gb, c"rpc".as_ptr(), ptr::null(), ptr::null_mut()), GB_ERR_ARGUMENT);
        assert_eq!(gb_serve(gb, ptr::null(), ptr::null(), ptr::null_mut()), GB_ERR_ARGUMENT);
        let params = crate::harness::c(&json!({"client_id": "1", "path": "/nowhere"}).to_string());
        assert_eq!(gb_connect(gb, c"rpc".as_ptr(), params.as_ptr(), ptr::null_mut()), GB_OK, "an id is not wanted");
        let mut conn = 0;
        assert_eq!(gb_connect(gb, c"rpc".as_ptr(), params.as_ptr(), &mut conn), GB_OK);
        assert_eq!(gb_send(gb, conn, ptr::null(), ptr::null(), 1), GB_ERR_ARGUMENT);
        assert_eq!(gb_send_request(gb, conn, ptr::null()), GB_ERR_ARGUMENT);
        assert_eq!(gb_send_request(gb, conn, &NO_REQUEST), GB_ERR_ARGUMENT);
        let command = c"GET_GUILDS".as_ptr();
        assert_eq!(gb_send_request(gb, conn, &gb_request { command, args_len: 5, ..NO_REQUEST }), GB_ERR_ARGUMENT);
        assert_eq!(gb_send_request(gb, conn, &gb_request { command, bytes_len: 5, ..NO_REQUEST }), GB_ERR_ARGUMENT);
        assert_eq!(gb_send(gb, conn, command, ptr::null(), 0), GB_OK, "no arguments");
    }
}

#[test]
fn outputs_are_written_only_on_success() {
    let game = Game::new();
    let mark = 0xdead_beef;
    // SAFETY: all live.
    unsafe {
        let mut conn = mark;
        for (protocol, params) in [(c"rpc", c"{}"), (c"nothing", c"{}"), (c"rpc", c"{"), (c"gateway", c"[]")] {
            assert!(gb_connect(game.raw(), protocol.as_ptr(), params.as_ptr(), &mut conn) < 0);
            assert!(gb_serve(game.raw(), protocol.as_ptr(), c"{\"prt\":1}".as_ptr(), &mut conn) < 0);
        }
        assert_eq!(conn, mark);
        let marked = mark as usize as *mut gb_client;
        let mut client = marked;
        assert_eq!(gb_client_new(&gb_options { log_level: 77, ..DEFAULTS }, &mut client), GB_ERR_ARGUMENT);
        assert_eq!(client, marked);
        let (args, mut length) = (gb_args_new(), 99);
        gb_args_str(args, c"no slash".as_ptr(), c"x".as_ptr());
        assert_eq!(CStr::from_ptr(gb_args_json(args, &mut length)), c"");
        assert!(gb_json(ptr::null(), &mut length).is_null());
        assert_eq!(length, 99);
        gb_args_free(args);
    }
}

#[test]
fn the_last_error_is_the_threads_own_and_outlives_success() {
    let game = Game::new();
    assert!(game.try_connect("telephone", "{}").is_err());
    let sentence = last_error();
    assert!(sentence.contains("telephone"), "{sentence}");
    assert!(game.poll().is_none());
    game.wake();
    assert_eq!(last_error(), sentence, "a success does not clear it");
    let elsewhere = thread::spawn(last_error).join().expect("a thread");
    assert_eq!(elsewhere, "", "another thread's is its own");
}

#[test]
fn a_connection_that_is_over_says_closed() {
    let (discord, game) = (FakeDiscord::new(), Game::new());
    let (conn, _peer) = discord.connect(&game, &json!({}));
    assert_eq!(game.disconnect(conn), GB_OK);
    game.disconnected(conn);
    for _ in 0..2 {
        assert_eq!(game.send(conn, "GET_GUILDS", "{}", 1), GB_ERR_CLOSED);
        assert!(last_error().contains("over"), "{}", last_error());
        assert_eq!(game.cancel(conn, 1), GB_ERR_CLOSED);
        assert_eq!(game.answer(conn, 1, GB_OK), GB_ERR_CLOSED);
        assert_eq!(game.disconnect(conn), GB_ERR_CLOSED);
        // A new connection takes the place of the old one, and never its id.
        let next = game.connect("rpc", &discord.params(&json!({})));
        assert!(next > conn);
    }
    assert!(!game.drain().iter().any(|seen| seen.conn == conn));
}

#[test]
fn a_made_up_id_is_an_argument_error() {
    let game = Game::new();
    for conn in [0, 1, 99, u32::MAX] {
        assert_eq!(game.send(conn, "GET_GUILDS", "{}", 1), GB_ERR_ARGUMENT);
        assert!(last_error().contains("conn"), "{}", last_error());
        assert_eq!(game.cancel(conn, 1), GB_ERR_ARGUMENT);
        assert_eq!(game.answer(conn, 1, GB_OK), GB_ERR_ARGUMENT);
        assert_eq!(game.disconnect(conn), GB_ERR_ARGUMENT);
    }
    assert!(game.drain().is_empty());
}

#[test]
#[cfg(feature = "panic-probe")]
fn a_panic_inside_is_err_panic() {
    // The probe is for the whole process, so this one has it for itself.
    if !crate::harness::is_child() {
        let output = crate::harness::in_a_process_of_its_own("errors::a_panic_inside_is_err_panic", &[]);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{stderr}");
        assert!(!stderr.contains("panicked"), "the game's stderr stays its own: {stderr}");
        return;
    }
    let game = Game::new();
    let gb = game.raw();
    gb_panic_probe(true);
    // SAFETY: all live.
    let outcome = unsafe {
        let mut conn = 7;
        let statuses = [
            gb_connect(gb, c"rpc".as_ptr(), c"{}".as_ptr(), &mut conn),
            gb_serve(gb, c"rpc".as_ptr(), c"{}".as_ptr(), &mut conn),
            gb_send(gb, 1, c"X".as_ptr(), ptr::null(), 0),
            gb_send_request(gb, 1, &NO_REQUEST),
            gb_cancel(gb, 1, 1),
            gb_answer(gb, 1, 1, 0, ptr::null()),
            gb_disconnect(gb, 1),
        ];
        let nothing = gb_wait(gb, 0).is_null() && gb_args_new().is_null() && gb_wakeup_handle(gb) == -1;
        (statuses, conn, nothing)
    };
    gb_panic_probe(false);
    assert_eq!(outcome, ([GB_ERR_PANIC; 7], 7, true));
    assert!(last_error().contains("a bug inside gamebridge"), "{}", last_error());
    // And the client is as good as before.
    FakeDiscord::new().connect(&game, &json!({}));
}

#[test]
#[cfg(feature = "panic-probe")]
fn a_panic_in_a_connection_ends_that_one() {
    if !crate::harness::is_child() {
        let output = crate::harness::in_a_process_of_its_own("errors::a_panic_in_a_connection_ends_that_one", &[]);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && !stderr.contains("panicked"), "{stderr}");
        return;
    }
    let (one, other, game) = (FakeDiscord::new(), FakeDiscord::new(), Game::new());
    let (conn, mut peer) = one.connect(&game, &json!({}));
    let (fine, mut next) = other.connect(&game, &json!({}));
    assert_eq!(game.send(conn, "GET_GUILDS", "{}", 1), GB_OK);
    peer.asked();
    for tag in [2, 2, 3] {
        // Refused, or taken and answered: the harness counts.
        let status = game.send(conn, if tag == 3 { "GET_GUILDS" } else { "PANIC_PROBE" }, "{}", tag);
        assert!(matches!(status, GB_OK | GB_ERR_CLOSED), "{status}");
    }
    let reply = game.reply(conn, 1);
    assert_eq!((reply.status, reply.flags), (GB_ERR_PANIC, GB_FLAG_UNCERTAIN));
    let last = game.disconnected(conn);
    assert_eq!((last.status, last.flags), (GB_ERR_PANIC, GB_FLAG_FATAL));
    assert!(last.message.contains("a bug inside gamebridge"), "{}", last.message);
    // The library's thread and the other connection live on.
    assert_eq!(game.send(fine, "GET_GUILDS", "{}", 4), GB_OK);
    let asked = next.asked();
    next.reply(&asked, &json!({}));
    assert_eq!(game.reply(fine, 4).status, GB_OK);
}

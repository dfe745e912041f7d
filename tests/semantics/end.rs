//! The end of a client, of a process, and what a fork leaves.

use std::ffi::CString;
use std::time::{Duration, Instant};

use gamebridge::ffi::*;
use serde_json::json;

use crate::harness::{DEFAULTS, FakeDiscord, Game, in_a_process_of_its_own, is_child, last_error};

#[test]
fn free_discards_what_was_not_polled() {
    let (discord, game) = (FakeDiscord::new(), Game::new());
    let (_, mut peer) = discord.connect(&game, &json!({}));
    for number in 0..100 {
        peer.dispatch("ACTIVITY_JOIN", &json!({"number": number}));
    }
    peer.settle();
    game.stop_counting();
    drop(game);
    assert_eq!(peer.read().map(|(opcode, _)| opcode), Some(2), "it says good-bye");
    assert!(peer.read().is_none());
}

#[test]
fn free_takes_no_longer_than_shutdown_ms() {
    let discord = FakeDiscord::new();
    for shutdown_ms in [50, 300] {
        let game = Game::with(gb_options { shutdown_ms, ..DEFAULTS });
        let (conn, _peer) = discord.connect(&game, &json!({}));
        // A peer that never reads, and more for it than the socket takes.
        let filler = json!({"filler": "x".repeat(60_000)}).to_string();
        for _ in 0..50 {
            assert_eq!(game.send(conn, "TEST_FILL", &filler, 0), GB_OK);
        }
        let begin = Instant::now();
        drop(game);
        // The rest is for a machine that has other things to do.
        let most = Duration::from_millis(u64::from(shutdown_ms)) + Duration::from_secs(2);
        assert!(begin.elapsed() < most, "{:?} with shutdown_ms {shutdown_ms}", begin.elapsed());
    }
}

#[test]
fn a_client_freed_twice_harms_nothing() {
    let game = Game::new();
    let client = game.raw();
    drop(game);
    // SAFETY: that a second free is found out is what is shown.
    unsafe { gb_client_free(client) };
    assert!(last_error().contains("freed already"), "{}", last_error());
}

#[test]
fn a_disconnect_flushes_what_was_sent() {
    const COUNT: usize = 200;
    let (discord, game) = (FakeDiscord::new(), Game::new());
    let (conn, mut peer) = discord.connect(&game, &json!({}));
    for number in 0..COUNT {
        assert_eq!(game.send(conn, "TEST_FLUSH", &json!({"number": number}).to_string(), 0), GB_OK);
    }
    assert_eq!(game.disconnect(conn), GB_OK);
    let mut came = 0;
    while let Some(asked) = peer.asked_or_end() {
        assert_eq!(asked.args["number"], came);
        came += 1;
    }
    assert_eq!(came, COUNT);
    drop(peer);
    game.disconnected(conn);
}

#[test]
fn exit_with_a_live_client_is_legal() {
    if is_child() {
        let discord = FakeDiscord::new();
        let game = Game::new();
        let (_, peer) = discord.connect(&game, &json!({}));
        std::mem::forget((game, peer));
        std::process::exit(37);
    }
    let begin = Instant::now();
    let output = in_a_process_of_its_own("end::exit_with_a_live_client_is_legal", &[]);
    assert_eq!(output.status.code(), Some(37), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(begin.elapsed() < Duration::from_secs(30));
}

/// Forks, and runs `child` there. The child leaves by `_exit` with what `child` returns, 99 after a panic.
fn fork(child: impl FnOnce() -> i32) -> libc::pid_t {
    // SAFETY: the child touches nothing but the library (which is what is shown) and leaves without unwinding further.
    match unsafe { libc::fork() } {
        0 => {
            let code = std::panic::catch_unwind(std::panic::AssertUnwindSafe(child)).unwrap_or(99);
            // SAFETY: ends the child.
            unsafe { libc::_exit(code) }
        }
        pid => {
            assert!(pid > 0, "{}", std::io::Error::last_os_error());
            pid
        }
    }
}

/// The child's exit code; one that does not end by itself is killed, and that is -1.
fn ended(pid: libc::pid_t) -> i32 {
    let deadline = Instant::now() + Duration::from_secs(30);
    let mut status = 0;
    loop {
        // SAFETY: our own child.
        match unsafe { libc::waitpid(pid, &mut status, libc::WNOHANG) } {
            0 if Instant::now() > deadline => {
                // SAFETY: our own child, that hangs.
                unsafe {
                    libc::kill(pid, libc::SIGKILL);
                    libc::waitpid(pid, &mut status, 0);
                }
                return -1;
            }
            0 => std::thread::sleep(Duration::from_millis(5)),
            _ => return if libc::WIFEXITED(status) { libc::WEXITSTATUS(status) } else { -2 },
        }
    }
}

#[test]
fn a_forked_child_gets_forked_and_may_only_free() {
    if !is_child() {
        // Alone in its process, so that no other test's thread is cut off in the middle of something.
        let output = in_a_process_of_its_own("end::a_forked_child_gets_forked_and_may_only_free", &[]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        return;
    }
    let (discord, game) = (FakeDiscord::new(), Game::new());
    let (conn, mut peer) = discord.connect(&game, &json!({}));
    let gb = game.raw();
    let params = CString::new(discord.params(&json!({})).to_string()).expect("no NUL");
    // The event that the parent holds, and a copy of it.
    peer.dispatch("ACTIVITY_JOIN", &json!({"secret": "s"}));
    peer.settle();
    // SAFETY: a live client.
    let copied = unsafe { gb_event_copy(gb_poll(gb)) };
    assert!(!copied.is_null());
    let pid = fork(|| {
        // SAFETY: inherited, which is what is shown.
        unsafe {
            let mut other = 0;
            let statuses = [
                gb_send(gb, conn, c"GET_GUILDS".as_ptr(), std::ptr::null(), 1),
                gb_connect(gb, c"rpc".as_ptr(), params.as_ptr(), &mut other),
                gb_serve(gb, c"rpc".as_ptr(), std::ptr::null(), &mut other),
                gb_cancel(gb, conn, 1),
                gb_answer(gb, conn, 1, GB_OK, std::ptr::null()),
                gb_disconnect(gb, conn),
            ];
            if statuses != [GB_ERR_FORKED; 6] || other != 0 {
                return 1;
            }
            if !last_error().contains("fork") {
                return 2;
            }
            if !gb_poll(gb).is_null() || !gb_wait(gb, -1).is_null() || gb_wakeup_handle(gb) != -1 {
                return 3;
            }
            gb_wake(gb);
            gb_event_free(copied);
            gb_client_free(gb);
            0
        }
    });
    assert_eq!(ended(pid), 0);
    // The parent's connection lives on.
    assert_eq!(game.send(conn, "GET_GUILDS", "{}", 2), GB_OK);
    let asked = peer.asked();
    peer.reply(&asked, &json!({}));
    assert_eq!(game.reply(conn, 2).status, GB_OK);
    // SAFETY: the parent's own.
    unsafe { gb_event_free(copied) };
}

#[test]
fn a_forked_child_may_make_a_client_of_its_own() {
    if !is_child() {
        let output = in_a_process_of_its_own("end::a_forked_child_may_make_a_client_of_its_own", &[]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        return;
    }
    let (discord, game) = (FakeDiscord::new(), Game::new());
    let (_, _peer) = discord.connect(&game, &json!({}));
    let inherited = game.raw();
    let other = FakeDiscord::new();
    let pid = fork(|| {
        let own = Game::new();
        let (conn, mut peer) = other.connect(&own, &json!({}));
        assert_eq!(own.send(conn, "GET_GUILDS", "{}", 1), GB_OK);
        let asked = peer.asked();
        peer.reply(&asked, &json!({}));
        assert_eq!(own.reply(conn, 1).status, GB_OK);
        // SAFETY: inherited: freeing it leaks.
        unsafe { gb_client_free(inherited) };
        drop(own);
        0
    });
    assert_eq!(ended(pid), 0);
}

#[test]
fn a_fork_in_the_middle_of_other_threads_calls_can_be_freed_from() {
    if !is_child() {
        let name = "end::a_fork_in_the_middle_of_other_threads_calls_can_be_freed_from";
        let output = in_a_process_of_its_own(name, &[]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        return;
    }
    use std::sync::atomic::{AtomicBool, Ordering};
    let game = Game::new();
    let (stop, gb) = (AtomicBool::new(false), crate::harness::Shared(game.raw()));
    let forks = std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let event = gb_event {
                    r#type: GB_EVENT_LOG,
                    conn: 0,
                    tag: 0,
                    status: 0,
                    flags: 0,
                    name: c"".as_ptr(),
                    data: std::ptr::null(),
                    bytes: std::ptr::null(),
                    bytes_len: 0,
                    code: 0,
                    message: c"".as_ptr(),
                    retry_after_ms: 0,
                    peer: 0,
                    seq: 0,
                    time_ns: 0,
                };
                while !stop.load(Ordering::Relaxed) {
                    // SAFETY: a live event, its copy, and a client of this thread's own.
                    unsafe {
                        gb_event_free(gb_event_copy(&event));
                        let mut client = std::ptr::null_mut();
                        assert_eq!(gb_client_new(std::ptr::null(), &mut client), GB_OK);
                        gb_client_free(client);
                    }
                }
            });
        }
        let forks: Vec<i32> = (0..30)
            .map(|_| {
                ended(fork(|| {
                    // SAFETY: inherited: freeing it leaks. The copy is one that never was.
                    unsafe {
                        gb_event_free(gb.get().cast());
                        gb_client_free(gb.get());
                    }
                    0
                }))
            })
            .collect();
        stop.store(true, Ordering::Relaxed);
        forks
    });
    assert!(forks.iter().all(|code| *code == 0), "{forks:?}");
}

#[test]
#[cfg(target_os = "linux")]
fn the_library_stays_loaded() {
    let Some(library) = crate::versions::shared_library() else { return };
    let path = CString::new(library.display().to_string()).expect("no NUL");
    // SAFETY: the library has no constructor that minds.
    unsafe {
        let handle = libc::dlopen(path.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL);
        assert!(!handle.is_null());
        assert_eq!(libc::dlclose(handle), 0);
        assert!(!libc::dlopen(path.as_ptr(), libc::RTLD_NOW | libc::RTLD_NOLOAD).is_null(), "unloaded");
    }
}

//! What keeps an old program working with a new library, and the other way round.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;
use std::ptr;

use gamebridge::ffi::*;
use serde_json::json;

use crate::harness::{DEFAULTS, FakeDiscord, Game, NO_REQUEST, c, last_error, owned};

/// The shared library that cargo built beside this test.
pub fn shared_library() -> Option<PathBuf> {
    let program = std::env::current_exe().expect("this binary");
    let library = program.parent().expect("a folder").join("libgamebridge.so");
    library.exists().then_some(library)
}

/// What a binutils program says of it; `None`, and a word about it, where there is none.
fn told(program: &str, arguments: &[&str]) -> Option<String> {
    let library = shared_library()?;
    match Command::new(program).args(arguments).arg(library).output() {
        Ok(output) => {
            assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
            Some(String::from_utf8_lossy(&output.stdout).into_owned())
        }
        Err(error) => {
            eprintln!("skipped: {program}: {error}");
            None
        }
    }
}

#[test]
fn the_version_is_the_headers() {
    assert_eq!(gb_version(), 1 << 8);
    let header = include_str!("../../include/gamebridge.h");
    assert!(header.contains("#define GB_VERSION"));
}

#[test]
fn the_soname_carries_what_breaks() {
    let Some(dynamic) = told("readelf", &["-d", "-W"]) else { return };
    assert!(dynamic.contains("Library soname: [libgamebridge.so.0.1]"), "{dynamic}");
    assert!(dynamic.contains("NODELETE"), "{dynamic}");
}

#[test]
fn the_exports_are_listed_with_the_version_that_brought_them() {
    let listed: BTreeSet<&str> = include_str!("../../bindings/c/symbols.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let (name, version) = line.split_once(' ').expect("a name and a version");
            assert!(version.split('.').all(|part| part.parse::<u32>().is_ok()), "{line}");
            name
        })
        .collect();
    assert!(listed.len() > 40, "{listed:?}");
    let Some(symbols) = told("nm", &["-D", "--defined-only"]) else { return };
    let exported = symbols.lines().filter_map(|line| line.split_whitespace().nth(2));
    let exported: BTreeSet<&str> = exported.filter(|name| *name != "gb_panic_probe").collect();
    assert_eq!(exported, listed);
}

/// A `gb_options` with `tail` bytes behind it, and the size that says so.
#[repr(C, align(8))]
struct Longer {
    options: gb_options,
    tail: [u8; 64],
}

#[test]
fn a_shorter_struct_has_defaults_for_the_rest() {
    // A program of a time when there was only `size`, and one when there was `queue_bytes`.
    for size in [4, 8] {
        let given = gb_options { size, queue_bytes: 1 << 20, shutdown_ms: 77, log_level: 77 };
        let mut client = ptr::null_mut();
        // SAFETY: both live. Had the bad log level been read, the call would fail.
        unsafe {
            assert_eq!(gb_client_new(&given, &mut client), GB_OK, "{}", last_error());
            gb_client_free(client);
        }
    }
    let (discord, game) = (FakeDiscord::new(), Game::new());
    let (conn, mut peer) = discord.connect(&game, &json!({}));
    let command = c("GET_GUILDS");
    // Up to `command`; what follows is not read.
    let size = std::mem::offset_of!(gb_request, args) as u32;
    let request = gb_request { size, command: command.as_ptr(), args_len: 999, bytes_len: 999, tag: 9, ..NO_REQUEST };
    // SAFETY: all live.
    assert_eq!(unsafe { gb_send_request(game.raw(), conn, &request) }, GB_OK, "{}", last_error());
    let asked = peer.asked();
    peer.reply(&asked, &json!({}));
    peer.settle();
    assert!(game.drain().is_empty(), "its tag was not read");
}

#[test]
fn a_size_that_cannot_be_is_refused() {
    for size in [0, 1, 3, 1 << 20, u32::MAX] {
        let (given, mut client) = (gb_options { size, ..DEFAULTS }, ptr::null_mut());
        // SAFETY: both live; a size that is out of all bounds is not believed.
        assert_eq!(unsafe { gb_client_new(&given, &mut client) }, GB_ERR_ARGUMENT);
        assert!(last_error().contains("size"), "{}", last_error());
    }
}

#[test]
fn a_zero_tail_is_fine_and_any_other_unsupported() {
    let size = size_of::<Longer>() as u32;
    let mut longer = Longer { options: gb_options { size, ..DEFAULTS }, tail: [0; 64] };
    let mut client = ptr::null_mut();
    // SAFETY: as many bytes as the size says.
    unsafe {
        assert_eq!(gb_client_new(ptr::from_ref(&longer).cast(), &mut client), GB_OK, "{}", last_error());
        gb_client_free(client);
        for at in [0, 1, 63] {
            longer.tail = [0; 64];
            longer.tail[at] = 1;
            client = ptr::null_mut();
            assert_eq!(gb_client_new(ptr::from_ref(&longer).cast(), &mut client), GB_ERR_UNSUPPORTED);
            assert!(client.is_null() && last_error().contains("newer"), "{}", last_error());
        }
    }
}

#[test]
fn any_number_may_stand_where_an_enum_does() {
    let game = Game::new();
    for number in [i32::MIN, -15, -1000, 1, 2, i32::MAX] {
        // SAFETY: never NULL.
        assert_eq!(unsafe { owned(gb_status_str(number)) }, "unknown status");
        assert_eq!(game.answer(1, 1, number), GB_ERR_ARGUMENT);
    }
    for log_level in [5, 1000, u32::MAX - 1] {
        let (given, mut client) = (gb_options { log_level, ..DEFAULTS }, ptr::null_mut());
        // SAFETY: both live.
        assert_eq!(unsafe { gb_client_new(&given, &mut client) }, GB_ERR_ARGUMENT);
    }
}

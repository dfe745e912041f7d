//! Listening on the local socket: names, modes, owners, and files that lie in the way.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener as Std;

use gamebridge_proto::error::Status;

use super::super::*;
use super::{Folder, environment};
use crate::transport::ipc::{self, Listener, Place};

pub(super) async fn bind(folder: &Folder) -> Listener {
    let place = Place::Folder(folder.path().to_owned());
    Listener::bind(&place, &|_| None, Limits::PEER).await.expect("a listener")
}

pub(super) fn file_name(listener: &Listener) -> String {
    listener.path().file_name().expect("a name").to_string_lossy().into_owned()
}

#[tokio::test]
async fn servers_take_the_first_free_number_and_give_it_back() {
    let folder = Folder::new();
    let (first, second) = (bind(&folder).await, bind(&folder).await);
    assert_eq!([file_name(&first), file_name(&second)], ["discord-ipc-0", "discord-ipc-1"]);
    drop(first);
    assert!(!folder.path().join("discord-ipc-0").exists());
    assert_eq!(file_name(&bind(&folder).await), "discord-ipc-0");
}

#[tokio::test]
async fn ten_servers_find_a_name_and_the_eleventh_is_told_why_not() {
    let folder = Folder::new();
    let mut servers = Vec::new();
    for _ in ipc::NUMBERS {
        servers.push(bind(&folder).await);
    }
    let place = Place::Folder(folder.path().to_owned());
    let error = Listener::bind(&place, &|_| None, Limits::PEER).await.expect_err("no name is free");
    assert_eq!(error.message, format!("discord-ipc-0 to 9 in {} are all taken", folder.path().display()));
}

#[test]
fn servers_that_start_at_once_take_different_numbers_even_over_dead_ones() {
    for _ in 0..20 {
        let folder = Folder::new();
        for number in 0..4 {
            drop(Std::bind(folder.path().join(ipc::name(number))).expect("a dead server's socket"));
        }
        let together = std::sync::Barrier::new(8);
        let live: Vec<(Listener, tokio::runtime::Runtime)> = std::thread::scope(|scope| {
            let start = || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
                together.wait();
                let listener = runtime.block_on(bind(&folder));
                (listener, runtime)
            };
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(start)).collect();
            threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
        });
        let mut names: Vec<String> = live.iter().map(|(listener, _)| file_name(listener)).collect();
        names.sort();
        assert_eq!(names, (0..8).map(ipc::name).collect::<Vec<_>>());
        for name in names {
            std::os::unix::net::UnixStream::connect(folder.path().join(name)).expect("each is reached by its name");
        }
    }
}

#[tokio::test]
async fn a_dead_servers_socket_is_taken_over() {
    let folder = Folder::new();
    drop(Std::bind(folder.path().join("discord-ipc-0")).expect("a socket"));
    let mut server = bind(&folder).await;
    assert_eq!(file_name(&server), "discord-ipc-0");
    let path = folder.path().join("discord-ipc-0");
    let (client, peer) = tokio::join!(ipc::connect(&path, Limits::PEER), server.accept());
    client.expect("connected");
    peer.expect("accepted");
}

#[tokio::test]
async fn a_live_servers_socket_is_left_alone() {
    let folder = Folder::new();
    let live = Std::bind(folder.path().join("discord-ipc-0")).expect("a socket");
    live.set_nonblocking(true).expect("set");
    assert_eq!(file_name(&bind(&folder).await), "discord-ipc-1");
    std::os::unix::net::UnixStream::connect(folder.path().join("discord-ipc-0")).expect("still there");
}

#[tokio::test]
async fn what_is_no_socket_is_neither_followed_nor_removed() {
    let folder = Folder::new();
    let elsewhere = folder.make("elsewhere");
    drop(Std::bind(elsewhere.join("dead")).expect("a socket"));
    fs::write(elsewhere.join("file"), "precious").expect("written");
    symlink(elsewhere.join("dead"), folder.path().join("discord-ipc-0")).expect("a link to a dead socket");
    symlink(elsewhere.join("file"), folder.path().join("discord-ipc-1")).expect("a link to a file");
    symlink(elsewhere.join("nowhere"), folder.path().join("discord-ipc-2")).expect("a link to nothing");
    fs::write(folder.path().join("discord-ipc-3"), "precious").expect("written");
    folder.make("discord-ipc-4");
    let server = bind(&folder).await;
    assert_eq!(file_name(&server), "discord-ipc-5");
    assert!(elsewhere.join("dead").exists());
    assert!(!elsewhere.join("nowhere").exists());
    assert_eq!(fs::read(elsewhere.join("file")).expect("there"), b"precious");
    assert_eq!(fs::metadata(elsewhere.join("file")).expect("there").permissions().mode() & 0o777, 0o644);
}

#[tokio::test]
async fn only_our_own_file_is_removed_at_the_end() {
    let folder = Folder::new();
    let server = bind(&folder).await;
    fs::remove_file(server.path()).expect("somebody removes it");
    let other = Std::bind(server.path()).expect("and takes the name");
    let path = server.path().to_owned();
    drop(server);
    assert!(path.exists());
    drop(other);
}

#[tokio::test]
async fn only_we_may_enter_the_folder_and_open_the_socket() {
    let folder = Folder::new();
    let environment = environment([("TMPDIR", folder.path())]);
    let server = Listener::bind(&Place::Private, &environment, Limits::PEER).await.expect("a listener");
    let own = server.path().parent().expect("a folder").to_owned();
    assert_eq!(own.parent(), Some(folder.path()));
    assert_eq!(fs::metadata(&own).expect("there").permissions().mode() & 0o777, 0o700);
    assert_eq!(fs::metadata(server.path()).expect("there").permissions().mode() & 0o777, 0o600);
    drop(server);
    assert!(!own.exists(), "the folder goes with the socket");
}

#[tokio::test]
async fn a_folder_that_was_laid_for_us_is_not_taken() {
    let folder = Folder::new();
    let elsewhere = folder.make("elsewhere");
    let laid = |number: u32| folder.path().join(format!("gamebridge-{}-{number}", std::process::id()));
    symlink(&elsewhere, laid(0)).expect("a link to a folder of ours");
    symlink(folder.path().join("nowhere"), laid(1)).expect("a link to nothing");
    fs::write(laid(2), b"").expect("a file");
    folder.make(laid(3).to_str().expect("text"));
    fs::set_permissions(laid(3), fs::Permissions::from_mode(0o777)).expect("set");
    let environment = environment([("TMPDIR", folder.path())]);
    let server = Listener::bind(&Place::Private, &environment, Limits::PEER).await.expect("a listener");
    assert_eq!(server.path().parent(), Some(&*laid(4)));
    drop(server);
    for number in 0..4 {
        assert!(fs::symlink_metadata(laid(number)).is_ok(), "{number} was not ours to remove");
    }
    assert_eq!(fs::read_dir(&elsewhere).expect("there").count(), 0);
}

#[test]
fn links_that_are_laid_while_servers_start_are_never_followed() {
    let folder = Folder::new();
    let elsewhere = folder.make("elsewhere");
    let house = folder.make("house");
    drop(Std::bind(elsewhere.join("dead")).expect("a dead server's socket"));
    fs::write(elsewhere.join("file"), b"precious").expect("a file");
    let (over, name) = (std::sync::atomic::AtomicBool::new(false), house.join("discord-ipc-0"));
    let laid = std::thread::scope(|scope| {
        let racer = scope.spawn(|| {
            let mut laid = 0;
            while !over.load(std::sync::atomic::Ordering::Relaxed) {
                for target in ["dead", "file", "nowhere"] {
                    // Over whatever is there, a server's socket too: the racer may write here.
                    let other = house.join("other");
                    symlink(elsewhere.join(target), &other).expect("a link");
                    laid += u32::from(fs::rename(&other, &name).is_ok());
                }
                let _ = fs::remove_file(&name);
                drop(Std::bind(&name));
            }
            laid
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            for _ in 0..300 {
                // It may fail when its file is taken from under it; what counts is what it did elsewhere.
                drop(Listener::bind(&Place::Folder(house.clone()), &|_| None, Limits::PEER).await);
            }
        });
        over.store(true, std::sync::atomic::Ordering::Relaxed);
        racer.join().expect("no panic")
    });
    assert!(laid > 0);
    let mut there: Vec<_> = fs::read_dir(&elsewhere).expect("there").flatten().map(|entry| entry.file_name()).collect();
    there.sort();
    assert_eq!(there, ["dead", "file"], "nothing was made or removed through a link");
    assert_eq!(fs::read(elsewhere.join("file")).expect("there"), b"precious");
}

#[tokio::test]
async fn the_runtime_folder_is_used_when_only_we_can_write_there() {
    let folder = Folder::new();
    let (private, open) = (folder.make("private"), folder.make("open"));
    fs::set_permissions(&private, fs::Permissions::from_mode(0o700)).expect("set");
    fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).expect("set");
    for (runtime, used) in [(&private, true), (&open, false), (&folder.path().join("missing"), false)] {
        let environment = environment([("XDG_RUNTIME_DIR", runtime), ("TMPDIR", folder.path())]);
        let server = Listener::bind(&Place::Private, &environment, Limits::PEER).await.expect("a listener");
        assert_eq!(server.path().parent() == Some(runtime), used, "{}", runtime.display());
    }
}

#[tokio::test]
async fn a_path_that_is_too_long_is_named_in_the_error() {
    let folder = Folder::new();
    let place = Place::Folder(folder.make(&"long/".repeat(30)));
    let error = Listener::bind(&place, &|_| None, Limits::PEER).await.expect_err("too long");
    assert_eq!(error.status, Status::Io);
    assert!(error.message.contains("long/discord-ipc-0"), "{error}");
}

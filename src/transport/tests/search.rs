//! Finding a Discord: every place, in order, and a sentence when there is none.

use std::os::unix::net::UnixListener as Std;
use std::path::Path;

use gamebridge_proto::error::Status;
use tokio::io::AsyncWriteExt;

use super::super::*;
use super::{Folder, environment};
use crate::transport::http::Listener;
use crate::transport::ipc::{self, Environment};
use crate::transport::search::{Opened, Search, Target, Via};

pub(super) fn search<'a>(target: &'a Target, environment: Environment<'a>, port: u16) -> Search<'a> {
    Search {
        target,
        client_id: "1 & 2",
        origin: Some("https://localhost"),
        encoding: Encoding::Json,
        limits: Limits::UPSTREAM,
        ports: port..=port,
        except: &[],
        environment,
    }
}

/// A port on which nobody listens.
async fn free_port() -> u16 {
    Listener::bind(Some(0), Limits::PEER).await.expect("a port").address().port()
}

fn found(opened: &Opened) -> (Via, &str) {
    (opened.via, opened.address.as_str())
}

#[test]
fn every_folder_is_searched_in_order_and_once() {
    let folder = Folder::new();
    let (run, temp) = (folder.make("run"), folder.make("temp"));
    let below = [
        "snap.discord",
        "snap.discord-canary",
        "app/com.discordapp.Discord",
        "app/com.discordapp.DiscordCanary",
        "app/com.discordapp.DiscordPTB",
        "app/dev.vencord.Vesktop",
        ".flatpak/com.discordapp.Discord/xdg-run",
        ".flatpak/dev.vencord.Vesktop/xdg-run",
    ];
    for below in below {
        std::fs::create_dir_all(run.join(below)).expect("made");
    }
    std::os::unix::fs::symlink(&run, folder.path().join("link")).expect("linked");
    let again = folder.path().join("link");
    let environment =
        environment([("XDG_RUNTIME_DIR", &run), ("TMPDIR", &temp), ("TMP", &again), ("TEMP", Path::new("relative"))]);
    let candidates = ipc::candidates(&environment);
    let mut expected = Vec::new();
    for place in std::iter::once(run.clone()).chain(below.map(|below| run.join(below))).chain([temp.clone()]) {
        expected.extend((0..10).map(|number| place.join(format!("discord-ipc-{number}"))));
    }
    assert_eq!(candidates[..expected.len()], expected);
    let rest = &candidates[expected.len()..];
    assert!(rest.iter().all(|path| !path.starts_with(folder.path())), "{rest:?}");
    assert_eq!(rest.first().and_then(|path| path.to_str()), Some("/tmp/discord-ipc-0"));
}

#[tokio::test]
async fn a_socket_is_preferred_to_a_port() {
    let folder = Folder::new();
    let _socket = Std::bind(folder.path().join("discord-ipc-3")).expect("a socket");
    let environment = environment([("XDG_RUNTIME_DIR", folder.path())]);
    let mut listener = Listener::bind(Some(0), Limits::PEER).await.expect("a port");
    let port = listener.address().port();
    let search = search(&Target::Auto, &environment, port);
    let opened = search.open(&[]).await.expect("found");
    let path = folder.path().join("discord-ipc-3");
    assert_eq!(found(&opened), (Via::Ipc, path.to_str().expect("text")));
    let tried = [opened.address];
    let (opened, accepted) = tokio::join!(search.open(&tried), accept(&mut listener));
    assert_eq!(found(&opened.expect("the next one")), (Via::WebSocket, format!("127.0.0.1:{port}").as_str()));
    let accepted = accepted.expect("a peer");
    assert_eq!(accepted.query, "v=1&client_id=1%20%26%202&encoding=json");
    assert_eq!(accepted.origin.as_deref(), Some("https://localhost"));
}

#[tokio::test]
async fn what_was_tried_is_passed_over_and_not_connected_again() {
    let folder = Folder::new();
    drop(Std::bind(folder.path().join("discord-ipc-0")).expect("a dead socket"));
    std::fs::write(folder.path().join("discord-ipc-1"), "").expect("no socket");
    let live: Vec<Std> =
        [2, 5].map(|number| Std::bind(folder.path().join(ipc::name(number))).expect("a socket")).into();
    let environment = environment([("XDG_RUNTIME_DIR", folder.path())]);
    let search = search(&Target::Ipc(None), &environment, 1);
    let mut tried = Vec::new();
    for number in [2, 5] {
        let opened = search.open(&tried).await.expect("found");
        assert!(opened.address.ends_with(&format!("/discord-ipc-{number}")), "{}", opened.address);
        tried.push(opened.address);
    }
    let error = search.open(&tried).await.expect_err("there is no third");
    for listener in &live {
        listener.set_nonblocking(true).expect("it waits for nobody");
        listener.accept().expect("the one connection");
        assert_eq!(listener.accept().expect_err("no second one").kind(), std::io::ErrorKind::WouldBlock);
    }
    assert!(error.message.starts_with("no further Discord found behind the 2 already tried: "), "{error}");
}

#[tokio::test]
async fn when_nobody_is_there_the_sentence_says_where_was_looked() {
    let folder = Folder::new();
    let environment = environment([("XDG_RUNTIME_DIR", folder.path()), ("TMPDIR", folder.path())]);
    let port = free_port().await;
    let places =
        ipc::places(&environment).iter().map(|place| place.display().to_string()).collect::<Vec<_>>().join(", ");
    assert!(places.starts_with(&format!("{}, /tmp, /run/user/", folder.path().display())), "{places}");
    let sockets = format!("no socket discord-ipc-0 to 9 in {places} (snap, Flatpak and Vesktop folders included)");
    let path = folder.path().join("mine");
    let cases = [
        (Target::Ipc(None), format!("no Discord found: {sockets}")),
        (Target::Auto, format!("no Discord found: {sockets}, nobody on ports {port} to {port}")),
        (Target::WebSocket { port: None }, format!("no Discord found: nobody on ports {port} to {port}")),
        (Target::WebSocket { port: Some(port) }, format!("no Discord found: nobody on port {port} of 127.0.0.1")),
        (Target::Ipc(Some(path.clone())), format!("no Discord found: nobody listens at {}", path.display())),
    ];
    for (target, sentence) in cases {
        let error = search(&target, &environment, port).open(&[]).await.expect_err("nobody");
        assert_eq!((error.status, error.message.as_ref()), (Status::Io, sentence.as_str()));
    }
}

#[tokio::test]
async fn what_answers_but_is_no_discord_is_named() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("bound").port();
    let target = Target::WebSocket { port: Some(port) };
    let serve = async {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        stream.write_all(b"HTTP/1.1 404 Not Found\r\n\r\n").await.expect("written");
        stream
    };
    let environment = environment([]);
    let search = search(&target, &environment, port);
    let (opened, _stream) = tokio::join!(search.open(&[]), serve);
    assert_eq!(
        opened.expect_err("no Discord").message,
        format!(
            "no Discord found: nobody on port {port} of 127.0.0.1; 127.0.0.1:{port} answered the WebSocket handshake \
                 with HTTP 404; 101 expected"
        )
    );
}

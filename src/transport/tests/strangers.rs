//! Another user of the machine, as a peer and as a server: refused. For root on Linux, where one thread can become another
//! user.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::UnixListener as Std;

use gamebridge_proto::error::Status;
use tokio::io::AsyncReadExt;

use super::super::*;
use super::Folder;
use super::listener::{bind, file_name};
use super::search::search;
use crate::transport::ipc;
use crate::transport::search::Target;

/// Runs `act` on a thread that belongs to another user; `None`, with a word, when we are not root and can't.
fn as_another_user<T: Send>(act: impl FnOnce() -> T + Send) -> Option<T> {
    const NOBODY: libc::c_long = 65534;
    // SAFETY: geteuid has no preconditions.
    if unsafe { libc::geteuid() } != 0 {
        eprintln!("skipped: only root can become another user");
        return None;
    }
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            // SAFETY: the raw call, unlike libc's function, changes this thread alone, which then ends.
            assert_eq!(unsafe { libc::syscall(libc::SYS_setresuid, NOBODY, NOBODY, NOBODY) }, 0);
            act()
        });
        Some(thread.join().expect("no panic"))
    })
}

fn open_to_all(folder: &Folder) {
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).expect("set");
}

#[tokio::test]
async fn a_second_user_is_refused_as_a_peer() {
    let folder = Folder::new();
    open_to_all(&folder);
    let mut server = bind(&folder).await;
    let path = server.path().to_owned();
    let closed = as_another_user(|| std::os::unix::net::UnixStream::connect(&path).map(|_| ()).map_err(|e| e.kind()));
    let Some(closed) = closed else { return };
    assert_eq!(closed, Err(std::io::ErrorKind::PermissionDenied), "the file's mode keeps them out");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).expect("set");
    let stranger =
        as_another_user(|| std::os::unix::net::UnixStream::connect(&path)).expect("root").expect("connected");
    stranger.set_nonblocking(true).expect("set");
    let mut stranger = tokio::net::UnixStream::from_std(stranger).expect("a socket");
    tokio::select! {
        accepted = server.accept() => panic!("if the mode does not, their id does: {accepted:?}"),
        read = stranger.read_u8() => assert_eq!(read.expect_err("the end").kind(), std::io::ErrorKind::UnexpectedEof),
    }
    let (ours, accepted) = tokio::join!(ipc::connect(&path, Limits::PEER), server.accept());
    ours.expect("we connect");
    accepted.expect("and are accepted");
}

#[tokio::test]
async fn a_second_users_socket_is_refused_before_a_byte_is_sent() {
    let folder = Folder::new();
    open_to_all(&folder);
    let path = folder.path().join("discord-ipc-0");
    let Some(theirs) = as_another_user(|| Std::bind(&path).expect("a socket")) else { return };
    let error = ipc::connect(&path, Limits::UPSTREAM).await.expect_err("refused");
    assert_eq!(error.status, Status::Auth);
    let expected =
        format!("the socket {} belongs to user 65534, and we are user 0: nothing was sent to it", path.display());
    assert_eq!(error.message, expected);
    let (mut peer, _) = theirs.accept().expect("the connection");
    let mut sent = Vec::new();
    std::io::Read::read_to_end(&mut peer, &mut sent).expect("read");
    assert_eq!(sent, b"");
}

#[tokio::test]
async fn a_second_users_dead_socket_is_not_taken_over() {
    let folder = Folder::new();
    open_to_all(&folder);
    let path = folder.path().join("discord-ipc-0");
    if as_another_user(|| drop(Std::bind(&path).expect("a socket"))).is_none() {
        return;
    }
    assert_eq!(file_name(&bind(&folder).await), "discord-ipc-1");
    assert_eq!(fs::symlink_metadata(&path).expect("still there").uid(), 65534);
}

#[tokio::test]
async fn a_port_that_another_user_took_is_refused_before_a_byte_is_sent() {
    let bind = || std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let Some(theirs) = as_another_user(bind) else { return };
    let port = theirs.local_addr().expect("an address").port();
    let target = Target::WebSocket { port: Some(port) };
    let nothing = |_: &str| None;
    let error = search(&target, &nothing, port).open(&[]).await.expect_err("refused");
    assert!(error.message.contains("belongs to user 65534"), "{error}");
    theirs.set_nonblocking(true).expect("set");
    assert_eq!(theirs.accept().expect_err("nobody came").kind(), std::io::ErrorKind::WouldBlock);
}

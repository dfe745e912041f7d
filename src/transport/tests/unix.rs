//! What the tests of the local socket need of a Unix system, and the tests of what only Unix sockets do.

use std::cell::Cell;
use std::ffi::OsString;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};

use gamebridge_proto::error::Status;
use gamebridge_proto::wire::ipc::HEADER;
use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;

use super::ipc::wire;
use super::*;
use crate::transport::Socket;
use crate::transport::ipc::{Ipc, Place};

#[path = "listener.rs"]
mod listener;
#[path = "search.rs"]
mod search;
#[cfg(target_os = "linux")]
#[path = "strangers.rs"]
mod strangers;

/// A folder of a test's own, gone with it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("gamebridge-test-{}-{number}", std::process::id()));
        std::fs::create_dir(&path).expect("the folder is new");
        Folder(std::fs::canonicalize(path).expect("it was just made"))
    }

    fn path(&self) -> &Path {
        &self.0
    }

    fn make(&self, below: &str) -> PathBuf {
        let path = self.0.join(below);
        std::fs::create_dir_all(&path).expect("a folder below our own");
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// An environment with these variables and no others.
fn environment<const N: usize>(variables: [(&'static str, &Path); N]) -> impl Fn(&str) -> Option<OsString> {
    let variables = variables.map(|(name, value)| (name, value.as_os_str().to_owned()));
    move |name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
}

/// One end as a transport, the other for a test to write what it likes.
pub(super) async fn pair(limits: Limits) -> (Transport, UnixStream) {
    let (ours, theirs) = UnixStream::pair().expect("a pair");
    (Transport::Ipc(Ipc::new(Socket::Local(ours), limits)), theirs)
}

/// Whether this many unwritten frames may be told of when there were so many: here it is exact.
pub(super) fn may_tell(told: usize, were: usize) -> bool {
    told == were
}

/// Where a test's server listens. Nothing of the server's is left there in the end.
pub(super) struct Spot(Folder);

impl Spot {
    pub(super) fn new() -> Spot {
        Spot(Folder::new())
    }

    pub(super) fn place(&self) -> Place {
        Place::Folder(self.0.path().to_owned())
    }
}

impl Drop for Spot {
    fn drop(&mut self) {
        let left: Vec<_> = std::fs::read_dir(self.0.path()).expect("there").flatten().collect();
        assert!(std::thread::panicking() || left.is_empty(), "{left:?}");
    }
}

#[tokio::test]
async fn unwritten_counts_exactly_the_frames_that_the_system_never_took() {
    let (mut ours, theirs) = pair(Limits::PEER).await;
    let mut out = Outbox::new();
    for _ in 0..5000 {
        out.push(Opcode::Frame, &[b'x'; 1000]);
    }
    assert!(once(ours.drive(&mut out)).await.is_pending(), "the peer reads nothing and says nothing");
    let mut theirs = theirs.into_std().expect("a socket");
    let mut taken = Vec::new();
    let full = theirs.read_to_end(&mut taken).expect_err("the peer reads what there is");
    assert_eq!(full.kind(), std::io::ErrorKind::WouldBlock);
    let arrived = taken.len();
    drop(theirs);
    let lost = ours.drive(&mut out).await.expect_err("a broken pipe");
    assert!(matches!(lost.error.status, Status::Io | Status::Closed), "{lost:?}");
    assert!(arrived > 0);
    assert_eq!(out.unwritten(), 5000 - arrived / (HEADER + 1000));
}

#[tokio::test]
async fn a_peer_that_writes_without_end_does_not_starve_the_thread() {
    let (mut ours, theirs) = pair(Limits { message: 1024, read: 64 }).await;
    let mut theirs = theirs.into_std().expect("a socket");
    theirs.set_nonblocking(false).expect("set");
    let writer = std::thread::spawn(move || {
        let bytes = wire(&[(Opcode::Frame, &[b'x'; 100][..]); 64]);
        while theirs.write_all(&bytes).is_ok() {}
    });
    let turns = Rc::new(Cell::new(0));
    let counter = turns.clone();
    let other = async move {
        loop {
            counter.set(counter.get() + 1);
            tokio::task::yield_now().await;
        }
    };
    let reader = async move {
        let mut frames = 0;
        while frames < 100_000 {
            frames += burst(&mut ours).await.expect("frames").len();
        }
    };
    tokio::select! { () = reader => {}, () = other => {} }
    writer.join().expect("the writer ends with its peer");
    // Tokio lets a task go on for 128 reads, here of 4 KiB at most: 20 turns when the writer is always ahead.
    assert!(turns.get() >= 20, "{}", turns.get());
}

#[tokio::test]
async fn a_burst_larger_than_a_read_needs_no_second_drive() {
    let (mut ours, mut theirs) = pair(Limits { message: 1024, read: 64 }).await;
    theirs.write_all(&wire(&[(Opcode::Frame, &[b'x'; 100][..]); 50])).await.expect("written");
    assert_eq!(burst(&mut ours).await.expect("frames").len(), 50);
}

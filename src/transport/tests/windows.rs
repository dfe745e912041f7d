//! What the tests of the local socket need of Windows, and the tests of what only named pipes do. The pipe namespace is
//! the machine's: names are told apart, not expected, since a Discord may run here too.

use std::io;
use std::os::windows::io::AsRawHandle;
use std::path::{Path, PathBuf};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicU32, Ordering};

use gamebridge_proto::error::Status;
use gamebridge_proto::wire::ipc::HEADER;
use tokio::io::AsyncReadExt;
use tokio::net::windows::named_pipe::{ClientOptions, NamedPipeServer, ServerOptions};
use windows_sys::Win32::Foundation::{ERROR_FILE_NOT_FOUND, LocalFree};
use windows_sys::Win32::Security::Authorization::{
    ConvertSecurityDescriptorToStringSecurityDescriptorW, GetSecurityInfo, SDDL_REVISION_1, SE_KERNEL_OBJECT,
};
use windows_sys::Win32::Security::DACL_SECURITY_INFORMATION;
use windows_sys::Win32::System::LibraryLoader::{GetModuleHandleW, GetProcAddress};

use super::*;
use crate::transport::Socket;
use crate::transport::ipc::{self, Ipc, Listener, Local, Place};

/// A pipe that is nobody else's: the server's end, waiting, and its name.
fn pipe() -> (NamedPipeServer, String) {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!(r"\\.\pipe\gamebridge-test-{}-{number}", std::process::id());
    (ServerOptions::new().first_pipe_instance(true).create(&name).expect("a pipe"), name)
}

/// One end as a transport, the other for a test to write what it likes.
pub(super) async fn pair(limits: Limits) -> (Transport, NamedPipeServer) {
    let (theirs, name) = pipe();
    let ours = ClientOptions::new().open(&name).expect("the pipe waits");
    theirs.connect().await.expect("connected");
    (Transport::Ipc(Ipc::new(Socket::Local(Local::Client(ours)), limits)), theirs)
}

/// Whether this many unwritten frames may be told of when there were so many: what tokio took, but the pipe did not, counts
/// as written, which makes a command uncertain that is only lost.
pub(super) fn may_tell(told: usize, were: usize) -> bool {
    told <= were
}

/// Where a test's server listens: pipes have one place, and leave nothing behind.
pub(super) struct Spot;

impl Spot {
    pub(super) fn new() -> Spot {
        Spot
    }

    pub(super) fn place(&self) -> Place {
        Place::Private
    }
}

async fn bind() -> Listener {
    Listener::bind(&Place::Private, &|_| None, Limits::PEER).await.expect("a listener")
}

async fn connected(listener: &mut Listener) -> (Transport, Transport) {
    let path = listener.path().to_owned();
    let (client, server) = tokio::join!(ipc::connect(&path, Limits::UPSTREAM), listener.accept());
    (client.expect("a client"), server.expect("a peer"))
}

/// Whether the system lets a second server be first, as Wine does up to version 8 at least. Then a test of that is skipped,
/// with a word.
fn first_is_anybody() -> bool {
    // SAFETY: both names end with a NUL.
    let wine = unsafe {
        let ntdll = GetModuleHandleW("ntdll\0".encode_utf16().collect::<Vec<_>>().as_ptr());
        GetProcAddress(ntdll, c"wine_get_version".as_ptr().cast()).is_some()
    };
    let (_pipe, name) = pipe();
    let anybody = wine && ServerOptions::new().first_pipe_instance(true).create(&name).is_ok();
    if anybody {
        eprintln!("skipped: this Wine has no FILE_FLAG_FIRST_PIPE_INSTANCE");
    }
    anybody
}

/// What opening the pipe gives, as a program of another make would.
fn open(path: &Path) -> io::Result<()> {
    ClientOptions::new().open(path).map(drop)
}

#[tokio::test]
async fn frames_go_both_ways_between_a_client_and_every_peer_of_a_listener() {
    let mut listener = bind().await;
    for round in 0..20 {
        let (mut client, mut server) = connected(&mut listener).await;
        send_text(&mut client, &format!("ask {round}")).await;
        assert_eq!(texts(&mut server, 1).await, [format!("ask {round}")]);
        send_text(&mut server, &format!("answer {round}")).await;
        assert_eq!(texts(&mut client, 1).await, [format!("answer {round}")]);
    }
}

#[tokio::test]
async fn a_frame_that_is_larger_than_the_pipe_arrives_whole() {
    let mut listener = bind().await;
    let (mut client, mut server) = connected(&mut listener).await;
    let long = "x".repeat(1 << 20);
    let (got, ()) = tokio::join!(texts(&mut client, 1), send_text(&mut server, &long));
    assert_eq!(got, [long]);
}

#[tokio::test]
async fn what_was_written_before_the_close_arrives() {
    let mut listener = bind().await;
    let (mut client, server) = connected(&mut listener).await;
    let mut out = Outbox::new();
    out.push(Opcode::Frame, &[b'x'; 30_000]);
    server.close(out, 4000, "Invalid Client ID").await;
    assert_eq!(texts(&mut client, 1).await[0].len(), 30_000);
    let lost = lost(&mut client).await;
    assert_eq!((lost.code, lost.error.message.as_ref()), (Some(4000), "Invalid Client ID"));
}

#[tokio::test]
async fn servers_take_different_names_and_give_them_back() {
    if first_is_anybody() {
        return;
    }
    let (first, second) = (bind().await, bind().await);
    assert_ne!(first.path(), second.path());
    let path = second.path().to_owned();
    drop(second);
    // Another test's server may have taken it meanwhile; else nobody has it.
    if let Err(error) = open(&path) {
        assert_eq!(error.raw_os_error(), Some(ERROR_FILE_NOT_FOUND as i32));
    }
}

#[tokio::test]
async fn a_name_that_somebody_else_has_is_left_to_them() {
    if first_is_anybody() {
        return;
    }
    let squat = |path: &PathBuf| {
        ServerOptions::new().first_pipe_instance(true).create(path).ok().map(|pipe| (pipe, path.clone()))
    };
    let (_squatter, theirs) = ipc::candidates(&|_| None).iter().find_map(squat).expect("a free name");
    let mut listener = bind().await;
    assert_ne!(listener.path(), theirs);
    connected(&mut listener).await;
}

#[tokio::test]
async fn nobody_joins_in_under_our_name() {
    if first_is_anybody() {
        return;
    }
    let listener = bind().await;
    ServerOptions::new().first_pipe_instance(true).create(listener.path()).expect_err("we were first");
}

#[tokio::test]
async fn a_probe_that_is_gone_at_once_is_one_peer_and_no_more() {
    let mut listener = bind().await;
    open(listener.path()).expect("a probe");
    let mut probe = listener.accept().await.expect("a peer");
    assert_eq!(lost(&mut probe).await.error.status, Status::Closed);
    connected(&mut listener).await;
}

#[tokio::test]
async fn an_accept_that_is_dropped_loses_nobody() {
    let mut listener = bind().await;
    assert!(once(listener.accept()).await.is_pending());
    let (mut client, mut server) = connected(&mut listener).await;
    send_text(&mut client, "still here").await;
    assert_eq!(texts(&mut server, 1).await, ["still here"]);
}

#[tokio::test]
async fn only_our_user_stands_in_the_access_list() {
    let mut listener = bind().await;
    let path = listener.path().to_owned();
    let client = ClientOptions::new().open(&path).expect("we are our user");
    listener.accept().await.expect("a peer");
    let (mut descriptor, mut text) = (null_mut(), null_mut());
    // SAFETY: the pipe is open; only the descriptor is asked for, into a pointer of ours.
    let got = unsafe {
        GetSecurityInfo(
            client.as_raw_handle(),
            SE_KERNEL_OBJECT,
            DACL_SECURITY_INFORMATION,
            null_mut(),
            null_mut(),
            null_mut(),
            null_mut(),
            &raw mut descriptor,
        )
    };
    assert_eq!(got, 0);
    // SAFETY: the system's descriptor, and a pointer of ours; the text ends with a NUL, and each is freed once.
    let list = unsafe {
        let made = ConvertSecurityDescriptorToStringSecurityDescriptorW(
            descriptor,
            SDDL_REVISION_1,
            DACL_SECURITY_INFORMATION,
            &raw mut text,
            null_mut(),
        );
        assert_ne!(made, 0);
        let length = (0..).find(|at| *text.add(*at) == 0).expect("a NUL");
        let list = String::from_utf16_lossy(std::slice::from_raw_parts(text, length));
        LocalFree(text.cast());
        LocalFree(descriptor);
        list
    };
    // Windows has translated "all" into a file's rights, Wine has not.
    assert!(list.starts_with("D:P(A;;FA;;;S-1-") || list.starts_with("D:P(A;;GA;;;S-1-"), "{list}");
    assert_eq!(list.matches('(').count(), 1, "{list}");
}

#[tokio::test]
async fn a_folder_is_refused_with_a_sentence() {
    for place in [Place::Shared, Place::Folder(r"C:\".into())] {
        let error = Listener::bind(&place, &|_| None, Limits::PEER).await.expect_err("no folders");
        assert_eq!(error.status, Status::Argument);
        assert_eq!(error.message, "folder: named pipes have none; leave it out on Windows");
    }
}

#[tokio::test]
async fn only_pipes_of_this_machine_are_opened() {
    for path in [r"\\server\pipe\discord-ipc-0", r"\\.\UNC\server\pipe\discord-ipc-0", r"C:\discord-ipc-0", "NUL"] {
        let error = ipc::connect(Path::new(path), Limits::UPSTREAM).await.expect_err("refused");
        assert_eq!(error.status, Status::Argument, "{path}: {error}");
    }
    let (_server, name) = pipe();
    for path in [name.clone(), name.replace('\\', "/"), name.replace(r"\\.\", r"\\?\")] {
        let found = ipc::connect(Path::new(&path), Limits::UPSTREAM).await;
        assert!(found.as_ref().map_or_else(|error| error.status == Status::Io, |_| true), "{path}: {found:?}");
    }
}

#[tokio::test]
async fn nobody_there_is_an_io_error_that_names_the_pipe() {
    let (server, name) = pipe();
    drop(server);
    let error = ipc::connect(Path::new(&name), Limits::UPSTREAM).await.expect_err("nobody");
    assert_eq!(error.status, Status::Io);
    assert!(error.message.contains(&name), "{error}");
}

#[tokio::test]
async fn a_frame_that_arrived_never_counts_as_unwritten() {
    let (mut ours, mut theirs) = pair(Limits::PEER).await;
    let mut out = Outbox::new();
    for _ in 0..5000 {
        out.push(Opcode::Frame, &[b'x'; 1000]);
    }
    let mut arrived = vec![0; 10_000];
    tokio::select! {
        driven = ours.drive(&mut out) => panic!("the peer says nothing: {driven:?}"),
        read = theirs.read_exact(&mut arrived) => read.expect("some of it arrives"),
    };
    drop(theirs);
    ours.drive(&mut out).await.expect_err("a broken pipe");
    assert!(out.unwritten() > 0 && out.unwritten() <= 5000 - arrived.len() / (HEADER + 1000), "{}", out.unwritten());
}

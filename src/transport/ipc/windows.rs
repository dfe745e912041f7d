//! Named pipes: where Discord's may be, and listening on one.
//!
//! The pipe namespace is one for the whole machine and has no folders: who makes the first instance of a name decides
//! about all others. So a server insists on being first, gives its pipe an access list with our own user in it and nobody
//! else, and refuses peers from other machines; a client asks whose process the server is. Source: `rpc.yaml` for the
//! names, `security.md` rows 5 and 8.

use std::io;
use std::os::windows::io::AsRawHandle;
use std::path::{Component, Path, PathBuf, Prefix};
use std::pin::Pin;
use std::ptr::null_mut;
use std::task::{Context, Poll};
use std::time::Duration;

use gamebridge_proto::error::{Error, Status};
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf, Ready};
use tokio::net::windows::named_pipe::{ClientOptions, NamedPipeClient, NamedPipeServer, ServerOptions};
use windows_sys::Win32::Foundation::{CloseHandle, ERROR_ACCESS_DENIED, ERROR_PIPE_BUSY, HANDLE, LocalFree};
use windows_sys::Win32::Security::Authorization::{
    ConvertSidToStringSidW, ConvertStringSecurityDescriptorToSecurityDescriptorW, SDDL_REVISION_1,
};
use windows_sys::Win32::Security::{
    GetTokenInformation, PSECURITY_DESCRIPTOR, SECURITY_ATTRIBUTES, TOKEN_QUERY, TOKEN_USER, TokenUser,
};
use windows_sys::Win32::System::Pipes::GetNamedPipeServerProcessId;
use windows_sys::Win32::System::Threading::{
    GetCurrentProcess, OpenProcess, OpenProcessToken, PROCESS_QUERY_LIMITED_INFORMATION,
};

use super::{Environment, Ipc, NUMBERS, Place, name};
use crate::transport::socket::fault;
use crate::transport::{Limits, Socket, Transport};

const NAMESPACE: &str = r"\\.\pipe";

/// Said behind [`places`] in an error: a namespace has nothing below it.
pub(in crate::transport) const BELOW: &str = "";

/// What one write hands over at most, and the system keeps for a reader by itself. Tokio takes all that it is given before
/// the pipe has it: a larger write would count frames as written that never were, and `close` could lose them.
const WRITE: usize = 64 * 1024;

/// How often and how long to wait for a server all of whose instances are just being taken.
const BUSY_TRIES: u32 = 20;
const BUSY_PAUSE: Duration = Duration::from_millis(25);

/// The one place in which a pipe is looked for.
pub fn places(_: Environment<'_>) -> Vec<PathBuf> {
    vec![PathBuf::from(NAMESPACE)]
}

/// Every name under which Discord's pipe may be, in the order in which to try them.
pub fn candidates(_: Environment<'_>) -> Vec<PathBuf> {
    NUMBERS.map(pipe).collect()
}

fn pipe(number: u8) -> PathBuf {
    Path::new(NAMESPACE).join(name(number))
}

/// Whether this is a pipe of this machine: of another one's, the process id of the server would say nothing here.
fn is_local(path: &Path) -> bool {
    let mut parts = path.components();
    let Some(Component::Prefix(prefix)) = parts.next() else { return false };
    match prefix.kind() {
        Prefix::DeviceNS(device) | Prefix::Verbatim(device) => device.eq_ignore_ascii_case("pipe"),
        _ => false,
    }
}

/// Connects to the pipe at `path`, if its server is a process of our own user.
///
/// # Errors
/// `Argument` when the path is none of a pipe of this machine; `Io` when there is no such pipe; `Auth` when its server
/// belongs to another user, or does not say to whom.
pub async fn connect(path: &Path, limits: Limits) -> Result<Transport, Error> {
    if !is_local(path) {
        return Err(Error::argument(format!(
            r"path: a pipe as {NAMESPACE}\discord-ipc-0 expected, not {}",
            path.display()
        )));
    }
    let client = open(path)
        .await
        .map_err(|error| Error::new(Status::Io, format!("no connection to {}: {error}", path.display())))?;
    match server_is_us(&client) {
        Ok(true) => Ok(Transport::Ipc(Ipc::new(Socket::Local(Local::Client(client)), limits))),
        Ok(false) => Err(Error::new(
            Status::Auth,
            format!("the pipe {} belongs to another user: nothing was sent to it", path.display()),
        )),
        Err(error) => Err(Error::new(
            Status::Auth,
            format!("the pipe {} does not say whose it is ({error}): nothing was sent to it", path.display()),
        )),
    }
}

async fn open(path: &Path) -> io::Result<NamedPipeClient> {
    fault()?;
    let mut tries = 0;
    loop {
        match ClientOptions::new().open(path) {
            Err(error) if is(&error, ERROR_PIPE_BUSY) && tries < BUSY_TRIES => tries += 1,
            result => return result,
        }
        tokio::time::sleep(BUSY_PAUSE).await;
    }
}

/// One end of a pipe as a stream.
#[derive(Debug)]
pub(in crate::transport) enum Local {
    Client(NamedPipeClient),
    Server(NamedPipeServer),
}

impl Local {
    /// As of every socket of tokio's.
    pub(in crate::transport) async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        match self {
            Local::Client(pipe) => pipe.ready(interest).await,
            Local::Server(pipe) => pipe.ready(interest).await,
        }
    }

    pub(in crate::transport) fn poll_read_ready(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Local::Client(pipe) => pipe.poll_read_ready(context),
            Local::Server(pipe) => pipe.poll_read_ready(context),
        }
    }

    pub(in crate::transport) fn poll_write_ready(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Local::Client(pipe) => pipe.poll_write_ready(context),
            Local::Server(pipe) => pipe.poll_write_ready(context),
        }
    }
}

impl AsyncRead for Local {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Local::Client(pipe) => Pin::new(pipe).poll_read(context, buffer),
            Local::Server(pipe) => Pin::new(pipe).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Local {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let bytes = &bytes[..bytes.len().min(WRITE)];
        match self.get_mut() {
            Local::Client(pipe) => Pin::new(pipe).poll_write(context, bytes),
            Local::Server(pipe) => Pin::new(pipe).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // As tokio's pipes: a write is the system's business once it is taken.
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

fn is(error: &io::Error, code: u32) -> bool {
    error.raw_os_error().and_then(|raw| u32::try_from(raw).ok()) == Some(code)
}

/// A listening pipe that only our own user can open.
#[derive(Debug)]
pub struct Listener {
    path: PathBuf,
    /// The instance that waits for the next peer. There is always one, so that the name stays ours.
    waiting: NamedPipeServer,
    limits: Limits,
}

impl Listener {
    /// Listens as the first free `discord-ipc-N`. Pipes have no folders: only [`Place::Private`] can be asked for.
    ///
    /// # Errors
    /// `Argument` for another place; `Io` when every name is taken or the system refuses.
    pub async fn bind(place: &Place, _: Environment<'_>, limits: Limits) -> Result<Listener, Error> {
        if *place != Place::Private {
            return Err(Error::argument("folder: named pipes have none; leave it out on Windows"));
        }
        for path in NUMBERS.map(pipe) {
            match instance(&path, true) {
                Ok(waiting) => return Ok(Listener { path, waiting, limits }),
                // Somebody else is first.
                Err(error) if is(&error, ERROR_ACCESS_DENIED) || is(&error, ERROR_PIPE_BUSY) => {}
                Err(error) => {
                    return Err(Error::new(Status::Io, format!("cannot listen at {}: {error}", path.display())));
                }
            }
        }
        Err(Error::new(Status::Io, format!(r"the pipes {NAMESPACE}\discord-ipc-0 to 9 are all taken")))
    }

    /// Where it listens.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The next peer. Its user is ours, or the pipe's access list would have kept it out. Cancel-safe.
    ///
    /// # Errors
    /// `Io` when the system can't accept now: wait a little before the next try.
    pub async fn accept(&mut self) -> Result<Transport, Error> {
        let accepted = self.next().await;
        let server = accepted
            .map_err(|error| Error::new(Status::Io, format!("cannot accept at {}: {error}", self.path.display())))?;
        Ok(Transport::Ipc(Ipc::new(Socket::Local(Local::Server(server)), self.limits)))
    }

    async fn next(&mut self) -> io::Result<NamedPipeServer> {
        fault()?;
        self.waiting.connect().await?;
        let next = instance(&self.path, false)?;
        Ok(std::mem::replace(&mut self.waiting, next))
    }
}

fn instance(path: &Path, first: bool) -> io::Result<NamedPipeServer> {
    fault()?;
    let security = Security::for_us_alone()?;
    let mut attributes = SECURITY_ATTRIBUTES {
        nLength: size_of::<SECURITY_ATTRIBUTES>() as u32,
        lpSecurityDescriptor: security.0,
        bInheritHandle: 0,
    };
    let mut options = ServerOptions::new();
    options.first_pipe_instance(first).reject_remote_clients(true);
    // SAFETY: the attributes, and the descriptor that they point to, live until the call is over.
    unsafe { options.create_with_security_attributes_raw(path, (&raw mut attributes).cast()) }
}

/// A security descriptor: full access for our user, none for anybody else.
struct Security(PSECURITY_DESCRIPTOR);

impl Security {
    fn for_us_alone() -> io::Result<Security> {
        let mut text: Vec<u16> = "D:P(A;;GA;;;".encode_utf16().collect();
        // SAFETY: the pseudo handle of our own process is always valid.
        text.extend(user_of(unsafe { GetCurrentProcess() })?);
        text.extend([u16::from(b')'), 0]);
        let mut descriptor: PSECURITY_DESCRIPTOR = null_mut();
        // SAFETY: the text ends with a NUL, and the result is written to a pointer of ours.
        let made = unsafe {
            ConvertStringSecurityDescriptorToSecurityDescriptorW(
                text.as_ptr(),
                SDDL_REVISION_1,
                &raw mut descriptor,
                null_mut(),
            )
        };
        if made == 0 { Err(io::Error::last_os_error()) } else { Ok(Security(descriptor)) }
    }
}

impl Drop for Security {
    fn drop(&mut self) {
        // SAFETY: the system allocated it for us and nobody else frees it.
        unsafe { LocalFree(self.0) };
    }
}

fn server_is_us(client: &NamedPipeClient) -> io::Result<bool> {
    let mut process_id = 0;
    // SAFETY: the pipe is open for as long as `client` lives.
    if unsafe { GetNamedPipeServerProcessId(client.as_raw_handle(), &raw mut process_id) } == 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: no pointers; the result is checked.
    let process = Handle::new(unsafe { OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, 0, process_id) })?;
    // SAFETY: the pseudo handle of our own process is always valid.
    let us = user_of(unsafe { GetCurrentProcess() })?;
    Ok(user_of(process.0)? == us)
}

/// The user a process runs as: the text of its security identifier, without a NUL.
fn user_of(process: HANDLE) -> io::Result<Vec<u16>> {
    let mut token = null_mut();
    // SAFETY: the process handle is open, and the result is written to a pointer of ours.
    if unsafe { OpenProcessToken(process, TOKEN_QUERY, &raw mut token) } == 0 {
        return Err(io::Error::last_os_error());
    }
    let token = Handle(token);
    // A user's structure and the longest identifier that it points to fit; words keep it aligned.
    let mut user = [0_u64; 32];
    let mut size = 0;
    // SAFETY: the buffer is as long as we say, and aligned for the structure.
    let got = unsafe {
        GetTokenInformation(token.0, TokenUser, user.as_mut_ptr().cast(), size_of_val(&user) as u32, &raw mut size)
    };
    if got == 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call filled in this structure, whose identifier lies in the same buffer.
    let sid = unsafe { (*user.as_ptr().cast::<TOKEN_USER>()).User.Sid };
    let mut text = null_mut();
    // SAFETY: the identifier is valid, and the result is written to a pointer of ours.
    if unsafe { ConvertSidToStringSidW(sid, &raw mut text) } == 0 {
        return Err(io::Error::last_os_error());
    }
    let mut units = Vec::new();
    // SAFETY: the text ends with a NUL, and is freed once, after it was read.
    unsafe {
        while *text.add(units.len()) != 0 {
            units.push(*text.add(units.len()));
        }
        LocalFree(text.cast());
    }
    Ok(units)
}

struct Handle(HANDLE);

impl Handle {
    fn new(handle: HANDLE) -> io::Result<Handle> {
        if handle.is_null() { Err(io::Error::last_os_error()) } else { Ok(Handle(handle)) }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the handle is ours and is closed once.
        unsafe { CloseHandle(self.0) };
    }
}

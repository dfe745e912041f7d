//! Unix sockets: where Discord's may lie, and listening on one.
//!
//! The search order is that of the official libraries, widened by the folders into which snap and Flatpak put theirs. A
//! client follows symbolic links (users lay them from the place that games know to the one in a sandbox) and trusts only
//! the user id at the other end. A server follows none: it binds a name that does not exist, or one that a dead server
//! of ours left behind, and removes nothing but the file it made.

use std::fs;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use gamebridge_proto::error::{Error, Status};
use tokio::net::{UnixListener, UnixSocket, UnixStream};

use super::{Environment, Ipc, NUMBERS, Place, name};
use crate::transport::socket::fault;
use crate::transport::{Limits, Socket, Transport};

/// The local socket as a stream.
pub(in crate::transport) type Local = UnixStream;

/// Said behind [`places`] in an error: where else was looked.
pub(in crate::transport) const BELOW: &str = " (snap, Flatpak and Vesktop folders included)";

/// The Flatpak names of Discord and of the client that many use in its place.
const FLATPAKS: [&str; 4] =
    ["com.discordapp.Discord", "com.discordapp.DiscordCanary", "com.discordapp.DiscordPTB", "dev.vencord.Vesktop"];

/// Connections that may wait to be accepted.
const BACKLOG: u32 = 64;

/// How often and how long a starting server waits for another one that is starting in the same folder.
const LOCK_TRIES: u32 = 100;
const LOCK_PAUSE: Duration = Duration::from_millis(5);

fn our_uid() -> u32 {
    // SAFETY: geteuid has no preconditions and cannot fail.
    unsafe { libc::geteuid() }
}

/// The folders in which a socket is looked for (and below which, see [`candidates`]), in order, each once.
pub fn places(environment: Environment<'_>) -> Vec<PathBuf> {
    let mut places: Vec<PathBuf> = ["XDG_RUNTIME_DIR", "TMPDIR", "TMP", "TEMP"]
        .into_iter()
        .filter_map(environment)
        .map(PathBuf::from)
        .chain([PathBuf::from("/tmp"), PathBuf::from(format!("/run/user/{}", our_uid()))])
        .collect();
    if cfg!(target_os = "macos")
        && let Some(temp) = environment("TMPDIR")
        && let Some(parent) = Path::new(&temp).parent()
    {
        places.push(parent.to_owned());
    }
    // A relative folder would depend on where the game was started.
    places.retain(|place| place.is_absolute());
    let mut seen = Vec::new();
    places.retain(|place| {
        // Two names of one folder (`/tmp` and `/private/tmp`) count once, as do `/tmp` and `/tmp/`.
        let real = fs::canonicalize(place).unwrap_or_else(|_| place.components().collect());
        let new = !seen.contains(&real);
        seen.push(real);
        new
    });
    places
}

/// Every path at which Discord's socket may lie, in the order in which to try them; only in folders that exist.
pub fn candidates(environment: Environment<'_>) -> Vec<PathBuf> {
    let mut folders = Vec::new();
    for place in places(environment) {
        let Ok(place) = fs::canonicalize(place) else { continue };
        folders.push(place.clone());
        let mut snaps: Vec<PathBuf> = fs::read_dir(&place)
            .into_iter()
            .flatten()
            .flatten()
            .filter(|entry| entry.file_name().as_encoded_bytes().starts_with(b"snap.discord"))
            .map(|entry| entry.path())
            .collect();
        snaps.sort();
        folders.append(&mut snaps);
        folders.extend(FLATPAKS.map(|app| place.join("app").join(app)));
        folders.extend(FLATPAKS.map(|app| place.join(".flatpak").join(app).join("xdg-run")));
    }
    let mut seen = Vec::new();
    for folder in folders {
        if let Ok(real) = fs::canonicalize(folder)
            && real.is_dir()
            && !seen.contains(&real)
        {
            seen.push(real);
        }
    }
    seen.iter().flat_map(|folder| NUMBERS.map(|number| folder.join(name(number)))).collect()
}

/// Connects to the socket at `path`, if a process of our own user listens there.
///
/// # Errors
/// `Io` when nothing is there or nobody listens; `Auth` when it belongs to another user.
pub async fn connect(path: &Path, limits: Limits) -> Result<Transport, Error> {
    let stream = connect_stream(path)
        .await
        .map_err(|error| Error::new(Status::Io, format!("no connection to {}: {error}", path.display())))?;
    owner_is_us(&stream, &format!("the socket {}", path.display()))?;
    Ok(Transport::Ipc(Ipc::new(Socket::Local(stream), limits)))
}

async fn connect_stream(path: &Path) -> io::Result<UnixStream> {
    fault()?;
    UnixStream::connect(path).await
}

fn owner_is_us(stream: &UnixStream, what: &str) -> Result<(), Error> {
    let us = our_uid();
    let peer = stream
        .peer_cred()
        .map_err(|error| Error::new(Status::Io, format!("{what} does not say whose it is: {error}")))?
        .uid();
    if peer == us {
        return Ok(());
    }
    Err(Error::new(
        Status::Auth,
        format!("{what} belongs to user {peer}, and we are user {us}: nothing was sent to it"),
    ))
}

/// A listening socket that only our own user can reach. Its file, and its folder when that was made for it, go with it.
#[derive(Debug)]
pub struct Listener {
    socket: UnixListener,
    file: OwnFile,
    limits: Limits,
}

impl Listener {
    /// Listens as the first free `discord-ipc-N` of the place.
    ///
    /// # Errors
    /// `Io` with the folder and what is wrong there.
    pub async fn bind(place: &Place, environment: Environment<'_>, limits: Limits) -> Result<Listener, Error> {
        let folder = Folder::of(place, environment)?;
        let lock = FolderLock::take(&folder.path).await;
        let mut taken = Vec::new();
        for number in NUMBERS {
            let path = folder.path.join(name(number));
            match bind(&path, lock.is_some()).await {
                Ok(Some(socket)) => {
                    let file = OwnFile::new(path, folder).map_err(|error| Error::new(Status::Io, error.to_string()))?;
                    return Ok(Listener { socket, file, limits });
                }
                Ok(None) => taken.push(number),
                Err(error) => {
                    return Err(Error::new(Status::Io, format!("cannot listen at {}: {error}", path.display())));
                }
            }
        }
        Err(Error::new(Status::Io, format!("discord-ipc-0 to 9 in {} are all taken", folder.path.display())))
    }

    /// Where it listens.
    pub fn path(&self) -> &Path {
        &self.file.path
    }

    /// The next peer of our own user; others are dropped without a word. Cancel-safe.
    ///
    /// # Errors
    /// `Io` when the system can't accept now (no descriptors left): wait a little before the next try.
    pub async fn accept(&mut self) -> Result<Transport, Error> {
        loop {
            let accepted = match fault() {
                Ok(()) => self.socket.accept().await,
                Err(error) => Err(error),
            };
            let (stream, _) = accepted.map_err(|error| {
                Error::new(Status::Io, format!("cannot accept at {}: {error}", self.path().display()))
            })?;
            if owner_is_us(&stream, "a peer").is_ok() {
                return Ok(Transport::Ipc(Ipc::new(Socket::Local(stream), self.limits)));
            }
        }
    }
}

/// Binds and listens. `None`: the name is in use. A name whose server is dead is taken over when `take_over` says that no
/// other server is starting in this folder; its socket would look just as dead between its bind and its listen.
async fn bind(path: &Path, take_over: bool) -> io::Result<Option<UnixListener>> {
    fault()?;
    for last in [false, true] {
        let socket = UnixSocket::new_stream()?;
        // On Linux the file takes its mode from the socket, so that it is never open to others, not even for a moment;
        // elsewhere this fails and the mode is set below, before anybody can connect.
        // SAFETY: the descriptor is open for as long as `socket` lives.
        unsafe { libc::fchmod(socket.as_raw_fd(), 0o600) };
        match socket.bind(path) {
            Ok(()) => {
                if !cfg!(target_os = "linux") {
                    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
                }
                return socket.listen(BACKLOG).map(Some);
            }
            Err(error) if error.kind() != io::ErrorKind::AddrInUse => return Err(error),
            Err(_) if last || !take_over || !is_stale(path).await? => return Ok(None),
            Err(_) => fs::remove_file(path)?,
        }
    }
    Ok(None)
}

/// Whether a socket of ours lies there with nobody behind it. The link itself is looked at, not what it leads to.
async fn is_stale(path: &Path) -> io::Result<bool> {
    let file = match fs::symlink_metadata(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    if !file.file_type().is_socket() || file.uid() != our_uid() {
        return Ok(false);
    }
    // A server that is too busy to accept gives another error, at once: this connect does not block.
    let probe = UnixStream::connect(path).await;
    Ok(probe.is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused))
}

/// The folder of a listening socket.
#[derive(Debug)]
struct Folder {
    path: PathBuf,
    /// Made for this socket: removed with it.
    ours: bool,
}

impl Folder {
    fn of(place: &Place, environment: Environment<'_>) -> Result<Folder, Error> {
        match place {
            Place::Shared => Ok(Folder { path: PathBuf::from("/tmp"), ours: false }),
            Place::Folder(path) => Ok(Folder { path: path.clone(), ours: false }),
            Place::Private => match environment("XDG_RUNTIME_DIR").map(PathBuf::from) {
                Some(path) if is_private(&path) => Ok(Folder { path, ours: false }),
                _ => Folder::make(environment),
            },
        }
    }

    fn make(environment: Environment<'_>) -> Result<Folder, Error> {
        let parent = environment("TMPDIR").map_or_else(|| PathBuf::from("/tmp"), PathBuf::from);
        let mut number = 0;
        loop {
            let path = parent.join(format!("gamebridge-{}-{number}", std::process::id()));
            // Making a folder follows no link and takes no folder that exists, so nobody can have laid this one.
            match fs::DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => return Ok(Folder { path, ours: true }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
                Err(error) => {
                    return Err(Error::new(
                        Status::Io,
                        format!("cannot make a folder for the socket in {}: {error}", parent.display()),
                    ));
                }
            }
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.ours {
            // Somebody of our user put something else there: then it stays.
            let _ = fs::remove_dir(&self.path);
        }
    }
}

fn is_private(path: &Path) -> bool {
    fs::metadata(path)
        .is_ok_and(|folder| folder.is_dir() && folder.uid() == our_uid() && folder.permissions().mode() & 0o022 == 0)
}

/// The socket's file, known by its inode: another file that took its name meanwhile is not ours to remove.
#[derive(Debug)]
struct OwnFile {
    path: PathBuf,
    inode: (u64, u64),
    _folder: Folder,
}

impl OwnFile {
    fn new(path: PathBuf, folder: Folder) -> io::Result<OwnFile> {
        let file = fs::symlink_metadata(&path)?;
        Ok(OwnFile { path, inode: (file.dev(), file.ino()), _folder: folder })
    }
}

impl Drop for OwnFile {
    fn drop(&mut self) {
        if fs::symlink_metadata(&self.path).is_ok_and(|file| (file.dev(), file.ino()) == self.inode) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Held while a server looks for its name, so that of two that start at once neither takes the other for dead.
struct FolderLock(OwnedFd);

impl FolderLock {
    /// `None` when another user holds it, as they can in a shared folder: then nothing is taken over.
    async fn take(folder: &Path) -> Option<FolderLock> {
        let file = OwnedFd::from(fs::File::open(folder).ok()?);
        for _ in 0..LOCK_TRIES {
            // SAFETY: the descriptor is open for as long as `file` lives.
            if unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) } == 0 {
                return Some(FolderLock(file));
            }
            tokio::time::sleep(LOCK_PAUSE).await;
        }
        None
    }
}

impl Drop for FolderLock {
    fn drop(&mut self) {
        // A child that was forked meanwhile has the descriptor too: closing ours would not be enough.
        // SAFETY: the descriptor is open for as long as `self` lives.
        unsafe { libc::flock(self.0.as_raw_fd(), libc::LOCK_UN) };
    }
}

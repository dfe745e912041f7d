//! The local socket: Discord's IPC, framed with an opcode and a length.
//!
//! Framing here; where to look for a socket and how to listen on one differs by platform and lies in `unix` and `windows`
//! behind the same names: [`places`], [`candidates`], [`connect`], [`Listener`], and the stream itself, `Local`. The one
//! thing to know before changing it: both sides check whose process is at the other end before a byte is sent, because any
//! program of any user may have put a socket of that name where we look (`security.md`, rows 5, 7 and 8).

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;

use gamebridge_proto::error::{Error, Status};
use gamebridge_proto::value::Document;
use gamebridge_proto::wire::ipc::{Decoder, Frame, Opcode};
use gamebridge_proto::wire::json::Object;

use super::{Dying, Framing, Limits, Lost, Outbox, Socket};

#[cfg(unix)]
#[path = "unix.rs"]
mod platform;
#[cfg(windows)]
#[path = "windows.rs"]
mod platform;

pub(super) use platform::{BELOW, Local};
pub use platform::{Listener, candidates, connect, places};

/// The numbers a socket's name may end with: `discord-ipc-0` to `discord-ipc-9`.
pub const NUMBERS: std::ops::RangeInclusive<u8> = 0..=9;

/// The name of the socket with this number.
pub fn name(number: u8) -> String {
    format!("discord-ipc-{number}")
}

/// How the environment is read: a function, so that a test has its own environment. [`process_environment`] is the real
/// one.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// The environment of this process. An empty variable counts as unset.
pub fn process_environment(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// Where a server puts its socket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// `$XDG_RUNTIME_DIR`, or, when it is unset or not ours, a new folder that only we may enter. On Windows the pipe
    /// namespace, which has no folders.
    #[default]
    Private,
    /// `/tmp`, where every user sees the socket: only when the host asks for it.
    Shared,
    /// A folder that the host names.
    Folder(PathBuf),
}

/// A connection over the local socket.
#[derive(Debug)]
pub struct Ipc {
    socket: Socket,
    decoder: Decoder,
    read: usize,
    dying: Option<Box<Dying>>,
    lost: Option<Lost>,
}

impl Ipc {
    pub(super) fn new(socket: Socket, limits: Limits) -> Self {
        Ipc { socket, decoder: Decoder::new(limits.message), read: limits.read, dying: None, lost: None }
    }

    pub(super) fn next_frame(&mut self) -> Result<Option<Frame<'_>>, Lost> {
        if !self.fill()? {
            return Ok(None);
        }
        let lost = match self.decoder.next_frame() {
            Ok(Some(Frame { opcode: Opcode::Close, payload })) => closed(payload),
            Ok(frame) => return Ok(frame),
            Err(error) => error.into(),
        };
        self.lost = Some(lost.clone());
        Err(lost)
    }
}

/// `{"code":4000,"message":"Invalid Client ID"}`; whatever is missing in it, it is a close.
fn closed(payload: &[u8]) -> Lost {
    let mut document = Document::new();
    // What can't be read has no code: the root is missing then.
    let _ = document.parse(payload);
    let code = document.root().get("/code").as_i64().and_then(|code| u16::try_from(code).ok());
    let reason = document.root().get("/message").as_str().unwrap_or_default();
    code.map_or_else(|| Lost::ended("closed by the peer without a code"), |code| Lost::closed(code, reason))
}

impl Framing for Ipc {
    fn socket(&self) -> &Socket {
        &self.socket
    }

    fn flush(&mut self, out: &mut Outbox) -> io::Result<()> {
        while !out.is_empty() {
            match self.socket.write(out.waiting()) {
                Ok(n) => out.wrote(n),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn is_blocked(&self, out: &Outbox) -> bool {
        !out.is_empty()
    }

    fn fill(&mut self) -> Result<bool, Lost> {
        if let Some(lost) = &self.lost {
            return Err(lost.clone());
        }
        while !self.decoder.has_frame() {
            let lost = match self.socket.read(self.decoder.space(self.read)) {
                Ok(0) if self.decoder.pending() > 0 => Lost {
                    code: None,
                    error: Error::new(
                        Status::Closed,
                        format!("the peer went away in the middle of a frame, after {} bytes", self.decoder.pending()),
                    ),
                },
                Ok(0) => Lost::ended("the peer closed the connection"),
                Ok(n) => {
                    self.decoder.filled(n);
                    continue;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) => Lost::io(&error),
            };
            self.lost = Some(lost.clone());
            return Err(lost);
        }
        Ok(true)
    }

    fn dying(&mut self) -> &mut Option<Box<Dying>> {
        &mut self.dying
    }

    fn lost(&self) -> Option<Lost> {
        self.lost.clone()
    }

    fn say_close(&mut self, out: &mut Outbox, code: u16, reason: &str) {
        let mut payload = Vec::new();
        Object::begin(&mut payload).int("code", i64::from(code)).str("message", reason).end();
        out.push(Opcode::Close, &payload);
    }

    fn discard(&mut self) -> bool {
        // A local socket delivers what was written before the end.
        false
    }
}

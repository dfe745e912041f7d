//! What waits to be written, as bytes of the stream.
//!
//! A frame's end is known as a position in the stream, so how many frames the system has taken is exact, whatever it takes
//! at a time.

use std::io;

use gamebridge_proto::wire::websocket::frame::{self, Opcode, Role};

use crate::transport::Socket;

/// How much is staged before the socket has to take some of it. One message may be longer, and is staged alone then.
pub(super) const STAGE: usize = 64 * 1024;

/// How much may be staged beyond that: answers to a peer that sends pings and reads nothing. Later pings have no answer.
const CONTROL: usize = 1024;

/// See the module.
#[derive(Debug)]
pub(super) struct Stage {
    bytes: Vec<u8>,
    /// Bytes at the front that are with the operating system.
    head: usize,
    /// Bytes of the stream before those of `bytes`.
    before: u64,
    masks: Option<Masks>,
}

impl Stage {
    pub(super) fn new(role: Role) -> Self {
        let masks = (role == Role::Client).then(Masks::default);
        Stage { bytes: Vec::new(), head: 0, before: 0, masks }
    }

    /// Whether what is staged is a client's.
    pub(super) fn is_clients(&self) -> bool {
        self.masks.is_some()
    }

    /// Where in the stream the next byte will stand.
    pub(super) fn position(&self) -> u64 {
        self.before + self.bytes.len() as u64
    }

    /// Bytes of the stream that are with the operating system.
    pub(super) fn written(&self) -> u64 {
        self.before + self.head as u64
    }

    pub(super) fn is_empty(&self) -> bool {
        self.head == self.bytes.len()
    }

    /// Whether another message may be staged.
    pub(super) fn has_room(&self) -> bool {
        self.bytes.len() - self.head < STAGE
    }

    /// Bytes that it holds on to.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.bytes.capacity()
    }

    /// Stages bytes that are no frame: the handshake's, or those of a server that is to misbehave.
    pub(super) fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The bytes, when none of them were written.
    #[cfg(feature = "gateway")]
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Stages a frame.
    pub(super) fn frame(&mut self, opcode: Opcode, payload: &[u8]) -> io::Result<()> {
        let mask = match &mut self.masks {
            Some(masks) => Some(masks.next()?),
            None => None,
        };
        frame::write(&mut self.bytes, opcode, mask, payload);
        Ok(())
    }

    /// Stages the answer to a ping, if there is room.
    pub(super) fn pong(&mut self, payload: &[u8]) -> io::Result<()> {
        let room = self.bytes.len() - self.head < STAGE + CONTROL;
        if room { self.frame(Opcode::Pong, payload) } else { Ok(()) }
    }

    /// Writes as much as goes without waiting.
    pub(super) fn flush(&mut self, socket: &mut Socket) -> io::Result<()> {
        while !self.is_empty() {
            match socket.write(&self.bytes[self.head..]) {
                Ok(n) => self.head += n,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        if self.is_empty() || self.head >= STAGE {
            self.before += self.head as u64;
            self.bytes.drain(..self.head);
            self.head = 0;
            if self.bytes.is_empty() {
                self.bytes.shrink_to(STAGE);
            }
        }
        Ok(())
    }
}

/// Masks for a client's frames: fresh and unpredictable for each (RFC 6455 section 10.3), asked of the system 64 at a time.
#[derive(Default)]
struct Masks {
    left: usize,
    pool: Vec<[u8; 4]>,
}

impl Masks {
    fn next(&mut self) -> io::Result<[u8; 4]> {
        if self.left == 0 {
            self.pool.resize(64, [0; 4]);
            getrandom::fill(self.pool.as_flattened_mut()).map_err(io::Error::other)?;
            self.left = self.pool.len();
        }
        self.left -= 1;
        Ok(self.pool[self.left])
    }
}

impl std::fmt::Debug for Masks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Masks")
    }
}

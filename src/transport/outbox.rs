//! What waits to be written on one connection.
//!
//! Frames lie here one after another in the form of the local socket (`wire::ipc`), whatever the transport is: the IPC
//! transport writes these bytes as they are, the WebSocket transport translates frame by frame. The one thing to know
//! before changing it: a frame stays counted until its last byte is with the operating system, because the count decides
//! which commands are sent again after a break and which end as uncertain.

use gamebridge_proto::wire::ipc::{self, Frame, HEADER, Opcode};

/// An empty buffer larger than this is given back, so that one burst is not paid for forever.
const KEEP: usize = 64 * 1024;

/// Frames that wait to be written, oldest first. One belongs to one connection, from its first [`drive`] to its [`close`]:
/// it may hold the rest of a frame that is half written. After a [`Lost`](super::Lost), ask it how much was
/// [`unwritten`](Outbox::unwritten), and take a new one for the next connection.
///
/// [`drive`]: super::Transport::drive
/// [`close`]: super::Transport::close
#[derive(Debug, Default)]
pub struct Outbox {
    buffer: Vec<u8>,
    /// Where the oldest frame begins that is not wholly with the operating system.
    head: usize,
    /// Where the oldest byte lies that no transport took yet; inside the head frame when the transport takes bytes.
    taken: usize,
    frames: usize,
}

impl Outbox {
    /// An empty one. It holds no memory until the first frame.
    pub const fn new() -> Self {
        Outbox { buffer: Vec::new(), head: 0, taken: 0, frames: 0 }
    }

    /// Adds a frame at the end.
    ///
    /// # Panics
    /// When the payload has 4 GiB or more.
    pub fn push(&mut self, opcode: Opcode, payload: &[u8]) {
        ipc::encode(&mut self.buffer, opcode, payload);
        self.frames += 1;
    }

    /// Moves all frames of `other`, of which nothing was written yet, behind those that wait here.
    pub fn append(&mut self, other: &mut Outbox) {
        debug_assert_eq!(other.taken, 0, "frames move before they are written");
        self.buffer.append(&mut other.buffer);
        self.frames += std::mem::take(&mut other.frames);
        if other.buffer.capacity() > KEEP {
            other.buffer = Vec::new();
        }
    }

    /// Whether everything is with the operating system.
    pub fn is_empty(&self) -> bool {
        self.frames == 0
    }

    /// How many of the frames pushed last are not wholly with the operating system. A frame of which a part was written
    /// counts: its peer can't have understood it.
    pub fn unwritten(&self) -> usize {
        self.frames
    }

    /// Bytes held for frames that are not wholly written: what a driver compares with its cap, to lose a peer that does
    /// not read.
    pub fn bytes(&self) -> usize {
        self.buffer.len() - self.head
    }

    /// The bytes that no transport took yet.
    pub(super) fn waiting(&self) -> &[u8] {
        &self.buffer[self.taken..]
    }

    /// Says that the first `n` bytes of [`waiting`](Outbox::waiting) are with the operating system.
    pub(super) fn wrote(&mut self, n: usize) {
        self.taken += n;
        while self.frames > 0 && self.head + self.head_size() <= self.taken {
            self.written();
        }
    }

    /// The next frame that no transport took yet, taken now: it stays counted until [`written`](Outbox::written).
    pub fn take(&mut self) -> Option<Frame<'_>> {
        let frame = &self.buffer[self.taken..];
        let (code, length) = header(frame)?;
        let opcode = Opcode::from_code(code).expect("only `push` writes here");
        self.taken += HEADER + length;
        Some(Frame { opcode, payload: &frame[HEADER..HEADER + length] })
    }

    /// Says that the oldest frame is wholly with the operating system.
    pub(super) fn written(&mut self) {
        if self.frames == 0 {
            // The frame was taken from another outbox, which this one replaced.
            return;
        }
        self.head += self.head_size();
        self.frames -= 1;
        if self.frames == 0 {
            self.buffer.clear();
            (self.head, self.taken) = (0, 0);
            if self.buffer.capacity() > KEEP {
                self.buffer = Vec::new();
            }
        } else if self.head > KEEP && self.head > self.buffer.len() / 2 {
            self.buffer.drain(..self.head);
            self.taken -= self.head;
            self.head = 0;
        }
    }

    fn head_size(&self) -> usize {
        header(&self.buffer[self.head..]).map_or(0, |(_, length)| HEADER + length)
    }
}

fn header(bytes: &[u8]) -> Option<(u32, usize)> {
    let (code, rest) = bytes.split_first_chunk()?;
    let length = rest.first_chunk()?;
    Some((u32::from_le_bytes(*code), u32::from_le_bytes(*length) as usize))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_counts_until_its_last_byte_is_written() {
        let mut out = Outbox::new();
        out.push(Opcode::Frame, b"one");
        out.push(Opcode::Frame, b"");
        out.push(Opcode::Ping, b"three");
        let total = out.bytes();
        assert_eq!(total, 3 * HEADER + 8);
        let mut left = Vec::new();
        for _ in 0..total {
            out.wrote(1);
            left.push(out.unwritten());
        }
        let expected: Vec<usize> = (1..=total)
            .map(|written| 3 - [HEADER + 3, 2 * HEADER + 3, total].iter().filter(|end| **end <= written).count())
            .collect();
        assert_eq!(left, expected);
        assert!(out.is_empty());
        assert_eq!(out.bytes(), 0);
    }

    #[test]
    fn frames_taken_whole_stay_counted_until_they_are_written() {
        let mut out = Outbox::new();
        out.push(Opcode::Handshake, b"h");
        out.push(Opcode::Frame, b"f");
        assert_eq!(out.take(), Some(Frame { opcode: Opcode::Handshake, payload: b"h" }));
        assert_eq!(out.take(), Some(Frame { opcode: Opcode::Frame, payload: b"f" }));
        assert_eq!(out.take(), None);
        assert_eq!(out.unwritten(), 2);
        out.written();
        assert_eq!(out.unwritten(), 1);
        out.push(Opcode::Pong, b"p");
        assert_eq!(out.take(), Some(Frame { opcode: Opcode::Pong, payload: b"p" }));
        out.written();
        out.written();
        assert!(out.is_empty());
    }

    #[test]
    fn memory_stays_flat_while_frames_come_and_go() {
        let mut out = Outbox::new();
        out.push(Opcode::Frame, &[b'x'; 1000]);
        for _ in 0..10_000 {
            out.push(Opcode::Frame, &[b'x'; 1000]);
            out.wrote(HEADER + 1000);
        }
        assert_eq!(out.unwritten(), 1);
        assert!(out.buffer.capacity() < 4 * KEEP, "{}", out.buffer.capacity());
    }
}

//! From the stream's bytes to messages.
//!
//! The bytes lie in a buffer that the reader borrows ([`Spare`]) while it holds any: one buffer serves all connections
//! that are quiet, so an idle one costs nothing here, and a busy one reads in large steps. (Each read of a flood over
//! TCP is answered by the system with a window update; read 16 KiB at a time, those cost as much as all else.)
//! A message in one frame is a slice of that buffer and is copied nowhere. The one thing to know before changing it: what
//! [`Reader::next`] returns points into the buffer, and stays there until the next call of `next` or `space`.

use std::ops::Range;

use super::frame::{self, Head, Opcode, Refusal, Role, code};

/// A larger buffer is given back to the system, and so are fragments that needed more.
const KEEP: usize = 256 * 1024;

/// The buffer that no reader has borrowed: one for all readers that take turns.
#[derive(Debug, Default)]
pub struct Spare(Vec<u8>);

impl Spare {
    /// None yet.
    pub const fn new() -> Self {
        Spare(Vec::new())
    }

    /// The spare buffer, or a new one, of at least this size.
    fn borrow(&mut self, size: usize) -> Vec<u8> {
        if self.0.len() >= size { std::mem::take(&mut self.0) } else { vec![0; size] }
    }

    /// Keeps the largest buffer within bounds.
    fn give_back(&mut self, buffer: Vec<u8>) {
        if buffer.len() <= KEEP && self.0.len() < buffer.len() {
            self.0 = buffer;
        }
    }
}

/// Cuts one direction of one connection.
#[derive(Debug)]
pub struct Reader {
    role: Role,
    /// Bytes of the longest message.
    max_message: usize,
    /// Bytes of the smallest buffer to read into.
    read: usize,
    /// Borrowed while there is something in it; what was not taken is `start..end`.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// The size of the frame that is under way, as far as it is known; 0 when none is.
    wanted: usize,
    /// The message that comes in fragments: its kind, and what is there.
    fragments: Vec<u8>,
    of: Option<Opcode>,
    /// How many fragments it has so far.
    pieces: usize,
}

/// What came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// UTF-8: it was looked at.
    Text(Place),
    /// Any bytes.
    Binary(Place),
    /// To be answered.
    Ping(Range<usize>),
    /// An answer.
    Pong(Range<usize>),
    /// The last that the peer says; [`super::close`] reads it.
    Close(Range<usize>),
}

/// Where a message lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// It came in one frame.
    Buffer(Range<usize>),
    /// It came in several.
    Fragments,
}

impl Reader {
    /// A reader at this end of a connection, that refuses messages of more than `max_message` bytes and reads `read` bytes
    /// at a time, or more. It holds no memory until the first read.
    pub fn new(role: Role, max_message: usize, read: usize) -> Self {
        Reader {
            role,
            max_message,
            read,
            buffer: Vec::new(),
            start: 0,
            end: 0,
            wanted: 0,
            fragments: Vec::new(),
            of: None,
            pieces: 0,
        }
    }

    /// Takes bytes that were read elsewhere, as if they had been read now.
    pub fn arrive(&mut self, spare: &mut Spare, mut bytes: &[u8]) {
        self.wanted = self.pending().len() + bytes.len();
        while !bytes.is_empty() {
            let space = self.space(spare);
            let n = space.len().min(bytes.len());
            space[..n].copy_from_slice(&bytes[..n]);
            self.filled(n);
            bytes = &bytes[n..];
        }
    }

    /// Memory to read into. What was returned before is gone.
    ///
    /// It grows when a frame needs more than it has: to twice of what has arrived, and no further than that frame.
    pub fn space(&mut self, spare: &mut Spare) -> &mut [u8] {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
            if self.buffer.len() > KEEP {
                self.buffer = Vec::new();
            }
        }
        if self.buffer.is_empty() {
            self.buffer = spare.borrow(self.read);
        }
        let room = self.buffer.len() - self.end;
        if self.start > 0 && (room < self.buffer.len() / 2 || room < self.wanted) {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        if self.end == self.buffer.len() {
            let size = (2 * self.end).min(self.wanted).max(self.end + frame::MAX_HEAD);
            self.buffer.reserve_exact(size - self.end);
            self.buffer.resize(size, 0);
        }
        &mut self.buffer[self.end..]
    }

    /// Says that the first `n` bytes of the last space were read into.
    pub fn filled(&mut self, n: usize) {
        self.end += n;
    }

    /// What was read and not taken.
    pub fn pending(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Says that the first `n` bytes of what is pending are of no interest.
    pub fn skip(&mut self, n: usize) {
        self.start += n;
    }

    /// Before the connection waits: lends the buffer to others when there is nothing in it.
    pub fn rest(&mut self, spare: &mut Spare) {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
            spare.give_back(std::mem::take(&mut self.buffer));
        }
    }

    /// The bytes of a message.
    pub fn bytes(&self, place: &Place) -> &[u8] {
        match place {
            Place::Buffer(range) => &self.buffer[range.clone()],
            Place::Fragments => &self.fragments,
        }
    }

    /// The bytes of a control frame.
    pub fn control(&self, range: &Range<usize>) -> &[u8] {
        &self.buffer[range.clone()]
    }

    /// The next message that is wholly in; `None` when more has to be read first.
    ///
    /// # Errors
    /// What ends the connection, as soon as the bytes say so. The stream cannot be followed after that.
    #[expect(clippy::should_implement_trait, reason = "an iterator could not say that more has to be read")]
    pub fn next(&mut self) -> Result<Option<Message>, Refusal> {
        if self.of.is_none() && !self.fragments.is_empty() {
            self.fragments.clear();
            if self.fragments.capacity() > KEEP {
                self.fragments = Vec::new();
            }
        }
        loop {
            let arrived = &self.buffer[self.start..self.end];
            self.wanted = 0;
            let Some(head) = Head::read(arrived, self.role)? else { return Ok(None) };
            let length = self.allowed(&head)?;
            self.wanted = head.size + length;
            if arrived.len() < self.wanted {
                return Ok(None);
            }
            let payload = self.start + head.size..self.start + self.wanted;
            self.start += self.wanted;
            self.wanted = 0;
            if let Some(mask) = head.mask {
                frame::apply(mask, &mut self.buffer[payload.clone()]);
            }
            if let Some(message) = self.message(&head, payload)? {
                return Ok(Some(message));
            }
        }
    }

    /// The length of the payload, once it is known that it may be so long here.
    fn allowed(&self, head: &Head) -> Result<usize, Refusal> {
        match (head.opcode, self.of) {
            (Opcode::Continuation, None) => {
                return Err(Refusal::new(code::PROTOCOL, "a fragment goes on with a message that never began"));
            }
            (Opcode::Text | Opcode::Binary, Some(_)) => {
                return Err(Refusal::new(code::PROTOCOL, "a message begins before the last one has ended"));
            }
            _ => {}
        }
        let before = if head.opcode == Opcode::Continuation { self.fragments.len() } else { 0 };
        let total = head.payload.saturating_add(before as u64);
        match usize::try_from(total) {
            Ok(total) if total <= self.max_message => Ok(total - before),
            _ if head.opcode.is_control() => Ok(head.payload as usize),
            _ => {
                let sentence = format!("a message has {total} bytes; {} are allowed", self.max_message);
                Err(Refusal::new(code::TOO_LONG, sentence))
            }
        }
    }

    fn message(&mut self, head: &Head, payload: Range<usize>) -> Result<Option<Message>, Refusal> {
        let (kind, place) = match head.opcode {
            Opcode::Ping => return Ok(Some(Message::Ping(payload))),
            Opcode::Pong => return Ok(Some(Message::Pong(payload))),
            Opcode::Close => return Ok(Some(Message::Close(payload))),
            Opcode::Continuation => {
                self.pieces += 1;
                if self.pieces > self.max_message && !head.last {
                    // Empty ones would otherwise go on for ever, and never be a message that counts.
                    return Err(Refusal::new(code::TOO_LONG, "a message has more fragments than it may have bytes"));
                }
                self.fragments.extend_from_slice(&self.buffer[payload]);
                match self.of.filter(|_| head.last) {
                    Some(kind) => (kind, Place::Fragments),
                    None => return Ok(None),
                }
            }
            kind if head.last => (kind, Place::Buffer(payload)),
            kind => {
                self.fragments.extend_from_slice(&self.buffer[payload]);
                (self.of, self.pieces) = (Some(kind), 1);
                return Ok(None);
            }
        };
        if place == Place::Fragments {
            self.of = None;
        }
        if kind == Opcode::Binary {
            return Ok(Some(Message::Binary(place)));
        }
        // Of fragments a character may be in two: only the whole is text.
        if simdutf8::basic::from_utf8(self.bytes(&place)).is_err() {
            return Err(Refusal::new(code::INVALID, "a text message is not UTF-8"));
        }
        Ok(Some(Message::Text(place)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const READ: usize = 64;

    fn reader() -> Reader {
        Reader::new(Role::Client, 1000, READ)
    }

    /// Feeds bytes in steps of `per_read`, and notes what comes out.
    fn read(
        reader: &mut Reader,
        spare: &mut Spare,
        bytes: &[u8],
        per_read: usize,
    ) -> Result<Vec<(char, Vec<u8>)>, Refusal> {
        let (mut from, mut got) = (bytes, Vec::new());
        loop {
            while let Some(message) = reader.next()? {
                got.push(match &message {
                    Message::Text(place) => ('t', reader.bytes(place).to_vec()),
                    Message::Binary(place) => ('b', reader.bytes(place).to_vec()),
                    Message::Ping(range) => ('i', reader.control(range).to_vec()),
                    Message::Pong(range) => ('o', reader.control(range).to_vec()),
                    Message::Close(range) => ('c', reader.control(range).to_vec()),
                });
            }
            if from.is_empty() {
                return Ok(got);
            }
            reader.rest(spare);
            let space = reader.space(spare);
            let n = per_read.min(from.len()).min(space.len());
            space[..n].copy_from_slice(&from[..n]);
            reader.filled(n);
            from = &from[n..];
        }
    }

    fn fragment(opcode: Opcode, last: bool, payload: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        frame::write(&mut bytes, opcode, None, payload);
        bytes[0] &= if last { 0xff } else { 0x7f };
        bytes
    }

    #[test]
    fn messages_come_out_the_same_wherever_the_stream_is_cut() {
        let parts = [
            fragment(Opcode::Text, true, b"{}"),
            fragment(Opcode::Text, true, &[b'x'; 900]),
            fragment(Opcode::Text, false, "ü".as_bytes().split_at(1).0),
            fragment(Opcode::Ping, true, b"between"),
            fragment(Opcode::Continuation, false, b""),
            fragment(Opcode::Continuation, true, "ü".as_bytes().split_at(1).1),
            fragment(Opcode::Binary, true, &[0xff; 200]),
            fragment(Opcode::Text, true, b""),
            fragment(Opcode::Pong, true, b""),
            fragment(Opcode::Close, true, b"\x03\xe8bye"),
        ];
        let expected = [
            ('t', b"{}".to_vec()),
            ('t', vec![b'x'; 900]),
            ('i', b"between".to_vec()),
            ('t', "ü".as_bytes().to_vec()),
            ('b', vec![0xff; 200]),
            ('t', Vec::new()),
            ('o', Vec::new()),
            ('c', b"\x03\xe8bye".to_vec()),
        ];
        let bytes = parts.concat();
        for per_read in (1..80).chain([500, 5000]) {
            let (mut reader, mut spare) = (reader(), Spare::new());
            assert_eq!(read(&mut reader, &mut spare, &bytes, per_read).expect("well formed"), expected, "{per_read}");
        }
        let (mut reader, mut spare) = (reader(), Spare::new());
        reader.arrive(&mut spare, &bytes);
        assert_eq!(read(&mut reader, &mut spare, &[], 1).expect("well formed"), expected);
    }

    #[test]
    fn what_breaks_the_rules_is_refused_with_its_code() {
        let cases = [
            (fragment(Opcode::Text, true, b"\xff"), code::INVALID, "not UTF-8"),
            (fragment(Opcode::Text, true, &[b'x'; 1001]), code::TOO_LONG, "a message has 1001 bytes; 1000 are allowed"),
            (
                [fragment(Opcode::Text, false, &[b'x'; 600]), fragment(Opcode::Continuation, true, &[b'x'; 600])]
                    .concat(),
                code::TOO_LONG,
                "a message has 1200 bytes",
            ),
            (fragment(Opcode::Continuation, true, b"x"), code::PROTOCOL, "never began"),
            (
                [fragment(Opcode::Text, false, b"x"), fragment(Opcode::Text, true, b"x")].concat(),
                code::PROTOCOL,
                "before the last one has ended",
            ),
            (
                [fragment(Opcode::Text, false, b""), fragment(Opcode::Continuation, false, b"").repeat(1000)].concat(),
                code::TOO_LONG,
                "more fragments than it may have bytes",
            ),
            (b"\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff".to_vec(), code::TOO_LONG, "are allowed"),
        ];
        for (bytes, code, words) in cases {
            let refusal = read(&mut reader(), &mut Spare::new(), &bytes, 10_000).expect_err(words);
            assert_eq!(refusal.code, code, "{words}");
            assert!(refusal.error.message.contains(words), "{}", refusal.error.message);
        }
    }

    #[test]
    fn memory_follows_what_arrived_and_not_what_was_announced() {
        let mut reader = Reader::new(Role::Client, 64 << 20, READ);
        let mut bytes = b"\x82\x7f\0\0\0\0\x03\0\0\0".to_vec();
        bytes.resize(1000, 0);
        assert!(read(&mut reader, &mut Spare::new(), &bytes, 10_000).expect("so far").is_empty());
        assert!(reader.buffer.len() <= 2048, "{}", reader.buffer.len());
    }

    #[test]
    fn a_quiet_connection_holds_no_buffer_and_all_share_one() {
        let mut readers: Vec<Reader> = (0..100).map(|_| reader()).collect();
        let mut spare = Spare::new();
        for reader in &mut readers {
            read(reader, &mut spare, &fragment(Opcode::Text, true, b"{}"), 1000).expect("well formed");
            reader.rest(&mut spare);
        }
        assert!(readers.iter().all(|reader| reader.buffer.capacity() == 0));
        assert_eq!(spare.0.len(), READ);
    }
}

//! Frames of Discord's local socket: an opcode and a length, both u32 little-endian, and that many bytes of JSON.
//!
//! Codec only: who may send which opcode when is the machines' business. The one thing to know before changing it: the
//! length in a header is a claim of the peer. It is compared with the limit before anything else, and memory follows the
//! bytes that arrived, never the claim. Two frames may come in one read and one frame in many, so nothing here may
//! depend on where reads end. Source: `transport.ipc` of the protocol inventory (`rpc.yaml`).

use crate::error::ProtocolError;

/// Bytes before the payload.
pub const HEADER: usize = 8;

/// The smallest growth of a read buffer.
const STEP: usize = 4096;

/// A buffer that is larger than this is given back once it is empty, so that one large frame is not paid for forever.
const KEEP: usize = 64 * 1024;

/// What a frame is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum Opcode {
    /// The client's first frame: `{"v":1,"client_id":".."}`.
    Handshake = 0,
    /// A command, a reply or an event.
    Frame = 1,
    /// The sender is about to close: `{"code":..,"message":".."}`.
    Close = 2,
    /// Asks for a [`Opcode::Pong`] with the same payload.
    Ping = 3,
    /// The answer to a [`Opcode::Ping`].
    Pong = 4,
}

impl Opcode {
    /// Every opcode, by its number.
    pub const ALL: [Opcode; 5] = [Opcode::Handshake, Opcode::Frame, Opcode::Close, Opcode::Ping, Opcode::Pong];

    /// The opcode of this number, if there is one.
    pub fn from_code(code: u32) -> Option<Opcode> {
        Opcode::ALL.get(usize::try_from(code).ok()?).copied()
    }
}

/// One frame, in the decoder's buffer. A WebSocket message becomes an [`Opcode::Frame`] of this, so that machines see one
/// form whatever the transport is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// What it is for.
    pub opcode: Opcode,
    /// JSON text, not looked at yet.
    pub payload: &'a [u8],
}

/// Appends a frame.
///
/// # Panics
/// When the payload has 4 GiB or more, which the header cannot say.
pub fn encode(out: &mut Vec<u8>, opcode: Opcode, payload: &[u8]) {
    let length = u32::try_from(payload.len()).expect("a frame's payload is shorter than 4 GiB");
    out.reserve(HEADER + payload.len());
    out.extend_from_slice(&(opcode as u32).to_le_bytes());
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(payload);
}

/// Cuts a stream of bytes into frames.
///
/// Read into [`Decoder::space`], say how much with [`Decoder::filled`], then take frames until there is none:
///
/// ```
/// # use gamebridge_proto::wire::ipc::{Decoder, Opcode, encode};
/// # let mut arrived = Vec::new();
/// # encode(&mut arrived, Opcode::Ping, b"{}");
/// let mut decoder = Decoder::new(64 * 1024);
/// let space = decoder.space(arrived.len());
/// space[..arrived.len()].copy_from_slice(&arrived);
/// decoder.filled(arrived.len());
/// while let Some(frame) = decoder.next_frame()? {
///     assert_eq!((frame.opcode, frame.payload), (Opcode::Ping, &b"{}"[..]));
/// }
/// # Ok::<(), gamebridge_proto::error::Error>(())
/// ```
#[derive(Debug)]
pub struct Decoder {
    max_payload: usize,
    /// Initialised memory; what arrived and was not taken is `start..end`.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

impl Decoder {
    /// A decoder that refuses payloads of more than `max_payload` bytes. It holds no memory until the first read.
    pub fn new(max_payload: usize) -> Self {
        Decoder { max_payload, buffer: Vec::new(), start: 0, end: 0 }
    }

    /// Memory to read into: `at_least` bytes, or more when there is more. Frames taken before are gone.
    ///
    /// Memory grows by `at_least` or by as much as has arrived, whichever is more, and no further than the frame that is
    /// under way needs.
    pub fn space(&mut self, at_least: usize) -> &mut [u8] {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
            if self.buffer.len() > KEEP && at_least <= KEEP {
                self.buffer = Vec::new();
            }
        }
        if self.buffer.len() - self.end < at_least && self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        let needed = self.end + at_least;
        if self.buffer.len() < needed {
            let doubled = (2 * self.end).min(self.under_way()).max(needed);
            let size = doubled.next_multiple_of(STEP);
            self.buffer.reserve_exact(size - self.buffer.len());
            self.buffer.resize(size, 0);
        }
        &mut self.buffer[self.end..]
    }

    /// Says that the first `n` bytes of the last [`Decoder::space`] were read into. More than that space is cut to it.
    pub fn filled(&mut self, n: usize) {
        self.end = self.end.saturating_add(n).min(self.buffer.len());
    }

    /// Bytes that arrived and were not taken as frames.
    pub fn pending(&self) -> usize {
        self.end - self.start
    }

    /// Whether [`Decoder::next_frame`] has something to say: a whole frame, or an error. A driver asks this before it
    /// waits for the socket.
    pub fn has_frame(&self) -> bool {
        let arrived = &self.buffer[self.start..self.end];
        match (word(arrived, 0), word(arrived, 4)) {
            (Some(code), _) if Opcode::from_code(code).is_none() => true,
            (_, Some(length)) => length as usize > self.max_payload || arrived.len() >= HEADER + length as usize,
            _ => false,
        }
    }

    /// The next frame that is wholly in; `None` when more has to be read first.
    ///
    /// # Errors
    /// An opcode that does not exist or a length over the limit, as soon as the header says so. The stream cannot be
    /// followed after that: every further call gives the same error.
    pub fn next_frame(&mut self) -> Result<Option<Frame<'_>>, ProtocolError> {
        let arrived = &self.buffer[self.start..self.end];
        let Some(code) = word(arrived, 0) else { return Ok(None) };
        let Some(opcode) = Opcode::from_code(code) else {
            return Err(ProtocolError::protocol(format!("a frame has opcode {code}; 0 to 4 expected")));
        };
        let Some(length) = word(arrived, 4) else { return Ok(None) };
        if length as usize > self.max_payload {
            return Err(ProtocolError::protocol(format!(
                "a frame announces {length} bytes; {} are allowed",
                self.max_payload
            )));
        }
        let total = HEADER.saturating_add(length as usize);
        if arrived.len() < total {
            return Ok(None);
        }
        let payload = self.start + HEADER..self.start + total;
        self.start += total;
        Ok(Some(Frame { opcode, payload: &self.buffer[payload] }))
    }

    /// The size of the frame whose beginning stands at the front, once its header is in and allowed; else 0.
    fn under_way(&self) -> usize {
        match word(&self.buffer[self.start..self.end], 4) {
            Some(length) if length as usize <= self.max_payload => HEADER.saturating_add(length as usize),
            _ => 0,
        }
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: usize = 1000;

    fn arrive(decoder: &mut Decoder, mut bytes: &[u8], per_read: usize) -> Vec<(Opcode, Vec<u8>)> {
        let mut frames = Vec::new();
        while !bytes.is_empty() {
            let n = per_read.min(bytes.len());
            decoder.space(n)[..n].copy_from_slice(&bytes[..n]);
            decoder.filled(n);
            bytes = &bytes[n..];
            while let Some(frame) = decoder.next_frame().expect("frames are well formed") {
                frames.push((frame.opcode, frame.payload.to_vec()));
            }
        }
        frames
    }

    fn refusal(header: &[u8]) -> String {
        let mut decoder = Decoder::new(LIMIT);
        decoder.space(header.len())[..header.len()].copy_from_slice(header);
        decoder.filled(header.len());
        let first = decoder.next_frame().expect_err("the header is refused").to_string();
        assert_eq!(decoder.next_frame().expect_err("and stays refused").to_string(), first);
        first
    }

    #[test]
    fn writes_opcode_and_length_little_endian() {
        let mut out = b"before".to_vec();
        encode(&mut out, Opcode::Close, b"{\"code\":4000}");
        assert_eq!(out, b"before\x02\0\0\0\x0d\0\0\0{\"code\":4000}");
    }

    #[test]
    fn every_opcode_is_found_by_its_number() {
        for (code, opcode) in Opcode::ALL.into_iter().enumerate() {
            assert_eq!(opcode as usize, code);
            assert_eq!(Opcode::from_code(code as u32), Some(opcode));
        }
        assert_eq!(Opcode::from_code(5), None);
        assert_eq!(Opcode::from_code(u32::MAX), None);
    }

    #[test]
    fn frames_do_not_depend_on_where_reads_end() {
        let sent: Vec<(Opcode, Vec<u8>)> = vec![
            (Opcode::Handshake, br#"{"v":1,"client_id":"1"}"#.to_vec()),
            (Opcode::Ping, Vec::new()),
            (Opcode::Frame, vec![b'x'; LIMIT]),
            (Opcode::Pong, b"{}".to_vec()),
            (Opcode::Close, b"{}".to_vec()),
        ];
        let mut wire = Vec::new();
        for (opcode, payload) in &sent {
            encode(&mut wire, *opcode, payload);
        }
        for per_read in 1..=wire.len() {
            let mut decoder = Decoder::new(LIMIT);
            assert_eq!(arrive(&mut decoder, &wire, per_read), sent, "{per_read} bytes per read");
            assert_eq!(decoder.pending(), 0);
        }
    }

    #[test]
    fn an_unfinished_frame_is_waited_for() {
        let mut wire = Vec::new();
        encode(&mut wire, Opcode::Frame, b"{}");
        for cut in 0..wire.len() {
            let mut decoder = Decoder::new(LIMIT);
            assert_eq!(arrive(&mut decoder, &wire[..cut], 64), []);
            assert_eq!(decoder.pending(), cut);
            assert_eq!(arrive(&mut decoder, &wire[cut..], 64).len(), 1);
        }
    }

    #[test]
    fn refuses_an_unknown_opcode_before_the_length_arrives() {
        assert_eq!(refusal(&[5, 0, 0, 0]), "protocol error: a frame has opcode 5; 0 to 4 expected");
        assert!(refusal(b"GET / HTTP").contains("opcode 542393671"));
    }

    #[test]
    fn refuses_a_length_over_the_limit_from_the_header_alone() {
        assert_eq!(
            refusal(&[1, 0, 0, 0, 0xE9, 3, 0, 0]),
            "protocol error: a frame announces 1001 bytes; 1000 are allowed"
        );
        assert!(refusal(&[1, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF]).contains("4294967295"));
    }

    #[test]
    fn memory_follows_what_arrived_and_not_what_was_announced() {
        const ANNOUNCED: u32 = 16 << 20;
        let mut decoder = Decoder::new(ANNOUNCED as usize);
        let mut header = 1u32.to_le_bytes().to_vec();
        header.extend_from_slice(&ANNOUNCED.to_le_bytes());
        assert_eq!(arrive(&mut decoder, &header, 8), []);
        decoder.space(STEP);
        assert!(decoder.buffer.capacity() <= 3 * STEP, "{} bytes for a header", decoder.buffer.capacity());

        let mut arrived = HEADER;
        while arrived < HEADER + ANNOUNCED as usize {
            let n = decoder.space(STEP).len().min(HEADER + ANNOUNCED as usize - arrived);
            decoder.filled(n);
            assert!(decoder.buffer.capacity() <= 2 * arrived + 3 * STEP, "{arrived} bytes arrived");
            arrived += n;
        }
        assert!(decoder.buffer.capacity() <= HEADER + ANNOUNCED as usize + 2 * STEP);
        assert_eq!(decoder.next_frame().map(|frame| frame.map(|frame| frame.payload.len())), Ok(Some(16 << 20)));
    }

    #[test]
    fn memory_of_a_large_frame_is_given_back() {
        let mut wire = Vec::new();
        encode(&mut wire, Opcode::Frame, &vec![b' '; 1 << 20]);
        let mut decoder = Decoder::new(1 << 20);
        assert_eq!(arrive(&mut decoder, &wire, 4096).len(), 1);
        decoder.space(STEP);
        assert_eq!(decoder.buffer.capacity(), STEP);
    }

    #[test]
    fn a_steady_stream_of_small_frames_needs_one_buffer() {
        let mut wire = Vec::new();
        encode(&mut wire, Opcode::Frame, &[b' '; 700]);
        let mut decoder = Decoder::new(LIMIT);
        for _ in 0..10_000 {
            assert_eq!(arrive(&mut decoder, &wire, 501).len(), 1);
        }
        assert_eq!(decoder.buffer.capacity(), STEP);
    }
}

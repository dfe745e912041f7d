//! One frame's head (RFC 6455 section 5.2), read and written, and the mask over a client's payloads.

use crate::error::{Error, ProtocolError};

/// Which end of the connection this is. A client masks its payloads and a server does not; each refuses the opposite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It connected.
    Client,
    /// It was connected to.
    Server,
}

/// The close codes that this side says by itself (RFC 6455 section 7.4.1).
pub mod code {
    /// The framing was broken.
    pub const PROTOCOL: u16 = 1002;
    /// A kind of message that has no meaning here.
    pub const UNSUPPORTED: u16 = 1003;
    /// A message is not what its kind says: text that is not UTF-8, a term that is none.
    pub const INVALID: u16 = 1007;
    /// A message is over the limit.
    pub const TOO_LONG: u16 = 1009;
}

/// Whether a code may stand in a close frame: those that the RFC defines for it, and those of frameworks and applications.
pub fn may_be_said(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

/// What a peer did that ends the connection: the close code that tells it, and the sentence that tells us.
#[derive(Debug)]
pub struct Refusal {
    /// The close code.
    pub code: u16,
    /// The sentence.
    pub error: ProtocolError,
}

impl Refusal {
    /// Both together.
    pub fn new(code: u16, sentence: impl Into<std::borrow::Cow<'static, str>>) -> Self {
        Refusal { code, error: Error::protocol(sentence) }
    }

    fn protocol(sentence: &'static str) -> Self {
        Refusal::new(code::PROTOCOL, sentence)
    }
}

/// What a frame is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opcode {
    /// Goes on with a message that a frame before has begun.
    Continuation = 0,
    /// Begins a message of UTF-8.
    Text = 1,
    /// Begins a message of bytes.
    Binary = 2,
    /// The sender says nothing more.
    Close = 8,
    /// Asks for a [`Opcode::Pong`] with the same payload.
    Ping = 9,
    /// The answer to a [`Opcode::Ping`].
    Pong = 10,
}

impl Opcode {
    fn of(bits: u8) -> Option<Opcode> {
        Some(match bits {
            0 => Opcode::Continuation,
            1 => Opcode::Text,
            2 => Opcode::Binary,
            8 => Opcode::Close,
            9 => Opcode::Ping,
            10 => Opcode::Pong,
            _ => return None,
        })
    }

    /// Whether it may come between the fragments of a message.
    pub fn is_control(self) -> bool {
        self as u8 & 8 != 0
    }
}

/// The payload of a control frame, in bytes, at most.
pub const MAX_CONTROL: usize = 125;
/// The longest head: two bytes, a length of eight, a mask of four.
pub const MAX_HEAD: usize = 14;

/// What stands before a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// What the frame is for.
    pub opcode: Opcode,
    /// Whether the message ends with this frame.
    pub last: bool,
    /// What lies over the payload.
    pub mask: Option<[u8; 4]>,
    /// Bytes of the head itself.
    pub size: usize,
    /// Bytes of the payload, as the peer says.
    pub payload: u64,
}

impl Head {
    /// Reads the head at the front; `None` when it is not wholly there. `role` is the reader's own.
    ///
    /// # Errors
    /// What no head may be, as soon as the bytes say so.
    pub fn read(bytes: &[u8], role: Role) -> Result<Option<Head>, Refusal> {
        let [first, second, ..] = *bytes else { return Ok(None) };
        if first & 0x70 != 0 {
            return Err(Refusal::protocol("a frame has reserved bits set, and no extension was agreed on"));
        }
        let Some(opcode) = Opcode::of(first & 0x0f) else {
            return Err(Refusal::protocol("a frame has an opcode that RFC 6455 does not know"));
        };
        let (last, masked, short) = (first & 0x80 != 0, second & 0x80 != 0, second & 0x7f);
        match role {
            Role::Server if !masked => return Err(Refusal::protocol("a client's frame is not masked")),
            Role::Client if masked => return Err(Refusal::protocol("a server's frame is masked")),
            _ => {}
        }
        if opcode.is_control() && (!last || usize::from(short) > MAX_CONTROL) {
            return Err(Refusal::protocol("a control frame is in fragments or longer than 125 bytes"));
        }
        let (payload, mut size) = match short {
            126 => match bytes.get(2..4).and_then(|length| length.first_chunk()) {
                Some(length) => (u64::from(u16::from_be_bytes(*length)), 4),
                None => return Ok(None),
            },
            127 => match bytes.get(2..10).and_then(|length| length.first_chunk()) {
                Some(length) => (u64::from_be_bytes(*length), 10),
                None => return Ok(None),
            },
            short => (u64::from(short), 2),
        };
        let mask = if masked {
            let Some(mask) = bytes.get(size..size + 4).and_then(|mask| mask.first_chunk()) else { return Ok(None) };
            size += 4;
            Some(*mask)
        } else {
            None
        };
        Ok(Some(Head { opcode, last, mask, size, payload }))
    }
}

/// Appends a whole frame.
pub fn write(out: &mut Vec<u8>, opcode: Opcode, mask: Option<[u8; 4]>, payload: &[u8]) {
    let bit = if mask.is_some() { 0x80 } else { 0 };
    out.reserve(MAX_HEAD + payload.len());
    out.push(0x80 | opcode as u8);
    match payload.len() {
        length @ 0..126 => out.push(bit | length as u8),
        length @ 126..0x1_0000 => {
            out.push(bit | 126);
            out.extend_from_slice(&(length as u16).to_be_bytes());
        }
        length => {
            out.push(bit | 127);
            out.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    if let Some(mask) = mask {
        out.extend_from_slice(&mask);
    }
    let start = out.len();
    out.extend_from_slice(payload);
    if let Some(mask) = mask {
        apply(mask, &mut out[start..]);
    }
}

/// Puts the mask on, or takes it off.
pub fn apply(mask: [u8; 4], bytes: &mut [u8]) {
    let twice = u32::from_ne_bytes(mask);
    let twice = u64::from(twice) << 32 | u64::from(twice);
    let (words, rest) = bytes.as_chunks_mut::<8>();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ twice).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip(mask.iter().cycle()) {
        *byte ^= mask;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_read_as_it_was_written_whatever_its_length() {
        for length in [0, 1, 7, 8, 9, 125, 126, 127, 65_535, 65_536, 70_001] {
            let payload: Vec<u8> = (0..length).map(|at| at as u8).collect();
            for (role, mask) in [(Role::Client, None), (Role::Server, Some([1, 0, 0xff, 7]))] {
                let mut bytes = Vec::new();
                write(&mut bytes, Opcode::Binary, mask, &payload);
                let head = Head::read(&bytes, role).expect("well formed").expect("whole");
                assert_eq!((head.opcode, head.last, head.mask), (Opcode::Binary, true, mask));
                assert_eq!((head.payload, head.size + length), (length as u64, bytes.len()));
                for cut in 0..head.size {
                    assert!(Head::read(&bytes[..cut], role).expect("so far").is_none(), "{length} {cut}");
                }
                let read = &mut bytes[head.size..];
                if let Some(mask) = mask {
                    apply(mask, read);
                }
                assert_eq!(read, payload);
            }
        }
    }

    #[test]
    fn heads_that_break_the_rules_are_refused() {
        for (bytes, role, words) in [
            ([0xc1, 0x00], Role::Client, "reserved bits"),
            ([0x83, 0x00], Role::Client, "opcode"),
            ([0x8f, 0x00], Role::Client, "opcode"),
            ([0x81, 0x80], Role::Client, "is masked"),
            ([0x81, 0x00], Role::Server, "not masked"),
            ([0x09, 0x00], Role::Client, "in fragments"),
            ([0x89, 0x7e], Role::Client, "longer than 125"),
        ] {
            let refusal = Head::read(&bytes, role).expect_err(words);
            assert_eq!(refusal.code, code::PROTOCOL);
            assert!(refusal.error.message.contains(words), "{}", refusal.error.message);
        }
    }
}

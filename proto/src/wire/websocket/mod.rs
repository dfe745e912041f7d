//! WebSocket framing (RFC 6455 section 5): bytes cut into messages, and messages written as bytes.
//!
//! Codec only. The opening handshake is the transport's, as is answering pings and closes. What may stand in a message (JSON
//! as text, ETF as binary) is judged here too, so that a whole stream of a peer's can be tried without a socket. No
//! extension exists here: a frame with a reserved bit set is refused, and so nothing is ever decompressed. The one thing to
//! know before changing it: a length is a claim of the peer. Memory follows the bytes that arrived.
//!
//! | file | what lies there |
//! |---|---|
//! | [`frame`] | a frame's head and mask, as bytes |
//! | `reader` | the stream cut into messages |

pub mod frame;
mod reader;

pub use frame::{Opcode, Refusal, Role};
pub use reader::{Message, Place, Reader, Spare};

use self::frame::code;
use crate::wire::etf;

/// How messages are written on a WebSocket. The local socket is always JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// Text messages of JSON.
    #[default]
    Json,
    /// Binary messages in Erlang's external term format.
    Etf,
}

impl Encoding {
    /// The name in the URL's query.
    pub const fn as_str(self) -> &'static str {
        match self {
            Encoding::Json => "json",
            Encoding::Etf => "etf",
        }
    }
}

/// The JSON of a binary message: ETF where that was agreed on, and JSON that came in the wrong kind of message. True when
/// `json` now holds it, false when the bytes themselves are it.
///
/// # Errors
/// It is neither, or not what the connection's encoding allows.
pub fn translate(bytes: &[u8], encoding: Encoding, json: &mut Vec<u8>) -> Result<bool, Refusal> {
    if bytes.first() == Some(&b'{') {
        return match simdutf8::basic::from_utf8(bytes) {
            Ok(_) => Ok(false),
            Err(_) => Err(Refusal::new(code::INVALID, "a binary message of JSON is not UTF-8")),
        };
    }
    if encoding == Encoding::Json {
        let sentence = "a binary message is no JSON object, and the connection's encoding is json";
        return Err(Refusal::new(code::UNSUPPORTED, sentence));
    }
    json.clear();
    etf::to_json(bytes, json).map_err(|error| Refusal { code: code::INVALID, error })?;
    Ok(true)
}

/// A close's code and reason (RFC 6455 section 5.5.1); `None` when the peer gave none.
///
/// # Errors
/// A code that may not be said, a code of one byte, a reason that is not UTF-8.
pub fn close(payload: &[u8]) -> Result<Option<(u16, &str)>, Refusal> {
    let Some((said, reason)) = payload.split_first_chunk() else {
        return match payload {
            [] => Ok(None),
            _ => Err(Refusal::new(code::PROTOCOL, "a close has a code of one byte")),
        };
    };
    let said = u16::from_be_bytes(*said);
    if !frame::may_be_said(said) {
        return Err(Refusal::new(code::PROTOCOL, "a close has a code that may not be said"));
    }
    match simdutf8::basic::from_utf8(reason) {
        Ok(reason) => Ok(Some((said, reason))),
        Err(_) => Err(Refusal::new(code::INVALID, "a close has a reason that is not UTF-8")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_close_says_its_code_or_is_refused() {
        assert!(matches!(close(b""), Ok(None)));
        assert!(matches!(close(b"\x03\xe8"), Ok(Some((1000, "")))));
        assert!(matches!(close(b"\x0f\xa0Invalid"), Ok(Some((4000, "Invalid")))));
        for said in [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, u16::MAX] {
            let refusal = close(&said.to_be_bytes()).expect_err("may not be said");
            assert_eq!(refusal.code, code::PROTOCOL, "{said}");
        }
        assert_eq!(close(b"\x03").expect_err("one byte").code, code::PROTOCOL);
        assert_eq!(close(b"\x03\xe8\xff").expect_err("not UTF-8").code, code::INVALID);
    }
}

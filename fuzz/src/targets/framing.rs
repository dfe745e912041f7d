use gamebridge_proto::wire::ipc::{Decoder, HEADER, Opcode, encode};

use crate::run::saw;

/// Frames do not depend on where reads end, memory follows what arrived, and what is taken is what was sent.
///
/// The first byte is the limit (times 16), the second the size of reads, the rest the stream.
pub fn framing(data: &[u8]) {
    let [limit, read, stream @ ..] = data else { return };
    let (limit, read) = (usize::from(*limit) * 16, usize::from(*read) + 1);
    let (expected, refused) = slow(stream, limit);
    let mut decoder = Decoder::new(limit);
    let (mut frames, mut error, mut arrived) = (Vec::new(), None, 0);
    'reads: for part in stream.chunks(read) {
        let space = decoder.space(part.len());
        arrived += part.len();
        let length = space.len();
        assert!(length >= part.len(), "{length} bytes of space for {}", part.len());
        assert!(length <= 2 * arrived + 64 * 1024 + 4096, "{length} bytes of space after {arrived}");
        space[..part.len()].copy_from_slice(part);
        decoder.filled(part.len());
        loop {
            match decoder.next_frame() {
                Ok(Some(frame)) => frames.push((frame.opcode, frame.payload.to_vec())),
                Ok(None) => break,
                Err(refusal) => {
                    error = Some(refusal);
                    break 'reads;
                }
            }
        }
    }
    assert_eq!(frames, expected);
    assert_eq!(error.is_some(), refused);
    saw(error.map_or(String::new(), |error| error.to_string()), frames.len());
    let mut again = Vec::new();
    for (opcode, payload) in &frames {
        encode(&mut again, *opcode, payload);
    }
    assert!(stream.starts_with(&again));
    if !refused {
        assert_eq!(decoder.pending(), stream.len() - again.len());
    }
}

/// The frames of a stream that is in as a whole, and whether the rest is refused.
fn slow(mut stream: &[u8], limit: usize) -> (Vec<(Opcode, Vec<u8>)>, bool) {
    let mut frames = Vec::new();
    loop {
        let Some(code) = stream.get(..4) else { return (frames, false) };
        let opcode = match code {
            [0, 0, 0, 0] => Opcode::Handshake,
            [1, 0, 0, 0] => Opcode::Frame,
            [2, 0, 0, 0] => Opcode::Close,
            [3, 0, 0, 0] => Opcode::Ping,
            [4, 0, 0, 0] => Opcode::Pong,
            _ => return (frames, true),
        };
        let Some(length) = stream.get(4..HEADER) else { return (frames, false) };
        let length = length.iter().rev().fold(0usize, |length, byte| length << 8 | usize::from(*byte));
        if length > limit {
            return (frames, true);
        }
        let Some(payload) = stream.get(HEADER..HEADER + length) else { return (frames, false) };
        frames.push((opcode, payload.to_vec()));
        stream = &stream[HEADER + length..];
    }
}

use gamebridge_proto::wire::websocket::{self as codec, Message, Reader, Role, Spare};

use crate::run::saw;

/// Messages of a WebSocket do not depend on where reads end, memory follows what arrived, and a slow reader agrees.
///
/// The first byte is the limit (times 16), the second the size of reads, the rest a client's stream.
pub fn messages(data: &[u8]) {
    let [limit, read, stream @ ..] = data else { return };
    let (limit, read) = (usize::from(*limit) * 16, usize::from(*read) + 1);
    let (expected, refused) = slow(stream, limit);
    let (mut reader, mut spare) = (Reader::new(Role::Server, limit, read), Spare::new());
    let (mut got, mut code, mut arrived) = (Vec::new(), None, 0);
    'reads: for mut part in stream.chunks(read) {
        while !part.is_empty() {
            reader.rest(&mut spare);
            let space = reader.space(&mut spare);
            assert!(!space.is_empty() && space.len() <= read + 2 * arrived + 16, "{} after {arrived}", space.len());
            let n = space.len().min(part.len());
            space[..n].copy_from_slice(&part[..n]);
            reader.filled(n);
            (part, arrived) = (&part[n..], arrived + n);
        }
        loop {
            match reader.next() {
                Ok(Some(message)) => got.push(owned(&reader, &message)),
                Ok(None) => break,
                Err(refusal) => {
                    code = Some(refusal.code);
                    assert!(!refusal.error.message.is_empty());
                    break 'reads;
                }
            }
        }
    }
    assert_eq!(got, expected);
    assert_eq!(code, refused);
    let kinds: String = got.iter().map(|(kind, _)| kind).collect();
    saw(format!("{kinds} {}", char::from_u32(code.unwrap_or_default().into()).unwrap_or_default()), got.len());
    for (kind, payload) in &got {
        match kind {
            'c' => drop(codec::close(payload)),
            'b' => {
                for encoding in [codec::Encoding::Json, codec::Encoding::Etf] {
                    drop(codec::translate(payload, encoding, &mut Vec::new()));
                }
            }
            _ => {}
        }
    }
}

fn owned(reader: &Reader, message: &Message) -> (char, Vec<u8>) {
    match message {
        Message::Text(place) => ('t', reader.bytes(place).to_vec()),
        Message::Binary(place) => ('b', reader.bytes(place).to_vec()),
        Message::Ping(range) => ('i', reader.control(range).to_vec()),
        Message::Pong(range) => ('o', reader.control(range).to_vec()),
        Message::Close(range) => ('c', reader.control(range).to_vec()),
    }
}

/// The messages of a stream that is in as a whole, and the code with which the rest is refused.
fn slow(mut stream: &[u8], limit: usize) -> (Vec<(char, Vec<u8>)>, Option<u16>) {
    let mut messages = Vec::new();
    // The message that is under way: its kind, its bytes, its fragments.
    let mut begun: Option<(char, Vec<u8>, usize)> = None;
    loop {
        let [first, second, rest @ ..] = stream else { return (messages, None) };
        let (last, opcode) = (first >> 7 == 1, first & 15);
        let control = matches!(opcode, 8..=10);
        let known = control || opcode <= 2;
        if first & 0x70 != 0 || !known || second >> 7 == 0 || control && (!last || second & 127 > 125) {
            return (messages, Some(1002));
        }
        let width = match second & 127 {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        let (Some(length), Some(mask)) = (rest.get(..width), rest.get(width..width + 4)) else {
            return (messages, None);
        };
        let length = match width {
            0 => u128::from(second & 127),
            _ => length.iter().fold(0, |length, byte| length << 8 | u128::from(*byte)),
        };
        let before = match (opcode, &begun) {
            (0, None) | (1 | 2, Some(_)) => return (messages, Some(1002)),
            (0, Some((_, bytes, _))) => bytes.len(),
            _ => 0,
        };
        if !control && length + before as u128 > limit as u128 {
            return (messages, Some(1009));
        }
        let rest = &rest[width + 4..];
        let Some(payload) = usize::try_from(length).ok().and_then(|length| rest.get(..length)) else {
            return (messages, None);
        };
        stream = &rest[payload.len()..];
        let payload: Vec<u8> = payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect();
        if control {
            messages.push((['c', 'i', 'o'][usize::from(opcode - 8)], payload));
            continue;
        }
        let (kind, mut bytes, pieces) = match opcode {
            1 => ('t', Vec::new(), 0),
            2 => ('b', Vec::new(), 0),
            _ => begun.take().expect("looked at above"),
        };
        if opcode == 0 && !last && pieces + 1 > limit {
            return (messages, Some(1009));
        }
        bytes.extend(payload);
        if !last {
            begun = Some((kind, bytes, pieces + 1));
        } else if kind == 't' && std::str::from_utf8(&bytes).is_err() {
            return (messages, Some(1007));
        } else {
            messages.push((kind, bytes));
        }
    }
}

use gamebridge_proto::server::rpc::Via;
use gamebridge_proto::value::Document;
use gamebridge_proto::wire::etf;
use gamebridge_proto::wire::ipc::{Decoder, Opcode, encode};
use gamebridge_proto::wire::websocket::frame::write;
use gamebridge_proto::wire::websocket::{self as codec, Encoding, Message, Reader, Role, Spare};

use crate::run::saw;
use crate::scene::{CLIENT, ORIGIN, Scene};

/// What a peer may send in one message.
const LIMIT: usize = 64 * 1024;

/// Bit of the first byte: the rest is lines, which are framed here, so that a mutation reaches what is in the frames.
const LINES: u8 = 0x80;
/// Bit of the first byte: the encoding is ETF.
const ETF: u8 = 0x01;

/// Whatever a peer sends over the local socket: what it gets back is well formed and holds nobody's secret, and the peer
/// beside it is served as before.
///
/// The first byte says how, the second the size of reads, the rest is the stream; or lines, of which the first is the
/// HANDSHAKE and the others frames, or a PING where a line begins with a 3.
pub fn ipc_peer(data: &[u8]) {
    let [how, read, stream @ ..] = data else { return };
    let mut framed = Vec::new();
    let stream = if how & LINES == 0 {
        stream
    } else {
        for (number, line) in stream.split(|byte| *byte == b'\n').enumerate() {
            match line {
                [3, ping @ ..] => encode(&mut framed, Opcode::Ping, ping),
                line if number == 0 => encode(&mut framed, Opcode::Handshake, line),
                line => encode(&mut framed, Opcode::Frame, line),
            }
        }
        &framed
    };
    let mut scene = Scene::new();
    scene.arrive(Via::Ipc);
    let mut decoder = Decoder::new(LIMIT);
    'reads: for part in stream.chunks(usize::from(*read) + 1) {
        decoder.space(part.len())[..part.len()].copy_from_slice(part);
        decoder.filled(part.len());
        loop {
            match decoder.next_frame() {
                Ok(Some(frame)) if scene.say(frame.opcode, frame.payload) => {}
                Ok(None) => break,
                Ok(Some(_)) | Err(_) => break 'reads,
            }
        }
    }
    saw(scene.end(), 0);
}

/// The same over a WebSocket, whose lines are messages: text, or in ETF what the text is in it.
pub fn websocket_peer(data: &[u8]) {
    let [how, ..] = data else { return };
    let mut scene = Scene::new();
    let query = format!("v=1&client_id={CLIENT}&encoding={}", encoding(*how).as_str());
    scene.arrive(Via::WebSocket { query: &query, origin: Some(ORIGIN) });
    walk(data, &mut |opcode, payload| scene.say(opcode, payload));
    saw(scene.end(), 0);
}

/// What the first byte says of the encoding.
pub(super) fn encoding(how: u8) -> Encoding {
    if how & ETF == 0 { Encoding::Json } else { Encoding::Etf }
}

/// Cuts a client's side of a WebSocket into messages, as the transport hands them on, until one of them ends it.
pub(super) fn walk(data: &[u8], say: &mut impl FnMut(Opcode, &[u8]) -> bool) {
    let [how, read, stream @ ..] = data else { return };
    let encoding = encoding(*how);
    let mut framed = Vec::new();
    let stream = if how & LINES == 0 {
        stream
    } else {
        for line in stream.split(|byte| *byte == b'\n') {
            let (mut term, mask) = (Vec::new(), Some([how ^ 7, *read, 0, 0xff]));
            match line {
                [3, ping @ ..] => write(&mut framed, codec::Opcode::Ping, mask, &ping[..ping.len().min(125)]),
                line if encoding == Encoding::Json => write(&mut framed, codec::Opcode::Text, mask, line),
                line => {
                    let said = etf::from_json(line, &mut Document::new(), &mut term).map_or(line, |()| &term);
                    write(&mut framed, codec::Opcode::Binary, mask, said);
                }
            }
        }
        &framed
    };
    let (mut reader, mut spare) = (Reader::new(Role::Server, LIMIT, 64), Spare::new());
    'reads: for part in stream.chunks(usize::from(*read) + 1) {
        reader.arrive(&mut spare, part);
        loop {
            let goes_on = match reader.next() {
                Ok(None) => break,
                Ok(Some(message)) => deliver(say, &reader, &message, encoding),
                Err(_) => false,
            };
            if !goes_on {
                break 'reads;
            }
        }
    }
}

/// As the transport hands it on; false when the connection is over.
fn deliver(
    say: &mut impl FnMut(Opcode, &[u8]) -> bool,
    reader: &Reader,
    message: &Message,
    encoding: Encoding,
) -> bool {
    match message {
        Message::Text(place) => say(Opcode::Frame, reader.bytes(place)),
        Message::Binary(place) => {
            let mut json = Vec::new();
            match codec::translate(reader.bytes(place), encoding, &mut json) {
                Ok(true) => say(Opcode::Frame, &json),
                Ok(false) => say(Opcode::Frame, reader.bytes(place)),
                Err(_) => false,
            }
        }
        Message::Ping(range) => say(Opcode::Ping, reader.control(range)),
        Message::Pong(range) => say(Opcode::Pong, reader.control(range)),
        Message::Close(_) => false,
    }
}

//! What receiving the replay costs at least, twice: `floors socket` reads from a bare socket and looks at frames' heads;
//! `floors tungstenite` lets tungstenite cut the messages, and counts them.

use std::io::Read as _;
use std::net::TcpStream;

use gamebridge_benches::meter::{Meter, port};
use tungstenite::{Message, WebSocket};

const IDENTIFY: &str =
    r#"{"op":2,"d":{"token":"x","properties":{"os":"linux","browser":"floor","device":"floor"},"intents":0}}"#;

fn main() {
    let stream = TcpStream::connect(("127.0.0.1", port())).expect("the replay server");
    stream.set_nodelay(true).expect("a socket");
    let url = format!("ws://127.0.0.1:{}/?v=10&encoding=json", port());
    let (mut socket, _) = tungstenite::client(url, stream).expect("a handshake");
    // HELLO first: then nothing of the stream is in tungstenite's buffer, whichever of the two reads on.
    socket.read().expect("HELLO");
    socket.send(Message::text(IDENTIFY)).expect("sent");
    match std::env::args().nth(1).as_deref() {
        Some("socket") => bare(socket.into_inner()),
        Some("tungstenite") => counted(socket),
        _ => panic!("socket or tungstenite expected"),
    }
}

/// Whether the replay goes on; the clock starts at READY.
fn seen(client: &str, payload: &[u8], events: &mut u64, meter: &mut Option<Meter>) -> bool {
    if payload.starts_with(br#"{"t":"READY""#) {
        *meter = Some(Meter::start());
    } else if payload.starts_with(br#"{"t":"BENCH_END""#) {
        meter.as_ref().expect("READY came before").print(client, *events);
        return false;
    } else {
        *events += 1;
    }
    true
}

fn counted(mut socket: WebSocket<TcpStream>) {
    let (mut events, mut meter) = (0, None);
    while seen("tungstenite, counting", &socket.read().expect("a message").into_data(), &mut events, &mut meter) {}
}

fn bare(mut stream: TcpStream) {
    let (mut events, mut meter) = (0, None);
    let mut buffer = vec![0; 512 * 1024];
    let (mut start, mut end) = (0, 0);
    loop {
        buffer.copy_within(start..end, 0);
        (start, end) = (0, end - start);
        let n = stream.read(&mut buffer[end..]).expect("more");
        assert!(n > 0, "the server went away");
        end += n;
        while let Some((head, length)) = head(&buffer[start..end]).filter(|(head, length)| start + head + length <= end)
        {
            let payload = &buffer[start + head..start + head + length];
            if !seen("bare socket, frames' heads", payload, &mut events, &mut meter) {
                return;
            }
            start += head + length;
        }
    }
}

fn head(bytes: &[u8]) -> Option<(usize, usize)> {
    Some(match bytes.get(1)? {
        126 => (4, u16::from_be_bytes(*bytes.get(2..)?.first_chunk()?) as usize),
        127 => (10, u64::from_be_bytes(*bytes.get(2..)?.first_chunk()?) as usize),
        length => (2, *length as usize),
    })
}

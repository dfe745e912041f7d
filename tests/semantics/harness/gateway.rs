//! A Gateway played by the test. The opening and the closing handshake are tungstenite's, whose code is in the library as
//! well; the frames of a flood are written here byte by byte, so that one can stop in the middle of a frame.

use std::io::{ErrorKind, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::time::Duration;

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{self, Message, WebSocket};

use super::PATIENCE;

/// A listening Gateway.
pub struct FakeGateway(TcpListener);

/// One connection, seen from the Gateway.
pub struct GatewayPeer {
    pub websocket: WebSocket<TcpStream>,
    pub identify: Value,
}

impl FakeGateway {
    pub fn new() -> FakeGateway {
        FakeGateway(TcpListener::bind("127.0.0.1:0").expect("a port"))
    }

    /// Parameters that lead here, and `more`.
    pub fn params(&self, more: &Value) -> Value {
        let port = self.0.local_addr().expect("an address").port();
        let mut params = json!({"token": "t0ken", "intents": 1, "url": format!("ws://127.0.0.1:{port}")});
        let members = params.as_object_mut().expect("an object");
        members.extend(more.as_object().cloned().unwrap_or_default());
        params
    }

    /// Accepts, says HELLO, takes IDENTIFY.
    pub fn accept(&self) -> GatewayPeer {
        self.greet(2)
    }

    /// Accepts, says HELLO, takes RESUME.
    pub fn taken_up(&self) -> GatewayPeer {
        self.greet(6)
    }

    /// What it takes, IDENTIFY or RESUME, is `identify`.
    fn greet(&self, expected: i64) -> GatewayPeer {
        let mut ready = libc::pollfd { fd: self.0.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: one live entry.
        let count = unsafe { libc::poll(&mut ready, 1, PATIENCE.as_millis() as i32) };
        assert_eq!(count, 1, "nobody connected within {PATIENCE:?}");
        let (stream, _) = self.0.accept().expect("accept");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        stream.set_write_timeout(Some(PATIENCE)).expect("a timeout");
        let mut websocket = tungstenite::accept(stream).expect("an upgrade");
        let hello = json!({"op": 10, "d": {"heartbeat_interval": 45_000}, "s": null, "t": null});
        websocket.send(Message::text(hello.to_string())).expect("HELLO");
        let mut peer = GatewayPeer { websocket, identify: Value::Null };
        let (opcode, identify) = peer.asked();
        assert_eq!(opcode, expected, "IDENTIFY is 2, RESUME 6");
        GatewayPeer { identify, ..peer }
    }

    pub fn welcome(&self) -> GatewayPeer {
        let mut peer = self.accept();
        peer.ready();
        peer
    }
}

impl GatewayPeer {
    /// The next message that is no heartbeat: its opcode and data.
    pub fn asked(&mut self) -> (i64, Value) {
        loop {
            let message = self.websocket.read().expect("a message");
            let mut message: Value = serde_json::from_str(message.to_text().expect("text")).expect("JSON");
            let opcode = message["op"].as_i64().expect("op");
            if opcode != 1 {
                return (opcode, message["d"].take());
            }
        }
    }

    pub fn ready(&mut self) {
        let data = json!({"v": 10, "session_id": "s", "resume_gateway_url": "ws://127.0.0.1:1", "user": {"id": "1"}});
        self.dispatch(1, "READY", &data.to_string());
    }

    /// The code with which the client closes.
    pub fn closed(&mut self) -> u16 {
        loop {
            match self.websocket.read().expect("a close") {
                Message::Close(Some(frame)) => return frame.code.into(),
                Message::Close(None) => panic!("a close without a code"),
                _ => {}
            }
        }
    }

    /// Says close, and waits for the answer.
    pub fn close(&mut self, code: u16) {
        let frame = tungstenite::protocol::CloseFrame { code: code.into(), reason: "".into() };
        self.websocket.close(Some(frame)).expect("the client reads");
        while self.websocket.read().is_ok() {}
    }

    /// `data` as it is, JSON or not.
    pub fn dispatch(&mut self, seq: u64, name: &str, data: &str) {
        self.websocket.send(Message::text(dispatch(seq, name, data))).expect("the client reads");
    }

    /// Asks for a beat until one says that the client has everything up to this sequence.
    pub fn has(&mut self, seq: u64) {
        self.websocket.send(Message::text(r#"{"op":1,"d":null}"#)).expect("the client reads");
        loop {
            let message = self.websocket.read().expect("a beat");
            let message: Value = serde_json::from_str(message.to_text().expect("text")).expect("JSON");
            if message == json!({"op": 1, "d": seq}) {
                return;
            }
        }
    }

    /// Writes all these events; says how often the other side took nothing for `still`.
    pub fn flood(&mut self, events: impl Iterator<Item = String>, still: Duration, mut stopped: impl FnMut()) -> usize {
        let stream = self.websocket.get_mut();
        let mut stops = 0;
        let mut bytes = Vec::new();
        let mut events = events.peekable();
        while events.peek().is_some() {
            bytes.clear();
            while bytes.len() < 1 << 16 {
                let Some(event) = events.next() else { break };
                bytes.push(0x81);
                match event.len() {
                    short @ 0..126 => bytes.push(short as u8),
                    length => {
                        bytes.push(126);
                        bytes.extend_from_slice(&u16::try_from(length).expect("below 64 KiB").to_be_bytes());
                    }
                }
                bytes.extend_from_slice(event.as_bytes());
            }
            let mut rest = &bytes[..];
            stream.set_write_timeout(Some(still)).expect("a timeout");
            while !rest.is_empty() {
                match stream.write(rest) {
                    Ok(written) => rest = &rest[written..],
                    Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                        stops += 1;
                        stopped();
                    }
                    Err(error) => panic!("the client went away: {error}"),
                }
            }
        }
        stops
    }
}

pub fn dispatch(seq: u64, name: &str, data: &str) -> String {
    format!(r#"{{"t":"{name}","s":{seq},"op":0,"d":{data}}}"#)
}

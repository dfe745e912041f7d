//! The server, and the street before it: raw sockets and bytes.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;

use gamebridge::ffi::*;
use serde_json::{Value, json};

use crate::harness::{Folder, Game, Peer};

/// The one answer to all that is no route.
pub const NOT_FOUND: &str = "HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
/// The one answer to a Host that is not ours.
pub const FORBIDDEN: &str = "HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
/// The Origin that any application may have.
pub const ORIGIN: &str = "https://localhost";

/// A game that hosts a server.
pub struct House {
    pub folder: Folder,
    pub game: Game,
    pub server: gb_conn,
    pub port: u16,
    /// What CONNECTED said.
    pub data: Value,
}

/// A server with these parameters and, where they say nothing else, a port and a folder of its own.
pub fn house(more: &Value) -> House {
    house_of(Game::new(), more)
}

pub fn house_of(game: Game, more: &Value) -> House {
    let folder = Folder::new();
    let mut params = json!({"port": 0, "folder": folder.text()});
    params.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
    let server = game.serve(&params);
    let data = game.connected(server).data();
    let port = data["port"].as_u64().and_then(|port| u16::try_from(port).ok()).expect("a port");
    House { folder, game, server, port, data }
}

impl House {
    /// A TCP connection.
    pub fn dial(&self) -> TcpStream {
        dial(self.port)
    }

    /// A peer over the local socket that is in.
    pub fn peer(&self) -> Peer {
        Peer::greeted(&self.folder.socket())
    }

    /// A client of the library's own, over the local socket and over a WebSocket: it comes in, asks, and is answered.
    pub fn serves(&self) {
        for params in [
            json!({"client_id": "1234", "path": self.folder.socket()}),
            json!({"client_id": "1234", "port": self.port}),
        ] {
            let conn = self.game.connect("rpc", &params);
            self.game.connected(conn);
            let authorize = r#"{"client_id":"1234","scopes":["rpc"]}"#;
            assert_eq!(self.game.send(conn, "AUTHORIZE", authorize, 4711), GB_OK);
            assert_eq!(self.game.reply(conn, 4711).status, GB_OK);
            assert_eq!(self.game.disconnect(conn), GB_OK);
            self.game.disconnected(conn);
        }
    }

    /// What the server replies to a command of the host's.
    pub fn asks(&self, command: &str, args: &Value) -> Value {
        assert_eq!(self.game.send(self.server, command, &args.to_string(), 4712), GB_OK);
        let reply = self.game.reply(self.server, 4712);
        assert_eq!(reply.status, GB_OK, "{command}: {}", reply.message);
        reply.data()
    }

    /// Sends bytes in which `PORT` stands for the port; all that comes back until the end.
    pub fn exchange(&self, request: &str) -> String {
        let mut stream = self.dial();
        // It may be refused before it is wholly written.
        let _ = stream.write_all(request.replace("PORT", &self.port.to_string()).as_bytes());
        String::from_utf8_lossy(&rest(&mut stream)).into_owned()
    }

    /// A WebSocket whose upgrade was accepted.
    pub fn websocket(&self, encoding: &str) -> WebSocket {
        let mut stream = self.dial();
        let query = format!("v=1&client_id=1234&encoding={encoding}");
        let request = upgrade(&query, &format!("Origin: {ORIGIN}\r\n"));
        stream.write_all(request.replace("PORT", &self.port.to_string()).as_bytes()).expect("written");
        let head = head(&mut stream);
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        WebSocket { stream }
    }
}

pub fn dial(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    stream.set_nodelay(true).expect("set");
    stream.set_read_timeout(Some(crate::harness::PATIENCE)).expect("set");
    stream.set_write_timeout(Some(crate::harness::PATIENCE)).expect("set");
    stream
}

/// An upgrade with this query and these headers.
pub fn upgrade(query: &str, headers: &str) -> String {
    format!(
        "GET /?{query} HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}\r\n"
    )
}

/// Everything until the end, however it ends.
pub fn rest(stream: &mut impl Read) -> Vec<u8> {
    let mut all = Vec::new();
    if let Err(error) = stream.read_to_end(&mut all) {
        let ended = matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe);
        assert!(ended, "neither an answer nor an end: {error}");
    }
    all
}

/// Bytes of an answer up to its empty line.
pub fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if stream.read(&mut byte).expect("an answer") == 0 {
            break;
        }
        head.push(byte[0]);
    }
    String::from_utf8(head).expect("text")
}

pub const CONTINUATION: u8 = 0;
pub const TEXT: u8 = 1;
pub const BINARY: u8 = 2;
pub const CLOSE: u8 = 8;
pub const PING: u8 = 9;
pub const PONG: u8 = 10;

/// A client's frame, masked.
pub fn masked(opcode: u8, payload: &[u8]) -> Vec<u8> {
    const MASK: [u8; 4] = [0x5a, 0, 0xff, 0x81];
    let mut bytes = vec![0x80 | opcode];
    match payload.len() {
        length @ 0..126 => bytes.push(0x80 | length as u8),
        length @ 126..0x1_0000 => {
            bytes.push(0x80 | 126);
            bytes.extend((length as u16).to_be_bytes());
        }
        length => {
            bytes.push(0x80 | 127);
            bytes.extend((length as u64).to_be_bytes());
        }
    }
    bytes.extend(MASK);
    bytes.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}

/// A WebSocket, its frames by hand.
pub struct WebSocket {
    pub stream: TcpStream,
}

impl WebSocket {
    pub fn write(&mut self, opcode: u8, payload: &[u8]) {
        self.stream.write_all(&masked(opcode, payload)).expect("the server reads");
    }

    /// The next frame of the server; `None` at the end.
    pub fn read(&mut self) -> Option<(u8, Vec<u8>)> {
        let mut head = [0; 2];
        match self.stream.read_exact(&mut head) {
            Ok(()) => {}
            Err(error) if matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset) => return None,
            Err(error) => panic!("neither a frame nor an end: {error}"),
        }
        assert_eq!(head[0] & 0x70, 0, "no reserved bit is set");
        assert_eq!(head[1] & 0x80, 0, "a server masks nothing");
        let length = match head[1] {
            126 => u64::from(u16::from_be_bytes(self.exactly())),
            127 => u64::from_be_bytes(self.exactly()),
            short => u64::from(short),
        };
        let mut payload = vec![0; usize::try_from(length).expect("short")];
        self.stream.read_exact(&mut payload).ok()?;
        Some((head[0] & 15, payload))
    }

    fn exactly<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.stream.read_exact(&mut bytes).expect("the whole frame");
        bytes
    }

    /// READY.
    pub fn ready(mut self) -> WebSocket {
        let (_, ready) = self.read().expect("READY");
        assert!(String::from_utf8_lossy(&ready).contains("READY"));
        self
    }

    /// The close code, after whatever comes before it; `None` when the connection ends without one.
    pub fn close_code(&mut self) -> Option<u16> {
        loop {
            if let (CLOSE, payload) = self.read()? {
                return payload.first_chunk().map(|code| u16::from_be_bytes(*code));
            }
        }
    }

    /// Asks and is answered.
    pub fn settle(&mut self) {
        self.write(TEXT, br#"{"cmd":"GET_GUILDS","nonce":"settle","args":{}}"#);
        loop {
            let (opcode, payload) = self.read().expect("an answer");
            if opcode == TEXT && String::from_utf8_lossy(&payload).contains("settle") {
                return;
            }
        }
    }
}

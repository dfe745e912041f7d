//! A Discord played by the test, frame by frame: little-endian opcode and length, then JSON. Nothing of the library's own
//! framing is used, so that both cannot be wrong together.

use std::io::{ErrorKind, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::{UnixListener, UnixStream};

use gamebridge::ffi::gb_conn;
use serde_json::{Value, json};

use super::{Folder, Game, PATIENCE};

pub const HANDSHAKE: u32 = 0;
pub const FRAME: u32 = 1;
pub const CLOSE: u32 = 2;
pub const PING: u32 = 3;
pub const PONG: u32 = 4;

/// A listening socket in a folder of its own.
pub struct FakeDiscord {
    folder: Folder,
    listener: UnixListener,
}

impl FakeDiscord {
    pub fn new() -> FakeDiscord {
        FakeDiscord::at(Folder::new())
    }

    /// In a folder that somebody looks into already.
    pub fn at(folder: Folder) -> FakeDiscord {
        let listener = UnixListener::bind(folder.socket()).expect("a socket in our own folder");
        FakeDiscord { folder, listener }
    }

    pub fn socket(&self) -> String {
        self.folder.socket()
    }

    /// Parameters that lead here, and `more`.
    pub fn params(&self, more: &Value) -> Value {
        let mut params = json!({"client_id": "1234", "path": self.folder.socket()});
        let members = params.as_object_mut().expect("an object");
        members.extend(more.as_object().cloned().unwrap_or_default());
        params
    }

    /// The next connection that shakes hands; its handshake is read. (A client that was refused looks for another Discord
    /// behind this one, and leaves again when it finds the same.)
    pub fn accept(&self) -> Peer {
        loop {
            let mut peer = self.accept_any();
            match peer.read() {
                Some((HANDSHAKE, _)) => return peer,
                None => {}
                Some((opcode, _)) => panic!("opcode {opcode} where a handshake was expected"),
            }
        }
    }

    fn accept_any(&self) -> Peer {
        let mut ready = libc::pollfd { fd: self.listener.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: one live entry.
        let count = unsafe { libc::poll(&mut ready, 1, PATIENCE.as_millis() as i32) };
        assert_eq!(count, 1, "nobody connected within {PATIENCE:?}");
        let (stream, _) = self.listener.accept().expect("accept");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        stream.set_write_timeout(Some(PATIENCE)).expect("a timeout");
        Peer { stream, number: 0 }
    }

    /// Accepts, and lets the client in.
    pub fn welcome(&self) -> Peer {
        let mut peer = self.accept();
        peer.greet();
        peer
    }

    /// A game's connection that is let in at once, and its other end.
    pub fn connect(&self, game: &Game, more: &Value) -> (gb_conn, Peer) {
        let conn = game.connect("rpc", &self.params(more));
        let peer = self.welcome();
        game.connected(conn);
        (conn, peer)
    }
}

/// One connection, seen from Discord.
pub struct Peer {
    pub stream: UnixStream,
    /// Pings sent.
    number: u32,
}

/// A command that the client sent.
#[derive(Clone, Debug)]
pub struct Asked {
    pub cmd: String,
    pub evt: Option<String>,
    pub nonce: Value,
    pub args: Value,
}

impl Peer {
    /// To somebody else's server.
    pub fn dial(path: &str) -> Peer {
        let stream = UnixStream::connect(path).expect("the server listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        stream.set_write_timeout(Some(PATIENCE)).expect("a timeout");
        Peer { stream, number: 0 }
    }

    /// The same, with its READY.
    pub fn greeted(path: &str) -> Peer {
        let mut peer = Peer::dial(path);
        peer.write(HANDSHAKE, r#"{"v":1,"client_id":"1234"}"#);
        let (opcode, ready) = peer.read().expect("READY");
        assert!(opcode == FRAME && String::from_utf8_lossy(&ready).contains("READY"));
        peer
    }

    pub fn write(&mut self, opcode: u32, payload: impl AsRef<[u8]>) {
        self.stream.write_all(&frame(opcode, payload.as_ref())).expect("the client reads");
    }

    /// The next frame; `None` at the end.
    pub fn read(&mut self) -> Option<(u32, Vec<u8>)> {
        let mut head = [0; 8];
        match self.stream.read_exact(&mut head) {
            Ok(()) => {}
            Err(error) if matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset) => return None,
            Err(error) => panic!("nothing came from the other side: {error}"),
        }
        let word = |at: usize| u32::from_le_bytes(head[at..at + 4].try_into().expect("four bytes"));
        let mut payload = vec![0; word(4) as usize];
        match self.stream.read_exact(&mut payload) {
            Ok(()) => Some((word(0), payload)),
            Err(_) => None,
        }
    }

    /// Says READY.
    pub fn greet(&mut self) {
        let data = json!({"v": 1, "config": {}, "user": {"id": "1", "username": "Fake"}});
        self.dispatch("READY", &data);
    }

    /// The next command, whatever PONGs come before it.
    pub fn asked(&mut self) -> Asked {
        self.asked_or_end().expect("a command")
    }

    pub fn asked_or_end(&mut self) -> Option<Asked> {
        loop {
            let (opcode, payload) = self.read()?;
            match opcode {
                FRAME => {}
                PONG => continue,
                CLOSE => return None,
                other => panic!("opcode {other} where a command was expected"),
            }
            let message: Value = serde_json::from_slice(&payload).expect("JSON");
            return Some(Asked {
                cmd: message["cmd"].as_str().expect("cmd").to_owned(),
                evt: message["evt"].as_str().map(str::to_owned),
                nonce: message["nonce"].clone(),
                args: message["args"].clone(),
            });
        }
    }

    pub fn reply(&mut self, asked: &Asked, data: &Value) {
        let Asked { cmd, nonce, .. } = asked;
        self.write(FRAME, json!({"cmd": cmd, "evt": null, "nonce": nonce, "data": data}).to_string());
    }

    pub fn refuse(&mut self, asked: &Asked, code: i32, message: &str) {
        let Asked { cmd, nonce, .. } = asked;
        let data = json!({"code": code, "message": message});
        self.write(FRAME, json!({"cmd": cmd, "evt": "ERROR", "nonce": nonce, "data": data}).to_string());
    }

    pub fn dispatch(&mut self, name: &str, data: &Value) {
        self.write(FRAME, json!({"cmd": "DISPATCH", "evt": name, "nonce": null, "data": data}).to_string());
    }

    pub fn close(mut self, code: i32, message: &str) {
        self.write(CLOSE, json!({"code": code, "message": message}).to_string());
    }

    /// Returns when the client has handled all that was written before. Commands that come meanwhile are not expected.
    pub fn settle(&mut self) {
        self.number += 1;
        let mark = format!("{{\"mark\":{}}}", self.number);
        self.write(PING, &mark);
        let (opcode, payload) = self.read().expect("a PONG");
        assert_eq!((opcode, payload), (PONG, mark.into_bytes()));
    }
}

pub fn frame(opcode: u32, payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(8 + payload.len());
    frame.extend_from_slice(&opcode.to_le_bytes());
    frame.extend_from_slice(&(payload.len() as u32).to_le_bytes());
    frame.extend_from_slice(payload);
    frame
}

//! What a server's side of the Gateway does besides: it compresses, closes with codes of its own, and misbehaves on demand.

use gamebridge_proto::wire::gateway::{CloseCode, Compression};
use gamebridge_proto::wire::ipc::{Frame, Opcode};
use gamebridge_proto::wire::websocket::Role;

use super::pack::Packer;
use super::stage::Stage;
use super::{Garbled, WebSocket};
use crate::transport::{Outbox, Transport};

impl Transport {
    /// Makes a server's side of a WebSocket one of the Gateway's: what it says goes out so compressed, and what it can't read
    /// closes with the Gateway's code.
    pub fn speak_gateway(&mut self, compression: Compression) {
        if let Transport::WebSocket(websocket) = self {
            websocket.speak_gateway(compression);
        }
    }

    /// From now on each message goes out compressed by itself, unless the connection is compressed as a whole.
    pub fn compress_payloads(&mut self) {
        if let Transport::WebSocket(websocket) = self {
            websocket.compress_payloads();
        }
    }

    /// What a message would be as bytes of the stream; nothing is sent.
    pub fn render(&mut self, payload: &[u8]) -> Vec<u8> {
        match self {
            Transport::WebSocket(websocket) => websocket.render(payload),
            Transport::Ipc(_) => Vec::new(),
        }
    }

    /// Sends bytes as they are, which need be no frame: for a server that is to misbehave.
    pub fn say_raw(&mut self, bytes: &[u8]) {
        if let Transport::WebSocket(websocket) = self {
            websocket.say_raw(bytes);
        }
    }

    /// Answers a ping that was handed on as a frame.
    pub fn say_pong(&mut self, payload: &[u8]) {
        if let Transport::WebSocket(websocket) = self {
            websocket.say_pong(payload);
        }
    }

    /// Turns what waits into bytes of the stream, so that what is said raw comes behind it.
    pub fn flush_frames(&mut self, out: &mut Outbox) {
        if let Transport::WebSocket(websocket) = self {
            websocket.stage_all(out);
        }
    }
}

impl WebSocket {
    fn speak_gateway(&mut self, compression: Compression) {
        (self.packer, self.garbled) = (Packer::new(compression), Garbled::EndsWith(CloseCode::DecodeError as u16));
    }

    fn compress_payloads(&mut self) {
        if matches!(self.packer, Packer::None) {
            self.packer = Packer::new(Compression::Payload);
        }
    }

    fn render(&mut self, payload: &[u8]) -> Vec<u8> {
        let before = std::mem::replace(&mut self.stage, Stage::new(Role::Server));
        let _ = self.stage_frame(Frame { opcode: Opcode::Frame, payload });
        std::mem::replace(&mut self.stage, before).into_bytes()
    }

    fn say_raw(&mut self, bytes: &[u8]) {
        self.stage.raw(bytes);
    }

    fn say_pong(&mut self, payload: &[u8]) {
        // A connection that takes no more has told so already.
        let _ = self.stage.pong(payload);
    }

    fn stage_all(&mut self, out: &mut Outbox) {
        while let Some(frame) = out.take() {
            if self.stage_frame(frame).is_err() {
                return;
            }
            self.ends.push_back(self.stage.position());
        }
    }
}

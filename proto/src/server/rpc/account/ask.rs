//! A peer's command on its way upstream, and how it is answered.

use crate::error::Status;
use crate::event::{Event, EventType};
use crate::secret::Secret;
use crate::server::rpc::Sink;
use crate::server::rpc::envelope;
use crate::server::rpc::refusal::Refusal;
use crate::server::rpc::subscription::Topic;
use crate::wire::ipc::Opcode;
use crate::wire::json::Object;
use crate::wire::rpc::ErrorCode;

/// One command of one peer.
#[derive(Debug)]
pub(super) struct Ask {
    /// Whose; 0 when nobody waits for the answer any more, or never did.
    pub(super) peer: u32,
    /// The nonce's JSON, as it came.
    pub(super) nonce: Box<[u8]>,
    /// The command's name as the peer wrote it: its reply bears the same.
    pub(super) name: Box<str>,
    /// The arguments as they go upstream; empty once they went.
    pub(super) args: Box<[u8]>,
    /// What its arguments cost the peer until it is answered.
    pub(super) cost: usize,
    pub(super) answer: Answer,
    pub(super) kind: Kind,
}

/// What its peer hears of the outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Each,
    /// Only that it was refused: what it asked for comes behind.
    Refusals,
    /// Nothing: it did not ask.
    Never,
}

/// What a command changes in the books.
#[derive(Debug)]
pub(super) enum Kind {
    Plain,
    Authenticate(Secret),
    Subscribe(Topic),
    Unsubscribe(Topic),
    /// Of this process, and whether it shows something.
    Activity {
        pid: Option<u64>,
        shows: bool,
    },
}

impl Ask {
    /// What has to be done although no peer asks for it.
    pub(super) fn nobodys() -> Ask {
        Ask {
            peer: 0,
            nonce: Box::default(),
            name: Box::default(),
            args: Box::default(),
            cost: 0,
            answer: Answer::Never,
            kind: Kind::Plain,
        }
    }

    /// Shows this token.
    pub(super) fn authenticate(token: &Secret) -> Ask {
        let mut args = Vec::new();
        Object::begin(&mut args).str("access_token", token.reveal()).end();
        let kind = Kind::Authenticate(token.clone());
        Ask { name: "AUTHENTICATE".into(), args: args.into(), kind, ..Ask::nobodys() }
    }

    /// Answers it with what upstream said.
    pub(super) fn answered(&self, reply: &Event<'_>, frame: &mut Vec<u8>, out: &mut impl Sink) {
        debug_assert_eq!(reply.kind, EventType::Reply);
        match reply.status {
            Status::Ok => self.done(reply.payload, frame, out),
            // Discord's own words, and whatever else it put beside them.
            Status::Remote | Status::Auth if !reply.payload.is_empty() => {
                envelope::error_with(frame, &self.name, |out| out.extend_from_slice(reply.payload), &self.nonce);
                self.send(frame, out);
            }
            _ => self.fail(reply.message, frame, out),
        }
    }

    pub(super) fn done(&self, data: &[u8], frame: &mut Vec<u8>, out: &mut impl Sink) {
        if self.answer == Answer::Refusals {
            return;
        }
        envelope::reply_begin(frame, &self.name);
        frame.extend_from_slice(if data.is_empty() { b"null" } else { data });
        envelope::reply_end(frame, &self.nonce);
        self.send(frame, out);
    }

    /// Answers it with an ERROR 1000 and this sentence.
    pub(super) fn fail(&self, sentence: &str, frame: &mut Vec<u8>, out: &mut impl Sink) {
        let refusal = Refusal::new(ErrorCode::Unknown, sentence.to_owned());
        envelope::error(frame, &self.name, &refusal, &self.nonce);
        self.send(frame, out);
    }

    fn send(&self, frame: &[u8], out: &mut impl Sink) {
        if self.peer != 0 && self.answer != Answer::Never {
            out.send(self.peer, Opcode::Frame, frame);
        }
    }
}

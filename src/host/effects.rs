//! What the doors say, on its way to whoever carries it out: frames into mailboxes, events to the main task, and all of it on
//! record first, where there is a recording.

use std::collections::HashMap;
use std::rc::Rc;

use gamebridge_proto::error::Error;
use gamebridge_proto::event::Event;
use gamebridge_proto::record::{Output, Tapped, Witness};
use gamebridge_proto::server::beside::Beside;
use gamebridge_proto::server::rpc::{Errand, HttpResponse, Sink};
use gamebridge_proto::time::Instant;
use gamebridge_proto::wire::ipc::Opcode;

use super::mailbox::Mailbox;
use super::sandbox::{Posts, Sandbox};
use crate::record::Tape;

/// An event on its way to the program, which is the main task's to deliver.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) time: Instant,
    pub(super) event: Event<'static>,
    pub(super) name: String,
    pub(super) message: String,
    pub(super) payload: Box<[u8]>,
}

impl Waiting {
    pub(super) fn of(time: Instant, event: Event<'_>) -> Waiting {
        Waiting {
            time,
            event: Event { name: "", payload: &[], bytes: &[], message: "", ..event },
            name: event.name.to_owned(),
            message: event.message.to_owned(),
            payload: event.payload.into(),
        }
    }
}

/// Where all doors' words go. The RPC door's peers have mailboxes, those of a sandbox's further doors posts.
pub(super) struct Effects<'h> {
    pub(super) now: Instant,
    pub(super) mailboxes: &'h HashMap<u32, Rc<Mailbox>>,
    #[cfg_attr(not(feature = "gateway"), expect(dead_code, reason = "there are no further doors"))]
    pub(super) posts: &'h Posts,
    pub(super) events: &'h mut Vec<Waiting>,
    pub(super) errands: &'h mut Vec<Errand>,
}

/// The same as the RPC door knows it: on record, and with a sandbox's doors beside it.
pub(super) type Out<'o, 't, 'h> = Beside<'o, Tapped<'t, Effects<'h>, Tape>, Sandbox>;

impl Sink for Effects<'_> {
    fn send(&mut self, peer: u32, opcode: Opcode, payload: &[u8]) {
        if let Some(mailbox) = self.mailboxes.get(&peer) {
            mailbox.frames.borrow_mut().push(opcode, payload);
            mailbox.stirred.notify_one();
        }
    }

    fn close(&mut self, peer: u32, code: u16, reason: &str) {
        if let Some(mailbox) = self.mailboxes.get(&peer) {
            mailbox.close.borrow_mut().get_or_insert_with(|| (code, reason.to_owned()));
            mailbox.stirred.notify_one();
        }
    }

    fn event(&mut self, event: Event<'_>) {
        self.events.push(Waiting::of(self.now, event));
    }

    fn errand(&mut self, errand: Errand) {
        self.errands.push(errand);
    }
}

/// What a call of the doors gives back, on its way to a recording.
pub(super) trait Told {
    fn show(&self, _tape: &mut Tape) {}
}

impl Told for () {}

impl Told for Result<(), Error> {
    fn show(&self, tape: &mut Tape) {
        if let Err(error) = self {
            tape.saw(&Output::Failed(error));
        }
    }
}

impl Told for Result<(), HttpResponse> {
    fn show(&self, tape: &mut Tape) {
        if let Err(refused) = self {
            tape.saw(&Output::Response(refused));
        }
    }
}

impl Told for HttpResponse {
    fn show(&self, tape: &mut Tape) {
        tape.saw(&Output::Response(self));
    }
}

//! One peer's task: its bytes in, its mailbox out.

use std::rc::Rc;

use gamebridge_proto::error::{Error, Status};
use gamebridge_proto::server::rpc::Via;

use super::half_open::Place;
use super::house::{House, Mailbox};
use crate::transport::{Lost, Outbox, Transport};

/// What may wait for a peer that does not read; more loses it its connection.
const MAX_WAITING: usize = 1 << 20;
/// With this much waiting a peer's commands are not read until it has taken some.
const READ_BELOW: usize = 64 << 10;
/// Frames handled before others have their turn.
const BURST: usize = 64;

/// Keeps the house's books right, however the task ends.
pub(super) struct Stay<'h> {
    pub(super) house: &'h House,
    pub(super) peer: u32,
}

impl Drop for Stay<'_> {
    fn drop(&mut self) {
        self.house.gone(self.peer);
    }
}

/// Serves a peer until it or the house closes. Who is not let in keeps its place among the half open while it is told.
pub(super) async fn serve(house: Rc<House>, via: Via<'_>, mut transport: Transport, mut place: Option<Place>) {
    let (peer, mailbox) = house.connect(via);
    if mailbox.close.borrow().is_none() {
        place = None;
    }
    let _place = place;
    let _stay = Stay { house: &house, peer };
    let mut outbox = Outbox::new();
    loop {
        outbox.append(&mut mailbox.frames.borrow_mut());
        let close = mailbox.close.borrow_mut().take();
        if let Some((code, reason)) = close {
            return transport.close(outbox, code, &reason).await;
        }
        if outbox.bytes() > MAX_WAITING {
            return;
        }
        let moved = tokio::select! {
            biased;
            () = mailbox.stirred.notified() => continue,
            moved = progress(&mut transport, &mut outbox) => moved,
        };
        let failure = match moved {
            Ok(false) => continue,
            Ok(true) => frames(&house, peer, &mut transport, &mailbox),
            Err(lost) => Err(lost.error),
        };
        match failure {
            Ok(()) => {}
            Err(error) if error.status == Status::Protocol => {
                // What it did wrong is told, as far as it listens.
                outbox.append(&mut mailbox.frames.borrow_mut());
                return transport.close(outbox, PROTOCOL_ERROR, &error.message).await;
            }
            Err(_) => return,
        }
    }
}

/// RFC 6455 section 7.4.1.
const PROTOCOL_ERROR: u16 = 1002;

/// Moves bytes; true when frames are in. A peer that takes nothing is not read.
async fn progress(transport: &mut Transport, outbox: &mut Outbox) -> Result<bool, Lost> {
    if outbox.bytes() > READ_BELOW {
        transport.write(outbox).await?;
        return Ok(false);
    }
    transport.drive(outbox).await?;
    Ok(true)
}

fn frames(house: &House, peer: u32, transport: &mut Transport, mailbox: &Mailbox) -> Result<(), Error> {
    for _ in 0..BURST {
        match transport.next_frame() {
            Ok(None) => break,
            Ok(Some(frame)) => house.frame(peer, frame)?,
            Err(lost) => return Err(lost.error),
        }
        if mailbox.close.borrow().is_some() {
            break;
        }
    }
    Ok(())
}

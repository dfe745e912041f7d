//! One peer's task: its bytes in, its mailbox out.

use std::rc::Rc;

use gamebridge_proto::error::{Error, Status};
use gamebridge_proto::server::rpc::Via;

use super::half_open::Place;
use super::house::House;
use super::mailbox::{Mailbox, READ_BELOW};
use crate::runtime::clock;
use crate::transport::{Lost, Outbox, Transport};

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
    let mut waited = 0;
    loop {
        let took = outbox.unwritten() < waited;
        outbox.append(&mut mailbox.frames.borrow_mut());
        let close = mailbox.close.borrow_mut().take();
        if let Some((code, reason)) = close {
            return transport.close(outbox, code, &reason).await;
        }
        waited = outbox.unwritten();
        let now = clock::now();
        if mailbox.holds(now, outbox.bytes(), took) {
            house.caught_up();
        }
        let lost = async {
            match mailbox.lost_at() {
                Some(at) => tokio::time::sleep(at.since(now)).await,
                None => std::future::pending().await,
            }
        };
        let moved = tokio::select! {
            biased;
            // Nothing of what waits for it would still be read.
            () = lost => return,
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
        // Replies weigh what they weigh: the rest of its commands waits until they are on their way.
        if mailbox.frames.borrow().bytes() > READ_BELOW {
            break;
        }
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

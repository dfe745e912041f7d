//! One peer of the Gateway, or of dmod's: its payloads in, its orders out, and what the host has go wrong on the way.

use std::rc::Rc;
use std::time::Duration;

use gamebridge_proto::server::form;
use gamebridge_proto::server::gateway::Fault;
use gamebridge_proto::server::sandbox::Way;
use gamebridge_proto::wire::gateway::Compression;
use gamebridge_proto::wire::ipc::Opcode;

use super::half_open::Place;
use super::house::House;
use super::sandbox::{Order, Post};
use crate::transport::{Lost, Outbox, Transport};

/// What may wait for a peer that does not read; more loses it its connection, as at Discord.
const MAX_WAITING: usize = 16 << 20;
/// Frames handled before others have their turn.
const BURST: usize = 64;
/// How often a slow connection moves.
const TICK: Duration = Duration::from_millis(50);

/// Keeps the house's books right, however the task ends.
struct Stay<'h> {
    house: &'h House,
    peer: u32,
    /// The code that the client left with.
    code: Option<u16>,
}

impl Drop for Stay<'_> {
    fn drop(&mut self) {
        self.house.left(self.peer, self.code);
    }
}

/// HELLO has this distance to the answer to the upgrade, as a network gives it: cloudstorm never sees what comes in one piece
/// with that.
const BEFORE_HELLO: Duration = Duration::from_millis(40);

/// Bytes that go out slowly, and how many a second.
#[derive(Debug, Default)]
struct Slow {
    bytes: Vec<u8>,
    per_second: usize,
}

/// What became of the orders.
enum Done {
    /// Go on.
    Open,
    /// Say so, and end.
    Close(u16, String),
    /// End without a word.
    Drop,
}

/// Serves a peer until it or the house closes.
pub(super) async fn serve(house: Rc<House>, way: Way<'_>, mut transport: Transport, place: Place) {
    let (peer, post) = house.enter(way);
    drop(place);
    let mut stay = Stay { house: &house, peer, code: None };
    if let Way::Gateway(query) = way {
        let compression = form::parameter(query, "compress").and_then(|name| Compression::named(&name));
        transport.speak_gateway(compression.filter(|way| way.query().is_some()).unwrap_or_default());
        tokio::time::sleep(BEFORE_HELLO).await;
    }
    let (mut outbox, mut slow) = (Outbox::new(), Slow::default());
    loop {
        match carry_out(&post, &mut transport, &mut outbox, &mut slow) {
            Done::Open => {}
            Done::Close(code, reason) => return transport.close(outbox, code, &reason).await,
            Done::Drop => {
                // What was said before is still sent, as far as it goes at once.
                let _ = tokio::time::timeout(TICK, transport.write(&mut outbox)).await;
                return;
            }
        }
        if outbox.bytes() + slow.bytes.len() > MAX_WAITING {
            return;
        }
        let tick = async {
            match slow.bytes.is_empty() {
                true => std::future::pending().await,
                false => tokio::time::sleep(TICK).await,
            }
        };
        let moved = tokio::select! {
            biased;
            () = post.stirred.notified() => continue,
            () = tick => {
                let most = (slow.per_second * TICK.as_millis() as usize / 1000).clamp(1, slow.bytes.len());
                let bytes: Vec<u8> = slow.bytes.drain(..most).collect();
                transport.say_raw(&bytes);
                continue;
            }
            moved = transport.drive(&mut outbox) => moved,
        };
        if let Err(lost) = moved.and_then(|()| payloads(&house, peer, &mut transport)) {
            stay.code = lost.code;
            return;
        }
    }
}

fn payloads(house: &House, peer: u32, transport: &mut Transport) -> Result<(), Lost> {
    for _ in 0..BURST {
        match transport.next_frame()? {
            None => break,
            Some(frame) if frame.opcode == Opcode::Frame => house.payload(peer, frame.payload),
            Some(frame) if frame.opcode == Opcode::Ping => {
                let payload = frame.payload.to_vec();
                transport.say_pong(&payload);
            }
            Some(_) => {}
        }
    }
    Ok(())
}

/// Does what waits.
fn carry_out(post: &Post, transport: &mut Transport, outbox: &mut Outbox, slow: &mut Slow) -> Done {
    loop {
        let Some(order) = post.orders.borrow_mut().pop_front() else { return Done::Open };
        match order {
            Order::Send(payload) if slow.per_second > 0 => slow.bytes.extend(transport.render(&payload)),
            Order::Send(payload) => outbox.push(Opcode::Frame, &payload),
            Order::Compress => transport.compress_payloads(),
            Order::Close(code, reason) => return Done::Close(code, reason),
            Order::Fault(Fault::Drop) => return Done::Drop,
            Order::Fault(Fault::Slow(per_second)) => {
                slow.per_second = per_second as usize;
                if per_second == 0 {
                    transport.say_raw(&std::mem::take(&mut slow.bytes));
                }
            }
            Order::Fault(Fault::Garbage) => {
                transport.flush_frames(outbox);
                // A whole message of binary bytes that are in no encoding and no compression.
                transport.say_raw(&[0x82, 0x08, 0xFF, 0x00, 0x13, 0x37, 0xC0, 0xFF, 0xEE, 0x99]);
            }
            Order::Fault(Fault::Truncate) => {
                transport.flush_frames(outbox);
                // A message that says it has 1000 bytes and has six.
                transport.say_raw(&[0x81, 0x7E, 0x03, 0xE8, b'{', b'"', b't', b'"', b':', b'"']);
                return Done::Drop;
            }
        }
    }
}

//! What waits for one peer, and what follows when that is much.
//!
//! | waiting | what follows |
//! |---|---|
//! | 64 KiB | its commands are not read until it has taken some |
//! | 256 KiB | the host's commands are held back for it, a quarter of a second at most: a burst of the host's own is no peer's fault |
//! | 1 MiB | it loses its connection when it takes no frame within 5 seconds |
//! | 16 MiB, or 64 MiB for all peers together | it loses its connection, of all the one for whom most waits |
//!
//! The one thing to know before changing it: a peer that reads must get everything, however much comes at once, and one that
//! does not may hold nobody up and cost no more than this.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use gamebridge_proto::time::Instant;
use tokio::sync::Notify;

use crate::transport::Outbox;

/// With this much waiting a peer's commands are not read.
pub(super) const READ_BELOW: usize = 64 << 10;
/// With this much waiting the host's commands are held back.
const HOLD_ABOVE: usize = 256 << 10;
/// How long they are held back for one peer, until it has caught up.
const HOLD_FOR: Duration = Duration::from_millis(250);
/// With this much waiting a peer has to show that it reads.
const PROVE_ABOVE: usize = 1 << 20;
/// How long it has for one frame.
const PROVE_WITHIN: Duration = Duration::from_secs(5);
/// More than this waits for nobody.
const MOST: usize = 16 << 20;
/// Nor this for all together.
pub(super) const MOST_OF_ALL: usize = 64 << 20;

/// What waits for one peer.
#[derive(Debug, Default)]
pub(super) struct Mailbox {
    /// From the door, on their way to the peer's task.
    pub(super) frames: RefCell<Outbox>,
    pub(super) close: RefCell<Option<(u16, String)>>,
    pub(super) stirred: Notify,
    /// What the peer's task holds.
    unwritten: Cell<usize>,
    /// Since when the host is held back.
    behind: Cell<Option<Instant>>,
    /// Since when it was seen to read nothing, with much waiting.
    deaf: Cell<Option<Instant>>,
    dropped: Cell<bool>,
}

impl Mailbox {
    /// Bytes that are not with the operating system.
    pub(super) fn waiting(&self) -> usize {
        self.frames.borrow().bytes() + self.unwritten.get()
    }

    /// Until when the host's commands wait for this peer.
    pub(super) fn holds_until(&self, now: Instant) -> Option<Instant> {
        if self.waiting() <= HOLD_ABOVE {
            self.behind.set(None);
            return None;
        }
        let since = self.behind.get().unwrap_or(now);
        self.behind.set(Some(since));
        let until = since + HOLD_FOR;
        (until > now).then_some(until)
    }

    /// It has to go, whatever it is doing.
    pub(super) fn drop_peer(&self) {
        self.dropped.set(true);
        self.stirred.notify_one();
    }

    /// The peer's task says what it holds, and whether a frame was taken since it said so last; true when the host need be held
    /// back no longer.
    pub(super) fn holds(&self, now: Instant, unwritten: usize, took: bool) -> bool {
        self.unwritten.set(unwritten);
        if self.waiting() <= PROVE_ABOVE {
            self.deaf.set(None);
        } else if took || self.deaf.get().is_none() {
            self.deaf.set(Some(now));
        }
        self.waiting() <= HOLD_ABOVE && self.behind.take().is_some()
    }

    /// When the peer loses its connection unless it takes a frame; at once when that is past.
    pub(super) fn lost_at(&self) -> Option<Instant> {
        if self.dropped.get() || self.waiting() > MOST {
            return Some(Instant::ZERO);
        }
        self.deaf.get().map(|since| since + PROVE_WITHIN)
    }
}

#[cfg(test)]
mod tests {
    use gamebridge_proto::wire::ipc::Opcode;

    use super::*;

    const NOW: Instant = Instant::ZERO;

    fn with(bytes: usize) -> Mailbox {
        let mailbox = Mailbox::default();
        mailbox.frames.borrow_mut().push(Opcode::Frame, &vec![b'x'; bytes]);
        mailbox
    }

    #[test]
    fn the_host_is_held_back_for_a_while_and_not_again_until_the_peer_has_caught_up() {
        assert_eq!(with(HOLD_ABOVE / 2).holds_until(NOW), None);
        let mailbox = with(HOLD_ABOVE);
        assert_eq!(mailbox.holds_until(NOW), Some(NOW + HOLD_FOR));
        assert_eq!(mailbox.holds_until(NOW + HOLD_FOR), None);
        *mailbox.frames.borrow_mut() = Outbox::new();
        assert!(mailbox.holds(NOW, 0, true), "the host may go on");
        assert!(!mailbox.holds(NOW, 0, true), "which is told once");
        mailbox.frames.borrow_mut().push(Opcode::Frame, &vec![b'x'; HOLD_ABOVE]);
        let later = NOW + 4 * HOLD_FOR;
        assert_eq!(mailbox.holds_until(later), Some(later + HOLD_FOR));
    }

    #[test]
    fn who_reads_loses_nothing_and_who_does_not_has_five_seconds() {
        let mailbox = with(PROVE_ABOVE);
        assert_eq!(mailbox.lost_at(), None);
        mailbox.holds(NOW, 0, false);
        assert_eq!(mailbox.lost_at(), Some(NOW + PROVE_WITHIN));
        let later = NOW + PROVE_WITHIN / 2;
        mailbox.holds(later, 0, false);
        assert_eq!(mailbox.lost_at(), Some(NOW + PROVE_WITHIN));
        mailbox.holds(later, 0, true);
        assert_eq!(mailbox.lost_at(), Some(later + PROVE_WITHIN));
        *mailbox.frames.borrow_mut() = Outbox::new();
        mailbox.holds(later, 0, true);
        assert_eq!(mailbox.lost_at(), None);
    }

    #[test]
    fn beyond_the_most_it_is_lost_at_once() {
        assert_eq!(with(MOST).lost_at(), Some(Instant::ZERO));
        let mailbox = with(1);
        mailbox.drop_peer();
        assert_eq!(mailbox.lost_at(), Some(Instant::ZERO));
    }
}

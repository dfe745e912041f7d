//! The activity: state, not requests. The latest one is always sent in the end, no more of them than Discord takes, and
//! again on every connection.
//!
//! Discord keeps one activity per process id, so there is a slot for each; a game has one. It takes 5 updates in 20 seconds
//! and empties the presence at the sixth (the Gateway page of its documentation).

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use crate::time::Instant;

/// Updates in a window.
pub const UPDATES: usize = 5;
/// The window, and a quarter of a second: five updates that were held up on the way and a sixth that was not must not
/// arrive within 20 seconds.
pub const WINDOW: Duration = Duration::from_millis(20_250);

#[derive(Default)]
pub(super) struct Presence {
    slots: BTreeMap<u64, Slot>,
    /// When the last [`UPDATES`] went out.
    sent: VecDeque<Instant>,
    /// Counts updates, so that slots take turns.
    turns: u64,
}

#[derive(Default)]
struct Slot {
    /// What was sent last, on whatever connection.
    shown: Option<Shown>,
    /// What has not been sent yet, and its turn among the slots.
    next: Option<(u64, Update)>,
    /// Whether this connection has been told nothing of `shown`.
    stale: bool,
}

struct Shown {
    request: u64,
    args: Box<[u8]>,
    clears: bool,
    /// What was shown before, in case this is refused or turns out to be unsent.
    before: Option<Box<[u8]>>,
    /// Whether this connection had been told nothing of `before`.
    before_stale: bool,
}

/// An update that waits, or was just taken to be sent.
pub(super) struct Update {
    /// The arguments as they go out: a JSON object with `pid`.
    pub(super) args: Box<[u8]>,
    /// Whether it takes the activity away.
    pub(super) clears: bool,
    /// The program's request that it answers; `None` when nobody waits for it.
    pub(super) request: Option<u64>,
    /// Whether it only shows again what was shown on another connection.
    pub(super) restores: bool,
}

impl Presence {
    /// The program wants this. Gives the request that it takes the place of, if one was waiting.
    pub(super) fn set(&mut self, pid: u64, update: Update) -> Option<u64> {
        let turn = self.next_turn();
        let slot = self.slots.entry(pid).or_default();
        match &mut slot.next {
            // It inherits the turn, or a busy slot would keep another from ever being served, or itself.
            Some((_, waiting)) => std::mem::replace(waiting, update).request,
            None => {
                slot.next = Some((turn, update));
                None
            }
        }
    }

    fn next_turn(&mut self) -> u64 {
        self.turns += 1;
        self.turns
    }

    /// When the next update may go out; `None` when none waits.
    pub(super) fn due(&self) -> Option<Instant> {
        if !self.slots.values().any(|slot| slot.next.is_some()) {
            return None;
        }
        let full = self.sent.len() >= UPDATES;
        Some(if full { self.sent[self.sent.len() - UPDATES] + WINDOW } else { Instant::ZERO })
    }

    /// Takes an update to be sent now, and says of which slot. Tell [`Presence::was_sent`] its request.
    pub(super) fn take(&mut self, now: Instant) -> Option<(u64, Update)> {
        if self.due()? > now {
            return None;
        }
        let (pid, slot) = self
            .slots
            .iter_mut()
            .filter(|(_, slot)| slot.next.is_some())
            .min_by_key(|(_, slot)| slot.next.as_ref().map(|(turn, _)| *turn))?;
        let (_, update) = slot.next.take()?;
        if self.sent.len() == UPDATES {
            self.sent.pop_front();
        }
        self.sent.push_back(now);
        Some((*pid, update))
    }

    /// The update that was taken went out under this request.
    pub(super) fn was_sent(&mut self, pid: u64, update: Update, request: u64) {
        let slot = self.slots.entry(pid).or_default();
        // What is shown again falls back to nothing: if it is refused now, it would be refused for ever.
        let before = slot.shown.take().filter(|shown| !shown.clears && !update.restores).map(|shown| shown.args);
        slot.shown =
            Some(Shown { request, args: update.args, clears: update.clears, before, before_stale: slot.stale });
        slot.stale = false;
    }

    /// The peer took it: nothing to fall back to is needed, nor a slot that shows nothing.
    pub(super) fn accepted(&mut self, pid: u64, request: u64) {
        let Some(slot) = self.slots.get_mut(&pid) else { return };
        if let Some(shown) = slot.shown.as_mut().filter(|shown| shown.request == request) {
            shown.before = None;
            if shown.clears {
                slot.shown = None;
            }
        }
        self.drop_if_empty(pid);
    }

    /// The peer refused it: what was shown before still is.
    pub(super) fn refused(&mut self, pid: u64, request: u64) {
        let turn = self.next_turn();
        self.fall_back(pid, request);
        if let Some(slot) = self.slots.get_mut(&pid).filter(|slot| slot.stale) {
            slot.restore(turn);
        }
        self.drop_if_empty(pid);
    }

    fn fall_back(&mut self, pid: u64, request: u64) -> Option<Shown> {
        let slot = self.slots.get_mut(&pid)?;
        let mut shown = slot.shown.take_if(|shown| shown.request == request)?;
        slot.shown = shown.before.take().map(|args| Shown {
            request: 0,
            args,
            clears: false,
            before: None,
            before_stale: false,
        });
        slot.stale = shown.before_stale;
        Some(shown)
    }

    /// It never reached the peer. Whether it waits again: if not, a newer one took its place.
    pub(super) fn unsent(&mut self, pid: u64, request: u64) -> bool {
        let Some(Shown { args, clears, .. }) = self.fall_back(pid, request) else { return false };
        let turn = self.next_turn();
        match self.slots.get_mut(&pid) {
            Some(slot) if slot.next.is_none() => {
                slot.next = Some((turn, Update { args, clears, request: Some(request), restores: false }));
                true
            }
            _ => false,
        }
    }

    /// Nobody waits for it any longer, but it is still wanted.
    pub(super) fn detach(&mut self, pid: u64, request: u64) {
        if let Some(next) = self.next_of(pid, request) {
            next.request = None;
        }
    }

    /// It is not wanted any longer.
    pub(super) fn withdraw(&mut self, pid: u64, request: u64) {
        if self.next_of(pid, request).is_none() {
            return;
        }
        let turn = self.next_turn();
        if let Some(slot) = self.slots.get_mut(&pid) {
            slot.next = None;
            if slot.stale {
                slot.restore(turn);
            }
        }
        self.drop_if_empty(pid);
    }

    fn next_of(&mut self, pid: u64, request: u64) -> Option<&mut Update> {
        let (_, next) = self.slots.get_mut(&pid)?.next.as_mut()?;
        (next.request == Some(request)).then_some(next)
    }

    /// A new connection knows of nothing: what was shown is to be sent again, unless something newer waits.
    pub(super) fn restore(&mut self) {
        let turn = self.next_turn();
        for slot in self.slots.values_mut() {
            slot.stale = true;
            slot.restore(turn);
        }
        self.slots.retain(|_, slot| slot.next.is_some() || slot.shown.is_some());
    }

    fn drop_if_empty(&mut self, pid: u64) {
        if self.slots.get(&pid).is_some_and(|slot| slot.next.is_none() && slot.shown.is_none()) {
            self.slots.remove(&pid);
        }
    }
}

impl Slot {
    fn restore(&mut self, turn: u64) {
        // A new connection shows nothing: what clears is done already.
        self.shown.take_if(|shown| shown.clears);
        if let (None, Some(shown)) = (&self.next, &self.shown) {
            self.next = Some((turn, Update { args: shown.args.clone(), clears: false, request: None, restores: true }));
        }
    }
}

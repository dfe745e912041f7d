//! The polling thread's end: all lanes of a client, merged by order number.

use gamebridge_proto::event::EventType;

use super::Shared;
use super::lossy::LossyReader;
use super::record::{self, Fields, View};
use super::reliable::ReliableReader;
use super::sync::Arc;

/// A connection's lanes, on their way to the reader.
#[derive(Debug)]
pub struct Lanes {
    pub(super) conn: u32,
    pub(super) reliable: ReliableReader,
    pub(super) lossy: LossyReader,
    /// DISCONNECTED was taken: its order number.
    pub(super) over: Option<u64>,
}

impl Lanes {
    /// What comes next in one of the two.
    fn peek(&mut self, lossy: bool, shared: &Shared) -> Option<&Fields> {
        // Whatever its task may still have written: DISCONNECTED is last.
        let at = match (lossy, self.over) {
            (false, None) => self.reliable.peek(shared)?,
            (false, Some(_)) => return None,
            (true, _) => self.lossy.peek(shared)?,
        };
        // SAFETY: a peeked record is whole and stays until the next peek.
        let fields = unsafe { record::fields(at) };
        self.over.is_none_or(|end| fields.order < end).then_some(fields)
    }
}

/// What a poll found.
#[derive(Clone, Copy, Debug)]
pub enum Polled<'a> {
    /// An event.
    Event(View<'a>),
    /// Events of a connection were dropped at this place.
    Dropped {
        /// The connection.
        conn: u32,
        /// How many.
        count: u64,
    },
}

/// Takes events out. One per client, used by one thread at a time.
#[derive(Debug)]
pub struct Reader {
    shared: Arc<Shared>,
    lanes: Vec<Lanes>,
    /// The lane to go on with while its next order number is below `limit`: index, and whether it is the lossy one.
    active: Option<(usize, bool)>,
    limit: u64,
    seen: u64,
    /// There are lanes whose DISCONNECTED was taken: they go at the first look that finds them empty.
    ended: bool,
}

impl Reader {
    /// A reader without lanes.
    pub fn new(shared: Arc<Shared>) -> Self {
        Reader { shared, lanes: Vec::new(), active: None, limit: 0, seen: 0, ended: false }
    }

    /// A new connection's lanes.
    pub fn add(&mut self, lanes: Lanes) {
        self.lanes.push(lanes);
        // They may hold what comes before the lane that was chosen.
        self.active = None;
    }

    /// How many connections have lanes here.
    pub fn connections(&self) -> usize {
        self.lanes.len()
    }

    /// Whether there is an event for [`Reader::take`]. What was taken before goes now.
    pub fn look(&mut self) -> bool {
        self.forget_ended();
        if let Some((index, lossy)) = self.active
            && self.peek(index, lossy).is_some_and(|next| next < self.limit)
        {
            return true;
        }
        self.active = None;
        self.seen = self.shared.horizon();
        self.choose(self.seen)
    }

    /// As [`Reader::look`], past what waits in the lossy lanes: their events stay, and come later, each with its order
    /// number. So a connection's DISCONNECTED may come before what its other lane holds, which is not lost by it.
    pub fn look_reliable(&mut self) -> bool {
        self.forget_ended();
        self.active = None;
        // The next look chooses anew.
        self.limit = 0;
        let mut lowest = self.shared.horizon() + 1;
        for index in 0..self.lanes.len() {
            let Some(next) = self.peek(index, false) else { continue };
            if next < lowest {
                lowest = next;
                self.active = Some((index, false));
            }
        }
        self.active.is_some()
    }

    fn forget_ended(&mut self) {
        if !self.ended {
            return;
        }
        self.ended = false;
        let before = self.lanes.len();
        self.lanes.retain_mut(|lanes| {
            let stays = lanes.over.is_none() || lanes.peek(true, &self.shared).is_some();
            self.ended |= stays && lanes.over.is_some();
            stays
        });
        if self.lanes.len() < before {
            self.active = None;
        }
    }

    /// The horizon at which [`Reader::look`] found nothing more.
    pub fn seen(&self) -> u64 {
        self.seen
    }

    /// The event that [`Reader::look`] found. It stays where it is until the next look.
    pub fn take(&mut self) -> Option<Polled<'_>> {
        let (index, lossy) = self.active?;
        Some(self.deliver(index, lossy))
    }

    /// Finds the lane with the lowest order number that is published, and up to where it stays the lowest.
    fn choose(&mut self, horizon: u64) -> bool {
        let (mut lowest, mut second) = (horizon + 1, horizon + 1);
        for index in 0..self.lanes.len() {
            for lossy in [false, true] {
                let Some(next) = self.peek(index, lossy) else { continue };
                if next < lowest {
                    (lowest, second) = (next, lowest);
                    self.active = Some((index, lossy));
                } else {
                    second = second.min(next);
                }
            }
        }
        self.limit = second;
        self.active.is_some()
    }

    fn peek(&mut self, index: usize, lossy: bool) -> Option<u64> {
        self.lanes[index].peek(lossy, &self.shared).map(|fields| fields.order)
    }

    fn deliver(&mut self, index: usize, lossy: bool) -> Polled<'_> {
        let lanes = &mut self.lanes[index];
        let cursor = if lossy { &mut lanes.lossy.cursor } else { &mut lanes.reliable.cursor };
        if cursor.has_gap() {
            let count = cursor.take_gap();
            if lossy {
                lanes.lossy.note_gap(count);
            }
            return Polled::Dropped { conn: lanes.conn, count };
        }
        let at = if lossy { lanes.lossy.peek(&self.shared) } else { lanes.reliable.peek(&self.shared) };
        let at = at.expect("peeked just before");
        // SAFETY: as in `peek`; the chunk is given back at the earliest by the next peek.
        let view = unsafe { record::view(at) };
        if lossy {
            lanes.lossy.cursor.advance(view.fields);
            lanes.lossy.note_read(view.fields.time_ns);
        } else {
            lanes.reliable.cursor.advance(view.fields);
            lanes.reliable.note_read(view.fields.stride(), view.fields.kind == EventType::Reply);
            if view.fields.kind == EventType::Disconnected {
                lanes.over = Some(view.fields.order);
                self.ended = true;
            }
        }
        Polled::Event(view)
    }
}

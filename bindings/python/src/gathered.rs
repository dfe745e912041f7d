//! What was gathered from the core's queue, and where each thing waits: events in the core's order, replies by their tags,
//! connections by their numbers.
//!
//! How it is gathered, and how much, is the [hub](crate::hub)'s.

use std::collections::{HashMap, VecDeque};
use std::thread::ThreadId;

use gamebridge::client::Scope;
use gamebridge::proto::event::EventType;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyList, PyString};

use crate::event::Event;
use crate::link::Link;

/// Events gathered ahead.
pub(crate) const ROOM: usize = 256;
/// Bytes of their payloads.
pub(crate) const ROOM_BYTES: usize = 1 << 20;

/// What is here, and who looks after more. Python objects are moved in and out under its lock, never made or dropped.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) queue: VecDeque<(usize, Py<Event>)>,
    pub(crate) queue_bytes: usize,
    /// What was taken past the events that wait in the core, by order number.
    pub(crate) early: VecDeque<(u64, Py<Event>)>,
    /// Replies that a thread here waits for.
    pub(crate) awaited: HashMap<u64, Option<Py<Event>>>,
    pub(crate) links: HashMap<u32, Py<Link>>,
    /// There was a connection, so there is an end when none is left.
    pub(crate) had_links: bool,
    pub(crate) leader: Option<ThreadId>,
    /// The leader waits for [`Scope::Reliable`], since there was no room.
    pub(crate) cramped: bool,
    /// Counts what waiting threads have to look at.
    pub(crate) epoch: u64,
    pub(crate) closed: bool,
}

impl State {
    /// The next event.
    pub(crate) fn pop(&mut self) -> Option<Py<Event>> {
        let (weight, event) = self.queue.pop_front()?;
        self.queue_bytes -= weight;
        Some(event)
    }

    fn push(&mut self, weight: usize, event: Py<Event>) {
        self.queue_bytes += weight;
        self.queue.push_back((weight, event));
    }

    pub(crate) fn has_events(&self) -> bool {
        !self.queue.is_empty()
    }

    /// Nothing is here, and nothing can come: every connection is over.
    pub(crate) fn is_over(&self) -> bool {
        !self.closed && self.had_links && self.queue.is_empty() && self.early.is_empty() && self.links.is_empty()
    }

    /// What the core is asked for.
    pub(crate) fn scope(&self) -> Scope {
        let full = self.queue.len() >= ROOM || self.queue_bytes >= ROOM_BYTES;
        if full { Scope::Reliable } else { Scope::Any }
    }

    /// A leader that had no room has half of it again. Asked once.
    pub(crate) fn relieves(&mut self) -> bool {
        let roomy = self.queue.len() <= ROOM / 2 && self.queue_bytes <= ROOM_BYTES / 2;
        roomy && std::mem::take(&mut self.cramped)
    }

    /// Puts each thing where it belongs; `emptied` when the core has nothing left. What comes back is to be dropped without
    /// the lock.
    pub(crate) fn sort(
        &mut self,
        py: Python<'_>,
        batch: Vec<Taken>,
        emptied: bool,
        gathered: &mut Gathered,
    ) -> (Vec<Py<Event>>, Vec<Py<Link>>) {
        let (mut outworn, mut ended) = (Vec::new(), Vec::new());
        for Taken { scope, order, weight, event } in batch {
            let (kind, conn, tag) = {
                let event = event.get();
                (event.kind(), event.conn_id(), event.tag())
            };
            match kind {
                EventType::Reply => {
                    match self.awaited.get_mut(&tag) {
                        Some(slot) => *slot = Some(event),
                        None => gathered.news.push(event),
                    }
                    continue;
                }
                EventType::Connected => {
                    if let Some(link) = self.links.get(&conn) {
                        let mut life = link.get().life();
                        life.connected = true;
                        outworn.extend(life.ready.replace(event.clone_ref(py)));
                    }
                    gathered.news.push(event.clone_ref(py));
                }
                EventType::Reconnecting => {
                    if let Some(link) = self.links.get(&conn) {
                        link.get().life().connected = false;
                    }
                }
                EventType::Disconnected => {
                    if let Some(link) = self.links.remove(&conn) {
                        let mut life = link.get().life();
                        life.connected = false;
                        life.over = Some(event.clone_ref(py));
                        drop(life);
                        ended.push(link);
                    }
                    gathered.news.push(event.clone_ref(py));
                }
                _ => {}
            }
            match (scope, order) {
                (Scope::Reliable, Some(order)) => self.early.push_back((order, event)),
                (_, order) => {
                    while order.is_some_and(|order| self.early.front().is_some_and(|(early, _)| *early < order)) {
                        let Some((_, early)) = self.early.pop_front() else { break };
                        self.push(0, early);
                    }
                    self.push(weight, event);
                }
            }
        }
        if emptied {
            while let Some((_, early)) = self.early.pop_front() {
                self.push(0, early);
                gathered.found = true;
            }
        }
        (outworn, ended)
    }
}

/// A line for Python's `logging`: level, room, sentence.
pub(crate) type LogLine = (i32, Py<PyString>, String);

/// What a look into the core's queue brought.
#[derive(Default)]
pub(crate) struct Gathered {
    /// Anything at all.
    pub(crate) found: bool,
    /// Another thread was at the core's queue.
    pub(crate) refused: bool,
    /// Replies that no thread here waits for, and the lifecycle of connections: what asyncio hands to its futures.
    pub(crate) news: Vec<Py<Event>>,
    pub(crate) logs: Vec<LogLine>,
}

/// One event on its way from the core's queue.
pub(crate) struct Taken {
    pub(crate) scope: Scope,
    pub(crate) order: Option<u64>,
    pub(crate) weight: usize,
    pub(crate) event: Py<Event>,
}

impl Gathered {
    /// Hands the lines to Python's `logging`, on this thread. Handlers are the program's code: no lock is held here.
    pub(crate) fn emit_logs(self, py: Python<'_>) -> Vec<Py<Event>> {
        static EMIT: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        if !self.logs.is_empty() {
            let emit = || EMIT.import(py, "gamebridge._logging", "emit")?.call1((PyList::new(py, self.logs)?,));
            if let Err(error) = emit() {
                error.write_unraisable(py, None);
            }
        }
        self.news
    }
}

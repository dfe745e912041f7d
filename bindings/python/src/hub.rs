//! One client as all threads of a program share it.
//!
//! Whoever needs something (the next event, a reply, a connection's beginning) looks whether it is here already. If not,
//! one thread *leads*: it waits in the core, gathers what arrived, and puts each thing where it belongs; the others wait for
//! it here, and the next one leads when it leaves. So any number of threads may use a client, each event goes to one of
//! them, and each reply to its caller.
//!
//! What is gathered and not yet asked for is bounded: beyond [`ROOM`] events or [`ROOM_BYTES`] only replies, requests and
//! lifecycle are taken out of the core's queue ([`Scope::Reliable`]), and the rest waits there, under the core's own rules
//! for a full queue. So whoever waits for a reply, a beginning or an end gets it, whatever nobody takes. What was taken so
//! early goes out where it belongs: the order of events is the core's, by their order numbers.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use gamebridge::client::{Client, Polled, Scope};
use gamebridge::proto::error::{Error, Status};
use gamebridge::proto::event::EventType;
use gamebridge::runtime::fork;
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::event::Event;
use crate::failure::raise;
use crate::gathered::{Gathered, LogLine, ROOM, ROOM_BYTES, State, Taken};
use crate::link::Link;

/// Events past those that wait, in one go.
const RELIABLE_ROOM: usize = 1024;
/// Names of events that are kept as Python objects.
const NAMES: usize = 512;
/// How long the main thread waits before it looks for signals.
const SLICE: Duration = Duration::from_millis(100);
/// How long another thread does: it only has to come back.
const LONG: Duration = Duration::from_secs(3600);
/// How long the leader sleeps between two looks while the program watches the handle for an event that is here, since
/// waiting would lower it: this at first, and up to a hundred times as long.
const BESIDE: Duration = Duration::from_micros(50);

/// One client.
#[pyclass(frozen, module = "gamebridge._native", weakref)]
pub(crate) struct Hub {
    core: Mutex<Core>,
    /// The last lease was given back.
    returned: Condvar,
    state: Mutex<State>,
    changed: Condvar,
    names: Mutex<HashMap<Box<str>, Py<PyString>>>,
    next_tag: AtomicU64,
    /// The wake-up handle was given away, so it has to be readable while something is gathered here.
    watched: AtomicBool,
    generation: u32,
    /// How long the end may take.
    pub(crate) shutdown: Duration,
}

struct Core {
    client: Option<Arc<Client>>,
    leases: usize,
}

/// The core client for the time of a call, so that `close` knows when it has it alone.
pub(crate) struct Lease<'h> {
    client: Arc<Client>,
    hub: &'h Hub,
}

impl std::ops::Deref for Lease<'_> {
    type Target = Client;
    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        let mut core = locked(&self.hub.core);
        core.leases -= 1;
        if core.leases == 0 {
            self.hub.returned.notify_all();
        }
    }
}

/// How long somebody is willing to wait.
#[derive(Clone, Copy)]
pub(crate) enum Patience {
    None,
    Until(Instant),
    Forever,
}

enum Role {
    Lead,
    /// Somebody else does; the epoch at that moment.
    Follow(u64),
    /// The leader itself, in a finalizer.
    Inside,
}

pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Hub {
    pub(crate) fn of(client: Client, shutdown: Duration) -> Hub {
        Hub {
            core: Mutex::new(Core { client: Some(Arc::new(client)), leases: 0 }),
            returned: Condvar::new(),
            state: Mutex::default(),
            changed: Condvar::new(),
            names: Mutex::default(),
            next_tag: AtomicU64::new(1),
            watched: AtomicBool::new(false),
            generation: fork::generation(),
            shutdown,
        }
    }

    /// Refuses a client that came over a fork, before any lock that a thread of the parent may have held.
    pub(crate) fn check_process(&self, py: Python<'_>) -> PyResult<()> {
        if self.is_forked() { Err(raise(py, &forked())) } else { Ok(()) }
    }

    pub(crate) fn is_forked(&self) -> bool {
        self.generation != fork::generation()
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }

    pub(crate) fn lease(&self, py: Python<'_>) -> PyResult<Lease<'_>> {
        self.check_process(py)?;
        let leased = {
            let mut core = locked(&self.core);
            core.client.clone().inspect(|_| core.leases += 1)
        };
        leased.map(|client| Lease { client, hub: self }).ok_or_else(|| raise(py, &closed()))
    }

    pub(crate) fn new_tag(&self) -> u64 {
        self.next_tag.fetch_add(1, Ordering::Relaxed)
    }

    /// The wake-up handle; `watched` when the program waits on it.
    pub(crate) fn handle(&self, py: Python<'_>, watched: bool) -> PyResult<isize> {
        let handle = self.lease(py)?.wakeup_handle().map_err(|error| raise(py, &error))?;
        if watched && !self.watched.swap(true, Ordering::Relaxed) {
            // There may be something, here or in the core: whoever gathered before did not raise it again.
            self.lease(py)?.wake();
        }
        Ok(handle)
    }

    /// The handle is readable while something can be polled, also when it was gathered here already: who gathers lowers it.
    /// Whether that is so, and the program asked for the handle.
    fn keep_raised(&self, py: Python<'_>) -> bool {
        let raised = self.watched.load(Ordering::Relaxed) && self.state().has_events();
        if raised {
            let _ = self.lease(py).map(|core| core.wake());
        }
        raised
    }

    /// Adds a connection that the core is about to make. It is known before any of its events can be sorted.
    pub(crate) fn open(
        &self,
        py: Python<'_>,
        connect: impl FnOnce(&Client) -> Result<u32, Error>,
    ) -> PyResult<Py<Link>> {
        let core = self.lease(py)?;
        let link = Py::new(py, Link::default())?;
        let kept = link.clone_ref(py);
        let made = {
            let mut state = self.state();
            if state.closed { Err(closed()) } else { connect(&core) }.map(|id| {
                link.get().is(id);
                state.had_links = true;
                state.links.insert(id, kept)
            })
        };
        made.map_err(|error| raise(py, &error))?;
        Ok(link)
    }

    /// Looks until `want` finds what it wants, leading or following, at most for `patience`. The error is a closed client,
    /// or what a signal handler raised.
    pub(crate) fn until<T>(
        &self,
        py: Python<'_>,
        patience: Patience,
        mut want: impl FnMut(&mut State) -> Option<T>,
    ) -> PyResult<Option<T>> {
        self.check_process(py)?;
        let me = std::thread::current().id();
        let mut expired = false;
        let mut slice = None;
        let mut beside = BESIDE;
        loop {
            let role = {
                let mut state = self.state();
                if let Some(found) = want(&mut state) {
                    let relieves = state.relieves();
                    drop(state);
                    if !self.keep_raised(py) && relieves {
                        let _ = self.lease(py).map(|core| core.wake());
                    }
                    return Ok(Some(found));
                }
                match state.leader {
                    _ if state.closed => {
                        drop(state);
                        return Err(raise(py, &closed()));
                    }
                    _ if expired => return Ok(None),
                    None => {
                        state.leader = Some(me);
                        Role::Lead
                    }
                    Some(leader) if leader == me => Role::Inside,
                    Some(_) => Role::Follow(state.epoch),
                }
            };
            let left = match patience {
                Patience::None => Some(Duration::ZERO),
                Patience::Until(deadline) => Some(deadline.saturating_duration_since(Instant::now())),
                Patience::Forever => None,
            };
            // One look, and then no more.
            expired = left == Some(Duration::ZERO);
            let nap = |slice: &mut Option<Duration>| {
                let slice = slice.get_or_insert_with(|| if is_main_thread(py) { SLICE } else { LONG });
                left.map_or(*slice, |left| left.min(*slice))
            };
            match role {
                Role::Lead => {
                    let reign = Reign(self);
                    let gathered = self.collect(py)?;
                    let watched = self.keep_raised(py);
                    if !gathered.found && !expired {
                        let nap = nap(&mut slice);
                        if watched {
                            py.detach(|| std::thread::sleep(nap.min(beside)));
                            beside = (beside * 2).min(BESIDE * 100);
                        } else {
                            self.await_core(py, Some(nap))?;
                        }
                    }
                    drop(reign);
                    gathered.emit_logs(py);
                }
                Role::Follow(_) | Role::Inside if expired => {}
                Role::Follow(epoch) => {
                    let nap = nap(&mut slice);
                    py.detach(|| {
                        let state = self.state();
                        let unchanged = |state: &mut State| state.epoch == epoch;
                        drop(self.changed.wait_timeout_while(state, nap, unchanged));
                    });
                }
                Role::Inside => {
                    let sentence = "called by a finalizer in the middle of another call on this client";
                    return Err(raise(py, &Error::new(Status::State, sentence)));
                }
            }
            py.check_signals()?;
        }
    }

    /// Waits, without the interpreter, until there may be something to gather.
    pub(crate) fn await_core(&self, py: Python<'_>, timeout: Option<Duration>) -> PyResult<bool> {
        let core = self.lease(py)?;
        let scope = {
            let mut state = self.state();
            if state.closed {
                return Ok(false);
            }
            let scope = state.scope();
            state.cramped = scope == Scope::Reliable;
            scope
        };
        let found = py.detach(|| {
            let found = core.wait_until(scope, timeout);
            drop(core);
            found
        });
        self.state().cramped = false;
        found.map_err(|error| raise(py, &error))
    }

    /// Takes what the core has and puts each thing where it belongs. Holds the interpreter's lock once for all of it.
    pub(crate) fn collect(&self, py: Python<'_>) -> PyResult<Gathered> {
        let core = self.lease(py)?;
        let (mut room, mut bytes) = {
            let state = self.state();
            (ROOM.saturating_sub(state.queue.len()), ROOM_BYTES.saturating_sub(state.queue_bytes))
        };
        let mut batch = Vec::new();
        let mut gathered = Gathered::default();
        let mut emptied = false;
        let mut past = 0;
        loop {
            let scope = if room > 0 && bytes > 0 { Scope::Any } else { Scope::Reliable };
            if past == RELIABLE_ROOM {
                break;
            }
            let taken = core.poll_in(scope, |polled| {
                polled.map(|polled| (Event::weight(&polled), self.kept(py, &polled, &mut gathered.logs)))
            });
            match taken {
                Ok(Some((weight, Some((order, event))))) => {
                    batch.push(Taken { scope, order, weight, event: Py::new(py, event)? });
                    (room, bytes) = (room.saturating_sub(1), bytes.saturating_sub(weight));
                    past += usize::from(scope == Scope::Reliable);
                }
                // A line of the log.
                Ok(Some((_, None))) => gathered.found = true,
                Ok(None) => {
                    emptied = scope == Scope::Any;
                    break;
                }
                Err(error) if error.status == Status::State => {
                    gathered.refused = true;
                    break;
                }
                Err(error) => return Err(raise(py, &error)),
            }
        }
        gathered.found |= !batch.is_empty();
        // Dropped after the lock is.
        let outworn = self.state().sort(py, batch, emptied, &mut gathered);
        drop(outworn);
        Ok(gathered)
    }

    /// An event as an object, with its order number; nothing for a line of the log, which goes to `logs`.
    fn kept(&self, py: Python<'_>, polled: &Polled<'_>, logs: &mut Vec<LogLine>) -> Option<(Option<u64>, Event)> {
        match polled {
            Polled::Dropped { conn, count } => Some((None, Event::dropped(py, *conn, *count))),
            Polled::Event(view) if view.fields.kind == EventType::Log => {
                logs.push((view.fields.code, self.name(py, view.name), view.message.to_owned()));
                None
            }
            Polled::Event(view) => Some((Some(view.fields.order), Event::of(py, view, self.name(py, view.name)))),
        }
    }

    /// An event's name as a Python object: they are few, and come again and again.
    fn name(&self, py: Python<'_>, name: &str) -> Py<PyString> {
        let Ok(mut names) = self.names.try_lock() else { return PyString::intern(py, name).unbind() };
        if let Some(known) = names.get(name) {
            return known.clone_ref(py);
        }
        // A string is no container: making one runs no collector.
        let made = PyString::intern(py, name).unbind();
        if names.len() < NAMES {
            names.insert(name.into(), made.clone_ref(py));
        }
        made
    }

    /// Lets every waiting thread look again.
    pub(crate) fn notify(&self) {
        self.state().epoch += 1;
        self.changed.notify_all();
    }

    /// Ends the client: everything that waits fails, what was not taken is discarded. Waits without the interpreter.
    pub(crate) fn close(&self, py: Python<'_>) {
        if self.is_forked() {
            // The parent's; it may only be freed.
            return;
        }
        let discarded = {
            let mut state = self.state();
            state.closed = true;
            let State { queue, early, links, .. } = &mut *state;
            (std::mem::take(queue), std::mem::take(early), std::mem::take(links))
        };
        self.notify();
        let client = locked(&self.core).client.take();
        py.detach(|| {
            let Some(client) = client else { return };
            client.wake();
            let core = locked(&self.core);
            // A finalizer may close the client from inside a call on it: then that call ends it, when it returns.
            let in_use = |core: &mut Core| core.leases > 0;
            drop(self.returned.wait_timeout_while(core, self.shutdown, in_use));
            drop(client);
        });
        drop(discarded);
    }
}

/// A thread's time as the leader; the others look again when it is over.
struct Reign<'h>(&'h Hub);

impl Drop for Reign<'_> {
    fn drop(&mut self) {
        self.0.state().leader = None;
        self.0.notify();
    }
}

pub(crate) fn closed() -> Error {
    Error::new(Status::Closed, "the client is closed")
}

fn forked() -> Error {
    Error::new(Status::Forked, "this client was made before a fork, in another process: make a new one here")
}

/// Signal handlers run on the main thread only. When in doubt, it is.
fn is_main_thread(py: Python<'_>) -> bool {
    let ask = || -> PyResult<bool> {
        let threading = py.import("threading")?;
        let main = threading.call_method0("main_thread")?.getattr("ident")?;
        threading.call_method0("get_ident")?.eq(main)
    };
    ask().unwrap_or(true)
}

//! Where events are handed out, to one thread at a time.

use std::cell::UnsafeCell;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use gamebridge_proto::error::{Error, Status};

use crate::queue::sync::{Arc, AtomicBool, AtomicU64, Mutex, Ordering};
use crate::queue::{Lanes, Polled, Reader};
use crate::session::port::Board;

/// The reader behind a guard that refuses a second thread instead of making it wait.
#[derive(Debug)]
pub(super) struct Desk {
    board: Arc<Board>,
    /// A thread is inside a poll or a wait.
    busy: AtomicBool,
    /// The horizon at which the reader last found nothing more.
    drained: AtomicU64,
    /// A `wake` that no wait has taken yet.
    woken: AtomicBool,
    /// Lanes of new connections, for the reader to find.
    arrivals: Mutex<Vec<Lanes>>,
    arrived: AtomicBool,
    reader: UnsafeCell<Reader>,
}

// SAFETY: the reader is touched only by the thread that has set `busy`.
unsafe impl Sync for Desk {}

/// Which events a look-out is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All, in their order.
    Any,
    /// Replies, requests and lifecycle, past dispatches, audio and log lines, which stay queued: their order numbers say
    /// where they belong, also before a DISCONNECTED that was taken so. For who waits for a reply or an end and has no room
    /// for the rest. While something is left the wake-up handle may be lowered.
    Reliable,
}

/// Unsets `busy`, whatever happens in between.
struct Seat<'a>(&'a AtomicBool);

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

impl Desk {
    pub(super) fn new(board: Arc<Board>) -> Self {
        Desk {
            reader: UnsafeCell::new(Reader::new(board.queue.clone())),
            board,
            busy: AtomicBool::new(false),
            drained: AtomicU64::new(0),
            woken: AtomicBool::new(false),
            arrivals: Mutex::new(Vec::new()),
            arrived: AtomicBool::new(false),
        }
    }

    pub(super) fn add(&self, lanes: Lanes) {
        let mut arrivals = self.arrivals.lock().unwrap_or_else(PoisonError::into_inner);
        arrivals.push(lanes);
        self.arrived.store(true, Ordering::Release);
    }

    /// Nothing new, nobody polling, no handle to lower: a poll has nothing to do.
    #[inline]
    pub(super) fn is_idle(&self) -> bool {
        self.drained.load(Ordering::Relaxed) == self.board.queue.horizon()
            && !self.busy.load(Ordering::Relaxed)
            && !self.board.signal.is_raised()
    }

    fn sit(&self) -> Result<Seat<'_>, Error> {
        if self.busy.compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed).is_err() {
            return Err(Error::new(Status::State, "another thread is polling this client: one at a time"));
        }
        Ok(Seat(&self.busy))
    }

    pub(super) fn poll<R>(&self, scope: Scope, take: impl FnOnce(Option<Polled<'_>>) -> R) -> Result<R, Error> {
        let seat = self.sit()?;
        Ok(take(self.next(&seat, scope)))
    }

    pub(super) fn wait<R>(
        &self,
        timeout: Option<Duration>,
        take: impl FnOnce(Option<Polled<'_>>) -> R,
    ) -> Result<R, Error> {
        let seat = self.sit()?;
        let found = self.await_next(&seat, Scope::Any, timeout)?;
        Ok(take(if found { self.next(&seat, Scope::Any) } else { None }))
    }

    pub(super) fn wait_until(&self, scope: Scope, timeout: Option<Duration>) -> Result<bool, Error> {
        let seat = self.sit()?;
        self.await_next(&seat, scope, timeout)
    }

    fn await_next(&self, seat: &Seat<'_>, scope: Scope, timeout: Option<Duration>) -> Result<bool, Error> {
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        loop {
            if self.has_next(seat, scope) {
                return Ok(true);
            }
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if self.woken.swap(false, Ordering::SeqCst) || left == Some(Duration::ZERO) {
                return Ok(false);
            }
            let failed = |error| Error::new(Status::Io, format!("waiting failed: {error}"));
            self.board.signal.wait(left).map_err(failed)?;
        }
    }

    /// Moves to what comes next, which the following [`Desk::next`] hands out. Lowers the handle when there is nothing.
    fn has_next(&self, seat: &Seat<'_>, scope: Scope) -> bool {
        let mut lowered = false;
        loop {
            // SAFETY: the seat is taken, and the reference ends with this call.
            let reader = unsafe { self.reader(seat) };
            let found = match scope {
                Scope::Any => reader.look(),
                Scope::Reliable => reader.look_reliable(),
            };
            // A connection that arrived meanwhile may have published below the horizon that `look` went by. It was put
            // among the arrivals before, so it is seen here, and nothing is passed over or taken out of order.
            if self.arrived.load(Ordering::Relaxed) {
                continue;
            }
            if found {
                if lowered {
                    // Published after the first look, and its publisher found the handle still raised. This event is
                    // found, but there may be more: the handle is readable while something can be polled.
                    self.board.signal.raise();
                }
                return true;
            }
            if scope == Scope::Any {
                self.drained.store(reader.seen(), Ordering::Relaxed);
            }
            if !self.board.signal.lower() {
                return false;
            }
            lowered = true;
        }
    }

    fn next<'s>(&'s self, seat: &'s Seat<'_>, scope: Scope) -> Option<Polled<'s>> {
        if !self.has_next(seat, scope) {
            return None;
        }
        // SAFETY: the seat is taken for as long as the event is borrowed.
        unsafe { self.reader(seat) }.take()
    }

    /// # Safety
    /// One reference at a time: the seat gives the thread, the caller the scope.
    #[expect(clippy::mut_from_ref, reason = "the seat is what makes it unique")]
    unsafe fn reader<'s>(&'s self, _: &'s Seat<'_>) -> &'s mut Reader {
        // SAFETY: only the thread in the seat gets here.
        let reader = unsafe { &mut *self.reader.get() };
        if self.arrived.load(Ordering::Acquire) {
            let mut arrivals = self.arrivals.lock().unwrap_or_else(PoisonError::into_inner);
            self.arrived.store(false, Ordering::Relaxed);
            for lanes in arrivals.drain(..) {
                reader.add(lanes);
            }
        }
        reader
    }

    pub(super) fn wake(&self) {
        self.woken.swap(true, Ordering::SeqCst);
        self.board.signal.raise();
    }
}

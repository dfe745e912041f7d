//! `libdiscord-rpc`: the ten functions of discord-rpc that thousands of games link, over gamebridge.
//!
//! A game gets it by replacing a file: names, arguments, structs and the order of what happens are discord-rpc's, and
//! its faults are not (docs/discord-rpc.md lists them). The protocol is the core's; here are the C structs, a little
//! state behind one lock, and the rule that handlers run inside `Discord_RunCallbacks`, on the thread that calls it.
//!
//! The one thing to know before changing it: no handler is called while the lock is held, since handlers call back into
//! the library. What a call tells is taken out under the lock, then told without it ([`Turn`]).

mod activity;
mod layout;
mod pending;
mod register;
mod session;
mod text;

use std::ffi::{c_char, c_int};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::time::Instant;

use gamebridge::runtime::{self, fork};

pub use self::layout::{DiscordEventHandlers, DiscordRichPresence, DiscordUser};
use self::pending::{Call, Pending};
use self::session::Session;

/// Digits of an id, and a few bytes more to see that it is none.
const ID: usize = 32;

/// Everything there is, behind one lock.
struct State {
    /// Between `Discord_Initialize` and `Discord_Shutdown`.
    session: Option<Session>,
    /// Counts sessions, so that a handler that ends one is told nothing more of it.
    sessions: u64,
    handlers: DiscordEventHandlers,
    presence: Presence,
    pending: Pending,
    /// A thread is inside `Discord_RunCallbacks`.
    telling: bool,
}

/// What the program wants to be shown, as JSON.
enum Presence {
    /// It has said nothing yet.
    Untold,
    Cleared,
    Shown(Vec<u8>),
}

/// The state of this process. A forked child gets one of its own: its parent's may have been locked, by a thread that the child
/// does not have.
struct House {
    generation: u32,
    state: Mutex<State>,
}

static HOUSE: AtomicPtr<House> = AtomicPtr::new(ptr::null_mut());

fn house() -> &'static House {
    let found = HOUSE.load(Ordering::Acquire);
    // SAFETY: NULL, or a house; none is ever freed once it is there.
    match unsafe { found.as_ref() } {
        Some(house) if house.generation == fork::generation() => house,
        _ => move_in(found),
    }
}

#[cold]
fn move_in(before: *mut House) -> &'static House {
    runtime::prepare();
    let made = Box::into_raw(Box::new(House { generation: fork::generation(), state: Mutex::new(State::new()) }));
    match HOUSE.compare_exchange(before, made, Ordering::AcqRel, Ordering::Acquire) {
        // What was there before is the parent's, and left as it is.
        // SAFETY: made just now, and never freed.
        Ok(_) => unsafe { &*made },
        Err(other) => {
            // SAFETY: nobody else has seen it; the other one is never freed.
            unsafe {
                drop(Box::from_raw(made));
                &*other
            }
        }
    }
}

fn state() -> MutexGuard<'static, State> {
    house().state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs what must not unwind into a program.
fn guarded<R>(otherwise: R, body: impl FnOnce() -> R) -> R {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or(otherwise)
}

/// What a handler is to see stays on the program's side of the boundary; what goes wrong inside does not go to its
/// stderr.
fn quiet_panics() {
    static ONCE: Once = Once::new();
    if !cfg!(test) {
        // This library has a standard library of its own, so no panic but ours comes here.
        ONCE.call_once(|| std::panic::set_hook(Box::new(|_| {})));
    }
}

impl State {
    const fn new() -> State {
        State {
            session: None,
            sessions: 0,
            handlers: DiscordEventHandlers::NONE,
            presence: Presence::Untold,
            pending: Pending::new(),
            telling: false,
        }
    }

    /// Says everything to a new connection.
    fn say_all(&mut self) {
        let State { session: Some(session), handlers, presence, pending, .. } = self else { return };
        session.subscribe(handlers, pending);
        if let Presence::Shown(activity) = presence {
            session.show(Some(activity), pending);
        }
    }

    /// Notes what has happened, and begins anew where it is time.
    fn catch_up(&mut self) {
        let State { session: Some(session), pending, .. } = self else { return };
        session.take_events(pending);
        if session.revive(Instant::now, pending) {
            self.say_all();
        }
    }

    fn set_presence(&mut self, wanted: Presence) {
        let State { session, presence, pending, .. } = self;
        // What is shown already is not said again: a program that says it every frame would use up what Discord takes
        // of updates, and the next change would wait.
        let same = match (&*presence, &wanted) {
            (Presence::Shown(shown), Presence::Shown(wanted)) => shown == wanted,
            (Presence::Cleared, Presence::Cleared) => true,
            _ => false,
        };
        *presence = wanted;
        let Some(session) = session else { return };
        session.take_events(pending);
        if same && !session.was_refused() {
            return;
        }
        match presence {
            Presence::Shown(activity) => session.show(Some(activity), pending),
            Presence::Cleared => session.show(None, pending),
            Presence::Untold => {}
        }
    }
}

/// One run of handlers. While it lives no other begins: not in a second thread, and not in a handler.
struct Turn {
    batch: Pending,
    connected: bool,
    session: u64,
}

impl Turn {
    /// Takes out what is to be told; `None` when that is nothing, or somebody is telling already.
    fn begin() -> Option<Turn> {
        let mut state = state();
        if state.session.is_none() || state.telling {
            return None;
        }
        state.catch_up();
        if state.pending.is_empty() {
            return None;
        }
        state.telling = true;
        let connected = state.session.as_ref().is_some_and(Session::is_connected);
        // What handlers cause is told the next time, or there might be no end.
        Some(Turn { batch: std::mem::take(&mut state.pending), connected, session: state.sessions })
    }

    /// The next call, by the handlers as they are now.
    fn next(&mut self) -> Option<Call> {
        let state = state();
        if state.session.is_none() || state.sessions != self.session {
            return None;
        }
        loop {
            if let Some(call) = self.batch.next(self.connected)?.call(&state.handlers) {
                return Some(call);
            }
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        state().telling = false;
    }
}

/// Begins: looks for a Discord, now and whenever there is none, and connects as this application. A second call
/// replaces the handlers. `auto_register` (not 0) has Discord start this program for invitations; with a Steam id
/// through Steam.
///
/// # Safety
/// Texts are NULL or end with a NUL; `handlers` is NULL or points to handlers, which are copied.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn Discord_Initialize(
    application_id: *const c_char,
    handlers: *const DiscordEventHandlers,
    auto_register: c_int,
    optional_steam_id: *const c_char,
) {
    quiet_panics();
    guarded((), || {
        // SAFETY: the caller vouches for the text.
        let application = text::legible(unsafe { text::bytes(application_id, ID) }, ID);
        // SAFETY: the caller vouches for it.
        let steam = text::legible(unsafe { text::bytes(optional_steam_id, ID) }, ID);
        if auto_register != 0 {
            register::for_invitations(&application, &steam);
        }
        let mut state = state();
        // SAFETY: NULL, or a struct of the caller's, which is copied.
        state.handlers = unsafe { handlers.as_ref() }.copied().unwrap_or_default();
        if state.session.is_none() {
            state.pending = Pending::new();
            let State { session, sessions, pending, .. } = &mut *state;
            *session = Session::begin(&application, pending).ok();
            *sessions += 1;
            state.say_all();
        } else {
            let State { session: Some(session), handlers, pending, .. } = &mut *state else { return };
            session.subscribe(handlers, pending);
        }
    });
}

/// Ends: takes the presence away, closes the connection, forgets the handlers. Bounded: half a second with a Discord
/// that does not answer.
#[unsafe(no_mangle)]
pub extern "C" fn Discord_Shutdown() {
    guarded((), || {
        let mut state = state();
        let shows = matches!(state.presence, Presence::Shown(_));
        let Some(session) = state.session.take() else { return };
        state.handlers = DiscordEventHandlers::NONE;
        state.presence = Presence::Untold;
        state.pending = Pending::new();
        drop(state);
        session.end(shows);
    });
}

/// Calls the handlers of what has happened, on this thread. Once a frame; with nothing to tell it costs next to
/// nothing.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn Discord_RunCallbacks() {
    let Some(mut turn) = guarded(None, Turn::begin) else { return };
    while let Some(call) = guarded(None, || turn.next()) {
        call.make();
    }
}

/// For programs built without an I/O thread, which call it once a frame. There is always one here, so nothing depends
/// on it.
#[unsafe(no_mangle)]
pub extern "C" fn Discord_UpdateConnection() {
    guarded((), || state().catch_up());
}

/// Shows a presence, or with NULL none. At any time: before a Discord is there, and before `Discord_Initialize`.
///
/// # Safety
/// NULL, or a struct of the layout that this library was built for, whose texts are NULL, or end with a NUL, or are
/// as long as their limits.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn Discord_UpdatePresence(presence: *const DiscordRichPresence) {
    guarded((), || {
        // SAFETY: the caller vouches for it.
        let wanted = match unsafe { presence.as_ref() } {
            None => Presence::Cleared,
            Some(presence) => {
                let mut activity = Vec::with_capacity(512);
                // SAFETY: likewise.
                unsafe { activity::write(&mut activity, presence) };
                Presence::Shown(activity)
            }
        };
        state().set_presence(wanted);
    });
}

/// Shows no presence.
#[unsafe(no_mangle)]
pub extern "C" fn Discord_ClearPresence() {
    guarded((), || state().set_presence(Presence::Cleared));
}

/// Answers who asked to join: 1 lets them in, 0 (no) and 2 (ignore) do not.
///
/// # Safety
/// The text is NULL or ends with a NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn Discord_Respond(user_id: *const c_char, reply: c_int) {
    guarded((), || {
        // SAFETY: the caller vouches for it.
        let user = text::legible(unsafe { text::bytes(user_id, ID) }, ID);
        let mut state = state();
        let State { session: Some(session), pending, .. } = &mut *state else { return };
        session.respond(&user, reply, pending);
    });
}

/// Replaces the handlers, at any time and in a handler too. With NULL there are none.
///
/// # Safety
/// NULL, or a struct of handlers, which is copied.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn Discord_UpdateHandlers(handlers: *const DiscordEventHandlers) {
    guarded((), || {
        // SAFETY: the caller vouches for it.
        let handlers = unsafe { handlers.as_ref() }.copied().unwrap_or_default();
        let mut state = state();
        state.handlers = handlers;
        let State { session: Some(session), handlers, pending, .. } = &mut *state else { return };
        session.subscribe(handlers, pending);
    });
}

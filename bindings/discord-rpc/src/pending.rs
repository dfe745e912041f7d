//! What waits for `Discord_RunCallbacks`.
//!
//! Between two calls of it anything may happen any number of times. A program should see a sane sequence, so what
//! happened is kept by kind, as discord-rpc keeps it: the last of what replaces its predecessor, all of what does
//! not.

use std::collections::VecDeque;
use std::ffi::CString;

use gamebridge::proto::value::Value;

use crate::layout::{DiscordEventHandlers, DiscordUser, FailureHandler, SecretHandler, UserHandler};
use crate::text::for_c;

/// Errors and requests kept for a program that doesn't ask for them; beyond it the oldest go.
const MOST: usize = 256;

/// A person, in texts for C.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    id: CString,
    name: CString,
    discriminator: CString,
    avatar: CString,
}

impl User {
    /// Reads a user object; what it lacks is empty.
    pub fn read(user: Value<'_>) -> User {
        let text = |name: &str| for_c(user.member(name).as_str().unwrap_or_default());
        let (discriminator, avatar) = (text("discriminator"), text("avatar"));
        User { id: text("id"), name: text("username"), discriminator, avatar }
    }

    /// Whether it says who it is.
    pub fn is_known(&self) -> bool {
        !self.id.is_empty()
    }
}

/// A code and a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Discord's own code, or one of discord-rpc's.
    pub code: i32,
    /// For people.
    pub message: CString,
}

impl Failure {
    /// As it will be told.
    pub fn new(code: i32, message: &str) -> Failure {
        Failure { code, message: for_c(message) }
    }
}

/// What happened since the last time.
#[derive(Debug, Default)]
pub struct Pending {
    /// The connection broke, or was refused.
    pub disconnected: Option<Failure>,
    /// A connection was made.
    pub ready: Option<User>,
    errors: VecDeque<Failure>,
    /// The secret of an invitation that the user accepted.
    pub join: Option<CString>,
    /// The same for watching.
    pub spectate: Option<CString>,
    requests: VecDeque<User>,
}

impl Pending {
    /// Nothing.
    pub const fn new() -> Pending {
        Pending {
            disconnected: None,
            ready: None,
            errors: VecDeque::new(),
            join: None,
            spectate: None,
            requests: VecDeque::new(),
        }
    }

    /// Discord refused a command.
    pub fn error(&mut self, failure: Failure) {
        keep(&mut self.errors, failure);
    }

    /// Somebody asks to join. Who asks twice is asked about once.
    pub fn request(&mut self, user: User) {
        self.requests.retain(|other| other.id != user.id);
        keep(&mut self.requests, user);
    }

    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.disconnected.is_none()
            && self.ready.is_none()
            && self.join.is_none()
            && self.spectate.is_none()
            && self.errors.is_empty()
            && self.requests.is_empty()
    }

    /// Takes what is to be told next. A break is told before everything else while there is a connection again, and
    /// after it while there is none: so `ready` and `disconnected` enclose the rest.
    pub fn next(&mut self, connected: bool) -> Option<Happening> {
        if connected && let Some(failure) = self.disconnected.take() {
            return Some(Happening::Disconnected(failure));
        }
        if let Some(user) = self.ready.take() {
            return Some(Happening::Ready(user));
        }
        if let Some(failure) = self.errors.pop_front() {
            return Some(Happening::Errored(failure));
        }
        if let Some(secret) = self.join.take() {
            return Some(Happening::Join(secret));
        }
        if let Some(secret) = self.spectate.take() {
            return Some(Happening::Spectate(secret));
        }
        if let Some(user) = self.requests.pop_front() {
            return Some(Happening::Request(user));
        }
        self.disconnected.take().map(Happening::Disconnected)
    }
}

fn keep<T>(queue: &mut VecDeque<T>, one: T) {
    if queue.len() == MOST {
        queue.pop_front();
    }
    queue.push_back(one);
}

/// One thing that a handler is for.
#[derive(Debug, PartialEq, Eq)]
pub enum Happening {
    /// A connection was made, as this user.
    Ready(User),
    /// It is gone.
    Disconnected(Failure),
    /// A command was refused.
    Errored(Failure),
    /// The user joins.
    Join(CString),
    /// The user watches.
    Spectate(CString),
    /// Somebody asks to join.
    Request(User),
}

/// A handler with what it is told.
pub enum Call {
    /// For a person.
    User(UserHandler, User),
    /// For a failure.
    Failure(FailureHandler, Failure),
    /// For a secret.
    Secret(SecretHandler, CString),
}

impl Happening {
    /// The call that tells it, if the program has a handler for it.
    pub fn call(self, handlers: &DiscordEventHandlers) -> Option<Call> {
        match self {
            Happening::Ready(user) => handlers.ready.map(|handler| Call::User(handler, user)),
            Happening::Request(user) => handlers.join_request.map(|handler| Call::User(handler, user)),
            Happening::Disconnected(failure) => handlers.disconnected.map(|handler| Call::Failure(handler, failure)),
            Happening::Errored(failure) => handlers.errored.map(|handler| Call::Failure(handler, failure)),
            Happening::Join(secret) => handlers.join_game.map(|handler| Call::Secret(handler, secret)),
            Happening::Spectate(secret) => handlers.spectate_game.map(|handler| Call::Secret(handler, secret)),
        }
    }
}

impl Call {
    /// Calls the handler; nothing of ours is locked, so it may call every function of the library. What the handler
    /// throws passes through.
    pub fn make(self) {
        match self {
            Call::User(handler, user) => {
                let shown = DiscordUser {
                    user_id: user.id.as_ptr(),
                    username: user.name.as_ptr(),
                    discriminator: user.discriminator.as_ptr(),
                    avatar: user.avatar.as_ptr(),
                };
                // SAFETY: the program's own function, given what it was declared with, alive during the call.
                unsafe { handler(&raw const shown) }
            }
            // SAFETY: as above.
            Call::Failure(handler, failure) => unsafe { handler(failure.code, failure.message.as_ptr()) },
            // SAFETY: as above.
            Call::Secret(handler, secret) => unsafe { handler(secret.as_ptr()) },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(id: &str) -> User {
        User { id: for_c(id), name: for_c("name"), discriminator: CString::default(), avatar: CString::default() }
    }

    fn full() -> Pending {
        let mut pending = Pending::new();
        pending.request(user("1"));
        pending.request(user("2"));
        pending.request(user("1"));
        pending.spectate = Some(for_c("s"));
        pending.join = Some(for_c("j"));
        pending.error(Failure::new(1, "a"));
        pending.error(Failure::new(2, "b"));
        pending.ready = Some(user("me"));
        pending.disconnected = Some(Failure::new(1000, "gone"));
        pending
    }

    fn order(connected: bool) -> Vec<String> {
        let mut pending = full();
        let mut told = Vec::new();
        while let Some(happening) = pending.next(connected) {
            told.push(match happening {
                Happening::Ready(_) => "ready".to_owned(),
                Happening::Disconnected(_) => "disconnected".to_owned(),
                Happening::Errored(failure) => format!("errored {}", failure.code),
                Happening::Join(_) => "join".to_owned(),
                Happening::Spectate(_) => "spectate".to_owned(),
                Happening::Request(user) => format!("request {}", user.id.to_str().unwrap()),
            });
        }
        assert!(pending.is_empty());
        told
    }

    #[test]
    fn a_break_is_told_first_when_it_is_mended_and_last_when_not() {
        let between = ["ready", "errored 1", "errored 2", "join", "spectate", "request 2", "request 1"];
        assert_eq!(order(true), [&["disconnected"], &between[..]].concat());
        assert_eq!(order(false), [&between[..], &["disconnected"]].concat());
    }

    #[test]
    fn what_nobody_asks_for_does_not_grow() {
        let mut pending = Pending::new();
        for at in 0..10_000 {
            pending.error(Failure::new(at, ""));
            pending.request(user(&at.to_string()));
        }
        assert_eq!((pending.errors.len(), pending.requests.len()), (MOST, MOST));
        assert_eq!(pending.errors.back().map(|failure| failure.code), Some(9999));
    }

    #[test]
    fn without_a_handler_nothing_is_called() {
        let mut pending = full();
        while let Some(happening) = pending.next(true) {
            assert!(happening.call(&DiscordEventHandlers::NONE).is_none());
        }
    }
}

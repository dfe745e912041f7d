//! Between `Discord_Initialize` and `Discord_Shutdown`: a client of gamebridge with one connection, and what it was
//! told.
//!
//! The core does the work: it finds a Discord, connects again, restores subscriptions and the presence, and paces
//! updates. What is left is to say each thing once, to take events out, and to begin anew when the core has given a
//! Discord up that refuses us, since discord-rpc never gives up.

use std::time::{Duration, Instant};

use gamebridge::client::{Client, ConnectionId, MIN_QUEUE_BYTES, Options, Polled, Request, View};
use gamebridge::proto::error::{Error, Status};
use gamebridge::proto::event::EventType;
use gamebridge::proto::value::Document;
use gamebridge::proto::wire::json::Object;

use crate::layout::{DiscordEventHandlers, REPLY_YES};
use crate::pending::{Failure, Pending, User};
use crate::text::for_c;

/// The events behind the handlers, in the order in which discord-rpc subscribes to them.
const EVENTS: [&str; 3] = ["ACTIVITY_JOIN", "ACTIVITY_SPECTATE", "ACTIVITY_JOIN_REQUEST"];

/// discord-rpc's own code of `disconnected`, where Discord gave none.
const PIPE_CLOSED: i32 = 1;
/// Discord's close code for an application that it does not know.
const INVALID_CLIENT_ID: i32 = 4000;
/// Discord's error code for arguments that it does not take.
const INVALID_PAYLOAD: i32 = 4000;

/// How long a Discord that refused us is left alone. (discord-rpc's longest wait.)
const REFUSED: Duration = Duration::from_secs(60);
/// A subscription waits for a Discord as long as the program runs.
const FOR_EVER: Duration = Duration::from_secs(10 * 365 * 24 * 3600);
/// How long a call may wait for the I/O thread when its queue is full.
const PATIENCE: Duration = Duration::from_millis(500);
/// How long the end waits for Discord to say that the presence is gone, and then for the connection to close.
const FAREWELL: Duration = Duration::from_millis(250);

/// Every command wants its reply, to tell of errors; only that of the last one is waited for.
const TAG: u64 = 1;
const LAST: u64 = 2;
/// The first of [`EVENTS`] has this one, and so on: what was asked of an event last is all that counts.
const SUBSCRIPTION: u64 = 3;

/// How it stands with the one connection.
enum Link {
    /// The core looks for a Discord, or has one.
    Open { conn: ConnectionId, connected: bool },
    /// It has given up, because it was refused. With a time, it is tried again then.
    Refused { again: Option<Instant> },
}

/// A client with its connection.
pub struct Session {
    client: Client,
    application: String,
    link: Link,
    /// Which of [`EVENTS`] the connection was asked for.
    subscribed: [bool; EVENTS.len()],
    /// Whether the presence that was sent last was refused.
    refused: bool,
    document: Document,
}

impl Session {
    /// Begins to look for a Discord.
    pub fn begin(application: &str, pending: &mut Pending) -> Result<Session, Error> {
        let options = Options { queue_bytes: MIN_QUEUE_BYTES, shutdown: FAREWELL, log_level: None };
        let mut session = Session {
            client: Client::new(options)?,
            application: application.to_owned(),
            link: Link::Refused { again: None },
            subscribed: [false; EVENTS.len()],
            refused: false,
            document: Document::new(),
        };
        session.connect(pending);
        Ok(session)
    }

    fn connect(&mut self, pending: &mut Pending) {
        let mut params = Vec::new();
        Object::begin(&mut params).str("client_id", &self.application).str("transport", "ipc").end();
        self.subscribed = [false; EVENTS.len()];
        self.link = match self.client.connect("rpc", &params) {
            Ok(conn) => Link::Open { conn, connected: false },
            Err(error) => {
                // What Discord would say to it, without asking.
                let what = if error.status == Status::Argument { "Invalid Client ID" } else { &error.message };
                pending.disconnected = Some(Failure::new(INVALID_CLIENT_ID, what));
                Link::Refused { again: None }
            }
        };
    }

    /// Whether Discord is there, by what was taken out so far.
    pub fn is_connected(&self) -> bool {
        matches!(self.link, Link::Open { connected: true, .. })
    }

    /// Connects again to a Discord that refused us, when it is time; whether everything has to be said anew.
    pub fn revive(&mut self, now: impl FnOnce() -> Instant, pending: &mut Pending) -> bool {
        match self.link {
            Link::Refused { again: Some(again) } if again <= now() => {
                self.connect(pending);
                true
            }
            _ => false,
        }
    }

    /// Subscribes to what there are handlers for, and to nothing else.
    pub fn subscribe(&mut self, handlers: &DiscordEventHandlers, pending: &mut Pending) {
        let wanted = [handlers.join_game.is_some(), handlers.spectate_game.is_some(), handlers.join_request.is_some()];
        for (at, event) in EVENTS.into_iter().enumerate() {
            if self.subscribed[at] == wanted[at] {
                continue;
            }
            let tag = SUBSCRIPTION + at as u64;
            if let Link::Open { conn, .. } = self.link {
                // What was asked before waits for a Discord, or for one's answer that may never come (arRPC's never does):
                // a game that changes its mind often must not fill the queue with it.
                let _ = self.client.cancel(conn, tag);
            }
            let mut args = Vec::new();
            Object::begin(&mut args).str("evt", event).end();
            let command = if wanted[at] { "SUBSCRIBE" } else { "UNSUBSCRIBE" };
            let request = Request { command, args: &args, tag, timeout: Some(FOR_EVER), ..Request::default() };
            if self.send(&request, pending).is_ok() {
                self.subscribed[at] = wanted[at];
            }
        }
    }

    /// Shows an activity, written as JSON, or none (`None`). The core paces it, and shows it again on every connection.
    pub fn show(&mut self, activity: Option<&[u8]>, pending: &mut Pending) {
        let sent = self.send_activity(activity, TAG, pending);
        self.refused = sent.is_err();
        if let Err(error) = sent
            && error.status == Status::Argument
        {
            pending.error(Failure::new(INVALID_PAYLOAD, &error.message));
        }
    }

    /// Whether the last presence was refused: then the same one may be tried again.
    pub fn was_refused(&self) -> bool {
        self.refused
    }

    fn send_activity(&mut self, activity: Option<&[u8]>, tag: u64, pending: &mut Pending) -> Result<(), Error> {
        let mut args = Vec::with_capacity(32 + activity.map_or(0, <[u8]>::len));
        let mut object = Object::begin(&mut args).int("pid", std::process::id().into());
        if let Some(activity) = activity {
            object = object.raw("activity", activity);
        }
        object.end();
        self.send(&Request { command: "SET_ACTIVITY", args: &args, tag, ..Request::default() }, pending)
    }

    /// Answers who asked to join. Without a Discord the question is gone too, so nothing is kept for later.
    pub fn respond(&mut self, user: &str, reply: i32, pending: &mut Pending) {
        self.take_events(pending);
        if !self.is_connected() {
            return;
        }
        let mut args = Vec::new();
        Object::begin(&mut args).str("user_id", user).end();
        let command = if reply == REPLY_YES { "SEND_ACTIVITY_JOIN_INVITE" } else { "CLOSE_ACTIVITY_REQUEST" };
        let sent = self.send(&Request { command, args: &args, tag: TAG, ..Request::default() }, pending);
        if let Err(error) = sent
            && error.status == Status::Argument
        {
            pending.error(Failure::new(INVALID_PAYLOAD, &error.message));
        }
    }

    /// Sends a command. A queue is full when a program says things faster than they can be taken, or never takes
    /// events out: the latter is done here, for the former it waits a little, since what is said last must arrive.
    fn send(&mut self, request: &Request<'_>, pending: &mut Pending) -> Result<(), Error> {
        let deadline = std::cell::OnceCell::new();
        loop {
            let Link::Open { conn, .. } = self.link else {
                return Err(Error::new(Status::Closed, "there is no connection"));
            };
            match self.client.send(conn, request) {
                Err(error) if error.status == Status::Full => {
                    self.take_events(pending);
                    if Instant::now() > *deadline.get_or_init(|| Instant::now() + PATIENCE) {
                        return Err(error);
                    }
                    std::thread::sleep(Duration::from_micros(200));
                }
                ended => return ended,
            }
        }
    }

    /// Takes all events out and notes what a handler is for.
    pub fn take_events(&mut self, pending: &mut Pending) {
        if self.client.is_idle() {
            return;
        }
        let Session { client, link, refused, document, .. } = self;
        let mut more = true;
        while more {
            more = client
                .poll(|polled| {
                    if let Some(Polled::Event(view)) = polled {
                        note(&view, link, refused, document, pending);
                    }
                    polled.is_some()
                })
                .unwrap_or(false);
        }
    }

    /// Takes the presence away and leaves. Discord drops it with the connection; this way it is gone before the
    /// program is.
    pub fn end(mut self, shows: bool) {
        let mut unheard = Pending::new();
        self.take_events(&mut unheard);
        if !shows || !self.is_connected() || self.send_activity(None, LAST, &mut unheard).is_err() {
            return;
        }
        let deadline = Instant::now() + FAREWELL;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let gone = self.client.wait(Some(left), |polled| match polled {
                Some(Polled::Event(view)) => match view.fields.kind {
                    EventType::Reply => view.fields.tag == LAST,
                    EventType::Reconnecting | EventType::Disconnected => true,
                    _ => false,
                },
                Some(Polled::Dropped { .. }) => false,
                None => true,
            });
            if gone.unwrap_or(true) {
                return;
            }
        }
    }
}

fn note(view: &View<'_>, link: &mut Link, refused: &mut bool, document: &mut Document, pending: &mut Pending) {
    let fields = view.fields;
    match fields.kind {
        EventType::Connected => {
            if let Link::Open { connected, .. } = link {
                *connected = true;
            }
            let user = if document.parse(view.payload).is_ok() { document.root().member("user") } else { return };
            pending.ready = Some(User::read(user));
        }
        EventType::Reconnecting | EventType::Disconnected => {
            pending.disconnected = Some(broken(view));
            if fields.kind == EventType::Disconnected {
                *link = Link::Refused { again: Some(Instant::now() + REFUSED) };
            } else if let Link::Open { connected, .. } = link {
                *connected = false;
            }
        }
        EventType::Reply if fields.status == Status::Remote => {
            *refused |= view.name == "SET_ACTIVITY";
            pending.error(Failure::new(fields.code, view.message));
        }
        EventType::Dispatch => {
            if document.parse(view.payload).is_err() {
                return;
            }
            let data = document.root();
            let secret = || data.member("secret").as_str().map(for_c);
            match view.name {
                "ACTIVITY_JOIN" => pending.join = secret().or(pending.join.take()),
                "ACTIVITY_SPECTATE" => pending.spectate = secret().or(pending.spectate.take()),
                "ACTIVITY_JOIN_REQUEST" => {
                    let user = User::read(data.member("user"));
                    if user.is_known() {
                        pending.request(user);
                    }
                }
                _ => {}
            }
        }
        _ => {}
    }
}

/// Why the connection is gone; with discord-rpc's code where Discord gave none.
fn broken(view: &View<'_>) -> Failure {
    let code = if view.fields.code == 0 { PIPE_CLOSED } else { view.fields.code };
    Failure::new(code, view.message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pending::Happening;

    #[test]
    fn a_discord_that_refused_us_is_asked_again_after_its_time() {
        let mut pending = Pending::new();
        // No number, so that no Discord is looked for.
        let mut session = Session::begin("none", &mut pending).unwrap();
        assert_eq!(pending.next(false), Some(Happening::Disconnected(Failure::new(4000, "Invalid Client ID"))));
        let again = Instant::now();
        assert!(!session.revive(|| again + REFUSED, &mut pending), "not by itself: it will be refused for ever");
        session.link = Link::Refused { again: Some(again) };
        assert!(!session.revive(|| again - Duration::from_millis(1), &mut pending));
        assert!(pending.is_empty());
        assert!(session.revive(|| again, &mut pending));
        assert!(!pending.is_empty(), "it was asked for");
    }
}

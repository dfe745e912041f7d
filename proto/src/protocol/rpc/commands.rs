//! From the program to the wire: commands are taken in, sent, withdrawn, and put back when a connection breaks.

use std::time::Duration;

use super::frames::{KEEP, with_int};
use super::presence::Update;
use super::requests::{Effect, Request};
use super::subscriptions::Subscription;
use super::{Client, Outcome, Sink, State, closed, conclude};
use crate::command::Command;
use crate::error::{Error, Status};
use crate::event::Flags;
use crate::time::Instant;
use crate::value::{Document, Kind};
use crate::wire::catalog::REPLY_TIMEOUT;
use crate::wire::rpc;

/// How long the peer has to answer what the machine sends by itself.
const RESTORE_TIMEOUT: Duration = Duration::from_secs(30);

/// Commands under way at which further ones without a tag are refused.
pub const MAX_UNANSWERED: usize = 8192;

impl Client {
    /// The program sends a command. It is answered exactly once (with a tag of 0: only a failure, and only in the log).
    pub fn handle_command(&mut self, now: Instant, command: Command, out: &mut impl Sink) {
        let mut doc = std::mem::take(&mut self.doc);
        let request = self.read(command, &mut doc, out);
        doc.shrink_to(KEEP);
        self.doc = doc;
        let Some((request, activity)) = request else { return };
        if self.is_finished() {
            return closed(&request, out);
        }
        if request.deadline <= now {
            return conclude(&request, &late(&request), out);
        }
        if request.tag == 0 && self.requests.len() >= MAX_UNANSWERED {
            // Commands with a tag are bounded by the replies that their sender may leave unpolled.
            let outcome = Outcome::new(Status::Full, "too many commands wait for their answers; this one was not sent");
            return conclude(&request, &outcome, out);
        }
        let id = self.requests.new_id();
        if let Effect::Activity { pid } = request.effect {
            self.requests.insert(id, request);
            let replaced =
                self.presence.set(pid, Update { request: Some(id), ..activity.expect("an activity has one") });
            if let Some(request) = replaced.and_then(|replaced| self.requests.remove(replaced)) {
                superseded(&request, out);
            }
            self.flush_presence(now, out);
        } else {
            self.requests.insert(id, request);
            self.requests.wait(id);
            self.flush(out);
        }
    }

    /// The program withdraws every command with this tag, wherever it is.
    pub fn handle_cancel(&mut self, now: Instant, tag: u64, out: &mut impl Sink) {
        for id in self.requests.ids(|request| request.tag == tag && !request.replay) {
            let Some(request) = self.requests.remove(id) else { continue };
            if let Effect::Activity { pid } = request.effect {
                self.presence.withdraw(pid, id);
            }
            let outcome = match request.frame {
                None => Outcome::new(Status::Cancelled, "cancelled before it was sent"),
                Some(_) => Outcome::new(Status::Cancelled, "cancelled; it had been sent"),
            };
            conclude(&request, &outcome, out);
        }
        self.flush_presence(now, out);
    }

    /// Makes a request of a command, or refuses it. The arguments were checked before; what is looked at here is what would
    /// break the frame, or the machine's own state.
    fn read(&mut self, command: Command, doc: &mut Document, out: &mut impl Sink) -> Option<(Request, Option<Update>)> {
        let Command { name, args, bytes, tag, timeout, issued } = command;
        let name_is_empty = name.is_empty();
        let mut request = Request {
            // An event's name is never empty.
            name: if name_is_empty { "?".into() } else { name },
            args,
            tag,
            replay: false,
            deadline: issued + timeout.unwrap_or(REPLY_TIMEOUT),
            effect: Effect::None,
            frame: None,
        };
        let mut activity = None;
        let row = rpc::command(&request.name);
        let mut prepare = || -> Result<(), Error> {
            if name_is_empty {
                return Err(Error::argument("a command's name expected"));
            }
            if !bytes.is_empty() {
                return Err(Error::argument("RPC commands have no binary part"));
            }
            if row.is_some_and(|row| !row.callable) {
                return Err(Error::argument("sent by Discord only"));
            }
            // Null stands for what is left out, here as in every member.
            if request.args.trim_ascii() == b"null" {
                request.args = Box::default();
            }
            let text: &[u8] = if request.args.is_empty() { b"{}" } else { &request.args };
            doc.parse(text).map_err(|error| Error::argument(format!("the arguments are not JSON: {error}")))?;
            let args = doc.root();
            if args.kind() != Kind::Object {
                return Err(Error::argument("the arguments must be a JSON object"));
            }
            let Some(row) = row else { return Ok(()) };
            if timeout.is_none() {
                request.deadline = issued + row.timeout(args);
            }
            match row.name {
                "AUTHENTICATE" => request.effect = Effect::Authenticate,
                "SUBSCRIBE" => {
                    request.effect = Effect::Subscribe(Subscription::read(args, text).map_err(Error::argument)?)
                }
                "UNSUBSCRIBE" => {
                    request.effect = Effect::Unsubscribe(Subscription::read(args, text).map_err(Error::argument)?);
                }
                "SET_ACTIVITY" => {
                    let pid = args.member("pid");
                    let own = u64::from(self.config.pid);
                    let (pid, args_out) = match pid.kind() {
                        Kind::Missing | Kind::Null => (own, with_int(args, text, "pid", own)),
                        _ => {
                            let named = pid.as_id().or_else(|| u64::try_from(pid.as_whole()?).ok());
                            (named.unwrap_or(own), args.raw(text).into())
                        }
                    };
                    request.effect = Effect::Activity { pid };
                    let clears = args.member("activity").is_none();
                    activity = Some(Update { args: args_out, clears, request: None, restores: false });
                }
                _ => {}
            }
            Ok(())
        };
        match prepare() {
            Ok(()) => {
                if !matches!(request.effect, Effect::None | Effect::Authenticate) {
                    request.args = Box::default();
                }
                Some((request, activity))
            }
            Err(error) => {
                conclude(&request, &Outcome::new(error.status, &error.message), out);
                None
            }
        }
    }

    /// Sends what waits, if that is possible.
    pub(super) fn flush(&mut self, out: &mut impl Sink) {
        if !matches!(self.state, State::Connected { .. }) {
            return;
        }
        while let Some(id) = self.requests.next_waiting() {
            let Some(request) = self.requests.get_mut(id) else { continue };
            // The name that Discord documents goes out, whichever the program used.
            let name = rpc::command(&request.name).map_or(&*request.name, |row| row.name);
            let (event, args) = match &request.effect {
                Effect::Subscribe(subscription) | Effect::Unsubscribe(subscription) => {
                    (Some(&*subscription.event), &*subscription.args)
                }
                _ => (None, &*request.args),
            };
            request.frame = Some(self.frames.command(id, name, event, args, out));
            match &request.effect {
                Effect::Subscribe(subscription) => self.subscriptions.add(subscription.clone(), id),
                Effect::Unsubscribe(subscription) => self.subscriptions.remove(subscription),
                _ => {}
            }
        }
    }

    /// Sends the activities that wait, as many as Discord takes now.
    pub(super) fn flush_presence(&mut self, now: Instant, out: &mut impl Sink) {
        if !matches!(self.state, State::Connected { .. }) {
            return;
        }
        while let Some((pid, update)) = self.presence.take(now) {
            let id = update.request.unwrap_or_else(|| {
                let id = self.requests.new_id();
                self.requests.insert(id, restoring("SET_ACTIVITY", now, Effect::Activity { pid }));
                id
            });
            let frame = self.frames.command(id, "SET_ACTIVITY", None, &update.args, out);
            if let Some(request) = self.requests.get_mut(id) {
                request.frame = Some(frame);
            }
            self.presence.was_sent(pid, update, id);
        }
    }

    /// A new connection: state first, then what waited.
    pub(super) fn restore(&mut self, now: Instant, out: &mut impl Sink) {
        let Client { requests, frames, subscriptions, .. } = self;
        subscriptions.replay(|subscription| {
            let id = requests.new_id();
            let mut request = restoring("SUBSCRIBE", now, Effect::Subscribe(subscription.clone()));
            request.frame = Some(frames.command(id, "SUBSCRIBE", Some(&subscription.event), &subscription.args, out));
            requests.insert(id, request);
            id
        });
        self.presence.restore();
        self.flush(out);
        self.flush_presence(now, out);
    }

    /// The connection broke: what was written is uncertain, what was not waits again.
    pub(super) fn break_off(&mut self, unwritten: usize, out: &mut impl Sink) {
        let written = self.frames.sent.saturating_sub(unwritten as u64);
        for id in self.requests.ids(|request| request.frame.is_some()) {
            let Some(request) = self.requests.get_mut(id) else { continue };
            let was_written = request.frame.is_some_and(|frame| frame < written);
            if was_written || request.replay {
                if let Some(request) = self.requests.remove(id) {
                    closed(&request, out);
                }
                continue;
            }
            request.frame = None;
            match &request.effect {
                Effect::Activity { pid } => {
                    if !self.presence.unsent(*pid, id)
                        && let Some(request) = self.requests.remove(id)
                    {
                        superseded(&request, out);
                    }
                    continue;
                }
                Effect::Subscribe(_) => self.subscriptions.forget(id),
                Effect::Unsubscribe(subscription) => self.subscriptions.add(subscription.clone(), 0),
                Effect::None | Effect::Authenticate => {}
            }
            self.requests.wait(id);
        }
    }

    /// The request's time is over.
    pub(super) fn expire(&mut self, id: u64, request: &Request, out: &mut impl Sink) {
        if let (Effect::Activity { pid }, None) = (&request.effect, request.frame) {
            self.presence.detach(*pid, id);
        }
        conclude(request, &late(request), out);
    }
}

fn restoring(name: &str, now: Instant, effect: Effect) -> Request {
    let deadline = now + RESTORE_TIMEOUT;
    Request { name: name.into(), args: Box::default(), tag: 0, replay: true, deadline, effect, frame: None }
}

fn superseded(request: &Request, out: &mut impl Sink) {
    let mut outcome = Outcome::new(Status::Ok, "a newer activity took its place");
    outcome.flags = Flags::SUPERSEDED;
    conclude(request, &outcome, out);
}

fn late(request: &Request) -> Outcome<'static> {
    let message = match (request.frame, &request.effect) {
        (Some(_), _) => "sent, but not answered in time",
        (None, Effect::Activity { .. }) => "not sent in time; the activity is shown as soon as it can be",
        (None, _) => "not sent in time: there was no connection",
    };
    Outcome::new(Status::Timeout, message)
}

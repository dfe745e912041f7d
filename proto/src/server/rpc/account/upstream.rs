//! One connection to a Discord, which bears one token for all of its life, or none.
//!
//! What waits for it, what it owes answers to, and what was subscribed to over it. Who its peers are, and which of an
//! application's connections carries what, is the trunk's matter ([`super::trunk`]).
//!
//! The one thing to know before changing it: Discord judges each command and each event by the token that the connection
//! bears at that moment. So a connection on which somebody has subscriptions is never given another token.

use std::collections::{BTreeMap, VecDeque};

use super::ask::{Ask, Kind};
use super::topics::{Step, Topics, Verb};
use super::{Errand, Sink};
use crate::command::Command;
use crate::secret::Secret;
use crate::server::rpc::subscription::Topic;
use crate::time::Instant;
use crate::wire::json::Object;
use crate::wire::rpc;

#[derive(Debug)]
pub(super) struct Upstream {
    pub(super) state: State,
    /// The token that it bears: the last one that Discord took. One that was refused since changes nothing here, as nobody
    /// says whether the old one still counts.
    pub(super) token: Option<Secret>,
    /// A token that Discord has not taken yet.
    pub(super) trial: Option<Trial>,
    /// What goes out when it is open, and its trial over.
    pub(super) waiting: VecDeque<Ask>,
    pub(super) owed: BTreeMap<u64, Ask>,
    last_tag: u64,
    pub(super) topics: Topics,
    /// Whose activity is shown for a process.
    activities: BTreeMap<u64, u32>,
    /// Nobody uses it: until when it is kept.
    pub(super) idle_until: Option<Instant>,
}

#[derive(Debug)]
pub(super) enum State {
    /// It is yet to be asked for, if there is room for one more.
    Wanted,
    /// Under this number.
    Connecting {
        session: u32,
        until: Instant,
    },
    Open {
        session: u32,
    },
}

/// A token that was, or will be, shown to Discord.
#[derive(Debug)]
pub(super) struct Trial {
    pub(super) token: Secret,
    /// The tag of its AUTHENTICATE, once that went out.
    pub(super) tag: Option<u64>,
}

impl Upstream {
    /// One that is to bear nothing, or this token: what Discord says to it, nobody hears.
    pub(super) fn wanted(token: Option<&Secret>) -> Self {
        let mut waiting = VecDeque::new();
        if let Some(token) = token {
            waiting.push_back(Ask::authenticate(token));
        }
        Upstream {
            state: State::Wanted,
            token: None,
            trial: token.map(|token| Trial { token: token.clone(), tag: None }),
            waiting,
            owed: BTreeMap::new(),
            last_tag: 0,
            topics: Topics::default(),
            activities: BTreeMap::new(),
            idle_until: None,
        }
    }

    /// Its number, once it has one.
    pub(super) fn session(&self) -> Option<u32> {
        match self.state {
            State::Wanted => None,
            State::Connecting { session, .. } | State::Open { session } => Some(session),
        }
    }

    /// The token that it bears, or is about to.
    pub(super) fn claimed(&self) -> Option<&Secret> {
        self.trial.as_ref().map(|trial| &trial.token).or(self.token.as_ref())
    }

    /// Whether anything is under way.
    pub(super) fn is_busy(&self) -> bool {
        self.trial.is_some() || !self.waiting.is_empty() || !self.owed.is_empty()
    }

    /// Sends what does not depend on the token, and so waits for nothing.
    pub(super) fn send_now(&mut self, now: Instant, ask: Ask, out: &mut impl Sink) {
        let State::Open { session } = self.state else { return self.waiting.push_back(ask) };
        self.send(now, session, ask, out);
    }

    /// Sends what may go out.
    pub(super) fn flush(&mut self, now: Instant, out: &mut impl Sink) {
        let State::Open { session } = self.state else { return };
        while self.trial.as_ref().is_none_or(|trial| trial.tag.is_none()) {
            let Some(ask) = self.waiting.pop_front() else { return };
            let shows = matches!(ask.kind, Kind::Authenticate(_));
            let tag = self.send(now, session, ask, out);
            if let Some(trial) = &mut self.trial
                && shows
            {
                trial.tag = Some(tag);
            }
        }
    }

    fn send(&mut self, now: Instant, session: u32, mut ask: Ask, out: &mut impl Sink) -> u64 {
        self.last_tag += 1;
        let tag = self.last_tag;
        // The name that Discord documents, whichever the peer used.
        let name = rpc::command(&ask.name).map_or(&*ask.name, |row| row.name);
        let command =
            Command { name: name.into(), args: std::mem::take(&mut ask.args), tag, issued: now, ..Command::default() };
        out.errand(Errand::Send { session, command });
        match &ask.kind {
            Kind::Activity { pid, shows: true } => {
                self.activities.insert(pid.unwrap_or(OWN_PID), ask.peer);
            }
            Kind::Activity { pid, shows: false } => {
                self.activities.remove(&pid.unwrap_or(OWN_PID));
            }
            Kind::Plain | Kind::Authenticate(_) | Kind::Subscribe(_) | Kind::Unsubscribe(_) => {}
        }
        self.owed.insert(tag, ask);
        tag
    }

    /// Asks about a topic, after all that was asked about it before.
    pub(super) fn about(&mut self, now: Instant, topic: Topic, ask: Ask, done: &mut Vec<Ask>, out: &mut impl Sink) {
        let verb = if matches!(ask.kind, Kind::Unsubscribe(_)) { Verb::Unsubscribe } else { Verb::Subscribe };
        self.topics.add(topic, verb, ask);
        self.step(now, topic, done, out);
    }

    /// Goes on with what was asked about a topic. What nobody upstream needs to be asked is `done`.
    pub(super) fn step(&mut self, now: Instant, topic: Topic, done: &mut Vec<Ask>, out: &mut impl Sink) {
        while let Some(step) = self.topics.step(topic) {
            match step {
                Step::Forward(ask) if matches!(ask.kind, Kind::Unsubscribe(_)) => self.send_now(now, ask, out),
                Step::Forward(ask) => {
                    self.waiting.push_back(ask);
                    self.flush(now, out);
                }
                Step::Release => {
                    let (name, args) = ("UNSUBSCRIBE".into(), subscription(topic));
                    let release = Ask { name, args, kind: Kind::Unsubscribe(topic), ..Ask::nobodys() };
                    self.send_now(now, release, out);
                }
                Step::Done(ask) => done.push(ask),
            }
        }
    }

    /// A peer left: what it had is ended upstream, and nobody waits for its answers.
    pub(super) fn leave(&mut self, now: Instant, peer: u32, done: &mut Vec<Ask>, out: &mut impl Sink) {
        for ask in self.owed.values_mut().filter(|ask| ask.peer == peer) {
            ask.peer = 0;
        }
        let mut topics = self.topics.leave(peer);
        self.waiting.retain_mut(|ask| {
            if ask.peer != peer {
                return true;
            }
            ask.peer = 0;
            if let Kind::Subscribe(topic) = ask.kind {
                // It never went out: the topic is free again.
                self.topics.subscribed(topic, 0, false);
                topics.retain(|concerned| *concerned != topic);
                topics.push(topic);
            }
            // A token that others wait for is shown for their sake, and an end has to go out all the same.
            matches!(ask.kind, Kind::Authenticate(_) | Kind::Unsubscribe(_))
        });
        for topic in topics {
            self.step(now, topic, done, out);
        }
        for pid in self.activities.extract_if(.., |_, shower| *shower == peer).map(|(pid, _)| pid).collect::<Vec<_>>() {
            let mut args = Vec::new();
            let object = Object::begin(&mut args);
            let object = if pid == OWN_PID { object } else { object.raw("pid", pid.to_string().as_bytes()) };
            object.raw("activity", b"null").end();
            let kind = Kind::Activity { pid: (pid != OWN_PID).then_some(pid), shows: false };
            let clears = Ask { name: "SET_ACTIVITY".into(), args: args.into(), kind, ..Ask::nobodys() };
            self.send_now(now, clears, out);
        }
    }

    /// Takes a peer's subscriptions off.
    pub(super) fn release(&mut self, now: Instant, peer: u32, done: &mut Vec<Ask>, out: &mut impl Sink) {
        for topic in self.topics.leave(peer) {
            self.step(now, topic, done, out);
        }
    }

    /// All that has no answer so far.
    pub(super) fn asks(&self) -> impl Iterator<Item = &Ask> {
        self.owed.values().chain(&self.waiting).chain(self.topics.waiting())
    }

    /// All that will have no answer any more.
    pub(super) fn into_asks(self) -> impl Iterator<Item = Ask> {
        self.owed.into_values().chain(self.waiting).chain(self.topics.into_waiting())
    }
}

/// Stands for the process of whoever named none: the client machine puts its own.
const OWN_PID: u64 = u64::MAX;

/// The arguments of SUBSCRIBE and UNSUBSCRIBE as the client machine takes them.
pub(super) fn subscription(topic: Topic) -> Box<[u8]> {
    let arg = rpc::event(topic.event).and_then(|row| row.args.first());
    let mut out = Vec::new();
    Object::begin(&mut out)
        .str("evt", topic.event)
        .with("args", |out| {
            let object = Object::begin(out);
            match arg {
                Some(arg) => object.id(arg.name, topic.subject).end(),
                None => object.end(),
            }
        })
        .end();
    out.into()
}

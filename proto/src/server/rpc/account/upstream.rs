//! One connection to a Discord, as one application, and the books of the peers that share it.
//!
//! Discord binds a connection to its application and takes few connections a minute, so peers of one application share
//! one. What belongs to a peer is kept here: which reply is whose (tags, so that equal nonces of two peers can't meet), who
//! subscribed to what, whose activity is shown, and whose token the connection is authenticated with. The one thing to
//! know before changing it: a connection has one token at a time, so a command goes out only after the AUTHENTICATE of its
//! peer's token was answered, and all that comes behind waits in line meanwhile.

use std::collections::{BTreeMap, VecDeque};

use super::ask::{Ask, Kind};
use super::topics::{Step, Topics, Verb};
use super::{Errand, Sink};
use crate::command::Command;
use crate::error::Status;
use crate::event::Event;
use crate::secret::Secret;
use crate::server::rpc::commands::Call;
use crate::server::rpc::subscription::Topic;
use crate::time::Instant;
use crate::value::{Document, Value};
use crate::wire::json::Object;
use crate::wire::rpc::{self, ErrorCode};

/// Commands of one peer that wait for their answers.
const MOST_UNDER_WAY: usize = 1024;
/// And the bytes of their arguments.
const MOST_BYTES_UNDER_WAY: usize = 1 << 20;

#[derive(Debug)]
pub(super) struct Upstream {
    pub(super) session: u32,
    pub(super) state: State,
    /// The peers that got their READY from it.
    members: BTreeMap<u32, Member>,
    /// Nobody uses it: until when it is kept, for who comes again.
    pub(super) idle_until: Option<Instant>,
    /// The token that the connection is authenticated with, as far as is known.
    token: Option<Secret>,
    /// The AUTHENTICATE that is under way: its tag and token.
    authenticating: Option<(u64, Secret)>,
    line: VecDeque<Ask>,
    owed: BTreeMap<u64, Ask>,
    last_tag: u64,
    topics: Topics,
    /// Whose activity is shown for a process.
    activities: BTreeMap<u64, u32>,
    frame: Vec<u8>,
}

#[derive(Debug)]
pub(super) enum State {
    Connecting,
    /// READY came: the data of that which peers get.
    Open {
        ready: Box<[u8]>,
    },
}

#[derive(Debug, Default)]
struct Member {
    token: Option<Secret>,
    under_way: usize,
    bytes: usize,
}

/// What a reply means beyond its peer's answer.
#[derive(Debug)]
pub(super) enum Outcome {
    Nothing,
    /// This peer showed a token that holds.
    Authenticated(u32),
    /// These peers' token holds no more.
    Refused(Vec<u32>),
}

impl Upstream {
    pub(super) fn new(session: u32) -> Self {
        Upstream {
            session,
            state: State::Connecting,
            members: BTreeMap::new(),
            idle_until: None,
            token: None,
            authenticating: None,
            line: VecDeque::new(),
            owed: BTreeMap::new(),
            last_tag: 0,
            topics: Topics::default(),
            activities: BTreeMap::new(),
            frame: Vec::new(),
        }
    }

    pub(super) fn join(&mut self, peer: u32) {
        self.members.insert(peer, Member::default());
        self.idle_until = None;
    }

    pub(super) fn members(&self) -> impl Iterator<Item = u32> {
        self.members.keys().copied()
    }

    /// What a peer subscribed to.
    pub(super) fn topics_of(&self, peer: u32) -> impl Iterator<Item = Topic> {
        self.topics.of_peer(peer)
    }

    /// Whether a peer may subscribe to one more.
    pub(super) fn has_room(&self, peer: u32, topic: Topic, most: usize) -> bool {
        self.topics.has(topic, peer) || self.topics.of_peer(peer).count() < most
    }

    /// Whose token the connection is authenticated with.
    pub(super) fn bearers(&self) -> Vec<u32> {
        self.token.as_ref().map(|token| self.holders_of(token)).unwrap_or_default()
    }

    fn holders_of(&self, token: &Secret) -> Vec<u32> {
        self.members.iter().filter(|(_, member)| member.token.as_ref() == Some(token)).map(|(peer, _)| *peer).collect()
    }

    /// Takes a peer's command. Its arguments were checked, and it may.
    ///
    /// # Errors
    /// Too much of this peer's waits for answers already; the sentence says how much is the most.
    pub(super) fn ask(
        &mut self,
        now: Instant,
        call: Call<'_>,
        topic: Option<Topic>,
        out: &mut impl Sink,
    ) -> Result<(), String> {
        let Call { caller, row, root, args, nonce, text } = call;
        let peer = caller.peer;
        // As the peer wrote it.
        let name = root.member("cmd").as_str().unwrap_or(row.name);
        let Some(member) = self.members.get_mut(&peer) else { return Err("the connection has not begun".to_owned()) };
        let cost = args.raw(text).len();
        if member.under_way >= MOST_UNDER_WAY || member.bytes + cost > MOST_BYTES_UNDER_WAY {
            return Err(format!("{MOST_UNDER_WAY} commands of 1 MiB are the most that may wait for Discord's answers"));
        }
        member.under_way += 1;
        member.bytes += cost;
        let token = if row.before_authentication() { None } else { member.token.clone() };
        let kind = match (row.name, topic) {
            ("SUBSCRIBE", Some(topic)) => Kind::Subscribe(topic),
            ("UNSUBSCRIBE", Some(topic)) => Kind::Unsubscribe(topic),
            ("AUTHENTICATE", _) => {
                Kind::Authenticate(Secret::new(args.member("access_token").as_str().unwrap_or_default()))
            }
            ("SET_ACTIVITY", _) => {
                let pid = args.member("pid");
                let pid = pid.as_id().or_else(|| u64::try_from(pid.as_whole()?).ok());
                Kind::Activity { pid, shows: !args.member("activity").is_none() }
            }
            _ => Kind::Plain,
        };
        let args = match topic {
            Some(topic) => subscription(topic),
            None => args.raw(text).into(),
        };
        let ask = Ask { peer, nonce: nonce.into(), name: name.into(), args, cost, token, kind };
        match ask.kind {
            Kind::Subscribe(topic) => self.about(now, topic, Verb::Subscribe, ask, out),
            Kind::Unsubscribe(topic) => self.about(now, topic, Verb::Unsubscribe, ask, out),
            _ => {
                self.line.push_back(ask);
                self.send_line(now, out);
            }
        }
        Ok(())
    }

    fn about(&mut self, now: Instant, topic: Topic, verb: Verb, ask: Ask, out: &mut impl Sink) {
        self.topics.add(topic, verb, ask);
        self.step(topic, out);
        self.send_line(now, out);
    }

    /// Goes on with what was asked about a topic.
    fn step(&mut self, topic: Topic, out: &mut impl Sink) {
        while let Some(step) = self.topics.step(topic) {
            match step {
                Step::Forward(ask) => self.line.push_back(ask),
                Step::Release => self.line.push_back(Ask {
                    name: "UNSUBSCRIBE".into(),
                    args: subscription(topic),
                    kind: Kind::Unsubscribe(topic),
                    ..Ask::nobodys()
                }),
                Step::Done(ask) => {
                    let mut data = Vec::new();
                    Object::begin(&mut data).str("evt", topic.event).end();
                    self.settle(&ask);
                    ask.done(&data, &mut self.frame, out);
                }
            }
        }
    }

    /// Sends what may go out.
    fn send_line(&mut self, now: Instant, out: &mut impl Sink) {
        while self.authenticating.is_none() {
            let Some(ask) = self.line.front() else { return };
            if let Some(token) = &ask.token
                && self.token.as_ref() != Some(token)
            {
                let token = token.clone();
                let mut args = Vec::new();
                Object::begin(&mut args).str("access_token", token.reveal()).end();
                let tag = self.command(now, "AUTHENTICATE", args.into(), out);
                self.authenticating = Some((tag, token));
                return;
            }
            let Some(mut ask) = self.line.pop_front() else { return };
            // The name that Discord documents, whichever the peer used.
            let name = rpc::command(&ask.name).map_or(&*ask.name, |row| row.name);
            let tag = self.command(now, name, std::mem::take(&mut ask.args), out);
            match &ask.kind {
                Kind::Authenticate(token) => self.authenticating = Some((tag, token.clone())),
                Kind::Activity { pid, shows: true } => {
                    self.activities.insert(pid.unwrap_or(OWN_PID), ask.peer);
                }
                Kind::Activity { pid, shows: false } => {
                    self.activities.remove(&pid.unwrap_or(OWN_PID));
                }
                Kind::Plain | Kind::Subscribe(_) | Kind::Unsubscribe(_) => {}
            }
            self.owed.insert(tag, ask);
        }
    }

    fn command(&mut self, now: Instant, name: &str, args: Box<[u8]>, out: &mut impl Sink) -> u64 {
        self.last_tag += 1;
        let tag = self.last_tag;
        let command = Command { name: name.into(), args, tag, issued: now, ..Command::default() };
        out.errand(Errand::Send { session: self.session, command });
        tag
    }

    /// A REPLY of the connection.
    pub(super) fn reply(&mut self, now: Instant, reply: &Event<'_>, out: &mut impl Sink) -> Outcome {
        let shown = self.authenticating.take_if(|(tag, _)| *tag == reply.tag).map(|(_, token)| token);
        let ask = self.owed.remove(&reply.tag);
        let mut outcome = Outcome::Nothing;
        if let Some(token) = &shown {
            // After a refusal nobody says whether the old one still counts.
            self.token = (reply.status == Status::Ok).then(|| token.clone());
            if reply.status == Status::Auth && reply.code == ErrorCode::InvalidToken as i32 {
                outcome = Outcome::Refused(self.holders_of(token));
            }
        }
        match (ask, shown) {
            (Some(ask), token) => {
                self.settle(&ask);
                match &ask.kind {
                    Kind::Subscribe(topic) => self.topics.subscribed(*topic, ask.peer, reply.status == Status::Ok),
                    Kind::Unsubscribe(topic) => self.topics.unsubscribed(*topic),
                    Kind::Authenticate(_) if reply.status == Status::Ok => {
                        if let Some(member) = self.members.get_mut(&ask.peer) {
                            member.token = token;
                            outcome = Outcome::Authenticated(ask.peer);
                        }
                    }
                    Kind::Authenticate(_) | Kind::Activity { .. } | Kind::Plain => {}
                }
                ask.answer(reply, &mut self.frame, out);
                if let Kind::Subscribe(topic) | Kind::Unsubscribe(topic) = ask.kind {
                    self.step(topic, out);
                }
            }
            // It was for the sake of those in line.
            (None, Some(token)) if reply.status != Status::Ok => self.refuse(&token, reply, out),
            (None, _) => {}
        }
        self.send_line(now, out);
        outcome
    }

    /// Answers those who stood in line for this token: it was refused.
    fn refuse(&mut self, token: &Secret, reply: &Event<'_>, out: &mut impl Sink) {
        let (refused, line) =
            std::mem::take(&mut self.line).into_iter().partition(|ask| ask.token.as_ref() == Some(token));
        self.line = line;
        let refused: VecDeque<Ask> = refused;
        for ask in refused {
            self.settle(&ask);
            ask.answer(reply, &mut self.frame, out);
            match ask.kind {
                Kind::Subscribe(topic) => self.topics.subscribed(topic, ask.peer, false),
                Kind::Unsubscribe(topic) => self.topics.unsubscribed(topic),
                _ => continue,
            }
            if let Kind::Subscribe(topic) | Kind::Unsubscribe(topic) = ask.kind {
                self.step(topic, out);
            }
        }
    }

    fn settle(&mut self, ask: &Ask) {
        if let Some(member) = self.members.get_mut(&ask.peer) {
            member.under_way = member.under_way.saturating_sub(1);
            member.bytes = member.bytes.saturating_sub(ask.cost);
        }
    }

    /// Who is to hear of an event with this data.
    pub(super) fn hearers(&self, event: &str, data: &[u8], doc: &mut Document) -> Vec<u32> {
        let Some(row) = rpc::event(event) else { return Vec::new() };
        let subject = match row.args.first() {
            None => Some(0),
            Some(arg) => {
                // What can't be read has no subject, and goes to all who asked for any.
                let _ = doc.parse(data);
                subject(doc.root(), arg.name)
            }
        };
        self.topics.holders(row.name, subject)
    }

    /// A peer left: what it had is ended upstream, and nobody waits for its answers.
    pub(super) fn leave(&mut self, now: Instant, peer: u32, out: &mut impl Sink) {
        if self.members.remove(&peer).is_none() {
            return;
        }
        let (mut dropped, line) = std::mem::take(&mut self.line).into_iter().partition(|ask| ask.peer == peer);
        self.line = line;
        let dropped: &mut VecDeque<Ask> = &mut dropped;
        for ask in self.owed.values_mut().filter(|ask| ask.peer == peer) {
            ask.peer = 0;
        }
        let mut topics = self.topics.leave(peer);
        for ask in dropped.drain(..) {
            match ask.kind {
                // It never went out: the topic is free again.
                Kind::Subscribe(topic) => self.topics.subscribed(topic, 0, false),
                // This one has to go out all the same.
                Kind::Unsubscribe(topic) => {
                    self.line.push_back(Ask { peer: 0, token: None, ..ask });
                    topics.retain(|concerned| *concerned != topic);
                    continue;
                }
                _ => continue,
            }
            if let Kind::Subscribe(topic) = ask.kind
                && !topics.contains(&topic)
            {
                topics.push(topic);
            }
        }
        for topic in topics {
            self.step(topic, out);
        }
        for pid in self.activities.extract_if(.., |_, shower| *shower == peer).map(|(pid, _)| pid).collect::<Vec<_>>() {
            let mut args = Vec::new();
            let object = Object::begin(&mut args);
            let object = if pid == OWN_PID { object } else { object.raw("pid", pid.to_string().as_bytes()) };
            object.raw("activity", b"null").end();
            let kind = Kind::Activity { pid: (pid != OWN_PID).then_some(pid), shows: false };
            self.line.push_back(Ask { name: "SET_ACTIVITY".into(), args: args.into(), kind, ..Ask::nobodys() });
        }
        self.send_line(now, out);
    }

    /// The connection is gone: every answer that is owed is an ERROR with this sentence.
    pub(super) fn fail_all(&mut self, sentence: &str, out: &mut impl Sink) {
        let topics = std::mem::take(&mut self.topics);
        let owed = std::mem::take(&mut self.owed).into_values();
        for ask in owed.chain(std::mem::take(&mut self.line)).chain(topics.into_waiting()) {
            ask.fail(sentence, &mut self.frame, out);
        }
    }
}

/// Stands for the process of whoever named none: the client machine puts its own.
const OWN_PID: u64 = u64::MAX;

/// The arguments of SUBSCRIBE and UNSUBSCRIBE as the client machine takes them.
fn subscription(topic: Topic) -> Box<[u8]> {
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

/// Which guild or channel an event is about, if it says so.
fn subject(data: Value<'_>, name: &str) -> Option<u64> {
    let inside = if name == "guild_id" { data.member("guild").member("id").as_id() } else { None };
    data.member(name).as_id().or(inside)
}

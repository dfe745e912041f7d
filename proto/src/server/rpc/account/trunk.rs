//! All connections to a Discord as one application, which the peers ([`Member`]) share.
//!
//! Discord binds a connection to its application and takes few of them a minute, so peers share what they can. What belongs to
//! a peer is kept here: which reply is whose (tags, so that equal nonces of two peers can't meet), who subscribed to what,
//! whose activity is shown, and who showed which token.
//!
//! | connection | carries |
//! |---|---|
//! | the first | READY, activities, and what needs no token |
//! | the first one that bears a token (often that same one) | what the holders of that token ask for and subscribed to |
//! | one more with a token | voice events of one peer, where they would be taken for those of another channel |
//! | one without a token, where the first bears one | subscriptions of peers that showed none |
//!
//! The one thing to know before changing it: a peer's subscriptions are always on a connection that bears the very token
//! that the peer showed last, or none. What Discord sends over it is then what that peer may hear, by Discord's own judgment.
//! A token that no connection bears is tried on one that nobody has a use for, one at a time: who shows wrong ones has one
//! connection more at most.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::ask::{Answer, Ask, Kind};
use super::member::Member;
use super::topics::{names_its_place, subject};
use super::upstream::{State, Trial, Upstream, subscription};
use super::{LINGER, OPENS_WITHIN, Sink};
use crate::error::Status;
use crate::event::Event;
use crate::secret::Secret;
use crate::server::rpc::subscription::Topic;
use crate::time::Instant;
use crate::value::Document;
use crate::wire::catalog::Row;
use crate::wire::json::Object;
use crate::wire::rpc::{self, ErrorCode};

const NO_ANSWER: &str = "the connection to Discord broke before the answer; it may or may not have been carried out";

#[derive(Debug)]
pub(super) struct Trunk {
    /// Never empty. When the first one ends, all do.
    upstreams: Vec<Upstream>,
    /// The data of the READY that peers get, once it came.
    pub(super) ready: Option<Box<[u8]>>,
    /// The peers that got it.
    members: BTreeMap<u32, Member>,
    /// What has to wait for what its peer asked before, or for another token's trial.
    pending: VecDeque<Ask>,
    /// Nobody uses it: until when it is kept, for who comes again.
    pub(super) idle_until: Option<Instant>,
    frame: Vec<u8>,
}

/// A command of a peer's, whose arguments were checked.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    pub(super) peer: u32,
    pub(super) nonce: &'a [u8],
    /// As the peer wrote it.
    pub(super) name: &'a str,
    pub(super) args: &'a [u8],
    /// Whether it is judged by the peer's token, if it showed one.
    pub(super) by_token: bool,
    pub(super) kind: Kind,
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

impl Default for Trunk {
    /// One that wants its first connection.
    fn default() -> Self {
        Trunk {
            upstreams: vec![Upstream::wanted(None)],
            ready: None,
            members: BTreeMap::new(),
            pending: VecDeque::new(),
            idle_until: None,
            frame: Vec::new(),
        }
    }
}

impl Trunk {
    pub(super) fn join(&mut self, peer: u32) {
        self.members.insert(peer, Member::default());
        self.idle_until = None;
    }

    pub(super) fn members(&self) -> impl Iterator<Item = u32> {
        self.members.keys().copied()
    }

    pub(super) fn upstreams(&self) -> &[Upstream] {
        &self.upstreams
    }

    /// Whether this is the number of the one on which all hangs.
    pub(super) fn is_first(&self, session: u32) -> bool {
        self.upstreams.first().and_then(Upstream::session) == Some(session)
    }

    /// What a peer subscribed to.
    pub(super) fn topics_of(&self, peer: u32) -> impl Iterator<Item = Topic> {
        self.members.get(&peer).into_iter().flat_map(|member| &member.topics).copied()
    }

    /// Whether a peer may subscribe to one more.
    pub(super) fn has_room(&self, peer: u32, topic: Topic, most: usize) -> bool {
        self.members.get(&peer).is_some_and(|member| member.topics.contains(&topic) || member.topics.len() < most)
    }

    fn holders_of(&self, token: &Secret) -> Vec<u32> {
        self.members.iter().filter(|(_, member)| member.token.as_ref() == Some(token)).map(|(peer, _)| *peer).collect()
    }

    /// The first connection that is still to be asked for gets this number.
    pub(super) fn connect(&mut self, now: Instant, session: u32) {
        if let Some(upstream) = self.upstreams.iter_mut().find(|upstream| matches!(upstream.state, State::Wanted)) {
            upstream.state = State::Connecting { session, until: now + OPENS_WITHIN };
        }
    }

    /// Whether a connection is still to be asked for; `first` when it is the first.
    pub(super) fn wants(&self) -> Option<bool> {
        self.upstreams.iter().position(|upstream| matches!(upstream.state, State::Wanted)).map(|index| index == 0)
    }

    /// A connection's READY came.
    pub(super) fn opened(&mut self, now: Instant, session: u32, out: &mut impl Sink) {
        if let Some(upstream) = self.upstreams.iter_mut().find(|upstream| upstream.session() == Some(session)) {
            upstream.state = State::Open { session };
            upstream.flush(now, out);
        }
    }

    /// Takes a peer's command. It may ask for this.
    ///
    /// # Errors
    /// Too much of this peer's waits for answers already; the sentence says how much is the most.
    pub(super) fn ask(&mut self, now: Instant, asked: Asked<'_>, out: &mut impl Sink) -> Result<(), String> {
        let Asked { peer, nonce, name, args, by_token, kind } = asked;
        let Some(member) = self.members.get_mut(&peer) else { return Err("the connection has not begun".to_owned()) };
        let cost = args.len();
        member.take(cost)?;
        let args = match kind {
            Kind::Subscribe(topic) | Kind::Unsubscribe(topic) => subscription(topic),
            Kind::Plain | Kind::Authenticate(_) | Kind::Activity { .. } => args.into(),
        };
        match kind {
            Kind::Subscribe(topic) => drop(member.topics.insert(topic)),
            Kind::Unsubscribe(topic) => drop(member.topics.remove(&topic)),
            Kind::Plain | Kind::Authenticate(_) | Kind::Activity { .. } => {}
        }
        let token = member.token.clone().filter(|_| by_token);
        let ask = Ask { peer, nonce: nonce.into(), name: name.into(), args, cost, answer: Answer::Each, kind };
        match ask.kind {
            Kind::Plain | Kind::Activity { .. } => {
                let bears = |upstream: &Upstream| token.is_none() || upstream.token == token;
                if let Some(upstream) = self.upstreams.iter_mut().find(|upstream| bears(upstream)) {
                    upstream.send_now(now, ask, out);
                }
            }
            Kind::Authenticate(_) | Kind::Subscribe(_) | Kind::Unsubscribe(_) => {
                self.pending.push_back(ask);
                self.advance(now, out);
            }
        }
        Ok(())
    }

    /// Shows a peer's token, of which it hears only when it is refused.
    pub(super) fn vouch(&mut self, now: Instant, peer: u32, token: &Secret, out: &mut impl Sink) {
        self.pending.push_back(Ask {
            peer,
            nonce: b"null"[..].into(),
            answer: Answer::Refusals,
            ..Ask::authenticate(token)
        });
        self.advance(now, out);
    }

    /// Begins what no longer has to wait.
    fn advance(&mut self, now: Instant, out: &mut impl Sink) {
        let mut blocked = BTreeSet::new();
        for ask in std::mem::take(&mut self.pending) {
            if blocked.contains(&ask.peer) || !self.may_begin(&ask) {
                blocked.insert(ask.peer);
                self.pending.push_back(ask);
            } else {
                self.begin(now, ask, out);
            }
        }
    }

    fn may_begin(&self, ask: &Ask) -> bool {
        let Some(member) = self.members.get(&ask.peer) else { return true };
        let Kind::Authenticate(token) = &ask.kind else { return !member.authenticating };
        let known = || self.upstreams.iter().any(|upstream| upstream.claimed() == Some(token));
        !member.authenticating && member.subscribing == 0 && (known() || !self.tries_a_token())
    }

    /// Whether Discord is asked about a token at this moment that it has not taken yet.
    fn tries_a_token(&self) -> bool {
        let taken = |token: &Secret| self.upstreams.iter().any(|upstream| upstream.token.as_ref() == Some(token));
        self.upstreams.iter().filter_map(|upstream| upstream.trial.as_ref()).any(|trial| !taken(&trial.token))
    }

    fn begin(&mut self, now: Instant, ask: Ask, out: &mut impl Sink) {
        let peer = ask.peer;
        let index = match &ask.kind {
            Kind::Authenticate(token) => self.bearer(peer, &token.clone()),
            Kind::Subscribe(topic) | Kind::Unsubscribe(topic) => self.place(peer, *topic),
            Kind::Plain | Kind::Activity { .. } => 0,
        };
        let (Some(member), Some(upstream)) = (self.members.get_mut(&peer), self.upstreams.get_mut(index)) else {
            return;
        };
        upstream.idle_until = None;
        match ask.kind {
            Kind::Subscribe(topic) | Kind::Unsubscribe(topic) => {
                member.subscribing += 1;
                let mut done = Vec::new();
                upstream.about(now, topic, ask, &mut done, out);
                self.finish(&done, out);
            }
            Kind::Authenticate(_) | Kind::Plain | Kind::Activity { .. } => {
                member.authenticating = true;
                upstream.waiting.push_back(ask);
                upstream.flush(now, out);
            }
        }
    }

    /// The connection for an AUTHENTICATE.
    fn bearer(&mut self, peer: u32, token: &Secret) -> usize {
        if let Some(index) = self.upstreams.iter().position(|upstream| upstream.claimed() == Some(token)) {
            return index;
        }
        let held = |upstream: &Upstream| {
            upstream.token.is_some() && self.members.values().any(|member| member.token == upstream.token)
        };
        let is_free = |upstream: &Upstream| {
            upstream.trial.is_none() && upstream.waiting.is_empty() && upstream.topics.is_alone(peer) && !held(upstream)
        };
        let index = self.upstreams.iter().position(is_free).unwrap_or(self.upstreams.len());
        if index == self.upstreams.len() {
            self.upstreams.push(Upstream::wanted(None));
        }
        self.upstreams[index].trial = Some(Trial { token: token.clone(), tag: None });
        index
    }

    /// The connection for a peer's subscription.
    fn place(&mut self, peer: u32, topic: Topic) -> usize {
        if let Some(index) = self.upstreams.iter().position(|upstream| upstream.topics.has(topic, peer)) {
            return index;
        }
        let token = self.members.get(&peer).and_then(|member| member.token.as_ref());
        let told_apart = rpc::event(topic.event).is_none_or(names_its_place);
        let bears = |upstream: &Upstream| upstream.claimed() == token;
        let primary = self.upstreams.iter().position(bears);
        let fits = |index: usize, upstream: &Upstream| match (told_apart, Some(index) == primary) {
            (true, first) => first,
            (false, true) => upstream.topics.can_tell(topic, peer),
            (false, false) => upstream.topics.is_alone(peer),
        };
        let found =
            self.upstreams.iter().enumerate().position(|(index, upstream)| bears(upstream) && fits(index, upstream));
        found.unwrap_or_else(|| {
            self.upstreams.push(Upstream::wanted(token));
            self.upstreams.len() - 1
        })
    }

    /// A REPLY of a connection.
    pub(super) fn reply(&mut self, now: Instant, session: u32, reply: &Event<'_>, out: &mut impl Sink) -> Outcome {
        let index = self.upstreams.iter().position(|upstream| upstream.session() == Some(session));
        let Some(upstream) = index.and_then(|index| self.upstreams.get_mut(index)) else { return Outcome::Nothing };
        let Some(ask) = upstream.owed.remove(&reply.tag) else { return Outcome::Nothing };
        let tried = upstream.trial.take_if(|trial| trial.tag == Some(reply.tag)).is_some();
        let ok = reply.status == Status::Ok;
        let mut refused = Vec::new();
        if tried && !ok {
            refused.extend(upstream.waiting.drain(..));
        }
        let mut outcome = Outcome::Nothing;
        if let Kind::Authenticate(token) = &ask.kind {
            if ok {
                upstream.token = Some(token.clone());
                if let Some(member) = self.members.get_mut(&ask.peer) {
                    member.token = Some(token.clone());
                    outcome = Outcome::Authenticated(ask.peer);
                }
            } else if reply.status == Status::Auth && reply.code == ErrorCode::InvalidToken as i32 {
                outcome = Outcome::Refused(self.holders_of(token));
            }
        }
        self.settle(&ask, ok);
        ask.answered(reply, &mut self.frame, out);
        let mut done = Vec::new();
        for ask in &refused {
            self.settle(ask, false);
            ask.answered(reply, &mut self.frame, out);
        }
        if let Some(upstream) = index.and_then(|index| self.upstreams.get_mut(index)) {
            let answered = std::iter::once((&ask, ok)).chain(refused.iter().map(|ask| (ask, false)));
            for (ask, ok) in answered {
                match ask.kind {
                    Kind::Subscribe(topic) => upstream.topics.subscribed(topic, ask.peer, ok),
                    Kind::Unsubscribe(topic) => upstream.topics.unsubscribed(topic),
                    _ => continue,
                }
                if let Kind::Subscribe(topic) | Kind::Unsubscribe(topic) = ask.kind {
                    upstream.step(now, topic, &mut done, out);
                }
            }
            upstream.flush(now, out);
        }
        self.finish(&done, out);
        self.advance(now, out);
        outcome
    }

    /// Brings a peer's subscriptions to the connection that bears its token, as far as it opens them. Discord is asked
    /// again for those that were elsewhere.
    pub(super) fn restore(&mut self, now: Instant, peer: u32, opens: impl Fn(&Row) -> bool, out: &mut impl Sink) {
        let Some(member) = self.members.get(&peer) else { return };
        let (token, topics) = (member.token.clone(), member.topics.clone());
        let mut done = Vec::new();
        for upstream in self.upstreams.iter_mut().filter(|upstream| upstream.claimed() != token.as_ref()) {
            upstream.release(now, peer, &mut done, out);
        }
        self.finish(&done, out);
        for topic in topics {
            let had = self.upstreams.iter().any(|upstream| upstream.topics.has(topic, peer));
            if !had && rpc::event(topic.event).is_some_and(&opens) {
                let (name, args) = ("SUBSCRIBE".into(), subscription(topic));
                let ask = Ask { peer, name, args, kind: Kind::Subscribe(topic), ..Ask::nobodys() };
                self.begin(now, ask, out);
            }
        }
    }

    /// Answers what nobody upstream had to be asked.
    fn finish(&mut self, done: &[Ask], out: &mut impl Sink) {
        for ask in done {
            let mut data = Vec::new();
            if let Kind::Subscribe(topic) | Kind::Unsubscribe(topic) = ask.kind {
                Object::begin(&mut data).str("evt", topic.event).end();
            }
            self.settle(ask, true);
            ask.done(&data, &mut self.frame, out);
        }
    }

    /// An ask is over.
    fn settle(&mut self, ask: &Ask, ok: bool) {
        if let Some(member) = self.members.get_mut(&ask.peer) {
            member.settle(ask, ok);
        }
    }

    /// Who is to hear of an event with this data, as far as they still may.
    pub(super) fn hearers(&self, session: u32, row: &'static Row, data: &[u8], doc: &mut Document) -> Vec<u32> {
        let subject = match row.args.first() {
            None => Some(0),
            Some(arg) => {
                // What can't be read has no subject, and goes to all who asked for any.
                let _ = doc.parse(data);
                subject(doc.root(), arg.name)
            }
        };
        let upstream = self.upstreams.iter().find(|upstream| upstream.session() == Some(session));
        upstream.map(|upstream| upstream.topics.holders(row.name, subject)).unwrap_or_default()
    }

    /// A peer left: what it had is ended upstream, and nobody waits for its answers.
    pub(super) fn leave(&mut self, now: Instant, peer: u32, out: &mut impl Sink) {
        if self.members.remove(&peer).is_none() {
            return;
        }
        self.pending.retain(|ask| ask.peer != peer);
        let mut done = Vec::new();
        for upstream in &mut self.upstreams {
            upstream.leave(now, peer, &mut done, out);
        }
        self.finish(&done, out);
        self.advance(now, out);
    }

    /// A connection is gone, not the first one: every answer that it owed is an ERROR with this sentence. Its books, and the
    /// peers that used it.
    pub(super) fn lose(&mut self, now: Instant, session: u32, out: &mut impl Sink) -> Vec<u32> {
        let index = self.upstreams.iter().position(|upstream| upstream.session() == Some(session));
        index.map(|index| self.remove(now, index, NO_ANSWER, out)).unwrap_or_default()
    }

    /// There is no room for the connection that was still to be asked for.
    pub(super) fn do_without(&mut self, now: Instant, sentence: &str, out: &mut impl Sink) -> Vec<u32> {
        let index = self.upstreams.iter().position(|upstream| matches!(upstream.state, State::Wanted));
        index.map(|index| self.remove(now, index, sentence, out)).unwrap_or_default()
    }

    fn remove(&mut self, now: Instant, index: usize, sentence: &str, out: &mut impl Sink) -> Vec<u32> {
        let primary = self.is_primary(index);
        let upstream = self.upstreams.remove(index);
        let users = match &upstream.token {
            Some(token) if primary => self.holders_of(token),
            _ => self.members().filter(|peer| upstream.topics.holds(*peer)).collect(),
        };
        for ask in upstream.into_asks() {
            self.settle(&ask, false);
            ask.fail(sentence, &mut self.frame, out);
        }
        self.advance(now, out);
        users
    }

    /// Peers are about to be closed: what they are owed over any connection is an ERROR. They have to leave next.
    pub(super) fn fail_those(&mut self, peers: &[u32], out: &mut impl Sink) {
        let asks = self.upstreams.iter().flat_map(Upstream::asks).chain(&self.pending);
        for ask in asks.filter(|ask| peers.contains(&ask.peer)) {
            ask.fail(NO_ANSWER, &mut self.frame, out);
        }
    }

    /// Every connection is gone: every answer that is owed is an ERROR.
    pub(super) fn fail_all(&mut self, out: &mut impl Sink) {
        let asks = self.upstreams.drain(..).flat_map(Upstream::into_asks).chain(self.pending.drain(..));
        for ask in asks {
            ask.fail(NO_ANSWER, &mut self.frame, out);
        }
    }

    /// Whose token the first connection bears.
    pub(super) fn bearers(&self) -> Vec<u32> {
        let token = self.upstreams.first().and_then(|upstream| upstream.token.as_ref());
        token.map(|token| self.holders_of(token)).unwrap_or_default()
    }

    /// Whether this is the connection for all that holders of its token ask for.
    fn is_primary(&self, index: usize) -> bool {
        let token = self.upstreams.get(index).and_then(|upstream| upstream.token.as_ref());
        token.is_some() && self.upstreams.iter().position(|other| other.token.as_ref() == token) == Some(index)
    }

    /// Starts or stops the time of those that nobody uses.
    pub(super) fn tidy(&mut self, now: Instant) {
        for index in 1..self.upstreams.len() {
            let upstream = &self.upstreams[index];
            let held = || self.is_primary(index) && self.members.values().any(|member| member.token == upstream.token);
            let used = upstream.is_busy() || !upstream.topics.is_empty() || held();
            let idle_until = &mut self.upstreams[index].idle_until;
            *idle_until = if used { None } else { idle_until.or(Some(now + LINGER)) };
        }
    }

    /// Ends the connections whose time is over; their numbers.
    pub(super) fn expire(&mut self, now: Instant, out: &mut impl Sink) -> Vec<u32> {
        let mut ended = Vec::new();
        let silent = |upstream: &Upstream| matches!(upstream.state, State::Connecting { until, .. } if until <= now);
        while let Some(index) = (1..self.upstreams.len()).find(|index| {
            let upstream = &self.upstreams[*index];
            silent(upstream) || upstream.idle_until.is_some_and(|until| until <= now)
        }) {
            ended.extend(self.upstreams[index].session());
            self.remove(now, index, "Discord has not taken the connection that this needs", out);
        }
        ended
    }

    /// Ends the connection that has been idle for the longest; its number.
    pub(super) fn make_room(&mut self) -> Option<u32> {
        let idle =
            self.upstreams.iter().enumerate().filter_map(|(index, upstream)| Some((upstream.idle_until?, index)));
        let (_, index) = idle.min()?;
        self.upstreams.remove(index).session()
    }

    /// When the first of them is to be ended.
    pub(super) fn next_timeout(&self) -> Option<Instant> {
        let connecting = self.upstreams.iter().skip(1).filter_map(|upstream| match upstream.state {
            State::Connecting { until, .. } => Some(until),
            State::Wanted | State::Open { .. } => None,
        });
        let idle = self.upstreams.iter().filter_map(|upstream| upstream.idle_until);
        idle.chain(connecting).chain(self.idle_until).min()
    }

    /// Since when a connection has been idle, or all of them: the earliest end.
    pub(super) fn idle(&self) -> Option<Instant> {
        self.upstreams.iter().filter_map(|upstream| upstream.idle_until).chain(self.idle_until).min()
    }
}

//! What peers subscribed to over one connection, shared: the first who asks has it asked for upstream, the last who
//! leaves has it ended there.
//!
//! The one thing to know before changing it: while something about a topic is under way upstream, all else that peers ask
//! about it waits in line, so that they are answered in their order and by what came of it.

use std::collections::{BTreeMap, VecDeque};

use super::ask::Ask;
use crate::server::rpc::subscription::Topic;
use crate::value::Value;
use crate::wire::catalog::{Row, Type};

#[derive(Debug, Default)]
pub(super) struct Topics {
    all: BTreeMap<Topic, Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    /// Who hears of it, in the order in which they subscribed.
    holders: Vec<u32>,
    /// Whether a SUBSCRIBE or UNSUBSCRIBE is under way upstream.
    busy: bool,
    /// Whose SUBSCRIBE that is; 0 when nobody's.
    asking: u32,
    waiting: VecDeque<(Verb, Ask)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Subscribe,
    Unsubscribe,
}

/// What is to be done about an ask.
#[derive(Debug)]
pub(super) enum Step {
    /// It has to be asked upstream.
    Forward(Ask),
    /// Others hold it: it is done.
    Done(Ask),
    /// Nobody holds it any more, and nobody waits for an answer.
    Release,
}

impl Topics {
    /// Whether a peer has this one, or will.
    pub(super) fn has(&self, topic: Topic, peer: u32) -> bool {
        self.all.get(&topic).is_some_and(|shared| shared.concerns(peer))
    }

    /// Whether this peer has any, or will.
    pub(super) fn holds(&self, peer: u32) -> bool {
        self.all.values().any(|shared| shared.concerns(peer))
    }

    /// Whether nobody has any.
    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Whether nobody but this peer has any.
    pub(super) fn is_alone(&self, peer: u32) -> bool {
        self.all.values().all(|shared| shared.concerns_only(peer))
    }

    /// Whether an event of this kind that does not say which place it is about would be heard by nobody who asked for
    /// another place only, with one subscription more.
    pub(super) fn can_tell(&self, topic: Topic, peer: u32) -> bool {
        let same = || self.all.iter().filter(|(other, _)| other.event == topic.event);
        same().all(|(other, _)| *other == topic) || same().all(|(_, shared)| shared.concerns_only(peer))
    }

    /// Who is to hear of an event. Without a subject, since the event does not say which it is about: all who hear of any.
    pub(super) fn holders(&self, event: &str, subject: Option<u64>) -> Vec<u32> {
        let mut holders = Vec::new();
        for (topic, shared) in &self.all {
            if topic.event == event && subject.is_none_or(|subject| subject == topic.subject) {
                holders.extend(&shared.holders);
            }
        }
        let mut seen = Vec::new();
        holders.retain(|peer| {
            !seen.contains(peer) && {
                seen.push(*peer);
                true
            }
        });
        holders
    }

    /// Puts an ask in line.
    pub(super) fn add(&mut self, topic: Topic, verb: Verb, ask: Ask) {
        self.all.entry(topic).or_default().waiting.push_back((verb, ask));
    }

    /// What came of the SUBSCRIBE that was forwarded. `peer` is 0 when it has left meanwhile.
    pub(super) fn subscribed(&mut self, topic: Topic, peer: u32, done: bool) {
        let Some(shared) = self.all.get_mut(&topic) else { return };
        (shared.busy, shared.asking) = (false, 0);
        if done && peer != 0 {
            shared.hold(peer);
        }
        if done && shared.holders.is_empty() && shared.waiting.is_empty() {
            // Who wanted it is gone: a line of its own, so that it is ended upstream.
            shared.waiting.push_back((Verb::Unsubscribe, Ask::nobodys()));
        }
    }

    /// The UNSUBSCRIBE that was forwarded is answered.
    pub(super) fn unsubscribed(&mut self, topic: Topic) {
        if let Some(shared) = self.all.get_mut(&topic) {
            shared.busy = false;
        }
    }

    /// The next step about this topic, if one can be taken.
    pub(super) fn step(&mut self, topic: Topic) -> Option<Step> {
        let shared = self.all.get_mut(&topic)?;
        if shared.busy {
            return None;
        }
        let Some((verb, ask)) = shared.waiting.pop_front() else {
            if shared.holders.is_empty() {
                self.all.remove(&topic);
            }
            return None;
        };
        match verb {
            Verb::Subscribe if shared.holders.is_empty() => {
                (shared.busy, shared.asking) = (true, ask.peer);
                Some(Step::Forward(ask))
            }
            Verb::Subscribe => {
                shared.hold(ask.peer);
                Some(Step::Done(ask))
            }
            Verb::Unsubscribe => {
                let held = shared.holders.contains(&ask.peer);
                shared.holders.retain(|holder| *holder != ask.peer);
                let last = shared.holders.is_empty() && (held || ask.peer == 0);
                shared.busy = last;
                Some(match (last, ask.peer) {
                    (true, 0) => Step::Release,
                    (true, _) => Step::Forward(ask),
                    (false, _) => Step::Done(ask),
                })
            }
        }
    }

    /// A peer left: the topics about which a step may be due.
    pub(super) fn leave(&mut self, peer: u32) -> Vec<Topic> {
        let mut concerned = Vec::new();
        for (topic, shared) in &mut self.all {
            if !shared.concerns(peer) {
                continue;
            }
            concerned.push(*topic);
            shared.waiting.retain(|(_, ask)| ask.peer != peer);
            if shared.asking == peer {
                shared.asking = 0;
            }
            let held = shared.holders.contains(&peer);
            shared.holders.retain(|holder| *holder != peer);
            if held && shared.holders.is_empty() {
                // In front: who waits to subscribe is asked for anew behind it.
                shared.waiting.push_front((Verb::Unsubscribe, Ask::nobodys()));
            }
        }
        concerned
    }
}

impl Shared {
    fn concerns(&self, peer: u32) -> bool {
        self.holders.contains(&peer) || self.asking == peer || self.waiting.iter().any(|(_, ask)| ask.peer == peer)
    }

    fn concerns_only(&self, peer: u32) -> bool {
        self.peers().all(|other| other == peer)
    }

    /// Everybody who has it, or wants it.
    fn peers(&self) -> impl Iterator<Item = u32> {
        let waiting = self.waiting.iter().map(|(_, ask)| ask.peer);
        self.holders.iter().copied().chain(waiting).chain([self.asking]).filter(|peer| *peer != 0)
    }

    fn hold(&mut self, peer: u32) {
        if peer != 0 && !self.holders.contains(&peer) {
            self.holders.push(peer);
        }
    }
}

impl Topics {
    /// All that waits.
    pub(super) fn waiting(&self) -> impl Iterator<Item = &Ask> {
        self.all.values().flat_map(|shared| &shared.waiting).map(|(_, ask)| ask)
    }

    /// All that waits, when nothing will come of it any more.
    pub(super) fn into_waiting(self) -> impl Iterator<Item = Ask> {
        self.all.into_values().flat_map(|shared| shared.waiting).map(|(_, ask)| ask)
    }
}

/// Whether an event's data says which guild or channel it is about.
pub(super) fn names_its_place(row: &Row) -> bool {
    let Some(arg) = row.args.first() else { return true };
    let fields = if let Type::Object(shape) = row.reply { shape.fields } else { &[] };
    fields.iter().any(|field| field.name == arg.name || arg.name == "guild_id" && field.name == "guild")
}

/// Which guild or channel an event is about, if it says so.
pub(super) fn subject(data: Value<'_>, name: &str) -> Option<u64> {
    let inside = if name == "guild_id" { data.member("guild").member("id").as_id() } else { None };
    data.member(name).as_id().or(inside)
}

//! Who gets which event.

use std::collections::{BTreeMap, BTreeSet};

/// What can be subscribed to: an event, and the guild or channel it is about (0 for those that are about none).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Topic {
    pub(super) subject: u64,
    pub(super) event: &'static str,
}

/// Subscribers by topic, in the order in which they subscribed, and topics by subscriber: neither way is ever searched.
#[derive(Debug, Default)]
pub(super) struct Index {
    peers: BTreeMap<Topic, Vec<u32>>,
    topics: BTreeMap<u32, BTreeSet<Topic>>,
}

impl Index {
    /// Subscribes; again is once. `false` when the peer has `most` already.
    pub(super) fn add(&mut self, peer: u32, topic: Topic, most: usize) -> bool {
        let topics = self.topics.entry(peer).or_default();
        if topics.contains(&topic) {
            return true;
        }
        if topics.len() >= most {
            return false;
        }
        topics.insert(topic);
        self.peers.entry(topic).or_default().push(peer);
        true
    }

    /// Ends a subscription, if there is one.
    pub(super) fn remove(&mut self, peer: u32, topic: Topic) {
        if self.topics.get_mut(&peer).is_some_and(|topics| topics.remove(&topic)) {
            self.unlist(peer, topic);
        }
    }

    /// Ends all that a peer has.
    pub(super) fn remove_peer(&mut self, peer: u32) {
        for topic in self.topics.remove(&peer).unwrap_or_default() {
            self.unlist(peer, topic);
        }
    }

    fn unlist(&mut self, peer: u32, topic: Topic) {
        if let Some(peers) = self.peers.get_mut(&topic) {
            peers.retain(|subscriber| *subscriber != peer);
            if peers.is_empty() {
                self.peers.remove(&topic);
            }
        }
    }

    /// Who subscribed to this.
    pub(super) fn peers(&self, topic: Topic) -> &[u32] {
        self.peers.get(&topic).map_or(&[], Vec::as_slice)
    }

    /// What a peer subscribed to.
    pub(super) fn of_peer(&self, peer: u32) -> impl Iterator<Item = Topic> {
        self.topics.get(&peer).into_iter().flatten().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(channel: u64) -> Topic {
        Topic { event: "MESSAGE_CREATE", subject: channel }
    }

    #[test]
    fn subscribers_come_in_the_order_in_which_they_subscribed() {
        let mut index = Index::default();
        for peer in [3, 1, 2, 3, 1] {
            assert!(index.add(peer, message(7), 256));
        }
        assert_eq!(index.peers(message(7)), [3, 1, 2]);
        assert_eq!(index.peers(message(8)), [0; 0]);
        index.remove(1, message(7));
        index.remove(9, message(7));
        assert_eq!(index.peers(message(7)), [3, 2]);
    }

    #[test]
    fn a_peer_has_as_many_subscriptions_as_it_may_and_leaves_none_behind() {
        let mut index = Index::default();
        assert_eq!((0..1000).filter(|channel| index.add(1, message(*channel), 256)).count(), 256);
        assert!(index.add(1, message(0), 256), "what it has already stays its own");
        assert!(index.add(2, message(900), 256), "others are not touched");
        index.remove_peer(1);
        assert_eq!(index.of_peer(1).count(), 0);
        assert_eq!((index.peers.len(), index.topics.len()), (1, 1));
    }
}

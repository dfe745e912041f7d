//! Who gets which event.

use std::collections::BTreeMap;

/// What can be subscribed to: an event, and the guild or channel it is about (0 for those that are about none).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Topic {
    pub(super) event: &'static str,
    pub(super) subject: u64,
}

impl Topic {
    pub(super) const fn of(event: &'static str) -> Self {
        Topic { event, subject: 0 }
    }
}

/// Subscribers by topic, in the order in which they subscribed.
#[derive(Debug, Default)]
pub(super) struct Index {
    topics: BTreeMap<Topic, Vec<u32>>,
}

impl Index {
    /// Subscribes; again is once. `false` when the peer has `most` already.
    pub(super) fn add(&mut self, peer: u32, topic: Topic, most: usize) -> bool {
        if self.peers(topic).contains(&peer) {
            return true;
        }
        if self.of_peer(peer).count() >= most {
            return false;
        }
        self.topics.entry(topic).or_default().push(peer);
        true
    }

    /// Ends a subscription, if there is one.
    pub(super) fn remove(&mut self, peer: u32, topic: Topic) {
        if let Some(peers) = self.topics.get_mut(&topic) {
            peers.retain(|subscriber| *subscriber != peer);
            if peers.is_empty() {
                self.topics.remove(&topic);
            }
        }
    }

    /// Ends all that a peer has.
    pub(super) fn remove_peer(&mut self, peer: u32) {
        self.topics.retain(|_, peers| {
            peers.retain(|subscriber| *subscriber != peer);
            !peers.is_empty()
        });
    }

    /// Who subscribed to this.
    pub(super) fn peers(&self, topic: Topic) -> &[u32] {
        self.topics.get(&topic).map_or(&[], Vec::as_slice)
    }

    /// What a peer subscribed to.
    pub(super) fn of_peer(&self, peer: u32) -> impl Iterator<Item = Topic> {
        self.topics.iter().filter(move |(_, peers)| peers.contains(&peer)).map(|(topic, _)| *topic)
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
        assert_eq!(index.topics.len(), 1);
    }
}

//! The messages that are remembered: of each channel the latest, and of the whole world no more than fit.

use std::collections::{BTreeMap, VecDeque};

use super::{ChannelId, Message, MessageId, limits};

/// What a message costs beside its texts.
const FLAT: usize = 256;

#[derive(Clone, Debug, Default)]
pub(super) struct History {
    channels: BTreeMap<ChannelId, VecDeque<Message>>,
    /// Where each message stands; ids grow with time, so the first is the oldest of the world.
    order: BTreeMap<MessageId, ChannelId>,
    bytes: usize,
}

impl History {
    pub(super) fn of(&self, channel: ChannelId) -> std::collections::vec_deque::Iter<'_, Message> {
        static EMPTY: VecDeque<Message> = VecDeque::new();
        self.channels.get(&channel).unwrap_or(&EMPTY).iter()
    }

    pub(super) fn get(&self, channel: ChannelId, message: MessageId) -> Option<&Message> {
        let messages = self.channels.get(&channel)?;
        messages.binary_search_by_key(&message, |message| message.id).ok().map(|at| &messages[at])
    }

    /// Adds the newest message of the world.
    pub(super) fn push(&mut self, message: Message) {
        self.bytes += cost(&message);
        self.order.insert(message.id, message.channel);
        let channel = message.channel;
        let messages = self.channels.entry(channel).or_default();
        messages.push_back(message);
        if messages.len() > limits::MESSAGES
            && let Some(oldest) = messages.pop_front()
        {
            self.bytes -= cost(&oldest);
            self.order.remove(&oldest.id);
        }
        self.shrink();
    }

    /// Changes a message that is there, whatever it costs then.
    pub(super) fn edit(&mut self, channel: ChannelId, message: MessageId, edit: impl FnOnce(&mut Message)) {
        let Some(messages) = self.channels.get_mut(&channel) else { return };
        let Ok(at) = messages.binary_search_by_key(&message, |message| message.id) else { return };
        self.bytes -= cost(&messages[at]);
        edit(&mut messages[at]);
        self.bytes += cost(&messages[at]);
        self.shrink();
    }

    pub(super) fn remove(&mut self, channel: ChannelId, message: MessageId) -> bool {
        let Some(messages) = self.channels.get_mut(&channel) else { return false };
        let Ok(at) = messages.binary_search_by_key(&message, |message| message.id) else { return false };
        if let Some(gone) = messages.remove(at) {
            self.bytes -= cost(&gone);
        }
        self.order.remove(&message);
        true
    }

    pub(super) fn forget(&mut self, channel: ChannelId) {
        for message in self.channels.remove(&channel).into_iter().flatten() {
            self.bytes -= cost(&message);
            self.order.remove(&message.id);
        }
    }

    /// The newest of the world.
    pub(super) fn newest(&self) -> Option<MessageId> {
        self.order.last_key_value().map(|(id, _)| *id)
    }

    /// All messages, oldest first.
    pub(super) fn all(&self) -> impl Iterator<Item = &Message> {
        self.order.iter().filter_map(|(message, channel)| self.get(*channel, *message))
    }

    /// Lets the oldest go until the rest fits; never the newest, which may be larger than a share.
    fn shrink(&mut self) {
        while self.bytes > limits::HISTORY_BYTES && self.order.len() > 1 {
            let Some((message, channel)) = self.order.first_key_value().map(|(message, channel)| (*message, *channel))
            else {
                return;
            };
            self.remove(channel, message);
        }
    }
}

fn cost(message: &Message) -> usize {
    let mentions = (message.mentions.len() + message.mention_roles.len()) * size_of::<u64>();
    FLAT + message.content.len() + message.embeds.len() + message.attachments.len() + mentions
}

//! The books of one peer that meets a Discord: its token, what it subscribed to, and what it waits for.

use std::collections::BTreeSet;

use super::ask::{Answer, Ask, Kind};
use crate::secret::Secret;
use crate::server::rpc::subscription::Topic;

/// Commands of one peer that wait for their answers.
const MOST_UNDER_WAY: usize = 1024;
/// And the bytes of their arguments.
const MOST_BYTES_UNDER_WAY: usize = 1 << 20;

#[derive(Debug, Default)]
pub(super) struct Member {
    pub(super) token: Option<Secret>,
    /// Whether an AUTHENTICATE is under way.
    pub(super) authenticating: bool,
    /// How many of its SUBSCRIBEs and UNSUBSCRIBEs are.
    pub(super) subscribing: usize,
    under_way: usize,
    bytes: usize,
    /// What it subscribed to, also while its token does not open it.
    pub(super) topics: BTreeSet<Topic>,
}

impl Member {
    /// Counts one command more, with so many bytes of arguments.
    ///
    /// # Errors
    /// Too much waits for answers already; the sentence says how much is the most.
    pub(super) fn take(&mut self, cost: usize) -> Result<(), String> {
        if self.under_way >= MOST_UNDER_WAY || self.bytes + cost > MOST_BYTES_UNDER_WAY {
            return Err(format!("{MOST_UNDER_WAY} commands of 1 MiB are the most that may wait for Discord's answers"));
        }
        self.under_way += 1;
        self.bytes += cost;
        Ok(())
    }

    /// One of its asks is over.
    pub(super) fn settle(&mut self, ask: &Ask, ok: bool) {
        if ask.answer == Answer::Each {
            self.under_way = self.under_way.saturating_sub(1);
            self.bytes = self.bytes.saturating_sub(ask.cost);
        }
        match ask.kind {
            Kind::Authenticate(_) => self.authenticating = false,
            Kind::Subscribe(topic) => {
                self.subscribing = self.subscribing.saturating_sub(1);
                // What was subscribed to before comes back with the right.
                if !ok && ask.answer != Answer::Never {
                    self.topics.remove(&topic);
                }
            }
            Kind::Unsubscribe(_) => self.subscribing = self.subscribing.saturating_sub(1),
            Kind::Plain | Kind::Activity { .. } => {}
        }
    }
}

//! `POST /rpc` with a Discord's account: the token is shown to Discord, and then the command passed on.
//!
//! Such a request is a member of its application's trunk while it waits, as a peer is; it shares the connection of its token.

use super::CLOSE_LATER;
use crate::secret::Secret;
use crate::server::rpc::peer::{Peer, State};
use crate::server::rpc::{Cx, Door, Sink};
use crate::time::Instant;
use crate::wire::catalog::Row;
use crate::world::{ApplicationId, Scopes};

/// A request whose command did not go out.
#[derive(Debug)]
pub(super) struct Post {
    pub(super) client: ApplicationId,
    pub(super) step: Step,
    body: Box<[u8]>,
}

#[derive(Debug)]
pub(super) enum Step {
    /// It waits for READY, and then shows its token, if it has one.
    Waits { token: Option<Secret>, until: Instant },
    /// It showed its token.
    Shown,
}

impl Door {
    /// A request that was let in.
    pub(in crate::server::rpc) fn post_upstream(
        &mut self,
        cx: &mut Cx<'_, impl Sink>,
        peer: u32,
        client: ApplicationId,
        token: Option<Secret>,
        body: &[u8],
    ) {
        let step = Step::Waits { token, until: cx.now + self.config.limits.handshake };
        self.relay.posts.insert(peer, Post { client, step, body: body.into() });
        self.wait_for_ready(cx);
    }

    /// Goes on with those whose connection is there.
    pub(super) fn begin_posts(&mut self, cx: &mut Cx<'_, impl Sink>) {
        let mut ready = Vec::new();
        for (peer, post) in &mut self.relay.posts {
            let Step::Waits { token, .. } = &mut post.step else { continue };
            let trunk = self.relay.trunks.entry(post.client).or_default();
            trunk.idle_until = None;
            if trunk.ready.is_none() {
                continue;
            }
            trunk.join(*peer);
            match token.take() {
                Some(token) => {
                    post.step = Step::Shown;
                    trunk.vouch(cx.now, *peer, &token, cx.out);
                }
                None => ready.push(*peer),
            }
        }
        for peer in ready {
            self.send_post(cx, peer);
        }
    }

    /// Discord took its token: these are the scopes.
    pub(super) fn authenticated_post(&mut self, cx: &mut Cx<'_, impl Sink>, peer: u32, shown: Scopes) {
        if let Some(Peer { state: State::Once { caller, .. }, .. }) = self.peers.get_mut(&peer) {
            caller.scopes = Some(shown);
            self.send_post(cx, peer);
        }
    }

    fn send_post(&mut self, cx: &mut Cx<'_, impl Sink>, peer: u32) {
        if let Some(post) = self.relay.posts.remove(&peer) {
            self.command(cx, peer, &post.body);
        }
    }

    /// Ends those that wait for READY and are `over`.
    pub(super) fn end_posts(&mut self, cx: &mut Cx<'_, impl Sink>, why: &str, over: impl Fn(&Post) -> bool) {
        let waiting = self.relay.posts.iter().filter(|(_, post)| matches!(post.step, Step::Waits { .. }) && over(post));
        for peer in waiting.map(|(peer, _)| *peer).collect::<Vec<_>>() {
            self.close(cx, peer, CLOSE_LATER, why);
        }
    }
}

/// Whether it can be asked once.
pub(super) fn is_single(row: &Row) -> bool {
    !crate::server::rpc::once::LASTING.contains(&row.name)
}

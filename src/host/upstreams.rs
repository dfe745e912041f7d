//! The connections to a Discord that a server owns, for an account that is not its guest's.
//!
//! Each is a session like those of `gb_connect`: the same client machine, driver and search. Only its events go to the
//! house, and its commands come from there.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use gamebridge_proto::protocol::rpc::Accept;
use gamebridge_proto::server::rpc::Errand;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;

use crate::session::port::{Handle, Passed};
use crate::session::{self, Upstream};
use crate::transport::search::Target;

/// See the module.
#[derive(Debug)]
pub(super) struct Upstreams {
    target: Target,
    /// Our own addresses: a server never connects to itself.
    own: Vec<String>,
    instance: Box<str>,
    events: mpsc::UnboundedSender<Passed>,
    open: RefCell<HashMap<u32, Handle>>,
    tasks: RefCell<JoinSet<()>>,
}

impl Upstreams {
    /// None yet; their events will come out of the other end.
    pub(super) fn new(
        target: Target,
        own: Vec<String>,
        instance: Box<str>,
    ) -> (Upstreams, mpsc::UnboundedReceiver<Passed>) {
        let (events, house) = mpsc::unbounded_channel();
        let (open, tasks) = (RefCell::default(), RefCell::default());
        (Upstreams { target, own, instance, events, open, tasks }, house)
    }

    /// Carries out what the door wants; the outcome is an event.
    pub(super) fn run(&self, errand: Errand) {
        match errand {
            Errand::Open { session, client_id, retry, discord_only } => {
                let accept = if discord_only { Accept::Discord } else { Accept::NotThrough(self.instance.clone()) };
                let (handle, mut port) = Handle::new(session, self.events.clone());
                let (target, own) = (self.target.clone(), self.own.clone());
                let upstream = Upstream::for_house(client_id.to_string(), target, retry, own, accept);
                let mut tasks = self.tasks.borrow_mut();
                // Those that have ended meanwhile.
                while tasks.try_join_next().is_some() {}
                self.open.borrow_mut().insert(session, handle);
                match upstream {
                    // They read without pausing: the house takes what comes.
                    Ok(upstream) => tasks.spawn_local(session::run(upstream, port, Arc::new(Notify::new()))),
                    Err(error) => tasks.spawn_local(async move { port.close(&error).await }),
                };
            }
            Errand::Send { session, command } => {
                if let Some(handle) = self.open.borrow().get(&session) {
                    // One that has just ended answers what it was sent, or said so already.
                    handle.send(command);
                }
            }
            Errand::Close { session } => {
                self.open.borrow_mut().remove(&session);
            }
        }
    }

    /// Ends all of them, after what was sent, as far as they end in time.
    pub(super) async fn end(&self, within: std::time::Duration) {
        self.open.borrow_mut().clear();
        let mut tasks = std::mem::take(&mut *self.tasks.borrow_mut());
        let all = async { while tasks.join_next().await.is_some() {} };
        // Whoever is slower is cut off.
        let _ = tokio::time::timeout(within, all).await;
        tasks.shutdown().await;
    }
}

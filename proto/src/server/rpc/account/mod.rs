//! Whose Discord the peers meet: a guest of this world's, or that of a Discord on this machine, to which everything is
//! passed through.
//!
//! | account | what peers meet |
//! |---|---|
//! | guest | this world, always |
//! | desktop | the Discord that was found; while there is none they wait for READY, and are closed (1013) when the time for a handshake is over |
//! | auto | the Discord that was found; while there is none, this world |
//!
//! The Discord is watched over a connection of our own, as the application that the host names; peers of that application
//! share it, others get one for each application, and one more for each token that they show ([`trunk`]). A GameBridge
//! is no Discord to `auto`; `desktop` takes one,
//! unless it leads back here (READY's `config.gamebridge`).
//!
//! When a connection upstream breaks, nobody can tell what was missed. So what is owed is answered with ERROR 1000, and who
//! used it is closed with 1012, as a Discord that quits would close them; who comes again meets what is there then. The
//! same close meets guests when a Discord was found: their activities end with their connections, their tokens stay and
//! count again when the guest is back. Scopes, arguments, rates and numbers of subscriptions are looked at here, for
//! each peer, before anything goes upstream; consent is Discord's own dialog.
//!
//! The one thing to know before changing it: the driver owns the connections and runs the client machine
//! (`protocol::rpc`) over them; here they are numbers. What an [`Errand`] asked for comes back by
//! [`Door::handle_upstream`](super::Door::handle_upstream).

mod ask;
mod member;
mod posts;
mod ready;
mod relay;
mod topics;
mod trunk;
mod upstream;

use std::collections::BTreeMap;
use std::time::Duration;

use self::posts::{Post, Step};
use self::trunk::Trunk;
use super::Sink;
use super::subscription::Topic;
use crate::command::Command;
use crate::random::Random;
use crate::time::Instant;
use crate::value::Document;
use crate::world::ApplicationId;

/// Which account a door serves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Account {
    /// A guest of this world's.
    #[default]
    Guest,
    /// That of a Discord on this machine.
    Desktop {
        /// As which application it is watched.
        client_id: ApplicationId,
    },
    /// The same while there is one; a guest otherwise.
    Auto {
        /// As which application it is watched.
        client_id: ApplicationId,
    },
}

/// What a door wants of its driver: connections to a Discord. Answered by [`super::Door::handle_upstream`] with the events of
/// the client machine (`protocol::rpc`) that runs over them.
#[derive(Debug)]
pub enum Errand {
    /// A connection, known by this number, as this application.
    Open {
        /// Never used before.
        session: u32,
        /// The application.
        client_id: ApplicationId,
        /// Whether the machine goes on looking while nobody is there.
        retry: bool,
        /// Whether a GameBridge is passed over.
        discord_only: bool,
    },
    /// A command for it.
    Send {
        /// Which connection.
        session: u32,
        /// The command; its tag comes back.
        command: Command,
    },
    /// Its end, after what was sent. No event of it is of interest any more.
    Close {
        /// Which connection.
        session: u32,
    },
}

/// Service restart (the registry of RFC 6455 section 11.7): connect again.
pub(super) const CLOSE_RESTART: u16 = 1012;
/// Try again later (the same registry).
pub(super) const CLOSE_LATER: u16 = 1013;

/// How long peers are kept waiting for a Discord that was there a moment ago, before they meet the guest.
const GRACE: Duration = Duration::from_secs(4);
/// From the start to the word which account it is, at the latest.
const FIRST_LOOK: Duration = Duration::from_secs(5);
/// How long a connection that nobody uses is kept: Discord takes two a minute of an application.
const LINGER: Duration = Duration::from_secs(30);
/// How long one more connection of an application may take: Discord lets the third in a minute wait.
const OPENS_WITHIN: Duration = Duration::from_secs(75);
/// For those who would need one connection more than there may be.
const NO_ROOM: &str = "there are as many connections to Discord as may be; try again later";
/// The least time between two looks.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// Between two looks, while there are peers who would rather be with a Discord; the same again at most is added.
const LOOK_WITH_PEERS: Duration = Duration::from_secs(3);
/// The same without peers.
const LOOK_ALONE: Duration = Duration::from_secs(10);
/// The same when somebody is there who refuses or is silent: each look is a connection to them.
const LOOK_UNWELCOME: Duration = Duration::from_secs(60);

/// What who comes now meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meets {
    /// The first look is not over.
    Undecided,
    Guest,
    Desktop,
}

/// What is known of the Discord.
#[derive(Debug)]
enum Watch {
    /// Nobody looks.
    Off,
    /// A connection is being made.
    Looking,
    /// There was none; whether somebody was there who will not do.
    Resting { again: Instant, unwelcome: bool },
    /// It is there, and this user is logged in (JSON).
    Present { user: Box<[u8]> },
}

/// The account's books.
#[derive(Debug)]
pub(super) struct Relay {
    account: Account,
    meets: Meets,
    watch: Watch,
    /// When the last look began.
    looked: Instant,
    /// Until when it must be said which account it is.
    first_look: Option<Instant>,
    /// Until when a Discord that went away may come back.
    grace: Option<Instant>,
    /// Who the host was told is logged in.
    told: Option<u64>,
    trunks: BTreeMap<ApplicationId, Trunk>,
    posts: BTreeMap<u32, Post>,
    last_session: u32,
    random: Random,
    doc: Document,
}

impl Default for Relay {
    fn default() -> Self {
        Relay::new(Account::Guest, 0)
    }
}

impl Relay {
    pub(super) fn new(account: Account, seed: u64) -> Self {
        Relay {
            account,
            meets: if account == Account::Guest { Meets::Guest } else { Meets::Undecided },
            watch: Watch::Off,
            looked: Instant::ZERO,
            first_look: None,
            grace: None,
            told: None,
            trunks: BTreeMap::new(),
            posts: BTreeMap::new(),
            last_session: 0,
            random: Random::new(seed),
            doc: Document::new(),
        }
    }

    /// Whether who comes now meets this world.
    pub(super) fn serves_guests(&self) -> bool {
        self.meets == Meets::Guest
    }

    fn home(&self) -> Option<ApplicationId> {
        match self.account {
            Account::Guest => None,
            Account::Desktop { client_id } | Account::Auto { client_id } => Some(client_id),
        }
    }

    /// What a peer subscribed to upstream.
    pub(super) fn topics_of(&self, peer: u32) -> impl Iterator<Item = Topic> {
        self.trunks.values().flat_map(move |trunk| trunk.topics_of(peer))
    }

    /// Wants a connection as this application, unless there is one.
    fn want(&mut self, client_id: ApplicationId) -> &mut Trunk {
        self.trunks.entry(client_id).or_default()
    }

    /// Asks for the connections that are wanted, `most` in all: those that nobody uses go first. The applications for which
    /// there is no room.
    fn connect(&mut self, now: Instant, most: usize, out: &mut impl Sink) -> Vec<ApplicationId> {
        let mut refused = Vec::new();
        for client_id in self.trunks.keys().copied().collect::<Vec<_>>() {
            while let Some(first) = self.trunks.get(&client_id).and_then(Trunk::wants) {
                let sessions = self.trunks.values().flat_map(Trunk::upstreams).filter_map(upstream::Upstream::session);
                let has_room = sessions.count() < most.max(1) || self.make_room(out);
                let Some(trunk) = self.trunks.get_mut(&client_id) else { break };
                if has_room {
                    self.last_session += 1;
                    let session = self.last_session;
                    trunk.connect(now, session);
                    // The watch says when it looks again; others wait for a Discord that is known to be there.
                    let retry = !first || self.home() != Some(client_id);
                    let discord_only = matches!(self.account, Account::Auto { .. });
                    out.errand(Errand::Open { session, client_id, retry, discord_only });
                } else if first {
                    self.trunks.remove(&client_id);
                    refused.push(client_id);
                } else {
                    trunk.do_without(now, NO_ROOM, out);
                }
            }
        }
        refused
    }

    /// Ends what has been idle for the longest; whether there was anything.
    fn make_room(&mut self, out: &mut impl Sink) -> bool {
        let idle = self.trunks.iter().filter_map(|(client, trunk)| Some((trunk.idle()?, *client)));
        let Some((_, client)) = idle.min() else { return false };
        let Some(trunk) = self.trunks.get_mut(&client) else { return false };
        match trunk.idle_until {
            Some(_) => self.hang_up(client, out),
            None => trunk.make_room().into_iter().for_each(|session| out.errand(Errand::Close { session })),
        }
        true
    }

    /// Ends all connections as this application, whose books are closed.
    fn hang_up(&mut self, client: ApplicationId, out: &mut impl Sink) {
        let trunk = self.trunks.remove(&client);
        for session in trunk.iter().flat_map(Trunk::upstreams).filter_map(upstream::Upstream::session) {
            out.errand(Errand::Close { session });
        }
    }

    fn look(&mut self, now: Instant) {
        let Some(home) = self.home() else { return };
        self.looked = now;
        self.watch = Watch::Looking;
        self.want(home);
    }

    /// The time until the next look.
    fn rest(&mut self, now: Instant, has_peers: bool, unwelcome: bool) {
        let least = match (self.grace.is_some(), unwelcome, has_peers) {
            (true, ..) => LOOK_AGAIN / 2,
            (_, true, _) => LOOK_UNWELCOME,
            (_, _, true) => LOOK_WITH_PEERS,
            _ => LOOK_ALONE,
        };
        self.watch = Watch::Resting { again: now + least + self.random.up_to(least), unwelcome };
    }

    /// Somebody waits for a Discord: it is looked for sooner.
    fn hurry(&mut self) {
        if let Watch::Resting { again, .. } = &mut self.watch {
            *again = (*again).min(self.looked + LOOK_AGAIN);
        }
    }

    /// A guest is there, who would rather be with a Discord.
    pub(super) fn keep_company(&mut self, now: Instant) {
        if let Watch::Resting { again, unwelcome: false } = &mut self.watch {
            *again = (*again).min(now + LOOK_WITH_PEERS + self.random.up_to(LOOK_WITH_PEERS));
        }
    }

    pub(super) fn next_timeout(&self) -> Option<Instant> {
        let again = match self.watch {
            Watch::Resting { again, .. } => Some(again),
            Watch::Off | Watch::Looking | Watch::Present { .. } => None,
        };
        let idle = self.trunks.values().filter_map(Trunk::next_timeout);
        let posts = self.posts.values().filter_map(|post| match post.step {
            Step::Waits { until, .. } => Some(until),
            Step::Shown => None,
        });
        idle.chain(posts).chain([again, self.first_look, self.grace].into_iter().flatten()).min()
    }
}

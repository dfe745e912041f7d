//! A day of two peers of a Discord's account, in which every connection to that Discord breaks once: at every single point.

use std::collections::{BTreeMap, BTreeSet};

use gamebridge_proto::server::rpc::{Account, Errand};
use serde_json::{Value, json};

use crate::house::{GAME, Out};
use crate::upstream::{Front, HOME, Went, auth};

/// What a peer does, one after the other; anew when it was closed.
const ERRANDS: [&str; 6] =
    ["HANDSHAKE", "AUTHENTICATE", "GET_GUILDS", "SUBSCRIBE", "SET_ACTIVITY", "GET_SELECTED_VOICE_CHANNEL"];

struct Day {
    front: Front,
    /// Connections that are there, each with the subscriptions that Discord knows of; and those that broke and look again.
    live: BTreeMap<u32, BTreeSet<String>>,
    broken: BTreeSet<u32>,
    /// Something happened so often; and when it breaks.
    moments: u32,
    breaks_at: Option<(u32, Breaks)>,
    /// Peers, with what each did already.
    peers: BTreeMap<u32, usize>,
    next_peer: u32,
    /// Commands that have no answer yet: of whom, and their nonce.
    owed: BTreeSet<(u32, String)>,
    /// How often a peer was told of the event.
    told: BTreeMap<u32, u32>,
    closes: u32,
}

/// Which connections break.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Breaks {
    All,
    /// The one that came last: that of the second token, once there is one.
    Latest,
}

impl Day {
    fn new(account: Account, breaks_at: Option<(u32, Breaks)>) -> Day {
        Day {
            front: Front::new(account),
            live: BTreeMap::new(),
            broken: BTreeSet::new(),
            moments: 0,
            breaks_at,
            peers: BTreeMap::new(),
            next_peer: 1,
            owed: BTreeSet::new(),
            told: BTreeMap::new(),
            closes: 0,
        }
    }

    /// A point at which the connections may break.
    fn moment(&mut self) {
        if let Some((_, breaks)) = self.breaks_at.filter(|(at, _)| *at == self.moments) {
            let most = if breaks == Breaks::All { usize::MAX } else { 1 };
            for session in self.live.keys().rev().take(most).rev().copied().collect::<Vec<_>>() {
                self.live.remove(&session);
                self.broken.insert(session);
                self.front.breaks(session);
            }
        }
        self.moments += 1;
    }

    /// Does what the door wants of its driver, as Discord would answer, until it wants nothing.
    fn settle(&mut self) {
        loop {
            self.look();
            let errands = self.front.errands();
            if errands.is_empty() && self.broken.is_empty() {
                return;
            }
            for errand in errands {
                self.moment();
                self.carry_out(errand);
                self.look();
            }
            // Discord is back at once; who closed a connection that looked for it no longer cares.
            for errand in self.front.errands() {
                self.carry_out(errand);
            }
            for session in std::mem::take(&mut self.broken) {
                self.live.insert(session, BTreeSet::new());
                self.front.ready(session);
            }
        }
    }

    fn carry_out(&mut self, errand: Errand) {
        match errand {
            Errand::Open { session, .. } => {
                self.live.insert(session, BTreeSet::new());
                self.front.ready(session);
            }
            Errand::Close { session } => {
                assert!(self.live.remove(&session).is_some() || self.broken.remove(&session), "closed once: {session}");
            }
            Errand::Send { session, command } => {
                // What goes to a connection that broke in this moment has no answer, and nobody waits for one.
                let Some(topics) = self.live.get_mut(&session) else { return };
                let args: Value = serde_json::from_slice(&command.args).expect("JSON");
                let data = match &*command.name {
                    "AUTHENTICATE" => auth(&["rpc"], ""),
                    "SUBSCRIBE" => {
                        assert!(topics.insert(args["evt"].to_string()), "asked for once");
                        json!({"evt": args["evt"]})
                    }
                    _ => json!({}),
                };
                let went = Went { session, tag: command.tag, name: command.name.into(), args };
                self.front.reply(&went, &data);
            }
        }
    }

    /// What came out: each answer belongs to a question, and nothing comes after a close.
    fn look(&mut self) {
        for out in self.front.house.out() {
            match out {
                Out::Sent { peer, payload, .. } => {
                    assert!(self.peers.contains_key(&peer), "peer {peer} is gone: {payload}");
                    match payload["nonce"].as_str() {
                        Some(nonce) => {
                            let answered = self.owed.remove(&(peer, nonce.to_owned()));
                            assert!(answered, "nobody asked, or it was answered before: {payload}");
                            // Its own connection was lost before there was anything on it: it shows its token anew.
                            if payload["evt"] == "ERROR" && nonce == "AUTHENTICATE" {
                                self.peers.insert(peer, 1);
                            }
                        }
                        None if payload["evt"] == "READY" => drop(self.owed.remove(&(peer, "READY".to_owned()))),
                        None => {
                            assert_eq!(payload["evt"], "GUILD_CREATE");
                            *self.told.entry(peer).or_default() += 1;
                        }
                    }
                }
                Out::Closed { peer, code, reason } => {
                    assert_eq!(code, 1012, "{reason}");
                    self.owed.remove(&(peer, "READY".to_owned()));
                    assert!(
                        self.owed.iter().all(|(of, _)| *of != peer),
                        "closed with commands unanswered: {:?}",
                        self.owed
                    );
                    assert!(self.peers.remove(&peer).is_some(), "closed once");
                    self.front.house.gone(peer);
                    self.closes += 1;
                }
                Out::Event { .. } => {}
            }
        }
    }

    /// The next thing that this peer does; answers are not waited for.
    fn act(&mut self, peer: u32) {
        let Some(done) = self.peers.get_mut(&peer) else { return };
        let Some(errand) = ERRANDS.get(*done) else { return };
        *done += 1;
        let nonce = if *errand == "HANDSHAKE" { "READY" } else { errand };
        self.owed.insert((peer, nonce.to_owned()));
        match *errand {
            "HANDSHAKE" => self.front.greets(peer, GAME),
            "SUBSCRIBE" => {
                let message = json!({"cmd": errand, "evt": "GUILD_CREATE", "args": {}, "nonce": errand});
                self.front.house.say(peer, &message);
            }
            "AUTHENTICATE" => {
                let token = if peer.is_multiple_of(2) { "even" } else { "odd" };
                self.front.say(peer, errand, &json!({"access_token": token}), errand);
            }
            "SET_ACTIVITY" => self.front.say(peer, errand, &json!({"pid": peer, "activity": null}), errand),
            _ => self.front.say(peer, errand, &json!({}), errand),
        }
        self.moment();
        self.look();
    }

    /// Two peers do all that peers do; who was closed comes again as another one.
    fn play(&mut self) {
        let mut rounds = 0;
        self.settle();
        while self.peers.len() < 2 || self.peers.values().any(|done| *done < ERRANDS.len()) {
            rounds += 1;
            assert!(rounds < 40, "they come to an end");
            while self.peers.len() < 2 {
                self.peers.insert(self.next_peer, 0);
                self.next_peer += 1;
            }
            for peer in self.peers.keys().copied().collect::<Vec<_>>() {
                self.act(peer);
            }
            self.settle();
            // Discord is looked for again every second.
            for _ in 0..5 {
                self.front.wait(1.0);
                self.settle();
            }
        }
        let asked = self.live.iter().filter(|(_, topics)| !topics.is_empty()).map(|(session, _)| *session);
        for session in asked.collect::<Vec<_>>() {
            self.front.happens(session, "GUILD_CREATE", &json!({"id": "5", "name": "Guild"}));
        }
        self.look();
    }
}

#[test]
fn a_discord_that_is_lost_at_any_point_costs_no_answer_and_nothing_is_told_twice() {
    for account in [Account::Desktop { client_id: HOME.into() }, Account::Auto { client_id: HOME.into() }] {
        let start = |breaks_at| {
            let mut day = Day::new(account, breaks_at);
            day.front.house.out();
            day.play();
            day
        };
        let undisturbed = start(None);
        assert_eq!(undisturbed.closes, 0);
        // Those of the watch, of the application, and of the second token.
        assert_eq!(undisturbed.live.len(), 3);
        assert!(undisturbed.moments > 15, "there are many points: {}", undisturbed.moments);
        for point in 0..undisturbed.moments {
            for breaks in [Breaks::All, Breaks::Latest] {
                let day = start(Some((point, breaks)));
                assert!(day.owed.is_empty(), "{account:?}, {breaks:?} lost at {point}: {:?}", day.owed);
                assert_eq!(day.peers.len(), 2);
                let told: Vec<u32> = day.peers.keys().map(|peer| day.told.get(peer).copied().unwrap_or(0)).collect();
                assert_eq!(told, [1, 1], "{account:?}, {breaks:?} lost at {point}: each is told of the event once");
                assert!(day.closes <= 2, "{account:?}, {breaks:?} lost at {point}: nobody is closed twice");
            }
        }
    }
}

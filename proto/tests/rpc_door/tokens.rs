//! Which of an application's connections to a Discord carries what: the test is the Discord.

use std::collections::BTreeSet;

use gamebridge_proto::error::Status;
use gamebridge_proto::event::EventType;
use gamebridge_proto::server::rpc::Errand;
use serde_json::{Value, json};

use crate::house::{GAME, Out};
use crate::upstream::{Front, auth};

fn channel(id: &str) -> Value {
    json!({"channel_id": id})
}

#[test]
fn scopes_are_those_of_the_peers_own_token() {
    let mut front = Front::present();
    front.joined(&[1, 2]);
    front.authenticate(1, "wide", &["rpc"]);
    let narrow = front.authenticate(2, "narrow", &["rpc.voice.read"]);
    front.say(2, "GET_GUILDS", &json!({}), "n");
    assert_eq!(front.heard(2), [("GET_GUILDS".into(), json!("n"), 4006)], "although another token opens it");
    assert!(front.errands().is_empty());
    front.say(2, "GET_VOICE_SETTINGS", &json!({}), "n");
    let went = front.one();
    assert_eq!((went.name.as_str(), went.session), ("GET_VOICE_SETTINGS", narrow));
}

#[test]
fn each_token_has_a_connection_and_its_holders_share_it() {
    let mut front = Front::present();
    let first = front.joined(&[1, 2, 3]);
    let of_one = front.authenticate(1, "one", &["rpc"]);
    let of_two = front.authenticate(2, "two", &["rpc"]);
    assert_eq!((of_one, of_two != first), (first, true), "the first token goes where nobody has another");
    assert_eq!(front.authenticate(3, "two", &["rpc"]), of_two);
    for (peer, session) in [(1, of_one), (2, of_two), (3, of_two), (1, of_one)] {
        front.say(peer, "GET_GUILDS", &json!({}), "n");
        let went = front.one();
        assert_eq!((went.name.as_str(), went.session), ("GET_GUILDS", session), "at once, by its own token");
        front.reply(&went, &json!({"guilds": []}));
        assert_eq!(front.heard(peer), [("GET_GUILDS".into(), json!("n"), 0)]);
    }
    assert_eq!(front.subscribed(1, "GUILD_CREATE", &json!({})), of_one);
    assert_eq!(front.subscribed(2, "GUILD_CREATE", &json!({})), of_two);
    assert_eq!(front.hearers(of_one, "GUILD_CREATE", &json!({"id": "5"})), [1]);
    assert_eq!(front.hearers(of_two, "GUILD_CREATE", &json!({"id": "5"})), [2]);
}

#[test]
fn nobody_hears_messages_by_the_token_of_another() {
    let mut front = Front::present();
    front.joined(&[1, 2]);
    let reads = front.authenticate(1, "reads", &["rpc", "messages.read"]);
    let other = front.authenticate(2, "other", &["rpc"]);
    front.subscribed(1, "MESSAGE_CREATE", &channel("5"));
    // Whether the channel is the application's own only Discord knows, so it is asked, by this peer's token.
    front.subscribe(2, "SUBSCRIBE", "MESSAGE_CREATE", &channel("5"));
    let went = front.one();
    assert_eq!(went.session, other);
    front.refuse(&went, 4006, "no");
    assert_eq!(front.heard(2), [("SUBSCRIBE".into(), json!("MESSAGE_CREATE"), 4006)]);
    assert_eq!(front.hearers(reads, "MESSAGE_CREATE", &json!({"channel_id": "5", "message": {"id": "1"}})), [1]);
}

#[test]
fn subscriptions_go_with_the_token_that_was_shown_last() {
    let mut front = Front::present();
    let first = front.joined(&[1, 2]);
    front.authenticate(1, "old", &["rpc"]);
    front.authenticate(2, "old", &["rpc"]);
    front.subscribed(1, "GUILD_CREATE", &json!({}));
    front.subscribe(2, "SUBSCRIBE", "GUILD_CREATE", &json!({}));
    front.house.out();
    front.subscribed(2, "VOICE_SETTINGS_UPDATE", &json!({}));
    front.house.out();

    let went = front.shows(2, "narrow");
    assert_ne!(went.session, first);
    front.reply(&went, &auth(&["rpc.voice.read"], ""));
    let narrow = went.session;
    let went = front.went();
    let what: Vec<_> = went.iter().map(|went| (went.session, went.name.as_str(), went.args["evt"].as_str())).collect();
    let voice = Some("VOICE_SETTINGS_UPDATE");
    assert_eq!(what, [(first, "UNSUBSCRIBE", voice), (narrow, "SUBSCRIBE", voice)], "the other is not opened by it");
    went.iter().for_each(|went| front.reply(went, &json!({"evt": "X"})));
    assert_eq!(front.heard(2), [("AUTHENTICATE".into(), json!("auth"), 0)], "of the rest it did not ask");
    assert_eq!(front.hearers(first, "GUILD_CREATE", &json!({"id": "5"})), [1]);
    assert_eq!(front.hearers(first, "VOICE_SETTINGS_UPDATE", &json!({})), [0_u32; 0]);
    assert_eq!(front.hearers(narrow, "VOICE_SETTINGS_UPDATE", &json!({})), [2]);

    // What was silent comes back with the right.
    let went = front.shows(2, "old");
    assert_eq!(went.session, first);
    front.reply(&went, &auth(&["rpc"], ""));
    front.went().iter().for_each(|went| front.reply(went, &json!({"evt": "X"})));
    assert_eq!(front.hearers(first, "GUILD_CREATE", &json!({"id": "5"})), [1, 2]);
    assert_eq!(front.hearers(first, "VOICE_SETTINGS_UPDATE", &json!({})), [2]);
}

#[test]
fn who_showed_no_token_hears_nothing_by_that_of_another() {
    let mut front = Front::present();
    let first = front.joined(&[1, 2, 3]);
    front.subscribed(1, "CURRENT_USER_UPDATE", &json!({}));
    let of_two = front.authenticate(2, "two", &["identify", "identify.premium"]);
    assert_ne!(of_two, first, "somebody hears of what goes on there without a token");
    assert_eq!(front.subscribed(3, "ACTIVITY_JOIN", &json!({})), first);

    let mut front = Front::present();
    let first = front.joined(&[1, 2]);
    assert_eq!(front.authenticate(1, "one", &["identify", "identify.premium"]), first);
    front.subscribed(1, "CURRENT_USER_UPDATE", &json!({}));
    front.subscribe(2, "SUBSCRIBE", "CURRENT_USER_UPDATE", &json!({}));
    let (session, ..) = front.opened();
    front.ready(session);
    let went = front.one();
    assert_eq!((went.session, went.name.as_str()), (session, "SUBSCRIBE"));
    front.reply(&went, &json!({"evt": "CURRENT_USER_UPDATE"}));
    assert_eq!(front.hearers(first, "CURRENT_USER_UPDATE", &json!({"id": "7", "premium_type": 2})), [1]);
    assert_eq!(front.hearers(session, "CURRENT_USER_UPDATE", &json!({"id": "7"})), [2]);
}

#[test]
fn a_token_that_nobody_holds_any_more_leaves_its_connection_to_the_next() {
    let mut front = Front::present();
    let first = front.joined(&[1, 2]);
    front.authenticate(1, "one", &["rpc"]);
    let second = front.authenticate(2, "two", &["rpc"]);
    // A token is never put in the place of one that its peer may fall back on.
    let third = front.authenticate(2, "three", &["rpc"]);
    assert!(![first, second].contains(&third));
    assert_eq!(front.authenticate(2, "four", &["rpc"]), second);
    front.wait(31.0);
    assert!(matches!(front.errands()[..], [Errand::Close { session }] if session == third));
    front.house.gone(1);
    assert_eq!(front.authenticate(2, "five", &["rpc"]), first);
}

#[test]
fn unknown_tokens_are_tried_one_at_a_time() {
    let mut front = Front::present();
    let first = front.joined(&[1, 2, 3]);
    front.authenticate(1, "one", &["rpc"]);
    let went = front.shows(2, "wrong");
    for (peer, token) in [(3, "other"), (2, "wrong again"), (3, "one")] {
        front.say(peer, "AUTHENTICATE", &json!({"access_token": token}), token);
    }
    assert!(front.errands().is_empty(), "not before the first one is judged, and each peer's in their order");
    front.refuse(&went, 4009, "no");
    assert_eq!(front.heard(2), [("AUTHENTICATE".into(), json!("auth"), 4009)]);
    let other = front.one();
    assert_eq!((&other.args["access_token"], other.session), (&json!("other"), went.session), "no connection more");
    front.refuse(&other, 4009, "no");
    let went = front.went();
    let shown: Vec<_> = went.iter().map(|went| (went.session, went.args["access_token"].as_str().unwrap())).collect();
    assert_eq!(shown, [(other.session, "wrong again"), (first, "one")], "what is known waits for no trial");
}

#[test]
fn a_known_token_that_is_refused_closes_its_bearers() {
    let mut front = Front::present();
    front.joined(&[1, 2, 3, 4]);
    for (peer, token) in [(1, "gone"), (3, "gone"), (2, "good")] {
        front.authenticate(peer, token, &["rpc"]);
    }
    let went = front.shows(4, "gone");
    front.refuse(&went, 4009, "no");
    let out = front.house.out();
    assert!(matches!(&out[0], Out::Sent { peer: 4, payload, .. } if payload["data"]["code"] == 4009), "{out:?}");
    let closed: Vec<_> = out
        .iter()
        .filter_map(|out| match out {
            Out::Closed { peer, code, .. } => Some((*peer, *code)),
            _ => None,
        })
        .collect();
    assert_eq!(closed, [(1, 4003), (3, 4003)]);
}

#[test]
fn a_connection_that_breaks_costs_the_bearers_of_its_token_only() {
    for (code, expected) in [(0, 1012), (4003, 4003)] {
        let mut front = Front::present();
        let first = front.joined(&[1, 2, 3]);
        front.authenticate(1, "one", &["rpc"]);
        let second = front.authenticate(2, "two", &["rpc"]);
        front.say(2, "GET_GUILDS", &json!({}), "owed");
        front.errands();
        front.lost(second, EventType::Disconnected, Status::Closed, code);
        let out = front.house.out();
        assert!(matches!(&out[0], Out::Sent { peer: 2, payload, .. } if payload["data"]["code"] == 1000), "{out:?}");
        assert!(matches!(&out[1], Out::Closed { peer: 2, code, .. } if *code == expected), "{out:?}");
        front.house.gone(2);
        // On the first one all hangs.
        front.lost(first, EventType::Disconnected, Status::Closed, code);
        let mut closed = front.closed();
        closed.sort();
        assert_eq!(closed, [(1, expected), (3, 1012)]);
    }
}

#[test]
fn a_token_whose_connection_comes_to_nothing_is_answered() {
    for waits in [false, true] {
        let mut front = Front::present();
        front.joined(&[1, 2]);
        front.authenticate(1, "one", &["rpc"]);
        front.say(2, "AUTHENTICATE", &json!({"access_token": "two"}), "a");
        let (session, ..) = front.opened();
        match waits {
            // Discord lets the third connection in a minute wait, so that there is time.
            true => {
                front.wait(60.0);
                assert_eq!((front.heard(2).len(), front.errands().len()), (0, 0));
                front.wait(16.0);
            }
            false => front.lost(session, EventType::Disconnected, Status::Io, 0),
        }
        assert_eq!(front.heard(2), [("AUTHENTICATE".into(), json!("a"), 1000)]);
        assert!(matches!(front.errands()[..], [Errand::Close { session: closed }] if closed == session));
        assert_eq!(front.closed(), []);
        front.authenticate(2, "two", &["rpc"]);
    }
}

#[test]
fn who_leaves_while_its_token_is_shown_leaves_nothing_behind() {
    let mut front = Front::present();
    front.joined(&[1, 2]);
    front.authenticate(1, "one", &["rpc"]);
    front.say(2, "AUTHENTICATE", &json!({"access_token": "two"}), "a");
    front.subscribe(2, "SUBSCRIBE", "ACTIVITY_JOIN", &json!({}));
    let (session, ..) = front.opened();
    front.house.gone(2);
    front.house.out();
    front.ready(session);
    let went = front.one();
    front.reply(&went, &auth(&["rpc"], ""));
    assert!(front.house.out().is_empty());
    front.wait(31.0);
    assert!(matches!(front.errands()[..], [Errand::Close { session: closed }] if closed == session));
}

#[test]
fn events_that_do_not_say_where_reach_nobody_who_asked_for_another_place() {
    let mut front = Front::present();
    let first = front.joined(&[1, 2, 3]);
    for peer in [1, 2, 3] {
        front.authenticate(peer, "t", &["rpc"]);
    }
    // One peer alone hears them as Discord tells them.
    assert_eq!(front.subscribed(1, "SPEAKING_START", &channel("5")), first);
    assert_eq!(front.subscribed(1, "SPEAKING_START", &channel("6")), first);
    // Another one has a connection of its own then, with the same token.
    front.subscribe(2, "SUBSCRIBE", "SPEAKING_START", &channel("6"));
    let (own, ..) = front.opened();
    front.ready(own);
    let went = front.one();
    assert_eq!((went.session, &went.args), (own, &json!({"access_token": "t"})));
    front.reply(&went, &auth(&["rpc"], ""));
    let went = front.one();
    assert_eq!((went.session, &went.args["args"]), (own, &channel("6")));
    front.reply(&went, &json!({"evt": "SPEAKING_START"}));
    assert_eq!(front.heard(2), [("SUBSCRIBE".into(), json!("SPEAKING_START"), 0)]);
    assert_eq!(front.subscribed(2, "SPEAKING_START", &channel("7")), own, "and no more than one");
    assert_eq!(front.hearers(first, "SPEAKING_START", &json!({"user_id": "1"})), [1]);
    assert_eq!(front.hearers(own, "SPEAKING_START", &json!({"user_id": "1"})), [2]);
    // Where the event says it, or all asked for the same place, they share.
    assert_eq!(front.subscribed(3, "VOICE_STATE_CREATE", &channel("5")), first);
    front.subscribe(2, "SUBSCRIBE", "VOICE_STATE_CREATE", &channel("5"));
    assert_eq!((front.heard(2).len(), front.errands().len()), (1, 0));
    assert_eq!(front.hearers(first, "VOICE_STATE_CREATE", &json!({"user": {"id": "1"}})), [3, 2]);
    for (peer, place) in [(1, "5"), (2, "6")] {
        assert_eq!(front.subscribed(peer, "MESSAGE_CREATE", &channel(place)), first);
    }
    assert_eq!(front.hearers(first, "MESSAGE_CREATE", &json!({"channel_id": "6", "message": {}})), [2]);
    assert_eq!(front.subscribed(3, "GUILD_STATUS", &json!({"guild_id": "9"})), first);
    assert_eq!(front.hearers(first, "GUILD_STATUS", &json!({"guild": {"id": "9"}})), [3]);
    assert_eq!(front.hearers(first, "GUILD_STATUS", &json!({"guild": {"id": "8"}})), [0_u32; 0]);
    // It ends some time after the last that it carried.
    for place in ["6", "7"] {
        front.subscribe(2, "UNSUBSCRIBE", "SPEAKING_START", &channel(place));
        let went = front.one();
        assert_eq!(went.session, own);
        front.reply(&went, &json!({"evt": "SPEAKING_START"}));
    }
    front.wait(31.0);
    assert!(matches!(front.errands()[..], [Errand::Close { session }] if session == own));
}

/// Connections that are there, by the errands so far.
fn count(front: &mut Front, open: &mut BTreeSet<u32>) {
    for errand in front.errands() {
        match errand {
            Errand::Open { session, .. } => drop(open.insert(session)),
            Errand::Close { session } => assert!(open.remove(&session)),
            Errand::Send { .. } => {}
        }
    }
}

#[test]
fn connections_are_bounded_and_those_that_nobody_uses_go_first() {
    let mut front = Front::present();
    let mut open = BTreeSet::from([1]);
    for peer in 1..=1000 {
        front.greets(peer, &(5000 + peer).to_string());
        count(&mut front, &mut open);
        assert!(open.len() <= 32, "{}", open.len());
        front.house.gone(peer);
    }
    assert_eq!(front.closed(), [], "who came could be let in each time");
    front.greets(2000, GAME);
    count(&mut front, &mut open);
    front.ready(*open.last().unwrap());
    assert_eq!(front.house.sent(2000)[0]["evt"], "READY");

    let mut front = Front::present();
    let mut open = BTreeSet::from([1]);
    front.greets(1, GAME);
    count(&mut front, &mut open);
    front.ready(*open.last().unwrap());
    front.house.out();
    front.authenticate(1, "one", &["rpc"]);
    for peer in 2..=31 {
        front.greets(peer, &(5000 + peer).to_string());
        count(&mut front, &mut open);
        front.ready(*open.last().unwrap());
    }
    assert_eq!((open.len(), front.closed()), (32, vec![]));
    front.greets(32, "77");
    assert_eq!(front.closed(), [(32, 1013)]);
    front.say(1, "AUTHENTICATE", &json!({"access_token": "two"}), "a");
    assert_eq!(front.heard(1), [("AUTHENTICATE".into(), json!("a"), 1000)]);
    assert!(front.errands().is_empty());
    // The application's own are shared all the same, and places become free again.
    front.greets(33, GAME);
    assert_eq!(front.house.sent(33)[0]["evt"], "READY");
    front.house.gone(31);
    front.greets(34, "77");
    assert!(matches!(front.errands()[..], [Errand::Close { .. }, Errand::Open { .. }]));
}

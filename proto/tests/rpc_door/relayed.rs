//! What peers of a Discord's account say, and what comes back: the test is the Discord.

use gamebridge_proto::error::Status;
use gamebridge_proto::event::EventType;
use gamebridge_proto::server::rpc::Errand;
use gamebridge_proto::wire::host;
use serde_json::{Value, json};

use crate::house::{GAME, Out};
use crate::upstream::{Front, auth};

fn done(name: &str, nonce: &str) -> (String, Value, i64) {
    (name.into(), json!(nonce), 0)
}

fn failed(name: &str, nonce: &str, code: i64) -> (String, Value, i64) {
    (name.into(), json!(nonce), code)
}

fn event(name: &str) -> (String, Value, i64) {
    (name.into(), Value::Null, 0)
}

#[test]
fn ready_is_the_discords_with_our_mark() {
    let mut front = Front::present();
    front.greets(1, GAME);
    assert!(front.house.sent(1).is_empty(), "READY waits for the Discord's");
    let (session, ..) = front.opened();
    front.ready(session);
    let ready = front.house.sent(1).remove(0);
    let config = json!({"cdn_host": "far.example", "more": [1], "gamebridge": ["front"]});
    assert_eq!((&ready["evt"], &ready["nonce"], &ready["data"]["v"]), (&json!("READY"), &Value::Null, &json!(1)));
    assert_eq!((&ready["data"]["config"], &ready["data"]["user"]["username"]), (&config, &json!("Mason")));
}

#[test]
fn a_gamebridge_behind_is_named_after_us() {
    let mut front = Front::present();
    front.greets(1, GAME);
    let (session, ..) = front.opened();
    let mut event = gamebridge_proto::event::Event::new(EventType::Connected, "CONNECTED");
    event.payload = br#"{"v":1,"config":{"gamebridge":["near","far"]},"user":{"id":"7"}}"#;
    front.tell(session, &event);
    assert_eq!(front.house.sent(1)[0]["data"]["config"], json!({"gamebridge": ["front", "near", "far"]}));
}

#[test]
fn equal_nonces_of_two_peers_do_not_meet() {
    let mut front = Front::present();
    front.joined(&[1, 2]);
    for peer in [1, 2] {
        front.say(peer, "SET_ACTIVITY", &json!({"pid": peer, "activity": null}), "same");
    }
    let went = front.went();
    assert_eq!(went.len(), 2);
    assert_ne!(went[0].tag, went[1].tag);
    // The other way round, to see that each gets its own.
    front.reply(&went[1], &json!({"of": 2}));
    front.reply(&went[0], &json!({"of": 1}));
    let out = front.house.out();
    let sent: Vec<_> = out
        .iter()
        .filter_map(|out| match out {
            Out::Sent { peer, payload, .. } => Some((*peer, payload["data"]["of"].clone(), payload["nonce"].clone())),
            _ => None,
        })
        .collect();
    assert_eq!(sent, [(2, json!(2), json!("same")), (1, json!(1), json!("same"))]);
}

#[test]
fn what_can_be_judged_here_goes_nowhere() {
    let mut front = Front::present();
    front.joined(&[1]);
    for (cmd, args, code) in [
        ("NO_SUCH_COMMAND", json!({}), 4002),
        ("GET_GUILDS", json!({}), 4006),
        ("GET_CHANNEL", json!({"channel_id": "1"}), 4006),
        ("SET_ACTIVITY", json!({"activity": {"state": "x"}}), 4000),
        ("SEND_ACTIVITY_JOIN_INVITE", json!({}), 4000),
        ("AUTHORIZE", json!({"scopes": 5, "client_id": GAME}), 4000),
    ] {
        front.say(1, cmd, &args, "n");
        assert_eq!(front.heard(1), [failed(cmd, "n", code)], "{cmd}");
    }
    for (event, code) in [("NO_SUCH_EVENT", 4004), ("READY", 4004), ("GUILD_CREATE", 4006)] {
        front.subscribe(1, "SUBSCRIBE", event, &json!({}));
        assert_eq!(front.heard(1), [failed("SUBSCRIBE", event, code)], "{event}");
    }
    assert!(front.errands().is_empty());
}

#[test]
fn what_only_discord_knows_is_passed_on_for_who_could_ask_it_itself() {
    let mut front = Front::present();
    let session = front.joined(&[1, 2]);
    front.authenticate(1, "t", &["rpc"]);
    front.say(1, "CAPTURE_SHORTCUT", &json!({"action": "START"}), "a");
    let went = front.one();
    assert_eq!(
        (went.session, went.name.as_str(), &went.args["action"]),
        (session, "CAPTURE_SHORTCUT", &json!("START"))
    );
    front.reply(&went, &json!({"shortcut": 1}));
    assert_eq!(front.heard(1), [done("CAPTURE_SHORTCUT", "a")]);
    // No command by its form, sent by Discord only, an event, or with arguments that are none.
    for (name, args, code) in [
        ("capture_shortcut", json!({}), 4002),
        ("GET_GUILDS ", json!({}), 4002),
        ("get_guilds", json!({}), 4002),
        ("", json!({}), 4002),
        ("DISPATCH", json!({}), 4002),
        ("GUILD_CREATE", json!({}), 4002),
        ("CAPTURE_SHORTCUT", json!([]), 4000),
        (&"A".repeat(65), json!({}), 4002),
    ] {
        front.say(1, name, &args, "n");
        let heard = front.heard(1);
        assert_eq!((&heard[0].1, heard[0].2), (&json!("n"), code), "{name:?}");
    }
    // Who showed no token, or came over the web.
    front.say(2, "CAPTURE_SHORTCUT", &json!({}), "n");
    assert_eq!(front.heard(2), [failed("CAPTURE_SHORTCUT", "n", 4002)]);
    front.websocket(3);
    front.house.out();
    assert_eq!(front.authenticate(3, "t", &["rpc"]), session);
    front.say(3, "CAPTURE_SHORTCUT", &json!({}), "n");
    assert_eq!(front.heard(3), [failed("CAPTURE_SHORTCUT", "n", 4002)]);
    assert!(front.errands().is_empty());
}

#[test]
fn consent_and_presence_need_no_token_of_anybody() {
    let mut front = Front::present();
    front.joined(&[1, 2]);
    front.authenticate(1, "first", &["rpc"]);
    front.say(2, "AUTHORIZE", &json!({"client_id": GAME, "scopes": ["rpc"]}), "a");
    front.say(2, "SET_ACTIVITY", &json!({"pid": 5, "activity": {"state": "Here"}}), "b");
    let went = front.went();
    assert_eq!(went.iter().map(|went| went.name.as_str()).collect::<Vec<_>>(), ["AUTHORIZE", "SET_ACTIVITY"]);
    assert_eq!(went[1].args, json!({"pid": 5, "activity": {"state": "Here"}}));
    front.refuse(&went[0], 5000, "declined");
    let refused = front.house.sent(2).remove(0);
    assert_eq!(refused["data"], json!({"code": 5000, "message": "declined", "detail": "kept"}), "in Discord's words");
    front.fail(&went[1], Status::Timeout, "sent, but not answered in time");
    assert_eq!(front.heard(2), [failed("SET_ACTIVITY", "b", 1000)]);
}

#[test]
fn a_wrong_token_is_the_peers_own_error_and_no_more() {
    let mut front = Front::present();
    front.joined(&[1]);
    front.say(1, "AUTHENTICATE", &json!({"access_token": "wrong"}), "a");
    let went = front.one();
    front.refuse(&went, 4009, "no");
    assert_eq!(front.heard(1), [failed("AUTHENTICATE", "a", 4009)]);
    front.say(1, "GET_GUILDS", &json!({}), "b");
    assert_eq!(front.heard(1), [failed("GET_GUILDS", "b", 4006)]);
}

#[test]
fn who_authenticates_is_told_to_the_host() {
    let mut front = Front::present();
    front.joined(&[1]);
    front.say(1, "AUTHENTICATE", &json!({"access_token": "t"}), "a");
    let went = front.one();
    front.reply(&went, &auth(&["rpc"], "2015-01-08T00:00:00.000000+00:00"));
    let events = front.house.events();
    let (name, peer, data) = &events[0];
    assert_eq!((name.as_str(), *peer), ("AUTHENTICATED", 1));
    assert_eq!(
        (&data["client_id"], &data["scopes"], &data["user"]["id"]),
        (&json!(GAME), &json!(["rpc"]), &json!("7"))
    );
    assert!(host::event("AUTHENTICATED").is_some());
}

#[test]
fn a_token_that_runs_out_closes_its_peer() {
    let mut front = Front::present();
    front.joined(&[1, 2]);
    for (peer, expires) in [(1, "2015-01-01T00:00:10.000000+00:00"), (2, "2014-12-31T23:00:00Z")] {
        front.say(peer, "AUTHENTICATE", &json!({"access_token": "t"}), "a");
        let went = front.one();
        front.reply(&went, &auth(&["rpc"], expires));
    }
    front.wait(9.9);
    assert_eq!(front.closed(), []);
    front.wait(0.2);
    assert_eq!(front.closed(), [(1, 4003)], "what had run out by our clock, and not by Discord's, is Discord's to end");
}

#[test]
fn subscriptions_are_shared_and_released() {
    let mut front = Front::present();
    let session = front.joined(&[1, 2]);
    for peer in [1, 2] {
        front.authenticate(peer, "t", &["rpc"]);
    }
    let channel = json!({"channel_id": "5"});
    front.subscribe(1, "SUBSCRIBE", "MESSAGE_CREATE", &channel);
    let went = front.one();
    assert_eq!(went.args, json!({"evt": "MESSAGE_CREATE", "args": channel}));
    // The second waits for what becomes of the first.
    front.subscribe(2, "SUBSCRIBE", "MESSAGE_CREATE", &json!({"channel_id": 5}));
    assert!(front.errands().is_empty() && front.heard(2).is_empty());
    front.reply(&went, &json!({"evt": "MESSAGE_CREATE"}));
    let out = front.house.out();
    assert_eq!(out.len(), 2, "{out:?}");
    let subscriptions = front.house.host("STATE", json!({}))["peers"][1]["subscriptions"].clone();
    assert_eq!(subscriptions, json!(["MESSAGE_CREATE"]));

    front.happens(session, "MESSAGE_CREATE", &json!({"channel_id": "5", "message": {"id": "1"}}));
    let got: Vec<_> = front
        .house
        .out()
        .into_iter()
        .filter_map(|out| match out {
            Out::Sent { peer, payload, .. } => Some((peer, payload["data"]["message"]["id"].clone())),
            _ => None,
        })
        .collect();
    assert_eq!(got, [(1, json!("1")), (2, json!("1"))]);
    front.happens(session, "MESSAGE_CREATE", &json!({"channel_id": "6", "message": {"id": "2"}}));
    front.happens(session, "GUILD_CREATE", &json!({"id": "6"}));
    assert!(front.house.out().is_empty(), "nobody asked for those");

    front.subscribe(1, "UNSUBSCRIBE", "MESSAGE_CREATE", &channel);
    assert_eq!(front.heard(1), [done("UNSUBSCRIBE", "MESSAGE_CREATE")]);
    assert!(front.errands().is_empty(), "the other one still wants it");
    front.happens(session, "MESSAGE_CREATE", &json!({"channel_id": "5"}));
    assert_eq!(front.heard(2), [event("MESSAGE_CREATE")]);
    front.subscribe(2, "UNSUBSCRIBE", "MESSAGE_CREATE", &channel);
    let went = front.one();
    assert_eq!((went.name.as_str(), &went.args["evt"]), ("UNSUBSCRIBE", &json!("MESSAGE_CREATE")));
    front.happens(session, "MESSAGE_CREATE", &json!({"channel_id": "5"}));
    assert!(front.heard(2).is_empty(), "at once");
    front.reply(&went, &json!({"evt": "MESSAGE_CREATE"}));
    assert_eq!(front.heard(2), [done("UNSUBSCRIBE", "MESSAGE_CREATE")]);
    // One that it does not have.
    front.subscribe(2, "UNSUBSCRIBE", "MESSAGE_CREATE", &channel);
    assert_eq!((front.heard(2).len(), front.errands().len()), (1, 0));
}

#[test]
fn a_subscription_that_is_refused_is_asked_for_anew_by_who_waited() {
    let mut front = Front::present();
    front.joined(&[1, 2]);
    for peer in [1, 2] {
        front.subscribe(peer, "SUBSCRIBE", "ACTIVITY_JOIN", &json!({}));
    }
    let went = front.one();
    front.refuse(&went, 4006, "no");
    let out = front.house.out();
    assert!(matches!(&out[..], [Out::Sent { peer: 1, payload, .. }] if payload["evt"] == "ERROR"), "{out:?}");
    let went = front.one();
    front.reply(&went, &json!({"evt": "ACTIVITY_JOIN"}));
    assert_eq!(front.heard(2), [done("SUBSCRIBE", "ACTIVITY_JOIN")]);
}

#[test]
fn a_peer_subscribes_to_no_more_than_it_may() {
    let mut front = Front::present();
    front.joined(&[1]);
    front.authenticate(1, "t", &["rpc"]);
    for channel in 1..=256 {
        front.subscribe(1, "SUBSCRIBE", "MESSAGE_CREATE", &json!({"channel_id": channel.to_string()}));
        let went = front.one();
        front.reply(&went, &json!({"evt": "MESSAGE_CREATE"}));
    }
    front.house.out();
    front.subscribe(1, "SUBSCRIBE", "MESSAGE_CREATE", &json!({"channel_id": "257"}));
    assert_eq!(front.heard(1), [failed("SUBSCRIBE", "MESSAGE_CREATE", 4004)]);
    front.subscribe(1, "SUBSCRIBE", "MESSAGE_CREATE", &json!({"channel_id": "256"}));
    assert_eq!(front.heard(1), [done("SUBSCRIBE", "MESSAGE_CREATE")], "again is once");
    assert!(front.errands().is_empty());
}

#[test]
fn who_leaves_takes_its_activity_and_subscriptions_along() {
    let mut front = Front::present();
    let session = front.joined(&[1, 2]);
    for (peer, pid) in [(1, 11), (1, 12), (2, 12), (2, 13)] {
        front.say(peer, "SET_ACTIVITY", &json!({"pid": pid, "activity": {"state": "Here"}}), "n");
    }
    for (peer, event) in [(1, "ACTIVITY_JOIN"), (2, "ACTIVITY_JOIN"), (1, "ACTIVITY_SPECTATE")] {
        front.subscribe(peer, "SUBSCRIBE", event, &json!({}));
    }
    for went in front.went() {
        front.reply(&went, &json!({"evt": "X"}));
    }
    front.house.out();
    front.house.gone(1);
    let went = front.went();
    let what: Vec<_> = went.iter().map(|went| (went.name.as_str(), went.args.clone())).collect();
    assert_eq!(
        what,
        [
            ("UNSUBSCRIBE", json!({"evt": "ACTIVITY_SPECTATE", "args": {}})),
            // Of 12 the other one spoke last.
            ("SET_ACTIVITY", json!({"pid": 11, "activity": null})),
        ]
    );
    for went in went {
        front.reply(&went, &Value::Null);
    }
    front.happens(session, "ACTIVITY_JOIN", &json!({"secret": "s"}));
    assert_eq!(front.heard(2), [event("ACTIVITY_JOIN")]);
    front.house.gone(2);
    let went = front.went();
    assert_eq!(went.len(), 3, "{went:?}");
}

#[test]
fn who_leaves_with_commands_under_way_leaves_nothing_behind() {
    let mut front = Front::present();
    let session = front.joined(&[1, 2]);
    front.subscribe(1, "SUBSCRIBE", "ACTIVITY_JOIN", &json!({}));
    front.subscribe(1, "SUBSCRIBE", "ACTIVITY_SPECTATE", &json!({}));
    front.subscribe(2, "SUBSCRIBE", "ACTIVITY_SPECTATE", &json!({}));
    front.say(1, "AUTHORIZE", &json!({"client_id": GAME, "scopes": ["rpc"]}), "dialog");
    let went = front.went();
    assert_eq!(went.len(), 3);
    front.house.gone(1);
    front.house.out();
    assert!(front.errands().is_empty(), "what was asked is not settled yet");
    for went in &went {
        front.reply(went, &json!({"evt": "X"}));
    }
    let after = front.went();
    let what: Vec<_> = after.iter().map(|went| (went.name.as_str(), &went.args["evt"])).collect();
    // The one that nobody else wants is ended; the other is the second peer's to ask for.
    assert_eq!(what, [("UNSUBSCRIBE", &json!("ACTIVITY_JOIN")), ("SUBSCRIBE", &json!("ACTIVITY_SPECTATE"))]);
    for went in &after {
        front.reply(went, &json!({"evt": "X"}));
    }
    assert_eq!(front.heard(2), [done("SUBSCRIBE", "ACTIVITY_SPECTATE")]);
    front.happens(session, "ACTIVITY_JOIN", &json!({"secret": "s"}));
    assert!(front.house.out().is_empty());
}

/// Every way in which something may be owed when the connection breaks.
#[test]
fn a_break_settles_all_that_is_owed_and_closes_the_peers() {
    for kind in [EventType::Reconnecting, EventType::Disconnected] {
        let mut front = Front::present();
        let session = front.joined(&[1, 2]);
        front.authenticate(1, "first", &["rpc"]);
        front.authenticate(2, "second", &["rpc"]);
        front.subscribe(1, "SUBSCRIBE", "ACTIVITY_JOIN", &json!({}));
        // One waits for an answer, one for a connection, and the last one for its peer's token.
        front.say(1, "GET_GUILDS", &json!({}), "answer");
        front.say(2, "AUTHENTICATE", &json!({"access_token": "third"}), "token");
        front.subscribe(2, "SUBSCRIBE", "ACTIVITY_JOIN", &json!({}));
        let errands = front.errands();
        assert!(matches!(errands[..], [.., Errand::Open { session: 4, .. }]), "{errands:?}");
        front.house.out();
        front.lost(session, kind, Status::Closed, 0);
        let closes = |errand: &Errand| if let Errand::Close { session } = errand { *session } else { 0 };
        assert_eq!(front.errands().iter().map(closes).collect::<Vec<_>>(), [session, 3, 4]);
        let mut owed = Vec::new();
        let mut closed = Vec::new();
        for out in front.house.out() {
            match out {
                Out::Sent { peer, payload, .. } => {
                    assert!(closed.is_empty(), "answers first");
                    assert_eq!((&payload["evt"], &payload["data"]["code"]), (&json!("ERROR"), &json!(1000)));
                    owed.push((peer, payload["nonce"].as_str().unwrap().to_owned()));
                }
                Out::Closed { peer, code, .. } => closed.push((peer, code)),
                Out::Event { .. } => {}
            }
        }
        owed.sort();
        let expected = [(1, "ACTIVITY_JOIN"), (1, "answer"), (2, "ACTIVITY_JOIN"), (2, "token")];
        assert_eq!(owed, expected.map(|(peer, nonce)| (peer, nonce.to_owned())));
        assert_eq!(closed, [(1, 1012), (2, 1012)]);
        // Discord itself is still there, and whoever comes again gets a new connection.
        front.greets(3, GAME);
        assert_ne!(front.opened().0, session);
    }
}

#[test]
fn a_break_before_ready_keeps_peers_waiting_and_a_refusal_closes_them() {
    let mut front = Front::present();
    front.greets(1, GAME);
    let (session, ..) = front.opened();
    front.breaks(session);
    front.errands();
    assert_eq!(front.closed(), [], "its time is not over");
    front.greets(2, GAME);
    let (session, ..) = front.opened();
    front.lost(session, EventType::Disconnected, Status::Remote, 4000);
    let out = front.house.out();
    for peer in [1, 2] {
        let said = Out::Closed { peer, code: 4000, reason: "Invalid Client ID".into() };
        assert!(out.contains(&said), "{out:?}");
    }
}

#[test]
fn when_discord_quits_all_connections_end_at_once() {
    let mut front = Front::present();
    front.joined(&[1]);
    front.say(1, "SET_ACTIVITY", &json!({"pid": 1, "activity": null}), "owed");
    front.errands();
    front.breaks(1);
    let closes = front.errands().iter().filter(|errand| matches!(errand, Errand::Close { .. })).count();
    assert_eq!(closes, 2);
    let out = front.house.out();
    assert!(matches!(&out[0], Out::Sent { payload, .. } if payload["nonce"] == "owed"), "{out:?}");
    assert!(out.contains(&Out::Closed {
        peer: 1,
        code: 1012,
        reason: "the connection to Discord broke; connect again".into()
    }));
}

#[test]
fn a_connection_that_nobody_uses_is_kept_for_a_while() {
    let mut front = Front::present();
    let session = front.joined(&[1]);
    front.house.gone(1);
    front.wait(20.0);
    assert!(front.errands().is_empty());
    front.greets(2, GAME);
    assert_eq!(front.house.sent(2)[0]["evt"], "READY", "at once");
    front.wait(60.0);
    assert!(front.errands().is_empty(), "it is used again");
    front.house.gone(2);
    front.wait(31.0);
    assert!(matches!(&front.errands()[..], [Errand::Close { session: closed }] if *closed == session));
}

#[test]
fn what_may_wait_for_answers_is_bounded() {
    let mut front = Front::present();
    front.joined(&[1, 2]);
    let flood = |front: &mut Front, peer, size: usize| {
        let text = "x".repeat(size);
        let mut refused = 0;
        for number in 0..3000 {
            if number % 400 == 0 {
                front.wait(1.0);
            }
            front.say(peer, "SET_ACTIVITY", &json!({"pid": 1, "padding": text}), "n");
            refused += front.heard(peer).len();
            front.errands();
        }
        3000 - refused
    };
    assert_eq!(flood(&mut front, 1, 10), 1024);
    assert!((30..=35).contains(&flood(&mut front, 2, 30_000)));
    assert_eq!(front.closed(), []);
}

#[test]
fn websocket_peers_are_let_in_by_the_same_rules() {
    let mut front = Front::present();
    front.joined(&[1]);
    front.websocket(2);
    front.say(2, "SET_ACTIVITY", &json!({"pid": 1, "activity": null}), "n");
    assert_eq!(front.heard(2), [failed("SET_ACTIVITY", "n", 4006)], "nobody holds rpc.local over a WebSocket");
    let via = gamebridge_proto::server::rpc::Via::WebSocket {
        query: "v=1&client_id=5",
        origin: Some("https://evil.example"),
    };
    front.house.connect(3, via);
    assert_eq!(front.closed(), [(3, 4001)]);
    assert!(front.errands().is_empty());
}

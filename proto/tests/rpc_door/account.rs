//! Which account peers meet, and how it changes.

use gamebridge_proto::error::Status;
use gamebridge_proto::event::EventType;
use gamebridge_proto::server::rpc::{Config, Consent, Errand};
use gamebridge_proto::wire::host;
use serde_json::{Value, json};

use crate::host::table::fits;
use crate::house::{GAME, House, Out, authorize};
use crate::upstream::{Front, HOME};

#[test]
fn a_guest_wants_nothing_of_its_driver() {
    let mut house = House::default();
    house.door.start(house.now, &mut house.world, &mut house.record);
    house.ipc(1);
    house.wait(std::time::Duration::from_secs(3600));
    assert!(house.record.1.is_empty() && house.door.is_settled());
}

#[test]
fn a_discord_that_is_there_at_the_start_is_the_account() {
    for mut front in [Front::desktop(), Front::auto()] {
        assert!(!front.house.door.is_settled());
        let (session, client, retry, _) = front.opened();
        assert_eq!((client, retry), (HOME, false));
        front.ready(session);
        assert!(front.house.door.is_settled());
        assert_eq!(front.updates(), [], "CONNECTED will tell it");
        let account = front.account();
        assert_eq!((&account["kind"], &account["user"]["username"]), (&json!("desktop"), &json!("Mason")));
        let state = front.house.host("STATE", json!({}));
        assert_eq!((&state["account"], &state["user"]["username"]), (&account, &json!("Guest")));
    }
}

#[test]
fn only_auto_passes_gamebridges_over() {
    assert!(!Front::desktop().opened().3);
    assert!(Front::auto().opened().3);
}

#[test]
fn without_a_discord_auto_is_a_guest_and_desktop_nobodys() {
    let mut front = Front::auto();
    let (session, ..) = front.opened();
    front.nobody(session);
    assert!(front.house.door.is_settled());
    assert_eq!((&front.account()["kind"], &front.account()["user"]["username"]), (&json!("guest"), &json!("Guest")));
    front.house.record.1.clear();
    front.house.ipc(1);

    let mut front = Front::desktop();
    let (session, ..) = front.opened();
    front.nobody(session);
    assert!(front.house.door.is_settled());
    assert_eq!(front.account(), json!({"kind": "desktop", "user": null}));
}

#[test]
fn a_discord_that_is_silent_at_the_start_is_not_waited_for() {
    let mut front = Front::auto();
    let (session, ..) = front.opened();
    front.wait(5.0);
    assert!(front.house.door.is_settled());
    assert_eq!(front.account()["kind"], "guest");
    front.house.ipc(1);
    front.ready(session);
    assert_eq!(front.closed(), [(1, 1012)], "it is taken when it speaks");
}

#[test]
fn desktop_keeps_peers_waiting_for_a_discord_and_closes_them_in_time() {
    let mut front = Front::desktop();
    let (session, ..) = front.opened();
    front.nobody(session);
    front.greets(1, GAME);
    front.say(1, "SET_ACTIVITY", &json!({"pid": 1}), "early");
    let early = front.house.sent(1);
    assert_eq!((&early[0]["data"]["code"], &early[0]["nonce"]), (&json!(1000), &json!("early")), "{early:?}");
    for _ in 0..100 {
        front.wait(0.1);
        let opened: Vec<u32> = front.errands().iter().filter_map(session_of).collect();
        opened.into_iter().for_each(|session| front.nobody(session));
    }
    let out = front.house.out();
    let sentence = out.iter().find_map(|out| match out {
        Out::Closed { peer: 1, code: 1013, reason } => Some(reason.as_str()),
        _ => None,
    });
    assert!(sentence.is_some_and(|sentence| sentence.contains("no Discord")), "{out:?}");
    assert!(!out.iter().any(|out| matches!(out, Out::Event { name, .. } if name.starts_with("PEER"))), "{out:?}");
}

fn session_of(errand: &Errand) -> Option<u32> {
    match errand {
        Errand::Open { session, .. } => Some(*session),
        Errand::Send { .. } | Errand::Close { .. } => None,
    }
}

#[test]
fn who_waits_is_let_in_when_a_discord_starts() {
    let mut front = Front::desktop();
    let (session, ..) = front.opened();
    front.nobody(session);
    front.wait(1.0);
    front.errands();
    front.greets(1, &HOME.to_string());
    front.wait(1.1);
    // The look was hurried for its sake.
    let opens: Vec<u32> = front.errands().iter().filter_map(session_of).collect();
    let session = *opens.last().expect("a look");
    front.ready(session);
    let sent = front.house.sent(1);
    assert_eq!((&sent[0]["evt"], &sent[0]["data"]["user"]["username"]), (&json!("READY"), &json!("Mason")));
    assert!(front.errands().is_empty(), "peers of the host's own application share its connection");
}

#[test]
fn looks_are_bounded_and_never_in_step() {
    for (peers, unwelcome, least, most) in [(0, false, 10.0, 20.0), (1, false, 3.0, 6.0), (1, true, 60.0, 120.0)] {
        let mut front = Front::auto();
        let (mut session, ..) = front.opened();
        let mut waits = Vec::new();
        front.nobody(session);
        for peer in 1..=peers {
            front.house.ipc(peer);
        }
        front.errands();
        for round in 0..20 {
            let before = front.house.now;
            while front.house.record.1.is_empty() {
                front.wait(0.01);
            }
            let waited = (front.house.now - before).as_secs_f64();
            session = front.errands().iter().find_map(session_of).expect("a look");
            match unwelcome {
                true => front.lost(session, EventType::Disconnected, Status::Remote, 0),
                false => front.nobody(session),
            }
            front.errands();
            // The first wait began before there were peers.
            if round > 0 {
                waits.push(waited);
            }
        }
        assert!(waits.iter().all(|wait| (least..=most + 0.02).contains(wait)), "{waits:?}");
        assert!(waits.windows(2).any(|pair| (pair[0] - pair[1]).abs() > 0.1), "{waits:?}");
    }
}

#[test]
fn who_comes_to_a_guest_that_was_alone_has_its_discord_looked_for_soon() {
    for (unwelcome, least, most) in [(false, 3.0, 6.0), (true, 60.0, 120.0)] {
        for comes_after in [0.0, 1.0, 5.0] {
            let mut front = Front::auto();
            let (session, ..) = front.opened();
            match unwelcome {
                true => front.lost(session, EventType::Disconnected, Status::Remote, 0),
                false => front.nobody(session),
            }
            front.wait(comes_after);
            front.errands();
            for peer in [1, 2] {
                front.house.ipc(peer);
            }
            let came = front.house.now;
            while front.house.record.1.is_empty() {
                front.wait(0.01);
            }
            let waited = (front.house.now - came).as_secs_f64();
            let least = if unwelcome { least - comes_after } else { least };
            assert!((least..=most + 0.02).contains(&waited), "{waited}");
        }
    }
}

#[test]
fn a_discord_that_starts_is_a_clean_change() {
    let mut front = Front::auto();
    front.house.door = gamebridge_proto::server::rpc::Door::new(Config {
        consent: Consent::Ask,
        account: gamebridge_proto::server::rpc::Account::Auto { client_id: HOME.into() },
        ..Config::default()
    });
    front.errands();
    let House { door, now, world, record, .. } = &mut front.house;
    door.start(*now, world, record);
    let (session, ..) = front.opened();
    front.nobody(session);
    front.errands();
    front.house.ipc(1);
    front.house.websocket(2);
    let mut asks = authorize(&["rpc"]);
    asks["nonce"] = json!("owed");
    front.house.say(1, &asks);
    front.house.out();
    front.wait(20.0);
    let session = front.errands().iter().find_map(session_of).expect("a look");
    front.ready(session);
    let out = front.house.out();
    let at = |wanted: &dyn Fn(&Out) -> bool| out.iter().position(wanted).unwrap_or_else(|| panic!("{out:?}"));
    let answered = at(&|out| matches!(out, Out::Sent { peer: 1, payload, .. } if payload["nonce"] == "owed"));
    let closed =
        at(&|out| matches!(out, Out::Closed { peer: 1, code: 1012, reason } if reason.contains("connect again")));
    let other = at(&|out| matches!(out, Out::Closed { peer: 2, code: 1012, .. }));
    let told = at(&|out| matches!(out, Out::Event { name, .. } if name == "ACCOUNT_UPDATE"));
    assert!(answered < closed && closed < told && other < told);
    let Out::Event { data, .. } = &out[told] else { unreachable!("the position is that of an event") };
    let row = host::event("ACCOUNT_UPDATE").expect("a row");
    fits(&row.reply, data).unwrap_or_else(|error| panic!("{error}: {data}"));
    assert_eq!(data["reason"], "a Discord was found");
    front.greets(3, &HOME.to_string());
    assert_eq!(front.house.sent(3)[0]["data"]["user"]["username"], "Mason");
}

#[test]
fn a_discord_that_quits_leaves_the_guest_to_those_who_wait() {
    let mut front = Front::auto();
    let (session, ..) = front.opened();
    front.ready(session);
    front.greets(1, &HOME.to_string());
    front.house.out();
    front.breaks(session);
    assert_eq!(front.closed(), [(1, 1012)]);
    front.greets(2, GAME);
    assert!(front.house.sent(2).is_empty(), "it may come back");
    let mut looks = 0;
    for _ in 0..50 {
        front.wait(0.1);
        for session in front.errands().iter().filter_map(session_of).collect::<Vec<_>>() {
            looks += 1;
            front.nobody(session);
        }
    }
    assert!((4..=9).contains(&looks), "{looks}");
    let out = front.house.out();
    let ready = out.iter().find_map(|out| match out {
        Out::Sent { peer: 2, payload, .. } => Some(&payload["data"]["user"]["username"]),
        _ => None,
    });
    assert_eq!(ready, Some(&json!("Guest")));
    let told = out.iter().find_map(|out| match out {
        Out::Event { name, data, .. } if name == "ACCOUNT_UPDATE" => Some((&data["kind"], &data["reason"])),
        _ => None,
    });
    assert_eq!(told, Some((&json!("guest"), &json!("Discord quit"))));
}

#[test]
fn a_discord_that_comes_back_in_time_was_never_away_for_the_host() {
    for (id, username, told) in [("7", "Mason", 0), ("8", "Dolores", 1)] {
        let mut front = Front::auto();
        let (session, ..) = front.opened();
        front.ready(session);
        front.breaks(session);
        front.errands();
        front.greets(2, &HOME.to_string());
        front.wait(1.1);
        let session = front.errands().iter().filter_map(session_of).next_back().expect("a look");
        front.house.out();
        front.ready_as(session, id, username);
        let out = front.house.out();
        assert!(
            matches!(&out[..], [.., Out::Sent { peer: 2, payload, .. }, Out::Event { .. }] if payload["data"]["user"]["username"] == username)
        );
        let updates = out.iter().filter(|out| matches!(out, Out::Event { name, .. } if name == "ACCOUNT_UPDATE"));
        assert_eq!(updates.count(), told, "{out:?}");
    }
}

#[test]
fn desktop_says_when_its_discord_went_and_came() {
    let mut front = Front::present();
    // The connection under the host's own application is the first.
    front.breaks(1);
    front.errands();
    for _ in 0..80 {
        front.wait(0.1);
        let opened: Vec<u32> = front.errands().iter().filter_map(session_of).collect();
        opened.into_iter().for_each(|session| front.nobody(session));
    }
    assert_eq!(front.updates(), [("desktop".to_owned(), Value::Null, "Discord quit".to_owned())]);
    front.wait(20.0);
    let session = front.errands().iter().filter_map(session_of).next_back().expect("a look");
    front.ready(session);
    assert_eq!(front.updates(), [("desktop".to_owned(), json!("Mason"), "a Discord was found".to_owned())]);
}

#[test]
fn the_guests_tokens_outlive_a_discord() {
    let mut front = Front::auto();
    let (session, ..) = front.opened();
    front.nobody(session);
    front.house.ipc(1);
    let token = front.house.authenticate(1, &["rpc"]);
    front.wait(20.0);
    let session = front.errands().iter().find_map(session_of).expect("a look");
    front.ready(session);
    front.breaks(session);
    for _ in 0..50 {
        front.wait(0.1);
        let opened: Vec<u32> = front.errands().iter().filter_map(session_of).collect();
        opened.into_iter().for_each(|session| front.nobody(session));
    }
    front.house.out();
    front.house.ipc(2);
    assert_eq!(front.house.done(2, crate::house::authenticate(&token))["scopes"], json!(["rpc"]));
}

#[test]
fn an_application_that_the_host_does_not_know_is_refused_with_a_discord_too() {
    let mut front = Front::desktop();
    let world = gamebridge_proto::world::Config { registered_only: true, ..Default::default() };
    front.house.world = House::of(Config::default(), world).world;
    let (session, ..) = front.opened();
    front.ready(session);
    front.house.out();
    front.greets(1, GAME);
    assert_eq!(front.closed(), [(1, 4000)]);
    assert!(front.errands().is_empty());
}

//! The commands at the door: what each is answered with, and how each is refused.

use crate::town::*;

fn refused(answer: &Value) -> i64 {
    assert_eq!(answer["success"], false, "{answer}");
    assert!(!answer["message"].as_str().unwrap().is_empty());
    answer["code"].as_i64().unwrap()
}

#[test]
fn connecting_a_guild_shows_it_and_the_user() {
    let mut town = Town::default();
    let (harbour, ada) = (town.harbour.to_string(), town.ada.to_string());
    let peer = town.peer(Some(ADA_TOKEN));
    let answer = town.ask(peer, "CONNECT_GUILD", json!({"token": HARBOUR_TOKEN, "gid": harbour}));
    let user = json!({"id": ada, "tag": "ada#0", "permissions": town.permissions()});
    let guild = json!({
        "count": 2, "banner": null, "icon": null, "premium_tier": 0, "verification_level": 0, "emojis": [],
        "current_invite_valid": true, "vanity": null,
    });
    assert_eq!(answer, json!({"guild": guild, "user": user}));
    assert_ne!(town.permissions(), "0");
    // Who is nobody in particular sees the guild alone; the id may be a number.
    let basic = town.peer(None);
    let answer = town.ask(basic, "CONNECT_GUILD", json!({"token": HARBOUR_TOKEN, "gid": town.harbour.get()}));
    assert_eq!((&answer["guild"], &answer["user"]), (&guild, &Value::Null));
}

#[test]
fn either_opcode_carries_any_command() {
    let mut town = Town::default();
    let harbour = town.harbour.to_string();
    for op in [6, 7] {
        let peer = town.peer(Some(ADA_TOKEN));
        town.say(peer, json!({"op": op, "cmd": "CONNECT_GUILD", "d": {"token": HARBOUR_TOKEN, "gid": harbour}}));
        let session = json!({"uid": town.ada.to_string(), "gid": harbour, "utokh": ADA_TOKEN, "uhash": ADA_HASH});
        town.say(peer, json!({"op": op, "cmd": "APPLICATION_SESSION", "d": session}));
        let said = town.said(peer);
        assert_eq!(said.len(), 2);
        assert_eq!((&said[0]["op"], &said[0]["d"]["for"]), (&json!(7), &json!("CONNECT_GUILD")));
        assert_eq!(said[1]["d"]["data"]["success"], true);
    }
}

#[test]
fn what_does_not_fit_is_refused_and_the_connection_stays() {
    let mut town = Town::default();
    let (harbour, ada) = (town.harbour.to_string(), town.ada.to_string());
    let peer = town.peer(Some(ADA_TOKEN));
    let session = |uid: &str, gid: &str, utokh: &str, uhash: &str| json!({"uid": uid, "gid": gid, "utokh": utokh, "uhash": uhash});
    for (name, d, code) in [
        ("CONNECT_GUILD", json!({}), 50035),
        ("CONNECT_GUILD", json!(null), 50035),
        ("CONNECT_GUILD", json!([]), 50035),
        ("CONNECT_GUILD", json!({"token": "", "gid": harbour}), 50035),
        ("CONNECT_GUILD", json!({"token": HARBOUR_TOKEN, "gid": "x"}), 50035),
        ("CONNECT_GUILD", json!({"token": HARBOUR_TOKEN, "gid": "5"}), 10004),
        ("CONNECT_GUILD", json!({"token": QUAY_TOKEN, "gid": harbour}), 40001),
        ("DESCONNECT_GUILD", json!({"gid": harbour}), 10004),
        // The right spelling is for programs: on the wire it is another name.
        ("DISCONNECT_GUILD", json!({"gid": harbour}), 0),
        ("connect_guild", json!({}), 0),
        ("GUILD_PRIVILEGE_UPDATE", json!({}), 0),
        ("APPLICATION_SESSION", json!({"uid": ada, "gid": harbour}), 50035),
        ("APPLICATION_SESSION", session("5", &harbour, ADA_TOKEN, ADA_HASH), 50001),
        ("APPLICATION_SESSION", session(&ada, &harbour, ADA_TOKEN, "x"), 40001),
        ("APPLICATION_SESSION", session(&ada, &harbour, "x", ADA_HASH), 40001),
        ("APPLICATION_SESSION", session(&ada, "5", ADA_TOKEN, ADA_HASH), 10004),
        ("APPLICATION_SESSION_END", json!({"gid": harbour}), 10004),
        ("APPLICATION_SESSION_REAUTH", json!({"utokh": ADA_TOKEN, "uhash": ADA_HASH, "pm": "0"}), 10004),
    ] {
        let answer = town.ask(peer, name, d.clone());
        assert_eq!(refused(&answer), code, "{name} {d}");
        for secret in [HARBOUR_TOKEN, QUAY_TOKEN, ADA_TOKEN, ADA_HASH] {
            assert!(!answer.to_string().contains(secret), "{answer}");
        }
    }
    assert_eq!(town.closed(peer), None);
    let basic = town.peer(None);
    assert_eq!(refused(&town.ask(basic, "APPLICATION_SESSION", session(&ada, &harbour, ADA_TOKEN, ADA_HASH))), 50001);
}

#[test]
fn one_guild_at_a_time() {
    let mut town = Town::default();
    let (harbour, quay) = (town.harbour.to_string(), town.quay.to_string());
    let peer = town.peer(Some(ADA_TOKEN));
    town.ask(peer, "CONNECT_GUILD", json!({"token": HARBOUR_TOKEN, "gid": harbour}));
    town.ask(peer, "CONNECT_GUILD", json!({"token": QUAY_TOKEN, "gid": quay}));
    assert_eq!(refused(&town.ask(peer, "DESCONNECT_GUILD", json!({"gid": harbour}))), 10004, "it was left");
    let (guild, user) = (town.harbour, town.bob);
    town.apply(Operation::JoinGuild { guild, user });
    assert_eq!(town.said(peer), [] as [Value; 0], "nothing comes of it");
    // The mere attempt leaves the one before.
    assert_eq!(refused(&town.ask(peer, "CONNECT_GUILD", json!({"token": "wrong", "gid": harbour}))), 40001);
    assert_eq!(refused(&town.ask(peer, "DESCONNECT_GUILD", json!({"gid": quay}))), 10004);
    town.ask(peer, "CONNECT_GUILD", json!({"token": QUAY_TOKEN, "gid": quay}));
    assert_eq!(town.ask(peer, "DESCONNECT_GUILD", json!({"gid": quay})), json!({"success": true}));
}

#[test]
fn a_guild_in_an_outage_cannot_be_connected() {
    let mut town = Town::default();
    let edit = GuildEdit { available: Some(false), ..GuildEdit::default() };
    town.apply(Operation::EditGuild { guild: town.harbour, edit });
    let peer = town.peer(Some(ADA_TOKEN));
    let gid = town.harbour.to_string();
    assert_eq!(refused(&town.ask(peer, "CONNECT_GUILD", json!({"token": HARBOUR_TOKEN, "gid": gid}))), 10004);
}

#[test]
fn a_session_that_gives_no_sign_of_life_ends() {
    let mut town = Town::default();
    let harbour = town.harbour.to_string();
    let session = json!({"uid": town.ada.to_string(), "gid": harbour, "utokh": ADA_TOKEN, "uhash": ADA_HASH});
    let peer = town.peer(Some(ADA_TOKEN));
    town.ask(peer, "APPLICATION_SESSION", session);
    town.pass(20 * SECOND);
    let beat = json!({"op": 5, "ev": "APPLICATION_SESSION_HB_P", "d": {"gid": harbour}});
    assert_eq!(town.said(peer), std::slice::from_ref(&beat));
    town.say(peer, json!({"op": 7, "cmd": "APPLICATION_SESSION_HB_M", "d": null}));
    assert_eq!(town.said(peer), [] as [Value; 0], "it has no reply");
    town.pass(20 * SECOND);
    let said = town.said(peer);
    assert!(said.contains(&beat), "{said:?}");
    town.say(peer, json!({"op": 4}));
    town.pass(20 * SECOND);
    let ended = json!({"op": 5, "ev": "APPLICATION_SESSION_END", "d": {"gid": harbour, "reason": "heartbeat"}});
    assert!(town.said(peer).contains(&ended));
    // Late, and no mistake.
    town.say(peer, json!({"op": 7, "cmd": "APPLICATION_SESSION_HB_M", "d": null}));
    assert_eq!((town.said(peer), town.closed(peer)), (vec![], None));
}

#[test]
fn credentials_that_are_asked_for_again_have_to_be_right_and_in_time() {
    let mut town = Town::default();
    let harbour = town.harbour.to_string();
    let session = json!({"uid": town.ada.to_string(), "gid": harbour, "utokh": ADA_TOKEN, "uhash": ADA_HASH});
    let peer = town.peer(Some(ADA_TOKEN));
    let past = town.ask(peer, "APPLICATION_SESSION", session.clone())["permissions"].clone();
    town.allow(Permissions::BAN_MEMBERS);
    let now = town.permissions();
    assert_ne!(past, json!(now));
    let asked = json!({"op": 5, "ev": "APPLICATION_SESSION_REAUTH", "d": {"gid": harbour, "permissions": now}});
    assert_eq!(town.said(peer), [asked]);
    let reauth = |utokh: &str, pm: &Value| json!({"utokh": utokh, "uhash": ADA_HASH, "pm": pm});
    assert_eq!(refused(&town.ask(peer, "APPLICATION_SESSION_REAUTH", reauth("x", &past))), 40001);
    assert_eq!(refused(&town.ask(peer, "APPLICATION_SESSION_REAUTH", reauth(ADA_TOKEN, &json!(now)))), 50035);
    let answer = town.ask(peer, "APPLICATION_SESSION_REAUTH", reauth(ADA_TOKEN, &past));
    assert_eq!(answer, json!({"success": true, "permissions": now}));
    // And the next time it does not come.
    town.allow(Permissions::KICK_MEMBERS);
    assert_eq!(town.said(peer).len(), 1);
    for _ in 0..3 {
        town.pass(10 * SECOND);
        town.say(peer, json!({"op": 4}));
        town.say(peer, json!({"op": 7, "cmd": "APPLICATION_SESSION_HB_M", "d": {}}));
    }
    let ended = json!({"op": 5, "ev": "APPLICATION_SESSION_END", "d": {"gid": harbour, "reason": "reauth"}});
    assert!(town.said(peer).contains(&ended));
}

#[test]
fn one_session_at_a_time() {
    let mut town = Town::default();
    let (harbour, quay, ada) = (town.harbour.to_string(), town.quay.to_string(), town.ada.to_string());
    let session = |gid: &str| json!({"uid": ada, "gid": gid, "utokh": ADA_TOKEN, "uhash": ADA_HASH});
    let peer = town.peer(Some(ADA_TOKEN));
    town.ask(peer, "APPLICATION_SESSION", session(&harbour));
    town.out.events.clear();
    town.say(peer, json!({"op": 7, "cmd": "APPLICATION_SESSION", "d": session(&quay)}));
    let said = town.said(peer);
    assert_eq!(said[0]["ev"], "APPLICATION_SESSION_END");
    assert_eq!(said[0]["d"], json!({"gid": harbour, "reason": "replaced"}));
    assert_eq!(said[1]["d"]["data"]["gid"], json!(quay));
    let told: Vec<_> = town.out.events.iter().map(|event| (event.name.as_str(), event.data["how"].clone())).collect();
    assert_eq!(told, [("DMOD_SESSION", json!("ended")), ("DMOD_SESSION", json!("begun"))]);
    assert_eq!(town.ask(peer, "APPLICATION_SESSION_END", json!({"gid": quay})), json!({"success": true}));
    assert_eq!(town.said(peer), [] as [Value; 0], "whom it was asked by needs no event");
}

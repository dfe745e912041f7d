//! The door alone: who is let in, and what mistakes earn.

use crate::town::*;

fn authenticate(token: Value, uid: Value) -> Value {
    json!({"op": 1, "d": {"token": token, "uid": uid}})
}

#[test]
fn asks_who_is_there_and_lets_in() {
    let mut town = Town::default();
    let (ada, bob) = (town.ada.to_string(), town.bob.to_string());
    for (token, uid, as_whom) in [
        (json!(ADA_TOKEN), json!(null), Some(&ada)),
        (json!(ADA_TOKEN), json!(ada), Some(&ada)),
        (json!(ADA_TOKEN), json!(town.ada.get()), Some(&ada)),
        (json!(null), json!(null), None),
        (json!(null), json!(bob), None),
        (json!(GLOBAL), json!(ada), None),
    ] {
        let peer = town.connect();
        assert_eq!(town.said(peer), [json!({"op": 0, "t": null, "d": null})]);
        town.say(peer, authenticate(token.clone(), uid));
        assert_eq!(town.said(peer), [json!({"op": 2, "t": null, "d": {"missed_notifications": []}})]);
        let told = town.out.events.pop().unwrap();
        assert_eq!((told.name.as_str(), told.peer), ("DMOD_AUTHENTICATED", peer));
        assert_eq!(told.data["user_id"], json!(as_whom), "{token}");
    }
}

#[test]
fn refuses_tokens_that_are_nobodys_or_another_ones() {
    let mut town = Town::default();
    let bob = town.bob.to_string();
    for (token, uid) in [
        (json!("nobody's"), json!(null)),
        (json!(""), json!(null)),
        (json!(ADA_HASH), json!(null)),
        (json!(HARBOUR_TOKEN), json!(null)),
        (json!(ADA_TOKEN), json!(bob)),
    ] {
        let peer = town.connect();
        town.say(peer, authenticate(token.clone(), uid));
        assert_eq!(town.closed(peer), Some(4004), "{token}");
    }
}

/// Before op 1 and after, each mistake has its code.
#[test]
fn mistakes_earn_their_codes() {
    let large = json!({"op": 6, "cmd": "X", "d": {"x": "y".repeat(4096)}}).to_string();
    let deep = "[".repeat(2000);
    let ok = authenticate(json!(ADA_TOKEN), json!(null)).to_string();
    for (text, before, after) in [
        ("", 4002, 4002),
        ("{", 4002, 4002),
        ("[]", 4002, 4002),
        (r#"{"op":6}x"#, 4002, 4002),
        ("\u{0}", 4002, 4002),
        (deep.as_str(), 4002, 4002),
        (large.as_str(), 4002, 4002),
        (r#"{"d":{}}"#, 4002, 4002),
        (r#"{"op":"1"}"#, 4002, 4002),
        (r#"{"op":0}"#, 4001, 4001),
        (r#"{"op":2,"d":{}}"#, 4001, 4001),
        (r#"{"op":3}"#, 4001, 4001),
        (r#"{"op":5,"ev":"X","d":{}}"#, 4001, 4001),
        (r#"{"op":8}"#, 4001, 4001),
        (r#"{"op":-1}"#, 4001, 4001),
        (r#"{"op":9007199254740993}"#, 4001, 4001),
        (r#"{"op":1}"#, 4002, 4005),
        (r#"{"op":1,"d":[]}"#, 4002, 4005),
        (r#"{"op":1,"d":{"token":5}}"#, 4002, 4005),
        (r#"{"op":1,"d":{"token":null,"uid":"x"}}"#, 4002, 4005),
        (ok.as_str(), 0, 4005),
        (r#"{"op":4}"#, 0, 0),
        (r#"{"op":6,"cmd":"CONNECT_GUILD","d":{}}"#, 4003, 0),
        (r#"{"op":7,"cmd":"APPLICATION_SESSION","d":{}}"#, 4003, 0),
        (r#"{"op":6,"d":{}}"#, 4003, 4002),
        (r#"{"op":6,"cmd":""}"#, 4003, 4002),
        (r#"{"op":6,"cmd":[]}"#, 4002, 4002),
    ] {
        let mut town = Town::default();
        let fresh = town.connect();
        town.say_text(fresh, text.as_bytes());
        assert_eq!(town.closed(fresh).unwrap_or(0), before, "before: {text:.60}");
        let open = town.peer(Some(ADA_TOKEN));
        town.say_text(open, text.as_bytes());
        assert_eq!(town.closed(open).unwrap_or(0), after, "after: {text:.60}");
        if after != 0 {
            let told = town.out.events.last().unwrap();
            assert_eq!((told.name.as_str(), told.peer, told.code), ("DMOD_CLOSED", open, after.into()));
        }
    }
    let mut town = Town::default();
    let peer = town.peer(None);
    town.say_text(peer, b"{\"op\":6,\"cmd\":\"\xFF\"}");
    assert_eq!(town.closed(peer), Some(4002), "no UTF-8");
}

/// A message of exactly the limit is read.
#[test]
fn the_limit_itself_is_within_it() {
    let mut town = Town::default();
    let peer = town.peer(None);
    let empty = json!({"op": 6, "cmd": "X", "d": {"x": ""}}).to_string().len();
    let text = json!({"op": 6, "cmd": "X", "d": {"x": "y".repeat(4096 - empty)}}).to_string();
    assert_eq!(text.len(), 4096);
    town.say_text(peer, text.as_bytes());
    assert_eq!(town.closed(peer), None);
    assert_eq!(town.said(peer)[0]["op"], 7);
}

#[test]
fn silence_before_op_1_is_closed_in_time() {
    let mut town = Town::default();
    let peer = town.connect();
    town.pass(9 * SECOND);
    assert_eq!(town.closed(peer), None);
    town.pass(SECOND);
    assert_eq!(town.closed(peer), Some(4009));
}

#[test]
fn a_peer_that_gives_no_sign_of_life_is_closed() {
    let mut town = Town::default();
    let (live, dead) = (town.peer(None), town.peer(None));
    for _ in 0..5 {
        town.pass(30 * SECOND);
        assert_eq!(town.said(live), [json!({"op": 3, "t": null, "d": null})]);
        town.say(live, json!({"op": 4, "t": null, "d": null}));
    }
    assert_eq!((town.closed(live), town.closed(dead)), (None, Some(4009)));
    assert_eq!(town.said(dead).len(), 1);
}

#[test]
fn a_flood_is_closed() {
    let mut town = Town::default();
    let peer = town.peer(None);
    // Op 1 was the first.
    for _ in 1..120 {
        town.say(peer, json!({"op": 4}));
    }
    assert_eq!(town.closed(peer), None);
    town.say(peer, json!({"op": 4}));
    assert_eq!(town.closed(peer), Some(4008));
}

#[test]
fn there_is_room_for_so_many() {
    let mut town = Town::with(Limits { peers: 2, ..Limits::default() });
    let (first, second) = (town.connect(), town.connect());
    let third = town.connect();
    assert_eq!((town.closed(first), town.closed(second), town.closed(third)), (None, None, Some(4000)));
    town.door.handle_gone(first, None, &mut town.out);
    let fourth = town.connect();
    assert_eq!(town.closed(fourth), None);
}

#[test]
fn another_world_closes_everybody_and_forgets_whom_it_does_not_have() {
    let mut town = Town::default();
    let peer = town.peer(Some(ADA_TOKEN));
    let empty = World::new(world::Config::default(), Fixed).unwrap();
    town.door.handle_reload(&empty, &mut town.out);
    assert_eq!(town.closed(peer), Some(1012));
    let peer = town.connect();
    town.say(peer, authenticate(json!(ADA_TOKEN), json!(null)));
    assert_eq!(town.closed(peer), Some(4004));
}

struct Fixed;

impl Entropy for Fixed {
    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.fill(1);
    }
}

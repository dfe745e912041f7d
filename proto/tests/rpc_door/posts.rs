//! What is asked by plain HTTP where the account is a Discord's: the test is the Discord.

use gamebridge_proto::error::Status;
use gamebridge_proto::event::EventType;
use gamebridge_proto::server::rpc::{Door, Errand, HttpRequest};
use serde_json::{Value, json};

use crate::house::{GAME, House, ORIGIN, Out};
use crate::upstream::{Front, auth};

const TARGET: &str = "/rpc?v=1&client_id=192741864418312192";

/// Posts a command; the refusal that it met at once.
fn post(front: &mut Front, peer: u32, token: Option<&str>, body: &Value) -> Option<u16> {
    let (bearer, body) = (token.map(|token| format!("Bearer {token}")), body.to_string());
    let request = HttpRequest {
        method: "POST",
        target: TARGET,
        content_type: Some("application/json"),
        origin: Some(ORIGIN),
        authorization: bearer.as_deref(),
        body: body.as_bytes(),
    };
    let House { door, now, world, record, .. } = &mut front.house;
    door.handle_post(*now, peer, request, world, record).err().map(|refused| refused.status)
}

/// The one answer of a request: its status, and its `data` or code.
fn answered(front: &mut Front, peer: u32) -> (u16, Value) {
    let out = front.house.out();
    let mut answers = out.iter().filter_map(|out| match out {
        Out::Sent { peer: to, payload, .. } if *to == peer => {
            Some(Door::http_reply(payload.to_string().as_bytes(), true))
        }
        Out::Closed { peer: to, reason, .. } if *to == peer => Some(Door::http_closed(reason)),
        _ => None,
    });
    let answer = answers.next().unwrap_or_else(|| panic!("an answer: {out:?}"));
    front.house.gone(peer);
    let body: Value = serde_json::from_slice(&answer.body).expect("JSON");
    (answer.status, if answer.status == 200 { body["data"].clone() } else { body["code"].clone() })
}

fn guilds() -> Value {
    json!({"cmd": "GET_GUILDS", "args": {}, "nonce": "n"})
}

#[test]
fn a_single_command_is_passed_on_by_its_token() {
    let mut front = Front::present();
    assert_eq!(post(&mut front, 5, Some("t"), &guilds()), None);
    let (session, client, ..) = front.opened();
    assert_eq!(client.to_string(), GAME);
    front.ready(session);
    let went = front.one();
    assert_eq!((went.name.as_str(), &went.args), ("AUTHENTICATE", &json!({"access_token": "t"})));
    front.reply(&went, &auth(&["rpc"], ""));
    let went = front.one();
    assert_eq!((went.session, went.name.as_str()), (session, "GET_GUILDS"));
    front.reply(&went, &json!({"guilds": [1]}));
    assert_eq!(answered(&mut front, 5), (200, json!({"guilds": [1]})));
    // The next one shares that connection, as do peers with this token; another token has its own.
    front.greets(1, GAME);
    front.house.out();
    assert_eq!(front.authenticate(1, "t", &["rpc"]), session);
    assert_eq!(post(&mut front, 6, Some("t"), &guilds()), None);
    assert_eq!(front.one().session, session);
    assert_eq!(post(&mut front, 7, Some("other"), &guilds()), None);
    assert_ne!(front.opened().0, session);
}

#[test]
fn single_commands_are_judged_as_those_of_peers() {
    for (scopes, body, expected) in [
        (&["identify"][..], guilds(), (403, json!(4006))),
        (&["rpc"], json!({"cmd": "NO_SUCH_COMMAND"}), (400, json!(4002))),
        (&["rpc"], json!({"cmd": "GET_GUILD", "args": {}}), (400, json!(4000))),
        (&["rpc"], json!({"cmd": "SUBSCRIBE", "evt": "GUILD_CREATE", "args": {}}), (400, json!(4002))),
        (&["rpc"], json!({"cmd": "AUTHENTICATE", "args": {"access_token": "x"}}), (400, json!(4002))),
        (&["rpc"], json!({"cmd": "SET_ACTIVITY", "args": {"pid": 1}}), (400, json!(4002))),
        (&["rpc"], json!({"cmd": "SET_VOICE_SETTINGS", "args": {"mute": true}}), (400, json!(4002))),
    ] {
        let mut front = Front::present();
        front.joined(&[1]);
        assert_eq!(post(&mut front, 5, Some("t"), &body), None);
        let went = front.one();
        front.reply(&went, &auth(scopes, ""));
        assert!(front.errands().is_empty(), "{body}");
        assert_eq!(answered(&mut front, 5), expected, "{body}");
    }
    // Without a token there is the question to the user, and no more.
    let mut front = Front::present();
    front.joined(&[1]);
    assert_eq!(post(&mut front, 5, None, &guilds()), None);
    assert_eq!(answered(&mut front, 5).1, 4006);
    let asks = json!({"cmd": "AUTHORIZE", "args": {"client_id": GAME, "scopes": ["rpc"]}});
    assert_eq!(post(&mut front, 6, None, &asks), None);
    let went = front.one();
    front.reply(&went, &json!({"code": "c"}));
    assert_eq!(answered(&mut front, 6), (200, json!({"code": "c"})));
}

#[test]
fn what_becomes_of_single_commands_that_discord_does_not_answer() {
    // It refuses the token.
    let mut front = Front::present();
    let session = front.joined(&[1]);
    assert_eq!(post(&mut front, 5, Some("wrong"), &guilds()), None);
    let went = front.one();
    front.refuse(&went, 4009, "no");
    assert_eq!(answered(&mut front, 5), (401, json!(4009)));
    // It goes while the command is under way.
    assert_eq!(post(&mut front, 6, Some("t"), &guilds()), None);
    let went = front.one();
    front.reply(&went, &auth(&["rpc"], ""));
    assert_eq!(front.one().session, session);
    front.lost(session, EventType::Disconnected, Status::Closed, 0);
    assert_eq!(answered(&mut front, 6), (400, json!(1000)));
    front.errands();
    // It lets the connection wait, or ends it, or is gone.
    for how in 0..3 {
        assert_eq!(post(&mut front, 7, Some("t"), &guilds()), None);
        let (session, ..) = front.opened();
        match how {
            0 => front.wait(5.1),
            1 => front.lost(session, EventType::Disconnected, Status::Remote, 4000),
            _ => front.breaks(1),
        }
        assert_eq!(answered(&mut front, 7).0, 503, "{how}");
        front.wait(31.0);
        front.errands();
    }
    assert_eq!(post(&mut front, 8, Some("t"), &guilds()), Some(503), "there is none");
    // Who asked went away.
    let mut front = Front::present();
    front.joined(&[1]);
    assert_eq!(post(&mut front, 5, Some("t"), &guilds()), None);
    let went = front.one();
    front.house.gone(5);
    front.reply(&went, &auth(&["rpc"], ""));
    assert!(front.errands().is_empty() && front.house.out().is_empty());
}

#[test]
fn the_api_of_a_discord_is_nowhere_unless_it_is_said() {
    let api = HttpRequest {
        method: "GET",
        target: "/api/users/@me",
        content_type: None,
        origin: None,
        authorization: None,
        body: b"",
    };
    let mut front = Front::present();
    let (status, body) = front.house.request(api);
    assert_eq!((status, body["code"].clone()), (501, json!(0)));
    assert!(body["message"].as_str().is_some_and(|sentence| sentence.contains("API")), "{body}");
    let mut front = Front::auto();
    let (session, ..) = front.opened();
    front.nobody(session);
    assert_eq!(front.house.request(api).0, 401, "the guest's is here");
    assert!(!front.errands().iter().any(|errand| matches!(errand, Errand::Send { .. })));
}

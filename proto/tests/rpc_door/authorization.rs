//! AUTHORIZE, AUTHENTICATE, and what a token opens.

use std::time::Duration;

use gamebridge_proto::error::Status;
use gamebridge_proto::event::EventType;
use gamebridge_proto::server::rpc::{Config, Consent};
use gamebridge_proto::world::{self, NewUser};
use serde_json::{Value, json};

use super::house::{GAME, House, Out, authenticate, authorize, subscribe};

fn with(consent: Consent) -> House {
    House::new(Config { consent, ..Config::default() })
}

/// The REQUEST events that came out: id, peer, data.
fn requests(house: &mut House) -> Vec<(u64, u32, Value)> {
    let requests = house.out().into_iter().filter_map(|out| match out {
        Out::Event { kind: EventType::Request, name, tag, peer, data, .. } => {
            assert_eq!(name, "AUTHORIZE");
            Some((tag, peer, data))
        }
        _ => None,
    });
    requests.collect()
}

#[test]
fn a_code_becomes_a_token_and_the_token_opens_the_commands() {
    let mut house = House::default();
    house.websocket(1);
    assert_eq!(house.refused(1, json!({"cmd": "GET_GUILDS"})).0, 4006);
    let code = house.done(1, authorize(&["rpc", "identify", "rpc"]))["code"].clone();
    let (name, peer, data) = house.events().remove(0);
    assert_eq!((name.as_str(), peer, &data["scopes"]), ("AUTHORIZED", 1, &json!(["rpc", "identify"])));
    let token = house.host("TOKEN_EXCHANGE", json!({"code": code, "client_id": GAME}));
    assert_eq!(token["token_type"], "Bearer");
    assert_eq!(token["expires_in"], 604_800);
    assert_eq!(token["scope"], "rpc identify");
    let reply = house.done(1, authenticate(token["access_token"].as_str().unwrap()));
    assert_eq!(
        reply,
        json!({
            "application": {
                "id": GAME, "name": GAME, "description": "", "icon": null, "rpc_origins": ["https://localhost"],
            },
            "expires": "2015-01-08T00:00:00.000000+00:00",
            "user": {
                "id": house.world.local_user().id.to_string(), "username": "Guest", "discriminator": "0",
                "global_name": null, "avatar": null, "bot": false,
            },
            "scopes": ["rpc", "identify"],
        })
    );
    assert_eq!(house.events()[0].0, "AUTHENTICATED");
    assert_eq!(house.done(1, json!({"cmd": "GET_GUILDS", "args": {}})), json!({"guilds": []}));
}

#[test]
fn a_client_id_that_is_missing_or_another_ones_is_refused_with_4007() {
    let mut house = House::default();
    house.ipc(1);
    for args in [json!({"scopes": ["rpc"]}), json!({"scopes": ["rpc"], "client_id": null}), json!({})] {
        assert_eq!(house.refused(1, json!({"cmd": "AUTHORIZE", "args": args})).0, 4007, "{args}");
    }
    assert_eq!(house.refused(1, json!({"cmd": "AUTHORIZE"})).0, 4007);
    let other = json!({"cmd": "AUTHORIZE", "args": {"scopes": ["rpc"], "client_id": "5"}});
    assert_eq!(house.refused(1, other).0, 4007);
}

#[test]
fn arguments_of_the_wrong_type_are_refused_with_4000_naming_the_field() {
    let mut house = House::default();
    house.ipc(1);
    for (args, field) in [
        (json!({"client_id": true, "scopes": ["rpc"]}), "client_id"),
        (json!({"client_id": GAME, "scopes": "rpc"}), "scopes"),
        (json!({"client_id": GAME, "scopes": [1]}), "scopes[0]"),
        (json!({"client_id": GAME}), "scopes"),
        (json!({"client_id": GAME, "scopes": ["rpc"], "username": 5}), "username"),
        (json!({"client_id": GAME, "scopes": ["rpc"], "username": "a"}), "username"),
        (json!({"client_id": GAME, "scopes": ["rpc"], "username": "everyone"}), "username"),
        (json!({"client_id": GAME, "scopes": ["rpc"], "rpc_token": []}), "rpc_token"),
    ] {
        let (code, sentence) = house.refused(1, json!({"cmd": "AUTHORIZE", "args": args}));
        assert_eq!(code, 4000, "{args}");
        assert!(sentence.starts_with(field), "{sentence} names {field}");
    }
    for token in [json!(5), json!(null), json!(""), json!(["x"])] {
        let message = json!({"cmd": "AUTHENTICATE", "args": {"access_token": token}});
        let (code, sentence) = house.refused(1, message);
        assert_eq!((code, sentence.starts_with("access_token")), (4000, true), "{sentence}");
    }
}

#[test]
fn scopes_that_no_user_could_give_are_refused_with_5000() {
    let mut house = House::default();
    house.ipc(1);
    let many: Vec<String> = (0..65).map(|number| format!("scope.{number}")).collect();
    for scopes in [
        json!([]),
        json!([""]),
        json!(["rpc identify"]),
        json!(["rpc\n"]),
        json!(["é"]),
        json!(["x".repeat(65)]),
        json!(["rpc", "rpc.local"]),
        json!(["rpc.private"]),
        json!(["rpc.authenticated"]),
        json!(many),
    ] {
        let message = json!({"cmd": "AUTHORIZE", "args": {"client_id": GAME, "scopes": scopes}});
        let (code, sentence) = house.refused(1, message);
        assert_eq!((code, sentence.starts_with("invalid_scope")), (5000, true), "{scopes}: {sentence}");
    }
}

#[test]
fn the_policy_deny_refuses_with_5000() {
    let mut house = with(Consent::Deny);
    house.ipc(1);
    let (code, sentence) = house.refused(1, authorize(&["rpc"]));
    assert_eq!((code, sentence.starts_with("access_denied")), (5000, true));
}

#[test]
fn the_policy_ask_puts_the_question_to_the_host() {
    let mut house = with(Consent::Ask);
    house.websocket(1);
    house.say(
        1,
        &json!({
            "cmd": "AUTHORIZE", "nonce": [1, {"a": null}],
            "args": {"client_id": GAME, "scopes": ["rpc"], "username": "Ada"},
        }),
    );
    let (request, peer, data) = requests(&mut house).remove(0);
    assert_eq!(peer, 1);
    assert_eq!((&data["application"]["id"], &data["scopes"]), (&json!(GAME), &json!(["rpc"])));
    assert_eq!(data["username"], "Ada");
    assert_eq!(&*house.world.local_user().username, "Guest", "nothing happens before the answer");
    house.wait(Duration::from_secs(30));
    assert!(house.out().is_empty(), "an open question counts as a good command");
    house.answer(request, Status::Ok).unwrap();
    let reply = house.sent(1).remove(0);
    assert_eq!((&reply["cmd"], &reply["evt"]), (&json!("AUTHORIZE"), &Value::Null));
    assert_eq!(reply["nonce"], json!([1, {"a": null}]));
    assert!(reply["data"]["code"].is_string());
    assert_eq!(&*house.world.local_user().username, "Ada");
    assert_eq!(house.answer(request, Status::Ok).unwrap_err().status, Status::State, "once");
}

#[test]
fn the_host_may_deny_and_silence_denies_after_60_seconds() {
    let mut house = with(Consent::Ask);
    house.ipc(1);
    house.say(1, &authorize(&["rpc"]));
    let request = requests(&mut house).remove(0).0;
    house.answer(request, Status::Auth).unwrap();
    let reply = house.sent(1).remove(0);
    assert_eq!(
        (&reply["cmd"], &reply["evt"], &reply["data"]["code"]),
        (&json!("AUTHORIZE"), &json!("ERROR"), &json!(5000))
    );

    let asked = house.now;
    house.say(1, &authorize(&["rpc"]));
    let request = requests(&mut house).remove(0).0;
    assert_eq!(house.door.next_timeout(), Some(asked + Duration::from_secs(60)));
    house.wait(Duration::from_secs(60));
    assert_eq!(house.sent(1)[0]["data"]["code"], 5000);
    assert_eq!(house.answer(request, Status::Ok).unwrap_err().status, Status::State, "too late");
}

#[test]
fn a_peer_has_one_question_open_and_takes_it_along_when_it_leaves() {
    let mut house = with(Consent::Ask);
    house.ipc(1);
    house.ipc(2);
    house.say(1, &authorize(&["rpc"]));
    let first = requests(&mut house).remove(0).0;
    assert_eq!(house.refused(1, authorize(&["rpc"])).0, 5000);
    house.say(2, &authorize(&["rpc"]));
    let second = requests(&mut house).remove(0).0;
    house.gone(1);
    house.out();
    assert_eq!(house.answer(first, Status::Ok).unwrap_err().status, Status::State);
    assert!(house.out().is_empty());
    house.answer(second, Status::Ok).unwrap();
    assert!(house.sent(2)[0]["data"]["code"].is_string());
}

#[test]
fn a_username_names_the_guest_but_not_a_real_account() {
    let message = json!({"cmd": "AUTHORIZE", "args": {"client_id": GAME, "scopes": ["rpc"], "username": "  Ada  L "}});
    let mut house = House::default();
    house.ipc(1);
    house.done(1, message.clone());
    assert_eq!(&*house.world.local_user().username, "Ada L");
    let world = world::Config { guest: false, local_user: NewUser::named("Mason"), ..world::Config::default() };
    let mut house = House::of(Config::default(), world);
    house.ipc(1);
    house.done(1, message);
    assert_eq!(&*house.world.local_user().username, "Mason");
}

#[test]
fn an_rpc_token_spares_the_question_once() {
    let mut house = with(Consent::Ask);
    house.host("APPLICATION_REGISTER", json!({"id": GAME, "secret": "s3cret"}));
    house.ipc(1);
    let (status, reply) = house.post("/oauth2/token/rpc", &format!("client_id={GAME}&client_secret=s3cret"));
    assert_eq!(status, 200);
    let message = |scope: &str| json!({"cmd": "AUTHORIZE", "args": {"client_id": GAME, "scopes": [scope], "rpc_token": reply["rpc_token"]}});
    assert_eq!(house.refused(1, message("messages.read")).0, 5000, "messages.read is not given this way");
    assert!(house.done(1, message("rpc"))["code"].is_string());
    assert_eq!(house.refused(1, message("rpc")).0, 4009);
    assert!(requests(&mut house).is_empty());
}

#[test]
fn only_an_application_that_has_a_secret_vouches_for_the_user() {
    // Where nobody is asked anyway there is nothing to vouch for.
    for (consent, status) in [(Consent::Ask, 401), (Consent::Deny, 401), (Consent::Allow, 200)] {
        for form in [format!("client_id={GAME}"), format!("client_id={GAME}&client_secret=made-up")] {
            assert_eq!(with(consent).post("/oauth2/token/rpc", &form).0, status, "{consent:?} {form}");
        }
    }
}

#[test]
fn who_authenticated_before_a_refresh_is_closed_when_the_token_is_revoked_after_it() {
    let mut house = House::default();
    house.ipc(1);
    let code = house.done(1, authorize(&["rpc"]))["code"].clone();
    let token = house.host("TOKEN_EXCHANGE", json!({"code": code, "client_id": GAME}));
    house.done(1, authenticate(token["access_token"].as_str().unwrap()));
    let refresh = json!({"refresh_token": token["refresh_token"], "client_id": GAME});
    let refreshed = house.host("TOKEN_REFRESH", refresh);
    assert_ne!(refreshed["access_token"], token["access_token"]);
    let revoke = json!({"access_token": refreshed["access_token"]});
    assert_eq!(house.host("TOKEN_REVOKE", revoke), json!({"peers": 1}));
}

#[test]
fn an_application_that_is_not_approved_needs_a_tester() {
    let mut house = House::default();
    house.host("APPLICATION_REGISTER", json!({"id": GAME, "approved": false}));
    house.ipc(1);
    assert_eq!(house.refused(1, authorize(&["rpc"])).0, 5000);
    let local = house.world.local_user().id.to_string();
    house.host("APPLICATION_REGISTER", json!({"id": GAME, "approved": false, "testers": [local]}));
    house.done(1, authorize(&["rpc"]));
}

#[test]
fn a_token_that_is_wrong_revoked_or_anothers_is_refused_with_4009() {
    let mut house = House::default();
    house.ipc(1);
    assert_eq!(house.refused(1, authenticate("nonsense")).0, 4009);
    let token = house.authenticate(1, &["rpc"]);
    house.connect(
        2,
        gamebridge_proto::server::rpc::Via::WebSocket { query: "v=1&client_id=5", origin: Some("https://localhost") },
    );
    assert_eq!(house.refused(2, authenticate(&token)).0, 4009, "another application's");
    house.ipc(3);
    house.host("TOKEN_REVOKE", json!({"access_token": token}));
    assert_eq!(house.refused(3, authenticate(&token)).0, 4009, "revoked");
}

#[test]
fn revoking_a_token_closes_who_bears_it_with_4003_and_nobody_else() {
    let mut house = House::default();
    house.ipc(1);
    house.ipc(2);
    house.websocket(3);
    let token = house.authenticate(1, &["rpc"]);
    house.authenticate(2, &["rpc"]);
    house.done(3, authenticate(&token));
    house.out();
    assert_eq!(house.host("TOKEN_REVOKE", json!({"access_token": token})), json!({"peers": 2}));
    let closed: Vec<_> = house
        .out()
        .into_iter()
        .filter_map(|out| match out {
            Out::Closed { peer, code, .. } => Some((peer, code)),
            _ => None,
        })
        .collect();
    assert_eq!(closed, [(1, 4003), (3, 4003)]);
    house.done(2, json!({"cmd": "GET_GUILDS"}));
    house.refused(2, authenticate(&token));
}

#[test]
fn a_token_that_runs_out_closes_its_peer_with_4003() {
    let mut house = House::default();
    house.ipc(1);
    let token = house.authenticate(1, &["rpc"]);
    house.out();
    house.wait(Duration::from_secs(604_799));
    assert!(house.out().is_empty());
    house.wait(Duration::from_secs(1));
    assert_eq!(house.closed(), Some((1, 4003)));
    house.ipc(2);
    assert_eq!(house.refused(2, authenticate(&token)).0, 4009);
}

#[test]
fn a_code_works_once_and_for_ten_minutes() {
    let mut house = House::default();
    house.ipc(1);
    let code = house.done(1, authorize(&["rpc"]))["code"].clone();
    house.host("TOKEN_EXCHANGE", json!({"code": code, "client_id": GAME}));
    let again = json!({"code": code, "client_id": GAME}).to_string();
    assert_eq!(house.try_host("TOKEN_EXCHANGE", again.as_bytes()).unwrap_err().0, Status::Auth);
    let late = house.done(1, authorize(&["rpc"]))["code"].clone();
    house.wait(Duration::from_secs(600));
    let late = json!({"code": late, "client_id": GAME}).to_string();
    assert_eq!(house.try_host("TOKEN_EXCHANGE", late.as_bytes()).unwrap_err().0, Status::Auth);
}

#[test]
fn a_newer_token_takes_the_older_ones_place() {
    let mut house = House::default();
    house.ipc(1);
    house.authenticate(1, &["identify"]);
    assert_eq!(house.refused(1, json!({"cmd": "GET_GUILDS"})).0, 4006);
    house.authenticate(1, &["rpc"]);
    house.done(1, json!({"cmd": "GET_GUILDS"}));
}

#[test]
fn scopes_open_commands_and_events_as_the_table_says() {
    let activity = json!({"cmd": "SET_ACTIVITY", "args": {"pid": 1}});
    let guilds = json!({"cmd": "GET_GUILDS"});
    let invite = json!({"cmd": "SEND_ACTIVITY_JOIN_INVITE", "args": {"user_id": "1"}});
    let [join, created, notified] = ["ACTIVITY_JOIN", "GUILD_CREATE", "NOTIFICATION_CREATE"].map(subscribe);
    // Refused with 4006, by message and standing: anonymous or with one scope, over WebSocket and over IPC.
    let anonymous: &[&str] = &[];
    for (scopes, message, websocket, ipc) in [
        (anonymous, &activity, true, false),
        (anonymous, &guilds, true, true),
        (anonymous, &invite, true, false),
        (anonymous, &join, true, false),
        (anonymous, &created, true, true),
        (anonymous, &notified, true, true),
        (&["identify"], &activity, true, false),
        (&["identify"], &guilds, true, true),
        (&["rpc.activities.write"], &activity, false, false),
        (&["rpc.activities.write"], &invite, true, false),
        (&["rpc"], &activity, false, false),
        (&["rpc"], &guilds, false, false),
        (&["rpc"], &invite, false, false),
        (&["rpc"], &join, false, false),
        (&["rpc"], &created, false, false),
        (&["rpc"], &notified, true, true),
        (&["rpc.notifications.read"], &notified, false, false),
    ] {
        let mut house = House::default();
        house.websocket(1);
        house.ipc(2);
        for (peer, refused) in [(1, websocket), (2, ipc)] {
            if !scopes.is_empty() {
                house.authenticate(peer, scopes);
            }
            let reply = house.ask(peer, message.clone());
            assert_eq!(reply["data"]["code"] == 4006, refused, "peer {peer} with {scopes:?}: {message} got {reply}");
        }
    }
}

#[test]
fn no_secret_stands_in_what_the_host_is_told() {
    let mut house = House::default();
    house.host("APPLICATION_REGISTER", json!({"id": GAME, "secret": "canary-secret"}));
    house.ipc(1);
    let code = house.done(1, authorize(&["rpc"]))["code"].as_str().unwrap().to_owned();
    let args = json!({"code": code, "client_id": GAME, "client_secret": "canary-secret"});
    let token = house.host("TOKEN_EXCHANGE", args.clone())["access_token"].as_str().unwrap().to_owned();
    house.done(1, authenticate(&token));
    house.refused(1, authenticate("canary-wrong"));
    let failed = house.try_host("TOKEN_EXCHANGE", args.to_string().as_bytes()).unwrap_err();
    let (events, state) = (house.events(), house.host("STATE", json!({})));
    let told = format!("{events:?}{state}{failed:?}{:?}{:?}", house.door, house.world);
    for secret in ["canary", &code, &token] {
        assert!(!told.contains(secret), "{secret} in {told}");
    }
}

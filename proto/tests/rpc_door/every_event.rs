//! Every event: that it is what the catalog says, and who gets it and who does not.

mod case;

use gamebridge_proto::secret::Secret;
use gamebridge_proto::wire::catalog::Scopes;
use gamebridge_proto::wire::rpc::EVENTS;
use gamebridge_proto::world::{Activity, NewEntitlement, Operation, Presence, Status, UserEdit, UserVoiceEdit};
use serde_json::{Value, json};

use super::house::GAME;
use super::shapes::complaints;
use super::town::{Town, id};
use case::{each, entitlement};

#[test]
fn every_event_is_delivered_as_the_catalog_says() {
    each(|row, mut town, case| {
        town.peer(1, case.scopes);
        town.subscribe(1, row.name, case.args);
        (case.happen)(&mut town);
        let sent = town.house.sent(1);
        assert_eq!(sent.len(), 1, "{}: {sent:?}", row.name);
        let frame = &sent[0];
        assert_eq!(
            (&frame["cmd"], &frame["evt"], &frame["nonce"]),
            (&json!("DISPATCH"), &json!(row.name), &Value::Null)
        );
        let complaints = complaints(&row.reply, &frame["data"]);
        assert!(complaints.is_empty(), "{}: {complaints:?} in {frame}", row.name);
        (case.shows)(&town, &frame["data"]);
    });
}

#[test]
fn an_event_comes_once_for_who_subscribed_twice_and_not_after_unsubscribe() {
    each(|row, mut town, case| {
        town.peer(1, case.scopes);
        town.peer(2, case.scopes);
        for peer in [1, 1, 2] {
            town.subscribe(peer, row.name, case.args.clone());
        }
        town.unsubscribe(2, row.name, case.args.clone());
        (case.happen)(&mut town);
        assert_eq!(town.house.peek(2), Vec::<Value>::new(), "{}", row.name);
        assert_eq!(town.heard(1), [row.name]);
    });
}

#[test]
fn an_event_about_something_else_or_of_another_name_is_not_delivered() {
    each(|row, mut town, case| {
        town.peer(1, case.scopes);
        town.peer(2, ALL);
        if let Some(others) = &case.others {
            town.subscribe(1, row.name, others.clone());
        }
        // All else that can be subscribed to with these arguments.
        for other in EVENTS.iter().filter(|other| other.callable && other.name != row.name) {
            let takes = |name: &str| other.args.first().is_none_or(|arg| arg.name == name);
            if case.args.as_object().unwrap().keys().all(|name| takes(name)) && other.args.len() == row.args.len() {
                town.subscribe(2, other.name, case.args.clone());
            }
        }
        (case.happen)(&mut town);
        assert_eq!(town.house.peek(1), Vec::<Value>::new(), "{}", row.name);
        assert!(!town.heard(2).iter().any(|name| name == row.name), "{}", row.name);
    });
}

const ALL: &[&str] =
    &["rpc", "identify", "messages.read", "rpc.voice.read", "rpc.notifications.read", "relationships_read"];

#[test]
fn an_event_is_refused_with_4006_without_its_scope_and_stops_when_the_scope_goes() {
    each(|row, mut town, case| {
        let message = json!({"cmd": "SUBSCRIBE", "evt": row.name, "args": case.args});
        town.house.websocket(1);
        town.house.websocket(2);
        town.house.authenticate(2, &["webhook.incoming"]);
        for peer in [1, 2] {
            assert_eq!(town.house.refused(peer, message.clone()).0, 4006, "{} of peer {peer}", row.name);
        }
        // Each scope by itself is enough; over WebSocket nobody holds rpc.local.
        let (Scopes::AnyOf(any_of) | Scopes::InChannel { any_of, .. }) = row.scopes else { panic!("{}", row.name) };
        for scope in any_of.iter().filter(|scope| **scope != "rpc.local") {
            let mut scopes = vec![*scope];
            if let Scopes::InChannel { foreign, .. } = row.scopes {
                assert_eq!(refusal_with(&mut town, &scopes, &message), Some(4006), "{}: {foreign} too", row.name);
                scopes.push(foreign);
            }
            assert_eq!(refusal_with(&mut town, &scopes, &message), None, "{} with {scopes:?}", row.name);
        }
        // The last of them left a subscription behind at peer 2.
        town.house.authenticate(2, &["webhook.incoming"]);
        town.house.out();
        (case.happen)(&mut town);
        assert_eq!(town.house.sent(2), Vec::<Value>::new(), "{}: a frame without the scope", row.name);
    });
}

fn refusal_with(town: &mut Town, scopes: &[&str], message: &Value) -> Option<i64> {
    town.house.authenticate(2, scopes);
    town.house.ask(2, message.clone())["data"]["code"].as_i64()
}

#[test]
fn an_event_whose_arguments_do_not_fit_is_refused() {
    let mut town = Town::default();
    town.peer(1, ALL);
    for row in EVENTS.iter().filter(|row| row.callable) {
        for cmd in ["SUBSCRIBE", "UNSUBSCRIBE"] {
            let (wrong, missing) = match row.args.first() {
                Some(arg) => (json!({arg.name: "x"}), Some(json!({}))),
                None => (json!("x"), None),
            };
            for args in std::iter::once(wrong).chain(missing) {
                let (code, sentence) = town.house.refused(1, json!({"cmd": cmd, "evt": row.name, "args": args}));
                assert_eq!(code, 4000, "{cmd} {}: {sentence}", row.name);
                assert!(row.args.first().is_none_or(|arg| sentence.starts_with(arg.name)), "{sentence}");
            }
        }
        let Some(arg) = row.args.first() else { continue };
        let code = if arg.name == "guild_id" { 4003 } else { 4005 };
        let unknown = json!({"cmd": "SUBSCRIBE", "evt": row.name, "args": {arg.name: "1"}});
        assert_eq!(town.house.refused(1, unknown).0, code, "{}", row.name);
        let gone = json!({"cmd": "UNSUBSCRIBE", "evt": row.name, "args": {arg.name: "1"}});
        assert_eq!(town.house.done(1, gone), json!({"evt": row.name}), "from what is gone one may unsubscribe");
        if arg.name == "channel_id" {
            let hidden = json!({"cmd": "SUBSCRIBE", "evt": row.name, "args": {"channel_id": id(town.hidden)}});
            assert_eq!(town.house.refused(1, hidden).0, 4005, "{}", row.name);
        }
    }
}

#[test]
fn what_concerns_one_application_does_not_reach_another() {
    each(|row, mut town, case| {
        let for_one = ["ACTIVITY_", "ENTITLEMENT_"].iter().any(|kind| row.name.starts_with(kind));
        if !for_one {
            return;
        }
        town.peer(1, &[]);
        town.stranger(2, "5", &["rpc"]);
        for peer in [1, 2] {
            town.subscribe(peer, row.name, case.args.clone());
        }
        (case.happen)(&mut town);
        assert_eq!(town.house.peek(1).len(), 1, "{}", row.name);
        assert_eq!(town.house.sent(2), Vec::<Value>::new(), "{}", row.name);
    });
}

#[test]
fn what_another_user_owns_is_told_to_nobody() {
    let mut town = Town::default();
    town.peer(1, &[]);
    for event in ["ENTITLEMENT_CREATE", "ENTITLEMENT_DELETE"] {
        town.subscribe(1, event, json!({}));
    }
    let of_bob = NewEntitlement { user: town.bob, ..entitlement(&town) };
    town.make(Operation::CreateEntitlement(of_bob));
    let made = town.house.world.entitlements().next().unwrap().id;
    town.make(Operation::DeleteEntitlement(made));
    assert_eq!(town.house.sent(1), Vec::<Value>::new());
}

#[test]
fn how_another_is_heard_shows_in_their_voice_state() {
    let mut town = Town::default();
    town.make(Operation::JoinVoice { user: town.bob, channel: town.lounge });
    town.make(Operation::JoinVoice { user: town.local, channel: town.lounge });
    town.peer(1, &["rpc"]);
    town.subscribe(1, "VOICE_STATE_UPDATE", json!({"channel_id": id(town.lounge)}));
    let edit = UserVoiceEdit { pan: Some((0.25, 0.75)), volume: Some(110), mute: Some(true) };
    town.make(Operation::EditUserVoice { session: None, user: town.bob, edit });
    let data = town.house.sent(1).remove(0)["data"].clone();
    assert_eq!(
        (&data["pan"], &data["volume"], &data["mute"]),
        (&json!({"left": 0.25, "right": 0.75}), &json!(110), &json!(true))
    );
}

#[test]
fn only_who_holds_identify_premium_is_told_of_the_subscription() {
    let mut town = Town::default();
    town.peer(1, &["identify"]);
    town.peer(2, &["identify", "identify.premium"]);
    for peer in [1, 2] {
        town.subscribe(peer, "CURRENT_USER_UPDATE", json!({}));
    }
    let edit = UserEdit { premium_type: Some(2), ..UserEdit::default() };
    town.make(Operation::EditUser { user: town.local, edit });
    assert_eq!(town.house.peek(1)[0]["data"].get("premium_type"), None);
    assert_eq!(town.house.sent(2)[0]["data"]["premium_type"], 2);
}

#[test]
fn what_a_friend_plays_is_told_without_secrets_and_of_strangers_nothing() {
    let mut town = Town::default();
    town.befriend(town.bob);
    town.peer(1, &["relationships_read"]);
    town.subscribe(1, "RELATIONSHIP_UPDATE", json!({}));
    let mut shown = Activity { details: Some("In a match".into()), ..Activity::default() };
    shown.secrets.join = Some(Secret::new("canary"));
    for user in [town.ada, town.bob] {
        let activity = Some((GAME.parse::<u64>().unwrap().into(), Box::new(shown.clone())));
        town.make(Operation::SetPresence { user, presence: Presence { status: Status::Online, activity } });
    }
    let sent = town.house.sent(1);
    assert_eq!(sent.len(), 1, "Ada is nothing to the local user");
    assert_eq!(sent[0]["data"]["presence"]["activity"]["details"], "In a match");
    assert!(!sent[0].to_string().contains("canary"));
}

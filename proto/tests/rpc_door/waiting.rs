//! Commands that wait: for a guild, for a voice server, and what ends it.

use std::time::Duration;

use gamebridge_proto::server::rpc::{Config, Limits};
use gamebridge_proto::world::{Operation, Permissions, VoiceConnectionState};
use serde_json::{Value, json};

use super::town::{Town, id};

fn town() -> Town {
    let mut town = Town::default();
    town.peer(1, &["rpc"]);
    town
}

/// The reply with this nonce, which must be there, and where it stands among what the peer was sent.
fn reply(town: &mut Town, peer: u32, nonce: &str) -> (usize, Value) {
    let sent = town.house.peek(peer);
    let at = sent.iter().position(|sent| sent["nonce"] == nonce).unwrap_or_else(|| panic!("{nonce}: {sent:?}"));
    (at, sent[at].clone())
}

fn code(reply: &Value) -> Option<i64> {
    assert_eq!(reply["evt"] == "ERROR", reply["data"]["code"].is_number(), "{reply}");
    reply["data"]["code"].as_i64()
}

#[test]
fn a_guild_that_cannot_be_reached_is_waited_for_only_when_asked_and_until_the_deadline() {
    let mut town = town();
    let guild = id(town.guild);
    town.outage(false);
    for args in [json!({"guild_id": guild}), json!({"guild_id": guild, "timeout": 0})] {
        assert_eq!(town.refused(1, "GET_GUILD", args).0, 5002);
    }
    assert_eq!(town.done(1, "GET_GUILDS", json!({})), json!({"guilds": []}));
    assert_eq!(town.refused(1, "GET_CHANNELS", json!({"guild_id": guild})).0, 4003);
    assert_eq!(town.refused(1, "GET_CHANNEL", json!({"channel_id": id(town.general)})).0, 4005);

    town.begin(1, "GET_GUILD", json!({"guild_id": guild, "timeout": 5}), "in time");
    let asked = town.house.now;
    assert_eq!(town.house.door.next_timeout(), Some(asked + Duration::from_secs(5)));
    town.house.wait(Duration::from_millis(4_999));
    assert!(town.house.peek(1).is_empty());
    town.outage(true);
    let (_, answer) = reply(&mut town, 1, "in time");
    assert_eq!((&answer["cmd"], &answer["data"]["name"]), (&json!("GET_GUILD"), &json!("Test Guild")));
    assert_eq!(answer["data"]["members"], json!([]));

    town.outage(false);
    town.begin(1, "GET_GUILD", json!({"guild_id": guild, "timeout": 5}), "too late");
    town.house.wait(Duration::from_secs(5));
    assert_eq!(code(&reply(&mut town, 1, "too late").1), Some(5002));
    town.house.out();
    town.outage(true);
    assert!(town.house.peek(1).is_empty(), "it is answered once");
    assert_eq!(town.house.door.next_timeout(), Some(town.house.now + Duration::from_secs(604_795 - 5) + EARLIER));
}

/// The token was made at the beginning, 4.999 s + 5 s ago.
const EARLIER: Duration = Duration::from_millis(1);

#[test]
fn a_guild_that_goes_for_good_ends_the_wait_with_4003() {
    let mut town = town();
    town.outage(false);
    town.begin(1, "GET_GUILD", json!({"guild_id": id(town.guild), "timeout": 60}), "n");
    town.make(Operation::DeleteGuild(town.guild));
    assert_eq!(code(&reply(&mut town, 1, "n").1), Some(4003));
}

#[test]
fn waits_are_settled_in_the_order_in_which_they_began() {
    let mut town = town();
    town.peer(2, &["rpc"]);
    town.outage(false);
    for (peer, nonce) in [(2, "a"), (1, "b"), (2, "c")] {
        town.begin(peer, "GET_GUILD", json!({"guild_id": id(town.guild), "timeout": 60}), nonce);
    }
    town.house.out();
    town.outage(true);
    let order = town.house.out().into_iter().filter_map(|out| match out {
        super::house::Out::Sent { payload, .. } => Some(payload["nonce"].clone()),
        _ => None,
    });
    let order: Vec<_> = order.collect();
    assert_eq!(order, [json!("a"), json!("b"), json!("c")]);
}

#[test]
fn a_reply_comes_before_the_events_that_it_came_with() {
    let mut town = town();
    town.subscribe(1, "GUILD_STATUS", json!({"guild_id": id(town.guild)}));
    town.outage(false);
    assert_eq!(town.heard(1), ["GUILD_STATUS"], "an outage is a change of the guild");
    town.begin(1, "GET_GUILD", json!({"guild_id": id(town.guild), "timeout": 60}), "n");
    town.outage(true);
    assert_eq!(town.heard(1), ["a reply", "GUILD_STATUS"]);

    town.subscribe(1, "VOICE_CHANNEL_SELECT", json!({}));
    town.subscribe(1, "VOICE_STATE_CREATE", json!({"channel_id": id(town.lounge)}));
    town.house.say(1, &json!({"cmd": "SELECT_VOICE_CHANNEL", "args": {"channel_id": id(town.lounge)}}));
    let at_once = town.heard(1);
    assert_eq!(at_once[0], "a reply");
    assert_eq!(at_once.len(), 3, "{at_once:?}");

    town.done(1, "SELECT_VOICE_CHANNEL", json!({"channel_id": null}));
    town.voice_servers(false);
    town.begin(1, "SELECT_VOICE_CHANNEL", json!({"channel_id": id(town.lounge)}), "n");
    town.house.out();
    town.voice_servers(true);
    assert_eq!(town.heard(1), at_once);
}

#[test]
fn a_voice_channel_is_tried_for_ten_seconds_or_as_long_as_asked_and_the_attempt_is_undone() {
    for (timeout, seconds) in [(Value::Null, 10), (json!(3), 3), (json!(100_000), 600)] {
        let mut town = town();
        town.voice_servers(false);
        let began = town.house.now;
        let args = json!({"channel_id": id(town.lounge), "timeout": timeout});
        town.begin(1, "SELECT_VOICE_CHANNEL", args, "n");
        assert_eq!(town.house.door.next_timeout(), Some(began + Duration::from_secs(seconds)));
        assert_eq!(town.house.world.joining(), Some(town.lounge));
        town.house.wait(Duration::from_secs(seconds));
        assert_eq!(code(&reply(&mut town, 1, "n").1), Some(5001));
        assert_eq!(town.house.world.joining(), None);
        town.voice_servers(true);
        assert_eq!(town.house.world.voice_channel(), None, "nobody is moved after the refusal");
    }
}

#[test]
fn what_a_failed_attempt_looks_like_to_others() {
    let mut town = town();
    town.peer(2, &["rpc"]);
    for event in ["VOICE_CONNECTION_STATUS", "VOICE_CHANNEL_SELECT"] {
        town.subscribe(2, event, json!({}));
    }
    town.voice_servers(false);
    town.begin(1, "SELECT_VOICE_CHANNEL", json!({"channel_id": id(town.lounge)}), "n");
    town.house.wait(Duration::from_secs(10));
    let states: Vec<_> = town.house.sent(2).into_iter().map(|sent| sent["data"]["state"].clone()).collect();
    assert_eq!(states, [json!("AWAITING_ENDPOINT"), json!("DISCONNECTED")]);
    let (code, _) = town.refused(1, "SELECT_VOICE_CHANNEL", json!({"channel_id": id(town.lounge), "timeout": 0}));
    assert_eq!(code, 5001);
    assert_eq!(town.heard(2), [""; 0], "who has no time to wait tries nothing");
}

#[test]
fn who_has_no_time_to_wait_is_not_moved_out_of_where_they_are() {
    let mut town = town();
    town.make(Operation::JoinVoice { user: town.local, channel: town.attic });
    town.voice_servers(false);
    let args = json!({"channel_id": id(town.lounge), "timeout": 0, "force": true});
    assert_eq!(town.refused(1, "SELECT_VOICE_CHANNEL", args).0, 5001);
    assert_eq!(town.house.world.voice_channel(), Some(town.attic));
    let args = json!({"channel_id": id(town.lounge), "timeout": 0});
    assert_eq!(town.refused(1, "SELECT_VOICE_CHANNEL", args).0, 5003, "consent is asked for first");
    let args = json!({"channel_id": id(town.attic), "timeout": 0});
    assert_eq!(
        town.done(1, "SELECT_VOICE_CHANNEL", args)["name"],
        "Attic",
        "where one is nothing has to be waited for"
    );
}

#[test]
fn an_attempt_that_is_under_way_counts_as_being_in_the_channel() {
    let mut town = town();
    town.peer(2, &["rpc"]);
    town.voice_servers(false);
    town.begin(1, "SELECT_VOICE_CHANNEL", json!({"channel_id": id(town.lounge), "timeout": 60}), "first");
    assert_eq!(town.refused(2, "SELECT_VOICE_CHANNEL", json!({"channel_id": id(town.attic)})).0, 5003);
    town.begin(2, "SELECT_VOICE_CHANNEL", json!({"channel_id": id(town.attic), "force": true}), "second");
    assert_eq!(code(&reply(&mut town, 1, "first").1), Some(5001), "the user went elsewhere");
    town.house.out();
    town.voice_servers(true);
    assert_eq!(code(&reply(&mut town, 2, "second").1), None);
    assert_eq!(town.house.world.voice_channel(), Some(town.attic));
}

#[test]
fn two_who_wait_for_the_same_channel_share_the_attempt_until_the_last_gives_up() {
    let mut town = town();
    town.peer(2, &["rpc"]);
    town.voice_servers(false);
    town.begin(1, "SELECT_VOICE_CHANNEL", json!({"channel_id": id(town.lounge), "timeout": 5}), "short");
    town.begin(2, "SELECT_VOICE_CHANNEL", json!({"channel_id": id(town.lounge), "timeout": 20}), "long");
    town.house.wait(Duration::from_secs(5));
    assert_eq!(code(&reply(&mut town, 1, "short").1), Some(5001));
    assert_eq!(town.house.world.joining(), Some(town.lounge), "the other still waits");
    town.house.wait(Duration::from_secs(15));
    assert_eq!(code(&reply(&mut town, 2, "long").1), Some(5001));
    assert_eq!(town.house.world.joining(), None);
}

#[test]
fn an_attempt_of_the_users_own_outlives_the_peer_that_waits_for_it() {
    let mut town = town();
    town.voice_servers(false);
    town.make(Operation::JoinVoice { user: town.local, channel: town.lounge });
    town.begin(1, "SELECT_VOICE_CHANNEL", json!({"channel_id": id(town.lounge), "timeout": 1}), "n");
    town.house.wait(Duration::from_secs(1));
    assert_eq!(code(&reply(&mut town, 1, "n").1), Some(5001));
    assert_eq!(town.house.world.joining(), Some(town.lounge));
}

#[test]
fn a_peer_that_leaves_takes_its_waits_and_its_attempt_along() {
    let mut town = town();
    town.peer(2, &["rpc"]);
    town.subscribe(2, "VOICE_CONNECTION_STATUS", json!({}));
    town.voice_servers(false);
    town.begin(1, "SELECT_VOICE_CHANNEL", json!({"channel_id": id(town.lounge), "timeout": 60}), "n");
    town.house.out();
    town.house.gone(1);
    assert_eq!(town.house.world.joining(), None);
    assert_eq!(town.house.world.voice_connection().state, VoiceConnectionState::Disconnected);
    assert!(town.house.peek(1).is_empty());
    assert_eq!(town.heard(2), ["VOICE_CONNECTION_STATUS"]);
    town.voice_servers(true);
    assert_eq!(town.house.world.voice_channel(), None);
}

#[test]
fn the_user_leaving_ends_the_wait() {
    let mut town = town();
    town.voice_servers(false);
    town.begin(1, "SELECT_VOICE_CHANNEL", json!({"channel_id": id(town.lounge)}), "n");
    town.make(Operation::LeaveVoice(town.local));
    assert_eq!(code(&reply(&mut town, 1, "n").1), Some(5001));
}

#[test]
fn a_channel_whose_guild_cannot_be_reached_is_joined_when_it_is_back() {
    let mut town = town();
    town.outage(false);
    let args = json!({"channel_id": id(town.lounge), "timeout": 30, "force": true});
    town.begin(1, "SELECT_VOICE_CHANNEL", args, "voice");
    assert_eq!(town.refused(1, "SELECT_TEXT_CHANNEL", json!({"channel_id": id(town.general)})).0, 5001);
    town.begin(1, "SELECT_TEXT_CHANNEL", json!({"channel_id": id(town.general), "timeout": 30}), "text");
    town.house.wait(Duration::from_secs(20));
    town.voice_servers(false);
    town.house.out();
    town.outage(true);
    assert_eq!(code(&reply(&mut town, 1, "text").1), None);
    assert_eq!(town.house.world.text_channel(), Some(town.general));
    town.house.out();
    assert_eq!(town.house.world.joining(), Some(town.lounge), "now it waits for the voice server");
    town.voice_servers(true);
    let (_, joined) = reply(&mut town, 1, "voice");
    assert_eq!((code(&joined), &joined["data"]["name"]), (None, &json!("Lounge")));
    assert_eq!(joined["data"]["voice_states"][0]["user"]["id"], id(town.local));
}

#[test]
fn a_permission_that_goes_meanwhile_ends_the_wait() {
    let mut town = town();
    town.voice_servers(false);
    town.begin(1, "SELECT_VOICE_CHANNEL", json!({"channel_id": id(town.lounge)}), "n");
    town.deny(town.lounge, Permissions::CONNECT);
    town.house.out();
    town.voice_servers(true);
    assert_eq!(code(&reply(&mut town, 1, "n").1), Some(5001));
    assert_eq!(town.house.world.voice_channel(), None);
}

#[test]
fn a_token_without_the_scope_ends_the_wait_with_4006() {
    let mut town = town();
    town.outage(false);
    town.begin(1, "GET_GUILD", json!({"guild_id": id(town.guild), "timeout": 60}), "n");
    town.house.authenticate(1, &["identify"]);
    town.house.out();
    town.outage(true);
    assert_eq!(town.house.peek(1).len(), 1);
    assert_eq!(code(&reply(&mut town, 1, "n").1), Some(4006));
}

#[test]
fn a_peer_may_wait_for_so_much_and_no_more() {
    let limits = Limits { waiting: 3, ..Limits::default() };
    let mut town = Town::of(Config { limits, ..Config::default() });
    town.peer(1, &["rpc"]);
    town.peer(2, &["rpc"]);
    town.outage(false);
    let args = json!({"guild_id": id(town.guild), "timeout": 60});
    for nonce in ["1", "2", "3"] {
        town.begin(1, "GET_GUILD", args.clone(), nonce);
    }
    let (code, sentence) = town.refused(1, "GET_GUILD", args.clone());
    assert_eq!((code, sentence.contains("3 commands")), (5002, true), "{sentence}");
    town.begin(2, "GET_GUILD", args, "another's");
}

#[test]
fn a_full_channel_is_refused_with_4006() {
    let mut town = town();
    let edit = gamebridge_proto::world::ChannelEdit { user_limit: Some(1), ..Default::default() };
    town.make(Operation::EditChannel { channel: town.lounge, edit });
    town.make(Operation::JoinVoice { user: town.bob, channel: town.lounge });
    assert_eq!(town.refused(1, "SELECT_VOICE_CHANNEL", json!({"channel_id": id(town.lounge)})).0, 4006);
}

#[test]
fn navigate_shows_a_channel_that_has_text() {
    let mut town = town();
    town.done(1, "SELECT_VOICE_CHANNEL", json!({"channel_id": id(town.dm), "navigate": true}));
    assert_eq!(town.house.world.text_channel(), Some(town.dm));
    town.done(1, "SELECT_VOICE_CHANNEL", json!({"channel_id": id(town.lounge), "navigate": true, "force": true}));
    assert_eq!((town.house.world.voice_channel(), town.house.world.text_channel()), (Some(town.lounge), Some(town.dm)));
}

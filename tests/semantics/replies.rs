//! One reply for each tag.

use gamebridge::ffi::*;
use serde_json::json;

use crate::harness::{FakeDiscord, Game, last_error};

#[test]
fn every_send_with_a_tag_gets_exactly_one_reply() {
    let (discord, game) = (FakeDiscord::new(), Game::new());
    let (conn, mut peer) = discord.connect(&game, &json!({}));
    for tag in 1..=20 {
        assert_eq!(game.send(conn, "GET_GUILD", &format!("{{\"guild_id\":\"{tag}\"}}"), tag), GB_OK);
    }
    let mut all: Vec<_> = (0..20).map(|_| peer.asked()).collect();
    // The last first, each of them twice, and one that nobody asked for.
    all.reverse();
    for asked in &all {
        peer.reply(asked, &json!({"of": asked.args["guild_id"]}));
        peer.reply(asked, &json!({"of": "again"}));
    }
    let mut unknown = all[0].clone();
    unknown.nonce = json!("never seen");
    peer.reply(&unknown, &json!({}));
    peer.settle();
    for tag in 1..=20 {
        let reply = game.reply(conn, tag);
        assert_eq!((reply.status, reply.name.as_str()), (GB_OK, "GET_GUILD"));
        assert_eq!(reply.data()["of"], tag.to_string());
    }
    assert!(game.drain().is_empty());
}

#[test]
fn an_error_of_the_peer_is_the_reply() {
    let (discord, game) = (FakeDiscord::new(), Game::new());
    let (conn, mut peer) = discord.connect(&game, &json!({}));
    assert_eq!(game.send(conn, "GET_GUILD", r#"{"guild_id":"1"}"#, 1), GB_OK);
    let asked = peer.asked();
    peer.refuse(&asked, 4003, "Invalid guild");
    let reply = game.reply(conn, 1);
    assert_eq!((reply.status, reply.code, reply.message.as_str()), (GB_ERR_REMOTE, 4003, "Invalid guild"));
}

#[test]
fn the_same_tag_twice_gets_two_replies() {
    let (discord, game) = (FakeDiscord::new(), Game::new());
    let (conn, mut peer) = discord.connect(&game, &json!({}));
    for _ in 0..2 {
        assert_eq!(game.send(conn, "GET_GUILDS", "{}", u64::MAX), GB_OK);
    }
    let (first, second) = (peer.asked(), peer.asked());
    assert_ne!(first.nonce, second.nonce);
    peer.reply(&second, &json!({"which": 2}));
    peer.refuse(&first, 1000, "no");
    assert_eq!(game.reply(conn, u64::MAX).data()["which"], 2);
    assert_eq!(game.reply(conn, u64::MAX).status, GB_ERR_REMOTE);
}

#[test]
fn a_cancel_ends_all_with_that_tag() {
    let (discord, game) = (FakeDiscord::new(), Game::new());
    let (conn, mut peer) = discord.connect(&game, &json!({}));
    for tag in [7, 7, 8] {
        assert_eq!(game.send(conn, "GET_GUILDS", "{}", tag), GB_OK);
    }
    let all = [peer.asked(), peer.asked(), peer.asked()];
    assert_eq!(game.cancel(conn, 7), GB_OK);
    assert_eq!(game.reply(conn, 7).status, GB_ERR_CANCELLED);
    assert_eq!(game.reply(conn, 7).status, GB_ERR_CANCELLED);
    // The peer answers all the same: only the one that was not cancelled counts.
    for asked in &all {
        peer.reply(asked, &json!({}));
    }
    assert_eq!(game.reply(conn, 8).status, GB_OK);
    peer.settle();
    assert!(game.drain().is_empty());
    assert_eq!(game.cancel(conn, 0), GB_ERR_ARGUMENT);
    assert_eq!(game.cancel(conn, 99), GB_OK, "nothing to cancel is fine");
}

#[test]
fn a_timeout_is_the_reply() {
    let (discord, game) = (FakeDiscord::new(), Game::new());
    let (conn, mut peer) = discord.connect(&game, &json!({}));
    assert_eq!(game.send_within(conn, "GET_GUILDS", 2000, 1), GB_OK);
    let asked = peer.asked();
    assert_eq!(game.reply(conn, 1).status, GB_ERR_TIMEOUT);
    peer.reply(&asked, &json!({}));
    peer.settle();
    assert!(game.drain().is_empty(), "the answer that comes too late is no second reply");
}

#[test]
fn a_disconnect_answers_what_is_outstanding() {
    let (discord, game) = (FakeDiscord::new(), Game::new());
    let (conn, mut peer) = discord.connect(&game, &json!({}));
    assert_eq!(game.send(conn, "GET_GUILDS", "{}", 1), GB_OK);
    peer.asked();
    assert_eq!(game.disconnect(conn), GB_OK);
    let reply = game.reply(conn, 1);
    assert_eq!((reply.status, reply.flags, reply.name.as_str()), (GB_ERR_CLOSED, GB_FLAG_UNCERTAIN, "GET_GUILDS"));
    game.disconnected(conn);
}

#[test]
fn what_came_too_late_to_be_sent_replies_by_its_name() {
    // While the end is under way (the peer does not close its side) commands are still taken, and answered.
    let (discord, game) = (FakeDiscord::new(), Game::new());
    let (conn, mut peer) = discord.connect(&game, &json!({}));
    assert_eq!(game.disconnect(conn), GB_OK);
    // The close has arrived, so the machine is finished.
    while let Some((opcode, _)) = peer.read() {
        if opcode == 2 {
            break;
        }
    }
    let taken = game.send(conn, "GET_GUILDS", "{}", 1) == GB_OK;
    drop(peer);
    if taken {
        let reply = game.reply(conn, 1);
        assert_eq!((reply.status, reply.flags, reply.name.as_str()), (GB_ERR_CLOSED, 0, "GET_GUILDS"));
    }
    game.disconnected(conn);
}

#[test]
fn a_send_that_fails_gets_no_reply() {
    let (discord, game) = (FakeDiscord::new(), Game::new());
    let (conn, mut peer) = discord.connect(&game, &json!({}));
    for (command, args, names) in [
        ("SET_ACTIVITY", r#"{"activity":{"state":"x"}}"#, "activity.state"),
        ("GET_GUILD", "{}", "guild_id"),
        ("GET_GUILD", "{", "not JSON"),
        ("GET_GUILD", "[]", "object expected"),
        ("", "{}", "command"),
    ] {
        assert_eq!(game.send(conn, command, args, 1), GB_ERR_ARGUMENT, "{command} {args}");
        assert!(last_error().contains(names), "{command} {args}: {}", last_error());
    }
    peer.settle();
    assert!(game.drain().is_empty());
}

#[test]
fn tag_zero_gets_no_reply() {
    let (discord, game) = (FakeDiscord::new(), Game::new());
    let (conn, mut peer) = discord.connect(&game, &json!({}));
    assert_eq!(game.send(conn, "GET_GUILDS", "{}", 0), GB_OK);
    let asked = peer.asked();
    peer.reply(&asked, &json!({"guilds": []}));
    peer.settle();
    assert!(game.drain().is_empty());
}

#[test]
fn a_failure_of_tag_zero_is_a_log_line() {
    let (discord, game) = (FakeDiscord::new(), Game::new());
    let (conn, mut peer) = discord.connect(&game, &json!({}));
    assert_eq!(game.send(conn, "GET_GUILD", r#"{"guild_id":"1"}"#, 0), GB_OK);
    let asked = peer.asked();
    peer.refuse(&asked, 4003, "Invalid guild");
    let line = game.log("Invalid guild");
    assert!(line.message.contains("GET_GUILD") && line.message.contains("4003"), "{}", line.message);
    assert_eq!((line.conn, line.tag, line.code), (conn, 0, GB_LOG_WARN as i32));
    // And one that a break took.
    assert_eq!(game.send(conn, "GET_GUILD", r#"{"guild_id":"2"}"#, 0), GB_OK);
    peer.asked();
    drop(peer);
    game.log("GET_GUILD");
}

#[test]
fn a_coalesced_update_replies_ok_with_superseded() {
    let (discord, game) = (FakeDiscord::new(), Game::new());
    let conn = game.connect("rpc", &discord.params(&json!({})));
    for tag in 1..=3 {
        let args = json!({"pid": 1, "activity": {"state": format!("state {tag}")}}).to_string();
        assert_eq!(game.send(conn, "SET_ACTIVITY", &args, tag), GB_OK);
    }
    for tag in 1..=2 {
        let reply = game.reply(conn, tag);
        assert_eq!((reply.status, reply.flags), (GB_OK, GB_FLAG_SUPERSEDED));
    }
    let mut peer = discord.welcome();
    let asked = peer.asked();
    assert_eq!(asked.args["activity"]["state"], "state 3");
    peer.reply(&asked, &json!({}));
    let reply = game.reply(conn, 3);
    assert_eq!((reply.status, reply.flags), (GB_OK, 0));
    peer.settle();
}

//! Sending early, and what a break does to what was sent.

use std::time::{Duration, Instant};

use gamebridge::ffi::*;
use serde_json::json;

use crate::harness::{FakeDiscord, FakeGateway, Folder, Game};

#[test]
fn before_connected_a_command_waits_its_turn() {
    let (discord, game) = (FakeDiscord::new(), Game::new());
    let conn = game.connect("rpc", &discord.params(&json!({})));
    for tag in 1..=3 {
        assert_eq!(game.send(conn, "GET_GUILD", &format!("{{\"guild_id\":\"{tag}\"}}"), tag), GB_OK);
    }
    let mut peer = discord.welcome();
    for tag in 1..=3u64 {
        let asked = peer.asked();
        assert_eq!(asked.args["guild_id"], tag.to_string(), "in the order in which they were sent");
        peer.reply(&asked, &json!({"id": tag.to_string()}));
        assert_eq!(game.reply(conn, tag).status, GB_OK);
    }
}

#[test]
fn while_reconnecting_a_command_waits_its_turn() {
    let (discord, game) = (FakeDiscord::new(), Game::new());
    let (conn, peer) = discord.connect(&game, &json!({}));
    drop(peer);
    game.reconnecting(conn);
    assert_eq!(game.send(conn, "GET_GUILDS", "{}", 5), GB_OK);
    let mut peer = discord.welcome();
    let asked = peer.asked();
    peer.reply(&asked, &json!({"guilds": []}));
    assert_eq!(game.reply(conn, 5).status, GB_OK);
}

#[test]
fn the_deadline_runs_from_gb_send() {
    let (discord, game) = (FakeDiscord::new(), Game::new());
    let conn = game.connect("rpc", &discord.params(&json!({})));
    let mut peer = discord.accept();
    let sent = Instant::now();
    assert_eq!(game.send_within(conn, "GET_GUILDS", 300, 1), GB_OK);
    let reply = game.reply(conn, 1);
    assert!(sent.elapsed() >= Duration::from_millis(300), "{:?}", sent.elapsed());
    assert_eq!((reply.status, reply.flags), (GB_ERR_TIMEOUT, 0));
    // Its time passed before there was a connection: it is never sent.
    peer.greet();
    game.connected(conn);
    peer.settle();
}

#[test]
fn what_was_not_written_at_a_break_stays_queued() {
    let (discord, game) = (FakeDiscord::new(), Game::new());
    let (conn, mut peer) = discord.connect(&game, &json!({}));
    // More than the sockets' buffers hold, to a peer that reads only the first.
    const COUNT: u64 = 400;
    let filler = "x".repeat(16 * 1024);
    for tag in 1..=COUNT {
        assert_eq!(game.send(conn, "TEST_FILL", &json!({"tag": tag, "filler": filler}).to_string(), tag), GB_OK);
    }
    assert_eq!(peer.asked().args["tag"], 1);
    drop(peer);
    game.reconnecting(conn);
    // What was written is answered at the break, so all of that is known before the next READY.
    let mut next = discord.accept();
    next.settle();
    let uncertain: Vec<u64> =
        game.drain().iter().filter(|seen| seen.flags & GB_FLAG_UNCERTAIN != 0).map(|seen| seen.tag).collect();
    next.greet();
    let sent_again: Vec<u64> = (uncertain.len() as u64..COUNT)
        .map(|_| {
            let asked = next.asked();
            next.reply(&asked, &json!({}));
            asked.args["tag"].as_u64().expect("a tag")
        })
        .collect();
    next.settle();
    assert!(
        !uncertain.is_empty() && !sent_again.is_empty(),
        "{} uncertain, {} sent again",
        uncertain.len(),
        sent_again.len()
    );
    // Those that were written are the first ones; the others come in their order, and none twice.
    let all: Vec<u64> = uncertain.iter().chain(&sent_again).copied().collect();
    assert_eq!(all, (1..=COUNT).collect::<Vec<_>>());
    let replied = game.drain().iter().filter(|seen| seen.kind == GB_EVENT_REPLY && seen.status == GB_OK).count();
    assert_eq!(replied, sent_again.len());
}

#[test]
fn what_was_written_at_a_break_is_uncertain_and_never_repeated() {
    let (discord, game) = (FakeDiscord::new(), Game::new());
    let (conn, mut peer) = discord.connect(&game, &json!({}));
    assert_eq!(game.send(conn, "SELECT_VOICE_CHANNEL", r#"{"channel_id":"7"}"#, 1), GB_OK);
    peer.asked();
    drop(peer);
    let reply = game.reply(conn, 1);
    assert_eq!(
        (reply.status, reply.flags, reply.name.as_str()),
        (GB_ERR_CLOSED, GB_FLAG_UNCERTAIN, "SELECT_VOICE_CHANNEL")
    );
    let mut peer = discord.welcome();
    game.connected(conn);
    // A PONG and nothing before it.
    peer.settle();
}

#[test]
fn activity_subscriptions_and_token_are_replayed() {
    let (discord, game) = (FakeDiscord::new(), Game::new());
    let conn = game.connect("rpc", &discord.params(&json!({"access_token": "s3cret"})));
    let activity = |state: &str| json!({"pid": 1, "activity": {"state": state}}).to_string();
    assert_eq!(game.send(conn, "SUBSCRIBE", r#"{"evt":"ACTIVITY_JOIN"}"#, 1), GB_OK);
    assert_eq!(game.send(conn, "SUBSCRIBE", r#"{"evt":"ACTIVITY_SPECTATE"}"#, 2), GB_OK);
    assert_eq!(game.send(conn, "UNSUBSCRIBE", r#"{"evt":"ACTIVITY_SPECTATE"}"#, 3), GB_OK);
    assert_eq!(game.send(conn, "SET_ACTIVITY", &activity("second"), 5), GB_OK);
    for round in 0..3 {
        let mut peer = discord.welcome();
        let asked = peer.asked();
        assert_eq!(
            (asked.cmd.as_str(), &asked.args["access_token"]),
            ("AUTHENTICATE", &json!("s3cret")),
            "round {round}"
        );
        peer.reply(&asked, &json!({}));
        game.connected(conn);
        let expected = if round == 0 { 4 } else { 2 };
        let all: Vec<_> = (0..expected)
            .map(|_| {
                let asked = peer.asked();
                peer.reply(&asked, &json!({}));
                asked
            })
            .collect();
        let find =
            |cmd: &str, evt: Option<&str>| all.iter().any(|asked| asked.cmd == cmd && asked.evt.as_deref() == evt);
        assert!(find("SUBSCRIBE", Some("ACTIVITY_JOIN")), "round {round}: {all:?}");
        assert_eq!(find("SUBSCRIBE", Some("ACTIVITY_SPECTATE")), round == 0, "what was given up stays so: {all:?}");
        let shown = all.iter().find(|asked| asked.cmd == "SET_ACTIVITY").expect("an activity");
        assert_eq!(shown.args["activity"]["state"], "second");
        peer.settle();
    }
}

#[test]
fn a_command_to_nobody_ends_at_its_deadline() {
    let (nowhere, game) = (Folder::new(), Game::new());
    let conn = game.connect("rpc", &json!({"client_id": "1", "path": nowhere.socket()}));
    assert_eq!(game.send_within(conn, "GET_GUILDS", 1, 1), GB_OK);
    assert_eq!(game.reply(conn, 1).status, GB_ERR_TIMEOUT);
}

#[test]
fn a_gateway_command_replies_when_it_was_handed_over() {
    let (gateway, game) = (FakeGateway::new(), Game::new());
    let conn = game.connect("gateway", &gateway.params(&json!({})));
    let mut peer = gateway.welcome();
    game.connected(conn);
    let presence = json!({"since": null, "activities": [], "status": "dnd", "afk": false});
    assert_eq!(game.send(conn, "PRESENCE_UPDATE", &presence.to_string(), 1), GB_OK);
    // Nobody answers it.
    assert_eq!(game.reply(conn, 1).status, GB_OK);
    assert_eq!(peer.asked(), (3, presence.clone()));
    drop(peer);
    game.reconnecting(conn);
    let members = json!({"guild_id": "7", "query": "", "limit": 0});
    assert_eq!(game.send(conn, "REQUEST_GUILD_MEMBERS", &members.to_string(), 2), GB_OK);
    let mut peer = gateway.taken_up();
    // The session is gone, and the presence with it.
    peer.close(4009);
    drop(peer);
    let mut peer = gateway.welcome();
    game.connected(conn);
    assert_eq!(peer.asked(), (3, presence), "the presence is state");
    assert_eq!(peer.asked(), (8, members), "the command waited");
    assert_eq!(game.reply(conn, 2).status, GB_OK);
}

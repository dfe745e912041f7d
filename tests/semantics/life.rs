//! Life of a connection, and what CONNECTED means.

use std::net::TcpStream;
use std::os::unix::net::UnixStream;

use gamebridge::ffi::*;
use serde_json::json;

use crate::harness::{FakeDiscord, FakeGateway, Folder, Game};

#[test]
fn connected_reconnecting_connected_then_disconnected() {
    let (discord, game) = (FakeDiscord::new(), Game::new());
    let (conn, peer) = discord.connect(&game, &json!({}));
    let mut peer = Some(peer);
    for _ in 0..3 {
        drop(peer.take());
        let broken = game.reconnecting(conn);
        assert_eq!((broken.flags, broken.name.as_str()), (GB_FLAG_RETRYING, "RECONNECTING"));
        assert!(broken.status < 0 && !broken.message.is_empty(), "{broken:?}");
        peer = Some(discord.welcome());
        game.connected(conn);
    }
    assert_eq!(game.disconnect(conn), GB_OK);
    let last = game.disconnected(conn);
    assert_eq!((last.status, last.flags), (GB_OK, 0));
    assert_eq!(game.drain().len(), 0);
}

#[test]
fn reconnecting_comes_once_for_each_outage() {
    let (discord, game) = (FakeDiscord::new(), Game::loud());
    let (conn, peer) = discord.connect(&game, &json!({}));
    drop(peer);
    game.reconnecting(conn);
    // Two tries that fail before their READY. The harness refuses a second RECONNECTING.
    for _ in 0..2 {
        drop(discord.accept());
        game.log("next try in");
    }
    let _peer = discord.welcome();
    game.connected(conn);
}

#[test]
fn disconnected_alone_when_the_only_try_fails() {
    let (nowhere, game) = (Folder::new(), Game::new());
    let conn = game.connect("rpc", &json!({"client_id": "1", "path": nowhere.socket(), "retry": false}));
    let only = game.until("any event", |seen| seen.conn == conn);
    assert_eq!((only.kind, only.status), (GB_EVENT_DISCONNECTED, GB_ERR_IO));
    assert!(only.message.contains(&nowhere.socket()), "{}", only.message);
}

#[test]
fn disconnected_alone_when_the_program_leaves_first() {
    let (discord, game) = (FakeDiscord::new(), Game::new());
    let conn = game.connect("rpc", &discord.params(&json!({})));
    let _silent = discord.accept();
    assert_eq!(game.disconnect(conn), GB_OK);
    let only = game.until("any event", |seen| seen.conn == conn);
    assert_eq!((only.kind, only.status), (GB_EVENT_DISCONNECTED, GB_OK));
}

#[test]
fn before_the_first_connected_a_failed_try_is_only_logged() {
    let (discord, game) = (FakeDiscord::new(), Game::new());
    let conn = game.connect("rpc", &discord.params(&json!({})));
    drop(discord.accept());
    drop(discord.accept());
    let _peer = discord.welcome();
    let first = game.until("any event but a line", |seen| seen.conn == conn && seen.kind != GB_EVENT_LOG);
    assert_eq!(first.kind, GB_EVENT_CONNECTED, "{first:?}");
    let lines = game.drain();
    assert!(
        lines.len() == 1 && lines[0].message.contains("next try in"),
        "one warning, not one for each try: {lines:?}"
    );
}

#[test]
fn a_refusal_is_fatal_and_says_the_code() {
    let game = Game::new();
    for code in [4000, 4001, 4003, 4004, 4005] {
        let discord = FakeDiscord::new();
        let conn = game.connect("rpc", &discord.params(&json!({})));
        discord.accept().close(code, "not you");
        let last = game.disconnected(conn);
        assert!(last.status < 0, "{last:?}");
        assert_eq!((last.flags, last.code, last.message.as_str()), (GB_FLAG_FATAL, code, "not you"));
    }
}

#[test]
fn a_refusal_ends_a_connection_that_was_in_use() {
    let game = Game::new();
    for code in [4000, 4001, 4003, 4004, 4005] {
        let discord = FakeDiscord::new();
        let (conn, mut peer) = discord.connect(&game, &json!({}));
        assert_eq!(game.send(conn, "GET_GUILDS", "{}", 7), GB_OK);
        peer.asked();
        peer.close(code, "no longer");
        let reply = game.reply(conn, 7);
        assert_eq!((reply.status, reply.flags), (GB_ERR_CLOSED, GB_FLAG_UNCERTAIN));
        let last = game.disconnected(conn);
        assert_eq!((last.flags, last.code), (GB_FLAG_FATAL, code));
    }
}

#[test]
fn a_rate_limit_is_waited_out() {
    let (discord, game) = (FakeDiscord::new(), Game::new());
    let (conn, peer) = discord.connect(&game, &json!({}));
    peer.close(4002, "slower");
    let broken = game.reconnecting(conn);
    assert_eq!((broken.flags, broken.code, broken.status), (GB_FLAG_RETRYING, 4002, GB_ERR_RATE_LIMITED));
    assert!(broken.retry_after_ms >= 30_000, "{}", broken.retry_after_ms);
}

#[test]
fn disconnected_comes_after_every_reply() {
    let (discord, game) = (FakeDiscord::new(), Game::new());
    let (conn, _peer) = discord.connect(&game, &json!({}));
    for tag in 1..=50 {
        assert_eq!(game.send(conn, "GET_GUILDS", "{}", tag), GB_OK);
    }
    assert_eq!(game.disconnect(conn), GB_OK);
    // Sent behind the end: refused at once, or answered before it.
    for tag in 51..=100 {
        let status = game.send(conn, "GET_GUILDS", "{}", tag);
        assert!(matches!(status, GB_OK | GB_ERR_CLOSED), "{status}");
    }
    // The harness counts: a reply that is owed at DISCONNECTED fails the test.
    game.disconnected(conn);
    let replies = game.drain().iter().filter(|seen| seen.kind == GB_EVENT_REPLY).count();
    assert!(replies >= 50, "{replies}");
}

#[test]
fn rpc_is_connected_when_ready_came() {
    let (discord, game) = (FakeDiscord::new(), Game::new());
    let conn = game.connect("rpc", &discord.params(&json!({})));
    let mut peer = discord.accept();
    peer.settle();
    assert!(game.poll().is_none(), "nothing before READY");
    peer.dispatch("READY", &json!({"v": 1, "user": {"id": "9", "username": "someone"}}));
    let connected = game.connected(conn);
    assert_eq!(connected.data()["user"]["username"], "someone");
    assert!(connected.message.starts_with("ipc "), "{}", connected.message);
}

#[test]
fn rpc_with_a_token_is_connected_when_authenticated() {
    let (discord, game) = (FakeDiscord::new(), Game::new());
    let conn = game.connect("rpc", &discord.params(&json!({"access_token": "s3cret"})));
    let mut peer = discord.welcome();
    let asked = peer.asked();
    assert_eq!((asked.cmd.as_str(), &asked.args["access_token"]), ("AUTHENTICATE", &json!("s3cret")));
    peer.settle();
    assert!(game.poll().is_none(), "nothing before the token was taken");
    peer.reply(&asked, &json!({"scopes": ["rpc"]}));
    let connected = game.connected(conn);
    assert_eq!(connected.data()["auth"]["scopes"], json!(["rpc"]));
    assert_eq!(connected.data()["user"]["username"], "Fake");
}

#[test]
fn a_refused_token_is_disconnected_alone() {
    let (discord, game) = (FakeDiscord::new(), Game::new());
    let conn = game.connect("rpc", &discord.params(&json!({"access_token": "s3cret"})));
    let mut peer = discord.welcome();
    let asked = peer.asked();
    peer.refuse(&asked, 4009, "Invalid token");
    let only = game.until("any event", |seen| seen.conn == conn);
    assert_eq!((only.kind, only.status, only.flags), (GB_EVENT_DISCONNECTED, GB_ERR_AUTH, GB_FLAG_FATAL));
    assert_eq!(only.code, 4009);
}

#[test]
fn a_gateway_is_connected_when_ready_came() {
    let (gateway, game) = (FakeGateway::new(), Game::new());
    let conn = game.connect("gateway", &gateway.params(&json!({"shard": [3, 8]})));
    let mut peer = gateway.accept();
    assert_eq!(peer.identify["shard"], json!([3, 8]));
    assert!(game.poll().is_none(), "nothing before READY");
    peer.ready();
    let connected = game.connected(conn);
    assert_eq!((connected.peer, connected.seq, connected.flags), (3, 1, 0));
    assert_eq!(connected.data()["session_id"], "s");
}

#[test]
fn a_gateway_whose_session_was_resumed_missed_nothing() {
    let (gateway, game) = (FakeGateway::new(), Game::new());
    let conn = game.connect("gateway", &gateway.params(&json!({})));
    let mut peer = gateway.welcome();
    game.connected(conn);
    peer.dispatch(2, "FIRST", "{}");
    drop(peer);
    assert_eq!(game.until("FIRST", |seen| seen.name == "FIRST").seq, 2);
    game.reconnecting(conn);
    let mut peer = gateway.taken_up();
    assert_eq!(peer.identify, json!({"token": "t0ken", "session_id": "s", "seq": 2}));
    peer.dispatch(2, "FIRST", "{}");
    peer.dispatch(3, "SECOND", "{}");
    peer.dispatch(4, "RESUMED", "{}");
    let missed = game.until("a dispatch", |seen| seen.kind == GB_EVENT_DISPATCH);
    assert_eq!((missed.name.as_str(), missed.seq), ("SECOND", 3), "what was repeated is left out");
    assert_eq!(game.connected(conn).flags, GB_FLAG_RESUMED);
}

#[test]
fn a_suspended_gateway_is_resumed_by_another_connection() {
    let (gateway, game) = (FakeGateway::new(), Game::new());
    let conn = game.connect("gateway", &gateway.params(&json!({})));
    let mut peer = gateway.welcome();
    game.connected(conn);
    assert_eq!(game.send(conn, "SUSPEND", "{}", 1), GB_OK);
    let session = game.reply(conn, 1).data();
    let last = game.until("DISCONNECTED", |seen| seen.kind == GB_EVENT_DISCONNECTED);
    assert_eq!((last.status, last.message.as_str()), (GB_OK, "suspended"));
    assert_eq!(peer.closed(), 4900, "a close that leaves the session");
    let game = Game::new();
    let conn = game.connect("gateway", &gateway.params(&json!({"session": session})));
    let mut peer = gateway.taken_up();
    assert_eq!(peer.identify, json!({"token": "t0ken", "session_id": "s", "seq": 1}));
    peer.dispatch(2, "RESUMED", "{}");
    assert_eq!(game.connected(conn).flags, GB_FLAG_RESUMED);
}

#[test]
fn a_server_is_connected_when_it_listens() {
    let (folder, game) = (Folder::new(), Game::new());
    let server = game.serve(&json!({"port": 0, "folder": folder.text()}));
    let connected = game.connected(server);
    let data = connected.data();
    UnixStream::connect(data["ipc"].as_str().expect("a path")).expect("the local socket listens");
    TcpStream::connect(data["address"].as_str().expect("an address")).expect("the port listens");
    assert_eq!(data["address"], format!("127.0.0.1:{}", data["port"]));
    assert!(data["user"]["id"].is_string() && data["launch_token"].is_string(), "{data}");
}

#[test]
fn a_server_that_cannot_listen_is_disconnected_alone() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port();
    let game = Game::new();
    // Many times, since a command is as likely to be early as late: whichever it is, it is answered or refused. (That none
    // is owed at DISCONNECTED is the harness's to see.)
    for _ in 0..50 {
        let server = game.serve(&json!({"transport": "websocket", "port": port}));
        let taken = game.send(server, "STATE", "{}", 1) == GB_OK;
        let only = game.until("any but a reply", |seen| seen.conn == server && seen.kind != GB_EVENT_REPLY);
        assert_eq!((only.kind, only.status), (GB_EVENT_DISCONNECTED, GB_ERR_IO));
        assert!(only.message.contains(&port.to_string()), "{}", only.message);
        if taken {
            let reply = game.reply(server, 1);
            assert!(reply.status < 0 && reply.name == "STATE", "{reply:?}");
        }
    }
}

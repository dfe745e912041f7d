//! Scenes, each played once and recorded, then played again from the file.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use gamebridge::proto::error::Status;
use gamebridge::proto::event::EventType;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{self, Message};

use crate::program::{PATIENCE, Seen};
use crate::stage::{Folder, base64, game, is_child, recorded, spellings, tell_secret};

const CLIENT_SECRET: &str = "cl1ent/s3cret+\"of\" the ~game";
const JOIN: &str = "join-s3cret-0f-the-party";
const BOT: &str = "MTIzNA.G4nary.b0t-t0ken_0f-the-test";
const SESSION: &str = "5e5510n1d0fth3gateway";

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("{name} in {value}")).to_owned()
}

/// Posts a form, or JSON, and gives the response's JSON.
fn post(address: &str, target: &str, authorization: &str, form: &str) -> Value {
    let kind = if form.starts_with('{') { "application/json" } else { "application/x-www-form-urlencoded" };
    let mut stream = TcpStream::connect(address).expect("the port");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let head = format!(
        "POST {target} HTTP/1.1\r\nHost: {address}\r\nContent-Type: {kind}\r\n\
         Authorization: {authorization}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{form}",
        form.len()
    );
    stream.write_all(head.as_bytes()).expect("it reads");
    let mut response = String::new();
    stream.read_to_string(&mut response).expect("it answers");
    let body = response.split_once("\r\n\r\n").expect("a response").1;
    serde_json::from_str(body).unwrap_or_else(|_| panic!("{response}"))
}

/// A server, and clients of every kind in the same program.
fn a_server_and_its_peers() {
    let (folder, game) = (Folder::new(), game());
    let (server, addresses) = game.serve("rpc", json!({"port": 0, "folder": folder.text(), "consent": "ask"}));
    let (address, launch_token) = (text(&addresses, "address"), text(&addresses, "launch_token"));
    for secret in [CLIENT_SECRET, JOIN, &launch_token] {
        tell_secret(secret);
    }
    assert_eq!(game.ask(server, "APPLICATION_REGISTER", json!({"id": "1234", "secret": CLIENT_SECRET})).code, 0);

    // Over the local socket: AUTHORIZE, consent, exchange, AUTHENTICATE.
    let conn = game.up("rpc", json!({"client_id": "1234", "path": folder.join("discord-ipc-0")}));
    let authorize = json!({"client_id": "1234", "scopes": ["rpc", "identify"]});
    let code = |status: Status| {
        game.send(conn, "AUTHORIZE", &authorize, 5, None);
        let request = game.until("REQUEST", |seen| seen.kind == EventType::Request);
        game.client.answer(server, request.tag, status, b"").expect("it waits");
        game.reply(conn, 5)
    };
    assert_ne!(code(Status::Cancelled).code, -1);
    let first = text(&code(Status::Ok).data, "code");
    let exchange = json!({"client_id": "1234", "client_secret": CLIENT_SECRET, "code": first});
    let token = game.ask(server, "TOKEN_EXCHANGE", &exchange).data;
    let access = text(&token, "access_token");
    game.ask(conn, "AUTHENTICATE", json!({"access_token": access}));
    game.until("AUTHENTICATED", |seen| seen.conn == server && seen.name == "AUTHENTICATED");

    // At the token endpoint, and back.
    let second = text(&code(Status::Ok).data, "code");
    let basic = format!("Basic {}", base64(format!("1234:{CLIENT_SECRET}").as_bytes()));
    let percent: String = second.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let form = format!("grant_type=authorization_code&code={percent}");
    let other = post(&address, "/oauth2/token", &basic, &form);
    for secret in [&first, &second, &access] {
        tell_secret(secret);
    }
    for (token, name) in [(&token, "refresh_token"), (&other, "access_token"), (&other, "refresh_token")] {
        tell_secret(&text(token, name));
    }

    // Over WebSocket, with JSON and with ETF, authenticated from the start; and one that shows the launch token.
    let port = addresses["port"].as_u64().expect("a port");
    let token = text(&other, "access_token");
    for encoding in ["json", "etf"] {
        let params = json!({"client_id": "1234", "port": port, "encoding": encoding, "access_token": token});
        let web = game.up("rpc", &params);
        game.ask(web, "GET_GUILDS", json!({}));
        game.send(web, "SUBSCRIBE", json!({"evt": "ACTIVITY_JOIN"}), 0, None);
        game.end(web);
    }
    let stream = TcpStream::connect(&address).expect("the port");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let url = format!("ws://{address}/?v=1&client_id=1234&encoding=json&launch_token={launch_token}");
    let (mut web, _) = tungstenite::client(url.as_str(), stream).expect("it is let in");
    assert!(web.read().expect("READY").to_text().expect("text").contains("READY"));
    web.send(Message::text(r#"{"cmd":"GET_GUILDS","args":{},"nonce":"1"}"#)).expect("it reads");
    assert!(web.read().expect("a reply").to_text().expect("text").contains("4006"));

    // A secret from one peer to another, and a command that nobody answers in time.
    let activity = json!({"state": "In menu", "party": {"id": "p"}, "secrets": {"join": JOIN}});
    game.ask(conn, "SUBSCRIBE", json!({"evt": "ACTIVITY_JOIN"}));
    game.ask(conn, "SET_ACTIVITY", json!({"activity": activity}));
    game.ask(server, "ACTIVITY_JOIN", json!({"secret": JOIN}));
    let join = game.until("ACTIVITY_JOIN", |seen| seen.kind == EventType::Dispatch && seen.conn == conn);
    assert_eq!(text(&join.data, "secret"), JOIN);
    game.send(conn, "AUTHORIZE", &authorize, 6, Some(Duration::from_millis(20)));
    game.reply(conn, 6);
    web.close(None).expect("it closes");
    game.end(conn);
    game.end(server);
}

#[test]
fn a_server_and_clients_of_every_kind_play_again_without_their_secrets() {
    if is_child() {
        return a_server_and_its_peers();
    }
    let (recording, report, secrets) =
        recorded("scenes::a_server_and_clients_of_every_kind_play_again_without_their_secrets");
    assert_eq!(secrets.len(), 9, "{secrets:?}");
    for secret in &secrets {
        for spelling in spellings(secret) {
            assert!(!recording.contains(&spelling), "{secret} is there as {spelling}");
        }
    }
    let kinds: Vec<&str> = report.connections.iter().map(|connection| &*connection.kind).collect();
    assert_eq!(kinds, ["server", "rpc", "rpc", "rpc"], "{report}");
    assert!(report.connections.iter().all(|connection| connection.ended && connection.received > 0), "{report}");
    assert!(report.connections.iter().any(|connection| connection.timeouts > 0), "{report}");
}

/// A bot's life: heartbeats, dispatches with secrets in them, commands, and an end.
fn a_bot() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("ws://{}", listener.local_addr().expect("an address"));
    let gateway = std::thread::spawn(move || {
        let stream = listener.accept().expect("a client").0;
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        let mut peer = tungstenite::accept(stream).expect("an upgrade");
        let mut say = |message: Value| peer.send(Message::text(message.to_string())).expect("it reads");
        say(json!({"op": 10, "d": {"heartbeat_interval": 30}, "s": null, "t": null}));
        let user = json!({"id": "1", "username": "bot"});
        say(json!({"op": 0, "s": 1, "t": "READY", "d": {"v": 10, "session_id": SESSION, "user": user}}));
        let voice = json!({"token": JOIN, "guild_id": "2", "endpoint": "e:443"});
        say(json!({"op": 0, "s": 2, "t": "VOICE_SERVER_UPDATE", "d": voice}));
        say(json!({"op": 0, "s": 3, "t": "MESSAGE_CREATE", "d": {"content": format!("my token is {BOT}")}}));
        let mut heartbeats = 0;
        while let Ok(message) = peer.read() {
            let Ok(message) = serde_json::from_str::<Value>(message.to_text().unwrap_or_default()) else { continue };
            if message["op"] == 1 {
                heartbeats += 1;
                let _ = peer.send(Message::text(r#"{"op":11}"#));
                if heartbeats == 3 {
                    let _ = peer.send(Message::text(r#"{"op":0,"s":4,"t":"ENOUGH","d":{}}"#));
                }
            }
        }
    });
    let game = game();
    for secret in [BOT, SESSION, JOIN] {
        tell_secret(secret);
    }
    let params = json!({"token": BOT, "intents": 513, "url": url, "shard": [0, 2], "presence": {"status": "idle"}});
    let conn = game.up("gateway", &params);
    let presence = json!({"status": "dnd", "since": null, "activities": [], "afk": false});
    game.ask(conn, "PRESENCE_UPDATE", &presence);
    game.until("three heartbeats", |seen| seen.name == "ENOUGH");
    game.end(conn);
    gateway.join().expect("the gateway ends");
}

#[test]
fn a_bot_plays_again_without_its_token() {
    if is_child() {
        return a_bot();
    }
    let (recording, report, secrets) = recorded("scenes::a_bot_plays_again_without_its_token");
    assert_eq!(secrets.len(), 3);
    for secret in &secrets {
        for spelling in spellings(secret) {
            assert!(!recording.contains(&spelling), "{secret} is there as {spelling}");
        }
    }
    let [bot] = &report.connections[..] else { panic!("{report}") };
    assert!(bot.kind == "gateway" && bot.timeouts >= 3 && bot.sent >= 5 && bot.received >= 7 && bot.ended, "{report}");
}

/// A moderator's evening at a sandbox's dmod door.
fn a_moderator() {
    let game = game();
    let (sandbox, at) = game.serve("sandbox", json!({}));
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let ada = text(&game.ask(sandbox, "USER_CREATE", json!({"username": "ada"})).data["id"]);
    let guild = text(&game.ask(sandbox, "GUILD_CREATE", json!({"name": "Harbour", "members": [ada]})).data["id"]);
    let user = game.ask(sandbox, "DMOD_USER", json!({"user_id": ada})).data;
    let token = text(&game.ask(sandbox, "DMOD_GUILD", json!({"guild_id": guild})).data["token"]);
    for secret in [&text(&user["token"]), &text(&user["hash"]), &token] {
        tell_secret(secret);
    }
    let conn = game.up("dmod", json!({"url": at["dmod"], "token": user["token"], "uid": ada}));
    game.ask(conn, "CONNECT_GUILD", json!({"token": token, "gid": guild}));
    let session = json!({"uid": ada, "gid": guild, "utokh": user["token"], "uhash": user["hash"]});
    game.ask(conn, "APPLICATION_SESSION", &session);
    game.ask(sandbox, "DMOD_FAULT", json!({"fault": "drop"}));
    let back = |seen: &Seen| seen.kind == EventType::Dispatch && seen.name == "APPLICATION_SESSION";
    game.until("the session again", back);
    game.end(conn);
    game.end(sandbox);
}

#[test]
fn a_moderator_plays_again_without_the_hashes() {
    if is_child() {
        return a_moderator();
    }
    let (recording, report, secrets) = recorded("scenes::a_moderator_plays_again_without_the_hashes");
    assert_eq!(secrets.len(), 3);
    for secret in &secrets {
        for spelling in spellings(secret) {
            assert!(!recording.contains(&spelling), "{secret} is there as {spelling}");
        }
    }
    let [sandbox, moderator] = &report.connections[..] else { panic!("{report}") };
    assert!(moderator.kind == "dmod" && moderator.sent >= 6 && moderator.received >= 8 && moderator.ended, "{report}");
    assert!(sandbox.kind == "server" && sandbox.sent >= 8 && sandbox.received >= 6 && sandbox.ended, "{report}");
}

/// A harbour in a sandbox: a bot at its Gateway and its API, a user as in 2017, and what goes wrong there.
fn a_sandbox() {
    let game = game();
    let (sandbox, at) = game.serve("sandbox", json!({"strict": false}));
    let host = |command: &str, args: Value| {
        let reply = game.ask(sandbox, command, args);
        assert_eq!(reply.status, Status::Ok, "{command}: {}", reply.message);
        reply.data
    };
    let ada = text(&host("USER_CREATE", json!({"username": "ada"})), "id");
    let guild = text(&host("GUILD_CREATE", json!({"name": "Harbour", "members": [ada]})), "id");
    let quay = json!({"guild_id": guild, "name": "quay", "type": "GUILD_TEXT"});
    let quay = text(&host("CHANNEL_CREATE", quay), "id");
    host("APPLICATION_REGISTER", json!({"id": "1234", "name": "Ferry"}));
    let bot = host("BOT_CREATE", json!({"application_id": "1234"}));
    let barge = host("APPLICATION_REGISTER", json!({"id": "1235", "name": "Barge"}));
    let barge = json!({"application_id": barge["id"], "token": BOT});
    host("BOT_CREATE", barge);
    host("GUILD_JOIN", json!({"guild_id": guild, "user_id": bot["user"]["id"]}));
    let (token, login) = (text(&bot, "token"), text(&host("LOGIN_CREATE", json!({"user_id": ada})), "token"));
    for secret in [&token, BOT, &login] {
        tell_secret(secret);
    }

    // The library's own client asks the API where the Gateway is; one speaks what is spoken today, one version 6, and one in
    // Ada's name the oldest.
    let api = text(&at, "api");
    let today = json!({"token": token, "intents": 0x3_FFFF, "api": format!("{api}/v10")});
    let before =
        json!({"token": token, "version": 6, "encoding": "etf", "compress": "zlib-stream", "url": at["gateway"]});
    let oldest = json!({"token": login, "version": 3, "url": at["gateway"]});
    let conns = [today, before, oldest].map(|params| game.up("gateway", params));
    assert_eq!(game.event(conns[0], "GUILD_CREATE").data["id"], guild);
    let messages = format!("/api/v10/channels/{quay}/messages");
    let address = at["gateway"].as_str().and_then(|url| url.strip_prefix("ws://")).expect("an address");
    let posted = post(address, &messages, &format!("Bot {token}"), r#"{"content":"made fast"}"#);
    assert_eq!(posted["content"], "made fast");
    for conn in conns {
        assert_eq!(game.event(conn, "MESSAGE_CREATE").data["content"], "made fast");
    }
    assert!(post(address, &messages, "Bot nobody-of-that-name", r#"{"content":"?"}"#)["message"].is_string());

    // A connection is cut and resumed; another one has to begin anew.
    host("GATEWAY_FAULT", json!({"fault": "drop"}));
    for conn in conns {
        game.event(conn, "RECONNECTING");
        game.until("a connection again", |seen| seen.conn == conn && seen.kind == EventType::Connected);
    }
    let state = host("GATEWAY_STATE", json!({}));
    let sessions = state["sessions"].as_array().expect("sessions");
    sessions.iter().for_each(|session| tell_secret(&text(session, "session_id")));
    host("MESSAGE_POST", json!({"channel_id": quay, "user_id": ada, "content": format!("my token is {token}")}));
    for conn in conns {
        assert_eq!(game.event(conn, "MESSAGE_CREATE").data["content"], format!("my token is {token}"));
    }
    game.end(conns[1]);
    game.end(sandbox);
}

#[test]
fn a_sandbox_plays_again_with_all_of_its_doors() {
    if is_child() {
        return a_sandbox();
    }
    let (recording, report, secrets) = recorded("scenes::a_sandbox_plays_again_with_all_of_its_doors");
    assert!(secrets.len() >= 6, "{secrets:?}");
    for secret in secrets.iter().map(String::as_str).chain(["nobody-of-that-name"]) {
        for spelling in spellings(secret) {
            assert!(!recording.contains(&spelling), "{secret} is there as {spelling}");
        }
    }
    let kinds: Vec<&str> = report.connections.iter().map(|connection| &*connection.kind).collect();
    assert_eq!(kinds, ["server", "gateway", "gateway", "gateway"], "{report}");
    let sandbox = &report.connections[0];
    assert!(sandbox.sent >= 20 && sandbox.received >= 6 && sandbox.ended, "{report}");
    for line in
        [r#""in":"site","method":"GET","target":"/api/v10/gateway/bot""#, r#""out":"fault""#, r#""via":"gateway""#]
    {
        assert!(recording.contains(line), "{line}");
    }
}

/// Nobody is there; somebody is there who hangs up, and somebody who says what is no JSON.
fn bad_company() {
    let (folder, game) = (Folder::new(), game());
    let params = json!({"client_id": "1", "path": folder.join("nobody"), "retry": false});
    let conn = game.client.connect("rpc", params.to_string().as_bytes()).expect("a connection");
    game.until("DISCONNECTED", |seen| seen.kind == EventType::Disconnected && seen.conn == conn);
    for say in [&b""[..], b"\x01\0\0\0\x04\0\0\0{{{{", b"\x02\0\0\0\x1b\0\0\0{\"code\":4000,\"message\":\"n\"}"] {
        let path = folder.join("somebody");
        let _ = std::fs::remove_file(&path);
        let listener = std::os::unix::net::UnixListener::bind(&path).expect("a socket");
        let peer = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a client");
            let mut handshake = [0; 8];
            stream.read_exact(&mut handshake).expect("a handshake");
            stream.write_all(say).expect("it reads");
        });
        let params = json!({"client_id": "1", "path": path, "retry": false});
        let conn = game.client.connect("rpc", params.to_string().as_bytes()).expect("a connection");
        game.until("DISCONNECTED", |seen| seen.kind == EventType::Disconnected && seen.conn == conn);
        peer.join().expect("the peer ends");
    }
}

#[test]
fn bad_company_plays_again() {
    if is_child() {
        return bad_company();
    }
    let (_, report, _) = recorded("scenes::bad_company_plays_again");
    assert_eq!(report.connections.len(), 4, "{report}");
}

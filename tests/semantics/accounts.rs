//! A server's account: a guest, that of a Discord on this machine, or whichever is there.

use std::fs;
use std::os::unix::net::UnixListener;

use gamebridge::ffi::*;
use serde_json::{Value, json};

use crate::harness::{FakeDiscord, Folder, Game};

const AUTHORIZE: &str = r#"{"client_id":"1234","scopes":["rpc","identify"]}"#;

/// Parameters of a server in this folder.
fn server(folder: &Folder, more: &Value) -> Value {
    let mut params = json!({"transport": "ipc", "folder": folder.text()});
    params.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
    params
}

/// Parameters of a server whose Discord is at this socket.
fn relay(folder: &Folder, account: &str, discord: &str) -> Value {
    server(folder, &json!({"account": account, "client_id": "99", "discord_ipc": discord}))
}

fn client(folder: &Folder) -> Value {
    json!({"client_id": "1234", "path": folder.socket()})
}

/// A command that must succeed; its reply's data.
fn done(game: &Game, conn: gb_conn, name: &str, args: &str, tag: u64) -> Value {
    assert_eq!(game.send(conn, name, args, tag), GB_OK);
    let reply = game.reply(conn, tag);
    assert_eq!(reply.status, GB_OK, "{reply:?}");
    reply.data()
}

#[test]
fn the_guest_is_the_same_at_the_next_start() {
    let (folder, game) = (Folder::new(), Game::new());
    let file = format!("{}/guest.json", folder.text());
    let params = server(&folder, &json!({"account_file": file, "username": "Ada"}));
    let house = game.serve(&params);
    let first = game.connected(house).data();
    assert_eq!((&first["account"]["kind"], &first["account"]["user"]["username"]), (&json!("guest"), &json!("Ada")));
    let conn = game.connect("rpc", &client(&folder));
    game.connected(conn);
    let renames = r#"{"client_id":"1234","scopes":["rpc"],"username":"Ada Lovelace"}"#;
    done(&game, conn, "AUTHORIZE", renames, 1);
    for server in [conn, house] {
        assert_eq!(game.disconnect(server), GB_OK);
        game.disconnected(server);
    }
    let kept: Value = serde_json::from_str(&fs::read_to_string(&file).expect("the file")).expect("JSON");
    assert_eq!((&kept["id"], &kept["username"]), (&first["user"]["id"], &json!("Ada Lovelace")));
    let again = game.serve(&params);
    let user = game.connected(again).data()["user"].clone();
    assert_eq!((&user["id"], &user["username"]), (&first["user"]["id"], &json!("Ada Lovelace")));
}

#[test]
fn a_guests_file_that_is_broken_ends_the_start_and_stays() {
    let (folder, game) = (Folder::new(), Game::new());
    let file = format!("{}/guest.json", folder.text());
    for broken in ["", "garbage", r#"{"id":"0"}"#] {
        fs::write(&file, broken).expect("our own folder");
        let house = game.serve(&server(&folder, &json!({"account_file": file})));
        let end = game.disconnected(house);
        assert_eq!((end.status, end.flags & GB_FLAG_FATAL), (GB_ERR_IO, GB_FLAG_FATAL));
        assert!(end.message.contains(&file) && end.message.contains("remove it"), "{}", end.message);
        assert_eq!(fs::read_to_string(&file).expect("still there"), broken);
    }
}

#[test]
fn a_desktop_account_passes_everything_to_its_discord() {
    let (far_folder, folder, game) = (Folder::new(), Folder::new(), Game::new());
    // The Discord is a GameBridge here, which a desktop account may be told to use.
    let far = game.serve(&server(&far_folder, &json!({"username": "Far guest"})));
    game.connected(far);
    let near = game.serve(&relay(&folder, "desktop", &far_folder.socket()));
    let account = game.connected(near).data()["account"].clone();
    assert_eq!((&account["kind"], &account["user"]["username"]), (&json!("desktop"), &json!("Far guest")));

    let conn = game.connect("rpc", &client(&folder));
    let ready = game.connected(conn).data();
    assert_eq!(ready["user"]["username"], "Far guest");
    assert_eq!(ready["config"]["gamebridge"].as_array().map(Vec::len), Some(2));
    assert_eq!(game.dispatch(near, "PEER_CONNECTED").data()["client_id"], "1234");

    let code = done(&game, conn, "AUTHORIZE", AUTHORIZE, 1)["code"].clone();
    let exchange = json!({"code": code, "client_id": "1234"}).to_string();
    let token = done(&game, far, "TOKEN_EXCHANGE", &exchange, 2)["access_token"].clone();
    let auth = done(&game, conn, "AUTHENTICATE", &json!({"access_token": token}).to_string(), 3);
    assert_eq!(auth["scopes"], json!(["rpc", "identify"]));
    assert_eq!(game.dispatch(near, "AUTHENTICATED").data()["scopes"], json!(["rpc", "identify"]));
    let guilds = done(&game, conn, "GET_GUILDS", "{}", 4)["guilds"].as_array().map(Vec::len);
    done(&game, conn, "SUBSCRIBE", r#"{"evt":"GUILD_CREATE"}"#, 5);
    done(&game, far, "GUILD_CREATE", r#"{"name":"Far guild"}"#, 6);
    assert_eq!(game.dispatch(conn, "GUILD_CREATE").data()["name"], "Far guild");
    let more = done(&game, conn, "GET_GUILDS", "{}", 7)["guilds"].as_array().map(Vec::len);
    assert_eq!(more, guilds.map(|guilds| guilds + 1));

    done(&game, conn, "SET_ACTIVITY", r#"{"activity":{"state":"In menu"}}"#, 8);
    let update = game.dispatch(far, "ACTIVITY_UPDATE").data();
    assert_eq!((&update["activity"]["state"], &update["application_id"]), (&json!("In menu"), &json!("1234")));

    done(&game, conn, "SUBSCRIBE", r#"{"evt":"ACTIVITY_JOIN_REQUEST"}"#, 9);
    let other = done(&game, far, "USER_CREATE", r#"{"username":"player2"}"#, 10)["id"].clone();
    let other = json!({"user_id": other}).to_string();
    done(&game, far, "ACTIVITY_JOIN_REQUEST", &other, 11);
    assert_eq!(game.dispatch(conn, "ACTIVITY_JOIN_REQUEST").data()["user"]["username"], "player2");
    done(&game, conn, "SEND_ACTIVITY_JOIN_INVITE", &other, 12);
    assert_eq!(game.dispatch(far, "JOIN_REQUEST_ANSWERED").data()["accepted"], true);

    assert_eq!(game.disconnect(conn), GB_OK);
    assert_eq!(game.dispatch(far, "ACTIVITY_UPDATE").data()["activity"], Value::Null, "it goes with its peer");
}

#[test]
fn peers_hear_and_do_what_their_own_token_opens() {
    let (far_folder, folder, game) = (Folder::new(), Folder::new(), Game::new());
    let far = game.serve(&server(&far_folder, &json!({})));
    game.connected(far);
    let near = game.serve(&relay(&folder, "desktop", &far_folder.socket()));
    game.connected(near);
    let id = |name: &str, args: &Value| done(&game, far, name, &args.to_string(), 1)["id"].clone();
    let other = id("USER_CREATE", &json!({"username": "other"}));
    let guild = id("GUILD_CREATE", &json!({"name": "Town", "members": [other]}));
    let square = id("CHANNEL_CREATE", &json!({"guild_id": guild, "name": "square", "type": "GUILD_TEXT"}));
    let subscribe = json!({"evt": "MESSAGE_CREATE", "args": {"channel_id": square}}).to_string();
    let peer = |scopes: &[&str]| {
        let conn = game.connect("rpc", &client(&folder));
        game.connected(conn);
        let token = json!({"client_id": "1234", "scopes": scopes}).to_string();
        let token = done(&game, far, "TOKEN_CREATE", &token, 2)["access_token"].clone();
        done(&game, conn, "AUTHENTICATE", &json!({"access_token": token}).to_string(), 3);
        conn
    };
    let (reader, stranger) = (peer(&["rpc", "messages.read"]), peer(&["rpc"]));
    done(&game, reader, "SUBSCRIBE", &subscribe, 4);
    // What another peer hears opens nothing for this one.
    assert_eq!(game.send(stranger, "SUBSCRIBE", &subscribe, 5), GB_OK);
    let refused = game.reply(stranger, 5);
    assert_eq!((refused.status, refused.code), (GB_ERR_REMOTE, 4006), "{refused:?}");
    // And what this one asks closes nothing for the other.
    done(&game, stranger, "SUBSCRIBE", r#"{"evt":"GUILD_CREATE"}"#, 6);
    done(&game, stranger, "GET_GUILDS", "{}", 7);
    let message = json!({"channel_id": square, "user_id": other, "content": "Hello"}).to_string();
    done(&game, far, "MESSAGE_POST", &message, 8);
    assert_eq!(game.dispatch(reader, "MESSAGE_CREATE").data()["message"]["content"], "Hello");
    done(&game, far, "GUILD_CREATE", r#"{"name":"Village"}"#, 9);
    // It comes behind the message, which did not come here.
    let heard = game.until("an event", |seen| seen.is(GB_EVENT_DISPATCH, stranger));
    assert_eq!((heard.name.as_str(), &heard.data()["name"]), ("GUILD_CREATE", &json!("Village")));
}

#[test]
fn auto_takes_no_gamebridge_for_a_discord() {
    let (far_folder, folder, game) = (Folder::new(), Folder::new(), Game::new());
    let far = game.serve(&server(&far_folder, &json!({})));
    game.connected(far);
    let near = game.serve(&relay(&folder, "auto", &far_folder.socket()));
    assert_eq!(game.connected(near).data()["account"]["kind"], "guest");
}

#[test]
fn auto_changes_when_a_discord_starts_and_when_it_quits() {
    let (folder, elsewhere, game) = (Folder::new(), Folder::new(), Game::new());
    let near = game.serve(&relay(&folder, "auto", &elsewhere.socket()));
    assert_eq!(game.connected(near).data()["account"]["kind"], "guest");
    let conn = game.connect("rpc", &json!({"client_id": "99", "path": folder.socket()}));
    let guest = game.connected(conn).data()["user"].clone();

    let discord = FakeDiscord::at(elsewhere);
    let mut watch = discord.welcome();
    let told = game.dispatch(near, "ACCOUNT_UPDATE").data();
    assert_eq!((&told["kind"], &told["reason"]), (&json!("desktop"), &json!("a Discord was found")));
    let lost = game.reconnecting(conn);
    assert_eq!((lost.code, lost.message.as_str()), (1012, "the account changed; connect again"));
    assert_ne!(game.connected(conn).data()["user"], guest);
    assert_eq!(done(&game, near, "STATE", "{}", 1)["account"]["kind"], "desktop");

    // A command is under way when it quits.
    assert_eq!(game.send(conn, "AUTHORIZE", r#"{"client_id":"99","scopes":["rpc"]}"#, 2), GB_OK);
    assert_eq!(watch.asked().cmd, "AUTHORIZE");
    drop((watch, discord));
    let reply = game.reply(conn, 2);
    assert_eq!((reply.status, reply.code), (GB_ERR_REMOTE, 1000), "{reply:?}");
    assert_eq!(game.reconnecting(conn).code, 1012);
    let told = game.dispatch(near, "ACCOUNT_UPDATE").data();
    assert_eq!((&told["kind"], &told["user"], &told["reason"]), (&json!("guest"), &guest, &json!("Discord quit")));
    assert_eq!(game.connected(conn).data()["user"], guest);
}

#[test]
fn commands_wait_for_connected() {
    let (folder, elsewhere, game) = (Folder::new(), Folder::new(), Game::new());
    // A Discord that takes the connection and says nothing.
    let silent = UnixListener::bind(elsewhere.socket()).expect("our own folder");
    let params = relay(&folder, "auto", &elsewhere.socket());
    let near = game.serve(&params);
    assert_eq!(game.send(near, "STATE", "{}", 1), GB_OK);
    let first = game.until("anything", |seen| seen.conn == near && seen.kind != GB_EVENT_LOG);
    assert_eq!(first.kind, GB_EVENT_CONNECTED, "{first:?}");
    assert_eq!(game.reply(near, 1).status, GB_OK);
    // One that ends before has answered all the same.
    let other = Folder::new();
    let ended = game.serve(&relay(&other, "auto", &elsewhere.socket()));
    assert_eq!(game.send(ended, "STATE", "{}", 2), GB_OK);
    assert_eq!(game.disconnect(ended), GB_OK);
    assert_eq!(game.reply(ended, 2).tag, 2);
    game.disconnected(ended);
    drop(silent);
}

#[test]
fn desktop_without_a_discord_closes_who_waits_in_time() {
    let (folder, game) = (Folder::new(), Game::new());
    let near = game.serve(&relay(&folder, "desktop", "/nobody/is/here"));
    assert_eq!(game.connected(near).data()["account"], json!({"kind": "desktop", "user": null}));
    let conn = game.connect("rpc", &json!({"client_id": "1234", "path": folder.socket(), "retry": false}));
    let end = game.disconnected(conn);
    assert!(end.status == GB_ERR_TIMEOUT || end.message.contains("no Discord"), "{end:?}");
}

#[test]
fn servers_that_look_at_each_other_close_no_circle() {
    let (one, two, game) = (Folder::new(), Folder::new(), Game::new());
    let first = game.serve(&relay(&one, "desktop", &two.socket()));
    game.connected(first);
    let second = game.serve(&relay(&two, "desktop", &one.socket()));
    let itself = Folder::new();
    let third = game.serve(&relay(&itself, "desktop", &itself.socket()));
    assert_eq!(game.connected(second).data()["account"]["user"], Value::Null);
    assert_eq!(game.connected(third).data()["account"]["user"], Value::Null);
    let lost = [&one, &two, &itself]
        .map(|folder| game.connect("rpc", &json!({"client_id": "1234", "path": folder.socket(), "retry": false})));
    for conn in lost {
        game.disconnected(conn);
    }
    // All of them live, and none of them has found an account.
    for server in [first, second, third] {
        assert_eq!(done(&game, server, "STATE", "{}", 1)["account"]["user"], Value::Null);
    }
}

#[test]
fn what_a_discord_does_wrong_is_its_own_peers_matter() {
    let (folder, game) = (Folder::new(), Game::new());
    let discord = FakeDiscord::new();
    let near = game.serve(&relay(&folder, "desktop", &discord.socket()));
    let mut watch = discord.welcome();
    game.connected(near);
    watch.write(1, b"this is no JSON");
    drop(watch);
    let mut watch = discord.welcome();
    let conn = game.connect("rpc", &json!({"client_id": "99", "path": folder.socket()}));
    game.connected(conn);
    // An answer to nothing, and an event that nobody asked for.
    watch.write(1, br#"{"cmd":"GET_GUILDS","data":{},"evt":null,"nonce":"12345"}"#);
    watch.write(1, br#"{"cmd":"DISPATCH","data":{"id":"1"},"evt":"GUILD_CREATE","nonce":null}"#);
    watch.settle();
    assert_eq!(done(&game, near, "STATE", "{}", 1)["peers"].as_array().map(Vec::len), Some(1));
    assert!(game.drain().iter().all(|seen| seen.conn != conn));
}

#[test]
fn the_socket_of_a_server_is_none_that_it_finds() {
    // In a folder with nothing but itself and a file that is no socket.
    let (folder, game) = (Folder::new(), Game::new());
    let stranger = UnixListener::bind(format!("{}/discord-ipc-1", folder.text())).expect("our own folder");
    drop(stranger);
    let near = game.serve(&relay(&folder, "auto", &folder.socket()));
    assert_eq!(game.connected(near).data()["account"]["kind"], "guest");
    assert_eq!(done(&game, near, "STATE", "{}", 1)["peers"], json!([]), "it did not knock at its own door");
}

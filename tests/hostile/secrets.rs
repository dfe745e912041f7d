//! Secrets that come in over the wire go nowhere else: into no log line, event, message, answer or output.

use std::io::Write;

use gamebridge::ffi::*;
use serde_json::json;

use crate::harness::{Folder, Game, Peer, in_a_process_of_its_own, is_child};
use crate::street::{House, ORIGIN, TEXT, house_of, rest, upgrade};

const CANARY: &str = "CANARY-9b1de0c4-in-clear";
/// The same in base64, before and behind a colon, as HTTP Basic carries it.
const BASIC: &str = "Q0FOQVJZLTliMWRlMGM0LWluLWNsZWFyOkNBTkFSWS05YjFkZTBjNC1pbi1jbGVhcg==";

/// Requests with the secret wherever one has its place.
fn requests() -> Vec<String> {
    let forms = [
        format!("grant_type=authorization_code&client_id=1234&client_secret={CANARY}&code={CANARY}"),
        format!("grant_type=authorization_code&client_id={CANARY}&client_secret={CANARY}&code={CANARY}"),
        format!("grant_type={CANARY}&client_id=1234&client_secret={CANARY}"),
        format!("grant_type=refresh_token&client_id=1234&client_secret={CANARY}&refresh_token={CANARY}"),
        format!("client_id=1234&client_secret={CANARY}&redirect_uri={CANARY}"),
        CANARY.to_owned(),
    ];
    let json = json!({"cmd": "AUTHENTICATE", "nonce": "1", "args": {"access_token": CANARY}}).to_string();
    let mut requests = Vec::new();
    for authorization in [String::new(), format!("Basic {BASIC}"), format!("Bearer {CANARY}"), CANARY.to_owned()] {
        for (path, body, content_type) in forms
            .iter()
            .flat_map(|form| {
                ["/oauth2/token", "/oauth2/token/rpc"].map(|path| (path, form, "application/x-www-form-urlencoded"))
            })
            .chain([("/rpc", &json, "application/json"), ("/api/users/@me", &json, "application/json")])
        {
            let length = body.len();
            requests.push(format!(
                "POST {path}?token={CANARY} HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nOrigin: {ORIGIN}\r\nCookie: {CANARY}\r\n\
                 Authorization: {authorization}\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n{body}"
            ));
        }
    }
    requests
}

/// Commands with the secret in a field that is right, wrong, or of the wrong type.
fn commands() -> Vec<String> {
    let args = [
        json!({"access_token": CANARY}),
        json!({"access_token": [CANARY]}),
        json!({"access_token": {"a": CANARY}, "client_id": CANARY}),
        json!({"client_id": "1234", "scopes": ["rpc"], "rpc_token": CANARY}),
        json!({"client_id": "1234", "scopes": [CANARY], "rpc_token": [CANARY]}),
        json!({"pid": 1, "activity": {"state": "x", "secrets": {"join": [CANARY], "match": CANARY}}}),
        json!({"pid": CANARY, "activity": CANARY}),
        json!([CANARY]),
    ];
    let commands = ["AUTHENTICATE", "AUTHORIZE", "SET_ACTIVITY", "SUBSCRIBE", "NO_SUCH"];
    let whole = commands.iter().flat_map(|command| {
        args.iter().map(move |args| json!({"cmd": command, "nonce": "1", "args": args}).to_string())
    });
    let broken = [format!("{{\"cmd\":\"AUTHENTICATE\",\"args\":{{\"access_token\":\"{CANARY}\""), CANARY.to_owned()];
    whole.chain(broken).collect()
}

fn attack(house: &House, heard: &mut Vec<String>) {
    for request in requests() {
        heard.push(house.exchange(&request));
    }
    for query in [
        format!("v=1&client_id=1234&launch_token={CANARY}"),
        format!("v={CANARY}&client_id=1234"),
        format!("v=1&client_id={CANARY}&encoding={CANARY}&access_token={CANARY}"),
    ] {
        for headers in [String::new(), format!("Origin: {ORIGIN}\r\n"), format!("Origin: https://{CANARY}\r\n")] {
            let mut stream = house.dial();
            stream
                .write_all(upgrade(&query, &headers).replace("PORT", &house.port.to_string()).as_bytes())
                .expect("written");
            let _ = stream.shutdown(std::net::Shutdown::Write);
            heard.push(String::from_utf8_lossy(&rest(&mut stream)).into_owned());
        }
    }
    for hello in
        [format!("{{\"v\":1,\"client_id\":\"{CANARY}\"}}"), format!("{{\"v\":\"{CANARY}\"}}"), CANARY.to_owned()]
    {
        let mut peer = Peer::dial(&house.folder.socket());
        peer.write(0, hello);
        heard.extend(std::iter::from_fn(|| peer.read()).map(|(_, said)| String::from_utf8_lossy(&said).into_owned()));
    }
    let (mut ipc, mut websocket) = (house.peer(), house.websocket("json").ready());
    for command in commands() {
        ipc.write(1, &command);
        heard.push(String::from_utf8_lossy(&ipc.read().expect("an answer").1).into_owned());
        websocket.write(TEXT, command.as_bytes());
        heard.push(String::from_utf8_lossy(&websocket.read().expect("an answer").1).into_owned());
    }
}

#[test]
fn what_peers_show_us_is_seen_by_nobody_else_and_not_said_back() {
    let name = "secrets::what_peers_show_us_is_seen_by_nobody_else_and_not_said_back";
    if !is_child() {
        let folder = Folder::new();
        let recording = format!("{}/recording.jsonl", folder.text());
        let variables = [("RUST_BACKTRACE", "1"), ("GAMEBRIDGE_LOG", "debug"), ("GAMEBRIDGE_RECORD", &recording)];
        let output = in_a_process_of_its_own(name, &variables);
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(output.status.success(), "{}", said.replace(CANARY, "<canary>"));
        assert!(!said.contains(CANARY), "on the process's own output");
        let recorded = std::fs::read_to_string(&recording).expect("it was recorded");
        assert!(recorded.lines().count() > 100, "{}", recorded.lines().count());
        for line in recorded.lines() {
            assert!(!line.contains(CANARY) && !line.contains(BASIC), "in {}", line.replace(CANARY, "<canary>"));
        }
        return;
    }
    let house = house_of(Game::loud(), &json!({}));
    let register = json!({"id": "1234", "name": "Game", "secret": "another"}).to_string();
    assert_eq!(house.game.send(house.server, "APPLICATION_REGISTER", &register, 1), GB_OK);
    assert_eq!(house.game.reply(house.server, 1).status, GB_OK);
    let mut heard = Vec::new();
    attack(&house, &mut heard);
    assert_eq!(house.game.send(house.server, "STATE", "{}", 2), GB_OK);
    heard.push(house.game.reply(house.server, 2).json.unwrap_or_default());
    for seen in house.game.drain() {
        heard.push(format!("{} {} {}", seen.name, seen.message, seen.json.unwrap_or_default()));
    }
    assert!(heard.len() > 150, "{}", heard.len());
    for text in &heard {
        assert!(!text.contains(CANARY) && !text.contains(BASIC), "a secret in: {}", text.replace(CANARY, "<canary>"));
    }
}

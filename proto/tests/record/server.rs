//! A server's recording, with every secret that one can hold.

use std::time::Duration;

use gamebridge_proto::error::Status;
use gamebridge_proto::event::{Event, EventType};
use gamebridge_proto::record::door::Input;
use gamebridge_proto::record::{Recording, Redactor, replay};
use gamebridge_proto::secret::Secret;
use gamebridge_proto::server::rpc::{Account, Config, Consent, Via};
use gamebridge_proto::wire::ipc::{Frame, Opcode};
use serde_json::Value;

use crate::studio::{Studio, request};

const CLIENT_SECRET: &str = "cl1ent \"secret\" + 100%";
const LAUNCH: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";
const JOIN: &str = "j0in-me-over-hére/1";

fn config() -> Config {
    Config { consent: Consent::Ask, launch_token: Some(Secret::new(LAUNCH)), ..Config::default() }
}

fn percent(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let bits = three.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        for letter in 0..4 {
            let sign = LETTERS[(bits >> (18 - 6 * letter) & 63) as usize];
            text.push(if letter > three.len() { '=' } else { char::from(sign) });
        }
    }
    text
}

fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("{pointer} in {value}"))
}

/// A day at the door: everything that a server can be told, and the secrets that went through it.
fn a_day() -> (String, Vec<String>) {
    let mut studio = Studio::new(config());
    let mut secrets = vec![CLIENT_SECRET.to_owned(), LAUNCH.to_owned(), JOIN.to_owned()];
    let quoted = serde_json::to_string(CLIENT_SECRET).expect("a text");
    studio.command("APPLICATION_REGISTER", &format!(r#"{{"id":"1234","secret":{quoted}}}"#));
    studio.command("USER_CREATE", r#"{"username":"Mina"}"#);
    studio.command("NO_SUCH", "{}");

    // Over IPC: consent, by the host.
    studio.peer(1);
    studio.frame(1, r#"{"cmd":"AUTHORIZE","args":{"client_id":"1234","scopes":["rpc"]},"nonce":"a"}"#);
    studio.answer(Status::Ok);
    let code = text(studio.last(1), "/data/code").to_owned();
    studio.command("TOKEN_EXCHANGE", &format!(r#"{{"client_id":"1234","client_secret":{quoted},"code":"{code}"}}"#));
    let token = studio.seen.events.last().expect("a reply").2.clone();
    let access = text(&token, "/access_token").to_owned();
    studio.frame(1, &format!(r#"{{"cmd":"AUTHENTICATE","args":{{"access_token":"{access}"}},"nonce":"b"}}"#));
    assert_eq!(text(studio.last(1), "/cmd"), "AUTHENTICATE");
    assert!(studio.last(1)["evt"].is_null(), "{}", studio.last(1));
    secrets.extend([code, access.clone(), text(&token, "/refresh_token").to_owned()]);

    // And at the token endpoint.
    studio.frame(1, r#"{"cmd":"AUTHORIZE","args":{"client_id":"1234","scopes":["rpc"]},"nonce":"c"}"#);
    studio.answer(Status::Ok);
    let code = text(studio.last(1), "/data/code").to_owned();
    let basic = format!("Basic {}", base64(format!("1234:{CLIENT_SECRET}").as_bytes()));
    studio.post("/oauth2/token", Some(&basic), &format!("grant_type=authorization_code&code={}", percent(&code)));
    let token = studio.seen.responses.last().expect("a response").clone();
    let refresh = text(&token, "/refresh_token").to_owned();
    let form = format!("grant_type=refresh_token&client_id=1234&client_secret={}", percent(CLIENT_SECRET));
    studio.post("/oauth2/token", None, &format!("{form}&refresh_token={refresh}"));
    let again = studio.seen.responses.last().expect("a response").clone();
    studio.post("/oauth2/token/rpc", Some(&basic), "");
    let rpc_token = text(studio.seen.responses.last().expect("a response"), "/rpc_token").to_owned();
    studio.post("/api/v10/users/@me", Some(&format!("Bearer {}", text(&again, "/access_token"))), "");
    for token in [&token, &again] {
        secrets.extend(["/access_token", "/refresh_token"].map(|name| text(token, name).to_owned()));
    }
    secrets.extend([code, rpc_token.clone()]);

    // A command that comes over HTTP, and a request that is for somebody else's API.
    let bearer = format!("Bearer {}", text(&again, "/access_token"));
    let once = r#"{"cmd":"GET_GUILDS","args":{},"nonce":"o"}"#;
    let target = format!("/rpc?v=1&client_id=1234&launch_token={}", percent(LAUNCH));
    studio.tell(Input::Post { peer: 9, request: request(&target, Some(&bearer), once) });
    studio.tell(Input::Gone { peer: 9, code: None });
    let hook = format!("/api/webhooks/1/{}", text(&again, "/refresh_token"));
    for shown in [Some(&*bearer), None] {
        studio.tell(Input::Api(request(&hook, shown, r#"{"content":"hi"}"#)));
    }

    // Over WebSocket, with the launch token; the rpc_token spares the question.
    let query = format!("v=1&client_id=1234&launch_token={}", percent(LAUNCH));
    studio.tell(Input::Connect { peer: 2, via: Via::WebSocket { query: &query, origin: None } });
    studio.frame(
        2,
        &format!(r#"{{"cmd":"AUTHORIZE","args":{{"client_id":"1234","scopes":["rpc"],"rpc_token":"{rpc_token}"}},"nonce":"d"}}"#),
    );
    assert_eq!(text(studio.last(2), "/cmd"), "AUTHORIZE");
    secrets.push(text(studio.last(2), "/data/code").to_owned());

    // Joining, with the secret spelled in several ways.
    studio.frame(2, r#"{"cmd":"SUBSCRIBE","evt":"ACTIVITY_JOIN","args":{},"nonce":"e"}"#);
    studio.frame(1, "{\n  \"cmd\": \"SET_ACTIVITY\", \"args\": {\"pid\": 9, \"activity\": {\"state\": \"In menu\", \"party\": \
                     {\"id\": \"p\", \"size\": [1, 2]}, \"secrets\": {\"join\": \"j0in-me-over-h\\u00e9re\\/1\"}}},\n \"nonce\": \"f\"}\n");
    studio.command("ACTIVITY_JOIN", &format!(r#"{{"secret":"{JOIN}"}}"#));
    studio.command("STATE", "");

    // What is refused, with the secret in it.
    studio.frame(2, &format!(r#"{{"cmd":"AUTHENTICATE","args":{{"access_token":"{access}"#));
    studio.frame(2, &format!(r#"{{"cmd":"{access}","args":{{"{JOIN}":1}},"nonce":"g"}}"#));
    studio.tell(Input::Frame { peer: 2, frame: Frame { opcode: Opcode::Ping, payload: b"\xffnot text" } });
    studio.tell(Input::Frame { peer: 2, frame: Frame { opcode: Opcode::Handshake, payload: b"{}" } });
    studio.tell(Input::Gone { peer: 2, code: None });

    // Deadlines: nobody shakes hands, nobody answers, a token runs out.
    studio.tell(Input::Connect { peer: 3, via: Via::Ipc });
    studio.pass(Duration::from_secs(6));
    studio.frame(1, r#"{"cmd":"AUTHORIZE","args":{"client_id":"1234","scopes":["rpc"]},"nonce":"h"}"#);
    studio.pass(Duration::from_secs(61));
    studio.pass(Duration::from_secs(8 * 24 * 60 * 60));
    assert_eq!(studio.seen.closed.iter().map(|(peer, _)| *peer).collect::<Vec<_>>(), [3, 1]);
    (studio.finish(), secrets)
}

#[test]
fn it_plays_without_a_difference() {
    let (recording, _) = a_day();
    let report = replay(recording.as_bytes()).expect("a recording");
    assert!(report.is_same(), "{report}\n{recording}");
    let server = &report.connections[0];
    assert_eq!((server.kind.as_str(), server.ended, report.cut), ("server", true, false));
    assert!(server.timeouts >= 3 && server.received > 10 && server.sent > 10 && server.events > 10, "{report}");
}

#[test]
fn no_secret_is_in_it_however_it_is_spelled() {
    let (recording, secrets) = a_day();
    assert!(secrets.len() > 10);
    for secret in &secrets {
        let quoted = serde_json::to_string(secret).expect("a text");
        let escaped: String = secret.chars().map(|char| format!("\\u{:04x}", char as u32)).collect();
        let mut spellings = vec![secret.clone(), quoted.trim_matches('"').to_owned(), percent(secret), escaped];
        // In the middle of something longer, at each of the three places where it can stand.
        for skip in 0..3 {
            let bytes = &secret.as_bytes()[skip..];
            spellings.push(base64(&bytes[..bytes.len() / 3 * 3]));
        }
        for spelling in spellings {
            let at = recording.find(&spelling);
            assert_eq!(at, None, "{secret} as {spelling}: {}", &recording[at.unwrap_or(0).saturating_sub(300)..]);
            assert!(!recording.to_lowercase().contains(&spelling.to_lowercase()), "{secret} as {spelling}");
        }
    }
}

#[test]
fn every_line_is_json_with_its_connection() {
    let (recording, _) = a_day();
    for (number, line) in recording.lines().enumerate() {
        let line: Value = serde_json::from_str(line).expect("JSON");
        assert_eq!(line["c"].as_u64(), (number > 0).then_some(1), "{line}");
    }
}

#[test]
fn at_its_size_it_stops_between_two_steps_and_plays_so_far() {
    let mut studio = Studio::with(config(), Recording::new("a test", 4000));
    studio.peer(1);
    for nonce in 0..100 {
        studio.frame(1, &format!(r#"{{"cmd":"GET_GUILDS","args":{{}},"nonce":"{nonce}"}}"#));
    }
    assert!(studio.recording.is_over());
    let recording = studio.finish();
    assert!(recording.len() < 5000, "{}", recording.len());
    let report = replay(recording.as_bytes()).expect("a recording");
    assert!(report.is_same() && report.connections[0].received > 1, "{report}");
    assert!(report.stopped.is_some_and(|why| why.contains("size")) && !report.connections[0].ended);
}

#[test]
fn a_world_that_cannot_be_made_plays_as_what_it_was() {
    let recording = concat!(
        r#"{"recording":"gamebridge","version":1,"by":"t"}"#,
        "\n",
        r#"{"c":1,"t":1,"new":"server","door":{"consent":"allow","limits":{},"cdn_host":"","api_endpoint":"","environment":""},"#,
        r#""world":{"unix_ms_at_zero":0,"local_user":{"username":"x","discriminator":"0"}}}"#,
        "\n",
        r#"{"c":1,"t":2,"in":"end"}"#,
        "\n",
    );
    assert!(replay(recording.as_bytes()).expect("a recording").is_same());
}

#[test]
fn what_is_known_is_replaced_in_words_too() {
    let mut redactor = Redactor::new();
    redactor.learn(b"abcdefgh");
    assert_eq!(redactor.text("no abcdefgh here"), "no secret1x here");
}

#[test]
fn a_server_with_a_discord_behind_it_plays_the_same_and_keeps_its_secrets() {
    const TOKEN: &str = "t0ken-of-a-discord-1234567";
    let home = 99.into();
    for account in [Account::Desktop { client_id: home }, Account::Auto { client_id: home }] {
        let config = Config { account, instance: "1nstance".into(), seed: 11, ..Config::default() };
        let mut studio = Studio::new(config);
        studio.tell(Input::Start);
        let says = |studio: &mut Studio, session, kind, name, tag, payload: &str| {
            let mut event = Event::new(kind, name);
            (event.tag, event.payload) = (tag, payload.as_bytes());
            studio.tell(Input::Upstream { session, event: &event });
        };
        let ready = r#"{"v":1,"config":{"cdn_host":"far"},"user":{"id":"7","username":"Mason"}}"#;
        says(&mut studio, 1, EventType::Connected, "CONNECTED", 0, ready);
        studio.peer(1);
        says(&mut studio, 2, EventType::Connected, "CONNECTED", 0, ready);
        assert_eq!(studio.last(1)["data"]["user"]["username"], "Mason");
        let authenticate = format!(r#"{{"cmd":"AUTHENTICATE","args":{{"access_token":"{TOKEN}"}},"nonce":"a"}}"#);
        studio.frame(1, &authenticate);
        let auth = r#"{"scopes":["rpc"],"expires":"2015-01-08T00:00:00Z","user":{"id":"7"}}"#;
        says(&mut studio, 2, EventType::Reply, "AUTHENTICATE", 1, auth);
        studio.frame(1, r#"{"cmd":"SUBSCRIBE","evt":"GUILD_CREATE","args":{},"nonce":"b"}"#);
        says(&mut studio, 2, EventType::Reply, "SUBSCRIBE", 2, r#"{"evt":"GUILD_CREATE"}"#);
        says(&mut studio, 2, EventType::Dispatch, "GUILD_CREATE", 0, r#"{"id":"5","name":"Far"}"#);
        assert_eq!(studio.last(1)["data"]["name"], "Far");
        studio.frame(1, r#"{"cmd":"GET_GUILDS","args":{},"nonce":"c"}"#);
        says(&mut studio, 1, EventType::Reconnecting, "RECONNECTING", 0, "");
        assert_eq!(studio.seen.closed, [(1, 1012)]);
        studio.pass(Duration::from_secs(30));
        let recording = studio.finish();
        assert!(!recording.contains(TOKEN) && recording.contains("upstream_send"), "{recording}");
        let report = replay(recording.as_bytes()).expect("a recording");
        assert!(report.is_same(), "{report}\n{recording}");
    }
}

//! A sandbox's recording: the RPC door, the Gateway, dmod and the API in one row, and none of their secrets.

use std::time::Duration;

use gamebridge_proto::record::door::Input;
use gamebridge_proto::record::{accept, replay};
use gamebridge_proto::server::gateway::Fault;
use gamebridge_proto::server::rpc::HttpRequest;
use gamebridge_proto::server::sandbox::{Config, Way};
use gamebridge_proto::wire::ipc::{Frame, Opcode};
use serde_json::{Value, json};

use crate::studio::Studio;

const FERRY: &str = "1234";
const BOT: &str = "MTIzNA.t0ken-0f-the-ferry.longer";
const HASH: &str = "gateway-h4sh-of-ada";
/// Every intent.
const ALL: u64 = 0b11_0011_0001_1111_1111_1111_1111;

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("a text: {value}")).to_owned()
}

/// A sandbox with a guild and two channels, and Ada, who is in voice, at dmod and logs in herself; and a bot.
struct Town {
    studio: Studio,
    secrets: Vec<String>,
    guild: String,
    quay: String,
    bridge: String,
    ada: String,
    login: String,
}

impl Town {
    fn new() -> Town {
        let mut config = Config::default();
        config.gateway.url = "ws://127.0.0.1:1".into();
        config.gateway.limits.identify_every = Duration::ZERO;
        let mut studio = Studio::sandbox(config);
        let ada = text(&studio.host("USER_CREATE", json!({"username": "ada"}))["id"]);
        let guild = text(&studio.host("GUILD_CREATE", json!({"name": "Harbour", "members": [ada]}))["id"]);
        let channel = |studio: &mut Studio, name: &str, kind: &str| {
            let args = json!({"guild_id": guild, "name": name, "type": kind});
            text(&studio.host("CHANNEL_CREATE", args)["id"])
        };
        let quay = channel(&mut studio, "quay", "GUILD_TEXT");
        let bridge = channel(&mut studio, "Bridge", "GUILD_VOICE");
        studio.host("VOICE_JOIN", json!({"channel_id": bridge, "user_id": ada}));
        studio.host("APPLICATION_REGISTER", json!({"id": FERRY, "name": "Ferry"}));
        let bot = studio.host("BOT_CREATE", json!({"application_id": FERRY, "token": BOT}));
        studio.host("GUILD_JOIN", json!({"guild_id": guild, "user_id": bot["user"]["id"]}));
        let login = text(&studio.host("LOGIN_CREATE", json!({"user_id": ada}))["token"]);
        let secrets = vec![BOT.to_owned(), HASH.to_owned(), login.clone()];
        Town { studio, secrets, guild, quay, bridge, ada, login }
    }

    fn say(&mut self, peer: u32, payload: Value) {
        self.studio.frame(peer, &payload.to_string());
    }

    /// What a peer was sent under this name, the latest.
    fn told(&self, peer: u32, name: &str) -> Value {
        let mut sent = self.studio.seen.sent.iter().rev();
        let found = sent.find(|(to, said)| *to == peer && said["t"] == name);
        found.unwrap_or_else(|| panic!("{name} for {peer}")).1["d"].clone()
    }

    /// A client past its READY; its session.
    fn identify(&mut self, peer: u32, query: &str, more: Value) -> String {
        self.studio.enter(peer, Way::Gateway(query));
        let mut d = json!({"token": BOT, "properties": {}});
        d.as_object_mut().expect("an object").extend(more.as_object().cloned().expect("an object"));
        self.say(peer, json!({"op": 2, "d": d}));
        let session = text(&self.told(peer, "READY")["session_id"]);
        self.secrets.push(session.clone());
        session
    }

    /// A request for the API; its answer.
    fn ask(&mut self, method: &str, target: &str, authorization: Option<&str>, body: &str) -> Value {
        let content_type = Some("application/json");
        let body = body.as_bytes();
        let request = HttpRequest { method, target, content_type, origin: None, authorization, body };
        self.studio.tell(Input::Site(request));
        self.studio.seen.responses.last().expect("an answer").clone()
    }

    fn fault(&mut self, args: Value) {
        self.studio.host("GATEWAY_FAULT", args);
    }

    fn gone(&mut self, peer: u32, code: Option<u16>) {
        self.studio.tell(Input::Gone { peer, code });
    }

    /// The API, in the bot's name and in others', and what it refuses.
    fn asks(&mut self) {
        let bot = format!("Bot {BOT}");
        let messages = format!("/api/v10/channels/{}/messages", self.quay);
        assert_eq!(self.ask("GET", "/api/v10/gateway", None, "")["url"], "ws://127.0.0.1:1");
        assert_eq!(self.ask("GET", "/api/v10/gateway/bot", Some(&bot), "")["session_start_limit"]["remaining"], 997);
        assert_eq!(self.ask("POST", &messages, Some(&bot), r#"{"content":"from the API"}"#)["content"], "from the API");
        assert_eq!(self.told(1, "MESSAGE_CREATE")["content"], "from the API");
        let login = self.login.clone();
        assert_eq!(self.ask("GET", "/api/v9/users/@me", Some(&login), "")["username"], "ada");
        let channels = format!("/api/v10/guilds/{}/channels", self.guild);
        let refused = self.ask("POST", &channels, Some(&bot), r#"{"name":7}"#);
        assert!(refused["code"].is_number(), "{refused}");
        assert_eq!(
            self.ask("POST", "/api/v10/guilds", Some(&bot), "{}")["errors"]["name"]["_errors"][0]["code"],
            "BASE_TYPE_REQUIRED"
        );
        self.ask("GET", "/api/v10/users/@me", Some("Bot who-is-this-then"), "");
        self.ask("POST", &messages, Some(&bot), &format!(r#"{{"content":"{BOT}""#));
        self.fault(json!({"fault": "rate_limit", "retry_after_ms": 1500}));
        assert_eq!(self.ask("GET", "/api/v10/users/@me", Some(&bot), "")["retry_after"], 1.5);
    }

    /// dmod: a moderator, her session, and what goes wrong.
    fn moderates(&mut self, peer: u32) {
        let (ada, guild) = (self.ada.clone(), self.guild.clone());
        let user = self.studio.host("DMOD_USER", json!({"user_id": ada, "hash": HASH}));
        let token = text(&self.studio.host("DMOD_GUILD", json!({"guild_id": guild}))["token"]);
        let global = text(&self.studio.host("DMOD_GLOBAL", json!({}))["token"]);
        self.secrets.extend([text(&user["token"]), token.clone(), global]);
        self.studio.enter(peer, Way::Dmod);
        self.say(peer, json!({"op": 1, "d": {"token": user["token"], "uid": ada}}));
        self.say(peer, json!({"op": 6, "cmd": "CONNECT_GUILD", "d": {"token": token, "gid": guild}}));
        let session = json!({"uid": ada, "gid": guild, "utokh": user["token"], "uhash": HASH});
        self.say(peer, json!({"op": 7, "cmd": "APPLICATION_SESSION", "d": session}));
        assert_eq!(self.studio.last(peer)["d"]["data"]["success"], true, "{}", self.studio.last(peer));
        let mods = json!({"guild_id": guild, "name": "mods", "permissions": ["KICK_MEMBERS"]});
        let mods = self.studio.host("ROLE_CREATE", mods)["id"].clone();
        self.studio.host("MEMBER_EDIT", json!({"guild_id": guild, "user_id": ada, "roles": [mods]}));
        assert_eq!(self.studio.last(peer)["ev"], "APPLICATION_SESSION_REAUTH", "{}", self.studio.last(peer));
        self.studio.host("DMOD_FAULT", json!({"fault": "garbage"}));
        self.studio.host("DMOD_STATE", json!({}));
    }
}

/// A day in the sandbox: every door, every dialect's way in, and everything that a host can have go wrong.
fn a_day() -> (String, Vec<String>) {
    let mut town = Town::new();
    let session = town.identify(1, "v=10&encoding=json", json!({"token": format!("Bot {BOT}"), "intents": ALL}));
    town.identify(2, "v=6&encoding=json", json!({"compress": true, "shard": [0, 1]}));
    town.identify(3, "v=3", json!({"v": 3}));
    let login = town.login.clone();
    town.identify(4, "v=9&encoding=etf&compress=zstd-stream", json!({"token": login}));
    town.asks();
    town.moderates(5);

    // What happens at the RPC door is heard at the Gateway, and the other way round.
    town.studio.peer(6);
    let post = json!({"channel_id": town.quay, "user_id": town.ada, "content": "from the host"});
    town.studio.host("MESSAGE_POST", post);
    assert!((1..=4).all(|peer| town.told(peer, "MESSAGE_CREATE")["content"] == "from the host"));
    let voice = json!({"guild_id": town.guild, "channel_id": town.bridge, "self_mute": true, "self_deaf": false});
    town.say(1, json!({"op": 4, "d": voice}));
    assert_eq!(town.told(1, "VOICE_SERVER_UPDATE")["token"], session);
    town.say(1, json!({"op": 3, "d": {"status": "dnd", "since": null, "activities": [], "afk": false}}));
    town.say(1, json!({"op": 8, "d": {"guild_id": town.guild, "query": "", "limit": 0}}));
    town.say(1, json!({"op": 1, "d": 5}));
    town.studio.host("GATEWAY_DISPATCH", json!({"event": "ODD", "data": {"code": "a-code-of-somebodys", "n": 1}}));
    let state = town.studio.host("GATEWAY_STATE", json!({}));
    assert_eq!(state["sessions"].as_array().map(Vec::len), Some(4));

    // Faults, one after the other; and a session that is resumed after its connection was cut.
    for fault in [json!({"fault": "stall"}), json!({"fault": "none"}), json!({"fault": "refuse_ack"})] {
        town.fault(fault);
        town.say(1, json!({"op": 1, "d": null}));
    }
    town.fault(json!({"fault": "slow", "bytes_per_second": 10, "peer": 2}));
    town.fault(json!({"fault": "garbage", "peer": 3}));
    town.fault(json!({"fault": "truncate", "peer": 3}));
    town.fault(json!({"fault": "close", "code": 4000, "message": "go", "peer": 4}));
    town.fault(json!({"fault": "reconnect", "session_id": session}));
    town.fault(json!({"fault": "drop", "session_id": session}));
    assert!(town.studio.seen.faults.contains(&Fault::Slow(10)) && town.studio.seen.faults.contains(&Fault::Drop));
    for peer in [1, 3, 4] {
        town.gone(peer, None);
    }
    town.studio.host("MESSAGE_POST", json!({"channel_id": town.quay, "user_id": town.ada, "content": "missed"}));
    town.studio.enter(7, Way::Gateway("v=10&encoding=json"));
    town.say(7, json!({"op": 6, "d": {"token": BOT, "session_id": session, "seq": 3}}));
    assert_eq!(town.told(7, "MESSAGE_CREATE")["content"], "missed");
    assert!(town.told(7, "RESUMED").is_object());
    town.fault(json!({"fault": "invalid_session", "resumable": true, "peer": 7}));
    town.say(7, json!({"op": 6, "d": {"token": BOT, "session_id": "of-nobody-at-all", "seq": 3}}));

    // What cannot be read, what is not known, and who is not let in.
    town.say(7, json!({"op": 99}));
    town.studio.frame(2, &format!(r#"{{"op":2,"d":{{"token":"{BOT}"#));
    town.studio.enter(8, Way::Gateway("v=11&token=abcdefghijkl"));
    town.studio.enter(9, Way::Gateway("v=10"));
    town.say(9, json!({"op": 2, "d": {"token": "of-some-other-sandbox", "properties": {}, "intents": 0}}));
    town.studio.tell(Input::Frame { peer: 5, frame: Frame { opcode: Opcode::Frame, payload: b"\xff\xfe" } });
    town.fault(json!({"fault": "no_session"}));
    town.studio.enter(10, Way::Gateway("v=8"));
    town.say(10, json!({"op": 2, "d": {"token": BOT, "properties": {}, "intents": 0}}));
    for peer in [2, 5, 7, 8, 9] {
        town.gone(peer, Some(1000));
    }

    // Beats that do not come, sessions that nobody resumes; and another world.
    town.identify(11, "v=10", json!({"intents": ALL}));
    town.studio.enter(12, Way::Dmod);
    town.studio.pass(Duration::from_secs(400));
    assert_eq!(town.studio.host("GATEWAY_STATE", json!({}))["sessions"], json!([]));
    let saved = town.studio.host("SNAPSHOT_SAVE", json!({"secrets": true}))["snapshot"].clone();
    town.identify(13, "v=10", json!({"intents": ALL}));
    town.studio.host("SNAPSHOT_LOAD", json!({"snapshot": saved}));
    assert!(town.studio.seen.closed.contains(&(13, 1012)));
    town.identify(14, "v=10", json!({"intents": ALL}));
    (town.studio.finish(), town.secrets)
}

#[test]
fn all_doors_play_again_in_one_row() {
    let (recording, _) = a_day();
    let report = replay(recording.as_bytes()).expect("a recording");
    assert!(report.is_same(), "{report}");
    let [sandbox] = &report.connections[..] else { panic!("{report}") };
    assert_eq!((sandbox.kind.as_str(), sandbox.ended, report.cut), ("server", true, false));
    assert!(sandbox.timeouts >= 3 && sandbox.received > 20 && sandbox.sent > 60, "{report}");
    assert_eq!(String::from_utf8(accept(recording.as_bytes()).expect("a recording")).expect("text"), recording);
}

#[test]
fn no_secret_of_any_door_is_in_it() {
    let (recording, secrets) = a_day();
    assert!(secrets.len() > 10);
    let given =
        ["who-is-this-then", "of-nobody-at-all", "of-some-other-sandbox", "a-code-of-somebodys", "abcdefghijkl"];
    for secret in secrets.iter().map(String::as_str).chain(given) {
        let at = recording.find(secret);
        assert_eq!(at, None, "{secret}: {}", &recording[at.unwrap_or(0).saturating_sub(300)..]);
    }
}

/// The recording with this line changed, and the number of the line.
fn changed(recording: &str, holds: &str, from: &str, to: &str) -> (String, usize) {
    let at = recording.lines().position(|line| line.contains(holds) && line.contains(from));
    let at = at.unwrap_or_else(|| panic!("{holds} in {recording}"));
    let changed = recording.lines().enumerate().map(|(number, line)| match number == at {
        true => line.replacen(from, to, 1) + "\n",
        false => line.to_owned() + "\n",
    });
    (changed.collect(), at + 1)
}

#[test]
fn a_word_of_a_further_door_that_was_changed_is_a_difference() {
    let (recording, _) = a_day();
    for (holds, from, to) in [
        (r#""out":"send","peer":1,"#, "from the host", "from nowhere"),
        (r#""out":"send","peer":5,"#, "CONNECT_GUILD", "CONNECT_GILD"),
        (r#""out":"fault","peer":2,"#, r#""bytes_per_second":10"#, r#""bytes_per_second":11"#),
        (r#""out":"compress""#, r#""peer":2"#, r#""peer":3"#),
        (r#""out":"response","status":200"#, "from the API", "from the other API"),
        (r#""out":"response","status":429"#, "429", "428"),
        (r#""out":"event","kind":"dispatch","name":"GATEWAY_CLOSED""#, r#""peer":"#, r#""peer":1"#),
    ] {
        let (recording, number) = changed(&recording, holds, from, to);
        let report = replay(recording.as_bytes()).expect("a recording");
        let [difference] = &report.differences[..] else { panic!("{holds}: {report}") };
        assert_eq!(difference.line, number, "{report}");
    }
}

#[test]
fn what_a_further_door_is_told_decides_what_it_says() {
    let (recording, _) = a_day();
    for (holds, from, to) in [
        (r#""in":"connect","peer":1,"via":"gateway""#, "v=10", "v=7"),
        (r#""in":"site""#, "from the API", "from the other API"),
        (r#""in":"frame","peer":5"#, r#""op":1"#, r#""op":4"#),
        (r#""new":"server""#, r#""heartbeat":41250000000"#, r#""heartbeat":41000000000"#),
        (r#""new":"server""#, r#""dmod":{"heartbeat":30000000000"#, r#""dmod":{"heartbeat":20000000000"#),
    ] {
        let (recording, _) = changed(&recording, holds, from, to);
        assert!(!replay(recording.as_bytes()).expect("a recording").is_same(), "{holds}");
    }
}

#[test]
fn a_session_name_more_or_less_is_a_difference() {
    let mut town = Town::new();
    town.identify(1, "v=10", json!({"intents": ALL}));
    let recording = town.studio.finish();
    let mut lines: Vec<&str> = recording.lines().collect();
    let draw = lines.iter().rposition(|line| line.contains(r#""draw""#)).expect("a draw");
    let drawn = lines.remove(draw);
    let report = replay((lines.join("\n") + "\n").as_bytes()).expect("a recording");
    assert!(report.to_string().contains("draws a secret that it did not draw"), "{report}");
    lines.insert(draw, drawn);
    lines.insert(draw, drawn);
    let report = replay((lines.join("\n") + "\n").as_bytes()).expect("a recording");
    assert!(report.to_string().contains("does not draw"), "{report}");
}

#[test]
fn a_door_that_is_not_there_is_told_nothing() {
    let header = r#"{"recording":"gamebridge","version":1,"by":"t"}"#;
    let server = concat!(
        r#"{"c":1,"t":1,"new":"server","door":{"consent":"allow","limits":{},"cdn_host":"","api_endpoint":"","environment":""},"#,
        r#""world":{"unix_ms_at_zero":0,"local_user":{"username":"Guest","discriminator":"0"}}}"#
    );
    let lines = [
        r#"{"c":1,"t":1,"in":"connect","peer":1,"via":"gateway","query_text":"v=10"}"#,
        r#"{"c":1,"t":1,"in":"connect","peer":2,"via":"dmod"}"#,
        r#"{"c":1,"t":1,"in":"site","method":"GET","target":"/api/gateway"}"#,
        r#"{"c":1,"t":1,"in":"gone","peer":1,"code":1000}"#,
    ];
    let recording = format!("{header}\n{server}\n{}\n", lines.join("\n"));
    let report = replay(recording.as_bytes()).expect("a recording");
    assert!(report.is_same() && report.connections[0].steps == 4, "{report}");
}

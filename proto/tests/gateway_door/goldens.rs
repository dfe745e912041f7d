//! Everything that the door says, byte for byte, in every dialect: one fixed world, fixed ids, a clock that stands.
//!
//! The texts stand in `goldens/v*.txt`, own values, one payload a line under the scene that it belongs to. `GOLDENS=write` writes
//! them; read the difference before it is kept. A payload as ETF is compared with a writer of its own, below.

use std::collections::BTreeSet;
use std::time::Duration;

use gamebridge_proto::secret::Secret;
use gamebridge_proto::server::gateway::Limits;
use gamebridge_proto::value::{Document, Kind, Value as Node};
use gamebridge_proto::wire::etf;
use gamebridge_proto::wire::gateway::{Dialect, EVENTS, OPCODES, Opcode};
use gamebridge_proto::world::{
    Activity, ChannelKind, MemberEdit, NewChannel, NewMessage, NewRole, Operation, Overwrite, OverwriteOf, Permissions,
    Presence, RelationshipKind, Status,
};
use serde_json::{Value, json};

use super::events::happenings;
use super::house::{ALL, FERRY, House, identify, resume};

const LOGIN: &str = "the-token-of-a-user";

/// What was said, under its scenes.
#[derive(Default)]
struct Play(String);

impl Play {
    /// Adds what a peer was told since; a scene in which nothing is said says so.
    fn scene(&mut self, name: &str, house: &mut House, peer: u32) -> Vec<Value> {
        self.0 += &format!("# {name}\n");
        let texts = std::mem::take(&mut house.line(peer).texts);
        for text in &texts {
            self.0 += text;
            self.0.push('\n');
        }
        if texts.is_empty() {
            self.0 += "-\n";
        }
        assert_eq!(house.closed(peer), None, "{name}");
        house.said(peer)
    }
}

fn ready_of(said: &[Value]) -> Value {
    said.iter().find(|said| said["t"] == "READY").expect("READY")["d"].clone()
}

fn begin(house: &mut House, dialect: Dialect, more: Value) -> (u32, Value) {
    let peer = house.connect(&format!("v={}&encoding=json", dialect.version()));
    let mut greeting = identify(json!({"intents": if dialect.requires_intents() { json!(ALL) } else { Value::Null }}));
    for (name, value) in more.as_object().expect("members") {
        greeting["d"][name] = value.clone();
    }
    (peer, greeting)
}

/// Everything in the world that has a face: names, a role, rights, an activity, somebody in voice, a friend.
fn furnish(house: &mut House) {
    let (guild, user, channel) = (house.guild, house.ada, house.quay);
    let role = NewRole {
        name: "Crew".into(),
        color: 3_447_003,
        permissions: Permissions::VIEW_CHANNEL,
        hoist: true,
        mentionable: true,
    };
    house.apply(Operation::CreateRole { guild, role });
    let nick = Some(Some("Captain \"A\"".into()));
    house.apply(Operation::EditMember { guild, user, edit: MemberEdit { nick, ..MemberEdit::default() } });
    let of = OverwriteOf::Member(user);
    let overwrite = Overwrite { of, allow: Permissions::SEND_MESSAGES, deny: Permissions::NONE };
    house.apply(Operation::SetOverwrite { channel, overwrite });
    house.apply(Operation::SetRelationship { user, kind: RelationshipKind::Friend });
    let activity = Activity { details: Some("grüße".into()), start: Some(1_507_665_886_000), ..Activity::default() };
    let presence = Presence { status: Status::DoNotDisturb, activity: Some((FERRY.into(), Box::new(activity))) };
    house.apply(Operation::SetPresence { user, presence });
    house.apply(Operation::JoinVoice { user, channel: house.bridge });
    house.post("ahoy, ⚓ <everybody>");
}

/// A bot begins, beats, asks for everything, loses its connection and takes its session up again.
fn session(play: &mut Play, dialect: Dialect) {
    let limits = Limits { identify_every: Duration::ZERO, ..Limits::default() };
    let mut house = House::with(limits);
    furnish(&mut house);
    let (peer, greeting) = begin(&mut house, dialect, json!({}));
    play.scene("connected", &mut house, peer);
    house.say(peer, greeting);
    let ready = ready_of(&play.scene("IDENTIFY", &mut house, peer));
    house.say(peer, json!({"op": 1, "d": 2}));
    play.scene("HEARTBEAT", &mut house, peer);
    let guild = house.guild.to_string();
    let bridge = house.bridge.to_string();
    let ids = [house.ada.to_string(), "7".into()];
    for (name, op, d) in [
        ("PRESENCE_UPDATE", 3, json!({"status": "idle", "since": null, "afk": false, "activities": [], "game": null})),
        (
            "VOICE_STATE_UPDATE",
            4,
            json!({"guild_id": guild, "channel_id": bridge, "self_mute": true, "self_deaf": false}),
        ),
        ("VOICE_STATE_UPDATE away", 4, json!({"guild_id": guild, "channel_id": null})),
        (
            "REQUEST_GUILD_MEMBERS",
            8,
            json!({"guild_id": guild, "query": "", "limit": 0, "presences": true, "nonce": "own"}),
        ),
        ("REQUEST_GUILD_MEMBERS too soon", 8, json!({"guild_id": guild, "query": "", "limit": 0, "nonce": "own"})),
        ("REQUEST_GUILD_MEMBERS of ids", 8, json!({"guild_id": guild, "user_ids": ids})),
        ("REQUEST_FORUM_UNREADS", 28, json!({"guild_id": guild, "channel_id": "7", "threads": [{"thread_id": "8"}]})),
        ("REQUEST_SOUNDBOARD_SOUNDS", 31, json!({"guild_ids": [guild]})),
        ("REQUEST_LAST_MESSAGES", 34, json!({"guild_id": guild, "channel_ids": [house.quay.to_string()]})),
        ("SEARCH_RECENT_MEMBERS", 35, json!({"guild_id": guild, "query": "ad"})),
        ("REQUEST_CHANNEL_INFO", 43, json!({"guild_id": guild, "fields": ["status", "voice_start_time"]})),
    ] {
        house.say(peer, json!({"op": op, "d": d}));
        play.scene(name, &mut house, peer);
    }
    house.apply(Operation::CreateChannel(NewChannel::private(ChannelKind::Dm, vec![house.bot])));
    let dm = house.world.dm_with(house.bot).expect("it was made").id;
    let local = house.world.local_user().id;
    house.apply(Operation::PostMessage(NewMessage::text(dm, local, "psst")));
    house.apply(Operation::StartTyping { channel: dm, user: local });
    let heard = play.scene("a private channel", &mut house, peer);
    for (name, fault) in [
        ("told to connect anew", json!({"fault": "reconnect"})),
        ("refused for now", json!({"fault": "invalid_session", "resumable": true})),
    ] {
        house.host("GATEWAY_FAULT", fault).expect("it goes wrong");
        play.scene(name, &mut house, peer);
    }
    let seq = heard.last().expect("it was told")["s"].as_u64().expect("a number");
    house.gone(peer, Some(4000));
    house.post("meanwhile");
    let again = house.connect(&format!("v={}", dialect.version()));
    house.line(again).texts.clear();
    house.say(again, resume(&ready, seq));
    play.scene("RESUME", &mut house, again);
    house.host("GATEWAY_FAULT", json!({"fault": "invalid_session", "resumable": false})).expect("it goes wrong");
    play.scene("refused", &mut house, again);
    let late = house.connect(&format!("v={}", dialect.version()));
    house.line(late).texts.clear();
    house.say(late, resume(&ready, 1));
    play.scene("RESUME of a session that is gone", &mut house, late);
}

/// What happens in the world, one thing after the other.
fn world(play: &mut Play, dialect: Dialect) {
    let mut house = House::default();
    let happenings = happenings(&mut house);
    let (peer, greeting) = begin(&mut house, dialect, json!({}));
    house.say(peer, greeting);
    house.line(peer).texts.clear();
    for (name, operation) in happenings {
        house.apply(operation);
        play.scene(&format!("the world: {name}"), &mut house, peer);
    }
}

/// A user who logs in.
fn login(play: &mut Play, dialect: Dialect) {
    let mut house = House::default();
    furnish(&mut house);
    let user = house.world.local_user().id;
    house.apply(Operation::CreateLogin { user, token: Some(Secret::new(LOGIN)) });
    let (peer, greeting) = begin(&mut house, dialect, json!({"token": LOGIN, "intents": null}));
    house.line(peer).texts.clear();
    house.say(peer, greeting);
    play.scene("IDENTIFY of a user", &mut house, peer);
}

fn play(dialect: Dialect) -> String {
    let mut play = Play::default();
    session(&mut play, dialect);
    world(&mut play, dialect);
    login(&mut play, dialect);
    play.0
}

fn path(dialect: Dialect) -> String {
    format!("{}/tests/gateway_door/goldens/v{}.txt", env!("CARGO_MANIFEST_DIR"), dialect.version())
}

fn golden(dialect: Dialect) -> String {
    std::fs::read_to_string(path(dialect)).expect("the goldens")
}

fn payloads(golden: &str) -> impl Iterator<Item = &str> {
    golden.lines().filter(|line| line.starts_with('{'))
}

#[test]
fn all_that_the_door_says_is_as_it_was() {
    for dialect in Dialect::ALL {
        let play = play(dialect);
        if std::env::var_os("GOLDENS").is_some_and(|word| word == "write") {
            std::fs::write(path(dialect), &play).expect("it can be written");
        }
        let golden = golden(dialect);
        let mut scene = "";
        for (golden, play) in golden.lines().zip(play.lines()) {
            if let Some(name) = golden.strip_prefix("# ") {
                scene = name;
            }
            assert_eq!(play, golden, "{dialect:?}, {scene}");
        }
        assert_eq!(play.lines().count(), golden.lines().count(), "{dialect:?}");
    }
}

#[test]
fn no_payload_has_a_member_twice() {
    fn check(node: Node<'_>, payload: &str) {
        let mut keys = BTreeSet::new();
        for member in node.iter() {
            if let Some(key) = member.key() {
                assert!(keys.insert(key.to_owned()), "{key} stands twice: {payload}");
            }
            check(member, payload);
        }
    }
    let mut doc = Document::new();
    for dialect in Dialect::ALL {
        for payload in payloads(&golden(dialect)) {
            doc.parse(payload.as_bytes()).expect("JSON");
            check(doc.root(), payload);
        }
    }
}

/// A term as erlpack writes it: binaries, the smallest integers, small atoms, lists and maps.
fn term(node: Node<'_>, out: &mut Vec<u8>) {
    let binary = |text: &str, out: &mut Vec<u8>| {
        out.push(109);
        out.extend((text.len() as u32).to_be_bytes());
        out.extend(text.bytes());
    };
    let atom = |text: &str, out: &mut Vec<u8>| {
        out.extend([115, text.len() as u8]);
        out.extend(text.bytes());
    };
    match node.kind() {
        Kind::Missing | Kind::Key | Kind::Lazy => panic!("no value"),
        Kind::Null => atom("nil", out),
        Kind::Bool => atom(if node.as_bool() == Some(true) { "true" } else { "false" }, out),
        Kind::Int => match node.as_i64().expect("an integer") {
            small @ 0..=255 => out.extend([97, small as u8]),
            number => match i32::try_from(number) {
                Ok(number) => {
                    out.push(98);
                    out.extend(number.to_be_bytes());
                }
                Err(_) => {
                    let bytes = number.unsigned_abs().to_le_bytes();
                    let length = 8 - number.unsigned_abs().leading_zeros() as usize / 8;
                    out.extend([110, length as u8, u8::from(number < 0)]);
                    out.extend(&bytes[..length]);
                }
            },
        },
        Kind::Num => {
            out.push(70);
            out.extend(node.as_f64().expect("a number").to_be_bytes());
        }
        Kind::Str => binary(node.as_str().expect("a string"), out),
        Kind::Array if node.is_empty() => out.push(106),
        Kind::Array => {
            out.push(108);
            out.extend((node.len() as u32).to_be_bytes());
            node.iter().for_each(|element| term(element, out));
            out.push(106);
        }
        Kind::Object => {
            out.push(116);
            out.extend((node.len() as u32).to_be_bytes());
            for member in node.iter() {
                binary(member.key().expect("a member"), out);
                term(member, out);
            }
        }
    }
}

#[test]
fn all_that_the_door_says_can_be_said_as_etf_and_comes_back_the_same() {
    let (mut doc, mut scratch) = (Document::new(), Document::new());
    for dialect in Dialect::ALL {
        for payload in payloads(&golden(dialect)) {
            doc.parse(payload.as_bytes()).expect("JSON");
            let (mut expected, mut written, mut back) = (vec![131], Vec::new(), Vec::new());
            term(doc.root(), &mut expected);
            etf::from_json(payload.as_bytes(), &mut scratch, &mut written).expect("it can be said");
            assert_eq!(written, expected, "{payload}");
            etf::to_json(&written, &mut back).expect("it can be read");
            assert_eq!(String::from_utf8(back).expect("text"), payload);
        }
    }
}

/// The door's own source: what it says is named there.
fn source() -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/server/gateway");
    let files = std::fs::read_dir(folder).expect("the door's files").map(|file| file.expect("a file").path());
    files.map(|path| std::fs::read_to_string(path).expect("text")).collect()
}

#[test]
fn nothing_that_the_door_can_say_is_without_its_golden() {
    let source = source();
    for dialect in Dialect::ALL {
        let golden = golden(dialect);
        let said: Vec<Value> = payloads(&golden).map(|payload| serde_json::from_str(payload).expect("JSON")).collect();
        let names: BTreeSet<&str> = said.iter().filter_map(|said| said["t"].as_str()).collect();
        for row in EVENTS.iter() {
            let quoted = format!("\"{}\"", row.name);
            let is_said = source.contains(&quoted);
            assert_eq!(names.contains(row.name), is_said, "{dialect:?}: {}", row.name);
        }
        for name in names {
            assert!(EVENTS.iter().any(|row| row.name == name), "{dialect:?}: {name} is of no row of the vocabulary");
        }
        for row in OPCODES.iter().filter(|row| SERVERS.contains(&row.opcode)) {
            let code = row.opcode as u32;
            // Version 3 has no HELLO and no ACK.
            let has = dialect.greets() || !matches!(row.opcode, Opcode::Hello | Opcode::HeartbeatAck);
            assert_eq!(said.iter().any(|said| said["op"] == code), has, "{dialect:?}: {}", row.name);
        }
    }
}

/// What the door sends. It has no use for op 1, the wish for a beat: the host has GATEWAY_FAULT to find out who is alive.
const SERVERS: [Opcode; 5] =
    [Opcode::Dispatch, Opcode::Reconnect, Opcode::InvalidSession, Opcode::Hello, Opcode::HeartbeatAck];

//! Rich Presence: the typed activity, joining, and what a bad Discord does to it.

use std::ffi::CString;
use std::mem::offset_of;
use std::ptr;

use gamebridge::ffi::*;
use serde_json::{Value, json};

use crate::harness::{FakeDiscord, Folder, Game, Peer, c, frame, last_error};

const NO_TEXT: *const std::ffi::c_char = ptr::null();

/// `GB_ACTIVITY_INIT`.
const NOTHING: gb_activity = gb_activity {
    size: size_of::<gb_activity>() as u32,
    r#type: 0,
    status_display_type: 0,
    instance: 0,
    name: NO_TEXT,
    state: NO_TEXT,
    state_url: NO_TEXT,
    details: NO_TEXT,
    details_url: NO_TEXT,
    start: 0,
    end: 0,
    large_image: NO_TEXT,
    large_text: NO_TEXT,
    large_url: NO_TEXT,
    small_image: NO_TEXT,
    small_text: NO_TEXT,
    small_url: NO_TEXT,
    invite_cover_image: NO_TEXT,
    party_id: NO_TEXT,
    party_size: 0,
    party_max: 0,
    party_privacy: 0,
    supported_platforms: 0,
    join_secret: NO_TEXT,
    spectate_secret: NO_TEXT,
    match_secret: NO_TEXT,
    button1_label: NO_TEXT,
    button1_url: NO_TEXT,
    button2_label: NO_TEXT,
    button2_url: NO_TEXT,
};

/// Shows it; replies are counted by the caller.
fn set(game: &Game, conn: gb_conn, activity: &gb_activity, tag: u64) -> gb_status {
    // SAFETY: all live.
    unsafe { gb_set_activity(game.raw(), conn, activity, tag) }
}

fn clear(game: &Game, conn: gb_conn, tag: u64) -> gb_status {
    // SAFETY: live.
    unsafe { gb_clear_activity(game.raw(), conn, tag) }
}

fn shown(peer: &mut Peer) -> Value {
    let asked = peer.asked();
    assert_eq!(asked.cmd, "SET_ACTIVITY");
    assert_eq!(asked.args["pid"], std::process::id());
    peer.reply(&asked, &Value::Null);
    asked.args["activity"].clone()
}

#[test]
fn every_field_of_the_struct_has_its_place() {
    let (discord, game) = (FakeDiscord::new(), Game::new());
    let (conn, mut peer) = discord.connect(&game, &json!({}));
    let texts: Vec<CString> = (0..21).map(|number| c(&format!("text {number}"))).collect();
    let text = |number: usize| texts[number].as_ptr();
    let activity = gb_activity {
        r#type: GB_ACTIVITY_COMPETING,
        status_display_type: GB_STATUS_DISPLAY_DETAILS,
        instance: 1,
        name: text(0),
        state: text(1),
        state_url: text(2),
        details: text(3),
        details_url: text(4),
        start: 1_700_000_000,
        end: 1_800_000_000,
        large_image: text(5),
        large_text: text(6),
        large_url: text(7),
        small_image: text(8),
        small_text: text(9),
        small_url: text(10),
        invite_cover_image: text(11),
        party_id: text(12),
        party_size: 2,
        party_max: 5,
        party_privacy: GB_PARTY_PUBLIC,
        supported_platforms: GB_PLATFORM_DESKTOP | GB_PLATFORM_PS5,
        join_secret: text(13),
        spectate_secret: text(14),
        match_secret: text(15),
        button1_label: text(16),
        button1_url: text(17),
        button2_label: text(18),
        button2_url: text(19),
        ..NOTHING
    };
    assert_eq!(set(&game, conn, &activity, 0), GB_OK, "{}", last_error());
    let button = |label, url| json!({"label": format!("text {label}"), "url": format!("text {url}")});
    assert_eq!(
        shown(&mut peer),
        json!({
            "type": 5, "status_display_type": 2, "instance": true, "name": "text 0", "state": "text 1",
            "state_url": "text 2", "details": "text 3", "details_url": "text 4",
            "timestamps": {"start": 1_700_000_000, "end": 1_800_000_000},
            "assets": {
                "large_image": "text 5", "large_text": "text 6", "large_url": "text 7",
                "small_image": "text 8", "small_text": "text 9", "small_url": "text 10",
                "invite_cover_image": "text 11",
            },
            "party": {"id": "text 12", "size": [2, 5], "privacy": 1},
            "secrets": {"join": "text 13", "spectate": "text 14", "match": "text 15"},
            "buttons": [button(16, 17), button(18, 19)],
            "supported_platforms": ["desktop", "ps5"],
        })
    );
    assert_eq!(clear(&game, conn, 0), GB_OK);
    assert_eq!(shown(&mut peer), Value::Null);
    assert_eq!(set(&game, conn, &gb_activity { state: c("").as_ptr(), ..NOTHING }, 0), GB_OK);
    assert_eq!(shown(&mut peer), json!({}), "an empty text is none");
}

/// An activity with this text somewhere.
type WithText = fn(*const std::ffi::c_char) -> gb_activity;

#[test]
fn a_wrong_field_is_named_and_nothing_is_sent() {
    let (discord, game) = (FakeDiscord::new(), Game::new());
    let (conn, mut peer) = discord.connect(&game, &json!({}));
    let (short, long, secret) = (c("x"), c(&"☃".repeat(129)), c(&"z".repeat(256)));
    let (broken, cut) = (CString::new(*b"ab\xff").unwrap(), CString::new(*b"snow \xe2\x98").unwrap());
    let texts: [(&str, WithText); 6] = [
        ("state", |text| gb_activity { state: text, ..NOTHING }),
        ("details", |text| gb_activity { details: text, ..NOTHING }),
        ("large_text", |text| gb_activity { large_text: text, ..NOTHING }),
        ("join_secret", |text| gb_activity { join_secret: text, ..NOTHING }),
        ("party_id", |text| gb_activity { party_id: text, ..NOTHING }),
        ("button2_label", |text| gb_activity { button2_label: text, ..NOTHING }),
    ];
    let mut wrong = vec![
        ("state", gb_activity { state: short.as_ptr(), ..NOTHING }),
        ("match_secret", gb_activity { match_secret: secret.as_ptr(), ..NOTHING }),
        ("spectate_secret", gb_activity { spectate_secret: secret.as_ptr(), ..NOTHING }),
        ("type", gb_activity { r#type: 1, ..NOTHING }),
        ("instance", gb_activity { instance: 2, ..NOTHING }),
        ("party_size", gb_activity { party_size: -1, ..NOTHING }),
        ("party_privacy", gb_activity { party_privacy: u32::MAX, ..NOTHING }),
        ("supported_platforms", gb_activity { supported_platforms: u32::MAX, ..NOTHING }),
        ("start", gb_activity { start: i64::MIN, ..NOTHING }),
    ];
    for (field, with) in texts {
        wrong.extend([&long, &secret, &broken, &cut].map(|text| (field, with(text.as_ptr()))));
    }
    for (field, activity) in wrong {
        assert_eq!(set(&game, conn, &activity, 7), GB_ERR_ARGUMENT, "{field}");
        let sentence = last_error();
        assert!(sentence.starts_with(&format!("activity.{field}: ")), "{field}: {sentence}");
        assert!(!sentence.contains("zzz"), "{sentence}");
    }
    // SAFETY: NULL is what is shown here.
    unsafe {
        assert_eq!(gb_set_activity(game.raw(), conn, ptr::null(), 7), GB_ERR_ARGUMENT);
        assert_eq!(gb_set_activity(ptr::null_mut(), conn, &NOTHING, 7), GB_ERR_ARGUMENT);
        assert_eq!(gb_clear_activity(ptr::null_mut(), conn, 7), GB_ERR_ARGUMENT);
        assert_eq!(gb_reply_join(ptr::null_mut(), conn, 1, true, 7), GB_ERR_ARGUMENT);
        assert_eq!(gb_reply_join(game.raw(), conn, 0, true, 7), GB_ERR_ARGUMENT);
    }
    peer.settle();
    assert!(game.drain().is_empty(), "nothing was sent, and nothing is replied");
}

/// A struct of a later version.
#[repr(C)]
struct Later {
    activity: gb_activity,
    tail: [u8; 32],
}

#[test]
fn an_activity_is_read_by_its_size() {
    let (discord, game) = (FakeDiscord::new(), Game::new());
    let (conn, mut peer) = discord.connect(&game, &json!({}));
    let (state, details) = (c("In a match"), c("Capture"));
    // Of a time when there was nothing behind `state`.
    let size = offset_of!(gb_activity, state_url) as u32;
    let older = gb_activity { size, state: state.as_ptr(), details: details.as_ptr(), start: -5, ..NOTHING };
    assert_eq!(set(&game, conn, &older, 0), GB_OK, "{}", last_error());
    assert_eq!(shown(&mut peer), json!({"state": "In a match"}));
    let mut later = Later { activity: gb_activity { size: size_of::<Later>() as u32, ..older }, tail: [0; 32] };
    later.activity.start = 0;
    let call = |later: &Later| {
        // SAFETY: as many bytes as the size says.
        unsafe { gb_set_activity(game.raw(), conn, ptr::from_ref(later).cast(), 0) }
    };
    assert_eq!(call(&later), GB_OK, "{}", last_error());
    assert_eq!(shown(&mut peer)["details"], "Capture");
    later.tail[31] = 1;
    assert_eq!(call(&later), GB_ERR_UNSUPPORTED);
    for size in [0, 3, 5, u32::MAX] {
        assert_eq!(set(&game, conn, &gb_activity { size, ..NOTHING }, 0), GB_ERR_ARGUMENT);
        assert!(last_error().starts_with("activity.size: "), "{}", last_error());
    }
    peer.settle();
}

#[test]
fn only_a_connection_of_rpc_shows_an_activity() {
    let game = Game::new();
    let gateway = game.connect("gateway", &json!({"token": "x", "intents": 0, "url": "ws://127.0.0.1:9"}));
    let folder = Folder::new();
    let server = game.serve(&json!({"transport": "ipc", "folder": folder.text(), "account": "guest"}));
    for conn in [gateway, server] {
        assert_eq!(set(&game, conn, &NOTHING, 1), GB_ERR_STATE);
        assert!(last_error().starts_with("conn: "), "{}", last_error());
        assert_eq!(clear(&game, conn, 1), GB_ERR_STATE);
        // SAFETY: live.
        assert_eq!(unsafe { gb_reply_join(game.raw(), conn, 5, true, 1) }, GB_ERR_STATE);
    }
}

/// A server of our own, and a game that is connected to it.
struct Table {
    game: Game,
    server: gb_conn,
    folder: Folder,
}

const APPLICATION: &str = "192741864418312192";

impl Table {
    fn new() -> Table {
        let (game, folder) = (Game::new(), Folder::new());
        game.stop_counting();
        let params = json!({"transport": "ipc", "folder": folder.text(), "account": "guest", "join_requests": "peers"});
        let server = game.serve(&params);
        game.connected(server);
        Table { game, server, folder }
    }

    fn sit(&self) -> gb_conn {
        let conn = self.game.connect("rpc", &json!({"client_id": APPLICATION, "path": self.folder.socket()}));
        self.game.connected(conn);
        conn
    }

    fn host(&self, command: &str, args: &Value) -> Value {
        assert_eq!(self.game.send(self.server, command, &args.to_string(), 900), GB_OK, "{}", last_error());
        let reply = self.game.reply(self.server, 900);
        assert_eq!(reply.status, GB_OK, "{}", reply.message);
        reply.data()
    }

    fn subscribe(&self, conn: gb_conn, event: &str) {
        assert_eq!(self.game.send(conn, "SUBSCRIBE", &json!({ "evt": event }).to_string(), 901), GB_OK);
        assert_eq!(self.game.reply(conn, 901).status, GB_OK);
    }
}

#[test]
fn a_player_who_asks_to_join_is_let_in_or_turned_down() {
    let table = Table::new();
    let conn = table.sit();
    table.subscribe(conn, "ACTIVITY_JOIN_REQUEST");
    let secret = c("come in");
    let activity = gb_activity { join_secret: secret.as_ptr(), ..NOTHING };
    assert_eq!(set(&table.game, conn, &activity, 1), GB_OK);
    assert_eq!(table.game.reply(conn, 1).status, GB_OK);
    let friend = table.host("USER_CREATE", &json!({"username": "Friend"}))["id"].clone();
    for accept in [true, false] {
        table.host("ACTIVITY_JOIN_REQUEST", &json!({"user_id": friend, "application_id": APPLICATION}));
        let asked = table.game.dispatch(conn, "ACTIVITY_JOIN_REQUEST").data();
        let user = asked["user"]["id"].as_str().unwrap().parse().unwrap();
        // SAFETY: live.
        assert_eq!(unsafe { gb_reply_join(table.game.raw(), conn, user, accept, 2) }, GB_OK, "{}", last_error());
        assert_eq!(table.game.reply(conn, 2).status, GB_OK);
        let answered = table.game.dispatch(table.server, "JOIN_REQUEST_ANSWERED").data();
        assert_eq!(answered["accepted"], accept);
        assert_eq!(answered["secret"], if accept { json!("come in") } else { Value::Null });
    }
    // SAFETY: live.
    assert_eq!(unsafe { gb_reply_join(table.game.raw(), conn, 5, true, 3) }, GB_OK);
    assert_eq!(table.game.reply(conn, 3).status, GB_ERR_REMOTE, "nobody of that id asked");
}

#[test]
fn a_game_that_was_not_running_is_handed_the_secret_when_it_subscribes() {
    let table = Table::new();
    for event in ["ACTIVITY_JOIN", "ACTIVITY_SPECTATE"] {
        table.host(event, &json!({"secret": "come in", "application_id": APPLICATION}));
    }
    let conn = table.sit();
    for event in ["ACTIVITY_JOIN", "ACTIVITY_SPECTATE"] {
        table.subscribe(conn, event);
        assert_eq!(table.game.dispatch(conn, event).data()["secret"], "come in");
    }
    let later = table.sit();
    table.subscribe(later, "ACTIVITY_JOIN");
    table.host("ACTIVITY_JOIN", &json!({"secret": "again", "application_id": APPLICATION}));
    let next = table.game.dispatch(later, "ACTIVITY_JOIN").data();
    assert_eq!(next["secret"], "again", "the first was handed over once");
}

#[test]
fn who_asked_to_be_notified_is_told_when_the_match_changes() {
    let table = Table::new();
    let conn = table.sit();
    let (one, two) = (c("one"), c("two"));
    let playing = |secret: &CString| gb_activity { instance: 1, match_secret: secret.as_ptr(), ..NOTHING };
    assert_eq!(set(&table.game, conn, &playing(&one), 0), GB_OK);
    table.game.dispatch(table.server, "ACTIVITY_UPDATE");
    assert_eq!(set(&table.game, conn, &playing(&two), 0), GB_OK);
    let told = table.game.dispatch(table.server, "ACTIVITY_MATCH_ENDED").data();
    assert_eq!(told["application_id"], APPLICATION);
    assert_eq!(clear(&table.game, conn, 0), GB_OK);
    table.game.dispatch(table.server, "ACTIVITY_MATCH_ENDED");
    let more = |seen: &crate::harness::Seen| seen.name == "ACTIVITY_MATCH_ENDED";
    assert_eq!(table.host("STATE", &json!({}))["peers"].as_array().map(Vec::len), Some(1));
    assert!(!table.game.drain().iter().any(more), "once for each match");
}

/// What a Discord does to the connection, after it was sent the activity.
type Misdeed = fn(Peer);

#[test]
fn whatever_a_discord_does_the_next_one_is_shown_the_activity() {
    let misdeeds: [(&str, Misdeed); 6] = [
        ("is gone", drop),
        ("dies within the head of a frame", |mut peer| peer.stream.write_all(&[1, 0, 0]).unwrap()),
        ("dies within a frame", |mut peer| {
            let whole = frame(1, br#"{"cmd":"SET_ACTIVITY","evt":null,"data":null,"nonce":"1"}"#);
            peer.stream.write_all(&whole[..20]).unwrap();
        }),
        ("lies about a length", |mut peer| peer.stream.write_all(&[1, 0, 0, 0, 255, 255, 255, 255]).unwrap()),
        ("answers what it was not asked, then no JSON", |mut peer| {
            peer.write(1, r#"{"cmd":"SET_ACTIVITY","evt":null,"data":null,"nonce":"nobody's"}"#);
            peer.write(1, "{");
        }),
        ("closes without a word of why", |peer| peer.close(1000, "")),
    ];
    use std::io::Write;
    for (what, misdeed) in misdeeds {
        let (discord, game) = (FakeDiscord::new(), Game::new());
        game.stop_counting();
        let (conn, mut peer) = discord.connect(&game, &json!({}));
        let state = c("In a match");
        assert_eq!(set(&game, conn, &gb_activity { state: state.as_ptr(), ..NOTHING }, 1), GB_OK);
        assert_eq!(peer.asked().args["activity"]["state"], "In a match");
        misdeed(peer);
        game.reconnecting(conn);
        let reply = game.reply(conn, 1);
        assert_eq!((reply.status, reply.flags), (GB_ERR_CLOSED, GB_FLAG_UNCERTAIN), "{what}");
        let mut next = discord.welcome();
        game.connected(conn);
        assert_eq!(shown(&mut next), json!({"state": "In a match"}), "{what}");
    }
}

#[test]
fn answers_out_of_order_or_never_hold_no_activity_up() {
    let (discord, game) = (FakeDiscord::new(), Game::new());
    game.stop_counting();
    let (conn, mut peer) = discord.connect(&game, &json!({}));
    let states = ["one", "two", "three"].map(c);
    for (at, state) in states.iter().enumerate() {
        assert_eq!(set(&game, conn, &gb_activity { state: state.as_ptr(), ..NOTHING }, at as u64 + 1), GB_OK);
    }
    let asked = [(); 3].map(|()| peer.asked());
    assert_eq!(asked.each_ref().map(|asked| asked.args["activity"]["state"].clone()), ["one", "two", "three"]);
    // The first is never answered.
    peer.reply(&asked[2], &Value::Null);
    peer.refuse(&asked[1], 4000, "no");
    assert_eq!(game.reply(conn, 3).status, GB_OK);
    assert_eq!(game.reply(conn, 2).status, GB_ERR_REMOTE);
    assert_eq!(clear(&game, conn, 4), GB_OK);
    assert_eq!(shown(&mut peer), Value::Null);
    assert_eq!(game.reply(conn, 4).status, GB_OK);
}

#[test]
fn every_close_code_leaves_the_activity_replied() {
    for code in [0, 1, 1000, 1001, 1006, 1012, 4000, 4001, 4002, 4003, 4004, 4005, 4999, -1, i32::MAX] {
        let (discord, game) = (FakeDiscord::new(), Game::new());
        let conn = game.connect("rpc", &discord.params(&json!({})));
        game.stop_counting();
        let mut peer = discord.welcome();
        game.connected(conn);
        assert_eq!(set(&game, conn, &NOTHING, 1), GB_OK);
        peer.asked();
        peer.close(code, "because");
        let reply = game.reply(conn, 1);
        assert_eq!((reply.status, reply.flags), (GB_ERR_CLOSED, GB_FLAG_UNCERTAIN), "{code}");
        let next = game.until("the end, or another try", |seen| {
            seen.is(GB_EVENT_RECONNECTING, conn) || seen.is(GB_EVENT_DISCONNECTED, conn)
        });
        let fatal = matches!(code, 4000 | 4001 | 4003 | 4004 | 4005);
        assert_eq!(next.kind == GB_EVENT_DISCONNECTED, fatal, "{code}: {next:?}");
        assert_eq!(set(&game, conn, &NOTHING, 2), if fatal { GB_ERR_CLOSED } else { GB_OK }, "{code}");
    }
}

#[test]
fn a_launch_that_names_no_application_is_refused() {
    let launch = |application: &std::ffi::CStr| gb_launch {
        size: size_of::<gb_launch>() as u32,
        application_id: application.as_ptr(),
        name: NO_TEXT,
        command: NO_TEXT,
        steam_id: NO_TEXT,
    };
    for wrong in [c"", c"game", c"../1", c"1/2", c"1 2", c"0", c"99999999999999999999", c"1\xff"] {
        // SAFETY: all live; nothing is written for what is refused.
        unsafe {
            assert_eq!(gb_register_launch(&launch(wrong)), GB_ERR_ARGUMENT);
            assert!(last_error().starts_with("application_id: "), "{}", last_error());
            assert_eq!(gb_unregister_launch(wrong.as_ptr()), GB_ERR_ARGUMENT);
            assert!(last_error().starts_with("application_id: "), "{}", last_error());
        }
    }
    let both = gb_launch { command: c"game".as_ptr(), steam_id: c"440".as_ptr(), ..launch(c"1") };
    // SAFETY: all live.
    unsafe {
        assert_eq!(gb_register_launch(&both), GB_ERR_ARGUMENT);
        assert!(last_error().starts_with("command: "), "{}", last_error());
        assert_eq!(gb_register_launch(ptr::null()), GB_ERR_ARGUMENT);
        assert_eq!(gb_unregister_launch(ptr::null()), GB_ERR_ARGUMENT);
    }
}

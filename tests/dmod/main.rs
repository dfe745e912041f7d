//! The dmod gateway over real sockets: `gb_connect` "dmod" against the door of `gb_serve` "sandbox", and against a server that the
//! test plays itself. What goes on between the two machines is tried, closer and without sockets, in `proto/tests/dmod`.
#![cfg(feature = "gateway")]

#[allow(dead_code, reason = "other tests need more of it")]
#[path = "../program/mod.rs"]
mod program;

use std::net::{TcpListener, TcpStream};

use gamebridge::client::{Options, Request};
use gamebridge::proto::error::Status;
use gamebridge::proto::event::{EventType, Flags};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{self, Message, WebSocket};

use crate::program::{PATIENCE, Program, Seen};

/// A sandbox with a guild and its moderator.
struct Sandbox {
    program: Program,
    conn: u32,
    url: String,
    ada: String,
    harbour: String,
    pilots: String,
    /// DMOD_USER's reply, and DMOD_GUILD's.
    user: Value,
    guild: Value,
}

impl Sandbox {
    fn new() -> Sandbox {
        let program = Program::new(Options::default());
        let (conn, at) = program.serve("sandbox", json!({}));
        let url = at["dmod"].as_str().expect("an address").to_owned();
        let id = |reply: Seen| {
            assert_eq!(reply.status, Status::Ok, "{reply:?}");
            reply.data["id"].as_str().expect("an id").to_owned()
        };
        let ada = id(program.ask(conn, "USER_CREATE", json!({"username": "ada"})));
        let harbour = id(program.ask(conn, "GUILD_CREATE", json!({"name": "Harbour", "members": [ada]})));
        let pilots = json!({"guild_id": harbour, "name": "pilots", "permissions": ["KICK_MEMBERS"]});
        let pilots = id(program.ask(conn, "ROLE_CREATE", pilots));
        let given = json!({"guild_id": harbour, "user_id": ada, "roles": [pilots]});
        assert_eq!(program.ask(conn, "MEMBER_EDIT", given).status, Status::Ok);
        let user = program.ask(conn, "DMOD_USER", json!({"user_id": ada})).data;
        let guild = program.ask(conn, "DMOD_GUILD", json!({"guild_id": harbour})).data;
        Sandbox { program, conn, url, ada, harbour, pilots, user, guild }
    }

    fn connect(&self) -> u32 {
        let conn = self.program.connect("dmod", json!({"url": self.url, "token": self.user["token"], "uid": self.ada}));
        let connected = self.program.event(conn, "CONNECTED");
        assert!(connected.data["missed_notifications"].is_array());
        conn
    }

    /// A WebSocket of somebody else's making.
    fn stranger(&self) -> WebSocket<TcpStream> {
        let address = self.url.strip_prefix("ws://").expect("a WebSocket's address");
        let stream = TcpStream::connect(address).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        tungstenite::client(self.url.as_str(), stream).expect("an upgrade").0
    }

    fn session(&self) -> Value {
        json!({"uid": self.ada, "gid": self.harbour, "utokh": self.user["token"], "uhash": self.user["hash"]})
    }
}

#[test]
fn a_moderators_evening() {
    let sandbox = Sandbox::new();
    let (program, server) = (&sandbox.program, sandbox.conn);
    program.ask(server, "DMOD_NOTIFY", json!({"user_id": sandbox.ada, "proccessed_type": 2}));
    let conn = program.connect("dmod", json!({"url": sandbox.url, "token": sandbox.user["token"]}));
    let connected = program.event(conn, "CONNECTED");
    let missed = json!([{"type": "APPLICATION_REVIWED", "proccessed_type": 2}]);
    assert_eq!(connected.data["missed_notifications"], missed);
    assert_eq!(program.event(server, "DMOD_AUTHENTICATED").data["user_id"], json!(sandbox.ada));
    let reply = program.ask(conn, "CONNECT_GUILD", json!({"token": sandbox.guild["token"], "gid": sandbox.harbour}));
    assert_eq!((reply.status, &reply.data["user"]["id"]), (Status::Ok, &json!(sandbox.ada)));
    let members = reply.data["guild"]["count"].as_i64().unwrap();
    let reply = program.ask(conn, "APPLICATION_SESSION", sandbox.session());
    assert_eq!((reply.status, &reply.data["gid"]), (Status::Ok, &json!(sandbox.harbour)));
    // What happens in the world is told, and the session says again who it is.
    let edit = json!({"guild_id": sandbox.harbour, "role_id": sandbox.pilots, "permissions": ["BAN_MEMBERS"]});
    assert_eq!(program.ask(server, "ROLE_EDIT", edit).status, Status::Ok);
    let told = program.event(conn, "GUILD_PRIVILEGE_UPDATE");
    assert_eq!((&told.data["id"], &told.data["self"]), (&json!(sandbox.ada), &json!(true)));
    assert_eq!(program.event(conn, "APPLICATION_SESSION_REAUTH").data["permissions"], told.data["permissions"]);
    let bob = program.ask(server, "USER_CREATE", json!({"username": "bob"})).data["id"].clone();
    program.ask(server, "GUILD_JOIN", json!({"guild_id": sandbox.harbour, "user_id": bob}));
    assert_eq!(program.event(conn, "GUILD_MEMBER_COUNT_CHANGE").data["count"], json!(members + 1));
    // A command that the server refuses, and one that does not leave.
    let reply = program.ask(conn, "DISCONNECT_GUILD", json!({"gid": "5"}));
    assert_eq!((reply.status, reply.code), (Status::Remote, 10004));
    let refused = program.client.send(conn, &Request { command: "CONNECT_GUILD", args: b"{}", ..Request::default() });
    assert!(refused.unwrap_err().message.contains("token"));
    assert_eq!(program.ask(conn, "APPLICATION_SESSION_END", json!({"gid": sandbox.harbour})).status, Status::Ok);
    assert_eq!(program.ask(conn, "DESCONNECT_GUILD", json!({"gid": sandbox.harbour})).status, Status::Ok);
    program.client.disconnect(conn).unwrap();
    assert_eq!(program.event(conn, "DISCONNECTED").status, Status::Ok);
    let closed = program.event(server, "DMOD_CLOSED");
    assert_eq!((closed.code, &closed.data["user_id"]), (1000, &json!(sandbox.ada)));
}

#[test]
fn connections_are_kept_alive_by_the_library() {
    let sandbox = Sandbox::new();
    let (program, server) = (&sandbox.program, sandbox.conn);
    let limits = json!({"heartbeat_ms": 1000, "session_heartbeat_ms": 800});
    assert_eq!(program.ask(server, "DMOD_LIMITS", limits).data["heartbeat_ms"], 1000);
    let params = json!({"url": sandbox.url, "token": sandbox.user["token"], "upkeep": false});
    let conn = program.connect("dmod", &params);
    program.event(conn, "CONNECTED");
    assert_eq!(program.ask(conn, "APPLICATION_SESSION", sandbox.session()).status, Status::Ok);
    // The session's signs of life are the program's here; the connection's, which come between them, are the library's.
    for _ in 0..3 {
        program.event(conn, "APPLICATION_SESSION_HB_P");
        assert_eq!(program.ask(conn, "APPLICATION_SESSION_HB_M", json!({"gid": sandbox.harbour})).status, Status::Ok);
    }
    let state = program.ask(server, "DMOD_STATE", json!({})).data;
    assert_eq!(state["connections"][0]["session_guild_id"], json!(sandbox.harbour));
}

#[test]
fn a_connection_that_breaks_comes_back_with_its_guild_and_session() {
    let sandbox = Sandbox::new();
    let (program, server) = (&sandbox.program, sandbox.conn);
    let conn = sandbox.connect();
    program.ask(conn, "CONNECT_GUILD", json!({"token": sandbox.guild["token"], "gid": sandbox.harbour}));
    program.ask(conn, "APPLICATION_SESSION", sandbox.session());
    for fault in [json!({"fault": "drop"}), json!({"fault": "garbage"}), json!({"fault": "close", "code": 4000})] {
        assert_eq!(program.ask(server, "DMOD_FAULT", fault).data["peers"], 1);
        assert_eq!(program.event(conn, "RECONNECTING").flags, Flags::RETRYING);
        program.event(conn, "CONNECTED");
        assert_eq!(program.event(conn, "CONNECT_GUILD").kind, EventType::Dispatch);
        assert_eq!(program.event(conn, "APPLICATION_SESSION").kind, EventType::Dispatch);
    }
}

#[test]
fn who_is_not_known_is_not_let_in() {
    let sandbox = Sandbox::new();
    let program = &sandbox.program;
    let conn = program.connect("dmod", json!({"url": sandbox.url, "token": "nobody's"}));
    let last = program.event(conn, "DISCONNECTED");
    assert_eq!((last.status, last.code, last.flags), (Status::Auth, 4004, Flags::FATAL));
    let conn = program.connect("dmod", json!({"url": sandbox.url}));
    program.event(conn, "CONNECTED");
    let nobody = program.ask(conn, "APPLICATION_SESSION", sandbox.session());
    assert_eq!((nobody.status, nobody.code), (Status::Remote, 50001));
    // A stranger that says nothing is closed in its time.
    program.ask(sandbox.conn, "DMOD_LIMITS", json!({"authentication_ms": 50}));
    let mut silent = sandbox.stranger();
    assert_eq!(silent.read().expect("op 0").to_text().unwrap(), r#"{"op":0,"t":null,"d":null}"#);
    let Ok(Message::Close(Some(close))) = silent.read() else { panic!("a close expected") };
    assert_eq!(u16::from(close.code), 4009);
    // And one that sends too much, or what cannot be read.
    program.ask(sandbox.conn, "DMOD_LIMITS", json!({"authentication_ms": 10_000}));
    for text in ["x".repeat(5000), "{".to_owned()] {
        let mut peer = sandbox.stranger();
        peer.read().expect("op 0");
        peer.send(Message::text(text)).expect("it reads");
        let Ok(Message::Close(Some(close))) = peer.read() else { panic!("a close expected") };
        assert_eq!(u16::from(close.code), 4002);
    }
}

#[test]
fn a_server_that_ends_says_so_to_its_peers() {
    let sandbox = Sandbox::new();
    let program = &sandbox.program;
    let conn = sandbox.connect();
    program.client.disconnect(sandbox.conn).unwrap();
    let reconnecting = program.event(conn, "RECONNECTING");
    assert_eq!(reconnecting.code, 1001);
    program.event(sandbox.conn, "DISCONNECTED");
    program.client.disconnect(conn).unwrap();
    program.event(conn, "DISCONNECTED");
}

/// Somebody is there who hangs up, who says what is no message, and who says too much.
#[test]
fn bad_company_is_left() {
    for say in [None, Some("{".to_owned()), Some("x".repeat(2 << 20))] {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("ws://{}", listener.local_addr().unwrap());
        let peer = std::thread::spawn(move || {
            let stream = listener.accept().expect("a client").0;
            let mut peer = tungstenite::accept(stream).expect("an upgrade");
            if let Some(say) = say {
                // It may have gone in the middle of it.
                let _ = peer.send(Message::text(say));
                let _ = peer.read();
            }
        });
        let program = Program::new(Options::default());
        let conn = program.connect("dmod", json!({"url": url, "retry": false}));
        let last = program.event(conn, "DISCONNECTED");
        assert_ne!(last.status, Status::Ok);
        peer.join().expect("the peer ends");
    }
}

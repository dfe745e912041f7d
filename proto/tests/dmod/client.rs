//! The client machine alone: the test plays the server.

use crate::town::*;

struct Lone {
    now: Instant,
    client: Client,
    out: Recorder,
}

impl Lone {
    fn new(config: Config) -> Lone {
        let client = Client::new(config).expect("the configuration is valid");
        let mut lone = Lone { now: Instant::ZERO, client, out: Recorder::default() };
        lone.client.start(lone.now, &mut lone.out);
        lone
    }

    /// Past op 2, with nothing left to look at.
    fn ready(config: Config) -> Lone {
        let mut lone = Lone::new(config);
        lone.greet();
        lone.did();
        lone
    }

    fn greet(&mut self) {
        self.client.handle_opened(self.now, &mut self.out);
        self.frame(r#"{"op":0,"t":null,"d":null}"#);
        self.frame(r#"{"op":2,"t":null,"d":{"missed_notifications":[]}}"#);
    }

    fn frame(&mut self, text: &str) {
        self.client.handle_frame(self.now, text.as_bytes(), &mut self.out).expect("the message is well formed");
    }

    fn command(&mut self, name: &str, args: &str, tag: u64) {
        let command =
            Command { name: name.into(), args: args.as_bytes().into(), tag, issued: self.now, ..Command::default() };
        self.client.handle_command(self.now, command, &mut self.out);
    }

    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(due) = self.client.next_timeout().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.client.handle_timeout(self.now, &mut self.out);
            if self.client.next_timeout().is_some_and(|next| next <= self.now) && self.out.0.is_empty() {
                panic!("a timeout that is over is asked for again: {:?}", self.client);
            }
            if !self.out.0.is_empty() {
                return;
            }
        }
        self.now = end;
    }

    fn did(&mut self) -> Vec<Did> {
        std::mem::take(&mut self.out.0)
    }

    /// The events so far, log lines aside; all else is forgotten.
    fn events(&mut self) -> Vec<Delivered> {
        let events = self.did().into_iter().filter_map(|did| match did {
            Did::Event(event) if event.kind != EventType::Log => Some(event),
            _ => None,
        });
        events.collect()
    }
}

#[test]
fn says_who_it_is_when_it_is_asked() {
    let mut lone = Lone::new(Config { uid: Some("41".into()), ..config() });
    assert_eq!(lone.did(), [Did::Open(URL.into())]);
    lone.client.handle_opened(lone.now, &mut lone.out);
    assert_eq!(lone.events(), []);
    lone.frame(r#"{"op":0,"t":null,"d":null}"#);
    assert_eq!(lone.did(), [Did::Send(json!({"op": 1, "d": {"token": ADA_TOKEN, "uid": "41"}}))]);
    lone.frame(
        r#"{"op":2,"t":null,"d":{"missed_notifications":[{"type":"APPLICATION_REVIWED","proccessed_type":1}]}}"#,
    );
    let events = lone.events();
    assert_eq!((events.len(), events[0].kind, events[0].message.as_str()), (1, EventType::Connected, URL));
    assert_eq!(events[0].data["missed_notifications"][0]["type"], "APPLICATION_REVIWED");
}

#[test]
fn without_a_token_it_says_null() {
    let mut lone = Lone::new(Config { token: None, ..config() });
    lone.client.handle_opened(lone.now, &mut lone.out);
    lone.did();
    lone.frame(r#"{"op":0}"#);
    assert_eq!(lone.did(), [Did::Send(json!({"op": 1, "d": {"token": null, "uid": null}}))]);
}

#[test]
fn answers_every_heartbeat_at_once() {
    let mut lone = Lone::ready(config());
    for _ in 0..3 {
        lone.frame(r#"{"op":3,"t":null,"d":null}"#);
        assert_eq!(lone.did(), [Did::Send(json!({"op": 4, "t": null, "d": null}))]);
    }
}

#[test]
fn the_session_family_goes_out_with_op_7_or_as_configured() {
    let session = r#"{"uid":"1","gid":"2","utokh":"a","uhash":"b"}"#;
    let reauth = r#"{"utokh":"a","uhash":"b","pm":"64"}"#;
    for (opcode, number) in
        [(gamebridge_proto::wire::dmod::Opcode::Reply, 7), (gamebridge_proto::wire::dmod::Opcode::Command, 6)]
    {
        let mut lone = Lone::ready(Config { session_opcode: opcode, ..config() });
        for (name, args, op) in [
            ("CONNECT_GUILD", r#"{"token":"t","gid":"2"}"#, 6),
            ("DISCONNECT_GUILD", r#"{"gid":"2"}"#, 6),
            ("APPLICATION_SESSION", session, number),
            ("APPLICATION_SESSION_END", r#"{"gid":"2"}"#, number),
            ("APPLICATION_SESSION_REAUTH", reauth, number),
            ("APPLICATION_SESSION_HB_M", "", number),
            ("WARN_MEMBER", r#"{"x":[1]}"#, 6),
        ] {
            lone.command(name, args, 0);
            let wire = if name == "DISCONNECT_GUILD" { "DESCONNECT_GUILD" } else { name };
            let d: Value = serde_json::from_str(if args.is_empty() { "{}" } else { args }).unwrap();
            assert_eq!(lone.did(), [Did::Send(json!({"op": op, "cmd": wire, "d": d}))]);
        }
        lone.frame(r#"{"op":5,"ev":"APPLICATION_SESSION_HB_P","d":{"gid":"2"}}"#);
        assert_eq!(
            lone.did(),
            [Did::Send(json!({"op": number, "cmd": "APPLICATION_SESSION_HB_M", "d": {"gid": "2"}}))]
        );
    }
}

#[test]
fn a_sign_of_life_of_the_programs_own_is_answered_as_soon_as_it_is_sent() {
    let mut lone = Lone::ready(Config { upkeep: false, ..config() });
    lone.frame(r#"{"op":5,"ev":"APPLICATION_SESSION_HB_P","d":null}"#);
    let events = lone.events();
    assert_eq!(
        (events.len(), events[0].kind, events[0].name.as_str()),
        (1, EventType::Dispatch, "APPLICATION_SESSION_HB_P")
    );
    lone.command("APPLICATION_SESSION_HB_M", "{}", 5);
    let events = lone.events();
    assert_eq!((events.len(), events[0].tag, events[0].status), (1, 5, Status::Ok));
}

/// The document draws op 6 from the server, and lets a session ask for credentials without saying how.
#[test]
fn what_a_server_says_as_a_command_is_an_event() {
    let mut lone = Lone::ready(config());
    for op in [6, 7] {
        lone.frame(&format!(r#"{{"op":{op},"cmd":"APPLICATION_SESSION_REAUTH","d":{{"permissions":"8"}}}}"#));
        let events = lone.events();
        assert_eq!((events.len(), events[0].name.as_str()), (1, "APPLICATION_SESSION_REAUTH"), "without a session");
        assert_eq!(events[0].data["permissions"], "8");
    }
}

#[test]
fn unknown_events_come_through_untouched_and_unknown_opcodes_are_passed_over() {
    let mut lone = Lone::ready(config());
    lone.frame(r#"{"op":5,"ev":"SOMETHING_NEW","d":{"a":[1,{"b":null}]}}"#);
    let events = lone.events();
    assert_eq!((events[0].name.as_str(), &events[0].data), ("SOMETHING_NEW", &json!({"a": [1, {"b": null}]})));
    for text in [r#"{"op":8,"d":{}}"#, r#"{"op":-3}"#, r#"{"op":1,"d":{}}"#, r#"{"op":4}"#, r#"{"op":6,"d":{}}"#] {
        lone.frame(text);
        assert_eq!(lone.events(), [], "{text}");
    }
}

#[test]
fn a_reply_that_nobody_awaits_is_told() {
    let mut lone = Lone::ready(config());
    lone.frame(r#"{"op":7,"d":{"for":"CONNECT_GUILD","data":{"guild":{}}}}"#);
    let events = lone.events();
    assert_eq!((events[0].kind, events[0].name.as_str()), (EventType::Dispatch, "CONNECT_GUILD"));
}

/// They carry the command's name and nothing else.
#[test]
fn replies_belong_to_the_oldest_of_their_name() {
    let mut lone = Lone::ready(config());
    for tag in 1..4 {
        lone.command("DESCONNECT_GUILD", r#"{"gid":"2"}"#, tag);
    }
    lone.command("WARN", "{}", 4);
    lone.did();
    lone.frame(r#"{"op":7,"d":{"for":"WARN","data":null}}"#);
    lone.frame(r#"{"op":7,"d":{"for":"DESCONNECT_GUILD","data":{"success":true}}}"#);
    // The second's caller gives up; its reply is not the third's.
    lone.client.handle_cancel(lone.now, 2, &mut lone.out);
    lone.frame(r#"{"op":7,"d":{"for":"DESCONNECT_GUILD","data":{"success":true}}}"#);
    lone.frame(r#"{"op":7,"d":{"for":"DESCONNECT_GUILD","data":{"success":false,"code":10004,"message":"no"}}}"#);
    let replies: Vec<_> = lone.events().into_iter().map(|event| (event.tag, event.status, event.code)).collect();
    assert_eq!(
        replies,
        [(4, Status::Ok, 0), (1, Status::Ok, 0), (2, Status::Cancelled, 0), (3, Status::Remote, 10004)]
    );
}

#[test]
fn a_command_that_is_not_answered_times_out_and_its_late_reply_is_nobodys() {
    let mut lone = Lone::ready(Config { silence: Duration::ZERO, ..config() });
    lone.command("WARN", "{}", 1);
    lone.did();
    lone.pass(60 * SECOND);
    let events = lone.events();
    assert_eq!((events.len(), events[0].tag, events[0].status), (1, 1, Status::Timeout));
    lone.command("WARN", "{}", 2);
    lone.did();
    lone.frame(r#"{"op":7,"d":{"for":"WARN","data":{"number":1}}}"#);
    assert_eq!(lone.events(), []);
    lone.frame(r#"{"op":7,"d":{"for":"WARN","data":{"number":2}}}"#);
    let events = lone.events();
    assert_eq!((events.len(), events[0].tag, &events[0].data), (1, 2, &json!({"number": 2})));
}

#[test]
fn commands_wait_for_the_connection_and_for_the_pace() {
    let mut lone = Lone::new(config());
    for tag in 1..=client::SEND_LIMIT as u64 + 1 {
        lone.command("WARN", &format!(r#"{{"n":{tag}}}"#), tag);
    }
    assert_eq!(lone.did().len(), 1, "only the open");
    lone.greet();
    let sent = |did: &[Did]| did.iter().filter(|did| matches!(did, Did::Send(sent) if sent["op"] == 6)).count();
    assert_eq!(sent(&lone.did()), client::SEND_LIMIT);
    lone.frame(r#"{"op":3}"#);
    assert_eq!(lone.did(), [Did::Send(json!({"op": 4, "t": null, "d": null}))], "heartbeats do not wait");
    for _ in 0..client::SEND_LIMIT {
        lone.frame(r#"{"op":7,"d":{"for":"WARN","data":null}}"#);
    }
    lone.did();
    lone.pass(29 * SECOND);
    assert_eq!(sent(&lone.did()), 0);
    // Its time runs out before its turn comes.
    lone.pass(31 * SECOND);
    let events = lone.events();
    assert_eq!((events.len(), events[0].tag, events[0].status), (1, 101, Status::Timeout));
}

#[test]
fn commands_that_cannot_be_sent_are_refused() {
    let mut lone = Lone::ready(config());
    for (name, args, names) in [
        ("CONNECT_GUILD", "{", "not JSON"),
        ("CONNECT_GUILD", "[]", "must be a JSON object"),
        ("", "{}", "a command's name"),
    ] {
        lone.command(name, args, 3);
        let events = lone.events();
        assert_eq!((events.len(), events[0].status), (1, Status::Argument), "{name} {args}");
        assert!(events[0].message.contains(names), "{}", events[0].message);
    }
    lone.command("WARN", &json!({"x": "y".repeat(5000)}).to_string(), 3);
    let events = lone.events();
    assert!(events[0].message.contains("a server takes 4096"), "{}", events[0].message);
    let long = "X".repeat(65);
    lone.command(&long, "{}", 3);
    assert_eq!(lone.events()[0].status, Status::Argument);
    let binary = Command { name: "WARN".into(), bytes: b"x".as_slice().into(), tag: 3, ..Command::default() };
    lone.client.handle_command(lone.now, binary, &mut lone.out);
    assert_eq!(lone.events()[0].status, Status::Argument);
}

#[test]
fn too_many_commands_are_refused_and_not_kept() {
    let mut lone = Lone::new(config());
    for tag in 0..client::MAX_WAITING as u64 {
        lone.command("WARN", "{}", tag + 1);
    }
    lone.did();
    lone.command("WARN", "{}", 9999);
    let events = lone.events();
    assert_eq!((events.len(), events[0].tag, events[0].status), (1, 9999, Status::Full));
}

#[test]
fn what_is_no_message_ends_the_connection() {
    for text in [
        "",
        "{",
        "null",
        r#"{"op":"3"}"#,
        r#"{"op":5}"#,
        r#"{"op":5,"ev":""}"#,
        r#"{"op":7}"#,
        r#"{"op":7,"d":{"data":1}}"#,
        r#"{"op":7,"d":{"for":5}}"#,
    ] {
        let mut lone = Lone::ready(config());
        let error = lone.client.handle_frame(lone.now, text.as_bytes(), &mut lone.out).unwrap_err();
        assert_eq!(error.status, Status::Protocol, "{text}");
    }
    let mut lone = Lone::new(config());
    lone.client.handle_opened(lone.now, &mut lone.out);
    assert!(lone.client.handle_frame(lone.now, br#"{"op":2,"d":{}}"#, &mut lone.out).is_err(), "op 2 before op 0");
}

#[test]
fn silence_at_each_stage_ends_the_connection() {
    // Nothing opens.
    let mut lone = Lone::new(config());
    lone.did();
    lone.pass(client::OPEN_TIMEOUT);
    assert_eq!(lone.now, Instant::ZERO + client::OPEN_TIMEOUT);
    assert_eq!(lone.did()[0], Did::Close(1000));
    // Nobody asks.
    let mut lone = Lone::new(config());
    lone.client.handle_opened(lone.now, &mut lone.out);
    lone.did();
    lone.pass(client::GREETING_TIMEOUT);
    assert_eq!(lone.did()[0], Did::Close(1000));
    // Nobody lets in.
    let mut lone = Lone::new(config());
    lone.client.handle_opened(lone.now, &mut lone.out);
    lone.frame(r#"{"op":0}"#);
    lone.did();
    lone.pass(client::AUTHENTICATION_TIMEOUT);
    assert_eq!(lone.did()[0], Did::Close(1000));
    // Nobody says anything any more.
    let mut lone = Lone::ready(config());
    lone.pass(client::SILENCE - SECOND);
    assert_eq!(lone.did(), []);
    lone.frame(r#"{"op":3}"#);
    lone.did();
    lone.pass(client::SILENCE);
    let did = lone.did();
    assert_eq!(did[0], Did::Close(1000));
    let Did::Event(event) = &did[1] else { panic!("{did:?}") };
    assert_eq!((event.kind, event.status, event.flags), (EventType::Reconnecting, Status::Timeout, Flags::RETRYING));
    // But a program that does not poll is no silence.
    let mut lone = Lone::ready(config());
    lone.client.handle_reading_paused(lone.now, true);
    assert_eq!(lone.client.next_timeout(), None);
    lone.now = lone.now + 2 * client::SILENCE;
    lone.client.handle_reading_paused(lone.now, false);
    lone.pass(client::SILENCE - SECOND);
    assert_eq!(lone.did(), []);
    // And it may be switched off.
    let lone = Lone::ready(Config { silence: Duration::ZERO, ..config() });
    assert_eq!(lone.client.next_timeout(), None);
}

#[test]
fn a_wish_for_credentials_in_the_middle_is_granted() {
    let mut lone = Lone::ready(config());
    lone.frame(r#"{"op":0,"t":null,"d":null}"#);
    assert_eq!(lone.did(), [Did::Send(json!({"op": 1, "d": {"token": ADA_TOKEN, "uid": null}}))]);
    lone.frame(r#"{"op":2,"t":null,"d":{"missed_notifications":[{"type":"X"}]}}"#);
    let events = lone.events();
    assert_eq!((events[0].kind, events[0].name.as_str()), (EventType::Dispatch, "AUTHENTICATED"));
    lone.frame(r#"{"op":0,"t":null,"d":null}"#);
    lone.did();
    lone.pass(client::AUTHENTICATION_TIMEOUT);
    assert_eq!(lone.did()[0], Did::Close(1000), "the server did not let in again");
}

#[test]
fn what_follows_a_close_code() {
    for (code, is_fatal) in [
        (None, false),
        (Some(1000), false),
        (Some(1006), false),
        (Some(4000), false),
        (Some(4001), false),
        (Some(4002), false),
        (Some(4003), false),
        (Some(4004), true),
        (Some(4005), false),
        (Some(4008), false),
        (Some(4009), false),
        (Some(4999), false),
    ] {
        let mut lone = Lone::ready(config());
        lone.client.handle_closed(lone.now, Closed { code, ..Closed::default() }, Status::Closed, &mut lone.out);
        let events = lone.events();
        assert_eq!(events.len(), 1, "{code:?}");
        assert_eq!(events[0].code, code.map_or(0, i32::from));
        let (kind, status, flags) = match is_fatal {
            true => (EventType::Disconnected, Status::Auth, Flags::FATAL),
            false => (EventType::Reconnecting, Status::Closed, Flags::RETRYING),
        };
        assert_eq!((events[0].kind, events[0].status, events[0].flags), (kind, status, flags), "{code:?}");
        assert_eq!(lone.client.is_finished(), is_fatal);
    }
}

#[test]
fn how_a_connection_ended_is_told_without_the_token() {
    for status in [Status::Closed, Status::Protocol, Status::Io] {
        let token = Some(Secret::new("token-of-ada"));
        let mut lone = Lone::ready(Config { token, ..config() });
        let closed = Closed { reason: "token-of-ada is no JSON", ..Closed::default() };
        lone.client.handle_closed(lone.now, closed, status, &mut lone.out);
        let events = lone.events();
        assert_eq!((events[0].kind, events[0].status), (EventType::Reconnecting, status));
        assert_eq!(events[0].message, "*** is no JSON");
    }
}

#[test]
fn settings_that_do_not_fit_are_named() {
    for (config, names) in [
        (Config { url: "http://x".into(), ..config() }, "url: wss://"),
        (Config { url: "ws://example.com/".into(), ..config() }, "url: ws://"),
        (Config { url: "wss://u:p@example.com".into(), ..config() }, "url: a host"),
        (Config { url: "wss://exa mple.com".into(), ..config() }, "url: an address"),
        (Config { token: Some(Secret::new("")), ..config() }, "token"),
        (Config { token: Some(Secret::new("a b")), ..config() }, "token"),
        (Config { token: Some(Secret::new("x".repeat(5000))), ..config() }, "token: op 1"),
        (Config { session_opcode: gamebridge_proto::wire::dmod::Opcode::Event, ..config() }, "session_opcode"),
    ] {
        let error = config.check().unwrap_err();
        assert!(error.status == Status::Argument && error.message.starts_with(names), "{}", error.message);
    }
    for url in ["wss://dmod.example/gateway?x=1", "ws://[::1]:5/", "ws://localhost:80"] {
        assert_eq!(Config { url: url.into(), ..config() }.check(), Ok(()), "{url}");
    }
}

#[test]
fn secrets_are_not_printed() {
    let mut lone = Lone::ready(config());
    lone.command("APPLICATION_SESSION", r#"{"uid":"1","gid":"2","utokh":"canary-one","uhash":"canary-two"}"#, 1);
    lone.command("CONNECT_GUILD", r#"{"token":"canary-three","gid":"2"}"#, 1);
    lone.frame(r#"{"op":7,"d":{"for":"APPLICATION_SESSION","data":{"success":true}}}"#);
    lone.frame(r#"{"op":7,"d":{"for":"CONNECT_GUILD","data":{}}}"#);
    let printed = format!("{:?}", lone.client);
    for canary in ["canary", ADA_TOKEN] {
        assert!(!printed.contains(canary), "{printed}");
    }
}

//! The catalog of RPC: its rows, and what checking arguments against them says.

use std::time::Duration;

use gamebridge_proto::error::Status;
use gamebridge_proto::value::Document;
use gamebridge_proto::wire::catalog::{Arg, Row, Scopes, Type, check};
use gamebridge_proto::wire::host;
use gamebridge_proto::wire::rpc::{self, COMMANDS, CloseCode, EVENTS, ErrorCode};
use serde_json::{Value, json};

fn verdict(row: &Row, args: &Value) -> Result<(), String> {
    let mut doc = Document::new();
    doc.parse(args.to_string().as_bytes()).expect("serde_json writes JSON");
    check(row, doc.root()).map_err(|error| {
        assert_eq!(error.status, Status::Argument);
        error.message.into_owned()
    })
}

fn command(name: &str, args: Value) -> Result<(), String> {
    let mut doc = Document::new();
    doc.parse(args.to_string().as_bytes()).expect("serde_json writes JSON");
    rpc::check(name, doc.root()).map_err(|error| error.message.into_owned())
}

/// A value that fits, with every member in it.
fn good(ty: &Type) -> Value {
    match *ty {
        Type::Any | Type::Null => Value::Null,
        Type::Bool => json!(true),
        Type::Int { min, .. } => json!(min.max(0)),
        Type::Num { min, .. } => json!(if min.is_finite() { min } else { 0.5 }),
        Type::Text { min, .. } => json!("x".repeat(min)),
        Type::Time => json!("2026-01-01T00:00:00Z"),
        Type::Snowflake => json!("53908232506183680"),
        Type::Numbers(known) => json!(known[0].0),
        Type::Names(known) => json!(known[0]),
        Type::Nullable(inner) => good(inner),
        Type::Either(one, _) => good(one),
        Type::Object(shape) => object(shape.fields),
        Type::Array { of, min, .. } => Value::Array(vec![good(of); min.max(1)]),
    }
}

fn object(fields: &[Arg]) -> Value {
    Value::Object(fields.iter().map(|field| (field.name.to_string(), good(&field.ty))).collect())
}

/// A row's arguments. Events of tomorrow pass, so a subscription's example is of one.
fn example(row: &Row) -> Value {
    let mut args = object(row.args);
    if let Some(event) = args.get_mut("evt") {
        *event = json!("EVENT_OF_TOMORROW");
    }
    args
}

/// Values that do not fit, each with the path at which that shows.
fn bad(ty: &Type, path: &str, out: &mut Vec<(String, Value)>) {
    let mut at = |value: Value| out.push((path.to_string(), value));
    match *ty {
        Type::Any | Type::Time => {}
        Type::Null => at(json!(1)),
        Type::Bool => at(json!("true")),
        Type::Int { min, max } => {
            at(json!("1"));
            at(json!(1.5));
            at(json!(1e300));
            if let Some(less) = min.checked_sub(1) {
                at(json!(less));
            }
            if let Some(more) = max.checked_add(1) {
                at(json!(more));
            }
        }
        Type::Num { min, max } => {
            at(json!("0.5"));
            if min.is_finite() {
                at(json!(min - 0.5));
                at(json!(max + 0.5));
            }
        }
        Type::Text { min, max } => {
            at(json!(7));
            at(json!(["x"]));
            if min > 0 {
                at(json!("é".repeat(min - 1)));
            }
            if max < usize::MAX {
                at(json!("é".repeat(max + 1)));
            }
        }
        Type::Snowflake => {
            for value in [json!("abc"), json!(-1), json!(1.5), json!(""), json!("99999999999999999999"), json!({})] {
                at(value);
            }
        }
        Type::Numbers(_) => [json!(-7), json!("0"), json!(0.5)].into_iter().for_each(at),
        Type::Names(_) => [json!("no such name"), json!(0)].into_iter().for_each(at),
        Type::Either(..) => at(json!(true)),
        Type::Nullable(inner) => bad(inner, path, out),
        Type::Object(shape) => {
            at(json!([]));
            at(json!("{}"));
            for field in shape.fields {
                let mut inner = Vec::new();
                bad(&field.ty, &format!("{path}.{}", field.name), &mut inner);
                for (path, value) in inner {
                    let mut whole = object(shape.fields);
                    whole[field.name] = value;
                    out.push((path, whole));
                }
            }
        }
        Type::Array { of, min, max } => {
            at(json!({}));
            if min > 0 {
                at(Value::Array(vec![good(of); min - 1]));
            }
            if max < 1000 {
                at(Value::Array(vec![good(of); max + 1]));
            }
            let last = min.max(1) - 1;
            let mut inner = Vec::new();
            bad(of, &format!("{path}[{last}]"), &mut inner);
            for (path, value) in inner {
                let mut whole = vec![good(of); min.max(1)];
                whole[last] = value;
                out.push((path, Value::Array(whole)));
            }
        }
    }
}

fn rows() -> impl Iterator<Item = &'static Row> {
    COMMANDS.iter().chain(EVENTS)
}

#[test]
fn every_row_takes_its_own_example() {
    for row in rows() {
        assert_eq!(verdict(row, &example(row)), Ok(()), "{}", row.name);
    }
}

#[test]
fn every_field_with_a_bad_value_names_its_path() {
    let mut tried = 0;
    for row in rows() {
        for field in row.args {
            let mut cases = Vec::new();
            bad(&field.ty, field.name, &mut cases);
            for (path, value) in cases {
                let mut args = example(row);
                args[field.name] = value;
                let sentence = verdict(row, &args).expect_err(&format!("{} took {args}", row.name));
                assert!(sentence.starts_with(&format!("{path}: ")), "{}: {path} in {sentence:?}", row.name);
                assert!(sentence.contains(" expected, ") && sentence.ends_with(" given"), "{sentence}");
                tried += 1;
            }
        }
    }
    assert!(tried > 250, "{tried} cases");
}

#[test]
fn every_required_field_is_missed_by_its_name() {
    for row in rows() {
        for field in row.args.iter().filter(|field| field.required) {
            let mut args = example(row);
            args.as_object_mut().unwrap().remove(field.name);
            let sentence = verdict(row, &args).expect_err(row.name);
            assert_eq!(sentence, format!("{}: {} expected, nothing given", field.name, field.ty));
        }
        let needs_any = row.args.iter().any(|field| field.required);
        assert_eq!(check(row, Document::new().root()).is_err(), needs_any, "{} without arguments", row.name);
    }
}

#[test]
fn members_that_the_row_does_not_know_pass() {
    for row in rows() {
        let mut args = example(row);
        args["added_by_discord_tomorrow"] = json!({"deep": [1, 2]});
        assert_eq!(verdict(row, &args), Ok(()), "{}", row.name);
    }
}

#[test]
fn null_stands_for_a_member_that_may_be_left_out() {
    for row in rows() {
        for field in row.args.iter().filter(|field| !field.required) {
            let mut args = example(row);
            args[field.name] = Value::Null;
            assert_eq!(verdict(row, &args), Ok(()), "{} {}", row.name, field.name);
        }
    }
    assert_eq!(command("GET_GUILDS", Value::Null), Ok(()));
    assert_eq!(command("SUBSCRIBE", json!({"evt": "GUILD_CREATE", "args": null})), Ok(()));
    assert!(command("SUBSCRIBE", json!({"evt": "MESSAGE_CREATE", "args": null})).is_err());
    assert!(command("GET_GUILD", json!({"guild_id": null})).is_err());
}

#[test]
fn arguments_must_be_an_object() {
    assert_eq!(
        command("GET_GUILDS", json!([])),
        Err("GET_GUILDS: the arguments must be an object, an array given".into())
    );
    assert_eq!(command("NEW_COMMAND", json!(1)), Err("NEW_COMMAND: the arguments must be an object".into()));
}

#[test]
fn sentences_are_for_people() {
    let cases = [
        (json!({"state": "a"}), "activity.state: 2 to 128 characters expected, 1 given"),
        (json!({"type": 1}), "activity.type: one of 0, 2, 3, 5 expected, 1 given"),
        (
            json!({"buttons": [{"label": "ok", "url": "u"}, {"label": "", "url": "u"}]}),
            "activity.buttons[1].label: 1 to 32 characters expected, an empty string given",
        ),
        (json!({"buttons": [1, 2, 3]}), "activity.buttons: an array of at most 2 elements expected, 3 given"),
        (json!({"buttons": [{"label": "ok"}]}), "activity.buttons[0].url: 1 to 512 characters expected, nothing given"),
        (
            json!({"timestamps": {"start": -1}}),
            "activity.timestamps.start: a whole number of at least 0 expected, -1 given",
        ),
        (json!({"party": {"size": [1]}}), "activity.party.size: an array of 2 elements expected, 1 given"),
        (json!({"instance": 1}), "activity.instance: true or false expected, a whole number given"),
    ];
    for (activity, sentence) in cases {
        assert_eq!(command("SET_ACTIVITY", json!({"activity": activity})), Err(sentence.to_string()));
    }
}

#[test]
fn numbers_are_judged_by_their_value_and_not_by_their_spelling() {
    for text in ["1700000000", "1700000000.0", "1.7e9", "17e8"] {
        let mut doc = Document::new();
        let args = format!(r#"{{"pid":4.0,"activity":{{"type":2.0,"timestamps":{{"start":{text}}}}}}}"#);
        doc.parse(args.as_bytes()).unwrap();
        rpc::check("SET_ACTIVITY", doc.root()).expect(text);
    }
    for (number, given) in [
        ("1.5", "a number with a fraction"),
        ("1e-1", "a number with a fraction"),
        ("1e300", "a number beyond 64 bits"),
        ("1e999", "a number beyond 64 bits"),
        ("9223372036854775808", "a number beyond 64 bits"),
        ("-1.0", "-1"),
    ] {
        let mut doc = Document::new();
        doc.parse(format!(r#"{{"activity":{{"timestamps":{{"start":{number}}}}}}}"#).as_bytes()).unwrap();
        let error = rpc::check("SET_ACTIVITY", doc.root()).expect_err(number);
        assert!(error.message.ends_with(&format!("expected, {given} given")), "{number}: {error}");
    }
    let ids = [
        (json!("99999999999999999999"), "a number beyond 64 bits"),
        (json!("18446744073709551616"), "a number beyond 64 bits"),
        (json!("1".repeat(30)), "a number beyond 64 bits"),
        (json!(-1), "something else than 1 to 20 digits"),
        (json!("12x"), "something else than 1 to 20 digits"),
        (json!(1e17), "a number with a point or an exponent"),
    ];
    for (id, given) in ids {
        let error = command("GET_GUILD", json!({"guild_id": id})).expect_err(given);
        assert!(error.ends_with(&format!("expected, {given} given")), "{id}: {error}");
    }
    let mut doc = Document::new();
    doc.parse(br#"{"guild_id":18446744073709551616}"#).unwrap();
    assert!(rpc::check("GET_GUILD", doc.root()).unwrap_err().message.contains("beyond 64 bits"));
}

#[test]
fn texts_are_counted_in_characters_and_never_repeated() {
    let takes = |text: String| command("SET_ACTIVITY", json!({"activity": {"details": text}}));
    for one in ["x", "é", "語", "🎮"] {
        assert!(takes(one.to_string()).is_err());
        assert_eq!(takes(one.repeat(2)), Ok(()));
        assert_eq!(takes(one.repeat(128)), Ok(()));
        assert_eq!(takes(one.repeat(129)), Err("activity.details: 2 to 128 characters expected, 129 given".into()));
    }
    let token = "mfa.0123456789abcdef-a-token-in-the-wrong-place";
    for (name, args) in [
        ("GET_GUILD", json!({"guild_id": token})),
        ("SET_VOICE_SETTINGS", json!({"mode": {"type": token}})),
        ("SET_ACTIVITY", json!({"activity": token})),
        ("AUTHENTICATE", json!({"access_token": [token]})),
        ("SUBSCRIBE", json!({"evt": [token]})),
    ] {
        assert!(!command(name, args).expect_err(name).contains("0123"), "{name}");
    }
}

#[test]
fn a_whole_activity_of_today_passes() {
    let activity = json!({
        "type": 0, "state": "In a group", "state_url": "https://example.org/g", "details": "Capture the flag",
        "details_url": "https://example.org/m", "timestamps": {"start": 1_511_200_066u64, "end": 1_511_200_066_000u64},
        "assets": {"large_image": "map", "large_text": "The map", "large_url": "https://example.org/map",
                   "small_image": "mp:external/x", "small_text": "Rank", "small_url": "https://example.org/rank"},
        "party": {"id": "p1", "size": [3, 6]}, "secrets": {"join": "a", "spectate": "b", "match": "c"},
        "buttons": [{"label": "Site", "url": "https://example.org"}], "instance": true, "status_display_type": 2,
    });
    assert_eq!(command("SET_ACTIVITY", json!({"pid": 9999, "activity": activity})), Ok(()));
    assert_eq!(command("SET_ACTIVITY", json!({"activity": null})), Ok(()), "null clears");
    assert_eq!(command("SET_ACTIVITY", json!({})), Ok(()), "nothing clears");
}

#[test]
fn a_subscription_is_checked_against_its_event() {
    let cases = [
        (json!({"evt": "GUILD_CREATE"}), Ok(())),
        (json!({"evt": "MESSAGE_CREATE", "args": {"channel_id": "1"}}), Ok(())),
        (json!({"evt": "MESSAGE_CREATE", "args": {"channel_id": 1}}), Ok(())),
        (json!({"evt": "EVENT_OF_TOMORROW", "args": {"anything": []}}), Ok(())),
        (json!({}), Err("evt: a string that is not empty expected, nothing given")),
        (json!({"evt": "READY"}), Err("evt: READY comes by itself and can't be subscribed to")),
        (json!({"evt": "GUILD_CREATE", "args": []}), Err("args: an object expected, an array given")),
        (
            json!({"evt": "MESSAGE_CREATE"}),
            Err("args.channel_id: a snowflake (digits as a string, or a whole number) expected, nothing given (of \
                 MESSAGE_CREATE)"),
        ),
    ];
    for name in ["SUBSCRIBE", "UNSUBSCRIBE"] {
        for (args, expected) in &cases {
            assert_eq!(command(name, args.clone()), expected.map_err(str::to_string), "{args}");
        }
    }
}

#[test]
fn a_name_that_can_only_be_a_mistake_is_put_right() {
    let mistakes = [
        ("set_activity", "set_activity: the command SET_ACTIVITY expected; names are in capitals"),
        ("Get_Guilds", "Get_Guilds: the command GET_GUILDS expected; names are in capitals"),
        (
            "close_activity_join_request",
            "close_activity_join_request: the command CLOSE_ACTIVITY_JOIN_REQUEST expected; names are in capitals",
        ),
        ("READY", "READY is an event, and no command"),
        ("activity_join", "ACTIVITY_JOIN is an event, and no command"),
    ];
    for (name, sentence) in mistakes {
        let error = rpc::check_name(name).expect_err(name);
        assert_eq!((error.status, error.message.as_ref()), (Status::Argument, sentence));
        assert_eq!(command(name, json!({})), Err(sentence.to_string()));
    }
    let mistakes = [
        ("activity_join", "evt: activity_join: the event ACTIVITY_JOIN expected; names are in capitals"),
        ("SET_ACTIVITY", "evt: SET_ACTIVITY is a command, and no event"),
    ];
    for (event, sentence) in mistakes {
        assert_eq!(command("SUBSCRIBE", json!({"evt": event})), Err(sentence.to_string()));
    }
    for row in COMMANDS {
        assert_eq!(rpc::check_name(row.name).unwrap().map(|row| row.name), Some(row.name));
    }
    assert!(rpc::check_name("COMMAND_OF_TOMORROW").unwrap().is_none());
}

#[test]
fn a_hosts_command_is_one_of_ours() {
    assert!(host::check_name("STATE").is_ok_and(|row| row.is_some()));
    assert!(host::check_name("ACTIVITY_JOIN").is_ok_and(|row| row.is_some()));
    for (name, status, words) in [
        ("state", Status::Argument, "the command STATE expected"),
        ("PEER_CONNECTED", Status::Argument, "PEER_CONNECTED is an event"),
        ("SET_ACTIVITY", Status::Unsupported, "no command of a server; there are "),
    ] {
        let error = host::check_name(name).expect_err(name);
        assert_eq!(error.status, status, "{name}");
        assert!(error.message.contains(words), "{name}: {error}");
    }
}

#[test]
fn an_argument_one_level_too_high_is_named() {
    let cases = [
        ("SET_ACTIVITY", json!({"state": "In menu"}), "SET_ACTIVITY: activity: missing; state stands inside activity"),
        (
            "SET_ACTIVITY",
            json!({"pid": 1, "party": {"size": [1, 2]}}),
            "SET_ACTIVITY: activity: missing; party stands inside activity",
        ),
        (
            "SUBSCRIBE",
            json!({"evt": "MESSAGE_CREATE", "channel_id": "1"}),
            "args.channel_id: missing; channel_id stands inside args (of MESSAGE_CREATE)",
        ),
    ];
    for (name, args, sentence) in cases {
        assert_eq!(command(name, args), Err(sentence.to_string()));
    }
    for args in [json!({"pid": 1}), json!({"added_tomorrow": 1}), json!({"activity": null, "state": "x"})] {
        assert_eq!(command("SET_ACTIVITY", args.clone()), Ok(()), "{args}");
    }
    let twice = json!({"evt": "MESSAGE_CREATE", "channel_id": "1", "args": {"channel_id": "1"}});
    assert_eq!(command("SUBSCRIBE", twice), Ok(()));
}

#[test]
fn the_tables_are_complete() {
    assert_eq!(COMMANDS.iter().filter(|row| row.callable).count(), 18);
    assert_eq!(EVENTS.len(), 25);
    assert_eq!(EVENTS.iter().filter(|row| row.callable).count(), 23);
    let mut names: Vec<_> = rows().flat_map(|row| std::iter::once(&row.name).chain(row.aliases)).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), COMMANDS.len() + EVENTS.len() + 1, "no name twice");
    assert!(rows().all(|row| !row.about.is_empty() && row.args.iter().all(|arg| !arg.about.is_empty())));
}

#[test]
fn only_authorize_and_authenticate_are_open_to_everyone() {
    let open: Vec<_> =
        COMMANDS.iter().filter(|row| row.callable && row.before_authentication()).map(|row| row.name).collect();
    assert_eq!(open, ["AUTHORIZE", "AUTHENTICATE"]);
    let local: Vec<_> = COMMANDS
        .iter()
        .filter(|row| matches!(row.scopes, Scopes::AnyOf(_)) && row.scopes.allow(|scope| scope == rpc::LOCAL_SCOPE))
        .map(|row| row.name)
        .collect();
    assert_eq!(local, ["SET_CERTIFIED_DEVICES", "SET_ACTIVITY", "SEND_ACTIVITY_JOIN_INVITE", "CLOSE_ACTIVITY_REQUEST"]);
}

#[test]
fn the_old_name_of_closing_a_request_is_understood() {
    assert_eq!(rpc::command("CLOSE_ACTIVITY_JOIN_REQUEST").unwrap().name, "CLOSE_ACTIVITY_REQUEST");
    assert_eq!(command("CLOSE_ACTIVITY_JOIN_REQUEST", json!({"user_id": 5})), Ok(()));
    assert!(rpc::command("NOPE").is_none() && rpc::event("NOPE").is_none());
    assert!(command("DISPATCH", json!({})).is_err());
}

#[test]
fn a_reply_has_as_long_as_it_needs() {
    let timeout = |name: &str, args: Value| {
        let mut doc = Document::new();
        doc.parse(args.to_string().as_bytes()).unwrap();
        rpc::command(name).unwrap().timeout(doc.root())
    };
    let seconds = Duration::from_secs;
    assert_eq!(timeout("GET_GUILDS", json!({})), seconds(30));
    assert_eq!(timeout("AUTHORIZE", json!({})), seconds(600), "a person clicks");
    assert_eq!(timeout("GET_GUILD", json!({"timeout": 60})), seconds(65), "the peer's own answer comes first");
    assert_eq!(timeout("GET_GUILD", json!({"timeout": 1})), seconds(30), "never less than any other");
    assert_eq!(timeout("SELECT_VOICE_CHANNEL", json!({"timeout": i64::MAX})), seconds(605), "never without an end");
    assert_eq!(timeout("GET_GUILDS", json!({"timeout": 500})), seconds(30), "only where the peer obeys it");
}

#[test]
fn codes_are_known_by_number() {
    for code in ErrorCode::ALL {
        assert_eq!(ErrorCode::from_code(code as i64), Some(code));
        assert!(!code.sentence().is_empty());
    }
    for code in CloseCode::ALL {
        assert_eq!(CloseCode::from_code(code as u16), Some(code));
        assert_eq!(code.is_fatal(), code as u16 != 4002, "{code:?}");
        assert!(!code.sentence().is_empty());
    }
    assert_eq!((ErrorCode::from_code(1), CloseCode::from_code(1000)), (None, None));
    assert_eq!(CloseCode::TokenRevoked.status(), Status::Auth);
    assert_eq!(CloseCode::RateLimited.status(), Status::RateLimited);
}

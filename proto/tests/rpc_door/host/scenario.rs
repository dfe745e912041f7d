//! Scenarios: what a file may say, what comes of it, and when.

use std::time::Duration;

use gamebridge_proto::error::Status;
use gamebridge_proto::event::EventType;
use gamebridge_proto::scenario::Scenario;
use serde_json::{Value, json};

use crate::house::{GAME, House, Out, authenticate};

fn load(house: &mut House, scenario: Value) -> Value {
    house.host("SCENARIO_LOAD", json!({"scenario": scenario}))
}

/// The steps that came since the last call: path, command, and whether it worked.
fn steps(house: &mut House) -> Vec<(String, String, bool)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let steps = house.events().into_iter().filter(|(name, ..)| name == "SCENARIO_STEP");
    steps.map(|(_, _, data)| (text(&data["path"]), text(&data["command"]), data["error"].is_null())).collect()
}

/// Steps with the second in which they came.
fn played(house: &mut House, seconds: u32) -> Vec<(u32, String)> {
    let mut all = Vec::new();
    house.wait(Duration::ZERO);
    all.extend(steps(house).into_iter().map(|(path, ..)| (0, path)));
    for second in 1..=seconds {
        house.wait(Duration::from_secs(1));
        all.extend(steps(house).into_iter().map(|(path, ..)| (second, path)));
    }
    all
}

fn town() -> Value {
    json!({
        "scenario": 1,
        "about": "Something of everything.",
        "me": {"global_name": "Mason"},
        "users": {
            "ada": {"relationship": "FRIEND", "presence": {"status": "online",
                "activity": {"application_id": "@game", "state": "In menu"}}},
            "bob": {"username": "Robert", "bot": true}
        },
        "applications": {"game": {"id": GAME, "testers": ["@ada"], "approved": false}},
        "guilds": {
            "garden": {
                "owner_id": "@ada",
                "members": {"me": {"roles": ["@gardeners"]}, "ada": {}, "bob": {"nick": "Bobby"}},
                "roles": {"gardeners": {"permissions": ["MENTION_EVERYONE"], "color": 65280}},
                "channels": {
                    "beds": {"topic": "Roses", "messages": [
                        {"user_id": "@ada", "content": "Good morning <@me>, <@&gardeners> and <#lobby>!", "as": "hello"},
                        {"content": "<@not one> <@123> <3"}
                    ]},
                    "lobby": {"type": "GUILD_VOICE", "voice": ["@bob", "@ada"],
                        "overwrites": [{"role_id": "@garden", "deny": ["SPEAK"]}]}
                }
            }
        },
        "channels": {"letters": {"type": "DM", "recipients": ["@bob"], "messages": [{"user_id": "@bob", "content": "Psst"}]}},
        "setup": [
            {"do": "MESSAGE_EDIT", "args": {"channel_id": "@beds", "message_id": "@hello", "pinned": true}},
            {"do": "ENTITLEMENT_CREATE", "args": {"application_id": "@game"}, "as": "ticket"}
        ]
    })
}

#[test]
fn a_scenario_fills_the_world() {
    let mut house = House::default();
    let loaded = load(&mut house, town());
    let id = |name: &str| loaded["names"][name].as_str().unwrap().to_owned();
    let names: Vec<&str> = loaded["names"].as_object().unwrap().keys().map(String::as_str).collect();
    let all = ["ada", "beds", "bob", "game", "garden", "gardeners", "hello", "letters", "lobby", "me", "ticket"];
    assert_eq!(names, all);
    let state = house.host("STATE", json!({}));
    let user = |name: &str| state["users"].as_array().unwrap().iter().find(|user| user["id"] == id(name)).unwrap();
    assert_eq!((&user("me")["global_name"], &user("ada")["username"]), (&json!("Mason"), &json!("ada")));
    assert_eq!((&user("ada")["relationship"], &user("ada")["status"]), (&json!("FRIEND"), &json!("online")));
    assert_eq!(user("ada")["activity"], json!({"application_id": GAME, "type": 0, "state": "In menu"}));
    assert_eq!((&user("bob")["username"], &user("bob")["bot"]), (&json!("Robert"), &json!(true)));
    assert_eq!(
        (&state["applications"][0]["name"], &state["applications"][0]["testers"]),
        (&json!("game"), &json!([id("ada")]))
    );
    let guild = &state["guilds"][0];
    assert_eq!((&guild["name"], &guild["owner_id"]), (&json!("garden"), &json!(id("ada"))));
    let member = |name: &str| {
        guild["members"].as_array().unwrap().iter().find(|member| member["user_id"] == id(name)).unwrap().clone()
    };
    assert_eq!((&member("me")["roles"], &member("bob")["nick"]), (&json!([id("gardeners")]), &json!("Bobby")));
    let messages = state["messages"].as_array().unwrap();
    let hello = messages.iter().find(|message| message["id"] == id("hello")).unwrap();
    let text = format!("Good morning <@{}>, <@&{}> and <#{}>!", id("me"), id("gardeners"), id("lobby"));
    assert_eq!((&hello["content"], &hello["pinned"]), (&json!(text), &json!(true)));
    assert_eq!(hello["mentions"], json!([id("me")]));
    assert!(messages.iter().any(|message| message["content"] == "<@not one> <@123> <3"));
    assert!(messages.iter().any(|message| message["channel_id"] == id("letters") && message["user_id"] == id("bob")));
    let in_voice: Vec<&Value> =
        state["voice_states"].as_array().unwrap().iter().map(|voice| &voice["user_id"]).collect();
    assert_eq!(in_voice, [&json!(id("bob")), &json!(id("ada"))]);
    let lobby = state["channels"].as_array().unwrap().iter().find(|channel| channel["id"] == id("lobby")).unwrap();
    assert_eq!(lobby["overwrites"], json!([{"role_id": id("garden"), "allow": [], "deny": ["SPEAK"]}]));
    assert_eq!(state["entitlements"][0]["id"], id("ticket"));
}

#[test]
fn a_scenario_without_steps_ends_at_once() {
    let mut house = House::default();
    load(&mut house, json!({"scenario": 1, "users": {"ada": {}}}));
    house.wait(Duration::ZERO);
    let events = house.events();
    assert_eq!((events.len(), events[0].0.as_str(), &events[0].2["steps"]), (1, "SCENARIO_ENDED", &json!(0)));
    assert_eq!(house.host("STATE", json!({"parts": ["scenario"]})), json!({"scenario": null}));
}

#[test]
fn steps_come_when_they_say() {
    let mut house = House::default();
    let mut scenario = town();
    scenario["steps"] = json!([
        {"at": 1, "do": "VOICE_JOIN", "args": {"channel_id": "@lobby"}},
        {"after": 1.5, "do": "MESSAGE_POST", "args": {"channel_id": "@beds", "user_id": "@bob", "content": "Hi <@me>"}, "as": "hi"},
        {"do": "MESSAGE_EDIT", "args": {"channel_id": "@beds", "message_id": "@hi", "content": "Hello <@me>"}},
        {"at": 4, "do": "MESSAGE_DELETE", "args": {"channel_id": "@beds", "message_id": "@hi"}}
    ]);
    load(&mut house, scenario);
    assert_eq!(
        played(&mut house, 5),
        [(1, "steps[0]".into()), (3, "steps[1]".into()), (3, "steps[2]".into()), (4, "steps[3]".into())]
    );
}

#[test]
fn peers_hear_of_steps_as_of_anything_else() {
    let mut house = House::default();
    let scenario = json!({
        "scenario": 1,
        "users": {"ada": {}},
        "guilds": {"garden": {"members": {"ada": {}}, "channels": {"beds": {}}}},
        "steps": [{"at": 2, "do": "MESSAGE_POST", "args": {"channel_id": "@beds", "user_id": "@ada", "content": "Hi <@me>"}}]
    });
    let names = load(&mut house, scenario)["names"].clone();
    house.ipc(1);
    let token = house.host("TOKEN_CREATE", json!({"client_id": GAME, "scopes": ["rpc", "messages.read"]}));
    house.done(1, authenticate(token["access_token"].as_str().unwrap()));
    house.done(1, json!({"cmd": "SUBSCRIBE", "evt": "MESSAGE_CREATE", "args": {"channel_id": names["beds"]}}));
    house.out();
    house.wait(Duration::from_millis(1999));
    assert_eq!(house.out(), []);
    house.wait(Duration::from_millis(1));
    let out = house.out();
    let Out::Sent { peer: 1, payload, .. } = &out[0] else { panic!("{out:?}") };
    assert_eq!(payload["data"]["message"]["author"]["id"], names["ada"]);
    let Out::Event { kind: EventType::Dispatch, name, data, .. } = &out[1] else { panic!("{out:?}") };
    assert_eq!((name.as_str(), &data["reply"]["user_id"]), ("SCENARIO_STEP", &names["ada"]));
    assert!(matches!(&out[2], Out::Event { name, .. } if name == "SCENARIO_ENDED"), "{out:?}");
}

#[test]
fn repetitions_go_round_and_stand_in_each_other() {
    let mut house = House::default();
    let knock = json!({"do": "SPEAKING_STOP"});
    let scenario = |steps: Value| json!({"scenario": 1, "steps": steps});
    load(
        &mut house,
        scenario(json!([
            {"at": 1, "repeat": 2, "every": 3, "steps": [knock, {"after": 1, "repeat": 2, "every": 1, "steps": [knock]}]},
            {"after": 1, "do": "SPEAKING_STOP"}
        ])),
    );
    let (outer, inner, last) = ("steps[0].steps[0]", "steps[0].steps[1].steps[0]", "steps[1]");
    let expected = [(1, outer), (2, inner), (3, inner), (4, outer), (5, inner), (6, inner), (7, last)];
    assert_eq!(played(&mut house, 9), expected.map(|(second, path)| (second, path.to_owned())));
    load(&mut house, scenario(json!([{"repeat": "forever", "every": 2, "steps": [knock]}])));
    assert_eq!(played(&mut house, 6), [0, 2, 4, 6].map(|second| (second, "steps[0].steps[0]".to_owned())));
    let stopped = house.host("SCENARIO_STOP", json!({}));
    assert_eq!((&stopped["steps"], &stopped["failed"]), (&json!(4), &json!(4)), "nobody is in voice");
    assert_eq!(played(&mut house, 6), []);
    assert_eq!(house.try_host("SCENARIO_STOP", b"").unwrap_err().0, Status::State);
}

#[test]
fn many_rounds_that_are_due_at_once_come_in_turns() {
    let mut house = House::default();
    let steps = json!([{"repeat": 5000, "every": 0.001, "steps": [{"do": "SPEAKING_STOP"}]}]);
    load(&mut house, json!({"scenario": 1, "steps": steps}));
    house.now = house.now + Duration::from_secs(3600);
    house.door.handle_timeout(house.now, &mut house.world, &mut house.record);
    let first = steps_of(&mut house);
    assert!((1..5000).contains(&first), "{first}");
    let mut all = first;
    while house.door.next_timeout().is_some() {
        house.door.handle_timeout(house.now, &mut house.world, &mut house.record);
        all += steps_of(&mut house);
    }
    assert_eq!(all, 5000);
}

fn steps_of(house: &mut House) -> usize {
    steps(house).len()
}

#[test]
fn speed_is_how_many_seconds_pass_in_one() {
    for (speed, second) in [(2.0, 2), (0.5, 8)] {
        let mut house = House::default();
        let scenario = json!({"scenario": 1, "steps": [{"at": 4, "do": "SPEAKING_STOP"}]});
        house.host("SCENARIO_LOAD", json!({"scenario": scenario, "speed": speed}));
        assert_eq!(played(&mut house, 9), [(second, "steps[0]".to_owned())]);
    }
}

#[test]
fn a_step_that_fails_is_told_and_the_rest_goes_on() {
    let mut house = House::default();
    load(
        &mut house,
        json!({
            "scenario": 1,
            "steps": [
                {"do": "GUILD_CREATE", "args": {"name": "Garden", "owner_id": "5"}, "as": "garden"},
                {"do": "GUILD_EDIT", "args": {"guild_id": "@garden", "name": "Park"}},
                {"do": "USER_CREATE", "args": {"username": "Ada"}}
            ]
        }),
    );
    house.wait(Duration::ZERO);
    let out: Vec<(Value, Status, String)> = house
        .out()
        .into_iter()
        .filter_map(|out| match out {
            Out::Event { data, status, message, .. } => Some((data, status, message)),
            _ => None,
        })
        .collect();
    assert_eq!((&out[0].0["error"], out[0].1), (&json!("there is no user 5"), Status::Argument));
    assert_eq!((out[0].0["reply"].clone(), out[0].2.as_str()), (Value::Null, "there is no user 5"));
    assert!(out[1].2.contains("there is no \"garden\": the step that was to make it failed"), "{}", out[1].2);
    assert_eq!(out[2].0["reply"]["username"], "Ada");
    assert_eq!((&out[3].0["steps"], &out[3].0["failed"]), (&json!(3), &json!(2)));
}

#[test]
fn another_scenario_takes_the_place_of_the_one_that_plays() {
    let mut house = House::default();
    let one = json!({"scenario": 1, "steps": [{"after": 5, "do": "SPEAKING_STOP"}]});
    load(&mut house, one.clone());
    house.out();
    load(&mut house, one);
    assert_eq!(house.events().remove(0).0, "SCENARIO_ENDED");
    assert_eq!(played(&mut house, 6), [(5, "steps[0]".to_owned())]);
}

#[test]
fn what_is_wrong_is_named_by_its_path_and_nothing_is_half_loaded() {
    let mut house = House::default();
    house.ipc(1);
    let playing = json!({"scenario": 1, "steps": [{"after": 9, "do": "SPEAKING_STOP"}]});
    load(&mut house, playing);
    let before = house.host("STATE", json!({}));
    house.out();
    let step = |step: Value| {
        json!({"scenario": 1, "users": {"ada": {}}, "guilds": {"garden": {"channels": {"beds": {}}}},
        "steps": [{"do": "SPEAKING_STOP"}, step]})
    };
    let garden = |garden: Value| json!({"scenario": 1, "users": {"ada": {}}, "guilds": {"garden": garden}});
    for (scenario, sentence) in [
        (json!([]), "scenario: an object expected"),
        (json!({}), "scenario: the version of the format expected: 1"),
        (json!({"scenario": 2}), "scenario: version 1 expected, 2 given"),
        (json!({"scenario": 1, "user": {}}), "user: unknown; known are scenario, about"),
        (json!({"scenario": 1, "users": []}), "users: an object expected"),
        (json!({"scenario": 1, "users": {"ada": 5}}), "users.ada: an object expected"),
        (json!({"scenario": 1, "users": {"a b": {}}}), "users.a b: a name: a letter"),
        (json!({"scenario": 1, "users": {"me": {"username": "Me"}}}), "users.me: \"me\" is the local user's name"),
        (json!({"scenario": 1, "users": {"ada": {"nick": "A"}}}), "users.ada.nick: unknown; known are username"),
        (json!({"scenario": 1, "users": {"x": {}}}), "users.x.username: 2 to 32 characters expected, 1 given"),
        (json!({"scenario": 1, "users": {"ada": {"relationship": "FOE"}}}), "users.ada.relationship: one of \"NONE\""),
        (json!({"scenario": 1, "users": {"ada": {"presence": {}}}}), "users.ada.presence.status: one of \"online\""),
        (
            json!({"scenario": 1, "users": {"ada": {"presence": {"status": "idle", "user_id": "5"}}}}),
            "users.ada.presence.user_id: unknown here",
        ),
        (json!({"scenario": 1, "applications": {"game": {}}}), "applications.game.id: a snowflake"),
        (json!({"scenario": 1, "applications": {"game": {"id": "@me"}}}), "applications.game.id: an id expected"),
        (garden(json!({"members": {"bob": {}}})), "guilds.garden.members.bob: there is no user named \"bob\""),
        (
            garden(json!({"members": {"ada": {"roles": ["@mods"]}}})),
            "guilds.garden.members.ada.roles[0]: there is no role named",
        ),
        (garden(json!({"owner_id": "@garden"})), "guilds.garden.owner_id: there is no user named \"garden\""),
        (garden(json!({"roles": {"ada": {}}})), "guilds.garden.roles.ada: the name \"ada\" is taken by a user"),
        (
            garden(json!({"channels": {"x": {}}})),
            "guilds.garden.channels.x.name: 2 to 100 characters expected, 1 given",
        ),
        (
            garden(json!({"channels": {"beds": {"guild_id": "5"}}})),
            "guilds.garden.channels.beds.guild_id: unknown here",
        ),
        (
            garden(json!({"channels": {"beds": {"messages": [{"content": "<@bob>"}]}}})),
            "guilds.garden.channels.beds.messages[0].content: there is no user named \"bob\"",
        ),
        (
            garden(json!({"channels": {"beds": {"voice": ["ada"]}}})),
            "guilds.garden.channels.beds.voice[0]: a user's name",
        ),
        // What the world alone can say.
        (
            garden(json!({"channels": {"beds": {"voice": ["@ada"]}}})),
            "guilds.garden.channels.beds.voice[0]: there is no such channel",
        ),
        (json!({"scenario": 1, "users": {"ada": {}, "here": {}}}), "users.here: username: discordtag"),
        (json!({"scenario": 1, "setup": [{"do": "STATE"}]}), "setup[0].do: STATE has no place in a scenario"),
        (json!({"scenario": 1, "setup": [{"do": "TOKEN_CREATE"}]}), "setup[0].do: TOKEN_CREATE has no place"),
        (json!({"scenario": 1, "setup": [{"do": "VOICE_LEAVE", "at": 5}]}), "setup[0].at: unknown; known are do"),
        (step(json!({"do": "USER_MAKE"})), "steps[1].do: USER_MAKE: no command of a server"),
        (step(json!({"do": "voice_leave"})), "steps[1].do: voice_leave: the command VOICE_LEAVE expected"),
        (step(json!({"at": 1})), "steps[1].do: a command's name expected"),
        (step(json!({"do": "VOICE_JOIN", "args": {"channel": "@beds"}})), "steps[1].args.channel: unknown"),
        (
            step(json!({"do": "VOICE_JOIN", "args": {"channel_id": "@lobby"}})),
            "steps[1].args.channel_id: there is no channel named \"lobby\"",
        ),
        (
            step(json!({"do": "VOICE_JOIN", "args": {"channel_id": "@ada"}})),
            "steps[1].args.channel_id: \"ada\" is a user; a channel expected",
        ),
        (step(json!({"do": "VOICE_JOIN", "args": {"channel_id": "beds"}})), "steps[1].args.channel_id: a snowflake"),
        (step(json!({"do": "VOICE_JOIN"})), "steps[1].args.channel_id: a snowflake"),
        (step(json!({"do": "VOICE_JOIN", "args": []})), "steps[1].args: an object expected"),
        (step(json!({"do": "VOICE_LEAVE", "as": "gone"})), "steps[1].as: VOICE_LEAVE makes nothing"),
        (step(json!({"do": "VOICE_LEAVE", "as": 5})), "steps[1].as: a name expected"),
        (
            step(json!({"do": "USER_CREATE", "args": {"username": "Bob"}, "as": "ada"})),
            "steps[1].as: the name \"ada\" is taken",
        ),
        (step(json!({"at": -1, "do": "VOICE_LEAVE"})), "steps[1].at: a number of seconds expected"),
        (step(json!({"at": 1, "after": 1, "do": "VOICE_LEAVE"})), "steps[1].at: either at or after"),
        (step(json!({"repeat": 0, "steps": []})), "steps[1].repeat: how often expected"),
        (step(json!({"repeat": 2, "steps": []})), "steps[1].steps: at least one step expected"),
        (
            step(json!({"repeat": 2, "steps": [{"do": "VOICE_LEAVE"}]})),
            "steps[1].every: how many seconds a round takes",
        ),
        (
            step(json!({"repeat": 2, "every": 1, "steps": [{"at": 2, "do": "VOICE_LEAVE"}]})),
            "steps[1].every: at least 2 seconds",
        ),
        (step(json!({"repeat": 2, "do": "VOICE_LEAVE", "steps": []})), "steps[1].do: unknown"),
        (
            json!({"scenario": 1, "steps": [{"at": 2, "do": "VOICE_LEAVE"}, {"at": 1, "do": "VOICE_LEAVE"}]}),
            "steps[1].at: 2 or later expected",
        ),
        (
            json!({"scenario": 1, "steps": [{"repeat": "forever", "every": 1, "steps": [{"do": "VOICE_LEAVE"}]}, {"do": "VOICE_LEAVE"}]}),
            "steps[1]: nothing comes after",
        ),
        (
            json!({"scenario": 1, "steps": [{"repeat": 2, "every": 1, "steps":
            [{"repeat": "forever", "every": 1, "steps": [{"do": "VOICE_LEAVE"}]}]}]}),
            "steps[0]: what is repeated has to end",
        ),
    ] {
        let args = json!({"scenario": scenario}).to_string();
        let (status, message) = house.try_host("SCENARIO_LOAD", args.as_bytes()).expect_err(&args);
        assert_eq!(status, Status::Argument);
        assert!(message.starts_with(sentence), "{args}:\n{message}\n{sentence}");
        assert_eq!(house.out(), [], "{args}");
        assert_eq!(house.host("STATE", json!({})), before, "{args}");
    }
}

#[test]
fn an_id_in_full_stands_wherever_a_name_may() {
    let mut house = House::default();
    let ada = house.host("USER_CREATE", json!({"username": "Ada"}))["id"].clone();
    let scenario = json!({"scenario": 1, "channels": {"letters": {"type": "DM", "recipients": [ada]}}});
    let names = load(&mut house, scenario)["names"].clone();
    let state = house.host("STATE", json!({"parts": ["channels"]}));
    assert_eq!(state["channels"][0]["id"], names["letters"]);
    assert!(state["channels"][0]["recipients"].as_array().unwrap().contains(&ada));
}

#[test]
fn a_text_that_is_no_scenario_is_an_error() {
    for text in ["", "[]", "5", "{", "{\"scenario\":1}x", "\u{feff}{}"] {
        assert!(Scenario::read(text.as_bytes()).is_err(), "{text}");
    }
    let deep = format!("{}{}", "[".repeat(1000), "]".repeat(1000));
    assert!(Scenario::read(deep.as_bytes()).is_err());
    let long = vec![b' '; gamebridge_proto::scenario::MAX_BYTES + 1];
    assert!(Scenario::read(&long).unwrap_err().message.contains("at most"));
    let levels = (0..9).fold(json!({"do": "VOICE_LEAVE"}), |step, _| json!({"repeat": 1, "steps": [step]}));
    let sentence =
        Scenario::read(json!({"scenario": 1, "steps": [levels]}).to_string().as_bytes()).unwrap_err().message;
    assert!(sentence.contains("8 repetitions in each other"), "{sentence}");
}

#[test]
fn the_example_scenarios_play_without_a_step_that_fails() {
    for (name, text, seconds, expected) in [
        ("voice-lobby", include_str!("../../../../examples/scenarios/voice-lobby.json"), 60, 19),
        ("ask-to-join", include_str!("../../../../examples/scenarios/ask-to-join.json"), 60, 6),
        ("busy-guild", include_str!("../../../../examples/scenarios/busy-guild.json"), 60, 3 + 3 * 6),
    ] {
        let mut house = House::default();
        let scenario = serde_json::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}"));
        load(&mut house, scenario);
        house.ipc(1);
        house.wait(Duration::from_secs(seconds));
        let steps: Vec<Value> = house
            .events()
            .into_iter()
            .filter_map(|(event, _, data)| (event == "SCENARIO_STEP").then_some(data))
            .collect();
        assert!(steps.iter().all(|step| step["error"].is_null()), "{name}: {steps:#?}");
        assert_eq!(steps.len(), expected, "{name}");
    }
}

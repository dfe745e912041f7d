//! Messages and pins.

use gamebridge_proto::world::{Change, NewMessage, Operation};
use serde_json::{Value, json};

use super::house::{House, text};

fn posted(house: &mut House, channel: &str, content: &str) -> String {
    let message = house.gets(200, "POST", &format!("/channels/{channel}/messages"), json!({"content": content}));
    text(&message["id"])
}

fn contents(messages: &Value) -> Vec<String> {
    messages.as_array().unwrap().iter().map(|message| text(&message["content"])).collect()
}

#[test]
fn a_message_is_posted_edited_and_deleted_and_the_other_doors_hear_of_it() {
    let mut house = House::default();
    let (_, channel) = house.text_channel();
    house.changes.clear();
    let path = format!("/channels/{channel}/messages");
    let message = house.gets(200, "POST", &path, json!({"content": "Bread!", "nonce": "n1"}));
    assert_eq!((&message["content"], &message["nonce"]), (&json!("Bread!"), &json!("n1")));
    assert_eq!((&message["channel_id"], &message["edited_timestamp"]), (&json!(channel), &Value::Null));
    assert_eq!(message["author"]["username"], "Guest");
    let path = format!("{path}/{}", text(&message["id"]));
    let edited = house.gets(200, "PATCH", &path, json!({"content": "Rolls!"}));
    assert_eq!(edited["content"], "Rolls!");
    assert!(edited["edited_timestamp"].is_string());
    assert_eq!(house.get(&path)["content"], "Rolls!");
    house.gets(204, "DELETE", &path, Value::Null);
    assert_eq!(house.refused("GET", &path, Value::Null), (404, 10008));
    let seen: Vec<Change> = house.changes.drain(..).flatten().collect();
    let expected =
        matches!(seen[..], [Change::MessagePosted { .. }, Change::MessageEdited { .. }, Change::MessageDeleted { .. }]);
    assert!(expected, "{seen:?}");
}

#[test]
fn messages_come_newest_first_in_pages() {
    let mut house = House::default();
    let (_, channel) = house.text_channel();
    let ids: Vec<String> = (0..60).map(|at| posted(&mut house, &channel, &format!("m{at}"))).collect();
    let path = format!("/channels/{channel}/messages");
    let names = |range: std::ops::Range<usize>| range.rev().map(|at| format!("m{at}")).collect::<Vec<_>>();
    for (query, expected) in [
        (String::new(), names(10..60)),
        ("?limit=3".into(), names(57..60)),
        (format!("?before={}&limit=2", ids[10]), names(8..10)),
        (format!("?after={}&limit=2", ids[10]), names(11..13)),
        (format!("?around={}&limit=5", ids[10]), names(8..13)),
        (format!("?before={}", ids[0]), vec![]),
    ] {
        assert_eq!(contents(&house.get(&format!("{path}{query}"))), expected, "{query}");
    }
    for query in ["?limit=0", "?limit=101", "?limit=x", "?before=x", "?before=1&after=1"] {
        assert_eq!(house.refused("GET", &format!("{path}{query}"), Value::Null), (400, 50035), "{query}");
    }
}

#[test]
fn pins_are_put_on_and_taken_off() {
    let mut house = House::default();
    let (_, channel) = house.text_channel();
    let (first, second) = (posted(&mut house, &channel, "one"), posted(&mut house, &channel, "two"));
    let pins = format!("/channels/{channel}/pins");
    for id in [&first, &second, &first] {
        house.gets(204, "PUT", &format!("{pins}/{id}"), Value::Null);
    }
    assert_eq!(contents(&house.get(&pins)), ["two", "one"]);
    let pinned = house.get(&format!("/channels/{channel}/messages/{first}"));
    assert_eq!((&pinned["pinned"], &pinned["edited_timestamp"]), (&json!(true), &Value::Null), "a pin is no edit");
    house.gets(204, "DELETE", &format!("{pins}/{first}"), Value::Null);
    assert_eq!(contents(&house.get(&pins)), ["two"]);
    assert_eq!(house.refused("PUT", &format!("{pins}/5"), Value::Null), (404, 10008));
}

#[test]
fn what_is_no_message_is_refused() {
    let mut house = House::default();
    let (guild, channel) = house.text_channel();
    let path = format!("/channels/{channel}/messages");
    for (body, expected) in [
        (json!({}), (400, 50006)),
        (json!({"content": ""}), (400, 50006)),
        (json!({"content": "  \n "}), (400, 50006)),
        (json!({"content": "x".repeat(2001)}), (400, 50035)),
        (json!({"content": 5}), (400, 50035)),
        (json!({"content": "x", "tts": "yes"}), (400, 50035)),
        (json!({"embeds": [1]}), (400, 50035)),
    ] {
        assert_eq!(house.refused("POST", &path, body.clone()), expected, "{body}");
    }
    let embeds = json!([{"title": "Bread", "description": "\u{1F35E}"}]);
    assert_eq!(house.gets(200, "POST", &path, json!({"embeds": embeds}))["embeds"], embeds);
    let channels = house.get(&format!("/guilds/{guild}/channels"));
    let voice = text(&channels.as_array().unwrap().iter().find(|channel| channel["type"] == 2).unwrap()["id"]);
    let path = format!("/channels/{voice}/messages");
    assert_eq!(house.refused("POST", &path, json!({"content": "hello"})), (400, 50008));
    assert_eq!(house.refused("GET", &path, Value::Null).0, 400);
}

#[test]
fn without_messages_read_only_what_the_application_made_is_read() {
    let mut house = House::default();
    let (_, own) = house.text_channel();
    let message = posted(&mut house, &own, "ours");
    house.caller.application = Some(5.into());
    let channel = format!("/channels/{own}");
    for path in ["messages".to_owned(), "pins".to_owned(), format!("messages/{message}")] {
        assert_eq!(house.refused("GET", &format!("{channel}/{path}"), Value::Null), (403, 50001), "{path}");
    }
    house.gets(200, "POST", &format!("{channel}/messages"), json!({"content": "writing is another thing"}));
    house.scopes(&["rpc.api", "messages.read"]);
    assert_eq!(house.get(&format!("{channel}/messages")).as_array().unwrap().len(), 2);
}

#[test]
fn only_authors_edit_and_only_those_who_may_delete() {
    let mut house = House::default();
    let (guild, channel) = house.text_channel();
    let mason = house.user("Mason");
    house.joins(&guild, mason);
    let message = NewMessage {
        channel: channel.parse::<u64>().unwrap().into(),
        author: mason,
        content: "mine".into(),
        tts: false,
        embeds: Box::default(),
        attachments: Box::default(),
    };
    let Some(Change::MessagePosted { message, .. }) = house.apply(Operation::PostMessage(message)).into_iter().next()
    else {
        panic!("posted")
    };
    let path = format!("/channels/{channel}/messages/{message}");
    assert_eq!(house.refused("PATCH", &path, json!({"content": "yours"})), (403, 50005));
    let ours = posted(&mut house, &channel, "the owner's");
    house.acts_as(mason);
    let of_owner = format!("/channels/{channel}/messages/{ours}");
    assert_eq!(house.refused("DELETE", &of_owner, Value::Null), (403, 50013));
    assert_eq!(house.refused("PUT", &format!("/channels/{channel}/pins/{ours}"), Value::Null), (403, 50013));
    house.gets(204, "DELETE", &path, Value::Null);
    house.acts_as_owner();
    house.gets(204, "DELETE", &of_owner, Value::Null);
}

//! Messages: who may read them, and how they are shown.

use gamebridge_proto::world::{
    ChannelKind, MemberEdit, MessageId, NewChannel, NewGuild, NewUser, Operation, Permissions, RelationshipKind,
    UserEdit,
};
use serde_json::{Value, json};

use super::house::GAME;
use super::town::{Town, id, made_channel};

fn messages(town: &mut Town, peer: u32, channel: Value) -> Vec<Value> {
    town.done(peer, "GET_CHANNEL", json!({"channel_id": channel}))["messages"].as_array().unwrap().clone()
}

#[test]
fn without_messages_read_only_what_the_application_made_is_read() {
    let mut town = Town::default();
    let (general, own, bob) = (town.general, town.own, town.bob);
    for channel in [general, own] {
        town.post(channel, bob, "Hello");
    }
    town.peer(1, &["rpc"]);
    town.peer(2, &["rpc", "messages.read"]);
    town.peer(3, &["guilds.channels.read"]);
    town.stranger(4, "5", &["rpc"]);
    for (peer, of_general, of_own) in [(1, 0, 1), (2, 1, 1), (3, 0, 1), (4, 0, 0)] {
        assert_eq!(messages(&mut town, peer, id(general)).len(), of_general, "peer {peer}");
        assert_eq!(messages(&mut town, peer, id(own)).len(), of_own, "peer {peer}");
    }
    for event in ["MESSAGE_CREATE", "MESSAGE_UPDATE", "MESSAGE_DELETE"] {
        for (peer, channel, refused) in [(1, general, true), (1, own, false), (2, general, false), (4, own, true)] {
            let message = json!({"cmd": "SUBSCRIBE", "evt": event, "args": {"channel_id": id(channel)}});
            let reply = town.house.ask(peer, message);
            assert_eq!(reply["data"]["code"] == 4006, refused, "{event} of peer {peer}: {reply}");
        }
    }
    town.house.out();
    town.post(general, bob, "To who may");
    assert_eq!((town.house.peek(1).len(), town.house.peek(2).len()), (0, 1));
}

#[test]
fn a_guild_that_the_application_made_is_its_own_with_all_channels() {
    let mut town = Town::default();
    let game = GAME.parse::<u64>().unwrap().into();
    let found = NewGuild { name: "Of the game".into(), created_by: Some(game), ..NewGuild::default() };
    town.make(Operation::CreateGuild(found));
    let guild = town.house.world.guilds().last().unwrap().id;
    let general = town.house.world.channels_of(guild)[0].id;
    town.post(general, town.local, "Hello");
    town.peer(1, &["rpc"]);
    assert_eq!(messages(&mut town, 1, id(general)).len(), 1);
    town.subscribe(1, "MESSAGE_CREATE", json!({"channel_id": id(general)}));
    town.post(general, town.local, "Again");
    assert_eq!(town.heard(1), ["MESSAGE_CREATE"]);
}

#[test]
fn a_subscription_goes_silent_while_messages_read_is_gone_or_the_channel_is_out_of_sight() {
    let mut town = Town::default();
    let (general, ada) = (town.general, town.ada);
    town.peer(1, &["rpc", "messages.read"]);
    town.subscribe(1, "MESSAGE_CREATE", json!({"channel_id": id(general)}));
    let heard = |town: &mut Town| {
        town.house.out();
        town.post(general, ada, "Hello");
        town.heard(1).len()
    };
    assert_eq!(heard(&mut town), 1);
    town.deny(general, Permissions::VIEW_CHANNEL);
    assert_eq!(heard(&mut town), 0);
    town.undeny(general);
    assert_eq!(heard(&mut town), 1);
    town.house.authenticate(1, &["rpc"]);
    assert_eq!(heard(&mut town), 0);
    town.house.authenticate(1, &["rpc", "messages.read"]);
    assert_eq!(heard(&mut town), 1);
    town.make(Operation::LeaveGuild { guild: town.guild, user: town.local });
    assert_eq!(heard(&mut town), 0);
}

#[test]
fn a_channel_shows_its_latest_fifty_messages_oldest_first() {
    let mut town = Town::default();
    let posted: Vec<MessageId> =
        (0..60).map(|number| town.post(town.general, town.bob, &format!("{number}"))).collect();
    town.peer(1, &["rpc", "messages.read"]);
    let general = id(town.general);
    let shown: Vec<Value> =
        messages(&mut town, 1, general.clone()).into_iter().map(|message| message["id"].clone()).collect();
    assert_eq!(shown, posted[10..].iter().map(id).collect::<Vec<_>>());
    town.deny(town.general, Permissions::READ_MESSAGE_HISTORY);
    assert!(messages(&mut town, 1, general).is_empty(), "the history has a permission of its own");
}

#[test]
fn a_message_is_shown_in_parts_with_names_colors_and_blocks() {
    let mut town = Town::default();
    let role = town.role("Red Team", 0x00FF_8000);
    let edit = MemberEdit { nick: Some(Some("Bobby".into())), roles: Some(vec![role]), ..MemberEdit::default() };
    town.make(Operation::EditMember { guild: town.guild, user: town.bob, edit });
    town.make(Operation::SetRelationship { user: town.bob, kind: RelationshipKind::Blocked });
    town.peer(1, &["rpc", "messages.read"]);
    town.subscribe(1, "MESSAGE_CREATE", json!({"channel_id": id(town.general)}));
    let content = format!(
        "Hi <@{}> and <@!{}>, <@&{role}>: <#{}> <#{}> <:wave:123> <a:spin:45> `a <@1>` ```block``` see https://a.example/x?y=1. <@1> < > 5<6",
        town.ada, town.bob, town.general, town.hidden,
    );
    town.post(town.general, town.bob, &content);
    let message = town.house.sent(1).remove(0)["data"]["message"].clone();
    let parts: Vec<(String, String)> = message["content_parsed"]
        .as_array()
        .unwrap()
        .iter()
        .map(|part| (part["type"].as_str().unwrap().into(), part["content"].as_str().unwrap().into()))
        .collect();
    let hidden = format!(" <#{}> ", town.hidden);
    let expected = [
        ("text", "Hi "),
        ("mention", "@Ada"),
        ("text", " and "),
        ("mention", "@Bobby"),
        ("text", ", "),
        ("role", "@Red Team"),
        ("text", ": "),
        ("channel", "#general"),
        ("text", &hidden),
        ("emoji", ":wave:"),
        ("text", " "),
        ("emoji", ":spin:"),
        ("text", " "),
        ("code", "a <@1>"),
        ("text", " "),
        ("codeBlock", "block"),
        ("text", " see "),
        ("url", "https://a.example/x?y=1"),
        ("text", ". <@1> < > 5<6"),
    ];
    let expected: Vec<_> = expected.into_iter().map(|(kind, text)| (kind.to_owned(), text.to_owned())).collect();
    assert_eq!(parts, expected);
    assert_eq!(
        (&message["nick"], &message["author_color"], &message["blocked"]),
        (&json!("Bobby"), &json!("#ff8000"), &json!(true))
    );
    assert_eq!(message["mentions"][0]["username"], "Ada");
    assert_eq!(message["mention_roles"], json!([id(role)]));
}

#[test]
fn any_text_comes_apart_into_parts() {
    let mut town = Town::default();
    town.peer(1, &["rpc", "messages.read"]);
    town.subscribe(1, "MESSAGE_CREATE", json!({"channel_id": id(town.general)}));
    for content in [
        "<",
        "`",
        "``",
        "```",
        "````",
        "``` ```",
        "<@",
        "<@>",
        "<@!>",
        "<:>",
        "<::1>",
        "<:a:>",
        "<a:b:1",
        "@everyonehttp://",
        "http://",
        "https://é",
        "é<é>é",
        "@",
        "<@18446744073709551616>",
        "\u{200b}`\u{1F600}`",
        "<@&1>",
        "<#0>",
        "xhttps://a",
    ] {
        town.post(town.general, town.bob, content);
        let message = town.house.sent(1).remove(0)["data"]["message"].clone();
        let parts = message["content_parsed"].as_array().unwrap();
        assert!(!parts.is_empty() && parts.iter().all(|part| part["content"] != ""), "{content}: {parts:?}");
    }
    let long = "<`@h".repeat(500);
    town.post(town.general, town.bob, &long);
    assert_eq!(town.heard(1), ["MESSAGE_CREATE"]);
}

#[test]
fn a_notification_has_the_authors_picture_and_a_title_that_says_where() {
    let mut town = Town::default();
    town.peer(1, &["rpc.notifications.read"]);
    town.subscribe(1, "NOTIFICATION_CREATE", json!({}));
    let edit = UserEdit { avatar: Some(Some("8ab559b8".into())), ..UserEdit::default() };
    town.make(Operation::EditUser { user: town.bob, edit });
    town.post(town.dm, town.bob, "hello");
    let data = town.house.sent(1).remove(0)["data"].clone();
    assert_eq!((&data["title"], &data["body"]), (&json!("Bob"), &json!("hello")));
    assert_eq!(data["icon_url"], format!("https://cdn.discordapp.com/avatars/{}/8ab559b8.jpg", town.bob));

    let old = NewUser { discriminator: "0007".into(), ..NewUser::named("Old") };
    town.make(Operation::CreateUser(old));
    let old = town.house.world.users().last().unwrap().id;
    let group = NewChannel { name: "Club".into(), ..NewChannel::private(ChannelKind::GroupDm, vec![old, town.bob]) };
    let group = made_channel(&mut town.house, group);
    town.house.out();
    town.post(group, old, "hi");
    let data = town.house.sent(1).remove(0)["data"].clone();
    assert_eq!(data["title"], "Old (Club)");
    assert_eq!(data["icon_url"], "https://cdn.discordapp.com/embed/avatars/2.png", "7 modulo 5");

    town.make(Operation::SetRelationship { user: town.bob, kind: RelationshipKind::Blocked });
    town.post(town.dm, town.bob, "hello?");
    town.post(town.general, town.bob, "not about anybody");
    assert_eq!(town.heard(1), [""; 0]);
}

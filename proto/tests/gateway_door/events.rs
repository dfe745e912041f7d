//! What happens in the world, and who is told.

use gamebridge_proto::wire::gateway::{INTENTS, Intents};
use gamebridge_proto::world::{
    ChannelEdit, ChannelKind, GuildEdit, MemberEdit, MessageEdit, NewChannel, NewMessage, NewRole, Operation,
    Overwrite, OverwriteOf, Permissions, Presence, RoleEdit, Status, UserEdit,
};
use serde_json::{Value, json};

use super::house::{ALL, House};

/// Everything that happens in the world and that bots are told of: the dispatch, and what causes it.
pub fn happenings(house: &mut House) -> Vec<(&'static str, Operation)> {
    let (guild, user, quay, bridge) = (house.guild, house.ada, house.quay, house.bridge);
    let role =
        || NewRole { name: "Crew".into(), color: 0, permissions: Permissions::NONE, hoist: false, mentionable: false };
    use gamebridge_proto::world::Change;
    let made = house.apply(Operation::CreateRole { guild, role: role() });
    let known =
        made.iter().find_map(|change| if let Change::RoleCreated { role, .. } = change { Some(*role) } else { None });
    let known = known.unwrap();
    let bob = house.user("bob");
    let posted = house.apply(Operation::PostMessage(NewMessage::text(quay, user, "first")));
    let message = posted
        .iter()
        .find_map(|change| if let Change::MessagePosted { message, .. } = change { Some(*message) } else { None });
    let message = message.unwrap();
    let shed = house.channel(ChannelKind::GuildText, "shed");
    let local = house.world.local_user().id;
    let named = |name: &str| Some(Box::<str>::from(name));
    vec![
        (
            "GUILD_UPDATE",
            Operation::EditGuild { guild, edit: GuildEdit { name: named("Port"), ..GuildEdit::default() } },
        ),
        ("GUILD_ROLE_CREATE", Operation::CreateRole { guild, role: role() }),
        (
            "GUILD_ROLE_UPDATE",
            Operation::EditRole { guild, role: known, edit: RoleEdit { name: named("Hands"), ..RoleEdit::default() } },
        ),
        ("GUILD_ROLE_DELETE", Operation::DeleteRole { guild, role: known }),
        ("CHANNEL_CREATE", Operation::CreateChannel(NewChannel::in_guild(ChannelKind::GuildText, guild, "hold"))),
        (
            "CHANNEL_UPDATE",
            Operation::EditChannel {
                channel: shed,
                edit: ChannelEdit { name: named("hut"), ..ChannelEdit::default() },
            },
        ),
        ("CHANNEL_DELETE", Operation::DeleteChannel(shed)),
        ("GUILD_MEMBER_ADD", Operation::JoinGuild { guild, user: bob }),
        (
            "GUILD_MEMBER_UPDATE",
            Operation::EditMember {
                guild,
                user: bob,
                edit: MemberEdit { nick: Some(named("B")), ..MemberEdit::default() },
            },
        ),
        (
            "GUILD_MEMBER_UPDATE",
            Operation::EditUser { user: bob, edit: UserEdit { username: named("robert"), ..UserEdit::default() } },
        ),
        ("GUILD_MEMBER_REMOVE", Operation::LeaveGuild { guild, user: bob }),
        (
            "PRESENCE_UPDATE",
            Operation::SetPresence { user, presence: Presence { status: Status::Idle, activity: None } },
        ),
        ("TYPING_START", Operation::StartTyping { channel: quay, user }),
        ("MESSAGE_CREATE", Operation::PostMessage(NewMessage::text(quay, user, "ahoy"))),
        (
            "MESSAGE_UPDATE",
            Operation::EditMessage {
                channel: quay,
                message,
                edit: MessageEdit { content: named("ahoy!"), pinned: None },
            },
        ),
        ("MESSAGE_DELETE", Operation::DeleteMessage { channel: quay, message }),
        ("VOICE_STATE_UPDATE", Operation::JoinVoice { user, channel: bridge }),
        ("VOICE_STATE_UPDATE", Operation::EditVoice { user, self_mute: Some(true), self_deaf: None }),
        ("VOICE_STATE_UPDATE", Operation::LeaveVoice(user)),
        (
            "USER_UPDATE",
            Operation::EditUser {
                user: house.bot,
                edit: UserEdit { username: named("Ferryboat"), ..UserEdit::default() },
            },
        ),
        (
            "GUILD_MEMBER_UPDATE",
            Operation::EditMember {
                guild,
                user: house.bot,
                edit: MemberEdit { nick: Some(named("F")), ..MemberEdit::default() },
            },
        ),
        (
            "GUILD_DELETE",
            Operation::EditGuild { guild, edit: GuildEdit { available: Some(false), ..GuildEdit::default() } },
        ),
        (
            "GUILD_CREATE",
            Operation::EditGuild { guild, edit: GuildEdit { available: Some(true), ..GuildEdit::default() } },
        ),
        ("GUILD_MEMBER_ADD", Operation::JoinGuild { guild, user: bob }),
        ("GUILD_UPDATE", Operation::EditGuild { guild, edit: GuildEdit { owner: Some(user), ..GuildEdit::default() } }),
        // The local user's going is no guild's end.
        ("GUILD_MEMBER_REMOVE", Operation::LeaveGuild { guild, user: local }),
        ("GUILD_DELETE", Operation::LeaveGuild { guild, user: house.bot }),
    ]
}

#[test]
fn what_happens_is_told_once_and_under_its_name() {
    let mut house = House::default();
    let happenings = happenings(&mut house);
    let (peer, _) = house.bot_with(ALL);
    for (name, operation) in happenings {
        let what = format!("{operation:?}");
        house.apply(operation);
        assert_eq!(house.names(peer), [name], "{what}");
    }
}

/// Each intent alone lets through what the catalog says, and nothing else.
#[test]
fn each_intent_lets_its_events_through_and_no_others() {
    for intent in INTENTS {
        let bits = 1 << intent.bit;
        let mut house = House::default();
        let happenings = happenings(&mut house);
        let (peer, _) = house.bot_with(bits);
        let bot = format!("{:?}", house.bot);
        for (name, operation) in happenings {
            let what = format!("{operation:?}");
            house.apply(operation);
            // Of itself a bot hears in any case.
            let own = name == "GUILD_MEMBER_UPDATE" && what.contains(&bot);
            let heard = own || Intents(bits).let_pass(name, false);
            let expected: &[&str] = if heard { &[name] } else { &[] };
            assert_eq!(house.names(peer), expected, "{}: {what}", intent.name);
        }
    }
}

#[test]
fn without_the_intent_for_content_messages_are_empty_but_for_ones_own() {
    const CONTENT: u64 = 1 << 15;
    for (intents, query, readable) in
        [(ALL, "v=10", true), (ALL & !CONTENT, "v=10", false), (ALL & !CONTENT, "v=9", true)]
    {
        let mut house = House::default();
        let peer = house.connect(query);
        house.say(peer, super::house::identify(json!({"intents": intents})));
        house.said(peer);
        let mention = format!("ahoy <@{}>", house.bot);
        house.post("secret");
        house.post(&mention);
        let (quay, bot) = (house.quay, house.bot);
        house.apply(Operation::PostMessage(NewMessage::text(quay, bot, "mine")));
        let said = house.said(peer);
        let contents: Vec<&str> = said.iter().map(|said| said["d"]["content"].as_str().unwrap()).collect();
        assert_eq!(contents, [if readable { "secret" } else { "" }, &mention, "mine"], "{query} {intents}");
    }
}

#[test]
fn a_channel_that_the_bot_may_not_see_is_silent() {
    let mut house = House::default();
    let (peer, ready) = house.bot_with(ALL);
    let (channel, user) = (house.quay, house.ada);
    let hide = |deny| Overwrite { of: OverwriteOf::Member(house.bot), allow: Permissions::NONE, deny };
    let (hidden, shown) = (hide(Permissions::VIEW_CHANNEL), hide(Permissions::NONE));
    house.apply(Operation::SetOverwrite { channel, overwrite: hidden });
    house.said(peer);
    house.post("secret");
    house.apply(Operation::StartTyping { channel, user });
    assert_eq!(house.names(peer), Vec::<String>::new());
    let (late, _) = house.bot_with(ALL);
    let guild = &ready["guilds"][0]["id"];
    let created = house.connect("v=10");
    house.say(created, super::house::identify(json!({})));
    let said = house.said(created);
    let shown_channels = said.iter().find(|said| said["t"] == "GUILD_CREATE").unwrap()["d"]["channels"].clone();
    assert!(!shown_channels.as_array().unwrap().iter().any(|known| known["name"] == "quay"), "{guild}");
    house.said(late);
    house.apply(Operation::SetOverwrite { channel, overwrite: shown });
    house.post("open");
    assert_eq!(house.names(late), ["CHANNEL_UPDATE", "MESSAGE_CREATE"]);
}

#[test]
fn a_guild_that_the_bot_comes_into_is_shown_and_one_that_ends_is_gone() {
    let mut house = House::default();
    let (peer, _) = house.bot_with(ALL);
    let (guild, user) = (house.new_guild("Island"), house.bot);
    assert_eq!(house.names(peer), Vec::<String>::new());
    house.apply(Operation::JoinGuild { guild, user });
    assert_eq!(house.names(peer), ["GUILD_CREATE"]);
    house.apply(Operation::DeleteGuild(guild));
    let said = house.said(peer);
    assert_eq!((&said[0]["t"], &said[0]["d"]), (&json!("GUILD_DELETE"), &json!({"id": guild.to_string()})));
}

#[test]
fn a_guild_shows_members_as_the_intents_allow() {
    const PRESENCES: u64 = 1 << 8;
    let presence = Presence { status: Status::Idle, activity: None };
    for (intents, expected) in [(ALL, 53), (ALL & !PRESENCES, 2)] {
        let mut house = House::default();
        for n in 0..50 {
            let user = house.user(&format!("crew {n}"));
            let guild = house.guild;
            house.apply(Operation::JoinGuild { guild, user });
        }
        let (ada, bridge) = (house.ada, house.bridge);
        house.apply(Operation::SetPresence { user: ada, presence: presence.clone() });
        house.apply(Operation::JoinVoice { user: ada, channel: bridge });
        for (threshold, large) in [(250, false), (50, true)] {
            let peer = house.connect("v=10");
            house.say(peer, super::house::identify(json!({"intents": intents, "large_threshold": threshold})));
            let said = house.said(peer);
            let guild = &said.iter().find(|said| said["t"] == "GUILD_CREATE").unwrap()["d"];
            assert_eq!((&guild["large"], &guild["member_count"]), (&json!(large), &json!(53)));
            // Of a large one only who is there: the local user, Ada and the bot.
            let listed = if large { expected.min(3) } else { expected };
            assert_eq!(guild["members"].as_array().unwrap().len(), listed, "{intents} {threshold}");
            assert_eq!(guild["voice_states"][0]["user_id"], ada.to_string());
            let shown = guild["presences"].as_array().unwrap();
            assert_eq!(shown.iter().any(|known| known["user"]["id"] == ada.to_string()), intents == ALL);
        }
    }
}

#[test]
fn who_moves_between_voice_channels_is_told_of_once() {
    let mut house = House::default();
    let (peer, _) = house.bot_with(ALL);
    let deck = house.channel(ChannelKind::GuildVoice, "Deck");
    let (user, bridge) = (house.ada, house.bridge);
    house.apply(Operation::JoinVoice { user, channel: bridge });
    house.said(peer);
    house.apply(Operation::JoinVoice { user, channel: deck });
    let said = house.said(peer);
    let moved: Vec<&Value> = said.iter().map(|said| &said["d"]["channel_id"]).collect();
    assert_eq!(moved, [&json!(deck.to_string())]);
    // A channel that goes takes along who is in it.
    house.apply(Operation::DeleteChannel(deck));
    let mut names = house.names(peer);
    names.sort();
    assert_eq!(names, ["CHANNEL_DELETE", "VOICE_STATE_UPDATE"]);
}

#[test]
fn the_world_replaced_ends_every_session() {
    let mut house = House::default();
    let (peer, ready) = house.bot_with(ALL);
    house.door.handle_reload(&house.world, &mut house.out);
    assert_eq!(house.closed(peer), Some(1012));
    let again = house.connect("v=10");
    house.said(again);
    house.say(again, super::house::resume(&ready, 2));
    assert_eq!(house.said(again)[0]["op"], 9);
}

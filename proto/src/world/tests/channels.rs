//! Channels of the four kinds.

use super::*;

fn in_guild(kind: ChannelKind, guild: GuildId) -> NewChannel {
    NewChannel::in_guild(kind, guild, "channel")
}

#[test]
fn channels_stand_by_position_then_by_age() {
    let mut world = world();
    let guild = guild(&mut world, &[]);
    let (first, second) = (text(&mut world, guild), voice(&mut world, guild));
    let top = channel(&mut world, NewChannel { position: Some(0), ..in_guild(ChannelKind::GuildText, guild) });
    let last = text(&mut world, guild);
    let order = |world: &World| world.channels_of(guild).iter().map(|channel| channel.id).collect::<Vec<_>>();
    assert_eq!(order(&world), [first, top, second, last]);
    let edit = ChannelEdit { position: Some(9), ..ChannelEdit::default() };
    assert_eq!(tells(&mut world, Operation::EditChannel { channel: first, edit }), ["ChannelChanged"]);
    assert_eq!(order(&world), [top, second, last, first]);
}

#[test]
fn a_voice_channel_has_a_bitrate_and_a_limit_and_a_text_channel_a_topic() {
    let mut world = world();
    let guild = guild(&mut world, &[]);
    let known = |world: &World, id| world.channel(id).unwrap().clone();
    let voice = voice(&mut world, guild);
    assert_eq!((known(&world, voice).bitrate, known(&world, voice).user_limit), (64_000, 0));
    let text = channel(&mut world, NewChannel { topic: Some("All".into()), ..in_guild(ChannelKind::GuildText, guild) });
    assert_eq!((known(&world, text).bitrate, known(&world, text).topic.as_deref()), (0, Some("All")));
    let edit = ChannelEdit { topic: Some(None), name: Some("a  b".into()), ..ChannelEdit::default() };
    done(&mut world, Operation::EditChannel { channel: text, edit });
    assert_eq!((&*known(&world, text).name, known(&world, text).topic), ("a b", None));
    let edit = ChannelEdit { bitrate: Some(96_000), user_limit: Some(99), ..ChannelEdit::default() };
    done(&mut world, Operation::EditChannel { channel: voice, edit });
    assert_eq!((known(&world, voice).bitrate, known(&world, voice).user_limit), (96_000, 99));
}

#[test]
fn what_a_channel_cant_be_is_refused_by_field() {
    let mut world = world();
    let (ada, guild) = (user(&mut world, "Ada"), guild(&mut world, &[]));
    let (text, voice) = (ChannelKind::GuildText, ChannelKind::GuildVoice);
    let private = |recipients| NewChannel::private(ChannelKind::Dm, recipients);
    let cases = [
        ("name", NewChannel { name: "c".into(), ..in_guild(text, guild) }),
        ("name", NewChannel { name: "c".repeat(101).into(), ..in_guild(text, guild) }),
        ("topic", NewChannel { topic: Some("t".repeat(1025).into()), ..in_guild(text, guild) }),
        ("topic", NewChannel { topic: Some("t".into()), ..in_guild(voice, guild) }),
        ("bitrate", NewChannel { bitrate: Some(7_999), ..in_guild(voice, guild) }),
        ("bitrate", NewChannel { bitrate: Some(96_001), ..in_guild(voice, guild) }),
        ("bitrate, user_limit", NewChannel { bitrate: Some(8_000), ..in_guild(text, guild) }),
        ("user_limit", NewChannel { user_limit: Some(100), ..in_guild(voice, guild) }),
        ("position", NewChannel { position: Some(u32::MAX), ..in_guild(text, guild) }),
        ("recipients", NewChannel { recipients: vec![ada], ..in_guild(text, guild) }),
        ("guild_id", NewChannel { guild: None, ..in_guild(text, guild) }),
        ("guild_id, overwrites, topic", NewChannel { guild: Some(guild), ..private(vec![ada]) }),
        ("recipients", private(vec![])),
    ];
    for (expected, new) in cases {
        let text = format!("{new:?}");
        assert_eq!(field(&refused(&mut world, Operation::CreateChannel(new))), expected, "{text}");
    }
    let nowhere = GuildId::from(1);
    let unknown = Operation::CreateChannel(in_guild(text, nowhere));
    assert_eq!(refused(&mut world, unknown), Error::UnknownGuild(nowhere));
    assert_eq!(world.channels().count(), 0);
}

#[test]
fn there_are_one_direct_messages_between_two() {
    let mut world = world();
    let (ada, eve) = (user(&mut world, "Ada"), user(&mut world, "Eve"));
    let with_ada = dm(&mut world, ada);
    let with_eve = dm(&mut world, eve);
    let again = Operation::CreateChannel(NewChannel::private(ChannelKind::Dm, vec![ada]));
    assert!(tells(&mut world, again).is_empty());
    let found = [ada, eve].map(|user| world.dm_with(user).map(|channel| channel.id));
    assert_eq!(found, [Some(with_ada), Some(with_eve)]);
    assert!(world.channel(with_ada).unwrap().recipients.contains(&world.local_user().id));
    let edit = ChannelEdit { name: Some("Ada".into()), ..ChannelEdit::default() };
    assert!(matches!(refused(&mut world, Operation::EditChannel { channel: with_ada, edit }), Error::Invalid(_)));
}

#[test]
fn a_group_has_ten_people_at_most() {
    let mut world = world();
    let people: Vec<_> = (0..10).map(|number| user(&mut world, &format!("User{number}"))).collect();
    let group = |count: usize| NewChannel::private(ChannelKind::GroupDm, people[..count].to_vec());
    let made = channel(&mut world, group(9));
    assert_eq!(world.channel(made).unwrap().recipients.len(), 10);
    assert_eq!(field(&refused(&mut world, Operation::CreateChannel(group(10)))), "recipients");
    let edit = ChannelEdit { name: Some("The ten".into()), ..ChannelEdit::default() };
    done(&mut world, Operation::EditChannel { channel: made, edit });
    assert_eq!(&*world.channel(made).unwrap().name, "The ten");
    channel(&mut world, group(9));
    assert_eq!(world.private_channels().count(), 2, "the same people may have many groups");
}

#[test]
fn an_overwrite_takes_the_place_of_the_one_before() {
    let mut world = world();
    let (ada, stranger) = (user(&mut world, "Ada"), user(&mut world, "Stranger"));
    let guild = guild(&mut world, &[ada]);
    let channel = text(&mut world, guild);
    let set =
        |of, deny| Operation::SetOverwrite { channel, overwrite: Overwrite { of, allow: Permissions::NONE, deny } };
    let of = OverwriteOf::Member(ada);
    assert_eq!(tells(&mut world, set(of, Permissions::SPEAK)), ["ChannelChanged"]);
    assert_eq!(tells(&mut world, set(of, Permissions::CONNECT)), ["ChannelChanged"]);
    assert!(tells(&mut world, set(of, Permissions::CONNECT)).is_empty());
    let overwrites = &world.channel(channel).unwrap().overwrites;
    assert_eq!(*overwrites, [Overwrite { of, allow: Permissions::NONE, deny: Permissions::CONNECT }]);
    let strange = set(OverwriteOf::Member(stranger), Permissions::SPEAK);
    assert_eq!(refused(&mut world, strange), Error::NotAMember(stranger));
    let unknown = RoleId::from(1);
    assert_eq!(refused(&mut world, set(OverwriteOf::Role(unknown), Permissions::SPEAK)), Error::UnknownRole(unknown));
    assert_eq!(tells(&mut world, Operation::RemoveOverwrite { channel, of }), ["ChannelChanged"]);
    assert!(tells(&mut world, Operation::RemoveOverwrite { channel, of }).is_empty());
}

#[test]
fn direct_messages_have_no_overwrites() {
    let mut world = world();
    let ada = user(&mut world, "Ada");
    let channel = dm(&mut world, ada);
    let of = OverwriteOf::Member(ada);
    let overwrite = Overwrite { of, allow: Permissions::NONE, deny: Permissions::SPEAK };
    assert_eq!(field(&refused(&mut world, Operation::SetOverwrite { channel, overwrite })), "overwrites");
}

#[test]
fn a_deleted_channel_puts_out_who_is_in_it() {
    let mut world = world();
    let (ada, guild) = (user(&mut world, "Ada"), guild(&mut world, &[]));
    done(&mut world, Operation::JoinGuild { guild, user: ada });
    let voice = voice(&mut world, guild);
    join(&mut world, ada, voice);
    let changes = done(&mut world, Operation::DeleteChannel(voice));
    assert_eq!(told(&changes), ["VoiceLeft", "ChannelDeleted"]);
    assert!(matches!(&changes[1], Change::ChannelDeleted(gone) if gone.id == voice && gone.guild == Some(guild)));
    assert!(world.channels_of(guild).is_empty());
    assert_eq!(refused(&mut world, Operation::DeleteChannel(voice)), Error::UnknownChannel(voice));
}

#[test]
fn the_local_user_looks_at_a_text_channel_that_it_sees() {
    let mut world = world();
    let (ada, local) = (user(&mut world, "Ada"), world.local_user().id);
    let theirs = NewGuild { name: "Theirs".into(), owner: Some(ada), members: vec![local], ..NewGuild::default() };
    done(&mut world, Operation::CreateGuild(theirs));
    let guild = world.guilds().next().unwrap().id;
    let (seen, hidden, voice) = (text(&mut world, guild), text(&mut world, guild), voice(&mut world, guild));
    deny_everyone(&mut world, hidden, Permissions::VIEW_CHANNEL);
    let select = |channel| Operation::SelectTextChannel(channel);
    assert_eq!(tells(&mut world, select(Some(seen))), ["TextChannelSelected true"]);
    assert!(tells(&mut world, select(Some(seen))).is_empty());
    assert_eq!(refused(&mut world, select(Some(hidden))), Error::Forbidden("VIEW_CHANNEL"));
    assert_eq!(refused(&mut world, select(Some(voice))), Error::UnknownChannel(voice));
    assert_eq!(world.text_channel(), Some(seen));
    assert_eq!(tells(&mut world, Operation::DeleteChannel(seen)), ["TextChannelSelected false", "ChannelDeleted"]);
    assert!(tells(&mut world, select(None)).is_empty());
}

#[test]
fn an_application_that_is_not_approved_makes_ten_channels() {
    let mut world = world();
    let application = unapproved(&mut world);
    let guild = guild(&mut world, &[]);
    let new = NewChannel { created_by: Some(application), ..in_guild(ChannelKind::GuildText, guild) };
    let mut made = Vec::new();
    for _ in 0..10 {
        made.push(channel(&mut world, new.clone()));
    }
    assert!(matches!(refused(&mut world, Operation::CreateChannel(new.clone())), Error::TooMany(_)));
    done(&mut world, Operation::DeleteChannel(made[0]));
    channel(&mut world, new.clone());
    let approved = Application { approved: true, ..Application::unregistered(application) };
    done(&mut world, Operation::RegisterApplication(approved));
    channel(&mut world, new);
}

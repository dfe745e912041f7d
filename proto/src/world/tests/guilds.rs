//! Guilds: made, edited, out of reach, gone.

use super::*;

fn new(name: &str) -> NewGuild {
    NewGuild { name: name.into(), ..NewGuild::default() }
}

fn edit(guild: GuildId, edit: GuildEdit) -> Operation {
    Operation::EditGuild { guild, edit }
}

fn outage(guild: GuildId) -> Operation {
    edit(guild, GuildEdit { available: Some(false), ..GuildEdit::default() })
}

#[test]
fn a_guild_of_the_hosts_is_empty_and_the_local_users() {
    let mut world = world();
    let id = guild(&mut world, &[]);
    let (made, local) = (world.guild(id).unwrap(), world.local_user().id);
    assert_eq!((made.owner, made.members.len(), made.available), (local, 1, true));
    assert_eq!(made.roles[&made.everyone()].permissions, Permissions::DEFAULT);
    assert!(world.channels_of(id).is_empty());
    assert_eq!(world.local_guilds().count(), 1);
}

#[test]
fn a_guild_of_others_is_not_the_local_users_until_it_joins() {
    let mut world = world();
    let (ada, local) = (user(&mut world, "Ada"), world.local_user().id);
    let made = only(done(&mut world, Operation::CreateGuild(NewGuild { owner: Some(ada), ..new("Theirs") })));
    let Change::GuildCreated(guild) = made else { panic!("{made:?}") };
    assert_eq!((world.guilds().count(), world.local_guilds().count()), (1, 0));
    let joining = Operation::JoinGuild { guild, user: local };
    assert_eq!(tells(&mut world, joining.clone()), ["GuildCreated", "MemberJoined"]);
    assert!(tells(&mut world, joining).is_empty(), "a member is one already");
    assert_eq!(world.local_guilds().count(), 1);
}

#[test]
fn a_guild_of_an_applications_has_a_text_and_a_voice_channel() {
    let mut world = world();
    let game = ApplicationId::from(GAME);
    let changes = done(&mut world, Operation::CreateGuild(NewGuild { created_by: Some(game), ..new("Party") }));
    assert_eq!(told(&changes), ["GuildCreated", "ChannelCreated", "ChannelCreated"]);
    let guild = world.guilds().next().unwrap();
    let channels = world.channels_of(guild.id);
    let shown: Vec<_> = channels.iter().map(|channel| (channel.kind, &*channel.name, channel.position)).collect();
    assert_eq!(shown, [(ChannelKind::GuildText, "general", 0), (ChannelKind::GuildVoice, "General", 1)]);
    assert_eq!(guild.created_by, Some(game));
    assert!(channels.iter().all(|channel| world.made_by(game, channel.id) && !world.made_by(5.into(), channel.id)));
}

#[test]
fn what_a_guild_cant_be_is_refused_by_field() {
    let mut world = world();
    let nobody = UserId::from(1);
    for (expected, guild) in [
        ("name", new("g")),
        ("name", new(&"g".repeat(101))),
        ("icon", NewGuild { icon: Some("a/b".into()), ..new("Guild") }),
    ] {
        assert_eq!(field(&refused(&mut world, Operation::CreateGuild(guild))), expected);
    }
    for guild in [NewGuild { owner: Some(nobody), ..new("Guild") }, NewGuild { members: vec![nobody], ..new("Guild") }]
    {
        assert_eq!(refused(&mut world, Operation::CreateGuild(guild)), Error::UnknownUser(nobody));
    }
    assert_eq!(world.guilds().count(), 0);
}

#[test]
fn an_edited_guild_is_told_once() {
    let mut world = world();
    let (ada, stranger) = (user(&mut world, "Ada"), user(&mut world, "Stranger"));
    let guild = guild(&mut world, &[ada]);
    let change = GuildEdit {
        name: Some(" New   name ".into()),
        icon: Some(Some("abc".into())),
        owner: Some(ada),
        ..GuildEdit::default()
    };
    assert_eq!(tells(&mut world, edit(guild, change.clone())), ["GuildChanged"]);
    assert!(tells(&mut world, edit(guild, change)).is_empty());
    let known = world.guild(guild).unwrap();
    assert_eq!((&*known.name, known.icon.as_deref(), known.owner), ("New name", Some("abc"), ada));
    let strange = GuildEdit { owner: Some(stranger), ..GuildEdit::default() };
    assert_eq!(refused(&mut world, edit(guild, strange)), Error::NotAMember(stranger));
}

#[test]
fn nothing_about_a_guild_out_of_reach_can_be_had() {
    let mut world = world();
    let (ada, local) = (user(&mut world, "Ada"), world.local_user().id);
    let guild = guild(&mut world, &[]);
    let (channel, voice) = (text(&mut world, guild), voice(&mut world, guild));
    assert_eq!(tells(&mut world, outage(guild)), ["GuildChanged"]);
    assert!(tells(&mut world, outage(guild)).is_empty());
    assert!(!world.sees(local, channel));
    let operations = [
        Operation::JoinGuild { guild, user: ada },
        Operation::CreateChannel(NewChannel::in_guild(ChannelKind::GuildText, guild, "more")),
        Operation::EditChannel { channel, edit: ChannelEdit::default() },
        Operation::PostMessage(NewMessage::text(channel, local, "hello")),
        Operation::SelectTextChannel(Some(channel)),
        Operation::JoinVoice { user: local, channel: voice },
        Operation::DeleteChannel(channel),
        edit(guild, GuildEdit { name: Some("Other".into()), ..GuildEdit::default() }),
    ];
    for operation in operations {
        assert_eq!(refused(&mut world, operation.clone()), Error::Unavailable(guild), "{operation:?}");
    }
    let back = GuildEdit { available: Some(true), ..GuildEdit::default() };
    assert_eq!(tells(&mut world, edit(guild, back)), ["GuildChanged"]);
    assert!(world.sees(local, channel));
}

#[test]
fn a_deleted_guild_takes_everything_in_it_along() {
    let mut world = world();
    let (ada, local) = (user(&mut world, "Ada"), world.local_user().id);
    let guild = guild(&mut world, &[ada]);
    let (channel, voice) = (text(&mut world, guild), voice(&mut world, guild));
    let message = post(&mut world, channel, ada, "hello");
    done(&mut world, Operation::SelectTextChannel(Some(channel)));
    join(&mut world, local, voice);
    join(&mut world, ada, voice);
    done(&mut world, Operation::SetSpeaking { user: ada, speaking: true });
    let told = tells(&mut world, Operation::DeleteGuild(guild));
    let expected = [
        "TextChannelSelected false",
        "VoiceLeft",
        "VoiceChannelSelected false",
        "DISCONNECTED",
        "SpeakingChanged false",
        "VoiceLeft",
        "GuildDeleted",
    ];
    assert_eq!(told, expected);
    assert!(
        world.guild(guild).is_none() && world.channel(channel).is_none() && world.message(channel, message).is_none()
    );
    assert_eq!((world.voice_state(ada), world.voice_channel(), world.text_channel()), (None, None, None));
    assert_eq!(refused(&mut world, Operation::DeleteGuild(guild)), Error::UnknownGuild(guild));
}

#[test]
fn an_application_that_is_not_approved_makes_ten_guilds() {
    let mut world = world();
    let application = unapproved(&mut world);
    let make = || Operation::CreateGuild(NewGuild { created_by: Some(application), ..new("Party") });
    for _ in 0..10 {
        done(&mut world, make());
    }
    assert!(matches!(refused(&mut world, make()), Error::TooMany(_)));
    assert_eq!(world.channels().count(), 20, "their first channels don't count");
    let first = world.guilds().next().unwrap().id;
    done(&mut world, Operation::DeleteGuild(first));
    done(&mut world, make());
    guild(&mut world, &[]);
}

//! Members and roles.

use super::*;

fn edit(guild: GuildId, user: UserId, edit: MemberEdit) -> Operation {
    Operation::EditMember { guild, user, edit }
}

fn nick(nick: &str) -> MemberEdit {
    MemberEdit { nick: Some(Some(nick.into())), ..MemberEdit::default() }
}

#[test]
fn a_member_comes_and_goes() {
    let mut world = world();
    let ada = user(&mut world, "Ada");
    let guild = guild(&mut world, &[]);
    assert_eq!(tells(&mut world, Operation::JoinGuild { guild, user: ada }), ["MemberJoined"]);
    assert_eq!(world.member(guild, ada).unwrap().joined_ms, EPOCH_MS);
    assert_eq!(tells(&mut world, Operation::LeaveGuild { guild, user: ada }), ["MemberLeft"]);
    assert_eq!(refused(&mut world, Operation::LeaveGuild { guild, user: ada }), Error::NotAMember(ada));
    let owner = world.local_user().id;
    assert_eq!(field(&refused(&mut world, Operation::LeaveGuild { guild, user: owner })), "user_id");
}

#[test]
fn who_leaves_a_guild_leaves_voice_there_first() {
    let mut world = world();
    let ada = user(&mut world, "Ada");
    let guild = guild(&mut world, &[ada]);
    let voice = voice(&mut world, guild);
    join(&mut world, ada, voice);
    done(&mut world, Operation::SetSpeaking { user: ada, speaking: true });
    let told = tells(&mut world, Operation::LeaveGuild { guild, user: ada });
    assert_eq!(told, ["SpeakingChanged false", "VoiceLeft", "MemberLeft"]);
}

#[test]
fn the_local_user_who_leaves_sees_the_guild_no_more() {
    let mut world = world();
    let (ada, local) = (user(&mut world, "Ada"), world.local_user().id);
    let guild = guild(&mut world, &[ada]);
    let (text, voice) = (text(&mut world, guild), voice(&mut world, guild));
    done(&mut world, edit_owner(guild, ada));
    done(&mut world, Operation::SelectTextChannel(Some(text)));
    join(&mut world, local, voice);
    let told = tells(&mut world, Operation::LeaveGuild { guild, user: local });
    let expected = [
        "VoiceLeft",
        "VoiceChannelSelected false",
        "DISCONNECTED",
        "TextChannelSelected false",
        "MemberLeft",
        "GuildDeleted",
    ];
    assert_eq!(told, expected);
    assert_eq!((world.guilds().count(), world.local_guilds().count()), (1, 0));
}

#[test]
fn leaving_one_guild_leaves_the_voice_of_another_alone() {
    let mut world = world();
    let ada = user(&mut world, "Ada");
    let (here, there) = (guild(&mut world, &[ada]), guild(&mut world, &[ada]));
    let voice = voice(&mut world, there);
    join(&mut world, ada, voice);
    assert_eq!(tells(&mut world, Operation::LeaveGuild { guild: here, user: ada }), ["MemberLeft"]);
    assert!(world.voice_state(ada).is_some());
}

fn edit_owner(guild: GuildId, owner: UserId) -> Operation {
    Operation::EditGuild { guild, edit: GuildEdit { owner: Some(owner), ..GuildEdit::default() } }
}

#[test]
fn a_member_is_edited_and_what_shows_in_voice_is_told_there() {
    let mut world = world();
    let ada = user(&mut world, "Ada");
    let guild = guild(&mut world, &[ada]);
    let voice = voice(&mut world, guild);
    assert_eq!(tells(&mut world, edit(guild, ada, nick(" The  Countess "))), ["MemberChanged"]);
    assert_eq!(world.nick(ada, Some(guild)), "The Countess");
    join(&mut world, ada, voice);
    done(&mut world, Operation::SetSpeaking { user: ada, speaking: true });
    assert_eq!(tells(&mut world, edit(guild, ada, nick("A"))), ["MemberChanged", "VoiceChanged"]);
    let mute = MemberEdit { mute: Some(true), ..MemberEdit::default() };
    let told = tells(&mut world, edit(guild, ada, mute.clone()));
    assert_eq!(told, ["MemberChanged", "SpeakingChanged false", "VoiceChanged"]);
    assert!(tells(&mut world, edit(guild, ada, mute)).is_empty());
    assert_eq!(field(&refused(&mut world, edit(guild, ada, nick(&"n".repeat(33))))), "nick");
}

#[test]
fn a_member_has_roles_of_its_guild_each_once() {
    let mut world = world();
    let ada = user(&mut world, "Ada");
    let (here, there) = (guild(&mut world, &[ada]), guild(&mut world, &[ada]));
    let (first, second) = (role(&mut world, here, Permissions::NONE), role(&mut world, here, Permissions::NONE));
    let foreign = role(&mut world, there, Permissions::NONE);
    give_roles(&mut world, here, ada, &[second, first, second]);
    assert_eq!(world.member(here, ada).unwrap().roles, [first, second]);
    for strange in [foreign, RoleId(here.0)] {
        let roles = MemberEdit { roles: Some(vec![strange]), ..MemberEdit::default() };
        assert_eq!(refused(&mut world, edit(here, ada, roles)), Error::UnknownRole(strange));
    }
}

#[test]
fn a_role_is_made_edited_and_deleted() {
    let mut world = world();
    let ada = user(&mut world, "Ada");
    let guild = guild(&mut world, &[ada]);
    let channel = text(&mut world, guild);
    let made = role(&mut world, guild, Permissions::KICK_MEMBERS);
    give_roles(&mut world, guild, ada, &[made]);
    overwrite(&mut world, channel, OverwriteOf::Role(made), Permissions::NONE, Permissions::SEND_MESSAGES);
    let change = RoleEdit {
        name: Some("Staff".into()),
        color: Some(0xFF),
        position: Some(3),
        permissions: None,
        hoist: Some(true),
        mentionable: Some(true),
    };
    let change = Operation::EditRole { guild, role: made, edit: change };
    assert_eq!(tells(&mut world, change.clone()), ["RoleChanged"]);
    assert!(tells(&mut world, change).is_empty());
    let edited = &world.guild(guild).unwrap().roles[&made];
    assert_eq!((&*edited.name, edited.color, edited.hoist, edited.mentionable), ("Staff", 0xFF, true, true));
    assert_eq!(tells(&mut world, Operation::DeleteRole { guild, role: made }), ["RoleDeleted"]);
    assert!(world.member(guild, ada).unwrap().roles.is_empty());
    assert!(world.channel(channel).unwrap().overwrites.is_empty());
    assert_eq!(refused(&mut world, Operation::DeleteRole { guild, role: made }), Error::UnknownRole(made));
}

#[test]
fn everyone_keeps_its_name_its_place_and_its_being_there() {
    let mut world = world();
    let guild = guild(&mut world, &[]);
    let everyone = world.guild(guild).unwrap().everyone();
    let named = RoleEdit { name: Some("All".into()), ..RoleEdit::default() };
    let moved = RoleEdit { position: Some(2), ..RoleEdit::default() };
    for (expected, edit) in [("name", named), ("position", moved)] {
        assert_eq!(field(&refused(&mut world, Operation::EditRole { guild, role: everyone, edit })), expected);
    }
    assert_eq!(field(&refused(&mut world, Operation::DeleteRole { guild, role: everyone })), "role_id");
    let permissions = RoleEdit { permissions: Some(Permissions::NONE), ..RoleEdit::default() };
    let told = tells(&mut world, Operation::EditRole { guild, role: everyone, edit: permissions });
    assert_eq!(told, ["RoleChanged"]);
}

#[test]
fn a_name_has_the_colour_of_the_highest_coloured_role() {
    let mut world = world();
    let ada = user(&mut world, "Ada");
    let guild = guild(&mut world, &[ada]);
    let roles = [(0x11, 1), (0x22, 5), (0x00, 9), (0x33, 5)].map(|(color, position)| {
        let made = role(&mut world, guild, Permissions::NONE);
        let edit = RoleEdit { color: Some(color), position: Some(position), ..RoleEdit::default() };
        done(&mut world, Operation::EditRole { guild, role: made, edit });
        made
    });
    assert_eq!(world.color(ada, guild), 0);
    give_roles(&mut world, guild, ada, &roles);
    assert_eq!(world.color(ada, guild), 0x22, "of two in one place the older is the higher");
    give_roles(&mut world, guild, ada, &roles[..1]);
    assert_eq!(world.color(ada, guild), 0x11);
}

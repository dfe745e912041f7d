//! Whom a message names.

use super::*;

#[test]
fn users_are_named_by_id_each_once() {
    let mut world = world();
    let (ada, eve) = (user(&mut world, "Ada"), user(&mut world, "Eve"));
    let channel = dm(&mut world, ada);
    let table = [
        (format!("<@{ada}>"), vec![ada]),
        (format!("<@!{ada}> and <@{eve}>, <@{ada}>"), vec![ada, eve]),
        (format!("<@{ada}"), vec![]),
        (format!("@{ada}> <@ {ada}> <@+{ada}> <@{ada}x>"), vec![]),
        (format!("<@<@{ada}>>"), vec![ada]),
        ("<@1> <@> <@!> <@99999999999999999999999>".into(), vec![]),
        ("@everyone".into(), vec![]),
    ];
    for (content, expected) in table {
        let message = post(&mut world, channel, ada, &content);
        let message = world.message(channel, message).unwrap();
        assert_eq!((&message.mentions, message.mention_everyone), (&expected, false), "{content}");
    }
}

#[test]
fn everyone_and_roles_are_named_by_who_may() {
    let mut world = world();
    let (ada, local) = (user(&mut world, "Ada"), world.local_user().id);
    let guild = guild(&mut world, &[ada]);
    let (channel, everyone) = (text(&mut world, guild), world.guild(guild).unwrap().everyone());
    let new = |mentionable| NewRole {
        name: "Role".into(),
        color: 0,
        permissions: Permissions::NONE,
        hoist: false,
        mentionable,
    };
    let [open, closed] = [true, false].map(|mentionable| {
        match only(done(&mut world, Operation::CreateRole { guild, role: new(mentionable) })) {
            Change::RoleCreated { role, .. } => role,
            other => panic!("{other:?}"),
        }
    });
    deny_everyone(&mut world, channel, Permissions::MENTION_EVERYONE);
    let content = format!("<@&{open}> <@&{closed}> <@&{open}> <@&{everyone}> <@&7> @here");
    for (author, roles, named) in [(ada, vec![open], false), (local, vec![open, closed], true)] {
        let message = post(&mut world, channel, author, &content);
        let message = world.message(channel, message).unwrap();
        assert_eq!((&message.mention_roles, message.mention_everyone), (&roles, named));
    }
}

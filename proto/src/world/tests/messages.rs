//! Messages: posted, edited, gone; who is notified; invitations.

use std::time::Duration;

use super::*;

fn local_dm(world: &mut World) -> (UserId, UserId, ChannelId) {
    let (ada, local) = (user(world, "Ada"), world.local_user().id);
    (ada, local, dm(world, ada))
}

fn block(world: &mut World, user: UserId) {
    done(world, Operation::SetRelationship { user, kind: RelationshipKind::Blocked });
}

#[test]
fn a_message_is_posted_and_kept_in_order() {
    let mut world = world();
    let (ada, local, dm) = local_dm(&mut world);
    let ids =
        [post(&mut world, dm, ada, "one"), post(&mut world, dm, local, "two"), post(&mut world, dm, ada, "three")];
    assert_eq!(world.messages(dm).map(|message| message.id).collect::<Vec<_>>(), ids);
    let first = world.message(dm, ids[0]).unwrap();
    assert_eq!((&*first.content, first.author, first.timestamp_ms, first.kind), ("one", ada, EPOCH_MS, 0));
    assert_eq!((&*first.embeds, &*first.attachments, first.edited_ms), (&b"[]"[..], &b"[]"[..], None));
    assert_eq!(world.message(ChannelId::from(1), ids[0]), None);
}

#[test]
fn a_message_has_up_to_2000_characters_and_is_empty_only_beside_something() {
    let mut world = world();
    let (_, local, dm) = local_dm(&mut world);
    let new = |content: &str| NewMessage::text(dm, local, content);
    post(&mut world, dm, local, &"é".repeat(2000));
    for empty in ["", " \n "] {
        assert_eq!(field(&refused(&mut world, Operation::PostMessage(new(empty)))), "content");
        let embeds = NewMessage { embeds: b"[{\"title\":\"t\"}]"[..].into(), ..new(empty) };
        done(&mut world, Operation::PostMessage(embeds));
        let attached = NewMessage { attachments: b"[{}]"[..].into(), ..new(empty) };
        done(&mut world, Operation::PostMessage(attached));
        let nothing = NewMessage { embeds: b"[ ]"[..].into(), ..new(empty) };
        assert_eq!(field(&refused(&mut world, Operation::PostMessage(nothing))), "content");
    }
    assert_eq!(field(&refused(&mut world, Operation::PostMessage(new(&"é".repeat(2001))))), "content");
    let large = format!("[{{\"title\":\"{}\"}}]", "t".repeat(limits::MESSAGE_JSON));
    let many = format!("[{}{{}}]", "{},".repeat(limits::MESSAGE_PARTS));
    let deep = format!("[{}{}]", "[".repeat(32), "]".repeat(32));
    let numbers = ["[{\"color\":1e400}]", "[{\"color\":123456789012345678901234567890}]"];
    for garbage in ["{}", "[", "nothing", "[] []", &large, &many, &deep, numbers[0], numbers[1]] {
        let embeds = NewMessage { embeds: garbage.as_bytes().into(), ..new("text") };
        assert_eq!(field(&refused(&mut world, Operation::PostMessage(embeds))), "embeds");
    }
}

#[test]
fn others_post_in_a_guild_only_where_they_may() {
    let mut world = world();
    let (ada, stranger) = (user(&mut world, "Ada"), user(&mut world, "Stranger"));
    let guild = guild(&mut world, &[ada]);
    let (hidden, silent) = (text(&mut world, guild), text(&mut world, guild));
    deny_everyone(&mut world, hidden, Permissions::VIEW_CHANNEL);
    deny_everyone(&mut world, silent, Permissions::SEND_MESSAGES);
    let new = |channel, author| Operation::PostMessage(NewMessage::text(channel, author, "hello"));
    assert_eq!(refused(&mut world, new(hidden, ada)), Error::Forbidden("VIEW_CHANNEL"));
    assert_eq!(refused(&mut world, new(silent, ada)), Error::Forbidden("SEND_MESSAGES"));
    assert_eq!(refused(&mut world, new(silent, stranger)), Error::NotAMember(stranger));
    let voice = voice(&mut world, guild);
    assert_eq!(refused(&mut world, new(voice, ada)), Error::UnknownChannel(voice));
}

#[test]
fn the_local_user_posts_wherever_it_is_a_member() {
    let mut world = world();
    let (ada, local) = (user(&mut world, "Ada"), world.local_user().id);
    let theirs = NewGuild { name: "Theirs".into(), owner: Some(ada), members: vec![local], ..NewGuild::default() };
    done(&mut world, Operation::CreateGuild(theirs));
    let guild = world.guilds().next().unwrap().id;
    let silent = text(&mut world, guild);
    deny_everyone(&mut world, silent, Permissions::SEND_MESSAGES);
    post(&mut world, silent, local, "hello");
    done(&mut world, Operation::LeaveGuild { guild, user: local });
    let late = Operation::PostMessage(NewMessage::text(silent, local, "hello"));
    assert_eq!(refused(&mut world, late), Error::NotAMember(local));
}

#[test]
fn nobody_writes_to_whom_they_blocked() {
    let mut world = world();
    let (ada, local, dm) = local_dm(&mut world);
    block(&mut world, ada);
    let hello = |author| Operation::PostMessage(NewMessage::text(dm, author, "hello"));
    assert_eq!(refused(&mut world, hello(local)), Error::Forbidden("SEND_MESSAGES"));
    assert_eq!(tells(&mut world, hello(ada)), ["MessagePosted"], "nobody is notified of who is blocked");
    let eve = user(&mut world, "Eve");
    let strange = Operation::PostMessage(NewMessage::text(dm, eve, "hello"));
    assert_eq!(refused(&mut world, strange), Error::NotAMember(eve));
}

#[test]
fn one_is_notified_of_direct_messages_by_others() {
    let mut world = world();
    let (ada, local, dm) = local_dm(&mut world);
    let hello = |author| Operation::PostMessage(NewMessage::text(dm, author, "hello"));
    assert_eq!(tells(&mut world, hello(ada)), ["MessagePosted", "Notified"]);
    assert_eq!(tells(&mut world, hello(local)), ["MessagePosted"]);
}

#[test]
fn one_is_notified_of_mentions_in_guilds() {
    let mut world = world();
    let (ada, local) = (user(&mut world, "Ada"), world.local_user().id);
    let guild = guild(&mut world, &[ada]);
    let channel = text(&mut world, guild);
    let role = role(&mut world, guild, Permissions::NONE);
    let notified = |world: &mut World, author, content: &str| {
        tells(world, Operation::PostMessage(NewMessage::text(channel, author, content))).len() == 2
    };
    assert!(!notified(&mut world, ada, "hello"));
    assert!(notified(&mut world, ada, &format!("hello <@{local}>")));
    assert!(notified(&mut world, ada, "hello @everyone"));
    assert!(!notified(&mut world, ada, &format!("hello <@&{role}>")), "a role that the local user lacks");
    give_roles(&mut world, guild, local, &[role]);
    assert!(notified(&mut world, ada, &format!("hello <@&{role}>")));
    assert!(!notified(&mut world, local, &format!("it is me, <@{local}>")));
    block(&mut world, ada);
    assert!(!notified(&mut world, ada, "hello @everyone"));
}

#[test]
fn an_edit_tells_when_and_whom_it_names_now() {
    let mut world = world();
    let (ada, local, channel) = local_dm(&mut world);
    let message = post(&mut world, channel, ada, "hello");
    let later = Instant::ZERO + Duration::from_secs(5);
    let edit = MessageEdit { content: Some(format!("hello <@{local}>").into()), pinned: None };
    let edit = Operation::EditMessage { channel, message, edit };
    assert_eq!(told(&world.apply(later, edit.clone()).unwrap().into_iter().collect::<Vec<_>>()), ["MessageEdited"]);
    assert_eq!(world.apply(later, edit).unwrap().iter().count(), 0, "the same again is no change");
    let known = world.message(channel, message).unwrap();
    assert_eq!((known.edited_ms, &*known.mentions), (Some(EPOCH_MS + 5000), &[local][..]));
    let empty = MessageEdit { content: Some("".into()), pinned: None };
    assert_eq!(field(&refused(&mut world, Operation::EditMessage { channel, message, edit: empty })), "content");
}

#[test]
fn pinning_is_no_edit_and_fifty_are_the_most() {
    let mut world = world();
    let (ada, _, channel) = local_dm(&mut world);
    let pin = |message| {
        let edit = MessageEdit { content: None, pinned: Some(true) };
        Operation::EditMessage { channel, message, edit }
    };
    for number in 0..50 {
        let message = post(&mut world, channel, ada, &format!("{number}"));
        assert_eq!(tells(&mut world, pin(message)), ["MessageEdited"]);
    }
    assert!(world.messages(channel).all(|message| message.pinned && message.edited_ms.is_none()));
    let message = post(&mut world, channel, ada, "one too many");
    assert!(matches!(refused(&mut world, pin(message)), Error::TooMany(_)));
}

#[test]
fn a_deleted_message_is_gone() {
    let mut world = world();
    let (ada, _, channel) = local_dm(&mut world);
    let message = post(&mut world, channel, ada, "hello");
    let delete = Operation::DeleteMessage { channel, message };
    assert_eq!(tells(&mut world, delete.clone()), ["MessageDeleted"]);
    assert_eq!(refused(&mut world, delete), Error::UnknownMessage(message));
    let edit = Operation::EditMessage { channel, message, edit: MessageEdit::default() };
    assert_eq!(refused(&mut world, edit), Error::UnknownMessage(message));
}

#[test]
fn an_invitation_is_a_direct_message() {
    let mut world = world();
    let (ada, local) = (user(&mut world, "Ada"), world.local_user().id);
    done(
        &mut world,
        Operation::RegisterApplication(Application { name: "Duel".into(), ..Application::unregistered(GAME.into()) }),
    );
    let invite = |from| Operation::Invite { from, application: GAME.into() };
    let changes = done(&mut world, invite(ada));
    assert_eq!(told(&changes), ["ChannelCreated", "MessagePosted", "Notified", "Invited"]);
    let Change::Invited { from, channel, message, .. } = changes[3] else { panic!("an invitation expected") };
    assert_eq!((from, world.dm_with(ada).map(|dm| dm.id)), (ada, Some(channel)));
    assert!(world.message(channel, message).unwrap().content.contains("Duel"));
    assert_eq!(told(&done(&mut world, invite(ada))), ["MessagePosted", "Notified", "Invited"]);
    assert_eq!(field(&refused(&mut world, invite(local))), "user_id");
    block(&mut world, ada);
    assert_eq!(field(&refused(&mut world, invite(ada))), "user_id");
}

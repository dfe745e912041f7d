//! Users, what they are to the local one, and whether they are there.

use super::*;

fn rename(user: UserId, username: &str) -> Operation {
    Operation::EditUser { user, edit: UserEdit { username: Some(username.into()), ..UserEdit::default() } }
}

#[test]
fn a_users_names_are_put_in_order() {
    let mut world = world();
    let ada = user(&mut world, "Ada");
    let edit = UserEdit {
        username: Some("  Ada \t L. ".into()),
        global_name: Some(Some(" The  Countess ".into())),
        discriminator: Some("0042".into()),
        premium_type: Some(2),
        flags: Some(64),
        ..UserEdit::default()
    };
    assert_eq!(tells(&mut world, Operation::EditUser { user: ada, edit: edit.clone() }), ["UserChanged"]);
    let known = world.user(ada).unwrap();
    assert_eq!((&*known.username, known.global_name.as_deref()), ("Ada L.", Some("The Countess")));
    assert_eq!((&*known.discriminator, known.premium_type, known.flags), ("0042", 2, 64));
    assert!(tells(&mut world, Operation::EditUser { user: ada, edit }).is_empty(), "the same again is no change");
}

#[test]
fn what_a_user_cant_be_is_refused_by_field() {
    let mut world = world();
    let ada = user(&mut world, "Ada");
    let edits = [
        ("username", UserEdit { username: Some("a".into()), ..UserEdit::default() }),
        ("discriminator", UserEdit { discriminator: Some("12".into()), ..UserEdit::default() }),
        ("discriminator", UserEdit { discriminator: Some("7".into()), ..UserEdit::default() }),
        ("global_name", UserEdit { global_name: Some(Some("x".repeat(33).into())), ..UserEdit::default() }),
        ("avatar", UserEdit { avatar: Some(Some("../../x".into())), ..UserEdit::default() }),
        ("premium_type", UserEdit { premium_type: Some(4), ..UserEdit::default() }),
    ];
    let before = world.user(ada).unwrap().clone();
    for (expected, edit) in edits {
        assert_eq!(field(&refused(&mut world, Operation::EditUser { user: ada, edit })), expected);
    }
    assert_eq!(world.user(ada), Some(&before), "a refusal leaves nothing behind");
    let nobody = UserId::from(1);
    assert_eq!(refused(&mut world, rename(nobody, "Nobody")), Error::UnknownUser(nobody));
}

#[test]
fn a_renamed_user_in_voice_is_shown_anew_there() {
    let mut world = world();
    let ada = user(&mut world, "Ada");
    let guild = guild(&mut world, &[ada]);
    let voice = voice(&mut world, guild);
    join(&mut world, ada, voice);
    assert_eq!(tells(&mut world, rename(ada, "Countess")), ["UserChanged", "VoiceChanged"]);
}

#[test]
fn a_member_is_shown_by_nick_then_global_name_then_username() {
    let mut world = world();
    let ada = user(&mut world, "Ada");
    let guild = guild(&mut world, &[ada]);
    assert_eq!(world.nick(ada, Some(guild)), "Ada");
    let edit = UserEdit { global_name: Some(Some("Countess".into())), ..UserEdit::default() };
    done(&mut world, Operation::EditUser { user: ada, edit });
    assert_eq!(world.nick(ada, Some(guild)), "Countess");
    let edit = MemberEdit { nick: Some(Some("Engine".into())), ..MemberEdit::default() };
    done(&mut world, Operation::EditMember { guild, user: ada, edit });
    assert_eq!((world.nick(ada, Some(guild)), world.nick(ada, None)), ("Engine", "Countess"));
    assert_eq!(world.nick(UserId::from(1), None), "");
}

#[test]
fn a_relationship_is_told_when_it_changes() {
    let mut world = world();
    let ada = user(&mut world, "Ada");
    let set = |kind| Operation::SetRelationship { user: ada, kind };
    assert_eq!(tells(&mut world, set(RelationshipKind::Friend)), ["RelationshipChanged"]);
    assert!(tells(&mut world, set(RelationshipKind::Friend)).is_empty());
    assert_eq!(world.relationships().collect::<Vec<_>>(), [(ada, RelationshipKind::Friend)]);
    assert_eq!(tells(&mut world, set(RelationshipKind::None)), ["RelationshipChanged"]);
    assert_eq!(world.relationships().count(), 0);
    let user = world.local_user().id;
    let own = Operation::SetRelationship { user, kind: RelationshipKind::Friend };
    assert_eq!(field(&refused(&mut world, own)), "user_id");
}

#[test]
fn who_is_not_there_does_nothing() {
    let mut world = world();
    let ada = user(&mut world, "Ada");
    let activity = || Some((ApplicationId::from(GAME), Box::new(Activity::default())));
    let set = |status, activity| Operation::SetPresence { user: ada, presence: Presence { status, activity } };
    assert_eq!(tells(&mut world, set(Status::Idle, activity())), ["PresenceChanged"]);
    assert!(tells(&mut world, set(Status::Idle, activity())).is_empty());
    assert!(world.presence(ada).activity.is_some());
    assert_eq!(tells(&mut world, set(Status::Offline, activity())), ["PresenceChanged"]);
    assert_eq!(world.presence(ada), Presence::default());
}

#[test]
fn the_local_user_is_online_and_does_what_its_oldest_session_says() {
    let mut world = world();
    let (user, first, second) = (world.local_user().id, session(&mut world), session_of(&mut world, OTHER));
    assert_eq!(world.presence(user), Presence { status: Status::Online, activity: None });
    for session in [second, first] {
        let activity = Some(Box::new(Activity::default()));
        done(&mut world, Operation::SetActivity { session, activity });
    }
    assert_eq!(world.presence(user).activity.map(|(application, _)| application), Some(GAME.into()));
    let presence = Presence::default();
    assert_eq!(field(&refused(&mut world, Operation::SetPresence { user, presence })), "user_id");
}

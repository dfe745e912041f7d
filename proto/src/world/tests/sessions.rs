//! Sessions, what is done in them, and who asks to join.

use super::*;
use crate::secret::Secret;

#[test]
fn an_activity_ends_with_its_session() {
    let mut world = world();
    let session = session(&mut world);
    let activity = Activity { state: Some("In menu".into()), ..Activity::default() };
    let set = Operation::SetActivity { session, activity: Some(Box::new(activity)) };
    assert!(matches!(only(world.apply(Instant::ZERO, set.clone()).unwrap()), Change::ActivityChanged { .. }));
    assert_eq!(world.apply(Instant::ZERO, set.clone()).unwrap().iter().count(), 0, "the same again is no change");
    assert!(world.session(session).unwrap().activity.is_some());
    let ended = only(world.apply(Instant::ZERO, Operation::CloseSession(session)).unwrap());
    assert!(matches!(ended, Change::ActivityChanged { session: of, .. } if of == session));
    assert_eq!(world.apply(Instant::ZERO, set).unwrap_err(), Error::UnknownSession(session));
}

#[test]
fn a_match_is_over_when_its_secret_changes_and_not_before() {
    let mut world = world();
    let session = session(&mut world);
    let playing = |secret: Option<&str>, instance, state: &str| {
        let mut activity = Activity { instance, state: Some(state.into()), ..Activity::default() };
        activity.secrets.match_ = secret.map(Secret::new);
        Operation::SetActivity { session, activity: Some(Box::new(activity)) }
    };
    let nothing = Operation::SetActivity { session, activity: None };
    let table = [
        (playing(Some("one"), Some(true), "begins"), false),
        (playing(Some("one"), Some(true), "goes on"), false),
        (playing(Some("two"), Some(true), "is the next one"), true),
        (playing(None, Some(true), "is over"), true),
        (playing(Some("three"), None, "is none that ends"), false),
        (playing(Some("four"), Some(true), "begins"), false),
        (nothing, true),
        (playing(Some("five"), Some(true), "begins"), false),
        (Operation::CloseSession(session), true),
    ];
    for (operation, over) in table {
        let what = format!("{operation:?}");
        let changes = world.apply(Instant::ZERO, operation).unwrap();
        let told = changes
            .iter()
            .any(|change| matches!(change, Change::MatchEnded { application, .. } if application.get() == GAME));
        assert_eq!(told, over, "{what}");
    }
}

#[test]
fn a_join_request_is_answered_once_and_hands_over_the_secret() {
    let mut world = world();
    let (friend, session) = (user(&mut world, "Friend"), session(&mut world));
    let mut activity = Activity::default();
    activity.secrets.join = Some(Secret::new("come in"));
    world.apply(Instant::ZERO, Operation::SetActivity { session, activity: Some(Box::new(activity)) }).unwrap();
    let ask = Operation::RequestJoin { from: friend, application: None };
    world.apply(Instant::ZERO, ask.clone()).unwrap();
    world.apply(Instant::ZERO, ask).unwrap();
    assert_eq!(world.join_requests().len(), 1, "asking twice is one request");
    let answer =
        Operation::AnswerJoin { from: friend, application: Some(GAME.into()), session: Some(session), accepted: true };
    let Change::JoinAnswered { secret, .. } = only(world.apply(Instant::ZERO, answer.clone()).unwrap()) else {
        panic!("an answer expected")
    };
    assert_eq!(secret.unwrap().reveal(), "come in");
    assert_eq!(world.apply(Instant::ZERO, answer).unwrap_err(), Error::NotAsked(friend));
}

#[test]
fn a_join_request_is_answered_by_the_application_it_was_made_to() {
    let mut world = world();
    let (friend, session) = (user(&mut world, "Friend"), session(&mut world));
    let ask = Operation::RequestJoin { from: friend, application: Some(5.into()) };
    world.apply(Instant::ZERO, ask).unwrap();
    let answer = |application: u64| Operation::AnswerJoin {
        from: friend,
        application: Some(application.into()),
        session: Some(session),
        accepted: false,
    };
    assert_eq!(world.apply(Instant::ZERO, answer(GAME)).unwrap_err(), Error::NotAsked(friend));
    assert!(world.apply(Instant::ZERO, answer(5)).is_ok());
}

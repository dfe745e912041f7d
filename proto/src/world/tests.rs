//! The world's rules, without a door.

use std::time::Duration;

use super::*;
use crate::random::Random;
use crate::secret::Secret;

struct Seeded(Random);

impl Entropy for Seeded {
    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.fill_with(|| self.0.next_u64() as u8);
    }
}

const GAME: u64 = 192_741_864_418_312_192;

fn world() -> World {
    World::new(Config::default(), Seeded(Random::new(7))).unwrap()
}

fn only(changes: Changes) -> Change {
    let [change] = changes.into_iter().collect::<Vec<_>>().try_into().unwrap();
    change
}

fn user(world: &mut World, name: &str) -> UserId {
    match only(world.apply(Instant::ZERO, Operation::CreateUser(NewUser::named(name))).unwrap()) {
        Change::UserCreated(id) => id,
        other => panic!("{other:?}"),
    }
}

fn session(world: &mut World) -> SessionId {
    let user = world.local_user().id;
    match only(world.apply(Instant::ZERO, Operation::OpenSession { user, application: GAME.into() }).unwrap()) {
        Change::SessionOpened(id) => id,
        other => panic!("{other:?}"),
    }
}

fn code(world: &mut World, now: Instant) -> Secret {
    let (user, scopes) = (world.local_user().id, Scopes::from(["rpc".into()]));
    match only(world.apply(now, Operation::Authorize { application: GAME.into(), user, scopes }).unwrap()) {
        Change::CodeIssued(code) => code,
        other => panic!("{other:?}"),
    }
}

fn exchange(world: &mut World, now: Instant, client: ClientCredentials, code: Secret) -> Result<Token, Error> {
    let changes = world.apply(now, Operation::ExchangeCode { client, code, redirect_uri: None })?;
    match only(changes) {
        Change::TokenIssued(token) => Ok(*token),
        other => panic!("{other:?}"),
    }
}

fn client() -> ClientCredentials {
    ClientCredentials { id: GAME.into(), secret: None }
}

#[test]
fn a_code_works_once() {
    let mut world = world();
    let code = code(&mut world, Instant::ZERO);
    let token = exchange(&mut world, Instant::ZERO, client(), code.clone()).unwrap();
    assert_eq!(&*token.scopes[0], "rpc");
    assert!(world.token(Instant::ZERO, &token.access).is_some());
    assert!(matches!(exchange(&mut world, Instant::ZERO, client(), code), Err(Error::BadGrant(_))));
}

#[test]
fn a_code_runs_out_and_belongs_to_its_application() {
    let mut world = world();
    let stranger = ClientCredentials { id: 5.into(), secret: None };
    let given = code(&mut world, Instant::ZERO);
    assert!(matches!(exchange(&mut world, Instant::ZERO, stranger, given.clone()), Err(Error::BadGrant(_))));
    let late = Instant::ZERO + CODE_LIFETIME;
    assert!(matches!(exchange(&mut world, late, client(), given), Err(Error::BadGrant(_))));
}

#[test]
fn a_wrong_client_secret_leaves_the_code_usable() {
    let mut world = world();
    let mut application = Application::unregistered(GAME.into());
    application.secret = Some(Secret::new("right"));
    world.apply(Instant::ZERO, Operation::RegisterApplication(application)).unwrap();
    let given = code(&mut world, Instant::ZERO);
    for secret in [None, Some(Secret::new("wrong"))] {
        let client = ClientCredentials { id: GAME.into(), secret };
        assert_eq!(exchange(&mut world, Instant::ZERO, client, given.clone()).unwrap_err(), Error::BadClient);
    }
    let client = ClientCredentials { id: GAME.into(), secret: Some(Secret::new("right")) };
    assert!(exchange(&mut world, Instant::ZERO, client, given).is_ok());
}

#[test]
fn a_refresh_token_works_once_and_keeps_the_scopes() {
    let mut world = world();
    let given = code(&mut world, Instant::ZERO);
    let first = exchange(&mut world, Instant::ZERO, client(), given).unwrap();
    let late = Instant::ZERO + TOKEN_LIFETIME;
    assert!(world.token(late, &first.access).is_none(), "an access token runs out");
    let refresh = |world: &mut World| {
        world.apply(late, Operation::RefreshToken { client: client(), refresh_token: first.refresh.clone() })
    };
    let Change::TokenIssued(second) = only(refresh(&mut world).unwrap()) else { panic!("a token expected") };
    assert_eq!(second.scopes, first.scopes);
    assert!(world.token(late, &second.access).is_some());
    assert!(matches!(refresh(&mut world), Err(Error::BadGrant(_))));
}

#[test]
fn a_revoked_token_is_gone_with_its_refresh_token() {
    let mut world = world();
    let given = code(&mut world, Instant::ZERO);
    let token = exchange(&mut world, Instant::ZERO, client(), given).unwrap();
    world.apply(Instant::ZERO, Operation::RevokeToken(token.access.clone())).unwrap();
    assert!(world.token(Instant::ZERO, &token.access).is_none());
    let again = world.apply(Instant::ZERO, Operation::RevokeToken(token.refresh));
    assert_eq!(again.unwrap_err(), Error::BadToken);
}

#[test]
fn an_application_that_asks_for_too_many_codes_pushes_out_its_own() {
    let mut world = world();
    let mine = code(&mut world, Instant::ZERO);
    let user = world.local_user().id;
    for _ in 0..5000 {
        let scopes = Scopes::from(["rpc".into()]);
        world.apply(Instant::ZERO, Operation::Authorize { application: 5.into(), user, scopes }).unwrap();
    }
    assert!(exchange(&mut world, Instant::ZERO, client(), mine).is_ok());
}

#[test]
fn testers_alone_may_authorise_what_is_not_approved() {
    let mut world = world();
    let tester = user(&mut world, "Tester");
    let mut application = Application::unregistered(GAME.into());
    (application.approved, application.testers) = (false, vec![tester]);
    world.apply(Instant::ZERO, Operation::RegisterApplication(application.clone())).unwrap();
    let mut authorize =
        |user| world.apply(Instant::ZERO, Operation::Authorize { application: GAME.into(), user, scopes: [].into() });
    assert!(authorize(tester).is_ok());
    let local = UserId(Generator::default().next(EPOCH_MS));
    assert_eq!(authorize(local).unwrap_err(), Error::NotATester(GAME.into()));
    application.testers = vec![tester; 51];
    assert!(matches!(world.apply(Instant::ZERO, Operation::RegisterApplication(application)), Err(Error::Invalid(_))));
}

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

#[test]
fn only_registered_applications_are_known_when_told_so() {
    let config = Config { registered_only: true, ..Config::default() };
    let mut world = World::new(config, Seeded(Random::new(7))).unwrap();
    assert!(world.application(GAME.into()).is_none());
    world.apply(Instant::ZERO, Operation::RegisterApplication(Application::unregistered(GAME.into()))).unwrap();
    assert!(world.application(GAME.into()).is_some());
}

#[test]
fn an_rpc_token_works_once() {
    let mut world = world();
    let Change::RpcTokenIssued(token) = only(world.apply(Instant::ZERO, Operation::IssueRpcToken(client())).unwrap())
    else {
        panic!("a token expected")
    };
    let show = Operation::UseRpcToken { application: GAME.into(), token };
    assert!(world.apply(Instant::ZERO, show.clone()).is_ok());
    assert_eq!(world.apply(Instant::ZERO, show).unwrap_err(), Error::BadToken);
}

#[test]
fn ids_tell_when_they_were_made() {
    let mut world = world();
    world.apply(Instant::ZERO + Duration::from_secs(60), Operation::CreateUser(NewUser::named("Later"))).unwrap();
    assert_eq!(world.users().last().unwrap().id.0.unix_ms(), EPOCH_MS + 60_000);
}

#[test]
fn debug_output_holds_no_secret() {
    let mut world = world();
    let given = code(&mut world, Instant::ZERO);
    let token = exchange(&mut world, Instant::ZERO, client(), given.clone()).unwrap();
    let text = format!("{world:?} {token:?} {:?}", Change::CodeIssued(given.clone()));
    for secret in [given.reveal(), token.access.reveal(), token.refresh.reveal()] {
        assert!(!text.contains(secret));
    }
}

//! Codes, tokens, and who may authorise.

use std::time::Duration;

use super::*;
use crate::secret::Secret;

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

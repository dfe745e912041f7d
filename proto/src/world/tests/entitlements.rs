//! What users own.

use super::*;

fn new(user: UserId) -> NewEntitlement {
    let (starts_ms, ends_ms, consumed) = (None, None, false);
    NewEntitlement { sku: None, application: GAME.into(), user, kind: 1, guild: None, starts_ms, ends_ms, consumed }
}

fn made(world: &mut World, new: NewEntitlement) -> EntitlementId {
    match only(done(world, Operation::CreateEntitlement(new))) {
        Change::EntitlementCreated(id) => id,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_entitlement_comes_and_is_told_when_it_goes() {
    let mut world = world();
    let local = world.local_user().id;
    let id = made(&mut world, NewEntitlement { sku: Some(77.into()), consumed: true, ..new(local) });
    let known = world.entitlement(id).unwrap();
    assert_eq!((known.sku, known.user, known.consumed, known.deleted), (77.into(), local, true, false));
    let Change::EntitlementDeleted(gone) = only(done(&mut world, Operation::DeleteEntitlement(id))) else {
        panic!("an end expected")
    };
    assert!(gone.id == id && gone.deleted);
    assert_eq!(refused(&mut world, Operation::DeleteEntitlement(id)), Error::UnknownEntitlement(id));
}

#[test]
fn an_entitlement_without_a_sku_gets_one() {
    let mut world = world();
    let local = world.local_user().id;
    let ids = [made(&mut world, new(local)), made(&mut world, new(local))];
    let [first, second] = ids.map(|id| world.entitlement(id).unwrap().sku);
    assert!(first != second && first.get() != 0);
}

#[test]
fn an_entitlement_counts_from_its_start_to_its_end() {
    let mut world = world();
    let local = world.local_user().id;
    let always = made(&mut world, new(local));
    let id = made(&mut world, NewEntitlement { starts_ms: Some(100), ends_ms: Some(200), ..new(local) });
    let active = |id, ms| world.entitlement(id).unwrap().is_active(ms);
    assert_eq!([99, 100, 199, 200].map(|ms| active(id, ms)), [false, true, true, false]);
    assert!(active(always, 0) && active(always, u64::MAX));
}

#[test]
fn what_an_entitlement_cant_be_is_refused() {
    let mut world = world();
    let (local, nobody, nowhere) = (world.local_user().id, UserId::from(1), GuildId::from(1));
    let make = |new| Operation::CreateEntitlement(new);
    assert_eq!(refused(&mut world, make(new(nobody))), Error::UnknownUser(nobody));
    let for_guild = NewEntitlement { guild: Some(nowhere), ..new(local) };
    assert_eq!(refused(&mut world, make(for_guild)), Error::UnknownGuild(nowhere));
    for kind in [0, 9] {
        assert_eq!(field(&refused(&mut world, make(NewEntitlement { kind, ..new(local) }))), "type");
    }
    let backwards = NewEntitlement { starts_ms: Some(2), ends_ms: Some(2), ..new(local) };
    assert_eq!(field(&refused(&mut world, make(backwards))), "ends_at");
}

#[test]
fn a_guilds_entitlements_end_with_it() {
    let mut world = world();
    let (local, guild) = (world.local_user().id, guild(&mut world, &[]));
    made(&mut world, NewEntitlement { guild: Some(guild), ..new(local) });
    made(&mut world, new(local));
    assert_eq!(tells(&mut world, Operation::DeleteGuild(guild)), ["EntitlementDeleted", "GuildDeleted"]);
    assert_eq!(world.entitlements().count(), 1);
}

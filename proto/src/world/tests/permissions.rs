//! Who may what: each step of the computation.

use super::*;

const VIEW: Permissions = Permissions::VIEW_CHANNEL;
const SEND: Permissions = Permissions::SEND_MESSAGES;
const NONE: Permissions = Permissions::NONE;

struct Place {
    world: World,
    ada: UserId,
    guild: GuildId,
    text: ChannelId,
    voice: ChannelId,
}

fn place() -> Place {
    let mut world = world();
    let ada = user(&mut world, "Ada");
    let guild = guild(&mut world, &[ada]);
    let (text, voice) = (text(&mut world, guild), voice(&mut world, guild));
    Place { world, ada, guild, text, voice }
}

#[test]
fn the_bits_are_discords() {
    let named = Permissions::NAMES.iter().fold(NONE, |all, (_, permission)| all | *permission);
    assert_eq!((named, Permissions::NAMES.len()), (Permissions::ALL, 28));
    assert_eq!((Permissions::ADMINISTRATOR.0, Permissions::MANAGE_EMOJIS.0), (0x8, 0x4000_0000));
}

#[test]
fn who_is_not_a_member_may_nothing() {
    let Place { mut world, guild, text, .. } = place();
    let stranger = user(&mut world, "Stranger");
    assert_eq!((world.permissions_of(stranger, guild), world.permissions_in(stranger, text)), (NONE, NONE));
    assert!(!world.sees(stranger, text));
}

#[test]
fn the_owner_may_everything_whatever_a_channel_says() {
    let Place { mut world, ada, guild, text, .. } = place();
    deny_everyone(&mut world, text, Permissions::ALL);
    let owner = world.local_user().id;
    assert_eq!(world.permissions_of(owner, guild), Permissions::ALL);
    assert_eq!(world.permissions_in(owner, text), Permissions::ALL);
    assert_eq!(world.permissions_in(ada, text), NONE);
}

#[test]
fn an_administrator_may_everything_whatever_a_channel_says() {
    let Place { mut world, ada, guild, text, .. } = place();
    let admin = role(&mut world, guild, Permissions::ADMINISTRATOR);
    give_roles(&mut world, guild, ada, &[admin]);
    deny_everyone(&mut world, text, Permissions::ALL);
    assert_eq!(world.permissions_in(ada, text), Permissions::ALL);
}

#[test]
fn a_member_has_what_everyone_and_its_roles_have() {
    let Place { mut world, ada, guild, .. } = place();
    let staff = role(&mut world, guild, Permissions::KICK_MEMBERS);
    assert_eq!(world.permissions_of(ada, guild), Permissions::DEFAULT);
    give_roles(&mut world, guild, ada, &[staff]);
    assert_eq!(world.permissions_of(ada, guild), Permissions::DEFAULT | Permissions::KICK_MEMBERS);
}

#[test]
fn overwrites_count_for_everyone_then_roles_then_the_member() {
    let Place { mut world, ada, guild, text, .. } = place();
    let (first, second) = (role(&mut world, guild, NONE), role(&mut world, guild, NONE));
    give_roles(&mut world, guild, ada, &[first, second]);
    let sends = |world: &World| world.permissions_in(ada, text).contains(SEND);
    deny_everyone(&mut world, text, SEND);
    assert!(!sends(&world));
    // Of roles what one allows counts more than what another denies.
    overwrite(&mut world, text, OverwriteOf::Role(first), SEND, NONE);
    overwrite(&mut world, text, OverwriteOf::Role(second), NONE, SEND);
    assert!(sends(&world));
    overwrite(&mut world, text, OverwriteOf::Member(ada), NONE, SEND);
    assert!(!sends(&world));
    overwrite(&mut world, text, OverwriteOf::Member(ada), SEND, SEND);
    assert!(sends(&world), "what is denied is taken first");
}

#[test]
fn another_members_overwrite_is_no_concern() {
    let Place { mut world, ada, guild, text, .. } = place();
    let (eve, foreign) = (user(&mut world, "Eve"), role(&mut world, guild, NONE));
    done(&mut world, Operation::JoinGuild { guild, user: eve });
    overwrite(&mut world, text, OverwriteOf::Member(eve), NONE, VIEW);
    overwrite(&mut world, text, OverwriteOf::Role(foreign), NONE, VIEW);
    assert_eq!(world.permissions_in(ada, text), Permissions::DEFAULT);
    assert_eq!(world.permissions_in(eve, text), NONE, "who can't see it may nothing");
}

#[test]
fn without_sending_goes_what_goes_with_it() {
    let Place { mut world, ada, text, .. } = place();
    deny_everyone(&mut world, text, SEND);
    let lost = SEND
        | Permissions::MENTION_EVERYONE
        | Permissions::SEND_TTS_MESSAGES
        | Permissions::ATTACH_FILES
        | Permissions::EMBED_LINKS;
    assert_eq!(world.permissions_in(ada, text), Permissions::DEFAULT.without(lost));
}

#[test]
fn without_connecting_goes_what_goes_with_it() {
    let Place { mut world, ada, voice, .. } = place();
    deny_everyone(&mut world, voice, Permissions::CONNECT);
    let lost = Permissions::CONNECT | Permissions::SPEAK | Permissions::USE_VAD;
    assert_eq!(world.permissions_in(ada, voice), Permissions::DEFAULT.without(lost));
}

#[test]
fn in_direct_messages_everybody_in_them_may_and_nobody_else() {
    let Place { mut world, ada, .. } = place();
    let (eve, dm) = (user(&mut world, "Eve"), dm(&mut world, ada));
    for within in [ada, world.local_user().id] {
        assert!(world.permissions_in(within, dm).contains(VIEW | SEND | Permissions::CONNECT | Permissions::SPEAK));
        assert!(!world.permissions_in(within, dm).contains(Permissions::MANAGE_MESSAGES));
    }
    assert_eq!(world.permissions_in(eve, dm), NONE);
    assert_eq!(world.permissions_in(ada, ChannelId::from(1)), NONE);
}

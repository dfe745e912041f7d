//! Bots, and the commands that applications offer.

use super::*;
use crate::secret::Secret;
use crate::world::{AppCommand, NewAppCommand, NewBot, limits};

fn bot(token: Option<&str>, username: Option<&str>) -> NewBot {
    let (username, token) = (username.map(Box::from), token.map(Secret::new));
    NewBot { application: GAME.into(), username, token, refused_intents: 0 }
}

#[test]
fn a_bot_is_a_user_with_a_token_of_its_own() {
    let mut world = world();
    done(&mut world, Operation::CreateBot(bot(None, None)));
    let made = world.bot(GAME.into()).expect("it was made").clone();
    let user = world.user(made.user).expect("it is a user");
    assert!(user.bot && *user.username == *GAME.to_string(), "named as its application: {}", user.username);
    assert_eq!(made.token.reveal().len(), 30);
    assert_eq!(world.bot_with(&made.token).map(|bot| bot.user), Some(made.user));
    assert!(world.bot_with(&Secret::new("another")).is_none());
    assert_eq!(field(&refused(&mut world, Operation::CreateBot(bot(None, None)))), "application_id");
}

#[test]
fn a_token_that_is_none_or_anothers_is_refused() {
    let mut world = world();
    for token in ["short", "with a blank", "caf\u{e9}-caf\u{e9}", &"x".repeat(257)] {
        assert_eq!(field(&refused(&mut world, Operation::CreateBot(bot(Some(token), None)))), "token");
    }
    assert_eq!(field(&refused(&mut world, Operation::CreateBot(bot(None, Some("x"))))), "username");
    done(&mut world, Operation::CreateBot(bot(Some("the-first-one"), None)));
    let second = NewBot { application: 7.into(), ..bot(Some("the-first-one"), None) };
    assert_eq!(field(&refused(&mut world, Operation::CreateBot(second))), "token");
    assert_eq!(world.bots().count(), 1);
}

#[test]
fn a_login_is_a_token_of_a_user_who_is_no_bot() {
    let mut world = world();
    let user = world.local_user().id;
    let login = |user, token: &str| Operation::CreateLogin { user, token: Some(Secret::new(token)) };
    done(&mut world, login(user, "the-first-one"));
    done(&mut world, login(user, "the-second-one"));
    assert_eq!(world.login_with(&Secret::new("the-second-one")).map(|user| user.id), Some(user));
    assert!(world.login_with(&Secret::new("the-first-one")).is_none(), "a user has one at a time");
    done(&mut world, Operation::CreateBot(bot(Some("the-bots-own"), None)));
    let robot = world.bot(GAME.into()).unwrap().user;
    assert_eq!(field(&refused(&mut world, login(robot, "the-third-one"))), "user_id");
    assert_eq!(field(&refused(&mut world, login(user, "the-bots-own"))), "token");
    assert_eq!(field(&refused(&mut world, login(user, "short"))), "token");
    let second = NewBot { application: 7.into(), ..bot(Some("the-second-one"), None) };
    assert_eq!(field(&refused(&mut world, Operation::CreateBot(second))), "token");
}

fn command(name: &str, kind: u8) -> NewAppCommand {
    NewAppCommand { name: name.into(), kind, members: br#""description":"x""#[..].into() }
}

fn names(world: &World) -> Vec<&str> {
    world.commands_of(GAME.into(), None).map(|known: &AppCommand| &*known.name).collect()
}

#[test]
fn commands_are_replaced_by_name_and_kind_and_keep_their_ids() {
    let mut world = world();
    let put = |command| Operation::PutCommand { application: GAME.into(), guild: None, command };
    done(&mut world, put(command("sail", 1)));
    done(&mut world, put(command("sail", 2)));
    let first = world.commands_of(GAME.into(), None).next().unwrap().clone();
    done(&mut world, put(command("sail", 1)));
    let again = world.command(GAME.into(), first.id).unwrap();
    assert!(again.version > first.version);
    assert_eq!(names(&world), ["sail", "sail"]);
    let replace = |commands| Operation::ReplaceCommands { application: GAME.into(), guild: None, commands };
    done(&mut world, replace(vec![command("row", 1), command("sail", 1)]));
    assert_eq!(names(&world), ["sail", "row"]);
    assert!(world.command(GAME.into(), first.id).is_some() && world.command(7.into(), first.id).is_none());
    // At once or not at all.
    assert_eq!(field(&refused(&mut world, replace(vec![command("fly", 1), command("", 1)]))), "name");
    assert_eq!(names(&world), ["sail", "row"]);
    let many = (0..=limits::COMMANDS_OF_APPLICATION).map(|n| command(&format!("c{n}"), 1)).collect();
    refused(&mut world, replace(many));
    done(&mut world, Operation::DeleteCommand(first.id));
    assert_eq!(names(&world), ["row"]);
    refused(&mut world, Operation::DeleteCommand(first.id));
}

#[test]
fn who_may_not_post_does_not_type() {
    let mut world = world();
    let ada = user(&mut world, "Ada");
    let guild = guild(&mut world, &[ada]);
    let (text, voice) = (text(&mut world, guild), voice(&mut world, guild));
    let changes = done(&mut world, Operation::StartTyping { channel: text, user: ada });
    assert!(matches!(changes[..], [Change::TypingStarted { channel, user }] if (channel, user) == (text, ada)));
    refused(&mut world, Operation::StartTyping { channel: voice, user: ada });
    deny_everyone(&mut world, text, Permissions::SEND_MESSAGES);
    refused(&mut world, Operation::StartTyping { channel: text, user: ada });
}

//! Commands that applications offer to users: slash commands and entries of context menus.
//!
//! The world keeps what an application said of each, as JSON, and gives it an id. No user of this world calls one by itself:
//! that is the host's doing. They don't outlive the process, since applications say them anew when they start.

use super::{ApplicationId, CommandId, Error, GuildId, World, limits};
use crate::time::Instant;

/// A command of an application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppCommand {
    /// Its id. Kept when it is replaced by one of the same name and kind.
    pub id: CommandId,
    /// Whose.
    pub application: ApplicationId,
    /// In which guild; `None` is everywhere.
    pub guild: Option<GuildId>,
    /// 1 to 32 characters.
    pub name: Box<str>,
    /// 1 chat input, 2 of a user, 3 of a message.
    pub kind: u8,
    /// Grows with each change.
    pub version: CommandId,
    /// Everything else that was said of it: the members of a JSON object, without its braces.
    pub members: Box<[u8]>,
}

/// What a command is made from, or replaced by.
#[derive(Clone, Debug)]
pub struct NewAppCommand {
    /// 1 to 32 characters.
    pub name: Box<str>,
    /// 1 to 3.
    pub kind: u8,
    /// See [`AppCommand::members`].
    pub members: Box<[u8]>,
}

impl NewAppCommand {
    fn check(&self) -> Result<(), Error> {
        if !(1..=32).contains(&self.name.chars().count()) {
            return Err(Error::Invalid("name: 1 to 32 characters expected".into()));
        }
        if !(1..=3).contains(&self.kind) {
            return Err(Error::Invalid("type: 1 to 3 expected".into()));
        }
        if self.members.len() > limits::COMMAND_BYTES {
            return Err(Error::Invalid(format!("options: {} bytes of JSON at most", limits::COMMAND_BYTES).into()));
        }
        Ok(())
    }
}

impl World {
    /// The commands of an application in a guild, or everywhere, oldest first.
    pub fn commands_of(&self, application: ApplicationId, guild: Option<GuildId>) -> impl Iterator<Item = &AppCommand> {
        self.commands.values().filter(move |command| command.application == application && command.guild == guild)
    }

    /// A command of this application.
    pub fn command(&self, application: ApplicationId, id: CommandId) -> Option<&AppCommand> {
        self.commands.get(&id).filter(|command| command.application == application)
    }

    pub(super) fn put_command(
        &mut self,
        now: Instant,
        (application, guild): (ApplicationId, Option<GuildId>),
        new: NewAppCommand,
    ) -> Result<(), Error> {
        new.check()?;
        let of_it = self.commands_of(application, guild);
        let same = of_it.filter(|command| command.name == new.name && command.kind == new.kind).map(|known| known.id);
        let same = same.last();
        if same.is_none() {
            let there = self.commands_of(application, guild).count();
            limits::room("commands of an application", there, limits::COMMANDS_OF_APPLICATION)?;
            limits::room("commands", self.commands.len(), limits::COMMANDS)?;
        }
        let version = CommandId(self.next_id(now));
        let id = same.unwrap_or(version);
        let NewAppCommand { name, kind, members } = new;
        self.commands.insert(id, AppCommand { id, application, guild, name, kind, version, members });
        Ok(())
    }

    /// All commands of an application in a place, replaced at once or not at all. What keeps name and kind keeps its id.
    pub(super) fn replace_commands(
        &mut self,
        now: Instant,
        place: (ApplicationId, Option<GuildId>),
        all: Vec<NewAppCommand>,
    ) -> Result<(), Error> {
        all.iter().try_for_each(NewAppCommand::check)?;
        if all.len() > limits::COMMANDS_OF_APPLICATION {
            return Err(Error::TooMany(format!("commands: {} at most", limits::COMMANDS_OF_APPLICATION).into()));
        }
        let stays = |known: &AppCommand| all.iter().any(|new| new.name == known.name && new.kind == known.kind);
        self.commands.retain(|_, known| (known.application, known.guild) != place || stays(known));
        all.into_iter().try_for_each(|new| self.put_command(now, place, new))
    }
}

impl World {
    /// A command gets another name, or other members; its kind stays.
    pub(super) fn edit_command(&mut self, now: Instant, id: CommandId, command: NewAppCommand) -> Result<(), Error> {
        command.check()?;
        let version = CommandId(self.next_id(now));
        let Some(known) = self.commands.get_mut(&id) else { return Err(Error::UnknownCommand(id)) };
        let NewAppCommand { name, kind, members } = command;
        (known.name, known.kind, known.members, known.version) = (name, kind, members, version);
        Ok(())
    }

    pub(super) fn delete_command(&mut self, id: CommandId) -> Result<(), Error> {
        self.commands.remove(&id).map(drop).ok_or(Error::UnknownCommand(id))
    }
}

//! The sections of a file, and its steps.

use super::entry::{Fixed, Form, Reader, elements, members, only, within, wrong};
use super::names::{Kind, ME};
use super::template::Writer;
use super::timeline::{Block, Nanos, Step, Times, What};
use super::{Action, Scenario, VERSION};
use crate::error::Error;
use crate::value::{self, Value};
use crate::wire::catalog::Row;
use crate::wire::host;

/// What a file may have in it.
pub(super) const SECTIONS: &[&str] =
    &["scenario", "about", "$schema", "me", "users", "applications", "guilds", "channels", "setup", "steps"];

/// Members of a user that are no arguments of USER_CREATE.
pub(super) const OF_USER: &[&str] = &["relationship", "presence"];
/// Members of a guild that are no arguments of GUILD_CREATE.
pub(super) const OF_GUILD: &[&str] = &["members", "roles", "channels"];
/// Members of a channel that are no arguments of CHANNEL_CREATE.
pub(super) const OF_CHANNEL: &[&str] = &["messages", "voice"];
/// Members of a message that are no arguments of MESSAGE_POST.
pub(super) const OF_MESSAGE: &[&str] = &["as"];
/// Members of an order.
pub(super) const OF_ORDER: &[&str] = &["do", "args", "as", "about"];
/// Members of a step, besides.
pub(super) const OF_TIME: &[&str] = &["at", "after"];
/// Members of a step that repeats others.
pub(super) const OF_REPEAT: &[&str] = &["repeat", "every", "steps", "about"];

/// Repetitions in repetitions.
pub(super) const MAX_DEPTH: usize = 8;
/// How often something can be repeated, unless for ever.
pub(super) const MAX_TIMES: u64 = 1_000_000;
/// The shortest round of a repetition, in seconds: a shorter one would be a busy loop.
pub(super) const MIN_EVERY: f64 = 0.001;
/// The longest time that can be written, in seconds: thirty years.
pub(super) const MAX_SECONDS: f64 = 1e9;

/// What only makes sense for the program itself, or from outside of a scenario.
pub(super) fn is_for_scenarios(row: &Row) -> bool {
    let others = ["STATE", "PEER_CLOSE", "SNAPSHOT_SAVE", "SNAPSHOT_LOAD", "SCENARIO_LOAD", "SCENARIO_STOP"];
    // What these answer with is not known beforehand, and secrets have no place in a file.
    let answers = ["TOKEN_CREATE", "TOKEN_EXCHANGE", "TOKEN_REFRESH", "TOKEN_REVOKE", "RPC_TOKEN_CREATE"];
    !others.contains(&row.name) && !answers.contains(&row.name)
}

pub(super) fn read(root: Value<'_>, source: &[u8]) -> Result<Scenario, Error> {
    if root.kind() != value::Kind::Object {
        return Err(Error::argument("a scenario is a JSON object"));
    }
    only("", root, SECTIONS)?;
    match root.member("scenario").as_whole() {
        Some(VERSION) => {}
        Some(other) => return Err(wrong("scenario", format_args!("version {VERSION} expected, {other} given"))),
        None => return Err(wrong("scenario", format_args!("the version of the format expected: {VERSION}"))),
    }
    let mut reader = Reader::new(source);
    reader.me(root.member("me"))?;
    reader.users(root.member("users"))?;
    reader.applications(root.member("applications"))?;
    reader.what_users_are(root.member("users"))?;
    for guild in members("guilds", root.member("guilds"))? {
        reader.guild(guild)?;
    }
    for channel in members("channels", root.member("channels"))? {
        let path = format!("channels.{}", channel.key().unwrap_or_default());
        let form = Form { command: "CHANNEL_CREATE", extras: OF_CHANNEL, gives: channel.key(), ..Form::default() };
        let made = reader.make(&path, channel, form)?.unwrap_or(ME);
        reader.what_is_in(&path, channel, made)?;
    }
    for (at, order) in elements("setup", root.member("setup"))?.enumerate() {
        let path = format!("setup[{at}]");
        let action = reader.order(&path, order, OF_ORDER)?;
        reader.setup.push(action);
    }
    let steps = reader.block("steps", root.member("steps"), 0)?;
    Ok(Scenario { names: reader.names, setup: reader.setup, steps })
}

impl Reader<'_> {
    fn me(&mut self, value: Value<'_>) -> Result<(), Error> {
        if !value.exists() {
            return Ok(());
        }
        let fixed = [("user_id", Fixed::Id(ME))];
        self.make("me", value, Form { command: "USER_EDIT", fixed: &fixed, ..Form::default() }).map(drop)
    }

    fn users(&mut self, section: Value<'_>) -> Result<(), Error> {
        for user in members("users", section)? {
            let name = user.key().unwrap_or_default();
            let defaults = [("username", name)];
            let form = Form { command: "USER_CREATE", defaults: &defaults, extras: OF_USER, ..Form::default() };
            self.make(&format!("users.{name}"), user, Form { gives: Some(name), ..form })?;
        }
        Ok(())
    }

    /// Once all are there: a presence names an application.
    fn what_users_are(&mut self, section: Value<'_>) -> Result<(), Error> {
        for user in members("users", section)? {
            let name = user.key().unwrap_or_default();
            let path = format!("users.{name}");
            let id = self.named(&path, name, Kind::User)?;
            let fixed = [("user_id", Fixed::Id(id))];
            let kind = user.member("relationship");
            if kind.exists() {
                let row = host::command("RELATIONSHIP_SET").ok_or_else(|| wrong(&path, "no such command"))?;
                let mut writer = Writer::new(&self.names, self.source);
                writer.put_id("user_id", id);
                writer.put_str("type", kind.as_str().unwrap_or_default());
                let args = writer.end();
                let done = self.finish(&path, row, args, None);
                let (action, _) = done.map_err(|_| {
                    let (known, given) = (host::objects::RELATIONSHIPS, "something else");
                    wrong(&format!("{path}.relationship"), format_args!("{known} expected, {given} given"))
                })?;
                self.setup.push(action);
            }
            if user.member("presence").exists() {
                let form = Form { command: "PRESENCE_SET", fixed: &fixed, ..Form::default() };
                self.make(&format!("{path}.presence"), user.member("presence"), form)?;
            }
        }
        Ok(())
    }

    fn applications(&mut self, section: Value<'_>) -> Result<(), Error> {
        for application in members("applications", section)? {
            let name = application.key().unwrap_or_default();
            let defaults = [("name", name)];
            let form = Form { command: "APPLICATION_REGISTER", defaults: &defaults, ..Form::default() };
            self.make(&format!("applications.{name}"), application, Form { gives: Some(name), ..form })?;
        }
        Ok(())
    }

    fn guild(&mut self, guild: Value<'_>) -> Result<(), Error> {
        let name = guild.key().unwrap_or_default();
        let path = format!("guilds.{name}");
        let at_members = format!("{path}.members");
        let mut inside = Vec::new();
        for member in members(&at_members, guild.member("members"))? {
            let name = member.key().unwrap_or_default();
            let place = format!("{at_members}.{name}");
            let id = self.named(&place, name, Kind::User)?;
            if !inside.contains(&id) {
                inside.push(id);
            }
        }
        let fixed = [("members", Fixed::Ids(&inside))];
        // `members` is said by the section of that name, so it is an extra and no argument of the entry's own.
        let form = Form { command: "GUILD_CREATE", fixed: &fixed, extras: OF_GUILD, ..Form::default() };
        let made = self.make(&path, guild, Form { defaults: &[("name", name)], gives: Some(name), ..form })?;
        let of_guild = ("guild_id", Fixed::Id(made.unwrap_or(ME)));
        for role in members(&format!("{path}.roles"), guild.member("roles"))? {
            let name = role.key().unwrap_or_default();
            let defaults = [("name", name)];
            let form = Form { command: "ROLE_CREATE", fixed: &[of_guild], defaults: &defaults, ..Form::default() };
            self.make(&format!("{path}.roles.{name}"), role, Form { gives: Some(name), ..form })?;
        }
        let mut channels = Vec::new();
        for channel in members(&format!("{path}.channels"), guild.member("channels"))? {
            let name = channel.key().unwrap_or_default();
            let defaults = [("name", name), ("type", "GUILD_TEXT")];
            let form = Form { command: "CHANNEL_CREATE", fixed: &[of_guild], defaults: &defaults, ..Form::default() };
            let path = format!("{path}.channels.{name}");
            let made = self.make(&path, channel, Form { extras: OF_CHANNEL, gives: Some(name), ..form })?;
            channels.push((path, channel, made.unwrap_or(ME)));
        }
        for member in guild.member("members").iter() {
            let name = member.key().unwrap_or_default();
            let path = format!("{at_members}.{name}");
            let fixed = [of_guild, ("user_id", Fixed::Id(self.named(&path, name, Kind::User)?))];
            let (action, _) =
                self.entry(&path, member, Form { command: "MEMBER_EDIT", fixed: &fixed, ..Form::default() })?;
            if !member.is_empty() {
                self.setup.push(action);
            }
        }
        for (path, channel, made) in channels {
            self.what_is_in(&path, channel, made)?;
        }
        Ok(())
    }

    /// A channel's messages, and who is in voice there.
    fn what_is_in(&mut self, path: &str, channel: Value<'_>, made: usize) -> Result<(), Error> {
        let fixed = [("channel_id", Fixed::Id(made))];
        let messages = format!("{path}.messages");
        for (at, message) in elements(&messages, channel.member("messages"))?.enumerate() {
            let place = format!("{messages}[{at}]");
            let gives = self.name_of(&place, message)?;
            let form = Form { command: "MESSAGE_POST", fixed: &fixed, extras: OF_MESSAGE, gives, ..Form::default() };
            self.make(&place, message, form)?;
        }
        let voice = format!("{path}.voice");
        for (at, who) in elements(&voice, channel.member("voice"))?.enumerate() {
            let place = format!("{voice}[{at}]");
            let name = who.as_str().and_then(|text| text.strip_prefix('@'));
            let name = name.ok_or_else(|| wrong(&place, "a user's name expected, as \"@ada\""))?;
            let id = self.named(&place, name, Kind::User)?;
            let row = host::command("VOICE_JOIN").ok_or_else(|| wrong(&place, "no such command"))?;
            let mut writer = Writer::new(&self.names, self.source);
            writer.put_id("channel_id", made);
            writer.put_id("user_id", id);
            let args = writer.end();
            let (action, _) = self.finish(&place, row, args, None)?;
            self.setup.push(action);
        }
        Ok(())
    }

    /// The member `as`.
    fn name_of<'v>(&self, path: &str, value: Value<'v>) -> Result<Option<&'v str>, Error> {
        let given = value.member("as");
        match given.as_str() {
            Some(name) => Ok(Some(name)),
            None if given.exists() => Err(wrong(&format!("{path}.as"), "a name expected")),
            None => Ok(None),
        }
    }

    /// `{"do": .., "args": {..}, "as": ..}`
    fn order(&mut self, path: &str, value: Value<'_>, known: &[&str]) -> Result<Action, Error> {
        if value.kind() != value::Kind::Object {
            return Err(wrong(path, "an object expected"));
        }
        only(path, value, known)?;
        let at_do = format!("{path}.do");
        let name = value.member("do").as_str().ok_or_else(|| wrong(&at_do, "a command's name expected"))?;
        let row = match host::check_name(name) {
            Ok(Some(row)) if is_for_scenarios(row) => row,
            Ok(Some(row)) => return Err(wrong(&at_do, format_args!("{} has no place in a scenario", row.name))),
            Ok(None) => return Err(wrong(&at_do, "a command's name expected")),
            Err(error) => return Err(wrong(&at_do, error.message)),
        };
        let args = value.member("args");
        let at_args = format!("{path}.args");
        let mut writer = Writer::new(&self.names, self.source);
        for member in members(&at_args, args)? {
            writer.put(row.args, member).map_err(|error| within(&at_args, error))?;
        }
        let template = writer.end();
        let (mut action, _) = self.finish(&at_args, row, template, None)?;
        action.path = path.into();
        if let Some(name) = self.name_of(path, value)? {
            let at_as = format!("{path}.as");
            let kind = Kind::made_by(row.name);
            let kind =
                kind.ok_or_else(|| wrong(&at_as, format_args!("{} makes nothing that could be named", row.name)))?;
            action.gives = Some(self.names.give(name, kind).map_err(|what| wrong(&at_as, what))?);
        }
        Ok(action)
    }

    fn block(&mut self, path: &str, value: Value<'_>, depth: usize) -> Result<Block, Error> {
        let mut block = Block::default();
        let mut endless = false;
        for (at, step) in elements(path, value)?.enumerate() {
            let place = format!("{path}[{at}]");
            if endless {
                return Err(wrong(&place, "nothing comes after a step that is repeated for ever"));
            }
            if step.kind() != value::Kind::Object {
                return Err(wrong(&place, "an object expected"));
            }
            let start = when(&place, step, block.length)?;
            let what = if step.member("repeat").exists() {
                self.repeat(&place, step, depth)?
            } else {
                let known = [OF_ORDER, OF_TIME].concat();
                What::Do(self.order(&place, step, &known)?)
            };
            endless = what.length().is_none();
            block.length = start.saturating_add(what.length().unwrap_or(0));
            block.steps.push(Step { at: start, what });
        }
        Ok(block)
    }

    fn repeat(&mut self, path: &str, step: Value<'_>, depth: usize) -> Result<What, Error> {
        only(path, step, &[OF_REPEAT, OF_TIME].concat())?;
        if depth >= MAX_DEPTH {
            return Err(wrong(path, format_args!("{MAX_DEPTH} repetitions in each other at most")));
        }
        let given = step.member("repeat");
        let times = match (given.as_whole(), given.as_str()) {
            (Some(times), _) if u64::try_from(times).is_ok_and(|times| (1..=MAX_TIMES).contains(&times)) => {
                Times::Counted(times.unsigned_abs())
            }
            (_, Some("forever")) => Times::Forever,
            _ => {
                let what = format_args!("how often expected: 1 to {MAX_TIMES}, or \"forever\"");
                return Err(wrong(&format!("{path}.repeat"), what));
            }
        };
        let at_steps = format!("{path}.steps");
        let block = self.block(&at_steps, step.member("steps"), depth + 1)?;
        if block.steps.is_empty() {
            return Err(wrong(&at_steps, "at least one step expected"));
        }
        if block.steps.last().is_some_and(|last| last.what.length().is_none()) {
            return Err(wrong(path, "what is repeated has to end, and a step in it is repeated for ever"));
        }
        let at_every = format!("{path}.every");
        let every = seconds(&at_every, step.member("every"))?.unwrap_or(block.length);
        if every < block.length {
            let needed = block.length as f64 / 1e9;
            let what = format_args!("at least {needed} seconds expected, as long as the steps take");
            return Err(wrong(&at_every, what));
        }
        if times != Times::Counted(1) && every < (MIN_EVERY * 1e9) as Nanos {
            return Err(wrong(
                &at_every,
                format_args!("how many seconds a round takes expected, {MIN_EVERY} at least"),
            ));
        }
        Ok(What::Repeat { times, every, block })
    }
}

/// When a step comes, from the start of its block; the one before ended at `before`.
fn when(path: &str, step: Value<'_>, before: Nanos) -> Result<Nanos, Error> {
    let at = seconds(&format!("{path}.at"), step.member("at"))?;
    let after = seconds(&format!("{path}.after"), step.member("after"))?;
    match (at, after) {
        (Some(_), Some(_)) => Err(wrong(&format!("{path}.at"), "either at or after expected, both given")),
        (Some(at), None) if at < before => {
            let ended = before as f64 / 1e9;
            let what = format_args!("{ended} or later expected, when the step before is over");
            Err(wrong(&format!("{path}.at"), what))
        }
        (Some(at), None) => Ok(at),
        (None, after) => Ok(before.saturating_add(after.unwrap_or(0))),
    }
}

fn seconds(path: &str, value: Value<'_>) -> Result<Option<Nanos>, Error> {
    if !value.exists() {
        return Ok(None);
    }
    match value.as_f64() {
        Some(seconds) if (0.0..=MAX_SECONDS).contains(&seconds) => Ok(Some((seconds * 1e9).round() as Nanos)),
        _ => Err(wrong(path, "a number of seconds expected")),
    }
}

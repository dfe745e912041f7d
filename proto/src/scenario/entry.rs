//! Entries of sections: the arguments of a command, with a few members more.

use super::Action;
use super::names::{Kind, Names};
use super::template::Writer;
use crate::error::Error;
use crate::value::{self, Document, Value};
use crate::wire::catalog;
use crate::wire::catalog::Row;
use crate::wire::host;

/// What comes of a file while it is read.
#[derive(Debug)]
pub(super) struct Reader<'r> {
    pub(super) source: &'r [u8],
    pub(super) names: Names,
    pub(super) setup: Vec<Action>,
    scratch: Document,
}

/// How an entry becomes a command.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Form<'f> {
    pub(super) command: &'static str,
    /// Arguments that follow from where the entry stands: it may not say them itself.
    pub(super) fixed: &'f [(&'static str, Fixed<'f>)],
    /// Texts that it need not say.
    pub(super) defaults: &'f [(&'static str, &'f str)],
    /// Members that are no arguments.
    pub(super) extras: &'static [&'static str],
    /// The name that it gives.
    pub(super) gives: Option<&'f str>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Fixed<'f> {
    Id(usize),
    Ids(&'f [usize]),
}

/// The same error, further in.
pub(super) fn within(path: &str, error: Error) -> Error {
    Error { message: format!("{path}.{}", error.message).into(), ..error }
}

pub(super) fn wrong(path: &str, what: impl std::fmt::Display) -> Error {
    Error::argument(format!("{path}: {what}"))
}

/// The members of an object, or of nothing.
pub(super) fn members<'v>(path: &str, value: Value<'v>) -> Result<value::Iter<'v>, Error> {
    match value.kind() {
        value::Kind::Missing | value::Kind::Object => Ok(value.iter()),
        _ => Err(wrong(path, "an object expected")),
    }
}

/// The elements of an array, or of nothing.
pub(super) fn elements<'v>(path: &str, value: Value<'v>) -> Result<value::Iter<'v>, Error> {
    match value.kind() {
        value::Kind::Missing | value::Kind::Array => Ok(value.iter()),
        _ => Err(wrong(path, "an array expected")),
    }
}

/// Refuses members that are none of these.
pub(super) fn only(path: &str, value: Value<'_>, known: &[&str]) -> Result<(), Error> {
    let stranger = value.iter().find_map(|member| member.key().filter(|name| !known.contains(name)));
    match stranger {
        None => Ok(()),
        Some(_) if path.is_empty() => Err(Error::argument(unknown(stranger, known))),
        Some(_) => Err(Error::argument(format!("{path}.{}", unknown(stranger, known)))),
    }
}

fn unknown(name: Option<&str>, known: &[&str]) -> String {
    let name = name.filter(|name| super::names::is_name(name)).unwrap_or("a member");
    format!("{name}: unknown; known are {}", known.join(", "))
}

impl<'r> Reader<'r> {
    pub(super) fn new(source: &'r [u8]) -> Self {
        Reader { source, names: Names::new(), setup: Vec::new(), scratch: Document::new() }
    }

    /// The command that an entry stands for; `path` is where it stands. The name that it gives, if it does.
    pub(super) fn entry(
        &mut self,
        path: &str,
        value: Value<'_>,
        form: Form<'_>,
    ) -> Result<(Action, Option<usize>), Error> {
        if !matches!(value.kind(), value::Kind::Object | value::Kind::Missing) {
            return Err(wrong(path, "an object expected"));
        }
        let row = host::command(form.command).ok_or_else(|| wrong(path, "no command makes such a thing"))?;
        let mut writer = Writer::new(&self.names, self.source);
        for (name, fixed) in form.fixed {
            match fixed {
                Fixed::Id(id) => writer.put_id(name, *id),
                Fixed::Ids(ids) => writer.put_ids(name, ids),
            }
        }
        for (name, text) in form.defaults {
            if value.member(name).is_none() {
                writer.put_str(name, text);
            }
        }
        for member in value.iter() {
            let name = member.key().unwrap_or_default();
            if form.extras.contains(&name) {
                continue;
            }
            if form.fixed.iter().any(|(fixed, _)| *fixed == name) {
                return Err(wrong(&format!("{path}.{name}"), "unknown here: it follows from where the entry stands"));
            }
            let is_default = form.defaults.iter().any(|(default, _)| *default == name);
            if is_default && member.kind() == value::Kind::Null {
                continue;
            }
            writer.put(row.args, member).map_err(|error| within(path, error))?;
        }
        self.finish(path, row, writer.end(), form.gives)
    }

    /// Checks arguments by the catalog, as far as ids need not be known for it.
    pub(super) fn finish(
        &mut self,
        path: &str,
        row: &'static Row,
        args: super::Template,
        gives: Option<&str>,
    ) -> Result<(Action, Option<usize>), Error> {
        let sample = args.fill(|_| Some(1)).unwrap_or_default();
        let parsed = self.scratch.parse(&sample);
        parsed.map_err(|error| wrong(path, format_args!("not JSON: {error}")))?;
        catalog::check(row, self.scratch.root()).map_err(|error| within(path, error))?;
        let gives = match (gives, Kind::made_by(row.name)) {
            (None, _) => None,
            (Some(name), Some(kind)) => Some(self.names.give(name, kind).map_err(|what| wrong(path, what))?),
            (Some(_), None) => return Err(wrong(path, format_args!("{} makes nothing that could be named", row.name))),
        };
        Ok((Action { path: path.into(), row, args, gives }, gives))
    }

    /// An entry of the setup; the name that it gives.
    pub(super) fn make(&mut self, path: &str, value: Value<'_>, form: Form<'_>) -> Result<Option<usize>, Error> {
        let (action, name) = self.entry(path, value, form)?;
        self.setup.push(action);
        Ok(name)
    }

    /// What a member's name, or a text with @ in front, stands for.
    pub(super) fn named(&self, path: &str, name: &str, kind: Kind) -> Result<usize, Error> {
        self.names.find(name, kind).map_err(|what| wrong(path, what))
    }
}

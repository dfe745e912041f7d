//! Arguments with gaps: JSON in which ids are filled in once what they name has been made.

use super::names::{Kind, MAX_NAME, Names, is_name};
use crate::error::Error;
use crate::value::{self, Value};
use crate::wire::catalog::{Arg, Type};
use crate::wire::json::push_str;

#[derive(Debug)]
pub(super) struct Template(Vec<Piece>);

#[derive(Debug)]
enum Piece {
    Json(Box<[u8]>),
    /// The digits of the id that this name stands for.
    Id(usize),
}

impl Template {
    /// The JSON, with what `id` says for each name; `Err` is the name for which there is none.
    pub(super) fn fill(&self, id: impl Fn(usize) -> Option<u64>) -> Result<Vec<u8>, usize> {
        let mut text = Vec::new();
        for piece in &self.0 {
            match piece {
                Piece::Json(json) => text.extend_from_slice(json),
                Piece::Id(name) => text.extend_from_slice(id(*name).ok_or(*name)?.to_string().as_bytes()),
            }
        }
        Ok(text)
    }
}

/// Writes a template: one object, member by member.
#[derive(Debug)]
pub(super) struct Writer<'w> {
    names: &'w Names,
    /// What the values were parsed from.
    source: &'w [u8],
    pieces: Vec<Piece>,
    text: Vec<u8>,
}

impl<'w> Writer<'w> {
    pub(super) fn new(names: &'w Names, source: &'w [u8]) -> Self {
        Writer { names, source, pieces: Vec::new(), text: vec![b'{'] }
    }

    fn key(&mut self, name: &str) {
        if self.text.len() > 1 || !self.pieces.is_empty() {
            self.text.push(b',');
        }
        push_str(&mut self.text, name);
        self.text.push(b':');
    }

    fn id(&mut self, name: usize) {
        self.pieces.push(Piece::Json(std::mem::take(&mut self.text).into()));
        self.pieces.push(Piece::Id(name));
    }

    fn quoted_id(&mut self, name: usize) {
        self.text.push(b'"');
        self.id(name);
        self.text.push(b'"');
    }

    /// A member that is the id of a name.
    pub(super) fn put_id(&mut self, member: &str, name: usize) {
        self.key(member);
        self.quoted_id(name);
    }

    /// A member that is an array of such ids.
    pub(super) fn put_ids(&mut self, member: &str, names: &[usize]) {
        self.key(member);
        self.text.push(b'[');
        for (at, name) in names.iter().enumerate() {
            if at > 0 {
                self.text.push(b',');
            }
            self.quoted_id(*name);
        }
        self.text.push(b']');
    }

    /// A member that is a text.
    pub(super) fn put_str(&mut self, member: &str, text: &str) {
        self.key(member);
        push_str(&mut self.text, text);
    }

    /// A member as the file has it, with references where its type in `fields` has ids. What does not fit `fields` is
    /// written as it is: the catalog refuses it with better words.
    ///
    /// # Errors
    /// A name that means nothing, or the wrong thing; the path begins with the member's name.
    pub(super) fn put(&mut self, fields: &[Arg], member: Value<'_>) -> Result<(), Error> {
        let name = member.key().unwrap_or_default();
        self.key(name);
        let ty = fields.iter().find(|field| field.name == name).map_or(Type::Any, |field| field.ty);
        self.value(name, name, &ty, member)
    }

    fn value(&mut self, path: &str, argument: &str, ty: &Type, value: Value<'_>) -> Result<(), Error> {
        match (*ty, value.kind()) {
            (Type::Nullable(inner), _) => self.value(path, argument, inner, value),
            (Type::Snowflake, value::Kind::Str) => {
                let text = value.as_str().unwrap_or_default();
                let Some(name) = text.strip_prefix('@') else {
                    push_str(&mut self.text, text);
                    return Ok(());
                };
                let found = match Kind::of_argument(argument) {
                    Some(kind) => self.names.find(name, kind),
                    None => Err("an id expected; there is nothing here that a name could stand for".to_owned()),
                };
                let found = found.map_err(|what| Error::argument(format!("{path}: {what}")))?;
                self.quoted_id(found);
                Ok(())
            }
            (Type::Text { .. }, value::Kind::Str) if argument == "content" => {
                self.content(path, value.as_str().unwrap_or_default())
            }
            (Type::Array { of, .. }, value::Kind::Array) => {
                self.text.push(b'[');
                for (at, element) in value.iter().enumerate() {
                    if at > 0 {
                        self.text.push(b',');
                    }
                    self.value(&format!("{path}[{at}]"), argument, of, element)?;
                }
                self.text.push(b']');
                Ok(())
            }
            (Type::Object(shape), value::Kind::Object) if !shape.name.is_empty() => {
                self.text.push(b'{');
                for (at, member) in value.iter().enumerate() {
                    if at > 0 {
                        self.text.push(b',');
                    }
                    let name = member.key().unwrap_or_default();
                    push_str(&mut self.text, name);
                    self.text.push(b':');
                    let ty = shape.fields.iter().find(|field| field.name == name).map_or(Type::Any, |field| field.ty);
                    self.value(&format!("{path}.{name}"), name, &ty, member)?;
                }
                self.text.push(b'}');
                Ok(())
            }
            _ => {
                self.text.extend_from_slice(value.raw(self.source));
                Ok(())
            }
        }
    }

    /// A message's text, in which `<@ada>`, `<@&mods>` and `<#lobby>` name a user, a role and a channel.
    fn content(&mut self, path: &str, text: &str) -> Result<(), Error> {
        self.text.push(b'"');
        let mut rest = text;
        while let Some(at) = rest.find('<') {
            let (before, from) = rest.split_at(at);
            self.escaped(before);
            let marks = [("<@&", Kind::Role), ("<@!", Kind::User), ("<@", Kind::User), ("<#", Kind::Channel)];
            let mention = marks.iter().find_map(|(mark, kind)| {
                let name = from.strip_prefix(mark)?;
                // No name is longer, so that a text of many brackets is not searched again and again.
                let end = name.bytes().take(MAX_NAME + 1).position(|byte| byte == b'>')?;
                let (name, behind) = (&name[..end], &name[end + 1..]);
                is_name(name).then_some((*mark, *kind, name, behind))
            });
            match mention {
                Some((mark, kind, name, behind)) => {
                    let found = self.names.find(name, kind);
                    let found = found.map_err(|what| Error::argument(format!("{path}: {what}")))?;
                    self.escaped(mark);
                    self.id(found);
                    self.escaped(">");
                    rest = behind;
                }
                None => {
                    self.escaped("<");
                    rest = &from[1..];
                }
            }
        }
        self.escaped(rest);
        self.text.push(b'"');
        Ok(())
    }

    /// Text inside of a string that is open already.
    fn escaped(&mut self, text: &str) {
        let from = self.text.len();
        push_str(&mut self.text, text);
        self.text.pop();
        self.text.remove(from);
    }

    /// Closes the object.
    pub(super) fn end(mut self) -> Template {
        self.text.push(b'}');
        self.pieces.push(Piece::Json(self.text.into()));
        Template(self.pieces)
    }
}

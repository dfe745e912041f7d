//! Arguments against a row.
//!
//! The sentence is for the person who wrote the arguments: where, what was expected, what was given. Numbers and names are
//! repeated in it; a text never is, since it may be a token in the wrong place.

use std::fmt::Write;

use super::{Arg, Row, Type};
use crate::error::Error;
use crate::value::{Kind, Value};

/// Whether `args` (an object, or missing or null for none) fit `row`. The error names the first field that does not, by its path:
/// `activity.buttons[1].label: 1 to 32 characters expected, 40 given`.
pub fn check(row: &Row, args: Value<'_>) -> Result<(), Error> {
    if !matches!(args.kind(), Kind::Missing | Kind::Null | Kind::Object) {
        return Err(Error::argument(format!("{}: the arguments must be an object, {} given", row.name, kind(args))));
    }
    members(row.args, args, row.exact).map_err(Fault::sentence)?;
    match row.rule {
        Some(rule) => rule(args),
        None => Ok(()),
    }
}

/// Whether `value` is of this type, and has no members that it does not name; the error's path begins with `place`.
pub fn check_value(place: &str, ty: &Type, value: Value<'_>) -> Result<(), Error> {
    value_of(ty, value, true).map_err(|fault| if place.is_empty() { fault } else { fault.within(place) }.sentence())
}

impl Type {
    /// Whether JSON of this kind can be of this type at all.
    fn is_of(&self, given: Kind) -> bool {
        match self {
            Type::Any => true,
            Type::Null => given == Kind::Null,
            Type::Bool => given == Kind::Bool,
            Type::Int { .. } | Type::Num { .. } | Type::Numbers(_) => matches!(given, Kind::Int | Kind::Num),
            Type::Text { .. } | Type::Time | Type::Names(_) => given == Kind::Str,
            Type::Snowflake => matches!(given, Kind::Int | Kind::Str),
            Type::Nullable(inner) => given == Kind::Null || inner.is_of(given),
            Type::Either(one, other) => one.is_of(given) || other.is_of(given),
            Type::Object(_) => given == Kind::Object,
            Type::Array { .. } => given == Kind::Array,
        }
    }
}

struct Fault {
    path: String,
    what: String,
}

impl Fault {
    fn expected(ty: &Type, given: &str) -> Fault {
        Fault { path: String::new(), what: format!("{ty} expected, {given} given") }
    }

    fn within(mut self, parent: &str) -> Fault {
        let dot = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        self.path = format!("{parent}{dot}{}", self.path);
        self
    }

    fn sentence(self) -> Error {
        match &*self.path {
            "" => Error::argument(self.what),
            path => Error::argument(format!("{path}: {}", self.what)),
        }
    }
}

/// A member that nothing names. Its own name is repeated as far as it looks like one: it may be a token in the wrong place.
fn unknown(fields: &[Arg], member: Value<'_>) -> Fault {
    let name = member.key().unwrap_or_default();
    let is_a_name = name.len() <= 64 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let known: Vec<&str> = fields.iter().map(|field| field.name).collect();
    let known =
        if known.is_empty() { "there are none here".to_owned() } else { format!("known are {}", known.join(", ")) };
    let path = if is_a_name { name } else { "a member" };
    Fault { path: path.to_owned(), what: format!("unknown; {known}") }
}

fn members(fields: &[Arg], object: Value<'_>, exact: bool) -> Result<(), Fault> {
    if exact
        && let Some(member) = object.iter().find(|member| !fields.iter().any(|field| Some(field.name) == member.key()))
    {
        return Err(unknown(fields, member));
    }
    for field in fields {
        let value = object.member(field.name);
        // Programs write null for what they leave out, and Discord takes it so.
        if value.kind() == Kind::Null && !field.required {
            continue;
        }
        if value.exists() {
            value_of(&field.ty, value, exact).map_err(|fault| fault.within(field.name))?;
        } else if field.required {
            return Err(Fault::expected(&field.ty, "nothing").within(field.name));
        }
    }
    Ok(())
}

fn value_of(ty: &Type, value: Value<'_>, exact: bool) -> Result<(), Fault> {
    let wrong_kind = || Err(Fault::expected(ty, kind(value)));
    match *ty {
        Type::Any => Ok(()),
        Type::Null if value.kind() == Kind::Null => Ok(()),
        Type::Bool if value.kind() == Kind::Bool => Ok(()),
        Type::Int { min, max } if is_whole(value) => match value.as_whole() {
            Some(number) if (min..=max).contains(&number) => Ok(()),
            Some(number) => Err(Fault::expected(ty, &number.to_string())),
            None => Err(Fault::expected(ty, BEYOND)),
        },
        Type::Num { min, max } => match value.as_f64() {
            Some(number) if (min..=max).contains(&number) && number.is_finite() => Ok(()),
            Some(number) => Err(Fault::expected(ty, &number.to_string())),
            None => wrong_kind(),
        },
        Type::Text { min, max } => match value.as_str() {
            Some(text) => {
                // Counting is skipped where bytes alone decide: a character has 1 to 4 of them.
                if text.len() <= max && text.len() >= min.saturating_mul(4) {
                    return Ok(());
                }
                let count = text.chars().count();
                match count {
                    _ if (min..=max).contains(&count) => Ok(()),
                    0 => Err(Fault::expected(ty, "an empty string")),
                    _ => Err(Fault::expected(ty, &count.to_string())),
                }
            }
            None => wrong_kind(),
        },
        Type::Time if value.kind() == Kind::Str => Ok(()),
        Type::Snowflake if value.as_id().is_some() => Ok(()),
        Type::Snowflake if is_too_large(value) => Err(Fault::expected(ty, BEYOND)),
        Type::Snowflake if matches!(value.kind(), Kind::Str | Kind::Int) => {
            Err(Fault::expected(ty, "something else than 1 to 20 digits"))
        }
        // Not taken even where it is whole: doubles can't hold most ids.
        Type::Snowflake if value.kind() == Kind::Num => {
            Err(Fault::expected(ty, "a number with a point or an exponent"))
        }
        Type::Numbers(known) if is_whole(value) => match value.as_whole() {
            Some(number) if known.iter().any(|(allowed, _)| *allowed == number) => Ok(()),
            Some(number) => Err(Fault::expected(ty, &number.to_string())),
            None => Err(Fault::expected(ty, BEYOND)),
        },
        Type::Names(known) => match value.as_str() {
            Some(name) if known.contains(&name) => Ok(()),
            Some(_) => Err(Fault::expected(ty, "another string")),
            None => wrong_kind(),
        },
        Type::Nullable(_) if value.kind() == Kind::Null => Ok(()),
        Type::Nullable(inner) => value_of(inner, value, exact),
        Type::Either(one, _) if one.is_of(value.kind()) => value_of(one, value, exact),
        Type::Either(_, other) if other.is_of(value.kind()) => value_of(other, value, exact),
        Type::Object(shape) if value.kind() == Kind::Object => {
            members(shape.fields, value, exact && !shape.name.is_empty())
        }
        Type::Array { of, min, max } if value.kind() == Kind::Array => {
            if !(min..=max).contains(&value.len()) {
                return Err(Fault::expected(ty, &value.len().to_string()));
            }
            for (at, element) in value.iter().enumerate() {
                value_of(of, element, exact).map_err(|fault| {
                    let mut index = String::new();
                    let _ = write!(index, "[{at}]");
                    fault.within(&index)
                })?;
            }
            Ok(())
        }
        _ => wrong_kind(),
    }
}

const BEYOND: &str = "a number beyond 64 bits";

/// Whether it is a number without a fraction, of any size and spelling.
fn is_whole(value: Value<'_>) -> bool {
    match value.kind() {
        Kind::Int => true,
        Kind::Num => value.as_f64().is_some_and(|number| number.is_infinite() || number.fract() == 0.0),
        _ => false,
    }
}

/// Whether it is digits that no id has room for.
fn is_too_large(value: Value<'_>) -> bool {
    match value.kind() {
        Kind::Str => {
            value.as_str().is_some_and(|text| text.len() >= 20 && text.bytes().all(|byte| byte.is_ascii_digit()))
        }
        Kind::Int => value.as_f64().is_some_and(|number| number >= 1e19),
        _ => false,
    }
}

fn kind(value: Value<'_>) -> &'static str {
    match value.kind() {
        Kind::Null => "null",
        Kind::Bool => "true or false",
        Kind::Int | Kind::Num if is_whole(value) => "a whole number",
        Kind::Int | Kind::Num => "a number with a fraction",
        Kind::Str => "a string",
        Kind::Array => "an array",
        Kind::Object => "an object",
        Kind::Missing | Kind::Key | Kind::Lazy => "nothing",
    }
}

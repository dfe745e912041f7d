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
    members(row.args, args).map_err(|fault| Error::argument(format!("{}: {}", fault.path, fault.what)))?;
    match row.rule {
        Some(rule) => rule(args),
        None => Ok(()),
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
}

fn members(fields: &[Arg], object: Value<'_>) -> Result<(), Fault> {
    for field in fields {
        let value = object.member(field.name);
        // Programs write null for what they leave out, and Discord takes it so.
        if value.kind() == Kind::Null && !field.required {
            continue;
        }
        if value.exists() {
            value_of(&field.ty, value).map_err(|fault| fault.within(field.name))?;
        } else if field.required {
            return Err(Fault::expected(&field.ty, "nothing").within(field.name));
        }
    }
    Ok(())
}

fn value_of(ty: &Type, value: Value<'_>) -> Result<(), Fault> {
    let wrong_kind = || Err(Fault::expected(ty, kind(value)));
    match *ty {
        Type::Any => Ok(()),
        Type::Null if value.kind() == Kind::Null => Ok(()),
        Type::Bool if value.kind() == Kind::Bool => Ok(()),
        Type::Int { min, max } if value.kind() == Kind::Int => match value.as_i64() {
            Some(number) if (min..=max).contains(&number) => Ok(()),
            Some(number) => Err(Fault::expected(ty, &number.to_string())),
            None => Err(Fault::expected(ty, "a number beyond 64 bits")),
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
        Type::Snowflake if matches!(value.kind(), Kind::Str | Kind::Int) => {
            Err(Fault::expected(ty, "something else than 1 to 20 digits"))
        }
        Type::Numbers(known) if value.kind() == Kind::Int => match value.as_i64() {
            Some(number) if known.iter().any(|(allowed, _)| *allowed == number) => Ok(()),
            Some(number) => Err(Fault::expected(ty, &number.to_string())),
            None => Err(Fault::expected(ty, "a number beyond 64 bits")),
        },
        Type::Names(known) => match value.as_str() {
            Some(name) if known.contains(&name) => Ok(()),
            Some(_) => Err(Fault::expected(ty, "another string")),
            None => wrong_kind(),
        },
        Type::Nullable(_) if value.kind() == Kind::Null => Ok(()),
        Type::Nullable(inner) => value_of(inner, value),
        Type::Object(shape) if value.kind() == Kind::Object => members(shape.fields, value),
        Type::Array { of, min, max } if value.kind() == Kind::Array => {
            if !(min..=max).contains(&value.len()) {
                return Err(Fault::expected(ty, &value.len().to_string()));
            }
            for (at, element) in value.iter().enumerate() {
                value_of(of, element).map_err(|fault| {
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

fn kind(value: Value<'_>) -> &'static str {
    match value.kind() {
        Kind::Null => "null",
        Kind::Bool => "true or false",
        Kind::Int => "a whole number",
        Kind::Num => "a number with a fraction",
        Kind::Str => "a string",
        Kind::Array => "an array",
        Kind::Object => "an object",
        Kind::Missing | Kind::Key | Kind::Lazy => "nothing",
    }
}

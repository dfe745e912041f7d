//! What a server's world begins with: a snapshot, a scenario, or both, one after the other.
//!
//! Either is given as a file's path or as the object itself. It is read and looked at on the caller's thread, so that what is
//! wrong with it is said where it was given; the server then takes it as if the host had sent SNAPSHOT_LOAD and
//! SCENARIO_LOAD, before anybody is let in.

use std::path::Path;

use gamebridge_proto::error::Error;
use gamebridge_proto::scenario::Scenario;
use gamebridge_proto::server::rpc::snapshot;
use gamebridge_proto::value::Value;
use gamebridge_proto::wire::catalog::{Arg, Shape, Type};
use gamebridge_proto::wire::host;
use gamebridge_proto::wire::json::{Object, push_num};

use super::files::{MOST_SCENARIO, MOST_SNAPSHOT};

const PATH_OR_OBJECT: Type = Type::Either(&Type::text(1, 4096), &Type::Object(&Shape { name: "", fields: &[] }));

/// The parameters.
pub(super) const SNAPSHOT: Arg = Arg::optional(
    "snapshot",
    PATH_OR_OBJECT,
    "What SNAPSHOT_SAVE gave, or the path of its file: the world to begin with. Its user takes the place of username.",
);
pub(super) const SCENARIO: Arg = Arg::optional(
    "scenario",
    PATH_OR_OBJECT,
    "A scenario (scenario.schema.json), or the path of its file: fills the world, then plays its steps.",
);
pub(super) const SCENARIO_SPEED: Arg =
    Arg::optional("scenario_speed", host::SPEED, "How many of the scenario's seconds pass in one. Default 1.");

/// A command that the server gives itself: its name, the parameter that asked for it, its arguments.
#[derive(Debug)]
pub(super) struct First {
    pub(super) command: &'static str,
    pub(super) parameter: &'static str,
    pub(super) args: Box<[u8]>,
}

/// Reads the parameters, which fit their types; `text` is what they were parsed from.
///
/// # Errors
/// A file can't be read, or what it holds is no snapshot or scenario; the sentence names the parameter.
pub(super) fn read(service: &str, given: Value<'_>, text: &[u8]) -> Result<Vec<First>, Error> {
    let mut firsts = Vec::new();
    if let Some(content) = content(service, given, text, "snapshot", MOST_SNAPSHOT)? {
        snapshot::load(&content).map_err(|error| within(service, "snapshot", error))?;
        firsts.push(first("SNAPSHOT_LOAD", "snapshot", |object| object.raw("snapshot", &content)));
    }
    let speed = given.member("scenario_speed").as_f64();
    match content(service, given, text, "scenario", MOST_SCENARIO)? {
        Some(content) => {
            Scenario::read(&content).map_err(|error| within(service, "scenario", error))?;
            firsts.push(first("SCENARIO_LOAD", "scenario", |object| {
                let object = object.raw("scenario", &content);
                match speed {
                    Some(speed) => object.with("speed", |out| push_num(out, speed)),
                    None => object,
                }
            }));
        }
        None if speed.is_some() => {
            return Err(Error::argument(format!("{service}: scenario_speed goes with a scenario")));
        }
        None => {}
    }
    Ok(firsts)
}

fn first(command: &'static str, parameter: &'static str, members: impl FnOnce(Object<'_>) -> Object<'_>) -> First {
    let mut args = Vec::new();
    members(Object::begin(&mut args)).end();
    First { command, parameter, args: args.into() }
}

/// The object, from its file where a path was given.
fn content(
    service: &str,
    given: Value<'_>,
    text: &[u8],
    name: &'static str,
    most: u64,
) -> Result<Option<Vec<u8>>, Error> {
    let value = given.member(name);
    match value.as_str() {
        _ if value.is_none() => Ok(None),
        Some(path) => crate::files::read(Path::new(path), most).map(Some).map_err(|error| within(service, name, error)),
        None => Ok(Some(value.raw(text).to_vec())),
    }
}

fn within(service: &str, name: &'static str, error: Error) -> Error {
    Error { message: format!("{service}: {name}: {}", error.message).into(), ..error }
}

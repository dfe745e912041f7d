//! Files that the host names: snapshots and scenarios.
//!
//! The door knows no files, so a command with a `path` is dealt with before it gets there: what is to be loaded is read and
//! takes the path's place in the arguments; what is to be saved is written by the house. The one thing to know before
//! changing it: this runs on the I/O thread, so what is read is bounded.

use std::path::PathBuf;

use gamebridge_proto::command::Command;
use gamebridge_proto::error::Error;
use gamebridge_proto::scenario;
use gamebridge_proto::value::Document;
use gamebridge_proto::wire::host;
use gamebridge_proto::wire::json::{Object, push_num};

use crate::files::read;

/// The longest snapshot that is read: more than a full world has.
pub(super) const MOST_SNAPSHOT: u64 = 256 << 20;
/// The longest scenario that is read.
pub(super) const MOST_SCENARIO: u64 = scenario::MAX_BYTES as u64;

/// What a command is once its files were looked at.
pub(super) enum Order {
    /// For the door, without a path.
    Door(Command),
    /// SNAPSHOT_SAVE into a file.
    Save { path: PathBuf, secrets: bool },
}

/// Takes the path out of a command, when it has one.
///
/// # Errors
/// [`Status::Io`] when the file can't be read, or what the catalog says of the arguments.
pub(super) fn order(command: Command) -> Result<Order, Error> {
    let (member, most) = match &*command.name {
        "SNAPSHOT_LOAD" => ("snapshot", MOST_SNAPSHOT),
        "SCENARIO_LOAD" => ("scenario", MOST_SCENARIO),
        "SNAPSHOT_SAVE" => ("", 0),
        _ => return Ok(Order::Door(command)),
    };
    let mut document = Document::new();
    if document.parse(&command.args).is_err() || document.root().member("path").is_none() {
        // What is wrong with it the door says.
        return Ok(Order::Door(command));
    }
    let args = document.root();
    host::check(&command.name, args)?;
    let path = PathBuf::from(args.member("path").as_str().unwrap_or_default());
    if member.is_empty() {
        return Ok(Order::Save { path, secrets: args.member("secrets").as_bool().unwrap_or(false) });
    }
    let text = read(&path, most).map_err(|error| within("path", error))?;
    // Else it would be JSON in the wrong place: a member of ours could begin in the file.
    let mut content = Document::new();
    let parsed = content.parse(&text);
    parsed.map_err(|error| Error::argument(format!("path: {}: not JSON: {error}", path.display())))?;
    drop(content);
    let mut filled = Vec::with_capacity(text.len() + 64);
    let mut object = Object::begin(&mut filled).raw(member, &text);
    if let Some(speed) = args.member("speed").as_f64() {
        object = object.with("speed", |out| push_num(out, speed));
    }
    object.end();
    Ok(Order::Door(Command { args: filled.into(), ..command }))
}

/// The same error, with the name of what holds the path.
pub(super) fn within(name: &str, error: Error) -> Error {
    Error { message: format!("{name}: {}", error.message).into(), ..error }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use gamebridge_proto::error::Status;

    use super::*;
    use crate::files::tests::Place;

    fn ordered(name: &str, args: &str) -> Result<Order, Error> {
        order(Command { name: name.into(), args: args.as_bytes().into(), ..Command::default() })
    }

    #[test]
    fn what_a_path_leads_to_takes_its_place_in_the_arguments() {
        let place = Place::new();
        let path = serde_json::to_string(place.file().to_str().unwrap()).unwrap();
        fs::write(place.file(), r#" {"scenario": 1} "#).unwrap();
        let Order::Door(command) = ordered("SCENARIO_LOAD", &format!(r#"{{"path":{path},"speed":2}}"#)).unwrap() else {
            panic!("for the door")
        };
        let args: serde_json::Value = serde_json::from_slice(&command.args).unwrap();
        assert_eq!(args, serde_json::json!({"scenario": {"scenario": 1}, "speed": 2}));
        fs::write(place.file(), r#"{}, "speed": 3"#).unwrap();
        let error = ordered("SCENARIO_LOAD", &format!(r#"{{"path":{path}}}"#)).err().unwrap();
        assert!(error.message.starts_with("path: ") && error.message.contains("not JSON"), "{}", error.message);
        let error = ordered("SNAPSHOT_LOAD", r#"{"path":"/nowhere/at/all"}"#).err().unwrap();
        assert_eq!(error.status, Status::Io);
        let error = ordered("SNAPSHOT_LOAD", r#"{"path":"x","snapshot":{}}"#).err().unwrap();
        assert!(error.message.contains("both given"), "{}", error.message);
        let saving = ordered("SNAPSHOT_SAVE", &format!(r#"{{"path":{path},"secrets":true}}"#)).unwrap();
        assert!(matches!(saving, Order::Save { path, secrets: true } if path == place.file()));
        for (name, args) in [("SNAPSHOT_SAVE", "{}"), ("STATE", r#"{"path":5}"#), ("SCENARIO_LOAD", "{")] {
            assert!(matches!(ordered(name, args), Ok(Order::Door(_))), "{name}");
        }
    }
}

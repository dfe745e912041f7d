//! A command of the host program, as every door takes it: its arguments are read, and its outcome is told, in one way.
//!
//! What the commands are stands in [`crate::wire::host`], and what each does is its door's. The one thing to know before
//! changing it: a command with a tag gets exactly one REPLY; without one nobody waits, and only a failure is told.

use crate::error::Error;
use crate::event::{Event, EventType, LogLevel};
use crate::value::Document;

/// The arguments of a command, in `doc`; their text, which is that of an empty object when there are none.
///
/// # Errors
/// [`Status::Argument`](crate::error::Status::Argument): they are not JSON.
pub(super) fn arguments<'a>(name: &str, args: &'a [u8], doc: &mut Document) -> Result<&'a [u8], Error> {
    let text = if args.is_empty() { b"{}" } else { args };
    doc.parse(text).map_err(|error| Error::argument(format!("{name}: the arguments are not JSON: {error}")))?;
    Ok(text)
}

/// Tells how a command ended: with `data`, JSON, or with an error. Without a tag a failure is a log line of this room.
pub fn conclude(room: &str, name: &str, tag: u64, outcome: Result<&[u8], Error>, tell: impl FnOnce(Event<'_>)) {
    match (outcome, tag) {
        (Ok(_), 0) => {}
        (Err(error), 0) => tell(Event::log(LogLevel::Warn, room, &format!("{name} failed: {error}"))),
        (Ok(payload), tag) => tell(Event { tag, payload, ..Event::new(EventType::Reply, name) }),
        (Err(Error { status, code, message }), tag) => {
            tell(Event { tag, status, code, message: &message, ..Event::new(EventType::Reply, name) });
        }
    }
}

//! Commands on a connection that carries ETF: JSON can say numbers for which that format has no place.

use gamebridge_proto::command::Command;
use gamebridge_proto::error::{Error, Status};
use gamebridge_proto::event::{Event, EventType, LogLevel};
use gamebridge_proto::value::Document;
use gamebridge_proto::wire::etf;

use super::driver::Effects;
use crate::transport::Encoding;

/// Whether the connection's encoding can carry the arguments.
pub(super) fn check(encoding: Encoding, command: &Command) -> Result<(), Error> {
    if encoding == Encoding::Json || command.args.is_empty() {
        return Ok(());
    }
    etf::from_json(&command.args, &mut Document::new(), &mut Vec::new())
}

/// Answers a command that it cannot carry.
pub(super) fn refuse<W>(room: &str, command: &Command, error: &Error, out: &mut Effects<'_, W>) {
    let sentence = format!("{}: args: not to be said in etf: {}", command.name, error.message);
    if command.tag == 0 {
        return out.event(&Event::log(LogLevel::Warn, room, &sentence));
    }
    let mut reply = Event::new(EventType::Reply, &command.name);
    (reply.tag, reply.status, reply.message) = (command.tag, Status::Argument, &sentence);
    out.event(&reply);
}

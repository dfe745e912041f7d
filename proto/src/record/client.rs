//! What goes into a client machine.

use super::line::{Fields, Line, Wrong};
use crate::command::Command;
use crate::error::Error;
use crate::protocol::{Closed, dmod, gateway, rpc};
use crate::time::Instant;
use crate::wire::ipc::{Frame, Opcode};

/// One call of a client machine, as data.
#[derive(Clone, Debug)]
pub enum Input<'a> {
    /// It begins.
    Start,
    /// There is a transport; RPC is told which way and where.
    Opened(Option<(rpc::Via, &'a str)>),
    /// There is none to be had.
    OpenFailed(&'a Error),
    /// A frame came.
    Frame(Frame<'a>),
    /// The transport is gone.
    Closed(Closed<'a>),
    /// The program sends.
    Command(Command),
    /// The program takes back what it sent with this tag.
    Cancel(u64),
    /// The program leaves.
    Disconnect,
    /// The machine's deadline has come.
    Timeout,
    /// The driver stopped reading, or reads again.
    Paused(bool),
}

impl Input<'_> {
    /// Feeds it to an RPC client.
    ///
    /// # Errors
    /// A frame that the machine refuses: drop the transport.
    pub fn feed_rpc(self, now: Instant, machine: &mut rpc::Client, out: &mut impl rpc::Sink) -> Result<(), Error> {
        match self {
            Input::Start => machine.start(now, out),
            Input::Opened(Some((via, address))) => machine.handle_opened(now, via, address, out),
            Input::OpenFailed(error) => machine.handle_open_failed(now, error, out),
            Input::Frame(frame) => return machine.handle_frame(now, frame, out),
            Input::Closed(closed) => machine.handle_closed(now, closed, out),
            Input::Command(command) => machine.handle_command(now, command, out),
            Input::Cancel(tag) => machine.handle_cancel(now, tag, out),
            Input::Disconnect => machine.handle_disconnect(now, out),
            Input::Timeout => machine.handle_timeout(now, out),
            // Nothing to this machine.
            Input::Opened(None) | Input::Paused(_) => {}
        }
        Ok(())
    }

    /// Feeds it to a Gateway client.
    ///
    /// # Errors
    /// A message that the machine refuses: drop the transport.
    pub fn feed_gateway(
        self,
        now: Instant,
        machine: &mut gateway::Client,
        out: &mut impl gateway::Sink,
    ) -> Result<(), Error> {
        match self {
            Input::Start => machine.start(now, out),
            Input::Opened(_) => machine.handle_opened(now, out),
            Input::OpenFailed(error) => machine.handle_open_failed(now, error, out),
            Input::Frame(Frame { opcode: Opcode::Frame, payload }) => return machine.handle_frame(now, payload, out),
            // A WebSocket's own pings are answered below us.
            Input::Frame(_) => {}
            Input::Closed(closed) => machine.handle_closed(now, closed, out),
            Input::Command(command) => machine.handle_command(now, command, out),
            Input::Cancel(tag) => machine.handle_cancel(now, tag, out),
            Input::Disconnect => machine.handle_disconnect(now, out),
            Input::Timeout => machine.handle_timeout(now, out),
            Input::Paused(paused) => machine.handle_reading_paused(now, paused),
        }
        Ok(())
    }

    /// Feeds it to a client of a dmod gateway.
    ///
    /// # Errors
    /// A message that the machine refuses: drop the transport.
    pub fn feed_dmod(self, now: Instant, machine: &mut dmod::Client, out: &mut impl dmod::Sink) -> Result<(), Error> {
        match self {
            Input::Start => machine.start(now, out),
            Input::Opened(_) => machine.handle_opened(now, out),
            Input::OpenFailed(error) => machine.handle_open_failed(now, error, out),
            Input::Frame(Frame { opcode: Opcode::Frame, payload }) => return machine.handle_frame(now, payload, out),
            // A WebSocket's own pings are answered below us.
            Input::Frame(_) => {}
            Input::Closed(closed) => machine.handle_closed(now, closed, out),
            Input::Command(command) => machine.handle_command(now, command, out),
            Input::Cancel(tag) => machine.handle_cancel(now, tag, out),
            Input::Disconnect => machine.handle_disconnect(now, out),
            Input::Timeout => machine.handle_timeout(now, out),
            Input::Paused(paused) => machine.handle_reading_paused(now, paused),
        }
        Ok(())
    }

    pub(super) fn write<'l>(&self, line: Line<'l>) -> Line<'l> {
        match self {
            Input::Start => line.word("in", "start"),
            Input::Opened(None) => line.word("in", "opened"),
            Input::Opened(Some((via, address))) => {
                line.word("in", "opened").word("via", &via.to_string()).text("address", address)
            }
            Input::OpenFailed(error) => line.word("in", "open_failed").error(error),
            Input::Frame(frame) => line.word("in", "frame").opcode(frame.opcode).payload("payload", frame.payload),
            Input::Closed(Closed { code, reason, unwritten }) => line
                .word("in", "closed")
                .some_number("code", code.unwrap_or(0).into())
                .some_text("reason", reason)
                .some_number("unwritten", *unwritten as u64),
            Input::Command(command) => write_command(line.word("in", "command"), command),
            Input::Cancel(tag) => line.word("in", "cancel").number("tag", *tag),
            Input::Disconnect => line.word("in", "disconnect"),
            Input::Timeout => line.word("in", "timeout"),
            Input::Paused(paused) => line.word("in", "paused").bool("paused", *paused),
        }
    }

    /// Reads a line, and shows what it says.
    pub(super) fn read<R>(line: Fields<'_>, show: impl FnOnce(Input<'_>) -> R) -> Result<R, Wrong> {
        let (payload, error);
        let input = match line.text("in")? {
            "start" => Input::Start,
            "opened" => match line.optional("via")? {
                None => Input::Opened(None),
                Some("ipc") => Input::Opened(Some((rpc::Via::Ipc, line.text("address")?))),
                Some("websocket") => Input::Opened(Some((rpc::Via::WebSocket, line.text("address")?))),
                Some(_) => return Err("via: ipc or websocket expected".into()),
            },
            "open_failed" => {
                error = line.error()?;
                Input::OpenFailed(&error)
            }
            "frame" => {
                payload = line.payload("payload")?;
                Input::Frame(Frame { opcode: line.opcode()?, payload: &payload })
            }
            "closed" => Input::Closed(Closed {
                code: Some(line.small("code")?).filter(|code| *code != 0),
                reason: line.optional("reason")?.unwrap_or_default(),
                unwritten: line.small("unwritten")?,
            }),
            "command" => Input::Command(read_command(line)?),
            "cancel" => Input::Cancel(line.number("tag")?),
            "disconnect" => Input::Disconnect,
            "timeout" => Input::Timeout,
            "paused" => Input::Paused(line.bool("paused")?),
            other => return Err(format!("in: \"{other}\" is nothing that a client is told")),
        };
        Ok(show(input))
    }
}

/// A command; the host's have the same members.
pub(super) fn write_command<'l>(line: Line<'l>, command: &Command) -> Line<'l> {
    let Command { name, args, bytes, tag, timeout, issued } = command;
    let line = line.text("name", name).payload("args", args).payload("bytes", bytes).some_number("tag", *tag);
    let line = match timeout {
        Some(timeout) => line.number("timeout", u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX)),
        None => line,
    };
    line.time("issued", *issued)
}

pub(super) fn read_command(line: Fields<'_>) -> Result<Command, Wrong> {
    Ok(Command {
        name: line.text("name")?.into(),
        args: line.payload("args")?.into(),
        bytes: line.payload("bytes")?.into(),
        tag: line.number("tag")?,
        timeout: if line.has("timeout") { Some(line.duration("timeout")?) } else { None },
        issued: line.time("issued")?,
    })
}

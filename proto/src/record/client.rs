//! What goes into a client machine.

use std::time::Duration;

use super::line::{Fields, Line, Wrong};
use crate::command::Command;
use crate::error::{Error, Status};
use crate::protocol::{Closed, dmod, gateway, rpc};
use crate::time::Instant;
use crate::wire::ipc::{Frame, Opcode};

/// One call of a client machine, as data.
#[derive(Clone, Debug)]
pub enum Input<'a> {
    /// It begins.
    Start,
    /// There is a transport for this line (RPC has one only, 0); RPC is told which way and where.
    Opened(u32, Option<(rpc::Via, &'a str)>),
    /// There is none to be had for this line.
    OpenFailed(u32, &'a Error),
    /// A frame came on this line.
    Frame(u32, Frame<'a>),
    /// The transport of this line is gone; what kind of an end it was matters to a Gateway client only.
    Closed(u32, Closed<'a>, Status),
    /// The API said where the Gateway is, with this body.
    Discovered(&'a [u8]),
    /// The API did not say where the Gateway is, and wants to be left alone for so many milliseconds.
    DiscoveryFailed(&'a Error, u32),
    /// The program sends.
    Command(Command),
    /// The program takes back what it sent with this tag.
    Cancel(u64),
    /// The program leaves.
    Disconnect,
    /// The machine's deadline has come.
    Timeout,
    /// The driver stopped reading this line, or reads it again.
    Paused(u32, bool),
}

impl Input<'_> {
    /// Feeds it to an RPC client.
    ///
    /// # Errors
    /// A frame that the machine refuses: drop the transport.
    pub fn feed_rpc(self, now: Instant, machine: &mut rpc::Client, out: &mut impl rpc::Sink) -> Result<(), Error> {
        match self {
            Input::Start => machine.start(now, out),
            Input::Opened(_, Some((via, address))) => machine.handle_opened(now, via, address, out),
            Input::OpenFailed(_, error) => machine.handle_open_failed(now, error, out),
            Input::Frame(_, frame) => return machine.handle_frame(now, frame, out),
            Input::Closed(_, closed, _) => machine.handle_closed(now, closed, out),
            Input::Command(command) => machine.handle_command(now, command, out),
            Input::Cancel(tag) => machine.handle_cancel(now, tag, out),
            Input::Disconnect => machine.handle_disconnect(now, out),
            Input::Timeout => machine.handle_timeout(now, out),
            // Nothing to this machine.
            Input::Opened(_, None) | Input::Paused(..) | Input::Discovered(_) | Input::DiscoveryFailed(..) => {}
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
            Input::Opened(line, _) => machine.handle_opened(now, line, out),
            Input::OpenFailed(line, error) => machine.handle_open_failed(now, line, error, out),
            Input::Frame(line, Frame { opcode: Opcode::Frame, payload }) => {
                return machine.handle_frame(now, line, payload, out);
            }
            // A WebSocket's own pings are answered below us.
            Input::Frame(..) => {}
            Input::Closed(line, Closed { code, reason, .. }, status) => {
                machine.handle_closed(now, line, gateway::Closed { code, reason, status }, out);
            }
            Input::Discovered(body) => machine.handle_discovered(now, body, out),
            Input::DiscoveryFailed(error, wait) => {
                machine.handle_discovery_failed(now, error, Duration::from_millis(wait.into()), out);
            }
            Input::Command(command) => machine.handle_command(now, command, out),
            Input::Cancel(tag) => machine.handle_cancel(now, tag, out),
            Input::Disconnect => machine.handle_disconnect(now, out),
            Input::Timeout => machine.handle_timeout(now, out),
            Input::Paused(line, paused) => machine.handle_reading_paused(now, line, paused),
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
            Input::Opened(..) => machine.handle_opened(now, out),
            Input::OpenFailed(_, error) => machine.handle_open_failed(now, error, out),
            Input::Frame(_, Frame { opcode: Opcode::Frame, payload }) => {
                return machine.handle_frame(now, payload, out);
            }
            // A WebSocket's own pings are answered below us.
            Input::Frame(..) => {}
            Input::Closed(_, closed, status) => machine.handle_closed(now, closed, status, out),
            Input::Command(command) => machine.handle_command(now, command, out),
            Input::Cancel(tag) => machine.handle_cancel(now, tag, out),
            Input::Disconnect => machine.handle_disconnect(now, out),
            Input::Timeout => machine.handle_timeout(now, out),
            Input::Paused(_, paused) => machine.handle_reading_paused(now, paused),
            // Nothing to this machine.
            Input::Discovered(_) | Input::DiscoveryFailed(..) => {}
        }
        Ok(())
    }

    pub(super) fn write<'l>(&self, line: Line<'l>) -> Line<'l> {
        match self {
            Input::Start => line.word("in", "start"),
            Input::Opened(number, None) => line.word("in", "opened").some_number("line", (*number).into()),
            Input::Opened(_, Some((via, address))) => {
                line.word("in", "opened").word("via", &via.to_string()).text("address", address)
            }
            Input::OpenFailed(number, error) => {
                line.word("in", "open_failed").some_number("line", (*number).into()).error(error)
            }
            Input::Frame(number, frame) => line
                .word("in", "frame")
                .some_number("line", (*number).into())
                .opcode(frame.opcode)
                .payload("payload", frame.payload),
            Input::Discovered(body) => line.word("in", "discovered").payload("body", body),
            Input::DiscoveryFailed(error, wait) => {
                line.word("in", "discovery_failed").error(error).some_number("retry_after_ms", (*wait).into())
            }
            Input::Closed(number, Closed { code, reason, unwritten }, status) => line
                .word("in", "closed")
                .some_number("line", (*number).into())
                .some_code("status", if *status == Status::Closed { 0 } else { *status as i32 })
                .some_number("code", code.unwrap_or(0).into())
                .some_text("reason", reason)
                .some_number("unwritten", *unwritten as u64),
            Input::Command(command) => write_command(line.word("in", "command"), command),
            Input::Cancel(tag) => line.word("in", "cancel").number("tag", *tag),
            Input::Disconnect => line.word("in", "disconnect"),
            Input::Timeout => line.word("in", "timeout"),
            Input::Paused(number, paused) => {
                line.word("in", "paused").some_number("line", (*number).into()).bool("paused", *paused)
            }
        }
    }

    /// Reads a line, and shows what it says.
    pub(super) fn read<R>(line: Fields<'_>, show: impl FnOnce(Input<'_>) -> R) -> Result<R, Wrong> {
        let (payload, error);
        let input = match line.text("in")? {
            "start" => Input::Start,
            "opened" => match line.optional("via")? {
                None => Input::Opened(line.small("line")?, None),
                Some("ipc") => Input::Opened(0, Some((rpc::Via::Ipc, line.text("address")?))),
                Some("websocket") => Input::Opened(0, Some((rpc::Via::WebSocket, line.text("address")?))),
                Some(_) => return Err("via: ipc or websocket expected".into()),
            },
            "open_failed" => {
                error = line.error()?;
                Input::OpenFailed(line.small("line")?, &error)
            }
            "frame" => {
                payload = line.payload("payload")?;
                Input::Frame(line.small("line")?, Frame { opcode: line.opcode()?, payload: &payload })
            }
            "discovered" => {
                payload = line.payload("body")?;
                Input::Discovered(&payload)
            }
            "discovery_failed" => {
                error = line.error()?;
                Input::DiscoveryFailed(&error, line.small("retry_after_ms")?)
            }
            "closed" => Input::Closed(
                line.small("line")?,
                Closed {
                    code: Some(line.small("code")?).filter(|code| *code != 0),
                    reason: line.optional("reason")?.unwrap_or_default(),
                    unwritten: line.small("unwritten")?,
                },
                Some(line.status("status")?).filter(|status| *status != Status::Ok).unwrap_or(Status::Closed),
            ),
            "command" => Input::Command(read_command(line)?),
            "cancel" => Input::Cancel(line.number("tag")?),
            "disconnect" => Input::Disconnect,
            "timeout" => Input::Timeout,
            "paused" => Input::Paused(line.small("line")?, line.bool("paused")?),
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

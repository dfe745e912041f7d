//! What goes into a door.

use super::client::{read_command, write_command};
use super::line::{Fields, Line, Wrong};
use super::output::{Output, Tapped, Witness, read_event, write_event};
use crate::command::Command;
use crate::error::Status;
use crate::event::Event;
use crate::server::rpc::{Door, HttpRequest, Sink, Via};
use crate::time::Instant;
use crate::wire::ipc::Frame;
use crate::world::World;

/// One call of a door, as data. It owns nothing but commands, and those are shared: making one costs nothing when nobody
/// records.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// It begins to look for its account's Discord.
    Start,
    /// A connection to a Discord says something.
    Upstream {
        /// The door's number for it.
        session: u32,
        /// What.
        event: &'a Event<'a>,
    },
    /// A peer came.
    Connect {
        /// Its number.
        peer: u32,
        /// Which way.
        via: Via<'a>,
    },
    /// A frame of a peer.
    Frame {
        /// Whose.
        peer: u32,
        /// What it said.
        frame: Frame<'a>,
    },
    /// A peer left.
    Gone {
        /// Which.
        peer: u32,
    },
    /// An HTTP request that is answered at once.
    Http(HttpRequest<'a>),
    /// An HTTP request for the API of an account elsewhere.
    Api(HttpRequest<'a>),
    /// A command over HTTP.
    Post {
        /// The number that its reply is sent to.
        peer: u32,
        /// What came.
        request: HttpRequest<'a>,
    },
    /// The host sends.
    Command(&'a Command),
    /// The host answers a request.
    Answer {
        /// Which.
        request: u64,
        /// Yes, or how it is refused.
        status: Status,
        /// Further data.
        json: &'a [u8],
    },
    /// The door's deadline has come.
    Timeout,
}

impl Input<'_> {
    /// Feeds it to a door. What the call itself gives back (an error, a response) is shown to the witness too.
    pub fn feed<S: Sink, W: Witness>(
        self,
        now: Instant,
        door: &mut Door,
        world: &mut World,
        out: &mut Tapped<'_, S, W>,
    ) {
        let mut result = Ok(());
        match self {
            Input::Start => door.start(now, world, out),
            Input::Upstream { session, event } => door.handle_upstream(now, session, event, world, out),
            Input::Connect { peer, via } => door.handle_connect(now, peer, via, world, out),
            Input::Frame { peer, frame } => result = door.handle_frame(now, peer, frame, world, out),
            Input::Gone { peer } => door.handle_gone(now, peer, world, out),
            Input::Http(request) => {
                let response = door.handle_http(now, request, world, out);
                out.saw(&Output::Response(&response));
            }
            Input::Api(request) => {
                if let Err(refused) = door.passes_api(now, request, world) {
                    out.saw(&Output::Response(&refused));
                }
            }
            Input::Post { peer, request } => {
                if let Err(refused) = door.handle_post(now, peer, request, world, out) {
                    out.saw(&Output::Response(&refused));
                }
            }
            Input::Command(command) => door.handle_command(now, command.clone(), world, out),
            Input::Answer { request, status, json } => {
                result = door.handle_answer(now, request, status, json, world, out);
            }
            Input::Timeout => door.handle_timeout(now, world, out),
        }
        if let Err(error) = result {
            out.saw(&Output::Failed(&error));
        }
    }

    pub(super) fn write<'l>(&self, line: Line<'l>) -> Line<'l> {
        match self {
            Input::Start => line.word("in", "start"),
            Input::Upstream { session, event } => {
                write_event(line.word("in", "upstream").number("session", (*session).into()), event)
            }
            Input::Connect { peer, via: Via::Ipc } => {
                line.word("in", "connect").number("peer", (*peer).into()).word("via", "ipc")
            }
            Input::Connect { peer, via: Via::WebSocket { query, origin } } => {
                let line = line.word("in", "connect").number("peer", (*peer).into()).word("via", "websocket");
                optional(line.form("query", query.as_bytes()), "origin", *origin)
            }
            Input::Frame { peer, frame } => line
                .word("in", "frame")
                .number("peer", (*peer).into())
                .opcode(frame.opcode)
                .payload("payload", frame.payload),
            Input::Gone { peer } => line.word("in", "gone").number("peer", (*peer).into()),
            Input::Http(request) => write_request(line.word("in", "http"), request),
            Input::Api(request) => write_request(line.word("in", "api"), request),
            Input::Post { peer, request } => {
                write_request(line.word("in", "post").number("peer", (*peer).into()), request)
            }
            Input::Command(command) => write_command(line.word("in", "command"), command),
            Input::Answer { request, status, json } => line
                .word("in", "answer")
                .number("request", *request)
                .some_code("status", *status as i32)
                .payload("json", json),
            Input::Timeout => line.word("in", "timeout"),
        }
    }

    /// Reads a line, and shows what it says.
    pub(super) fn read<R>(line: Fields<'_>, show: impl FnOnce(Input<'_>) -> R) -> Result<R, Wrong> {
        let (payload, bytes, event, command, query);
        let input = match line.text("in")? {
            "start" => Input::Start,
            "upstream" => {
                (payload, bytes) = (line.payload("payload")?, line.payload("bytes")?);
                event = read_event(line, &payload, &bytes)?;
                Input::Upstream { session: line.small("session")?, event: &event }
            }
            "connect" => {
                let via = match line.text("via")? {
                    "ipc" => Via::Ipc,
                    "websocket" => {
                        query = text(line.payload("query")?, "query")?;
                        Via::WebSocket { query: &query, origin: line.optional("origin")? }
                    }
                    _ => return Err("via: ipc or websocket expected".into()),
                };
                Input::Connect { peer: line.small("peer")?, via }
            }
            "frame" => {
                payload = line.payload("payload")?;
                Input::Frame { peer: line.small("peer")?, frame: Frame { opcode: line.opcode()?, payload: &payload } }
            }
            "gone" => Input::Gone { peer: line.small("peer")? },
            kind @ ("http" | "post" | "api") => {
                payload = line.payload("body")?;
                let request = HttpRequest {
                    method: line.text("method")?,
                    target: line.text("target")?,
                    content_type: line.optional("content_type")?,
                    origin: line.optional("origin")?,
                    authorization: line.optional("authorization")?,
                    body: &payload,
                };
                match kind {
                    "post" => Input::Post { peer: line.small("peer")?, request },
                    "api" => Input::Api(request),
                    _ => Input::Http(request),
                }
            }
            "command" => {
                command = read_command(line)?;
                Input::Command(&command)
            }
            "answer" => {
                payload = line.payload("json")?;
                Input::Answer { request: line.number("request")?, status: line.status("status")?, json: &payload }
            }
            "timeout" => Input::Timeout,
            other => return Err(format!("in: \"{other}\" is nothing that a server is told")),
        };
        Ok(show(input))
    }
}

fn optional<'l>(line: Line<'l>, name: &str, text: Option<&str>) -> Line<'l> {
    match text {
        Some(text) => line.text(name, text),
        None => line,
    }
}

fn text(bytes: Vec<u8>, name: &str) -> Result<String, Wrong> {
    String::from_utf8(bytes).map_err(|_| format!("{name}: a text expected"))
}

fn write_request<'l>(line: Line<'l>, request: &HttpRequest<'_>) -> Line<'l> {
    let HttpRequest { method, target, content_type, origin, authorization, body } = *request;
    let line = line.text("method", method).target("target", target);
    let line = optional(optional(line, "content_type", content_type), "origin", origin);
    let line = match authorization {
        Some(header) => line.authorization("authorization", header),
        None => line,
    };
    match body.trim_ascii_start().first() {
        Some(b'{' | b'[') => line.payload("body", body),
        Some(_) if body.contains(&b'=') => line.form("body", body),
        _ => line.payload("body", body),
    }
}

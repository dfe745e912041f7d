//! What goes into a server's doors: the RPC door, and those that a sandbox has besides.

use super::client::{read_command, write_command};
use super::line::{Fields, Line, Wrong};
use super::output::{Output, Tapped, Witness, read_event, write_event};
use crate::command::Command;
use crate::error::Status;
use crate::event::Event;
use crate::server::beside::Beside;
use crate::server::gateway;
use crate::server::rpc::{self, Door, HttpRequest, Via};
use crate::server::sandbox::{self, Sandbox, Way};
use crate::time::Instant;
use crate::wire::ipc::Frame;
use crate::world::World;

/// One call of the doors, as data. It owns nothing but commands, and those are shared: making one costs nothing when nobody
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
    /// A peer came by another door of a sandbox's.
    Enter {
        /// Its number.
        peer: u32,
        /// Which door.
        way: Way<'a>,
    },
    /// A frame of a peer, whichever door it came by.
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
        /// The code that it closed with; only a sandbox's further doors look at it.
        code: Option<u16>,
    },
    /// An HTTP request that is answered at once.
    Http(HttpRequest<'a>),
    /// The same at the port that a sandbox has for its API.
    Site(HttpRequest<'a>),
    /// An HTTP request for the API of an account elsewhere.
    Api(HttpRequest<'a>),
    /// A command over HTTP.
    Post {
        /// The number that its reply is sent to.
        peer: u32,
        /// What came.
        request: HttpRequest<'a>,
    },
    /// The host sends; by its name the command finds its door.
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
    /// The doors' deadline has come.
    Timeout,
}

impl Input<'_> {
    /// Feeds it to the doors: an RPC door, and a sandbox's others where there are any. What came of it in the world is shown at
    /// every door. What the call itself gives back (an error, a response) is shown to the witness, last.
    pub fn feed<S: rpc::Sink + gateway::Sink, W: Witness>(
        self,
        now: Instant,
        door: &mut Door,
        world: &mut World,
        sandbox: Option<&mut Sandbox>,
        out: &mut Tapped<'_, S, W>,
    ) {
        let (mut failed, mut response) = (None, None);
        let mut changes = Vec::new();
        let out = &mut Beside { out, others: sandbox };
        match (self, out.others.as_deref_mut()) {
            (Input::Start, _) => door.start(now, world, out),
            (Input::Upstream { session, event }, _) => door.handle_upstream(now, session, event, world, out),
            (Input::Connect { peer, via }, _) => door.handle_connect(now, peer, via, world, out),
            (Input::Enter { peer, way }, Some(sandbox)) => sandbox.handle_connect(now, peer, way, out.out),
            (Input::Enter { .. } | Input::Site(_), None) => {}
            (Input::Frame { peer, frame }, Some(sandbox)) if sandbox.has(peer) => {
                sandbox.handle_payload(now, peer, frame.payload, world, &mut changes, out.out);
            }
            (Input::Frame { peer, frame }, _) => failed = door.handle_frame(now, peer, frame, world, out).err(),
            (Input::Gone { peer, code }, Some(sandbox)) if sandbox.has(peer) => {
                sandbox.handle_gone(now, peer, code, world, &mut changes, out.out);
            }
            (Input::Gone { peer, .. }, _) => door.handle_gone(now, peer, world, out),
            (Input::Http(request), _) => response = Some(door.handle_http(now, request, world, out)),
            (Input::Site(request), Some(sandbox)) => {
                response = Some(sandbox.handle_request(now, request, world, &mut changes));
            }
            (Input::Api(request), _) => response = door.passes_api(now, request, world).err(),
            (Input::Post { peer, request }, _) => response = door.handle_post(now, peer, request, world, out).err(),
            (Input::Command(command), Some(sandbox)) if sandbox::takes(&command.name) => {
                sandbox.handle_command(now, command, world, &mut changes, out.out);
            }
            (Input::Command(command), _) => door.handle_command(now, command.clone(), world, out),
            (Input::Answer { request, status, json }, _) => {
                failed = door.handle_answer(now, request, status, json, world, out).err();
            }
            (Input::Timeout, None) => door.handle_timeout(now, world, out),
            (Input::Timeout, Some(_)) => {
                door.handle_timeout(now, world, out);
                if let Some(sandbox) = &mut out.others {
                    sandbox.handle_timeout(now, world, &mut changes, out.out);
                }
            }
        }
        out.show(now, &changes, door, world);
        if let Some(error) = failed {
            out.out.saw(&Output::Failed(&error));
        }
        if let Some(response) = response {
            out.out.saw(&Output::Response(&response));
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
            Input::Enter { peer, way } => {
                let line = line.word("in", "connect").number("peer", (*peer).into());
                match way {
                    Way::Gateway(query) => line.word("via", "gateway").form("query", query.as_bytes()),
                    Way::Dmod => line.word("via", "dmod"),
                }
            }
            Input::Frame { peer, frame } => line
                .word("in", "frame")
                .number("peer", (*peer).into())
                .opcode(frame.opcode)
                .payload("payload", frame.payload),
            Input::Gone { peer, code } => {
                line.word("in", "gone").number("peer", (*peer).into()).some_number("code", code.unwrap_or(0).into())
            }
            Input::Http(request) => write_request(line.word("in", "http"), request),
            Input::Site(request) => write_request(line.word("in", "site"), request),
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
                let peer = line.small("peer")?;
                query = text(line.payload("query")?, "query")?;
                match line.text("via")? {
                    "ipc" => Input::Connect { peer, via: Via::Ipc },
                    "websocket" => {
                        let via = Via::WebSocket { query: &query, origin: line.optional("origin")? };
                        Input::Connect { peer, via }
                    }
                    "gateway" => Input::Enter { peer, way: Way::Gateway(&query) },
                    "dmod" => Input::Enter { peer, way: Way::Dmod },
                    _ => return Err("via: ipc, websocket, gateway or dmod expected".into()),
                }
            }
            "frame" => {
                payload = line.payload("payload")?;
                Input::Frame { peer: line.small("peer")?, frame: Frame { opcode: line.opcode()?, payload: &payload } }
            }
            "gone" => {
                Input::Gone { peer: line.small("peer")?, code: Some(line.small("code")?).filter(|code| *code != 0) }
            }
            kind @ ("http" | "site" | "post" | "api") => {
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
                    "site" => Input::Site(request),
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

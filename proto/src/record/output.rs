//! What comes out of a machine.

use super::client::write_command;
use super::line::{Fields, Line, Wrong};
use crate::error::Error;
use crate::event::{Event, EventType, Flags};
use crate::protocol::{dmod, gateway, rpc};
use crate::server::gateway::{self as gateway_door, Fault};
use crate::server::rpc::{self as server, Errand, HttpResponse};
use crate::time::Instant;
use crate::wire::ipc::Opcode;
use crate::world::{Changes, World};

/// One thing that a machine asked for, told, or answered.
#[derive(Clone, Copy, Debug)]
pub enum Output<'a> {
    /// An RPC client wants a peer: the candidate after the first so many.
    Search(usize),
    /// A Gateway client wants to know where the Gateway is.
    Discover,
    /// A client of a Gateway, Discord's or dmod's, wants a line of its to be connected there; dmod's has one only, 0.
    Open(u32, &'a str),
    /// A frame to send.
    Send {
        /// A server's peer, or a Gateway client's line.
        peer: u32,
        /// What it is for.
        opcode: Opcode,
        /// What it carries.
        payload: &'a [u8],
    },
    /// A transport to close.
    Close {
        /// A server's peer, or a Gateway client's line.
        peer: u32,
        /// With which code.
        code: u16,
        /// And why.
        reason: &'a str,
    },
    /// From here on what a sandbox's peer is sent goes out compressed.
    Compress(u32),
    /// Something is to go wrong with the bytes of a sandbox's peer.
    Fault(u32, Fault),
    /// A door wants a connection to a Discord, or something of it.
    Errand(&'a Errand),
    /// An event for the program.
    Event(&'a Event<'a>),
    /// The call was refused.
    Failed(&'a Error),
    /// The answer to an HTTP request.
    Response(&'a HttpResponse),
    /// The deadline is another one than before.
    Timer(Option<Instant>),
}

impl Output<'_> {
    pub(super) fn write<'l>(&self, line: Line<'l>) -> Line<'l> {
        match self {
            Output::Search(skip) => line.word("out", "search").number("skip", *skip as u64),
            Output::Discover => line.word("out", "discover"),
            Output::Open(number, url) => {
                line.word("out", "open").some_number("line", (*number).into()).text("url", url)
            }
            Output::Send { peer, opcode, payload } => {
                line.word("out", "send").some_number("peer", (*peer).into()).opcode(*opcode).payload("payload", payload)
            }
            Output::Close { peer, code, reason } => line
                .word("out", "close")
                .some_number("peer", (*peer).into())
                .number("code", (*code).into())
                .some_text("reason", reason),
            Output::Compress(peer) => line.word("out", "compress").number("peer", (*peer).into()),
            Output::Fault(peer, fault) => {
                let line = line.word("out", "fault").number("peer", (*peer).into());
                match fault {
                    Fault::Drop => line.word("fault", "drop"),
                    Fault::Slow(rate) => line.word("fault", "slow").number("bytes_per_second", (*rate).into()),
                    Fault::Garbage => line.word("fault", "garbage"),
                    Fault::Truncate => line.word("fault", "truncate"),
                }
            }
            Output::Errand(Errand::Open { session, client_id, retry, discord_only }) => line
                .word("out", "upstream_open")
                .number("session", (*session).into())
                .word("client_id", &client_id.to_string())
                .bool("retry", *retry)
                .bool("discord_only", *discord_only),
            Output::Errand(Errand::Send { session, command }) => {
                write_command(line.word("out", "upstream_send").number("session", (*session).into()), command)
            }
            Output::Errand(Errand::Close { session }) => {
                line.word("out", "upstream_close").number("session", (*session).into())
            }
            Output::Event(event) => write_event(line.word("out", "event"), event),
            Output::Failed(error) => line.word("out", "failed").error(error),
            Output::Response(response) => {
                let HttpResponse { status, headers, body } = response;
                let headers: Vec<String> = headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
                line.word("out", "response")
                    .number("status", (*status).into())
                    .some_text("headers", &headers.join("; "))
                    .payload("body", body)
            }
            Output::Timer(Some(at)) => line.word("out", "timer").time("at", *at),
            Output::Timer(None) => line.word("out", "timer"),
        }
    }
}

/// What an event says.
pub(super) fn write_event<'l>(line: Line<'l>, event: &Event<'_>) -> Line<'l> {
    line.word("kind", kind_name(event.kind))
        .text("name", event.name)
        .some_number("tag", event.tag)
        .some_code("status", event.status as i32)
        .some_number("flags", event.flags.0.into())
        .some_code("code", event.code)
        .some_text("message", event.message)
        .some_number("retry_after_ms", event.retry_after_ms.into())
        .some_number("peer", event.peer.into())
        .some_number("seq", event.seq)
        .payload("payload", event.payload)
        .payload("bytes", event.bytes)
}

/// The same read again, around its payload.
pub(super) fn read_event<'a>(line: Fields<'a>, payload: &'a [u8], bytes: &'a [u8]) -> Result<Event<'a>, Wrong> {
    const KINDS: [EventType; 9] = [
        EventType::Connected,
        EventType::Disconnected,
        EventType::Reconnecting,
        EventType::Reply,
        EventType::Dispatch,
        EventType::Request,
        EventType::Audio,
        EventType::Log,
        EventType::Dropped,
    ];
    let kind = line.text("kind")?;
    let kind = KINDS.into_iter().find(|known| kind_name(*known) == kind).ok_or("kind: an event's expected")?;
    let mut event = Event::new(kind, line.text("name")?);
    (event.payload, event.bytes) = (payload, bytes);
    (event.tag, event.seq) = (line.number("tag")?, line.number("seq")?);
    (event.status, event.flags) = (line.status("status")?, Flags(line.small("flags")?));
    (event.code, event.message) = (line.code("code")?, line.optional("message")?.unwrap_or_default());
    (event.retry_after_ms, event.peer) = (line.small("retry_after_ms")?, line.small("peer")?);
    Ok(event)
}

fn kind_name(kind: EventType) -> &'static str {
    match kind {
        EventType::Connected => "connected",
        EventType::Disconnected => "disconnected",
        EventType::Reconnecting => "reconnecting",
        EventType::Reply => "reply",
        EventType::Dispatch => "dispatch",
        EventType::Request => "request",
        EventType::Audio => "audio",
        EventType::Log => "log",
        EventType::Dropped => "dropped",
    }
}

/// Who looks on.
pub trait Witness {
    /// This came out.
    fn saw(&mut self, output: &Output<'_>);
}

/// A sink with a witness beside it, where there is one.
#[derive(Debug)]
pub struct Tapped<'a, S, W> {
    out: &'a mut S,
    witness: Option<&'a mut W>,
}

impl<'a, S, W: Witness> Tapped<'a, S, W> {
    /// What goes to `out` is shown to the witness first.
    pub fn new(out: &'a mut S, witness: Option<&'a mut W>) -> Self {
        Tapped { out, witness }
    }

    /// Shows what did not go through the sink.
    #[inline]
    pub fn saw(&mut self, output: &Output<'_>) {
        if let Some(witness) = &mut self.witness {
            witness.saw(output);
        }
    }
}

impl<S: rpc::Sink, W: Witness> rpc::Sink for Tapped<'_, S, W> {
    fn open(&mut self, skip: usize) {
        self.saw(&Output::Search(skip));
        self.out.open(skip);
    }
    fn send(&mut self, opcode: Opcode, payload: &[u8]) {
        self.saw(&Output::Send { peer: 0, opcode, payload });
        self.out.send(opcode, payload);
    }
    fn close(&mut self, code: u16, reason: &str) {
        self.saw(&Output::Close { peer: 0, code, reason });
        self.out.close(code, reason);
    }
    fn event(&mut self, event: Event<'_>) {
        self.saw(&Output::Event(&event));
        self.out.event(event);
    }
}

impl<S: gateway::Sink, W: Witness> gateway::Sink for Tapped<'_, S, W> {
    fn discover(&mut self) {
        self.saw(&Output::Discover);
        self.out.discover();
    }
    fn open(&mut self, line: u32, url: &str) {
        self.saw(&Output::Open(line, url));
        self.out.open(line, url);
    }
    fn send(&mut self, line: u32, text: &[u8]) {
        self.saw(&Output::Send { peer: line, opcode: Opcode::Frame, payload: text });
        self.out.send(line, text);
    }
    fn close(&mut self, line: u32, code: u16, reason: &str) {
        self.saw(&Output::Close { peer: line, code, reason });
        self.out.close(line, code, reason);
    }
    /// Not shown: a replay spends the same, and the next process is none of a recording's.
    fn keep(&mut self, budget: &[u8]) {
        self.out.keep(budget);
    }
    fn event(&mut self, event: Event<'_>) {
        self.saw(&Output::Event(&event));
        self.out.event(event);
    }
}

impl<S: dmod::Sink, W: Witness> dmod::Sink for Tapped<'_, S, W> {
    fn open(&mut self, url: &str) {
        self.saw(&Output::Open(0, url));
        self.out.open(url);
    }
    fn send(&mut self, text: &[u8]) {
        self.saw(&Output::Send { peer: 0, opcode: Opcode::Frame, payload: text });
        self.out.send(text);
    }
    fn close(&mut self, code: u16, reason: &str) {
        self.saw(&Output::Close { peer: 0, code, reason });
        self.out.close(code, reason);
    }
    fn event(&mut self, event: Event<'_>) {
        self.saw(&Output::Event(&event));
        self.out.event(event);
    }
}

impl<S: server::Sink, W: Witness> server::Sink for Tapped<'_, S, W> {
    fn errand(&mut self, errand: Errand) {
        self.saw(&Output::Errand(&errand));
        self.out.errand(errand);
    }
    // Of the door's own making are neither: they let other doors see what came of its calls.
    fn changed(&mut self, now: Instant, world: &World, changes: &Changes) {
        self.out.changed(now, world, changes);
    }
    fn reloaded(&mut self, now: Instant, world: &World) {
        self.out.reloaded(now, world);
    }
    fn send(&mut self, peer: u32, opcode: Opcode, payload: &[u8]) {
        self.saw(&Output::Send { peer, opcode, payload });
        self.out.send(peer, opcode, payload);
    }
    fn close(&mut self, peer: u32, code: u16, reason: &str) {
        self.saw(&Output::Close { peer, code, reason });
        self.out.close(peer, code, reason);
    }
    fn event(&mut self, event: Event<'_>) {
        self.saw(&Output::Event(&event));
        self.out.event(event);
    }
}

impl<S: gateway_door::Sink, W: Witness> gateway_door::Sink for Tapped<'_, S, W> {
    fn send(&mut self, peer: u32, payload: &[u8]) {
        self.saw(&Output::Send { peer, opcode: Opcode::Frame, payload });
        self.out.send(peer, payload);
    }
    fn compress(&mut self, peer: u32) {
        self.saw(&Output::Compress(peer));
        self.out.compress(peer);
    }
    fn fault(&mut self, peer: u32, fault: Fault) {
        self.saw(&Output::Fault(peer, fault));
        self.out.fault(peer, fault);
    }
    fn close(&mut self, peer: u32, code: u16, reason: &str) {
        self.saw(&Output::Close { peer, code, reason });
        self.out.close(peer, code, reason);
    }
    fn event(&mut self, event: Event<'_>) {
        self.saw(&Output::Event(&event));
        self.out.event(event);
    }
}

/// A sink that leads nowhere.
#[derive(Debug)]
pub(super) struct Nowhere;

impl rpc::Sink for Nowhere {
    fn open(&mut self, _: usize) {}
    fn send(&mut self, _: Opcode, _: &[u8]) {}
    fn close(&mut self, _: u16, _: &str) {}
    fn event(&mut self, _: Event<'_>) {}
}

impl gateway::Sink for Nowhere {
    fn discover(&mut self) {}
    fn open(&mut self, _: u32, _: &str) {}
    fn send(&mut self, _: u32, _: &[u8]) {}
    fn close(&mut self, _: u32, _: u16, _: &str) {}
    fn keep(&mut self, _: &[u8]) {}
    fn event(&mut self, _: Event<'_>) {}
}

impl dmod::Sink for Nowhere {
    fn open(&mut self, _: &str) {}
    fn send(&mut self, _: &[u8]) {}
    fn close(&mut self, _: u16, _: &str) {}
    fn event(&mut self, _: Event<'_>) {}
}

impl server::Sink for Nowhere {
    fn send(&mut self, _: u32, _: Opcode, _: &[u8]) {}
    fn close(&mut self, _: u32, _: u16, _: &str) {}
    fn event(&mut self, _: Event<'_>) {}
}

impl gateway_door::Sink for Nowhere {
    fn send(&mut self, _: u32, _: &[u8]) {}
    fn compress(&mut self, _: u32) {}
    fn fault(&mut self, _: u32, _: Fault) {}
    fn close(&mut self, _: u32, _: u16, _: &str) {}
    fn event(&mut self, _: Event<'_>) {}
}

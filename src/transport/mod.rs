//! Bytes in and out: a WebSocket or a local socket becomes frames, and frames become bytes.
//!
//! A [`Transport`] is one connection, made by us or accepted from a peer. It knows framing, limits and the encoding on
//! the wire, and nothing of what frames mean: machines never see ETF, a masked byte or half a frame. The one thing to know
//! before changing it: [`drive`](Transport::drive) is the only place that waits, and may be dropped at any await without
//! losing a byte; everything that is under way lives in the transport or the [`Outbox`]. Limits by direction come from
//! `security.md`, the framing of the local socket from `rpc.yaml`.
//!
//! | file | what lies there |
//! |---|---|
//! | `outbox` | what waits to be written, counted in whole frames |
//! | `socket` | one non-blocking stream: TCP, Unix socket, named pipe |
//! | [`ipc`] | the local socket: framing, where to look for one, and listening on one |
//! | [`websocket`] | WebSocket framing, and connecting to one |
//! | [`http`] | the TCP side of the RPC server: upgrades and the token routes |
//! | [`owner`] | whose process listens on a port |
//! | `tls` | TLS, for the Gateway |
//! | [`search`] | finding a Discord on this machine |

use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use gamebridge_proto::error::{Error, Status};
use gamebridge_proto::wire::ipc::Frame;

#[cfg(any(test, feature = "torture"))]
pub mod fault;
pub mod http;
pub mod ipc;
mod outbox;
pub mod owner;
pub mod search;
mod socket;
#[cfg(feature = "gateway")]
pub mod tls;
pub mod websocket;

#[cfg(test)]
mod tests;

pub use gamebridge_proto::wire::websocket::Encoding;
pub use outbox::Outbox;
use socket::Socket;

/// How long [`Transport::close`] may take.
pub const CLOSE_WITHIN: Duration = Duration::from_millis(500);

/// How long a connection whose writes fail is still read. Half-closed peers exist; nobody waits for one longer.
const LAST_WORDS_WITHIN: Duration = Duration::from_millis(100);

/// How much a peer may make us hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest message, in bytes; a longer one ends the connection.
    pub message: usize,
    /// The size of one read, in bytes. A WebSocket reads into a buffer that all connections of its thread share while they
    /// are quiet, a local socket into one of its own.
    pub read: usize,
}

impl Limits {
    /// What a peer may send to our server: 64 KiB.
    pub const PEER: Limits = Limits { message: 64 * 1024, read: 16 * 1024 };
    /// What an upstream may send to our RPC client: 16 MiB.
    pub const UPSTREAM: Limits = Limits { message: 16 * 1024 * 1024, read: 16 * 1024 };
    /// What the Gateway may send: 64 MiB.
    pub const GATEWAY: Limits = Limits { message: 64 * 1024 * 1024, read: 128 * 1024 };
}

/// A connection is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// The peer's close code, when it sent one.
    pub code: Option<u16>,
    /// Why, in a sentence; of a close frame its reason. The status is `Closed` when the peer ended it, `Protocol` when it
    /// broke the rules, else `Io`.
    pub error: Error,
}

impl Lost {
    fn io(error: &io::Error) -> Self {
        Lost { code: None, error: Error::new(Status::Io, format!("the connection broke: {error}")) }
    }

    fn ended(how: &'static str) -> Self {
        Lost { code: None, error: Error::new(Status::Closed, how) }
    }

    fn closed(code: u16, reason: &str) -> Self {
        let reason = if reason.is_empty() { format!("closed by the peer with code {code}") } else { reason.to_owned() };
        Lost { code: Some(code), error: Error::new(Status::Closed, reason).with_code(i32::from(code)) }
    }
}

impl From<Error> for Lost {
    fn from(error: Error) -> Self {
        Lost { code: None, error }
    }
}

/// One connection that carries frames.
#[derive(Debug)]
pub enum Transport {
    /// The local socket.
    Ipc(ipc::Ipc),
    /// A WebSocket; boxed, because it is several times the size.
    WebSocket(Box<websocket::WebSocket>),
}

impl Transport {
    /// Writes what waits and reads, until at least one frame is in; then [`next_frame`](Transport::next_frame) has it, and
    /// all others that came with it. Cancel-safe. A frame that is in already makes it return at once, after writing.
    ///
    /// # Errors
    /// [`Lost`] when the connection is over. Ask `out` then how much was [`unwritten`](Outbox::unwritten).
    pub async fn drive(&mut self, out: &mut Outbox) -> Result<(), Lost> {
        poll_fn(|context| self.poll_drive(context, out)).await
    }

    /// [`drive`](Transport::drive) for whoever waits for several connections at once.
    ///
    /// # Errors
    /// As `drive`.
    pub fn poll_drive(&mut self, context: &mut Context<'_>, out: &mut Outbox) -> Poll<Result<(), Lost>> {
        match self {
            Transport::Ipc(ipc) => poll_drive(ipc, out, context),
            Transport::WebSocket(websocket) => poll_drive(&mut **websocket, out, context),
        }
    }

    /// Writes what waits, and reads nothing: for a connection whose reader is behind. Cancel-safe.
    ///
    /// # Errors
    /// [`Lost`] when the connection broke.
    pub async fn write(&mut self, out: &mut Outbox) -> Result<(), Lost> {
        poll_fn(|context| self.poll_write(context, out)).await
    }

    /// [`write`](Transport::write) for whoever waits for several connections at once.
    ///
    /// # Errors
    /// As `write`.
    pub fn poll_write(&mut self, context: &mut Context<'_>, out: &mut Outbox) -> Poll<Result<(), Lost>> {
        match self {
            Transport::Ipc(ipc) => poll_write(ipc, out, context),
            Transport::WebSocket(websocket) => poll_write(&mut **websocket, out, context),
        }
    }

    /// The next frame that is in, without waiting; `None` when it is time to [`drive`](Transport::drive) again. The
    /// payload is a slice of the receive buffer and copied nowhere.
    ///
    /// # Errors
    /// [`Lost`] when the peer closed (then with its code and reason), broke the framing or a limit, or went away. Every
    /// further call gives the same.
    pub fn next_frame(&mut self) -> Result<Option<Frame<'_>>, Lost> {
        match self {
            Transport::Ipc(ipc) => ipc.next_frame(),
            Transport::WebSocket(websocket) => websocket.next_frame(),
        }
    }

    /// Writes what waits, then the close with its code and reason, and drops the connection; half a second
    /// ([`CLOSE_WITHIN`]) at most, whatever the peer does.
    pub async fn close(self, mut out: Outbox, code: u16, reason: &str) {
        let closing = async {
            match self {
                Transport::Ipc(mut ipc) => close(&mut ipc, &mut out, code, reason).await,
                Transport::WebSocket(mut websocket) => close(&mut *websocket, &mut out, code, reason).await,
            }
        };
        // The peer is gone or does not take it: both are an end.
        let _ = tokio::time::timeout(CLOSE_WITHIN, closing).await;
    }
}

/// What differs between the framings: how bytes become frames. The waiting is the same for both, and stands below.
trait Framing {
    fn socket(&self) -> &Socket;

    /// Hands over as much of `out` as the socket takes now. An error is final.
    fn flush(&mut self, out: &mut Outbox) -> io::Result<()>;

    /// Whether bytes wait that the socket did not take.
    fn is_blocked(&self, out: &Outbox) -> bool;

    /// Reads until a frame is in (true) or the socket is drained (false), without waiting.
    fn fill(&mut self) -> Result<bool, Lost>;

    /// Where it is kept that writing fails.
    fn dying(&mut self) -> &mut Option<Box<Dying>>;

    /// Why the connection is over, if it is.
    fn lost(&self) -> Option<Lost>;

    /// Queues the close itself, after all that was queued before.
    fn say_close(&mut self, out: &mut Outbox, code: u16, reason: &str);

    /// After the close was written: reads and drops what is in, and says whether the peer's end is still to be awaited.
    fn discard(&mut self) -> bool;
}

/// A connection whose writes fail, and is still read: what the peer said before it went may be why. It is on its way already,
/// or was never sent.
#[derive(Debug)]
struct Dying {
    lost: Lost,
    until: Pin<Box<tokio::time::Sleep>>,
}

impl Dying {
    fn of(error: &io::Error) -> Box<Dying> {
        Box::new(Dying { lost: Lost::io(error), until: Box::pin(tokio::time::sleep(LAST_WORDS_WITHIN)) })
    }
}

fn poll_drive(framing: &mut impl Framing, out: &mut Outbox, context: &mut Context<'_>) -> Poll<Result<(), Lost>> {
    loop {
        // A flood never leaves the socket empty: without this the other tasks of the thread would starve.
        ready!(tokio::task::coop::poll_proceed(context)).made_progress();
        if framing.dying().is_some() {
            if framing.fill()? {
                return Poll::Ready(Ok(()));
            }
            let Some(Dying { lost, until }) = framing.dying().as_deref_mut() else { continue };
            if until.as_mut().poll(context).is_ready() {
                return Poll::Ready(Err(lost.clone()));
            }
            ready!(framing.socket().poll_ready(context, false)).map_err(|error| Lost::io(&error))?;
            continue;
        }
        let written = framing.flush(out);
        if framing.fill()? {
            return Poll::Ready(Ok(()));
        }
        // Reading may have queued something of its own: the answer to a ping.
        if let Err(error) = written.and_then(|()| framing.flush(out)) {
            *framing.dying() = Some(Dying::of(&error));
            continue;
        }
        let blocked = framing.is_blocked(out);
        ready!(framing.socket().poll_ready(context, blocked)).map_err(|error| Lost::io(&error))?;
    }
}

/// Ready when everything is written, or the connection is over.
fn poll_write(framing: &mut impl Framing, out: &mut Outbox, context: &mut Context<'_>) -> Poll<Result<(), Lost>> {
    loop {
        ready!(tokio::task::coop::poll_proceed(context)).made_progress();
        framing.flush(out).map_err(|error| Lost::io(&error))?;
        if !framing.is_blocked(out) {
            // A connection that was lost takes nothing any more: who waits for room would wait for ever.
            return Poll::Ready(framing.lost().map_or(Ok(()), Err));
        }
        ready!(framing.socket().poll_writable(context)).map_err(|error| Lost::io(&error))?;
    }
}

async fn close(framing: &mut impl Framing, out: &mut Outbox, code: u16, reason: &str) -> io::Result<()> {
    write_all(framing, out).await?;
    framing.say_close(out, code, reason);
    write_all(framing, out).await?;
    // A TCP stack answers unread bytes with a reset, and a reset can overtake the close: read until the peer ends.
    while framing.discard() {
        tokio::task::coop::consume_budget().await;
        framing.socket().ready(false).await?;
    }
    Ok(())
}

async fn write_all(framing: &mut impl Framing, out: &mut Outbox) -> io::Result<()> {
    loop {
        // Whoever calls this in a loop must not keep the thread, however fast the socket takes it all.
        tokio::task::coop::consume_budget().await;
        framing.flush(out)?;
        if !framing.is_blocked(out) {
            return Ok(());
        }
        framing.socket().writable().await?;
    }
}

//! The safe API: a [`Client`], its connections by id, commands in, events out.
//!
//! Nothing here blocks but [`Client::wait`] and the client's end, which is bounded. Every method may be called from any
//! thread; events are taken by one at a time. The C surface and the Python package are thin over this.

mod args;
mod connection;
mod desk;
mod options;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, PoisonError, RwLock, mpsc as blocking};
use std::time::Duration;

use futures_util::FutureExt;
use gamebridge_proto::error::{Error, Status};
use gamebridge_proto::wire::rpc::Activity;
use tokio::sync::{Notify, mpsc};

pub use self::args::Args;
pub use self::connection::Request;
pub use self::desk::Scope;
pub use self::options::{MAX_QUEUE_BYTES, MIN_QUEUE_BYTES, Options, QUEUE_BYTES, SHUTDOWN};
pub use crate::host::SERVICES;
pub use crate::queue::{Fields, Polled, View};
pub use crate::session::PROTOCOLS;

use self::connection::Connection;
use self::desk::Desk;
use crate::host::{self, Service};
use crate::queue::signal::Signal;
use crate::queue::{self, LaneConfig};
use crate::runtime::{Runtime, fork};
use crate::session::port::{Board, Ledger, LogFilter, Message, Outlet, Port};
use crate::session::{self, Upstream};

/// An id of a connection or of a server that one hosts. Never reused; 0 is none.
pub type ConnectionId = u32;

/// One program's use of the library: its connections, and the queue of their events.
#[derive(Debug)]
pub struct Client {
    board: Arc<Board>,
    desk: Desk,
    options: Options,
    log: LogFilter,
    connections: RwLock<HashMap<ConnectionId, Connection>>,
    next_id: AtomicU32,
    /// Taken at the end.
    runtime: Option<Arc<Runtime>>,
    /// Each connection's task holds a clone of the sender: when all are gone, so are they.
    tasks: Option<(blocking::SyncSender<()>, std::sync::Mutex<blocking::Receiver<()>>)>,
    generation: u32,
}

impl Client {
    /// A client; the first one in the process starts the I/O thread.
    pub fn new(mut options: Options) -> Result<Client, Error> {
        options.queue_bytes = options.queue_bytes.clamp(MIN_QUEUE_BYTES, MAX_QUEUE_BYTES);
        let runtime = Runtime::acquire()?;
        let board = Arc::new(Board { queue: Arc::new(queue::Shared::new()), signal: Signal::default() });
        let (held, all_gone) = blocking::sync_channel(0);
        Ok(Client {
            desk: Desk::new(board.clone()),
            board,
            log: options.log_filter(),
            options,
            connections: RwLock::new(HashMap::new()),
            next_id: AtomicU32::new(1),
            runtime: Some(runtime),
            tasks: Some((held, std::sync::Mutex::new(all_gone))),
            generation: fork::generation(),
        })
    }

    /// Refuses a client that came over a fork.
    pub fn check_process(&self) -> Result<(), Error> {
        if self.generation == fork::generation() {
            return Ok(());
        }
        Err(Error::new(Status::Forked, "this client was made before a fork, in another process: make a new one here"))
    }

    /// Starts a connection: `"rpc"`, `"gateway"` or `"dmod"`, with parameters as a JSON object (docs/reference.md
    /// lists them). The outcome is an event.
    pub fn connect(&self, protocol: &str, params: &[u8]) -> Result<ConnectionId, Error> {
        let upstream = Upstream::parse(protocol, params)?;
        self.open(upstream.commands(), move |port, resume| session::run(upstream, port, resume))
    }

    /// Starts a server: `"rpc"`, with parameters as a JSON object (docs/reference.md lists them). Its addresses come with CONNECTED.
    pub fn serve(&self, service: &str, params: &[u8]) -> Result<ConnectionId, Error> {
        let service = Service::parse(service, params)?;
        self.open(service.commands(), move |port, _| host::run(service, port))
    }

    fn open<F, T>(&self, commands: connection::Commands, run: F) -> Result<ConnectionId, Error>
    where
        F: FnOnce(Port, Arc<Notify>) -> T + Send + 'static,
        T: Future<Output = ()> + 'static,
    {
        self.check_process()?;
        let (Some(runtime), Some((held, _))) = (&self.runtime, &self.tasks) else {
            return Err(Error::new(Status::State, "the client is ending"));
        };
        let conn = self.next_id.fetch_add(1, Ordering::Relaxed);
        let resume = Arc::new(Notify::new());
        let resumed = resume.clone();
        let config = LaneConfig {
            conn,
            lossy_bytes: self.options.queue_bytes,
            // At the cap itself commands are refused; the replies that were promised before have as much again.
            reliable_bytes: self.options.queue_bytes.saturating_mul(2),
            resume: Arc::new(move || resumed.notify_one()),
        };
        let (writer, lanes) = queue::channel(&self.board.queue, config);
        let (sender, inbox) = mpsc::unbounded_channel();
        let ledger = Arc::new(Ledger::default());
        let connection = Connection::new(sender, commands, writer.unread(), ledger.clone(), self.options.queue_bytes);
        self.desk.add(lanes);
        let mut connections = self.connections.write().unwrap_or_else(PoisonError::into_inner);
        connections.retain(|_, connection| !connection.is_over());
        connections.insert(conn, connection);
        drop(connections);
        let port = Port { inbox, outlet: Outlet::new(writer, self.board.clone(), self.log.clone()), ledger };
        let held = held.clone();
        runtime.spawn(move || {
            // Not an async block around it: that would hold the task's memory twice.
            run(port, resume).map(move |()| drop(held))
        });
        Ok(conn)
    }

    /// Queues a command; its reply is an event. The arguments are checked here, and the error names the field.
    pub fn send(&self, conn: ConnectionId, request: &Request<'_>) -> Result<(), Error> {
        self.with(conn, |connection| connection.send(request))
    }

    /// Shows what the player does, or with `None` nothing: SET_ACTIVITY, with the fields checked by name. The latest one
    /// is always shown in the end, no more often than Discord takes it, and again on every connection.
    pub fn set_activity(&self, conn: ConnectionId, activity: Option<&Activity<'_>>, tag: u64) -> Result<(), Error> {
        let mut args = activity.map_or_else(|| Ok(Vec::new()), Activity::args)?;
        let sent = self.rpc(conn, &Request { command: "SET_ACTIVITY", args: &args, tag, ..Request::default() });
        // Secrets were in it.
        args.fill(0);
        sent
    }

    /// Answers a player who asked to join (ACTIVITY_JOIN_REQUEST): lets them in, or turns them down.
    pub fn reply_join(&self, conn: ConnectionId, user: u64, accept: bool, tag: u64) -> Result<(), Error> {
        if user == 0 {
            return Err(Error::argument("user_id: 0 is nobody; give the /user/id of the ACTIVITY_JOIN_REQUEST event"));
        }
        let command = if accept { "SEND_ACTIVITY_JOIN_INVITE" } else { "CLOSE_ACTIVITY_REQUEST" };
        let args = format!("{{\"user_id\":\"{user}\"}}");
        self.rpc(conn, &Request { command, args: args.as_bytes(), tag, ..Request::default() })
    }

    /// Sends a command that only a connection to local RPC has.
    fn rpc(&self, conn: ConnectionId, request: &Request<'_>) -> Result<(), Error> {
        self.with(conn, |connection| match connection.knows(request.command) {
            true => connection.send(request),
            false => Err(Error::new(
                Status::State,
                format!("conn: {conn} is no connection of \"rpc\", and only these show an activity"),
            )),
        })
    }

    /// Ends all commands of that tag that have no reply yet: each replies [`Status::Cancelled`].
    pub fn cancel(&self, conn: ConnectionId, tag: u64) -> Result<(), Error> {
        if tag == 0 {
            return Err(Error::argument("tag: 0 asks for no reply, so there is nothing to cancel"));
        }
        self.with(conn, |connection| connection.post(Message::Cancel(tag)))
    }

    /// Settles a REQUEST event of a server, once: [`Status::Ok`] grants it, anything else refuses it.
    pub fn answer(&self, conn: ConnectionId, request: u64, status: Status, json: &[u8]) -> Result<(), Error> {
        self.with(conn, |connection| connection.answer(request, status, json))
    }

    /// Ends a connection after what was sent; DISCONNECTED comes when it is over.
    pub fn disconnect(&self, conn: ConnectionId) -> Result<(), Error> {
        self.with(conn, Connection::disconnect)
    }

    fn with<R>(&self, conn: ConnectionId, act: impl FnOnce(&Connection) -> Result<R, Error>) -> Result<R, Error> {
        self.check_process()?;
        let connections = self.connections.read().unwrap_or_else(PoisonError::into_inner);
        match connections.get(&conn) {
            Some(connection) => act(connection),
            None if conn != 0 && conn < self.next_id.load(Ordering::Relaxed) => Err(connection::over(conn)),
            None => Err(Error::argument(format!("conn: {conn} is no connection of this client"))),
        }
    }

    /// Whether a poll would find nothing. Two loads: what a frame loop pays when nothing happened.
    #[inline]
    pub fn is_idle(&self) -> bool {
        self.desk.is_idle()
    }

    /// Takes the next event, if there is one, and shows it to `take`. What it shows lives until the next poll or wait.
    pub fn poll<R>(&self, take: impl FnOnce(Option<Polled<'_>>) -> R) -> Result<R, Error> {
        self.poll_in(Scope::Any, take)
    }

    /// As [`Client::poll`], for events of this scope alone.
    pub fn poll_in<R>(&self, scope: Scope, take: impl FnOnce(Option<Polled<'_>>) -> R) -> Result<R, Error> {
        self.check_process()?;
        self.desk.poll(scope, take)
    }

    /// As [`Client::poll`], waiting until there is one, until `timeout`, or until [`Client::wake`].
    pub fn wait<R>(&self, timeout: Option<Duration>, take: impl FnOnce(Option<Polled<'_>>) -> R) -> Result<R, Error> {
        self.check_process()?;
        self.desk.wait(timeout, take)
    }

    /// Waits until a poll of this scope would find something, until `timeout`, or until [`Client::wake`]; takes nothing.
    /// For who has to make ready first (the Python package takes the interpreter's lock).
    pub fn wait_until(&self, scope: Scope, timeout: Option<Duration>) -> Result<bool, Error> {
        self.check_process()?;
        self.desk.wait_until(scope, timeout)
    }

    /// Makes one [`Client::wait`] return, the present one or the next.
    pub fn wake(&self) {
        self.desk.wake();
    }

    /// A descriptor (on Windows a HANDLE) that is readable while something can be polled. Wait on it, never read it.
    pub fn wakeup_handle(&self) -> Result<isize, Error> {
        self.check_process()?;
        self.board.signal.raw().map_err(|error| Error::new(Status::Io, format!("no wake-up handle: {error}")))
    }
}

impl Drop for Client {
    /// Closes all connections and discards what was not polled; waits at most [`Options::shutdown`].
    fn drop(&mut self) {
        let (runtime, tasks) = (self.runtime.take(), self.tasks.take());
        if self.check_process().is_err() {
            // The parent's thread is not here to end, and its locks may be held for ever: leaked on purpose.
            std::mem::forget((runtime, tasks, std::mem::take(&mut self.connections)));
            return;
        }
        let deadline = std::time::Instant::now() + self.options.shutdown;
        // Without a sender each task finds its inbox closed, and ends.
        self.connections.get_mut().unwrap_or_else(PoisonError::into_inner).clear();
        if let Some((held, all_gone)) = tasks {
            drop(held);
            let all_gone = all_gone.into_inner().unwrap_or_else(PoisonError::into_inner);
            let _ = all_gone.recv_timeout(self.options.shutdown);
        }
        if let Some(runtime) = runtime {
            runtime.release(deadline.saturating_duration_since(std::time::Instant::now()));
        }
    }
}

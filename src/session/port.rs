//! The two ends by which a connection's task on the I/O thread meets the program: messages in, events out.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use gamebridge_proto::command::Command;
use gamebridge_proto::error::{Error, Status};
use gamebridge_proto::event::{Event, EventType, Flags, LogLevel};
use tokio::sync::mpsc;

use crate::queue::signal::Signal;
use crate::queue::{self, Writer};
use crate::runtime::clock;

/// What the program asks of a connection.
pub enum Message {
    /// A command.
    Command(Command),
    /// Ends all commands with this tag.
    Cancel(u64),
    /// Settles a request that a server put to the host.
    Answer {
        /// The request's id.
        request: u64,
        /// [`Status::Ok`] to grant it.
        status: Status,
        /// Further data for the requester; may be empty.
        json: Box<[u8]>,
    },
    /// Ends the connection, after what was already sent.
    Disconnect,
}

/// What all connections of a client publish through.
#[derive(Debug)]
pub struct Board {
    /// The queue's shared half.
    pub queue: Arc<queue::Shared>,
    /// The wake-up handle.
    pub signal: Signal,
}

/// Which log lines a client wants: a level for all rooms, and for some a level of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFilter {
    default: Option<LogLevel>,
    rooms: Vec<(String, Option<LogLevel>)>,
}

impl LogFilter {
    /// The same level everywhere; `None` for silence.
    pub fn level(level: Option<LogLevel>) -> Self {
        LogFilter { default: level, rooms: Vec::new() }
    }

    /// Reads `GAMEBRIDGE_LOG`: `debug`, or `warn,rpc=debug,transport=off`. Words that it does not know are passed over: a
    /// typing error in the environment must not stop a game.
    pub fn parse(text: &str, fallback: &LogFilter) -> Self {
        let mut filter = fallback.clone();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (room, word) =
                part.split_once('=').map_or((None, part), |(room, word)| (Some(room.trim()), word.trim()));
            let level = match word.to_ascii_lowercase().as_str() {
                "off" => None,
                "error" => Some(LogLevel::Error),
                "warn" => Some(LogLevel::Warn),
                "info" => Some(LogLevel::Info),
                "debug" => Some(LogLevel::Debug),
                _ => continue,
            };
            match room {
                None => filter.default = level,
                Some(room) => filter.rooms.push((room.to_owned(), level)),
            }
        }
        filter
    }

    fn lets_pass(&self, room: &str, level: i32) -> bool {
        let of_room = self.rooms.iter().rev().find(|(name, _)| name == room).map(|(_, level)| *level);
        of_room.unwrap_or(self.default).is_some_and(|most| level <= most as i32)
    }
}

/// Where events go.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all are the large one, and another hop on every event would cost more"
)]
enum Way {
    /// To the program, through its queue.
    Program { writer: Writer, board: Arc<Board>, log: LogFilter },
    /// To a server of this process that owns the connection.
    House { session: u32, sender: mpsc::UnboundedSender<Passed> },
}

/// An event on its way to the server that owns the connection.
#[derive(Debug)]
pub struct Passed {
    /// The server's number for the connection.
    pub session: u32,
    event: Event<'static>,
    name: Box<str>,
    message: Box<str>,
    payload: Box<[u8]>,
}

impl Passed {
    fn new(session: u32, event: &Event<'_>) -> Self {
        let fixed = Event { name: "", payload: &[], bytes: &[], message: "", ..*event };
        let (name, message, payload) = (event.name.into(), event.message.into(), event.payload.into());
        Passed { session, event: fixed, name, message, payload }
    }

    /// The event as it was.
    pub fn event(&self) -> Event<'_> {
        Event { name: &self.name, message: &self.message, payload: &self.payload, ..self.event }
    }
}

/// Events out. Everything pushed is seen by the program after [`Outlet::publish`], once per burst.
#[derive(Debug)]
pub struct Outlet {
    way: Way,
    /// Tags that still want their reply, and how often: what a bug in a machine must not make forget.
    owed: HashMap<u64, u32>,
    over: bool,
}

impl Outlet {
    /// An outlet over a connection's lanes.
    pub fn new(writer: Writer, board: Arc<Board>, log: LogFilter) -> Self {
        Outlet { way: Way::Program { writer, board, log }, owed: HashMap::new(), over: false }
    }

    /// An outlet whose events a server of this process takes.
    pub fn to_house(session: u32, sender: mpsc::UnboundedSender<Passed>) -> Self {
        Outlet { way: Way::House { session, sender }, owed: HashMap::new(), over: false }
    }

    fn push(&mut self, time_ns: u64, event: &Event<'_>) {
        match &mut self.way {
            Way::Program { writer, .. } => writer.push(time_ns, event),
            // A server that is gone wants no events.
            Way::House { session, sender } => drop(sender.send(Passed::new(*session, event))),
        }
    }

    /// Queues an event with the present time.
    pub fn event(&mut self, event: &Event<'_>) {
        self.event_at(clock::now().as_nanos(), event);
    }

    /// Queues an event that arrived at `time_ns`.
    pub fn event_at(&mut self, time_ns: u64, event: &Event<'_>) {
        match event.kind {
            EventType::Log => {
                // A server has its own filter before its program.
                if let Way::Program { log, .. } = &self.way
                    && !log.lets_pass(event.name, event.code)
                {
                    return;
                }
            }
            EventType::Reply => self.settle(event.tag),
            EventType::Disconnected => {
                self.fail_owed(Status::Closed, "the connection ended before the reply came");
                self.over = true;
            }
            _ => {}
        }
        self.push(time_ns, event);
    }

    /// A log line.
    pub fn log(&mut self, level: LogLevel, room: &str, sentence: &str) {
        self.event(&Event::log(level, room, sentence));
    }

    /// Lets the program see what was queued, and wakes it.
    pub fn publish(&mut self) {
        if let Way::Program { writer, board, .. } = &mut self.way
            && writer.publish()
        {
            board.signal.raise();
        }
    }

    /// Notes that a command wants a reply.
    pub fn owe(&mut self, tag: u64) {
        if tag != 0 {
            *self.owed.entry(tag).or_insert(0) += 1;
        }
    }

    fn settle(&mut self, tag: u64) {
        if let Some(times) = self.owed.get_mut(&tag) {
            *times -= 1;
            if *times == 0 {
                self.owed.remove(&tag);
            }
        }
    }

    /// The answer to a command that came when the machine had already ended: nothing was done with it.
    fn refuse(&mut self, command: &Command) {
        let sentence = "the connection was over before it was sent";
        if command.tag == 0 {
            self.log(LogLevel::Warn, "session", &format!("{}: {sentence}", command.name));
        } else {
            let mut reply = Event::new(EventType::Reply, &command.name);
            (reply.tag, reply.status, reply.message) = (command.tag, Status::Closed, sentence);
            self.event(&reply);
        }
    }

    /// What is still owed here was lost by a bug, so nobody knows how far it got.
    fn fail_owed(&mut self, status: Status, sentence: &str) {
        for (tag, times) in std::mem::take(&mut self.owed) {
            for _ in 0..times {
                let mut reply = Event::new(EventType::Reply, "REPLY");
                (reply.tag, reply.status, reply.message) = (tag, status, sentence);
                reply.flags = Flags::UNCERTAIN;
                self.push(clock::now().as_nanos(), &reply);
            }
        }
    }

    /// The end of a connection whose machine did not get to say it: every reply still owed, then DISCONNECTED.
    pub fn end(&mut self, error: &Error) {
        if self.over {
            return;
        }
        self.fail_owed(error.status, &error.message);
        let mut last = Event::new(EventType::Disconnected, "DISCONNECTED");
        (last.status, last.code, last.message) = (error.status, error.code, &error.message);
        last.flags = Flags::FATAL;
        self.event(&last);
        self.publish();
    }

    /// How much of the reliable lane nobody has polled.
    pub fn unread_bytes(&self) -> u64 {
        match &self.way {
            Way::Program { writer, .. } => writer.unread().bytes(),
            Way::House { .. } => 0,
        }
    }

    /// How far the program is behind with dispatches; `None` when a server takes the events.
    #[cfg(feature = "gateway")]
    pub fn depth(&mut self) -> Option<queue::Depth> {
        match &mut self.way {
            Way::Program { writer, .. } => Some(writer.depth(clock::now().as_nanos())),
            Way::House { .. } => None,
        }
    }

    /// From now on [`Outlet::waiting_of`] knows.
    #[cfg(feature = "gateway")]
    pub fn tell_peers_apart(&mut self) {
        if let Way::Program { writer, .. } = &mut self.way {
            writer.tell_peers_apart();
        }
    }

    /// How far the program is behind with a peer's dispatches; `None` when a server takes the events.
    #[cfg(feature = "gateway")]
    pub fn waiting_of(&mut self, peer: u32) -> Option<queue::Waiting> {
        match &mut self.way {
            Way::Program { writer, .. } => Some(writer.waiting_of(peer, clock::now().as_nanos())),
            Way::House { .. } => None,
        }
    }

    /// Whether DISCONNECTED was said.
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// For a connection that stops reading while its lossy lane is full, as all do for the reliable one: nothing is dropped.
    pub fn hold(&mut self) {
        if let Way::Program { writer, .. } = &mut self.way {
            writer.hold();
        }
    }

    /// Whether a lane for which this connection stops reading is at its cap.
    pub fn is_full(&mut self) -> bool {
        match &mut self.way {
            Way::Program { writer, .. } => writer.is_full(),
            Way::House { .. } => false,
        }
    }

    /// Asks to be resumed when there is room; false when there is room already.
    pub fn pause(&mut self) -> bool {
        match &mut self.way {
            Way::Program { writer, .. } => writer.pause(),
            Way::House { .. } => false,
        }
    }
}

/// Messages on their way to the I/O thread: what a sender looks at before it posts another.
#[derive(Debug, Default)]
pub struct Ledger {
    /// Posted and not yet taken.
    pub in_flight: AtomicUsize,
}

/// The end by which a server commands a connection that it owns. When it is dropped, the connection ends.
#[derive(Debug)]
pub struct Handle {
    sender: mpsc::UnboundedSender<Message>,
    ledger: Arc<Ledger>,
}

impl Handle {
    /// A handle, and the ends of the connection; its events go to `house` under this number.
    pub fn new(session: u32, house: mpsc::UnboundedSender<Passed>) -> (Handle, Port) {
        let (sender, inbox) = mpsc::unbounded_channel();
        let ledger = Arc::new(Ledger::default());
        let port = Port { inbox, outlet: Outlet::to_house(session, house), ledger: ledger.clone() };
        (Handle { sender, ledger }, port)
    }

    /// Posts a command; `false` when the connection is over.
    pub fn send(&self, command: Command) -> bool {
        self.ledger.in_flight.fetch_add(1, Ordering::Relaxed);
        self.sender.send(Message::Command(command)).is_ok()
    }
}

/// A connection's ends on the I/O thread.
#[derive(Debug)]
pub struct Port {
    /// Messages from the program, in order.
    pub inbox: mpsc::UnboundedReceiver<Message>,
    /// Events to the program.
    pub outlet: Outlet,
    /// What is on its way to the inbox.
    pub ledger: Arc<Ledger>,
}

impl Port {
    /// The next message; `None` when the client is gone.
    pub async fn inbox_next(&mut self) -> Option<Message> {
        let message = self.inbox.recv().await;
        self.note(message)
    }

    /// A message that is there already.
    pub fn try_receive(&mut self) -> Option<Message> {
        let message = self.inbox.try_recv().ok();
        self.note(message)
    }

    fn note(&mut self, message: Option<Message>) -> Option<Message> {
        if message.is_some() {
            self.ledger.in_flight.fetch_sub(1, Ordering::Relaxed);
        }
        if let Some(Message::Command(command)) = &message {
            self.outlet.owe(command.tag);
        }
        message
    }

    /// Refuses further messages, answers those that still wait, and ends the connection unless that was said already.
    pub async fn close(&mut self, error: &Error) {
        self.refuse_messages().await;
        self.outlet.end(error);
    }

    /// The regular end: all replies, then DISCONNECTED as the machine put it.
    pub async fn say_farewell(&mut self, farewell: &Farewell) {
        self.refuse_messages().await;
        self.outlet.event(&farewell.event());
        self.outlet.publish();
    }

    /// Waits for senders that are in the middle of it: `try_recv` would call the inbox empty, and lose their message.
    async fn refuse_messages(&mut self) {
        self.inbox.close();
        while let Some(message) = self.inbox_next().await {
            if let Message::Command(command) = message {
                self.outlet.refuse(&command);
            }
        }
    }
}

/// A DISCONNECTED event that waits for what has to be written before it.
#[derive(Debug)]
pub struct Farewell {
    status: Status,
    flags: Flags,
    code: i32,
    message: String,
}

impl Farewell {
    /// Keeps what the event says.
    pub fn of(event: &Event<'_>) -> Self {
        Farewell { status: event.status, flags: event.flags, code: event.code, message: event.message.to_owned() }
    }

    fn event(&self) -> Event<'_> {
        let mut event = Event::new(EventType::Disconnected, "DISCONNECTED");
        (event.status, event.flags, event.code, event.message) = (self.status, self.flags, self.code, &self.message);
        event
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_filter_reads_levels_by_room() {
        let fallback = LogFilter::level(Some(LogLevel::Warn));
        let filter = LogFilter::parse("info, rpc=debug,transport=off,nonsense,x=loud", &fallback);
        for (room, level, passes) in [
            ("session", LogLevel::Info, true),
            ("session", LogLevel::Debug, false),
            ("rpc", LogLevel::Debug, true),
            ("transport", LogLevel::Error, false),
        ] {
            assert_eq!(filter.lets_pass(room, level as i32), passes, "{room} {level:?}");
        }
        assert_eq!(LogFilter::parse("", &fallback), fallback);
        assert!(!LogFilter::parse("off", &fallback).lets_pass("rpc", LogLevel::Error as i32));
    }
}

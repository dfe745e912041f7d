//! What a machine delivers to the program.
//!
//! An [`Event`] borrows: its payload is a slice of the frame that is being handled (or of the machine's scratch), and the
//! sink copies it once to where it will be read. Machines own no payloads.

use crate::error::Status;

/// The kind of an event. The numbers are those of the C header; new ones may be added in minor versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum EventType {
    /// The connection is ready for use (again, after `Reconnecting`).
    Connected = 1,
    /// The connection is over. Always last, after every reply.
    Disconnected = 2,
    /// The connection broke and is being made anew.
    Reconnecting = 3,
    /// The one answer to a command that was sent with a tag.
    Reply = 4,
    /// Something happened: a subscribed event, a Gateway dispatch.
    Dispatch = 5,
    /// A server that you host needs a decision: answer it once.
    Request = 6,
    /// Received audio.
    Audio = 7,
    /// A line of the library's log.
    Log = 8,
    /// Events were dropped here because nobody polled.
    Dropped = 9,
}

impl EventType {
    /// Whether events of this kind travel in the reliable lane, which drops nothing.
    pub const fn is_reliable(self) -> bool {
        !matches!(self, EventType::Dispatch | EventType::Audio | EventType::Log | EventType::Dropped)
    }
}

/// Details of an event, as bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Flags(pub u32);

impl Flags {
    /// Nothing further will be tried.
    pub const FATAL: Flags = Flags(1);
    /// The library tries again by itself.
    pub const RETRYING: Flags = Flags(2);
    /// The Gateway session was resumed: nothing was missed.
    pub const RESUMED: Flags = Flags(4);
    /// The command had been written when the connection broke: it may or may not have been carried out.
    pub const UNCERTAIN: Flags = Flags(8);
    /// A newer update took this one's place before it was sent.
    pub const SUPERSEDED: Flags = Flags(16);

    /// Whether all bits of `other` are set.
    pub const fn contains(self, other: Flags) -> bool {
        self.0 & other.0 == other.0
    }
}

impl std::ops::BitOr for Flags {
    type Output = Flags;
    fn bitor(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }
}

/// How loud a log line is. `GAMEBRIDGE_LOG` and `gb_options.log_level` take these names and numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u32)]
pub enum LogLevel {
    /// Something failed and will stay so.
    Error = 1,
    /// Something failed that nobody waits for, or is mended by itself.
    Warn = 2,
    /// Milestones of a connection.
    Info = 3,
    /// What was tried, and why.
    Debug = 4,
}

impl LogLevel {
    /// The lower-case name.
    pub const fn as_str(self) -> &'static str {
        match self {
            LogLevel::Error => "error",
            LogLevel::Warn => "warn",
            LogLevel::Info => "info",
            LogLevel::Debug => "debug",
        }
    }
}

/// One event, borrowing what it names. Build it with [`Event::new`] and set the fields that matter.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// What kind of event.
    pub kind: EventType,
    /// `"ACTIVITY_JOIN"`, `"MESSAGE_CREATE"`; of a reply the command's name; of a log line its room; never empty.
    pub name: &'a str,
    /// JSON text; empty when there is none.
    pub payload: &'a [u8],
    /// Audio and other binary; empty when there is none.
    pub bytes: &'a [u8],
    /// Reply: the caller's tag. Request: the id to answer.
    pub tag: u64,
    /// How it ended, for replies and disconnections.
    pub status: Status,
    /// Details.
    pub flags: Flags,
    /// The peer's own error or close code; of a log line its level; else 0.
    pub code: i32,
    /// A sentence; may be empty.
    pub message: &'a str,
    /// With [`Status::RateLimited`] and `Reconnecting`: how long until the next try, in milliseconds.
    pub retry_after_ms: u32,
    /// A server's peer, or a Gateway shard.
    pub peer: u32,
    /// Gateway sequence.
    pub seq: u64,
}

impl<'a> Event<'a> {
    /// An event of this kind and name with nothing else in it.
    pub const fn new(kind: EventType, name: &'a str) -> Self {
        Event {
            kind,
            name,
            payload: &[],
            bytes: &[],
            tag: 0,
            status: Status::Ok,
            flags: Flags(0),
            code: 0,
            message: "",
            retry_after_ms: 0,
            peer: 0,
            seq: 0,
        }
    }

    /// A log line of a room ("rpc", "gateway", "transport", ...). Never put a secret in it.
    pub const fn log(level: LogLevel, room: &'a str, message: &'a str) -> Self {
        let mut event = Event::new(EventType::Log, room);
        event.code = level as i32;
        event.message = message;
        event
    }
}

//! Statuses and errors: the one vocabulary of failure, from the wire to the C header.
//!
//! A [`Status`] is the number that crosses the C boundary; an [`Error`] is a status with a sentence for the person who
//! gets it: what was wrong, in which field, what was expected.

use std::borrow::Cow;
use std::fmt;

/// How a call or a request ended. 0 is success, negatives are errors; new ones may be added in minor versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(i32)]
pub enum Status {
    /// Success.
    Ok = 0,
    /// An argument is wrong; the sentence names the field and what was expected.
    Argument = -1,
    /// The call does not fit the state: a second polling thread, for one.
    State = -2,
    /// The connection is closed, or closed before the reply came (then with `UNCERTAIN`: it may have been carried out).
    Closed = -3,
    /// Cancelled by the caller.
    Cancelled = -4,
    /// Too many replies are outstanding or not yet polled; poll, then try again.
    Full = -5,
    /// No reply within the request's time.
    Timeout = -6,
    /// The operating system refused: no such socket, connection refused, reset.
    Io = -7,
    /// Credentials were refused.
    Auth = -8,
    /// A rate limit; `retry_after_ms` says for how long.
    RateLimited = -9,
    /// The peer broke its protocol.
    Protocol = -10,
    /// The peer answered with an error of its own; `code` and `message` are the peer's.
    Remote = -11,
    /// Not available in this build, on this platform, or not known to this version.
    Unsupported = -12,
    /// The handle was made before a `fork`, in another process.
    Forked = -13,
    /// A bug inside the library was caught at the boundary.
    Panic = -14,
}

impl Status {
    /// Every status, in the order of the C header.
    pub const ALL: [Status; 15] = [
        Status::Ok,
        Status::Argument,
        Status::State,
        Status::Closed,
        Status::Cancelled,
        Status::Full,
        Status::Timeout,
        Status::Io,
        Status::Auth,
        Status::RateLimited,
        Status::Protocol,
        Status::Remote,
        Status::Unsupported,
        Status::Forked,
        Status::Panic,
    ];

    /// The status of a C number, if it is one of ours.
    pub fn from_code(code: i32) -> Option<Status> {
        Status::ALL.into_iter().find(|status| *status as i32 == code)
    }

    /// A few words, the same for every occurrence.
    pub const fn as_str(self) -> &'static str {
        match self {
            Status::Ok => "success",
            Status::Argument => "invalid argument",
            Status::State => "not possible in this state",
            Status::Closed => "connection closed",
            Status::Cancelled => "cancelled",
            Status::Full => "queue full",
            Status::Timeout => "timed out",
            Status::Io => "input/output error",
            Status::Auth => "authentication failed",
            Status::RateLimited => "rate limited",
            Status::Protocol => "protocol error",
            Status::Remote => "refused by the peer",
            Status::Unsupported => "not supported",
            Status::Forked => "used after fork",
            Status::Panic => "internal error",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A status with its sentence and, for [`Status::Remote`], the peer's own code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// What kind of failure.
    pub status: Status,
    /// The peer's own error or close code; 0 when there is none.
    pub code: i32,
    /// What was wrong, where, and what was expected. Never holds a secret.
    pub message: Cow<'static, str>,
}

impl Error {
    /// An error with a sentence and no peer's code.
    pub fn new(status: Status, message: impl Into<Cow<'static, str>>) -> Self {
        Error { status, code: 0, message: message.into() }
    }

    /// [`Status::Argument`]: the sentence names the field and what was expected.
    pub fn argument(message: impl Into<Cow<'static, str>>) -> Self {
        Error::new(Status::Argument, message)
    }

    /// [`Status::Protocol`]: the peer sent what its protocol does not allow.
    pub fn protocol(message: impl Into<Cow<'static, str>>) -> Self {
        Error::new(Status::Protocol, message)
    }

    /// The same error with the peer's own code.
    pub fn with_code(mut self, code: i32) -> Self {
        self.code = code;
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.status, self.message)?;
        if self.code != 0 { write!(f, " (code {})", self.code) } else { Ok(()) }
    }
}

impl std::error::Error for Error {}

/// What a machine returns when the peer broke the protocol: the driver closes the connection with it.
pub type ProtocolError = Error;

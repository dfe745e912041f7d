//! What a program asks of a connection, on its way to a machine.

use std::fmt;
use std::time::Duration;

use crate::time::Instant;

/// One command. The arguments were checked against the catalog before it got here.
#[derive(Clone, Default)]
pub struct Command {
    /// `"SET_ACTIVITY"`; names that no catalog knows are passed on as they are.
    pub name: Box<str>,
    /// The arguments as JSON text: an object, or empty for none.
    pub args: Box<[u8]>,
    /// Binary part; empty for most.
    pub bytes: Box<[u8]>,
    /// The caller's tag; 0 asks for no reply (a failure becomes a log event).
    pub tag: u64,
    /// How long to wait for the reply, from `issued`; `None` is the catalog's default.
    pub timeout: Option<Duration>,
    /// When the program sent it: its deadline runs from here, queued or not.
    pub issued: Instant,
}

impl fmt::Debug for Command {
    /// Without arguments and bytes: they may hold a token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Command")
            .field("name", &self.name)
            .field("args_len", &self.args.len())
            .field("bytes_len", &self.bytes.len())
            .field("tag", &self.tag)
            .field("timeout", &self.timeout)
            .field("issued", &self.issued)
            .finish()
    }
}

//! Client machines: what to send, what to deliver and when to wake, from frames, commands and the time. They own no
//! sockets and no payloads.

pub mod backoff;
pub mod dmod;
pub mod gateway;
pub mod rpc;

/// How a transport ended that a machine did not close itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Closed<'a> {
    /// The peer's close code, if it gave one.
    pub code: Option<u16>,
    /// The peer's reason, or the transport's error; may be empty.
    pub reason: &'a str,
    /// How many of the frames that were sent last never reached the socket whole.
    pub unwritten: usize,
}

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

/// Why a peer closed, for the program: what its code means, where that is known, and its own words.
fn why_closed(meaning: Option<&str>, reason: &str) -> String {
    match (meaning, reason) {
        (Some(meaning), "") => meaning.to_owned(),
        (Some(meaning), reason) => format!("{meaning} (\"{reason}\")"),
        (None, "") => "the connection was closed".to_owned(),
        (None, reason) => reason.to_owned(),
    }
}

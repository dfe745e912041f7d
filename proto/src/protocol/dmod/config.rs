//! What a connection to a dmod gateway needs to know.

use std::time::Duration;

use crate::error::Error;
use crate::protocol::gateway::address::check_whole;
use crate::secret::Secret;
use crate::wire::dmod::{MAX_SEND, Opcode, write};

/// How long nothing at all may come before a connection is given up, unless the program says otherwise. No document says how
/// often a server asks for a sign of life; ours does every 30 s.
pub const SILENCE: Duration = Duration::from_secs(180);

/// One connection.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the gateway is: `wss://`, or `ws://` to this machine. No address is known, so there is no default.
    pub url: String,
    /// The user's token hash; `None` for what everybody may see.
    pub token: Option<Secret>,
    /// The user who is logged in, if any.
    pub uid: Option<String>,
    /// What the session family is sent with: [`Opcode::Reply`] as the document draws it, or [`Opcode::Command`] as it says.
    pub session_opcode: Opcode,
    /// Whether the machine answers the session's heartbeats and its wish for credentials by itself.
    pub upkeep: bool,
    /// How long nothing at all may come; zero is for ever.
    pub silence: Duration,
    /// Whether to go on when nobody can be reached at the very start.
    pub retry: bool,
    /// Of the jitter. The same seed takes the same course.
    pub seed: u64,
}

impl Config {
    /// This address and token, the rest at its default.
    pub fn new(url: impl Into<String>, token: Option<Secret>, seed: u64) -> Self {
        Config {
            url: url.into(),
            token,
            uid: None,
            session_opcode: Opcode::Reply,
            upkeep: true,
            silence: SILENCE,
            retry: true,
            seed,
        }
    }

    /// Whether a connection can be made of it.
    ///
    /// # Errors
    /// [`crate::error::Status::Argument`], naming the field.
    pub fn check(&self) -> Result<(), Error> {
        // A token goes out over this connection, so it must be encrypted, or not leave the machine.
        check_whole(&self.url)?;
        if let Some(token) = &self.token {
            let token = token.reveal();
            if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err(Error::argument("token: printable characters without spaces expected, or null"));
            }
        }
        if !matches!(self.session_opcode, Opcode::Command | Opcode::Reply) {
            return Err(Error::argument("session_opcode: 6 or 7 expected"));
        }
        let mut text = Vec::new();
        self.authenticate(&mut text);
        let length = text.len();
        wipe(&mut text);
        if length > MAX_SEND {
            return Err(Error::argument(format!("token: op 1 would have {length} bytes; a server takes {MAX_SEND}")));
        }
        Ok(())
    }

    /// Appends op 1. It holds the token: wipe it.
    pub(super) fn authenticate(&self, out: &mut Vec<u8>) {
        // Room for all of it, so that growing leaves no copy of the token behind.
        out.reserve(2 * self.token.as_ref().map_or(0, |token| token.reveal().len()) + 256);
        write::authenticate(out, self.token.as_ref().map(Secret::reveal), self.uid.as_deref());
    }
}

/// Takes back what held a secret.
pub(super) fn wipe(text: &mut Vec<u8>) {
    text.fill(0);
    std::hint::black_box(&*text);
    text.clear();
}

//! Finding a Discord on this machine: every local socket it may have made, then every port of its RPC server.
//!
//! A local socket is preferred, because the system vouches for whose process is at its other end; a port anybody can
//! take, so its owner is asked for where the system tells ([`owner`]). The one thing to know before changing it: a candidate
//! that was tried already is passed over by its address and not connected again, since every connection counts: Discord
//! takes two a minute of a client and delays the rest. Order and names come from `lessons.md`, ports
//! from `rpc.yaml`.

use std::fmt::Write;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use gamebridge_proto::error::{Error, Status};

use super::ipc::{self, Environment};
use super::websocket::{self, Options};
use super::{Encoding, Limits, Transport, owner};

/// The ports of Discord's local RPC server, in the order in which it takes the first free one.
pub const PORTS: RangeInclusive<u16> = 6463..=6472;

/// Where to look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Target {
    /// Every local socket, then every port.
    #[default]
    Auto,
    /// A local socket: this one, or every place where one may lie.
    Ipc(Option<PathBuf>),
    /// The local WebSocket server.
    WebSocket {
        /// This port, or every port of the range.
        port: Option<u16>,
    },
}

/// What carries the connection that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Via {
    /// The local socket.
    Ipc,
    /// The WebSocket.
    WebSocket,
}

/// A connection that was found.
#[derive(Debug)]
pub struct Opened {
    /// The connection itself.
    pub transport: Transport,
    /// What carries it.
    pub via: Via,
    /// `/run/user/1000/discord-ipc-0`, or `127.0.0.1:6463`.
    pub address: String,
}

/// What is looked for, and where.
#[derive(Clone)]
pub struct Search<'a> {
    /// Where to look.
    pub target: &'a Target,
    /// The application's id, for the WebSocket's URL.
    pub client_id: &'a str,
    /// The `Origin` header of a WebSocket.
    pub origin: Option<&'a str>,
    /// The encoding of a WebSocket.
    pub encoding: Encoding,
    /// What Discord may send.
    pub limits: Limits,
    /// Ports to try when none is named.
    pub ports: RangeInclusive<u16>,
    /// Addresses that are never tried: our own.
    pub except: &'a [String],
    /// The variables that name folders.
    pub environment: Environment<'a>,
}

/// Finds a Discord in this process's environment: the first candidate that can be connected and is not among the
/// addresses in `tried` and `except`.
///
/// # Errors
/// `Io`, with one sentence that lists what was looked for and where, and what answered but was refused.
pub async fn open(
    target: &Target,
    client_id: &str,
    origin: Option<&str>,
    encoding: Encoding,
    tried: &[String],
    except: &[String],
) -> Result<Opened, Error> {
    let environment: Environment<'_> = &ipc::process_environment;
    let limits = Limits::UPSTREAM;
    let search = Search { target, client_id, origin, encoding, limits, ports: PORTS, except, environment };
    search.open(tried).await
}

impl Search<'_> {
    /// The first candidate that can be connected and is not among the addresses in `tried`.
    ///
    /// # Errors
    /// As for [`open`].
    pub async fn open(&self, tried: &[String]) -> Result<Opened, Error> {
        let mut refused = Vec::new();
        if let Some(opened) = self.open_ipc(tried, &mut refused).await {
            return Ok(opened);
        }
        if let Some(opened) = self.open_websocket(tried, &mut refused).await {
            return Ok(opened);
        }
        Err(self.nobody(tried.len(), &refused))
    }

    async fn open_ipc(&self, tried: &[String], refused: &mut Vec<String>) -> Option<Opened> {
        let candidates = match self.target {
            Target::Auto | Target::Ipc(None) => ipc::candidates(self.environment),
            Target::Ipc(Some(path)) => vec![path.clone()],
            Target::WebSocket { .. } => return None,
        };
        for path in candidates {
            let address = path.display().to_string();
            if tried.contains(&address) || self.except.contains(&address) {
                continue;
            }
            match ipc::connect(&path, self.limits).await {
                Ok(transport) => return Some(Opened { transport, via: Via::Ipc, address }),
                Err(error) if error.status == Status::Io => {}
                Err(error) => refused.push(error.message.into_owned()),
            }
        }
        None
    }

    async fn open_websocket(&self, tried: &[String], refused: &mut Vec<String>) -> Option<Opened> {
        let ports = match self.target {
            Target::Auto | Target::WebSocket { port: None } => self.ports.clone(),
            Target::WebSocket { port: Some(port) } => *port..=*port,
            Target::Ipc(_) => return None,
        };
        let options = Options {
            origin: self.origin.map(str::to_owned),
            encoding: self.encoding,
            limits: self.limits,
            ..Options::default()
        };
        for port in ports {
            let address = format!("127.0.0.1:{port}");
            if tried.contains(&address) || self.except.contains(&address) {
                continue;
            }
            if let Err(error) = owner::check(port) {
                refused.push(error.message.into_owned());
                continue;
            }
            match websocket::connect(&self.url(port), &options).await {
                Ok(transport) => return Some(Opened { transport, via: Via::WebSocket, address }),
                // Nobody there.
                Err(error) if error.status == Status::Io => {}
                Err(error) => refused.push(error.message.into_owned()),
            }
        }
        None
    }

    fn url(&self, port: u16) -> String {
        let mut url = format!("ws://127.0.0.1:{port}/?v=1&client_id=");
        percent_encode(&mut url, self.client_id);
        url.push_str("&encoding=");
        url.push_str(self.encoding.as_str());
        url
    }

    /// "no Discord found: no socket discord-ipc-0 to 9 in /run/user/1000 or /tmp, nobody on ports 6463 to 6472".
    fn nobody(&self, passed: usize, refused: &[String]) -> Error {
        let mut sentence = if passed == 0 {
            String::from("no Discord found: ")
        } else {
            format!("no further Discord found behind the {passed} already tried: ")
        };
        match self.target {
            Target::Ipc(Some(path)) => {
                let _ = write!(sentence, "nobody listens at {}", path.display());
            }
            Target::Auto | Target::Ipc(None) => {
                sentence.push_str("no socket discord-ipc-0 to 9 in ");
                let places: Vec<String> =
                    ipc::places(self.environment).iter().map(|place| place.display().to_string()).collect();
                sentence.push_str(&places.join(", "));
                sentence.push_str(ipc::BELOW);
            }
            Target::WebSocket { .. } => {}
        }
        if *self.target == Target::Auto {
            sentence.push_str(", ");
        }
        match self.target {
            Target::WebSocket { port: Some(port) } => {
                let _ = write!(sentence, "nobody on port {port} of 127.0.0.1");
            }
            Target::Auto | Target::WebSocket { port: None } => {
                let _ = write!(sentence, "nobody on ports {} to {}", self.ports.start(), self.ports.end());
            }
            Target::Ipc(_) => {}
        }
        for reason in refused {
            sentence.push_str("; ");
            sentence.push_str(reason);
        }
        Error::new(Status::Io, sentence)
    }
}

/// Appends `text` with everything escaped that is not unreserved (RFC 3986 section 2.3).
fn percent_encode(url: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            url.push(char::from(byte));
        } else {
            let _ = write!(url, "%{byte:02X}");
        }
    }
}

//! RPC's client machine, joined to the driver: where to look for a Discord, and how events and frames pass.

use std::future::Future;

use gamebridge_proto::command::Command;
use gamebridge_proto::error::Error;
use gamebridge_proto::event::Event;
use gamebridge_proto::protocol::rpc::{Accept, Client, Config, Sink, Via};
use gamebridge_proto::record::{Setup, Tapped, client::Input};
use gamebridge_proto::secret::Secret;
use gamebridge_proto::time::Instant;
use gamebridge_proto::wire::catalog::{Arg, Row, Type};
use gamebridge_proto::wire::ipc::Opcode;
use gamebridge_proto::wire::rpc as wire;

use super::driver::{Effects, Opened, Protocol};
use super::{encoding, params};
use crate::record::Tape;
use crate::runtime::seed;
use crate::transport::search::{self, Target};
use crate::transport::{Encoding, owner};

/// Parameters of `gb_connect(gb, "rpc", ...)`.
pub const PARAMS: Row = Row::new("rpc", "Connects to a Discord on this machine, or to a GameBridge.").args(&[
    Arg::required("client_id", Type::Snowflake, "The application's id."),
    Arg::optional("access_token", Type::text(1, 2048), "Authenticates with it before CONNECTED, again after each break."),
    Arg::optional(
        "transport",
        Type::Names(&["auto", "ipc", "websocket"]),
        "How to look for a Discord: every local socket, then every port (auto, the default), or one of the two.",
    ),
    Arg::optional("path", Type::text(1, 4096), "The local socket or pipe to use, in place of searching. With ipc."),
    Arg::optional("port", Type::int(1, 65535), "The port to use, in place of 6463 to 6472. With websocket."),
    Arg::optional("encoding", Type::Names(&wire::ENCODINGS), "What a WebSocket carries. Default json."),
    Arg::optional("origin", Type::text(1, 2048), "The Origin that a WebSocket sends. Default https://localhost."),
    Arg::optional("pid", Type::int(1, u32::MAX as i64), "The process that activities belong to. Default: this one."),
    Arg::optional(
        "retry",
        Type::Bool,
        "Whether to go on looking while there is no Discord. Default true; a connection that breaks later is always made anew.",
    ),
]);

/// The only line of its machine.
const LINE: u32 = 0;

/// The Origin that works for local testing with any application.
pub const LOCAL_ORIGIN: &str = "https://localhost";

/// Where to connect, and the machine that will.
#[derive(Debug)]
pub struct Upstream {
    machine: Client,
    client_id: String,
    target: Target,
    encoding: Encoding,
    origin: String,
    /// The candidates of this round, in the order in which they were connected.
    tried: Vec<String>,
    /// Addresses that are never tried.
    except: Vec<String>,
}

impl Upstream {
    pub(super) fn parse(text: &[u8]) -> Result<Self, Error> {
        params::read(&PARAMS, text, |given| {
            let client_id = match given.member("client_id").as_id() {
                Some(0) | None => return Err(Error::argument("rpc: client_id: 0 is no application")),
                Some(id) => id.to_string(),
            };
            let path = params::text(given, "path");
            let port = given.member("port").as_whole().and_then(|port| u16::try_from(port).ok());
            let target = match (given.member("transport").as_str().unwrap_or("auto"), path, port) {
                ("auto" | "ipc", Some(path), None) => Target::Ipc(Some(path.into())),
                ("auto" | "websocket", None, port @ Some(_)) => Target::WebSocket { port },
                ("auto", None, None) => Target::Auto,
                ("ipc", None, None) => Target::Ipc(None),
                ("websocket", None, None) => Target::WebSocket { port: None },
                (_, Some(_), Some(_)) => return Err(Error::argument("rpc: path and port exclude each other")),
                ("ipc", ..) => return Err(Error::argument("rpc: port goes with the transport \"websocket\"")),
                _ => return Err(Error::argument("rpc: path goes with the transport \"ipc\"")),
            };
            let encoding = match given.member("encoding").as_str() {
                Some("etf") => Encoding::Etf,
                _ => Encoding::Json,
            };
            if encoding == Encoding::Etf && !matches!(target, Target::WebSocket { .. }) {
                let sentence = "rpc: encoding: etf goes with the transport \"websocket\"; a local socket carries JSON";
                return Err(Error::argument(sentence));
            }
            let target = if given.member("access_token").exists() { with_token(target) } else { target };
            let config = Config {
                client_id: client_id.clone(),
                access_token: params::text(given, "access_token").map(Secret::new),
                pid: given.member("pid").as_whole().map_or_else(std::process::id, |pid| pid as u32),
                seed: seed()?,
                retry: given.member("retry").as_bool().unwrap_or(true),
                accept: Accept::Any,
            };
            let origin = params::text(given, "origin").unwrap_or_else(|| LOCAL_ORIGIN.to_owned());
            if origin.bytes().any(|byte| byte.is_ascii_control() || !byte.is_ascii()) {
                return Err(Error::argument("rpc: origin: ASCII without control characters expected"));
            }
            let (tried, except) = (Vec::new(), Vec::new());
            Ok(Upstream { machine: Client::new(config), client_id, target, encoding, origin, tried, except })
        })
    }

    /// For a server that passes its peers' commands on: a connection as this application, to a Discord that is none of
    /// the addresses in `except` and that `accept` takes.
    pub(super) fn for_house(
        client_id: String,
        target: Target,
        retry: bool,
        except: Vec<String>,
        accept: Accept,
    ) -> Result<Self, Error> {
        let (pid, seed) = (std::process::id(), seed()?);
        let config = Config { client_id: client_id.clone(), access_token: None, pid, seed, retry, accept };
        let machine = Client::new(config);
        // Peers' tokens are shown to it.
        let (target, encoding, origin) = (with_token(target), Encoding::Json, LOCAL_ORIGIN.to_owned());
        Ok(Upstream { machine, client_id, target, encoding, origin, tried: Vec::new(), except })
    }
}

/// Where it can't be told whose a port is, a token is not shown to whoever took one: then only local sockets are searched,
/// unless the program names the transport.
fn with_token(target: Target) -> Target {
    match target {
        Target::Auto if !owner::CAN_TELL => Target::Ipc(None),
        named => named,
    }
}

impl Sink for Effects<'_, usize> {
    fn open(&mut self, skip: usize) {
        Effects::open(self, LINE, skip);
    }
    fn send(&mut self, opcode: Opcode, payload: &[u8]) {
        Effects::send(self, LINE, opcode, payload);
    }
    fn close(&mut self, code: u16, reason: &str) {
        Effects::close(self, LINE, code, reason);
    }
    fn event(&mut self, event: Event<'_>) {
        Effects::event(self, &event);
    }
}

impl Protocol for Upstream {
    /// How many candidates to pass over.
    type Wanted = usize;
    /// How many were passed over, how it was reached, and where.
    type Detail = (usize, Via, String);

    fn open(&self, skip: usize) -> impl Future<Output = Result<Opened<Self::Detail>, Error>> + 'static {
        let (target, encoding) = (self.target.clone(), self.encoding);
        let (client_id, origin) = (self.client_id.clone(), self.origin.clone());
        let tried = self.tried[..skip.min(self.tried.len())].to_vec();
        let except = self.except.clone();
        async move {
            let found = search::open(&target, &client_id, Some(&origin), encoding, &tried, &except).await?;
            let via = match found.via {
                search::Via::Ipc => Via::Ipc,
                search::Via::WebSocket => Via::WebSocket,
            };
            Ok(Opened { transport: Some(found.transport), detail: (skip, via, found.address) })
        }
    }

    fn setup(&self) -> Setup<'_> {
        Setup::Rpc(self.machine.config())
    }

    fn opened<'d>(&mut self, line: u32, (skip, via, address): &'d Self::Detail) -> Input<'d> {
        self.tried.truncate(*skip);
        self.tried.push(address.clone());
        Input::Opened(line, Some((*via, address)))
    }

    fn answers(&self, command: &Command, out: &mut Effects<'_, usize>) -> bool {
        encoding::check(self.encoding, command).map_err(|error| encoding::refuse("rpc", command, &error, out)).is_err()
    }

    fn feed(
        &mut self,
        now: Instant,
        input: Input<'_>,
        tape: Option<&mut Tape>,
        out: &mut Effects<'_, usize>,
    ) -> Result<(), Error> {
        input.feed_rpc(now, &mut self.machine, &mut Tapped::new(out, tape))
    }

    fn next_timeout(&self) -> Option<Instant> {
        self.machine.next_timeout()
    }
    fn is_finished(&self) -> bool {
        self.machine.is_finished()
    }
}

#[cfg(test)]
mod tests {
    use gamebridge_proto::error::Status;

    use super::*;

    #[test]
    fn parameters_that_do_not_fit_are_named() {
        for (params, names) in [
            ("{}", "client_id"),
            (r#"{"client_id":"0"}"#, "client_id: 0"),
            (r#"{"client_id":"1","pid":4294967297}"#, "pid"),
            (r#"{"client_id":"x"}"#, "client_id"),
            (r#"{"client_id":"1","acces_token":"t"}"#, "unknown parameter \"acces_token\""),
            (r#"{"client_id":"1","port":70000}"#, "port"),
            (r#"{"client_id":"1","transport":"udp"}"#, "transport"),
            (r#"{"client_id":"1","transport":"ipc","port":6463}"#, "port goes with"),
            (r#"{"client_id":"1","transport":"websocket","path":"/x"}"#, "path goes with"),
            (r#"{"client_id":"1","path":"/x","port":6463}"#, "exclude each other"),
            (r#"{"client_id":"1","encoding":"etf"}"#, "etf goes with"),
            (r#"{"client_id":"1","origin":"a\nb"}"#, "origin"),
            ("[]", "object expected"),
            ("{", "not JSON"),
        ] {
            let error = Upstream::parse(params.as_bytes()).unwrap_err();
            assert_eq!(error.status, Status::Argument, "{params}");
            assert!(error.message.contains(names), "{params}: {}", error.message);
        }
        let upstream = Upstream::parse(br#"{"client_id":1234,"port":6470,"encoding":"etf"}"#).unwrap();
        assert_eq!((upstream.client_id.as_str(), upstream.target), ("1234", Target::WebSocket { port: Some(6470) }));
    }
}

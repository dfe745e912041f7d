//! What to serve: the parameters of `gb_serve`.

use std::time::Duration;

use gamebridge_proto::error::Error;
use gamebridge_proto::secret::Secret;
use gamebridge_proto::server::rpc::{Config, Consent, JoinRequests};
use gamebridge_proto::wire::catalog::{Arg, Row, Type};
use gamebridge_proto::wire::host;
use gamebridge_proto::world::{self, NewUser};

use super::backend::Backend;
use crate::runtime::{clock, fill_random};
use crate::session::params;
use crate::transport::ipc::Place;

/// Parameters of `gb_serve(gb, "rpc", ...)`.
pub const PARAMS: Row = Row::new("rpc", "Hosts GameBridge: Discord's local RPC inside this process.").args(&[
    Arg::optional(
        "transport",
        Type::Names(&["both", "ipc", "websocket"]),
        "What to listen on. Default both.",
    ),
    Arg::optional(
        "port",
        Type::int(0, 65535),
        "The WebSocket's port on 127.0.0.1; 0 is one that the system chooses. Default: the first free one of 6463 to 6472.",
    ),
    Arg::optional(
        "folder",
        Type::text(1, 4096),
        "Where the local socket discord-ipc-N goes. Default: XDG_RUNTIME_DIR, or a new folder that only this user may enter. \
         \"/tmp\" has to be asked for, since every user of the machine sees it. Not on Windows, where pipes have no folder.",
    ),
    Arg::optional(
        "consent",
        Type::Names(&["allow", "deny", "ask"]),
        "What AUTHORIZE meets: yes (the default), no, or a REQUEST event for each.",
    ),
    Arg::optional(
        "join_requests",
        Type::Names(&["peers", "ask", "allow", "deny"]),
        "What a player who asks to join meets: the game's peers, who are asked (the default), or they and a REQUEST event, of \
         which the first answer counts, or yes, or no.",
    ),
    Arg::optional(
        "consent_timeout",
        Type::int(1, 86_400),
        "Seconds that anybody asked (by AUTHORIZE, or about a player who wants to join) has for an answer; none is a no. \
         Default 60.",
    ),
    Arg::optional("username", Type::text(2, 32), "The guest account's name. Default Guest."),
    Arg::optional(
        "api",
        Type::text(1, 256),
        "Where requests for /api are passed with the caller's own Authorization, instead of being answered from the world: \
         http, a loopback literal and a port, as \"http://127.0.0.1:8080\".",
    ),
    Arg::optional(
        "registered_only",
        Type::Bool,
        "Refuse applications that APPLICATION_REGISTER did not name. Default false: any client id is welcome.",
    ),
    Arg::optional(
        "commands_per_second",
        Type::int(0, 10_000_000),
        "How many commands a peer may send in the long run before it is closed with 4002; 0 is no limit. Default 500.",
    ),
]);

/// A server to be.
#[derive(Debug)]
pub struct Service {
    pub(super) ipc: Option<Place>,
    pub(super) websocket: Option<Option<u16>>,
    pub(super) consent: Consent,
    pub(super) join_requests: JoinRequests,
    pub(super) consent_timeout: Option<Duration>,
    pub(super) username: String,
    pub(super) registered_only: bool,
    pub(super) api: Option<Backend>,
    pub(super) commands_per_second: Option<u32>,
}

impl Service {
    /// Reads the parameters of a service.
    pub fn parse(service: &str, text: &[u8]) -> Result<Service, Error> {
        if service != "rpc" {
            return Err(super::unknown_service(service));
        }
        params::read(&PARAMS, text, |given| {
            let transport = given.member("transport").as_str().unwrap_or("both");
            let port = given.member("port").as_whole().and_then(|port| u16::try_from(port).ok());
            let place = match params::text(given, "folder") {
                None => Place::Private,
                Some(folder) if folder == "/tmp" => Place::Shared,
                Some(folder) => Place::Folder(folder.into()),
            };
            if transport == "websocket" && given.member("folder").exists() {
                return Err(Error::argument("rpc: folder goes with a local socket, and transport is \"websocket\""));
            }
            if transport == "ipc" && given.member("api").exists() {
                return Err(Error::argument("rpc: api goes with HTTP, and transport is \"ipc\""));
            }
            if transport == "ipc" && port.is_some() {
                return Err(Error::argument("rpc: port goes with a WebSocket, and transport is \"ipc\""));
            }
            Ok(Service {
                ipc: (transport != "websocket").then_some(place),
                websocket: (transport != "ipc").then_some(port),
                consent: match given.member("consent").as_str() {
                    Some("deny") => Consent::Deny,
                    Some("ask") => Consent::Ask,
                    _ => Consent::Allow,
                },
                join_requests: match given.member("join_requests").as_str() {
                    Some("ask") => JoinRequests::Ask,
                    Some("allow") => JoinRequests::Allow,
                    Some("deny") => JoinRequests::Deny,
                    _ => JoinRequests::Peers,
                },
                consent_timeout: given
                    .member("consent_timeout")
                    .as_whole()
                    .map(|seconds| Duration::from_secs(seconds.unsigned_abs())),
                username: params::text(given, "username").unwrap_or_else(|| "Guest".to_owned()),
                api: given.member("api").as_str().map(Backend::parse).transpose()?,
                registered_only: given.member("registered_only").as_bool().unwrap_or(false),
                commands_per_second: given.member("commands_per_second").as_whole().map(|rate| rate as u32),
            })
        })
    }

    /// Where the host's commands are found, and their names judged.
    pub fn commands(&self) -> fn(&str) -> Result<Option<&'static Row>, Error> {
        host::check_name
    }

    /// The door's settings, with a fresh launch token.
    pub(super) fn door(&self) -> Result<Config, Error> {
        let mut config = Config {
            consent: self.consent,
            join_requests: self.join_requests,
            launch_token: Some(launch_token()?),
            ..Config::default()
        };
        if let Some(timeout) = self.consent_timeout {
            config.limits.consent = timeout;
        }
        if let Some(rate) = self.commands_per_second {
            config.limits.commands_per_second = rate;
            config.limits.commands_burst = rate.saturating_mul(2);
        }
        Ok(config)
    }

    pub(super) fn world(&self) -> world::Config {
        world::Config {
            unix_ms_at_zero: clock::unix_ms_at_zero(),
            local_user: NewUser::named(&self.username),
            guest: true,
            registered_only: self.registered_only,
        }
    }
}

/// 128 bits in hexadecimal: what a program of the host's own shows in place of an Origin.
fn launch_token() -> Result<Secret, Error> {
    let mut bytes = [0; 16];
    fill_random(&mut bytes)?;
    Ok(Secret::new(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_that_do_not_fit_are_named() {
        for (params, names) in [
            (r#"{"prt":1}"#, "unknown parameter \"prt\""),
            (r#"{"port":-1}"#, "port"),
            (r#"{"transport":"ipc","port":1}"#, "port goes with"),
            (r#"{"transport":"websocket","folder":"/x"}"#, "folder goes with"),
            (r#"{"consent":"maybe"}"#, "consent"),
            (r#"{"consent_timeout":0}"#, "consent_timeout"),
            (r#"{"join_requests":"maybe"}"#, "join_requests"),
            (r#"{"username":"x"}"#, "username"),
            (r#"{"api":"https://discord.com"}"#, "api"),
            (r#"{"transport":"ipc","api":"http://127.0.0.1:1"}"#, "api goes with"),
        ] {
            let error = Service::parse("rpc", params.as_bytes()).unwrap_err();
            assert!(error.message.contains(names), "{params}: {}", error.message);
        }
        assert!(Service::parse("sandbox", b"").unwrap_err().message.contains("\"rpc\" expected"));
        assert!(Service::parse("rpc", b"").is_ok());
    }
}

//! What to serve: the parameters of `gb_serve`.

use std::path::PathBuf;
use std::time::Duration;

use gamebridge_proto::error::Error;
use gamebridge_proto::secret::Secret;
use gamebridge_proto::server::rpc::{Account, Config, Consent, JoinRequests};
use gamebridge_proto::server::{dmod, gateway, sandbox};
use gamebridge_proto::value::Value;
use gamebridge_proto::wire::catalog::{Arg, Row, Type};
use gamebridge_proto::wire::host;
use gamebridge_proto::world::{self, NewUser, Snowflake, UserId};

use super::account_file;
use super::backend::Backend;
use super::beginning::{self, First};
use crate::runtime::{clock, fill_random, seed};
use crate::session::params;
use crate::transport::ipc::Place;
use crate::transport::search::Target;

const CONSENT: Arg = Arg::optional(
    "consent",
    Type::Names(&["allow", "deny", "ask"]),
    "What AUTHORIZE meets: yes (the default), no, or a REQUEST event for each.",
);
const JOIN_REQUESTS: Arg = Arg::optional(
    "join_requests",
    Type::Names(&["peers", "ask", "allow", "deny"]),
    "What a player who asks to join meets: the game's peers, who are asked (the default), or they and a REQUEST event, of \
     which the first answer counts, or yes, or no.",
);
const CONSENT_TIMEOUT: Arg = Arg::optional(
    "consent_timeout",
    Type::int(1, 86_400),
    "Seconds that anybody asked (by AUTHORIZE, or about a player who wants to join) has for an answer; none is a no. \
     Default 60.",
);
const REGISTERED_ONLY: Arg = Arg::optional(
    "registered_only",
    Type::Bool,
    "Refuse applications that APPLICATION_REGISTER did not name. Default false: any client id is welcome.",
);
const COMMANDS_PER_SECOND: Arg = Arg::optional(
    "commands_per_second",
    Type::int(0, 10_000_000),
    "How many commands a peer may send in the long run before it is closed with 4002; 0 is no limit. Default 500.",
);
const TRANSPORTS: Type = Type::Names(&["both", "ipc", "websocket"]);
/// To listen on; 0 is one that the system chooses.
const PORT: Type = Type::int(0, 65535);
const FOLDER: Arg = Arg::optional(
    "folder",
    Type::text(1, 4096),
    "Where the local socket discord-ipc-N goes. Default: XDG_RUNTIME_DIR, or a new folder that only this user may enter. \
     \"/tmp\" has to be asked for, since every user of the machine sees it. Not on Windows, where pipes have no folder.",
);
const USERNAME: Arg = Arg::optional("username", Type::text(2, 32), "A new guest's name. Default Guest.");

/// Parameters of `gb_serve(gb, "rpc", ...)`.
pub const PARAMS: Row = Row::new("rpc", "Hosts GameBridge: Discord's local RPC inside this process.").args(&[
    Arg::optional("transport", TRANSPORTS, "What to listen on. Default both."),
    Arg::optional(
        "port",
        PORT,
        "The WebSocket's port on 127.0.0.1; 0 is one that the system chooses. Default: the first free one of 6463 to 6472.",
    ),
    FOLDER,
    CONSENT,
    JOIN_REQUESTS,
    CONSENT_TIMEOUT,
    Arg::optional(
        "account",
        Type::Names(&["guest", "desktop", "auto"]),
        "Whose Discord peers meet: a guest of this server's (the default), that of the Discord on this machine, or that one \
         while it is there and a guest otherwise (auto, which is what games want).",
    ),
    Arg::optional(
        "client_id",
        Type::Snowflake,
        "With desktop and auto, which need it: the application as which the Discord is watched, the game's own.",
    ),
    Arg::optional(
        "discord_ipc",
        Type::text(1, 4096),
        "With desktop and auto: the local socket or pipe of the Discord, in place of searching.",
    ),
    Arg::optional(
        "discord_port",
        Type::int(1, 65535),
        "With desktop and auto: the port of the Discord on 127.0.0.1, in place of searching.",
    ),
    USERNAME,
    Arg::optional(
        "account_file",
        Type::text(1, 4096),
        "Where the guest is kept, so that the next start is the same one: a small file, made when it is not there. With it \
         username counts for the first start only.",
    ),
    Arg::optional(
        "api",
        Type::text(1, 256),
        "Where requests for /api are passed with the caller's own Authorization, instead of being answered from the world: \
         http, a loopback literal and a port, as \"http://127.0.0.1:8080\".",
    ),
    REGISTERED_ONLY,
    COMMANDS_PER_SECOND,
    beginning::SNAPSHOT,
    beginning::SCENARIO,
    beginning::SCENARIO_SPEED,
]);

/// Parameters of `gb_serve(gb, "sandbox", ...)`.
pub const SANDBOX_PARAMS: Row = Row::new(
    "sandbox",
    "Hosts a Discord for tests: local RPC, a Gateway, the API for bots, and dmod, over one world.",
)
.args(&[
    Arg::optional(
        "gateway_port",
        PORT,
        "The port of Gateway and API on 127.0.0.1. Default 0: one that the system chooses.",
    ),
    Arg::optional(
        "dmod_port",
        PORT,
        "The port of the dmod gateway on 127.0.0.1. Default 0: one that the system chooses.",
    ),
    Arg::optional("port", PORT, "The port of local RPC on 127.0.0.1. Default 0: one that the system chooses."),
    Arg::optional(
        "transport",
        TRANSPORTS,
        "What local RPC listens on. Default websocket: a local socket is where games look for a Discord.",
    ),
    Arg::optional(
        "strict",
        Type::Bool,
        "Whether the Gateway holds clients to Discord's limits: payloads in a minute, sessions begun, all members of a \
                 guild. Default true; GATEWAY_LIMITS changes each.",
    ),
    FOLDER,
    CONSENT,
    JOIN_REQUESTS,
    CONSENT_TIMEOUT,
    USERNAME,
    REGISTERED_ONLY,
    COMMANDS_PER_SECOND,
    beginning::SNAPSHOT,
    beginning::SCENARIO,
    beginning::SCENARIO_SPEED,
]);

/// What a sandbox has besides local RPC. A port that is 0 is one that the system chooses.
#[derive(Clone, Copy, Debug)]
pub(super) struct FurtherDoors {
    /// Gateway and API.
    pub(super) gateway: u16,
    /// The dmod gateway.
    pub(super) dmod: u16,
    /// Whether Discord's limits hold at the Gateway.
    pub(super) strict: bool,
}

impl FurtherDoors {
    /// The doors' settings, once the Gateway's address is known.
    pub(super) fn config(&self, gateway: String) -> sandbox::Config {
        let limits = if self.strict { gateway::Limits::default() } else { gateway::Limits::lenient() };
        sandbox::Config { gateway: gateway::Config { url: gateway.into(), limits }, dmod: dmod::Limits::default() }
    }
}

/// A server to be.
#[derive(Debug)]
pub struct Service {
    pub(super) ipc: Option<Place>,
    pub(super) websocket: Option<Option<u16>>,
    /// The further doors, when it is a sandbox.
    pub(super) sandbox: Option<FurtherDoors>,
    pub(super) consent: Consent,
    pub(super) join_requests: JoinRequests,
    pub(super) consent_timeout: Option<Duration>,
    pub(super) username: String,
    pub(super) registered_only: bool,
    pub(super) api: Option<Backend>,
    pub(super) commands_per_second: Option<u32>,
    pub(super) account: Account,
    pub(super) account_file: Option<PathBuf>,
    pub(super) discord: Target,
    /// What it gives itself before anybody else can.
    pub(super) beginning: Vec<First>,
}

impl Service {
    /// Reads the parameters of a service.
    pub fn parse(service: &str, text: &[u8]) -> Result<Service, Error> {
        let (row, sandbox) = match service {
            "rpc" => (&PARAMS, false),
            "sandbox" if cfg!(feature = "gateway") => (&SANDBOX_PARAMS, true),
            _ => return Err(super::unknown_service(service)),
        };
        let refuse = |sentence: &str| Err(Error::argument(format!("{service}: {sentence}")));
        params::read(row, text, |given| {
            let transport = given.member("transport").as_str().unwrap_or(if sandbox { "websocket" } else { "both" });
            let port_of = |name| given.member(name).as_whole().and_then(|port| u16::try_from(port).ok());
            let port = port_of("port");
            let place = match params::text(given, "folder") {
                None => Place::Private,
                Some(folder) if folder == "/tmp" => Place::Shared,
                Some(folder) => Place::Folder(folder.into()),
            };
            if transport == "websocket" && given.member("folder").exists() {
                return refuse("folder goes with a local socket, and transport is \"websocket\"");
            }
            if transport == "ipc" && given.member("api").exists() {
                return refuse("api goes with HTTP, and transport is \"ipc\"");
            }
            if transport == "ipc" && port.is_some() {
                return refuse("port goes with a WebSocket, and transport is \"ipc\"");
            }
            let account = account(given)?;
            let account_file = params::text(given, "account_file").map(PathBuf::from);
            if account_file.is_some() && matches!(account, Account::Desktop { .. }) {
                let sentence = "rpc: account_file: a guest is kept there, and the account \"desktop\" has none";
                return Err(Error::argument(sentence));
            }
            Ok(Service {
                account,
                account_file,
                discord: discord(given)?,
                ipc: (transport != "websocket").then_some(place),
                websocket: (transport != "ipc").then_some(if sandbox { port.or(Some(0)) } else { port }),
                sandbox: sandbox.then(|| FurtherDoors {
                    gateway: port_of("gateway_port").unwrap_or(0),
                    dmod: port_of("dmod_port").unwrap_or(0),
                    strict: given.member("strict").as_bool().unwrap_or(true),
                }),
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
                beginning: beginning::read(service, given, text)?,
            })
        })
    }

    /// Where the host's commands are found, and their names judged.
    pub fn commands(&self) -> fn(&str) -> Result<Option<&'static Row>, Error> {
        if self.sandbox.is_some() { host::check_sandbox_name } else { host::check_name }
    }

    /// The door's settings, with a fresh launch token.
    pub(super) fn door(&self) -> Result<Config, Error> {
        let mut config = Config {
            consent: self.consent,
            join_requests: self.join_requests,
            launch_token: Some(Secret::new(random_text()?)),
            account: self.account,
            instance: random_text()?.into(),
            seed: seed()?,
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

    /// The world that the server begins with; its guest is the one of the file, when there is one.
    ///
    /// # Errors
    /// The file is there and holds no guest.
    pub(super) fn world(&self) -> Result<world::Config, Error> {
        let kept = self.account_file.as_deref().map(account_file::read).transpose()?.flatten();
        let (local_id, local_user) = match kept {
            Some((id, guest)) => (Some(id), guest),
            None => (Some(guest_id()?), NewUser::named(&self.username)),
        };
        let registered_only = self.registered_only;
        Ok(world::Config {
            unix_ms_at_zero: clock::unix_ms_at_zero(),
            local_user,
            local_id,
            guest: true,
            registered_only,
        })
    }
}

/// A new guest's id, of the present time like every other, and with random low bits: no two guests of this machine are one
/// player, however close to each other their servers started.
fn guest_id() -> Result<UserId, Error> {
    let mut low = [0; 4];
    fill_random(&mut low)?;
    let unix_ms = clock::unix_ms_at_zero() + clock::now().as_nanos() / 1_000_000;
    let [worker, process, high, low] = low;
    Ok(UserId::from(Snowflake::new(unix_ms, worker, process, u16::from_le_bytes([low, high])).0))
}

fn account(given: Value<'_>) -> Result<Account, Error> {
    let kind = given.member("account").as_str().unwrap_or("guest");
    if kind == "guest" {
        let foreign = ["client_id", "discord_ipc", "discord_port"].into_iter().find(|name| given.member(name).exists());
        return match foreign {
            Some(name) => Err(Error::argument(format!("rpc: {name} goes with the account \"desktop\" or \"auto\""))),
            None => Ok(Account::Guest),
        };
    }
    let client_id = given.member("client_id").as_id().filter(|id| *id != 0).ok_or_else(|| {
        Error::argument(format!("rpc: client_id: the game's application id expected with the account \"{kind}\""))
    })?;
    let client_id = client_id.into();
    Ok(if kind == "auto" { Account::Auto { client_id } } else { Account::Desktop { client_id } })
}

fn discord(given: Value<'_>) -> Result<Target, Error> {
    let port = given.member("discord_port").as_whole().and_then(|port| u16::try_from(port).ok());
    match (params::text(given, "discord_ipc"), port) {
        (Some(_), Some(_)) => Err(Error::argument("rpc: discord_ipc and discord_port exclude each other")),
        (Some(path), None) => Ok(Target::Ipc(Some(path.into()))),
        (None, Some(port)) => Ok(Target::WebSocket { port: Some(port) }),
        (None, None) => Ok(Target::Auto),
    }
}

/// 128 random bits in hexadecimal: a launch token, which a program of the host's own shows in place of an Origin, and the
/// id that this server has among all GameBridges.
fn random_text() -> Result<String, Error> {
    let mut bytes = [0; 16];
    fill_random(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn guests_that_come_at_once_are_different_players() {
        let guests: BTreeSet<_> = (0..64).map(|_| guest_id().expect("random bytes")).collect();
        assert_eq!(guests.len(), 64);
    }

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
            (r#"{"account":"mine"}"#, "account"),
            (r#"{"account":"auto"}"#, "client_id: the game's application id"),
            (r#"{"account":"desktop","client_id":"0"}"#, "client_id: the game's application id"),
            (r#"{"client_id":"1"}"#, "client_id goes with"),
            (r#"{"discord_port":6463}"#, "discord_port goes with"),
            (r#"{"account":"auto","client_id":"1","discord_ipc":"/x","discord_port":1}"#, "exclude each other"),
            (r#"{"account":"desktop","client_id":"1","account_file":"/x"}"#, "account_file: a guest is kept there"),
            (r#"{"snapshot":5}"#, "snapshot"),
            (r#"{"snapshot":"/nowhere/at/all"}"#, "rpc: snapshot: cannot read /nowhere/at/all"),
            (r#"{"snapshot":{"snapshot":1}}"#, "rpc: snapshot: last_id"),
            (r#"{"scenario":{"scenario":1,"users":{"x":{}}}}"#, "rpc: scenario: users.x.username"),
            (r#"{"scenario":"/nowhere/at/all"}"#, "rpc: scenario: cannot read"),
            (r#"{"scenario":{"scenario":1},"scenario_speed":0}"#, "scenario_speed"),
            (r#"{"scenario_speed":2}"#, "scenario_speed goes with a scenario"),
            (r#"{"api":"https://discord.com"}"#, "api"),
            (r#"{"transport":"ipc","api":"http://127.0.0.1:1"}"#, "api goes with"),
        ] {
            let error = Service::parse("rpc", params.as_bytes()).unwrap_err();
            assert!(error.message.contains(names), "{params}: {}", error.message);
        }
        assert!(Service::parse("village", b"").unwrap_err().message.contains("\"rpc\" or \"sandbox\" expected"));
        assert!(Service::parse("sandbox", b"").is_ok());
        for (params, names) in [
            (r#"{"api":"http://127.0.0.1:1"}"#, "sandbox: unknown parameter \"api\""),
            (r#"{"folder":"/x"}"#, "sandbox: folder goes with"),
            (r#"{"scenario_speed":2}"#, "sandbox: scenario_speed goes with a scenario"),
        ] {
            let error = Service::parse("sandbox", params.as_bytes()).unwrap_err();
            assert!(error.message.contains(names), "{params}: {}", error.message);
        }
        assert!(Service::parse("rpc", b"").is_ok());
    }
}

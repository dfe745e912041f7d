//! The Gateway's client machine, joined to the driver.

use std::future::Future;
use std::path::PathBuf;

use gamebridge_proto::command::Command;
use gamebridge_proto::error::{Error, Status};
use gamebridge_proto::event::{Event, EventType};
use gamebridge_proto::protocol::gateway::{self, Client, Config, MAX_SHARDS, Shards, Sink};
use gamebridge_proto::record::{Setup, Tapped, client::Input};
use gamebridge_proto::secret::Secret;
use gamebridge_proto::time::Instant;
use gamebridge_proto::value::Value;
use gamebridge_proto::wire::catalog::{Arg, Row, Shape, Type};
use gamebridge_proto::wire::gateway::{Compression, Dialect, Intents, VERSION};
use gamebridge_proto::wire::ipc::Opcode;

use super::discovery::{Question, Refusal};
use super::driver::{Effects, Opened, Protocol};
use super::{backlog, budget_file, encoding, params};
use crate::record::Tape;
use crate::runtime::{clock, seed};
use crate::transport::tls::Trust;
use crate::transport::websocket::{self, Options};
use crate::transport::{Encoding, Limits};

const ANY_OBJECT: Type = Type::Object(&Shape { name: "", fields: &[] });
const SHARD_NUMBER: Type = Type::int(0, MAX_NUMBER);
const MAX_NUMBER: i64 = u32::MAX as i64;

/// Parameters of `gb_connect(gb, "gateway", ...)`.
pub const PARAMS: Row = Row::new("gateway", "Receives the real-time events of a bot or a user.").args(&[
    Arg::required("token", Type::text(1, 2048), "The token, without \"Bot \"."),
    Arg::optional(
        "intents",
        Type::int(0, i64::MAX),
        "Which events are sent: the sum of the intents' bits. Required from version 8 on.",
    ),
    Arg::optional(
        "version",
        Type::int(3, 10),
        "The Gateway's version: 3, 6, 7, 8, 9 or 10 (the default). 4 and 5 are spoken as 6, without promises.",
    ),
    Arg::optional(
        "url",
        Type::text(1, 2048),
        "The Gateway's address: wss://, or ws:// to this machine. Without it the API is asked where it is.",
    ),
    Arg::optional(
        "api",
        Type::text(1, 2048),
        "The API that is asked: https://, or http:// to this machine. Default Discord's, of the connection's version.",
    ),
    Arg::optional(
        "account",
        Type::Names(&["bot", "user"]),
        "Whose the token is. The API says nothing of shards and sessions to a user's, and is not shown it. Default bot.",
    ),
    Arg::optional("encoding", Type::Names(&["json", "etf"]), "How messages are written. Default json."),
    Arg::optional(
        "compress",
        Type::Names(&["none", "payload", "zlib-stream", "zstd-stream"]),
        "What the Gateway's messages are wrapped in. Default zstd-stream from version 8 on, zlib-stream for 6 and 7.",
    ),
    Arg::optional(
        "shards",
        Type::Either(
            &Type::Names(&["auto"]),
            &Type::Either(
                &Type::int(1, MAX_SHARDS as i64),
                &Type::Array { of: &SHARD_NUMBER, min: 1, max: MAX_SHARDS as usize },
            ),
        ),
        "How many shards this connection has: \"auto\" for as many as Discord recommends, a number for all of so many, or the \
         numbers of some of shard_count.",
    ),
    Arg::optional("shard_count", Type::int(1, MAX_NUMBER), "With a list in shards: how many there are in all."),
    Arg::optional(
        "shard",
        Type::Array { of: &SHARD_NUMBER, min: 2, max: 2 },
        "[number, count]: one shard, in place of shards.",
    ),
    Arg::optional("presence", ANY_OBJECT, "Status and activities from the start."),
    Arg::optional("large_threshold", Type::int(50, 250), "From how many members on offline members are left out."),
    Arg::optional("identify", ANY_OBJECT, "Further members of IDENTIFY, as capabilities, passed on as they are."),
    Arg::optional("session", ANY_OBJECT, "What GET_SESSION or SUSPEND gave to an earlier connection: it is resumed."),
    Arg::optional(
        "identify_budget",
        Type::text(1, 4096),
        "A file in which the sessions that began are counted over restarts, one for each bot. Discord resets the token of a bot \
         that begins more than 1000 a day.",
    ),
    Arg::optional(
        "allowed_hosts",
        Type::list(&Type::text(1, 253)),
        "Hosts that the Gateway may send us to, beside its own and Discord's.",
    ),
    Arg::optional("tls_root", Type::text(1, 4096), "A PEM file with a certificate to trust, beside the roots of browsers."),
    Arg::optional(
        "user_commands",
        Type::Names(&["sandbox", "at_my_own_risk"]),
        "Where commands of user accounts are sent: to a Gateway on this machine only (sandbox, the default), or to any. Discord \
         forbids automating user accounts, and ends those that it finds.",
    ),
    Arg::optional(
        "overflow",
        Type::Names(&["pause", "drop"]),
        "What happens when nobody polls: pause reading, so that nothing is lost (the default), or drop the oldest events, \
         which a DROPPED event tells.",
    ),
    Arg::optional(
        "cache_bytes",
        Type::int(0, 1 << 31),
        "Keeps what was seen (guilds, channels, roles, members, voice states, presences) for the commands CACHED_..., in so many \
         bytes at most. Default 0: nothing is kept.",
    ),
    params::RETRY,
]);

/// Where to connect, and the machine that will.
#[derive(Debug)]
pub struct Upstream {
    machine: Client,
    pauses: bool,
    question: Question,
    trust: Trust,
    budget: Option<PathBuf>,
}

impl Upstream {
    pub(super) fn parse(text: &[u8]) -> Result<Self, Error> {
        let named = |mut error: Error| {
            if !error.message.starts_with("gateway") {
                error.message = format!("gateway: {}", error.message).into();
            }
            error
        };
        params::read(&PARAMS, text, |given| {
            let json = |name: &str| -> Box<[u8]> { given.member(name).raw(text).into() };
            let token = Secret::new(params::text(given, "token").unwrap_or_default());
            let version = given.member("version").as_whole().map_or(VERSION, |version| version as u32);
            let dialect = Dialect::of_version(version)
                .ok_or_else(|| Error::argument(format!("gateway: version: 3 to 10 expected, {version} given")))?;
            let encoding = match given.member("encoding").as_str() {
                Some("etf") => Encoding::Etf,
                _ => Encoding::Json,
            };
            let compression = match given.member("compress").as_str().and_then(Compression::named) {
                Some(Compression::Payload) if encoding == Encoding::Etf => {
                    return Err(Error::argument("gateway: compress: payload goes with the encoding json"));
                }
                Some(given) => given,
                None => dialect.default_compression(),
            };
            let budget = params::text(given, "identify_budget").map(PathBuf::from);
            let trust = match params::text(given, "tls_root") {
                None => Trust::browsers(),
                Some(path) => {
                    let pem = std::fs::read(path)
                        .map_err(|error| Error::new(Status::Io, format!("gateway: tls_root: not read: {error}")))?;
                    Trust::also(&pem).map_err(named)?
                }
            };
            let api = params::text(given, "api").unwrap_or_else(|| api_of(dialect));
            let bot = given.member("account").as_str() != Some("user");
            let question = Question::new(&api, bot.then(|| token.clone()))?;
            let whole = |name: &str| given.member(name).as_whole();
            let config = Config {
                url: params::text(given, "url"),
                dialect,
                encoding,
                compression,
                intents: whole("intents").map(|intents| Intents(intents as u64)),
                shards: shards(given).map_err(named)?,
                presence: given.member("presence").exists().then(|| json("presence")),
                large_threshold: whole("large_threshold").map(|members| members as u8),
                extras: json("identify"),
                sessions: match given.member("session").is_none() {
                    true => Vec::new(),
                    false => gateway::read_sessions(&json("session"), dialect.version()).map_err(named)?,
                },
                allowed_hosts: {
                    let hosts = given.member("allowed_hosts");
                    let named = hosts.iter().filter_map(|host| host.as_str().map(str::to_owned));
                    // An API on this machine may name a Gateway on this machine: a sandbox.
                    let here = question.is_here() && given.member("url").is_none();
                    let ours = here.then_some(["localhost", "127.0.0.1", "::1"]).into_iter().flatten();
                    named.chain(ours.map(str::to_owned)).collect()
                },
                cache: whole("cache_bytes").map(|bytes| bytes as usize).filter(|bytes| *bytes > 0),
                user_commands: given.member("user_commands").as_str() == Some("at_my_own_risk"),
                budget: budget.as_deref().map(budget_file::read).transpose().map_err(named)?.unwrap_or_default(),
                unix_ms_at_zero: clock::unix_ms_at_zero(),
                retry: given.member("retry").as_bool().unwrap_or(true),
                ..Config::new(token, Intents::NONE, seed()?)
            };
            let pauses = given.member("overflow").as_str() != Some("drop");
            let machine = Client::new(config).map_err(named)?;
            Ok(Upstream { machine, pauses, question, trust, budget })
        })
    }

    /// What it speaks.
    pub(super) fn dialect(&self) -> Dialect {
        self.machine.config().dialect
    }
}

fn api_of(dialect: Dialect) -> String {
    match dialect {
        // From before the API had versions in its path.
        Dialect::V3 => "https://discord.com/api".to_owned(),
        later => format!("https://discord.com/api/v{}", later.version()),
    }
}

fn shards(given: Value<'_>) -> Result<Shards, Error> {
    let (shards, pair) = (given.member("shards"), given.member("shard"));
    if !shards.is_none() && !pair.is_none() {
        return Err(Error::argument("shards and shard exclude each other"));
    }
    match Shards::read(shards, given.member("shard_count"))? {
        Shards::Single if !pair.is_none() => {
            let number = |at| pair.at(at).as_whole().and_then(|number| u32::try_from(number).ok()).unwrap_or(0);
            Ok(Shards::Some([number(0)].into(), number(1)))
        }
        shards => Ok(shards),
    }
}

impl Upstream {
    /// What the queue of the program's events is like; the machine knows nothing of that.
    fn tell_queue(&self, command: &Command, out: &mut Effects<'_, Wanted>) {
        if command.tag == 0 {
            return;
        }
        let data = backlog::queue(&out.depth(), self.pauses);
        let mut reply = Event::new(EventType::Reply, &command.name);
        (reply.tag, reply.payload) = (command.tag, &data);
        Effects::event(out, &reply);
    }
}

/// What a line is opened for. The API is asked over a line that has no shard yet.
#[derive(Clone, Debug)]
pub(super) enum Wanted {
    Discovery,
    Shard(String),
}

/// The line that is used to ask the API: before any shard begins, and while they run.
const ASKING: u32 = 0;
/// The first of the lines that are shards'.
const SHARDS: u32 = ASKING + 1;

impl Sink for Effects<'_, Wanted> {
    fn discover(&mut self) {
        Effects::open(self, ASKING, Wanted::Discovery);
    }
    fn open(&mut self, line: u32, url: &str) {
        Effects::open(self, SHARDS + line, Wanted::Shard(url.to_owned()));
    }
    fn send(&mut self, line: u32, text: &[u8]) {
        Effects::send(self, SHARDS + line, Opcode::Frame, text);
    }
    fn close(&mut self, line: u32, code: u16, reason: &str) {
        Effects::close(self, SHARDS + line, code, reason);
    }
    fn keep(&mut self, budget: &[u8]) {
        Effects::keep(self, budget);
    }
    fn event(&mut self, event: Event<'_>) {
        if event.kind == EventType::Reply && event.name == "GET_SHARDS" && event.status == Status::Ok {
            let data = backlog::shards(event.payload, |shard| self.waiting_of(shard));
            return Effects::event(self, &Event { payload: &data, ..event });
        }
        Effects::event(self, &event);
    }
}

impl Protocol for Upstream {
    type Wanted = Wanted;
    /// What the API said, when it was asked.
    type Detail = Option<Result<Vec<u8>, Refusal>>;
    const FIRST_LINE: u32 = SHARDS;

    fn open(&self, wanted: Wanted) -> impl Future<Output = Result<Opened<Self::Detail>, Error>> + 'static {
        let (question, trust) = (self.question.clone(), self.trust.clone());
        let config = self.machine.config();
        let (encoding, compression) = (config.encoding, config.compression);
        async move {
            match wanted {
                Wanted::Discovery => Ok(Opened { transport: None, detail: Some(question.ask(&trust).await) }),
                Wanted::Shard(url) => {
                    let trust = Some(trust);
                    let options = Options {
                        limits: Limits::GATEWAY,
                        encoding,
                        compression,
                        trust,
                        timeout: gateway::OPEN_TIMEOUT,
                        ..Options::default()
                    };
                    Ok(Opened { transport: Some(websocket::connect(&url, &options).await?), detail: None })
                }
            }
        }
    }

    fn pauses(&self) -> bool {
        self.pauses
    }

    fn keep(&mut self, record: &[u8]) -> Result<(), Error> {
        self.budget.as_deref().map_or(Ok(()), |path| budget_file::write(path, record))
    }

    fn setup(&self) -> Setup<'_> {
        Setup::Gateway(self.machine.config())
    }

    fn opened<'d>(&mut self, line: u32, answer: &'d Self::Detail) -> Input<'d> {
        match answer {
            None => Input::Opened(line, None),
            Some(Ok(body)) => Input::Discovered(body),
            Some(Err(refusal)) => Input::DiscoveryFailed(&refusal.error, refusal.retry_after_ms),
        }
    }

    fn answers(&self, command: &Command, out: &mut Effects<'_, Wanted>) -> bool {
        if let Err(error) = encoding::check(self.machine.config().encoding, command) {
            encoding::refuse("gateway", command, &error, out);
        } else if &*command.name == "GET_QUEUE" {
            self.tell_queue(command, out);
        } else {
            return false;
        }
        true
    }

    fn feed(
        &mut self,
        now: Instant,
        input: Input<'_>,
        tape: Option<&mut Tape>,
        out: &mut Effects<'_, Wanted>,
    ) -> Result<(), Error> {
        if matches!(input, Input::Start) {
            out.tell_peers_apart();
        }
        input.feed_gateway(now, &mut self.machine, &mut Tapped::new(out, tape))
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
    use super::*;

    #[test]
    fn what_cannot_be_counted_or_resumed_is_refused_before_connecting() {
        let saved = r#"{"version":10,"sessions":[{"shard":[0,2],"session_id":"x","seq":1}]}"#;
        for (params, status, sentence) in [
            (
                r#""identify_budget":"/no/such/folder/budget.json""#.to_owned(),
                Status::Io,
                "gateway: identify_budget: cannot write /no/such/folder/budget.json: ",
            ),
            (
                format!(r#""shards":3,"session":{saved}"#),
                Status::Argument,
                "gateway: session.sessions[0].shard: [0, 2] given; a count of 3 expected",
            ),
        ] {
            let text = format!(r#"{{"token":"t","intents":1,{params}}}"#);
            let error = Upstream::parse(text.as_bytes()).expect_err(sentence);
            assert!(error.status == status && error.message.starts_with(sentence), "{error}");
        }
    }
}

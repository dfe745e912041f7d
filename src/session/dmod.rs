//! dmod's client machine, joined to the driver.

use std::future::Future;
use std::time::Duration;

use gamebridge_proto::error::Error;
use gamebridge_proto::event::Event;
use gamebridge_proto::protocol::dmod::{Client, Config, OPEN_TIMEOUT, Sink};
use gamebridge_proto::record::{Setup, Tapped, client::Input};
use gamebridge_proto::secret::Secret;
use gamebridge_proto::time::Instant;
use gamebridge_proto::wire::catalog::{Arg, Row, Type};
use gamebridge_proto::wire::dmod;
use gamebridge_proto::wire::ipc::Opcode;

use super::driver::{Effects, Opened, Protocol};
use super::params;
use crate::record::Tape;
use crate::runtime::seed;
use crate::transport::Limits;
use crate::transport::websocket::{self, Options};

/// Parameters of `gb_connect(gb, "dmod", ...)`.
pub const PARAMS: Row =
    Row::new("dmod", "Connects to a dmod gateway, with which moderators look after a guild.").args(&[
        Arg::required("url", Type::text(1, 2048), "The gateway's address: wss://, or ws:// to this machine."),
        Arg::optional(
            "token",
            Type::Nullable(&Type::text(1, 2048)),
            "The user's token hash. Without it, or with null: what everybody may see.",
        ),
        Arg::optional("uid", Type::Nullable(&Type::Snowflake), "The user who is logged in, if any."),
        Arg::optional(
            "session_opcode",
            Type::Numbers(&[(6, "command"), (7, "reply")]),
            "What commands of the session family are sent with. Default 7, as the document draws them.",
        ),
        Arg::optional(
            "upkeep",
            Type::Bool,
            "Whether the library answers a session's heartbeats and its wish for credentials by itself. Default true.",
        ),
        Arg::optional(
            "silence_ms",
            Type::int(0, 86_400_000),
            "How long nothing at all may come before the connection is made anew; 0 is for ever. Default 180000.",
        ),
        params::RETRY,
    ]);

/// The longest message that is taken, in bytes: a guild's emojis are in one.
const MESSAGE: usize = 1 << 20;

/// Where to connect, and the machine that will.
#[derive(Debug)]
pub struct Upstream {
    machine: Client,
}

impl Upstream {
    pub(super) fn parse(text: &[u8]) -> Result<Self, Error> {
        params::read(&PARAMS, text, |given| {
            let token = params::text(given, "token").map(Secret::new);
            let mut config = Config::new(params::text(given, "url").unwrap_or_default(), token, seed()?);
            config.uid = given.member("uid").as_id().map(|uid| uid.to_string());
            if given.member("session_opcode").as_whole() == Some(6) {
                config.session_opcode = dmod::Opcode::Command;
            }
            config.upkeep = given.member("upkeep").as_bool().unwrap_or(config.upkeep);
            if let Some(ms) = given.member("silence_ms").as_whole() {
                config.silence = Duration::from_millis(ms.unsigned_abs());
            }
            config.retry = given.member("retry").as_bool().unwrap_or(config.retry);
            let named = |mut error: Error| {
                error.message = format!("dmod: {}", error.message).into();
                error
            };
            Ok(Upstream { machine: Client::new(config).map_err(named)? })
        })
    }
}

/// The driver's effects as this machine's sink: both Gateways want addresses.
struct Out<'o, 'e>(&'o mut Effects<'e, String>);

impl Sink for Out<'_, '_> {
    fn open(&mut self, url: &str) {
        self.0.open(0, url.to_owned());
    }
    fn send(&mut self, text: &[u8]) {
        self.0.send(0, Opcode::Frame, text);
    }
    fn close(&mut self, code: u16, reason: &str) {
        self.0.close(0, code, reason);
    }
    fn event(&mut self, event: Event<'_>) {
        self.0.event(&event);
    }
}

impl Protocol for Upstream {
    /// The URL.
    type Wanted = String;
    type Detail = ();

    #[expect(clippy::manual_async_fn, reason = "an async fn would borrow the machine for as long as it connects")]
    fn open(&self, url: String) -> impl Future<Output = Result<Opened<()>, Error>> + 'static {
        async move {
            let limits = Limits { message: MESSAGE, ..Limits::PEER };
            let options = Options { limits, timeout: OPEN_TIMEOUT, ..Options::default() };
            Ok(Opened { transport: Some(websocket::connect(&url, &options).await?), detail: () })
        }
    }

    fn setup(&self) -> Setup<'_> {
        Setup::Dmod(self.machine.config())
    }

    fn opened<'d>(&mut self, line: u32, (): &'d ()) -> Input<'d> {
        Input::Opened(line, None)
    }

    fn feed(
        &mut self,
        now: Instant,
        input: Input<'_>,
        tape: Option<&mut Tape>,
        out: &mut Effects<'_, String>,
    ) -> Result<(), Error> {
        input.feed_dmod(now, &mut self.machine, &mut Tapped::new(&mut Out(out), tape))
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
            ("{}", "url"),
            (r#"{"url":"ws://example.com/"}"#, "dmod: url: ws:// would show"),
            (r#"{"url":"wss://x","token":""}"#, "token"),
            (r#"{"url":"wss://x","token":5}"#, "token"),
            (r#"{"url":"wss://x","uid":"x"}"#, "uid"),
            (r#"{"url":"wss://x","session_opcode":5}"#, "session_opcode"),
            (r#"{"url":"wss://x","upkeep":1}"#, "upkeep"),
            (r#"{"url":"wss://x","silence_ms":-1}"#, "silence_ms"),
            (r#"{"url":"wss://x","gid":"1"}"#, "unknown parameter \"gid\""),
        ] {
            let error = Upstream::parse(params.as_bytes()).unwrap_err();
            assert_eq!(error.status, Status::Argument, "{params}");
            assert!(error.message.contains(names), "{params}: {}", error.message);
        }
        let given = br#"{"url":"wss://x","token":null,"uid":41,"session_opcode":6,"upkeep":false,"silence_ms":0}"#;
        let config = Upstream::parse(given).unwrap().machine.config().clone();
        assert_eq!((config.token, config.uid.as_deref(), config.upkeep), (None, Some("41"), false));
        assert_eq!((config.session_opcode, config.silence), (dmod::Opcode::Command, Duration::ZERO));
    }
}

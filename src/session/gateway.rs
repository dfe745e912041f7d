//! The Gateway's client machine, joined to the driver.

use std::future::Future;

use gamebridge_proto::command::Command;
use gamebridge_proto::error::Error;
use gamebridge_proto::event::Event;
use gamebridge_proto::protocol::Closed;
use gamebridge_proto::protocol::gateway::{Client, Config, Sink};
use gamebridge_proto::record::{Setup, Tapped, client::Input};
use gamebridge_proto::secret::Secret;
use gamebridge_proto::time::Instant;
use gamebridge_proto::value::Value;
use gamebridge_proto::wire::catalog::{Arg, Row, Shape, Type};
use gamebridge_proto::wire::gateway::Intents;
use gamebridge_proto::wire::ipc::{Frame, Opcode};

use super::driver::{Effects, Opened, Protocol};
use super::params;
use crate::runtime::seed;
use crate::transport::websocket::{self, Options};
use crate::transport::{Limits, Lost};

const ANY_OBJECT: Type = Type::Object(&Shape { name: "", fields: &[] });

/// Parameters of `gb_connect(gb, "gateway", ...)`.
pub const PARAMS: Row = Row::new("gateway", "Receives a bot's events, version 10, uncompressed JSON, one shard.").args(&[
    Arg::required("token", Type::text(1, 2048), "The bot's token, without \"Bot \"."),
    Arg::required("intents", Type::int(0, i64::MAX), "Which events are sent: the sum of the intents' bits."),
    Arg::required("url", Type::text(1, 2048), "The Gateway's address. This version speaks ws://, which is for this machine."),
    Arg::optional("shard", Type::Array { of: &Type::int(0, u32::MAX as i64), min: 2, max: 2 }, "[number, count]"),
    Arg::optional("presence", ANY_OBJECT, "Status and activities from the start."),
    Arg::optional("large_threshold", Type::int(50, 250), "From how many members on offline members are left out."),
    Arg::optional("identify", ANY_OBJECT, "Further members of IDENTIFY, passed on as they are."),
    Arg::optional(
        "overflow",
        Type::Names(&["pause", "drop"]),
        "What happens when nobody polls: pause reading, so that nothing is lost (the default), or drop the oldest events.",
    ),
    Arg::optional("retry", Type::Bool, "Whether to go on when nobody can be reached at the start. Default true."),
]);

/// Where to connect, and the machine that will.
#[derive(Debug)]
pub struct Upstream {
    machine: Client,
    pauses: bool,
}

impl Upstream {
    pub(super) fn parse(text: &[u8]) -> Result<Self, Error> {
        params::read(&PARAMS, text, |given| {
            let json = |name: &str| -> Box<[u8]> { given.member(name).raw(text).into() };
            let token = Secret::new(params::text(given, "token").unwrap_or_default());
            let intents = Intents(given.member("intents").as_whole().unwrap_or(0) as u64);
            let config = Config {
                url: params::text(given, "url").unwrap_or_default(),
                shard: shard(given.member("shard")),
                presence: given.member("presence").exists().then(|| json("presence")),
                large_threshold: given.member("large_threshold").as_whole().map(|members| members as u8),
                extras: json("identify"),
                retry: given.member("retry").as_bool().unwrap_or(true),
                ..Config::new(token, intents, seed()?)
            };
            let pauses = given.member("overflow").as_str() != Some("drop");
            let named = |mut error: Error| {
                error.message = format!("gateway: {}", error.message).into();
                error
            };
            Ok(Upstream { machine: Client::new(config).map_err(named)?, pauses })
        })
    }
}

fn shard(pair: Value<'_>) -> Option<(u32, u32)> {
    let number = |at| pair.at(at).as_whole().and_then(|number| u32::try_from(number).ok());
    Some((number(0)?, number(1)?))
}

impl Upstream {
    /// Calls the machine. What it is told and what it says goes on record, where there is one.
    fn try_tell(&mut self, now: Instant, input: Input<'_>, out: &mut Effects<'_, String>) -> Result<(), Error> {
        let mut tape = out.tape();
        if let Some(tape) = &mut tape {
            tape.client(now, &input);
        }
        let result = input.feed_gateway(now, &mut self.machine, &mut Tapped::new(out, tape.as_deref_mut()));
        if let Some(tape) = tape {
            out.settle(tape, &result, self.machine.next_timeout());
        }
        result
    }

    /// The same for what no machine refuses.
    fn tell(&mut self, now: Instant, input: Input<'_>, out: &mut Effects<'_, String>) {
        let told = self.try_tell(now, input, out);
        debug_assert_eq!(told, Ok(()), "only a frame is refused");
    }
}

impl Sink for Effects<'_, String> {
    fn open(&mut self, url: &str) {
        Effects::open(self, url.to_owned());
    }
    fn send(&mut self, text: &[u8]) {
        Effects::send(self, Opcode::Frame, text);
    }
    fn close(&mut self, code: u16, reason: &str) {
        Effects::close(self, code, reason);
    }
    fn event(&mut self, event: Event<'_>) {
        Effects::event(self, &event);
    }
}

impl Protocol for Upstream {
    /// The URL.
    type Wanted = String;
    type Detail = ();

    #[expect(clippy::manual_async_fn, reason = "an async fn would borrow the machine for as long as it connects")]
    fn open(&self, url: String) -> impl Future<Output = Result<Opened<()>, Error>> + 'static {
        async move {
            let options = Options { limits: Limits::GATEWAY, ..Options::default() };
            Ok(Opened { transport: websocket::connect(&url, &options).await?, detail: () })
        }
    }

    fn pauses(&self) -> bool {
        self.pauses
    }

    fn setup(&self) -> Setup<'_> {
        Setup::Gateway(self.machine.config())
    }

    fn start(&mut self, now: Instant, out: &mut Effects<'_, String>) {
        self.tell(now, Input::Start, out);
    }
    fn opened(&mut self, now: Instant, (): &(), out: &mut Effects<'_, String>) {
        self.tell(now, Input::Opened(None), out);
    }
    fn open_failed(&mut self, now: Instant, error: &Error, out: &mut Effects<'_, String>) {
        self.tell(now, Input::OpenFailed(error), out);
    }
    fn frame(&mut self, now: Instant, frame: Frame<'_>, out: &mut Effects<'_, String>) -> Result<(), Error> {
        self.try_tell(now, Input::Frame(frame), out)
    }
    fn closed(&mut self, now: Instant, lost: &Lost, unwritten: usize, out: &mut Effects<'_, String>) {
        let closed = Closed { code: lost.code, reason: &lost.error.message, unwritten };
        self.tell(now, Input::Closed(closed), out);
    }
    fn command(&mut self, now: Instant, command: Command, out: &mut Effects<'_, String>) {
        self.tell(now, Input::Command(command), out);
    }
    fn cancel(&mut self, now: Instant, tag: u64, out: &mut Effects<'_, String>) {
        self.tell(now, Input::Cancel(tag), out);
    }
    fn disconnect(&mut self, now: Instant, out: &mut Effects<'_, String>) {
        self.tell(now, Input::Disconnect, out);
    }
    fn timeout(&mut self, now: Instant, out: &mut Effects<'_, String>) {
        self.tell(now, Input::Timeout, out);
    }
    fn paused(&mut self, now: Instant, paused: bool, out: &mut Effects<'_, String>) {
        self.tell(now, Input::Paused(paused), out);
    }
    fn next_timeout(&self) -> Option<Instant> {
        self.machine.next_timeout()
    }
    fn is_finished(&self) -> bool {
        self.machine.is_finished()
    }
}

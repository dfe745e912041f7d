//! Scenarios on the door: loading one, and playing its steps in time ([`crate::scenario`]).

use super::deed::Deed;
use super::snapshot::{NoEntropy, no_files};
use super::{Cx, Door, Sink};
use crate::error::{Error, Status};
use crate::event::{Event, EventType};
use crate::scenario::{Call, Player, Scenario};
use crate::server::rpc::notify;
use crate::time::Instant;
use crate::value::{Document, Value};
use crate::wire::host;
use crate::wire::json::Object;
use crate::world::World;

/// Steps that are carried out at once when many are due; then others have their turn.
const MOST_AT_ONCE: usize = 64;

impl Door {
    /// Loads a scenario as SCENARIO_LOAD does, for who starts a server with one.
    ///
    /// # Errors
    /// As SCENARIO_LOAD. Nothing of it was done then.
    pub fn load(
        &mut self,
        now: Instant,
        scenario: Scenario,
        speed: f64,
        world: &mut World,
        out: &mut impl Sink,
    ) -> Result<(), Error> {
        self.begin_scenario(&mut Cx { now, world, out }, scenario, speed)
    }

    /// SCENARIO_LOAD.
    pub(super) fn load_scenario(
        &mut self,
        cx: &mut Cx<'_, impl Sink>,
        args: Value<'_>,
        source: &[u8],
        reply: &mut Vec<u8>,
    ) -> Result<(), Error> {
        no_files(args)?;
        let scenario = Scenario::read(args.member("scenario").raw(source))?;
        let speed = args.member("speed").as_f64().unwrap_or(1.0);
        self.begin_scenario(cx, scenario, speed)?;
        self.scenario.iter().for_each(|player| state(reply, player));
        Ok(())
    }

    /// SCENARIO_STOP.
    pub(super) fn stop_scenario(&mut self, cx: &mut Cx<'_, impl Sink>, reply: &mut Vec<u8>) -> Result<(), Error> {
        let player = self.scenario.as_ref().ok_or_else(|| Error::new(Status::State, "no scenario plays"))?;
        state(reply, player);
        self.end_scenario(cx);
        Ok(())
    }

    /// Plays no further.
    pub(super) fn end_scenario(&mut self, cx: &mut Cx<'_, impl Sink>) {
        if let Some(player) = self.scenario.take() {
            ended(cx, &player);
        }
    }

    /// The setup of a scenario, in place of one that plays. Its first steps come with the next timeout.
    fn begin_scenario(&mut self, cx: &mut Cx<'_, impl Sink>, scenario: Scenario, speed: f64) -> Result<(), Error> {
        let mut player = Player::new(scenario, speed, cx.now, cx.world.local_user().id.get());
        // On a copy first: what fails in the middle must leave nothing behind, and peers hear of nothing that was not.
        let mut copy = World::restore(cx.world.state(), cx.world.unix_ms(Instant::ZERO), NoEntropy)?;
        set_up(&mut player, |name, args, reply| rehearse(&mut copy, cx.now, name, args, reply))?;
        player.rewind();
        set_up(&mut player, |name, args, reply| self.carry_out(cx, name, args, reply))?;
        player.rewind();
        self.end_scenario(cx);
        self.scenario = Some(player);
        Ok(())
    }

    /// Carries out the steps that are due.
    pub(in crate::server::rpc) fn play(&mut self, cx: &mut Cx<'_, impl Sink>) {
        for _ in 0..MOST_AT_ONCE {
            let Some(mut player) = self.scenario.take() else { return };
            let Some(call) = player.due(cx.now) else {
                if player.is_over() {
                    ended(cx, &player);
                } else {
                    self.scenario = Some(player);
                }
                return;
            };
            let mut reply = Vec::new();
            let done = arguments(&call).and_then(|args| self.carry_out(cx, call.name, args, &mut reply));
            match &done {
                Ok(()) => player.done(id(&reply)),
                Err(_) => player.failed(),
            }
            step(cx, &call, &reply, done.err());
            self.scenario = Some(player);
        }
    }

    /// When [`Door::play`] has something to do.
    pub(in crate::server::rpc) fn next_step(&self) -> Option<Instant> {
        // One that is over has yet to be said to be.
        self.scenario.as_ref().map(|player| player.next_timeout().unwrap_or(Instant::ZERO))
    }
}

/// Has the setup carried out.
fn set_up(
    player: &mut Player,
    mut carry_out: impl FnMut(&str, &[u8], &mut Vec<u8>) -> Result<(), Error>,
) -> Result<(), Error> {
    while let Some(call) = player.setup() {
        let mut reply = Vec::new();
        let done = arguments(&call).and_then(|args| carry_out(call.name, args, &mut reply));
        done.map_err(|error| Error { message: format!("{}: {}", call.path, error.message).into(), ..error })?;
        player.done(id(&reply));
    }
    Ok(())
}

/// Carries a command out on a world that nobody sees.
fn rehearse(world: &mut World, now: Instant, name: &str, args: &[u8], reply: &mut Vec<u8>) -> Result<(), Error> {
    let mut doc = Document::new();
    doc.parse(args).map_err(|error| Error::argument(format!("not JSON: {error}")))?;
    host::check(name, doc.root())?;
    let deed = Deed::read(world, name, doc.root(), args);
    let deed = deed.ok_or_else(|| Error::argument(format!("{name} has no place in a scenario")))?;
    let (changes, done) = deed?.carry_out(world, now)?;
    done.answer(world, &changes, 0, reply)
}

fn arguments(call: &Call) -> Result<&[u8], Error> {
    call.args.as_deref().map_err(|missing| Error::argument(missing.clone()))
}

/// The id of what a command made.
fn id(reply: &[u8]) -> Option<u64> {
    let mut doc = Document::new();
    doc.parse(reply).ok()?;
    doc.root().member("id").as_id()
}

pub(super) fn state(out: &mut Vec<u8>, player: &Player) {
    let (steps, failed) = player.counts();
    Object::begin(out)
        .int("steps", steps.cast_signed())
        .int("failed", failed.cast_signed())
        .with("names", |out| {
            player.names().fold(Object::begin(out), |object, (name, id)| object.id(name, id)).end();
        })
        .end();
}

fn ended(cx: &mut Cx<'_, impl Sink>, player: &Player) {
    let mut payload = Vec::new();
    state(&mut payload, player);
    notify(cx.out, 0, "SCENARIO_ENDED", &payload);
}

fn step(cx: &mut Cx<'_, impl Sink>, call: &Call, reply: &[u8], error: Option<Error>) {
    let mut payload = Vec::new();
    Object::begin(&mut payload)
        .str("path", &call.path)
        .str("command", call.name)
        .raw("reply", if error.is_none() { reply } else { b"null" })
        .opt_str("error", error.as_ref().map(|error| &*error.message))
        .end();
    let mut event = Event::new(EventType::Dispatch, "SCENARIO_STEP");
    event.payload = &payload;
    if let Some(error) = &error {
        (event.status, event.message) = (error.status, &error.message);
    }
    cx.out.event(event);
}

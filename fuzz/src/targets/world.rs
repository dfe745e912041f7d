use gamebridge_proto::event::Event;
use gamebridge_proto::scenario::Scenario;
use gamebridge_proto::server::rpc::{Config, Door, Sink, snapshot};
use gamebridge_proto::time::Instant;
use gamebridge_proto::value::Document;
use gamebridge_proto::wire::ipc::Opcode;
use gamebridge_proto::world::{self, Entropy, World};

use crate::run::saw;

/// Looks at what the host is told.
#[derive(Default)]
struct Host {
    steps: usize,
    failed: usize,
}

impl Sink for Host {
    fn send(&mut self, _: u32, _: Opcode, _: &[u8]) {
        panic!("there are no peers");
    }

    fn close(&mut self, _: u32, _: u16, _: &str) {}

    fn event(&mut self, event: Event<'_>) {
        let json = event.payload.is_empty() || Document::new().parse(event.payload).is_ok();
        assert!(json, "{}: {}", event.name, event.payload.escape_ascii());
        if event.name == "SCENARIO_STEP" {
            self.steps += 1;
            self.failed += usize::from(!event.message.is_empty());
        }
    }
}

struct Counting(u8);

impl Entropy for Counting {
    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.fill_with(|| {
            self.0 = self.0.wrapping_add(1);
            self.0
        });
    }
}

fn empty() -> World {
    World::new(world::Config::default(), Counting(0)).expect("a guest")
}

/// Whatever a file says, it is a scenario or an error that says where; one that fails to fill the world leaves it as it was, and
/// one that plays goes on in time.
pub fn scenario(data: &[u8]) {
    let scenario = match Scenario::read(data) {
        Ok(scenario) => scenario,
        Err(error) => return saw(error.message.into_owned(), 0),
    };
    let (mut door, mut world, mut host) = (Door::new(Config::default()), empty(), Host::default());
    if let Err(error) = door.load(Instant::ZERO, scenario, 1.0, &mut world, &mut host) {
        assert_eq!(world.state(), empty().state(), "nothing is half loaded");
        return saw(error.message.into_owned(), 1);
    }
    // Some play for ever.
    for _ in 0..20 {
        let Some(next) = door.next_timeout() else { break };
        door.handle_timeout(next, &mut world, &mut host);
    }
    saw(format!("played {}", door.next_timeout().is_none()), host.steps + host.failed);
    round_trip(&world);
}

/// Whatever a file says, it is a snapshot or an error that says where; and what is loaded is saved as it is.
pub fn snapshot_file(data: &[u8]) {
    let state = match snapshot::load(data) {
        Ok(state) => state,
        Err(error) => return saw(error.message.into_owned(), 0),
    };
    match World::restore(state, world::EPOCH_MS, Counting(0)) {
        Ok(world) => {
            saw("restored".to_owned(), data.len());
            round_trip(&world);
        }
        Err(error) => saw(error.to_string(), 1),
    }
}

/// What is saved is loaded to the last member.
fn round_trip(world: &World) {
    let saved = snapshot::save(world, true);
    let state = snapshot::load(&saved).expect("what was saved is a snapshot");
    assert_eq!(state, world.state());
    let again = World::restore(state, world::EPOCH_MS, Counting(0)).expect("what was saved can be loaded");
    assert_eq!(snapshot::save(&again, true), saved);
}

/// A snapshot of the world that a scenario fills.
pub(crate) fn filled(scenario: &[u8]) -> Vec<u8> {
    let (mut door, mut world) = (Door::new(Config::default()), empty());
    let scenario = Scenario::read(scenario).expect("a scenario");
    door.load(Instant::ZERO, scenario, 1.0, &mut world, &mut Host::default()).expect("it can be loaded");
    snapshot::save(&world, true)
}

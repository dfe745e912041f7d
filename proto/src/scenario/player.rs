//! Playing a scenario: which command is due when.

use super::names::ME;
use super::timeline::{Block, Nanos, Times, What};
use super::{Action, Scenario};
use crate::time::Instant;

/// A scenario that plays.
///
/// The driver takes the setup ([`Player::setup`]), then at [`Player::next_timeout`] what is due ([`Player::due`]), carries it
/// out and says what came of it ([`Player::done`], [`Player::failed`]), so that later steps find what earlier ones made.
#[derive(Debug)]
pub struct Player {
    scenario: Scenario,
    speed: f64,
    start: Instant,
    /// What the names stand for, as far as it was made.
    ids: Vec<Option<u64>>,
    /// How far the setup is.
    made: usize,
    /// Where it plays: the outermost block first. Empty when it is over.
    stack: Vec<Level>,
    /// The name that the command which is being carried out gives.
    giving: Option<usize>,
    done: u64,
    failed: u64,
}

#[derive(Clone, Copy, Debug)]
struct Level {
    /// Its next step.
    step: usize,
    /// Rounds that are over.
    round: u64,
    /// When this round began, from the start of the scenario.
    start: Nanos,
}

/// A command that is due.
#[derive(Debug)]
pub struct Call {
    /// Where it stands in the scenario.
    pub path: Box<str>,
    /// The command's name.
    pub name: &'static str,
    /// Its arguments, as JSON; or why there are none.
    pub args: Result<Vec<u8>, String>,
}

impl Player {
    /// A player that has done nothing yet. `speed` is how many of the scenario's seconds pass in one; `me` is the local user's id.
    pub fn new(scenario: Scenario, speed: f64, start: Instant, me: u64) -> Player {
        let mut ids = vec![None; scenario.names.len()];
        ids[ME] = Some(me);
        let stack = vec![Level { step: 0, round: 0, start: 0 }];
        let mut player = Player { scenario, speed, start, ids, made: 0, stack, giving: None, done: 0, failed: 0 };
        player.settle();
        player
    }

    /// The next command of the setup, until there is none.
    pub fn setup(&mut self) -> Option<Call> {
        let action = self.scenario.setup.get(self.made)?;
        self.made += 1;
        let call = call(action, &self.ids, &self.scenario);
        self.giving = action.gives;
        Some(call)
    }

    /// When the next step is due; `None` when there is none.
    pub fn next_timeout(&self) -> Option<Instant> {
        let level = self.stack.last()?;
        let step = self.block()?.steps.get(level.step)?;
        let nanos = level.start.saturating_add(step.at) as f64 / self.speed;
        // A number that is too large is the end of time.
        Some(self.start + std::time::Duration::from_nanos(nanos.ceil() as u64))
    }

    /// The step that is due, if one is. Not to be asked again before it was said what came of it.
    pub fn due(&mut self, now: Instant) -> Option<Call> {
        if self.next_timeout()? > now {
            return None;
        }
        let level = *self.stack.last()?;
        let What::Do(action) = &self.block()?.steps.get(level.step)?.what else { return None };
        let call = call(action, &self.ids, &self.scenario);
        self.giving = action.gives;
        self.advance();
        self.settle();
        Some(call)
    }

    /// The command succeeded; `id` is that of its reply.
    pub fn done(&mut self, id: Option<u64>) {
        self.done += 1;
        if let Some(name) = self.giving.take() {
            self.ids[name] = id;
        }
    }

    /// The command failed. What it was to make is not there, not even from an earlier round.
    pub fn failed(&mut self) {
        self.failed += 1;
        self.done(None);
    }

    /// Back to before the setup, to do it again, or to begin with the steps, which are counted from here.
    pub fn rewind(&mut self) {
        (self.made, self.done, self.failed) = (0, 0, 0);
    }

    /// Whether there are no more steps.
    pub fn is_over(&self) -> bool {
        self.stack.is_empty()
    }

    /// How many steps were carried out, and how many of them failed.
    pub fn counts(&self) -> (u64, u64) {
        (self.done, self.failed)
    }

    /// The names, each with what it stands for at present.
    pub fn names(&self) -> impl Iterator<Item = (&str, u64)> {
        self.ids.iter().enumerate().filter_map(|(at, id)| Some((self.scenario.names.name(at), (*id)?)))
    }

    /// The innermost block that plays.
    fn block(&self) -> Option<&Block> {
        self.stack.split_last()?.1.iter().try_fold(&self.scenario.steps, |block, level| {
            match &block.steps.get(level.step)?.what {
                What::Repeat { block, .. } => Some(block),
                What::Do(_) => None,
            }
        })
    }

    fn advance(&mut self) {
        if let Some(level) = self.stack.last_mut() {
            level.step += 1;
        }
    }

    /// Goes on to the next command: into repetitions, around them, and out of them.
    fn settle(&mut self) {
        while let Some(level) = self.stack.last().copied() {
            match self.block().and_then(|block| block.steps.get(level.step)) {
                Some(step) => match &step.what {
                    What::Do(_) => return,
                    What::Repeat { .. } => {
                        let start = level.start.saturating_add(step.at);
                        self.stack.push(Level { step: 0, round: 0, start });
                    }
                },
                None => self.end_round(level),
            }
        }
    }

    fn end_round(&mut self, level: Level) {
        self.stack.pop();
        let Some(outer) = self.stack.last().copied() else { return };
        let repeated = self.block().and_then(|block| block.steps.get(outer.step));
        if let Some(What::Repeat { times, every, .. }) = repeated.map(|step| &step.what) {
            let round = level.round + 1;
            if *times == Times::Forever || *times != Times::Counted(round) {
                let start = level.start.saturating_add(*every);
                self.stack.push(Level { step: 0, round, start });
                return;
            }
        }
        self.advance();
    }
}

fn call(action: &Action, ids: &[Option<u64>], scenario: &Scenario) -> Call {
    let args = action.args.fill(|name| ids.get(name).copied().flatten());
    let missing = |name| format!("there is no \"{}\": the step that was to make it failed", scenario.names.name(name));
    Call { path: action.path.clone(), name: action.row.name, args: args.map_err(missing) }
}

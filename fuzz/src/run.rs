//! The runner: mutates a corpus for a while, and keeps what leads to something new.
//!
//! Without a compiler's coverage, "new" is what a target says it saw ([`saw`]): an error with other words, a result of
//! another size. That is little, but it leads past the first few checks of every decoder.

use std::cell::Cell;
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use gamebridge_proto::random::Random;

use crate::Target;
use crate::mutate::{below, mutate};

/// Inputs that are kept at most.
const MAX_KEPT: usize = 4096;

/// One execution may not take longer: inputs have a few kilobytes.
pub const SLOW: Duration = Duration::from_secs(2);

thread_local! {
    static SAW: Cell<u64> = const { Cell::new(0) };
}

/// Called by targets: what became of the input. Numbers in the words do not count, and sizes only by their magnitude.
pub(crate) fn saw(words: String, size: usize) {
    let mut hasher = DefaultHasher::new();
    words.bytes().filter(|byte| !byte.is_ascii_digit()).for_each(|byte| byte.hash(&mut hasher));
    size.checked_ilog2().hash(&mut hasher);
    SAW.set(hasher.finish());
}

/// How a run ended.
#[derive(Debug)]
pub struct Outcome {
    /// How many inputs the target took.
    pub executions: u64,
    /// How many of them were new to it.
    pub kept: usize,
    /// The input that broke a promise.
    pub failure: Option<Vec<u8>>,
}

/// When a run ends, unless a promise is broken first.
#[derive(Clone, Copy, Debug)]
pub enum Until {
    /// After so long.
    Elapsed(Duration),
    /// After so many executions: the same course every time.
    Executions(u64),
}

/// Whether the target keeps its promises for this input. A panic prints its own message.
pub fn holds(target: &Target, input: &[u8]) -> bool {
    let start = Instant::now();
    let held = catch_unwind(AssertUnwindSafe(|| (target.run)(input))).is_ok();
    if held && start.elapsed() > SLOW {
        eprintln!("{}: an input of {} bytes took {:?}", target.name, input.len(), start.elapsed());
        return false;
    }
    held
}

/// Feeds a target. Deterministic for a seed, but for when the time is over.
pub fn run(target: &Target, until: Until, seed: u64) -> Outcome {
    let start = Instant::now();
    let mut random = Random::new(seed);
    let mut kept = (target.corpus)();
    let mut seen = HashSet::new();
    let mut executions = 0;
    let mut first = kept.clone().into_iter();
    loop {
        let over = match until {
            Until::Elapsed(limit) => executions % 64 == 0 && start.elapsed() >= limit,
            Until::Executions(limit) => executions >= limit,
        };
        if over {
            return Outcome { executions, kept: kept.len(), failure: None };
        }
        let begun = first.next();
        let fresh = begun.is_none();
        let input = begun.unwrap_or_else(|| {
            let input = &kept[below(&mut random, kept.len())];
            let other = &kept[below(&mut random, kept.len())];
            mutate(input, other, &mut random)
        });
        executions += 1;
        SAW.set(0);
        if !holds(target, &input) {
            return Outcome { executions, kept: kept.len(), failure: Some(shrink(target, input)) };
        }
        if seen.insert(SAW.get()) && fresh {
            if kept.len() < MAX_KEPT {
                kept.push(input);
            } else {
                kept[below(&mut random, MAX_KEPT)] = input;
            }
        }
    }
}

/// A shorter input that breaks a promise too.
fn shrink(target: &Target, mut input: Vec<u8>) -> Vec<u8> {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let mut piece = input.len() / 2;
    while piece > 0 {
        let mut at = 0;
        while at + piece <= input.len() {
            let mut shorter = input.clone();
            shorter.drain(at..at + piece);
            if holds(target, &shorter) {
                at += piece;
            } else {
                input = shorter;
            }
        }
        piece /= 2;
    }
    std::panic::set_hook(hook);
    input
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TARGETS;

    #[test]
    fn every_target_keeps_its_promises_for_a_while() {
        for target in &TARGETS {
            // A scene is made anew for each.
            let executions = if target.name.ends_with("peer") { 1000 } else { 20_000 };
            let outcome = run(target, Until::Executions(executions), 1);
            assert_eq!(outcome.failure.map(|input| input.escape_ascii().to_string()), None, "{}", target.name);
            assert!(outcome.kept > (target.corpus)().len(), "{}: nothing new in {}", target.name, outcome.executions);
        }
    }

    #[test]
    fn the_same_seed_takes_the_same_course() {
        let runs = [1, 1, 2].map(|seed| run(&TARGETS[2], Until::Executions(3000), seed).kept);
        assert_eq!(runs[0], runs[1]);
    }

    #[test]
    fn a_broken_promise_is_found_and_made_small() {
        fn breaks(data: &[u8]) {
            saw(format!("{:?}", data.first()), 0);
            assert!(!data.windows(2).any(|two| two == b"]]"), "planted");
        }
        let target = Target { name: "planted", run: breaks, corpus: || vec![b"[1,[2],3,4]".to_vec()] };
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(|_| {}));
        let outcome = run(&target, Until::Executions(1_000_000), 1);
        std::panic::set_hook(hook);
        assert_eq!(outcome.failure.as_deref(), Some(&b"]]"[..]));
        assert!(!holds(&target, b"]]") && holds(&target, b"]"));
    }
}

//! The parts that cargo runs: unit and documentation tests, the loom model, the lean build, the fuzz targets.

use std::process::Command;

use crate::archive;
use crate::exports;
use crate::fuzz as fuzzing;
use crate::house;
use crate::library::{self, Variant};
use crate::step::Step;
use crate::tally::Tally;
use crate::toolchain;

/// How long each fuzz target runs in the tests; by hand it may run for hours.
const FUZZ_SECONDS: u64 = 3;

/// Every test of every crate but the documentation's; with the faults that the torture tests ask for.
pub fn unit(tally: &mut Tally) {
    cargo_test(
        tally,
        "workspace",
        &[
            "--workspace",
            // Built without optimisation the model would take an hour; it has a part of its own.
            "--exclude",
            "gamebridge-queue-model",
            // Criterion and the peers are no part of a test.
            "--exclude",
            "gamebridge-benches",
            // A module without an interpreter: its tests are Python's, and a part of their own.
            "--exclude",
            "gamebridge-python",
            "--lib",
            "--bins",
            "--tests",
            "--features",
            "gamebridge/torture",
        ],
    );
    // Apart from the others: with the probe the library keeps every panic quiet, a failing test's own among them.
    let panics = ["-p", "gamebridge", "--test", "semantics", "--features", "panic-probe", "errors::"];
    cargo_test(tally, "panics", &panics);
}

/// The examples in the documentation.
pub fn doc(tally: &mut Tally) {
    cargo_test(tally, "documentation", &["--workspace", "--exclude", "gamebridge-benches", "--doc"]);
}

/// The loom model of the queue: its own files, in a crate that swaps the atomics for loom's.
pub fn loom(tally: &mut Tally) {
    cargo_test(tally, "queue", &["-p", "gamebridge-queue-model", "--release"]);
}

/// The lean build exports the same functions: what it lacks answers GB_ERR_UNSUPPORTED.
pub fn lean(tally: &mut Tally) {
    let result = library::build(Variant::Lean)
        .and_then(|library| exports::compare(&exports::listed()?, &archive::globals(&library.shared, true)?));
    tally.case("builds and exports the same functions", result);
}

/// Each target for a few seconds.
pub fn fuzz(tally: &mut Tally) {
    match fuzzing::briefly(FUZZ_SECONDS) {
        Ok(targets) if targets.is_empty() => tally.failed("targets", "none was run"),
        Ok(targets) => targets.iter().for_each(|said| tally.passed(said, 1)),
        Err(why) => tally.failed("targets", &why),
    }
}

fn cargo_test(tally: &mut Tally, name: &str, args: &[&str]) {
    let mut cargo = Command::new(toolchain::cargo());
    cargo.current_dir(house::root()).args(["test", "--no-fail-fast"]).args(args);
    let outcome = match Step::new(format!("test-{name}"), cargo).limit(1800).run() {
        Ok(outcome) => outcome,
        Err(why) => return tally.failed(name, &why),
    };
    let count = Count::of(&outcome.stdout);
    if count.passed > 0 {
        tally.passed(name, count.passed);
    }
    for test in &count.ignored {
        tally.skipped(test, "marked #[ignore]");
    }
    for test in &count.failed {
        tally.failed(test, &format!("see {}", outcome.log.display()));
    }
    if !outcome.succeeded() && count.failed.is_empty() {
        tally.failed(name, &outcome.complaint(&outcome.ended.sentence()));
    } else if !count.failed.is_empty() {
        println!("{}", outcome.complaint("the end of the output:"));
    } else if count.passed == 0 {
        tally.failed(name, "no test ran");
    }
}

/// What the test harness said, over all its binaries.
#[derive(Default)]
struct Count {
    passed: usize,
    failed: Vec<String>,
    ignored: Vec<String>,
}

impl Count {
    fn of(output: &str) -> Count {
        let mut count = Count::default();
        for line in output.lines() {
            let Some(rest) = line.strip_prefix("test ") else { continue };
            if let Some(counts) = rest.strip_prefix("result: ") {
                count.passed += counts
                    .split([';', '.'])
                    .find_map(|part| part.trim().strip_suffix(" passed")?.parse::<usize>().ok())
                    .unwrap_or(0);
            } else if let Some(name) = rest.strip_suffix(" ... FAILED") {
                count.failed.push(name.to_owned());
            } else if let Some((name, _)) = rest.split_once(" ... ignored") {
                count.ignored.push(name.to_owned());
            }
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_what_the_harness_says() {
        let output = "running 3 tests\ntest a::b ... ok\ntest a::c ... FAILED\ntest d ... ignored, slow\n\
            test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured\n\
            test result: ok. 41 passed; 0 failed; 0 ignored\n";
        let count = Count::of(output);
        assert_eq!(count.passed, 42);
        assert_eq!(count.failed, ["a::c"]);
        assert_eq!(count.ignored, ["d"]);
    }
}

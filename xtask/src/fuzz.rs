//! `cargo xtask fuzz`: coverage-guided fuzzing on the stable toolchain.
//!
//! The targets are the files of `fuzz/fuzz_targets`, in the layout that `cargo fuzz` knows too. libFuzzer needs the
//! coverage instrumentation of LLVM, which stable rustc takes through `-C passes` and `-C llvm-args`; the sanitizers of
//! nightly are not used. The tests run the room's own runner instead ([`briefly`]), which needs no C++ compiler and takes
//! the same course every time.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::house;
use crate::step::Step;
use crate::toolchain;

/// What makes rustc count edges for libFuzzer, with a build's own `cfg` to switch off what would only slow fuzzing.
const INSTRUMENTATION: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Cdebug-assertions=on -Coverflow-checks=on";

/// Each target for `seconds` with the runner of `fuzz/`: what it said of each.
pub fn briefly(seconds: u64) -> Result<Vec<String>, String> {
    let mut cargo = Command::new(toolchain::cargo());
    cargo.current_dir(house::root()).args(["run", "--release", "--quiet", "-p", "gamebridge-fuzz", "--"]);
    cargo.args(["--seconds", &seconds.to_string()]);
    let outcome = Step::new("fuzz", cargo).limit(1200).run()?.success()?;
    Ok(outcome.stdout.lines().map(str::to_owned).collect())
}

/// `cargo xtask fuzz [--seconds N] [TARGET]`
pub fn run(args: &[String]) -> Result<(), String> {
    let mut seconds = 60;
    let mut only = None;
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--seconds" => {
                let text = args.next().ok_or("--seconds needs a number")?;
                seconds = text.parse().map_err(|_| format!("--seconds: a whole number expected, `{text}` given"))?;
            }
            name if !name.starts_with('-') => only = Some(name.to_owned()),
            other => return Err(format!("unknown option {other}")),
        }
    }
    let all = targets()?;
    if let Some(name) = only.as_ref().filter(|name| !all.contains(name)) {
        return Err(format!("there is no target {name}; there are: {}", all.join(", ")));
    }
    build()?;
    for target in all.iter().filter(|name| only.as_ref().is_none_or(|only| only == *name)) {
        println!("{target}: {}", fuzz(target, seconds)?);
    }
    Ok(())
}

/// The targets' names, sorted.
fn targets() -> Result<Vec<String>, String> {
    let folder = house::root().join("fuzz/fuzz_targets");
    let entries = fs::read_dir(&folder).map_err(|error| format!("cannot read {}: {error}", folder.display()))?;
    let mut names: Vec<String> =
        entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.strip_suffix(".rs").map(str::to_owned)).collect();
    names.sort();
    Ok(names)
}

/// Builds every target.
fn build() -> Result<(), String> {
    let mut cargo = Command::new(toolchain::cargo());
    cargo
        .current_dir(house::root())
        .args(["build", "--release", "-p", "gamebridge-fuzz", "--features", "libfuzzer"])
        // Named, so that build scripts and macros are not instrumented.
        .args(["--target", &host()?])
        .args(targets()?.iter().flat_map(|name| ["--bin", name]))
        .env("CARGO_TARGET_DIR", folder())
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("RUSTFLAGS", INSTRUMENTATION);
    Step::new("fuzz-build", cargo).limit(1200).run()?.success().map(drop)
}

/// Fuzzes one target, starting from what was found before; says how much was tried.
fn fuzz(target: &str, seconds: u64) -> Result<String, String> {
    let corpus = house::made(folder().join("corpus").join(target));
    let artifacts = house::made(folder().join("artifacts").join(target));
    let mut command = Command::new(folder().join(host()?).join("release").join(target));
    command.arg(corpus).arg(format!("-artifact_prefix={}/", artifacts.display())).args([
        &format!("-max_total_time={seconds}"),
        "-timeout=5",
        "-rss_limit_mb=1024",
        "-print_final_stats=1",
    ]);
    let outcome = Step::new(format!("fuzz-{target}"), command).limit(seconds + 120).run()?;
    if !outcome.succeeded() {
        let why = outcome.complaint(&format!("{}; the input is in {}", outcome.ended.sentence(), artifacts.display()));
        return Err(format!("{target}: {why}"));
    }
    let count = outcome.stderr.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
    Ok(format!("{} inputs", count.map_or("an unknown number of", str::trim)))
}

fn folder() -> PathBuf {
    house::target().join("fuzz")
}

fn host() -> Result<String, String> {
    let output = Command::new("rustc").arg("-vV").output().map_err(|error| format!("cannot run rustc: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| "rustc -vV names no host".to_owned())
}

//! Building the measuring programs, running them, and reading the figures that they print.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::house;
use crate::library::Library;
use crate::step::Step;
use crate::toolchain::{self, STRICT};

/// A C program of `benches/`, given as `rpc/load`; with the library, and optimized.
pub fn c_program(library: &Library, name: &str) -> Result<PathBuf, String> {
    let root = house::root();
    let short = name.rsplit('/').next().unwrap_or(name);
    let program = house::own("bench").join(short);
    let mut compile = Command::new(toolchain::cc()?);
    compile.args(["-std=c11", "-O2", "-D_GNU_SOURCE"]).args(STRICT).arg("-I").arg(root.join("include"));
    compile.arg(root.join("benches").join(format!("{name}.c"))).args(library.shared_args());
    compile.arg("-pthread").arg("-o").arg(&program);
    Step::new(format!("compile-{short}"), compile).run()?.success()?;
    Ok(program)
}

/// The Rust programs of `benches/`; says in which folder they are.
pub fn rust_programs() -> Result<PathBuf, String> {
    let mut cargo = Command::new(toolchain::cargo());
    cargo.current_dir(house::root());
    cargo.args(["build", "--release", "-p", "gamebridge-benches", "--bins", "--features", "peers"]);
    Step::new("build-benches", cargo).limit(1800).run()?.success()?;
    Ok(house::target().join("release"))
}

/// twilight's client, built for this compression: `zlib-stream` or `zstd-stream`.
pub fn packed_twilight(compress: &str) -> Result<PathBuf, String> {
    let feature = format!("twilight-{}", compress.trim_end_matches("-stream"));
    let mut cargo = Command::new(toolchain::cargo());
    cargo.current_dir(house::root());
    cargo.args(["build", "--release", "-p", "gamebridge-benches", "--bin", "twilight_raw", "--features", &feature]);
    Step::new(format!("build-{feature}"), cargo).limit(1800).run()?.success()?;
    // The next build puts another in its place.
    let kept = house::own("bench").join(&feature);
    std::fs::copy(house::target().join("release/twilight_raw"), &kept)
        .map_err(|error| format!("{feature}: {error}"))?;
    Ok(kept)
}

/// A program with these arguments.
pub fn command(program: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(args);
    command
}

/// What was measured, by name: one value a round.
#[derive(Default)]
pub struct Figures(BTreeMap<String, Vec<f64>>);

impl Figures {
    /// Runs a program and notes what it prints, each name with `prefix` before it.
    pub fn run(&mut self, prefix: &str, command: Command) -> Result<(), String> {
        let name = command.get_program().to_string_lossy().into_owned();
        let short = name.rsplit('/').next().unwrap_or(&name);
        let outcome = Step::new(format!("bench-{prefix}{short}"), command).limit(180).run()?.success()?;
        for (name, value) in outcome.stdout.lines().flat_map(line) {
            self.add(&format!("{prefix}{name}"), value);
        }
        Ok(())
    }

    /// Notes a value.
    pub fn add(&mut self, name: &str, value: f64) {
        self.0.entry(name.to_owned()).or_default().push(value);
    }

    /// The median over all rounds.
    pub fn median(&self, name: &str) -> Option<f64> {
        let mut values = self.0.get(name)?.clone();
        values.sort_by(f64::total_cmp);
        Some(values[values.len() / 2])
    }

    /// The same, for a figure that there must be.
    pub fn of(&self, name: &str) -> Result<f64, String> {
        self.median(name).ok_or_else(|| format!("no program printed `{name}`"))
    }
}

/// `name value`, or one flat JSON object of names and values. Values that are no numbers are passed over.
fn line(line: &str) -> Vec<(String, f64)> {
    let pair = |name: &str, value: &str| {
        let value = value.trim().parse().ok()?;
        Some((name.trim().trim_matches('"').to_owned(), value))
    };
    match line.strip_prefix('{').and_then(|line| line.strip_suffix('}')) {
        Some(members) => {
            members.split(",\"").filter_map(|member| member.split_once("\":")).filter_map(|(n, v)| pair(n, v)).collect()
        }
        None => line.split_once(' ').and_then(|(name, value)| pair(name, value)).into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn figures_are_read_from_words_and_from_json() {
        let found = line(r#"{"client":"bare socket, frames","events":200000,"cpu_s":0.0521}"#);
        assert_eq!(found, [("events".to_owned(), 200_000.0), ("cpu_s".to_owned(), 0.0521)]);
        assert_eq!(line("round_trip_us_p50 16.3"), [("round_trip_us_p50".to_owned(), 16.3)]);
        assert!(line("ipc /run/discord-ipc-0").is_empty());
    }
}

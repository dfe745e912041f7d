//! `cargo xtask bench`: the benchmarks, which print figures and pass no judgement. `benches/README.md` says what each measures.

use std::process::Command;

use crate::house;
use crate::toolchain;

/// Hands its arguments on to `cargo bench`.
pub fn run(args: &[String]) -> Result<(), String> {
    let mut cargo = Command::new(toolchain::cargo());
    cargo.current_dir(house::root()).args(["bench", "-p", "gamebridge"]).args(args);
    let status = cargo.status().map_err(|error| format!("cannot run cargo bench: {error}"))?;
    if status.success() { Ok(()) } else { Err("the benchmarks did not run to their end".to_owned()) }
}

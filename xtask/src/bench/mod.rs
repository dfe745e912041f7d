//! `cargo xtask bench`: the measurements of the goals, each beside a peer's or a floor's figure from the same run. It prints
//! a table and judges nothing: a figure that misses its goal is marked, and the command succeeds all the same.
//!
//! The programs lie in `benches/` (its README says what each measures and how); here they are built, run in rounds that
//! take turns, so that a busy moment falls on all alike, and their medians put side by side.

mod gateway;
mod old_game;
mod programs;
mod python;
mod rpc;
mod servers;
mod size;
mod table;

use std::process::Command;

use crate::house;
use crate::library::{self, Library, Variant};
use crate::toolchain;
use table::Table;

type Part = fn(&Bench, &mut Table) -> Result<(), String>;

/// What can be asked for with `--only`.
const PARTS: [(&str, Part); 6] = [
    ("gateway", gateway::run),
    ("rpc", rpc::run),
    ("discord-rpc", old_game::run),
    ("python", python::run),
    ("size", size::run),
    ("micro", micro),
];

/// What the parts work with.
struct Bench {
    library: Library,
    rounds: usize,
}

/// `[--only PART] [--rounds N] [--write]`
pub fn run(args: &[String]) -> Result<(), String> {
    let value = |name: &str| args.iter().position(|arg| arg == name).and_then(|at| args.get(at + 1));
    let only = value("--only");
    if let Some(name) = only.filter(|name| PARTS.iter().all(|(part, _)| part != name)) {
        let names: Vec<&str> = PARTS.iter().map(|(part, _)| *part).collect();
        return Err(format!("there is no part `{name}`; there are {}", names.join(", ")));
    }
    let rounds = match value("--rounds").map(|count| count.parse()) {
        None => 5,
        Some(Ok(count)) if count > 0 => count,
        Some(_) => return Err("--rounds: a number above 0 expected".to_owned()),
    };
    let bench = Bench { library: library::build(Variant::Release)?, rounds };
    let mut table = Table::default();
    for (name, part) in PARTS {
        if only.is_none_or(|only| only == name) {
            eprintln!("{name} ...");
            // A peer that cannot be had must not cost the other rows.
            part(&bench, &mut table).unwrap_or_else(|why| table.missing(name, &why));
        }
    }
    let text = table.render();
    println!("{text}");
    if args.iter().any(|arg| arg == "--write") {
        table::write(&house::root().join("benches/README.md"), &text)?;
    }
    Ok(())
}

/// The criterion benches: they print for themselves.
fn micro(_: &Bench, _: &mut Table) -> Result<(), String> {
    let mut cargo = Command::new(toolchain::cargo());
    cargo.current_dir(house::root()).args(["bench", "-p", "gamebridge-benches", "--benches"]);
    let status = cargo.status().map_err(|error| format!("cannot run cargo bench: {error}"))?;
    if status.success() { Ok(()) } else { Err("criterion did not run to its end".to_owned()) }
}

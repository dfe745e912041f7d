//! The size of what is shipped: the shared library, stripped, whole and lean.

use std::process::Command;

use super::Bench;
use super::table::{Goal, Table};
use crate::house;
use crate::library::{self, Library, Variant};
use crate::step::Step;

/// Measures it.
pub fn run(bench: &Bench, table: &mut Table) -> Result<(), String> {
    let everything = stripped(&bench.library, "everything")?;
    let lean = stripped(&library::build(Variant::Lean)?, "lean")?;
    table.row("stripped `.so`: everything", everything, "MB", &[], Goal::AtMost(6.0));
    table.row("same, RPC and presence only", lean, "MB", &[], Goal::AtMost(2.0));
    Ok(())
}

fn stripped(library: &Library, name: &str) -> Result<f64, String> {
    let copy = house::own("bench").join(name);
    let mut strip = Command::new("strip");
    strip.arg("-o").arg(&copy).arg(&library.shared);
    Step::new(format!("strip-{name}"), strip).run()?.success()?;
    let file = std::fs::metadata(&copy).map_err(|error| format!("{}: {error}", copy.display()))?;
    Ok(file.len() as f64 / 1e6)
}

//! `docs/reference.md`: printed from the library's catalogs by its test `reference`, committed here.

use std::process::Command;

use crate::house;
use crate::step::Step;
use crate::toolchain;

/// `cargo xtask reference`
pub fn run(args: &[String]) -> Result<(), String> {
    if !args.is_empty() {
        return Err("expected `cargo xtask reference`".to_owned());
    }
    let mut cargo = Command::new(toolchain::cargo());
    cargo
        .current_dir(house::root())
        .args(["test", "-p", "gamebridge", "--test", "reference"])
        .env("GAMEBRIDGE_WRITE_REFERENCE", "1");
    Step::new("reference", cargo).limit(1800).run()?.success()?;
    println!("{} is what the catalogs say", house::root().join("docs/reference.md").display());
    Ok(())
}

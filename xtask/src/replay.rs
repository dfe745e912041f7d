//! `cargo xtask replay [--accept] FILE`: plays a recording again.
//!
//! The program is an example of `gamebridge-proto`, since these commands have no dependencies, not even on our own crates.
//! It ends with 0 when the machines do what they did then, with 1 when they do not, and with 2 for a file that is no
//! recording.

use std::process::{Command, ExitCode};

use crate::{house, toolchain};

/// No recording, or none that can be read.
const UNREADABLE: u8 = 2;

/// `cargo xtask replay [--accept] FILE`
pub fn run(args: &[String]) -> ExitCode {
    let (options, file) = match args {
        [file] => (&args[..0], file),
        [option, file] if option == "--accept" => (&args[..1], file),
        _ => {
            eprintln!("xtask: one file expected: cargo xtask replay [--accept] FILE");
            return ExitCode::from(UNREADABLE);
        }
    };
    // The file's name is meant from where we stand, and cargo is run from the root.
    let file = std::path::absolute(file).unwrap_or_else(|_| file.into());
    let mut cargo = Command::new(toolchain::cargo());
    cargo.current_dir(house::root()).args(["run", "--quiet", "-p", "gamebridge-proto", "--example", "replay", "--"]);
    match cargo.args(options).arg(file).status() {
        Ok(status) => ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)),
        Err(error) => {
            eprintln!("xtask: cannot run cargo: {error}");
            ExitCode::from(UNREADABLE)
        }
    }
}

//! Plays a recording again, and says where the machines of today differ: what `cargo xtask replay` runs.

use std::process::ExitCode;

use gamebridge_proto::record::replay;

fn main() -> ExitCode {
    let Some(path) = std::env::args_os().nth(1) else {
        eprintln!("the name of a recording expected");
        return ExitCode::from(2);
    };
    let path = std::path::Path::new(&path);
    let recording = match std::fs::read(path) {
        Ok(recording) => recording,
        Err(error) => {
            eprintln!("{}: {error}", path.display());
            return ExitCode::from(2);
        }
    };
    match replay(&recording) {
        Ok(report) => {
            print!("{report}");
            ExitCode::from(u8::from(!report.is_same()))
        }
        Err(unreadable) => {
            eprintln!("{}: {unreadable}", path.display());
            ExitCode::from(2)
        }
    }
}

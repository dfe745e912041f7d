//! Plays a recording again, and says where the machines of today differ; with `--accept` what they say today is written into
//! the file. What `cargo xtask replay` runs.

use std::path::Path;
use std::process::ExitCode;

use gamebridge_proto::record::{Unreadable, accept, replay};

/// No recording, or none that can be read or written.
const UNREADABLE: u8 = 2;

fn main() -> ExitCode {
    let args: Vec<_> = std::env::args_os().skip(1).collect();
    let (accepts, file) = match &args[..] {
        [file] => (false, file),
        [option, file] if option == "--accept" => (true, file),
        _ => {
            eprintln!("expected [--accept] FILE");
            return ExitCode::from(UNREADABLE);
        }
    };
    match play(Path::new(file), accepts) {
        Ok(is_same) => ExitCode::from(u8::from(!is_same)),
        Err(sentence) => {
            eprintln!("{}: {sentence}", Path::new(file).display());
            ExitCode::from(UNREADABLE)
        }
    }
}

fn play(path: &Path, accepts: bool) -> Result<bool, String> {
    let recording = std::fs::read(path).map_err(|error| error.to_string())?;
    let unreadable = |error: Unreadable| error.to_string();
    let report = replay(&recording).map_err(unreadable)?;
    print!("{report}");
    if accepts && !report.is_same() {
        std::fs::write(path, accept(&recording).map_err(unreadable)?).map_err(|error| error.to_string())?;
        println!("\nwritten into the file as what is right");
        return Ok(true);
    }
    Ok(report.is_same())
}

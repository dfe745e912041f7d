//! The project's own commands: `cargo xtask <command>`.
//!
//! What a person or a machine does with this repository that is more than one cargo call: run the demo, run every test,
//! rewrite the header, fuzz, measure. Not part of what is shipped, and without dependencies, so that it starts fast from
//! a fresh clone. Each command is a module; what they share is [`house`] (where things lie), [`step`] (one program run,
//! with a log and a time limit), [`toolchain`] (what this machine has) and [`tally`] (what passed).

mod archive;
mod bench;
mod c_suite;
mod consumers;
mod counterparts;
mod cpp_suite;
mod csharp;
mod demo;
mod discord_rpc;
mod exports;
mod fuzz;
mod header;
mod house;
mod install;
mod library;
mod party;
mod prototypes;
mod provocation;
mod python;
mod reference;
mod replay;
mod rust_suite;
mod step;
mod tally;
mod test;
mod toolchain;
mod wine;

use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask <command>

  demo [--cpp] [--discord]      build the library and examples/c/game.c (with --cpp examples/cpp/game.cpp), and play it; with
                                --discord against a real client
  demo --party                  two players' games and their Discords (examples/c/party.c)
  test [--only PART] [--list]   every test there is, or one part of them
  install [--prefix FOLDER] [--destdir FOLDER] [--libdir NAME] [--lean] [--debug]
                                headers, libraries, pkg-config file and CMake package (docs/install.md)
  header                        rewrite include/gamebridge.h from the build
  reference                     rewrite docs/reference.md from the catalogs
  replay [--accept] FILE        play a recording again, and say where the machines differ (docs/recording.md)
  discord-rpc [--head] [--prefix FOLDER]
                                build the library that takes the place of discord-rpc's (docs/discord-rpc.md)
  fuzz [--seconds N] [TARGET]   every fuzz target (or one) for N seconds each (default 60)
  bench [--only PART] [--write] the measurements, as a table; --write puts it into benches/README.md
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let rest = args.get(1..).unwrap_or_default();
    let ended = match args.first().map(String::as_str) {
        Some("demo") => demo::run(rest),
        Some("test") => test::run(rest),
        Some("install") => install::run(rest),
        Some("header") => header::run(rest),
        Some("reference") => reference::run(rest),
        Some("replay") => return replay::run(rest),
        Some("discord-rpc") => discord_rpc::run(rest),
        Some("fuzz") => fuzz::run(rest),
        Some("bench") => bench::run(rest),
        None | Some("help" | "--help" | "-h") => {
            print!("{USAGE}");
            Ok(())
        }
        Some(other) => Err(format!("there is no command `{other}`\n\n{USAGE}")),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            if !sentence.is_empty() {
                eprintln!("xtask: {sentence}");
            }
            ExitCode::FAILURE
        }
    }
}

//! `cargo xtask demo`: builds the library and `examples/c/game.c`, and plays it on this terminal. `--party` is another play:
//! [`party`](crate::party).

use std::process::Command;

use crate::house::{self, Private};
use crate::library::{self, Library, Variant};
use crate::step::Step;
use crate::toolchain;

/// `cargo xtask demo [--discord | --party]`
pub fn run(args: &[String]) -> Result<(), String> {
    let discord = match args {
        [] => false,
        [flag] if flag == "--discord" => true,
        [flag] if flag == "--party" => return crate::party::play(),
        _ => return Err("expected `cargo xtask demo [--discord | --party]`".to_owned()),
    };
    let cc = toolchain::cc()?;
    eprintln!("building the library (the first time takes a minute)...");
    let library = library::build(Variant::Dev)?;
    let game = compile(&cc, &library)?;
    let private = Private::new();
    let mut play = Command::new(&game);
    if discord {
        play.arg("--discord");
    } else {
        // The game's own server must not take the place of a Discord that runs here.
        play.env("XDG_RUNTIME_DIR", private.path());
    }
    let status = play.status().map_err(|error| format!("cannot start {}: {error}", game.display()))?;
    // The game has said what was wrong.
    if status.success() { Ok(()) } else { Err(String::new()) }
}

/// The demo as a test: it plays to its end, says so, and has nothing to say on standard error.
pub fn test() -> Result<(), String> {
    let library = library::build(Variant::Dev)?;
    let private = Private::new();
    let mut play = Command::new(compile(&toolchain::cc()?, &library)?);
    play.env("XDG_RUNTIME_DIR", private.path());
    Step::new("demo", play).limit(30).run()?.silent_success().map(drop)
}

fn compile(cc: &str, library: &Library) -> Result<std::path::PathBuf, String> {
    let root = house::root();
    let game = library.folder.join(if cfg!(windows) { "game.exe" } else { "game" });
    let mut compile = Command::new(cc);
    compile
        .args(["-std=c99", "-O2"])
        .args(toolchain::STRICT)
        .arg("-I")
        .arg(root.join("include"))
        .arg("-o")
        .arg(&game)
        .arg(root.join("examples/c/game.c"))
        .args(library.shared_args());
    Step::new("demo-compile", compile).run()?.success()?;
    Ok(game)
}

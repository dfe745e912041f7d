//! `cargo xtask demo`: builds the library and `examples/c/game.c`, and plays it on this terminal.

use std::process::Command;

use crate::house::{self, Private};
use crate::library::{self, Library, Variant};
use crate::step::Step;
use crate::toolchain;

/// `cargo xtask demo [--discord]`
pub fn run(args: &[String]) -> Result<(), String> {
    let discord = match args {
        [] => false,
        [flag] if flag == "--discord" => true,
        _ => return Err("expected `cargo xtask demo` or `cargo xtask demo --discord`".to_owned()),
    };
    let cc = toolchain::cc()?;
    eprintln!("building the library (the first time takes a minute)...");
    let library = library::build(Variant::Dev)?;
    let game = compile(&cc, &library, "game")?;
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
    let mut play = Command::new(compile(&toolchain::cc()?, &library, "game")?);
    play.env("XDG_RUNTIME_DIR", private.path());
    Step::new("demo", play).limit(30).run()?.silent_success().map(drop)
}

/// `examples/c/sandbox.c` says where it is, and ends with its input.
pub fn test_sandbox() -> Result<(), String> {
    let library = library::build(Variant::Dev)?;
    let mut serve = Command::new(compile(&toolchain::cc()?, &library, "sandbox")?);
    serve.arg(house::root().join("examples/scenarios/harbour.json"));
    let said = Step::new("sandbox", serve).limit(30).run()?.silent_success()?.stdout;
    match said.contains("ws://127.0.0.1:") && said.contains("/api/v10") {
        true => Ok(()),
        false => Err(format!("addresses expected, this was said: {said}")),
    }
}

fn compile(cc: &str, library: &Library, name: &str) -> Result<std::path::PathBuf, String> {
    let root = house::root();
    let game = library.folder.join(if cfg!(windows) { format!("{name}.exe") } else { name.to_owned() });
    let mut compile = Command::new(cc);
    compile
        .args(["-std=c99", "-O2"])
        .args(toolchain::STRICT)
        .arg("-I")
        .arg(root.join("include"))
        .arg("-o")
        .arg(&game)
        .arg(root.join(format!("examples/c/{name}.c")))
        .args(library.shared_args());
    Step::new(format!("{name}-compile"), compile).run()?.success()?;
    Ok(game)
}

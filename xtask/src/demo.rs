//! `cargo xtask demo`: builds the library and `examples/c/game.c`, or `examples/cpp/game.cpp`, and plays it on this terminal.
//! `--party` is another play: [`party`](crate::party).

use std::path::PathBuf;
use std::process::Command;

use crate::house::{self, Private};
use crate::library::{self, Library, Variant};
use crate::step::Step;
use crate::tally::Tally;
use crate::toolchain;

/// A program of `examples/`.
#[derive(Clone, Copy)]
enum Game {
    C,
    Cpp,
    /// `examples/c/sandbox.c`: no game, but built as one.
    Sandbox,
}

/// `cargo xtask demo [--cpp] [--discord]`, or `cargo xtask demo --party`
pub fn run(args: &[String]) -> Result<(), String> {
    if let [flag] = args
        && flag == "--party"
    {
        return crate::party::play();
    }
    let (mut game, mut discord) = (Game::C, false);
    for arg in args {
        match arg.as_str() {
            "--cpp" => game = Game::Cpp,
            "--discord" => discord = true,
            _ => {
                return Err("expected `cargo xtask demo [--cpp] [--discord]`, or `cargo xtask demo --party`".to_owned());
            }
        }
    }
    // Before the library is built, which takes a while.
    game.compiler()?;
    eprintln!("building the library (the first time takes a minute)...");
    let library = library::build(Variant::Dev)?;
    let program = compile(game, &library)?;
    let private = Private::new();
    let mut play = Command::new(&program);
    if discord {
        play.arg("--discord");
    } else {
        // The game's own server must not take the place of a Discord that runs here.
        play.env("XDG_RUNTIME_DIR", private.path());
    }
    let status = play.status().map_err(|error| format!("cannot start {}: {error}", program.display()))?;
    // The game has said what was wrong.
    if status.success() { Ok(()) } else { Err(String::new()) }
}

/// The demos as a test: each plays to its end, says so, and has nothing to say on standard error.
pub fn test(tally: &mut Tally) {
    tally.case("game", played(Game::C));
    match Game::Cpp.compiler() {
        Ok(_) => tally.case("game in C++", played(Game::Cpp)),
        Err(why) => tally.skipped("game in C++", &why),
    }
    tally.case("sandbox", sandbox());
}

/// It says where it is, and ends with its input.
fn sandbox() -> Result<(), String> {
    let library = library::build(Variant::Dev)?;
    let mut serve = Command::new(compile(Game::Sandbox, &library)?);
    serve.arg(house::root().join("examples/scenarios/harbour.json"));
    let said = Step::new("sandbox", serve).limit(30).run()?.silent_success()?.stdout;
    match said.contains("ws://127.0.0.1:") && said.contains("/api/v10") {
        true => Ok(()),
        false => Err(format!("addresses expected, this was said: {said}")),
    }
}

fn played(game: Game) -> Result<(), String> {
    let library = library::build(Variant::Dev)?;
    let private = Private::new();
    let mut play = Command::new(compile(game, &library)?);
    play.env("XDG_RUNTIME_DIR", private.path());
    Step::new("demo", play).limit(30).run()?.silent_success().map(drop)
}

impl Game {
    fn compiler(self) -> Result<String, String> {
        match self {
            Game::C | Game::Sandbox => toolchain::cc(),
            Game::Cpp => toolchain::cxx(),
        }
    }
}

fn compile(game: Game, library: &Library) -> Result<PathBuf, String> {
    let root = house::root();
    let (standard, source, name) = match game {
        Game::C => ("-std=c99", "examples/c/game.c", "game"),
        Game::Cpp => ("-std=c++11", "examples/cpp/game.cpp", "game-cpp"),
        Game::Sandbox => ("-std=c99", "examples/c/sandbox.c", "sandbox"),
    };
    let program = library.folder.join(name).with_extension(std::env::consts::EXE_EXTENSION);
    let mut compile = Command::new(game.compiler()?);
    compile
        .args([standard, "-O2"])
        .args(toolchain::STRICT)
        .arg("-I")
        .arg(root.join("include"))
        .arg("-o")
        .arg(&program)
        .arg(root.join(source))
        .args(library.shared_args())
        .arg("-pthread");
    Step::new("demo-compile", compile).limit(120).run()?.success()?;
    Ok(program)
}

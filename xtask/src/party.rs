//! `cargo xtask demo --party`: two players, their Discords, and the game's own server (examples/c/party.c,
//! examples/c/two_discords.c, examples/lobby), played on this terminal and as a test.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::house::{self, Private};
use crate::library::{self, Library, Variant};
use crate::step::{self, Step};
use crate::toolchain;

/// Plays it where it can be seen.
pub fn play() -> Result<(), String> {
    let stage = Stage::set()?;
    let status = stage.command().status().map_err(|error| format!("cannot start the players: {error}"))?;
    if status.success() { Ok(()) } else { Err(String::new()) }
}

/// It plays to its end, and has nothing to say on standard error.
pub fn test() -> Result<(), String> {
    let stage = Stage::set()?;
    Step::new("party", stage.command()).limit(60).run()?.silent_success().map(drop)
}

/// Everything built, and the lobby open.
struct Stage {
    players: PathBuf,
    game: PathBuf,
    lobby: Lobby,
    private: Private,
}

impl Stage {
    fn set() -> Result<Stage, String> {
        let library = library::build(Variant::Dev)?;
        let (players, game) = (compile(&library, "two_discords")?, compile(&library, "party")?);
        Ok(Stage { players, game, lobby: Lobby::open()?, private: Private::new() })
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.players);
        command.arg(self.private.path()).arg(&self.game).env("LOBBY_PORT", &self.lobby.port);
        command
    }
}

fn compile(library: &Library, name: &str) -> Result<PathBuf, String> {
    let root = house::root();
    let program = library.folder.join(name);
    let mut compile = Command::new(toolchain::cc()?);
    compile
        .args(["-std=c99", "-O2"])
        .args(toolchain::STRICT)
        .arg("-I")
        .arg(root.join("include"))
        .arg("-o")
        .arg(&program)
        .arg(root.join("examples/c").join(format!("{name}.c")))
        .args(library.shared_args());
    Step::new(format!("{name}-compile"), compile).run()?.success()?;
    Ok(program)
}

/// The game's own server, ended with this.
struct Lobby {
    child: Child,
    port: String,
}

impl Lobby {
    fn open() -> Result<Lobby, String> {
        let mut build = Command::new(toolchain::cargo());
        build.current_dir(house::root()).args(["build", "--quiet", "-p", "gamebridge-example-lobby"]);
        Step::new("lobby-build", build).limit(600).run()?.success()?;
        let program = house::target().join("debug/lobby");
        let mut command = Command::new(&program);
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        step::own_group(&mut command);
        let mut child = command.spawn().map_err(|error| format!("cannot start {}: {error}", program.display()))?;
        let mut port = String::new();
        if let Some(stdout) = child.stdout.take() {
            // An error leaves no port, which is told below.
            let _ = BufReader::new(stdout).read_line(&mut port);
        }
        let port = port.trim().to_owned();
        let lobby = Lobby { child, port };
        if lobby.port.is_empty() { Err("the lobby does not say where it listens".to_owned()) } else { Ok(lobby) }
    }
}

impl Drop for Lobby {
    fn drop(&mut self) {
        step::end_group(&mut self.child);
    }
}

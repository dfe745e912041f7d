//! Programs that others wrote, on the other end of the connection: pypresence, @xhayper/discord-rpc and bare WebSocket
//! clients talk to our server, our client to arRPC, by itself and through our server; discord.py, hikari,
//! @discordjs/ws with @discordjs/rest, oceanic.js and cloudstorm to our sandbox; our Gateway client to discord-digital-twin.
//!
//! Who talks to our server plays the same town (`town.json`): every command that a client offers, every subscription. The
//! server is `tests/counterparts/serve.c`, which the script starts and drives by host commands.
//!
//! They are installed with exact versions under `target` by their own package managers. arRPC takes the first free of the
//! fixed ports 6463 to 6472, so these run one at a time.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::house::{self, Private};
use crate::library::{self, Library, Variant};
use crate::step::Step;
use crate::tally::Tally;
use crate::toolchain::{self, STRICT};

/// The part of the tests.
pub fn run(tally: &mut Tally) {
    let library = match library::build(Variant::Dev) {
        Ok(library) => library,
        Err(why) => return tally.failed("building the library", &why),
    };
    tally.case("pypresence against our server", python(&library, "pypresence"));
    tally.case("websockets (Python), json and etf, against our server", python(&library, "websockets"));
    tally.case("@xhayper/discord-rpc against our server", node(&library, "xhayper"));
    tally.case("ws (npm) and plain HTTP against our server", node(&library, "websocket"));
    for compression in ["zlib-stream", "zstd-stream"] {
        let name = format!("discord.py, {compression}, against our sandbox");
        tally.case(&name, python_with(&library, "discordpy", &[compression]));
    }
    tally.case("@discordjs/ws and @discordjs/rest against our sandbox", node(&library, "discordjs"));
    tally.case("hikari against our sandbox", python(&library, "hikari"));
    tally.case("oceanic.js against our sandbox", node(&library, "oceanic"));
    tally.case("cloudstorm, in ETF, against our sandbox", node(&library, "cloudstorm"));
    tally.case("our client against arRPC", arrpc(&library, "against_arrpc", &[]));
    tally.case("our server in front of arRPC", arrpc(&library, "relay_to_arrpc", &["relayed"]));
    tally.case("our Gateway client against discord-digital-twin", twin(&library));
}

/// `tests/counterparts/{name}_client.py`, with the packages of requirements.txt.
fn python(library: &Library, name: &str) -> Result<(), String> {
    python_with(library, name, &[])
}

/// The same with more arguments.
fn python_with(library: &Library, name: &str, more: &[&str]) -> Result<(), String> {
    let python = virtual_environment()?;
    let mut script = Command::new(python);
    script.arg(folder().join(format!("{name}_client.py"))).arg(build(library, "serve")?).args(more);
    play(name, script)
}

/// `tests/counterparts/{name}_client.mjs`, with the packages of package.json.
fn node(library: &Library, name: &str) -> Result<(), String> {
    let packages = node_packages()?;
    let mut script = Command::new("node");
    script.arg(folder().join(format!("{name}_client.mjs"))).arg(build(library, "serve")?).arg(packages);
    play(name, script)
}

/// Their server is started, stopped and started again by the script, which runs `tests/counterparts/{program}.c` beside it.
fn arrpc(library: &Library, program: &str, more: &[&str]) -> Result<(), String> {
    let packages = node_packages()?;
    let client = build(library, program)?;
    let mut script = Command::new("node");
    script.arg(folder().join("arrpc_server.mjs")).arg(packages.join("arrpc/src/server.js")).arg(client).args(more);
    play(program, script)
}

/// Their server runs in the script, which runs `tests/counterparts/against_twin.c` beside it, and the bot of the examples.
fn twin(library: &Library) -> Result<(), String> {
    let packages = node_packages()?;
    let client = build(library, "against_twin")?;
    let bot = build_in(library, &house::root().join("examples/c"), "bot")?;
    let mut script = Command::new("node");
    script.arg(folder().join("twin_server.mjs")).arg(packages).arg(client).arg(bot);
    play("against_twin", script)
}

fn play(name: &str, mut command: Command) -> Result<(), String> {
    let private = Private::new();
    command
        .env("XDG_RUNTIME_DIR", private.path())
        .env("TMPDIR", private.path())
        .env_remove("TMP")
        .env_remove("TEMP")
        .env("PYTHONDONTWRITEBYTECODE", "1");
    Step::new(name, command).limit(120).run()?.success().map(drop)
}

fn folder() -> PathBuf {
    house::root().join("tests/counterparts")
}

fn build(library: &Library, name: &str) -> Result<PathBuf, String> {
    build_in(library, &folder(), name)
}

fn build_in(library: &Library, folder: &Path, name: &str) -> Result<PathBuf, String> {
    let root = house::root();
    let program = house::own("programs").join(name);
    let mut compile = Command::new(toolchain::cc()?);
    compile
        .args(["-std=c11", "-g"])
        .args(STRICT)
        .arg("-I")
        .arg(root.join("include"))
        .arg("-I")
        .arg(root.join("tests/c"));
    compile.arg("-o").arg(&program).arg(folder.join(format!("{name}.c"))).args(library.shared_args()).arg("-pthread");
    Step::new(format!("compile-{name}"), compile).run()?.success()?;
    Ok(program)
}

/// `target/venv` with the packages of requirements.txt; says which Python to call.
pub fn virtual_environment() -> Result<PathBuf, String> {
    let venv = house::target().join("venv");
    let python = if cfg!(windows) { venv.join("Scripts/python.exe") } else { venv.join("bin/python") };
    if !python.exists() {
        let mut make = Command::new(toolchain::python()?);
        make.args(["-m", "venv"]).arg(&venv);
        Step::new("venv", make).limit(180).run()?.success()?;
    }
    let mut install = Command::new(&python);
    install
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"])
        .arg(folder().join("requirements.txt"));
    Step::new("pip", install).limit(300).run()?.success()?;
    Ok(python)
}

/// `target/npm/node_modules` with the packages of package.json.
pub fn node_packages() -> Result<PathBuf, String> {
    let npm = house::made(house::target().join("npm"));
    let copy = std::fs::copy(folder().join("package.json"), npm.join("package.json"));
    copy.map_err(|error| format!("cannot copy package.json: {error}"))?;
    let mut install = Command::new("npm");
    install.current_dir(&npm).args(["install", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund"]);
    Step::new("npm", install).limit(300).run()?.success()?;
    Ok(npm.join("node_modules"))
}

//! discord-rpc.dll and an old game of Windows (`tests/discord-rpc/windows.c`), cross-compiled, and run where there is Wine.
//!
//! Wine's user lies under `target`: its registry and its pipes are nobody else's. It is made once, which takes a quarter of
//! a minute and some hundred megabytes. What Wine does not show stands in docs/platforms.md.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::discord_rpc::{self, EXPORTS, Layout};
use crate::house;
use crate::step::{Outcome, Step};
use crate::tally::Tally;
use crate::toolchain;

const TARGET: &str = "x86_64-pc-windows-gnu";
const CC: &str = "x86_64-w64-mingw32-gcc";
const DLLTOOL: &str = "x86_64-w64-mingw32-dlltool";
const OBJDUMP: &str = "x86_64-w64-mingw32-objdump";

/// What Wine says when it could not even start, which happens to a healthy one now and then: no word of the program's.
const NO_START: &str = "could not load kernel32.dll";
const STARTS: usize = 4;

/// The part of discord-rpc's tests that is about Windows.
pub fn test(tally: &mut Tally) {
    let (exported, plays) = ("discord-rpc.dll exports the ten functions", "an old game of Windows, under Wine");
    let tools = [CC, DLLTOOL, OBJDUMP];
    if cfg!(windows) || !toolchain::has_target(TARGET) || !tools.iter().all(|tool| toolchain::has(tool)) {
        let why = "no cross compiler for Windows on this machine";
        tally.skipped(exported, why);
        return tally.skipped(plays, why);
    }
    let dll = match discord_rpc::build(Layout::Released, &[], Some(TARGET)) {
        Ok(dll) => dll,
        Err(why) => return tally.failed(exported, &why),
    };
    tally.case(exported, exports(&dll));
    match wine() {
        Some(wine) => match game(&dll).and_then(|game| play(&wine, &game)) {
            Err(why) if why.contains(NO_START) => tally.skipped(plays, "this machine's Wine does not start"),
            played => tally.case(plays, played),
        },
        None => tally.skipped(plays, "no 64-bit Wine on this machine"),
    }
}

fn exports(dll: &Path) -> Result<(), String> {
    let mut dump = Command::new(OBJDUMP);
    dump.arg("-p").arg(dll);
    let table = Step::new("objdump-dll", dump).run()?.success()?.stdout;
    let names = table.lines().skip_while(|line| !line.contains("[Ordinal/Name Pointer] Table")).skip(1);
    let names = names.take_while(|line| line.trim_start().starts_with('['));
    let mut names: Vec<&str> = names.filter_map(|line| line.split_whitespace().last()).collect();
    names.sort_unstable();
    if names == EXPORTS { Ok(()) } else { Err(format!("it exports: {}", names.join(", "))) }
}

/// Where distributions put the loader, when it is not on PATH.
fn wine() -> Option<PathBuf> {
    let beside = ["/usr/lib/wine/wine64", "/usr/lib64/wine/wine64"].map(PathBuf::from);
    let named = ["wine64", "wine"].into_iter().filter(|name| toolchain::has(name)).map(PathBuf::from);
    named.chain(beside.into_iter().filter(|path| path.is_file())).next()
}

/// The game and what stands beside it: linked by an import library that is made as docs/discord-rpc.md says.
fn game(dll: &Path) -> Result<PathBuf, String> {
    let (source, folder) = (house::root().join("tests/discord-rpc"), house::own("wine/game"));
    fs::copy(dll, folder.join("discord-rpc.dll")).map_err(|error| format!("cannot copy {}: {error}", dll.display()))?;
    let import = folder.join("libdiscord-rpc.dll.a");
    let mut tool = Command::new(DLLTOOL);
    tool.arg("-d").arg(house::root().join("bindings/discord-rpc/discord-rpc.def")).arg("-l").arg(&import);
    Step::new("wine-import-library", tool).run()?.success()?;
    let mut prng = Command::new(CC);
    prng.args(["-Wall", "-Wextra", "-Werror", "-shared", "-o"]).arg(folder.join("bcryptprimitives.dll"));
    prng.arg(source.join("prng.c")).arg("-ladvapi32");
    Step::new("wine-prng", prng).run()?.success()?;
    let game = folder.join("windows.exe");
    let mut compile = Command::new(CC);
    compile.args(["-std=c11", "-Wall", "-Wextra", "-Werror", "-g", "-static", "-pthread", "-o"]).arg(&game);
    compile.arg(source.join("windows.c")).arg(import);
    Step::new("wine-game", compile).run()?.success()?;
    Ok(game)
}

fn play(wine: &Path, game: &Path) -> Result<(), String> {
    let user = house::own("wine/user");
    let prefix = user.join("prefix");
    let inside = |name: &str, program: &Path| {
        let mut command = Command::new(wine);
        command.arg(program).env("WINEPREFIX", &prefix).env("WINEDEBUG", "-all").env("HOME", &user);
        command.env("WINEDLLOVERRIDES", "mscoree,mshtml=").env_remove("DISPLAY").env_remove("GAMEBRIDGE_LOG");
        Step::new(name, command)
    };
    // Making the user is no part of the game, and says a word or two.
    started(
        || inside("wine-user", Path::new("wineboot")).limit(300).run(),
        || {
            // One that was half made is made anew.
            let _ = fs::remove_dir_all(&prefix);
        },
    )?
    .success()?;
    started(|| inside("discord-rpc-windows", game).limit(120).run(), || {})?.silent_success().map(drop)
}

/// Runs something until Wine has started, a few times at most.
fn started(run: impl Fn() -> Result<Outcome, String>, before_again: impl Fn()) -> Result<Outcome, String> {
    let mut outcome = run()?;
    for _ in 1..STARTS {
        if !outcome.stderr.contains(NO_START) {
            break;
        }
        before_again();
        outcome = run()?;
    }
    Ok(outcome)
}

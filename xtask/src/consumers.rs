//! What is installed, and projects that find it: `tests/consumers` with CMake, pkg-config and a plain Makefile, in C
//! and C++, shared and static.
//!
//! The library is installed under `target`, the projects are built against the prefix and run; then the prefix is moved
//! to a path with a space in it, and all is done again. What stands in the prefix's files about a machine would show.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::archive;
use crate::counterparts;
use crate::exports;
use crate::house::{self, Private};
use crate::install::{self, Place};
use crate::library::{self, Variant};
use crate::step::{Outcome, Step};
use crate::tally::Tally;
use crate::toolchain;

/// The programs that each project makes: their language and how they are linked.
const PROGRAMS: [(&str, &str); 4] = [("c", "shared"), ("c", "static"), ("cpp", "shared"), ("cpp", "static")];

/// The part of the tests.
pub fn run(tally: &mut Tally) {
    if !cfg!(target_os = "linux") {
        return tally.skipped("the installed library", "its layout is tested on Linux");
    }
    let home = house::own("install");
    let _ = fs::remove_dir_all(&home);
    let place = Place { prefix: home.join("prefix"), destdir: None, libdir: PathBuf::from("lib") };
    let laid = library::build(Variant::Release).and_then(|library| {
        let laid = install::lay(&library, &place)?;
        install::strip(&place, &laid)?;
        Ok(laid)
    });
    let laid = match laid {
        Ok(laid) => laid,
        Err(why) => return tally.failed("installing", &why),
    };
    tally.case("the files have the names that projects look for", names(&laid));
    tally.case("every installed symbol is in symbols.txt", symbols(&place));
    projects(tally, &place.prefix, "installed");
    let asked = cmake_tools().and_then(|tools| versions(&tools, &place.prefix, &home.join("programs/versions")));
    tally.case("CMake refuses other versions", asked);
    tally.case("CMake finds libraries in another folder", elsewhere(&home));
    let moved = house::made(home.join("moved away")).join("to here");
    match fs::rename(&place.prefix, &moved) {
        Ok(()) => projects(tally, &moved, "moved to a path with spaces"),
        Err(error) => tally.failed("moving the prefix", &error.to_string()),
    }
    if toolchain::has("mcs") && toolchain::has("mono") {
        tally.case("the script for Unity", unity(&moved));
    } else {
        tally.skipped("the script for Unity", "Mono (mcs, mono) is not on this machine");
    }
    cargo_c(tally, &home);
}

/// Against the table that docs/install.md has.
fn names(laid: &[PathBuf]) -> Result<(), String> {
    let version = env!("CARGO_PKG_VERSION");
    let mut expected = vec![
        "include/gamebridge.h".to_owned(),
        "include/gamebridge.hpp".to_owned(),
        "lib/libgamebridge.a".to_owned(),
        "lib/libgamebridge.so".to_owned(),
        format!("lib/{}", library::soname()),
        format!("lib/libgamebridge.so.{version}"),
        "lib/pkgconfig/gamebridge.pc".to_owned(),
        "share/cmake/gamebridge/gamebridge-config.cmake".to_owned(),
        "share/cmake/gamebridge/gamebridge-config-version.cmake".to_owned(),
    ];
    expected.sort();
    let mut found: Vec<String> = laid.iter().map(|file| file.display().to_string()).collect();
    found.sort();
    if found == expected { Ok(()) } else { Err(format!("expected {expected:?}, found {found:?}")) }
}

fn symbols(place: &Place) -> Result<(), String> {
    let listed = exports::listed()?;
    let lib = place.root().join("lib");
    exports::compare(&listed, &archive::globals(&lib.join("libgamebridge.so"), true)?)?;
    exports::compare(&listed, &archive::globals(&lib.join("libgamebridge.a"), false)?)
}

/// Every project against this prefix.
fn projects(tally: &mut Tally, prefix: &Path, how: &str) {
    let out = house::made(house::own("install").join("programs").join(how));
    match cmake_tools() {
        Ok(tools) => {
            tally.case(&format!("CMake, {how}"), cmake(&tools, prefix, &out.join("cmake")));
        }
        Err(why) => tally.failed(&format!("CMake, {how}"), &why),
    }
    if toolchain::has("make") {
        if toolchain::has("pkg-config") {
            let mut make = Command::new("make");
            make.env("PKG_CONFIG_PATH", prefix.join("lib/pkgconfig"));
            tally.case(&format!("pkg-config, {how}"), makefile("pkg-config", make, &out));
        } else {
            tally.skipped(&format!("pkg-config, {how}"), "it is not on this machine");
        }
        let mut make = Command::new("make");
        make.arg(format!("PREFIX={}", prefix.display()));
        tally.case(&format!("a plain Makefile, {how}"), makefile("make", make, &out));
    } else {
        tally.skipped(&format!("pkg-config and a plain Makefile, {how}"), "make is not on this machine");
    }
}

// --------------------------------------------------------------------------------------------------------- projects --

/// The folder with cmake and ninja, in the virtual environment.
fn cmake_tools() -> Result<PathBuf, String> {
    let python = counterparts::virtual_environment()?;
    let mut install = Command::new(&python);
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"]);
    install.arg(source().join("requirements.txt"));
    Step::new("pip-consumers", install).limit(300).run()?.success()?;
    python.parent().map(Path::to_owned).ok_or_else(|| "the virtual environment has no folder for programs".to_owned())
}

fn cmake(tools: &Path, prefix: &Path, build: &Path) -> Result<(), String> {
    let outcome = configure(tools, prefix, build, &[])?.success()?;
    let found = format!("-- gamebridge {}", env!("CARGO_PKG_VERSION"));
    if !outcome.stdout.contains(&found) {
        return Err(outcome.complaint(&format!("it does not say `{found}`")));
    }
    let mut make = Command::new(tools.join("cmake"));
    make.arg("--build").arg(build).env("PATH", with_tools(tools));
    Step::new("consumers-cmake-build", make).limit(120).run()?.success()?;
    PROGRAMS.iter().try_for_each(|(language, linkage)| play(&build.join(format!("{language}-{linkage}")), linkage))
}

/// With a `--libdir` that CMake does not know, as another system's packagers may have one.
fn elsewhere(home: &Path) -> Result<(), String> {
    let other = Place { prefix: home.join("elsewhere"), destdir: None, libdir: PathBuf::from("lib32") };
    let library = library::build(Variant::Release)?;
    install::lay(&library, &other)?;
    let built = cmake(&cmake_tools()?, &other.prefix, &home.join("programs/elsewhere"));
    let _ = fs::remove_dir_all(&other.prefix);
    built
}

/// Which versions may be asked for, before 1.0.
fn versions(tools: &Path, prefix: &Path, build: &Path) -> Result<(), String> {
    let mut numbers = env!("CARGO_PKG_VERSION").split('.').filter_map(|number| number.parse::<u32>().ok());
    let (major, minor) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    let wishes = [
        (format!("{major}.{minor}"), true),
        (format!("{major}"), true),
        (format!("{major}.{minor}.0;EXACT"), env!("CARGO_PKG_VERSION").ends_with(".0")),
        (format!("{major}.{minor}...{}", major + 1), true),
        (format!("{major}.{minor}.999"), false),
        (format!("{major}.{}", minor + 1), false),
        (format!("{}.0", major + 1), false),
        (format!("0.0...<{major}.{minor}"), false),
    ];
    for (wish, granted) in wishes {
        let _ = fs::remove_dir_all(build);
        let outcome = configure(tools, prefix, build, &[&format!("-DWISH={wish}")])?;
        if outcome.succeeded() != granted {
            let verdict = if granted { "refused" } else { "taken" };
            return Err(outcome.complaint(&format!("find_package(gamebridge {wish}) was {verdict}")));
        }
    }
    Ok(())
}

fn configure(tools: &Path, prefix: &Path, build: &Path, more: &[&str]) -> Result<Outcome, String> {
    let mut configure = Command::new(tools.join("cmake"));
    configure.args(["-G", "Ninja", "-S"]).arg(source().join("cmake")).arg("-B").arg(build);
    configure.arg(format!("-DCMAKE_PREFIX_PATH={}", prefix.display())).args(more);
    configure.env("PATH", with_tools(tools));
    Step::new("consumers-cmake-configure", configure).limit(120).run()
}

/// A project of `tests/consumers` that make builds.
fn makefile(project: &str, mut make: Command, out: &Path) -> Result<(), String> {
    let out = house::made(out.join(project));
    make.arg("-C").arg(source().join(project)).arg(format!("OUT={}", out.display()));
    Step::new(format!("consumers-{project}"), make).limit(120).run()?.silent_success()?;
    PROGRAMS.iter().try_for_each(|(language, linkage)| play(&out.join(format!("{language}-{linkage}")), linkage))
}

/// The C# script, in a program that finds the library as a plugin of Unity is found: by its name, in one folder.
fn unity(prefix: &Path) -> Result<(), String> {
    let program = house::own("install").join("programs/unity.exe");
    let mut compile = Command::new("mcs");
    compile.args(["-langversion:7", "-warnaserror"]).arg(format!("-out:{}", program.display()));
    compile.arg(house::root().join("examples/unity/Gamebridge.cs")).arg(source().join("unity/Program.cs"));
    Step::new("consumers-unity-compile", compile).limit(120).run()?.success()?;
    let mut run = Command::new("mono");
    run.arg(&program).env("LD_LIBRARY_PATH", prefix.join("lib"));
    quietly("consumers-unity", run)
}

/// Runs a program, when it is linked as it says.
fn play(program: &Path, linkage: &str) -> Result<(), String> {
    let mut look = Command::new("readelf");
    look.arg("-d").arg(program);
    let outcome = Step::new("consumers-readelf", look).run()?.success()?;
    let needs = outcome.stdout.lines().find(|line| line.contains("(NEEDED)") && line.contains("gamebridge"));
    let soname = format!("[{}]", library::soname());
    let as_it_says = match (linkage, needs) {
        ("shared", Some(needs)) => needs.contains(&soname),
        ("static", None) => true,
        _ => false,
    };
    if !as_it_says {
        return Err(outcome.complaint(&format!("{} is not linked {linkage}", program.display())));
    }
    let mut run = Command::new(program);
    // Found by what the project told the linker, and by nothing else (cargo sets this for its own children).
    run.env_remove("LD_LIBRARY_PATH");
    quietly("consumers-run", run)
}

fn quietly(name: &str, mut run: Command) -> Result<(), String> {
    let private = Private::new();
    run.env("XDG_RUNTIME_DIR", private.path()).env("TMPDIR", private.path());
    Step::new(name, run).limit(60).run()?.silent_success().map(drop)
}

fn source() -> PathBuf {
    house::root().join("tests/consumers")
}

/// PATH with the folder in front.
fn with_tools(tools: &Path) -> std::ffi::OsString {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(tools.to_owned()).chain(std::env::split_paths(&path));
    std::env::join_paths(folders).unwrap_or(path)
}

// ---------------------------------------------------------------------------------------------------------- cargo-c --

/// `cargo cinstall`, where cargo-c is (on PATH, or in target/tools): the same files, and CMake and pkg-config find
/// them.
fn cargo_c(tally: &mut Tally, home: &Path) {
    let name = "cargo cinstall lays down the same";
    let tools = with_tools(&house::target().join("tools/bin"));
    let mut ask = Command::new(toolchain::cargo());
    ask.env("PATH", &tools).args(["cinstall", "--version"]);
    if !Step::new("cargo-c-version", ask).run().is_ok_and(|outcome| outcome.succeeded()) {
        return tally.skipped(
            name,
            "cargo-c is not on this machine (cargo install cargo-c --locked --root target/tools takes some minutes)",
        );
    }
    tally.case(name, compare_with_cargo_c(&tools, home));
}

fn compare_with_cargo_c(tools: &std::ffi::OsStr, home: &Path) -> Result<(), String> {
    let prefix = home.join("by cargo-c");
    let mut install = Command::new(toolchain::cargo());
    // Unoptimised, since only the files' names and what is text in them is compared.
    install.current_dir(house::root()).env("PATH", tools).args(["cinstall", "--debug", "--libdir", "lib", "--prefix"]);
    install.arg(&prefix);
    Step::new("cargo-c-install", install).limit(900).run()?.success()?;
    let library = library::build(Variant::Dev)?;
    let ours = Place { prefix: home.join("ours"), destdir: None, libdir: PathBuf::from("lib") };
    for file in install::lay(&library, &ours)? {
        let (our, their) = (ours.prefix.join(&file), prefix.join(&file));
        let kind = |path: &Path| fs::symlink_metadata(path).map(|it| (it.is_file(), it.is_symlink())).ok();
        if kind(&our) != kind(&their) {
            return Err(format!("{} is not there, or something else", their.display()));
        }
        if our.is_symlink() && fs::read_link(&our).ok() != fs::read_link(&their).ok() {
            return Err(format!("{} points elsewhere", their.display()));
        }
        let is_text = ["h", "hpp", "cmake"].iter().any(|end| our.extension().is_some_and(|it| it == *end));
        if is_text && fs::read(&our).ok() != fs::read(&their).ok() {
            return Err(format!("{} differs", their.display()));
        }
    }
    let (mut ours_count, mut their_count) = (0, 0);
    count(&ours.prefix, &mut ours_count)?;
    count(&prefix, &mut their_count)?;
    if ours_count != their_count {
        return Err(format!("{their_count} files are in {}, {ours_count} in ours", prefix.display()));
    }
    let meaning = |prefix: &Path| -> Result<Vec<String>, String> {
        let text = fs::read_to_string(prefix.join("lib/pkgconfig/gamebridge.pc")).map_err(|error| error.to_string())?;
        let lines = text.lines().filter(|line| line.contains(": "));
        Ok(lines.map(str::to_owned).collect())
    };
    let (our, their) = (meaning(&ours.prefix)?, meaning(&prefix)?);
    if our != their {
        return Err(format!("gamebridge.pc says {their:?}, ours {our:?}"));
    }
    cmake(&cmake_tools()?, &prefix, &home.join("programs/cargo-c"))?;
    // Unoptimised libraries are large.
    let _ = (fs::remove_dir_all(&prefix), fs::remove_dir_all(&ours.prefix));
    Ok(())
}

/// Files and links under a folder.
fn count(folder: &Path, files: &mut usize) -> Result<(), String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for entry in entries {
        let path = entry.map_err(|error| error.to_string())?.path();
        if path.is_dir() && !path.is_symlink() {
            count(&path, files)?;
        } else {
            *files += 1;
        }
    }
    Ok(())
}

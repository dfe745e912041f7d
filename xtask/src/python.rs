//! The Python package: built as it is shipped, installed where nothing else is, and tried there.
//!
//! Everything lies under `target/python`: cargo's own files (a module is built with other settings than the library), the
//! wheels, and a virtual environment for each Python with the packages of `bindings/python/tests/requirements.txt`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use crate::archive;
use crate::counterparts;
use crate::house;
use crate::step::{Outcome, Step};
use crate::tally::Tally;
use crate::toolchain;

/// The part of the tests.
pub fn run(tally: &mut Tally) {
    let python = match environment("venv", "bindings/python/tests/tools.txt") {
        Ok(python) => python,
        Err(why) => return tally.failed("the virtual environment", &why),
    };
    let wheel = match wheel(&python, "dev") {
        Ok(wheel) => wheel,
        Err(why) => return tally.failed("the wheel builds", &why),
    };
    tally.case("the wheel builds and installs", install("pip-wheel", &python, &wheel));
    tally.case("the wheel has its papers", papers(&python, &wheel));
    tally.case("the module exports its init function alone", exports(&python, &wheel));
    let arrpc = counterparts::node_packages().map(|packages| packages.join("arrpc/src/server.js"));
    let arrpc = arrpc.inspect_err(|why| tally.failed("arRPC", why)).ok();
    match pytest("pytest", &python, &[], arrpc.as_deref()) {
        Ok(count) => tally.passed("pytest", count),
        Err(why) => tally.failed("pytest", &why),
    }
    match pytest("pytest-parallel", &python, &PARALLEL, None) {
        Ok(count) => tally.passed("pytest, four threads in each test", count),
        Err(why) => tally.failed("pytest, four threads in each test", &why),
    }
    types(tally, &python);
    others(tally, &wheel);
    tally.case("the sdist builds the same wheel", source(&python, &wheel));
}

/// Each of these tests by four threads at once, which share its fixtures. Tests that cannot share them are marked.
const PARALLEL: [&str; 4] =
    ["--parallel-threads=4", "tests/test_event.py", "tests/test_arguments.py", "tests/test_sharing.py"];

fn package() -> PathBuf {
    house::root().join("bindings/python")
}

fn own(name: &str) -> PathBuf {
    house::made(house::target().join("python").join(name))
}

/// A virtual environment under `target/python`, with the packages of a file; says which Python to call.
pub fn environment(name: &str, requirements: &str) -> Result<PathBuf, String> {
    let python = made(&toolchain::python()?, name)?;
    packages(name, &python, requirements)?;
    Ok(python)
}

fn packages(name: &str, python: &Path, requirements: &str) -> Result<(), String> {
    let mut install = pip(python);
    install.arg("-r").arg(house::root().join(requirements));
    Step::new(format!("pip-{name}"), install).limit(300).run()?.success().map(drop)
}

/// An empty one.
fn made(interpreter: &Path, name: &str) -> Result<PathBuf, String> {
    let venv = house::target().join("python").join(name);
    let python = if cfg!(windows) { venv.join("Scripts/python.exe") } else { venv.join("bin/python") };
    if !python.exists() {
        let mut make = Command::new(interpreter);
        make.args(["-m", "venv"]).arg(&venv);
        Step::new(format!("venv-{name}"), make).limit(180).run()?.success()?;
    }
    Ok(python)
}

fn pip(python: &Path) -> Command {
    let mut pip = Command::new(python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
    pip
}

/// Puts a wheel in the place of the one before.
pub fn install(name: &str, python: &Path, wheel: &Path) -> Result<(), String> {
    let mut install = pip(python);
    install.args(["--no-deps", "--force-reinstall"]).arg(wheel);
    Step::new(name, install).limit(120).run()?.success().map(drop)
}

/// A Python tool of the environment, in the package's folder.
fn tool(python: &Path, module: &str, args: &[&str]) -> Command {
    let mut command = Command::new(python);
    command
        .current_dir(package())
        .args(["-m", module])
        .args(args)
        .env("CARGO_TARGET_DIR", house::target().join("python"));
    // What is tried is the wheel, and the source tree stays as it is.
    command.env("PYTHONDONTWRITEBYTECODE", "1").env_remove("PYTHONPATH");
    command
}

/// Builds the wheel, in one of cargo's profiles.
pub fn wheel(python: &Path, profile: &str) -> Result<PathBuf, String> {
    build(python, &["build", "--profile", profile], &own(&format!("wheel-{profile}")))
}

/// Has maturin make one file in a folder, and says which.
fn build(python: &Path, args: &[&str], folder: &Path) -> Result<PathBuf, String> {
    emptied(folder)?;
    let mut maturin = tool(python, "maturin", args);
    maturin.arg("--out").arg(folder);
    Step::new(format!("maturin-{}", args.join("-")), maturin).limit(900).run()?.success()?;
    only_file(folder)
}

fn emptied(folder: &Path) -> Result<(), String> {
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder).map_err(|error| format!("cannot make {}: {error}", folder.display()))
}

fn only_file(folder: &Path) -> Result<PathBuf, String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("cannot read {}: {error}", folder.display()))?;
    let files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    match &files[..] {
        [file] => Ok(file.clone()),
        _ => Err(format!("{} files in {} where one was expected", files.len(), folder.display())),
    }
}

/// `nm` on the module of a wheel.
fn exports(python: &Path, wheel: &Path) -> Result<(), String> {
    if cfg!(windows) {
        return Ok(());
    }
    let folder = unpacked(python, wheel, "exports")?;
    let package = folder.join("gamebridge");
    let found = fs::read_dir(&package).map_err(|error| format!("cannot read {}: {error}", package.display()))?;
    let module = found.flatten().map(|entry| entry.path()).find(|path| path.extension().is_some_and(|end| end == "so"));
    let names = archive::globals(&module.ok_or("no module in the wheel")?, true)?;
    let init = if cfg!(target_os = "macos") { "_PyInit__native" } else { "PyInit__native" };
    if names == [init] { Ok(()) } else { Err(format!("exported: {}", names.join(", "))) }
}

/// What a wheel is to have beside the module: types, licences, and a description.
fn papers(python: &Path, wheel: &Path) -> Result<(), String> {
    let name = wheel.file_name().unwrap_or_default().to_string_lossy().into_owned();
    if !name.contains("-cp310-abi3-") {
        return Err(format!("a wheel for every Python from 3.10 on expected, {name} made"));
    }
    let files = contents(python, wheel, "papers")?;
    let file = |end: &str| {
        let found = files.iter().find(|(path, _)| path.replace('\\', "/").ends_with(end));
        found.map(|(_, content)| content).ok_or_else(|| format!("no {end} in the wheel"))
    };
    file("gamebridge/py.typed")?;
    file("gamebridge/_native.pyi")?;
    for licence in ["LICENSE-APACHE", "LICENSE-MIT"] {
        let ours = fs::read(house::root().join(licence)).map_err(|error| error.to_string())?;
        if *file(licence)? != ours {
            return Err(format!("bindings/python/{licence} is not the project's {licence}"));
        }
    }
    let metadata = String::from_utf8_lossy(file(".dist-info/METADATA")?);
    let expected = [
        "Name: gamebridge",
        concat!("Version: ", env!("CARGO_PKG_VERSION")),
        "Requires-Python: >=3.10",
        "License-Expression: MIT OR Apache-2.0",
        "Classifier: Typing :: Typed",
        "Description-Content-Type: text/markdown",
        "# gamebridge for Python",
    ];
    match expected.iter().find(|line| !metadata.contains(**line)) {
        Some(line) => Err(format!("the metadata does not say `{line}`")),
        None if metadata.contains("Requires-Dist") => {
            Err("the package stands on no other, and says it does".to_owned())
        }
        None => Ok(()),
    }
}

fn unpacked(python: &Path, wheel: &Path, name: &str) -> Result<PathBuf, String> {
    let folder = own(name);
    emptied(&folder)?;
    let mut unpack = Command::new(python);
    unpack.args(["-m", "zipfile", "-e"]).arg(wheel).arg(&folder);
    Step::new("unpack", unpack).run()?.success()?;
    Ok(folder)
}

/// Runs pytest; how many tests passed. `arrpc` is what arRPC is started by; without it the tests against it are left out.
/// It takes fixed ports, so one run at a time may have it.
fn pytest(name: &str, python: &Path, args: &[&str], arrpc: Option<&Path>) -> Result<usize, String> {
    let mut pytest = tool(python, "pytest", &["-q", "-p", "no:cacheprovider", "--timeout=60"]);
    pytest.args(args);
    if let Some(arrpc) = arrpc {
        pytest.env("GAMEBRIDGE_TEST_ARRPC", arrpc);
    }
    let outcome = Step::new(name, pytest).limit(900).run()?.success()?;
    passed(&outcome.stdout).filter(|count| *count > 0).ok_or_else(|| outcome.complaint("no test ran"))
}

/// The number before "passed" in pytest's last line.
fn passed(output: &str) -> Option<usize> {
    let line = output.lines().rev().find(|line| line.contains(" passed"))?;
    let mut before = "";
    for word in line.split([' ', ',']) {
        if word == "passed" {
            return before.parse().ok();
        }
        before = word;
    }
    None
}

/// The type checkers, strict, over the package, its tests and the examples.
fn types(tally: &mut Tally, python: &Path) {
    let run = |name: &str, module: &str, args: &[&str]| -> Result<Outcome, String> {
        Step::new(name, tool(python, module, args)).limit(180).run()
    };
    tally.case("mypy", run("mypy", "mypy", &[]).and_then(Outcome::success).map(drop));
    let stubs = ["gamebridge", "--allowlist", "tests/stubtest.txt"];
    tally.case("stubtest", run("stubtest", "mypy.stubtest", &stubs).and_then(Outcome::success).map(drop));
    // Its program is fetched by way of Node when it is first called.
    match run("pyright-version", "pyright", &["--version"]) {
        Ok(outcome) if outcome.succeeded() => {
            let found = format!("--pythonpath={}", python.display());
            tally.case("pyright", run("pyright", "pyright", &[&found]).and_then(Outcome::success).map(drop));
        }
        _ => tally.skipped("pyright", "it could not be fetched"),
    }
}

/// The suite, but for what once is enough for, under every other Python of this machine that the wheel is for.
/// All at once: they wait more than they work.
fn others(tally: &mut Tally, wheel: &Path) {
    let ours = toolchain::python().ok().and_then(|python| toolchain::python_version(&python));
    let minors = (10..=14).filter(|minor| ours != Some(*minor));
    let (found, absent): (Vec<_>, Vec<_>) =
        minors.map(|minor| (minor, toolchain::python_of(minor))).partition(|(_, interpreter)| interpreter.is_some());
    let runs = thread::scope(|scope| {
        let started: Vec<_> = found
            .iter()
            .flat_map(|(minor, interpreter)| interpreter.as_ref().map(|interpreter| (*minor, interpreter)))
            .map(|(minor, interpreter)| (minor, scope.spawn(move || under(interpreter, minor, wheel))))
            .collect();
        started.into_iter().map(|(minor, run)| (minor, run.join())).collect::<Vec<_>>()
    });
    for (minor, run) in runs {
        let name = format!("pytest, Python 3.{minor}");
        match run {
            Ok(Ok(count)) => tally.passed(&name, count),
            Ok(Err(why)) => tally.failed(&name, &why),
            Err(_) => tally.failed(&name, "a bug in xtask"),
        }
    }
    for (minor, _) in absent {
        tally.skipped(&format!("pytest, Python 3.{minor}"), "not on this machine");
    }
}

fn under(interpreter: &Path, minor: u32, wheel: &Path) -> Result<usize, String> {
    let name = format!("venv-3.{minor}");
    let python = made(interpreter, &name)?;
    packages(&name, &python, "bindings/python/tests/requirements.txt")?;
    install(&format!("pip-wheel-3.{minor}"), &python, wheel)?;
    pytest(&format!("pytest-3.{minor}"), &python, &["-m", "not once"], None)
}

/// The sdist has all that the wheel needs: unpacked elsewhere it gives a wheel with the same files and the same exports.
fn source(python: &Path, wheel: &Path) -> Result<(), String> {
    let sdist = build(python, &["sdist"], &own("sdist"))?;
    let folder = own("from-sdist");
    emptied(&folder)?;
    let mut make = tool(python, "pip", &["wheel", "--quiet", "--disable-pip-version-check", "--no-deps"]);
    make.args(["--no-build-isolation", "--config-settings", "build-args=--profile dev", "--wheel-dir"]);
    make.arg(&folder).arg(&sdist).env("MATURIN_PEP517_ARGS", "--profile dev");
    // The build is maturin's, of the environment: no other is fetched.
    if let Some(bin) = python.parent() {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let with = std::iter::once(bin.to_path_buf()).chain(std::env::split_paths(&path));
        make.env("PATH", std::env::join_paths(with).map_err(|error| error.to_string())?);
    }
    Step::new("wheel-from-sdist", make).limit(900).run()?.success()?;
    let again = only_file(&folder)?;
    exports(python, &again)?;
    // Where it runs is for whoever publishes to say.
    let tags = |wheel: &Path| wheel.file_name()?.to_str()?.rsplit_once('-').map(|(tags, _)| tags.to_owned());
    if tags(wheel) != tags(&again) {
        return Err(format!("another name: {}", again.display()));
    }
    let (one, other) = (contents(python, wheel, "wheel-a")?, contents(python, &again, "wheel-b")?);
    let differ: Vec<&str> =
        one.keys().chain(other.keys()).filter(|name| one.get(*name) != other.get(*name)).map(String::as_str).collect();
    if differ.is_empty() { Ok(()) } else { Err(format!("these files differ: {}", differ.join(", "))) }
}

/// Every file of a wheel, with what is in it. The module's own bytes hold the paths of where it was built, RECORD their
/// sums, and WHEEL the platform: of these only the names count.
fn contents(python: &Path, wheel: &Path, name: &str) -> Result<BTreeMap<String, Vec<u8>>, String> {
    let folder = unpacked(python, wheel, name)?;
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.clone()];
    while let Some(here) = folders.pop() {
        for entry in fs::read_dir(&here).map_err(|error| error.to_string())?.flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(&folder).unwrap_or(&path).display().to_string();
            let varies =
                [".so", ".pyd", "RECORD", "WHEEL"].iter().any(|end| name.ends_with(end)) || name.contains("sboms");
            let content = if varies { Vec::new() } else { fs::read(&path).map_err(|error| error.to_string())? };
            files.insert(name, content);
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::passed;

    #[test]
    fn the_number_of_passed_tests_is_read() {
        assert_eq!(passed("....\n163 passed in 11.27s\n"), Some(163));
        assert_eq!(passed("==== 1 failed, 24 passed, 2 skipped in 3s ====\n"), Some(24));
        assert_eq!(passed("no tests ran in 0.01s\n"), None);
    }
}

//! The drop-in library: `cargo xtask discord-rpc` builds it under the name that programs look for, and the part of
//! the tests tries it.
//!
//! The programs of `tests/discord-rpc` are written as shipped games were: against their own declaration of
//! discord-rpc's structs. They run plainly, under the sanitizers and under valgrind, against a Discord of their own
//! making, our server and arRPC; and two programs that discord-rpc's makers wrote run with our file.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::{self, JoinHandle};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::archive;
use crate::c_suite::{self, compile, first_c, present, quiet, standards, under_valgrind};
use crate::counterparts;
use crate::house::{self, Private};
use crate::install;
use crate::library;
use crate::step::Step;
use crate::tally::Tally;
use crate::toolchain::{self, Language, SANITIZERS};
use crate::wine;

/// What a program runs under besides plainly.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Under {
    Both,
    /// Sanitizers only: it would take long under valgrind, and shows nothing new there.
    Sanitizers,
    /// It counts threads and memory.
    Nothing,
}

const PROGRAMS: [(&str, Under); 9] = [
    ("kept", Under::Both),
    ("mended", Under::Both),
    ("hostile", Under::Both),
    ("hosted", Under::Sanitizers),
    ("places", Under::Sanitizers),
    ("handlers", Under::Sanitizers),
    ("threads", Under::Sanitizers),
    ("lifetime", Under::Nothing),
    ("process", Under::Nothing),
];

/// These wait by the clock, for twenty seconds and for a minute, beside the others.
const PACE: &str = "pace";
const REFUSED: &str = "refused";

/// The ten names.
pub const EXPORTS: [&str; 10] = [
    "Discord_ClearPresence",
    "Discord_Initialize",
    "Discord_Register",
    "Discord_RegisterSteamGame",
    "Discord_Respond",
    "Discord_RunCallbacks",
    "Discord_Shutdown",
    "Discord_UpdateConnection",
    "Discord_UpdateHandlers",
    "Discord_UpdatePresence",
];

/// Programs of discord-rpc's makers, as crates of their bindings carry them: crate, version, folder.
const THEIRS: [(&str, &str, &str); 2] =
    [("discord-rpc-sys", "0.1.0", "discord-rpc-3.1.0"), ("rustcord-sys", "0.2.4", "discord-rpc")];

/// Which struct programs hand over.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// 112 bytes: every release.
    Released,
    /// 120 bytes: the head.
    Head,
}

impl Layout {
    const fn folder(self) -> &'static str {
        match self {
            Layout::Released => "discord-rpc",
            Layout::Head => "discord-rpc-head",
        }
    }

    const fn cargo_args(self) -> &'static [&'static str] {
        match self {
            Layout::Released => &[],
            Layout::Head => &["--features", "party-privacy"],
        }
    }
}

const USAGE: &str = "expected `cargo xtask discord-rpc [--head] [--prefix FOLDER]`";

/// `cargo xtask discord-rpc [--head] [--prefix FOLDER]`: the library as it is shipped, with its headers, in
/// `target/discord-rpc/dist`, or where projects that are linked anew look for it.
pub fn run(args: &[String]) -> Result<(), String> {
    let (mut layout, mut prefix) = (Layout::Released, None);
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--head" => layout = Layout::Head,
            "--prefix" => prefix = Some(install::absolute(args.next().ok_or(USAGE)?.into())?),
            _ => return Err(USAGE.to_owned()),
        }
    }
    let built = build(layout, &["--release"], None)?;
    let laid = match prefix {
        Some(prefix) => lay(&built, &prefix.join("include"), &prefix.join(if cfg!(windows) { "bin" } else { "lib" })),
        None => {
            let folder = house::made(house::target().join("discord-rpc/dist"));
            lay(&built, &folder, &folder)
        }
    };
    laid.map(|files| files.iter().for_each(|file| println!("{}", file.display())))
}

/// Lays down the library and its headers, and for Windows what an import library is made of.
fn lay(built: &Path, headers: &Path, libraries: &Path) -> Result<Vec<PathBuf>, String> {
    let root = house::root();
    let library = libraries.join(file_name(cfg!(windows)).1);
    let mut files = vec![
        (built.to_owned(), library.clone()),
        (root.join("include/discord_rpc.h"), headers.join("discord_rpc.h")),
        (root.join("include/discord_register.h"), headers.join("discord_register.h")),
    ];
    if cfg!(windows) || headers == libraries {
        files.push((root.join("bindings/discord-rpc/discord-rpc.def"), libraries.join("discord-rpc.def")));
    }
    for (from, to) in &files {
        install::copy(from, to)?;
    }
    install::strip_debug(&library)?;
    Ok(files.into_iter().map(|(_, to)| to).collect())
}

/// What cargo calls the file, and what programs do.
const fn file_name(windows: bool) -> (&'static str, &'static str) {
    if windows {
        ("discord_rpc.dll", "discord-rpc.dll")
    } else if cfg!(target_os = "macos") {
        ("libdiscord_rpc.dylib", "libdiscord-rpc.dylib")
    } else {
        ("libdiscord_rpc.so", "libdiscord-rpc.so")
    }
}

/// Builds the library and gives it its name, in a folder of its own.
///
/// In a target folder of its own: beside a build with the C interface cargo would mix the two up, since a path
/// dependency's files carry no mark of their features.
pub fn build(layout: Layout, profile: &[&str], target: Option<&str>) -> Result<PathBuf, String> {
    let own = house::made(house::target().join("discord-rpc"));
    let moment = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    let mut cargo = Command::new(toolchain::cargo());
    cargo.current_dir(house::root()).args(["build", "-p", "gamebridge-discord-rpc"]);
    cargo.args(profile).args(layout.cargo_args()).env("CARGO_TARGET_DIR", &own);
    cargo.env("GAMEBRIDGE_DISCORD_RPC_BUILD", moment.to_string()).env("CARGO_PROFILE_DEV_DEBUG", "line-tables-only");
    if let Some(target) = target {
        // Looked at, and never run here.
        cargo.args(["--target", target]).env("CARGO_PROFILE_DEV_DEBUG", "0");
    }
    let name = format!("build-{}{}", layout.folder(), profile.join(""));
    Step::new(name, cargo).limit(1800).run()?.success()?;
    let windows = cfg!(windows) || target.is_some_and(|target| target.contains("windows"));
    let (theirs, ours) = file_name(windows);
    let profile = if profile.contains(&"--release") { "release" } else { "debug" };
    let built = target.map_or(own.clone(), |target| own.join(target)).join(profile).join(theirs);
    let folder = house::own("lib").join(layout.folder()).join(profile).join(target.unwrap_or_default());
    let named = house::made(folder).join(ours);
    let _ = fs::remove_file(&named);
    fs::copy(&built, &named).map_err(|error| format!("cannot copy {}: {error}", built.display()))?;
    Ok(named)
}

/// The linker's arguments for a program that uses the library from where it was put.
pub fn link_args(library: &Path) -> Vec<String> {
    let folder = library.parent().unwrap_or(Path::new(".")).display();
    vec![format!("-L{folder}"), "-ldiscord-rpc".to_owned(), format!("-Wl,-rpath,{folder}")]
}

/// The part of the tests.
pub fn test(tally: &mut Tally) {
    let compilers = present(tally);
    for (compiler, standard) in standards(tally, &compilers, "header") {
        for (more, define) in [("", None), (", head", Some("-DDISCORD_PARTY_PRIVACY"))] {
            let mut compile = compile(compiler, standard);
            compile.args(define).args(["-fsyntax-only", "-x", compiler.language.flag()]).arg(source("header"));
            let name = format!("discord_rpc.h, {} -std={standard}{more}", compiler.name);
            tally.case(&name, quiet(&name, compile));
        }
    }
    tally.case("discord-rpc.def names the ten functions", definition());
    let library = match build(Layout::Released, &[], None) {
        Ok(library) => library,
        Err(why) => return tally.failed("building the library", &why),
    };
    tally.case("the library exports the ten functions", exports(&library));
    let core = match library::build(library::Variant::Dev) {
        Ok(core) => core,
        Err(why) => return tally.failed("building the server", &why),
    };
    let suite = Suite { library, server: core.shared_args() };
    let (paced, refused) = (suite.beside(PACE), suite.beside(REFUSED));
    if !suite.plainly(tally) {
        return tally.failed("everything else", "not tried: some program fails already as it is");
    }
    for compiler in compilers.iter().filter(|compiler| compiler.language == Language::C) {
        if !compiler.sanitizes() {
            tally.skipped(&format!("sanitizers with {}", compiler.name), "their runtime is not on this machine");
            continue;
        }
        for (program, _) in PROGRAMS.iter().filter(|(_, under)| *under != Under::Nothing) {
            let name = format!("{program}, {} sanitizers", compiler.name);
            let built = suite.build(&name, compiler, program, &SANITIZERS);
            tally.case(&name, built.and_then(|built| suite.play(&name, &built)));
        }
    }
    tally.case("a project that is linked anew finds it in a prefix", suite.linked_anew());
    suite.throws(tally, &compilers);
    suite.valgrind(tally);
    tally.case("beside arRPC, through a restart", suite.arrpc());
    suite.theirs(tally);
    let ended = |beside: JoinHandle<_>| beside.join().unwrap_or_else(|_| Err("it panicked".to_owned()));
    tally.case("updates are paced, and the last one arrives", ended(paced));
    tally.case("the layout of 120 bytes", head());
    wine::test(tally);
    tally.case("a Discord that refused is asked again after a minute", ended(refused));
}

struct Suite {
    library: PathBuf,
    /// How a program gets our server beside it.
    server: Vec<String>,
}

impl Suite {
    fn plainly(&self, tally: &mut Tally) -> bool {
        let mut all = true;
        for (program, _) in PROGRAMS {
            let name = format!("{program}, plain");
            let built = self.build(&name, &first_c(), program, &["-O1", "-g"]);
            let result = built.and_then(|built| self.play(&name, &built));
            all &= result.is_ok();
            tally.case(&name, result);
        }
        all
    }

    /// Begun in a thread, because it waits more than it works.
    fn beside(&self, program: &'static str) -> JoinHandle<Result<(), String>> {
        let built = self.build(program, &first_c(), program, &["-O1", "-g"]);
        thread::spawn(move || play(program, Command::new(built?), 180))
    }

    /// Runs a program; it is told where the library is.
    fn play(&self, name: &str, program: &Path) -> Result<(), String> {
        let mut command = Command::new(program);
        command.arg(&self.library);
        play(name, command, 120)
    }

    /// The game's own half as a project of today builds it: by our header, from where the library was laid down.
    fn linked_anew(&self) -> Result<(), String> {
        let prefix = house::own("discord-rpc-prefix");
        let (headers, libraries) = (prefix.join("include"), prefix.join("lib"));
        let laid = lay(&self.library, &headers, &libraries)?;
        if laid.len() != 3 {
            return Err(format!("laid down: {laid:?}"));
        }
        let program = program_file("linked-anew");
        let mut compile = Command::new(toolchain::cc()?);
        compile.args(["-std=c99", "-Wall", "-Wextra", "-Werror", "-I"]).arg(headers).arg(folder().join("anew.c"));
        compile.arg("-o").arg(&program).arg("-L").arg(&libraries).arg("-ldiscord-rpc");
        compile.arg(format!("-Wl,-rpath,{}", libraries.display()));
        Step::new("discord-rpc-linked-anew-compile", compile).run()?.silent_success()?;
        let mut run = Command::new(&program);
        run.env_remove("LD_LIBRARY_PATH");
        play("linked anew", run, 60)
    }

    /// What C++ handlers throw.
    fn throws(&self, tally: &mut Tally, compilers: &[toolchain::Compiler]) {
        for compiler in compilers.iter().filter(|compiler| compiler.language == Language::Cpp) {
            let name = format!("exceptions pass, {}", compiler.name);
            let path = program_file(&name);
            let mut command = compile(compiler, "c++11");
            command.arg("-o").arg(&path).arg(folder().join("throws.cpp")).args(link_args(&self.library));
            let built = quiet(&format!("discord-rpc {name}, compile"), command);
            tally.case(&name, built.and_then(|()| self.play(&name, &path)));
        }
    }

    fn valgrind(&self, tally: &mut Tally) {
        if !toolchain::has("valgrind") {
            return tally.skipped("everything under valgrind", "it is not on this machine");
        }
        for (program, _) in PROGRAMS.iter().filter(|(_, under)| *under == Under::Both) {
            let name = format!("{program}, valgrind");
            let built = self.build(&name, &first_c(), program, &["-O1", "-g"]);
            tally.case(&name, built.and_then(|built| play(&name, under_valgrind(&built), 180)));
        }
    }

    fn build(
        &self,
        name: &str,
        compiler: &toolchain::Compiler,
        program: &str,
        flags: &[&str],
    ) -> Result<PathBuf, String> {
        let server = if program == "hosted" { &self.server[..] } else { &[] };
        link(name, compiler, program, flags, &self.library, server)
    }

    fn arrpc(&self) -> Result<(), String> {
        let packages = counterparts::node_packages()?;
        let game = self.build("arrpc_game", &first_c(), "arrpc_game", &["-g"])?;
        let mut script = Command::new("node");
        script.arg(folder().join("arrpc.mjs")).arg(house::root().join("tests/counterparts/arrpc_server.mjs"));
        script.arg(packages.join("arrpc/src/server.js")).arg(game);
        play("arrpc_game", script, 90)
    }

    /// The example programs of discord-rpc itself, each compiled with the header that it came with.
    fn theirs(&self, tally: &mut Tally) {
        let fetched = match fetch() {
            Ok(fetched) => fetched,
            Err(why) => return tally.skipped("programs of discord-rpc's makers", &format!("not to be had: {why}")),
        };
        for ((name, version, _), folder) in THEIRS.iter().zip(fetched) {
            let case = format!("send-presence of discord-rpc's makers, from {name} {version}");
            tally.case(&case, self.send_presence(&case, &folder));
        }
    }

    fn send_presence(&self, name: &str, folder: &Path) -> Result<(), String> {
        let program = program_file(name);
        let mut compile = Command::new(toolchain::cc()?);
        compile.arg("-w").arg("-I").arg(folder.join("include"));
        compile.arg(folder.join("examples/send-presence/send-presence.c")).arg("-o").arg(&program);
        compile.args(link_args(&self.library));
        Step::new(format!("{name}-compile"), compile).run()?.success()?;
        let mut server = compile_server()?;
        server.args(&self.server).arg("-pthread");
        let path = program_file("send-presence-server");
        server.arg("-o").arg(&path);
        Step::new("send-presence-server", server).run()?.success()?;
        let mut script = Command::new("node");
        script.arg(self::folder().join("send_presence.mjs")).arg(path).arg(program);
        play(name, script, 60)
    }
}

fn compile_server() -> Result<Command, String> {
    let mut compile = Command::new(toolchain::cc()?);
    let root = house::root();
    compile.args(["-std=c11", "-g", "-I"]).arg(root.join("include")).arg("-I").arg(root.join("tests/c"));
    compile.arg(root.join("tests/counterparts/serve.c"));
    Ok(compile)
}

/// Where the crates lie that carry them. Cargo downloads them; nothing of them is built.
fn fetch() -> Result<Vec<PathBuf>, String> {
    let own = house::own("discord-rpc-theirs");
    let mut manifest = "[package]\nname = \"theirs\"\nedition = \"2021\"\n[lib]\npath = \"lib.rs\"\n".to_owned();
    manifest.push_str("[workspace]\n[dependencies]\n");
    for (name, version, _) in THEIRS {
        manifest.push_str(&format!("{name} = \"={version}\"\n"));
    }
    let write = |file: &str, text: &str| {
        fs::write(own.join(file), text).map_err(|error| format!("cannot write {file}: {error}"))
    };
    write("Cargo.toml", &manifest)?;
    write("lib.rs", "")?;
    let mut vendor = Command::new(toolchain::cargo());
    vendor.current_dir(&own).args(["vendor", "--quiet", "--versioned-dirs"]);
    Step::new("fetch-theirs", vendor).limit(300).run()?.success()?;
    Ok(THEIRS.iter().map(|(name, version, inside)| own.join(format!("vendor/{name}-{version}/{inside}"))).collect())
}

fn head() -> Result<(), String> {
    let library = build(Layout::Head, &[], None)?;
    exports(&library)?;
    let program = link("head", &first_c(), "head", &["-g"], &library, &[])?;
    play("head", Command::new(program), 60)
}

fn folder() -> PathBuf {
    house::root().join("tests/discord-rpc")
}

fn source(name: &str) -> PathBuf {
    folder().join(format!("{name}.c"))
}

fn program_file(name: &str) -> PathBuf {
    let file: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    house::own("programs").join(format!("discord-rpc-{file}"))
}

fn link(
    name: &str,
    compiler: &toolchain::Compiler,
    program: &str,
    flags: &[&str],
    library: &Path,
    more: &[String],
) -> Result<PathBuf, String> {
    let path = program_file(name);
    let mut command = compile(compiler, "c11");
    command.args(flags).arg("-o").arg(&path).arg(source(program)).args(link_args(library)).args(more);
    if cfg!(target_os = "linux") {
        // As in `library::shared_args`: cargo's own folders come after ours.
        command.arg("-Wl,--disable-new-dtags");
    }
    command.arg("-pthread");
    quiet(&format!("discord-rpc {name}, compile"), command)?;
    Ok(path)
}

/// Runs a program with a folder of its own, for sockets and as its home.
fn play(name: &str, mut command: Command, limit: u64) -> Result<(), String> {
    let private = Private::new();
    c_suite::inside(&mut command, private.path());
    Step::new(format!("discord-rpc {name}"), command).limit(limit).run()?.silent_success().map(drop)
}

fn exports(library: &Path) -> Result<(), String> {
    let names = archive::globals(library, true)?;
    if names == EXPORTS { Ok(()) } else { Err(format!("exported: {}", names.join(", "))) }
}

fn definition() -> Result<(), String> {
    let path = house::root().join("bindings/discord-rpc/discord-rpc.def");
    let text = fs::read_to_string(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    let names = text.lines().skip_while(|line| line.trim() != "EXPORTS").skip(1).map(str::trim);
    let mut names: Vec<&str> = names.filter(|line| !line.is_empty()).collect();
    names.sort_unstable();
    if names == EXPORTS { Ok(()) } else { Err(format!("it names: {}", names.join(", "))) }
}

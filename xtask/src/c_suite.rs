//! The C suite: the programs of `tests/c`, compiled under every standard and compiler there is, linked both ways, and run
//! plainly, under the sanitizers, and under valgrind.
//!
//! A program passes when it exits with 0 and has written nothing to standard error: the library promises silence, and
//! the programs themselves speak there only of a failed check. Each run gets an empty private folder for sockets.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::archive;
use crate::exports;
use crate::house::{self, Private};
use crate::library::{self, Library, Variant};
use crate::provocation::{self, Kind};
use crate::step::Step;
use crate::tally::Tally;
use crate::toolchain::{self, COMPILERS, Compiler, Language, SANITIZERS, STRICT};

/// A program of `tests/c`.
struct Program {
    name: &'static str,
    /// What it is run under besides plainly.
    under: Under,
}

/// What a program can be watched by.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Under {
    /// Sanitizers and valgrind.
    Both,
    /// Sanitizers only: valgrind changes what the program looks at (threads, descriptors, signals).
    Sanitizers,
    /// Neither: it looks at the bare process.
    Nothing,
}

const PROGRAMS: [Program; 11] = [
    Program { name: "every_function", under: Under::Both },
    Program { name: "lifetime", under: Under::Nothing },
    Program { name: "two_images", under: Under::Sanitizers },
    Program { name: "sigpipe", under: Under::Both },
    Program { name: "fork_free", under: Under::Nothing },
    Program { name: "exit_live", under: Under::Both },
    Program { name: "process", under: Under::Nothing },
    Program { name: "threads", under: Under::Both },
    Program { name: "values", under: Under::Both },
    Program { name: "rpc_table", under: Under::Both },
    Program { name: "dmod", under: Under::Both },
];

/// How a program is linked to the library.
pub enum Linkage {
    Shared,
    Static(PathBuf),
}

/// The part of the tests.
pub fn run(tally: &mut Tally) {
    let compilers = present(tally);
    headers(tally, &compilers);
    let library = match library::build(Variant::Dev) {
        Ok(library) => library,
        Err(why) => return tally.failed("building the library", &why),
    };
    let suite = Suite { library: &library, other: other_image(&library) };
    // What fails as it is would fail in fifty other ways, each waiting for what does not come.
    if !suite.plainly(tally) {
        return tally.failed("everything else", "not tried: some program fails already as it is");
    }
    suite.every_standard(tally, &compilers);
    suite.statically(tally, &compilers);
    suite.sanitized(tally, &compilers);
    suite.valgrind(tally);
    suite.generated(tally, &compilers);
    panics(tally);
}

/// The compilers that are here; the others are skipped by name.
pub fn present(tally: &mut Tally) -> Vec<Compiler> {
    let (here, missing): (Vec<Compiler>, Vec<Compiler>) = COMPILERS.into_iter().partition(|compiler| compiler.exists());
    for compiler in missing {
        tally.skipped(&format!("everything with {}", compiler.name), "it is not on this machine");
    }
    here
}

/// Every compiler with each standard that it knows.
pub fn standards<'a>(tally: &mut Tally, compilers: &'a [Compiler], what: &str) -> Vec<(&'a Compiler, &'static str)> {
    let mut pairs = Vec::new();
    for compiler in compilers {
        for &standard in compiler.language.standards() {
            if compiler.knows(standard) {
                pairs.push((compiler, standard));
            } else {
                tally.skipped(
                    &format!("{what}, {} -std={standard}", compiler.name),
                    "the compiler does not know this standard",
                );
            }
        }
    }
    pairs
}

/// The header alone, twice in one file, under every standard.
fn headers(tally: &mut Tally, compilers: &[Compiler]) {
    for (compiler, standard) in standards(tally, compilers, "header") {
        let mut compile = compile(compiler, standard);
        compile.args(["-fsyntax-only", "-x", compiler.language.flag()]).arg(source("header"));
        let name = format!("header, {} -std={standard}", compiler.name);
        tally.case(&name, quiet(&name, compile));
    }
}

/// A compiler with the strict flags, the standard and where the headers are.
pub fn compile(compiler: &Compiler, standard: &str) -> Command {
    let root = house::root();
    let mut command = Command::new(compiler.name);
    command.arg(format!("-std={standard}")).args(STRICT);
    command.arg("-I").arg(root.join("include")).arg("-I").arg(root.join("tests/c"));
    command
}

fn source(name: &str) -> PathBuf {
    house::root().join("tests/c").join(format!("{name}.c"))
}

/// Runs a compiler that has nothing to say.
pub fn quiet(name: &str, command: Command) -> Result<(), String> {
    Step::new(name, command).limit(120).run()?.silent_success().map(drop)
}

/// The same library under another name, for the program that loads two of it.
pub fn other_image(library: &Library) -> PathBuf {
    let other = library.folder.join("other-image.so");
    let _ = fs::copy(&library.shared, &other);
    other
}

/// The programs with one build of the library.
pub struct Suite<'a> {
    pub library: &'a Library,
    /// A copy of it, for the program that loads two.
    pub other: PathBuf,
}

impl Suite<'_> {
    /// The program that calls every function, under every standard, with the shared library.
    fn every_standard(&self, tally: &mut Tally, compilers: &[Compiler]) {
        for (compiler, standard) in standards(tally, compilers, "every_function") {
            let name = format!("every_function, {} -std={standard}, shared", compiler.name);
            tally
                .case(&name, self.try_one(&name, compiler, standard, &source("every_function"), &Linkage::Shared, &[]));
        }
    }

    /// The same, with the static library: what rustc wrote, and what is left of it when only our names are global.
    fn statically(&self, tally: &mut Tally, compilers: &[Compiler]) {
        let mut archives = vec![("static", self.library.archive.clone())];
        match archive::reduce(self.library) {
            Ok(reduced) => archives.push(("static, only our names", reduced)),
            Err(why) => tally.failed("reducing the static library", &why),
        }
        for compiler in compilers {
            let standard = compiler.language.standards()[0];
            for (form, archive) in &archives {
                let name = format!("every_function, {} -std={standard}, {form}", compiler.name);
                let linkage = Linkage::Static(archive.clone());
                tally.case(&name, self.try_one(&name, compiler, standard, &source("every_function"), &linkage, &[]));
            }
        }
    }

    /// Every program as it is; whether all passed.
    fn plainly(&self, tally: &mut Tally) -> bool {
        let mut all = true;
        for program in &PROGRAMS {
            let name = format!("{}, plain", program.name);
            let result = self.build(&name, &first_c(), "c11", &source(program.name), &Linkage::Shared, &["-O1", "-g"]);
            let result = result.and_then(|built| self.play(&name, Command::new(built), 120));
            all &= result.is_ok();
            tally.case(&name, result);
        }
        all
    }

    /// Under AddressSanitizer and UndefinedBehaviorSanitizer, on the C side.
    fn sanitized(&self, tally: &mut Tally, compilers: &[Compiler]) {
        for compiler in compilers.iter().filter(|compiler| compiler.language == Language::C) {
            if !compiler.sanitizes() {
                tally.skipped(&format!("sanitizers with {}", compiler.name), "their runtime is not on this machine");
                continue;
            }
            for program in PROGRAMS.iter().filter(|program| program.under != Under::Nothing) {
                let name = format!("{}, {} sanitizers", program.name, compiler.name);
                let result = self.try_one(&name, compiler, "c11", &source(program.name), &Linkage::Shared, &SANITIZERS);
                tally.case(&name, result);
            }
        }
    }

    /// Under valgrind: no bad access, nothing definitely lost.
    fn valgrind(&self, tally: &mut Tally) {
        if !toolchain::has("valgrind") {
            return tally.skipped("everything under valgrind", "it is not on this machine");
        }
        for program in PROGRAMS.iter().filter(|program| program.under == Under::Both) {
            let name = format!("{}, valgrind", program.name);
            let result = self.build(&name, &first_c(), "c11", &source(program.name), &Linkage::Shared, &["-O1", "-g"]);
            tally.case(&name, result.and_then(|built| self.play(&name, under_valgrind(&built), 300)));
        }
    }

    /// NULL and garbage through every export.
    fn generated(&self, tally: &mut Tally, compilers: &[Compiler]) {
        let source = match generate(Kind::NullAndGarbage, "null_and_garbage") {
            Ok(source) => source,
            Err(why) => return tally.failed("null_and_garbage", &why),
        };
        let name = "null_and_garbage, plain";
        tally.case(name, self.try_one(name, &first_c(), "c11", &source, &Linkage::Shared, &[]));
        for compiler in compilers.iter().filter(|compiler| compiler.language == Language::C && compiler.sanitizes()) {
            let name = format!("null_and_garbage, {} sanitizers", compiler.name);
            tally.case(&name, self.try_one(&name, compiler, "c11", &source, &Linkage::Shared, &SANITIZERS));
        }
    }

    /// Compiles, links and runs a program.
    pub fn try_one(
        &self,
        name: &str,
        compiler: &Compiler,
        standard: &str,
        source: &Path,
        linkage: &Linkage,
        flags: &[&str],
    ) -> Result<(), String> {
        let program = self.build(name, compiler, standard, source, linkage, flags)?;
        self.play(name, Command::new(program), 180)
    }

    /// The program, with `flags` before its source.
    pub fn build(
        &self,
        name: &str,
        compiler: &Compiler,
        standard: &str,
        source: &Path,
        linkage: &Linkage,
        flags: &[&str],
    ) -> Result<PathBuf, String> {
        let file: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        let program = house::own("programs").join(file);
        let mut command = compile(compiler, standard);
        command
            .args(flags)
            .arg("-o")
            .arg(&program)
            .args(["-x", compiler.language.flag()])
            .arg(source)
            .args(["-x", "none"]);
        match linkage {
            Linkage::Shared => command.args(self.library.shared_args()),
            Linkage::Static(archive) => command.args(self.library.static_args(archive)),
        };
        command.args(["-pthread", "-ldl", "-lm"]);
        quiet(&format!("{name}, compile"), command)?;
        Ok(program)
    }

    /// Runs a program with a private folder; it is told where the library and the copy of it are.
    pub fn play(&self, name: &str, mut command: Command, limit: u64) -> Result<(), String> {
        let private = Private::new();
        command.arg(&self.library.shared).arg(&self.other);
        inside(&mut command, private.path());
        Step::new(name, command).limit(limit).run()?.silent_success().map(drop)
    }
}

/// A program that finds its sockets in this folder and nowhere else, and registers games there.
pub fn inside(command: &mut Command, folder: &Path) {
    for name in ["XDG_RUNTIME_DIR", "TMPDIR", "HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"] {
        command.env(name, folder);
    }
    for name in ["APPIMAGE", "TMP", "TEMP", "GAMEBRIDGE_LOG"] {
        command.env_remove(name);
    }
    // What a program that was built with sanitizers should do.
    command.env("ASAN_OPTIONS", "detect_leaks=1:abort_on_error=0").env("UBSAN_OPTIONS", "print_stacktrace=1");
}

/// No bad access, nothing definitely lost.
pub fn under_valgrind(program: &Path) -> Command {
    let mut command = Command::new("valgrind");
    command
        .args(["--quiet", "--error-exitcode=99", "--leak-check=full", "--errors-for-leak-kinds=definite"])
        .args(["--show-leak-kinds=definite", "--fair-sched=yes", "--trace-children=no"])
        .arg(format!("--suppressions={}", house::root().join("tests/c/valgrind.supp").display()))
        .arg(program);
    command
}

pub fn first_c() -> Compiler {
    let c = COMPILERS.into_iter().filter(|compiler| compiler.language == Language::C);
    c.into_iter().find(|compiler| compiler.exists()).unwrap_or(COMPILERS[0])
}

fn generate(kind: Kind, name: &str) -> Result<PathBuf, String> {
    let text = provocation::write(kind, &exports::listed()?, &exports::declared()?)?;
    let path = house::own("generated").join(format!("{name}.c"));
    fs::write(&path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    Ok(path)
}

/// A panic in every export, in the build that is shipped but for the one function that asks for it.
fn panics(tally: &mut Tally) {
    let result = library::build(Variant::PanicProbe).and_then(|library| {
        let suite = Suite { library: &library, other: other_image(&library) };
        let source = generate(Kind::Panics, "panics")?;
        suite.try_one("panics", &first_c(), "c11", &source, &Linkage::Shared, &[])
    });
    tally.case("a panic in every export is caught, release build", result);
}

//! What this machine has: compilers and the standards that they know, sanitizers, valgrind, Python, Node.
//!
//! Two kinds of lack: a *prerequisite* (Rust, a C compiler, Python, Node) ends the command with one line that names it;
//! anything else (clang, valgrind, a sanitizer's runtime) lets what needs it be skipped by name.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::house;
use crate::step::Step;

/// C or C++.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Language {
    C,
    Cpp,
}

/// Every standard that the header promises to compile under (not C90 or C++98).
impl Language {
    pub const fn standards(self) -> &'static [&'static str] {
        match self {
            Language::C => &["c99", "c11", "c17", "c2x"],
            Language::Cpp => &["c++11", "c++14", "c++17", "c++20", "c++2b"],
        }
    }

    /// What the compiler is told a file's language is, whatever its name.
    pub const fn flag(self) -> &'static str {
        match self {
            Language::C => "c",
            Language::Cpp => "c++",
        }
    }
}

/// A compiler's program name and its language.
#[derive(Clone, Copy)]
pub struct Compiler {
    pub name: &'static str,
    pub language: Language,
}

/// The compilers that the suite uses where they are.
pub const COMPILERS: [Compiler; 4] = [
    Compiler { name: "gcc", language: Language::C },
    Compiler { name: "clang", language: Language::C },
    Compiler { name: "g++", language: Language::Cpp },
    Compiler { name: "clang++", language: Language::Cpp },
];

/// The flags under which every C and C++ file of the project is clean.
pub const STRICT: [&str; 4] = ["-Wall", "-Wextra", "-Werror", "-pedantic"];

/// AddressSanitizer (with its leak check) and UndefinedBehaviorSanitizer.
pub const SANITIZERS: [&str; 4] =
    ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer", "-g"];

impl Compiler {
    /// Whether it is on this machine.
    pub fn exists(self) -> bool {
        runs(self.name, &["--version"])
    }

    /// Whether it knows this language standard.
    pub fn knows(self, standard: &str) -> bool {
        let std = format!("-std={standard}");
        runs(self.name, &["-x", self.language.flag(), &std, "-fsyntax-only", "/dev/null"])
    }

    /// Whether a program that it builds with the sanitizers runs here.
    pub fn sanitizes(self) -> bool {
        let folder = house::own("trial");
        let source = folder.join("sanitized.c");
        let program = folder.join(format!("sanitized-{}", self.name));
        if fs::write(&source, "int main(void) { return 0; }\n").is_err() {
            return false;
        }
        let mut compile = Command::new(self.name);
        compile.args(["-x", self.language.flag()]).arg(&source).args(SANITIZERS).arg("-o").arg(&program);
        let step = |name: &str, command| Step::new(format!("trial-{name}-{}", self.name), command).run();
        step("compile", compile).is_ok_and(|outcome| outcome.succeeded())
            && step("run", Command::new(&program)).is_ok_and(|outcome| outcome.succeeded())
    }
}

/// The C compiler for the demo: `$CC`, or the first that is there.
pub fn cc() -> Result<String, String> {
    first("CC", ["cc", "gcc", "clang"]).ok_or_else(|| "missing: a C compiler (cc, gcc or clang)".to_owned())
}

/// The C++ compiler: `$CXX`, or the first that is there.
pub fn cxx() -> Result<String, String> {
    first("CXX", ["c++", "g++", "clang++"]).ok_or_else(|| "missing: a C++ compiler (c++, g++ or clang++)".to_owned())
}

fn first(variable: &str, names: [&str; 3]) -> Option<String> {
    let wish = std::env::var(variable).ok().filter(|name| !name.is_empty());
    wish.into_iter().chain(names.map(str::to_owned)).find(|name| runs(name, &["--version"]))
}

/// The program's path in PATH, tried with `--version`.
pub fn has(program: &str) -> bool {
    runs(program, &["--version"])
}

/// Whether this Rust can build for that target.
pub fn has_target(target: &str) -> bool {
    let mut rustc = Command::new("rustc");
    rustc.args(["--print", "target-libdir", "--target", target]).stdin(Stdio::null()).stderr(Stdio::null());
    let folder = rustc.output().map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    folder.is_ok_and(|folder| !folder.is_empty() && PathBuf::from(folder).is_dir())
}

/// A Python of 3.10 or later.
pub fn python() -> Result<PathBuf, String> {
    const TRY: &str = "import sys; sys.exit(sys.version_info < (3, 10))";
    ["python3", "python", "python3.13", "python3.12", "python3.11", "python3.10"]
        .into_iter()
        .find(|name| runs(name, &["-c", TRY]))
        .map(PathBuf::from)
        .ok_or_else(|| "Python 3.10 or later".to_owned())
}

/// The second number of a Python's version.
pub fn python_version(python: &Path) -> Option<u32> {
    const PRINT: &str = "import sys; print(sys.version_info[1])";
    let output = Command::new(python).args(["-c", PRINT]).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    String::from_utf8_lossy(&output.stdout).trim().parse().ok()
}

/// A Python 3 of this minor version: in PATH, or among pyenv's.
pub fn python_of(minor: u32) -> Option<PathBuf> {
    let name = format!("python3.{minor}");
    let home = std::env::var_os("PYENV_ROOT").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".pyenv")));
    let versions = home.and_then(|home| fs::read_dir(home.join("versions")).ok());
    let pyenv = versions.into_iter().flatten().flatten().map(|version| version.path().join("bin").join(&name));
    std::iter::once(PathBuf::from(&name)).chain(pyenv).find(|python| python_version(python) == Some(minor))
}

/// Names all that `cargo xtask test` cannot do without, in one line.
pub fn prerequisites() -> Result<(), String> {
    let mut missing = Vec::new();
    if !has(&cargo()) {
        missing.push("Rust (cargo)".to_owned());
    }
    if !COMPILERS[0].exists() && !COMPILERS[1].exists() {
        missing.push("a C compiler (gcc or clang)".to_owned());
    }
    missing.extend(python().err());
    if !has("node") || !has("npm") {
        missing.push("Node with npm".to_owned());
    }
    if missing.is_empty() { Ok(()) } else { Err(format!("missing: {}", missing.join(", "))) }
}

/// The cargo that runs us.
pub fn cargo() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}

fn runs(program: &str, args: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

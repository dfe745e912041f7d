//! The static library as it is given to others: one object whose only globals are ours.
//!
//! What rustc writes exports over a thousand names of Rust's own, which clash as soon as a game links a second Rust
//! library. `ld -r` makes one object of it and `objcopy` turns everything but `gb_*` into locals.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::library::Library;
use crate::step::Step;

/// Makes `libgamebridge-only.a` beside the library's own archive.
pub fn reduce(library: &Library) -> Result<PathBuf, String> {
    let object = library.folder.join("gamebridge.o");
    let reduced = library.folder.join("libgamebridge-only.a");
    let _ = fs::remove_file(&reduced);
    let mut join = Command::new("ld");
    join.arg("-r").arg("-o").arg(&object).arg("--whole-archive").arg(&library.archive);
    run("archive-join", join)?;
    let mut hide = Command::new("objcopy");
    // Embedded bitcode is for rustc's own linking; an older LLVM plugin of binutils would choke on it.
    hide.args(["-w", "--keep-global-symbol=gb_*", "--remove-section=.llvmbc", "--remove-section=.llvmcmd"])
        .arg(&object);
    run("archive-hide", hide)?;
    let mut pack = Command::new("ar");
    pack.arg("rcs").arg(&reduced).arg(&object);
    run("archive-pack", pack)?;
    let _ = fs::remove_file(&object);
    Ok(reduced)
}

/// The names that an archive or a shared library defines for others (of weak ones too), sorted.
pub fn globals(file: &Path, dynamic: bool) -> Result<Vec<String>, String> {
    let mut nm = Command::new("nm");
    nm.args(["--defined-only", "--extern-only", "--no-demangle"]);
    if dynamic {
        nm.arg("-D");
    }
    nm.arg(file);
    let name = format!("nm-{}", file.file_name().unwrap_or_default().to_string_lossy());
    let outcome = Step::new(name, nm).run()?.success()?;
    // "0000000000012340 T gb_poll"; version names (A) and member headings have another form.
    let mut names: Vec<String> = outcome
        .stdout
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            let (_, kind, name) = (words.next()?, words.next()?, words.next()?);
            (kind != "A").then(|| name.split('@').next().unwrap_or(name).to_owned())
        })
        .collect();
    names.sort();
    names.dedup();
    Ok(names)
}

fn run(name: &str, command: Command) -> Result<(), String> {
    Step::new(name, command).limit(300).run()?.success().map(drop)
}

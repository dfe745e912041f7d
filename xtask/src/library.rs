//! The built library, one folder for each way of building it: `target/xtask/lib/<variant>/`.
//!
//! Cargo has one place for `libgamebridge.so`, whatever features it was built with; here every variant keeps its own
//! copy, with the file name that its soname says beside it, so that programs linked against it run from there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::house;
use crate::step::Step;
use crate::toolchain;

/// A way of building the library.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Variant {
    /// What `cargo build` gives: with debug assertions and overflow checks.
    Dev,
    /// What is shipped.
    Release,
    /// Shipped for games that want only RPC and presence.
    Lean,
    /// Shipped, with the test-only feature that makes every export panic on demand.
    PanicProbe,
}

/// A built library.
#[derive(Clone)]
pub struct Library {
    pub folder: PathBuf,
    pub shared: PathBuf,
    pub archive: PathBuf,
}

impl Variant {
    /// The folder's name.
    pub const fn name(self) -> &'static str {
        match self {
            Variant::Dev => "dev",
            Variant::Release => "release",
            Variant::Lean => "lean",
            Variant::PanicProbe => "panic-probe",
        }
    }

    const fn cargo_args(self) -> &'static [&'static str] {
        match self {
            Variant::Dev => &[],
            Variant::Release => &["--release"],
            Variant::Lean => &["--release", "--no-default-features", "--features", "capi"],
            Variant::PanicProbe => &["--release", "--features", "panic-probe"],
        }
    }

    const fn profile_folder(self) -> &'static str {
        match self {
            Variant::Dev => "debug",
            _ => "release",
        }
    }
}

/// The system libraries that the static library needs, as rustc names them (`--print native-static-libs`).
pub const STATIC_NEEDS: &[&str] = if cfg!(target_os = "linux") {
    &["-lgcc_s", "-lutil", "-lrt", "-lpthread", "-lm", "-ldl", "-lc"]
} else if cfg!(target_os = "macos") {
    &["-lSystem", "-lc", "-lm", "-framework", "CoreFoundation"]
} else {
    &["-lws2_32", "-luserenv", "-lntdll", "-lbcrypt", "-ladvapi32"]
};

/// Builds the variant and copies it to its folder.
pub fn build(variant: Variant) -> Result<Library, String> {
    let mut cargo = Command::new(toolchain::cargo());
    cargo.current_dir(house::root()).args(["build", "-p", "gamebridge"]).args(variant.cargo_args());
    Step::new(format!("build-{}", variant.name()), cargo).limit(1800).run()?.success()?;

    let built = house::target().join(variant.profile_folder());
    let folder = house::own("lib").join(variant.name());
    let _ = fs::remove_dir_all(&folder);
    let folder = house::made(folder);
    let copy = |name: &str, to: &str| -> Result<PathBuf, String> {
        let (from, to) = (built.join(name), folder.join(to));
        fs::copy(&from, &to).map_err(|error| format!("cannot copy {}: {error}", from.display()))?;
        Ok(to)
    };
    let (shared, archive) = file_names();
    if cfg!(windows) {
        copy("gamebridge.dll.lib", "gamebridge.dll.lib")?;
    }
    copy(shared, &soname())?;
    Ok(Library { shared: copy(shared, shared)?, archive: copy(archive, archive)?, folder })
}

fn file_names() -> (&'static str, &'static str) {
    if cfg!(windows) {
        ("gamebridge.dll", "gamebridge.lib")
    } else if cfg!(target_os = "macos") {
        ("libgamebridge.dylib", "libgamebridge.a")
    } else {
        ("libgamebridge.so", "libgamebridge.a")
    }
}

/// What the dynamic linker looks for: `libgamebridge.so.0.MINOR` before 1.0, `libgamebridge.so.MAJOR` after. As build.rs says.
pub fn soname() -> String {
    let mut numbers = env!("CARGO_PKG_VERSION").split('.');
    let (major, minor) = (numbers.next().unwrap_or("0"), numbers.next().unwrap_or("0"));
    let shared = file_names().0;
    let abi = if major == "0" { format!("0.{minor}") } else { major.to_owned() };
    match shared.strip_suffix(".dylib") {
        Some(name) => format!("{name}.{abi}.dylib"),
        None => format!("{shared}.{abi}"),
    }
}

/// The shared library's name as `-lgamebridge` looks for it.
pub fn link_name() -> &'static str {
    file_names().0
}

impl Library {
    /// The linker's arguments for a program that uses the shared library from its folder.
    pub fn shared_args(&self) -> Vec<String> {
        let folder = self.folder.display();
        let mut args = vec![format!("-L{folder}"), "-lgamebridge".to_owned()];
        if !cfg!(windows) {
            args.push(format!("-Wl,-rpath,{folder}"));
        }
        if cfg!(target_os = "linux") {
            // `cargo run` sets LD_LIBRARY_PATH to its own folders, where a library of another build may lie: this way ours
            // is looked for first.
            args.push("-Wl,--disable-new-dtags".to_owned());
        }
        args
    }

    /// The linker's arguments for a program that holds the library itself; `archive` is the one to take.
    pub fn static_args(&self, archive: &Path) -> Vec<String> {
        let mut args = vec![archive.display().to_string()];
        args.extend(STATIC_NEEDS.iter().map(|&arg| arg.to_owned()));
        args
    }
}

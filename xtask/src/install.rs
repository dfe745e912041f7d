//! `cargo xtask install`: headers, libraries, the pkg-config file and the CMake package, where C and C++ projects look
//! for them.
//!
//! The same files as `cargo cinstall` lays down (Cargo.toml, `package.metadata.capi`), for whoever does not have
//! cargo-c. Two things are better here: the libraries are what one ships, the static one being one object with our
//! globals only ([`crate::archive`]) and both without the lines for debuggers, a fifth of the size; and the pkg-config
//! file names its prefix relative to itself, so that the prefix may be moved.

use std::fs;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

use crate::archive;
use crate::house;
use crate::library::{self, Library, STATIC_NEEDS, Variant};
use crate::step::Step;

/// Cargo.toml's, as cargo-c would write it; a test compares the two where cargo-c is.
const DESCRIPTION: &str = "Talks to Discord from a game: local RPC, GameBridge, the Gateway.";

const USAGE: &str =
    "expected `cargo xtask install [--prefix FOLDER] [--destdir FOLDER] [--libdir NAME] [--lean] [--debug]`";

/// Where to.
pub struct Place {
    /// As programs will see it: `/usr/local`.
    pub prefix: PathBuf,
    /// What stands in front of the prefix while files are laid down, for packagers.
    pub destdir: Option<PathBuf>,
    /// The libraries' folder in the prefix.
    pub libdir: PathBuf,
}

/// `cargo xtask install [--prefix FOLDER] [--destdir FOLDER] [--libdir NAME] [--lean] [--debug]`
pub fn run(args: &[String]) -> Result<(), String> {
    let mut place = Place { prefix: PathBuf::from("/usr/local"), destdir: None, libdir: PathBuf::from("lib") };
    let mut variant = Variant::Release;
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let mut value = || args.next().map(PathBuf::from).ok_or_else(|| format!("{arg} needs a value; {USAGE}"));
        match arg.as_str() {
            "--prefix" => place.prefix = absolute(value()?)?,
            "--destdir" => place.destdir = Some(absolute(value()?)?),
            "--libdir" => place.libdir = value()?,
            "--lean" => variant = Variant::Lean,
            "--debug" => variant = Variant::Dev,
            _ => return Err(USAGE.to_owned()),
        }
    }
    if !place.libdir.components().all(|part| matches!(part, Component::Normal(_))) {
        return Err("--libdir is a folder in the prefix, as `lib` or `lib/x86_64-linux-gnu`".to_owned());
    }
    eprintln!("building the library (the first time takes some minutes)...");
    let library = library::build(variant)?;
    let laid = lay(&library, &place)?;
    if variant != Variant::Dev {
        strip(&place, &laid)?;
    }
    for file in laid {
        println!("{}", place.root().join(file).display());
    }
    Ok(())
}

pub fn absolute(folder: PathBuf) -> Result<PathBuf, String> {
    std::path::absolute(&folder).map_err(|error| format!("{}: {error}", folder.display()))
}

impl Place {
    /// Where files go now: the prefix, behind the destdir.
    pub fn root(&self) -> PathBuf {
        match &self.destdir {
            // `join` with an absolute path would forget the destdir.
            Some(destdir) => {
                let inside = self.prefix.components().filter(|part| matches!(part, Component::Normal(_)));
                destdir.join(inside.collect::<PathBuf>())
            }
            None => self.prefix.clone(),
        }
    }
}

/// Lays down all files; they are named relative to the prefix, in order.
pub fn lay(library: &Library, place: &Place) -> Result<Vec<PathBuf>, String> {
    let source = house::root();
    let root = place.root();
    let mut laid = Vec::new();
    let mut copy = |from: &Path, to: PathBuf| -> Result<(), String> {
        self::copy(from, &root.join(&to))?;
        laid.push(to);
        Ok(())
    };
    for header in ["gamebridge.h", "gamebridge.hpp"] {
        copy(&source.join("include").join(header), Path::new("include").join(header))?;
    }
    for file in ["gamebridge-config.cmake", "gamebridge-config-version.cmake"] {
        copy(&source.join("bindings/c/cmake").join(file), Path::new("share/cmake/gamebridge").join(file))?;
    }
    if cfg!(windows) {
        copy(&library.shared, PathBuf::from("bin/gamebridge.dll"))?;
        copy(&library.folder.join("gamebridge.dll.lib"), place.libdir.join("gamebridge.dll.lib"))?;
        copy(&library.archive, place.libdir.join("gamebridge.lib"))?;
    } else {
        copy(&library.shared, place.libdir.join(real_name()))?;
        let archive = if cfg!(target_os = "linux") { archive::reduce(library)? } else { library.archive.clone() };
        copy(&archive, place.libdir.join("libgamebridge.a"))?;
        for name in [library::soname(), library::link_name().to_owned()] {
            link(&real_name(), &root.join(&place.libdir).join(&name))?;
            laid.push(place.libdir.join(name));
        }
    }
    let file = place.libdir.join("pkgconfig/gamebridge.pc");
    clear(&root.join(&file))?;
    fs::write(root.join(&file), pkg_config(&place.libdir))
        .map_err(|error| format!("cannot write {}: {error}", root.join(&file).display()))?;
    laid.push(file);
    laid.sort();
    Ok(laid)
}

/// Takes the debug information out of what was laid down. Names stay, so a backtrace still tells functions.
pub fn strip(place: &Place, laid: &[PathBuf]) -> Result<(), String> {
    let archive = place.libdir.join("libgamebridge.a");
    let shared = place.libdir.join(real_name());
    let files = laid.iter().filter(|file| **file == archive || **file == shared);
    files.map(|file| place.root().join(file)).try_for_each(|file| strip_debug(&file))
}

/// The same for one library.
pub fn strip_debug(library: &Path) -> Result<(), String> {
    if !cfg!(target_os = "linux") {
        return Ok(());
    }
    let mut strip = Command::new("strip");
    strip.arg("--strip-debug").arg(library);
    Step::new("install-strip", strip).limit(120).run()?.success().map(drop)
}

/// Replaces a file and does not write over it: a program that runs with the old one keeps it.
pub fn copy(from: &Path, to: &Path) -> Result<(), String> {
    clear(to)?;
    fs::copy(from, to).map_err(|error| format!("cannot copy {} to {}: {error}", from.display(), to.display()))?;
    Ok(())
}

/// The file behind the soname, with the whole version.
fn real_name() -> String {
    let version = env!("CARGO_PKG_VERSION");
    if cfg!(target_os = "macos") {
        format!("libgamebridge.{version}.dylib")
    } else {
        format!("libgamebridge.so.{version}")
    }
}

/// The pkg-config file, of a libdir in the prefix.
fn pkg_config(libdir: &Path) -> String {
    let up = libdir.components().map(|_| "/..").collect::<String>();
    let libdir = libdir.display();
    let (version, needs) = (env!("CARGO_PKG_VERSION"), STATIC_NEEDS.join(" "));
    // Without quotes: pkg-config itself escapes a space in `pcfiledir`.
    format!(
        "prefix=${{pcfiledir}}/..{up}
exec_prefix=${{prefix}}
libdir=${{prefix}}/{libdir}
includedir=${{prefix}}/include

Name: gamebridge
Description: {DESCRIPTION}
Version: {version}
Libs: -L${{libdir}} -lgamebridge
Cflags: -I${{includedir}}
Libs.private: {needs}
"
    )
}

/// Makes the file's folder, and room for the file.
fn clear(file: &Path) -> Result<(), String> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
    }
    match fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(format!("cannot replace {}: {error}", file.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(unix)]
fn link(target: &str, name: &Path) -> Result<(), String> {
    clear(name)?;
    std::os::unix::fs::symlink(target, name).map_err(|error| format!("cannot make {}: {error}", name.display()))
}

#[cfg(not(unix))]
fn link(_: &str, _: &Path) -> Result<(), String> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prefix_goes_behind_the_destdir() {
        let place = |destdir: Option<&str>| Place {
            prefix: PathBuf::from("/usr/local"),
            destdir: destdir.map(PathBuf::from),
            libdir: PathBuf::from("lib"),
        };
        assert_eq!(place(None).root(), Path::new("/usr/local"));
        assert_eq!(place(Some("/tmp/stage")).root(), Path::new("/tmp/stage/usr/local"));
    }

    #[test]
    fn the_prefix_is_as_far_up_as_the_libdir_is_deep() {
        assert!(pkg_config(Path::new("lib")).starts_with("prefix=${pcfiledir}/../..\n"));
        assert!(pkg_config(Path::new("lib/riscv64-linux-gnu")).starts_with("prefix=${pcfiledir}/../../..\n"));
    }
}

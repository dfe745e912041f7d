//! Writes the C header from `src/ffi`, and says how the shared library is linked.

use std::env;
use std::path::PathBuf;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if env::var_os("CARGO_FEATURE_CAPI").is_none() {
        return;
    }
    header();
    link();
}

/// The header goes to the build folder: a build never writes into the source tree. `cargo xtask header` copies it to
/// `include/`, and a test compares the two.
fn header() {
    println!("cargo:rerun-if-changed=cbindgen.toml");
    println!("cargo:rerun-if-changed=src/ffi");
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it")).join("gamebridge.h");
    let mut config = cbindgen::Config::from_file(root.join("cbindgen.toml")).expect("cbindgen.toml");
    let version = |part: &str| env::var(format!("CARGO_PKG_VERSION_{part}")).expect("cargo sets it");
    let (major, minor, patch) = (version("MAJOR"), version("MINOR"), version("PATCH"));
    let with_version =
        |text: String| text.replace("@MAJOR@", &major).replace("@MINOR@", &minor).replace("@PATCH@", &patch);
    config.header = config.header.map(with_version);
    config.after_includes = config.after_includes.map(with_version);
    let mut builder = cbindgen::Builder::new().with_config(config);
    // In the order in which a reader wants them.
    for file in ["types", "boundary", "calls", "event", "value", "args", "activity", "launch"] {
        builder = builder.with_src(root.join("src/ffi").join(file).with_extension("rs"));
    }
    let mut written = Vec::new();
    builder.generate().expect("cbindgen reads src/ffi").write(&mut written);
    std::fs::write(&out, for_c(&String::from_utf8(written).expect("a header is text"))).expect("the build folder");
    println!("cargo:rustc-env=GAMEBRIDGE_HEADER={}", out.display());
}

/// Puts cbindgen's output as a C programmer would write it: without the safety sections, which only Rust's readers need,
/// without `struct` before names that are typedefs, with negative numbers in parentheses.
fn for_c(header: &str) -> String {
    let mut kept = String::with_capacity(header.len());
    let mut in_safety = false;
    for line in header.lines() {
        if line == "// # Safety" {
            in_safety = true;
            // The empty comment line before it.
            if kept.ends_with("\n//\n") {
                kept.truncate(kept.len() - 3);
            }
            continue;
        }
        if in_safety && line.starts_with("//") {
            continue;
        }
        in_safety = false;
        let mut line = line.replace('`', "").replace("ptrdiff_t gb_", "intptr_t gb_");
        if !line.starts_with("typedef struct") {
            line = line.replace("struct gb_", "gb_");
        }
        match line.split_once(" -") {
            Some((name, number)) if line.starts_with("#define GB_ERR_") => line = format!("{name} (-{number})"),
            _ => {}
        }
        kept.push_str(&line);
        kept.push('\n');
    }
    kept
}

/// The soname carries what an ABI break changes: the minor version before 1.0, the major after. The library stays loaded
/// once it is (`nodelete`): its thread and its fork handler must not lose their code.
fn link() {
    let target = env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    let (major, minor) = (env!("CARGO_PKG_VERSION_MAJOR"), env!("CARGO_PKG_VERSION_MINOR"));
    let abi = if major == "0" { format!("0.{minor}") } else { major.to_owned() };
    match target.as_str() {
        "macos" => println!("cargo:rustc-cdylib-link-arg=-Wl,-install_name,@rpath/libgamebridge.{abi}.dylib"),
        "windows" => {}
        _ => {
            println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libgamebridge.so.{abi}");
            println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
        }
    }
}

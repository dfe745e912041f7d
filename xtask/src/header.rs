//! `include/gamebridge.h`: written by the library's build script into the build folder, committed here.
//!
//! The committed one is what people read and what packages carry; the build never touches it. This command copies the
//! generated one over it; the library's own tests ask whether the two are the same.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::house;
use crate::step::Step;
use crate::toolchain;

/// The header that is in the repository.
pub fn committed() -> PathBuf {
    house::root().join("include/gamebridge.h")
}

/// `cargo xtask header`
pub fn run(args: &[String]) -> Result<(), String> {
    match args {
        [] => {
            let text = generated()?;
            let path = committed();
            if fs::read_to_string(&path).is_ok_and(|old| old == text) {
                println!("{} is current", path.display());
                return Ok(());
            }
            house::made(house::root().join("include"));
            fs::write(&path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
            println!("{} rewritten", path.display());
            Ok(())
        }
        _ => Err("expected `cargo xtask header`".to_owned()),
    }
}

/// The header that the library's build script wrote, found through what cargo says of the build.
fn generated() -> Result<String, String> {
    let mut cargo = Command::new(toolchain::cargo());
    cargo.current_dir(house::root()).args(["build", "-p", "gamebridge", "--lib", "--message-format", "json"]);
    let outcome = Step::new("header", cargo).limit(1800).run()?.success()?;
    let folder = outcome.stdout.lines().filter_map(out_dir_of).next_back();
    let path =
        PathBuf::from(folder.ok_or("cargo did not say where the library's build script writes")?).join("gamebridge.h");
    fs::read_to_string(&path).map_err(|error| format!("the build script left no header at {}: {error}", path.display()))
}

/// The `out_dir` of a `build-script-executed` message of the package gamebridge.
fn out_dir_of(message: &str) -> Option<String> {
    let ours = message.contains(r#""reason":"build-script-executed""#) && is_gamebridge(message);
    let start = message.find(r#""out_dir":""#).filter(|_| ours)? + r#""out_dir":""#.len();
    let end = start + message[start..].find('"')?;
    // JSON writes a backslash twice; nothing else in a path is escaped.
    Some(message[start..end].replace(r"\\", r"\"))
}

/// Package ids look like `path+file:///somewhere/house#gamebridge@0.1.0`, without the name when the folder has it.
fn is_gamebridge(message: &str) -> bool {
    let Some(id) = message.split(r#""package_id":""#).nth(1).and_then(|rest| rest.split('"').next()) else {
        return false;
    };
    id.contains("#gamebridge@") || id.split('#').next().is_some_and(|path| path.ends_with("/gamebridge"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_build_folder_in_what_cargo_says() {
        let message = r#"{"reason":"build-script-executed","package_id":"path+file:///a/b#gamebridge@0.1.0","env":[],"out_dir":"/a/b/target/debug/build/gamebridge-1/out"}"#;
        assert_eq!(out_dir_of(message).as_deref(), Some("/a/b/target/debug/build/gamebridge-1/out"));
        assert_eq!(out_dir_of(&message.replace("gamebridge@", "gamebridge-proto@")), None);
        assert_eq!(
            out_dir_of(&message.replace("b#gamebridge@", "gamebridge#")).as_deref(),
            Some("/a/b/target/debug/build/gamebridge-1/out")
        );
    }
}

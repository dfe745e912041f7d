//! `cargo xtask test`: everything that can be tried on this machine, part by part, and a table at the end.

use crate::tally::Tally;
use crate::{
    c_suite, consumers, counterparts, cpp_suite, demo, discord_rpc, exports, party, python, rust_suite, toolchain,
};

/// A part of the tests.
struct Part {
    name: &'static str,
    about: &'static str,
    run: fn(&mut Tally),
}

const fn part(name: &'static str, about: &'static str, run: fn(&mut Tally)) -> Part {
    Part { name, about, run }
}

/// In the order in which they run: what tells most in the shortest time comes first.
const PARTS: [Part; 13] = [
    part("unit", "unit and integration tests of the workspace", rust_suite::unit),
    part("doc", "the examples in the documentation", rust_suite::doc),
    part("exports", "what the library exports is bindings/c/symbols.txt", exports::run),
    part("lean", "the lean build: RPC and presence only", rust_suite::lean),
    part("loom", "the queue under every order of its threads", rust_suite::loom),
    part("fuzz", "each fuzz target for a few seconds", rust_suite::fuzz),
    part("c", "the C suite", c_suite::run),
    part("cpp", "the C++ header", cpp_suite::run),
    part("install", "the installed library, and projects that find it", consumers::run),
    part("counterparts", "clients and a server that others wrote", counterparts::run),
    part(
        "discord-rpc",
        "the library in the place of discord-rpc's, under games that were built for it",
        discord_rpc::test,
    ),
    part("python", "the Python package: suite, types, wheel and sdist", python::run),
    part("demo", "the demos play to their end", |tally| {
        demo::test(tally);
        if cfg!(unix) {
            tally.case("party", party::test());
        } else {
            tally.skipped("party", "its programs are written for Unix");
        }
    }),
];

/// `cargo xtask test [--only PART] [--list]`
pub fn run(args: &[String]) -> Result<(), String> {
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let only = match words[..] {
        [] => None,
        ["--list"] => {
            for part in &PARTS {
                println!("{:<14} {}", part.name, part.about);
            }
            return Ok(());
        }
        ["--only", name] if PARTS.iter().any(|part| part.name == name) => Some(name),
        ["--only", name] => return Err(format!("there is no part `{name}`; `cargo xtask test --list` shows them")),
        _ => return Err("expected `cargo xtask test [--only PART] [--list]`".to_owned()),
    };
    toolchain::prerequisites()?;
    let mut tally = Tally::new();
    for part in PARTS.iter().filter(|part| only.is_none_or(|only| only == part.name)) {
        tally.begin(part.name, part.about);
        (part.run)(&mut tally);
    }
    if tally.close() { Ok(()) } else { Err(String::new()) }
}

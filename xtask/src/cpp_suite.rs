//! The C++ header: the programs of `tests/cpp`, under every C++ standard and compiler there is, with and without
//! exceptions and run-time types, under the sanitizers and valgrind.
//!
//! The rules of the C suite hold: exit code 0, and nothing on standard error.

use std::path::PathBuf;

use crate::c_suite::{self, Linkage, Suite};
use crate::house;
use crate::library::{self, Variant};
use crate::tally::Tally;
use crate::toolchain::{self, Compiler, Language, SANITIZERS};

/// How engines build: without exceptions and run-time types.
const BARE: [&str; 2] = ["-fno-exceptions", "-fno-rtti"];

/// What a program may turn on besides, and not hear of this header.
const PEDANTRY: [&str; 5] =
    ["-Wshadow", "-Wconversion", "-Wold-style-cast", "-Wnon-virtual-dtor", "-Woverloaded-virtual"];

/// The part of the tests.
pub fn run(tally: &mut Tally) {
    let compilers: Vec<Compiler> =
        c_suite::present(tally).into_iter().filter(|compiler| compiler.language == Language::Cpp).collect();
    if compilers.is_empty() {
        return tally.skipped("the C++ header", "there is no C++ compiler on this machine");
    }
    let pairs = c_suite::standards(tally, &compilers, "C++ header");
    for &(compiler, standard) in &pairs {
        for (with, flags) in [("", &[][..]), (", bare", &BARE[..])] {
            let mut compile = c_suite::compile(compiler, standard);
            compile.args(PEDANTRY).args(flags).arg("-fsyntax-only").arg(source("header"));
            let name = format!("C++ header, {} -std={standard}{with}", compiler.name);
            tally.case(&name, c_suite::quiet(&name, compile));
        }
    }
    let library = match library::build(Variant::Dev) {
        Ok(library) => library,
        Err(why) => return tally.failed("building the library", &why),
    };
    let suite = Suite { library: &library, other: c_suite::other_image(&library) };
    for &(compiler, standard) in &pairs {
        for (with, flags) in [("", &[][..]), (", bare", &BARE[..])] {
            let name = format!("objects, {} -std={standard}{with}", compiler.name);
            tally.case(&name, suite.try_one(&name, compiler, standard, &source("objects"), &Linkage::Shared, flags));
        }
    }
    for compiler in &compilers {
        sanitized(tally, &suite, compiler);
        let name = format!("two units, {}", compiler.name);
        tally.case(&name, two_units(&suite, &name, compiler));
    }
    if toolchain::has("valgrind") {
        let name = "objects, valgrind";
        let built = suite.build(name, &compilers[0], "c++17", &source("objects"), &Linkage::Shared, &["-O1", "-g"]);
        tally.case(name, built.and_then(|built| suite.play(name, c_suite::under_valgrind(&built), 300)));
    } else {
        tally.skipped("objects, valgrind", "it is not on this machine");
    }
}

/// As the engines build it, and as everybody else does.
fn sanitized(tally: &mut Tally, suite: &Suite, compiler: &Compiler) {
    if !compiler.sanitizes() {
        return tally
            .skipped(&format!("objects, sanitizers with {}", compiler.name), "their runtime is not on this machine");
    }
    for (standard, with, more) in [("c++11", "bare", &BARE[..]), ("c++20", "whole", &[][..])] {
        let name = format!("objects, {} -std={standard}, {with}, sanitizers", compiler.name);
        let flags: Vec<&str> = SANITIZERS.iter().chain(more).copied().collect();
        tally.case(&name, suite.try_one(&name, compiler, standard, &source("objects"), &Linkage::Shared, &flags));
    }
}

/// One program of two units that were built differently.
fn two_units(suite: &Suite, name: &str, compiler: &Compiler) -> Result<(), String> {
    let second = house::own("programs").join(format!("second-unit-{}.o", compiler.name));
    let mut compile = c_suite::compile(compiler, "c++17");
    compile.args(BARE).args(["-DSECOND_UNIT", "-c", "-o"]).arg(&second).arg(source("two_units"));
    c_suite::quiet(&format!("{name}, second unit"), compile)?;
    let second = second.display().to_string();
    suite.try_one(name, compiler, "c++11", &source("two_units"), &Linkage::Shared, &[&second])
}

fn source(name: &str) -> PathBuf {
    house::root().join("tests/cpp").join(format!("{name}.cpp"))
}

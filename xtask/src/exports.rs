//! What the library exports, against `bindings/c/symbols.txt`: every name, with the version that brought it.
//!
//! The list is the promise and only ever grows; a name that is exported and not listed is as wrong as one that is
//! listed and not exported.

use std::collections::BTreeMap;
use std::fs;

use crate::archive;
use crate::header;
use crate::house;
use crate::library::{self, Variant};
use crate::prototypes::{self, Prototype};
use crate::tally::Tally;

/// Name and version of every export.
pub type Symbols = BTreeMap<String, String>;

/// Reads the list: a name and a version on each line; `#` begins a remark.
pub fn listed() -> Result<Symbols, String> {
    let path = house::root().join("bindings/c/symbols.txt");
    let text = fs::read_to_string(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    let mut symbols = Symbols::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.is_empty() {
            continue;
        }
        let at = format!("bindings/c/symbols.txt:{}", number + 1);
        let (name, version) = line
            .split_once(' ')
            .filter(|(name, version)| name.starts_with("gb_") && is_version(version))
            .ok_or_else(|| format!("{at}: expected `gb_name MAJOR.MINOR`, found `{line}`"))?;
        if symbols.insert(name.to_owned(), version.to_owned()).is_some() {
            return Err(format!("{at}: {name} stands twice"));
        }
    }
    Ok(symbols)
}

fn is_version(text: &str) -> bool {
    text.split_once('.').is_some_and(|(major, minor)| {
        [major, minor].iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
    })
}

/// The part of the tests: the shipped shared library, the static one, and the header, each against the list.
pub fn run(tally: &mut Tally) {
    let symbols = match listed() {
        Ok(symbols) => symbols,
        Err(why) => return tally.failed("symbols.txt", &why),
    };
    let declared = declared().and_then(|functions| compare_header(&symbols, &functions));
    tally.case("symbols.txt and the header name the same functions", declared);
    let library = match library::build(Variant::Release) {
        Ok(library) => library,
        Err(why) => return tally.failed("the release build", &why),
    };
    let shared = archive::globals(&library.shared, true).and_then(|names| compare(&symbols, &names));
    tally.case("the shared library exports symbols.txt", shared);
    let reduced = archive::reduce(&library)
        .and_then(|reduced| archive::globals(&reduced, false))
        .and_then(|names| compare(&symbols, &names));
    tally.case("the static library's only globals are symbols.txt", reduced);
}

/// The functions of the committed header.
pub fn declared() -> Result<Vec<Prototype>, String> {
    let path = header::committed();
    let text = fs::read_to_string(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    prototypes::read(&text)
}

/// What differs between the list and what a file exports, in a sentence.
pub fn compare(listed: &Symbols, exported: &[String]) -> Result<(), String> {
    let unlisted: Vec<&str> = exported.iter().map(String::as_str).filter(|name| !listed.contains_key(*name)).collect();
    let missing: Vec<&str> =
        listed.keys().map(String::as_str).filter(|name| !exported.iter().any(|e| e == name)).collect();
    describe("exported and not in symbols.txt", &unlisted, "in symbols.txt and not exported", &missing)
}

/// Every export is declared in the header and every function of the header is exported.
pub fn compare_header(listed: &Symbols, header: &[Prototype]) -> Result<(), String> {
    let undeclared: Vec<&str> = listed
        .keys()
        .map(String::as_str)
        .filter(|name| !header.iter().any(|function| function.name == *name))
        .collect();
    let unlisted: Vec<&str> =
        header.iter().map(|function| function.name.as_str()).filter(|name| !listed.contains_key(*name)).collect();
    describe("in symbols.txt and not in the header", &undeclared, "in the header and not in symbols.txt", &unlisted)
}

fn describe(first: &str, names: &[&str], second: &str, others: &[&str]) -> Result<(), String> {
    const MOST: usize = 12;
    let mut found = Vec::new();
    for (what, names) in [(first, names), (second, others)] {
        if !names.is_empty() {
            let more = names.len().saturating_sub(MOST);
            let tail = if more > 0 { format!(" and {more} more") } else { String::new() };
            found.push(format!("{what}: {}{tail}", names[..names.len().min(MOST)].join(", ")));
        }
    }
    if found.is_empty() { Ok(()) } else { Err(found.join("; ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn symbols(names: &[&str]) -> Symbols {
        names.iter().map(|name| (name.to_string(), "0.1".to_owned())).collect()
    }

    #[test]
    fn equal_lists_agree() {
        assert_eq!(compare(&symbols(&["gb_a", "gb_b"]), &["gb_a".into(), "gb_b".into()]), Ok(()));
    }

    #[test]
    fn names_what_is_missing_and_what_is_too_much() {
        let difference = compare(&symbols(&["gb_a", "gb_b"]), &["gb_b".into(), "rust_panic".into()]).unwrap_err();
        assert_eq!(difference, "exported and not in symbols.txt: rust_panic; in symbols.txt and not exported: gb_a");
    }

    #[test]
    fn the_committed_list_is_well_formed() {
        assert!(listed().is_ok_and(|symbols| symbols.contains_key("gb_poll")));
    }
}

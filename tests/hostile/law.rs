//! docs/security.md and the tests are the same list.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const PAGE: &str = include_str!("../../docs/security.md");

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// Every `file.rs::name` in backticks; a name alone is one of the file named before it.
fn named_on_the_page() -> BTreeSet<(String, String)> {
    let is_test = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    };
    let quoted = PAGE.split('`').skip(1).step_by(2);
    let named = quoted.filter_map(|text| text.split_once(".rs::")).filter(|(_, test)| is_test(test));
    named.map(|(file, test)| (format!("{file}.rs"), test.to_owned())).collect()
}

/// Every function under `#[test]` or `#[tokio::test...]` in a file.
fn written_in(file: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let (mut found, mut is_test) = (BTreeSet::new(), false);
    for line in text.lines().map(str::trim) {
        let line = line.strip_prefix("async ").unwrap_or(line);
        match line.strip_prefix("fn ").and_then(|rest| rest.split_once('(')) {
            Some((name, _)) if is_test => {
                found.insert(name.to_owned());
                is_test = false;
            }
            _ => is_test |= line == "#[test]" || line.starts_with("#[tokio::test"),
        }
    }
    found
}

#[test]
fn every_test_that_the_page_names_exists() {
    let named = named_on_the_page();
    assert!(named.len() > 60, "{}", named.len());
    let missing: Vec<_> = named.iter().filter(|(file, test)| !written_in(&root().join(file)).contains(test)).collect();
    assert!(missing.is_empty(), "docs/security.md names tests that do not exist: {missing:#?}");
}

#[test]
fn every_test_of_this_folder_is_on_the_page() {
    let named = named_on_the_page();
    let mut unnamed = Vec::new();
    for entry in fs::read_dir(root().join("tests/hostile")).expect("the folder of the tests") {
        let path = entry.expect("an entry").path();
        let file = format!("tests/hostile/{}", path.file_name().and_then(|name| name.to_str()).expect("a name"));
        if file.ends_with(".rs") && !file.ends_with("/law.rs") {
            unnamed.extend(
                written_in(&path).into_iter().map(|test| (file.clone(), test)).filter(|test| !named.contains(test)),
            );
        }
    }
    assert!(unnamed.is_empty(), "tests that docs/security.md does not name: {unnamed:#?}");
}

#[test]
fn every_threat_has_an_answer_and_a_proof() {
    let rows =
        PAGE.lines().filter(|line| line.starts_with("| ") && line.as_bytes().get(2).is_some_and(u8::is_ascii_digit));
    let numbers: Vec<u32> = rows
        .map(|row| {
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            let [_, number, threat, answer, tests, _] = cells[..] else { panic!("four cells expected: {row}") };
            assert!(!threat.is_empty() && !answer.is_empty(), "{row}");
            assert!(
                tests.contains(".rs::") || answer.starts_with("Not of a local server: "),
                "no test is named: {row}"
            );
            number.parse().expect("a number")
        })
        .collect();
    assert_eq!(numbers, (1..=19).collect::<Vec<_>>());
}

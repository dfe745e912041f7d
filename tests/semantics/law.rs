//! The page and the tests are the same list.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Every `module::name` in backticks.
fn named_on_the_page() -> BTreeSet<String> {
    let page = include_str!("../../docs/semantics.md");
    let is_name = |text: &&str| {
        let part = |part: &str| {
            !part.is_empty()
                && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        };
        text.split_once("::").is_some_and(|(module, test)| part(module) && part(test))
    };
    page.split('`').skip(1).step_by(2).filter(is_name).map(str::to_owned).collect()
}

/// Every function under `#[test]` in this folder, whatever its configuration.
fn written() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/semantics");
    let mut found = BTreeSet::new();
    for file in fs::read_dir(folder).expect("the folder of the tests") {
        let path = file.expect("an entry").path();
        let (Some(module), Some("rs")) = (path.file_stem(), path.extension().and_then(|ending| ending.to_str())) else {
            continue;
        };
        let module = module.to_str().expect("a name").to_owned();
        let text = fs::read_to_string(&path).expect("a source file");
        let mut is_test = false;
        for line in text.lines().map(str::trim) {
            match line.strip_prefix("fn ").and_then(|rest| rest.split_once('(')) {
                Some((name, _)) if is_test => {
                    found.insert(format!("{module}::{name}"));
                    is_test = false;
                }
                _ => is_test |= line == "#[test]",
            }
        }
    }
    found
}

#[test]
fn each_sentence_names_its_test_and_each_test_its_sentence() {
    let (named, written) = (named_on_the_page(), written());
    let missing: Vec<_> = named.difference(&written).collect();
    let unnamed: Vec<_> = written.difference(&named).filter(|name| !name.starts_with("law::")).collect();
    assert!(missing.is_empty(), "docs/semantics.md names tests that do not exist: {missing:#?}");
    assert!(unnamed.is_empty(), "tests that docs/semantics.md does not name: {unnamed:#?}");
}

//! `docs/reference.md`: every command, event and parameter, printed from the catalogs that the library itself reads.
//!
//! The page is committed, since people read it where the code is read; this test says when it is no longer what the
//! catalogs say. `cargo xtask reference` writes it anew.
#![cfg(feature = "gateway")]

mod header;
mod page;
mod words;

/// Set it to have the page written in place of compared.
const REWRITE: &str = "GAMEBRIDGE_WRITE_REFERENCE";

#[test]
fn the_committed_reference_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/reference.md");
    let page = page::reference();
    if std::env::var_os(REWRITE).is_some() {
        std::fs::write(path, page).unwrap();
        return;
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    let differs = committed.lines().zip(page.lines()).position(|(old, new)| old != new);
    assert!(
        committed == page,
        "docs/reference.md is not what the catalogs say, from line {} on: run `cargo xtask reference`",
        differs.unwrap_or_else(|| committed.lines().count().min(page.lines().count())) + 1
    );
}

#[test]
fn every_link_of_the_reference_leads_somewhere() {
    let page = page::reference();
    let headings: Vec<String> = page
        .lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| words::anchor(line.trim_start_matches('#')))
        .collect();
    for link in page.split("](#").skip(1).filter_map(|rest| rest.split(')').next()) {
        assert!(headings.iter().any(|heading| heading == link), "#{link} leads nowhere");
    }
    for (at, heading) in headings.iter().enumerate() {
        assert!(!headings[..at].contains(heading), "two headings are called {heading}");
    }
}
